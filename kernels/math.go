package kernels

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The library's float32 functions (math32.go), each a routine from register 0 to register 0: the same operations in the same
// order. Where the Go code branches, both sides are computed and one is selected.

// constants are the numbers in the data section, in tables; a polynomial stands from the highest power down.
var constants = []struct {
	table  string
	name   string
	values []float32
}{
	{"numbers", "half", []float32{0.5}},
	{"numbers", "minusHalf", []float32{-0.5}},
	{"numbers", "oneSixth", []float32{0.16666666666666666}},
	{"numbers", "one", []float32{1}}, // its bits are 127<<23
	{"numbers", "two", []float32{2}},
	{"numbers", "minusInf", []float32{float32(math.Inf(-1))}},
	{"numbers", "signBit", []float32{float32(math.Copysign(0, -1))}},
	{"numbers", "absBits", []float32{math.Float32frombits(1<<31 - 1)}},
	{"numbers", "bias254", []float32{0x1.8p23 + 254}},
	{"numbers", "bias127", []float32{0x1.8p23 + 127}},
	{"numbers", "log2E", []float32{0x1.715476p+0}},
	{"numbers", "twoLog2E", []float32{2 * 0x1.715476p+0}},
	{"numbers", "ln2", []float32{0x1.62e43p-1}},
	{"numbers", "ln2Hi", []float32{0x1.62e4p-1}},
	{"numbers", "ln2Lo", []float32{0x1.7f7d1cp-20}},
	{"numbers", "halfLn2", []float32{0x1.62e43p-1 / 2}},

	{"mix", "mix1", []float32{math.Float32frombits(0x85ebca6b)}},
	{"mix", "mix2", []float32{math.Float32frombits(0xc2b2ae35)}},

	{"exp", "expTop", []float32{89}},
	{"exp", "expBottom", []float32{-104}},
	{"exp", "softmaxBottom", []float32{-64}},
	{"exp", "expm1Bottom", []float32{-20}},
	{"exp", "exp", []float32{0x1.6d113cp-10, 0x1.120ba2p-7, 0x1.55551ap-5, 0x1.5554dcp-3, 0.5}},

	{"sigmoid", "sigmoidTop", []float32{104}},
	{"sigmoid", "power127", []float32{0x1p127}}, // its bits are 254<<23

	{"log", "log", []float32{-0x1.04ff46p-3, 0x1.132ebp-3, -0x1.f4c812p-4, 0x1.211abap-3, -0x1.558a74p-3, 0x1.99addep-3,
		-0x1.ffff74p-3, 0x1.55554cp-2, -0.5}},
	{"log", "twoThirds", []float32{math.Float32frombits(0x3f2aaaab)}},
	{"log", "log1p", []float32{0x1.88c46p-9, -0x1.2828dap-6, 0x1.a1ed8p-5, -0x1.7d99d4p-4, 0x1.0d21acp-3, -0x1.4ff538p-3,
		0x1.98e11cp-3, -0x1.fff39cp-3, 0x1.55553p-2, -0.5}},

	{"tanh", "tanhEdge", []float32{0.625}},
	{"tanh", "tanhTop", []float32{10}},
	{"tanh", "tanhSmall", []float32{-0x1.8ff18p-8, 0x1.5813cp-6, -0x1.b92674p-5, 0x1.110e16p-3, -0x1.555552p-2}},
	{"tanh", "tanhExp", []float32{0x1.1247fcp-2, 0x1.570beep-1, 0x1.55547cp+0, 0x1.fffe5ap+0, 2, 1}},

	{"erf", "erfEdge", []float32{0.85}},
	{"erf", "erfTop", []float32{4}},
	{"erf", "erfSmall", []float32{-0x1.4d28fep-11, 0x1.4b8614p-8, -0x1.b737e8p-6, 0x1.ce257ep-4, -0x1.812726p-2, 0x1.06eba8p-3}},
	{"erf", "erfLog", []float32{0x1.465188p-12, -0x1.314d3p-8, 0x1.0f0e42p-5, -0x1.373716p-3, -0x1.d58a8ep-1, -0x1.a0ccbcp+0}},
	{"erf", "erfExp", []float32{0x1.5d39ap-10, 0x1.3d21b2p-7, 0x1.c6b3d8p-5, 0x1.ebf8aep-3, 0x1.62e42cp-1, 0x1.000002p+0}},

	{"selu", "seluAlpha", []float32{1.6732632423543772}},
	{"selu", "seluScale", []float32{1.0507009873554805}},
	{"selu", "seluScaleAlpha", []float32{1.0507009873554805 * 1.6732632423543772}},

	{"gelu", "sqrtHalf", []float32{0.7071067811865476}},
	{"gelu", "invSqrtTwoPi", []float32{0.3989422804014327}},
	{"gelu", "sqrtTwoOverPi", []float32{0.7978845608028654}},
	{"gelu", "geluCubic", []float32{0.044715}},
	{"gelu", "geluCubicSlope", []float32{0.134145}},
}

