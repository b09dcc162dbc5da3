package mlp

import (
	"errors"
	"fmt"
	"math"
)

// Loss is what training minimises: a function of a row's targets y and outputs p, averaged over the batch. The formulas are
// Keras's (https://keras.io/api/losses); every loss but SparseCategoricalCrossentropy wants as many targets as the network
// has outputs, and Keras's mean over them is written mean(·). A Loss is a Metric too.
//
// A cross-entropy behind the activation that belongs to it (Softmax or Sigmoid) is computed from that activation's inputs,
// as Keras does: log(Σ exp z) - z[y] rather than -log p, with the gradient p - y. Other outputs are taken for
// probabilities and clipped to [1e-7, 1-1e-7], with no gradient where they are clipped.
type Loss interface {
	compile() (lossFunction, error)
}

// MeanSquaredError is mean((p-y)²).
type MeanSquaredError struct{}

// MeanAbsoluteError is mean(|p-y|).
type MeanAbsoluteError struct{}

// BinaryCrossentropy is -mean(y·log p + (1-y)·log(1-p)), for independent probabilities.
type BinaryCrossentropy struct {
	FromLogits     bool    // the outputs are logits, p = sigmoid(output)
	LabelSmoothing float64 // s: y becomes y·(1-s) + s/2; 0 <= s < 1
}

// CategoricalCrossentropy is -Σ y·log p, for one-hot (or other) distributions y over the classes.
type CategoricalCrossentropy struct {
	FromLogits     bool    // the outputs are logits, p = softmax(outputs)
	LabelSmoothing float64 // s: y becomes y·(1-s) + s/classes; 0 <= s < 1
}

// SparseCategoricalCrossentropy is -log p[y], for class indices y in one column.
type SparseCategoricalCrossentropy struct {
	FromLogits bool // the outputs are logits, p = softmax(outputs)
}

// KLDivergence is Σ y·log(y/p), both clipped to [1e-7, 1].
type KLDivergence struct{}

// Huber is the mean of d²/2 where d = |p-y| is at most Delta, else Delta·d - Delta²/2.
type Huber struct {
	Delta float64 // > 0; 0 means 1
}

// LogCosh is mean(log(cosh(p-y))).
type LogCosh struct{}

// Hinge is mean(max(1 - y·p, 0)) for y of -1 and 1; a batch of zeros and ones is taken as -1 and 1.
type Hinge struct{}

// SquaredHinge is mean(max(1 - y·p, 0)²) for y of -1 and 1; a batch of zeros and ones is taken as -1 and 1.
type SquaredHinge struct{}

// CategoricalHinge is max(0, max((1-y)·p) - Σy·p + 1) for one-hot y.
type CategoricalHinge struct{}

// Poisson is mean(p - y·log(p + 1e-7)).
type Poisson struct{}

// CosineSimilarity is -Σ y·p/(|y|·|p|), each norm at least 1e-6. As a Metric it has the other sign.
type CosineSimilarity struct{}

// MeanSquaredLogarithmicError is mean((log(p+1) - log(y+1))²), p and y at least 1e-7.
type MeanSquaredLogarithmicError struct{}

// MeanAbsolutePercentageError is 100·mean(|p-y|/|y|), |y| at least 1e-7.
type MeanAbsolutePercentageError struct{}

// BinaryFocalCrossentropy is BinaryCrossentropy with each output's term multiplied by (1-q)^Gamma, q the probability of the
// true class, so that what is well classified counts less (Lin et al., arXiv:1708.02002).
type BinaryFocalCrossentropy struct {
	Gamma          float64 // >= 0; 0 means 2
	Alpha          float64 // weight of the ones, 1-Alpha that of the zeros, 0 < Alpha < 1; 0 means no weights
	FromLogits     bool    // the outputs are logits, p = sigmoid(output)
	LabelSmoothing float64 // as BinaryCrossentropy's
}

// CategoricalFocalCrossentropy is -Σ Alpha·(1-p)^Gamma·y·log p, p divided by its sum and clipped to [1e-7, 1-1e-7].
type CategoricalFocalCrossentropy struct {
	Gamma          float64 // >= 0; 0 means 2
	Alpha          float64 // > 0; 0 means 0.25
	FromLogits     bool    // the outputs are logits, p = softmax(outputs)
	LabelSmoothing float64 // as CategoricalCrossentropy's
}

