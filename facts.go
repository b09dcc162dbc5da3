package mlp

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
)

// TrainingFacts tell how a network came to its weights. Fit fills them in, and they travel with the model file. Who sets
// them is free to leave any of them empty.
type TrainingFacts struct {
	Loss      string `json:"loss"`      // its type: "SparseCategoricalCrossentropy"
	Optimizer string `json:"optimizer"` // its type: "Adam"
	Epochs    int    `json:"epochs"`    // of the last Fit, up to the one whose weights these are
	Rows      int    `json:"rows"`      // trained on in a pass over them; 0 after FitSource, which does not know their number

	// Data, empty after FitSource, tells the rows that were trained on from others: "xxh64:" and the XXH64 of X, Y and
	// SampleWeights as the network took them, one after the other, each number a little-endian float32; 16 hexadecimal
	// digits.
	Data string `json:"data"`

	// Scores are what History has of the last of the Epochs: loss, metrics, and those of validation. Numbers that are not
	// finite are left out.
	Scores []Score `json:"scores"`

	Library string `json:"library"` // the version of this package, "(devel)" where it had none
}

// Score is a named number: "loss", "val_accuracy".
type Score struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// setFacts gives the network the facts of an epoch, counted from 0, that ended with those values.
func (f *fit) setFacts(epoch int, logs *Logs) {
	t := f.trainer
	if f.known.Loss == "" { // what is the same for all epochs
		f.known = TrainingFacts{Loss: typeName(t.cfg.Loss), Optimizer: typeName(t.cfg.Optimizer), Library: libraryVersion()}
		if f.stream == nil {
			f.known.Rows, f.known.Data = len(f.order), f.data.slice(0, len(f.order)).xxh64()
		}
	}
	facts := f.known
	facts.Epochs = epoch + 1
	for _, name := range f.names() {
		if v, ok := logs.Get(name); ok && isFinite(v) {
			facts.Scores = append(facts.Scores, Score{name, v})
		}
	}
	t.net.Training = &facts
}

// keepFacts gives the network the facts of the epoch whose weights it has in the end.
func (f *fit) keepFacts(training *Training, history *History) {
	if i := slices.Index(history.Epochs, training.kept); i >= 0 {
		f.setFacts(training.kept, &history.logs[i])
	}
}

// xxh64 returns TrainingFacts.Data.
func (d *Dataset) xxh64() string {
	h := newXXH64()
	h.write(d.X)
	h.write(d.Y)
	h.write(d.SampleWeights)
	return h.String()
}

// typeName returns the name of a building block's type: "Adam".
func typeName(v any) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", v), "mlp.")
}

// libraryVersion returns the version of this package that the program was built with, "" if the program does not know.
func libraryVersion() string {
	const path = "github.com/seed975aa5d7/mlp"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == path {
			return m.Version
		}
	}
	return ""
}

func (t *TrainingFacts) fields() []jsonField {
	return []jsonField{
		{"library", &t.Library},
		{"loss", &t.Loss},
		{"optimizer", &t.Optimizer},
		{"epochs", &t.Epochs},
		{"rows", &t.Rows},
		{"data", &t.Data},
		{"scores", objectsJSON(&t.Scores)},
	}
}

func (s *Score) fields() []jsonField {
	return []jsonField{{"name", &s.Name}, {"value", (*scoreValue)(&s.Value)}}
}

// scoreValue is a number that stands there even if it is 0.
type scoreValue float64

func (v *scoreValue) appendJSON(b []byte) ([]byte, error) { return appendJSONFloat(b, float64(*v)) }

func (v *scoreValue) readJSON(j jsonReader) (err error) {
	*(*float64)(v), err = j.float()
	return err
}

// check returns an error if a number is none that a model file can hold.
func (t *TrainingFacts) check() error {
	if t.Epochs < 0 || t.Rows < 0 {
		return fmt.Errorf("training: %d epochs of %d rows, want neither to be negative", t.Epochs, t.Rows)
	}
	return nil
}
