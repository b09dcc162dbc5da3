package mlp

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

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
func (l *csvLabels) value(cell []byte, allowMissing bool) (float32, error) {
	cell = trimCell(cell)
	if i, ok := l.index[string(cell)]; ok {
		return float32(i), nil
	}
	label := string(cell)
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
	l.index[label] = i
	return float32(i), nil
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
