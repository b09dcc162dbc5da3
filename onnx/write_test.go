package onnx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

const testRows = 9

// exported is a network of the tests, with rows as they are before its scaler.
type exported struct {
	name string
	net  *mlp.Network
	x    []float32
}

// exportedNetworks returns networks with every layer, activation and scaler of the library.
func exportedNetworks(t testing.TB) []exported {
	t.Helper()
	var list []exported
	add := func(name string, features int, set func(n *mlp.Network), layers ...mlp.Layer) {
		n, err := mlp.New(features, layers...)
		if err != nil {
			t.Fatal(err)
		}
		n.Initialize(uint64(len(list)))
		moveStatistics(t, n)
		if set != nil {
			set(n)
		}
		x := make([]float32, testRows*features)
		for i := range x {
			x[i] = float32(math.Sin(float64(7*i+3))) * float32(1+i%5)
		}
		list = append(list, exported{name, n, x})
	}
	// addRaw adds a network with a preprocessor of rows that have missing values, and categories in the first columns.
	addRaw := func(name string, p mlp.Preprocessor, features int) {
		add(name, features, func(n *mlp.Network) { n.Scaler = p }, mlp.Dense{Units: 3, Activation: mlp.Tanh}, mlp.Dense{Units: 2})
		e := &list[len(list)-1]
		e.x = nil
		for row := range testRows {
			missing := float32(math.NaN())
			if row != 2 {
				missing = float32(row)
			}
			e.x = append(e.x, float32(row%3), float32(row%2), missing, float32(math.Sin(float64(row))))
		}
	}
	for _, a := range activations(t) {
		name := strings.NewReplacer("(", "_", ")", "", ".", "_").Replace(a.String())
		add("hidden_"+name, 4, nil, mlp.Dense{Units: 17, Activation: a}, mlp.Dense{Units: 3, Activation: mlp.Softmax})
		add("layer_"+name, 5, nil, mlp.Dense{Units: 8}, mlp.BatchNorm{}, mlp.ActivationLayer{Activation: a}, mlp.Dense{Units: 2})
		add("last_"+name, 3, nil, mlp.Dense{Units: 6, Activation: a})
	}
	add("no_bias", 4, nil, mlp.Dense{Units: 5, NoBias: true, Activation: mlp.ReLU}, mlp.Dense{Units: 1, NoBias: true})
	add("batch_norms", 4, nil, mlp.BatchNorm{Epsilon: 1e-5, Momentum: 0.9}, mlp.Dense{Units: 6},
		mlp.BatchNorm{NoCenter: true}, mlp.BatchNorm{NoScale: true}, mlp.BatchNorm{NoScale: true, NoCenter: true}, mlp.Dense{Units: 2})
	add("training_only", 4, nil, mlp.Dropout{Rate: 0.5}, mlp.GaussianNoise{StdDev: 1}, mlp.Dense{Units: 6, Activation: mlp.Tanh},
		mlp.Dropout{Rate: 0.1}, mlp.Dense{Units: 1, Activation: mlp.Sigmoid})
	add("standard_scaler", 3, func(n *mlp.Network) {
		n.FeatureNames, n.ClassNames = []string{"a", "b", "größe"}, []string{"no", "yes"}
		n.Scaler = &mlp.StandardScaler{Mean: []float64{0.1, -2, 1e4}, Scale: []float64{0.3, 1, 1e4}, Var: []float64{0.09, 1, 1e8}}
	}, mlp.Dense{Units: 6, Activation: mlp.ReLU}, mlp.Dense{Units: 2, Activation: mlp.Softmax})
	add("scale_only", 2, func(n *mlp.Network) {
		n.ClassNames = []string{"no", "yes"}
		n.Scaler = &mlp.StandardScaler{NoMean: true, Mean: []float64{5, 5}, Scale: []float64{0.3, 7}}
	}, mlp.Dense{Units: 1, Activation: mlp.Sigmoid})
	add("min_max_scaler", 2, func(n *mlp.Network) {
		n.Scaler = &mlp.MinMaxScaler{Scale: []float64{0.3, 7}, Offset: []float64{0.1, -3}}
	}, mlp.Dense{Units: 4})
	add("min_max_clip", 2, func(n *mlp.Network) {
		n.Scaler = &mlp.MinMaxScaler{Clip: true, Scale: []float64{0.3, 7}, Offset: []float64{0.1, -3}}
	}, mlp.Dense{Units: 4})
	add("min_max_range", 2, func(n *mlp.Network) {
		n.Scaler = &mlp.MinMaxScaler{Low: -1, High: 2, Clip: true, Scale: []float64{0.3, 7}, Offset: []float64{0.1, -3}}
	}, mlp.Dense{Units: 4})
	add("max_abs", 2, func(n *mlp.Network) { n.Scaler = &mlp.MaxAbsScaler{Scale: []float64{0.3, 7}} }, mlp.Dense{Units: 4})
	add("robust", 2, func(n *mlp.Network) {
		n.Scaler, n.TargetNames = &mlp.RobustScaler{Center: []float64{1, -1}, Scale: []float64{0.3, 7}}, []string{"a", "b", "c", "d"}
	}, mlp.Dense{Units: 4})
	add("robust_scale", 2, func(n *mlp.Network) {
		n.Scaler = &mlp.RobustScaler{NoCenter: true, Center: []float64{1, -1}, Scale: []float64{0.3, 7}}
	}, mlp.Dense{Units: 4})
	add("normalizer_l1", 3, func(n *mlp.Network) { n.Scaler = &mlp.Normalizer{Norm: mlp.L1Norm, Features: 3} }, mlp.Dense{Units: 4})
	add("normalizer_l2", 3, func(n *mlp.Network) { n.Scaler = &mlp.Normalizer{Features: 3} }, mlp.Dense{Units: 4})
	imputer := &mlp.SimpleImputer{Statistics: []float64{1, 2, 0.1, 4}}
	addRaw("imputer", imputer, 4)
	encoder := mlp.OneHotEncoder{
		FeatureNames: []string{"a", "b", "c", "d"}, CategoryNames: make([][]string, 4),
		Categories: [][]float64{{0, 1, 2}, {0, 1}, nil, nil},
	}
	first, binary := encoder, encoder
	first.Drop, binary.Drop = mlp.DropFirst, mlp.DropIfBinary
	standard := &mlp.StandardScaler{Mean: []float64{0.1, 0.2, 0.3, 0.4, 0.5}, Scale: []float64{1, 2, 3, 4, 5}}
	addRaw("encoder", mlp.Pipeline{imputer, &encoder}, 7)
	addRaw("encoder_first", mlp.Pipeline{imputer, &first, standard, &mlp.MaxAbsScaler{Scale: []float64{0.3, 7, 1, 2, 3}}}, 5)
	addRaw("encoder_binary", mlp.Pipeline{imputer, &binary, &mlp.Normalizer{Features: 6}}, 6)
	return list
}

