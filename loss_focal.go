package mlp

// The focal losses.

// powGamma returns x^gamma and its derivative gamma·x^(gamma-1), for x of 0 … 1.
func (f lossFunction) powGamma(x float32) (power, slope float32) {
	if x <= 0 {
		if f.gamma == 1 {
			slope = 1
		}
		return 0, slope
	}
	power = float32(pow64(float64(x), f.gamma))
	return power, float32(f.gamma) * power / x
}

// binaryFocal returns the term of one output v with target t, and its probability; the gradient with respect to v goes to dz.
func (f lossFunction) binaryFocal(t, v float32, dz *float32) (loss, p float32) {
	// The cross-entropy, its derivative and that of p, all with respect to v.
	var entropy, entropySlope float32
	p, pSlope := v, float32(1)
	if f.logits {
		p = sigmoid32(v)
		pSlope = p * (1 - p)
		entropy = fma32(-v, t, max(v, 0)) + log1p32(exp32(-abs32(v)))
		entropySlope = p - t
	} else {
		q, inside := clip32(v)
		entropy = -fma32(t, log32(q), float32((1-t)*log32(1-q)))
		entropySlope = inside * ((1-t)/(1-q) - t/q)
	}
	weight := float32(1)
	if f.alpha != 0 {
		weight = fma32(t, f.alpha, float32((1-t)*(1-f.alpha)))
	}
	// 1 - the probability of the true class: t + p - 2·t·p.
	factor, slope := f.powGamma(fma32(-2*t, p, t+p))
	*dz = weight * fma32(factor, entropySlope, float32(float32(slope*fma32(-2, t, 1))*float32(pSlope*entropy)))
	return weight * factor * entropy, p
}

// categoricalFocal returns the loss of a row of probabilities, or of logits by way of their softmax.
func (f lossFunction) categoricalFocal(y, p, dz []float32) float32 {
	if f.logits {
		copy(f.scratch, p)
		softmaxRow(f.scratch)
		p = f.scratch
	}
	// As in categorical: first with respect to q = p/Σp, then through the division.
	total := laneSum(p)
	var loss, dot float64
	for i, v := range p {
		t := f.smoothed(y[i], len(p))
		q, inside := clip32(v / total)
		factor, slope := f.powGamma(1 - q)
		log := log32(q)
		loss -= float64(f.alpha*factor) * float64(float32(t*log))
		dz[i] = inside * f.alpha * t * fma32(slope, log, -factor/q)
		dot += float64(dz[i]) * float64(v/total)
	}
	for i := range dz {
		dz[i] = (dz[i] - float32(dot)) / total
	}
	if f.logits {
		gradSoftmaxRow(dz, p)
	}
	return float32(loss)
}
