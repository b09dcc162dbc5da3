package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
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
		s, err := c.loadAny(defaultRandomState)
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
	classes  []string             // of the label, if it names classes
	task     string
	warnings []string
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
		all[i] = newColumnDescription(name, len(all))
	}
	uneven, firstUneven := 0, 0
	err = file.eachRow(func(record []string, line int) {
		t.rows++
		if len(record) != len(all) {
			if uneven++; uneven == 1 {
				firstUneven = line
			}
		}
		for i, cell := range record[:min(len(record), len(all))] {
			all[i].add(cell, line)
		}
	})
	if err != nil {
		return nil, err
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
	t.findClasses()
	relations := newRelations(t)
	places := make([]int, len(t.columns)) // of the columns in the file
	for i, column := range t.columns {
		places[i] = slices.Index(all, column)
	}
	cells := make([]string, len(t.columns))
	if err := file.eachRow(func(record []string, _ int) {
		for i, place := range places {
			if cells[i] = ""; place < len(record) {
				cells[i] = record[place]
			}
		}
		relations.add(cells)
	}); err != nil {
		return nil, err
	}
	t.warnings = append(t.warnings, relations.warnings()...)
	return t, nil
}

// eachRow calls f with the cells of each row, those of --missing emptied, and its line. The cells are valid until f returns.
func (t *table) eachRow(f func(record []string, line int)) error {
	r := t.reader()
	r.ReuseRecord = true
	for first := !t.format.NoHeader; ; first = false {
		record, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.file, err)
		}
		if !first {
			line, _ := r.FieldPos(0)
			if t.format.Missing != nil {
				for i, cell := range record {
					if slices.Contains(t.format.Missing, strings.Trim(cell, " \t")) {
						record[i] = ""
					}
				}
			}
			f(record, line)
		}
	}
}

// findClasses tells the classes that the label names, if it does, in the order of their numbers or letters.
func (t *tableDescription) findClasses() {
	label := t.labels[0]
	names := slices.Sorted(maps.Keys(label.distinct))
	if len(t.labels) > 1 || label.distinct == nil || t.task == "regression" || t.task == "auto" && !areClasses(names) {
		return
	}
	if label.words == 0 {
		slices.SortStableFunc(names, func(a, b string) int {
			x, _ := parseCell(a)
			y, _ := parseCell(b)
			return cmp.Compare(x, y)
		})
	}
	t.classes = names
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
	if t.classes == nil {
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
	names := t.classes
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
	if counts[least] == 0 {
		return []string{fmt.Sprintf("class %q has no rows", d.ClassNames[least])}
	}
	if counts[most] < 10*counts[least] {
		return nil
	}
	ratio := float64(counts[most]) / float64(counts[least])
	return []string{fmt.Sprintf("class %q has %s, and %q has %d, %.3g times as many: "+
		"--class-weights=balanced makes them weigh the same",
		d.ClassNames[least], plural(counts[least], "row"), d.ClassNames[most], counts[most], ratio)}
}

// writeWarnings writes a line for each, up to a bound.
func writeWarnings(w io.Writer, warnings []string) {
	const most = 50
	for i, warning := range warnings[:min(most, len(warnings))] {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, "Warning:", warning)
	}
	if n := len(warnings) - most; n > 0 {
		fmt.Fprintf(w, "… and %s more\n", plural(n, "warning"))
	}
}

// describeSamples describes what is no file of cells.
func describeSamples(w io.Writer, s samples) {
	if !s.isImages() {
		describeFeatures(s).write(w)
		return
	}
	pixels := newColumnDescription("pixels", 1)
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
	fmt.Fprintf(w, "Data: %s, ", s.name)
	s.writeImages(w)
	fmt.Fprintf(w, "\n%-8s%10s %10s %10s %10s\n%-7s", "values", "min", "mean", "max", "deviation", "")
	pixels.writeNumbers(w)
	for i, file := range s.skipped {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, "Skipped:", file)
	}
	warnings := balanceWarnings(s.Dataset)
	if constant > 0 {
		warnings = append(warnings, fmt.Sprintf("%d of %d values of an image are the same in all images", constant,
			s.Features))
	}
	writeWarnings(w, warnings)
}

// describeFeatures describes samples that are no images.
func describeFeatures(s samples) *tableDescription {
	t := &tableDescription{name: s.name, rows: s.Rows(), task: "classification"}
	for j := range s.Features {
		c := newColumnDescription(fmt.Sprintf("feature %d", j+1), s.Features)
		if s.FeatureNames != nil {
			c.name = s.FeatureNames[j]
		}
		t.columns = append(t.columns, c)
	}
	t.labels = []*columnDescription{newColumnDescription(strings.Trim(s.label, `"`), 1)}
	t.columns = append(t.columns, t.labels[0])
	eachRow := func(f func(cells []string)) {
		cells := make([]string, len(t.columns))
		for i := range t.rows {
			for j, v := range s.X[i*s.Features:][:s.Features] {
				cells[j] = number(v)
			}
			cells[s.Features] = s.ClassNames[int(s.Y[i])]
			f(cells)
		}
	}
	eachRow(func(cells []string) {
		for j, cell := range cells {
			t.columns[j].add(cell, 0)
		}
	})
	for _, c := range t.columns[:s.Features] {
		t.warnings = append(t.warnings, c.warnings(t.rows)...)
	}
	t.findClasses()
	relations := newRelations(t)
	eachRow(relations.add)
	t.warnings = append(t.warnings, relations.warnings()...)
	return t
}
