package mlp

import (
	"errors"
	"fmt"
	"math"
)

// Optimizer turns gradients into updates of the weights. In every optimizer a zero field means Keras's default or off;
// formulas are Keras's (https://keras.io/api/optimizers), with t = 1, 2, … the step, g the gradient after clipping, and
// everything elementwise.
//
// LearningRate is a constant, which callbacks may lower; Schedule, if set, takes its place. WeightDecay shrinks the weights by
// learning rate·WeightDecay before the update, biases and BatchNorm's included: Loshchilov and Hutter, arXiv:1711.05101.
type Optimizer interface {
	compile() (optimizer, error)
}

// SGD is stochastic gradient descent: w -= rate·g; with Momentum, m = Momentum·m - rate·g and w += m; with Nesterov's, w +=
// Momentum·m - rate·g by the new m (Sutskever et al., ICML 2013).
type SGD struct {
	LearningRate float64 // > 0; 0 means 0.01
	Schedule     Schedule
	Momentum     float64 // 0 <= Momentum < 1
	Nesterov     bool
	WeightDecay  float64 // >= 0
	Clip         Clip
}

// Adam (Kingma and Ba, arXiv:1412.6980): m += (g-m)·(1-Beta1), v += (g²-v)·(1-Beta2),
// w -= rate·√(1-Beta2ᵗ)/(1-Beta1ᵗ)·m/(√v + Epsilon).
type Adam struct {
	LearningRate float64 // > 0; 0 means 0.001
	Schedule     Schedule
	Beta1        float64 // 0 < Beta1 < 1; 0 means 0.9
	Beta2        float64 // 0 < Beta2 < 1; 0 means 0.999

	// Epsilon is added to √v before the bias correction: the "epsilon hat" of section 2 of the paper, as in Keras and
	// scikit-learn. PyTorch and optax add theirs to the corrected √v: at step t, Epsilon here is Epsilon·√(1-Beta2ᵗ) there.
	// 0 means 1e-7.
	Epsilon float64

	AMSGrad     bool    // use the largest v so far (Reddi et al., arXiv:1904.09237)
	WeightDecay float64 // >= 0
	Clip        Clip
}

// AdamW is Adam with WeightDecay 0.004 by default.
type AdamW struct {
	LearningRate float64 // > 0; 0 means 0.001
	Schedule     Schedule
	Beta1        float64 // 0 < Beta1 < 1; 0 means 0.9
	Beta2        float64 // 0 < Beta2 < 1; 0 means 0.999
	Epsilon      float64 // > 0, as Adam's; 0 means 1e-7
	AMSGrad      bool
	WeightDecay  float64 // > 0; 0 means 0.004
	Clip         Clip
}

// Adamax is Adam by the infinity norm (section 7 of its paper): u = max(Beta2·u, |g|), w -= rate·m/((1-Beta1ᵗ)·(u + Epsilon)).
type Adamax struct {
	LearningRate float64 // > 0; 0 means 0.001
	Schedule     Schedule
	Beta1        float64 // 0 < Beta1 < 1; 0 means 0.9
	Beta2        float64 // 0 < Beta2 < 1; 0 means 0.999
	Epsilon      float64 // > 0; 0 means 1e-7
	WeightDecay  float64 // >= 0
	Clip         Clip
}

// Nadam is Adam with Nesterov's momentum (Dozat, 2016), the momentum u rising as Beta1·(1 - 0.96ᵗ/2), P the product of all u:
// w -= rate·(u'·m/(1 - P·u') + (1-u)·g/(1 - P))/(√(v/(1-Beta2ᵗ)) + Epsilon), u' that of the next step.
type Nadam struct {
	LearningRate float64 // > 0; 0 means 0.001
	Schedule     Schedule
	Beta1        float64 // 0 < Beta1 < 1; 0 means 0.9
	Beta2        float64 // 0 < Beta2 < 1; 0 means 0.999
	Epsilon      float64 // > 0, added to the corrected root; 0 means 1e-7
	WeightDecay  float64 // >= 0
	Clip         Clip
}

// RMSprop divides by a moving root of the mean square: v = Rho·v + (1-Rho)·g², w -= rate·g/√(v + Epsilon); Centered subtracts the
// square of the mean gradient from v; with Momentum, m = Momentum·m + rate·g/√… and w -= m. Tieleman and Hinton, 2012.
type RMSprop struct {
	LearningRate float64 // > 0; 0 means 0.001
	Schedule     Schedule
	Rho          float64 // 0 < Rho < 1; 0 means 0.9
	Momentum     float64 // 0 <= Momentum < 1
	Epsilon      float64 // > 0, inside the root; 0 means 1e-7
	Centered     bool
	WeightDecay  float64 // >= 0
	Clip         Clip
}

