package mlp

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// weightedRows returns rows that are numbered by their one feature and weight, of the classes given.
func weightedRows(classes ...float32) *Dataset {
	d := &Dataset{Features: 1, Targets: 1, Y: classes, ClassNames: []string{"a", "b", "c"}}
	for i := range classes {
		d.X = append(d.X, float32(i))
		d.SampleWeights = append(d.SampleWeights, float32(i))
	}
	return d
}

func TestTrainTestSplitKeepsRowsTogether(t *testing.T) {
	d := weightedRows(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2)
	for _, cfg := range []SplitConfig{{}, {NoShuffle: true}, {Stratify: true}, {TestCount: 5, TrainCount: 4}} {
		train, test, err := TrainTestSplit(d, cfg)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[float32]bool{}
		for _, part := range []*Dataset{train, test} {
			if err := part.Validate(); err != nil {
				t.Error(err)
			}
			for i, x := range part.X {
				if part.Y[i] != d.Y[int(x)] || part.SampleWeights[i] != x {
					t.Errorf("%+v: row %v has target %v and weight %v", cfg, x, part.Y[i], part.SampleWeights[i])
				}
				if seen[x] {
					t.Errorf("%+v: row %v comes twice", cfg, x)
				}
				seen[x] = true
			}
		}
		want := 12
		if cfg.TestCount != 0 {
			want = cfg.TestCount + cfg.TrainCount
		}
		if len(seen) != want {
			t.Errorf("%+v: %d rows, want %d", cfg, len(seen), want)
		}
	}
}

func TestTrainTestSplitOneHot(t *testing.T) {
	d := weightedRows(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2)
	dense, err := d.OneHot()
	if err != nil {
		t.Fatal(err)
	}
	cfg := SplitConfig{TestCount: 6, Stratify: true, RandomState: 3}
	want, _, err := TrainTestSplit(d, cfg)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := TrainTestSplit(dense, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.X, want.X) {
		t.Errorf("one-hot targets give the rows %v, class indices %v", got.X, want.X)
	}
}

func TestSplitErrors(t *testing.T) {
	d := weightedRows(0, 0, 0, 1, 1, 1, 2, 2, 2)
	alone := weightedRows(0, 0, 0, 1)
	unlabelled := &Dataset{Features: 1, X: []float32{1, 2, 3, 4}}
	split := func(d *Dataset, cfg SplitConfig) error {
		_, _, err := TrainTestSplit(d, cfg)
		return err
	}
	shuffled := func(n int, cfg SplitConfig) error {
		_, err := ShuffleSplit(d, n, cfg)
		return err
	}
	fold := func(cfg FoldConfig) error {
		_, err := KFold(d, cfg)
		return err
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"fraction of 1":        {split(d, SplitConfig{TestSize: 1}), "TestSize is 1"},
		"negative fraction":    {split(d, SplitConfig{TrainSize: -0.1}), "TrainSize is -0.1"},
		"NaN":                  {split(d, SplitConfig{TestSize: math.NaN()}), "TestSize is NaN"},
		"negative count":       {split(d, SplitConfig{TrainCount: -1}), "TrainCount is -1"},
		"all rows":             {split(d, SplitConfig{TestCount: 9}), "TestCount is 9"},
		"both sizes of a side": {split(d, SplitConfig{TestCount: 3, TestSize: 0.5}), "only one"},
		"more than all":        {split(d, SplitConfig{TestSize: 0.6, TrainCount: 5}), "more than all 9"},
		"more than 1":          {split(d, SplitConfig{TestSize: 0.4, TrainSize: 0.6000001}), "more than all 9"},
		"nothing to train on":  {split(d, SplitConfig{TrainSize: 0.01}), "0 of 9 rows"},
		"no rows":              {split(&Dataset{Features: 1}, SplitConfig{}), "0 of 0 rows"},
		"stratified in order":  {split(d, SplitConfig{NoShuffle: true, Stratify: true}), "NoShuffle"},
		"a class of one":       {split(alone, SplitConfig{TestCount: 2, Stratify: true}), "row 3 is the only one"},
		"too few to stratify":  {split(d, SplitConfig{TestCount: 2, Stratify: true}), "3 classes"},
		"no classes":           {split(unlabelled, SplitConfig{Stratify: true}), "ClassNames"},
		"broken dataset":       {split(&Dataset{Features: 1, Targets: 1, X: make([]float32, 4)}, SplitConfig{}), "Y has 0 values"},
		"no splits":            {shuffled(0, SplitConfig{}), "n is 0"},
		"splits in order":      {shuffled(1, SplitConfig{NoShuffle: true}), "NoShuffle"},
		"a bad size":           {shuffled(1, SplitConfig{TestSize: 2}), "TestSize is 2"},
		"one fold":             {fold(FoldConfig{Folds: 1}), "Folds is 1"},
		"too many folds":       {fold(FoldConfig{Folds: 10}), "Folds is 10"},
		"no class for 4 folds": {fold(FoldConfig{Folds: 4, Stratify: true}), "at most 3"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || strings.Count(test.err.Error(), "mlp: ") != 1 {
			t.Errorf("%s: error %v, want one with %q", name, test.err, test.want)
		}
	}
}

func TestKFoldDefaults(t *testing.T) {
	folds, err := KFold(weightedRows(make([]float32, 12)...), FoldConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var tested []int
	for _, fold := range folds {
		tested = append(tested, fold.Test...)
		if len(fold.Train)+len(fold.Test) != 12 {
			t.Errorf("a fold of %d and %d rows", len(fold.Train), len(fold.Test))
		}
	}
	if want := rowOrder(nil, 12, false); len(folds) != 5 || !slices.Equal(tested, want) {
		t.Errorf("%d folds that test %v", len(folds), tested)
	}
}
