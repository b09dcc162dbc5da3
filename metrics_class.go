package mlp

import (
	"fmt"
	"slices"
)

// Accuracy is the share of rows whose class is right, told from the shapes as Keras does: one output means BinaryAccuracy; one
// target and several outputs, SparseCategoricalAccuracy; else CategoricalAccuracy. It looks at the outputs as they are, so logits of
// one output are compared with 0.5 too.
type Accuracy struct{}

// BinaryAccuracy is the share of outputs on their target's side of the threshold.
type BinaryAccuracy struct {
	Threshold float64 // 0 < Threshold < 1; 0 means 0.5. An output above it is taken for a one
}

// CategoricalAccuracy is the share of rows whose largest output is that of the largest target, the first of equals each.
type CategoricalAccuracy struct{}

// SparseCategoricalAccuracy is the share of rows whose largest output, the first of equals, is that of the class index.
type SparseCategoricalAccuracy struct{}

// TopKAccuracy is the share of rows in which fewer than K outputs are larger than that of the row's class: the largest of several
// targets, or the class index in one.
type TopKAccuracy struct {
	K int // 1 <= K <= outputs; 0 means 5
}

// Precision is the share of true ones among the outputs above the threshold; 0 without any.
type Precision struct {
	Threshold float64 // 0 < Threshold < 1; 0 means 0.5
}

// Recall is the share of outputs above the threshold among the true ones; 0 without any.
type Recall struct {
	Threshold float64 // 0 < Threshold < 1; 0 means 0.5
}

// F1Score is the harmonic mean of precision and recall, 2·tp/(2·tp + fp + fn), of each output and averaged over them; 0 for an output
// with neither a true nor a predicted one. Targets are as many ones and zeros, or one class index.
//
// Without a Threshold, the largest output of a row (every one of equals) is the predicted one; a network of one output has the
// threshold 0.5 then, where Keras would take all its outputs for ones.
type F1Score struct {
	Average   Average
	Threshold float64 // 0 < Threshold < 1; 0 means the above
}

// Average says how numbers of several classes become one.
type Average uint8

// The averages, named as in scikit-learn.
const (
	MacroAverage    Average = iota // the plain mean over the classes
	MicroAverage                   // of the counts of all classes together
	WeightedAverage                // the mean weighted by the number of true ones of each class
)

// AUC is the area under the ROC curve by the trapezoid rule over Keras's 200 thresholds -1e-7, 1/199, …, 198/199, 1+1e-7.
type AUC struct{}

// Name returns "accuracy".
func (Accuracy) Name() string { return "accuracy" }

// Name returns "binary_accuracy".
func (BinaryAccuracy) Name() string { return "binary_accuracy" }

// Name returns "categorical_accuracy".
func (CategoricalAccuracy) Name() string { return "categorical_accuracy" }

// Name returns "sparse_categorical_accuracy".
func (SparseCategoricalAccuracy) Name() string { return "sparse_categorical_accuracy" }

// Name returns "top_k_categorical_accuracy".
func (TopKAccuracy) Name() string { return "top_k_categorical_accuracy" }

// Name returns "precision".
func (Precision) Name() string { return "precision" }

// Name returns "recall".
func (Recall) Name() string { return "recall" }

// Name returns "f1_score".
func (F1Score) Name() string { return "f1_score" }

// Name returns "auc".
func (AUC) Name() string { return "auc" }

// Accumulator implements Metric.
func (Accuracy) Accumulator(outputs, targets int) (Accumulator, error) {
	switch {
	case outputs == 1:
		return BinaryAccuracy{}.Accumulator(outputs, targets)
	case targets == 1:
		return SparseCategoricalAccuracy{}.Accumulator(outputs, targets)
	}
	return CategoricalAccuracy{}.Accumulator(outputs, targets)
}

// Accumulator implements Metric.
func (m BinaryAccuracy) Accumulator(outputs, targets int) (Accumulator, error) {
	threshold, err := decisionThreshold(m.Threshold)
	if err != nil {
		return nil, err
	}
	return newMean(outputs, targets, func(y, p []float32) float64 {
		hits := 0
		for i, v := range p {
			predicted := float32(0)
			if v > threshold {
				predicted = 1
			}
			if y[i] == predicted {
				hits++
			}
		}
		return float64(hits) / float64(len(p))
	}), sameShape(outputs, targets)
}

// decisionThreshold returns a metric's threshold, 0.5 if it is left out.
func decisionThreshold(t float64) (float32, error) {
	return float32(or(t, 0.5)), checkRange("Threshold", t, t >= 0 && t < 1, "0 < Threshold < 1")
}

