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
