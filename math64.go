package mlp

import "math"

// The float64 functions of this file give the same bits on every GOARCH, which those of package math do not. They serve
// schedules, generated data sets and NumPy's normals, where a hundred nanoseconds do not matter but the last bit may:
// they carry more than 53 bits in unevaluated sums of two float64, which round once. Of a million random arguments,
// log64 gave glibc's very result in (0, 1) for 99.92 % (nearly all others it rounds wrong itself), sin64 and cos64 in
// [0, 2π] for 99.5 and 99.6 %, exp64 and pow64 for 98.4 %.
//
// A conversion, float64(x*y), keeps the compiler from fusing a product with a sum; where there is none, the product is
// exact, by a power of two.

// twoSum returns a + b as the rounded sum and its exact error.
func twoSum(a, b float64) (sum, rest float64) {
	sum = a + b
	t := sum - a
	return sum, (a - (sum - t)) + (b - t)
}

// twoProduct returns a·b as the rounded product and its exact error, where neither over- nor underflows (Dekker, "A
// floating-point technique for extending the available precision", 1971, doi:10.1007/BF01397083).
func twoProduct(a, b float64) (product, rest float64) {
	const half = 1<<27 + 1
	t := float64(half * a)
	ah := t - (t - a)
	al := a - ah
	t = float64(half * b)
	bh := t - (t - b)
	bl := b - bh
	product = float64(a * b)
	rest = float64(ah*bh) - product
	rest += float64(ah * bl)
	rest += float64(al * bh)
	return product, rest + float64(al*bl)
}

const (
	// pi/2 and ln 2 in parts: the leading ones have 33 and 42 bits, so that their products with an integer are exact.
	halfPi1 = 0x1.921fb544p+0
	halfPi2 = 0x1.0b4611a6p-34
	halfPi3 = 0x1.3198a2e037073p-69
	ln2Big  = 0x1.62e42fefa38p-1
	ln2Tail = 0x1.ef35793c7673p-45
)

// exp64 returns e^x, with an error of at most 0.7 ulp (0.9 where the result is denormal).
func exp64(x float64) float64 { return expSum(x, 0) }

// expSum returns e^(x+tail), |tail| small beside x.
func expSum(x, tail float64) float64 {
	switch {
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	case x != x:
		return x
	}
	n := math.RoundToEven(x * (1 / math.Ln2))
	r, rest := twoSum(x-float64(n*ln2Big), tail-float64(n*ln2Tail))
	// Taylor's series; the first term left out is below 2^-63.
	p := 1.0 / 1307674368000
	for _, c := range [...]float64{1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
		1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5} {
		p = float64(p*r) + c
	}
	one, low := twoSum(1, r)
	e := one + (low + (rest + float64(float64(r*r)*p)))
	// 2^n in two factors: the first product is exact.
	k := int(n)
	return e * pow2(k/2) * pow2(k-k/2)
}

// pow2 returns 2^k, -1022 ≤ k ≤ 1023.
func pow2(k int) float64 { return math.Float64frombits(uint64(1023+k) << 52) }

// log64 returns the natural logarithm of x, -Inf for ±0 and NaN below, with an error of at most 0.501 ulp.
func log64(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case !(x > 0):
		return math.NaN()
	case x > math.MaxFloat64:
		return x
	}
	log, rest := logSum(x)
	return log + rest
}

