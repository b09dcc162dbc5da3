package kernels

import "math"

// Registers of the loops over arrays: the number of elements left.
const armLeft gp = 8

// slice loads the address of a kernel's argument, a slice at an offset.
func (a *arm) slice(name string, offset int, to gp) { a.op("MOVD", argument(name+"_base", offset), to) }

// elements emits a loop over whole eights of elements: the arrays' length is that of the slice at an offset.
func (a *arm) elements(slice string, offset int, body func()) {
	a.op("MOVD", argument(slice+"_len", offset+8), armLeft)
	a.op("CBZ", armLeft, "done")
	a.label("loop")
	body()
	a.op("SUBS", 8, armLeft)
	a.op("BGT", "loop")
	a.label("done")
	a.op("RET")
}

// scalarsOf loads fields of a struct into all lanes of registers.
func (a *arm) scalarsOf(base gp, structName string, registers map[string]vector, order ...string) {
	for _, name := range order {
		a.broadcast(a.field(base, structName+"."+name), registers[name])
	}
}

// flushBits is the register of the bits of the exponent, for flush; exponentBits loads it.
const flushBits vector = 20

func (a *arm) exponentBits() {
	a.op("MOVD", int(math.Float32bits(float32(math.Inf(1)))), armLeft)
	a.op("VDUP", armLeft, flushBits.as("S4"))
}

// flush turns denormal numbers and zeros in x into +0.
func (a *arm) flush(x, spare eight) {
	a.both("cmtst", spare, x, flushBits)
	a.both("and", x, x, spare)
}

// adam emits the kernel of Adam's update.
func (a *arm) adam() {
	a.kernel("adamNEON", "(w, m, v, g []float32, s *adamStep)", 0, 104,
		"g' = flush(g·scale), m = flush(m + (g'-m)·oneBeta1), v = flush(v + (g'²-v)·oneBeta2), sums of a product fused",
		"w = (w - w·decay) - rate·m / (√v + epsilon)",
		"  w, m, v, g [n]   n, that of w, a multiple of 8   g is left as it is",
		"  V0-V7 w, m, v, g   V8-V9 scratch   V10-V15 the scalars   V20 for flushing   R0-R3 w, m, v, g   R8 elements left",
	)
	w, m, v, g, t := eight(0), eight(1), eight(2), eight(3), eight(4)
	scale, decay, rate, oneBeta1, oneBeta2, epsilon := vector(10), vector(11), vector(12), vector(13), vector(14), vector(15)
	s := gp(4)
	a.op("MOVD", argument("s", 96), s)
	a.exponentBits()
	a.scalarsOf(s, "adamStep", map[string]vector{"scale": scale, "decay": decay, "rate": rate,
		"oneBeta1": oneBeta1, "oneBeta2": oneBeta2, "epsilon": epsilon},
		"scale", "decay", "rate", "oneBeta1", "oneBeta2", "epsilon")
	for i, name := range []string{"w", "m", "v", "g"} {
		a.slice(name, 24*i, gp(i))
	}
	a.elements("w", 0, func() {
		a.loadPairNext(g.half(0), 3)
		a.loadEight(m, 1, 0)
		a.loadEight(v, 2, 0)
		a.loadEight(w, 0, 0)
		a.both("fmul", g, g, scale)
		a.flush(g, t)
		a.both("fsub", t, g, m)
		a.both("fmla", m, t, oneBeta1)
		a.flush(m, t)
		a.both("fneg", t, v)
		a.both("fmla", t, g, g)
		a.both("fmla", v, t, oneBeta2)
		a.flush(v, t)
		a.both("fmls", w, w, decay)
		a.both("fmul", t, m, rate)
		a.both("fsqrt", g, v)
		a.both("fadd", g, g, epsilon)
		a.both("fdiv", t, t, g)
		a.both("fsub", w, w, t)
		a.storePairNext(m.half(0), 1)
		a.storePairNext(v.half(0), 2)
		a.storePairNext(w.half(0), 0)
	})
}

