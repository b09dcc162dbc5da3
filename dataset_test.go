package mlp

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// flowers returns a small Dataset with everything that a Dataset can have.
func flowers() *Dataset {
	return &Dataset{
		X:             []float32{1, 10, 2, 20, 3, 30, 4, 40},
		Y:             []float32{0, 1, 1, 2},
		Features:      2,
		Targets:       1,
		FeatureNames:  []string{"length", "width"},
		TargetNames:   []string{"kind"},
		ClassNames:    []string{"daisy", "rose", "tulip"},
		SampleWeights: []float32{1, 2, 3, 4},
	}
}

func TestValidate(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, test := range []struct {
		name  string
		spoil func(*Dataset)
		want  string // a part of the error; "" if there is none
	}{
		{"sound", func(d *Dataset) {}, ""},
		{"no rows", func(d *Dataset) { d.X, d.Y, d.SampleWeights = nil, nil, nil }, ""},
		{"no names", func(d *Dataset) { d.FeatureNames, d.TargetNames = nil, nil }, ""},
		{"no targets", func(d *Dataset) { d.Y, d.Targets, d.TargetNames, d.ClassNames = nil, 0, nil, nil }, ""},
		{"regression", func(d *Dataset) { d.ClassNames, d.Y[0] = nil, -1.5 }, ""},
		{"one-hot", func(d *Dataset) { d.Y, d.Targets, d.TargetNames = make([]float32, 12), 3, nil }, ""},
		{"features", func(d *Dataset) { d.Features = 0 }, "Features is 0"},
		{"negative features", func(d *Dataset) { d.Features = -2 }, "Features is -2"},
		{"negative targets", func(d *Dataset) { d.Targets = -1 }, "Targets is -1"},
		{"X", func(d *Dataset) { d.X = d.X[:7] }, "X has 7 values, no whole number of rows of 2 features"},
		{"Y", func(d *Dataset) { d.Y = d.Y[:3] }, "Y has 3 values, want 4 rows of 1 target"},
		{"Y without targets", func(d *Dataset) { d.Targets, d.TargetNames = 0, nil },
			"Y has 4 values, want 4 rows of 0 targets"},
		{"huge targets", func(d *Dataset) { d.Targets = math.MaxInt }, "Y has 4 values"},
		{"feature names", func(d *Dataset) { d.FeatureNames = d.FeatureNames[:1] }, "1 FeatureNames for 2 features"},
		{"target names", func(d *Dataset) { d.TargetNames = []string{"a", "b"} }, "2 TargetNames for 1 targets"},
		{"class names", func(d *Dataset) { d.Y, d.Targets, d.TargetNames = make([]float32, 8), 2, nil },
			"3 ClassNames for 2 targets"},
		{"weights", func(d *Dataset) { d.SampleWeights = d.SampleWeights[:3] }, "3 SampleWeights for 4 rows"},
		{"NaN in X", func(d *Dataset) { d.X[5] = nan }, `row 2, feature "width": NaN is not finite`},
		{"infinity in X, unnamed", func(d *Dataset) { d.X[5], d.FeatureNames = inf, nil },
			`row 2, feature "x1": +Inf is not finite`},
		{"NaN in Y", func(d *Dataset) { d.Y[3] = nan }, `row 3, target "kind": NaN is not finite`},
		{"infinity in Y, unnamed", func(d *Dataset) { d.Y[3], d.TargetNames = -inf, nil },
			`row 3, target "y0": -Inf is not finite`},
		{"class beyond", func(d *Dataset) { d.Y[3] = 3 },
			`row 3, target "kind": 3 is not a class index, want a whole number from 0 to 2`},
		{"class below", func(d *Dataset) { d.Y[3] = -1 }, `row 3, target "kind": -1 is not a class index`},
		{"class between", func(d *Dataset) { d.Y[1] = 0.5 }, `row 1, target "kind": 0.5 is not a class index`},
		{"negative weight", func(d *Dataset) { d.SampleWeights[1] = -1 }, "row 1: the sample weight is -1"},
		{"NaN weight", func(d *Dataset) { d.SampleWeights[1] = nan }, "row 1: the sample weight is NaN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := flowers()
			test.spoil(d)
			err := d.Validate()
			if test.want == "" && err != nil || test.want != "" && (err == nil ||
				!strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			// Nothing panics on what Validate refuses.
			d.Summary()
			d.ClassCounts()
			d.Head(3)
			d.Shuffle(1)
			d.Subset([]int{0})
		})
	}
}

