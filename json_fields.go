package mlp

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// jsonField is a member of an object, both ways: its key, and a pointer to its value, which is an int, a uint64, a bool,
// a float64, a string, a list of these or of such lists, or has a jsonReadable's and a jsonWritable's methods. Zero
// values and empty lists are left out.
//
// Reading and writing switch on the type, rather than call functions that the fields hold: so the linker drops the
// writing from a program that only reads.
type jsonField struct {
	key   string
	value any
}

// jsonReadable reads its own value.
type jsonReadable interface {
	readJSON(j jsonReader) error
}

// jsonWritable appends its value to b, or nothing if that is zero.
type jsonWritable interface {
	appendJSON(b []byte) ([]byte, error)
}

// jsonObject is a pointer to a T that is an object of fields.
type jsonObject[T any] interface {
	*T
	fields() []jsonField
}

// jsonOptional is a pointer to an object, or to nil, which is left out.
type jsonOptional[T any, P jsonObject[T]] struct{ object **T }

func optionalJSON[T any, P jsonObject[T]](object **T) jsonOptional[T, P] {
	return jsonOptional[T, P]{object}
}

func (o jsonOptional[T, P]) readJSON(j jsonReader) error {
	*o.object = new(T)
	return j.fields(P(*o.object).fields())
}

func (o jsonOptional[T, P]) appendJSON(b []byte) ([]byte, error) {
	if *o.object == nil {
		return b, nil
	}
	return appendJSONFields(b, P(*o.object).fields())
}

// jsonObjects is a list of objects.
type jsonObjects[T any, P jsonObject[T]] struct{ list *[]T }

func objectsJSON[T any, P jsonObject[T]](list *[]T) jsonObjects[T, P] { return jsonObjects[T, P]{list} }

func (o jsonObjects[T, P]) readJSON(j jsonReader) (err error) {
	*o.list, err = readJSONList(j, func(j jsonReader) (v T, err error) {
		err = j.fields(P(&v).fields())
		return v, err
	})
	return err
}

func (o jsonObjects[T, P]) appendJSON(b []byte) ([]byte, error) {
	return appendJSONList(b, *o.list, func(b []byte, v T) ([]byte, error) { return appendJSONFields(b, P(&v).fields()) })
}

// tagged reads an object whose first key is tag; fields reads its value, and returns the fields that it promises.
func (j jsonReader) tagged(tag string, fields func() ([]jsonField, error)) error {
	var rest []jsonField
	first := true
	err := j.object(func(key string) (err error) {
		if !first {
			return j.field(key, rest)
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

// fields reads an object of such fields.
func (j jsonReader) fields(fields []jsonField) error {
	return j.object(func(key string) error { return j.field(key, fields) })
}

// field reads the value of the field with that key.
func (j jsonReader) field(key string, fields []jsonField) error {
	i := slices.IndexFunc(fields, func(f jsonField) bool { return f.key == key })
	if i < 0 {
		return errors.New("unknown field")
	}
	return j.value(fields[i].value)
}

// value reads a jsonField's value.
func (j jsonReader) value(value any) (err error) {
	switch v := value.(type) {
	case *int:
		*v, err = j.int()
	case *uint64:
		*v, err = j.uint(math.MaxUint64)
	case *bool:
		*v, err = j.bool()
	case *float64:
		*v, err = j.float()
	case *string:
		*v, err = j.string()
	case *[]int:
		*v, err = readJSONList(j, jsonReader.int)
	case *[]float64:
		*v, err = readJSONList(j, jsonReader.float)
	case *[]string:
		*v, err = readJSONList(j, jsonReader.string)
	case *[][]float64:
		*v, err = readJSONList(j, func(j jsonReader) ([]float64, error) { return readJSONList(j, jsonReader.float) })
	case *[][]string:
		*v, err = readJSONList(j, func(j jsonReader) ([]string, error) { return readJSONList(j, jsonReader.string) })
	case jsonReadable:
		err = v.readJSON(j)
	default:
		panic(fmt.Sprintf("mlp: internal: no JSON for %T", value))
	}
	return err
}

// readJSONList returns the values of a list, nil if it is empty.
func readJSONList[T any](j jsonReader, read func(jsonReader) (T, error)) ([]T, error) {
	var list []T
	err := j.list(func() error {
		v, err := read(j)
		list = append(list, v)
		return err
	})
	return list, err
}

// readJSONName reads the name of a constant that is counted from 0.
func readJSONName[E ~uint8](j jsonReader, v *E, names []string) error {
	name, err := j.string()
	if err != nil {
		return err
	}
	i := slices.Index(names, name)
	if i < 0 {
		return fmt.Errorf("%.80q is not one of %q", name, names)
	}
	*v = E(i)
	return nil
}

// appendJSONFields appends an object of all fields that are not zero, in their order.
func appendJSONFields(b []byte, fields []jsonField) ([]byte, error) {
	separator := byte('{')
	for _, f := range fields {
		key := append(b, separator, '"')
		key = append(key, f.key...)
		key = append(key, '"', ':')
		member, err := appendJSONValue(key, f.value)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", f.key, err)
		}
		if len(member) > len(key) {
			b, separator = member, ','
		}
	}
	if separator == '{' {
		b = append(b, separator)
	}
	return append(b, '}'), nil
}

// appendJSONValue appends a jsonField's value, or nothing if that is zero.
func appendJSONValue(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case *int:
		if *v != 0 {
			return appendJSONInt(b, *v)
		}
	case *uint64:
		if *v != 0 {
			return strconv.AppendUint(b, *v, 10), nil
		}
	case *bool:
		if *v {
			return append(b, "true"...), nil
		}
	case *float64:
		if *v != 0 {
			return appendJSONFloat(b, *v)
		}
	case *string:
		if *v != "" {
			return appendJSONString(b, *v)
		}
	case *[]int:
		return appendJSONList(b, *v, appendJSONInt)
	case *[]float64:
		return appendJSONList(b, *v, appendJSONFloat)
	case *[]string:
		return appendJSONList(b, *v, appendJSONString)
	case *[][]float64:
		return appendJSONList(b, *v, func(b []byte, v []float64) ([]byte, error) {
			return appendJSONInnerList(b, v, appendJSONFloat)
		})
	case *[][]string:
		return appendJSONList(b, *v, func(b []byte, v []string) ([]byte, error) {
			return appendJSONInnerList(b, v, appendJSONString)
		})
	case jsonWritable:
		return v.appendJSON(b)
	default:
		panic(fmt.Sprintf("mlp: internal: no JSON for %T", value))
	}
	return b, nil
}

// appendJSONList appends a list, or nothing if it is empty.
func appendJSONList[T any](b []byte, list []T, write func([]byte, T) ([]byte, error)) (_ []byte, err error) {
	if len(list) == 0 {
		return b, nil
	}
	return appendJSONInnerList(b, list, write)
}

// appendJSONInnerList appends a list, also one that is empty.
func appendJSONInnerList[T any](b []byte, list []T, write func([]byte, T) ([]byte, error)) (_ []byte, err error) {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = write(b, v); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return append(b, ']'), nil
}

// appendJSONName appends the name of a constant that is counted from 0, or nothing for the first.
func appendJSONName[E ~uint8](b []byte, v E, names []string) ([]byte, error) {
	if int(v) >= len(names) {
		return nil, fmt.Errorf("%d is not one of %q", v, names)
	}
	if v == 0 {
		return b, nil
	}
	return appendJSONString(b, names[v])
}

func appendJSONInt(b []byte, v int) ([]byte, error) { return strconv.AppendInt(b, int64(v), 10), nil }

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
