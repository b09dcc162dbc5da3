package onnx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
	"google.golang.org/protobuf/proto"
)

// testModel returns a model whose graph is h = x·W1 + b1, the nodes, y = r·W2, with x [N, 2], h [N, 3] and y [N, 2]. Nodes
// are written as "r=Op(h, 0.5){alpha=0.1}; …", with numbers for constants.
func testModel(t testing.TB, opset int64, nodes string) *pb.ModelProto {
	t.Helper()
	g := &pb.GraphProto{
		Input:  []*pb.ValueInfoProto{rowsInfo("x", 2)},
		Output: []*pb.ValueInfoProto{rowsInfo("y", 2)},
		Initializer: []*pb.TensorProto{
			floatsProto("W1", []int64{2, 3}, 0.5, -1, 2, 1, 0.25, -0.75), floatsProto("b1", []int64{3}, 0.1, -0.2, 0.3),
			floatsProto("W2", []int64{3, 2}, 1, -1, 0.5, 2, -0.25, 1),
		},
	}
	form := regexp.MustCompile(`^(\w+)=(\w+)\(([^)]*)\)(?:\{(\w+)=([^}]*)\})?$`)
	for text := range strings.SplitSeq("h=Gemm(x,W1,b1);"+nodes+";y=MatMul(r,W2)", ";") {
		parts := form.FindStringSubmatch(strings.TrimSpace(text))
		if parts == nil {
			t.Fatalf("malformed node %q", text)
		}
		n := &pb.NodeProto{OpType: &parts[2], Output: []string{parts[1]}}
		for operand := range strings.SplitSeq(parts[3], ",") {
			operand = strings.TrimSpace(operand)
			if v, err := strconv.ParseFloat(operand, 32); err == nil {
				operand = fmt.Sprintf("constant%d", len(g.Initializer))
				g.Initializer = append(g.Initializer, floatsProto(operand, nil, float32(v)))
			}
			n.Input = append(n.Input, operand)
		}
		if parts[4] != "" {
			if v, err := strconv.ParseInt(parts[5], 10, 64); err == nil {
				n.Attribute = append(n.Attribute, intAttribute(parts[4], v))
			} else if v, err := strconv.ParseFloat(parts[5], 32); err == nil {
				n.Attribute = append(n.Attribute, floatAttribute(parts[4], v))
			} else {
				t.Fatalf("malformed attribute %q", parts[5])
			}
		}
		g.Node = append(g.Node, n)
	}
	return &pb.ModelProto{Graph: g, OpsetImport: []*pb.OperatorSetIdProto{{Version: proto.Int64(opset)}}}
}

func floatsProto(name string, dims []int64, values ...float32) *pb.TensorProto {
	return &pb.TensorProto{Name: &name, Dims: dims, DataType: proto.Int32(int32(float32Type)), FloatData: values}
}

func readModel(t testing.TB, m *pb.ModelProto) (*mlp.Network, error) {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return Read(bytes.NewReader(b))
}

