package mlp

import "fmt"

// preprocessorFields returns the name of p's type and its fields, which are set in p.
func preprocessorFields(p Preprocessor) (name string, fields []jsonField, err error) {
	switch p := p.(type) {
	case *StandardScaler:
		return "standard", []jsonField{
			{"no_mean", &p.NoMean},
			{"no_std", &p.NoStd},
			{"mean", &p.Mean},
			{"var", &p.Var},
			{"scale", &p.Scale},
			{"samples", &p.Samples},
		}, nil
	case *MinMaxScaler:
		return "min_max", []jsonField{
			{"low", &p.Low},
			{"high", &p.High},
			{"clip", &p.Clip},
			{"data_min", &p.DataMin},
			{"data_max", &p.DataMax},
			{"scale", &p.Scale},
			{"offset", &p.Offset},
		}, nil
	case *MaxAbsScaler:
		return "max_abs", []jsonField{
			{"max_abs", &p.MaxAbs},
			{"scale", &p.Scale},
		}, nil
	case *RobustScaler:
		return "robust", []jsonField{
			{"no_center", &p.NoCenter},
			{"no_scale", &p.NoScale},
			{"low", &p.Low},
			{"high", &p.High},
			{"unit_variance", &p.UnitVariance},
			{"center", &p.Center},
			{"scale", &p.Scale},
		}, nil
	case *Normalizer:
		return "normalizer", []jsonField{
			{"norm", &p.Norm},
			{"features", &p.Features},
		}, nil
	case *SimpleImputer:
		return "imputer", []jsonField{
			{"strategy", &p.Strategy},
			{"fill_value", &p.FillValue},
			{"keep_empty", &p.KeepEmpty},
			{"statistics", &p.Statistics},
		}, nil
	case *OneHotEncoder:
		return "one_hot", []jsonField{
			{"columns", &p.Columns},
			{"drop", &p.Drop},
			{"ignore_unknown", &p.IgnoreUnknown},
			{"feature_names", &p.FeatureNames},
			{"categories", (*exactLists)(&p.Categories)},
			{"category_names", &p.CategoryNames},
		}, nil
	case Pipeline:
		return preprocessorFields(&p)
	case *Pipeline:
		return "pipeline", []jsonField{{"steps", p}}, nil
	}
	return "", nil, fmt.Errorf("a model file cannot hold a %T", p)
}

func appendPreprocessor(b []byte, p Preprocessor) ([]byte, error) {
	name, fields, err := preprocessorFields(p)
	if err != nil {
		return nil, err
	}
	return appendJSONFields(b, append([]jsonField{{"type", &name}}, fields...))
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

// scalerField is a preprocessor in JSON, or nil, which is left out.
type scalerField struct{ p *Preprocessor }

func (f scalerField) appendJSON(b []byte) ([]byte, error) {
	if *f.p == nil {
		return b, nil
	}
	return appendPreprocessor(b, *f.p)
}

func (f scalerField) readJSON(j jsonReader) (err error) {
	*f.p, err = readPreprocessor(j, true)
	return err
}

// appendJSON appends the steps.
func (p *Pipeline) appendJSON(b []byte) ([]byte, error) {
	return appendJSONList(b, *p, appendPreprocessor)
}

// readJSON reads the steps, none of which is a pipeline.
func (p *Pipeline) readJSON(j jsonReader) (err error) {
	*p, err = readJSONList(j, func(j jsonReader) (Preprocessor, error) { return readPreprocessor(j, false) })
	return err
}

// The names of the constants, in their order.
var (
	normNames           = []string{"l2", "l1", "max"}
	imputeStrategyNames = []string{"mean", "median", "most_frequent", "constant"}
	categoryDropNames   = []string{"none", "first", "if_binary"}
)

func (n *Norm) appendJSON(b []byte) ([]byte, error) { return appendJSONName(b, *n, normNames) }
func (n *Norm) readJSON(j jsonReader) error         { return readJSONName(j, n, normNames) }

func (s *ImputeStrategy) appendJSON(b []byte) ([]byte, error) {
	return appendJSONName(b, *s, imputeStrategyNames)
}
func (s *ImputeStrategy) readJSON(j jsonReader) error { return readJSONName(j, s, imputeStrategyNames) }

func (d *CategoryDrop) appendJSON(b []byte) ([]byte, error) {
	return appendJSONName(b, *d, categoryDropNames)
}
func (d *CategoryDrop) readJSON(j jsonReader) error { return readJSONName(j, d, categoryDropNames) }
