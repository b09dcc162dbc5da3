package main

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seed975aa5d7/mlp"
)

type learningCurveCommand struct {
	scoreCurveFlags
	Sizes []float64 `group:"curve" placeholder:"SHARE" help:"Shares of the training rows. (default 0.1,0.325,0.55,0.775,1)"`
}

type validationCurveCommand struct {
	scoreCurveFlags
	Vary string `group:"curve" required:"" placeholder:"NAME=VALUES" help:"Numbers to try, in order: units=4,16,64 or l2=0.0001,0.001,0.01. The names are those of search --space."`
}

// scoreCurveFlags are those of both curves.
type scoreCurveFlags struct {
	studyFlags
	Metric string `group:"curve" placeholder:"NAME" help:"Score to draw: loss, or a metric. (default: the first of --metrics)"`
	Out    string `group:"output" default:"." placeholder:"DIR" help:"Folder of the figure; made if it is not there. (default ${default})"`
	Figure string `group:"output" placeholder:"FILE" help:"The curve as a figure, as FILE.png and FILE.svg. (default: the name of the command)"`
}

func (*learningCurveCommand) Help() string {
	return `Cross-validates with ever more rows, and draws the score on the rows that are trained on and on those that are not. Where both ` +
		`come together and are bad, a larger network helps; where they stay apart, more rows do, or regularisation. The flags are those of ` +
		`train; --help-all shows all of them.`
}

func (*validationCurveCommand) Help() string {
	return `Cross-validates with each of some values, and draws the score on the rows that are trained on and on those that are not: ` +
		`both are bad where the network is too small or too tied, and they part where it learns by heart. The other flags are those of train; ` +
		`--help-all shows all of them.`
}

// open reads the data and prints the plan. It returns the metric to look at and the figure's path too.
func (c *scoreCurveFlags) open(figure string) (w *study, metric, path string, err error) {
	s, err := c.load(c.RandomState)
	if err == nil {
		w, err = c.study(s, c.Folds)
	}
	if err == nil {
		metric, err = w.metric(c.Metric)
	}
	if err != nil {
		return nil, "", "", err
	}
	if c.Figure != "" {
		figure = c.Figure
	}
	path = in(c.Out, figure)
	for _, extension := range []string{".png", ".svg"} {
		if err := checkWritable(path + extension); err != nil {
			return nil, "", "", err
		}
	}
	return w, metric, path, w.printPlan(&c.setup)
}

// Run draws the score by the number of rows.
func (c *learningCurveCommand) Run() error {
	shares := allowed{"more than 0 and at most 1", func(v float64) bool { return v > 0 && v <= 1 }}
	for _, share := range c.Sizes {
		if err := shares.check("--sizes", share); err != nil {
			return err
		}
	}
	if err := c.check(); err != nil {
		return err
	}
	w, metric, path, err := c.open("learning-curve")
	if err != nil {
		return err
	}
	ctx, release := interruptible()
	defer release()
	points, err := mlp.LearningCurve(ctx, w.parts.train, w.folds, func() (mlp.Estimator, error) {
		return w.estimator(&c.setup, nil, mlp.FitConfig{Epochs: c.Epochs})
	}, mlp.LearningSizes{Fractions: c.Sizes, Shuffle: true, RandomState: c.RandomState}, mlp.CrossValidation{Workers: c.Workers})
	if err != nil {
		return tellInterrupted(err)
	}
	return drawPoints(points, "rows", metric, nil, "Learning curve on "+filepath.Base(w.samples.name), path)
}