// TestSpellings reads activations by name and spelled out. Between the two Dense layers there is what want says, as
// factors of BatchNorms and activations.
func TestSpellings(t *testing.T) {
	for _, test := range []struct {
		nodes, want string
		opset       int64
	}{
		{"r=Identity(h)", "linear", 17},
		{"r=Relu(h)", "relu", 7},
		{"r=LeakyRelu(h)", "leaky_relu(0.01)", 7},
		{"r=Elu(h)", "elu(1)", 7},
		{"r=Selu(h)", "selu", 7},
		{"r=Selu(h){alpha=1.5}", "elu(1.5) *1.050701", 7},
		{"r=Celu(h)", "elu(1)", 12},
		{"r=Gelu(h)", "gelu", 20},
		{"r=Mish(h)", "mish", 18},
		{"r=Swish(h)", "silu", 24},
		{"r=HardSigmoid(h){alpha=0.16666667}", "hard_sigmoid", 7},
		{"r=HardSigmoid(h)", "hard_sigmoid", 7}, // the factor goes into the layer before
		{"r=Softmax(h)", "softmax", 7},
		{"r=Clip(h, 0)", "relu", 11},
		{"r=Clip(h, , 6)", "relu *-1+6", 11},
		{"r=Clip(h){min=0.0}", "relu", 10},
		{"r=Clip(h, 0, 6)", "hard_sigmoid *6", 11},
		{"r=Max(0, h)", "relu", 17},
		{"r=PRelu(h, 0.25)", "leaky_relu(0.25)", 17},
		{"a=Mul(h, 0.25); r=Max(h, a)", "leaky_relu(0.25)", 17},
		{"a=Relu(h); b=Neg(h); c=Relu(b); d=Mul(c, 0.5); r=Sub(a, d)", "leaky_relu(0.5)", 17},
		{"a=Neg(h); b=Exp(a); c=Add(b, 1); r=Div(1, c)", "sigmoid", 17},
		{"a=Neg(h); b=Exp(a); c=Add(1, b); r=Reciprocal(c)", "sigmoid", 17},
		{"a=Exp(h); b=Add(a, 1); r=Log(b)", "softplus", 17},
		{"a=Sigmoid(h); r=Mul(h, a)", "silu", 17},
		{"a=Mul(h, 1.702); b=Sigmoid(a); r=Mul(b, h)", "silu *0.5875441", 17},
		{"a=Softplus(h); b=Tanh(a); r=Mul(b, h)", "mish", 17},
		{"a=Exp(h); b=Add(a, 1); c=Log(b); d=Tanh(c); r=Mul(h, d)", "mish", 17},
		{"a=Abs(h); b=Add(1, a); r=Div(h, b)", "softsign", 17},
		{"a=Div(h, 1.4142135); b=Erf(a); c=Add(b, 1); d=Mul(h, c); r=Mul(d, 0.5)", "gelu", 17},
		{"a=Mul(h, 1.4142135); b=Erf(a); c=Add(b, 1); r=Mul(h, c)", "gelu", 17}, // gelu(2·h)
		{"a=Mul(0.70710677, h); b=Erf(a); c=Mul(b, 0.5); d=Add(0.5, c); r=Mul(d, h)", "gelu", 17},
		{"a=Mul(h, h); b=Mul(a, h); c=Mul(b, 0.044715); d=Add(h, c); e=Mul(d, 0.7978846); f=Tanh(e); g=Add(f, 1); i=Mul(h, 0.5); r=Mul(i, g)", "gelu_tanh", 17},
		{"a=Pow(h, 3); c=Mul(a, 0.044715); d=Add(h, c); e=Mul(d, 0.7978846); f=Tanh(e); g=Add(f, 1); i=Mul(h, 0.5); r=Mul(i, g)", "gelu_tanh", 17},
		{"a=Tanh(h); b=Mul(a, 2); r=Add(b, -1)", "tanh *2-1", 17},
		{"a=Mul(h, 2); r=Add(a, h)", "linear", 17},
		{"a=Dropout(h){ratio=0.5}; r=Tanh(a)", "tanh", 10},
	} {
		n, err := readModel(t, testModel(t, test.opset, test.nodes))
		if err != nil {
			t.Errorf("%s: %v", test.nodes, err)
			continue
		}
		if got := between(n); got != test.want {
			t.Errorf("%s: %s, want %s", test.nodes, got, test.want)
		}
	}
}

// between describes what stands between the first Dense layer's product and the last layer.
func between(n *mlp.Network) string {
	layers := n.Layers()
	text := layers[0].(mlp.Dense).Activation.String()
	for i, l := range layers[1 : len(layers)-1] {
		switch l := l.(type) {
		case mlp.ActivationLayer:
			text += " " + l.Activation.String()
		case mlp.BatchNorm:
			w := n.Weights(1 + i)
			text += fmt.Sprintf(" *%v", w[0].Values[0])
			if b := w[1].Values[0]; b != 0 {
				text += fmt.Sprintf("%+g", b)
			}
		default:
			text += fmt.Sprintf(" %T", l)
		}
	}
	return text
}

