package kernels

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// choice is a routine for panels, and where it is taken.
type choice struct {
	tiles
	routine string
	maxRows int // up to that many rows; 0 is any number
	k       int // for that length of the reduction; 0 is any
}

// always takes a family for any sizes.
func always(t tiles) choice { return choice{tiles: t, routine: t.name()} }

// upToRows takes a family for few rows.
func upToRows(n int, t tiles) choice { return choice{tiles: t, routine: t.name(), maxRows: n} }

// products emits the kernels of a layer's three products. Each is a walk over panels that calls the routines of tiles.
func (p *program) products() {
	p.reluLimit = p.ConstData("minusInf", operand.U32(0xff800000))
	wide := []choice{always(tiles32AVX512), always(tiles16AVX512), always(tiles8AVX2)}
	narrow := []choice{always(tiles16AVX2), always(tiles8AVX2)}
	few := choice{tiles: tiles64AVX512, routine: "tileFew64AVX512", k: fewInputs}
	p.forward("AVX512", append([]choice{few, upToRows(3, tiles64AVX512)}, wide...))
	p.gradInput("AVX512", wide)
	p.gradWeights("AVX512", append([]choice{upToRows(4, tiles64AVX512)}, wide...))
	p.forward("AVX2", append([]choice{upToRows(3, tiles64AVX2)}, narrow...))
	p.gradInput("AVX2", narrow)
	p.gradWeights("AVX2", narrow)
	p.tileFew()
	for _, t := range []tiles{
		tiles64AVX512, tiles32AVX512, tiles16AVX512, tiles64AVX2, tiles16AVX2, tiles8AVX2,
	} {
		p.tile(t)
	}
	p.transpose()
}

// walk is a kernel that calls the routines of tiles: its frame begins with their arguments.
type walk struct {
	*program
	arguments map[string]operand.Mem
	left      operand.Mem // units left
}

func (p *program) newWalk() walk {
	w := walk{p, map[string]operand.Mem{}, operand.Mem{}}
	for _, name := range tileArguments {
		w.arguments[name] = p.slot()
	}
	w.left = p.slot()
	return w
}

// set sets an argument to a value.
func (w walk) set(argument string, value int) { w.MOVQ(imm(value), w.arguments[argument]) }

// pass sets arguments to a field of the dense that d points to.
func (w walk) pass(d reg.GPPhysical, field string, arguments ...string) {
	w.MOVQ(w.field(d, "dense."+field), reg.RAX)
	for _, argument := range arguments {
		w.MOVQ(reg.RAX, w.arguments[argument])
	}
}

// passBytes sets arguments to a field that counts floats, in bytes.
func (w walk) passBytes(d reg.GPPhysical, field string, arguments ...string) {
	w.MOVQ(w.field(d, "dense."+field), reg.RAX)
	w.SHLQ(imm8(2), reg.RAX)
	for _, argument := range arguments {
		w.MOVQ(reg.RAX, w.arguments[argument])
	}
}

// pad rounds a number of units up to whole vectors of eight.
func (p *program) pad(r reg.GPPhysical) {
	p.ADDQ(imm(7), r)
	p.ANDQ(imm(-8), r)
}

