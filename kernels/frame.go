package kernels

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// augment returns the text of kernels_augment_amd64.s.
func augment() ([]byte, error) {
	return assemble([]string{"../kernels.go"}, []string{"interpolation", "framing"}, func(p *program) {
		p.frame()
		p.interpolatePairs()
		p.interpolatePatches()
	})
}

// frame emits the kernel that copies an image and puts margins of eight pixels to its left and right.
func (p *program) frame() {
	s, dst, src, left, right := reg.RAX, reg.RDI, reg.RSI, reg.R8, reg.R9
	rows, offset, last := reg.RCX, reg.RDX, reg.R10
	keep, fill, t := ymm.reg(0), ymm.reg(1), ymm.reg(2)
	order := []reg.Register{ymm.reg(3), ymm.reg(4)}
	field := func(name string) operand.Mem { return p.field(s, "framing."+name) }
	p.kernel("frameAVX2", "func(s *framing)",
		"rows > 0, n >= 8; rows of dst are n+16 long and begin with the left margin",
		"  AX s   DI dst   SI src   CX rows left   DX offset in both rows   R8, R9 what the margins are taken from   R10 offset of the last vector",
		"  Y0, Y1 keep, fill   Y2 scratch   Y3, Y4 order; no stack",
	)
	p.Load(p.Param("s"), s)
	p.MOVQ(field("dst"), dst)
	p.MOVQ(field("src"), src)
	p.MOVQ(field("rows"), rows)
	p.MOVQ(field("n"), last)
	p.SHLQ(imm8(2), last)
	p.MOVQ(field("left"), left)
	p.MOVQ(field("right"), right)
	p.LEAQ(at(src, 0).Idx(left, 4), left)
	p.LEAQ(at(src, 0).Idx(right, 4), right)
	p.VPBROADCASTD(field("keep"), keep)
	p.VPBROADCASTD(field("fill"), fill)
	for i, r := range order {
		p.VMOVUPS(field("order").Offset(32*i), r)
	}
	margin := func(order reg.Register, from, to operand.Mem) {
		p.VPERMPS(from, order, t)
		p.VANDPS(keep, t, t)
		p.VORPS(fill, t, t)
		p.VMOVUPS(t, to)
	}
	p.Label("row")
	margin(order[0], at(left, 0), at(dst, 0))
	margin(order[1], at(right, 0), at(dst, 32).Idx(last, 1))
	p.XORL(offset.As32(), offset.As32())
	p.SUBQ(imm(32), last)
	p.Label("vector")
	p.VMOVUPS(at(src, 0).Idx(offset, 1), t)
	p.VMOVUPS(t, at(dst, 32).Idx(offset, 1))
	p.ADDQ(imm(32), offset)
	p.CMPQ(offset, last)
	p.JLT(operand.LabelRef("vector"))
	p.VMOVUPS(at(src, 0).Idx(last, 1), t)
	p.VMOVUPS(t, at(dst, 32).Idx(last, 1))
	p.ADDQ(imm(32), last)
	p.LEAQ(at(dst, 64).Idx(last, 1), dst)
	for _, r := range []reg.Register{src, left, right} {
		p.ADDQ(last, r)
	}
	p.DECQ(rows)
	p.JNE(operand.LabelRef("row"))
	p.ret()
}