type lossKind uint8

const (
	meanSquaredError lossKind = iota
	meanAbsoluteError
	binaryCrossentropy
	categoricalCrossentropy
	sparseCategoricalCrossentropy
	klDivergence
	huber
	logCosh
	hinge
	squaredHinge
	categoricalHinge
	poisson
	cosineSimilarity
	meanSquaredLogarithmicError
	meanAbsolutePercentageError
	binaryFocalCrossentropy
	categoricalFocalCrossentropy
)

// lossFunction is a loss, ready to be computed.
type lossFunction struct {
	kind      lossKind
	logits    bool // the outputs that compute sees are logits
	smoothing float32
	delta     float32
	gamma     float64 // of the focal losses
	alpha     float32

	scratch []float32 // [outputs] probabilities of categoricalFocalCrossentropy from logits

	// head says that the logits are the inputs of the network's last activation, which compute has to apply itself.
	head bool
}

func (MeanSquaredError) compile() (lossFunction, error) {
	return lossFunction{kind: meanSquaredError}, nil
}
func (MeanAbsoluteError) compile() (lossFunction, error) {
	return lossFunction{kind: meanAbsoluteError}, nil
}
func (l BinaryCrossentropy) compile() (lossFunction, error) {
	return lossFunction{kind: binaryCrossentropy, logits: l.FromLogits, smoothing: float32(l.LabelSmoothing)}, checkSmoothing(l.LabelSmoothing)
}
func (l CategoricalCrossentropy) compile() (lossFunction, error) {
	return lossFunction{kind: categoricalCrossentropy, logits: l.FromLogits, smoothing: float32(l.LabelSmoothing)}, checkSmoothing(l.LabelSmoothing)
}
func (l SparseCategoricalCrossentropy) compile() (lossFunction, error) {
	return lossFunction{kind: sparseCategoricalCrossentropy, logits: l.FromLogits}, nil
}
func (KLDivergence) compile() (lossFunction, error) { return lossFunction{kind: klDivergence}, nil }
func (l Huber) compile() (lossFunction, error) {
	delta := l.Delta
	if delta == 0 {
		delta = 1
	}
	return lossFunction{kind: huber, delta: float32(delta)}, checkRange("Delta", delta, delta > 0, "Delta > 0")
}
func (LogCosh) compile() (lossFunction, error)      { return lossFunction{kind: logCosh}, nil }
func (Hinge) compile() (lossFunction, error)        { return lossFunction{kind: hinge}, nil }
func (SquaredHinge) compile() (lossFunction, error) { return lossFunction{kind: squaredHinge}, nil }
func (CategoricalHinge) compile() (lossFunction, error) {
	return lossFunction{kind: categoricalHinge}, nil
}
func (Poisson) compile() (lossFunction, error) { return lossFunction{kind: poisson}, nil }
func (CosineSimilarity) compile() (lossFunction, error) {
	return lossFunction{kind: cosineSimilarity}, nil
}

func (MeanSquaredLogarithmicError) compile() (lossFunction, error) {
	return lossFunction{kind: meanSquaredLogarithmicError}, nil
}
func (MeanAbsolutePercentageError) compile() (lossFunction, error) {
	return lossFunction{kind: meanAbsolutePercentageError}, nil
}
func (l BinaryFocalCrossentropy) compile() (lossFunction, error) {
	return lossFunction{kind: binaryFocalCrossentropy, logits: l.FromLogits, smoothing: float32(l.LabelSmoothing), gamma: or(l.Gamma, 2), alpha: float32(l.Alpha)},
		errors.Join(checkRange("Gamma", l.Gamma, l.Gamma >= 0, "Gamma >= 0"), checkRange("Alpha", l.Alpha, l.Alpha >= 0 && l.Alpha < 1, "0 < Alpha < 1"),
			checkSmoothing(l.LabelSmoothing))
}
func (l CategoricalFocalCrossentropy) compile() (lossFunction, error) {
	return lossFunction{kind: categoricalFocalCrossentropy, logits: l.FromLogits, smoothing: float32(l.LabelSmoothing), gamma: or(l.Gamma, 2), alpha: float32(or(l.Alpha, 0.25))},
		errors.Join(checkRange("Gamma", l.Gamma, l.Gamma >= 0, "Gamma >= 0"), checkRange("Alpha", l.Alpha, l.Alpha >= 0, "Alpha > 0"),
			checkSmoothing(l.LabelSmoothing))
}

