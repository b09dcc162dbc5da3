package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/seed975aa5d7/mlp"
)

// objective says by flags what is minimised, and what is told beside it.
type objective struct {
	Loss            lossFlag `group:"loss" default:"auto" placeholder:"NAME" help:"Loss to train on; auto: by the task. (default ${default})"`
	Metrics         []string `group:"loss" placeholder:"NAME" help:"What to tell beside it. (default: accuracy or mae)"`
	WeightedMetrics []string `group:"loss" hidden:"" placeholder:"NAME" help:"The same, weighted by --class-weights."`
}

// goal is what an objective means for some samples.
type goal struct {
	loss              mlp.Loss
	outputs           int
	activation        mlp.Activation // of the outputs
	oneHot            bool           // the loss wants a target for each class
	ownUnits          bool           // the loss looks at the targets as they are
	metrics, weighted []mlp.Metric
	scores            []mlp.Metric // to tell of the test
}

// build returns the goal for samples.
func (o *objective) build(s samples) (goal, error) {
	loss, err := o.Loss.build()
	if err != nil {
		return goal{}, fmt.Errorf("--loss: %w", err)
	}
	g := goal{loss: loss.Loss, outputs: s.Targets, ownUnits: loss.ownUnits}
	if s.isClassification() {
		err = g.ofClasses(loss, len(s.ClassNames))
	} else {
		err = g.ofNumbers(loss, s)
	}
	if err != nil {
		return goal{}, fmt.Errorf("--loss %s: %w", o.Loss, err)
	}
	if len(o.Metrics) > 0 {
		if g.metrics, err = g.parseMetrics("--metrics", o.Metrics, nil); err != nil {
			return goal{}, err
		}
		g.scores = g.metrics
	}
	g.weighted, err = g.parseMetrics("--weighted-metrics", o.WeightedMetrics, g.metrics)
	return g, err
}

// ofClasses makes the outputs the probabilities of classes.
func (g *goal) ofClasses(loss taskLoss, classes int) error {
	g.metrics = []mlp.Metric{mlp.Accuracy{}}
	g.scores = g.metrics
	g.outputs, g.activation = classes, mlp.Softmax
	switch {
	case g.loss == nil:
		g.loss = mlp.SparseCategoricalCrossentropy{}
	case loss.twoClasses && classes != 2:
		return fmt.Errorf("it tells two classes apart, here are %d", classes)
	case loss.twoClasses:
		g.outputs, g.activation = 1, mlp.Sigmoid
	case g.loss != mlp.Loss(mlp.SparseCategoricalCrossentropy{}):
		g.oneHot = true
	}
	return nil
}

func (g *goal) ofNumbers(loss taskLoss, s samples) error {
	g.activation = mlp.Linear
	g.metrics = []mlp.Metric{mlp.MeanAbsoluteError{}}
	g.scores = []mlp.Metric{mlp.MeanAbsoluteError{}, mlp.RootMeanSquaredError{}}
	if g.loss == nil {
		g.loss = mlp.MeanSquaredError{}
	}
	if loss.classes {
		return fmt.Errorf("it is for classes, and %s is learnt as numbers; --task=classification takes them for classes", s.label)
	}
	_, rates := g.loss.(mlp.Poisson)
	_, logarithms := g.loss.(mlp.MeanSquaredLogarithmicError)
	if rates {
		g.activation = mlp.Softplus // rates are positive
	}
	if i := slices.IndexFunc(s.Y, func(v float32) bool { return v < 0 }); i >= 0 && (rates || logarithms) {
		return fmt.Errorf("a target of row %d is %v, want 0 or more", i/s.Targets+1, s.Y[i])
	}
	return nil
}