// panels emits the loop over the panels of the units left. Where it begins, load sets the arguments that a routine changes
// and d, the dense; before a call of a family, enter has the last word; behind it, leave moves the operands on by a
// number of units and of panels.
func (w walk) panels(families []choice, rows string, load func(d reg.GPPhysical), enter func(t tiles, d reg.GPPhysical), leave func(units, panels int)) {
	d, left := reg.R13, reg.RCX
	w.Label("panel")
	w.Load(w.Param("d"), d)
	load(d)
	w.set("done", 0)
	w.pass(d, rows, "rows")
	w.MOVQ(w.left, left)
	for i, c := range families {
		other := "not" + c.routine
		if c.maxRows > 0 {
			w.CMPQ(reg.RAX, imm(c.maxRows))
			w.JGT(operand.LabelRef(other))
		}
		if c.k > 0 {
			w.CMPQ(w.arguments["k"], imm8(c.k))
			w.JNE(operand.LabelRef(other))
		}
		last := i == len(families)-1
		if !last {
			w.CMPQ(left, imm(c.units))
			w.JLT(operand.LabelRef(other))
		}
		if enter != nil {
			enter(c.tiles, d)
		}
		w.call(c.routine)
		if last {
			break
		}
		w.SUBQ(imm(c.units), w.left)
		w.JLE(operand.LabelRef("panelsDone"))
		leave(c.units, c.units/16)
		w.JMP(operand.LabelRef("panel"))
		w.Label(other)
	}
	w.Label("panelsDone")
}

// forward emits the kernel of the forward product.
func (p *program) forward(isa string, families []choice) {
	p.kernel("forward"+isa, "func(d *dense)",
		"y[b, u] = act(bias[u] + Σi x[b, i]·w[i, u]), fused, i ascending, u padded to a multiple of 8; act is ReLU or nothing",
		"  y [rows, ldy]   x [rows, ldx]   w [panels][1+inputs][16] packed   bounds: dense.check")
	w := p.newWalk()
	nextW, nextY := p.slot(), p.slot()
	d := reg.R13
	p.Load(p.Param("d"), d)
	p.MOVQ(p.field(d, "dense.units"), reg.RAX)
	p.pad(reg.RAX)
	p.MOVQ(reg.RAX, w.left)
	p.MOVQ(p.field(d, "dense.w"), reg.RAX)
	p.MOVQ(reg.RAX, nextW)
	p.MOVQ(p.field(d, "dense.y"), reg.RAX)
	p.MOVQ(reg.RAX, nextY)
	w.passBytes(d, "ldx", "aRow")
	w.set("aStep", 4)
	w.set("bStep", 64)
	w.passBytes(d, "panel", "bPanel")
	w.passBytes(d, "ldy", "cRow")
	w.set("cPanel", 64)
	w.pass(d, "inputs", "k")
	p.MOVBLZX(p.field(d, "dense.relu"), reg.EAX)
	p.MOVQ(reg.RAX, w.arguments["relu"])
	w.set("mask", 0)
	w.set("maskRow", 0)
	w.panels(families, "rows", func(d reg.GPPhysical) {
		w.pass(d, "x", "a")
		p.MOVQ(nextW, reg.RAX)
		p.MOVQ(reg.RAX, w.arguments["bias"])
		p.ADDQ(imm(64), reg.RAX)
		p.MOVQ(reg.RAX, w.arguments["b"])
		p.MOVQ(nextY, reg.RAX)
		p.MOVQ(reg.RAX, w.arguments["c"])
	}, func(t tiles, _ reg.GPPhysical) {
		if t.units == 8 {
			w.SUBQ(imm(32), w.arguments["b"])
			w.set("bStep", 32)
		}
	}, func(units, panels int) {
		p.IMUL3Q(imm(panels), w.arguments["bPanel"], reg.RAX)
		p.ADDQ(reg.RAX, nextW)
		p.ADDQ(imm(4*units), nextY)
	})
	p.ret()
}

// strip is the number of inputs whose weights gradInput transposes at a time.
const strip = 32