// activations returns all activations of the library, as its error lists them.
func activations(t testing.TB) []mlp.Activation {
	t.Helper()
	_, err := mlp.ParseActivation("")
	_, names, ok := strings.Cut(fmt.Sprint(err), "there are ")
	if !ok {
		t.Fatalf("no list of activations in %q", err)
	}
	list := []mlp.Activation{mlp.LeakyReLU(0), mlp.LeakyReLU(0.37), mlp.ELU(0), mlp.ELU(1.7)}
	for name := range strings.SplitSeq(names, ", ") {
		a, err := mlp.ParseActivation(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	return list
}

// moveStatistics gives BatchNorms and biases numbers other than the initial ones.
func moveStatistics(t testing.TB, n *mlp.Network) {
	t.Helper()
	for i := range n.Layers() {
		for _, w := range n.Weights(i) {
			if w.Name == "weights" {
				continue
			}
			for j := range w.Values {
				w.Values[j] += float32(1+j%3) / 8
			}
			if err := n.SetWeights(i, w); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (e *exported) predict(t testing.TB, n *mlp.Network) []float32 {
	t.Helper()
	y, err := n.PredictRaw(e.x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func write(t testing.TB, n *mlp.Network) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, n); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRoundTrip reads what Write wrote: the network computes the same bits, and is written as the same bytes.
func TestRoundTrip(t *testing.T) {
	for _, e := range exportedNetworks(t) {
		t.Run(e.name, func(t *testing.T) {
			b := write(t, e.net)
			if !bytes.Equal(b, write(t, e.net.Clone())) {
				t.Error("the same network gives other bytes")
			}
			n, err := Read(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := e.predict(t, n), e.predict(t, e.net); !slices.Equal(got, want) {
				t.Errorf("outputs %v, want %v", got, want)
			}
			if !slices.Equal(n.FeatureNames, e.net.FeatureNames) || !slices.Equal(n.ClassNames, e.net.ClassNames) ||
				!slices.Equal(n.TargetNames, e.net.TargetNames) {
				t.Errorf("names %q, %q and %q, want %q, %q and %q", n.FeatureNames, n.ClassNames, n.TargetNames,
					e.net.FeatureNames, e.net.ClassNames, e.net.TargetNames)
			}
			var saved bytes.Buffer
			if err := n.Save(&saved); err != nil {
				t.Error(err)
			}
			again, err := Read(bytes.NewReader(write(t, n)))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := e.predict(t, again), e.predict(t, n); !slices.Equal(got, want) {
				t.Errorf("outputs the second time %v, want %v", got, want)
			}
		})
	}
}

// TestGoldenRoundTrip writes the golden models and reads them again: import, export, import.
func TestGoldenRoundTrip(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testdata(t, "models/onnx"), "*.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		n, err := ReadFile(path)
		if err != nil {
			continue // TestGoldenONNX's to judge
		}
		again, err := Read(bytes.NewReader(write(t, n)))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		x := make([]float32, testRows*n.Features()) // none of them has an encoder
		for i := range x {
			x[i] = float32(math.Sin(float64(5*i + 1)))
		}
		e := exported{path, n, x}
		got, want := e.predict(t, again), e.predict(t, n)
		for i := range want {
			if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= 1e-6*max(1, math.Abs(float64(want[i])))) {
				t.Errorf("%s: output %d is %v, want %v", path, i, got[i], want[i])
			}
		}
		if !slices.Equal(again.ClassNames, n.ClassNames) {
			t.Errorf("%s: class names %q, want %q", path, again.ClassNames, n.ClassNames)
		}
	}
}

// TestWriteErrors writes networks that have no ONNX model.
func TestWriteErrors(t *testing.T) {
	n, err := mlp.New(2, mlp.Dense{Units: 1})
	if err != nil {
		t.Fatal(err)
	}
	n.Scaler = &mlp.StandardScaler{Mean: []float64{1}, Scale: []float64{1}}
	if err := Write(new(bytes.Buffer), n); err == nil || !strings.Contains(err.Error(), "gives 1 features, the network takes 2") {
		t.Errorf("a scaler of another size: %v", err)
	}
	n.Scaler = &mlp.Normalizer{Norm: mlp.MaxNorm, Features: 2}
	if err := Write(new(bytes.Buffer), n); err == nil || !strings.Contains(err.Error(), "MaxNorm") {
		t.Errorf("MaxNorm: %v", err)
	}
	n.Scaler = &mlp.OneHotEncoder{FeatureNames: []string{"a"}, CategoryNames: make([][]string, 1),
		Categories: [][]float64{{1, math.NaN()}}}
	if err := Write(new(bytes.Buffer), n); err == nil || !strings.Contains(err.Error(), "NaN is a category of feature 0") {
		t.Errorf("a category of missing values: %v", err)
	}
	n.Scaler = nil
	if err := WriteFile(filepath.Join(t.TempDir(), "no", "folder"), n); err == nil {
		t.Error("a file in no folder was written")
	}
}

// TestExportForRuntime writes all networks of the tests, with rows and outputs beside them, to the folder that
// MLP_ONNX_EXPORT names: scripts/check_export.py compares them with ONNX Runtime.
func TestExportForRuntime(t *testing.T) {
	folder := os.Getenv("MLP_ONNX_EXPORT")
	if folder == "" {
		t.Skip("MLP_ONNX_EXPORT names no folder")
	}
	for _, e := range exportedNetworks(t) {
		if err := WriteFile(filepath.Join(folder, e.name+".onnx"), e.net); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]any{
			"rows": testRows, "x": bits(e.x), "y": e.predict(t, e.net), "feature_names": e.net.FeatureNames, "class_names": e.net.ClassNames,
			"target_names": e.net.TargetNames,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, e.name+".json"), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// bits returns the numbers as JSON can hold them, NaN among them.
func bits(x []float32) []uint32 {
	list := make([]uint32, len(x))
	for i, v := range x {
		list[i] = math.Float32bits(v)
	}
	return list
}
