package mlp

import (
	"errors"
	"math"
)

// warp moves, turns and scales in one interpolation what neighbouring augmentations ask for.
type warp struct {
	filling
	shape ImageShape
	parts []warpPart

	rows, columns []int // what w.inside says of rows -height … 2·height and columns -width … 2·width

	// Of move and stretch:
	above, below []float32 // values of two rows between their columns
	lines        []int     // where the rows begin that the new image's lie between
	spots        []spot    // where its columns lie
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
	w.above = make([]float32, a.shape.Width*a.shape.Channels)
	w.below = make([]float32, a.shape.Width*a.shape.Channels)
	w.lines = make([]int, a.shape.Height+1)
	w.spots = make([]spot, a.shape.Width)
	for y := -a.shape.Height; y <= 2*a.shape.Height; y++ {
		w.rows = append(w.rows, w.inside(y, a.shape.Height))
	}
	for x := -a.shape.Width; x <= 2*a.shape.Width; x++ {
		w.columns = append(w.columns, w.inside(x, a.shape.Width))
	}
	a.changes = append(a.changes, w)
	return nil
}

// row is w.inside of a row, column that of a column.
func (w *warp) row(y int) int {
	if i := y + w.shape.Height; uint(i) < uint(len(w.rows)) {
		return w.rows[i]
	}
	return w.inside(y, w.shape.Height)
}

func (w *warp) column(x int) int {
	if i := x + w.shape.Width; uint(i) < uint(len(w.columns)) {
		return w.columns[i]
	}
	return w.inside(x, w.shape.Width)
}

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
	w.apply(x, scratch, p)
}

// apply sets each pixel of x to the value at its place by the map p, bilinear between pixels' centres. Maps that keep
// rows and columns straight have ways of their own, which are faster.
func (w *warp) apply(x, scratch []float32, p plane) {
	if p.xx == 1 && p.xy == 0 && p.yx == 0 && p.yy == 1 {
		w.move(x, scratch, place(p.x0), place(p.y0))
		return
	}
	w.frame(scratch, x)
	if p.xy == 0 && p.yx == 0 {
		w.stretch(x, scratch, p)
	} else {
		w.interpolate(x, scratch, p)
	}
}

// Places are whole numbers of 2⁻³² pixels: steps along a row add up exactly.
const placeBits = 32

func place(v float64) int64 { return int64(math.RoundToEven(v * (1 << placeBits))) }

// part returns the part of a place behind the binary point.
func part(v int64) float32 { return float32(int32(uint32(v)>>8)) * 0x1p-24 }

// bilinear returns the value between the corners a, b above c, d.
func bilinear(a, b, c, d, partX, partY float32) float32 {
	above, below := a+float32(partX*(b-a)), c+float32(partX*(d-c))
	return above + float32(partY*(below-above))
}

// move sets each pixel of x to the value that lies right to its right and down below. All lie alike between their
// neighbours: what interpolation between columns gives for a row serves the row above it too.
func (w *warp) move(x, scratch []float32, right, down int64) {
	s := w.shape
	left, top := int(right>>placeBits), int(down>>placeBits)
	partX, partY := part(right), part(down)
	channels, width := s.Channels, s.Width*s.Channels
	copy(scratch, x)
	for i := range w.lines {
		in := w.row(top + i)
		if in < 0 { // a row of the constant, behind the image
			in = s.Height
		}
		w.lines[i] = in * width
	}
	if w.mode == FillConstant {
		beyond := scratch[len(x):][:width]
		for j := range beyond {
			beyond[j] = w.value
		}
	}
	// Columns from … to-1 of the new image lie between two of the old.
	from := min(max(-left, 0), s.Width)
	to := max(min(s.Width-1-left, s.Width), from)
	for j := range s.Width {
		if j < from || j >= to {
			w.moveColumn(x[j*channels:], scratch, w.column(left+j), w.column(left+j+1), partX, partY)
		}
	}
	if from == to {
		return
	}
	above := w.above[:(to-from)*channels]
	for i, at := range w.lines {
		line := scratch[at+(from+left)*channels:][:len(above)]
		next := scratch[at+(from+left+1)*channels:][:len(above)]
		if i == 0 {
			for j, a := range line {
				above[j] = a + float32(partX*(next[j]-a))
			}
			continue
		}
		row := x[(i-1)*width+from*channels:][:len(above)]
		if channels == 1 {
			a := line[0]
			for j, b := range next {
				below, u := a+float32(partX*(b-a)), above[j]
				above[j], a = below, b
				row[j] = u + float32(partY*(below-u))
			}
			continue
		}
		for j, b := range next {
			a, u := line[j], above[j]
			below := a + float32(partX*(b-a))
			above[j] = below
			row[j] = u + float32(partY*(below-u))
		}
	}
}

