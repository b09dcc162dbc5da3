package mlp

import (
	"fmt"
	"os"
	"strings"
)

// The seam between the library and its kernels. A kernel is named by its isa; the arch files (kernels_amd64.go, …,
// kernels_noasm.go) hold one method of isa for each operation, a switch whose default is the generic function of
// kernels_generic.go. That function is the operation's contract: every kernel gives its bits (a NaN's sign and payload
// aside). docs/DETERMINISM.md states the orders of summation, docs/KERNELS.md the layouts.

// isa names the instruction set that a network's kernels use.
type isa uint8

const (
	generic isa = iota // portable Go
	avx2               // AVX2 and FMA3
	avx512             // AVX-512 F, BW, DQ, VL
	neon
)

// kernelEnv is the environment variable that names the kernel, for tests and for users who compare.
const kernelEnv = "MLP_KERNEL"

// kernel is a row of the build's list of kernels, best first, generic last.
type kernel struct {
	isa       isa
	name      string
	available bool // the CPU and the operating system support it
}

// chooseKernel returns the best kernel that this machine has, or the one that MLP_KERNEL names.
func chooseKernel() (kernel, error) {
	want := os.Getenv(kernelEnv)
	var names []string
	for _, k := range kernels() {
		if !k.available {
			continue
		}
		if want == "" || want == k.name {
			return k, nil
		}
		names = append(names, k.name)
	}
	return kernel{}, fmt.Errorf("mlp: %s is %q, but this machine and build have %s", kernelEnv, want, strings.Join(names, ", "))
}

// lanes is the width of a panel of packed weights, and the number of virtual lanes of every reduction.
const lanes = 16

// padded returns units rounded up to whole panels, the last of which is 8 wide if at most 8 units remain.
func padded(units int) int { return (units + 7) &^ 7 }

// panelWidth returns the width of the panel that begins at unit u.
func panelWidth(units, u int) int { return min(lanes, padded(units)-u) }

// stride returns the row stride of a matrix of activations. Strides of whole 4 KB pages would put all rows into the same
// cache sets.
func stride(units int) int {
	ld := padded(units)
	if ld%1024 == 0 {
		ld += lanes
	}
	return ld
}

// packedLen returns the length of a layer's packed weights.
func packedLen(inputs, units int) int { return (1 + inputs) * padded(units) }

// softmax holds the operands of the softmax kernels.
type softmax struct {
	z      []float32 // [rows, ld] logits, replaced by their softmax; pads may be overwritten
	dz     []float32 // [rows, ld] gradient of the loss with respect to the logits; pads are written as zero
	labels []float32 // [rows] class indices, whole numbers in 0 … units-1
	scale  []float32 // [rows] factor of each row's gradient: its sample weight over the number of rows
	loss   []float32 // [rows] each row's loss, unscaled

	ld, rows, units int
}

// adamStep holds the scalars of one Adam update, rounded once from float64.
type adamStep struct {
	scale    float32 // factor of every gradient, from clipping; 1 without
	decay    float32 // learning rate times weight decay; 0 without
	rate     float32 // learning rate times √(1-beta2ᵗ)/(1-beta1ᵗ)
	oneBeta1 float32 // 1-beta1
	oneBeta2 float32 // 1-beta2
	epsilon  float32
}

// sgdStep holds the scalars of one SGD update, rounded once from float64.
type sgdStep struct {
	scale    float32 // factor of every gradient, from clipping; 1 without
	decay    float32 // learning rate times weight decay; 0 without
	rate     float32 // learning rate
	momentum float32
	nesterov bool
}

// sweep holds the operands of a sweepOp.
type sweep struct {
	x       [5][]float32 // each [rows, ld], as the operation wants them; nil where it takes fewer
	ld      [5]int       // 0 for one row that serves all
	rows, n int
	s       [8]float32 // scalars

	low, high, bound uint32 // dropout: the key's halves, and the bound below which a value is dropped
	step             uint32 // dropout: number of a row's values
}

// interpolation holds the operands of the kernel that takes values between the pixels of an image of one channel. Places
// are whole numbers of 2⁻³² pixels.
type interpolation struct {
	dst []float32 // [rows, n]
	src []float32 // [any number, ld], in which all places have four neighbours, and interpolationSlack

	x, y           int64 // place of dst's first pixel in src
	rightX, rightY int64 // from a pixel to the next of its row
	downX, downY   int64 // and to that below
	rows, n, ld    int
}

// interpolationSlack is what kernels may read behind the last neighbours: patches of 8×8 begin at the first.
func interpolationSlack(ld int) int { return 6*ld + 8 }

// framing holds the operands of the kernel that copies an image of one channel and puts marginWidth columns beside it, left
// and right. A margin's pixel is one of as many columns of its row.
type framing struct {
	dst     []float32 // [rows, n+2·marginWidth]
	src     []float32 // [rows, n]
	rows, n int       // n >= marginWidth

	left, right int         // the columns from which on the margins' pixels are taken
	order       [2][8]int32 // which of them
	keep, fill  uint32      // bits that these keep and that are set
}

const marginWidth = 8

// smallestNormal is the smallest positive normal float32; moments and gradients below it are flushed to zero, for
// denormal operands slow long trainings down.
const smallestNormal = 0x1p-126
