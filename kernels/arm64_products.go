package kernels

// armChoice is a family of tiles, and up to how many rows it is taken; 0 is any number.
type armChoice struct {
	armTiles
	maxRows int
}

// Local variables of the kernels that walk over panels, by their places in the frame.
var (
	wLeft   = local("left", 1)  // units left
	wRight  = local("right", 2) // next panel of the right operand
	wResult = local("result", 3)
	wMask   = local("mask", 4)
	wDone   = local("done", 5) // gradInput: inputs done
)

// wD holds the dense, wX and wY what is computed between the tiles.
const (
	wD gp = 13
	wX gp = 14
	wY gp = 15
)

// products emits the kernels of a layer's three products. Each is a walk over panels that calls the routines of tiles.
func (a *arm) products() {
	a.data("zeros", 1, make([]float32, 16)...)
	a.forward()
	a.gradInput()
	a.gradWeights()
	for _, t := range []armTiles{armTiles64, armTiles16, armTiles8, armAcross16, armAcross8} {
		a.tile(t)
	}
	a.transpose()
	a.peak()
}

// peak emits the loop that measures the peak of the multiply-adds, for the benchmarks.
func (a *arm) peak() {
	n, x := gp(0), vector(24)
	a.kernel("peakNEON", "(n int)", 0, 8, "n rounds of 24 independent multiply-adds")
	a.op("MOVD", argument("n", 0), n)
	for v := range x + 1 {
		a.zero(v)
	}
	a.label("round")
	for v := range x {
		a.multiplyAddElement(v, x, x, 0)
	}
	a.op("SUBS", 1, n)
	a.op("BNE", "round")
	a.op("RET")
}

// fieldTo loads a field of the dense, and bytesTo one that counts floats, in bytes.
func (a *arm) fieldTo(name string, to gp) { a.op("MOVD", a.field(wD, "dense."+name), to) }
func (a *arm) bytesTo(name string, to gp) {
	a.fieldTo(name, to)
	a.op("LSL", 2, to)
}

// begin loads d and sets local variables to fields of it.
func (a *arm) begin(fields map[string]string, order ...string) {
	a.op("MOVD", argument("d", 0), wD)
	for _, field := range order {
		a.fieldTo(field, wX)
		a.op("MOVD", wX, fields[field])
	}
}

// padTo rounds a number of units up to whole vectors of eight.
func (a *arm) padTo(r gp) {
	a.op("ADD", 7, r)
	a.op("AND", -8, r)
}

// panels emits the loop over the panels of the units left. Where it begins, load sets the arguments of a tile; before a
// call of a family, enter has the last word; behind it, leave moves the operands on by a number of units and of panels.
func (a *arm) panels(families []armChoice, load func(), enter func(t armTiles), leave func(t armTiles)) {
	a.label("panel")
	a.op("MOVD", argument("d", 0), wD)
	load()
	a.op("MOVD", 0, tDone)
	a.op("MOVD", wLeft, wX)
	for i, c := range families {
		other := "not" + c.name()
		last := i == len(families)-1
		if !last {
			a.op("CMP", c.units, wX)
			a.op("BLT", other)
		}
		if c.maxRows > 0 {
			a.op("CMP", c.maxRows, tRows)
			a.op("BGT", other)
		}
		enter(c.armTiles)
		a.call(c.name())
		if last {
			break
		}
		a.op("MOVD", wLeft, wX)
		a.op("SUBS", c.units, wX)
		a.op("BLE", "panelsDone")
		a.op("MOVD", wX, wLeft)
		leave(c.armTiles)
		a.op("B", "panel")
		a.label(other)
	}
	a.label("panelsDone")
}

// move adds to a local variable.
func (a *arm) move(variable string, by any) {
	a.op("MOVD", variable, wX)
	a.op("ADD", by, wX)
	a.op("MOVD", wX, variable)
}

// forward emits the kernel of the forward product.
func (a *arm) forward() {
	a.kernel("forwardNEON", "(d *dense)", 24, 8,
		"y[b, u] = act(bias[u] + Σi x[b, i]·w[i, u]), fused, i ascending, u padded to a multiple of 8; act is ReLU or nothing",
		"  y [rows, ldy]   x [rows, ldx]   w [panels][1+inputs][16] packed   bounds: dense.check")
	a.begin(map[string]string{"units": wLeft, "w": wRight, "y": wResult}, "w", "y", "units")
	a.padTo(wX)
	a.op("MOVD", wX, wLeft)
	a.panels([]armChoice{{armTiles64, 3}, {armTiles16, 0}, {armTiles8, 0}}, func() {
		a.fieldTo("x", tA)
		a.bytesTo("ldx", tARow)
		a.op("MOVD", wRight, tBias)
		a.bytesTo("panel", tBPanel)
		a.op("MOVD", wResult, tC)
		a.bytesTo("ldy", tCRow)
		a.fieldTo("inputs", tK)
		a.fieldTo("rows", tRows)
		a.op("MOVBU", a.field(wD, "dense.relu"), tRelu)
		a.op("MOVD", 0, tMask)
		a.op("MOVD", 0, tMaskRow)
	}, func(t armTiles) {
		a.op("ADD", 4*min(t.units, 16), tBias, tB)
	}, func(t armTiles) {
		a.op("MOVD", wRight, wX)
		if t.panels() == 1 {
			a.op("ADD", tBPanel, wX)
		} else {
			a.op("ADD", shifted(tBPanel, 2), wX)
		}
		a.op("MOVD", wX, wRight)
		a.move(wResult, 4*t.units)
	})
	a.op("RET")
}

