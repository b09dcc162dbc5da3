package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// candidate is the flags of a trial.
type candidate struct {
	setup
	epochs        int
	layers, units int // in place of --hidden; 0 leaves it to that
}

// hyperParameter is a flag of train, or a part of one, that --space may vary. Exactly one of the functions sets it.
type hyperParameter struct {
	name   string
	in     allowed // of numbers
	whole  func(c *candidate, v int)
	number func(c *candidate, v float64)
	text   func(c *candidate, v string) error
	flag   func(c *candidate, v bool)
}

var hyperParameters = []hyperParameter{
	{name: "layers", in: allowed{"1 to 64", func(v float64) bool { return v >= 1 && v <= 64 }},
		whole: func(c *candidate, v int) { c.layers = v }},
	{name: "units", in: allowed{"1 to 16777216", func(v float64) bool { return v >= 1 && v <= 1<<24 }},
		whole: func(c *candidate, v int) { c.units = v }},
	{name: "hidden", text: setHidden},
	{name: "activation", text: func(c *candidate, v string) error {
		c.Activation = []string{v}
		_, err := mlp.ParseActivation(v)
		return err
	}},
	{name: "init", text: func(c *candidate, v string) error {
		c.Init = []string{v}
		_, err := parseInitializer(v)
		return err
	}},
	{name: "dropout", in: belowOne, number: func(c *candidate, v float64) { c.Dropout = v }},
	{name: "batch-norm", flag: func(c *candidate, v bool) { c.BatchNorm = v }},
	{name: "l1", in: notNegative, number: func(c *candidate, v float64) { c.L1 = v }},
	{name: "l2", in: notNegative, number: func(c *candidate, v float64) { c.L2 = v }},
	{name: "noise", in: notNegative, number: func(c *candidate, v float64) { c.Noise = v }},
	{name: "optimizer", text: func(c *candidate, v string) error {
		c.Optimizer = optimizerFlag(v)
		return c.Optimizer.Validate()
	}},
	{name: "learning-rate", in: positive, number: func(c *candidate, v float64) { c.LearningRate = &v }},
	{name: "momentum", in: belowOne, number: func(c *candidate, v float64) { c.Momentum = v }},
	{name: "weight-decay", in: notNegative, number: func(c *candidate, v float64) { c.WeightDecay = &v }},
	{name: "batch", in: allowed{"1 to 1048576", func(v float64) bool { return v >= 1 && v <= 1<<20 }},
		whole: func(c *candidate, v int) { c.Batch = v }},
	{name: "epochs", in: atLeastOne, whole: func(c *candidate, v int) { c.epochs = v }},
}

// setHidden takes "64-32": the units of each hidden layer.
func setHidden(c *candidate, v string) error {
	c.Hidden = nil
	for word := range strings.SplitSeq(v, "-") {
		units, err := strconv.Atoi(word)
		if err != nil || units < 1 || units > 1<<24 {
			return fmt.Errorf("hidden has %q, want the units of each layer, such as 64-32", v)
		}
		c.Hidden = append(c.Hidden, units)
	}
	return nil
}

// findHyperParameter returns the hyper-parameter of that name.
func findHyperParameter(name string) (*hyperParameter, error) {
	i := slices.IndexFunc(hyperParameters, func(h hyperParameter) bool { return h.name == name })
	if i < 0 {
		var names []string
		for _, h := range hyperParameters {
			names = append(names, h.name)
		}
		return nil, unknown("hyper-parameter", name, names)
	}
	return &hyperParameters[i], nil
}

// defaultSpace is searched where --space says nothing.
var defaultSpace = []string{
	"layers=1..3", "units=log:8..128", "learning-rate=log:0.0003..0.03", "l2=log:1e-6..0.01", "dropout=0..0.5",
}

// splitSpace puts the pieces between commas together again that kong has taken apart, of the command line and of a config alike: each
// word begins with the name of a hyper-parameter, or is a mistake.
func splitSpace(pieces []string) []string {
	var words []string
	for _, piece := range pieces {
		name, _, named := strings.Cut(piece, "=")
		_, err := findHyperParameter(name)
		if last := len(words) - 1; last < 0 || named && err == nil {
			words = append(words, piece)
		} else {
			words[last] += "," + piece
		}
	}
	return words
}

