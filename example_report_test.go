package mlp_test

import (
	"context"
	"fmt"

	"github.com/seed975aa5d7/mlp"
)

func ExampleNewReport() {
	train, test, err := mlp.TrainTestSplit(mlp.Iris(), mlp.SplitConfig{TestSize: 0.4, Stratify: true, RandomState: 1})
	check(err)
	net, err := mlp.New(4, mlp.Dense{Units: 16, Activation: mlp.Tanh}, mlp.Dense{Units: 3, Activation: mlp.Softmax})
	check(err)
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{LearningRate: 0.01}})
	check(err)
	_, err = trainer.Fit(context.Background(), train, mlp.FitConfig{Epochs: 15})
	check(err)
	outputs, err := net.Predict(test.X)
	check(err)
	report, err := mlp.NewReport(test, outputs)
	check(err)
	fmt.Printf("%d test rows\n%s", report.Rows, report)
	// Output:
	// 60 test rows
	//               precision    recall  f1-score   support
	//
	//       setosa       1.00      1.00      1.00        20
	//   versicolor       1.00      0.90      0.95        20
	//    virginica       0.91      1.00      0.95        20
	//
	//     accuracy                           0.97        60
	//    macro avg       0.97      0.97      0.97        60
	// weighted avg       0.97      0.97      0.97        60
	//
	// true \ predicted  setosa  versicolor  virginica
	// setosa                20           0          0
	// versicolor             0          18          2
	// virginica              0           0         20
	//
	// accuracy               0.9667
	// balanced accuracy      0.9667
	// Cohen's kappa          0.9500
	// Matthews correlation   0.9516
	// ROC AUC                1.0000
	// average precision      1.0000
	// log loss               0.3102
	// Brier score            0.1577
}

func ExampleConfusionMatrix() {
	truth := []int{2, 0, 2, 2, 0, 1}
	predicted := []int{0, 0, 2, 2, 0, 2}
	m, err := mlp.NewConfusionMatrix(truth, predicted, nil)
	check(err)
	fmt.Println(m.Labels, m.Counts)
	fmt.Printf("accuracy %.3f, balanced %.3f, kappa %.3f\n", m.Accuracy(), m.BalancedAccuracy(), m.CohenKappa(0))
	macro, err := m.AverageScore(mlp.MacroAverage, mlp.ClassScoreConfig{})
	check(err)
	fmt.Printf("macro F1 %.3f\n", macro.FScore)
	text, err := m.Report(mlp.ReportConfig{TargetNames: []string{"ant", "bird", "cat"}, Digits: 3})
	check(err)
	fmt.Print(text)
	// Output:
	// [0 1 2] [2 0 0 0 0 1 1 0 2]
	// accuracy 0.667, balanced 0.556, kappa 0.429
	// macro F1 0.489
	//               precision    recall  f1-score   support
	//
	//          ant      0.667     1.000     0.800         2
	//         bird      0.000     0.000     0.000         1
	//          cat      0.667     0.667     0.667         3
	//
	//     accuracy                          0.667         6
	//    macro avg      0.444     0.556     0.489         6
	// weighted avg      0.556     0.667     0.600         6
}

func ExampleROCCurve() {
	truth := []int{0, 0, 1, 1}
	scores := []float64{0.1, 0.4, 0.35, 0.8}
	roc, err := mlp.ROCCurve(truth, scores, 1, mlp.CurveConfig{})
	check(err)
	fmt.Println(roc.FalsePositiveRate, roc.TruePositiveRate, roc.Thresholds)
	fmt.Println("area", roc.AUC())
	pr, err := mlp.PrecisionRecallCurve(truth, scores, 1, mlp.CurveConfig{})
	check(err)
	fmt.Printf("average precision %.3f\n", pr.AveragePrecision())
	// Output:
	// [0 0 0.5 0.5 1] [0 0.5 0.5 1 1] [+Inf 0.8 0.4 0.35 0.1]
	// area 0.75
	// average precision 0.833
}

func ExampleRegressionScores() {
	each, _, err := mlp.RegressionScores([]float64{3, -0.5, 2, 7}, []float64{2.5, 0, 2, 8}, 1, nil)
	check(err)
	s := each[0]
	fmt.Printf("R2 %.4f, mean absolute error %.2f, largest %v\n", s.R2, s.MeanAbsoluteError, s.MaxError)
	// Output:
	// R2 0.9486, mean absolute error 0.50, largest 1
}
