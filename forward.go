package mlp

import "math"

// The two passes of a training step.

// forward computes the outputs of the batch t.x: in training mode with the batch's statistics and dropout, else as Predict. The
// last activation is left to the loss if it belongs to it.
func (t *Trainer) forward(rows int, training bool) {
	k := t.net.kernel.isa
	in, ldIn := t.x, t.ldx
	last := len(t.stages) - 1
	for i := range t.stages {
		s, b := &t.net.stages[i], &t.stages[i]
		ld := stride(s.units)
		switch s.op {
		case opDense, opActivation:
			if s.op == opDense {
				d := &b.dense
				d.rows = rows
				if i == 0 {
					d.x, d.ldx = t.x, t.ldx
				}
				t.team.forward(k, d)
			} else {
				copyRows(b.z, ld, in, ldIn, s.units, rows)
			}
			if i != last || !t.loss.head {
				activateRows(k, s, b.out, b.z, rows)
			}
		case opBatchNorm:
			if training {
				t.normaliseBatch(s, b, in, ldIn, rows)
			} else {
				t.net.normalise(s, b.inverse, b.sums, b.out, ld, in, ldIn, rows)
			}
		case opDropout, opNoise:
			switch {
			case !training || s.rate == 0:
				copyRows(b.out, ld, in, ldIn, s.units, rows)
			case s.op == opDropout:
				t.dropout(i, b.out, ld, in, ldIn, rows)
			default:
				t.noise(i, b.out, ld, in, ldIn, rows)
			}
		}
		in, ldIn = b.out, ld
	}
	t.rows = rows
}

// computeLoss returns the mean loss of the batch, and fills the last stage's dz. weights [rows] may be nil.
func (t *Trainer) computeLoss(y, weights []float32, rows int) float64 {
	last := len(t.stages) - 1
	b := &t.stages[last]
	units := t.net.stages[last].units
	scale, losses := t.scale[:rows], t.losses[:rows]
	n := float32(rows)
	for r := range scale {
		scale[r] = 1 / n
		if weights != nil {
			scale[r] = weights[r] / n
		}
	}
	t.loss.compute(t.net.kernel.isa, &lossBatch{y: y, p: b.out, dz: b.dz, scale: scale, loss: losses, ld: stride(units), outputs: units, rows: rows})
	sum := 0.0
	for r, l := range losses {
		if weights != nil {
			sum += float64(weights[r]) * float64(l)
		} else {
			sum += float64(l)
		}
	}
	return sum / float64(rows)
}

// backward computes the gradients of all weights from the last stage's dz.
func (t *Trainer) backward(rows int) {
	k := t.net.kernel.isa
	last := len(t.stages) - 1
	for i := last; i >= max(t.first, 0); i-- {
		s, b := &t.net.stages[i], &t.stages[i]
		switch s.op {
		case opDense, opActivation:
			if !(i == last && t.loss.head) && !b.derived {
				gradActivationRows(k, s, b, rows)
			}
			if s.op == opDense {
				t.team.gradWeights(k, &b.dense)
				if i > t.first {
					t.team.gradInput(k, &b.dense)
				}
			}
		case opBatchNorm:
			t.gradBatch(s, b, rows, i > t.first)
		case opDropout:
			if s.rate > 0 {
				t.dropout(i, b.dz, stride(s.units), b.dz, stride(s.units), rows)
			}
		}
	}
}

// gradActivationRows multiplies the stage's dz by the derivative of its activation.
func gradActivationRows(k isa, s *stage, b *trainStage, rows int) {
	ld := stride(s.units)
	if s.act.rowwise() {
		grad := gradSoftmaxRow
		if s.act.kind == logSoftmax {
			grad = gradLogSoftmaxRow
		}
		for r := range rows {
			grad(b.dz[r*ld:][:s.units], b.out[r*ld:][:s.units])
		}
		return
	}
	src := b.out
	if s.act.needsInput() {
		src = b.z
	}
	k.gradActivation(s.act, b.dz[:rows*ld], src[:rows*ld])
}

