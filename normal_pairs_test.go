package mlp

import (
	"math"
	"testing"
)

// TestNormalPairs compares the share of the numbers below some bounds with the distribution function, and the products
// of those that come from one draw with those of independent numbers.
func TestNormalPairs(t *testing.T) {
	bounds := []float64{-4, -3, -2, -1.5, -1, -0.5, -0.25, -0.1, 0, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 4}
	below := make([]int, len(bounds))
	const n, deviation = 2_000_000, 0.5
	x := make([]float32, n)
	r := drawsOf(1, 2)
	newNormalPairs(deviation).add(x, &r)
	var squares float64
	var products, squareProducts [4]float64 // of a number and one, two or three further ones
	for i, v := range x {
		v := float64(v) / deviation
		if math.Abs(v) > 4.4 {
			t.Errorf("number %d is %v", i, v)
		}
		squares += v * v / n
		for k, bound := range bounds {
			if v < bound {
				below[k]++
			}
		}
		for k := 1; k < 4-i%4; k++ {
			w := float64(x[i+k]) / deviation
			products[k] += v * w * 4 / (n * float64(4-k))
			squareProducts[k] += v * v * w * w * 4 / (n * float64(4-k))
		}
	}
	for i, bound := range bounds {
		p := math.Erfc(-bound/math.Sqrt2) / 2
		deviation := math.Sqrt(n * p * (1 - p))
		if got, want := float64(below[i]), n*p; math.Abs(got-want) > 4*deviation {
			t.Errorf("%v of the numbers are below %v, want %.0f ± %.0f", got, bound, want, deviation)
		}
	}
	// Means of n squares have a deviation of √2/√n, of at least n/4 products 2/√n, of those of squares √8·2/√n.
	if math.Abs(squares-1) > 0.004 {
		t.Errorf("the mean square is %v, want 1", squares)
	}
	for k := 1; k < 4; k++ {
		if math.Abs(products[k]) > 0.006 || math.Abs(squareProducts[k]-1) > 0.016 {
			t.Errorf("numbers %d apart: mean product %v, want 0, of the squares %v, want 1", k, products[k],
				squareProducts[k])
		}
	}
}
