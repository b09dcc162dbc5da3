package mlp

import (
	"fmt"
	"math"
	"strconv"
)

// synthetic is a generated data set before its numbers are rounded to float32.
type synthetic struct {
	x, y              []float64 // [rows, features], [rows, targets]
	features, targets int
	classes           int // 0 for regression
}

func newSynthetic(rows, features, targets, classes int) *synthetic {
	return &synthetic{
		x: make([]float64, rows*features), features: features,
		y: make([]float64, rows*targets), targets: targets,
		classes: classes,
	}
}

// row returns row i of x.
func (s *synthetic) row(i int) []float64 {
	return s.x[i*s.features:][:s.features]
}

// shuffleRows reorders x and y alike.
func (s *synthetic) shuffleRows(r *RandomState) {
	order := r.Permutation(len(s.x) / s.features)
	s.x = gather(s.x, s.features, order)
	s.y = gather(s.y, s.targets, order)
}

// shuffleColumns reorders the columns of x and returns the old number of each.
func (s *synthetic) shuffleColumns(r *RandomState) []int {
	order := r.Permutation(s.features)
	for i := 0; i < len(s.x); i += s.features {
		row := s.x[i:][:s.features]
		copy(row, gather(row, 1, order))
	}
	return order
}

// dataset rounds s to float32. Classes are named by their indices.
func (s *synthetic) dataset() *Dataset {
	d := &Dataset{X: rounded(s.x), Y: rounded(s.y), Features: s.features, Targets: s.targets}
	for class := range s.classes {
		d.ClassNames = append(d.ClassNames, strconv.Itoa(class))
	}
	return d
}

func rounded(values []float64) []float32 {
	v := make([]float32, len(values))
	for i, x := range values {
		v[i] = float32(x)
	}
	return v
}

// fillNormal writes standard normal numbers to the columns from, …, to-1 of x, row by row.
func (s *synthetic) fillNormal(r *RandomState, from, to int) {
	for i := 0; i < len(s.x); i += s.features {
		for j := from; j < to; j++ {
			s.x[i+j] = r.StandardNormal()
		}
	}
}

// addNoise adds normal numbers of that standard deviation to values; 0 adds nothing and draws nothing.
func addNoise(r *RandomState, values []float64, deviation float64) {
	if deviation == 0 {
		return
	}
	for i := range values {
		values[i] += r.Normal(0, deviation)
	}
}

// multiply writes the row vector x times the matrix w [len(x), len(dst)] to dst. Each sum is one chain of fused
// multiply-adds in rising order, which is what NumPy's BLAS computes as long as the matrix is small.
func multiply(dst, x, w []float64) {
	clear(dst)
	for k, v := range x {
		for j, weight := range w[k*len(dst):][:len(dst)] {
			dst[j] = math.FMA(v, weight, dst[j])
		}
	}
}

// maxValues bounds a table of float64, so that neither its size in bytes nor an index overflows.
const maxValues = min(math.MaxInt32, math.MaxInt/16)

// checkTable reports a table that is too large to allocate; rows and columns are not negative.
func checkTable(what string, rows, columns int) error {
	if columns > 0 && rows > maxValues/columns {
		return fmt.Errorf("%s: %d times %d values, want at most %d", what, rows, columns, maxValues)
	}
	return nil
}

// checkAtLeast reports a field that is below its least value.
func checkAtLeast(field string, value, least int) error {
	if value < least {
		return fmt.Errorf("%s is %d, want at least %d", field, value, least)
	}
	return nil
}

// firstError returns the first of errs that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
