package mlp

import (
	"math/rand/v2"
	"testing"
)

// newInterpolation returns operands of random values with a random map: of a few pixels, a turn, or any. src is as small as
// the map allows.
func newInterpolation(rng *rand.Rand, alloc allocate, rows, n int, value func(*rand.Rand) float32) interpolation {
	var p plane
	switch rng.IntN(4) {
	case 0:
		p = plane{xx: 1, yy: 1}
	case 1:
		p = plane{xx: 1 + wide(rng)/3, yy: 1 + wide(rng)/3}
	case 2:
		p = rotation(3.2 * wide(rng))
	case 3:
		p = plane{xx: 3 * wide(rng), xy: 3 * wide(rng), yx: 3 * wide(rng), yy: 3 * wide(rng)}
	}
	s := interpolation{rows: rows, n: n, rightX: place(p.xx, 9), rightY: place(p.yx, 9), downX: place(p.xy, 9), downY: place(p.yy, 9)}
	least := func(right, down int64) int64 { return min(int64(n-1)*right, 0) + min(int64(rows-1)*down, 0) }
	s.x = rng.Int64N(3<<placeBits) - least(s.rightX, s.downX)
	s.y = rng.Int64N(3<<placeBits) - least(s.rightY, s.downY)
	most := func(first, right, down int64) int {
		return int((first + max(int64(n-1)*right, 0) + max(int64(rows-1)*down, 0)) >> placeBits)
	}
	s.ld = most(s.x, s.rightX, s.downX) + 2 + rng.IntN(9)
	s.dst = alloc(rows * n)
	s.src = alloc((most(s.y, s.rightY, s.downY)+2)*s.ld + interpolationSlack(s.ld))
	for i := range s.src {
		s.src[i] = value(rng)
	}
	return s
}

// wide returns a number from -1 to 1.
func wide(rng *rand.Rand) float64 { return 2*rng.Float64() - 1 }

func (s *interpolation) compare(t *testing.T, k kernel) {
	t.Helper()
	want := *s
	want.dst = make([]float32, len(s.dst))
	interpolateGeneric(&want)
	k.isa.interpolate(s)
	if i := firstOther(s.dst, want.dst); i >= 0 {
		t.Fatalf("%d rows of %d from %d, %d by %d, %d and %d, %d: pixel %d is %v, want %v", s.rows, s.n, s.x, s.y,
			s.rightX, s.rightY, s.downX, s.downY, i, s.dst[i], want.dst[i])
	}
}

// firstOther returns the index of the first element that is not the same, or -1.
func firstOther(got, want []float32) int {
	for i, w := range want {
		if !sameFloat(got[i], w) {
			return i
		}
	}
	return -1
}

// TestInterpolate compares the kernels with the generic one, bit for bit.
func TestInterpolate(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(21, 0))
		for n := 1; n <= 40; n++ {
			for range 40 {
				value := uniform
				if rng.IntN(5) == 0 {
					value = special
				}
				alloc, check := watched(t, rng)
				s := newInterpolation(rng, alloc, 1+rng.IntN(14), n, value)
				s.compare(t, k)
				check()
			}
		}
		s := newInterpolation(rng, scattered(rng), 2*maxPixels/40, 40, uniform)
		s.compare(t, k)
		s = newInterpolation(rng, scattered(rng), 1, 2*maxPixels, uniform)
		s.compare(t, k)
	})
}

// maxPixels is what the kernels compute in one call.
const maxPixels = 1 << 15

// newTestFraming returns operands of random values for a random mode.
func newTestFraming(rng *rand.Rand, alloc allocate, rows, n int) framing {
	f := fillings[rng.IntN(len(fillings))]
	s := newFraming(f, ImageShape{rows, n, 1})
	s.src, s.dst = alloc(rows*n), alloc(rows*(n+2*marginWidth))
	for i := range s.src {
		s.src[i] = special(rng)
	}
	return s
}

func (s *framing) compare(t *testing.T, k kernel) {
	t.Helper()
	want := *s
	want.dst = make([]float32, len(s.dst))
	frameGeneric(&want)
	k.isa.frame(s)
	if i := firstOther(s.dst, want.dst); i >= 0 {
		t.Fatalf("%d rows of %d: pixel %d is %v, want %v", s.rows, s.n, i, s.dst[i], want.dst[i])
	}
}

// TestFrame compares the kernels with the generic one, which TestWarpExact compares with single pixels.
func TestFrame(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(22, 0))
		for n := marginWidth; n <= 70; n++ {
			for range 10 {
				alloc, check := watched(t, rng)
				s := newTestFraming(rng, alloc, 1+rng.IntN(9), n)
				s.compare(t, k)
				check()
			}
		}
		s := newTestFraming(rng, scattered(rng), 2*maxPixels/40, 40)
		s.compare(t, k)
	})
}
