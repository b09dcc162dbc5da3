// Command imbalance trains on a table in which one class is rare, and shows what class weights and another threshold
// do for it.
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

func run(ctx context.Context, w io.Writer) error {
	// One row in twenty is of class 1.
	data, err := mlp.MakeClassification(mlp.ClassificationConfig{
		Samples: 6000, Features: 10, Informative: 4, Weights: []float64{0.95}, ClassSep: 0.8, RandomState: 7,
	})
	if err != nil {
		return err
	}
	train, test, err := mlp.TrainTestSplit(data, mlp.SplitConfig{TestSize: 0.5, Stratify: true, RandomState: 1})
	if err != nil {
		return err
	}
	train, validation, err := mlp.TrainTestSplit(train, mlp.SplitConfig{TestSize: 0.3, Stratify: true, RandomState: 1})
	if err != nil {
		return err
	}
	var scaler mlp.StandardScaler
	if err := scaler.Fit(train); err != nil {
		return err
	}
	for _, d := range []*mlp.Dataset{train, validation, test} {
		if err := scaler.Transform(d); err != nil {
			return err
		}
	}
	balanced, err := mlp.BalancedClassWeights(train)
	if err != nil {
		return err
	}

	fmt.Fprintf(w, "%-9s %9s %9s %9s %9s %9s %9s\n", "weights", "threshold", "accuracy", "precision", "recall", "F1",
		"PR-AUC")
	for _, v := range []struct {
		name    string
		weights map[int]float64
	}{{"none", nil}, {"balanced", balanced}} {
		net, err := fit(ctx, train, v.weights)
		if err != nil {
			return err
		}
		best, err := bestThreshold(net, validation)
		if err != nil {
			return err
		}
		for _, threshold := range []float32{0.5, best} {
			s, err := evaluate(net, test, threshold)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%-9s %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f\n", v.name, threshold, s.accuracy, s.rare.Precision,
				s.rare.Recall, s.rare.FScore, s.area)
		}
	}
	return nil
}

// fit trains a network whose output is the probability of class 1.
func fit(ctx context.Context, train *mlp.Dataset, weights map[int]float64) (*mlp.Network, error) {
	net, err := mlp.New(train.Features,
		mlp.Dense{Units: 16, Activation: mlp.ReLU},
		mlp.Dense{Units: 1, Activation: mlp.Sigmoid},
	)
	if err != nil {
		return nil, err
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{Loss: mlp.BinaryCrossentropy{}, Optimizer: mlp.Adam{}})
	if err != nil {
		return nil, err
	}
	_, err = trainer.Fit(ctx, train, mlp.FitConfig{Epochs: 40, ClassWeights: weights})
	return net, err
}

// bestThreshold returns the probability from which on rows are to be taken for class 1, so that F1 is at its highest.
// The rows are neither those of training, on which a network is too sure, nor those of the test.
func bestThreshold(net *mlp.Network, validation *mlp.Dataset) (float32, error) {
	curve, _, err := precisionRecall(net, validation)
	if err != nil {
		return 0, err
	}
	best, most := 0.0, 0.0
	for i, threshold := range curve.Thresholds {
		precision, recall := curve.Precision[i], curve.Recall[i]
		if f1 := 2 * precision * recall / (precision + recall); f1 > most {
			best, most = threshold, f1
		}
	}
	return float32(best), nil
}

func precisionRecall(net *mlp.Network, d *mlp.Dataset) (*mlp.PrecisionRecall, []float32, error) {
	probabilities, err := net.Predict(d.X)
	if err != nil {
		return nil, nil, err
	}
	truth, err := d.Labels()
	if err != nil {
		return nil, nil, err
	}
	curve, err := mlp.PrecisionRecallCurve(truth, probabilities, 1, mlp.CurveConfig{})
	return curve, probabilities, err
}

// scores are a network's on other rows than it was trained on.
type scores struct {
	accuracy float64
	rare     mlp.ClassScore // of class 1
	area     float64        // under the precision-recall curve
}

func evaluate(net *mlp.Network, test *mlp.Dataset, threshold float32) (scores, error) {
	curve, probabilities, err := precisionRecall(net, test)
	if err != nil {
		return scores{}, err
	}
	truth, err := test.Labels()
	if err != nil {
		return scores{}, err
	}
	predicted := make([]int, len(probabilities))
	for i, p := range probabilities {
		if p >= threshold {
			predicted[i] = 1
		}
	}
	matrix, err := mlp.NewConfusionMatrix(truth, predicted, nil)
	if err != nil {
		return scores{}, err
	}
	classes, err := matrix.Scores(mlp.ClassScoreConfig{Labels: []int{1}})
	if err != nil {
		return scores{}, err
	}
	return scores{matrix.Accuracy(), classes[0], curve.AveragePrecision()}, nil
}
