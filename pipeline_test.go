package mlp

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// pets is a table with texts and missing values.
const pets = `weight,color,age,animal
4.1,black,3,cat
22,brown,,dog
3.8,white,7,cat
,brown,5,dog
18.5,black,2,dog
5,,9,cat
`

func readPets(t *testing.T) *Dataset {
	t.Helper()
	d, err := ReadCSV(strings.NewReader(pets), CSVConfig{
		Label:        "animal",
		Categories:   map[string][]string{"color": nil},
		AllowMissing: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReadCSVCategories(t *testing.T) {
	d := readPets(t)
	want := []float32{4.1, 0, 3, 22, 1, nan32, 3.8, 2, 7, nan32, 1, 5, 18.5, 0, 2, 5, nan32, 9}
	if !sameFloats(d.X, want) {
		t.Errorf("X %v, want %v", d.X, want)
	}
	if !reflect.DeepEqual(d.Categories, [][]string{nil, {"black", "brown", "white"}, nil}) {
		t.Errorf("categories %q", d.Categories)
	}
	var file bytes.Buffer
	if err := d.WriteCSV(&file); err != nil {
		t.Fatal(err)
	}
	again, err := ReadCSV(&file, CSVConfig{Label: "animal", Categories: map[string][]string{"color": d.Categories[1]}, AllowMissing: true})
	if err != nil {
		t.Fatal(err)
	}
	if !sameFloats(again.X, d.X) || !reflect.DeepEqual(again.Categories, d.Categories) {
		t.Errorf("written and read again: %v %q", again.X, again.Categories)
	}
	part, err := d.Subset([]int{5})
	if err != nil {
		t.Fatal(err)
	}
	part.Categories[1][0] = "changed"
	if d.Categories[1][0] != "black" {
		t.Error("a Subset shares the categories' memory")
	}

	for _, test := range []struct {
		cfg  CSVConfig
		want string
	}{
		{CSVConfig{Categories: map[string][]string{"color": nil}, Label: "animal"}, `line 3: column "age": "" is a missing value`},
		{CSVConfig{Categories: map[string][]string{"color": nil}, Features: []string{"color"}}, `line 7: column "color": the category is missing`},
		{CSVConfig{Categories: map[string][]string{"color": {"brown", "white"}}, Features: []string{"color"}}, `line 2: column "color": "black" is no category; there are "brown", "white"`},
		{CSVConfig{Categories: map[string][]string{"colour": nil}}, `Categories has "colour", which is no feature`},
		{CSVConfig{Categories: map[string][]string{"color": {"a", "a"}}}, `Categories of "color" has "a" twice`},
		{CSVConfig{Categories: map[string][]string{"color": nil}, NoHeader: true}, "columns have no names"},
	} {
		_, err := ReadCSV(strings.NewReader(pets), test.cfg)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want one with %q", test.cfg, err, test.want)
		}
	}
}

func sameFloats(got, want []float32) bool {
	return slices.EqualFunc(got, want, func(a, b float32) bool { return a == b || a != a && b != b })
}

func TestPipelineEndToEnd(t *testing.T) {
	train := readPets(t)
	raw := train.Clone()
	p := Pipeline{&SimpleImputer{Strategy: ImputeMedian}, &OneHotEncoder{}, &StandardScaler{}}
	if err := p.Fit(train); err != nil {
		t.Fatal(err)
	}
	if !sameFloats(train.X, raw.X) {
		t.Error("Fit changes the dataset")
	}
	if got := p[0].(*SimpleImputer).Statistics; !slices.Equal(got, []float64{5, 0, 5}) {
		t.Errorf("the imputer's statistics %v, want medians and the most frequent color: [5 0 5]", got)
	}
	if err := p.Transform(train); err != nil {
		t.Fatal(err)
	}
	if want := []string{"weight", "color_black", "color_brown", "color_white", "age"}; !slices.Equal(train.FeatureNames, want) || train.Categories != nil {
		t.Errorf("features %q, want %q; categories %q", train.FeatureNames, want, train.Categories)
	}
	net, err := New(train.Features, Dense{Units: 4, Activation: ReLU}, Dense{Units: 2, Activation: Softmax})
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := NewTrainer(net, TrainerConfig{Loss: SparseCategoricalCrossentropy{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trainer.Fit(context.Background(), train, FitConfig{Epochs: 3}); err != nil {
		t.Fatal(err)
	}
	net.FeatureNames, net.ClassNames, net.Scaler = raw.FeatureNames, raw.ClassNames, p

	file := save(t, net)
	loaded, err := Load(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(loaded.Scaler, net.Scaler) || !bytes.Equal(save(t, loaded), file) {
		t.Errorf("a pipeline comes back as %+v", loaded.Scaler)
	}
	d, err := ReadCSV(strings.NewReader(pets), loaded.CSVConfig())
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded.PredictRaw(d.X)
	if err != nil {
		t.Fatal(err)
	}
	want, err := net.Predict(train.X)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) || !sameFloats(d.X, raw.X) {
		t.Errorf("PredictRaw gives %v, Predict of prepared rows %v", got, want)
	}

	if err := p.InverseTransform(train); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(train.FeatureNames, raw.FeatureNames) || !reflect.DeepEqual(train.Categories, raw.Categories) || math.Abs(float64(train.X[3]-22)) > 1e-5 {
		t.Errorf("InverseTransform gives %v %q %q", train.X, train.FeatureNames, train.Categories)
	}
}

// Each preprocessor comes back from a model file as it was.
func TestPreprocessorsAreSaved(t *testing.T) {
	for _, p := range []Preprocessor{
		&MaxAbsScaler{},
		&RobustScaler{NoCenter: true, Low: 10, High: 90, UnitVariance: true},
		&RobustScaler{NoScale: true},
		&Normalizer{Norm: MaxNorm},
		&Normalizer{},
		&SimpleImputer{Strategy: ImputeConstant, FillValue: -1.5, KeepEmpty: true},
		&OneHotEncoder{Columns: []string{"petal_width"}, Drop: DropFirst, IgnoreUnknown: true},
		Pipeline{&SimpleImputer{}, &Normalizer{Norm: L1Norm}, &MinMaxScaler{}},
	} {
		d := Iris()
		if err := p.Fit(d); err != nil {
			t.Fatal(err)
		}
		features, outputs, err := p.fitted()
		if err != nil {
			t.Fatal(err)
		}
		net, err := New(outputs, Dense{Units: 3, Activation: Softmax})
		if err != nil {
			t.Fatal(err)
		}
		net.Scaler, net.FeatureNames = p, d.FeatureNames[:features]
		loaded, err := Load(bytes.NewReader(save(t, net)))
		if err != nil {
			t.Errorf("%+v: %v", p, err)
			continue
		}
		if !reflect.DeepEqual(loaded.Scaler, p) {
			t.Errorf("%+v comes back as %+v", p, loaded.Scaler)
		}
		got, err := loaded.PredictRaw(d.X)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Transform(d); err != nil {
			t.Fatal(err)
		}
		if want, err := net.Predict(d.X); err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v: PredictRaw differs from Predict of prepared rows, error %v", p, err)
		}
	}
}

func TestOneHotEncoderKeepsOtherFeatures(t *testing.T) {
	d := &Dataset{
		X:            []float32{10, 1.5, 0, 20, 2.5, 1, 10, 3.5, 2},
		Features:     3,
		FeatureNames: []string{"size", "weight", "color"},
		Categories:   [][]string{nil, nil, {"blue", "green", "red", "never"}},
	}
	raw := d.Clone()
	e := &OneHotEncoder{Columns: []string{"size"}, Drop: DropIfBinary}
	for _, step := range []func(*Dataset) error{e.Fit, e.Transform} {
		if err := step(d); err != nil {
			t.Fatal(err)
		}
	}
	if want := []float32{0, 1.5, 0, 1, 2.5, 1, 0, 3.5, 2}; !slices.Equal(d.X, want) || d.FeatureNames[0] != "size_20" || d.Categories[2] == nil {
		t.Errorf("X %v, want %v; %q, %q", d.X, want, d.FeatureNames, d.Categories)
	}
	if err := e.InverseTransform(d); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(d, raw) {
		t.Errorf("comes back as %+v, was %+v", d, raw)
	}
	if err := (&StandardScaler{}).Fit(d); err == nil || !strings.Contains(err.Error(), `feature "color" holds categories`) {
		t.Errorf("a scaler takes categories for numbers: error %v", err)
	}
	all := &OneHotEncoder{}
	if err := all.Fit(d); err != nil {
		t.Fatal(err)
	}
	if err := all.Transform(d); err != nil {
		t.Fatal(err)
	}
	if want := []string{"size", "weight", "color_blue", "color_green", "color_red", "color_never"}; !slices.Equal(d.FeatureNames, want) {
		t.Errorf("features %q, want %q", d.FeatureNames, want)
	}
}

func TestPreprocessorErrors(t *testing.T) {
	iris := Iris()
	missing := &Dataset{X: []float32{1, nan32, 2, nan32}, Features: 2}
	var fitted OneHotEncoder
	if err := fitted.Fit(&Dataset{X: []float32{1, 2, 3}, Features: 1}); err != nil {
		t.Fatal(err)
	}
	var pipeline Pipeline = []Preprocessor{&SimpleImputer{}, &StandardScaler{}}
	if err := pipeline.Fit(iris); err != nil {
		t.Fatal(err)
	}
	var normalizer Normalizer
	if err := normalizer.Fit(missing); err != nil {
		t.Fatal(err)
	}
	zeros := &Dataset{X: make([]float32, 3), Features: 3}
	broken := &Dataset{X: []float32{1.5}, Features: 1, Categories: [][]string{{"a", "b"}}}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"quantiles":            {(&RobustScaler{Low: 60, High: 40}).Fit(iris), "Low is 60 and High is 40"},
		"infinite quantile":    {(&RobustScaler{High: 50, UnitVariance: true}).Fit(iris), "neither end with UnitVariance"},
		"norm":                 {(&Normalizer{Norm: 9}).Fit(iris), "Norm is 9"},
		"a missing length":     {normalizer.Transform(missing), "NaN is not finite"},
		"lost lengths":         {normalizer.InverseTransform(missing), "are lost"},
		"strategy":             {(&SimpleImputer{Strategy: 9}).Fit(iris), "Strategy is 9"},
		"fill value":           {(&SimpleImputer{FillValue: 1e300}).Fit(iris), "FillValue is 1e+300"},
		"no value":             {(&SimpleImputer{}).Fit(missing), `feature "x1" has no value in any row`},
		"drop":                 {(&OneHotEncoder{Drop: 9}).Fit(iris), "Drop is 9"},
		"no feature":           {(&OneHotEncoder{Columns: []string{"color"}}).Fit(iris), `no feature "color"`},
		"no category":          {(&OneHotEncoder{}).Fit(missing), `feature "x1" has 0 categories`},
		"unknown":              {fitted.Transform(&Dataset{X: []float32{1, 4}, Features: 1}), `row 1, feature "x0": Fit saw no category 4`},
		"missing":              {fitted.Transform(&Dataset{X: []float32{nan32}, Features: 1}), "Fit saw no category NaN"},
		"zeros":                {fitted.InverseTransform(zeros), "all columns are 0"},
		"other columns":        {fitted.InverseTransform(iris), "4 features, want 3"},
		"names of categories":  {(&OneHotEncoder{FeatureNames: []string{"a"}}).Transform(iris), "0 Categories and 0 CategoryNames for 1 features"},
		"unfitted encoder":     {(&OneHotEncoder{}).Transform(iris), "not fitted"},
		"half a category":      {broken.Validate(), `feature "x0": 1.5 is not a category, want a whole number from 0 to 1`},
		"categories":           {(&Dataset{X: []float32{1}, Features: 1, Categories: [][]string{nil, nil}}).Validate(), "2 Categories for 1 features"},
		"no steps":             {Pipeline{}.Fit(iris), "there are no steps"},
		"nil step":             {Pipeline{nil}.Fit(iris), "step 0 is nil"},
		"nested":               {Pipeline{Pipeline{}}.Fit(iris), "step 0 is a Pipeline itself"},
		"failing step":         {Pipeline{&SimpleImputer{}, &OneHotEncoder{Drop: 9}}.Fit(iris), "(step 1 of a Pipeline)"},
		"unfitted":             {Pipeline{&SimpleImputer{}}.Transform(iris), "step 0: not fitted"},
		"chain":                {Pipeline{pipeline[0], &fitted}.Transform(iris), "step 1 takes 1 features, but the one before gives 4"},
		"pipeline's features":  {pipeline.Transform(missing), "the dataset has 2 features, want 4"},
		"labels":               {new(LabelEncoder[string]).Fit(nil), "there are no labels"},
		"a label that is none": {new(LabelEncoder[float64]).Fit([]float64{math.NaN()}), "label 0 is NaN"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.HasPrefix(test.err.Error(), "mlp: ") {
			t.Errorf("%s: error %v, want one with %q", name, test.err, test.want)
		}
	}
	if !slices.Equal(iris.X, Iris().X) {
		t.Error("a Transform that is refused changes the dataset")
	}
	var e LabelEncoder[string]
	if _, err := e.InverseTransform([]int{0}); err == nil {
		t.Error("a number that is no class has a label")
	}
	net, err := New(4, Dense{Units: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Preprocessor{&StandardScaler{}, &fitted, Pipeline{}} {
		net.Scaler = s
		if _, err := net.PredictRaw(iris.X); err == nil {
			t.Errorf("PredictRaw takes %+v for the Scaler of 4 features", s)
		}
	}
	net.Scaler = pipeline
	if _, err := net.PredictRaw(iris.X[:5]); err == nil {
		t.Error("PredictRaw takes 5 values for rows of 4")
	}
}

func TestNormalQuantile(t *testing.T) {
	for p, want := range map[float64]float64{ // scipy.stats.norm.ppf
		0.5: 0, 0.75: 0.6744897501960817, 0.25: -0.6744897501960817, 0.9: 1.2815515655446004, 0.999: 3.090232306167813,
		0.001: -3.090232306167813, 0.99999: 4.264890793923841,
	} {
		if got := normalQuantile(p); math.Abs(got-want) > 1e-11 { // 1-p, and the error of Φ over its slope there
			t.Errorf("normalQuantile(%v) is %v, want %v", p, got, want)
		}
	}
}

// randomPreprocessor returns a fitted preprocessor that gives as many features as it takes.
func randomPreprocessor(t testing.TB, rng *rand.Rand, features int) Preprocessor {
	d := &Dataset{Features: features}
	for range 5 * features {
		d.X = append(d.X, float32(rng.NormFloat64()))
	}
	for j := range features { // a feature of two values, which an encoder leaves one column
		d.X[j], d.X[features+j], d.X[2*features+j], d.X[3*features+j], d.X[4*features+j] = 3, 5, 3, 3, 5
	}
	list := []Preprocessor{
		&MaxAbsScaler{},
		&RobustScaler{NoCenter: rng.IntN(2) == 0, UnitVariance: rng.IntN(2) == 0, Low: 1 + rng.Float64(), High: 90},
		&Normalizer{Norm: Norm(rng.IntN(3))},
		&SimpleImputer{Strategy: ImputeStrategy(rng.IntN(4)), FillValue: rng.NormFloat64()},
		&OneHotEncoder{Columns: []string{"x0"}, Drop: DropFirst + CategoryDrop(rng.IntN(2)), IgnoreUnknown: true},
	}
	list = append(list, Pipeline{list[rng.IntN(5)], list[rng.IntN(5)]})
	p := list[rng.IntN(len(list))]
	if err := p.Fit(d); err != nil {
		t.Fatal(err)
	}
	return p
}

// FuzzCategories reads any bytes whose column "a" is texts: what is accepted must come back the same after WriteCSV.
func FuzzCategories(f *testing.F) {
	f.Add([]byte("a,b\nx,1\n\"y z\",2\n,3\nx,\n"), true)
	f.Add([]byte("a\n \n"), true)
	f.Add([]byte("b,a\n1,10\n2,9.5\n3,1e1\n"), false)
	f.Fuzz(func(t *testing.T, text []byte, missing bool) {
		cfg := CSVConfig{Categories: map[string][]string{"a": nil}, AllowMissing: missing}
		d, err := ReadCSV(bytes.NewReader(text), cfg)
		if err != nil {
			return
		}
		if err := d.validate("dataset", missing); err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := d.WriteCSV(&file); err != nil {
			t.Fatal(err)
		}
		again, err := ReadCSV(&file, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprintf("%#v", again), fmt.Sprintf("%#v", d); got != want {
			t.Fatalf("wrote\n%s\nread\n%s", want, got)
		}
	})
}
