package onnx

import (
	"slices"

	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
)

// passOn returns x in another type or shape: a network is none the wiser.
func (n *node) passOn(x *value, dtype dataType, shape []int) *value {
	n.passes = true
	return &value{dtype: dtype, shape: shape, label: x.label}
}

func applyIdentity(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	return n.passOn(x, x.dtype, x.shape), nil
}

func applyCast(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	if x.label {
		return n.label(), nil
	}
	to, err := n.castType()
	if err != nil {
		return nil, err
	}
	if to != float32Type && to != float64Type || x.partial != nil && x.partial.missing {
		return nil, n.unsupported("a cast of what depends on the input from %v to %v", x.dtype, to)
	}
	y := &value{dtype: to, shape: x.shape, partial: x.partial}
	if x.dtype == float64Type && to == float32Type {
		n.steps = []step{{kind: stepRound, node: n}}
	}
	n.passes = true
	return y, nil
}

// castType returns the type that a Cast asks for.
func (n *node) castType() (dataType, error) {
	to, err := n.int("to", 0)
	if err != nil {
		return 0, err
	}
	_, err = n.int("saturate", 1) // of 8-bit floats
	return dataType(to), err
}

// applyFlatten reads a Flatten that keeps the rows apart.
func applyFlatten(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	if x.label {
		return n.label(), nil
	}
	axis, err := n.int("axis", 1)
	if err != nil {
		return nil, err
	}
	if axis < 0 {
		axis += int64(len(x.shape))
	}
	if axis != 1 {
		return nil, n.unsupported("axis=%d, want 1, which keeps the rows apart", axis)
	}
	return n.passOn(x, x.dtype, []int{x.shape[0], x.units()}), nil
}

// applyReshape reads a Reshape that keeps the rows apart. One that does not, but keeps the order of the values, is good
// for the graph's output only: what is read from there has no shape.
func applyReshape(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	if x.label {
		return n.label(), nil
	}
	target, err := n.constant(1, "shape")
	if err != nil {
		return nil, err
	}
	allowZero, err := n.int("allowzero", 0)
	if err != nil {
		return nil, err
	}
	if len(target.shape) != 1 || target.ints == nil || len(target.ints) > maxRank {
		return nil, n.errorf("a shape of %v and of type %v, want a list of integers", target.shape, target.dtype)
	}
	if x.shape == nil {
		return n.passOn(x, x.dtype, nil), nil
	}
	shape, rest := make([]int, len(target.ints)), 1 // rest is the product of the sizes of a row, but for an unknown one
	free := -1
	for i, t := range target.ints {
		switch {
		case t == 0 && allowZero == 0 && i < len(x.shape):
			shape[i] = x.shape[i]
		case t == batchSize && i == 0:
			shape[i] = x.shape[0]
		case t == -1 && free < 0:
			free, shape[i] = i, unknown
		case t > 0 && t <= maxFileSize:
			shape[i] = int(t)
		default:
			return nil, n.unsupported("shape %v", target.ints)
		}
		if i > 0 && i != free {
			if shape[i] < 1 || shape[i] > maxFileSize/rest {
				return nil, n.unsupported("shape %v for rows of shape %v", target.ints, x.shape[1:])
			}
			rest *= shape[i]
		}
	}
	units := x.units()
	if units == unknown {
		return nil, n.unsupported("rows whose shape the model does not tell")
	}
	rowsKept := len(shape) > 0 && (free == 0 && rest == units || // as many rows as the rest leaves
		(target.ints[0] == batchSize || target.ints[0] == 0 || shape[0] == x.shape[0]) && free != 0 &&
			(rest == units || free > 0 && units%rest == 0))
	if !rowsKept {
		return n.passOn(x, x.dtype, nil), nil
	}
	if free > 0 {
		shape[free] = units / rest
	}
	shape[0] = x.shape[0]
	return n.passOn(x, x.dtype, shape), nil
}

// axes returns the axes of a Squeeze or Unsqueeze: an attribute before opset 13, an operand from then on.
func (g *graph) axes(n *node) ([]int64, error) {
	if g.opset < 13 {
		return n.ints("axes")
	}
	if n.operand(1) == nil {
		return nil, nil
	}
	c, err := n.constant(1, "list of axes")
	if err != nil {
		return nil, err
	}
	return c.ints, nil
}