// constants emits the data section.
func (p *program) constants() {
	table := ""
	for _, c := range constants {
		if c.table != table {
			table = c.table
			p.StaticGlobal(table)
			p.DataAttributes(attr.RODATA | attr.NOPTR)
		}
		for _, v := range c.values {
			if b := math.Float32bits(v); v == 0 || v-v != 0 {
				p.AppendDatum(operand.U32(b))
			} else {
				p.AppendDatum(operand.F32(v))
			}
		}
	}
}

// coefficients returns the places of a constant's numbers.
func coefficients(name string) []operand.Mem {
	table, offset := "", 0
	for _, c := range constants {
		if c.table != table {
			table, offset = c.table, 0
		}
		if c.name == name {
			list := make([]operand.Mem, len(c.values))
			for i := range list {
				list[i] = operand.NewDataAddr(operand.NewStaticSymbol(table), offset+4*i)
			}
			return list
		}
		offset += 4 * len(c.values)
	}
	panic("kernels: there is no constant " + name)
}

// coefficient returns the place of a constant of one number, or the first of several.
func coefficient(name string) operand.Mem { return coefficients(name)[0] }

// functions emits routines on the registers of a vectorSet. Those of this file change registers 0 to 6 and K2, exp not 4 and 5.
type functions struct {
	*program
	vectorSet
}

// Registers that routines name: the argument and result, scratch, what holds constants where an instruction cannot take them
// from memory; then the registers that activations keep values in across calls, alpha, and dz.
func (f functions) x() reg.Register         { return f.reg(0) }
func (f functions) constant() reg.Register  { return f.reg(6) }
func (f functions) kept(i int) reg.Register { return f.reg(7 + i) }
func (f functions) alpha() reg.Register     { return f.reg(13) }
func (f functions) dz() reg.Register        { return f.reg(14) }

// function begins a routine.
func (f functions) function(name string, comment ...string) {
	f.Function(name + f.isa + "<>")
	f.Attributes(attr.NOSPLIT)
	f.Comment(comment...)
}

// callFunction calls a routine.
func (f functions) callFunction(name string) { f.call(name + f.isa) }

// callRegister calls the routine at an address. avo has no such form of CALL.
func (p *program) callRegister(r reg.GPPhysical) {
	p.Instruction(&ir.Instruction{Opcode: "CALL", Operands: []operand.Op{r}, Inputs: []operand.Op{r}})
}

// load sets all lanes of a register to a constant.
func (f functions) load(name string, to reg.Register) { f.VBROADCASTSS(coefficient(name), to) }

// withConstant emits an instruction whose first source is a constant: from memory in AVX-512, else through a register.
func (f functions) withConstant(c operand.Mem, plain, broadcast func(...operand.Op), rest ...operand.Op) {
	if f.lanes == 16 {
		broadcast(append([]operand.Op{c}, rest...)...)
		return
	}
	f.VBROADCASTSS(c, f.constant())
	plain(append([]operand.Op{f.constant()}, rest...)...)
}

// multiply sets x to x·c, add to x + c.
func (f functions) multiply(name string, x reg.Register) {
	f.withConstant(coefficient(name), f.VMULPS, f.VMULPS_BCST, x, x)
}
func (f functions) add(name string, x reg.Register) {
	f.withConstant(coefficient(name), f.VADDPS, f.VADDPS_BCST, x, x)
}

// subtract sets to to x - c.
func (f functions) subtract(name string, x, to reg.Register) {
	f.withConstant(coefficient(name), f.VSUBPS, f.VSUBPS_BCST, x, to)
}

// multiplyAdd sets p to p·x + c, one fused operation as all of these.
func (f functions) multiplyAdd(p, x reg.Register, name string) {
	f.withConstant(coefficient(name), f.VFMADD213PS, f.VFMADD213PS_BCST, x, p)
}

// addMultiple adds c·x to sum.
func (f functions) addMultiple(sum, x reg.Register, name string) {
	f.withConstant(coefficient(name), f.VFMADD231PS, f.VFMADD231PS_BCST, x, sum)
}

