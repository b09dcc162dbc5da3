package mlp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// blobs returns a data set of three classes in four features.
func blobs(rows int, seed uint64) *Dataset {
	rng := rand.New(rand.NewPCG(seed, 0))
	d := &Dataset{Features: 4, Targets: 1, ClassNames: []string{"a", "b", "c"}}
	for range rows {
		class := rng.IntN(3)
		for j := range 4 {
			d.X = append(d.X, float32(rng.Float64()*2-1+float64((class*(j+1))%3)))
		}
		d.Y = append(d.Y, float32(class))
	}
	return d
}

// mustNew returns a network, or fails the test.
func mustNew(t testing.TB, features int, layers ...Layer) *Network {
	t.Helper()
	n, err := New(features, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func mustTrainer(t testing.TB, n *Network, cfg TrainerConfig) *Trainer {
	t.Helper()
	trainer, err := NewTrainer(n, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

// hash returns a digest of a network's weights and moving statistics.
func (n *Network) hash() string {
	h := sha256.New()
	for i := range n.stages {
		for _, w := range n.Weights(i) {
			for _, v := range w.Values {
				var b [4]byte
				binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
				h.Write(b[:])
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// everything returns a trained network that went through all layers, most activations, and the optimizer given.
func everything(t testing.TB, optimizer Optimizer) *Network {
	n := mustNew(t, 4,
		BatchNorm{},
		Dense{Units: 21, Activation: GELU, WeightRegularizer: Regularizer{L1: 1e-5, L2: 1e-4}, WeightInit: HeNormal},
		Dropout{Rate: 0.2},
		Dense{Units: 16, NoBias: true},
		BatchNorm{NoScale: true},
		ActivationLayer{Activation: LeakyReLU(0.1)},
		Dense{Units: 8, Activation: Tanh},
		Dense{Units: 9, Activation: SELU, WeightInit: LeCunNormal},
		Dense{Units: 7, Activation: Mish},
		Dense{Units: 33, Activation: ReLU},
		Dense{Units: 6, Activation: Softsign},
		Dense{Units: 3, Activation: Softmax},
	)
	n.Initialize(3)
	trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: optimizer, BatchSize: 20, Seed: 5})
	if _, err := trainer.Fit(context.Background(), blobs(150, 1), FitConfig{Epochs: 4, ClassWeights: map[int]float64{1: 1.5}}); err != nil {
		t.Fatal(err)
	}
	return n
}

// The promise: these bits on every kernel, GOARCH, GOAMD64 and number of processors. A change that moves them breaks every
// user's stored results and needs an entry in CHANGELOG.md.
func TestHash(t *testing.T) {
	for _, c := range []struct {
		name      string
		optimizer Optimizer
		want      string
	}{
		{"adam", Adam{LearningRate: 0.01, Clip: Clip{GlobalNorm: 1}}, "72ec3c52992e5209"},
		{"sgd", SGD{LearningRate: 0.05, Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3, Clip: Clip{Norm: 0.5}}, "0f7f9c942438e5e1"},
		{"cosine", AdamW{Schedule: CosineDecay{Initial: 0.001, Steps: 20, WarmupSteps: 5, WarmupTarget: 0.01}}, "daf1381c6c2c6d24"},
	} {
		n := everything(t, c.optimizer)
		t.Logf("%s, kernel %s: %s", c.name, n.Kernel(), n.hash())
		if got := n.hash(); got != c.want {
			t.Errorf("%s: the hash of the weights is %s, want %s", c.name, got, c.want)
		}
	}
	trainer, data, cfg, _ := optionsTrainer(t)
	if _, err := trainer.Fit(context.Background(), data, cfg); err != nil {
		t.Fatal(err)
	}
	const options = "751362d3e45abdd8"
	t.Logf("all options, kernel %s: %s", trainer.net.Kernel(), trainer.net.hash())
	if got := trainer.net.hash(); got != options {
		t.Errorf("all options: the hash of the weights is %s, want %s", got, options)
	}
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	first := everything(t, Nadam{}).hash()
	for _, p := range []int{1, 2, 3} {
		runtime.GOMAXPROCS(p)
		if got := everything(t, Nadam{}).hash(); got != first {
			t.Errorf("GOMAXPROCS %d gives %s, want %s", p, got, first)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	layers := []Layer{
		Dense{Units: 20, Activation: ReLU, WeightRegularizer: Regularizer{L1: 0.01, L2: 0.01}}, BatchNorm{}, Dropout{Rate: 0.5},
		Dense{Units: 20, Activation: GELU}, ActivationLayer{Activation: Softmax}, Dense{Units: 3, Activation: Softmax},
	}
	optimizers := []Optimizer{
		SGD{}, SGD{Momentum: 0.5, Nesterov: true}, Adam{}, Adam{AMSGrad: true}, AdamW{}, Adamax{}, Nadam{}, RMSprop{}, RMSprop{Centered: true, Momentum: 0.5},
		Adagrad{}, Adadelta{}, Lion{}, SGD{Clip: Clip{Value: 0.1}}, SGD{Clip: Clip{Norm: 0.1}}, SGD{Clip: Clip{GlobalNorm: 0.1}},
		Adam{Schedule: CosineDecay{Initial: 0.1, Steps: 10}},
	}
	x, y, oneHot := make([]float32, 16*4), make([]float32, 16), make([]float32, 16*3)
	for i := range x {
		x[i] = float32(i%7) - 3
	}
	for i := range y {
		y[i] = float32(i % 3)
		oneHot[3*i+i%3] = 1
	}
	for _, o := range optimizers {
		trainer := mustTrainer(t, mustNew(t, 4, layers...), TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: o, BatchSize: 16})
		if n := testing.AllocsPerRun(20, func() { trainer.Step(x, y) }); n != 0 {
			t.Errorf("Step with %T allocates %v times", o, n)
		}
	}
	for _, l := range []Loss{MeanSquaredError{}, CategoricalCrossentropy{}, BinaryCrossentropy{}, KLDivergence{}, CosineSimilarity{}, CategoricalHinge{}, Hinge{}} {
		trainer := mustTrainer(t, mustNew(t, 4, layers...), TrainerConfig{Loss: l, BatchSize: 16})
		if n := testing.AllocsPerRun(20, func() { trainer.Step(x, oneHot) }); n != 0 {
			t.Errorf("Step with %T allocates %v times", l, n)
		}
	}
	p := mustNew(t, 4, layers...).NewPredictor(16)
	dst := make([]float32, 16*3)
	if n := testing.AllocsPerRun(20, func() { p.Predict(dst, x) }); n != 0 {
		t.Errorf("Predictor.Predict allocates %v times", n)
	}

	// The inner loop of Fit: as many allocations for 40 epochs of 400 steps as for 40 epochs of 4.
	count := func(rows int) float64 {
		d := blobs(rows, 1)
		trainer := mustTrainer(t, mustNew(t, 4, layers...), TrainerConfig{Loss: SparseCategoricalCrossentropy{}, BatchSize: 1,
			Metrics: []Metric{Accuracy{}}, WeightedMetrics: []Metric{RootAccuracy{}}})
		return testing.AllocsPerRun(1, func() {
			if _, err := trainer.Fit(context.Background(), d, FitConfig{Epochs: 3, ClassWeights: map[int]float64{0: 2}}); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := count(4), count(400); many > few+36 {
		t.Errorf("Fit allocates %v times for 4 steps an epoch, but %v times for 400", few, many)
	}
}

// RootAccuracy is a user's own metric.
type RootAccuracy struct{ Accuracy }

func (RootAccuracy) Name() string { return "own" }

// A large training stays where a small one goes: Fit on shuffled rows equals Steps on the same rows in the same order.
func TestFitEqualsSteps(t *testing.T) {
	d := blobs(50, 3)
	layers := []Layer{Dense{Units: 9, Activation: Tanh}, Dense{Units: 3, Activation: Softmax}}
	cfg := TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}, BatchSize: 16, Seed: 9}
	a, b := mustNew(t, 4, layers...), mustNew(t, 4, layers...)
	fitted, stepped := mustTrainer(t, a, cfg), mustTrainer(t, b, cfg)
	history, err := fitted.Fit(context.Background(), d, FitConfig{Epochs: 2})
	if err != nil {
		t.Fatal(err)
	}
	for epoch := range 2 {
		pass := fit{trainer: stepped, order: make([]int, 50), passStart: stepped.batches}
		pass.drawOrder()
		order := pass.order
		rows, err := d.Subset(order)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for from := 0; from < 50; from += 16 {
			to := min(from+16, 50)
			loss, err := stepped.Step(rows.X[from*4:to*4], rows.Y[from:to])
			if err != nil {
				t.Fatal(err)
			}
			sum += loss * float64(to-from)
		}
		if got := history.Metrics["loss"][epoch]; got != sum/50 {
			t.Errorf("epoch %d: loss %v, want %v", epoch, got, sum/50)
		}
	}
	if a.hash() != b.hash() {
		t.Error("Fit and Step give different weights")
	}
}

// A row's prediction depends neither on the rows beside it nor on the way it is asked for.
func TestPredictRows(t *testing.T) {
	n := everything(t, Adam{})
	d := blobs(200, 8)
	all, err := n.Predict(d.X)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{1, 3, 16, 200} {
		p := n.NewPredictor(rows)
		for from := 0; from < 200; from += rows {
			to := min(from+rows, 200)
			got := make([]float32, (to-from)*3)
			if err := p.Predict(got, d.X[from*4:to*4]); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, all[from*3:to*3]) {
				t.Fatalf("rows %d…%d alone give %v, in a batch %v", from, to, got, all[from*3:to*3])
			}
		}
	}
	if c, err := n.Clone().Predict(d.X); err != nil || !slices.Equal(c, all) {
		t.Error("a Clone predicts otherwise")
	}
}

// The statistics of dropout that testdata/golden/traces/README.md asks for.
func TestDropout(t *testing.T) {
	const rate, rows, units = 0.3, 200, 500
	n := mustNew(t, units, Dropout{Rate: rate}, Dense{Units: 1})
	trainer := mustTrainer(t, n, TrainerConfig{Loss: MeanSquaredError{}, BatchSize: rows, Seed: 4})
	x := slices.Repeat([]float32{2}, rows*units)
	mask := func() []float32 {
		trainer.x, trainer.ldx = x, units
		trainer.forward(rows, true)
		out := make([]float32, rows*units)
		copyRows(out, units, trainer.stages[0].out, stride(units), units, rows)
		return out
	}
	first := mask()
	if !slices.Equal(first, mask()) {
		t.Error("the same step gives another mask")
	}
	trainer.batches++
	second := mask()
	kept, agree, sum := 0.0, 0.0, 0.0
	const N = rows * units
	for i, v := range first {
		if v != 0 {
			kept++
			if v != float32(2*float32(1/(1-rate))) {
				t.Fatalf("kept value is %v", v)
			}
		}
		sum += float64(v) / 2
		if (v == 0) == (second[i] == 0) {
			agree++
		}
	}
	within := func(what string, got, want, bound float64) {
		if math.Abs(got-want) > bound {
			t.Errorf("%s is %v, want %v ± %v", what, got, want, bound)
		}
	}
	within("kept share", kept/N, 1-rate, 5*math.Sqrt(rate*(1-rate)/N))
	within("mean", sum/N, 1, 5*math.Sqrt(rate/((1-rate)*N)))
	within("agreement of two steps", agree/N, rate*rate+(1-rate)*(1-rate), 5*math.Sqrt(0.25/N))
	for _, along := range []int{1, units} { // neighbours in a row and in a column are independent
		agree := 0.0
		for i := range N - along {
			if (first[i] == 0) == (first[i+along] == 0) {
				agree++
			}
		}
		within("agreement of neighbours", agree/float64(N-along), rate*rate+(1-rate)*(1-rate), 5*math.Sqrt(0.25/N))
	}

	// The backward pass uses the same mask.
	trainer, _ = newTrainer(n, TrainerConfig{Loss: MeanSquaredError{}, BatchSize: rows, Seed: 4}, true)
	trainer.x, trainer.ldx = x, units
	trainer.gradients(make([]float32, rows), nil, rows)
	for i := range N {
		if dx := trainer.dx[i/units*stride(units)+i%units]; (dx == 0) != (first[i] == 0) {
			t.Fatalf("gradient %d is %v, output %v", i, dx, first[i])
		}
	}
}

// The walk-through's workflows over 20 seeds: each mean lies within four standard errors of Keras's.
func TestWorkflows(t *testing.T) {
	if testing.Short() {
		t.Skip("trains 40 networks")
	}
	data, err := os.ReadFile(filepath.Join(goldenFolder(t, "golden"), "workflows.json"))
	if err != nil {
		t.Fatal(err)
	}
	type summary map[string]struct{ Mean, SD, Min, Max float64 }
	var keras struct {
		Workflows map[string]struct{ Summary summary }
	}
	if err := json.Unmarshal(data, &keras); err != nil {
		t.Fatal(err)
	}
	iris := Iris()
	classification, err := MakeClassification(ClassificationConfig{Samples: 1000, Features: 20, Classes: 2, RandomState: 42})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct {
		name          string
		data          *Dataset
		epochs, batch int
	}{{"iris", iris, 50, 16}, {"classification", classification, 30, 32}} {
		t.Run(w.name, func(t *testing.T) {
			reference := keras.Workflows[w.name].Summary
			if len(reference) == 0 {
				t.Fatal("Keras's summary is missing")
			}
			var scaler StandardScaler
			if err := errors.Join(scaler.Fit(w.data), scaler.Transform(w.data)); err != nil {
				t.Fatal(err)
			}
			train, test, err := TrainTestSplit(w.data, SplitConfig{TestSize: 0.2, RandomState: 42})
			if err != nil {
				t.Fatal(err)
			}
			runs := map[string][]float64{}
			for seed := range uint64(20) {
				n := mustNew(t, w.data.Features, Dense{Units: 64, Activation: ReLU}, Dense{Units: 32, Activation: ReLU}, Dense{Units: 3, Activation: Softmax})
				n.Initialize(seed)
				trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{LearningRate: 0.001}, Metrics: []Metric{Accuracy{}}, BatchSize: w.batch, Seed: seed})
				history, err := trainer.Fit(context.Background(), train, FitConfig{Epochs: w.epochs, ValidationSplit: 0.2})
				if err != nil {
					t.Fatal(err)
				}
				for name, values := range history.Metrics {
					runs[name] = append(runs[name], values[len(values)-1])
				}
				scores, err := trainer.Evaluate(context.Background(), test)
				if err != nil {
					t.Fatal(err)
				}
				for name, v := range scores {
					runs["test_"+name] = append(runs["test_"+name], v)
				}
			}
			for name, k := range reference {
				values := runs[name]
				if len(values) != 20 {
					t.Errorf("Keras has %q", name)
					continue
				}
				mean, square := 0.0, 0.0
				for _, v := range values {
					mean += v / 20
				}
				for _, v := range values {
					square += (v - mean) * (v - mean) / 19
				}
				bound := 4 * math.Sqrt(square/20+k.SD*k.SD/20)
				t.Logf("%s: mean %.4f, Keras's %.4f ± %.4f", name, mean, k.Mean, bound)
				if !(math.Abs(mean-k.Mean) <= bound) {
					t.Errorf("%s: mean %v, want %v ± %v", name, mean, k.Mean, bound)
				}
			}
		})
	}
}

func TestDiverged(t *testing.T) {
	d := blobs(64, 1)
	n := mustNew(t, 4, Dense{Units: 8}, Dense{Units: 8}, Dense{Units: 1})
	d.Y, d.ClassNames = slices.Repeat([]float32{1}, 64), nil
	trainer := mustTrainer(t, n, TrainerConfig{Loss: MeanSquaredError{}, Optimizer: SGD{LearningRate: 1e6}, BatchSize: 16})
	stopping := &EarlyStopping{Monitor: "loss", RestoreBestWeights: true}
	history, err := trainer.Fit(context.Background(), d, FitConfig{Epochs: 10, Callbacks: []Callback{stopping}})
	var diverged *DivergedError
	if !errors.As(err, &diverged) || diverged.Layer < 0 || history == nil {
		t.Fatalf("error is %v, history %v", err, history)
	}
	if !strings.Contains(err.Error(), "epoch 0") || !strings.Contains(err.Error(), "layer") {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	trainer := mustTrainer(t, mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), TrainerConfig{Loss: SparseCategoricalCrossentropy{}, BatchSize: 8})
	steps, ended := 0, 0
	history, err := trainer.Fit(ctx, blobs(80, 1), FitConfig{Epochs: 5, Callbacks: []Callback{Hooks{
		BatchEnd: func(tr *Training) error {
			if steps++; tr.Epoch == 1 && tr.Step == 3 {
				cancel()
			}
			return nil
		},
		End: func(*Training) error { ended++; return nil },
	}}})
	if !errors.Is(err, context.Canceled) || steps != 14 || ended != 1 || len(history.Epochs) != 1 {
		t.Errorf("error %v after %d steps, %d ends, %d epochs", err, steps, ended, len(history.Epochs))
	}
	if _, err := trainer.Evaluate(ctx, blobs(80, 1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Validation in other batches gives the same scores, but for the rounding of sums.
func TestValidationBatchSize(t *testing.T) {
	run := func(size int) *History {
		trainer := mustTrainer(t, mustNew(t, 4, BatchNorm{}, Dense{Units: 3, Activation: Softmax}), TrainerConfig{
			Loss: SparseCategoricalCrossentropy{}, Metrics: []Metric{Accuracy{}}, BatchSize: 8})
		history, err := trainer.Fit(context.Background(), blobs(100, 1), FitConfig{Epochs: 3, ValidationSplit: 0.5, ValidationBatchSize: size})
		if err != nil {
			t.Fatal(err)
		}
		return history
	}
	same := run(0)
	for _, size := range []int{1, 7, 50, 100} {
		other := run(size)
		for _, name := range same.Names() {
			for e, v := range same.Metrics[name] {
				if math.Abs(v-other.Metrics[name][e]) > 1e-6 {
					t.Errorf("batches of %d: %s of epoch %d is %v, want %v", size, name, e, other.Metrics[name][e], v)
				}
			}
		}
	}
}

// Learning goes on where the last Fit ended: the step count, and so the dropout masks and the shuffling, do not start again.
func TestFitAgain(t *testing.T) {
	layers := []Layer{Dense{Units: 9, Activation: Tanh}, Dropout{Rate: 0.5}, Dense{Units: 3, Activation: Softmax}}
	n := mustNew(t, 4, layers...)
	trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}})
	var orders [][]int
	for range 2 {
		if _, err := trainer.Fit(context.Background(), blobs(64, 1), FitConfig{Callbacks: []Callback{Hooks{EpochEnd: func(tr *Training) error {
			orders = append(orders, slices.Clone(tr.fit.order))
			return nil
		}}}}); err != nil {
			t.Fatal(err)
		}
	}
	if trainer.moments.step != 4 || slices.Equal(orders[0], orders[1]) {
		t.Errorf("%d steps, orders %v", trainer.moments.step, orders)
	}
}

func TestHistoryCSV(t *testing.T) {
	trainer := mustTrainer(t, mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Metrics: []Metric{Accuracy{}}})
	history, err := trainer.Fit(context.Background(), blobs(60, 1), FitConfig{Epochs: 2, ValidationSplit: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"loss", "accuracy", "val_loss", "val_accuracy"}; !slices.Equal(history.Names(), want) {
		t.Errorf("names %q, want %q", history.Names(), want)
	}
	var b bytes.Buffer
	if err := history.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 4 || lines[0] != "epoch,loss,accuracy,val_loss,val_accuracy" || !strings.HasPrefix(lines[2], "1,") {
		t.Errorf("%q", lines)
	}
}
