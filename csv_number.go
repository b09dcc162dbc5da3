package mlp

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseNumber returns the float32 nearest to the decimal number in a cell, rounded once.
func parseNumber(cell []byte, allowMissing bool) (float32, error) {
	if v, ok := parseDecimal(cell); ok {
		return v, nil
	}
	cell = trimCell(cell)
	if isMissing(cell) {
		if allowMissing {
			return float32(math.NaN()), nil
		}
		return 0, fmt.Errorf("%q is a missing value", cell)
	}
	if v, ok := parseDecimal(cell); ok {
		return v, nil
	}
	if !isDecimal(cell) {
		return 0, fmt.Errorf("%.40q is not a number", cell)
	}
	v, err := strconv.ParseFloat(string(cell), 32)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%.40q is beyond the range of a float32", cell)
	}
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a number", cell)
	}
	return float32(v), nil
}

// trimCell drops the spaces round a cell, which may be quoted.
func trimCell(cell []byte) []byte {
	return bytes.Trim(cell, " \t")
}

// isMissing reports whether a trimmed cell stands for no value.
func isMissing[S string | []byte](cell S) bool {
	return len(cell) == 0 || len(cell) == 3 && strings.EqualFold(string(cell), "nan")
}

// isDecimal reports whether s has no character but those of a decimal number. strconv alone takes hexadecimal, digit
// separators, infinities and NaN, too.
func isDecimal[S string | []byte](s S) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return false
		}
	}
	return true
}

// maxDigits is the number of decimal digits that any uint64 holds.
const maxDigits = 19

// parseDecimal returns strconv's float32 of the decimal number s, at several times the speed. It is not ok where s is no
// such number, and where the arithmetic here leaves a doubt.
func parseDecimal(s []byte) (v float32, ok bool) {
	i := 0
	negative := len(s) > 0 && s[0] == '-'
	if negative || len(s) > 0 && s[0] == '+' {
		i++
	}
	// The digits as one whole number, whatever it overflows to, and the exponent that the point gives it.
	start := i
	mantissa, exponent := uint64(0), 0
	for ; i < len(s) && s[i]-'0' < 10; i++ {
		mantissa = mantissa*10 + uint64(s[i]-'0')
	}
	digits := i - start
	if i < len(s) && s[i] == '.' {
		i++
		point := i
		for ; i < len(s) && s[i]-'0' < 10; i++ {
			mantissa = mantissa*10 + uint64(s[i]-'0')
		}
		exponent = point - i
		digits += i - point
	}
	if digits == 0 || digits > maxDigits && significant(s[start:i]) > maxDigits {
		return 0, false
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		e, ok := parseExponent(s[i+1:])
		if !ok {
			return 0, false
		}
		exponent += e
	} else if i < len(s) {
		return 0, false
	}
	v, ok = scaleDecimal(mantissa, exponent)
	if negative {
		v = -v
	}
	return v, ok
}

// significant returns the number of digits in s, but for zeros at its start.
func significant(s []byte) int {
	s = bytes.TrimLeft(s, "0.")
	return len(s) - bytes.Count(s, []byte("."))
}

// parseExponent returns the number of one to three digits, with or without a sign, in s.
func parseExponent(s []byte) (e int, ok bool) {
	negative := len(s) > 0 && s[0] == '-'
	if negative || len(s) > 0 && s[0] == '+' {
		s = s[1:]
	}
	for _, c := range s {
		if c -= '0'; c > 9 {
			return 0, false
		}
		e = e*10 + int(c)
	}
	if negative {
		e = -e
	}
	return e, 1 <= len(s) && len(s) <= 3
}

// scaleDecimal returns the float32 nearest to mantissa·10^exponent, if it is certain which one that is.
//
// Powers of ten up to 10²² are float64 without an error, so the float64 f is computed in three roundings at most, and lies
// within 4 units in the last place of the number. Rounding f gives what rounding the number gives unless the midpoint
// of two float32, at which the last 29 bits of f are 1 and zeros, is as near. (W. D. Clinger, "How to Read Floating Point
// Numbers Accurately", doi:10.1145/93548.93557, where such numbers are left to a slower way, too.)
func scaleDecimal(mantissa uint64, exponent int) (v float32, ok bool) {
	if mantissa == 0 || exponent == 0 && mantissa < 1<<24 {
		return float32(mantissa), true
	}
	const largest = len(powersOfTen) - 1
	f := float64(mantissa)
	switch {
	case exponent >= 0 && exponent <= largest:
		f *= powersOfTen[exponent]
	case exponent < 0 && exponent >= -largest:
		f /= powersOfTen[-exponent]
	case exponent > 0 && exponent <= 2*largest:
		f = f * powersOfTen[largest] * powersOfTen[exponent-largest]
	case exponent < 0 && exponent >= -2*largest:
		f = f / powersOfTen[largest] / powersOfTen[-exponent-largest]
	default:
		return 0, false
	}
	const midpoint, doubt = 1 << 28, 4
	last := math.Float64bits(f) & (1<<29 - 1)
	if last-(midpoint-doubt) <= 2*doubt || f < 0x1p-126 || f > math.MaxFloat32 {
		return 0, false
	}
	return float32(f), true
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
	1e17, 1e18, 1e19, 1e20, 1e21, 1e22}