// Adagrad (Duchi et al., JMLR 12, 2011): a += g², w -= rate·g/√(a + Epsilon).
type Adagrad struct {
	LearningRate float64 // > 0; 0 means 0.001
	Schedule     Schedule
	Initial      float64 // the first a, >= 0; 0 means 0.1, NoInitial means 0
	NoInitial    bool
	Epsilon      float64 // > 0, inside the root; 0 means 1e-7
	WeightDecay  float64 // >= 0
	Clip         Clip
}

// Adadelta (Zeiler, arXiv:1212.5701): a = Rho·a + (1-Rho)·g², d = -√(s + Epsilon)/√(a + Epsilon)·g, s = Rho·s + (1-Rho)·d²,
// w += rate·d.
type Adadelta struct {
	LearningRate float64 // > 0; 0 means 0.001
	Schedule     Schedule
	Rho          float64 // 0 < Rho < 1; 0 means 0.95
	Epsilon      float64 // > 0; 0 means 1e-7
	WeightDecay  float64 // >= 0
	Clip         Clip
}

// Lion (Chen et al., arXiv:2302.06675): w -= rate·sign(Beta1·m + (1-Beta1)·g), then m = Beta2·m + (1-Beta2)·g.
type Lion struct {
	LearningRate float64 // > 0; 0 means 0.001
	Schedule     Schedule
	Beta1        float64 // 0 < Beta1 < 1; 0 means 0.9
	Beta2        float64 // 0 < Beta2 < 1; 0 means 0.99
	WeightDecay  float64 // >= 0
	Clip         Clip
}

// Clip bounds the gradients before the update; at most one field is set, and 0 is off.
type Clip struct {
	Value      float64 // every element to -Value … Value
	Norm       float64 // the L2 norm of each array (weights, bias, gamma, beta) on its own
	GlobalNorm float64 // the L2 norm of all gradients together (Pascanu et al., arXiv:1211.5063)
}

func (c Clip) validate() error {
	set := 0
	for _, v := range []struct {
		field string
		value float64
	}{{"Clip.Value", c.Value}, {"Clip.Norm", c.Norm}, {"Clip.GlobalNorm", c.GlobalNorm}} {
		if err := checkRange(v.field, v.value, v.value >= 0, v.field+" >= 0"); err != nil {
			return err
		}
		if v.value > 0 {
			set++
		}
	}
	if set > 1 {
		return fmt.Errorf("Clip is %+v, want at most one of Value, Norm and GlobalNorm", c)
	}
	return nil
}

type optimizerKind uint8

const (
	sgd optimizerKind = iota
	adam
	amsgrad // this and the following in the order of the sweepOps
	adamax
	nadam
	rmsprop
	adagrad
	adadelta
	lion
)

// optimizer is an Optimizer with its defaults filled in.
type optimizer struct {
	kind     optimizerKind
	rate     float64
	schedule Schedule
	beta1    float64 // rho of RMSprop and Adadelta
	beta2    float64
	epsilon  float64
	momentum float64
	initial  float64 // Adagrad's first accumulator
	nesterov bool
	centered bool
	decay    float64
	clip     Clip
}

// or returns v, or the default where v is the zero value.
func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func (o SGD) compile() (optimizer, error) {
	return optimizer{kind: sgd, rate: or(o.LearningRate, 0.01), schedule: o.Schedule, momentum: o.Momentum, nesterov: o.Nesterov,
		decay: o.WeightDecay, clip: o.Clip}.validate()
}

func (o Adam) compile() (optimizer, error) {
	c := optimizer{kind: adam, rate: or(o.LearningRate, 0.001), schedule: o.Schedule, beta1: or(o.Beta1, 0.9), beta2: or(o.Beta2, 0.999),
		epsilon: or(o.Epsilon, 1e-7), decay: o.WeightDecay, clip: o.Clip}
	if o.AMSGrad {
		c.kind = amsgrad
	}
	return c.validate()
}

func (o AdamW) compile() (optimizer, error) {
	return Adam{o.LearningRate, o.Schedule, o.Beta1, o.Beta2, o.Epsilon, o.AMSGrad, or(o.WeightDecay, 0.004), o.Clip}.compile()
}

