//go:build !purego && !noasm

package mlp

// peakKernel returns what runs n rounds of independent multiply-adds, and the operations of a round.
func peakKernel(k isa) (run func(n int), flops float64) {
	if k == neon {
		return peakNEON, 24 * 2 * 4
	}
	return nil, 0
}
