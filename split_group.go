package mlp

import (
	"errors"
	"fmt"
	"slices"
)

// GroupKFold divides the rows of d as KFold does, but keeps each group together: its rows are all trained on or all
// tested on, as the visits of one patient must be. groups tells the group of each row. It gives the very rows that
// scikit-learn's GroupKFold does: folds of as equal a size as the largest groups allow or, with Shuffle, of as equal a
// number of groups. It is an error if there are fewer groups than folds; cfg.Stratify is not for groups.
func GroupKFold(d *Dataset, groups []int, cfg FoldConfig) ([]Fold, error) {
	if cfg.Folds == 0 {
		cfg.Folds = defaultFolds
	}
	names, index, err := groupRows(d, groups)
	switch {
	case err != nil:
		return nil, fmt.Errorf("mlp: GroupKFold: %w", err)
	case cfg.Stratify:
		return nil, errors.New("mlp: GroupKFold: Stratify is set, want no classes beside the groups")
	case cfg.Folds < 2 || cfg.Folds > len(names):
		return nil, fmt.Errorf("mlp: GroupKFold: Folds is %d, want at least 2 and at most all %d groups", cfg.Folds, len(names))
	}
	var testFold []int // of each group
	if cfg.Shuffle {
		testFold = blockFolds(len(names), cfg)
	} else {
		testFold = balancedFolds(len(names), index, cfg.Folds)
	}
	return foldsOf(gather(testFold, 1, index), cfg.Folds), nil
}

// balancedFolds returns the fold of each group: from the largest on, each goes to the fold with the fewest rows.
func balancedFolds(groups int, index []int, folds int) []int {
	sizes := make([]int, groups)
	for _, group := range index {
		sizes[group]++
	}
	order := rowOrder(nil, groups, false)
	slices.SortFunc(order, func(a, b int) int {
		if sizes[a] != sizes[b] {
			return sizes[b] - sizes[a]
		}
		return b - a // as scikit-learn, which reverses a stable order
	})
	fold, rows := make([]int, groups), make([]int, folds)
	for _, group := range order {
		lightest := slices.Index(rows, slices.Min(rows))
		fold[group] = lightest
		rows[lightest] += sizes[group]
	}
	return fold
}

// GroupShuffleSplit divides the groups of d's rows anew n times, as scikit-learn's GroupShuffleSplit does. groups tells
// the group of each row; sizes in cfg are of groups, not of rows. A fifth of the groups is for the test if cfg gives no
// size. Indices are in rising order.
func GroupShuffleSplit(d *Dataset, groups []int, n int, cfg SplitConfig) ([]Fold, error) {
	names, index, err := groupRows(d, groups)
	switch {
	case err != nil:
		return nil, fmt.Errorf("mlp: GroupShuffleSplit: %w", err)
	case n < 1:
		return nil, fmt.Errorf("mlp: GroupShuffleSplit: n is %d, want at least 1 split", n)
	case cfg.NoShuffle || cfg.Stratify:
		return nil, errors.New("mlp: GroupShuffleSplit: NoShuffle or Stratify is set, want neither")
	}
	folds, err := shuffledFolds(len(names), nil, n, cfg, 0.2)
	if err != nil {
		return nil, fmt.Errorf("mlp: GroupShuffleSplit: of groups: %w", err)
	}
	for i, fold := range folds {
		folds[i].Train = rowsOfGroups(index, fold.Train, len(names))
		folds[i].Test = rowsOfGroups(index, fold.Test, len(names))
	}
	return folds, nil
}

// groupRows returns the distinct groups in rising order, and the place among them of each row's.
func groupRows(d *Dataset, groups []int) (names, index []int, err error) {
	if len(groups) != d.Rows() {
		return nil, nil, fmt.Errorf("%d groups, want one for each of %d rows", len(groups), d.Rows())
	}
	names = distinct(groups)
	place := labelIndex(names)
	for _, group := range groups {
		index = append(index, place[group])
	}
	return names, index, nil
}

// rowsOfGroups returns the rows whose group, of n, is chosen.
func rowsOfGroups(index, chosen []int, n int) (rows []int) {
	isChosen := make([]bool, n)
	for _, group := range chosen {
		isChosen[group] = true
	}
	for row, group := range index {
		if isChosen[group] {
			rows = append(rows, row)
		}
	}
	return rows
}
