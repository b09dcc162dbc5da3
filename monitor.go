package mlp

import (
	"errors"
	"math"
)

// Monitor is a callback that watches a training from within and names what is wrong with it: vanishing or exploding gradients, dead
// units, over-fitting, under-fitting. Report tells what it saw and what helps, also while a training runs and when one broke off.
//
// It looks at up to four steps of each epoch, evenly spaced and the last among them, at what such a step leaves behind: outputs,
// gradients and weights. The training computes the same bits with it and without it. It keeps one copy of the weights.
type Monitor struct {
	report MonitorReport
}

// MonitorReport is what a Monitor saw of a training. Epochs and layers count from 0.
type MonitorReport struct {
	Epochs   []EpochRecord
	Findings []Finding // what is wrong, if anything

	// Baseline is the loss, penalties left out, of giving every training row the mean of the targets: of knowing nothing of the
	// features. NaN for Poisson and CosineSimilarity, whose least loss is not 0, and for the rows of a Source.
	Baseline float64

	diverged *DivergedError // that ended the training
}

// EpochRecord is what a Monitor saw in an epoch. Numbers of a layer are means over the steps that it looked at.
type EpochRecord struct {
	Epoch          int
	Loss           float64 // as in History; NaN for an epoch that broke off
	ValidationLoss float64 // NaN without a validation
	Penalty        float64 // the regularizers' share of both losses, at the end of the epoch
	// Layers holds a record for each layer; none for an epoch without an update of the weights, with AccumulateSteps.
	Layers []LayerRecord
}

// LayerRecord is what a Monitor saw of a layer in an epoch.
type LayerRecord struct {
	Layer int
	Name  string // as in Summary: "0 Dense (relu)"

	// GradientNorm is the L2 norm of the gradient of all the layer's weights, penalties included; 0 for a layer without weights. It
	// is taken before Clip.GlobalNorm, but after Clip.Norm and Clip.Value.
	GradientNorm float64
	// UpdateRatio is the L2 norm of a step's change of the weights over the norm of the weights before it.
	UpdateRatio float64
	// Dead is the share of ReLU units that were above zero for no row of the steps looked at; 0 for other activations.
	Dead float64
	// Mean and StdDev are those of the layer's outputs, over rows and units.
	Mean, StdDev float64

	weights int  // their number
	units   int  // of a ReLU, else 0
	dense   bool // the layer is a Dense
}

// monitorSteps is the number of steps of an epoch that a Monitor looks at. With batches of 32, four show a unit some hundred rows, enough
// to tell a dead one from a rare one. A look takes about as long as two or three steps of a small network, less of a large one.
const monitorSteps = 4

// Report returns what the Monitor saw of the last training.
func (m *Monitor) Report() *MonitorReport {
	r := m.report
	r.Findings = r.diagnose()
	return &r
}

// watch is a Monitor at work in one training.
type watch struct {
	report  *MonitorReport
	trainer *Trainer
	sums    []layerSums // by stage, of the epoch
	peaks   []float32   // each ReLU unit's largest output of the epoch, stage after stage
	inEpoch bool

	// A step that is looked at has a copy of the weights before it, and is over when the weights were updated.
	before  []float32
	copied  bool
	updates int // before it
}

// layerSums sums up what is seen of a layer over the steps of an epoch.
type layerSums struct {
	steps, gradient float64
	ratios, ratio   float64 // of steps where the weights are not all zero
	values          float64 // outputs, their sum and sum of squares
	sum, squares    float64
}

// numbers returns the places of all sums, for a checkpoint.
func (s *layerSums) numbers() []*float64 {
	return []*float64{&s.steps, &s.gradient, &s.ratios, &s.ratio, &s.values, &s.sum, &s.squares}
}

