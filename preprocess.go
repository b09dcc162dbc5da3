package mlp

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Preprocessor turns rows of data into rows that networks train well on, by numbers that Fit takes from the rows to
// train on. Its types are StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, Normalizer, SimpleImputer,
// OneHotEncoder, and Pipeline, which chains them.
type Preprocessor interface {
	Fit(d *Dataset) error              // take the numbers from d, which stays as it is
	Transform(d *Dataset) error        // prepare the features of d, in place
	InverseTransform(d *Dataset) error // undo Transform, up to rounding, in place

	// fitted returns the number of features that Transform takes and of those it gives, or an error if there are no
	// numbers yet or they do not fit together.
	fitted() (features, outputs int, err error)

	// transformRows returns rows as Transform makes them, in x or anew. It is for preprocessors that are fitted to as many
	// features as the rows have.
	transformRows(x []float32) ([]float32, error)
}

// StandardScaler moves each feature to mean 0 and scales it to variance 1: (x - Mean) / Scale, as scikit-learn's does.
//
// Numbers are computed in float64; a feature is rounded once, to float32. NaN counts as missing: Fit leaves it out and
// Transform leaves it as it is. A feature that is constant, up to rounding, has Scale 1.
// (https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.StandardScaler.html)
type StandardScaler struct {
	NoMean bool // do not move: x / Scale
	NoStd  bool // do not scale: every Scale is 1

	// What Fit finds, one a feature.
	Mean    []float64
	Var     []float64 // the mean square of x - Mean: divided by Samples, not by Samples-1
	Scale   []float64 // √Var, or 1
	Samples []int     // values that are not NaN
}

// Fit takes each feature's mean and variance from the rows of d.
func (s *StandardScaler) Fit(d *Dataset) error {
	if err := checkFit("StandardScaler", d); err != nil {
		return err
	}
	fitStandard(s, d.X, d.Features)
	return nil
}

// Update takes further rows into the mean and variance, as scikit-learn's partial_fit does: up to rounding, they are
// those of all rows that Fit and Update have seen since the last Fit. On a scaler that is not fitted, it is Fit. A
// column of d without any value leaves the feature's numbers alone. The slices are replaced, so a copy of s keeps its
// numbers and may be in use elsewhere.
func (s *StandardScaler) Update(d *Dataset) error {
	if len(s.Mean) == 0 {
		return s.Fit(d)
	}
	if err := checkFit("StandardScaler", d); err != nil {
		return err
	}
	n := d.Features
	if len(s.Mean) != n || len(s.Var) != n || len(s.Samples) != n {
		return fmt.Errorf("mlp: StandardScaler: Update: the dataset has %d features, the scaler has %d of Mean, %d of Var and %d of Samples",
			n, len(s.Mean), len(s.Var), len(s.Samples))
	}
	updateStandard(s, d.X, n)
	return nil
}

func fitStandard[T float32 | float64](s *StandardScaler, x []T, features int) {
	s.Mean, s.Var, s.Samples = make([]float64, features), make([]float64, features), make([]int, features)
	updateStandard(s, x, features)
}

// updateStandard joins the moments of x [rows, features] with those of s, by Chan, Golub and LeVeque's formula. Without
// any value at all, a feature's moments are NaN.
func updateStandard[T float32 | float64](s *StandardScaler, x []T, features int) {
	sums, squares, samples := columnMoments(x, features)
	mean, variance, scale := slices.Clone(s.Mean), slices.Clone(s.Var), make([]float64, features)
	for j, before := range s.Samples {
		n := float64(before + samples[j])
		switch {
		case samples[j] > 0 && before > 0:
			last := float64(mean[j] * float64(before))
			ratio := float64(before) / float64(samples[j])
			d := last/ratio - sums[j]
			mean[j] = (last + sums[j]) / n
			variance[j] = (float64(variance[j]*float64(before)) + squares[j] + float64(ratio/n*float64(d*d))) / n
		case before == 0:
			mean[j], variance[j] = sums[j]/n, squares[j]/n
		}
		samples[j] += before
		scale[j] = 1
		if !s.NoStd && !isConstant(mean[j], variance[j], samples[j]) {
			scale[j] = math.Sqrt(variance[j])
		}
	}
	s.Mean, s.Var, s.Scale, s.Samples = mean, variance, scale, samples
}

