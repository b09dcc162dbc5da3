package kernels

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peaks emits the loops that measure the peak of the multiply-adds, for the benchmarks.
func (p *program) peaks() {
	for _, v := range []vectorSet{zmm, ymm} {
		p.kernel("peak"+v.isa, "func(n int)", "n rounds of 12 independent multiply-adds")
		n := p.Load(p.Param("n"), reg.RAX)
		for i := range 13 {
			p.clear(v, v.reg(i))
		}
		p.Label("round")
		for i := range 12 {
			p.VFMADD231PS(v.reg(12), v.reg(12), v.reg(i))
		}
		p.DECQ(n)
		p.JNE(operand.LabelRef("round"))
		p.ret()
	}
}
