package main

import (
	"fmt"

	"github.com/seed975aa5d7/mlp"
)

// defaultRandomState is also what evaluate takes for synthetic data.
const defaultRandomState = 42

// setup is everything that a first batch needs: data, network, loss and optimizer.
type setup struct {
	HelpAll helpAllFlag `help:"Show all flags, and the names that they take."`
	Config  configFlag  `placeholder:"FILE" help:"YAML or JSON file of values for other flags."`

	trainingData
	Test        float64    `group:"data" default:"0.2" placeholder:"SHARE" help:"Share of the rows to test on in the end. (default ${default})"`
	Validation  float64    `group:"data" default:"0.2" placeholder:"SHARE" help:"Share of the others to validate on. (default ${default})"`
	RandomState uint32     `group:"data" hidden:"" default:"42" placeholder:"N" help:"Seed of the split and of synthetic data, as scikit-learn's random_state. (default ${default})"`
	Scale       string     `group:"data" enum:"auto,standard,minmax,robust,maxabs,normalize,none" default:"auto" placeholder:"KIND" help:"Of the features: standard, minmax, robust, … or none. (default ${default})"`
	Impute      imputeFlag `group:"data" hidden:"" default:"mean" placeholder:"KIND" help:"What stands in for missing numbers: mean, median, most-frequent or constant=NUMBER. (default ${default})"`

	architecture
	objective
	optimization
	Batch int    `group:"training" default:"16" placeholder:"ROWS" help:"Rows of a step. (default ${default})"`
	Seed  uint64 `group:"training" default:"7" placeholder:"N" help:"Seed of weights, shuffling and dropout. (default ${default})"`
}

// check finds mistakes before anything is read.
func (c *setup) check() error {
	err := checkFlags(
		flagValue{"--test", c.Test, belowOne}, flagValue{"--validation", c.Validation, belowOne},
		flagValue{"--batch", float64(c.Batch), allowed{"1 to 1048576",
			func(v float64) bool { return v >= 1 && v <= 1<<20 }}})
	if err == nil {
		err = c.architecture.check()
	}
	if err == nil {
		err = c.optimization.check()
	}
	return err
}

// workplace is a network, and what it is to be trained with and on.
type workplace struct {
	samples samples
	parts   parts // scaled
	goal    goal
	scaler  mlp.Preprocessor // of the features, or nil
	network *mlp.Network
	trainer *mlp.Trainer
	targets *mlp.StandardScaler // of the targets while training; nil if they are as they were
	stream  mlp.Source          // of the rows to train on, scaled, where they are not in memory; then parts has the first of them
	rows    int                 // to train on
	example []string            // a row to test on, before it is scaled
}

// prepare reads the data and makes the network and its trainer. A schedule is made once the number of rows to train
// on is known.
func (c *setup) prepare(schedule func(rows int) (mlp.Schedule, error)) (*workplace, error) {
	w := &workplace{}
	var err error
	if w.samples, err = c.load(c.RandomState); err != nil {
		return nil, err
	}
	w.samples.missing.add(w.samples.Dataset)
	s := w.samples
	if w.goal, err = c.objective.build(s); err != nil {
		return nil, err
	}
	if w.parts, err = s.split(c.Test, c.Validation, c.RandomState); err != nil {
		return nil, err
	}
	if w.parts.test != nil && !s.isImages() {
		w.example = rowText(w.parts.test)
	}
	if err := s.checkEmpty(w.parts.train); err != nil {
		return nil, err
	}
	scaler, err := s.pipeline(c.scaling(s), c.Impute, w.parts.train)
	if err != nil {
		return nil, fmt.Errorf("the rows to train: %w", err)
	}
	if w.goal.scalesTargets(s) {
		if w.targets, err = w.parts.targetScaler(); err != nil {
			return nil, err
		}
	}
	w.rows = w.parts.train.Rows()
	return w, c.finish(w, scaler, schedule)
}

// finish prepares the parts, and makes the network and its trainer.
func (c *setup) finish(w *workplace, scaler mlp.Preprocessor, schedule func(rows int) (mlp.Schedule, error)) (err error) {
	s := w.samples
	w.scaler = scaler
	if err := w.parts.preprocess(scaler); err != nil {
		return err
	}
	if w.network, err = c.architecture.build(w.parts.train.Features, w.goal.outputs, w.goal.activation); err != nil {
		return err
	}
	w.network.Initialize(c.Seed)
	w.network.FeatureNames, w.network.ClassNames, w.network.Scaler = s.FeatureNames, s.ClassNames, scaler
	if w.network.Image = s.Image; !s.isClassification() {
		w.network.TargetNames = s.TargetNames
	}
	if err := w.goal.targets(&w.parts); err != nil {
		return err
	}
	if err := w.parts.scaleTargets(w.targets); err != nil {
		return err
	}
	var rates mlp.Schedule
	if schedule != nil {
		if rates, err = schedule(w.rows); err != nil {
			return err
		}
	}
	optimizer, err := c.optimization.build(rates)
	if err != nil {
		return err
	}
	w.trainer, err = mlp.NewTrainer(w.network, mlp.TrainerConfig{
		Loss: w.goal.loss, Metrics: w.goal.metrics, WeightedMetrics: w.goal.weighted, Optimizer: optimizer,
		BatchSize: c.Batch, Seed: c.Seed,
		AccumulateSteps: c.Accumulate, NoDecay: c.NoDecay, EMA: c.EMA,
	})
	return err
}

// scaling returns the kind of scaling.
func (c *setup) scaling(s samples) string {
	switch {
	case c.Scale != "auto":
		return c.Scale
	case s.isImages():
		return "minmax"
	}
	return "standard"
}

// printPlan tells what is going to be learnt from what.
func (c *setup) printPlan(w *workplace) {
	s, p := w.samples, w.parts
	summary := s.Summary
	if s.isImages() {
		summary = s.imageSummary
	}
	if w.stream != nil {
		summary = func() string { return fmt.Sprintf("read a part at a time, %d features", s.Features) }
	}
	fmt.Printf("Data: %s, %s", s.name, summary())
	if s.isClassification() {
		fmt.Printf("\nTask: classification of %s, %d classes\n", s.label, len(s.ClassNames))
	} else {
		fmt.Printf("\nTask: regression of %s\n", s.label)
	}
	fmt.Printf("Split: %d rows to train", w.rows)
	if p.validation != nil {
		fmt.Printf(", %d to validate", p.validation.Rows())
	}
	if p.test != nil {
		fmt.Printf(", %d to test", p.test.Rows())
	}
	fmt.Printf(" (random_state %d)\n", c.RandomState)
	if missing := s.missing; missing.values > 0 {
		by := c.Impute.text()
		switch {
		case missing.numbers && missing.categories:
			by += ", of texts the most frequent one"
		case missing.categories:
			by = "the most frequent text of its column"
		}
		fmt.Printf("Missing: %s, each filled in by %s (of the rows to train)\n", plural(missing.values, "value"), by)
	}
	printTexts(s.names, w.scaler, p.train.Features)
	switch scaling := c.scaling(s); {
	case scaling == "minmax" && s.isImages():
		fmt.Println("Scaling: minmax, of all pixels alike, fitted on the rows to train")
	case scaling == "normalize":
		fmt.Println("Scaling: normalize, each row to length 1")
	case scaling != "none":
		fmt.Printf("Scaling: %s, fitted on the rows to train\n", scaling)
	}
	if w.targets != nil {
		fmt.Println("Targets: standardised while training; the losses of the epochs are in units of their deviation")
	}
}
