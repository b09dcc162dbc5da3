package mlp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// Network is a multilayer perceptron of fixed shape: its layers and their weights.
//
// Predict, NewPredictor, Weights, Clone, Save and Summary may be called from many goroutines at once, as long as none
// changes the weights (SetWeights, Initialize, or a Trainer's Step and Fit); a service that trains while it serves
// predicts from a Clone.
type Network struct {
	// These travel with the model file. Predict looks at none of them; PredictRaw applies the Scaler, and Classify names the
	// classes. Zero values mean unknown, or none.
	FeatureNames []string       // one a feature of the rows before Scaler
	ClassNames   []string       // one a class
	TargetNames  []string       // one an output of a regression
	Image        ImageShape     // of rows that are images, before Scaler
	Scaler       Preprocessor   // fitted on the training rows; Predict expects rows that it has transformed, PredictRaw others
	Training     *TrainingFacts // set by Fit, and cleared by what sets all weights in another way: Initialize, ReadWeights, Step, SetState

	kernel   kernel
	features int
	layers   []Layer
	stages   []stage

	params     []float32 // trainable weights, packed; Dense layers' as the kernels want them
	statistics []float32 // moving means and variances of the BatchNorms

	predictors sync.Pool // of *Predictor, for Predict
}

// New returns a network for rows of that many features, with weights drawn by Initialize(0).
//
// It chooses the kernel: the best that the CPU has, or the one that the environment variable MLP_KERNEL names. Errors tell
// the layer, counted from 0, the field, its value and what is allowed.
func New(features int, layers ...Layer) (*Network, error) {
	n, err := newNetwork(features, layers)
	if err != nil {
		return nil, err
	}
	n.Initialize(0)
	return n, nil
}

// newNetwork is New without the weights, which are zero.
func newNetwork(features int, layers []Layer) (*Network, error) {
	k, err := chooseKernel()
	if err != nil {
		return nil, err
	}
	if features < 1 || features > maxUnits {
		return nil, fmt.Errorf("mlp: features is %d, want 1 <= features <= %d", features, maxUnits)
	}
	n := &Network{kernel: k, features: features, layers: slices.Clone(layers)}
	dense := false
	inputs, params, statistics := features, 0, 0
	for i, l := range layers {
		if l == nil {
			return nil, fmt.Errorf("mlp: layer %d is nil", i)
		}
		s, err := l.compile(inputs)
		if err != nil {
			return nil, fmt.Errorf("mlp: layer %d (%T): %w", i, l, err)
		}
		for _, t := range s.tensors {
			for j := range t.spans {
				t.spans[j].from += params
				t.spans[j].to += params
			}
		}
		params += s.paramLen()
		if s.op == opBatchNorm {
			s.statistics = statistics
			statistics += 2 * s.units
		}
		if params < 0 || params > maxParams {
			return nil, fmt.Errorf("mlp: layer %d (%T): more than %d weights in all", i, l, maxParams)
		}
		n.stages = append(n.stages, s)
		inputs = s.units
		dense = dense || s.op == opDense
	}
	if !dense {
		return nil, errors.New("mlp: a network needs at least one Dense layer")
	}
	if last := n.stages[len(n.stages)-1]; last.trainingOnly() {
		return nil, fmt.Errorf("mlp: layer %d (%T): the last layer would disturb the network's outputs", len(layers)-1, layers[len(layers)-1])
	}
	n.params = alignedFloats(params)
	n.statistics = make([]float32, statistics)
	return n, nil
}

// maxParams bounds the number of a network's weights, padding included: 2³⁰, on 32-bit platforms 2²⁸.
const maxParams = 1 << (28 + 2*(^uint(0)>>63))

// Initialize draws all weights anew, by the layers' initializers and the seed, and resets the moving statistics of the
// BatchNorms to mean 0 and variance 1. The same seed gives the same weights everywhere.
func (n *Network) Initialize(seed uint64) {
	n.Training = nil
	rng := rand.NewPCG(seed, streamWeights)
	for i := range n.stages {
		s := &n.stages[i]
		for j := range s.tensors {
			t := &s.tensors[j]
			values := make([]float32, t.size())
			t.init.fill(values, s.inputs, s.units, rng)
			t.pack(n.params, values)
		}
		if s.op == opBatchNorm {
			mean, variance := n.moving(s)
			clear(mean)
			for j := range variance {
				variance[j] = 1
			}
		}
	}
}

// The streams of random numbers that one seed gives, as PCG's second word.
const (
	streamWeights = iota
	streamShuffle
	streamDropout
	streamAugment
	streamSelfTest
)

// moving returns the moving mean and variance of a BatchNorm's stage.
func (n *Network) moving(s *stage) (mean, variance []float32) {
	return n.statistics[s.statistics:][:s.units], n.statistics[s.statistics+s.units:][:s.units]
}

// affine returns gamma and beta of a BatchNorm's stage, ones and zeros where they were left out.
func (n *Network) affine(s *stage) (gamma, beta []float32) {
	gamma, beta = s.ones, s.zeros
	if s.gamma >= 0 {
		gamma = n.params[s.tensors[s.gamma].spans[0].from:][:s.units]
	}
	if s.beta >= 0 {
		beta = n.params[s.tensors[s.beta].spans[0].from:][:s.units]
	}
	return gamma, beta
}

