package mlp

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// foreignLayer is a layer of a golden safetensors file, as its JSON describes it.
type foreignLayer struct {
	Type       string  `json:"type"` // dense, batchnorm or dropout
	Layout     string  `json:"layout"`
	Weight     string  `json:"weight"`
	Bias       string  `json:"bias"`
	Activation string  `json:"activation"`
	Gamma      string  `json:"gamma"`
	Beta       string  `json:"beta"`
	Mean       string  `json:"mean"`
	Variance   string  `json:"variance"`
	Epsilon    float64 `json:"epsilon"`
	Rate       float64 `json:"rate"`
}

// foreignShape is a tensor of a golden safetensors file.
type foreignShape struct {
	Dtype string `json:"dtype"`
	Shape []int  `json:"shape"`
}

type foreignFile struct {
	Format    int                     `json:"format"`
	File      string                  `json:"file"`
	Note      string                  `json:"note"`
	MadeWith  map[string]string       `json:"made_with"`
	Layers    []foreignLayer          `json:"layers"`
	Tensors   map[string]foreignShape `json:"tensors"`
	Metadata  map[string]string       `json:"metadata"`
	Inputs    [][]float64             `json:"inputs"`
	Outputs   [][]float64             `json:"outputs"`
	Tolerance struct {
		Rtol float64 `json:"rtol"`
		Atol float64 `json:"atol"`
	} `json:"tolerance"`
}

// layers returns the network's layers for l, which has that many units, and the names of its arrays if it has any.
func (l *foreignLayer) layers(units int) ([]Layer, []StoredLayer, error) {
	name := l.Activation
	if slope, ok := strings.CutPrefix(name, "leaky_relu_"); ok {
		name = "leaky_relu(" + slope + ")"
	}
	act := Linear
	if name != "" {
		var err error
		if act, err = ParseActivation(name); err != nil {
			return nil, nil, unsupported(fmt.Sprintf("activation %q", name))
		}
	}
	switch l.Type {
	case "dense":
		if l.Layout != "in_out" && l.Layout != "out_in" {
			return nil, nil, fmt.Errorf("layout %q", l.Layout)
		}
		return []Layer{Dense{Units: units, Activation: act, NoBias: l.Bias == ""}},
			[]StoredLayer{{Weights: l.Weight, Bias: l.Bias, Transposed: l.Layout == "out_in"}}, nil
	case "batchnorm":
		return []Layer{BatchNorm{Epsilon: l.Epsilon, NoScale: l.Gamma == "", NoCenter: l.Beta == ""}, ActivationLayer{act}},
			[]StoredLayer{{Gamma: l.Gamma, Beta: l.Beta, MovingMean: l.Mean, MovingVariance: l.Variance}}, nil
	case "dropout":
		return []Layer{Dropout{l.Rate}}, nil, nil
	}
	return nil, nil, unsupported("layer type " + l.Type)
}

// foreignNetwork makes a network of a description and the file's tensors. The number of a Dense's units is taken from
// its weights' shape, if there are such: the file must fail, not this function.
func foreignNetwork(layers []foreignLayer, features int, shapes map[string]foreignShape, data []byte) (*Network, error) {
	var list []Layer
	var stored []StoredLayer
	units := features
	for i := range layers {
		if w := shapes[layers[i].Weight]; layers[i].Type == "dense" && len(w.Shape) == 2 {
			units = w.Shape[1]
			if layers[i].Layout == "out_in" {
				units = w.Shape[0]
			}
		}
		l, s, err := layers[i].layers(units)
		if err != nil {
			return nil, err
		}
		list, stored = append(list, l...), append(stored, s...)
	}
	n, err := New(features, list...)
	if err != nil {
		return nil, err
	}
	return n, n.ReadWeights(bytes.NewReader(data), stored...)
}

// run returns an error of type unsupported if the library lacks what the file needs.
func (f *foreignFile) run(data []byte) error {
	if f.Format != 1 || len(f.Inputs) == 0 || len(f.Inputs) != len(f.Outputs) {
		return fmt.Errorf("format %d with %d inputs and %d outputs", f.Format, len(f.Inputs), len(f.Outputs))
	}
	stored, metadata, err := readSafetensorsHeader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	got := make(map[string]foreignShape)
	for _, t := range stored {
		got[t.name] = foreignShape{t.dtype, t.shape}
	}
	same := func(a, b foreignShape) bool { return a.Dtype == b.Dtype && slices.Equal(a.Shape, b.Shape) }
	if !maps.EqualFunc(got, f.Tensors, same) {
		return fmt.Errorf("tensors are %v, want %v", got, f.Tensors)
	}
	if !maps.Equal(metadata, f.Metadata) {
		return fmt.Errorf("metadata is %v, want %v", metadata, f.Metadata)
	}
	n, err := foreignNetwork(f.Layers, len(f.Inputs[0]), f.Tensors, data)
	if err != nil {
		return err
	}
	y, err := n.Predict(flat32(f.Inputs))
	if err != nil {
		return err
	}
	want := slices.Concat(f.Outputs...)
	if len(y) != len(want) {
		return fmt.Errorf("%d outputs, want %d", len(y), len(want))
	}
	for i, w := range want {
		if !(math.Abs(float64(y[i])-w) <= f.Tolerance.Atol+f.Tolerance.Rtol*math.Abs(w)) {
			return fmt.Errorf("output %d is %v, want %v", i, y[i], w)
		}
	}
	return nil
}

