package mlp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// benchmarkElementwise is BenchmarkKernel's part on what is done between the products: updates in cache and out of it,
// softmax with cross-entropy, and the activations.
func benchmarkElementwise(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	arrays := func(c elementwiseCase, n int) [][]float32 {
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
		return x
	}
	for _, c := range updateCases(rng) {
		for _, n := range []int{2_928, 109_776, 2_110_000} {
			x := arrays(c, n)
			benchmarkElements(b, fmt.Sprintf("op=%s/elements=%d", c.name, n), n, func(k isa) { c.run(k, x) })
		}
	}
	for _, shape := range [][2]int{{16, 3}, {128, 10}, {256, 10}, {128, 1000}} {
		rows, units := shape[0], shape[1]
		ld := stride(units)
		s := &softmax{z: alignedFloats(rows * ld), dz: alignedFloats(rows * ld), labels: make([]float32, rows), scale: make([]float32, rows),
			loss: make([]float32, rows), ld: ld, rows: rows, units: units}
		benchmarkElements(b, fmt.Sprintf("op=softmax/shape=%dx%d", rows, units), rows*units, func(k isa) { k.softmaxCrossentropy(s) })
	}
	for _, c := range activationCases() {
		if c.arrays == 2 {
			x := arrays(c, 4096)
			clear(x[0]) // repeated derivatives would make a gradient denormal
			name := strings.ReplaceAll(c.name, "gradient of ", "grad-")
			benchmarkElements(b, fmt.Sprintf("op=%s/elements=4096", name), 4096, func(k isa) { c.run(k, x) })
		}
	}
}

// benchmarkElements times run, which computes n elements, with every kernel. It reports the fastest turn's time per element,
// and cycles of the clock at which the CPU does two 256-bit multiply-adds a cycle.
func benchmarkElements(b *testing.B, name string, n int, run func(k isa)) {
	for _, k := range kernels() {
		b.Run(fmt.Sprintf("%s/kernel=%s", name, k.name), func(b *testing.B) {
			if !k.available {
				b.Skip("this machine lacks it")
			}
			rounds := max(1, min(b.N, 50_000/n))
			fastest := time.Duration(1<<63 - 1)
			for i := 0; i < b.N; i += rounds {
				start := time.Now()
				for range rounds {
					run(k.isa)
				}
				fastest = min(fastest, time.Since(start))
			}
			b.StopTimer()
			perElement := fastest.Seconds() / float64(rounds*n)
			b.ReportMetric(perElement*1e9, "ns/element")
			if clock := peakFlops(avx2) / (2 * 2 * 8); clock > 0 {
				b.ReportMetric(perElement*clock, "cycles/element")
			}
		})
	}
}
