package mlp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Estimator is a network that is still to be trained: what cross-validation, curves and searches train anew on rows of
// their own choice.
//
// They take a function that returns one, and call it for each training, from several goroutines at once; so each call
// must return Callbacks of its own. Everything else may be shared.
type Estimator struct {
	Layers []Layer // as for New; the number of features is that which Scaler gives

	// Scaler is fitted to the rows of the training, those that Fit.ValidationSplit holds back among them, and to no
	// others. What is fitted is a copy; nil leaves the features alone.
	Scaler Preprocessor

	// ScaleTargets standardises the targets of a regression while the network is trained, by the rows that are trained
	// on. Then the weights of the last layer, a linear Dense with a bias, are changed so that the network predicts the
	// targets themselves.
	ScaleTargets bool

	Trainer TrainerConfig // its Seed draws the weights too

	// Fit says how long to train. ValidationSplit holds rows back from those that are trained on, after a shuffle by
	// the seed (unless NoShuffle is set), for the rows of a fold are often sorted by class. ValidationData and
	// Checkpoint are errors.
	Fit FitConfig
}

// trained is what comes of an Estimator.
type trained struct {
	net     *Network
	trainer *Trainer
	history *History
	rows    *Dataset // those that were trained on, scaled
}

// check finds what is wrong with an Estimator whatever the data.
func (e *Estimator) check() error {
	if e.Fit.ValidationData != nil || e.Fit.Checkpoint.Path != "" {
		return errors.New("Fit.ValidationData or Fit.Checkpoint is set, which no two trainings can share; " +
			"ValidationSplit holds rows back")
	}
	return nil
}

// train trains on the rows of d that indices names.
func (e *Estimator) train(ctx context.Context, d *Dataset, indices []int) (*trained, error) {
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("mlp: Estimator: %w", err)
	}
	rows, err := d.Subset(indices)
	if err != nil {
		return nil, err
	}
	if e.Fit.ValidationSplit > 0 && !e.Fit.NoShuffle {
		if err := rows.Shuffle(e.Trainer.Seed); err != nil {
			return nil, err
		}
	}
	scaler := unfitted(e.Scaler)
	if scaler != nil {
		if err := fitTransform(scaler, rows); err != nil {
			return nil, err
		}
	}
	t := &trained{rows: rows}
	if t.net, err = newNetwork(rows.Features, e.Layers); err != nil {
		return nil, err
	}
	t.net.Initialize(e.Trainer.Seed)
	t.net.FeatureNames, t.net.Image, t.net.Scaler = slices.Clone(d.FeatureNames), d.Image, scaler
	if n := len(d.TargetNames); len(d.ClassNames) == 0 && n == t.net.Outputs() {
		t.net.TargetNames = slices.Clone(d.TargetNames)
	}
	if n, outputs := len(d.ClassNames), t.net.Outputs(); n == outputs || n == 2 && outputs == 1 {
		t.net.ClassNames = slices.Clone(d.ClassNames)
	}
	if t.trainer, err = NewTrainer(t.net, e.Trainer); err != nil {
		return nil, err
	}
	var targets *StandardScaler
	scaled := rows
	if e.ScaleTargets {
		if scaled, targets, err = e.scaleTargets(rows); err != nil {
			return nil, err
		}
	}
	if t.history, err = t.trainer.Fit(ctx, scaled, e.Fit); err != nil {
		return t, err
	}
	if targets != nil {
		err = t.net.unscaleOutputs(targets)
	}
	return t, err
}

// scaleTargets returns rows with standardised targets, and what has standardised them.
func (e *Estimator) scaleTargets(rows *Dataset) (*Dataset, *StandardScaler, error) {
	last := e.Layers[len(e.Layers)-1]
	if dense, ok := last.(Dense); !ok || dense.Activation != Linear || dense.NoBias {
		return nil, nil, fmt.Errorf("mlp: Estimator: ScaleTargets wants a linear Dense with a bias as the last layer, got %T%+v",
			last, last)
	}
	if len(rows.ClassNames) > 0 {
		return nil, nil, errors.New("mlp: Estimator: ScaleTargets wants the targets of a regression, got classes")
	}
	scaler := &StandardScaler{}
	targets := &Dataset{X: slices.Clone(rows.Y), Features: rows.Targets}
	if err := fitTransform(scaler, targets); err != nil {
		return nil, nil, err
	}
	scaled := *rows
	scaled.Y = targets.X
	return &scaled, scaler, nil
}

