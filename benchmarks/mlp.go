package main

import (
	"context"

	"github.com/seed975aa5d7/mlp"
)

func init() { libraries["mlp"] = mlpLibrary{} }

// mlpLibrary is this library, as its README uses it.
type mlpLibrary struct{}

func (mlpLibrary) version() string { return "mlp" }

func network(w *workload) (*mlp.Network, error) {
	var layers []mlp.Layer
	for i, units := range w.Sizes[1:] {
		act := mlp.ReLU
		if i == len(w.Sizes)-2 {
			act = mlp.Softmax
		}
		layers = append(layers, mlp.Dense{Units: units, Activation: act})
	}
	return mlp.New(w.features(), layers...)
}

func (mlpLibrary) newTraining(w *workload) (func(), int, error) {
	n, err := network(w)
	if err != nil {
		return nil, 0, err
	}
	t, err := mlp.NewTrainer(n, mlp.TrainerConfig{Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{}, BatchSize: w.Batch})
	if err != nil {
		return nil, 0, err
	}
	d := dataset(w)
	epochs := epochsOf(w)
	return func() {
		if _, err := t.Fit(context.Background(), d, mlp.FitConfig{Epochs: epochs}); err != nil {
			panic(err)
		}
	}, epochs, nil
}

// dataset returns the rows of an epoch.
func dataset(w *workload) *mlp.Dataset {
	x, labels := rows(w.Batch*w.Steps, w.features(), w.classes())
	d := &mlp.Dataset{X: x, Y: make([]float32, len(labels)), Features: w.features(), Targets: 1}
	for i, label := range labels {
		d.Y[i] = float32(label)
	}
	return d
}

func (mlpLibrary) newPrediction(w *workload, n int) (func(), error) {
	net, err := network(w)
	if err != nil {
		return nil, err
	}
	p := net.NewPredictor(n)
	x, _ := rows(n, w.features(), w.classes())
	dst := make([]float32, n*w.classes())
	return func() {
		if err := p.Predict(dst, x); err != nil {
			panic(err)
		}
	}, nil
}
