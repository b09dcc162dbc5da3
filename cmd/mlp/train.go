package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/seed975aa5d7/mlp"
)

type trainCommand struct {
	setup
	streaming
	PrintConfig bool `help:"Print all values as such a file, and do nothing else."`

	ClassWeights []string     `group:"loss" hidden:"" placeholder:"CLASS=WEIGHT" help:"Multiply the loss of each class's rows by a weight, 1 for classes that are not named; \"balanced\" makes all classes weigh the same."`
	Schedule     scheduleFlag `group:"optimizer" placeholder:"NAME" help:"How it changes: cosine:warmup=100, one_cycle, …"`
	Plateau      plateauFlag  `group:"optimizer" hidden:"" placeholder:"SETTING=VALUE" help:"Lower the learning rate where --monitor no longer improves: factor=0.5,patience=5."`

	Epochs          int         `group:"training" default:"50" placeholder:"N" help:"Passes over the training rows. (default ${default})"`
	StepsPerEpoch   int         `group:"training" hidden:"" placeholder:"N" help:"End an epoch after this many steps, not after a pass over the rows."`
	Folds           int         `group:"training" placeholder:"N" help:"Cross-validate on so many parts of the rows first."`
	InitialEpoch    int         `group:"training" hidden:"" default:"0" placeholder:"N" help:"Count the epochs from here to --epochs. (default ${default})"`
	NoShuffle       bool        `group:"training" hidden:"" help:"Keep the rows in the order in which the split leaves them."`
	ValidateEvery   int         `group:"training" hidden:"" default:"1" placeholder:"EPOCHS" help:"Validate after each this many epochs. (default ${default})"`
	Augment         augmentFlag `group:"training" placeholder:"CHANGES" help:"Random changes to rows: flip,crop=2,noise=0.1, …"`
	Patience        int         `group:"training" placeholder:"EPOCHS" help:"Stop after so many without a better validation loss, and keep the best weights."`
	MinDelta        float64     `group:"training" hidden:"" placeholder:"CHANGE" help:"What is better by no more than this does not count for --patience."`
	RestoreBest     bool        `group:"training" hidden:"" negatable:"" default:"true" help:"With --patience, keep the best epoch's weights; else the last one's. (default yes)"`
	Monitor         string      `group:"training" hidden:"" default:"val_loss" placeholder:"NAME" help:"What --patience, --plateau and --save-best look at: loss, a metric, or val_ and its name. (default ${default})"`
	Checkpoint      string      `group:"training" placeholder:"FILE" help:"Keep the state in FILE; the same command goes on from it."`
	CheckpointSteps int         `group:"training" hidden:"" placeholder:"N" help:"Write the checkpoint after each N steps too."`

	Out         string `group:"output" default:"." placeholder:"DIR" help:"Folder of all files; old ones are replaced. (default ${default})"`
	Model       string `group:"output" default:"model.safetensors" placeholder:"FILE" help:"The network, its scaler and its names. (default ${default})"`
	History     string `group:"output" default:"history.csv" placeholder:"FILE" help:"Loss and metrics of each epoch. (default ${default})"`
	Curves      string `group:"output" default:"curves" placeholder:"FILE" help:"The same drawn, as FILE.png and FILE.svg. (default ${default})"`
	SaveBest    string `group:"output" hidden:"" placeholder:"FILE" help:"The network after each epoch that is better than all before, by --monitor; the name may have {epoch:02d} or {val_loss:.3f} in it."`
	Log         string `group:"output" hidden:"" placeholder:"FILE" help:"A CSV file that gets a line as each epoch ends."`
	Tensorboard string `group:"output" hidden:"" placeholder:"DIR" help:"Folder of event files for TensorBoard."`
	Histograms  int    `group:"output" hidden:"" placeholder:"EPOCHS" help:"With --tensorboard, write histograms of weights and gradients after each this many epochs."`
	Diagnose    bool   `group:"output" help:"Tell in the end what went wrong, and what helps."`
}

func (*trainCommand) Help() string {
	return `These are the flags for every day. --help-all shows the others too, and which names and settings they take.`
}

