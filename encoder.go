package mlp

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// LabelEncoder numbers labels 0, 1, … in their order: numbers by value, texts by code point, as scikit-learn's does. NaN is
// a label too.
type LabelEncoder[T cmp.Ordered] struct {
	Classes []T // what Fit finds: the distinct labels, in rising order, NaN the last
}

// Fit finds the classes among labels.
func (e *LabelEncoder[T]) Fit(labels []T) error {
	if len(labels) == 0 {
		return errors.New("mlp: LabelEncoder: there are no labels")
	}
	sorted := slices.Clone(labels)
	slices.Sort(sorted) // NaN comes first
	missing := slices.IndexFunc(sorted, func(label T) bool { return label == label })
	if missing < 0 {
		missing = len(sorted)
	}
	e.Classes = slices.Compact(sorted[missing:])
	if missing > 0 {
		e.Classes = append(e.Classes, sorted[0])
	}
	return nil
}

// Transform returns the number of each label. One that Fit did not see is an error.
func (e *LabelEncoder[T]) Transform(labels []T) ([]int, error) {
	numbers := make([]int, len(labels))
	for i, label := range labels {
		class, ok := findCategory(e.Classes, label)
		if !ok {
			return nil, fmt.Errorf("mlp: LabelEncoder: label %d, %v, is none of the %d classes", i, label, len(e.Classes))
		}
		numbers[i] = class
	}
	return numbers, nil
}

// InverseTransform returns the label of each number.
func (e *LabelEncoder[T]) InverseTransform(numbers []int) ([]T, error) {
	labels := make([]T, len(numbers))
	for i, class := range numbers {
		if class < 0 || class >= len(e.Classes) {
			return nil, fmt.Errorf("mlp: LabelEncoder: number %d is %d, want one of the %d classes", i, class, len(e.Classes))
		}
		labels[i] = e.Classes[class]
	}
	return labels, nil
}

// findCategory returns the place of v among categories in rising order, the last of which may be NaN.
func findCategory[T cmp.Ordered](categories []T, v T) (place int, ok bool) {
	known := withoutNaN(categories)
	if v != v {
		return len(known), len(known) < len(categories)
	}
	return slices.BinarySearch(known, v)
}

// withoutNaN returns categories without the last one if it is NaN.
func withoutNaN[T cmp.Ordered](categories []T) []T {
	if n := len(categories) - 1; n >= 0 && categories[n] != categories[n] {
		return categories[:n]
	}
	return categories
}

// OneHotEncoder replaces features by one column a category, which is 1 in the rows of that category and 0 elsewhere, as
// scikit-learn's does. Columns are named after feature and category: color_blue, color_red. They stand in place of the
// feature; the others keep their order. A feature that misses values (NaN) in Fit has one more category for them, the
// last: color_nan.
// (https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.OneHotEncoder.html)
type OneHotEncoder struct {
	// Columns names the features to encode (x0, x1, … where the Dataset has no names); nil means those that hold
	// categories (Dataset.Categories), or all if none does.
	Columns []string

	Drop          CategoryDrop
	IgnoreUnknown bool // a value that Fit did not see, also a missing one, becomes zeros rather than an error

	// What Fit finds, one a feature.
	FeatureNames []string
	Categories   [][]float64 // the values in rising order, NaN the last; nil for a feature that is not encoded

	// CategoryNames are the names of the values, but for NaN; nil for numbers. Where there are more names than values, value
	// i has name i, and the other names have no column.
	CategoryNames [][]string
}

// CategoryDrop says which categories get no column: what remains tells them too, if they are known.
type CategoryDrop uint8

// What to drop.
const (
	DropNone     CategoryDrop = iota
	DropFirst                 // the first category of each feature
	DropIfBinary              // the first category of features that have two
)

