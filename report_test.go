package mlp

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
)

// The expected numbers of this file are scikit-learn 1.9.1's.

func near(got, want []float64) bool {
	return slices.EqualFunc(got, want, func(a, b float64) bool { return a == b || math.Abs(a-b) <= 1e-8 })
}

func TestCalibrationCurve(t *testing.T) {
	truth := []int{0, 1, 1, 0, 1, 0, 1, 1, 0, 0}
	p := []float64{.1, .35, .8, .4, .9, .65, .7, .2, .05, .5}
	for _, test := range []struct {
		cfg                 CalibrationConfig
		positive, predicted []float64
		rows                []int
	}{
		{CalibrationConfig{}, []float64{1. / 3, 0.5, 0, 2. / 3, 1}, []float64{0.116666666667, 0.375, 0.5, 0.716666666667, 0.9}, []int{3, 2, 1, 3, 1}},
		{CalibrationConfig{Bins: 3, Quantile: true}, []float64{1. / 3, 1. / 3, 0.75}, []float64{0.116666666667, 0.416666666667, 0.7625}, []int{3, 3, 4}},
		{CalibrationConfig{Bins: 1}, []float64{0.5}, []float64{0.465}, []int{10}},
	} {
		c, err := CalibrationCurve(truth, p, 1, test.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if !near(c.Positive, test.positive) || !near(c.Predicted, test.predicted) || !slices.Equal(c.Rows, test.rows) {
			t.Errorf("%+v: %+v, want %v of %v in %v rows", test.cfg, c, test.positive, test.predicted, test.rows)
		}
	}
}

func TestCurvesDropIntermediatePoints(t *testing.T) {
	truth := []int{0, 1, 1, 0, 1, 0, 1, 1, 0, 0}
	scores := []float32{.1, .35, .8, .4, .9, .65, .7, .2, .05, .5}
	cfg := CurveConfig{DropIntermediate: true}
	roc, err := ROCCurve(truth, scores, 1, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !near(roc.FalsePositiveRate, []float64{0, 0, 0, .6, .6, 1}) || !near(roc.TruePositiveRate, []float64{0, .2, .6, .6, 1, 1}) {
		t.Errorf("ROC %+v", roc)
	}
	other, err := ROCCurve(truth, scores, 0, CurveConfig{}) // the scores tell the other class as badly
	if err != nil {
		t.Fatal(err)
	}
	if a, b := roc.AUC(), other.AUC(); !near([]float64{a, b}, []float64{0.76, 0.24}) {
		t.Errorf("areas %v and %v, want 0.76 and 0.24", a, b)
	}
	curve, err := PrecisionRecallCurve(truth, scores, 1, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(curve.Thresholds) != 7 || len(curve.Precision) != 8 { // of 10 and 11
		t.Errorf("precision-recall %+v", curve)
	}
}

func TestCohenKappaWeights(t *testing.T) {
	m, err := NewConfusionMatrix([]int{0, 1, 2, 2, 1, 0, 2, 1}, []int{0, 2, 2, 0, 1, 0, 2, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := []float64{m.CohenKappa(0), m.CohenKappa(1), m.CohenKappa(2)}
	if !near(got, []float64{0.627906976744186, 0.5862068965517242, 0.5454545454545454}) {
		t.Errorf("kappas %v", got)
	}
}

func TestNewReport(t *testing.T) {
	d := &Dataset{
		X:          make([]float32, 6),
		Y:          []float32{0, 0, 1, 1, 2, 2},
		Features:   1,
		Targets:    1,
		ClassNames: []string{"a", "b", "c", "never"},
	}
	outputs := []float32{
		.7, .1, .1, .1,
		.4, .4, .1, .1, // the first of equals
		.2, .6, .1, .1,
		.5, .3, .1, .1,
		.1, .1, .7, .1,
		.1, .2, .6, .1,
	}
	r, err := NewReport(d, outputs)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{2, 0, 0, 0, 1, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0}; !slices.Equal(r.Confusion.Counts, want) {
		t.Errorf("confusion %v, want %v", r.Confusion.Counts, want)
	}
	if !math.IsNaN(r.ROCAUC) || len(r.Curves) != 4 || r.Curves[2].ROC.AUC() != 1 {
		t.Errorf("ROC AUC %v, %d curves", r.ROCAUC, len(r.Curves))
	}
	for _, line := range []string{"       never       0.00      0.00      0.00         0\n", "true \\ predicted       a       b       c   never\n", "accuracy               0.8333\n"} {
		if !strings.Contains(r.String(), line) {
			t.Errorf("the report lacks %q:\n%s", line, r)
		}
	}

	// One output for two classes means the same as two.
	d.ClassNames = d.ClassNames[:2]
	d.Y = []float32{0, 0, 1, 1, 0, 1}
	one := []float32{.1, .6, .5, .8, .2, .9}
	var two []float32
	for _, p := range one {
		two = append(two, 1-p, p)
	}
	a, err := NewReport(d, one)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewReport(d, two)
	if err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() || len(a.Curves) != 1 || a.Curves[0].Class != 1 {
		t.Errorf("of one output\n%s\nof two\n%s", a, b)
	}
	if want := []float64{2, 1, 1, 2}; !slices.Equal(a.Confusion.Counts, want) {
		t.Errorf("confusion %v, want %v", a.Confusion.Counts, want)
	}

	// Weights count rows more than once.
	d.SampleWeights = []float32{1, 2, 1, 3, 1, 1}
	weighted, err := NewReport(d, one)
	if err != nil {
		t.Fatal(err)
	}
	repeated, err := d.Subset([]int{0, 1, 1, 2, 3, 3, 3, 4, 5})
	if err != nil {
		t.Fatal(err)
	}
	repeated.SampleWeights = nil
	want, err := NewReport(repeated, gather(one, 1, []int{0, 1, 1, 2, 3, 3, 3, 4, 5}))
	if err != nil {
		t.Fatal(err)
	}
	got := []float64{weighted.LogLoss, weighted.BrierScore, weighted.ROCAUC, weighted.Curves[0].PrecisionRecall.AveragePrecision()}
	if w := []float64{want.LogLoss, want.BrierScore, want.ROCAUC, want.Curves[0].PrecisionRecall.AveragePrecision()}; !near(got, w) {
		t.Errorf("with weights %v, with the rows repeated %v", got, w)
	}

	r, err = NewReport(&Dataset{X: make([]float32, 2), Y: []float32{1, 10, 3, 10}, Features: 1, Targets: 2}, []float32{1, 11, 2, 9})
	if err != nil {
		t.Fatal(err)
	}
	if r.Targets[0].R2 != 0.5 || r.Targets[1].R2 != 0 || r.Mean.MeanAbsoluteError != 0.75 || !strings.Contains(r.String(), "\nmean ") {
		t.Errorf("a regression's report %+v\n%s", r, r)
	}
}

// NewReport and Trainer.Evaluate agree.
func TestReportIsWhatEvaluateSays(t *testing.T) {
	iris := Iris()
	net, err := New(4, Dense{Units: 8, Activation: ReLU}, Dense{Units: 3, Activation: Softmax})
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := NewTrainer(net, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Metrics: []Metric{Accuracy{}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trainer.Fit(context.Background(), iris, FitConfig{Epochs: 20}); err != nil {
		t.Fatal(err)
	}
	scores, err := trainer.Evaluate(context.Background(), iris)
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := net.Predict(iris.X)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReport(iris, outputs)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.LogLoss-scores["loss"]) > 1e-6 || r.Confusion.Accuracy() != scores["accuracy"] {
		t.Errorf("log loss %v and accuracy %v, Evaluate says %v", r.LogLoss, r.Confusion.Accuracy(), scores)
	}
}

// TestReportOfWeights compares with scikit-learn 1.9.1, which sums weights row by row, and takes a row that weighs
// nothing for one.
func TestReportOfWeights(t *testing.T) {
	m, err := NewConfusionMatrix([]int{-1, 1, -1, -1, -1, -1, -1, 1}, []int{-1, -1, -1, 1, 1, 1, -1, -1},
		[]float64{2, 0.9156971276918926, 0, 2, 1, 2, 0.3973836889860033, 0.5})
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.Report(ReportConfig{})
	if want := "-1       0.63      0.32      0.43 7.397383688986004\n"; err != nil || !strings.Contains(text, want) {
		t.Errorf("%v\n%swant %q", err, text, want)
	}
	m, err = NewConfusionMatrix([]int{0, 1}, []int{0, 1}, []float64{1, 0})
	if err != nil {
		t.Fatal(err)
	}
	text, err = m.Report(ReportConfig{Labels: []int{0}})
	if err != nil || !strings.Contains(text, "micro avg") {
		t.Errorf("%v\n%swant a micro avg", err, text)
	}
}

func TestBrierScoreOfOneClass(t *testing.T) {
	for class, want := range []float64{0.40625, 0.15625} { // scikit-learn's brier_score_loss
		got, err := BrierScore([]int{class, class}, []float64{0.5, 0.75}, ProbabilityConfig{})
		if err != nil || got != want {
			t.Errorf("class %d: %v, %v, want %v", class, got, err, want)
		}
	}
}

func TestReportErrors(t *testing.T) {
	matrix, err := NewConfusionMatrix([]int{0, 1}, []int{1, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	of := func(_ any, err error) error { return err }
	scores := func(cfg ClassScoreConfig) error { return of(matrix.Scores(cfg)) }
	report := func(cfg ReportConfig) error { return of(matrix.Report(cfg)) }
	iris := Iris()
	nan, inf := math.NaN(), math.Inf(1)
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"no rows":             {of(NewConfusionMatrix(nil, nil, nil)), "there are no rows"},
		"lengths":             {of(NewConfusionMatrix([]int{1}, []int{1, 2}, nil)), "1 true values and 2 predicted ones"},
		"weights":             {of(NewConfusionMatrix([]int{1}, []int{1}, []float64{1, 2})), "2 weights for 1 rows"},
		"negative weight":     {of(NewConfusionMatrix([]int{1}, []int{1}, []float64{-1})), "the weight of row 0 is -1"},
		"weights of 0":        {of(NewConfusionMatrix([]int{1}, []int{1}, []float64{0})), "the weights sum to 0"},
		"many classes":        {of(NewConfusionMatrix(rowOrder(nil, 5000, false), make([]int, 5000), nil)), "5000 classes, want at most 4096"},
		"no labels":           {of(matrix.Select([]int{})), "there are no labels"},
		"no rows of a label":  {of(matrix.Select([]int{7})), "none of the labels has a row"},
		"label twice":         {of(matrix.Select([]int{1, 1})), "the label 1 stands twice"},
		"scored twice":        {scores(ClassScoreConfig{Labels: []int{0, 0}}), "the label 0 stands twice"},
		"beta":                {scores(ClassScoreConfig{Beta: -1}), "Beta is -1"},
		"zero division":       {scores(ClassScoreConfig{ZeroDivision: 0.5}), "ZeroDivision is 0.5"},
		"average":             {of(matrix.AverageScore(9, ClassScoreConfig{})), "Average is 9"},
		"names":               {report(ReportConfig{TargetNames: []string{"a"}}), "1 TargetNames for 2 classes"},
		"digits":              {report(ReportConfig{Digits: -1}), "Digits is -1"},
		"scores":              {of(ROCCurve([]int{0, 1}, []float64{1, nan}, 1, CurveConfig{})), "the score of row 1 is NaN"},
		"infinite score":      {of(PrecisionRecallCurve([]int{0, 1}, []float64{inf, 1}, 1, CurveConfig{})), "the score of row 0 is +Inf"},
		"columns":             {of(ROCAUC([]int{0, 1}, []float64{1, 2, 3}, ROCAUCConfig{})), "3 scores for 2 rows"},
		"classes":             {of(ROCAUC([]int{0, 1}, []float64{1, 2, 3, 4, 5, 6}, ROCAUCConfig{})), "3 columns of scores for 2 classes"},
		"no sum of 1":         {of(ROCAUC([]int{0, 1, 2}, make([]float64, 9), ROCAUCConfig{})), "row 0 sum to 0, want probabilities"},
		"one vs one, micro":   {of(ROCAUC([]int{0, 1}, make([]float64, 2), ROCAUCConfig{OneVsOne: true, Average: MicroAverage})), "OneVsOne with MicroAverage"},
		"one vs one, weights": {of(ROCAUC([]int{0, 1}, make([]float64, 2), ROCAUCConfig{OneVsOne: true, SampleWeights: []float64{1, 1}})), "OneVsOne with SampleWeights"},
		"average of areas":    {of(ROCAUC([]int{0, 1}, make([]float64, 2), ROCAUCConfig{Average: 9})), "Average is 9"},
		"unsorted":            {of(LogLoss([]int{0, 1}, make([]float32, 2), ProbabilityConfig{Labels: []int{1, 0}})), "not in rising order"},
		"unknown label":       {of(LogLoss([]int{0, 2}, make([]float32, 2), ProbabilityConfig{Labels: []int{0, 1}})), "row 1 is of class 2"},
		"no probability":      {of(LogLoss([]int{0, 1}, []float32{0, 2}, ProbabilityConfig{})), "row 1 has 2, want a probability"},
		"one class":           {of(BrierScore([]int{2, 2}, []float32{0, 1}, ProbabilityConfig{})), "all rows are of class 2, so Labels"},
		"one class, top k":    {of(TopKScore([]int{1, 1}, []float32{0, 1}, 1, ProbabilityConfig{})), "Labels must name all"},
		"k":                   {of(TopKScore([]int{0, 1}, []float32{0, 1}, 0, ProbabilityConfig{})), "k is 0"},
		"bins":                {of(CalibrationCurve([]int{0, 1}, []float32{0, 1}, 1, CalibrationConfig{Bins: -1})), "Bins is -1"},
		"calibrated":          {of(CalibrationCurve([]int{0, 1}, []float32{0, -1}, 1, CalibrationConfig{})), "row 1 has -1"},
		"report's outputs":    {of(NewReport(iris, make([]float32, 150))), "1 columns of scores for 3 classes"},
		"report's logits":     {of(NewReport(iris, slices.Repeat([]float32{-1}, 450))), "row 0 has -1, want a probability"},
		"no targets":          {of(NewReport(&Dataset{X: []float32{1}, Features: 1}, nil)), "the dataset has no targets"},
		"broken dataset":      {of(NewReport(&Dataset{}, nil)), "Features is 0"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.HasPrefix(test.err.Error(), "mlp: ") {
			t.Errorf("%s: error %v, want one with %q", name, test.err, test.want)
		}
	}
	for name, err := range map[string]error{
		"lengths":    third(RegressionScores([]float64{1}, []float64{1, 2}, 1, nil)),
		"targets":    third(RegressionScores([]float64{1}, []float64{1}, 0, nil)),
		"rows":       third(RegressionScores([]float64{}, []float64{}, 1, nil)),
		"prediction": third(RegressionScores([]float64{1}, []float64{nan}, 1, nil)),
	} {
		if err == nil {
			t.Errorf("regression, %s: no error", name)
		}
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }
