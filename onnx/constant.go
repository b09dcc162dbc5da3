package onnx

import (
	"slices"

	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
)

// foldConstant returns the value of a Constant.
func foldConstant(g *graph, n *node) (*tensor, error) {
	if len(n.attributes) != 1 {
		return nil, n.errorf("%d attributes, want one, the value", len(n.attributes))
	}
	for name, a := range n.attributes {
		delete(n.attributes, name)
		switch {
		case name == "value" && a.T != nil && a.GetType() == pb.AttributeProto_TENSOR:
			c, err := readTensor(a.T, nil)
			if err != nil {
				return nil, n.errorf("%w", err)
			}
			return c, nil
		case name == "value_float" && a.GetType() == pb.AttributeProto_FLOAT:
			return scalar(float32Type, float64(a.GetF())), nil
		case name == "value_floats" && a.GetType() == pb.AttributeProto_FLOATS:
			return floatsTensor(a.Floats), nil
		case name == "value_int" && a.GetType() == pb.AttributeProto_INT:
			c := &tensor{dtype: pb.TensorProto_INT64, ints: []int64{a.GetI()}}
			return c, c.check()
		case name == "value_ints" && a.GetType() == pb.AttributeProto_INTS:
			c := &tensor{dtype: pb.TensorProto_INT64, shape: []int{len(a.Ints)}, ints: a.Ints}
			return c, c.check()
		}
		return nil, n.unsupported("the attribute %.80q of type %v", name, a.GetType())
	}
	return nil, nil
}

// reshaped returns the tensor in another shape of the same size.
func (c *tensor) reshaped(shape []int) *tensor {
	return &tensor{dtype: c.dtype, shape: shape, floats: c.floats, ints: c.ints, strings: c.strings}
}

func foldIdentity(g *graph, n *node) (*tensor, error) { return n.inputs[0].constant, nil }

func foldCast(g *graph, n *node) (*tensor, error) {
	c := n.inputs[0].constant
	to, err := n.castType()
	if err != nil {
		return nil, err
	}
	cast := &tensor{dtype: to, shape: c.shape}
	switch {
	case c.floats != nil && (to == float32Type || to == float64Type):
		cast.floats = make([]float64, len(c.floats))
		for i, v := range c.floats {
			cast.floats[i] = rounded(to, v)
		}
	case c.ints != nil && (to == float32Type || to == float64Type) && !slices.Contains(c.ints, batchSize):
		cast.floats = make([]float64, len(c.ints))
		for i, v := range c.ints {
			cast.floats[i] = rounded(to, float64(v))
		}
	case c.ints != nil && (to == pb.TensorProto_INT64 || to == pb.TensorProto_INT32):
		cast.ints = c.ints
	default:
		return nil, n.unsupported("a cast of constants from %v to %v", c.dtype, to)
	}
	return cast, nil
}

// rounded returns v as the type holds it.
func rounded(t dataType, v float64) float64 {
	if t == float32Type {
		return float64(float32(v))
	}
	return v
}

func foldReshape(g *graph, n *node) (*tensor, error) {
	c, target := n.inputs[0].constant, n.inputs[1].constant
	allowZero, err := n.int("allowzero", 0)
	if err != nil {
		return nil, err
	}
	count := size(c.shape)
	shape, rest, free := make([]int, len(target.ints)), 1, -1
	for i, t := range target.ints {
		switch {
		case t == 0 && allowZero == 0 && i < len(c.shape):
			shape[i] = c.shape[i]
		case t == -1 && free < 0:
			free, shape[i] = i, 1
		case t > 0 && t <= int64(count):
			shape[i] = int(t)
		default:
			return nil, n.errorf("shape %v for constants of shape %v", target.ints, c.shape)
		}
		if shape[i] > count/rest {
			return nil, n.errorf("shape %v for constants of shape %v", target.ints, c.shape)
		}
		rest *= shape[i]
	}
	if free >= 0 {
		shape[free] = count / rest
	}
	if size(shape) != count || len(shape) > maxRank {
		return nil, n.errorf("shape %v for constants of shape %v", target.ints, c.shape)
	}
	return c.reshaped(shape), nil
}

