package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// optimization chooses an optimizer by flags, and what is done to its gradients and weights.
type optimization struct {
	Optimizer      optimizerFlag `group:"optimizer" default:"adam" placeholder:"NAME" help:"Optimizer and its settings: adam:beta1=0.8. (default ${default})"`
	LearningRate   *float64      `group:"optimizer" placeholder:"RATE" help:"Learning rate. (default 0.001, for sgd 0.01)"`
	Momentum       float64       `group:"optimizer" hidden:"" placeholder:"FACTOR" help:"Momentum, for sgd and rmsprop."`
	WeightDecay    *float64      `group:"optimizer" hidden:"" placeholder:"FACTOR" help:"Take learning rate times FACTOR of each weight away at each update. (default 0, for adamw 0.004)"`
	NoDecay        []string      `group:"optimizer" hidden:"" placeholder:"ARRAY" help:"Leave these arrays out of the weight decay: weights, bias, gamma, beta."`
	ClipValue      float64       `group:"optimizer" hidden:"" placeholder:"BOUND" help:"Clip each gradient to -BOUND … BOUND. 0 is off, as in the next two."`
	ClipNorm       float64       `group:"optimizer" hidden:"" placeholder:"NORM" help:"Shrink the gradient of each array to at most this L2 norm."`
	ClipGlobalNorm float64       `group:"optimizer" hidden:"" placeholder:"NORM" help:"Shrink all gradients together to at most this L2 norm."`
	Accumulate     int           `group:"optimizer" hidden:"" default:"1" placeholder:"BATCHES" help:"Update after this many batches, by the mean of their gradients. (default ${default})"`
	EMA            float64       `group:"optimizer" hidden:"" name:"ema" placeholder:"FACTOR" help:"Move averages of the weights along, of which FACTOR remains at each update, and keep them in the end."`
}

// check finds numbers out of range.
func (o *optimization) check() error {
	decay := notNegative
	if o.Optimizer.name() == "adamw" {
		decay = allowed{"more than 0; adamw without weight decay is adam", positive.has}
	}
	numbers := []flagValue{
		{"--momentum", o.Momentum, belowOne}, {"--clip-value", o.ClipValue, notNegative}, {"--clip-norm", o.ClipNorm, notNegative},
		{"--clip-global-norm", o.ClipGlobalNorm, notNegative}, {"--accumulate", float64(o.Accumulate), atLeastOne}, {"--ema", o.EMA, belowOne},
	}
	if o.LearningRate != nil {
		numbers = append(numbers, flagValue{"--learning-rate", *o.LearningRate, positive})
	}
	if o.WeightDecay != nil {
		numbers = append(numbers, flagValue{"--weight-decay", *o.WeightDecay, decay})
	}
	if err := checkFlags(numbers...); err != nil {
		return err
	}
	if name := o.Optimizer.name(); o.Momentum != 0 && name != "sgd" && name != "rmsprop" {
		return fmt.Errorf("--momentum is for sgd and rmsprop, %s has none", name)
	}
	arrays := []string{"weights", "bias", "gamma", "beta"}
	for _, name := range o.NoDecay {
		if err := oneOf("--no-decay", name, arrays); err != nil {
			return err
		}
	}
	clips := 0
	for _, v := range []float64{o.ClipValue, o.ClipNorm, o.ClipGlobalNorm} {
		if v > 0 {
			clips++
		}
	}
	if clips > 1 {
		return errors.New("want at most one of --clip-value, --clip-norm and --clip-global-norm")
	}
	return nil
}

// rate returns the learning rate to begin with.
func (o *optimization) rate() float64 {
	switch {
	case o.LearningRate != nil:
		return *o.LearningRate
	case o.Optimizer.name() == "sgd":
		return 0.01
	}
	return 0.001
}

// build returns the optimizer that the flags describe; schedule may be nil.
func (o *optimization) build(schedule mlp.Schedule) (mlp.Optimizer, error) {
	f := o.Optimizer
	if o.Momentum != 0 {
		separator := optimizerFlag(":")
		if strings.Contains(string(f), ":") {
			separator = ","
		}
		f += separator + optimizerFlag(fmt.Sprintf("momentum=%v", o.Momentum))
	}
	common := commonSettings{
		rate: o.rate(), schedule: schedule, clip: mlp.Clip{Value: o.ClipValue, Norm: o.ClipNorm, GlobalNorm: o.ClipGlobalNorm},
	}
	if o.WeightDecay != nil {
		common.decay = *o.WeightDecay
	}
	optimizer, err := f.build(common)
	if err != nil {
		return nil, fmt.Errorf("--optimizer: %w", err)
	}
	return optimizer, nil
}