// gradInput emits the kernel of the gradient of the inputs: for each strip of inputs it transposes the weights into
// panels of inputs, and multiplies by them.
func (p *program) gradInput(isa string, families []choice) {
	p.kernel("gradInput"+isa, "func(d *dense)",
		"dx[b, i] = Σu dz[b, u]·w[i, u], fused from zero, u ascending; where masked, +0 unless x[b, i] > 0",
		"  dx [rows, lddx]   dz [rows, ldy]   w [panels][1+inputs][16] packed   x [rows, ldx]   t scratch   bounds: dense.check",
		"  a strip of inputs, from d.from on: t[i/16][u][i%16] = w[i, u]; then dx = dz·t for its panels",
	)
	w := p.newWalk()
	done, nextT, nextDX, nextMask := p.slot(), p.slot(), p.slot(), p.slot()
	d, from, n := reg.RBX, reg.R13, reg.RCX
	p.MOVQ(imm(0), done)
	p.Load(p.Param("d"), d)
	w.passBytes(d, "ldy", "aRow")
	w.set("aStep", 4)
	w.set("bias", 0)
	w.passBytes(d, "lddx", "cRow")
	w.set("cPanel", 64)
	w.pass(d, "units", "k")
	w.set("relu", 0)
	w.set("maskRow", 0)
	p.CMPB(p.field(d, "dense.masked"), imm8(0))
	p.JE(operand.LabelRef("strip"))
	w.passBytes(d, "ldx", "maskRow")

	p.Label("strip")
	p.Load(p.Param("d"), d)
	p.MOVQ(done, from)
	p.MOVQ(p.field(d, "dense.inputs"), n)
	p.SUBQ(from, n)
	p.CMPQ(n, imm(strip))
	p.JLE(operand.LabelRef("sized"))
	p.MOVQ(imm(strip), n)
	p.Label("sized")
	p.MOVQ(n, reg.RAX)
	p.pad(reg.RAX)
	p.MOVQ(reg.RAX, w.left)
	p.MOVQ(p.field(d, "dense.dx"), reg.RAX)
	p.LEAQ(at(reg.RAX, 0).Idx(from, 4), reg.RAX)
	p.MOVQ(reg.RAX, nextDX)
	p.MOVQ(p.field(d, "dense.x"), reg.RAX)
	p.LEAQ(at(reg.RAX, 0).Idx(from, 4), reg.RAX)
	p.MOVQ(reg.RAX, nextMask)
	p.MOVQ(p.field(d, "dense.units"), tUnits)
	p.pad(tUnits)
	p.MOVQ(tUnits, tPanel)
	p.SHLQ(imm8(6), tPanel)
	p.MOVQ(tPanel, w.arguments["bPanel"])
	w.set("bStep", 64)
	p.MOVQ(p.field(d, "dense.t"), tT)
	p.MOVQ(tT, nextT)
	p.MOVQ(p.field(d, "dense.w"), tW)
	p.MOVQ(p.field(d, "dense.panel"), tWPanel)
	p.SHLQ(imm8(2), tWPanel)
	p.ADDQ(p.field(d, "dense.from"), from)
	p.CMPB(p.field(d, "dense.transposed"), imm8(0))
	p.JNE(operand.LabelRef("transposed"))
	p.call("transposeAVX2")
	p.Label("transposed")

	w.panels(families, "rows", func(d reg.GPPhysical) {
		w.pass(d, "dz", "a")
		p.MOVQ(nextT, reg.RAX)
		p.MOVQ(reg.RAX, w.arguments["b"])
		p.MOVQ(nextDX, reg.RAX)
		p.MOVQ(reg.RAX, w.arguments["c"])
		p.XORL(reg.EAX, reg.EAX)
		p.CMPB(p.field(d, "dense.masked"), imm8(0))
		p.JE(operand.LabelRef("unmasked"))
		p.MOVQ(nextMask, reg.RAX)
		p.Label("unmasked")
		p.MOVQ(reg.RAX, w.arguments["mask"])
	}, func(t tiles, _ reg.GPPhysical) {
		if t.units == 8 {
			w.set("bStep", 32)
		}
	}, func(units, panels int) {
		p.IMUL3Q(imm(panels), w.arguments["bPanel"], reg.RAX)
		p.ADDQ(reg.RAX, nextT)
		p.ADDQ(imm(4*units), nextDX)
		p.ADDQ(imm(4*units), nextMask)
	})
	p.Load(p.Param("d"), d)
	p.ADDQ(imm(strip), done)
	p.MOVQ(done, reg.RAX)
	p.CMPQ(reg.RAX, p.field(d, "dense.inputs"))
	p.JLT(operand.LabelRef("strip"))
	p.ret()
}

