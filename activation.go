package mlp

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Activation is a function applied to a layer's outputs. The zero value is Linear. Definitions and derivatives are
// Keras's (https://keras.io/api/layers/activations).
type Activation struct {
	kind  activationKind
	alpha float32
}

type activationKind uint8

const (
	linear activationKind = iota
	relu
	leakyReLU
	elu
	selu
	gelu
	geluTanh
	silu
	mish
	softplus
	softsign
	sigmoid
	hardSigmoid
	tanh
	softmaxActivation // the assembly has the kinds before this one
	logSoftmax
	hardSiLU
)

// The activations without a parameter.
var (
	Linear      = Activation{kind: linear}            // x
	ReLU        = Activation{kind: relu}              // max(x, 0); derivative 0 at 0
	SELU        = Activation{kind: selu}              // 1.0507·elu(x) with alpha 1.6733: Klambauer et al., arXiv:1706.02515
	GELU        = Activation{kind: gelu}              // x·Φ(x), exact by erf: Hendrycks and Gimpel, arXiv:1606.08415
	GELUTanh    = Activation{kind: geluTanh}          // GELU's approximation by tanh
	SiLU        = Activation{kind: silu}              // x·sigmoid(x), also called swish
	Mish        = Activation{kind: mish}              // x·tanh(softplus(x)): Misra, arXiv:1908.08681
	Softplus    = Activation{kind: softplus}          // log(1 + exp(x))
	Softsign    = Activation{kind: softsign}          // x/(1 + |x|)
	Sigmoid     = Activation{kind: sigmoid}           // 1/(1 + exp(-x))
	HardSigmoid = Activation{kind: hardSigmoid}       // clip(x/6 + 1/2, 0, 1)
	Tanh        = Activation{kind: tanh}              // hyperbolic tangent
	HardSiLU    = Activation{kind: hardSiLU}          // x·HardSigmoid(x), also called hard swish
	Softmax     = Activation{kind: softmaxActivation} // exp(x)/Σexp(x) over a row
	LogSoftmax  = Activation{kind: logSoftmax}        // x - log(Σexp(x)) over a row; its loss is a cross-entropy FromLogits
)

// LeakyReLU returns the activation max(x, slope·x), 0 <= slope. Keras's activation has slope 0.2, its layer 0.3, PyTorch's
// 0.01.
func LeakyReLU(slope float64) Activation { return Activation{leakyReLU, float32(slope)} }

// ELU returns the activation x for x > 0, else alpha·(exp(x)-1), 0 <= alpha; Keras's alpha is 1. Clevert et al.,
// arXiv:1511.07289.
func ELU(alpha float64) Activation { return Activation{elu, float32(alpha)} }

var activationNames = [...]string{
	linear: "linear", relu: "relu", leakyReLU: "leaky_relu", elu: "elu", selu: "selu", gelu: "gelu", geluTanh: "gelu_tanh",
	silu: "silu", mish: "mish", softplus: "softplus", softsign: "softsign", sigmoid: "sigmoid", hardSigmoid: "hard_sigmoid",
	tanh: "tanh", softmaxActivation: "softmax", logSoftmax: "log_softmax", hardSiLU: "hard_silu",
}

// String returns Keras's name of the activation, with the parameter if there is one: "relu", "leaky_relu(0.1)".
func (a Activation) String() string {
	if a.parametric() {
		return fmt.Sprintf("%s(%v)", activationNames[a.kind], a.alpha)
	}
	return activationNames[a.kind]
}

// parametric reports whether the activation has a parameter.
func (a Activation) parametric() bool { return a.kind == leakyReLU || a.kind == elu }

// ParseActivation returns the activation that String names. Without a parameter, "leaky_relu" means slope 0.2 and "elu"
// alpha 1, as in Keras.
func ParseActivation(s string) (Activation, error) {
	for kind, name := range activationNames {
		a := Activation{kind: activationKind(kind)}
		if s == name {
			switch a.kind {
			case leakyReLU:
				return LeakyReLU(0.2), nil
			case elu:
				return ELU(1), nil
			}
			return a, nil
		}
		if a.parametric() {
			text, named := strings.CutPrefix(s, name+"(")
			alpha, err := strconv.ParseFloat(strings.TrimSuffix(text, ")"), 32)
			if a.alpha = float32(alpha); named && err == nil && a.String() == s {
				return a, a.validate()
			}
		}
	}
	return Activation{}, fmt.Errorf("mlp: no activation is called %q; there are %s", s, strings.Join(activationNames[:], ", "))
}