// count puts the outcome of one file into the tally.
func (c *tally) count(t *testing.T, name string, err error) {
	t.Helper()
	if _, lacks := err.(unsupported); lacks {
		c.unsupported++
		t.Logf("%s: not yet supported: %v", name, err)
	} else if err != nil {
		c.failed++
		t.Errorf("%s: %v", name, err)
	} else {
		c.passed++
	}
}

func TestGoldenSafetensors(t *testing.T) {
	t.Run("models", func(t *testing.T) {
		files, err := filepath.Glob(filepath.Join(goldenFolder(t, "models/safetensors"), "*.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		var c tally
		defer c.log(t, "safetensors")
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var f foreignFile
			decodeGolden(t, strings.TrimSuffix(path, ".safetensors")+".json", &f)
			c.count(t, filepath.Base(path), f.run(data))
		}
	})
	t.Run("bad", testGoldenBadSafetensors)
}

// badSafetensors is the manifest of files that are wrong, or sound with a trap.
type badSafetensors struct {
	About     string `json:"about"`
	GoodModel struct {
		Layers []foreignLayer `json:"layers"`
		Input  []float64      `json:"input"`
		Output []float64      `json:"output"`
	} `json:"good_model"`
	MadeWith map[string]string `json:"made_with"`
	Files    []badSafetensor   `json:"files"`
}

type badSafetensor struct {
	File            string `json:"file"`
	Expect          string `json:"expect"`
	Why             string `json:"why"`
	Bytes           int    `json:"bytes"`
	ReferenceReader string `json:"reference_reader"`
}

func testGoldenBadSafetensors(t *testing.T) {
	folder := goldenFolder(t, "models/bad/safetensors")
	var manifest badSafetensors
	decodeGolden(t, filepath.Join(folder, "MANIFEST.json"), &manifest)
	var c tally
	defer c.log(t, "safetensors/bad")
	listed := map[string]bool{"MANIFEST.json": true}
	for _, f := range manifest.Files {
		listed[f.File] = true
		data, err := os.ReadFile(filepath.Join(folder, f.File))
		if err != nil {
			t.Fatal(err)
		}
		c.count(t, f.File, manifest.check(&f, data))
	}
	present, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range present {
		if !listed[entry.Name()] {
			t.Errorf("%s is not listed in the manifest", entry.Name())
		}
	}
}

// check reads a file and compares with what the manifest expects.
func (m *badSafetensors) check(f *badSafetensor, data []byte) error {
	if len(data) != f.Bytes {
		return fmt.Errorf("%d bytes, the manifest says %d", len(data), f.Bytes)
	}
	var err error
	allocated := allocatedBy(func() { _, _, err = ReadSafetensors(bytes.NewReader(data)) })
	if most := allocationLimit(data); allocated > most {
		return fmt.Errorf("reading %d bytes allocates %d, want at most %d", len(data), allocated, most)
	}
	if _, err := Load(bytes.NewReader(data)); err == nil {
		return fmt.Errorf("Load takes a file without an architecture")
	}
	layers := m.GoodModel.Layers
	if strings.Contains(f.Why, "two dense layers") {
		second := layers[0]
		second.Weight, second.Bias = "1.weight", "1.bias"
		layers = append(slices.Clip(layers), second)
	}
	shapes := map[string]foreignShape{layers[0].Weight: {Shape: []int{len(m.GoodModel.Output), len(m.GoodModel.Input)}}}
	network, asModel := foreignNetwork(layers, len(m.GoodModel.Input), shapes, data)
	if _, lacks := asModel.(unsupported); lacks {
		return asModel
	}
	switch f.Expect {
	case "error":
		if err == nil || asModel == nil {
			return fmt.Errorf("want an error: %s", f.Why)
		}
	case "error as a model":
		if err != nil {
			return fmt.Errorf("want a sound file (%s), got %w", f.Why, err)
		}
		if asModel == nil {
			return fmt.Errorf("want an error: %s", f.Why)
		}
	case "accept":
		if err := errors.Join(err, asModel); err != nil {
			return err
		}
		y, err := network.Predict(floats32(m.GoodModel.Input))
		if err != nil {
			return err
		}
		if want := floats32(m.GoodModel.Output); !slices.Equal(y, want) {
			return fmt.Errorf("outputs %v, want %v", y, want)
		}
	case "either":
	default:
		return fmt.Errorf("unknown expectation %q", f.Expect)
	}
	if err != nil && !strings.HasPrefix(err.Error(), "mlp: safetensors: ") {
		return fmt.Errorf("the error %q does not say where it comes from", err)
	}
	return nil
}

// allocatedBy returns the bytes that f allocates, freed ones included.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// allocationLimit returns what reading the file may allocate, all in all: fixed buffers, and the header's tokens and the
// values' growth in proportion to its length.
func allocationLimit(data []byte) uint64 { return 1<<18 + 64*uint64(len(data)) }
