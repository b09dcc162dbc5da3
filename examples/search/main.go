// Command search looks for the size and the settings of a network that tells two moons apart, by random search with
// successive halving: 27 candidates begin with 3 epochs, and the best third of each round goes on with three times as
// many.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Stdout, os.Stderr); err != nil {
		log.Fatal(err)
	}
}

// space is what may vary, and estimator what becomes of it.
var space = mlp.Space{
	"activation":    mlp.Values("relu", "tanh"),
	"dropout":       mlp.Values(0, 0.1, 0.3),
	"l2":            mlp.LogUniform{Low: 1e-6, High: 1e-2},
	"layers":        mlp.UniformInt{Low: 1, High: 3},
	"learning_rate": mlp.LogUniform{Low: 1e-3, High: 1e-1},
	"units":         mlp.LogUniformInt{Low: 2, High: 32},
}

func estimator(p mlp.Params) (mlp.Estimator, error) {
	activation, err := mlp.ParseActivation(p.Text("activation"))
	if err != nil {
		return mlp.Estimator{}, err
	}
	var layers []mlp.Layer
	for range p.Int("layers") {
		layers = append(layers,
			mlp.Dense{
				Units: p.Int("units"), Activation: activation, WeightRegularizer: mlp.Regularizer{L2: p.Float("l2")},
			},
			mlp.Dropout{Rate: p.Float("dropout")})
	}
	return mlp.Estimator{
		Layers: append(layers, mlp.Dense{Units: 2, Activation: mlp.Softmax}),
		Scaler: &mlp.StandardScaler{}, // fitted to the training rows of each fold
		Trainer: mlp.TrainerConfig{
			Loss:      mlp.SparseCategoricalCrossentropy{},
			Optimizer: mlp.Adam{LearningRate: p.Float("learning_rate")},
			Metrics:   []mlp.Metric{mlp.Accuracy{}},
			BatchSize: 16,
		},
		Fit: mlp.FitConfig{Epochs: 81}, // at most
	}, nil
}

func run(ctx context.Context, w, progress io.Writer) error {
	data, err := mlp.MakeMoons(mlp.MoonsConfig{Samples: 500, Noise: 0.25, RandomState: 1})
	if err != nil {
		return err
	}
	train, test, err := mlp.TrainTestSplit(data, mlp.SplitConfig{TestSize: 0.4, Stratify: true, RandomState: 1})
	if err != nil {
		return err
	}
	folds, err := mlp.KFold(train, mlp.FoldConfig{Folds: 5, Shuffle: true, Stratify: true, RandomState: 1})
	if err != nil {
		return err
	}
	result, err := mlp.Search(ctx, train, folds, space, estimator, mlp.SearchConfig{
		Trials: 27, Halving: &mlp.Halving{Resource: mlp.Epochs}, Progress: mlp.ProgressLog{Writer: progress},
	})
	if err != nil {
		return err
	}

	for i, r := range result.Rungs {
		fmt.Fprintf(w, "rung %d: %2d candidates, %2d epochs\n", i, r.Candidates, r.Resource)
	}
	fmt.Fprintf(w, "\n%4s %6s  %-15s %6s  %s\n", "rank", "epochs", result.Metric, "params", "candidate")
	for i, t := range result.Trials[:9] {
		p, s := t.Params, t.Scores
		fmt.Fprintf(w, "%4d %6d  %v %6d  %d×%-2d %s, ", i+1, t.Resource, s.Test[result.Metric], s.Parameters,
			p.Int("layers"), p.Int("units"), p.Text("activation"))
		fmt.Fprintf(w, "rate %.4f, l2 %.0e, dropout %v\n", p.Float("learning_rate"), p.Float("l2"), p.Float("dropout"))
	}

	// The best network, trained on all rows of train, has its scaler with it.
	outputs, err := result.Network.PredictRaw(test.X)
	if err != nil {
		return err
	}
	report, err := mlp.NewReport(test, outputs)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThe best on %d other rows: accuracy %.3f, ROC AUC %.3f\n",
		test.Rows(), report.Confusion.Accuracy(), report.ROCAUC)
	return nil
}
