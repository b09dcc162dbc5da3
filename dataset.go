package mlp

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Dataset is a table of samples: inputs x, targets y, and their names.
//
// For classification Y holds class indices 0, 1, … in one column (Targets is 1) and ClassNames their names; OneHot
// turns them into one column a class. For regression Y holds one column a target. A Dataset belongs to one goroutine
// while it is changed; reading it is safe from many.
type Dataset struct {
	X []float32 // [rows, Features], row-major
	Y []float32 // [rows, Targets], row-major

	Features int // columns of X
	Targets  int // columns of Y; 0 if there are no targets

	FeatureNames []string // one a column of X, or nil
	TargetNames  []string // one a column of Y, or nil
	ClassNames   []string // the name of each class index, or nil for regression

	// Categories names the values 0, 1, … of each column of X that holds categories, for a OneHotEncoder to take apart; it is
	// nil for a column of numbers, and nil altogether where all are.
	Categories [][]string

	// Image tells that each row of X is an image, of Image's shape; its zero value, that rows are no images.
	Image ImageShape

	// SampleWeights weigh each row's loss: one a row, none negative; nil weighs every row 1.
	SampleWeights []float32
}

// Rows returns the number of samples.
func (d *Dataset) Rows() int {
	if d.Features <= 0 {
		return 0
	}
	return len(d.X) / d.Features
}

// Validate reports the first thing that is wrong with d: lengths that do not fit together, a value that is not finite,
// a class index that is none, a negative weight. Rows are counted from 0. A Dataset without rows is valid.
func (d *Dataset) Validate() error {
	return d.validate("dataset", false)
}

// validate is Validate, whose errors name the data set by what, and which takes NaN among the features where missing is true.
func (d *Dataset) validate(what string, missing bool) error {
	if err := d.checkLengths(what); err != nil {
		return err
	}
	if !allFinite(d.X) {
		for i, v := range d.X {
			if !isFinite(v) && !(missing && v != v) {
				row, feature := i/d.Features, d.featureName(i%d.Features)
				return fmt.Errorf("mlp: %s: row %d, feature %q: %v is not finite", what, row, feature, v)
			}
		}
	}
	for j := range d.Categories {
		for i := j; d.Categories[j] != nil && i < len(d.X); i += d.Features {
			if v := d.X[i]; v == v && indexOf(v, len(d.Categories[j])) < 0 {
				return fmt.Errorf("mlp: %s: row %d, feature %q: %v is not a category, want a whole number from 0 to %d", what,
					i/d.Features, d.featureName(j), v, len(d.Categories[j])-1)
			}
		}
	}
	for i, v := range d.Y {
		if !isFinite(v) {
			return fmt.Errorf("mlp: %s: row %d, target %q: %v is not finite", what, i/d.Targets, d.targetName(i%d.Targets), v)
		}
		if d.hasClassIndices() && d.classIndex(v) < 0 {
			return fmt.Errorf("mlp: %s: row %d, target %q: %v is not a class index, want a whole number from 0 to %d", what,
				i/d.Targets, d.targetName(i%d.Targets), v, len(d.ClassNames)-1)
		}
	}
	for row, v := range d.SampleWeights {
		if !isFinite(v) || v < 0 {
			return fmt.Errorf("mlp: %s: row %d: the sample weight is %v, want a finite weight >= 0", what, row, v)
		}
	}
	return nil
}

