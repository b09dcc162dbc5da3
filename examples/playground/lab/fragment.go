package lab

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// MaxFragment is the length of the longest fragment that Parse reads.
const MaxFragment = 4096

// Field describes a field of a fragment to the page.
type Field struct {
	Name     string
	Choices  []Choice // of a choice, else nil
	Min, Max float64  // of a number

	format func(*Config) string
	parse  func(*Config, string) error
}

// Fields returns the fields in the order in which Fragment writes them.
func Fields() []Field {
	return []Field{
		choice("data", func(c *Config) *string { return &c.Data }, choices(shapes, shape.choice)),
		number("noise", func(c *Config) *float64 { return &c.Noise }, 0, 1),
		integer("rows", func(c *Config) *int { return &c.Rows }, 4, MaxRows),
		number("test", func(c *Config) *float64 { return &c.TestShare }, 0, 0.9),
		integer("seed", func(c *Config) *int { return &c.Seed }, 0, 999_999),
		choice("task", func(c *Config) *string { return &c.Task },
			[]Choice{{classification, "classification"}, {regression, "regression"}}),
		{Name: "layers",
			format: func(c *Config) string { return formatUnits(c.Units) },
			parse:  func(c *Config, text string) error { return set(&c.Units, text, parseUnits) }},
		choice("activation", func(c *Config) *string { return &c.Activation }, activations),
		choice("batchnorm", func(c *Config) *string { return &c.BatchNorm }, []Choice{{off, "off"}, {on, "on"}}),
		number("dropout", func(c *Config) *float64 { return &c.Dropout }, 0, 0.9),
		choice("optimizer", func(c *Config) *string { return &c.Optimizer }, choices(optimizers, optimizer.choice)),
		number("rate", func(c *Config) *float64 { return &c.Rate }, 1e-6, 100),
		choice("schedule", func(c *Config) *string { return &c.Schedule }, choices(schedules, schedule.choice)),
		integer("schedulesteps", func(c *Config) *int { return &c.ScheduleSteps }, 2, MaxStep),
		integer("batch", func(c *Config) *int { return &c.Batch }, 1, MaxBatch),
		number("l1", func(c *Config) *float64 { return &c.L1 }, 0, 1),
		number("l2", func(c *Config) *float64 { return &c.L2 }, 0, 1),
		number("clip", func(c *Config) *float64 { return &c.Clip }, 0, 1000),
		{Name: "points",
			format: func(c *Config) string { return formatPoints(c.Points) },
			parse:  func(c *Config, text string) error { return set(&c.Points, text, parsePoints) }},
		integer("step", func(c *Config) *int { return &c.Step }, 0, MaxStep),
	}
}

// Fragment returns c as the part of an address behind its #.
func (c Config) Fragment() string {
	var b strings.Builder
	for _, f := range Fields() {
		value := f.format(&c)
		if f.Name == "points" && value == "" {
			continue
		}
		fmt.Fprintf(&b, "&%s=%s", f.Name, value)
	}
	return b.String()[1:]
}

// Parse reads a fragment. What it leaves out is as in Default; so is what is wrong with it, and problems tell of that.
func Parse(fragment string) (c Config, problems []string) {
	c = Default()
	if len(fragment) > MaxFragment {
		return c, []string{fmt.Sprintf("the address has %d characters, want at most %d", len(fragment), MaxFragment)}
	}
	values, err := url.ParseQuery(strings.TrimPrefix(fragment, "#"))
	if err != nil {
		problems = append(problems, fmt.Sprintf("the address: %v", err))
	}
	for _, f := range Fields() {
		if v, ok := values[f.Name]; ok {
			if err := f.parse(&c, v[0]); err != nil {
				problems = append(problems, fmt.Sprintf("%s %v; it is taken for %q", f.Name, err, f.format(&c)))
			}
			delete(values, f.Name)
		}
	}
	if len(values) > 0 {
		names := make([]string, 0, len(values))
		for name := range values {
			names = append(names, name)
		}
		slices.Sort(names)
		problems = append(problems, fmt.Sprintf("the address has fields that are not known: %q", names))
	}
	return c, problems
}

// set parses a value; an error leaves the place as it is.
func set[T any](place *T, text string, parse func(string) (T, error)) error {
	v, err := parse(text)
	if err == nil {
		*place = v
	}
	return err
}

func choice(name string, place func(*Config) *string, choices []Choice) Field {
	return Field{Name: name, Choices: choices,
		format: func(c *Config) string { return *place(c) },
		parse: func(c *Config, text string) error {
			if !slices.ContainsFunc(choices, func(c Choice) bool { return c.Name == text }) {
				return fmt.Errorf("is %q, which is not known", text)
			}
			*place(c) = text
			return nil
		}}
}

func number(name string, place func(*Config) *float64, low, high float64) Field {
	return Field{Name: name, Min: low, Max: high,
		format: func(c *Config) string { return strconv.FormatFloat(*place(c), 'g', -1, 64) },
		parse: func(c *Config, text string) error {
			return set(place(c), text, func(text string) (float64, error) {
				v, err := strconv.ParseFloat(text, 64)
				if err != nil || !(v >= low && v <= high) {
					return 0, fmt.Errorf("is %q, want a number from %v to %v", text, low, high)
				}
				return math.Abs(v), nil // no -0
			})
		}}
}

func integer(name string, place func(*Config) *int, low, high int) Field {
	return Field{Name: name, Min: float64(low), Max: float64(high),
		format: func(c *Config) string { return strconv.Itoa(*place(c)) },
		parse: func(c *Config, text string) error {
			return set(place(c), text, func(text string) (int, error) {
				v, err := strconv.Atoi(text)
				if err != nil || v < low || v > high {
					return 0, fmt.Errorf("is %q, want a whole number from %d to %d", text, low, high)
				}
				return v, nil
			})
		}}
}

func formatUnits(units []int) string {
	var b []byte
	for i, u := range units {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(u), 10)
	}
	return string(b)
}

// parseUnits reads the hidden layers' units; no text means no hidden layer.
func parseUnits(text string) ([]int, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, ",")
	if len(parts) > MaxLayers {
		return nil, fmt.Errorf("has %d layers, want at most %d", len(parts), MaxLayers)
	}
	units := make([]int, len(parts))
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 1 || v > MaxUnits {
			return nil, fmt.Errorf("has %q, want 1 … %d units", p, MaxUnits)
		}
		units[i] = v
	}
	return units, nil
}
