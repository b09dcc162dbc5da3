package main

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed975aa5d7/mlp"
)

// csvColumns are the columns of a CSV file to convert, counted from 0.
type csvColumns struct {
	file             *table
	features, labels []int
	head             *mlp.Dataset // without rows: the names

	bits int // of the floating-point numbers
}

// readCSV reads the features and the labels; where there is no place for labels, all are features.
func (c *convertCommand) readCSV() (*dataArrays, error) {
	file, err := openTable(c.In, c.csvFlags)
	if err != nil {
		return nil, err
	}
	columns, err := c.chooseColumns(file)
	if err != nil {
		return nil, err
	}
	x, labels, err := columns.read()
	var at *mlp.CSVError
	if errors.As(err, &at) && at.Column > 0 {
		err = fmt.Errorf("%w; arrays hold numbers alone, and --ignore leaves a column out", err)
	}
	if err != nil {
		return nil, err
	}
	d := &dataArrays{features: columns.head.FeatureNames, targets: columns.head.TargetNames}
	shape := []int{len(x) / len(columns.features), len(columns.features)}
	if d.x, err = buildArray(floatType(columns.bits), shape, x); err != nil {
		return nil, err
	}
	if columns.labels != nil {
		bits := 32
		if c.Type == "float64" {
			bits = 64
		}
		if err := d.setLabels(labels, len(columns.labels), bits); err != nil {
			return nil, fmt.Errorf("%s: %w", c.In, err)
		}
	}
	return d, nil
}

func floatType(bits int) string { return "float" + strconv.Itoa(bits) }

// chooseColumns finds the columns by the flags and the format that is written.
func (c *convertCommand) chooseColumns(file *table) (*csvColumns, error) {
	if c.NoHeader && len(c.Ignore) > 0 {
		return nil, errors.New("--ignore needs a file with a header")
	}
	ignored, err := file.findAll(c.Ignore)
	if err != nil {
		return nil, err
	}
	out, err := formatNamed(c.Out)
	if err != nil {
		return nil, err
	}
	if out.name == "npy" && len(c.Label) > 0 {
		return nil, errors.New("an .npy file has one array, so --label says nothing; an .npz file has labels too")
	}
	cfg := mlp.CSVConfig{Ignore: file.names(ignored)}
	switch {
	case len(c.Label) > 0:
		cfg.TargetIndexes, err = file.findAll(c.Label)
	case out.name != "npy" && (out.name != "IDX" || c.Labels != ""):
		cfg.TargetIndexes = []int{len(file.columns)}
	}
	if err != nil {
		return nil, err
	}
	columns := &csvColumns{file: file, bits: 64}
	if c.Type == "same" || c.Type == "float32" {
		columns.bits = 32
	}
	for i := range file.columns {
		if !slices.Contains(ignored, i+1) && !slices.Contains(cfg.TargetIndexes, i+1) {
			columns.features = append(columns.features, i)
		}
	}
	for _, i := range cfg.TargetIndexes {
		columns.labels = append(columns.labels, i-1)
	}
	// A row of zeros meets what the library finds wrong with the header.
	var head bytes.Buffer
	w := csv.NewWriter(&head)
	w.Comma = file.format.Separator
	lines := [][]string{file.columns, slices.Repeat([]string{"0"}, len(file.columns))}
	if c.NoHeader {
		lines = lines[1:]
	}
	if err := w.WriteAll(lines); err != nil {
		return nil, err
	}
	first := *file
	first.text = head.Bytes()
	columns.head, err = first.read(cfg)
	return columns, err
}

