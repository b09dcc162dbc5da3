// Command regression fits noisy numbers, with the usual means against overfitting, and predicts in their own units.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	data, err := mlp.MakeRegression(mlp.RegressionConfig{
		Samples: 1000, Features: 8, Informative: 5, Bias: 250, Noise: 10, RandomState: 1,
	})
	if err != nil {
		return err
	}
	train, test, err := mlp.TrainTestSplit(data, mlp.SplitConfig{TestSize: 0.2, RandomState: 42})
	if err != nil {
		return err
	}
	// The targets lie around 250, some 100 apart, and a fresh network's outputs within 1 of 0: training is quick on
	// targets that are scaled as features are.
	targets := &mlp.StandardScaler{}
	y := &mlp.Dataset{X: train.Y, Features: train.Targets}
	if err := targets.Fit(y); err != nil {
		return err
	}
	if err := targets.Transform(y); err != nil { // in place: train.Y
		return err
	}

	hidden := mlp.Dense{Units: 32, Activation: mlp.ReLU, WeightRegularizer: mlp.Regularizer{L2: 1e-4}}
	net, err := mlp.New(train.Features, hidden, mlp.Dropout{Rate: 0.05}, hidden, mlp.Dense{Units: 1})
	if err != nil {
		return err
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss:      mlp.MeanSquaredError{},
		Optimizer: mlp.Adam{LearningRate: 0.003, Clip: mlp.Clip{GlobalNorm: 1}},
		BatchSize: 32,
	})
	if err != nil {
		return err
	}
	early := &mlp.EarlyStopping{Patience: 20, RestoreBestWeights: true}
	history, err := trainer.Fit(ctx, train, mlp.FitConfig{
		Epochs:          300,
		ValidationSplit: 0.2,
		Callbacks:       []mlp.Callback{early},
	})
	if err != nil {
		return err
	}
	fmt.Printf("Trained for %d epochs, best validation loss %.4f in epoch %d\n",
		len(history.Epochs), early.Best, early.BestEpoch+1)

	predictions, err := net.Predict(test.X)
	if err != nil {
		return err
	}
	if err := targets.InverseTransform(&mlp.Dataset{X: predictions, Features: 1}); err != nil { // in place
		return err
	}
	mean, residual, total := 0.0, 0.0, 0.0
	for _, v := range test.Y {
		mean += float64(v) / float64(len(test.Y))
	}
	for i, v := range test.Y {
		residual += (float64(v) - float64(predictions[i])) * (float64(v) - float64(predictions[i]))
		total += (float64(v) - mean) * (float64(v) - mean)
	}
	fmt.Printf("Test R²: %.4f\n\n", 1-residual/total)
	fmt.Println("  target  prediction")
	for i := range 5 {
		fmt.Printf("%8.1f  %10.1f\n", test.Y[i], predictions[i])
	}
	return nil
}
