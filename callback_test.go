package mlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// softmaxTrainer returns a trainer for blobs.
func softmaxTrainer(t *testing.T, optimizer Optimizer) *Trainer {
	return mustTrainer(t, mustNew(t, 4, Dense{Units: 3, Activation: Softmax}), TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: optimizer,
		Metrics: []Metric{Accuracy{}}, BatchSize: 8})
}

// fileNames returns the paths of all files in a folder, relative to it.
func fileNames(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	if err := filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			name, _ := filepath.Rel(folder, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestModelCheckpoint(t *testing.T) {
	for _, c := range []struct {
		checkpoint ModelCheckpoint
		losses     []float64 // val_loss of each epoch; NaN means that it is missing
		want       []string
	}{
		{ModelCheckpoint{Path: "m.safetensors"}, []float64{1, 2}, []string{"m.safetensors"}},
		{ModelCheckpoint{Path: "{epoch:02d}-{val_loss:.2f}"}, []float64{1.234, 0.5}, []string{"01-1.23", "02-0.50"}},
		{ModelCheckpoint{Path: "{epoch}/{{{val_loss}}}"}, []float64{1.25, 12}, []string{"1/{1.25}", "2/{12}"}},
		{ModelCheckpoint{Path: "{epoch:3d}_{val_loss:08.3f}_{val_loss:.1e}"}, []float64{1.25}, []string{"  1_0001.250_1.2e+00"}},
		{ModelCheckpoint{Path: "{epoch}", Every: 3}, make([]float64, 7), []string{"3", "6"}},
		{ModelCheckpoint{Path: "{epoch}", SaveBestOnly: true}, []float64{3, 2, 2, 4, 1}, []string{"1", "2", "5"}},
		{ModelCheckpoint{Path: "{epoch}", SaveBestOnly: true, Mode: Max}, []float64{3, 2, 3, 4, 1}, []string{"1", "4"}},
		{ModelCheckpoint{Path: "{epoch}", SaveBestOnly: true, Every: 2}, []float64{1, 3, 0, 2, 0, 2.5}, []string{"2", "4"}},
		{ModelCheckpoint{Path: "{epoch}-{val_loss:.0f}"}, []float64{math.NaN(), 1, math.NaN(), 2}, []string{"2-1", "4-2"}},
		{ModelCheckpoint{Path: "{epoch}", SaveBestOnly: true}, []float64{math.NaN(), 1, math.NaN(), 2}, []string{"2"}},
	} {
		folder := t.TempDir()
		c.checkpoint.Path = filepath.Join(folder, "models", c.checkpoint.Path)
		trainer := softmaxTrainer(t, SGD{})
		d := blobs(16, 1)
		f, err := trainer.newFit(d, FitConfig{ValidationData: d})
		if err != nil {
			t.Fatal(err)
		}
		training := &Training{Trainer: trainer, Epochs: len(c.losses), fit: f}
		hooks, err := c.checkpoint.Start(training)
		if err != nil {
			t.Errorf("%+v: %v", c.checkpoint, err)
			continue
		}
		for epoch, loss := range c.losses {
			training.Epoch, training.logs = epoch, Logs{}
			if loss == loss {
				training.logs.Set("val_loss", loss)
			}
			if err := hooks.EpochEnd(training); err != nil {
				t.Fatal(err)
			}
		}
		if got := fileNames(t, filepath.Join(folder, "models")); !slices.Equal(got, c.want) {
			t.Errorf("%+v saves %q, want %q", c.checkpoint, got, c.want)
		}
		if n, err := LoadFile(filepath.Join(folder, "models", c.want[0])); err != nil || n.hash() != trainer.net.hash() {
			t.Errorf("%+v: the saved model: %v", c.checkpoint, err)
		}
	}
}

func TestCSVLogger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	var b bytes.Buffer
	history, err := softmaxTrainer(t, SGD{}).Fit(context.Background(), blobs(40, 1), FitConfig{Epochs: 3, ValidationSplit: 0.5, ValidateEvery: 2, Callbacks: []Callback{
		LearningRateScheduler{func(epoch int, rate float64) float64 { return rate / 2 }},
		CSVLogger{Writer: &b}, CSVLogger{Path: path},
		Hooks{EpochEnd: func(tr *Training) error { // each line is there as soon as its epoch ends
			content, err := os.ReadFile(path)
			if lines := bytes.Count(content, []byte("\n")); err != nil || lines != tr.Epoch+2 {
				t.Errorf("after epoch %d: %d lines, %v", tr.Epoch, lines, err)
			}
			return nil
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n"
	for epoch := range 3 {
		m := history.Metrics
		validation := "NA,NA"
		if epoch == 1 {
			validation = fmt.Sprintf("%v,%v", m["val_accuracy"][0], m["val_loss"][0])
		}
		want += fmt.Sprintf("%d,%v,%v,%v,%s\n", epoch, m["accuracy"][epoch], m["learning_rate"][epoch], m["loss"][epoch], validation)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != want || b.String() != want {
		t.Errorf("%v: the file is\n%s, the writer got\n%s, want\n%s", err, content, b.String(), want)
	}
}

func TestLearningRateScheduler(t *testing.T) {
	var seen []int
	trainer := softmaxTrainer(t, SGD{LearningRate: 0.4})
	history, err := trainer.Fit(context.Background(), blobs(16, 1), FitConfig{Epochs: 5, InitialEpoch: 1, Callbacks: []Callback{
		LearningRateScheduler{func(epoch int, rate float64) float64 {
			seen = append(seen, epoch)
			return rate / 2
		}}}})
	if err != nil || !slices.Equal(history.Metrics["learning_rate"], []float64{0.2, 0.1, 0.05, 0.025}) || !slices.Equal(seen, []int{1, 2, 3, 4}) ||
		trainer.LearningRate() != 0.025 {
		t.Errorf("%v: epochs %v, rates %v", err, seen, history.Metrics["learning_rate"])
	}
	_, err = trainer.Fit(context.Background(), blobs(16, 1), FitConfig{Callbacks: []Callback{LearningRateScheduler{func(int, float64) float64 { return -1 }}}})
	wantError(t, "a negative rate", true, err, []string{"epoch 0", "rate is -1", "rate >= 0"})
}

// Interrupted after any step and resumed, a training leaves the files of an uninterrupted one.
func TestResumeCallbacks(t *testing.T) {
	train := func(folder string, stop int) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		_, err := softmaxTrainer(t, SGD{LearningRate: 0.5}).Fit(ctx, blobs(40, 1), FitConfig{Epochs: 4, ValidationSplit: 0.25, Checkpoint: Checkpoint{Path: filepath.Join(folder, "checkpoint")},
			Callbacks: []Callback{
				LearningRateScheduler{func(_ int, rate float64) float64 { return rate * 0.7 }},
				// The loss falls, so the first epoch's is the largest.
				ModelCheckpoint{Path: filepath.Join(folder, "{epoch}-{val_loss:.4f}"), SaveBestOnly: true, Mode: Max},
				CSVLogger{Path: filepath.Join(folder, "log.csv")},
				TensorBoard{Dir: filepath.Join(folder, "board")},
				Hooks{BatchEnd: func(tr *Training) error {
					if tr.Trainer.batches == stop {
						cancel()
					}
					return nil
				}},
			}})
		return err
	}
	content := func(folder string) string {
		all := ""
		for _, name := range fileNames(t, folder) {
			if !strings.HasPrefix(name, "board") {
				b, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil {
					t.Fatal(err)
				}
				all += name + "\n" + string(b)
			}
		}
		return all
	}
	folder := t.TempDir()
	if err := train(folder, -1); err != nil {
		t.Fatal(err)
	}
	want := content(folder)
	for stop := 1; stop < 16; stop++ {
		folder := t.TempDir()
		if err := train(folder, stop); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if stop == 6 { // a crash after the checkpoint would leave lines behind it
			f, err := os.OpenFile(filepath.Join(folder, "log.csv"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString(strings.Repeat("1,a line behind the checkpoint\n", 20)); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
		if err := train(folder, -1); err != nil {
			t.Fatalf("stopped after step %d: %v", stop, err)
		}
		if got := content(folder); got != want {
			t.Errorf("stopped after step %d and resumed, the files differ:\n%.600s\nwant\n%.600s", stop, got, want)
		}
	}
	if err := train(folder, 7); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "log.csv"), []byte("epoch"), 0o666); err != nil {
		t.Fatal(err)
	}
	wantError(t, "a log that was cut", true, train(folder, -1), []string{"log.csv has 5 bytes", "at the checkpoint"})
}

func TestBadCallbacks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	constant := func(int, float64) float64 { return 1 }
	for _, c := range []struct {
		callback Callback
		want     []string
	}{
		{ModelCheckpoint{}, []string{"Path is empty"}},
		{ModelCheckpoint{Path: "{epoch}-{val_auc:.2f}"}, []string{`"val_auc"`, `"val_loss"`}},
		{ModelCheckpoint{Path: "{}"}, []string{`""`}},
		{ModelCheckpoint{Path: "{epoch:.2f}"}, []string{"{epoch:.2f}", "{epoch:02d}"}},
		{ModelCheckpoint{Path: "{val_loss:02d}"}, []string{"{val_loss:02d}"}},
		{ModelCheckpoint{Path: "{val_loss:>8.2f}"}, []string{"{val_loss:>8.2f}"}},
		{ModelCheckpoint{Path: "{val_loss:.2f}s}"}, []string{"brace"}},
		{ModelCheckpoint{Path: "{val_loss"}, []string{"brace"}},
		{ModelCheckpoint{Path: "m", Every: -1}, []string{"Every is -1", "Every >= 0"}},
		{ModelCheckpoint{Path: "m", SaveBestOnly: true, Monitor: "val_auc"}, []string{"Monitor", `"val_auc"`, `"val_loss"`}},
		{ModelCheckpoint{Path: filepath.Join(file, "m")}, []string{"ModelCheckpoint", file}},
		{CSVLogger{}, []string{"either Path or Writer"}},
		{CSVLogger{Path: "x", Writer: new(bytes.Buffer)}, []string{"either Path or Writer"}},
		{CSVLogger{Path: filepath.Join(file, "x")}, []string{"CSVLogger", file}},
		{CSVLogger{Writer: failingWriter{}}, []string{"CSVLogger", "disk full"}},
		{LearningRateScheduler{}, []string{"Rate is nil"}},
		{LearningRateScheduler{constant}, []string{"ScheduleFunc", "constant"}},
		{TensorBoard{}, []string{"Dir is empty"}},
		{TensorBoard{Dir: "x", Histograms: -1}, []string{"Histograms is -1"}},
		{TensorBoard{Dir: "x", Gradients: true}, []string{"Gradients", "Histograms is 0"}},
		{TensorBoard{Dir: file}, []string{"TensorBoard", file}},
	} {
		trainer := softmaxTrainer(t, SGD{Schedule: ScheduleFunc(func(int) float64 { return 0.1 })})
		_, err := trainer.Fit(context.Background(), blobs(16, 1), FitConfig{ValidationSplit: 0.5, Callbacks: []Callback{c.callback}})
		wantError(t, fmt.Sprintf("%T%+v", c.callback, c.callback), true, err, c.want)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }
