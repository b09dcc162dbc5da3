package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// relations finds columns that say the same, or what the label says. It looks at all rows once the columns have been
// described.
type relations struct {
	table  *tableDescription
	pairs  []columnPair
	leaks  []leak
	values []cellValue // of the row
	class  map[string]int

	// Of every stride-th row the numbers of the columns that are looked at, class indices of the label; NaN where they are
	// missing.
	kept   [][]float64
	stride int
	rows   int
}

// maxKept bounds the numbers that are kept.
const maxKept = 1 << 23

// cellValue is what a cell says.
type cellValue struct {
	kind   cellKind
	number float64
	text   string
}

// columnPair is two columns that have been the same in each row so far.
type columnPair struct {
	first, second int
	differ        bool
}

const (
	maxLeakClasses = 100 // whose rows are counted of each text
	minLeakRows    = 10  // of each class: fewer rows may differ from the others by chance
)

// newRelations prepares to look for relations among the columns of t.
func newRelations(t *tableDescription) *relations {
	r := &relations{
		table: t, values: make([]cellValue, len(t.columns)), class: map[string]int{}, kept: make([][]float64, len(t.columns)),
	}
	r.stride = 1 + t.rows*len(t.columns)/maxKept
	for i, name := range t.classes {
		r.class[name] = i
	}
	first := map[uint64]int{}
	for i, c := range t.columns {
		if c.known() == 0 || c.isConstant() {
			continue
		}
		if j, seen := first[c.hash]; seen {
			r.pairs = append(r.pairs, columnPair{first: j, second: i})
		} else {
			first[c.hash] = i
		}
	}
	for i, c := range t.columns {
		if slices.Contains(t.labels, c) || c.known() == 0 || c.isConstant() {
			continue
		}
		for _, label := range t.labels {
			l := leak{column: i, label: slices.Index(t.columns, label)}
			if r.suspects(&l) {
				r.leaks = append(r.leaks, l)
				r.kept[l.column], r.kept[l.label] = []float64{}, []float64{}
			}
		}
	}
	return r
}

// suspects prepares l, and reports whether there are rows enough to tell a leak from chance.
func (r *relations) suspects(l *leak) bool {
	c, label := r.table.columns[l.column], r.table.columns[l.label]
	if r.table.classes == nil {
		return label.numbers >= minLeakRows && c.words == 0 && c.numbers >= minLeakRows && label.words == 0
	}
	if n := len(r.table.classes); n < 2 || n > maxLeakClasses {
		return false
	}
	for _, rows := range label.distinct {
		if rows < minLeakRows {
			return false
		}
	}
	if c.words > 0 {
		l.texts = map[string][]int{}
		return c.distinct != nil && len(c.distinct)*minLeakRows <= c.known()
	}
	return c.numbers >= minLeakRows
}

// add takes the cells of a row, one of each of the table's columns.
func (r *relations) add(cells []string) {
	for i, cell := range cells {
		cell = strings.Trim(cell, " \t")
		v, kind := parseCell(cell)
		if r.values[i] = (cellValue{kind: kind, number: v}); kind == textCell {
			r.values[i].text = cell
		}
	}
	for i := range r.pairs {
		p := &r.pairs[i]
		p.differ = p.differ || r.values[p.first] != r.values[p.second]
	}
	for i := range r.leaks {
		l := &r.leaks[i]
		x, y := r.values[l.column], r.values[l.label]
		switch {
		case x.kind == missingCell || y.kind == missingCell:
		case r.table.classes == nil:
			l.addProducts(x.number-r.table.columns[l.column].mean, y.number-r.table.columns[l.label].mean)
		case l.texts != nil:
			l.addText(strings.Trim(cells[l.column], " \t"), r.class[strings.Trim(cells[l.label], " \t")], len(r.table.classes))
		}
	}
	r.keep(cells)
}

// keep keeps the numbers of the row that add has read.
func (r *relations) keep(cells []string) {
	if r.rows++; (r.rows-1)%r.stride != 0 {
		return
	}
	for i, numbers := range r.kept {
		if numbers == nil {
			continue
		}
		v := r.values[i].number
		switch {
		case r.values[i].kind == missingCell:
			v = math.NaN()
		case r.table.classes != nil && r.table.columns[i] == r.table.labels[0]:
			v = float64(r.class[strings.Trim(cells[i], " \t")])
		}
		r.kept[i] = append(numbers, v)
	}
}

// warnings tells what was found.
func (r *relations) warnings() []string {
	var list []string
	columns := r.table.columns
	for _, p := range r.pairs {
		if first, second := columns[p.first], columns[p.second]; !p.differ && !slices.Contains(r.table.labels, first) &&
			!slices.Contains(r.table.labels, second) {
			list = append(list, fmt.Sprintf("%q is the same as %q in each row; --ignore leaves it out", second.name,
				first.name))
		}
	}
	for _, l := range r.leaks {
		name, label := columns[l.column].name, columns[l.label].name
		how := ""
		switch same := columns[l.column].hash == columns[l.label].hash; {
		case same:
			how = fmt.Sprintf("is the same as the label %q", label)
		case r.table.classes != nil:
			how = r.tellsClass(l, label)
		default:
			how = r.tellsNumber(l, label)
		}
		if how != "" {
			list = append(list, fmt.Sprintf("%q %s; if it is not known before the label is, --ignore leaves it out", name, how))
		}
	}
	return list
}