func checkSmoothing(s float64) error {
	return checkRange("LabelSmoothing", s, s >= 0 && s < 1, "0 <= LabelSmoothing < 1")
}

// compileLoss returns the loss for a network: it decides whether the last activation belongs to it.
func compileLoss(loss Loss, n *Network) (lossFunction, error) {
	if loss == nil {
		return lossFunction{}, fmt.Errorf("mlp: Loss is nil; SparseCategoricalCrossentropy{} fits class indices, MeanSquaredError{} regression")
	}
	f, err := loss.compile()
	if err != nil {
		return f, fmt.Errorf("mlp: Loss (%T): %w", loss, err)
	}
	last := n.stages[len(n.stages)-1]
	act := last.act
	if last.op == opBatchNorm {
		act = Linear
	}
	switch f.kind {
	case sparseCategoricalCrossentropy, categoricalCrossentropy:
		f.head = act.kind == softmaxActivation
	case binaryCrossentropy, binaryFocalCrossentropy:
		f.head = act.kind == sigmoid
	}
	if f.head && f.logits {
		return f, fmt.Errorf("mlp: Loss (%T): FromLogits is set, but the network ends in %v, whose outputs are probabilities", loss, act)
	}
	if act.kind == logSoftmax && !f.logits {
		switch f.kind {
		case sparseCategoricalCrossentropy, categoricalCrossentropy, binaryCrossentropy, binaryFocalCrossentropy, categoricalFocalCrossentropy, klDivergence:
			return f, fmt.Errorf("mlp: Loss (%T): the network ends in %v, whose outputs are no probabilities; set FromLogits, or end in Softmax", loss, act)
		}
	}
	if n.Outputs() == 1 && (f.kind == sparseCategoricalCrossentropy || act.rowwise()) {
		return f, fmt.Errorf("mlp: Loss (%T): one output through %v has one class only; use Sigmoid with BinaryCrossentropy", loss, act)
	}
	f.logits = f.logits || f.head
	if f.kind == categoricalFocalCrossentropy && f.logits {
		f.scratch = make([]float32, n.Outputs())
	}
	return f, nil
}

// targets returns the number of target columns that the loss wants for a network's outputs.
func (f lossFunction) targets(outputs int) int {
	if f.kind == sparseCategoricalCrossentropy {
		return 1
	}
	return outputs
}

// lossBatch is a batch whose loss is computed.
type lossBatch struct {
	y []float32 // [rows, targets]
	// p [rows, ld] are the outputs; if the loss belongs to the last activation, its inputs, which become its outputs.
	p     []float32
	dz    []float32 // [rows, ld] receives the gradient with respect to what p held; pads are written as zero
	scale []float32 // [rows] factor of each row's gradient
	loss  []float32 // [rows] receives each row's loss, unscaled

	ld, outputs, rows int
}

const probabilityEpsilon = 1e-7 // Keras's epsilon()

// compute fills b.loss and b.dz.
func (f lossFunction) compute(k isa, b *lossBatch) {
	if f.kind == sparseCategoricalCrossentropy && f.head {
		k.softmaxCrossentropy(&softmax{z: b.p, dz: b.dz, labels: b.y, scale: b.scale, loss: b.loss, ld: b.ld, rows: b.rows, units: b.outputs})
		return
	}
	targets := f.targets(b.outputs)
	signed := (f.kind == hinge || f.kind == squaredHinge) && zerosAndOnes(b.y[:b.rows*targets])
	for r := range b.rows {
		p, dz := b.p[r*b.ld:][:b.outputs], b.dz[r*b.ld:][:padded(b.outputs)]
		y := b.y[r*targets:][:targets]
		clear(dz[b.outputs:])
		dz = dz[:b.outputs]
		b.loss[r] = f.row(y, p, dz, signed)
		scale := b.scale[r]
		for i := range dz {
			dz[i] *= scale
		}
	}
}

func zerosAndOnes(y []float32) bool {
	for _, v := range y {
		if v != 0 && v != 1 {
			return false
		}
	}
	return true
}

