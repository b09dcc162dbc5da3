package mlp_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// A table with texts and gaps, from the file to the prediction: the pipeline is fitted on the training rows, saved with
// the network, and applied by PredictRaw.
func ExamplePipeline() {
	const table = `weight,color,age,animal
4.1,black,3,cat
22,brown,,dog
3.8,white,7,cat
25,brown,5,dog
18.5,black,2,dog
5,white,9,cat
`
	train, err := mlp.ReadCSV(strings.NewReader(table), mlp.CSVConfig{
		Label:        "animal",
		Categories:   map[string][]string{"color": nil}, // texts; ReadCSV finds which
		AllowMissing: true,
	})
	check(err)
	featureNames := train.FeatureNames // of the table, before the encoder gives each color a column
	pipeline := mlp.Pipeline{&mlp.SimpleImputer{}, &mlp.OneHotEncoder{}, &mlp.StandardScaler{}}
	check(pipeline.Fit(train))
	check(pipeline.Transform(train))
	fmt.Println(train.FeatureNames)

	net, err := mlp.New(train.Features, mlp.Dense{Units: 8, Activation: mlp.ReLU}, mlp.Dense{Units: 1, Activation: mlp.Sigmoid})
	check(err)
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{Loss: mlp.BinaryCrossentropy{}, Optimizer: mlp.Adam{LearningRate: 0.05}})
	check(err)
	_, err = trainer.Fit(context.Background(), train, mlp.FitConfig{Epochs: 30})
	check(err)
	net.FeatureNames, net.ClassNames, net.Scaler = featureNames, train.ClassNames, pipeline
	var file bytes.Buffer
	check(net.Save(&file))

	loaded, err := mlp.Load(&file)
	check(err)
	rows, err := mlp.ReadCSV(strings.NewReader("weight,color,age\n4,white,\n20,brown,4\n"), loaded.CSVConfig())
	check(err)
	outputs, err := loaded.PredictRaw(rows.X)
	check(err)
	for _, p := range outputs {
		fmt.Printf("%s %.0f %%\n", loaded.ClassNames[1], 100*p)
	}
	// Output:
	// [weight color_black color_brown color_white age]
	// dog 0 %
	// dog 100 %
}

func ExampleOneHotEncoder() {
	d := &mlp.Dataset{
		X:            []float32{0, 1, 2, 3, 0, 2, 1, 1},
		Features:     2,
		FeatureNames: []string{"color", "doors"},
		Categories:   [][]string{{"blue", "green", "red"}, nil},
	}
	var encoder mlp.OneHotEncoder // of the features that hold categories
	check(encoder.Fit(d))
	check(encoder.Transform(d))
	fmt.Println(d.FeatureNames)
	for row := range d.Rows() {
		fmt.Println(d.X[row*d.Features:][:d.Features])
	}
	// Output:
	// [color_blue color_green color_red doors]
	// [1 0 0 1]
	// [0 0 1 3]
	// [1 0 0 2]
	// [0 1 0 1]
}

func ExampleSimpleImputer() {
	nan := float32(math.NaN())
	d := &mlp.Dataset{X: []float32{1, 10, nan, 20, 5, nan}, Features: 2}
	imputer := mlp.SimpleImputer{Strategy: mlp.ImputeMedian}
	check(imputer.Fit(d))
	check(imputer.Transform(d))
	fmt.Println(d.X)
	// Output:
	// [1 10 3 20 5 15]
}

func ExampleRobustScaler() {
	d := &mlp.Dataset{X: []float32{1, 2, 3, 4, 1000}, Features: 1} // an outlier does not squeeze the others together
	var scaler mlp.RobustScaler
	check(scaler.Fit(d))
	check(scaler.Transform(d))
	fmt.Println(d.X)
	// Output:
	// [-1 -0.5 0 0.5 498.5]
}

func ExampleLabelEncoder() {
	var encoder mlp.LabelEncoder[string]
	check(encoder.Fit([]string{"paris", "tokyo", "amsterdam", "paris"}))
	fmt.Println(encoder.Classes)
	numbers, err := encoder.Transform([]string{"tokyo", "paris"})
	check(err)
	fmt.Println(numbers)
	// Output:
	// [amsterdam paris tokyo]
	// [2 1]
}

func ExampleGroupKFold() {
	d := &mlp.Dataset{X: make([]float32, 6), Features: 1}
	patients := []int{7, 7, 3, 3, 3, 9} // whose visits the rows are
	folds, err := mlp.GroupKFold(d, patients, mlp.FoldConfig{Folds: 3})
	check(err)
	for _, fold := range folds {
		fmt.Println("train", fold.Train, "test", fold.Test)
	}
	// Output:
	// train [0 1 5] test [2 3 4]
	// train [2 3 4 5] test [0 1]
	// train [0 1 2 3 4] test [5]
}

func ExampleTimeSeriesSplit() {
	days := &mlp.Dataset{X: make([]float32, 8), Features: 1}
	folds, err := mlp.TimeSeriesSplit(days, mlp.TimeSeriesConfig{Folds: 3})
	check(err)
	for _, fold := range folds {
		fmt.Println("train", fold.Train, "test", fold.Test)
	}
	// Output:
	// train [0 1] test [2 3]
	// train [0 1 2 3] test [4 5]
	// train [0 1 2 3 4 5] test [6 7]
}
