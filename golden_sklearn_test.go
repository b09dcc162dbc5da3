package mlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"testing"
)

// TestGoldenSklearn repeats what NumPy and scikit-learn returned; testdata/golden/sklearn/README.md has the formats.
func TestGoldenSklearn(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(goldenFolder(t, "golden/sklearn"), "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c tally
	unsupported := map[string]int{}
	for _, path := range files {
		var file sklearnFile
		decodeGolden(t, path, &file)
		for i, text := range file.Cases {
			err := file.check(text)
			var feature errUnsupported
			switch {
			case err == nil:
				c.passed++
			case errors.As(err, &feature):
				c.unsupported++
				unsupported[filepath.Base(path)+": "+string(feature)]++
			default:
				c.failed++
				t.Errorf("%s: case %d: %v\n%.300s", filepath.Base(path), i, err, text)
			}
		}
	}
	for _, feature := range slices.Sorted(maps.Keys(unsupported)) {
		t.Logf("not yet supported: %s (%d cases)", feature, unsupported[feature])
	}
	c.log(t, "sklearn")
}

// errUnsupported names a feature that the library lacks.
type errUnsupported string

func (e errUnsupported) Error() string { return "not yet supported: " + string(e) }

// errZero tells of an argument 0 that a config cannot say, because its zero means the default. Where scikit-learn
// refuses the 0, that is as good as a refusal.
const errZero = errUnsupported("an explicit 0 where a zero field means the default")

// sklearnFile is one file of the set.
type sklearnFile struct {
	Format    int               `json:"format"`
	About     string            `json:"about"`
	Set       string            `json:"set"`
	MadeWith  map[string]string `json:"made_with"`
	Tolerance json.RawMessage   `json:"tolerance"`
	Cases     []json.RawMessage `json:"cases"`
}

// check runs one case; a key tells its kind.
func (f *sklearnFile) check(text []byte) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &keys); err != nil {
		return err
	}
	if f.Format != 1 {
		return fmt.Errorf("format %d, want 1", f.Format)
	}
	has := func(key string) bool { return keys[key] != nil }
	var c interface{ check(f *sklearnFile) error }
	switch {
	case has("metric"):
		c = &metricCase{}
	case has("scaler"):
		switch name := unquoted(keys["scaler"]); name {
		case "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Normalizer", "SimpleImputer":
			c = &scalerCase{}
		case "LabelEncoder":
			c = &labelEncoderCase{}
		case "OneHotEncoder":
			c = &oneHotCase{}
		default:
			return errUnsupported(name)
		}
	case has("seed"):
		c = &randomStateCase{}
	case has("kind"):
		c = &splitCase{}
	case has("fn"):
		c = &syntheticCase{}
	case has("steps"):
		c = &traceCase{}
	case has("pipeline"):
		c = &pipelineCase{}
	case has("params"):
		c = &syntheticCase{Fn: "make_classification"}
	default:
		return errors.New("a case of no known kind")
	}
	if err := decodeStrict(text, c); err != nil {
		return err
	}
	return c.check(f)
}

// unquoted returns a JSON text without its quotes and escapes, and all else as it stands.
func unquoted(text []byte) string {
	var s string
	if bytes.HasPrefix(text, []byte(`"`)) && json.Unmarshal(text, &s) == nil {
		return s
	}
	return string(text)
}

// checkRefused reports that a call which scikit-learn refuses gave no error.
func checkRefused(err error, want string) error {
	if err == nil {
		return fmt.Errorf("no error, want a refusal as scikit-learn's: %s", want)
	}
	return nil
}

// tolerance bounds |got-want| by Atol + Rtol·|want|.
type tolerance struct {
	Rtol float64 `json:"rtol"`
	Atol float64 `json:"atol"`
}

// tolerance returns the bound that the file gives for the first of those kinds of numbers, or else the set's.
func (f *sklearnFile) tolerance(kinds ...string) tolerance {
	var bounds map[string]json.RawMessage
	if json.Unmarshal(f.Tolerance, &bounds) == nil { // else it is one word for all, "exact"
		for _, kind := range kinds {
			var bound tolerance
			if text, ok := bounds[kind]; ok && json.Unmarshal(text, &bound) == nil {
				return bound
			}
		}
	}
	return tolerance{Rtol: 1e-12, Atol: 1e-12}
}

// check compares numbers; NaN is equal to NaN.
func (tol tolerance) check(what string, got []float64, want []goldenFloat) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		g, w := got[i], float64(w)
		if g != w && !(math.Abs(g-w) <= tol.Atol+tol.Rtol*math.Abs(w)) && !(math.IsNaN(g) && math.IsNaN(w)) {
			return fmt.Errorf("%s: value %d is %v, want %v", what, i, g, w)
		}
	}
	return nil
}

// checkEqual compares integers and words.
func checkEqual[T comparable](what string, got, want []T) error {
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s: %.200v, want %.200v", what, fmt.Sprint(got), fmt.Sprint(want))
	}
	return nil
}

// flatten decodes numbers or lists of lists of them, in row-major order.
func flatten(text []byte) ([]goldenFloat, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(text, &rows); err != nil {
		var v goldenFloat
		err := json.Unmarshal(text, &v)
		return []goldenFloat{v}, err
	}
	flat := []goldenFloat{}
	for _, row := range rows {
		values, err := flatten(row)
		if err != nil {
			return nil, err
		}
		flat = append(flat, values...)
	}
	return flat, nil
}

// goldenMatrix is a number, or a list of numbers, or of rows of them, in row-major order. It is nil for null, which
// stands for what scikit-learn does not keep.
type goldenMatrix []goldenFloat

func (m *goldenMatrix) UnmarshalJSON(text []byte) (err error) {
	if string(text) == "null" {
		return nil
	}
	*(*[]goldenFloat)(m), err = flatten(text)
	return err
}

// floats returns the numbers as float64.
func (m goldenMatrix) floats() []float64 {
	x := make([]float64, len(m))
	for i, v := range m {
		x[i] = float64(v)
	}
	return x
}

// oneOrMany is a number or a list of numbers.
type oneOrMany[T int | float64] []T

func (m *oneOrMany[T]) UnmarshalJSON(text []byte) error {
	var one T
	if json.Unmarshal(text, &one) == nil {
		*m = oneOrMany[T]{one}
		return nil
	}
	return json.Unmarshal(text, (*[]T)(m))
}
