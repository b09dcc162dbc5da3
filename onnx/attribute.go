package onnx

import "github.com/seed975aa5d7/mlp/onnx/internal/pb"

// attribute returns an attribute of the node, which must have the type, and notes that the operator knows it; nil if the
// node does not have it.
func (n *node) attribute(name string, want pb.AttributeProto_AttributeType) (*pb.AttributeProto, error) {
	a, ok := n.attributes[name]
	if !ok {
		return nil, nil
	}
	delete(n.attributes, name)
	if a.GetType() != want {
		return nil, n.errorf("the attribute %q is of type %v, want %v", name, a.GetType(), want)
	}
	return a, nil
}

// float returns the attribute, or else otherwise.
func (n *node) float(name string, otherwise float32) (float64, error) {
	a, err := n.attribute(name, pb.AttributeProto_FLOAT)
	if a == nil || err != nil {
		return float64(otherwise), err
	}
	return float64(a.GetF()), nil
}

// int returns the attribute, or else otherwise.
func (n *node) int(name string, otherwise int64) (int64, error) {
	a, err := n.attribute(name, pb.AttributeProto_INT)
	if a == nil || err != nil {
		return otherwise, err
	}
	return a.GetI(), nil
}

// string returns the attribute, or else otherwise.
func (n *node) string(name, otherwise string) (string, error) {
	a, err := n.attribute(name, pb.AttributeProto_STRING)
	if a == nil || err != nil {
		return otherwise, err
	}
	return string(a.S), nil
}

// ints returns the attribute, or nil.
func (n *node) ints(name string) ([]int64, error) {
	a, err := n.attribute(name, pb.AttributeProto_INTS)
	return a.GetInts(), err
}

// floats returns the attribute as a constant, or nil.
func (n *node) floats(name string) (*tensor, error) {
	a, err := n.attribute(name, pb.AttributeProto_FLOATS)
	if a == nil || err != nil {
		return nil, err
	}
	return floatsTensor(a.Floats), nil
}

func floatsTensor(list []float32) *tensor {
	c := &tensor{dtype: float32Type, shape: []int{len(list)}, floats: make([]float64, len(list))}
	for i, v := range list {
		c.floats[i] = float64(v)
	}
	return c
}
