package mlp

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

// The expected rows of this file are scikit-learn 1.9.1's.

var rowGroups = []int{3, 3, 1, 1, 1, 2, 5, 5, 4, 4, 4, 4}

func TestGroupAndTimeSplits(t *testing.T) {
	d := numberedRows(12, nil)
	folds := func(f []Fold, err error) []Fold {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for name, test := range map[string]struct{ got, want []Fold }{
		"GroupKFold": {folds(GroupKFold(d, rowGroups, FoldConfig{Folds: 3})), []Fold{
			{[]int{0, 1, 2, 3, 4, 5, 6, 7}, []int{8, 9, 10, 11}},
			{[]int{0, 1, 6, 7, 8, 9, 10, 11}, []int{2, 3, 4, 5}},
			{[]int{2, 3, 4, 5, 8, 9, 10, 11}, []int{0, 1, 6, 7}},
		}},
		"GroupKFold, shuffled": {folds(GroupKFold(d, rowGroups, FoldConfig{Folds: 3, Shuffle: true, RandomState: 4})), []Fold{
			{[]int{0, 1, 5, 6, 7}, []int{2, 3, 4, 8, 9, 10, 11}},
			{[]int{0, 1, 2, 3, 4, 8, 9, 10, 11}, []int{5, 6, 7}},
			{[]int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, []int{0, 1}},
		}},
		"GroupShuffleSplit": {folds(GroupShuffleSplit(d, rowGroups, 2, SplitConfig{RandomState: 4})), []Fold{
			{[]int{0, 1, 5, 6, 7, 8, 9, 10, 11}, []int{2, 3, 4}},
			{[]int{0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11}, []int{5}},
		}},
		"GroupShuffleSplit, sizes": {folds(GroupShuffleSplit(d, rowGroups, 2, SplitConfig{TestSize: 0.4, TrainCount: 2, RandomState: 1})), []Fold{
			{[]int{2, 3, 4, 6, 7}, []int{0, 1, 5}},
			{[]int{6, 7, 8, 9, 10, 11}, []int{0, 1, 2, 3, 4}},
		}},
		"TimeSeriesSplit": {folds(TimeSeriesSplit(numberedRows(10, nil), TimeSeriesConfig{Folds: 3})), []Fold{
			{[]int{0, 1, 2, 3}, []int{4, 5}},
			{[]int{0, 1, 2, 3, 4, 5}, []int{6, 7}},
			{[]int{0, 1, 2, 3, 4, 5, 6, 7}, []int{8, 9}},
		}},
		"TimeSeriesSplit, sizes": {folds(TimeSeriesSplit(d, TimeSeriesConfig{Folds: 3, TestCount: 2, Gap: 1, MaxTrain: 3})), []Fold{
			{[]int{2, 3, 4}, []int{6, 7}},
			{[]int{4, 5, 6}, []int{8, 9}},
			{[]int{6, 7, 8}, []int{10, 11}},
		}},
	} {
		if !reflect.DeepEqual(test.got, test.want) {
			t.Errorf("%s: %v, want %v", name, test.got, test.want)
		}
	}
	if got := folds(TimeSeriesSplit(d, TimeSeriesConfig{})); len(got) != 5 || len(got[0].Train) != 2 {
		t.Errorf("TimeSeriesSplit's defaults: %v", got)
	}
}

func TestGroupAndTimeSplitErrors(t *testing.T) {
	d := numberedRows(12, nil)
	of := func(_ []Fold, err error) error { return err }
	for _, test := range []struct {
		err  error
		want string
	}{
		{of(GroupKFold(d, rowGroups[1:], FoldConfig{})), "GroupKFold: 11 groups, want one for each of 12 rows"},
		{of(GroupKFold(d, rowGroups, FoldConfig{Folds: 6})), "Folds is 6, want at least 2 and at most all 5 groups"},
		{of(GroupKFold(d, rowGroups, FoldConfig{Folds: 1})), "Folds is 1"},
		{of(GroupKFold(d, rowGroups, FoldConfig{Stratify: true})), "Stratify is set"},
		{of(GroupShuffleSplit(d, nil, 1, SplitConfig{})), "GroupShuffleSplit: 0 groups"},
		{of(GroupShuffleSplit(d, rowGroups, 0, SplitConfig{})), "n is 0"},
		{of(GroupShuffleSplit(d, rowGroups, 1, SplitConfig{NoShuffle: true})), "NoShuffle or Stratify is set"},
		{of(GroupShuffleSplit(d, rowGroups, 1, SplitConfig{TestCount: 5})), "of groups: TestCount is 5"},
		{of(TimeSeriesSplit(d, TimeSeriesConfig{Folds: 12})), "Folds is 12"},
		{of(TimeSeriesSplit(d, TimeSeriesConfig{Folds: -1})), "Folds is -1"},
		{of(TimeSeriesSplit(d, TimeSeriesConfig{Gap: -1})), "Gap -1"},
		{of(TimeSeriesSplit(d, TimeSeriesConfig{Folds: 3, TestCount: 4})), "3 folds of 4 rows to test on and a gap of 0 leave none"},
		{of(TimeSeriesSplit(d, TimeSeriesConfig{Folds: 3, TestCount: 3, Gap: 3})), "leave none of 12 rows"},
		{of(TimeSeriesSplit(d, TimeSeriesConfig{TestCount: math.MaxInt})), "leave none"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.HasPrefix(test.err.Error(), "mlp: ") {
			t.Errorf("error %v, want one with %q", test.err, test.want)
		}
	}
}
