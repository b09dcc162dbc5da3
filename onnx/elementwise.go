package onnx

import (
	"math"
	"slices"
)

// elementwise is an operator that computes each element from the same elements of its operands. Chains and bushes of such
// nodes are read as one expression, so that an activation is known by what it computes, however it is spelled.
type elementwise struct {
	// parameters returns what the expression needs beside operands, from attributes and from operands that must be
	// constants; it takes these off the node. Nil for an operator without any.
	parameters func(g *graph, n *node) ([]float64, error)

	// expression returns what the operator computes from its operands.
	expression func(p []float64, args []expression) (expression, error)

	// steps returns the same as steps of a network, for one operand x; nil where the expression tells all.
	steps func(n *node) []step

	// fold computes the operator from constants; nil where nobody has a use for that.
	fold func(a, b float64) float64
}

// elementwiseRule returns the rule of an elementwise operator.
func elementwiseRule(inputs, optional int, e elementwise) *rule {
	r := &rule{inputs: inputs, optional: optional, anyOrder: true, apply: e.apply}
	if e.fold != nil {
		r.fold = e.foldNode
	}
	return r
}

func (e *elementwise) apply(g *graph, n *node) (*value, error) {
	n.elementwise = e
	if e.parameters != nil {
		var err error
		if n.parameters, err = e.parameters(g, n); err != nil {
			return nil, err
		}
	}
	y := like(n.data()[0])
	for _, v := range n.inputs {
		if v.constant != nil {
			if v.constant.floats == nil {
				return nil, n.errorf("a constant of type %v", v.constant.dtype)
			}
			if err := n.checkBroadcast(v.constant, y); err != nil {
				return nil, err
			}
		} else if !slices.Equal(v.shape, y.shape) || v.dtype != y.dtype {
			return nil, n.unsupported("operands of different shapes or types: %v of %v and %v of %v",
				v.shape, v.dtype, y.shape, y.dtype)
		}
	}
	return y, nil
}

// foldNode computes the node's constant.
func (e *elementwise) foldNode(g *graph, n *node) (*tensor, error) {
	a := n.inputs[0].constant
	b := a
	if len(n.inputs) == 2 {
		b = n.inputs[1].constant
	}
	if a.floats == nil || b.dtype != a.dtype || a.dtype != float32Type && a.dtype != float64Type {
		return nil, n.unsupported("constants of types %v and %v", a.dtype, b.dtype)
	}
	c := &tensor{dtype: a.dtype, shape: a.shape}
	if len(b.shape) > len(a.shape) || len(b.shape) == len(a.shape) && size(b.shape) > size(a.shape) {
		c.shape = b.shape
	}
	x, err := n.broadcast(a, c.shape)
	if err != nil {
		return nil, err
	}
	y, err := n.broadcast(b, c.shape)
	if err != nil {
		return nil, err
	}
	c.floats = make([]float64, size(c.shape))
	for i := range c.floats {
		c.floats[i] = rounded(c.dtype, e.fold(x[i%len(x)], y[i%len(y)]))
	}
	return c, nil
}

// broadcast returns the elements of c, repeated so that they fill the shape; or a single one that stands for all.
func (n *node) broadcast(c *tensor, shape []int) ([]float64, error) {
	if len(c.floats) == 1 || slices.Equal(c.shape, shape) {
		return c.floats, nil
	}
	skip := len(shape) - len(c.shape)
	strides, stride := make([]int, len(shape)), 1
	for i := len(c.shape) - 1; i >= 0; i-- {
		if c.shape[i] != 1 {
			if skip+i < 0 || c.shape[i] != shape[skip+i] {
				return nil, n.errorf("shapes %v and %v do not fit together", c.shape, shape)
			}
			strides[skip+i] = stride
		}
		stride *= c.shape[i]
	}
	list := make([]float64, size(shape))
	index := make([]int, len(shape))
	at := 0
	for i := range list {
		list[i] = c.floats[at]
		for d := len(shape) - 1; d >= 0; d-- { // the next index, last dimension first
			index[d]++
			at += strides[d]
			if index[d] < shape[d] {
				break
			}
			at -= index[d] * strides[d]
			index[d] = 0
		}
	}
	return list, nil
}

var elementwiseAdd = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) { return sum(a[0], a[1]), nil },
	fold:       func(a, b float64) float64 { return a + b },
	steps:      func(n *node) []step { return []step{n.operandStep(stepAdd, 1)} },
}

var elementwiseSub = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) { return sum(a[0], scaled(a[1], -1)), nil },
	fold:       func(a, b float64) float64 { return a - b },
	steps: func(n *node) []step {
		if n.inputs[0].constant != nil {
			return []step{n.multiply(-1), n.operandStep(stepAdd, 1)}
		}
		return []step{n.operandStep(stepAdd, -1)}
	},
}

var elementwiseMul = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) { return multiplied(a[0], a[1]) },
	fold:       func(a, b float64) float64 { return a * b },
	steps:      func(n *node) []step { return []step{n.operandStep(stepMultiply, 1)} },
}

var elementwiseDiv = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) {
		inverse, err := apply(fReciprocal, a[1])
		if err != nil {
			return nil, err
		}
		return multiplied(a[0], inverse)
	},
	fold: func(a, b float64) float64 { return a / b },
	steps: func(n *node) []step {
		if n.inputs[0].constant != nil {
			return nil
		}
		return []step{n.operandStep(stepDivide, 1)}
	},
}

