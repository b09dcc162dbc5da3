package mlp

import (
	"fmt"
	"math"
	"slices"
)

// Halving is successive halving (Jamieson and Talwalkar, arXiv:1502.07943), as scikit-learn's HalvingGridSearchCV does
// it: all candidates are tried with few resources, the best of them with Factor times as many, and so on. Each rung
// trains anew, with the trial's own seed.
type Halving struct {
	Resource Resource
	Factor   int // a rung keeps one in Factor candidates, rounded up; 0 means 3

	// Min is what the first rung gets. 0 means as much as lets the last rung have all of Max, but at least 1 epoch, or
	// 2 rows for each fold and class.
	Min int
	// Max is what a rung gets at most; 0 means all rows, or the Epochs of the Estimators, which must agree.
	Max int
}

// Resource is what grows from rung to rung.
type Resource uint8

const (
	// Epochs grows FitConfig.Epochs. The best network is trained for as many epochs as the last rung.
	Epochs Resource = iota
	// Rows grows the rows of each fold, those to test on too: a random part of them, drawn by RandomState as
	// scikit-learn does. The best network is trained on all rows.
	Rows
)

// Rung is a round of a search. Without Halving there is one, with all resources.
type Rung struct {
	Candidates int
	Resource   int // rows or epochs; 0 without Halving
}

// plan returns the rungs for that many candidates; most and least are the bounds of the resource where h has none.
func (h *Halving) plan(candidates, least, most int) ([]Rung, error) {
	factor := or(h.Factor, 3)
	most = or(h.Max, most)
	switch {
	case h.Resource > Rows:
		return nil, fmt.Errorf("Halving.Resource is %d, want Epochs or Rows", h.Resource)
	case factor < 2:
		return nil, fmt.Errorf("Halving.Factor is %d, want at least 2", factor)
	case h.Min < 0 || h.Max < 0:
		return nil, fmt.Errorf("Halving.Min is %d and Max is %d, want neither negative", h.Min, h.Max)
	case or(h.Min, least) > most:
		return nil, fmt.Errorf("the first rung of Halving needs %d %v, and there are %d", or(h.Min, least), h.Resource, most)
	}
	rungs := 1 + floorLog(candidates, factor)
	least = or(h.Min, max(least, most/power(factor, rungs-1)))
	rungs = min(rungs, 1+floorLog(most/least, factor))
	plan := make([]Rung, rungs)
	for i := range plan {
		plan[i] = Rung{candidates, min(least*power(factor, i), most)}
		candidates = (candidates + factor - 1) / factor
	}
	return plan, nil
}

// String returns "epochs" or "rows".
func (r Resource) String() string {
	if r == Rows {
		return "rows"
	}
	return "epochs"
}

// floorLog returns the logarithm of n >= 1, rounded down.
func floorLog(n, base int) int {
	log := 0
	for ; n >= base; n /= base {
		log++
	}
	return log
}

// power returns base to the n, which the caller knows an int to hold.
func power(base, n int) int {
	p := 1
	for range n {
		p *= base
	}
	return p
}

// leastRows is the number of rows that the first rung gets at least.
func leastRows(d *Dataset, folds int) int {
	least := 2 * folds
	if len(d.ClassNames) > 0 {
		if labels, err := d.Labels(); err == nil {
			slices.Sort(labels)
			least *= len(slices.Compact(labels))
		}
	}
	return least
}

// part returns a random part of a fold, of so many rows of all.
func (f Fold) part(rows, all int, randomState uint32) Fold {
	share := float64(rows) / float64(all)
	take := func(list []int) []int {
		n := min(int(float64(share*float64(len(list)))), len(list))
		return gather(list, 1, NewRandomState(randomState).Permutation(len(list))[:n])
	}
	return Fold{take(f.Train), take(f.Test)}
}

// keep returns the n best of a rung's trials, in the order of their numbers.
func keep(trials []*Trial, n int, better func(a, b *Trial) int) []*Trial {
	best := slices.Clone(trials)
	slices.SortStableFunc(best, better)
	best = best[:n]
	slices.SortFunc(best, func(a, b *Trial) int { return a.Number - b.Number })
	return best
}

// rank orders trials: what went further comes first, then what scored better; NaN is worst, and the first of equals is
// the better one.
func rank(metric string, sign float64) func(a, b *Trial) int {
	score := func(t *Trial) float64 {
		if v := sign * t.Scores.Test[metric].Mean(); !math.IsNaN(v) {
			return v
		}
		return math.Inf(1)
	}
	return func(a, b *Trial) int {
		if a.Rung != b.Rung {
			return b.Rung - a.Rung
		}
		switch x, y := score(a), score(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return a.Number - b.Number
	}
}
