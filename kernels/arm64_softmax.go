package kernels

// softmax emits the kernel of softmax, with or without the cross-entropy behind it.
func (a *arm) softmax() {
	a.kernel("softmaxNEON", "(s *softmax) (left int)", 4*softmaxRows, 16,
		"z[b, u] = e[u] / Σe with e[u] = exp(z[b, u] - max z[b]), Σ in 16 virtual lanes; if dz is not nil also, y = labels[b],",
		"loss[b] = (max z[b] - z[b, y]) + log Σe and dz[b, u] = (z[b, u] - [u = y])·scale[b], +0 in the pads",
		"  z, dz [rows, ld]   labels, scale, loss [rows]   1 <= rows <= 64; left is not 0 if a label is none of the units",
		"  a row: its last eight, some of them pads, stay in registers, the others are walked three times; pads of z become anything",
		"  the sums stand on the stack until their logarithms are taken, eight at a time",
		"  R0 s   R1 row   R2, R3 the row of z and dz   R4 offset of the last eight   R5, R13 elements of z and their end   R14 of dz",
		"  V0-V7, V12, V13 of the functions   V8, V9 what counts as zero   V14, V15 the last eight   V16-V19 sums   V20, V21 maximum",
		"  V22 z[y]   V23 scale   V24, V25 numbers of the units   V26, V27 mask of the last eight   V28, V29 0 to 7   V30 y   V31 8",
	)
	s, r, z, dz, end, p, stop, q := gp(0), gp(1), gp(2), gp(3), gp(4), gp(5), gp(13), gp(14)
	labels, scales, losses, stride, sums, y, spare := gp(6), gp(7), gp(9), gp(10), gp(11), gp(12), gp(8)
	x, t, below, last, sum, other, top := armX, eight(1), eight(4), eight(7), eight(8), eight(9), eight(10)
	zy, scale, unit, mask, numbers, label, next := vector(22), vector(23), eight(12), eight(13), eight(14), vector(30), vector(31)
	at := func(base gp) string { return "(" + base.String() + ")(" + shifted(r, 2) + ")" }

	a.op("MOVD", argument("s", 0), s)
	a.constantsTo()
	a.op("MOVD", "$sums-256(SP)", sums)
	for _, f := range []struct {
		name string
		to   gp
	}{{"z", z}, {"dz", dz}, {"labels", labels}, {"scale", scales}, {"loss", losses}, {"ld", stride}, {"units", spare}} {
		a.op("MOVD", a.field(s, "softmax."+f.name), f.to)
	}
	a.op("LSL", 2, stride)
	a.op("SUB", 1, spare, end)
	a.op("AND", -8, end)
	a.op("SUB", end, spare)
	a.op("LSL", 2, end)
	a.laneNumbersTo(numbers, p)
	a.op("VDUP", spare, next.as("S4"))
	a.both("cmhi", mask, next, numbers)
	a.op("MOVD", 8, spare)
	a.op("VDUP", spare, next.as("S4"))
	a.op("MOVD", 0, r)

	a.label("row")
	a.op("ADD", end, z, stop)
	a.op("CBZ", dz, "maximum")
	a.comment("The label, none of the units if it is NaN, negative, or as large as their number.")
	a.op("FMOVS", at(labels), "F0")
	a.op("FCMPS", "F0", "F0")
	a.op("BVS", "return")
	a.op("FCVTZSS", "F0", y)
	a.op("MOVD", a.field(s, "softmax.units"), spare)
	a.op("CMP", spare, y)
	a.op("BHS", "return")
	a.op("FMOVS", "("+z.String()+")("+shifted(y, 2)+")", zy.f())
	a.op("VDUP", y, label.as("S4"))
	a.broadcast(at(scales), scale)
	a.both("mov", unit, numbers)

	// each emits a loop over the eights before the last.
	each := func(name string, body func()) {
		a.op("MOVD", z, p)
		a.op("B", name+"Check")
		a.label(name)
		body()
		a.label(name + "Check")
		a.op("CMP", stop, p)
		a.op("BLO", name)
	}
	a.label("maximum")
	a.comment("The maximum, of which NaN is none; the last eight end in -Inf.")
	a.set(top, "minusInf")
	a.loadEight(last, stop, 0)
	a.both("bif", last, top.half(0), mask)
	a.both("fmaxnm", top, top, last)
	each("maximumOf", func() {
		a.loadPairNext(x.half(0), p)
		a.both("fmaxnm", top, top, x)
	})
	most := top.half(0)
	a.vec("fmaxnm", most, most, top.half(1))
	a.vec("fmaxnmv", most, most)
	a.op("VDUP", most.as("S[0]"), most.as("S4"))

	// exponential sets x to e^(x - top), to +0 below softmaxBottom.
	exponential := func() {
		a.both("fsub", x, x, most)
		bottom := a.constant("softmaxBottom")
		a.both("fcmgt", below, bottom, x)
		a.both("fmax", x, x, bottom)
		a.call("exp")
		a.both("bic", x, x, below)
	}
	a.comment("The exponentials and their sum.")
	a.zeroEight(sum)
	a.zeroEight(other)
	each("exponential", func() {
		a.loadEight(x, p, 0)
		exponential()
		a.storePairNext(x.half(0), p)
		a.comment("The next eight belong to the other lanes.")
		a.both("fadd", x, x, sum)
		a.both("mov", sum, other)
		a.both("mov", other, x)
	})
	a.both("mov", x, last)
	exponential()
	a.both("mov", last, x)
	a.both("fadd", sum, sum, x)
	a.both("fadd", sum, sum, other)
	total, half := sum.half(0), sum.half(1)
	a.vec("fadd", total, total, half)
	a.op("VEXT", 8, total.as("B16"), total.as("B16"), half.as("B16"))
	a.vec("fadd", total, total, half)
	a.vec("faddp", total, total, total)

	a.comment("The quotients, and the gradient.")
	gradient := func() {
		a.both("cmeq", t, unit, label)
		a.both("and", t, t, a.constant("one"))
		a.both("fsub", x, x, t)
		a.both("fmul", x, x, scale)
	}
	a.op("MOVD", dz, q)
	each("quotient", func() {
		a.loadEight(x, p, 0)
		a.both("fdiv", x, x, total)
		a.storePairNext(x.half(0), p)
		a.op("CBZ", dz, "quotientCheck")
		gradient()
		a.storePairNext(x.half(0), q)
		a.both("add", unit, unit, next)
	})
	a.both("fdiv", x, last, total)
	a.storeEight(x, stop, 0)
	a.op("CBZ", dz, "next")
	gradient()
	a.both("and", x, x, mask)
	a.storeEight(x, q, 0)
	a.op("FSUBS", zy.f(), most.f(), "F0")
	a.op("FMOVS", "F0", at(losses))
	a.op("FMOVS", total.f(), at(sums))
	a.op("ADD", stride, dz)
	a.label("next")
	a.op("ADD", stride, z)
	a.op("ADD", 1, r)
	a.op("MOVD", a.field(s, "softmax.rows"), spare)
	a.op("CMP", spare, r)
	a.op("BLT", "row")
	a.op("CBZ", dz, "return")

	a.op("MOVD", sums, p)
	a.op("ADD", shifted(r, 2), sums, stop)
	a.label("logarithms")
	a.loadEight(x, p, 0)
	a.call("log")
	a.storePairNext(x.half(0), p)
	a.op("CMP", stop, p)
	a.op("BLO", "logarithms")
	a.label("losses")
	a.op("FMOVS", mem(losses, 0), "F0")
	a.op("FMOVS.P", mem(sums, 4), "F1")
	a.op("FADDS", "F1", "F0", "F0")
	a.op("FMOVS.P", "F0", mem(losses, 4))
	a.op("CMP", stop, sums)
	a.op("BLO", "losses")
	a.label("return")
	a.op("MOVD", a.field(s, "softmax.rows"), spare)
	a.op("SUB", r, spare)
	a.op("MOVD", spare, argument("left", 8))
	a.op("RET")
	a.log()
}

// log emits the routine of log32 for sums of exponentials.
func (a *arm) log() {
	x, sum, e, k, q := armX, eight(1), eight(2), eight(3), eight(4)
	a.routine("log", "x = log(x) for 1 <= x, a sum of exponentials of which one is 1; NaN stays")
	a.both("mov", sum, x)
	a.both("sub", e, x, a.constant("twoThirds"))
	a.shiftSigned(e, e, 23)
	a.both("scvtf", k, e)
	a.shift("VSHL", e, e, 23)
	a.both("sub", x, x, e)
	a.both("fsub", x, x, a.constant("one"))
	a.horner(q, x, "log")
	a.both("fmul", e, x, x)
	a.both("fmla", x, q, e)
	a.both("fmla", x, k, a.constant("ln2"))
	a.both("fsub", sum, sum, sum)
	a.both("fadd", x, x, sum)
	a.op("RET")
}
