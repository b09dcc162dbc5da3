package mlp

import (
	"errors"
	"fmt"
	"math"
)

// BalancedClassWeights returns the ClassWeights of a FitConfig by which every class weighs the same in all: the number of rows over
// classes·rows of the class, scikit-learn's class_weight="balanced". Sample weights do not count.
//
// The classes are those of ClassNames or, without them, 0 up to the largest label; of several target columns, one a class, the largest
// in each row. A class without rows is an error: there is nothing to weigh.
func BalancedClassWeights(d *Dataset) (map[int]float64, error) {
	weights, err := balancedClassWeights(d)
	if err != nil {
		return nil, fmt.Errorf("mlp: BalancedClassWeights: %w", err)
	}
	return weights, nil
}

func balancedClassWeights(d *Dataset) (map[int]float64, error) {
	if d == nil || d.Rows() == 0 {
		return nil, errors.New("the data set has no rows")
	}
	if d.Targets < 1 {
		return nil, errors.New("the data set has no targets")
	}
	if err := d.checkLengths("data"); err != nil {
		return nil, err
	}
	most := math.MaxInt32
	if len(d.ClassNames) > 0 {
		most = len(d.ClassNames)
	}
	classes := max(d.Targets, len(d.ClassNames))
	counts := map[int]int{}
	for r := range d.Rows() {
		class := classOf(d.Y[r*d.Targets:][:d.Targets], most)
		if class < 0 {
			return nil, fmt.Errorf("row %d has label %v, want a class index", r, d.Y[r*d.Targets])
		}
		counts[class]++
		classes = max(classes, class+1)
	}
	weights := map[int]float64{}
	for class := range classes {
		if counts[class] == 0 {
			name := ""
			if class < len(d.ClassNames) {
				name = fmt.Sprintf(" (%q)", d.ClassNames[class])
			}
			return nil, fmt.Errorf("class %d%s has no row, want at least one of each class", class, name)
		}
		weights[class] = float64(d.Rows()) / (float64(classes) * float64(counts[class]))
	}
	return weights, nil
}
