package mlp

import (
	"errors"
	"math"
)

// warp moves, turns and scales in one interpolation what neighbouring augmentations ask for.
type warp struct {
	filling
	shape  ImageShape
	planes *planes
	kernel isa
	parts  []warpPart

	most    margins // of a frame
	columns []int   // what w.inside says of the columns of the widest frame
	narrow  framing // for frames whose margins are not wider than marginWidth; n is 0 if images are narrower
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
	w := &warp{filling: f, shape: a.shape, planes: &a.planes, kernel: a.kernel, parts: []warpPart{part}}
	w.most = mostMargins(a.shape)
	for x := -w.most.left; x < a.shape.Width+w.most.right; x++ {
		w.columns = append(w.columns, w.inside(x, a.shape.Width))
	}
	if a.shape.Width >= marginWidth {
		w.narrow = newFraming(f, a.shape)
	}
	a.changes = append(a.changes, w)
	return nil
}

// newFraming returns the framing of images of a shape without its arrays.
func newFraming(f filling, shape ImageShape) framing {
	s := framing{rows: shape.Height, n: shape.Width, right: shape.Width - marginWidth}
	if f.mode == FillConstant {
		s.fill = math.Float32bits(f.value)
		return s
	}
	s.keep = math.MaxUint32
	if f.mode == FillWrap {
		s.left, s.right = s.right, s.left
	}
	for j := range marginWidth {
		s.order[0][j] = int32(f.inside(j-marginWidth, s.n) - s.left)
		s.order[1][j] = int32(f.inside(s.n+j, s.n) - s.right)
	}
	return s
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

// Places are whole numbers of 2⁻³² pixels: steps along rows and columns add up exactly.
const placeBits = 32

// farthest is the number of pixels, either way, within which places are kept: so sums of them are in the range of int64.
const farthest = 1 << 29

// place returns the place v, or the farthest that is not beyond most.
func place(v, most float64) int64 {
	if !(v > -most) {
		v = -most
	}
	return int64(math.RoundToEven(min(v, most) * (1 << placeBits)))
}

// part returns the part of a place behind the binary point.
func part(v int64) float32 { return float32(int32(uint32(v)>>8)) * 0x1p-24 }

// bilinear returns the value between the corners a, b above c, d.
func bilinear(a, b, c, d, partX, partY float32) float32 {
	above, below := a+float32(partX*(b-a)), c+float32(partX*(d-c))
	return above + float32(partY*(below-above))
}

// apply sets each pixel of x to the value at its place by the map p, bilinear between pixels' centres.
func (w *warp) apply(x, scratch []float32, p plane) {
	s := w.shape
	middleX, middleY := float64(float64(s.Width-1)/2), float64(float64(s.Height-1)/2)
	step := farthest / float64(max(s.Width, s.Height))
	i := interpolation{
		rows: s.Height, n: s.Width,
		x:      place(p.x0+middleX-float64(p.xx*middleX)-float64(p.xy*middleY), farthest),
		y:      place(p.y0+middleY-float64(p.yx*middleX)-float64(p.yy*middleY), farthest),
		rightX: place(p.xx, step), rightY: place(p.yx, step), downX: place(p.xy, step), downY: place(p.yy, step),
	}
	m := i.margins()
	whole := m.within(w.most)
	if !whole {
		m = w.most
	}
	narrow := s.Width >= marginWidth && m.left <= marginWidth && m.right <= marginWidth
	if narrow {
		m.left, m.right = marginWidth, marginWidth
	}
	i.src, i.ld = scratch[:m.size(s)], m.left+s.Width+m.right
	i.x += int64(m.left) << placeBits
	i.y += int64(m.top) << placeBits
	w.planes.each(x, func(x []float32) {
		i.dst = x
		if narrow {
			w.narrow.dst, w.narrow.src = i.src[m.top*i.ld:], x
			w.kernel.frame(&w.narrow)
		} else {
			w.frame(i.src[m.top*i.ld:], x, m)
		}
		w.frameRows(i.src, m)
		if whole {
			w.kernel.interpolate(&i)
		} else {
			w.apart(&i, m)
		}
	})
}

// margins are the rows and columns around an image that hold what lies beyond its edge.
type margins struct{ left, right, top, bottom int }

// mostMargins returns those of the widest frame.
func mostMargins(s ImageShape) margins {
	side, up := max(1+s.Width/4, marginWidth), 1+s.Height/4
	return margins{side, side, up, up}
}

// margins returns those that an interpolation needs of which src is the mere image.
func (s *interpolation) margins() (m margins) {
	beyond := func(n int, first, right, down int64) (before, behind int) {
		least := first + min(right, 0) + min(down, 0)
		most := first + max(right, 0) + max(down, 0)
		return max(-int(least>>placeBits), 0), max(int(most>>placeBits)+2-n, 0)
	}
	m.left, m.right = beyond(s.n, s.x, int64(s.n-1)*s.rightX, int64(s.rows-1)*s.downX)
	m.top, m.bottom = beyond(s.rows, s.y, int64(s.n-1)*s.rightY, int64(s.rows-1)*s.downY)
	return m
}

// within reports whether none is wider than in n.
func (m margins) within(n margins) bool {
	return m.left <= n.left && m.right <= n.right && m.top <= n.top && m.bottom <= n.bottom
}

// size returns the length of an image of one channel with its margins, and of what the kernel wants behind it.
func (m margins) size(s ImageShape) int {
	ld := m.left + s.Width + m.right
	return (m.top+s.Height+m.bottom)*ld + interpolationSlack(ld)
}

// frame copies an image and sets the pixels to its left and right.
func (w *warp) frame(dst, x []float32, m margins) {
	width := w.shape.Width
	left, right := w.columns[w.most.left-m.left:][:m.left], w.columns[w.most.left+width:][:m.right]
	for ; len(x) > 0; x = x[width:] {
		w.margin(dst, x, left)
		dst = dst[m.left:]
		copy(dst[:width], x)
		dst = dst[width:]
		w.margin(dst, x, right)
		dst = dst[m.right:]
	}
}

// margin sets pixels to those of a line in the given columns, of which -1 is the constant.
func (w *warp) margin(dst, line []float32, columns []int) {
	for j, at := range columns {
		if dst[j] = w.value; at >= 0 {
			dst[j] = line[at]
		}
	}
}

// frameRows sets the rows above and below an image with its left and right margins.
func (w *warp) frameRows(framed []float32, m margins) {
	ld := m.left + w.shape.Width + m.right
	for i := range m.top + m.bottom {
		y := i - m.top
		if y >= 0 {
			y += w.shape.Height
		}
		row, in := framed[(m.top+y)*ld:][:ld], w.inside(y, w.shape.Height)
		if in >= 0 {
			copy(row, framed[(m.top+in)*ld:])
			continue
		}
		for j := range row {
			row[j] = w.value
		}
	}
}

// frameGeneric copies an image and sets the pixels beside it.
func frameGeneric(s *framing) {
	for y := range s.rows {
		row, line := s.dst[y*(s.n+2*marginWidth):][:s.n+2*marginWidth], s.src[y*s.n:][:s.n]
		copy(row[marginWidth:], line)
		for side, from := range [2]int{s.left, s.right} {
			margin := row[side*(marginWidth+s.n):][:marginWidth]
			for j, at := range s.order[side] {
				margin[j] = math.Float32frombits(math.Float32bits(line[from+int(at)])&s.keep | s.fill)
			}
		}
	}
}

// apart interpolates where a map reaches beyond the frame, which has the widest margins m.
func (w *warp) apart(s *interpolation, m margins) {
	right, bottom := uint64(s.ld-1)<<placeBits, uint64(m.top+w.shape.Height+m.bottom-1)<<placeBits
	framed := func(x, y int64) bool { return uint64(x) < right && uint64(y) < bottom }
	for i := range s.rows {
		x, y := s.x+int64(i)*s.downX, s.y+int64(i)*s.downY
		row := s.dst[i*s.n:][:s.n]
		// The places between whose neighbours all lie in the frame follow each other: they are on a line.
		from, to := 0, s.n
		for ; from < to && !framed(x, y); from++ {
			row[from] = w.outside(s, m, x, y)
			x, y = x+s.rightX, y+s.rightY
		}
		for ; to > from; to-- {
			steps := int64(to - 1 - from)
			lastX, lastY := x+steps*s.rightX, y+steps*s.rightY
			if framed(lastX, lastY) {
				break
			}
			row[to-1] = w.outside(s, m, lastX, lastY)
		}
		inner := *s
		inner.dst, inner.rows, inner.n, inner.x, inner.y = row[from:to], 1, to-from, x, y
		w.kernel.interpolate(&inner)
	}
}

// outside returns the value at a place outside the frame, whose margins m hold the constant if there is one.
func (w *warp) outside(s *interpolation, m margins, x, y int64) float32 {
	left, top := int(x>>placeBits)-m.left, int(y>>placeBits)-m.top
	x0, x1 := m.left+w.inside(left, w.shape.Width), m.left+w.inside(left+1, w.shape.Width)
	y0, y1 := (m.top+w.inside(top, w.shape.Height))*s.ld, (m.top+w.inside(top+1, w.shape.Height))*s.ld
	return bilinear(s.src[y0+x0], s.src[y0+x1], s.src[y1+x0], s.src[y1+x1], part(x), part(y))
}

// interpolateGeneric sets each pixel of dst to the value at its place in an image of one channel.
func interpolateGeneric(s *interpolation) {
	d := s.src[s.ld+1:]
	a, b, c := s.src[:len(d)], s.src[1:][:len(d)], s.src[s.ld:][:len(d)]
	for i := range s.rows {
		x, y := s.x+int64(i)*s.downX, s.y+int64(i)*s.downY
		row := s.dst[i*s.n:][:s.n]
		for j := range row {
			at := uint(uint64(y)>>placeBits)*uint(s.ld) + uint(uint64(x)>>placeBits)
			if at >= uint(len(d)) {
				break // never: it spares four checks of bounds
			}
			row[j] = bilinear(a[at], b[at], c[at], d[at], part(x), part(y))
			x, y = x+s.rightX, y+s.rightY
		}
	}
}
