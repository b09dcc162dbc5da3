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
		{CSVConfig{Categories: map[string][]string{"color": nil}, NoHeader: true}, `Categories has "color", which is no feature; there are x0 to x3`},
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

// TestOneHotEncoderUnseen fits rows that lack categories: with IgnoreUnknown these have no column, and are known by name
// all the same. Chunks of a Source give the same.
func TestOneHotEncoderUnseen(t *testing.T) {
	d := &Dataset{
		X: []float32{0, 1, 3, 2, 3, 3}, Features: 2, FeatureNames: []string{"size", "color"},
		Categories: [][]string{nil, {"blue", "green", "red", "white"}},
	}
	e := &OneHotEncoder{IgnoreUnknown: true}
	if err := e.Fit(d); err != nil {
		t.Fatal(err)
	}
	streamed := &OneHotEncoder{IgnoreUnknown: true}
	if err := FitPreprocessor(t.Context(), streamed, chunked{d: d, rows: 1}); err != nil || !reflect.DeepEqual(streamed, e) {
		t.Errorf("streamed %+v, %v, want %+v", streamed, err, e)
	}
	if want := []float64{1, 2, 3}; !slices.Equal(e.Categories[1], want) || len(e.CategoryNames[1]) != 4 {
		t.Errorf("categories %v, want %v of 4: %q", e.Categories[1], want, e.CategoryNames[1])
	}
	rows := &Dataset{X: []float32{7, 0, 8, 3}, Features: 2, FeatureNames: d.FeatureNames, Categories: d.Categories}
	if err := e.Transform(rows); err != nil {
		t.Fatal(err)
	}
	if want := []float32{7, 0, 0, 0, 8, 0, 0, 1}; !slices.Equal(rows.X, want) {
		t.Errorf("X %v, want %v", rows.X, want)
	}
	if want := []string{"size", "color_green", "color_red", "color_white"}; !slices.Equal(rows.FeatureNames, want) {
		t.Errorf("features %q, want %q", rows.FeatureNames, want)
	}
	if err := e.InverseTransform(rows); err != nil || !sameFloats(rows.X, []float32{7, nan32, 8, 3}) {
		t.Errorf("comes back as %v, %v", rows.X, err)
	}
	n, err := New(4, Dense{Units: 1})
	if err != nil {
		t.Fatal(err)
	}
	n.Initialize(1)
	n.FeatureNames, n.Scaler = d.FeatureNames, e
	var file bytes.Buffer
	if err := n.Save(&file); err != nil {
		t.Fatal(err)
	}
	if n, err = Load(&file); err != nil || !reflect.DeepEqual(n.Scaler, Preprocessor(e)) {
		t.Fatalf("loaded %+v, %v", n, err)
	}
	if cfg := n.CSVConfig(); len(cfg.Categories["color"]) != 4 || cfg.AllowMissing {
		t.Errorf("%+v", cfg)
	}
	e.Categories[1][2] = 4
	if err := e.Transform(d.Clone()); err == nil || !strings.Contains(err.Error(), "has 3 categories and 4 names") {
		t.Errorf("a category without a name: error %v", err)
	}
}

