package mlp

import "math"

// fma32 returns x*y + z rounded once, as the hardware's fused multiply-add does, on every GOARCH and GOAMD64.
//
// The float64 product of two float32 is exact, so a compiler that fuses it with the sum changes nothing. The float64 sum
// rounds, and rounding it again to float32 goes wrong only where it lies halfway between two float32, or where the
// result is denormal; both are found by its bits and mended by rounding to odd.
func fma32(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	s := p + float64(z)
	if b := math.Float64bits(s); b&(1<<29-1) == 1<<28 || b<<1-1 < 897<<53-1 {
		return fmaOdd(p, float64(z), s)
	}
	return float32(s)
}

// fmaOdd rounds p + z, whose float64 sum is s, to odd and then to float32: Boldo and Melquiond, "Emulation of FMA and
// correctly rounded sums: proved algorithms using rounding to odd", IEEE TC 57(4), 2008, doi:10.1109/TC.2007.70819.
func fmaOdd(p, z, s float64) float32 {
	t := s - p
	e := (p - (s - t)) + (z - t) // s + e = p + z exactly
	if b := math.Float64bits(s); e != 0 && b&1 == 0 {
		if (e > 0) == (s > 0) {
			b++
		} else {
			b--
		}
		s = math.Float64frombits(b)
	}
	return float32(s)
}
