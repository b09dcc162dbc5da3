package mlp

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigFloat returns x with the precision of the references below, which are good to some 190 bits.
func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(220).SetFloat64(x) }

// bigSeries returns the sum of the series whose n-th term is the one before it times x/divisor(n).
func bigSeries(first, x *big.Float, divisor func(n float64) float64) *big.Float {
	sum, term := bigFloat(0).Set(first), bigFloat(0).Set(first)
	for n := 1.0; term.Sign() != 0 && term.MantExp(nil) > first.MantExp(nil)-220; n++ {
		term.Mul(term, x)
		term.Quo(term, bigFloat(divisor(n)))
		sum.Add(sum, term)
	}
	return sum
}

func bigExp(x *big.Float) *big.Float {
	const halvings = 12
	e := bigSeries(bigFloat(1), bigFloat(0).SetMantExp(x, -halvings), func(n float64) float64 { return n })
	for range halvings {
		e.Mul(e, e)
	}
	return e
}

// bigLog takes a step of Newton's method from near, a float64 close to log(x): near + (x·e^-near - 1) - ….
func bigLog(x *big.Float, near float64) *big.Float {
	d := bigExp(bigFloat(-near))
	d.Mul(d, x)
	d.Sub(d, bigFloat(1))
	square := bigFloat(0).Mul(d, d)
	d.Sub(d, square.SetMantExp(square, -1))
	return d.Add(d, bigFloat(near))
}

func bigSin(x *big.Float) *big.Float {
	return bigSeries(x, negativeSquare(x), func(n float64) float64 { return 2 * n * (2*n + 1) })
}

func bigCos(x *big.Float) *big.Float {
	return bigSeries(bigFloat(1), negativeSquare(x), func(n float64) float64 { return (2*n - 1) * 2 * n })
}

func negativeSquare(x *big.Float) *big.Float {
	square := bigFloat(0).Mul(x, x)
	return square.Neg(square)
}

// ulpError64 returns the distance of got from want in units in the last place of float64.
func ulpError64(got float64, want *big.Float) float64 {
	d := bigFloat(got)
	d.Sub(d, want)
	e := max(want.MantExp(nil), -1021)
	f, _ := d.SetMantExp(d, 53-e).Float64()
	return math.Abs(f)
}

// functions64 are the float64 functions over the ranges in which the library uses them, and wider ones, and bounds on
// their errors there, in ulp. NumPy's normals need log64 of (0, 1), data sets the sines of [0, 2π].
var functions64 = []struct {
	name  string
	args  func(r *rand.Rand) (x, y float64)
	f     func(x, y float64) float64
	exact func(x, y float64) *big.Float
	ulp   float64
}{
	{
		"exp64", func(r *rand.Rand) (x, y float64) { return float64(1454*r.Float64()) - 745, 0 },
		func(x, _ float64) float64 { return exp64(x) },
		func(x, _ float64) *big.Float { return bigExp(bigFloat(x)) }, 1,
	},
	{
		"log64", func(r *rand.Rand) (x, y float64) { return r.Float64(), 0 },
		func(x, _ float64) float64 { return log64(x) },
		func(x, _ float64) *big.Float { return bigLog(bigFloat(x), log64(x)) }, 0.501,
	},
	{
		"log64/wide", func(r *rand.Rand) (x, y float64) { return math.Float64frombits(1 + r.Uint64N(0x7ff<<52-1)), 0 },
		func(x, _ float64) float64 { return log64(x) },
		func(x, _ float64) *big.Float { return bigLog(bigFloat(x), log64(x)) }, 0.501,
	},
	{
		"log64/near 1", func(r *rand.Rand) (x, y float64) { return 1 + math.Ldexp(r.Float64()-0.5, -r.IntN(50)), 0 },
		func(x, _ float64) float64 { return log64(x) },
		func(x, _ float64) *big.Float { return bigLog(bigFloat(x), log64(x)) }, 0.501,
	},
	{
		"pow64", func(r *rand.Rand) (x, y float64) { return 0.5 + r.Float64(), 1000 * r.Float64() },
		pow64, bigPow, 0.7,
	},
	{
		"pow64/wide", func(r *rand.Rand) (x, y float64) {
			x = math.Float64frombits(1 + r.Uint64N(0x7ff<<52-1))
			return x, (float64(1400*r.Float64()) - 700) / log64(x)
		},
		pow64, bigPow, 0.7,
	},
	{
		"sin64", func(r *rand.Rand) (x, y float64) { return float64(14*r.Float64()) - 7, 0 },
		func(x, _ float64) float64 { return sin64(x) },
		func(x, _ float64) *big.Float { return bigSin(bigFloat(x)) }, 0.6,
	},
	{
		"cos64", func(r *rand.Rand) (x, y float64) { return float64(14*r.Float64()) - 7, 0 },
		func(x, _ float64) float64 { return cos64(x) },
		func(x, _ float64) *big.Float { return bigCos(bigFloat(x)) }, 0.6,
	},
}