// gradWeights emits the kernel of the gradient of the weights.
func (p *program) gradWeights(isa string, families []choice) {
	p.kernel("gradWeights"+isa, "func(d *dense)",
		"g[1+i, u] = Σb x[b, i]·dz[b, u], fused from zero, b ascending; where d.bias, g[0, u] = Σb dz[b, u]",
		"  g [panels][1+inputs][16] packed   x [rows, ldx]   dz [rows, ldy]   bounds: dense.check")
	w := p.newWalk()
	nextG, nextDZ := p.slot(), p.slot()
	d := reg.R13
	p.Load(p.Param("d"), d)
	p.MOVQ(p.field(d, "dense.units"), reg.RAX)
	p.pad(reg.RAX)
	p.MOVQ(reg.RAX, w.left)
	p.MOVQ(p.field(d, "dense.g"), reg.RAX)
	p.MOVQ(reg.RAX, nextG)
	p.MOVQ(p.field(d, "dense.dz"), reg.RAX)
	p.MOVQ(reg.RAX, nextDZ)
	w.set("aRow", 4)
	w.passBytes(d, "ldx", "aStep")
	w.set("bias", 0)
	w.passBytes(d, "ldy", "bStep")
	w.set("bPanel", 64)
	w.set("cRow", 64)
	w.passBytes(d, "panel", "cPanel")
	w.pass(d, "rows", "k")
	w.set("relu", 0)
	w.set("mask", 0)
	w.set("maskRow", 0)
	g, dz, ldy, b := reg.RDI, reg.RSI, reg.RDX, reg.RBX
	w.panels(families, "inputs", func(d reg.GPPhysical) {
		w.pass(d, "x", "a")
		p.MOVQ(nextG, g)
		p.MOVQ(nextDZ, dz)
		p.MOVQ(dz, w.arguments["b"])
	}, func(t tiles, d reg.GPPhysical) {
		label := func(name string) string { return fmt.Sprintf("%s%d", name, t.units) }
		row := 4 * min(t.units, 16)
		p.LEAQ(at(g, row), reg.RAX)
		p.MOVQ(reg.RAX, w.arguments["c"])
		if t.units == 8 {
			w.set("cRow", 32)
		}
		p.CMPB(p.field(d, "dense.bias"), imm8(0))
		p.JE(operand.LabelRef(label("weights")))
		p.Commentf("The gradient of %d biases.", t.units)
		for v := range t.vectors() {
			p.clear(t.vectorSet, t.acc(0, v))
		}
		p.MOVQ(w.arguments["bStep"], ldy)
		p.MOVQ(p.field(d, "dense.rows"), b)
		p.Label(label("bias"))
		for v := range t.vectors() {
			p.VADDPS(at(dz, v*t.bytes()), t.acc(0, v), t.acc(0, v))
		}
		p.ADDQ(ldy, dz)
		p.DECQ(b)
		p.JNE(operand.LabelRef(label("bias")))
		panel, panel3 := reg.R8, reg.R9
		p.MOVQ(w.arguments["cPanel"], panel)
		if t.units > 48 {
			p.LEAQ(at(panel, 0).Idx(panel, 2), panel3)
		}
		for v := range t.vectors() {
			p.VMOVUPS(t.acc(0, v), t.vector(g, panel, panel3, v))
		}
		p.Label(label("weights"))
	}, func(units, panels int) {
		p.IMUL3Q(imm(panels), w.arguments["cPanel"], reg.RAX)
		p.ADDQ(reg.RAX, nextG)
		p.ADDQ(imm(4*units), nextDZ)
	})
	p.ret()
}
