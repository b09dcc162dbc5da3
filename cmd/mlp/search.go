package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed975aa5d7/mlp"
)

type searchCommand struct {
	studyFlags
	Space   []string `group:"search" placeholder:"NAME=VALUES" help:"What to vary: units=16,32 or dropout=0..0.5 or l2=log:1e-6..0.01, and so on. (default: layers, units, learning rate, L2 and dropout)"`
	Trials  int      `group:"search" default:"20" placeholder:"N" help:"Random candidates to try. (default ${default})"`
	Grid    bool     `group:"search" help:"Try all combinations of the lists in --space instead."`
	Halving string   `group:"search" enum:"none,epochs,rows" default:"none" placeholder:"WHAT" help:"Begin with few epochs or rows, and give the best third more, until one is left: epochs or rows. (default ${default})"`
	Metric  string   `group:"search" placeholder:"NAME" help:"Score to rank by: loss, or a metric. (default: the first of --metrics)"`
	Top     int      `group:"search" hidden:"" default:"10" placeholder:"N" help:"Trials to print. (default ${default})"`

	Out    string `group:"output" default:"." placeholder:"DIR" help:"Folder of all files; old ones are replaced. (default ${default})"`
	Model  string `group:"output" default:"model.safetensors" placeholder:"FILE" help:"The best network, its scaler and its names. (default ${default})"`
	Table  string `group:"output" default:"trials.csv" placeholder:"FILE" help:"All trials, the best first. (default ${default})"`
	Figure string `group:"output" default:"search" placeholder:"FILE" help:"The scores over what was varied, as FILE.png and FILE.svg. (default ${default})"`
	Log    string `group:"output" placeholder:"FILE" help:"Keep each finished trial in FILE, from which the same command goes on after an interruption."`
}

func (*searchCommand) Help() string {
	names := make([]string, len(hyperParameters))
	for i, h := range hyperParameters {
		names[i] = h.name
	}
	return `Cross-validates networks of other sizes and settings, prints which do best, and trains the best of them on all rows but those ` +
		`of the test.

--space can vary ` + strings.Join(names, ", ") + `. Values are a list (16,32; for hidden, 64-32 has two layers), a range (8..128) or a range ` +
		`by its logarithm (log:8..128). What it does not name stays as the flags say, which are those of train. Without --space it is

    ` + strings.Join(defaultSpace, "\n    ") + `

Trial n trains with the seed --seed plus n. --help-all shows all flags.`
}

// check finds mistakes before anything is read.
func (c *searchCommand) check() error {
	err := checkFlags(flagValue{"--trials", float64(c.Trials), atLeastOne}, flagValue{"--top", float64(c.Top), atLeastOne})
	if err != nil {
		return err
	}
	return c.studyFlags.check()
}

// words returns what to vary, a word for each name.
func (c *searchCommand) words() []string {
	if len(c.Space) == 0 {
		return defaultSpace
	}
	return splitSpace(c.Space)
}

// space returns what to vary.
func (c *searchCommand) space() (mlp.Space, error) {
	if len(c.Space) == 0 && c.Grid {
		return nil, errors.New("--grid tries all combinations of lists, which --space has to give: --space=units=16,32")
	}
	words := c.words()
	space, err := parseSpace(words)
	if err != nil {
		return nil, fmt.Errorf("--space: %w", err)
	}
	for _, word := range words {
		if name, values, _ := strings.Cut(word, "="); c.Grid && strings.Contains(values, "..") {
			return nil, fmt.Errorf("--grid wants lists, and %s is a range, %s", name, values)
		}
	}
	if space["epochs"] != nil && c.Halving == "epochs" {
		return nil, errors.New("--halving=epochs varies the epochs, and so does --space")
	}
	return space, nil
}

