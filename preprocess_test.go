package mlp

import (
	"math"
	"slices"
	"strings"
	"testing"
)

var nan32 = float32(math.NaN())

func TestScalersUndoThemselves(t *testing.T) {
	for name, scaler := range map[string]Preprocessor{
		"StandardScaler":        &StandardScaler{},
		"without mean":          &StandardScaler{NoMean: true},
		"without deviation":     &StandardScaler{NoStd: true},
		"MinMaxScaler":          &MinMaxScaler{},
		"MinMaxScaler, -1 to 1": &MinMaxScaler{Low: -1, High: 1},
		"MaxAbsScaler":          &MaxAbsScaler{},
		"RobustScaler":          &RobustScaler{},
		"without center":        &RobustScaler{NoCenter: true, Low: 10, High: 80},
		"without scale":         &RobustScaler{NoScale: true},
		"Pipeline":              Pipeline{&SimpleImputer{}, &RobustScaler{UnitVariance: true}, &MinMaxScaler{}},
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
		scaler Preprocessor
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
		"before Fit":              {new(StandardScaler).Transform(iris), "StandardScaler: Transform: not fitted"},
		"inverse before Fit":      {new(MinMaxScaler).InverseTransform(iris), "MinMaxScaler: InverseTransform: not fitted"},
		"other features":          {fitted.Transform(two), "the dataset has 2 features, want 4 as in Fit"},
		"inverse, other features": {fitted.InverseTransform(two), "the dataset has 2 features, want 4 as in Fit"},
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

// The numbers of scikit-learn 1.9.1's partial_fit on the same rows in the same parts.
func TestStandardScalerUpdate(t *testing.T) {
	x := []float32{
		1, 5, nan32,
		nan32, 5, 2.5,
		3, 5, -1,
		10.5, 5, 7,
		-4, 5, nan32,
		1e3, 5, 0.125,
		0.1, 5, 3,
	}
	var s StandardScaler
	for _, part := range []struct {
		from, to               int
		mean, variance, scales []float64
		samples                []int
	}{
		{0, 2, []float64{1, 5, 2.5}, []float64{0, 0, 0}, []float64{1, 1, 1}, []int{1, 2, 1}},
		{2, 3, []float64{2, 5, 0.75}, []float64{1, 0, 3.0625}, []float64{1, 1, 1.75}, []int{2, 3, 2}},
		{3, 7, []float64{168.4333333335817, 5, 2.325}, []float64{138319.58888880527, 0, 7.647499999999999},
			[]float64{371.9134158494491, 1, 2.7654113618049663}, []int{6, 7, 5}},
	} {
		before, mean := s, slices.Clone(s.Mean)
		if err := s.Update(&Dataset{X: x[part.from*3 : part.to*3], Features: 3}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Mean, part.mean) || !slices.Equal(s.Var, part.variance) || !slices.Equal(s.Scale, part.scales) || !slices.Equal(s.Samples, part.samples) {
			t.Errorf("rows %d to %d give %+v, want %+v", part.from, part.to, s, part)
		}
		if !slices.Equal(before.Mean, mean) {
			t.Error("Update changes a copy of the scaler")
		}
	}
	before := s
	if err := s.Update(&Dataset{X: []float32{nan32, nan32, nan32}, Features: 3}); err != nil || !slices.Equal(s.Var, before.Var) || !slices.Equal(s.Samples, before.Samples) {
		t.Errorf("rows without values turn %+v into %+v, error %v", before, s, err)
	}
	if err := s.Update(&Dataset{X: []float32{1, 2}, Features: 2}); err == nil || !strings.Contains(err.Error(), "has 2 features, the scaler has 3") {
		t.Error(err)
	}
}

func TestOneHotEncoderNamesNumbers(t *testing.T) {
	d := &Dataset{X: []float32{1e6, -2, 0.5}, Features: 1}
	e := OneHotEncoder{Columns: []string{"x0"}}
	if err := e.Fit(d); err != nil {
		t.Fatal(err)
	}
	if err := e.Transform(d); err != nil {
		t.Fatal(err)
	}
	if want := []string{"x0_-2", "x0_0.5", "x0_1000000"}; !slices.Equal(d.FeatureNames, want) {
		t.Errorf("features %q, want %q", d.FeatureNames, want)
	}
}
