package mlp

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strconv"
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

	// Features are the columns of X, in that order; the others are not looked at. nil means every column that is neither
	// label nor target nor named by Ignore.
	Features []string
	Ignore   []string

	// Categories are the columns of X whose cells are texts, by name, with the texts allowed in the order of their indices; a
	// model's, for one (Network.CSVConfig). nil for a column allows all texts and sorts those found, as Label does.
	Categories map[string][]string

	// AllowMissing reads features that are empty or NaN (in any case) as NaN. Otherwise they are errors, as they always
	// are among labels and targets.
	AllowMissing bool

	// MaxBytes bounds the file's length, and the memory in proportion to it; a longer file is an error. 0 means no bound.
	MaxBytes int64
}

// CSVError tells where a CSV file is wrong.
type CSVError struct {
	File   string // as given to ReadCSVFile; "" from ReadCSV
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
	t := csvTable{cfg: cfg, label: -1, classes: newCSVLabels("label", cfg.ClassNames)}
	if err := t.open(r); err != nil {
		return nil, err
	}
	if err := t.readHeader(); err != nil {
		return nil, err
	}
	for {
		err := t.next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = t.appendRow()
		}
		if err != nil {
			return nil, err
		}
	}
	if len(t.data.X) == 0 {
		return nil, &CSVError{Err: errors.New("there are no rows")}
	}
	t.nameLabels()
	return &t.data, nil
}

// check reports what ReadCSV cannot do, whatever the file.
func (c *CSVConfig) check() error {
	separator := c.separator()
	labelled := c.Label != "" || c.LabelIndex != 0
	switch {
	case strings.ContainsRune("\"\r\n\uFFFD", separator), !utf8.ValidRune(separator):
		return fmt.Errorf("mlp: CSVConfig: Separator is %q, want a character other than quotes and ends of lines", separator)
	case c.NoHeader && (c.Label != "" || len(c.Targets) > 0 || c.Features != nil || len(c.Ignore) > 0 || len(c.Categories) > 0):
		return errors.New("mlp: CSVConfig: with NoHeader columns have no names: use LabelIndex or TargetIndexes")
	case c.Label != "" && c.LabelIndex != 0, len(c.Targets) > 0 && len(c.TargetIndexes) > 0:
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

// csvTable is a Dataset that grows row by row.
type csvTable struct {
	cfg    CSVConfig
	reader *csv.Reader
	record []string // the line last read; valid until the next

	columns  int
	names    []string // of the columns; nil without a header
	features []int    // the columns of X
	targets  []int    // the columns of Y if they hold numbers
	label    int      // the column of the class labels, or -1

	classes    *csvLabels   // of the label
	categories []*csvLabels // one a feature, nil for numbers; nil if all are
	data       Dataset
}

// open prepares the reading of r, after a byte order mark if there is one.
func (t *csvTable) open(r io.Reader) error {
	if t.cfg.MaxBytes > 0 {
		r = &boundedReader{r, t.cfg.MaxBytes, t.cfg.MaxBytes}
	}
	buffered := bufio.NewReaderSize(r, 1<<16)
	start, err := buffered.Peek(3)
	if err != nil && err != io.EOF {
		return &CSVError{Err: err}
	}
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return &CSVError{Line: 1, Err: errors.New("the text is UTF-16, want UTF-8")}
	case string(start) == "\ufeff":
		if _, err := buffered.Discard(len(start)); err != nil {
			return &CSVError{Err: err}
		}
	}
	t.reader = csv.NewReader(buffered)
	t.reader.Comma = t.cfg.separator()
	t.reader.ReuseRecord = true
	t.reader.FieldsPerRecord = -1 // appendRow's message tells both numbers
	return nil
}

// boundedReader gives an error in place of the bytes past its bound.
type boundedReader struct {
	r           io.Reader
	left, bound int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if int64(len(p))-1 > b.left {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, fmt.Errorf("longer than MaxBytes, which is %d", b.bound)
	}
	return n, err
}

// next reads the next line that is not blank, or several if a quoted cell spans them.
func (t *csvTable) next() (err error) {
	t.record, err = t.reader.Read()
	if err == nil || err == io.EOF {
		return err
	}
	at := &CSVError{Err: err}
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		at.Line, at.Err = syntax.Line, syntax.Err
		if syntax.StartLine != syntax.Line {
			at.Err = fmt.Errorf("%w; its row starts in line %d", syntax.Err, syntax.StartLine)
		}
	}
	return at
}

