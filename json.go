package mlp

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonReader reads JSON that is not trusted, value by value: each must be of the kind that the caller asks for, so nothing
// nests deeper than the caller goes; a key that stands twice in an object is an error. (RFC 8259. A decoder of package
// encoding/json does the same, but it and package reflect would make up half of a program that loads a model.)
type jsonReader struct{ *jsonText }

// jsonText is a text and the place up to which it has been read.
type jsonText struct {
	text []byte
	at   int
}

// readJSON reads the one value that text holds, by a call of value.
func readJSON(text []byte, value func(jsonReader) error) error {
	if !utf8.Valid(text) {
		return errors.New("the JSON is not UTF-8")
	}
	j := jsonReader{&jsonText{text: text}}
	err := value(j)
	if err == nil && j.peek() != 0 {
		err = j.unexpected("the end after the value")
	}
	if err != nil {
		return fmt.Errorf("JSON, byte %d: %w", j.at, err)
	}
	return nil
}

// peek passes over white space and returns the byte behind it, 0 at the end.
func (j jsonReader) peek() byte {
	for ; j.at < len(j.text); j.at++ {
		switch c := j.text[j.at]; c {
		case ' ', '\t', '\n', '\r':
		case 0: // as any character that no value begins with, for 0 means the end
			return 1
		default:
			return c
		}
	}
	return 0
}

// take passes over a byte, if it comes next.
func (j jsonReader) take(c byte) bool {
	found := j.peek() == c
	if found {
		j.at++
	}
	return found
}

// word passes over the letters, digits and signs that come next, which a number, true, false or null is made of.
func (j jsonReader) word() string {
	j.peek()
	from := j.at
	for j.at < len(j.text) {
		c := j.text[j.at]
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '+' || c == '.') {
			break
		}
		j.at++
	}
	return string(j.text[from:j.at])
}

// unexpected tells what comes in place of what is wanted.
func (j jsonReader) unexpected(want string) error {
	got := ""
	switch c := j.peek(); {
	case c == 0:
		return io.ErrUnexpectedEOF
	case c == '{':
		got = "an object"
	case c == '[':
		got = "a list"
	case c == '"':
		s, err := j.string()
		if err != nil {
			return err
		}
		got = fmt.Sprintf("the string %.80q", s)
	default:
		at := j.at
		if got = j.word(); !isJSONNumber(got) && got != "true" && got != "false" && got != "null" {
			r, _ := utf8.DecodeRune(j.text[at:])
			j.at = at
			return fmt.Errorf("invalid character %q", r)
		}
	}
	return fmt.Errorf("want %s, got %.80s", want, got)
}

// isJSONNumber reports whether s is a number: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?
func isJSONNumber(s string) bool {
	i := 0
	skip := func(either, or byte) bool {
		found := i < len(s) && (s[i] == either || s[i] == or)
		if found {
			i++
		}
		return found
	}
	digits := func() bool {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i > from
	}
	skip('-', '-')
	if !skip('0', '0') && !digits() {
		return false
	}
	if skip('.', '.') && !digits() {
		return false
	}
	if skip('e', 'E') {
		skip('-', '+')
		if !digits() {
			return false
		}
	}
	return i == len(s)
}

func (j jsonReader) string() (string, error) {
	if !j.take('"') {
		return "", j.unexpected("a string")
	}
	var b []byte
	for from := j.at; j.at < len(j.text); {
		switch c := j.text[j.at]; {
		case c == '"':
			b = append(b, j.text[from:j.at]...)
			j.at++
			return string(b), nil
		case c < ' ':
			return "", fmt.Errorf("invalid character %q in a string", c)
		case c == '\\':
			b = append(b, j.text[from:j.at]...)
			r, err := j.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
			from = j.at
		default:
			j.at++
		}
	}
	return "", io.ErrUnexpectedEOF
}

// escape reads a character that is written with a backslash; of one beyond U+FFFF, both halves.
func (j jsonReader) escape() (rune, error) {
	const escapes, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	rest := j.text[j.at+1:]
	if len(rest) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if i := strings.IndexByte(escapes, rest[0]); i >= 0 {
		j.at += 2
		return rune(meanings[i]), nil
	}
	r := j.codeUnit()
	if utf16.IsSurrogate(r) {
		r = utf16.DecodeRune(r, j.codeUnit())
		if r == utf8.RuneError {
			r = -1
		}
	}
	if r < 0 {
		return 0, fmt.Errorf("invalid escape %.12q in a string", rest)
	}
	return r, nil
}

