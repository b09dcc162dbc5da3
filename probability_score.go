package mlp

import (
	"errors"
	"fmt"
	"slices"
)

// ProbabilityConfig says what LogLoss, BrierScore and TopKScore compare.
type ProbabilityConfig struct {
	// Labels are the classes of the columns, in rising order; nil means the classes that truth holds, of which there
	// must be as many then.
	Labels []int

	SampleWeights []float64 // of the rows; nil weighs each 1
}

// columns are the scores of rows for classes.
type columns[T float32 | float64] struct {
	truth  []int // the place in labels of each row's class
	labels []int
	scores []T // [rows, classes], or [rows, 1] for the second of two classes
	width  int // columns of scores
}

// newColumns finds the classes of the columns.
func newColumns[T float32 | float64](
	what string, truth []int, scores []T, labels []int, weights []float64,
) (*columns[T], error) {
	if err := checkScored(what, len(truth), len(truth), weights); err != nil {
		return nil, err
	}
	rows := len(truth)
	if len(scores) == 0 || len(scores)%rows != 0 {
		return nil, fmt.Errorf("mlp: %s: %d scores for %d rows, want as many for each row", what, len(scores), rows)
	}
	for i, v := range scores {
		if !isFinite(v) {
			return nil, fmt.Errorf("mlp: %s: a score of row %d is %v, want a finite one", what, i/(len(scores)/rows), v)
		}
	}
	c := &columns[T]{truth: make([]int, rows), labels: labels, scores: scores, width: len(scores) / rows}
	if labels == nil {
		c.labels = distinct(truth)
	} else if err := checkLabels(labels); err != nil {
		return nil, fmt.Errorf("mlp: %s: %w", what, err)
	} else if !slices.IsSorted(labels) {
		return nil, fmt.Errorf("mlp: %s: the labels are not in rising order", what)
	}
	if n := len(c.labels); n != c.width && !(n <= 2 && c.width == 1) {
		return nil, fmt.Errorf("mlp: %s: %d columns of scores for %d classes, want one each; Labels names those without rows",
			what, c.width, n)
	}
	index := labelIndex(c.labels)
	for row, label := range truth {
		class, ok := index[label]
		if !ok {
			return nil, fmt.Errorf("mlp: %s: row %d is of class %d, which is not among the labels", what, row, label)
		}
		c.truth[row] = class
	}
	return c, nil
}

// newProbabilities is newColumns for scores that are probabilities of at least two classes.
func newProbabilities[T float32 | float64](
	what string, truth []int, p []T, cfg ProbabilityConfig,
) (*columns[T], error) {
	c, err := newColumns(what, truth, p, cfg.Labels, cfg.SampleWeights)
	if err != nil {
		return nil, err
	}
	if err := checkProbability(what, p, c.width); err != nil {
		return nil, err
	}
	if len(c.labels) < 2 {
		return nil, fmt.Errorf("mlp: %s: all rows are of class %d, so Labels must name all classes", what, c.labels[0])
	}
	return c, nil
}

// checkProbability reports a value of p [rows, columns] outside of 0 to 1.
func checkProbability[T float32 | float64](what string, p []T, columns int) error {
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("mlp: %s: row %d has %v, want a probability", what, i/columns, v)
		}
	}
	return nil
}

func (c *columns[T]) row(i int) []T { return c.scores[i*c.width:][:c.width] }

// column returns the scores of a class that has a column.
func (c *columns[T]) column(class int) []T {
	if c.width == 1 {
		return c.scores
	}
	column := make([]T, len(c.truth))
	for row := range column {
		column[row] = c.row(row)[class]
	}
	return column
}

func (c *columns[T]) isClass(class int) []bool { return isClass(c.truth, class) }

// probability returns the probability of a class.
func (c *columns[T]) probability(row, class int) T {
	p := c.row(row)
	if c.width > 1 {
		return p[class]
	}
	if class == 0 {
		return 1 - p[0]
	}
	return p[0]
}

// mean returns the weighted mean of a value for each row.
func (c *columns[T]) mean(weights []float64, value func(row int) float64) float64 {
	sum, total := 0.0, 0.0
	for row := range c.truth {
		w := weightOf(weights, row)
		sum += float64(w * value(row))
		total += w
	}
	return sum / total
}

// LogLoss returns the mean of -log p of each row's class: cross-entropy. p [rows, classes] holds probabilities, or
// [rows] those of the second of two classes; they are kept off 0 and 1 by the smallest step of T above 1, and not
// divided by their sum. (https://scikit-learn.org/stable/modules/generated/sklearn.metrics.log_loss.html)
func LogLoss[T float32 | float64](truth []int, p []T, cfg ProbabilityConfig) (float64, error) {
	c, err := newProbabilities("LogLoss", truth, p, cfg)
	if err != nil {
		return 0, err
	}
	epsilon := 0x1p-52
	if _, single := any(p).([]float32); single {
		epsilon = 0x1p-23
	}
	return c.mean(cfg.SampleWeights, func(row int) float64 {
		p := float64(c.probability(row, c.truth[row]))
		return -log64(min(max(p, epsilon), 1-epsilon))
	}), nil
}