// Start implements Callback.
func (m *Monitor) Start(t *Training) (Hooks, error) {
	n := t.Trainer.net
	m.report = MonitorReport{Baseline: t.fit.baseline()}
	w := &watch{report: &m.report, trainer: t.Trainer, sums: make([]layerSums, len(n.stages)), before: make([]float32, len(n.params))}
	for i := range n.stages {
		w.peaks = append(w.peaks, make([]float32, n.stages[i].reluUnits())...)
	}
	return Hooks{
		EpochBegin: func(t *Training) error {
			w.inEpoch = true
			w.prepare(0, t.Steps)
			return nil
		},
		BatchEnd: func(t *Training) error {
			if w.copied && w.trainer.moments.step > w.updates {
				w.measure()
			}
			w.prepare(t.Step+1, t.Steps)
			return nil
		},
		EpochEnd: func(t *Training) error {
			loss, _ := t.Logs().Get("loss")
			validation, ok := t.Logs().Get("val_loss")
			if !ok {
				validation = math.NaN()
			}
			w.record(EpochRecord{Epoch: t.Epoch, Loss: loss, ValidationLoss: validation, Penalty: t.Trainer.penalty()})
			w.inEpoch = false
			return nil
		},
		End:     w.end,
		State:   func() ([]byte, error) { return w.state(), nil },
		Restore: func(t *Training, state []byte) error { return w.restore(state, t.Step > 0) },
	}, nil
}

// reluUnits returns the number of the stage's ReLU units.
func (s *stage) reluUnits() int {
	if (s.op == opDense || s.op == opActivation) && s.act.kind == relu {
		return s.units
	}
	return 0
}

// prepare copies the weights if the step that comes is one to look at: the first ones, if their number is not known.
func (w *watch) prepare(step, steps int) {
	switch {
	case w.copied, steps == 0 && step >= monitorSteps:
		return
	case steps > 0 && (step >= steps || step*monitorSteps/steps == (step+1)*monitorSteps/steps):
		return
	}
	copy(w.before, w.trainer.net.params)
	w.copied, w.updates = true, w.trainer.moments.step
}

// measure adds the step just done to the sums.
func (w *watch) measure() {
	w.copied = false
	t := w.trainer
	k, net := t.net.kernel.isa, t.net
	peaks := w.peaks
	for i := range net.stages {
		s, sums := &net.stages[i], &w.sums[i]
		peak := peaks[:s.reluUnits()]
		peaks = peaks[len(peak):]
		var sum [lanes]float64
		for r := range t.rows {
			row := t.stages[i].out[r*stride(s.units):][:s.units]
			addLanes(&sum, row)
			sums.squares += k.sumSquares(row)
			for j, v := range row[:len(peak)] {
				if v > peak[j] {
					peak[j] = v
				}
			}
		}
		sums.sum += foldLanes64(&sum)
		sums.values += float64(t.rows * s.units)
		var gradient, weights, update float64
		for _, tn := range s.tensors {
			for _, at := range tn.spans {
				gradient += k.sumSquares(t.grads[at.from:at.to])
				now, before := net.params[at.from:at.to], w.before[at.from:at.to]
				weights += k.sumSquares(before)
				for j, v := range now {
					before[j] = v - before[j]
				}
				update += k.sumSquares(before)
			}
		}
		sums.steps++
		sums.gradient += math.Sqrt(gradient)
		if weights > 0 {
			sums.ratios++
			sums.ratio += math.Sqrt(update / weights)
		}
	}
}

// addLanes adds the values of x to 16 virtual lanes, as sumSquares.
func addLanes(s *[lanes]float64, x []float32) {
	for ; len(x) >= lanes; x = x[lanes:] {
		for i, v := range x[:lanes] {
			s[i] += float64(v)
		}
	}
	for i, v := range x {
		s[i] += float64(v)
	}
}

// layer returns a layer's record without numbers.
func (w *watch) layer(i int) LayerRecord {
	s := &w.trainer.net.stages[i]
	l := LayerRecord{Layer: i, Name: w.trainer.net.stageName(i), units: s.reluUnits(), dense: s.op == opDense}
	for _, tn := range s.tensors {
		if !tn.absent {
			l.weights += tn.size()
		}
	}
	return l
}

