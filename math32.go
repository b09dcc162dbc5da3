package mlp

import "math"

// The float32 functions of this file give the same bits on every platform and in every kernel. Each is a fixed sequence
// of float32 operations that every SIMD instruction set has: +, -, ·, /, fused multiply-add, compare and select, shifts
// and additions of the bits. Where the Go code branches, a kernel computes both sides and selects. Comparisons with NaN
// are false, so that `if x > c { x = c }` keeps it; where NaN's bits are taken for an exponent, the factor beside is
// NaN.
//
// Errors are in units in the last place (ulp) of the result, and were measured against float64 over every float32 in
// the domain. The polynomials are minimax polynomials with float32 coefficients, found by Sollya's fpminimax unless
// another method is named; their own errors are in units of 2^-24, relative to the function.

const (
	log2E = 0x1.715476p+0
	ln2   = 0x1.62e43p-1
	// ln 2 in two parts: the first has 15 bits, so that its product with an exponent is exact.
	ln2Hi = 0x1.62e4p-1
	ln2Lo = 0x1.7f7d1cp-20

	// roundBias added to |x| < 2^22 leaves x, rounded to an integer with ties to even, in the low bits of the sum.
	roundBias = 0x1.8p+23

	signBit = 1 << 31
)

// expParts splits e^x, |x| ≤ 104, into 2^n·e^r, |r| ≤ ln(2)/2. It returns n + 254 in the low 9 bits of n254, r, and the
// polynomial p = (e^r - 1 - r)/r² of degree 4 (Chebyshev interpolant, 0.2 units).
func expParts(x float32) (n254 uint32, r, p float32) {
	t := fma32(x, log2E, roundBias+254)
	n := t - (roundBias + 254)
	r = fma32(-n, ln2Hi, x)
	r = fma32(-n, ln2Lo, r)
	p = fma32(0x1.6d113cp-10, r, 0x1.120ba2p-7)
	p = fma32(p, r, 0x1.55551ap-5)
	p = fma32(p, r, 0x1.5554dcp-3)
	p = fma32(p, r, 0.5)
	return math.Float32bits(t), r, p
}

// exp32 returns e^x, with an error of at most 0.966 ulp. Results are denormal before they are zero, below x = -103.97.
func exp32(x float32) float32 {
	if x > 89 {
		x = 89
	}
	if x < -104 {
		x = -104
	}
	n254, r, p := expParts(x)
	p = fma32(p, r, 1)
	p = fma32(p, r, 1)
	// 2^n in two factors, since 2^128 and 2^-150 are no float32; the first product is exact.
	half := n254 >> 1 << 23
	return p * math.Float32frombits(half) * math.Float32frombits(n254<<23-half)
}

// expm1Neg32 returns e^x - 1 for x ≤ 0, with an error of at most 1.011 ulp.
func expm1Neg32(x float32) float32 {
	y := x
	if y < -20 {
		y = -20
	}
	n254, r, p := expParts(y)
	p = fma32(p, float32(r*r), r)
	s := math.Float32frombits(n254<<23 - 127<<23)
	y = fma32(p, s, s-1)
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&signBit)
}

// log32 returns the natural logarithm of x, -Inf for ±0 and NaN below, with an error of at most 0.974 ulp. Its
// polynomial is (log(1+f) - f + f²/2)/f³, of degree 7 on ±1/3 (0.3 units).
func log32(x float32) float32 {
	switch {
	case x == 0:
		return float32(math.Inf(-1))
	case !(x > 0):
		return float32(math.NaN())
	case x > math.MaxFloat32:
		return x
	}
	var k float32
	if x < 0x1p-126 {
		x *= 0x1p25
		k = -25
	}
	// x = 2^k·(1 + f), 2/3 ≤ 1 + f < 4/3.
	b := math.Float32bits(x)
	e := int32(b-0x3f2aaaab) >> 23
	k += float32(e)
	f := math.Float32frombits(b-uint32(e)<<23) - 1
	p := fma32(-0x1.04ff46p-3, f, 0x1.132ebp-3)
	p = fma32(p, f, -0x1.f4c812p-4)
	p = fma32(p, f, 0x1.211abap-3)
	p = fma32(p, f, -0x1.558a74p-3)
	p = fma32(p, f, 0x1.99addep-3)
	p = fma32(p, f, -0x1.ffff74p-3)
	p = fma32(p, f, 0x1.55554cp-2)
	p = fma32(p, f, -0.5)
	p = fma32(p, float32(f*f), f)
	return fma32(k, ln2, p)
}

