package kernels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tiles is a family of tiles of an outer product: accumulators for rows × units, in registers while the reduction runs.
// The accumulator of vector v of row r is register r·vectors + v; the registers behind them hold operands.
type tiles struct {
	vectorSet
	units int   // 64, 32 or 16: whole panels; 8: the narrow last panel
	rows  []int // the row counts that have a tile, from the largest down to 1
}

// The families. A tile needs eight accumulators to hide the latency of the multiply-adds, and loads less than two
// operands for each of them; docs/KERNELS.md derives the sizes.
var (
	tiles64AVX512 = tiles{zmm, 64, []int{4, 2, 1}}
	tiles32AVX512 = tiles{zmm, 32, []int{8, 6, 4, 2, 1}}
	tiles16AVX512 = tiles{zmm, 16, []int{16, 8, 4, 1}}

	tiles64AVX2 = tiles{ymm, 64, []int{1}}
	tiles16AVX2 = tiles{ymm, 16, []int{6, 4, 2, 1}}
	tiles8AVX2  = tiles{ymm, 8, []int{8, 4, 1}}
)

// name returns the name of the family's routine: its largest tile.
func (t tiles) name() string { return fmt.Sprintf("tile%dx%d%s", t.rows[0], t.units, t.isa) }

// vectors returns the number of vectors of a row.
func (t tiles) vectors() int { return t.units / t.lanes }

// acc returns the accumulator of a row's vector.
func (t tiles) acc(row, vector int) reg.Register { return t.reg(row*t.vectors() + vector) }

// vector returns the place of a row's vector: base is the row in the first panel, panel and panel3 are the distances to
// the second and the fourth.
func (t tiles) vector(base, panel, panel3 reg.Register, vector int) operand.Mem {
	m := at(base, vector*t.bytes()%64)
	switch vector * t.bytes() / 64 {
	case 1:
		return m.Idx(panel, 1)
	case 2:
		return m.Idx(panel, 2)
	case 3:
		return m.Idx(panel3, 1)
	}
	return m
}

// multiply adds to a tile's accumulators the products of a column of left and a row of right.
func (p *program) multiply(t tiles, rows int, left func(row int) operand.Mem, right func(vector int) operand.Mem) {
	n := t.vectors()
	spare := rows * n
	broadcast := t.reg(spare)
	switch {
	case n == 1 && t.lanes == 16:
		// A broadcast for one multiply-add alone is the instruction's own.
		p.VMOVUPS(right(0), broadcast)
		for r := range rows {
			p.VFMADD231PS_BCST(left(r), broadcast, t.acc(r, 0))
		}
	case rows == 1:
		p.VBROADCASTSS(left(0), broadcast)
		for v := range n {
			p.VFMADD231PS(right(v), broadcast, t.acc(0, v))
		}
	default:
		for v := range n {
			p.VMOVUPS(right(v), t.reg(spare+1+v))
		}
		for r := range rows {
			p.VBROADCASTSS(left(r), broadcast)
			for v := range n {
				p.VFMADD231PS(t.reg(spare+1+v), broadcast, t.acc(r, v))
			}
		}
	}
}

// tileArguments are the arguments of a family's routine, on the stack, and their order. Sizes in bytes, but for k and rows.
// The routine changes a, c, mask, rows and done.
var tileArguments = []string{
	"a",       // left operand, first row
	"aRow",    // distance of its rows
	"aStep",   // distance of its elements along the reduction
	"bias",    // what the accumulators of all rows begin as; 0 for zeros
	"b",       // right operand, first row
	"bStep",   // distance of its rows, along the reduction
	"bPanel",  // distance of its panels, and of those of bias
	"c",       // result, first row
	"cRow",    // distance of its rows
	"cPanel",  // distance of its panels
	"k",       // length of the reduction, at least 1
	"rows",    // rows of a and c, at least 1
	"done",    // 0: number of rows done before
	"relu",    // not 0: results that are not above zero become +0
	"mask",    // first row of what decides instead: c is +0 where mask is not above zero; 0 for none
	"maskRow", // distance of its rows; 0 where mask is
}

// tileArgument returns an argument as the routine sees it.
func (p *program) tileArgument(name string) operand.Mem {
	return operand.NewParamAddr(name, 8*slices.Index(tileArguments, name))
}