func bigPow(x, y float64) *big.Float {
	p := bigLog(bigFloat(x), log64(x))
	return bigExp(p.Mul(p, bigFloat(y)))
}

// TestMath64Error measures the float64 functions against math/big.
func TestMath64Error(t *testing.T) {
	for _, f := range functions64 {
		t.Run(f.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			var worst, atX, atY float64
			for range 2000 {
				x, y := f.args(r)
				if e := ulpError64(f.f(x, y), f.exact(x, y)); !(e <= worst) {
					worst, atX, atY = e, x, y
				}
			}
			t.Logf("at most %.4f ulp, at %x, %x", worst, atX, atY)
			if !(worst <= f.ulp) {
				t.Errorf("error of %.4f ulp at (%x, %x), want at most %g", worst, atX, atY, f.ulp)
			}
		})
	}
}

// TestMath64Known compares with correctly rounded values (mpmath, 400 bits), large angles and multiples of π/2 among
// them.
func TestMath64Known(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"sin64(1.5707963267948966)", sin64(1.5707963267948966), 1.0},
		{"cos64(1.5707963267948966)", cos64(1.5707963267948966), 6.123233995736766e-17},
		{"sin64(3.141592653589793)", sin64(3.141592653589793), 1.2246467991473532e-16},
		{"cos64(3.141592653589793)", cos64(3.141592653589793), -1.0},
		{"sin64(4.71238898038469)", sin64(4.71238898038469), -1.0},
		{"cos64(4.71238898038469)", cos64(4.71238898038469), -1.8369701987210297e-16},
		{"sin64(6.283185307179586)", sin64(6.283185307179586), -2.4492935982947064e-16},
		{"cos64(6.283185307179586)", cos64(6.283185307179586), 1.0},
		{"sin64(0.7853981633974483)", sin64(0.7853981633974483), 0.7071067811865475},
		{"cos64(0.7853981633974483)", cos64(0.7853981633974483), 0.7071067811865476},
		{"sin64(1000000.0)", sin64(1000000.0), -0.34999350217129294},
		{"cos64(1000000.0)", cos64(1000000.0), 0.9367521275331447},
		{"sin64(-909559.3522183847)", sin64(-909559.3522183847), 0.7419902735297953},
		{"cos64(-909559.3522183847)", cos64(-909559.3522183847), 0.6704106457889668},
		{"sin64(1048576.0)", sin64(1048576.0), 0.3304931400217347},
		{"cos64(1048576.0)", cos64(1048576.0), 0.943808393901312},
		{"sin64(345678.9)", sin64(345678.9), -0.0355400682923875},
		{"cos64(345678.9)", cos64(345678.9), -0.9993682522202576},
		{"log64(0.1)", log64(0.1), -2.3025850929940455},
		{"log64(0.999999)", log64(0.999999), -1.000000500029089e-06},
		{"log64(1e-300)", log64(1e-300), -690.7755278982137},
		{"log64(2.5)", log64(2.5), 0.9162907318741551},
		{"exp64(1.0)", exp64(1.0), 2.718281828459045},
		{"exp64(-700.1)", exp64(-700.1), 8.921404266525102e-305},
		{"exp64(0.5)", exp64(0.5), 1.6487212707001282},
		{"pow64(0.96, 1000.0)", pow64(0.96, 1000.0), 1.8673814466701247e-18},
		{"pow64(0.1, 0.37)", pow64(0.1, 0.37), 0.42657951880159267},
		{"pow64(0.999, 100000.0)", pow64(0.999, 100000.0), 3.5385276883431275e-44},
		{"pow64(1.0000001, 1000000000.0)", pow64(1.0000001, 1000000000.0), 2.6881038582144647e+43},
	} {
		if math.Abs(c.got-c.want) > 0x1p-53*math.Abs(c.want) {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestMath64Special(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"exp64(0)", exp64(0), 1},
		{"exp64(Inf)", exp64(inf), inf},
		{"exp64(-Inf)", exp64(-inf), 0},
		{"exp64(NaN)", exp64(nan), nan},
		{"exp64(709.78…)", exp64(0x1.62e42fefa39efp+9), 0x1.fffffffffff2ap+1023},
		{"exp64(709.79)", exp64(709.79), inf},
		{"exp64(-745.13…)", exp64(-0x1.74910d52d3051p+9), 0x1p-1074},
		{"exp64(-745.14)", exp64(-745.14), 0},
		{"log64(0)", log64(0), -inf},
		{"log64(1)", log64(1), 0},
		{"log64(-1)", log64(-1), nan},
		{"log64(Inf)", log64(inf), inf},
		{"log64(NaN)", log64(nan), nan},
		{"log64(2^-1074)", log64(0x1p-1074), -0x1.74385446d71c3p+9},
		{"pow64(2, 10)", pow64(2, 10), 1024},
		{"pow64(0.5, 1074)", pow64(0.5, 1074), 0x1p-1074},
		{"pow64(10, -400)", pow64(10, -400), 0},
		{"pow64(10, 400)", pow64(10, 400), inf},
		{"pow64(0, 2)", pow64(0, 2), 0},
		{"pow64(0, 0)", pow64(0, 0), 1},
		{"pow64(0, -1)", pow64(0, -1), inf},
		{"pow64(1, Inf)", pow64(1, inf), 1},
		{"pow64(0.9, Inf)", pow64(0.9, inf), 0},
		{"pow64(-1, 3)", pow64(-1, 3), nan},
		{"pow64(NaN, 1)", pow64(nan, 1), nan},
		{"pow64(2, NaN)", pow64(2, nan), nan},
		{"sin64(0)", sin64(0), 0},
		{"cos64(0)", cos64(0), 1},
		{"sin64(2^21)", sin64(1 << 21), nan},
		{"cos64(Inf)", cos64(inf), nan},
		{"sin64(NaN)", sin64(nan), nan},
	} {
		if c.got != c.want && (c.got == c.got || c.want == c.want) {
			t.Errorf("%s = %x, want %x", c.name, c.got, c.want)
		}
	}
}