// BrierScore returns the mean of the squared errors of the probabilities p, which are as for LogLoss: summed over the
// classes, or of the second class alone if there are two, which are 0 and 1 where there is nothing else in truth.
// (https://scikit-learn.org/stable/modules/generated/sklearn.metrics.brier_score_loss.html)
func BrierScore[T float32 | float64](truth []int, p []T, cfg ProbabilityConfig) (float64, error) {
	if classes := distinct(truth); cfg.Labels == nil && len(p) == len(truth) && len(classes) == 1 &&
		(classes[0] == 0 || classes[0] == 1) {
		cfg.Labels = []int{0, 1}
	}
	c, err := newProbabilities("BrierScore", truth, p, cfg)
	if err != nil {
		return 0, err
	}
	score := c.mean(cfg.SampleWeights, func(row int) float64 {
		sum := 0.0
		for class := range c.labels {
			d := float64(c.probability(row, class))
			if class == c.truth[row] {
				d--
			}
			sum += float64(d * d)
		}
		return sum
	})
	if len(c.labels) == 2 {
		score /= 2
	}
	return score, nil
}

// TopKScore returns the share of rows whose class is among the k with the highest scores [rows, classes]; of equal
// scores, the later class counts as the higher one. Scores [rows] are those of the second of two classes, which is the
// predicted one above 0.5 if all are from 0 to 1, and else above 0.
// (https://scikit-learn.org/stable/modules/generated/sklearn.metrics.top_k_accuracy_score.html)
func TopKScore[T float32 | float64](truth []int, scores []T, k int, cfg ProbabilityConfig) (float64, error) {
	c, err := newColumns("TopKScore", truth, scores, cfg.Labels, cfg.SampleWeights)
	if err != nil {
		return 0, err
	}
	switch {
	case k < 1:
		return 0, fmt.Errorf("mlp: TopKScore: k is %d, want at least 1", k)
	case c.width == 1 && len(c.labels) != 2:
		return 0, errors.New("mlp: TopKScore: there is one class alone, so Labels must name all")
	}
	threshold := T(0)
	if slices.Min(scores) >= 0 && slices.Max(scores) <= 1 {
		threshold = 0.5
	}
	return c.mean(cfg.SampleWeights, func(row int) float64 {
		scores, class := c.row(row), c.truth[row]
		higher := 0 // classes before it
		if c.width == 1 {
			if (scores[0] > threshold) != (class == 1) {
				higher = 1
			}
		} else {
			for other, v := range scores {
				if v > scores[class] || v == scores[class] && other > class {
					higher++
				}
			}
		}
		if higher < k {
			return 1
		}
		return 0
	}), nil
}

// Calibration compares predicted probabilities with what happened, bin by bin; bins without rows are left out.
type Calibration struct {
	Predicted []float64 // mean of the probabilities
	Positive  []float64 // share of the rows that are of the class
	Rows      []int
}

// CalibrationConfig says how CalibrationCurve divides probabilities into bins.
type CalibrationConfig struct {
	Bins     int  // 0 means 5
	Quantile bool // bins of as many rows each, instead of equal width
}

// CalibrationCurve returns how well p, the probabilities of class positive, meet its share among the rows.
// (https://scikit-learn.org/stable/modules/generated/sklearn.calibration.calibration_curve.html)
func CalibrationCurve[T float32 | float64](
	truth []int, p []T, positive int, cfg CalibrationConfig,
) (*Calibration, error) {
	if err := checkScored("CalibrationCurve", len(truth), len(p), nil); err != nil {
		return nil, err
	}
	if err := checkProbability("CalibrationCurve", p, 1); err != nil {
		return nil, err
	}
	const maxBins = 1 << 20
	bins := cfg.Bins
	if bins == 0 {
		bins = 5
	}
	if bins < 1 || bins > maxBins {
		return nil, fmt.Errorf("mlp: CalibrationCurve: Bins is %d, want 1 to %d", bins, maxBins)
	}
	var sorted []float64
	if cfg.Quantile {
		sorted = sortedKnown(p, 1, 0)
	}
	edges := make([]float64, bins-1) // between the bins
	for i := range edges {
		edges[i] = float64(i+1) * (1 / float64(bins))
		if cfg.Quantile {
			edges[i] = quantile(sorted, float64(edges[i]*100)/100) // rounded as NumPy's percentages are
		}
	}
	sums := make([]float64, bins)
	positives, rows := make([]int, bins), make([]int, bins)
	for row, v := range p {
		bin, _ := slices.BinarySearch(edges, float64(v))
		sums[bin] += float64(v)
		rows[bin]++
		if truth[row] == positive {
			positives[bin]++
		}
	}
	c := &Calibration{}
	for bin, n := range rows {
		if n > 0 {
			c.Predicted = append(c.Predicted, sums[bin]/float64(n))
			c.Positive = append(c.Positive, float64(positives[bin])/float64(n))
			c.Rows = append(c.Rows, n)
		}
	}
	return c, nil
}
