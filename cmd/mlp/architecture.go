package main

import (
	"fmt"
	"strconv"

	"github.com/seed975aa5d7/mlp"
)

// architecture describes a network by flags.
type architecture struct {
	Hidden            []int    `group:"network" default:"64,32" placeholder:"UNITS" help:"Units of each hidden layer. (default ${default})"`
	Activation        []string `group:"network" default:"relu" placeholder:"NAME" help:"Their activation, one for all or one each. (default ${default})"`
	Dropout           float64  `group:"network" placeholder:"RATE" help:"Drop this share of their outputs in training."`
	BatchNorm         bool     `group:"network" help:"Normalise their outputs over the batch."`
	BatchNormMomentum float64  `group:"network" hidden:"" default:"0.99" placeholder:"FACTOR" help:"What remains of the moving averages at a step. (default ${default})"`
	BatchNormEpsilon  float64  `group:"network" hidden:"" default:"0.001" placeholder:"NUMBER" help:"Added to the variance. (default ${default})"`
	L2                float64  `group:"network" name:"l2" placeholder:"FACTOR" help:"Add FACTOR·Σw² of their weights to the loss."`
	L1                float64  `group:"network" name:"l1" hidden:"" placeholder:"FACTOR" help:"Add FACTOR·Σ|w| of their weights to the loss."`
	Init              []string `group:"network" hidden:"" default:"glorot_uniform" placeholder:"NAME" help:"How their weights are drawn, one for all or one each. (default ${default})"`
	Noise             float64  `group:"network" hidden:"" placeholder:"DEVIATION" help:"Add normal noise of this deviation to the scaled features while training."`
}

// check finds numbers out of range.
func (a *architecture) check() error {
	const most = 1 << 24
	for _, units := range a.Hidden {
		if units < 1 || units > most {
			return fmt.Errorf("--hidden has a layer of %d units, want 1 to %d", units, most)
		}
	}
	return checkFlags(
		flagValue{"--dropout", a.Dropout, belowOne},
		flagValue{"--batch-norm-momentum", a.BatchNormMomentum, betweenOnes},
		flagValue{"--batch-norm-epsilon", a.BatchNormEpsilon, positive},
		flagValue{"--l2", a.L2, notNegative},
		flagValue{"--l1", a.L1, notNegative},
		flagValue{"--noise", a.Noise, notNegative})
}

// build returns the network that the flags describe, for outputs through an activation.
func (a *architecture) build(features, outputs int, output mlp.Activation) (*mlp.Network, error) {
	layers, err := a.layers(outputs, output)
	if err != nil {
		return nil, err
	}
	return mlp.New(features, layers...)
}

// layers returns the network's layers.
func (a *architecture) layers(outputs int, output mlp.Activation) ([]mlp.Layer, error) {
	activations, err := parseEach("--activation", a.Activation, len(a.Hidden), mlp.ParseActivation)
	if err != nil {
		return nil, err
	}
	initializers, err := parseEach("--init", a.Init, len(a.Hidden), parseInitializer)
	if err != nil {
		return nil, err
	}
	var layers []mlp.Layer
	if a.Noise != 0 {
		layers = append(layers, mlp.GaussianNoise{StdDev: a.Noise})
	}
	for i, units := range a.Hidden {
		dense := mlp.Dense{Units: units, WeightInit: initializers[i], WeightRegularizer: mlp.Regularizer{L1: a.L1, L2: a.L2}}
		if a.BatchNorm {
			dense.NoBias = true
			layers = append(layers, dense, mlp.BatchNorm{Momentum: a.BatchNormMomentum, Epsilon: a.BatchNormEpsilon},
				mlp.ActivationLayer{Activation: activations[i]})
		} else {
			dense.Activation = activations[i]
			layers = append(layers, dense)
		}
		if a.Dropout != 0 {
			layers = append(layers, mlp.Dropout{Rate: a.Dropout})
		}
	}
	return append(layers, mlp.Dense{Units: outputs, Activation: output}), nil
}

// parseEach returns what each hidden layer takes of a flag that has one name for all of them or one each.
func parseEach[T any](flag string, names []string, layers int, parse func(name string) (T, error)) ([]T, error) {
	if n := len(names); n != 1 && n != layers {
		return nil, fmt.Errorf("%s has %d names for %d hidden layers, want one for all or one each", flag, n, layers)
	}
	list := make([]T, max(layers, 1))
	for i := range list {
		name := names[0]
		if len(names) > 1 {
			name = names[i]
		}
		var err error
		if list[i], err = parse(name); err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
	}
	return list, nil
}

var initializers = []mlp.Initializer{
	mlp.GlorotUniform, mlp.GlorotNormal, mlp.HeUniform, mlp.HeNormal, mlp.LeCunUniform, mlp.LeCunNormal,
}

// parseInitializer returns the initializer that its String names.
func parseInitializer(text string) (mlp.Initializer, error) {
	name, argument, err := cutArgument(text)
	if err != nil {
		return mlp.Initializer{}, err
	}
	if name == "constant" {
		value, err := strconv.ParseFloat(argument, 32)
		if err != nil {
			return mlp.Initializer{}, fmt.Errorf("%q is no number, want constant(0.1) for example", argument)
		}
		return mlp.Constant(value), nil
	}
	names := []string{}
	for _, i := range initializers {
		if i.String() == name && argument == "" {
			return i, nil
		}
		names = append(names, i.String())
	}
	return mlp.Initializer{}, unknown("initialiser", text, append(names, "constant(0.1)"))
}