func TestClone(t *testing.T) {
	d := flowers()
	c := d.Clone()
	if !reflect.DeepEqual(c, d) {
		t.Fatalf("%+v, want %+v", c, d)
	}
	c.X[0], c.Y[0], c.SampleWeights[0] = 99, 99, 99
	c.FeatureNames[0], c.TargetNames[0], c.ClassNames[0] = "", "", ""
	if !reflect.DeepEqual(d, flowers()) {
		t.Errorf("a change to the clone reached %+v", d)
	}
	if bare := (&Dataset{X: []float32{1}, Features: 1}); !reflect.DeepEqual(bare.Clone(), bare) {
		t.Errorf("%+v, want %+v", bare.Clone(), bare)
	}
}

func TestSubset(t *testing.T) {
	d := flowers()
	s, err := d.Subset([]int{3, 0, 3})
	if err != nil {
		t.Fatal(err)
	}
	want := flowers()
	want.X, want.Y, want.SampleWeights = []float32{4, 40, 1, 10, 4, 40}, []float32{2, 0, 2}, []float32{4, 1, 4}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("%+v, want %+v", s, want)
	}
	s.X[0], s.FeatureNames[0] = 99, ""
	if !reflect.DeepEqual(d, flowers()) {
		t.Errorf("a change to the subset reached %+v", d)
	}
	if s, err := d.Subset(nil); err != nil || s.Rows() != 0 || s.Validate() != nil {
		t.Errorf("no indices: %+v, %v", s, err)
	}
	for _, index := range []int{-1, 4, math.MaxInt, math.MinInt} {
		if _, err := d.Subset([]int{0, index}); err == nil || !strings.Contains(err.Error(), "indices[1]") {
			t.Errorf("index %d: error %v", index, err)
		}
	}
}

func TestHead(t *testing.T) {
	d := flowers()
	for n, want := range map[int]int{-1: 0, 0: 0, 3: 3, 4: 4, 5: 4, math.MaxInt: 4} {
		h := d.Head(n)
		if h.Rows() != want || h.Validate() != nil {
			t.Errorf("Head(%d): %d rows, %v, want %d", n, h.Rows(), h.Validate(), want)
		}
		if !slices.Equal(h.X, d.X[:2*want]) || !slices.Equal(h.SampleWeights, d.SampleWeights[:want]) {
			t.Errorf("Head(%d): %v", n, h)
		}
	}
	if h := d.Head(1); !reflect.DeepEqual(append(h.X, 99)[:2], h.X) || d.X[2] != 2 {
		t.Error("appending to the head wrote into the rest")
	}
}

func TestShuffle(t *testing.T) {
	d := flowers()
	if err := d.Shuffle(7); err != nil {
		t.Fatal(err)
	}
	// The order of PCG(7, streamShuffle); it must never change, so that results can be had again.
	if want := []float32{2, 1, 4, 3}; !slices.Equal(d.SampleWeights, want) {
		t.Errorf("order %v, want %v", d.SampleWeights, want)
	}
	for i, w := range d.SampleWeights {
		row := int(w) - 1
		if !slices.Equal(d.X[2*i:][:2], flowers().X[2*row:][:2]) || d.Y[i] != flowers().Y[row] {
			t.Errorf("row %d was torn apart: %+v", i, d)
		}
	}

	// Each of the 24 orders comes up as often as the others: chi-square of 23 degrees of freedom, below its 99.9 % point.
	const trials = 24 * 500
	orders := map[[4]float32]int{}
	for seed := range uint64(trials) {
		d := flowers()
		d.Shuffle(seed)
		orders[[4]float32(d.SampleWeights)]++
	}
	chiSquare := 0.0
	for _, n := range orders {
		chiSquare += float64(n-500) * float64(n-500) / 500
	}
	if len(orders) != 24 || chiSquare > 49.7 {
		t.Errorf("%d orders, chi-square %.1f: %v", len(orders), chiSquare, orders)
	}
}

