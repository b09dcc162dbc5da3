package mlp

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// scaledSplit returns a training and a test set with the features scaled by the former.
func scaledSplit(t *testing.T, d *Dataset, cfg SplitConfig) (train, test *Dataset) {
	t.Helper()
	train, test, err := TrainTestSplit(d, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var s StandardScaler
	if err := errors.Join(s.Fit(train), s.Transform(train), s.Transform(test)); err != nil {
		t.Fatal(err)
	}
	return train, test
}

// checkerboard returns points of a square of four fields, whose class is the field's colour.
func checkerboard(rows int, seed uint32) *Dataset {
	random := NewRandomState(seed)
	d := &Dataset{Features: 2, Targets: 1}
	for range rows {
		x, y := random.Uniform(-2, 2), random.Uniform(-2, 2)
		d.X = append(d.X, float32(x), float32(y))
		class := float32(0)
		if (x > 0) == (y > 0) {
			class = 1
		}
		d.Y = append(d.Y, class)
	}
	return d
}

// stack returns equal hidden layers and a Softmax of three.
func stack(hidden int, layers ...Layer) []Layer {
	return append(slices.Repeat(layers, hidden), Dense{Units: 3, Activation: Softmax})
}

// tabular returns two hidden layers behind noise, with dropout and a penalty.
func tabular(units int, noise, dropout, l2 float64) []Layer {
	r := Regularizer{L2: l2}
	return []Layer{
		GaussianNoise{StdDev: noise},
		Dense{Units: units, Activation: ReLU, WeightRegularizer: r}, Dropout{Rate: dropout},
		Dense{Units: units, Activation: ReLU, WeightRegularizer: r}, Dropout{Rate: dropout},
		Dense{Units: 2, Activation: Softmax, WeightRegularizer: r},
	}
}

// Each illness is named, its remedies take it away, and the walk-through's training is healthy. A network's weights are the same bits
// everywhere, so the test's accuracies are as certain as the findings.
func TestMonitorFindings(t *testing.T) {
	iris, irisTest := scaledSplit(t, Iris(), SplitConfig{TestSize: 0.2, RandomState: 42})
	table, err := MakeClassification(ClassificationConfig{Samples: 400, Features: 20, Informative: 4, FlipY: 0.2, RandomState: 4})
	if err != nil {
		t.Fatal(err)
	}
	noisy, noisyTest := scaledSplit(t, table, SplitConfig{TestSize: 0.5, RandomState: 1})
	board, boardTest := checkerboard(400, 5), checkerboard(400, 6)
	normalised := func(act Activation) []Layer {
		return []Layer{Dense{Units: 16, WeightInit: HeNormal}, BatchNorm{Momentum: 0.9}, ActivationLayer{act}}
	}
	relu := Dense{Units: 16, Activation: ReLU, WeightInit: HeNormal}
	fast := SGD{LearningRate: 0.2, Momentum: 0.9}
	clipped := fast
	clipped.Clip = Clip{GlobalNorm: 0.2}
	one := func(units int) []Layer {
		return []Layer{Dense{Units: units, Activation: ReLU}, Dense{Units: 2, Activation: Softmax}}
	}
	biased := func(act Activation, bias Initializer) []Layer {
		return []Layer{Dense{Units: 64, Activation: act, BiasInit: bias}, Dense{Units: 3, Activation: Softmax}}
	}
	healthy := []Trouble(nil)
	for _, c := range []struct {
		name             string
		train, test      *Dataset
		layers           []Layer
		optimizer        Optimizer
		epochs           int
		want             []Trouble
		epoch, layer     int     // of the first finding
		accuracy, atMost float64 // on the test: at least, at most
	}{
		{"walk-through", iris, irisTest, []Layer{Dense{Units: 64, Activation: ReLU}, Dense{Units: 32, Activation: ReLU}, Dense{Units: 3, Activation: Softmax}},
			Adam{}, 50, healthy, 0, 0, 1, 1},

		{"deep sigmoid", iris, irisTest, stack(8, Dense{Units: 16, Activation: Sigmoid}), Adam{}, 30, []Trouble{VanishingGradients}, 0, 0, 0.3, 0.3},
		{"ReLU", iris, irisTest, stack(8, relu), Adam{}, 30, healthy, 0, 0, 0.9, 1},
		{"BatchNorm", iris, irisTest, stack(8, normalised(Sigmoid)...), Adam{}, 30, healthy, 0, 0, 0.9, 1},
		{"ReLU and BatchNorm", iris, irisTest, stack(8, normalised(ReLU)...), Adam{}, 30, healthy, 0, 0, 0.9, 1},

		{"high rate", iris, irisTest, stack(10, relu), fast, 30, []Trouble{ExplodingGradients}, 2, 1, math.NaN(), 0},
		{"clipped", iris, irisTest, stack(10, relu), clipped, 30, healthy, 0, 0, 0.9, 1},
		{"lower rate", iris, irisTest, stack(10, relu), SGD{LearningRate: 0.02, Momentum: 0.9}, 30, healthy, 0, 0, 0.9, 1},
		{"high rate, BatchNorm", iris, irisTest, stack(10, normalised(ReLU)...), fast, 30, healthy, 0, 0, 0.9, 1},

		{"biases of -5", iris, irisTest, biased(ReLU, Constant(-5)), Adam{}, 20, []Trouble{DeadUnits}, 0, 0, 0.2, 0.5},
		{"biases of -5, leaky", iris, irisTest, biased(LeakyReLU(0.2), Constant(-5)), Adam{LearningRate: 0.01}, 20, healthy, 0, 0, 0.9, 1},
		{"biases of 0", iris, irisTest, biased(ReLU, Zeros), Adam{}, 20, healthy, 0, 0, 0.9, 1},

		{"few rows", noisy, noisyTest, tabular(64, 0, 0, 0), Adam{}, 100, []Trouble{Overfitting}, 14, -1, 0.8, 0.855},
		{"L2", noisy, noisyTest, tabular(64, 0, 0, 0.02), Adam{}, 100, healthy, 0, 0, 0.855, 1},
		{"dropout", noisy, noisyTest, tabular(64, 0, 0.6, 0), Adam{}, 100, healthy, 0, 0, 0.87, 1},
		{"noise", noisy, noisyTest, tabular(64, 1, 0, 0), Adam{}, 100, healthy, 0, 0, 0.82, 1},
		{"smaller network", noisy, noisyTest, tabular(4, 0, 0, 0), Adam{}, 100, healthy, 0, 0, 0.84, 1},

		{"one unit", board, boardTest, one(1), Adam{LearningRate: 0.01}, 50, []Trouble{Underfitting}, 0, -1, 0.5, 0.7},
		{"low rate", board, boardTest, one(16), Adam{LearningRate: 1e-5}, 50, []Trouble{Underfitting}, 0, -1, 0.4, 0.6},
		{"three epochs", board, boardTest, one(16), Adam{}, 3, []Trouble{Underfitting}, 0, -1, 0.5, 0.85},
		{"larger, faster, longer", board, boardTest, one(16), Adam{LearningRate: 0.01}, 50, healthy, 0, 0, 0.98, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.train == noisy {
				t.Skip("trains for 100 epochs")
			}
			n := mustNew(t, c.train.Features, c.layers...)
			seed := uint64(0)
			if _, ok := c.optimizer.(SGD); ok {
				seed = 5 // in other orders of the rows, the high rate may kill the units before the numbers overflow
			}
			trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: c.optimizer, Metrics: []Metric{Accuracy{}}, BatchSize: 16, Seed: seed})
			var m Monitor
			_, err := trainer.Fit(context.Background(), c.train, FitConfig{Epochs: c.epochs, ValidationData: c.test, Callbacks: []Callback{&m}})
			var diverged *DivergedError
			if errors.As(err, &diverged) != (c.accuracy != c.accuracy) {
				t.Fatal(err)
			}
			r := m.Report()
			var got []Trouble
			for _, f := range r.Findings {
				got = append(got, f.Trouble)
				if len(f.Remedies) == 0 || f.Evidence == "" {
					t.Errorf("%v has no evidence or remedies", f)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("findings %v, want %v:\n%v", got, c.want, r)
			}
			if len(got) > 0 && (r.Findings[0].Epoch != c.epoch || r.Findings[0].Layer != c.layer) {
				t.Errorf("epoch %d, layer %d, want %d and %d:\n%v", r.Findings[0].Epoch, r.Findings[0].Layer, c.epoch, c.layer, r)
			}
			if diverged != nil {
				return
			}
			scores, err := trainer.Evaluate(context.Background(), c.test)
			if err != nil {
				t.Fatal(err)
			}
			if a := scores["accuracy"]; !(a >= c.accuracy && a <= c.atMost) {
				t.Errorf("the accuracy is %.4g, want %v to %v", a, c.accuracy, c.atMost)
			}
		})
	}
}

