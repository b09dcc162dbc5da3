package mlp

import (
	"fmt"
	"math"
	"slices"
)

// MaxAbsScaler scales each feature by its greatest absolute value, to -1 to 1, and does not move it: x / Scale, as
// scikit-learn's does. Zeros stay zeros.
//
// Numbers are computed in float64; a feature is rounded once, to float32. NaN counts as missing: Fit leaves it out and
// Transform leaves it as it is.
// (https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.MaxAbsScaler.html)
type MaxAbsScaler struct {
	// What Fit finds, one a feature.
	MaxAbs []float64
	Scale  []float64 // MaxAbs, or 1 where it is 0
}

// Fit takes each feature's greatest absolute value from the rows of d.
func (s *MaxAbsScaler) Fit(d *Dataset) error {
	if err := checkFit("MaxAbsScaler", d); err != nil {
		return err
	}
	fitMaxAbs(s, d.X, d.Features)
	return nil
}

// Update takes further rows into the greatest absolute values, as scikit-learn's partial_fit does: they are those of all
// rows that Fit and Update have seen since the last Fit. On a scaler that is not fitted, it is Fit. The slices are
// replaced, so a copy of s keeps its numbers and may be in use elsewhere.
func (s *MaxAbsScaler) Update(d *Dataset) error {
	if len(s.MaxAbs) == 0 {
		return s.Fit(d)
	}
	if err := checkFit("MaxAbsScaler", d); err != nil {
		return err
	}
	if len(s.MaxAbs) != d.Features {
		return fmt.Errorf("mlp: MaxAbsScaler: Update: the dataset has %d features, the scaler has %d of MaxAbs", d.Features, len(s.MaxAbs))
	}
	updateMaxAbs(s, d.X, d.Features)
	return nil
}

func fitMaxAbs[T float32 | float64](s *MaxAbsScaler, x []T, features int) {
	s.MaxAbs = make([]float64, features)
	for j := range features {
		s.MaxAbs[j] = math.NaN()
	}
	updateMaxAbs(s, x, features)
}

// updateMaxAbs joins the extremes of x [rows, features] with those of s. Without any value at all, a feature's is NaN.
func updateMaxAbs[T float32 | float64](s *MaxAbsScaler, x []T, features int) {
	s.MaxAbs, s.Scale = slices.Clone(s.MaxAbs), make([]float64, features)
	for i, v := range x {
		if j, v := i%features, math.Abs(float64(v)); !(s.MaxAbs[j] >= v) && v == v {
			s.MaxAbs[j] = v
		}
	}
	for j, v := range s.MaxAbs {
		s.Scale[j] = scaleOrOne(v)
	}
}

// scaleOrOne returns a scale, or 1 for one that is no more than what rounding makes of 0.
func scaleOrOne(scale float64) float64 {
	const epsilon = 0x1p-52
	if scale < 10*epsilon {
		return 1
	}
	return scale
}

// Transform scales the features of d in place. It is an error if s is not fitted, or to another number of features.
func (s *MaxAbsScaler) Transform(d *Dataset) error {
	return mapFeatures("MaxAbsScaler: Transform", s, d, s.forward)
}

// InverseTransform undoes Transform, up to rounding.
func (s *MaxAbsScaler) InverseTransform(d *Dataset) error {
	return mapFeatures("MaxAbsScaler: InverseTransform", s, d, s.backward)
}

func (s *MaxAbsScaler) forward(v float64, j int) float64 { return v / s.Scale[j] }

func (s *MaxAbsScaler) backward(v float64, j int) float64 { return v * s.Scale[j] }

func (s *MaxAbsScaler) fitted() (features, outputs int, err error) { return checkFitted(s.Scale) }

