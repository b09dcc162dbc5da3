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

// work returns the product's multiply-adds.
func (d *dense) work() int { return d.rows * d.inputs * d.units }

// small reports whether a kernel may compute a whole product in one call.
func (d *dense) small() bool { return d.work() <= maxWork }

// blockLen returns the length of a block of so much work along a dimension of which one element costs perElement.
func blockLen(work, perElement int) int { return max(work/perElement/blockRows, 1) * blockRows }

// blocksOf returns how many blocks n elements make.
func blocksOf(n, block int) int { return (n + block - 1) / block }

// forward computes the layer's outputs with kernel k, in one call or in blocks of rows and units.
func (d *dense) forward(k isa) {
	if d.small() {
		k.forward(d)
		return
	}
	block := d.forwardBlock(maxWork)
	for part := range d.forwardParts(block) {
		d.forwardPart(k, block, part)
	}
}

func (d *dense) forwardBlock(work int) int {
	return blockLen(work, d.inputs*min(d.units, blockUnits))
}

func (d *dense) forwardParts(block int) int { return d.unitBlocks() * blocksOf(d.rows, block) }

// forwardPart computes a block of that many rows.
func (d *dense) forwardPart(k isa, block, part int) {
	n := blocksOf(d.rows, block)
	b, u := d.unitBlock(part / n)
	r := part % n * block
	b.x, b.y, b.rows = d.x[r*d.ldx:], d.y[r*d.ldy+u:], min(block, d.rows-r)
	k.forward(&b)
}

// gradWeights computes the gradients of the layer's weights and bias with kernel k, in one call or in blocks of inputs and
// units. Rows are not split: they are the reduction.
func (d *dense) gradWeights(k isa) {
	if d.small() {
		k.gradWeights(d)
		return
	}
	block := d.gradWeightsBlock(maxWork)
	for part := range d.gradWeightsParts(block) {
		d.gradWeightsPart(k, block, part)
	}
}

func (d *dense) gradWeightsBlock(work int) int {
	return blockLen(work, d.rows*min(d.units, blockUnits))
}

func (d *dense) gradWeightsParts(block int) int { return d.unitBlocks() * blocksOf(d.inputs, block) }

// gradWeightsPart computes a block of that many inputs.
func (d *dense) gradWeightsPart(k isa, block, part int) {
	n := blocksOf(d.inputs, block)
	b, u := d.unitBlock(part / n)
	i := part % n * block
	b.dz, b.x, b.g = d.dz[u:], d.x[i:], d.g[u/lanes*d.panel+i*panelWidth(d.units, u):]
	b.inputs, b.bias = min(block, d.inputs-i), d.bias && i == 0
	k.gradWeights(&b)
}

// unitBlocks returns the number of blocks of units.
func (d *dense) unitBlocks() int {
	whole := padded(d.units) &^ (lanes - 1)
	n := blocksOf(whole, blockUnits)
	if whole < d.units {
		n++
	}
	return n
}

// unitBlock returns the first unit of a block of units, and the operands that depend on the units alone. A last panel of 8
// units is a block of its own: its rows are narrower.
func (d *dense) unitBlock(i int) (b dense, u int) {
	whole := padded(d.units) &^ (lanes - 1)
	u = min(i*blockUnits, whole)
	b = *d
	b.units = min(blockUnits, d.units-u)
	if u < whole {
		b.units = min(b.units, whole-u)
	}
	b.w = d.w[u/lanes*d.panel:]
	return b, u
}

// gradInput computes the gradient of the layer's inputs with kernel k, in one call or in blocks of rows and inputs.
func (d *dense) gradInput(k isa) {
	if d.small() {
		k.gradInput(d)
	} else {
		for part := range d.gradInputParts() {
			d.gradInputPart(k, part, d.t)
		}
	}
	d.clearPads()
}

func (d *dense) gradInputParts() int { return blocksOf(d.inputs, blockInputs) }

// gradInputPart computes a strip of inputs, whose transposed weights it leaves in t.
func (d *dense) gradInputPart(k isa, part int, t []float32) {
	i := part * blockInputs
	b := *d
	b.from, b.inputs, b.t = i, min(blockInputs, d.inputs-i), t
	n := blockLen(maxWork, d.units*b.inputs)
	for r := 0; r < d.rows; r += n {
		b.x, b.dz, b.dx, b.rows = d.x[r*d.ldx+i:], d.dz[r*d.ldy:], d.dx[r*d.lddx+i:], min(n, d.rows-r)
		k.gradInput(&b)
		b.transposed = true
	}
}

// clearPads sets the pads of dx to zero: a kernel may leave anything there.
func (d *dense) clearPads() {
	if pad := padded(d.inputs) - d.inputs; pad > 0 {
		for r := range d.rows {
			clear(d.dx[r*d.lddx+d.inputs:][:pad])
		}
	}
}
