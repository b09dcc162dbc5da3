package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed975aa5d7/mlp"
)

// builder makes a network of steps: a scaler of what comes before the first layer, Dense layers of products with the
// affine functions and the activation behind them, and BatchNorms of other affine functions.
type builder struct {
	graph *graph
	steps []step // that are left
	units int    // of what the steps so far compute

	preprocessor mlp.Preprocessor // nil for none
	features     int              // that the first layer takes
	layers       []mlp.Layer
	weights      [][]mlp.Tensor // of each layer
	nodes        []*node        // that each layer was made of
}

// measure finds out the number of values in a row of the graph's input. Where there is a product, all sizes follow from
// tensors of the file.
func (b *builder) measure() error {
	first := slices.IndexFunc(b.steps, func(s step) bool { return s.kind == stepProduct })
	if first < 0 {
		return errors.New("not supported: the graph has no product with weights")
	}
	b.units = b.graph.input.units()
	if b.units == unknown {
		b.units, _ = b.steps[first].weightShape()
	}
	return nil
}

// weightShape returns the sizes of a product.
func (s *step) weightShape() (inputs, units int) {
	if s.transposed {
		return s.c.shape[1], s.c.shape[0]
	}
	return s.c.shape[0], s.c.shape[1]
}

// build turns the steps into layers.
func (b *builder) build() error {
	if err := b.takePreprocessors(); err != nil {
		return err
	}
	b.features = b.units
	b.steps = withoutClips(b.steps)
	for len(b.steps) > 0 {
		var err error
		switch s := b.steps[0]; {
		case s.kind == stepProduct:
			err = b.takeDense()
		case s.affine():
			var f affine
			if f, err = b.takeAffine(); err == nil {
				b.addAffine(s.node, f)
			}
		case s.kind == stepNormalise:
			err = b.takeBatchNorm()
		case s.kind == stepActivate:
			b.steps = b.steps[1:]
			b.add(s.node, mlp.ActivationLayer{Activation: s.activation})
		case s.kind == stepComplement:
			err = b.takeComplement()
		default:
			err = s.node.unsupported("it may stand before the first layer only")
		}
		if err == nil {
			err = b.graph.checkBudget(b.steps)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkBudget returns an error if more has been computed from constants than is in proportion to the model: a single
// number may stand for one of each unit. left are the steps that remain.
func (g *graph) checkBudget(left []step) error {
	if g.budget >= 0 {
		return nil
	}
	if len(left) > 0 {
		return left[0].node.errorf("constants before this node multiply beyond the size of the model")
	}
	return errors.New("constants multiply beyond the size of the model")
}

func (b *builder) add(n *node, l mlp.Layer, weights ...mlp.Tensor) {
	b.layers = append(b.layers, l)
	b.weights = append(b.weights, weights)
	b.nodes = append(b.nodes, n)
}

// affine is x·slope + offset; the lists have one number a feature, or one for all.
type affine struct {
	slope, offset []float64
	moved         bool // something was added, be it 0
}

func (f *affine) identity() bool {
	one := func(v float64) bool { return v != 1 }
	zero := func(v float64) bool { return v != 0 }
	return !slices.ContainsFunc(f.slope, one) && !slices.ContainsFunc(f.offset, zero)
}

// takeAffine takes the affine steps up to the next other one.
func (b *builder) takeAffine() (affine, error) {
	f := affine{slope: []float64{1}, offset: []float64{0}}
	for len(b.steps) > 0 && b.steps[0].affine() {
		s := &b.steps[0]
		c, err := b.operand(s, s.c, s.shape)
		if err != nil {
			return f, err
		}
		switch s.kind {
		case stepAdd:
			f.offset = combine(f.offset, c, func(a, c float64) float64 { return a + float64(c*s.factor) })
			f.moved = true
		case stepMultiply:
			f.slope = combine(f.slope, c, func(a, c float64) float64 { return a * c })
			f.offset = combine(f.offset, c, func(a, c float64) float64 { return a * c })
		case stepDivide:
			f.slope = combine(f.slope, c, func(a, c float64) float64 { return a / c })
			f.offset = combine(f.offset, c, func(a, c float64) float64 { return a / c })
		}
		b.steps = b.steps[1:]
	}
	return f, nil
}

// operand returns the elements of a constant that stand for a row: one a feature, or one for all.
func (b *builder) operand(s *step, c *tensor, shape []int) ([]float64, error) {
	if len(c.floats) == 1 {
		return c.floats, nil
	}
	if slices.Contains(shape, unknown) {
		shape = []int{b.units}
	}
	if b.graph.budget -= b.units; b.graph.budget < 0 {
		return nil, s.node.errorf("constants multiply beyond the size of the model")
	}
	list, err := s.node.broadcast(c, shape)
	if err == nil && len(list) != 1 && len(list) != b.units {
		err = s.node.errorf("%d constants for rows of %d", len(list), b.units)
	}
	return list, err
}

// combine returns f of each two elements; a list of one stands for any number.
func combine(a, b []float64, f func(a, b float64) float64) []float64 {
	list := make([]float64, max(len(a), len(b)))
	for i := range list {
		list[i] = f(a[i%len(a)], b[i%len(b)])
	}
	return list
}

// vector returns an array of a layer, one number a unit, each rounded once.
func (b *builder) vector(name string, list []float64) mlp.Tensor {
	b.graph.budget -= b.units
	values := make([]float32, b.units)
	for i := range values {
		values[i] = float32(list[i%len(list)])
	}
	return mlp.Tensor{Name: name, Shape: []int{b.units}, Values: values}
}

// takeDense takes a product, the affine steps behind it and an activation.
func (b *builder) takeDense() error {
	s := b.steps[0]
	b.steps = b.steps[1:]
	inputs, units := s.weightShape()
	b.units = units
	f, err := b.takeAffine()
	if err != nil {
		return err
	}
	w := s.c.floats
	if s.transposed {
		w = transposed(w, units, inputs)
	}
	values := make([]float32, len(w))
	for i, v := range w {
		values[i] = float32(v * s.factor * f.slope[i%units%len(f.slope)])
	}
	layer := mlp.Dense{Units: units, NoBias: !f.moved}
	if len(b.steps) > 0 && b.steps[0].kind == stepActivate {
		layer.Activation = b.steps[0].activation
		b.steps = b.steps[1:]
	}
	weights := []mlp.Tensor{{Name: "weights", Shape: []int{inputs, units}, Values: values}}
	if f.moved {
		weights = append(weights, b.vector("bias", f.offset))
	}
	b.add(s.node, layer, weights...)
	return nil
}

// addAffine adds an affine function of each feature as a BatchNorm that multiplies by gamma and adds beta: with this
// epsilon and variance the square root is 1, with no rounding anywhere.
func (b *builder) addAffine(n *node, f affine) {
	if f.identity() {
		return
	}
	const epsilon = 0x1p-10
	b.add(n, mlp.BatchNorm{Epsilon: epsilon},
		b.vector("gamma", f.slope), b.vector("beta", f.offset),
		b.vector("moving_mean", []float64{0}), b.vector("moving_variance", []float64{1 - epsilon}))
}

// takeBatchNorm takes a normalisation.
func (b *builder) takeBatchNorm() error {
	s := b.steps[0]
	b.steps = b.steps[1:]
	var lists [4][]float64
	for i, c := range s.norm.constants {
		channels := make([]int, max(len(s.shape), 1)) // [channels, 1, 1, …]
		for j := range channels {
			channels[j] = 1
		}
		channels[0] = len(c.floats)
		var err error
		if lists[i], err = b.operand(&s, c.reshaped(channels), s.shape); err != nil {
			return err
		}
	}
	gamma, beta, mean, variance := lists[0], lists[1], lists[2], lists[3]
	if s.norm.epsilon <= 0 { // which a BatchNorm does not have
		slope := combine(gamma, variance, func(g, v float64) float64 { return g / math.Sqrt(v+s.norm.epsilon) })
		shift := combine(mean, slope, func(m, s float64) float64 { return -m * s })
		b.addAffine(s.node, affine{slope: slope, offset: combine(shift, beta, func(a, b float64) float64 { return a + b })})
		return nil
	}
	layer := mlp.BatchNorm{Epsilon: s.norm.epsilon}
	if m := s.norm.momentum; m > 0 && m < 1 {
		layer.Momentum = m
	}
	b.add(s.node, layer, b.vector("gamma", gamma), b.vector("beta", beta),
		b.vector("moving_mean", mean), b.vector("moving_variance", variance))
	return nil
}

// takeComplement makes a binary classifier's probability p = sigmoid(z) and 1-p one Softmax of z and 0, which is the same.
func (b *builder) takeComplement() error {
	s := b.steps[0]
	b.steps = b.steps[1:]
	last := len(b.layers) - 1
	if last < 0 {
		return s.node.unsupported("columns that are joined before the first layer")
	}
	d, ok := b.layers[last].(mlp.Dense)
	if !ok || d.Units != 1 || d.Activation != mlp.Sigmoid {
		return s.node.unsupported("the columns joined are not those of a product and Sigmoid")
	}
	d.Units, d.Activation = 2, mlp.Softmax
	column := 1 // of z
	if s.flipped {
		column = 0
	}
	for i := range b.weights[last] {
		t := &b.weights[last][i]
		values := make([]float32, 2*len(t.Values))
		for j, v := range t.Values {
			values[2*j+column] = v
		}
		t.Shape[len(t.Shape)-1], t.Values = 2, values
	}
	b.layers[last], b.units = d, 2
	return nil
}

// network returns the network of the layers.
func (b *builder) network() (*mlp.Network, error) {
	n, err := mlp.New(b.features, b.layers...)
	if err != nil {
		return nil, err
	}
	for i, w := range b.weights {
		if err := n.SetWeights(i, w...); err != nil {
			return nil, fmt.Errorf("%v: %w", b.nodes[i], err)
		}
	}
	return n, nil
}
