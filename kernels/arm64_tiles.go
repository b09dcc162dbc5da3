package kernels

import "fmt"

// armTiles is a family of tiles as tiles is, for vectors of four: the accumulator of vector v of row r is register
// r·vectors + v. Elements of a row of a that follow one another along the reduction are loaded four at a time, and so are
// the rows of b one behind the other. Where a lies across, for gradWeights, four elements belong to four rows.
type armTiles struct {
	units  int   // 64 or 16: whole panels; 8: the narrow last panel
	rows   []int // the row counts that have a tile, from the largest down to 1
	across bool
}

// The families. docs/KERNELS.md derives the sizes.
var (
	armTiles64 = armTiles{64, []int{1}, false}
	armTiles16 = armTiles{16, []int{6, 4, 2, 1}, false}
	armTiles8  = armTiles{8, []int{8, 4, 1}, false}

	armAcross16 = armTiles{16, []int{6, 4, 2, 1}, true}
	armAcross8  = armTiles{8, []int{8, 4, 2, 1}, true}
)

// name returns the name of the family's routine: its largest tile.
func (t armTiles) name() string {
	if t.across {
		return fmt.Sprintf("across%dx%dNEON", t.rows[0], t.units)
	}
	return fmt.Sprintf("tile%dx%dNEON", t.rows[0], t.units)
}

// vectors returns the number of vectors of a row.
func (t armTiles) vectors() int { return t.units / 4 }

// panels returns the number of panels.
func (t armTiles) panels() int { return max(t.units/16, 1) }

// acc returns the accumulator of a row's vector.
func (t armTiles) acc(row, v int) vector { return vector(row*t.vectors() + v) }

// Arguments of a family's routine, distances in bytes, and its other registers. The routine changes a, c, mask, rows and
// done.
const (
	tA       gp = 0  // left operand, first row
	tARow    gp = 1  // distance of its rows; across, of its steps
	tB       gp = 2  // right operand, first row
	tBStep   gp = 3  // across: distance of its rows
	tBias    gp = 3  // else: what the accumulators of all rows begin as
	tBPanel  gp = 4  // distance of the panels of b and bias
	tC       gp = 5  // result, first row
	tCRow    gp = 6  // distance of its rows
	tK       gp = 7  // length of the reduction, at least 1
	tRows    gp = 8  // rows of a and c, at least 1
	tDone    gp = 9  // 0: number of rows done before
	tRelu    gp = 10 // not 0: results that are not above zero become +0
	tMask    gp = 11 // first row of what decides instead: c is +0 where mask is not above zero; 0 for none
	tMaskRow gp = 12 // distance of its rows

	tNextB gp = 13
	tCount gp = 14
	tSpare gp = 14
	tAgain gp = 15
)

// tNextA are the rows of a at hand; tNextPanel those of b in the panels behind the first, where there are several.
var (
	tNextA     = [...]gp{15, 19, 20, 21, 22, 23, 24, 25}
	tNextPanel = [...]gp{tNextB, 19, 20, 21}
)

// tile emits the routine of a family, which computes all rows of c for as many panels as its tiles are wide.
func (a *arm) tile(t armTiles) {
	comment := []string{
		fmt.Sprintf("c[r, u] = act(bias[u] + Σk a[r, k]·b[k, u])   for all rows, %d units; fused, k ascending", t.units),
		fmt.Sprintf("  a [rows, k]   b [k, %d], bias and c [rows, %[1]d]   in %d panels   mask [rows, %[1]d]   rows, k >= 1",
			t.units, t.panels()),
		fmt.Sprintf("  tiles of %s rows: accumulators in the first registers, row r in %d from %[2]dr; then elements of a, vectors of b",
			joined(t.rows), t.vectors()),
		"  R0 a, R1 its row   R2 b, R4 its panel   R3 bias   R5 c, R6 its row   R7 k   R8 rows   R9 0   R10 relu",
		"  R11 mask, R12 its row",
		"  act: nothing; with relu, c <= 0 ? +0 : c; with a mask, mask > 0 ? c : +0; nothing outside these bounds is touched",
	}
	if t.across {
		comment = []string{
			fmt.Sprintf("c[r, u] = Σk a[k, r]·b[k, u]   for all rows r, %d units; fused, k ascending", t.units),
			fmt.Sprintf("  a [k, rows]   b [k, %d]   c [rows, %[1]d], rows one behind the other   rows, k >= 1", t.units),
			comment[2],
			"  R0 a, R1 its row   R2 b, R3 its row   R5 c   R7 k   R8 rows   R9 0   nothing outside these bounds is touched",
		}
	}
	a.routine(t.name(), comment...)
	if len(t.rows) > 1 {
		a.pick(t)
	}
	for _, rows := range t.rows {
		a.label(fmt.Sprintf("rows%d", rows))
		if t.across {
			a.acrossRows(t, rows)
		} else {
			a.tileRows(t, rows)
		}
	}
	if !t.across {
		a.stored(t)
	}
}

