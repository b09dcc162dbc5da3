//go:build (amd64 || arm64) && !purego && !noasm

package mlp

import (
	"fmt"
	"math"
)

// What the architectures with assembly share between the products: operations are cut into calls, for assembly cannot be
// preempted, and operands are checked, for it trusts their lengths. The arch files have what computes one call, the
// methods whose names end in Call.

// maxElements is the number of elements of a call, some 70 µs at most; whole vectors.
const maxElements = 1 << 15

func (k isa) adam(w, m, v, g []float32, s *adamStep) {
	if k == generic {
		adamGeneric(w, m, v, g, s)
		return
	}
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	for i := 0; i < len(w); i += maxElements {
		to := min(i+maxElements, len(w))
		k.adamCall(w[i:to], m[i:to], v[i:to], g[i:to], s)
	}
}

func (k isa) sgd(w, m, g []float32, s *sgdStep) {
	if k == generic {
		sgdGeneric(w, m, g, s)
		return
	}
	g = g[:len(w)]
	if m != nil {
		m = m[:len(w)]
	}
	for i := 0; i < len(w); i += maxElements {
		to := min(i+maxElements, len(w))
		var mi []float32
		if m != nil {
			mi = m[i:to]
		}
		k.sgdCall(w[i:to], mi, g[i:to], s)
	}
}

// aheadBehind returns what makes one formula of the two with momentum: the assembly adds ahead·m - rate·g to the weights, of
// rate·g only the bits that behind has set.
func (s *sgdStep) aheadBehind() (ahead, behind float32) {
	if s.nesterov {
		return s.momentum, math.Float32frombits(math.MaxUint32)
	}
	return 1, 0
}

func (k isa) sumSquares(x []float32) float64 {
	if k == generic {
		return sumSquaresGeneric(x)
	}
	return sumProducts(x, math.Float64frombits(math.MaxUint64), 0)
}

func (k isa) sumAbs(x []float32) float64 {
	if k == generic {
		return sumAbsGeneric(x)
	}
	return sumProducts(x, math.Copysign(0, -1), 1)
}

func (k isa) sum(x []float32) float64 {
	if k == generic {
		return sumGeneric(x)
	}
	return sumProducts(x, 0, 1)
}

// sumProducts returns the sum of the products of x and x & bits | one.
func sumProducts(x []float32, bits, one float64) float64 {
	var s [lanes]float64
	for i := 0; i < len(x); i += maxElements {
		sumsCall(x[i:min(i+maxElements, len(x))], &s, bits, one)
	}
	return foldLanes64(&s)
}

func (k isa) softmax(s *softmax) {
	if k == generic {
		softmaxGeneric(s)
		return
	}
	s.check(false)
	s.blocks()
}

func (k isa) softmaxCrossentropy(s *softmax) {
	if k == generic {
		softmaxCrossentropyGeneric(s)
		return
	}
	s.check(true)
	s.blocks()
}

// check panics unless the operands have room for their rows; dz must be nil unless the gradient is wanted.
func (s *softmax) check(gradient bool) {
	ok := s.rows >= 0 && s.units > 0 && s.ld >= padded(s.units) && len(s.z) >= (s.rows-1)*s.ld+padded(s.units) && gradient == (s.dz != nil)
	if gradient {
		ok = ok && len(s.dz) >= (s.rows-1)*s.ld+padded(s.units) &&
			len(s.labels) >= s.rows && len(s.scale) >= s.rows && len(s.loss) >= s.rows
	}
	if !ok {
		panic(fmt.Sprintf("mlp: internal: operands of a softmax of %d rows of %d do not fit", s.rows, s.units))
	}
}

// softmaxRows is the number of rows of a call, at most.
const softmaxRows = 64

// blocks computes some rows a call.
func (s *softmax) blocks() {
	n := min(max(maxElements/s.units, 1), softmaxRows)
	if 0 < s.rows && s.rows <= n {
		s.block()
		return
	}
	b := *s
	for r := 0; r < s.rows; r += n {
		b.z, b.rows = s.z[r*s.ld:], min(n, s.rows-r)
		if s.dz != nil {
			b.dz, b.labels, b.scale, b.loss = s.dz[r*s.ld:], s.labels[r:], s.scale[r:], s.loss[r:]
		}
		b.block()
	}
}

func (s *softmax) block() {
	if left := softmaxCall(s); left > 0 {
		panic(fmt.Sprintf("mlp: internal: label %v of %d classes", s.labels[s.rows-left], s.units))
	}
}

// gradientOp plus the kind of an activation is its derivative.
const gradientOp = uint8(softmaxActivation)

func (k isa) activate(a Activation, dst, src []float32) {
	if k == generic || !a.hasKernel() {
		activateGeneric(a, dst, src)
		return
	}
	k.elementwise(uint8(a.kind), a.alpha, dst, src)
}

func (k isa) gradActivation(a Activation, dz, src []float32) {
	if k == generic || !a.hasKernel() {
		gradActivationGeneric(a, dz, src)
		return
	}
	k.elementwise(gradientOp+uint8(a.kind), a.alpha, dz, src)
}

// hasKernel reports whether the assembly has a routine for the activation.
func (a Activation) hasKernel() bool { return a.kind > linear && a.kind < softmaxActivation }

func (k isa) elementwise(op uint8, alpha float32, dst, src []float32) {
	dst = dst[:len(src)]
	for i := 0; i < len(src); i += maxElements {
		to := min(i+maxElements, len(src))
		k.elementwiseCall(op, alpha, dst[i:to], src[i:to])
	}
}

// sweep leaves the columns behind the last whole vector to Go.
func (k isa) sweep(op sweepOp, s *sweep) {
	whole := 0
	if k != generic {
		whole = s.n &^ 7
	}
	for column := 0; column < whole; column += maxElements {
		n := min(maxElements, whole-column)
		for row := 0; row < s.rows; row += maxElements / n {
			p := s.part(row, min(maxElements/n, s.rows-row), column, n)
			for i := range p.ld {
				p.ld[i] *= 4
			}
			sweepCall(op, &p)
		}
	}
	if whole < s.n && s.rows > 0 {
		p := s.part(0, s.rows, whole, s.n-whole)
		sweepGeneric(op, &p)
	}
}
