package main

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seed975aa5d7/mlp"
)

// reportFigure is a figure of a report, and what is added to the prefix of its files' names.
type reportFigure struct {
	suffix string
	draw   func(*mlp.Report) (*figure, error)
}

var reportFigures = []reportFigure{
	{"_confusion", confusionFigure},
	{"_roc", rocFigure},
	{"_precision_recall", precisionRecallFigure},
	{"_calibration", calibrationFigure},
}

// classColors are Okabe and Ito's, the first as in the figures of trainings, but for black and yellow, which are a
// reference line here, and hardly seen on white. (https://jfly.uni-koeln.de/color/)
var classColors = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff},
}

// classDashes tell classes apart in black and white.
var classDashes = [][]vg.Length{
	nil, {vg.Points(5), vg.Points(2.5)}, {vg.Points(1.5), vg.Points(2)}, {vg.Points(8), vg.Points(2), vg.Points(2),
		vg.Points(2)},
	{vg.Points(10), vg.Points(3)}, {vg.Points(3), vg.Points(1.5)},
}

// classCurve is a curve of one class against all others.
type classCurve struct {
	name   string
	score  float64 // the lower, the worse
	points plotter.XYs
}

// curveFigure says how the curves of classes are drawn.
type curveFigure struct {
	title, x, y string
	diagonal    string // what the diagonal stands for; "" for none
	steps, dots bool
	legendTop   bool
	legendLeft  bool
}

// rocFigure draws receiver operating characteristics.
func rocFigure(r *mlp.Report) (*figure, error) {
	var curves []classCurve
	for _, c := range r.Curves {
		auc := c.ROC.AUC()
		curves = append(curves, classCurve{
			fmt.Sprintf("%s (AUC %.3f)", shortName(r.ClassNames[c.Class]), auc), auc, xys(c.ROC.FalsePositiveRate,
				c.ROC.TruePositiveRate),
		})
	}
	return curveFigure{title: "ROC", x: "False positive rate", y: "True positive rate", diagonal: "Chance"}.draw(curves)
}

// precisionRecallFigure draws precision over recall.
func precisionRecallFigure(r *mlp.Report) (*figure, error) {
	var curves []classCurve
	for _, c := range r.Curves {
		ap := c.PrecisionRecall.AveragePrecision()
		curves = append(curves, classCurve{
			fmt.Sprintf("%s (AP %.3f)", shortName(r.ClassNames[c.Class]), ap), ap, xys(c.PrecisionRecall.Recall,
				c.PrecisionRecall.Precision),
		})
	}
	return curveFigure{title: "Precision and recall", x: "Recall", y: "Precision", steps: true,
		legendLeft: true}.draw(curves)
}

// calibrationFigure draws how often what is predicted with a probability comes true.
func calibrationFigure(r *mlp.Report) (*figure, error) {
	var curves []classCurve
	for _, c := range r.Curves {
		worst, rows := 0.0, 0
		for i, n := range c.Calibration.Rows {
			worst += float64(n) * math.Abs(c.Calibration.Predicted[i]-c.Calibration.Positive[i])
			rows += n
		}
		curves = append(curves, classCurve{
			shortName(r.ClassNames[c.Class]), -worst / float64(rows), xys(c.Calibration.Predicted,
				c.Calibration.Positive),
		})
	}
	return curveFigure{
		title: "Calibration", x: "Mean predicted probability", y: "Share of the class", diagonal: "Perfect", dots: true,
		legendTop: true, legendLeft: true,
	}.draw(curves)
}

// draw draws the curves, the worst ones if there are more than colours. Curves of classes without a row, or with all,
// are none.
func (f curveFigure) draw(curves []classCurve) (*figure, error) {
	curves = slices.DeleteFunc(curves, func(c classCurve) bool {
		return math.IsNaN(c.score) || slices.ContainsFunc(c.points,
			func(p plotter.XY) bool { return math.IsNaN(p.X) || math.IsNaN(p.Y) })
	})
	title := f.title
	if n := len(curves); n > len(classColors) {
		worst := slices.Clone(curves)
		slices.SortStableFunc(worst, func(a, b classCurve) int { return cmp.Compare(a.score, b.score) })
		limit := worst[len(classColors)-1].score
		curves = slices.DeleteFunc(curves, func(c classCurve) bool { return c.score > limit })[:len(classColors)]
		title = fmt.Sprintf("%s, the worst %d of %d classes", f.title, len(curves), n)
	}
	p := newSquare(f.x, f.y)
	if f.diagonal != "" {
		line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}})
		if err != nil {
			return nil, err
		}
		line.LineStyle = draw.LineStyle{Color: axisColor, Width: vg.Points(1), Dashes: []vg.Length{vg.Points(2),
			vg.Points(3)}}
		p.Add(line)
		p.Legend.Add(f.diagonal, line)
	}
	if len(curves) == 0 {
		p.Add(upperText("No class has both positive and negative rows"))
	}
	for i, c := range curves {
		line, dots, err := plotter.NewLinePoints(thin(c.points))
		if err != nil {
			return nil, err
		}
		line.LineStyle = draw.LineStyle{Color: classColors[i], Width: vg.Points(1.8), Dashes: classDashes[i]}
		if f.steps {
			line.StepStyle = plotter.PostStep
		}
		p.Add(line)
		p.Legend.Add(c.name, line)
		if f.dots {
			dots.Color, dots.Shape, dots.Radius = classColors[i], draw.CircleGlyph{}, vg.Points(2.5)
			p.Add(dots)
		}
	}
	p.Legend.TextStyle.Font, p.Legend.Padding, p.Legend.ThumbnailWidth = sans(10), vg.Points(3), vg.Points(28)
	p.Legend.Top, p.Legend.Left = f.legendTop, f.legendLeft
	p.Legend.XOffs, p.Legend.YOffs = -vg.Points(8), vg.Points(8)
	if f.legendLeft {
		p.Legend.XOffs = vg.Points(8)
	}
	if f.legendTop {
		p.Legend.YOffs = -vg.Points(8)
	}
	return &figure{title: title, panels: [][]*plot.Plot{{p}}, height: squareHeight}, nil
}

