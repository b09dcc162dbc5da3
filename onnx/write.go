package onnx

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
	"google.golang.org/protobuf/proto"
)

// What Write writes: old enough for any runtime in use. Activations that this opset lacks are spelled out.
const (
	writtenIR    = 8
	writtenOpset = 17
)

// Names in the graphs that Write writes.
const (
	inputName  = "input"
	outputName = "output"
	batchName  = "N" // of the batch's dimension
)

// Write writes the network to w as a model of the ONNX format, for inference: input [N, features], output [N, outputs],
// for any N, in float32.
//
// The graph takes rows as PredictRaw does: the network's Scaler becomes its first nodes, which compute in float64 where the
// scaler does. A category that a OneHotEncoder does not know becomes zeros, whether or not it has IgnoreUnknown. Dropout
// and GaussianNoise are left out. Names of features, classes and targets stand in the model's metadata, under
// feature_names, class_names and target_names, as JSON lists. The same network gives the same bytes.
func Write(w io.Writer, n *mlp.Network) error {
	b, err := marshal(n)
	if err != nil {
		return fmt.Errorf("onnx: writing a model: %w", err)
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("onnx: writing a model: %w", err)
	}
	return nil
}

// WriteFile writes the network to a file as Write does, and replaces one that is there.
func WriteFile(path string, n *mlp.Network) error {
	b, err := marshal(n)
	if err != nil {
		return fmt.Errorf("onnx: writing a model: %w", err)
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		return fmt.Errorf("onnx: writing a model: %w", err)
	}
	return nil
}

// marshal returns the bytes of the network's model.
func marshal(n *mlp.Network) ([]byte, error) {
	w := graphWriter{graph: &pb.GraphProto{Name: proto.String("mlp")}, value: inputName}
	features, err := w.preprocessors(n)
	if err != nil {
		return nil, err
	}
	w.graph.Input = []*pb.ValueInfoProto{rowsInfo(inputName, features)}
	w.graph.Output = []*pb.ValueInfoProto{rowsInfo(outputName, n.Outputs())}
	for i, l := range n.Layers() {
		w.prefix = fmt.Sprintf("layer%d", i)
		if err := w.layer(l, n.Weights(i)); err != nil {
			return nil, fmt.Errorf("layer %d (%T): %w", i, l, err)
		}
	}
	last := w.graph.Node[len(w.graph.Node)-1]
	last.Output[0] = outputName
	m := &pb.ModelProto{
		IrVersion: proto.Int64(writtenIR), ProducerName: proto.String("mlp"), Graph: w.graph,
		OpsetImport: []*pb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(writtenOpset)}},
	}
	if w.ml {
		m.OpsetImport = append(m.OpsetImport,
			&pb.OperatorSetIdProto{Domain: proto.String(domainML), Version: proto.Int64(1)})
	}
	for _, names := range []struct {
		key  string
		list []string
	}{{featureNamesKey, n.FeatureNames}, {classNamesKey, n.ClassNames}, {targetNamesKey, n.TargetNames}} {
		if names.list != nil {
			text, err := json.Marshal(names.list)
			if err != nil {
				return nil, err
			}
			m.MetadataProps = append(m.MetadataProps,
				&pb.StringStringEntryProto{Key: proto.String(names.key), Value: proto.String(string(text))})
		}
	}
	if size := proto.Size(m); size > math.MaxInt32 {
		return nil, fmt.Errorf("the model would have %d bytes, the format allows %d", size, math.MaxInt32)
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}

// rowsInfo declares a value of the graph, [N, columns].
func rowsInfo(name string, columns int) *pb.ValueInfoProto {
	return &pb.ValueInfoProto{Name: proto.String(name), Type: &pb.TypeProto{TensorType: &pb.TypeProto_Tensor{
		ElemType: proto.Int32(int32(float32Type)),
		Shape: &pb.TensorShapeProto{Dim: []*pb.TensorShapeProto_Dimension{
			{DimParam: proto.String(batchName)}, {DimValue: proto.Int64(int64(columns))},
		}},
	}}}
}

// graphWriter appends nodes to a graph, each to the value that the one before has made.
type graphWriter struct {
	graph  *pb.GraphProto
	prefix string // of the names of the layer's nodes and constants
	value  string // what the nodes so far have made
	ml     bool   // some are of the domain ai.onnx.ml
}

// node appends a node that is applied to operands, and returns the name of what it makes.
func (w *graphWriter) node(op string, operands []string, attributes ...*pb.AttributeProto) string {
	name := fmt.Sprintf("%s/%s", w.prefix, op)
	for i := 1; w.taken(name); i++ {
		name = fmt.Sprintf("%s/%s_%d", w.prefix, op, i)
	}
	w.graph.Node = append(w.graph.Node, &pb.NodeProto{
		OpType: proto.String(op), Name: proto.String(name), Input: operands, Output: []string{name}, Attribute: attributes,
	})
	return name
}

// taken reports whether a node of the same layer, which has few, has the name.
func (w *graphWriter) taken(name string) bool {
	for i := len(w.graph.Node) - 1; i >= 0 && strings.HasPrefix(w.graph.Node[i].GetName(), w.prefix+"/"); i-- {
		if w.graph.Node[i].GetName() == name {
			return true
		}
	}
	return false
}

// next appends a node that is applied to the last value and to further operands.
func (w *graphWriter) next(op string, operands []string, attributes ...*pb.AttributeProto) {
	w.value = w.node(op, append([]string{w.value}, operands...), attributes...)
}

// tensor adds an initializer of the layer and returns its name.
func (w *graphWriter) tensor(name string, shape []int, values []float32) string {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return w.initializer(name, float32Type, shape, raw)
}

