package kernels

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Arguments of transpose; sizes in elements, distances in bytes.
var (
	tW      = reg.RSI // first panel
	tWPanel = reg.R9
	tUnits  = reg.R11 // padded to a multiple of 8
	tFrom   = reg.R13 // first input
	tInputs = reg.RCX // number of inputs
	tT      = reg.RDI
	tPanel  = reg.R10
)

// transpose emits the routine that transposes a strip of weights.
func (p *program) transpose() {
	p.routine("transposeAVX2", 0,
		"t[i/16][u][i%16] = w[from+i, u]   for all units, padded to a multiple of 8, and inputs i",
		"  w [panels][1+inputs][16] packed   t [panels][units][16], the last panel 8 wide if at most 8 inputs remain",
		"  SI w, R9 its panel   R11 units   R13 from   CX inputs >= 1   DI t, R10 its panel",
		"  blocks of 8 inputs × 8 units: Y0-Y3 units 0-3 of inputs 0-3 and 4-7, Y4-Y7 their transposition in pairs; then units 4-7",
		"  lanes of t beyond the last input hold anything; clobbers all",
	)
	w, units, from, left, tp, first, end := p.slot(), p.slot(), p.slot(), p.slot(), p.slot(), p.slot(), p.slot()
	p.MOVQ(tW, w)
	p.MOVQ(tUnits, units)
	p.MOVQ(tFrom, from)
	p.MOVQ(tInputs, left)
	p.MOVQ(tPanel, tp)

	u, src, dst, half, wPanel := reg.RAX, reg.RBX, reg.RDX, tT, reg.R8
	rs, rs3, src4 := reg.RSI, reg.RCX, reg.R10 // row stride of w
	ds, ds3, dst4 := reg.R12, reg.R11, reg.R13 // row stride of t

	p.Label("panel")
	p.MOVQ(half, first)
	p.MOVQ(imm(64), ds)
	p.CMPQ(left, imm(8))
	p.JGT(operand.LabelRef("half"))
	p.MOVQ(imm(32), ds)

	p.Label("half")
	p.LEAQ(operand.Mem{Base: ds, Index: ds, Scale: 2}, ds3)
	p.MOVQ(half, dst)
	p.MOVQ(w, wPanel)
	p.XORL(u.As32(), u.As32())
	p.MOVQ(units, src)
	p.CMPQ(left, imm(8))
	p.JGE(operand.LabelRef("whole"))
	p.Comment("Fewer than eight inputs: the head of the next panel is read in the place of the others, if it is long enough.")
	p.CMPQ(tWPanel, imm(2*7*64))
	p.JLT(operand.LabelRef("single"))
	p.DECQ(src)
	p.ANDQ(imm(-16), src)
	p.JE(operand.LabelRef("single"))
	p.Label("whole")
	p.MOVQ(src, end)

	// rowOf emits the address of the input's row in the panel at unit u, and its row stride.
	rowOf := func(label string) {
		p.Label(label)
		p.MOVQ(units, src)
		p.SUBQ(u, src)
		p.MOVQ(imm(64), rs)
		p.CMPQ(src, imm(8))
		p.JGT(operand.LabelRef(label + "Wide"))
		p.MOVQ(imm(32), rs)
		p.Label(label + "Wide")
		p.MOVQ(from, src)
		p.INCQ(src)
		p.IMULQ(rs, src)
		p.ADDQ(wPanel, src)
	}

	p.Comment("Eight inputs, eight units at a time.")
	rowOf("units")
	p.LEAQ(operand.Mem{Base: rs, Index: rs, Scale: 2}, rs3)
	p.Label("block")
	p.LEAQ(operand.Mem{Base: src, Index: rs, Scale: 4}, src4)
	p.LEAQ(operand.Mem{Base: dst, Index: ds, Scale: 4}, dst4)
	row := func(base, stride, stride3 reg.Register, disp, i int) operand.Mem {
		m := at(base, disp)
		switch i {
		case 1, 2:
			return m.Idx(stride, uint8(i))
		case 3:
			return m.Idx(stride3, 1)
		}
		return m
	}
	for quarter := range 2 {
		for i := range 4 {
			y := ymm.reg(i)
			p.VMOVUPS(row(src, rs, rs3, 16*quarter, i), xmm(y))
			p.VINSERTF128(imm8(1), row(src4, rs, rs3, 16*quarter, i), y, y)
		}
		r := func(i int) reg.Register { return ymm.reg(i) }
		p.VUNPCKLPS(r(1), r(0), r(4))
		p.VUNPCKHPS(r(1), r(0), r(5))
		p.VUNPCKLPS(r(3), r(2), r(6))
		p.VUNPCKHPS(r(3), r(2), r(7))
		p.VUNPCKLPD(r(6), r(4), r(8))
		p.VUNPCKHPD(r(6), r(4), r(9))
		p.VUNPCKLPD(r(7), r(5), r(10))
		p.VUNPCKHPD(r(7), r(5), r(11))
		base := []reg.GPPhysical{dst, dst4}[quarter]
		for i := range 4 {
			p.VMOVUPS(r(8+i), row(base, ds, ds3, 0, i))
		}
	}
	p.LEAQ(operand.Mem{Base: dst, Index: ds, Scale: 8}, dst)
	p.ADDQ(imm(8), u)
	p.CMPQ(u, end)
	p.JGE(operand.LabelRef("halfDone"))
	p.ADDQ(imm(32), src)
	p.TESTQ(imm(8), u)
	p.JNE(operand.LabelRef("block"))
	p.ADDQ(tWPanel, wPanel)
	p.JMP(operand.LabelRef("units"))

	p.Label("halfDone")
	p.CMPQ(left, imm(8))
	p.JLT(operand.LabelRef("last"))
	p.ADDQ(imm(8), from)
	p.SUBQ(imm(8), left)
	p.JE(operand.LabelRef("return"))
	p.ADDQ(imm(32), half)
	p.MOVQ(first, src)
	p.LEAQ(at(src, 64), dst)
	p.CMPQ(half, dst)
	p.JNE(operand.LabelRef("half"))
	p.MOVQ(src, half)
	p.ADDQ(tp, half)
	p.JMP(operand.LabelRef("panel"))

	p.Comment("The other panels' units of these inputs, one input at a time.")
	p.Label("last")
	p.ADDQ(tWPanel, wPanel)
	rowOf("single")
	n := half
	p.MOVQ(left, n)
	p.Label("input")
	p.MOVQ(src, src4)
	p.MOVQ(dst, dst4)
	p.MOVQ(rs, rs3)
	p.Label("unit")
	p.MOVL(at(src4, 0), ds3.As32())
	p.MOVL(ds3.As32(), at(dst4, 0))
	p.ADDQ(imm(4), src4)
	p.ADDQ(ds, dst4)
	p.SUBQ(imm(4), rs3)
	p.JNE(operand.LabelRef("unit"))
	p.ADDQ(rs, src)
	p.ADDQ(imm(4), dst)
	p.DECQ(n)
	p.JNE(operand.LabelRef("input"))
	p.MOVQ(left, n)
	p.SHLQ(imm8(2), n)
	p.SUBQ(n, dst)
	p.MOVQ(ds, n)
	p.SHLQ(imm8(4), n)
	p.ADDQ(n, dst)
	p.ADDQ(imm(16), u)
	p.CMPQ(u, units)
	p.JLT(operand.LabelRef("last"))
	p.Label("return")
	p.RET()
}

