package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"image/color"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/seed975aa5d7/mlp"
)

// curves are the numbers of a history.
type curves struct {
	epochs []int // from 0
	values map[string][]float64
}

// readCurves reads a history that History.WriteCSV, or Keras's CSVLogger, wrote.
func readCurves(path string) (curves, error) {
	f, err := os.Open(path)
	if err != nil {
		return curves{}, err
	}
	defer f.Close()
	return parseCurves(path, f)
}

// curvesOf returns the curves of a training.
func curvesOf(h *mlp.History) (curves, error) {
	var b bytes.Buffer
	if err := h.WriteCSV(&b); err != nil {
		return curves{}, err
	}
	return parseCurves("the history", &b)
}

// parseCurves reads a history; NA stands where an epoch lacks a number, for want of a validation.
func parseCurves(path string, r io.Reader) (curves, error) {
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return curves{}, fmt.Errorf("%s: %w", path, err)
	}
	if len(records) < 2 || records[0][0] != "epoch" {
		return curves{}, fmt.Errorf("%s is no history: want a header that begins with \"epoch\", and a line an epoch", path)
	}
	c := curves{values: map[string][]float64{}}
	for i, record := range records[1:] {
		epoch, err := strconv.Atoi(record[0])
		if err != nil {
			return curves{}, fmt.Errorf("%s:%d: the epoch %q is no whole number", path, i+2, record[0])
		}
		c.epochs = append(c.epochs, epoch)
		for j, name := range records[0][1:] {
			v, err := strconv.ParseFloat(record[j+1], 64)
			if record[j+1] == "NA" {
				v, err = math.NaN(), nil
			}
			if err != nil {
				return curves{}, fmt.Errorf("%s:%d: column %q: %q is no number", path, i+2, name, record[j+1])
			}
			c.values[name] = append(c.values[name], v)
		}
	}
	return c, nil
}

// metrics returns the names that get a panel each: the loss first.
func (c curves) metrics() []string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(c.values)), func(name string) bool {
		return name == "loss" || name == "learning_rate" || strings.HasPrefix(name, "val_")
	})
	if _, ok := c.values["loss"]; ok {
		names = slices.Insert(names, 0, "loss")
	}
	return names
}

// points returns the curve of one name, without values that cannot be drawn.
func (c curves) points(name string) plotter.XYs {
	var points plotter.XYs
	for i, v := range c.values[name] {
		if math.Abs(v) < 1e300 {
			points = append(points, plotter.XY{X: float64(c.epochs[i] + 1), Y: v})
		}
	}
	return points
}

// figure shows panels, two beside each other, with a title and a legend.
type figure struct {
	title  string
	legend []kind
	panels [][]*plot.Plot // rows of two, or of one
	height vg.Length      // of a panel; 0 means panelHeight
}

// kind is a kind of curve.
type kind struct {
	prefix, name string // of a metric; of people
	line         draw.LineStyle
}

// kinds are the two curves of a metric. Their colours are two of Okabe and Ito's, which people with any colour vision
// can tell apart; validation is dashed too, for prints in black and white. (https://jfly.uni-koeln.de/color/)
var kinds = []kind{
	{"", "Training", draw.LineStyle{Color: color.NRGBA{0x00, 0x72, 0xb2, 0xff}, Width: vg.Points(1.8)}},
	{"val_", "Validation", draw.LineStyle{
		Color: color.NRGBA{0xd5, 0x5e, 0x00, 0xff}, Width: vg.Points(1.8), Dashes: []vg.Length{vg.Points(5), vg.Points(2.5)},
	}},
}

var (
	gridColor = color.NRGBA{0xe4, 0xe4, 0xe4, 0xff}
	axisColor = color.NRGBA{0x55, 0x55, 0x55, 0xff}
)

const (
	panelWidth  = 12 * vg.Centimeter
	panelHeight = 8.5 * vg.Centimeter
	margin      = 0.4 * vg.Centimeter
	pngDPI      = 160
)

// add puts a panel beside the last one, or below where two stand side by side.
func (f *figure) add(p *plot.Plot) {
	last := len(f.panels) - 1
	if last < 0 || len(f.panels[last]) == 2 {
		f.panels, last = append(f.panels, nil), last+1
	}
	f.panels[last] = append(f.panels[last], p)
}

// newFigure draws the curves, a panel a metric.
func newFigure(c curves, title string) (*figure, error) {
	f := &figure{title: title, legend: kinds[:1]}
	for _, name := range c.metrics() {
		if len(c.values["val_"+name]) > 0 {
			f.legend = kinds
		}
		p, err := newPanel(c, name)
		if err != nil {
			return nil, err
		}
		f.add(p)
	}
	if len(f.panels) == 0 {
		return nil, fmt.Errorf("the history has no metric to draw")
	}
	return f, nil
}

// newPanel draws one metric, of training and of validation.
func newPanel(c curves, name string) (*plot.Plot, error) {
	p := plot.New()
	p.X.Label.Text = "Epoch"
	p.Y.Label.Text = title(name)
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{whole: true, first: true}, ticks{}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = gridColor, gridColor
	p.Add(grid)
	for _, kind := range kinds {
		points := c.points(kind.prefix + name)
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		line.LineStyle = kind.line
		p.Add(line)
		if len(points) <= 10 { // a single epoch is no line
			dots.Color, dots.Shape, dots.Radius = kind.line.Color, draw.CircleGlyph{}, vg.Points(2.5)
			p.Add(dots)
		}
	}
	p.X.Min, p.X.Max = float64(slices.Min(c.epochs)+1), float64(slices.Max(c.epochs)+1)
	if p.X.Min == p.X.Max {
		p.X.Min, p.X.Max = p.X.Min-0.5, p.X.Max+0.5
	}
	addRoom(p)
	style(p)
	return p, nil
}

