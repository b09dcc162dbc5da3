package kernels

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// softmaxRows is the number of rows that softmax takes, at most.
const softmaxRows = 64

// softmax emits the kernel of softmax, with or without the cross-entropy behind it. AVX-512 has none of its own: rows are
// mostly shorter than its vectors.
func (p *program) softmax() {
	p.kernel("softmaxAVX2", "func(s *softmax) (left int)",
		"z[b, u] = e[u] / Σe with e[u] = exp(z[b, u] - max z[b]), Σ in 16 virtual lanes; if dz is not nil also, y = labels[b],",
		"loss[b] = (max z[b] - z[b, y]) + log Σe and dz[b, u] = (z[b, u] - [u = y])·scale[b], +0 in the pads",
		"  z, dz [rows, ld]   labels, scale, loss [rows]   1 <= rows <= 64; left is not 0 if a label is none of the units",
		"  a row: its last vector, 1 to 8 long, stays in a register, the others are walked three times; pads of z become zero",
		"  up to four units: eight rows at a time, transposed on the stack, unit after unit; other rows one by one",
		"  the sums stand on the stack until their logarithms are taken, eight at a time",
		"  R13 s   SI row   R8, R9 the row of z and dz   AX offset of the last vector   BX offset",
		"  Y0-Y6 of the functions   Y7 last vector   Y8, Y9 sums   Y10 maximum   Y11 z[y]   Y12 scale   Y13 y   Y14 u   Y15 mask",
	)
	v := ymm
	f := functions{p, v}
	x, last, sum, other, top, zy, scale, label, unit := f.x(), v.reg(7), v.reg(8), v.reg(9), v.reg(10), v.reg(11), v.reg(12), v.reg(13), v.reg(14)
	scalarOf := func(r reg.Register) reg.Register { return r.(reg.Vec).AsX() }
	s, r, z, dz, end, offset := reg.R13, reg.RSI, reg.R8, reg.R9, reg.RAX, reg.RBX
	labels, scales, losses, stride, spare, y := reg.R10, reg.R11, reg.R12, reg.RDI, reg.RCX, reg.RDX
	sums := p.AllocLocal(4 * softmaxRows)
	columns := p.AllocLocal(2 * columnsBytes)

	p.Load(p.Param("s"), s)
	p.XORL(r.As32(), r.As32())
	p.MOVQ(p.field(s, "softmax.z"), z)
	p.MOVQ(p.field(s, "softmax.dz"), dz)
	p.MOVQ(p.field(s, "softmax.labels"), labels)
	p.MOVQ(p.field(s, "softmax.scale"), scales)
	p.MOVQ(p.field(s, "softmax.loss"), losses)
	p.MOVQ(p.field(s, "softmax.ld"), stride)
	p.SHLQ(imm8(2), stride)
	p.MOVQ(p.field(s, "softmax.units"), end)
	p.DECQ(end)
	p.MOVQ(end, spare)
	p.ANDQ(imm(v.lanes-1), spare)
	p.SUBQ(spare, end)
	p.SHLQ(imm8(2), end)
	p.INCQ(spare)
	p.maskTail(v, y)

	p.Label("row")
	p.CMPQ(p.field(s, "softmax.units"), imm(4))
	p.JGT(operand.LabelRef("single"))
	p.LEAQ(at(r, v.lanes), spare)
	p.CMPQ(spare, p.field(s, "softmax.rows"))
	p.JLE(operand.LabelRef("columns"))
	p.Label("single")
	p.TESTQ(dz, dz)
	p.JE(operand.LabelRef("maximum"))
	p.VCVTTSS2SIQ(at(labels, 0).Idx(r, 4), y)
	p.CMPQ(y, p.field(s, "softmax.units"))
	p.JCC(operand.LabelRef("done")) // as unsigned numbers: a negative label too
	p.VMOVSS(at(z, 0).Idx(y, 4), scalarOf(zy))
	p.VMOVD(y.As32(), scalarOf(label))
	p.VPBROADCASTD(scalarOf(label), label)
	p.VBROADCASTSS(at(scales, 0).Idx(r, 4), scale)
	p.VMOVUPS(laneNumber(0), unit)

	row := at(z, 0).Idx(offset, 1)
	p.Label("maximum")
	p.Comment("The maximum, of which NaN is none; the last vector ends in -Inf.")
	f.load("minusInf", top)
	p.VMASKMOVPS(at(z, 0).Idx(end, 1), v.tail(), last)
	p.VBLENDVPS(v.tail(), last, top, last)
	p.VMAXPS(top, last, top)
	p.each("maximumOf", offset, end, false, func() {
		p.VMOVUPS(row, x)
		p.VMAXPS(top, x, top)
	})
	f.fold(p.VMAXPS, top, x)

	p.Comment("The exponentials and their sum.")
	p.clear(v, sum)
	p.clear(v, other)
	p.each("exponential", offset, end, false, func() {
		p.VMOVUPS(row, x)
		p.VSUBPS(top, x, x)
		f.expAbove(nil)
		p.VMOVUPS(x, row)
		p.Comment("The next vector belongs to the other eight lanes.")
		p.VADDPS(x, sum, x)
		p.VMOVAPS(other, sum)
		p.VMOVAPS(x, other)
	})
	p.VSUBPS(top, last, x)
	f.expAbove(v.tail())
	p.VMOVAPS(x, last)
	p.VADDPS(last, sum, sum)
	p.VADDPS(other, sum, sum)
	f.fold(p.VADDPS, sum, x)

	p.Comment("The quotients, and the gradient.")
	gradientOf := func() {
		p.VPCMPEQD(label, unit, v.reg(1))
		f.load("one", f.constant())
		p.VANDPS(f.constant(), v.reg(1), v.reg(1))
		p.VSUBPS(v.reg(1), x, x)
		p.VMULPS(scale, x, x)
	}
	p.each("quotient", offset, end, false, func() {
		p.VMOVUPS(row, x)
		p.VDIVPS(sum, x, x)
		p.VMOVUPS(x, row)
		p.TESTQ(dz, dz)
		p.JE(operand.LabelRef("quotientOnly"))
		gradientOf()
		p.VMOVUPS(x, at(dz, 0).Idx(offset, 1))
		p.VPBROADCASTD(laneNumber(8), f.constant())
		p.VPADDD(f.constant(), unit, unit)
		p.Label("quotientOnly")
	})
	p.VDIVPS(sum, last, x)
	p.VMOVUPS(x, at(z, 0).Idx(end, 1))
	p.TESTQ(dz, dz)
	p.JE(operand.LabelRef("next"))
	gradientOf()
	p.VANDPS(v.tail(), x, x)
	p.VMOVUPS(x, at(dz, 0).Idx(end, 1))
	p.VSUBSS(scalarOf(zy), scalarOf(top), scalarOf(top))
	p.VMOVSS(scalarOf(top), at(losses, 0).Idx(r, 4))
	p.VMOVSS(scalarOf(sum), sums.Idx(r, 4))
	p.ADDQ(stride, dz)
	p.Label("next")
	p.ADDQ(stride, z)
	p.INCQ(r)
	p.Label("nextRow")
	p.CMPQ(r, p.field(s, "softmax.rows"))
	p.JLT(operand.LabelRef("row"))
	p.TESTQ(dz, dz)
	p.JE(operand.LabelRef("done"))

	p.XORL(offset.As32(), offset.As32())
	p.Label("logarithms")
	p.VMOVUPS(sums.Idx(offset, 4), x)
	f.callFunction("log")
	p.VMOVUPS(x, sums.Idx(offset, 4))
	p.ADDQ(imm(v.lanes), offset)
	p.CMPQ(offset, r)
	p.JLT(operand.LabelRef("logarithms"))
	p.XORL(offset.As32(), offset.As32())
	p.Label("losses")
	p.VMOVSS(at(losses, 0).Idx(offset, 4), scalarOf(x))
	p.VADDSS(sums.Idx(offset, 4), scalarOf(x), scalarOf(x))
	p.VMOVSS(scalarOf(x), at(losses, 0).Idx(offset, 4))
	p.INCQ(offset)
	p.CMPQ(offset, r)
	p.JLT(operand.LabelRef("losses"))
	p.Label("done")
	p.MOVQ(p.field(s, "softmax.rows"), spare)
	p.SUBQ(r, spare)
	p.Store(spare, p.Return("left"))
	p.ret()

	p.Label("columns")
	p.Comment("Eight rows of up to four units; CX is three strides, AX the end of the columns.")
	stride3, limit, first, fifth := spare, end, z, y
	p.LEAQ(at(stride, 0).Idx(stride, 2), stride3)
	p.LEAQ(at(first, 0).Idx(stride, 4), fifth)
	for i := range 4 {
		p.VMOVUPS(rowAt(first, stride, stride3, i, 0), scalarOf(v.reg(i)))
		p.VINSERTF128(imm8(1), rowAt(fifth, stride, stride3, i, 0), v.reg(i), v.reg(i))
	}
	f.transpose4()
	for i := range 4 {
		p.VMOVUPS(v.reg(i), columns.Offset(i*v.bytes()))
	}
	p.MOVQ(p.field(s, "softmax.units"), limit)
	p.SHLQ(imm8(5), limit)
	p.VPXOR(unit, unit, unit)
	p.TESTQ(dz, dz)
	p.JE(operand.LabelRef("columnsMaximum"))
	p.Comment("As unsigned numbers all labels are below units.")
	p.VCVTTPS2DQ(at(labels, 0).Idx(r, 4), label)
	p.VPBROADCASTD(p.field(s, "softmax.units"), x)
	p.VPMAXUD(x, label, x)
	p.VPCMPEQD(x, label, x)
	p.VPTEST(x, x)
	p.JNE(operand.LabelRef("done"))
	p.VMOVUPS(at(scales, 0).Idx(r, 4), scale)
	for i := range 4 {
		p.VMOVUPS(unit, columns.Offset(columnsBytes+i*v.bytes()))
	}

	p.Label("columnsMaximum")
	column := columns.Idx(offset, 1)
	next := func() {
		p.VPBROADCASTD(laneNumber(1), f.constant())
		p.VPADDD(f.constant(), unit, unit)
	}
	f.load("minusInf", top)
	p.each("columnMaximum", offset, limit, true, func() {
		p.VMOVUPS(column, x)
		p.VMAXPS(top, x, top)
		p.VPCMPEQD(label, unit, v.reg(1))
		p.VBLENDVPS(v.reg(1), x, zy, zy)
		next()
	})
	p.clear(v, sum)
	p.clear(v, other)
	p.each("columnExponential", offset, limit, true, func() {
		p.VMOVUPS(column, x)
		p.VSUBPS(top, x, x)
		f.expAbove(nil)
		p.VMOVUPS(x, column)
		p.Comment("Even units and odd ones: that is how sixteen lanes fold.")
		p.VADDPS(x, sum, x)
		p.VMOVAPS(other, sum)
		p.VMOVAPS(x, other)
	})
	p.VADDPS(other, sum, sum)
	p.VPXOR(unit, unit, unit)
	p.each("columnQuotient", offset, limit, true, func() {
		p.VMOVUPS(column, x)
		p.VDIVPS(sum, x, x)
		p.VMOVUPS(x, column)
		gradientOf()
		p.VMOVUPS(x, column.Offset(columnsBytes))
		next()
	})
	p.LEAQ(columns, limit)
	p.MOVQ(z, offset)
	p.LEAQ(at(z, 0).Idx(stride, 4), fifth)
	f.callFunction("columns")
	p.TESTQ(dz, dz)
	p.JE(operand.LabelRef("columnsDone"))
	p.ADDQ(imm(columnsBytes), limit)
	p.MOVQ(dz, offset)
	p.LEAQ(at(dz, 0).Idx(stride, 4), fifth)
	f.callFunction("columns")
	p.VPXOR(x, x, x)
	for i := range 4 {
		p.VMOVUPS(scalarOf(x), rowAt(dz, stride, stride3, i, 16))
		p.VMOVUPS(scalarOf(x), rowAt(fifth, stride, stride3, i, 16))
	}
	p.VMOVUPS(sum, sums.Idx(r, 4))
	p.VSUBPS(zy, top, top)
	p.VMOVUPS(top, at(losses, 0).Idx(r, 4))
	p.LEAQ(at(dz, 0).Idx(stride, 8), dz)
	p.Label("columnsDone")
	p.LEAQ(at(z, 0).Idx(stride, 8), z)
	p.ADDQ(imm(v.lanes), r)
	p.XORL(end.As32(), end.As32())
	p.JMP(operand.LabelRef("nextRow"))

	f.function("columns", "columns: AX [4][8] become rows of four: at BX, BX + DI and so on the first four, at DX the others; CX is 3·DI")
	for i := range 4 {
		p.VMOVUPS(at(limit, i*v.bytes()), v.reg(i))
	}
	f.transpose4()
	for i := range 4 {
		p.VMOVUPS(scalarOf(v.reg(i)), rowAt(offset, stride, stride3, i, 0))
		p.VEXTRACTF128(imm8(1), v.reg(i), rowAt(fifth, stride, stride3, i, 0))
	}
	p.RET()
	f.log()
}

