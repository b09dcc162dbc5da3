// Command exploding shows trainings whose gradients grow without bound, and what holds them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// deep returns ten hidden layers.
func deep(normalise bool) []mlp.Layer {
	var layers []mlp.Layer
	for range 10 {
		layers = append(layers, mlp.Dense{Units: 16, WeightInit: mlp.HeNormal})
		if normalise {
			layers = append(layers, mlp.BatchNorm{Momentum: 0.9})
		}
		layers = append(layers, mlp.ActivationLayer{Activation: mlp.ReLU})
	}
	return append(layers, mlp.Dense{Units: 3, Activation: mlp.Softmax})
}

func run(ctx context.Context, w io.Writer) error {
	train, test, err := mlp.TrainTestSplit(mlp.Iris(), mlp.SplitConfig{TestSize: 0.2, RandomState: 42})
	if err != nil {
		return err
	}
	var scaler mlp.StandardScaler
	if err := scaler.Fit(train); err != nil {
		return err
	}
	for _, d := range []*mlp.Dataset{train, test} {
		if err := scaler.Transform(d); err != nil {
			return err
		}
	}
	header := func(title, score string) {
		fmt.Fprintf(w, "%-36s %6s %8s %9s  %s\n", title, "epochs", "loss", score, "gradient norms of the first layer")
	}
	header("ten hidden layers, SGD, momentum 0.9", "test_acc")
	for _, v := range []struct {
		name      string
		layers    []mlp.Layer
		optimizer mlp.SGD
	}{
		{"rate 0.2", deep(false), mlp.SGD{LearningRate: 0.2, Momentum: 0.9}},
		{"rate 0.2, clipped to a norm of 0.2", deep(false), mlp.SGD{LearningRate: 0.2, Momentum: 0.9, Clip: mlp.Clip{GlobalNorm: 0.2}}},
		{"rate 0.02", deep(false), mlp.SGD{LearningRate: 0.02, Momentum: 0.9}},
		{"rate 0.2, BatchNorm", deep(true), mlp.SGD{LearningRate: 0.2, Momentum: 0.9}},
	} {
		if err := show(ctx, w, v.name, train, test, mlp.SparseCategoricalCrossentropy{}, mlp.Accuracy{}, v.optimizer, v.layers); err != nil {
			return err
		}
	}

	fmt.Fprintln(w)
	header("regression, SGD of rate 0.01", "test_r2")
	data, err := mlp.MakeRegression(mlp.RegressionConfig{Samples: 400, Features: 10, Informative: 10, Noise: 10, RandomState: 1})
	if err != nil {
		return err
	}
	layers := []mlp.Layer{mlp.Dense{Units: 32, Activation: mlp.ReLU}, mlp.Dense{Units: 1}}
	for _, scale := range []float32{1, 0.005} {
		d := *data
		d.Y = nil
		for _, y := range data.Y {
			d.Y = append(d.Y, y*scale)
		}
		train, test, err := mlp.TrainTestSplit(&d, mlp.SplitConfig{TestSize: 0.25, RandomState: 1})
		if err != nil {
			return err
		}
		name := fmt.Sprintf("targets times %v", scale)
		if err := show(ctx, w, name, train, test, mlp.MeanSquaredError{}, mlp.R2Score{}, mlp.SGD{LearningRate: 0.01}, layers); err != nil {
			return err
		}
	}
	return nil
}

// show trains a network and prints what came of it.
func show(ctx context.Context, w io.Writer, name string, train, test *mlp.Dataset, loss mlp.Loss, metric mlp.Metric, optimizer mlp.SGD, layers []mlp.Layer) error {
	net, err := mlp.New(train.Features, layers...)
	if err != nil {
		return err
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{Loss: loss, Optimizer: optimizer, Metrics: []mlp.Metric{metric}, BatchSize: 16, Seed: 5})
	if err != nil {
		return err
	}
	monitor := &mlp.Monitor{}
	history, err := trainer.Fit(ctx, train, mlp.FitConfig{Epochs: 30, Callbacks: []mlp.Callback{monitor}})
	var diverged *mlp.DivergedError
	if err != nil && !errors.As(err, &diverged) {
		return err
	}
	report := monitor.Report()
	fmt.Fprintf(w, "%-36s %6d", name, len(history.Epochs))
	if diverged != nil {
		fmt.Fprintf(w, " %8s %9s ", "-", "-")
	} else {
		scores, err := trainer.Evaluate(ctx, test)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, " %8.3f %9.3f ", report.Epochs[len(report.Epochs)-1].Loss, scores[metric.Name()])
	}
	for _, e := range report.Epochs[:min(4, len(report.Epochs))] {
		fmt.Fprintf(w, " %7.2g", e.Layers[0].GradientNorm)
	}
	fmt.Fprintln(w)
	for _, f := range report.Findings {
		fmt.Fprintf(w, "  %v: %s\n", f.Trouble, f.Evidence)
	}
	return nil
}
