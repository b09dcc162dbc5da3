package mlp

import (
	"context"
	"reflect"
	"strings"
	"testing"
)

// TestFitAugment trains on augmented rows: the same numbers every time, and the Dataset stays as it is.
func TestFitAugment(t *testing.T) {
	d := imageRows(40, ImageShape{4, 4, 1})
	for i := range d.Y {
		d.Y[i] = float32(i % 3)
		d.X[i*16+i%3] = 100
	}
	run := func(cfg FitConfig) *History {
		before := d.Clone()
		n := mustNew(t, 16, Dense{Units: 8, Activation: ReLU}, Dense{Units: 3, Activation: Softmax})
		trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, BatchSize: 7, Seed: 5})
		cfg.Epochs, cfg.ValidationSplit = 3, 0.25
		history, err := trainer.Fit(context.Background(), d, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(d, before) {
			t.Error("Fit changes the Dataset")
		}
		return history
	}
	list := everyAugmentation()
	for _, keep := range []bool{false, true} {
		first := run(FitConfig{Augment: list, NoShuffle: keep})
		if again := run(FitConfig{Augment: list, NoShuffle: keep}); !reflect.DeepEqual(again.Metrics, first.Metrics) {
			t.Errorf("NoShuffle %v: the second time %v, the first %v", keep, again.Metrics, first.Metrics)
		}
		if plain := run(FitConfig{NoShuffle: keep}); reflect.DeepEqual(plain.Metrics, first.Metrics) {
			t.Errorf("NoShuffle %v: the augmentation does nothing", keep)
		}
	}
}

// TestFitAugmentErrors wants the errors of the list before the first step.
func TestFitAugmentErrors(t *testing.T) {
	iris := Iris()
	n := mustNew(t, 4, Dense{Units: 3, Activation: Softmax})
	sparse := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}})
	for want, list := range map[string][]Augmentation{
		"augmentation 0 (mlp.RandomFlip): the rows are no images": {RandomFlip{}},
		"augmentation 1 (mlp.MixUp): the targets":                 {RandomNoise{Deviation: 0.1}, MixUp{}},
	} {
		if _, err := sparse.Fit(context.Background(), iris, FitConfig{Augment: list}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	dense, err := iris.OneHot()
	if err != nil {
		t.Fatal(err)
	}
	trainer := mustTrainer(t, n, TrainerConfig{Loss: CategoricalCrossentropy{}})
	if _, err := trainer.Fit(context.Background(), dense, FitConfig{Augment: []Augmentation{RandomNoise{Deviation: 0.1}, MixUp{}}}); err != nil {
		t.Error(err)
	}
}
