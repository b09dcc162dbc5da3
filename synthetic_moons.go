package mlp

import (
	"fmt"
	"math"
)

// MoonsConfig says what MakeMoons makes; its fields are those of scikit-learn's make_moons.
type MoonsConfig struct {
	Samples      int // rows, half of them on each moon; 0 means 100
	Outer, Inner int // rows of each moon, instead of Samples

	Noise       float64 // standard deviation of the normal noise on the points
	NoShuffle   bool    // keep the outer moon's rows first
	RandomState uint32
}

// MakeMoons returns points of the plane on two interleaving half circles, class 0 on the outer one and 1 on the inner:
// scikit-learn's make_moons. A field out of its range is an error.
func MakeMoons(cfg MoonsConfig) (*Dataset, error) {
	s, err := generateMoons(cfg)
	if err != nil {
		return nil, fmt.Errorf("mlp: MakeMoons: %w", err)
	}
	return s.dataset(), nil
}

func generateMoons(cfg MoonsConfig) (*synthetic, error) {
	// angle goes from 0 to π, both included.
	angle := func(i, n int) float64 {
		if i > 0 && i == n-1 {
			return math.Pi
		}
		return float64(i) * (math.Pi / float64(max(n-1, 1)))
	}
	outer := func(i, n int) (float64, float64) {
		a := angle(i, n)
		return cos64(a), sin64(a)
	}
	inner := func(i, n int) (float64, float64) {
		a := angle(i, n)
		return 1 - cos64(a), 1 - sin64(a) - 0.5
	}
	return curves(cfg, outer, inner)
}

// CirclesConfig says what MakeCircles makes; its fields are those of scikit-learn's make_circles.
type CirclesConfig struct {
	Samples      int // rows, half of them on each circle; 0 means 100
	Outer, Inner int // rows of each circle, instead of Samples

	Factor      float64 // radius of the inner circle, within (0, 1); 0 means 0.8
	InnerPoint  bool    // shrink the inner circle to a point, which is scikit-learn's factor of 0
	Noise       float64 // standard deviation of the normal noise on the points
	NoShuffle   bool    // keep the outer circle's rows first
	RandomState uint32
}

// MakeCircles returns points of the plane on two circles around 0, class 0 on the outer one of radius 1 and class 1 on
// the inner: scikit-learn's make_circles. A field out of its range is an error.
func MakeCircles(cfg CirclesConfig) (*Dataset, error) {
	s, err := generateCircles(cfg)
	if err != nil {
		return nil, fmt.Errorf("mlp: MakeCircles: %w", err)
	}
	return s.dataset(), nil
}

func generateCircles(cfg CirclesConfig) (*synthetic, error) {
	factor := or(cfg.Factor, 0.8)
	if err := checkRange("Factor", factor, factor > 0 && factor < 1, "0 < Factor < 1"); err != nil {
		return nil, err
	}
	if cfg.InnerPoint {
		if cfg.Factor != 0 {
			return nil, fmt.Errorf("InnerPoint is set and Factor is %v, want only one of them", cfg.Factor)
		}
		factor = 0
	}
	outer := func(i, n int) (float64, float64) {
		a := float64(i) * (2 * math.Pi / float64(n))
		return cos64(a), sin64(a)
	}
	inner := func(i, n int) (float64, float64) {
		x, y := outer(i, n)
		return factor * x, factor * y
	}
	return curves(MoonsConfig{cfg.Samples, cfg.Outer, cfg.Inner, cfg.Noise, cfg.NoShuffle, cfg.RandomState}, outer, inner)
}

// curves puts points on two curves, class 0 on the outer one and class 1 on the inner. A curve gives its point i of n.
func curves(cfg MoonsConfig, outer, inner func(i, n int) (x, y float64)) (*synthetic, error) {
	if cfg.Samples != 0 && (cfg.Outer != 0 || cfg.Inner != 0) {
		return nil, fmt.Errorf("rows are set by Samples (%d) and by Outer and Inner (%d, %d), want only one of the ways",
			cfg.Samples, cfg.Outer, cfg.Inner)
	}
	if cfg.Outer == 0 && cfg.Inner == 0 {
		cfg.Samples = or(cfg.Samples, 100)
		cfg.Outer = cfg.Samples / 2
		cfg.Inner = cfg.Samples - cfg.Outer
	}
	if err := firstError(
		checkAtLeast("Samples", cfg.Samples, 0),
		checkAtLeast("Outer", cfg.Outer, 0),
		checkAtLeast("Inner", cfg.Inner, 0),
		checkRange("Noise", cfg.Noise, cfg.Noise >= 0, "Noise >= 0"),
		checkTable("X", cfg.Outer, 4), // half of the bound each
		checkTable("X", cfg.Inner, 4),
	); err != nil {
		return nil, err
	}
	s := newSynthetic(cfg.Outer+cfg.Inner, 2, 1, 2)
	for i := range s.y {
		row := s.row(i)
		if i < cfg.Outer {
			row[0], row[1] = outer(i, cfg.Outer)
		} else {
			row[0], row[1] = inner(i-cfg.Outer, cfg.Inner)
			s.y[i] = 1
		}
	}
	r := NewRandomState(cfg.RandomState)
	if !cfg.NoShuffle {
		s.shuffleRows(r)
	}
	addNoise(r, s.x, cfg.Noise)
	return s, nil
}
