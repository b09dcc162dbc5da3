// Package kernels generates the library's assembly. Its test compares what it emits with what is committed; run
// go test . -generate to write it. docs/KERNELS.md explains the kernels.
package kernels

import (
	"fmt"
	"go/types"
	"regexp"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// amd64 returns the text of kernels_amd64.s.
func amd64() ([]byte, error) {
	return assemble([]string{"../dense.go"}, []string{"dense"}, func(p *program) {
		p.products()
		p.peaks()
	})
}

// assemble returns the text of an assembly file, of which emit emits the functions; they take the named structs, found in
// the files of the library.
func assemble(files, names []string, emit func(p *program)) ([]byte, error) {
	p := &program{Context: build.NewContext()}
	p.ConstraintExpr("!purego,!noasm")
	var err error
	if p.structs, err = structs(files, names...); err != nil {
		return nil, err
	}
	emit(p)
	file, err := p.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	for _, f := range file.Functions() {
		if strings.HasSuffix(f.Name, "<>") {
			f.ISA = nil // a routine needs what its kernel does
		}
	}
	text, err := printer.NewGoAsm(printer.Config{Name: "go test . -generate (module kernels)", Pkg: "mlp"}).Print(file)
	return routineStub.ReplaceAll(text, nil), err
}

// routineStub is avo's comment that declares a function, where that is a routine, which Go does not declare.
var routineStub = regexp.MustCompile(`(?m)^// func .*<>.*\n`)

// program is the assembly in the making. Kernels name registers by variables and use no others than those that the Go ABI
// leaves to assembly: neither R14 nor R15, nor BP.
type program struct {
	*build.Context
	structs   *types.Package // the library's structs that kernels take
	reluLimit operand.Mem    // bits of -Inf
}

// kernel begins a function that Go calls; signature is that of its stub.
func (p *program) kernel(name, signature string, comment ...string) {
	p.Function(name)
	p.Attributes(attr.NOSPLIT)
	s, err := gotypes.ParseSignatureInPackage(p.structs, signature)
	if err != nil {
		panic(err)
	}
	p.Signature(s)
	p.Comment(comment...)
}

// routine begins a function that kernels call, with that many bytes of arguments on the stack.
func (p *program) routine(name string, arguments int, comment ...string) {
	p.Function(name + "<>")
	p.Attributes(attr.NOSPLIT)
	if arguments > 0 {
		p.SignatureExpr(fmt.Sprintf("func(arguments [%d]byte)", arguments))
	}
	p.Comment(comment...)
}

// call calls a routine.
func (p *program) call(name string) { p.CALL(operand.LabelRef("·" + name + "<>(SB)")) }

// ret ends a kernel.
func (p *program) ret() {
	p.VZEROUPPER()
	p.RET()
}

// slot returns a new place of eight bytes in the function's frame.
func (p *program) slot() operand.Mem { return p.AllocLocal(8) }

// vectorSet is the register file of an instruction set.
type vectorSet struct {
	isa   string
	lanes int
	spec  reg.Spec
	count int
}

var (
	ymm = vectorSet{"AVX2", 8, reg.S256, 16}
	zmm = vectorSet{"AVX512", 16, reg.S512, 32}
)

// reg returns register i.
func (v vectorSet) reg(i int) reg.Register {
	if i >= v.count {
		panic(fmt.Sprintf("kernels: %s has no vector register %d", v.isa, i))
	}
	return reg.LookupPhysical(reg.KindVector, reg.Index(i), v.spec)
}

// xmm returns the low 128 bits of a register.
func xmm(r reg.Register) reg.Register {
	return reg.LookupPhysical(reg.KindVector, r.(reg.Physical).PhysicalIndex(), reg.S128)
}

// bytes returns the size of a register.
func (v vectorSet) bytes() int { return 4 * v.lanes }

// clear sets a vector register to zero.
func (p *program) clear(v vectorSet, r reg.Register) {
	if v.lanes == 16 {
		p.VPXORD(r, r, r)
	} else {
		p.VXORPS(r, r, r)
	}
}

// imm returns an immediate operand, and imm8 one of a byte, as shifts want.
func imm(v int) operand.Op  { return operand.I32(v) }
func imm8(v int) operand.Op { return operand.U8(v) }

// at returns the memory at base + disp.
func at(base reg.Register, disp int) operand.Mem { return operand.Mem{Base: base, Disp: disp} }