// tile emits the routine of a family, which computes all rows of c for as many panels as its tiles are wide.
func (p *program) tile(t tiles) {
	n := t.vectors()
	p.routine(t.name(), 8*len(tileArguments),
		fmt.Sprintf("c[r, u] = act(bias[u] + Σk a[r, k]·b[k, u])   for all rows, %d units; fused, k ascending", t.units),
		fmt.Sprintf("  a [rows, k]   b [k, %d], bias and c [rows, %d]   in %d panels   mask [rows, %[1]d]   rows, k >= 1", t.units, t.units, max(1, t.units/16)),
		fmt.Sprintf("  tiles of %s rows: the first registers accumulators, row r in %d from %[2]dr; behind them a row of b, elements of a", joined(t.rows), n),
		"  SI CX R13 DI DX R10 rows of a   R8 aRow   R12 aStep   BX b   R11 bStep   R9, R10 one and three panels   AX k   clobbers all",
		"  act: nothing; with relu, c <= 0 ? +0 : c; with a mask, mask > 0 ? c : +0; nothing outside these bounds is touched",
	)
	p.Label("next")
	p.pick(t)
	for _, r := range t.rows {
		p.rows(t, r)
	}
}

func joined(numbers []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ", "), "[]")
}

// pick emits the choice of the next tile: the largest while two of it are left, then two of about half. The last may
// begin before the rows that are left, and compute some again, with the same result: so there need not be a tile of each
// number of rows.
func (p *program) pick(t tiles) {
	left, again := reg.RCX, reg.RAX
	rows := func(n int) operand.LabelRef { return operand.LabelRef(fmt.Sprintf("rows%d", n)) }
	most := t.rows[0]
	if most == 1 {
		return
	}
	p.MOVQ(p.tileArgument("rows"), left)
	p.CMPQ(left, imm(2*most))
	p.JGE(rows(most))
	p.CMPQ(left, imm(most))
	p.JE(rows(most))
	p.JL(operand.LabelRef("last"))
	p.INCQ(left)
	p.SHRQ(imm8(1), left)
	for i, r := range t.rows[:len(t.rows)-1] {
		if next := t.rows[i+1]; next > most/2 || r > most/2 {
			p.CMPQ(left, imm(next))
			p.JG(rows(r))
		}
	}
	p.Label("last")
	for i, r := range t.rows[:len(t.rows)-1] {
		next := t.rows[i+1]
		if i > 0 {
			p.CMPQ(left, imm(r))
			p.JE(rows(r))
		}
		if r == next+1 {
			continue
		}
		label := fmt.Sprintf("below%d", r)
		p.CMPQ(left, imm(next))
		p.JLE(operand.LabelRef(label))
		p.MOVQ(imm(r), again)
		p.SUBQ(left, again)
		p.CMPQ(again, p.tileArgument("done"))
		p.JG(rows(next))
		p.ADDQ(again, p.tileArgument("rows"))
		for _, operands := range [][2]string{{"a", "aRow"}, {"c", "cRow"}, {"mask", "maskRow"}} {
			p.MOVQ(p.tileArgument(operands[1]), left)
			p.IMULQ(again, left)
			p.SUBQ(left, p.tileArgument(operands[0]))
		}
		p.JMP(rows(r))
		p.Label(label)
	}
	p.JMP(rows(1))
}

