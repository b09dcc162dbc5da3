package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// imputeFlag says what stands in for missing numbers: "mean", or "constant=-1".
type imputeFlag string

// Validate implements kong's interface.
func (f imputeFlag) Validate() error {
	_, err := f.build()
	return err
}

// build returns the imputer, not yet fitted.
func (f imputeFlag) build() (*mlp.SimpleImputer, error) {
	name, value, valued := strings.Cut(string(f), "=")
	if name == "constant" {
		v, err := strconv.ParseFloat(value, 32)
		if err != nil || v-v != 0 {
			return nil, fmt.Errorf("constant is %q, want a number, as in constant=-1", value)
		}
		return &mlp.SimpleImputer{Strategy: mlp.ImputeConstant, FillValue: v}, nil
	}
	strategies := map[string]mlp.ImputeStrategy{
		"mean": mlp.ImputeMean, "median": mlp.ImputeMedian, "most-frequent": mlp.ImputeMostFrequent,
	}
	strategy, ok := strategies[name]
	if !ok || valued {
		return nil, unknown("way to impute", string(f), []string{"mean", "median", "most-frequent", "constant=NUMBER"})
	}
	return &mlp.SimpleImputer{Strategy: strategy}, nil
}

// text tells what stands in for a missing number.
func (f imputeFlag) text() string {
	if _, value, ok := strings.Cut(string(f), "="); ok {
		return value
	}
	return fmt.Sprintf("the %s of its column", strings.ReplaceAll(string(f), "most-frequent", "most frequent number"))
}
