package mlp

import (
	"context"
	"fmt"
	"testing"
)

// stepOption is a way to train 20-64-32-3 in batches of 32.
type stepOption struct {
	name    string
	layers  []Layer // nil means Dense layers with ReLU
	cfg     TrainerConfig
	oneHot  bool // targets, in place of class indices
	weights bool // of the rows, as class and sample weights give them
}

// stepOptions lists what can be switched on, one at a time behind the first, which is the base, and at last all together.
func stepOptions() []stepOption {
	hidden := func(between ...Layer) []Layer {
		layers := append([]Layer{Dense{Units: 64, Activation: ReLU}}, between...)
		layers = append(append(layers, Dense{Units: 32, Activation: ReLU}), between...)
		return append(layers, Dense{Units: 3, Activation: Softmax})
	}
	dense := func(d Dense) []Layer {
		first, second := d, d
		first.Units, second.Units = 64, 32
		return []Layer{first, second, Dense{Units: 3, Activation: Softmax}}
	}
	options := []stepOption{
		{name: "none"},
		{name: "batchnorm", layers: hidden(BatchNorm{})},
		{name: "dropout", layers: hidden(Dropout{Rate: 0.5})},
		{name: "noise", layers: hidden(GaussianNoise{StdDev: 0.1})},
		{name: "l2", layers: dense(Dense{Activation: ReLU, WeightRegularizer: Regularizer{L2: 1e-4}})},
		{name: "l1+l2", layers: dense(Dense{Activation: ReLU, WeightRegularizer: Regularizer{L1: 1e-4, L2: 1e-4}, BiasRegularizer: Regularizer{L1: 1e-4}})},
		{name: "clip-value", cfg: TrainerConfig{Optimizer: Adam{Clip: Clip{Value: 0.01}}}},
		{name: "clip-norm", cfg: TrainerConfig{Optimizer: Adam{Clip: Clip{Norm: 0.1}}}},
		{name: "clip-global-norm", cfg: TrainerConfig{Optimizer: Adam{Clip: Clip{GlobalNorm: 0.1}}}},
		{name: "schedule", cfg: TrainerConfig{Optimizer: Adam{Schedule: CosineDecay{Initial: 0.001, Steps: 1 << 30}}}},
		{name: "weight-decay", cfg: TrainerConfig{Optimizer: Adam{WeightDecay: 1e-3}}},
		{name: "weight-decay-no-bias", cfg: TrainerConfig{Optimizer: Adam{WeightDecay: 1e-3}, NoDecay: []string{"bias"}}},
		{name: "accumulate", cfg: TrainerConfig{AccumulateSteps: 2}},
		{name: "ema", cfg: TrainerConfig{EMA: 0.99}},
		{name: "weights", weights: true},
		{name: "metrics", cfg: TrainerConfig{Metrics: []Metric{Accuracy{}}, WeightedMetrics: []Metric{ownAccuracy{}}}},
		{name: "smoothing", cfg: TrainerConfig{Loss: CategoricalCrossentropy{LabelSmoothing: 0.1}}, oneHot: true},
		{name: "focal", cfg: TrainerConfig{Loss: CategoricalFocalCrossentropy{}}, oneHot: true},
	}
	for _, a := range []Activation{LeakyReLU(0.1), ELU(1), SELU, GELU, GELUTanh, SiLU, Mish, Softplus, Softsign, Sigmoid, HardSigmoid, Tanh} {
		options = append(options, stepOption{name: "activation-" + activationNames[a.kind], layers: dense(Dense{Activation: a})})
	}
	for _, o := range []struct {
		name string
		Optimizer
	}{
		{"sgd", SGD{}}, {"momentum", SGD{Momentum: 0.9}}, {"nesterov", SGD{Momentum: 0.9, Nesterov: true}}, {"amsgrad", Adam{AMSGrad: true}}, {"adamw", AdamW{}},
		{"adamax", Adamax{}}, {"nadam", Nadam{}}, {"rmsprop", RMSprop{}}, {"rmsprop-centered", RMSprop{Centered: true, Momentum: 0.9}},
		{"adagrad", Adagrad{}}, {"adadelta", Adadelta{}}, {"lion", Lion{}},
	} {
		options = append(options, stepOption{name: "optimizer-" + o.name, cfg: TrainerConfig{Optimizer: o.Optimizer}})
	}
	r := Regularizer{L1: 1e-4, L2: 1e-4}
	return append(options, stepOption{
		name: "all",
		layers: []Layer{
			GaussianNoise{StdDev: 0.1}, Dense{Units: 64, WeightRegularizer: r, BiasRegularizer: r}, BatchNorm{}, ActivationLayer{GELU}, Dropout{Rate: 0.2},
			Dense{Units: 32, WeightRegularizer: r}, BatchNorm{}, ActivationLayer{ReLU}, Dropout{Rate: 0.2}, Dense{Units: 3, Activation: Softmax},
		},
		cfg: TrainerConfig{
			Loss:      CategoricalCrossentropy{LabelSmoothing: 0.1},
			Optimizer: AdamW{Schedule: CosineDecay{Initial: 0.001, Steps: 1 << 30}, Clip: Clip{GlobalNorm: 0.1}, AMSGrad: true},
			Metrics:   []Metric{Accuracy{}, AUC{}, F1Score{}, TopKAccuracy{K: 2}}, WeightedMetrics: []Metric{ownAccuracy{}},
			NoDecay: []string{"bias", "beta", "gamma"}, AccumulateSteps: 2, EMA: 0.99,
		},
		oneHot: true, weights: true,
	})
}

