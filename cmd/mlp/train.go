package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/seed975aa5d7/mlp"
)

// defaultRandomState is also what evaluate takes for synthetic data.
const defaultRandomState = 42

type trainCommand struct {
	trainingData
	Test        float64 `group:"data" default:"0.2" placeholder:"SHARE" help:"Share of the rows to test on at the end. (default ${default})"`
	Validation  float64 `group:"data" default:"0.2" placeholder:"SHARE" help:"Share of the other rows to validate on after each epoch. (default ${default})"`
	RandomState uint32  `group:"data" default:"42" placeholder:"N" help:"Seed of the split and of synthetic data, as scikit-learn's random_state. (default ${default})"`
	Scale       string  `group:"data" enum:"standard,minmax,none" default:"standard" placeholder:"KIND" help:"Scaling of the features, fitted on the rows to train: standard (mean 0, deviation 1), minmax (0 to 1) or none. (default ${default})"`

	architecture
	optimization
	Epochs   int    `group:"training" default:"50" placeholder:"N" help:"Passes over the training rows. (default ${default})"`
	Batch    int    `group:"training" default:"16" placeholder:"ROWS" help:"Rows of an update. (default ${default})"`
	Patience int    `group:"training" placeholder:"EPOCHS" help:"Stop after this many epochs without a better validation loss, and keep the best epoch's weights."`
	Seed     uint64 `group:"training" default:"7" placeholder:"N" help:"Seed of the weights, the shuffling and dropout. (default ${default})"`

	Out     string `group:"output" default:"." placeholder:"DIR" help:"Folder of the files below; made if it is not there. Old files are replaced. (default ${default})"`
	Model   string `group:"output" default:"model.safetensors" placeholder:"FILE" help:"The trained network, its scaler and its names. (default ${default})"`
	History string `group:"output" default:"history.csv" placeholder:"FILE" help:"Loss and metrics of each epoch. (default ${default})"`
	Curves  string `group:"output" default:"curves" placeholder:"FILE" help:"The same as a figure, as FILE.png and FILE.svg. (default ${default})"`
}

func (*trainCommand) Help() string {
	return `Ctrl-C stops after the current batch; what is trained so far is tested and saved, and the exit code is 130.

A regression's targets are standardised for training, so the loss and MAE of the epochs are in units of their ` +
		`deviation; the saved network predicts, and the test tells, in the targets' own units.`
}

// check finds mistakes before anything is read.
func (c *trainCommand) check() error {
	for _, f := range []struct {
		flag string
		v    float64
	}{{"--test", c.Test}, {"--validation", c.Validation}} {
		if !(f.v >= 0 && f.v < 1) {
			return fmt.Errorf("%s is %v, want 0 or more and less than 1", f.flag, f.v)
		}
	}
	switch {
	case c.Epochs < 1:
		return fmt.Errorf("--epochs is %d, want at least 1", c.Epochs)
	case c.Batch < 1:
		return fmt.Errorf("--batch is %d, want at least 1", c.Batch)
	case c.Patience < 0:
		return fmt.Errorf("--patience is %d, want 0 (off) or more", c.Patience)
	case c.Patience > 0 && c.Validation == 0:
		return errors.New("--patience looks at the validation loss, and --validation is 0")
	}
	return nil
}

// Run trains a network, tests it, and writes it.
func (c *trainCommand) Run() error {
	if err := c.check(); err != nil {
		return err
	}
	optimizer, err := c.optimization.build()
	if err != nil {
		return err
	}
	s, err := c.load(c.RandomState)
	if err != nil {
		return err
	}
	outputs, activation := s.Targets, mlp.Linear
	if s.isClassification() {
		outputs, activation = len(s.ClassNames), mlp.Softmax
	}
	n, err := c.architecture.build(s.Features, outputs, activation)
	if err != nil {
		return err
	}
	n.Initialize(c.Seed)
	p, err := s.split(c.Test, c.Validation, c.RandomState)
	if err != nil {
		return err
	}
	var example []float32 // a row for the closing hint, before it is scaled
	if p.test != nil {
		example = append(example, p.test.X[:s.Features]...)
	}
	n.FeatureNames, n.ClassNames = s.FeatureNames, s.ClassNames
	if n.Scaler, err = p.scale(c.Scale); err != nil {
		return err
	}
	m := newModel(n)
	loss, metrics := m.loss()
	trainer, err := mlp.NewTrainer(n, mlp.TrainerConfig{
		Loss: loss, Optimizer: optimizer, Metrics: metrics[:1], BatchSize: c.Batch, Seed: c.Seed,
	})
	if err != nil {
		return err
	}
	for _, file := range []string{c.Model, c.History, c.Curves + ".png", c.Curves + ".svg"} {
		if err := checkWritable(in(c.Out, file)); err != nil {
			return err
		}
	}

	fmt.Printf("Data: %s, %s", s.name, s.Summary())
	c.printPlan(s, p)
	fmt.Printf("\n%s\n", n.Summary())

	history, interrupted, err := c.fit(trainer, s, p)
	if err != nil {
		return err
	}
	fmt.Println()
	if p.test != nil {
		if err := m.printScores(p.test, "Test "); err != nil {
			return err
		}
		fmt.Println()
	}
	if err := c.write(n, history, s.name); err != nil {
		return err
	}
	if interrupted {
		return errInterrupted
	}
	c.printNext(example)
	return nil
}

