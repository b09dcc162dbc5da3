package mlp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tensorsOf reads a file's tensors and metadata.
func tensorsOf(t testing.TB, file []byte) ([]Tensor, map[string]string) {
	t.Helper()
	tensors, metadata, err := ReadSafetensors(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return tensors, metadata
}

// rewrite makes another file of a file's tensors and architecture, without a digest.
func rewrite(t *testing.T, file []byte, change func(tensors map[string]*Tensor, architecture *string)) *bytes.Buffer {
	t.Helper()
	tensors, metadata := tensorsOf(t, file)
	places := make(map[string]*Tensor)
	for i := range tensors {
		places[tensors[i].Name] = &tensors[i]
	}
	architecture := regexp.MustCompile(`,"digest":"[^"]*"`).ReplaceAllString(metadata[architectureKey], "")
	change(places, &architecture)
	metadata[architectureKey] = architecture
	list := []Tensor{}
	for _, tensor := range places {
		list = append(list, *tensor)
	}
	var b bytes.Buffer
	if err := WriteSafetensors(&b, list, metadata); err != nil {
		t.Fatal(err)
	}
	return &b
}

func irisNetwork(t testing.TB) *Network {
	t.Helper()
	n, err := New(4, Dense{Units: 8, Activation: Tanh}, Dense{Units: 3, Activation: Softmax})
	if err != nil {
		t.Fatal(err)
	}
	scaler := new(StandardScaler)
	if err := scaler.Fit(Iris()); err != nil {
		t.Fatal(err)
	}
	n.Scaler, n.ClassNames, n.FeatureNames = scaler, Iris().ClassNames, Iris().FeatureNames
	return n
}

// TestSelfTestRows looks for a self-test whose rows reach the network in a sound range, whatever prepares them.
func TestSelfTestRows(t *testing.T) {
	d := &Dataset{Features: 3, FeatureNames: []string{"letter", "pascal", "metres"}}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		d.X = append(d.X, float32(rng.IntN(3)), float32(101300+900*rng.NormFloat64()), float32(rng.ExpFloat64()/1000))
	}
	letter := []string{"letter"}
	for i, scaler := range []Preprocessor{
		&StandardScaler{}, &MinMaxScaler{Clip: true}, &MaxAbsScaler{}, &RobustScaler{}, &Normalizer{}, &SimpleImputer{}, &OneHotEncoder{Columns: letter},
		Pipeline{&SimpleImputer{}, &OneHotEncoder{Columns: letter, Drop: DropFirst}, &StandardScaler{}},
		Pipeline{&OneHotEncoder{Columns: letter}, &StandardScaler{}, &Normalizer{}},
		Pipeline{&StandardScaler{}, &SimpleImputer{}},
	} {
		if err := scaler.Fit(d); err != nil {
			t.Fatal(err)
		}
		features, outputs, err := scaler.fitted()
		if err != nil {
			t.Fatal(err)
		}
		n, err := New(outputs, Dense{Units: 2})
		if err != nil {
			t.Fatal(err)
		}
		n.Scaler = scaler
		test := n.selfTest()
		if len(test) != 2 || !slices.Equal(test[0].Shape, []int{selfTestRows, features}) || !slices.Equal(test[1].Shape, []int{selfTestRows, 2}) {
			t.Errorf("%d: the tensors are %v", i, test)
			continue
		}
		for _, v := range test[1].Values {
			if !isFinite(v) {
				t.Errorf("%d: the outputs are %v for rows %v", i, test[1].Values, test[0].Values)
				break
			}
		}
		if n, err = Load(bytes.NewReader(save(t, n))); err != nil {
			t.Errorf("%d: %v", i, err)
		} else if again := n.selfTest(); !slices.Equal(bits32(again[0].Values), bits32(test[0].Values)) {
			t.Errorf("%d: other rows after Load", i)
		}
	}
}