// start returns what does one step of Fit, after it was done once.
func (o stepOption) start(t testing.TB) func() {
	const rows = 32
	layers, cfg := o.layers, o.cfg
	if layers == nil {
		layers = []Layer{Dense{Units: 64, Activation: ReLU}, Dense{Units: 32, Activation: ReLU}, Dense{Units: 3, Activation: Softmax}}
	}
	if cfg.Loss == nil {
		cfg.Loss = SparseCategoricalCrossentropy{}
	}
	if cfg.Optimizer == nil {
		cfg.Optimizer = Adam{}
	}
	trainer := mustTrainer(t, mustNew(t, 20, layers...), cfg)
	d := benchRows(rows, 20, 3)
	y := d.Y
	if o.oneHot {
		y = make([]float32, 3*rows)
		for r, class := range d.Y {
			y[3*r+int(class)] = 1
		}
	}
	var weights []float32
	if o.weights {
		weights = make([]float32, rows)
		for r := range weights {
			weights[r] = float32(r%3) + 0.5
		}
	}
	step := func() {
		trainer.x, trainer.ldx = d.X, d.Features
		trainer.gradients(y, weights, rows)
		trainer.update()
		trainer.measure(trainer.metrics, y, weights, rows)
	}
	step()
	return step
}

// BenchmarkOption times a step with each option on its own.
func BenchmarkOption(b *testing.B) {
	for _, o := range stepOptions() {
		b.Run("option="+o.name, func(b *testing.B) {
			step := o.start(b)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

// BenchmarkMonitor times epochs of 8 steps, of which a Monitor looks at 4, and of 100.
func BenchmarkMonitor(b *testing.B) {
	for _, monitor := range []string{"off", "on"} {
		for _, steps := range []int{8, 100} {
			b.Run(fmt.Sprintf("monitor=%s/steps=%d", monitor, steps), func(b *testing.B) {
				n, _ := benchNet(b, []int{20, 64, 32, 3})
				t := mustTrainer(b, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}})
				d := benchRows(32*steps, 20, 3)
				cfg := FitConfig{Epochs: 50}
				if monitor == "on" {
					cfg.Callbacks = []Callback{&Monitor{}}
				}
				for b.Loop() {
					if _, err := t.Fit(context.Background(), d, cfg); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*50*steps), "ns/step")
			})
		}
	}
}
