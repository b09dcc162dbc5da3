package mlp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seed975aa5d7/mlp"
)

// irisEstimator returns a network of one hidden layer, with all that its training needs.
func irisEstimator(units int, rate float64) mlp.Estimator {
	return mlp.Estimator{
		Layers: []mlp.Layer{
			mlp.Dense{Units: units, Activation: mlp.ReLU},
			mlp.Dense{Units: 3, Activation: mlp.Softmax},
		},
		Scaler: &mlp.StandardScaler{},
		Trainer: mlp.TrainerConfig{
			Loss:      mlp.SparseCategoricalCrossentropy{},
			Optimizer: mlp.Adam{LearningRate: rate},
			Metrics:   []mlp.Metric{mlp.Accuracy{}},
		},
		Fit: mlp.FitConfig{Epochs: 30},
	}
}

// irisFolds returns iris and five folds of it, each with as many rows of each species.
func irisFolds() (*mlp.Dataset, []mlp.Fold) {
	data := mlp.Iris()
	folds, err := mlp.KFold(data, mlp.FoldConfig{Folds: 5, Shuffle: true, Stratify: true})
	if err != nil {
		log.Fatal(err)
	}
	return data, folds
}

// How well does a network predict rows that it has not seen?
func ExampleCrossValidate() {
	data, folds := irisFolds()
	build := func() (mlp.Estimator, error) { return irisEstimator(16, 0.01), nil }
	scores, err := mlp.CrossValidate(context.Background(), data, folds, build, mlp.CrossValidation{})
	if err != nil {
		log.Fatal(err)
	}
	for i, v := range scores.Test["accuracy"] {
		fmt.Printf("fold %d: %.3f\n", i, v)
	}
	fmt.Println("accuracy:", scores.Test["accuracy"])
	// Output:
	// fold 0: 0.967
	// fold 1: 0.967
	// fold 2: 0.867
	// fold 3: 0.933
	// fold 4: 0.900
	// accuracy: 0.9267 ± 0.0389
}

// Every combination of the lists is tried, the best is trained on all rows.
func ExampleSearch() {
	data, folds := irisFolds()
	space := mlp.Space{"units": mlp.Values(2, 4, 16), "rate": mlp.Values(0.001, 0.01, 0.1)}
	build := func(p mlp.Params) (mlp.Estimator, error) { return irisEstimator(p.Int("units"), p.Float("rate")), nil }
	result, err := mlp.Search(context.Background(), data, folds, space, build, mlp.SearchConfig{})
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range result.Trials {
		fmt.Printf("%v  %v\n", t.Scores.Test["accuracy"], t.Params)
	}
	outputs, err := result.Network.PredictRaw([]float32{5.1, 3.5, 1.4, 0.2})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %.2f\n", result.Network.ClassNames[0], outputs[0])
	// Output:
	// 0.9800 ± 0.0163  rate=0.1 units=4
	// 0.9600 ± 0.0133  rate=0.01 units=16
	// 0.9600 ± 0.0133  rate=0.1 units=16
	// 0.9533 ± 0.0340  rate=0.1 units=2
	// 0.9067 ± 0.0573  rate=0.01 units=2
	// 0.8467 ± 0.0400  rate=0.001 units=16
	// 0.8333 ± 0.0298  rate=0.01 units=4
	// 0.7733 ± 0.0573  rate=0.001 units=2
	// 0.7000 ± 0.0298  rate=0.001 units=4
	// setosa: 1.00
}

// Do more rows help, or a larger network?
func ExampleLearningCurve() {
	data, folds := irisFolds()
	build := func() (mlp.Estimator, error) { return irisEstimator(16, 0.01), nil }
	sizes := mlp.LearningSizes{Shuffle: true}
	points, err := mlp.LearningCurve(context.Background(), data, folds, build, sizes, mlp.CrossValidation{})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range points {
		train, test := p.Train["accuracy"].Mean(), p.Test["accuracy"].Mean()
		fmt.Printf("%.0f rows: accuracy %.3f on them, %.3f on others\n", p.X, train, test)
	}
	// Output:
	// 12 rows: accuracy 0.950 on them, 0.767 on others
	// 39 rows: accuracy 0.949 on them, 0.880 on others
	// 66 rows: accuracy 0.924 on them, 0.900 on others
	// 93 rows: accuracy 0.972 on them, 0.933 on others
	// 120 rows: accuracy 0.967 on them, 0.927 on others
}

// How large has the network to be?
func ExampleValidationCurve() {
	data, folds := irisFolds()
	build := func(units float64) (mlp.Estimator, error) { return irisEstimator(int(units), 0.01), nil }
	units := []float64{1, 4, 16}
	points, err := mlp.ValidationCurve(context.Background(), data, folds, units, build, mlp.CrossValidation{})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range points {
		train, test := p.Train["loss"].Mean(), p.Test["loss"].Mean()
		fmt.Printf("%.0f units: loss %.3f in training, %.3f on other rows\n", p.X, train, test)
	}
	// Output:
	// 1 units: loss 0.620 in training, 0.625 on other rows
	// 4 units: loss 0.223 in training, 0.241 on other rows
	// 16 units: loss 0.085 in training, 0.125 on other rows
}
