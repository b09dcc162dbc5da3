//go:build !amd64 || purego || noasm

package mlp

// peakFlops returns 0: the peak is unknown.
func peakFlops(isa) float64 { return 0 }
