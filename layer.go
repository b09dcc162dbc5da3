package mlp

import (
	"fmt"
	"math"
)

// Layer is one element of a network: Dense, BatchNorm, ActivationLayer, Dropout or GaussianNoise.
type Layer interface {
	// compile returns the stage that computes the layer for that many inputs, with everything but its place.
	compile(inputs int) (stage, error)
}

// Dense is a fully connected layer, act(x·w + b), with weights w [inputs, Units] and bias b [Units].
type Dense struct {
	Units      int
	Activation Activation // zero: Linear
	NoBias     bool       // leave out b

	WeightInit Initializer // zero: GlorotUniform
	BiasInit   Initializer // zero: Zeros

	WeightRegularizer Regularizer // penalty on w
	BiasRegularizer   Regularizer // penalty on b
}

// BatchNorm normalises each feature over the batch: Gamma·(x - mean)/√(variance + Epsilon) + Beta (Ioffe and Szegedy,
// arXiv:1502.03167). Training uses the batch's mean and biased variance, and moves the moving averages towards them;
// inference uses the moving averages. Keras's definitions, as in https://keras.io/api/layers/normalization_layers.
type BatchNorm struct {
	Momentum float64 // weight of the old moving average, 0 <= Momentum < 1; 0 means 0.99. PyTorch's momentum is 1 minus this
	Epsilon  float64 // added to the variance, Epsilon > 0; 0 means 1e-3
	NoCenter bool    // leave out Beta
	NoScale  bool    // leave out Gamma
}

// ActivationLayer applies an activation on its own, after a BatchNorm for example.
type ActivationLayer struct {
	Activation Activation
}

// Dropout sets each value to zero with probability Rate while training, and multiplies the others by 1/(1-Rate);
// inference passes all through (Srivastava et al., JMLR 15, 2014). The mask depends on the seed, the step and the place.
type Dropout struct {
	Rate float64 // fraction dropped, 0 <= Rate < 1
}

// GaussianNoise adds normal noise of the given deviation to each value while training; inference passes all through. The noise
// depends on the seed, the step and the place.
type GaussianNoise struct {
	StdDev float64 // >= 0
}

// Regularizer is a penalty on weights w that is added to the loss: L1·Σ|w| + L2·Σw². The gradient of L2's is 2·L2·w, as in
// Keras; scikit-learn's alpha is 2·L2 times the number of rows of a batch.
type Regularizer struct {
	L1, L2 float64 // not negative; 0 is off
}

func (r Regularizer) validate(field string) error {
	if err := checkRange(field+".L1", r.L1, r.L1 >= 0, "L1 >= 0"); err != nil {
		return err
	}
	return checkRange(field+".L2", r.L2, r.L2 >= 0, "L2 >= 0")
}

// checkRange returns an error that names the field, its value and what is wanted, unless the value is finite and ok.
func checkRange(field string, value float64, ok bool, want string) error {
	if ok && !math.IsInf(value, 0) && !math.IsNaN(value) {
		return nil
	}
	return fmt.Errorf("%s is %v, want finite %s", field, value, want)
}

// maxUnits bounds the size of a layer, so that no product of two sizes overflows.
const maxUnits = 1 << 24

// operation is what a stage does.
type operation uint8

const (
	opDense operation = iota
	opBatchNorm
	opActivation
	opDropout
	opNoise
)

// stage is what New makes of a layer: its sizes and the places of its weights.
type stage struct {
	op            operation
	inputs, units int
	act           Activation // opDense, opActivation
	rate          float64    // opDropout: the rate; opNoise: the deviation

	momentum, epsilon float64 // opBatchNorm
	statistics        int     // opBatchNorm: offset in Network.statistics of the moving mean; the variance follows it
	gamma, beta       int     // opBatchNorm: index in tensors, or -1
	ones, zeros       []float32

	tensors []tensor // the trainable ones: weights and bias, or gamma and beta
}

// tensor is one of a layer's trainable arrays, and its place in Network.params.
type tensor struct {
	name        string
	shape       []int
	spans       []span // in order; a Dense layer's arrays have one in each panel
	init        Initializer
	regularizer Regularizer
	absent      bool // the bias of a Dense with NoBias, zero for ever
}

// span is a range of Network.params, whole panels wide.
type span struct{ from, to int }

// Names of the tensors.
const (
	nameWeights        = "weights"
	nameBias           = "bias"
	nameGamma          = "gamma"
	nameBeta           = "beta"
	nameMovingMean     = "moving_mean"
	nameMovingVariance = "moving_variance"
)

