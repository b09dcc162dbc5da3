package mlp

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
)

// The rows of TestMetrics: seven of three classes, of a binary label, and of two regression targets.
var (
	classOutputs  = []float32{.7, .2, .1, .1, .6, .3, .3, .3, .4, .25, .5, .25, .05, .15, .8, .6, .1, .3, .4, .4, .2}
	classLabels   = []float32{0, 1, 2, 0, 2, 2, 1}
	classTargets  = []float32{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0}
	binaryOutputs = []float32{.9, .4, .65, .2, .5, .55, .1}
	binaryTargets = []float32{1, 0, 1, 1, 0, 0, 0}
	realOutputs   = []float32{2.5, .5, 0, 2, 2, -1, 8, 4.25, -1, .5, .25, .75, 3, 3}
	realTargets   = []float32{3, 1, -.5, 2, 2, -2, 7, 4, -.75, .5, .5, .25, 2.5, 3.5}
	metricWeights = []float32{1, 2, .5, .25, 3, 1.5, .75}
)

// scaled returns x times a factor, plus a shift.
func scaled(x []float32, factor, shift float32) []float32 {
	s := slices.Clone(x)
	for i, v := range x {
		s[i] = float32(factor*v) + shift
	}
	return s
}

// The numbers are those of Keras 3.15.1's metrics in float64 on JAX, updated by batches of four and three rows.
func TestMetrics(t *testing.T) {
	for _, c := range []struct {
		metric         Metric
		name           string
		y, p           []float32
		want, weighted float64
	}{
		{BinaryAccuracy{}, "binary_accuracy", binaryTargets, binaryOutputs, 0.7142857142857143, 0.8055555555555556},
		{BinaryAccuracy{Threshold: 0.45}, "binary_accuracy", binaryTargets, binaryOutputs, 0.5714285714285714, 0.4722222222222222},
		{BinaryAccuracy{}, "binary_accuracy", classTargets, classOutputs, 0.76190476, 0.83333333},
		{Accuracy{}, "accuracy", binaryTargets, binaryOutputs, 0.7142857142857143, 0.8055555555555556},
		{Accuracy{}, "accuracy", classTargets, classOutputs, 0.5714285714285714, 0.7222222222222222},
		{Accuracy{}, "accuracy", classLabels, classOutputs, 0.5714285714285714, 0.7222222222222222},
		{CategoricalAccuracy{}, "categorical_accuracy", classTargets, classOutputs, 0.5714285714285714, 0.7222222222222222},
		{SparseCategoricalAccuracy{}, "sparse_categorical_accuracy", classLabels, classOutputs, 0.5714285714285714, 0.7222222222222222},
		{TopKAccuracy{K: 1}, "top_k_categorical_accuracy", classTargets, classOutputs, 5. / 7, 7.25 / 9}, // equals count: by hand
		{TopKAccuracy{K: 1}, "top_k_categorical_accuracy", classLabels, classOutputs, 5. / 7, 7.25 / 9},
		{TopKAccuracy{K: 2}, "top_k_categorical_accuracy", classLabels, classOutputs, 1, 1},
		{Precision{}, "precision", binaryTargets, binaryOutputs, 0.6666666666666666, 0.5},
		{Recall{}, "recall", binaryTargets, binaryOutputs, 0.6666666666666666, 0.8571428571428571},
		{Precision{Threshold: 0.3}, "precision", binaryTargets, binaryOutputs, 0.4, 0.1875},
		{Recall{Threshold: 0.3}, "recall", binaryTargets, binaryOutputs, 0.6666666666666666, 0.8571428571428571},
		{Precision{Threshold: 0.28}, "precision", classTargets, classOutputs, 0.5, 0.6140350877192983},
		// Keras adds 1e-7 to the denominators of F1.
		{F1Score{}, "f1_score", classTargets, classOutputs, 0.66666667, 0.74149851},
		{F1Score{}, "f1_score", classLabels, classOutputs, 0.66666667, 0.74149851},
		{F1Score{Threshold: 0.28}, "f1_score", classTargets, classOutputs, 0.6190475, 0.7044444},
		{F1Score{Average: MicroAverage}, "f1_score", classTargets, classOutputs, 0.66666667, 0.77333333},
		{F1Score{Average: MicroAverage, Threshold: 0.28}, "f1_score", classLabels, classOutputs, 0.63157895, 0.75268817},
		{F1Score{Average: WeightedAverage}, "f1_score", classTargets, classOutputs, 0.68571428, 0.81151525},
		{F1Score{Average: WeightedAverage, Threshold: 0.28}, "f1_score", classLabels, classOutputs, 0.65306122, 0.78740740},
		{F1Score{}, "f1_score", binaryTargets, binaryOutputs, 0.66666667, 0.63157894},
		{AUC{}, "auc", binaryTargets, binaryOutputs, 0.75, 0.8719211822660098},
		{MeanSquaredError{}, "mse", realTargets, realOutputs, 0.26339285714285715, 0.15538194444444445},
		{MeanAbsoluteError{}, "mae", realTargets, realOutputs, 0.4107142857142857, 0.3020833333333333},
		{RootMeanSquaredError{}, "rmse", realTargets, realOutputs, 0.5132181379714255, 0.39418516517551044},
		{MeanAbsolutePercentageError{}, "mape", realTargets, realOutputs, 39.63010236620903, 44.30638259897629},
		{MeanSquaredLogarithmicError{}, "msle", scaled(classTargets, 3, 0), scaled(classOutputs, 5, 0), 0.4987027623823711, 0.37828737166192794},
		{R2Score{}, "r2_score", realTargets, realOutputs, 0.9420741275537234, 0.9291138692764}, // scikit-learn 1.9.1; Keras's is float32
		{CosineSimilarity{}, "cosine_similarity", realTargets, realOutputs, 0.9423439427851857, 0.9371194562820142},
		{LogCosh{}, "logcosh", realTargets, realOutputs, 0.12007414868899755, 0.07294742887218793},
		{Huber{Delta: 0.5}, "huber", realTargets, realOutputs, 0.11383928571428571, 0.0724826388888889},
		{Poisson{}, "poisson", scaled(classTargets, 3, 0), scaled(classOutputs, 5, 0), 0.8448705673217773, 0.6511901898516549},
		{KLDivergence{}, "kl_divergence", slices.Repeat([]float32{.5, .25, .25}, 7), classOutputs, 0.2932730953162896, 0.4919084738299742},
		{Hinge{}, "hinge", classTargets, scaled(classOutputs, 3, 0), 1.1904761961528234, 1.0842592550648584},
		{Hinge{}, "hinge", scaled(classTargets, 2, -1), scaled(classOutputs, 3, 0), 1.1904761961528234, 1.0842592550648584},
		{SquaredHinge{}, "squared_hinge", classTargets, scaled(classOutputs, 3, 0), 2.2147619894572665, 1.886620455318027},
		{CategoricalHinge{}, "categorical_hinge", classTargets, scaled(classOutputs, 3, 0), 0.7785714285714285, 0.5097222222222222},
		{BinaryCrossentropy{}, "binary_crossentropy", binaryTargets, binaryOutputs, 0.6076317706278392, 0.5667762439697981},
		{BinaryCrossentropy{FromLogits: true, LabelSmoothing: 0.1}, "binary_crossentropy", binaryTargets, binaryOutputs, 0.7151899210044316, 0.8243626670704948},
		{CategoricalCrossentropy{}, "categorical_crossentropy", classTargets, classOutputs, 0.7876418211732956, 0.593961450780546},
		{CategoricalCrossentropy{FromLogits: true, LabelSmoothing: 0.1}, "categorical_crossentropy", classTargets, classOutputs, 0.9764234498040552, 0.899751964796371},
		{SparseCategoricalCrossentropy{}, "sparse_categorical_crossentropy", classLabels, classOutputs, 0.7876418211732956, 0.593961450780546},
		{SparseCategoricalCrossentropy{FromLogits: true}, "sparse_categorical_crossentropy", classLabels, classOutputs, 0.9604710688516741, 0.8740575203519265},
		{BinaryFocalCrossentropy{}, "binary_focal_crossentropy", binaryTargets, binaryOutputs, 0.22592655193459774, 0.1479318660147126},
		{CategoricalFocalCrossentropy{FromLogits: true}, "categorical_focal_crossentropy", classTargets, classOutputs, 0.09459922194548522, 0.07749255540891496},
	} {
		if c.metric.Name() != c.name {
			t.Errorf("%T is called %q, want %q", c.metric, c.metric.Name(), c.name)
		}
		outputs, targets := len(c.p)/7, len(c.y)/7
		a, err := c.metric.Accumulator(outputs, targets)
		if err != nil {
			t.Errorf("%T%+v: %v", c.metric, c.metric, err)
			continue
		}
		outputsBefore := slices.Clone(c.p)
		add := func(from, to int, weights []float32) {
			if weights != nil {
				weights = weights[from:to]
			}
			a.Add(c.y[from*targets:to*targets], c.p[from*outputs:to*outputs], weights, to-from)
		}
		for _, w := range []struct {
			weights []float32
			want    float64
		}{{nil, c.want}, {metricWeights, c.weighted}, {slices.Repeat([]float32{2}, 7), c.want}} {
			a.Reset()
			add(0, 4, w.weights)
			state := a.(resumable).state()
			a.Reset()
			if err := a.(resumable).restore(state); err != nil {
				t.Error(err)
			}
			if a.(resumable).restore(state[1:]) == nil {
				t.Errorf("%T takes a state that is too short", c.metric)
			}
			add(4, 7, w.weights)
			// The outputs are float32, and the losses are computed in float32: some units in the last place.
			if got := a.Result(); !(math.Abs(got-w.want) <= 3e-7*max(1, math.Abs(w.want))) {
				t.Errorf("%T%+v with weights %v: %v, want %v", c.metric, c.metric, w.weights, got, w.want)
			}
		}
		if n := testing.AllocsPerRun(5, func() { add(0, 7, metricWeights) }); n != 0 {
			t.Errorf("%T%+v: Add allocates %v times", c.metric, c.metric, n)
		}
		if !slices.Equal(outputsBefore, c.p) {
			t.Errorf("%T%+v changes the outputs", c.metric, c.metric)
		}
	}
}

