package mlp

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Metric is a number that Fit and Evaluate report beside the loss. The definitions are Keras's (https://keras.io/api/metrics).
// A type of one's own can implement it.
type Metric interface {
	// Name is the metric's key in History and scores.
	Name() string
	// Accumulator returns a new, empty accumulator for rows of that many outputs and targets.
	Accumulator(outputs, targets int) (Accumulator, error)
}

// Accumulator sums a metric up over the batches of an epoch.
type Accumulator interface {
	Reset()
	// Add takes a batch of rows: targets y [rows, targets], outputs p [rows, outputs], and weights [rows] or nil. The slices are
	// valid until it returns. It must not allocate.
	Add(y, p, weights []float32, rows int)
	// Result returns the metric over all rows since Reset, NaN without any.
	Result() float64
}

// Accuracy is the share of rows whose class is right, told from the shapes as Keras does: one output means output > 0.5; one
// target and several outputs, a class index against the largest output, the first of equals; else the largest of both. It looks
// at the outputs as they are, so logits of one output are compared with 0.5 too.
type Accuracy struct{}

// BinaryAccuracy is the share of outputs on their target's side of 0.5.
type BinaryAccuracy struct{}

// Precision is the share of true ones among the outputs above 0.5; 0 without any.
type Precision struct{}

// Recall is the share of outputs above 0.5 among the true ones; 0 without any.
type Recall struct{}

// AUC is the area under the ROC curve by the trapezoid rule over Keras's 200 thresholds -1e-7, 1/199, …, 198/199, 1+1e-7.
type AUC struct{}

// RootMeanSquaredError is the root of MeanSquaredError over all rows.
type RootMeanSquaredError struct{}

// Name returns "accuracy".
func (Accuracy) Name() string { return "accuracy" }

// Name returns "binary_accuracy".
func (BinaryAccuracy) Name() string { return "binary_accuracy" }

// Name returns "precision".
func (Precision) Name() string { return "precision" }

// Name returns "recall".
func (Recall) Name() string { return "recall" }

// Name returns "auc".
func (AUC) Name() string { return "auc" }

// Name returns "rmse".
func (RootMeanSquaredError) Name() string { return "rmse" }

// Name returns "mse".
func (MeanSquaredError) Name() string { return "mse" }

// Name returns "mae".
func (MeanAbsoluteError) Name() string { return "mae" }

// meanAccumulator is a weighted mean of a value for each row.
type meanAccumulator struct {
	value            func(y, p []float32) float64
	outputs, targets int
	sum, weight      float64
	root             bool
}

func (m *meanAccumulator) Reset() { m.sum, m.weight = 0, 0 }

func (m *meanAccumulator) Add(y, p, weights []float32, rows int) {
	for r := range rows {
		w := 1.0
		if weights != nil {
			w = float64(weights[r])
		}
		m.sum += float64(w * m.value(y[r*m.targets:][:m.targets], p[r*m.outputs:][:m.outputs]))
		m.weight += w
	}
}

func (m *meanAccumulator) Result() float64 {
	mean := m.sum / m.weight
	if m.root {
		return math.Sqrt(mean)
	}
	return mean
}

func (m *meanAccumulator) state() []float64 { return []float64{m.sum, m.weight} }

func (m *meanAccumulator) restore(state []float64) error {
	if len(state) != 2 {
		return fmt.Errorf("it has %d sums, want 2", len(state))
	}
	m.sum, m.weight = state[0], state[1]
	return nil
}

// sameShape returns an error unless there is a target for each output.
func sameShape(outputs, targets int) error {
	if outputs != targets {
		return fmt.Errorf("wants a target for each of %d outputs, but there are %d targets", outputs, targets)
	}
	return nil
}

// Accumulator implements Metric.
func (Accuracy) Accumulator(outputs, targets int) (Accumulator, error) {
	right := func(y, p []float32) bool { return argmax(y) == argmax(p) }
	switch {
	case outputs == 1 && targets == 1:
		right = func(y, p []float32) bool { return (p[0] > 0.5) == (y[0] != 0) && (y[0] == 0 || y[0] == 1) }
	case targets == 1:
		right = func(y, p []float32) bool { return int(y[0]) == argmax(p) }
	case outputs != targets:
		return nil, sameShape(outputs, targets)
	}
	return &meanAccumulator{outputs: outputs, targets: targets, value: func(y, p []float32) float64 {
		if right(y, p) {
			return 1
		}
		return 0
	}}, nil
}

// argmax returns the index of the largest value, the first of equals.
func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// Accumulator implements Metric.
func (BinaryAccuracy) Accumulator(outputs, targets int) (Accumulator, error) {
	return &meanAccumulator{outputs: outputs, targets: targets, value: func(y, p []float32) float64 {
		hits := 0
		for i, v := range p {
			if (v > 0.5) == (y[i] != 0) && (y[i] == 0 || y[i] == 1) {
				hits++
			}
		}
		return float64(hits) / float64(len(p))
	}}, sameShape(outputs, targets)
}

// Accumulator implements Metric.
func (MeanSquaredError) Accumulator(outputs, targets int) (Accumulator, error) {
	return &meanAccumulator{outputs: outputs, targets: targets, value: squaredError}, sameShape(outputs, targets)
}

