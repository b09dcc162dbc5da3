package mlp

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// SplitConfig says how TrainTestSplit and ShuffleSplit divide rows; its fields are those of scikit-learn's functions.
//
// Each side's size is a fraction of the rows or a count; where only one side has a size, the other gets the rest.
type SplitConfig struct {
	TestSize  float64 // fraction of the rows to test on, within (0, 1), rounded up; 0 leaves it open
	TrainSize float64 // fraction of the rows to train on, within (0, 1), rounded down; 0 leaves it open

	TestCount  int // rows to test on, instead of TestSize; 0 leaves it open
	TrainCount int // rows to train on, instead of TrainSize; 0 leaves it open

	NoShuffle   bool   // train on the first rows and test on those that follow
	Stratify    bool   // give both sides each class in the proportion of all rows
	RandomState uint32 // seed of the shuffle
}

// TrainTestSplit copies the rows of d into one Dataset to train on and one to test on: the very rows, in the very
// order, that scikit-learn's train_test_split gives. A quarter of the rows is for the test if cfg gives no size.
//
// It is an error if a side would be empty or both would be more than there is; with Stratify, also if a class has only
// one row or a side fewer rows than there are classes.
func TrainTestSplit(d *Dataset, cfg SplitConfig) (train, test *Dataset, err error) {
	classes, err := stratify(d, cfg.Stratify)
	if err != nil {
		return nil, nil, err
	}
	fold, err := trainTestFold(d.Rows(), classes, cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("mlp: TrainTestSplit: %w", err)
	}
	if train, err = d.Subset(fold.Train); err != nil {
		return nil, nil, err
	}
	if test, err = d.Subset(fold.Test); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

func trainTestFold(rows int, classes [][]int, cfg SplitConfig) (Fold, error) {
	const testSize = 0.25
	if !cfg.NoShuffle {
		folds, err := shuffledFolds(rows, classes, 1, cfg, testSize)
		if err != nil {
			return Fold{}, err
		}
		return folds[0], nil
	}
	if cfg.Stratify {
		return Fold{}, errors.New("both Stratify and NoShuffle are set, want only one of them")
	}
	train, test, err := splitSizes(rows, cfg, testSize)
	if err != nil {
		return Fold{}, err
	}
	order := rowOrder(nil, train+test, false)
	return Fold{Train: order[:train:train], Test: order[train:]}, nil
}

// Fold is one division of a Dataset for cross-validation: row indices for Subset.
type Fold struct {
	Train, Test []int
}

// ShuffleSplit divides the rows of d anew n times, as scikit-learn's ShuffleSplit does, or StratifiedShuffleSplit where
// cfg.Stratify is set. A tenth of the rows is for the test if cfg gives no size.
func ShuffleSplit(d *Dataset, n int, cfg SplitConfig) ([]Fold, error) {
	if n < 1 {
		return nil, fmt.Errorf("mlp: ShuffleSplit: n is %d, want at least 1 split", n)
	}
	if cfg.NoShuffle {
		return nil, errors.New("mlp: ShuffleSplit: NoShuffle is set, want a shuffle")
	}
	classes, err := stratify(d, cfg.Stratify)
	if err != nil {
		return nil, err
	}
	folds, err := shuffledFolds(d.Rows(), classes, n, cfg, 0.1)
	if err != nil {
		return nil, fmt.Errorf("mlp: ShuffleSplit: %w", err)
	}
	return folds, nil
}

// shuffledFolds divides the rows n times with one generator; classes, unless nil, are those to stratify by.
func shuffledFolds(rows int, classes [][]int, n int, cfg SplitConfig, testSize float64) ([]Fold, error) {
	train, test, err := splitSizes(rows, cfg, testSize)
	if err != nil {
		return nil, err
	}
	for _, class := range classes {
		if len(class) < 2 {
			return nil, fmt.Errorf("row %d is the only one of its class, want at least 2 to stratify", class[0])
		}
	}
	if train < len(classes) || test < len(classes) {
		return nil, fmt.Errorf("%d rows to train on and %d to test on, want at least one for each of %d classes to stratify",
			train, test, len(classes))
	}
	r := NewRandomState(cfg.RandomState)
	folds := make([]Fold, n)
	for i := range folds {
		if classes != nil {
			folds[i] = stratifiedFold(r, classes, train, test)
		} else {
			p := r.Permutation(rows)
			folds[i] = Fold{Train: p[test : test+train], Test: p[:test:test]}
		}
	}
	return folds, nil
}

// splitSizes returns the number of rows of each side; testSize is the test's fraction if cfg gives no size at all.
func splitSizes(rows int, cfg SplitConfig, testSize float64) (train, test int, err error) {
	testOpen, trainOpen := cfg.TestSize == 0 && cfg.TestCount == 0, cfg.TrainSize == 0 && cfg.TrainCount == 0
	if testOpen && trainOpen {
		cfg.TestSize, testOpen = testSize, false
	}
	if test, err = sideSize("Test", cfg.TestSize, cfg.TestCount, rows, math.Ceil); err != nil {
		return 0, 0, err
	}
	if train, err = sideSize("Train", cfg.TrainSize, cfg.TrainCount, rows, math.Floor); err != nil {
		return 0, 0, err
	}
	switch {
	case trainOpen:
		train = rows - test
	case testOpen:
		test = rows - train
	}
	switch {
	case train < 1 || test < 1:
		return 0, 0, fmt.Errorf("%d of %d rows to train on and %d to test on, want at least one each", train, rows, test)
	case train+test > rows || cfg.TrainSize+cfg.TestSize > 1:
		return 0, 0, fmt.Errorf("%d rows to train on and %d to test on are more than all %d rows", train, test, rows)
	}
	return train, test, nil
}

// sideSize returns the number of rows of one side, or 0 if it is left open.
func sideSize(side string, fraction float64, count, rows int, round func(float64) float64) (int, error) {
	switch {
	case fraction != 0 && count != 0:
		return 0, fmt.Errorf("%sSize is %v and %sCount is %d, want only one of them", side, fraction, side, count)
	case fraction != 0 && !(fraction > 0 && fraction < 1):
		return 0, fmt.Errorf("%sSize is %v, want a fraction between 0 and 1", side, fraction)
	case count != 0 && (count < 1 || count >= rows):
		return 0, fmt.Errorf("%sCount is %d, want at least 1 and fewer than all %d rows", side, count, rows)
	case fraction != 0:
		return int(round(fraction * float64(rows))), nil
	}
	return count, nil
}

// stratifiedFold divides each class by itself; classes holds their rows.
func stratifiedFold(r *RandomState, classes [][]int, train, test int) Fold {
	counts := make([]int, len(classes))
	for c, rows := range classes {
		counts[c] = len(rows)
	}
	trainCounts := approximateMode(r, counts, train)
	for c := range counts {
		counts[c] -= trainCounts[c]
	}
	testCounts := approximateMode(r, counts, test)

	fold := Fold{Train: make([]int, 0, train), Test: make([]int, 0, test)}
	for c, rows := range classes {
		p := gather(rows, 1, r.Permutation(len(rows)))
		fold.Train = append(fold.Train, p[:trainCounts[c]]...)
		fold.Test = append(fold.Test, p[trainCounts[c]:][:testCounts[c]]...)
	}
	fold.Train = gather(fold.Train, 1, r.Permutation(train))
	fold.Test = gather(fold.Test, 1, r.Permutation(test))
	return fold
}

// approximateMode divides draws among classes in proportion to their counts: what rounding down leaves over goes to the
// largest remainders, and among equal remainders to classes that r chooses.
func approximateMode(r *RandomState, counts []int, draws int) []int {
	total := 0
	for _, n := range counts {
		total += n
	}
	mode, left := make([]int, len(counts)), draws
	remainders := make([]float64, len(counts))
	for c, n := range counts {
		share := float64(float64(n) / float64(total) * float64(draws))
		mode[c] = int(share)
		remainders[c] = share - float64(mode[c])
		left -= mode[c]
	}
	distinct := slices.Clone(remainders)
	slices.Sort(distinct)
	distinct = slices.Compact(distinct)
	for i := len(distinct) - 1; i >= 0 && left > 0; i-- {
		var tied []int
		for c, v := range remainders {
			if v == distinct[i] {
				tied = append(tied, c)
			}
		}
		// Even where all of them get one more, scikit-learn draws their order.
		for _, k := range r.Permutation(len(tied))[:min(len(tied), left)] {
			mode[tied[k]]++
			left--
		}
	}
	return mode
}

// FoldConfig says how KFold divides rows; its fields are those of scikit-learn's KFold and StratifiedKFold.
type FoldConfig struct {
	Folds       int    // number of folds, at least 2; 0 means 5
	Shuffle     bool   // give rows to folds in a random order, not in their own
	Stratify    bool   // give each fold each class in the proportion of all rows
	RandomState uint32 // seed of Shuffle
}

// defaultFolds is the number of folds where a config leaves it open.
const defaultFolds = 5

// KFold divides the rows of d into folds of equal size, one row more or less, each of which is the test once; it gives
// the very rows that scikit-learn's KFold does, or StratifiedKFold where cfg.Stratify is set. Indices are in rising
// order. It is an error if there are more folds than rows; with Stratify, if no class has a row for every fold.
func KFold(d *Dataset, cfg FoldConfig) ([]Fold, error) {
	if cfg.Folds == 0 {
		cfg.Folds = defaultFolds
	}
	rows := d.Rows()
	if cfg.Folds < 2 || cfg.Folds > rows {
		return nil, fmt.Errorf("mlp: KFold: Folds is %d, want at least 2 and at most all %d rows", cfg.Folds, rows)
	}
	classes, err := stratify(d, cfg.Stratify)
	if err != nil {
		return nil, err
	}
	var testFold []int // of each row
	if classes == nil {
		testFold = blockFolds(rows, cfg)
	} else if testFold, err = stratifiedFolds(rows, classes, cfg); err != nil {
		return nil, fmt.Errorf("mlp: KFold: %w", err)
	}
	return foldsOf(testFold, cfg.Folds), nil
}

// foldsOf returns n folds, by the number of that which each row is tested in. Indices are in rising order.
func foldsOf(testFold []int, n int) []Fold {
	folds := make([]Fold, n)
	for row, test := range testFold {
		for k := range folds {
			if k == test {
				folds[k].Test = append(folds[k].Test, row)
			} else {
				folds[k].Train = append(folds[k].Train, row)
			}
		}
	}
	return folds
}

// blockFolds returns the fold that each row is tested in: blocks of the rows' order, the first ones larger by one.
func blockFolds(rows int, cfg FoldConfig) []int {
	fold := make([]int, rows)
	size, larger := rows/cfg.Folds, rows%cfg.Folds
	for i, row := range rowOrder(NewRandomState(cfg.RandomState), rows, cfg.Shuffle) {
		if i < larger*(size+1) {
			fold[row] = i / (size + 1)
		} else {
			fold[row] = (i - larger) / size
		}
	}
	return fold
}

// stratifiedFolds returns the fold that each row is tested in. How many rows of a class a fold gets is found by dealing
// out the rows in the order of their classes, which are numbered by first appearance.
func stratifiedFolds(rows int, classes [][]int, cfg FoldConfig) ([]int, error) {
	slices.SortFunc(classes, func(a, b []int) int { return a[0] - b[0] })
	largest := 0
	for _, class := range classes {
		largest = max(largest, len(class))
	}
	if cfg.Folds > largest {
		return nil, fmt.Errorf("%d folds, want at most %d, the rows of the largest class", cfg.Folds, largest)
	}
	r := NewRandomState(cfg.RandomState)
	fold := make([]int, rows)
	dealt := 0
	for _, class := range classes {
		folds := make([]int, 0, len(class)) // one a row of the class
		for range class {
			folds = append(folds, dealt%cfg.Folds)
			dealt++
		}
		slices.Sort(folds)
		for i, k := range rowOrder(r, len(class), cfg.Shuffle) {
			fold[class[i]] = folds[k]
		}
	}
	return fold, nil
}

// rowOrder returns 0 … n-1, shuffled if asked.
func rowOrder(r *RandomState, n int, shuffle bool) []int {
	if shuffle {
		return r.Permutation(n)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// stratify returns the rows of each class that has any, in rising order; the classes are in the order of their indices.
// It returns nil where that is not asked for.
func stratify(d *Dataset, asked bool) ([][]int, error) {
	if !asked {
		return nil, nil
	}
	labels, err := d.Labels()
	if err != nil {
		return nil, err
	}
	classes := make([][]int, len(d.ClassNames))
	for row, class := range labels {
		classes[class] = append(classes[class], row)
	}
	return slices.DeleteFunc(classes, func(rows []int) bool { return len(rows) == 0 }), nil
}

// gather returns the named rows of values [rows, columns], in that order.
func gather[T any](values []T, columns int, rows []int) []T {
	picked := make([]T, 0, len(rows)*columns)
	for _, row := range rows {
		picked = append(picked, values[row*columns:][:columns]...)
	}
	return picked
}
