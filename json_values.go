package mlp

import (
	"encoding/base64"
	"fmt"
	"strconv"
)

// The values of a jsonField that a checkpoint and the log of a search have beside the common ones.

// exact is a float64 that JSON keeps to the bit: a number, also a zero, or "NaN", "+Inf" and "-Inf".
type exact float64

func (e *exact) appendJSON(b []byte) ([]byte, error) { return appendExact(b, float64(*e)) }

func (e *exact) readJSON(j jsonReader) (err error) {
	*(*float64)(e), err = readExact(j)
	return err
}

type exactList []float64

func (l *exactList) appendJSON(b []byte) ([]byte, error) { return appendJSONList(b, *l, appendExact) }

func (l *exactList) readJSON(j jsonReader) (err error) {
	*l, err = readJSONList(j, readExact)
	return err
}

type exactLists [][]float64

func (l *exactLists) appendJSON(b []byte) ([]byte, error) {
	return appendJSONList(b, *l, func(b []byte, v []float64) ([]byte, error) {
		return appendJSONInnerList(b, v, appendExact)
	})
}

func (l *exactLists) readJSON(j jsonReader) (err error) {
	*l, err = readJSONList(j, func(j jsonReader) ([]float64, error) { return readJSONList(j, readExact) })
	return err
}

func appendExact(b []byte, v float64) ([]byte, error) {
	if isFinite(v) {
		return appendJSONFloat(b, v)
	}
	return appendJSONString(b, strconv.FormatFloat(v, 'g', -1, 64))
}

func readExact(j jsonReader) (float64, error) {
	if j.peek() != '"' {
		return j.float()
	}
	text, err := j.string()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("want a number, NaN, +Inf or -Inf, got %.80q", text)
	}
	return v, nil
}

// signedInt is an int that may be negative, and stands there even if it is 0.
type signedInt int

func (i *signedInt) appendJSON(b []byte) ([]byte, error) { return appendJSONInt(b, int(*i)) }

func (i *signedInt) readJSON(j jsonReader) error {
	text, err := j.number("a whole number")
	if err != nil {
		return err
	}
	if *(*int)(i), err = strconv.Atoi(text); err != nil {
		return fmt.Errorf("want a whole number, got %.80s", text)
	}
	return nil
}

// rawJSON is a value of any kind, as text.
type rawJSON []byte

func (r *rawJSON) appendJSON(b []byte) ([]byte, error) { return append(b, *r...), nil }

func (r *rawJSON) readJSON(j jsonReader) error {
	j.peek()
	from := j.at
	err := j.skip(maxJSONDepth)
	*r = j.text[from:j.at]
	return err
}

// jsonBytes are bytes in base64.
type jsonBytes []byte

func (p *jsonBytes) appendJSON(b []byte) ([]byte, error) {
	if len(*p) == 0 {
		return b, nil
	}
	return appendJSONString(b, base64.StdEncoding.EncodeToString(*p))
}

func (p *jsonBytes) readJSON(j jsonReader) error {
	text, err := j.string()
	if err != nil {
		return err
	}
	if *p, err = base64.StdEncoding.DecodeString(text); err != nil {
		return fmt.Errorf("want base64, got %.80q", text)
	}
	return nil
}
