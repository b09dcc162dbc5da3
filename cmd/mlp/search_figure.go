package main

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seed975aa5d7/mlp"
)

// dotKinds are the trials of a search as they are drawn: those of the last rung, those that halving gave up, and the
// best.
var dotKinds = []kind{
	{name: "Trial", line: draw.LineStyle{Color: color.NRGBA{0x00, 0x72, 0xb2, 0xc0}, Width: vg.Points(3)}},
	{name: "Given up earlier", line: draw.LineStyle{Color: color.NRGBA{0x56, 0xb4, 0xe9, 0x80}, Width: vg.Points(3)}},
	{name: "Best", line: draw.LineStyle{Color: color.NRGBA{0xd5, 0x5e, 0x00, 0xff}, Width: vg.Points(4)}},
}

// newSearchFigure draws the score over each hyper-parameter, a panel each.
func newSearchFigure(r *mlp.SearchResult, space mlp.Space, title string) (*figure, error) {
	names := r.Trials[0].Params.Names()
	f := &figure{title: title}
	for k, kind := range dotKinds {
		for i := range r.Trials {
			if dotKind(r, i) == k {
				f.legend = append(f.legend, kind)
				break
			}
		}
	}
	for _, name := range names {
		p, err := newSearchPanel(r, space[name], name)
		if err != nil {
			return nil, err
		}
		f.add(p)
	}
	return f, nil
}

// newSearchPanel draws the mean score over one hyper-parameter, with bars of the deviation over the folds. Scores that
// are no number are left out.
func newSearchPanel(r *mlp.SearchResult, domain mlp.Domain, name string) (*plot.Plot, error) {
	p := newScorePanel(name, scoreTitle(r.Metric, len(r.Trials[0].Scores.FitTime)))
	place := placeValues(p, r, domain, name)
	for _, k := range []int{1, 0, 2} { // the best lies on top
		points := scorePoints{}
		for i, t := range r.Trials {
			v, _ := t.Params.Get(name)
			mean := t.Scores.Test[r.Metric].Mean()
			if dotKind(r, i) != k || math.Abs(mean) > 1e300 || mean != mean {
				continue
			}
			deviation := t.Scores.Test[r.Metric].Std()
			points.XYs = append(points.XYs, plotter.XY{X: place(v), Y: mean})
			points.YErrors = append(points.YErrors, struct{ Low, High float64 }{deviation, deviation})
		}
		if len(points.XYs) == 0 {
			continue
		}
		if err := points.add(p, dotKinds[k].line); err != nil {
			return nil, err
		}
	}
	addRoom(p)
	return p, nil
}

// dotKind returns the index in dotKinds of the trial at a place.
func dotKind(r *mlp.SearchResult, place int) int {
	switch {
	case place == 0:
		return 2
	case r.Trials[place].Rung < len(r.Rungs)-1:
		return 1
	}
	return 0
}

// scorePoints are points with bars.
type scorePoints struct {
	plotter.XYs
	plotter.YErrors
}

// add draws the points as dots in the style of a line.
func (s scorePoints) add(p *plot.Plot, line draw.LineStyle) error {
	bars, err := plotter.NewYErrorBars(s)
	if err != nil {
		return err
	}
	bars.LineStyle = draw.LineStyle{Color: line.Color, Width: vg.Points(0.7)}
	bars.CapWidth = vg.Points(3)
	dots, err := plotter.NewScatter(s.XYs)
	if err != nil {
		return err
	}
	dots.GlyphStyle = draw.GlyphStyle{Color: line.Color, Radius: line.Width, Shape: draw.CircleGlyph{}}
	p.Add(bars, dots)
	return nil
}

// scoreTitle names the axis of a score of so many folds.
func scoreTitle(metric string, folds int) string {
	if folds == 1 {
		return title(metric)
	}
	return fmt.Sprintf("%s, mean ± deviation of %d folds", title(metric), folds)
}

