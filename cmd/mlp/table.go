package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed975aa5d7/mlp"
)

// csvFlags say how a CSV file is written.
type csvFlags struct {
	Separator string   `group:"data" default:"," placeholder:"CHAR" help:"Character between two cells, or \"tab\". (default ${default})"`
	NoHeader  bool     `group:"data" help:"The first line is a row already."`
	Missing   []string `group:"data" placeholder:"TEXT" help:"Cells that mean a missing value: NA,?."`
}

// areSet reports whether one of the flags is given.
func (f csvFlags) areSet() bool { return f.NoHeader || f.Separator != "," || len(f.Missing) > 0 }

// table is a CSV file in memory: which columns to read can be told only after a look at its header.
type table struct {
	file    string
	text    []byte
	columns []string // their names; empty ones without a header
	format  mlp.CSVConfig
}

// openTable reads a file, or standard input if it is called "-".
func openTable(file string, flags csvFlags) (*table, error) {
	var text []byte
	var err error
	if file == "-" {
		file = "standard input"
		text, err = io.ReadAll(os.Stdin)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	return newTable(file, text, flags)
}

// newTable returns the table that the text of a file holds.
func newTable(file string, text []byte, flags csvFlags) (*table, error) {
	t := &table{file: file, text: text, format: mlp.CSVConfig{NoHeader: flags.NoHeader, Missing: flags.Missing}}
	separator, size := utf8.DecodeRuneInString(flags.Separator)
	switch {
	case flags.Separator == "tab":
		separator = '\t'
	case size == 0 || size != len(flags.Separator):
		return nil, fmt.Errorf("--separator: %q is not one character", flags.Separator)
	case strings.ContainsRune("\"\r\n\uFFFD", separator):
		return nil, fmt.Errorf("--separator: %q cannot stand between cells", separator)
	}
	t.format.Separator = separator
	err := t.decompress()
	if err == nil {
		err = t.checkText()
	}
	if err != nil {
		return nil, err
	}
	if t.columns, err = t.reader().Read(); err != nil {
		_, err = t.read(mlp.CSVConfig{}) // meets the same error, and tells where
		return nil, err
	}
	for i, name := range t.columns {
		t.columns[i] = strings.TrimSpace(name)
		if flags.NoHeader {
			t.columns[i] = ""
		}
	}
	return t, nil
}

// decompress undoes gzip, whatever the file's name.
func (t *table) decompress() error {
	if !bytes.HasPrefix(t.text, []byte("\x1f\x8b")) {
		return nil
	}
	const most = 1 << 30
	r, err := gzip.NewReader(bytes.NewReader(t.text))
	if err == nil {
		t.text, err = io.ReadAll(io.LimitReader(r, most))
	}
	if err == nil && len(t.text) == most {
		err = errors.New("too large when decompressed")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", t.file, err)
	}
	return nil
}

// reader returns a reader of the file's lines, of any length.
func (t *table) reader() *csv.Reader {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(t.text, []byte("\ufeff"))))
	r.Comma, r.FieldsPerRecord = t.format.Separator, -1
	return r
}

// read reads the columns that cfg chooses.
func (t *table) read(cfg mlp.CSVConfig) (*mlp.Dataset, error) {
	cfg.Separator, cfg.NoHeader, cfg.Missing = t.format.Separator, t.format.NoHeader, t.format.Missing
	d, err := mlp.ReadCSV(bytes.NewReader(t.text), cfg)
	var at *mlp.CSVError
	if errors.As(err, &at) {
		at.File = t.file
	}
	return d, hintMissing(err, cfg)
}