func foldSqueeze(g *graph, n *node) (*tensor, error) {
	axes, err := g.axes(n)
	if err != nil {
		return nil, err
	}
	shape, err := n.squeeze(n.inputs[0].constant.shape, axes)
	if err != nil {
		return nil, err
	}
	return n.inputs[0].constant.reshaped(shape), nil
}

func foldUnsqueeze(g *graph, n *node) (*tensor, error) {
	axes, err := g.axes(n)
	if err != nil {
		return nil, err
	}
	shape, err := n.unsqueeze(n.inputs[0].constant.shape, axes)
	if err != nil {
		return nil, err
	}
	return n.inputs[0].constant.reshaped(shape), nil
}

// foldTranspose transposes weights.
func foldTranspose(g *graph, n *node) (*tensor, error) {
	c := n.inputs[0].constant
	perm, err := n.permutation(len(c.shape))
	if err != nil {
		return nil, err
	}
	if slices.IsSorted(perm) {
		return c, nil
	}
	if len(perm) != 2 || c.floats == nil {
		return nil, n.unsupported("constants of shape %v and type %v, want two dimensions of floats", c.shape, c.dtype)
	}
	rows, columns := c.shape[0], c.shape[1]
	return &tensor{dtype: c.dtype, shape: []int{columns, rows}, floats: transposed(c.floats, rows, columns)}, nil
}

// transposed returns the matrix src [rows, columns] as [columns, rows].
func transposed(src []float64, rows, columns int) []float64 {
	dst := make([]float64, len(src))
	for i := range rows {
		for j := range columns {
			dst[j*rows+i] = src[i*columns+j]
		}
	}
	return dst
}

// foldGather picks sizes out of a shape.
func foldGather(g *graph, n *node) (*tensor, error) {
	c, indices := n.inputs[0].constant, n.inputs[1].constant
	axis, err := n.int("axis", 0)
	if err != nil {
		return nil, err
	}
	if axis != 0 || len(c.shape) != 1 || c.ints == nil || indices.ints == nil || len(indices.shape) > 1 {
		return nil, n.unsupported("want integers out of a list of integers")
	}
	picked := &tensor{dtype: c.dtype, shape: indices.shape}
	for _, i := range indices.ints {
		if i < 0 {
			i += int64(len(c.ints))
		}
		if i < 0 || i >= int64(len(c.ints)) {
			return nil, n.errorf("indices %v of a list of %d", indices.ints, len(c.ints))
		}
		picked.ints = append(picked.ints, c.ints[i])
	}
	return picked, nil
}

// foldSlice takes a part of a shape.
func foldSlice(g *graph, n *node) (*tensor, error) {
	c, start, end := n.inputs[0].constant, n.inputs[1].constant, n.inputs[2].constant
	one := len(c.shape) == 1 && c.ints != nil && len(start.ints) == 1 && len(end.ints) == 1
	for i, want := range []int64{0, 1} { // axes and steps
		if v := n.operand(3 + i); v != nil {
			one = one && slices.Equal(v.constant.ints, []int64{want})
		}
	}
	if !one {
		return nil, n.unsupported("want a part of a list of integers")
	}
	from, to := clampIndex(start.ints[0], len(c.ints)), clampIndex(end.ints[0], len(c.ints))
	if from >= to {
		return nil, n.unsupported("an empty part of a list")
	}
	return &tensor{dtype: c.dtype, shape: []int{to - from}, ints: c.ints[from:to]}, nil
}

// foldConcat joins sizes to a shape.
func foldConcat(g *graph, n *node) (*tensor, error) {
	axis, err := n.int("axis", 0)
	if err != nil {
		return nil, err
	}
	joined := &tensor{dtype: n.inputs[0].constant.dtype}
	for _, v := range n.inputs {
		if axis != 0 || v == nil || len(v.constant.shape) != 1 || v.constant.ints == nil ||
			v.constant.dtype != joined.dtype {
			return nil, n.unsupported("want lists of integers")
		}
		if g.budget -= len(v.constant.ints); g.budget < 0 {
			return nil, n.errorf("constants multiply beyond the size of the model")
		}
		joined.ints = append(joined.ints, v.constant.ints...)
	}
	joined.shape = []int{len(joined.ints)}
	return joined, nil
}