// columnMoments returns for each column of x [rows, features] the sum of its values, the sum of their squared distances
// from the mean, and how many are not NaN. The second is corrected for the rounding of the mean: Chan, Golub and
// LeVeque, "Algorithms for computing the sample variance", The American Statistician 37(3), 1983,
// doi:10.1080/00031305.1983.10483115.
func columnMoments[T float32 | float64](x []T, features int) (sums, squares []float64, samples []int) {
	sums, squares, samples = make([]float64, features), make([]float64, features), make([]int, features)
	for i, v := range x {
		if j := i % features; v == v {
			sums[j] += float64(v)
			samples[j]++
		}
	}
	mean := slices.Clone(sums)
	for j := range mean {
		mean[j] /= float64(samples[j])
	}
	correction := make([]float64, features)
	for i, v := range x {
		if j := i % features; v == v {
			d := float64(v) - mean[j]
			correction[j] += d
			squares[j] += float64(d * d)
		}
	}
	for j, c := range correction {
		squares[j] -= float64(c*c) / float64(samples[j])
	}
	return sums, squares, samples
}

// isConstant reports whether a variance is no more than what rounding makes of n equal values.
func isConstant(mean, variance float64, n int) bool {
	const epsilon = 0x1p-52
	rounding := float64(n) * mean * epsilon
	return variance <= float64(float64(n)*epsilon*variance)+float64(rounding*rounding)
}

// Transform scales the features of d in place. It is an error if s is not fitted, or to another number of features.
func (s *StandardScaler) Transform(d *Dataset) error {
	return mapFeatures("StandardScaler: Transform", s, d, s.forward)
}

// InverseTransform undoes Transform, up to rounding.
func (s *StandardScaler) InverseTransform(d *Dataset) error {
	return mapFeatures("StandardScaler: InverseTransform", s, d, s.backward)
}

func (s *StandardScaler) forward(v float64, j int) float64 {
	if !s.NoMean {
		v -= s.Mean[j]
	}
	return v / s.Scale[j]
}

func (s *StandardScaler) backward(v float64, j int) float64 {
	v *= s.Scale[j]
	if s.NoMean {
		return v
	}
	return float64(v) + s.Mean[j]
}

func (s *StandardScaler) fitted() (features, outputs int, err error) {
	if len(s.Mean) != len(s.Scale) {
		return 0, 0, fmt.Errorf("%d means and %d scales, want one each a feature", len(s.Mean), len(s.Scale))
	}
	return checkFitted(s.Scale)
}

// MinMaxScaler moves and scales each feature so that its least value becomes Low and its greatest High:
// x*Scale + Offset, as scikit-learn's does.
//
// Numbers are computed in float64; a feature is rounded once, to float32. NaN counts as missing: Fit leaves it out and
// Transform leaves it as it is. A feature that is constant, up to rounding, is moved to Low and has the Scale of a
// feature whose range is 1. (https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.MinMaxScaler.html)
type MinMaxScaler struct {
	Low, High float64 // the range to scale to, Low < High; both 0 means 0 to 1
	Clip      bool    // keep values beyond those of Fit within the range

	// What Fit finds, one a feature.
	DataMin []float64
	DataMax []float64
	Scale   []float64 // (High - Low) / (DataMax - DataMin)
	Offset  []float64 // Low - DataMin*Scale
}

// Fit takes each feature's least and greatest value from the rows of d.
func (s *MinMaxScaler) Fit(d *Dataset) error {
	low, high := s.bounds()
	if !(low < high) || math.IsInf(high-low, 0) {
		return fmt.Errorf("mlp: MinMaxScaler: Low is %v and High is %v, want finite Low < High", low, high)
	}
	if err := checkFit("MinMaxScaler", d); err != nil {
		return err
	}
	fitMinMax(s, d.X, d.Features)
	return nil
}

// Update takes further rows into the least and greatest values, as scikit-learn's partial_fit does: they are those of all
// rows that Fit and Update have seen since the last Fit. On a scaler that is not fitted, it is Fit. The slices are
// replaced, so a copy of s keeps its numbers and may be in use elsewhere.
func (s *MinMaxScaler) Update(d *Dataset) error {
	if len(s.DataMin) == 0 {
		return s.Fit(d)
	}
	if err := checkFit("MinMaxScaler", d); err != nil {
		return err
	}
	if n := d.Features; len(s.DataMin) != n || len(s.DataMax) != n {
		return fmt.Errorf("mlp: MinMaxScaler: Update: the dataset has %d features, the scaler has %d of DataMin and %d of DataMax",
			n, len(s.DataMin), len(s.DataMax))
	}
	updateMinMax(s, d.X, d.Features)
	return nil
}

func fitMinMax[T float32 | float64](s *MinMaxScaler, x []T, features int) {
	s.DataMin, s.DataMax = make([]float64, features), make([]float64, features)
	for j := range features {
		s.DataMin[j], s.DataMax[j] = math.NaN(), math.NaN()
	}
	updateMinMax(s, x, features)
}

