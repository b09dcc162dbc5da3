package mlp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// irisFolds returns iris and stratified folds of it.
func irisFolds(t testing.TB, n int) (*Dataset, []Fold) {
	t.Helper()
	d := Iris()
	folds, err := KFold(d, FoldConfig{Folds: n, Shuffle: true, Stratify: true})
	if err != nil {
		t.Fatal(err)
	}
	return d, folds
}

// irisEstimator is a small network for iris.
func irisEstimator(units, epochs int, rate float64) Estimator {
	return Estimator{
		Layers: []Layer{Dense{Units: units, Activation: ReLU}, Dense{Units: 3, Activation: Softmax}},
		Scaler: &StandardScaler{},
		Trainer: TrainerConfig{
			Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{LearningRate: rate}, Metrics: []Metric{Accuracy{}},
			BatchSize: 16, Seed: 3,
		},
		Fit: FitConfig{Epochs: epochs},
	}
}

// withoutTimes clears what differs from run to run.
func withoutTimes(c *CrossScores) *CrossScores {
	c.FitTime, c.ScoreTime = nil, nil
	return c
}

// TestCrossValidate compares with a loop written by hand.
func TestCrossValidate(t *testing.T) {
	d, folds := irisFolds(t, 3)
	ctx := context.Background()
	e := irisEstimator(8, 5, 0.01)
	got, err := CrossValidate(ctx, d, folds, func() (Estimator, error) { return e, nil }, CrossValidation{TrainScores: true})
	if err != nil {
		t.Fatal(err)
	}
	if e.Scaler.(*StandardScaler).Mean != nil {
		t.Error("CrossValidate has fitted the caller's scaler")
	}
	if !slices.Equal(got.Names, []string{"loss", "accuracy"}) || got.Parameters != 4*8+8+8*3+3 || len(got.FitTime) != 3 {
		t.Errorf("names %q, %d parameters, %d times", got.Names, got.Parameters, len(got.FitTime))
	}
	for i, fold := range folds {
		train, _ := d.Subset(fold.Train)
		test, _ := d.Subset(fold.Test)
		var scaler StandardScaler
		if err := errors.Join(scaler.Fit(train), scaler.Transform(train), scaler.Transform(test)); err != nil {
			t.Fatal(err)
		}
		n, err := New(4, e.Layers...)
		if err != nil {
			t.Fatal(err)
		}
		n.Initialize(3)
		trainer, err := NewTrainer(n, e.Trainer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trainer.Fit(ctx, train, e.Fit); err != nil {
			t.Fatal(err)
		}
		for set, scores := range map[*Dataset]map[string]FoldScores{train: got.Train, test: got.Test} {
			want, err := trainer.Evaluate(ctx, set)
			if err != nil {
				t.Fatal(err)
			}
			for name, v := range want {
				if scores[name][i] != v {
					t.Errorf("fold %d: %s %v, want %v", i, name, scores[name][i], v)
				}
			}
		}
	}
}

func TestFoldScores(t *testing.T) {
	s := FoldScores{0.9, 1, 0.95} // NumPy: mean 0.9499999999999998, std 0.04082482904638629
	if s.Mean() != 0.9499999999999998 || math.Abs(s.Std()-0.04082482904638629) > 1e-16 || s.String() != "0.9500 ± 0.0408" {
		t.Errorf("%v, %v, %v", s.Mean(), s.Std(), s)
	}
}

// The loss is without penalties, so that networks with more and less of them can be compared.
func TestCrossValidatePenalty(t *testing.T) {
	d, folds := irisFolds(t, 2)
	loss := func(l2 float64) float64 {
		e := irisEstimator(4, 1, 1e-9)
		e.Layers[0] = Dense{Units: 4, WeightRegularizer: Regularizer{L2: l2}}
		c, err := CrossValidate(context.Background(), d, folds, func() (Estimator, error) { return e, nil }, CrossValidation{})
		if err != nil {
			t.Fatal(err)
		}
		return c.Test["loss"].Mean()
	}
	if without, with := loss(0), loss(100); math.Abs(with-without) > 1e-3 {
		t.Errorf("loss %v with L2 of 100, %v without", with, without)
	}
}

// A network that is trained on standardised targets scores in the targets' own units.
func TestEstimatorScaleTargets(t *testing.T) {
	d, err := MakeRegression(RegressionConfig{Samples: 120, Features: 3, Informative: 3, Bias: 1e4, RandomState: 1})
	if err != nil {
		t.Fatal(err)
	}
	folds, err := KFold(d, FoldConfig{Folds: 3})
	if err != nil {
		t.Fatal(err)
	}
	e := Estimator{
		Layers: []Layer{Dense{Units: 1}}, Scaler: &StandardScaler{}, ScaleTargets: true,
		Trainer: TrainerConfig{Loss: MeanSquaredError{}, Optimizer: SGD{LearningRate: 0.1}, Metrics: []Metric{R2Score{}}},
		Fit:     FitConfig{Epochs: 50},
	}
	build := func() (Estimator, error) { return e, nil }
	c, err := CrossValidate(context.Background(), d, folds, build, CrossValidation{TrainScores: true})
	if err != nil {
		t.Fatal(err)
	}
	if r2 := c.Test["r2_score"].Mean(); !(r2 > 0.999) {
		t.Errorf("R² of %v, want nearly 1", r2)
	}
	if r2 := c.Train["r2_score"].Mean(); !(r2 > 0.999) {
		t.Errorf("R² of %v on training rows, want nearly 1", r2)
	}
	e.Layers = []Layer{Dense{Units: 1, Activation: ReLU}}
	_, err = CrossValidate(context.Background(), d, folds, build, CrossValidation{})
	if err == nil || !strings.Contains(err.Error(), "wants a linear Dense") {
		t.Errorf("error %v, want one about the last layer", err)
	}
}

// ValidationSplit must not hold back one class of a sorted table.
func TestEstimatorValidationSplit(t *testing.T) {
	d := Iris()
	e := irisEstimator(8, 20, 0.01)
	e.Fit.ValidationSplit = 0.34
	fit, err := e.train(context.Background(), d, rowOrder(nil, 150, false))
	if err != nil {
		t.Fatal(err)
	}
	loss := fit.history.Metrics["val_loss"]
	if last := loss[len(loss)-1]; !(last < loss[0]) {
		t.Errorf("validation loss from %v to %v", loss[0], last)
	}
}

func TestCrossValidateDiverged(t *testing.T) {
	d, folds := irisFolds(t, 2)
	e := irisEstimator(8, 5, 0)
	e.Trainer.Optimizer = SGD{LearningRate: 1e30}
	build := func() (Estimator, error) { return e, nil }
	c, err := CrossValidate(context.Background(), d, folds, build, CrossValidation{TrainScores: true})
	var diverged *DivergedError
	if err != nil || !errors.As(c.Diverged, &diverged) ||
		!math.IsNaN(c.Test["accuracy"].Mean()) || !math.IsNaN(c.Train["loss"].Mean()) {
		t.Errorf("%+v, %v, want NaN and a DivergedError", c, err)
	}
}

func TestCrossValidateErrors(t *testing.T) {
	d, folds := irisFolds(t, 2)
	own := errors.New("of my own")
	checkpointed := irisEstimator(2, 1, 0.1)
	checkpointed.Fit.Checkpoint.Path = "x"
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		ctx   context.Context
		d     *Dataset
		folds []Fold
		e     Estimator
		err   error
		cfg   CrossValidation
		want  string
	}{
		{d: nil, folds: folds, want: "the dataset has no rows"},
		{d: d, want: "there are no folds"},
		{d: d, folds: []Fold{{Train: []int{0}}}, want: "fold 0 has 1 rows to train on and 0 to test on"},
		{d: d, folds: []Fold{{Train: []int{0}, Test: []int{150}}}, want: "fold 0 has row 150, want 0 … 149"},
		{d: d, folds: folds, cfg: CrossValidation{Workers: -1}, want: "Workers is -1"},
		{d: d, folds: folds, err: own, want: "of my own (fold 0)"},
		{d: d, folds: folds, want: "at least one Dense layer (fold 0)"},
		{d: d, folds: folds, e: checkpointed, want: "Fit.Checkpoint is set"},
		{ctx: canceled, d: d, folds: folds, e: irisEstimator(2, 1, 0.1), want: "context canceled"},
	} {
		ctx := tt.ctx
		if ctx == nil {
			ctx = context.Background()
		}
		_, err := CrossValidate(ctx, tt.d, tt.folds, func() (Estimator, error) { return tt.e, tt.err }, tt.cfg)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
}

func TestLearningCurve(t *testing.T) {
	d := &Dataset{X: []float32{0, 1, 2, 3, 4, 5, 6, 7, 8}, Y: make([]float32, 9), Features: 1, Targets: 1}
	folds, err := KFold(d, FoldConfig{Folds: 3})
	if err != nil {
		t.Fatal(err)
	}
	e := Estimator{Layers: []Layer{Dense{Units: 1}}, Trainer: TrainerConfig{Loss: MeanSquaredError{}, Optimizer: Adam{}}}
	build := func() (Estimator, error) { return e, nil }
	sizes := LearningSizes{Fractions: []float64{0.4, 1}, Shuffle: true, RandomState: 2}
	points, err := LearningCurve(context.Background(), d, folds, build, sizes, CrossValidation{})
	if err != nil {
		t.Fatal(err)
	}
	// The rows that scikit-learn's learning_curve trains on with shuffle and random_state 2.
	rows := [][][]int{{{7, 4}, {8, 7}, {5, 1}}, {{7, 4, 6, 5, 8, 3}, {8, 7, 6, 1, 2, 0}, {5, 1, 3, 0, 4, 2}}}
	for i, x := range []float64{2, 6} {
		if points[i].X != x {
			t.Errorf("point %d has %v rows, want %v", i, points[i].X, x)
		}
		for k, train := range rows[i] {
			want, err := e.runFold(context.Background(), d, Fold{train, folds[k].Test}, true)
			if err != nil {
				t.Fatal(err)
			}
			if points[i].Train["loss"][k] != want.train["loss"] || points[i].Test["loss"][k] != want.test["loss"] {
				t.Errorf("point %d, fold %d differs from a training on rows %v", i, k, train)
			}
		}
	}
}

func TestValidationCurve(t *testing.T) {
	d, folds := irisFolds(t, 3)
	build := func(v float64) (Estimator, error) { return irisEstimator(int(v), 20, 0.01), nil }
	var want string
	for _, workers := range []int{1, 2, 3, 8} {
		points, err := ValidationCurve(context.Background(), d, folds, []float64{1, 16}, build, CrossValidation{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if small, large := points[0].Train["loss"].Mean(), points[1].Train["loss"].Mean(); !(large < small) {
			t.Errorf("the loss of 16 units is %v, of 1 unit %v", large, small)
		}
		got := ""
		for _, p := range points {
			got += fmt.Sprintf("%v %+v ", p.X, *withoutTimes(p.CrossScores))
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%d workers give\n%s, want\n%s", workers, got, want)
		}
	}
	if _, err := ValidationCurve(context.Background(), d, folds, []float64{math.NaN()}, build, CrossValidation{}); err == nil {
		t.Error("a value of NaN is no error")
	}
}

// unfitted knows all preprocessors, and copies what they were told.
func TestUnfitted(t *testing.T) {
	for _, p := range []Preprocessor{
		&StandardScaler{NoMean: true}, &MinMaxScaler{High: 2}, &MaxAbsScaler{}, &RobustScaler{Low: 1, High: 9}, &Normalizer{},
		&SimpleImputer{Strategy: ImputeMedian}, &OneHotEncoder{Columns: []string{"x0"}}, Pipeline{&StandardScaler{NoStd: true}},
	} {
		c := unfitted(p)
		if !reflect.DeepEqual(c, p) {
			t.Errorf("%#v, want %#v", c, p)
		}
		d := &Dataset{X: []float32{1, 2, 3, 4}, Features: 2}
		if err := c.Fit(d); err != nil {
			t.Errorf("%T: %v", p, err)
		}
		if reflect.DeepEqual(c, p) && !slices.Contains([]string{"*mlp.MaxAbsScaler", "*mlp.Normalizer"}, fmt.Sprintf("%T", p)) {
			t.Errorf("%T: fitting the copy has fitted the original", p)
		}
	}
	if c, ok := unfitted(&Pipeline{&MaxAbsScaler{}}).(Pipeline); !ok || len(c) != 1 {
		t.Errorf("of a pointer to a Pipeline there is %#v", c)
	}
	if unfitted(nil) != nil {
		t.Error("of nil there is something")
	}
}
