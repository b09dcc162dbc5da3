package mlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Every hyper-parameter out of range, and every network that makes no sense, is an error that names field and value.
func TestBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	dense := func(d Dense) []Layer { d.Units = 3; return []Layer{d} }
	for _, c := range []struct {
		layers []Layer
		want   []string
	}{
		{nil, []string{"at least one Dense"}},
		{[]Layer{nil}, []string{"layer 0 is nil"}},
		{[]Layer{Dense{Units: 0}}, []string{"layer 0", "Units is 0"}},
		{[]Layer{Dense{Units: -1}}, []string{"Units is -1"}},
		{[]Layer{Dense{Units: 1 << 25}}, []string{"Units is 33554432"}},
		{[]Layer{Dense{Units: 1 << 24}, Dense{Units: 1 << 24}}, []string{"layer 1", "too many"}},
		{dense(Dense{Activation: LeakyReLU(-1)}), []string{"leaky_relu", "-1"}},
		{dense(Dense{Activation: LeakyReLU(nan)}), []string{"leaky_relu", "NaN"}},
		{dense(Dense{Activation: ELU(inf)}), []string{"elu", "+Inf"}},
		{dense(Dense{WeightRegularizer: Regularizer{L2: -1}}), []string{"WeightRegularizer.L2 is -1"}},
		{dense(Dense{BiasRegularizer: Regularizer{L1: nan}}), []string{"BiasRegularizer.L1 is NaN"}},
		{dense(Dense{NoBias: true, BiasInit: Ones}), []string{"NoBias"}},
		{dense(Dense{WeightInit: Constant(inf)}), []string{"WeightInit is +Inf"}},
		{[]Layer{Dense{Units: 3}, BatchNorm{Momentum: 1}}, []string{"layer 1", "Momentum is 1"}},
		{[]Layer{Dense{Units: 3}, BatchNorm{Epsilon: -1}}, []string{"Epsilon is -1"}},
		{[]Layer{Dropout{Rate: 1}, Dense{Units: 3}}, []string{"layer 0", "Rate is 1", "0 <= Rate < 1"}},
		{[]Layer{Dropout{Rate: -0.1}, Dense{Units: 3}}, []string{"Rate is -0.1"}},
		{[]Layer{Dense{Units: 3}, Dropout{Rate: 0.1}}, []string{"layer 1", "last layer"}},
		{[]Layer{ActivationLayer{ReLU}}, []string{"at least one Dense"}},
	} {
		n, err := New(4, c.layers...)
		wantError(t, fmt.Sprintf("New(%+v)", c.layers), n == nil, err, c.want)
	}
	for _, features := range []int{0, -3, 1 << 30} {
		_, err := New(features, Dense{Units: 1})
		wantError(t, "New", true, err, []string{"features is"})
	}

	logSoftmax := mustNew(t, 4, Dense{Units: 3, Activation: LogSoftmax})
	softmax, linear := mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), mustNew(t, 4, Dense{Units: 1})
	optimizer := func(o Optimizer) TrainerConfig { return TrainerConfig{Loss: MeanSquaredError{}, Optimizer: o} }
	for _, c := range []struct {
		net  *Network
		cfg  TrainerConfig
		want []string
	}{
		{nil, TrainerConfig{Loss: MeanSquaredError{}}, []string{"network"}},
		{linear, TrainerConfig{}, []string{"Loss is nil"}},
		{linear, TrainerConfig{Loss: MeanSquaredError{}, BatchSize: -1}, []string{"BatchSize is -1"}},
		{linear, TrainerConfig{Loss: MeanSquaredError{}, BatchSize: 1 << 30}, []string{"BatchSize is"}},
		{linear, TrainerConfig{Loss: SparseCategoricalCrossentropy{}}, []string{"one class only"}},
		{softmax, TrainerConfig{Loss: SparseCategoricalCrossentropy{FromLogits: true}}, []string{"FromLogits", "softmax"}},
		{logSoftmax, TrainerConfig{Loss: SparseCategoricalCrossentropy{}}, []string{"log_softmax", "FromLogits"}},
		{linear, TrainerConfig{Loss: Huber{Delta: -1}}, []string{"Delta is -1"}},
		{linear, TrainerConfig{Loss: BinaryCrossentropy{LabelSmoothing: 1}}, []string{"LabelSmoothing is 1"}},
		{linear, TrainerConfig{Loss: MeanSquaredError{}, Metrics: []Metric{nil}}, []string{"metric 0 is nil"}},
		{linear, TrainerConfig{Loss: MeanSquaredError{}, Metrics: []Metric{MeanSquaredError{}, MeanSquaredError{}}}, []string{`two metrics are called "mse"`}},
		{softmax, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Metrics: []Metric{MeanSquaredError{}}}, []string{"metric 0", "3 outputs"}},
		{linear, optimizer(SGD{LearningRate: -1}), []string{"LearningRate is -1"}},
		{linear, optimizer(SGD{LearningRate: nan}), []string{"LearningRate is NaN"}},
		{linear, optimizer(SGD{Momentum: 1}), []string{"Momentum is 1"}},
		{linear, optimizer(SGD{Nesterov: true}), []string{"Nesterov"}},
		{linear, optimizer(SGD{WeightDecay: -1}), []string{"WeightDecay is -1"}},
		{linear, optimizer(SGD{Clip: Clip{Value: -1}}), []string{"Clip.Value is -1"}},
		{linear, optimizer(SGD{Clip: Clip{Value: 1, Norm: 1}}), []string{"at most one"}},
		{linear, optimizer(Adam{Beta1: 1}), []string{"Beta1 is 1"}},
		{linear, optimizer(Adam{Beta2: -0.5}), []string{"Beta2 is -0.5"}},
		{linear, optimizer(Adam{Epsilon: inf}), []string{"Epsilon is +Inf"}},
		{linear, optimizer(RMSprop{Rho: 2}), []string{"Rho is 2"}},
		{linear, optimizer(Adagrad{Initial: -1}), []string{"Initial is -1"}},
		{linear, optimizer(Adagrad{Initial: 1, NoInitial: true}), []string{"NoInitial"}},
		{linear, optimizer(SGD{Schedule: ExponentialDecay{Initial: 1, Rate: 0.5}}), []string{"ExponentialDecay", "Steps is 0"}},
		{linear, optimizer(SGD{Schedule: InverseTimeDecay{Initial: 1, Steps: 1, Rate: -1}}), []string{"Rate is -1"}},
		{linear, optimizer(SGD{Schedule: PolynomialDecay{Initial: 1, Steps: -1}}), []string{"Steps is -1"}},
		{linear, optimizer(SGD{Schedule: CosineDecay{Initial: 1, Steps: 1, Alpha: 2}}), []string{"Alpha is 2"}},
		{linear, optimizer(SGD{Schedule: PiecewiseConstant{Boundaries: []int{3, 3}, Values: []float64{1, 2, 3}}}), []string{"Boundaries[1] is 3"}},
		{linear, optimizer(SGD{Schedule: PiecewiseConstant{Boundaries: []int{3}, Values: []float64{1}}}), []string{"Values has 1"}},
	} {
		trainer, err := NewTrainer(c.net, c.cfg)
		wantError(t, fmt.Sprintf("NewTrainer(%+v)", c.cfg), trainer == nil, err, c.want)
	}

	trainer := mustTrainer(t, softmax, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, BatchSize: 8})
	data := func(change func(d *Dataset)) *Dataset {
		d := blobs(20, 1)
		change(d)
		return d
	}
	good := data(func(*Dataset) {})
	for _, c := range []struct {
		data *Dataset
		cfg  FitConfig
		want []string
	}{
		{nil, FitConfig{}, []string{"no rows"}},
		{&Dataset{Features: 4, Targets: 1}, FitConfig{}, []string{"no rows"}},
		{data(func(d *Dataset) { d.Features = 2 }), FitConfig{}, []string{"2 features", "wants 4"}},
		{data(func(d *Dataset) { d.Targets = 2 }), FitConfig{}, []string{"2 target columns", "wants 1"}},
		{data(func(d *Dataset) { d.X[9] = float32(nan) }), FitConfig{}, []string{"row 2", "NaN"}},
		{data(func(d *Dataset) { d.ClassNames = nil; d.Y[3] = 3 }), FitConfig{}, []string{"row 3", "label 3", "0 … 2"}},
		{data(func(d *Dataset) { d.ClassNames = nil; d.Y[3] = 0.5 }), FitConfig{}, []string{"row 3", "label 0.5"}},
		{data(func(d *Dataset) { d.SampleWeights = slices.Repeat([]float32{-1}, 20) }), FitConfig{}, []string{"row 0", "-1"}},
		{good, FitConfig{Epochs: -1}, []string{"Epochs is -1"}},
		{good, FitConfig{ValidationSplit: 1}, []string{"ValidationSplit is 1"}},
		{good, FitConfig{ValidationSplit: 0.999}, []string{"ValidationSplit 0.999", "0 for training"}},
		{good, FitConfig{ValidationSplit: 0.5, ValidationBatchSize: -1}, []string{"BatchSize is -1", "ValidationBatchSize"}},
		{good, FitConfig{StepsPerEpoch: -1}, []string{"StepsPerEpoch is -1"}},
		{good, FitConfig{InitialEpoch: -1}, []string{"InitialEpoch is -1"}},
		{good, FitConfig{ValidateEvery: -1}, []string{"ValidateEvery is -1"}},
		{good, FitConfig{Checkpoint: Checkpoint{Steps: -1}}, []string{"Checkpoint.Steps is -1"}},
		{good, FitConfig{Augment: []Augmentation{nil}}, []string{"augmentation 0 is nil"}},
		{good, FitConfig{ValidationData: &Dataset{Features: 3}}, []string{"ValidationData"}},
		{good, FitConfig{ClassWeights: map[int]float64{3: 1}}, []string{"class 3"}},
		{good, FitConfig{ClassWeights: map[int]float64{1: -1}}, []string{"ClassWeights[1] is -1"}},
		{good, FitConfig{Callbacks: []Callback{&EarlyStopping{}}}, []string{"EarlyStopping", `"val_loss"`, `"loss"`}},
		{good, FitConfig{Callbacks: []Callback{&EarlyStopping{Monitor: "loss", Patience: -1}}}, []string{"Patience is -1"}},
		{good, FitConfig{Callbacks: []Callback{&EarlyStopping{Monitor: "loss", MinDelta: -1}}}, []string{"MinDelta is -1"}},
		{good, FitConfig{Callbacks: []Callback{ReduceLearningRateOnPlateau{Monitor: "loss", Factor: 1}}}, []string{"Factor is 1"}},
		{good, FitConfig{Callbacks: []Callback{ProgressLog{}}}, []string{"Writer is nil"}},
		{good, FitConfig{Callbacks: []Callback{nil}}, []string{"callback 0 is nil"}},
	} {
		_, err := trainer.Fit(context.Background(), c.data, c.cfg)
		wantError(t, fmt.Sprintf("Fit(%+v)", c.cfg), true, err, c.want)
	}

	x := make([]float32, 4*9)
	for _, c := range []struct {
		x, y []float32
		want []string
	}{
		{nil, nil, []string{"x has 0 values"}},
		{x[:7], x[:1], []string{"x has 7 values", "rows of 4"}},
		{x[:8], x[:1], []string{"y has 1 values", "2 rows of 1"}},
		{x, x[:9], []string{"x has 36 values", "at most 8 rows"}},
		{x[:4], []float32{3}, []string{"y[0] is 3", "0 … 2"}},
		{x[:4], []float32{-1}, []string{"y[0] is -1"}},
		{x[:4], []float32{float32(nan)}, []string{"y[0] is NaN"}},
	} {
		_, err := trainer.Step(c.x, c.y)
		wantError(t, "Step", true, err, c.want)
	}
	var shape *ShapeError
	if err := softmax.NewPredictor(2).Predict(make([]float32, 5), x[:8]); !errors.As(err, &shape) || shape.What != "dst" {
		t.Error(err)
	}
	if err := softmax.NewPredictor(2).Predict(make([]float32, 9), x[:12]); !errors.As(err, &shape) || shape.What != "x" {
		t.Error(err)
	}
	if _, err := softmax.Predict(x[:3]); !errors.As(err, &shape) {
		t.Error(err)
	}
	if err := trainer.SetLearningRate(-1); err == nil {
		t.Error("a learning rate of -1 was taken")
	}
}

