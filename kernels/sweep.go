package kernels

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sweeper emits the routines of the sweep kernel.
type sweeper struct {
	functions
	flusher
}

// Registers of sweep: the operands' rows, the element at hand of up to five of them, scratch, and the first six scalars.
var (
	sweepRows       = []reg.GPPhysical{reg.RDI, reg.RSI, reg.R8, reg.R9, reg.R10}
	sweepPlace      = reg.R11 // number of the row's first element
	sW, sM, sV      = ymm.reg(0), ymm.reg(1), ymm.reg(2)
	sC, sG          = ymm.reg(3), ymm.reg(4)
	sT, sU          = ymm.reg(14), ymm.reg(15)
	sScale, sDecay  = ymm.reg(5), ymm.reg(6)
	sRate, sBeta1   = ymm.reg(7), ymm.reg(8)
	sBeta2, sOffset = ymm.reg(9), ymm.reg(10)
)

// sweeps are the library's constants of type sweepOp, in order.
var sweeps = []struct {
	name string
	emit func(f sweeper)
}{
	{"amsgrad", func(f sweeper) {
		f.calls("gradient", "first", "second")
		f.VMOVUPS(f.element(3), sC)
		f.VCMPPS(imm8(unordered), sC, sC, sT)
		f.VMAXPS(sV, sC, sC)
		f.VORPS(sT, sC, sC)
		f.VMOVUPS(sC, f.element(3))
		f.VSQRTPS(sC, sC)
		f.VADDPS(sOffset, sC, sC)
		f.VMULPS(sRate, sM, sT)
		f.VDIVPS(sC, sT, sT)
		f.stepBy(sT)
	}},
	{"adamax", func(f sweeper) {
		f.calls("gradient", "first")
		f.VMULPS(f.element(2), sBeta2, sV)
		f.VCMPPS(imm8(unordered), sV, sV, sT)
		f.abs(sG, sG)
		f.VMAXPS(sG, sV, sV)
		f.VORPS(sT, sV, sV)
		f.flushTo(sV, 2)
		f.VADDPS(sOffset, sV, sV)
		f.VMULPS(sRate, sM, sT)
		f.VDIVPS(sV, sT, sT)
		f.stepBy(sT)
	}},
	{"nadam", func(f sweeper) {
		f.calls("gradient", "first", "second")
		f.scalar(7, sT)
		f.VMULPS(sT, sV, sV)
		f.VSQRTPS(sV, sV)
		f.VADDPS(sOffset, sV, sV)
		f.scalar(6, sT)
		f.VMULPS(sG, sT, sT)
		f.VFMADD231PS(sRate, sM, sT)
		f.VDIVPS(sV, sT, sT)
		f.stepBy(sT)
	}},
	{"rmsprop", func(f sweeper) {
		f.calls("gradient", "second")
		f.TESTQ(sweepRows[1], sweepRows[1])
		f.JE(operand.LabelRef("spread"))
		f.calls("first")
		f.VFNMADD231PS(sM, sM, sV)
		f.Label("spread")
		f.VADDPS(sOffset, sV, sV)
		f.VSQRTPS(sV, sV)
		f.VMULPS(sRate, sG, sT)
		f.VDIVPS(sV, sT, sT)
		f.TESTQ(sweepRows[3], sweepRows[3])
		f.JE(operand.LabelRef("step"))
		f.scalar(6, sU)
		f.VFMADD231PS(f.element(3), sU, sT)
		f.flushTo(sT, 3)
		f.Label("step")
		f.stepBy(sT)
	}},
	{"adagrad", func(f sweeper) {
		f.calls("gradient")
		f.VMOVUPS(f.element(1), sM)
		f.VFMADD231PS(sG, sG, sM)
		f.flushTo(sM, 1)
		f.VCMPPS(imm8(unequal), f.zero, sG, sU)
		f.VADDPS(sOffset, sM, sM)
		f.VSQRTPS(sM, sM)
		f.VMULPS(sRate, sG, sT)
		f.VDIVPS(sM, sT, sT)
		f.VANDPS(sU, sT, sT)
		f.stepBy(sT)
	}},
	{"adadelta", func(f sweeper) {
		f.calls("gradient", "second")
		f.VMOVUPS(f.element(1), sM)
		f.VADDPS(sOffset, sM, sT)
		f.VSQRTPS(sT, sT)
		f.VADDPS(sOffset, sV, sV)
		f.VSQRTPS(sV, sV)
		f.VDIVPS(sV, sT, sT)
		f.VMULPS(sG, sT, sT)
		f.VFNMADD231PS(sRate, sT, sW)
		f.VMOVUPS(sW, f.element(0))
		f.VFMSUB213PS(sM, sT, sT)
		f.VFMADD231PS(sBeta2, sT, sM)
		f.flushTo(sM, 1)
	}},
	{"lion", func(f sweeper) {
		f.calls("gradient")
		f.VMULPS(sBeta2, sG, sM)
		f.VFMADD231PS(f.element(1), sOffset, sM)
		f.sign(sM, sU)
		f.VFNMADD231PS(sRate, sU, sW)
		f.VMOVUPS(sW, f.element(0))
		f.calls("first")
	}},
	{"penalty", func(f sweeper) {
		f.VMOVUPS(f.element(1), sM)
		f.sign(sM, sU)
		f.VMOVUPS(f.element(0), sW)
		f.VFMADD231PS(sScale, sU, sW)
		f.VFMADD231PS(sDecay, sM, sW)
		f.VMOVUPS(sW, f.element(0))
	}},
	{"mix", func(f sweeper) {
		f.VMULPS(f.element(1), sDecay, sT)
		f.VFMADD231PS(f.element(0), sScale, sT)
		f.VMOVUPS(sT, f.element(0))
	}},
	{"quotient", func(f sweeper) {
		f.VMOVUPS(f.element(1), sT)
		f.VDIVPS(sScale, sT, sT)
		f.VMOVUPS(sT, f.element(0))
	}},
	{"levels", func(f sweeper) {
		f.VMULPS(f.element(1), sRate, sT)
		f.VADDPS(sBeta1, sT, sT)
		f.VMAXPS(sT, sScale, sT)
		f.VMINPS(sT, sDecay, sT)
		f.VMOVUPS(sT, f.element(0))
	}},
	{"deviations", func(f sweeper) {
		f.VMOVUPS(f.element(2), sT)
		f.VSUBPS(f.element(3), sT, sT)
		f.VMOVUPS(sT, f.element(1))
		f.VMOVUPS(f.element(0), sU)
		f.VFMADD231PS(sT, sT, sU)
		f.VMOVUPS(sU, f.element(0))
	}},
	{"normalise", func(f sweeper) {
		f.VMOVUPS(f.element(1), sT)
		f.VMULPS(f.element(2), sT, sT)
		f.VMOVUPS(sT, f.element(1))
		f.VMOVUPS(f.element(3), sU)
		f.VFMADD213PS(f.element(4), sU, sT)
		f.VMOVUPS(sT, f.element(0))
	}},
	{"affineGradient", func(f sweeper) {
		f.VMOVUPS(f.element(3), sT)
		f.VADDPS(f.element(1), sT, sU)
		f.VMOVUPS(sU, f.element(1))
		f.VMOVUPS(f.element(0), sU)
		f.VFMADD231PS(f.element(2), sT, sU)
		f.VMOVUPS(sU, f.element(0))
	}},
	{"normaliseGradient", func(f sweeper) {
		f.VMOVUPS(f.element(0), sT)
		f.VSUBPS(f.element(3), sT, sT)
		f.VMOVUPS(f.element(1), sU)
		f.VFNMADD231PS(f.element(2), sU, sT)
		f.VMULPS(f.element(4), sT, sT)
		f.VMOVUPS(sT, f.element(0))
	}},
	{"dropout", func(f sweeper) {
		f.MOVL(walkOffset.As32(), walkSpare.As32())
		f.SHRL(imm8(2), walkSpare.As32())
		f.ADDL(sweepPlace.As32(), walkSpare.As32())
		f.VMOVD(walkSpare.As32(), xmm(sT))
		f.VPBROADCASTD(xmm(sT), sT)
		f.VPADDD(laneNumber(0), sT, sT)
		f.VPBROADCASTD(coefficient("mix1"), sM)
		f.VPBROADCASTD(coefficient("mix2"), sV)
		f.mix32()
		f.VPBROADCASTD(f.field(reg.RAX, "sweep.high"), sU)
		f.VPXOR(sU, sT, sT)
		f.mix32()
		f.VPBROADCASTD(f.field(reg.RAX, "sweep.bound"), sU)
		f.VPMAXUD(sU, sT, sU)
		f.VPCMPEQD(sU, sT, sT)
		f.VMULPS(f.element(1), sScale, sW)
		f.VANDPS(sT, sW, sW)
		f.VMOVUPS(sW, f.element(0))
	}},
}

