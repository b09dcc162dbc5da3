package mlp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed975aa5d7/mlp"
)

// All units of the hidden layer begin so far below zero that no row wakes them.
func ExampleMonitor() {
	net, err := mlp.New(4,
		mlp.Dense{Units: 16, Activation: mlp.ReLU, BiasInit: mlp.Constant(-20)},
		mlp.Dense{Units: 3, Activation: mlp.Softmax},
	)
	if err != nil {
		log.Fatal(err)
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{}})
	if err != nil {
		log.Fatal(err)
	}
	monitor := &mlp.Monitor{}
	if _, err := trainer.Fit(context.Background(), mlp.Iris(), mlp.FitConfig{Epochs: 3, Callbacks: []mlp.Callback{monitor}}); err != nil {
		log.Fatal(err)
	}
	report := monitor.Report()
	for _, l := range report.Epochs[2].Layers {
		fmt.Printf("%s: gradient %.2g, %.0f %% dead\n", l.Name, l.GradientNorm, 100*l.Dead)
	}
	for _, f := range report.Findings {
		fmt.Printf("%v since epoch %d: %s\n", f.Trouble, f.Epoch, f.Evidence)
		fmt.Println("  first remedy:", f.Remedies[0])
	}
	// Output:
	// 0 Dense (relu): gradient 0, 100 % dead
	// 1 Dense (softmax): gradient 0.15, 0 % dead
	// dead units since epoch 0: 16 of 16 units of 0 Dense (relu) are zero for every row that was looked at
	//   first remedy: a lower learning rate
}

// A scaler that learns from what comes in, some rows at a time.
func ExampleStandardScaler_Update() {
	var scaler mlp.StandardScaler
	for _, rows := range [][]float32{{1}, {3, 5}, {7, 9, 11}} {
		if err := scaler.Update(&mlp.Dataset{X: rows, Features: 1}); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d rows: mean %.3f, deviation %.3f\n", scaler.Samples[0], scaler.Mean[0], scaler.Scale[0])
	}
	// Output:
	// 1 rows: mean 1.000, deviation 1.000
	// 3 rows: mean 3.000, deviation 1.633
	// 6 rows: mean 6.000, deviation 3.416
}

// One row in twenty is a one. Without weights, a network does well to say zero; with balanced ones it finds most of the ones, and takes
// some zeros for them.
func Example_imbalance() {
	data, err := mlp.MakeClassification(mlp.ClassificationConfig{
		Samples: 2000, Features: 10, Informative: 4, Weights: []float64{0.95}, ClassSep: 0.7, RandomState: 1})
	if err != nil {
		log.Fatal(err)
	}
	train, test, err := mlp.TrainTestSplit(data, mlp.SplitConfig{TestSize: 0.5, Stratify: true, RandomState: 1})
	if err != nil {
		log.Fatal(err)
	}
	var scaler mlp.StandardScaler
	if err := errors.Join(scaler.Fit(train), scaler.Transform(train), scaler.Transform(test)); err != nil {
		log.Fatal(err)
	}
	balanced, err := mlp.BalancedClassWeights(train)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		weights map[int]float64
	}{{"without weights", nil}, {"balanced", balanced}} {
		net, err := mlp.New(10, mlp.Dense{Units: 16, Activation: mlp.ReLU}, mlp.Dense{Units: 1, Activation: mlp.Sigmoid})
		if err != nil {
			log.Fatal(err)
		}
		trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
			Loss: mlp.BinaryCrossentropy{}, Optimizer: mlp.Adam{LearningRate: 0.003},
			Metrics: []mlp.Metric{mlp.Accuracy{}, mlp.Precision{}, mlp.Recall{}, mlp.AUC{}}})
		if err != nil {
			log.Fatal(err)
		}
		if _, err := trainer.Fit(context.Background(), train, mlp.FitConfig{Epochs: 30, ClassWeights: c.weights}); err != nil {
			log.Fatal(err)
		}
		scores, err := trainer.Evaluate(context.Background(), test)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: accuracy %.3f, precision %.3f, recall %.3f, AUC %.3f\n",
			c.name, scores["accuracy"], scores["precision"], scores["recall"], scores["auc"])
	}
	// Output:
	// without weights: accuracy 0.956, precision 0.722, recall 0.250, AUC 0.894
	// balanced: accuracy 0.864, precision 0.244, recall 0.769, AUC 0.902
}

// A training that is interrupted after 7 of 20 epochs goes on from its checkpoint, to the weights of one that was not.
func ExampleCheckpoint() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	train := func(ctx context.Context, path string, callbacks ...mlp.Callback) ([]float32, error) {
		trainer := newLineTrainer(mlp.Adam{LearningRate: 0.1})
		_, err := trainer.Fit(ctx, line(64), mlp.FitConfig{Epochs: 20, Callbacks: callbacks, Checkpoint: mlp.Checkpoint{Path: path}})
		return trainer.Network().Weights(0)[0].Values, err
	}
	want, err := train(context.Background(), "", mlp.Hooks{})
	if err != nil {
		log.Fatal(err)
	}

	path := filepath.Join(folder, "line.checkpoint")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = train(ctx, path, mlp.Hooks{EpochEnd: func(t *mlp.Training) error {
		if t.Epoch == 6 {
			cancel()
		}
		return nil
	}})
	fmt.Println(errors.Is(err, context.Canceled), err)

	got, err := train(context.Background(), path, mlp.Hooks{}) // in a new process, say
	fmt.Println(slices.Equal(got, want), err)
	// Output:
	// true mlp: Fit stopped in epoch 7 after 0 of 8 steps: context canceled
	// true <nil>
}