// Fit takes the categories from the rows, and those of d.Categories that have no row too, unless IgnoreUnknown is set. NaN
// is one if a row has it.
func (e *OneHotEncoder) Fit(d *Dataset) error {
	if e.Drop > DropIfBinary {
		return fmt.Errorf("mlp: OneHotEncoder: Drop is %d, want DropNone, DropFirst or DropIfBinary", e.Drop)
	}
	if err := checkFitRows("OneHotEncoder", d); err != nil {
		return err
	}
	encoded, err := e.encoded(d)
	if err != nil {
		return err
	}
	f := OneHotEncoder{Columns: e.Columns, Drop: e.Drop, IgnoreUnknown: e.IgnoreUnknown,
		Categories: make([][]float64, d.Features), CategoryNames: make([][]string, d.Features)}
	for j := range d.Features {
		f.FeatureNames = append(f.FeatureNames, d.featureName(j))
		f.CategoryNames[j] = slices.Clone(d.categories(j))
		if !encoded[j] {
			continue
		}
		if f.CategoryNames[j] == nil || e.IgnoreUnknown {
			f.Categories[j] = slices.Compact(sortedKnown(d.X, d.Features, j))
		} else {
			for category := range f.CategoryNames[j] {
				f.Categories[j] = append(f.Categories[j], float64(category))
			}
		}
		if hasMissing(d, j) {
			f.Categories[j] = append(f.Categories[j], math.NaN())
		}
		if n := len(f.Categories[j]); n <= f.dropped(j) {
			return fmt.Errorf("mlp: OneHotEncoder: feature %q has %d categories, so no column is left", f.FeatureNames[j], n)
		}
	}
	if _, _, err := f.fitted(); err != nil {
		return fmt.Errorf("mlp: OneHotEncoder: %w", err)
	}
	*e = f
	return nil
}

// addMissing makes NaN a category of encoded features that it stands in for the first time in d, whose features are
// those of Fit.
func (e *OneHotEncoder) addMissing(d *Dataset) error {
	for j, values := range e.Categories {
		if values != nil && len(withoutNaN(values)) == len(values) && hasMissing(d, j) {
			e.Categories[j] = append(values, math.NaN())
		}
	}
	return nil
}

// hasMissing reports whether a row of d misses feature j.
func hasMissing(d *Dataset, j int) bool {
	for i := j; i < len(d.X); i += d.Features {
		if v := d.X[i]; v != v {
			return true
		}
	}
	return false
}

// encoded tells which features of d to encode.
func (e *OneHotEncoder) encoded(d *Dataset) ([]bool, error) {
	encoded := make([]bool, d.Features)
	for _, name := range e.Columns {
		j := 0
		for j < d.Features && d.featureName(j) != name {
			j++
		}
		if j == d.Features {
			return nil, fmt.Errorf("mlp: OneHotEncoder: the dataset has no feature %q", name)
		}
		encoded[j] = true
	}
	if e.Columns == nil {
		for j := range encoded {
			encoded[j] = d.Categories == nil || d.categories(j) != nil
		}
	}
	return encoded, nil
}

// dropped returns the number of categories of feature j, from the first, that have no column.
func (e *OneHotEncoder) dropped(j int) int {
	if e.Drop == DropFirst || e.Drop == DropIfBinary && len(e.Categories[j]) == 2 {
		return 1
	}
	return 0
}

// columns returns the number of columns that stand for feature j.
func (e *OneHotEncoder) columns(j int) int {
	if e.Categories[j] == nil {
		return 1
	}
	return len(e.Categories[j]) - e.dropped(j)
}

func (e *OneHotEncoder) fitted() (features, outputs int, err error) {
	features = len(e.FeatureNames)
	switch {
	case features == 0:
		return 0, 0, errNotFitted
	case e.Drop > DropIfBinary:
		return 0, 0, fmt.Errorf("Drop is %d, want DropNone, DropFirst or DropIfBinary", e.Drop)
	case len(e.Categories) != features || len(e.CategoryNames) != features:
		return 0, 0, fmt.Errorf("%d Categories and %d CategoryNames for %d features", len(e.Categories),
			len(e.CategoryNames), features)
	}
	for j, values := range e.Categories {
		known := withoutNaN(values)
		names := e.CategoryNames[j]
		unnamed := func(v float64) bool { return indexOf(float32(v), len(names)) < 0 }
		if values != nil && names != nil && len(names) != len(known) &&
			(len(names) < len(known) || slices.ContainsFunc(known, unnamed)) {
			return 0, 0, fmt.Errorf("feature %q has %d categories and %d names of them", e.FeatureNames[j],
				len(known), len(names))
		}
		if !slices.IsSorted(known) || len(known) > 0 && !(isFinite(known[0]) && isFinite(known[len(known)-1])) {
			return 0, 0, fmt.Errorf("the categories of feature %q are not numbers in rising order", e.FeatureNames[j])
		}
		if outputs += e.columns(j); outputs > maxUnits {
			return 0, 0, fmt.Errorf("more than %d columns in all", maxUnits)
		}
	}
	return features, outputs, nil
}

// Transform replaces the features of d, and their names. A value that Fit did not see, also a missing one, is an error
// unless IgnoreUnknown is set.
func (e *OneHotEncoder) Transform(d *Dataset) error {
	if err := checkTransform("OneHotEncoder: Transform", e, d, false); err != nil {
		return err
	}
	x, err := e.transformRows(d.X)
	if err != nil {
		return err
	}
	names, categories := e.outputs()
	d.setFeatures(x, names, categories)
	return nil
}

