package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/term"

	"github.com/seed975aa5d7/mlp"
)

// studyFlags say what to cross-validate, and how.
type studyFlags struct {
	setup
	Epochs  int `group:"training" default:"50" placeholder:"N" help:"Passes over the training rows. (default ${default})"`
	Folds   int `group:"training" default:"5" placeholder:"N" help:"Parts of the rows, each of which is validated on once; 1 holds --validation back instead. (default ${default})"`
	Workers int `group:"training" hidden:"" placeholder:"N" help:"Trainings at a time. (default: one a processor)"`
}

// check finds mistakes before anything is read.
func (c *studyFlags) check() error {
	err := checkFlags(flagValue{"--epochs", float64(c.Epochs), atLeastOne}, flagValue{"--folds", float64(c.Folds), atLeastOne},
		flagValue{"--workers", float64(c.Workers), notNegative})
	if err == nil && c.Folds == 1 {
		err = checkFlags(flagValue{"--validation", c.Validation, betweenOnes})
	}
	if err == nil {
		err = checkNeeds(need{"--validation", c.Validation != 0.2, "--folds=1", c.Folds == 1})
	}
	if err != nil {
		return err
	}
	return c.setup.check()
}

// study is data to cross-validate networks on, and what they are to learn from it.
type study struct {
	samples samples
	goal    goal
	parts   parts            // train is what the folds divide; there is no validation
	scaler  mlp.Preprocessor // to be fitted to the training rows of each fold
	pixels  mlp.Preprocessor // has scaled the parts already, if they are images
	folds   []mlp.Fold
}

// study makes the folds of the samples' rows that are not for the test.
func (c *setup) study(s samples, folds int) (*study, error) {
	s.missing = gaps{}
	s.missing.add(s.Dataset)
	w := &study{samples: s}
	var err error
	if w.goal, err = c.objective.build(s); err != nil {
		return nil, err
	}
	if w.parts, err = s.split(c.Test, 0, c.RandomState); err != nil {
		return nil, err
	}
	if scaling := c.scaling(s); s.isImages() && scaling == "minmax" {
		if w.pixels, err = pixelScaler(w.parts.train); err != nil {
			return nil, err
		}
		if err := w.parts.preprocess(w.pixels); err != nil {
			return nil, err
		}
	} else if w.scaler, err = s.preprocessor(scaling, c.Impute); err != nil {
		return nil, err
	}
	if w.folds, err = c.divide(w.parts.train, folds); err != nil {
		return nil, err
	}
	for i, f := range w.folds {
		if s.missing.values == 0 {
			break
		}
		train, err := w.parts.train.Subset(f.Train)
		if err == nil {
			err = s.checkEmpty(train)
		}
		if err != nil {
			return nil, fmt.Errorf("fold %d: %w", i+1, err)
		}
	}
	return w, w.goal.targets(&w.parts)
}

// divide returns folds with each class in the proportion of all rows.
func (c *setup) divide(d *mlp.Dataset, folds int) ([]mlp.Fold, error) {
	stratify := len(d.ClassNames) > 0
	if folds > 1 {
		list, err := mlp.KFold(d, mlp.FoldConfig{Folds: folds, Shuffle: true, Stratify: stratify, RandomState: c.RandomState})
		if err != nil {
			return nil, fmt.Errorf("--folds=%d: %w", folds, err)
		}
		return list, nil
	}
	// A class with a single row cannot be on both sides.
	stratify = stratify && !slices.Contains(d.ClassCounts(), 1)
	list, err := mlp.ShuffleSplit(d, 1, mlp.SplitConfig{TestSize: c.Validation, Stratify: stratify, RandomState: c.RandomState})
	if err != nil {
		return nil, fmt.Errorf("--validation=%v: %w", c.Validation, err)
	}
	return list, nil
}

// estimator returns what the flags describe, to be trained with fit.
func (w *study) estimator(c *setup, schedule mlp.Schedule, fit mlp.FitConfig) (mlp.Estimator, error) {
	layers, err := c.architecture.layers(w.goal.outputs, w.goal.activation)
	if err != nil {
		return mlp.Estimator{}, err
	}
	optimizer, err := c.optimization.build(schedule)
	return mlp.Estimator{
		Layers: layers, Scaler: w.scaler, ScaleTargets: w.goal.scalesTargets(w.samples),
		Trainer: mlp.TrainerConfig{
			Loss: w.goal.loss, Metrics: w.goal.metrics, WeightedMetrics: w.goal.weighted, Optimizer: optimizer, BatchSize: c.Batch,
			Seed: c.Seed, AccumulateSteps: c.Accumulate, NoDecay: c.NoDecay, EMA: c.EMA,
		},
		Fit: fit,
	}, err
}

// printPlan tells what is going to be learnt from what.
func (w *study) printPlan(c *setup) error {
	shown := &workplace{samples: w.samples, parts: w.parts, rows: w.parts.train.Rows()}
	if w.samples.Categories != nil { // the plan tells how many columns they make
		scaler, err := w.samples.pipeline(c.scaling(w.samples), c.Impute, w.parts.train)
		if err != nil {
			return err
		}
		shown.parts.train, shown.scaler = w.parts.train.Clone(), scaler
		if err := scaler.Transform(shown.parts.train); err != nil {
			return err
		}
	}
	c.printPlan(shown)
	if len(w.folds) > 1 {
		fmt.Printf("Folds: %d of the rows to train, each validated on once\n", len(w.folds))
	} else {
		fmt.Printf("Validation: %d of the rows to train\n", len(w.folds[0].Test))
	}
	return nil
}

// metric returns the name of the score that a study looks at.
func (w *study) metric(name string) (string, error) {
	if name == "" {
		return slices.Concat(w.goal.metrics, w.goal.weighted)[0].Name(), nil
	}
	names := []string{"loss"}
	for _, m := range slices.Concat(w.goal.metrics, w.goal.weighted) {
		names = append(names, m.Name())
	}
	return name, oneOf("--metric", name, names)
}

// interruptible returns a context that Ctrl-C ends. A second Ctrl-C ends the process.
func interruptible() (context.Context, func()) {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, release)
	return ctx, release
}

// terminalColumns returns the width of the terminal, or 0 if there is none.
func terminalColumns() int {
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// tellInterrupted says that Ctrl-C came, if that is the error.
func tellInterrupted(err error) error {
	if errors.Is(err, context.Canceled) {
		fmt.Println("\nInterrupted.")
		return errInterrupted
	}
	return err
}
