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
	length int // the operand whose length counts
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
		{"adam", 4, 0, func(k isa, x [][]float32) { k.adam(x[0], x[1], x[2], x[3], a) }},
		{"sgd", 2, 0, func(k isa, x [][]float32) { k.sgd(x[0], nil, x[1], &s) }},
		{"momentum", 3, 0, func(k isa, x [][]float32) { k.sgd(x[0], x[1], x[2], &s) }},
		{"nesterov", 3, 0, func(k isa, x [][]float32) { k.sgd(x[0], x[1], x[2], &n) }},
	}
}

// severalCalls is a number of elements that kernels compute in more than one call, and severalRows one of rows.
const (
	severalCalls = 1 << 16
	severalRows  = 1 << 13
)

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
			n := 1000 + rng.IntN(3*severalCalls)
			for _, c := range append(updateCases(rng), sweepCases(rng)...) {
				c.compare(t, k, scattered(rng), n, func(int) float32 { return special(rng) })
			}
		}
	})
}

// elementwiseCases returns all operations.
func elementwiseCases(rng *rand.Rand) []elementwiseCase {
	return append(append(updateCases(rng), sweepCases(rng)...), activationCases()...)
}

// sweepOps are the operations with the operands that they take.
var sweepOps = []struct {
	name     string
	op       sweepOp
	operands []int
}{
	{"amsgrad", sweepAMSGrad, []int{0, 1, 2, 3, 4}},
	{"adamax", sweepAdamax, []int{0, 1, 2, 4}},
	{"nadam", sweepNadam, []int{0, 1, 2, 4}},
	{"rmsprop", sweepRMSprop, []int{0, 2, 4}},
	{"rmsprop with momentum", sweepRMSprop, []int{0, 2, 3, 4}},
	{"centered rmsprop", sweepRMSprop, []int{0, 1, 2, 4}},
	{"centered rmsprop with momentum", sweepRMSprop, []int{0, 1, 2, 3, 4}},
	{"adagrad", sweepAdagrad, []int{0, 1, 4}},
	{"adadelta", sweepAdadelta, []int{0, 1, 2, 4}},
	{"lion", sweepLion, []int{0, 1, 4}},
	{"penalty", sweepPenalty, []int{0, 1}},
	{"mix", sweepMix, []int{0, 1}},
	{"quotient", sweepQuotient, []int{0, 1}},
	{"levels", sweepLevels, []int{0, 1}},
	{"deviations", sweepDeviations, []int{0, 1, 2, 3}},
	{"normalise", sweepNormalise, []int{0, 1, 2, 3, 4}},
	{"gradients of gamma and beta", sweepAffineGradient, []int{0, 1, 2, 3}},
	{"gradient of normalise", sweepNormaliseGradient, []int{0, 1, 2, 3, 4}},
	{"dropout", sweepDropout, []int{0, 1}},
}

// randomSweep returns a sweep with random scalars.
func randomSweep(rng *rand.Rand, op sweepOp) sweep {
	s := sweep{low: rng.Uint32(), high: rng.Uint32(), bound: rng.Uint32(), step: rng.Uint32()}
	for i := range s.s {
		s.s[i] = rng.Float32()
	}
	s.s[1] *= float32(rng.IntN(2))
	switch op {
	case sweepRMSprop:
		s.s[4] = s.s[3]
	case sweepLevels:
		s.s[1] = -s.s[0]
		if rng.IntN(3) == 0 {
			s.s[rng.IntN(2)] = 0
		}
	}
	return s
}

// sweepCases returns the operations on rows of one row, and those that may write to what they read.
func sweepCases(rng *rand.Rand) []elementwiseCase {
	var cases []elementwiseCase
	for _, o := range sweepOps {
		s := randomSweep(rng, o.op)
		cases = append(cases, elementwiseCase{o.name, len(o.operands), 0, func(k isa, x [][]float32) {
			s := s
			s.rows, s.n = 1, len(x[0])
			for i, operand := range o.operands {
				s.x[operand] = x[i]
			}
			k.sweep(o.op, &s)
		}})
		if slices.Equal(o.operands, []int{0, 1}) {
			cases = append(cases, elementwiseCase{o.name + " in place", 1, 0, func(k isa, x [][]float32) {
				s := s
				s.x, s.rows, s.n = [5][]float32{x[0], x[0]}, 1, len(x[0])
				k.sweep(o.op, &s)
			}})
		}
	}
	return cases
}

