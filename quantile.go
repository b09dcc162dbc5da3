package mlp

import (
	"math"
	"slices"
)

// sortedKnown returns the values of column j of x [rows, columns] that are not NaN, in rising order.
func sortedKnown[T float32 | float64](x []T, columns, j int) []float64 {
	var values []float64
	for i := j; i < len(x); i += columns {
		if v := x[i]; v == v {
			values = append(values, float64(v))
		}
	}
	slices.Sort(values)
	return values
}

// quantile returns the value that a share q of the sorted values lies below, between two of them by linear
// interpolation as NumPy's percentile; NaN of none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := float64(q * float64(len(sorted)-1))
	i := int(at)
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	low, high := sorted[i], sorted[i+1]
	t := at - float64(i)
	if t >= 0.5 {
		return high - float64((high-low)*(1-t))
	}
	return low + float64((high-low)*t)
}