// row returns the loss of one row and writes its gradient to dz. Sums run in float64, in order; the products that enter them
// are of two float32 and so exact, or are rounded by a conversion.
func (f lossFunction) row(y, p, dz []float32, signed bool) float32 {
	n := float32(len(p))
	var sum float64
	switch f.kind {
	case meanSquaredError:
		for i, v := range p {
			d := v - y[i]
			sum += float64(d) * float64(d)
			dz[i] = 2 * d / n
		}
	case meanAbsoluteError:
		for i, v := range p {
			d := v - y[i]
			sum += float64(abs32(d))
			dz[i] = sign32(d) / n
		}
	case binaryCrossentropy:
		for i, v := range p {
			t := fma32(y[i], 1-f.smoothing, 0.5*f.smoothing)
			var l float32
			if f.logits {
				s := sigmoid32(v)
				// max(z, 0) - z·y + log(1 + exp(-|z|))
				l = fma32(-v, t, max(v, 0)) + log1p32(exp32(-abs32(v)))
				dz[i] = (s - t) / n
				if f.head {
					p[i] = s
				}
			} else {
				q, inside := clip32(v)
				l = -fma32(t, log32(q), float32((1-t)*log32(1-q)))
				dz[i] = inside * ((1-t)/(1-q) - t/q) / n
			}
			sum += float64(l)
		}
	case categoricalCrossentropy:
		return f.categorical(y, p, dz)
	case sparseCategoricalCrossentropy:
		return f.sparse(int(y[0]), p, dz)
	case klDivergence:
		for i, v := range p {
			t := min(max(y[i], probabilityEpsilon), 1)
			q, inside := v, float32(1)
			if v < probabilityEpsilon {
				q, inside = probabilityEpsilon, 0
			} else if v > 1 {
				q, inside = 1, 0
			}
			sum += float64(t) * float64(log32(t/q))
			dz[i] = -inside * t / q
		}
		return float32(sum)
	case huber:
		for i, v := range p {
			d := v - y[i]
			if a := abs32(d); a <= f.delta {
				sum += float64(0.5*d) * float64(d)
				dz[i] = d / n
			} else {
				sum += float64(f.delta) * float64(a-float32(0.5*f.delta))
				dz[i] = f.delta * sign32(d) / n
			}
		}
	case logCosh: // |d| + log(1 + exp(-2|d|)) - log 2
		for i, v := range p {
			d := v - y[i]
			a := abs32(d)
			sum += float64(a) + float64(log1p32(exp32(-2*a))) - math.Ln2
			dz[i] = tanh32(d) / n
		}
	case hinge, squaredHinge:
		for i, v := range p {
			t := y[i]
			if signed {
				t = 2*t - 1
			}
			h := fma32(-t, v, 1)
			if !(h >= 0) {
				h, t = 0, 0
			}
			if f.kind == hinge {
				sum += float64(h)
				dz[i] = -t / n
			} else {
				sum += float64(h) * float64(h)
				dz[i] = -2 * t * h / n
			}
		}
	case categoricalHinge:
		return categoricalHingeRow(y, p, dz)
	case poisson:
		for i, v := range p {
			q := v + probabilityEpsilon
			sum += float64(v) - float64(y[i])*float64(log32(q))
			dz[i] = (1 - y[i]/q) / n
		}
	case cosineSimilarity:
		return cosineRow(y, p, dz)
	case meanSquaredLogarithmicError:
		for i, v := range p {
			q, inside := v, float32(1)
			if v < probabilityEpsilon {
				q, inside = probabilityEpsilon, 0
			}
			d := log32(q+1) - log32(max(y[i], probabilityEpsilon)+1)
			sum += float64(d) * float64(d)
			dz[i] = 2 * inside * d / (q + 1) / n
		}
	case meanAbsolutePercentageError:
		for i, v := range p {
			d, scale := v-y[i], 100/max(abs32(y[i]), probabilityEpsilon)
			sum += float64(abs32(d)) * float64(scale)
			dz[i] = scale * sign32(d) / n
		}
	case binaryFocalCrossentropy:
		for i, v := range p {
			t := fma32(y[i], 1-f.smoothing, 0.5*f.smoothing)
			l, q := f.binaryFocal(t, v, &dz[i])
			sum += float64(l)
			dz[i] /= n
			if f.head {
				p[i] = q
			}
		}
	case categoricalFocalCrossentropy:
		return f.categoricalFocal(y, p, dz)
	}
	return float32(sum / float64(len(p)))
}

