package kernels

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// flusher turns denormal numbers and zeros into +0.
type flusher struct {
	vectorSet
	exponent reg.Register // the bits of the exponent
	zero     reg.Register // for AVX2
	spare    reg.Register // for AVX2
}

// prepare loads the flusher's constants.
func (p *program) prepare(f flusher) {
	p.MOVL(imm(int(math.Float32bits(float32(math.Inf(1))))), walkSpare.As32())
	if f.lanes == 16 {
		p.VPBROADCASTD(walkSpare.As32(), f.exponent)
		return
	}
	x := f.exponent.(reg.Vec).AsX()
	p.VMOVD(walkSpare.As32(), x)
	p.VPBROADCASTD(x, f.exponent)
	p.clear(f.vectorSet, f.zero)
}

// flush flushes x.
func (p *program) flush(f flusher, x reg.Register) {
	if f.lanes == 16 {
		p.VPTESTMD(x, f.exponent, reg.K2)
		p.VMOVAPS_Z(x, reg.K2, x)
		return
	}
	p.VANDPS(x, f.exponent, f.spare)
	p.VPCMPEQD(f.spare, f.zero, f.spare)
	p.VANDNPS(x, f.spare, x)
}

// adam emits the kernel of Adam's update.
func (p *program) adam(v vectorSet) {
	p.kernel("adam"+v.isa, "func(w, m, v, g []float32, s *adamStep)",
		"g' = flush(g·scale), m = flush(m + (g'-m)·oneBeta1), v = flush(v + (g'²-v)·oneBeta2), sums of a product fused",
		"w = (w - w·decay) - rate·m / (√v + epsilon)",
		"  w, m, v, g [n]   n >= 0, that of w   g is left as it is",
		"  first register to fourth w, m, v, g, then scratch and the six scalars; clobbers all vectors; no stack",
	)
	w, m, sq, g, t := v.reg(0), v.reg(1), v.reg(2), v.reg(3), v.reg(4)
	scale, decay, rate, oneBeta1, oneBeta2, epsilon := v.reg(5), v.reg(6), v.reg(7), v.reg(8), v.reg(9), v.reg(10)
	f := flusher{v, v.reg(11), v.reg(12), v.reg(13)}
	s := reg.RAX
	p.Load(p.Param("s"), s)
	p.prepare(f)
	p.scalars(s, "adamStep", scalar{"scale", scale}, scalar{"decay", decay}, scalar{"rate", rate},
		scalar{"oneBeta1", oneBeta1}, scalar{"oneBeta2", oneBeta2}, scalar{"epsilon", epsilon})
	p.walk(v, "adam", []stream{
		{base: reg.RDI, v: w, use: read | write, slice: "w"}, {base: reg.RSI, v: m, use: read | write, slice: "m"},
		{base: reg.R8, v: sq, use: read | write, slice: "v"}, {base: reg.R9, v: g, use: read, slice: "g"},
	}, func() {
		p.VMULPS(scale, g, g)
		p.flush(f, g)
		p.VSUBPS(m, g, t)
		p.VFMADD231PS(oneBeta1, t, m)
		p.flush(f, m)
		p.VFMSUB213PS(sq, g, g)
		p.VFMADD231PS(oneBeta2, g, sq)
		p.flush(f, sq)
		p.VFNMADD213PS(w, decay, w)
		p.VMULPS(rate, m, t)
		p.VSQRTPS(sq, g)
		p.VADDPS(epsilon, g, g)
		p.VDIVPS(g, t, t)
		p.VSUBPS(t, w, w)
	})
	p.ret()
}

// scalar is a field and the register in all lanes of which a kernel keeps it.
type scalar struct {
	field string
	v     reg.Register
}

// scalars loads fields of a struct.
func (p *program) scalars(base reg.GPPhysical, structName string, list ...scalar) {
	for _, s := range list {
		p.VBROADCASTSS(p.field(base, structName+"."+s.field), s.v)
	}
}

