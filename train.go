package mlp

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
)

// TrainerConfig says how a network is trained.
type TrainerConfig struct {
	Loss      Loss
	Optimizer Optimizer // nil means RMSprop{}, Keras's default
	Metrics   []Metric  // reported beside the loss; they ignore sample and class weights

	WeightedMetrics []Metric // the same, weighted by sample and class weights

	BatchSize int    // rows of a step, at most; 0 means 32
	Seed      uint64 // of shuffling, dropout and noise

	// Workers is the number of goroutines that share the large products of a step; 0, and more than there are, mean GOMAXPROCS. The
	// results do not depend on it. Products of less than some 25 µs are not shared.
	Workers int

	// AccumulateSteps updates the weights only after each that many steps, by the mean of their gradients, for a larger batch than
	// fits into memory; 0 and 1 update after every step.
	AccumulateSteps int

	// NoDecay names the arrays that the optimizer's WeightDecay leaves alone: "bias", "gamma", "beta", "weights".
	NoDecay []string

	// EMA is the momentum of an exponential moving average of the weights, 0 <= EMA < 1; 0 is off. When Fit ends, the averages become
	// the network's weights, as Keras's use_ema; after Steps of one's own, UseAverages does it.
	EMA float64
}

// maxBatch bounds BatchSize, so that no buffer's size overflows.
const maxBatch = 1 << 20

// Trainer trains a network: it holds the gradients, the optimizer's state and every buffer of a batch, all allocated by
// NewTrainer. It belongs to one goroutine, and while it trains, no other may use its network; they can use a Clone. It starts
// workers of its own for large products, which Close ends, or the garbage collection of the Trainer.
type Trainer struct {
	net  *Network
	cfg  TrainerConfig
	loss lossFunction
	opt  optimizer
	rate float64 // learning rate where there is no schedule

	moments moments
	step    *updateStep  // of params by grads and moments
	grads   []float32    // as Network.params
	sums    []float32    // of the gradients of the steps since the last update, with AccumulateSteps
	average []float32    // of the weights, with EMA
	decayed []span       // of the weights that decay, with NoDecay
	stages  []trainStage // as Network.stages
	team    *team
	ending  runtime.Cleanup // of the team, when the Trainer is collected
	first   int             // the first stage that needs its gradient; there is nothing to train before it
	dx      []float32       // gradient with respect to x, if wanted

	penalized []tensor // with a regularizer

	// The batch.
	x       []float32 // [rows, ldx], the caller's or gathered
	ldx     int
	xGather []float32 // [BatchSize, features], padded
	yGather []float32 // [BatchSize, targets]
	wGather []float32 // [BatchSize] weights
	scale   []float32 // [BatchSize] each row's weight over the number of rows
	losses  []float32 // [BatchSize]
	outputs []float32 // [BatchSize, outputs], without pads, for the metrics
	rows    int
	batches int // steps done

	metrics []meter // of training: Metrics, then WeightedMetrics
	testing []meter // the same, of Evaluate and validation
}

// meter is a metric at work.
type meter struct {
	name string
	Accumulator
	weighted bool
}

// trainStage holds a stage's buffers in training.
type trainStage struct {
	out []float32 // [BatchSize, stride] the stage's outputs
	z   []float32 // what its activation is applied to: out, or a buffer of its own if the derivative needs it
	dz  []float32 // [BatchSize, stride] gradient with respect to out, then z; shared among stages

	dense dense // opDense

	xhat          []float32 // opBatchNorm: [BatchSize, stride] normalised inputs
	mean, inverse []float32 // opBatchNorm: of the batch: mean, 1/√(variance + epsilon)
	sums          []float32 // opBatchNorm: scratch

	normal *ziggurat // opNoise

	derived bool // the stage behind multiplies dz by this activation's derivative
}

// NewTrainer returns a Trainer for the network. Every hyper-parameter out of range is an error that names it.
func NewTrainer(n *Network, cfg TrainerConfig) (*Trainer, error) { return newTrainer(n, cfg, false) }