// record appends the epoch with what was summed up of it, and clears the sums.
func (w *watch) record(e EpochRecord) {
	peaks := w.peaks
	for i, sums := range w.sums {
		if sums.steps == 0 {
			break
		}
		l := w.layer(i)
		l.GradientNorm, l.Mean = sums.gradient/sums.steps, sums.sum/sums.values
		l.StdDev = math.Sqrt(max(sums.squares/sums.values-float64(l.Mean*l.Mean), 0))
		if sums.ratios > 0 {
			l.UpdateRatio = sums.ratio / sums.ratios
		}
		for _, peak := range peaks[:l.units] {
			if peak <= 0 {
				l.Dead++
			}
		}
		l.Dead /= float64(max(l.units, 1))
		peaks = peaks[l.units:]
		e.Layers = append(e.Layers, l)
	}
	w.report.Epochs = append(w.report.Epochs, e)
	clear(w.sums)
	clear(w.peaks)
}

// end looks at why an epoch broke off.
func (w *watch) end(t *Training) error {
	if !w.inEpoch {
		return nil
	}
	for _, loss := range t.Trainer.losses[:t.Trainer.rows] {
		if !isFinite(loss) {
			w.report.diverged = &DivergedError{Epoch: t.Epoch, Step: t.Step, Layer: t.Trainer.firstNonFinite(t.Trainer.rows), Loss: float64(loss)}
			w.record(EpochRecord{Epoch: t.Epoch, Loss: math.NaN(), ValidationLoss: math.NaN()})
			break
		}
	}
	return nil
}

// state returns the records and the sums of the epoch for a checkpoint.
func (w *watch) state() []byte {
	r := w.report
	b := appendState(nil, float64(len(r.Epochs)), float64(w.updates))
	for i := range r.Epochs {
		e := &r.Epochs[i]
		b = appendState(b, float64(e.Epoch), e.Loss, e.ValidationLoss, e.Penalty, float64(len(e.Layers)))
		for _, l := range e.Layers {
			b = appendState(b, l.GradientNorm, l.UpdateRatio, l.Dead, l.Mean, l.StdDev)
		}
	}
	for i := range w.sums {
		for _, v := range w.sums[i].numbers() {
			b = appendState(b, *v)
		}
	}
	before := w.before
	if !w.copied {
		before = nil
	}
	return appendArrays(b, w.peaks, before)
}

// restore takes back what state returned.
func (w *watch) restore(state []byte, inEpoch bool) error {
	w.inEpoch = inEpoch
	r := w.report
	var epochs, updates float64
	b, err := readState(state, &epochs, &updates)
	for i := 0; err == nil && i < int(epochs); i++ {
		var e EpochRecord
		var epoch, layers float64
		b, err = readState(b, &epoch, &e.Loss, &e.ValidationLoss, &e.Penalty, &layers)
		e.Epoch = int(epoch)
		for j := 0; err == nil && j < min(int(layers), len(w.sums)); j++ {
			l := w.layer(j)
			b, err = readState(b, &l.GradientNorm, &l.UpdateRatio, &l.Dead, &l.Mean, &l.StdDev)
			e.Layers = append(e.Layers, l)
		}
		r.Epochs = append(r.Epochs, e)
	}
	for i := 0; err == nil && i < len(w.sums); i++ {
		b, err = readState(b, w.sums[i].numbers()...)
	}
	var peaks, before []float32
	if err == nil {
		err = readArrays(b, &peaks, &before)
	}
	if err != nil {
		return err
	}
	if len(peaks) != len(w.peaks) || len(before) != len(w.before) && len(before) > 0 {
		return errors.New("its arrays are another network's")
	}
	copy(w.peaks, peaks)
	copy(w.before, before)
	w.copied, w.updates = len(before) > 0, int(updates)
	return nil
}