// check finds mistakes before anything is read.
func (c *trainCommand) check() error {
	err := checkFlags(
		flagValue{"--epochs", float64(c.Epochs), atLeastOne}, flagValue{"--steps-per-epoch", float64(c.StepsPerEpoch), notNegative},
		flagValue{"--initial-epoch", float64(c.InitialEpoch), allowed{
			fmt.Sprintf("0 or more and less than --epochs, %d", c.Epochs),
			func(v float64) bool { return v >= 0 && v < float64(c.Epochs) },
		}},
		flagValue{"--folds", float64(c.Folds), allowed{"2 or more", func(v float64) bool { return v == 0 || v >= 2 }}},
		flagValue{"--validate-every", float64(c.ValidateEvery), atLeastOne}, flagValue{"--patience", float64(c.Patience), notNegative},
		flagValue{"--min-delta", c.MinDelta, notNegative}, flagValue{"--checkpoint-steps", float64(c.CheckpointSteps), notNegative},
		flagValue{"--histograms", float64(c.Histograms), notNegative}, flagValue{"--window", float64(c.Window), atLeastOne})
	if err == nil {
		err = c.setup.check()
	}
	if err == nil {
		err = c.checkStream()
	}
	if err != nil {
		return err
	}
	if c.Validation == 0 && strings.HasPrefix(c.Monitor, "val_") {
		for _, f := range []struct {
			flag  string
			isSet bool
		}{{"--patience", c.Patience > 0}, {"--plateau", c.Plateau != ""}, {"--save-best", c.SaveBest != ""}} {
			if f.isSet {
				return fmt.Errorf("%s looks at %s, and --validation is 0; --monitor=loss looks at the rows to train", f.flag, c.Monitor)
			}
		}
	}
	if c.Schedule != "" && c.Plateau != "" {
		return errors.New("--plateau lowers a constant learning rate, and --schedule changes it; want one of them")
	}
	if c.EMA > 0 && c.Patience > 0 && c.RestoreBest {
		return errors.New("--patience puts the best epoch's weights in the place of --ema's averages; --no-restore-best keeps these")
	}
	stops, watches := c.Patience > 0, c.Patience > 0 || c.Plateau != "" || c.SaveBest != ""
	decays := c.WeightDecay != nil || c.Optimizer.name() == "adamw"
	return checkNeeds(
		need{"--checkpoint-steps", c.CheckpointSteps > 0, "--checkpoint", c.Checkpoint != ""},
		need{"--window", c.Window != 10000, "--stream", c.Stream},
		need{"--histograms", c.Histograms > 0, "--tensorboard", c.Tensorboard != ""},
		need{"--min-delta", c.MinDelta > 0, "--patience", stops},
		need{"--no-restore-best", !c.RestoreBest, "--patience", stops},
		need{"--monitor", c.Monitor != "val_loss", "--patience, --plateau or --save-best", watches},
		need{"--validate-every", c.ValidateEvery > 1, "--validation", c.Validation > 0},
		need{"--weighted-metrics", len(c.WeightedMetrics) > 0, "--class-weights", len(c.ClassWeights) > 0},
		need{"--no-decay", len(c.NoDecay) > 0, "--weight-decay", decays},
		need{"--batch-norm-momentum", c.BatchNormMomentum != 0.99, "--batch-norm", c.BatchNorm},
		need{"--batch-norm-epsilon", c.BatchNormEpsilon != 0.001, "--batch-norm", c.BatchNorm})
}

// Run trains a network, tests it, and writes it.
func (c *trainCommand) Run(ctx *kong.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.PrintConfig {
		return printConfig(ctx.Stdout, ctx)
	}
	prepare := func() (*workplace, error) { return c.prepare(c.schedule) }
	if c.Stream {
		prepare = c.prepareStream
	}
	w, err := prepare()
	if err != nil {
		return err
	}
	if err := c.checkMonitor(w); err != nil {
		return err
	}
	fit, err := c.fitConfig(w)
	if err != nil {
		return err
	}
	for _, file := range []string{c.Model, c.History, c.Curves + ".png", c.Curves + ".svg", c.Checkpoint, c.SaveBest, c.Log} {
		if file == "" {
			continue
		}
		if err := checkWritable(in(c.Out, file)); err != nil {
			return err
		}
	}
	c.printPlan(w)
	fmt.Printf("\n%s\n", w.network.Summary())
	if c.Folds > 0 {
		if err := c.crossValidate(w); err != nil {
			return err
		}
	}

	history, interrupted, err := c.fit(w, fit)
	if err != nil {
		return err
	}
	fmt.Println()
	if w.parts.test != nil {
		if err := newModel(w.network).printScores(w.parts.test, "Test ", w.goal.loss, w.goal.scores); err != nil {
			return err
		}
		fmt.Println()
	}
	if err := c.write(w.network, history, w.samples.name); err != nil {
		return err
	}
	if interrupted {
		return errInterrupted
	}
	c.printNext(w.example)
	return nil
}

// schedule returns the schedule for a training on that many rows, or nil.
func (c *trainCommand) schedule(rows int) (mlp.Schedule, error) {
	steps := c.StepsPerEpoch
	if steps == 0 {
		steps = (rows + c.Batch - 1) / c.Batch
	}
	s, err := c.Schedule.build(c.rate(), max((c.Epochs-c.InitialEpoch)*steps/c.Accumulate, 1))
	if err != nil {
		return nil, fmt.Errorf("--schedule: %w", err)
	}
	return s, nil
}

// checkMonitor returns an error unless the training has what --monitor names.
func (c *trainCommand) checkMonitor(w *workplace) error {
	names := []string{"loss"}
	for _, m := range slices.Concat(w.goal.metrics, w.goal.weighted) {
		names = append(names, m.Name())
	}
	if w.parts.validation != nil {
		for _, name := range slices.Clone(names) {
			names = append(names, "val_"+name)
		}
	}
	if c.Patience == 0 && c.Plateau == "" && c.SaveBest == "" {
		return nil
	}
	return oneOf("--monitor", c.Monitor, names)
}

