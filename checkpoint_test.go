package mlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// resumable training with all options on, as a function of nothing: each call is a new process's.
func optionsTrainer(t testing.TB) (*Trainer, *Dataset, FitConfig, *EarlyStopping) {
	n := mustNew(t, 4,
		BatchNorm{}, GaussianNoise{StdDev: 0.1}, Dense{Units: 12, Activation: GELU, WeightRegularizer: Regularizer{L1: 1e-4, L2: 1e-3}},
		Dropout{Rate: 0.3}, Dense{Units: 3, Activation: Softmax})
	trainer := mustTrainer(t, n, TrainerConfig{
		Loss: SparseCategoricalCrossentropy{}, Optimizer: Nadam{LearningRate: 0.01, WeightDecay: 0.01, Clip: Clip{GlobalNorm: 0.5}},
		Metrics: []Metric{Accuracy{}, TopKAccuracy{K: 2}, F1Score{}, SparseCategoricalCrossentropy{}}, WeightedMetrics: []Metric{ownAccuracy{}}, BatchSize: 16, Seed: 3, AccumulateSteps: 2, EMA: 0.9, NoDecay: []string{"bias"},
	})
	stopping := &EarlyStopping{Monitor: "val_loss", Patience: 2, RestoreBestWeights: true}
	return trainer, blobs(75, 2), FitConfig{
		Epochs: 6, ValidationSplit: 0.2, ClassWeights: map[int]float64{2: 3}, StepsPerEpoch: 5, ValidateEvery: 1, Augment: []Augmentation{RandomNoise{Deviation: 0.05}},
		Callbacks: []Callback{ReduceLearningRateOnPlateau{Monitor: "loss", Patience: 1, Factor: 0.5, MinDelta: 0.1}, stopping, &ProgressLog{Writer: new(strings.Builder)}},
	}, stopping
}

// ownAccuracy is Accuracy under another name.
type ownAccuracy struct{ Accuracy }

func (ownAccuracy) Name() string { return "weighted_accuracy" }

// Interrupted after every single batch, the training goes on to the same weights and the same history, to the bit.
func TestResume(t *testing.T) {
	trainer, data, cfg, stopping := optionsTrainer(t)
	want, err := trainer.Fit(context.Background(), data, cfg)
	if err != nil {
		t.Fatal(err)
	}
	hash, total, best := trainer.net.hash(), trainer.batches, stopping.BestEpoch
	path := filepath.Join(t.TempDir(), "checkpoint")
	for every := range 3 { // the checkpoint is written when ctx is done, or after each step, or after each third
		for stop := 1; stop < total; stop++ {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var history *History
			for process := 0; ; process++ {
				trainer, data, cfg, stopping = optionsTrainer(t)
				cfg.Checkpoint = Checkpoint{Path: path, Steps: []int{0, 1, 3}[every]}
				if process == 0 {
					cfg.Callbacks = append(cfg.Callbacks, Hooks{BatchEnd: func(tr *Training) error {
						if tr.Trainer.batches == stop {
							cancel()
						}
						return nil
					}})
				} else {
					cfg.Callbacks = append(cfg.Callbacks, Hooks{})
				}
				if history, err = trainer.Fit(ctx, data, cfg); err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) || process > 0 {
					t.Fatalf("stopped after %d: %v", stop, err)
				}
				ctx = context.Background()
			}
			if got := trainer.net.hash(); got != hash {
				t.Fatalf("stopped after step %d of %d and resumed, the weights are %s, want %s", stop, total, got, hash)
			}
			if !reflect.DeepEqual(history, want) {
				t.Fatalf("stopped after step %d, the history is %v, want %v", stop, history, want)
			}
			if stopping.BestEpoch != best {
				t.Fatalf("stopped after step %d, the best epoch is %d, want %d", stop, stopping.BestEpoch, best)
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("a checkpoint is left: %v", err)
			}
		}
	}
}