// Run searches, prints the trials, and writes the best network.
func (c *searchCommand) Run() error {
	if err := c.check(); err != nil {
		return err
	}
	space, err := c.space()
	if err != nil {
		return err
	}
	s, err := c.load(c.RandomState)
	if err != nil {
		return err
	}
	w, err := c.study(s, c.Folds)
	if err != nil {
		return err
	}
	metric, err := w.metric(c.Metric)
	if err != nil {
		return err
	}
	for _, file := range []string{c.Model, c.Table, c.Figure + ".png", c.Figure + ".svg", c.Log} {
		if file == "" {
			continue
		}
		if err := checkWritable(in(c.Out, file)); err != nil {
			return err
		}
	}
	if err := w.printPlan(&c.setup); err != nil {
		return err
	}
	cfg := mlp.SearchConfig{
		Trials: c.Trials, Metric: metric, RandomState: c.RandomState, Seed: c.Seed, Workers: c.Workers,
		Progress: mlp.ProgressLog{Writer: os.Stdout, Columns: terminalColumns()},
	}
	if c.Grid {
		cfg.Trials = 0
	}
	switch c.Halving {
	case "epochs":
		cfg.Halving = &mlp.Halving{Resource: mlp.Epochs}
	case "rows":
		cfg.Halving = &mlp.Halving{Resource: mlp.Rows}
	}
	if c.Log != "" {
		cfg.Log = in(c.Out, c.Log)
	}
	c.printSpace(space)
	if info, err := os.Stat(cfg.Log); err == nil && info.Size() > 0 {
		fmt.Printf("Going on from %s.\n", cfg.Log)
	}
	ctx, release := interruptible()
	defer release()
	r, err := mlp.Search(ctx, w.parts.train, w.folds, space, func(p mlp.Params) (mlp.Estimator, error) {
		trial, err := c.candidate(p)
		if err != nil {
			return mlp.Estimator{}, err
		}
		return w.estimator(&trial.setup, nil, mlp.FitConfig{Epochs: trial.epochs})
	}, cfg)
	if r != nil && len(r.Trials) > 0 {
		fmt.Println()
		c.printTrials(r, cfg.Halving)
	}
	if errors.Is(err, context.Canceled) {
		fmt.Printf("\nInterrupted after %s.\n", plural(len(r.Trials), "trial"))
		if c.Log != "" {
			fmt.Printf("The same command goes on from %s.\n", cfg.Log)
		} else {
			fmt.Println("With --log=FILE, the same command would go on from there.")
		}
		return errInterrupted
	}
	if err != nil {
		return err
	}
	return c.finish(w, r, space)
}

// candidate returns the flags of a trial.
func (c *searchCommand) candidate(p mlp.Params) (*candidate, error) {
	trial := &candidate{setup: c.setup, epochs: c.Epochs}
	return trial, trial.apply(p)
}

// printSpace tells what is varied.
func (c *searchCommand) printSpace(space mlp.Space) {
	words := c.words()
	what := plural(c.Trials, "random candidate")
	if n := combinations(words); c.Grid || n <= c.Trials {
		what = fmt.Sprintf("all %d combinations", n)
	}
	fmt.Printf("Search: %s of %s\n\n", what, strings.Join(words, ", "))
}

// combinations returns the number of combinations of lists, or the largest int if there are as many or a range.
func combinations(space []string) int {
	n := 1
	for _, word := range space {
		values := strings.Count(word, ",") + 1
		if strings.Contains(word, "..") || n > math.MaxInt/values {
			return math.MaxInt
		}
		n *= values
	}
	return n
}

// printTrials prints the best trials as a table.
func (c *searchCommand) printTrials(r *mlp.SearchResult, halving *mlp.Halving) {
	names := r.Trials[0].Params.Names()
	head := []string{"rank", "trial", r.Metric, "params", "time"}
	if halving != nil {
		head = append(head, halving.Resource.String())
	}
	rows := [][]string{append(head, names...)}
	for i, t := range r.Trials[:min(c.Top, len(r.Trials))] {
		row := []string{strconv.Itoa(i + 1), strconv.Itoa(t.Number),
			scoreText(t.Scores, r.Metric), strconv.Itoa(t.Scores.Parameters), fmt.Sprintf("%.2fs", total(t.Scores.FitTime).Seconds())}
		if halving != nil {
			row = append(row, strconv.Itoa(t.Resource))
		}
		for _, name := range names {
			v, _ := t.Params.Get(name)
			row = append(row, shortValue(v))
		}
		rows = append(rows, row)
	}
	printAligned(os.Stdout, rows)
	if n := len(r.Trials) - c.Top; n > 0 {
		fmt.Printf("… and %d more (--top)\n", n)
	}
}

// scoreText writes the mean and deviation of a trial's score.
func scoreText(s *mlp.CrossScores, metric string) string {
	if s.Diverged != nil {
		return "diverged"
	}
	return meanAndDeviation(s.Test[metric])
}

// meanAndDeviation writes "0.9667 ± 0.0211", of a single fold without the deviation.
func meanAndDeviation(s mlp.FoldScores) string {
	if len(s) == 1 {
		return foldScore(s[0], s[0])
	}
	return foldScore(s.Mean(), s.Mean()) + " ± " + foldScore(s.Std(), s.Mean())
}

