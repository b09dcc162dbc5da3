package mlp

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// TestParseDecimal compares parseDecimal with strconv on numbers of every length and exponent, and on the midpoints of
// neighbouring float32 and their neighbours in decimal.
func TestParseDecimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	certain, all := 0, 0
	compare := func(s string) {
		t.Helper()
		all++
		v, ok := parseDecimal([]byte(s))
		if !ok {
			return
		}
		certain++
		if want, err := strconv.ParseFloat(s, 32); err != nil || math.Float32bits(v) != math.Float32bits(float32(want)) {
			t.Fatalf("%s is %v, want %v (%v)", s, v, float32(want), err)
		}
	}
	for range 100_000 {
		digits := strconv.FormatUint(rng.Uint64()>>rng.IntN(64), 10)
		point := rng.IntN(len(digits) + 1)
		s := []string{"", "-", "+"}[rng.IntN(3)] + strings.Repeat("0", rng.IntN(3)) + digits[:point] + "." + digits[point:]
		compare(s)
		compare(s + "e" + strconv.Itoa(rng.IntN(100)-50))
	}
	if certain < all/2 {
		t.Errorf("only %d of %d numbers are parsed here", certain, all)
	}
	for range 20_000 {
		low := math.Float32frombits(rng.Uint32N(math.MaxUint32))
		high := math.Nextafter32(low, math.MaxFloat32)
		if !isFinite(low) || !isFinite(high) {
			continue
		}
		middle := (float64(low) + float64(high)) / 2 // exact
		for _, precision := range []int{-1, 5, 12, 14, 15, 16, 17, 18, 60} {
			compare(strconv.FormatFloat(middle, 'e', precision, 64))
			compare(strconv.FormatFloat(math.Nextafter(middle, 0), 'f', precision, 64))
		}
	}
}

// TestParseDecimalDoubt wants doubts where rounding twice would go wrong: here, the float64 nearest to a number is
// the midpoint of two float32, and the number is not.
func TestParseDecimalDoubt(t *testing.T) {
	middle := big.NewFloat(1 + 0x1p-24)
	for _, s := range []string{"1.00000005960464478", "1.0000000596046447754", "1.000000059604644775"} {
		exact, _, err := big.ParseFloat(s, 10, 200, big.ToNearestEven)
		if err != nil || exact.Cmp(middle) == 0 {
			t.Fatal(s, err)
		}
		if v, ok := parseDecimal([]byte(s)); ok {
			t.Errorf("%s is certainly %v", s, v)
		}
		v, err := parseNumber([]byte(s), false)
		want := float32(1)
		if exact.Cmp(middle) > 0 {
			want += 0x1p-23
		}
		if err != nil || v != want {
			t.Errorf("%s is %v, want %v (%v)", s, v, want, err)
		}
	}
}

// FuzzNumber holds parseDecimal and strconv equal: where one is certain of a number, the other takes it for the same.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1", "-0.5", "+1e10", ".5", "5.", ".", "1e", "1e+", "0x1", "1_0", "NaN", "1e-45", "3.4028235e38",
		"3.4028236e38", "1.000000059604644775390625", "00000000000000000000000000.1", "18446744073709551615",
		"99999999999999999999", "8.8817841970012523e-16", "1e022", "1e-0000022"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := parseDecimal([]byte(s))
		if !ok {
			return
		}
		want, err := strconv.ParseFloat(s, 32)
		if err != nil || !isDecimal(s) || math.Float32bits(v) != math.Float32bits(float32(want)) {
			t.Fatalf("%q is %v, want %v (%v)", s, v, want, err)
		}
	})
}
