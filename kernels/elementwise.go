package kernels

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// elementwise returns the text of kernels_elementwise_amd64.s: what is done element by element or row by row, between the
// products.
func elementwise() ([]byte, error) {
	return assemble([]string{"../kernels.go"}, []string{"adamStep", "sgdStep", "softmax"}, func(p *program) {
		p.tailMasks()
		p.constants()
		for _, v := range []vectorSet{zmm, ymm} {
			p.adam(v)
			p.sgd(v)
			p.activations(v)
			p.functions(v)
		}
		p.sumSquares()
		p.softmax()
	})
}

// stream is an array that a loop walks a vector at a time.
type stream struct {
	base  reg.GPPhysical
	v     reg.Register // the vector at hand
	use   access
	slice string // the kernel's argument
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
	for _, s := range streams {
		if s.use&read != 0 {
			p.VMOVUPS(at(s.base, 0).Idx(walkOffset, 1), s.v)
		}
	}
	p.Label(label("Body"))
	body()
	p.TESTQ(walkLeft, walkLeft)
	p.JL(operand.LabelRef(label("Store")))
	for _, s := range streams {
		if s.use&write != 0 {
			p.VMOVUPS(s.v, at(s.base, 0).Idx(walkOffset, 1))
		}
	}
	p.ADDQ(imm(v.bytes()), walkOffset)
	p.SUBQ(imm(v.lanes), walkLeft)
	p.JGE(operand.LabelRef(label("Vector")))

	p.Label(label("Tail"))
	p.ADDQ(imm(v.lanes), walkLeft)
	p.JE(operand.LabelRef(label("Done")))
	p.maskTail(v, walkLeft, walkSpare)
	for _, s := range streams {
		if s.use&read != 0 {
			p.loadTail(v, at(s.base, 0).Idx(walkOffset, 1), s.v)
		}
	}
	p.MOVQ(imm(-1), walkLeft)
	p.JMP(operand.LabelRef(label("Body")))
	p.Label(label("Store"))
	for _, s := range streams {
		if s.use&write != 0 {
			p.storeTail(v, s.v, at(s.base, 0).Idx(walkOffset, 1))
		}
	}
	p.Label(label("Done"))
}

// tailMasks emits the table of which maskTail takes a window.
func (p *program) tailMasks() {
	p.StaticGlobal("tailMasks")
	p.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 8 {
		mask := ^uint64(0)
		if i >= 4 {
			mask = 0
		}
		p.AppendDatum(operand.U64(mask))
	}
}

// maskTail sets the mask of the tail to the first n lanes, 0 < n < lanes; it changes both registers.
func (p *program) maskTail(v vectorSet, n, spare reg.GPPhysical) {
	if v.lanes == 16 {
		p.MOVL(imm(-1), spare.As32())
		p.SHLL(reg.CL, spare.As32())
		p.NOTL(spare.As32())
		p.KMOVW(spare.As32(), v.tail())
		return
	}
	p.LEAQ(operand.NewDataAddr(operand.NewStaticSymbol("tailMasks"), 32), spare)
	p.NEGQ(n)
	p.VMOVUPS(at(spare, 0).Idx(n, 4), v.tail())
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
