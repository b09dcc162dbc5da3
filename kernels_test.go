package mlp

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// requireEnv is the environment variable that names, separated by commas, the kernels that the tests must run.
const requireEnv = "MLP_TEST_REQUIRE"

// eachKernel runs f as a subtest for every kernel of the build. A kernel that the machine lacks is skipped, unless
// MLP_TEST_REQUIRE names it.
func eachKernel(t *testing.T, f func(t *testing.T, k kernel)) {
	t.Helper()
	required := strings.FieldsFunc(os.Getenv(requireEnv), func(r rune) bool { return r == ',' })
	for _, k := range kernels() {
		i := slices.Index(required, k.name)
		if i >= 0 {
			required = slices.Delete(required, i, i+1)
		}
		t.Run(k.name, func(t *testing.T) {
			if !k.available {
				if i >= 0 {
					t.Fatalf("%s requires %s, which this machine lacks", requireEnv, k.name)
				}
				t.Skip("this machine lacks it")
			}
			f(t, k)
		})
	}
	if len(required) > 0 {
		t.Errorf("%s requires %q, which this build lacks", requireEnv, required)
	}
}

// productOps are the operations on a dense: what computes one, and the slice that it writes.
var productOps = []struct {
	name   string
	run    func(d *dense, k isa)
	output func(d *dense) *[]float32
}{
	{"forward", (*dense).forward, func(d *dense) *[]float32 { return &d.y }},
	{"gradweights", (*dense).gradWeights, func(d *dense) *[]float32 { return &d.g }},
	{"gradinput", (*dense).gradInput, func(d *dense) *[]float32 { return &d.dx }},
}

// canary is what outputs hold before a product: a signalling NaN, which no arithmetic gives. (A quiet one can come of NaN inputs.)
var canary = math.Float32frombits(0x7fadcba9)

// allocate returns n floats, with a canary in each. Tests of the bounds have others.
type allocate func(n int) []float32

// scattered allocates behind a random number of floats.
func scattered(rng *rand.Rand) allocate {
	return func(n int) []float32 { return fill(make([]float32, n+16)[rng.IntN(17):][:n:n], canary) }
}

func fill(s []float32, v float32) []float32 {
	for i := range s {
		s[i] = v
	}
	return s
}

// newDense returns operands of random values; the flags, too, and the room between rows are drawn from rng.
func newDense(rng *rand.Rand, alloc allocate, rows, inputs, units int, value func(*rand.Rand) float32) *dense {
	d := &dense{
		rows: rows, inputs: inputs, units: units, panel: lanes * (1 + inputs),
		ldx: inputs + rng.IntN(4), ldy: padded(units) + 8*rng.IntN(3), lddx: padded(inputs) + 8*rng.IntN(3),
		relu: rng.IntN(2) == 0, bias: rng.IntN(2) == 0, masked: rng.IntN(2) == 0,
	}
	xColumns := inputs
	if d.masked {
		xColumns = padded(inputs)
		d.ldx = xColumns + 8*rng.IntN(3)
	}
	matrix := func(ld, columns, real int, pad float32) []float32 {
		m := alloc((rows-1)*ld + columns)
		for r := range rows {
			row := m[r*ld:][:columns]
			fill(row[real:], pad)
			for c := range real {
				row[c] = value(rng)
			}
		}
		return m
	}
	d.x = matrix(d.ldx, xColumns, inputs, 5)
	d.dz = matrix(d.ldy, padded(units), units, 0)
	d.w = alloc(packedLen(inputs, units))
	for u := 0; u < units; u += lanes {
		width := panelWidth(units, u)
		for i := range 1 + inputs {
			for c := range width {
				v := float32(0)
				if u+c < units {
					v = value(rng)
				}
				d.w[u/lanes*d.panel+i*width+c] = v
			}
		}
	}
	d.y = alloc((rows-1)*d.ldy + padded(units))
	d.g = alloc(len(d.w))
	d.dx = alloc((rows-1)*d.lddx + padded(inputs))
	d.t = alloc(scratchLen(units))
	d.check(rows)
	return d
}