// newTrainer is NewTrainer; with gradX set, the gradient with respect to x is computed too.
func newTrainer(n *Network, cfg TrainerConfig, gradX bool) (*Trainer, error) {
	if n == nil {
		return nil, errors.New("mlp: NewTrainer needs a network, got nil")
	}
	if cfg.BatchSize == 0 {
		cfg.BatchSize = 32
	}
	if cfg.BatchSize < 1 || cfg.BatchSize > maxBatch {
		return nil, fmt.Errorf("mlp: BatchSize is %d, want 1 <= BatchSize <= %d", cfg.BatchSize, maxBatch)
	}
	if cfg.Workers < 0 {
		return nil, fmt.Errorf("mlp: Workers is %d, want Workers >= 0", cfg.Workers)
	}
	if cfg.Optimizer == nil {
		cfg.Optimizer = RMSprop{}
	}
	t := &Trainer{net: n, cfg: cfg}
	var err error
	if t.loss, err = compileLoss(cfg.Loss, n); err != nil {
		return nil, err
	}
	if t.opt, err = cfg.Optimizer.compile(); err != nil {
		return nil, fmt.Errorf("mlp: Optimizer (%T): %w", cfg.Optimizer, err)
	}
	t.rate = t.opt.rate
	if err := t.compileOptions(); err != nil {
		return nil, err
	}
	if t.metrics, err = t.newMeters(); err != nil {
		return nil, err
	}
	if t.testing, err = t.newMeters(); err != nil {
		return nil, err
	}
	batch, outputs := cfg.BatchSize, n.Outputs()
	t.grads = besideFloats(n.params, 1)
	t.moments = t.opt.newMoments(n.params)
	t.step = t.opt.newStep(n.params, t.grads, &t.moments)
	t.ldx = n.features
	t.scale, t.losses, t.wGather = make([]float32, batch), make([]float32, batch), make([]float32, batch)
	t.yGather = make([]float32, batch*t.targets())
	t.outputs = make([]float32, batch*outputs)
	if t.first = slices.IndexFunc(n.stages, func(s stage) bool { return s.hasWeights() }); gradX {
		t.first = -1
	}
	t.newStages(batch)
	t.newTeam()
	for _, s := range n.stages {
		for _, tn := range s.tensors {
			if tn.regularizer != (Regularizer{}) {
				t.penalized = append(t.penalized, tn)
			}
		}
	}
	return t, nil
}

// compileOptions prepares what goes around the optimizer.
func (t *Trainer) compileOptions() error {
	n, cfg := t.net, &t.cfg
	if cfg.AccumulateSteps < 0 {
		return fmt.Errorf("mlp: AccumulateSteps is %d, want AccumulateSteps >= 0", cfg.AccumulateSteps)
	}
	if err := checkRange("EMA", cfg.EMA, cfg.EMA >= 0 && cfg.EMA < 1, "0 <= EMA < 1"); err != nil {
		return fmt.Errorf("mlp: %w", err)
	}
	for _, name := range cfg.NoDecay {
		if known := []string{nameWeights, nameBias, nameGamma, nameBeta}; !slices.Contains(known, name) {
			return fmt.Errorf("mlp: NoDecay has %q, want names of %q", name, known)
		}
	}
	if cfg.AccumulateSteps > 1 {
		t.sums = make([]float32, len(n.params))
	}
	if cfg.EMA > 0 {
		t.average = make([]float32, len(n.params))
	}
	for _, s := range n.stages {
		for _, tn := range s.tensors {
			if !slices.Contains(cfg.NoDecay, tn.name) {
				t.decayed = append(t.decayed, tn.spans...)
			}
		}
	}
	return nil
}

// targets returns the number of target columns of a row.
func (t *Trainer) targets() int { return t.loss.targets(t.net.Outputs()) }

func (t *Trainer) newMeters() ([]meter, error) {
	var list []meter
	for _, group := range []struct {
		metrics  []Metric
		weighted bool
	}{{t.cfg.Metrics, false}, {t.cfg.WeightedMetrics, true}} {
		accumulators, names, err := compileMetrics(group.metrics, t.net.Outputs(), t.targets())
		if err != nil {
			return nil, err
		}
		for i, a := range accumulators {
			if slices.ContainsFunc(list, func(m meter) bool { return m.name == names[i] }) {
				return nil, fmt.Errorf("mlp: two metrics are called %q", names[i])
			}
			list = append(list, meter{names[i], a, group.weighted})
		}
	}
	return list, nil
}

