package mlp

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// CSVConfig says how ReadCSV takes a file apart. The zero value reads a file with a header whose columns, parted by
// commas, are all features.
//
// Columns are named as the header names them, without the spaces round a name, or numbered from 1.
type CSVConfig struct {
	NoHeader  bool // the first line is a row already, so columns have numbers alone
	Separator rune // between the cells of a line; 0 means ','

	// Label, or LabelIndex, is the column of the class labels, which may be any text; "" and 0 mean that there is none.
	// The classes are the labels found, sorted by value if all are numbers and else by code point, so 5, 0, 2 become the
	// indices 2, 0, 1.
	Label      string
	LabelIndex int

	// ClassNames, if not nil, are the only labels allowed, in the order of their indices; a model's, for one, so that a
	// file in which a class does not occur gets the same indices.
	ClassNames []string

	// Targets, or TargetIndexes, are the columns of numbers to predict, for regression, in the order of Y.
	Targets       []string
	TargetIndexes []int

	// SampleWeight, or SampleWeightIndex, is the column of SampleWeights, finite numbers >= 0; "" and 0 mean that there is
	// none.
	SampleWeight      string
	SampleWeightIndex int

	// Features are the columns of X, in that order; the others are not looked at. nil means every column that is neither
	// label nor target nor weight nor named by Ignore, in which "" stands for all columns without a name.
	Features []string
	Ignore   []string

	// Categories are the columns of X whose cells are texts, by name (without a header x0, x1, … by their place in X), with
	// the texts allowed in the order of their indices; a model's, for one (Network.CSVConfig). nil for a column allows all
	// texts and sorts those found, as Label does.
	Categories map[string][]string

	// AllowMissing reads features that are empty or NaN (in any case) as NaN. Otherwise they are errors, as they always
	// are among labels and targets.
	AllowMissing bool
	Missing      []string // cells that mean a missing value besides; "NA" or "-999", for one

	// MaxBytes bounds the file's length, and the memory in proportion to it; a longer file is an error. 0 means no bound.
	MaxBytes int64
}

// CSVError tells where a CSV file is wrong.
type CSVError struct {
	File   string // as given to ReadCSVFile or NewCSVSource; "" from ReadCSV
	Line   int    // counted from 1, header and blank lines included; 0 if no one line is wrong
	Column int    // counted from 1; 0 if no one column is wrong
	Name   string // of that column; "" if it has none
	Err    error
}

// Error returns, for example, `mlp: data.csv:4: column "b": "x8" is not a number`.
func (e *CSVError) Error() string {
	var b strings.Builder
	b.WriteString("mlp: ")
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	case e.File != "":
		fmt.Fprintf(&b, "%s: ", e.File)
	case e.Line > 0:
		fmt.Fprintf(&b, "line %d: ", e.Line)
	default:
		b.WriteString("csv: ")
	}
	switch {
	case e.Name != "":
		fmt.Fprintf(&b, "column %q: ", e.Name)
	case e.Column > 0:
		fmt.Fprintf(&b, "column %d: ", e.Column)
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

func (e *CSVError) Unwrap() error { return e.Err }

// ReadCSVFile reads the file called name as ReadCSV does; a *CSVError names it.
func ReadCSVFile(fsys fs.FS, name string, cfg CSVConfig) (*Dataset, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("mlp: %w", err)
	}
	defer f.Close()
	d, err := ReadCSV(f, cfg)
	var at *CSVError
	if errors.As(err, &at) {
		at.File = name
	}
	return d, err
}

// ReadCSV reads a table of numbers, or texts where cfg says so, with labels or targets if cfg names them, in the format of
// package encoding/csv.
//
// The text must be UTF-8, with or without a byte order mark. A number is written in decimal, with or without an
// exponent and spaces around it, and becomes the nearest float32; one that is not finite, or too large, is an error. So
// are lines of differing length, and names that stand twice. What is wrong with the file is a *CSVError.
func ReadCSV(r io.Reader, cfg CSVConfig) (*Dataset, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	text, err := newCSVReader(r, cfg)
	if err != nil {
		return nil, err
	}
	t, err := newCSVTable(text, cfg)
	if err != nil {
		return nil, err
	}
	return t.readAll()
}

// check reports what ReadCSV cannot do, whatever the file.
func (c *CSVConfig) check() error {
	separator := c.separator()
	labelled := c.Label != "" || c.LabelIndex != 0
	switch {
	case strings.ContainsRune("\"\r\n\uFFFD", separator), !utf8.ValidRune(separator):
		return fmt.Errorf("mlp: CSVConfig: Separator is %q, want a character other than quotes and ends of lines", separator)
	case c.NoHeader && (c.Label != "" || len(c.Targets) > 0 || c.SampleWeight != "" || c.Features != nil ||
		len(c.Ignore) > 0):
		return errors.New("mlp: CSVConfig: with NoHeader columns have no names: " +
			"use LabelIndex, TargetIndexes or SampleWeightIndex")
	case c.Label != "" && c.LabelIndex != 0, len(c.Targets) > 0 && len(c.TargetIndexes) > 0,
		c.SampleWeight != "" && c.SampleWeightIndex != 0:
		return errors.New("mlp: CSVConfig: columns are given both by name and by index")
	case labelled && (len(c.Targets) > 0 || len(c.TargetIndexes) > 0):
		return errors.New("mlp: CSVConfig: there are both a label and targets")
	case c.ClassNames != nil && !labelled:
		return errors.New("mlp: CSVConfig: ClassNames need a label")
	case c.MaxBytes < 0:
		return fmt.Errorf("mlp: CSVConfig: MaxBytes is %d, want 0 or more", c.MaxBytes)
	}
	if name, twice := repeated(c.ClassNames); twice {
		return fmt.Errorf("mlp: CSVConfig: ClassNames has %q twice", name)
	}
	for _, column := range slices.Sorted(maps.Keys(c.Categories)) {
		if name, twice := repeated(c.Categories[column]); twice {
			return fmt.Errorf("mlp: CSVConfig: Categories of %q has %q twice", column, name)
		}
	}
	return nil
}

// repeated returns the first name that stands twice.
func repeated(names []string) (name string, twice bool) {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			return name, true
		}
		seen[name] = true
	}
	return "", false
}

func (c *CSVConfig) separator() rune {
	return cmp.Or(c.Separator, ',')
}