// rows emits the tile of that many rows.
func (p *program) rows(t tiles, rows int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, rows) }
	n := t.vectors()
	bases := rowBases(rows)
	a := []reg.GPPhysical{reg.RSI, reg.RCX, reg.R13, reg.RDI, reg.RDX, reg.R10}[:len(bases)]
	aRow, aStep, b, bStep, panel, panel3, k := reg.R8, reg.R12, reg.RBX, reg.R11, reg.R9, reg.R10, reg.RAX

	p.Label(label("rows"))
	p.MOVQ(p.tileArgument("bias"), b)
	if t.units > 16 {
		p.MOVQ(p.tileArgument("bPanel"), panel)
	}
	if t.units > 48 {
		p.LEAQ(at(panel, 0).Idx(panel, 2), panel3)
	}
	p.TESTQ(b, b)
	p.JNE(operand.LabelRef(label("biased")))
	for i := range rows * n {
		p.clear(t.vectorSet, t.reg(i))
	}
	p.Label(label("begin"))
	p.MOVQ(p.tileArgument("a"), a[0])
	p.MOVQ(p.tileArgument("aRow"), aRow)
	for i := 1; i < len(bases); i++ {
		p.LEAQ(at(a[i-1], 0).Idx(aRow, 2), a[i])
		p.ADDQ(aRow, a[i])
	}
	p.MOVQ(p.tileArgument("aStep"), aStep)
	p.MOVQ(p.tileArgument("b"), b)
	p.MOVQ(p.tileArgument("bStep"), bStep)
	p.MOVQ(p.tileArgument("k"), k)
	p.Label(label("k"))
	p.multiply(t, rows, func(row int) operand.Mem {
		i, scale := rowBase(bases, row)
		if scale == 0 {
			return at(a[i], 0)
		}
		return at(a[i], 0).Idx(aRow, uint8(scale))
	}, func(v int) operand.Mem { return t.vector(b, panel, panel3, v) })
	for _, base := range a {
		p.ADDQ(aStep, base)
	}
	p.ADDQ(bStep, b)
	p.DECQ(k)
	p.JNE(operand.LabelRef(label("k")))

	zero, keep := t.reg(t.count-1), t.reg(t.count-2)
	if rows*n > t.count-2 {
		panic("kernels: no registers are left for the results of " + t.name())
	}
	c, cRow, mask, maskRow := reg.RDX, reg.RDI, reg.RBX, reg.RCX
	p.MOVQ(p.tileArgument("mask"), mask)
	p.TESTQ(mask, mask)
	p.JNE(operand.LabelRef(label("masked")))
	p.CMPQ(p.tileArgument("relu"), imm8(0))
	p.JE(operand.LabelRef(label("store")))
	p.VPBROADCASTD(p.reluLimit, zero)
	for i := range rows * n {
		p.relu(t.vectorSet, zero, keep, t.reg(i))
	}
	p.JMP(operand.LabelRef(label("store")))

	p.Label(label("masked"))
	p.MOVQ(p.tileArgument("maskRow"), maskRow)
	p.clear(t.vectorSet, zero)
	for r := range rows {
		for v := range n {
			p.mask(t.vectorSet, at(mask, v*t.bytes()), zero, keep, t.acc(r, v))
		}
		p.ADDQ(maskRow, mask)
	}
	p.MOVQ(mask, p.tileArgument("mask"))

	p.Label(label("store"))
	p.MOVQ(p.tileArgument("c"), c)
	p.MOVQ(p.tileArgument("cRow"), cRow)
	if t.units > 16 {
		p.MOVQ(p.tileArgument("cPanel"), panel)
	}
	if t.units > 48 {
		p.LEAQ(at(panel, 0).Idx(panel, 2), panel3)
	}
	for r := range rows {
		for v := range n {
			p.VMOVUPS(t.acc(r, v), t.vector(c, panel, panel3, v))
		}
		p.ADDQ(cRow, c)
	}
	p.MOVQ(c, p.tileArgument("c"))
	p.IMUL3Q(imm(rows), aRow, aRow)
	p.ADDQ(aRow, p.tileArgument("a"))
	p.ADDQ(imm(rows), p.tileArgument("done"))
	p.SUBQ(imm(rows), p.tileArgument("rows"))
	p.JNE(operand.LabelRef("next"))
	p.RET()

	p.Label(label("biased"))
	for v := range n {
		p.VMOVUPS(t.vector(b, panel, panel3, v), t.acc(0, v))
	}
	for r := 1; r < rows; r++ {
		for v := range n {
			p.VMOVAPS(t.acc(0, v), t.acc(r, v))
		}
	}
	p.JMP(operand.LabelRef(label("begin")))
}

// lessThan is a predicate of VCMPPS, and greaterThan one of VPCMPD.
const (
	lessThan    = 0x11 // ordered, quiet
	greaterThan = 6
)

// relu sets acc to +0 where it is not above zero nor NaN: where, as an integer, it is at most -Inf, as all negative
// numbers and -0 are, but no NaN. scratch is a vector register.
func (p *program) relu(v vectorSet, limit, scratch, acc reg.Register) {
	if v.lanes == 16 {
		p.VPCMPD(imm8(greaterThan), limit, acc, reg.K1)
		p.VMOVAPS_Z(acc, reg.K1, acc)
	} else {
		p.VPCMPGTD(limit, acc, scratch)
		p.VANDPS(scratch, acc, acc)
	}
}

