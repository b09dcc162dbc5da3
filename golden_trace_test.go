package mlp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// The formats mlp-trace/1 and mlp-gradient/1 of testdata/golden: traces of Keras in float64.

type traceFile struct {
	Format, Set, Name, Description string
	Covers                         []string
	InputDim                       int `json:"input_dim"`
	Layers                         []traceLayer
	Loss                           traceLoss
	Optimizer                      *traceOptimizer
	Metrics                        []string
	WeightedMetrics                []string `json:"weighted_metrics"`
	Fit                            *traceFit
	Data                           traceData
	InitialWeights                 []traceWeights `json:"initial_weights"`
	Expected                       traceExpected
	Tol                            float64
	TolFields                      map[string]float64 `json:"tol_fields"`
	GradientScale                  float64            `json:"gradient_scale"`

	Generator                 map[string]string
	Float32Deviation          json.RawMessage `json:"float32_deviation"`
	Float32DeviationPerturbed json.RawMessage `json:"float32_deviation_perturbed"`
}

type traceLayer struct {
	Type                string
	Units               int
	Activation          string
	ActivationArgs      map[string]any    `json:"activation_args"`
	UseBias             bool              `json:"use_bias"`
	KernelRegularizer   *traceRegularizer `json:"kernel_regularizer"`
	BiasRegularizer     *traceRegularizer `json:"bias_regularizer"`
	Momentum, Epsilon   float64
	Center, Scale       bool
	Rate                float64
	ActivityRegularizer any `json:"activity_regularizer"`
}

type traceRegularizer struct{ L1, L2 float64 }

type traceLoss struct {
	Name           string
	FromLogits     bool    `json:"from_logits"`
	LabelSmoothing float64 `json:"label_smoothing"`
	Delta          float64
}

type traceOptimizer struct {
	Name                    string
	LearningRate            json.RawMessage `json:"learning_rate"`
	WeightDecay             *float64        `json:"weight_decay"`
	ClipNorm                *float64        `json:"clipnorm"`
	GlobalClipNorm          *float64        `json:"global_clipnorm"`
	ClipValue               *float64        `json:"clipvalue"`
	Beta1                   float64         `json:"beta_1"`
	Beta2                   float64         `json:"beta_2"`
	Epsilon, Momentum, Rho  float64
	AMSGrad                 bool `json:"amsgrad"`
	Nesterov, Centered      bool
	InitialAccumulatorValue *float64 `json:"initial_accumulator_value"`
}

type traceSchedule struct {
	Schedule     string
	Initial      float64  `json:"initial_learning_rate"`
	Steps        int      `json:"decay_steps"`
	Rate         float64  `json:"decay_rate"`
	End          float64  `json:"end_learning_rate"`
	WarmupTarget *float64 `json:"warmup_target"`
	WarmupSteps  int      `json:"warmup_steps"`
	Staircase    bool
	Power        float64
	Cycle        bool
	Alpha        float64
	Boundaries   []int
	Values       []float64
}

type traceFit struct {
	Epochs          int
	BatchSize       int `json:"batch_size"`
	Shuffle         bool
	ValidationSplit *float64           `json:"validation_split"`
	ClassWeight     map[string]float64 `json:"class_weight"`
	Callbacks       []traceCallback
}

type traceCallback struct {
	Type, Monitor, Mode string
	Patience, Cooldown  int
	MinDelta            float64 `json:"min_delta"`
	RestoreBestWeights  bool    `json:"restore_best_weights"`
	Factor              float64
	MinLR               float64 `json:"min_lr"`
}

type traceData struct {
	X               [][]float64
	Y               json.RawMessage
	XTest           [][]float64     `json:"x_test"`
	YTest           json.RawMessage `json:"y_test"`
	XVal            [][]float64     `json:"x_val"`
	YVal            json.RawMessage `json:"y_val"`
	SampleWeight    []float64       `json:"sample_weight"`
	SampleWeightVal []float64       `json:"sample_weight_val"`
}

type traceWeights struct {
	Layer  int
	Name   string
	Shape  []int
	Values []float64
}

