package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// expression is a function of one variable x: a sum of terms, each a number times powers of x and of functions. The terms
// are sorted and no two are alike, so that two spellings of a function are mostly equal as they stand.
type expression []term

// term is coefficient·Π factor^power. Without factors it is a number.
type term struct {
	coefficient float64
	factors     []factor // sorted
}

// factor is f(argument)^power; f is empty for x itself.
type factor struct {
	f        string
	argument expression
	power    int
}

// The functions of expressions. unit_clip is clip(x, 0, 1).
const (
	fAbs        = "abs"
	fErf        = "erf"
	fExp        = "exp"
	fLog        = "log"
	fReciprocal = "reciprocal"
	fRelu       = "relu"
	fSigmoid    = "sigmoid"
	fSoftplus   = "softplus"
	fTanh       = "tanh"
	fUnitClip   = "unit_clip"
)

// variable returns x; number returns a constant.
func variable() expression { return expression{{1, []factor{{power: 1}}}} }

func number(v float64) expression { return expression{{v, nil}} }

// String returns the expression as text that is the same for the same expression.
func (e expression) String() string {
	var parts []string
	for _, t := range e {
		part := strconv.FormatFloat(t.coefficient, 'g', 7, 64)
		if len(t.factors) > 0 {
			part += "*" + t.key()
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " + ")
}

// key returns what tells the term from unlike ones.
func (t term) key() string {
	var parts []string
	for _, f := range t.factors {
		parts = append(parts, f.key())
	}
	return strings.Join(parts, "*")
}

func (f factor) key() string {
	s := "x"
	if f.f != "" {
		s = f.f + "(" + f.argument.String() + ")"
	}
	if f.power != 1 {
		s += "^" + strconv.Itoa(f.power)
	}
	return s
}

var errTooLong = errors.New("not supported: the expression is too long for an activation")

// check bounds the size of expressions, which could grow without end as they are multiplied and nested.
func (e expression) check() (expression, error) {
	if len(e) > 16 || len(e.String()) > 1000 {
		return nil, errTooLong
	}
	return e, nil
}

// sum returns a + b.
func sum(a, b expression) expression {
	terms := make(map[string]term)
	for _, t := range slices.Concat(a, b) {
		key := t.key()
		t.coefficient += terms[key].coefficient
		terms[key] = t
	}
	var e expression
	for _, t := range terms {
		if t.coefficient != 0 {
			e = append(e, t)
		}
	}
	slices.SortFunc(e, func(a, b term) int { return strings.Compare(a.key(), b.key()) })
	return e
}

// scaled returns v·e.
func scaled(e expression, v float64) expression {
	if v == 0 {
		return nil
	}
	e = slices.Clone(e)
	for i := range e {
		e[i].coefficient *= v
	}
	return e
}

// multiplied returns a·b.
func multiplied(a, b expression) (expression, error) {
	var e expression
	for _, s := range a {
		for _, t := range b {
			product := term{coefficient: s.coefficient * t.coefficient}
			powers := make(map[string]factor)
			for _, f := range slices.Concat(s.factors, t.factors) {
				base := f
				base.power = 1
				key := base.key()
				f.power += powers[key].power
				powers[key] = f
			}
			for _, f := range powers {
				product.factors = append(product.factors, f)
			}
			slices.SortFunc(product.factors, func(a, b factor) int { return strings.Compare(a.key(), b.key()) })
			e = sum(e, expression{product})
		}
	}
	return e.check()
}

// constant returns the number that e is.
func (e expression) constant() (float64, bool) {
	if len(e) == 0 {
		return 0, true
	}
	return e[0].coefficient, len(e) == 1 && len(e[0].factors) == 0
}

// linear returns slope and offset if e is slope·x + offset.
func (e expression) linear() (slope, offset float64, ok bool) {
	for _, t := range e {
		switch {
		case len(t.factors) == 0:
			offset = t.coefficient
		case len(t.factors) == 1 && t.factors[0].f == "" && t.factors[0].power == 1:
			slope = t.coefficient
		default:
			return 0, 0, false
		}
	}
	return slope, offset, true
}

// apply returns f(e), by identities that bring spellings of the same function together.
func apply(f string, e expression) (expression, error) {
	if v, ok := e.constant(); ok {
		switch {
		case f == fReciprocal && v != 0:
			return number(1 / v), nil
		case f == fRelu: // of max(x, x)
			return number(max(v, 0)), nil
		}
		return nil, fmt.Errorf("not supported: %s(%v)", f, v)
	}
	leading := e[len(e)-1].coefficient
	negative := scaled(e, -1)
	switch f {
	case fAbs: // 2·relu(x) - x
		positive, err := apply(fRelu, e)
		return sum(scaled(positive, 2), negative), err
	case fRelu: // relu(c·x) = c·relu(x) for c > 0, and relu(-x) = relu(x) - x
		if leading < 0 {
			positive, err := apply(fRelu, negative)
			return sum(positive, e), err
		}
		return scaled(function(f, scaled(e, 1/leading)), leading).check()
	case fTanh, fErf: // odd
		if leading < 0 {
			return scaled(function(f, negative), -1).check()
		}
	case fSigmoid: // sigmoid(-x) = 1 - sigmoid(x)
		if leading < 0 {
			return sum(number(1), scaled(function(f, negative), -1)).check()
		}
	case fReciprocal: // 1/(1 + exp(x)) = sigmoid(-x)
		if inner, ok := onePlusExp(e); ok {
			return apply(fSigmoid, scaled(inner, -1))
		}
	case fLog: // log(1 + exp(x)) = softplus(x)
		if inner, ok := onePlusExp(e); ok {
			return apply(fSoftplus, inner)
		}
	}
	return function(f, e).check()
}

func function(f string, e expression) expression { return expression{{1, []factor{{f, e, 1}}}} }

// onePlusExp returns x if e is 1 + exp(x).
func onePlusExp(e expression) (expression, bool) {
	if len(e) != 2 {
		return nil, false
	}
	one, exp := e[0], e[1]
	ok := len(one.factors) == 0 && one.coefficient == 1 &&
		len(exp.factors) == 1 && exp.coefficient == 1 && exp.factors[0].f == fExp && exp.factors[0].power == 1
	if !ok {
		return nil, false
	}
	return exp.factors[0].argument, true
}

// greater returns max(a, b) = b + relu(a - b).
func greater(a, b expression) (expression, error) {
	e, err := apply(fRelu, sum(a, scaled(b, -1)))
	return sum(b, e), err
}

// clipped returns min(max(e, low), high).
func clipped(e expression, low, high float64) (expression, error) {
	switch width := high - low; {
	case !math.IsInf(width, 0):
		unit, err := apply(fUnitClip, scaled(sum(e, number(-low)), 1/width))
		return sum(scaled(unit, width), number(low)), err
	case !math.IsInf(low, 0):
		return greater(e, number(low))
	case !math.IsInf(high, 0):
		y, err := greater(scaled(e, -1), number(-high))
		return scaled(y, -1), err
	}
	return e, nil
}

// near reports whether two numbers are equal up to the rounding of a few float32 operations.
func near(a, b float64) bool {
	const tolerance = 1e-6
	return math.Abs(a-b) <= tolerance*math.Abs(b)
}

// near reports whether two expressions are the same function, up to the rounding of their numbers.
func (e expression) near(other expression) bool {
	return slices.EqualFunc(e, other, func(s, t term) bool {
		return near(s.coefficient, t.coefficient) && slices.EqualFunc(s.factors, t.factors, func(f, g factor) bool {
			return f.f == g.f && f.power == g.power && f.argument.near(g.argument)
		})
	})
}
