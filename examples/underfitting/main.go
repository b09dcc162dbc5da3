// Command underfitting shows networks that do not learn what there is to learn, and what helps.
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

// checkerboard returns points of the square from -2 to 2, whose class is whether their coordinates have the same sign.
func checkerboard(rows int, seed uint32) *mlp.Dataset {
	random := mlp.NewRandomState(seed)
	d := &mlp.Dataset{Features: 2, Targets: 1}
	for range rows {
		x, y := random.Uniform(-2, 2), random.Uniform(-2, 2)
		d.X = append(d.X, float32(x), float32(y))
		class := float32(0)
		if (x > 0) == (y > 0) {
			class = 1
		}
		d.Y = append(d.Y, class)
	}
	return d
}

func run(ctx context.Context, w io.Writer) error {
	train, test := checkerboard(400, 5), checkerboard(400, 6)
	fmt.Fprintf(w, "%6s %8s %7s %8s %8s %10s %9s  %s\n", "units", "rate", "epochs", "L2", "loss", "accuracy", "test_acc", "findings")
	for _, v := range []struct {
		units    int
		rate, l2 float64
		epochs   int
	}{
		{1, 0.01, 0, 50},     // too small: one fold of the plane cannot part four fields
		{16, 0.00001, 0, 50}, // too slow
		{16, 0.001, 0, 3},    // too short
		{16, 0.01, 0.06, 50}, // held back
		{16, 0.01, 0, 50},
	} {
		penalty := mlp.Regularizer{L2: v.l2}
		net, err := mlp.New(2,
			mlp.Dense{Units: v.units, Activation: mlp.ReLU, WeightRegularizer: penalty},
			mlp.Dense{Units: 2, Activation: mlp.Softmax, WeightRegularizer: penalty},
		)
		if err != nil {
			return err
		}
		trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
			Loss:      mlp.SparseCategoricalCrossentropy{},
			Optimizer: mlp.Adam{LearningRate: v.rate},
			Metrics:   []mlp.Metric{mlp.Accuracy{}},
			BatchSize: 16,
		})
		if err != nil {
			return err
		}
		monitor := &mlp.Monitor{}
		history, err := trainer.Fit(ctx, train, mlp.FitConfig{Epochs: v.epochs, Callbacks: []mlp.Callback{monitor}})
		if err != nil {
			return err
		}
		scores, err := trainer.Evaluate(ctx, test)
		if err != nil {
			return err
		}
		report := monitor.Report()
		last := report.Epochs[v.epochs-1]
		fmt.Fprintf(w, "%6d %8g %7d %8g %8.3f %10.3f %9.3f ", v.units, v.rate, v.epochs, v.l2, last.Loss-last.Penalty,
			history.Metrics["accuracy"][v.epochs-1], scores["accuracy"])
		if len(report.Findings) == 0 {
			fmt.Fprint(w, " none")
		}
		for _, f := range report.Findings {
			fmt.Fprintf(w, " %v", f.Trouble)
		}
		fmt.Fprintln(w)
	}
	return nil
}