// parseSpace takes "units=16,32", "dropout=0..0.5" and "learning-rate=log:1e-4..0.1".
func parseSpace(words []string) (mlp.Space, error) {
	space := mlp.Space{}
	for _, word := range words {
		name, values, found := strings.Cut(word, "=")
		if !found || values == "" {
			return nil, fmt.Errorf("%q is no NAME=VALUES, such as units=16,32 or dropout=0..0.5", word)
		}
		h, err := findHyperParameter(name)
		if err != nil {
			return nil, err
		}
		if space[name] != nil {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		if space[name], err = h.domain(values); err != nil {
			return nil, err
		}
	}
	if space["hidden"] != nil && (space["units"] != nil || space["layers"] != nil) {
		return nil, errors.New("hidden says what units and layers say; want one or the others")
	}
	return space, nil
}

// domain parses the values of the hyper-parameter.
func (h *hyperParameter) domain(text string) (mlp.Domain, error) {
	if logarithmic, isRange := strings.CutPrefix(text, "log:"); isRange || strings.Contains(text, "..") {
		return h.span(logarithmic, isRange)
	}
	words := strings.Split(text, ",")
	switch {
	case h.whole != nil:
		values, err := parseAll(words, h.parseWhole)
		return mlp.Values(values...), err
	case h.number != nil:
		values, err := parseAll(words, h.parseNumber)
		return mlp.Values(values...), err
	case h.flag != nil:
		values, err := parseAll(words, func(word string) (bool, error) {
			v, err := strconv.ParseBool(word)
			if err != nil {
				err = fmt.Errorf("%s is %q, want true or false", h.name, word)
			}
			return v, err
		})
		return mlp.Values(values...), err
	}
	for _, word := range words {
		if err := h.text(&candidate{}, word); err != nil {
			return nil, err
		}
	}
	return mlp.Values(words...), nil
}

func parseAll[T any](words []string, parse func(string) (T, error)) ([]T, error) {
	var list []T
	for _, word := range words {
		v, err := parse(word)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// span parses "low..high".
func (h *hyperParameter) span(text string, logarithmic bool) (mlp.Domain, error) {
	from, to, found := strings.Cut(text, "..")
	switch {
	case !found:
		return nil, fmt.Errorf("%s is log:%s, want a range after log:, such as log:0.001..0.1", h.name, text)
	case h.whole == nil && h.number == nil:
		return nil, fmt.Errorf("%s is %q, want a list of values, for it has no ranges", h.name, text)
	}
	ends, err := parseAll([]string{from, to}, h.parseNumber)
	if err == nil && h.whole != nil {
		_, err = parseAll([]string{from, to}, h.parseWhole)
	}
	if err != nil {
		return nil, err
	}
	low, high := ends[0], ends[1]
	switch {
	case !(low < high):
		return nil, fmt.Errorf("%s is %s, want the smaller end first", h.name, text)
	case logarithmic && low <= 0:
		return nil, fmt.Errorf("%s is log:%s, want a range above 0, for 0 has no logarithm", h.name, text)
	case h.whole != nil && logarithmic:
		return mlp.LogUniformInt{Low: int(low), High: int(high)}, nil
	case h.whole != nil:
		return mlp.UniformInt{Low: int(low), High: int(high)}, nil
	case logarithmic:
		return mlp.LogUniform{Low: low, High: high}, nil
	}
	return mlp.Uniform{Low: low, High: high}, nil
}

func (h *hyperParameter) parseWhole(word string) (int, error) {
	v, err := strconv.ParseInt(word, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s is %q, want a whole number, %s", h.name, word, h.in.text)
	}
	return int(v), h.in.check(h.name, float64(v))
}

func (h *hyperParameter) parseNumber(word string) (float64, error) {
	v, err := strconv.ParseFloat(word, 64)
	if err != nil || math.IsNaN(v) {
		return 0, fmt.Errorf("%s is %q, want a number, %s", h.name, word, h.in.text)
	}
	return v, h.in.check(h.name, v)
}

// apply sets the flags of a trial.
func (c *candidate) apply(p mlp.Params) error {
	for _, name := range p.Names() {
		h, err := findHyperParameter(name)
		switch {
		case err != nil:
			return err
		case h.whole != nil:
			h.whole(c, p.Int(name))
		case h.number != nil:
			h.number(c, p.Float(name))
		case h.flag != nil:
			h.flag(c, p.Bool(name))
		default:
			if err := h.text(c, p.Text(name)); err != nil {
				return err
			}
		}
	}
	return c.complete()
}

// complete makes --hidden of layers and units, and finds numbers out of range.
func (c *candidate) complete() error {
	if c.layers > 0 || c.units > 0 {
		layers, units := c.layers, c.units
		if layers == 0 {
			layers = max(len(c.Hidden), 1)
		}
		if units == 0 {
			units = 64
			if len(c.Hidden) > 0 {
				units = c.Hidden[0]
			}
		}
		c.Hidden = slices.Repeat([]int{units}, layers)
	}
	return c.setup.check()
}

// flags returns the flags of train that a trial stands for.
func (c *candidate) flags(p mlp.Params) []string {
	var list []string
	hidden := false
	for _, name := range p.Names() {
		v, _ := p.Get(name)
		switch name {
		case "layers", "units", "hidden":
			if !hidden {
				words := make([]string, len(c.Hidden))
				for i, units := range c.Hidden {
					words[i] = strconv.Itoa(units)
				}
				list = append(list, "--hidden="+strings.Join(words, ","))
			}
			hidden = true
		case "batch-norm":
			if p.Bool(name) {
				list = append(list, "--batch-norm")
			}
		default:
			list = append(list, "--"+name+"="+shellWord(v.String()))
		}
	}
	return list
}
