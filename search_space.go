package mlp

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Space is what a Search chooses from: the values that each hyper-parameter, by its name, may take.
type Space map[string]Domain

// Domain is the values that a hyper-parameter may take: a list, which Values makes, or a range, which is Uniform,
// LogUniform, UniformInt or LogUniformInt. A grid wants lists.
type Domain interface {
	check() error
	draw(r *RandomState) Value
}

// Value is a hyper-parameter's value: a whole number, a number, a text, or true or false.
type Value struct {
	kind   valueKind
	number float64 // a whole number too; true is 1
	text   string
}

type valueKind uint8

const (
	wholeValue valueKind = iota
	numberValue
	textValue
	boolValue
)

// Number returns the value as a number, and whether it is one.
func (v Value) Number() (float64, bool) {
	return v.number, v.kind == wholeValue || v.kind == numberValue
}

// String returns the value as people write it.
func (v Value) String() string {
	switch v.kind {
	case textValue:
		return v.text
	case boolValue:
		return strconv.FormatBool(v.number != 0)
	case wholeValue:
		return strconv.FormatFloat(v.number, 'f', -1, 64)
	}
	return strconv.FormatFloat(v.number, 'g', -1, 64)
}

// list is the Domain that Values makes.
type list []Value

// Values returns a list of values, all equally likely in a random search: mlp.Values(16, 32, 64), mlp.Values(0, 0.1),
// mlp.Values("relu", "tanh"), mlp.Values(false, true).
func Values[T int | float64 | string | bool](values ...T) Domain {
	list := make(list, len(values))
	for i, v := range values {
		switch v := any(v).(type) {
		case int:
			list[i] = Value{kind: wholeValue, number: float64(v)}
		case float64:
			list[i] = Value{kind: numberValue, number: v}
		case string:
			list[i] = Value{kind: textValue, text: v}
		case bool:
			list[i].kind = boolValue
			if v {
				list[i].number = 1
			}
		}
	}
	return list
}

// Uniform is the numbers of [Low, High), all equally likely: Low + (High-Low)·u, where u is RandomState.RandomSample's,
// as SciPy's uniform.
type Uniform struct{ Low, High float64 }

// LogUniform is the numbers of [Low, High) whose logarithms are equally likely: exp(ln Low + u·(ln High - ln Low)), as
// SciPy's loguniform.
type LogUniform struct{ Low, High float64 }

// UniformInt is the whole numbers Low … High, all equally likely, by RandomState.RandInt, as SciPy's randint of Low and
// High+1.
type UniformInt struct{ Low, High int }

// LogUniformInt is the whole numbers Low … High, drawn as LogUniform of Low and High+1 and rounded down.
type LogUniformInt struct{ Low, High int }

func (l list) check() error {
	if len(l) == 0 {
		return fmt.Errorf("there are no values")
	}
	for _, v := range l {
		if !isFinite(v.number) {
			return fmt.Errorf("a value is %v, want finite ones", v)
		}
	}
	return nil
}

func (u Uniform) check() error { return checkBounds("Uniform", u.Low, u.High, math.Inf(-1)) }

func (u LogUniform) check() error { return checkBounds("LogUniform", u.Low, u.High, 0) }

func (u UniformInt) check() error {
	return checkBounds("UniformInt", float64(u.Low), float64(u.High), math.Inf(-1))
}

func (u LogUniformInt) check() error {
	return checkBounds("LogUniformInt", float64(u.Low), float64(u.High), 0)
}

// checkBounds returns an error unless above < low < high, and all is finite and, for whole numbers, exact.
func checkBounds(what string, low, high, above float64) error {
	want := "Low < High"
	if above == 0 {
		want = "0 < Low < High"
	}
	if !(low > above && low < high) || !isFinite(low) || !isFinite(high-low) {
		return fmt.Errorf("%s has Low %v and High %v, want finite %s", what, low, high, want)
	}
	if strings.HasSuffix(what, "Int") && max(math.Abs(low), math.Abs(high)) > 1<<53 {
		return fmt.Errorf("%s has Low %v and High %v, want whole numbers below 2⁵³", what, low, high)
	}
	return nil
}

func (l list) draw(r *RandomState) Value { return l[r.interval(uint64(len(l)-1))] }

func (u Uniform) draw(r *RandomState) Value {
	return Value{kind: numberValue, number: r.Uniform(u.Low, u.High)}
}

func (u LogUniform) draw(r *RandomState) Value {
	return Value{kind: numberValue, number: logUniform(r, u.Low, u.High)}
}

func (u UniformInt) draw(r *RandomState) Value {
	n := r.interval(uint64(int64(u.High) - int64(u.Low)))
	return Value{kind: wholeValue, number: float64(int64(u.Low) + int64(n))}
}

func (u LogUniformInt) draw(r *RandomState) Value {
	v := math.Floor(logUniform(r, float64(u.Low), float64(u.High)+1))
	return Value{kind: wholeValue, number: min(max(v, float64(u.Low)), float64(u.High))}
}