// doubles adds an initializer of float64.
func (w *graphWriter) doubles(name string, shape []int, values []float64) string {
	raw := make([]byte, 0, 8*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return w.initializer(name, float64Type, shape, raw)
}

func (w *graphWriter) initializer(name string, dtype dataType, shape []int, raw []byte) string {
	name = w.prefix + "." + name
	t := &pb.TensorProto{Name: proto.String(name), DataType: proto.Int32(int32(dtype)), RawData: raw}
	for _, s := range shape {
		t.Dims = append(t.Dims, int64(s))
	}
	w.graph.Initializer = append(w.graph.Initializer, t)
	return name
}

// number adds an initializer of one number.
func (w *graphWriter) number(name string, v float64) string {
	return w.tensor(name, nil, []float32{float32(v)})
}

func floatAttribute(name string, v float64) *pb.AttributeProto {
	return &pb.AttributeProto{Name: proto.String(name), Type: pb.AttributeProto_FLOAT.Enum(), F: proto.Float32(float32(v))}
}

func intAttribute(name string, v int64) *pb.AttributeProto {
	return &pb.AttributeProto{Name: proto.String(name), Type: pb.AttributeProto_INT.Enum(), I: proto.Int64(v)}
}

// layer appends the nodes of a layer with those weights.
func (w *graphWriter) layer(l mlp.Layer, weights []mlp.Tensor) error {
	names := make(map[string]string)
	for _, t := range weights {
		names[t.Name] = w.tensor(t.Name, t.Shape, t.Values)
	}
	switch l := l.(type) {
	case mlp.Dense:
		operands := []string{names["weights"]}
		if !l.NoBias {
			operands = append(operands, names["bias"])
		}
		w.next("Gemm", operands)
		return w.activation(l.Activation)
	case mlp.BatchNorm:
		w.batchNorm(l, names, len(weights[0].Values))
	case mlp.ActivationLayer:
		return w.activation(l.Activation)
	case mlp.Dropout, mlp.GaussianNoise:
	default:
		return fmt.Errorf("not supported")
	}
	return nil
}

// batchNorm appends a BatchNormalization, which must have a gamma and a beta.
func (w *graphWriter) batchNorm(l mlp.BatchNorm, names map[string]string, units int) {
	epsilon, momentum := l.Epsilon, l.Momentum
	if epsilon == 0 {
		epsilon = 1e-3
	}
	if momentum == 0 {
		momentum = 0.99
	}
	constant := func(v float32) []float32 {
		values := make([]float32, units)
		for i := range values {
			values[i] = v
		}
		return values
	}
	if l.NoScale {
		names["gamma"] = w.tensor("gamma", []int{units}, constant(1))
	}
	if l.NoCenter {
		names["beta"] = w.tensor("beta", []int{units}, constant(0))
	}
	operands := []string{names["gamma"], names["beta"], names["moving_mean"], names["moving_variance"]}
	w.next("BatchNormalization", operands, floatAttribute("epsilon", epsilon), floatAttribute("momentum", momentum))
}

// activation appends the nodes of an activation.
func (w *graphWriter) activation(a mlp.Activation) error {
	name, parameter, _ := strings.Cut(a.String(), "(")
	alpha, err := strconv.ParseFloat(strings.TrimSuffix(parameter, ")"), 32)
	if parameter != "" && err != nil {
		return fmt.Errorf("activation %v: %w", a, err)
	}
	x := w.value
	switch name {
	case "linear":
	case "relu":
		w.next("Relu", nil)
	case "leaky_relu":
		w.next("LeakyRelu", nil, floatAttribute("alpha", alpha))
	case "elu":
		w.next("Elu", nil, floatAttribute("alpha", alpha))
	case "selu":
		w.next("Selu", nil)
	case "sigmoid":
		w.next("Sigmoid", nil)
	case "tanh":
		w.next("Tanh", nil)
	case "softplus":
		w.next("Softplus", nil)
	case "softsign":
		w.next("Softsign", nil)
	case "hard_sigmoid":
		w.next("HardSigmoid", nil, floatAttribute("alpha", 1./6), floatAttribute("beta", 0.5))
	case "hard_silu":
		w.next("HardSwish", nil)
	case "softmax":
		w.next("Softmax", nil, intAttribute("axis", -1))
	case "log_softmax":
		w.next("LogSoftmax", nil, intAttribute("axis", -1))
	case "silu": // x·sigmoid(x)
		w.next("Sigmoid", nil)
		w.next("Mul", []string{x})
	case "mish": // x·tanh(softplus(x))
		w.next("Softplus", nil)
		w.next("Tanh", nil)
		w.next("Mul", []string{x})
	case "gelu": // x·(1 + erf(x/√2))/2
		w.next("Div", []string{w.number("sqrt2", math.Sqrt2)})
		w.next("Erf", nil)
		w.halfOnePlus(x)
	case "gelu_tanh": // x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2
		square := w.node("Mul", []string{x, x})
		cube := w.node("Mul", []string{square, x})
		w.value = w.node("Mul", []string{cube, w.number("cubic", 0.044715)})
		w.next("Add", []string{x})
		w.next("Mul", []string{w.number("slope", math.Sqrt(2/math.Pi))})
		w.next("Tanh", nil)
		w.halfOnePlus(x)
	default:
		return fmt.Errorf("not supported: activation %v", a)
	}
	return nil
}

// halfOnePlus appends x·(1 + value)/2.
func (w *graphWriter) halfOnePlus(x string) {
	w.next("Add", []string{w.number("one", 1)})
	w.next("Mul", []string{x})
	w.next("Mul", []string{w.number("half", 0.5)})
}
