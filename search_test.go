package mlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// irisSearch is a search of 8 candidates, one of which diverges.
var (
	irisSpace = Space{"units": Values(2, 8), "rate": Values(1e-4, 1e-3, 1e-2, 1e30)}
	irisBuild = func(p Params) (Estimator, error) {
		e := irisEstimator(p.Int("units"), 6, 0)
		e.Trainer.Optimizer = SGD{LearningRate: p.Float("rate")}
		return e, nil
	}
)

// describe is all of a result that does not depend on the clock.
func describe(t *testing.T, r *SearchResult) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, r.Rungs, r.Metric, r.Mode)
	for _, trial := range r.Trials {
		scores := *trial.Scores
		fmt.Fprintln(&b, trial.Number, trial.Params, trial.Seed, trial.Rung, trial.Resource, *withoutTimes(&scores))
	}
	if r.Network != nil {
		fmt.Fprintln(&b, r.History.Metrics)
		if err := r.Network.Save(&b); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestSearch(t *testing.T) {
	d, folds := irisFolds(t, 3)
	ctx := context.Background()
	r, err := Search(ctx, d, folds, irisSpace, irisBuild, SearchConfig{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if r.Metric != "accuracy" || r.Mode != Max || len(r.Trials) != 8 || len(r.Rungs) != 1 {
		t.Fatalf("metric %q, mode %v, %d trials, rungs %v", r.Metric, r.Mode, len(r.Trials), r.Rungs)
	}
	for i, trial := range r.Trials {
		p := trial.Params
		e, _ := irisBuild(p)
		e.Trainer.Seed = 5 + uint64(trial.Number)
		want, err := CrossValidate(ctx, d, folds, func() (Estimator, error) { return e, nil }, CrossValidation{})
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(withoutTimes(trial.Scores)) != fmt.Sprint(withoutTimes(want)) {
			t.Errorf("trial %d (%v): %+v, want %+v", trial.Number, p, trial.Scores, want)
		}
		diverges := p.Float("rate") == 1e30
		if diverges != (i >= 6) || diverges != (trial.Scores.Diverged != nil) {
			t.Errorf("place %d has %v, which diverges: %v", i, p, trial.Scores.Diverged)
		}
		if i == 0 {
			continue
		}
		before := r.Trials[i-1]
		a, b := before.Scores.Test["accuracy"].Mean(), trial.Scores.Test["accuracy"].Mean()
		if a < b || a == b && before.Number > trial.Number {
			t.Errorf("places %d and %d have %v and %v", i-1, i, a, b)
		}
	}
	// The best network is that of its parameters and seed on all rows.
	e, _ := irisBuild(r.Trials[0].Params)
	e.Trainer.Seed = r.Trials[0].Seed
	want, err := e.train(ctx, d, rowOrder(nil, 150, false))
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if err := errors.Join(r.Network.Save(&a), want.net.Save(&b)); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("the network is another than the best trial's on all rows (%v)", err)
	}
	if r.Network.Scaler == nil || len(r.Network.FeatureNames) != 4 || len(r.Network.ClassNames) != 3 {
		t.Error("the network lacks its scaler or names")
	}
}

// Nothing depends on the number of workers, with and without halving.
func TestSearchWorkers(t *testing.T) {
	d, folds := irisFolds(t, 3)
	for _, cfg := range []SearchConfig{
		{}, {Trials: 5, RandomState: 2, Metric: "loss"}, {Halving: &Halving{Factor: 2}, Seed: 9},
		{Halving: &Halving{Resource: Rows, Factor: 2}},
	} {
		want := ""
		for _, workers := range []int{1, 2, 3, 8} {
			cfg.Workers = workers
			r, err := Search(context.Background(), d, folds, irisSpace, irisBuild, cfg)
			if err != nil {
				t.Fatal(err)
			}
			got := describe(t, r)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%+v: %d workers give another result than 1", cfg, workers)
			}
		}
	}
}

func TestSearchHalving(t *testing.T) {
	d, folds := irisFolds(t, 3)
	ctx := context.Background()
	for _, resource := range []Resource{Epochs, Rows} {
		r, err := Search(ctx, d, folds, irisSpace, irisBuild, SearchConfig{Halving: &Halving{Resource: resource, Factor: 2}})
		if err != nil {
			t.Fatal(err)
		}
		want := "[{8 1} {4 2} {2 4}]"
		if resource == Rows {
			want = "[{8 18} {4 36} {2 72} {1 144}]"
		}
		if fmt.Sprint(r.Rungs) != want {
			t.Errorf("%v: rungs %v, want %s", resource, r.Rungs, want)
		}
		last := len(r.Rungs) - 1
		if r.Trials[0].Rung != last || r.Trials[0].Resource != r.Rungs[last].Resource {
			t.Errorf("%v: the best trial ended in rung %d with %d", resource, r.Trials[0].Rung, r.Trials[0].Resource)
		}
		if epochs := len(r.History.Epochs); resource == Epochs && epochs != 4 || resource == Rows && epochs != 6 {
			t.Errorf("%v: the best network was trained for %d epochs", resource, epochs)
		}
		// Whoever came into a rung beat all that did not.
		for i, rung := range r.Rungs[:last] {
			stopped, passed := 0, 0
			for _, trial := range r.Trials {
				if trial.Rung == i {
					stopped++
				} else if trial.Rung > i {
					passed++
				}
			}
			if passed != r.Rungs[i+1].Candidates || stopped+passed != rung.Candidates {
				t.Errorf("%v: of rung %d, %d stopped and %d passed", resource, i, stopped, passed)
			}
		}
		e, _ := irisBuild(r.Trials[7].Params)
		e.Trainer.Seed, e.Fit.Epochs = r.Trials[7].Seed, 6
		first := folds[1]
		if resource == Epochs {
			e.Fit.Epochs = 1
		} else {
			first = first.part(18, 150, 0)
		}
		run, err := e.runFold(ctx, d, first, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Trials[7].Scores.Test["loss"][1]; math.Float64bits(got) != math.Float64bits(run.test["loss"]) {
			t.Errorf("%v: the last trial's loss is %v, want %v", resource, got, run.test["loss"])
		}
	}
}

// A search that is interrupted goes on from its log, wherever the log ends, to the result of one that is not.
func TestSearchLog(t *testing.T) {
	d, folds := irisFolds(t, 3)
	for _, halving := range []*Halving{nil, {Factor: 2}} {
		path := filepath.Join(t.TempDir(), "search.log")
		cfg := SearchConfig{Halving: halving, Workers: 2, Log: path}
		var trainings atomic.Int32
		build := func(p Params) (Estimator, error) {
			e, err := irisBuild(p)
			e.Fit.Callbacks = []Callback{Hooks{EpochBegin: func(*Training) error { trainings.Add(1); return nil }}}
			return e, err
		}
		run := func() string {
			r, err := Search(context.Background(), d, folds, irisSpace, build, cfg)
			if err != nil {
				t.Fatal(err)
			}
			return describe(t, r)
		}
		want := run()
		all := trainings.Swap(0)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.SplitAfter(whole, []byte("\n"))
		trials := 0
		for _, cut := range []int{0, 1, len(lines[0]), len(lines[0]) + len(lines[1])/2, len(whole) - 1, len(whole)} {
			if err := os.WriteFile(path, whole[:cut], 0o666); err != nil {
				t.Fatal(err)
			}
			trainings.Store(0)
			if got := run(); got != want {
				t.Errorf("a log that was cut after %d of %d bytes gives another result", cut, len(whole))
			}
			n := int(trainings.Load())
			if cut == 0 && n != int(all) || cut == len(lines[0]) && n >= int(all) {
				t.Errorf("after %d bytes of the log there are %d trained epochs, of %d in all", cut, n, all)
			}
			again, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			logged, err := parseSearchLog(again)
			if err != nil {
				t.Fatal(err)
			}
			if trials == 0 {
				trials = len(logged)
			}
			if len(logged) != trials || len(lines)-1 != trials {
				t.Errorf("the log has %d trials, want %d", len(logged), trials)
			}
		}
	}
}

func TestSearchCanceled(t *testing.T) {
	d, folds := irisFolds(t, 3)
	path := filepath.Join(t.TempDir(), "search.log")
	cfg := SearchConfig{Workers: 2, Log: path}
	want, err := Search(context.Background(), d, folds, irisSpace, irisBuild, SearchConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var epochs atomic.Int32
	r, err := Search(ctx, d, folds, irisSpace, func(p Params) (Estimator, error) {
		e, err := irisBuild(p)
		e.Fit.Callbacks = []Callback{Hooks{EpochEnd: func(*Training) error {
			if epochs.Add(1) == 50 {
				cancel()
			}
			return nil
		}}}
		return e, err
	}, cfg)
	if !errors.Is(err, context.Canceled) || r == nil || r.Network != nil || len(r.Trials) == 0 || len(r.Trials) == 8 {
		t.Fatalf("%+v, %v, want some trials and context.Canceled", r, err)
	}
	// The callback is gone, which is another training.
	_, err = Search(context.Background(), d, folds, irisSpace, irisBuild, cfg)
	if err == nil || !strings.Contains(err.Error(), "trained in another way") {
		t.Errorf("error %v, want one about another training", err)
	}
	r, err = Search(context.Background(), d, folds, irisSpace, func(p Params) (Estimator, error) {
		e, err := irisBuild(p)
		e.Fit.Callbacks = []Callback{Hooks{}}
		return e, err
	}, cfg)
	if err != nil || describe(t, r) != describe(t, want) {
		t.Errorf("the search that went on has another result than one without interruption (%v)", err)
	}
}

func TestSearchLogMismatch(t *testing.T) {
	d, folds := irisFolds(t, 3)
	path := filepath.Join(t.TempDir(), "search.log")
	ctx := context.Background()
	search := func(d *Dataset, space Space, cfg SearchConfig) error {
		cfg.Log, cfg.NoRefit = path, true
		_, err := Search(ctx, d, folds, space, irisBuild, cfg)
		return err
	}
	random := SearchConfig{Trials: 3}
	if err := search(d, irisSpace, random); err != nil {
		t.Fatal(err)
	}
	if err := search(d, irisSpace, SearchConfig{Trials: 5}); err != nil {
		t.Errorf("more trials of the same kind: %v", err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := d.Clone()
	other.X[7]++
	for _, tt := range []struct {
		d     *Dataset
		space Space
		cfg   SearchConfig
		want  string
	}{
		{d, irisSpace, SearchConfig{Trials: 3}, "it has 5 trials in rung 0, of which the search has 3"},
		{d, irisSpace, SearchConfig{Trials: 5, Seed: 1}, "had the seed"},
		{d, irisSpace, SearchConfig{Trials: 5, RandomState: 1}, "there and {"},
		{d, irisSpace, SearchConfig{Trials: 5, Halving: &Halving{}}, "epochs or rows"},
		{other, irisSpace, SearchConfig{Trials: 5}, "saw other rows"},
	} {
		if err := search(tt.d, tt.space, tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v, want %q", tt.cfg, err, tt.want)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("a search that was refused has changed the log (%v)", err)
	}
	if err := os.WriteFile(path, []byte("{}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := search(d, irisSpace, random); err == nil || !strings.Contains(err.Error(), "line 1 is not a trial") {
		t.Errorf("error %v, want one about line 1", err)
	}
	const another = `{"the only": "copy"}`
	if err := os.WriteFile(path, []byte(another), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := search(d, irisSpace, random); err == nil || !strings.Contains(err.Error(), "no part of a trial") {
		t.Errorf("error %v, want one about the end of the log", err)
	}
	if left, err := os.ReadFile(path); err != nil || string(left) != another {
		t.Errorf("a file that is no log is %q now (%v)", left, err)
	}
}

// A search finds texts again in its log as they are in its Space.
func TestSearchLogTexts(t *testing.T) {
	d, folds := irisFolds(t, 2)
	space := Space{"name": Values("<&>", "\u2028\"")}
	build := func(p Params) (Estimator, error) {
		p.Text("name")
		return irisEstimator(2, 1, 0.01), nil
	}
	cfg := SearchConfig{Log: filepath.Join(t.TempDir(), "search.log"), NoRefit: true}
	for range 2 {
		if _, err := Search(context.Background(), d, folds, space, build, cfg); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSearchErrors(t *testing.T) {
	d, folds := irisFolds(t, 3)
	own := errors.New("of my own")
	units := Space{"units": Values(2, 4)}
	small := func(p Params) (Estimator, error) { return irisEstimator(p.Int("units"), 1, 0.1), nil }
	with := func(change func(e *Estimator, units int)) func(Params) (Estimator, error) {
		return func(p Params) (Estimator, error) {
			e, err := small(p)
			change(&e, p.Int("units"))
			return e, err
		}
	}
	for _, tt := range []struct {
		space Space
		build func(Params) (Estimator, error)
		cfg   SearchConfig
		want  string
	}{
		{units, func(Params) (Estimator, error) { return Estimator{}, own }, SearchConfig{}, "trial 0 (units=2): of my own"},
		{Space{"unit": Values(2)}, small, SearchConfig{}, `no hyper-parameter "units", the Space has ["unit"]`},
		{Space{"units": Values(2.5)}, small, SearchConfig{}, `"units" is 2.5, want a whole number`},
		{Space{"units": Values(2), "rate": Values(0.1)}, small, SearchConfig{}, `the Space has "rate", but build never asks for it`},
		{units, small, SearchConfig{Metric: "auc"}, `Metric is "auc", but its Estimator has ["loss" "accuracy"]`},
		{units, small, SearchConfig{Halving: &Halving{Min: 2}}, "needs 2 epochs, and there are 1"},
		{units, small, SearchConfig{Halving: &Halving{Resource: Rows, Max: 151}}, "Halving.Max is 151, and there are 150 rows"},
		{units, with(func(e *Estimator, units int) { e.Fit.Epochs = units }), SearchConfig{Halving: &Halving{}}, "Halving wants all to agree"},
		{units, with(func(e *Estimator, _ int) { e.Layers = []Layer{nil} }), SearchConfig{}, "layer 0 is nil"},
		{units, with(func(e *Estimator, units int) { e.Layers[0] = Dropout{Rate: float64(units) / 4} }), SearchConfig{}, "trial 1 (units=4): layer 0 (mlp.Dropout)"},
		{units, with(func(e *Estimator, _ int) { e.Trainer.Optimizer = SGD{LearningRate: -1} }), SearchConfig{}, "LearningRate"},
		{units, with(func(e *Estimator, _ int) { e.Trainer.Loss = MeanSquaredError{} }), SearchConfig{}, "(fold 0 of trial 0: units=2)"},
		{units, with(func(e *Estimator, _ int) { e.Trainer.Optimizer = SGD{LearningRate: 1e30} }), SearchConfig{}, "diverged"},
		{units, small, SearchConfig{Log: "."}, "the log ."},
	} {
		for _, workers := range []int{1, 3} {
			tt.cfg.Workers = workers
			_, err := Search(context.Background(), d, folds, tt.space, tt.build, tt.cfg)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		}
	}
}

// Elsewhere than on a terminal each rung gets a line.
func TestSearchProgress(t *testing.T) {
	d, folds := irisFolds(t, 2)
	var b strings.Builder
	cfg := SearchConfig{Halving: &Halving{Factor: 2}, Progress: ProgressLog{Writer: &b}, NoRefit: true}
	if _, err := Search(context.Background(), d, folds, irisSpace, irisBuild, cfg); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], " 8/14 [================>.............] - ") || !strings.Contains(lines[0], "s - accuracy: 0.") ||
		!strings.HasPrefix(lines[2], "14/14 [==============================] - ") || !strings.HasSuffix(lines[2], ", 4 epochs)") {
		t.Errorf("progress:\n%s", b.String())
	}
}

func TestParams(t *testing.T) {
	p := Params{names: []string{"a\"", "b", "c", "d"}, values: []Value{
		Values("x\n").(list)[0], Values(1e-5).(list)[0], Values(1 << 20).(list)[0], Values(true).(list)[0]}}
	if got := p.String(); got != "a\"=x\n b=1e-05 c=1048576 d=true" {
		t.Errorf("%q", got)
	}
	b, err := p.MarshalJSON()
	if want := `{"a\"":"x\n","b":1e-05,"c":1048576,"d":true}`; err != nil || string(b) != want {
		t.Errorf("%s, %v, want %s", b, err, want)
	}
	if !p.Bool("d") || p.Float("c") != 1<<20 || p.Int("b") != 0 || p.Text("e") != "" || len(p.Names()) != 4 {
		t.Error("a getter is wrong")
	}
	if v, ok := p.Get("b"); !ok || v.String() != "1e-05" {
		t.Error("Get")
	} else if f, isNumber := v.Number(); !isNumber || f != 1e-5 {
		t.Error("Number")
	}
}

// FuzzSearchLog reads what may have become of a log.
func FuzzSearchLog(f *testing.F) {
	f.Add([]byte(`{"trial":0,"rung":0,"params":{"units":2},"data":"a","training":"b","seed":0,"scores":[{"name":"loss","test":[1.5,"NaN"]}],` +
		`"parameters":9,"fit_seconds":[0.1,0.2],"score_seconds":[0,0],"diverged":{"epoch":0,"step":1,"layer":-1,"loss":"+Inf"}}` + "\n"))
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"scores":[{"test":[` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := parseSearchLog(text)
		if err != nil {
			return
		}
		for _, line := range lines {
			c := line.scores()
			for _, name := range c.Names {
				if len(c.Test[name])%len(c.FitTime) != 0 { // a name that stands twice has twice as many
					t.Errorf("%d scores of %d folds", len(c.Test[name]), len(c.FitTime))
				}
			}
		}
	})
}
