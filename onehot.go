package mlp

import (
	"fmt"
	"slices"
)

// OneHot returns a copy of d whose Y has one column a class, 1 in the column of the row's class and 0 elsewhere. Y must
// hold indices of ClassNames, which stay and name the new columns too.
func (d *Dataset) OneHot() (*Dataset, error) {
	if d.Targets != 1 {
		return nil, fmt.Errorf("mlp: OneHot: Y has %d columns, want one of class indices", d.Targets)
	}
	labels, err := d.Labels()
	if err != nil {
		return nil, err
	}
	if err := checkTable("one-hot targets", len(labels), len(d.ClassNames)); err != nil {
		return nil, fmt.Errorf("mlp: OneHot: %w", err)
	}
	c := d.Clone()
	c.Targets = len(d.ClassNames)
	c.TargetNames = slices.Clone(d.ClassNames)
	c.Y = make([]float32, len(labels)*c.Targets)
	for row, class := range labels {
		c.Y[row*c.Targets+class] = 1
	}
	return c, nil
}

// Labels returns the class index of each row, whether Y holds class indices or one column a class; of such columns the
// greatest wins, and the first among equals. Without ClassNames there are no classes, which is an error.
func (d *Dataset) Labels() ([]int, error) {
	if len(d.ClassNames) == 0 || d.Targets == 0 {
		return nil, fmt.Errorf("mlp: Labels: the dataset has %d ClassNames and %d targets, so Y holds no classes",
			len(d.ClassNames), d.Targets)
	}
	if err := d.validate("dataset", true); err != nil {
		return nil, err
	}
	labels := make([]int, d.Rows())
	if d.Targets == 1 {
		for row, v := range d.Y {
			labels[row] = int(v)
		}
		return labels, nil
	}
	for row := range labels {
		columns := d.Y[row*d.Targets:][:d.Targets]
		for class, v := range columns {
			if v > columns[labels[row]] {
				labels[row] = class
			}
		}
	}
	return labels, nil
}
