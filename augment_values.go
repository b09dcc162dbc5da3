package mlp

import (
	"fmt"
	"math"
)

// The augmentations that change values where they are.

// clipped bounds values.
type clipped struct {
	low, high float32
	kernel    isa
}

// clippedTo returns the bounds of a ValueRange.
func (a *augmenter) clippedTo(valueRange [2]float64) (clipped, error) {
	if valueRange == [2]float64{} {
		valueRange[1] = 255
	}
	// Zeros are positive, as sweepLevels wants them.
	c := clipped{float32(valueRange[0]) + 0, float32(valueRange[1]) + 0, a.kernel}
	if !isFinite(c.low) || !isFinite(c.high) || c.low >= c.high {
		return c, fmt.Errorf("ValueRange is %v, want two finite numbers, the lower first", valueRange)
	}
	return c, nil
}

// change sets x to factor·x + more within the bounds.
func (c clipped) change(x []float32, factor, more float32) {
	c.kernel.sweep(sweepLevels, &sweep{x: [5][]float32{x, x}, rows: 1, n: len(x), s: [8]float32{c.low, c.high, factor, more + 0}})
}

type brightness struct {
	clipped
	index int
	most  float64
}

func (b RandomBrightness) compile(a *augmenter) error {
	if err := checkRange("Factor", b.Factor, b.Factor > 0 && b.Factor <= 1, "0 < Factor <= 1"); err != nil {
		return err
	}
	bounds, err := a.clippedTo(b.ValueRange)
	if err != nil {
		return err
	}
	a.changes = append(a.changes, &brightness{bounds, a.index, b.Factor * float64(bounds.high-bounds.low)})
	return a.needImages()
}

func (b *brightness) change(x, _ []float32, key uint64) {
	r := drawsOf(key, b.index)
	b.clipped.change(x, 1, float32(r.symmetric(b.most)))
}

type contrast struct {
	clipped
	index  int
	most   float64
	planes *planes
}

func (c RandomContrast) compile(a *augmenter) error {
	if err := checkRange("Factor", c.Factor, c.Factor > 0 && c.Factor < 1, "0 < Factor < 1"); err != nil {
		return err
	}
	bounds, err := a.clippedTo(c.ValueRange)
	if err != nil {
		return err
	}
	a.changes = append(a.changes, &contrast{bounds, a.index, c.Factor, &a.planes})
	return a.needImages()
}

func (c *contrast) change(x, _ []float32, key uint64) {
	r := drawsOf(key, c.index)
	factor := float32(1 + r.symmetric(c.most))
	c.planes.each(x, func(x []float32) {
		mean := float32(c.kernel.sum(x) / float64(len(x)))
		c.clipped.change(x, factor, mean-float32(factor*mean)) // factor·(x - mean) + mean
	})
}

type cutout struct {
	shape ImageShape
	index int
	size  int
	value float32
}

func (c Cutout) compile(a *augmenter) error {
	if err := firstError(a.needImages(), a.checkPixels("Size", c.Size), checkFillValue(c.FillValue)); err != nil {
		return err
	}
	a.changes = append(a.changes, &cutout{a.shape, a.index, c.Size, float32(c.FillValue)})
	return nil
}

func checkFillValue(v float64) error {
	if !isFinite(float32(v)) {
		return fmt.Errorf("FillValue is %v, want a finite float32", v)
	}
	return nil
}

func (c *cutout) change(x, _ []float32, key uint64) {
	r := drawsOf(key, c.index)
	top := r.intN(c.shape.Height) - c.size/2
	left := r.intN(c.shape.Width) - c.size/2
	from, to := max(left, 0)*c.shape.Channels, min(left+c.size, c.shape.Width)*c.shape.Channels
	if from >= to {
		return
	}
	for y := max(top, 0); y < min(top+c.size, c.shape.Height); y++ {
		hole := x[y*c.shape.Width*c.shape.Channels:][from:to]
		for i := range hole {
			hole[i] = c.value
		}
	}
}

type rowNoise struct {
	index  int
	normal *normalPairs
}

func (n RandomNoise) compile(a *augmenter) error {
	deviation := float32(n.Deviation)
	if !isFinite(deviation) || deviation <= 0 {
		return fmt.Errorf("Deviation is %v, want a finite Deviation > 0", n.Deviation)
	}
	a.changes = append(a.changes, &rowNoise{a.index, newNormalPairs(n.Deviation)})
	return nil
}

func (n *rowNoise) change(x, _ []float32, key uint64) {
	r := drawsOf(key, n.index)
	n.normal.add(x, &r)
}

// beta returns a number of the beta distribution of alpha and alpha, by the formula in section 3 of L. Devroye, "Random
// variate generation in one line of code", Winter Simulation Conference 1996, doi:10.1145/256562.256623.
func (r *draws) beta(alpha float64) float64 {
	c := cos64(2 * math.Pi * r.unit())
	wide := (pow64(r.unit(), -1/alpha) - 1) * (c * c)
	half := 0.5 / math.Sqrt(1+1/wide)
	if c < 0 {
		return 0.5 - half
	}
	return 0.5 + half
}
