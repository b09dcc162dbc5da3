package mlp

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// benchmarkElementwise is BenchmarkKernel's part on what is done between the products. It reports the fastest turn's time
// per element, and cycles per element of the clock at which the CPU does two 256-bit multiply-adds a cycle.
func benchmarkElementwise(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range updateCases(rng) {
		for _, n := range []int{2_928, 109_776, 2_110_000} {
			for _, k := range kernels() {
				b.Run(fmt.Sprintf("op=%s/elements=%d/kernel=%s", c.name, n, k.name), func(b *testing.B) {
					x := make([][]float32, c.arrays)
					x[0] = alignedFloats(n)
					for a := range x {
						if a > 0 {
							x[a] = besideFloats(x[0], a)
						}
						for i := range x[a] {
							x[a][i] = rng.Float32()
						}
					}
					benchmarkElements(b, k, n, func() { c.run(k.isa, x) })
				})
			}
		}
	}
}

// benchmarkElements times run, which computes n elements with kernel k.
func benchmarkElements(b *testing.B, k kernel, n int, run func()) {
	if !k.available {
		b.Skip("this machine lacks it")
	}
	rounds := max(1, 100_000/n)
	fastest := time.Duration(1<<63 - 1)
	for i := 0; i < b.N; i += rounds {
		start := time.Now()
		for range rounds {
			run()
		}
		fastest = min(fastest, time.Since(start))
	}
	perElement := fastest.Seconds() / float64(rounds*n)
	b.ReportMetric(perElement*1e9, "ns/element")
	if clock := peakFlops(avx2) / (2 * 2 * 8); clock > 0 {
		b.ReportMetric(perElement*clock, "cycles/element")
	}
}
