package mlp

import "fmt"

// Preprocessors of rows that are in no Dataset, as PredictRaw has them: so a program that only predicts links nothing of
// what data sets have besides.

func (s *StandardScaler) transformRows(x []float32) ([]float32, error) {
	return mapRows(x, len(s.Scale), s.forward), nil
}

func (s *MinMaxScaler) transformRows(x []float32) ([]float32, error) {
	return mapRows(x, len(s.Scale), s.forward), nil
}

func (s *MaxAbsScaler) transformRows(x []float32) ([]float32, error) {
	return mapRows(x, len(s.Scale), s.forward), nil
}

func (s *RobustScaler) transformRows(x []float32) ([]float32, error) {
	return mapRows(x, len(s.Scale), s.forward), nil
}

func (s *SimpleImputer) transformRows(x []float32) ([]float32, error) {
	return mapRows(x, len(s.Statistics), s.forward), nil
}

// mapRows replaces each value v of column j by f(v, j).
func mapRows(x []float32, features int, f func(v float64, j int) float64) []float32 {
	for i := 0; i < len(x); i += features {
		row := x[i:][:features]
		mapRow(row, row, f)
	}
	return x
}

func (s *Normalizer) transformRows(x []float32) ([]float32, error) {
	for i, v := range x {
		if v != v {
			return nil, fmt.Errorf("mlp: Normalizer: row %d, feature %d is missing, so the row has no length",
				i/s.Features, i%s.Features)
		}
	}
	for i := 0; i < len(x); i += s.Features {
		normalizeRow(x[i:][:s.Features], s.Norm)
	}
	return x, nil
}

func (e *OneHotEncoder) transformRows(x []float32) ([]float32, error) {
	features, columns := len(e.Categories), 0
	for j := range e.Categories {
		columns += e.columns(j)
	}
	rows := len(x) / features
	y := make([]float32, rows*columns)
	for row := range rows {
		if err := encodeRow(e, y[row*columns:][:columns], x[row*features:][:features]); err != nil {
			return nil, fmt.Errorf("mlp: OneHotEncoder: Transform: row %d, %w", row, err)
		}
	}
	return y, nil
}

func (p Pipeline) transformRows(x []float32) ([]float32, error) {
	for i, step := range p {
		var err error
		if x, err = step.transformRows(x); err != nil {
			return nil, fmt.Errorf("%w (step %d of a Pipeline)", err, i)
		}
	}
	return x, nil
}