// newScorePanel returns a panel of scores without any.
func newScorePanel(x, y string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{}, ticks{}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = gridColor, gridColor
	p.Add(grid)
	style(p)
	return p
}

// placeValues sets the axis of a hyper-parameter, and returns the place of each value on it: of a text, that of its
// name.
func placeValues(p *plot.Plot, r *mlp.SearchResult, domain mlp.Domain, name string) func(mlp.Value) float64 {
	var numbers []float64
	var texts []string
	for _, t := range r.Trials {
		v, _ := t.Params.Get(name)
		if f, isNumber := v.Number(); isNumber {
			numbers = append(numbers, f)
		} else if !slices.Contains(texts, v.String()) {
			texts = append(texts, v.String())
		}
	}
	if texts != nil {
		slices.Sort(texts)
		var marks plot.ConstantTicks
		for i, text := range texts {
			marks = append(marks, plot.Tick{Value: float64(i), Label: shortName(text)})
		}
		p.X.Tick.Marker, p.X.Min, p.X.Max = marks, -0.5, float64(len(texts))-0.5
		return func(v mlp.Value) float64 { return float64(slices.Index(texts, v.String())) }
	}
	place := setNumberAxis(&p.X, numbers, domain)
	return func(v mlp.Value) float64 {
		f, _ := v.Number()
		return place(f)
	}
}

// maxPlaces bounds the values of a list that get a place each on an axis.
const maxPlaces = 12

// setNumberAxis makes an axis from a little below the least number to a little above the greatest, and returns the place of a number
// on it. The values of a short list stand one after another, those of a logarithmic range and of a long list over two decades by their
// logarithms.
func setNumberAxis(axis *plot.Axis, numbers []float64, domain mlp.Domain) func(float64) float64 {
	const room, wide = 0.04, 100
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	low, high := numbers[0], numbers[len(numbers)-1]
	listed, logarithmic := false, false
	switch domain.(type) {
	case mlp.LogUniform, mlp.LogUniformInt:
		logarithmic = true
	case mlp.Uniform, mlp.UniformInt, nil:
	default:
		listed, logarithmic = len(numbers) <= maxPlaces, low > 0 && high >= wide*low
	}
	itself := func(v float64) float64 { return v }
	switch {
	case listed:
		var marks plot.ConstantTicks
		for i, v := range numbers {
			marks = append(marks, plot.Tick{Value: float64(i), Label: shortNumber(v)})
		}
		axis.Tick.Marker, axis.Min, axis.Max = marks, -0.5, float64(len(numbers))-0.5
		return func(v float64) float64 { return float64(slices.Index(numbers, v)) }
	case logarithmic:
		factor := math.Pow(high/low, room)
		if high == low {
			factor = 2
		}
		axis.Scale, axis.Tick.Marker, axis.Min, axis.Max = plot.LogScale{}, logTicks{}, low/factor, high*factor
		return itself
	}
	if !slices.ContainsFunc(numbers, func(v float64) bool { return v != math.Trunc(v) }) {
		axis.Tick.Marker = ticks{whole: true}
	}
	margin := room * (high - low)
	if high == low {
		margin = max(0.05*math.Abs(high), 0.5)
	}
	axis.Min, axis.Max = low-margin, high+margin
	return itself
}

// logTicks marks the powers of ten of a logarithmic axis, and 2 and 5 times these where there are few.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(low, high float64) []plot.Tick {
	if high >= 1000*low {
		return decades{}.Ticks(low, high)
	}
	var marks []plot.Tick
	for e := math.Floor(math.Log10(low)); e <= math.Log10(high); e++ {
		for _, factor := range []float64{1, 2, 5} {
			if v := factor * math.Pow10(int(e)); v >= low && v <= high {
				marks = append(marks, plot.Tick{Value: v, Label: fmt.Sprintf("%g", v)})
			}
		}
	}
	return marks
}