// The order of a batch: all 120 orders of five rows come up equally often, and every length gives a permutation.
func TestShuffleIndices(t *testing.T) {
	rng := rand.NewPCG(1, 2)
	orders := map[[5]int]int{}
	const each = 1000
	for range 120 * each {
		order := []int{0, 1, 2, 3, 4}
		shuffle(order, rng)
		orders[[5]int(order)]++
	}
	chiSquare := 0.0
	for _, n := range orders {
		chiSquare += float64(n-each) * float64(n-each) / each
	}
	if len(orders) != 120 || chiSquare > 171 { // the 99.9 % point for 119 degrees of freedom
		t.Errorf("%d orders of 120, chi-square %.0f", len(orders), chiSquare)
	}
	for _, n := range []int{0, 1, 2, 6, 7, 8, 1023, 1<<10 + 9, 1<<15 + 9, 1<<20 + 9} {
		order, seen := make([]int, n), make([]bool, n)
		for i := range order {
			order[i] = i
		}
		shuffle(order, rng)
		for _, i := range order {
			seen[i] = true
		}
		if slices.Contains(seen, false) {
			t.Errorf("%d rows: an index is lost", n)
		}
	}
}

func TestClassCounts(t *testing.T) {
	d := flowers()
	if got := d.ClassCounts(); !slices.Equal(got, []int{1, 2, 1}) {
		t.Errorf("%v", got)
	}
	d.ClassNames = nil
	if got := d.ClassCounts(); got != nil {
		t.Errorf("%v for a regression", got)
	}
}

func TestSummary(t *testing.T) {
	nan := float32(math.NaN())
	d := &Dataset{
		X:            []float32{1, nan, 3, nan},
		Y:            []float32{1, 2},
		Features:     2,
		Targets:      1,
		FeatureNames: []string{"a name that is far too long for a table", "colour\x1b[31m"},
	}
	want := `2 rows, 2 features, 1 target

feature                         min       mean        max  deviation    missing
a name that is far too …          1          2          3          1          0
"colour\x1b[31m"                NaN        NaN        NaN        NaN          2

target        min       mean        max  deviation
y0              1        1.5          2        0.5
`
	if got := d.Summary(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	wide := &Dataset{X: make([]float32, 64), Features: 64}
	got := wide.Summary()
	if strings.Count(got, "\n") != 24 || !strings.HasPrefix(got, "1 row, 64 features\n") ||
		!strings.HasSuffix(got, "… and 44 more features\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestIris(t *testing.T) {
	d := Iris()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	if d.Rows() != 150 || d.Features != 4 || d.Targets != 1 || !slices.Equal(d.ClassCounts(), []int{50, 50, 50}) {
		t.Errorf("%d rows, %d features, classes %v", d.Rows(), d.Features, d.ClassCounts())
	}
	// Rows 35 and 38, counted from 1, are Fisher's, not the UCI repository's (4.9 3.1 1.5 0.1 both).
	if got := d.X[34*4:][:4]; !slices.Equal(got, []float32{4.9, 3.1, 1.5, 0.2}) {
		t.Errorf("row 35 is %v", got)
	}
	if got := d.X[37*4:][:4]; !slices.Equal(got, []float32{4.9, 3.6, 1.4, 0.1}) {
		t.Errorf("row 38 is %v", got)
	}
	d.X[0] = 99
	if Iris().X[0] != 5.1 {
		t.Error("two calls of Iris share memory")
	}
}

func TestAllFinite(t *testing.T) {
	for n := range 11 {
		x := make([]float32, n)
		for i := range x {
			x[i] = []float32{0, -1, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32}[i%5]
		}
		if !allFinite(x) {
			t.Errorf("%v is finite", x)
		}
		for i := range x {
			was := x[i]
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				if x[i] = float32(v); allFinite(x) {
					t.Errorf("%v is not finite", x)
				}
			}
			x[i] = was
		}
	}
}
