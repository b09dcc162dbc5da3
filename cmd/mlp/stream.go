package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/seed975aa5d7/mlp"
)

// streaming says how to train on a CSV file that is larger than memory.
type streaming struct {
	Stream bool `group:"data" hidden:"" help:"Read the CSV file, which may be larger than memory, a part at a time in each epoch."`
	Window int  `group:"training" hidden:"" default:"10000" placeholder:"ROWS" help:"With --stream, the rows in memory that the next one is drawn from. (default ${default})"`
}

const (
	headBytes = 1 << 20 // of a file, to tell what it holds
	headRows  = 1000    // rows to train on in memory, for what needs an example of them
	heldRows  = 100_000 // to validate and to test on at most, each: of long files, a smaller share is enough
)

// checkStream returns an error if something else that is asked for needs all rows in memory.
func (c *trainCommand) checkStream() error {
	switch {
	case !c.Stream:
		return nil
	case isBuiltin(c.Data) || c.Data == "-" || c.Labels != "" || isFolder(c.Data):
		return fmt.Errorf("--stream reads a CSV file, again and again; %s is none", c.Data)
	case c.Folds > 0:
		return errors.New("--folds wants all rows in memory, which --stream does not keep")
	case c.Scale == "robust" || c.Impute == "median" || c.Impute == "most-frequent":
		return errors.New("--scale=robust and --impute=median or most-frequent want all rows in memory, which --stream does not keep")
	case slices.Equal(c.ClassWeights, []string{"balanced"}):
		return errors.New("--class-weights=balanced counts the rows in memory; with --stream, want CLASS=WEIGHT")
	}
	return nil
}

// prepareStream is prepare for a file that is read a part at a time.
func (c *trainCommand) prepareStream() (*workplace, error) {
	ctx := context.Background()
	s := samples{name: c.Data}
	src, err := c.openSource(&s)
	if err != nil {
		return nil, err
	}
	columns, rows, err := src.Scan(ctx)
	if err != nil {
		return nil, hintMissing(err, src.Config)
	}
	s.Dataset = columns
	if s.isClassification() && len(s.ClassNames) == 1 {
		return nil, fmt.Errorf("%s: %s is %q in every row, so there is nothing to learn", s.name, s.label, s.ClassNames[0])
	}
	train := partition{src, c.RandomState, min(c.Test, heldRows/float64(rows)), min(c.Validation, heldRows/float64(rows))}
	w := &workplace{stream: train}
	if w.parts, w.rows, s.missing, err = train.read(ctx, columns); err != nil {
		return nil, err
	}
	if w.rows == 0 || c.Test > 0 && w.parts.test == nil || c.Validation > 0 && w.parts.validation == nil {
		return nil, fmt.Errorf("%s: %d rows are too few to train, to validate and to test on", s.name, rows)
	}
	s.Dataset = w.parts.train.Clone()
	w.samples = s
	if w.goal, err = c.objective.build(s); err != nil {
		return nil, err
	}
	if w.parts.test != nil {
		w.example = rowText(w.parts.test)
	}
	scaler, err := s.preprocessor(c.scaling(s), c.Impute)
	if err != nil {
		return nil, err
	}
	if scaler != nil {
		if err := mlp.FitPreprocessor(ctx, scaler, w.stream); err != nil {
			return nil, err
		}
		w.stream = mlp.TransformedSource{Source: w.stream, Preprocessor: scaler}
	}
	if w.goal.scalesTargets(s) {
		w.targets = &mlp.StandardScaler{}
		targets := mapped{w.stream, func(d *mlp.Dataset) (*mlp.Dataset, error) {
			return &mlp.Dataset{X: d.Y, Features: d.Targets}, nil
		}}
		if err := mlp.FitPreprocessor(ctx, w.targets, targets); err != nil {
			return nil, err
		}
	}
	w.stream = mapped{w.stream, func(d *mlp.Dataset) (*mlp.Dataset, error) {
		if w.goal.oneHot {
			return d.OneHot()
		}
		return d, parts{train: d}.scaleTargets(w.targets)
	}}
	return w, c.finish(w, scaler, c.schedule)
}

