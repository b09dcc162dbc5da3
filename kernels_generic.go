package mlp

import "math"

// The generic kernels: portable Go, and the contract of every other kernel.

// forwardGeneric computes a layer's outputs, y[b,u] = act(bias[u] + Σᵢ x[b,i]·w[i,u]): one chain of fused multiply-adds
// from the bias over ascending i. act is ReLU or nothing.
func forwardGeneric(d *dense) {
	for u := 0; u < d.units; u += lanes {
		width, real := panelWidth(d.units, u), min(lanes, d.units-u)
		w := d.w[u/lanes*d.panel:][:width*(1+d.inputs)]
		for b := range d.rows {
			x := d.x[b*d.ldx:][:d.inputs]
			y := d.y[b*d.ldy+u:][:real]
			for c := 0; c < real; c += 4 {
				a0, a1, a2, a3 := w[c], w[c+1], w[c+2], w[c+3]
				k := width + c
				for _, xi := range x {
					wk := (*[4]float32)(w[k:])
					a0 = fma32(xi, wk[0], a0)
					a1 = fma32(xi, wk[1], a1)
					a2 = fma32(xi, wk[2], a2)
					a3 = fma32(xi, wk[3], a3)
					k += width
				}
				if d.relu {
					a0, a1, a2, a3 = relu32(a0), relu32(a1), relu32(a2), relu32(a3)
				}
				store4(y, c, a0, a1, a2, a3)
			}
		}
	}
}

// relu32 returns x where it is above zero or NaN, else +0.
func relu32(x float32) float32 {
	if x <= 0 {
		return 0
	}
	return x
}

// store4 writes as many of four values to y from index c as y has room for.
func store4(y []float32, c int, a0, a1, a2, a3 float32) {
	if len(y)-c >= 4 {
		*(*[4]float32)(y[c:]) = [4]float32{a0, a1, a2, a3}
		return
	}
	for i, a := range [3]float32{a0, a1, a2} {
		if c+i < len(y) {
			y[c+i] = a
		}
	}
}

// gradWeightsGeneric computes the gradient of a layer's weights, g[i,u] = Σ_b x[b,i]·dz[b,u], one chain of fused
// multiply-adds from zero over ascending b, and that of its bias, Σ_b dz[b,u], a chain of additions. Pads are written too.
func gradWeightsGeneric(d *dense) {
	for u := 0; u < d.units; u += lanes {
		width := panelWidth(d.units, u)
		g := d.g[u/lanes*d.panel:][:width*(1+d.inputs)]
		for c := 0; c < width; c += 4 {
			if d.bias {
				var a0, a1, a2, a3 float32
				for b := range d.rows {
					dz := (*[4]float32)(d.dz[b*d.ldy+u+c:])
					a0 += dz[0]
					a1 += dz[1]
					a2 += dz[2]
					a3 += dz[3]
				}
				*(*[4]float32)(g[c:]) = [4]float32{a0, a1, a2, a3}
			}
			for i := range d.inputs {
				var a0, a1, a2, a3 float32
				for b := range d.rows {
					xi := d.x[b*d.ldx+i]
					dz := (*[4]float32)(d.dz[b*d.ldy+u+c:])
					a0 = fma32(xi, dz[0], a0)
					a1 = fma32(xi, dz[1], a1)
					a2 = fma32(xi, dz[2], a2)
					a3 = fma32(xi, dz[3], a3)
				}
				*(*[4]float32)(g[(1+i)*width+c:]) = [4]float32{a0, a1, a2, a3}
			}
		}
	}
}

// gradInputGeneric computes the gradient of a layer's inputs, dx[b,i] = Σ_u dz[b,u]·w[i,u], one chain of fused
// multiply-adds from zero over ascending u; where masked is set, zero unless x[b,i] > 0. Pads may be overwritten.
func gradInputGeneric(d *dense) {
	for b := range d.rows {
		dz := d.dz[b*d.ldy:][:d.units]
		x := d.x[b*d.ldx:][:d.inputs]
		dx := d.dx[b*d.lddx:][:d.inputs]
		for i := 0; i < d.inputs; i += 4 {
			// Inputs beyond the last read row 0 instead; their results are dropped.
			var row [4]int
			for j := range row {
				if i+j < d.inputs {
					row[j] = 1 + d.from + i + j
				}
			}
			var a0, a1, a2, a3 float32
			for u := 0; u < d.units; u += lanes {
				width := panelWidth(d.units, u)
				w := d.w[u/lanes*d.panel:]
				w0, w1, w2, w3 := w[row[0]*width:][:width], w[row[1]*width:][:width], w[row[2]*width:][:width], w[row[3]*width:][:width]
				for c, dzu := range dz[u:min(u+lanes, d.units)] {
					a0 = fma32(dzu, w0[c], a0)
					a1 = fma32(dzu, w1[c], a1)
					a2 = fma32(dzu, w2[c], a2)
					a3 = fma32(dzu, w3[c], a3)
				}
			}
			store4(dx, i, a0, a1, a2, a3)
		}
		if d.masked {
			for i, xi := range x {
				if !(xi > 0) {
					dx[i] = 0
				}
			}
		}
	}
}

// softmaxGeneric replaces each row's logits by their softmax, e[u]/Σe with e[u] = exp(z[u]-max z), zero below
// exp(softmaxBottom); the sum is laneSum's.
func softmaxGeneric(s *softmax) {
	for b := range s.rows {
		softmaxRow(s.z[b*s.ld:][:s.units])
	}
}

// softmaxBottom is how far below the maximum a logit's exponential counts as zero: e^-64 = 2^-92 is too small for the sum and
// for any weight, but down to e^-104 probabilities, gradients and their products would be denormal, which slows a trained
// network's steps down by a quarter.
const softmaxBottom = -64