// subtractMultiple subtracts c·x from sum.
func (f functions) subtractMultiple(sum, x reg.Register, name string) {
	f.withConstant(coefficient(name), f.VFNMADD231PS, f.VFNMADD231PS_BCST, x, sum)
}

// horner sets p to the polynomial of that name in x.
func (f functions) horner(p, x reg.Register, name string) {
	f.load(name, p)
	for _, c := range coefficients(name)[1:] {
		f.withConstant(c, f.VFMADD213PS, f.VFMADD213PS_BCST, x, p)
	}
}

// atMost sets to to the lesser of x and a constant, and atLeast to the greater; NaN stays.
func (f functions) atMost(x reg.Register, name string, to reg.Register) {
	f.load(name, f.constant())
	f.VMINPS(x, f.constant(), to)
}
func (f functions) atLeast(x reg.Register, name string, to reg.Register) {
	f.load(name, f.constant())
	f.VMAXPS(x, f.constant(), to)
}

// abs sets to to |x|.
func (f functions) abs(x, to reg.Register) {
	f.withConstant(coefficient("absBits"), f.VANDPS, f.VANDPS_BCST, x, to)
}

// setSign gives x, which is not negative, the sign of y; it changes y.
func (f functions) setSign(y, x reg.Register) {
	if f.lanes == 16 {
		f.VPTERNLOGD_BCST(imm8(0xf8), coefficient("signBit"), y, x) // x | y&signBit
		return
	}
	f.load("signBit", f.constant())
	f.VANDPS(f.constant(), y, y)
	f.VORPS(y, x, x)
}

// predicate is one of VCMPPS, quiet.
type predicate uint8

const (
	lt  predicate = 0x11 // less than; false for NaN
	le  predicate = 0x12 // less than or equal; false for NaN
	nle predicate = 0x16 // not less than or equal; true for NaN
	nlt predicate = 0x15 // not less than; true for NaN
	gt  predicate = 0x1e // greater than; false for NaN
)

// where sets x to y in the lanes in which "a is b"; mask is scratch.
func (f functions) where(is predicate, a, b, mask, y, x reg.Register) {
	if f.lanes == 16 {
		f.VCMPPS(operand.U8(is), b, a, reg.K2)
		f.VMOVAPS(y, reg.K2, x)
		return
	}
	f.VCMPPS(operand.U8(is), b, a, mask)
	f.VBLENDVPS(mask, y, x, x)
}

// zeroUnless sets to to x in the lanes in which "a is b", else to +0; mask is scratch.
func (f functions) zeroUnless(is predicate, a, b, mask, x, to reg.Register) {
	if f.lanes == 16 {
		f.VCMPPS(operand.U8(is), b, a, reg.K2)
		f.VMOVAPS_Z(x, reg.K2, to)
		return
	}
	f.VCMPPS(operand.U8(is), b, a, mask)
	f.VANDPS(mask, x, to)
}

// expParts is expParts of x, or of -x: the low bits of t become n + 254, n is a float, r takes the place of x.
func (f functions) expParts(x, t, n, p reg.Register, negated bool) {
	f.load("bias254", t)
	if negated {
		f.subtractMultiple(t, x, "log2E")
		f.subtract("bias254", t, n)
		f.withConstant(coefficient("ln2Hi"), f.VFNMSUB231PS, f.VFNMSUB231PS_BCST, n, x)
	} else {
		f.addMultiple(t, x, "log2E")
		f.subtract("bias254", t, n)
		f.subtractMultiple(x, n, "ln2Hi")
	}
	f.subtractMultiple(x, n, "ln2Lo")
	f.horner(p, x, "exp")
}