var elementwisePow = elementwise{
	parameters: func(g *graph, n *node) ([]float64, error) {
		c, err := n.constant(1, "exponent")
		if err != nil {
			return nil, err
		}
		exponent, ok := c.uniform()
		if c.ints != nil {
			exponent, ok = float64(c.ints[0]), len(c.ints) == 1
		}
		if !ok || exponent != 2 && exponent != 3 {
			return nil, n.unsupported("an exponent other than 2 and 3")
		}
		n.inputs = n.inputs[:1]
		return []float64{exponent}, nil
	},
	expression: func(p []float64, a []expression) (expression, error) {
		y, err := multiplied(a[0], a[0])
		if err == nil && p[0] == 3 {
			y, err = multiplied(y, a[0])
		}
		return y, err
	},
}

var elementwiseMax = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) { return greater(a[0], a[1]) },
	steps: func(n *node) []step {
		if low, ok := n.bound(); ok {
			return n.clip(low, math.Inf(1))
		}
		return nil
	},
}

var elementwiseMin = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) {
		y, err := greater(scaled(a[0], -1), scaled(a[1], -1))
		return scaled(y, -1), err
	},
	steps: func(n *node) []step {
		if high, ok := n.bound(); ok {
			return n.clip(math.Inf(-1), high)
		}
		return nil
	},
}

// bound returns the number that is the constant operand of Max or Min.
func (n *node) bound() (float64, bool) {
	for _, v := range n.inputs {
		if v.constant != nil {
			return v.constant.uniform()
		}
	}
	return 0, false
}

var elementwiseClip = elementwise{
	parameters: func(g *graph, n *node) ([]float64, error) {
		if g.opset < 11 {
			low, err := n.float("min", -math.MaxFloat32)
			if err != nil {
				return nil, err
			}
			high, err := n.float("max", math.MaxFloat32)
			return clipBounds(low, high), err
		}
		bounds := []float64{math.Inf(-1), math.Inf(1)}
		for i, name := range []string{"lower bound", "upper bound"} {
			if n.operand(1+i) == nil {
				continue
			}
			c, err := n.constant(1+i, name)
			if err != nil {
				return nil, err
			}
			if len(c.floats) != 1 || c.dtype != n.inputs[0].dtype {
				return nil, n.errorf("the %s has shape %v and type %v, want one number of %v",
					name, c.shape, c.dtype, n.inputs[0].dtype)
			}
			bounds[i] = c.floats[0]
		}
		n.inputs = n.inputs[:1]
		if !(bounds[0] < bounds[1]) {
			return nil, n.unsupported("bounds %v and %v", bounds[0], bounds[1])
		}
		return clipBounds(bounds[0], bounds[1]), nil
	},
	expression: func(p []float64, a []expression) (expression, error) { return clipped(a[0], p[0], p[1]) },
	steps:      func(n *node) []step { return n.clip(n.parameters[0], n.parameters[1]) },
}

// clipBounds returns bounds, infinite where float32 does not reach them.
func clipBounds(low, high float64) []float64 {
	if low <= -math.MaxFloat32 {
		low = math.Inf(-1)
	}
	if high >= math.MaxFloat32 {
		high = math.Inf(1)
	}
	return []float64{low, high}
}

var elementwiseRelu = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) { return apply(fRelu, a[0]) },
}

var elementwiseLeakyRelu = elementwise{
	parameters: func(g *graph, n *node) ([]float64, error) {
		alpha, err := n.float("alpha", 0.01)
		return []float64{alpha}, err
	},
	expression: func(p []float64, a []expression) (expression, error) {
		positive, err := apply(fRelu, a[0])
		return sum(scaled(positive, 1-p[0]), scaled(a[0], p[0])), err
	},
	steps: func(n *node) []step {
		if leaky, err := n.leakyReLU(n.parameters[0]); err == nil {
			return []step{leaky}
		}
		return nil
	},
}

// HardSigmoid is clip(alpha·x + beta, 0, 1).
var elementwiseHardSigmoid = elementwise{
	parameters: func(g *graph, n *node) ([]float64, error) {
		alpha, err := n.float("alpha", 0.2)
		if err != nil {
			return nil, err
		}
		beta, err := n.float("beta", 0.5)
		return []float64{alpha, beta}, err
	},
	expression: func(p []float64, a []expression) (expression, error) {
		return apply(fUnitClip, sum(scaled(a[0], p[0]), number(p[1])))
	},
	steps: func(n *node) []step { return n.unitClip(n.parameters[0], n.parameters[1]) },
}

var elementwiseNeg = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) { return scaled(a[0], -1), nil },
	fold:       func(a, _ float64) float64 { return -a },
}

var elementwiseSqrt = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) { return apply("sqrt", a[0]) },
	fold:       func(a, _ float64) float64 { return math.Sqrt(a) },
}

var elementwiseReciprocal = elementwise{
	expression: func(_ []float64, a []expression) (expression, error) { return apply(fReciprocal, a[0]) },
	fold:       func(a, _ float64) float64 { return 1 / a },
}

func elementwiseFunction(f string) elementwise {
	return elementwise{expression: func(_ []float64, a []expression) (expression, error) { return apply(f, a[0]) }}
}