// TestMath64Bits compares a hash of results with the one that every platform must give.
func TestMath64Bits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	h := fnv.New64a()
	for range 20000 {
		for _, f := range functions64 {
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(f.f(f.args(r)))))
		}
	}
	if got, want := h.Sum64(), uint64(0xd311d7caf4eacb92); got != want {
		t.Errorf("hash %#x, want %#x", got, want)
	}
}

func BenchmarkMath64(b *testing.B) {
	var sink float64
	for _, f := range functions64 {
		b.Run("function="+f.name, func(b *testing.B) {
			x, y := f.args(rand.New(rand.NewPCG(7, 8)))
			for b.Loop() {
				sink += f.f(x, y)
			}
		})
	}
	_ = sink
}

// TestUnfused holds float64 results that every GOARCH and GOAMD64 must give: a product that the compiler fuses with a sum
// changes them.
func TestUnfused(t *testing.T) {
	var values []float64
	check := func(what, want string) {
		t.Helper()
		h := fnv.New64a()
		binary.Write(h, binary.LittleEndian, values)
		if got := fmt.Sprintf("%x", h.Sum64()); got != want {
			t.Errorf("%s: hash %s, want %s", what, got, want)
		}
		values = nil
	}
	for steps := 3; steps < 60; steps++ {
		for i := range steps {
			values = append(values, OneCycle{Max: 0.1, Steps: steps}.LearningRate(i))
		}
	}
	check("OneCycle", "a00016bdd77537ed")

	sorted := make([]float64, 101)
	for i := range sorted {
		sorted[i] = float64(i*i) / 7
	}
	for i := range 100 {
		values = append(values, quantile(sorted[:50+i%50], float64(i)/100))
	}
	check("quantile", "b3704e5db77c3fc5")

	r, s := NewRandomState(3), &StandardScaler{}
	d := &Dataset{Features: 1, X: make([]float32, 37)}
	for i := range 20 {
		for j := range d.X {
			d.X[j] = float32(r.RandomSample()) + 3
		}
		update := s.Update
		if i == 0 {
			update = s.Fit
		}
		if err := update(d); err != nil {
			t.Fatal(err)
		}
		values = append(values, s.Mean[0], s.Var[0])
	}
	check("StandardScaler", "acc2e927b72653a")

	for i := range 100_000 {
		r := drawsOf(uint64(i), 1)
		values = append(values, 1+r.symmetric(0.3))
	}
	check("augmentation", "34a8e83bddc78843")
}
