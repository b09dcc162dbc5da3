package mlp

import (
	"fmt"
	"slices"
)

// preprocessorFields returns the name of p's type and its fields, which are set in p.
func preprocessorFields(p Preprocessor) (name string, fields []jsonField, err error) {
	switch p := p.(type) {
	case *StandardScaler:
		return "standard", []jsonField{
			boolField("no_mean", &p.NoMean),
			boolField("no_std", &p.NoStd),
			floatsField("mean", &p.Mean),
			floatsField("var", &p.Var),
			floatsField("scale", &p.Scale),
			listField("samples", &p.Samples, appendJSONInt, jsonReader.int),
		}, nil
	case *MinMaxScaler:
		return "min_max", []jsonField{
			floatField("low", &p.Low),
			floatField("high", &p.High),
			boolField("clip", &p.Clip),
			floatsField("data_min", &p.DataMin),
			floatsField("data_max", &p.DataMax),
			floatsField("scale", &p.Scale),
			floatsField("offset", &p.Offset),
		}, nil
	case *MaxAbsScaler:
		return "max_abs", []jsonField{
			floatsField("max_abs", &p.MaxAbs),
			floatsField("scale", &p.Scale),
		}, nil
	case *RobustScaler:
		return "robust", []jsonField{
			boolField("no_center", &p.NoCenter),
			boolField("no_scale", &p.NoScale),
			floatField("low", &p.Low),
			floatField("high", &p.High),
			boolField("unit_variance", &p.UnitVariance),
			floatsField("center", &p.Center),
			floatsField("scale", &p.Scale),
		}, nil
	case *Normalizer:
		return "normalizer", []jsonField{
			enumField("norm", &p.Norm, "l2", "l1", "max"),
			intField("features", &p.Features),
		}, nil
	case *SimpleImputer:
		return "imputer", []jsonField{
			enumField("strategy", &p.Strategy, "mean", "median", "most_frequent", "constant"),
			floatField("fill_value", &p.FillValue),
			boolField("keep_empty", &p.KeepEmpty),
			floatsField("statistics", &p.Statistics),
		}, nil
	case *OneHotEncoder:
		return "one_hot", []jsonField{
			listField("columns", &p.Columns, appendJSONString, jsonReader.string),
			enumField("drop", &p.Drop, "none", "first", "if_binary"),
			boolField("ignore_unknown", &p.IgnoreUnknown),
			listField("feature_names", &p.FeatureNames, appendJSONString, jsonReader.string),
			listsField("categories", &p.Categories, appendJSONFloat, jsonReader.float),
			listsField("category_names", &p.CategoryNames, appendJSONString, jsonReader.string),
		}, nil
	case Pipeline:
		return preprocessorFields(&p)
	case *Pipeline:
		readStep := func(j jsonReader) (Preprocessor, error) { return readPreprocessor(j, false) }
		return "pipeline", []jsonField{
			listField("steps", (*[]Preprocessor)(p), appendPreprocessor, readStep),
		}, nil
	}
	return "", nil, fmt.Errorf("a model file cannot hold a %T", p)
}

func appendPreprocessor(b []byte, p Preprocessor) ([]byte, error) {
	name, fields, err := preprocessorFields(p)
	if err != nil {
		return nil, err
	}
	return appendJSONFields(b, append([]jsonField{typeField(name)}, fields...))
}

// readPreprocessor reads a preprocessor, which may be a pipeline or not.
func readPreprocessor(j jsonReader, pipeline bool) (p Preprocessor, err error) {
	types := []Preprocessor{new(StandardScaler), new(MinMaxScaler), new(MaxAbsScaler), new(RobustScaler), new(Normalizer),
		new(SimpleImputer), new(OneHotEncoder)}
	if pipeline {
		types = append(types, new(Pipeline))
	}
	err = j.tagged("type", func() ([]jsonField, error) {
		want, err := j.string()
		if err != nil {
			return nil, err
		}
		for _, t := range types {
			if name, fields, err := preprocessorFields(t); name == want {
				p = t
				return fields, err
			}
		}
		return nil, fmt.Errorf("unknown scaler type %.80q", want)
	})
	if steps, ok := p.(*Pipeline); ok {
		p = *steps
	}
	return p, err
}

func floatsField(key string, list *[]float64) jsonField {
	return listField(key, list, appendJSONFloat, jsonReader.float)
}

// listsField is a member whose value is a list of lists. An empty one reads as nil.
func listsField[T any](key string, lists *[][]T, write appendJSON[T], read func(jsonReader) (T, error)) jsonField {
	return listField(key, lists,
		func(b []byte, list []T) ([]byte, error) {
			if len(list) == 0 {
				return append(b, "[]"...), nil
			}
			return listField(key, &list, write, read).write(b)
		},
		func(j jsonReader) ([]T, error) {
			var list []T
			err := listField(key, &list, write, read).read(j)
			return list, err
		})
}

// enumField is a member whose value is the name of a constant, counted from 0; the first is left out.
func enumField[E ~uint8](key string, v *E, names ...string) jsonField {
	return scalarField(key, v,
		func(b []byte, v E) ([]byte, error) {
			if int(v) >= len(names) {
				return nil, fmt.Errorf("%d is not one of %q", v, names)
			}
			return appendJSONString(b, names[v])
		},
		func(j jsonReader) (E, error) {
			name, err := j.string()
			if err != nil {
				return 0, err
			}
			i := slices.Index(names, name)
			if i < 0 {
				return 0, fmt.Errorf("%.80q is not one of %q", name, names)
			}
			return E(i), nil
		})
}