// updateMinMax joins the extremes of x [rows, features] with those of s. Without any value at all, a feature's are NaN.
func updateMinMax[T float32 | float64](s *MinMaxScaler, x []T, features int) {
	low, high := s.bounds()
	s.DataMin, s.DataMax = slices.Clone(s.DataMin), slices.Clone(s.DataMax)
	for i, x := range x {
		j, v := i%features, float64(x)
		if !(s.DataMin[j] <= v) && v == v {
			s.DataMin[j] = v
		}
		if !(s.DataMax[j] >= v) && v == v {
			s.DataMax[j] = v
		}
	}
	s.Scale, s.Offset = make([]float64, features), make([]float64, features)
	for j, least := range s.DataMin {
		s.Scale[j] = (high - low) / scaleOrOne(s.DataMax[j]-least)
		s.Offset[j] = low - float64(least*s.Scale[j])
	}
}

// Transform scales the features of d in place. It is an error if s is not fitted, or to another number of features.
func (s *MinMaxScaler) Transform(d *Dataset) error {
	return mapFeatures("MinMaxScaler: Transform", s, d, s.forward)
}

// InverseTransform undoes Transform, up to rounding; what Clip cut off stays lost.
func (s *MinMaxScaler) InverseTransform(d *Dataset) error {
	return mapFeatures("MinMaxScaler: InverseTransform", s, d, s.backward)
}

// bounds returns the range to scale to.
func (s *MinMaxScaler) bounds() (low, high float64) {
	if s.Low == 0 && s.High == 0 {
		return 0, 1
	}
	return s.Low, s.High
}

func (s *MinMaxScaler) forward(v float64, j int) float64 {
	v = float64(v*s.Scale[j]) + s.Offset[j]
	if s.Clip {
		low, high := s.bounds()
		v = min(max(v, low), high) // NaN stays
	}
	return v
}

func (s *MinMaxScaler) backward(v float64, j int) float64 {
	return (v - s.Offset[j]) / s.Scale[j]
}

func (s *MinMaxScaler) fitted() (features, outputs int, err error) {
	if len(s.Offset) != len(s.Scale) {
		return 0, 0, fmt.Errorf("%d offsets and %d scales, want one each a feature", len(s.Offset), len(s.Scale))
	}
	return checkFitted(s.Scale)
}

// checkFit reports what keeps a preprocessor of numbers from being fitted to d.
func checkFit(what string, d *Dataset) error {
	if err := checkFitRows(what, d); err != nil {
		return err
	}
	for j := range d.Features {
		if d.categories(j) != nil {
			return fmt.Errorf("mlp: %s: feature %q holds categories, which OneHotEncoder turns into numbers", what, d.featureName(j))
		}
	}
	return nil
}

// checkFitRows reports what keeps any preprocessor from being fitted to d.
func checkFitRows(what string, d *Dataset) error {
	if err := d.validate("dataset", true); err != nil {
		return err
	}
	if d.Rows() == 0 {
		return fmt.Errorf("mlp: %s: the dataset has no rows to fit", what)
	}
	return nil
}

// checkFitted returns the number of features that a scaler is fitted to, one a scale.
func checkFitted(scale []float64) (features, outputs int, err error) {
	if len(scale) == 0 {
		return 0, 0, errNotFitted
	}
	return len(scale), len(scale), nil
}

var errNotFitted = errors.New("not fitted, want Fit first")

// checkTransform reports what keeps d from Transform, or from InverseTransform where undo is set.
func checkTransform(what string, p Preprocessor, d *Dataset, undo bool) error {
	features, outputs, err := p.fitted()
	if err != nil {
		return fmt.Errorf("mlp: %s: %w", what, err)
	}
	if undo {
		features = outputs
	}
	if d.Features != features {
		return fmt.Errorf("mlp: %s: the dataset has %d features, want %d as in Fit", what, d.Features, features)
	}
	return d.validate("dataset", true)
}

// mapFeatures replaces each value v of d's column j by f(v, j). If p is not fitted to such a d, it changes nothing and
// gives an error.
func mapFeatures(what string, p Preprocessor, d *Dataset, f func(v float64, j int) float64) error {
	if err := checkTransform(what, p, d, false); err != nil {
		return err
	}
	mapRows(d.X, d.Features, f)
	return nil
}

func mapRow[T float32 | float64](dst, x []T, f func(v float64, j int) float64) {
	for j, v := range x {
		dst[j] = T(f(float64(v), j))
	}
}
