package mlp

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// CrossValidation says how CrossValidate, LearningCurve and ValidationCurve go about it.
type CrossValidation struct {
	TrainScores bool // score the training rows too; the curves always do
	Workers     int  // trainings at a time, each on one goroutine; 0 means GOMAXPROCS. Scores do not depend on it
}

// CrossScores are the scores that an Estimator's networks got on the folds, each trained on the other rows.
type CrossScores struct {
	Names []string // "loss", which is without penalties, and then the metrics of Estimator.Trainer

	// Test holds the scores on each fold's test rows under each name, Train those on its training rows if they were
	// asked for. The scores of a training that diverged are NaN.
	Test, Train map[string]FoldScores

	FitTime, ScoreTime []time.Duration // of each fold: of preprocessing and training; of scoring its test rows
	Parameters         int             // trainable weights of a network
	Diverged           error           // the first fold's *DivergedError, or nil
}

// FoldScores are scores under one name, one a fold.
type FoldScores []float64

// Mean returns the mean of the folds' scores.
func (s FoldScores) Mean() float64 {
	sum := 0.0
	for _, v := range s {
		sum += v
	}
	return sum / float64(len(s))
}

// Std returns the standard deviation of the folds' scores, of them all and not as a sample: as NumPy's and
// scikit-learn's.
func (s FoldScores) Std() float64 {
	mean, squares := s.Mean(), 0.0
	for _, v := range s {
		squares += float64((v - mean) * (v - mean))
	}
	return math.Sqrt(squares / float64(len(s)))
}

// String returns "0.9600 ± 0.0249": mean and standard deviation.
func (s FoldScores) String() string { return fmt.Sprintf("%.4f ± %.4f", s.Mean(), s.Std()) }

// CrossValidate trains one network for each fold on the fold's training rows, and scores it on its test rows, as
// scikit-learn's cross_validate does. KFold, ShuffleSplit and their like divide the rows of d; a single Fold is a
// hold-out. The Estimator's Scaler, too, sees the training rows alone.
//
// A training that diverges scores NaN; every other error ends it, as does a ctx that is done.
func CrossValidate(
	ctx context.Context, d *Dataset, folds []Fold, build func() (Estimator, error), cfg CrossValidation,
) (*CrossScores, error) {
	if err := checkFolds("CrossValidate", d, folds, cfg.Workers); err != nil {
		return nil, err
	}
	runs := make([]*foldRun, len(folds))
	err := parallel(len(folds), cfg.Workers, func(i int) error {
		e, err := build()
		if err == nil {
			runs[i], err = e.runFold(ctx, d, folds[i], cfg.TrainScores)
		}
		return inFold(err, i)
	})
	if err != nil {
		return nil, err
	}
	return newCrossScores(runs), nil
}

func inFold(err error, i int) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w (fold %d)", err, i)
}

// newCrossScores puts the folds' scores together.
func newCrossScores(runs []*foldRun) *CrossScores {
	c := &CrossScores{Names: runs[0].names, Test: map[string]FoldScores{}, Parameters: runs[0].parameters}
	if runs[0].train != nil {
		c.Train = map[string]FoldScores{}
	}
	for _, r := range runs {
		for _, name := range c.Names {
			c.Test[name] = append(c.Test[name], r.test[name])
			if r.train != nil {
				c.Train[name] = append(c.Train[name], r.train[name])
			}
		}
		c.FitTime, c.ScoreTime = append(c.FitTime, r.fit), append(c.ScoreTime, r.score)
		if c.Diverged == nil {
			c.Diverged = r.diverged
		}
	}
	return c
}

// checkFolds reports folds that are none.
func checkFolds(what string, d *Dataset, folds []Fold, workers int) error {
	if d == nil || d.Rows() == 0 {
		return fmt.Errorf("mlp: %s: the dataset has no rows", what)
	}
	if err := d.validate("dataset", true); err != nil {
		return err
	}
	if len(folds) == 0 {
		return fmt.Errorf("mlp: %s: there are no folds, want at least one", what)
	}
	if workers < 0 {
		return fmt.Errorf("mlp: %s: Workers is %d, want Workers >= 0", what, workers)
	}
	rows := d.Rows()
	for i, fold := range folds {
		if len(fold.Train) == 0 || len(fold.Test) == 0 {
			return fmt.Errorf("mlp: %s: fold %d has %d rows to train on and %d to test on, want at least one each",
				what, i, len(fold.Train), len(fold.Test))
		}
		for _, list := range [][]int{fold.Train, fold.Test} {
			for _, row := range list {
				if row < 0 || row >= rows {
					return fmt.Errorf("mlp: %s: fold %d has row %d, want 0 … %d", what, i, row, rows-1)
				}
			}
		}
	}
	return nil
}

// parallel calls do(0) … do(n-1), begun in this order by so many goroutines, 0 meaning GOMAXPROCS. After an error no
// further call begins; those that have begun come to their end, so that the error of the least i, which is returned,
// does not depend on timing.
func parallel(n, workers int, do func(i int) error) error {
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	errs := make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !failed.Load() {
				i := int(next.Add(1) - 1)
				if i >= n {
					return
				}
				if errs[i] = do(i); errs[i] != nil {
					failed.Store(true)
				}
			}
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
