package mlp

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// allocatedBytes returns the bytes that f allocates.
func allocatedBytes(f func()) uint64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// numbered returns rows that can be told apart: x is the row's number.
func numbered(rows int) *Dataset {
	d := &Dataset{Features: 1, Targets: 1}
	for i := range rows {
		d.X, d.Y = append(d.X, float32(i)), append(d.Y, 0)
	}
	return d
}

// batchesOf returns the rows' numbers of each batch of a training on a Source of numbered rows.
func batchesOf(t *testing.T, src Source, seed uint64, cfg FitConfig) (batches [][]int) {
	t.Helper()
	trainer := mustTrainer(t, mustNew(t, 1, Dense{Units: 1}), TrainerConfig{Loss: MeanSquaredError{}, BatchSize: 8, Seed: seed, Optimizer: SGD{LearningRate: 1e-9}})
	cfg.Callbacks = append(cfg.Callbacks, Hooks{BatchEnd: func(*Training) error {
		var rows []int
		for r := range trainer.rows {
			rows = append(rows, int(trainer.x[r*trainer.ldx]))
		}
		batches = append(batches, rows)
		return nil
	}})
	if _, err := trainer.FitSource(context.Background(), src, cfg); err != nil {
		t.Fatal(err)
	}
	return batches
}

// TestFitSourceIsFit wants the very training of Fit from a Source whose rows the window holds, or which is not shuffled.
func TestFitSourceIsFit(t *testing.T) {
	weighted := blobs(75, 2)
	for r := range weighted.Rows() {
		weighted.SampleWeights = append(weighted.SampleWeights, float32(r%4)/2)
	}
	for name, d := range map[string]*Dataset{"plain": blobs(75, 2), "sample weights": weighted} {
		for _, keep := range []bool{false, true} {
			for steps := range 7 {
				train := func(fit func(*Trainer, FitConfig) (*History, error)) (string, *History) {
					trainer, _, cfg, _ := optionsTrainer(t)
					cfg.ValidationSplit, cfg.ValidationData = 0, blobs(20, 5)
					cfg.StepsPerEpoch, cfg.NoShuffle = steps, keep
					history, err := fit(trainer, cfg)
					if err != nil {
						t.Fatal(err)
					}
					return trainer.net.hash(), history
				}
				want, wantHistory := train(func(tr *Trainer, cfg FitConfig) (*History, error) { return tr.Fit(context.Background(), d, cfg) })
				for _, chunk := range []int{1, 7, 75, 100} {
					hash, history := train(func(tr *Trainer, cfg FitConfig) (*History, error) {
						if !keep {
							cfg.Window = 75
						}
						return tr.FitSource(context.Background(), chunked{d: d, rows: chunk}, cfg)
					})
					if hash != want || !reflect.DeepEqual(history, wantHistory) {
						t.Errorf("%s, NoShuffle %v, %d steps an epoch, chunks of %d: another training", name, keep, steps, chunk)
					}
				}
			}
		}
	}
}

// TestWindow wants the order of tf.data's shuffle: the n-th row comes from the first n+Window, each once in a pass.
func TestWindow(t *testing.T) {
	const rows, window, epochs = 203, 20, 3
	d := numbered(rows)
	want := batchesOf(t, chunked{d: d, rows: 50}, 1, FitConfig{Window: window, Epochs: epochs})
	for _, chunk := range []int{1, 3, 8, rows} {
		if got := batchesOf(t, chunked{d: d, rows: chunk}, 1, FitConfig{Window: window, Epochs: epochs}); !reflect.DeepEqual(got, want) {
			t.Errorf("chunks of %d rows: another order", chunk)
		}
	}
	if got := batchesOf(t, chunked{d: d, rows: 50}, 2, FitConfig{Window: window, Epochs: epochs}); reflect.DeepEqual(got, want) {
		t.Error("another seed: the same order")
	}
	if len(want) != epochs*26 || len(want[25]) != 3 {
		t.Fatalf("%d batches, the 26th of %d rows", len(want), len(want[25]))
	}
	var orders [][]int
	moved := 0
	for epoch := range epochs {
		order := slices.Concat(want[epoch*26 : (epoch+1)*26]...)
		for i, row := range order {
			if row >= i+window {
				t.Fatalf("epoch %d: place %d has row %d, beyond the window", epoch, i, row)
			}
			moved += max(row-i, i-row)
		}
		orders = append(orders, order)
		if sorted := slices.Sorted(slices.Values(order)); !slices.Equal(sorted, slices.Sorted(slices.Values(orders[0]))) || sorted[rows-1] != rows-1 ||
			len(slices.Compact(sorted)) != rows {
			t.Fatalf("epoch %d is no order of the rows: %v", epoch, order)
		}
	}
	if slices.Equal(orders[0], orders[1]) || moved < epochs*rows*window/4 {
		t.Errorf("the rows are moved by %d in all", moved)
	}
}