// What the formulas leave open.
func TestMetricEdges(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		what   string
		metric Metric
		y, p   []float32 // of rows rows
		rows   int
		want   float64
	}{
		{"no row", MeanSquaredError{}, nil, nil, 0, math.NaN()},
		{"no row", Precision{}, nil, nil, 0, 0},
		{"no row", R2Score{}, nil, nil, 0, math.NaN()},
		{"no positive", Precision{}, []float32{0, 1}, []float32{.1, .2}, 2, 0},
		{"no true one", Recall{}, []float32{0, 0}, []float32{.9, .2}, 2, 0},
		{"on the threshold", BinaryAccuracy{}, []float32{1, 0}, []float32{.5, .5}, 2, 0.5},
		{"equal targets, met", R2Score{}, []float32{2, 2}, []float32{2, 2}, 2, 1},         // scikit-learn's r2_score
		{"equal targets, missed", R2Score{}, []float32{2, 2}, []float32{2, 3}, 2, 0},      // scikit-learn's r2_score
		{"far from zero", R2Score{}, []float32{4096, 4097}, []float32{4096, 4096}, 2, -1}, // total 1/2, residual 1
		{"NaN output", Accuracy{}, []float32{1}, []float32{nan}, 1, 0},
		{"NaN of the class", TopKAccuracy{K: 2}, []float32{1}, []float32{.5, nan}, 1, 0},
		{"a label that is none", TopKAccuracy{K: 2}, []float32{2}, []float32{.5, .5}, 1, 0},
		{"a label that is none", SparseCategoricalCrossentropy{}, []float32{2}, []float32{.5, .5}, 1, math.NaN()},
		{"all outputs zero", F1Score{}, []float32{1}, []float32{0, 0}, 1, 0},
		{"one class only", AUC{}, []float32{1, 1}, []float32{.2, .7}, 2, 0},
	} {
		outputs, targets := 1, 1
		if c.rows > 0 {
			outputs, targets = len(c.p)/c.rows, len(c.y)/c.rows
		}
		a, err := c.metric.Accumulator(outputs, targets)
		if err != nil {
			t.Fatal(err)
		}
		a.Add(c.y, c.p, nil, c.rows)
		if got := a.Result(); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%T, %s: %v, want %v", c.metric, c.what, got, c.want)
		}
	}
}

