package mlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// metricCase computes one metric.
type metricCase struct {
	Metric string `json:"metric"`
	Args   struct {
		YTrue            json.RawMessage   `json:"y_true"`
		YPred            json.RawMessage   `json:"y_pred"`
		YScore           json.RawMessage   `json:"y_score"`
		YProba           json.RawMessage   `json:"y_proba"`
		SampleWeight     []float64         `json:"sample_weight"`
		Labels           []json.RawMessage `json:"labels"`
		TargetNames      []string          `json:"target_names"`
		Digits           int               `json:"digits"`
		Average          *string           `json:"average"`
		ZeroDivision     goldenFloat       `json:"zero_division"`
		Beta             float64           `json:"beta"`
		Normalize        json.RawMessage   `json:"normalize"`
		Weights          *string           `json:"weights"`
		MultiClass       string            `json:"multi_class"`
		DropIntermediate *bool             `json:"drop_intermediate"`
		K                *int              `json:"k"`
		Multioutput      string            `json:"multioutput"`
	} `json:"args"`
	Want  json.RawMessage `json:"want"`
	Error string          `json:"error"`
	Note  string          `json:"note"`
}

func (c *metricCase) check(f *sklearnFile) error {
	got, err := c.compute()
	var feature errUnsupported
	switch {
	case errors.As(err, &feature):
		return err
	case c.Error != "":
		return checkRefused(err, c.Error)
	case err != nil:
		return err
	}
	tol := f.tolerance("doubles")
	switch got := got.(type) {
	case string:
		var want string
		if err := json.Unmarshal(c.Want, &want); err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("report\n%s\nwant\n%s", got, want)
		}
		return nil
	case map[string][]float64:
		var want map[string]goldenMatrix
		if err := json.Unmarshal(c.Want, &want); err != nil {
			return err
		}
		if len(got) != len(want) {
			return fmt.Errorf("%d lists, want %d", len(got), len(want))
		}
		for key, list := range want {
			if err := tol.check(key, got[key], list); err != nil {
				return err
			}
		}
		return nil
	}
	want, err := flatten(c.Want)
	if err != nil {
		return err
	}
	return tol.check(c.Metric, got.([]float64), want)
}

// compute returns the metric: numbers, numbers by name, or text.
func (c *metricCase) compute() (any, error) {
	one := func(v float64, err error) (any, error) { return []float64{v}, err }
	switch c.Metric {
	case "accuracy", "accuracy_count", "balanced_accuracy", "matthews_corrcoef", "cohen_kappa", "confusion_matrix",
		"precision", "recall", "f1", "fbeta", "classification_report":
		return c.computeFromClasses()
	case "mse", "mae", "rmse", "mape", "r2", "explained_variance", "max_error", "median_ae", "msle":
		return c.computeRegression()
	}
	truth, labels, err := c.encode(c.Args.YTrue)
	if err != nil {
		return nil, err
	}
	scores, err := flatten(slices.Concat(c.Args.YScore, c.Args.YProba))
	if err != nil {
		return nil, err
	}
	y := truth[0]
	x := goldenMatrix(scores).floats()
	weights := c.Args.SampleWeight
	probabilities := ProbabilityConfig{Labels: labels, SampleWeights: weights}
	curve := CurveConfig{SampleWeights: weights}
	switch c.Metric {
	case "log_loss":
		loss, err := LogLoss(y, x, probabilities)
		if string(c.Args.Normalize) == "false" { // the sum
			for i := range y {
				weights = append(weights[:i:i], weightOf(c.Args.SampleWeight, i))
			}
			sum := 0.0
			for _, w := range weights {
				sum += w
			}
			loss *= sum
		}
		return one(loss, err)
	case "brier":
		return one(BrierScore(y, x, probabilities))
	case "top_k_accuracy":
		k := 2
		if c.Args.K != nil {
			k = *c.Args.K
		}
		return one(TopKScore(y, x, k, probabilities))
	case "roc_auc":
		average, err := c.average("macro")
		if err != nil {
			return nil, err
		}
		return one(ROCAUC(y, x, ROCAUCConfig{
			Labels:        labels,
			OneVsOne:      c.Args.MultiClass == "ovo",
			Average:       average,
			SampleWeights: weights,
		}))
	case "average_precision":
		r, err := PrecisionRecallCurve(y, x, 1, curve)
		if err != nil {
			return nil, err
		}
		return one(r.AveragePrecision(), nil)
	case "roc_curve":
		curve.DropIntermediate = c.Args.DropIntermediate == nil || *c.Args.DropIntermediate
		r, err := ROCCurve(y, x, 1, curve)
		if err != nil {
			return nil, err
		}
		return map[string][]float64{"fpr": r.FalsePositiveRate, "tpr": r.TruePositiveRate, "thresholds": r.Thresholds}, nil
	case "precision_recall_curve":
		curve.DropIntermediate = c.Args.DropIntermediate != nil && *c.Args.DropIntermediate
		r, err := PrecisionRecallCurve(y, x, 1, curve)
		if err != nil {
			return nil, err
		}
		return map[string][]float64{"precision": r.Precision, "recall": r.Recall, "thresholds": r.Thresholds}, nil
	}
	return nil, errUnsupported(c.Metric)
}