// moveColumn is move for a column that lies between columns l and r of the image, which are -1 for the constant.
func (w *warp) moveColumn(x, scratch []float32, l, r int, partX, partY float32) {
	channels, width := w.shape.Channels, w.shape.Width*w.shape.Channels
	for c := range channels {
		above := float32(0)
		for i, at := range w.lines {
			a, b := w.value, w.value
			if l >= 0 {
				a = scratch[at+l*channels+c]
			}
			if r >= 0 {
				b = scratch[at+r*channels+c]
			}
			below := a + float32(partX*(b-a))
			if i > 0 {
				x[(i-1)*width+c] = above + float32(partY*(below-above))
			}
			above = below
		}
	}
}

// frame copies an image into a frame of one pixel, which holds what lies beyond the edge.
func (w *warp) frame(framed, x []float32) {
	s := w.shape
	channels, width, stride := s.Channels, s.Width*s.Channels, (s.Width+2)*s.Channels
	left, right := w.column(-1)*channels, w.column(s.Width)*channels
	for y := -1; y <= s.Height; y++ {
		row, in := framed[(1+y)*stride:][:stride], w.row(y)
		if in < 0 {
			for i := range row {
				row[i] = w.value
			}
			continue
		}
		line := x[in*width:][:width]
		copy(row[channels:], line)
		for c := range channels {
			first, last := w.value, w.value
			if left >= 0 {
				first, last = line[left+c], line[right+c]
			}
			row[c], row[channels+width+c] = first, last
		}
	}
}

// spot is where a column of the new image lies: between two of the framed one.
type spot struct {
	left, right int // offsets in a row
	part        float32
}

// stretch is apply for a map that keeps rows and columns straight, so that interpolation between columns serves all
// rows that lie beside the same one.
func (w *warp) stretch(dst, framed []float32, p plane) {
	s := w.shape
	middleX, middleY := float64(s.Width-1)/2, float64(s.Height-1)/2
	channels, stride := s.Channels, (s.Width+2)*s.Channels
	x, stepX := place(p.x0-float64(p.xx*middleX)+middleX), place(p.xx)
	for j := range w.spots {
		left := int(x >> placeBits)
		w.spots[j] = spot{(1 + w.column(left)) * channels, (1 + w.column(left+1)) * channels, part(x)}
		x += stepX
	}
	above, below := w.above, w.below
	aboveAt, belowAt := -1, -1 // the rows that they are of
	for i := range s.Height {
		y := place(float64(p.yy*(float64(i)-middleY)) + p.y0 + middleY)
		top := int(y >> placeBits)
		topAt, bottomAt := (1+w.row(top))*stride, (1+w.row(top+1))*stride
		if topAt == belowAt {
			above, below, aboveAt, belowAt = below, above, belowAt, aboveAt
		}
		if topAt != aboveAt {
			w.stretchRow(above, framed[topAt:][:stride])
		}
		if bottomAt != belowAt {
			w.stretchRow(below, framed[bottomAt:][:stride])
		}
		aboveAt, belowAt = topAt, bottomAt
		row, partY := dst[i*len(above):][:len(above)], part(y)
		below := below[:len(row)]
		for j, a := range above {
			row[j] = a + float32(partY*(below[j]-a))
		}
	}
}