// A checkpoint of anything else is an error that tells what differs.
func TestResumeRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoint")
	write := func() {
		trainer, data, cfg, _ := optionsTrainer(t)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		cfg.Checkpoint.Path = path
		cfg.Callbacks[2] = Hooks{BatchEnd: func(*Training) error { cancel(); return nil }, State: func() ([]byte, error) { return nil, nil },
			Restore: func(*Training, []byte) error { return nil }}
		if _, err := trainer.Fit(ctx, data, cfg); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	write()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(tr **Trainer, d **Dataset, cfg *FitConfig){
		"network": func(tr **Trainer, d **Dataset, cfg *FitConfig) {
			*tr = mustTrainer(t, mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), (*tr).cfg)
		},
		"trainer": func(tr **Trainer, d **Dataset, cfg *FitConfig) {
			c := (*tr).cfg
			c.Seed = 4
			*tr = mustTrainer(t, (*tr).net, c)
		},
		"data":                     func(tr **Trainer, d **Dataset, cfg *FitConfig) { (*d).X[3]++ },
		"FitConfig":                func(tr **Trainer, d **Dataset, cfg *FitConfig) { cfg.ValidationSplit = 0.3 },
		"callbacks":                func(tr **Trainer, d **Dataset, cfg *FitConfig) { cfg.Callbacks = cfg.Callbacks[:2] },
		"callback 0 is of another": func(tr **Trainer, d **Dataset, cfg *FitConfig) { cfg.Callbacks[0] = Hooks{} },
	} {
		trainer, data, cfg, _ := optionsTrainer(t)
		cfg.Checkpoint.Path = path
		change(&trainer, &data, &cfg)
		before := trainer.net.hash()
		_, err := trainer.Fit(context.Background(), data, cfg)
		wantError(t, what, trainer.net.hash() == before, err, []string{what, path})
	}
	edited := func(old, new string) string {
		t.Helper()
		tensors, metadata, err := ReadSafetensors(bytes.NewReader(good))
		if err != nil || !strings.Contains(metadata[checkpointKey], old) {
			t.Fatalf("%v, want %s in %s", err, old, metadata[checkpointKey])
		}
		metadata[checkpointKey] = strings.Replace(metadata[checkpointKey], old, new, 1)
		var file strings.Builder
		if err := WriteSafetensors(&file, tensors, metadata); err != nil {
			t.Fatal(err)
		}
		return file.String()
	}
	for _, c := range []struct{ name, content, want string }{
		{"empty", "", "header's length"},
		{"cut", string(good[:len(good)/2]), "the file ends"},
		{"text", "hello", "header's length"},
		{"version", edited(`"version":2,"network"`, `"version":1,"network"`), "this release reads version 2 of a checkpoint, the file has version 1"},
		{"no version", edited(`"version":2,`, ``), `want the key "version" first`},
		{"numbers", edited(`"fit":`, `"pass_start":9,"fit":`), "contradict"},
		{"negative", edited(`"step":1`, `"step":-1`), `"step": want a whole number`},
		{"unknown", edited(`"fit":`, `"fitt":`), `"fitt": unknown field`},
		{"twice", edited(`"fit":`, `"data":"","fit":`), `"data" stands twice`},
		{"number", edited(`"rate":0.01`, `"rate":"a"`), `"rate": want a number, NaN, +Inf or -Inf, got "a"`},
		{"bytes", edited(`"state":"`, `"state":"?`), `"state": want base64`},
	} {
		if err := os.WriteFile(path, []byte(c.content), 0o666); err != nil {
			t.Fatal(err)
		}
		trainer, data, cfg, _ := optionsTrainer(t)
		cfg.Checkpoint.Path = path
		_, err := trainer.Fit(context.Background(), data, cfg)
		wantError(t, c.name, true, err, []string{path, c.want})
	}
	trainer := mustTrainer(t, mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Metrics: []Metric{opaque{}}})
	_, err = trainer.Fit(context.Background(), blobs(20, 1), FitConfig{Checkpoint: Checkpoint{Path: path + "2"}})
	wantError(t, "own metric", true, err, []string{"opaque"})
}

// opaque is a user's metric whose sums cannot be kept.
type opaque struct{}

func (opaque) Name() string                              { return "opaque" }
func (opaque) Accumulator(int, int) (Accumulator, error) { return opaque{}, nil }
func (opaque) Reset()                                    {}
func (opaque) Add(_, _, _ []float32, _ int)              {}
func (opaque) Result() float64                           { return 0 }

