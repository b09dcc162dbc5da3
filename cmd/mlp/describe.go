package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed975aa5d7/mlp"
)

type describeCommand struct {
	trainingData
}

func (*describeCommand) Help() string {
	return `Reads the data as train does, with the same flags, and warns of what train would fail at, or learn badly from.`
}

// Run describes data, whatever is wrong with it.
func (c *describeCommand) Run() error {
	if err := checkDataFlags(c.Data, c.Labels, c.csvFlags, c.imageFlags); err != nil {
		return err
	}
	if isBuiltin(c.Data) || isFolder(c.Data) || c.Labels != "" {
		s, err := c.load(defaultRandomState)
		if err != nil {
			return err
		}
		describeSamples(os.Stdout, s)
		return nil
	}
	file, err := openTable(c.Data, c.csvFlags)
	if err != nil {
		return err
	}
	t, err := c.describeTable(file)
	if err != nil {
		return err
	}
	t.write(os.Stdout)
	return nil
}

// tableDescription is what is told of a table.
type tableDescription struct {
	name     string
	rows     int
	columns  []*columnDescription
	labels   []*columnDescription // those to learn
	task     string
	warnings []string
}

// columnDescription counts the cells of a column, and sums up those that are numbers.
type columnDescription struct {
	name                    string
	missing, numbers, words int
	infinite                int // numbers that float32 does not hold
	firstWord, firstMissing int // their lines
	word                    string
	distinct                map[string]int // the rows of each cell that is not missing; nil once there are too many
	min, max, mean, squares float64        // squares of the distances from the mean
}

// maxDistinct bounds the distinct cells that are counted in a column.
const maxDistinct = 1 << 16

func newColumnDescription(name string) *columnDescription {
	return &columnDescription{name: name, distinct: map[string]int{}, min: math.Inf(1), max: math.Inf(-1)}
}

// add takes a cell of a line.
func (c *columnDescription) add(cell string, line int) {
	cell = strings.Trim(cell, " \t")
	v, kind := parseCell(cell)
	switch kind {
	case missingCell:
		if c.missing++; c.missing == 1 {
			c.firstMissing = line
		}
		return
	case textCell:
		if c.words++; c.words == 1 {
			c.word, c.firstWord = strings.Clone(cell), line
		}
	case numberCell:
		if math.IsInf(v, 0) {
			c.infinite++
			break
		}
		c.numbers++
		c.min, c.max = min(c.min, v), max(c.max, v)
		distance := v - c.mean
		c.mean += distance / float64(c.numbers)
		c.squares += float64(distance * (v - c.mean))
	}
	if c.distinct == nil {
		return
	}
	if _, seen := c.distinct[cell]; !seen {
		cell = strings.Clone(cell) // for it keeps its whole line in memory
	}
	if c.distinct[cell]++; len(c.distinct) > maxDistinct {
		c.distinct = nil
	}
}

// isText reports whether train takes the column for texts.
func (c *columnDescription) isText() bool { return c.words > 0 && c.words >= c.numbers+c.infinite }

// known returns the number of cells that are not missing.
func (c *columnDescription) known() int { return c.numbers + c.infinite + c.words }

// kind names what is in the column.
func (c *columnDescription) kind() string {
	switch {
	case c.known() == 0:
		return "empty"
	case c.words == 0:
		return "number"
	case c.words == c.known():
		return "text"
	}
	return "mixed"
}

// writeNumbers writes the end of the column's line.
func (c *columnDescription) writeNumbers(w io.Writer) {
	switch {
	case c.isText():
		names := slices.Sorted(maps.Keys(c.distinct))
		if len(names) == 0 {
			fmt.Fprintf(w, "  more than %d texts", maxDistinct)
			break
		}
		most := slices.MaxFunc(names, func(a, b string) int { return c.distinct[a] - c.distinct[b] })
		fmt.Fprintf(w, "  %s, most often %q (%d)", plural(len(names), "text"), shortName(most), c.distinct[most])
	case c.numbers > 0:
		fmt.Fprintf(w, " %10.4g %10.4g %10.4g %10.4g", c.min, c.mean, c.max, math.Sqrt(c.squares/float64(c.numbers)))
	}
	fmt.Fprintln(w)
}

