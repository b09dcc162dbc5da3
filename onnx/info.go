package onnx

import (
	"fmt"
	"io"
	"strconv"

	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
)

// Info is what a model file tells of itself, whether or not Read understands what it computes.
type Info struct {
	Producer     string
	IRVersion    int64
	Opsets       map[string]int64 // by domain, "" for ONNX's own
	Inputs       []Value
	Outputs      []Value
	Operators    []string // of the graph's nodes, in order: "Gemm", "ai.onnx.ml.Scaler"
	Initializers []Value
	Metadata     map[string]string
}

// Value is a tensor of a model, by its declaration.
type Value struct {
	Name  string
	Type  string   // of the elements, in ONNX's words: "FLOAT"; "" if the value is no tensor
	Shape []string // numbers, or names of what varies: "N", "784"; "?" for what is not told
}

// ReadInfo reads what a model tells of itself, to the end of r.
func ReadInfo(r io.Reader) (*Info, error) {
	b, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	m, err := parseModel(b)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	info := &Info{Producer: m.GetProducerName(), IRVersion: m.GetIrVersion(),
		Opsets: make(map[string]int64), Metadata: make(map[string]string)}
	for _, o := range m.OpsetImport {
		info.Opsets[o.GetDomain()] = o.GetVersion()
	}
	for _, p := range m.MetadataProps {
		info.Metadata[p.GetKey()] = p.GetValue()
	}
	for _, v := range m.Graph.Input {
		info.Inputs = append(info.Inputs, declared(v))
	}
	for _, v := range m.Graph.Output {
		info.Outputs = append(info.Outputs, declared(v))
	}
	for _, n := range m.Graph.Node {
		info.Operators = append(info.Operators, operator{n.GetDomain(), n.GetOpType()}.String())
	}
	for _, t := range m.Graph.Initializer {
		v := Value{Name: t.GetName(), Type: typeName(t.GetDataType())}
		for _, side := range t.Dims {
			v.Shape = append(v.Shape, strconv.FormatInt(side, 10))
		}
		info.Initializers = append(info.Initializers, v)
	}
	return info, nil
}

// declared returns an input or output as the graph declares it.
func declared(i *pb.ValueInfoProto) Value {
	v := Value{Name: i.GetName()}
	t := i.GetType().GetTensorType()
	if t == nil {
		return v
	}
	v.Type = typeName(t.GetElemType())
	for _, d := range t.GetShape().GetDim() {
		switch {
		case d.GetDimParam() != "":
			v.Shape = append(v.Shape, d.GetDimParam())
		case d.DimValue != nil:
			v.Shape = append(v.Shape, strconv.FormatInt(d.GetDimValue(), 10))
		default:
			v.Shape = append(v.Shape, "?")
		}
	}
	return v
}

// typeName returns ONNX's name of an element type.
func typeName(t int32) string { return dataType(t).String() }
