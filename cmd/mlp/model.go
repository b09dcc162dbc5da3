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

// newModel tells from the last activation whether a network's outputs are probabilities of classes: softmax gives one
// each, and a single sigmoid that of the second of two.
func newModel(n *mlp.Network) model {
	m := model{Network: n}
	layers := slices.DeleteFunc(n.Layers(), func(l mlp.Layer) bool { _, drops := l.(mlp.Dropout); return drops })
	var last mlp.Activation
	if len(layers) > 0 {
		switch l := layers[len(layers)-1].(type) {
		case mlp.Dense:
			last = l.Activation
		case mlp.ActivationLayer:
			last = l.Activation
		}
	}
	count := 0
	switch {
	case last == mlp.Softmax:
		count = n.Outputs()
	case last == mlp.Sigmoid && n.Outputs() == 1:
		count = 2
	}
	if m.classes = n.ClassNames; len(m.classes) != count {
		m.classes = nil
		for class := range count {
			m.classes = append(m.classes, strconv.Itoa(class))
		}
	}
	return m
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
