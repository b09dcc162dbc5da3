// Command vanishing shows a deep network of sigmoids whose first layers get no gradient, and what brings it back.
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
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// hidden is the number of hidden layers, and units that of each one's units.
const hidden, units = 8, 16

// deep returns a network of equal hidden layers.
func deep(activation mlp.Activation, init mlp.Initializer, normalise bool) []mlp.Layer {
	var layers []mlp.Layer
	for range hidden {
		if normalise {
			layers = append(layers, mlp.Dense{Units: units, WeightInit: init}, mlp.BatchNorm{Momentum: 0.9}, mlp.ActivationLayer{Activation: activation})
		} else {
			layers = append(layers, mlp.Dense{Units: units, Activation: activation, WeightInit: init})
		}
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

	fmt.Fprintln(w, "Gradient norms of the Dense layers in the first epoch, first to last; training loss and test accuracy after 30 epochs")
	var glorot mlp.Initializer // the default
	for _, v := range []struct {
		name   string
		layers []mlp.Layer
	}{
		{"sigmoid", deep(mlp.Sigmoid, glorot, false)},
		{"ReLU, He", deep(mlp.ReLU, mlp.HeNormal, false)},
		{"sigmoid, BatchNorm", deep(mlp.Sigmoid, glorot, true)},
		{"ReLU, He, BatchNorm", deep(mlp.ReLU, mlp.HeNormal, true)},
	} {
		net, err := mlp.New(train.Features, v.layers...)
		if err != nil {
			return err
		}
		trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
			Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{}, Metrics: []mlp.Metric{mlp.Accuracy{}}, BatchSize: 16})
		if err != nil {
			return err
		}
		monitor := &mlp.Monitor{}
		history, err := trainer.Fit(ctx, train, mlp.FitConfig{Epochs: 30, Callbacks: []mlp.Callback{monitor}})
		if err != nil {
			return err
		}
		scores, err := trainer.Evaluate(ctx, test)
		if err != nil {
			return err
		}
		report := monitor.Report()
		fmt.Fprintf(w, "%-20s", v.name)
		for _, l := range report.Epochs[0].Layers {
			if _, ok := net.Layers()[l.Layer].(mlp.Dense); ok {
				fmt.Fprintf(w, " %7.1g", l.GradientNorm)
			}
		}
		fmt.Fprintf(w, " %7.3f %7.3f\n", history.Metrics["loss"][29], scores["accuracy"])
		for _, f := range report.Findings {
			fmt.Fprintf(w, "  %v in layer %d: %s\n", f.Trouble, f.Layer, f.Evidence)
		}
	}
	return nil
}
