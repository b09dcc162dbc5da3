// Command iris trains a classifier of irises, tests it, and asks it about a flower.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	train, test, err := mlp.TrainTestSplit(mlp.Iris(), mlp.SplitConfig{TestSize: 0.2, RandomState: 42})
	if err != nil {
		return err
	}
	scaler := &mlp.StandardScaler{} // fitted on the training rows alone: the test must hold nothing that training has seen
	if err := scaler.Fit(train); err != nil {
		return err
	}
	for _, d := range []*mlp.Dataset{train, test} {
		if err := scaler.Transform(d); err != nil {
			return err
		}
	}

	net, err := mlp.New(train.Features,
		mlp.Dense{Units: 64, Activation: mlp.ReLU},
		mlp.Dense{Units: 32, Activation: mlp.ReLU},
		mlp.Dense{Units: len(train.ClassNames), Activation: mlp.Softmax},
	)
	if err != nil {
		return err
	}
	fmt.Println(net.Summary())
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss:      mlp.SparseCategoricalCrossentropy{},
		Optimizer: mlp.Adam{LearningRate: 0.001},
		Metrics:   []mlp.Metric{mlp.Accuracy{}},
		BatchSize: 16,
	})
	if err != nil {
		return err
	}
	if _, err := trainer.Fit(ctx, train, mlp.FitConfig{
		Epochs:          50,
		ValidationSplit: 0.2,
		Callbacks:       []mlp.Callback{mlp.ProgressLog{Writer: os.Stdout}},
	}); err != nil {
		return err
	}
	scores, err := trainer.Evaluate(ctx, test)
	if err != nil {
		return err
	}
	fmt.Printf("\nTest accuracy: %.4f\n", scores["accuracy"])

	flower := &mlp.Dataset{X: []float32{6.1, 2.8, 4.7, 1.2}, Features: 4}
	if err := scaler.Transform(flower); err != nil {
		return err
	}
	probabilities, err := net.Predict(flower.X)
	if err != nil {
		return err
	}
	for class, p := range probabilities {
		fmt.Printf("%-10s %.3f\n", train.ClassNames[class], p)
	}
	return nil
}
