package mlp

import (
	"math"
	"slices"
	"strings"
	"testing"
)

var nan32 = float32(math.NaN())

func TestScalersUndoThemselves(t *testing.T) {
	for name, scaler := range map[string]Scaler{
		"StandardScaler":        &StandardScaler{},
		"without mean":          &StandardScaler{NoMean: true},
		"without deviation":     &StandardScaler{NoStd: true},
		"MinMaxScaler":          &MinMaxScaler{},
		"MinMaxScaler, -1 to 1": &MinMaxScaler{Low: -1, High: 1},
	} {
		d, want := Iris(), Iris()
		if err := scaler.Fit(d); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.X, want.X) {
			t.Errorf("%s: Fit changes the dataset", name)
		}
		if err := scaler.Transform(d); err != nil {
			t.Fatal(err)
		}
		row := slices.Clone(want.X[:4])
		if allocs := testing.AllocsPerRun(10, func() {
			copy(row, want.X[:4])
			scaler.transformRow(row, row)
		}); allocs != 0 {
			t.Errorf("%s: transformRow allocates %v times", name, allocs)
		}
		if !slices.Equal(row, d.X[:4]) {
			t.Errorf("%s: a row becomes %v, in the dataset %v", name, row, d.X[:4])
		}
		if err := scaler.InverseTransform(d); err != nil {
			t.Fatal(err)
		}
		for i, v := range d.X { // float32 rounds twice, at magnitudes up to Iris's 8 and back
			if math.Abs(float64(v-want.X[i])) > 1e-6 {
				t.Fatalf("%s: value %d comes back as %v, was %v", name, i, v, want.X[i])
			}
		}
	}
}

func TestScalersLeaveMissingValues(t *testing.T) {
	x := []float32{
		1, 5, nan32,
		nan32, 5, nan32,
		3, 5, nan32,
	}
	standard := []float32{-1, 0, nan32, nan32, 0, nan32, 1, 0, nan32}
	minMax := []float32{0, 0, nan32, nan32, 0, nan32, 1, 0, nan32}
	for _, test := range []struct {
		scaler Scaler
		want   []float32
	}{{&StandardScaler{}, standard}, {&MinMaxScaler{}, minMax}} {
		d := &Dataset{X: slices.Clone(x), Features: 3}
		if err := test.scaler.Fit(d); err != nil {
			t.Fatal(err)
		}
		if err := test.scaler.Transform(d); err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(d.X, test.want, func(a, b float32) bool { return a == b || a != a && b != b }) {
			t.Errorf("%T: %v, want %v", test.scaler, d.X, test.want)
		}
	}
}

func TestMinMaxScalerClips(t *testing.T) {
	s := &MinMaxScaler{Low: -1, High: 1, Clip: true}
	if err := s.Fit(&Dataset{X: []float32{0, 10}, Features: 1}); err != nil {
		t.Fatal(err)
	}
	d := &Dataset{X: []float32{-5, 5, 15, nan32}, Features: 1}
	if err := s.Transform(d); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.X[:3], []float32{-1, 0, 1}) || d.X[3] == d.X[3] {
		t.Errorf("%v, want [-1 0 1 NaN]", d.X)
	}
}

func TestScalerErrors(t *testing.T) {
	iris := Iris()
	var fitted StandardScaler
	if err := fitted.Fit(iris); err != nil {
		t.Fatal(err)
	}
	two := &Dataset{X: []float32{1, 2}, Features: 2}
	infinite := &Dataset{X: []float32{1, float32(math.Inf(1))}, Features: 2}
	empty := &Dataset{Features: 4}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"before Fit":              {new(StandardScaler).Transform(iris), "StandardScaler: Transform: the scaler is not fitted"},
		"inverse before Fit":      {new(MinMaxScaler).InverseTransform(iris), "MinMaxScaler: InverseTransform: the scaler is not fitted"},
		"other features":          {fitted.Transform(two), "the dataset has 2 features, the scaler is fitted to 4"},
		"inverse, other features": {fitted.InverseTransform(two), "the dataset has 2 features, the scaler is fitted to 4"},
		"fields that do not fit":  {(&StandardScaler{Mean: []float64{1}}).Transform(two), "1 means and 0 scales"},
		"offsets that do not fit": {(&MinMaxScaler{Scale: []float64{1}}).Transform(two), "0 offsets and 1 scales"},
		"no rows":                 {new(StandardScaler).Fit(empty), "no rows"},
		"infinite":                {new(StandardScaler).Fit(infinite), "+Inf is not finite"},
		"transform infinite":      {(&StandardScaler{Mean: make([]float64, 2), Scale: make([]float64, 2)}).Transform(infinite), "+Inf is not finite"},
		"empty range":             {(&MinMaxScaler{Low: 2, High: 2}).Fit(iris), "Low is 2 and High is 2"},
		"reversed range":          {(&MinMaxScaler{Low: 2, High: 1}).Fit(iris), "want finite Low < High"},
		"range of NaN":            {(&MinMaxScaler{Low: math.NaN(), High: 1}).Fit(iris), "want finite Low < High"},
		"infinite range":          {(&MinMaxScaler{High: math.Inf(1)}).Fit(iris), "want finite Low < High"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.HasPrefix(test.err.Error(), "mlp: ") {
			t.Errorf("%s: error %v, want one with %q", name, test.err, test.want)
		}
	}
	if !slices.Equal(iris.X, Iris().X) {
		t.Error("a Transform that is refused changes the dataset")
	}
}