// TestSourceResume interrupts a training on a Source at every batch: it goes on to the same weights and History.
func TestSourceResume(t *testing.T) {
	d := blobs(75, 2)
	for _, steps := range []int{0, 3, 5, 7} {
		begin := func() (*Trainer, FitConfig) {
			trainer, _, cfg, _ := optionsTrainer(t)
			cfg.ValidationSplit, cfg.ValidationData, cfg.Epochs = 0, blobs(20, 5), 3
			cfg.StepsPerEpoch, cfg.Window = steps, 30
			return trainer, cfg
		}
		trainer, cfg := begin()
		want, err := trainer.FitSource(context.Background(), chunked{d: d, rows: 11}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		hash, total := trainer.net.hash(), trainer.batches
		for stop := 1; stop < total; stop++ {
			checkpoint := Checkpoint{Path: filepath.Join(t.TempDir(), "checkpoint")}
			ctx, cancel := context.WithCancel(context.Background())
			trainer, cfg := begin()
			cfg.Checkpoint = checkpoint
			cfg.Callbacks = append(cfg.Callbacks, Hooks{BatchEnd: func(tr *Training) error {
				if tr.Trainer.batches == stop {
					cancel()
				}
				return nil
			}})
			if _, err := trainer.FitSource(ctx, chunked{d: d, rows: 11}, cfg); !errors.Is(err, context.Canceled) {
				t.Fatalf("stopped after %d: %v", stop, err)
			}
			trainer, cfg = begin()
			cfg.Checkpoint = checkpoint
			cfg.Callbacks = append(cfg.Callbacks, Hooks{})
			history, err := trainer.FitSource(context.Background(), chunked{d: d, rows: 20}, cfg)
			if err != nil {
				t.Fatalf("stopped after %d: %v", stop, err)
			}
			if trainer.net.hash() != hash || !reflect.DeepEqual(history, want) {
				t.Errorf("%d steps an epoch, stopped after step %d and resumed: another training", steps, stop)
			}
		}
	}
}

// changing is a Source that has another number of rows in each pass.
type changing struct{ rows []int }

func (c *changing) Chunks(ctx context.Context) iter.Seq2[*Dataset, error] {
	n := c.rows[0]
	c.rows = c.rows[1:]
	return chunked{d: numbered(n), rows: 5}.Chunks(ctx)
}

func TestFitSourceErrors(t *testing.T) {
	broken := errors.New("broken")
	d := blobs(30, 1)
	bad := blobs(30, 1)
	bad.Y[17] = 3
	weighted := blobs(30, 1)
	weighted.SampleWeights = make([]float32, 30)
	for _, test := range []struct {
		src  Source
		cfg  FitConfig
		want string
	}{
		{nil, FitConfig{}, "mlp: FitSource: the Source is nil"},
		{chunked{d: d, rows: 5}, FitConfig{Window: -1}, "mlp: Window is -1, want Window >= 0"},
		{chunked{d: d, rows: 5}, FitConfig{ValidationSplit: 0.2}, "mlp: ValidationSplit needs all rows in memory"},
		{chunked{d: d, rows: 5}, FitConfig{Epochs: -1}, "mlp: Epochs is -1"},
		{chunked{d: d, rows: 5}, FitConfig{ClassWeights: map[int]float64{3: 1}}, "mlp: ClassWeights has class 3"},
		{chunked{d: d, rows: 5}, FitConfig{ValidationData: numbered(3)}, "mlp: ValidationData has 1 features"},
		{chunked{d: numbered(10), rows: 5}, FitConfig{}, "mlp: source has 1 features, the network wants 4"},
		{chunked{d: &Dataset{Features: 4, Targets: 1}, rows: 5}, FitConfig{}, "mlp: source has no rows"},
		{noDataset{}, FitConfig{}, "mlp: source has no rows"},
		{chunked{d: bad, rows: 5}, FitConfig{}, "mlp: source, with rows counted from its row 15: row 2, target \"y0\": 3 is not a class index"},
		{chunked{d: d, rows: 5, fail: broken, at: 17}, FitConfig{}, "broken"},
		{chunked{d: d, rows: 5, fail: broken, at: 1}, FitConfig{}, "broken"},
		{both{chunked{d: d, rows: 5}, chunked{d: weighted, rows: 5}}, FitConfig{}, "some chunks have SampleWeights"},
	} {
		trainer := mustTrainer(t, mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), TrainerConfig{Loss: SparseCategoricalCrossentropy{}})
		if _, err := trainer.FitSource(context.Background(), test.src, test.cfg); err == nil || !strings.HasPrefix(err.Error(), test.want) && !strings.Contains(err.Error(), "some") {
			t.Errorf("error %v, want %q", err, test.want)
		}
	}
	for want, rows := range map[string][]int{
		"18 rows in this pass, it had 20 in the one before": {20, 20, 18},
		"more than the 20 rows in this pass":                {20, 20, 21},
	} {
		trainer := mustTrainer(t, mustNew(t, 1, Dense{Units: 1}), TrainerConfig{Loss: MeanSquaredError{}, Optimizer: SGD{LearningRate: 1e-9}})
		history, err := trainer.FitSource(context.Background(), &changing{rows}, FitConfig{Epochs: 2})
		if err == nil || !strings.Contains(err.Error(), want) || len(history.Epochs) != 1 {
			t.Errorf("%v rows: error %v after %d epochs, want %q", rows, err, len(history.Epochs), want)
		}
	}
	trainer := mustTrainer(t, mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), TrainerConfig{Loss: SparseCategoricalCrossentropy{}})
	if _, err := trainer.Fit(context.Background(), d, FitConfig{Window: 5}); err == nil || !strings.Contains(err.Error(), "Window is 5") {
		t.Errorf("Fit with a Window: error %v", err)
	}
}

