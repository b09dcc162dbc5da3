package mlp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
)

// Checkpoint makes a training survive an interruption: Fit writes all that it needs to go on, and a Fit that finds such a file goes on
// from there, with the very weights that an uninterrupted training gives. A training that comes to its end removes the file.
//
// The file holds weights, the optimizer's state, the place in the shuffled rows, metrics, History and the callbacks' State. It is
// replaced atomically, and the one before it stays as Path with ".previous". Another network, trainer configuration, data set or
// FitConfig (but for Epochs) is a *CheckpointError.
type Checkpoint struct {
	Path  string // "" is off
	Steps int    // write after each that many steps, besides the end of each epoch and a done ctx; 0 means never
}

// checkpointKey is the metadata key of a checkpoint's state in its safetensors file.
const (
	checkpointKey     = "mlp_checkpoint"
	checkpointVersion = 2
)

// checkpointState is a checkpoint without its arrays.
type checkpointState struct {
	trainerState
	Data string // what must be the same to go on
	Fit  string

	Epoch     int
	Step      int
	PassStart int
	Rows      int
	LossSum   float64

	Metrics   [][]float64
	Epochs    []int
	History   []loggedValues
	Callbacks []callbackState
}

type loggedValues struct {
	Names  []string
	Values []float64
}

type callbackState struct {
	Present bool // the callback has a State
	State   []byte
}

// appendJSON appends the state as JSON, which readCheckpoint reads.
func (s *checkpointState) appendJSON(b []byte) ([]byte, error) {
	version := checkpointVersion
	return appendJSONFields(b, append([]jsonField{{"version", &version}}, s.fields()...))
}

func readCheckpoint(text string) (*checkpointState, error) {
	var s checkpointState
	err := readJSON([]byte(text), func(j jsonReader) error {
		return j.tagged("version", func() ([]jsonField, error) {
			version, err := j.int()
			if err == nil && version != checkpointVersion {
				err = fmt.Errorf("this release reads version %d of a checkpoint, the file has version %d", checkpointVersion, version)
			}
			return s.fields(), err
		})
	})
	return &s, err
}

func (s *checkpointState) fields() []jsonField {
	return append(s.trainerState.fields(), []jsonField{
		{"data", &s.Data},
		{"fit", &s.Fit},
		{"epoch", &s.Epoch},
		{"step", &s.Step},
		{"pass_start", &s.PassStart},
		{"rows", &s.Rows},
		{"loss_sum", (*exact)(&s.LossSum)},
		{"metrics", (*exactLists)(&s.Metrics)},
		{"epochs", &s.Epochs},
		{"history", objectsJSON(&s.History)},
		{"callbacks", objectsJSON(&s.Callbacks)},
	}...)
}

func (l *loggedValues) fields() []jsonField {
	return []jsonField{{"names", &l.Names}, {"values", (*exactList)(&l.Values)}}
}

func (c *callbackState) fields() []jsonField {
	return []jsonField{{"present", &c.Present}, {"state", (*jsonBytes)(&c.State)}}
}

// resumable is an Accumulator whose sums a checkpoint can keep.
type resumable interface {
	state() []float64
	restore(state []float64) error
}

// state fills in the trainer's state and what must be the same to go on.
func (f *fit) state(s *checkpointState) (err error) {
	if s.trainerState, err = f.trainer.state(); err != nil {
		return err
	}
	if f.digests[0] == "" {
		f.digests[0] = f.data.digest()
		if f.validation != nil {
			f.digests[1] = f.validation.digest()
		}
	}
	s.Data = f.digests[0]
	if f.stream != nil {
		s.Data = "a Source that begins with " + s.Data
	}
	augment := ""
	for _, a := range f.cfg.Augment {
		augment += fmt.Sprintf("%T%+v ", a, a)
	}
	s.Fit = fmt.Sprintf("%d training rows, validation %q every %d, class weights %v, augment %q, no shuffle %v, initial epoch %d, steps per epoch %d",
		len(f.order), f.digests[1], f.cfg.ValidateEvery, f.cfg.ClassWeights, augment, f.cfg.NoShuffle, f.cfg.InitialEpoch, f.cfg.StepsPerEpoch)
	if f.stream != nil {
		s.Fit += fmt.Sprintf(", window %d", f.cfg.Window)
	}
	return nil
}

// digest describes the data set's shape and values.
func (d *Dataset) digest() string {
	return fmt.Sprintf("%d rows of %d features and %d targets, %s", d.Rows(), d.Features, d.Targets, d.xxh64())
}

// appendFloat32s appends the bits of x, little-endian.
func appendFloat32s(b []byte, x []float32) []byte {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// saveAfterStep writes a checkpoint if one is due within an epoch.
func (f *fit) saveAfterStep(training *Training, hooks []Hooks, history *History) error {
	if every := f.cfg.Checkpoint.Steps; every == 0 || f.trainer.batches%every != 0 {
		return nil
	}
	return f.save(training, hooks, history)
}

// save writes a checkpoint, if they are on.
func (f *fit) save(training *Training, hooks []Hooks, history *History) error {
	path := f.cfg.Checkpoint.Path
	if path == "" {
		return nil
	}
	t := f.trainer
	s := checkpointState{
		Epoch: training.Epoch, Step: training.Step, PassStart: f.passStart,
		Rows: f.rows, LossSum: f.lossSum, Epochs: history.Epochs,
	}
	err := f.state(&s)
	for _, m := range t.metrics {
		s.Metrics = append(s.Metrics, m.Accumulator.(resumable).state())
	}
	for _, l := range history.logs {
		s.History = append(s.History, loggedValues{l.names, l.values})
	}
	for _, h := range hooks {
		c := callbackState{Present: h.State != nil}
		if c.Present && err == nil {
			c.State, err = h.State()
		}
		s.Callbacks = append(s.Callbacks, c)
	}
	var text []byte
	if err == nil {
		text, err = s.appendJSON(nil)
	}
	if err == nil {
		if err = os.Rename(path, path+previousSuffix); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = writeFileAtomic(path, func(w io.Writer) error {
			return writeSafetensors(w, t.arrays(), map[string]string{checkpointKey: string(text)})
		})
	}
	if err != nil {
		return fmt.Errorf("mlp: writing a checkpoint: %w", err)
	}
	return nil
}

const previousSuffix = ".previous"

// remove deletes the checkpoints of a training that came to its end.
func (c Checkpoint) remove() error {
	if c.Path == "" {
		return nil
	}
	for _, path := range []string{c.Path, c.Path + previousSuffix} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("mlp: removing a checkpoint: %w", err)
		}
	}
	return nil
}

// resume puts everything into the state of the checkpoint, if there is one.
func (f *fit) resume(training *Training, hooks []Hooks, history *History) error {
	path := f.cfg.Checkpoint.Path
	if path == "" {
		return nil
	}
	for _, m := range f.trainer.metrics {
		if _, ok := m.Accumulator.(resumable); !ok {
			return fmt.Errorf("mlp: a Checkpoint cannot keep the sums of metric %q, a type of your own", m.name)
		}
	}
	// What a killed writer left. A training has one writer.
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp"))
	for _, name := range left {
		os.Remove(name)
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		path += previousSuffix // a crash came between the two renamings
		data, err = os.ReadFile(path)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = f.restore(data, training, hooks, history)
	}
	if err != nil {
		return fmt.Errorf("mlp: resuming from the checkpoint %s: %w", path, err)
	}
	return nil
}

// restore reads a checkpoint. It changes nothing before everything is checked, but for the callbacks' own state.
func (f *fit) restore(data []byte, training *Training, hooks []Hooks, history *History) error {
	tensors, metadata, err := ReadSafetensors(bytes.NewReader(data))
	if err != nil {
		return err
	}
	text, ok := metadata[checkpointKey]
	if !ok {
		return fmt.Errorf("it is a safetensors file, but no checkpoint")
	}
	s, err := readCheckpoint(text)
	if err != nil {
		return err
	}
	if err := f.checkState(s, hooks); err != nil {
		return err
	}
	t := f.trainer
	stored, err := t.findArrays(tensors)
	if err != nil {
		return err
	}
	if len(tensors) != len(stored) {
		return fmt.Errorf("it holds %d arrays, want %d", len(tensors), len(stored))
	}
	for i, h := range hooks {
		if h.Restore == nil {
			continue
		}
		training.Epoch, training.Step = s.Epoch, s.Step
		if err := h.Restore(training, s.Callbacks[i].State); err != nil {
			return fmt.Errorf("callback %d: %w", i, err)
		}
	}
	for i, m := range t.metrics {
		if err := m.Accumulator.(resumable).restore(s.Metrics[i]); err != nil {
			return fmt.Errorf("metric %q: %w", m.name, err)
		}
	}
	t.restore(&s.trainerState, stored)
	f.passStart, f.rows, f.lossSum = s.PassStart, s.Rows, s.LossSum
	if f.stream != nil {
		f.stream.close() // the next batch finds the place in the Source again
	}
	f.drawOrder()
	training.Epoch, training.Step = s.Epoch, s.Step
	for i, l := range s.History {
		history.add(s.Epochs[i], &Logs{l.Names, l.Values})
	}
	return nil
}

