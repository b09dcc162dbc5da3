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
}

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

// leak is a feature that may tell a label by itself.
type leak struct {
	column, label int
	refuted       bool

	// Of each class the feature's least and greatest number, or of each text the class.
	ranges  []valueRange
	classes map[string]int

	// Of a label that is a number: sums over the rows that have both, of products of the distances from the means.
	rows       int
	xx, xy, yy float64
}

type valueRange struct{ low, high float64 }

const (
	maxLeakClasses = 100 // each of which has a valueRange in each column
	minLeakRows    = 10  // of each class: fewer rows may differ from the others by chance
)

// newRelations prepares to look for relations among the columns of t.
func newRelations(t *tableDescription) *relations {
	r := &relations{table: t, values: make([]cellValue, len(t.columns)), class: map[string]int{}}
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
		l.classes = map[string]int{}
		return c.distinct != nil && len(c.distinct)*minLeakRows <= c.known()
	}
	l.ranges = make([]valueRange, len(r.table.classes))
	for i := range l.ranges {
		l.ranges[i] = valueRange{math.Inf(1), math.Inf(-1)}
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
		if l.refuted || x.kind == missingCell || y.kind == missingCell {
			continue
		}
		if r.table.classes == nil {
			dx, dy := x.number-r.table.columns[l.column].mean, y.number-r.table.columns[l.label].mean
			l.rows++
			l.xx, l.xy, l.yy = l.xx+dx*dx, l.xy+dx*dy, l.yy+dy*dy
			continue
		}
		class := r.class[strings.Trim(cells[l.label], " \t")]
		if l.ranges != nil {
			l.addNumber(x.number, class)
		} else {
			l.addCell(strings.Trim(cells[l.column], " \t"), class)
		}
	}
}

// addNumber refutes a leak if the numbers of two classes overlap.
func (l *leak) addNumber(v float64, class int) {
	own := &l.ranges[class]
	own.low, own.high = min(own.low, v), max(own.high, v)
	for i, other := range l.ranges {
		l.refuted = l.refuted || i != class && own.low <= other.high && other.low <= own.high
	}
}

// addCell refutes a leak if two classes have the same text.
func (l *leak) addCell(cell string, class int) {
	before, seen := l.classes[cell]
	if !seen {
		l.classes[strings.Clone(cell)] = class
	}
	l.refuted = seen && before != class
}

// proven reports whether the feature tells the label in all rows.
func (l *leak) proven(classes bool) bool {
	if classes {
		empty := func(v valueRange) bool { return v.low > v.high }
		return !l.refuted && !slices.ContainsFunc(l.ranges, empty)
	}
	const most = 1e-6 // of 1 - r², for numbers that were rounded when they were written
	return l.rows >= minLeakRows && l.xx > 0 && l.yy > 0 && 1-l.xy/l.xx*(l.xy/l.yy) < most
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
		if !l.proven(r.table.classes != nil) {
			continue
		}
		name, label := columns[l.column].name, columns[l.label].name
		how := fmt.Sprintf("is %q in other units", label)
		if columns[l.column].hash == columns[l.label].hash {
			how = fmt.Sprintf("is the same as the label %q", label)
		} else if r.table.classes != nil {
			how = fmt.Sprintf("tells %q by itself: no two classes share a value", label)
			if l.ranges != nil {
				how = fmt.Sprintf("tells %q by itself: no two classes overlap", label)
			}
		}
		list = append(list, fmt.Sprintf("%q %s; if it is not known before the label is, --ignore leaves it out", name,
			how))
	}
	return list
}
