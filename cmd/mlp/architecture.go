package main

import (
	"fmt"

	"github.com/seed975aa5d7/mlp"
)

// architecture describes a network by flags.
type architecture struct {
	Hidden     []int    `group:"network" default:"64,32" placeholder:"UNITS" help:"Units of each hidden layer; --hidden= for none. (default ${default})"`
	Activation []string `group:"network" default:"relu" placeholder:"NAME" help:"Activation of the hidden layers, one for all or one each: relu, tanh, sigmoid, gelu, silu, mish, selu, elu, leaky_relu(0.1), … (default ${default})"`
	Dropout    float64  `group:"network" placeholder:"RATE" help:"Drop this share of each hidden layer's outputs while training."`
	BatchNorm  bool     `group:"network" help:"Normalise each hidden layer's outputs over the batch."`
	L2         float64  `group:"network" name:"l2" placeholder:"FACTOR" help:"Add FACTOR times the sum of the hidden layers' squared weights to the loss."`
}

// build returns the network that the flags describe. Its outputs are the logits of classes under softmax, or numbers.
func (a *architecture) build(features, outputs int, output mlp.Activation) (*mlp.Network, error) {
	activations := make([]mlp.Activation, len(a.Hidden))
	if n := len(a.Activation); n != 1 && n != len(a.Hidden) {
		return nil, fmt.Errorf("--activation has %d names for %d hidden layers, want one for all or one each",
			n, len(a.Hidden))
	}
	for i := range activations {
		name := a.Activation[0]
		if len(a.Activation) > 1 {
			name = a.Activation[i]
		}
		var err error
		if activations[i], err = mlp.ParseActivation(name); err != nil {
			return nil, fmt.Errorf("--activation: %w", err)
		}
	}
	var layers []mlp.Layer
	for i, units := range a.Hidden {
		dense := mlp.Dense{Units: units, WeightRegularizer: mlp.Regularizer{L2: a.L2}}
		if a.BatchNorm {
			dense.NoBias = true
			layers = append(layers, dense, mlp.BatchNorm{}, mlp.ActivationLayer{Activation: activations[i]})
		} else {
			dense.Activation = activations[i]
			layers = append(layers, dense)
		}
		if a.Dropout != 0 {
			layers = append(layers, mlp.Dropout{Rate: a.Dropout})
		}
	}
	layers = append(layers, mlp.Dense{Units: outputs, Activation: output})
	return mlp.New(features, layers...)
}

// optimization chooses an optimizer by flags.
type optimization struct {
	Optimizer    string   `group:"training" enum:"adam,adamw,nadam,adamax,sgd,rmsprop,adagrad,adadelta,lion" default:"adam" placeholder:"NAME" help:"adam, adamw, nadam, adamax, sgd, rmsprop, adagrad, adadelta or lion. (default ${default})"`
	LearningRate *float64 `group:"training" placeholder:"RATE" help:"Learning rate. (default 0.001, for sgd 0.01)"`
	Momentum     float64  `group:"training" placeholder:"FACTOR" help:"Momentum, for sgd and rmsprop."`
}

// build returns the optimizer that the flags describe.
func (o *optimization) build() (mlp.Optimizer, error) {
	rate := 0.0 // the optimizer's default
	if o.LearningRate != nil {
		if rate = *o.LearningRate; rate <= 0 {
			return nil, fmt.Errorf("--learning-rate is %v, want more than 0", rate)
		}
	}
	if o.Momentum != 0 && o.Optimizer != "sgd" && o.Optimizer != "rmsprop" {
		return nil, fmt.Errorf("--momentum is for sgd and rmsprop, %s has none", o.Optimizer)
	}
	switch o.Optimizer {
	case "adam":
		return mlp.Adam{LearningRate: rate}, nil
	case "adamw":
		return mlp.AdamW{LearningRate: rate}, nil
	case "nadam":
		return mlp.Nadam{LearningRate: rate}, nil
	case "adamax":
		return mlp.Adamax{LearningRate: rate}, nil
	case "sgd":
		return mlp.SGD{LearningRate: rate, Momentum: o.Momentum}, nil
	case "rmsprop":
		return mlp.RMSprop{LearningRate: rate, Momentum: o.Momentum}, nil
	case "adagrad":
		return mlp.Adagrad{LearningRate: rate}, nil
	case "adadelta":
		return mlp.Adadelta{LearningRate: rate}, nil
	case "lion":
		return mlp.Lion{LearningRate: rate}, nil
	}
	return nil, fmt.Errorf("there is no optimizer %q", o.Optimizer)
}