// read returns the features [rows, features], each rounded once to float32 or float64, and the texts of the labels
// [rows, labels].
func (c *csvColumns) read() (x []float64, labels []string, err error) {
	rows := 0
	readErr := c.file.eachRow(func(record []string, line int) {
		if err != nil {
			return
		}
		rows++
		at := &mlp.CSVError{File: c.file.file, Line: line}
		if len(record) != len(c.file.columns) {
			at.Err = fmt.Errorf("%s, want %d", plural(len(record), "cell"), len(c.file.columns))
			err = at
			return
		}
		for _, i := range c.features {
			v := math.NaN()
			if cell := strings.Trim(record[i], " \t"); !isMissing(cell) {
				v, at.Err = parseNumber(cell, c.bits)
			}
			if at.Err != nil {
				at.Column, at.Name = i+1, c.file.columns[i]
				err = at
				return
			}
			x = append(x, v)
		}
		for _, i := range c.labels {
			cell := strings.Trim(record[i], " \t")
			if isMissing(cell) {
				at.Column, at.Name, at.Err = i+1, c.file.columns[i], errors.New("the label is missing")
				err = at
				return
			}
			labels = append(labels, strings.Clone(cell)) // its row need not stay in memory
		}
	})
	if err == nil {
		err = readErr
	}
	if err == nil && rows == 0 {
		err = fmt.Errorf("%s: there are no rows", c.file.file)
	}
	return x, labels, err
}

// parseNumber returns the floating-point number of so many bits that is nearest to a decimal number.
func parseNumber(cell string, bits int) (float64, error) {
	if strings.Trim(cell, "0123456789.+-eE") != "" {
		return 0, fmt.Errorf("%.40q is not a number", cell)
	}
	v, err := strconv.ParseFloat(cell, bits)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%.40q is beyond the range of a float%d", cell, bits)
	case err != nil:
		return 0, fmt.Errorf("%.40q is not a number", cell)
	}
	return v, nil
}

// setLabels makes y of the texts of labels, so many a row: int64 of whole numbers, floating-point numbers of others, and
// of other texts the indices of classes.
func (d *dataArrays) setLabels(labels []string, targets, bits int) (err error) {
	shape := []int{len(labels) / targets, targets}
	if targets == 1 {
		shape = shape[:1]
	}
	if whole, ok := wholeNumbers(labels); ok {
		d.y, err = mlp.NewArray(shape, whole)
		return err
	}
	if targets == 1 && !areNumbers(labels) {
		return d.setClasses(labels)
	}
	y := make([]float64, len(labels))
	for i, label := range labels {
		if y[i], err = parseNumber(label, bits); err != nil {
			return fmt.Errorf("row %d of the labels: %w", i/targets+1, err)
		}
	}
	d.y, err = buildArray(floatType(bits), shape, y)
	return err
}

func areNumbers(texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool {
		_, kind := parseCell(text)
		return kind != numberCell
	})
}

// setClasses makes y of the names of classes, which are sorted as the library sorts them.
func (d *dataArrays) setClasses(labels []string) (err error) {
	index := map[string]int64{}
	for i, label := range labels {
		if !utf8.ValidString(label) || strings.ContainsAny(label, "\x00\r\ufeff") {
			return fmt.Errorf("row %d of the labels: %.40q is not UTF-8, or holds a NUL, a carriage return or a byte order mark",
				i+1, label)
		}
		index[label] = 0
	}
	d.classes = slices.Sorted(maps.Keys(index))
	for i, name := range d.classes {
		index[name] = int64(i)
	}
	y := make([]int64, len(labels))
	for i, label := range labels {
		y[i] = index[label]
	}
	d.y, err = mlp.NewArray([]int{len(y)}, y)
	return err
}

// wholeNumbers returns the numbers of texts if all are whole and int64 holds them.
func wholeNumbers(texts []string) (whole []int64, ok bool) {
	const exact = 1 << 53
	whole = make([]int64, len(texts))
	for i, text := range texts {
		var err error
		if whole[i], err = strconv.ParseInt(text, 10, 64); err == nil {
			continue
		}
		v, err := parseNumber(text, 64) // 1e3, 2.0
		if err != nil || v != math.Trunc(v) || math.Abs(v) > exact {
			return nil, false
		}
		whole[i] = int64(v)
	}
	return whole, true
}

