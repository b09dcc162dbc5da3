package mlp

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// CurveConfig says how ROCCurve and PrecisionRecallCurve are drawn.
type CurveConfig struct {
	SampleWeights []float64 // of the rows; nil weighs each 1

	// DropIntermediate leaves out points that do not change the shape of the curve. (It is the default of
	// scikit-learn's roc_curve, and not of its precision_recall_curve.)
	DropIntermediate bool
}

// ROC is a receiver operating characteristic: one point for each distinct score, from the highest down. At each, the
// rows with that score or a higher one are taken for the positive class.
type ROC struct {
	FalsePositiveRate []float64 // share of the negative rows that are taken for positive; NaN without any
	TruePositiveRate  []float64 // share of the positive rows that are; NaN without any
	Thresholds        []float64 // the scores; the first is +Inf, for no row at all
}

// ROCCurve returns the curve of scores for one class against all others. The higher a row's score, the more likely it
// is of class positive: a probability, a logit, anything finite.
// (https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_curve.html)
func ROCCurve[T float32 | float64](truth []int, scores []T, positive int, cfg CurveConfig) (*ROC, error) {
	p, err := thresholdCounts("ROCCurve", isClass(truth, positive), scores, cfg.SampleWeights)
	if err != nil {
		return nil, err
	}
	return p.roc(cfg.DropIntermediate), nil
}

// AUC returns the area under the curve by the trapezoid rule, which is the probability that a positive row has a higher
// score than a negative one, ties counting half. It is NaN if all rows are of one class.
func (c *ROC) AUC() float64 {
	area := 0.0
	for i := range len(c.TruePositiveRate) - 1 {
		width := c.FalsePositiveRate[i+1] - c.FalsePositiveRate[i]
		area += float64(width * (c.TruePositiveRate[i+1] + c.TruePositiveRate[i]) / 2)
	}
	return area
}

// PrecisionRecall is a precision-recall curve: one point for each distinct score, from the lowest up, and the point
// (recall 0, precision 1) at the end.
type PrecisionRecall struct {
	Precision  []float64 // share of the positive rows among those with the score or a higher one
	Recall     []float64 // share of the positive rows that have it; 1 without any
	Thresholds []float64 // the scores, one fewer than points
}

// PrecisionRecallCurve returns the curve of scores for one class against all others, as ROCCurve takes them.
// (https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_curve.html)
func PrecisionRecallCurve[T float32 | float64](
	truth []int, scores []T, positive int, cfg CurveConfig,
) (*PrecisionRecall, error) {
	p, err := thresholdCounts("PrecisionRecallCurve", isClass(truth, positive), scores, cfg.SampleWeights)
	if err != nil {
		return nil, err
	}
	return p.precisionRecall(cfg.DropIntermediate), nil
}

// AveragePrecision returns the sum of the precisions weighted by the rise in recall that each brings, without
// interpolation; 0 without positive rows.
func (c *PrecisionRecall) AveragePrecision() float64 {
	sum := 0.0
	for i := range c.Thresholds {
		sum += float64((c.Recall[i] - c.Recall[i+1]) * c.Precision[i])
	}
	return sum
}

// isClass reports for each row whether it is of the class.
func isClass(truth []int, class int) []bool {
	positive := make([]bool, len(truth))
	for row, label := range truth {
		positive[row] = label == class
	}
	return positive
}

// thresholdCount tells of the rows with a score or a higher one how many are positive and how many are not, by weight.
type thresholdCount struct {
	score                         float64
	truePositives, falsePositives float64
}

// thresholdList has one count for each distinct score, from the highest down.
type thresholdList []thresholdCount

