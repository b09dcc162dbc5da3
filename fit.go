package mlp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// FitConfig says how long and on what a Trainer trains.
type FitConfig struct {
	Epochs int // 0 means 1

	// ValidationSplit holds back that fraction of the rows, the last ones before any shuffling, for validation: the first
	// floor(rows·(1-split)) are trained on. 0 <= ValidationSplit < 1.
	ValidationSplit float64
	ValidationData  *Dataset // takes the place of ValidationSplit

	// ClassWeights multiplies the loss of each row by its class's weight, 1 for classes that are not listed; of one-hot targets,
	// the class is the largest. Validation is not weighted.
	ClassWeights map[int]float64

	// Augment changes the training rows at random, in this order, each time that a batch is made of them.
	Augment []Augmentation

	NoShuffle bool // keep the rows' order; else each pass over the rows draws a new one

	// Window is the number of rows in memory among which FitSource draws each next one; 0 means 10000. Fit, which has all rows in
	// memory, takes no Window.
	Window int

	Callbacks []Callback

	InitialEpoch int // epochs count from here to Epochs-1, to go on with an earlier training; >= 0

	// StepsPerEpoch ends an epoch after that many steps, in the middle of the rows or after several passes over them; the next epoch
	// goes on from there. 0 means one pass.
	StepsPerEpoch int

	ValidateEvery int // validate after each that many epochs; 0 means 1

	// ValidationBatchSize is the number of rows that validation computes at a time; 0 means BatchSize. It changes the speed, and
	// the last digits of the sums, no more.
	ValidationBatchSize int

	Checkpoint Checkpoint // how to resume an interrupted training
}

// DivergedError tells that a training broke off because its loss was no longer finite.
type DivergedError struct {
	Epoch, Step int     // from 0
	Layer       int     // the first layer whose outputs were not finite, or -1 if it is the loss alone
	Loss        float64 // NaN or an infinity
}

func (e *DivergedError) Error() string {
	where := "in the loss alone"
	if e.Layer >= 0 {
		where = fmt.Sprintf("first in the outputs of layer %d", e.Layer)
	}
	return fmt.Sprintf("mlp: training diverged: the loss of epoch %d, step %d is %v, %s; lower the learning rate or clip the gradients",
		e.Epoch, e.Step, e.Loss, where)
}

// fit is one call of Trainer.Fit.
type fit struct {
	trainer    *Trainer
	data       *Dataset
	validation *Dataset
	validator  *Trainer  // whose buffers have the size of validation's batches
	weights    []float32 // one a row of data, or nil
	order      []int     // the rows of data that are trained on, in the order of the current pass
	cfg        FitConfig
	augmenter  *augmenter // nil without Augment
	passStart  int        // the trainer's steps before the current pass over the rows
	stream     *stream    // FitSource's; data is its first chunk, and order is empty

	known   TrainingFacts // the same for all epochs, once they are needed
	digests [2]string     // of data and validation, for checkpoints, once they are needed

	lossSum float64 // of the epoch, weighted by rows
	rows    int     // of the epoch so far
}

// Fit trains on a Dataset: in each epoch, all training rows in a new random order, in batches of BatchSize, the last of which
// may be smaller. It returns the History, also beside an error, of the epochs that were completed.
//
// Epoch values are means over rows, each batch's loss taken before its update, as Keras's. When ctx is done, Fit stops after
// the current step and returns its error. A loss that is not finite stops it with a *DivergedError before the update. In all cases
// the callbacks' End is called, so that the best weights may be restored. Calling Fit again goes on training: the optimizer keeps
// its state, and the random streams go on.
func (t *Trainer) Fit(ctx context.Context, d *Dataset, cfg FitConfig) (*History, error) {
	f, err := t.newFit(d, cfg)
	if err != nil {
		return newHistory(), err
	}
	return f.fit(ctx)
}

// fit is Fit once everything is checked.
func (f *fit) fit(ctx context.Context) (*History, error) {
	history, t, cfg := newHistory(), f.trainer, f.cfg
	training := &Training{Trainer: t, Epoch: f.cfg.InitialEpoch, Epochs: f.cfg.Epochs, Steps: f.cfg.StepsPerEpoch, fit: f}
	hooks, err := training.start(cfg.Callbacks)
	if err == nil {
		err = f.resume(training, hooks, history)
	}
	if err == nil {
		training.kept, t.net.Training = training.Epoch-1, nil
		if err = f.run(ctx, training, hooks, history); err == nil {
			err = cfg.Checkpoint.remove()
		}
		t.UseAverages()
	}
	for _, h := range hooks {
		if h.End != nil {
			err = errors.Join(err, h.End(training))
		}
	}
	f.keepFacts(training, history)
	if f.validator != nil && f.validator != t {
		f.validator.Close()
	}
	return history, err
}

