package kernels

import (
	"math"
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// interpolator emits the kernels that take values between the pixels of an image.
type interpolator struct {
	*program
	vectorSet
}

// Registers of both kernels: the struct, the pixel at hand in dst, src, the length of a row, scratch.
var (
	iS, iDst, iSrc = reg.RAX, reg.RDI, reg.RSI
	iN, iSpare     = reg.R8, reg.R9
)

// places are x of pixels 0 1 4 5 … and of 2 3 6 7 …, then y.
func (f interpolator) places() []reg.Register {
	return []reg.Register{f.reg(0), f.reg(1), f.reg(2), f.reg(3)}
}

// steps lead to the places of the next vector, on both axes; parts are the places' parts behind the point.
func (f interpolator) steps() []reg.Register { return []reg.Register{f.reg(4), f.reg(5)} }
func (f interpolator) parts() []reg.Register { return []reg.Register{f.reg(7), f.reg(8)} }

func (f interpolator) field(name string) operand.Mem {
	return f.program.field(iS, "interpolation."+name)
}

// number fills a vector with a number of 32 bits.
func (f interpolator) number(v int, to reg.Register) {
	f.MOVL(imm(v), iSpare.As32())
	f.VMOVD(iSpare.As32(), xmm(to))
	f.VPBROADCASTD(xmm(to), to)
}

// unit fills a vector with what a part's last bit is worth.
func (f interpolator) unit() reg.Register {
	f.number(int(math.Float32bits(0x1p-24)), f.reg(6))
	return f.reg(6)
}

// findParts sets the parts.
func (f interpolator) findParts(unit reg.Register) {
	for i, part := range f.parts() {
		f.VSHUFPS(imm8(0x88), f.places()[2*i+1], f.places()[2*i], part)
		f.VPSRLD(imm8(8), part, part)
		f.VCVTDQ2PS(part, part)
		f.VMULPS(unit, part, part)
	}
}

// step moves the places on.
func (f interpolator) step() {
	for i, r := range f.places() {
		f.VPADDQ(f.steps()[i/2], r, r)
	}
}

// whole sets to to the whole pixels of the places on an axis.
func (f interpolator) whole(axis int, to reg.Register) {
	f.VSHUFPS(imm8(0xdd), f.places()[2*axis+1], f.places()[2*axis], to)
}

// between sets to to what lies at a part of the way from a to b, which it changes.
func (f interpolator) between(a, b, part, to reg.Register) {
	f.VSUBPS(a, b, b)
	f.VMULPS(part, b, b)
	f.VADDPS(b, a, to)
}

// interpolatePairs emits the kernel for all maps, which goes down columns of vectors. It loads two neighbours of a row as
// one number of 64 bits.
func (p *program) interpolatePairs() {
	f := interpolator{p, ymm}
	ways, rows, column, below, ld := reg.RBX, reg.RCX, reg.RDX, reg.R10, f.reg(9)
	pairs := [2][2]reg.Register{{f.reg(10), f.reg(11)}, {f.reg(12), f.reg(13)}} // above and below, of pixels as in places
	t, u := f.reg(14), f.reg(15)
	p.kernel("interpolateAVX2", "func(s *interpolation, ways *[4][4]int64)",
		"rows > 0, n >= 8; the last vector of a row ends with it   ways from the first pixel to those of a vector, in places' order",
		"  AX s   BX ways   CX rows left   DX number of the vector's first pixel   DI dst   SI, R10 src, its second row   R8 n",
		"  R9 scratch, number of a corner   Y0-Y3 places   Y4, Y5 steps down   Y6 2^-24   Y7, Y8 parts   Y9 ld",
		"  Y10-Y13 pairs above and below   Y14, Y15 scratch",
	)
	corners := p.AllocLocal(32)
	p.Load(p.Param("s"), iS)
	p.Load(p.Param("ways"), ways)
	p.MOVQ(f.field("src"), iSrc)
	p.MOVQ(f.field("n"), iN)
	p.MOVQ(f.field("ld"), iSpare)
	p.LEAQ(at(iSrc, 0).Idx(iSpare, 4), below)
	p.VPBROADCASTD(f.field("ld"), ld)
	p.VPBROADCASTQ(f.field("downX"), f.steps()[0])
	p.VPBROADCASTQ(f.field("downY"), f.steps()[1])
	unit := f.unit()
	p.XORL(column.As32(), column.As32())
	p.Label("column")
	for i, axis := range []string{"X", "Y"} {
		p.MOVQ(column, iSpare)
		p.IMULQ(f.field("right"+axis), iSpare)
		p.ADDQ(f.field(strings.ToLower(axis)), iSpare)
		p.VMOVQ(iSpare, xmm(t))
		p.VPBROADCASTQ(xmm(t), t)
		p.VPADDQ(at(ways, 64*i), t, f.places()[2*i])
		p.VPADDQ(at(ways, 64*i+32), t, f.places()[2*i+1])
	}
	p.MOVQ(f.field("dst"), iDst)
	p.LEAQ(at(iDst, 0).Idx(column, 4), iDst)
	p.MOVQ(f.field("rows"), rows)
	p.Label("row")
	f.whole(1, t)
	p.VPMULLD(ld, t, t)
	f.whole(0, u)
	p.VPADDD(u, t, t)
	p.VMOVUPS(t, corners)
	f.findParts(unit)
	for i, pixel := range []int{0, 1, 4, 5, 2, 3, 6, 7} {
		p.MOVL(corners.Offset(4*pixel), iSpare.As32())
		for row, base := range []reg.Register{iSrc, below} {
			from, to, scratch := at(base, 0).Idx(iSpare, 4), pairs[row][i/4], []reg.Register{t, u}[row]
			if i%4 == 0 {
				p.VMOVSD(from, xmm(to))
				continue
			}
			p.VBROADCASTSD(from, scratch)
			p.VBLENDPS(imm8(3<<(2*(i%4))), scratch, to, to)
		}
	}
	for _, pair := range pairs {
		p.VSHUFPS(imm8(0x88), pair[1], pair[0], t)
		p.VSHUFPS(imm8(0xdd), pair[1], pair[0], pair[0])
		f.between(t, pair[0], f.parts()[0], pair[0])
	}
	f.between(pairs[0][0], pairs[1][0], f.parts()[1], t)
	p.VMOVUPS(t, at(iDst, 0))
	p.LEAQ(at(iDst, 0).Idx(iN, 4), iDst)
	f.step()
	p.DECQ(rows)
	p.JNE(operand.LabelRef("row"))
	p.ADDQ(imm(8), column)
	p.CMPQ(column, iN)
	p.JE(operand.LabelRef("done"))
	p.LEAQ(at(iN, -8), iSpare)
	p.CMPQ(column, iSpare)
	p.CMOVQGT(iSpare, column)
	p.JMP(operand.LabelRef("column"))
	p.Label("done")
	p.ret()
}

// interpolatePatches emits the kernel for maps that take neighbours from nearby: the pixels around 4×4 places lie in a patch
// of 8×8, which fits in four registers.
func (p *program) interpolatePatches() {
	f := interpolator{p, zmm}
	row, column, bytes, spare := reg.RCX, reg.RDX, reg.R12, reg.R13
	least := []reg.GPPhysical{reg.R10, reg.R11}
	t, u, number := f.reg(9), f.reg(10), f.reg(11)
	patch := []reg.Register{f.reg(12), f.reg(13), f.reg(14), f.reg(15)}
	corners := []reg.Register{f.reg(16), f.reg(17), f.reg(18), f.reg(19)}
	ways := []reg.Register{f.reg(20), f.reg(21), f.reg(22), f.reg(23)}
	one, seven, half := f.reg(24), f.reg(25), f.reg(26)
	p.kernel("interpolateAVX512", "func(s *interpolation, leastX, leastY int64)",
		"rows, n >= 4; the last patch of a row, and those of the last rows, end with it   leastX, leastY from the first place of 4×4",
		"to the least of all",
		"  AX s   CX, DX row and column   DI dst   SI src   R8 n   R9, R13 scratch   R10, R11 least x and y   R12 bytes of a row of src",
		"  Z0-Z3 places   Z4, Z5 steps to the right   Z6 2^-24   Z7, Z8 parts   Z9, Z10 scratch   Z11 numbers in the patch",
		"  Z12-Z15 patch   Z16-Z19 corners   Z20-Z23 ways from the first place to all   Z24-Z26 1 7 32   K1-K3 scratch",
	)
	p.Load(p.Param("s"), iS)
	p.MOVQ(f.field("src"), iSrc)
	p.MOVQ(f.field("n"), iN)
	p.MOVQ(f.field("ld"), bytes)
	p.SHLQ(imm8(2), bytes)
	unit := f.unit()
	f.number(1, one)
	f.number(7, seven)
	f.number(32, half)
	masks := []reg.Register{reg.K1, reg.K2, reg.K3}
	for i, pixels := range []int{0xaa, 0xcc, 0xf0} { // right by one, down by one, by two
		p.MOVL(imm(pixels), iSpare.As32())
		p.KMOVB(iSpare.As32(), masks[i])
	}
	for i, axis := range []string{"X", "Y"} {
		way, step := ways[2*i], f.steps()[i]
		p.VPBROADCASTQ(f.field("right"+axis), step)
		p.VPBROADCASTQ(f.field("down"+axis), t)
		p.VMOVDQU64_Z(step, masks[0], way)
		p.VPADDQ(t, way, masks[1], way)
		p.VPADDQ(t, t, t)
		p.VPADDQ(t, way, masks[2], way)
		p.VPADDQ(step, step, step)
		p.VPADDQ(step, way, ways[2*i+1])
		p.VPADDQ(step, step, step)
	}
	p.XORL(row.As32(), row.As32())
	p.Label("row")
	p.XORL(column.As32(), column.As32())
	p.Label("first")
	p.MOVQ(row, spare)
	p.IMULQ(iN, spare)
	p.ADDQ(column, spare)
	p.MOVQ(f.field("dst"), iDst)
	p.LEAQ(at(iDst, 0).Idx(spare, 4), iDst)
	for i, axis := range []string{"X", "Y"} {
		p.MOVQ(row, least[i])
		p.IMULQ(f.field("down"+axis), least[i])
		p.MOVQ(column, spare)
		p.IMULQ(f.field("right"+axis), spare)
		p.ADDQ(spare, least[i])
		p.ADDQ(f.field(strings.ToLower(axis)), least[i])
		p.VPBROADCASTQ(least[i], t)
		p.VPADDQ(ways[2*i], t, f.places()[2*i])
		p.VPADDQ(ways[2*i+1], t, f.places()[2*i+1])
		p.Load(p.Param("least"+axis), spare)
		p.ADDQ(spare, least[i])
	}
	p.Label("patch")
	p.MOVQ(least[0], iSpare)
	p.SARQ(imm8(32), iSpare)
	p.VPBROADCASTD(iSpare.As32(), t)
	f.whole(0, u)
	p.VPSUBD(t, u, u)
	p.MOVQ(least[1], spare)
	p.SARQ(imm8(32), spare)
	p.VPBROADCASTD(spare.As32(), t)
	f.whole(1, number)
	p.VPSUBD(t, number, number)
	p.VPSLLD(imm8(3), number, number)
	p.VPADDD(u, number, number)
	p.IMULQ(bytes, spare)
	p.LEAQ(at(spare, 0).Idx(iSpare, 4), spare)
	p.ADDQ(iSrc, spare)
	for i, r := range patch {
		if i > 0 {
			p.LEAQ(at(spare, 0).Idx(bytes, 2), spare)
		}
		p.VMOVUPS(at(spare, 0), r.(reg.Vec).AsY())
		p.VINSERTF32X8(imm8(1), at(spare, 0).Idx(bytes, 1), r, r)
	}
	f.findParts(unit)
	for i, corner := range corners {
		switch i {
		case 1, 3:
			p.VPADDD(one, number, number)
		case 2:
			p.VPADDD(seven, number, number)
		}
		if i%2 == 0 {
			p.VPTESTMD(half, number, masks[0])
		}
		p.VMOVAPS(patch[0], corner)
		p.VPERMT2PS(patch[1], number, corner)
		p.VMOVAPS(patch[2], t)
		p.VPERMT2PS(patch[3], number, t)
		p.VMOVAPS(t, masks[0], corner)
	}
	f.between(corners[0], corners[1], f.parts()[0], corners[0])
	f.between(corners[2], corners[3], f.parts()[0], corners[2])
	f.between(corners[0], corners[2], f.parts()[1], t)
	p.LEAQ(at(iDst, 0).Idx(iN, 8), spare)
	for i, to := range []operand.Mem{at(iDst, 0), at(iDst, 0).Idx(iN, 4), at(spare, 0), at(spare, 0).Idx(iN, 4)} {
		p.VEXTRACTF32X4(imm8(i), t, to)
	}
	p.ADDQ(imm(16), iDst)
	p.ADDQ(imm(4), column)
	p.LEAQ(at(iN, -4), iSpare)
	p.CMPQ(column, iSpare)
	p.JGT(operand.LabelRef("last"))
	for i, axis := range []string{"X", "Y"} {
		p.MOVQ(f.field("right"+axis), spare)
		p.LEAQ(at(least[i], 0).Idx(spare, 4), least[i])
	}
	f.step()
	p.JMP(operand.LabelRef("patch"))
	p.Label("last")
	p.CMPQ(column, iN)
	p.MOVQ(iSpare, column)
	p.JNE(operand.LabelRef("first"))
	p.ADDQ(imm(4), row)
	p.MOVQ(f.field("rows"), iSpare)
	p.CMPQ(row, iSpare)
	p.JE(operand.LabelRef("done"))
	p.SUBQ(imm(4), iSpare)
	p.CMPQ(row, iSpare)
	p.CMOVQGT(iSpare, row)
	p.JMP(operand.LabelRef("row"))
	p.Label("done")
	p.ret()
}
