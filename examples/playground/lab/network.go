package lab

import "github.com/seed975aa5d7/mlp"

// segment is a layer of the diagram: a Dense with what follows it, up to the next one.
type segment struct {
	first  int // its place in the network's layers
	layers []mlp.Layer
}

// predicting returns the layers without the Dropout, which comes last.
func (s segment) predicting() []mlp.Layer {
	n := len(s.layers)
	if _, ok := s.layers[n-1].(mlp.Dropout); ok {
		n--
	}
	return s.layers[:n]
}

// segments returns the hidden layers and the output layer. Of two classes the network gives the probability of the
// second, of more that of each.
func (c *Config) segments(classes int) ([]segment, error) {
	activation, err := mlp.ParseActivation(c.Activation)
	if err != nil {
		return nil, err
	}
	penalty := mlp.Regularizer{L1: c.L1, L2: c.L2}
	var list []segment
	at := 0
	add := func(layers ...mlp.Layer) {
		list = append(list, segment{at, layers})
		at += len(layers)
	}
	for _, units := range c.Units {
		var layers []mlp.Layer
		if c.BatchNorm == on {
			layers = append(layers, mlp.Dense{Units: units, WeightRegularizer: penalty},
				mlp.BatchNorm{Momentum: 0.9}, mlp.ActivationLayer{Activation: activation})
		} else {
			layers = append(layers, mlp.Dense{Units: units, Activation: activation, WeightRegularizer: penalty})
		}
		if c.Dropout > 0 {
			layers = append(layers, mlp.Dropout{Rate: c.Dropout})
		}
		add(layers...)
	}
	output := mlp.Dense{Units: 1, WeightRegularizer: penalty}
	switch {
	case classes == 2:
		output.Activation = mlp.Sigmoid
	case classes > 2:
		output.Units, output.Activation = classes, mlp.Softmax
	}
	add(output)
	return list, nil
}

// network returns the network with its first weights.
func (c *Config) network(segments []segment) (*mlp.Network, error) {
	var layers []mlp.Layer
	for _, s := range segments {
		layers = append(layers, s.layers...)
	}
	net, err := mlp.New(2, layers...)
	if err != nil {
		return nil, err
	}
	net.Initialize(uint64(c.Seed))
	return net, nil
}

func (c *Config) optimizer() mlp.Optimizer {
	schedule := named(schedules, c.Schedule, schedule.choice).make(c.Rate, c.ScheduleSteps)
	return named(optimizers, c.Optimizer, optimizer.choice).make(c.Rate, schedule, mlp.Clip{GlobalNorm: c.Clip})
}

// measuredLoss is a Loss to train on and to measure.
type measuredLoss interface {
	mlp.Loss
	mlp.Metric
}

// loss returns the loss, and the score that goes with it.
func loss(classes int) (measuredLoss, mlp.Metric) {
	switch classes {
	case 0:
		return mlp.MeanSquaredError{}, mlp.R2Score{}
	case 2:
		return mlp.BinaryCrossentropy{}, mlp.Accuracy{}
	default:
		return mlp.SparseCategoricalCrossentropy{}, mlp.Accuracy{}
	}
}
