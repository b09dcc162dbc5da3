package mlp

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"os"
	"strconv"
	"testing"
)

// functions32 are the float32 functions, the float64 ones that they approximate, the ranges in which they are measured,
// and bounds on their errors there, in ulp.
var functions32 = []struct {
	name   string
	f      func(float32) float32
	exact  func(float64) float64
	lo, hi float32
	ulp    float64
}{
	{"exp32", exp32, math.Exp, -104.5, 89.5, 1},
	{"expm1Neg32", expm1Neg32, math.Expm1, float32(math.Inf(-1)), 0, 2},
	{"log32", log32, math.Log, 0, float32(math.Inf(1)), 1},
	{"log1p32", log1p32, math.Log1p, 0, 1, 2},
	{"softplus32", softplus32, exactSoftplus, -104.5, 100, 2},
	{"sigmoid32", sigmoid32, exactSigmoid, -104.5, 40, 2},
	{"tanh32", tanh32, math.Tanh, -12, 12, 2},
	{"erf32", erf32, math.Erf, -5, 5, 2},
}

func exactSoftplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func exactSigmoid(x float64) float64 {
	if x < 0 {
		return math.Exp(x) / (1 + math.Exp(x))
	}
	return 1 / (1 + math.Exp(-x))
}

// ulp32 returns the unit in the last place of a float32 at x.
func ulp32(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(1, max(e, -125)-24)
}

// TestMath32Error measures the float32 functions against float64, over a sample of all float32; MLP_TEST_STRIDE=1 takes
// every one, which needs some minutes.
func TestMath32Error(t *testing.T) {
	stride := 4099
	if s := os.Getenv("MLP_TEST_STRIDE"); s != "" {
		var err error
		if stride, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range functions32 {
		t.Run(f.name, func(t *testing.T) {
			var worst float64
			var at float32
			measure := func(x float32) {
				got, want := f.f(x), f.exact(float64(x))
				if float32(want) == got { // correctly rounded, infinities included
					return
				}
				if e := math.Abs(float64(got)-want) / ulp32(want); !(e <= worst) {
					worst, at = e, x
				}
			}
			if f.lo < 0 {
				for b := int64(0); b <= int64(math.Float32bits(-f.lo)); b += int64(stride) {
					measure(-math.Float32frombits(uint32(b)))
				}
			}
			if f.hi > 0 {
				for b := int64(0); b <= int64(math.Float32bits(f.hi)); b += int64(stride) {
					measure(math.Float32frombits(uint32(b)))
				}
			}
			t.Logf("at most %.4f ulp, at %x (%g)", worst, at, at)
			if !(worst <= f.ulp) {
				t.Errorf("error of %.4f ulp at %x (%g), want at most %g", worst, at, at, f.ulp)
			}
		})
	}
}

// TestMath32Special checks zeros and their signs, infinities, NaN, and both ends of every range.
func TestMath32Special(t *testing.T) {
	inf, nan, zero := float32(math.Inf(1)), float32(math.NaN()), float32(math.Copysign(0, -1))
	for _, f := range functions32 {
		if got := f.f(nan); got == got {
			t.Errorf("%s(NaN) = %g", f.name, got)
		}
	}
	for _, c := range []struct {
		name    string
		f       func(float32) float32
		x, want float32
	}{
		{"exp32", exp32, 0, 1},
		{"exp32", exp32, zero, 1},
		{"exp32", exp32, inf, inf},
		{"exp32", exp32, -inf, 0},
		{"exp32", exp32, 0x1.62e42ep+6, 0x1.ffff08p+127}, // the largest finite result
		{"exp32", exp32, 0x1.62e430p+6, inf},
		{"exp32", exp32, -0x1.9fe368p+6, 0x1p-149}, // the smallest result
		{"exp32", exp32, -0x1.9fe36ap+6, 0},
		{"expm1Neg32", expm1Neg32, 0, 0},
		{"expm1Neg32", expm1Neg32, zero, zero},
		{"expm1Neg32", expm1Neg32, -0x1p-149, -0x1p-149},
		{"expm1Neg32", expm1Neg32, -inf, -1},
		{"log32", log32, 0, -inf},
		{"log32", log32, zero, -inf},
		{"log32", log32, 1, 0},
		{"log32", log32, inf, inf},
		{"log32", log32, -1, nan},
		{"log32", log32, -inf, nan},
		{"log32", log32, 0x1p-149, -0x1.9d1dap+6},
		{"log1p32", log1p32, 0, 0},
		{"log1p32", log1p32, 0x1p-149, 0x1p-149},
		{"log1p32", log1p32, 1, ln2},
		{"softplus32", softplus32, zero, ln2},
		{"softplus32", softplus32, inf, inf},
		{"softplus32", softplus32, -inf, 0},
		{"softplus32", softplus32, 1e30, 1e30},
		{"sigmoid32", sigmoid32, zero, 0.5},
		{"sigmoid32", sigmoid32, inf, 1},
		{"sigmoid32", sigmoid32, -inf, 0},
		{"tanh32", tanh32, 0, 0},
		{"tanh32", tanh32, zero, zero},
		{"tanh32", tanh32, 0x1p-149, 0x1p-149},
		{"tanh32", tanh32, inf, 1},
		{"tanh32", tanh32, -inf, -1},
		{"erf32", erf32, 0, 0},
		{"erf32", erf32, zero, zero},
		{"erf32", erf32, 0x1p-149, 0x1p-149},
		{"erf32", erf32, inf, 1},
		{"erf32", erf32, -inf, -1},
	} {
		if got := c.f(c.x); math.Float32bits(got) != math.Float32bits(c.want) && (got == got || c.want == c.want) {
			t.Errorf("%s(%g) = %x, want %x", c.name, c.x, got, c.want)
		}
	}
}

// TestMath32Bits compares a hash of results with the one that every platform must give.
func TestMath32Bits(t *testing.T) {
	h := fnv.New64a()
	for _, f := range functions32 {
		for b := uint64(0); b < 1<<32; b += 16381 {
			if x := math.Float32frombits(uint32(b)); f.lo <= x && x <= f.hi {
				h.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(f.f(x))))
			}
		}
	}
	if got, want := h.Sum64(), uint64(0x3b99abf7e9dffbec); got != want {
		t.Errorf("hash %#x, want %#x", got, want)
	}
}

func BenchmarkMath32(b *testing.B) {
	var sink float32
	for _, f := range functions32 {
		b.Run("function="+f.name, func(b *testing.B) {
			x := make([]float32, 1024)
			lo, hi := max(f.lo, -4), min(f.hi, 4)
			for i := range x {
				x[i] = lo + (hi-lo)*float32(i)/1023
			}
			for b.Loop() {
				for _, x := range x {
					sink += f.f(x)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/call")
		})
	}
	_ = sink
}
