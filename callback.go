package mlp

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Callback takes part in Fit. A value may serve several trainings, one after the other.
type Callback interface {
	// Start is called when a training begins, and returns what is to be called during it.
	Start(t *Training) (Hooks, error)
}

// Hooks are the calls that a callback gets, in the order of the list of callbacks; nil ones are left out. An error ends the
// training, and Fit returns it. A Hooks value is itself a Callback.
type Hooks struct {
	EpochBegin func(t *Training) error
	BatchEnd   func(t *Training) error // after each step
	EpochEnd   func(t *Training) error // after validation
	End        func(t *Training) error // once, whatever ended the training

	// State returns what the callback has to remember in a checkpoint, and Restore takes it back in a resumed training, where
	// it is called after Start, and instead of EpochBegin if the checkpoint lies within an epoch. Both or neither are set.
	State   func() ([]byte, error)
	Restore func(t *Training, state []byte) error
}

// Start returns the hooks themselves.
func (h Hooks) Start(*Training) (Hooks, error) { return h, nil }

// Training is a Fit at work, as callbacks see it.
type Training struct {
	Trainer *Trainer
	Epoch   int // from 0
	Epochs  int
	Step    int // of the epoch, from 0; in BatchEnd the step just done, in EpochEnd their number
	Steps   int // of an epoch; 0 in FitSource's first one, until it ends, where StepsPerEpoch is 0

	fit     *fit
	logs    Logs
	stopped bool
	kept    int // the epoch whose weights the network has, or is going to have in the end
}

// Stop ends the training after the current epoch's callbacks.
func (t *Training) Stop() { t.stopped = true }

// Logs returns the epoch's loss and metrics so far: "loss", the trainer's metrics and, in EpochEnd, the same with "val_".
// What a callback adds goes into the History. Valid until the next step.
func (t *Training) Logs() *Logs {
	t.fit.fillLogs(&t.logs)
	return &t.logs
}

// Logs is a short list of named numbers, in the order in which they were set.
type Logs struct {
	names  []string
	values []float64
}

// Set sets a number; a new name goes to the end.
func (l *Logs) Set(name string, value float64) {
	if i := slices.Index(l.names, name); i >= 0 {
		l.values[i] = value
		return
	}
	l.names = append(l.names, name)
	l.values = append(l.values, value)
}

// Get returns the number of that name.
func (l *Logs) Get(name string) (float64, bool) {
	if i := slices.Index(l.names, name); i >= 0 {
		return l.values[i], true
	}
	return 0, false
}

// Names returns the names in their order; the slice belongs to l.
func (l *Logs) Names() []string { return l.names }

// EarlyStopping ends a training whose monitored number no longer improves, with Keras's semantics
// (https://keras.io/api/callbacks/early_stopping). A NaN is no improvement.
type EarlyStopping struct {
	Monitor            string  // "" means "val_loss"
	Mode               Mode    // direction of improvement
	MinDelta           float64 // smallest change that counts, >= 0
	Patience           int     // epochs without improvement after which to stop, >= 0; 0 acts as 1
	RestoreBestWeights bool    // put the best epoch's weights back at the end, whatever ended the training

	// Results of the last training; epochs from 0.
	BestEpoch    int
	StoppedEpoch int // 0 if it was not stopped
	Best         float64
}

// Mode is the direction in which a number improves.
type Mode uint8

// The modes.
const (
	Auto Mode = iota // Max for the accuracies, precision, recall, AUC, F1, R² and the cosine, else Min
	Min
	Max
)

// monitor watches whether a number improves.
type monitor struct {
	name     string
	sign     float64 // 1 for Min, -1 for Max
	minDelta float64
	best     float64 // times sign
}

// rising lists the metrics that Auto takes for the better the larger they are.
var rising = []string{"accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "top_k_categorical_accuracy",
	"precision", "recall", "auc", "f1_score", "r2_score", "cosine_similarity"}

func newMonitor(name string, mode Mode, minDelta float64, t *Training) (monitor, error) {
	if name == "" {
		name = "val_loss"
	}
	known := t.fit.names()
	if !slices.Contains(known, name) {
		return monitor{}, fmt.Errorf("Monitor is %q, but this training has %q", name, known)
	}
	m := monitor{name: name, sign: 1, minDelta: minDelta, best: math.Inf(1)}
	base := name
	if len(base) > 4 && base[:4] == "val_" {
		base = base[4:]
	}
	if mode == Max || mode == Auto && slices.Contains(rising, base) {
		m.sign = -1
	}
	return m, checkRange("MinDelta", minDelta, minDelta >= 0, "MinDelta >= 0")
}

// improved reports whether the current value beats the best by more than minDelta, and keeps it then. present is false in an
// epoch without it, for want of a validation.
func (m *monitor) improved(logs *Logs) (improved, present bool) {
	v, ok := logs.Get(m.name)
	if !ok {
		return false, false
	}
	if v *= m.sign; v < m.best-m.minDelta {
		m.best = v
		return true, true
	}
	return false, true
}