// transpose16 emits the routine that does as transpose with blocks of 16 inputs × 16 units, as far as there are such.
func (p *program) transpose16() {
	p.routine("transposeAVX512", 0,
		"t[i/16][u][i%16] = w[from+i, u]   operands and registers as those of transposeAVX2, to which it leaves what remains",
		"  blocks of 16 inputs × 16 units, of 8 units at a time: Z0-Z7 the units of inputs i and i+4; Z8-Z15 pairs of inputs;",
		"  Z16-Z23 quads of inputs, of one unit in the even 128-bit lanes and of the fourth behind it in the odd ones",
	)
	w, wPanel, units, from, inputs, t, tp := p.slot(), p.slot(), p.slot(), p.slot(), p.slot(), p.slot(), p.slot()
	p.MOVQ(tW, w)
	p.MOVQ(tWPanel, wPanel)
	p.MOVQ(tUnits, units)
	p.MOVQ(tFrom, from)
	p.MOVQ(tInputs, inputs)
	p.MOVQ(tT, t)
	p.MOVQ(tPanel, tp)
	src, dst, u, row := reg.RBX, reg.RDX, reg.RAX, reg.R8

	p.LEAQ(at(tFrom, 1), row)
	p.SHLQ(imm8(6), row)
	p.ADDQ(tW, row)
	p.SUBQ(imm(16), tInputs)
	p.JL(operand.LabelRef("rest"))
	p.Label("panel")
	p.MOVQ(row, src)
	p.MOVQ(tT, dst)
	p.MOVQ(tUnits, u)
	p.SUBQ(imm(16), u)
	p.JL(operand.LabelRef("narrow"))
	p.Label("block")
	z := zmm.reg
	for half := range 2 {
		for i := range 8 {
			first := i%4 + 8*(i/4)
			p.VMOVUPS(at(src, 64*first+32*half), reg.LookupPhysical(reg.KindVector, reg.Index(i), reg.S256))
			p.VINSERTF64X4(imm8(1), at(src, 64*(first+4)+32*half), z(i), z(i))
		}
		for quad := range 2 {
			a, pair, out := 4*quad, 8+4*quad, 16+4*quad
			p.VUNPCKLPS(z(a+1), z(a), z(pair))
			p.VUNPCKHPS(z(a+1), z(a), z(pair+1))
			p.VUNPCKLPS(z(a+3), z(a+2), z(pair+2))
			p.VUNPCKHPS(z(a+3), z(a+2), z(pair+3))
			p.VUNPCKLPD(z(pair+2), z(pair), z(out))
			p.VUNPCKHPD(z(pair+2), z(pair), z(out+1))
			p.VUNPCKLPD(z(pair+3), z(pair+1), z(out+2))
			p.VUNPCKHPD(z(pair+3), z(pair+1), z(out+3))
		}
		for i := range 8 {
			lanes := []int{0x88, 0xdd}[i/4]
			p.VSHUFF32X4(imm8(lanes), z(20+i%4), z(16+i%4), z(24+i))
			p.VMOVUPS(z(24+i), at(dst, 64*(8*half+i)))
		}
	}
	p.ADDQ(tWPanel, src)
	p.ADDQ(imm(1024), dst)
	p.SUBQ(imm(16), u)
	p.JGE(operand.LabelRef("block"))
	p.Label("narrow")
	p.ADDQ(imm(1024), row)
	p.ADDQ(tPanel, tT)
	p.SUBQ(imm(16), tInputs)
	p.JGE(operand.LabelRef("panel"))

	p.Comment("A last panel of eight units.")
	p.TESTQ(imm(8), tUnits)
	p.JE(operand.LabelRef("restOfInputs"))
	p.MOVQ(tUnits, u)
	p.SHRQ(imm8(4), u)
	p.IMULQ(u, tWPanel)
	p.MOVQ(w, tW)
	p.ADDQ(tWPanel, tW)
	p.SHLQ(imm8(10), u)
	p.MOVQ(t, tT)
	p.ADDQ(u, tT)
	p.MOVQ(imm(8), tUnits)
	p.MOVQ(inputs, tInputs)
	p.ANDQ(imm(-16), tInputs)
	p.call("transposeAVX2")

	p.Label("restOfInputs")
	p.MOVQ(inputs, u)
	p.MOVQ(u, tInputs)
	p.ANDQ(imm(15), tInputs)
	p.JE(operand.LabelRef("return"))
	p.SHRQ(imm8(4), u)
	p.MOVQ(tp, tPanel)
	p.MOVQ(tPanel, tT)
	p.IMULQ(u, tT)
	p.ADDQ(t, tT)
	p.SHLQ(imm8(4), u)
	p.MOVQ(from, tFrom)
	p.ADDQ(u, tFrom)
	p.MOVQ(w, tW)
	p.MOVQ(wPanel, tWPanel)
	p.MOVQ(units, tUnits)
	p.call("transposeAVX2")
	p.Label("return")
	p.RET()

	p.Label("rest")
	p.MOVQ(inputs, tInputs)
	p.call("transposeAVX2")
	p.RET()
}