// wantError fails the test unless err contains all of want.
func wantError(t *testing.T, what string, ok bool, err error, want []string) {
	t.Helper()
	if err == nil || !ok {
		t.Errorf("%s: no error, want one with %q", what, want)
		return
	}
	if !strings.HasPrefix(err.Error(), "mlp: ") {
		t.Errorf("%s: error %q does not begin with mlp:", what, err)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: error %q lacks %q", what, err, w)
		}
	}
}

func TestSetWeights(t *testing.T) {
	n := mustNew(t, 3, BatchNorm{}, Dense{Units: 19}, Dense{Units: 2, NoBias: true})
	for layer := range 3 {
		for _, w := range n.Weights(layer) {
			for i := range w.Values {
				w.Values[i] = float32(layer*1000 + i)
			}
			if err := n.SetWeights(layer, w); err != nil {
				t.Fatal(err)
			}
			have := n.Weights(layer)
			i := slices.IndexFunc(have, func(h Tensor) bool { return h.Name == w.Name })
			if !slices.Equal(have[i].Values, w.Values) {
				t.Errorf("layer %d %s comes back as %v", layer, w.Name, have[i].Values)
			}
		}
	}
	before := n.hash()
	for _, c := range []struct {
		layer  int
		tensor Tensor
		want   string
	}{
		{3, Tensor{}, "want 0 <= layer < 3"},
		{2, Tensor{Name: "bias", Shape: []int{2}, Values: []float32{1, 2}}, `no array "bias"`},
		{2, Tensor{Name: "weights", Shape: []int{2, 19}, Values: make([]float32, 38)}, "[2 19]"},
		{2, Tensor{Name: "weights", Shape: []int{19, 2}, Values: make([]float32, 37)}, "37 values"},
		{1, Tensor{Name: "bias", Shape: []int{19}, Values: append(make([]float32, 18), float32(math.Inf(1)))}, "bias[18] is +Inf"},
		{0, Tensor{Name: "moving_variance", Shape: []int{3}, Values: []float32{1, -1, 1}}, "variance"},
	} {
		wantError(t, "SetWeights", true, n.SetWeights(c.layer, c.tensor), []string{c.want})
	}
	if n.hash() != before {
		t.Error("a refused SetWeights changed the network")
	}
}

