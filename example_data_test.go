package mlp_test

import (
	"fmt"
	"log"

	"github.com/seed975aa5d7/mlp"
)

func ExampleRandomState() {
	r := mlp.NewRandomState(42) // numpy.random.RandomState(42)
	fmt.Println(r.RandomSample())
	fmt.Println(r.Permutation(5))
	fmt.Printf("%.3f %.3f\n", r.StandardNormal(), r.Normal(10, 2))
	// Output:
	// 0.3745401188473625
	// [0 1 3 2 4]
	// -1.112 10.638
}

func ExampleTrainTestSplit() {
	iris := mlp.Iris()
	train, test, err := mlp.TrainTestSplit(iris, mlp.SplitConfig{TestSize: 0.2, Stratify: true, RandomState: 42})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(train.Rows(), train.ClassCounts())
	fmt.Println(test.Rows(), test.ClassCounts())
	// Output:
	// 120 [40 40 40]
	// 30 [10 10 10]
}

func ExampleKFold() {
	iris := mlp.Iris()
	folds, err := mlp.KFold(iris, mlp.FoldConfig{Folds: 3, Shuffle: true, RandomState: 1})
	if err != nil {
		log.Fatal(err)
	}
	for _, fold := range folds {
		train, err := iris.Subset(fold.Train)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(train.Rows(), "rows to train on, tested on", len(fold.Test), "such as", fold.Test[:4])
	}
	// Output:
	// 100 rows to train on, tested on 50 such as [4 5 14 16]
	// 100 rows to train on, tested on 50 such as [2 6 9 10]
	// 100 rows to train on, tested on 50 such as [0 1 3 7]
}

func ExampleMakeClassification() {
	// sklearn.datasets.make_classification(n_samples=1000, n_features=20, random_state=42)
	d, err := mlp.MakeClassification(mlp.ClassificationConfig{Samples: 1000, Features: 20, RandomState: 42})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Rows(), d.Features, d.ClassCounts())
	fmt.Println(d.X[:3], d.Y[:3])
	// Output:
	// 1000 20 [500 500]
	// [-0.6693561 -1.4957782 -0.8707664] [1 0 1]
}

func ExampleMakeRegressionWithCoefficients() {
	_, coefficients, err := mlp.MakeRegressionWithCoefficients(mlp.RegressionConfig{
		Samples: 20, Features: 4, Informative: 2, Noise: 0.5,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", coefficients)
	// Output:
	// [0.00 0.00 0.47 82.89]
}

func ExampleStandardScaler() {
	iris := mlp.Iris()
	train, test, err := mlp.TrainTestSplit(iris, mlp.SplitConfig{})
	if err != nil {
		log.Fatal(err)
	}
	var scaler mlp.StandardScaler
	if err := scaler.Fit(train); err != nil { // the test rows must not tell the network their mean
		log.Fatal(err)
	}
	for _, d := range []*mlp.Dataset{train, test} {
		if err := scaler.Transform(d); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("mean %.3f, deviation %.3f\n", scaler.Mean, scaler.Scale)
	fmt.Printf("%.3f\n", test.X[:4])
	// Output:
	// mean [5.887 3.052 3.796 1.223], deviation [0.867 0.434 1.793 0.778]
	// [-0.100 -0.580 0.727 1.513]
}

func ExampleMinMaxScaler() {
	d := &mlp.Dataset{X: []float32{1, 10, 2, 30, 5, 20}, Features: 2}
	scaler := mlp.MinMaxScaler{Low: -1, High: 1}
	if err := scaler.Fit(d); err != nil {
		log.Fatal(err)
	}
	if err := scaler.Transform(d); err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.X)
	if err := scaler.InverseTransform(d); err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.X)
	// Output:
	// [-1 -1 -0.5 1 1 0]
	// [1 10 2 30 5 20]
}

func ExampleDataset_OneHot() {
	d := &mlp.Dataset{
		X: []float32{0.3, 0.1, 0.7}, Features: 1,
		Y: []float32{2, 0, 1}, Targets: 1, ClassNames: []string{"ant", "bee", "cat"},
	}
	dense, err := d.OneHot()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dense.Y)
	labels, err := dense.Labels()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output:
	// [0 0 1 1 0 0 0 1 0]
	// [2 0 1]
}
