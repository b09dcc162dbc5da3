package kernels

import "fmt"

// softmax emits the kernel of softmax, with or without the cross-entropy behind it.
func (a *arm) softmax() {
	a.kernel("softmaxNEON", "(s *softmax) (left int)", 4*softmaxRows+8*armColumns, 16,
		"z[b, u] = e[u] / Σe with e[u] = exp(z[b, u] - max z[b]), Σ in 16 virtual lanes; if dz is not nil also, y = labels[b],",
		"loss[b] = (max z[b] - z[b, y]) + log Σe and dz[b, u] = (z[b, u] - [u = y])·scale[b], +0 in the pads",
		"  z, dz [rows, ld]   labels, scale, loss [rows]   1 <= rows <= 64; left is not 0 if a label is none of the units",
		"  a row: its last eight, some of them pads, stay in registers, the others are walked three times; pads of z become anything",
		"  up to four units: eight rows at a time, transposed on the stack, unit after unit; other rows one by one",
		"  the sums stand on the stack until their logarithms are taken, eight at a time",
		"  R0 s   R1 row   R2, R3 the row of z and dz   R4 offset of the last eight   R5, R13 z at hand and its end   R14 dz at hand",
		"  V0-V7, V12, V13 of the functions   V8, V9 what counts as zero   V14, V15 the last eight   V16-V19 sums   V20, V21 maximum",
		"  V22 z[y]   V23 scale   V24, V25 numbers of the units   V26, V27 mask of the last eight   V28, V29 0 to 7   V30 y   V31 8",
	)
	s, r, z, dz, end, p, stop, q := gp(0), gp(1), gp(2), gp(3), gp(4), gp(5), gp(13), gp(14)
	labels, scales, losses, stride, sums, y, spare := gp(6), gp(7), gp(9), gp(10), gp(11), gp(12), gp(8)
	x, t, last, sum, other, top := armX, eight(1), eight(7), eight(8), eight(9), eight(10)
	zy, scale, label, next := vector(22), vector(23), vector(30), vector(31)
	unit, mask, numbers := eight(12), eight(13), eight(14)
	at := func(base gp) string { return "(" + base.String() + ")(" + shifted(r, 2) + ")" }

	a.op("MOVD", argument("s", 0), s)
	a.constantsTo()
	a.op("MOVD", fmt.Sprintf("$sums-%d(SP)", 4*softmaxRows), sums)
	for _, f := range []struct {
		name string
		to   gp
	}{{"z", z}, {"dz", dz}, {"labels", labels}, {"scale", scales}, {"loss", losses}, {"ld", stride}} {
		a.op("MOVD", a.field(s, "softmax."+f.name), f.to)
	}
	a.op("LSL", 2, stride)
	a.op("MOVD", 0, r)
	a.columns(columnRegisters{s, r, z, dz, p, stop, q, labels, scales, losses, stride, sums, spare})

	a.label("single")
	a.op("MOVD", a.field(s, "softmax.units"), spare)
	a.op("SUB", 1, spare, end)
	a.op("AND", -8, end)
	a.op("SUB", end, spare)
	a.op("LSL", 2, end)
	a.laneNumbersTo(numbers, p)
	a.op("VDUP", spare, next.as("S4"))
	a.both("cmhi", mask, next, numbers)
	a.op("MOVD", 8, spare)
	a.op("VDUP", spare, next.as("S4"))

	a.label("row")
	a.op("MOVD", a.field(s, "softmax.rows"), spare)
	a.op("CMP", spare, r)
	a.op("BGE", "rowsDone")
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

	a.comment("The exponentials and their sum.")
	a.zeroEight(sum)
	a.zeroEight(other)
	each("exponential", func() {
		a.loadEight(x, p, 0)
		a.expAbove(most)
		a.storePairNext(x.half(0), p)
		a.comment("The next eight belong to the other lanes.")
		a.both("fadd", x, x, sum)
		a.both("mov", sum, other)
		a.both("mov", other, x)
	})
	a.both("mov", x, last)
	a.expAbove(most)
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
	a.op("B", "row")
	a.label("rowsDone")
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

// expAbove sets x to e^(x - top), to +0 below softmaxBottom.
func (a *arm) expAbove(top lanes) {
	below := eight(4)
	a.both("fsub", armX, armX, top)
	bottom := a.constant("softmaxBottom")
	a.both("fcmgt", below, bottom, armX)
	a.both("fmax", armX, armX, bottom)
	a.call("exp")
	a.both("bic", armX, armX, below)
}

// armColumns is the number of floats of four units of eight rows.
const armColumns = 4 * 8

// columnRegisters are the general registers of softmax.
type columnRegisters struct{ s, r, z, dz, p, stop, q, labels, scales, losses, stride, sums, spare gp }

// columns emits what comes before single rows: eight rows at a time where units are four at most, transposed on the stack,
// unit after unit. A block with a label that is none of the units is left to single rows, which find the label.
func (a *arm) columns(g columnRegisters) {
	x, t, top, sum, other, zy, label, scale := armX, eight(1), eight(7), eight(8), eight(9), eight(10), eight(13), eight(15)
	unit, one := vector(22), vector(23)
	z := fmt.Sprintf("$columns-%d(SP)", 4*softmaxRows+8*armColumns)
	each := func(name string, body func()) {
		a.op("MOVD", z, g.p)
		a.zero(unit)
		a.label(name)
		a.loadEight(x, g.p, 0)
		body()
		a.op("ADD", 32, g.p)
		a.vec("add", unit, unit, one)
		a.op("CMP", g.stop, g.p)
		a.op("BLO", name)
	}
	ofRow := func(base gp, to eight) {
		a.op("ADD", shifted(g.r, 2), base, g.spare)
		a.loadEight(to, g.spare, 0)
	}

	a.label("columns")
	a.op("MOVD", a.field(g.s, "softmax.rows"), g.spare)
	a.op("SUB", g.r, g.spare)
	a.op("CMP", 8, g.spare)
	a.op("BLT", "single")
	a.op("MOVD", a.field(g.s, "softmax.units"), g.spare)
	a.op("CMP", 4, g.spare)
	a.op("BGT", "single")
	a.op("MOVD", z, g.p)
	a.op("ADD", shifted(g.spare, 5), g.p, g.stop)
	a.op("CBZ", g.dz, "columnsBegin")
	a.op("VDUP", g.spare, one.as("S4"))
	ofRow(g.labels, label)
	a.both("fcmeq", x, label, label)
	a.both("fcvtzs", label, label)
	a.both("cmhi", t, one, label)
	a.both("and", x, x, t)
	a.vec("and", x.half(0), x.half(0), x.half(1))
	a.vec("uminv", x.half(0), x.half(0))
	a.op("VMOV", x.half(0).as("S[0]"), g.spare)
	a.op("CBZ", g.spare, "single")
	ofRow(g.scales, scale)
	a.zeroEight(x)
	for i := range 4 {
		a.storeEight(x, g.p, 4*armColumns+32*i)
	}

	a.label("columnsBegin")
	a.op("MOVD", 1, g.spare)
	a.op("VDUP", g.spare, one.as("S4"))
	a.op("MOVD", g.z, g.q)
	for half := range 2 {
		for v := range vector(4) {
			a.load(v, g.q, 0)
			a.op("ADD", g.stride, g.q)
		}
		a.transpose4()
		for v := range vector(4) {
			a.store(v, g.p, 16*half+32*int(v))
		}
	}
	a.set(top, "minusInf")
	each("columnMaximum", func() {
		a.both("fmaxnm", top, top, x)
		a.both("cmeq", t, label, unit)
		a.both("bit", zy, x, t)
	})
	a.zeroEight(sum)
	a.zeroEight(other)
	each("columnExponential", func() {
		a.expAbove(top)
		a.storeEight(x, g.p, 0)
		a.comment("Even units and odd ones: that is how sixteen lanes fold.")
		a.both("fadd", x, x, sum)
		a.both("mov", sum, other)
		a.both("mov", other, x)
	})
	a.both("fadd", sum, sum, other)
	each("columnQuotient", func() {
		a.both("fdiv", x, x, sum)
		a.storeEight(x, g.p, 0)
		a.both("cmeq", t, label, unit)
		a.both("and", t, t, a.constant("one"))
		a.both("fsub", x, x, t)
		a.both("fmul", x, x, scale)
		a.storeEight(x, g.p, 4*armColumns)
	})
	back := func(to gp, from int, tail func()) {
		for half := range 2 {
			for v := range vector(4) {
				a.load(v, g.p, from+16*half+32*int(v))
			}
			a.transpose4()
			for v := range vector(4) {
				a.store(v, to, 0)
				tail()
				a.op("ADD", g.stride, to)
			}
		}
	}
	a.op("MOVD", z, g.p)
	back(g.z, 0, func() {})
	a.op("CBZ", g.dz, "columnsNext")
	zero := vector(24)
	a.zero(zero)
	back(g.dz, 4*armColumns, func() { a.store(zero, g.dz, 16) })
	a.op("ADD", shifted(g.r, 2), g.sums, g.spare)
	a.storeEight(sum, g.spare, 0)
	a.both("fsub", top, top, zy)
	a.op("ADD", shifted(g.r, 2), g.losses, g.spare)
	a.storeEight(top, g.spare, 0)
	a.label("columnsNext")
	a.op("ADD", 8, g.r)
	a.op("B", "columns")
}

// transpose4 transposes the 4×4 block of V0 to V3; it changes V4 to V7.
func (a *arm) transpose4() {
	for v := range vector(2) {
		a.vec("zip1", 4+v, v, 2+v)
		a.vec("zip2", 6+v, v, 2+v)
	}
	for v := range vector(2) {
		a.vec("zip1", 2*v, 4+2*v, 5+2*v)
		a.vec("zip2", 2*v+1, 4+2*v, 5+2*v)
	}
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
