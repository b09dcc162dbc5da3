// Package lab trains a small network on points of the plane, as a short text describes it. The playground's page runs it
// as WebAssembly, its command natively; both compute the same bits.
package lab

import (
	"slices"

	"github.com/seed975aa5d7/mlp"
)

// Config is everything that the weights of a lab depend on. Fragment writes it, Parse reads it.
type Config struct {
	Data      string  // one of the names of Fields' "data"
	Noise     float64 // standard deviation of the points' places or, of a surface, of its values
	Rows      int     // points that are generated
	TestShare float64 // of the points, held back for testing
	Seed      int     // of points, split, first weights, shuffling and dropout
	Points    []Point // drawn ones, for the data "drawn"

	Task string // "classification" or "regression"

	Units      []int // of the hidden layers, the first one first
	Activation string
	BatchNorm  string // "on" or "off"
	Dropout    float64

	Optimizer     string
	Rate          float64 // learning rate
	Schedule      string
	ScheduleSteps int // over which the learning rate changes
	Batch         int // rows of a step
	L1, L2        float64
	Clip          float64 // the gradients' global norm; 0 is off

	Step int // to train to
}

// What a Config may hold at most. A lab of that size takes a phone some milliseconds a step.
const (
	MaxLayers = 8
	MaxUnits  = 16
	MaxRows   = 1000
	MaxPoints = 600
	MaxBatch  = 256
	MaxStep   = 100_000
)

// maxEpochs bounds what the Monitor remembers to some 80 MB.
const maxEpochs = 20_000

// Default returns the Config that the page opens with.
func Default() Config {
	return Config{
		Data: "moons", Noise: 0.2, Rows: 300, TestShare: 0.3, Seed: 1, Task: classification,
		Units: []int{8, 8}, Activation: mlp.Tanh.String(), BatchNorm: off,
		Optimizer: "adam", Rate: 0.01, Schedule: "constant", ScheduleSteps: 2000, Batch: 16,
	}
}

const (
	classification = "classification"
	regression     = "regression"
	on             = "on"
	off            = "off"
)

// Choice is a value that a field may have.
type Choice struct{ Name, Label string }

var activations = []Choice{
	{"relu", "ReLU"}, {"leaky_relu", "leaky ReLU"}, {"elu", "ELU"}, {"selu", "SELU"}, {"gelu", "GELU"}, {"silu", "SiLU"},
	{"mish", "Mish"}, {"tanh", "tanh"}, {"sigmoid", "sigmoid"}, {"softsign", "softsign"},
	{"softplus", "softplus"}, {"linear", "linear"},
}

// optimizer is a Choice, and how to make it.
type optimizer struct {
	Choice
	make func(rate float64, schedule mlp.Schedule, clip mlp.Clip) mlp.Optimizer
}

var optimizers = []optimizer{
	{Choice{"sgd", "SGD"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.SGD{LearningRate: rate, Schedule: s, Clip: c}
	}},
	{Choice{"momentum", "SGD, momentum 0.9"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.SGD{LearningRate: rate, Schedule: s, Clip: c, Momentum: 0.9}
	}},
	{Choice{"nesterov", "SGD, Nesterov 0.9"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.SGD{LearningRate: rate, Schedule: s, Clip: c, Momentum: 0.9, Nesterov: true}
	}},
	{Choice{"adagrad", "Adagrad"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.Adagrad{LearningRate: rate, Schedule: s, Clip: c}
	}},
	{Choice{"rmsprop", "RMSprop"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.RMSprop{LearningRate: rate, Schedule: s, Clip: c}
	}},
	{Choice{"adam", "Adam"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.Adam{LearningRate: rate, Schedule: s, Clip: c}
	}},
	{Choice{"adamax", "Adamax"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.Adamax{LearningRate: rate, Schedule: s, Clip: c}
	}},
	{Choice{"nadam", "Nadam"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.Nadam{LearningRate: rate, Schedule: s, Clip: c}
	}},
	{Choice{"adamw", "AdamW"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.AdamW{LearningRate: rate, Schedule: s, Clip: c}
	}},
	{Choice{"lion", "Lion"}, func(rate float64, s mlp.Schedule, c mlp.Clip) mlp.Optimizer {
		return mlp.Lion{LearningRate: rate, Schedule: s, Clip: c}
	}},
}

// schedule is a Choice, and how to make it; a nil Schedule is a constant rate.
type schedule struct {
	Choice
	make func(rate float64, steps int) mlp.Schedule
}

var schedules = []schedule{
	{Choice{"constant", "constant"}, func(float64, int) mlp.Schedule { return nil }},
	{Choice{"exponential", "exponential, to 1/10"}, func(rate float64, steps int) mlp.Schedule {
		return mlp.ExponentialDecay{Initial: rate, Steps: steps, Rate: 0.1}
	}},
	{Choice{"staircase", "halved, in stairs"}, func(rate float64, steps int) mlp.Schedule {
		return mlp.ExponentialDecay{Initial: rate, Steps: steps, Rate: 0.5, Staircase: true}
	}},
	{Choice{"inverse", "inverse time"}, func(rate float64, steps int) mlp.Schedule {
		return mlp.InverseTimeDecay{Initial: rate, Steps: steps, Rate: 1}
	}},
	{Choice{"linear", "linear, to 1/100"}, func(rate float64, steps int) mlp.Schedule {
		return mlp.PolynomialDecay{Initial: rate, End: rate / 100, Steps: steps}
	}},
	{Choice{"cosine", "cosine, to 1/100"}, func(rate float64, steps int) mlp.Schedule {
		return mlp.CosineDecay{Initial: rate, Steps: steps, Alpha: 0.01}
	}},
	{Choice{"restarts", "cosine, with restarts"}, func(rate float64, steps int) mlp.Schedule {
		return mlp.CosineRestarts{Initial: rate, Steps: steps, Alpha: 0.01}
	}},
	{Choice{"onecycle", "one cycle"}, func(rate float64, steps int) mlp.Schedule {
		return mlp.OneCycle{Max: rate, Steps: steps}
	}},
}

// choices returns the Choice of each entry.
func choices[T any](list []T, of func(T) Choice) []Choice {
	c := make([]Choice, len(list))
	for i, v := range list {
		c[i] = of(v)
	}
	return c
}

// named returns the entry of that name, which Parse has made sure of.
func named[T any](list []T, name string, of func(T) Choice) T {
	return list[slices.IndexFunc(list, func(v T) bool { return of(v).Name == name })]
}

func (o optimizer) choice() Choice { return o.Choice }
func (s schedule) choice() Choice  { return s.Choice }