// CheckpointError tells that a checkpoint is of another training than the one that finds it.
type CheckpointError struct {
	What   string // "network", "trainer", "data" or "FitConfig"
	Stored string // its description in the checkpoint
	Here   string // and here
}

func (e *CheckpointError) Error() string {
	// From a little before the first difference.
	at := 0
	for at < min(len(e.Stored), len(e.Here)) && e.Stored[at] == e.Here[at] {
		at++
	}
	excerpt := func(s string) string {
		from, to := max(at-24, 0), min(at+24, len(s))
		return s[from:to]
	}
	return fmt.Sprintf("it is of another %s: %q there, %q here", e.What, excerpt(e.Stored), excerpt(e.Here))
}

// checkState returns an error unless the checkpoint is of this training.
func (f *fit) checkState(s *checkpointState, hooks []Hooks) error {
	var here checkpointState
	if err := f.state(&here); err != nil {
		return err
	}
	if err := s.check(&here.trainerState); err != nil {
		return err
	}
	for _, c := range []struct{ what, there, here string }{{"data", s.Data, here.Data}, {"FitConfig", s.Fit, here.Fit}} {
		if c.there != c.here {
			return &CheckpointError{c.what, c.there, c.here}
		}
	}
	inPass, mostSteps, mostInPass := s.Batches-s.PassStart, f.cfg.StepsPerEpoch, f.stepsPerPass()
	if f.stream != nil { // of a length that is not known
		mostInPass = inPass
		if mostSteps == 0 {
			mostSteps = s.Step
		}
	}
	if s.Epoch < f.cfg.InitialEpoch || s.Step < 0 || s.Step > mostSteps || s.PassStart < 0 || inPass < 0 || inPass > mostInPass ||
		s.Rows < 0 || len(s.Metrics) != len(f.trainer.metrics) || len(s.History) != len(s.Epochs) {
		return errors.New("its numbers contradict each other")
	}
	for _, l := range s.History {
		if len(l.Names) != len(l.Values) {
			return errors.New("its history is incomplete")
		}
	}
	if len(s.Callbacks) != len(hooks) {
		return fmt.Errorf("it is of a training with %d callbacks, here are %d", len(s.Callbacks), len(hooks))
	}
	for i, h := range hooks {
		if s.Callbacks[i].Present != (h.Restore != nil) {
			return fmt.Errorf("callback %d is of another type", i)
		}
	}
	return nil
}

// appendState appends numbers to a callback's state, and readState reads them.
func appendState(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

func readState(b []byte, values ...*float64) ([]byte, error) {
	if len(b) < 8*len(values) {
		return nil, fmt.Errorf("its state has %d bytes, want at least %d", len(b), 8*len(values))
	}
	for i, v := range values {
		*v = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return b[8*len(values):], nil
}

// appendArrays appends arrays to a callback's state, and readArrays reads all that is left of it.
func appendArrays(b []byte, arrays ...[]float32) []byte {
	for _, a := range arrays {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(a)))
		b = appendFloat32s(b, a)
	}
	return b
}

func readArrays(b []byte, arrays ...*[]float32) error {
	for _, a := range arrays {
		if len(b) < 8 || binary.LittleEndian.Uint64(b) > uint64(len(b)-8)/4 {
			return errors.New("its arrays are incomplete")
		}
		n := int(binary.LittleEndian.Uint64(b))
		b = b[8:]
		*a = nil
		for range n {
			*a = append(*a, math.Float32frombits(binary.LittleEndian.Uint32(b)))
			b = b[4:]
		}
	}
	if len(b) > 0 {
		return fmt.Errorf("its state has %d bytes too many", len(b))
	}
	return nil
}