// Start implements Callback.
func (e *EarlyStopping) Start(t *Training) (Hooks, error) {
	m, err := newMonitor(e.Monitor, e.Mode, e.MinDelta, t)
	if err == nil && e.Patience < 0 {
		err = fmt.Errorf("Patience is %d, want Patience >= 0", e.Patience)
	}
	if err != nil {
		return Hooks{}, fmt.Errorf("mlp: EarlyStopping: %w", err)
	}
	e.BestEpoch, e.StoppedEpoch, e.Best = 0, 0, math.NaN()
	wait := 0
	var best snapshot
	net := t.Trainer.net
	return Hooks{
		EpochEnd: func(t *Training) error {
			improved, present := m.improved(t.Logs())
			if !present {
				return nil
			}
			if e.RestoreBestWeights && best.params == nil {
				best.take(net) // in case that nothing ever counts as an improvement
				e.BestEpoch = t.Epoch
			}
			wait++
			if improved {
				wait, e.BestEpoch, e.Best = 0, t.Epoch, m.sign*m.best
				if e.RestoreBestWeights {
					best.take(net)
				}
			} else if wait >= e.Patience && t.Epoch > 0 {
				e.StoppedEpoch = t.Epoch
				t.Stop()
			}
			return nil
		},
		State: func() ([]byte, error) {
			b := appendState(nil, float64(wait), float64(e.BestEpoch), float64(e.StoppedEpoch), e.Best, m.best)
			return appendArrays(b, best.params, best.statistics), nil
		},
		Restore: func(_ *Training, state []byte) error {
			var bestEpoch, stoppedEpoch, waited float64
			rest, err := readState(state, &waited, &bestEpoch, &stoppedEpoch, &e.Best, &m.best)
			if err == nil {
				err = readArrays(rest, &best.params, &best.statistics)
			}
			if err == nil && best.params != nil && (len(best.params) != len(net.params) || len(best.statistics) != len(net.statistics)) {
				err = errors.New("the best weights are another network's")
			}
			wait, e.BestEpoch, e.StoppedEpoch = int(waited), int(bestEpoch), int(stoppedEpoch)
			return err
		},
		End: func(t *Training) error {
			if best.restore(net) {
				t.kept = e.BestEpoch
			}
			return nil
		},
	}, nil
}

// snapshot is a copy of a network's weights and moving statistics.
type snapshot struct{ params, statistics []float32 }

func (s *snapshot) take(n *Network) {
	s.params = append(s.params[:0], n.params...)
	s.statistics = append(s.statistics[:0], n.statistics...)
}

// restore puts the copy back, and reports whether there is one.
func (s *snapshot) restore(n *Network) bool {
	if s.params == nil {
		return false
	}
	copy(n.params, s.params)
	copy(n.statistics, s.statistics)
	return true
}

// ReduceLearningRateOnPlateau lowers a constant learning rate when the monitored number no longer improves, with Keras's
// semantics (https://keras.io/api/callbacks/reduce_lr_on_plateau), and logs "learning_rate", the rate of the epoch.
type ReduceLearningRateOnPlateau struct {
	Monitor         string  // "" means "val_loss"
	Mode            Mode    // direction of improvement
	Factor          float64 // 0 < Factor < 1; 0 means 0.1
	Patience        int     // epochs without improvement before a reduction, >= 0; 0 means 10, NoPatience 0
	NoPatience      bool
	MinDelta        float64 // smallest change that counts, >= 0; 0 means 1e-4, NoMinDelta 0
	NoMinDelta      bool
	Cooldown        int     // epochs after a reduction during which none are counted, >= 0
	MinLearningRate float64 // lower bound, >= 0
}

// Start implements Callback.
func (r ReduceLearningRateOnPlateau) Start(t *Training) (Hooks, error) {
	factor, patience, minDelta := or(r.Factor, 0.1), r.Patience, or(r.MinDelta, 1e-4)
	if patience == 0 && !r.NoPatience {
		patience = 10
	}
	if r.NoMinDelta {
		minDelta = r.MinDelta
	}
	m, err := newMonitor(r.Monitor, r.Mode, minDelta, t)
	switch {
	case err != nil:
	case patience < 0:
		err = fmt.Errorf("Patience is %d, want Patience >= 0", patience)
	case r.Cooldown < 0:
		err = fmt.Errorf("Cooldown is %d, want Cooldown >= 0", r.Cooldown)
	case t.Trainer.opt.schedule != nil:
		err = fmt.Errorf("the learning rate follows a schedule (%T), want a constant one", t.Trainer.opt.schedule)
	default:
		if err = checkRange("Factor", factor, factor > 0 && factor < 1, "0 < Factor < 1"); err == nil {
			err = checkRange("MinLearningRate", r.MinLearningRate, r.MinLearningRate >= 0, "MinLearningRate >= 0")
		}
	}
	if err != nil {
		return Hooks{}, fmt.Errorf("mlp: ReduceLearningRateOnPlateau: %w", err)
	}
	wait, cooldown := 0, 0
	hooks := Hooks{EpochEnd: func(t *Training) error {
		rate := t.Trainer.LearningRate()
		t.Logs().Set("learning_rate", rate)
		improved, present := m.improved(t.Logs())
		if !present {
			return nil
		}
		if cooldown > 0 {
			cooldown--
			wait = 0
		}
		if improved {
			wait = 0
			return nil
		}
		if cooldown > 0 {
			return nil
		}
		if wait++; wait >= patience && rate > r.MinLearningRate {
			wait, cooldown = 0, r.Cooldown
			return t.Trainer.SetLearningRate(max(rate*factor, r.MinLearningRate))
		}
		return nil
	}}
	hooks.State = func() ([]byte, error) { return appendState(nil, float64(wait), float64(cooldown), m.best), nil }
	hooks.Restore = func(_ *Training, state []byte) error {
		var waited, cooling float64
		_, err := readState(state, &waited, &cooling, &m.best)
		wait, cooldown = int(waited), int(cooling)
		return err
	}
	return hooks, nil
}
