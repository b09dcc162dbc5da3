package mlp

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func mustAugmenter(t testing.TB, d *Dataset, list ...Augmentation) *augmenter {
	t.Helper()
	k, err := chooseKernel()
	if err != nil {
		t.Fatal(err)
	}
	a, err := newAugmenter(list, d, false, k.isa)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// imageRows returns rows of images whose pixels are all different, 0, 1, 2 …, in each row.
func imageRows(rows int, shape ImageShape) *Dataset {
	d := &Dataset{X: make([]float32, rows*shape.size()), Features: shape.size(), Y: make([]float32, rows), Targets: 1, Image: shape}
	for i := range d.X {
		d.X[i] = float32(i % d.Features)
	}
	for i := range d.Y {
		d.Y[i] = float32(i)
	}
	return d
}

// augmented returns d's rows after one application, in which key is the pass.
func augmented(t testing.TB, d *Dataset, key uint64, list ...Augmentation) *Dataset {
	t.Helper()
	c := d.Clone()
	order := make([]int, d.Rows())
	for i := range order {
		order[i] = i
	}
	mustAugmenter(t, d, list...).apply(c.X, d.Features, c.Y, order, key)
	return c
}

// countImages returns how often each different row occurs.
func countImages(d *Dataset) map[string]int {
	counts := map[string]int{}
	for i := range d.Rows() {
		counts[fmt.Sprint(d.X[i*d.Features:][:d.Features])]++
	}
	return counts
}

func TestRandomFlip(t *testing.T) {
	d := imageRows(1000, ImageShape{2, 3, 2})
	const (
		whole    = "[0 1 2 3 4 5 6 7 8 9 10 11]"
		mirrored = "[4 5 2 3 0 1 10 11 8 9 6 7]"
		upside   = "[6 7 8 9 10 11 0 1 2 3 4 5]"
		both     = "[10 11 8 9 6 7 4 5 2 3 0 1]"
	)
	for _, test := range []struct {
		flip RandomFlip
		want []string
	}{
		{RandomFlip{Horizontal: true}, []string{whole, mirrored}},
		{RandomFlip{Vertical: true}, []string{whole, upside}},
		{RandomFlip{}, []string{whole, mirrored, upside, both}},
	} {
		checkShares(t, countImages(augmented(t, d, 1, test.flip)), test.want)
	}
}

// checkShares wants each image to occur about as often as the others. 1000 draws of a half have a deviation of 16, and of
// less if it is a smaller part.
func checkShares(t *testing.T, counts map[string]int, want []string) {
	t.Helper()
	if len(counts) != len(want) {
		t.Errorf("%d different images, want %d: %v", len(counts), len(want), counts)
	}
	for _, image := range want {
		if n := counts[image]; n < 1000/len(want)-64 || n > 1000/len(want)+64 {
			t.Errorf("%s occurs %d times of 1000", image, n)
		}
	}
}

func TestRandomQuarterTurn(t *testing.T) {
	d := imageRows(1000, ImageShape{2, 2, 1})
	checkShares(t, countImages(augmented(t, d, 1, RandomQuarterTurn{})), []string{"[0 1 2 3]", "[1 3 0 2]", "[3 2 1 0]", "[2 0 3 1]"})
}

// TestHalfTurn compares with two quarters.
func TestHalfTurn(t *testing.T) {
	for _, shape := range []ImageShape{{3, 3, 1}, {4, 4, 3}} {
		src := imageRows(1, shape).X
		quarter, want := make([]float32, len(src)), make([]float32, len(src))
		quarterTurn(quarter, src, shape)
		quarterTurn(want, quarter, shape)
		if halfTurn(src, shape.Channels); !slices.Equal(src, want) {
			t.Errorf("shape %v: %v, want %v", shape, src, want)
		}
	}
}

// naivePixel returns a value of an image that goes on beyond its edge.
func naivePixel(src []float32, s ImageShape, f filling, y, x, c int) float32 {
	beyond := func(i, n int) (int, bool) {
		for i < 0 || i >= n {
			switch f.mode {
			case FillConstant:
				return 0, false
			case FillNearest:
				i = min(max(i, 0), n-1)
			case FillWrap:
				i += n
				if i >= 2*n {
					i -= 2 * n
				}
			case FillReflect:
				if i < 0 {
					i = -1 - i
				} else {
					i = 2*n - 1 - i
				}
			}
		}
		return i, true
	}
	y, inY := beyond(y, s.Height)
	x, inX := beyond(x, s.Width)
	if !inX || !inY {
		return f.value
	}
	return src[(y*s.Width+x)*s.Channels+c]
}

var fillings = []filling{{FillReflect, 0}, {FillConstant, -7}, {FillNearest, 0}, {FillWrap, 0}}

func TestFilling(t *testing.T) {
	const letters = "abcd"
	for i, want := range []string{"abcddcbaabcddcbaabcd", "........abcd........", "aaaaaaaaabcddddddddd", "abcdabcdabcdabcdabcd"} {
		got := ""
		for at := -8; at < 12; at++ {
			if in := fillings[i].inside(at, len(letters)); in < 0 {
				got += "."
			} else {
				got += letters[in : in+1]
			}
		}
		if got != want {
			t.Errorf("mode %d: %s, want %s", i, got, want)
		}
	}
}

// TestCropExact compares every piece with one taken pixel by pixel.
func TestCropExact(t *testing.T) {
	for _, shape := range []ImageShape{{3, 4, 1}, {2, 3, 3}, {1, 1, 2}} {
		src := imageRows(1, shape).X
		for _, f := range fillings {
			c := crop{filling: f, shape: shape}
			for top := -8; top <= 8; top++ {
				for left := -8; left <= 8; left++ {
					var want []float32
					for y := range shape.Height {
						for x := range shape.Width {
							for k := range shape.Channels {
								want = append(want, naivePixel(src, shape, f, top+y, left+x, k))
							}
						}
					}
					got := make([]float32, len(src))
					c.cut(got, src, top, left)
					if !slices.Equal(got, want) {
						t.Fatalf("shape %v, fill %d, from row %d, column %d: %v, want %v", shape, f.mode, top, left, got, want)
					}
				}
			}
		}
	}
}

func TestRandomCrop(t *testing.T) {
	d := imageRows(1000, ImageShape{3, 3, 1})
	counts := countImages(augmented(t, d, 1, RandomCrop{Padding: 1, Fill: FillConstant, FillValue: -1}))
	checkShares(t, counts, []string{
		"[-1 -1 -1 -1 0 1 -1 3 4]", "[-1 -1 -1 0 1 2 3 4 5]", "[-1 -1 -1 1 2 -1 4 5 -1]",
		"[-1 0 1 -1 3 4 -1 6 7]", "[0 1 2 3 4 5 6 7 8]", "[1 2 -1 4 5 -1 7 8 -1]",
		"[-1 3 4 -1 6 7 -1 -1 -1]", "[3 4 5 6 7 8 -1 -1 -1]", "[4 5 -1 7 8 -1 -1 -1 -1]",
	})
}

func newWarp(t *testing.T, shape ImageShape, f filling) (*warp, []float32) {
	t.Helper()
	a := mustAugmenter(t, imageRows(1, shape), RandomRotation{Factor: 1, Fill: f.mode, FillValue: float64(f.value)})
	return a.changes[0].(*warp), a.scratch
}

// TestWarpExact moves by whole pixels, for which no value may change, and turns by quarters.
func TestWarpExact(t *testing.T) {
	for _, shape := range []ImageShape{{4, 4, 1}, {5, 3, 1}, {3, 3, 3}, {2, 2, 2}, {9, 9, 1}, {3, 40, 1}} {
		src := imageRows(1, shape).X
		got, want := make([]float32, len(src)), make([]float32, len(src))
		for _, f := range fillings {
			w, scratch := newWarp(t, shape, f)
			c := crop{filling: f, shape: shape}
			for top := -9; top <= 9; top++ {
				for left := -9; left <= 9; left++ {
					copy(got, src)
					w.apply(got, scratch, plane{xx: 1, yy: 1, x0: float64(left), y0: float64(top)})
					if c.cut(want, src, top, left); !slices.Equal(got, want) {
						t.Fatalf("shape %v, fill %d, moved by %d, %d: %v, want %v", shape, f.mode, top, left, got, want)
					}
				}
			}
			if shape.Height != shape.Width {
				continue
			}
			copy(got, src)
			w.apply(got, scratch, rotation(math.Pi/2))
			if quarterTurn(want, src, shape); !slices.Equal(got, want) {
				t.Errorf("shape %v: a quarter: %v, want %v", shape, got, want)
			}
		}
	}
}

// TestWarpInterpolates compares any maps with the formula in float64. A place is known to 2⁻³² pixels times the width.
func TestWarpInterpolates(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, shape := range []ImageShape{{6, 7, 1}, {5, 4, 3}, {3, 5, 2}, {9, 12, 1}, {7, 44, 1}} {
		src := make([]float32, shape.size())
		for i := range src {
			src[i] = float32(rng.NormFloat64())
		}
		got := make([]float32, len(src))
		for _, f := range fillings {
			w, scratch := newWarp(t, shape, f)
			for turn := range 150 {
				p := plane{x0: 5 * rng.NormFloat64(), y0: 5 * rng.NormFloat64()}
				switch turn % 3 {
				case 0: // a move
					p.xx, p.yy = 1, 1
				case 1: // that turns nothing
					p.xx, p.yy = rng.NormFloat64(), rng.NormFloat64()
				case 2:
					p.xx, p.xy, p.yx, p.yy = rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
				}
				copy(got, src)
				w.apply(got, scratch, p)
				for i, v := range got {
					y, x := i/shape.Channels/shape.Width, i/shape.Channels%shape.Width
					want := naiveBilinear(src, shape, f, p, y, x, i%shape.Channels)
					if math.Abs(float64(v)-want) > 1e-5 {
						t.Fatalf("shape %v, fill %d, map %v: value %d is %v, want %v", shape, f.mode, p, i, v, want)
					}
				}
			}
		}
	}
}

func naiveBilinear(src []float32, s ImageShape, f filling, p plane, y, x, c int) float64 {
	right, down := float64(x)-float64(s.Width-1)/2, float64(y)-float64(s.Height-1)/2
	atX := p.xx*right + p.xy*down + p.x0 + float64(s.Width-1)/2
	atY := p.yx*right + p.yy*down + p.y0 + float64(s.Height-1)/2
	left, top := math.Floor(atX), math.Floor(atY)
	sum := 0.0
	for k := range 4 {
		dx, dy := k%2, k/2
		weight := math.Abs(float64(1-dx)-(atX-left)) * math.Abs(float64(1-dy)-(atY-top))
		sum += weight * float64(naivePixel(src, s, f, int(top)+dy, int(left)+dx, c))
	}
	return sum
}

// TestWarpFar has maps as no list of augmentations draws them: places stay in the range of their numbers.
func TestWarpFar(t *testing.T) {
	shape := ImageShape{17, 17, 1}
	src := imageRows(1, shape).X
	for _, p := range []plane{
		{xx: 1 << 28, yy: 1, x0: 1 << 31}, {xx: -1e300, xy: 1e300, yx: 1e300, yy: 1, x0: 1e308}, {xx: math.Inf(1), yy: 1},
		{xx: 1, yy: 1, y0: math.NaN()}, {xx: 1e-300, yy: -1e20},
	} {
		for _, f := range fillings {
			w, scratch := newWarp(t, shape, f)
			got := slices.Clone(src)
			w.apply(got, scratch, p)
			w.kernel = generic
			want := slices.Clone(src)
			if w.apply(want, scratch, p); !slices.Equal(got, want) {
				t.Errorf("map %v, fill %d: %v, want %v", p, f.mode, got, want)
			}
		}
	}
}

// TestWarpDraws finds the bounds of the maps that are drawn.
func TestWarpDraws(t *testing.T) {
	d := imageRows(1, ImageShape{10, 20, 1})
	for _, test := range []struct {
		augmentation Augmentation
		want         plane // the largest of each, about
	}{
		{RandomTranslation{HeightFactor: 0.5}, plane{xx: 1, yy: 1, y0: 5}},
		{RandomTranslation{HeightFactor: 0.1, WidthFactor: 0.2}, plane{xx: 1, yy: 1, y0: 1, x0: 4}},
		{RandomZoom{HeightFactor: 0.25}, plane{xx: 1.25, yy: 1.25}},
		{RandomZoom{HeightFactor: 0.25, WidthFactor: 0.5}, plane{xx: 1.5, yy: 1.25}},
		{RandomRotation{Factor: 0.25}, plane{xx: 1, yy: 1, xy: 1, yx: 1}},
	} {
		w := mustAugmenter(t, d, test.augmentation).changes[0].(*warp)
		var most plane
		for key := range uint64(1000) {
			p := w.parts[0].draw(drawsOf(key, 0))
			most = plane{max(most.xx, p.xx), max(most.xy, p.xy), max(most.x0, p.x0), max(most.yx, p.yx), max(most.yy, p.yy), max(most.y0, p.y0)}
			if zoom, ok := test.augmentation.(RandomZoom); ok && zoom.WidthFactor == 0 && p.xx != p.yy {
				t.Fatalf("%v: map %v distorts", test.augmentation, p)
			}
		}
		got, want := reflect.ValueOf(most), reflect.ValueOf(test.want)
		for i := range got.NumField() {
			g, w := got.Field(i).Float(), want.Field(i).Float()
			if g > w || g < 0.99*w {
				t.Errorf("%T: the largest %s is %v, want up to %v", test.augmentation, got.Type().Field(i).Name, g, w)
			}
		}
	}
	// Neighbours are one warp, and the first acts first: a turn by a quarter, then a step to the right.
	a := mustAugmenter(t, d, RandomRotation{Factor: 1}, RandomZoom{HeightFactor: 0.1}, RandomTranslation{WidthFactor: 1}, RandomZoom{HeightFactor: 0.1, Fill: FillWrap})
	if len(a.changes) != 2 || len(a.changes[0].(*warp).parts) != 3 {
		t.Errorf("%d changes, want 2", len(a.changes))
	}
	shape := ImageShape{3, 3, 1}
	w, scratch := newWarp(t, shape, filling{FillConstant, 0})
	got := make([]float32, 9)
	copy(got, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9})
	w.apply(got, scratch, rotation(math.Pi/2).after(plane{xx: 1, yy: 1, x0: -1}))
	if want := []float32{0, 3, 6, 0, 2, 5, 0, 1, 4}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestZeros has zeros of both signs, of which assembly's minimum knows no order.
func TestZeros(t *testing.T) {
	minus := math.Copysign(0, -1)
	d := imageRows(1, ImageShape{3, 3, 1})
	for _, augmentation := range []Augmentation{
		RandomContrast{Factor: 0.5, ValueRange: [2]float64{-1, minus}}, RandomContrast{Factor: 0.5, ValueRange: [2]float64{minus, 1}},
		RandomBrightness{Factor: 1e-60, ValueRange: [2]float64{minus, 1}}, RandomBrightness{Factor: 1e-60},
	} {
		for _, value := range []float32{0, float32(minus)} {
			var first []float32
			eachKernel(t, func(t *testing.T, k kernel) {
				a, err := newAugmenter([]Augmentation{augmentation}, d, false, k.isa)
				if err != nil {
					t.Fatal(err)
				}
				x := fill(make([]float32, 9), value)
				for key := range uint64(10) {
					a.apply(x, 9, nil, []int{0}, key)
				}
				if first == nil {
					first = x
				}
				if i := firstOther(x, first); i >= 0 {
					t.Errorf("%v makes %v of %v, another kernel %v", augmentation, x[i], value, first[i])
				}
			})
		}
	}
}

func TestRandomBrightness(t *testing.T) {
	d := imageRows(500, ImageShape{16, 16, 1})
	c := augmented(t, d, 3, RandomBrightness{Factor: 0.25})
	low, high := float32(0), float32(0)
	for row := range d.Rows() {
		x := c.X[row*256:][:256]
		more := x[128] - 128
		low, high = min(low, more), max(high, more)
		for i, v := range x {
			if want := min(max(float32(i)+more, 0), 255); math.Abs(float64(v-want)) > 1e-4 {
				t.Fatalf("row %d: value %d is %v, want %v", row, i, v, want)
			}
		}
	}
	if most := float32(0.25 * 255); high > most || high < 0.97*most || low < -most || low > -0.97*most {
		t.Errorf("from %v to %v, want %v to either side", low, high, most)
	}
}

func TestRandomContrast(t *testing.T) {
	// Two channels of means 10 and 100: their means stay, and distances are multiplied by one factor.
	d := &Dataset{Features: 10, Image: ImageShape{1, 5, 2}}
	for range 500 {
		d.X = append(d.X, 8, 90, 9, 95, 10, 100, 11, 105, 12, 110)
	}
	c := augmented(t, d, 3, RandomContrast{Factor: 0.5, ValueRange: [2]float64{-1000, 1000}})
	low, high := float32(1), float32(1)
	for row := range d.Rows() {
		x := c.X[row*10:][:10]
		factor := x[8] - 10
		if factor /= 2; math.Abs(float64(factor-1)) > 0.5 {
			t.Fatalf("row %d: factor %v", row, factor)
		}
		low, high = min(low, factor), max(high, factor)
		for i, v := range x {
			mean := []float32{10, 100}[i%2]
			if want := factor*(d.X[i]-mean) + mean; math.Abs(float64(v-want)) > 1e-4 {
				t.Fatalf("row %d: value %d is %v, want %v", row, i, v, want)
			}
		}
	}
	if low > 0.52 || high < 1.48 {
		t.Errorf("factors from %v to %v, want 0.5 to 1.5", low, high)
	}
	c = augmented(t, d, 3, RandomContrast{Factor: 0.5, ValueRange: [2]float64{9, 101}})
	if slices.Min(c.X) != 9 || slices.Max(c.X) != 101 {
		t.Errorf("from %v to %v, want 9 to 101", slices.Min(c.X), slices.Max(c.X))
	}
}

func TestCutout(t *testing.T) {
	shape := ImageShape{4, 6, 2}
	d := imageRows(2000, shape)
	for _, size := range []int{1, 2, 3, 6} {
		counts := countImages(augmented(t, d, 1, Cutout{Size: size, FillValue: -1}))
		want := map[string]bool{}
		for cy := range shape.Height {
			for cx := range shape.Width {
				x := slices.Clone(d.X[:d.Features])
				for i := range x {
					y, x0 := i/2/shape.Width, i/2%shape.Width
					if top, left := cy-size/2, cx-size/2; y >= top && y < top+size && x0 >= left && x0 < left+size {
						x[i] = -1
					}
				}
				want[fmt.Sprint(x)] = true
			}
		}
		for image := range counts {
			if !want[image] {
				t.Errorf("size %d: %s", size, image)
			}
		}
		if len(counts) != len(want) {
			t.Errorf("size %d: %d different images, want %d", size, len(counts), len(want))
		}
	}
}

func TestRandomNoise(t *testing.T) {
	const n = 50_001 // odd, for the value behind the last pair
	d := &Dataset{X: make([]float32, 3*n), Features: n}
	x := augmented(t, d, 5, RandomNoise{Deviation: 2}).X
	var moments [5]float64
	for _, v := range x {
		for k := range moments {
			moments[k] += math.Pow(float64(v)/2, float64(k)) / float64(len(x))
		}
	}
	// Of 150,003 draws the mean has a deviation of 0.0026; the others', of powers up to the fourth, are √2, √15 and √96 times that.
	for k, want := range []float64{1, 0, 1, 0, 3} {
		if tolerance := []float64{1e-9, 0.01, 0.015, 0.04, 0.1}[k]; math.Abs(moments[k]-want) > tolerance {
			t.Errorf("moment %d is %v, want %v", k, moments[k], want)
		}
	}
}

func TestBeta(t *testing.T) {
	for _, alpha := range []float64{0.01, 0.2, 0.5, 1, 2, 10, 1e-300} {
		var mean, square float64
		below := 0
		const n = 20_000
		for key := range uint64(n) {
			r := drawsOf(key, 0)
			v := r.beta(alpha)
			if !(v >= 0 && v <= 1) {
				t.Fatalf("alpha %v: %v", alpha, v)
			}
			mean += v / n
			square += (v - 0.5) * (v - 0.5) / n
			if v < 0.25 {
				below++
			}
		}
		// The variance is 1/(4·(2·alpha + 1)), at most 1/4, so the mean of 20,000 has a deviation of at most 0.0035.
		if math.Abs(mean-0.5) > 0.014 || math.Abs(square-0.25/(2*alpha+1)) > 0.004 {
			t.Errorf("alpha %v: mean %v, variance %v, want 0.5 and %v", alpha, mean, square, 0.25/(2*alpha+1))
		}
		// The distribution function at 1/4: (2/π)·asin(√x) for 1/2, x for 1, x²·(3 - 2x) for 2.
		if want, known := map[float64]float64{0.5: 1.0 / 3, 1: 0.25, 2: 0.15625}[alpha]; known && math.Abs(float64(below)/n-want) > 0.014 {
			t.Errorf("alpha %v: %v of the numbers are below 1/4, want %v", alpha, float64(below)/n, want)
		}
	}
}

func TestMixUp(t *testing.T) {
	d := &Dataset{Features: 2, Targets: 2}
	for i := range 5 {
		d.X = append(d.X, float32(i), float32(10*i))
		d.Y = append(d.Y, float32(i), float32(-i))
	}
	c := augmented(t, d, 9, MixUp{Alpha: 1})
	if slices.Equal(c.X, d.X) {
		t.Error("nothing is mixed")
	}
	for i := range 5 {
		x, y := c.X[2*i:][:2], c.Y[2*i:][:2]
		low, high := float32(min(i, 4-i)), float32(max(i, 4-i))
		if x[0] < low || x[0] > high || math.Abs(float64(x[1]-10*x[0])) > 1e-5 || y[0] != x[0] || y[1] != -x[0] {
			t.Errorf("row %d: x %v, y %v, want one mixture of rows %d and %d", i, x, y, i, 4-i)
		}
	}
}

// everyAugmentation is a list of all types.
func everyAugmentation() []Augmentation {
	return []Augmentation{
		RandomFlip{}, RandomQuarterTurn{}, RandomCrop{Padding: 2}, RandomTranslation{HeightFactor: 0.2, WidthFactor: 0.1},
		RandomRotation{Factor: 0.1}, RandomZoom{HeightFactor: 0.2}, RandomBrightness{Factor: 0.1}, RandomContrast{Factor: 0.3},
		Cutout{Size: 3}, RandomNoise{Deviation: 1},
	}
}

// TestAugmentDependsOnRowAlone applies a list to rows together, one by one in another order, and with pads between them.
func TestAugmentDependsOnRowAlone(t *testing.T) {
	d := imageRows(7, ImageShape{6, 6, 3})
	want := augmented(t, d, augmentKey(1, 3), everyAugmentation()...)
	a := mustAugmenter(t, d, everyAugmentation()...)
	const ld = 6*6*3 + 4
	for row := 6; row >= 0; row-- {
		x := make([]float32, ld)
		copy(x, d.X[row*d.Features:][:d.Features])
		a.apply(x, ld, nil, []int{row}, augmentKey(1, 3))
		if !slices.Equal(x[:d.Features], want.X[row*d.Features:][:d.Features]) {
			t.Errorf("row %d alone differs", row)
		}
		if !slices.Equal(x[d.Features:], make([]float32, 4)) {
			t.Errorf("row %d: the pads are %v", row, x[d.Features:])
		}
	}
	if counts := countImages(want); len(counts) != 7 {
		t.Errorf("%d different images of 7", len(counts))
	}
	for _, key := range []uint64{augmentKey(1, 4), augmentKey(2, 3)} {
		if slices.Equal(augmented(t, d, key, everyAugmentation()...).X, want.X) {
			t.Error("another pass or seed gives the same images")
		}
	}
	// Each has numbers of its own: the same one twice is not the same change twice.
	if counts := countImages(augmented(t, imageRows(1000, ImageShape{2, 1, 1}), 1, RandomFlip{Vertical: true}, RandomFlip{Vertical: true})); len(counts) != 2 {
		t.Error("two flips undo each other")
	}
}

// TestHashAugment holds the images that every platform must make, and that must never change.
func TestHashAugment(t *testing.T) {
	colours, grey := ImageShape{6, 6, 3}, ImageShape{21, 21, 1}
	for _, test := range []struct {
		shape ImageShape
		list  []Augmentation
		want  string
	}{
		{colours, append(everyAugmentation(), MixUp{}), "139b6be1552a868d"},
		{grey, append(everyAugmentation(), MixUp{}), "35627512ae280a5a"},
		{colours, []Augmentation{RandomNoise{Deviation: 0.1}}, "5f19ae72e2ec34a0"},
		{colours, []Augmentation{MixUp{Alpha: 0.7}}, "cf472cc412f069c6"},
	} {
		d := imageRows(20, test.shape)
		h := sha256.New()
		for pass := range 10 {
			c := augmented(t, d, augmentKey(7, pass), test.list...)
			binary.Write(h, binary.LittleEndian, c.X)
			binary.Write(h, binary.LittleEndian, c.Y)
		}
		got := hex.EncodeToString(h.Sum(nil)[:8])
		if got != test.want {
			t.Errorf("%v of %v: hash %s, want %s", test.list, test.shape, got, test.want)
		}
		t.Log(got)
	}
}

func TestAugmentAllocs(t *testing.T) {
	d := imageRows(4, ImageShape{8, 8, 3})
	a := mustAugmenter(t, d, append(everyAugmentation(), MixUp{})...)
	order := []int{3, 1, 2, 0}
	if n := testing.AllocsPerRun(100, func() { a.apply(d.X, d.Features, d.Y, order, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAugmentErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	image := imageRows(2, ImageShape{2, 3, 1})
	for _, list := range [][]Augmentation{
		{nil},
		{MixUp{}, RandomFlip{}},
		{RandomQuarterTurn{}},
		{RandomCrop{}}, {RandomCrop{Padding: -1}}, {RandomCrop{Padding: 4}}, {RandomCrop{Padding: 1, Fill: 4}},
		{RandomCrop{Padding: 1, FillValue: 1}}, {RandomCrop{Padding: 1, Fill: FillConstant, FillValue: nan}},
		{RandomTranslation{}}, {RandomTranslation{HeightFactor: -1}}, {RandomTranslation{WidthFactor: 1.1}}, {RandomTranslation{WidthFactor: nan}},
		{RandomTranslation{HeightFactor: 1, Fill: 9}},
		{RandomRotation{}}, {RandomRotation{Factor: 2}}, {RandomRotation{Factor: nan}},
		{RandomZoom{}}, {RandomZoom{WidthFactor: 0.5}}, {RandomZoom{HeightFactor: 1}}, {RandomZoom{HeightFactor: 0.5, WidthFactor: -1}},
		{RandomBrightness{}}, {RandomBrightness{Factor: 1.5}}, {RandomBrightness{Factor: 0.5, ValueRange: [2]float64{1, 1}}},
		{RandomBrightness{Factor: 0.5, ValueRange: [2]float64{0, inf}}},
		{RandomContrast{}}, {RandomContrast{Factor: 1}}, {RandomContrast{Factor: 0.5, ValueRange: [2]float64{2, 1}}},
		{Cutout{}}, {Cutout{Size: -2}}, {Cutout{Size: 4}}, {Cutout{Size: 1, FillValue: 1e300}},
		{RandomNoise{}}, {RandomNoise{Deviation: -1}}, {RandomNoise{Deviation: inf}}, {RandomNoise{Deviation: nan}},
		{MixUp{Alpha: -1}}, {MixUp{Alpha: nan}},
	} {
		if _, err := newAugmenter(list, image, false, generic); err == nil || !strings.HasPrefix(err.Error(), "mlp: augmentation ") {
			t.Errorf("%T %+v: error %v", list[0], list, err)
		}
	}
	for _, augmentation := range []Augmentation{RandomCrop{Padding: 4}, Cutout{Size: 4}} {
		_, err := newAugmenter([]Augmentation{augmentation}, image, false, generic)
		if err == nil || !strings.Contains(err.Error(), " is 4, want 1 to 3: the images are 2×3") {
			t.Errorf("%T %+v of images of 2×3: error %v", augmentation, augmentation, err)
		}
	}
	table := &Dataset{X: make([]float32, 6), Features: 6}
	for _, augmentation := range everyAugmentation() {
		_, err := newAugmenter([]Augmentation{augmentation}, table, false, generic)
		if _, any := augmentation.(RandomNoise); any != (err == nil) {
			t.Errorf("%T of a table: error %v", augmentation, err)
		}
	}
	if _, err := newAugmenter([]Augmentation{MixUp{}}, table, true, generic); err == nil || !strings.Contains(err.Error(), "OneHot") {
		t.Errorf("MixUp of class indices: error %v", err)
	}
	for _, shape := range []ImageShape{{2, 2, 1}, {-2, -3, 1}, {6, 1, 0}, {math.MaxInt, 2, 1}, {1 << (bits.UintSize / 2), 1 << (bits.UintSize / 2), 6}, {0, 0, 6}} {
		table.Image = shape
		if _, err := newAugmenter([]Augmentation{RandomFlip{}}, table, false, generic); err == nil {
			t.Errorf("images %v of 6 features: no error", shape)
		}
	}
}
