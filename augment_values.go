package mlp

import (
	"fmt"
	"math"
)

// The augmentations that change values where they are.

// clipped bounds values.
type clipped struct{ low, high float32 }

// clippedTo returns the bounds of a ValueRange.
func clippedTo(valueRange [2]float64) (clipped, error) {
	if valueRange == [2]float64{} {
		valueRange[1] = 255
	}
	c := clipped{float32(valueRange[0]), float32(valueRange[1])}
	if !isFinite(c.low) || !isFinite(c.high) || c.low >= c.high {
		return c, fmt.Errorf("ValueRange is %v, want two finite numbers, the lower first", valueRange)
	}
	return c, nil
}

func (c clipped) clip(v float32) float32 {
	if v < c.low {
		return c.low
	}
	if v > c.high {
		return c.high
	}
	return v
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
	bounds, err := clippedTo(b.ValueRange)
	if err != nil {
		return err
	}
	a.changes = append(a.changes, &brightness{bounds, a.index, b.Factor * float64(bounds.high-bounds.low)})
	return a.needImages()
}

func (b *brightness) change(x, _ []float32, key uint64) {
	r := drawsOf(key, b.index)
	more := float32(r.symmetric(b.most))
	// Values that were in the range leave it on one side only. Whether one does is no pattern that a processor could
	// learn, so min and max take them back and not a branch.
	low, high, beyond := b.low, b.high, false
	if more > 0 {
		for i, v := range x {
			v = min(v+more, high)
			beyond = beyond || v < low
			x[i] = v
		}
	} else {
		for i, v := range x {
			v = max(v+more, low)
			beyond = beyond || v > high
			x[i] = v
		}
	}
	if beyond {
		for i, v := range x {
			x[i] = b.clip(v)
		}
	}
}

type contrast struct {
	clipped
	index    int
	most     float64
	channels int
}

func (c RandomContrast) compile(a *augmenter) error {
	if err := checkRange("Factor", c.Factor, c.Factor > 0 && c.Factor < 1, "0 < Factor < 1"); err != nil {
		return err
	}
	bounds, err := clippedTo(c.ValueRange)
	if err != nil {
		return err
	}
	a.changes = append(a.changes, &contrast{bounds, a.index, c.Factor, a.shape.Channels})
	return a.needImages()
}

func (c *contrast) change(x, _ []float32, key uint64) {
	r := drawsOf(key, c.index)
	factor := float32(1 + r.symmetric(c.most))
	if c.channels == 1 {
		mean := channelMean(x, 1)
		rest := mean - float32(factor*mean) // factor·(x - mean) + mean
		for i, v := range x {
			x[i] = c.clip(float32(factor*v) + rest)
		}
		return
	}
	for channel := range c.channels {
		mean := channelMean(x[channel:], c.channels)
		rest := mean - float32(factor*mean)
		for i := channel; i < len(x); i += c.channels {
			x[i] = c.clip(float32(factor*x[i]) + rest)
		}
	}
}

// channelMean returns the mean of each step-th value of x, summed in four lanes, so that no addition waits for the
// last.
func channelMean(x []float32, step int) float32 {
	var a, b, c, d float32
	n, i := 0, 0
	for ; i+3*step < len(x); i += 4 * step {
		a += x[i]
		b += x[i+step]
		c += x[i+2*step]
		d += x[i+3*step]
		n += 4
	}
	for ; i < len(x); i += step {
		a += x[i]
		n++
	}
	return ((a + b) + (c + d)) / float32(n)
}

type cutout struct {
	shape ImageShape
	index int
	size  int
	value float32
}

func (c Cutout) compile(a *augmenter) error {
	if c.Size < 1 {
		return fmt.Errorf("Size is %d, want Size >= 1", c.Size)
	}
	if err := a.needImages(); err != nil {
		return err
	}
	size := min(c.Size, 2*max(a.shape.Height, a.shape.Width)) // covers all, wherever its centre is
	a.changes = append(a.changes, &cutout{a.shape, a.index, size, float32(c.FillValue)})
	return checkFillValue(c.FillValue)
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
