package mlp

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// timeProduct returns the time of n runs of an operation of productOps.
func timeProduct(d *dense, op string, k isa, n int) time.Duration {
	start := time.Now()
	switch op {
	case "forward":
		for range n {
			d.forward(k)
		}
	case "gradweights":
		for range n {
			d.gradWeights(k)
		}
	case "gradinput":
		for range n {
			d.gradInput(k)
		}
	}
	return time.Since(start)
}

// peakFlops measures the floating-point operations per second of kernel k's multiply-adds on one core; 0 if it is unknown.
func peakFlops(k isa) float64 {
	run, flops := peakKernel(k)
	if run == nil {
		return 0
	}
	const rounds = 20_000
	fastest := time.Duration(1<<63 - 1)
	for range 50 {
		start := time.Now()
		run(rounds)
		fastest = min(fastest, time.Since(start))
	}
	return rounds * flops / fastest.Seconds()
}

// BenchmarkKernel reports the speed of the products, and their share of what the CPU's multiply-adds could do: pads do
// not count as work, and ReLU, its mask and the gradient of the bias are done besides. Product and peak are each the
// fastest of many turns of some 100 µs, so that other work on the machine counts little.
func BenchmarkKernel(b *testing.B) {
	for _, op := range productOps {
		for _, s := range [][3]int{
			{16, 4, 64}, {16, 64, 32}, {32, 20, 64}, {128, 784, 128}, {256, 1024, 1024},
			{16, 32, 3}, {128, 64, 10}, {1, 784, 128}, {1, 1024, 1024}, {33, 37, 29},
		} {
			for _, k := range kernels() {
				b.Run(fmt.Sprintf("op=%s/shape=%dx%dx%d/kernel=%s", op.name, s[0], s[1], s[2], k.name), func(b *testing.B) {
					if !k.available {
						b.Skip("this machine lacks it")
					}
					benchmarkProduct(b, op.name, s[0], s[1], s[2], k.isa)
				})
			}
		}
	}
	benchmarkElementwise(b)
}

func benchmarkProduct(b *testing.B, op string, rows, inputs, units int, k isa) {
	rng := rand.New(rand.NewPCG(1, 1))
	ld := stride(units)
	d := &dense{
		x: alignedFloats(rows * stride(inputs)), w: alignedFloats(packedLen(inputs, units)),
		y: alignedFloats(rows * ld), dz: alignedFloats(rows * ld), dx: alignedFloats(rows * stride(inputs)),
		t: alignedFloats(scratchLen(units)), ldx: stride(inputs), ldy: ld, lddx: stride(inputs),
		panel: lanes * (1 + inputs), rows: rows, inputs: inputs, units: units, relu: true, bias: true, masked: true,
	}
	d.g = alignedFloats(len(d.w))
	for _, s := range [][]float32{d.x, d.w, d.dz} {
		for i := range s {
			s[i] = uniform(rng)
		}
	}
	d.check(rows)

	const turn = 100 * time.Microsecond
	n := 1
	for timeProduct(d, op, k, n) < turn {
		n *= 2
	}
	fastest := time.Duration(1<<63 - 1)
	b.ResetTimer()
	for i := 0; i < b.N; i += n {
		fastest = min(fastest, timeProduct(d, op, k, min(n, b.N)))
	}
	b.StopTimer()
	flops := 2 * float64(rows*inputs*units) * float64(min(n, b.N)) / fastest.Seconds()
	b.ReportMetric(flops/1e9, "GFLOP/s")
	if peak := peakFlops(k); peak > 0 {
		b.ReportMetric(100*flops/peak, "%peak")
	}
}