// stretchRow sets dst to the values of a row between its columns.
func (w *warp) stretchRow(dst, row []float32) {
	channels := w.shape.Channels
	if channels == 1 {
		dst := dst[:len(w.spots)]
		for j, s := range w.spots {
			a := row[s.left]
			dst[j] = a + float32(s.part*(row[s.right]-a))
		}
		return
	}
	for j, s := range w.spots {
		for c := range channels {
			a := row[s.left+c]
			dst[j*channels+c] = a + float32(s.part*(row[s.right+c]-a))
		}
	}
}

// interpolate is apply for any map.
func (w *warp) interpolate(dst, framed []float32, p plane) {
	const one = 1 << placeBits
	s := w.shape
	middleX, middleY := float64(s.Width-1)/2, float64(s.Height-1)/2
	stepX, stepY := place(p.xx), place(p.yx)
	width, channels, stride := s.Width*s.Channels, s.Channels, (s.Width+2)*s.Channels
	for i := range s.Height {
		down := float64(i) - middleY
		// From the frame's upper left pixel.
		x := place(float64(p.xy*down)-float64(p.xx*middleX)+p.x0+middleX) + one
		y := place(float64(p.yy*down)-float64(p.yx*middleX)+p.y0+middleY) + one
		row := dst[i*width:][:width]
		// The places between whose neighbours all lie in the frame follow each other: they are on a line.
		from, to := 0, s.Width
		for ; from < to && !w.framed(x, y); from++ {
			w.beyond(row[from*channels:][:channels], framed, x, y)
			x, y = x+stepX, y+stepY
		}
		for ; to > from; to-- {
			steps := int64(to - 1 - from)
			lastX, lastY := x+steps*stepX, y+steps*stepY
			if w.framed(lastX, lastY) {
				break
			}
			w.beyond(row[(to-1)*channels:][:channels], framed, lastX, lastY)
		}
		if inner := row[from*channels : to*channels]; channels == 1 {
			interpolateGray(inner, framed, stride, x, y, stepX, stepY)
		} else {
			interpolateColours(inner, framed, channels, stride, x, y, stepX, stepY)
		}
	}
}

// interpolateGray sets each pixel of dst to the value at a place, of which the first is x, y, in an image of one
// channel.
func interpolateGray(dst, src []float32, stride int, x, y, stepX, stepY int64) {
	d := src[stride+1:]
	a, b, c := src[:len(d)], src[1:][:len(d)], src[stride:][:len(d)]
	for i := range dst {
		at := uint(uint64(y)>>placeBits)*uint(stride) + uint(uint64(x)>>placeBits)
		if at >= uint(len(d)) {
			break // never: it spares four checks of bounds
		}
		dst[i] = bilinear(a[at], b[at], c[at], d[at], part(x), part(y))
		x, y = x+stepX, y+stepY
	}
}

func interpolateColours(dst, src []float32, channels, stride int, x, y, stepX, stepY int64) {
	for ; len(dst) > 0; dst = dst[channels:] {
		corner := src[int(y>>placeBits)*stride+int(x>>placeBits)*channels:]
		below := corner[stride:]
		partX, partY := part(x), part(y)
		for c := range dst[:channels] {
			dst[c] = bilinear(corner[c], corner[channels+c], below[c], below[channels+c], partX, partY)
		}
		x, y = x+stepX, y+stepY
	}
}

// framed reports whether the four pixels around a place are in the frame.
func (w *warp) framed(x, y int64) bool {
	return uint64(x) < uint64(w.shape.Width+1)<<placeBits && uint64(y) < uint64(w.shape.Height+1)<<placeBits
}

// beyond sets a pixel to the value at a place outside the frame, whose first row and column hold the constant if there
// is one.
func (w *warp) beyond(pixel, framed []float32, x, y int64) {
	channels, stride := w.shape.Channels, (w.shape.Width+2)*w.shape.Channels
	left, top := int(x>>placeBits)-1, int(y>>placeBits)-1
	x0, x1 := (1+w.column(left))*channels, (1+w.column(left+1))*channels
	y0, y1 := (1+w.row(top))*stride, (1+w.row(top+1))*stride
	partX, partY := part(x), part(y)
	for c := range pixel {
		pixel[c] = bilinear(framed[y0+x0+c], framed[y0+x1+c], framed[y1+x0+c], framed[y1+x1+c], partX, partY)
	}
}