func applySqueeze(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	if x.label {
		return n.label(), nil
	}
	axes, err := g.axes(n)
	if err != nil {
		return nil, err
	}
	if axes == nil && x.shape[0] == 1 {
		return nil, n.unsupported("axes are not given, and the rows' would be one")
	}
	shape, err := n.squeeze(x.shape, axes)
	if err != nil {
		return nil, err
	}
	for _, a := range axes {
		if a == 0 || a == -int64(len(x.shape)) {
			return nil, n.unsupported("axis 0, the rows'")
		}
	}
	return n.passOn(x, x.dtype, shape), nil
}

// squeeze returns the shape without the axes, which must be of size 1; without all such sizes if axes is nil.
func (n *node) squeeze(shape []int, axes []int64) ([]int, error) {
	drop := make([]bool, len(shape))
	for i, s := range shape {
		drop[i] = axes == nil && s == 1
	}
	for _, a := range axes {
		if a < 0 {
			a += int64(len(shape))
		}
		if a < 0 || a >= int64(len(shape)) || shape[a] != 1 {
			return nil, n.errorf("axes %v of shape %v, want some of size 1", axes, shape)
		}
		drop[a] = true
	}
	var left []int
	for i, s := range shape {
		if !drop[i] {
			left = append(left, s)
		}
	}
	return left, nil
}

func applyUnsqueeze(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	if x.label {
		return n.label(), nil
	}
	axes, err := g.axes(n)
	if err != nil {
		return nil, err
	}
	shape, err := n.unsqueeze(x.shape, axes)
	if err != nil {
		return nil, err
	}
	if slices.Contains(axes, 0) || slices.Contains(axes, -int64(len(shape))) {
		return nil, n.unsupported("axis 0, the rows'")
	}
	return n.passOn(x, x.dtype, shape), nil
}

// unsqueeze returns the shape with sizes of 1 inserted, so that they stand at the axes.
func (n *node) unsqueeze(shape []int, axes []int64) ([]int, error) {
	rank := len(shape) + len(axes)
	if rank > maxRank {
		return nil, n.errorf("%d dimensions, want at most %d", rank, maxRank)
	}
	wide := make([]int, rank)
	for _, a := range axes {
		if a < 0 {
			a += int64(rank)
		}
		if a < 0 || a >= int64(rank) || wide[a] != 0 {
			return nil, n.errorf("axes %v for shape %v", axes, shape)
		}
		wide[a] = 1
	}
	for i := range wide {
		if wide[i] == 0 {
			wide[i], shape = shape[0], shape[1:]
		}
	}
	return wide, nil
}

// applyTranspose refuses all but the transposition that changes nothing.
func applyTranspose(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	perm, err := n.permutation(len(x.shape))
	if err != nil {
		return nil, err
	}
	if !slices.IsSorted(perm) {
		return nil, n.unsupported("what depends on the input is transposed")
	}
	return n.passOn(x, x.dtype, x.shape), nil
}

// permutation returns the attribute perm of a Transpose, which reverses the axes by default.
func (n *node) permutation(rank int) ([]int, error) {
	list, err := n.ints("perm")
	if err != nil {
		return nil, err
	}
	perm := make([]int, rank)
	for i := range perm {
		perm[i] = rank - 1 - i
	}
	if list == nil {
		return perm, nil
	}
	seen := make([]bool, rank)
	for i, p := range list {
		if len(list) != rank || p < 0 || p >= int64(rank) || seen[p] {
			return nil, n.errorf("perm=%v for %d dimensions", list, rank)
		}
		seen[p], perm[i] = true, int(p)
	}
	return perm, nil
}

// applyShape returns the shape of what depends on the input, as far as it is known: exporters compute the shape for a
// Reshape from it.
func applyShape(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	start, err := n.int("start", 0)
	if err != nil {
		return nil, err
	}
	end, err := n.int("end", int64(len(x.shape)))
	if err != nil {
		return nil, err
	}
	c := &tensor{dtype: pb.TensorProto_INT64}
	from, to := clampIndex(start, len(x.shape)), clampIndex(end, len(x.shape))
	for i := from; i < to; i++ {
		s := int64(x.shape[i])
		if s == unknown {
			if i > 0 {
				return nil, n.unsupported("a shape that the model does not tell")
			}
			s = batchSize
		}
		c.ints = append(c.ints, s)
	}
	if len(c.ints) == 0 {
		return nil, n.unsupported("an empty shape")
	}
	c.shape = []int{len(c.ints)}
	return &value{constant: c, dtype: c.dtype}, nil
}

// clampIndex returns the index i of a list, which counts from its end if it is negative.
func clampIndex(i int64, length int) int {
	if i < 0 {
		i += int64(length)
	}
	return int(min(max(i, 0), int64(length)))
}