// functions emits the routines.
func (p *program) functions(v vectorSet) {
	f := functions{p, v}
	x, t, n, q, y, s, c := f.x(), f.reg(1), f.reg(2), f.reg(3), f.reg(4), f.reg(5), f.constant()

	f.function("exp", "exp: e^x")
	f.atMost(x, "expTop", x)
	f.atLeast(x, "expBottom", x)
	f.expParts(x, t, n, q, false)
	f.multiplyAdd(q, x, "one")
	f.multiplyAdd(q, x, "one")
	if v.lanes == 16 {
		f.VSCALEFPS(n, q, x)
	} else {
		f.halves(t, n)
		f.VMULPS(n, q, q)
		f.VMULPS(t, q, x)
	}
	f.RET()

	f.function("expm1", "expm1: e^x - 1 for x <= 0")
	f.VMOVAPS(x, y)
	f.atLeast(x, "expm1Bottom", x)
	f.expParts(x, t, n, q, false)
	f.VMULPS(x, x, n)
	f.VFMADD213PS(x, n, q)
	f.load("one", c)
	f.VPSLLD(imm8(23), t, t)
	f.VPSUBD(c, t, t)
	f.VSUBPS(c, t, x)
	f.VFMADD231PS(t, q, x)
	f.setSign(y, x)
	f.RET()

	f.function("sigmoid", "sigmoid: 1/(1 + e^-x)")
	f.atMost(x, "sigmoidTop", x)
	f.atLeast(x, "expBottom", x)
	f.expParts(x, t, n, q, true)
	f.VMULPS(x, x, y)
	f.VFMADD213PS(x, y, q)
	f.halves(t, n)
	f.load("power127", c)
	f.VPSUBD(n, c, n)
	f.VADDPS(n, t, s)
	f.VSUBPS(s, t, y)
	f.VADDPS(n, y, y)
	f.VFMADD213PS(y, t, q)
	f.VADDPS(s, q, q)
	f.VDIVPS(q, n, x)
	f.RET()

	f.function("log1p", "log1p: log(1 + x) for 0 <= x <= 1")
	f.horner(t, x, "log1p")
	f.VMULPS(x, x, n)
	f.VFMADD231PS(n, t, x)
	f.RET()

	f.function("softplus", "softplus: log(1 + e^x); changes register 7 too")
	top := f.kept(0)
	f.clear(v, top)
	f.VMAXPS(top, x, top)
	f.withConstant(coefficient("signBit"), f.VORPS, f.VORPS_BCST, x, x)
	f.callFunction("exp")
	f.callFunction("log1p")
	f.VADDPS(top, x, x)
	f.RET()

	f.function("tanh", "tanh: below tanhEdge x + x·polynomial(x²), else 1 - 2/(e^2x + 1)")
	f.VMOVAPS(x, y)
	f.abs(x, x)
	f.VMULPS(x, x, t)
	f.horner(n, t, "tanhSmall")
	f.VMULPS(t, n, n)
	f.VFMADD213PS(x, x, n)
	f.atMost(x, "tanhTop", q)
	f.load("bias127", t)
	f.addMultiple(t, q, "twoLog2E")
	f.subtract("bias127", t, s)
	f.subtractMultiple(q, s, "halfLn2")
	f.horner(s, q, "tanhExp")
	f.VPSLLD(imm8(23), t, t)
	f.multiplyAdd(s, t, "one")
	f.load("two", c)
	f.VDIVPS(s, c, s)
	f.load("one", c)
	f.VSUBPS(s, c, s)
	f.selectSmall("tanhEdge", n, s, t, y)
	f.RET()

	f.function("erf", "erf: below erfEdge x + x·polynomial(x²), else 1 - 2^polynomial(x)")
	f.VMOVAPS(x, y)
	f.abs(x, x)
	f.VMULPS(x, x, t)
	f.horner(n, t, "erfSmall")
	f.VFMADD213PS(x, x, n)
	f.atMost(x, "erfTop", q)
	f.horner(s, q, "erfLog")
	f.VMULPS(q, s, s)
	f.load("bias127", c)
	f.VADDPS(c, s, t)
	f.VSUBPS(c, t, q)
	f.VSUBPS(q, s, s)
	f.horner(q, s, "erfExp")
	f.VPSLLD(imm8(23), t, t)
	f.withConstant(coefficient("one"), f.VFNMADD213PS, f.VFNMADD213PS_BCST, t, q)
	f.selectSmall("erfEdge", n, q, t, y)
	f.RET()
}

// halves splits the power of two 2^(n+254), whose exponent stands in the low bits of t, into factors: n receives the bits of
// one and t those of the other.
func (f functions) halves(t, n reg.Register) {
	f.VPSRLD(imm8(1), t, n)
	f.VPSLLD(imm8(23), n, n)
	f.VPSLLD(imm8(23), t, t)
	f.VPSUBD(n, t, t)
}

// selectSmall sets x, which is not negative, to small where it is below the edge, else to large, with the sign of y.
func (f functions) selectSmall(edge string, small, large, mask, y reg.Register) {
	f.load(edge, f.constant())
	f.where(lt, f.x(), f.constant(), mask, small, large)
	f.setSign(y, large)
	f.VMOVAPS(large, f.x())
}
