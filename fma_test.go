package mlp

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA returns x*y + z rounded once, by way of math/big.
func exactFMA(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	if s := p + float64(z); math.IsNaN(s) || math.IsInf(s, 0) { // an operand is not finite
		return float32(s)
	}
	// Products and sums of float32 reach from 2^-298 to 2^257.
	sum := new(big.Float).SetPrec(600).SetFloat64(p)
	sum.Add(sum, new(big.Float).SetFloat64(float64(z)))
	f, _ := sum.Float32()
	return f
}

func checkFMA(t *testing.T, x, y, z float32) {
	t.Helper()
	got, want := fma32(x, y, z), exactFMA(x, y, z)
	if math.Float32bits(got) != math.Float32bits(want) && (got == got || want == want) {
		t.Errorf("fma32(%x, %x, %x) = %x, want %x", x, y, z, got, want)
	}
}

// TestFMA32 compares fma32 with exact arithmetic, most of all where rounding twice would go wrong.
func TestFMA32(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	bits := func() float32 { return math.Float32frombits(r.Uint32()) }
	sign := func() float32 { return 1 - 2*float32(r.IntN(2)) }
	// near returns two factors of product 2^e, or of one so close to it that a float64 sum with 2^(e+24) loses the rest.
	near := func(e int) (x, y float32) {
		i := e / 2
		x, y = float32(math.Ldexp(1, i)), float32(math.Ldexp(1, e-i))
		switch d := float32(math.Ldexp(1, -12-r.IntN(12))); r.IntN(3) {
		case 0:
			return x * (1 + d), y * (1 - d)
		case 1: // (1+d)·(1-d+d²) = 1 + d³ wherever 1-d+d² is a float32
			d = 0x1p-11
			return x * (1 + d), y * (1 - d + d*d)
		}
		return x, y
	}
	families := []struct {
		name string
		draw func() (x, y, z float32)
	}{
		{"any bits", func() (x, y, z float32) { return bits(), bits(), bits() }},
		{"[-1,1]", func() (x, y, z float32) {
			return 2*r.Float32() - 1, 2*r.Float32() - 1, 2*r.Float32() - 1
		}},
		{"sparse", func() (x, y, z float32) {
			const mask = 0xff8f0007
			e := uint32(r.IntN(60)+97) << 23
			return math.Float32frombits(r.Uint32()&mask&^(255<<23) | 127<<23),
				math.Float32frombits(r.Uint32()&mask&^(255<<23) | 127<<23),
				math.Float32frombits(r.Uint32()&mask&^(255<<23) | e)
		}},
		{"halfway", func() (x, y, z float32) {
			z = math.Float32frombits(r.Uint32()&^(255<<23) | uint32(25+r.IntN(230))<<23)
			if r.IntN(4) == 0 {
				z = math.Float32frombits(math.Float32bits(z) &^ (1<<23 - 1)) // the unit changes below a power of two
			}
			_, e := math.Frexp(float64(z))
			x, y = near(e - 25 - r.IntN(2))
			return sign() * x, y, z
		}},
		{"denormal", func() (x, y, z float32) {
			x, y = near(-150 + r.IntN(3))
			return sign() * x, y, sign() * math.Float32frombits(uint32(r.IntN(1<<(1+r.IntN(24)))))
		}},
		{"denormal product", func() (x, y, z float32) {
			x = math.Float32frombits(r.Uint32()&^(255<<23) | uint32(1+r.IntN(126))<<23)
			y = float32(math.Ldexp(1+r.Float64(), -127-r.IntN(24)) / math.Abs(float64(x)))
			return x, y, sign() * math.Float32frombits(uint32(r.IntN(3)))
		}},
		{"overflow", func() (x, y, z float32) {
			x, y = near(103)
			return sign() * x, y, sign() * math.Float32frombits(0x7f7fffff-uint32(r.IntN(3)))
		}},
		{"cancellation", func() (x, y, z float32) {
			x, y = 2*r.Float32()-1, 2*r.Float32()-1
			z = -x * y
			return x, y, math.Float32frombits(math.Float32bits(z) + uint32(r.IntN(3)) - 1)
		}},
	}
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			for range 60000 {
				x, y, z := f.draw()
				checkFMA(t, x, y, z)
				if t.Failed() {
					return
				}
			}
		})
	}
	t.Run("special", func(t *testing.T) {
		var values []float32
		for _, b := range []uint32{0, 1, 2, 3, 0x7ffffe, 0x7fffff, 0x800000, 0x800001, 0x34000000, 0x33800000, 0x3f7fffff,
			0x3f800000, 0x3f800001, 0x3fffffff, 0x40000000, 0x7effffff, 0x7f000000, 0x7f7ffffe, 0x7f7fffff, 0x7f800000,
			0x7fc00000} {
			values = append(values, math.Float32frombits(b), math.Float32frombits(b|signBit))
		}
		for _, x := range values {
			for _, y := range values {
				for _, z := range values {
					checkFMA(t, x, y, z)
				}
			}
		}
	})
}

// TestFMA32Repair spells out a few of the cases in which rounding twice goes wrong.
func TestFMA32Repair(t *testing.T) {
	for _, c := range []struct{ x, y, z, want float32 }{
		{1 + 0x1p-12, 1 - 0x1p-12, 0x1p24, 0x1p24},          // just below halfway, to even anyway
		{1 + 0x1p-12, 1 - 0x1p-12, 0x1p24 + 2, 0x1p24 + 2},  // below halfway; twice: up to even
		{-1 - 0x1p-12, 1 - 0x1p-12, 0x1p24 + 6, 0x1p24 + 6}, // the same from above
		{0x1p-75 * (1 + 0x1p-15), 0x1p-75 * (1 - 0x1p-15), 0x1p-149, 0x1p-149},
		{0x1p52 * (1 + 0x1p-15), 0x1p51 * (1 - 0x1p-15), math.MaxFloat32, math.MaxFloat32},
		{0x1p52, 0x1p51, math.MaxFloat32, float32(math.Inf(1))},
	} {
		if got := fma32(c.x, c.y, c.z); got != c.want {
			t.Errorf("fma32(%x, %x, %x) = %x, want %x", c.x, c.y, c.z, got, c.want)
		}
	}
}
