package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/seed975aa5d7/mlp"
)

// callbacks returns what takes part in the training, in an order in which each sees what those before it have logged.
func (c *trainCommand) callbacks(w *workplace, early *mlp.EarlyStopping, monitor *mlp.Monitor) ([]mlp.Callback, error) {
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		columns = 0 // no terminal
	}
	var list []mlp.Callback
	if c.Checkpoint != "" {
		list = append(list, resumeNotice(in(c.Out, c.Checkpoint)))
	}
	list = append(list, mlp.ProgressLog{Writer: os.Stdout, Columns: columns})
	if c.Patience > 0 {
		list = append(list, early)
	}
	if c.Plateau != "" {
		plateau, err := c.Plateau.build(c.Monitor)
		if err != nil {
			return nil, fmt.Errorf("--plateau: %w", err)
		}
		list = append(list, plateau)
	}
	if c.Diagnose {
		list = append(list, monitor)
	}
	if c.SaveBest != "" {
		list = append(list, ownUnits{mlp.ModelCheckpoint{Path: in(c.Out, c.SaveBest), SaveBestOnly: true, Monitor: c.Monitor}, w.targets})
	}
	if c.Log != "" {
		list = append(list, mlp.CSVLogger{Path: in(c.Out, c.Log)})
	}
	if c.Tensorboard != "" {
		list = append(list, mlp.TensorBoard{Dir: in(c.Out, c.Tensorboard), Histograms: c.Histograms, Gradients: c.Histograms > 0})
	}
	return list, nil
}

// resumeNotice tells where a training goes on that a checkpoint resumes.
func resumeNotice(path string) mlp.Callback {
	return mlp.Hooks{
		State: func() ([]byte, error) { return nil, nil },
		Restore: func(t *mlp.Training, _ []byte) error {
			fmt.Printf("Resuming from %s: %d of %d epochs and %d of %d steps are done.\n", path, t.Epoch, t.Epochs, t.Step, t.Steps)
			return nil
		},
	}
}

// ownUnits is a callback that sees the network, at the end of an epoch, as it is saved in the end: predicting in the targets' own units.
type ownUnits struct {
	mlp.Callback
	targets *mlp.StandardScaler // nil if the network is trained on them already
}

// Start implements mlp.Callback.
func (o ownUnits) Start(t *mlp.Training) (mlp.Hooks, error) {
	hooks, err := o.Callback.Start(t)
	if err != nil || o.targets == nil {
		return hooks, err
	}
	end := hooks.EpochEnd
	hooks.EpochEnd = func(t *mlp.Training) error {
		n := t.Trainer.Network()
		last := len(n.Layers()) - 1
		weights := n.Weights(last)
		if err := unscaleOutputs(n, o.targets); err != nil {
			return err
		}
		return errors.Join(end(t), n.SetWeights(last, weights...))
	}
	return hooks, nil
}

// plateauFlag says when to lower the learning rate: "factor=0.5,patience=5".
type plateauFlag string

// Validate implements kong's interface.
func (f plateauFlag) Validate() error {
	_, err := f.build("loss")
	return err
}

func (f plateauFlag) build(monitor string) (mlp.Callback, error) {
	r := mlp.ReduceLearningRateOnPlateau{Monitor: monitor, Patience: 10, MinDelta: 1e-4}
	c := &choice{}
	c.parse(string(f))
	c.number("factor", &r.Factor, betweenOnes)
	c.whole("patience", &r.Patience, notNegative)
	c.number("min_delta", &r.MinDelta, notNegative)
	c.whole("cooldown", &r.Cooldown, notNegative)
	c.number("min_rate", &r.MinLearningRate, notNegative)
	r.NoPatience, r.NoMinDelta = r.Patience == 0, r.MinDelta == 0
	return r, c.done()
}

// classWeights returns the weight of each class that has one.
func (c *trainCommand) classWeights(w *workplace) (map[int]float64, error) {
	if len(c.ClassWeights) == 0 {
		return nil, nil
	}
	names := w.samples.ClassNames
	if !w.samples.isClassification() {
		return nil, fmt.Errorf("%s is learnt as numbers, which have no classes", w.samples.label)
	}
	if slices.Equal(c.ClassWeights, []string{"balanced"}) {
		return mlp.BalancedClassWeights(w.parts.train)
	}
	weights := map[int]float64{}
	for _, word := range c.ClassWeights {
		at := strings.LastIndex(word, "=")
		if at < 0 {
			return nil, fmt.Errorf("%q is no CLASS=WEIGHT, and is not balanced alone", word)
		}
		name := word[:at]
		class := slices.Index(names, name)
		if class < 0 {
			return nil, fmt.Errorf("no class is named %q; there are %s", name, quoted(names))
		}
		if _, twice := weights[class]; twice {
			return nil, fmt.Errorf("class %q is there twice", name)
		}
		weight, err := strconv.ParseFloat(word[at+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("the weight of %q is %q, want a number, %s", name, word[at+1:], notNegative.text)
		}
		if err := notNegative.check(fmt.Sprintf("the weight of %q", name), weight); err != nil {
			return nil, err
		}
		weights[class] = weight
	}
	return weights, nil
}
