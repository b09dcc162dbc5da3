package mlp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// An elementwiseCase is an operation on arrays of equal length with the scalars that it needs.
type elementwiseCase struct {
	name   string
	arrays int // the operands, the written ones first
	run    func(k isa, arrays [][]float32)
}

// updateCases returns the optimizers' updates with random scalars.
func updateCases(rng *rand.Rand) []elementwiseCase {
	clip := float32(1)
	if rng.IntN(2) == 0 {
		clip = rng.Float32()
	}
	decay := float32(0)
	if rng.IntN(2) == 0 {
		decay = rng.Float32() * 0.01
	}
	a := &adamStep{clip, decay, 0.001 + rng.Float32(), 0.1 * rng.Float32(), 0.001 * rng.Float32(), 1e-7}
	s := sgdStep{clip, decay, 0.001 + rng.Float32(), rng.Float32(), false}
	n := s
	n.nesterov = true
	return []elementwiseCase{
		{"adam", 4, func(k isa, x [][]float32) { k.adam(x[0], x[1], x[2], x[3], a) }},
		{"sgd", 2, func(k isa, x [][]float32) { k.sgd(x[0], nil, x[1], &s) }},
		{"momentum", 3, func(k isa, x [][]float32) { k.sgd(x[0], x[1], x[2], &s) }},
		{"nesterov", 3, func(k isa, x [][]float32) { k.sgd(x[0], x[1], x[2], &n) }},
	}
}

// compare runs the case with kernel k and with the generic one on arrays of n values, and reports the first difference.
func (c elementwiseCase) compare(t *testing.T, k kernel, alloc allocate, n int, value func(i int) float32) {
	t.Helper()
	arrays, want := make([][]float32, c.arrays), make([][]float32, c.arrays)
	for a := range arrays {
		arrays[a] = alloc(n)
		for i := range arrays[a] {
			arrays[a][i] = value(i)
		}
		want[a] = slices.Clone(arrays[a])
	}
	input := slices.Clone(arrays)
	for a := range input {
		input[a] = slices.Clone(arrays[a])
	}
	c.run(k.isa, arrays)
	c.run(generic, want)
	for a := range want {
		for i, w := range want[a] {
			if got := arrays[a][i]; !sameFloat(got, w) {
				in := make([]float32, c.arrays)
				for j := range in {
					in[j] = input[j][i]
				}
				t.Fatalf("%s of %d elements: array %d, element %d of %v becomes %v (%x), want %v (%x)", c.name, n, a, i, in,
					got, math.Float32bits(got), w, math.Float32bits(w))
			}
		}
	}
}

// watched allocates within canaries, and returns a check that all of them are left.
func watched(t *testing.T, rng *rand.Rand) (alloc allocate, check func()) {
	var buffers, arrays [][]float32
	alloc = func(n int) []float32 {
		b := fill(make([]float32, n+48), canary)
		from := 16 + rng.IntN(17)
		buffers, arrays = append(buffers, b), append(arrays, b[from:from+n:from+n])
		return arrays[len(arrays)-1]
	}
	return alloc, func() {
		t.Helper()
		for i, b := range buffers {
			fill(arrays[i], canary)
			if slices.ContainsFunc(b, func(v float32) bool { return math.Float32bits(v) != math.Float32bits(canary) }) {
				t.Fatalf("what is around %d elements was overwritten", len(arrays[i]))
			}
		}
	}
}

// TestElementwise compares the kernels with the generic ones, bit for bit: all lengths up to 70 and some larger ones.
func TestElementwise(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(6, 0))
		for n := 0; n <= 70; n++ {
			for _, value := range []func(*rand.Rand) float32{uniform, special} {
				alloc, check := watched(t, rng)
				for _, c := range elementwiseCases(rng) {
					c.compare(t, k, alloc, n, func(int) float32 { return value(rng) })
				}
				check()
			}
		}
		for range 3 {
			n := 1000 + rng.IntN(3*maxElements)
			for _, c := range updateCases(rng) {
				c.compare(t, k, scattered(rng), n, func(int) float32 { return special(rng) })
			}
		}
	})
}

func elementwiseCases(rng *rand.Rand) []elementwiseCase { return updateCases(rng) }

// TestElementwiseSum compares the sums of squares.
func TestElementwiseSum(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(7, 0))
		for n := range 100 {
			if n > 70 {
				n = rng.IntN(300_000)
			}
			x := scattered(rng)(n)
			for i := range x {
				x[i] = uniform(rng) * float32(math.Pow(2, float64(rng.IntN(60)-30)))
			}
			if got, want := k.isa.sumSquares(x), sumSquaresGeneric(x); got != want {
				t.Fatalf("sum of %d squares is %v, want %v", n, got, want)
			}
		}
	})
}
