package kernels

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// activations are the library's constants of type activationKind, in order from linear, 0; Softmax is none of these.
var activations = []struct {
	name string
	// value emits x = act(x); nil where a function of that name is all of it.
	value func(f functions)
	// gradient emits x = dz·act', from x, which is the input or the output of act. With scale set it leaves the derivative in
	// x for the multiplication to follow.
	gradient func(f functions)
	scale    bool
	// wide tells which of value and gradient have an AVX-512 version: those that are not cheap, the library's wideOps.
	wide [2]bool
}{
	{name: "linear"},
	{"relu", func(f functions) {
		f.clear(f.vectorSet, f.reg(1))
		f.zeroUnless(nle, f.x(), f.reg(1), f.reg(2), f.x(), f.x())
	}, func(f functions) {
		f.clear(f.vectorSet, f.reg(1))
		f.zeroUnless(gt, f.x(), f.reg(1), f.reg(2), f.dz(), f.x())
	}, false, [2]bool{}},
	{"leakyReLU", func(f functions) {
		f.VMULPS(f.alpha(), f.x(), f.reg(2))
		f.clear(f.vectorSet, f.reg(1))
		f.where(le, f.x(), f.reg(1), f.reg(3), f.reg(2), f.x())
	}, func(f functions) {
		f.VMOVAPS(f.x(), f.reg(2))
		f.VMULPS(f.alpha(), f.dz(), f.x())
		f.clear(f.vectorSet, f.reg(1))
		f.where(gt, f.reg(2), f.reg(1), f.reg(3), f.dz(), f.x())
	}, false, [2]bool{}},
	{"elu", func(f functions) {
		f.VMOVAPS(f.x(), f.kept(1))
		f.callFunction("expm1")
		f.VMULPS(f.alpha(), f.x(), f.x())
		f.clear(f.vectorSet, f.reg(1))
		f.where(nle, f.kept(1), f.reg(1), f.reg(3), f.kept(1), f.x())
	}, func(f functions) {
		f.VMOVAPS(f.x(), f.reg(2))
		f.VADDPS(f.alpha(), f.x(), f.x())
		f.VMULPS(f.dz(), f.x(), f.x())
		f.clear(f.vectorSet, f.reg(1))
		f.where(gt, f.reg(2), f.reg(1), f.reg(3), f.dz(), f.x())
	}, false, [2]bool{true, false}},
	{"selu", func(f functions) {
		f.load("seluAlpha", f.alpha())
		f.callFunction("elu")
		f.multiply("seluScale", f.x())
	}, func(f functions) {
		f.load("seluScale", f.reg(2))
		f.clear(f.vectorSet, f.reg(1))
		f.VMOVAPS(f.x(), f.reg(3))
		f.add("seluScaleAlpha", f.x())
		f.where(gt, f.reg(3), f.reg(1), f.reg(4), f.reg(2), f.x())
	}, true, [2]bool{true, false}},
	{"gelu", func(f functions) {
		h := f.kept(1)
		f.load("half", h)
		f.VMULPS(f.x(), h, h)
		f.multiply("sqrtHalf", f.x())
		f.callFunction("erf")
		f.VFMADD213PS(h, h, f.x())
	}, func(f functions) {
		f.Comment("Φ(x) + x·φ(x)")
		x, cumulative := f.kept(1), f.kept(2)
		f.VMOVAPS(f.x(), x)
		f.multiply("sqrtHalf", f.x())
		f.callFunction("erf")
		f.load("half", cumulative)
		f.VFMADD231PS(f.x(), cumulative, cumulative)
		f.load("minusHalf", f.x())
		f.VMULPS(x, f.x(), f.x())
		f.VMULPS(x, f.x(), f.x())
		f.callFunction("exp")
		f.multiply("invSqrtTwoPi", f.x())
		f.VFMADD213PS(cumulative, x, f.x())
	}, true, [2]bool{true, true}},
	{"geluTanh", func(f functions) {
		h := f.kept(1)
		f.load("half", h)
		f.VMULPS(f.x(), h, h)
		f.geluInner()
		f.callFunction("tanh")
		f.VFMADD213PS(h, h, f.x())
	}, func(f functions) {
		x, slope, rest, factor := f.kept(1), f.reg(1), f.reg(2), f.reg(3)
		f.VMOVAPS(f.x(), x)
		f.geluInner()
		f.callFunction("tanh")
		f.load("geluCubicSlope", slope)
		f.VMULPS(x, slope, slope)
		f.multiplyAdd(slope, x, "one")
		f.multiply("sqrtTwoOverPi", slope)
		f.load("one", rest)
		f.VFNMADD231PS(f.x(), f.x(), rest)
		f.load("half", factor)
		f.VMULPS(factor, x, x)
		f.VMULPS(rest, x, x)
		f.VFMADD213PS(factor, factor, f.x())
		f.VFMADD231PS(slope, x, f.x())
	}, true, [2]bool{true, true}},
	{"silu", func(f functions) {
		f.VMOVAPS(f.x(), f.kept(1))
		f.callFunction("sigmoid")
		f.VMULPS(f.kept(1), f.x(), f.x())
	}, func(f functions) {
		f.Comment("s + x·s·(1-s)")
		f.VMOVAPS(f.x(), f.kept(1))
		f.callFunction("sigmoid")
		f.VMULPS(f.kept(1), f.x(), f.reg(1))
		f.load("one", f.reg(2))
		f.VSUBPS(f.x(), f.reg(2), f.reg(2))
		f.VFMADD231PS(f.reg(2), f.reg(1), f.x())
	}, true, [2]bool{true, true}},
	{"mish", func(f functions) {
		f.VMOVAPS(f.x(), f.kept(1))
		f.callFunction("softplus")
		f.callFunction("tanh")
		f.VMULPS(f.kept(1), f.x(), f.x())
	}, func(f functions) {
		f.Comment("t + x·sigmoid(x)·(1-t²)")
		f.VMOVAPS(f.x(), f.kept(1))
		f.callFunction("softplus")
		f.callFunction("tanh")
		f.VMOVAPS(f.x(), f.kept(2))
		f.VMOVAPS(f.kept(1), f.x())
		f.callFunction("sigmoid")
		f.VMULPS(f.kept(1), f.x(), f.x())
		f.load("one", f.reg(2))
		f.VFNMADD231PS(f.kept(2), f.kept(2), f.reg(2))
		f.VFMADD213PS(f.kept(2), f.reg(2), f.x())
	}, true, [2]bool{true, true}},
	{"softplus", nil, func(f functions) { f.callFunction("sigmoid") }, true, [2]bool{true, true}},
	{"softsign", func(f functions) {
		f.abs(f.x(), f.reg(1))
		f.add("one", f.reg(1))
		f.VDIVPS(f.reg(1), f.x(), f.x())
	}, func(f functions) {
		f.abs(f.x(), f.reg(1))
		f.add("one", f.reg(1))
		f.VMULPS(f.reg(1), f.reg(1), f.reg(1))
		f.VDIVPS(f.reg(1), f.dz(), f.x())
	}, false, [2]bool{}},
	{"sigmoid", nil, func(f functions) {
		f.load("one", f.reg(1))
		f.VSUBPS(f.x(), f.reg(1), f.reg(1))
		f.VMULPS(f.reg(1), f.x(), f.x())
	}, true, [2]bool{true, false}},
	{"hardSigmoid", func(f functions) {
		f.Comment("From 3 on x/6 + 1/2 is not below 1, and up to -3 negative.")
		f.load("oneSixth", f.reg(1))
		f.multiplyAdd(f.x(), f.reg(1), "half")
		f.atMost(f.x(), "one", f.x())
		f.clear(f.vectorSet, f.reg(1))
		f.VMAXPS(f.x(), f.reg(1), f.x())
	}, func(f functions) {
		f.load("oneSixth", f.reg(2))
		f.clear(f.vectorSet, f.reg(1))
		f.zeroUnless(gt, f.x(), f.reg(1), f.reg(3), f.reg(2), f.reg(2))
		f.load("one", f.reg(1))
		f.zeroUnless(lt, f.x(), f.reg(1), f.reg(3), f.reg(2), f.x())
	}, true, [2]bool{}},
	{"tanh", nil, func(f functions) {
		f.load("one", f.reg(1))
		f.VFNMADD231PS(f.x(), f.x(), f.reg(1))
		f.VMULPS(f.reg(1), f.dz(), f.x())
	}, false, [2]bool{true, false}},
}

