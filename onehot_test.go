package mlp

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestOneHot(t *testing.T) {
	d := &Dataset{
		X: []float32{1, 2, 3}, Features: 1,
		Y: []float32{2, 0, 2}, Targets: 1, TargetNames: []string{"pet"}, ClassNames: []string{"ant", "bee", "cat"},
	}
	before := d.Clone()
	dense, err := d.OneHot()
	if err != nil {
		t.Fatal(err)
	}
	if want := []float32{0, 0, 1, 1, 0, 0, 0, 0, 1}; dense.Targets != 3 || !slices.Equal(dense.Y, want) {
		t.Errorf("%d targets %v, want 3 targets %v", dense.Targets, dense.Y, want)
	}
	if !slices.Equal(dense.ClassNames, d.ClassNames) || !slices.Equal(dense.TargetNames, d.ClassNames) {
		t.Errorf("classes %v, targets %v", dense.ClassNames, dense.TargetNames)
	}
	if err := dense.Validate(); err != nil {
		t.Error(err)
	}
	for _, d := range []*Dataset{d, dense} {
		if labels, err := d.Labels(); err != nil || !slices.Equal(labels, []int{2, 0, 2}) {
			t.Errorf("labels %v, %v", labels, err)
		}
	}
	dense.X[0], dense.ClassNames[0] = 9, "x"
	if !reflect.DeepEqual(d, before) {
		t.Error("OneHot shares memory with the dataset")
	}
}

func TestLabelsTie(t *testing.T) {
	d := &Dataset{X: []float32{1, 2}, Features: 1, Y: []float32{0.1, 0.4, 0.4, 0, 0, 0}, Targets: 3, ClassNames: []string{"a", "b", "c"}}
	if labels, err := d.Labels(); err != nil || !slices.Equal(labels, []int{1, 0}) {
		t.Errorf("labels %v, %v, want the first of the greatest", labels, err)
	}
}

func TestOneHotErrors(t *testing.T) {
	names := []string{"a", "b"}
	for name, test := range map[string]struct {
		d    Dataset
		want string
	}{
		"no classes":     {Dataset{X: []float32{1}, Features: 1, Y: []float32{1}, Targets: 1}, "0 ClassNames"},
		"no targets":     {Dataset{X: []float32{1}, Features: 1, ClassNames: names}, "0 columns"},
		"dense already":  {Dataset{X: []float32{1}, Features: 1, Y: []float32{0, 1}, Targets: 2, ClassNames: names}, "2 columns"},
		"no class index": {Dataset{X: []float32{1}, Features: 1, Y: []float32{2}, Targets: 1, ClassNames: names}, "2 is not a class index"},
		"fraction":       {Dataset{X: []float32{1}, Features: 1, Y: []float32{0.5}, Targets: 1, ClassNames: names}, "0.5 is not a class index"},
		"missing rows":   {Dataset{X: []float32{1, 2}, Features: 1, Y: []float32{0}, Targets: 1, ClassNames: names}, "Y has 1 values"},
	} {
		if _, err := test.d.OneHot(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
}
