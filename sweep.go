package mlp

// sweepOp names an operation on rows of elements that is done between the products: the updates that have no kernel of
// their own, what goes around them, and the passes of BatchNorm and dropout.
type sweepOp uint8

const (
	sweepAMSGrad sweepOp = iota
	sweepAdamax
	sweepNadam
	sweepRMSprop
	sweepAdagrad
	sweepAdadelta
	sweepLion
	sweepPenalty
	sweepMix
	sweepQuotient
	sweepLevels
	sweepDeviations
	sweepNormalise
	sweepAffineGradient
	sweepNormaliseGradient
	sweepDropout
)

// plainSweep returns the operands of an operation on two arrays with two scalars.
func plainSweep(x, y []float32, s0, s1 float32) *sweep {
	return &sweep{x: [5][]float32{x, y}, rows: 1, n: len(x), s: [8]float32{s0, s1}}
}

// part returns n columns of some rows.
func (s *sweep) part(row, rows, column, n int) sweep {
	p := *s
	p.rows, p.n = rows, n
	p.low += uint32(row)*s.step + uint32(column)
	for i, x := range s.x {
		if x != nil {
			p.x[i] = x[row*s.ld[i]+column:][:(rows-1)*s.ld[i]+n]
		}
	}
	return p
}

// sweepGeneric performs the operation, row after row. In the updates, as in adamGeneric, sums of a product are fused, and
// gradients and moments below the smallest normal number are flushed to zero.
func sweepGeneric(op sweepOp, s *sweep) {
	for r := range s.rows {
		row := s.part(r, 1, 0, s.n)
		row.apply(op)
	}
}

// apply performs the operation on the first row.
func (s *sweep) apply(op sweepOp) {
	x := &s.x
	switch op {
	case sweepAMSGrad:
		amsgradUpdate(x[0], x[1], x[2], x[3], x[4], &s.s)
	case sweepAdamax:
		adamaxUpdate(x[0], x[1], x[2], x[4], &s.s)
	case sweepNadam:
		nadamUpdate(x[0], x[1], x[2], x[4], &s.s)
	case sweepRMSprop:
		rmspropUpdate(x[0], x[1], x[2], x[3], x[4], &s.s)
	case sweepAdagrad:
		adagradUpdate(x[0], x[1], x[4], &s.s)
	case sweepAdadelta:
		adadeltaUpdate(x[0], x[1], x[2], x[4], &s.s)
	case sweepLion:
		lionUpdate(x[0], x[1], x[4], &s.s)
	case sweepPenalty: // g, w: g += s₀·sign(w) + s₁·w
		g := x[0]
		for i, w := range x[1] {
			g[i] = fma32(s.s[1], w, fma32(s.s[0], sign32(w), g[i]))
		}
	case sweepMix: // a, b: a = s₀·a + s₁·b
		a := x[0]
		for i, b := range x[1] {
			a[i] = fma32(s.s[0], a[i], float32(s.s[1]*b))
		}
	case sweepQuotient: // a, b: a = b / s₀
		a := x[0]
		for i, b := range x[1] {
			a[i] = b / s.s[0]
		}
	case sweepLevels: // a, b: a = s₂·b + s₃ within s₀ … s₁, not fused; with a zero as bound, s₃ is not -0, nor is the bound
		a := x[0]
		for i, b := range x[1] {
			a[i] = min(max(float32(s.s[2]*b)+s.s[3], s.s[0]), s.s[1])
		}
	case sweepDeviations: // variance, d, x, mean: d = x - mean, variance += d²
		variance, d, mean := x[0], x[1], x[3]
		for i, v := range x[2] {
			d[i] = v - mean[i]
			variance[i] = fma32(d[i], d[i], variance[i])
		}
	case sweepNormalise: // y, h, inverse, gamma, beta: h *= inverse, y = h·gamma + beta
		y, h, inverse, gamma, beta := x[0], x[1], x[2], x[3], x[4]
		for i := range y {
			h[i] *= inverse[i]
			y[i] = fma32(h[i], gamma[i], beta[i])
		}
	case sweepAffineGradient: // dgamma, dbeta, h, dz: dgamma += dz·h, dbeta += dz
		dgamma, dbeta, h := x[0], x[1], x[2]
		for i, d := range x[3] {
			dgamma[i] = fma32(d, h[i], dgamma[i])
			dbeta[i] += d
		}
	case sweepNormaliseGradient: // dz, h, dgamma, dbeta, scale: dz = scale·(dz - dbeta - h·dgamma)
		dz, h, dgamma, dbeta, scale := x[0], x[1], x[2], x[3], x[4]
		for i, d := range dz {
			dz[i] = scale[i] * fma32(-h[i], dgamma[i], d-dbeta[i])
		}
	case sweepDropout: // y, x: y = s₀·x, or 0 where the mixed number of the element is below the bound
		y := x[0]
		for i, v := range x[1] {
			v *= s.s[0]
			if mix32(mix32(s.low+uint32(i))^s.high) < s.bound {
				v = 0
			}
			y[i] = v
		}
	}
}