// openSource returns the file, whose columns it knows from its first rows, and names them in s.
func (c *trainCommand) openSource(s *samples) (*mlp.CSVSource, error) {
	head, err := openHead(c.Data, c.csvFlags)
	if err != nil {
		return nil, err
	}
	choice, err := c.chooseColumns(head)
	if err != nil {
		return nil, err
	}
	columns, features, cfg := choice.labels, choice.features, choice.features
	cfg.Separator, cfg.NoHeader, cfg.Missing = head.format.Separator, head.format.NoHeader, head.format.Missing
	s.label, s.names = head.describe(columns[0]), choice.names
	classes := len(columns) == 1 && c.Task != "regression"
	if classes && c.Task == "auto" {
		features.LabelIndex = columns[0]
		d, err := head.read(features)
		if err != nil {
			return nil, err
		}
		classes = areClasses(d.ClassNames)
	}
	if classes {
		cfg.LabelIndex = columns[0]
	} else {
		cfg.TargetIndexes = columns
	}
	if len(columns) > 1 {
		s.label = fmt.Sprintf("%d targets", len(columns))
	}
	open := func() (io.ReadCloser, error) { return openPlain(c.Data) }
	return &mlp.CSVSource{Open: open, File: c.Data, Config: cfg}, nil
}

// plainFile is a file that is decompressed as it is read.
type plainFile struct {
	io.Reader
	io.Closer
}

// openPlain opens a file, and undoes gzip, whatever its name.
func openPlain(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(f)
	if magic, err := r.Peek(2); err != nil || string(magic) != "\x1f\x8b" {
		return plainFile{r, f}, nil
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return plainFile{z, f}, nil
}

// openHead is openTable for the first lines of a file.
func openHead(file string, flags csvFlags) (*table, error) {
	f, err := openPlain(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, headBytes))
	if err != nil {
		return nil, err
	}
	if len(text) == headBytes {
		end, quoted := 0, false
		for i, b := range text {
			switch {
			case b == '"':
				quoted = !quoted
			case b == '\n' && !quoted:
				end = i + 1
			}
		}
		if end == 0 {
			return nil, fmt.Errorf("%s: its first line is longer than %d bytes", file, headBytes)
		}
		text = text[:end]
	}
	return newTable(file, text, flags)
}

// partition is the part of a file's rows to train on; the rows to test and to validate on are drawn at random.
type partition struct {
	source           mlp.Source
	randomState      uint32
	test, validation float64 // shares: of all rows, and of the others
}

// deal returns a function that tells row after row, from the first one, whose part it is.
func (p partition) deal() func() rowPart {
	rng := rand.New(rand.NewPCG(uint64(p.randomState), 0))
	return func() rowPart {
		test, validation := rng.Float64() < p.test, rng.Float64() < p.validation
		switch {
		case test:
			return testPart
		case validation:
			return validationPart
		}
		return trainPart
	}
}

// rowPart is what a row is for.
type rowPart int

const (
	trainPart rowPart = iota
	validationPart
	testPart
)

// Chunks implements mlp.Source: it gives the rows to train on.
func (p partition) Chunks(ctx context.Context) iter.Seq2[*mlp.Dataset, error] {
	return func(yield func(*mlp.Dataset, error) bool) {
		next := p.deal()
		for d, err := range p.source.Chunks(ctx) {
			if err == nil {
				if d, err = d.Subset(dealt(d, next)[trainPart]); err == nil && d.Rows() == 0 {
					continue
				}
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// dealt returns the rows of a chunk that belong to each part.
func dealt(d *mlp.Dataset, next func() rowPart) (rows [3][]int) {
	for row := range d.Rows() {
		part := next()
		rows[part] = append(rows[part], row)
	}
	return rows
}

// read returns the rows to validate and to test on, the first ones to train on, how many of these there are, and what is
// missing in all.
func (p partition) read(ctx context.Context, columns *mlp.Dataset) (all parts, rows int, missing gaps, err error) {
	next := p.deal()
	for d, err := range p.source.Chunks(ctx) {
		if err != nil {
			return parts{}, 0, gaps{}, err
		}
		missing.add(d)
		of := dealt(d, next)
		rows += len(of[trainPart])
		for part, to := range []**mlp.Dataset{&all.train, &all.validation, &all.test} {
			if *to != nil && rowPart(part) == trainPart && (*to).Rows() >= headRows || len(of[part]) == 0 {
				continue
			}
			s, err := d.Subset(of[part])
			if err != nil {
				return parts{}, 0, gaps{}, err
			}
			if *to == nil {
				*to = columns.Clone()
			}
			(*to).X, (*to).Y = append((*to).X, s.X...), append((*to).Y, s.Y...)
		}
	}
	return all, rows, missing, nil
}

// mapped is a Source whose chunks are changed.
type mapped struct {
	source mlp.Source
	change func(*mlp.Dataset) (*mlp.Dataset, error)
}

// Chunks implements mlp.Source.
func (m mapped) Chunks(ctx context.Context) iter.Seq2[*mlp.Dataset, error] {
	return func(yield func(*mlp.Dataset, error) bool) {
		for d, err := range m.source.Chunks(ctx) {
			if err == nil {
				d, err = m.change(d)
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}