// encode returns lists of labels as integers: as they are, or the places of texts among all texts in sorted order. The
// labels argument comes with them; nil if there is none.
func (c *metricCase) encode(lists ...json.RawMessage) (encoded [][]int, labels []int, err error) {
	var all []json.RawMessage
	parts := make([][]json.RawMessage, len(lists))
	for i, text := range lists {
		if err := json.Unmarshal(text, &parts[i]); err != nil {
			return nil, nil, err
		}
		all = append(all, parts[i]...)
	}
	classes := sortedLabels(append(all, c.Args.Labels...))
	encode := func(list []json.RawMessage) []int {
		integers := make([]int, len(list))
		for i, text := range list {
			if json.Unmarshal(text, &integers[i]) != nil {
				integers[i] = slices.IndexFunc(classes, func(class json.RawMessage) bool { return bytes.Equal(class, text) })
			}
		}
		return integers
	}
	for _, part := range parts {
		encoded = append(encoded, encode(part))
	}
	if c.Args.Labels != nil {
		labels = encode(c.Args.Labels)
	}
	return encoded, labels, nil
}

func (c *metricCase) average(absent string) (Average, error) {
	name := absent
	if c.Args.Average != nil {
		name = *c.Args.Average
	}
	switch name {
	case "macro":
		return MacroAverage, nil
	case "micro":
		return MicroAverage, nil
	case "weighted":
		return WeightedAverage, nil
	}
	return 0, errUnsupported("average " + name)
}

func (c *metricCase) computeFromClasses() (any, error) {
	y, labels, err := c.encode(c.Args.YTrue, c.Args.YPred)
	if err != nil {
		return nil, err
	}
	m, err := NewConfusionMatrix(y[0], y[1], c.Args.SampleWeight)
	if err != nil {
		return nil, err
	}
	scoring := ClassScoreConfig{Labels: labels, Beta: c.Args.Beta, ZeroDivision: float64(c.Args.ZeroDivision)}
	switch c.Metric {
	case "accuracy":
		return []float64{m.Accuracy()}, nil
	case "accuracy_count":
		return []float64{m.Correct()}, nil
	case "balanced_accuracy":
		return []float64{m.BalancedAccuracy()}, nil
	case "matthews_corrcoef":
		return []float64{m.Matthews()}, nil
	case "cohen_kappa":
		power := 0
		if c.Args.Weights != nil {
			power = map[string]int{"linear": 1, "quadratic": 2}[*c.Args.Weights]
		}
		return []float64{m.CohenKappa(power)}, nil
	case "confusion_matrix":
		if labels != nil {
			if m, err = m.Select(labels); err != nil {
				return nil, err
			}
		}
		switch unquoted(c.Args.Normalize) {
		case "true":
			m = m.ByTruth()
		case "pred":
			m = m.ByPrediction()
		case "all":
			m = m.ByTotal()
		}
		return m.Counts, nil
	case "classification_report":
		names := c.Args.TargetNames
		var texts []string
		if names == nil && json.Unmarshal(c.Args.YTrue, &texts) == nil {
			list := c.Args.Labels
			if list == nil {
				list = sortedLabels(c.texts())
			}
			for _, label := range list {
				names = append(names, unquoted(label))
			}
		}
		return m.Report(ReportConfig{
			Labels:       labels,
			TargetNames:  names,
			Digits:       c.Args.Digits,
			ZeroDivision: float64(c.Args.ZeroDivision),
		})
	}
	value := func(s ClassScore) float64 {
		switch c.Metric {
		case "precision":
			return s.Precision
		case "recall":
			return s.Recall
		}
		return s.FScore
	}
	if c.Args.Average != nil && *c.Args.Average != "binary" {
		average, err := c.average("")
		if err != nil {
			return nil, err
		}
		s, err := m.AverageScore(average, scoring)
		return []float64{value(s)}, err
	}
	if c.Args.Average != nil {
		scoring.Labels = []int{1}
	}
	scores, err := m.Scores(scoring)
	values := []float64{}
	for _, s := range scores {
		values = append(values, value(s))
	}
	return values, err
}

// texts returns all labels of the case.
func (c *metricCase) texts() (labels []json.RawMessage) {
	for _, list := range []json.RawMessage{c.Args.YTrue, c.Args.YPred} {
		var part []json.RawMessage
		if json.Unmarshal(list, &part) == nil {
			labels = append(labels, part...)
		}
	}
	return append(labels, c.Args.Labels...)
}

func (c *metricCase) computeRegression() (any, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(c.Args.YTrue, &rows); err != nil {
		return nil, err
	}
	y, err := flatten(c.Args.YTrue)
	if err != nil {
		return nil, err
	}
	p, err := flatten(c.Args.YPred)
	if err != nil {
		return nil, err
	}
	each, mean, err := RegressionScores(goldenMatrix(y).floats(), goldenMatrix(p).floats(), len(y)/max(len(rows), 1),
		c.Args.SampleWeight)
	if err != nil {
		return nil, err
	}
	value := func(s RegressionScore) float64 {
		return map[string]float64{
			"mse": s.MeanSquaredError, "mae": s.MeanAbsoluteError, "rmse": s.RootMeanSquaredError,
			"mape": s.MeanAbsolutePercentageError, "r2": s.R2, "explained_variance": s.ExplainedVariance,
			"max_error": s.MaxError, "median_ae": s.MedianAbsoluteError, "msle": s.MeanSquaredLogError,
		}[c.Metric]
	}
	if c.Metric == "msle" && math.IsNaN(mean.MeanSquaredLogError) {
		return nil, errors.New("a value that has no logarithm")
	}
	switch c.Args.Multioutput {
	case "", "uniform_average":
		return []float64{value(mean)}, nil
	case "raw_values":
		var values []float64
		for _, s := range each {
			values = append(values, value(s))
		}
		return values, nil
	}
	return nil, errUnsupported("multioutput " + c.Args.Multioutput)
}