// Features returns the number of values in a row of x.
func (n *Network) Features() int { return n.features }

// Outputs returns the number of values that the network computes for a row.
func (n *Network) Outputs() int { return n.stages[len(n.stages)-1].units }

// Layers returns a copy of the list of layers that New was given.
func (n *Network) Layers() []Layer { return slices.Clone(n.layers) }

// Kernel returns the name of the kernel that the network computes with: "avx512", "avx2", "neon" or "generic".
func (n *Network) Kernel() string { return n.kernel.name }

// Clone returns an independent copy of the network.
func (n *Network) Clone() *Network {
	c := &Network{
		FeatureNames: slices.Clone(n.FeatureNames), ClassNames: slices.Clone(n.ClassNames), TargetNames: slices.Clone(n.TargetNames),
		Image: n.Image, Scaler: n.Scaler, Training: n.Training,
		kernel: n.kernel, features: n.features, layers: n.layers, stages: n.stages,
		params: alignedFloats(len(n.params)), statistics: slices.Clone(n.statistics),
	}
	copy(c.params, n.params)
	return c
}

// Tensor is one array of a layer, row-major.
type Tensor struct {
	Name   string // "weights" [inputs, units], "bias", "gamma", "beta", "moving_mean", "moving_variance" [units]
	Shape  []int
	Values []float32
}

// Weights returns copies of the arrays of a layer, counted from 0: a Dense's weights and bias; a BatchNorm's gamma, beta,
// moving_mean and moving_variance; nothing for layers without weights and arrays that were left out.
func (n *Network) Weights(layer int) []Tensor {
	s := &n.stages[layer]
	var list []Tensor
	for i := range s.tensors {
		if t := &s.tensors[i]; !t.absent {
			values := make([]float32, t.size())
			t.unpack(values, n.params)
			list = append(list, Tensor{t.name, slices.Clone(t.shape), values})
		}
	}
	if s.op == opBatchNorm {
		mean, variance := n.moving(s)
		list = append(list,
			Tensor{nameMovingMean, []int{s.units}, slices.Clone(mean)},
			Tensor{nameMovingVariance, []int{s.units}, slices.Clone(variance)})
	}
	return list
}

// SetWeights replaces arrays of a layer, counted from 0, by name; arrays that are not named keep their values. A name that
// the layer lacks, a wrong shape or a value that is not finite is an error, and then nothing is changed.
func (n *Network) SetWeights(layer int, tensors ...Tensor) error {
	if layer < 0 || layer >= len(n.stages) {
		return fmt.Errorf("mlp: layer is %d, want 0 <= layer < %d", layer, len(n.stages))
	}
	have := n.stages[layer].arrays()
	for _, t := range tensors {
		i := slices.IndexFunc(have, func(h Tensor) bool { return h.Name == t.Name })
		if i < 0 {
			return fmt.Errorf("mlp: layer %d (%T) has no array %q", layer, n.layers[layer], t.Name)
		}
		if want := product(have[i].Shape); !slices.Equal(t.Shape, have[i].Shape) || len(t.Values) != want {
			return fmt.Errorf("mlp: layer %d (%T): %s has shape %v and %d values, want shape %v and %d",
				layer, n.layers[layer], t.Name, t.Shape, len(t.Values), have[i].Shape, want)
		}
		if err := t.checkValues(); err != nil {
			return fmt.Errorf("mlp: layer %d (%T): %w", layer, n.layers[layer], err)
		}
	}
	n.setWeights(layer, tensors)
	return nil
}

// checkValues returns an error unless the values are such as a layer's array of that name may have.
func (t *Tensor) checkValues() error {
	for j, v := range t.Values {
		if !isFinite(v) {
			return fmt.Errorf("%s[%d] is %v, want a finite value", t.Name, j, v)
		}
		if t.Name == nameMovingVariance && v < 0 {
			return fmt.Errorf("%s[%d] is %v, want a variance of at least 0", t.Name, j, v)
		}
	}
	return nil
}

// setWeights is SetWeights for tensors that were checked.
func (n *Network) setWeights(layer int, tensors []Tensor) {
	s := &n.stages[layer]
	for _, t := range tensors {
		switch t.Name {
		case nameMovingMean:
			mean, _ := n.moving(s)
			copy(mean, t.Values)
		case nameMovingVariance:
			_, variance := n.moving(s)
			copy(variance, t.Values)
		default:
			i := slices.IndexFunc(s.tensors, func(h tensor) bool { return h.name == t.Name })
			s.tensors[i].pack(n.params, t.Values)
		}
	}
}

// ShapeError tells that a slice does not hold what a call needs.
type ShapeError struct {
	What string // the slice: "x", "y", "dst", …
	Got  int    // its length
	Want string // what was expected
}

func (e *ShapeError) Error() string {
	return fmt.Sprintf("mlp: %s has %d values, want %s", e.What, e.Got, e.Want)
}

// rowsOf returns the number of rows of x.
func rowsOf(what string, n, columns int) (int, error) {
	if n == 0 || n%columns != 0 {
		return 0, &ShapeError{what, n, fmt.Sprintf("a whole number of rows of %d", columns)}
	}
	return n / columns, nil
}