// codeUnit reads \uXXXX, or returns -1 and may have passed over a part of it.
func (j jsonReader) codeUnit() rune {
	const length = len(`\uXXXX`)
	if len(j.text)-j.at < length || string(j.text[j.at:][:2]) != `\u` {
		return -1
	}
	v, err := strconv.ParseUint(string(j.text[j.at+2:][:length-2]), 16, 16)
	if err != nil {
		return -1
	}
	j.at += length
	return rune(v)
}

func (j jsonReader) bool() (bool, error) {
	at := j.at
	switch j.word() {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	j.at = at
	return false, j.unexpected("true or false")
}

// number reads a number's text.
func (j jsonReader) number(want string) (string, error) {
	at := j.at
	text := j.word()
	if !isJSONNumber(text) {
		j.at = at
		return "", j.unexpected(want)
	}
	return text, nil
}

func (j jsonReader) float() (float64, error) {
	text, err := j.number("a number")
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("want a number that a float64 holds, got %.80s", text)
	}
	return v, nil
}

// uint reads a number without sign, fraction and exponent, 0 … limit.
func (j jsonReader) uint(limit uint64) (uint64, error) {
	text, err := j.number("a whole number")
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil || v > limit {
		return 0, fmt.Errorf("want a whole number of 0 … %d, got %.80s", limit, text)
	}
	return v, nil
}

// int reads a whole number that an int holds.
func (j jsonReader) int() (int, error) {
	v, err := j.uint(math.MaxInt)
	return int(v), err
}

// more passes over the comma between two members of a list or an object, or over the end.
func (j jsonReader) more(first bool, end byte) (bool, error) {
	if j.take(end) {
		return false, nil
	}
	if first || j.take(',') {
		return true, nil
	}
	return false, j.unexpected(fmt.Sprintf("',' or %q", end))
}

// object reads an object; member reads the value of each key.
func (j jsonReader) object(member func(key string) error) error {
	if !j.take('{') {
		return j.unexpected("an object")
	}
	seen := make(map[string]struct{})
	for {
		if more, err := j.more(len(seen) == 0, '}'); !more {
			return err
		}
		key, err := j.key()
		if err != nil {
			return err
		}
		if _, twice := seen[key]; twice {
			return fmt.Errorf("the key %.80q stands twice", key)
		}
		seen[key] = struct{}{}
		if err := member(key); err != nil {
			return fmt.Errorf("%.80q: %w", key, err)
		}
	}
}

// key reads a member's key and the colon behind it.
func (j jsonReader) key() (string, error) {
	key, err := j.string()
	if err == nil && !j.take(':') {
		err = j.unexpected("':'")
	}
	return key, err
}

// list reads a list; element reads each of its values.
func (j jsonReader) list(element func() error) error {
	if !j.take('[') {
		return j.unexpected("a list")
	}
	for i := 0; ; i++ {
		if more, err := j.more(i == 0, ']'); !more {
			return err
		}
		if err := element(); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
}

// maxJSONDepth is how deep a value may nest that skip passes over; serde_json, which the reference implementation of
// safetensors uses, has the same bound.
const maxJSONDepth = 128

// skip passes over a value of any kind that nests at most depth deep.
func (j jsonReader) skip(depth int) (err error) {
	if depth == 0 {
		return fmt.Errorf("nested more than %d deep", maxJSONDepth)
	}
	switch c := j.peek(); {
	case c == '{' || c == '[':
		j.at++
		for first := true; ; first = false {
			if more, err := j.more(first, c+2); !more { // c + 2 is the bracket that closes
				return err
			}
			if c == '{' {
				if _, err := j.key(); err != nil {
					return err
				}
			}
			if err := j.skip(depth - 1); err != nil {
				return err
			}
		}
	case c == '"':
		_, err = j.string()
	case c == 't' || c == 'f':
		_, err = j.bool()
	case c == 'n':
		at := j.at
		if j.word() != "null" {
			j.at = at
			err = j.unexpected("null")
		}
	default:
		_, err = j.number("a value")
	}
	return err
}
