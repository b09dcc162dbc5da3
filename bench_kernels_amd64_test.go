//go:build !purego && !noasm

package mlp

// peakKernel returns what runs n rounds of independent multiply-adds, and the operations of a round.
func peakKernel(k isa) (run func(n int), flops float64) {
	switch k {
	case avx512:
		return peakAVX512, 12 * 2 * 16
	case avx2:
		return peakAVX2, 12 * 2 * 8
	}
	return nil, 0
}