// Run draws the score by a hyper-parameter.
func (c *validationCurveCommand) Run() error {
	name, text, _ := strings.Cut(c.Vary, "=")
	space, err := parseSpace([]string{c.Vary})
	if err != nil {
		return fmt.Errorf("--vary: %w", err)
	}
	h, err := findHyperParameter(name)
	if err != nil {
		return err
	}
	if h.whole == nil && h.number == nil || strings.Contains(text, "..") {
		return fmt.Errorf("--vary=%s: want a list of numbers, such as units=4,16,64", c.Vary)
	}
	values, err := parseAll(strings.Split(text, ","), h.parseNumber)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	w, metric, path, err := c.open("validation-curve")
	if err != nil {
		return err
	}
	ctx, release := interruptible()
	defer release()
	points, err := mlp.ValidationCurve(ctx, w.parts.train, w.folds, values, func(v float64) (mlp.Estimator, error) {
		trial := &candidate{setup: c.setup, epochs: c.Epochs}
		if h.whole != nil {
			h.whole(trial, int(v))
		} else {
			h.number(trial, v)
		}
		if err := trial.complete(); err != nil {
			return mlp.Estimator{}, err
		}
		return w.estimator(&trial.setup, nil, mlp.FitConfig{Epochs: trial.epochs})
	}, mlp.CrossValidation{Workers: c.Workers})
	if err != nil {
		return tellInterrupted(err)
	}
	return drawPoints(points, name, metric, space[name], "Validation curve on "+filepath.Base(w.samples.name), path)
}

// drawPoints prints a curve as a table, and writes it as a figure.
func drawPoints(points []mlp.CurvePoint, x, metric string, domain mlp.Domain, heading, path string) error {
	table := [][]string{{x, "training " + metric, "validation " + metric}}
	for _, p := range points {
		train, test := meanAndDeviation(p.Train[metric]), meanAndDeviation(p.Test[metric])
		table = append(table, []string{fmt.Sprintf("%g", p.X), train, test})
	}
	fmt.Println()
	printAligned(os.Stdout, table)
	fmt.Println()
	points = slices.Clone(points)
	slices.SortStableFunc(points, func(a, b mlp.CurvePoint) int {
		if a.X < b.X {
			return -1
		}
		return 1
	})
	f, err := newScoreFigure(points, x, metric, domain, heading)
	if err != nil {
		return err
	}
	return writeFigure(f, path)
}

// newScoreFigure draws the means of the folds' scores as lines, and the deviations as bands around them.
func newScoreFigure(points []mlp.CurvePoint, x, metric string, domain mlp.Domain, heading string) (*figure, error) {
	p := newScorePanel(x, scoreTitle(metric, len(points[0].FitTime)))
	if domain == nil {
		p.X.Label.Text = "Rows trained on"
	}
	numbers := make([]float64, len(points))
	for i, at := range points {
		numbers[i] = at.X
	}
	place := setNumberAxis(&p.X, numbers, domain)
	for i, kind := range kinds {
		var line, low, high plotter.XYs
		for _, at := range points {
			scores := at.Train[metric]
			if i == 1 {
				scores = at.Test[metric]
			}
			mean, deviation := scores.Mean(), scores.Std()
			if mean-mean != 0 || deviation-deviation != 0 { // the training diverged
				continue
			}
			line = append(line, plotter.XY{X: place(at.X), Y: mean})
			low = append(low, plotter.XY{X: place(at.X), Y: mean - deviation})
			high = append(high, plotter.XY{X: place(at.X), Y: mean + deviation})
		}
		if len(line) == 0 {
			continue
		}
		slices.Reverse(high)
		band, err := plotter.NewPolygon(slices.Concat(low, high))
		if err != nil {
			return nil, err
		}
		shade := kind.line.Color.(color.NRGBA)
		shade.A = 0x28
		band.Color, band.LineStyle.Width = shade, 0
		curve, dots, err := plotter.NewLinePoints(line)
		if err != nil {
			return nil, err
		}
		curve.LineStyle = kind.line
		dots.GlyphStyle = draw.GlyphStyle{Color: kind.line.Color, Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}
		p.Add(band, curve, dots)
	}
	addRoom(p)
	return &figure{title: heading, legend: kinds, panels: [][]*plot.Plot{{p}}}, nil
}