func TestBadMetrics(t *testing.T) {
	for _, c := range []struct {
		metric           Metric
		outputs, targets int
		want             []string
	}{
		{Accuracy{}, 3, 2, []string{"3 outputs", "2 targets"}},
		{BinaryAccuracy{Threshold: 1}, 1, 1, []string{"Threshold is 1", "0 < Threshold < 1"}},
		{BinaryAccuracy{}, 3, 1, []string{"3 outputs"}},
		{CategoricalAccuracy{}, 1, 1, []string{"BinaryAccuracy"}},
		{CategoricalAccuracy{}, 3, 1, []string{"3 outputs"}},
		{SparseCategoricalAccuracy{}, 3, 3, []string{"3 targets"}},
		{TopKAccuracy{}, 3, 1, []string{"K is 5", "1 <= K <= 3"}},
		{TopKAccuracy{K: -1}, 3, 1, []string{"K is -1"}},
		{TopKAccuracy{K: 2}, 3, 2, []string{"2 targets"}},
		{Precision{Threshold: -0.5}, 1, 1, []string{"Threshold is -0.5"}},
		{Precision{}, 3, 1, []string{"3 outputs"}},
		{Recall{Threshold: math.NaN()}, 1, 1, []string{"Threshold is NaN"}},
		{F1Score{Threshold: 2}, 1, 1, []string{"Threshold is 2"}},
		{F1Score{Average: 7}, 1, 1, []string{"Average is 7"}},
		{F1Score{}, 3, 2, []string{"2 targets"}},
		{R2Score{}, 2, 1, []string{"2 outputs"}},
		{CosineSimilarity{}, 2, 1, []string{"2 outputs"}},
		{RootMeanSquaredError{}, 2, 1, []string{"2 outputs"}},
		{Huber{Delta: -1}, 1, 1, []string{"Delta is -1"}},
		{BinaryCrossentropy{LabelSmoothing: 1}, 1, 1, []string{"LabelSmoothing is 1"}},
		{SparseCategoricalCrossentropy{}, 3, 3, []string{"3 targets"}},
		{namedMetric{Accuracy{}, "val_accuracy"}, 1, 1, []string{`"val_accuracy"`}},
		{namedMetric{Accuracy{}, "loss"}, 1, 1, []string{`"loss"`}},
	} {
		_, _, err := compileMetrics([]Metric{c.metric}, c.outputs, c.targets)
		wantError(t, fmt.Sprintf("%T%+v", c.metric, c.metric), true, err, c.want)
	}
}

