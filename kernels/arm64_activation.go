package kernels

import "fmt"

// armActivations are the activations in the order of activations. What is nil is a function of that name, or missing.
var armActivations = []struct {
	value    func(a *arm) // x = act(x)
	gradient func(a *arm) // x = dz·act', from x, which is the input or the output of act
}{
	{}, // linear
	{func(a *arm) { // relu
		zero := vector(2)
		a.zero(zero)
		a.both("fmax", armX, armX, zero)
	}, func(a *arm) {
		a.both("fcmgt 0", armX, armX)
		a.both("and", armX, armX, armDZ)
	}},
	{func(a *arm) { // leakyReLU
		t, mask := eight(1), eight(2)
		a.both("fmul", t, armX, armAlpha)
		a.both("fcmle 0", mask, armX)
		a.both("bit", armX, t, mask)
	}, func(a *arm) {
		mask := eight(1)
		a.both("fcmgt 0", mask, armX)
		a.both("fmul", armX, armDZ, armAlpha)
		a.both("bit", armX, armDZ, mask)
	}},
	{func(a *arm) { // elu
		x, mask := armKept(1), eight(1)
		a.both("mov", x, armX)
		a.call("expm1")
		a.both("fmul", armX, armX, armAlpha)
		a.both("fcmle 0", mask, x)
		a.both("bif", armX, x, mask)
	}, func(a *arm) {
		mask := eight(1)
		a.both("fcmgt 0", mask, armX)
		a.both("fadd", armX, armX, armAlpha)
		a.both("fmul", armX, armX, armDZ)
		a.both("bit", armX, armDZ, mask)
	}},
	{func(a *arm) { // selu
		a.load(armAlpha, armConsts, 16*a.place("seluAlpha"))
		a.call("elu")
		a.both("fmul", armX, armX, a.constant("seluScale"))
	}, func(a *arm) {
		mask := eight(1)
		a.both("fcmgt 0", mask, armX)
		a.both("fadd", armX, armX, a.constant("seluScaleAlpha"))
		a.both("bit", armX, a.constant("seluScale"), mask)
		a.both("fmul", armX, armX, armDZ)
	}},
	{func(a *arm) { // gelu
		h := armKept(1)
		a.both("fmul", h, armX, a.constant("half"))
		a.both("fmul", armX, armX, a.constant("sqrtHalf"))
		a.call("erf")
		a.both("fmla", h, h, armX)
		a.both("mov", armX, h)
	}, func(a *arm) {
		a.comment("Φ(x) + x·φ(x)")
		x, d := armKept(1), armKept(2)
		a.both("mov", x, armX)
		a.both("fmul", armX, armX, a.constant("sqrtHalf"))
		a.call("erf")
		a.set(d, "half")
		a.both("fmla", d, d, armX)
		a.both("fmul", armX, x, a.constant("minusHalf"))
		a.both("fmul", armX, armX, x)
		a.call("exp")
		a.both("fmul", armX, armX, a.constant("invSqrtTwoPi"))
		a.both("fmla", d, x, armX)
		a.both("fmul", armX, d, armDZ)
	}},
	{func(a *arm) { // geluTanh
		h := armKept(1)
		a.both("fmul", h, armX, a.constant("half"))
		a.geluInner()
		a.call("tanh")
		a.both("fmla", h, h, armX)
		a.both("mov", armX, h)
	}, func(a *arm) {
		x, slope, rest, d := armKept(1), eight(1), eight(2), eight(3)
		a.both("mov", x, armX)
		a.geluInner()
		a.call("tanh")
		a.both("fmul", rest, x, a.constant("geluCubicSlope"))
		a.set(slope, "one")
		a.both("fmla", slope, rest, x)
		a.both("fmul", slope, slope, a.constant("sqrtTwoOverPi"))
		a.set(rest, "one")
		a.both("fmls", rest, armX, armX)
		a.set(d, "half")
		a.both("fmul", x, x, d)
		a.both("fmul", x, x, rest)
		a.both("fmla", d, d, armX)
		a.both("fmla", d, x, slope)
		a.both("fmul", armX, d, armDZ)
	}},
	{func(a *arm) { // silu
		x := armKept(1)
		a.both("mov", x, armX)
		a.call("sigmoid")
		a.both("fmul", armX, armX, x)
	}, func(a *arm) {
		a.comment("s + x·s·(1-s)")
		x, t := armKept(1), eight(1)
		a.both("mov", x, armX)
		a.call("sigmoid")
		a.both("fmul", x, x, armX)
		a.both("fsub", t, a.constant("one"), armX)
		a.both("fmla", armX, x, t)
		a.both("fmul", armX, armX, armDZ)
	}},
	{func(a *arm) { // mish
		x := armKept(1)
		a.both("mov", x, armX)
		a.call("softplus")
		a.call("tanh")
		a.both("fmul", armX, armX, x)
	}, func(a *arm) {
		a.comment("t + x·sigmoid(x)·(1-t²)")
		x, d, rest := armKept(1), armKept(2), eight(1)
		a.both("mov", x, armX)
		a.call("softplus")
		a.call("tanh")
		a.both("mov", d, armX)
		a.both("mov", armX, x)
		a.call("sigmoid")
		a.both("fmul", armX, armX, x)
		a.set(rest, "one")
		a.both("fmls", rest, d, d)
		a.both("fmla", d, armX, rest)
		a.both("fmul", armX, d, armDZ)
	}},
	{nil, func(a *arm) { // softplus
		a.call("sigmoid")
		a.both("fmul", armX, armX, armDZ)
	}},
	{func(a *arm) { // softsign
		d := eight(1)
		a.both("fabs", d, armX)
		a.both("fadd", d, d, a.constant("one"))
		a.both("fdiv", armX, armX, d)
	}, func(a *arm) {
		d := eight(1)
		a.both("fabs", d, armX)
		a.both("fadd", d, d, a.constant("one"))
		a.both("fmul", d, d, d)
		a.both("fdiv", armX, armDZ, d)
	}},
	{nil, func(a *arm) { // sigmoid
		t := eight(1)
		a.both("fsub", t, a.constant("one"), armX)
		a.both("fmul", armX, armX, t)
		a.both("fmul", armX, armX, armDZ)
	}},
	{func(a *arm) { // hardSigmoid
		a.comment("From 3 on x/6 + 1/2 is not below 1, and up to -3 negative.")
		t, zero := eight(1), vector(4)
		a.set(t, "half")
		a.both("fmla", t, armX, a.constant("oneSixth"))
		a.both("fmin", t, t, a.constant("one"))
		a.zero(zero)
		a.both("fmax", armX, t, zero)
	}, func(a *arm) {
		below := eight(1)
		a.both("fcmgt", below, a.constant("one"), armX)
		a.both("fcmgt 0", armX, armX)
		a.both("and", armX, armX, below)
		a.both("and", armX, armX, a.constant("oneSixth"))
		a.both("fmul", armX, armX, armDZ)
	}},
	{nil, func(a *arm) { // tanh
		d := eight(1)
		a.set(d, "one")
		a.both("fmls", d, armX, armX)
		a.both("fmul", armX, d, armDZ)
	}},
}