// Predicates of VCMPPS, quiet.
const (
	unordered = 0x03 // one of both is NaN
	unequal   = 0x04 // not equal; true for NaN
	distinct  = 0x0c // not equal; false for NaN
)

// element returns the place of the vector at hand of operand i.
func (f sweeper) element(i int) operand.Mem { return at(sweepRows[i], 0).Idx(walkOffset, 1) }

// scalar loads one of the scalars that have no register.
func (f sweeper) scalar(i int, to reg.Register) {
	m := f.field(reg.RAX, "sweep.s")
	m.Disp += 4 * i
	f.VBROADCASTSS(m, to)
}

// calls calls routines.
func (f sweeper) calls(names ...string) {
	for _, name := range names {
		f.callFunction(name)
	}
}

// flushTo flushes x and stores it in operand i.
func (f sweeper) flushTo(x reg.Register, i int) {
	f.flush(f.flusher, x)
	f.VMOVUPS(x, f.element(i))
}

// stepBy subtracts the step from the weights and stores them.
func (f sweeper) stepBy(step reg.Register) {
	f.VSUBPS(step, sW, sW)
	f.VMOVUPS(sW, f.element(0))
}

// abs sets to to |x|.
func (f sweeper) abs(x, to reg.Register) {
	f.load("absBits", sU)
	f.VANDPS(sU, x, to)
}