// amsgradUpdate takes the scalars scale, decay, rate, 1-beta1, 1-beta2, epsilon.
func amsgradUpdate(w, m, v, largest, g []float32, s *[8]float32) {
	m, v, largest, g = m[:len(w)], v[:len(w)], largest[:len(w)], g[:len(w)]
	scale, decay, rate, oneBeta1, oneBeta2, epsilon := s[0], s[1], s[2], s[3], s[4], s[5]
	for i := range w {
		gi := flush32(float32(g[i] * scale))
		m[i] = flush32(fma32(gi-m[i], oneBeta1, m[i]))
		v[i] = flush32(fma32(fma32(gi, gi, -v[i]), oneBeta2, v[i]))
		largest[i] = max(largest[i], v[i])
		w[i] = fma32(-decay, w[i], w[i]) - rate*m[i]/(sqrt32(largest[i])+epsilon)
	}
}

// adamaxUpdate takes the scalars scale, decay, rate, 1-beta1, beta2, epsilon.
func adamaxUpdate(w, m, u, g []float32, s *[8]float32) {
	m, u, g = m[:len(w)], u[:len(w)], g[:len(w)]
	scale, decay, rate, oneBeta1, beta2, epsilon := s[0], s[1], s[2], s[3], s[4], s[5]
	for i := range w {
		gi := flush32(float32(g[i] * scale))
		m[i] = flush32(fma32(gi-m[i], oneBeta1, m[i]))
		u[i] = flush32(max(beta2*u[i], abs32(gi)))
		w[i] = fma32(-decay, w[i], w[i]) - rate*m[i]/(u[i]+epsilon)
	}
}

// nadamUpdate takes the scalars scale, decay, the factor of m, 1-beta1, 1-beta2, epsilon, the factors of g and of v; those of m
// and g have the learning rate in them.
func nadamUpdate(w, m, v, g []float32, s *[8]float32) {
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	scale, decay, fromM, oneBeta1, oneBeta2, epsilon, fromG, fromV := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	for i := range w {
		gi := flush32(float32(g[i] * scale))
		m[i] = flush32(fma32(gi-m[i], oneBeta1, m[i]))
		v[i] = flush32(fma32(fma32(gi, gi, -v[i]), oneBeta2, v[i]))
		w[i] = fma32(-decay, w[i], w[i]) - fma32(fromM, m[i], float32(fromG*gi))/(sqrt32(v[i]*fromV)+epsilon)
	}
}

// rmspropUpdate takes the scalars scale, decay, rate, 1-rho twice, epsilon, momentum, and nil for a mean gradient or a momentum
// that is not kept.
func rmspropUpdate(w, mean, v, momentum, g []float32, s *[8]float32) {
	v, g = v[:len(w)], g[:len(w)]
	scale, decay, rate, oneRho, epsilon, mu := s[0], s[1], s[2], s[3], s[5], s[6]
	for i := range w {
		gi := flush32(float32(g[i] * scale))
		v[i] = flush32(fma32(fma32(gi, gi, -v[i]), oneRho, v[i]))
		spread := v[i]
		if mean != nil {
			mean[i] = flush32(fma32(gi-mean[i], oneRho, mean[i]))
			spread = fma32(-mean[i], mean[i], spread)
		}
		step := rate * gi / sqrt32(spread+epsilon)
		if momentum != nil {
			momentum[i] = flush32(fma32(mu, momentum[i], step))
			step = momentum[i]
		}
		w[i] = fma32(-decay, w[i], w[i]) - step
	}
}

// adagradUpdate takes the scalars scale, decay, rate, and sixth epsilon.
func adagradUpdate(w, a, g []float32, s *[8]float32) {
	a, g = a[:len(w)], g[:len(w)]
	scale, decay, rate, epsilon := s[0], s[1], s[2], s[5]
	for i := range w {
		gi := flush32(float32(g[i] * scale))
		a[i] = flush32(fma32(gi, gi, a[i]))
		step := float32(0)
		if gi != 0 {
			step = rate * gi / sqrt32(a[i]+epsilon)
		}
		w[i] = fma32(-decay, w[i], w[i]) - step
	}
}

// adadeltaUpdate takes the scalars scale, decay, rate, and fifth 1-rho, epsilon.
func adadeltaUpdate(w, d2, a, g []float32, s *[8]float32) {
	d2, a, g = d2[:len(w)], a[:len(w)], g[:len(w)]
	scale, decay, rate, oneRho, epsilon := s[0], s[1], s[2], s[4], s[5]
	for i := range w {
		gi := flush32(float32(g[i] * scale))
		a[i] = flush32(fma32(fma32(gi, gi, -a[i]), oneRho, a[i]))
		d := sqrt32(d2[i]+epsilon) / sqrt32(a[i]+epsilon) * gi
		d2[i] = flush32(fma32(fma32(d, d, -d2[i]), oneRho, d2[i]))
		w[i] = fma32(-rate, d, fma32(-decay, w[i], w[i]))
	}
}

// lionUpdate takes the scalars scale, decay, rate, 1-beta2, 1-beta1, beta1.
func lionUpdate(w, m, g []float32, s *[8]float32) {
	m, g = m[:len(w)], g[:len(w)]
	scale, decay, rate, oneBeta2, oneBeta1, beta1 := s[0], s[1], s[2], s[3], s[4], s[5]
	for i := range w {
		gi := flush32(float32(g[i] * scale))
		w[i] = fma32(-rate, sign32(fma32(beta1, m[i], float32(oneBeta1*gi))), fma32(-decay, w[i], w[i]))
		m[i] = flush32(fma32(gi-m[i], oneBeta2, m[i]))
	}
}