// geluInner sets x to √(2/π)·(x + 0.044715·x³).
func (a *arm) geluInner() {
	t := eight(1)
	a.both("fmul", t, armX, a.constant("geluCubic"))
	a.both("fmul", t, t, armX)
	a.both("fmla", armX, t, armX)
	a.both("fmul", armX, armX, a.constant("sqrtTwoOverPi"))
}

// activations emits the kernel of the activations and of their derivatives: a loop that calls a routine.
func (a *arm) activations() {
	a.kernel("elementwiseNEON", "(op uint8, alpha float32, dst, src []float32)", 0, 56,
		"dst[i] = act(src[i]) for op = the kind of act; dst[i] *= act'(src[i]) for op = gradient + its kind",
		"  routines: x = act(x), named for act, and x = dz·act', named …Gradient",
		"  dst, src [n]   n, that of src, a multiple of 8; dst may be src   src of a gradient: the input of act, or its output",
		"  V0, V1 the elements of src and the results, then scratch, V26 alpha, V28, V29 the elements of dst",
		"  R0 dst   R1 src   R2 routine   R8 elements left   R15 constants",
	)
	dst, src, routine := gp(0), gp(1), gp(2)
	a.op("MOVBU", argument("op", 0), routine)
	a.op("MOVD", "$routines<>(SB)", armLeft)
	a.op("MOVD", fmt.Sprintf("(%v)(%v<<3)", armLeft, routine), routine)
	a.broadcast(argument("alpha", 4), armAlpha)
	a.constantsTo()
	a.slice("dst", 8, dst)
	a.slice("src", 32, src)
	a.elements("src", 32, func() {
		a.loadPairNext(armX.half(0), src)
		a.loadEight(armDZ, dst, 0)
		a.op("CALL", "("+routine.String()+")")
		a.storePairNext(armX.half(0), dst)
	})
	for i, act := range armActivations {
		name := activations[i].name
		if act.value != nil {
			a.routine(name)
			act.value(a)
			a.op("RET")
		}
		if act.gradient != nil {
			a.routine(name + "Gradient")
			act.gradient(a)
			a.op("RET")
		}
	}
	var names [2][]string
	for _, act := range activations {
		value, gradient := act.name, act.name+"Gradient"
		if act.gradient == nil {
			value, gradient = "", ""
		}
		names[0], names[1] = append(names[0], value), append(names[1], gradient)
	}
	a.table("routines", append(names[0], names[1]...))
}

// table emits the addresses of routines; an empty name is none.
func (a *arm) table(name string, routines []string) {
	fmt.Fprintln(&a.text)
	for i, routine := range routines {
		if routine != "" {
			fmt.Fprintf(&a.text, "DATA %s<>+%d(SB)/8, $·%s<>(SB)\n", name, 8*i, routine)
		}
	}
	fmt.Fprintf(&a.text, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", name, 8*len(routines))
}