// errorAt returns err as an error of the cell in a column (counted from 0) of the line last read, or of the whole line
// where column is -1.
func (t *csvTable) errorAt(column int, err error) error {
	line, _ := t.reader.FieldPos(max(column, 0))
	at := &CSVError{Line: line, Column: column + 1, Err: err}
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
	t.columns = len(t.record)
	if t.cfg.NoHeader {
		if err := t.chooseColumns(nil); err != nil {
			return err
		}
		return t.appendRow()
	}
	t.names = make([]string, t.columns)
	index := make(map[string]int, t.columns)
	for column, cell := range t.record {
		name := trimCell(cell)
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
	if _, err := chooseEach(t.cfg.Ignore, byName); err != nil {
		return err
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
	for _, name := range slices.Sorted(maps.Keys(t.cfg.Categories)) {
		j := slices.IndexFunc(t.features, func(column int) bool { return t.names[column] == name })
		if j < 0 {
			return t.errorAt(-1, fmt.Errorf("Categories has %q, which is no feature; there are %s", name, quoteSome(t.names)))
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
	if len(t.record) != t.columns {
		cells := plural(len(t.record), "cell", "cells")
		return t.errorAt(-1, fmt.Errorf("%s, want %d as in the first line", cells, t.columns))
	}
	for j, column := range t.features {
		var v float32
		var err error
		if t.categories != nil && t.categories[j] != nil {
			v, err = t.categories[j].value(t.record[column], t.cfg.AllowMissing)
		} else {
			v, err = parseNumber(t.record[column], t.cfg.AllowMissing)
		}
		if err != nil {
			return t.errorAt(column, err)
		}
		t.data.X = append(t.data.X, v)
	}
	for _, column := range t.targets {
		v, err := parseNumber(t.record[column], false)
		if err != nil {
			return t.errorAt(column, err)
		}
		t.data.Y = append(t.data.Y, v)
	}
	if t.label >= 0 {
		class, err := t.classes.value(t.record[t.label], false)
		if err != nil {
			return t.errorAt(t.label, err)
		}
		t.data.Y = append(t.data.Y, class)
	}
	return nil
}

// trimCell drops the spaces round a cell, which may be quoted.
func trimCell(cell string) string {
	return strings.Trim(cell, " \t")
}

// isMissing reports whether a trimmed cell stands for no value.
func isMissing(cell string) bool {
	return cell == "" || len(cell) == 3 && strings.EqualFold(cell, "nan")
}

// parseNumber returns the float32 nearest to the decimal number in a cell, rounded once.
func parseNumber(cell string, allowMissing bool) (float32, error) {
	cell = trimCell(cell)
	if isMissing(cell) {
		if allowMissing {
			return float32(math.NaN()), nil
		}
		return 0, fmt.Errorf("%q is a missing value", cell)
	}
	if !isDecimal(cell) {
		return 0, fmt.Errorf("%.40q is not a number", cell)
	}
	v, err := strconv.ParseFloat(cell, 32)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%.40q is beyond the range of a float32", cell)
	}
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a number", cell)
	}
	return float32(v), nil
}

// isDecimal reports whether s has no character but those of a decimal number. strconv alone takes hexadecimal, digit
// separators, infinities and NaN, too.
func isDecimal(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return false
		}
	}
	return true
}

// checkText reports what a name or a label must not hold. A carriage return comes from lines that end in nothing else,
// which encoding/csv takes for one long line.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%.40q is not UTF-8", s)
	}
	if strings.ContainsAny(s, "\x00\r\ufeff") {
		return fmt.Errorf("%.40q holds a NUL, a carriage return or a byte order mark", s)
	}
	return nil
}

// csvLabels numbers the texts of a column: in order of appearance, unless names are given.
type csvLabels struct {
	kind  string   // what a text is called
	names []string // all that are allowed; nil allows any
	index map[string]int
}

func newCSVLabels(kind string, names []string) *csvLabels {
	l := &csvLabels{kind, names, make(map[string]int, len(names))}
	for i, name := range names {
		l.index[name] = i
	}
	return l
}

// maxClasses bounds the class indices, which float32 counts no further.
const maxClasses = 1 << 24

// value returns the number of a cell's text, NaN for a missing one if that is allowed.
func (l *csvLabels) value(cell string, allowMissing bool) (float32, error) {
	label := trimCell(cell)
	if i, ok := l.index[label]; ok {
		return float32(i), nil
	}
	if isMissing(label) {
		if allowMissing {
			return float32(math.NaN()), nil
		}
		return 0, fmt.Errorf("the %s is missing", l.kind)
	}
	if err := checkText(label); err != nil {
		return 0, err
	}
	if l.names != nil {
		return 0, fmt.Errorf("%.40q is no %s; there are %s", label, l.kind, quoteSome(l.names))
	}
	i := len(l.index)
	if i == maxClasses {
		return 0, fmt.Errorf("more than %d labels", maxClasses)
	}
	l.index[strings.Clone(label)] = i // a clone, for the cell keeps its whole line in memory
	return float32(i), nil
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

// sort returns the names. Those found, not given, are sorted, and the numbers in column j of values [rows, columns] become
// indices of them.
func (l *csvLabels) sort(values []float32, columns, j int) []string {
	if l.names != nil {
		return slices.Clone(l.names)
	}
	type label struct {
		name  string
		value float64
		seen  int // its place in the order of appearance
	}
	labels := make([]label, 0, len(l.index))
	numeric := true
	for name, seen := range l.index {
		value, err := strconv.ParseFloat(name, 64)
		numeric = numeric && err == nil && isDecimal(name)
		labels = append(labels, label{name, value, seen})
	}
	slices.SortFunc(labels, func(a, b label) int {
		if numeric && a.value != b.value {
			return cmp.Compare(a.value, b.value)
		}
		return strings.Compare(a.name, b.name) // the order of bytes is that of code points
	})
	names := make([]string, len(labels))
	index := make([]float32, len(labels))
	for i, l := range labels {
		index[l.seen] = float32(i)
		names[i] = l.name
	}
	for i := j; i < len(values); i += columns {
		if v := values[i]; v == v {
			values[i] = index[int(v)]
		}
	}
	return names
}

// quoteSome lists names, the first ten if there are more.
func quoteSome(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i == 10 {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.40q", name)
	}
	return b.String()
}