// sign sets to to 1, -1, or 0 for zeros and NaN, by the sign of x.
func (f sweeper) sign(x, to reg.Register) {
	f.VCMPPS(imm8(distinct), f.zero, x, sT)
	f.load("signBit", to)
	f.VANDPS(x, to, to)
	f.load("one", sC)
	f.VORPS(sC, to, to)
	f.VANDPS(sT, to, to)
}

// mix32 mixes the bits of sT.
func (f sweeper) mix32() {
	for _, round := range []struct {
		shift  int
		factor reg.Register
	}{{16, sM}, {13, sV}, {16, nil}} {
		f.VPSRLD(imm8(round.shift), sT, sU)
		f.VPXOR(sU, sT, sT)
		if round.factor != nil {
			f.VPMULLD(round.factor, sT, sT)
		}
	}
}

// sweep emits the kernel of the remaining operations on rows: a loop that calls a routine, as that of the activations, but
// over whole vectors alone, and with operands that the routine loads and stores.
func (p *program) sweep() {
	f := sweeper{functions{p, ymm}, flusher{ymm, ymm.reg(11), ymm.reg(12), ymm.reg(13)}}
	s, routine, rows := reg.RAX, reg.R12, reg.R13
	p.kernel("sweepAVX2", "func(op uint8, s *sweep)",
		"applies the operation to rows of n elements, n > 0 a multiple of 8, rows > 0; ld in bytes",
		"  DI, SI, R8-R10 the operands' rows   BX offset   R11 number of the row's first element   R12 routine   R13 rows left",
		"  Y0-Y4, Y14, Y15 scratch   Y5-Y10 the first six scalars   Y11-Y13 for flushing; clobbers all vectors; no stack",
	)
	p.Load(p.Param("op"), walkSpare.As32())
	p.Load(p.Param("s"), s)
	p.LEAQ(operand.NewDataAddr(operand.NewStaticSymbol("sweeps"), 0), routine)
	p.MOVQ(at(routine, 0).Idx(walkSpare, 8), routine)
	p.prepare(f.flusher)
	for i, r := range []reg.Register{sScale, sDecay, sRate, sBeta1, sBeta2, sOffset} {
		f.scalar(i, r)
	}
	x, ld := p.field(s, "sweep.x"), p.field(s, "sweep.ld")
	for i, r := range sweepRows {
		p.MOVQ(at(s, x.Disp+24*i), r)
	}
	p.MOVL(p.field(s, "sweep.low"), sweepPlace.As32())
	p.MOVQ(p.field(s, "sweep.rows"), rows)
	p.Label("row")
	p.XORL(walkOffset.As32(), walkOffset.As32())
	p.MOVQ(p.field(s, "sweep.n"), walkLeft)
	p.Label("vector")
	p.callRegister(routine)
	p.ADDQ(imm(32), walkOffset)
	p.SUBQ(imm(8), walkLeft)
	p.JNE(operand.LabelRef("vector"))
	for i, r := range sweepRows {
		p.ADDQ(at(s, ld.Disp+8*i), r)
	}
	p.ADDL(p.field(s, "sweep.step"), sweepPlace.As32())
	p.DECQ(rows)
	p.JNE(operand.LabelRef("row"))
	p.ret()

	f.function("gradient", "g = flush(scale·g), w -= decay·w")
	p.VMULPS(f.element(4), sScale, sG)
	p.flush(f.flusher, sG)
	p.VMOVUPS(f.element(0), sW)
	p.VFNMADD213PS(sW, sDecay, sW)
	p.RET()
	f.function("first", "m = flush(m + (g-m)·beta1), operand 1")
	p.VMOVUPS(f.element(1), sM)
	p.VSUBPS(sM, sG, sT)
	p.VFMADD231PS(sBeta1, sT, sM)
	f.flushTo(sM, 1)
	p.RET()
	f.function("second", "v = flush(v + (g²-v)·beta2), operand 2")
	p.VMOVUPS(f.element(2), sV)
	p.VMOVAPS(sG, sT)
	p.VFMSUB213PS(sV, sG, sT)
	p.VFMADD231PS(sBeta2, sT, sV)
	f.flushTo(sV, 2)
	p.RET()
	for _, op := range sweeps {
		f.function(op.name)
		op.emit(f)
		p.RET()
	}
	p.StaticGlobal("sweeps")
	p.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, op := range sweeps {
		p.AppendDatum(address{symbol: "·" + op.name + "AVX2<>"})
	}
}