// namedMetric is a metric under a name of its own.
type namedMetric struct {
	Metric
	name string
}

func (m namedMetric) Name() string { return m.name }

// A metric that is the loss too reports the very numbers of the loss, weighted and not.
func TestLossAsMetric(t *testing.T) {
	d := blobs(70, 2)
	n := mustNew(t, 4, Dense{Units: 5, Activation: Tanh}, Dense{Units: 3, Activation: Softmax})
	trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: SGD{},
		Metrics: []Metric{SparseCategoricalCrossentropy{}, namedMetric{TopKAccuracy{K: 2}, "top_2"}, F1Score{}}, WeightedMetrics: []Metric{Accuracy{}}})
	scores, err := trainer.Evaluate(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := scores["sparse_categorical_crossentropy"], scores["loss"]; math.Abs(got-want) > 1e-6 {
		t.Errorf("as a metric %v, as the loss %v", got, want)
	}
	if !(scores["top_2"] > scores["accuracy"] && scores["f1_score"] > 0) {
		t.Errorf("scores %v", scores)
	}
}

func TestBalancedClassWeights(t *testing.T) {
	labels := []float32{0, 0, 0, 1, 1, 2, 0, 0, 1, 0}
	x := make([]float32, len(labels))
	// scikit-learn 1.9.1: compute_class_weight("balanced", …).
	want := map[int]float64{0: 10. / 18, 1: 10. / 9, 2: 10. / 3}
	oneHot := &Dataset{X: x, Features: 1, Targets: 3}
	for _, v := range labels {
		row := make([]float32, 3)
		row[int(v)] = 1
		oneHot.Y = append(oneHot.Y, row...)
	}
	for _, d := range []*Dataset{
		{X: x, Y: labels, Features: 1, Targets: 1}, {X: x, Y: labels, Features: 1, Targets: 1, ClassNames: []string{"a", "b", "c"}}, oneHot,
	} {
		got, err := BalancedClassWeights(d)
		if err != nil || len(got) != 3 {
			t.Fatal(got, err)
		}
		for class, w := range want {
			if math.Abs(got[class]-w) > 1e-15 {
				t.Errorf("class %d weighs %v, want %v", class, got[class], w)
			}
		}
	}
	bad := func(y ...float32) *Dataset {
		return &Dataset{X: make([]float32, len(y)), Y: y, Features: 1, Targets: 1}
	}
	named := bad(0, 1, 1)
	named.ClassNames = []string{"cat", "dog", "horse"}
	for _, c := range []struct {
		data *Dataset
		want []string
	}{
		{nil, []string{"no rows"}},
		{&Dataset{Features: 1, Targets: 1}, []string{"no rows"}},
		{&Dataset{Features: 1, X: x}, []string{"no targets"}},
		{named, []string{`class 2 ("horse")`, "no row"}},
		{bad(0, 2), []string{"class 1", "no row"}},
		{bad(0, 1e30), []string{"row 1", "1e+30"}},
		{bad(0, -1), []string{"row 1", "-1"}},
		{bad(0.5, 1), []string{"row 0", "0.5"}},
	} {
		_, err := BalancedClassWeights(c.data)
		wantError(t, "BalancedClassWeights", true, err, c.want)
	}
}

