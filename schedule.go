package mlp

import (
	"errors"
	"fmt"
	"math"
)

// Schedule gives the learning rate of each step, counted from 0: the first update uses LearningRate(0). The formulas are
// Keras's (https://keras.io/api/optimizers/learning_rate_schedules).
type Schedule interface {
	LearningRate(step int) float64
}

// ScheduleFunc is a function as a Schedule.
type ScheduleFunc func(step int) float64

// LearningRate returns f(step).
func (f ScheduleFunc) LearningRate(step int) float64 { return f(step) }

// ExponentialDecay is Initial·Rate^(step/Steps).
type ExponentialDecay struct {
	Initial   float64 // > 0
	Steps     int     // > 0
	Rate      float64 // > 0
	Staircase bool    // round step/Steps down
}

// InverseTimeDecay is Initial/(1 + Rate·step/Steps).
type InverseTimeDecay struct {
	Initial   float64 // > 0
	Steps     int     // > 0
	Rate      float64 // >= 0
	Staircase bool    // round step/Steps down
}

// PolynomialDecay goes from Initial to End within Steps steps: (Initial-End)·(1 - step/Steps)^Power + End.
type PolynomialDecay struct {
	Initial float64 // > 0
	End     float64 // >= 0; Keras's default is 1e-4, here 0
	Steps   int     // > 0
	Power   float64 // > 0; 0 means 1
	Cycle   bool    // beyond Steps, go on with the next multiple of Steps that is not yet passed
}

// CosineDecay goes from Initial to Alpha·Initial within Steps steps along half a cosine (Loshchilov and Hutter,
// arXiv:1608.03983). With WarmupSteps, it first goes straight from Initial to WarmupTarget, and then decays from there.
type CosineDecay struct {
	Initial      float64 // >= 0
	Steps        int     // > 0, without the warm-up
	Alpha        float64 // 0 <= Alpha <= 1
	WarmupTarget float64 // > 0 with WarmupSteps
	WarmupSteps  int     // >= 0
}

// CosineRestarts goes from Initial to Alpha·Initial within Steps steps along half a cosine, and starts again: each period is Stretch
// times as long as the one before, and its cosine Shrink times as high (Loshchilov and Hutter, arXiv:1608.03983).
type CosineRestarts struct {
	Initial float64 // > 0
	Steps   int     // of the first period, > 0
	Stretch float64 // >= 1; 0 means 2
	Shrink  float64 // > 0; 0 means 1
	Alpha   float64 // 0 <= Alpha <= 1
}

// OneCycle rises from Max/25 to Max within the first 30 % of Steps steps, and falls to Max/250,000 within the others, both along half
// a cosine: PyTorch's defaults for the policy of Smith and Topin, arXiv:1708.07120.
type OneCycle struct {
	Max   float64 // > 0
	Steps int     // > 1
}

// PiecewiseConstant is Values[i] up to and including step Boundaries[i], and the last value after the last boundary.
type PiecewiseConstant struct {
	Boundaries []int     // rising
	Values     []float64 // one more than Boundaries
}

func (s ExponentialDecay) validate() error {
	return errors.Join(checkRange("Initial", s.Initial, s.Initial > 0, "Initial > 0"),
		checkRange("Steps", float64(s.Steps), s.Steps > 0, "Steps > 0"), checkRange("Rate", s.Rate, s.Rate > 0, "Rate > 0"))
}

// LearningRate returns the rate of a step.
func (s ExponentialDecay) LearningRate(step int) float64 {
	return s.Initial * pow64(s.Rate, periods(step, s.Steps, s.Staircase))
}

// periods returns step/steps, rounded down for a staircase.
func periods(step, steps int, staircase bool) float64 {
	p := float64(step) / float64(steps)
	if staircase {
		p = math.Floor(p)
	}
	return p
}

func (s InverseTimeDecay) validate() error {
	return errors.Join(checkRange("Initial", s.Initial, s.Initial > 0, "Initial > 0"),
		checkRange("Steps", float64(s.Steps), s.Steps > 0, "Steps > 0"), checkRange("Rate", s.Rate, s.Rate >= 0, "Rate >= 0"))
}

// LearningRate returns the rate of a step.
func (s InverseTimeDecay) LearningRate(step int) float64 {
	return s.Initial / (1 + float64(s.Rate*periods(step, s.Steps, s.Staircase)))
}

func (s PolynomialDecay) validate() error {
	return errors.Join(checkRange("Initial", s.Initial, s.Initial > 0, "Initial > 0"), checkRange("End", s.End, s.End >= 0, "End >= 0"),
		checkRange("Steps", float64(s.Steps), s.Steps > 0, "Steps > 0"), checkRange("Power", s.Power, s.Power >= 0, "Power >= 0"))
}