// The categories, names and numbers of scikit-learn 1.9.1.
func TestOneHotEncoderMissing(t *testing.T) {
	x := []float32{1, 5, nan32, nan32, 2, 5, 1, nan32}
	unseen := []float32{3, nan32, nan32, 4}
	for _, test := range []struct {
		encoder      OneHotEncoder
		names        []string
		want, ignore []float32
		back         []float32 // of ignore
	}{
		{OneHotEncoder{}, []string{"x0_1", "x0_2", "x0_nan", "x1_5", "x1_nan"},
			[]float32{1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1},
			[]float32{0, 0, 0, 0, 1, 0, 0, 1, 0, 0}, []float32{nan32, nan32, nan32, nan32}},
		{OneHotEncoder{Drop: DropFirst}, []string{"x0_2", "x0_nan", "x1_nan"},
			[]float32{0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1},
			[]float32{0, 0, 1, 0, 1, 0}, []float32{1, nan32, nan32, 5}},
		{OneHotEncoder{Drop: DropIfBinary}, []string{"x0_1", "x0_2", "x0_nan", "x1_nan"},
			[]float32{1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1},
			[]float32{0, 0, 0, 1, 0, 0, 1, 0}, []float32{nan32, nan32, nan32, 5}},
	} {
		d := &Dataset{X: slices.Clone(x), Features: 2}
		e := &test.encoder
		if err := firstError(e.Fit(d), e.Transform(d)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.X, test.want) || !slices.Equal(d.FeatureNames, test.names) {
			t.Errorf("drop %d: %v %q, want %v %q", e.Drop, d.X, d.FeatureNames, test.want, test.names)
		}
		if err := e.InverseTransform(d); err != nil || !sameFloats(d.X, x) {
			t.Errorf("drop %d: comes back as %v, error %v", e.Drop, d.X, err)
		}

		e.IgnoreUnknown = true
		net, err := New(len(test.names), Dense{Units: 1})
		if err != nil {
			t.Fatal(err)
		}
		net.Scaler = e
		loaded, err := Load(bytes.NewReader(save(t, net)))
		if err != nil {
			t.Fatal(err)
		}
		d = &Dataset{X: slices.Clone(unseen), Features: 2}
		if err := loaded.Scaler.Transform(d); err != nil || !slices.Equal(d.X, test.ignore) {
			t.Errorf("drop %d: after Load %v, want %v, error %v", e.Drop, d.X, test.ignore, err)
		}
		if err := loaded.Scaler.InverseTransform(d); err != nil || !sameFloats(d.X, test.back) {
			t.Errorf("drop %d: after Load comes back as %v, want %v, error %v", e.Drop, d.X, test.back, err)
		}
	}
}

// A text that is missing is a category too, also where a Source has it in a late row.
func TestOneHotEncoderMissingText(t *testing.T) {
	pets := readPets(t)
	pets.X = append(slices.Repeat(pets.X[:5*pets.Features], 500), pets.X[5*pets.Features:]...) // which misses the color
	pets.Y = append(slices.Repeat(pets.Y[:5], 500), pets.Y[5:]...)
	var e, sourced OneHotEncoder
	if err := firstError(e.Fit(pets), FitPreprocessor(context.Background(), &sourced, chunked{d: pets, rows: 700})); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", sourced), fmt.Sprintf("%+v", e); got != want {
		t.Errorf("from a Source %s, want %s", got, want)
	}
	d := pets.Clone()
	if err := e.Transform(d); err != nil {
		t.Fatal(err)
	}
	if want := []string{"weight", "color_black", "color_brown", "color_white", "color_nan", "age"}; !slices.Equal(d.FeatureNames, want) {
		t.Errorf("features %q, want %q", d.FeatureNames, want)
	}
	net, err := New(d.Features, Dense{Units: 2, Activation: Softmax})
	if err != nil {
		t.Fatal(err)
	}
	net.Scaler, net.FeatureNames = &e, pets.FeatureNames
	if cfg := net.CSVConfig(); !cfg.AllowMissing || len(cfg.Categories["color"]) != 3 {
		t.Errorf("a text may be missing, and the CSVConfig is %+v", cfg)
	}
	if err := e.InverseTransform(d); err != nil || !sameFloats(d.X, pets.X) || !reflect.DeepEqual(d.Categories, pets.Categories) {
		t.Errorf("comes back as %q, error %v", d.Categories, err)
	}
}