func (l Dense) compile(inputs int) (stage, error) {
	s := stage{op: opDense, inputs: inputs, units: l.Units, act: l.Activation}
	if l.Units < 1 || l.Units > maxUnits {
		return s, fmt.Errorf("Units is %d, want 1 <= Units <= %d", l.Units, maxUnits)
	}
	if int64(1+inputs)*int64(padded(l.Units)) > maxParams {
		return s, fmt.Errorf("%d·%d weights are too many, want at most %d", inputs, l.Units, maxParams)
	}
	if err := l.Activation.validate(); err != nil {
		return s, err
	}
	if err := l.WeightInit.validate("WeightInit"); err != nil {
		return s, err
	}
	if err := l.BiasInit.validate("BiasInit"); err != nil {
		return s, err
	}
	if err := l.WeightRegularizer.validate("WeightRegularizer"); err != nil {
		return s, err
	}
	if err := l.BiasRegularizer.validate("BiasRegularizer"); err != nil {
		return s, err
	}
	if l.NoBias && (l.BiasRegularizer != Regularizer{} || l.BiasInit != Initializer{}) {
		return s, fmt.Errorf("BiasInit or BiasRegularizer is set, but NoBias leaves no bias")
	}
	weights := tensor{name: nameWeights, shape: []int{inputs, l.Units}, init: l.WeightInit.or(GlorotUniform), regularizer: l.WeightRegularizer}
	bias := tensor{name: nameBias, shape: []int{l.Units}, init: l.BiasInit.or(Zeros), regularizer: l.BiasRegularizer, absent: l.NoBias}
	at := 0
	for u := 0; u < l.Units; u += lanes {
		width := panelWidth(l.Units, u)
		bias.spans = append(bias.spans, span{at, at + width})
		weights.spans = append(weights.spans, span{at + width, at + width*(1+inputs)})
		at += width * (1 + inputs)
	}
	s.tensors = []tensor{weights, bias}
	return s, nil
}

func (l BatchNorm) compile(inputs int) (stage, error) {
	s := stage{op: opBatchNorm, inputs: inputs, units: inputs, momentum: l.Momentum, epsilon: l.Epsilon}
	if s.momentum == 0 {
		s.momentum = 0.99
	}
	if s.epsilon == 0 {
		s.epsilon = 1e-3
	}
	if err := checkRange("Momentum", l.Momentum, l.Momentum >= 0 && l.Momentum < 1, "0 <= Momentum < 1"); err != nil {
		return s, err
	}
	if err := checkRange("Epsilon", l.Epsilon, l.Epsilon >= 0, "Epsilon >= 0"); err != nil {
		return s, err
	}
	s.gamma, s.beta = -1, -1
	add := func(name string, init Initializer) int {
		at, n := s.paramLen(), padded(inputs)
		s.tensors = append(s.tensors, tensor{name: name, shape: []int{inputs}, spans: []span{{at, at + n}}, init: init})
		return len(s.tensors) - 1
	}
	if !l.NoScale {
		s.gamma = add(nameGamma, Ones)
	}
	if !l.NoCenter {
		s.beta = add(nameBeta, Zeros)
	}
	s.ones, s.zeros = make([]float32, inputs), make([]float32, inputs)
	for i := range s.ones {
		s.ones[i] = 1
	}
	return s, nil
}

func (l ActivationLayer) compile(inputs int) (stage, error) {
	return stage{op: opActivation, inputs: inputs, units: inputs, act: l.Activation}, l.Activation.validate()
}

func (l Dropout) compile(inputs int) (stage, error) {
	s := stage{op: opDropout, inputs: inputs, units: inputs, rate: l.Rate}
	return s, checkRange("Rate", l.Rate, l.Rate >= 0 && l.Rate < 1, "0 <= Rate < 1")
}

func (l GaussianNoise) compile(inputs int) (stage, error) {
	s := stage{op: opNoise, inputs: inputs, units: inputs, rate: l.StdDev}
	return s, checkRange("StdDev", l.StdDev, l.StdDev >= 0 && l.StdDev <= math.MaxFloat32, "StdDev >= 0")
}

// trainingOnly reports whether the stage does nothing in inference.
func (s *stage) trainingOnly() bool { return s.op == opDropout || s.op == opNoise }

// paramLen returns the number of values that the stage takes of Network.params.
func (s *stage) paramLen() int {
	switch s.op {
	case opDense:
		return packedLen(s.inputs, s.units)
	case opBatchNorm:
		return len(s.tensors) * padded(s.units)
	}
	return 0
}

// hasWeights reports whether any of the stage's tensors are trained.
func (s *stage) hasWeights() bool {
	for _, t := range s.tensors {
		if !t.absent {
			return true
		}
	}
	return false
}

// units returns the length of a row of the tensor.
func (t *tensor) units() int { return t.shape[len(t.shape)-1] }

// unpack copies the tensor from params to dst, row-major.
func (t *tensor) unpack(dst, params []float32) {
	t.each(func(row, u, n int, packed span) {
		copy(dst[row*t.units()+u:][:n], params[packed.from:packed.to])
	})
}

// pack copies src, row-major, into params. Pads are left alone.
func (t *tensor) pack(params, src []float32) {
	t.each(func(row, u, n int, packed span) {
		copy(params[packed.from:packed.to], src[row*t.units()+u:][:n])
	})
}

// each calls f for every run of consecutive units of the tensor: its row, first unit, length and packed place.
func (t *tensor) each(f func(row, u, n int, packed span)) {
	units, rows := t.units(), 1
	if len(t.shape) == 2 {
		rows = t.shape[0]
	}
	u := 0
	for _, s := range t.spans {
		width := (s.to - s.from) / rows
		n := min(width, units-u)
		for row := range rows {
			at := s.from + row*width
			f(row, u, n, span{at, at + n})
		}
		u += width
	}
}

// size returns the number of the tensor's values, without pads.
func (t *tensor) size() int { return product(t.shape) }

// product returns the number of values of an array of that shape.
func product(shape []int) int {
	n := 1
	for _, side := range shape {
		n *= side
	}
	return n
}
