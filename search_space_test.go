package mlp

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// The lists and draws of this file are scikit-learn 1.9.1's and SciPy's, with the same random_state.
var (
	listSpace  = Space{"units": Values(8, 16), "act": Values("relu", "tanh"), "rate": Values(0.1, 0.2, 0.3)}
	rangeSpace = Space{
		"dropout": Uniform{0, 0.5}, "rate": LogUniform{1e-4, 1e-1}, "units": UniformInt{8, 128}, "act": Values("relu", "tanh", "elu"),
	}
)

func TestSpaceCandidates(t *testing.T) {
	hundreds := Values(rowOrder(nil, 40, false)...)
	for _, tt := range []struct {
		space       Space
		trials      int
		randomState uint32
		want        string
	}{
		{listSpace, 0, 0, "relu,0.1,8 relu,0.1,16 relu,0.2,8 relu,0.2,16 relu,0.3,8 relu,0.3,16 " +
			"tanh,0.1,8 tanh,0.1,16 tanh,0.2,8 tanh,0.2,16 tanh,0.3,8 tanh,0.3,16"},
		{listSpace, 5, 0, "tanh,0.1,8 tanh,0.3,16 relu,0.3,8 tanh,0.3,8 relu,0.2,8"},
		{listSpace, 4, 42, "tanh,0.3,8 tanh,0.2,16 relu,0.1,8 tanh,0.2,8"},
		{listSpace, 100, 0, "relu,0.1,8 relu,0.1,16 relu,0.2,8 relu,0.2,16 relu,0.3,8 relu,0.3,16 " +
			"tanh,0.1,8 tanh,0.1,16 tanh,0.2,8 tanh,0.2,16 tanh,0.3,8 tanh,0.3,16"},
		{Space{"a": hundreds, "b": hundreds}, 5, 3, "31,33 23,32 24,8 6,16 19,29"},
		// More combinations than an int32 counts.
		{Space{"a": hundreds, "b": hundreds, "c": hundreds, "d": hundreds, "e": hundreds, "f": hundreds}, 2, 3,
			"23,4,3,16,34,26 2,38,26,10,26,8"},
	} {
		candidates, err := tt.space.candidates(tt.trials, tt.randomState)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, p := range candidates {
			var values []string
			for _, v := range p.values {
				values = append(values, v.String())
			}
			words = append(words, strings.Join(values, ","))
		}
		if got := strings.Join(words, " "); got != tt.want {
			t.Errorf("%d trials, random state %d:\n%s, want\n%s", tt.trials, tt.randomState, got, tt.want)
		}
	}
}

func TestSpaceRanges(t *testing.T) {
	candidates, err := rangeSpace.candidates(4, 7)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		act           string
		dropout, rate float64
		units         int
	}{
		{"relu", 0.3899593961200573, 0.002066463288698666, 31},
		{"relu", 0.15400638259386967, 0.0006188886485969522, 97},
		{"elu", 0.2096861052082441, 0.00011161718950501575, 110},
		{"relu", 0.4344007291039043, 0.0009829190405353015, 8},
	} {
		p := candidates[i]
		if p.Text("act") != want.act || p.Float("dropout") != want.dropout || p.Int("units") != want.units {
			t.Errorf("candidate %d is %v, want %v", i, p, want)
		}
		// SciPy's logarithm and exponential round in another way.
		if got := p.Float("rate"); math.Abs(got-want.rate) > 1e-15*want.rate*10 {
			t.Errorf("candidate %d: rate %v, want %v", i, got, want.rate)
		}
	}
	// A range of whole numbers keeps to it, and reaches both ends.
	candidates, err = Space{"n": LogUniformInt{1, 4}}.candidates(200, 0)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[int]int{}
	for _, p := range candidates {
		counts[p.Int("n")]++
	}
	if len(counts) != 4 || counts[1] < counts[4] || counts[4] == 0 {
		t.Errorf("LogUniformInt{1, 4} gives %v, want 1 … 4, the small ones more often", counts)
	}
}

func TestSpaceErrors(t *testing.T) {
	many := Values(rowOrder(nil, 1024, false)...)
	for _, tt := range []struct {
		space  Space
		trials int
		want   string
	}{
		{nil, 0, "the Space is empty"},
		{Space{"a": nil}, 0, `nil for "a"`},
		{Space{"a": Values[int]()}, 0, "there are no values"},
		{Space{"a": Values(1.0, math.NaN())}, 0, "a value is NaN"},
		{Space{"rate": Uniform{1, 1}}, 3, `"rate": Uniform has Low 1 and High 1, want finite Low < High`},
		{Space{"rate": Uniform{-math.MaxFloat64, math.MaxFloat64}}, 3, "want finite"},
		{Space{"rate": LogUniform{0, 1}}, 3, "want finite 0 < Low < High"},
		{Space{"units": UniformInt{8, 4}}, 3, "want finite Low < High"},
		{Space{"units": LogUniformInt{0, 4}}, 3, "want finite 0 < Low < High"},
		{Space{"rate": Uniform{0, 1}}, 0, `a range (mlp.Uniform) for "rate", a grid wants Values`},
		{Space{"a": Values(1)}, -1, "Trials is -1"},
		{Space{"a": many, "b": many, "c": Values(1, 2)}, 0, "more than 1048576 combinations"},
	} {
		_, err := tt.space.candidates(tt.trials, 0)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want %q", tt.space, err, tt.want)
		}
	}
}

