package kernels

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lanesData emits the lanes' numbers, and those of a vector of each set: integers.
func (p *program) lanesData() {
	p.StaticGlobal("laneNumbers")
	p.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := uint64(0); i < 16; i += 2 {
		p.AppendDatum(operand.U64(i | (i+1)<<32))
	}
	for _, v := range []vectorSet{zmm, ymm} {
		p.StaticGlobal("lanes" + v.isa)
		p.DataAttributes(attr.RODATA | attr.NOPTR)
		p.AppendDatum(operand.U32(v.lanes))
	}
}

// softmax emits the kernel of softmax, with or without the cross-entropy behind it.
func (p *program) softmax(v vectorSet) {
	p.kernel("softmax"+v.isa, "func(s *softmax, gradient bool) (left int)",
		"z[b, u] = e[u] / Σe with e[u] = exp(z[b, u] - max z[b]), Σ in 16 virtual lanes; with gradient also, y = labels[b],",
		"loss[b] = (max z[b] - z[b, y]) + log Σe and dz[b, u] = (z[b, u] - [u = y])·scale[b], +0 in the pads",
		"  z, dz [rows, ld]   labels, scale, loss [rows]   rows, units >= 1; left is not 0 if a label is none of the units",
		"  rows up to 64; pads of z may be overwritten   the sums stand on the stack until their logarithms are taken eight at a time",
		"  a row: its last vector, 1 to all lanes long, stays in a register; the others are walked three times",
		"  R13 s   SI row   R8, R9 the row of z and dz   AX offset of the last vector   BX offset",
		"  registers: 0 to 6 of the functions, 7 last vector, 8, 9 sums, 10 maximum, 11 z[y], 12 scale, 13 y, 14 u",
	)
	f := functions{p, v}
	x, last, sum, other, top, zy, scale, label, unit := f.x(), v.reg(7), v.reg(8), v.reg(9), v.reg(10), v.reg(11), v.reg(12), v.reg(13), v.reg(14)
	s, r, z, dz, end, offset := reg.R13, reg.RSI, reg.R8, reg.R9, reg.RAX, reg.RBX
	labels, scales, losses, stride, spare, y := reg.R10, reg.R11, reg.R12, reg.RDI, reg.RCX, reg.RDX

	sums := p.AllocLocal(4 * 64)
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
	if v.lanes == 16 {
		p.Comment("K3 masks the last vector of dz, with the pads.")
		p.LEAQ(at(spare, -9), y)
		p.SARQ(imm8(63), y)
		p.ANDL(imm(0xff00), y.As32())
		p.XORL(imm(0xffff), y.As32())
		p.KMOVW(y.As32(), reg.K3)
	}
	p.maskTail(v, spare, y)

	p.Label("row")
	p.TESTQ(dz, dz)
	p.JE(operand.LabelRef("maximum"))
	p.VCVTTSS2SIQ(at(labels, 0).Idx(r, 4), y)
	p.CMPQ(y, p.field(s, "softmax.units"))
	p.JCC(operand.LabelRef("done")) // as unsigned numbers: a negative label too
	p.VMOVSS(at(z, 0).Idx(y, 4), zy.(reg.Vec).AsX())
	if v.lanes == 16 {
		p.VPBROADCASTD(y.As32(), label)
	} else {
		p.VMOVD(y.As32(), label.(reg.Vec).AsX())
		p.VPBROADCASTD(label.(reg.Vec).AsX(), label)
	}
	p.VBROADCASTSS(at(scales, 0).Idx(r, 4), scale)
	p.VMOVUPS(operand.NewDataAddr(operand.NewStaticSymbol("laneNumbers"), 0), unit)

	p.Label("maximum")
	p.Comment("The maximum, of which NaN is none; the last vector ends in -Inf.")
	f.load("minusInf", top)
	if v.lanes == 16 {
		p.VMOVAPS(top, last)
		p.VMOVUPS(at(z, 0).Idx(end, 1), v.tail(), last)
	} else {
		p.VMASKMOVPS(at(z, 0).Idx(end, 1), v.tail(), last)
		p.VBLENDVPS(v.tail(), last, top, last)
	}
	p.VMAXPS(top, last, top)
	row := at(z, 0).Idx(offset, 1)
	p.each(v, "maximumOf", offset, end, func() {
		p.VMOVUPS(row, x)
		p.VMAXPS(top, x, top)
	})
	f.fold(p.VMAXPS, top, top, x)

	p.Comment("The exponentials and their sum.")
	p.clear(v, sum)
	p.clear(v, other)
	p.each(v, "exponential", offset, end, func() {
		p.VMOVUPS(row, x)
		p.VSUBPS(top, x, x)
		f.callFunction("exp")
		p.VMOVUPS(x, row)
		p.VADDPS(x, sum, sum)
		if v.lanes == 8 {
			p.Comment("The next vector belongs to the other eight lanes.")
			p.VMOVAPS(sum, x)
			p.VMOVAPS(other, sum)
			p.VMOVAPS(x, other)
		}
	})
	p.Comment("Lanes behind the last have e^0 for the time being: a denormal result is slow.")
	p.VSUBPS(top, last, x)
	f.inTail(x, x)
	f.callFunction("exp")
	f.inTail(x, last)
	p.VADDPS(last, sum, sum)
	f.fold(p.VADDPS, sum, other, x)

	p.Comment("The quotients, and the gradient.")
	gradientOf := func() {
		if v.lanes == 16 {
			p.VPCMPEQD(label, unit, reg.K2)
			p.VSUBPS_BCST(coefficient("one", 0), x, reg.K2, x)
		} else {
			p.VPCMPEQD(label, unit, v.reg(1))
			f.withConstant(coefficient("one", 0), p.VANDPS, nil, v.reg(1), v.reg(1))
			p.VSUBPS(v.reg(1), x, x)
		}
		p.VMULPS(scale, x, x)
	}
	p.each(v, "quotient", offset, end, func() {
		p.VMOVUPS(row, x)
		p.VDIVPS(sum, x, x)
		p.VMOVUPS(x, row)
		p.TESTQ(dz, dz)
		p.JE(operand.LabelRef("quotientOnly"))
		gradientOf()
		p.VMOVUPS(x, at(dz, 0).Idx(offset, 1))
		f.withConstant(operand.NewDataAddr(operand.NewStaticSymbol("lanes"+v.isa), 0), p.VPADDD, p.VPADDD_BCST, unit, unit)
		p.Label("quotientOnly")
	})
	storeLast := func(to reg.Register) {
		if v.lanes == 16 {
			p.VMOVUPS(x, reg.K3, at(to, 0).Idx(end, 1))
		} else {
			p.VMOVUPS(x, at(to, 0).Idx(end, 1))
		}
	}
	p.VDIVPS(sum, last, x)
	storeLast(z)
	p.TESTQ(dz, dz)
	p.JE(operand.LabelRef("next"))
	gradientOf()
	f.inTail(x, x)
	storeLast(dz)
	p.VSUBSS(zy.(reg.Vec).AsX(), top.(reg.Vec).AsX(), top.(reg.Vec).AsX())
	p.VMOVSS(top.(reg.Vec).AsX(), at(losses, 0).Idx(r, 4))
	p.VMOVSS(sum.(reg.Vec).AsX(), sums.Idx(r, 4))
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
	p.VMOVUPS(sums.Idx(offset, 4), x.(reg.Vec).AsY())
	p.call("logAVX2")
	p.VMOVUPS(x.(reg.Vec).AsY(), sums.Idx(offset, 4))
	p.ADDQ(imm(8), offset)
	p.CMPQ(offset, r)
	p.JLT(operand.LabelRef("logarithms"))
	p.XORL(offset.As32(), offset.As32())
	p.Label("losses")
	p.VMOVSS(at(losses, 0).Idx(offset, 4), x.(reg.Vec).AsX())
	p.VADDSS(sums.Idx(offset, 4), x.(reg.Vec).AsX(), x.(reg.Vec).AsX())
	p.VMOVSS(x.(reg.Vec).AsX(), at(losses, 0).Idx(offset, 4))
	p.INCQ(offset)
	p.CMPQ(offset, r)
	p.JLT(operand.LabelRef("losses"))
	p.Label("done")
	p.MOVQ(p.field(s, "softmax.rows"), spare)
	p.SUBQ(r, spare)
	p.Store(spare, p.Return("left"))
	p.ret()
}

