package mlp

import "fmt"

// TimeSeriesConfig says how TimeSeriesSplit divides rows; its fields are those of scikit-learn's TimeSeriesSplit.
type TimeSeriesConfig struct {
	Folds     int // number of folds, at least 2; 0 means 5
	TestCount int // rows to test on in each; 0 means all rows over Folds+1
	MaxTrain  int // rows to train on at most, the last ones before the test; 0 means no limit
	Gap       int // rows between those and the test that are left out
}

// TimeSeriesSplit divides rows that stand in the order of time: each fold is tested on rows that follow those it is
// trained on, and the next one on the rows after these, up to the last. It is an error if there are too few rows for
// the first fold.
func TimeSeriesSplit(d *Dataset, cfg TimeSeriesConfig) ([]Fold, error) {
	if cfg.Folds == 0 {
		cfg.Folds = defaultFolds
	}
	rows := d.Rows()
	switch {
	case cfg.Folds < 2 || cfg.Folds >= rows:
		return nil, fmt.Errorf("mlp: TimeSeriesSplit: Folds is %d, want at least 2 and fewer than all %d rows", cfg.Folds, rows)
	case cfg.TestCount < 0 || cfg.MaxTrain < 0 || cfg.Gap < 0:
		return nil, fmt.Errorf("mlp: TimeSeriesSplit: TestCount is %d, MaxTrain %d and Gap %d, want 0 or more", cfg.TestCount,
			cfg.MaxTrain, cfg.Gap)
	}
	test := cfg.TestCount
	if test == 0 {
		test = rows / (cfg.Folds + 1)
	}
	if test > rows/cfg.Folds || cfg.Gap >= rows-test*cfg.Folds {
		return nil, fmt.Errorf("mlp: TimeSeriesSplit: %d folds of %d rows to test on and a gap of %d leave none of %d rows",
			cfg.Folds, test, cfg.Gap, rows)
	}
	order := rowOrder(nil, rows, false)
	folds := make([]Fold, cfg.Folds)
	for i := range folds {
		start := rows - (cfg.Folds-i)*test
		end, first := start-cfg.Gap, 0
		if cfg.MaxTrain > 0 {
			first = max(first, end-cfg.MaxTrain)
		}
		folds[i] = Fold{Train: order[first:end:end], Test: order[start : start+test : start+test]}
	}
	return folds, nil
}