// The variances that the initializers promise, over 300·200 weights.
func TestInitializers(t *testing.T) {
	const inputs, units = 300, 200
	for init, want := range map[Initializer]float64{
		GlorotUniform: 2.0 / (inputs + units), GlorotNormal: 2.0 / (inputs + units), HeUniform: 2.0 / inputs, HeNormal: 2.0 / inputs,
		LeCunUniform: 1.0 / inputs, LeCunNormal: 1.0 / inputs, Constant(0.5): 0, Ones: 0, Zeros: 0,
	} {
		n := mustNew(t, inputs, Dense{Units: units, WeightInit: init})
		sum, square := 0.0, 0.0
		values := n.Weights(0)[0].Values
		for _, v := range values {
			sum += float64(v)
			square += float64(v) * float64(v)
		}
		count := float64(len(values))
		mean := sum / count
		variance := square/count - mean*mean
		// The variance of a sample of 60,000 has a standard error of at most 0.6 %.
		if math.Abs(variance-want) > 0.03*want {
			t.Errorf("%v: variance %v, want %v", init, variance, want)
		}
		if want > 0 && math.Abs(mean) > 5*math.Sqrt(want/count) {
			t.Errorf("%v: mean %v", init, mean)
		}
	}
	a, b := mustNew(t, 5, Dense{Units: 4}), mustNew(t, 5, Dense{Units: 4})
	if a.hash() != b.hash() {
		t.Error("two networks differ")
	}
	if b.Initialize(1); a.hash() == b.hash() {
		t.Error("another seed gives the same weights")
	}
	if b.Initialize(0); a.hash() != b.hash() {
		t.Error("the same seed gives other weights")
	}
}

