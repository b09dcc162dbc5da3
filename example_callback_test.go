package mlp_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// irisTrainer returns a trainer for iris, and the standardised rows.
func irisTrainer(metrics ...mlp.Metric) (*mlp.Trainer, *mlp.Dataset) {
	iris := mlp.Iris()
	var scaler mlp.StandardScaler
	check(scaler.Fit(iris))
	check(scaler.Transform(iris))
	check(iris.Shuffle(1))
	net, err := mlp.New(4, mlp.Dense{Units: 16, Activation: mlp.ReLU}, mlp.Dense{Units: 3, Activation: mlp.Softmax})
	check(err)
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{}, Metrics: metrics})
	check(err)
	return trainer, iris
}

// The best network of all epochs stays in a file.
func ExampleModelCheckpoint() {
	folder, err := os.MkdirTemp("", "")
	check(err)
	defer os.RemoveAll(folder)

	trainer, iris := irisTrainer()
	_, err = trainer.Fit(context.Background(), iris, mlp.FitConfig{Epochs: 20, ValidationSplit: 0.2, Callbacks: []mlp.Callback{
		mlp.ModelCheckpoint{Path: filepath.Join(folder, "best.safetensors"), SaveBestOnly: true},
		mlp.ModelCheckpoint{Path: filepath.Join(folder, "{epoch:02d}-{val_loss:.1f}.safetensors"), Every: 10},
	}})
	check(err)
	files, err := os.ReadDir(folder)
	check(err)
	for _, f := range files {
		fmt.Println(f.Name())
	}
	_, err = mlp.LoadFile(filepath.Join(folder, "best.safetensors"))
	check(err)
	// Output:
	// 10-0.8.safetensors
	// 20-0.6.safetensors
	// best.safetensors
}

func ExampleCSVLogger() {
	var log bytes.Buffer
	trainer, iris := irisTrainer(mlp.Accuracy{})
	_, err := trainer.Fit(context.Background(), iris, mlp.FitConfig{Epochs: 3, ValidationSplit: 0.2, Callbacks: []mlp.Callback{
		mlp.CSVLogger{Writer: &log}, // or Path: "training.csv"
	}})
	check(err)
	lines := strings.Split(log.String(), "\n")
	fmt.Println(lines[0])
	fmt.Println(len(lines)-2, "epochs, the last is", lines[3][:1])
	// Output:
	// epoch,accuracy,loss,val_accuracy,val_loss
	// 3 epochs, the last is 2
}

// Halve the rate every tenth epoch.
func ExampleLearningRateScheduler() {
	trainer, iris := irisTrainer()
	history, err := trainer.Fit(context.Background(), iris, mlp.FitConfig{Epochs: 21, Callbacks: []mlp.Callback{
		mlp.LearningRateScheduler{Rate: func(epoch int, rate float64) float64 {
			if epoch > 0 && epoch%10 == 0 {
				return rate / 2
			}
			return rate
		}},
	}})
	check(err)
	rates := history.Metrics["learning_rate"]
	fmt.Println(rates[0], rates[9], rates[10], rates[20])
	// Output: 0.001 0.001 0.0005 0.00025
}

// Then run: tensorboard --logdir logs
func ExampleTensorBoard() {
	folder, err := os.MkdirTemp("", "")
	check(err)
	defer os.RemoveAll(folder)

	trainer, iris := irisTrainer(mlp.Accuracy{})
	_, err = trainer.Fit(context.Background(), iris, mlp.FitConfig{Epochs: 5, ValidationSplit: 0.2, Callbacks: []mlp.Callback{
		mlp.TensorBoard{Dir: filepath.Join(folder, "logs"), Histograms: 1, Gradients: true},
	}})
	check(err)
	parts, err := os.ReadDir(filepath.Join(folder, "logs"))
	check(err)
	for _, part := range parts {
		files, err := os.ReadDir(filepath.Join(folder, "logs", part.Name()))
		check(err)
		fmt.Printf("%s: %d event file\n", part.Name(), len(files))
	}
	// Output:
	// train: 1 event file
	// validation: 1 event file
}

// Which learning rate suits the network and its data?
func ExampleTrainer_FindLearningRate() {
	trainer, iris := irisTrainer()
	curve, err := trainer.FindLearningRate(context.Background(), iris, mlp.RangeTest{})
	check(err)
	fmt.Printf("train with a rate of %.2g\n", curve.Suggestion)
	for i := 0; i < len(curve.Rates); i += 20 {
		fmt.Printf("%.1e %.2f\n", curve.Rates[i], curve.Smoothed[i])
	}
	check(trainer.SetLearningRate(curve.Suggestion))
	// Output:
	// train with a rate of 0.015
	// 1.0e-07 1.08
	// 4.1e-06 1.06
	// 1.7e-04 1.03
	// 7.1e-03 0.80
	// 2.9e-01 0.55
}

// A rare class weighs as much as a common one.
func ExampleBalancedClassWeights() {
	trainer, iris := irisTrainer()
	rows := []int{}
	for r, class := range iris.Y {
		if class != 2 || r%5 == 0 {
			rows = append(rows, r)
		}
	}
	iris, err := iris.Subset(rows)
	check(err)
	weights, err := mlp.BalancedClassWeights(iris)
	check(err)
	for class, name := range iris.ClassNames {
		fmt.Printf("%s: %d rows weigh %.3f each\n", name, iris.ClassCounts()[class], weights[class])
	}
	_, err = trainer.Fit(context.Background(), iris, mlp.FitConfig{Epochs: 2, ClassWeights: weights})
	check(err)
	// Output:
	// setosa: 50 rows weigh 0.753 each
	// versicolor: 50 rows weigh 0.753 each
	// virginica: 13 rows weigh 2.897 each
}

// top2 is a metric under a name of its own, so that it stands beside others of its type.
type top2 struct{ mlp.TopKAccuracy }

func (top2) Name() string { return "top_2" }

func ExampleMetric() {
	trainer, iris := irisTrainer(mlp.Accuracy{}, top2{mlp.TopKAccuracy{K: 2}}, mlp.F1Score{})
	_, err := trainer.Fit(context.Background(), iris, mlp.FitConfig{Epochs: 20})
	check(err)
	scores, err := trainer.Evaluate(context.Background(), iris)
	check(err)
	fmt.Printf("accuracy %.2f, top 2 %.2f, F1 %.2f\n", scores["accuracy"], scores["top_2"], scores["f1_score"])
	// Output:
	// accuracy 0.86, top 2 0.99, F1 0.86
}
