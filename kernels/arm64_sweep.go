package kernels

import "fmt"

// Registers of sweep: the operands' elements at hand, scratch, and the scalars in order, of which the first six have the
// names of what they mostly are.
const (
	armW, armM, armV, armC, armG eight = 0, 1, 2, 3, 4
	armT, armU                   eight = 14, 15

	armScale, armDecay, armRate    vector = 10, 11, 12
	armBeta1, armBeta2, armEpsilon vector = 13, 14, 15
	armSixth, armSeventh           vector = 16, 17
	armNumber                      vector = 18 // a constant

	armSweep  gp = 6 // the struct
	armIndex  gp = 7 // number of the element at hand
	armSpare  gp = 9
	armRow    gp = 10 // number of the row's first element
	armRows   gp = 11 // rows left
	armAction gp = 12 // routine
)

// armSweeps are the operations in the order of sweeps. Operand i's elements at hand stand at Ri.
var armSweeps = []func(a *arm){
	func(a *arm) { // amsgrad
		a.calls("gradient", "first", "second")
		a.loadEight(armC, 3, 0)
		a.both("fmax", armC, armC, armV)
		a.storeEight(armC, 3, 0)
		a.both("fsqrt", armC, armC)
		a.both("fadd", armC, armC, armEpsilon)
		a.both("fmul", armT, armM, armRate)
		a.both("fdiv", armT, armT, armC)
		a.stepBy(armT)
	},
	func(a *arm) { // adamax
		a.calls("gradient", "first")
		a.loadEight(armV, 2, 0)
		a.both("fmul", armV, armV, armBeta2)
		a.both("fabs", armG, armG)
		a.both("fmax", armV, armV, armG)
		a.flushTo(armV, 2)
		a.both("fadd", armV, armV, armEpsilon)
		a.both("fmul", armT, armM, armRate)
		a.both("fdiv", armT, armT, armV)
		a.stepBy(armT)
	},
	func(a *arm) { // nadam
		a.calls("gradient", "first", "second")
		a.both("fmul", armV, armV, armSeventh)
		a.both("fsqrt", armV, armV)
		a.both("fadd", armV, armV, armEpsilon)
		a.both("fmul", armT, armG, armSixth)
		a.both("fmla", armT, armM, armRate)
		a.both("fdiv", armT, armT, armV)
		a.stepBy(armT)
	},
	func(a *arm) { // rmsprop
		a.calls("gradient", "second")
		a.operand(1, armSpare)
		a.op("CBZ", armSpare, "spread")
		a.calls("first")
		a.both("fmls", armV, armM, armM)
		a.label("spread")
		a.both("fadd", armV, armV, armEpsilon)
		a.both("fsqrt", armV, armV)
		a.both("fmul", armT, armG, armRate)
		a.both("fdiv", armT, armT, armV)
		a.operand(3, armSpare)
		a.op("CBZ", armSpare, "step")
		a.loadEight(armC, 3, 0)
		a.both("fmla", armT, armC, armSixth)
		a.flushTo(armT, 3)
		a.label("step")
		a.stepBy(armT)
	},
	func(a *arm) { // adagrad
		a.calls("gradient")
		a.loadEight(armM, 1, 0)
		a.both("fmla", armM, armG, armG)
		a.flushTo(armM, 1)
		a.both("fadd", armM, armM, armEpsilon)
		a.both("fsqrt", armM, armM)
		a.both("fmul", armT, armG, armRate)
		a.both("fdiv", armT, armT, armM)
		a.both("fcmeq 0", armU, armG)
		a.both("bic", armT, armT, armU)
		a.stepBy(armT)
	},
	func(a *arm) { // adadelta
		a.calls("gradient", "second")
		a.loadEight(armM, 1, 0)
		a.both("fadd", armT, armM, armEpsilon)
		a.both("fsqrt", armT, armT)
		a.both("fadd", armV, armV, armEpsilon)
		a.both("fsqrt", armV, armV)
		a.both("fdiv", armT, armT, armV)
		a.both("fmul", armT, armT, armG)
		a.both("fmls", armW, armT, armRate)
		a.storeEight(armW, 0, 0)
		a.both("fneg", armU, armM)
		a.both("fmla", armU, armT, armT)
		a.both("fmla", armM, armU, armBeta2)
		a.flushTo(armM, 1)
	},
	func(a *arm) { // lion
		a.calls("gradient")
		a.both("fmul", armM, armG, armBeta2)
		a.loadEight(armV, 1, 0)
		a.both("fmla", armM, armV, armEpsilon)
		a.sign(armU, armM)
		a.both("fmls", armW, armU, armRate)
		a.storeEight(armW, 0, 0)
		a.calls("first")
	},
	func(a *arm) { // penalty
		a.loadEight(armM, 1, 0)
		a.sign(armU, armM)
		a.loadEight(armW, 0, 0)
		a.both("fmla", armW, armU, armScale)
		a.both("fmla", armW, armM, armDecay)
		a.storeEight(armW, 0, 0)
	},
	func(a *arm) { // mix
		a.loadEight(armT, 1, 0)
		a.both("fmul", armT, armT, armDecay)
		a.loadEight(armU, 0, 0)
		a.both("fmla", armT, armU, armScale)
		a.storeEight(armT, 0, 0)
	},
	func(a *arm) { // quotient
		a.loadEight(armT, 1, 0)
		a.both("fdiv", armT, armT, armScale)
		a.storeEight(armT, 0, 0)
	},
	func(a *arm) { // levels
		a.loadEight(armT, 1, 0)
		a.both("fmul", armT, armT, armRate)
		a.both("fadd", armT, armT, armBeta1)
		a.both("fmax", armT, armT, armScale)
		a.both("fmin", armT, armT, armDecay)
		a.storeEight(armT, 0, 0)
	},
	func(a *arm) { // deviations
		a.loadEight(armT, 2, 0)
		a.loadEight(armU, 3, 0)
		a.both("fsub", armT, armT, armU)
		a.storeEight(armT, 1, 0)
		a.loadEight(armU, 0, 0)
		a.both("fmla", armU, armT, armT)
		a.storeEight(armU, 0, 0)
	},
	func(a *arm) { // normalise
		a.loadEight(armT, 1, 0)
		a.loadEight(armU, 2, 0)
		a.both("fmul", armT, armT, armU)
		a.storeEight(armT, 1, 0)
		a.loadEight(armV, 3, 0)
		a.loadEight(armU, 4, 0)
		a.both("fmla", armU, armT, armV)
		a.storeEight(armU, 0, 0)
	},
	func(a *arm) { // affineGradient
		a.loadEight(armT, 3, 0)
		a.loadEight(armU, 1, 0)
		a.both("fadd", armU, armU, armT)
		a.storeEight(armU, 1, 0)
		a.loadEight(armU, 0, 0)
		a.loadEight(armV, 2, 0)
		a.both("fmla", armU, armT, armV)
		a.storeEight(armU, 0, 0)
	},
	func(a *arm) { // normaliseGradient
		a.loadEight(armT, 0, 0)
		a.loadEight(armU, 3, 0)
		a.both("fsub", armT, armT, armU)
		a.loadEight(armU, 1, 0)
		a.loadEight(armV, 2, 0)
		a.both("fmls", armT, armU, armV)
		a.loadEight(armV, 4, 0)
		a.both("fmul", armT, armT, armV)
		a.storeEight(armT, 0, 0)
	},
	func(a *arm) { // dropout
		a.op("VDUP", armIndex, armNumber.as("S4"))
		a.laneNumbersTo(armT, armSpare)
		a.both("add", armT, armT, armNumber)
		a.mix32()
		a.broadcast(a.field(armSweep, "sweep.high"), armNumber)
		a.both("eor", armT, armT, armNumber)
		a.mix32()
		a.broadcast(a.field(armSweep, "sweep.bound"), armNumber)
		a.both("cmhs", armT, armT, armNumber)
		a.loadEight(armW, 1, 0)
		a.both("fmul", armW, armW, armScale)
		a.both("and", armW, armW, armT)
		a.storeEight(armW, 0, 0)
	},
}