// outputs returns the names of the columns that Transform gives, and the categories that they still hold.
func (e *OneHotEncoder) outputs() (names []string, categories [][]string) {
	for j, name := range e.FeatureNames {
		values := e.Categories[j]
		if values == nil {
			names, categories = append(names, name), append(categories, e.CategoryNames[j])
			continue
		}
		for i := e.dropped(j); i < len(values); i++ {
			names, categories = append(names, name+"_"+e.categoryName(j, i)), append(categories, nil)
		}
	}
	return names, categories
}

// categoryName returns the name of category i of feature j.
func (e *OneHotEncoder) categoryName(j, i int) string {
	category := e.Categories[j][i]
	if category != category {
		return "nan"
	}
	switch names := e.CategoryNames[j]; {
	case len(names) > len(withoutNaN(e.Categories[j])):
		return names[int(category)]
	case names != nil:
		return names[i]
	}
	if category == math.Trunc(category) && math.Abs(category) < 1e16 {
		return strconv.FormatFloat(category, 'f', -1, 32) // 1000000, and not 1e+06
	}
	return strconv.FormatFloat(category, 'g', -1, 32)
}

// encodeRow writes the columns of a row, zeros before, to dst.
func encodeRow[T float32 | float64](e *OneHotEncoder, dst, x []T) error {
	for j, v := range x {
		columns := e.columns(j)
		if e.Categories[j] == nil {
			dst[0] = v
		} else if i, known := findCategory(e.Categories[j], float64(v)); known {
			if i -= e.dropped(j); i >= 0 {
				dst[i] = 1
			}
		} else if !e.IgnoreUnknown {
			return fmt.Errorf("feature %q: Fit saw no category %v", e.FeatureNames[j], v)
		}
		dst = dst[columns:]
	}
	return nil
}

// InverseTransform puts the categories back: that of the greatest column of a feature, or, where all columns are zeros,
// the one that has no column. Without such a one, zeros become a missing value if IgnoreUnknown is set, and else an
// error.
func (e *OneHotEncoder) InverseTransform(d *Dataset) error {
	if err := checkTransform("OneHotEncoder: InverseTransform", e, d, true); err != nil {
		return err
	}
	features := len(e.FeatureNames)
	x := make([]float32, d.Rows()*features)
	for row := range d.Rows() {
		if err := decodeRow(e, x[row*features:][:features], d.X[row*d.Features:][:d.Features]); err != nil {
			return fmt.Errorf("mlp: OneHotEncoder: InverseTransform: row %d, %w", row, err)
		}
	}
	d.setFeatures(x, slices.Clone(e.FeatureNames), e.CategoryNames)
	return nil
}

// decodeRow undoes encodeRow.
func decodeRow[T float32 | float64](e *OneHotEncoder, dst, x []T) error {
	for j, values := range e.Categories {
		columns := x[:e.columns(j)]
		x = x[len(columns):]
		if values == nil {
			dst[j] = columns[0]
			continue
		}
		best := 0
		zeros := true
		for i, v := range columns {
			if v > columns[best] {
				best = i
			}
			zeros = zeros && v == 0
		}
		switch dropped := e.dropped(j); {
		case !zeros:
			dst[j] = T(values[best+dropped])
		case dropped > 0:
			dst[j] = T(values[0])
		case e.IgnoreUnknown:
			dst[j] = T(math.NaN())
		default:
			return fmt.Errorf("feature %q: all columns are 0, so there is no category", e.FeatureNames[j])
		}
	}
	return nil
}

// setFeatures gives d other columns.
func (d *Dataset) setFeatures(x []float32, names []string, categories [][]string) {
	d.X, d.Features, d.FeatureNames, d.Categories = x, len(names), names, nil
	d.Image = ImageShape{}
	if slices.ContainsFunc(categories, func(names []string) bool { return names != nil }) {
		d.Categories = cloneLists(categories)
	}
}

// categories returns the names of the values of column j of X, or nil if it holds numbers.
func (d *Dataset) categories(j int) []string {
	if d.Categories == nil {
		return nil
	}
	return d.Categories[j]
}

// cloneLists returns a copy of a list of lists that shares no memory with it.
func cloneLists[T any](lists [][]T) [][]T {
	clone := slices.Clone(lists)
	for i, list := range clone {
		clone[i] = slices.Clone(list)
	}
	return clone
}