// squareHeight makes the axes of a panel about as long as each other.
const squareHeight = 11.5 * vg.Centimeter

// newSquare returns a panel for shares over shares, with a little room around.
func newSquare(x, y string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{}, ticks{}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = gridColor, gridColor
	p.Add(grid)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.02, 1.02, -0.02, 1.02
	style(p)
	return p
}

// upperText is a text in a panel, over the diagonal.
type upperText string

// Plot implements plot.Plotter.
func (t upperText) Plot(c draw.Canvas, _ *plot.Plot) {
	style := text.Style{
		Color: axisColor, Font: sans(10), XAlign: text.XCenter, YAlign: text.YCenter, Handler: plot.DefaultTextHandler,
	}
	c.FillText(style, vg.Point{X: c.Center().X, Y: c.Y(0.93)}, string(t))
}

// xys pairs numbers.
func xys(x, y []float64) plotter.XYs {
	points := make(plotter.XYs, len(x))
	for i := range points {
		points[i] = plotter.XY{X: x[i], Y: y[i]}
	}
	return points
}

// thin leaves out points that are too near to the one before to be seen, but never the last.
func thin(points plotter.XYs) plotter.XYs {
	const least = 1.0 / 2048
	var kept plotter.XYs
	for i, p := range points {
		if n := len(kept); n == 0 || i == len(points)-1 || math.Abs(p.X-kept[n-1].X)+math.Abs(p.Y-kept[n-1].Y) >= least {
			kept = append(kept, p)
		}
	}
	return kept
}

// shortName cuts the middle out of a long name: what tells names apart is more often at an end.
func shortName(name string) string {
	const begin, end = 8, 7
	if r := []rune(name); len(r) > begin+1+end {
		return string(r[:begin]) + "…" + string(r[len(r)-end:])
	}
	return name
}

// confusionFigure draws the confusion matrix: the darker a cell, the larger its share of the true class.
func confusionFigure(r *mlp.Report) (*figure, error) {
	n := len(r.ClassNames)
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "Predicted", "True"
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.5, float64(n)-0.5, -0.5, float64(n)-0.5
	p.Add(confusionCells{r.Confusion, n})
	style(p)
	var columns, rows plot.ConstantTicks
	longest := 0
	every := (n-1)/maxLabelled + 1
	for i, name := range r.ClassNames {
		if i%every != 0 {
			continue
		}
		name = shortName(name)
		longest = max(longest, len([]rune(name)))
		columns = append(columns, plot.Tick{Value: float64(i), Label: name})
		rows = append(rows, plot.Tick{Value: float64(n - 1 - i), Label: name})
	}
	slices.Reverse(rows)
	p.X.Tick.Marker, p.Y.Tick.Marker = columns, rows
	if longest*len(columns) > 45 { // names side by side do not fit
		p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = math.Pi/4, text.XRight, text.YCenter
	}
	return &figure{title: "Confusion matrix", panels: [][]*plot.Plot{{p}}, height: squareHeight}, nil
}

const (
	maxLabelled = 25 // classes along an axis
	maxCounted  = 14 // classes in whose cells numbers have room
)

// confusionCells draws the cells of a confusion matrix.
type confusionCells struct {
	*mlp.ConfusionMatrix
	n int
}

// Plot implements plot.Plotter.
func (m confusionCells) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	shares := m.ByTruth().Counts
	label := text.Style{
		Font: sans(10), XAlign: text.XCenter, YAlign: text.YCenter, Handler: plot.DefaultTextHandler,
	}
	for i := range m.n {
		for j := range m.n {
			share := shares[i*m.n+j]
			at := plotter.XY{X: float64(j), Y: float64(m.n - 1 - i)}
			cell := vg.Rectangle{
				Min: vg.Point{X: x(at.X - 0.5), Y: y(at.Y - 0.5)}, Max: vg.Point{X: x(at.X + 0.5), Y: y(at.Y + 0.5)},
			}
			c.SetColor(shade(share))
			c.Fill(cell.Path())
			if m.n > maxCounted {
				continue
			}
			label.Color = color.Black
			if share > 0.5 {
				label.Color = color.White
			}
			c.FillText(label, vg.Point{X: x(at.X), Y: y(at.Y)}, fmt.Sprintf("%.6g", m.Counts[i*m.n+j]))
		}
	}
	if m.n > maxLabelled {
		return
	}
	for i := 1; i < m.n; i++ {
		at := float64(i) - 0.5
		lines := draw.LineStyle{Color: gridColor, Width: vg.Points(0.5)}
		c.StrokeLine2(lines, x(at), y(p.Y.Min), x(at), y(p.Y.Max))
		c.StrokeLine2(lines, x(p.X.Min), y(at), x(p.X.Max), y(at))
	}
}

// shade goes from white to the blue of the curves.
func shade(share float64) color.NRGBA {
	if math.IsNaN(share) { // of a class without rows
		share = 0
	}
	mix := func(to uint8) uint8 { return uint8(255 - math.Round(share*float64(255-to))) }
	blue := classColors[0]
	return color.NRGBA{mix(blue.R), mix(blue.G), mix(blue.B), 0xff}
}
