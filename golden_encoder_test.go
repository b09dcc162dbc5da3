package mlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// labelEncoderCase numbers labels, which are all texts, all integers or all booleans.
type labelEncoderCase struct {
	Scaler           string            `json:"scaler"`
	Y                []json.RawMessage `json:"y"`
	Classes          []json.RawMessage `json:"classes"`
	Transform        []int             `json:"transform"`
	New              []json.RawMessage `json:"new"`
	TransformNew     []int             `json:"transform_new"`
	InverseTransform []json.RawMessage `json:"inverse_transform"`
	Unknown          []json.RawMessage `json:"unknown"`
	UnknownError     string            `json:"unknown_error"`
}

func (c *labelEncoderCase) check(f *sklearnFile) error {
	var text string
	if json.Unmarshal(c.Y[0], &text) == nil {
		return checkLabelEncoder(c, func(label json.RawMessage) (text string, err error) {
			return text, json.Unmarshal(label, &text)
		})
	}
	return checkLabelEncoder(c, func(label json.RawMessage) (n int, err error) {
		var b bool
		if json.Unmarshal(label, &b) == nil {
			if b {
				n = 1
			}
			return n, nil
		}
		return n, json.Unmarshal(label, &n)
	})
}

func checkLabelEncoder[T int | string](c *labelEncoderCase, decode func(json.RawMessage) (T, error)) error {
	var err error
	list := func(labels []json.RawMessage) (values []T) {
		for _, label := range labels {
			v, e := decode(label)
			err = errors.Join(err, e)
			values = append(values, v)
		}
		return values
	}
	y, classes, fresh, unknown, inverse := list(c.Y), list(c.Classes), list(c.New), list(c.Unknown), list(c.InverseTransform)
	if err != nil {
		return err
	}
	var e LabelEncoder[T]
	if err := e.Fit(y); err != nil {
		return err
	}
	numbers, err := e.Transform(y)
	if err != nil {
		return err
	}
	freshNumbers, err := e.Transform(fresh)
	if err != nil {
		return err
	}
	back, err := e.InverseTransform(freshNumbers)
	if err != nil {
		return err
	}
	if unknown != nil {
		if _, err := e.Transform(unknown); err == nil {
			return fmt.Errorf("no error for %v", unknown)
		}
	}
	return firstError(checkEqual("classes", e.Classes, classes), checkEqual("transform", numbers, c.Transform),
		checkEqual("transform_new", freshNumbers, c.TransformNew), checkEqual("inverse_transform", back, inverse))
}

// oneHotCase encodes columns of texts and of numbers. Texts become categories, as ReadCSV makes them.
type oneHotCase struct {
	Scaler string `json:"scaler"`
	Params struct {
		HandleUnknown string `json:"handle_unknown"`
		Drop          string `json:"drop"`
	} `json:"params"`
	X                [][]json.RawMessage `json:"X"`
	Categories       [][]json.RawMessage `json:"categories"`
	New              [][]json.RawMessage `json:"new"`
	TransformNew     goldenMatrix        `json:"transform_new"`
	InverseTransform [][]json.RawMessage `json:"inverse_transform"`
	FeatureNames     []string            `json:"feature_names"`
	Unknown          [][]json.RawMessage `json:"unknown"`
	UnknownError     string              `json:"unknown_error"`
}

func (c *oneHotCase) check(f *sklearnFile) error {
	drop, ok := map[string]CategoryDrop{"": DropNone, "first": DropFirst, "if_binary": DropIfBinary}[c.Params.Drop]
	if !ok {
		return errUnsupported("drop " + c.Params.Drop)
	}
	d := &Dataset{Features: len(c.X[0])}
	e := OneHotEncoder{Drop: drop, IgnoreUnknown: c.Params.HandleUnknown == "ignore"}
	for j := range d.Features {
		e.Columns = append(e.Columns, d.featureName(j))
		var column []json.RawMessage
		for _, row := range c.X {
			column = append(column, row[j])
		}
		var names []string
		for _, label := range sortedLabels(column) {
			if unquoted(label) != string(label) {
				names = append(names, unquoted(label))
			}
		}
		d.Categories = append(d.Categories, names)
	}
	names := d.Categories
	var err error
	if d.X, err = encodeTexts(c.X, names); err != nil {
		return err
	}
	if err := e.Fit(d); err != nil {
		return err
	}
	for j, want := range c.Categories {
		var got []string
		for i := range e.Categories[j] {
			got = append(got, e.categoryName(j, i))
		}
		var texts []string
		for _, text := range want {
			texts = append(texts, unquoted(text))
		}
		if err := checkEqual("categories", got, texts); err != nil {
			return err
		}
	}
	if c.Unknown != nil {
		if unknown, err := encodeTexts(c.Unknown, names); err != nil {
			return err
		} else if err := e.Transform(&Dataset{X: unknown, Features: len(names)}); err == nil {
			return fmt.Errorf("no error for %s", c.Unknown)
		}
	}
	d = &Dataset{Features: len(names)}
	if d.X, err = encodeTexts(c.New, names); err != nil {
		return err
	}
	if err := e.Transform(d); err != nil {
		return err
	}
	var got []float64
	for _, v := range d.X {
		got = append(got, float64(v))
	}
	if err := firstError(tolerance{}.check("transform_new", got, c.TransformNew), checkEqual("feature names", d.FeatureNames, c.FeatureNames)); err != nil {
		return err
	}
	if err := e.InverseTransform(d); err != nil {
		return err
	}
	want, err := encodeTexts(c.InverseTransform, names)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(d.X, want, func(a, b float32) bool { return a == b || a != a && b != b }) {
		return fmt.Errorf("inverse_transform: %v, want %v", d.X, want)
	}
	return nil
}

// encodeTexts returns X: numbers, the places of texts in the names of their column, and NaN for null and other texts.
func encodeTexts(rows [][]json.RawMessage, names [][]string) (x []float32, err error) {
	for _, row := range rows {
		for j, cell := range row {
			switch i := slices.Index(names[j], unquoted(cell)); {
			case i >= 0:
				x = append(x, float32(i))
			case names[j] != nil || bytes.Equal(cell, []byte("null")):
				x = append(x, nan32)
			default:
				v, err := strconv.ParseFloat(string(cell), 32)
				if err != nil {
					return nil, err
				}
				x = append(x, float32(v))
			}
		}
	}
	return x, nil
}
