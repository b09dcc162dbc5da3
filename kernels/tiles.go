package kernels

import (
	"fmt"
	"slices"

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
	tiles64AVX512 = tiles{zmm, 64, upTo(6)}
	tiles32AVX512 = tiles{zmm, 32, upTo(8)}
	tiles16AVX512 = tiles{zmm, 16, append([]int{16}, upTo(8)...)}

	tiles64AVX2 = tiles{ymm, 64, upTo(1)}
	tiles32AVX2 = tiles{ymm, 32, upTo(3)}
	tiles16AVX2 = tiles{ymm, 16, upTo(6)}
	tiles8AVX2  = tiles{ymm, 8, upTo(8)}
)

// upTo returns n, n-1, … 1.
func upTo(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = n - i
	}
	return rows
}

// limited returns the family without its tiles of more than n rows.
func (t tiles) limited(n int) tiles {
	t.rows = t.rows[slices.IndexFunc(t.rows, func(r int) bool { return r <= n }):]
	return t
}

// name returns the name of the family's routine for an operation: the largest tile names it.
func (t tiles) name(op string) string { return fmt.Sprintf("%s%dx%d%s", op, t.rows[0], t.units, t.isa) }

// vectors returns the number of vectors of a row.
func (t tiles) vectors() int { return t.units / t.lanes }

// step returns the number of bytes from one row of a packed panel to the next.
func (t tiles) step() int { return 4 * min(t.units, 16) }

// acc returns the accumulator of a row's vector.
func (t tiles) acc(row, vector int) reg.Register { return t.reg(row*t.vectors() + vector) }

// packed returns the place of a row's vector in packed panels: base is the row in the first panel, panel and panel3 are the
// distances to the second and the fourth.
func (t tiles) packed(base reg.Register, disp int, panel, panel3 reg.Register, vector int) operand.Mem {
	m := at(base, disp+vector*t.bytes()%64)
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
	case spare+1+n <= t.count:
		for v := range n {
			p.VMOVUPS(right(v), t.reg(spare+1+v))
		}
		for r := range rows {
			p.VBROADCASTSS(left(r), broadcast)
			for v := range n {
				p.VFMADD231PS(t.reg(spare+1+v), broadcast, t.acc(r, v))
			}
		}
	default:
		for r := range rows {
			p.VBROADCASTSS(left(r), t.reg(spare+r))
		}
		w := t.reg(spare + rows)
		for v := range n {
			p.VMOVUPS(right(v), w)
			for r := range rows {
				p.VFMADD231PS(w, t.reg(spare+r), t.acc(r, v))
			}
		}
	}
}

// pick emits the choice of the next tile for the rows left in the register rows, which it may change: the largest while
// two of it are left, then two equal ones, so that no tile has too few accumulators.
func (p *program) pick(t tiles, rows reg.GPPhysical) {
	most := t.rows[0]
	sizes := t.rows
	if len(sizes) > 1 && most > sizes[1]+1 {
		// The largest stands apart from a dense run of smaller ones.
		p.CMPQ(rows, imm(most))
		p.JGE(operand.LabelRef(fmt.Sprintf("rows%d", most)))
		sizes = sizes[1:]
		most = sizes[0]
	}
	if most > 1 {
		p.CMPQ(rows, imm(most))
		p.JLE(operand.LabelRef("pick"))
		p.CMPQ(rows, imm(2*most))
		p.JGE(operand.LabelRef(fmt.Sprintf("rows%d", most)))
		p.INCQ(rows)
		p.SHRQ(imm8(1), rows)
		p.Label("pick")
		for _, r := range sizes[:len(sizes)-1] {
			p.CMPQ(rows, imm(r))
			p.JEQ(operand.LabelRef(fmt.Sprintf("rows%d", r)))
		}
		p.JMP(operand.LabelRef("rows1"))
	}
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