// Many goroutines share one Network; run it under -race.
func TestConcurrentPredict(t *testing.T) {
	n := everything(t, Adam{})
	d := blobs(300, 4)
	want, err := n.Predict(d.X)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 20 {
				from := (g*37 + i*11) % 250
				got, err := n.Predict(d.X[from*4 : (from+1+g*6)*4])
				if err != nil || !slices.Equal(got, want[from*3:(from+1+g*6)*3]) {
					t.Error("a prediction differs", err)
					return
				}
			}
			_ = n.Summary()
			_ = n.Clone()
		}()
	}
	wg.Wait()
}

func TestActivationNames(t *testing.T) {
	for _, a := range []Activation{Linear, ReLU, LeakyReLU(0.1), ELU(1), ELU(0.5), SELU, GELU, GELUTanh, SiLU, Mish, Softplus, Softsign, Sigmoid, HardSigmoid, HardSiLU, Tanh, Softmax, LogSoftmax} {
		if got, err := ParseActivation(a.String()); err != nil || got != a {
			t.Errorf("%q is read as %v, %v", a, got, err)
		}
	}
	for _, bad := range []string{"", "Relu", "relu(1)", "leaky_relu()", "leaky_relu(-1)", "leaky_relu(NaN)", "elu(1", "elu(1)x", "elu(1e999)"} {
		if a, err := ParseActivation(bad); err == nil {
			t.Errorf("%q is read as %v", bad, a)
		}
	}
}

