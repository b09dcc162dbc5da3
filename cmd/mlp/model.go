package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// model is a network and how its outputs are read.
type model struct {
	*mlp.Network
	classes []string // of a classification, nil for numbers
}

// newModel tells whether a network's outputs are classes.
func newModel(n *mlp.Network) model { return model{n, n.Classes()} }

// loadedModel is newModel for a network from a file: where the outputs of a classifier are logits, it turns them into
// probabilities.
func loadedModel(n *mlp.Network) (m model, err error) {
	if m = newModel(n); m.classes != nil {
		m.Network, err = withProbabilities(n)
	}
	return m, err
}

// withProbabilities returns a classifier whose last activation is softmax, or sigmoid for one output.
func withProbabilities(n *mlp.Network) (*mlp.Network, error) {
	layers := n.Layers()
	last := len(layers) - 1
	act := mlp.Softmax
	if n.Outputs() == 1 {
		act = mlp.Sigmoid
	}
	switch l := layers[last].(type) {
	case mlp.Dense:
		if l.Activation == act {
			return n, nil
		}
		l.Activation = act
		layers[last] = l
	case mlp.ActivationLayer:
		if l.Activation == act {
			return n, nil
		}
		layers[last] = mlp.ActivationLayer{Activation: act}
	default:
		layers = append(layers, mlp.ActivationLayer{Activation: act})
	}
	c, err := mlp.New(n.Features(), layers...)
	for i := range last + 1 {
		if err == nil {
			err = c.SetWeights(i, n.Weights(i)...)
		}
	}
	if err != nil {
		return nil, err
	}
	c.FeatureNames, c.ClassNames, c.TargetNames, c.Image, c.Scaler, c.Training =
		n.FeatureNames, n.ClassNames, n.TargetNames, n.Image, n.Scaler, n.Training
	return c, nil
}

// loss returns the loss that the model's outputs are meant for, and the metrics to tell beside it.
func (m model) loss() (mlp.Loss, []mlp.Metric) {
	switch {
	case m.classes == nil:
		return mlp.MeanSquaredError{}, []mlp.Metric{mlp.MeanAbsoluteError{}, mlp.RootMeanSquaredError{}}
	case m.Outputs() == 1:
		return mlp.BinaryCrossentropy{}, []mlp.Metric{mlp.Accuracy{}}
	}
	return mlp.SparseCategoricalCrossentropy{}, []mlp.Metric{mlp.Accuracy{}}
}

// printScores evaluates the model on scaled samples and prints the loss and the metrics: "Test Accuracy: 1.0", if
// prefix is "Test ".
func (m model) printScores(d *mlp.Dataset, prefix string, loss mlp.Loss, metrics []mlp.Metric) error {
	trainer, err := mlp.NewTrainer(m.Network, mlp.TrainerConfig{Loss: loss, Metrics: metrics, BatchSize: 256})
	if err != nil {
		return err
	}
	scores, err := trainer.Evaluate(context.Background(), d)
	if err != nil {
		return err
	}
	fmt.Printf("%sLoss: %s\n", prefix, score(scores["loss"]))
	for _, metric := range metrics {
		fmt.Printf("%s%s: %s\n", prefix, title(metric.Name()), score(scores[metric.Name()]))
	}
	return nil
}

// score writes a number with four significant digits and always a decimal point, as Python writes 1.0.
func score(v float64) string {
	s := strconv.FormatFloat(v, 'g', 4, 64)
	if v == math.Trunc(v) && !strings.ContainsAny(s, ".eIN") {
		s += ".0"
	}
	return s
}

// title returns a metric's name as a heading.
func title(name string) string {
	switch name {
	case "mae", "mse", "rmse", "auc":
		return strings.ToUpper(name)
	}
	name = strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(name[:1]) + name[1:]
}

// steps returns what the model's scaler does, one after another.
func (m model) steps() mlp.Pipeline {
	switch s := m.Scaler.(type) {
	case nil:
		return nil
	case mlp.Pipeline:
		return s
	default:
		return mlp.Pipeline{s}
	}
}

// inputs returns the number of features before the scaler, which may make several columns of one.
func (m model) inputs() int {
	for _, step := range m.steps() {
		if encoder, ok := step.(*mlp.OneHotEncoder); ok {
			return len(encoder.FeatureNames)
		}
	}
	return m.Features()
}

// csvConfig returns how the model's features are read from a file.
func (m model) csvConfig(file *table) (mlp.CSVConfig, error) {
	cfg := m.CSVConfig()
	if file.format.NoHeader {
		if cfg.Categories != nil {
			return cfg, fmt.Errorf("%s: some of the model's features are texts, which need a header with their names",
				file.file)
		}
		cfg.Features = nil
	}
	return cfg, nil
}

func (m model) checkFeatures(d *mlp.Dataset) error {
	if d.Features != m.inputs() {
		return fmt.Errorf("the data has %d features, the model wants %d", d.Features, m.inputs())
	}
	return nil
}

// scale applies the model's scaler, if it has one, to samples.
func (m model) scale(d *mlp.Dataset) error {
	if err := m.checkFeatures(d); err != nil {
		return err
	}
	if m.Scaler == nil {
		return nil
	}
	return m.Scaler.Transform(d)
}
