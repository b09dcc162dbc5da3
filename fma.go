package mlp

import "math"

// fma32 returns x*y + z rounded once, as the hardware's fused multiply-add does, on every GOARCH and GOAMD64.
//
// The float64 product of two float32 is exact, so a compiler that fuses it with a sum changes nothing. The float64 sum
// s rounds, and rounding it again to float32 goes wrong only where s lies halfway between two float32, or where the
// result is denormal; both are found by its bits. Then s is rounded to odd: an even s moves by one unit in the last
// place towards the exact sum, if that differs (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums:
// proved algorithms using rounding to odd", IEEE TC 57(4), 2008, doi:10.1109/TC.2007.70819).
//
// The repair has neither branches nor calls, which keeps the function within the compiler's budget for inlining (79 of
// 80): a loop over it runs twice as fast as over a call.
func fma32(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	s := p + float64(z)
	if b := math.Float64bits(s); b&(1<<29-1) == 1<<28 || b<<1-1 < 897<<53-1 && b&1 == 0 {
		// Let the exact sum be s + e. 2^1000 lifts any s*e but zero beyond the bounds, which are 5/8 to 5/4 of a unit once
		// multiplied by s: the sum rounds to a whole one, whether or not the compiler fuses it with the product.
		t := s - p
		s += s * max(-0x1.4p-53, min(0x1.4p-53, s*(p-(s-t)+(float64(z)-t))*0x1p1000))
	}
	return float32(s)
}