// compare runs an operation with kernel k and with the generic one, and reports the first difference.
func compare(t *testing.T, d *dense, op int, k kernel) {
	t.Helper()
	output := productOps[op].output(d)
	buffer := *output
	productOps[op].run(d, k.isa)
	got := slices.Clone(buffer)
	*output = fill(make([]float32, len(buffer)), canary)
	productOps[op].run(d, generic)
	want := *output
	*output = fill(buffer, canary)
	for i := range want {
		if productOps[op].name == "forward" && i%d.ldy >= d.units && i%d.ldy < padded(d.units) {
			continue // a pad, which may be overwritten
		}
		if !sameFloat(got[i], want[i]) {
			t.Fatalf("%s %d×%d→%d, strides %d %d %d, relu %v bias %v masked %v: element %d is %v, want %v", productOps[op].name,
				d.rows, d.inputs, d.units, d.ldx, d.ldy, d.lddx, d.relu, d.bias, d.masked, i, got[i], want[i])
		}
	}
}

// sameFloat reports whether a and b have the same bits or are NaN, but for the canary, which equals only itself.
func sameFloat(a, b float32) bool {
	x, y, c := math.Float32bits(a), math.Float32bits(b), math.Float32bits(canary)
	return x == y || a != a && b != b && x != c && y != c
}

// The values of operands.
var (
	uniform = func(rng *rand.Rand) float32 { return 2*rng.Float32() - 1 }
	whole   = func(rng *rand.Rand) float32 { return float32(rng.IntN(17) - 8) }
	special = func(rng *rand.Rand) float32 {
		switch rng.IntN(40) {
		case 0:
			return 0
		case 1:
			return float32(math.Copysign(0, -1))
		case 2, 3:
			return math.Float32frombits(rng.Uint32N(1 << 23)) // denormal
		case 4:
			return -math.Float32frombits(rng.Uint32N(1 << 23))
		case 5, 6:
			return uniform(rng) * math.MaxFloat32
		case 7:
			return uniform(rng) * 0x1p-100
		case 8:
			return float32(math.Inf(1 - 2*rng.IntN(2)))
		case 9:
			return float32(math.NaN())
		}
		return uniform(rng) * float32(math.Pow(2, float64(rng.IntN(40)-20)))
	}
)

// TestProducts compares the kernels with the generic ones, bit for bit: all pairs of sizes from 1 to 70, with a third
// size of every residue that matters, on values of every kind.
func TestProducts(t *testing.T) {
	third := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 17, 23, 24, 25, 33, 40, 64, 70}
	for op := range productOps {
		t.Run(productOps[op].name, func(t *testing.T) {
			eachKernel(t, func(t *testing.T, k kernel) {
				if k.isa == generic {
					t.Skip("it is what the others are compared with")
				}
				t.Parallel()
				rng := rand.New(rand.NewPCG(1, uint64(op)))
				alloc := scattered(rng)
				for a := 1; a <= 70; a++ {
					for b := 1; b <= 70; b++ {
						c := third[rng.IntN(len(third))]
						value := special
						if rng.IntN(4) > 0 {
							value = uniform
						}
						compare(t, newDense(rng, alloc, a, c, b, value), op, k)
						compare(t, newDense(rng, alloc, c, a, b, value), op, k)
						compare(t, newDense(rng, alloc, a, b, c, value), op, k)
					}
				}
				for range 20 {
					rows, inputs, units := 1+rng.IntN(200), 1+rng.IntN(300), 1+rng.IntN(300)
					compare(t, newDense(rng, alloc, rows, inputs, units, uniform), op, k)
				}
			})
		})
	}
}

// TestProductBlocks has products that are computed in blocks.
func TestProductBlocks(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		if k.isa == generic {
			t.Skip("it is what the others are compared with")
		}
		rng := rand.New(rand.NewPCG(2, 0))
		for _, s := range [][3]int{{300, 130, 150}, {2, 2049, 1100}, {1, 1030, 4100}, {5000, 33, 41}, {100, 1700, 25}} {
			d := newDense(rng, scattered(rng), s[0], s[1], s[2], uniform)
			if d.small() {
				t.Fatalf("%v is one block", s)
			}
			for op := range productOps {
				compare(t, d, op, k)
			}
		}
	})
}