// optimizerFlag is an optimizer with its settings: "sgd:momentum=0.9,nesterov".
type optimizerFlag string

// Validate implements kong's interface.
func (f optimizerFlag) Validate() error {
	_, err := f.build(commonSettings{rate: 1})
	return err
}

func (f optimizerFlag) name() string {
	name, _, _ := strings.Cut(string(f), ":")
	return name
}

// commonSettings are those of every optimizer.
type commonSettings struct {
	rate     float64
	schedule mlp.Schedule
	decay    float64
	clip     mlp.Clip
}

func (f optimizerFlag) build(s commonSettings) (mlp.Optimizer, error) {
	c := parseChoice(string(f))
	betas := func(beta1, beta2 *float64) {
		c.number("beta1", beta1, betweenOnes)
		c.number("beta2", beta2, betweenOnes)
	}
	epsilon := func(to *float64) { c.number("epsilon", to, positive) }
	var optimizer mlp.Optimizer
	switch c.name {
	case "adam":
		o := mlp.Adam{LearningRate: s.rate, Schedule: s.schedule, WeightDecay: s.decay, Clip: s.clip}
		betas(&o.Beta1, &o.Beta2)
		epsilon(&o.Epsilon)
		c.on("amsgrad", &o.AMSGrad)
		optimizer = o
	case "adamw":
		o := mlp.AdamW{LearningRate: s.rate, Schedule: s.schedule, WeightDecay: s.decay, Clip: s.clip}
		betas(&o.Beta1, &o.Beta2)
		epsilon(&o.Epsilon)
		c.on("amsgrad", &o.AMSGrad)
		optimizer = o
	case "nadam":
		o := mlp.Nadam{LearningRate: s.rate, Schedule: s.schedule, WeightDecay: s.decay, Clip: s.clip}
		betas(&o.Beta1, &o.Beta2)
		epsilon(&o.Epsilon)
		optimizer = o
	case "adamax":
		o := mlp.Adamax{LearningRate: s.rate, Schedule: s.schedule, WeightDecay: s.decay, Clip: s.clip}
		betas(&o.Beta1, &o.Beta2)
		epsilon(&o.Epsilon)
		optimizer = o
	case "sgd":
		o := mlp.SGD{LearningRate: s.rate, Schedule: s.schedule, WeightDecay: s.decay, Clip: s.clip}
		c.number("momentum", &o.Momentum, belowOne)
		c.on("nesterov", &o.Nesterov)
		optimizer = o
	case "rmsprop":
		o := mlp.RMSprop{LearningRate: s.rate, Schedule: s.schedule, WeightDecay: s.decay, Clip: s.clip}
		c.number("rho", &o.Rho, betweenOnes)
		c.number("momentum", &o.Momentum, belowOne)
		epsilon(&o.Epsilon)
		c.on("centered", &o.Centered)
		optimizer = o
	case "adagrad":
		o := mlp.Adagrad{LearningRate: s.rate, Schedule: s.schedule, WeightDecay: s.decay, Clip: s.clip, Initial: 0.1}
		c.number("initial", &o.Initial, notNegative)
		o.NoInitial = o.Initial == 0
		epsilon(&o.Epsilon)
		optimizer = o
	case "adadelta":
		o := mlp.Adadelta{LearningRate: s.rate, Schedule: s.schedule, WeightDecay: s.decay, Clip: s.clip}
		c.number("rho", &o.Rho, betweenOnes)
		epsilon(&o.Epsilon)
		optimizer = o
	case "lion":
		o := mlp.Lion{LearningRate: s.rate, Schedule: s.schedule, WeightDecay: s.decay, Clip: s.clip}
		betas(&o.Beta1, &o.Beta2)
		optimizer = o
	default:
		return nil, unknown("optimizer", c.name, []string{"adam", "adamw", "nadam", "adamax", "sgd", "rmsprop", "adagrad", "adadelta", "lion"})
	}
	return optimizer, c.done()
}