// checkLengths reports the first length that does not fit the others.
func (d *Dataset) checkLengths(what string) error {
	if d.Features < 1 || d.Targets < 0 {
		return fmt.Errorf("mlp: %s: Features is %d, want >= 1; Targets is %d, want >= 0", what, d.Features, d.Targets)
	}
	rows := d.Rows()
	switch {
	case len(d.X)%d.Features != 0:
		return fmt.Errorf("mlp: %s: X has %d values, no whole number of rows of %d features", what, len(d.X), d.Features)
	case d.Targets == 0 && len(d.Y) != 0, d.Targets > 0 && (len(d.Y)%d.Targets != 0 || len(d.Y)/d.Targets != rows):
		return fmt.Errorf("mlp: %s: Y has %d values, want %d rows of %d targets", what, len(d.Y), rows, d.Targets)
	case d.FeatureNames != nil && len(d.FeatureNames) != d.Features:
		return fmt.Errorf("mlp: %s: %d FeatureNames for %d features", what, len(d.FeatureNames), d.Features)
	case d.Categories != nil && len(d.Categories) != d.Features:
		return fmt.Errorf("mlp: %s: %d Categories for %d features", what, len(d.Categories), d.Features)
	case d.TargetNames != nil && len(d.TargetNames) != d.Targets:
		return fmt.Errorf("mlp: %s: %d TargetNames for %d targets", what, len(d.TargetNames), d.Targets)
	case len(d.ClassNames) > 0 && d.Targets > 1 && len(d.ClassNames) != d.Targets:
		return fmt.Errorf("mlp: %s: %d ClassNames for %d targets, want 1 or as many", what, len(d.ClassNames), d.Targets)
	case d.SampleWeights != nil && len(d.SampleWeights) != rows:
		return fmt.Errorf("mlp: %s: %d SampleWeights for %d rows", what, len(d.SampleWeights), rows)
	}
	return nil
}

// isFinite reports whether v is neither infinite nor NaN.
func isFinite[F float32 | float64](v F) bool {
	return v-v == 0
}

// allFinite reports whether there are neither NaNs nor infinities. Fit asks that of all its data, so it takes a fraction of a
// nanosecond a value: adding one to the exponent of one that is not finite runs into the sign's place.
func allFinite(x []float32) bool {
	const magnitude, one = 0x7fffffff, 0x00800000
	seen := uint32(0)
	for ; len(x) >= 4; x = x[4:] {
		v := (*[4]float32)(x)
		seen |= math.Float32bits(v[0])&magnitude + one
		seen |= math.Float32bits(v[1])&magnitude + one
		seen |= math.Float32bits(v[2])&magnitude + one
		seen |= math.Float32bits(v[3])&magnitude + one
	}
	for _, v := range x {
		seen |= math.Float32bits(v)&magnitude + one
	}
	return seen>>31 == 0
}

// featureName returns the name of column j of X, which is x0, x1, … where it has none.
func (d *Dataset) featureName(j int) string {
	if j < len(d.FeatureNames) {
		return d.FeatureNames[j]
	}
	return "x" + strconv.Itoa(j)
}

// targetName returns the name of column j of Y, which is y0, y1, … where it has none.
func (d *Dataset) targetName(j int) string {
	if j < len(d.TargetNames) {
		return d.TargetNames[j]
	}
	return "y" + strconv.Itoa(j)
}

// hasClassIndices reports whether Y is one column of indices of ClassNames.
func (d *Dataset) hasClassIndices() bool {
	return d.Targets == 1 && len(d.ClassNames) > 0
}

// classIndex returns v as an index of ClassNames, or -1 if it is none.
func (d *Dataset) classIndex(v float32) int { return indexOf(v, len(d.ClassNames)) }

// indexOf returns v as an index below n, or -1 if it is none.
func indexOf(v float32, n int) int {
	if !(v >= 0 && v < float32(n)) || float32(int(v)) != v {
		return -1
	}
	return int(v)
}

// ClassCounts returns the number of rows of each class, in the order of ClassNames, or nil if Y does not hold class
// indices. A value that is no class index counts for no class; Validate finds it.
func (d *Dataset) ClassCounts() []int {
	if !d.hasClassIndices() {
		return nil
	}
	counts := make([]int, len(d.ClassNames))
	for _, v := range d.Y {
		if class := d.classIndex(v); class >= 0 {
			counts[class]++
		}
	}
	return counts
}

