package kernels

import "math"

// The library's float32 functions (math32.go) and its activations, on eight floats at a time: routines from V0 and V1 to the
// same. The registers are those of the routines for AVX2.

const (
	armX        eight  = 0
	armConstant eight  = 6  // what holds a constant for an instruction
	armAlpha    vector = 26 // the activation's parameter
	armDZ       eight  = 14
	armConsts   gp     = 15 // address of the constants
)

// armKept are the registers in which activations keep values across calls.
func armKept(i int) eight { return eight(7 + i) }

// place returns the place of a constant's first number among those that constants emits.
func (a *arm) place(name string) int {
	if i, ok := a.places[name]; ok {
		return i
	}
	for _, c := range constants {
		if c.name == name {
			a.places[name] = len(a.numbers)
			a.numbers = append(a.numbers, c.values...)
			return a.places[name]
		}
	}
	panic("kernels: there is no constant " + name)
}

// constants emits the constants that were used, each four times, and the numbers of eight lanes.
func (a *arm) constants() {
	a.data("constants", 4, a.numbers...)
	var numbers []float32
	for i := range uint32(8) {
		numbers = append(numbers, math.Float32frombits(i))
	}
	a.data("laneNumbers", 1, numbers...)
}

// laneNumbersTo loads the numbers of eight lanes; base is changed.
func (a *arm) laneNumbersTo(e eight, base gp) {
	a.op("MOVD", "$laneNumbers<>(SB)", base)
	a.loadEight(e, base, 0)
}

// constantsTo emits the address of the constants.
func (a *arm) constantsTo() { a.op("MOVD", "$constants<>(SB)", armConsts) }

// constant loads a constant and returns its register.
func (a *arm) constant(name string) vector {
	v := armConstant.half(0)
	a.load(v, armConsts, 16*a.place(name))
	return v
}

// set sets eight lanes to a constant, and setNumber to the one at a place.
func (a *arm) set(e eight, name string) { a.setNumber(e, a.place(name)) }
func (a *arm) setNumber(e eight, place int) {
	a.load(e.half(0), armConsts, 16*place)
	a.load(e.half(1), armConsts, 16*place)
}

// horner sets p to the polynomial in x whose coefficients are the constants of those names.
func (a *arm) horner(p, x eight, names ...string) {
	var places []int
	for _, name := range names {
		first := a.place(name)
		for _, c := range constants {
			if c.name == name {
				for i := range c.values {
					places = append(places, first+i)
				}
			}
		}
	}
	// The sum so far and the next take turns in p and another register.
	sum, next := p, armConstant
	if len(places)%2 == 0 {
		sum, next = next, sum
	}
	a.setNumber(sum, places[0])
	for _, place := range places[1:] {
		a.setNumber(next, place)
		a.both("fmla", next, sum, x)
		sum, next = next, sum
	}
}

// expParts is expParts of x: the low bits of t become n + 254, n is a float, r takes the place of x.
func (a *arm) expParts(x, t, n eight) {
	a.set(t, "bias254")
	a.both("fmla", t, x, a.constant("log2E"))
	a.both("fsub", n, t, a.constant("bias254"))
	a.both("fmls", x, n, a.constant("ln2Hi"))
	a.both("fmls", x, n, a.constant("ln2Lo"))
}

// halves splits the power of two 2^(n+254), whose exponent stands in the low bits of t, into factors: n receives the bits of
// one and t those of the other.
func (a *arm) halves(t, n eight) {
	a.shift("VUSHR", n, t, 1)
	a.shift("VSHL", n, n, 23)
	a.shift("VSHL", t, t, 23)
	a.both("sub", t, t, n)
}

