package main

import (
	"context"
	"fmt"
	"math"
	"slices"
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
func (m model) steps() mlp.Pipeline { return stepsOf(m.Scaler) }

func stepsOf(scaler mlp.Preprocessor) mlp.Pipeline {
	switch s := scaler.(type) {
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

// categories returns the texts that a feature before the scaler may be, or nil for numbers.
func (m model) categories(feature int) []string {
	for _, step := range m.steps() {
		if encoder, ok := step.(*mlp.OneHotEncoder); ok {
			return encoder.CategoryNames[feature]
		}
	}
	return nil
}

// csvConfig returns how the model's features are read from a file with those labels: by their names, or, where the file or
// the model has none, by their places.
func (m model) csvConfig(file *table, labels []int) (mlp.CSVConfig, error) {
	cfg := m.CSVConfig()
	if m.FeatureNames != nil && !file.format.NoHeader {
		return cfg, nil
	}
	columns := file.features(labels)
	if len(columns) != m.inputs() {
		return cfg, fmt.Errorf("%s: the data has %d features, the model wants %d", file.file, len(columns), m.inputs())
	}
	cfg.Features, cfg.Categories = nil, make(map[string][]string)
	for j, column := range columns {
		if names := m.categories(j); names != nil {
			cfg.Categories[file.key(j, column)] = names
		}
	}
	return cfg, nil
}

// checkColumns returns an error unless built-in samples have the model's features, if these have names, and it no texts.
func (m model) checkColumns(s samples) error {
	switch {
	case m.FeatureNames != nil && !slices.Equal(m.FeatureNames, s.FeatureNames):
		has := "columns without names"
		if s.FeatureNames != nil {
			has = quoted(s.FeatureNames)
		}
		return fmt.Errorf("the model wants the columns %s; %s has %s", quoted(m.FeatureNames), s.name, has)
	case len(m.CSVConfig().Categories) > 0:
		return fmt.Errorf("the model wants columns of texts; %s has numbers alone", s.name)
	}
	return nil
}

func (m model) checkFeatures(d *mlp.Dataset) error {
	if d.Features != m.inputs() {
		if none := (mlp.ImageShape{}); d.Image != none && m.Image != none {
			return fmt.Errorf("the images have %s, the model wants %s (--size, --gray)", pixels(d.Image), pixels(m.Image))
		}
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
