package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"github.com/seed975aa5d7/mlp"
)

const (
	windowRows = 256
	batchRows  = 16
	seed       = 1
)

// learner learns from one line after the other.
type learner struct {
	values, classes int
	trainer         *mlp.Trainer
	predictor       *mlp.Predictor

	lines  int64 // read, whether they could be used or not
	taught int64

	windowX, windowY []float32 // the last taught rows: row i stands at i modulo windowRows
	batchX, batchY   []float32
	row, p           []float32 // a line's numbers; the classes' probabilities

	source *rand.PCG // drawn from anew for each step, so that it has no state to keep
	random *rand.Rand
}

func newLearner(values, classes int) (*learner, error) {
	net, err := mlp.New(values,
		mlp.BatchNorm{},
		mlp.Dense{Units: 16, Activation: mlp.ReLU},
		mlp.Dense{Units: classes, Activation: mlp.Softmax},
	)
	if err != nil {
		return nil, err
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss:      mlp.SparseCategoricalCrossentropy{},
		Optimizer: mlp.Adam{LearningRate: 0.003, Clip: mlp.Clip{GlobalNorm: 1}},
		BatchSize: batchRows,
	})
	if err != nil {
		return nil, err
	}
	source := rand.NewPCG(seed, 0)
	return &learner{
		values: values, classes: classes, trainer: trainer, predictor: net.NewPredictor(1),
		windowX: make([]float32, windowRows*values), windowY: make([]float32, windowRows),
		batchX: make([]float32, batchRows*values), batchY: make([]float32, batchRows),
		row: make([]float32, values+1), p: make([]float32, classes),
		source: source, random: rand.New(source),
	}, nil
}

// memory returns the bytes that the learner needs, now and later.
func (l *learner) memory() int {
	floats := 0
	for _, s := range [][]float32{l.windowX, l.windowY, l.batchX, l.batchY, l.row, l.p} {
		floats += len(s)
	}
	return l.trainer.Memory() + 4*floats
}

// take learns from a line, or appends the answer to it.
func (l *learner) take(answer, line []byte) ([]byte, error) {
	n, err := parseLine(l.row, line)
	switch {
	case err != nil:
		return answer, err
	case n == l.values:
		return l.ask(answer, l.row[:n])
	case n == l.values+1:
		return answer, l.teach(l.row[:l.values], l.row[l.values])
	}
	return answer, fmt.Errorf("it has %d fields, want %d, or %d with a class", n, l.values, l.values+1)
}

// ask appends the likeliest class of x and its probability.
func (l *learner) ask(answer []byte, x []float32) ([]byte, error) {
	if err := l.predictor.Predict(l.p, x); err != nil {
		return answer, err
	}
	class := 0
	for i, p := range l.p {
		if p > l.p[class] {
			class = i
		}
	}
	answer = strconv.AppendInt(answer, int64(class), 10)
	answer = append(answer, ' ')
	answer = strconv.AppendFloat(answer, float64(l.p[class]), 'f', 3, 32)
	return append(answer, '\n'), nil
}

// teach takes a row into the window and does a step.
func (l *learner) teach(x []float32, class float32) error {
	if y := int(class); float32(y) != class || y < 0 || y >= l.classes {
		return fmt.Errorf("the class is %v, want 0 … %d", class, l.classes-1)
	}
	newest := int(l.taught % windowRows)
	copy(l.windowX[newest*l.values:], x)
	l.windowY[newest] = class
	l.taught++
	if l.taught < batchRows {
		return nil
	}
	l.source.Seed(seed, uint64(l.taught))
	rows := int(min(l.taught, windowRows))
	for i, r := 0, newest; i < batchRows; i, r = i+1, l.random.IntN(rows) {
		copy(l.batchX[i*l.values:], l.windowX[r*l.values:][:l.values])
		l.batchY[i] = l.windowY[r]
	}
	_, err := l.trainer.Step(l.batchX, l.batchY)
	return err
}

// linesKey is the metadata key of the number of lines, and of those taught.
const linesKey = "sensor_lines"

// save replaces the checkpoint.
func (l *learner) save(path string) error {
	tensors, metadata, err := l.trainer.State()
	if err != nil {
		return err
	}
	metadata[linesKey] = fmt.Sprint(l.lines, l.taught)
	return replaceFile(path, func(w io.Writer) error {
		return mlp.WriteSafetensors(w, append(tensors, l.window()...), metadata)
	})
}

// resume takes up the checkpoint, if there is one.
func (l *learner) resume(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := l.restore(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (l *learner) restore(r io.Reader) error {
	tensors, metadata, err := mlp.ReadSafetensors(r)
	if err != nil {
		return err
	}
	stored := map[string][]float32{}
	for _, t := range tensors {
		stored[t.Name] = t.Values
	}
	for _, t := range l.window() {
		if got := len(stored[t.Name]); got != len(t.Values) {
			return fmt.Errorf("%q has %d values, want %d", t.Name, got, len(t.Values))
		}
	}
	var lines, taught int64
	if _, err := fmt.Sscan(metadata[linesKey], &lines, &taught); err != nil || taught < 0 || taught > lines {
		return fmt.Errorf("%s is %q, want the numbers of lines and of those taught", linesKey, metadata[linesKey])
	}
	if err := l.trainer.SetState(tensors, metadata); err != nil {
		return err
	}
	for _, t := range l.window() {
		copy(t.Values, stored[t.Name])
	}
	l.lines, l.taught = lines, taught
	return nil
}

// window returns the window's arrays, by their names in the checkpoint.
func (l *learner) window() []mlp.Tensor {
	return []mlp.Tensor{
		{Name: "window.x", Shape: []int{windowRows, l.values}, Values: l.windowX},
		{Name: "window.y", Shape: []int{windowRows}, Values: l.windowY},
	}
}

// replaceFile replaces a file by what write writes. Whenever power fails, the old file is there, or the new one.
func replaceFile(path string, write func(w io.Writer) error) error {
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync() // the contents first, and only then the name
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
