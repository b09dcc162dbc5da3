package mlp

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestWeightsRoundTrip writes a network's weights as PyTorch and Keras would, and reads them into another.
func TestWeightsRoundTrip(t *testing.T) {
	layers := []Layer{
		Dense{Units: 3, NoBias: true}, BatchNorm{}, ActivationLayer{ReLU}, Dropout{0.5},
		BatchNorm{NoScale: true, NoCenter: true}, Dense{Units: 2},
	}
	n, err := New(4, layers...)
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string][]StoredLayer{
		"PyTorch": {PyTorchLayer("0"), PyTorchLayer("1"), PyTorchLayer("4"), PyTorchLayer("5")},
		"Keras":   {KerasLayer("dense"), KerasLayer("bn"), KerasLayer("bn_1"), KerasLayer("dense_1")},
	} {
		var file bytes.Buffer
		if err := n.WriteWeights(&file, stored...); err != nil {
			t.Fatal(err)
		}
		got, err := New(4, layers...)
		if err != nil {
			t.Fatal(err)
		}
		got.Initialize(9)
		if err := got.ReadWeights(&file, stored...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(got.params, n.params) || !slices.Equal(got.statistics, n.statistics) {
			t.Errorf("%s: the weights are not the same", name)
		}
	}
	var file bytes.Buffer
	if err := n.WriteWeights(&file, PyTorchLayer("0"), PyTorchLayer("1"), PyTorchLayer("4"), PyTorchLayer("5")); err != nil {
		t.Fatal(err)
	}
	tensors, _, err := ReadSafetensors(&file)
	if err != nil {
		t.Fatal(err)
	}
	want := n.Weights(0)[0] // [4, 3]
	for _, w := range tensors {
		if w.Name != "0.weight" {
			continue
		}
		if !slices.Equal(w.Shape, []int{3, 4}) {
			t.Fatalf("PyTorch's weight has shape %v, want [3 4]", w.Shape)
		}
		for i := range 4 {
			for u := range 3 {
				if w.Values[u*4+i] != want.Values[i*3+u] {
					t.Errorf("PyTorch's weight[%d, %d] is %v, want %v", u, i, w.Values[u*4+i], want.Values[i*3+u])
				}
			}
		}
	}
}

func TestReadWeightsErrors(t *testing.T) {
	w, b := Tensor{"0.weight", []int{3, 2}, make([]float32, 6)}, Tensor{"0.bias", []int{3}, make([]float32, 3)}
	second := Tensor{"2.weight", []int{1, 3}, make([]float32, 3)}
	nan := Tensor{"2.weight", []int{1, 3}, []float32{0, float32(math.NaN()), 0}}
	layers := []Layer{Dense{Units: 3}, ActivationLayer{Tanh}, Dense{Units: 1, NoBias: true}}
	both := []StoredLayer{PyTorchLayer("0"), PyTorchLayer("2")}
	for _, c := range []struct {
		name    string
		stored  []StoredLayer
		tensors []Tensor
		want    string
	}{
		{"layers", both[:1], []Tensor{w, b}, "names for 1 layers, want 2"},
		{"missing bias", both, []Tensor{w},
			`layer 0 (mlp.Dense): bias: want a tensor "0.bias" of shape [3], the file has none`},
		{"no name", []StoredLayer{{Weights: "0.weight", Transposed: true}, both[1]}, []Tensor{w, b, {"", b.Shape, b.Values}},
			`want a tensor ""`},
		{"missing layer", both, []Tensor{w, b}, `layer 2 (mlp.Dense): weights: want a tensor "2.weight" of shape [1 3]`},
		{"transposed", []StoredLayer{{Weights: "0.weight", Bias: "0.bias"}, both[1]}, []Tensor{w, b, nan},
			`tensor "0.weight" is F32 of shape [3 2], want floats of shape [2 3]`},
		{"NaN", both, []Tensor{w, b, nan}, `tensor "2.weight": mlp: layer 2 (mlp.Dense): weights[1] is NaN`},

		{"bias that the layer lacks", both, []Tensor{w, b, second, {"2.bias", []int{1}, []float32{1}}},
			`layer 2 (mlp.Dense) has no bias, but the file holds a tensor "2.bias"`},
	} {
		n, err := New(2, layers...)
		if err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(n.params)
		var file bytes.Buffer
		if err := WriteSafetensors(&file, c.tensors, nil); err != nil {
			t.Fatal(err)
		}
		refused(t, c.name, n.ReadWeights(&file, c.stored...), c.want)
		if !slices.Equal(n.params, before) {
			t.Errorf("%s: the weights have changed", c.name)
		}
	}
	n, err := New(2, layers...)
	if err != nil {
		t.Fatal(err)
	}
	integers := safetensorsFile(`{"0.weight":{"dtype":"U8","shape":[3,2],"data_offsets":[0,6]}}`, "123456")
	refused(t, "integers", n.ReadWeights(strings.NewReader(integers), both...), `tensor "0.weight" is U8`)
	refused(t, "writing with one name", n.WriteWeights(io.Discard, both[:1]...), "names for 1 layers")
	both[0].Bias = ""
	refused(t, "writing without a name", n.WriteWeights(io.Discard, both...), "want a name for its bias")
	if err := n.WriteWeights(&fullWriter{}, KerasLayer("a"), KerasLayer("b")); !errors.Is(err, errFull) {
		t.Errorf("writing to a full disk: got error %v, want %v", err, errFull)
	}
}
