package mlp

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
)

// Source is a data set that is read in chunks of rows, for data larger than memory. CSVSource and NPYSource read files,
// and TransformedSource prepares the rows of another Source.
type Source interface {
	// Chunks begins a pass over the rows: all of them, in the same order each time, and never an empty chunk. A chunk's
	// Dataset belongs to the caller, who may change it, until the next one is asked for; then its memory may be used again.
	// All have the same columns. An error ends the pass.
	Chunks(ctx context.Context) iter.Seq2[*Dataset, error]
}

// TransformedSource is a Source whose rows a fitted Preprocessor has prepared.
type TransformedSource struct {
	Source       Source
	Preprocessor Preprocessor
}

// Chunks implements Source.
func (s TransformedSource) Chunks(ctx context.Context) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		for d, err := range s.Source.Chunks(ctx) {
			if err == nil {
				err = s.Preprocessor.Transform(d)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

// fitBlock is the number of rows by which FitPreprocessor updates a scaler, whatever chunks they come in.
const fitBlock = 1024

// FitPreprocessor fits p to all rows of a Source. It makes one pass over them, and one for each step of a Pipeline.
//
// It takes StandardScaler, MinMaxScaler and MaxAbsScaler, whose Update it calls with 1024 rows at a time; Normalizer; an
// OneHotEncoder where the Source lists the categories; a SimpleImputer that fills in means, a constant, or the most
// frequent one of listed categories; and a Pipeline of these. Others need all rows at once, which is an error.
func FitPreprocessor(ctx context.Context, p Preprocessor, src Source) error {
	switch p := p.(type) {
	case *StandardScaler:
		return fitInBlocks(ctx, src, p.Fit, p.Update)
	case *MinMaxScaler:
		return fitInBlocks(ctx, src, p.Fit, p.Update)
	case *MaxAbsScaler:
		return fitInBlocks(ctx, src, p.Fit, p.Update)
	case *Normalizer:
		return fitInBlocks(ctx, src, p.Fit, nil)
	case *SimpleImputer:
		return fitImputer(ctx, p, src)
	case *OneHotEncoder:
		var err error
		if p.IgnoreUnknown {
			err = fitEncoder(ctx, p, src)
		} else {
			err = fitInBlocks(ctx, src, p.Fit, p.addMissing)
		}
		if err != nil {
			return err
		}
		for j, names := range p.CategoryNames {
			if names == nil && p.Categories[j] != nil {
				return fmt.Errorf("mlp: FitPreprocessor: feature %q to encode has no list of categories in the Source",
					p.FeatureNames[j])
			}
		}
		return nil
	case Pipeline:
		if err := p.check(); err != nil {
			return err
		}
		for i, step := range p {
			rows := src
			if i > 0 {
				rows = TransformedSource{src, p[:i]}
			}
			if err := FitPreprocessor(ctx, step, rows); err != nil {
				return fmt.Errorf("%w (step %d of a Pipeline)", err, i)
			}
		}
		return nil
	}
	return fmt.Errorf("mlp: FitPreprocessor: %T needs all rows at once, in a Dataset", p)
}

// fitInBlocks calls fit with the first fitBlock rows, and update, unless it is nil, with as many others at a time.
func fitInBlocks(ctx context.Context, src Source, fit, update func(*Dataset) error) error {
	call := func(d *Dataset) error {
		err := fit(d)
		fit = update
		return err
	}
	var block *Dataset
	for d, err := range checkedChunks(ctx, src) {
		if err != nil {
			return err
		}
		if block == nil {
			block = d.withoutRows()
			block.Targets, block.TargetNames, block.ClassNames = 0, nil, nil
		}
		for x := d.X; len(x) > 0; {
			n := min(len(x), fitBlock*d.Features-len(block.X))
			block.X = append(block.X, x[:n]...)
			x = x[n:]
			if len(block.X) < fitBlock*d.Features {
				continue
			}
			if err := call(block); err != nil || fit == nil {
				return err
			}
			block.X = block.X[:0]
		}
	}
	if len(block.X) == 0 {
		return nil
	}
	return call(block)
}

// fitEncoder fits e to those rows of a Source that have a category for the first time: the others add none.
func fitEncoder(ctx context.Context, e *OneHotEncoder, src Source) error {
	var first *Dataset
	var seen [][]bool // of each feature its categories, the last of which is NaN
	for d, err := range checkedChunks(ctx, src) {
		if err != nil {
			return err
		}
		if first == nil {
			first = d.withoutRows()
			first.Targets, first.TargetNames, first.ClassNames = 0, nil, nil
			for j := range d.Features {
				seen = append(seen, make([]bool, len(d.categories(j))+1))
			}
		}
		for x := d.X; len(x) > 0; x = x[d.Features:] {
			isNew := len(first.X) == 0
			for j, v := range x[:d.Features] {
				category := len(seen[j]) - 1
				if v == v && category == 0 {
					continue // a number
				}
				if v == v {
					category = int(v)
				}
				isNew = isNew || !seen[j][category]
				seen[j][category] = true
			}
			if isNew {
				first.X = append(first.X, x[:d.Features]...)
			}
		}
	}
	return e.Fit(first)
}

// checkedChunks are the chunks of a Source, of which there is one at least, or an error that ends them.
func checkedChunks(ctx context.Context, src Source) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		var columns *Dataset // of the first chunk
		for d, err := range src.Chunks(ctx) {
			if err == nil {
				err = checkChunk(d, columns)
			}
			if err == nil && columns == nil {
				columns = d.withoutRows()
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
		if columns == nil {
			yield(nil, errSourceEmpty)
		}
	}
}

// checkChunk returns an error unless a chunk is sound and has the columns of the first one, which is nil for that itself.
func checkChunk(d, first *Dataset) error {
	if d == nil {
		return errors.New("mlp: source: a chunk is nil")
	}
	if err := d.validate("source", true); err != nil || first == nil {
		return err
	}
	if d.Features != first.Features {
		return fmt.Errorf("mlp: source: a chunk has %d features, the first one has %d", d.Features, first.Features)
	}
	for j := range d.Features {
		if a, b := len(d.categories(j)), len(first.categories(j)); a != b {
			return fmt.Errorf("mlp: source: a chunk has %d categories of %q, the first one has %d", a, d.featureName(j), b)
		}
	}
	return nil
}

var errSourceEmpty = errors.New("mlp: the Source has no rows")

// fitImputer fits s to all rows of a Source, with the numbers of Fit.
func fitImputer(ctx context.Context, s *SimpleImputer, src Source) error {
	if err := s.check(); err != nil {
		return err
	}
	var columns *Dataset
	var sums, known []float64 // of the values of each feature: their sum and their number
	var counts [][]float64    // of each category
	for d, err := range checkedChunks(ctx, src) {
		if err != nil {
			return err
		}
		if columns == nil {
			columns = d.withoutRows()
			sums, known, counts = make([]float64, d.Features), make([]float64, d.Features), make([][]float64, d.Features)
			for j := range counts {
				counts[j] = make([]float64, len(d.categories(j)))
			}
		}
		for i, v := range d.X {
			if j := i % d.Features; v == v {
				sums[j] += float64(v)
				known[j]++
				if d.categories(j) != nil {
					counts[j][int(v)]++
				}
			}
		}
	}
	statistics := make([]float64, columns.Features)
	for j := range statistics {
		switch {
		case known[j] == 0:
			statistics[j] = math.NaN()
		case columns.categories(j) == nil && s.Strategy == ImputeConstant:
			statistics[j] = s.FillValue
		case columns.categories(j) != nil:
			statistics[j] = float64(slices.Index(counts[j], slices.Max(counts[j])))
		case s.Strategy == ImputeMean:
			statistics[j] = sums[j] / known[j]
		default:
			return fmt.Errorf("mlp: FitPreprocessor: a %T that fills in medians or the most frequent numbers needs all rows at once", s)
		}
	}
	return s.fill(columns, statistics)
}