func (o Adamax) compile() (optimizer, error) {
	return optimizer{kind: adamax, rate: or(o.LearningRate, 0.001), schedule: o.Schedule, beta1: or(o.Beta1, 0.9), beta2: or(o.Beta2, 0.999),
		epsilon: or(o.Epsilon, 1e-7), decay: o.WeightDecay, clip: o.Clip}.validate()
}

func (o Nadam) compile() (optimizer, error) {
	return optimizer{kind: nadam, rate: or(o.LearningRate, 0.001), schedule: o.Schedule, beta1: or(o.Beta1, 0.9), beta2: or(o.Beta2, 0.999),
		epsilon: or(o.Epsilon, 1e-7), decay: o.WeightDecay, clip: o.Clip}.validate()
}

func (o RMSprop) compile() (optimizer, error) {
	return optimizer{kind: rmsprop, rate: or(o.LearningRate, 0.001), schedule: o.Schedule, beta1: or(o.Rho, 0.9), momentum: o.Momentum,
		epsilon: or(o.Epsilon, 1e-7), centered: o.Centered, decay: o.WeightDecay, clip: o.Clip}.validate()
}

func (o Adagrad) compile() (optimizer, error) {
	initial := or(o.Initial, 0.1)
	if o.NoInitial {
		if o.Initial != 0 {
			return optimizer{}, fmt.Errorf("Initial is %v, want 0 with NoInitial", o.Initial)
		}
		initial = 0
	}
	return optimizer{kind: adagrad, rate: or(o.LearningRate, 0.001), schedule: o.Schedule, initial: initial, epsilon: or(o.Epsilon, 1e-7),
		decay: o.WeightDecay, clip: o.Clip}.validate()
}

func (o Adadelta) compile() (optimizer, error) {
	return optimizer{kind: adadelta, rate: or(o.LearningRate, 0.001), schedule: o.Schedule, beta1: or(o.Rho, 0.95), epsilon: or(o.Epsilon, 1e-7),
		decay: o.WeightDecay, clip: o.Clip}.validate()
}

func (o Lion) compile() (optimizer, error) {
	return optimizer{kind: lion, rate: or(o.LearningRate, 0.001), schedule: o.Schedule, beta1: or(o.Beta1, 0.9), beta2: or(o.Beta2, 0.99),
		decay: o.WeightDecay, clip: o.Clip}.validate()
}

// validate returns the optimizer, or an error that names the field that is out of range.
func (o optimizer) validate() (optimizer, error) {
	beta1 := "Beta1"
	if o.kind == rmsprop || o.kind == adadelta {
		beta1 = "Rho"
	}
	err := errors.Join(
		checkRange("LearningRate", o.rate, o.rate > 0, "LearningRate > 0"),
		checkRange("Momentum", o.momentum, o.momentum >= 0 && o.momentum < 1, "0 <= Momentum < 1"),
		checkRange(beta1, o.beta1, o.beta1 >= 0 && o.beta1 < 1, "0 < "+beta1+" < 1"),
		checkRange("Beta2", o.beta2, o.beta2 >= 0 && o.beta2 < 1, "0 < Beta2 < 1"),
		checkRange("Epsilon", o.epsilon, o.epsilon >= 0, "Epsilon > 0"),
		checkRange("Initial", o.initial, o.initial >= 0, "Initial >= 0"),
		checkRange("WeightDecay", o.decay, o.decay >= 0, "WeightDecay >= 0"),
		o.clip.validate())
	if err == nil && o.nesterov && o.momentum == 0 {
		err = errors.New("Nesterov is set, but Momentum is 0")
	}
	if v, ok := o.schedule.(interface{ validate() error }); ok && err == nil {
		if err = v.validate(); err != nil {
			err = fmt.Errorf("Schedule (%T): %w", o.schedule, err)
		}
	}
	return o, err
}

// states returns the number of arrays, as long as the weights, that the optimizer keeps.
func (o *optimizer) states() int {
	switch o.kind {
	case sgd:
		if o.momentum == 0 {
			return 0
		}
		return 1
	case adagrad, lion:
		return 1
	case amsgrad:
		return 3
	case rmsprop:
		n := 1
		if o.centered {
			n++
		}
		if o.momentum > 0 {
			n++
		}
		return n
	}
	return 2
}

// moments is the optimizer's memory between steps.
type moments struct {
	step    int          // updates done
	arrays  [3][]float32 // as many as states says
	power1  float64      // beta1 to the power of step
	power2  float64      // beta2 to the power of step
	product float64      // Nadam's product of momenta
	power96 float64      // 0.96 to the power of step, of Nadam
}

