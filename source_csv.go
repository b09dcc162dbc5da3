package mlp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
)

// CSVSource is a Source that reads a CSV file as ReadCSV does, a part at a time. Its memory does not grow with the file's
// length.
//
// Class names, and categories, have to be known before the first row is given: from Config, or else from a Scan.
type CSVSource struct {
	Open   func() (io.ReadCloser, error) // opens the file, at its start, for each pass over it
	Config CSVConfig
	File   string // its name, for a *CSVError; may be ""

	// ChunkRows is the number of rows of a chunk; 0 means 1024. A Trainer's results do not depend on it.
	ChunkRows int
}

// NewCSVSource returns a CSVSource of the file called name.
func NewCSVSource(fsys fs.FS, name string, cfg CSVConfig) *CSVSource {
	open := func() (io.ReadCloser, error) {
		f, err := fsys.Open(name)
		if err != nil {
			return nil, fmt.Errorf("mlp: %w", err)
		}
		return f, nil
	}
	return &CSVSource{Open: open, Config: cfg, File: name}
}

// Scan reads and checks the whole file, and adds the class names and the categories that it finds to Config. It returns
// the number of rows, and a Dataset of the columns and their names, without rows.
func (s *CSVSource) Scan(ctx context.Context) (columns *Dataset, rows int, err error) {
	var table *csvTable
	err = s.pass(ctx, func(t *csvTable) bool {
		table = t
		rows += t.data.Rows()
		return true
	})
	if err != nil {
		return nil, 0, err
	}
	table.nameLabels()
	columns = table.data.withoutRows()
	s.Config.ClassNames = columns.ClassNames
	s.Config.Categories = maps.Clone(s.Config.Categories)
	for j, names := range columns.Categories {
		if names != nil {
			s.Config.Categories[columns.featureName(j)] = names
		}
	}
	return columns, rows, nil
}

// Chunks implements Source.
func (s *CSVSource) Chunks(ctx context.Context) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		if err := s.checkNames(); err != nil {
			yield(nil, err)
			return
		}
		var chunk Dataset
		stopped := false
		err := s.pass(ctx, func(t *csvTable) bool {
			if chunk.Features == 0 {
				t.nameLabels() // as Config has them
			}
			chunk = t.data
			stopped = !yield(&chunk, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// checkNames returns an error unless the names of classes and categories are known.
func (s *CSVSource) checkNames() error {
	if c := &s.Config; (c.Label != "" || c.LabelIndex != 0) && c.ClassNames == nil {
		return errors.New("mlp: CSVSource: the class names are not known; want them in Config.ClassNames, or a Scan")
	}
	for _, column := range slices.Sorted(maps.Keys(s.Config.Categories)) {
		if s.Config.Categories[column] == nil {
			return fmt.Errorf("mlp: CSVSource: the categories of %q are not known; want them in Config.Categories, or a Scan", column)
		}
	}
	return nil
}

// pass reads the file once. It calls chunk with a table of the next rows until there are no more, or chunk returns false.
func (s *CSVSource) pass(ctx context.Context, chunk func(*csvTable) bool) error {
	err := s.read(ctx, chunk)
	var at *CSVError
	if errors.As(err, &at) {
		at.File = s.File
	}
	return err
}

func (s *CSVSource) read(ctx context.Context, chunk func(*csvTable) bool) error {
	size := or(s.ChunkRows, 1024)
	switch {
	case s.Open == nil:
		return errors.New("mlp: CSVSource: Open is nil, want a function that opens the file")
	case size < 0:
		return fmt.Errorf("mlp: CSVSource: ChunkRows is %d, want ChunkRows >= 0", size)
	}
	if err := s.Config.check(); err != nil {
		return err
	}
	file, err := s.Open()
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := newCSVReader(file, s.Config)
	if err != nil {
		return err
	}
	t, err := newCSVTable(text, s.Config)
	if err != nil {
		return err
	}
	for rows := 0; err != io.EOF; rows += size {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("mlp: CSVSource stopped after %d rows: %w", rows, err)
		}
		for err == nil && t.data.Rows() < size {
			err = t.readRow()
		}
		switch {
		case err != nil && err != io.EOF:
			return err
		case t.data.Rows() == 0 && rows == 0:
			return &CSVError{Err: errNoRows}
		case t.data.Rows() > 0 && !chunk(t):
			return nil
		}
		t.dropRows()
	}
	return nil
}
