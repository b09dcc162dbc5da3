package mlp

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// csvTable is a Dataset that grows row by row.
type csvTable struct {
	cfg CSVConfig
	*csvReader

	columns  int
	names    []string // of the columns; nil without a header
	features []int    // the columns of X
	targets  []int    // the columns of Y if they hold numbers
	label    int      // the column of the class labels, or -1
	weight   int      // the column of SampleWeights, or -1

	missing    map[string]bool // the cells of cfg.Missing
	classes    *csvLabels      // of the label
	categories []*csvLabels    // one a feature, nil for numbers; nil if all are
	data       Dataset
}

// newCSVTable returns the table of r, of which it reads the header, or without a header the first row.
func newCSVTable(r *csvReader, cfg CSVConfig) (*csvTable, error) {
	t := &csvTable{cfg: cfg, csvReader: r, label: -1, weight: -1, classes: newCSVLabels("label", cfg.ClassNames)}
	if len(cfg.Missing) > 0 {
		t.missing = make(map[string]bool, len(cfg.Missing))
	}
	for _, text := range cfg.Missing {
		t.missing[strings.Trim(text, " \t")] = true
	}
	return t, t.readHeader()
}

// readRow adds the next row to the Dataset. At the end of the text it returns io.EOF.
func (t *csvTable) readRow() error {
	if err := t.next(); err != nil {
		return err
	}
	return t.appendRow()
}