// The numbers of a layer, computed in another way.
func TestMonitorNumbers(t *testing.T) {
	const rate = 0.1
	d := blobs(32, 3)
	n := mustNew(t, 4, Dense{Units: 19, Activation: ReLU, BiasInit: Constant(-1)}, Dense{Units: 3, NoBias: true, Activation: Softmax})
	before := n.Clone()
	trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: SGD{LearningRate: rate}})
	var m Monitor
	if _, err := trainer.Fit(context.Background(), d, FitConfig{Callbacks: []Callback{&m}}); err != nil {
		t.Fatal(err)
	}
	hidden := mustNew(t, 4, Dense{Units: 19, Activation: ReLU})
	if err := hidden.SetWeights(0, before.Weights(0)...); err != nil {
		t.Fatal(err)
	}
	for i, net := range []*Network{hidden, before} {
		outputs, err := net.Predict(d.X)
		if err != nil {
			t.Fatal(err)
		}
		var weights, update, mean, square float64
		for j, w := range before.Weights(i) {
			for k, v := range w.Values {
				weights += float64(v) * float64(v)
				change := float64(n.Weights(i)[j].Values[k]) - float64(v)
				update += change * change
			}
		}
		dead, units := 0.0, net.Outputs()
		for u := range units {
			top := float32(0)
			for r := range 32 {
				v := outputs[r*units+u]
				top = max(top, v)
				mean += float64(v) / float64(len(outputs))
				square += float64(v) * float64(v) / float64(len(outputs))
			}
			if top == 0 {
				dead += 1 / float64(units)
			}
		}
		l := m.Report().Epochs[0].Layers[i]
		for _, c := range []struct {
			what      string
			got, want float64
		}{
			{"gradient norm", l.GradientNorm, math.Sqrt(update) / rate}, {"update ratio", l.UpdateRatio, math.Sqrt(update / weights)},
			{"dead share", l.Dead, dead}, {"mean", l.Mean, mean}, {"deviation", l.StdDev, math.Sqrt(square - mean*mean)},
		} {
			if !(math.Abs(c.got-c.want) <= 1e-5*math.Abs(c.want)) { // the differences of the weights are of float32
				t.Errorf("layer %d: %s %v, want %v", i, c.what, c.got, c.want)
			}
		}
		if i == 0 && !(dead > 0 && dead < 1) {
			t.Errorf("%v of the units are dead, the test wants some", dead)
		}
	}
}

