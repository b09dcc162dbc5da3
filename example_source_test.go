package mlp_test

import (
	"bytes"
	"context"
	"fmt"
	"testing/fstest"

	"github.com/seed975aa5d7/mlp"
)

// A training on a CSV file that need not fit into memory: a pass to learn the classes, one for the scaler, and one for
// each epoch. A file on disk has os.DirFS in the place of the example's file system.
func ExampleTrainer_FitSource() {
	var file bytes.Buffer
	if err := mlp.Iris().WriteCSV(&file); err != nil {
		fmt.Println(err)
		return
	}
	files := fstest.MapFS{"iris.csv": {Data: file.Bytes()}}

	ctx := context.Background()
	source := mlp.NewCSVSource(files, "iris.csv", mlp.CSVConfig{Label: "species"})
	columns, rows, err := source.Scan(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rows, "rows,", columns.Features, "features, classes", columns.ClassNames)

	scaler := &mlp.StandardScaler{}
	if err := mlp.FitPreprocessor(ctx, scaler, source); err != nil {
		fmt.Println(err)
		return
	}
	network, err := mlp.New(columns.Features,
		mlp.Dense{Units: 16, Activation: mlp.ReLU},
		mlp.Dense{Units: len(columns.ClassNames), Activation: mlp.Softmax})
	if err != nil {
		fmt.Println(err)
		return
	}
	network.Scaler, network.FeatureNames, network.ClassNames = scaler, columns.FeatureNames, columns.ClassNames
	trainer, err := mlp.NewTrainer(network, mlp.TrainerConfig{
		Loss:      mlp.SparseCategoricalCrossentropy{},
		Optimizer: mlp.Adam{LearningRate: 0.01},
		Metrics:   []mlp.Metric{mlp.Accuracy{}},
		BatchSize: 16,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	history, err := trainer.FitSource(ctx, mlp.TransformedSource{Source: source, Preprocessor: scaler},
		mlp.FitConfig{Epochs: 20, Window: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("accuracy %.2f\n", history.Metrics["accuracy"][19])
	// Output:
	// 150 rows, 4 features, classes [setosa versicolor virginica]
	// accuracy 0.97
}