// sgd emits the kernel of the update of stochastic gradient descent, with and without momentum.
func (a *arm) sgd() {
	a.kernel("sgdNEON", "(w, m, g []float32, s *sgdStep, ahead, behind float32)", 0, 88,
		"g' = flush(g·scale), w' = w - w·decay, sums of a product fused; where m is nil w = w' - rate·g'; else",
		"m = flush(momentum·m - rate·g') and w = w' + (ahead·m - rate·g'&behind)",
		"  w, g [n], m [n] or nil   n, that of w, a multiple of 8   g is left as it is",
		"  ahead momentum and behind all bits for Nesterov's, 1 and 0 for the plain one, whose sum is w' + m",
		"  V0-V5 w, m, g   V6-V9 scratch   V10-V15 the scalars   V20 for flushing   R0-R2 w, m, g   R8 elements left",
	)
	w, m, g, step, t := eight(0), eight(1), eight(2), eight(3), eight(4)
	scale, decay, rate, momentum, ahead, behind := vector(10), vector(11), vector(12), vector(13), vector(14), vector(15)
	s := gp(4)
	a.op("MOVD", argument("s", 72), s)
	a.exponentBits()
	a.scalarsOf(s, "sgdStep", map[string]vector{"scale": scale, "decay": decay, "rate": rate, "momentum": momentum},
		"scale", "decay", "rate", "momentum")
	a.broadcast(argument("ahead", 80), ahead)
	a.broadcast(argument("behind", 84), behind)
	for i, name := range []string{"w", "m", "g"} {
		a.slice(name, 24*i, gp(i))
	}
	a.elements("w", 0, func() {
		a.loadPairNext(g.half(0), 2)
		a.loadEight(w, 0, 0)
		a.both("fmul", g, g, scale)
		a.flush(g, t)
		a.both("fmls", w, w, decay)
		a.op("CBNZ", gp(1), "momentum")
		a.both("fmls", w, g, rate)
		a.op("B", "updated")
		a.label("momentum")
		a.loadEight(m, 1, 0)
		a.both("fmul", step, g, rate)
		a.both("fneg", t, step)
		a.both("fmla", t, m, momentum)
		a.flush(t, m)
		a.storePairNext(t.half(0), 1)
		a.both("and", step, step, behind)
		a.both("fneg", step, step)
		a.both("fmla", step, t, ahead)
		a.both("fadd", w, w, step)
		a.label("updated")
		a.storePairNext(w.half(0), 0)
	})
}

// sums emits the kernel of the sums of squares and of absolute values.
func (a *arm) sums() {
	a.kernel("sumsNEON", "(x []float32, s *[16]float64, bits, one float64)", 0, 48,
		"s[i mod 16] += x[i]·y[i], y = x & bits | one, i ascending; the products are exact in float64",
		"  bits all and one 0 for squares; the sign and 1 for absolute values",
		"  x [n], n a multiple of 16   V0-V3 x   V4, V5 two of x   V6, V7 y   V16-V23 s   V30 bits   V31 one",
		"  R0 x   R1 s   R8 elements left",
	)
	x, s, sums := gp(0), gp(1), vector(16)
	bits, one := vector(30), vector(31)
	a.slice("x", 0, x)
	a.op("MOVD", argument("s", 24), s)
	for i, v := range []vector{bits, one} {
		a.op("FMOVD", argument([]string{"bits", "one"}[i], 32+8*i), v.f())
		a.op("VDUP", v.as("D[0]"), v.as("D2"))
	}
	for i := vector(0); i < 8; i += 2 {
		a.loadPair(sums+i, s, 16*int(i))
	}
	a.op("MOVD", argument("x_len", 8), armLeft)
	a.op("CBZ", armLeft, "done")
	a.label("loop")
	a.loadPairNext(0, x)
	a.loadPairNext(2, x)
	for v := range vector(4) {
		a.vec("fcvtl", 4, v)
		a.vec("fcvtl2", 5, v)
		for i := range vector(2) {
			a.vec("and", 6+i, 4+i, bits)
			a.vec("orr", 6+i, 6+i, one)
			a.vec("fmla doubles", sums+2*v+i, 4+i, 6+i)
		}
	}
	a.op("SUBS", 16, armLeft)
	a.op("BGT", "loop")
	for i := vector(0); i < 8; i += 2 {
		a.storePair(sums+i, s, 16*int(i))
	}
	a.label("done")
	a.op("RET")
}
