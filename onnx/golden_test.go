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

// testdata returns the path of a part of the golden data, and skips the test if another set lacks it.
func testdata(t testing.TB, part string) string {
	t.Helper()
	root, other := os.LookupEnv("MLP_TESTDATA")
	if !other {
		root = filepath.Join("..", "testdata")
	}
	path := filepath.Join(root, filepath.FromSlash(part))
	if _, err := os.Stat(path); err != nil {
		if other {
			t.Skipf("this set has no %s", part)
		}
		t.Fatal(err)
	}
	return path
}

// goldenModel is the JSON beside a model.
type goldenModel struct {
	Format   int               `json:"format"`
	File     string            `json:"file"`
	Note     string            `json:"note"`
	Tier     string            `json:"tier"`
	Expect   string            `json:"expect"`
	MadeWith map[string]string `json:"made_with"`
	Producer string            `json:"producer"`
	IR       int               `json:"ir_version"`
	Opset    map[string]int    `json:"opset"`
	Ops      []string          `json:"ops"`
	Input    goldenArray       `json:"input"`
	Outputs  []goldenArray     `json:"outputs"`

	Tolerance struct{ Rtol, Atol float64 } `json:"tolerance"`
}

type goldenArray struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"` // "" or "sequence of maps"
	Dtype string `json:"dtype"`
	Shape []int  `json:"shape"`
	Data  any    `json:"data"`
}

// numbers returns the array's elements in order.
func (a *goldenArray) numbers() ([]float64, error) {
	var list []float64
	var walk func(v any) error
	walk = func(v any) error {
		switch v := v.(type) {
		case float64:
			list = append(list, v)
		case []any:
			for _, e := range v {
				if err := walk(e); err != nil {
					return err
				}
			}
		default:
			return fmt.Errorf("array %q holds a %T", a.Name, v)
		}
		return nil
	}
	return list, walk(a.Data)
}

func readGolden(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// TestGoldenONNX reads models that other programs wrote, and compares the outputs with ONNX Runtime's.
func TestGoldenONNX(t *testing.T) {
	passed, failed, unsupported := readModels(t, testdata(t, "models/onnx"))
	t.Logf("onnx: %d passed, %d failed, %d not yet supported", passed, failed, unsupported)
}

// TestModels reads the models that scripts/make_testdata.py made.
func TestModels(t *testing.T) {
	if _, _, unsupported := readModels(t, "testdata"); unsupported > 0 {
		t.Errorf("%d models are not supported", unsupported)
	}
}

// readModels reads the models of a folder, each as the JSON beside it says.
func readModels(t *testing.T, folder string) (passed, failed, unsupported int) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no models in %s: %v", folder, err)
	}
	for _, path := range paths {
		var m goldenModel
		if err := readGolden(path, &m); err != nil {
			t.Errorf("%s: %v", path, err)
			failed++
			continue
		}
		n, err := ReadFile(filepath.Join(folder, m.File))
		switch {
		case err == nil:
			if err := compareGolden(n, &m); err != nil {
				t.Errorf("%s: %v", m.File, err)
				failed++
				continue
			}
			passed++
		case m.Expect == "either", m.Expect == "accept or error naming the operator" && namesAny(err, m.Ops):
			t.Logf("%s: refused, as it may be: %v", m.File, err)
			passed++
		case m.Expect == "accept" && strings.Contains(err.Error(), "not supported"):
			t.Logf("%s: not yet supported: %v", m.File, err)
			unsupported++
		default:
			t.Errorf("%s: want %s, got %v", m.File, m.Expect, err)
			failed++
		}
	}
	return passed, failed, unsupported
}

func namesAny(err error, ops []string) bool {
	return slices.ContainsFunc(ops, func(op string) bool { return strings.Contains(err.Error(), "("+op+")") })
}

// compareGolden compares the network's outputs, and the labels that follow from them.
func compareGolden(n *mlp.Network, m *goldenModel) error {
	x, err := m.Input.numbers()
	if err != nil {
		return err
	}
	rows := m.Input.Shape[0]
	raw := make([]float32, len(x))
	for i, v := range x {
		raw[i] = float32(v)
	}
	y, err := n.PredictRaw(raw)
	if err != nil {
		return err
	}
	for i := range m.Outputs {
		o := &m.Outputs[i]
		if list, ok := o.Data.([]any); ok && strings.HasPrefix(o.Dtype, "float") {
			want, err := o.numbers()
			if err != nil {
				return err
			}
			if err := m.compare(o.Name, y, want); err != nil {
				return err
			}
		} else if !ok || len(list) != rows {
			return fmt.Errorf("output %q: no list of %d rows", o.Name, rows)
		} else if err := m.compareLabels(o.Name, n, y, list); err != nil {
			return err
		}
	}
	return nil
}