type traceExpected struct {
	PredictionsBefore [][]float64        `json:"predictions_before"`
	PredictionsAfter  [][]float64        `json:"predictions_after"`
	EvaluateBefore    map[string]float64 `json:"evaluate_before"`
	EvaluateAfter     map[string]float64 `json:"evaluate_after"`
	History           map[string][]float64
	EpochsRun         *int           `json:"epochs_run"`
	StoppedEpoch      *int           `json:"stopped_epoch"`
	BestEpoch         *int           `json:"best_epoch"`
	StepLoss          []float64      `json:"step_loss"`
	StepLearningRate  []float64      `json:"step_learning_rate"`
	WeightsAfterStep1 []traceWeights `json:"weights_after_step_1"`
	FinalWeights      []traceWeights `json:"final_weights"`
	Loss              float64
	Predictions       [][]float64
	Gradients         []traceWeights
	InputGradient     [][]float64 `json:"input_gradient"`
}

// unsupported is an error that names a feature that the library lacks.
type unsupported string

func (u unsupported) Error() string { return string(u) }

func strictJSON(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func (l traceLayer) activation() (Activation, error) {
	used := 0
	arg := func(name string, def float64) float64 {
		if v, ok := l.ActivationArgs[name].(float64); ok {
			used++
			return v
		}
		return def
	}
	var a Activation
	var err error
	switch l.Activation {
	case "leaky_relu":
		a = LeakyReLU(arg("negative_slope", 0.2))
	case "elu":
		a = ELU(arg("alpha", 1))
	case "gelu":
		a = GELU
		if approximate, ok := l.ActivationArgs["approximate"].(bool); ok {
			used++
			if approximate {
				a = GELUTanh
			}
		}
	default:
		if a, err = ParseActivation(l.Activation); err != nil {
			return a, unsupported("activation " + l.Activation)
		}
	}
	if used != len(l.ActivationArgs) {
		return a, fmt.Errorf("unknown arguments %v of %s", l.ActivationArgs, l.Activation)
	}
	return a, nil
}

func (l traceLayer) layer() (Layer, error) {
	act, err := Activation{}, error(nil)
	if l.Activation != "" {
		if act, err = l.activation(); err != nil {
			return nil, err
		}
	}
	regularizer := func(r *traceRegularizer) Regularizer {
		if r == nil {
			return Regularizer{}
		}
		return Regularizer{r.L1, r.L2}
	}
	switch l.Type {
	case "dense":
		return Dense{Units: l.Units, Activation: act, NoBias: !l.UseBias, WeightRegularizer: regularizer(l.KernelRegularizer),
			BiasRegularizer: regularizer(l.BiasRegularizer)}, nil
	case "batchnorm":
		return BatchNorm{Momentum: l.Momentum, Epsilon: l.Epsilon, NoCenter: !l.Center, NoScale: !l.Scale}, nil
	case "activation":
		return ActivationLayer{act}, nil
	case "dropout":
		return Dropout{Rate: l.Rate}, nil
	}
	return nil, unsupported("layer " + l.Type)
}

func (l traceLoss) loss() (Loss, error) {
	switch l.Name {
	case "mean_squared_error":
		return MeanSquaredError{}, nil
	case "mean_absolute_error":
		return MeanAbsoluteError{}, nil
	case "binary_crossentropy":
		return BinaryCrossentropy{l.FromLogits, l.LabelSmoothing}, nil
	case "categorical_crossentropy":
		return CategoricalCrossentropy{l.FromLogits, l.LabelSmoothing}, nil
	case "sparse_categorical_crossentropy":
		return SparseCategoricalCrossentropy{l.FromLogits}, nil
	case "kl_divergence":
		return KLDivergence{}, nil
	case "huber":
		return Huber{l.Delta}, nil
	case "log_cosh":
		return LogCosh{}, nil
	case "hinge":
		return Hinge{}, nil
	case "squared_hinge":
		return SquaredHinge{}, nil
	case "categorical_hinge":
		return CategoricalHinge{}, nil
	case "poisson":
		return Poisson{}, nil
	case "cosine_similarity":
		return CosineSimilarity{}, nil
	case "mean_squared_logarithmic_error":
		return MeanSquaredLogarithmicError{}, nil
	case "mean_absolute_percentage_error":
		return MeanAbsolutePercentageError{}, nil
	}
	return nil, unsupported("loss " + l.Name)
}

func (o *traceOptimizer) rate() (float64, Schedule, error) {
	if v, err := strconv.ParseFloat(string(o.LearningRate), 64); err == nil {
		return v, nil, nil
	}
	var s traceSchedule
	if err := strictJSON(o.LearningRate, &s); err != nil {
		return 0, nil, err
	}
	switch s.Schedule {
	case "exponential_decay":
		return 0, ExponentialDecay{s.Initial, s.Steps, s.Rate, s.Staircase}, nil
	case "inverse_time_decay":
		return 0, InverseTimeDecay{s.Initial, s.Steps, s.Rate, s.Staircase}, nil
	case "polynomial_decay":
		return 0, PolynomialDecay{s.Initial, s.End, s.Steps, s.Power, s.Cycle}, nil
	case "cosine_decay":
		c := CosineDecay{Initial: s.Initial, Steps: s.Steps, Alpha: s.Alpha, WarmupSteps: s.WarmupSteps}
		if s.WarmupTarget != nil {
			c.WarmupTarget = *s.WarmupTarget
		}
		return 0, c, nil
	case "piecewise_constant":
		return 0, PiecewiseConstant{s.Boundaries, s.Values}, nil
	}
	return 0, nil, unsupported("schedule " + s.Schedule)
}

func (o *traceOptimizer) optimizer() (Optimizer, error) {
	rate, schedule, err := o.rate()
	if err != nil {
		return nil, err
	}
	value := func(p *float64) float64 {
		if p == nil {
			return 0
		}
		return *p
	}
	clip, decay := Clip{value(o.ClipValue), value(o.ClipNorm), value(o.GlobalClipNorm)}, value(o.WeightDecay)
	switch o.Name {
	case "sgd":
		return SGD{rate, schedule, o.Momentum, o.Nesterov, decay, clip}, nil
	case "adam":
		return Adam{rate, schedule, o.Beta1, o.Beta2, o.Epsilon, o.AMSGrad, decay, clip}, nil
	case "adamw":
		return AdamW{rate, schedule, o.Beta1, o.Beta2, o.Epsilon, o.AMSGrad, decay, clip}, nil
	case "adamax":
		return Adamax{rate, schedule, o.Beta1, o.Beta2, o.Epsilon, decay, clip}, nil
	case "nadam":
		return Nadam{rate, schedule, o.Beta1, o.Beta2, o.Epsilon, decay, clip}, nil
	case "rmsprop":
		return RMSprop{rate, schedule, o.Rho, o.Momentum, o.Epsilon, o.Centered, decay, clip}, nil
	case "adagrad":
		return Adagrad{rate, schedule, value(o.InitialAccumulatorValue), value(o.InitialAccumulatorValue) == 0, o.Epsilon, decay, clip}, nil
	case "adadelta":
		return Adadelta{rate, schedule, o.Rho, o.Epsilon, decay, clip}, nil
	case "lion":
		return Lion{rate, schedule, o.Beta1, o.Beta2, decay, clip}, nil
	}
	return nil, unsupported("optimizer " + o.Name)
}

func traceMetrics(names []string) ([]Metric, error) {
	var list []Metric
	for _, name := range names {
		m, ok := map[string]Metric{
			"accuracy": Accuracy{}, "binary_accuracy": BinaryAccuracy{}, "precision": Precision{}, "recall": Recall{}, "auc": AUC{},
			"mae": MeanAbsoluteError{}, "mse": MeanSquaredError{}, "rmse": RootMeanSquaredError{}, "mape": MeanAbsolutePercentageError{},
			"msle": MeanSquaredLogarithmicError{}, "logcosh": LogCosh{}, "huber": Huber{}, "poisson": Poisson{}, "kl_divergence": KLDivergence{},
			"hinge": Hinge{}, "squared_hinge": SquaredHinge{}, "categorical_hinge": CategoricalHinge{}, "binary_crossentropy": BinaryCrossentropy{},
			"categorical_crossentropy": CategoricalCrossentropy{}, "sparse_categorical_crossentropy": SparseCategoricalCrossentropy{},
			"cosine_similarity": CosineSimilarity{}, "r2_score": R2Score{}, "f1_score": F1Score{}, "categorical_accuracy": CategoricalAccuracy{},
			"sparse_categorical_accuracy": SparseCategoricalAccuracy{}, "top_k_categorical_accuracy": TopKAccuracy{},
		}[name]
		if !ok {
			return nil, unsupported("metric " + name)
		}
		list = append(list, m)
	}
	return list, nil
}

func (c traceCallback) callback() (Callback, error) {
	mode, ok := map[string]Mode{"": Auto, "auto": Auto, "min": Min, "max": Max}[c.Mode]
	if !ok {
		return nil, fmt.Errorf("mode %q", c.Mode)
	}
	switch c.Type {
	case "early_stopping":
		return &EarlyStopping{Monitor: c.Monitor, Mode: mode, MinDelta: c.MinDelta, Patience: c.Patience, RestoreBestWeights: c.RestoreBestWeights}, nil
	case "reduce_lr_on_plateau":
		return ReduceLearningRateOnPlateau{Monitor: c.Monitor, Mode: mode, Factor: c.Factor, Patience: c.Patience, NoPatience: c.Patience == 0,
			MinDelta: c.MinDelta, NoMinDelta: c.MinDelta == 0, Cooldown: c.Cooldown, MinLearningRate: c.MinLR}, nil
	}
	return nil, unsupported("callback " + c.Type)
}

// dataset makes a Dataset of x [rows][features] and of y, [rows][targets] or class indices.
func traceDataset(x [][]float64, y json.RawMessage, weights []float64) (*Dataset, error) {
	d := &Dataset{X: flat32(x), Features: len(x[0]), Targets: 1, SampleWeights: floats32(weights)}
	var labels []float64
	if json.Unmarshal(y, &labels) == nil {
		d.Y = floats32(labels)
		return d, nil
	}
	var rows [][]float64
	if err := json.Unmarshal(y, &rows); err != nil {
		return nil, err
	}
	d.Y, d.Targets = flat32(rows), len(rows[0])
	return d, nil
}

func floats32(x []float64) []float32 {
	var f []float32
	for _, v := range x {
		f = append(f, float32(v))
	}
	return f
}

func flat32(x [][]float64) []float32 { return floats32(slices.Concat(x...)) }

// network makes the network with its initial weights.
func (f *traceFile) network() (*Network, error) {
	var layers []Layer
	for _, l := range f.Layers {
		layer, err := l.layer()
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	n, err := New(f.InputDim, layers...)
	if err != nil {
		return nil, err
	}
	for _, w := range f.InitialWeights {
		if err := n.SetWeights(w.Layer, Tensor{ourName(w.Name), w.Shape, floats32(w.Values)}); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// ourName turns Keras's name of an array into ours.
func ourName(name string) string {
	if name == "kernel" {
		return nameWeights
	}
	return name
}

// comparison collects the differences of a case.
type comparison struct {
	errs  []string
	worst float64 // share of the tolerance
}

func (c *comparison) close(what string, got, want, tol float64) {
	scale := max(1, math.Abs(want))
	c.worst = max(c.worst, math.Abs(got-want)/(tol*scale))
	if !(math.Abs(got-want) <= tol*scale) {
		c.fail("%s is %v, want %v within %g", what, got, want, tol)
	}
}

func (c *comparison) fail(format string, args ...any) {
	if len(c.errs) < 5 {
		c.errs = append(c.errs, fmt.Sprintf(format, args...))
	}
}

func (c *comparison) all(what string, got []float32, want []float64, tol float64) {
	if len(got) != len(want) {
		c.fail("%s has %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		c.close(fmt.Sprintf("%s[%d]", what, i), float64(got[i]), want[i], tol)
	}
}

func (c *comparison) weights(what string, n *Network, want []traceWeights, tol float64) {
	for _, w := range want {
		have := n.Weights(w.Layer)
		i := slices.IndexFunc(have, func(t Tensor) bool { return t.Name == ourName(w.Name) })
		if i < 0 {
			c.fail("%s: layer %d lacks %s", what, w.Layer, w.Name)
			continue
		}
		c.all(fmt.Sprintf("%s: layer %d %s", what, w.Layer, w.Name), have[i].Values, w.Values, tol)
	}
}

// scores compares named numbers; counts agree to the tolerance of discrete metrics.
func (f *traceFile) scores(c *comparison, what string, got, want map[string]float64) {
	for name := range got {
		if _, ok := want[name]; !ok {
			c.fail("%s has %q, which Keras lacks", what, name)
		}
	}
	for name, w := range want {
		v, ok := got[name]
		if !ok {
			c.fail("%s lacks %q", what, name)
			continue
		}
		c.close(what+" "+name, v, w, f.tolerance(name))
	}
}

// tolerance returns the tolerance of a metric or loss in the history.
func (f *traceFile) tolerance(name string) float64 {
	if len(name) > 4 && name[:4] == "val_" {
		name = name[4:]
	}
	switch name {
	case "accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "top_k_categorical_accuracy", "precision", "recall":
		return f.TolFields["discrete_metrics"]
	}
	return f.TolFields["losses"]
}

// run trains as the trace says, and compares everything.
func (f *traceFile) run(c *comparison) error {
	ctx := context.Background()
	n, err := f.network()
	if err != nil {
		return err
	}
	loss, err := f.Loss.loss()
	if err != nil {
		return err
	}
	optimizer, err := f.Optimizer.optimizer()
	if err != nil {
		return err
	}
	metrics, err := traceMetrics(f.Metrics)
	if err != nil {
		return err
	}
	weighted, err := traceMetrics(f.WeightedMetrics)
	if err != nil {
		return err
	}
	t, err := NewTrainer(n, TrainerConfig{Loss: loss, Optimizer: optimizer, Metrics: metrics, WeightedMetrics: weighted, BatchSize: f.Fit.BatchSize})
	if err != nil {
		return err
	}
	data, err := traceDataset(f.Data.X, f.Data.Y, f.Data.SampleWeight)
	if err != nil {
		return err
	}
	test, err := traceDataset(f.Data.XTest, f.Data.YTest, nil)
	if err != nil {
		return err
	}
	config := FitConfig{Epochs: f.Fit.Epochs, NoShuffle: !f.Fit.Shuffle}
	if f.Fit.ValidationSplit != nil {
		config.ValidationSplit = *f.Fit.ValidationSplit
	}
	if f.Data.XVal != nil {
		if config.ValidationData, err = traceDataset(f.Data.XVal, f.Data.YVal, f.Data.SampleWeightVal); err != nil {
			return err
		}
	}
	for class, w := range f.Fit.ClassWeight {
		if config.ClassWeights == nil {
			config.ClassWeights = map[int]float64{}
		}
		i, err := strconv.Atoi(class)
		if err != nil {
			return err
		}
		config.ClassWeights[i] = w
	}
	var stopping *EarlyStopping
	for _, cb := range f.Fit.Callbacks {
		callback, err := cb.callback()
		if err != nil {
			return err
		}
		if s, ok := callback.(*EarlyStopping); ok {
			stopping = s
		}
		config.Callbacks = append(config.Callbacks, callback)
	}
	want, tol := &f.Expected, f.TolFields
	rate := t.LearningRate()
	step := 0
	before := 0.0 // epoch's loss times rows, before the step
	config.Callbacks = append(config.Callbacks, Hooks{
		EpochBegin: func(*Training) error { before, rate = 0, t.LearningRate(); return nil },
		BatchEnd: func(training *Training) error {
			if step < len(want.StepLoss) {
				sum := training.fit.lossSum
				c.close(fmt.Sprintf("loss of step %d", step), (sum-before)/float64(t.rows), want.StepLoss[step], tol["step_loss"])
				c.close(fmt.Sprintf("learning rate of step %d", step), rate, want.StepLearningRate[step], 1e-6)
				before, rate = sum, t.LearningRate()
			}
			if step == 0 {
				c.weights("after step 1", n, want.WeightsAfterStep1, tol["weights"])
			}
			step++
			return nil
		},
	})

	predictions := func(what string, want [][]float64) error {
		got, err := n.Predict(test.X)
		if err == nil {
			c.all(what, got, slices.Concat(want...), tol["predictions"])
		}
		return err
	}
	evaluate := func(what string, want map[string]float64) error {
		got, err := t.Evaluate(ctx, test)
		if err == nil {
			f.scores(c, what, got, want)
		}
		return err
	}
	if err := predictions("prediction before", want.PredictionsBefore); err != nil {
		return err
	}
	if err := evaluate("evaluation before", want.EvaluateBefore); err != nil {
		return err
	}
	if f.Fit.Epochs == 0 {
		return nil
	}
	history, err := t.Fit(ctx, data, config)
	if err != nil {
		return err
	}
	for e := range history.Epochs {
		got, expected := map[string]float64{}, map[string]float64{}
		for name, values := range history.Metrics {
			got[name] = values[e]
		}
		for name, values := range want.History {
			if e < len(values) {
				expected[name] = values[e]
			}
		}
		f.scores(c, fmt.Sprintf("epoch %d", e), got, expected)
	}
	if want.EpochsRun != nil && len(history.Epochs) != *want.EpochsRun {
		c.fail("%d epochs, want %d", len(history.Epochs), *want.EpochsRun)
	}
	if len(want.StepLoss) > step {
		c.fail("%d steps, want at least %d", step, len(want.StepLoss))
	}
	if stopping != nil {
		if want.StoppedEpoch != nil && stopping.StoppedEpoch != *want.StoppedEpoch {
			c.fail("stopped in epoch %d, want %d", stopping.StoppedEpoch, *want.StoppedEpoch)
		}
		if want.BestEpoch != nil && stopping.BestEpoch != *want.BestEpoch {
			c.fail("best epoch %d, want %d", stopping.BestEpoch, *want.BestEpoch)
		}
	}
	c.weights("final", n, want.FinalWeights, tol["weights"])
	if err := predictions("prediction after", want.PredictionsAfter); err != nil {
		return err
	}
	return evaluate("evaluation after", want.EvaluateAfter)
}

// runGradient computes the gradients of one batch and compares them.
func (f *traceFile) runGradient(c *comparison) error {
	n, err := f.network()
	if err != nil {
		return err
	}
	loss, err := f.Loss.loss()
	if err != nil {
		return err
	}
	data, err := traceDataset(f.Data.X, f.Data.Y, f.Data.SampleWeight)
	if err != nil {
		return err
	}
	rows := data.Rows()
	t, err := newTrainer(n, TrainerConfig{Loss: loss, BatchSize: rows}, true)
	if err != nil {
		return err
	}
	t.x, t.ldx = data.X, data.Features
	got := t.gradients(data.Y, data.SampleWeights, rows)
	c.close("loss", got, f.Expected.Loss, f.Tol)
	outputs := n.Outputs()
	p := make([]float32, rows*outputs)
	copyRows(p, outputs, t.stages[len(t.stages)-1].out, stride(outputs), outputs, rows)
	c.all("prediction", p, slices.Concat(f.Expected.Predictions...), f.Tol)
	gradient := func(what string, got []float32, want []float64) {
		if len(got) != len(want) {
			c.fail("%s has %d values, want %d", what, len(got), len(want))
			return
		}
		for i := range got {
			difference := math.Abs(float64(got[i]) - want[i])
			c.worst = max(c.worst, difference/(f.Tol*f.GradientScale))
			if !(difference <= f.Tol*f.GradientScale) {
				c.fail("%s[%d] is %v, want %v within %g", what, i, got[i], want[i], f.Tol*f.GradientScale)
			}
		}
	}
	for _, w := range f.Expected.Gradients {
		tensors := n.stages[w.Layer].tensors
		i := slices.IndexFunc(tensors, func(t tensor) bool { return t.name == ourName(w.Name) })
		values := make([]float32, tensors[i].size())
		tensors[i].unpack(values, t.grads)
		gradient(fmt.Sprintf("gradient of layer %d %s", w.Layer, w.Name), values, w.Values)
	}
	features := n.Features()
	dx := make([]float32, rows*features)
	copyRows(dx, features, t.dx, stride(features), features, rows)
	gradient("gradient of x", dx, slices.Concat(f.Expected.InputGradient...))
	return nil
}

// activationTable is gradients/activation_table.json.
type activationTable struct {
	Format, Note string
	X            []float64
	Rows         []struct {
		Activation        string
		ActivationArgs    map[string]any `json:"activation_args"`
		Value, Derivative []float64
	}
}

func (f *activationTable) run(c *comparison) error {
	const tol = 1e-6 // of the file's note
	for _, row := range f.Rows {
		act, err := traceLayer{Activation: row.Activation, ActivationArgs: row.ActivationArgs}.activation()
		if err != nil {
			return err
		}
		x := floats32(f.X)
		a, d := slices.Clone(x), slices.Repeat([]float32{1}, len(x))
		activateGeneric(act, a, x)
		if act.needsInput() {
			gradActivationGeneric(act, d, x)
		} else {
			gradActivationGeneric(act, d, a)
		}
		for i, v := range f.X {
			what := fmt.Sprintf("%v(%v)", act, v)
			c.close(what, float64(a[i]), row.Value[i], tol)
			if act.kind != hardSigmoid || math.Abs(v) != 3 {
				c.close("derivative of "+what, float64(d[i]), row.Derivative[i], tol)
			}
		}
	}
	return nil
}

func TestGoldenTraces(t *testing.T) {
	runGolden(t, "traces", "golden/traces", func(data []byte, c *comparison) error {
		var f traceFile
		if err := strictJSON(data, &f); err != nil {
			return err
		}
		return f.run(c)
	})
}

func TestGoldenGradients(t *testing.T) {
	runGolden(t, "gradients", "golden/gradients", func(data []byte, c *comparison) error {
		var format struct{ Format string }
		if err := json.Unmarshal(data, &format); err != nil {
			return err
		}
		switch format.Format {
		case "mlp-gradient/1":
			var f traceFile
			if err := strictJSON(data, &f); err != nil {
				return err
			}
			return f.runGradient(c)
		case "mlp-activation-table/1":
			var f activationTable
			if err := strictJSON(data, &f); err != nil {
				return err
			}
			return f.run(c)
		}
		return fmt.Errorf("format %q", format.Format)
	})
}

// runGolden runs every JSON file of a folder but its index.
func runGolden(t *testing.T, set, folder string, run func(data []byte, c *comparison) error) {
	paths, err := filepath.Glob(filepath.Join(goldenFolder(t, folder), "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var count tally
	worst := 0.0
	for _, path := range paths {
		if filepath.Base(path) == "index.json" {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var c comparison
		err = run(data, &c)
		if lacking, ok := err.(unsupported); ok {
			t.Logf("%s: not yet supported: %v", path, lacking)
			count.unsupported++
			continue
		}
		if err != nil {
			c.fail("%v", err)
		}
		if len(c.errs) > 0 {
			count.failed++
			for _, e := range c.errs {
				t.Errorf("%s: %s", path, e)
			}
			continue
		}
		if testing.Verbose() && c.worst > 0.3 {
			t.Logf("%s: reaches %.2f of a tolerance", path, c.worst)
		}
		worst = max(worst, c.worst)
		count.passed++
	}
	t.Logf("the largest deviation is %.2f of its tolerance", worst)
	count.log(t, set)
}