// addRoom makes some room above and below the curves.
func addRoom(p *plot.Plot) {
	if p.Y.Min > p.Y.Max { // there are no points
		p.Y.Min, p.Y.Max = 0, 1
	}
	room := 0.05 * (p.Y.Max - p.Y.Min)
	if room == 0 {
		room = max(0.05*math.Abs(p.Y.Max), 1e-6)
	}
	p.Y.Min, p.Y.Max = p.Y.Min-room, p.Y.Max+room
}

// style sets fonts, colours and lines.
func style(p *plot.Plot) {
	for _, t := range []*text.Style{&p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label} {
		t.Font = sans(10)
	}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = axisColor, axisColor
		axis.Tick.Label.Color = axisColor
		axis.Padding = 0
		axis.Label.Padding = vg.Points(4)
	}
}

// ticks marks some five to eight places of an axis, at distances of 1, 2 or 5 times a power of ten.
type ticks struct {
	whole bool // whole places alone
	first bool // and the first of them, if it is not too near the next
}

func (t ticks) Ticks(low, high float64) []plot.Tick {
	const most = 8
	exponent := int(math.Floor(math.Log10((high - low) / most)))
	step := math.Pow10(exponent)
	for _, factor := range []float64{1, 2, 5, 10} {
		if step = factor * math.Pow10(exponent); (high-low)/step <= most {
			break
		}
	}
	var marks []plot.Tick
	if t.whole {
		step = max(step, 1)
	}
	if t.first {
		if first := math.Ceil(low); math.Ceil(first/step)-first/step > 0.6 {
			marks = append(marks, plot.Tick{Value: first, Label: strconv.FormatFloat(first, 'f', -1, 64)})
		}
	}
	digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	for i := range most + 1 {
		v := (math.Ceil(low/step)+float64(i))*step + 0 // no -0
		if v > high {
			break
		}
		label := strconv.FormatFloat(v, 'f', digits, 64)
		if digits > 4 || high >= 1e6 {
			label = strconv.FormatFloat(v, 'g', 4, 64)
		}
		marks = append(marks, plot.Tick{Value: v, Label: label})
	}
	return marks
}

// sans returns the font of the figure.
func sans(points float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(points)}
}

// headHeight returns the height of the title and the legend.
func (f *figure) headHeight() vg.Length {
	return (0.7 + 0.45*vg.Length(max(len(f.legend), 2))) * vg.Centimeter
}

// size returns the width and height of the figure.
func (f *figure) size() (width, height vg.Length) {
	return panelWidth*vg.Length(len(f.panels[0])) + 2*margin,
		cmp.Or(f.height, panelHeight)*vg.Length(len(f.panels)) + f.headHeight() + margin
}

// writePNG writes the figure as PNG.
func (f *figure) writePNG(w io.Writer) error {
	width, height := f.size()
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pngDPI))
	f.draw(draw.New(c))
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

// writeSVG writes the figure as SVG. It names the fonts to take where the one of the PNG is not installed.
func (f *figure) writeSVG(w io.Writer) error {
	c := vgsvg.New(f.size())
	f.draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	family := []byte("font-family:Liberation Sans")
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), family, append(family, ",Arial,Helvetica,sans-serif"...)))
	return err
}

// draw draws the title, and the panels with their axes aligned.
func (f *figure) draw(c draw.Canvas) {
	width, height := f.size()
	c.SetColor(color.White)
	c.Fill(vg.Rectangle{Max: vg.Point{X: width, Y: height}}.Path())
	style := text.Style{Color: color.Black, Font: sans(15), YAlign: text.YCenter, Handler: plot.DefaultTextHandler}
	c.FillText(style, vg.Point{X: 3 * margin, Y: height - f.headHeight()/2}, f.title)
	legend := plot.NewLegend()
	legend.TextStyle.Font, legend.Top, legend.Padding, legend.ThumbnailWidth = sans(10), true, vg.Points(3), vg.Points(28)
	for _, kind := range f.legend {
		legend.Add(kind.name, &plotter.Line{LineStyle: kind.line})
	}
	legend.Draw(draw.Crop(c, 0, -1.6*margin, 0, -margin))

	panels := f.panels
	if n := len(panels[len(panels)-1]); n < len(panels[0]) { // Align wants whole rows
		panels = slices.Clone(panels)
		panels[len(panels)-1] = append(slices.Clone(panels[len(panels)-1]), make([]*plot.Plot, len(panels[0])-n)...)
	}
	tiles := draw.Tiles{
		Rows: len(panels), Cols: len(panels[0]),
		PadLeft: margin, PadRight: margin, PadBottom: margin, PadTop: f.headHeight(),
		PadX: margin * 2, PadY: margin * 2,
	}
	for i, row := range plot.Align(panels, tiles, c) {
		for j, canvas := range row {
			if panels[i][j] != nil {
				panels[i][j].Draw(canvas)
			}
		}
	}
}
