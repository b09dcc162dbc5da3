package mlp

import (
	"fmt"
	"math"
)

// SimpleImputer fills in missing values (NaN), as scikit-learn's does. Where categories are missing
// (Dataset.Categories), the most frequent one comes in whatever the Strategy, for they have no mean.
//
// Numbers are computed in float64; what is filled in is rounded once, to float32.
// (https://scikit-learn.org/stable/modules/generated/sklearn.impute.SimpleImputer.html)
type SimpleImputer struct {
	Strategy  ImputeStrategy
	FillValue float64 // what ImputeConstant fills in

	// KeepEmpty fills 0, or the FillValue of ImputeConstant, into a feature without any value, which is an error otherwise:
	// scikit-learn leaves such a feature out.
	KeepEmpty bool

	Statistics []float64 // what Fit finds: the value to fill in, one a feature
}

// ImputeStrategy says what stands in for a feature's missing values.
type ImputeStrategy uint8

// The strategies.
const (
	ImputeMean         ImputeStrategy = iota // the mean of those that are there
	ImputeMedian                             // their median
	ImputeMostFrequent                       // the most frequent one, the least of equals
	ImputeConstant                           // FillValue
)

// Fit finds what to fill in from the rows of d.
func (s *SimpleImputer) Fit(d *Dataset) error {
	if err := s.check(); err != nil {
		return err
	}
	if err := checkFitRows("SimpleImputer", d); err != nil {
		return err
	}
	statistics := make([]float64, d.Features)
	for j := range statistics {
		statistics[j] = imputed(d.X, d.Features, j, s.strategy(d, j), s.FillValue)
	}
	return s.fill(d, statistics)
}

func (s *SimpleImputer) check() error {
	if s.Strategy > ImputeConstant {
		return fmt.Errorf("mlp: SimpleImputer: Strategy is %d, want one of the %d from ImputeMean to ImputeConstant",
			s.Strategy, ImputeConstant+1)
	}
	if !isFinite(float32(s.FillValue)) {
		return fmt.Errorf("mlp: SimpleImputer: FillValue is %v, want a number that a float32 holds", s.FillValue)
	}
	return nil
}

// strategy returns what stands in for feature j of d.
func (s *SimpleImputer) strategy(d *Dataset, j int) ImputeStrategy {
	if d.categories(j) != nil {
		return ImputeMostFrequent
	}
	return s.Strategy
}

// fill sets Statistics, of which those of features of d without any value are NaN.
func (s *SimpleImputer) fill(d *Dataset, statistics []float64) error {
	for j, v := range statistics {
		if v != v {
			if !s.KeepEmpty {
				return fmt.Errorf("mlp: SimpleImputer: feature %q has no value in any row; leave it out, or set KeepEmpty",
					d.featureName(j))
			}
			statistics[j] = 0
			if s.strategy(d, j) == ImputeConstant {
				statistics[j] = s.FillValue
			}
		}
	}
	s.Statistics = statistics
	return nil
}

// imputed returns what stands in for the missing values of column j of x [rows, features]; NaN if there is no value.
func imputed[T float32 | float64](x []T, features, j int, strategy ImputeStrategy, fill float64) float64 {
	sorted := sortedKnown(x, features, j)
	switch {
	case len(sorted) == 0:
		return math.NaN()
	case strategy == ImputeConstant:
		return fill
	case strategy == ImputeMedian:
		return quantile(sorted, 0.5)
	case strategy == ImputeMostFrequent:
		best, most, first := 0, 0, 0
		for i, v := range sorted {
			if v != sorted[first] {
				first = i
			}
			if n := i - first + 1; n > most {
				best, most = first, n
			}
		}
		return sorted[best]
	}
	sum := 0.0
	for i := j; i < len(x); i += features {
		if v := x[i]; v == v {
			sum += float64(v)
		}
	}
	return sum / float64(len(sorted))
}

// Transform fills in the missing values of d in place. It is an error if s is not fitted, or to another number of
// features.
func (s *SimpleImputer) Transform(d *Dataset) error {
	return mapFeatures("SimpleImputer: Transform", s, d, s.forward)
}

// InverseTransform leaves d as it is: which values were missing is not known any more.
func (s *SimpleImputer) InverseTransform(d *Dataset) error {
	return checkTransform("SimpleImputer: InverseTransform", s, d, true)
}

func (s *SimpleImputer) forward(v float64, j int) float64 {
	if v != v {
		return s.Statistics[j]
	}
	return v
}

func (s *SimpleImputer) fitted() (features, outputs int, err error) { return checkFitted(s.Statistics) }