// parseMetrics returns metrics by their names; others are in use already.
func (g *goal) parseMetrics(flag string, names []string, others []mlp.Metric) ([]mlp.Metric, error) {
	targets := g.outputs
	if !g.oneHot && g.activation == mlp.Softmax {
		targets = 1
	}
	var list []mlp.Metric
	for _, name := range names {
		m, err := parseMetric(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		if _, err := m.Accumulator(g.outputs, targets); err != nil {
			hint := ""
			if targets == 1 && g.outputs > 1 {
				hint = "; --loss=categorical_crossentropy makes a target for each class"
			}
			return nil, fmt.Errorf("%s: %s %w%s", flag, name, err, hint)
		}
		if slices.ContainsFunc(slices.Concat(others, list), func(o mlp.Metric) bool { return o.Name() == m.Name() }) {
			return nil, fmt.Errorf("%s: %s is there twice", flag, m.Name())
		}
		list = append(list, m)
	}
	return list, nil
}

// targets puts the targets of all parts into the form that the loss wants.
func (g *goal) targets(p *parts) error {
	if !g.oneHot {
		return nil
	}
	for _, d := range []**mlp.Dataset{&p.train, &p.validation, &p.test} {
		if *d == nil {
			continue
		}
		var err error
		if *d, err = (*d).OneHot(); err != nil {
			return err
		}
	}
	return nil
}

// lossFlag is a loss with its settings: "huber:delta=2"; "auto" is that of the task.
type lossFlag string

// taskLoss is a loss, nil for auto, and the task that it is for.
type taskLoss struct {
	mlp.Loss
	classes    bool // classes only
	twoClasses bool // two of them, in one output
	ownUnits   bool // the loss of numbers depends on where 0 is
}

// Validate implements kong's interface.
func (f lossFlag) Validate() error {
	_, err := f.build()
	return err
}

// plainLosses are those without settings.
var plainLosses = map[string]taskLoss{
	"auto":                            {},
	"mse":                             {Loss: mlp.MeanSquaredError{}},
	"mae":                             {Loss: mlp.MeanAbsoluteError{}},
	"mape":                            {Loss: mlp.MeanAbsolutePercentageError{}, ownUnits: true},
	"msle":                            {Loss: mlp.MeanSquaredLogarithmicError{}, ownUnits: true},
	"logcosh":                         {Loss: mlp.LogCosh{}},
	"poisson":                         {Loss: mlp.Poisson{}, ownUnits: true},
	"cosine_similarity":               {Loss: mlp.CosineSimilarity{}, ownUnits: true},
	"kl_divergence":                   {Loss: mlp.KLDivergence{}, classes: true},
	"hinge":                           {Loss: mlp.Hinge{}, classes: true, twoClasses: true},
	"squared_hinge":                   {Loss: mlp.SquaredHinge{}, classes: true, twoClasses: true},
	"categorical_hinge":               {Loss: mlp.CategoricalHinge{}, classes: true},
	"sparse_categorical_crossentropy": {Loss: mlp.SparseCategoricalCrossentropy{}, classes: true},
}

// lossNames are all losses, in the order in which people are told of them.
var lossNames = []string{
	"auto", "mse", "mae", "mape", "msle", "huber", "logcosh", "poisson", "cosine_similarity", "binary_crossentropy",
	"categorical_crossentropy", "sparse_categorical_crossentropy", "binary_focal_crossentropy", "categorical_focal_crossentropy",
	"kl_divergence", "hinge", "squared_hinge", "categorical_hinge",
}

func (f lossFlag) build() (taskLoss, error) {
	c := parseChoice(string(f))
	l := taskLoss{classes: true}
	switch c.name {
	case "huber":
		loss := mlp.Huber{}
		c.number("delta", &loss.Delta, positive)
		l = taskLoss{Loss: loss}
	case "binary_crossentropy":
		loss := mlp.BinaryCrossentropy{}
		c.number("smoothing", &loss.LabelSmoothing, belowOne)
		l.Loss, l.twoClasses = loss, true
	case "categorical_crossentropy":
		loss := mlp.CategoricalCrossentropy{}
		c.number("smoothing", &loss.LabelSmoothing, belowOne)
		l.Loss = loss
	case "binary_focal_crossentropy":
		loss := mlp.BinaryFocalCrossentropy{}
		c.number("gamma", &loss.Gamma, positive)
		c.number("alpha", &loss.Alpha, betweenOnes)
		c.number("smoothing", &loss.LabelSmoothing, belowOne)
		l.Loss, l.twoClasses = loss, true
	case "categorical_focal_crossentropy":
		loss := mlp.CategoricalFocalCrossentropy{}
		c.number("gamma", &loss.Gamma, positive)
		c.number("alpha", &loss.Alpha, positive)
		c.number("smoothing", &loss.LabelSmoothing, belowOne)
		l.Loss = loss
	default:
		var known bool
		if l, known = plainLosses[c.name]; !known {
			return l, unknown("loss", c.name, lossNames)
		}
	}
	return l, c.done()
}

// metrics are those without an argument, by Keras's names.
var metrics = []mlp.Metric{
	mlp.Accuracy{}, mlp.BinaryAccuracy{}, mlp.CategoricalAccuracy{}, mlp.SparseCategoricalAccuracy{}, mlp.TopKAccuracy{}, mlp.Precision{},
	mlp.Recall{}, mlp.F1Score{}, mlp.AUC{}, mlp.MeanSquaredError{}, mlp.MeanAbsoluteError{}, mlp.RootMeanSquaredError{},
	mlp.MeanAbsolutePercentageError{}, mlp.MeanSquaredLogarithmicError{}, mlp.R2Score{}, mlp.CosineSimilarity{}, mlp.LogCosh{}, mlp.Huber{},
	mlp.Poisson{}, mlp.KLDivergence{}, mlp.Hinge{}, mlp.SquaredHinge{}, mlp.CategoricalHinge{}, mlp.BinaryCrossentropy{},
	mlp.CategoricalCrossentropy{}, mlp.SparseCategoricalCrossentropy{},
}

// parseMetric returns a metric by its name, with a threshold or the like in parentheses: "precision(0.7)".
func parseMetric(text string) (mlp.Metric, error) {
	name, argument, err := cutArgument(text)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(metrics, func(m mlp.Metric) bool { return m.Name() == name })
	if i < 0 {
		var names []string
		for _, m := range metrics {
			names = append(names, m.Name())
		}
		return nil, unknown("metric", name, names)
	}
	if argument == "" {
		return metrics[i], nil
	}
	threshold := func() float64 {
		var v float64
		if v, err = strconv.ParseFloat(argument, 64); err != nil || !betweenOnes.has(v) {
			err = fmt.Errorf("the threshold of %s is %s, want a number, %s", name, argument, betweenOnes.text)
		}
		return v
	}
	var m mlp.Metric
	switch metrics[i].(type) {
	case mlp.BinaryAccuracy:
		m = mlp.BinaryAccuracy{Threshold: threshold()}
	case mlp.Precision:
		m = mlp.Precision{Threshold: threshold()}
	case mlp.Recall:
		m = mlp.Recall{Threshold: threshold()}
	case mlp.TopKAccuracy:
		k, kerr := strconv.Atoi(argument)
		if kerr != nil || k < 1 {
			err = fmt.Errorf("the k of %s is %s, want a whole number, 1 or more", name, argument)
		}
		m = mlp.TopKAccuracy{K: k}
	case mlp.F1Score:
		averages := []string{mlp.MacroAverage: "macro", mlp.MicroAverage: "micro", mlp.WeightedAverage: "weighted"}
		average := slices.Index(averages, argument)
		if average < 0 {
			return nil, fmt.Errorf("the average of %s is %s, want %s", name, argument, alternatives(averages))
		}
		m = mlp.F1Score{Average: mlp.Average(average)}
	default:
		return nil, fmt.Errorf("%s takes nothing in parentheses", name)
	}
	return m, err
}