// Accumulator implements Metric.
func (CategoricalAccuracy) Accumulator(outputs, targets int) (Accumulator, error) {
	if outputs == 1 {
		return nil, fmt.Errorf("wants an output a class, but there is one; use BinaryAccuracy")
	}
	return shareOfRows(outputs, targets, func(y, p []float32) bool { return argmax(y) == argmax(p) }), sameShape(outputs, targets)
}

// Accumulator implements Metric.
func (SparseCategoricalAccuracy) Accumulator(outputs, targets int) (Accumulator, error) {
	if targets != 1 || outputs == 1 {
		return nil, fmt.Errorf("wants one target, a class index, and an output a class, but there are %d targets and %d outputs", targets, outputs)
	}
	return &hitAccumulator{make(sums, 2), outputs}, nil
}

// hitAccumulator is the share of rows whose largest output, the first of equals, is that of their class. It is what small
// networks are trained with, where a call for each row would be felt.
type hitAccumulator struct {
	sums    // of the weights of the hits, and of all
	outputs int
}

func (a *hitAccumulator) Add(y, p, weights []float32, rows int) {
	a.addRows(y, p, a.outputs, weights, rows)
}

// addRows is Add for outputs [rows, ld].
func (a *hitAccumulator) addRows(y, p []float32, ld int, weights []float32, rows int) {
	hits := 0
	for r, label := range y[:rows] {
		hit := 0
		if class := indexOf(label, a.outputs); class >= 0 {
			hit = isLargest(p[r*ld:][:a.outputs], class)
		}
		hits += hit
		if weights != nil {
			a.sums[0] += float64(float64(hit) * float64(weights[r]))
			a.sums[1] += float64(weights[r])
		}
	}
	if weights == nil {
		a.sums[0] += float64(hits)
		a.sums[1] += float64(rows)
	}
}

func (a *hitAccumulator) Result() float64 { return a.sums[0] / a.sums[1] }

// isLargest returns 1 if argmax(x) is i, else 0. It has no branch for each value, for those of a network that has not yet
// learnt cannot be foreseen.
func isLargest(x []float32, i int) int {
	top, larger, atLeast := x[i], 0, 0
	for _, v := range x {
		larger += one(v > top)
		atLeast += one(v >= top)
	}
	if atLeast-larger != 1 || x[0] != x[0] { // others are as large, or there are NaNs
		return one(argmax(x) == i)
	}
	return one(larger == 0)
}

// one returns 1 for true and 0 for false.
func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Accumulator implements Metric.
func (m TopKAccuracy) Accumulator(outputs, targets int) (Accumulator, error) {
	k := m.K
	if k == 0 {
		k = 5
	}
	if k < 1 || k > outputs {
		return nil, fmt.Errorf("K is %d, want 1 <= K <= %d outputs", k, outputs)
	}
	if targets != 1 {
		if err := sameShape(outputs, targets); err != nil {
			return nil, err
		}
	}
	return shareOfRows(outputs, targets, func(y, p []float32) bool {
		class := classOf(y, outputs)
		if class < 0 || p[class] != p[class] {
			return false
		}
		larger := 0
		for _, v := range p {
			if v > p[class] {
				larger++
			}
		}
		return larger < k
	}), nil
}

