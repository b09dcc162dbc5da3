package mlp

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// RangeTest says which learning rates FindLearningRate tries.
type RangeTest struct {
	From  float64 // the first step's rate, > 0; 0 means 1e-7
	To    float64 // the last step's rate, > From; 0 means 10
	Steps int     // > 1; 0 means 100
}

// RateCurve is the loss of the batches while the learning rate rises, one value a step. It ends early where the loss diverges.
type RateCurve struct {
	Rates    []float64 // evenly spaced on a logarithmic scale
	Losses   []float64 // of the batch, before the update by the rate
	Smoothed []float64 // Losses under an exponential average that runs forth and back, so that it does not lag behind

	// Suggestion is the rate at which Smoothed falls most steeply over the logarithm of the rate, before it is smallest. The first tenth
	// of the steps does not count. 0 means that the loss never fell.
	Suggestion float64
}

const (
	rateSmoothing = 0.9 // weight of the average so far against a new loss
	rateDiverged  = 4   // times the smallest average so far ends the test, as in fastai
)

// FindLearningRate trains for some steps while the learning rate rises exponentially (Smith, arXiv:1506.01186), on the batches
// that Fit would take next, and returns the losses and a rate to train with. Afterwards the trainer and its network are as they
// were: weights, optimizer, averages, learning rate or schedule, random streams.
//
// Range, number of steps and the rule of the steepest fall are those of fastai's lr_find. Its average of weight 0.98, which only runs
// forth, falls most steeply near the smallest loss, and suggests rates that are some ten times as high.
func (t *Trainer) FindLearningRate(ctx context.Context, d *Dataset, cfg RangeTest) (*RateCurve, error) {
	from, to, steps := or(cfg.From, 1e-7), or(cfg.To, 10), cfg.Steps
	if steps == 0 {
		steps = 100
	}
	err := checkRange("From", from, from > 0, "From > 0")
	if err == nil {
		err = checkRange("To", to, to > from, fmt.Sprintf("To > From, which is %v", from))
	}
	if err == nil && (steps < 2 || steps > maxBatch) {
		err = fmt.Errorf("Steps is %d, want 2 <= Steps <= %d", steps, maxBatch)
	}
	if err != nil {
		return nil, fmt.Errorf("mlp: RangeTest: %w", err)
	}
	f, err := t.newFit(d, FitConfig{})
	if err != nil {
		return nil, err
	}
	defer t.restoreSnapshot(t.snapshotTrainer())
	t.opt.schedule = nil
	c := &RateCurve{}
	forth, best := debiased{}, math.Inf(1)
	for step := range steps {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("mlp: FindLearningRate stopped after %d of %d steps: %w", step, steps, err)
		}
		t.rate = from * pow64(to/from, float64(step)/float64(steps-1))
		loss, err := f.rangeStep(ctx)
		if err != nil {
			return nil, err
		}
		smoothed := forth.add(loss)
		if !isFinite(loss) || smoothed > float64(rateDiverged*best) {
			break
		}
		best = min(best, smoothed)
		c.Rates, c.Losses, c.Smoothed = append(c.Rates, t.rate), append(c.Losses, loss), append(c.Smoothed, smoothed)
	}
	if len(c.Rates) < 2 {
		return nil, fmt.Errorf("mlp: FindLearningRate: the loss diverges at once at a learning rate of %v, want a smaller From", from)
	}
	back := debiased{}
	for i, v := range slices.Backward(c.Smoothed) {
		c.Smoothed[i] = back.add(v)
	}
	c.suggest(steps / 10)
	return c, nil
}

// debiased is an exponential average, divided by the sum of its weights.
type debiased struct{ sum, weight float64 }

func (d *debiased) add(v float64) float64 {
	d.sum = float64(rateSmoothing*d.sum) + float64((1-rateSmoothing)*v)
	d.weight = float64(rateSmoothing*d.weight) + (1 - rateSmoothing)
	return d.sum / d.weight
}

// rangeStep does one step on the next batch, and returns its loss. A loss that is not finite changes no weights.
func (f *fit) rangeStep(ctx context.Context) (float64, error) {
	t := f.trainer
	y, weights, rows, err := f.nextBatch(ctx)
	if err != nil {
		return 0, err
	}
	loss := t.gradients(y, weights, rows)
	if isFinite(loss) {
		t.update()
	}
	return loss, nil
}

// suggest sets Suggestion, leaving out the steps before first.
func (c *RateCurve) suggest(first int) {
	smallest := 0
	for i, v := range c.Smoothed {
		if v < c.Smoothed[smallest] {
			smallest = i
		}
	}
	steepest := 0.0
	for i := first; i < smallest; i++ {
		if fall := c.Smoothed[i+1] - c.Smoothed[i]; fall < steepest {
			steepest, c.Suggestion = fall, c.Rates[i]
		}
	}
}

// trainerSnapshot is a copy of all in a Trainer and its network that a step changes and that the next step needs.
type trainerSnapshot struct {
	arrays   [][]float32 // as Trainer.arrays
	moments  moments     // without its arrays
	schedule Schedule
	rate     float64
	batches  int
}

func (t *Trainer) snapshotTrainer() trainerSnapshot {
	s := trainerSnapshot{moments: t.moments, schedule: t.opt.schedule, rate: t.rate, batches: t.batches}
	for _, a := range t.arrays() {
		s.arrays = append(s.arrays, slices.Clone(a.Values))
	}
	return s
}

func (t *Trainer) restoreSnapshot(s trainerSnapshot) {
	t.moments, t.opt.schedule, t.rate, t.batches = s.moments, s.schedule, s.rate, s.batches
	for i, a := range t.arrays() {
		copy(a.Values, s.arrays[i])
	}
}
