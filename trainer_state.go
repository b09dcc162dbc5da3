package mlp

import (
	"errors"
	"fmt"
)

// trainerKey is the metadata key of a trainer's state.
const trainerKey = "mlp_trainer"

// trainerState is a trainer's state without its arrays.
type trainerState struct {
	Network string // what must be the same to go on
	Trainer string

	Batches int
	Updates int
	Rate    float64
	Powers  []float64 // of moments: power1, power2, product, power96
}

func (s *trainerState) fields() []jsonField {
	return []jsonField{
		{"network", &s.Network},
		{"trainer", &s.Trainer},
		{"batches", &s.Batches},
		{"updates", &s.Updates},
		{"rate", (*exact)(&s.Rate)},
		{"powers", (*exactList)(&s.Powers)},
	}
}

// State returns all that the trainer needs to go on later with the very same bits: weights, moving statistics, the optimizer's
// memory and the number of steps. WriteSafetensors writes it, together with tensors and metadata of the caller's own, and
// SetState takes it back. It is for programs that call Step; Fit has its Checkpoint.
//
// The tensors share the trainer's memory: write them before the next Step.
func (t *Trainer) State() (tensors []Tensor, metadata map[string]string, err error) {
	s, err := t.state()
	if err != nil {
		return nil, nil, fmt.Errorf("mlp: a trainer's state: %w", err)
	}
	text, err := appendJSONFields(nil, s.fields())
	if err != nil {
		return nil, nil, fmt.Errorf("mlp: a trainer's state: %w", err)
	}
	return t.arrays(), map[string]string{trainerKey: string(text)}, nil
}

// SetState puts a trainer, and its network's weights, into the state that State returned. Tensors and metadata of other names
// are ignored. If the state is of another network or configuration, which is a *CheckpointError, or incomplete, nothing is
// changed.
func (t *Trainer) SetState(tensors []Tensor, metadata map[string]string) error {
	if err := t.setState(tensors, metadata); err != nil {
		return fmt.Errorf("mlp: a trainer's state: %w", err)
	}
	return nil
}

func (t *Trainer) setState(tensors []Tensor, metadata map[string]string) error {
	text, ok := metadata[trainerKey]
	if !ok {
		return fmt.Errorf("the metadata lack the key %q", trainerKey)
	}
	var s trainerState
	err := readJSON([]byte(text), func(j jsonReader) error { return j.fields(s.fields()) })
	if err != nil {
		return err
	}
	here, err := t.state()
	if err != nil {
		return err
	}
	if err := s.check(&here); err != nil {
		return err
	}
	stored, err := t.findArrays(tensors)
	if err != nil {
		return err
	}
	t.restore(&s, stored)
	t.net.Training = nil
	return nil
}

// state returns the trainer's state without its arrays.
func (t *Trainer) state() (trainerState, error) {
	a := architecture{features: t.net.features, layers: t.net.layers}
	text, err := a.appendJSON(nil)
	if err != nil {
		return trainerState{}, err
	}
	opt, cfg, m := t.opt, &t.cfg, &t.moments
	schedule := fmt.Sprintf("%T %+v", opt.schedule, opt.schedule)
	if _, ok := opt.schedule.(ScheduleFunc); ok {
		schedule = "function"
	}
	opt.schedule = nil
	names := []string{}
	for _, m := range t.metrics {
		names = append(names, m.name)
	}
	return trainerState{
		Network: string(text),
		Trainer: fmt.Sprintf("loss %T %+v, optimizer %+v, schedule %s, metrics %q, batch size %d, seed %d, accumulate %d, EMA %v, no decay %q",
			cfg.Loss, cfg.Loss, opt, schedule, names, cfg.BatchSize, cfg.Seed, cfg.AccumulateSteps, cfg.EMA, cfg.NoDecay),
		Batches: t.batches, Updates: m.step, Rate: t.rate,
		Powers: []float64{m.power1, m.power2, m.product, m.power96},
	}, nil
}

// check returns an error unless a trainer with the state here can go on from s.
func (s *trainerState) check(here *trainerState) error {
	if s.Network != here.Network {
		return &CheckpointError{"network", s.Network, here.Network}
	}
	if s.Trainer != here.Trainer {
		return &CheckpointError{"trainer", s.Trainer, here.Trainer}
	}
	if s.Updates < 0 || s.Updates > s.Batches || len(s.Powers) != len(here.Powers) {
		return errors.New("its numbers contradict each other")
	}
	if !(s.Rate >= 0 && isFinite(s.Rate)) {
		return fmt.Errorf("its learning rate is %v, want learning rate >= 0", s.Rate)
	}
	for _, p := range s.Powers {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("a power of its optimizer's is %v, want 0 <= power <= 1", p)
		}
	}
	return nil
}

// arrays returns everything of the trainer that is as long as the weights, by its name in the file.
func (t *Trainer) arrays() []Tensor {
	list := []Tensor{{Name: "weights", Values: t.net.params}, {Name: "statistics", Values: t.net.statistics},
		{Name: "sums", Values: t.sums}, {Name: "average", Values: t.average}}
	for i, m := range t.moments.arrays {
		list = append(list, Tensor{Name: fmt.Sprint("moments.", i), Values: m})
	}
	n := 0
	for _, a := range list {
		if len(a.Values) > 0 {
			a.Shape = []int{len(a.Values)}
			list[n] = a
			n++
		}
	}
	return list[:n]
}

// findArrays returns the values that the tensors have for each of arrays.
func (t *Trainer) findArrays(tensors []Tensor) ([][]float32, error) {
	values := map[string][]float32{}
	for _, tensor := range tensors {
		values[tensor.Name] = tensor.Values
	}
	var found [][]float32
	for _, a := range t.arrays() {
		if len(values[a.Name]) != len(a.Values) {
			return nil, fmt.Errorf("its array %q has %d values, want %d", a.Name, len(values[a.Name]), len(a.Values))
		}
		found = append(found, values[a.Name])
	}
	return found, nil
}

// restore takes a state and the values of arrays that were checked.
func (t *Trainer) restore(s *trainerState, stored [][]float32) {
	for i, a := range t.arrays() {
		copy(a.Values, stored[i])
	}
	m := &t.moments
	t.batches, m.step, t.rate = s.Batches, s.Updates, s.Rate
	m.power1, m.power2, m.product, m.power96 = s.Powers[0], s.Powers[1], s.Powers[2], s.Powers[3]
}
