package mlp

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// scaledIris returns the iris rows, standardised and shuffled.
func scaledIris(t testing.TB) *Dataset {
	t.Helper()
	d := Iris()
	if err := irisNetwork(t).Scaler.Transform(d); err != nil {
		t.Fatal(err)
	}
	if err := d.Shuffle(1); err != nil {
		t.Fatal(err)
	}
	return d
}

// irisTrainer returns a trainer of a small network for them.
func irisTrainer(t testing.TB) *Trainer {
	t.Helper()
	trainer, err := NewTrainer(irisNetwork(t), TrainerConfig{
		Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{LearningRate: 0.05}, Metrics: []Metric{Accuracy{}}, BatchSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

// checkFacts compares the network's facts with the History of an epoch, counted from 0.
func checkFacts(t *testing.T, what string, got *TrainingFacts, h *History, epoch int) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: the network has no facts", what)
		return
	}
	want := &TrainingFacts{Loss: "SparseCategoricalCrossentropy", Optimizer: "Adam", Epochs: epoch + 1, Rows: 120,
		Data: got.Data, Library: libraryVersion()}
	for _, name := range []string{"loss", "accuracy", "val_loss", "val_accuracy"} {
		want.Scores = append(want.Scores, Score{name, h.Metrics[name][epoch]})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: the facts are %+v, want %+v", what, got, want)
	}
}

func TestFitFacts(t *testing.T) {
	ctx, d := context.Background(), scaledIris(t)
	trainer := irisTrainer(t)
	n, folder := trainer.Network(), t.TempDir()
	h, err := trainer.Fit(ctx, d, FitConfig{Epochs: 3, ValidationSplit: 0.2,
		Callbacks: []Callback{&ModelCheckpoint{Path: filepath.Join(folder, "{epoch}.safetensors")}}})
	if err != nil {
		t.Fatal(err)
	}
	checkFacts(t, "Fit", n.Training, h, 2)
	hash := newXXH64()
	hash.write(slices.Concat(d.X[:480], d.Y[:120]))
	if want := fmt.Sprintf("xxh64:%016x", hash.sum()); n.Training.Data != want {
		t.Errorf("the data is %s, want %s", n.Training.Data, want)
	}
	for epoch := range 3 {
		saved, err := LoadFile(filepath.Join(folder, fmt.Sprintf("%d.safetensors", epoch+1)))
		if err != nil {
			t.Fatal(err)
		}
		checkFacts(t, "ModelCheckpoint", saved.Training, h, epoch)
	}

	// What changes the weights in another way clears them; a Clone keeps its own.
	c := n.Clone()
	if _, err := trainer.Step(d.X[:4], d.Y[:1]); err != nil || n.Training != nil {
		t.Errorf("the facts after Step are %+v, error %v", n.Training, err)
	}
	checkFacts(t, "Clone", c.Training, h, 2)
	if c.Initialize(1); c.Training != nil {
		t.Errorf("the facts after Initialize are %+v", c.Training)
	}
	c.Training = &TrainingFacts{}
	var file bytes.Buffer
	layers := []StoredLayer{KerasLayer("a"), KerasLayer("b")}
	if err := c.WriteWeights(&file, layers...); err != nil {
		t.Fatal(err)
	}
	if err := c.ReadWeights(&file, layers...); err != nil || c.Training != nil {
		t.Errorf("the facts after ReadWeights are %+v, error %v", c.Training, err)
	}

	// A training that breaks off keeps those of its last whole epoch, and has none without one.
	broken, cancel := context.WithCancel(ctx)
	if h, err = trainer.Fit(broken, d, FitConfig{Epochs: 9, ValidationSplit: 0.2, Callbacks: []Callback{stopIn(3, cancel)}}); err == nil {
		t.Fatal("the training was not interrupted")
	}
	checkFacts(t, "interrupted", n.Training, h, 2)
	if _, err = trainer.Fit(broken, d, FitConfig{}); err == nil || n.Training != nil {
		t.Errorf("after no epoch: %+v, error %v", n.Training, err)
	}
}

// stopIn cancels a training in an epoch.
func stopIn(epoch int, cancel func()) Callback {
	return Hooks{EpochBegin: func(t *Training) error {
		if t.Epoch == epoch {
			cancel()
		}
		return nil
	}}
}

// TestFitFactsOfBest restores the weights of an earlier epoch, in one training and in one that goes on from a checkpoint.
func TestFitFactsOfBest(t *testing.T) {
	d := scaledIris(t)
	path := filepath.Join(t.TempDir(), "checkpoint")
	for _, interrupted := range []bool{false, true} {
		trainer := irisTrainer(t)
		early := &EarlyStopping{Monitor: "val_loss", Mode: Max, Patience: 4, RestoreBestWeights: true} // the worst
		cfg := FitConfig{Epochs: 9, ValidationSplit: 0.2, Callbacks: []Callback{early}}
		if interrupted {
			ctx, cancel := context.WithCancel(context.Background())
			cfg.Checkpoint = Checkpoint{Path: path}
			cfg.Callbacks = append(cfg.Callbacks, stopIn(3, cancel))
			if _, err := trainer.Fit(ctx, d, cfg); err == nil {
				t.Fatal("the training was not interrupted")
			}
			trainer = irisTrainer(t)
			cfg.Callbacks[1] = stopIn(-1, nil)
		}
		h, err := trainer.Fit(context.Background(), d, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if early.BestEpoch == len(h.Epochs)-1 {
			t.Fatalf("the last epoch is the best of %v", h.Metrics["val_loss"])
		}
		checkFacts(t, fmt.Sprintf("interrupted %v", interrupted), trainer.Network().Training, h, early.BestEpoch)
	}
}

func TestTrainingFactsErrors(t *testing.T) {
	for _, c := range []struct {
		facts TrainingFacts
		want  string
	}{
		{TrainingFacts{Epochs: -1}, "training: -1 epochs of 0 rows"},
		{TrainingFacts{Loss: "\xff"}, `"training": "loss": "\xff" is not UTF-8`},
		{TrainingFacts{Scores: []Score{{"loss", math.Inf(1)}}}, `"training": "scores": [0]: "value": +Inf is not finite`},
	} {
		n := irisNetwork(t)
		n.Training = &c.facts
		refused(t, c.want, n.Save(new(bytes.Buffer)), c.want)
	}
	file := save(t, irisNetwork(t))
	for _, c := range []struct{ field, want string }{
		{`"training":{"epochs":-1}`, `"training": "epochs": want a whole number`},
		{`"training":{"loss":"a","loss":"a"}`, `"training": the key "loss" stands twice`},
		{`"training":{"scores":[{"name":"a","size":1}]}`, `"training": "scores": [0]: "size": unknown field`},
		{`"training":null`, `"training": want an object, got null`},
		{`"image":{"height":2,"width":1,"channels":3}`, "the image is 2×1×3, want 4 values"},
		{`"image":{"height":4,"width":1}`, "the image is 4×1×0"},
		{`"target_names":["a"]`, "1 target names, want 3, one an output"},
	} {
		_, err := Load(rewrite(t, file, func(_ map[string]*Tensor, text *string) {
			*text = strings.TrimSuffix(*text, "}") + "," + c.field + "}"
		}))
		refused(t, c.field, err, c.want)
	}
	n, err := Load(rewrite(t, file, func(_ map[string]*Tensor, text *string) {
		*text = strings.TrimSuffix(*text, "}") + `,"training":{},"image":{"height":2,"width":2,"channels":1}}`
	}))
	if err != nil || !reflect.DeepEqual(n.Training, &TrainingFacts{}) || n.Image != (ImageShape{2, 2, 1}) {
		t.Errorf("the facts are %+v, the image %v, error %v", n.Training, n.Image, err)
	}
}
