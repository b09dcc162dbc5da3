//go:build (!amd64 && !arm64) || purego || noasm

package mlp

// peakKernel returns nil: the peak is unknown.
func peakKernel(isa) (run func(n int), flops float64) { return nil, 0 }