// inTail sets to to x in the lanes of the tail, else to zero.
func (f functions) inTail(x, to reg.Register) {
	if f.lanes == 16 {
		f.VMOVAPS_Z(x, f.tail(), to)
	} else {
		f.VANDPS(f.tail(), x, to)
	}
}

// each emits a loop over the whole vectors before end.
func (p *program) each(v vectorSet, name string, offset, end reg.GPPhysical, body func()) {
	p.XORL(offset.As32(), offset.As32())
	p.JMP(operand.LabelRef(name + "Check"))
	p.Label(name)
	body()
	p.ADDQ(imm(v.bytes()), offset)
	p.Label(name + "Check")
	p.CMPQ(offset, end)
	p.JLT(operand.LabelRef(name))
}

// fold combines 16 lanes, of which AVX2 has the upper eight in high, in halves, and sets all lanes of x to the result.
func (f functions) fold(combine func(...operand.Op), x, high, scratch reg.Register) {
	lower, part := x.(reg.Vec), scratch.(reg.Vec)
	if f.lanes == 16 {
		f.VEXTRACTF64X4(imm8(1), x, part.AsY())
		combine(part.AsY(), lower.AsY(), lower.AsY())
	} else if high != x {
		combine(high, x, x)
	}
	f.VEXTRACTF128(imm8(1), lower.AsY(), part.AsX())
	combine(part.AsX(), lower.AsX(), lower.AsX())
	f.VPERMILPD(imm8(1), lower.AsX(), part.AsX())
	combine(part.AsX(), lower.AsX(), lower.AsX())
	f.VMOVSHDUP(lower.AsX(), part.AsX())
	combine(part.AsX(), lower.AsX(), lower.AsX())
	f.VBROADCASTSS(lower.AsX(), x)
}

// log emits the routine of log32 for AVX2; both softmax kernels call it.
func (p *program) log() {
	f := functions{p, ymm}
	x, b, e, k, q := f.x(), f.reg(1), f.reg(2), f.reg(3), f.reg(4)
	f.function("log", "log: log(x) for 1 <= x, the sum of exponentials of which one is 1; NaN stays")
	f.VMOVAPS(x, b)
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
	f.VSUBPS(b, b, b)
	f.VADDPS(b, q, x)
	f.RET()
}
