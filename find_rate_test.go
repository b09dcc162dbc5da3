package mlp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
)

// A range test leaves everything as it was: the state, and a training that goes on from there.
func TestFindLearningRateLeavesNoTrace(t *testing.T) {
	build := func(scheduled bool) (*Trainer, *Dataset, FitConfig) {
		trainer, data, cfg, _ := optionsTrainer(t)
		if scheduled {
			c := trainer.cfg
			c.Optimizer = AdamW{Schedule: CosineDecay{Initial: 0.01, Steps: 30}}
			trainer, cfg.Callbacks = mustTrainer(t, trainer.net, c), nil
		}
		cfg.Epochs = 2
		return trainer, data, cfg
	}
	for _, scheduled := range []bool{false, true} {
		fit := func(trainer *Trainer, data *Dataset, cfg FitConfig) *History {
			history, err := trainer.Fit(context.Background(), data, cfg)
			if err != nil {
				t.Fatal(err)
			}
			return history
		}
		trainer, data, cfg := build(scheduled)
		fit(trainer, data, cfg)
		want := fit(trainer, data, cfg)
		hash := trainer.net.hash()

		trainer, data, cfg = build(scheduled)
		find := func() {
			before := trainer.snapshotTrainer()
			if _, err := trainer.FindLearningRate(context.Background(), data, RangeTest{}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if _, err := trainer.FindLearningRate(ctx, data, RangeTest{}); !errors.Is(err, context.Canceled) {
				t.Errorf("the error is %v", err)
			}
			if after := trainer.snapshotTrainer(); !reflect.DeepEqual(before, after) {
				t.Errorf("the trainer was %+v, is %+v", before, after)
			}
		}
		find()
		fit(trainer, data, cfg)
		find()
		if got := fit(trainer, data, cfg); !reflect.DeepEqual(got, want) {
			t.Errorf("the training goes on as %v, without range tests as %v", got, want)
		}
		if got := trainer.net.hash(); got != hash {
			t.Errorf("the weights are %s, without range tests %s", got, hash)
		}
	}

	// Every field of a Trainer is state that the snapshot holds, or configuration or scratch.
	known := []string{
		"moments", "opt", "rate", "batches", "sums", "average", // and of net, params and statistics
		"net", "cfg", "loss", "metrics", "testing", "decayed", "penalized", "first",
		"grads", "stages", "dx", "x", "ldx", "xGather", "yGather", "wGather", "scale", "losses", "outputs", "rows", "team", "ending", "step",
	}
	for i := range reflect.TypeFor[Trainer]().NumField() {
		if name := reflect.TypeFor[Trainer]().Field(i).Name; !slices.Contains(known, name) {
			t.Errorf("Trainer has a new field %s: does snapshotTrainer have to keep it? List it here then", name)
		}
	}
}

func TestFindLearningRate(t *testing.T) {
	iris := Iris()
	var scaler StandardScaler
	if err := errors.Join(scaler.Fit(iris), scaler.Transform(iris)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		optimizer Optimizer
		low, high float64 // between which the rate trains well
	}{{Adam{}, 5e-4, 2e-2}, {SGD{}, 2e-2, 0.5}, {SGD{Momentum: 0.9}, 2e-3, 0.1}} {
		n := mustNew(t, 4, Dense{Units: 64, Activation: ReLU}, Dense{Units: 32, Activation: ReLU}, Dense{Units: 3, Activation: Softmax})
		trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: c.optimizer})
		curve, err := trainer.FindLearningRate(context.Background(), iris, RangeTest{})
		if err != nil {
			t.Fatal(err)
		}
		if s := curve.Suggestion; !(s > c.low && s < c.high) || !slices.Contains(curve.Rates, s) {
			t.Errorf("%T: the suggestion is %v, want %v … %v", c.optimizer, s, c.low, c.high)
		}
		if k := len(curve.Rates); len(curve.Losses) != k || len(curve.Smoothed) != k || k > 100 || k < 50 {
			t.Errorf("%T: %d rates, %d losses, %d smoothed ones", c.optimizer, k, len(curve.Losses), len(curve.Smoothed))
		}
		if first, tenth := curve.Rates[0], curve.Rates[10]; first != 1e-7 || math.Abs(tenth/math.Pow(10, -7+8*10./99)-1) > 1e-12 {
			t.Errorf("rates %v, %v", first, tenth)
		}
	}

	curve := RateCurve{Rates: []float64{1, 2, 4, 8, 16, 32}, Smoothed: []float64{9, 8, 7.5, 5, 6, 2.9}}
	curve.suggest(1)
	if curve.Suggestion != 16 {
		t.Errorf("the suggestion is %v", curve.Suggestion)
	}
	curve = RateCurve{Rates: []float64{1, 2, 4, 8, 16, 32}, Smoothed: []float64{9, 8, 7.5, 4, 8, 4.1}} // falls again after its smallest value
	if curve.suggest(1); curve.Suggestion != 4 {
		t.Errorf("the suggestion is %v", curve.Suggestion)
	}
	curve = RateCurve{Rates: []float64{1, 2, 4}, Smoothed: []float64{1, 2, 3}}
	if curve.suggest(0); curve.Suggestion != 0 {
		t.Errorf("the suggestion is %v for a loss that never falls", curve.Suggestion)
	}

	trainer := mustTrainer(t, mustNew(t, 4, Dense{Units: 1}), TrainerConfig{Loss: MeanSquaredError{}, Optimizer: SGD{}})
	for _, c := range []struct {
		cfg  RangeTest
		data *Dataset
		want []string
	}{
		{RangeTest{From: -1}, iris, []string{"From is -1", "From > 0"}},
		{RangeTest{From: 11}, iris, []string{"To is 10", "To > From, which is 11"}},
		{RangeTest{To: math.Inf(1)}, iris, []string{"To is +Inf"}},
		{RangeTest{Steps: 1}, iris, []string{"Steps is 1", "2 <= Steps"}},
		{RangeTest{Steps: -5}, iris, []string{"Steps is -5"}},
		{RangeTest{From: 1e20, To: 1e30}, iris, []string{"diverges", "1e+20"}},
		{RangeTest{}, nil, []string{"no rows"}},
	} {
		curve, err := trainer.FindLearningRate(context.Background(), c.data, c.cfg)
		wantError(t, fmt.Sprintf("FindLearningRate(%+v)", c.cfg), curve == nil, err, c.want)
	}
}