// expAbove sets x to e^x, to +0 below softmaxBottom, and outside of the mask where there is one: there e^0 is computed, for a
// denormal result is slow.
func (f functions) expAbove(mask reg.Register) {
	above := f.reg(4)
	f.load("softmaxBottom", f.constant())
	f.VCMPPS(operand.U8(nlt), f.constant(), f.x(), above)
	if mask != nil {
		f.VANDPS(mask, above, above)
	}
	f.VANDPS(above, f.x(), f.x())
	f.callFunction("exp")
	f.VANDPS(above, f.x(), f.x())
}

// columnsBytes is the length of eight rows of four units.
const columnsBytes = 4 * 8 * 4

// rowAt returns the memory of row i, up to 3, of a matrix at base, disp bytes from the row's start.
func rowAt(base, stride, stride3 reg.Register, i, disp int) operand.Mem {
	switch m := at(base, disp); i {
	case 1, 2:
		return m.Idx(stride, uint8(i))
	case 3:
		return m.Idx(stride3, 1)
	default:
		return m
	}
}

// transpose4 transposes the two 4×4 blocks in the halves of the first four registers.
func (f functions) transpose4() {
	r := f.reg
	f.VUNPCKLPS(r(1), r(0), r(4))
	f.VUNPCKHPS(r(1), r(0), r(5))
	f.VUNPCKLPS(r(3), r(2), r(6))
	f.VUNPCKHPS(r(3), r(2), r(3))
	f.VUNPCKLPD(r(6), r(4), r(0))
	f.VUNPCKHPD(r(6), r(4), r(1))
	f.VUNPCKLPD(r(3), r(5), r(2))
	f.VUNPCKHPD(r(3), r(5), r(3))
}