// Clone returns a copy of d that shares no memory with it.
func (d *Dataset) Clone() *Dataset {
	c := d.withoutRows()
	c.X, c.Y, c.SampleWeights = slices.Clone(d.X), slices.Clone(d.Y), slices.Clone(d.SampleWeights)
	return c
}

// withoutRows returns a Dataset with copies of d's names and no rows.
func (d *Dataset) withoutRows() *Dataset {
	return &Dataset{
		Features:     d.Features,
		Targets:      d.Targets,
		FeatureNames: slices.Clone(d.FeatureNames),
		TargetNames:  slices.Clone(d.TargetNames),
		ClassNames:   slices.Clone(d.ClassNames),
		Categories:   cloneLists(d.Categories),
		Image:        d.Image,
	}
}

// Subset returns a copy of the rows that indices names, in that order; a row may be named more than once.
// Classes of which no row is left keep their names and indices.
func (d *Dataset) Subset(indices []int) (*Dataset, error) {
	if err := d.checkLengths("dataset"); err != nil {
		return nil, err
	}
	rows := d.Rows()
	for i, index := range indices {
		if index < 0 || index >= rows {
			return nil, fmt.Errorf("mlp: Subset: indices[%d] is %d, want a row from 0 to %d", i, index, rows-1)
		}
	}
	s := d.withoutRows()
	s.X, s.Y = gather(d.X, d.Features, indices), gather(d.Y, d.Targets, indices)
	if d.SampleWeights != nil {
		s.SampleWeights = gather(d.SampleWeights, 1, indices)
	}
	return s, nil
}

// Head returns the first n rows, or all if there are fewer. It shares d's memory, as a slice does.
func (d *Dataset) Head(n int) *Dataset {
	n = max(0, min(n, d.Rows()))
	h := *d
	h.X = head(d.X, n*d.Features)
	h.Y = head(d.Y, n*d.Targets)
	h.SampleWeights = head(d.SampleWeights, n)
	return &h
}

// head returns the first n values or fewer, with no room to append into the rest.
func head(values []float32, n int) []float32 {
	n = max(0, min(n, len(values)))
	return values[:n:n]
}

// Shuffle puts the rows into an order that depends on seed alone, in place. It gives an error, and changes nothing, if
// the lengths of d do not fit together. (TrainTestSplit shuffles as scikit-learn does.)
func (d *Dataset) Shuffle(seed uint64) error {
	if err := d.checkLengths("dataset"); err != nil {
		return err
	}
	rng := rand.NewPCG(seed, streamShuffle)
	for i := d.Rows() - 1; i > 0; i-- {
		j := int(uintN(rng, uint64(i)+1))
		swapRows(d.X, d.Features, i, j)
		swapRows(d.Y, d.Targets, i, j)
		if d.SampleWeights != nil {
			swapRows(d.SampleWeights, 1, i, j)
		}
	}
	return nil
}

// swapRows swaps rows i and j of values [rows, columns].
func swapRows(values []float32, columns, i, j int) {
	a, b := values[i*columns:][:columns], values[j*columns:][:columns]
	for k := range a {
		a[k], b[k] = b[k], a[k]
	}
}

// summaryLines is the number of features, targets or classes that Summary lists.
const summaryLines = 20

