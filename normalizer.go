package mlp

import (
	"errors"
	"fmt"
	"math"
)

// Normalizer scales each row to length 1, as scikit-learn's does. A row of zeros stays. Numbers are computed in
// float64; a feature is rounded once, to float32.
// (https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.Normalizer.html)
type Normalizer struct {
	Norm Norm

	Features int // of the rows that Fit saw, from which it takes nothing else
}

// Norm is a measure of a row's length.
type Norm uint8

// The norms.
const (
	L2Norm  Norm = iota // √Σx²
	L1Norm              // Σ|x|
	MaxNorm             // the greatest |x|
)

// Fit remembers the number of features.
func (s *Normalizer) Fit(d *Dataset) error {
	if s.Norm > MaxNorm {
		return fmt.Errorf("mlp: Normalizer: Norm is %d, want L2Norm, L1Norm or MaxNorm", s.Norm)
	}
	if err := checkFit("Normalizer", d); err != nil {
		return err
	}
	s.Features = d.Features
	return nil
}

// Transform scales the rows of d in place. A missing value is an error, for then the row has no length.
func (s *Normalizer) Transform(d *Dataset) error {
	if err := checkTransform("Normalizer: Transform", s, d, false); err != nil {
		return err
	}
	if err := d.Validate(); err != nil {
		return err
	}
	for i := 0; i < len(d.X); i += d.Features {
		normalizeRow(d.X[i:][:d.Features], s.Norm)
	}
	return nil
}

// InverseTransform is an error: the rows' lengths are lost.
func (s *Normalizer) InverseTransform(d *Dataset) error {
	return errors.New("mlp: Normalizer: InverseTransform: the lengths that the rows had are lost")
}

func (s *Normalizer) fitted() (features, outputs int, err error) {
	switch {
	case s.Norm > MaxNorm:
		return 0, 0, fmt.Errorf("Norm is %d, want L2Norm, L1Norm or MaxNorm", s.Norm)
	case s.Features == 0:
		return 0, 0, errNotFitted
	}
	return s.Features, s.Features, nil
}

func normalizeRow[T float32 | float64](row []T, norm Norm) {
	length := 0.0
	for _, v := range row {
		switch v := math.Abs(float64(v)); norm {
		case L1Norm:
			length += v
		case MaxNorm:
			length = max(length, v)
		default:
			length += float64(v * v)
		}
	}
	if norm == L2Norm {
		length = math.Sqrt(length)
	}
	length = scaleOrOne(length)
	for j, v := range row {
		row[j] = T(float64(v) / length)
	}
}