// start starts the callbacks, and returns the hooks of those that could be started.
func (t *Training) start(callbacks []Callback) (hooks []Hooks, err error) {
	for i, c := range callbacks {
		if c == nil {
			return hooks, fmt.Errorf("mlp: callback %d is nil", i)
		}
		h, err := c.Start(t)
		if err != nil {
			return hooks, err
		}
		hooks = append(hooks, h)
	}
	return hooks, nil
}

// newFit checks the data and the configuration.
func (t *Trainer) newFit(d *Dataset, cfg FitConfig) (*fit, error) {
	if cfg.Window != 0 {
		return nil, fmt.Errorf("mlp: Window is %d, which is FitSource's: Fit shuffles all rows", cfg.Window)
	}
	f, err := t.newFitOf(d, "data", cfg)
	if err != nil {
		return nil, err
	}
	rows, n := d.Rows(), d.Rows()
	if f.validation == nil && cfg.ValidationSplit > 0 {
		n = int(float64(rows) * (1 - cfg.ValidationSplit))
		if n == 0 || n == rows {
			return nil, fmt.Errorf("mlp: ValidationSplit %v of %d rows leaves %d for training and %d for validation, want at least one each",
				cfg.ValidationSplit, rows, n, rows-n)
		}
		f.validation = d.slice(n, rows)
	}
	f.order = make([]int, n)
	if f.cfg.StepsPerEpoch == 0 {
		f.cfg.StepsPerEpoch = f.stepsPerPass()
	}
	f.drawOrder()
	if err := f.newValidator(); err != nil {
		return nil, err
	}
	f.weights = t.rowWeights(d, n, cfg.ClassWeights)
	return f, nil
}

// newFitOf checks the configuration of a training on d, which the errors call what, or on more such rows.
func (t *Trainer) newFitOf(d *Dataset, what string, cfg FitConfig) (*fit, error) {
	if cfg.Epochs == 0 {
		cfg.Epochs = 1
	}
	for _, field := range []struct {
		name  string
		value int
	}{{"Epochs", cfg.Epochs}, {"InitialEpoch", cfg.InitialEpoch}, {"StepsPerEpoch", cfg.StepsPerEpoch}, {"ValidateEvery", cfg.ValidateEvery},
		{"Checkpoint.Steps", cfg.Checkpoint.Steps}} {
		if field.value < 0 {
			return nil, fmt.Errorf("mlp: %s is %d, want %s >= 0", field.name, field.value, field.name)
		}
	}
	if err := t.checkData(what, d); err != nil {
		return nil, err
	}
	f := &fit{trainer: t, data: d, validation: cfg.ValidationData, cfg: cfg, passStart: t.batches}
	if err := checkRange("ValidationSplit", cfg.ValidationSplit, cfg.ValidationSplit >= 0 && cfg.ValidationSplit < 1, "0 <= ValidationSplit < 1"); err != nil {
		return nil, fmt.Errorf("mlp: %w", err)
	}
	if f.validation != nil {
		if err := t.checkData("ValidationData", f.validation); err != nil {
			return nil, err
		}
	}
	f.cfg.ValidateEvery = max(f.cfg.ValidateEvery, 1)
	var err error
	if len(cfg.Augment) > 0 {
		if f.augmenter, err = newAugmenter(cfg.Augment, d, t.loss.kind == sparseCategoricalCrossentropy, t.net.kernel.isa); err != nil {
			return nil, err
		}
	}
	return f, t.checkClassWeights(cfg.ClassWeights)
}

// newValidator sets the trainer that validates.
func (f *fit) newValidator() (err error) {
	t, size := f.trainer, f.cfg.ValidationBatchSize
	f.validator = t
	if size != 0 && size != t.cfg.BatchSize && f.validation != nil {
		cfg := t.cfg
		cfg.BatchSize, cfg.Optimizer, cfg.AccumulateSteps, cfg.EMA = size, SGD{}, 0, 0
		if f.validator, err = NewTrainer(t.net, cfg); err != nil {
			return fmt.Errorf("%w (ValidationBatchSize)", err)
		}
	}
	return nil
}