// classOf returns the class that a row's targets tell, a class index or the largest of several; -1 for an index that is none.
func classOf(y []float32, classes int) int {
	switch {
	case len(y) > 1:
		return argmax(y)
	case badLabel(y, classes) >= 0:
		return -1
	}
	return int(y[0])
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

// shareOfRows returns an accumulator of the share of rows that are right.
func shareOfRows(outputs, targets int, right func(y, p []float32) bool) Accumulator {
	return newMean(outputs, targets, func(y, p []float32) float64 {
		if right(y, p) {
			return 1
		}
		return 0
	})
}

// countAccumulator counts true ones and zeros by the number of rising thresholds that their output exceeds: at threshold t, those
// counted above t are taken for ones.
type countAccumulator struct {
	sums
	ones, zeros []float64 // [thresholds+1] weights
	thresholds  []float32
	outputs     int
	result      func(c *countAccumulator) float64
}

func newCounts(outputs, targets int, thresholds []float32, result func(c *countAccumulator) float64) (Accumulator, error) {
	n := len(thresholds) + 1
	s := make(sums, 2*n)
	return &countAccumulator{s, s[:n], s[n:], thresholds, outputs, result}, sameShape(outputs, targets)
}

func (c *countAccumulator) Add(y, p, weights []float32, rows int) {
	for i, v := range p[:rows*c.outputs] {
		exceeded, _ := slices.BinarySearch(c.thresholds, v)
		if y[i] != 0 {
			c.ones[exceeded] += rowWeight(weights, i/c.outputs)
		} else {
			c.zeros[exceeded] += rowWeight(weights, i/c.outputs)
		}
	}
}

func (c *countAccumulator) Result() float64 { return c.result(c) }

// quotient returns a/b, 0 where b is 0.
func quotient(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// Accumulator implements Metric.
func (m Precision) Accumulator(outputs, targets int) (Accumulator, error) {
	threshold, err := decisionThreshold(m.Threshold)
	if err != nil {
		return nil, err
	}
	return newCounts(outputs, targets, []float32{threshold}, func(c *countAccumulator) float64 { return quotient(c.ones[1], c.ones[1]+c.zeros[1]) })
}

// Accumulator implements Metric.
func (m Recall) Accumulator(outputs, targets int) (Accumulator, error) {
	threshold, err := decisionThreshold(m.Threshold)
	if err != nil {
		return nil, err
	}
	return newCounts(outputs, targets, []float32{threshold}, func(c *countAccumulator) float64 { return quotient(c.ones[1], c.ones[1]+c.ones[0]) })
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
		var ones, zeros float64
		for i := range c.ones {
			ones += c.ones[i]
			zeros += c.zeros[i]
		}
		// From the highest threshold down, along the curve from (0, 0).
		var area, truePositives, falsePositives, x, y float64
		for i := n; i > 0; i-- {
			truePositives += c.ones[i]
			falsePositives += c.zeros[i]
			nextX, nextY := quotient(falsePositives, zeros), quotient(truePositives, ones)
			if i < n {
				area += float64((nextX - x) * (nextY + y) / 2)
			}
			x, y = nextX, nextY
		}
		return area
	})
}

// f1Accumulator counts, for each output, the weights of true positives, false positives and false negatives.
type f1Accumulator struct {
	sums
	tp, fp, fn []float64
	targets    int
	threshold  float32 // 0: the largest output is the predicted one
	average    Average
}

// Accumulator implements Metric.
func (m F1Score) Accumulator(outputs, targets int) (Accumulator, error) {
	threshold, err := decisionThreshold(m.Threshold)
	if err != nil {
		return nil, err
	}
	if m.Average > WeightedAverage {
		return nil, fmt.Errorf("Average is %d, want MacroAverage, MicroAverage or WeightedAverage", m.Average)
	}
	if targets != 1 {
		if err := sameShape(outputs, targets); err != nil {
			return nil, err
		}
	}
	if m.Threshold == 0 && outputs > 1 {
		threshold = 0
	}
	s := make(sums, 3*outputs)
	return &f1Accumulator{s, s[:outputs], s[outputs:][:outputs], s[2*outputs:], targets, threshold, m.Average}, nil
}

func (a *f1Accumulator) Add(y, p, weights []float32, rows int) {
	outputs := len(a.tp)
	sparse := a.targets == 1 && outputs > 1
	for r := range rows {
		w := rowWeight(weights, r)
		p, y := p[r*outputs:][:outputs], y[r*a.targets:][:a.targets]
		largest := p[argmax(p)]
		for j, v := range p {
			truth := float64(0)
			if !sparse {
				truth = float64(y[j])
			} else if y[0] == float32(j) {
				truth = 1
			}
			// An output of zero is no prediction, even as the largest.
			predicted := v >= largest && abs32(v) > 1e-9
			if a.threshold != 0 {
				predicted = v > a.threshold
			}
			if predicted {
				a.tp[j] += float64(w * truth)
				a.fp[j] += float64(w * (1 - truth))
			} else {
				a.fn[j] += float64(w * truth)
			}
		}
	}
}

func (a *f1Accumulator) Result() float64 {
	var sum, weight, tp, fp, fn float64
	for j := range a.tp {
		share := 1.0
		if a.average == WeightedAverage {
			share = a.tp[j] + a.fn[j]
		}
		sum += float64(share * quotient(2*a.tp[j], 2*a.tp[j]+a.fp[j]+a.fn[j]))
		weight += share
		tp, fp, fn = tp+a.tp[j], fp+a.fp[j], fn+a.fn[j]
	}
	if a.average == MicroAverage {
		return quotient(2*tp, 2*tp+fp+fn)
	}
	return quotient(sum, weight)
}