// foldScore writes a score with the decimals that one of that size is worth.
func foldScore(v, size float64) string {
	switch size = math.Abs(size); {
	case size >= 1e9 || size < 1e-3 && size > 0:
		return strconv.FormatFloat(v, 'e', 3, 64)
	case size >= 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

func total(times []time.Duration) time.Duration {
	sum := time.Duration(0)
	for _, t := range times {
		sum += t
	}
	return sum
}

// shortValue writes a value, and a long number with three digits.
func shortValue(v mlp.Value) string {
	if f, isNumber := v.Number(); isNumber {
		return shortNumber(f)
	}
	return v.String()
}

func shortNumber(v float64) string {
	if s := strconv.FormatFloat(v, 'g', -1, 64); len(s) <= 7 {
		return s
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// printAligned writes rows in columns that are as wide as they need to be, flush right.
func printAligned(w io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for j, cell := range row {
			widths[j] = max(widths[j], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		for j, cell := range row {
			if j > 0 {
				fmt.Fprint(w, "  ")
			}
			fmt.Fprint(w, strings.Repeat(" ", widths[j]-len([]rune(cell))), cell)
		}
		fmt.Fprintln(w)
	}
}

// finish tests the best network and writes everything.
func (c *searchCommand) finish(w *study, r *mlp.SearchResult, space mlp.Space) error {
	n := r.Network
	var example []string
	if w.parts.test != nil {
		if !w.samples.isImages() {
			example = rowText(w.parts.test)
		}
		if n.Scaler != nil {
			if err := n.Scaler.Transform(w.parts.test); err != nil {
				return err
			}
		}
		fmt.Printf("\nTrial %d, trained on all %d rows:\n", r.Trials[0].Number, w.parts.train.Rows())
		if err := newModel(n).printScores(w.parts.test, "Test ", w.goal.loss, w.goal.scores); err != nil {
			return err
		}
	}
	if w.pixels != nil {
		n.Scaler = w.pixels
	}
	fmt.Println()
	f, err := newSearchFigure(r, space, "Search on "+filepath.Base(w.samples.name))
	if err == nil {
		err = announce(in(c.Out, c.Model), n.SaveFile)
	}
	if err == nil {
		err = announce(in(c.Out, c.Table), writeTo(func(out io.Writer) error { return writeTrials(out, r) }))
	}
	if err == nil {
		err = writeFigure(f, in(c.Out, c.Figure))
	}
	if err != nil {
		return err
	}
	best := r.Trials[0]
	trial, err := c.candidate(best.Params)
	if err != nil {
		return err
	}
	data := shellWord(c.Data)
	if c.Labels != "" {
		data += " " + shellWord(c.Labels)
	}
	flags := append(trial.flags(best.Params), "--validation=0", fmt.Sprintf("--seed=%d", best.Seed))
	if c.Halving == "epochs" {
		flags = append(flags, fmt.Sprintf("--epochs=%d", best.Resource))
	}
	fmt.Printf("\nThe best by train: %s train %s %s, and the other flags given here\n", programName(), data, strings.Join(flags, " "))
	if len(example) > 0 && len(example) <= 10 {
		fmt.Printf("Next: %s predict %s --row=%s\n", programName(), shellWord(in(c.Out, c.Model)), shellWord(strings.Join(example, ",")))
	}
	return nil
}

// writeTrials writes all trials as CSV: their place, number, seed, the rung and resource of halving, mean and deviation
// of each score, trainable weights, seconds of training, and hyper-parameters.
func writeTrials(w io.Writer, r *mlp.SearchResult) error {
	out := csv.NewWriter(w)
	scores, params := r.Trials[0].Scores.Names, r.Trials[0].Params.Names()
	head := []string{"rank", "trial", "seed", "rung", "resource"}
	for _, name := range scores {
		head = append(head, name, name+"_std")
	}
	err := out.Write(slices.Concat(head, []string{"params", "seconds"}, params))
	for i, t := range r.Trials {
		row := []string{strconv.Itoa(i + 1), strconv.Itoa(t.Number), strconv.FormatUint(t.Seed, 10),
			strconv.Itoa(t.Rung), strconv.Itoa(t.Resource)}
		for _, name := range scores {
			row = append(row, csvNumber(t.Scores.Test[name].Mean()), csvNumber(t.Scores.Test[name].Std()))
		}
		row = append(row, strconv.Itoa(t.Scores.Parameters), csvNumber(total(t.Scores.FitTime).Seconds()))
		for _, name := range params {
			v, _ := t.Params.Get(name)
			row = append(row, v.String())
		}
		err = errors.Join(err, out.Write(row))
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// csvNumber writes a number so that it reads back, and nothing for a NaN.
func csvNumber(v float64) string {
	if v != v {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
