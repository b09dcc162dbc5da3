package main

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seed975aa5d7/mlp"
)

type findRateCommand struct {
	setup
	From  float64 `group:"test" default:"1e-7" placeholder:"RATE" help:"The first step's learning rate. (default ${default})"`
	To    float64 `group:"test" default:"10" placeholder:"RATE" help:"The last step's. (default ${default})"`
	Steps int     `group:"test" default:"100" placeholder:"N" help:"How many steps to train, at most. (default ${default})"`

	Out    string `group:"output" default:"." placeholder:"DIR" help:"Folder of the figure; made if it is not there. (default ${default})"`
	Figure string `group:"output" default:"rates" placeholder:"FILE" help:"The losses as a figure, as FILE.png and FILE.svg. (default ${default})"`
}

func (*findRateCommand) Help() string {
	return `Trains for some steps while the learning rate rises, and suggests the one at which the loss falls most steeply. Give it the ` +
		`flags that you train with, or the same --config. --help-all shows all of them.`
}

// check finds mistakes before anything is read.
func (c *findRateCommand) check() error {
	err := checkFlags(
		flagValue{"--from", c.From, positive},
		flagValue{"--to", c.To, allowed{fmt.Sprintf("more than --from, %v", c.From), func(v float64) bool { return v > c.From }}},
		flagValue{"--steps", float64(c.Steps), allowed{"2 to 1048576", func(v float64) bool { return v >= 2 && v <= 1<<20 }}})
	if err != nil {
		return err
	}
	return c.setup.check()
}

// Run does a range test, and draws it.
func (c *findRateCommand) Run() error {
	if err := c.check(); err != nil {
		return err
	}
	w, err := c.prepare(nil)
	if err != nil {
		return err
	}
	figure := in(c.Out, c.Figure)
	for _, extension := range []string{".png", ".svg"} {
		if err := checkWritable(figure + extension); err != nil {
			return err
		}
	}
	c.printPlan(w)

	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	curve, err := w.trainer.FindLearningRate(ctx, w.parts.train, mlp.RangeTest{From: c.From, To: c.To, Steps: c.Steps})
	if errors.Is(err, context.Canceled) {
		fmt.Println("\nInterrupted.")
		return errInterrupted
	}
	if err != nil {
		return err
	}
	n := len(curve.Rates)
	fmt.Printf("\nRange test: %d steps of %d rows, learning rates from %.3g to %.3g", n, c.Batch, curve.Rates[0], curve.Rates[n-1])
	if n < c.Steps {
		fmt.Print(", where the loss diverges")
	}
	fmt.Println()
	if curve.Suggestion == 0 {
		fmt.Println("Suggested learning rate: none, for the loss never falls; try other values of --from and --to, or more --steps")
	} else {
		fmt.Printf("Suggested learning rate: %s\n", rate(curve.Suggestion))
	}
	fmt.Println()
	f, err := newRateFigure(curve, "Range test on "+filepath.Base(w.samples.name))
	if err != nil {
		return err
	}
	if err := writeFigure(f, figure); err != nil || curve.Suggestion == 0 {
		return err
	}
	data := shellWord(c.Data)
	if c.Labels != "" {
		data += " " + shellWord(c.Labels)
	}
	fmt.Printf("\nNext: %s train %s --learning-rate=%s, and the flags given here\n", programName(), data, rate(curve.Suggestion))
	return nil
}

// rate writes a learning rate with as many digits as it is worth.
func rate(v float64) string { return strconv.FormatFloat(v, 'g', 2, 64) }

// newRateFigure draws the losses over the learning rate on a logarithmic scale, and the suggestion.
func newRateFigure(c *mlp.RateCurve, title string) (*figure, error) {
	batches := kind{name: "Loss of each batch", line: draw.LineStyle{Color: color.NRGBA{0x56, 0xb4, 0xe9, 0xff}, Width: vg.Points(0.8)}}
	smoothed := kind{name: "Smoothed", line: kinds[0].line}
	suggestion := kind{name: "Suggestion", line: kinds[1].line}
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "Learning rate", "Loss"
	p.X.Scale, p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogScale{}, decades{}, ticks{}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = gridColor, gridColor
	p.Add(grid)
	f := &figure{title: title, legend: []kind{batches, smoothed}, panels: [][]*plot.Plot{{p}}}
	for _, curve := range []struct {
		kind
		losses []float64
	}{{batches, c.Losses}, {smoothed, c.Smoothed}} {
		var points plotter.XYs
		for i, v := range curve.losses {
			points = append(points, plotter.XY{X: c.Rates[i], Y: v})
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return nil, err
		}
		line.LineStyle = curve.line
		p.Add(line)
	}
	addRoom(p)
	if c.Suggestion > 0 {
		line, err := plotter.NewLine(plotter.XYs{{X: c.Suggestion, Y: p.Y.Min}, {X: c.Suggestion, Y: p.Y.Max}})
		if err != nil {
			return nil, err
		}
		line.LineStyle = suggestion.line
		p.Add(line)
		suggestion.name = "Suggestion: " + rate(c.Suggestion)
		f.legend = append(f.legend, suggestion)
	}
	style(p)
	return f, nil
}

// decades marks the powers of ten of a logarithmic axis.
type decades struct{}

func (decades) Ticks(low, high float64) []plot.Tick {
	var marks []plot.Tick
	first, last := int(math.Ceil(math.Log10(low)-1e-9)), int(math.Floor(math.Log10(high)+1e-9))
	for e := first; e <= last; e++ {
		mark := plot.Tick{Value: math.Pow10(e)}
		if (e-first)%((last-first)/10+1) == 0 {
			mark.Label = strconv.FormatFloat(mark.Value, 'g', -1, 64)
		}
		marks = append(marks, mark)
	}
	return marks
}