// newStages allocates the stages' buffers. Two gradient buffers serve all stages in turn: a Dense layer's dx goes to the one
// that its dz does not use.
func (t *Trainer) newStages(batch int) {
	n := t.net
	t.stages = make([]trainStage, len(n.stages))
	ld := stride(n.features)
	for _, s := range n.stages {
		ld = max(ld, stride(s.units))
	}
	gradients := [2][]float32{alignedFloats(batch * ld), alignedFloats(batch * ld)}
	turn := 0
	for i := len(n.stages) - 1; i >= 0; i-- {
		s, b := &n.stages[i], &t.stages[i]
		b.out = alignedFloats(batch * stride(s.units))
		b.z = b.out
		if s.act.needsInput() {
			b.z = alignedFloats(batch * stride(s.units))
		}
		b.dz = gradients[turn]
		if s.op == opDense {
			turn = 1 - turn
		}
		if s.op == opNoise {
			b.normal = newZiggurat()
		}
		if s.op == opBatchNorm {
			b.xhat = alignedFloats(batch * stride(s.units))
			b.mean, b.inverse, b.sums = make([]float32, s.units), make([]float32, s.units), make([]float32, s.units)
		}
	}
	t.dx = gradients[turn]
	if n.stages[0].op != opDense {
		t.dx = t.stages[0].dz
	}
	ldx, x := n.features, []float32(nil)
	for i := range n.stages {
		s, b := &n.stages[i], &t.stages[i]
		if s.op == opDense {
			d := n.denseOperands(s, ldx)
			d.x, d.y, d.dz = x, b.z, b.dz
			d.relu = s.act.kind == relu
			d.bias = !s.tensors[1].absent
			d.g = t.grads[s.tensors[1].spans[0].from:][:len(d.w)]
			if i > t.first {
				d.dx, d.lddx, d.t = t.dx, stride(s.inputs), alignedFloats(scratchLen(s.units))
				if i > 0 {
					previous := &n.stages[i-1]
					d.dx = t.stages[i-1].dz
					d.masked = (previous.op == opDense || previous.op == opActivation) && previous.act.kind == relu
					t.stages[i-1].derived = d.masked
				}
			}
			d.check(batch)
			b.dense = d
		}
		ldx, x = stride(s.units), b.out
	}
}

// newTeam makes the workers, with scratch for the widest layer that needs some.
func (t *Trainer) newTeam() {
	scratch := 0
	for i := range t.stages {
		scratch = max(scratch, len(t.stages[i].dense.t))
	}
	t.team = newTeam(t.net.kernel.isa, t.cfg.Workers, scratch)
	if t.team.workers > 0 {
		t.ending = runtime.AddCleanup(t, (*team).close, t.team)
	}
}

// Close ends the Trainer's workers; it can still train, alone. More calls do nothing.
func (t *Trainer) Close() {
	if t.team.workers > 0 {
		t.ending.Stop()
		t.team.close()
	}
}

// Network returns the network that is trained.
func (t *Trainer) Network() *Network { return t.net }

// LearningRate returns the learning rate of the next step.
func (t *Trainer) LearningRate() float64 {
	if t.opt.schedule != nil {
		return t.opt.schedule.LearningRate(t.moments.step)
	}
	return t.rate
}

// SetLearningRate sets a constant learning rate; with a Schedule it is an error.
func (t *Trainer) SetLearningRate(rate float64) error {
	if t.opt.schedule != nil {
		return fmt.Errorf("mlp: the learning rate follows a schedule (%T)", t.opt.schedule)
	}
	if err := checkRange("learning rate", rate, rate >= 0, "learning rate >= 0"); err != nil {
		return fmt.Errorf("mlp: %w", err)
	}
	t.rate = rate
	return nil
}

// Step performs one update by a batch and returns the batch's mean loss, penalties included, before the update.
//
//	x [rows, features]   row-major; rows is at most BatchSize
//	y [rows, targets]    class indices [rows, 1] for SparseCategoricalCrossentropy, else [rows, outputs]
//
// A *ShapeError tells which length does not fit; a class index that is none is an error too. A loss that is not finite is
// returned as it is. Step does not allocate.
func (t *Trainer) Step(x, y []float32) (loss float64, err error) {
	rows, err := rowsOf("x", len(x), t.net.features)
	if err != nil {
		return 0, err
	}
	if rows > t.cfg.BatchSize {
		return 0, &ShapeError{"x", len(x), fmt.Sprintf("at most %d rows of %d", t.cfg.BatchSize, t.net.features)}
	}
	if len(y) != rows*t.targets() {
		return 0, &ShapeError{"y", len(y), fmt.Sprintf("%d rows of %d", rows, t.targets())}
	}
	if t.loss.kind == sparseCategoricalCrossentropy {
		if r := badLabel(y, t.net.Outputs()); r >= 0 {
			return 0, fmt.Errorf("mlp: y[%d] is %v, want a class index 0 … %d", r, y[r], t.net.Outputs()-1)
		}
	}
	t.x, t.ldx = x, t.net.features
	loss = t.gradients(y, nil, rows)
	t.update()
	t.net.Training = nil
	return loss, nil
}

// badLabel returns the first place where y is not a class index, or -1.
func badLabel(y []float32, classes int) int {
	for i, v := range y {
		if indexOf(v, classes) < 0 {
			return i
		}
	}
	return -1
}

