package mlp

import (
	"errors"
	"fmt"
	"math/bits"
)

// Augmentation changes the rows of a training batch at random, each time that Fit comes to them. The types that change
// images need Dataset.Image: RandomFlip, RandomQuarterTurn, RandomCrop, RandomTranslation, RandomRotation, RandomZoom,
// RandomBrightness, RandomContrast and Cutout. RandomNoise and MixUp change any rows. Names and defaults follow Keras's
// preprocessing layers of those names, where there are such (https://keras.io/api/layers/preprocessing_layers).
//
// Augmentations are applied in the order of their list. What happens to a row depends on the trainer's seed, the pass
// over the rows, the row's number in the Dataset and the place in the list, and on nothing else; in a MixUp, on the
// batch too. Translations, rotations and zooms that follow each other with the same filling are one interpolation.
type Augmentation interface {
	// compile checks the fields and adds what they say to a.
	compile(a *augmenter) error
}

// FillMode says what lies beyond the edge of an image, here of the pixels a b c d.
type FillMode uint8

const (
	FillReflect  FillMode = iota // d c b a | a b c d | d c b a
	FillConstant                 // k k k k | a b c d | k k k k, with k the FillValue
	FillNearest                  // a a a a | a b c d | d d d d
	FillWrap                     // a b c d | a b c d | a b c d
)

// RandomFlip mirrors half of the images, left to right, upside down, or both; each of the two has its own chance. The
// zero value does both.
type RandomFlip struct{ Horizontal, Vertical bool }

// RandomQuarterTurn turns square images by no, one, two or three quarters of a circle.
type RandomQuarterTurn struct{}

// RandomCrop pads images by Padding pixels on each side and cuts a piece of the old size out of that: it moves them by
// whole pixels, up to Padding in each direction. (K. He et al., "Deep Residual Learning for Image Recognition",
// arXiv:1512.03385, section 4.2.)
type RandomCrop struct {
	Padding   int // 1 <= Padding <= the larger side of the images
	Fill      FillMode
	FillValue float64
}

// RandomTranslation moves images by up to HeightFactor of their height and WidthFactor of their width, up or down, left
// or right, with bilinear interpolation.
type RandomTranslation struct {
	HeightFactor, WidthFactor float64 // from 0 to 1; 0 means not in this direction
	Fill                      FillMode
	FillValue                 float64
}

// RandomRotation turns images about their centre by up to Factor of a whole turn, to either side, with bilinear
// interpolation.
type RandomRotation struct {
	Factor    float64 // 0 < Factor <= 1
	Fill      FillMode
	FillValue float64
}

// RandomZoom scales the part of an image that is seen by 1 - factor to 1 + factor, about the centre and with bilinear
// interpolation: what lies in it becomes larger or smaller.
type RandomZoom struct {
	HeightFactor float64 // 0 < HeightFactor < 1
	WidthFactor  float64 // 0 <= WidthFactor < 1; 0 means the height's draw, which keeps proportions
	Fill         FillMode
	FillValue    float64
}

// RandomBrightness adds one number to a whole image, from -Factor to Factor of the width of ValueRange, to which it
// clips.
type RandomBrightness struct {
	Factor     float64    // 0 < Factor <= 1
	ValueRange [2]float64 // lowest and highest value; the zero value means 0 and 255
}

// RandomContrast multiplies the distance of each value from its channel's mean by 1 - Factor to 1 + Factor, and clips
// to ValueRange.
type RandomContrast struct {
	Factor     float64    // 0 < Factor < 1
	ValueRange [2]float64 // lowest and highest value; the zero value means 0 and 255
}

// Cutout sets a square of Size by Size pixels to FillValue. Its centre is any pixel; what lies beyond the edge is lost.
// (T. DeVries, G. W. Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", arXiv:1708.04552.)
type Cutout struct {
	Size      int // 1 <= Size <= the larger side of the images
	FillValue float64
}

// RandomNoise adds normal noise of that standard deviation to each value of any row, at most 4.4 times as much.
type RandomNoise struct {
	Deviation float64 // > 0
}

// MixUp mixes each row's features and targets with another's: λ of its own and 1-λ of the other's, λ from a beta
// distribution of Alpha and Alpha. Rows are paired within their batch, the first with the last. It must be the last of
// the list, and targets that are class indices must be made dense by OneHot before.
// (H. Zhang et al., "mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412.)
type MixUp struct {
	Alpha float64 // > 0; 0 means 0.2
}

// augmenter is a list of augmentations at work on the rows of one Dataset. It belongs to one goroutine.
type augmenter struct {
	shape             ImageShape // of the rows; zero if they are no images
	features, targets int
	indices           bool // the targets are class indices
	kernel            isa
	changes           []rowChange
	scratch           []float32 // a channel of an image with the widest margins, or an image
	planes            planes

	index int     // of the augmentation that is compiled, and in the end of a MixUp
	alpha float64 // of MixUp, or 0
}

// rowChange changes one row. key has the random numbers that belong to the row.
type rowChange interface {
	change(x, scratch []float32, key uint64)
}