// normaliseBatch computes a BatchNorm's outputs by the mean and the biased variance of the batch, each a chain of additions
// over the rows, and moves the moving averages.
func (t *Trainer) normaliseBatch(s *stage, b *trainStage, x []float32, ldx, rows int) {
	k, ld := t.net.kernel.isa, stride(s.units)
	mean, variance := b.mean, b.sums
	n := float32(rows)
	clear(mean)
	clear(variance)
	k.sweep(sweepMix, &sweep{x: [5][]float32{mean, x}, ld: [5]int{0, ldx}, rows: rows, n: s.units, s: [8]float32{1, 1}})
	for j := range mean {
		mean[j] /= n
	}
	k.sweep(sweepDeviations, &sweep{x: [5][]float32{variance, b.xhat, x, mean}, ld: [5]int{0, ld, ldx}, rows: rows, n: s.units})
	movingMean, movingVariance := t.net.moving(s)
	keep, take := float32(s.momentum), float32(1-s.momentum)
	for j := range variance {
		variance[j] /= n
		b.inverse[j] = 1 / sqrt32(variance[j]+float32(s.epsilon))
		movingMean[j] = fma32(movingMean[j], keep, float32(mean[j]*take))
		movingVariance[j] = fma32(movingVariance[j], keep, float32(variance[j]*take))
	}
	gamma, beta := t.net.affine(s)
	k.sweep(sweepNormalise, &sweep{x: [5][]float32{b.out, b.xhat, b.inverse, gamma, beta}, ld: [5]int{ld, ld}, rows: rows, n: s.units})
}

// gradBatch computes the gradients of a BatchNorm's gamma and beta, Σdz·xhat and Σdz, and, if wanted, turns dz into the
// gradient with respect to its inputs: gamma/√(variance + epsilon)·(dz - Σdz/rows - xhat·Σ(dz·xhat)/rows).
func (t *Trainer) gradBatch(s *stage, b *trainStage, rows int, inputs bool) {
	k, ld := t.net.kernel.isa, stride(s.units)
	dgamma, dbeta := b.mean, b.sums
	clear(dgamma)
	clear(dbeta)
	k.sweep(sweepAffineGradient, &sweep{x: [5][]float32{dgamma, dbeta, b.xhat, b.dz}, ld: [5]int{2: ld, 3: ld}, rows: rows, n: s.units})
	if s.gamma >= 0 {
		copy(t.grads[s.tensors[s.gamma].spans[0].from:], dgamma)
	}
	if s.beta >= 0 {
		copy(t.grads[s.tensors[s.beta].spans[0].from:], dbeta)
	}
	if !inputs {
		return
	}
	gamma, _ := t.net.affine(s)
	scale := b.inverse
	n := float32(rows)
	for j := range scale {
		dgamma[j] /= n
		dbeta[j] /= n
		scale[j] *= gamma[j]
	}
	k.sweep(sweepNormaliseGradient, &sweep{x: [5][]float32{b.dz, b.xhat, dgamma, dbeta, scale}, ld: [5]int{ld, ld}, rows: rows, n: s.units})
}

// dropout multiplies src by the mask of a stage at the current step: 0, or 1/(1-rate). A value's fate depends on the seed,
// the step, the stage and its place in the batch alone, so the backward pass draws the same mask again. dst may be src.
func (t *Trainer) dropout(i int, dst []float32, ldDst int, src []float32, ldSrc, rows int) {
	s := &t.net.stages[i]
	key := t.maskKey(i)
	t.net.kernel.isa.sweep(sweepDropout, &sweep{
		x: [5][]float32{dst, src}, ld: [5]int{ldDst, ldSrc}, rows: rows, n: s.units, s: [8]float32{float32(1 / (1 - s.rate))},
		low: uint32(key), high: uint32(key >> 32), bound: uint32(min(s.rate*0x1p32, math.MaxUint32)), step: uint32(s.units),
	})
}

// maskKey returns the key of a stage's random numbers at the current step.
func (t *Trainer) maskKey(i int) uint64 {
	return mix64(t.cfg.Seed ^ mix64(uint64(t.batches)<<16^uint64(i)<<8^streamDropout))
}

// noise adds normal noise of the stage's deviation, drawn for each row by its place in the batch.
func (t *Trainer) noise(i int, dst []float32, ldDst int, src []float32, ldSrc, rows int) {
	s := &t.net.stages[i]
	key := t.maskKey(i)
	deviation := float32(s.rate)
	for row := range rows {
		r := drawsOf(key, row)
		x, y := src[row*ldSrc:][:s.units], dst[row*ldDst:][:s.units]
		for j, v := range x {
			y[j] = fma32(deviation, t.stages[i].normal.draw(&r), v)
		}
	}
}

// mix64 is the finalizer of SplitMix64 (Steele et al., OOPSLA 2014, doi:10.1145/2660193.2660195).
func mix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// mix32 is a 32-bit mixing function, in the manner of MurmurHash3's finalizer.
func mix32(x uint32) uint32 {
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}