// smoothed returns a categorical target after label smoothing.
func (f lossFunction) smoothed(y float32, classes int) float32 {
	return fma32(y, 1-f.smoothing, f.smoothing/float32(classes))
}

// categorical computes -Σ y·log p from logits, or from outputs that it first divides by their sum and clips.
func (f lossFunction) categorical(y, p, dz []float32) float32 {
	var loss float64
	if f.logits {
		z := p
		if !f.head {
			copy(dz, p)
			p = dz
		}
		// Σ y·(log Σ exp z - z) = Σ y·((max - z) + log Σ exp(z - max)); the logits are needed after their softmax.
		var weighted, total float64
		top := z[0]
		for _, v := range z {
			top = max(top, v)
		}
		for i, v := range z {
			t := float64(f.smoothed(y[i], len(p)))
			weighted += t * float64(top-v)
			total += t
		}
		_, sum := softmaxRow(p)
		loss = weighted + float64(total*float64(log32(sum)))
		for i := range dz {
			dz[i] = p[i] - f.smoothed(y[i], len(p))
		}
		return float32(loss)
	}
	// The gradient with respect to q = p/Σp is -y/q where q is not clipped; with respect to p, (g - Σg·q)/Σp.
	total := laneSum(p)
	var dot float64
	for i, v := range p {
		q, inside := clip32(v / total)
		loss -= float64(f.smoothed(y[i], len(p))) * float64(log32(q))
		dz[i] = -inside * f.smoothed(y[i], len(p)) / q
		dot += float64(dz[i]) * float64(v/total)
	}
	for i := range dz {
		dz[i] = (dz[i] - float32(dot)) / total
	}
	return float32(loss)
}

// sparse computes -log p[y] from logits, or from outputs that are clipped and then divided by their sum, as TensorFlow does.
func (f lossFunction) sparse(y int, p, dz []float32) float32 {
	if f.logits {
		copy(dz, p)
		top, sum := softmaxRow(dz)
		dz[y]--
		return (top - p[y]) + log32(sum)
	}
	for i, v := range p {
		dz[i], _ = clip32(v)
	}
	total := laneSum(dz)
	qy := dz[y]
	for i, v := range p {
		_, inside := clip32(v)
		dz[i] = inside / total
	}
	if _, inside := clip32(p[y]); inside != 0 {
		dz[y] -= 1 / qy
	}
	return log32(total) - log32(qy)
}

func categoricalHingeRow(y, p, dz []float32) float32 {
	var positive float64
	negative := float32(math.Inf(-1))
	ties := float32(0) // outputs that attain the maximum share its gradient
	for i, v := range p {
		positive += float64(y[i]) * float64(v)
		switch other := (1 - y[i]) * v; {
		case other > negative:
			negative, ties = other, 1
		case other == negative:
			ties++
		}
	}
	loss := negative - float32(positive) + 1
	if !(loss >= 0) {
		clear(dz)
		return 0
	}
	for i, v := range p {
		dz[i] = -y[i]
		if (1-y[i])*v == negative {
			dz[i] += (1 - y[i]) / ties
		}
	}
	return loss
}

// cosineRow computes -y·p/(|y||p|). With norms of at least 1e-6, the gradient is -(y/|y| - c·p/|p|)/|p|, c the cosine.
func cosineRow(y, p, dz []float32) float32 {
	const smallest = 1e-12
	var yy, pp, yp float64
	for i, v := range p {
		yy += float64(y[i]) * float64(y[i])
		pp += float64(v) * float64(v)
		yp += float64(y[i]) * float64(v)
	}
	normY, normP := math.Sqrt(max(yy, smallest)), math.Sqrt(max(pp, smallest))
	cosine := yp / (normY * normP)
	along := cosine / normP
	if pp < smallest {
		along = 0 // the norm is a constant there
	}
	for i, v := range p {
		dz[i] = float32((float64(along*float64(v)) - float64(y[i])/normY) / normP)
	}
	return float32(-cosine)
}

// clip32 clips a probability to [1e-7, 1-1e-7], and returns 1 beside it if it lay inside, else 0.
func clip32(p float32) (clipped, inside float32) {
	const low, high = probabilityEpsilon, 1 - probabilityEpsilon
	if p < low {
		return low, 0
	}
	if p > high {
		return high, 0
	}
	return p, 1
}

// sign32 returns the sign of x, 0 for 0.
func sign32(x float32) float32 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