// LearningRate returns the rate of a step.
func (s PolynomialDecay) LearningRate(step int) float64 {
	steps := float64(s.Steps)
	if s.Cycle {
		steps *= max(1, math.Ceil(float64(step)/steps))
	}
	left := 1 - min(float64(step), steps)/steps
	if s.Power != 0 && s.Power != 1 && left != 0 {
		left = pow64(left, s.Power)
	}
	return float64((s.Initial-s.End)*left) + s.End
}

func (s CosineDecay) validate() error {
	return errors.Join(checkRange("Initial", s.Initial, s.Initial >= 0, "Initial >= 0"), checkRange("Steps", float64(s.Steps), s.Steps > 0, "Steps > 0"),
		checkRange("Alpha", s.Alpha, s.Alpha >= 0 && s.Alpha <= 1, "0 <= Alpha <= 1"),
		checkRange("WarmupSteps", float64(s.WarmupSteps), s.WarmupSteps >= 0, "WarmupSteps >= 0"),
		checkRange("WarmupTarget", s.WarmupTarget, s.WarmupSteps == 0 && s.WarmupTarget == 0 || s.WarmupSteps > 0 && s.WarmupTarget > 0, "WarmupTarget > 0 with WarmupSteps, else 0"))
}

// LearningRate returns the rate of a step.
func (s CosineDecay) LearningRate(step int) float64 {
	from := s.Initial
	if s.WarmupSteps > 0 {
		if step < s.WarmupSteps {
			return s.Initial + float64((s.WarmupTarget-s.Initial)*(float64(step)/float64(s.WarmupSteps)))
		}
		from = s.WarmupTarget
		step -= s.WarmupSteps
	}
	fraction := float64(min(step, s.Steps)) / float64(s.Steps)
	return from * (float64((1-s.Alpha)*halfCosine(fraction)) + s.Alpha)
}

func (s CosineRestarts) validate() error {
	return errors.Join(checkRange("Initial", s.Initial, s.Initial > 0, "Initial > 0"), checkRange("Steps", float64(s.Steps), s.Steps > 0, "Steps > 0"),
		checkRange("Stretch", s.Stretch, s.Stretch == 0 || s.Stretch >= 1, "Stretch >= 1"), checkRange("Shrink", s.Shrink, s.Shrink >= 0, "Shrink > 0"),
		checkRange("Alpha", s.Alpha, s.Alpha >= 0 && s.Alpha <= 1, "0 <= Alpha <= 1"))
}

// LearningRate returns the rate of a step.
func (s CosineRestarts) LearningRate(step int) float64 {
	stretch, shrink := or(s.Stretch, 2), or(s.Shrink, 1)
	at, period, height := float64(step), float64(s.Steps), 1.0
	if stretch == 1 {
		restarts := math.Floor(at / period)
		at -= float64(restarts * period)
		height = pow64(shrink, restarts)
	}
	for at >= period {
		at -= period
		period *= stretch
		height *= shrink
	}
	return s.Initial * (float64((1-s.Alpha)*float64(height*halfCosine(at/period))) + s.Alpha)
}

// halfCosine falls from 1 to 0 while x goes from 0 to 1.
func halfCosine(x float64) float64 { return 0.5 * (1 + cos64(math.Pi*x)) }

func (s OneCycle) validate() error {
	return errors.Join(checkRange("Max", s.Max, s.Max > 0, "Max > 0"), checkRange("Steps", float64(s.Steps), s.Steps > 1, "Steps > 1"))
}

// LearningRate returns the rate of a step.
func (s OneCycle) LearningRate(step int) float64 {
	const initial, final = 1.0 / 25, 1.0 / 250000
	peak := float64(0.3*float64(s.Steps)) - 1
	at := float64(min(step, s.Steps-1))
	if at < peak {
		return s.Max * (1 + float64((initial-1)*halfCosine(at/peak)))
	}
	return s.Max * (final + float64((1-final)*halfCosine((at-peak)/(float64(s.Steps-1)-peak))))
}

func (s PiecewiseConstant) validate() error {
	if len(s.Values) != len(s.Boundaries)+1 {
		return fmt.Errorf("Values has %d elements, want one more than Boundaries, %d", len(s.Values), len(s.Boundaries)+1)
	}
	for i, b := range s.Boundaries {
		if i > 0 && b <= s.Boundaries[i-1] {
			return fmt.Errorf("Boundaries[%d] is %d, want more than the one before, %d", i, b, s.Boundaries[i-1])
		}
	}
	for i, v := range s.Values {
		if err := checkRange(fmt.Sprintf("Values[%d]", i), v, v >= 0, "value >= 0"); err != nil {
			return err
		}
	}
	return nil
}

// LearningRate returns the rate of a step.
func (s PiecewiseConstant) LearningRate(step int) float64 {
	for i, b := range s.Boundaries {
		if step <= b {
			return s.Values[i]
		}
	}
	return s.Values[len(s.Values)-1]
}