// hintMissing adds to the error of a text among numbers how it is read as a missing value.
func hintMissing(err error, cfg mlp.CSVConfig) error {
	var at *mlp.CSVError
	if !errors.As(err, &at) || !cfg.AllowMissing || slices.Contains(cfg.TargetIndexes, at.Column) {
		return err
	}
	quoted, _ := strconv.QuotedPrefix(at.Err.Error())
	text, _ := strconv.Unquote(quoted)
	if at.Err.Error() != quoted+" is not a number" || text == "" || strings.ContainsAny(text, `,\`) || len(text) > 20 {
		return err
	}
	return fmt.Errorf("%w; --missing=%s takes it for a missing value", err, shellWord(text))
}

// categories returns the features that are texts, as CSVConfig wants them: all columns but those to skip, counted from 1.
// Texts make up half of such a column's cells or more: a column of numbers with a word in it here and there is rather
// one that is wrong there.
func (t *table) categories(skip []int) map[string][]string {
	texts, numbers := make([]int, len(t.columns)), make([]int, len(t.columns))
	// read meets the same error, and tells where.
	_ = t.eachRow(func(record []string, _ int) {
		for i, cell := range record[:min(len(record), len(t.columns))] {
			switch _, kind := parseCell(strings.Trim(cell, " \t")); kind {
			case numberCell:
				numbers[i]++
			case textCell:
				texts[i]++
			}
		}
	})
	categories := map[string][]string{}
	for j, column := range t.features(skip) {
		if n := texts[column-1]; n > 0 && n >= numbers[column-1] {
			categories[t.key(j, column)] = nil
		}
	}
	return categories
}

// features returns the numbers of the columns but those to skip.
func (t *table) features(skip []int) []int {
	var columns []int
	for column := 1; column <= len(t.columns); column++ {
		if !slices.Contains(skip, column) {
			columns = append(columns, column)
		}
	}
	return columns
}

// key names feature j, in that column, as CSVConfig.Categories does.
func (t *table) key(j, column int) string {
	if t.format.NoHeader {
		return "x" + strconv.Itoa(j)
	}
	return t.columns[column-1]
}

// cellKind is what a cell holds.
type cellKind int

const (
	missingCell cellKind = iota
	numberCell
	textCell
)

// parseCell tells what a cell without spaces around it holds; a number that float32 does not hold is infinite.
func parseCell(cell string) (float64, cellKind) {
	if isMissing(cell) {
		return 0, missingCell
	}
	v, err := strconv.ParseFloat(cell, 32)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return v, numberCell
	}
	return 0, textCell
}

// isMissing reports whether a cell without spaces around it has no value, as the library sees it.
func isMissing(cell string) bool {
	return cell == "" || strings.EqualFold(cell, "nan")
}

// find returns the number of a column, counted from 1, that is given by its name or number.
func (t *table) find(column string) (int, error) {
	for i, name := range t.columns {
		if name == column && name != "" {
			return i + 1, nil
		}
	}
	if n, err := strconv.Atoi(column); err == nil && 1 <= n && n <= len(t.columns) {
		return n, nil
	}
	if t.format.NoHeader {
		return 0, fmt.Errorf("%s: there is no column %q; without a header there are columns 1 to %d",
			t.file, column, len(t.columns))
	}
	return 0, fmt.Errorf("%s: no column is named %q; there are %s", t.file, column, quoted(t.columns))
}

// findAll returns the numbers of columns.
func (t *table) findAll(columns []string) ([]int, error) {
	var numbers []int
	for _, column := range columns {
		n, err := t.find(column)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// names returns the names of columns, given by their numbers, for those settings of the library that know no numbers.
func (t *table) names(columns []int) []string {
	var names []string
	for _, n := range columns {
		names = append(names, t.columns[n-1])
	}
	return names
}

// describe names a column, given by its number, to people.
func (t *table) describe(column int) string {
	if name := t.columns[column-1]; name != "" {
		return strconv.Quote(name)
	}
	return "column " + strconv.Itoa(column)
}

// quoted writes the first names of a list.
func quoted(names []string) string {
	const most = 10
	var b strings.Builder
	for i, name := range names[:min(most, len(names))] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(name))
	}
	if n := len(names) - most; n > 0 {
		fmt.Fprintf(&b, " and %d more", n)
	}
	return b.String()
}