// stepsPerPass returns the number of batches that the rows make.
func (f *fit) stepsPerPass() int {
	return (len(f.order) + f.trainer.cfg.BatchSize - 1) / f.trainer.cfg.BatchSize
}

// drawOrder puts the rows into the order of the current pass, which depends on the seed and the number of steps before it.
func (f *fit) drawOrder() {
	for i := range f.order {
		f.order[i] = i
	}
	if !f.cfg.NoShuffle {
		shuffle(f.order, rand.NewPCG(f.trainer.cfg.Seed, mix64(uint64(f.passStart))^streamShuffle))
	}
}

// slice returns the rows from … to-1 of the data set, which it shares.
func (d *Dataset) slice(from, to int) *Dataset {
	s := *d
	s.X, s.Y = d.X[from*d.Features:to*d.Features], d.Y[from*d.Targets:to*d.Targets]
	if d.SampleWeights != nil {
		s.SampleWeights = d.SampleWeights[from:to]
	}
	return &s
}

// checkData returns an error unless the network can train on the data set.
func (t *Trainer) checkData(what string, d *Dataset) error {
	if d == nil || d.Rows() == 0 {
		return fmt.Errorf("mlp: %s has no rows", what)
	}
	if d.Features != t.net.features {
		return fmt.Errorf("mlp: %s has %d features, the network wants %d", what, d.Features, t.net.features)
	}
	if d.Targets != t.targets() {
		return fmt.Errorf("mlp: %s has %d target columns, %T with %d outputs wants %d", what, d.Targets, t.cfg.Loss, t.net.Outputs(), t.targets())
	}
	if err := d.validate(what, false); err != nil {
		return err
	}
	if t.loss.kind == sparseCategoricalCrossentropy {
		if r := badLabel(d.Y, t.net.Outputs()); r >= 0 {
			return fmt.Errorf("mlp: %s: row %d has label %v, want a class index 0 … %d", what, r, d.Y[r], t.net.Outputs()-1)
		}
	}
	return nil
}

func (t *Trainer) checkClassWeights(classes map[int]float64) error {
	count := max(t.net.Outputs(), 2)
	for class, w := range classes {
		if class < 0 || class >= count {
			return fmt.Errorf("mlp: ClassWeights has class %d, want 0 <= class < %d", class, count)
		}
		if err := checkRange(fmt.Sprintf("ClassWeights[%d]", class), w, w >= 0, "weight >= 0"); err != nil {
			return fmt.Errorf("mlp: %w", err)
		}
	}
	return nil
}

// rowWeights returns the weights of the first n rows, sample weight times class weight, or nil if all are 1.
func (t *Trainer) rowWeights(d *Dataset, n int, classes map[int]float64) []float32 {
	if classes == nil {
		if d.SampleWeights == nil {
			return nil
		}
		return d.SampleWeights[:n]
	}
	weights := make([]float32, n)
	for r := range weights {
		weights[r] = d.rowWeight(r, classes)
	}
	return weights
}

// rowWeight returns a row's sample weight times its class's weight.
func (d *Dataset) rowWeight(row int, classes map[int]float64) float32 {
	w := 1.0
	if classes != nil {
		y := d.Y[row*d.Targets:][:d.Targets]
		class := int(y[0])
		if d.Targets > 1 {
			class = argmax(y)
		}
		if listed, ok := classes[class]; ok {
			w = listed
		}
	}
	if d.SampleWeights != nil {
		w *= float64(d.SampleWeights[row])
	}
	return float32(w)
}

// names returns the names of all numbers that an epoch ends with.
func (f *fit) names() []string {
	names := []string{"loss"}
	for _, m := range f.trainer.metrics {
		names = append(names, m.name)
	}
	if f.validation != nil {
		for _, name := range slices.Clone(names) {
			names = append(names, "val_"+name)
		}
	}
	return names
}

