package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
)

// graph is a model's graph while it is read. Nodes are looked at in their order: each value is either a constant, or
// depends on the graph's input and knows the nodes that it comes by.
type graph struct {
	opset, ml int64 // versions of the operators; ml is 0 where the model does not use the domain ai.onnx.ml
	values    map[string]*value
	input     *value
	outputs   []*value
	classes   []string            // names of the classes, from a label head; nil if there is none
	functions map[operator]string // the model's own
	features  int                 // values in a row of the input, once the network is made
	budget    int                 // elements that may still be computed from constants
}

// operator names what a node does. Domain is empty for ONNX's own.
type operator struct{ domain, name string }

// domainML is the domain of ONNX's operators for classical machine learning.
const domainML = "ai.onnx.ml"

func (o operator) String() string {
	if o.domain == "" {
		return o.name
	}
	return o.domain + "." + o.name
}

// value is an edge of the graph.
type value struct {
	name     string
	constant *tensor  // nil unless the value is known
	by       *node    // nil for the graph's input and for constants
	dtype    dataType // of the elements
	shape    []int    // shape[0] is the batch's; unknown sizes are -1; nil is a shape that no operator can go on from
	label    bool     // what a label head makes of scores: by's operand
	partial  *partial // nil unless the value is on the way to a Where

	// Every path from the input to this value leads through parent: its immediate dominator.
	parent *value
	depth  int
}

// unknown is the size of a dimension that the model does not tell.
const unknown = -1

// units returns the number of values in a row, or unknown.
func (v *value) units() int {
	if slices.Contains(v.shape[1:], unknown) {
		return unknown
	}
	return size(v.shape[1:])
}

// node is an element of the graph.
type node struct {
	op         operator
	name       string
	index      int
	inputs     []*value // nil where an optional one is left out
	outputs    []string
	attributes map[string]*pb.AttributeProto // that no operator has asked for yet

	// What the node does to from, the value that all of its operands depend on: either it is elementwise, and parameters
	// are its operator's, or steps of a network say it. From is nil where several values meet in the node.
	from        *value
	elementwise *elementwise
	parameters  []float64
	steps       []step
	passes      bool // the node makes no difference to numbers
}

// errorf returns an error that names the node and its operator.
func (n *node) errorf(format string, args ...any) error {
	return fmt.Errorf("%v: %w", n, fmt.Errorf(format, args...))
}

// unsupported returns the error for what a network or this package cannot express.
func (n *node) unsupported(format string, args ...any) error {
	return n.errorf("not supported: "+format, args...)
}

func (n *node) String() string {
	if n.name == "" {
		return fmt.Sprintf("node %d (%.80v)", n.index, n.op)
	}
	return fmt.Sprintf("node %.80q (%.80v)", n.name, n.op)
}

// data returns the node's operands that are not constants.
func (n *node) data() []*value {
	var list []*value
	for _, v := range n.inputs {
		if v != nil && v.constant == nil {
			list = append(list, v)
		}
	}
	return list
}

// operand returns the node's input i, or nil if it is left out.
func (n *node) operand(i int) *value {
	if i < len(n.inputs) {
		return n.inputs[i]
	}
	return nil
}

// constant returns the node's input i, which must be known.
func (n *node) constant(i int, what string) (*tensor, error) {
	v := n.operand(i)
	if v == nil {
		return nil, n.errorf("the %s is missing", what)
	}
	if v.constant == nil {
		return nil, n.unsupported("the %s, %.80q, is computed from the input, want a constant", what, v.name)
	}
	return v.constant, nil
}

