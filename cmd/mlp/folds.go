package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// crossValidate trains a network for each fold of the rows that are not for the test, and prints the scores on what it
// did not see.
func (c *trainCommand) crossValidate(w *workplace) error {
	st, err := c.study(w.samples, c.Folds)
	if err != nil {
		return err
	}
	fit, err := c.fitConfig(w)
	if err != nil {
		return err
	}
	fit.ValidationData, fit.Checkpoint = nil, mlp.Checkpoint{}
	rows := len(st.folds[0].Train)
	if c.Patience > 0 || c.Plateau != "" { // which want rows to look at, and not those of the fold
		fit.ValidationSplit = c.Validation
		rows = int(float64(rows) * (1 - c.Validation))
	}
	schedule, err := c.schedule(rows)
	if err != nil {
		return err
	}
	ctx, release := interruptible()
	defer release()
	scores, err := mlp.CrossValidate(ctx, st.parts.train, st.folds, func() (mlp.Estimator, error) {
		f := fit
		if c.Patience > 0 {
			f.Callbacks = append(f.Callbacks, &mlp.EarlyStopping{
				Monitor: c.Monitor, Patience: c.Patience, MinDelta: c.MinDelta, RestoreBestWeights: c.RestoreBest,
			})
		}
		if c.Plateau != "" {
			plateau, err := c.Plateau.build(c.Monitor)
			if err != nil {
				return mlp.Estimator{}, err
			}
			f.Callbacks = append(f.Callbacks, plateau)
		}
		return st.estimator(&c.setup, schedule, f)
	}, mlp.CrossValidation{})
	if err != nil {
		return tellInterrupted(err)
	}
	fmt.Printf("Cross-validation: %d folds of the %d rows that are not for the test\n", c.Folds, st.parts.train.Rows())
	printFolds(scores)
	fmt.Println()
	return nil
}

// printFolds prints a line a fold, and then means and deviations.
func printFolds(s *mlp.CrossScores) {
	table := [][]string{append([]string{"fold"}, s.Names...)}
	for i := range s.FitTime {
		row := []string{strconv.Itoa(i + 1)}
		for _, name := range s.Names {
			row = append(row, foldScore(s.Test[name][i], s.Test[name].Mean()))
		}
		table = append(table, row)
	}
	mean := []string{"mean ± std"}
	for _, name := range s.Names {
		mean = append(mean, meanAndDeviation(s.Test[name]))
	}
	printAligned(os.Stdout, append(table, mean))
	if s.Diverged != nil {
		fmt.Println(strings.TrimPrefix(s.Diverged.Error(), "mlp: "))
	}
}
