package mlp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
)

// NPYSource is a Source of rows that numpy.save wrote, which it reads a part at a time: samples [rows, …], all sides but
// the first taken together as the features, and their targets [rows] or [rows, targets]. Its memory does not grow with the
// number of rows.
type NPYSource struct {
	OpenX func() (io.ReadCloser, error) // opens the file of the samples, at its start, for each pass over it
	OpenY func() (io.ReadCloser, error) // the same of the targets; nil if there are none

	ClassNames []string   // of class indices in the targets; nil for regression
	Image      ImageShape // of the samples; zero if they are no images

	// ChunkRows is the number of rows of a chunk; 0 means 1024. A Trainer's results do not depend on it.
	ChunkRows int
}

// Chunks implements Source.
func (s NPYSource) Chunks(ctx context.Context) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		stopped := false
		err := s.read(ctx, func(d *Dataset) bool {
			stopped = !yield(d, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(nil, fmt.Errorf("mlp: NPYSource: %w", err))
		}
	}
}

func (s NPYSource) read(ctx context.Context, chunk func(*Dataset) bool) error {
	size := or(s.ChunkRows, 1024)
	if size < 0 {
		return fmt.Errorf("ChunkRows is %d, want ChunkRows >= 0", size)
	}
	x, err := openNPYRows(s.OpenX)
	if err != nil {
		return fmt.Errorf("samples: %w", err)
	}
	defer x.file.Close()
	y := &npyRows{rows: x.rows}
	if s.OpenY != nil {
		if y, err = openNPYRows(s.OpenY); err != nil {
			return fmt.Errorf("targets: %w", err)
		}
		defer y.file.Close()
	}
	if x.rows != y.rows {
		return fmt.Errorf("%d samples with targets for %d", x.rows, y.rows)
	}
	for from := 0; from < x.rows; from += size {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("stopped after %d of %d rows: %w", from, x.rows, err)
		}
		d := &Dataset{Features: x.columns, Targets: y.columns, ClassNames: s.ClassNames, Image: s.Image}
		if d.X, err = x.read(from, size); err != nil {
			return fmt.Errorf("samples: %w", err)
		}
		if y.columns > 0 {
			if d.Y, err = y.read(from, size); err != nil {
				return fmt.Errorf("targets: %w", err)
			}
		}
		if !chunk(d) {
			return nil
		}
	}
	return nil
}

// npyRows is an .npy file that is read row after row.
type npyRows struct {
	file          io.Closer
	r             io.Reader
	header        npyHeader
	rows, columns int
}

// openNPYRows opens a file and reads its header.
func openNPYRows(open func() (io.ReadCloser, error)) (*npyRows, error) {
	if open == nil {
		return nil, errors.New("want a function that opens the file, got nil")
	}
	file, err := open()
	if err != nil {
		return nil, err
	}
	n := &npyRows{file: file, r: bufio.NewReaderSize(file, ioChunk)}
	if err := n.readHeader(); err != nil {
		file.Close()
		return nil, err
	}
	return n, nil
}

func (n *npyRows) readHeader() error {
	text, err := readNPYHeader(n.r)
	if err != nil {
		return err
	}
	if n.header, err = parseNPYHeader(text); err != nil {
		return fmt.Errorf("header %.200q: %w", text, err)
	}
	h := &n.header
	switch {
	case len(h.sides) == 0 || h.sides[0] > math.MaxInt:
		return fmt.Errorf("an array of the sides %v, want [rows, …]", h.sides)
	case h.fortran && len(h.sides) > 1:
		return errors.New("the array is in Fortran's order, whose rows lie scattered over the file; want C's order")
	}
	row := Array{element: h.element}
	size, err := row.setShape(h.sides[1:], math.MaxInt32)
	if err != nil {
		return err
	}
	if size == 0 || h.sides[0] == 0 {
		return fmt.Errorf("an array of the sides %v is empty", h.sides)
	}
	n.rows, n.columns = int(h.sides[0]), size/h.element.size
	return nil
}

// read returns the rows from … from+count-1, or those up to the last one, behind which it wants the end of the file.
func (n *npyRows) read(from, count int) ([]float32, error) {
	count = min(count, n.rows-from)
	a := Array{element: n.header.element}
	size, err := a.setShape([]uint64{uint64(count), uint64(n.columns)}, math.MaxInt32)
	if err == nil {
		err = a.readData(n.r, size, n.header.order)
	}
	var x []float32
	if err == nil {
		x, err = a.Float32s()
	}
	if err == nil && from+count == n.rows {
		err = expectEnd(n.r)
	}
	if err != nil {
		return nil, fmt.Errorf("rows %d to %d of %d: %w", from, from+count-1, n.rows, err)
	}
	return x, nil
}
