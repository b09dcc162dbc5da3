//go:build !purego && !noasm

package mlp

import "time"

// peakFlops measures the floating-point operations per second of kernel k's multiply-adds on one core; 0 if it is unknown.
func peakFlops(k isa) float64 {
	var run func(n int)
	lanes := 16.0
	switch k {
	case avx512:
		run = peakAVX512
	case avx2:
		run, lanes = peakAVX2, 8
	default:
		return 0
	}
	const rounds = 20_000
	fastest := time.Duration(1<<63 - 1)
	for range 50 {
		start := time.Now()
		run(rounds)
		fastest = min(fastest, time.Since(start))
	}
	return rounds * 12 * 2 * lanes / fastest.Seconds()
}