// TestUnsupported reads what no network computes: errors name the node's operator.
func TestUnsupported(t *testing.T) {
	for _, test := range []struct {
		nodes, want string
		opset       int64
	}{
		{"a=Mul(h, 0.7); b=Erf(a); c=Add(b, 0.9); d=Mul(h, c); r=Mul(d, 0.5)", "(Mul): not supported: no activation", 17},
		{"a=Sigmoid(h); r=Mul(a, a)", "(Mul): not supported: no activation", 17},
		{"a=Relu(h); b=Sigmoid(h); r=Add(a, b)", "(Add): not supported: no activation", 17},
		{"a=Softmax(h); r=Mul(h, a)", "(Softmax): not supported: it stands on one of several branches", 17},
		{"r=Exp(h)", "(Exp): not supported: no activation", 17},
		{"r=Abs(h)", "(Abs): not supported: no activation", 17},
		{"r=Pow(h, 1.5)", "(Pow): not supported: an exponent", 17},
		{"r=LeakyRelu(h){alpha=-0.5}", "(LeakyRelu): not supported", 17},
		{"r=Elu(h){alpha=-0.5}", "(Elu): not supported", 17},
		{"r=Softmax(h){axis=0}", "(Softmax): not supported: axis=0", 17},
		{"r=Relu(h){alpha=0.5}", `(Relu): the operator has no attribute "alpha"`, 17},
		{"r=Elu(h){alpha=1}", `(Elu): the attribute "alpha" is of type INT, want FLOAT`, 17},
		{"r=Gelu(h)", "(Gelu): the operator exists from opset 20", 17},
		{"r=Relu(h, h)", "(Relu): 2 operands, want at most 1", 17},
		{"r=Add(h)", "(Add): want at least 2 operands", 17},
		{"r=Add(h, )", "(Add): want at least 2 operands", 17},
		{"r=Dropout(1, h)", "(Dropout): not supported", 17},
		{"r=Dropout(h, h)", "(Dropout): not supported", 17},
		{"r=Clip(h, 1, 0)", "(Clip): not supported: bounds 1 and 0", 17},
		{"r=Clip(h, x)", "(Clip)", 17},
		{"r=ArgMax(h){axis=1}", `(MatMul): not supported: the operator applied to the label "r"`, 17},
		{"r=Relu(nothing)", `(Relu): the operand "nothing" is neither`, 17},
		{"r=Relu(y)", `(Relu): the operand "y" is not made before it is used`, 17},
		{"h=Relu(h);r=Relu(h)", `(Relu): the name "h" is given twice`, 17},
		{"r=Relu(h)", "opset 6, want 7 to", 6},
	} {
		_, err := readModel(t, testModel(t, test.opset, test.nodes))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.nodes, err, test.want)
		}
	}
}

