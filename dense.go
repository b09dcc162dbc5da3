package mlp

import "fmt"

// dense holds the operands of one Dense layer's products. Its owner builds it once and keeps it, so that a kernel call
// passes one pointer; only rows (and, for the first layer, x) change from call to call.
//
// Packed weights are [panels][1+inputs][16]: one panel for each 16 units, row 0 the bias, row 1+i the weights of input i.
// The last panel is 8 wide if at most 8 units remain. Pads are zero and stay zero while all numbers are finite. What a
// product writes overlaps nothing that it reads.
type dense struct {
	x  []float32 // [rows, ldx] inputs
	w  []float32 // packed weights
	y  []float32 // [rows, ldy] outputs; pads may be overwritten
	dz []float32 // [rows, ldy] gradient with respect to x·w + b; pads are zero
	g  []float32 // gradient with respect to w, packed as w
	dx []float32 // [rows, lddx] gradient with respect to x; the method gradInput writes pads as zero
	t  []float32 // [2][padded(units)][16] scratch of gradInput: a strip of transposed weights

	ldx, ldy, lddx int
	panel          int // distance from one panel of w and g to the next
	rows           int
	inputs, units  int
	from           int // gradInput: what input x, dx and the block begin at in w; 0 outside this file

	relu   bool // forward: apply ReLU
	bias   bool // gradWeights: write row 0, the gradient of the bias
	masked bool // gradInput: x is the output of a ReLU; pass its gradient

	transposed bool // gradInput: t holds the block's weights already; false outside this file
}

// scratchLen returns the length of dense.t.
func scratchLen(units int) int { return 2 * lanes * padded(units) }

// check panics unless all operands of the products that d describes have room for rows rows: the assembly trusts them.
// Unused operands are nil.
func (d *dense) check(maxRows int) {
	last := func(cols, ld int) int { return (maxRows-1)*ld + cols }
	ok := maxRows > 0 && d.inputs > 0 && d.units > 0 && d.ldx >= d.inputs && d.ldy >= padded(d.units) &&
		d.panel >= lanes*(1+d.inputs) && len(d.w) == packedLen(d.inputs, d.units) &&
		(d.x == nil || len(d.x) >= last(d.inputs, d.ldx)) &&
		(d.y == nil || len(d.y) >= last(padded(d.units), d.ldy)) &&
		(d.dz == nil || len(d.dz) >= last(padded(d.units), d.ldy)) &&
		(d.g == nil || len(d.g) == len(d.w)) &&
		(d.dx == nil || d.lddx >= padded(d.inputs) && len(d.dx) >= last(padded(d.inputs), d.lddx) && len(d.t) >= scratchLen(d.units)) &&
		(!d.masked || d.ldx >= padded(d.inputs) && len(d.x) >= last(padded(d.inputs), d.ldx))
	if !ok {
		panic(fmt.Sprintf("mlp: internal: operands of a %d→%d product do not fit", d.inputs, d.units))
	}
}

// maxWork is the number of multiply-adds that a kernel call may take, some 100 µs at most: assembly cannot be preempted,
// and keeps a garbage collection waiting.
const maxWork = 4 << 20

// Blocks are whole tiles: rows and inputs are split at multiples of blockRows, units at whole groups of panels.
const (
	blockRows   = 16
	blockUnits  = 4 * lanes
	blockInputs = 2 * lanes // the strip of weights that gradInput transposes
)

// small reports whether a kernel may compute a whole product in one call.
func (d *dense) small() bool { return d.rows*d.inputs*d.units <= maxWork }

// blockLen returns the length of a block along a dimension of which one element costs work multiply-adds.
func blockLen(work int) int { return max(maxWork/work/blockRows, 1) * blockRows }

// forward computes the layer's outputs with kernel k, in one call or in blocks of rows and units.
func (d *dense) forward(k isa) {
	if d.small() {
		k.forward(d)
		return
	}
	n := blockLen(d.inputs * min(d.units, blockUnits))
	for u := 0; u < d.units; {
		b := d.unitBlock(u)
		for r := 0; r < d.rows; r += n {
			b.x, b.y, b.rows = d.x[r*d.ldx:], d.y[r*d.ldy+u:], min(n, d.rows-r)
			k.forward(&b)
		}
		u += b.units
	}
}

// gradWeights computes the gradients of the layer's weights and bias with kernel k, in one call or in blocks of inputs and
// units. Rows are not split: they are the reduction.
func (d *dense) gradWeights(k isa) {
	if d.small() {
		k.gradWeights(d)
		return
	}
	n := blockLen(d.rows * min(d.units, blockUnits))
	for u := 0; u < d.units; {
		b := d.unitBlock(u)
		b.dz = d.dz[u:]
		width := panelWidth(d.units, u)
		for i := 0; i < d.inputs; i += n {
			b.x, b.g, b.inputs, b.bias = d.x[i:], d.g[u/lanes*d.panel+i*width:], min(n, d.inputs-i), d.bias && i == 0
			k.gradWeights(&b)
		}
		u += b.units
	}
}

// unitBlock returns the operands that depend on the units alone for the block that begins at unit u. A last panel of 8
// units is a block of its own: its rows are narrower.
func (d *dense) unitBlock(u int) dense {
	b := *d
	b.units = min(blockUnits, d.units-u)
	if whole := padded(b.units) &^ (lanes - 1); whole > 0 {
		b.units = min(b.units, whole)
	}
	b.w = d.w[u/lanes*d.panel:]
	return b
}

// gradInput computes the gradient of the layer's inputs with kernel k, in one call or in blocks of rows and inputs, and
// sets the pads to zero: a kernel may leave anything there.
func (d *dense) gradInput(k isa) {
	if d.small() {
		k.gradInput(d)
	} else {
		n := blockLen(d.units * min(d.inputs, blockInputs))
		for i := 0; i < d.inputs; i += blockInputs {
			b := *d
			b.from, b.inputs = i, min(blockInputs, d.inputs-i)
			for r := 0; r < d.rows; r += n {
				b.x, b.dz, b.dx, b.rows = d.x[r*d.ldx+i:], d.dz[r*d.ldy:], d.dx[r*d.lddx+i:], min(n, d.rows-r)
				k.gradInput(&b)
				b.transposed = true
			}
		}
	}
	if pad := padded(d.inputs) - d.inputs; pad > 0 {
		for r := range d.rows {
			clear(d.dx[r*d.lddx+d.inputs:][:pad])
		}
	}
}