// mask sets acc to +0 where m is not above zero; scratch is a vector register.
func (p *program) mask(v vectorSet, m operand.Mem, zero, scratch, acc reg.Register) {
	if v.lanes == 16 {
		p.VCMPPS(imm8(lessThan), m, zero, reg.K1)
		p.VMOVAPS_Z(acc, reg.K1, acc)
	} else {
		p.VCMPPS(imm8(lessThan), m, zero, scratch)
		p.VANDPS(scratch, acc, acc)
	}
}

// fewInputs is a reduction so short that its rows of b stay in registers.
const fewInputs = 4

// tileFew emits a routine like tile's for k = 4, without mask: it walks the rows of a one by one.
func (p *program) tileFew() {
	t := tiles{zmm, 64, nil}
	p.routine("tileFew64AVX512", 8*len(tileArguments),
		"c[r, u] = act(bias[u] + Σk a[r, k]·b[k, u])   for all rows, 64 units, k < 4; fused, k ascending",
		"  a [rows, 4]   b [4, 64], bias and c [rows, 64]   in 4 panels   rows >= 1",
		"  Z0-Z15 b, row k from Z4k   Z16-Z19 bias   Z20-Z23 a row of c   Z24 an element of a   clobbers all",
		"  act: nothing; with relu, c <= 0 ? +0 : c; nothing outside these bounds is touched",
	)
	n := t.vectors()
	bias := func(v int) reg.Register { return t.reg(fewInputs*n + v) }
	acc := func(v int) reg.Register { return t.reg((fewInputs+1)*n + v) }
	element, limit := t.reg((fewInputs+2)*n), t.reg((fewInputs+2)*n+1)
	a, aRow, b, bStep, panel, panel3, c, cRow, rows := reg.RSI, reg.R8, reg.RBX, reg.R11, reg.R9, reg.R10, reg.RDX, reg.RDI, reg.RCX
	p.MOVQ(p.tileArgument("bPanel"), panel)
	p.LEAQ(at(panel, 0).Idx(panel, 2), panel3)
	p.MOVQ(p.tileArgument("bias"), b)
	for v := range n {
		p.VMOVUPS(t.vector(b, panel, panel3, v), bias(v))
	}
	p.MOVQ(p.tileArgument("b"), b)
	p.MOVQ(p.tileArgument("bStep"), bStep)
	for k := range fewInputs {
		for v := range n {
			p.VMOVUPS(t.vector(b, panel, panel3, v), t.acc(k, v))
		}
		p.ADDQ(bStep, b)
	}
	p.MOVQ(p.tileArgument("a"), a)
	p.MOVQ(p.tileArgument("aRow"), aRow)
	p.MOVQ(p.tileArgument("c"), c)
	p.MOVQ(p.tileArgument("cRow"), cRow)
	p.MOVQ(p.tileArgument("rows"), rows)
	row := func(label string, act func(v int)) {
		p.Label(label)
		for v := range n {
			p.VMOVAPS(bias(v), acc(v))
		}
		for k := range fewInputs {
			p.VBROADCASTSS(at(a, 4*k), element)
			for v := range n {
				p.VFMADD231PS(t.acc(k, v), element, acc(v))
			}
		}
		for v := range n {
			act(v)
			p.VMOVUPS(acc(v), at(c, v*t.bytes()))
		}
		p.ADDQ(aRow, a)
		p.ADDQ(cRow, c)
		p.DECQ(rows)
		p.JNE(operand.LabelRef(label))
		p.RET()
	}
	p.CMPQ(p.tileArgument("relu"), imm8(0))
	p.JNE(operand.LabelRef("relu"))
	row("linear", func(int) {})
	p.Label("relu")
	p.VPBROADCASTD(p.reluLimit, limit)
	row("rectified", func(v int) { p.relu(t.vectorSet, limit, nil, acc(v)) })
}

// rowBases returns the rows that need a base register, where base + {0, 1, 2, 4, 8}·stride are free.
func rowBases(rows int) []int {
	var bases []int
	for r := range rows {
		if _, scale := rowBase(bases, r); scale < 0 {
			bases = append(bases, r)
		}
	}
	return bases
}

// rowBase returns the index of a base from which a row is reached, and the scale of the stride; -1 if there is none.
func rowBase(bases []int, row int) (base, scale int) {
	for i, b := range bases {
		switch row - b {
		case 0, 1, 2, 4, 8:
			return i, row - b
		}
	}
	return 0, -1
}