// gradients computes the loss of the batch t.x and the gradients of all weights. weights [rows] may be nil.
func (t *Trainer) gradients(y, weights []float32, rows int) (loss float64) {
	t.forward(rows, true)
	loss = t.computeLoss(y, weights, rows) + t.penalty()
	t.backward(rows)
	t.regularize()
	return loss
}

// update applies the gradients to the weights.
func (t *Trainer) update() {
	t.batches++
	if t.sums != nil && !t.accumulate() {
		return
	}
	k := t.net.kernel.isa
	rate := t.LearningRate()
	scale := float32(1)
	clip := t.opt.clip
	switch {
	case clip.GlobalNorm > 0:
		if norm := math.Sqrt(k.sumSquares(t.grads)); norm > clip.GlobalNorm {
			scale = float32(clip.GlobalNorm / norm)
		}
	case clip.Norm > 0:
		t.clipNorms(clip.Norm)
	case clip.Value > 0:
		bound := float32(clip.Value)
		s := plainSweep(t.grads, t.grads, -bound, bound)
		s.s[2], s.s[3] = 1, float32(math.Copysign(0, -1)) // which change nothing
		k.sweep(sweepLevels, s)
	}
	decay := float32(rate * t.opt.decay)
	if decay != 0 && len(t.cfg.NoDecay) > 0 {
		for _, s := range t.decayed {
			w := t.net.params[s.from:s.to]
			k.sweep(sweepMix, plainSweep(w, w, -decay, 1))
		}
		decay = 0
	}
	t.opt.next(t.step, &t.moments, rate, scale, decay)
	t.team.update(k, t.step)
	if t.average != nil {
		t.moveAverages()
	}
}

// accumulate adds the gradients to the sums, and after AccumulateSteps steps replaces them by their mean and returns true.
func (t *Trainer) accumulate() bool {
	k := t.net.kernel.isa
	k.sweep(sweepMix, plainSweep(t.sums, t.grads, 1, 1))
	if t.batches%t.cfg.AccumulateSteps != 0 {
		return false
	}
	k.sweep(sweepQuotient, plainSweep(t.grads, t.sums, float32(t.cfg.AccumulateSteps), 0))
	clear(t.sums)
	return true
}

// moveAverages moves the averages towards the weights; the first update starts them.
func (t *Trainer) moveAverages() {
	keep, take := float32(t.cfg.EMA), float32(1-t.cfg.EMA)
	if t.moments.step == 1 {
		keep, take = 0, 1
	}
	t.net.kernel.isa.sweep(sweepMix, plainSweep(t.average, t.net.params, keep, take))
}

// UseAverages sets the network's weights to their moving averages, if EMA is on and there was an update.
func (t *Trainer) UseAverages() {
	if t.average != nil && t.moments.step > 0 {
		copy(t.net.params, t.average)
	}
}

// clipNorms scales the gradient of each array whose L2 norm exceeds bound.
func (t *Trainer) clipNorms(bound float64) {
	k := t.net.kernel.isa
	for i := range t.net.stages {
		for _, tn := range t.net.stages[i].tensors {
			sum := 0.0
			for _, s := range tn.spans {
				sum += k.sumSquares(t.grads[s.from:s.to])
			}
			norm := math.Sqrt(sum)
			if !(norm > bound) {
				continue
			}
			scale := float32(bound / norm)
			for _, s := range tn.spans {
				for j, g := range t.grads[s.from:s.to] {
					t.grads[s.from+j] = g * scale
				}
			}
		}
	}
}

// penalty returns the regularizers' share of the loss.
func (t *Trainer) penalty() float64 {
	k := t.net.kernel.isa
	total := 0.0
	for i := range t.penalized {
		tn := &t.penalized[i]
		var absolute, squares float64
		for _, s := range tn.spans {
			w := t.net.params[s.from:s.to]
			if tn.regularizer.L1 != 0 {
				absolute += k.sumAbs(w)
			}
			squares += k.sumSquares(w)
		}
		total += float64(tn.regularizer.L1*absolute) + float64(tn.regularizer.L2*squares)
	}
	return total
}

// regularize adds the penalties' gradients, L1·sign(w) + 2·L2·w.
func (t *Trainer) regularize() {
	k := t.net.kernel.isa
	for i := range t.penalized {
		tn := &t.penalized[i]
		l1, l2 := float32(tn.regularizer.L1), float32(2*tn.regularizer.L2)
		for _, s := range tn.spans {
			k.sweep(sweepPenalty, plainSweep(t.grads[s.from:s.to], t.net.params[s.from:s.to], l1, l2))
		}
	}
}
