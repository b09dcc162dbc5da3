package mlp

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
)

// CSVLogger writes a line for each epoch as it ends, after a header: epoch, counted from 0, then loss, metrics and what callbacks
// before it in the list have logged, sorted by name as by Keras's CSVLogger (https://keras.io/api/callbacks/csv_logger). NA stands
// where an epoch lacks a number. Numbers read back to the same float64.
type CSVLogger struct {
	// Path is a file that the training writes anew. Where the training resumes from a checkpoint, it goes on with the file and
	// drops the lines behind the checkpoint.
	Path string

	Writer io.Writer // takes the place of Path
}

// Start implements Callback.
func (c CSVLogger) Start(t *Training) (Hooks, error) {
	if (c.Path == "") == (c.Writer == nil) {
		return Hooks{}, errors.New("mlp: CSVLogger: want either Path or Writer")
	}
	l := &csvLog{path: c.Path, w: c.Writer, known: t.fit.names()}
	return Hooks{EpochBegin: l.open, EpochEnd: l.write, End: l.close, State: l.state, Restore: l.restore}, nil
}

// csvLog is a CSVLogger at work.
type csvLog struct {
	path  string
	w     io.Writer
	file  *os.File
	known []string // what each epoch has, or each with validation

	offset  int64 // bytes written
	columns []string
}

// open opens the file once all callbacks have started.
func (l *csvLog) open(*Training) error {
	if l.w != nil {
		return nil
	}
	flags := os.O_RDWR | os.O_CREATE | os.O_TRUNC
	if l.offset > 0 {
		flags = os.O_RDWR
	}
	f, err := os.OpenFile(l.path, flags, 0o666)
	if err != nil {
		return fmt.Errorf("mlp: CSVLogger: %w", err)
	}
	l.file, l.w = f, f
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil && size < l.offset {
		err = fmt.Errorf("%s has %d bytes, but had %d at the checkpoint", l.path, size, l.offset)
	}
	if err == nil && size > l.offset {
		err = f.Truncate(l.offset)
	}
	if err == nil {
		_, err = f.Seek(l.offset, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("mlp: CSVLogger: %w", err)
	}
	return nil
}

// write writes the epoch's line, and before the first the header, in one call.
func (l *csvLog) write(t *Training) error {
	if err := l.open(t); err != nil { // a training that resumed within the epoch has not begun it
		return err
	}
	var lines bytes.Buffer
	out := csv.NewWriter(&lines)
	logs := t.Logs()
	if l.columns == nil {
		l.columns = slices.Concat(l.known, logs.names)
		slices.Sort(l.columns)
		l.columns = slices.Compact(l.columns)
		if err := out.Write(append([]string{"epoch"}, l.columns...)); err != nil {
			return fmt.Errorf("mlp: CSVLogger: %w", err)
		}
	}
	record := []string{strconv.Itoa(t.Epoch)}
	for _, name := range l.columns {
		record = append(record, logs.text(name))
	}
	err := out.Write(record)
	out.Flush()
	n := 0
	if err == nil {
		n, err = l.w.Write(lines.Bytes())
	}
	l.offset += int64(n)
	if err != nil {
		return fmt.Errorf("mlp: CSVLogger: %w", err)
	}
	return nil
}

// text returns the number of that name as History.WriteCSV writes it.
func (l *Logs) text(name string) string {
	v, ok := l.Get(name)
	if !ok {
		return "NA"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func (l *csvLog) close(*Training) error {
	if l.file == nil {
		return nil
	}
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("mlp: CSVLogger: %w", err)
	}
	return nil
}

func (l *csvLog) fields(offset *uint64) []jsonField {
	return []jsonField{{"offset", offset}, {"columns", &l.columns}}
}

func (l *csvLog) state() ([]byte, error) {
	offset := uint64(l.offset)
	return appendJSONFields(nil, l.fields(&offset))
}

func (l *csvLog) restore(_ *Training, state []byte) error {
	var offset uint64
	err := readJSON(state, func(j jsonReader) error { return j.fields(l.fields(&offset)) })
	if err == nil && offset > math.MaxInt64 {
		err = fmt.Errorf("the file's length at the checkpoint is %d", offset)
	}
	if err != nil {
		return fmt.Errorf("CSVLogger: %w", err)
	}
	l.offset = int64(offset)
	return nil
}
