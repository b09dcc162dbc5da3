package mlp

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
)

// stepper returns a trainer that Step is called on, and the call: batch i of a stream that never ends.
func stepper(t testing.TB) (trainer *Trainer, step func(i int)) {
	n := mustNew(t, 4, BatchNorm{}, Dense{Units: 12, Activation: GELU}, Dropout{Rate: 0.3}, Dense{Units: 3, Activation: Softmax})
	trainer = mustTrainer(t, n, TrainerConfig{
		Loss: SparseCategoricalCrossentropy{}, Optimizer: Nadam{LearningRate: 0.01}, BatchSize: 16, Seed: 3, AccumulateSteps: 2, EMA: 0.9,
	})
	return trainer, func(i int) {
		d := blobs(16, uint64(i))
		if _, err := trainer.Step(d.X, d.Y); err != nil {
			t.Fatal(err)
		}
	}
}

// Written after any step and read into a new trainer, the state goes on to the same bits, the moving averages included.
func TestTrainerState(t *testing.T) {
	const steps = 9
	want, step := stepper(t)
	for i := range steps {
		step(i)
	}
	want.UseAverages()
	for stop := range steps {
		first, step := stepper(t)
		for i := range stop {
			step(i)
		}
		tensors, metadata, err := first.State()
		if err != nil {
			t.Fatal(err)
		}
		metadata["line"] = "17"
		tensors = append(tensors, Tensor{Name: "window", Shape: []int{2}, Values: []float32{1, 2}})
		var file bytes.Buffer
		if err := WriteSafetensors(&file, tensors, metadata); err != nil {
			t.Fatal(err)
		}
		second, step := stepper(t)
		if tensors, metadata, err = ReadSafetensors(&file); err != nil || metadata["line"] != "17" {
			t.Fatalf("read metadata %v, %v", metadata, err)
		}
		if err := second.SetState(tensors, metadata); err != nil {
			t.Fatal(err)
		}
		for i := stop; i < steps; i++ {
			step(i)
		}
		second.UseAverages()
		if got := second.net.hash(); got != want.net.hash() {
			t.Fatalf("stopped after %d steps, the weights are %s, want %s", stop, got, want.net.hash())
		}
	}
}

func TestSetStateErrors(t *testing.T) {
	trainer, step := stepper(t)
	step(0)
	good, metadata, err := trainer.State()
	if err != nil {
		t.Fatal(err)
	}
	text := metadata[trainerKey]
	for _, c := range []struct {
		name    string
		tensors []Tensor
		text    string
		want    string
	}{
		{"no state", good, "", trainerKey},
		{"no JSON", good, "{", "JSON"},
		{"missing array", good[1:], text, `"weights" has 0 values`},
		{"short array", append([]Tensor{{Name: "weights", Values: []float32{1}}}, good[1:]...), text, `"weights" has 1 values`},
		{"another network", good, strings.Replace(text, "gelu", "selu", 1), "network"},
		{"another trainer", good, strings.Replace(text, "seed 3", "seed 4", 1), "trainer"},
		{"negative", good, strings.Replace(text, `"batches":1`, `"batches":-1`, 1), `"batches": want a whole number`},
		{"more updates than steps", good, strings.Replace(text, `"batches":1`, `"batches":1,"updates":2`, 1), "contradict"},
		{"no rate", good, strings.Replace(text, `"rate":0.01`, `"rate":"NaN"`, 1), "its learning rate is NaN"},
		{"unknown", good, strings.Replace(text, `"batches":1`, `"steps":1`, 1), `"steps": unknown field`},
		{"no powers", good, text[:strings.Index(text, `"powers"`)] + `"powers":[]}`, "contradict"},
	} {
		other, _ := stepper(t)
		before := other.net.hash()
		metadata := map[string]string{}
		if c.text != "" {
			metadata[trainerKey] = c.text
		}
		err := other.SetState(c.tensors, metadata)
		wantError(t, c.name, other.net.hash() == before && other.batches == 0, err, []string{c.want})
		var mismatch *CheckpointError
		if another := strings.HasPrefix(c.name, "another"); errors.As(err, &mismatch) != another {
			t.Errorf("%s: a *CheckpointError is %v, want %v", c.name, !another, another)
		}
	}
}

// Memory tells what New and NewTrainer allocate, but for the layers' descriptions and what the runtime rounds up.
func TestTrainerMemory(t *testing.T) {
	layers := []Layer{BatchNorm{}, Dense{Units: 300, Activation: GELU}, Dropout{Rate: 0.3}, Dense{Units: 120, Activation: ReLU}, Dense{Units: 3, Activation: Softmax}}
	mustTrainer(t, mustNew(t, 1, Dense{Units: 1}), TrainerConfig{Loss: MeanSquaredError{}}) // the runtime's own first allocations
	for _, cfg := range []TrainerConfig{
		{Loss: SparseCategoricalCrossentropy{}, Optimizer: SGD{}, BatchSize: 1},
		{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}, BatchSize: 50},
		{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{AMSGrad: true}, AccumulateSteps: 2, EMA: 0.9},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := newNetwork(40, layers)
		if err != nil {
			t.Fatal(err)
		}
		trainer := mustTrainer(t, n, cfg)
		runtime.ReadMemStats(&after)
		got, allocated := float64(trainer.Memory()), float64(after.TotalAlloc-before.TotalAlloc)
		if math.Abs(got-allocated) > 0.05*allocated {
			t.Errorf("%T, batch size %d: Memory is %v, allocated were %v", cfg.Optimizer, cfg.BatchSize, got, allocated)
		}
	}
}

// No state makes SetState panic, and none that is refused changes anything.
func FuzzSetState(f *testing.F) {
	trainer, step := stepper(f)
	step(0)
	tensors, metadata, err := trainer.State()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(metadata[trainerKey], len(trainer.net.params))
	f.Add(`{"batches":1}`, 0)
	f.Fuzz(func(t *testing.T, text string, weights int) {
		other, step := stepper(t)
		before := other.net.hash()
		given := append([]Tensor{{Name: "weights", Values: make([]float32, min(max(weights, 0), 1000))}}, tensors[1:]...)
		if err := other.SetState(given, map[string]string{trainerKey: text}); err != nil {
			if other.net.hash() != before {
				t.Errorf("%q changes the weights", text)
			}
			return
		}
		step(0)
	})
}