func TestSelfTestError(t *testing.T) {
	n := irisNetwork(t)
	file := save(t, n)
	load := func(change func(tensors map[string]*Tensor, architecture *string)) error {
		_, err := Load(rewrite(t, file, change))
		return err
	}
	if err := load(func(map[string]*Tensor, *string) {}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(tensors map[string]*Tensor, architecture *string){
		"weight": func(tensors map[string]*Tensor, _ *string) { tensors["0.weights"].Values[5] += 0x1p-10 },
		"bias":   func(tensors map[string]*Tensor, _ *string) { tensors["1.bias"].Values[1] = 0x1p-20 },
		"scaler": func(_ map[string]*Tensor, text *string) {
			from := fmt.Sprint(n.Scaler.(*StandardScaler).Mean[0])
			*text = strings.Replace(*text, from, "5.8", 1)
		},
		"activation": func(_ map[string]*Tensor, text *string) { *text = strings.Replace(*text, "tanh", "softsign", 1) },
		"row":        func(tensors map[string]*Tensor, _ *string) { tensors[selfTestInputs].Values[3] += 0.5 },
		"output":     func(tensors map[string]*Tensor, _ *string) { flipBit(&tensors[selfTestOutputs].Values[7]) },
		"NaN":        func(tensors map[string]*Tensor, _ *string) { tensors[selfTestOutputs].Values[7] = float32(math.NaN()) },
	} {
		err := load(change)
		var failed *SelfTestError
		if !errors.As(err, &failed) {
			t.Errorf("%s: got error %v, want a SelfTestError", name, err)
			continue
		}
		if name == "output" && (failed.Row != 2 || failed.Output != 1 || math.Float32bits(failed.Want) != math.Float32bits(failed.Got)^1 ||
			failed.Kernel != n.Kernel()) {
			t.Errorf("the error is %+v", failed)
		}
	}
	err := &SelfTestError{1, 2, 0.5, 0.25, "avx2"}
	if want := `output 2 of row 1 is 0.25 (bits 3e800000), want 0.5 (bits 3f000000); either the file was changed, or kernel "avx2"`; !strings.Contains(err.Error(), want) {
		t.Errorf("the error reads %q", err)
	}

	for name, c := range map[string]struct {
		change func(tensors map[string]*Tensor, architecture *string)
		want   string
	}{
		"no inputs":  {func(tensors map[string]*Tensor, _ *string) { delete(tensors, selfTestInputs) }, "with a row each for the other's, or neither"},
		"no outputs": {func(tensors map[string]*Tensor, _ *string) { delete(tensors, selfTestOutputs) }, "or neither"},
		"fewer outputs": {func(tensors map[string]*Tensor, _ *string) {
			*tensors[selfTestOutputs] = Tensor{selfTestOutputs, []int{3, 3}, make([]float32, 9)}
		}, "with a row each"},
		"other columns": {func(tensors map[string]*Tensor, _ *string) {
			*tensors[selfTestInputs] = Tensor{selfTestInputs, []int{4, 3}, make([]float32, 12)}
		}, "tensor \"self_test.inputs\" is F32 of shape [4 3], want F32 of shape [rows 4]"},
		"too many rows": {func(tensors map[string]*Tensor, _ *string) {
			*tensors[selfTestInputs] = Tensor{selfTestInputs, []int{17, 4}, make([]float32, 68)}
			*tensors[selfTestOutputs] = Tensor{selfTestOutputs, []int{17, 3}, make([]float32, 51)}
		}, "1 to 16 rows"},
		"no row": {func(tensors map[string]*Tensor, _ *string) {
			*tensors[selfTestInputs] = Tensor{selfTestInputs, []int{0, 4}, nil}
		}, "1 to 16 rows"},
		"version 1": {func(_ map[string]*Tensor, text *string) {
			*text = strings.Replace(*text, `"version":2`, `"version":1`, 1)
		},
			`tensor "self_test.inputs" belongs to none of the 2 layers`},
		"a row that the scaler refuses": {func(tensors map[string]*Tensor, _ *string) {
			tensors[selfTestInputs].Values[0] = float32(math.Inf(1))
		}, "self-test: "},
	} {
		refused(t, name, load(c.change), c.want)
	}
	if err := load(func(tensors map[string]*Tensor, _ *string) {
		delete(tensors, selfTestInputs)
		delete(tensors, selfTestOutputs)
	}); err != nil {
		t.Errorf("a file without a self-test: %v", err)
	}
}

// TestDigest changes each bit of a file behind its header, one at a time.
func TestDigest(t *testing.T) {
	file := save(t, irisNetwork(t))
	header := 8 + int(binary.LittleEndian.Uint64(file))
	for at := 8 * header; at < 8*len(file); at++ {
		file[at/8] ^= 1 << (at % 8)
		if _, err := Load(bytes.NewReader(file)); err == nil {
			t.Fatalf("bit %d of the data: the change was not found", at-8*header)
		}
		file[at/8] ^= 1 << (at % 8)
	}
	file[header] ^= 1
	_, err := Load(bytes.NewReader(file))
	refused(t, "digest", err, "the tensors' digest is xxh64:")
}

// flipBit changes the last bit of a number.
func flipBit(v *float32) { *v = math.Float32frombits(math.Float32bits(*v) ^ 1) }

// TestSelfTestNaN saves networks whose outputs are no numbers.
func TestSelfTestNaN(t *testing.T) {
	n, err := New(1, Dense{Units: 1, NoBias: true}, Dense{Units: 2, NoBias: true}, Dense{Units: 1, NoBias: true})
	if err != nil {
		t.Fatal(err)
	}
	for layer, w := range []Tensor{{"weights", []int{1, 1}, []float32{3e38}}, {"weights", []int{1, 2}, []float32{100, 100}},
		{"weights", []int{2, 1}, []float32{1, -1}}} { // ∞ - ∞
		if err := n.SetWeights(layer, w); err != nil {
			t.Fatal(err)
		}
	}
	file := save(t, n)
	tensors, _ := tensorsOf(t, file)
	if tensors[4].Name != selfTestOutputs || tensors[4].Values[0] == tensors[4].Values[0] {
		t.Fatalf("the tensors are %v", tensors)
	}
	again, err := Load(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(save(t, again), file) {
		t.Error("a second file differs from the first")
	}
	_, err = Load(rewrite(t, file, func(tensors map[string]*Tensor, _ *string) {
		for i, v := range tensors[selfTestOutputs].Values {
			if v != v {
				tensors[selfTestOutputs].Values[i] = math.Float32frombits(0xffc12345)
			}
		}
	}))
	if err != nil {
		t.Errorf("another NaN: %v", err)
	}
}

// BenchmarkLoad reads a model of 785·256 + 257·10 weights.
func BenchmarkLoad(b *testing.B) {
	n, err := New(784, Dense{Units: 256, Activation: ReLU}, Dense{Units: 10, Activation: Softmax})
	if err != nil {
		b.Fatal(err)
	}
	for _, test := range []bool{true, false} {
		var file bytes.Buffer
		if err := n.Save(&file); err != nil {
			b.Fatal(err)
		}
		if !test {
			tensors, metadata := tensorsOf(b, file.Bytes())
			file.Reset()
			metadata[architectureKey], _, _ = strings.Cut(metadata[architectureKey], `,"digest"`)
			metadata[architectureKey] += "}"
			if err := WriteSafetensors(&file, tensors[:4], metadata); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("selftest=%v", test), func(b *testing.B) {
			b.SetBytes(int64(file.Len()))
			for b.Loop() {
				if _, err := Load(bytes.NewReader(file.Bytes())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A file lists layers without weights at will, but does not have Load compute all of them.
func TestSelfTestWork(t *testing.T) {
	const features = 20_000
	layers := make([]Layer, 900)
	for i := range layers {
		layers[i] = ActivationLayer{Activation: ReLU}
	}
	n := mustNew(t, features, append(layers, Dense{Units: 1})...)
	var b bytes.Buffer
	if err := n.Save(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(bytes.NewReader(b.Bytes())); err != nil {
		t.Error(err)
	}
	tensors, metadata := tensorsOf(t, b.Bytes())
	for _, tensor := range tensors {
		if strings.HasPrefix(tensor.Name, "self_test") {
			t.Errorf("there is a tensor %q", tensor.Name)
		}
	}
	tensors = append(tensors, Tensor{selfTestInputs, []int{4, features}, make([]float32, 4*features)},
		Tensor{selfTestOutputs, []int{4, 1}, make([]float32, 4)})
	metadata[architectureKey] = regexp.MustCompile(`,"digest":"[^"]*"`).ReplaceAllString(metadata[architectureKey], "")
	b.Reset()
	if err := WriteSafetensors(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(&b); err == nil || !strings.Contains(err.Error(), "4 rows are too many for 901 layers") {
		t.Errorf("error %v, want one about the self-test's length", err)
	}
}
