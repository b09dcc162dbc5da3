package mlp

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestRandomStateReference compares with the first words that the inventors' program prints (mt19937ar.out).
func TestRandomStateReference(t *testing.T) {
	r, err := NewRandomStateFromKey([]uint32{0x123, 0x234, 0x345, 0x456})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint32{1067595299, 955945823, 477289528, 4107218783, 4228976476} {
		if got := r.word(); got != want {
			t.Errorf("word %d is %d, want %d", i, got, want)
		}
	}
}

func TestRandomStateLongKey(t *testing.T) {
	key := make([]uint32, 1000)
	first := map[uint32]bool{}
	for _, changed := range []int{0, 1, 623, 624, 999} { // every word of a key counts
		key[changed]++
		r, err := NewRandomStateFromKey(key)
		if err != nil {
			t.Fatal(err)
		}
		first[r.word()] = true
	}
	if len(first) != 5 {
		t.Errorf("5 keys give %d first words", len(first))
	}
}

func TestRandomStateErrors(t *testing.T) {
	r := NewRandomState(1)
	choice := func(n, size int, replace bool, p ...float64) error {
		_, err := r.Choice(n, size, replace, p)
		return err
	}
	_, keyErr := NewRandomStateFromKey(nil)
	_, intErr := r.RandInt(3, 3)
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"empty key":                 {keyErr, "empty"},
		"empty range":               {intErr, "low is 3 and high is 3"},
		"negative n":                {choice(-1, 0, true), "negative"},
		"negative size":             {choice(1, -1, true), "negative"},
		"from nothing":              {choice(0, 1, true), "0 integers to draw from"},
		"too many":                  {choice(3, 4, false), "3 integers to draw from, want 4"},
		"wrong number of p":         {choice(3, 1, true, 0.5, 0.5), "2 probabilities"},
		"negative p":                {choice(2, 1, true, -0.5, 1.5), "p[0] is -0.5"},
		"p is NaN":                  {choice(2, 1, true, 0.5, math.NaN()), "p[1] is NaN"},
		"p does not sum to 1":       {choice(2, 1, true, 0.5, 0.4), "p sums to 0.9"},
		"too few that can be drawn": {choice(3, 2, false, 1, 0, 0), "only 1 probabilities"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.HasPrefix(test.err.Error(), "mlp: ") {
			t.Errorf("%s: error %v, want one with %q", name, test.err, test.want)
		}
	}
	if r.word() != NewRandomState(1).word() {
		t.Error("a call that is refused draws words")
	}
}

func TestChoice(t *testing.T) {
	r := NewRandomState(3)
	p := []float64{0.5, 0, 0.25, 0.25}
	for range 100 {
		distinct, err := r.Choice(4, 3, false, p)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Sort(distinct); !slices.Equal(distinct, []int{0, 2, 3}) {
			t.Fatalf("drew %v of the three that can be drawn", distinct)
		}
	}
	if !slices.Equal(p, []float64{0.5, 0, 0.25, 0.25}) {
		t.Errorf("Choice changed p to %v", p)
	}
	if none, err := r.Choice(0, 0, false, nil); err != nil || len(none) != 0 {
		t.Errorf("nothing of nothing is %v, %v", none, err)
	}
}

func TestPermutationOfNone(t *testing.T) {
	r := NewRandomState(1)
	for _, n := range []int{-1, 0, 1} {
		if p := r.Permutation(n); len(p) != max(n, 0) {
			t.Errorf("Permutation(%d) is %v", n, p)
		}
	}
}

func TestRandIntRange(t *testing.T) {
	r := NewRandomState(5)
	for range 100 { // the whole range of int64 but one needs 64 bits and must not overflow
		v, err := r.RandInt(math.MinInt64, math.MaxInt64)
		if err != nil || v == math.MaxInt64 {
			t.Fatal(v, err)
		}
	}
}
