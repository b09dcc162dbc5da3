package mlp

// resizeNearest resizes src [from] to dst [to]: each pixel is the one whose square its centre lies in. Values are
// divided by unit.
func resizeNearest[S uint8 | float32](dst []float32, to ImageShape, src []S, from ImageShape, unit float64) {
	for i := range to.Height {
		row := src[nearest(i, from.Height, to.Height)*from.Width*from.Channels:]
		for j := range to.Width {
			pixel := row[nearest(j, from.Width, to.Width)*from.Channels:]
			for c, v := range pixel[:from.Channels] {
				dst[c] = float32(float64(v) / unit)
			}
			dst = dst[from.Channels:]
		}
	}
}

// nearest returns floor((i + 0.5)·from/to).
func nearest(i, from, to int) int {
	return int((2*int64(i) + 1) * int64(from) / (2 * int64(to)))
}

// resizeBilinear resizes src [from] to dst [to] by interpolating between pixels' centres, beyond which the edge goes
// on. Values are divided by unit, and rounded once.
func resizeBilinear[S uint8 | float32](dst []float32, to ImageShape, src []S, from ImageShape, unit float64) {
	channels := from.Channels
	columns := make([]between, to.Width)
	for j := range columns {
		columns[j] = interpolate(j, from.Width, to.Width)
	}
	for i := range to.Height {
		y := interpolate(i, from.Height, to.Height)
		upper, lower := src[y.first*from.Width*channels:], src[y.second*from.Width*channels:]
		for _, x := range columns {
			left, right := x.first*channels, x.second*channels
			upperLeft, upperRight := upper[left:][:channels], upper[right:][:channels]
			lowerLeft, lowerRight := lower[left:][:channels], lower[right:][:channels]
			for c := range dst[:channels] {
				top := mix(float64(upperLeft[c]), float64(upperRight[c]), x.part)
				bottom := mix(float64(lowerLeft[c]), float64(lowerRight[c]), x.part)
				dst[c] = float32(mix(top, bottom, y.part) / unit)
			}
			dst = dst[channels:]
		}
	}
}

// mix returns the value that lies part of the way from a to b.
func mix(a, b, part float64) float64 { return a + float64(part*(b-a)) }

// between is a place between two pixels.
type between struct {
	first, second int
	part          float64 // of the way from the first to the second
}

// interpolate returns the place of pixel i of to, (i + 0.5)·from/to - 0.5, among from pixels.
func interpolate(i, from, to int) between {
	// Whole numbers over 2·to are exact.
	place := max((2*int64(i)+1)*int64(from)-int64(to), 0)
	first, rest := int(place/(2*int64(to))), place%(2*int64(to))
	return between{first, min(first+1, from-1), float64(rest) / float64(2*int64(to))}
}
