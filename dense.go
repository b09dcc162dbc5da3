package mlp

import "fmt"

// dense holds the operands of one Dense layer's products. Its owner builds it once and keeps it, so that a kernel call
// passes one pointer; only rows (and, for the first layer, x) change from call to call.
//
// Packed weights are [panels][1+inputs][16]: one panel for each 16 units, row 0 the bias, row 1+i the weights of input i.
// The last panel is 8 wide if at most 8 units remain. Pads are zero and stay zero while all numbers are finite.
type dense struct {
	x  []float32 // [rows, ldx] inputs
	w  []float32 // packed weights
	y  []float32 // [rows, ldy] outputs; pads may be overwritten
	dz []float32 // [rows, ldy] gradient with respect to x·w + b; pads are zero
	g  []float32 // gradient with respect to w, packed as w
	dx []float32 // [rows, lddx] gradient with respect to x; pads are written as zero
	t  []float32 // [2][units][16] scratch of gradInput: a strip of transposed weights

	ldx, ldy, lddx int
	panel          int // distance from one panel of w and g to the next
	rows           int
	inputs, units  int

	relu   bool // forward: apply ReLU
	bias   bool // gradWeights: write row 0, the gradient of the bias
	masked bool // gradInput: x is the output of a ReLU; pass its gradient
}

// scratchLen returns the length of dense.t.
func scratchLen(units int) int { return 2 * lanes * units }

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
		(d.dx == nil || d.lddx >= padded(d.inputs) && len(d.dx) >= last(padded(d.inputs), d.lddx) && len(d.t) >= scratchLen(d.units))
	if !ok {
		panic(fmt.Sprintf("mlp: internal: operands of a %d→%d product do not fit", d.inputs, d.units))
	}
}

// forward, gradWeights and gradInput compute the layer's products with kernel k. Assembly cannot be preempted, so a call
// that would last too long is split into blocks of rows and units.
func (d *dense) forward(k isa)     { k.forward(d) }
func (d *dense) gradWeights(k isa) { k.gradWeights(d) }
func (d *dense) gradInput(k isa)   { k.gradInput(d) }