// pick emits the choice of the next tile: the largest while two of it are left, then two of about half. The last may begin
// before the rows that are left, and compute some again, with the same result: so there need not be a tile of each number
// of rows.
func (a *arm) pick(t armTiles) {
	want := tSpare
	label := func(what string, rows int) string { return fmt.Sprintf("%s%d", what, rows) }
	a.label("next")
	a.op("MOVD", tRows, want)
	a.op("CMP", t.rows[0], tRows)
	a.op("BLE", "wanted")
	a.op("MOVD", t.rows[0], want)
	a.op("CMP", 2*t.rows[0], tRows)
	a.op("BGE", "wanted")
	a.op("ADD", 1, tRows, want)
	a.op("LSR", 1, want)
	a.label("wanted")
	for i, rows := range t.rows[:len(t.rows)-1] {
		smaller := t.rows[i+1]
		a.op("CMP", smaller, want)
		a.op("BLE", label("below", rows))
		a.op("MOVD", rows, tAgain)
		a.op("SUBS", tRows, tAgain, tAgain)
		a.op("BLE", label("rows", rows))
		a.op("CMP", tDone, tAgain)
		a.op("BGT", label("rows", smaller))
		a.op("ADD", tAgain, tRows)
		if t.across {
			a.op("SUB", fmt.Sprintf("%v<<2", tAgain), tA)
			a.op("MOVD", 4*t.units, tSpare)
			a.op("MSUB", tAgain, tC, tSpare, tC)
		} else {
			a.op("MSUB", tAgain, tA, tARow, tA)
			a.op("MSUB", tAgain, tC, tCRow, tC)
			a.op("MSUB", tAgain, tMask, tMaskRow, tMask)
		}
		a.op("B", label("rows", rows))
		a.label(label("below", rows))
	}
	a.op("B", "rows1")
}

// tileRows emits the tile of that many rows, where the rows of a lie along the reduction.
func (a *arm) tileRows(t armTiles, rows int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, rows) }
	n := t.vectors()
	nextA := tNextA[:rows]
	for r := range rows {
		for v := 0; v < n; v += 2 {
			base, disp := tBias, 16*v
			if t.units > 16 {
				if base = tNextPanel[v/4]; v == 0 {
					a.op("MOVD", tBias, base)
				} else if v%4 == 0 {
					a.op("ADD", tBPanel, tNextPanel[v/4-1], base)
				}
				disp = 16 * (v % 4)
			}
			a.loadPair(t.acc(r, v), base, disp)
		}
	}
	a.op("MOVD", tA, nextA[0])
	for r := 1; r < rows; r++ {
		a.op("ADD", tARow, nextA[r-1], nextA[r])
	}
	a.op("MOVD", tB, tNextB)
	for p := 1; p < t.panels(); p++ {
		a.op("ADD", tBPanel, tNextPanel[p-1], tNextPanel[p])
	}

	x := func(row int) vector { return vector(rows*n + row) }
	spare := vector(rows*n + rows)
	load := func(v vector, unit int) {
		b := tNextPanel[unit/4]
		switch {
		case spare > 28: // too few registers for pairs
			a.loadNext(v, b)
		case unit%2 == 0:
			a.loadPairNext(v, b)
		}
	}
	steps := []int{4, 1}
	if t.units > 16 {
		steps = []int{1} // a row of b is long enough
	}
	for _, k := range steps {
		loop, done := label(fmt.Sprintf("k%d_", k)), label(fmt.Sprintf("k%dDone", k))
		switch {
		case len(steps) == 1:
			a.op("MOVD", tK, tCount)
		case k == 4:
			a.op("LSR", 2, tK, tCount)
			a.op("CBZ", tCount, done)
		default:
			a.op("AND", 3, tK, tCount)
			a.op("CBZ", tCount, done)
		}
		a.label(loop)
		a.multiply(t, rows, k, spare, func() {
			for r, base := range nextA {
				if k == 4 {
					a.loadNext(x(r), base)
				} else {
					a.op("FMOVS.P", mem(base, 4), x(r).f())
				}
			}
		}, load, func(row, k int) (vector, int) { return x(row), k })
		a.op("SUBS", 1, tCount)
		a.op("BNE", loop)
		if len(steps) > 1 {
			a.label(done)
		}
	}

	a.op("CBZ", tRelu, label("store"))
	a.zero(spare)
	for i := range rows * n {
		a.vec("fmax", vector(i), vector(i), spare)
	}
	a.label(label("store"))
	for r := range rows {
		for v := 0; v < n; v += 2 {
			a.storePair(t.acc(r, v), tC, 16*v)
		}
		a.op("ADD", tCRow, tC)
	}
	a.op("MOVD", rows, tCount)
	a.op("B", "stored")
}