// TestProductsExact compares every kernel, the generic too, with sums of whole numbers, which float32 holds exactly.
func TestProductsExact(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(3, 0))
		for n := 1; n <= 70; n++ {
			d := newDense(rng, scattered(rng), 1+rng.IntN(20), n, 1+rng.IntN(70), whole)
			for op := range productOps {
				productOps[op].run(d, k.isa)
			}
			weight := func(i, u int) int { return u/lanes*d.panel + i*panelWidth(d.units, u&^(lanes-1)) + u%lanes }
			check := func(what string, got, want float32) {
				if got != want {
					t.Fatalf("%s of %d×%d→%d is %v, want %v", what, d.rows, d.inputs, d.units, got, want)
				}
			}
			for b := range d.rows {
				for u := range d.units {
					sum := d.w[weight(0, u)]
					for i := range d.inputs {
						sum += d.x[b*d.ldx+i] * d.w[weight(1+i, u)]
					}
					if d.relu {
						sum = max(sum, 0)
					}
					check("y", d.y[b*d.ldy+u], sum)
				}
				for i := range d.inputs {
					sum := float32(0)
					for u := range d.units {
						sum += d.dz[b*d.ldy+u] * d.w[weight(1+i, u)]
					}
					if d.masked && d.x[b*d.ldx+i] <= 0 {
						sum = 0
					}
					check("dx", d.dx[b*d.lddx+i], sum)
				}
			}
			for u := range d.units {
				for i := range 1 + d.inputs {
					if i == 0 && !d.bias {
						continue
					}
					sum := float32(0)
					for b := range d.rows {
						x := float32(1)
						if i > 0 {
							x = d.x[b*d.ldx+i-1]
						}
						sum += x * d.dz[b*d.ldy+u]
					}
					check("g", d.g[weight(i, u)], sum)
				}
			}
		}
	})
}

// TestProductsAllocate fails if a call allocates, with its operands on the stack.
func TestProductsAllocate(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		if n := testing.AllocsPerRun(10, func() {
			var x, y, w, tt [1024]float32
			d := dense{x: x[:4], y: y[:16], w: w[:5*16], dz: y[:16], g: x[16:][:5*16], dx: y[16:][:8], t: tt[:scratchLen(16)],
				ldx: 4, ldy: 16, lddx: 8, panel: 5 * 16, rows: 1, inputs: 4, units: 16}
			d.forward(k.isa)
			d.gradWeights(k.isa)
			d.gradInput(k.isa)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// TestDenseCheck has operands that are a float too short.
func TestDenseCheck(t *testing.T) {
	panics := func(d dense) (panicked bool) {
		defer func() { panicked = recover() != nil }()
		d.check(d.rows)
		return false
	}
	rng := rand.New(rand.NewPCG(4, 0))
	d := newDense(rng, scattered(rng), 3, 5, 7, uniform)
	if panics(*d) {
		t.Fatal("right operands do not pass")
	}
	for i, operand := range []func(d *dense) *[]float32{
		func(d *dense) *[]float32 { return &d.x }, func(d *dense) *[]float32 { return &d.w },
		func(d *dense) *[]float32 { return &d.y }, func(d *dense) *[]float32 { return &d.dz },
		func(d *dense) *[]float32 { return &d.g }, func(d *dense) *[]float32 { return &d.dx },
		func(d *dense) *[]float32 { return &d.t },
	} {
		short := *d
		s := operand(&short)
		*s = (*s)[:len(*s)-1]
		if !panics(short) {
			t.Errorf("operand %d may be too short", i)
		}
	}
}

func FuzzProducts(f *testing.F) {
	f.Add(uint64(1), uint8(16), uint8(4), uint8(64))
	f.Add(uint64(2), uint8(33), uint8(37), uint8(29))
	f.Fuzz(func(t *testing.T, seed uint64, rows, inputs, units uint8) {
		rng := rand.New(rand.NewPCG(seed, 0))
		d := newDense(rng, scattered(rng), 1+int(rows), 1+int(inputs), 1+int(units), special)
		for _, k := range kernels() {
			if k.available {
				for op := range productOps {
					compare(t, d, op, k)
				}
			}
		}
	})
}