func BenchmarkMetrics(b *testing.B) {
	const rows, outputs = 32, 3
	y, labels := make([]float32, rows*outputs), make([]float32, rows)
	for r := range rows {
		labels[r] = float32(r % outputs)
		y[r*outputs+r%outputs] = 1
	}
	p := slices.Repeat(classOutputs[:outputs], rows)
	for _, m := range []Metric{Accuracy{}, SparseCategoricalAccuracy{}, F1Score{}, AUC{}, R2Score{}, MeanSquaredError{}} {
		targets := y
		if _, sparse := m.(SparseCategoricalAccuracy); sparse {
			targets = labels
		}
		a, err := m.Accumulator(outputs, len(targets)/rows)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(m.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				a.Add(targets, p, nil, rows)
			}
		})
	}
}

// isLargest is argmax's answer for all rows of up to four values, with ties, zeros of both signs, infinities and NaNs.
func TestIsLargest(t *testing.T) {
	values := []float32{0, float32(math.Copysign(0, -1)), 1, 2, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	for n := 1; n <= 4; n++ {
		for row := range int(math.Pow(float64(len(values)), float64(n))) {
			x := make([]float32, n)
			for i := range x {
				x[i] = values[row%len(values)]
				row /= len(values)
			}
			for i := range x {
				if got, want := isLargest(x, i), one(argmax(x) == i); got != want {
					t.Fatalf("isLargest(%v, %d) is %d, want %d", x, i, got, want)
				}
			}
		}
	}
}
