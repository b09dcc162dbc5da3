package mlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// randomNetwork returns a network of random layers, weights, names and scaler, with every field in use now and then.
func randomNetwork(t testing.TB, rng *rand.Rand) *Network {
	t.Helper()
	chance := func() bool { return rng.IntN(3) == 0 }
	act := func() Activation {
		a := Activation{kind: activationKind(rng.IntN(len(activationNames)))}
		if a.parametric() {
			a.alpha = rng.Float32()
		}
		return a
	}
	initializer := func() Initializer {
		kind := initializerKind(rng.IntN(len(initializerNames)))
		if kind == initConstant {
			return Constant(rng.NormFloat64())
		}
		return Initializer{kind: kind}
	}
	regularizer := func() (r Regularizer) {
		if chance() {
			r.L1 = rng.Float64()
		}
		if chance() {
			r.L2 = rng.Float64() * 1e-9
		}
		return r
	}
	features := 1 + rng.IntN(20)
	var layers []Layer
	for range rng.IntN(5) {
		switch rng.IntN(5) {
		case 0:
			l := Dense{Units: 1 + rng.IntN(40), Activation: act(), NoBias: chance()}
			l.WeightInit, l.WeightRegularizer = initializer(), regularizer()
			if !l.NoBias {
				l.BiasInit, l.BiasRegularizer = initializer(), regularizer()
			}
			layers = append(layers, l)
		case 1:
			l := BatchNorm{NoCenter: chance(), NoScale: chance()}
			if chance() {
				l.Momentum, l.Epsilon = rng.Float64(), rng.Float64()+1e-9
			}
			layers = append(layers, l)
		case 2:
			layers = append(layers, ActivationLayer{act()})
		case 3:
			layers = append(layers, Dropout{rng.Float64()})
		case 4:
			layers = append(layers, GaussianNoise{rng.Float64()})
		}
	}
	n, err := New(features, append(layers, Dense{Units: 1 + rng.IntN(4), Activation: act()})...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n.layers {
		tensors := n.Weights(i)
		for _, w := range tensors {
			for j := range w.Values {
				w.Values[j] = rng.Float32()
			}
		}
		if err := n.SetWeights(i, tensors...); err != nil {
			t.Fatal(err)
		}
	}
	name := func() string {
		return string([]rune{'"', '\\', '\n', '<', 'é', 0, '猫', rune('a' + rng.IntN(26))}[rng.IntN(8):])
	}
	numbers := func() []float64 {
		list := make([]float64, features)
		for i := range list {
			list[i] = math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000)
		}
		return list
	}
	if chance() {
		for range features {
			n.FeatureNames = append(n.FeatureNames, name())
		}
	}
	if chance() {
		for range max(2, n.Outputs()) {
			n.ClassNames = append(n.ClassNames, name())
		}
	}
	switch rng.IntN(4) {
	case 0:
		samples := make([]int, features)
		for i := range samples {
			samples[i] = rng.Int()
		}
		n.Scaler = &StandardScaler{NoMean: chance(), NoStd: chance(),
			Mean: numbers(), Var: numbers(), Scale: numbers(), Samples: samples}
	case 1:
		n.Scaler = &MinMaxScaler{Low: rng.NormFloat64(), High: rng.NormFloat64() + 10, Clip: chance(),
			DataMin: numbers(), DataMax: numbers(), Scale: numbers(), Offset: numbers()}
	case 2:
		n.Scaler = randomPreprocessor(t, rng, features)
	}
	if chance() {
		for range n.Outputs() {
			n.TargetNames = append(n.TargetNames, name())
		}
	}
	if chance() {
		n.Training = &TrainingFacts{Library: name(), Loss: "MeanSquaredError", Optimizer: name(), Epochs: rng.IntN(3), Rows: rng.IntN(1000),
			Data: "xxh64:0123456789abcdef"}
		for range rng.IntN(4) {
			n.Training.Scores = append(n.Training.Scores, Score{name(), math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000)})
		}
	}
	if n.Scaler == nil && features%3 == 0 {
		n.Image = ImageShape{1, features / 3, 3}
	}
	return n
}

