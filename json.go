package mlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// jsonReader reads JSON that is not trusted, token by token: each value must be of the kind that the caller asks for, so
// nothing nests deeper than the caller goes; a key that stands twice in an object is an error.
type jsonReader struct{ dec *json.Decoder }

// readJSON reads the one value that text holds, by a call of value.
func readJSON(text []byte, value func(jsonReader) error) error {
	if !utf8.Valid(text) {
		return errors.New("the JSON is not UTF-8")
	}
	j := jsonReader{json.NewDecoder(bytes.NewReader(text))}
	j.dec.UseNumber()
	err := value(j)
	if err == nil {
		if token, more := j.dec.Token(); more == nil {
			err = fmt.Errorf("want the end after the value, got %s", jsonKind(token))
		} else if more != io.EOF {
			err = more
		}
	}
	if err != nil {
		return fmt.Errorf("JSON, byte %d: %w", j.dec.InputOffset(), err)
	}
	return nil
}

func (j jsonReader) token() (json.Token, error) {
	t, err := j.dec.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return t, err
}

// jsonKind says what a token is.
func jsonKind(t json.Token) string {
	switch t := t.(type) {
	case json.Delim:
		switch t {
		case '{':
			return "an object"
		case '[':
			return "a list"
		}
		return fmt.Sprintf("%q", rune(t))
	case string:
		return fmt.Sprintf("the string %.80q", t)
	case json.Number:
		return fmt.Sprintf("%.80s", t)
	case nil:
		return "null"
	}
	return fmt.Sprint(t)
}

// jsonValue reads a value that Go holds as T.
func jsonValue[T any](j jsonReader, want string) (T, error) {
	t, err := j.token()
	v, ok := t.(T)
	if err == nil && !ok {
		err = fmt.Errorf("want %s, got %s", want, jsonKind(t))
	}
	return v, err
}

func (j jsonReader) string() (string, error) { return jsonValue[string](j, "a string") }

func (j jsonReader) bool() (bool, error) { return jsonValue[bool](j, "true or false") }

func (j jsonReader) float() (float64, error) {
	n, err := jsonValue[json.Number](j, "a number")
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(n.String(), 64)
	if err != nil {
		return 0, fmt.Errorf("want a number that a float64 holds, got %s", jsonKind(n))
	}
	return v, nil
}

// uint reads a number without sign, fraction and exponent, 0 … limit.
func (j jsonReader) uint(limit uint64) (uint64, error) {
	n, err := jsonValue[json.Number](j, "a whole number")
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseUint(n.String(), 10, 64)
	if err != nil || v > limit {
		return 0, fmt.Errorf("want a whole number of 0 … %d, got %s", limit, jsonKind(n))
	}
	return v, nil
}

// int reads a whole number that an int holds.
func (j jsonReader) int() (int, error) {
	v, err := j.uint(math.MaxInt)
	return int(v), err
}

// object reads an object; member reads the value of each key.
func (j jsonReader) object(member func(key string) error) error {
	if t, err := j.token(); err != nil {
		return err
	} else if t != json.Delim('{') {
		return fmt.Errorf("want an object, got %s", jsonKind(t))
	}
	seen := make(map[string]struct{})
	for {
		t, err := j.token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok { // the decoder allows nothing but the end
			return nil
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

// list reads a list; element reads each of its values.
func (j jsonReader) list(element func() error) error {
	if t, err := j.token(); err != nil {
		return err
	} else if t != json.Delim('[') {
		return fmt.Errorf("want a list, got %s", jsonKind(t))
	}
	for i := 0; j.dec.More(); i++ {
		if err := element(); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	_, err := j.token()
	return err
}

// skip passes over a value of any kind.
func (j jsonReader) skip() error {
	var v json.RawMessage
	return j.dec.Decode(&v)
}

// appendJSONString appends a string as safetensors' reference writer does.
func appendJSONString(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("%.80q is not UTF-8", s)
	}
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"'), nil
}

// appendJSONFloat appends the shortest number that a reader of float64 turns into v again.
func appendJSONFloat(b []byte, v float64) ([]byte, error) {
	if !isFinite(v) {
		return nil, fmt.Errorf("%v is not finite", v)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64), nil
}

// appendJSON appends a value.
type appendJSON[T any] func(b []byte, v T) ([]byte, error)

// jsonField is a member of an object, both ways: write appends its value, and is not called where the member is left
// out; read sets it.
type jsonField struct {
	key   string
	zero  bool
	write func(b []byte) ([]byte, error)
	read  func(j jsonReader) error
}

// appendJSONFields appends an object of all fields that are not zero, in their order.
func appendJSONFields(b []byte, fields []jsonField) ([]byte, error) {
	separator := byte('{')
	for _, f := range fields {
		if f.zero {
			continue
		}
		b = append(b, separator, '"')
		b = append(b, f.key...)
		b = append(b, '"', ':')
		var err error
		if b, err = f.write(b); err != nil {
			return nil, fmt.Errorf("%q: %w", f.key, err)
		}
		separator = ','
	}
	if separator == '{' {
		b = append(b, separator)
	}
	return append(b, '}'), nil
}

// readField reads the value of the field with that key.
func (j jsonReader) readField(key string, fields []jsonField) error {
	i := slices.IndexFunc(fields, func(f jsonField) bool { return f.key == key })
	if i < 0 {
		return errors.New("unknown field")
	}
	return fields[i].read(j)
}

// tagged reads an object whose first key is tag; fields reads its value, and returns the fields that it promises.
func (j jsonReader) tagged(tag string, fields func() ([]jsonField, error)) error {
	var rest []jsonField
	first := true
	err := j.object(func(key string) (err error) {
		if !first {
			return j.readField(key, rest)
		}
		if first = false; key != tag {
			return fmt.Errorf("want the key %q first", tag)
		}
		rest, err = fields()
		return err
	})
	if err == nil && first {
		return fmt.Errorf("want the key %q", tag)
	}
	return err
}

// scalarField is a member whose value is one Go value; a zero is left out.
func scalarField[T comparable](key string, v *T, write appendJSON[T], read func(jsonReader) (T, error)) jsonField {
	var zero T
	return jsonField{key, *v == zero,
		func(b []byte) ([]byte, error) { return write(b, *v) },
		func(j jsonReader) (err error) { *v, err = read(j); return err },
	}
}

func appendJSONInt(b []byte, v int) ([]byte, error) { return strconv.AppendInt(b, int64(v), 10), nil }

func appendJSONBool(b []byte, v bool) ([]byte, error) { return strconv.AppendBool(b, v), nil }

func intField(key string, v *int) jsonField {
	return scalarField(key, v, appendJSONInt, jsonReader.int)
}

func boolField(key string, v *bool) jsonField {
	return scalarField(key, v, appendJSONBool, jsonReader.bool)
}

func floatField(key string, v *float64) jsonField {
	return scalarField(key, v, appendJSONFloat, jsonReader.float)
}

// listField is a member whose value is a list; an empty one is left out.
func listField[T any](key string, list *[]T, write appendJSON[T], read func(jsonReader) (T, error)) jsonField {
	return jsonField{key, len(*list) == 0,
		func(b []byte) (_ []byte, err error) {
			separator := byte('[')
			for i, v := range *list {
				b = append(b, separator)
				if b, err = write(b, v); err != nil {
					return nil, fmt.Errorf("[%d]: %w", i, err)
				}
				separator = ','
			}
			return append(b, ']'), nil
		},
		func(j jsonReader) error {
			return j.list(func() error {
				v, err := read(j)
				*list = append(*list, v)
				return err
			})
		},
	}
}
