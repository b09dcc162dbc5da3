package kernels

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Arguments of the product routines, which compute rows of y from rows of x and panels of w. Sizes and strides are in
// bytes where the name does not say otherwise. Routines change all of them.
var (
	argX     = reg.RSI // first row
	argLDX   = reg.R8  // from a row to the next
	argW     = reg.RDI // row 0, the bias, of the first panel
	argPanel = reg.R9  // from a panel to the next
	argY     = reg.RDX // first row
	argLDY   = reg.R10
	argK     = reg.RAX // length of the reduction, in elements, at least 1
	argRows  = reg.RCX // number of rows, at least 1
	argLimit = reg.RBX // float32 bits: results not above it become +0; NaN lets all pass
	argA     = reg.R11 // first row of what masks y: y is +0 where a is not above 0; 0 for no mask
	argLDA   = reg.R12
)

// choice is a family of tiles and the number of rows up to which it is taken; 0 is any number.
type choice struct {
	tiles
	maxRows int
}

// products emits the kernels of the forward product and of the gradient of the inputs, which are the same product: the
// latter over panels of transposed weights.
func (p *program) products() {
	avx512 := []choice{{tiles64AVX512.limited(3), 3}, {tiles32AVX512, 0}, {tiles16AVX512, 0}, {tiles8AVX2, 0}}
	avx2 := []choice{{tiles64AVX2, 1}, {tiles32AVX2, 3}, {tiles16AVX2, 0}, {tiles8AVX2, 0}}
	p.forward("AVX512", avx512)
	p.gradInput("AVX512", avx512)
	p.forward("AVX2", avx2)
	p.gradInput("AVX2", avx2)
	for _, c := range append(avx512[:3:3], avx2...) {
		p.product(c.tiles)
	}
	p.transpose()
}

// product emits the routine that computes all rows of as many panels as a family's tiles are wide.
func (p *program) product(t tiles) {
	n := t.vectors()
	p.routine(t.name("product"),
		fmt.Sprintf("product: y[r, u] = act(w[0, u] + Σk x[r, k]·w[1+k, u])   for all rows, %d units; fused, k ascending", t.units),
		fmt.Sprintf("  y [rows, ldy]   x [rows, ldx]   w [1+k, %d] packed, %d panels   a [rows, lda]   rows, k >= 1", min(t.units, 16), max(1, t.units/16)),
		fmt.Sprintf("  SI x, R8 ldx   DI w, R9 panel   DX y, R10 ldy   AX k   CX rows   BX limit   R11 a, R12 lda   tiles of up to %d rows", t.rows[0]),
		fmt.Sprintf("  first registers accumulators, row r in %d from %dr; behind them a row of w and elements of x; clobbers all", n, n),
		"  act: y > limit or NaN ? y : +0; where a is given, a > 0 ? y : +0; nothing outside these bounds is touched",
	)
	k, rows, limit, a, lda := p.slot(), p.slot(), p.slot(), p.slot(), p.slot()
	p.MOVQ(argK, k)
	p.MOVQ(argLimit, limit)
	p.MOVQ(argA, a)
	p.MOVQ(argLDA, lda)
	panel3 := reg.R12
	if n*t.bytes() == 256 {
		p.LEAQ(at(argPanel, 0).Idx(argPanel, 2), panel3)
	}

	p.Label("next")
	p.MOVQ(argRows, rows)
	p.pick(t, argRows)
	for _, r := range t.rows {
		p.productTile(t, r, panel3, k, rows, limit, a, lda)
	}
}

