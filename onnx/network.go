package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed975aa5d7/mlp"
)

// step is one thing that a graph does to rows, from its input to its output.
type step struct {
	kind stepKind
	node *node

	c          *tensor // stepProduct: the weights; stepAdd, stepMultiply, stepDivide: the other operand
	shape      []int   // stepAdd, stepMultiply, stepDivide, stepNormalise: of a row, which c is broadcast to
	factor     float64 // of c
	transposed bool    // stepProduct: the weights are [units, inputs]

	activation mlp.Activation // stepActivate
	low, high  float64        // stepClip
	norm       *normalisation // stepNormalise
	flipped    bool           // stepComplement: 1-p is the second column

	norms   mlp.Norm           // stepNormaliseRows
	encoder *mlp.OneHotEncoder // stepEncode
	outputs int                // stepEncode: the number of columns that the encoder makes
}

type stepKind uint8

const (
	stepProduct       stepKind = iota // x·c, a product of matrices
	stepAdd                           // x + c
	stepMultiply                      // x·c
	stepDivide                        // x/c
	stepNormalise                     // batch normalisation by constants
	stepActivate                      // an activation of the library
	stepClip                          // min(max(x, low), high)
	stepComplement                    // of a probability p, the columns 1-p and p
	stepRound                         // from float64 to float32
	stepImpute                        // c in place of missing values
	stepNormaliseRows                 // rows of length 1
	stepEncode                        // categories as columns
)

// affine reports whether the step is an affine function of each feature.
func (s *step) affine() bool {
	return s.kind == stepAdd || s.kind == stepMultiply || s.kind == stepDivide
}

// normalisation is what a BatchNormalization does in inference.
type normalisation struct {
	constants         [4]*tensor // gamma, beta, mean, variance: one number a feature, or a channel
	epsilon, momentum float64
}

// network returns the network that computes the graph's output.
func (g *graph) network() (*mlp.Network, error) {
	output, err := g.output()
	if err != nil {
		return nil, err
	}
	steps, err := g.steps(output)
	if err != nil {
		return nil, err
	}
	b := builder{graph: g, steps: steps}
	if err := b.measure(); err != nil {
		return nil, err
	}
	g.features = b.units
	if err := b.build(); err != nil {
		return nil, err
	}
	n, err := b.network()
	if err != nil {
		return nil, err
	}
	if g.classes != nil && len(g.classes) != n.Outputs() && !(len(g.classes) == 2 && n.Outputs() == 1) {
		return nil, fmt.Errorf("%d names of classes for %d outputs", len(g.classes), n.Outputs())
	}
	n.ClassNames, n.Scaler = g.classes, b.preprocessor
	return n, nil
}

// output returns the value that the network is to compute: the graph's output that is not a label, or else the scores that
// labels are made of.
func (g *graph) output() (*value, error) {
	var found, scores *value
	for _, v := range g.outputs {
		if v.constant != nil {
			return nil, fmt.Errorf("the graph's output %.80q does not depend on its input", v.name)
		}
		source := v
		for source.label {
			source = source.by.data()[0]
		}
		source = source.origin()
		if source.partial != nil {
			return nil, fmt.Errorf("not supported: the graph's output %.80q has elements of type %v", v.name, v.dtype)
		}
		if v.label {
			scores = source
			continue
		}
		if found != nil && found != source {
			return nil, fmt.Errorf("not supported: two outputs, %.80q and %.80q; a network has one", found.name, v.name)
		}
		found = source
	}
	if found == nil {
		found = scores
	}
	return found, nil
}

// origin returns the value that v is another name, type or shape of.
func (v *value) origin() *value {
	for v.by != nil && v.by.passes {
		v = v.by.data()[0]
	}
	return v
}

// maxSpelling bounds the nodes that an activation may be spelled with.
const maxSpelling = 32