// warnings tells what is wrong with a column to learn from.
func (c *columnDescription) warnings(rows int) []string {
	var list []string
	warn := func(format string, args ...any) {
		list = append(list, fmt.Sprintf("%q ", c.name)+fmt.Sprintf(format, args...))
	}
	switch known := c.known(); {
	case known == 0:
		warn("has no value in any row; --ignore leaves it out")
		return list
	case c.kind() == "number" && c.infinite == 0 && c.min == c.max:
		warn("is constant: %v in each row that has it", c.min)
		return list
	case c.kind() == "text" && len(c.distinct) == 1:
		warn("is constant: %q in each row that has it", shortName(c.word))
		return list
	case c.isText() && len(c.distinct) == known:
		warn("has another text in each row, from which nothing can be learnt; --ignore leaves it out")
	case c.isText() && (c.distinct == nil || len(c.distinct) > maxCategories):
		warn("has more than %d texts; --ignore leaves it out", maxCategories)
	}
	if c.kind() == "mixed" {
		if c.isText() {
			warn("has texts and %s, which are taken for texts too", plural(c.numbers+c.infinite, "number"))
		} else {
			warn("has numbers and %s, which train takes for an error: %q in line %d", plural(c.words, "text"),
				shortName(c.word), c.firstWord)
		}
	}
	if c.infinite > 0 && !c.isText() {
		warn("has numbers that are not finite, or too large for float32: %d of them", c.infinite)
	}
	if c.missing > rows/2 {
		warn("is missing in %.0f%% of the rows", 100*float64(c.missing)/float64(rows))
	}
	return list
}

// describeTable reads all lines of a file.
func (c *describeCommand) describeTable(file *table) (*tableDescription, error) {
	labels, err := file.findAll(c.Label)
	if err != nil {
		return nil, err
	}
	ignored, err := file.findAll(c.Ignore)
	if err != nil {
		return nil, err
	}
	if labels == nil {
		labels = []int{len(file.columns)}
	}
	t := &tableDescription{name: file.file, task: c.Task}
	all := make([]*columnDescription, len(file.columns))
	for i, name := range file.columns {
		switch {
		case name == "" && !c.NoHeader && !slices.Contains(ignored, i+1):
			t.warnings = append(t.warnings, fmt.Sprintf("column %d has no name; --ignore=%d leaves it out", i+1, i+1))
		case name != "" && slices.Index(file.columns, name) < i:
			t.warnings = append(t.warnings,
				fmt.Sprintf("%q is the name of two columns, which train takes for an error", name))
		}
		if name == "" {
			name = "column " + strconv.Itoa(i+1)
		}
		all[i] = newColumnDescription(name)
	}
	r := file.reader()
	r.ReuseRecord = true
	uneven, firstUneven := 0, 0
	for first := !c.NoHeader; ; first = false {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.file, err)
		}
		if first {
			continue
		}
		t.rows++
		line, _ := r.FieldPos(0)
		if len(record) != len(all) {
			if uneven++; uneven == 1 {
				firstUneven = line
			}
		}
		for i, cell := range record[:min(len(record), len(all))] {
			all[i].add(cell, line)
		}
	}
	if t.rows == 0 {
		return nil, fmt.Errorf("%s: there are no rows", file.file)
	}
	if uneven > 0 {
		t.warnings = append(t.warnings,
			fmt.Sprintf("%s not of %s, which train takes for an error; the first is line %d",
				plural(uneven, "row"), plural(len(all), "cell"), firstUneven))
	}
	for i, column := range all {
		if slices.Contains(ignored, i+1) {
			continue
		}
		t.columns = append(t.columns, column)
		if slices.Contains(labels, i+1) {
			t.labels = append(t.labels, column)
		} else {
			t.warnings = append(t.warnings, column.warnings(t.rows)...)
		}
	}
	return t, nil
}

// write prints the description.
func (t *tableDescription) write(w io.Writer) {
	fmt.Fprintf(w, "Data: %s, %s, %s\n\n", t.name, plural(t.rows, "row"), plural(len(t.columns), "column"))
	width := len("column")
	for _, c := range t.columns {
		width = max(width, utf8.RuneCountInString(shortName(c.name)))
	}
	fmt.Fprintf(w, "%-*s %-6s %7s %10s %10s %10s %10s\n", width, "column", "type", "missing", "min", "mean", "max",
		"deviation")
	for _, c := range t.columns {
		fmt.Fprintf(w, "%-*s %-6s %7d", width, shortName(c.name), c.kind(), c.missing)
		c.writeNumbers(w)
	}
	for _, label := range t.labels {
		t.writeLabel(w, label)
	}
	writeWarnings(w, t.warnings)
}

