package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seed975aa5d7/mlp"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// growth is a size of a training that grows while the others stay.
type growth struct {
	name  string
	sizes []int
	of    func(n int) (layers []int, batch int) // the network and the batch of a size
}

var growths = []growth{
	{"units of two hidden layers; 64 features, batches of 64", powers(1, 2048), func(n int) ([]int, int) { return []int{64, n, n, 10}, 64 }},
	{"hidden layers of 64 units; batches of 64", powers(1, 64), func(n int) ([]int, int) {
		return append(append([]int{64}, slices.Repeat([]int{64}, n)...), 10), 64
	}},
	{"rows of a batch; 64-64-64-10", powers(1, 4096), func(n int) ([]int, int) { return []int{64, 64, 64, 10}, n }},
	{"features; 64 units, batches of 64", powers(1, 4096), func(n int) ([]int, int) { return []int{n, 64, 10}, 64 }},
}

func powers(from, to int) []int {
	var list []int
	for n := from; n <= to; n *= 2 {
		list = append(list, n)
	}
	return list
}

// multiplyAdds returns those of a step's products: three a weight, two in the first layer.
func multiplyAdds(layers []int, batch int) int {
	n := 0
	for i, units := range layers[1:] {
		n += 3 * layers[i] * units
	}
	return batch * (n - layers[0]*layers[1])
}

// stepTime returns the nanoseconds of a step by one goroutine: the best of some windows of a millisecond or one step.
func stepTime(layers []int, batch int) (float64, error) {
	w := &workload{Sizes: layers, Batch: batch, Steps: 1}
	n, err := network(w)
	if err != nil {
		return 0, err
	}
	t, err := mlp.NewTrainer(n, mlp.TrainerConfig{Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{}, BatchSize: batch, Workers: 1})
	if err != nil {
		return 0, err
	}
	d := dataset(w)
	best := math.Inf(1)
	for range 25 {
		begin, steps := time.Now(), 0
		for steps == 0 || time.Since(begin) < time.Millisecond {
			if _, err := t.Step(d.X, d.Y); err != nil {
				return 0, err
			}
			steps++
		}
		best = min(best, float64(time.Since(begin).Nanoseconds())/float64(steps))
	}
	return best, nil
}

// drawGrowth times all growths and draws them with two bounds: the time of a step of next to no work, and that of the
// multiply-adds at the best rate of all points.
func drawGrowth(file string) error {
	times := make([]plotter.XYs, len(growths))
	least, rate := math.Inf(1), 0.0
	for i, g := range growths {
		for _, n := range g.sizes {
			layers, batch := g.of(n)
			ns, err := stepTime(layers, batch)
			if err != nil {
				return err
			}
			times[i] = append(times[i], plotter.XY{X: float64(n), Y: ns / 1e3})
			least = min(least, ns)
			rate = max(rate, float64(multiplyAdds(layers, batch))/ns)
		}
	}
	fmt.Printf("the least step takes %.0f ns; the best rate is %.0f multiply-adds a nanosecond\n", least, rate)
	var plots []*plot.Plot
	for i, g := range growths {
		p := plot.New()
		p.X.Label.Text, p.Y.Label.Text = g.name, "µs a step"
		p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
		p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
		measured, points, err := plotter.NewLinePoints(times[i])
		if err != nil {
			return err
		}
		points.Shape = draw.CircleGlyph{}
		var bound plotter.XYs
		for _, n := range g.sizes {
			layers, batch := g.of(n)
			bound = append(bound, plotter.XY{X: float64(n), Y: max(least, float64(multiplyAdds(layers, batch))/rate) / 1e3})
		}
		line, err := plotter.NewLine(bound)
		if err != nil {
			return err
		}
		line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		p.Add(plotter.NewGrid(), line, measured, points)
		p.Legend.Add("measured", measured, points)
		p.Legend.Add("bound", line)
		p.Legend.Top, p.Legend.Left = true, true
		plots = append(plots, p)
	}
	return savePanels(file, plots)
}

// savePanels writes the plots as one PNG, two in a row.
func savePanels(file string, plots []*plot.Plot) error {
	const width, height = 900, 700
	canvas := vgimg.New(width, height)
	tiles := draw.Tiles{Rows: (len(plots) + 1) / 2, Cols: 2, PadX: 20, PadY: 20, PadTop: 10, PadBottom: 10, PadLeft: 10, PadRight: 10}
	dc := draw.New(canvas)
	for i, p := range plots {
		p.Draw(tiles.At(dc, i%2, i/2))
	}
	return writeFile(file, vgimg.PngCanvas{Canvas: canvas})
}

// sweepSizes times every size from 1 to 257 and prints those that exceed the trend of their neighbours, the median of
// eight, the most.
func sweepSizes() error {
	for _, g := range []growth{
		{"units of 64-units-10, batches of 64", nil, func(n int) ([]int, int) { return []int{64, n, 10}, 64 }},
		{"units of units-units-units, batches of 32", nil, func(n int) ([]int, int) { return []int{n, n, n}, 32 }},
		{"batches of 64-64-10", nil, func(n int) ([]int, int) { return []int{64, 64, 10}, n }},
	} {
		const last = 257
		var ns [last + 1]float64
		for n := 2; n <= last; n++ {
			layers, batch := g.of(n)
			var err error
			if ns[n], err = stepTime(layers, batch); err != nil {
				return err
			}
		}
		type point struct {
			n     int
			ratio float64
		}
		var points []point
		for n := 2; n <= last; n++ {
			var near []float64
			for k := max(2, n-4); k <= min(last, n+4); k++ {
				if k != n {
					near = append(near, ns[k])
				}
			}
			slices.Sort(near)
			points = append(points, point{n, ns[n] / near[len(near)/2]})
		}
		slices.SortFunc(points, func(a, b point) int { return int(1e6 * (b.ratio - a.ratio)) })
		fmt.Printf("%s, 2 … %d: the most above their neighbours' median:", g.name, last)
		for _, p := range points[:5] {
			fmt.Printf(" %d (%.2f)", p.n, p.ratio)
		}
		fmt.Println()
	}
	return nil
}

// overTrain trains until the gradients vanish, and compares the time of the last epochs with that of the first.
func overTrain() error {
	w := &workloads[0]
	n, err := network(w)
	if err != nil {
		return err
	}
	t, err := mlp.NewTrainer(n, mlp.TrainerConfig{Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{LearningRate: 0.01}, BatchSize: w.Batch})
	if err != nil {
		return err
	}
	d := dataset(w)
	first, last := math.Inf(1), math.Inf(1)
	for epoch := range 1000 {
		best := math.Inf(1)
		for range 3 {
			begin := time.Now()
			if _, err := t.Fit(context.Background(), d, mlp.FitConfig{}); err != nil {
				return err
			}
			best = min(best, float64(time.Since(begin).Nanoseconds()))
		}
		switch {
		case epoch < 20:
			first = min(first, best)
		case epoch >= 980:
			last = min(last, best)
		}
	}
	fmt.Printf("epochs 0 … 59: %.1f µs; epochs 2940 … 2999: %.1f µs, %.2f times as long\n", first/1e3, last/1e3, last/first)
	return nil
}