// readGraph decodes the constants and resolves the nodes of a model. Its input is the model's one input that is not a
// constant.
func readGraph(m *pb.ModelProto, fileSize int, external *externalData) (*graph, error) {
	g := &graph{values: make(map[string]*value), functions: make(map[operator]string), budget: 1<<20 + 16*fileSize}
	var err error
	if g.opset, g.ml, err = opsets(m); err != nil {
		return nil, err
	}
	for _, f := range m.Functions {
		g.functions[operatorOf(f.GetDomain(), f.GetName())] = f.GetName()
	}
	for _, t := range m.Graph.SparseInitializer {
		return nil, fmt.Errorf("not supported: sparse initializer %.80q", t.GetValues().GetName())
	}
	for _, t := range m.Graph.Initializer {
		c, err := readTensor(t, external)
		if err != nil {
			return nil, fmt.Errorf("initializer %.80q: %w", t.GetName(), err)
		}
		g.budget += 2 * size(c.shape) // as far as they lie in other files
		if err := g.define(&value{name: t.GetName(), constant: c, dtype: c.dtype}); err != nil {
			return nil, err
		}
	}
	if err := g.readInput(m.Graph.Input); err != nil {
		return nil, err
	}
	for i, p := range m.Graph.Node {
		if err := g.readNode(i, p, m.Graph.Node[i:]); err != nil {
			return nil, err
		}
	}
	for _, o := range m.Graph.Output {
		v, ok := g.values[o.GetName()]
		if !ok {
			return nil, fmt.Errorf("the graph's output %.80q is made by no node", o.GetName())
		}
		g.outputs = append(g.outputs, v)
	}
	if len(g.outputs) == 0 {
		return nil, errors.New("the graph has no output")
	}
	return g, nil
}

// define adds a value under its name, which must be new.
func (g *graph) define(v *value) error {
	if v.name == "" {
		return errors.New("a value has no name")
	}
	if _, ok := g.values[v.name]; ok {
		return fmt.Errorf("the name %.80q is given twice", v.name)
	}
	g.values[v.name] = v
	return nil
}

// readInput finds the graph's input. Old models list their initializers among the inputs.
func (g *graph) readInput(inputs []*pb.ValueInfoProto) error {
	for _, p := range inputs {
		if v, ok := g.values[p.GetName()]; ok && v.constant != nil {
			continue
		}
		if g.input != nil {
			return fmt.Errorf("not supported: two inputs, %.80q and %.80q; a network has one", g.input.name, p.GetName())
		}
		t := p.GetType().GetTensorType()
		if t == nil {
			return fmt.Errorf("the graph's input %.80q is not a tensor", p.GetName())
		}
		g.input = &value{name: p.GetName(), dtype: dataType(t.GetElemType()), shape: []int{unknown, unknown}}
		switch g.input.dtype {
		case float32Type, float64Type, pb.TensorProto_UINT8, pb.TensorProto_INT8, pb.TensorProto_UINT16,
			pb.TensorProto_INT16, pb.TensorProto_INT32, pb.TensorProto_INT64:
		default:
			return fmt.Errorf("not supported: the graph's input %.80q has elements of type %v", p.GetName(), g.input.dtype)
		}
		if t.Shape != nil {
			shape, err := inputShape(t.Shape)
			if err != nil {
				return fmt.Errorf("the graph's input %.80q: %w", p.GetName(), err)
			}
			g.input.shape = shape
		}
		if err := g.define(g.input); err != nil {
			return err
		}
	}
	if g.input == nil {
		return errors.New("the graph has no input")
	}
	return nil
}

// inputShape returns the declared shape of the input: rows, and the sizes of a row.
func inputShape(s *pb.TensorShapeProto) ([]int, error) {
	if n := len(s.Dim); n < 2 || n > maxRank {
		return nil, fmt.Errorf("not supported: %d dimensions, want rows and from one to %d of a row", n, maxRank-1)
	}
	shape, count := make([]int, len(s.Dim)), int64(1)
	for i, d := range s.Dim {
		shape[i] = unknown
		if d.DimValue == nil || *d.DimValue <= 0 {
			continue
		}
		if *d.DimValue > maxFileSize/count {
			return nil, fmt.Errorf("more than %d values", maxFileSize)
		}
		if i > 0 {
			count *= *d.DimValue
		}
		shape[i] = int(*d.DimValue)
	}
	return shape, nil
}

func operatorOf(domain, name string) operator {
	if domain == "ai.onnx" {
		domain = ""
	}
	return operator{domain, name}
}