// productTile emits one tile of product.
func (p *program) productTile(t tiles, rows int, panel3 reg.GPPhysical, k, rowsLeft, limit, a, lda operand.Mem) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, rows) }
	n := t.vectors()
	w, count := reg.RBX, reg.RAX
	bases := rowBases(rows)
	cursors := []reg.GPPhysical{argX, reg.RCX, reg.R13, reg.R11, reg.R12, argPanel}[:len(bases)]
	x := func(disp int) func(row int) operand.Mem {
		return func(row int) operand.Mem {
			b, scale := rowBase(bases, row)
			if scale == 0 {
				return at(cursors[b], disp)
			}
			return at(cursors[b], disp).Idx(argLDX, uint8(scale))
		}
	}
	advance := func(steps int) {
		for _, c := range cursors {
			p.ADDQ(imm(4*steps), c)
		}
		p.ADDQ(imm(steps*t.step()), w)
	}

	p.Label(label("rows"))
	p.Commentf("%d rows: the accumulators begin as the bias.", rows)
	for i := 1; i < len(bases); i++ {
		p.LEAQ(at(cursors[i-1], 0).Idx(argLDX, 2), cursors[i])
		p.ADDQ(argLDX, cursors[i])
	}
	for v := range n {
		p.VMOVUPS(t.packed(argW, 0, argPanel, panel3, v), t.acc(0, v))
	}
	for r := 1; r < rows; r++ {
		for v := range n {
			p.VMOVAPS(t.acc(0, v), t.acc(r, v))
		}
	}
	p.LEAQ(at(argW, t.step()), w)
	p.MOVQ(k, count)
	p.Label(label("k"))
	p.multiply(t, rows, x(0), func(v int) operand.Mem { return t.packed(w, 0, argPanel, panel3, v) })
	advance(1)
	p.DECQ(count)
	p.JNE(operand.LabelRef(label("k")))

	mask, lim, aRow, aStride := t.reg(t.count-1), t.reg(t.count-2), reg.RBX, reg.RAX
	if rows*n > t.count-2 {
		panic("kernels: no registers are left for the epilogue of " + t.name("product"))
	}
	p.MOVQ(a, aRow)
	p.TESTQ(aRow, aRow)
	p.JNE(operand.LabelRef(label("masked")))
	p.VBROADCASTSS(limit, lim)
	for r := range rows {
		for v := range n {
			y, acc := at(argY, v*t.bytes()), t.acc(r, v)
			p.keep(t, notLessOrEqual, lim, acc, mask, acc)
			p.VMOVUPS(acc, y)
		}
		p.ADDQ(argLDY, argY)
	}
	p.JMP(operand.LabelRef(label("done")))

	p.Label(label("masked"))
	p.MOVQ(lda, aStride)
	p.clear(t.vectorSet, lim)
	for r := range rows {
		for v := range n {
			y, acc := at(argY, v*t.bytes()), t.acc(r, v)
			p.keep(t, lessThan, at(aRow, v*t.bytes()), lim, mask, acc)
			p.VMOVUPS(acc, y)
		}
		p.ADDQ(argLDY, argY)
		p.ADDQ(aStride, aRow)
	}
	p.MOVQ(aRow, a)

	p.Label(label("done"))
	last := len(bases) - 1
	switch rows - bases[last] {
	case 1:
		p.LEAQ(at(cursors[last], 0).Idx(argLDX, 1), argX)
	case 2:
		p.LEAQ(at(cursors[last], 0).Idx(argLDX, 2), argX)
	case 3:
		p.LEAQ(at(cursors[last], 0).Idx(argLDX, 2), argX)
		p.ADDQ(argLDX, argX)
	default:
		panic("kernels: no address of the next row")
	}
	p.MOVQ(k, count)
	p.SHLQ(imm8(2), count)
	p.SUBQ(count, argX)
	p.MOVQ(rowsLeft, argRows)
	p.SUBQ(imm(rows), argRows)
	p.JNE(operand.LabelRef("next"))
	p.RET()
}

// Predicates of VCMPPS, quiet.
const (
	lessThan       = 0x11 // and ordered
	notLessOrEqual = 0x16 // or unordered
)

// keep sets acc to +0 where not "a predicate b"; mask is scratch.
func (p *program) keep(t tiles, predicate int, b operand.Op, a, mask, acc reg.Register) {
	if t.lanes == 16 {
		p.VCMPPS(imm8(predicate), b, a, reg.K1)
		p.VMOVAPS_Z(acc, reg.K1, acc)
	} else {
		p.VCMPPS(imm8(predicate), b, a, mask)
		p.VANDPS(mask, acc, acc)
	}
}