// operand loads the address of operand i, nil where the operation does without.
func (a *arm) operand(i int, to gp) {
	a.op("MOVD", mem(armSweep, offsetOf(a.structs, "arm64", "sweep.x")+24*i), to)
}

// calls calls routines.
func (a *arm) calls(names ...string) {
	for _, name := range names {
		a.call(name)
	}
}

// flushTo flushes x and stores it in operand i.
func (a *arm) flushTo(x eight, i int) {
	a.flush(x, armU)
	a.storeEight(x, gp(i), 0)
}

// stepBy subtracts the step from the weights and stores them.
func (a *arm) stepBy(step eight) {
	a.both("fsub", armW, armW, step)
	a.storeEight(armW, 0, 0)
}

// number loads a constant.
func (a *arm) number(name string) vector {
	a.load(armNumber, armConsts, 16*a.place(name))
	return armNumber
}

// sign sets to to 1, -1, or 0 for zeros and NaN, by the sign of x.
func (a *arm) sign(to, x eight) {
	a.both("fcmgt 0", armT, x)
	a.both("fcmlt 0", to, x)
	a.both("orr", armT, armT, to)
	a.set(to, "one")
	a.both("bit", to, x, a.number("signBit"))
	a.both("and", to, to, armT)
}

// mix32 mixes the bits of armT.
func (a *arm) mix32() {
	for _, round := range []struct {
		shift  int
		factor string
	}{{16, "mix1"}, {13, "mix2"}, {16, ""}} {
		a.shift("VUSHR", armU, armT, round.shift)
		a.both("eor", armT, armT, armU)
		if round.factor != "" {
			a.both("mul", armT, armT, a.number(round.factor))
		}
	}
}