// gradInput emits the kernel of the gradient of the inputs: for each strip of inputs it transposes the weights into panels
// of inputs, and multiplies by them.
func (a *arm) gradInput() {
	a.kernel("gradInputNEON", "(d *dense)", 40, 8,
		"dx[b, i] = Σu dz[b, u]·w[i, u], fused from zero, u ascending; where masked, +0 unless x[b, i] > 0",
		"  dx [rows, lddx]   dz [rows, ldy]   w [panels][1+inputs][16] packed   x [rows, ldx]   t scratch   bounds: dense.check",
		"  a strip of inputs, from d.from on: t[i/16][u][i%16] = w[i, u]; then dx = dz·t for its panels")
	done, n := wY, tSInputs
	a.op("MOVD", 0, done)

	a.label("strip")
	a.op("MOVD", done, wDone)
	a.begin(map[string]string{"dx": wResult, "x": wMask}, "dx", "x")
	for _, variable := range []string{wResult, wMask} {
		a.move(variable, shifted(done, 2))
	}
	a.fieldTo("inputs", n)
	a.op("SUB", done, n)
	a.op("CMP", strip, n)
	a.op("BLE", "sized")
	a.op("MOVD", strip, n)
	a.label("sized")
	a.op("MOVD", n, wX)
	a.padTo(wX)
	a.op("MOVD", wX, wLeft)
	a.fieldTo("t", tST)
	a.op("MOVD", tST, wRight)
	a.op("MOVBU", a.field(wD, "dense.transposed"), wX)
	a.op("CBNZ", wX, "transposed")
	a.fieldTo("from", tSFrom)
	a.op("ADD", done, tSFrom)
	a.fieldTo("w", tSW)
	a.bytesTo("panel", tSWPanel)
	a.fieldTo("units", tSUnits)
	a.padTo(tSUnits)
	a.call("transposeNEON")
	a.label("transposed")

	a.panels([]armChoice{{armTiles16, 0}, {armTiles8, 0}}, func() {
		a.fieldTo("dz", tA)
		a.bytesTo("ldy", tARow)
		a.op("MOVD", wRight, tB)
		a.op("MOVD", "$zeros<>(SB)", tBias)
		a.fieldTo("units", tBPanel)
		a.padTo(tBPanel)
		a.op("MOVD", wResult, tC)
		a.bytesTo("lddx", tCRow)
		a.fieldTo("units", tK)
		a.fieldTo("rows", tRows)
		a.op("MOVD", 0, tRelu)
		a.op("MOVD", 0, tMask)
		a.op("MOVD", 0, tMaskRow)
		a.op("MOVBU", a.field(wD, "dense.masked"), wX)
		a.op("CBZ", wX, "unmasked")
		a.op("MOVD", wMask, tMask)
		a.bytesTo("ldx", tMaskRow)
		a.label("unmasked")
	}, func(armTiles) {}, func(t armTiles) {
		a.move(wRight, shifted(tBPanel, 6))
		a.move(wResult, 4*t.units)
		a.move(wMask, 4*t.units)
	})
	a.op("MOVD", argument("d", 0), wD)
	a.op("MOVD", wDone, done)
	a.op("ADD", strip, done)
	a.fieldTo("inputs", wX)
	a.op("CMP", wX, done)
	a.op("BLT", "strip")
	a.op("RET")
}

// gradWeights emits the kernel of the gradient of the weights.
func (a *arm) gradWeights() {
	a.kernel("gradWeightsNEON", "(d *dense)", 24, 8,
		"g[1+i, u] = Σb x[b, i]·dz[b, u], fused from zero, b ascending; where d.bias, g[0, u] = Σb dz[b, u]",
		"  g [panels][1+inputs][16] packed   x [rows, ldx]   dz [rows, ldy]   bounds: dense.check")
	a.begin(map[string]string{"units": wLeft, "g": wResult, "dz": wRight}, "g", "dz", "units")
	a.padTo(wX)
	a.op("MOVD", wX, wLeft)
	a.panels([]armChoice{{armAcross16, 0}, {armAcross8, 0}}, func() {
		a.fieldTo("x", tA)
		a.bytesTo("ldx", tARow)
		a.op("MOVD", wRight, tB)
		a.bytesTo("ldy", tBStep)
		a.bytesTo("panel", tBPanel)
		a.op("MOVD", wResult, tC)
		a.fieldTo("rows", tK)
		a.fieldTo("inputs", tRows)
	}, func(t armTiles) {
		loop, weights := "bias"+t.name(), "weights"+t.name()
		n := vector(t.vectors())
		a.op("MOVBU", a.field(wD, "dense.bias"), wX)
		a.op("CBZ", wX, weights)
		for v := range n {
			a.zero(v)
		}
		a.op("MOVD", tB, wX)
		a.op("MOVD", tK, wY)
		a.label(loop)
		for v := vector(0); v < n; v += 2 {
			a.loadPair(n+v, wX, 16*int(v))
		}
		a.op("ADD", tBStep, wX)
		for v := range n {
			a.vec("fadd", v, v, n+v)
		}
		a.op("SUBS", 1, wY)
		a.op("BNE", loop)
		for v := vector(0); v < n; v += 2 {
			a.storePair(v, tC, 16*int(v))
		}
		a.label(weights)
		a.op("ADD", 4*t.units, tC)
	}, func(t armTiles) {
		a.move(wResult, tBPanel)
		a.move(wRight, 4*t.units)
	})
	a.op("RET")
}
