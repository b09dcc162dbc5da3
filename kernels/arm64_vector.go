package kernels

import (
	"fmt"
	"strings"
)

// vector is a register of four floats. The assembler calls it V, and F where it is loaded or stored.
type vector int

// f is the register in a load or store.
func (v vector) f() string {
	v.check()
	return fmt.Sprintf("F%d", int(v))
}

// as is the register as lanes of a kind: S4, D2, B16 or an element such as S[1].
func (v vector) as(lanes string) string {
	v.check()
	return fmt.Sprintf("V%d.%s", int(v), lanes)
}

func (v vector) check() {
	if v < 0 || v > 31 {
		panic(fmt.Sprintf("kernels: there is no vector register %d", int(v)))
	}
}

// vectorOp is an operation on vectors: an instruction of Go's assembler, or the word of one that it lacks, with zeros for
// the registers.
type vectorOp struct {
	mnemonic string
	lanes    string // S4, D2 or B16
	word     uint32
	text     string // the word's operands, where these are not all .4s
}

// vectorOps are the operations by ARM's names; those with " 0" compare with zero. What Go 1.24 does not know is a word.
var vectorOps = map[string]vectorOp{
	"and":   {mnemonic: "VAND", lanes: "B16"},
	"orr":   {mnemonic: "VORR", lanes: "B16"},
	"eor":   {mnemonic: "VEOR", lanes: "B16"},
	"bsl":   {mnemonic: "VBSL", lanes: "B16"}, // result: second where result is set, else third
	"bit":   {mnemonic: "VBIT", lanes: "B16"}, // result: second where third is set
	"bif":   {mnemonic: "VBIF", lanes: "B16"}, // result: second where third is not set
	"mov":   {mnemonic: "VMOV", lanes: "B16"},
	"add":   {mnemonic: "VADD", lanes: "S4"},
	"sub":   {mnemonic: "VSUB", lanes: "S4"},
	"cmeq":  {mnemonic: "VCMEQ", lanes: "S4"},
	"cmtst": {mnemonic: "VCMTST", lanes: "S4"}, // where second and third share a bit
	"fmla":  {mnemonic: "VFMLA", lanes: "S4"},  // result + second·third
	"fmls":  {mnemonic: "VFMLS", lanes: "S4"},  // result - second·third
	"zip1":  {mnemonic: "VZIP1", lanes: "S4"},
	"zip2":  {mnemonic: "VZIP2", lanes: "S4"},

	"fmla doubles": {mnemonic: "VFMLA", lanes: "D2"},

	"bic":     {word: 0x4e601c00, text: "v%d.16b, v%d.16b, v%d.16b"},
	"mul":     {word: 0x4ea09c00},
	"cmhi":    {word: 0x6ea03400}, // unsigned
	"cmhs":    {word: 0x6ea03c00}, // unsigned
	"scvtf":   {word: 0x4e21d800},
	"fadd":    {word: 0x4e20d400},
	"fsub":    {word: 0x4ea0d400},
	"fmul":    {word: 0x6e20dc00},
	"fdiv":    {word: 0x6e20fc00},
	"fsqrt":   {word: 0x6ea1f800},
	"fabs":    {word: 0x4ea0f800},
	"fneg":    {word: 0x6ea0f800},
	"fmax":    {word: 0x4e20f400}, // NaN if one is
	"fmin":    {word: 0x4ea0f400},
	"fmaxnm":  {word: 0x4e20c400}, // the other if one is NaN
	"faddp":   {word: 0x6e20d400},
	"fcmgt":   {word: 0x6ea0e400},
	"fcmeq":   {word: 0x4e20e400},
	"fcvtzs":  {word: 0x4ea1b800},
	"uminv":   {word: 0x6eb1a800, text: "s%d, v%d.4s"},
	"fcmgt 0": {word: 0x4ea0c800, text: "v%d.4s, v%d.4s, #0.0"},
	"fcmle 0": {word: 0x6ea0d800, text: "v%d.4s, v%d.4s, #0.0"},
	"fcmlt 0": {word: 0x4ea0e800, text: "v%d.4s, v%d.4s, #0.0"},
	"fcmeq 0": {word: 0x4ea0d800, text: "v%d.4s, v%d.4s, #0.0"},
	"fmaxnmv": {word: 0x6e30c800, text: "s%d, v%d.4s"},
	"fcvtl":   {word: 0x0e617800, text: "v%d.2d, v%d.2s"},
	"fcvtl2":  {word: 0x4e617800, text: "v%d.2d, v%d.4s"},
}

// shifts of the fields of an instruction's registers: result, first source, second source.
var registerShifts = [...]int{0, 5, 16}