// steps returns what the graph does from its input to v. Where it divides, the parts must meet again in one expression.
func (g *graph) steps(v *value) ([]step, error) {
	var backwards [][]step
	for v != g.input {
		base := v.parent
		steps, err := v.by.stepsFrom(base)
		// A node that means nothing alone may be the end of an activation that is spelled out, as 1/(1 + exp(-x)).
		for i := 0; err != nil && base != g.input && base.by.elementwise != nil && i < maxSpelling; i++ {
			base = base.parent
			if longer, retried := v.by.stepsFrom(base); retried == nil {
				steps, err = longer, nil
			}
		}
		if err != nil {
			return nil, err
		}
		backwards = append(backwards, steps)
		v = base
	}
	slices.Reverse(backwards)
	return slices.Concat(backwards...), nil
}

// stepsFrom returns the steps from one of the dominators of the node's output to that.
func (n *node) stepsFrom(base *value) ([]step, error) {
	if n.from == base {
		if n.elementwise == nil {
			return n.steps, nil
		}
		if n.elementwise.steps != nil {
			if steps := n.elementwise.steps(n); steps != nil {
				return steps, nil
			}
		}
	}
	known := map[*value]expression{base: variable()}
	if n.op.name == "Concat" {
		return n.complement(known)
	}
	e, err := n.expression(known)
	if err != nil {
		return nil, err
	}
	return n.read(e)
}

// complement returns the step of a Concat of 1-p and p.
func (n *node) complement(known map[*value]expression) ([]step, error) {
	var columns [2]expression
	for i, v := range n.inputs {
		var err error
		if columns[i], err = v.expression(known); err != nil {
			return nil, err
		}
	}
	p := variable()
	q := sum(number(1), scaled(p, -1))
	switch {
	case columns[0].near(q) && columns[1].near(p):
		return []step{{kind: stepComplement, node: n}}, nil
	case columns[0].near(p) && columns[1].near(q):
		return []step{{kind: stepComplement, node: n, flipped: true}}, nil
	}
	return nil, n.unsupported("only the columns 1-p and p of a binary classifier may be joined, not %.80s and %.80s",
		columns[0], columns[1])
}

// expression returns what a value is computed from the known ones by, and makes it known.
func (v *value) expression(known map[*value]expression) (expression, error) {
	if e, ok := known[v]; ok {
		return e, nil
	}
	e, err := v.by.expression(known)
	if err != nil {
		return nil, err
	}
	known[v] = e
	return e, nil
}

func (n *node) expression(known map[*value]expression) (expression, error) {
	if n.elementwise == nil {
		if n.passes {
			return n.from.expression(known)
		}
		return nil, n.unsupported("it stands on one of several branches, and a network is a chain of layers")
	}
	var args []expression
	for _, v := range n.inputs {
		if v.constant == nil {
			e, err := v.expression(known)
			if err != nil {
				return nil, err
			}
			args = append(args, e)
			continue
		}
		c, ok := v.constant.uniform()
		if !ok {
			return nil, n.unsupported("a constant for each feature on one of several branches")
		}
		args = append(args, number(c))
	}
	e, err := n.elementwise.expression(n.parameters, args)
	if err != nil {
		return nil, n.errorf("%w", err)
	}
	if e, err = e.check(); err != nil {
		return nil, n.errorf("%w", err)
	}
	return e, nil
}

// withoutClips replaces clips by activations and affine functions, and leaves out rounding, which layers do on their own.
func withoutClips(steps []step) []step {
	var list []step
	for _, s := range steps {
		n := s.node
		low, high := !math.IsInf(s.low, 0), !math.IsInf(s.high, 0)
		relu := step{kind: stepActivate, node: n, activation: mlp.ReLU}
		switch {
		case s.kind == stepRound:
		case s.kind != stepClip:
			list = append(list, s)
		case low && high:
			width := s.high - s.low
			list = append(append(list, n.unitClip(1/width, -s.low/width)...), n.multiply(width), n.add(s.low))
		case low: // low + relu(x - low)
			list = append(list, n.add(-s.low), relu, n.add(s.low))
		case high: // high - relu(high - x)
			list = append(list, n.multiply(-1), n.add(s.high), relu, n.multiply(-1), n.add(s.high))
		}
	}
	return list
}