func TestLabelEncoderMissing(t *testing.T) {
	var e LabelEncoder[float64]
	if err := e.Fit([]float64{2.5, math.NaN(), 1, math.NaN(), 2.5}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(e.Classes); got != "[1 2.5 NaN]" {
		t.Errorf("classes %s", got)
	}
	if got, err := e.Transform([]float64{math.NaN(), 1, 2.5}); err != nil || !slices.Equal(got, []int{2, 0, 1}) {
		t.Errorf("numbers %v, error %v", got, err)
	}
	if err := e.Fit([]float64{1, 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Transform([]float64{math.NaN()}); err == nil {
		t.Error("NaN has a number, and was no label")
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
	named := &Dataset{X: missing.X, Features: 2, FeatureNames: []string{"width", "height"}}
	nan, one := math.NaN(), &Dataset{X: []float32{1}, Features: 1}
	broken := &Dataset{X: []float32{1.5}, Features: 1, Categories: [][]string{{"a", "b"}}}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"quantiles":         {(&RobustScaler{Low: 60, High: 40}).Fit(iris), "Low is 60 and High is 40"},
		"infinite quantile": {(&RobustScaler{High: 50, UnitVariance: true}).Fit(iris), "neither end with UnitVariance"},
		"norm":              {(&Normalizer{Norm: 9}).Fit(iris), "Norm is 9"},
		"a missing length":  {normalizer.Transform(missing), "NaN is not finite"},
		"lost lengths":      {normalizer.InverseTransform(missing), "are lost"},
		"strategy":          {(&SimpleImputer{Strategy: 9}).Fit(iris), "Strategy is 9"},
		"fill value":        {(&SimpleImputer{FillValue: 1e300}).Fit(iris), "FillValue is 1e+300"},
		"no value":          {(&SimpleImputer{}).Fit(missing), `feature "x1" has no value in any row`},
		"no value, by name": {Pipeline{&SimpleImputer{Strategy: ImputeConstant}}.Fit(named), `feature "height" has no value in any row`},
		"drop":              {(&OneHotEncoder{Drop: 9}).Fit(iris), "Drop is 9"},
		"no feature":        {(&OneHotEncoder{Columns: []string{"color"}}).Fit(iris), `no feature "color"`},
		"no column":         {(&OneHotEncoder{Drop: DropFirst}).Fit(missing), `feature "x1" has 1 categories`},
		"NaN amid categories": {(&OneHotEncoder{FeatureNames: []string{"a"}, Categories: [][]float64{{nan, 1}}, CategoryNames: make([][]string, 1)}).Transform(one),
			"not numbers in rising order"},
		"unknown":             {fitted.Transform(&Dataset{X: []float32{1, 4}, Features: 1}), `row 1, feature "x0": Fit saw no category 4`},
		"missing":             {fitted.Transform(&Dataset{X: []float32{nan32}, Features: 1}), "Fit saw no category NaN"},
		"zeros":               {fitted.InverseTransform(zeros), "all columns are 0"},
		"other columns":       {fitted.InverseTransform(iris), "4 features, want 3"},
		"names of categories": {(&OneHotEncoder{FeatureNames: []string{"a"}}).Transform(iris), "0 Categories and 0 CategoryNames for 1 features"},
		"unfitted encoder":    {(&OneHotEncoder{}).Transform(iris), "not fitted"},
		"half a category":     {broken.Validate(), `feature "x0": 1.5 is not a category, want a whole number from 0 to 1`},
		"categories":          {(&Dataset{X: []float32{1}, Features: 1, Categories: [][]string{nil, nil}}).Validate(), "2 Categories for 1 features"},
		"no steps":            {Pipeline{}.Fit(iris), "there are no steps"},
		"nil step":            {Pipeline{nil}.Fit(iris), "step 0 is nil"},
		"nested":              {Pipeline{Pipeline{}}.Fit(iris), "step 0 is a Pipeline itself"},
		"failing step":        {Pipeline{&SimpleImputer{}, &OneHotEncoder{Drop: 9}}.Fit(iris), "(step 1 of a Pipeline)"},
		"unfitted":            {Pipeline{&SimpleImputer{}}.Transform(iris), "step 0: not fitted"},
		"chain":               {Pipeline{pipeline[0], &fitted}.Transform(iris), "step 1 takes 1 features, but the one before gives 4"},
		"pipeline's features": {pipeline.Transform(missing), "the dataset has 2 features, want 4"},
		"labels":              {new(LabelEncoder[string]).Fit(nil), "there are no labels"},
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