// log1p32 returns log(1 + x) for 0 ≤ x ≤ 1, with an error of at most 1.196 ulp. Its polynomial is (log(1+x) - x)/x², of
// degree 9 (0.1 units).
func log1p32(x float32) float32 {
	p := fma32(0x1.88c46p-9, x, -0x1.2828dap-6)
	p = fma32(p, x, 0x1.a1ed8p-5)
	p = fma32(p, x, -0x1.7d99d4p-4)
	p = fma32(p, x, 0x1.0d21acp-3)
	p = fma32(p, x, -0x1.4ff538p-3)
	p = fma32(p, x, 0x1.98e11cp-3)
	p = fma32(p, x, -0x1.fff39cp-3)
	p = fma32(p, x, 0x1.55553p-2)
	p = fma32(p, x, -0.5)
	return fma32(p, float32(x*x), x)
}

// softplus32 returns log(1 + e^x), with an error of at most 1.889 ulp.
func softplus32(x float32) float32 {
	top := x
	if !(x > 0) {
		top = 0
	}
	return top + log1p32(exp32(-abs32(x)))
}

// sigmoid32 returns 1/(1 + e^-x), with an error of at most 1.750 ulp. Like e^x it is denormal before it is zero.
func sigmoid32(x float32) float32 {
	if x > 104 {
		x = 104
	}
	if x < -104 {
		x = -104
	}
	n254, r, p := expParts(-x)
	p = fma32(p, float32(r*r), r)
	// e^-x = s/t·(1 + p), s/t = 2^n. rest is what sum loses of t where s is 2^24 times as large.
	half := n254 >> 1 << 23
	s := math.Float32frombits(n254<<23 - half)
	t := math.Float32frombits(254<<23 - half)
	sum := s + t
	rest := (s - sum) + t
	return t / (fma32(s, p, rest) + sum)
}

// tanh32 returns the hyperbolic tangent of x, with an error of at most 1.862 ulp. Below 0.625 it is x + x³·p(x²), p of
// degree 4 (0.3 units), above 1 - 2/(e^2x + 1), with e^2x = 2^n·e^2r, e^2r of degree 5 in r (3.6 units).
func tanh32(x float32) float32 {
	y := abs32(x)
	if y < 0.625 {
		w := float32(y * y)
		p := fma32(-0x1.8ff18p-8, w, 0x1.5813cp-6)
		p = fma32(p, w, -0x1.b92674p-5)
		p = fma32(p, w, 0x1.110e16p-3)
		p = fma32(p, w, -0x1.555552p-2)
		y = fma32(float32(p*w), y, y)
	} else {
		if y > 10 {
			y = 10
		}
		t := fma32(y, 2*log2E, roundBias+127)
		n := t - (roundBias + 127)
		r := fma32(-n, ln2/2, y)
		p := fma32(0x1.1247fcp-2, r, 0x1.570beep-1)
		p = fma32(p, r, 0x1.55547cp+0)
		p = fma32(p, r, 0x1.fffe5ap+0)
		p = fma32(p, r, 2)
		p = fma32(p, r, 1)
		y = 1 - 2/fma32(p, math.Float32frombits(math.Float32bits(t)<<23), 1)
	}
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&signBit)
}

// erf32 returns the error function of x, with an error of at most 1.544 ulp. Below 0.85 it is x + x·p(x²), p of degree
// 5 (0.12 units); above 1 - 2^(x·q(x)), q = log2(1 - erf x)/x of degree 5 (remez, weighted by the effect on erf, 0.06
// units) and 2^r of degree 5 (2 units, of which less than a third reaches erf).
func erf32(x float32) float32 {
	y := abs32(x)
	if y < 0.85 {
		w := float32(y * y)
		p := fma32(-0x1.4d28fep-11, w, 0x1.4b8614p-8)
		p = fma32(p, w, -0x1.b737e8p-6)
		p = fma32(p, w, 0x1.ce257ep-4)
		p = fma32(p, w, -0x1.812726p-2)
		p = fma32(p, w, 0x1.06eba8p-3)
		y = fma32(p, y, y)
	} else {
		if y > 4 {
			y = 4
		}
		p := fma32(0x1.465188p-12, y, -0x1.314d3p-8)
		p = fma32(p, y, 0x1.0f0e42p-5)
		p = fma32(p, y, -0x1.373716p-3)
		p = fma32(p, y, -0x1.d58a8ep-1)
		p = fma32(p, y, -0x1.a0ccbcp+0)
		p = float32(p * y)
		t := p + (roundBias + 127)
		r := p - (t - (roundBias + 127))
		p = fma32(0x1.5d39ap-10, r, 0x1.3d21b2p-7)
		p = fma32(p, r, 0x1.c6b3d8p-5)
		p = fma32(p, r, 0x1.ebf8aep-3)
		p = fma32(p, r, 0x1.62e42cp-1)
		p = fma32(p, r, 0x1.000002p+0)
		y = fma32(-p, math.Float32frombits(math.Float32bits(t)<<23), 1)
	}
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&signBit)
}

// abs32 returns |x|.
func abs32(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x) &^ signBit)
}
