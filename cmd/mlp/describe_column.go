package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// columnDescription counts the cells of a column, and sums up those that are numbers.
type columnDescription struct {
	name                    string
	missing, numbers, words int
	infinite                int // numbers that float32 does not hold
	firstWord, firstMissing int // their lines
	word                    string
	distinct                map[string]int // the rows of each cell that is not missing; nil once there are too many
	most                    int            // entries of distinct
	min, max, mean, squares float64        // squares of the distances from the mean

	fractions bool    // a number is not whole
	last      float64 // number
	unsorted  bool    // a number is not greater than the last
	hash      uint64  // of the cells in order
}

// maxDistinct bounds the distinct cells that are counted in a table of few columns.
const maxDistinct = 1 << 16

// newColumnDescription returns the description of one of several columns.
func newColumnDescription(name string, columns int) *columnDescription {
	most := min(max(1<<21/columns, 2*maxCategories), maxDistinct)
	return &columnDescription{name: name, distinct: map[string]int{}, most: most, min: math.Inf(1), max: math.Inf(-1)}
}

// add takes a cell of a line.
func (c *columnDescription) add(cell string, line int) {
	cell = strings.Trim(cell, " \t")
	v, kind := parseCell(cell)
	c.hash = hashCell(c.hash, cell, v, kind)
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
		c.fractions = c.fractions || v != math.Trunc(v)
		c.unsorted = c.unsorted || c.numbers > 1 && v <= c.last
		c.last = v
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
	if c.distinct[cell]++; len(c.distinct) > c.most {
		c.distinct = nil
	}
}

// hashCell continues the hash of a column by a cell. Numbers that are equal have the same, however they are written.
func hashCell(hash uint64, cell string, v float64, kind cellKind) uint64 {
	const prime = 1099511628211 // of FNV-1a
	hash = (hash ^ uint64(kind)) * prime
	switch kind {
	case numberCell:
		hash = (hash ^ math.Float64bits(v+0)) * prime // -0 is 0
		hash ^= hash >> 32
	case textCell:
		for i := range len(cell) {
			hash = (hash ^ uint64(cell[i])) * prime
		}
	}
	return hash
}

// isText reports whether train takes the column for texts.
func (c *columnDescription) isText() bool { return c.words > 0 && c.words >= c.numbers+c.infinite }

// isConstant reports whether all cells that are not missing are the same.
func (c *columnDescription) isConstant() bool {
	return c.known() > 0 && (c.numbers == c.known() && c.min == c.max || c.words == c.known() && len(c.distinct) == 1)
}

// namesRows reports whether the column seems to number the rows: with whole numbers, no two of them the same.
func (c *columnDescription) namesRows(rows int) bool {
	const few = 20 // rows, in which measurements may well be so
	return rows >= few && c.numbers == rows && !c.fractions && (!c.unsorted || len(c.distinct) == rows)
}

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
			fmt.Fprintf(w, "  more than %d texts", c.most)
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
	case c.isConstant() && c.words == 0:
		warn("is constant: %v in each row that has it", c.min)
		return list
	case c.isConstant():
		warn("is constant: %q in each row that has it", shortName(c.word))
		return list
	case c.isText() && len(c.distinct) == known:
		warn("has another text in each row, from which nothing can be learnt; --ignore leaves it out")
	case c.isText() && (c.distinct == nil || len(c.distinct) > maxCategories):
		warn("has more than %d texts; --ignore leaves it out", maxCategories)
	}
	if c.namesRows(rows) {
		warn("has another whole number in each row, as if it named them; --ignore leaves it out")
	}
	if c.kind() == "mixed" {
		if c.isText() {
			warn("has texts and %s, which are taken for texts too", plural(c.numbers+c.infinite, "number"))
		} else {
			warn("has numbers and %s, which train takes for an error unless --missing has it: %q in line %d",
				plural(c.words, "text"), shortName(c.word), c.firstWord)
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