// validate returns an error unless the parameter is one for which the derivative can be told from the output.
func (a Activation) validate() error {
	if a.parametric() && !(a.alpha >= 0 && a.alpha <= math.MaxFloat32) {
		return fmt.Errorf("parameter of %s is %v, want 0 <= parameter < +Inf", activationNames[a.kind], a.alpha)
	}
	return nil
}

// fused reports whether the forward kernel applies the activation itself.
func (a Activation) fused() bool { return a.kind == linear || a.kind == relu }

// needsInput reports whether the derivative is computed from the activation's input rather than its output, so that
// training keeps both.
func (a Activation) needsInput() bool {
	switch a.kind {
	case gelu, geluTanh, silu, mish, softplus, softsign, hardSiLU:
		return true
	}
	return false
}

const (
	seluScale = 1.0507009873554805
	seluAlpha = 1.6732632423543772

	sqrtHalf        = 0.7071067811865476  // 1/√2
	invSqrtTwoPi    = 0.3989422804014327  // 1/√(2π)
	sqrtTwoOverPi   = 0.7978845608028654  // √(2/π)
	geluCubic       = 0.044715            // GELUTanh's factor of x³
	geluCubicSlope  = 0.134145            // 3·geluCubic
	oneSixth        = 0.16666666666666666 // HardSigmoid's slope
	hardSigmoidEdge = 3                   // HardSigmoid is 0 or 1 beyond
)

// rowwise reports whether the activation's outputs depend on the whole row.
func (a Activation) rowwise() bool { return a.kind == softmaxActivation || a.kind == logSoftmax }

// activateGeneric writes act(src) to dst elementwise; dst may be src. Not for Softmax and LogSoftmax.
func activateGeneric(act Activation, dst, src []float32) {
	dst = dst[:len(src)]
	alpha := act.alpha
	switch act.kind {
	case linear:
		copy(dst, src)
	case relu:
		for i, x := range src {
			dst[i] = relu32(x)
		}
	case leakyReLU:
		for i, x := range src {
			if x <= 0 {
				x *= alpha
			}
			dst[i] = x
		}
	case elu:
		for i, x := range src {
			if x <= 0 {
				x = alpha * expm1Neg32(x)
			}
			dst[i] = x
		}
	case selu:
		for i, x := range src {
			if x <= 0 {
				x = seluAlpha * expm1Neg32(x)
			}
			dst[i] = seluScale * x
		}
	case gelu:
		for i, x := range src {
			h := 0.5 * x
			dst[i] = fma32(h, erf32(sqrtHalf*x), h)
		}
	case geluTanh:
		for i, x := range src {
			h := 0.5 * x
			dst[i] = fma32(h, tanh32(geluInner32(x)), h)
		}
	case silu:
		for i, x := range src {
			dst[i] = x * sigmoid32(x)
		}
	case mish:
		for i, x := range src {
			dst[i] = x * tanh32(softplus32(x))
		}
	case softplus:
		for i, x := range src {
			dst[i] = softplus32(x)
		}
	case softsign:
		for i, x := range src {
			dst[i] = x / (1 + abs32(x))
		}
	case sigmoid:
		for i, x := range src {
			dst[i] = sigmoid32(x)
		}
	case hardSigmoid:
		for i, x := range src {
			dst[i] = hardSigmoid32(x)
		}
	case hardSiLU:
		for i, x := range src {
			dst[i] = x * hardSigmoid32(x)
		}
	case tanh:
		for i, x := range src {
			dst[i] = tanh32(x)
		}
	default:
		panic("mlp: internal: " + act.String() + " is not elementwise")
	}
}