// writeLabel tells what a label column holds: classes and their rows, or numbers.
func (t *tableDescription) writeLabel(w io.Writer, label *columnDescription) {
	if label.missing > 0 {
		t.warnings = append(t.warnings,
			fmt.Sprintf("the label %q is missing in %s, which train takes for an error; the first is line %d",
				label.name, plural(label.missing, "row"), label.firstMissing))
	}
	names := slices.Sorted(maps.Keys(label.distinct))
	numbers := len(t.labels) > 1 || t.task == "regression" || t.task == "auto" && !areClasses(names)
	if numbers || label.distinct == nil {
		fmt.Fprintf(w, "\nLabel: %q, numbers to predict\n", label.name)
		if label.words > 0 {
			t.warnings = append(t.warnings, fmt.Sprintf("the label %q is to be a number, and is %q in line %d",
				label.name,
				shortName(label.word), label.firstWord))
		}
		if len(label.distinct) == 1 {
			t.warnings = append(t.warnings,
				fmt.Sprintf("the label %q is the same in each row, so there is nothing to learn", label.name))
		}
		return
	}
	if label.words == 0 {
		slices.SortStableFunc(names, func(a, b string) int {
			x, _ := parseCell(a)
			y, _ := parseCell(b)
			return cmp.Compare(x, y)
		})
	}
	d := &mlp.Dataset{Features: 1, X: make([]float32, label.known()), Targets: 1, ClassNames: names}
	for class, name := range names {
		for range label.distinct[name] {
			d.Y = append(d.Y, float32(class))
		}
	}
	fmt.Fprintf(w, "\nLabel: %q, %s\n\n", label.name, classCount(len(names)))
	writeBalance(w, d)
	t.warnings = append(t.warnings, balanceWarnings(d)...)
}

func classCount(n int) string {
	if n == 1 {
		return "1 class"
	}
	return strconv.Itoa(n) + " classes"
}

// balanceWarnings tells of classes with few rows.
func balanceWarnings(d *mlp.Dataset) []string {
	counts := d.ClassCounts()
	if len(counts) < 2 {
		return []string{"there is one class only, so there is nothing to learn"}
	}
	least, most := 0, 0
	for class, n := range counts {
		if n < counts[least] {
			least = class
		}
		if n > counts[most] {
			most = class
		}
	}
	if counts[most] < 10*counts[least] {
		return nil
	}
	return []string{fmt.Sprintf("class %q has %s, and %q has %d: --class-weights=balanced makes them weigh the same",
		d.ClassNames[least], plural(counts[least], "row"), d.ClassNames[most], counts[most])}
}

func writeWarnings(w io.Writer, warnings []string) {
	for i, warning := range warnings {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, "Warning:", warning)
	}
}

// describeSamples describes what is no file of cells.
func describeSamples(w io.Writer, s samples) {
	if !s.isImages() {
		t := &tableDescription{name: s.name, rows: s.Rows(), task: "classification"}
		for j := range s.Features {
			c := newColumnDescription(fmt.Sprintf("feature %d", j+1))
			if s.FeatureNames != nil {
				c.name = s.FeatureNames[j]
			}
			for i := j; i < len(s.X); i += s.Features {
				c.add(number(s.X[i]), 0)
			}
			t.columns = append(t.columns, c)
			t.warnings = append(t.warnings, c.warnings(t.rows)...)
		}
		label := newColumnDescription(strings.Trim(s.label, `"`))
		for _, class := range s.Y {
			label.add(s.ClassNames[int(class)], 0)
		}
		t.columns, t.labels = append(t.columns, label), []*columnDescription{label}
		t.write(w)
		return
	}
	pixels := newColumnDescription("pixels")
	pixels.distinct = nil
	constant := 0
	for j := range s.Features {
		isConstant := true
		for i := j; i < len(s.X); i += s.Features {
			isConstant = isConstant && s.X[i] == s.X[j]
			pixels.add(number(s.X[i]), 0)
		}
		if isConstant {
			constant++
		}
	}
	fmt.Fprintf(w, "Data: %s, %s\n%-8s%10s %10s %10s %10s\n%-7s", s.name, s.imageSummary(), "values", "min", "mean",
		"max", "deviation", "")
	pixels.writeNumbers(w)
	warnings := balanceWarnings(s.Dataset)
	if constant > 0 {
		warnings = append(warnings, fmt.Sprintf("%d of %d values of an image are the same in all images", constant,
			s.Features))
	}
	writeWarnings(w, warnings)
}
