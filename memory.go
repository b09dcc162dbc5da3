package mlp

import "unsafe"

const (
	cacheLine = 64   // bytes
	pageSize  = 4096 // bytes; addresses that differ by a multiple compete for cache sets and stall loads behind stores
)

// alignedFloats returns n zeros that begin at a cache line.
func alignedFloats(n int) []float32 { return skewedFloats(n, 0) }

// skewedFloats returns n zeros that begin at the given number of cache lines behind a 4 KB boundary, modulo 4 KB. Arrays
// that one loop walks side by side get different skews.
func skewedFloats(n, lines int) []float32 {
	if n == 0 {
		return nil
	}
	slack := cacheLine
	if lines > 0 {
		slack = pageSize
	}
	s := make([]float32, n+slack/4)
	at := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	skip := (uintptr(lines*cacheLine) - at) % uintptr(slack)
	return s[skip/4:][:n:n]
}
