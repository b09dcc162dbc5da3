package mlp

import (
	"errors"
	"fmt"
	"slices"
)

// The augmentations that move pixels.

type flip struct {
	shape                ImageShape
	index                int
	horizontal, vertical bool
}

func (f RandomFlip) compile(a *augmenter) error {
	if f == (RandomFlip{}) {
		f = RandomFlip{true, true}
	}
	a.changes = append(a.changes, &flip{a.shape, a.index, f.Horizontal, f.Vertical})
	return a.needImages()
}

func (f *flip) change(x, _ []float32, key uint64) {
	r := drawsOf(key, f.index)
	v := r.next()
	if f.horizontal && v&1 != 0 {
		flipHorizontal(x, f.shape)
	}
	if f.vertical && v&2 != 0 {
		flipVertical(x, f.shape)
	}
}

// flipHorizontal swaps left and right.
func flipHorizontal(x []float32, shape ImageShape) {
	c, width := shape.Channels, shape.Width*shape.Channels
	for ; len(x) >= width; x = x[width:] {
		row := x[:width]
		if c == 1 {
			for l, r := 0, len(row)-1; l < r; l, r = l+1, r-1 {
				row[l], row[r] = row[r], row[l]
			}
			continue
		}
		for l, r := 0, width-c; l < r; l, r = l+c, r-c {
			for k := range c {
				row[l+k], row[r+k] = row[r+k], row[l+k]
			}
		}
	}
}

// flipVertical swaps top and bottom.
func flipVertical(x []float32, shape ImageShape) {
	for i, j := 0, shape.Height-1; i < j; i, j = i+1, j-1 {
		swapRows(x, shape.Width*shape.Channels, i, j)
	}
}

type quarterTurns struct {
	shape ImageShape
	index int
}

func (RandomQuarterTurn) compile(a *augmenter) error {
	if a.shape.Height != a.shape.Width {
		return fmt.Errorf("the images are %d×%d, want squares", a.shape.Height, a.shape.Width)
	}
	a.changes = append(a.changes, &quarterTurns{a.shape, a.index})
	return a.needImages()
}

func (q *quarterTurns) change(x, scratch []float32, key uint64) {
	r := drawsOf(key, q.index)
	v := r.next()
	if v&1 != 0 {
		copy(scratch, x)
		quarterTurn(x, scratch, q.shape)
	}
	if v&2 != 0 {
		halfTurn(x, q.shape.Channels)
	}
}

// halfTurn reverses the pixels.
func halfTurn(x []float32, channels int) {
	if channels == 1 {
		slices.Reverse(x)
		return
	}
	for l, r := 0, len(x)-channels; l < r; l, r = l+channels, r-channels {
		for k := range channels {
			x[l+k], x[r+k] = x[r+k], x[l+k]
		}
	}
}

// quarterTurn turns src counter-clockwise to dst [width, height, channels].
func quarterTurn(dst, src []float32, shape ImageShape) {
	width := shape.Width * shape.Channels
	for j := shape.Width - 1; j >= 0; j-- {
		row := dst[:shape.Height*shape.Channels]
		dst = dst[len(row):]
		if shape.Channels == 1 {
			for i, at := 0, j; i < len(row) && at < len(src); i, at = i+1, at+width {
				row[i] = src[at]
			}
			continue
		}
		for at := j * shape.Channels; len(row) > 0; at += width {
			row = row[copy(row, src[at:][:shape.Channels]):]
		}
	}
}

// filling is what lies beyond the edge.
type filling struct {
	mode  FillMode
	value float32
}

func newFilling(mode FillMode, value float64) (filling, error) {
	if mode > FillWrap {
		return filling{}, fmt.Errorf("Fill is %d, want FillReflect, FillConstant, FillNearest or FillWrap", mode)
	}
	if mode != FillConstant && value != 0 {
		return filling{}, errors.New("FillValue needs Fill to be FillConstant")
	}
	return filling{mode, float32(value)}, checkFillValue(value)
}

// inside returns the place among 0 … n-1 whose value place i has, or -1 for the constant.
func (f filling) inside(i, n int) int {
	if uint(i) < uint(n) {
		return i
	}
	switch f.mode {
	case FillConstant:
		return -1
	case FillNearest:
		return min(max(i, 0), n-1)
	case FillWrap:
		if i %= n; i < 0 {
			i += n
		}
		return i
	}
	if i %= 2 * n; i < 0 {
		i += 2 * n
	}
	return min(i, 2*n-1-i)
}

type crop struct {
	filling
	shape   ImageShape
	index   int
	padding int
}

func (c RandomCrop) compile(a *augmenter) error {
	f, err := newFilling(c.Fill, c.FillValue)
	if err := firstError(a.needImages(), a.checkPixels("Padding", c.Padding), err); err != nil {
		return err
	}
	a.changes = append(a.changes, &crop{f, a.shape, a.index, c.Padding})
	return nil
}

func (c *crop) change(x, scratch []float32, key uint64) {
	r := drawsOf(key, c.index)
	down, right := r.intN(2*c.padding+1)-c.padding, r.intN(2*c.padding+1)-c.padding
	copy(scratch, x)
	c.cut(x, scratch, down, right)
}

// cut sets dst to the piece of src, filled on all sides, that begins at a row and a column, which may be negative.
func (c *crop) cut(dst, src []float32, top, left int) {
	s := c.shape
	width := s.Width * s.Channels
	// Columns from … to-1 of the piece lie in src.
	from, to := min(max(-left, 0), s.Width), max(min(s.Width-left, s.Width), 0)
	for y := range s.Height {
		row, in := dst[y*width:][:width], c.inside(top+y, s.Height)
		if in < 0 {
			c.fill(row, nil, left, 0, s.Width)
			continue
		}
		line := src[in*width:][:width]
		if from < to {
			copy(row[from*s.Channels:to*s.Channels], line[(from+left)*s.Channels:])
		}
		if from > 0 {
			c.fill(row, line, left, 0, from)
		}
		if to < s.Width {
			c.fill(row, line, left, to, s.Width)
		}
	}
}

// fill sets columns from … to-1 of a row of the piece, which begins at column left of line, or of constants if that is
// nil.
func (c *crop) fill(row, line []float32, left, from, to int) {
	channels := c.shape.Channels
	for x := from; x < to; x++ {
		pixel, in := row[x*channels:][:channels], c.inside(left+x, c.shape.Width)
		for k := range pixel {
			if pixel[k] = c.value; line != nil && in >= 0 {
				pixel[k] = line[in*channels+k]
			}
		}
	}
}