// readAll returns the Dataset of all rows.
func (t *csvTable) readAll() (*Dataset, error) {
	for {
		err := t.readRow()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(t.data.X) == 0 {
		return nil, &CSVError{Err: errNoRows}
	}
	t.nameLabels()
	return &t.data, nil
}

// dropRows takes all rows out of the Dataset, whose memory the next ones get.
func (t *csvTable) dropRows() {
	t.data.X, t.data.Y, t.data.SampleWeights = t.data.X[:0], t.data.Y[:0], t.data.SampleWeights[:0]
}

var errNoRows = errors.New("there are no rows")

// errorAt returns err as an error of the cell in a column (counted from 0) of the line last read, or of the whole line
// where column is -1.
func (t *csvTable) errorAt(column int, err error) error {
	at := &CSVError{Line: t.lineOf(max(column, 0)), Column: column + 1, Err: err}
	if column >= 0 && t.names != nil {
		at.Name = t.names[column]
	}
	return at
}

// readHeader reads the names and finds the columns by them. Without a header it counts the cells of the first line.
func (t *csvTable) readHeader() error {
	if err := t.next(); err == io.EOF {
		return &CSVError{Err: errors.New("the file is empty")}
	} else if err != nil {
		return err
	}
	t.columns = len(t.ends)
	if t.cfg.NoHeader {
		if err := t.chooseColumns(nil); err != nil {
			return err
		}
		return t.appendRow()
	}
	t.names = make([]string, t.columns)
	index := make(map[string]int, t.columns)
	for column := range t.columns {
		name := string(trimCell(t.cell(column)))
		if err := checkText(name); err != nil {
			return t.errorAt(column, err)
		}
		t.names[column] = name
		if first, twice := index[name]; !twice {
			index[name] = column
		} else if name != "" {
			return t.errorAt(column, fmt.Errorf("the name stands twice, the first time in column %d", first+1))
		}
	}
	return t.chooseColumns(index)
}

// chooseColumns finds the columns that cfg names, and their places in the Dataset. index holds the columns by name.
func (t *csvTable) chooseColumns(index map[string]int) error {
	taken := make([]bool, t.columns)
	take := func(column int) (int, error) {
		if taken[column] {
			return 0, t.errorAt(column, errors.New("CSVConfig has the column twice"))
		}
		taken[column] = true
		return column, nil
	}
	byName := func(name string) (int, error) {
		column, ok := index[name]
		if !ok {
			return 0, t.errorAt(-1, fmt.Errorf("no column is named %q; there are %s", name, quoteSome(t.names)))
		}
		return take(column)
	}
	byNumber := func(number int) (int, error) {
		if number < 1 || number > t.columns {
			return 0, t.errorAt(-1, fmt.Errorf("there is no column %d; there are columns 1 to %d", number, t.columns))
		}
		return take(number - 1)
	}
	var err error
	switch {
	case t.cfg.Label != "":
		t.label, err = byName(t.cfg.Label)
	case t.cfg.LabelIndex != 0:
		t.label, err = byNumber(t.cfg.LabelIndex)
	case len(t.cfg.Targets) > 0:
		t.targets, err = chooseEach(t.cfg.Targets, byName)
	default:
		t.targets, err = chooseEach(t.cfg.TargetIndexes, byNumber)
	}
	if err != nil {
		return err
	}
	switch {
	case t.cfg.SampleWeight != "":
		t.weight, err = byName(t.cfg.SampleWeight)
	case t.cfg.SampleWeightIndex != 0:
		t.weight, err = byNumber(t.cfg.SampleWeightIndex)
	}
	if err != nil {
		return err
	}
	for _, name := range t.cfg.Ignore {
		if _, unnamed := index[""]; name == "" && unnamed {
			for column, name := range t.names {
				taken[column] = taken[column] || name == ""
			}
		} else if _, err := byName(name); err != nil {
			return err
		}
	}
	if t.cfg.Features != nil {
		if t.features, err = chooseEach(t.cfg.Features, byName); err != nil {
			return err
		}
	} else {
		for column := range taken {
			if !taken[column] {
				t.features = append(t.features, column)
			}
		}
	}
	if err := t.chooseCategories(); err != nil {
		return err
	}
	return t.nameColumns()
}

// chooseCategories finds the features that are texts.
func (t *csvTable) chooseCategories() error {
	if len(t.cfg.Categories) == 0 {
		return nil
	}
	features := make(map[string]int, len(t.features))
	for j, column := range t.features {
		name := t.data.featureName(j)
		if t.names != nil {
			name = t.names[column]
		}
		features[name] = j
	}
	for _, name := range slices.Sorted(maps.Keys(t.cfg.Categories)) {
		j, ok := features[name]
		if !ok {
			names := quoteSome(t.names)
			if t.names == nil {
				names = fmt.Sprintf("x0 to x%d", len(t.features)-1)
			}
			return t.errorAt(-1, fmt.Errorf("Categories has %q, which is no feature; there are %s", name, names))
		}
		if t.categories == nil {
			t.categories = make([]*csvLabels, len(t.features))
		}
		t.categories[j] = newCSVLabels("category", t.cfg.Categories[name])
	}
	return nil
}

// chooseEach returns the columns that choose finds.
func chooseEach[K any](keys []K, choose func(K) (int, error)) ([]int, error) {
	var columns []int
	for _, key := range keys {
		column, err := choose(key)
		if err != nil {
			return nil, err
		}
		columns = append(columns, column)
	}
	return columns, nil
}

// nameColumns gives the Dataset its columns and their names.
func (t *csvTable) nameColumns() error {
	if len(t.features) == 0 {
		return t.errorAt(-1, errors.New("there is no feature column"))
	}
	targets := t.targets
	if t.label >= 0 {
		targets = []int{t.label}
	}
	t.data.Features, t.data.Targets = len(t.features), len(targets)
	if t.names == nil {
		return nil
	}
	for _, column := range t.features {
		if t.names[column] == "" {
			return t.errorAt(column, errors.New("the column has no name; Ignore takes \"\" for it"))
		}
		t.data.FeatureNames = append(t.data.FeatureNames, t.names[column])
	}
	for _, column := range targets {
		t.data.TargetNames = append(t.data.TargetNames, t.names[column])
	}
	return nil
}

// appendRow adds the line last read to the Dataset.
func (t *csvTable) appendRow() error {
	if len(t.ends) != t.columns {
		cells := plural(len(t.ends), "cell", "cells")
		return t.errorAt(-1, fmt.Errorf("%s, want %d as in the first line", cells, t.columns))
	}
	x := growRows(t.data.X, len(t.features))
	for j, column := range t.features {
		var texts *csvLabels
		if t.categories != nil {
			texts = t.categories[j]
		}
		v, err := t.value(column, texts, t.cfg.AllowMissing)
		if err != nil {
			return t.errorAt(column, err)
		}
		x = append(x, v)
	}
	t.data.X = x
	for _, column := range t.targets {
		v, err := t.value(column, nil, false)
		if err != nil {
			return t.errorAt(column, err)
		}
		t.data.Y = append(t.data.Y, v)
	}
	if t.label >= 0 {
		class, err := t.value(t.label, t.classes, false)
		if err != nil {
			return t.errorAt(t.label, err)
		}
		t.data.Y = append(t.data.Y, class)
	}
	if t.weight >= 0 {
		v, err := t.value(t.weight, nil, false)
		if err == nil && v < 0 {
			err = fmt.Errorf("the sample weight is %v, want a weight >= 0", v)
		}
		if err != nil {
			return t.errorAt(t.weight, err)
		}
		t.data.SampleWeights = append(t.data.SampleWeights, v)
	}
	return nil
}

// value returns the number in a column of the line last read, or that of the text if it holds texts.
func (t *csvTable) value(column int, texts *csvLabels, allowMissing bool) (float32, error) {
	cell := t.cell(column)
	if t.missing != nil && t.missing[string(trimCell(cell))] {
		if allowMissing {
			return float32(math.NaN()), nil
		}
		return 0, fmt.Errorf("%q is a missing value", trimCell(cell))
	}
	if texts != nil {
		return texts.value(cell, allowMissing)
	}
	return parseNumber(cell, allowMissing)
}

// growRows returns x with room for n more values; it doubles the room, for append's quarter has large tables copied often.
func growRows(x []float32, n int) []float32 {
	if cap(x)-len(x) < n {
		x = slices.Grow(x, max(n, len(x)))
	}
	return x
}

// nameLabels names the classes and the categories.
func (t *csvTable) nameLabels() {
	if t.label >= 0 {
		t.data.ClassNames = t.classes.sort(t.data.Y, 1, 0)
	}
	for j, l := range t.categories {
		if l == nil {
			t.data.Categories = append(t.data.Categories, nil)
		} else {
			t.data.Categories = append(t.data.Categories, l.sort(t.data.X, len(t.features), j))
		}
	}
}