func (m *goldenModel) compare(what string, got []float32, want []float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s has %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if g := float64(got[i]); !(math.Abs(g-w) <= m.Tolerance.Atol+m.Tolerance.Rtol*math.Abs(w)) {
			return fmt.Errorf("%s[%d] is %v, want %v", what, i, g, w)
		}
	}
	return nil
}

// compareLabels compares the outputs with labels: a class of each row, flags of several, or a map from class to probability.
func (m *goldenModel) compareLabels(what string, n *mlp.Network, y []float32, labels []any) error {
	outputs := n.Outputs()
	classes := n.ClassNames
	if classes == nil {
		for class := range outputs {
			classes = append(classes, fmt.Sprint(class))
		}
	}
	if len(classes) != outputs {
		return fmt.Errorf("%s: %d class names for %d outputs", what, len(classes), outputs)
	}
	for i, label := range labels {
		row := y[i*outputs:][:outputs]
		switch label := label.(type) {
		case map[string]any:
			want := make([]float64, outputs)
			for name, p := range label {
				class := slices.Index(classes, name)
				if class < 0 {
					return fmt.Errorf("%s[%d]: no class %q among %q", what, i, name, classes)
				}
				want[class] = p.(float64)
			}
			if err := m.compare(fmt.Sprintf("%s[%d]", what, i), row, want); err != nil {
				return err
			}
		case []any:
			for class, flag := range label {
				if got, want := row[class] > 0.5, flag == 1.; got != want {
					return fmt.Errorf("%s[%d] has class %d: %v, want %v", what, i, class, got, want)
				}
			}
		default:
			if got, want := classes[slices.Index(row, slices.Max(row))], fmt.Sprint(label); got != want {
				return fmt.Errorf("%s[%d] is %q, want %q", what, i, got, want)
			}
		}
	}
	return nil
}

// TestGoldenBadONNX reads malformed models, each as its entry of the manifest says.
func TestGoldenBadONNX(t *testing.T) {
	folder := testdata(t, "models/bad/onnx")
	var manifest struct {
		About     string `json:"about"`
		GoodModel struct {
			Input  [][]float64 `json:"input"`
			Output [][]float64 `json:"output"`
		} `json:"good_model"`
		MadeWith map[string]string `json:"made_with"`
		Files    []struct {
			File        string `json:"file"`
			Expect      string `json:"expect"`
			Why         string `json:"why"`
			Bytes       int    `json:"bytes"`
			ONNXRuntime string `json:"onnxruntime"`
		} `json:"files"`
	}
	if err := readGolden(filepath.Join(folder, "MANIFEST.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	passed, failed := 0, 0
	for _, f := range manifest.Files {
		n, err := ReadFile(filepath.Join(folder, f.File))
		switch {
		case err != nil && f.Expect == "accept", err == nil && f.Expect == "error":
			t.Errorf("%s (%s): want %s, got %v", f.File, f.Why, f.Expect, err)
			failed++
			continue
		case f.Expect != "accept" && f.Expect != "error" && f.Expect != "either":
			t.Errorf("%s: unknown expectation %q", f.File, f.Expect)
			failed++
			continue
		case err == nil:
			y, err := n.Predict([]float32{1, 1, 1, 1})
			want := manifest.GoodModel.Output[0]
			if err != nil || len(y) != len(want) || math.Abs(float64(y[0])-want[0]) > 1e-5 || math.Abs(float64(y[1])-want[1]) > 1e-5 {
				t.Errorf("%s (%s): outputs %v, want %v (%v)", f.File, f.Why, y, want, err)
				failed++
				continue
			}
		}
		if testing.Verbose() {
			t.Logf("%s: %v", f.File, err)
		}
		passed++
	}
	t.Logf("onnx/bad: %d passed, %d failed, 0 not yet supported", passed, failed)
}
