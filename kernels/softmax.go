package kernels

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// softmaxRows is the number of rows that softmax takes, at most.
const softmaxRows = 64

// softmax emits the kernel of softmax, with or without the cross-entropy behind it. AVX-512 has none of its own: rows are
// mostly shorter than its vectors.
func (p *program) softmax() {
	p.lanesData()
	p.kernel("softmaxAVX2", "func(s *softmax, gradient bool) (left int)",
		"z[b, u] = e[u] / Σe with e[u] = exp(z[b, u] - max z[b]), Σ in 16 virtual lanes; with gradient also, y = labels[b],",
		"loss[b] = (max z[b] - z[b, y]) + log Σe and dz[b, u] = (z[b, u] - [u = y])·scale[b], +0 in the pads",
		"  z, dz [rows, ld]   labels, scale, loss [rows]   1 <= rows <= 64; left is not 0 if a label is none of the units",
		"  a row: its last vector, 1 to 8 long, stays in a register, the others are walked three times; pads of z become zero",
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

	p.Load(p.Param("s"), s)
	p.XORL(r.As32(), r.As32())
	p.MOVQ(p.field(s, "softmax.z"), z)
	p.XORL(dz.As32(), dz.As32())
	gradient, err := p.Param("gradient").Resolve()
	if err != nil {
		panic(err)
	}
	p.CMPB(gradient.Addr, imm8(0))
	p.JE(operand.LabelRef("sizes"))
	p.MOVQ(p.field(s, "softmax.dz"), dz)
	p.MOVQ(p.field(s, "softmax.labels"), labels)
	p.MOVQ(p.field(s, "softmax.scale"), scales)
	p.MOVQ(p.field(s, "softmax.loss"), losses)
	p.Label("sizes")
	p.MOVQ(p.field(s, "softmax.ld"), stride)
	p.SHLQ(imm8(2), stride)
	p.MOVQ(p.field(s, "softmax.units"), end)
	p.DECQ(end)
	p.MOVQ(end, spare)
	p.ANDQ(imm(v.lanes-1), spare)
	p.SUBQ(spare, end)
	p.SHLQ(imm8(2), end)
	p.INCQ(spare)
	p.maskTail(v, spare, y)

	p.Label("row")
	p.TESTQ(dz, dz)
	p.JE(operand.LabelRef("maximum"))
	p.VCVTTSS2SIQ(at(labels, 0).Idx(r, 4), y)
	p.CMPQ(y, p.field(s, "softmax.units"))
	p.JCC(operand.LabelRef("done")) // as unsigned numbers: a negative label too
	p.VMOVSS(at(z, 0).Idx(y, 4), scalarOf(zy))
	p.VMOVD(y.As32(), scalarOf(label))
	p.VPBROADCASTD(scalarOf(label), label)
	p.VBROADCASTSS(at(scales, 0).Idx(r, 4), scale)
	p.VMOVUPS(operand.NewDataAddr(operand.NewStaticSymbol("laneNumbers"), 0), unit)

	row := at(z, 0).Idx(offset, 1)
	p.Label("maximum")
	p.Comment("The maximum, of which NaN is none; the last vector ends in -Inf.")
	f.load("minusInf", top)
	p.VMASKMOVPS(at(z, 0).Idx(end, 1), v.tail(), last)
	p.VBLENDVPS(v.tail(), last, top, last)
	p.VMAXPS(top, last, top)
	p.each("maximumOf", offset, end, func() {
		p.VMOVUPS(row, x)
		p.VMAXPS(top, x, top)
	})
	f.fold(p.VMAXPS, top, x)

	p.Comment("The exponentials and their sum.")
	p.clear(v, sum)
	p.clear(v, other)
	p.each("exponential", offset, end, func() {
		p.VMOVUPS(row, x)
		p.VSUBPS(top, x, x)
		f.callFunction("exp")
		p.VMOVUPS(x, row)
		p.Comment("The next vector belongs to the other eight lanes.")
		p.VADDPS(x, sum, x)
		p.VMOVAPS(other, sum)
		p.VMOVAPS(x, other)
	})
	p.Comment("Lanes behind the last have e^0 for the time being: a denormal result is slow.")
	p.VSUBPS(top, last, x)
	p.VANDPS(v.tail(), x, x)
	f.callFunction("exp")
	p.VANDPS(v.tail(), x, last)
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
	p.each("quotient", offset, end, func() {
		p.VMOVUPS(row, x)
		p.VDIVPS(sum, x, x)
		p.VMOVUPS(x, row)
		p.TESTQ(dz, dz)
		p.JE(operand.LabelRef("quotientOnly"))
		gradientOf()
		p.VMOVUPS(x, at(dz, 0).Idx(offset, 1))
		p.VPBROADCASTD(operand.NewDataAddr(operand.NewStaticSymbol("laneNumbers"), 32), f.constant())
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
	f.log()
}

// lanesData emits the numbers of the eight lanes, and their count.
func (p *program) lanesData() {
	p.StaticGlobal("laneNumbers")
	p.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 9 {
		p.AppendDatum(operand.U32(i))
	}
}

// each emits a loop over the whole vectors before end.
func (p *program) each(name string, offset, end reg.GPPhysical, body func()) {
	p.XORL(offset.As32(), offset.As32())
	p.JMP(operand.LabelRef(name + "Check"))
	p.Label(name)
	body()
	p.ADDQ(imm(ymm.bytes()), offset)
	p.Label(name + "Check")
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