// unscaleOutputs changes the last layer, a linear Dense, so that the network predicts targets as they were before a
// scaler.
func (n *Network) unscaleOutputs(scaler *StandardScaler) error {
	last := len(n.layers) - 1
	tensors := n.Weights(last)
	for _, t := range tensors {
		for i, v := range t.Values {
			j := i % n.Outputs()
			scaled := float64(float64(v) * scaler.Scale[j])
			if t.Name == nameBias {
				scaled += scaler.Mean[j]
			}
			if math.Abs(scaled) > math.MaxFloat32 {
				return errors.New("mlp: the targets are too large for float32")
			}
			t.Values[i] = float32(scaled)
		}
	}
	return n.SetWeights(last, tensors...)
}

func fitTransform(p Preprocessor, d *Dataset) error {
	if err := p.Fit(d); err != nil {
		return err
	}
	return p.Transform(d)
}

// unfitted returns a copy of a preprocessor, for Fit to change; Fit replaces slices and does not write to them.
func unfitted(p Preprocessor) Preprocessor {
	switch p := p.(type) {
	case *StandardScaler:
		return copyOf(p)
	case *MinMaxScaler:
		return copyOf(p)
	case *MaxAbsScaler:
		return copyOf(p)
	case *RobustScaler:
		return copyOf(p)
	case *Normalizer:
		return copyOf(p)
	case *SimpleImputer:
		return copyOf(p)
	case *OneHotEncoder:
		return copyOf(p)
	case *Pipeline:
		return unfitted(*p)
	case Pipeline:
		c := make(Pipeline, len(p))
		for i, step := range p {
			c[i] = unfitted(step)
		}
		return c
	}
	return nil
}

func copyOf[T any](p *T) *T {
	c := *p
	return &c
}

// scores evaluates the network on rows of d: the loss without penalties, by which networks can be compared, and the
// metrics.
func (t *trained) scores(ctx context.Context, d *Dataset) (map[string]float64, error) {
	t.trainer.penalized = nil
	return t.trainer.Evaluate(ctx, d)
}

// foldRun is a training on one fold.
type foldRun struct {
	names       []string // of the scores
	test, train map[string]float64
	parameters  int
	fit, score  time.Duration
	diverged    error // a *DivergedError
}

// runFold trains on the fold's training rows and scores on its test rows, and, if withTrain is set, on the training
// rows too.
func (e *Estimator) runFold(ctx context.Context, d *Dataset, fold Fold, withTrain bool) (*foldRun, error) {
	e.Trainer.Workers = 1 // the trainings are parallel
	begun := time.Now()
	t, err := e.train(ctx, d, fold.Train)
	var diverged *DivergedError
	if err != nil && !errors.As(err, &diverged) {
		return nil, err
	}
	r := &foldRun{names: []string{"loss"}, parameters: t.net.trainable(), fit: time.Since(begun)}
	for _, m := range t.trainer.testing {
		r.names = append(r.names, m.name)
	}
	if diverged != nil {
		r.diverged = diverged
		r.test = nans(r.names)
		if withTrain {
			r.train = nans(r.names)
		}
		return r, nil
	}
	begun = time.Now()
	test, err := d.Subset(fold.Test)
	if err == nil && t.net.Scaler != nil {
		err = t.net.Scaler.Transform(test)
	}
	if err != nil {
		return nil, err
	}
	if r.test, err = t.scores(ctx, test); err != nil {
		return nil, err
	}
	r.score = time.Since(begun)
	if withTrain {
		r.train, err = t.scores(ctx, t.rows)
	}
	return r, err
}

// nans returns scores that are none.
func nans(names []string) map[string]float64 {
	scores := map[string]float64{}
	for _, name := range names {
		scores[name] = math.NaN()
	}
	return scores
}

// trainable returns the number of weights that training changes, without padding.
func (n *Network) trainable() int {
	count := 0
	for i := range n.stages {
		for j := range n.stages[i].tensors {
			if t := &n.stages[i].tensors[j]; !t.absent {
				count += t.size()
			}
		}
	}
	return count
}