// vec emits an operation on vectors, the result first.
func (a *arm) vec(name string, operands ...vector) {
	op, ok := vectorOps[name]
	if !ok {
		panic("kernels: there is no vector operation " + name)
	}
	if op.mnemonic != "" {
		reversed := make([]any, len(operands))
		for i, v := range operands {
			reversed[len(operands)-1-i] = v.as(op.lanes)
		}
		a.op(op.mnemonic, reversed...)
		return
	}
	word, text := op.word, op.text
	if text == "" {
		text = strings.TrimSuffix(strings.Repeat("v%d.4s, ", len(operands)), ", ")
	}
	registers := make([]any, len(operands))
	for i, v := range operands {
		v.check()
		word |= uint32(v) << registerShifts[i]
		registers[i] = int(v)
	}
	first, _, _ := strings.Cut(name, " ")
	a.word(word, first+" "+text, registers...)
}

// word emits an instruction that Go's assembler lacks, with its text as binutils prints it.
func (a *arm) word(word uint32, text string, operands ...any) {
	fmt.Fprintf(&a.text, "\tWORD $0x%08x // %s\n", word, fmt.Sprintf(text, operands...))
}

// multiplyAddElement adds to sum the products of x and an element of y.
func (a *arm) multiplyAddElement(sum, x, y vector, element int) {
	for _, v := range []vector{sum, x, y} {
		v.check()
	}
	const fmla = 0x4f801000
	e := uint32(element)
	a.word(fmla|uint32(sum)|uint32(x)<<5|uint32(y)<<16|e&1<<21|e>>1<<11,
		"fmla v%d.4s, v%d.4s, v%d.s[%d]", int(sum), int(x), int(y), element)
}

// zero sets a vector to zero.
func (a *arm) zero(v vector) { a.op("VMOVI", 0, v.as("B16")) }

// load loads a vector, and store stores it; with next, base moves on behind it.
func (a *arm) load(v vector, base gp, disp int)  { a.op("FMOVQ", mem(base, disp), v.f()) }
func (a *arm) store(v vector, base gp, disp int) { a.op("FMOVQ", v.f(), mem(base, disp)) }
func (a *arm) loadNext(v vector, base gp)        { a.op("FMOVQ.P", mem(base, 16), v.f()) }

// loadPair loads v and the register behind it, and storePair stores them.
func (a *arm) loadPair(v vector, base gp, disp int)  { a.op("FLDPQ", mem(base, disp), pair(v)) }
func (a *arm) storePair(v vector, base gp, disp int) { a.op("FSTPQ", pair(v), mem(base, disp)) }
func (a *arm) loadPairNext(v vector, base gp)        { a.op("FLDPQ.P", mem(base, 32), pair(v)) }
func (a *arm) storePairNext(v vector, base gp)       { a.op("FSTPQ.P", pair(v), mem(base, 32)) }

// pair is a register and the one behind it.
func pair(v vector) string { return fmt.Sprintf("(%s, %s)", v.f(), (v + 1).f()) }

// lanes is an operand of operations on eight floats: a register of eight, or one of four that serves both halves.
type lanes interface{ half(i int) vector }

func (v vector) half(int) vector { return v }

// eight is a register of eight floats, as AVX2's are: two vectors.
type eight int

func (e eight) half(i int) vector { return vector(2*int(e) + i) }

// both emits an operation on eight floats. Two vectors go side by side for the sake of small cores, which wait for the
// result before.
func (a *arm) both(name string, operands ...lanes) {
	for i := range 2 {
		halves := make([]vector, len(operands))
		for j, o := range operands {
			halves[j] = o.half(i)
			if i == 1 && halves[j] == operands[0].half(0) {
				panic("kernels: the second half of " + name + " would take the result of the first")
			}
		}
		a.vec(name, halves...)
	}
}

// shift emits a shift of eight lanes: VSHL to the left, VUSHR to the right, or with the sign, which Go's assembler lacks.
func (a *arm) shift(mnemonic string, to, from eight, by int) {
	for i := range 2 {
		a.op(mnemonic, by, from.half(i).as("S4"), to.half(i).as("S4"))
	}
}
func (a *arm) shiftSigned(to, from eight, by int) {
	for i := range 2 {
		t, f := to.half(i), from.half(i)
		a.word(0x4f000400|uint32(64-by)<<16|uint32(f)<<5|uint32(t), "sshr v%d.4s, v%d.4s, #%d", int(t), int(f), by)
	}
}

// loadEight and storeEight load and store eight floats.
func (a *arm) loadEight(e eight, base gp, disp int)  { a.loadPair(e.half(0), base, disp) }
func (a *arm) storeEight(e eight, base gp, disp int) { a.storePair(e.half(0), base, disp) }

// zeroEight sets eight floats to zero.
func (a *arm) zeroEight(e eight) {
	a.zero(e.half(0))
	a.zero(e.half(1))
}

// broadcast loads a float into all lanes.
func (a *arm) broadcast(at string, v vector) {
	a.op("FMOVS", at, v.f())
	a.op("VDUP", v.as("S[0]"), v.as("S4"))
}