// each emits a loop over the vectors before end; with once set there is one at least.
func (p *program) each(name string, offset, end reg.GPPhysical, once bool, body func()) {
	p.XORL(offset.As32(), offset.As32())
	if !once {
		p.JMP(operand.LabelRef(name + "Check"))
	}
	p.Label(name)
	body()
	p.ADDQ(imm(ymm.bytes()), offset)
	if !once {
		p.Label(name + "Check")
	}
	p.CMPQ(offset, end)
	p.JLT(operand.LabelRef(name))
}

// fold combines eight lanes in halves, and sets all to the result.
func (f functions) fold(combine func(...operand.Op), x, scratch reg.Register) {
	lower, part := x.(reg.Vec).AsX(), scratch.(reg.Vec).AsX()
	f.VEXTRACTF128(imm8(1), x, part)
	combine(part, lower, lower)
	f.VPERMILPD(imm8(1), lower, part)
	combine(part, lower, lower)
	f.VMOVSHDUP(lower, part)
	combine(part, lower, lower)
	f.VBROADCASTSS(lower, x)
}

// log emits the routine of log32 for sums of exponentials.
func (f functions) log() {
	x, sum, e, k, q := f.x(), f.reg(1), f.reg(2), f.reg(3), f.reg(4)
	f.function("log", "x = log(x) for 1 <= x, a sum of exponentials of which one is 1; NaN stays")
	f.VMOVAPS(x, sum)
	f.load("twoThirds", f.constant())
	f.VPSUBD(f.constant(), x, e)
	f.VPSRAD(imm8(23), e, e)
	f.VCVTDQ2PS(e, k)
	f.VPSLLD(imm8(23), e, e)
	f.VPSUBD(e, x, x)
	f.subtract("one", x, x)
	f.horner(q, x, "log")
	f.VMULPS(x, x, e)
	f.VFMADD213PS(x, e, q)
	f.addMultiple(q, k, "ln2")
	f.VSUBPS(sum, sum, x)
	f.VADDPS(q, x, x)
	f.RET()
}