// Summary returns a table of d for people to read, no wider than 80 columns: rows, features and classes; the minimum,
// mean, maximum and standard deviation of each feature and each target of a regression (over the rows that have it;
// divided by their number, as StandardScaler does); the rows of each class. Of many features it lists the first 20.
func (d *Dataset) Summary() string {
	if err := d.checkLengths("dataset"); err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	counts := d.ClassCounts()
	b.WriteString(plural(d.Rows(), "row", "rows") + ", " + plural(d.Features, "feature", "features"))
	switch {
	case counts != nil:
		b.WriteString(", " + plural(len(counts), "class", "classes"))
	case d.Targets > 0:
		b.WriteString(", " + plural(d.Targets, "target", "targets"))
	}
	b.WriteString("\n\n")
	summarizeColumns(&b, "feature", "features", d.X, d.Features, d.featureName)
	if counts == nil {
		if d.Targets > 0 {
			b.WriteString("\n")
			summarizeColumns(&b, "target", "targets", d.Y, d.Targets, d.targetName)
		}
		return b.String()
	}
	names := summaryNames("class", len(counts), func(class int) string { return d.ClassNames[class] })
	fmt.Fprintf(&b, "\n%s %10s %10s\n", names[0], "rows", "share")
	for class, name := range names[1:] {
		share := 100 * float64(counts[class]) / float64(max(1, d.Rows()))
		fmt.Fprintf(&b, "%s %10d %9.1f%%\n", name, counts[class], share)
	}
	writeRest(&b, len(counts), "classes")
	return b.String()
}

// summarizeColumns writes the table of the columns of values [rows, columns].
func summarizeColumns(b *strings.Builder, one, many string, values []float32, columns int, name func(int) string) {
	names := summaryNames(one, columns, name)
	stats := make([]columnStats, len(names)-1)
	missing := false
	for j := range stats {
		stats[j] = newColumnStats(values, columns, j)
		missing = missing || stats[j].missing > 0
	}
	fmt.Fprintf(b, "%s %10s %10s %10s %10s", names[0], "min", "mean", "max", "deviation")
	if missing {
		fmt.Fprintf(b, " %10s", "missing")
	}
	for j, s := range stats {
		fmt.Fprintf(b, "\n%s %10.4g %10.4g %10.4g %10.4g", names[1+j], s.min, s.mean, s.max, s.deviation)
		if missing {
			fmt.Fprintf(b, " %10d", s.missing)
		}
	}
	b.WriteString("\n")
	writeRest(b, columns, many)
}

// summaryNames returns the first column of a table: title and the names to list, padded to one width of 24 at most.
func summaryNames(title string, n int, name func(int) string) []string {
	names := []string{title}
	for i := range min(n, summaryLines) {
		s := name(i)
		if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			s = strconv.Quote(s) // a line break or a terminal's control sequence
		}
		if r := []rune(s); len(r) > 24 {
			s = string(r[:23]) + "…"
		}
		names = append(names, s)
	}
	width := 0
	for _, s := range names {
		width = max(width, utf8.RuneCountInString(s))
	}
	for i, s := range names {
		names[i] = fmt.Sprintf("%-*s", width, s)
	}
	return names
}

// writeRest tells how many of n things a table left out.
func writeRest(b *strings.Builder, n int, many string) {
	if n > summaryLines {
		fmt.Fprintf(b, "… and %d more %s\n", n-summaryLines, many)
	}
}

// plural returns a number of things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// columnStats describe the values of a column that are not NaN.
type columnStats struct {
	min, mean, max, deviation float64 // NaN if there is no value
	missing                   int
}

// newColumnStats describes column j of values [rows, columns].
func newColumnStats(values []float32, columns, j int) columnStats {
	s := columnStats{min: math.Inf(1), max: math.Inf(-1)}
	n, sum := 0, 0.0
	for i := j; i < len(values); i += columns {
		v := float64(values[i])
		if math.IsNaN(v) {
			s.missing++
			continue
		}
		n++
		sum += v
		s.min, s.max = min(s.min, v), max(s.max, v)
	}
	if n == 0 {
		return columnStats{math.NaN(), math.NaN(), math.NaN(), math.NaN(), s.missing}
	}
	s.mean = sum / float64(n)
	squares := 0.0
	for i := j; i < len(values); i += columns {
		if v := float64(values[i]); !math.IsNaN(v) {
			squares += float64((v - s.mean) * (v - s.mean))
		}
	}
	s.deviation = math.Sqrt(squares / float64(n))
	return s
}