func logUniform(r *RandomState, low, high float64) float64 {
	from, to := log64(low), log64(high)
	return min(max(exp64(from+float64((to-from)*r.RandomSample())), low), high)
}

// Params are the hyper-parameters of a trial. Asking for one that there is not, or for a value of another kind, returns
// zero, and ends the search with an error.
type Params struct {
	names  []string // in rising order
	values []Value
	asked  *asked // nil in results
}

// asked records what an Estimator's function asks for.
type asked struct {
	names map[string]bool
	err   error // the first
}

// Names returns the names in rising order.
func (p Params) Names() []string { return slices.Clone(p.names) }

// Get returns a value by its name, and whether there is one.
func (p Params) Get(name string) (Value, bool) {
	i, ok := slices.BinarySearch(p.names, name)
	if !ok {
		return Value{}, false
	}
	return p.values[i], true
}

// Int returns a whole number.
func (p Params) Int(name string) int { return int(p.ask(name, "a whole number", wholeValue).number) }

// Float returns a number, which may be a whole one.
func (p Params) Float(name string) float64 {
	return p.ask(name, "a number", numberValue, wholeValue).number
}

// Text returns a text.
func (p Params) Text(name string) string { return p.ask(name, "a text", textValue).text }

// Bool returns true or false.
func (p Params) Bool(name string) bool {
	return p.ask(name, "true or false", boolValue).number != 0
}

// ask returns a value of one of the kinds.
func (p Params) ask(name, want string, kinds ...valueKind) Value {
	v, ok := p.Get(name)
	var err error
	switch {
	case !ok:
		err = fmt.Errorf("there is no hyper-parameter %q, the Space has %q", name, p.names)
	case !slices.Contains(kinds, v.kind):
		err = fmt.Errorf("the hyper-parameter %q is %v, want %s", name, v, want)
	}
	if p.asked != nil {
		p.asked.names[name] = true
		if p.asked.err == nil {
			p.asked.err = err
		}
	}
	if err != nil {
		return Value{}
	}
	return v
}

// String returns "dropout=0.2 units=32".
func (p Params) String() string {
	words := make([]string, len(p.names))
	for i, name := range p.names {
		words[i] = name + "=" + p.values[i].String()
	}
	return strings.Join(words, " ")
}

// maxCandidates bounds the candidates of a search.
const maxCandidates = 1 << 20

// candidates returns the trials' hyper-parameters. If trials is 0, they are all combinations, the last name's values
// changing fastest, as in scikit-learn's ParameterGrid; else so many random ones, as of its ParameterSampler.
func (s Space) candidates(trials int, randomState uint32) ([]Params, error) {
	names := slices.Sorted(maps.Keys(s))
	if len(names) == 0 {
		return nil, fmt.Errorf("the Space is empty")
	}
	if trials < 0 || trials > maxCandidates {
		return nil, fmt.Errorf("Trials is %d, want 0 … %d", trials, maxCandidates)
	}
	combinations, ranged := int64(1), "" // combinations of the lists; MaxInt64 stands for as many or more
	for _, name := range names {
		if s[name] == nil {
			return nil, fmt.Errorf("the Space has nil for %q", name)
		}
		if err := s[name].check(); err != nil {
			return nil, fmt.Errorf("the Space, %q: %w", name, err)
		}
		list, ok := s[name].(list)
		switch n := int64(len(list)); {
		case !ok && ranged == "":
			ranged = name
		case ok && combinations > math.MaxInt64/n:
			combinations = math.MaxInt64
		case ok:
			combinations *= n
		}
	}
	r := NewRandomState(randomState)
	var candidates []Params
	switch {
	case trials == 0 && ranged != "":
		return nil, fmt.Errorf("the Space has a range (%T) for %q, a grid wants Values; with Trials, values are drawn",
			s[ranged], ranged)
	case trials == 0 && combinations > maxCandidates:
		return nil, fmt.Errorf("the Space has more than %d combinations; with Trials, some are drawn", maxCandidates)
	case trials == 0:
		for i := range combinations {
			candidates = append(candidates, s.combination(names, i))
		}
	case ranged == "" && combinations < math.MaxInt64:
		for _, i := range sampleWithoutReplacement(r, combinations, int(min(int64(trials), combinations))) {
			candidates = append(candidates, s.combination(names, i))
		}
	default:
		for range trials {
			p := Params{names: names}
			for _, name := range names {
				p.values = append(p.values, s[name].draw(r))
			}
			candidates = append(candidates, p)
		}
	}
	return candidates, nil
}

// combination returns the i-th combination of a space of lists.
func (s Space) combination(names []string, i int64) Params {
	p := Params{names: names, values: make([]Value, len(names))}
	for j, name := range slices.Backward(names) {
		list := s[name].(list)
		n := int64(len(list))
		p.values[j] = list[i%n]
		i /= n
	}
	return p
}