// writeCSV writes the features, then the classes or the other labels, each number with the fewest digits that read back
// to it.
func (c *convertCommand) writeCSV(d *dataArrays) error {
	header, err := d.header()
	if err != nil {
		return fmt.Errorf("%s as CSV: %w", c.In, err)
	}
	rows := d.x.Shape()[0]
	features := d.x.Len() / rows
	targets := len(header) - features
	x, err := arrayCells(d.x)
	if err != nil {
		return fmt.Errorf("%s as CSV: %w", c.In, err)
	}
	var y func(int) string
	if d.y != nil {
		if y, err = d.labelCells(); err != nil {
			return fmt.Errorf("%s as CSV: labels: %w", c.In, err)
		}
	}
	return c.write(c.Out, func(w io.Writer) error {
		out := csv.NewWriter(w)
		record := header
		for row := range rows + 1 {
			if err := out.Write(record); err != nil || row == rows {
				break
			}
			record = record[:0]
			for j := range features {
				record = append(record, x(row*features+j))
			}
			for j := range targets {
				record = append(record, y(row*targets+j))
			}
		}
		out.Flush()
		return out.Error()
	})
}

// header returns the names of the columns, as the library writes those of one row, after a look at what it could not
// read again.
func (d *dataArrays) header() ([]string, error) {
	if d.x.Len() == 0 {
		return nil, errors.New("there are no rows")
	}
	rows := d.x.Shape()[0]
	s := &mlp.Dataset{Features: d.x.Len() / rows, FeatureNames: d.features, ClassNames: d.classes}
	s.X = make([]float32, s.Features)
	if d.y != nil {
		s.Targets, s.TargetNames = d.y.Len()/rows, d.targets
		s.Y = make([]float32, s.Targets)
	}
	var text bytes.Buffer
	if err := s.WriteCSV(&text); err != nil {
		return nil, err
	}
	return csv.NewReader(&text).Read()
}

// labelCells returns the names of the classes, or the numbers, as cells of a CSV file.
func (d *dataArrays) labelCells() (func(i int) string, error) {
	indices := d.y.Float64s()
	if d.classes == nil {
		if i := slices.IndexFunc(indices, math.IsNaN); i >= 0 {
			return nil, fmt.Errorf("number %d is missing", i+1)
		}
		return arrayCells(d.y)
	}
	for i, v := range indices {
		if v != math.Trunc(v) || v < 0 || v >= float64(len(d.classes)) {
			return nil, fmt.Errorf("row %d: %v is not a class index from 0 to %d", i+1, v, len(d.classes)-1)
		}
	}
	return func(i int) string { return d.classes[int(indices[i])] }, nil
}

// arrayCells returns the elements of an array as cells of a CSV file, which has no infinities.
func arrayCells(a *mlp.Array) (func(i int) string, error) {
	if a.Type() == "int64" || a.Type() == "uint64" { // beyond float64
		var file bytes.Buffer
		if err := a.WriteNPY(&file); err != nil {
			return nil, err
		}
		data := file.Bytes()[file.Len()-8*a.Len():]
		return func(i int) string {
			v := binary.LittleEndian.Uint64(data[8*i:])
			if a.Type() == "int64" {
				return strconv.FormatInt(int64(v), 10)
			}
			return strconv.FormatUint(v, 10)
		}, nil
	}
	values := a.Float64s()
	for i, v := range values {
		if math.IsInf(v, 0) {
			return nil, fmt.Errorf("number %d of the array is %v, which a CSV file has no place for", i+1, v)
		}
	}
	format, bits := byte('g'), 64
	switch a.Type() {
	case "float32":
		bits = 32
	case "float64":
	default:
		format = 'f' // of whole numbers
	}
	return func(i int) string { return strconv.FormatFloat(values[i], format, -1, bits) }, nil
}
