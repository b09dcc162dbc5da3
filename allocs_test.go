package mlp

import (
	"context"
	"testing"
)

// A step of Fit does not allocate, with any option, nor with all of them.
func TestNoAllocationsOptions(t *testing.T) {
	for _, o := range stepOptions() {
		t.Run(o.name, func(t *testing.T) {
			if n := testing.AllocsPerRun(10, o.start(t)); n != 0 {
				t.Errorf("a step allocates %v times", n)
			}
		})
	}
}

// Nor does Fit around it, with class weights and a Monitor: epochs of 40 steps allocate as often as epochs of 4. One allocation a
// step would be 72 more; the runtime's own, under the race detector, are some ten.
func TestNoAllocationsFit(t *testing.T) {
	all := stepOptions()
	o := all[len(all)-1]
	count := func(rows int) float64 {
		d := benchRows(rows, 20, 3)
		d.ClassNames = []string{"a", "b", "c"}
		oneHot, err := d.OneHot()
		if err != nil {
			t.Fatal(err)
		}
		o.cfg.BatchSize = 8
		trainer := mustTrainer(t, mustNew(t, 20, o.layers...), o.cfg)
		return testing.AllocsPerRun(3, func() {
			cfg := FitConfig{Epochs: 2, ClassWeights: map[int]float64{0: 2}, ValidationData: oneHot, Callbacks: []Callback{&Monitor{}}}
			if _, err := trainer.Fit(context.Background(), oneHot, cfg); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := count(4*8), count(40*8); many > few+36 {
		t.Errorf("Fit allocates %v times for 4 steps an epoch, but %v times for 40", few, many)
	}
}
