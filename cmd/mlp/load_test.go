package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx"
)

// TestLoad loads a model of every format, which is told by the content.
func TestLoad(t *testing.T) {
	models := "../../testdata/models/"
	unnamed := filepath.Join(t.TempDir(), "model")
	n, err := mlp.New(3, mlp.Dense{Units: 2, Activation: mlp.Tanh})
	if err != nil {
		t.Fatal(err)
	}
	if err := onnx.WriteFile(unnamed, n); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path   string
		flags  layerFlags
		format modelFormat
		layers string
	}{
		{models + "mlp/v1.safetensors", layerFlags{}, formatMLP, ""},
		{models + "onnx/torch_ts_tanh.onnx", layerFlags{}, formatONNX, ""},
		{unnamed, layerFlags{}, formatONNX, "dense tanh"},
		{models + "safetensors/torch_iris_f16.safetensors", layerFlags{Layers: []string{"0:relu", "2:tanh", "4"}}, formatWeights,
			"dense relu, dense tanh, dense linear"},
		{models + "safetensors/keras_batchnorm.safetensors",
			layerFlags{Layers: []string{"dense", "batch_normalization:relu", "dense_1:softmax"}}, formatWeights,
			"dense linear, norm 0, activation relu, dense softmax"},
		{models + "safetensors/torch_batchnorm.safetensors",
			layerFlags{Layers: []string{"0", "1:leaky_relu(0.1)", "4:softmax"}}, formatWeights,
			"dense linear, norm 1e-05, activation leaky_relu(0.1), dense softmax"},
		{models + "safetensors/torch_batchnorm.safetensors",
			layerFlags{Layers: []string{"0", "1", "4"}, BatchNormEpsilon: 0.5}, formatWeights,
			"dense linear, norm 0.5, dense linear"},
	} {
		n, format, err := c.flags.load(c.path)
		if err != nil || format != c.format {
			t.Errorf("%s: format %s, error %v, want %s", c.path, format, err, c.format)
			continue
		}
		if c.layers == "" {
			continue
		}
		if got := layersText(n); got != c.layers {
			t.Errorf("%s: layers %s, want %s", c.path, got, c.layers)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"model.h5": "\x89HDF\r\n\x1a\n", "model.pt": "PK\x03\x04…", "iris.csv": "a,b\n1,2\n", "empty": "",
		"short": "\x40\x00\x00\x00\x00\x00\x00\x00{",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	torch, own := "../../testdata/models/safetensors/torch_named.safetensors", "../../testdata/models/mlp/v1.safetensors"
	for _, c := range []struct {
		path   string
		layers []string
		want   string
	}{
		{filepath.Join(folder, "none"), nil, "no such file"},
		{filepath.Join(folder, "model.h5"), nil, "docs/FORMAT.md tells how Python writes its weights as safetensors"},
		{filepath.Join(folder, "model.pt"), nil, "docs/FORMAT.md"},
		{filepath.Join(folder, "iris.csv"), nil, "not an ONNX model"},
		{filepath.Join(folder, "empty"), nil, "the model is empty"},
		{filepath.Join(folder, "short"), nil, "the file ends in the header, after 1 of 64 bytes"},
		{torch, nil, "name its layers in order, and the activations behind them: --layers=encoder.0:ACTIVATION,head:ACTIVATION"},
		{torch, []string{"encoder.0:swoosh"}, `--layers: encoder.0:swoosh: `},
		{torch, []string{"encoder.1"}, `there is no layer of --layers "encoder.1", want encoder.0 or head`},
		{torch, []string{"head", "encoder.0"}, "encoder.0.weight"},
		{own, []string{"head"}, "this one has its layers"},
	} {
		if _, _, err := (layerFlags{Layers: c.layers}).load(c.path); err == nil || !strings.Contains(err.Error(), c.want) ||
			!strings.Contains(err.Error(), c.path) {
			t.Errorf("%s %v: error %v, want %q", c.path, c.layers, err, c.want)
		}
	}
}

func TestCompareNatural(t *testing.T) {
	want := []string{"", "0", "1", "2", "02a", "10", "10a", "dense", "dense_1", "dense_2", "dense_10"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortStableFunc(got, compareNatural)
	if !slices.Equal(got, want) {
		t.Errorf("sorted %q, want %q", got, want)
	}
}

// layersText lists the layers.
func layersText(n *mlp.Network) string {
	var list []string
	for _, l := range n.Layers() {
		switch l := l.(type) {
		case mlp.Dense:
			list = append(list, "dense "+l.Activation.String())
		case mlp.BatchNorm:
			list = append(list, "norm "+numberText(l.Epsilon))
		case mlp.ActivationLayer:
			list = append(list, "activation "+l.Activation.String())
		}
	}
	return strings.Join(list, ", ")
}

func numberText(v float64) string { return number(float32(v)) }