// softmaxRow replaces z by its softmax, and returns the maximum of z and the sum of the exponentials.
func softmaxRow(z []float32) (top, sum float32) {
	top = float32(math.Inf(-1))
	for _, v := range z {
		if v > top {
			top = v
		}
	}
	for u, v := range z {
		z[u] = 0
		if d := v - top; !(d < softmaxBottom) {
			z[u] = exp32(d)
		}
	}
	sum = laneSum(z)
	for u := range z {
		z[u] /= sum
	}
	return top, sum
}

// laneSum sums x in 16 virtual lanes, lane j the elements j, j+16, … in that order, and then folds the lanes in halves:
// 16 to 8 to 4 to 2 to 1.
func laneSum(x []float32) float32 {
	var s [lanes]float32
	for i, v := range x {
		s[i%lanes] += v
	}
	return foldLanes(&s)
}

// foldLanes adds the upper half of the lanes to the lower until one is left.
func foldLanes(s *[lanes]float32) float32 {
	for half := lanes / 2; half > 0; half /= 2 {
		for j := range half {
			s[j] += s[j+half]
		}
	}
	return s[0]
}

// softmaxCrossentropyGeneric replaces logits by their softmax p and computes, for sparse labels y, each row's
// cross-entropy, loss[b] = (max z - z[y]) + log Σ exp(z - max z), and its gradient, dz[b,u] = (p[u] - [u = y])·scale[b].
func softmaxCrossentropyGeneric(s *softmax) {
	for b := range s.rows {
		z := s.z[b*s.ld:][:s.units]
		y := indexOf(s.labels[b], s.units)
		zy := z[y] // panics if the label is none of the units
		top, sum := softmaxRow(z)
		s.loss[b] = (top - zy) + log32(sum)
		dz := s.dz[b*s.ld:][:padded(s.units)]
		for u, p := range z {
			if u == y {
				p -= 1
			}
			dz[u] = p * s.scale[b]
		}
		clear(dz[s.units:])
	}
}

// flush32 returns x, or zero where x is denormal.
func flush32(x float32) float32 {
	if x > -smallestNormal && x < smallestNormal {
		return 0
	}
	return x
}

// adamGeneric performs one Adam update (Kingma and Ba, arXiv:1412.6980, in Keras's form, with its "epsilon hat"):
//
//	g = flush(g·scale), m = flush(m + (g-m)·(1-beta1)), v = flush(v + (g²-v)·(1-beta2))
//	w = w - w·decay;  w = w - rate·m / (√v + epsilon)
//
// All sums of a product are fused. The gradients are left as they are.
func adamGeneric(w, m, v, g []float32, s *adamStep) {
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	for i := range w {
		gi := flush32(float32(g[i] * s.scale))
		mi := flush32(fma32(gi-m[i], s.oneBeta1, m[i]))
		vi := flush32(fma32(fma32(gi, gi, -v[i]), s.oneBeta2, v[i]))
		m[i], v[i] = mi, vi
		wi := fma32(-s.decay, w[i], w[i])
		w[i] = wi - s.rate*mi/(sqrt32(vi)+s.epsilon)
	}
}

// sgdGeneric performs one update of stochastic gradient descent, with m nil for no momentum:
//
//	g = flush(g·scale);  w = w - w·decay
//	without momentum: w = w - rate·g
//	with:             m = flush(momentum·m - rate·g), and w = w + m, or with Nesterov's w = w + momentum·m - rate·g
//
// All sums of a product are fused, the outer of two last: momentum·m - rate·g is fma(momentum, m, -(rate·g)).
func sgdGeneric(w, m, g []float32, s *sgdStep) {
	g = g[:len(w)]
	if m == nil {
		for i := range w {
			gi := flush32(float32(g[i] * s.scale))
			w[i] = fma32(-s.rate, gi, fma32(-s.decay, w[i], w[i]))
		}
		return
	}
	m = m[:len(w)]
	for i := range w {
		gi := flush32(float32(g[i] * s.scale))
		wi := fma32(-s.decay, w[i], w[i])
		step := float32(s.rate * gi)
		mi := flush32(fma32(s.momentum, m[i], -step))
		m[i] = mi
		if s.nesterov {
			w[i] = wi + fma32(s.momentum, mi, -step)
		} else {
			w[i] = wi + mi
		}
	}
}

// sqrt32 returns the correctly rounded square root: the float64 root of a float32 cannot round wrongly twice.
func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// sumSquaresGeneric returns Σx² in float64, where squares of float32 are exact, in 16 virtual lanes as laneSum.
func sumSquaresGeneric(x []float32) float64 {
	var s [lanes]float64
	for i, v := range x {
		s[i%lanes] += float64(v) * float64(v)
	}
	return foldLanes64(&s)
}

// sumAbsGeneric returns Σ|x| in float64, in the lanes of sumSquaresGeneric.
func sumAbsGeneric(x []float32) float64 {
	var s [lanes]float64
	for i, v := range x {
		s[i%lanes] += float64(abs32(v))
	}
	return foldLanes64(&s)
}

// sumGeneric returns Σx in float64, in the lanes of sumSquaresGeneric.
func sumGeneric(x []float32) float64 {
	var s [lanes]float64
	for i, v := range x {
		s[i%lanes] += float64(v)
	}
	return foldLanes64(&s)
}

// foldLanes64 is foldLanes in float64.
func foldLanes64(s *[lanes]float64) float64 {
	for half := lanes / 2; half > 0; half /= 2 {
		for j := range half {
			s[j] += s[j+half]
		}
	}
	return s[0]
}
