package kernels

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Arguments of the outer product routines, distances in bytes.
var (
	outX      = reg.RSI // first input of the first row
	outLDX    = reg.R8
	outDZ     = reg.RDX // first unit of the first row
	outLDY    = reg.R10
	outRows   = reg.RAX // number of rows, at least 1
	outInputs = reg.RCX // number of inputs, at least 1
	outG      = reg.RDI // row 0 of the first panel
	outPanel  = reg.R9
	outBias   = reg.RBX // not 0: write row 0
)

// weightGradients emits the kernels of the gradient of the weights.
func (p *program) weightGradients() {
	avx512 := []choice{{tiles64AVX512, 0}, {tiles32AVX512, 0}, {tiles16AVX512, 0}, {tiles8AVX2, 0}}
	avx2 := []choice{{tiles32AVX2, 0}, {tiles16AVX2, 0}, {tiles8AVX2, 0}}
	p.gradWeights("AVX512", avx512)
	p.gradWeights("AVX2", avx2)
	for _, c := range append(avx512[:3:3], avx2...) {
		p.outer(c.tiles)
	}
}

// gradWeights emits the kernel of the gradient of the weights.
func (p *program) gradWeights(isa string, families []choice) {
	p.kernel("gradWeights"+isa, "func(d *dense)",
		"g[1+i, u] = Σb x[b, i]·dz[b, u], fused from zero, b ascending; where d.bias, g[0, u] = Σb dz[b, u]",
		"  g [panels][1+inputs][16] packed   x [rows, ldx]   dz [rows, ldy]   the sizes are checked by dense.check")
	left, g, dz := p.slot(), p.slot(), p.slot()
	d := reg.R13
	p.Load(p.Param("d"), d)
	p.MOVQ(p.field(d, "dense.units"), reg.RAX)
	p.ADDQ(imm(7), reg.RAX)
	p.ANDQ(imm(-8), reg.RAX)
	p.MOVQ(reg.RAX, left)
	p.MOVQ(p.field(d, "dense.g"), reg.RDI)
	p.MOVQ(reg.RDI, g)
	p.MOVQ(p.field(d, "dense.dz"), reg.RDX)
	p.MOVQ(reg.RDX, dz)

	p.Label("panel")
	p.Load(p.Param("d"), d)
	p.MOVQ(p.field(d, "dense.x"), outX)
	p.bytesOf(p.field(d, "dense.ldx"), outLDX)
	p.bytesOf(p.field(d, "dense.ldy"), outLDY)
	p.bytesOf(p.field(d, "dense.panel"), outPanel)
	p.MOVQ(p.field(d, "dense.rows"), outRows)
	p.MOVQ(p.field(d, "dense.inputs"), outInputs)
	p.MOVBLZX(p.field(d, "dense.bias"), outBias.As32())
	p.MOVQ(g, outG)
	p.MOVQ(dz, outDZ)
	p.MOVQ(left, d)
	for i, c := range families {
		next := fmt.Sprintf("not%d", c.units)
		if i < len(families)-1 {
			p.CMPQ(d, imm(c.units))
			p.JLT(operand.LabelRef(next))
		}
		p.call(c.name("outer"))
		p.SUBQ(imm(c.units), left)
		p.JLE(operand.LabelRef("done"))
		p.ADDQ(imm(4*c.units), dz)
		p.Load(p.Param("d"), d)
		p.MOVQ(p.field(d, "dense.panel"), outPanel)
		p.SHLQ(imm8(2+c.units/32), outPanel)
		p.ADDQ(outPanel, g)
		p.JMP(operand.LabelRef("panel"))
		if i < len(families)-1 {
			p.Label(next)
		}
	}
	p.Label("done")
	p.ret()
}

// outer emits the routine that computes the gradients of all inputs for as many panels as a family's tiles are wide.
func (p *program) outer(t tiles) {
	n := t.vectors()
	p.routine(t.name("outer"),
		fmt.Sprintf("outer: g[1+i, u] = Σb x[b, i]·dz[b, u]   for all inputs, %d units; fused from zero, b ascending; g[0, u] = Σb dz[b, u]", t.units),
		fmt.Sprintf("  g [1+inputs, %d] packed, %d panels   x [rows, ldx]   dz [rows, ldy]   inputs, rows >= 1", min(t.units, 16), max(1, t.units/16)),
		fmt.Sprintf("  SI x, R8 ldx   DX dz, R10 ldy   DI g, R9 panel   AX rows   CX inputs   BX not 0 for g[0]   tiles of up to %d inputs", t.rows[0]),
		fmt.Sprintf("  first registers accumulators, input i in %d from %di; behind them a row of dz and elements of x; clobbers all", n, n),
	)
	rows, left := p.slot(), p.slot()
	p.MOVQ(outRows, rows)
	x, dz, count, panel3 := reg.RBX, reg.R11, reg.RAX, reg.R12
	if n*t.bytes() == 256 {
		p.LEAQ(at(outPanel, 0).Idx(outPanel, 2), panel3)
	}
	p.TESTQ(outBias, outBias)
	p.JE(operand.LabelRef("weights"))
	p.Comment("The gradient of the bias.")
	for v := range n {
		p.clear(t.vectorSet, t.acc(0, v))
	}
	p.MOVQ(outDZ, dz)
	p.Label("bias")
	for v := range n {
		p.VADDPS(at(dz, v*t.bytes()), t.acc(0, v), t.acc(0, v))
	}
	p.ADDQ(outLDY, dz)
	p.DECQ(count)
	p.JNE(operand.LabelRef("bias"))
	for v := range n {
		p.VMOVUPS(t.acc(0, v), t.packed(outG, 0, outPanel, panel3, v))
	}
	p.Label("weights")
	p.ADDQ(imm(t.step()), outG)

	p.Label("next")
	p.MOVQ(outInputs, left)
	p.pick(t, outInputs)
	for _, r := range t.rows {
		label := func(name string) string { return fmt.Sprintf("%s%d", name, r) }
		p.Label(label("rows"))
		p.Commentf("%d inputs.", r)
		for i := range r {
			for v := range n {
				p.clear(t.vectorSet, t.acc(i, v))
			}
		}
		p.MOVQ(outX, x)
		p.MOVQ(outDZ, dz)
		p.MOVQ(rows, count)
		p.Label(label("b"))
		p.multiply(t, r, func(i int) operand.Mem { return at(x, 4*i) }, func(v int) operand.Mem { return at(dz, v*t.bytes()) })
		p.ADDQ(outLDX, x)
		p.ADDQ(outLDY, dz)
		p.DECQ(count)
		p.JNE(operand.LabelRef(label("b")))
		for i := range r {
			for v := range n {
				p.VMOVUPS(t.acc(i, v), t.packed(outG, i*t.step(), outPanel, panel3, v))
			}
		}
		p.ADDQ(imm(4*r), outX)
		p.ADDQ(imm(r*t.step()), outG)
		p.MOVQ(left, outInputs)
		p.SUBQ(imm(r), outInputs)
		p.JNE(operand.LabelRef("next"))
		p.RET()
	}
}