// RobustScaler moves each feature to median 0 and scales it by the distance of two quantiles, so that a few outliers do
// not matter: (x - Center) / Scale, as scikit-learn's does.
//
// Numbers are computed in float64; a feature is rounded once, to float32. NaN counts as missing: Fit leaves it out and
// Transform leaves it as it is.
// (https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.RobustScaler.html)
type RobustScaler struct {
	NoCenter     bool    // do not move: x / Scale
	NoScale      bool    // do not scale: every Scale is 1
	Low, High    float64 // the quantiles, 0 <= Low < High <= 100 percent; both 0 means 25 and 75
	UnitVariance bool    // let normally distributed features have variance 1; 0 < Low and High < 100 then

	// What Fit finds, one a feature.
	Center []float64 // the median
	Scale  []float64 // the distance of the quantiles, or 1
}

// Fit takes each feature's median and quantiles from the rows of d.
func (s *RobustScaler) Fit(d *Dataset) error {
	low, high := s.percents()
	if !(0 <= low && low < high && high <= 100) || s.UnitVariance && (low == 0 || high == 100) {
		return fmt.Errorf("mlp: RobustScaler: Low is %v and High is %v, want 0 <= Low < High <= 100, "+
			"and neither end with UnitVariance", low, high)
	}
	if err := checkFit("RobustScaler", d); err != nil {
		return err
	}
	fitRobust(s, d.X, d.Features)
	return nil
}

// percents returns the quantiles.
func (s *RobustScaler) percents() (low, high float64) {
	if s.Low == 0 && s.High == 0 {
		return 25, 75
	}
	return s.Low, s.High
}

func fitRobust[T float32 | float64](s *RobustScaler, x []T, features int) {
	low, high := s.percents()
	width := 1.0
	if s.UnitVariance {
		width = normalQuantile(high/100) - normalQuantile(low/100)
	}
	s.Center, s.Scale = make([]float64, features), make([]float64, features)
	for j := range features {
		sorted := sortedKnown(x, features, j)
		s.Center[j], s.Scale[j] = quantile(sorted, 0.5), 1
		if !s.NoScale {
			s.Scale[j] = scaleOrOne(quantile(sorted, high/100)-quantile(sorted, low/100)) / width
		}
	}
}

// normalQuantile returns the value that a standard normal variable is below with probability p, 0 < p < 1.
func normalQuantile(p float64) float64 {
	if p < 0.5 {
		return -normalQuantile(1 - p)
	}
	// Newton's method, which comes from below: above 0 the distribution function is concave.
	x := 0.0
	for range 100 {
		// The function is 1/2 + density·(x + x³/3 + x⁵/(3·5) + …).
		density := exp64(-x*x/2) / math.Sqrt(2*math.Pi)
		sum, term := 0.0, x
		for k := 3.0; sum+term != sum; k += 2 {
			sum += term
			term *= x * x / k
		}
		next := x + (p-0.5-float64(density*sum))/density
		if !(next > x) {
			break
		}
		x = next
	}
	return x
}

// Transform scales the features of d in place. It is an error if s is not fitted, or to another number of features.
func (s *RobustScaler) Transform(d *Dataset) error {
	return mapFeatures("RobustScaler: Transform", s, d, s.forward)
}

// InverseTransform undoes Transform, up to rounding.
func (s *RobustScaler) InverseTransform(d *Dataset) error {
	return mapFeatures("RobustScaler: InverseTransform", s, d, s.backward)
}

func (s *RobustScaler) forward(v float64, j int) float64 {
	if !s.NoCenter {
		v -= s.Center[j]
	}
	return v / s.Scale[j]
}

func (s *RobustScaler) backward(v float64, j int) float64 {
	v *= s.Scale[j]
	if s.NoCenter {
		return v
	}
	return float64(v) + s.Center[j]
}

func (s *RobustScaler) fitted() (features, outputs int, err error) {
	if len(s.Center) != len(s.Scale) {
		return 0, 0, fmt.Errorf("%d centers and %d scales, want one each a feature", len(s.Center), len(s.Scale))
	}
	return checkFitted(s.Scale)
}