// logSum returns log(x), 0 < x < Inf, as a sum, to some 64 bits.
func logSum(x float64) (log, rest float64) {
	var k float64
	if x < 0x1p-1022 {
		x *= 0x1p54
		k = -54
	}
	// x = 2^k·m, √½ ≤ m < √2.
	b := math.Float64bits(x)
	e := int64(b-math.Float64bits(math.Sqrt2/2)) >> 52
	k += float64(e)
	m := math.Float64frombits(b - uint64(e)<<52)

	// log m = 2s·(1 + s²/3 + s⁴/5 + …), s = (m-1)/(m+1).
	f := m - 1
	d, dRest := twoSum(m, 1)
	s := f / d
	p, pRest := twoProduct(s, d)
	sRest := (((f - p) - pRest) - float64(s*dRest)) / d
	w, wRest := twoProduct(s, s)
	wRest += 2 * float64(s*sRest)
	q := 1.0 / 29
	for _, c := range [...]float64{1.0 / 27, 1.0 / 25, 1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
		1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5} {
		q = float64(q*w) + c
	}
	const third, thirdRest = 1.0 / 3, 0x1.5555555555555p-56
	t, tRest := twoSum(third, float64(q*w))
	tRest += thirdRest
	u, uRest := twoProduct(t, w) // the bracket less 1
	uRest += float64(t*wRest) + float64(tRest*w)
	v, vRest := twoProduct(s, u)
	vRest += float64(s*uRest) + float64(sRest*u)

	log, rest = twoSum(float64(k*ln2Big), 2*s)
	log, more := twoSum(log, 2*v)
	return log, rest + (more + (2*(sRest+vRest) + float64(k*ln2Tail)))
}

// pow64 returns x^y for x ≥ 0, with an error of at most 0.7 ulp.
func pow64(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case !(x > 0) || x > math.MaxFloat64:
		return exp64(float64(y * log64(x)))
	}
	log, rest := logSum(x)
	if p := y * log; !(math.Abs(p) < 750) {
		return exp64(p)
	}
	p, pRest := twoProduct(y, log)
	return expSum(p, pRest+float64(y*rest))
}

// sin64 returns the sine of x, with an error of at most 0.6 ulp; NaN where |x| > 2^20.
func sin64(x float64) float64 {
	r, rest, quadrant := reduceHalfPi(x)
	switch quadrant {
	case 0:
		return sinSum(r, rest)
	case 1:
		return cosSum(r, rest)
	case 2:
		return -sinSum(r, rest)
	}
	return -cosSum(r, rest)
}

// cos64 returns the cosine of x, with an error of at most 0.6 ulp; NaN where |x| > 2^20.
func cos64(x float64) float64 {
	r, rest, quadrant := reduceHalfPi(x)
	switch quadrant {
	case 0:
		return cosSum(r, rest)
	case 1:
		return -sinSum(r, rest)
	case 2:
		return -cosSum(r, rest)
	}
	return sinSum(r, rest)
}

// reduceHalfPi returns x = (r + rest) + n·π/2, |r| ≤ π/4, and n modulo 4.
func reduceHalfPi(x float64) (r, rest float64, quadrant int) {
	if !(math.Abs(x) <= 1<<20) {
		return math.NaN(), 0, 0
	}
	n := math.RoundToEven(x * (2 / math.Pi))
	r, rest = twoSum(x-float64(n*halfPi1), -float64(n*halfPi2))
	r, rest = twoSum(r, rest-float64(n*halfPi3))
	return r, rest, int(n) & 3
}

// sinSum returns sin(x+tail), |x| ≤ π/4: x - x³/6 + …, the cubic term as a sum.
func sinSum(x, tail float64) float64 {
	w, wRest := twoProduct(x, x)
	p := 1.0 / 355687428096000
	for _, c := range [...]float64{-1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040,
		1.0 / 120} {
		p = float64(p*w) + c
	}
	cube, cubeRest := twoProduct(x, w)
	cubeRest += float64(x * wRest)
	sixth := cube / 6
	back, backRest := twoProduct(sixth, 6)
	sixthRest := ((cube - back) - backRest + cubeRest) / 6
	sin, rest := twoSum(x, -sixth)
	return sin + (rest - sixthRest + float64(float64(cube*w)*p) + float64(tail*(1-0.5*w)))
}

// cosSum returns cos(x+tail), |x| ≤ π/4: 1 - x²/2 + …, the square as a sum.
func cosSum(x, tail float64) float64 {
	w, wRest := twoProduct(x, x)
	p := -1.0 / 6402373705728000
	for _, c := range [...]float64{1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320,
		-1.0 / 720, 1.0 / 24} {
		p = float64(p*w) + c
	}
	cos, rest := twoSum(1, -0.5*w)
	return cos + (rest - 0.5*wRest + float64(float64(w*w)*p) - float64(x*tail))
}