// Accumulator implements Metric.
func (RootMeanSquaredError) Accumulator(outputs, targets int) (Accumulator, error) {
	return &meanAccumulator{outputs: outputs, targets: targets, value: squaredError, root: true}, sameShape(outputs, targets)
}

func squaredError(y, p []float32) float64 {
	sum := 0.0
	for i, v := range p {
		d := float64(v) - float64(y[i])
		sum += float64(d * d)
	}
	return sum / float64(len(p))
}

// Accumulator implements Metric.
func (MeanAbsoluteError) Accumulator(outputs, targets int) (Accumulator, error) {
	return &meanAccumulator{outputs: outputs, targets: targets, value: func(y, p []float32) float64 {
		sum := 0.0
		for i, v := range p {
			sum += math.Abs(float64(v) - float64(y[i]))
		}
		return sum / float64(len(p))
	}}, sameShape(outputs, targets)
}

// countAccumulator counts true and false positives and negatives at rising thresholds: an output above the threshold is
// taken for a one.
type countAccumulator struct {
	thresholds []float32
	counts     [4][]float64 // by threshold: weights of true and false positives, true and false negatives
	outputs    int
	result     func(c *countAccumulator) float64
}

const (
	truePositive = iota
	falsePositive
	trueNegative
	falseNegative
)

func newCounts(outputs, targets int, thresholds []float32, result func(c *countAccumulator) float64) (Accumulator, error) {
	c := &countAccumulator{thresholds: thresholds, outputs: outputs, result: result}
	for i := range c.counts {
		c.counts[i] = make([]float64, len(thresholds))
	}
	return c, sameShape(outputs, targets)
}

func (c *countAccumulator) Reset() {
	for _, n := range c.counts {
		clear(n)
	}
}

func (c *countAccumulator) Add(y, p, weights []float32, rows int) {
	for i, v := range p[:rows*c.outputs] {
		w := 1.0
		if weights != nil {
			w = float64(weights[i/c.outputs])
		}
		above, below := truePositive, falseNegative
		if y[i] == 0 {
			above, below = falsePositive, trueNegative
		}
		for t, threshold := range c.thresholds {
			if v > threshold {
				c.counts[above][t] += w
			} else {
				c.counts[below][t] += w
			}
		}
	}
}

func (c *countAccumulator) Result() float64 { return c.result(c) }

func (c *countAccumulator) state() []float64 { return slices.Concat(c.counts[:]...) }

func (c *countAccumulator) restore(state []float64) error {
	n := len(c.thresholds)
	if len(state) != len(c.counts)*n {
		return fmt.Errorf("it has %d sums, want %d", len(state), len(c.counts)*n)
	}
	for i := range c.counts {
		copy(c.counts[i], state[i*n:])
	}
	return nil
}

// ratio returns a/(a+b), 0 for 0/0.
func ratio(a, b float64) float64 {
	if a == 0 {
		return 0
	}
	return a / (a + b)
}

// Accumulator implements Metric.
func (Precision) Accumulator(outputs, targets int) (Accumulator, error) {
	return newCounts(outputs, targets, []float32{0.5}, func(c *countAccumulator) float64 {
		return ratio(c.counts[truePositive][0], c.counts[falsePositive][0])
	})
}

// Accumulator implements Metric.
func (Recall) Accumulator(outputs, targets int) (Accumulator, error) {
	return newCounts(outputs, targets, []float32{0.5}, func(c *countAccumulator) float64 {
		return ratio(c.counts[truePositive][0], c.counts[falseNegative][0])
	})
}

// Accumulator implements Metric.
func (AUC) Accumulator(outputs, targets int) (Accumulator, error) {
	const n = 200
	thresholds := make([]float32, n)
	for i := range thresholds {
		thresholds[i] = float32(float64(i) / (n - 1))
	}
	thresholds[0], thresholds[n-1] = -1e-7, 1+1e-7
	return newCounts(outputs, targets, thresholds, func(c *countAccumulator) float64 {
		area := 0.0
		for i := 1; i < n; i++ {
			var x, y [2]float64
			for j := range 2 {
				t := i - 1 + j
				x[j] = ratio(c.counts[falsePositive][t], c.counts[trueNegative][t])
				y[j] = ratio(c.counts[truePositive][t], c.counts[falseNegative][t])
			}
			area += float64((x[0] - x[1]) * (y[0] + y[1]) / 2)
		}
		return area
	})
}

// compileMetrics returns an accumulator for each metric, and the names.
func compileMetrics(metrics []Metric, outputs, targets int) ([]Accumulator, []string, error) {
	var list []Accumulator
	var names []string
	for i, m := range metrics {
		if m == nil {
			return nil, nil, fmt.Errorf("mlp: metric %d is nil", i)
		}
		a, err := m.Accumulator(outputs, targets)
		if err != nil {
			return nil, nil, fmt.Errorf("mlp: metric %d (%T) %w", i, m, err)
		}
		if m.Name() == "" || m.Name() == "loss" {
			return nil, nil, errors.New("mlp: a metric may not be called " + fmt.Sprintf("%q", m.Name()))
		}
		list = append(list, a)
		names = append(names, m.Name())
	}
	return list, names, nil
}