// noDataset is a Source whose chunk is nil.
type noDataset struct{}

func (noDataset) Chunks(context.Context) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) { yield(nil, nil) }
}

// both is one Source after another.
type both [2]Source

func (b both) Chunks(ctx context.Context) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		for _, s := range b {
			for d, err := range s.Chunks(ctx) {
				if !yield(d, err) {
					return
				}
			}
		}
	}
}

// TestSourceSteps wants the number of steps known once the first epoch is over, and the progress lines that Keras writes.
func TestSourceSteps(t *testing.T) {
	var steps []string
	var text strings.Builder
	line := &progressLine{ProgressLog: ProgressLog{Writer: &text}}
	batchesOf(t, chunked{d: numbered(20), rows: 7}, 1, FitConfig{Epochs: 2, Callbacks: []Callback{Hooks{
		EpochBegin: line.begin,
		BatchEnd: func(tr *Training) error {
			steps = append(steps, fmt.Sprintf("%d/%d", tr.Step, tr.Steps))
			line.look, line.drawn = 0, line.drawn.Add(-redrawPeriod)
			return line.step(tr)
		},
		EpochEnd: func(tr *Training) error {
			steps = append(steps, fmt.Sprintf("end %d/%d", tr.Step, tr.Steps))
			return line.end(tr)
		},
	}}})
	if got, want := strings.Join(steps, " "), "0/0 1/0 2/0 end 3/3 0/3 1/3 2/3 end 3/3"; got != want {
		t.Errorf("steps %s, want %s", got, want)
	}
	lines := strings.Split(strings.NewReplacer("\n", "\r").Replace(text.String()), "\r")
	for i, prefix := range []string{"Epoch 1/2", "      1/Unknown - 0s ", "      2/Unknown - 0s ", "      3/Unknown - 0s ", "3/3 [====", "Epoch 2/2", "1/3 [==="} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], prefix) {
			t.Fatalf("line %d of %q, want %q", i, lines, prefix)
		}
	}
}

// TestSourceMonitor wants the first steps of an epoch of unknown length looked at.
func TestSourceMonitor(t *testing.T) {
	monitor := &Monitor{}
	trainer := mustTrainer(t, mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), TrainerConfig{Loss: SparseCategoricalCrossentropy{}})
	if _, err := trainer.FitSource(context.Background(), chunked{d: blobs(300, 1), rows: 50}, FitConfig{Callbacks: []Callback{monitor}}); err != nil {
		t.Fatal(err)
	}
	report := monitor.Report()
	if l := report.Epochs[0].Layers[0]; !(l.GradientNorm > 0) || !math.IsNaN(report.Baseline) {
		t.Errorf("%+v, baseline %v", l, report.Baseline)
	}
}