// A Monitor changes nothing, and a training that is interrupted after any step and resumed reports the same.
func TestMonitorResumes(t *testing.T) {
	fit := func(ctx context.Context, checkpoint Checkpoint, callbacks ...Callback) (string, *History, int, error) {
		trainer, data, cfg, _ := optionsTrainer(t)
		cfg.Callbacks = append(cfg.Callbacks, callbacks...)
		cfg.Checkpoint = checkpoint
		history, err := trainer.Fit(ctx, data, cfg)
		return trainer.net.hash(), history, trainer.batches, err
	}
	hash, history, total, err := fit(context.Background(), Checkpoint{})
	if err != nil {
		t.Fatal(err)
	}
	var whole Monitor
	watched, watchedHistory, _, err := fit(context.Background(), Checkpoint{}, &whole)
	if err != nil || watched != hash || !reflect.DeepEqual(watchedHistory, history) {
		t.Errorf("with a Monitor, the weights are %s, want %s; error %v", watched, hash, err)
	}
	want := whole.Report()
	if len(want.Epochs) != len(history.Epochs) || len(want.Epochs[0].Layers) != 5 {
		t.Fatalf("%+v", want)
	}
	path := filepath.Join(t.TempDir(), "checkpoint")
	for stop := 1; stop < total; stop++ {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var m Monitor
		interrupt := Hooks{BatchEnd: func(t *Training) error {
			if t.Trainer.batches == stop {
				cancel()
			}
			return nil
		}}
		if _, _, _, err := fit(ctx, Checkpoint{Path: path}, &m, interrupt); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		var resumed Monitor
		if _, _, _, err := fit(context.Background(), Checkpoint{Path: path}, &resumed, Hooks{}); err != nil {
			t.Fatal(err)
		}
		if got := resumed.Report(); got.String() != want.String() || !equalEpochs(got.Epochs, want.Epochs) {
			t.Fatalf("stopped after step %d and resumed, the report is\n%v\nwant\n%v", stop, got, want)
		}
	}
}

