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
	cosine := 0.5 * (1 + cos64(math.Pi*fraction))
	return from * (float64((1-s.Alpha)*cosine) + s.Alpha)
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