// sweep emits the kernel of the remaining operations on rows: a loop that calls a routine, as that of the activations, but
// with operands that the routine loads and stores.
func (a *arm) sweep() {
	a.kernel("sweepNEON", "(op uint8, s *sweep)", 0, 16,
		"applies the operation to rows of n elements, n > 0 a multiple of 8, rows > 0; ld in bytes",
		"  R0-R4 the operands' elements   R6 s   R7, R10 numbers of the element and of the row's first   R8 elements left",
		"  R11 rows left   R12 routine   R15 constants   V0-V9, V28-V31 scratch   V10-V17 the scalars   V20 for flushing",
	)
	a.op("MOVBU", argument("op", 0), armAction)
	a.op("MOVD", "$sweeps<>(SB)", armLeft)
	a.op("MOVD", fmt.Sprintf("(%v)(%v<<3)", armLeft, armAction), armAction)
	a.op("MOVD", argument("s", 8), armSweep)
	a.constantsTo()
	a.exponentBits()
	scalars := offsetOf(a.structs, "arm64", "sweep.s")
	for i := range 8 {
		a.broadcast(mem(armSweep, scalars+4*i), armScale+vector(i))
	}
	for i := range 5 {
		a.operand(i, gp(i))
	}
	a.op("MOVWU", a.field(armSweep, "sweep.low"), armRow)
	a.op("MOVD", a.field(armSweep, "sweep.rows"), armRows)
	a.label("row")
	a.op("MOVD", armRow, armIndex)
	a.op("MOVD", a.field(armSweep, "sweep.n"), armLeft)
	a.label("vector")
	a.op("CALL", "("+armAction.String()+")")
	for i := range gp(5) {
		a.op("ADD", 32, i)
	}
	a.op("ADD", 8, armIndex)
	a.op("SUBS", 8, armLeft)
	a.op("BNE", "vector")
	a.op("MOVD", a.field(armSweep, "sweep.n"), armLeft)
	for i := range gp(5) {
		a.op("MOVD", mem(armSweep, offsetOf(a.structs, "arm64", "sweep.ld")+8*int(i)), armSpare)
		a.op("SUB", shifted(armLeft, 2), armSpare)
		a.op("ADD", armSpare, i)
	}
	a.op("MOVWU", a.field(armSweep, "sweep.step"), armSpare)
	a.op("ADD", armSpare, armRow)
	a.op("SUBS", 1, armRows)
	a.op("BNE", "row")
	a.op("RET")

	a.routine("gradient", "g = flush(scale·g), w -= decay·w")
	a.loadEight(armG, 4, 0)
	a.both("fmul", armG, armG, armScale)
	a.flush(armG, armU)
	a.loadEight(armW, 0, 0)
	a.both("fmls", armW, armW, armDecay)
	a.op("RET")
	a.routine("first", "m = flush(m + (g-m)·beta1), operand 1")
	a.loadEight(armM, 1, 0)
	a.both("fsub", armT, armG, armM)
	a.both("fmla", armM, armT, armBeta1)
	a.flushTo(armM, 1)
	a.op("RET")
	a.routine("second", "v = flush(v + (g²-v)·beta2), operand 2")
	a.loadEight(armV, 2, 0)
	a.both("fneg", armT, armV)
	a.both("fmla", armT, armG, armG)
	a.both("fmla", armV, armT, armBeta2)
	a.flushTo(armV, 2)
	a.op("RET")
	var names []string
	for i, emit := range armSweeps {
		names = append(names, sweeps[i].name)
		a.routine(sweeps[i].name)
		emit(a)
		a.op("RET")
	}
	a.table("sweeps", names)
}