func equalEpochs(a, b []EpochRecord) bool {
	return slices.EqualFunc(a, b, func(a, b EpochRecord) bool {
		return a.Epoch == b.Epoch && a.Loss == b.Loss && a.ValidationLoss == b.ValidationLoss && a.Penalty == b.Penalty && slices.Equal(a.Layers, b.Layers)
	})
}

// A state that is cut short or of another network is refused.
func TestMonitorState(t *testing.T) {
	var state []byte
	hooks := func(units int, use func(h Hooks)) {
		n := mustNew(t, 4, Dense{Units: units, Activation: ReLU}, Dense{Units: 3, Activation: Softmax})
		trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}})
		var m Monitor
		if _, err := trainer.Fit(context.Background(), blobs(40, 1), FitConfig{Epochs: 2, Callbacks: []Callback{&m, Hooks{EpochEnd: func(tr *Training) error {
			h, err := m.Start(tr)
			use(h)
			return err
		}}}}); err != nil {
			t.Fatal(err)
		}
	}
	hooks(17, func(h Hooks) { state, _ = h.State() })
	hooks(17, func(h Hooks) {
		for n := range state {
			if h.Restore(&Training{}, state[:n]) == nil {
				t.Fatalf("%d of %d bytes are taken", n, len(state))
			}
		}
	})
	hooks(18, func(h Hooks) {
		if h.Restore(&Training{}, state) == nil {
			t.Error("another network's state is taken")
		}
	})
}

func TestMonitorReportString(t *testing.T) {
	r := MonitorReport{Baseline: 0.7, Epochs: []EpochRecord{{Epoch: 0, Loss: 0.6, ValidationLoss: math.NaN()}}}
	r.Findings = r.diagnose()
	const want = "under-fitting since epoch 0: after 1 epochs the loss is 0.6, 86 % of the 0.7 that the mean of the targets gives for every row\n  try a larger network"
	if !strings.HasPrefix(r.String(), want) {
		t.Errorf("%s", r.String())
	}
	if got := (&MonitorReport{}).String(); got != "Nothing is wrong.\n" {
		t.Errorf("an empty report says %q", got)
	}
}

