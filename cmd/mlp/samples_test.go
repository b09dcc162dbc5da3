package main

import (
	"math"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

func TestAreClasses(t *testing.T) {
	for _, test := range []struct {
		labels []string
		want   bool
	}{
		{[]string{"setosa", "virginica"}, true},
		{[]string{"1", "2", "three"}, true},
		{[]string{"0", "1"}, true},
		{[]string{"-1", "1"}, true},
		{[]string{"0", "1", "2"}, true},
		{[]string{"3", "1", "2"}, true},
		{[]string{"3", "4", "5"}, false},
		{[]string{"0", "1", "3"}, false},
		{[]string{"0.5", "1.5", "2.5"}, false},
		{[]string{"21.5", "30", "17.25"}, false},
	} {
		if got := areClasses(test.labels); got != test.want {
			t.Errorf("areClasses(%q) is %v", test.labels, got)
		}
	}
}

// TestSplit makes sure that neither validation nor test leaks into the scaling.
func TestSplit(t *testing.T) {
	const rows = 100
	d := &mlp.Dataset{Features: 1, Targets: 1}
	for i := range rows {
		d.X, d.Y = append(d.X, float32(i)), append(d.Y, float32(10*i))
	}
	p, err := samples{Dataset: d}.split(0.2, 0.25, 42)
	if err != nil {
		t.Fatal(err)
	}
	if p.train.Rows() != 60 || p.validation.Rows() != 20 || p.test.Rows() != 20 {
		t.Fatalf("%d, %d and %d rows, want 60, 20 and 20", p.train.Rows(), p.validation.Rows(), p.test.Rows())
	}
	mean, seen := 0.0, map[float32]bool{}
	for _, v := range p.train.X {
		mean += float64(v) / 60
	}
	for _, part := range []*mlp.Dataset{p.train, p.validation, p.test} {
		for _, v := range part.X {
			seen[v] = true
		}
	}
	if len(seen) != rows {
		t.Errorf("the parts have %d different rows, want %d", len(seen), rows)
	}
	scaler, err := samples{Dataset: d}.pipeline("standard", "mean", p.train)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.preprocess(scaler); err != nil {
		t.Fatal(err)
	}
	if got := scaler.(*mlp.StandardScaler).Mean[0]; math.Abs(got-mean) > 1e-9 {
		t.Errorf("the scaler's mean is %v, that of the rows to train %v", got, mean)
	}
	test := p.test.Clone()
	targets, err := p.targetScaler()
	if err == nil {
		err = p.scaleTargets(targets)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := targets.Mean[0]; math.Abs(got-10*mean) > 1e-9 {
		t.Errorf("the targets' mean is %v, that of the rows to train %v", got, 10*mean)
	}
	for i, v := range p.test.Y {
		if v != test.Y[i] {
			t.Fatal("the test's targets are scaled")
		}
	}
}

// TestUnscaleOutputs compares a network with scaled outputs with one that has taken the scale in.
func TestUnscaleOutputs(t *testing.T) {
	n, err := mlp.New(2, mlp.Dense{Units: 5, Activation: mlp.Tanh}, mlp.Dense{Units: 2})
	if err != nil {
		t.Fatal(err)
	}
	x := []float32{1, 2, -3, 4}
	before, err := n.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	scaler := &mlp.StandardScaler{Mean: []float64{1000, -3}, Scale: []float64{50, 0.5}}
	if err := unscaleOutputs(n, scaler); err != nil {
		t.Fatal(err)
	}
	after, err := n.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range before {
		j := i % 2
		if want := float64(v)*scaler.Scale[j] + scaler.Mean[j]; math.Abs(float64(after[i])-want) > 1e-6*math.Abs(want)+1e-6 {
			t.Errorf("output %d: %v, want %v", i, after[i], want)
		}
	}
}