// masked reports whether the family takes a mask: gradInput has no use for the others.
func (t armTiles) masked() bool { return !t.across && t.units <= 16 }

// acrossRows emits the tile of that many rows, where the rows of a lie across the reduction.
func (a *arm) acrossRows(t armTiles, rows int) {
	loop := fmt.Sprintf("k%d", rows)
	n := t.vectors()
	nextA := tNextA[0]
	for i := range rows * n {
		a.zero(vector(i))
	}
	a.op("MOVD", tA, nextA)
	a.op("MOVD", tB, tNextB)
	a.op("MOVD", tK, tCount)
	a.label(loop)
	x := func(row int) vector { return vector(rows*n + row/4) }
	a.multiply(t, rows, 1, x(rows+3), func() {
		for r := 0; r < rows; {
			switch at := mem(nextA, 4*r); {
			case rows-r >= 4:
				a.op("FMOVQ", at, x(r).f())
				r += 4
			case rows-r >= 2:
				a.op("FMOVD", at, x(r).f())
				r += 2
			default:
				a.op("FMOVS", at, x(r).f())
				r++
			}
		}
		a.op("ADD", tARow, nextA)
	}, func(v vector, unit int) {
		if unit%2 == 0 {
			a.loadPair(v, tNextB, 16*unit)
		}
		if unit == n-1 {
			a.op("ADD", tBStep, tNextB)
		}
	}, func(row, _ int) (vector, int) { return x(row), row % 4 })
	a.op("SUBS", 1, tCount)
	a.op("BNE", loop)
	for i := 0; i < rows*n; i += 2 {
		a.storePairNext(vector(i), tC)
	}
	a.op("ADD", 4*rows, tA)
	a.op("ADD", rows, tDone)
	a.op("SUBS", rows, tRows)
	a.op("BNE", "next")
	a.op("RET")
}

// stored emits what follows a tile's results: the mask, which goes over them again, and the next rows.
func (a *arm) stored(t armTiles) {
	rows, c := tCount, tNextB
	a.label("stored")
	a.op("MADD", rows, tA, tARow, tA)
	a.op("ADD", rows, tDone)
	a.op("SUB", rows, tRows)
	if t.masked() {
		x, m := eight(0), eight(1)
		a.op("CBZ", tMask, "unmasked")
		a.op("MSUB", rows, tC, tCRow, c)
		a.label("mask")
		for v := 0; v < t.vectors(); v += 2 {
			a.loadEight(m, tMask, 16*v)
			a.loadEight(x, c, 16*v)
			a.both("fcmgt 0", m, m)
			a.both("and", x, x, m)
			a.storeEight(x, c, 16*v)
		}
		a.op("ADD", tMaskRow, tMask)
		a.op("ADD", tCRow, c)
		a.op("SUBS", 1, rows)
		a.op("BNE", "mask")
		a.label("unmasked")
	}
	next := "next"
	if len(t.rows) == 1 {
		next = "rows1"
	}
	a.op("CBNZ", tRows, next)
	a.op("RET")
}

// multiply adds to a tile's accumulators the products of k columns of a and as many rows of b. The registers from spare on
// take turns with the vectors of b: each is loaded while those before it are multiplied, for small cores wait for a
// load where it is used. begin loads the elements of a, and load a vector of b or, at even ones of a row, two.
func (a *arm) multiply(t armTiles, rows, k int, spare vector,
	begin func(), load func(v vector, unit int), x func(row, k int) (vector, int)) {
	n := t.vectors()
	registers := min((32-int(spare))&^1, 8)
	ahead := max(registers-2, 1)
	b := func(i int) vector { return spare + vector(i%registers) }
	loaded := 0
	loadTo := func(end int) {
		for ; loaded < min(end, k*n); loaded++ {
			load(b(loaded), loaded%n)
		}
	}
	loadTo(1)
	begin()
	for i := range k * n {
		loadTo(i + ahead + 1)
		for r := range rows {
			elements, element := x(r, i/n)
			a.multiplyAddElement(t.acc(r, i%n), b(i), elements, element)
		}
	}
}