// fitConfig returns how long and on what to train, without callbacks.
func (c *trainCommand) fitConfig(w *workplace) (mlp.FitConfig, error) {
	weights, err := c.classWeights(w)
	if err != nil {
		return mlp.FitConfig{}, fmt.Errorf("--class-weights: %w", err)
	}
	augment, err := c.augmentations(w)
	if err != nil {
		return mlp.FitConfig{}, fmt.Errorf("--augment: %w", err)
	}
	f := mlp.FitConfig{
		Augment: augment,
		Epochs:  c.Epochs, InitialEpoch: c.InitialEpoch, StepsPerEpoch: c.StepsPerEpoch, NoShuffle: c.NoShuffle,
		ValidationData: w.parts.validation, ValidateEvery: c.ValidateEvery, ClassWeights: weights,
	}
	if c.Checkpoint != "" {
		f.Checkpoint = mlp.Checkpoint{Path: in(c.Out, c.Checkpoint), Steps: c.CheckpointSteps}
	}
	return f, nil
}

// fit trains until the epochs are over, validation no longer improves, or Ctrl-C. A second Ctrl-C ends the process.
func (c *trainCommand) fit(w *workplace, cfg mlp.FitConfig) (h *mlp.History, interrupted bool, err error) {
	early := &mlp.EarlyStopping{
		Monitor: c.Monitor, Patience: c.Patience, MinDelta: c.MinDelta, RestoreBestWeights: c.RestoreBest,
	}
	monitor := &mlp.Monitor{}
	if cfg.Callbacks, err = c.callbacks(w, early, monitor); err != nil {
		return nil, false, err
	}
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	context.AfterFunc(ctx, release)
	if w.stream != nil {
		cfg.Window = c.Window
		h, err = w.trainer.FitSource(ctx, w.stream, cfg)
	} else {
		h, err = w.trainer.Fit(ctx, w.parts.train, cfg)
	}
	interrupted = errors.Is(err, context.Canceled)
	var diverged *mlp.DivergedError
	switch {
	case interrupted:
		fmt.Printf("\nInterrupted after %d of %d epochs. Saving what is trained so far.\n", len(h.Epochs), c.Epochs-c.InitialEpoch)
		if c.Checkpoint != "" {
			fmt.Printf("The same command goes on from %s.\n", in(c.Out, c.Checkpoint))
		}
	case errors.As(err, &diverged):
		err = fmt.Errorf("%w (--learning-rate, --clip-global-norm)", err)
	case err != nil && strings.HasPrefix(err.Error(), "mlp: resuming from the checkpoint"):
		err = fmt.Errorf("%w; give the flags that it was begun with, or remove the file to begin anew", err)
	case err == nil && early.StoppedEpoch > 0:
		c.printStop(early)
	}
	if c.Diagnose && (err == nil || interrupted || diverged != nil) {
		printDiagnosis(monitor)
	}
	if err != nil && !interrupted {
		return nil, false, err
	}
	if w.targets != nil {
		if err := unscaleOutputs(w.network, w.targets); err != nil {
			return nil, false, err
		}
	}
	return h, interrupted, nil
}

// printStop tells why the training has stopped early.
func (c *trainCommand) printStop(early *mlp.EarlyStopping) {
	what := c.Monitor
	if what == "val_loss" {
		what = "the validation loss"
	}
	kept := ""
	if c.RestoreBest {
		kept = ", whose weights are kept"
	}
	fmt.Printf("\nStopped after epoch %d: %s has not improved since epoch %d%s.\n", early.StoppedEpoch+1, what, early.BestEpoch+1, kept)
}

// write writes the model, the history and the figure, and names what was written on the way. Without a whole epoch there is only the model.
func (c *trainCommand) write(n *mlp.Network, history *mlp.History, name string) error {
	if err := announce(in(c.Out, c.Model), n.SaveFile); err != nil || len(history.Epochs) == 0 {
		return err
	}
	if err := announce(in(c.Out, c.History), writeTo(history.WriteCSV)); err != nil {
		return err
	}
	h, err := curvesOf(history)
	if err != nil {
		return err
	}
	f, err := newFigure(h, "Training on "+filepath.Base(name))
	if err != nil {
		return err
	}
	if err := writeFigure(f, in(c.Out, c.Curves)); err != nil {
		return err
	}
	for _, file := range []string{c.SaveBest, c.Log, c.Tensorboard} {
		if file != "" {
			fmt.Println("Wrote", in(c.Out, file))
		}
	}
	return nil
}

// printNext prints a command to go on with: the prediction of a test row, if it is short.
func (c *trainCommand) printNext(row []string) {
	file := shellWord(in(c.Out, c.Model))
	if len(row) == 0 || len(row) > 10 {
		fmt.Printf("\nNext: %s inspect %s\n", programName(), file)
		return
	}
	fmt.Printf("\nNext: %s predict %s --row=%s\n", programName(), file, shellWord(strings.Join(row, ",")))
}
