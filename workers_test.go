package mlp

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"
)

// Any number of workers gives the same bits: of shapes with odd sizes, and where every product, strip and update is shared.
func TestWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	sizes := []int{150, 331, 72, 3}
	if testing.Short() {
		sizes = []int{40, 88, 24, 3}
	}
	d := benchRows(130, sizes[0], 3)
	for _, opt := range []Optimizer{Adam{}, SGD{LearningRate: 0.1, Momentum: 0.9}, RMSprop{}} {
		var want []float32
		for _, workers := range []int{1, 2, 3, 4, 0} {
			n := mustNew(t, sizes[0], Dense{Units: sizes[1], Activation: ReLU}, Dense{Units: sizes[2], Activation: Tanh}, Dense{Units: sizes[3], Activation: Softmax})
			trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: opt, BatchSize: 130, Workers: workers})
			if trainer.team.workers > 0 {
				trainer.team.worth, trainer.team.offered = 1000, math.MaxInt32 // share everything, from the first job on
			}
			for range 3 {
				if _, err := trainer.Step(d.X, d.Y); err != nil {
					t.Fatal(err)
				}
			}
			trainer.Close()
			trainer.Close()
			if _, err := trainer.Step(d.X, d.Y); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = slices.Clone(n.params)
			}
			if !slices.Equal(n.params, want) {
				t.Errorf("%T: %d workers give other weights than one", opt, workers)
			}
		}
	}
}

// The blocks of a product cover each output once.
func TestProductParts(t *testing.T) {
	for _, units := range []int{1, 8, 9, 16, 24, 64, 71, 72, 73, 80, 88, 96, 128, 136, 200} {
		covered := make([]int, padded(units))
		d := &dense{units: units, inputs: 1, panel: 2 * lanes, w: make([]float32, packedLen(1, units))}
		for i := range d.unitBlocks() {
			b, u := d.unitBlock(i)
			for j := u; j < u+b.units; j++ {
				covered[j]++
			}
		}
		for j, n := range covered {
			if want := min(1, max(0, units-j)); n != want {
				t.Errorf("%d units: unit %d is in %d blocks, want %d", units, j, n, want)
			}
		}
	}
}

// No goroutine is left after Close, nor after the collection of a Trainer that nobody closed.
func TestWorkersEnd(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	if runtime.GOMAXPROCS(0) < 4 {
		t.Skip("the platform has one thread")
	}
	d := benchRows(256, 256, 3)
	before, same := 0, 0
	for ; same < 4; same++ { // until the workers of earlier tests have ended
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
		if n := runtime.NumGoroutine(); n != before {
			before, same = n, 0
		}
	}
	train := func() *Trainer {
		n := mustNew(t, 256, Dense{Units: 256, Activation: ReLU}, Dense{Units: 3, Activation: Softmax})
		trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, BatchSize: 256})
		if _, err := trainer.Step(d.X, d.Y); err != nil {
			t.Fatal(err)
		}
		if got := runtime.NumGoroutine() - before; got != 3 {
			t.Errorf("%d workers, want 3", got)
		}
		return trainer
	}
	ended := func(how string) {
		t.Helper()
		for wait := time.Millisecond; runtime.NumGoroutine() > before; wait *= 2 {
			if wait > 10*time.Second {
				t.Fatalf("%d goroutines are left after %s", runtime.NumGoroutine()-before, how)
			}
			runtime.GC()
			time.Sleep(wait)
		}
	}
	trainer := train()
	for wait := time.Millisecond; trainer.team.asleep.Load() < 3; wait *= 2 {
		if wait > 10*time.Second {
			t.Fatalf("%d of 3 idle workers sleep", trainer.team.asleep.Load())
		}
		time.Sleep(wait)
	}
	trainer.Close()
	ended("Close")
	train()
	ended("the collection of the Trainer")
}

func TestWorkersRange(t *testing.T) {
	n := mustNew(t, 2, Dense{Units: 2})
	_, err := NewTrainer(n, TrainerConfig{Loss: MeanSquaredError{}, Workers: -1})
	if want := "mlp: Workers is -1, want Workers >= 0"; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