func TestProgressLog(t *testing.T) {
	var b bytes.Buffer
	trainer := mustTrainer(t, mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Metrics: []Metric{Accuracy{}}})
	if _, err := trainer.Fit(context.Background(), blobs(300, 1), FitConfig{Epochs: 2, ValidationSplit: 0.2, Callbacks: []Callback{ProgressLog{Writer: &b}}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 5 || lines[0] != "Epoch 1/2" || lines[2] != "Epoch 2/2" || lines[4] != "" {
		t.Fatalf("%q", lines)
	}
	if strings.ContainsAny(b.String(), "\r\b\x1b") {
		t.Errorf("control characters in %q", b.String())
	}
	var seconds, micros int
	var loss, accuracy, valLoss, valAccuracy float64
	if _, err := fmt.Sscanf(lines[1], "8/8 [==============================] - %ds %dus/step - loss: %f - accuracy: %f - val_loss: %f - val_accuracy: %f",
		&seconds, &micros, &loss, &accuracy, &valLoss, &valAccuracy); err != nil {
		t.Errorf("%q: %v", lines[1], err)
	}
	for _, c := range []struct {
		done, steps int
		want        string
	}{
		{3, 6, "3/6 [==============>...............]"}, {1, 100, "  1/100 [..............................]"}, {99, 100, " 99/100 [============================>.]"},
		{6, 6, "6/6 [==============================]"}, {4, 100, "  4/100 [>.............................]"},
	} {
		if got := bar(c.done, c.steps); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	var logs Logs
	for name, v := range map[string]float64{"a": 1e-3} {
		logs.Set(name, v)
	}
	logs.Set("b", 0.00100001)
	logs.Set("c", -1234.5)
	if got, want := values(&logs), " - a: 1.0000e-03 - b: 0.0010 - c: -1234.5000"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestKernelChoice(t *testing.T) {
	for _, k := range kernels() {
		t.Setenv(kernelEnv, k.name)
		n, err := New(2, Dense{Units: 1})
		if k.available != (err == nil) || err == nil && n.Kernel() != k.name {
			t.Errorf("%s: %v", k.name, err)
		}
	}
	for _, name := range []string{"abacus", "AVX2", " generic"} {
		os.Setenv(kernelEnv, name)
		if _, err := New(2, Dense{Units: 1}); err == nil || !strings.Contains(err.Error(), "generic") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