// functions emits the routines.
func (a *arm) functions() {
	x, t, n, q, y, s := armX, eight(1), eight(2), eight(3), eight(4), eight(5)

	a.routine("exp", "exp: e^x; keeps registers V8 to V11 too")
	a.both("fmin", x, x, a.constant("expTop"))
	a.both("fmax", x, x, a.constant("expBottom"))
	a.expParts(x, t, n)
	a.horner(q, x, "exp", "one", "one")
	a.halves(t, n)
	a.both("fmul", q, q, n)
	a.both("fmul", x, q, t)
	a.op("RET")

	a.routine("expm1", "expm1: e^x - 1 for x <= 0")
	a.both("mov", y, x)
	a.both("fmax", x, x, a.constant("expm1Bottom"))
	a.expParts(x, t, n)
	a.horner(q, x, "exp")
	a.both("fmul", n, x, x)
	a.both("fmla", x, q, n)
	a.shift("VSHL", t, t, 23)
	one := a.constant("one")
	a.both("sub", t, t, one)
	a.both("fsub", n, t, one)
	a.both("fmla", n, x, t)
	a.set(x, "signBit")
	a.both("bsl", x, y, n)
	a.op("RET")

	a.routine("sigmoid", "sigmoid: 1/(1 + e^-x)")
	a.both("fmin", x, x, a.constant("sigmoidTop"))
	a.both("fmax", x, x, a.constant("expBottom"))
	a.both("fneg", x, x)
	a.expParts(x, t, n)
	a.horner(q, x, "exp")
	a.both("fmul", y, x, x)
	a.both("fmla", x, q, y)
	a.halves(t, n)
	a.both("sub", n, a.constant("power127"), n)
	a.both("fadd", s, t, n)
	a.both("fsub", y, t, s)
	a.both("fadd", y, y, n)
	a.both("fmla", y, t, x)
	a.both("fadd", y, y, s)
	a.both("fdiv", x, n, y)
	a.op("RET")

	a.routine("log1p", "log1p: log(1 + x) for 0 <= x <= 1")
	a.horner(t, x, "log1p")
	a.both("fmul", n, x, x)
	a.both("fmla", x, t, n)
	a.op("RET")

	a.routine("softplus", "softplus: log(1 + e^x); changes registers V14 and V15 too")
	top := armKept(0)
	a.zero(armConstant.half(0))
	a.both("fmax", top, x, armConstant.half(0))
	a.both("orr", x, x, a.constant("signBit"))
	a.call("exp")
	a.call("log1p")
	a.both("fadd", x, x, top)
	a.op("RET")

	a.routine("tanh", "tanh: below tanhEdge x + x·polynomial(x²), else 1 - 2/(e^2x + 1)")
	a.both("mov", y, x)
	a.both("fabs", x, x)
	a.both("fmul", t, x, x)
	a.horner(n, t, "tanhSmall")
	a.both("fmul", t, n, t)
	a.both("mov", n, x)
	a.both("fmla", n, t, x)
	a.both("fmin", q, x, a.constant("tanhTop"))
	a.set(t, "bias127")
	a.both("fmla", t, q, a.constant("twoLog2E"))
	a.both("fsub", s, t, a.constant("bias127"))
	a.both("fmls", q, s, a.constant("halfLn2"))
	a.horner(s, q, "tanhExp")
	a.shift("VSHL", t, t, 23)
	a.set(q, "one")
	a.both("fmla", q, s, t)
	a.both("fdiv", q, a.constant("two"), q)
	a.both("fsub", q, a.constant("one"), q)
	a.selectSmall("tanhEdge", n, q, y)
	a.op("RET")

	a.routine("erf", "erf: below erfEdge x + x·polynomial(x²), else 1 - 2^polynomial(x)")
	a.both("mov", y, x)
	a.both("fabs", x, x)
	a.both("fmul", t, x, x)
	a.horner(s, t, "erfSmall")
	a.both("mov", n, x)
	a.both("fmla", n, s, x)
	a.both("fmin", q, x, a.constant("erfTop"))
	a.horner(s, q, "erfLog")
	a.both("fmul", s, s, q)
	bias := a.constant("bias127")
	a.both("fadd", t, s, bias)
	a.both("fsub", q, t, bias)
	a.both("fsub", s, s, q)
	a.horner(q, s, "erfExp")
	a.shift("VSHL", t, t, 23)
	a.set(s, "one")
	a.both("fmls", s, q, t)
	a.selectSmall("erfEdge", n, s, y)
	a.op("RET")
}

// selectSmall sets x, which is not negative, to small where it is below the edge, else to large, with the sign of y.
func (a *arm) selectSmall(edge string, small, large, y eight) {
	a.both("fcmgt", armX, a.constant(edge), armX)
	a.both("bsl", armX, small, large)
	a.both("bit", armX, y, a.constant("signBit"))
}