// geluInner sets x to √(2/π)·(x + 0.044715·x³).
func (f functions) geluInner() {
	t := f.reg(1)
	f.load("geluCubic", t)
	f.VMULPS(f.x(), t, t)
	f.VMULPS(f.x(), t, t)
	f.VFMADD213PS(f.x(), t, f.x())
	f.multiply("sqrtTwoOverPi", f.x())
}

// activations emits the kernel of the activations and of their derivatives: a loop that calls a routine.
func (p *program) activations(v vectorSet) {
	f := functions{p, v}
	p.kernel("elementwise"+v.isa, "func(op uint8, alpha float32, dst, src []float32)",
		"dst[i] = act(src[i]) for op = the kind of act; dst[i] *= act'(src[i]) for op = gradient + its kind",
		"  routines: x = act(x), named for act, and x = dz·act', named …Gradient",
		"  dst, src [n]   n >= 0, that of src; dst may be src   src of a gradient: the input of act, or its output",
		"  first register the element of src and the result, then scratch, 13 alpha, 14 the element of dst, AX the routine",
		"  clobbers all vectors; no stack",
	)
	op := reg.RDX
	p.Load(p.Param("op"), op.As32())
	p.VBROADCASTSS(p.argument("alpha"), f.alpha())
	p.LEAQ(operand.NewDataAddr(operand.NewStaticSymbol("routines"+v.isa), 0), reg.RAX)
	p.MOVQ(at(reg.RAX, 0).Idx(op, 8), reg.RAX)
	p.walk(v, "element", []stream{
		{base: reg.RSI, v: f.x(), use: read, slice: "src"}, {base: reg.RDI, v: f.dz(), use: read, slice: "dst"},
		{base: reg.RDI, v: f.x(), use: write, slice: "dst"},
	}, func() { p.callRegister(reg.RAX) })
	p.ret()

	for _, a := range activations {
		if a.value != nil && (a.wide[0] || v.lanes == 8) {
			f.function(a.name)
			a.value(f)
			p.RET()
		}
		if a.gradient != nil && (a.wide[1] || v.lanes == 8) {
			f.function(a.name + "Gradient")
			a.gradient(f)
			if a.scale {
				p.VMULPS(f.dz(), f.x(), f.x())
			}
			p.RET()
		}
	}
	p.routines(v)
}

// routines emits the table of the activations' routines: their values and then their gradients.
func (p *program) routines(v vectorSet) {
	p.StaticGlobal("routines" + v.isa)
	p.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, suffix := range []string{"", "Gradient"} {
		for kind, a := range activations {
			if a.gradient != nil && (a.wide[i] || v.lanes == 8) {
				p.AddDatum(8*(i*len(activations)+kind), address{symbol: "·" + a.name + suffix + v.isa + "<>"})
			}
		}
	}
}

// address is the address of a routine as a datum.
type address struct {
	operand.U64
	symbol string
}

// Asm returns the assembler's syntax.
func (a address) Asm() string { return "$" + a.symbol + "(SB)" }