// TestLimits reads models that are small and would become large.
func TestLimits(t *testing.T) {
	long := testModel(t, 17, "r=Relu(h)")
	for i := range maxNodes {
		long.Graph.Node = append(long.Graph.Node, &pb.NodeProto{
			OpType: proto.String("Identity"), Input: []string{"x"}, Output: []string{fmt.Sprint("i", i)},
		})
	}
	many := testModel(t, 17, "r=Relu(h)")
	many.Graph.Input = slices.Repeat(many.Graph.Input, maxMessages)
	square := testModel(t, 17, "r=Relu(h)")
	for i := range 100 { // the same tensor again and again
		square.Graph.Node = slices.Insert(square.Graph.Node, i, &pb.NodeProto{
			OpType: proto.String("Neg"), Input: []string{"large"}, Output: []string{fmt.Sprint("n", i)},
		})
	}
	square.Graph.Initializer = append(square.Graph.Initializer, floatsProto("large", []int64{1 << 17}, make([]float32, 1<<17)...))
	const width = 1 << 16
	wide := testModel(t, 17, "a=Tanh(h)"+strings.Repeat(";a=Mul(a, 2);a=Tanh(a)", 200)+";r=Tanh(a)")
	for i, n := range wide.Graph.Node[1 : len(wide.Graph.Node)-1] {
		n.Output[0] = fmt.Sprint("a", i)
		n.Input[0] = fmt.Sprint("a", i-1)
	}
	wide.Graph.Node[1].Input[0] = "h"
	wide.Graph.Node[len(wide.Graph.Node)-1].Input[0] = fmt.Sprint("a", len(wide.Graph.Node)-3)
	for i, dims := range [][]int64{{2, width}, {width}, {width, 2}} {
		wide.Graph.Initializer[i].Dims = dims
		wide.Graph.Initializer[i].FloatData = make([]float32, len(dims)*width)
	}
	branches := testModel(t, 17, "a=Add(h, 1); b=Mul(a, h); c=Mul(b, a); d=Mul(c, b); e=Mul(d, c); f=Mul(e, d); g=Mul(f, e); r=Mul(g, f)")
	for name, test := range map[string]struct {
		model *pb.ModelProto
		want  string
	}{
		"nodes":      {long, "nodes, want at most"},
		"messages":   {many, "more than 200000 parts"},
		"constants":  {square, "(Neg): constants multiply beyond"},
		"units":      {wide, "multiply beyond"},
		"expression": {branches, "(Mul): not supported"},
	} {
		_, err := readModel(t, test.model)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// TestExternalData reads weights from another file, which must be a regular one below the model's folder.
func TestExternalData(t *testing.T) {
	folder := t.TempDir()
	var raw []byte
	for _, v := range []float32{1, -1, 0.5, 2, -0.25, 1} {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	inside := filepath.Join(folder, "models")
	for _, path := range []string{filepath.Join(inside, "sub", "weights"), filepath.Join(folder, "outside")} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, raw, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join("..", "outside"), filepath.Join(inside, "link")); err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		location, offset, length, want string
		twice                          bool
	}{
		{location: "sub/weights"},
		{location: "sub/weights", offset: "0", length: "24"},
		{location: "sub/../sub/weights"},
		{location: "sub/weights", offset: "4", want: "want 24 bytes at 4"},
		{location: "sub/weights", offset: "9223372036854775807", want: "want 24 bytes at 9223372036854775807"},
		{location: "sub/weights", offset: "x", want: "invalid syntax"},
		{location: "sub/weights", twice: true, want: "tensors overlap"},
		{location: "sub", want: "not a regular file"},
		{location: "link", want: "escapes"},
		{location: "../outside", want: "escapes"},
		{location: filepath.Join(folder, "outside"), want: "escapes"},
		{location: "none", want: "external file"},
		{want: "no name"},
	} {
		m := testModel(t, 17, "r=Relu(h)")
		w := m.Graph.Initializer[2]
		w.FloatData, w.DataLocation = nil, pb.TensorProto_EXTERNAL.Enum()
		for _, e := range [][2]string{{"location", test.location}, {"offset", test.offset}, {"length", test.length}} {
			if e[1] != "" {
				w.ExternalData = append(w.ExternalData, &pb.StringStringEntryProto{Key: &e[0], Value: &e[1]})
			}
		}
		if test.twice {
			again := proto.Clone(w).(*pb.TensorProto)
			again.Name = proto.String("again")
			m.Graph.Initializer = append(m.Graph.Initializer, again)
		}
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(inside, "model.onnx")
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		n, err := ReadFile(path)
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v: got %v", test, err)
			}
		} else if err != nil {
			t.Errorf("%+v: %v", test, err)
		} else if got := n.Weights(1)[0].Values; !slices.Equal(got, []float32{1, -1, 0.5, 2, -0.25, 1}) {
			t.Errorf("%+v: weights %v", test, got)
		}
		if _, err := Read(bytes.NewReader(b)); err == nil {
			t.Errorf("%+v: Read opened another file", test)
		}
	}
}

// TestEncodings reads the same numbers from every encoding of a tensor.
func TestEncodings(t *testing.T) {
	want := []float64{1, -0.5, 0}
	for _, test := range []*pb.TensorProto{
		{DataType: proto.Int32(1), FloatData: []float32{1, -0.5, 0}},
		{DataType: proto.Int32(1), RawData: []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf, 0, 0, 0, 0}},
		{DataType: proto.Int32(11), DoubleData: []float64{1, -0.5, 0}},
		{DataType: proto.Int32(10), Int32Data: []int32{0x3c00, 0xb800, 0}},
		{DataType: proto.Int32(10), RawData: []byte{0, 0x3c, 0, 0xb8, 0, 0}},
		{DataType: proto.Int32(16), Int32Data: []int32{0x3f80, 0xbf00, 0}},
		{DataType: proto.Int32(16), RawData: []byte{0x80, 0x3f, 0, 0xbf, 0, 0}},
	} {
		test.Dims = []int64{3}
		c, err := readTensor(test, nil)
		if err != nil || !slices.Equal(c.floats, want) {
			t.Errorf("%v: %v, %v", test, c, err)
		}
	}
	for bits, want := range map[uint16]float64{
		0x0001: 0x1p-24, 0x03ff: 1023 * 0x1p-24, 0x0400: 0x1p-14, 0x7bff: 65504, 0xfbff: -65504, 0x7c00: math.Inf(1), 0xfc00: math.Inf(-1),
	} {
		if got := float16(bits); got != want {
			t.Errorf("float16(%#x) = %v, want %v", bits, got, want)
		}
	}
}