// A process that is killed at any moment while it writes leaves a whole checkpoint: the last one, or the one before it.
func TestKilledWriter(t *testing.T) {
	const env = "MLP_TEST_KILLED_WRITER"
	if path := os.Getenv(env); path != "" {
		for {
			trainer, data, cfg, _ := optionsTrainer(t)
			cfg.Callbacks = nil
			cfg.Epochs = 1000000
			cfg.Checkpoint = Checkpoint{Path: path, Steps: 1}
			if _, err := trainer.Fit(context.Background(), data, cfg); err != nil {
				fmt.Println(err)
				os.Exit(3)
			}
		}
	}
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("no processes there")
	}
	kills := 1000
	if testing.Short() {
		kills = 20
	}
	path := filepath.Join(t.TempDir(), "checkpoint")
	last := 0
	for i := range kills {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWriter$")
		cmd.Env = append(os.Environ(), env+"="+path)
		var out strings.Builder
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(4000+i*1009%9000) * time.Microsecond)
		cmd.Process.Kill()
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != -1 {
			t.Fatalf("after %d kills the writer could not go on: exit code %d, %s", i, code, out.String())
		}
		trainer, data, cfg, _ := optionsTrainer(t)
		cfg.Callbacks = nil
		f, err := trainer.newFit(data, cfg)
		if err != nil {
			t.Fatal(err)
		}
		f.cfg.Checkpoint.Path = path
		if err := f.resume(&Training{Trainer: trainer, fit: f}, nil, &History{Metrics: map[string][]float64{}}); err != nil {
			t.Fatalf("after kill %d: %v", i, err)
		}
		if trainer.batches < last {
			t.Fatalf("after kill %d the checkpoint is of step %d, there was one of step %d", i, trainer.batches, last)
		}
		last = trainer.batches
	}
	if last == 0 {
		t.Error("no checkpoint was written at all")
	}
	t.Logf("%d kills, %d steps", kills, last)
}

// FuzzCheckpoint resumes from any state: one that is accepted is written and read again without loss.
func FuzzCheckpoint(f *testing.F) {
	newFit := func(tb testing.TB) (*fit, *Training, []Hooks) {
		trainer, data, cfg, _ := optionsTrainer(tb)
		fit, err := trainer.newFit(data, cfg)
		if err != nil {
			tb.Fatal(err)
		}
		training := &Training{Trainer: trainer, fit: fit}
		var hooks []Hooks
		for _, c := range cfg.Callbacks {
			h, err := c.Start(training)
			if err != nil {
				tb.Fatal(err)
			}
			hooks = append(hooks, h)
		}
		return fit, training, hooks
	}
	first, training, hooks := newFit(f)
	first.cfg.Checkpoint.Path = filepath.Join(f.TempDir(), "checkpoint")
	if err := first.save(training, hooks, &History{}); err != nil {
		f.Fatal(err)
	}
	file, err := os.ReadFile(first.cfg.Checkpoint.Path)
	if err != nil {
		f.Fatal(err)
	}
	tensors, metadata, err := ReadSafetensors(bytes.NewReader(file))
	if err != nil {
		f.Fatal(err)
	}
	text := metadata[checkpointKey]
	f.Add(text)
	f.Add(strings.Replace(text, `"callbacks"`, `"epochs":[0],"history":[{"names":["loss"],"values":["NaN"]}],"callbacks"`, 1))
	f.Add(`{"version":1}`)
	f.Add(`{"version":2}`)
	f.Fuzz(func(t *testing.T, text string) {
		var file bytes.Buffer
		if err := WriteSafetensors(&file, tensors, map[string]string{checkpointKey: text}); err != nil {
			return // not UTF-8
		}
		fit, training, hooks := newFit(t)
		_ = fit.restore(file.Bytes(), training, hooks, &History{Metrics: map[string][]float64{}})

		s, err := readCheckpoint(text)
		if err != nil {
			return
		}
		once, err := s.appendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		if s, err = readCheckpoint(string(once)); err != nil {
			t.Fatal(err)
		}
		if twice, err := s.appendJSON(nil); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("wrote %s, then %s, %v", once, twice, err)
		}
	})
}