// panelSlots are the places of a kernel's frame that walk panels: units left, the next panel's w, y and a, and the distance
// of panels.
type panelSlots struct{ left, w, y, a, panel operand.Mem }

// panels emits the loop over panels, with load for the arguments that are the same for all.
func (p *program) panels(s panelSlots, families []choice, load func()) {
	p.Label("panel")
	load()
	p.MOVQ(s.w, argW)
	p.MOVQ(s.y, argY)
	p.MOVQ(s.a, argA)
	p.MOVQ(s.panel, argPanel)
	left := reg.R13
	p.MOVQ(s.left, left)
	for i, c := range families {
		next := fmt.Sprintf("not%d", c.units)
		if c.maxRows > 0 {
			p.CMPQ(argRows, imm(c.maxRows))
			p.JGT(operand.LabelRef(next))
		}
		if i < len(families)-1 {
			p.CMPQ(left, imm(c.units))
			p.JLT(operand.LabelRef(next))
		}
		p.call(c.name("product"))
		p.SUBQ(imm(c.units), s.left)
		p.JLE(operand.LabelRef("panelsDone"))
		p.ADDQ(imm(4*c.units), s.y)
		p.ADDQ(imm(4*c.units), s.a)
		p.MOVQ(s.panel, argPanel)
		if c.units > 16 {
			p.SHLQ(imm8(c.units/32), argPanel)
		}
		p.ADDQ(argPanel, s.w)
		p.JMP(operand.LabelRef("panel"))
		if i < len(families)-1 {
			p.Label(next)
		}
	}
	p.Label("panelsDone")
}

// bytesOf loads a field that counts floats, and turns it into bytes.
func (p *program) bytesOf(field operand.Mem, r reg.GPPhysical) {
	p.MOVQ(field, r)
	p.SHLQ(imm8(2), r)
}

// forward emits the kernel of the forward product.
func (p *program) forward(isa string, families []choice) {
	p.kernel("forward"+isa, "func(d *dense)",
		"y[b, u] = act(bias[u] + Σi x[b, i]·w[i, u]), fused, i ascending, u padded to a multiple of 8; act is ReLU or nothing",
		"  y [rows, ldy]   x [rows, ldx]   w [panels][1+inputs][16] packed   the sizes are checked by dense.check")
	s := panelSlots{p.slot(), p.slot(), p.slot(), p.slot(), p.slot()}
	d := reg.R13
	p.Load(p.Param("d"), d)
	p.MOVQ(p.field(d, "dense.units"), reg.RAX)
	p.ADDQ(imm(7), reg.RAX)
	p.ANDQ(imm(-8), reg.RAX)
	p.MOVQ(reg.RAX, s.left)
	p.MOVQ(p.field(d, "dense.w"), reg.RDI)
	p.MOVQ(reg.RDI, s.w)
	p.MOVQ(p.field(d, "dense.y"), reg.RDX)
	p.MOVQ(reg.RDX, s.y)
	p.bytesOf(p.field(d, "dense.panel"), reg.R9)
	p.MOVQ(reg.R9, s.panel)
	p.panels(s, families, func() {
		p.Load(p.Param("d"), d)
		p.MOVQ(p.field(d, "dense.x"), argX)
		p.bytesOf(p.field(d, "dense.ldx"), argLDX)
		p.bytesOf(p.field(d, "dense.ldy"), argLDY)
		p.MOVQ(p.field(d, "dense.inputs"), argK)
		p.MOVQ(p.field(d, "dense.rows"), argRows)
		p.Comment("ReLU's limit is 0, and that of no activation NaN, all ones.")
		p.MOVBLZX(p.field(d, "dense.relu"), argLimit.As32())
		p.DECL(argLimit.As32())
		p.MOVQ(imm(0), s.a)
	})
	p.ret()
}
