package kernels

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// elementwise returns the text of kernels_elementwise_amd64.s: what is done element by element or row by row, between the
// products.
func elementwise() ([]byte, error) {
	return assemble([]string{"../kernels.go"}, []string{"adamStep", "sgdStep", "softmax", "sweep"}, func(p *program) {
		p.laneNumbers()
		p.constants()
		for _, v := range []vectorSet{zmm, ymm} {
			p.adam(v)
			p.sgd(v)
			p.activations(v)
			p.functions(v)
		}
		p.sums()
		p.softmax()
		p.sweep()
	})
}

// stream is an array that a loop walks a vector at a time.
type stream struct {
	base  reg.GPPhysical
	v     reg.Register // the vector at hand
	use   access
	slice string // the kernel's argument

	optional bool // the argument may be nil
}

// access tells what a loop does with an array.
type access int

const (
	read access = 1 << iota
	write
)

// Registers of walk.
var (
	walkLeft   = reg.RCX // elements behind the vector at hand; negative in the tail
	walkOffset = reg.RBX // bytes from the start of the arrays
	walkSpare  = reg.RDX
)

// tail returns the register that masks the last vector of a loop, which is shorter.
func (v vectorSet) tail() reg.Register {
	if v.lanes == 16 {
		return reg.K1
	}
	return v.reg(15)
}

// walk loads the arguments and emits a loop over all elements of the arrays, all as long as the first. In the last,
// shorter round lanes without an element hold zero, and nothing is read or written there.
func (p *program) walk(v vectorSet, name string, streams []stream, body func()) {
	label := func(s string) string { return name + s }
	for i, s := range streams {
		if i == 0 || s.base != streams[i-1].base {
			p.Load(p.Param(s.slice).Base(), s.base)
		}
	}
	p.Load(p.Param(streams[0].slice).Len(), walkLeft)
	p.XORL(walkOffset.As32(), walkOffset.As32())
	p.SUBQ(imm(v.lanes), walkLeft)
	p.JL(operand.LabelRef(label("Tail")))
	p.Label(label("Vector"))
	access := func(phase string, use access, move func(s stream)) {
		for _, s := range streams {
			if s.use&use == 0 {
				continue
			}
			without := label(phase + "Without")
			if s.optional {
				p.TESTQ(s.base, s.base)
				p.JE(operand.LabelRef(without))
			}
			move(s)
			if s.optional {
				p.Label(without)
			}
		}
	}
	access("Load", read, func(s stream) { p.VMOVUPS(at(s.base, 0).Idx(walkOffset, 1), s.v) })
	p.Label(label("Body"))
	body()
	p.TESTQ(walkLeft, walkLeft)
	p.JL(operand.LabelRef(label("StoreTail")))
	access("Store", write, func(s stream) { p.VMOVUPS(s.v, at(s.base, 0).Idx(walkOffset, 1)) })
	p.ADDQ(imm(v.bytes()), walkOffset)
	p.SUBQ(imm(v.lanes), walkLeft)
	p.JGE(operand.LabelRef(label("Vector")))

	p.Label(label("Tail"))
	p.ADDQ(imm(v.lanes), walkLeft)
	p.JE(operand.LabelRef(label("Done")))
	p.maskTail(v, walkSpare)
	access("LoadTail", read, func(s stream) { p.loadTail(v, at(s.base, 0).Idx(walkOffset, 1), s.v) })
	p.MOVQ(imm(-1), walkLeft)
	p.JMP(operand.LabelRef(label("Body")))
	p.Label(label("StoreTail"))
	access("StoreTail", write, func(s stream) { p.storeTail(v, s.v, at(s.base, 0).Idx(walkOffset, 1)) })
	p.Label(label("Done"))
}

// laneNumbers emits the numbers of the lanes of a ymm register, and their count.
func (p *program) laneNumbers() {
	p.StaticGlobal("laneNumbers")
	p.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := uint64(0); i < 10; i += 2 {
		p.AppendDatum(operand.U64(i | (i+1)<<32))
	}
}

// laneNumber returns the place of the number of a lane, or of the first of all.
func laneNumber(i int) operand.Mem {
	return operand.NewDataAddr(operand.NewStaticSymbol("laneNumbers"), 4*i)
}

// maskTail sets the mask of the tail to the first n lanes; n is in CX and below the number of lanes, for AVX2 not above.
func (p *program) maskTail(v vectorSet, spare reg.GPPhysical) {
	if v.lanes == 16 {
		p.MOVL(imm(-1), spare.As32())
		p.SHLL(reg.CL, spare.As32())
		p.NOTL(spare.As32())
		p.KMOVW(spare.As32(), v.tail())
		return
	}
	x := v.tail().(reg.Vec).AsX()
	p.VMOVD(reg.ECX, x)
	p.VPBROADCASTD(x, v.tail())
	p.VPCMPGTD(laneNumber(0), v.tail(), v.tail())
}

// loadTail loads the lanes of the tail and sets the others to zero.
func (p *program) loadTail(v vectorSet, from operand.Mem, to reg.Register) {
	if v.lanes == 16 {
		p.VMOVUPS_Z(from, v.tail(), to)
	} else {
		p.VMASKMOVPS(from, v.tail(), to)
	}
}

// storeTail stores the lanes of the tail.
func (p *program) storeTail(v vectorSet, from reg.Register, to operand.Mem) {
	if v.lanes == 16 {
		p.VMOVUPS(from, v.tail(), to)
	} else {
		p.VMASKMOVPS(from, v.tail(), to)
	}
}
