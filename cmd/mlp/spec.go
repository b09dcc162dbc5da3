package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// allowed is a range of numbers.
type allowed struct {
	text string
	has  func(v float64) bool
}

var (
	positive    = allowed{"more than 0", func(v float64) bool { return v > 0 }}
	notNegative = allowed{"0 or more", func(v float64) bool { return v >= 0 }}
	atLeastOne  = allowed{"1 or more", func(v float64) bool { return v >= 1 }}
	upToOne     = allowed{"0 to 1", func(v float64) bool { return v >= 0 && v <= 1 }}
	belowOne    = allowed{"0 or more and less than 1", func(v float64) bool { return v >= 0 && v < 1 }}
	betweenOnes = allowed{"more than 0 and less than 1", func(v float64) bool { return v > 0 && v < 1 }}
)

// check returns an error that names the number, unless the range has it.
func (a allowed) check(name string, v float64) error {
	if a.has(v) && !math.IsInf(v, 0) {
		return nil
	}
	return fmt.Errorf("%s is %v, want %s", name, v, a.text)
}

// choice is a name with settings: "cosine:steps=200,warmup=20". Who takes it asks for each setting that the name has, and calls done.
type choice struct {
	name  string
	given []setting
	known []string // the settings asked for
	err   error    // the first
}

type setting struct {
	name, value string
	valued      bool
}

func parseChoice(text string) *choice {
	name, rest, found := strings.Cut(text, ":")
	c := &choice{name: name}
	if found {
		c.parse(rest)
	}
	return c
}

// parse reads "steps=200,warmup=20".
func (c *choice) parse(text string) {
	for word := range strings.SplitSeq(text, ",") {
		var s setting
		s.name, s.value, s.valued = strings.Cut(strings.TrimSpace(word), "=")
		switch {
		case s.name == "":
			c.fail(fmt.Errorf("%q has a setting without a name, want NAME=VALUE,…", text))
		case slices.ContainsFunc(c.given, func(g setting) bool { return g.name == s.name }):
			c.fail(fmt.Errorf("%s is set twice", s.name))
		}
		c.given = append(c.given, s)
	}
}

// fail keeps the first error.
func (c *choice) fail(err error) {
	if c.err == nil && err != nil {
		c.err = err
		if c.name != "" {
			c.err = fmt.Errorf("%s: %w", c.name, err)
		}
	}
}

// get returns a setting and whether it is given.
func (c *choice) get(name string) (setting, bool) {
	c.known = append(c.known, name)
	i := slices.IndexFunc(c.given, func(s setting) bool { return s.name == name })
	if i < 0 {
		return setting{}, false
	}
	return c.given[i], true
}

// number reads a setting, if it is given.
func (c *choice) number(name string, to *float64, in allowed) {
	s, given := c.get(name)
	if !given {
		return
	}
	v, err := strconv.ParseFloat(s.value, 64)
	if err != nil || math.IsNaN(v) {
		c.fail(fmt.Errorf("%s is %q, want a number, %s", name, s.value, in.text))
		return
	}
	c.fail(in.check(name, v))
	*to = v
}

// whole reads a setting that is a whole number, if it is given.
func (c *choice) whole(name string, to *int, in allowed) {
	s, given := c.get(name)
	if !given {
		return
	}
	v, err := strconv.Atoi(s.value)
	if err != nil {
		c.fail(fmt.Errorf("%s is %q, want a whole number, %s", name, s.value, in.text))
		return
	}
	c.fail(in.check(name, float64(v)))
	*to = v
}

// on reads a setting that has no value.
func (c *choice) on(name string, to *bool) {
	s, given := c.get(name)
	if given && s.valued {
		c.fail(fmt.Errorf("%s is %q, want %s alone, without a value", name, s.value, name))
	}
	*to = given
}

// need reports that a setting must be given.
func (c *choice) need(name string) {
	if !slices.ContainsFunc(c.given, func(s setting) bool { return s.name == name }) {
		c.fail(fmt.Errorf("%s is missing, as in %s:%s=100", name, c.name, name))
	}
}

// done returns the first error. Settings that nobody has asked for are one.
func (c *choice) done() error {
	for _, s := range c.given {
		if slices.Contains(c.known, s.name) {
			continue
		}
		has := "it has none"
		if len(c.known) > 0 {
			has = "want " + alternatives(c.known)
		}
		c.fail(fmt.Errorf("there is no setting %q; %s", s.name, has))
	}
	return c.err
}

// unknown tells that a name is none of a list.
func unknown(what, name string, names []string) error {
	return fmt.Errorf("there is no %s %q, want %s", what, name, alternatives(names))
}

// alternatives writes "a, b or c".
func alternatives(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// cutArgument takes "constant(0.1)" apart.
func cutArgument(text string) (name, argument string, err error) {
	name, rest, found := strings.Cut(text, "(")
	argument, closed := strings.CutSuffix(rest, ")")
	if found && !closed {
		return "", "", errors.New("a parenthesis is not closed in " + strconv.Quote(text))
	}
	if found && argument == "" {
		return "", "", errors.New("there is nothing between the parentheses of " + strconv.Quote(text))
	}
	return name, argument, nil
}

// flagValue is a number that a flag gives.
type flagValue struct {
	flag  string
	value float64
	in    allowed
}

// checkFlags returns an error that names the first number out of range.
func checkFlags(values ...flagValue) error {
	for _, f := range values {
		if err := f.in.check(f.flag, f.value); err != nil {
			return err
		}
	}
	return nil
}

// need is a flag that says nothing without another.
type need struct {
	flag  string
	isSet bool
	other string
	has   bool // the other is set
}

// checkNeeds returns an error that names the first flag that says nothing.
func checkNeeds(needs ...need) error {
	for _, n := range needs {
		if n.isSet && !n.has {
			return fmt.Errorf("%s says nothing without %s", n.flag, n.other)
		}
	}
	return nil
}

// oneOf returns an error unless a list has what a flag gives.
func oneOf(flag, value string, list []string) error {
	if slices.Contains(list, value) {
		return nil
	}
	return fmt.Errorf("%s is %q, want %s", flag, value, alternatives(list))
}
