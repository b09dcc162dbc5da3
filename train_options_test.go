package mlp

import (
	"context"
	"math"
	"slices"
	"testing"
)

func TestGaussianNoise(t *testing.T) {
	const deviation, rows, units = 0.25, 200, 500
	trainer := mustTrainer(t, mustNew(t, units, GaussianNoise{StdDev: deviation}, Dense{Units: 1}), TrainerConfig{Loss: MeanSquaredError{}, BatchSize: rows})
	x := slices.Repeat([]float32{3}, rows*units)
	noisy := func(training bool) []float32 {
		trainer.x, trainer.ldx = x, units
		trainer.forward(rows, training)
		out := make([]float32, rows*units)
		copyRows(out, units, trainer.stages[0].out, stride(units), units, rows)
		return out
	}
	first := noisy(true)
	if !slices.Equal(first, noisy(true)) {
		t.Error("the same step gives other noise")
	}
	if !slices.Equal(noisy(false), x) {
		t.Error("inference is noisy")
	}
	trainer.batches++
	second := noisy(true)
	sum, square, product := 0.0, 0.0, 0.0
	const N = rows * units
	for i := range first {
		a, b := float64(first[i]-3), float64(second[i]-3)
		sum += a
		square += a * a
		product += a * b
	}
	for _, c := range []struct {
		what                      string
		got, want, standardErrors float64
	}{
		{"mean", sum / N, 0, deviation / math.Sqrt(N)},
		{"variance", square / N, deviation * deviation, deviation * deviation * math.Sqrt(2.0/N)},
		{"covariance of two steps", product / N, 0, deviation * deviation / math.Sqrt(N)},
	} {
		if math.Abs(c.got-c.want) > 5*c.standardErrors {
			t.Errorf("%s is %v, want %v ± %v", c.what, c.got, c.want, 5*c.standardErrors)
		}
	}
}

// Two halves of a batch, accumulated, update the weights as the whole batch does.
func TestAccumulateSteps(t *testing.T) {
	d := blobs(32, 1)
	layers := []Layer{Dense{Units: 9, Activation: Tanh}, Dense{Units: 3, Activation: Softmax}}
	whole := mustTrainer(t, mustNew(t, 4, layers...), TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}, BatchSize: 32})
	halves := mustTrainer(t, mustNew(t, 4, layers...), TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}, BatchSize: 16, AccumulateSteps: 2})
	for range 5 {
		if _, err := whole.Step(d.X, d.Y); err != nil {
			t.Fatal(err)
		}
		before := halves.net.hash()
		for half := range 2 {
			if half == 1 && halves.net.hash() != before {
				t.Fatal("the first half changed the weights")
			}
			if _, err := halves.Step(d.X[half*64:][:64], d.Y[half*16:][:16]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if halves.moments.step != 5 {
		t.Errorf("%d updates, want 5", halves.moments.step)
	}
	for i, w := range whole.net.params {
		// The sums over 16 and 32 rows round differently.
		if math.Abs(float64(w-halves.net.params[i])) > 1e-5 {
			t.Fatalf("weight %d is %v, in halves %v", i, w, halves.net.params[i])
		}
	}
}

// The averages follow Keras's use_ema: the first update starts them, and Fit ends with them.
func TestEMA(t *testing.T) {
	d := blobs(64, 1)
	n := mustNew(t, 4, Dense{Units: 3, Activation: Softmax})
	trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: SGD{LearningRate: 0.1}, BatchSize: 16, EMA: 0.75})
	var want []float64
	if _, err := trainer.Fit(context.Background(), d, FitConfig{Epochs: 3, Callbacks: []Callback{Hooks{BatchEnd: func(*Training) error {
		for i, w := range n.params {
			if len(want) < len(n.params) {
				want = append(want, float64(w))
			} else {
				want[i] = 0.75*want[i] + 0.25*float64(w)
			}
		}
		return nil
	}}}}); err != nil {
		t.Fatal(err)
	}
	for i, w := range n.params {
		if math.Abs(float64(w)-want[i]) > 1e-6 {
			t.Fatalf("weight %d is %v, want the average %v", i, w, want[i])
		}
	}
}

func TestNoDecay(t *testing.T) {
	d := blobs(16, 1)
	const rate, decay = 0.1, 0.5
	step := func(decay float64, exclude ...string) *Network {
		n := mustNew(t, 4, BatchNorm{}, Dense{Units: 3, Activation: Softmax, BiasInit: Ones})
		trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: SGD{LearningRate: rate, WeightDecay: decay}, NoDecay: exclude})
		if _, err := trainer.Step(d.X, d.Y); err != nil {
			t.Fatal(err)
		}
		return n
	}
	start, plain, excluded, all := mustNew(t, 4, BatchNorm{}, Dense{Units: 3, Activation: Softmax, BiasInit: Ones}), step(0), step(decay, "bias", "beta"), step(decay)
	for layer := range 2 {
		for i, w := range start.Weights(layer) {
			if w.Name == nameMovingMean || w.Name == nameMovingVariance {
				continue
			}
			for j, v := range w.Values {
				decayed := float64(plain.Weights(layer)[i].Values[j]) - rate*decay*float64(v)
				want := decayed
				if w.Name == "bias" || w.Name == "beta" {
					want = float64(plain.Weights(layer)[i].Values[j])
				}
				if got := float64(excluded.Weights(layer)[i].Values[j]); math.Abs(got-want) > 1e-6 {
					t.Errorf("layer %d %s[%d] is %v, want %v", layer, w.Name, j, got, want)
				}
				if got := float64(all.Weights(layer)[i].Values[j]); math.Abs(got-decayed) > 1e-6 {
					t.Errorf("without exclusion: layer %d %s[%d] is %v, want %v", layer, w.Name, j, got, decayed)
				}
			}
		}
	}
	for _, cfg := range []struct {
		cfg  TrainerConfig
		want string
	}{
		{TrainerConfig{NoDecay: []string{"biases"}}, `"biases"`}, {TrainerConfig{EMA: 1}, "EMA is 1"}, {TrainerConfig{AccumulateSteps: -1}, "AccumulateSteps is -1"},
	} {
		cfg.cfg.Loss = SparseCategoricalCrossentropy{}
		_, err := NewTrainer(start, cfg.cfg)
		wantError(t, "NewTrainer", true, err, []string{cfg.want})
	}
}