func save(t testing.TB, n *Network) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := n.Save(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestSaveLoadSame saves and loads random networks: layers, names, scaler, outputs and the bytes of a second file are the
// same.
func TestSaveLoadSame(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := randomNetwork(t, rng)
		file := save(t, n)
		got, err := Load(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !reflect.DeepEqual(got.Layers(), n.Layers()) {
			t.Errorf("seed %d: layers are %v, want %v", seed, got.Layers(), n.Layers())
		}
		if !slices.Equal(got.FeatureNames, n.FeatureNames) || !slices.Equal(got.ClassNames, n.ClassNames) ||
			!slices.Equal(got.TargetNames, n.TargetNames) || got.Image != n.Image ||
			!reflect.DeepEqual(got.Scaler, n.Scaler) || !reflect.DeepEqual(got.Training, n.Training) {
			t.Errorf("seed %d: names, image, scaler or facts differ", seed)
		}
		x := make([]float32, 3*n.Features())
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		a, errA := n.Predict(x)
		b, errB := got.Predict(x)
		if errA != nil || errB != nil || !slices.Equal(bits32(a), bits32(b)) {
			t.Errorf("seed %d: outputs are %v, want %v (errors %v, %v)", seed, b, a, errA, errB)
		}
		if !bytes.Equal(save(t, got), file) {
			t.Errorf("seed %d: a second file differs from the first", seed)
		}
		if len(file)%4 != 0 || file[0]%8 != 0 {
			t.Errorf("seed %d: the data are not aligned", seed)
		}
	}
}

// TestModelFormat loads a file of each released format version, which must give these bits for ever.
func TestModelFormat(t *testing.T) {
	files, err := filepath.Glob("testdata/models/mlp/*.safetensors")
	if err != nil || len(files) != formatVersion {
		t.Fatalf("%d files (error %v), want one for each of %d versions", len(files), err, formatVersion)
	}
	for _, path := range files {
		text, err := os.ReadFile(strings.TrimSuffix(path, ".safetensors") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want struct{ Inputs, Outputs []uint32 } // bits
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		n, err := LoadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, len(want.Inputs))
		for i, b := range want.Inputs {
			x[i] = math.Float32frombits(b)
		}
		y, err := n.PredictRaw(x)
		if err != nil {
			t.Fatal(err)
		}
		if got := bits32(y); len(y) == 0 || !slices.Equal(got, want.Outputs) {
			t.Errorf("%s: output bits are %d, want %d", path, got, want.Outputs)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		again := save(t, n)
		if current := fmt.Sprintf("v%d.safetensors", formatVersion); filepath.Base(path) == current && !bytes.Equal(again, file) {
			t.Errorf("%s: saved again, it is not the same", path)
		}
		if n, err = Load(bytes.NewReader(again)); err != nil {
			t.Fatalf("%s: loading it, saved as the current version: %v", path, err)
		}
		if y, err = n.PredictRaw(x); err != nil || !slices.Equal(bits32(y), want.Outputs) {
			t.Errorf("%s: saved as the current version, it gives other outputs (error %v)", path, err)
		}
	}
}

// modelFile returns a file with that architecture and the tensors of a 2→1 network, or the ones that are given.
func modelFile(t *testing.T, architecture string, tensors ...Tensor) *bytes.Buffer {
	t.Helper()
	if tensors == nil {
		tensors = []Tensor{{"0.weights", []int{2, 1}, []float32{1, 2}}, {"0.bias", []int{1}, []float32{3}}}
	}
	var file bytes.Buffer
	if err := WriteSafetensors(&file, tensors, map[string]string{"mlp": architecture}); err != nil {
		t.Fatal(err)
	}
	return &file
}

// refused checks that an error is the library's own and has the text in it.
func refused(t *testing.T, name string, err error, text string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "mlp: ") || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: got error %v, want one of mlp with %q", name, err, text)
	}
}