// readNode resolves the operands of a node, and finds out what it makes of them. rest are the nodes from this one on.
func (g *graph) readNode(index int, p *pb.NodeProto, rest []*pb.NodeProto) error {
	n := &node{
		op: operatorOf(p.GetDomain(), p.GetOpType()), name: p.GetName(), index: index, outputs: p.Output,
		attributes: make(map[string]*pb.AttributeProto, len(p.Attribute)),
	}
	if f, ok := g.functions[n.op]; ok {
		return n.unsupported("the model's own function %.80q", f)
	}
	if n.op.name == "" {
		return n.errorf("the node has no operator")
	}
	if n.op.domain == domainML && g.ml == 0 {
		return n.errorf("the model names no opset of %s", domainML)
	}
	for _, a := range p.Attribute {
		if _, ok := n.attributes[a.GetName()]; ok {
			return n.errorf("the attribute %.80q is given twice", a.GetName())
		}
		n.attributes[a.GetName()] = a
	}
	for _, name := range p.Input {
		v := g.values[name]
		if v == nil && name != "" {
			if slices.ContainsFunc(rest, func(later *pb.NodeProto) bool { return slices.Contains(later.Output, name) }) {
				return n.errorf("the operand %.80q is not made before it is used: nodes are out of order, or form a cycle",
					name)
			}
			return n.errorf("the operand %.80q is neither an input, nor an initializer, nor made by a node", name)
		}
		n.inputs = append(n.inputs, v)
	}
	if len(n.outputs) == 0 || n.outputs[0] == "" {
		return n.errorf("the node has no output")
	}
	v, err := g.apply(n)
	if err != nil {
		return err
	}
	if len(n.attributes) > 0 {
		var names []string
		for name := range n.attributes {
			names = append(names, fmt.Sprintf("%.80q", name))
		}
		slices.Sort(names)
		return n.errorf("the operator has no attribute %s", strings.Join(names, ", "))
	}
	v.name = n.outputs[0]
	if err := g.define(v); err != nil {
		return n.errorf("%w", err)
	}
	return nil
}

// apply returns what a node makes of its operands.
func (g *graph) apply(n *node) (*value, error) {
	op, known := operators[n.op]
	if !known {
		return nil, n.unsupported("the operator")
	}
	if g.opset < op.since {
		return nil, n.errorf("the operator exists from opset %d on, the model has opset %d", op.since, g.opset)
	}
	if len(n.inputs) < op.inputs || slices.Contains(n.inputs[:op.inputs], nil) {
		return nil, n.errorf("want at least %d operands", op.inputs)
	}
	if len(n.inputs) > op.inputs+op.optional {
		return nil, n.errorf("%d operands, want at most %d", len(n.inputs), op.inputs+op.optional)
	}
	for _, name := range n.outputs[1:] {
		if name != "" && !op.moreOutputs {
			return nil, n.unsupported("its output %.80q beside the first", name)
		}
	}
	data := n.data()
	if len(data) == 0 {
		if op.fold == nil {
			return nil, n.unsupported("the operator applied to constants alone")
		}
		c, err := op.fold(g, n)
		if err != nil {
			return nil, err
		}
		if g.budget -= size(c.shape); g.budget < 0 {
			return nil, n.errorf("constants multiply beyond the size of the model")
		}
		return &value{constant: c, dtype: c.dtype}, nil
	}
	for _, v := range data {
		if v.shape == nil && !op.anyShape && !v.label {
			return nil, n.unsupported("%.80q no longer has the shape of rows", v.name)
		}
		if v.partial != nil && !op.partials {
			return nil, n.unsupported("the operator applied to %.80q", v.name)
		}
		if !v.label && v.partial == nil && v.dtype != float32Type && v.dtype != float64Type && !op.anyType {
			return nil, n.unsupported("an operand of type %v, %.80q", v.dtype, v.name)
		}
		if v.label && !op.labels {
			return nil, n.unsupported("the operator applied to the label %.80q", v.name)
		}
	}
	if !op.anyOrder && (data[0] != n.inputs[0] || len(data) > 1) {
		return nil, n.unsupported("constants where the operand that depends on the input is, or the other way round")
	}
	if op.apply == nil {
		return nil, n.unsupported("the operator applied to what depends on the input")
	}
	v, err := op.apply(g, n)
	if err != nil {
		return nil, err
	}
	if v.constant == nil {
		v.by = n
		if n.from == nil && len(data) == 1 {
			n.from = data[0]
		}
		if v.parent = n.from; v.parent == nil {
			v.parent = data[0]
			for _, d := range data[1:] {
				v.parent = commonDominator(v.parent, d)
			}
		}
		v.depth = v.parent.depth + 1
	}
	return v, nil
}

// commonDominator returns the last value that every path to a and every path to b leads through.
func commonDominator(a, b *value) *value {
	for a != b {
		if a.depth >= b.depth {
			a = a.parent
		} else {
			b = b.parent
		}
	}
	return a
}