// run is the loop over the epochs, from the training's epoch and step on.
func (f *fit) run(ctx context.Context, training *Training, hooks []Hooks, history *History) error {
	for training.Epoch < training.Epochs && !training.stopped {
		if training.Step == 0 {
			f.beginEpoch()
			if err := call(hooks, func(h Hooks) func(*Training) error { return h.EpochBegin }, training); err != nil {
				return err
			}
		}
		training.logs = Logs{}
		if err := f.epoch(ctx, training, hooks, history); err != nil {
			return err
		}
		logs := training.Logs()
		if f.validation != nil && (training.Epoch+1)%f.cfg.ValidateEvery == 0 {
			scores, err := f.validator.evaluate(ctx, f.validation)
			if err != nil {
				return errors.Join(err, f.save(training, hooks, history))
			}
			for i, s := range scores {
				logs.Set("val_"+logs.names[i], s)
			}
		}
		f.setFacts(training.Epoch, logs) // for callbacks that save
		training.kept = training.Epoch
		if err := call(hooks, func(h Hooks) func(*Training) error { return h.EpochEnd }, training); err != nil {
			return err
		}
		history.add(training.Epoch, logs)
		training.Epoch, training.Step = training.Epoch+1, 0
		if training.Epoch < training.Epochs && !training.stopped {
			if err := f.save(training, hooks, history); err != nil {
				return err
			}
		}
	}
	return nil
}