// gradActivationGeneric multiplies dz elementwise by the derivative of act, computed from src: the activation's input
// where needsInput says so, else its output. Not for Softmax.
func gradActivationGeneric(act Activation, dz, src []float32) {
	dz = dz[:len(src)]
	alpha := act.alpha
	switch act.kind {
	case linear:
	case relu:
		for i, a := range src {
			if !(a > 0) {
				dz[i] = 0
			}
		}
	case leakyReLU:
		for i, a := range src {
			if !(a > 0) {
				dz[i] *= alpha
			}
		}
	case elu: // alpha·exp(x) = a + alpha
		for i, a := range src {
			if !(a > 0) {
				dz[i] *= a + alpha
			}
		}
	case selu:
		for i, a := range src {
			d := float32(seluScale)
			if !(a > 0) {
				d = a + seluScale*seluAlpha
			}
			dz[i] *= d
		}
	case gelu: // Φ(x) + x·φ(x)
		for i, x := range src {
			density := invSqrtTwoPi * exp32(float32(-0.5*x)*x)
			dz[i] *= fma32(x, density, fma32(0.5, erf32(sqrtHalf*x), 0.5))
		}
	case geluTanh:
		for i, x := range src {
			t := tanh32(geluInner32(x))
			slope := sqrtTwoOverPi * fma32(float32(geluCubicSlope*x), x, 1)
			dz[i] *= fma32(float32(0.5*x)*fma32(-t, t, 1), slope, fma32(0.5, t, 0.5))
		}
	case silu: // s + x·s·(1-s)
		for i, x := range src {
			s := sigmoid32(x)
			dz[i] *= fma32(float32(x*s), 1-s, s)
		}
	case mish: // t + x·(1-t²)·sigmoid(x)
		for i, x := range src {
			t := tanh32(softplus32(x))
			dz[i] *= fma32(float32(x*sigmoid32(x)), fma32(-t, t, 1), t)
		}
	case softplus:
		for i, x := range src {
			dz[i] *= sigmoid32(x)
		}
	case softsign:
		for i, x := range src {
			d := 1 + abs32(x)
			dz[i] /= d * d
		}
	case sigmoid:
		for i, a := range src {
			dz[i] *= a * (1 - a)
		}
	case hardSigmoid:
		for i, a := range src {
			d := float32(oneSixth)
			if !(a > 0 && a < 1) {
				d = 0
			}
			dz[i] *= d
		}
	case hardSiLU: // (2x + 3)/6 within the edges
		for i, x := range src {
			switch {
			case x <= -hardSigmoidEdge:
				dz[i] = 0
			case x < hardSigmoidEdge:
				dz[i] *= fma32(x, 2*oneSixth, 0.5)
			}
		}
	case tanh:
		for i, a := range src {
			dz[i] *= fma32(-a, a, 1)
		}
	default:
		panic("mlp: internal: " + act.String() + " is not elementwise")
	}
}

// hardSigmoid32 returns clip(x/6 + 1/2, 0, 1).
func hardSigmoid32(x float32) float32 {
	switch {
	case x >= hardSigmoidEdge:
		return 1
	case x <= -hardSigmoidEdge:
		return 0
	}
	return fma32(x, oneSixth, 0.5)
}

// geluInner32 returns √(2/π)·(x + 0.044715·x³).
func geluInner32(x float32) float32 {
	return sqrtTwoOverPi * fma32(float32(float32(geluCubic*x)*x), x, x)
}

// gradSoftmaxRow turns the gradient with respect to a softmax p, dz, into that with respect to its logits:
// p·(dz - Σp·dz), the sum in virtual lanes.
func gradSoftmaxRow(dz, p []float32) {
	var s [lanes]float32
	for i, v := range dz {
		s[i%lanes] = fma32(p[i], v, s[i%lanes])
	}
	dot := foldLanes(&s)
	for i := range dz {
		dz[i] = p[i] * (dz[i] - dot)
	}
}

// logSoftmaxRow replaces z by z - max z - log(Σexp(z - max z)), the sum in virtual lanes.
func logSoftmaxRow(z []float32) {
	top := float32(math.Inf(-1))
	for _, v := range z {
		top = max(top, v)
	}
	var s [lanes]float32
	for i, v := range z {
		s[i%lanes] += exp32(v - top)
	}
	log := log32(foldLanes(&s))
	for i, v := range z {
		z[i] = v - top - log
	}
}

// gradLogSoftmaxRow turns the gradient with respect to a log-softmax a, dz, into that with respect to its logits:
// dz - exp(a)·Σdz.
func gradLogSoftmaxRow(dz, a []float32) {
	sum := laneSum(dz)
	for i := range dz {
		dz[i] = fma32(-exp32(a[i]), sum, dz[i])
	}
}