// newMoments returns the memory before the first step. The arrays are skewed against the weights.
func (o *optimizer) newMoments(w []float32) moments {
	m := moments{power1: 1, power2: 1, product: 1, power96: 1}
	for i := range o.states() {
		m.arrays[i] = besideFloats(w, 2+i)
	}
	if o.kind == adagrad {
		for i := range m.arrays[0] {
			m.arrays[0][i] = float32(o.initial)
		}
	}
	return m
}

// updateStep is an update of all weights: its operands, and its scalars, which next sets.
type updateStep struct {
	kind     optimizerKind
	x        [5][]float32 // w, three moments, g: as the update wants them
	s        [8]float32   // factor of every gradient, decay, and what else the update takes; rounded once from float64
	nesterov bool
}

// newStep returns the optimizer's update of weights w by gradients g, without its scalars.
func (o *optimizer) newStep(w, g []float32, m *moments) *updateStep {
	a, b, c := m.arrays[0], m.arrays[1], m.arrays[2]
	switch {
	case o.kind == rmsprop && o.centered:
		a, b = b, a
	case o.kind == rmsprop:
		a, b, c = nil, a, b
	case o.kind == adadelta:
		a, b = b, a
	}
	return &updateStep{kind: o.kind, nesterov: o.nesterov, x: [5][]float32{w, a, b, c, g}}
}

// next advances the moments by one step and sets the update's scalars: for gradients times scale, and weights first reduced
// by decay·w.
func (o *optimizer) next(u *updateStep, m *moments, rate float64, scale, decay float32) {
	m.step++
	m.power1 = float64(m.power1 * o.beta1) // the conversion keeps the product from being fused into a sum
	m.power2 = float64(m.power2 * o.beta2)
	r := float32(rate)
	oneBeta1, oneBeta2, epsilon := float32(1-o.beta1), float32(1-o.beta2), float32(o.epsilon)
	u.s = [8]float32{scale, decay, r}
	switch o.kind {
	case sgd:
		u.s[3] = float32(o.momentum)
	case adam, amsgrad:
		corrected := float32(rate * math.Sqrt(1-m.power2) / (1 - m.power1))
		u.s = [8]float32{scale, decay, corrected, oneBeta1, oneBeta2, epsilon}
	case adamax:
		u.s = [8]float32{scale, decay, float32(rate / (1 - m.power1)), oneBeta1, float32(o.beta2), epsilon}
	case nadam:
		m.power96 = float64(m.power96 * 0.96)
		now, next := float64(o.beta1*(1-float64(0.5*m.power96))), float64(o.beta1*(1-float64(0.5*float64(0.96*m.power96))))
		m.product = float64(m.product * now)
		fromM := next / (1 - float64(m.product*next))
		fromG := (1 - now) / (1 - m.product)
		u.s = [8]float32{scale, decay, float32(rate * fromM), oneBeta1, oneBeta2, epsilon, float32(rate * fromG), float32(1 / (1 - m.power2))}
	case rmsprop:
		u.s = [8]float32{scale, decay, r, oneBeta1, oneBeta1, epsilon, float32(o.momentum)}
	case adagrad:
		u.s = [8]float32{scale, decay, r, 0, 0, epsilon}
	case adadelta:
		u.s = [8]float32{scale, decay, r, 0, oneBeta1, epsilon}
	case lion:
		u.s = [8]float32{scale, decay, r, oneBeta2, oneBeta1, float32(o.beta1)}
	}
}

// len returns the number of weights.
func (u *updateStep) len() int { return len(u.x[0]) }

// part returns the update of n weights from the given one on, or of those that are left.
func (u *updateStep) part(from, n int) updateStep {
	p := *u
	for i, x := range u.x {
		if x != nil {
			p.x[i] = x[from:min(from+n, len(x))]
		}
	}
	return p
}

// apply performs the update with kernel k.
func (u *updateStep) apply(k isa) {
	w, a, b, g, s := u.x[0], u.x[1], u.x[2], u.x[4], &u.s
	switch u.kind {
	case sgd:
		k.sgd(w, a, g, &sgdStep{s[0], s[1], s[2], s[3], u.nesterov})
	case adam:
		k.adam(w, a, b, g, &adamStep{s[0], s[1], s[2], s[3], s[4], s[5]})
	default:
		k.sweep(sweepAMSGrad+sweepOp(u.kind-amsgrad), &sweep{x: u.x, rows: 1, n: len(w), s: u.s})
	}
}
