package mlp

import (
	"errors"
	"fmt"
	"math"
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
	if v&2 != 0 { // half a turn
		flipHorizontal(x, q.shape)
		flipVertical(x, q.shape)
	}
	if v&1 != 0 {
		copy(scratch, x)
		quarterTurn(x, scratch, q.shape)
	}
}

// quarterTurn turns src counter-clockwise to dst [width, height, channels].
func quarterTurn(dst, src []float32, shape ImageShape) {
	at := 0
	for j := shape.Width - 1; j >= 0; j-- {
		for i := range shape.Height {
			for _, v := range src[(i*shape.Width+j)*shape.Channels:][:shape.Channels] {
				dst[at] = v
				at++
			}
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
	const most = 1 << 20
	if c.Padding < 1 || c.Padding > most {
		return fmt.Errorf("Padding is %d, want 1 <= Padding <= %d", c.Padding, most)
	}
	f, err := newFilling(c.Fill, c.FillValue)
	if err != nil {
		return err
	}
	a.changes = append(a.changes, &crop{f, a.shape, a.index, c.Padding})
	return a.needImages()
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
		c.fill(row, line, left, 0, from)
		c.fill(row, line, left, to, s.Width)
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

// warp moves, turns and scales in one interpolation what neighbouring augmentations ask for. It works on a copy of the
// image with a frame of one pixel, which holds the constant of FillConstant.
type warp struct {
	filling
	shape ImageShape
	parts []warpPart

	// The offsets in the copy of rows -height … 2·height and columns -width … 2·width.
	rows, columns []int
}

// warpPart is an augmentation of a warp.
type warpPart struct {
	index int
	draw  func(r draws) plane
}

// plane maps a place in the new image to one in the old, both measured from the centre in pixels: x to the right, y
// down.
//
//	x' = xx·x + xy·y + x0
//	y' = yx·x + yy·y + y0
type plane struct{ xx, xy, x0, yx, yy, y0 float64 }

// after returns the map that is first q, then p.
func (p plane) after(q plane) plane {
	return plane{
		xx: float64(p.xx*q.xx) + float64(p.xy*q.yx),
		xy: float64(p.xx*q.xy) + float64(p.xy*q.yy),
		x0: float64(p.xx*q.x0) + float64(p.xy*q.y0) + p.x0,
		yx: float64(p.yx*q.xx) + float64(p.yy*q.yx),
		yy: float64(p.yx*q.xy) + float64(p.yy*q.yy),
		y0: float64(p.yx*q.x0) + float64(p.yy*q.y0) + p.y0,
	}
}

// addWarp adds a part to the last change if it is a warp with the same filling, or to a new one.
func (a *augmenter) addWarp(mode FillMode, value float64, draw func(draws) plane) error {
	f, err := newFilling(mode, value)
	if err != nil {
		return err
	}
	part := warpPart{a.index, draw}
	if n := len(a.changes); n > 0 {
		if last, ok := a.changes[n-1].(*warp); ok && last.filling == f {
			last.parts = append(last.parts, part)
			return nil
		}
	}
	if err := a.needImages(); err != nil {
		return err
	}
	w := &warp{filling: f, shape: a.shape, parts: []warpPart{part}}
	for y := -a.shape.Height; y <= 2*a.shape.Height; y++ {
		w.rows = append(w.rows, w.row(y))
	}
	for x := -a.shape.Width; x <= 2*a.shape.Width; x++ {
		w.columns = append(w.columns, w.column(x))
	}
	a.changes = append(a.changes, w)
	return nil
}

// row returns the offset in the framed copy of row y of the image, column that of column x. The constant's are 0.
func (w *warp) row(y int) int {
	return (1 + w.inside(y, w.shape.Height)) * (w.shape.Width + 2) * w.shape.Channels
}

func (w *warp) column(x int) int { return (1 + w.inside(x, w.shape.Width)) * w.shape.Channels }

func (t RandomTranslation) compile(a *augmenter) error {
	up, side := t.HeightFactor, t.WidthFactor
	if err := checkRange("HeightFactor", up, up >= 0 && up <= 1, "0 <= HeightFactor <= 1"); err != nil {
		return err
	}
	if err := checkRange("WidthFactor", side, side >= 0 && side <= 1, "0 <= WidthFactor <= 1"); err != nil {
		return err
	}
	if up == 0 && side == 0 {
		return errors.New("HeightFactor and WidthFactor are 0, want one of them above 0")
	}
	height, width := up*float64(a.shape.Height), side*float64(a.shape.Width)
	return a.addWarp(t.Fill, t.FillValue, func(r draws) plane {
		return plane{xx: 1, yy: 1, y0: r.symmetric(height), x0: r.symmetric(width)}
	})
}

func (t RandomRotation) compile(a *augmenter) error {
	if err := checkRange("Factor", t.Factor, t.Factor > 0 && t.Factor <= 1, "0 < Factor <= 1"); err != nil {
		return err
	}
	most := 2 * math.Pi * t.Factor
	return a.addWarp(t.Fill, t.FillValue, func(r draws) plane { return rotation(r.symmetric(most)) })
}

// rotation returns the map that turns an image counter-clockwise by an angle in radians.
func rotation(angle float64) plane {
	sin, cos := sin64(angle), cos64(angle)
	return plane{xx: cos, xy: -sin, yx: sin, yy: cos}
}

func (z RandomZoom) compile(a *augmenter) error {
	h, w := z.HeightFactor, z.WidthFactor
	if err := checkRange("HeightFactor", h, h > 0 && h < 1, "0 < HeightFactor < 1"); err != nil {
		return err
	}
	if err := checkRange("WidthFactor", w, w >= 0 && w < 1, "0 <= WidthFactor < 1"); err != nil {
		return err
	}
	return a.addWarp(z.Fill, z.FillValue, func(r draws) plane {
		height := 1 + r.symmetric(h)
		width := height
		if w > 0 {
			width = 1 + r.symmetric(w)
		}
		return plane{xx: width, yy: height}
	})
}

func (w *warp) change(x, scratch []float32, key uint64) {
	p := plane{xx: 1, yy: 1}
	for _, part := range w.parts {
		r := drawsOf(key, part.index)
		p = p.after(part.draw(r)) // the last part's map comes first: it says where its own result comes from
	}
	w.frame(scratch, x)
	w.interpolate(x, scratch, p)
}

// frame copies an image into its frame, of which only the upper and the left side are looked at.
func (w *warp) frame(framed, x []float32) {
	width, stride := w.shape.Width*w.shape.Channels, (w.shape.Width+2)*w.shape.Channels
	for i := range framed[:stride] {
		framed[i] = w.value
	}
	for y := range w.shape.Height {
		row := framed[(1+y)*stride:]
		for i := range w.shape.Channels {
			row[i] = w.value
		}
		copy(row[w.shape.Channels:], x[y*width:][:width])
	}
}

// Places are whole numbers of 2⁻³² pixels: steps along a row add up exactly.
const placeBits = 32

func place(v float64) int64 { return int64(math.RoundToEven(v * (1 << placeBits))) }

// part returns the part of a place behind the binary point.
func part(v int64) float32 { return float32(int32(uint32(v)>>8)) * 0x1p-24 }

// interpolate sets each pixel of dst to the value of the framed image at its place by the map p, bilinear between
// pixels' centres.
func (w *warp) interpolate(dst, framed []float32, p plane) {
	s := w.shape
	middleX, middleY := float64(s.Width-1)/2, float64(s.Height-1)/2
	stepX, stepY := place(p.xx), place(p.yx)
	channels, rows, columns := s.Channels, w.rows, w.columns
	lastRow, lastColumn := uint(len(rows)-1), uint(len(columns)-1)
	for i := range s.Height {
		down := float64(i) - middleY
		x := place(float64(p.xy*down) - float64(p.xx*middleX) + p.x0 + middleX)
		y := place(float64(p.yy*down) - float64(p.yx*middleX) + p.y0 + middleY)
		row := dst[i*s.Width*channels:][:s.Width*channels]
		for j := 0; j < len(row); j += channels {
			left, top := int(x>>placeBits), int(y>>placeBits)
			var x0, x1, y0, y1 int
			if l, t := uint(left+s.Width), uint(top+s.Height); l < lastColumn && t < lastRow {
				x0, x1, y0, y1 = columns[l], columns[l+1], rows[t], rows[t+1]
			} else {
				x0, x1, y0, y1 = w.column(left), w.column(left+1), w.row(top), w.row(top+1)
			}
			partX, partY := part(x), part(y)
			row[j] = bilinear(framed[y0+x0], framed[y0+x1], framed[y1+x0], framed[y1+x1], partX, partY)
			for c := 1; c < channels; c++ {
				row[j+c] = bilinear(framed[y0+x0+c], framed[y0+x1+c], framed[y1+x0+c], framed[y1+x1+c], partX, partY)
			}
			x, y = x+stepX, y+stepY
		}
	}
}

// bilinear returns the value between the corners a, b above c, d.
func bilinear(a, b, c, d, partX, partY float32) float32 {
	above, below := a+float32(partX*(b-a)), c+float32(partX*(d-c))
	return above + float32(partY*(below-above))
}
