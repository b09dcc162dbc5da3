package mlp

import "unsafe"

const (
	cacheLine = 64   // bytes
	pageSize  = 4096 // bytes; addresses that differ by a multiple compete for cache sets and stall loads behind stores
)

// alignedFloats returns n zeros that begin at a cache line.
func alignedFloats(n int) []float32 {
	return floatsAt(n, cacheLine, 0)
}

// besideFloats returns as many zeros as w holds, for the i-th array that loops walk side by side with w: their starts have
// different distances from a 4 KB boundary.
func besideFloats(w []float32, i int) []float32 {
	const skew = 17 * cacheLine
	return floatsAt(len(w), pageSize, address(w)+uintptr(i)*skew)
}

// floatsAt returns n zeros whose address is congruent to the given one modulo a power of two.
func floatsAt(n int, modulus, congruent uintptr) []float32 {
	if n == 0 {
		return nil
	}
	s := make([]float32, n+int(modulus/4))
	skip := (congruent - address(s)) % modulus
	return s[skip/4:][:n:n]
}

func address(s []float32) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(s))) }