// TestSweepRows has several rows, some operands with one for all; what lies between the rows must not change.
func TestSweepRows(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(13, 0))
		for _, o := range sweepOps {
			for turn := range 50 {
				alloc, check := watched(t, rng)
				s := randomSweep(rng, o.op)
				s.rows, s.n = rng.IntN(9), 1+rng.IntN(40)
				if turn == 0 {
					s.rows = severalRows
				}
				want := s
				for _, operand := range o.operands {
					if s.ld[operand] = s.n + rng.IntN(9); rng.IntN(3) == 0 {
						s.ld[operand] = 0
					}
					x := alloc(max(s.rows-1, 0)*s.ld[operand] + s.n)
					for i := range x {
						x[i] = special(rng)
					}
					s.x[operand], want.x[operand] = x, slices.Clone(x)
				}
				want.ld = s.ld
				k.isa.sweep(o.op, &s)
				sweepGeneric(o.op, &want)
				for operand := range want.x {
					for i, w := range want.x[operand] {
						if got := s.x[operand][i]; !sameFloat(got, w) {
							t.Fatalf("%s of %d rows of %d, strides %d: element %d of operand %d becomes %v, want %v", o.name, s.rows, s.n, s.ld,
								i, operand, got, w)
						}
					}
				}
				check()
			}
		}
	})
}

// activationCases returns all activations but Softmax, with their derivatives.
func activationCases() []elementwiseCase {
	var cases []elementwiseCase
	for kind := linear; kind < softmaxActivation; kind++ {
		a := Activation{kind: kind}
		if a.parametric() {
			a.alpha = 0.3
		}
		cases = append(cases,
			elementwiseCase{a.String(), 2, 1, func(k isa, x [][]float32) { k.activate(a, x[0], x[1]) }},
			elementwiseCase{a.String() + " in place", 1, 0, func(k isa, x [][]float32) { k.activate(a, x[0], x[0]) }},
			elementwiseCase{"gradient of " + a.String(), 2, 1, func(k isa, x [][]float32) { k.gradActivation(a, x[0], x[1]) }})
	}
	return cases
}

// TestElementwiseSweep has floats of all exponents for the activations, evenly spaced among the bit patterns.
func TestElementwiseSweep(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		if k.isa == generic {
			t.Skip("it is what the others are compared with")
		}
		const n = 40_000
		rng := rand.New(rand.NewPCG(9, 0))
		for _, c := range activationCases() {
			phase := rng.Uint32()
			c.compare(t, k, scattered(rng), n, func(i int) float32 {
				return math.Float32frombits(phase + uint32(i)*(math.MaxUint32/n))
			})
			c.compare(t, k, scattered(rng), n, func(i int) float32 { return 12 * (2*float32(i)/n - 1) })
		}
	})
}

// TestElementwiseSum compares the sums of squares and of absolute values.
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
			if got, want := k.isa.sumAbs(x), sumAbsGeneric(x); got != want {
				t.Fatalf("sum of %d absolute values is %v, want %v", n, got, want)
			}
			if got, want := k.isa.sum(x), sumGeneric(x); got != want {
				t.Fatalf("sum of %d values is %v, want %v", n, got, want)
			}
		}
	})
}

// newSoftmax returns operands of random values.
func newSoftmax(rng *rand.Rand, alloc allocate, rows, units int, value func(*rand.Rand) float32) *softmax {
	s := &softmax{rows: rows, units: units, ld: padded(units) + 8*rng.IntN(3)}
	s.z = alloc((rows-1)*s.ld + padded(units))
	s.dz = alloc((rows-1)*s.ld + padded(units))
	s.labels, s.scale, s.loss = alloc(rows), alloc(rows), alloc(rows)
	for r := range rows {
		for u := range units {
			s.z[r*s.ld+u] = value(rng)
		}
		s.labels[r], s.scale[r] = float32(rng.IntN(units)), value(rng)
	}
	return s
}

// compareSoftmax computes with kernel k and with the generic one, and reports the first difference.
func compareSoftmax(t *testing.T, s *softmax, k kernel) {
	t.Helper()
	want := *s
	want.z, want.dz, want.loss = slices.Clone(s.z), slices.Clone(s.dz), slices.Clone(s.loss)
	input := slices.Clone(s.z)
	k.isa.softmaxCrossentropy(s)
	generic.softmaxCrossentropy(&want)
	check := func(what string, got, want []float32) {
		t.Helper()
		for i, w := range want {
			if pad := i%s.ld >= s.units && what != "dz" && what != "loss"; !pad && !sameFloat(got[i], w) {
				t.Fatalf("%s[%d] of %d rows of %d, stride %d, is %v, want %v", what, i, s.rows, s.units, s.ld, got[i], w)
			}
		}
	}
	check("z", s.z, want.z)
	check("dz", s.dz, want.dz)
	check("loss", s.loss, want.loss)
	copy(s.z, input)
	plain := softmax{z: s.z, ld: s.ld, rows: s.rows, units: s.units}
	k.isa.softmax(&plain)
	check("softmax", s.z, want.z)
}