// newAugmenter prepares the list for the rows of d, whose targets are class indices to the loss or numbers.
func newAugmenter(list []Augmentation, d *Dataset, indices bool, k isa) (*augmenter, error) {
	a := &augmenter{shape: d.Image, features: d.Features, targets: d.Targets, indices: indices, kernel: k}
	if a.shape != (ImageShape{}) {
		if s := a.shape; !s.fits(d.Features) {
			return nil, fmt.Errorf("mlp: Dataset.Image is %v for rows of %d features", s, d.Features)
		}
		a.scratch = make([]float32, max(mostMargins(a.shape).size(a.shape), a.shape.size()))
		a.planes = newPlanes(a.shape)
	}
	for i, augmentation := range list {
		if augmentation == nil {
			return nil, fmt.Errorf("mlp: augmentation %d is nil", i)
		}
		if a.alpha != 0 {
			return nil, fmt.Errorf("mlp: augmentation %d (%T) stands behind a MixUp, which must be the last", i,
				augmentation)
		}
		a.index = i
		if err := augmentation.compile(a); err != nil {
			return nil, fmt.Errorf("mlp: augmentation %d (%T): %w", i, augmentation, err)
		}
	}
	return a, nil
}

// augmentKey returns the key of the random numbers of a pass over the rows.
func augmentKey(seed uint64, pass int) uint64 {
	return mix64(seed ^ mix64(uint64(pass)<<16^streamAugment))
}

// rowKey returns the key of a row's random numbers.
func rowKey(key uint64, row int) uint64 { return mix64(key ^ uint64(row)) }

// apply changes the rows of a batch: x [rows, ld], without the pads, and y [rows, targets]. rows are their numbers in
// the Dataset, key is augmentKey's. It does not allocate.
func (a *augmenter) apply(x []float32, ld int, y []float32, rows []int, key uint64) {
	for i, row := range rows {
		k := rowKey(key, row)
		for _, c := range a.changes {
			c.change(x[i*ld:][:a.features], a.scratch, k)
		}
	}
	if a.alpha == 0 {
		return
	}
	for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
		p, q := a.share(rows[i], key), a.share(rows[j], key)
		mixRows(x[i*ld:][:a.features], x[j*ld:][:a.features], p, q)
		mixRows(y[i*a.targets:][:a.targets], y[j*a.targets:][:a.targets], p, q)
	}
}

// share returns a row's part of itself in a MixUp.
func (a *augmenter) share(row int, key uint64) float32 {
	r := drawsOf(rowKey(key, row), a.index)
	return float32(r.beta(a.alpha))
}

// mixRows mixes p of a with 1-p of b, and q of b with 1-q of a.
func mixRows(a, b []float32, p, q float32) {
	for k, v := range a {
		w := b[k]
		a[k] = float32(p*v) + float32((1-p)*w)
		b[k] = float32(q*w) + float32((1-q)*v)
	}
}

func (a *augmenter) needImages() error {
	if a.shape == (ImageShape{}) {
		return errors.New("the rows are no images: set Dataset.Image to their height, width and channels")
	}
	return nil
}

// checkPixels returns an error unless the number of pixels that a field of the augmentation holds is at least 1 and no more
// than the larger side of the images.
func (a *augmenter) checkPixels(field string, n int) error {
	if most := max(a.shape.Height, a.shape.Width); n < 1 || n > most {
		return fmt.Errorf("%s is %d, want 1 to %d: the images are %d×%d", field, n, most,
			a.shape.Height, a.shape.Width)
	}
	return nil
}

// planes takes images apart into their channels.
type planes struct {
	channels int
	values   []float32 // [channels, height, width], unless there is but one channel
}

func newPlanes(s ImageShape) planes {
	p := planes{channels: s.Channels}
	if s.Channels > 1 {
		p.values = make([]float32, s.size())
	}
	return p
}

// each lets change work on the values of each channel of x.
func (p *planes) each(x []float32, change func(x []float32)) {
	if p.channels == 1 {
		change(x)
		return
	}
	n := len(x) / p.channels
	if p.channels == 3 { // colours, at twice the pace
		red, green, blue := p.values[:n], p.values[n:][:n], p.values[2*n:][:n]
		for i := range red {
			pixel := x[3*i:][:3]
			red[i], green[i], blue[i] = pixel[0], pixel[1], pixel[2]
		}
		change(red)
		change(green)
		change(blue)
		for i := range red {
			pixel := x[3*i:][:3]
			pixel[0], pixel[1], pixel[2] = red[i], green[i], blue[i]
		}
		return
	}
	for c := range p.channels {
		plane := p.values[:n]
		for i := range plane {
			plane[i] = x[i*p.channels+c]
		}
		change(plane)
		for i, v := range plane {
			x[i*p.channels+c] = v
		}
	}
}

// draws is a stream of random numbers that are counted: SplitMix64.
type draws struct{ state uint64 }

// drawsOf returns the stream of an augmentation for a row.
func drawsOf(key uint64, index int) draws { return draws{mix64(key + uint64(index))} }

func (r *draws) next() uint64 {
	v := mix64(r.state)
	r.state += 0x9e3779b97f4a7c15
	return v
}

// unit returns a number u, 0 < u < 1.
func (r *draws) unit() float64 { return (float64(r.next()>>12) + 0.5) * 0x1p-52 }

// symmetric returns a number from -bound to bound.
func (r *draws) symmetric(bound float64) float64 { return float64(bound * (2*r.unit() - 1)) }

// intN returns a whole number from 0 to n-1, all alike but for a part of n/2⁶⁴.
func (r *draws) intN(n int) int {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int(high)
}

func (m MixUp) compile(a *augmenter) error {
	if err := checkRange("Alpha", m.Alpha, m.Alpha >= 0, "Alpha >= 0"); err != nil {
		return err
	}
	if a.indices {
		return errors.New("the targets are class indices, which do not mix: use OneHot and CategoricalCrossentropy")
	}
	if a.alpha = m.Alpha; m.Alpha == 0 {
		a.alpha = 0.2
	}
	return nil
}
