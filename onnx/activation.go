package onnx

import (
	"fmt"
	"math"

	"github.com/seed975aa5d7/mlp"
)

// spelling is how an activation is written as an expression: build returns the activation of u.
type spelling struct {
	name  string
	build func(u expression) (expression, error)
}

// spellings are the activations that are more than one operator, or one that an expression may hold.
var spellings = []spelling{
	{"relu", function1(fRelu)},
	{"sigmoid", function1(fSigmoid)},
	{"tanh", function1(fTanh)},
	{"softplus", function1(fSoftplus)},
	{"softsign", func(u expression) (expression, error) { // u/(1 + |u|)
		magnitude, err := apply(fAbs, u)
		if err != nil {
			return nil, err
		}
		inverse, err := apply(fReciprocal, sum(number(1), magnitude))
		if err != nil {
			return nil, err
		}
		return multiplied(u, inverse)
	}},
	{"silu", timesFunction(fSigmoid, func(u expression) (expression, error) { return u, nil })},
	{"mish", timesFunction(fTanh, function1(fSoftplus))},
	{"hard_sigmoid", hardSigmoid},
	{"hard_silu", func(u expression) (expression, error) {
		gate, err := hardSigmoid(u)
		if err != nil {
			return nil, err
		}
		return multiplied(u, gate)
	}},
	{"gelu", halfOnePlus(fErf, func(u expression) (expression, error) { return scaled(u, math.Sqrt2/2), nil })},
	{"gelu_tanh", halfOnePlus(fTanh, func(u expression) (expression, error) { // sqrt(2/π)·(u + 0.044715·u³)
		square, err := multiplied(u, u)
		if err != nil {
			return nil, err
		}
		cube, err := multiplied(square, u)
		return scaled(sum(u, scaled(cube, 0.044715)), math.Sqrt(2/math.Pi)), err
	})},
}

func function1(f string) func(u expression) (expression, error) {
	return func(u expression) (expression, error) { return apply(f, u) }
}

// timesFunction returns u·f(inner(u)).
func timesFunction(f string, inner func(u expression) (expression, error)) func(u expression) (expression, error) {
	return func(u expression) (expression, error) {
		argument, err := inner(u)
		if err != nil {
			return nil, err
		}
		gate, err := apply(f, argument)
		if err != nil {
			return nil, err
		}
		return multiplied(u, gate)
	}
}

// halfOnePlus returns u·(1 + f(inner(u)))/2.
func halfOnePlus(f string, inner func(u expression) (expression, error)) func(u expression) (expression, error) {
	return func(u expression) (expression, error) {
		y, err := timesFunction(f, inner)(u)
		return scaled(sum(u, y), 0.5), err
	}
}

// hardSigmoid returns clip(u/6 + 1/2, 0, 1).
func hardSigmoid(u expression) (expression, error) {
	return apply(fUnitClip, sum(scaled(u, 1./6), number(0.5)))
}

// read returns the steps that compute an expression, which is all that a value depends on another by: an affine function,
// or factor·activation(scale·x).
func (n *node) read(e expression) ([]step, error) {
	if slope, offset, ok := e.linear(); ok {
		return []step{n.multiply(slope), n.add(offset)}, nil
	}
	if slope, factor, ok := e.leakyReLU(); ok && slope >= 0 {
		leaky, err := n.leakyReLU(slope)
		return []step{leaky, n.multiply(factor)}, err
	}
	for _, s := range spellings {
		plain, err := s.build(variable())
		if err != nil {
			return nil, err
		}
		scale := e.innerSlope() / plain.innerSlope()
		if math.IsNaN(scale) || math.IsInf(scale, 0) || scale == 0 {
			continue
		}
		if near(scale, 1) {
			scale = 1
		}
		want, err := s.build(scaled(variable(), scale))
		if err != nil {
			return nil, err
		}
		factor := e[0].coefficient / want[0].coefficient
		if near(factor, 1) {
			factor = 1
		}
		if !e.near(scaled(want, factor)) {
			continue
		}
		a, err := n.activation(s.name)
		if err != nil {
			return nil, err
		}
		return []step{n.multiply(scale), {kind: stepActivate, node: n, activation: a}, n.multiply(factor)}, nil
	}
	return nil, n.unsupported("no activation of a network computes %.200s", e)
}

// innerSlope returns the factor of x in the argument of e's first function of an affine argument, or NaN.
func (e expression) innerSlope() float64 {
	for _, t := range e {
		for _, f := range t.factors {
			if f.f == "" {
				continue
			}
			for _, inner := range f.argument {
				if len(inner.factors) == 1 && inner.factors[0].f == "" && inner.factors[0].power == 1 {
					return inner.coefficient
				}
			}
			if slope := f.argument.innerSlope(); !math.IsNaN(slope) {
				return slope
			}
		}
	}
	return math.NaN()
}

// leakyReLU returns slope and factor if e is factor·max(x, slope·x) in the form that expressions have: of relu(x) and x.
func (e expression) leakyReLU() (slope, factor float64, ok bool) {
	if len(e) != 2 || len(e[0].factors) != 1 || len(e[1].factors) != 1 {
		return 0, 0, false
	}
	positive, all := e[0], e[1]
	relu := positive.factors[0]
	inner, offset, linear := relu.argument.linear()
	ok = relu.f == fRelu && relu.power == 1 && linear && inner == 1 && offset == 0 &&
		all.factors[0].f == "" && all.factors[0].power == 1
	factor = positive.coefficient + all.coefficient
	return all.coefficient / factor, factor, ok && factor != 0
}

// unitClip returns the steps of clip(slope·x + offset, 0, 1): a HardSigmoid, whose slope is 1/6 and offset 1/2, of another
// affine function.
func (n *node) unitClip(slope, offset float64) []step {
	hard := step{kind: stepActivate, node: n, activation: mlp.HardSigmoid}
	if near(slope, 1./6) && near(offset, 0.5) {
		return []step{hard}
	}
	return []step{n.multiply(6 * slope), n.add(float64(6*offset) - 3), hard}
}

// clip returns the step of min(max(x, low), high); a bound may be infinite.
func (n *node) clip(low, high float64) []step {
	return []step{{kind: stepClip, node: n, low: low, high: high}}
}

// multiply and add return the steps of an operation with one number for all features.
func (n *node) multiply(v float64) step {
	return step{kind: stepMultiply, node: n, c: scalar(float64Type, v), factor: 1}
}

func (n *node) add(v float64) step {
	return step{kind: stepAdd, node: n, c: scalar(float64Type, v), factor: 1}
}

// operandStep returns the step of an operation with the node's constant operand, which is multiplied by a factor.
func (n *node) operandStep(kind stepKind, factor float64) step {
	for i, v := range n.inputs {
		if v.constant != nil {
			return step{kind: kind, node: n, c: v.constant, shape: n.inputs[1-i].shape[1:], factor: factor}
		}
	}
	panic(fmt.Sprintf("onnx: internal: %v has no constant operand", n))
}