// sgd emits the kernel of the update of stochastic gradient descent, with and without momentum.
func (p *program) sgd(v vectorSet) {
	p.kernel("sgd"+v.isa, "func(w, m, g []float32, s *sgdStep, ahead, behind float32)",
		"g' = flush(g·scale), w' = w - w·decay, sums of a product fused; where m is nil w = w' - rate·g'; else",
		"m = flush(momentum·m - rate·g') and w = w' + (ahead·m - rate·g'&behind)",
		"  w, g [n], m [n] or nil   n >= 0, that of w   g is left as it is",
		"  ahead momentum and behind all bits for Nesterov's, 1 and 0 for the plain one, whose sum is w' + m",
		"  first register to third w, m, g, then scratch and the scalars; clobbers all vectors; no stack",
	)
	w, m, g, step := v.reg(0), v.reg(1), v.reg(2), v.reg(3)
	scale, decay, rate, momentum, ahead, behind := v.reg(4), v.reg(5), v.reg(6), v.reg(7), v.reg(8), v.reg(9)
	f := flusher{v, v.reg(11), v.reg(12), v.reg(13)}
	s := reg.RAX
	p.Load(p.Param("s"), s)
	p.prepare(f)
	p.scalars(s, "sgdStep", scalar{"scale", scale}, scalar{"decay", decay}, scalar{"rate", rate}, scalar{"momentum", momentum})
	p.VBROADCASTSS(p.argument("ahead"), ahead)
	p.VBROADCASTSS(p.argument("behind"), behind)
	p.walk(v, "sgd", []stream{
		{base: reg.RDI, v: w, use: read | write, slice: "w"}, {base: reg.RSI, v: g, use: read, slice: "g"},
		{base: reg.R8, v: m, use: read | write, slice: "m", optional: true},
	}, func() {
		p.VMULPS(scale, g, g)
		p.flush(f, g)
		p.VFNMADD213PS(w, decay, w)
		p.TESTQ(reg.R8, reg.R8)
		p.JNE(operand.LabelRef("momentum"))
		p.VFNMADD231PS(rate, g, w)
		p.JMP(operand.LabelRef("updated"))
		p.Label("momentum")
		p.VMULPS(rate, g, step)
		p.VFMSUB213PS(step, momentum, m)
		p.flush(f, m)
		p.VANDPS(behind, step, step)
		p.VFMSUB231PS(ahead, m, step)
		p.VADDPS(step, w, w)
		p.Label("updated")
	})
	p.ret()
}

// argument returns the memory of an argument.
func (p *program) argument(name string) operand.Mem {
	a, err := p.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return a.Addr
}

// sums emits the kernel of the sums of squares and of absolute values. AVX-512 has none of its own: the chains of additions
// set the pace.
func (p *program) sums() {
	p.kernel("sumsAVX2", "func(x []float32, s *[16]float64, bits, one float64)",
		"s[i mod 16] += x[i]·y[i], y = x & bits | one, i ascending; the products are exact in float64",
		"  bits all and one 0 for squares; the sign and 1 for absolute values",
		"  x [n], n >= 0, a multiple of 16 in all blocks but the last, after which the halves of s may stand exchanged",
		"  Y0, Y1 x   Y2-Y3 the eight lanes of s that x belongs to, Y4-Y5 the others   Y6 y   Y7 bits   Y8 one   Y15 mask; no stack",
	)
	v := ymm
	x, high, spare, y, bits, one := v.reg(0), v.reg(1), v.reg(9), v.reg(6), v.reg(7), v.reg(8)
	sums := []reg.Register{v.reg(2), v.reg(3), v.reg(4), v.reg(5)}
	s := reg.RAX
	p.Load(p.Param("s"), s)
	p.VBROADCASTSD(p.argument("bits"), bits)
	p.VBROADCASTSD(p.argument("one"), one)
	for i, sum := range sums {
		p.VMOVUPD(at(s, i*v.bytes()), sum)
	}
	p.walk(v, "sum", []stream{{base: reg.RDI, v: x, use: read, slice: "x"}}, func() {
		p.VEXTRACTF128(imm8(1), x, high.(reg.Vec).AsX())
		p.VCVTPS2PD(x.(reg.Vec).AsX(), x)
		p.VCVTPS2PD(high.(reg.Vec).AsX(), high)
		p.Comment("The next vector belongs to the other half of s.")
		for i, half := range []reg.Register{x, high} {
			p.VANDPD(bits, half, y)
			p.VORPD(one, y, y)
			p.VMOVAPS(sums[i], spare)
			p.VMOVAPS(sums[2+i], sums[i])
			p.VFMADD231PD(half, y, spare)
			p.VMOVAPS(spare, sums[2+i])
		}
	})
	for i, sum := range sums {
		p.VMOVUPD(sum, at(s, i*v.bytes()))
	}
	p.ret()
}