func TestHalvingPlan(t *testing.T) {
	for _, tt := range []struct {
		n           int
		h           Halving
		least, most int
		want        string // of candidates and resources
	}{
		{1, Halving{Resource: Rows}, 30, 150, "[{1 150}]"},
		{3, Halving{Resource: Rows}, 30, 150, "[{3 50} {1 150}]"},
		{8, Halving{Resource: Rows}, 30, 150, "[{8 50} {3 150}]"},
		{9, Halving{Resource: Rows}, 30, 150, "[{9 30} {3 90}]"},
		{100, Halving{Resource: Rows}, 30, 150, "[{100 30} {34 90}]"},
		{1, Halving{}, 1, 50, "[{1 50}]"},
		{1, Halving{Min: 5}, 1, 50, "[{1 5}]"},
		{3, Halving{}, 1, 50, "[{3 16} {1 48}]"},
		{9, Halving{}, 1, 50, "[{9 5} {3 15} {1 45}]"},
		{10, Halving{}, 1, 50, "[{10 5} {4 15} {2 45}]"},
		{27, Halving{}, 1, 50, "[{27 1} {9 3} {3 9} {1 27}]"},
		{30, Halving{Min: 5}, 1, 50, "[{30 5} {10 15} {4 45}]"},
		{2, Halving{Factor: 2, Max: 81}, 1, 50, "[{2 40} {1 80}]"},
		{100, Halving{Factor: 2, Max: 81}, 1, 50, "[{100 1} {50 2} {25 4} {13 8} {7 16} {4 32} {2 64}]"},
	} {
		rungs, err := tt.h.plan(tt.n, tt.least, tt.most)
		if err != nil || fmt.Sprint(rungs) != tt.want {
			t.Errorf("%d candidates, %+v: %v, %v, want %s", tt.n, tt.h, rungs, err, tt.want)
		}
	}
	for _, h := range []Halving{{Factor: 1}, {Factor: -3}, {Min: 51}, {Min: -1}, {Max: -1}, {Resource: 2}, {Min: 9, Max: 8}} {
		if _, err := h.plan(10, 1, 50); err == nil {
			t.Errorf("%+v is no error", h)
		}
	}
}

func TestFoldPart(t *testing.T) {
	folds, err := KFold(&Dataset{X: make([]float32, 20), Features: 1}, FoldConfig{Folds: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Fold{
		{[]int{12, 8, 14, 9, 16}, []int{6, 2, 4}}, {[]int{5, 1, 14, 2, 16}, []int{13, 9, 11}}, {[]int{5, 1, 7, 2, 10, 13}, []int{19, 16}},
	} {
		if got := folds[i].part(9, 20, 5); !slices.Equal(got.Train, want.Train) || !slices.Equal(got.Test, want.Test) {
			t.Errorf("fold %d: %v, want %v", i, got, want)
		}
	}
}

func TestLearningSizes(t *testing.T) {
	for _, tt := range []struct {
		s    LearningSizes
		n    int
		want []int // nil for an error
	}{
		{LearningSizes{}, 120, []int{12, 39, 66, 93, 120}},
		{LearningSizes{}, 7, []int{1, 2, 3, 5, 7}},
		{LearningSizes{Fractions: []float64{0.5, 0.01, 0.5}}, 10, []int{1, 5}},
		{LearningSizes{Rows: []int{9, 3}}, 10, []int{3, 9}},
		{LearningSizes{Rows: []int{11}}, 10, nil},
		{LearningSizes{Rows: []int{}}, 10, nil},
		{LearningSizes{Fractions: []float64{0}}, 10, nil},
		{LearningSizes{Fractions: []float64{1.5}}, 10, nil},
		{LearningSizes{Fractions: []float64{1}, Rows: []int{1}}, 10, nil},
	} {
		got, err := tt.s.of(tt.n)
		if !slices.Equal(got, tt.want) || (err != nil) != (tt.want == nil) {
			t.Errorf("%+v of %d: %v, %v, want %v", tt.s, tt.n, got, err, tt.want)
		}
	}
}
