//go:build linux

package mlp

import (
	"math/rand/v2"
	"testing"
)

// TestElementwiseBounds faults if a kernel reads or writes outside its operands.
func TestElementwiseBounds(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(8, 0))
		for _, atEnd := range []bool{false, true} {
			g := &guarded{t: t, atEnd: atEnd}
			for n := 1; n <= 40; n++ {
				for _, c := range elementwiseCases(rng) {
					g.used = 0
					c.compare(t, k, g.alloc, n, func(int) float32 { return uniform(rng) })
				}
				g.used = 0
				k.isa.sumSquares(g.alloc(n))
				g.used = 0
				compareSoftmax(t, newSoftmax(rng, g.alloc, 1+rng.IntN(20), n, uniform), k)
				g.used = 0
				image := newInterpolation(rng, g.alloc, 1+rng.IntN(9), n, uniform)
				image.compare(t, k)
				if n >= marginWidth {
					g.used = 0
					margins := newTestFraming(rng, g.alloc, 1+rng.IntN(9), n)
					margins.compare(t, k)
				}
			}
		}
	})
}
