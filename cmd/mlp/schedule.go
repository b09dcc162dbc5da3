package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/seed975aa5d7/mlp"
)

// scheduleFlag is a schedule of the learning rate with its settings: "cosine:steps=200,warmup=20". Steps are updates of the weights.
type scheduleFlag string

// Validate implements kong's interface.
func (f scheduleFlag) Validate() error {
	_, err := f.build(1, math.MaxInt32)
	return err
}

// build returns the schedule that goes from a learning rate, for a training of that many updates; nil for none.
func (f scheduleFlag) build(rate float64, updates int) (mlp.Schedule, error) {
	if f == "" {
		return nil, nil
	}
	c := parseChoice(string(f))
	var schedule mlp.Schedule
	switch c.name {
	case "exponential":
		s := mlp.ExponentialDecay{Initial: rate}
		c.whole("steps", &s.Steps, atLeastOne)
		c.number("rate", &s.Rate, positive)
		c.on("staircase", &s.Staircase)
		c.need("steps")
		c.need("rate")
		schedule = s
	case "inverse_time":
		s := mlp.InverseTimeDecay{Initial: rate}
		c.whole("steps", &s.Steps, atLeastOne)
		c.number("rate", &s.Rate, notNegative)
		c.on("staircase", &s.Staircase)
		c.need("steps")
		c.need("rate")
		schedule = s
	case "polynomial":
		s := mlp.PolynomialDecay{Initial: rate, Steps: updates}
		c.whole("steps", &s.Steps, atLeastOne)
		c.number("end", &s.End, notNegative)
		c.number("power", &s.Power, positive)
		c.on("cycle", &s.Cycle)
		schedule = s
	case "cosine":
		s := mlp.CosineDecay{Initial: rate}
		c.whole("warmup", &s.WarmupSteps, notNegative)
		if s.WarmupSteps > 0 {
			s.Initial, s.WarmupTarget = 0, rate
		}
		s.Steps = updates - s.WarmupSteps
		c.whole("steps", &s.Steps, atLeastOne)
		c.number("alpha", &s.Alpha, upToOne)
		if s.Steps < 1 {
			c.fail(fmt.Errorf("warmup is %d, but the training has %d updates only", s.WarmupSteps, updates))
		}
		schedule = s
	case "cosine_restarts":
		s := mlp.CosineRestarts{Initial: rate}
		c.whole("steps", &s.Steps, atLeastOne)
		c.number("stretch", &s.Stretch, atLeastOne)
		c.number("shrink", &s.Shrink, positive)
		c.number("alpha", &s.Alpha, upToOne)
		c.need("steps")
		schedule = s
	case "one_cycle":
		s := mlp.OneCycle{Max: rate, Steps: max(updates, 2)}
		c.whole("steps", &s.Steps, allowed{"2 or more", func(v float64) bool { return v >= 2 }})
		schedule = s
	case "piecewise":
		return c.piecewise(rate)
	default:
		return nil, unknown("schedule", c.name,
			[]string{"exponential", "inverse_time", "polynomial", "cosine", "cosine_restarts", "one_cycle", "piecewise"})
	}
	return schedule, c.done()
}

// piecewise reads "piecewise:100=0.001,200=0.0001": the rates behind those steps.
func (c *choice) piecewise(rate float64) (mlp.Schedule, error) {
	s := mlp.PiecewiseConstant{Values: []float64{rate}}
	if len(c.given) == 0 {
		c.fail(fmt.Errorf("steps and rates are missing, as in %s:100=0.001,200=0.0001", c.name))
	}
	for _, g := range slices.Clone(c.given) {
		step, err := strconv.Atoi(g.name)
		if err != nil || step < 0 {
			c.fail(fmt.Errorf("step %q is no whole number, 0 or more", g.name))
		}
		if n := len(s.Boundaries); n > 0 && step <= s.Boundaries[n-1] {
			c.fail(fmt.Errorf("step %d follows step %d, want rising ones", step, s.Boundaries[n-1]))
		}
		value := 0.0
		c.number(g.name, &value, notNegative)
		s.Boundaries, s.Values = append(s.Boundaries, step), append(s.Values, value)
	}
	return s, c.done()
}
