package mlp

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// CurvePoint is a point of a LearningCurve or a ValidationCurve.
type CurvePoint struct {
	X float64 // the number of rows trained on, or the value of the hyper-parameter
	*CrossScores
}

// LearningSizes says on how many rows LearningCurve trains: one field at most is set.
type LearningSizes struct {
	// Fractions are those of the first fold's training rows, 0 < fraction <= 1, rounded down to rows, but at least to
	// one. With neither field set they are 0.1, 0.325, 0.55, 0.775 and 1.
	Fractions []float64
	Rows      []int

	// Shuffle takes random rows of each fold by RandomState; else its first ones, which must not be of one class then.
	Shuffle     bool
	RandomState uint32
}

// LearningCurve cross-validates with ever more of each fold's training rows, as scikit-learn's learning_curve does:
// where the score on training rows falls to that on test rows, and both still are bad, a larger network helps; where
// they lie apart, more rows help, or regularization. Points are in the order of their rows, equal ones once.
func LearningCurve(
	ctx context.Context, d *Dataset, folds []Fold, build func() (Estimator, error), sizes LearningSizes,
	cfg CrossValidation,
) ([]CurvePoint, error) {
	if err := checkFolds("LearningCurve", d, folds, cfg.Workers); err != nil {
		return nil, err
	}
	rows, err := sizes.of(len(folds[0].Train))
	if err != nil {
		return nil, fmt.Errorf("mlp: LearningCurve: %w", err)
	}
	folds = slices.Clone(folds)
	if sizes.Shuffle {
		r := NewRandomState(sizes.RandomState)
		for i := range folds {
			folds[i].Train = gather(folds[i].Train, 1, r.Permutation(len(folds[i].Train)))
		}
	}
	x := make([]float64, len(rows))
	for i, n := range rows {
		x[i] = float64(n)
	}
	return curve(ctx, d, x, folds, cfg, func(point, fold int) (Fold, Estimator, error) {
		e, err := build()
		f := folds[fold]
		f.Train = f.Train[:min(rows[point], len(f.Train))]
		return f, e, err
	})
}

// of returns the numbers of rows, of n at most.
func (s LearningSizes) of(n int) ([]int, error) {
	if s.Fractions != nil && s.Rows != nil {
		return nil, errors.New("both Fractions and Rows are set, want one of them")
	}
	rows := slices.Clone(s.Rows)
	for _, v := range rows {
		if v < 1 || v > n {
			return nil, fmt.Errorf("Rows has %d, want 1 … %d, the rows that a fold trains on", v, n)
		}
	}
	fractions := s.Fractions
	if fractions == nil && rows == nil {
		fractions = []float64{0.1, 0.325, 0.55, 0.775, 1}
	}
	for _, v := range fractions {
		if !(v > 0 && v <= 1) {
			return nil, fmt.Errorf("Fractions has %v, want more than 0 and at most 1", v)
		}
		rows = append(rows, max(int(v*float64(n)), 1))
	}
	if len(rows) == 0 {
		return nil, errors.New("there are no sizes")
	}
	slices.Sort(rows)
	return slices.Compact(rows), nil
}

// ValidationCurve cross-validates with each value of a hyper-parameter, as scikit-learn's validation_curve does. Points
// are in the order of the values.
func ValidationCurve(
	ctx context.Context, d *Dataset, folds []Fold, values []float64, build func(value float64) (Estimator, error),
	cfg CrossValidation,
) ([]CurvePoint, error) {
	if err := checkFolds("ValidationCurve", d, folds, cfg.Workers); err != nil {
		return nil, err
	}
	for i, v := range values {
		if !isFinite(v) {
			return nil, fmt.Errorf("mlp: ValidationCurve: values[%d] is %v, want a finite one", i, v)
		}
	}
	return curve(ctx, d, values, folds, cfg, func(point, fold int) (Fold, Estimator, error) {
		e, err := build(values[point])
		return folds[fold], e, err
	})
}

// curve cross-validates at each x.
func curve(
	ctx context.Context, d *Dataset, x []float64, folds []Fold, cfg CrossValidation,
	at func(point, fold int) (Fold, Estimator, error),
) ([]CurvePoint, error) {
	runs := make([]*foldRun, len(x)*len(folds))
	err := parallel(len(runs), cfg.Workers, func(i int) error {
		fold, e, err := at(i/len(folds), i%len(folds))
		if err == nil {
			runs[i], err = e.runFold(ctx, d, fold, true)
		}
		return inFold(err, i%len(folds))
	})
	if err != nil {
		return nil, err
	}
	points := make([]CurvePoint, len(x))
	for i, v := range x {
		points[i] = CurvePoint{v, newCrossScores(runs[i*len(folds):][:len(folds)])}
	}
	return points, nil
}