// thresholdCounts counts the rows of each score. Rows of weight 0 are left out.
func thresholdCounts[T float32 | float64](
	what string, positive []bool, scores []T, weights []float64,
) (thresholdList, error) {
	if err := checkScored(what, len(positive), len(scores), weights); err != nil {
		return nil, err
	}
	rows := make([]int, 0, len(scores))
	for row, v := range scores {
		if !isFinite(v) {
			return nil, fmt.Errorf("mlp: %s: the score of row %d is %v, want a finite one", what, row, v)
		}
		if weightOf(weights, row) != 0 {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	var list thresholdList
	var sum thresholdCount
	for i, row := range rows {
		if positive[row] {
			sum.truePositives += weightOf(weights, row)
		} else {
			sum.falsePositives += weightOf(weights, row)
		}
		sum.score = float64(scores[row])
		if i == len(rows)-1 || scores[rows[i+1]] != scores[row] {
			list = append(list, sum)
		}
	}
	return list, nil
}

// total returns the counts of all rows.
func (list thresholdList) total() thresholdCount { return list[len(list)-1] }

// keep returns the first and the last count and those between that corner tells to keep, by their neighbours.
func (list thresholdList) keep(corner func(before, at, after thresholdCount) bool) thresholdList {
	var kept thresholdList
	for i, at := range list {
		if i == 0 || i == len(list)-1 || corner(list[i-1], at, list[i+1]) {
			kept = append(kept, at)
		}
	}
	return kept
}

func (list thresholdList) roc(dropIntermediate bool) *ROC {
	if dropIntermediate {
		list = list.keep(func(before, at, after thresholdCount) bool {
			return after.truePositives-at.truePositives != at.truePositives-before.truePositives ||
				after.falsePositives-at.falsePositives != at.falsePositives-before.falsePositives
		})
	}
	all := list.total()
	rate := func(count, all float64) float64 {
		if all == 0 {
			return math.NaN()
		}
		return count / all
	}
	c := &ROC{
		FalsePositiveRate: []float64{rate(0, all.falsePositives)},
		TruePositiveRate:  []float64{rate(0, all.truePositives)},
		Thresholds:        []float64{math.Inf(1)},
	}
	for _, at := range list {
		c.FalsePositiveRate = append(c.FalsePositiveRate, rate(at.falsePositives, all.falsePositives))
		c.TruePositiveRate = append(c.TruePositiveRate, rate(at.truePositives, all.truePositives))
		c.Thresholds = append(c.Thresholds, at.score)
	}
	return c
}

func (list thresholdList) precisionRecall(dropIntermediate bool) *PrecisionRecall {
	if dropIntermediate {
		list = list.keep(func(before, at, after thresholdCount) bool {
			return at.truePositives != before.truePositives || after.truePositives != at.truePositives
		})
	}
	positives := list.total().truePositives
	c := &PrecisionRecall{}
	for _, at := range slices.Backward(list) {
		recall := 1.0
		if positives != 0 {
			recall = at.truePositives / positives
		}
		c.Precision = append(c.Precision, at.truePositives/(at.truePositives+at.falsePositives))
		c.Recall = append(c.Recall, recall)
		c.Thresholds = append(c.Thresholds, at.score)
	}
	c.Precision, c.Recall = append(c.Precision, 1), append(c.Recall, 0)
	return c
}

// ROCAUCConfig says how ROCAUC averages over classes; its fields are those of scikit-learn's roc_auc_score.
type ROCAUCConfig struct {
	// Labels are the classes of the columns of scores, in rising order; nil means the classes that truth holds.
	Labels []int

	// OneVsOne averages over all pairs of classes that have rows, with the rows of the pair alone (Hand and Till, "A
	// simple generalisation of the area under the ROC curve for multiple class classification problems", Machine
	// Learning 45, 2001, doi:10.1023/A:1010920819831). Otherwise each class is compared with all others.
	OneVsOne bool

	Average       Average   // over classes or pairs; MicroAverage is not for OneVsOne
	SampleWeights []float64 // of the rows, not for OneVsOne; nil weighs each 1
}

// ROCAUC returns the area under the ROC curve of scores [rows, classes], or [rows] for the second of two classes. For
// more than two classes the scores must be probabilities, which sum to 1, and the areas of the classes are averaged.
// Without rows of a class, or without others, there is no area, and the result is NaN.
func ROCAUC[T float32 | float64](truth []int, scores []T, cfg ROCAUCConfig) (float64, error) {
	c, err := newColumns("ROCAUC", truth, scores, cfg.Labels, cfg.SampleWeights)
	if err != nil {
		return 0, err
	}
	switch {
	case cfg.Average > WeightedAverage:
		return 0, fmt.Errorf("mlp: ROCAUC: %w", errAverage(cfg.Average))
	case cfg.OneVsOne && cfg.Average == MicroAverage:
		return 0, errors.New("mlp: ROCAUC: OneVsOne with MicroAverage, want MacroAverage or WeightedAverage")
	case cfg.OneVsOne && cfg.SampleWeights != nil:
		return 0, errors.New("mlp: ROCAUC: OneVsOne with SampleWeights, want none")
	}
	classes := len(c.labels)
	if classes <= 2 {
		list, err := thresholdCounts("ROCAUC", c.isClass(classes-1), c.column(classes-1), cfg.SampleWeights)
		if err != nil {
			return 0, err
		}
		return list.roc(false).AUC(), nil
	}
	for row := range truth {
		sum := 0.0
		for _, v := range c.row(row) {
			sum += float64(v)
		}
		if !(math.Abs(sum-1) <= 1e-8+1e-5*math.Abs(sum)) {
			return 0, fmt.Errorf("mlp: ROCAUC: the scores of row %d sum to %v, want probabilities: 1", row, sum)
		}
	}
	switch {
	case cfg.OneVsOne:
		return c.oneVsOne(cfg.Average == WeightedAverage)
	case cfg.Average == MicroAverage:
		return c.microAUC(cfg.SampleWeights)
	}
	return c.oneVsRest(cfg.Average == WeightedAverage, cfg.SampleWeights)
}

// oneVsRest averages the areas of each class against all others.
func (c *columns[T]) oneVsRest(weighted bool, weights []float64) (float64, error) {
	sum, total := 0.0, 0.0
	for class := range c.labels {
		list, err := thresholdCounts("ROCAUC", c.isClass(class), c.column(class), weights)
		if err != nil {
			return 0, err
		}
		weight := 1.0
		if weighted {
			weight = list.total().truePositives
		}
		if weight != 0 { // a class without rows has no area, and no weight
			sum += float64(weight * list.roc(false).AUC())
		}
		total += weight
	}
	return sum / total, nil
}

// microAUC takes every score for one of a single class: whether the row is of the column's class.
func (c *columns[T]) microAUC(weights []float64) (float64, error) {
	classes := len(c.labels)
	positive := make([]bool, len(c.scores))
	for row, class := range c.truth {
		positive[row*classes+class] = true
	}
	if weights != nil {
		spread := make([]float64, len(c.scores))
		for i := range spread {
			spread[i] = weights[i/classes]
		}
		weights = spread
	}
	list, err := thresholdCounts("ROCAUC", positive, c.scores, weights)
	if err != nil {
		return 0, err
	}
	return list.roc(false).AUC(), nil
}

// oneVsOne averages over the pairs of classes that have rows.
func (c *columns[T]) oneVsOne(weighted bool) (float64, error) {
	classes := distinct(c.truth)
	if weighted && len(classes) == 1 {
		return 0, fmt.Errorf("mlp: ROCAUC: all rows are of class %d, so no pair of classes has a weight", c.labels[classes[0]])
	}
	sum, total := 0.0, 0.0
	for i, a := range classes {
		for _, b := range classes[i+1:] {
			var isA, isB []bool
			var ofA, ofB []T
			for row, class := range c.truth {
				if class == a || class == b {
					isA, isB = append(isA, class == a), append(isB, class == b)
					ofA, ofB = append(ofA, c.row(row)[a]), append(ofB, c.row(row)[b])
				}
			}
			areaA, err := thresholdCounts("ROCAUC", isA, ofA, nil)
			if err != nil {
				return 0, err
			}
			areaB, err := thresholdCounts("ROCAUC", isB, ofB, nil)
			if err != nil {
				return 0, err
			}
			weight := 1.0
			if weighted {
				weight = float64(len(isA))
			}
			sum += float64(weight * (areaA.roc(false).AUC() + areaB.roc(false).AUC()) / 2)
			total += weight
		}
	}
	return sum / total, nil
}