// The rules at their thresholds, on epochs with a Dense layer of 4 ReLU units in front of one of 1.
func TestMonitorThresholds(t *testing.T) {
	report := func(epochs int, change func(i int, e *EpochRecord)) *MonitorReport {
		r := &MonitorReport{Baseline: 1}
		for i := range epochs {
			e := EpochRecord{Epoch: i, Loss: 0.5, ValidationLoss: 0.5, Layers: []LayerRecord{
				{GradientNorm: 1, UpdateRatio: 0.001, weights: 4, units: 4, dense: true}, {GradientNorm: 1, UpdateRatio: 0.001, weights: 4, dense: true},
			}}
			change(i, &e)
			r.Epochs = append(r.Epochs, e)
		}
		return r
	}
	// rising falls in training by half, and rises in validation from its best epoch on.
	rising := func(by, penalty float64) func(i int, e *EpochRecord) {
		return func(i int, e *EpochRecord) {
			e.Loss, e.Penalty = 0.5/float64(1+i)+penalty, penalty
			e.ValidationLoss = 0.5 + penalty
			if i >= 8 {
				e.ValidationLoss += by
			}
		}
	}
	for _, c := range []struct {
		name   string
		report *MonitorReport
		want   []Trouble
		epoch  int
	}{
		{"healthy", report(3, func(i int, e *EpochRecord) {}), nil, 0},
		{"a large step in one epoch", report(3, func(i int, e *EpochRecord) { e.Layers[1].UpdateRatio = []float64{0.1, 2, 0.1}[i] }), nil, 0},
		{"large steps", report(3, func(i int, e *EpochRecord) { e.Layers[1].UpdateRatio = []float64{0.1, 1.01, 2}[i] }), []Trouble{ExplodingGradients}, 1},
		{"large steps, between them nothing seen", report(3, func(i int, e *EpochRecord) {
			if e.Layers[1].UpdateRatio = 2; i == 1 {
				e.Layers = nil
			}
		}), []Trouble{ExplodingGradients}, 0},
		{"growth by 999", report(4, func(i int, e *EpochRecord) { e.Layers[0].GradientNorm = []float64{1, 10, 999, 999}[i] }), nil, 0},
		{"growth by 1001", report(4, func(i int, e *EpochRecord) { e.Layers[0].GradientNorm = []float64{1, 10, 1001, 2000}[i] }), []Trouble{ExplodingGradients}, 2},
		{"half dead", report(3, func(i int, e *EpochRecord) { e.Layers[0].Dead = 0.5 }), nil, 0},
		{"more dead", report(3, func(i int, e *EpochRecord) { e.Layers[0].Dead = []float64{0.25, 0.75, 0.75}[i] }), []Trouble{DeadUnits}, 1},
		{"vanishing", report(3, func(i int, e *EpochRecord) { e.Layers[0].GradientNorm = 0.0009 }), []Trouble{VanishingGradients}, 0},
		{"hardly vanishing", report(3, func(i int, e *EpochRecord) { e.Layers[0].GradientNorm = 0.0011 }), nil, 0},
		{"vanishing in the last layer", report(3, func(i int, e *EpochRecord) { e.Layers[1].GradientNorm = 0 }), nil, 0},
		{"the dead let no gradient through", report(3, func(i int, e *EpochRecord) { e.Layers[0].Dead, e.Layers[0].GradientNorm = 1, 0 }), []Trouble{DeadUnits}, 0},
		{"a rise of 8 %", report(13, rising(0.04, 0)), nil, 0},
		{"a rise of 12 %", report(13, rising(0.06, 0)), []Trouble{Overfitting}, 5},
		{"a rise that is shorter than five epochs", report(12, rising(0.06, 0)), nil, 0},
		{"a rise of 12 %, of half with the penalty", report(13, rising(0.06, 0.5)), []Trouble{Overfitting}, 5},
		{"a rise where training stands still", report(13, func(i int, e *EpochRecord) { rising(0.06, 0)(i, e); e.Loss = 0.5 }), nil, 0},
		{"a rise far below the baseline", report(13, func(i int, e *EpochRecord) {
			e.Loss, e.ValidationLoss = 0.005/float64(1+i), 0.005*float64(1+i/6)
		}), nil, 0},
		{"little learned", report(1, func(i int, e *EpochRecord) { e.Loss, e.ValidationLoss = 0.76, 0.8 }), []Trouble{Underfitting}, 0},
		{"little learned for the dropout", report(1, func(i int, e *EpochRecord) { e.Loss, e.ValidationLoss = 0.8, 0.74 }), nil, 0},
		{"a large penalty", report(1, func(i int, e *EpochRecord) { e.Loss, e.ValidationLoss, e.Penalty = 0.8, 0.8, 0.1 }), nil, 0},
		{"no baseline", &MonitorReport{Baseline: math.NaN(), Epochs: []EpochRecord{{Loss: 5, ValidationLoss: math.NaN()}}}, nil, 0},
	} {
		var got []Trouble
		findings := c.report.diagnose()
		for _, f := range findings {
			got = append(got, f.Trouble)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, findings, c.want)
		} else if len(got) > 0 && findings[0].Epoch != c.epoch {
			t.Errorf("%s: since epoch %d, want %d: %v", c.name, findings[0].Epoch, c.epoch, findings)
		}
	}
}
