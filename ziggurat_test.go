package mlp

import (
	"math"
	"testing"
)

// TestZiggurat compares the share of the numbers below some bounds with the distribution function, beyond the tail's begin too.
func TestZiggurat(t *testing.T) {
	z := newZiggurat()
	if last := z.density[zigguratLayers-1] + zigguratArea/z.edge[zigguratLayers-1]; math.Abs(last-1) > 1e-9 {
		t.Errorf("the layers end at a density of %v, want 1", last)
	}
	bounds := []float64{-4, -zigguratEnd, -3, -2, -1.5, -1, -0.5, -0.25, -0.1, 0, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, zigguratEnd, 4}
	below := make([]int, len(bounds))
	const n = 2_000_000
	r := drawsOf(1, 2)
	for range n {
		x := float64(z.draw(&r))
		for i, bound := range bounds {
			if x < bound {
				below[i]++
			}
		}
	}
	for i, bound := range bounds {
		p := math.Erfc(-bound/math.Sqrt2) / 2
		deviation := math.Sqrt(n * p * (1 - p))
		if got, want := float64(below[i]), n*p; math.Abs(got-want) > 4*deviation {
			t.Errorf("%v of the numbers are below %v, want %.0f ± %.0f", got, bound, want, deviation)
		}
	}
}
