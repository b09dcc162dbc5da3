// Command overfitting shows a network that learns its training rows by heart, and what helps against it.
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

// network returns two hidden layers and what stands between them.
func network(units int, l2, dropout, noise float64) []mlp.Layer {
	penalty := mlp.Regularizer{L2: l2}
	return []mlp.Layer{
		mlp.GaussianNoise{StdDev: noise}, // adds nothing if it is 0, as Dropout drops nothing
		mlp.Dense{Units: units, Activation: mlp.ReLU, WeightRegularizer: penalty},
		mlp.Dropout{Rate: dropout},
		mlp.Dense{Units: units, Activation: mlp.ReLU, WeightRegularizer: penalty},
		mlp.Dropout{Rate: dropout},
		mlp.Dense{Units: 2, Activation: mlp.Softmax, WeightRegularizer: penalty},
	}
}

func run(ctx context.Context, w io.Writer) error {
	// Few rows, many features that say nothing, and a tenth of the labels wrong.
	data, err := mlp.MakeClassification(mlp.ClassificationConfig{Samples: 400, Features: 20, Informative: 4, FlipY: 0.2, RandomState: 4})
	if err != nil {
		return err
	}
	train, test, err := mlp.TrainTestSplit(data, mlp.SplitConfig{TestSize: 0.5, RandomState: 1})
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

	fmt.Fprintf(w, "%-24s %8s %10s %10s %10s  %s\n", "", "epochs", "loss", "val_loss", "val_acc", "findings")
	for _, v := range []struct {
		name   string
		layers []mlp.Layer
		stop   bool
	}{
		{"64-64 units", network(64, 0, 0, 0), false},
		{"with L2 of 0.02", network(64, 0.02, 0, 0), false},
		{"with dropout of 0.6", network(64, 0, 0.6, 0), false},
		{"with noise of 1", network(64, 0, 0, 1), false},
		{"smaller, 4-4 units", network(4, 0, 0, 0), false},
		{"with early stopping", network(64, 0, 0, 0), true},
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
		callbacks := []mlp.Callback{monitor}
		if v.stop {
			callbacks = append(callbacks, &mlp.EarlyStopping{Patience: 4, RestoreBestWeights: true})
		}
		history, err := trainer.Fit(ctx, train, mlp.FitConfig{Epochs: 100, ValidationData: test, Callbacks: callbacks})
		if err != nil {
			return err
		}
		report := monitor.Report()
		last := report.Epochs[len(report.Epochs)-1]
		scores, err := trainer.Evaluate(ctx, test)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-24s %8d %10.3f %10.3f %10.3f ", v.name, len(history.Epochs), last.Loss-last.Penalty, scores["loss"]-last.Penalty, scores["accuracy"])
		if len(report.Findings) == 0 {
			fmt.Fprint(w, " none")
		}
		for _, f := range report.Findings {
			fmt.Fprintf(w, " %v since epoch %d", f.Trouble, f.Epoch)
		}
		fmt.Fprintln(w)
	}
	return nil
}