func TestLoadErrors(t *testing.T) {
	const head = `{"version":1,"features":2,"layers":[`
	const dense = head + `{"type":"dense","units":1}]`
	w, b := Tensor{"0.weights", []int{2, 1}, []float32{1, 2}}, Tensor{"0.bias", []int{1}, []float32{3}}
	nan := float32(math.NaN())
	good := modelFile(t, dense+`,"class_names":[],"scaler":{"type":"min_max","scale":[1,1],"offset":[-0,1e-9]}}`)
	if n, err := Load(good); err != nil {
		t.Fatal(err)
	} else if s := n.Scaler.(*MinMaxScaler); math.Float64bits(s.Offset[0]) != 1<<63 || s.Offset[1] != 1e-9 {
		t.Errorf("the offsets are %v", s.Offset)
	}
	for _, c := range []struct {
		name, architecture string
		tensors            []Tensor
		want               string
	}{
		{"not JSON", `dense`, nil, "architecture: JSON, byte 0: invalid character 'd'"},
		{"list", `[]`, nil, "want an object, got a list"},
		{"nothing", `{}`, nil, `want the key "version"`},
		{"version later", `{"features":2,"version":1}`, nil, `want the key "version" first`},
		{"version 3", `{"version":3,"depth":[[`, nil, "this release reads format versions 1 to 2, the file has version 3"},
		{"version 0", `{"version":0}`, nil, "the file has version 0"},
		{"version 1.0", `{"version":1.0}`, nil, `"version": want a whole number`},
		{"unknown field", dense + `,"flavour":1}`, nil, `"flavour": unknown field`},
		{"field twice", dense + `,"features":2}`, nil, `the key "features" stands twice`},
		{"upper case", dense + `,"Scaler":{}}`, nil, `"Scaler": unknown field`},
		{"more", dense + `}{`, nil, "want the end after the value"},
		{"no features", `{"version":1,"layers":[{"type":"dense","units":1}]}`, nil, "features is 0"},
		{"features", `{"version":1,"features":99999999999,"layers":[{"type":"dense","units":1}]}`, nil, "features"},
		{"features 2²⁴", `{"version":1,"features":16777217,"layers":[{"type":"dense","units":1}]}`, nil,
			"features is 16777217"},
		{"no layers", `{"version":1,"features":2}`, nil, `belongs to none of the 0 layers`},
		{"layer type", head + `{"type":"conv"}]}`, nil, `"layers": [0]: "type": unknown layer type "conv"`},
		{"layer type missing", head + `{}]}`, nil, `[0]: want the key "type"`},
		{"layer type last", head + `{"units":1,"type":"dense"}]}`, nil, `want the key "type" first`},
		{"layer field", head + `{"type":"dense","rate":0.5}]}`, nil, `"rate": unknown field`},
		{"layer value", head + `{"type":"dropout","rate":1}]}`, nil, "layer 0 (mlp.Dropout): Rate is 1"},
		{"layer number", head + `{"type":"dropout","rate":1e999}]}`, nil, "want a number that a float64 holds"},
		{"activation", head + `{"type":"dense","units":1,"activation":"cube"}]}`, nil,
			`"activation": unknown activation "cube"`},
		{"initializer", head + `{"type":"dense","units":1,"weight_init":"default"}]}`, nil,
			`"weight_init": unknown initializer "default"`},
		{"constant", head + `{"type":"dense","units":1,"bias_init":"constant(+Inf)"}]}`, nil,
			`unknown initializer "constant(+Inf)"`},
		{"regularizer", head + `{"type":"dense","units":1,"weight_regularizer":{"l3":1}}]}`, nil, `"l3": unknown field`},
		{"bool", head + `{"type":"dense","units":1,"no_bias":1}]}`, nil, `"no_bias": want true or false, got 1`},
		{"no tensors", head + `{"type":"dropout"}]}`, []Tensor{}, "2 features, but all tensors of the file hold 0 values"},
		{"no dense", head + `{"type":"batch_norm"}]}`,
			[]Tensor{{"0.gamma", []int{2}, []float32{1, 1}}, {"0.beta", []int{2}, []float32{0, 0}},
				{"0.moving_mean", []int{2}, []float32{0, 0}}, {"0.moving_variance", []int{2}, []float32{1, 1}}},
			"at least one Dense"},
		{"huge units", head + `{"type":"dense","units":16777216}]}`, nil,
			"16777216 units, but all tensors of the file hold 3 values"},
		{"deep", head + strings.Repeat("[", 1<<16), nil, "want an object, got a list"},
		{"scaler type", dense + `,"scaler":{"type":"nonesuch"}}`, nil, `"scaler": "type": unknown scaler type "nonesuch"`},
		{"scaler not fitted", dense + `,"scaler":{"type":"standard"}}`, nil, "scaler: "},
		{"scaler size", dense + `,"scaler":{"type":"standard","mean":[1],"scale":[1]}}`, nil,
			"the scaler gives 1 features, want 2"},
		{"feature names", dense + `,"feature_names":["a"]}`, nil, "1 feature names, want 2"},
		{"class names", dense + `,"class_names":["a","b","c"]}`, nil, "3 class names, want 1"},
		{"class name", dense + `,"class_names":[null]}`, nil, `"class_names": [0]: want a string, got null`},
		{"missing", dense + `}`, []Tensor{w}, `layer 0 (mlp.Dense): want a tensor "0.bias" of shape [1], the file has none`},
		{"surplus", dense + `}`, []Tensor{w, b, {"1.bias", []int{1}, []float32{1}}},
			`tensor "1.bias" belongs to none of the 1 layers`},
		{"transposed", dense + `}`, []Tensor{{"0.weights", []int{1, 2}, []float32{1, 2}}, b},
			`tensor "0.weights" is F32 of shape [1 2], want F32 of shape [2 1]`},
		{"NaN", dense + `}`, []Tensor{w, {"0.bias", []int{1}, []float32{nan}}}, "layer 0 (mlp.Dense): bias[0] is NaN"},
	} {
		_, err := Load(modelFile(t, c.architecture, c.tensors...))
		refused(t, c.name, err, c.want)
	}
	f16 := safetensorsFile(`{"__metadata__":{"mlp":"{\"version\":1,\"features\":1,`+
		`\"layers\":[{\"type\":\"dense\",\"units\":1,\"no_bias\":true}]}"},`+
		`"0.weights":{"dtype":"F16","shape":[1,1],"data_offsets":[0,2]}}`, "12")
	_, err := Load(strings.NewReader(f16))
	refused(t, "F16 weights", err, `"0.weights" is F16 of shape [1 1], want F32`)
	var foreign bytes.Buffer
	if err := WriteSafetensors(&foreign, []Tensor{w}, nil); err != nil {
		t.Fatal(err)
	}
	_, err = Load(&foreign)
	refused(t, "a file of another program", err, "holds no mlp architecture")
	if _, err := LoadFile("testdata/no such file"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got error %v, want %v", err, fs.ErrNotExist)
	}
}