// printPlan tells what is going to be learnt from what.
func (c *trainCommand) printPlan(s samples, p parts) {
	if s.isClassification() {
		fmt.Printf("\nTask: classification of %s, %d classes\n", s.label, len(s.ClassNames))
	} else {
		fmt.Printf("\nTask: regression of %s\n", s.label)
	}
	fmt.Printf("Split: %d rows to train", p.train.Rows())
	if p.validation != nil {
		fmt.Printf(", %d to validate", p.validation.Rows())
	}
	if p.test != nil {
		fmt.Printf(", %d to test", p.test.Rows())
	}
	fmt.Printf(" (random_state %d)\n", c.RandomState)
	if c.Scale != "none" {
		fmt.Printf("Scaling: %s, fitted on the rows to train\n", c.Scale)
	}
	if !s.isClassification() {
		fmt.Println("Targets: standardised while training; the losses of the epochs are in units of their deviation")
	}
}

// fit trains until the epochs are over, validation no longer improves, or Ctrl-C. A second Ctrl-C ends the process.
func (c *trainCommand) fit(trainer *mlp.Trainer, s samples, p parts) (h *mlp.History, interrupted bool, err error) {
	var targets *mlp.StandardScaler
	if !s.isClassification() {
		if targets, err = p.scaleTargets(); err != nil {
			return nil, false, err
		}
	}
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		columns = 0 // no terminal
	}
	callbacks := []mlp.Callback{mlp.ProgressLog{Writer: os.Stdout, Columns: columns}}
	early := &mlp.EarlyStopping{Patience: c.Patience, RestoreBestWeights: true}
	if c.Patience > 0 {
		callbacks = append(callbacks, early)
	}
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	context.AfterFunc(ctx, release)
	h, err = trainer.Fit(ctx, p.train, mlp.FitConfig{
		Epochs: c.Epochs, ValidationData: p.validation, Callbacks: callbacks,
	})
	interrupted = errors.Is(err, context.Canceled)
	switch {
	case interrupted:
		fmt.Printf("\nInterrupted after %d of %d epochs. Saving what is trained so far.\n", len(h.Epochs), c.Epochs)
	case err != nil:
		return nil, false, err
	case early.StoppedEpoch > 0:
		fmt.Printf("\nStopped after epoch %d: the validation loss has not improved since epoch %d, whose weights are kept.\n",
			early.StoppedEpoch+1, early.BestEpoch+1)
	}
	if targets != nil {
		if err := unscaleOutputs(trainer.Network(), targets); err != nil {
			return nil, false, err
		}
	}
	return h, interrupted, nil
}

// write writes the model, the history and the figure. Without a whole epoch there is only the model.
func (c *trainCommand) write(n *mlp.Network, history *mlp.History, name string) error {
	if err := announce(in(c.Out, c.Model), n.SaveFile); err != nil || len(history.Epochs) == 0 {
		return err
	}
	if err := announce(in(c.Out, c.History), writeTo(history.WriteCSV)); err != nil {
		return err
	}
	f, err := newFigure(curves{history.Epochs, history.Metrics}, "Training on "+filepath.Base(name))
	if err != nil {
		return err
	}
	return writeFigure(f, in(c.Out, c.Curves))
}

// printNext prints a command to go on with: the prediction of a test row, if it is short.
func (c *trainCommand) printNext(row []float32) {
	file := shellWord(in(c.Out, c.Model))
	if len(row) == 0 || len(row) > 10 {
		fmt.Printf("\nNext: %s inspect %s\n", programName(), file)
		return
	}
	values := make([]string, len(row))
	for i, v := range row {
		values[i] = number(v)
	}
	fmt.Printf("\nNext: %s predict %s --row=%s\n", programName(), file, strings.Join(values, ","))
}