// TestElementwiseSoftmax compares the kernels with the generic ones, bit for bit.
func TestElementwiseSoftmax(t *testing.T) {
	logits := func(rng *rand.Rand) float32 { return 30 * uniform(rng) }
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(10, 0))
		for units := 1; units <= 70; units++ {
			for _, value := range []func(*rand.Rand) float32{logits, uniform, special} {
				alloc, check := watched(t, rng)
				compareSoftmax(t, newSoftmax(rng, alloc, 1+rng.IntN(40), units, value), k)
				check()
			}
		}
		compareSoftmax(t, newSoftmax(rng, scattered(rng), 700, 333, logits), k)
		compareSoftmax(t, newSoftmax(rng, scattered(rng), 2, 2*severalCalls+5, logits), k)
	})
}

// TestElementwiseLabels has labels that are none of the units: the kernels panic before they read there.
func TestElementwiseLabels(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(11, 0))
		for _, label := range []float32{-1, 5, float32(math.NaN()), 1e10, float32(math.Inf(1))} {
			for _, size := range [][2]int{{3, 5}, {12, 3}} { // rows that are computed one by one, and eight at a time
				for row := range size[0] {
					s := newSoftmax(rng, scattered(rng), size[0], size[1], uniform)
					s.labels[row] = label
					if !panics(func() { k.isa.softmaxCrossentropy(s) }) {
						t.Errorf("label %v of %d units in row %d of %d passes", label, size[1], row, size[0])
					}
				}
			}
		}
	})
}

// TestElementwiseCheck has operands that are a float too short.
func TestElementwiseCheck(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		rng := rand.New(rand.NewPCG(12, 0))
		const n = 8
		for _, c := range elementwiseCases(rng) {
			for short := range c.arrays {
				x := make([][]float32, c.arrays)
				for a := range x {
					x[a] = make([]float32, n)
				}
				x[short] = x[short][: n-1 : n-1]
				if short != c.length && !panics(func() { c.run(k.isa, x) }) {
					t.Errorf("%s: operand %d may be too short", c.name, short)
				}
			}
		}
		for i, operand := range []func(s *softmax) *[]float32{
			func(s *softmax) *[]float32 { return &s.z }, func(s *softmax) *[]float32 { return &s.dz },
			func(s *softmax) *[]float32 { return &s.labels }, func(s *softmax) *[]float32 { return &s.scale },
			func(s *softmax) *[]float32 { return &s.loss },
		} {
			s := newSoftmax(rng, scattered(rng), 3, 8, uniform)
			x := operand(s)
			*x = (*x)[: len(*x)-1 : len(*x)-1]
			if !panics(func() { k.isa.softmaxCrossentropy(s) }) {
				t.Errorf("softmax: operand %d may be too short", i)
			}
		}
	})
}

func panics(f func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f()
	return false
}

// TestElementwiseAllocate fails if a call allocates, with its operands on the stack.
func TestElementwiseAllocate(t *testing.T) {
	eachKernel(t, func(t *testing.T, k kernel) {
		if n := testing.AllocsPerRun(10, func() {
			var w, m, v, g, z, dz [16]float32
			var labels, scale, loss [2]float32
			k.isa.adam(w[:], m[:], v[:], g[:], &adamStep{scale: 1, rate: 1, epsilon: 1})
			k.isa.sgd(w[:], m[:], g[:], &sgdStep{scale: 1, rate: 1})
			k.isa.sgd(w[:], nil, g[:], &sgdStep{scale: 1, rate: 1})
			k.isa.sweep(sweepRMSprop, &sweep{x: [5][]float32{w[:], nil, v[:], nil, g[:]}, rows: 1, n: len(w), s: [8]float32{1, 0, 1, 1, 1, 1}})
			k.isa.sweep(sweepMix, plainSweep(w[:], g[:], 1, 1))
			k.isa.sumSquares(g[:])
			k.isa.sumAbs(g[:])
			k.isa.activate(Mish, w[:], g[:])
			k.isa.gradActivation(Mish, w[:], g[:])
			s := softmax{z: z[:], dz: dz[:], labels: labels[:], scale: scale[:], loss: loss[:], ld: 8, rows: 2, units: 3}
			k.isa.softmaxCrossentropy(&s)
			s.dz = nil
			k.isa.softmax(&s)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

func FuzzElementwise(f *testing.F) {
	f.Add(uint64(1), uint16(16), uint8(3))
	f.Add(uint64(2), uint16(333), uint8(29))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, rows uint8) {
		rng := rand.New(rand.NewPCG(seed, 0))
		for _, k := range kernels() {
			if !k.available {
				continue
			}
			for _, c := range elementwiseCases(rng) {
				c.compare(t, k, scattered(rng), int(n), func(int) float32 { return special(rng) })
			}
			compareSoftmax(t, newSoftmax(rng, scattered(rng), 1+int(rows), 1+int(n%300), special), k)
		}
	})
}
