package mlp

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Metric is a number that Fit and Evaluate report beside the loss. The definitions are Keras's (https://keras.io/api/metrics),
// and the names are those under which Keras's compile takes them. A type of one's own can implement it; one that embeds a metric
// and has another Name lets a training report that metric twice, at two thresholds for example.
//
// Every Loss of this package is a Metric too: the weighted mean of the loss of each row, without penalties.
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
	// Result returns the metric over all rows since Reset. Without any, a mean is NaN and a quotient of counts 0.
	Result() float64
}

// RootMeanSquaredError is the root of MeanSquaredError over all rows.
type RootMeanSquaredError struct{}

// R2Score is the coefficient of determination, 1 - Σ(y-p)²/Σ(y-ȳ)² with the mean ȳ over all rows; of several outputs, the mean of
// theirs. A column whose targets are all equal scores 0, or 1 if they are met exactly, as in scikit-learn.
type R2Score struct{}

// Name returns "rmse".
func (RootMeanSquaredError) Name() string { return "rmse" }

// Name returns "r2_score".
func (R2Score) Name() string { return "r2_score" }

// sums is the memory of an Accumulator, all of which a checkpoint keeps.
type sums []float64

func (s sums) Reset() { clear(s) }

func (s sums) state() []float64 { return slices.Clone(s) }

func (s sums) restore(state []float64) error {
	if len(state) != len(s) {
		return fmt.Errorf("it has %d sums, want %d", len(state), len(s))
	}
	copy(s, state)
	return nil
}

// meanAccumulator is a weighted mean of a value for each row.
type meanAccumulator struct {
	sums             // of the weighted values, and of the weights
	outputs, targets int
	value            func(y, p []float32) float64
}

func newMean(outputs, targets int, value func(y, p []float32) float64) *meanAccumulator {
	return &meanAccumulator{make(sums, 2), outputs, targets, value}
}

func (m *meanAccumulator) Add(y, p, weights []float32, rows int) {
	for r := range rows {
		w := rowWeight(weights, r)
		m.sums[0] += float64(w * m.value(y[r*m.targets:][:m.targets], p[r*m.outputs:][:m.outputs]))
		m.sums[1] += w
	}
}

func (m *meanAccumulator) Result() float64 { return m.sums[0] / m.sums[1] }

// rowWeight returns the weight of row r, 1 where there are none.
func rowWeight(weights []float32, r int) float64 {
	if weights == nil {
		return 1
	}
	return float64(weights[r])
}

// sameShape returns an error unless there is a target for each output.
func sameShape(outputs, targets int) error {
	if outputs != targets {
		return fmt.Errorf("wants a target for each of %d outputs, but there are %d targets", outputs, targets)
	}
	return nil
}

// lossAccumulator is the weighted mean of a loss.
type lossAccumulator struct {
	*meanAccumulator
	loss   lossFunction
	signed bool // the targets of the batch are zeros and ones, which a hinge loss takes for -1 and 1
}

// lossMetric returns an accumulator of a loss.
func lossMetric(loss Loss, outputs, targets int) (*lossAccumulator, error) {
	f, err := loss.compile()
	if err != nil {
		return nil, err
	}
	if f.kind == sparseCategoricalCrossentropy {
		if targets != 1 || outputs < 2 {
			return nil, fmt.Errorf("wants one target, a class index, and an output a class, but there are %d targets and %d outputs", targets, outputs)
		}
	} else if err := sameShape(outputs, targets); err != nil {
		return nil, err
	}
	if f.kind == categoricalFocalCrossentropy {
		f.scratch = make([]float32, outputs)
	}
	l := &lossAccumulator{loss: f}
	gradient := make([]float32, outputs) // which a metric has no use for
	l.meanAccumulator = newMean(outputs, targets, func(y, p []float32) float64 {
		if f.kind == sparseCategoricalCrossentropy && badLabel(y, outputs) >= 0 {
			return math.NaN()
		}
		return float64(f.row(y, p, gradient, l.signed))
	})
	return l, nil
}

func (l *lossAccumulator) Add(y, p, weights []float32, rows int) {
	l.signed = (l.loss.kind == hinge || l.loss.kind == squaredHinge) && zerosAndOnes(y[:rows*l.targets])
	l.meanAccumulator.Add(y, p, weights, rows)
}

// rootAccumulator is the root of a mean.
type rootAccumulator struct{ *lossAccumulator }

func (a rootAccumulator) Result() float64 { return math.Sqrt(a.lossAccumulator.Result()) }

// Accumulator implements Metric.
func (RootMeanSquaredError) Accumulator(outputs, targets int) (Accumulator, error) {
	a, err := lossMetric(MeanSquaredError{}, outputs, targets)
	return rootAccumulator{a}, err
}

// negativeAccumulator has the other sign.
type negativeAccumulator struct{ *lossAccumulator }

func (a negativeAccumulator) Result() float64 { return -a.lossAccumulator.Result() }

// Accumulator implements Metric.
func (CosineSimilarity) Accumulator(outputs, targets int) (Accumulator, error) {
	a, err := lossMetric(CosineSimilarity{}, outputs, targets)
	return negativeAccumulator{a}, err
}

// r2Accumulator keeps, for each output, the weighted mean of the targets, the sum of the squared distances from it (West,
// doi:10.1145/359146.359153), and the sum of the squared errors.
type r2Accumulator struct {
	sums                  // the weight of the rows, then the three for each output
	mean, total, residual []float64
}

// Accumulator implements Metric.
func (R2Score) Accumulator(outputs, targets int) (Accumulator, error) {
	s := make(sums, 1+3*outputs)
	return &r2Accumulator{s, s[1:][:outputs], s[1+outputs:][:outputs], s[1+2*outputs:]}, sameShape(outputs, targets)
}

func (a *r2Accumulator) Add(y, p, weights []float32, rows int) {
	n := len(a.mean)
	for r := range rows {
		w := rowWeight(weights, r)
		if w == 0 {
			continue
		}
		a.sums[0] += w
		share := w / a.sums[0]
		for j, v := range p[r*n:][:n] {
			target := float64(y[r*n+j])
			d := target - a.mean[j]
			a.mean[j] += float64(share * d)
			a.total[j] += float64(w * float64(d*(target-a.mean[j])))
			e := target - float64(v)
			a.residual[j] += float64(w * float64(e*e))
		}
	}
}

func (a *r2Accumulator) Result() float64 {
	if a.sums[0] == 0 {
		return math.NaN()
	}
	sum := 0.0
	for j, total := range a.total {
		switch {
		case total != 0:
			sum += 1 - a.residual[j]/total
		case a.residual[j] == 0:
			sum++
		}
	}
	return sum / float64(len(a.total))
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
			return nil, nil, fmt.Errorf("mlp: metric %d (%T): %w", i, m, err)
		}
		if name := m.Name(); name == "" || name == "loss" || strings.HasPrefix(name, "val_") {
			return nil, nil, errors.New("mlp: a metric may not be called " + fmt.Sprintf("%q", name))
		}
		list = append(list, a)
		names = append(names, m.Name())
	}
	return list, names, nil
}