func call(hooks []Hooks, which func(Hooks) func(*Training) error, t *Training) error {
	for _, h := range hooks {
		if f := which(h); f != nil {
			if err := f(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *fit) beginEpoch() {
	f.lossSum, f.rows = 0, 0
	for _, m := range f.trainer.metrics {
		m.Reset()
	}
}

// epoch does the epoch's steps from training.Step on. It does not allocate, but where it writes checkpoints.
func (f *fit) epoch(ctx context.Context, training *Training, hooks []Hooks, history *History) error {
	t := f.trainer
	batchEnd := slices.ContainsFunc(hooks, func(h Hooks) bool { return h.BatchEnd != nil })
	done := ctx.Done()
	for f.cfg.StepsPerEpoch == 0 || training.Step < f.cfg.StepsPerEpoch {
		select {
		case <-done:
			return errors.Join(training.stoppedBy(ctx), f.save(training, hooks, history))
		default:
		}
		y, weights, rows, err := f.nextBatch(ctx)
		if err != nil {
			if ctx.Err() != nil {
				err = errors.Join(training.stoppedBy(ctx), f.save(training, hooks, history))
			}
			return err
		}
		if rows == 0 { // a pass over a Source is an epoch
			training.Steps = training.Step
			return nil
		}
		loss := t.gradients(y, weights, rows)
		if !isFinite(loss) {
			return &DivergedError{Epoch: training.Epoch, Step: training.Step, Layer: t.firstNonFinite(rows), Loss: loss}
		}
		t.update()
		f.lossSum += float64(loss * float64(rows))
		f.rows += rows
		t.measure(t.metrics, y, weights, rows)
		if batchEnd {
			for _, h := range hooks {
				if h.BatchEnd != nil {
					if err := h.BatchEnd(training); err != nil {
						return err
					}
				}
			}
		}
		training.Step++
		if err := f.saveAfterStep(training, hooks, history); err != nil {
			return err
		}
	}
	return nil
}

// stoppedBy returns the error of a training whose ctx is done.
func (t *Training) stoppedBy(ctx context.Context) error {
	steps := fmt.Sprintf("%d of %d steps", t.Step, t.Steps)
	if t.Steps == 0 {
		steps = plural(t.Step, "step", "steps")
	}
	return fmt.Errorf("mlp: Fit stopped in epoch %d after %s: %w", t.Epoch, steps, ctx.Err())
}

// nextBatch puts the batch of the trainer's step into the trainer; at the end of a pass over the rows, another one begins.
// rows is 0 where a pass over a Source ends, if that is an epoch.
func (f *fit) nextBatch(ctx context.Context) (y, weights []float32, rows int, err error) {
	if f.stream != nil {
		return f.nextStreamed(ctx)
	}
	if f.trainer.batches-f.passStart == f.stepsPerPass() {
		f.passStart = f.trainer.batches
		f.drawOrder()
	}
	from := (f.trainer.batches - f.passStart) * f.trainer.cfg.BatchSize
	rows = min(f.trainer.cfg.BatchSize, len(f.order)-from)
	y, weights = f.batch(f.order[from : from+rows])
	return y, weights, rows, nil
}

// batch gathers rows of the data into the trainer's batch, and augments them. Else rows in order are used where they are.
func (f *fit) batch(order []int) (y, weights []float32) {
	t, d, rows := f.trainer, f.data, len(order)
	if f.cfg.NoShuffle && f.augmenter == nil {
		s := d.slice(order[0], order[0]+rows)
		t.x, t.ldx = s.X, d.Features
		if f.weights != nil {
			weights = f.weights[order[0]:][:rows]
		}
		return s.Y, weights
	}
	t.useGathered()
	gatherRows(t.x, t.ldx, d.X, d.Features, order)
	gatherRows(t.yGather, d.Targets, d.Y, d.Targets, order)
	if f.weights != nil {
		weights = t.wGather[:rows]
		gatherRows(weights, 1, f.weights, 1, order)
	}
	y = t.yGather[:rows*d.Targets]
	if f.augmenter != nil {
		f.augmenter.apply(t.x, t.ldx, y, order, augmentKey(t.cfg.Seed, f.passStart))
	}
	return y, weights
}

// useGathered lets the batch be one that is gathered.
func (t *Trainer) useGathered() {
	t.ldx = stride(t.net.features)
	if t.xGather == nil {
		t.xGather = alignedFloats(t.cfg.BatchSize * t.ldx)
	}
	t.x = t.xGather
}

// gatherRows copies rows of src [·, columns], in the order given.
func gatherRows(dst []float32, ldDst int, src []float32, columns int, order []int) {
	for i, r := range order {
		copyRow(dst[i*ldDst:][:columns], src[r*columns:])
	}
}

// measure adds the batch's outputs to the metrics.
func (t *Trainer) measure(meters []meter, y, weights []float32, rows int) {
	if len(meters) == 0 {
		return
	}
	units, out := t.net.Outputs(), t.stages[len(t.stages)-1].out
	copied := false
	for _, m := range meters {
		w := weights
		if !m.weighted {
			w = nil
		}
		if hits, ok := m.Accumulator.(*hitAccumulator); ok {
			hits.addRows(y, out, stride(units), w, rows)
			continue
		}
		if !copied {
			copyRows(t.outputs, units, out, stride(units), units, rows)
			copied = true
		}
		m.Add(y, t.outputs[:rows*units], w, rows)
	}
}

// fillLogs sets the loss and the metrics of the epoch so far.
func (f *fit) fillLogs(logs *Logs) {
	logs.Set("loss", f.lossSum/float64(f.rows))
	for _, m := range f.trainer.metrics {
		logs.Set(m.name, m.Result())
	}
}

// firstNonFinite returns the first stage with an output that is not finite, or -1.
func (t *Trainer) firstNonFinite(rows int) int {
	for i := range t.stages {
		units := t.net.stages[i].units
		for r := range rows {
			for _, v := range t.stages[i].out[r*stride(units):][:units] {
				if !isFinite(v) {
					return i
				}
			}
		}
	}
	return -1
}

// Evaluate returns the loss, penalties included, and the metrics over a Dataset, under the names that History uses. Its
// sample weights weigh the loss.
func (t *Trainer) Evaluate(ctx context.Context, d *Dataset) (map[string]float64, error) {
	if err := t.checkData("data", d); err != nil {
		return nil, err
	}
	scores, err := t.evaluate(ctx, d)
	if err != nil {
		return nil, err
	}
	m := map[string]float64{"loss": scores[0]}
	for i, meter := range t.testing {
		m[meter.name] = scores[1+i]
	}
	return m, nil
}

// evaluate returns the loss and then the metrics in their order; the slice is the trainer's.
func (t *Trainer) evaluate(ctx context.Context, d *Dataset) ([]float64, error) {
	for _, m := range t.testing {
		m.Reset()
	}
	total := 0.0
	for from := 0; from < d.Rows(); from += t.cfg.BatchSize {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("mlp: Evaluate stopped after %d of %d rows: %w", from, d.Rows(), err)
		}
		rows := min(t.cfg.BatchSize, d.Rows()-from)
		s := d.slice(from, from+rows)
		t.x, t.ldx = s.X, d.Features
		t.forward(rows, false)
		loss := t.computeLoss(s.Y, s.SampleWeights, rows)
		total += float64(loss * float64(rows))
		t.measure(t.testing, s.Y, s.SampleWeights, rows)
	}
	scores := []float64{total/float64(d.Rows()) + t.penalty()}
	for _, m := range t.testing {
		scores = append(scores, m.Result())
	}
	return scores, nil
}