// TestLoadMemory loads files whose architecture wants far more weights than they hold.
func TestLoadMemory(t *testing.T) {
	values := make([]float32, 1<<14)
	for name, architecture := range map[string]string{
		"square": `{"version":1,"features":16384,"layers":[{"type":"dense","units":16384}]}`,
		"wide layers": `{"version":1,"features":1,"layers":[` +
			strings.Repeat(`{"type":"dense","units":16000},`, 99) + `{"type":"dense","units":1}]}`,
		"wide input": `{"version":1,"features":16777216,"layers":[{"type":"batch_norm"},{"type":"dense","units":1}]}`,
	} {
		file := modelFile(t, architecture, Tensor{"0.weights", []int{len(values)}, values}).Bytes()
		allocated := allocatedBy(func() {
			if _, err := Load(bytes.NewReader(file)); err == nil {
				t.Errorf("%s: no error", name)
			}
		})
		if most := allocationLimit(file); allocated > most {
			t.Errorf("%s: loading %d bytes allocates %d, want at most %d", name, len(file), allocated, most)
		}
	}
}

func TestSaveErrors(t *testing.T) {
	n, err := New(2, Dense{Units: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Save(&fullWriter{100}); !errors.Is(err, errFull) {
		t.Errorf("a writer that fails: got error %v, want %v", err, errFull)
	}
	one := []float64{1, 1}
	for _, c := range []struct {
		name  string
		spoil func(n *Network)
		want  string
	}{
		{"feature names", func(n *Network) { n.FeatureNames = []string{"a"} }, "1 feature names, want 2"},
		{"class names", func(n *Network) { n.ClassNames = []string{"a", "b"} }, "2 class names, want 3"},
		{"class name", func(n *Network) { n.ClassNames = []string{"a", "b", "\xff"} },
			`"class_names": [2]: "\xff" is not UTF-8`},
		{"scaler", func(n *Network) { n.Scaler = &StandardScaler{} }, "scaler: "},
		{"scaler's features", func(n *Network) { n.Scaler = &MinMaxScaler{Scale: one[:1], Offset: one[:1]} },
			"the scaler gives 1 features, want 2"},
		{"scaler's NaN", func(n *Network) { n.Scaler = &MinMaxScaler{Scale: []float64{1, math.NaN()}, Offset: one} },
			`"scaler": "scale": [1]: NaN is not finite`},
		{"weight", func(n *Network) { n.params[0] = float32(math.Inf(1)) }, `tensor "0.bias": value 0 is +Inf`},
	} {
		bad := n.Clone()
		c.spoil(bad)
		refused(t, c.name, bad.Save(io.Discard), c.want)
	}
}

func writeText(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// folderHas checks the names in a folder.
func folderHas(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, want) {
		t.Errorf("the folder holds %q, want %q", names, want)
	}
}

func fileHas(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q (error %v), want %q", path, got, err, want)
	}
}

func TestWriteFileAtomic(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "model")
	if err := writeFileAtomic(path, writeText("one")); err != nil {
		t.Fatal(err)
	}
	fileHas(t, path, "one")
	f, err := os.Create(filepath.Join(folder, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	mode := func(name string) fs.FileMode {
		info, err := os.Lstat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	if mode("model") != mode("plain") {
		t.Errorf("a new file has mode %v, os.Create gives %v", mode("model"), mode("plain"))
	}

	// A write that fails leaves the old file, and nothing else.
	err = writeFileAtomic(path, func(w io.Writer) error {
		if err := writeText("half")(w); err != nil {
			return err
		}
		return errFull
	})
	if !errors.Is(err, errFull) {
		t.Errorf("got error %v, want %v", err, errFull)
	}
	func() {
		defer func() { recover() }()
		writeFileAtomic(path, func(w io.Writer) error { panic("write") })
	}()
	fileHas(t, path, "one")
	folderHas(t, folder, "model", "plain")

	// A name that is taken is left alone, the mode kept.
	taken := filepath.Join(folder, ".model.0.tmp")
	if err := os.WriteFile(taken, []byte("crashed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	before := mode("model")
	if err := writeFileAtomic(path, writeText("two")); err != nil {
		t.Fatal(err)
	}
	fileHas(t, path, "two")
	fileHas(t, taken, "crashed")
	if mode("model") != before {
		t.Errorf("mode %v became %v", before, mode("model"))
	}
	folderHas(t, folder, ".model.0.tmp", "model", "plain")

	if err := writeFileAtomic(folder, writeText("")); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: got error %v", err)
	}
	if err := writeFileAtomic(filepath.Join(folder, "none", "model"), writeText("")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: got error %v, want %v", err, fs.ErrNotExist)
	}
	if runtime.GOOS != "windows" {
		if err := os.Symlink("model", filepath.Join(folder, "latest")); err != nil {
			t.Fatal(err)
		}
		if err := writeFileAtomic(filepath.Join(folder, "latest"), writeText("three")); err != nil {
			t.Fatal(err)
		}
		fileHas(t, path, "three")
		if mode("latest")&fs.ModeSymlink == 0 {
			t.Error("the symbolic link was replaced")
		}
	}
	if runtime.GOOS == "linux" && os.Getuid() != 0 {
		if err := os.Chmod(folder, 0o500); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(folder, 0o700)
		if err := writeFileAtomic(path, writeText("four")); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("a folder that is read only: got error %v, want %v", err, fs.ErrPermission)
		}
		fileHas(t, path, "three")
	}
}

// TestSaveFile replaces a model again and again while others load it: each finds one that is whole.
func TestSaveFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows refuses to replace a file that is open")
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	n, err := New(8, Dense{Units: 64}, Dense{Units: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for {
				if _, err := LoadFile(path); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		}()
	}
	for seed := range uint64(20) {
		c := n.Clone()
		c.Initialize(seed)
		if err := c.SaveFile(path); err != nil {
			t.Error(err)
		}
	}
	close(done)
	readers.Wait()
	folderHas(t, filepath.Dir(path), "model.safetensors")
	if err := n.SaveFile(filepath.Join(filepath.Dir(path), "none", "model")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: got error %v, want %v", err, fs.ErrNotExist)
	}
}
