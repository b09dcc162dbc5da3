package mlp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/seed975aa5d7/mlp"
)

// The program of the README: three species of iris, told apart by four lengths.
func Example() {
	train, test, err := mlp.TrainTestSplit(mlp.Iris(), mlp.SplitConfig{TestSize: 0.2, RandomState: 42})
	check(err)
	var scaler mlp.StandardScaler
	check(scaler.Fit(train))
	check(scaler.Transform(train))
	check(scaler.Transform(test))

	net, err := mlp.New(4,
		mlp.Dense{Units: 64, Activation: mlp.ReLU},
		mlp.Dense{Units: 32, Activation: mlp.ReLU},
		mlp.Dense{Units: 3, Activation: mlp.Softmax})
	check(err)
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{}, Metrics: []mlp.Metric{mlp.Accuracy{}}, BatchSize: 16})
	check(err)
	_, err = trainer.Fit(context.Background(), train, mlp.FitConfig{Epochs: 50, ValidationSplit: 0.2})
	check(err)
	scores, err := trainer.Evaluate(context.Background(), test)
	check(err)
	fmt.Printf("test accuracy %.3f\n", scores["accuracy"])
	// Output: test accuracy 0.967
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleNew() {
	net, err := mlp.New(4,
		mlp.Dense{Units: 64, Activation: mlp.ReLU, WeightInit: mlp.HeNormal},
		mlp.Dense{Units: 3, Activation: mlp.Softmax},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(net.Features(), "features,", net.Outputs(), "outputs")

	_, err = mlp.New(4, mlp.Dense{Units: 64}, mlp.Dropout{Rate: 1.5}, mlp.Dense{Units: 3})
	fmt.Println(err)
	// Output:
	// 4 features, 3 outputs
	// mlp: layer 1 (mlp.Dropout): Rate is 1.5, want finite 0 <= Rate < 1
}

// A network with batch normalisation between the product and the activation, and dropout behind it.
func ExampleNew_remedies() {
	net, err := mlp.New(8,
		mlp.Dense{Units: 32, NoBias: true, WeightRegularizer: mlp.Regularizer{L2: 1e-4}},
		mlp.BatchNorm{},
		mlp.ActivationLayer{Activation: mlp.LeakyReLU(0.1)},
		mlp.Dropout{Rate: 0.2},
		mlp.Dense{Units: 1, Activation: mlp.Sigmoid},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range net.Weights(1) {
		fmt.Println(t.Name, t.Shape)
	}
	// Output:
	// gamma [32]
	// beta [32]
	// moving_mean [32]
	// moving_variance [32]
}

func ExampleNetwork_Summary() {
	net, err := mlp.New(4,
		mlp.Dense{Units: 64, Activation: mlp.ReLU},
		mlp.BatchNorm{},
		mlp.Dropout{Rate: 0.5},
		mlp.Dense{Units: 3, Activation: mlp.Softmax},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(net.Summary())
	// Output:
	// Layer                          Output shape               Param #
	// =================================================================
	// 0 Dense (relu)                 (None, 64)                     320
	// 1 BatchNorm                    (None, 64)                     256
	// 2 Dropout (0.5)                (None, 64)                       0
	// 3 Dense (softmax)              (None, 3)                      195
	// =================================================================
	// Total params: 771 (3.01 KB)
	// Trainable params: 643 (2.51 KB)
	// Non-trainable params: 128 (512 B)
	// Inference: 512 multiply-adds a row, 4.78 KB
	// Training: 1,280 multiply-adds a row, 65.62 KB in batches of 32
}

// A clone keeps its weights while those of the original change.
func ExampleNetwork_Clone() {
	net, err := mlp.New(1, mlp.Dense{Units: 1, WeightInit: mlp.Constant(2)})
	if err != nil {
		fmt.Println(err)
		return
	}
	served := net.Clone()
	if err := net.SetWeights(0, mlp.Tensor{Name: "weights", Shape: []int{1, 1}, Values: []float32{5}}); err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range []*mlp.Network{served, net} {
		y, err := n.Predict([]float32{10})
		fmt.Println(y, err)
	}
	// Output:
	// [20] <nil>
	// [50] <nil>
}

// A Predictor belongs to one goroutine, and does not allocate.
func ExamplePredictor() {
	net, err := mlp.New(2, mlp.Dense{Units: 2, WeightInit: mlp.Constant(0.5), Activation: mlp.ReLU})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := net.NewPredictor(2) // room for two rows a call
	y := make([]float32, 2*2)
	if err := p.Predict(y, []float32{1, 2, 3, 4}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y)

	err = p.Predict(y, []float32{1, 2, 3})
	var shape *mlp.ShapeError
	fmt.Println(errors.As(err, &shape), err)
	// Output:
	// [1.5 1.5 3.5 3.5]
	// true mlp: x has 3 values, want a whole number of rows of 2
}

// line returns rows of y = 3x - 1.
func line(rows int) *mlp.Dataset {
	d := &mlp.Dataset{Features: 1, Targets: 1}
	for i := range rows {
		x := float32(i)/float32(rows) - 0.5
		d.X = append(d.X, x)
		d.Y = append(d.Y, 3*x-1)
	}
	return d
}

// newLineTrainer returns a trainer of a single linear unit, from weights of zero.
func newLineTrainer(optimizer mlp.Optimizer) *mlp.Trainer {
	net, err := mlp.New(1, mlp.Dense{Units: 1, WeightInit: mlp.Zeros})
	check(err)
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss:      mlp.MeanSquaredError{},
		Optimizer: optimizer,
		Metrics:   []mlp.Metric{mlp.MeanAbsoluteError{}},
		BatchSize: 8,
	})
	check(err)
	return trainer
}

func ExampleNewTrainer() {
	net, err := mlp.New(4, mlp.Dense{Units: 3, Activation: mlp.Softmax})
	if err != nil {
		fmt.Println(err)
		return
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss:      mlp.SparseCategoricalCrossentropy{},
		Optimizer: mlp.AdamW{WeightDecay: 0.01, Clip: mlp.Clip{GlobalNorm: 1}},
		Metrics:   []mlp.Metric{mlp.Accuracy{}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(trainer.LearningRate())

	_, err = mlp.NewTrainer(net, mlp.TrainerConfig{Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{Beta1: 1}})
	fmt.Println(err)
	// Output:
	// 0.001
	// mlp: Optimizer (mlp.Adam): Beta1 is 1, want finite 0 < Beta1 < 1
}

func ExampleTrainer_Fit() {
	trainer := newLineTrainer(mlp.SGD{LearningRate: 0.1, Momentum: 0.9})
	history, err := trainer.Fit(context.Background(), line(64), mlp.FitConfig{Epochs: 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	losses := history.Metrics["loss"]
	fmt.Printf("loss %.2f in the first epoch, below 1e-4 in the last: %t\n", losses[0], losses[19] < 1e-4)
	for _, t := range trainer.Network().Weights(0) {
		fmt.Printf("%s %.2f\n", t.Name, t.Values)
	}
	// Output:
	// loss 1.04 in the first epoch, below 1e-4 in the last: true
	// weights [3.00]
	// bias [-1.00]
}

// The loop that Fit takes off one's hands: a step a batch, as for data that arrives while it is learned from.
func ExampleTrainer_Step() {
	trainer := newLineTrainer(mlp.SGD{LearningRate: 0.1})
	x, y := []float32{-1, 0, 1}, []float32{-4, -1, 2}
	for range 4 {
		loss, err := trainer.Step(x, y)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%.3f\n", loss)
	}
	// Output:
	// 7.000
	// 5.147
	// 3.795
	// 2.805
}

func ExampleTrainer_Evaluate() {
	trainer := newLineTrainer(nil)
	test := &mlp.Dataset{X: []float32{0, 1}, Y: []float32{-1, 2}, Features: 1, Targets: 1}
	scores, err := trainer.Evaluate(context.Background(), test)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(scores)
	// Output: map[loss:2.5 mae:1.5]
}

func ExampleEarlyStopping() {
	trainer := newLineTrainer(mlp.SGD{LearningRate: 0.5})
	stop := &mlp.EarlyStopping{Monitor: "loss", MinDelta: 1e-6, Patience: 2, RestoreBestWeights: true}
	history, err := trainer.Fit(context.Background(), line(8), mlp.FitConfig{Epochs: 500, Callbacks: []mlp.Callback{stop}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d epochs, the best was %d\n", len(history.Epochs), stop.BestEpoch)
	// Output: 76 epochs, the best was 73
}

// A callback of one's own stops the training when the loss is small enough.
func ExampleHooks() {
	trainer := newLineTrainer(mlp.SGD{LearningRate: 0.1, Momentum: 0.9})
	enough := mlp.Hooks{EpochEnd: func(t *mlp.Training) error {
		if loss, _ := t.Logs().Get("loss"); loss < 0.01 {
			fmt.Println("enough after epoch", t.Epoch)
			t.Stop()
		}
		return nil
	}}
	if _, err := trainer.Fit(context.Background(), line(8), mlp.FitConfig{Epochs: 500, Callbacks: []mlp.Callback{enough}}); err != nil {
		fmt.Println(err)
	}
	// Output: enough after epoch 17
}

func ExampleHistory_WriteCSV() {
	trainer := newLineTrainer(mlp.SGD{LearningRate: 0.125})
	same := &mlp.Dataset{X: []float32{1, 1}, Y: []float32{2, 2}, Features: 1, Targets: 1}
	history, err := trainer.Fit(context.Background(), same, mlp.FitConfig{Epochs: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := history.WriteCSV(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// epoch,loss,mae
	// 0,4,2
	// 1,1,1
	// 2,0.25,0.5
}

// A warm-up of two steps, then half a cosine down to zero.
func ExampleCosineDecay() {
	schedule := mlp.CosineDecay{WarmupSteps: 2, WarmupTarget: 0.1, Steps: 4}
	trainer := newLineTrainer(mlp.Adam{Schedule: schedule})
	for range 7 {
		fmt.Printf("%.3f ", trainer.LearningRate())
		if _, err := trainer.Step([]float32{0}, []float32{-1}); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output: 0.000 0.050 0.100 0.085 0.050 0.015 0.000
}

func ExampleScheduleFunc() {
	halving := mlp.ScheduleFunc(func(step int) float64 { return 0.1 / float64(1+step/100) })
	fmt.Println(halving.LearningRate(99), halving.LearningRate(100))
	// Output: 0.1 0.05
}
