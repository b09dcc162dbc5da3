package mlp

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Report tells how well a network's outputs meet the targets of a Dataset.
type Report struct {
	Rows int

	// Of a classification; Confusion is nil for a regression. Labels are the indices of ClassNames.
	ClassNames []string
	Confusion  *ConfusionMatrix
	LogLoss    float64
	BrierScore float64
	ROCAUC     float64       // mean over Curves; NaN if a class has no rows, or all
	Curves     []ClassCurves // one a class, or the second class alone of two

	// Of a regression; nil for a classification.
	TargetNames []string
	Targets     []RegressionScore // one a target
	Mean        RegressionScore   // over the targets
}

// ClassCurves shows how well a class is told from all others at every threshold.
type ClassCurves struct {
	Class           int // index of ClassNames
	ROC             *ROC
	PrecisionRecall *PrecisionRecall
	Calibration     *Calibration // in 10 bins of equal width
}

// NewReport compares the outputs that Network.Predict returned for the rows of d with their targets. SampleWeights
// weigh the rows, except in Calibration.
//
// If d has ClassNames, the outputs must be probabilities: one a class, of which the largest wins, or that of the second
// of two classes, which wins above 0.5. Otherwise they are numbers, one a target.
func NewReport(d *Dataset, outputs []float32) (*Report, error) {
	if err := d.validate("dataset", true); err != nil {
		return nil, err
	}
	var weights []float64
	for _, w := range d.SampleWeights {
		weights = append(weights, float64(w))
	}
	r := &Report{Rows: d.Rows()}
	if len(d.ClassNames) > 0 {
		if err := r.classify(d, outputs, weights); err != nil {
			return nil, err
		}
		return r, nil
	}
	if d.Targets == 0 {
		return nil, errors.New("mlp: NewReport: the dataset has no targets")
	}
	for j := range d.Targets {
		r.TargetNames = append(r.TargetNames, d.targetName(j))
	}
	var err error
	if r.Targets, r.Mean, err = RegressionScores(d.Y, outputs, d.Targets, weights); err != nil {
		return nil, err
	}
	return r, nil
}

// classify fills in the scores of a classification.
func (r *Report) classify(d *Dataset, outputs []float32, weights []float64) error {
	truth, err := d.Labels()
	if err != nil {
		return err
	}
	r.ClassNames = d.ClassNames
	classes := rowOrder(nil, len(d.ClassNames), false)
	cfg := ProbabilityConfig{Labels: classes, SampleWeights: weights}
	c, err := newProbabilities("NewReport", truth, outputs, cfg)
	if err != nil {
		return err
	}
	all, err := NewConfusionMatrix(truth, c.predictions(), weights)
	if err != nil {
		return err
	}
	if r.Confusion, err = all.Select(classes); err != nil {
		return err
	}
	if r.LogLoss, err = LogLoss(truth, outputs, cfg); err != nil {
		return err
	}
	if r.BrierScore, err = BrierScore(truth, outputs, cfg); err != nil {
		return err
	}
	curved := classes
	if len(classes) == 2 {
		curved = classes[1:]
	}
	for _, class := range curved {
		p := c.column(class)
		curves := ClassCurves{Class: class}
		list, err := thresholdCounts("NewReport", c.isClass(class), p, weights)
		if err != nil {
			return err
		}
		curves.ROC, curves.PrecisionRecall = list.roc(true), list.precisionRecall(false)
		if curves.Calibration, err = CalibrationCurve(truth, p, class, CalibrationConfig{Bins: 10}); err != nil {
			return err
		}
		r.Curves = append(r.Curves, curves)
		r.ROCAUC += curves.ROC.AUC() / float64(len(curved))
	}
	return nil
}

// predictions returns the class of each row: the most probable one, the first of equals.
func (c *columns[T]) predictions() []int {
	classes := make([]int, len(c.truth))
	for row := range classes {
		for class := range c.labels {
			if c.probability(row, class) > c.probability(row, classes[row]) {
				classes[row] = class
			}
		}
	}
	return classes
}

// String returns the report for people to read: scikit-learn's classification_report, the confusion matrix and the
// scores of all classes together, or a table of the targets' scores.
func (r *Report) String() string {
	var b strings.Builder
	if r.Confusion == nil {
		r.writeTargets(&b)
		return b.String()
	}
	text, err := r.Confusion.Report(ReportConfig{TargetNames: r.ClassNames})
	if err != nil {
		return err.Error() + "\n"
	}
	b.WriteString(text)
	b.WriteString("\n")
	r.writeConfusion(&b)
	b.WriteString("\n")
	averagePrecision := 0.0
	for _, c := range r.Curves {
		averagePrecision += c.PrecisionRecall.AveragePrecision() / float64(len(r.Curves))
	}
	for _, s := range []struct {
		name  string
		value float64
	}{
		{"accuracy", r.Confusion.Accuracy()},
		{"balanced accuracy", r.Confusion.BalancedAccuracy()},
		{"Cohen's kappa", r.Confusion.CohenKappa(0)},
		{"Matthews correlation", r.Confusion.Matthews()},
		{"ROC AUC", r.ROCAUC},
		{"average precision", averagePrecision},
		{"log loss", r.LogLoss},
		{"Brier score", r.BrierScore},
	} {
		fmt.Fprintf(&b, "%-20s %8.4f\n", s.name, s.value)
	}
	return b.String()
}

// writeConfusion writes the matrix, a line a true class.
func (r *Report) writeConfusion(b *strings.Builder) {
	const title = `true \ predicted`
	first := utf8.RuneCountInString(title)
	widths := make([]int, len(r.ClassNames))
	for j, name := range r.ClassNames {
		first = max(first, utf8.RuneCountInString(name))
		widths[j] = max(6, utf8.RuneCountInString(name))
	}
	fmt.Fprintf(b, "%-*s", first, title)
	for j, name := range r.ClassNames {
		fmt.Fprintf(b, "  %*s", widths[j], name)
	}
	b.WriteString("\n")
	for i, name := range r.ClassNames {
		fmt.Fprintf(b, "%-*s", first, name)
		for j, width := range widths {
			v := r.Confusion.Counts[i*len(widths)+j]
			decimals := 0
			if v != math.Trunc(v) {
				decimals = 2
			}
			fmt.Fprintf(b, "  %*.*f", width, decimals, v)
		}
		b.WriteString("\n")
	}
}

// writeTargets writes the scores of a regression, a line a target.
func (r *Report) writeTargets(b *strings.Builder) {
	names, scores := r.TargetNames, r.Targets
	if len(scores) > 1 {
		names, scores = append(names[:len(names):len(names)], "mean"), append(scores[:len(scores):len(scores)], r.Mean)
	}
	first := len("target")
	for _, name := range names {
		first = max(first, utf8.RuneCountInString(name))
	}
	fmt.Fprintf(b, "%-*s %10s %10s %10s %10s %10s %10s\n", first, "target",
		"R2", "explained", "RMSE", "MAE", "median AE", "max error")
	for i, s := range scores {
		fmt.Fprintf(b, "%-*s %10.4f %10.4f %10.4g %10.4g %10.4g %10.4g\n", first, names[i], s.R2, s.ExplainedVariance,
			s.RootMeanSquaredError, s.MeanAbsoluteError, s.MedianAbsoluteError, s.MaxError)
	}
}
