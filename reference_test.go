package mlp

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A second implementation, in float64 and without any regard for speed, whose finite differences check the gradients.

// reference is a network in float64: its weights by layer and name, row-major.
type reference struct {
	net     *Network
	weights []map[string][]float64
}

func newReference(n *Network) *reference {
	r := &reference{net: n}
	for i := range n.stages {
		m := map[string][]float64{}
		for _, t := range n.Weights(i) {
			m[t.Name] = floats64(t.Values)
		}
		r.weights = append(r.weights, m)
	}
	return r
}

func floats64(x []float32) []float64 {
	f := make([]float64, len(x))
	for i, v := range x {
		f[i] = float64(v)
	}
	return f
}

func (act Activation) reference(z []float64) []float64 {
	alpha := float64(act.alpha)
	if act.rowwise() {
		top, sum := slices.Max(z), 0.0
		for _, v := range z {
			sum += math.Exp(v - top)
		}
		var p []float64
		for _, v := range z {
			if act.kind == logSoftmax {
				p = append(p, v-top-math.Log(sum))
			} else {
				p = append(p, math.Exp(v-top)/sum)
			}
		}
		return p
	}
	f := map[activationKind]func(x float64) float64{
		linear: func(x float64) float64 { return x },
		relu:   func(x float64) float64 { return math.Max(x, 0) },
		leakyReLU: func(x float64) float64 {
			if x < 0 {
				return alpha * x
			}
			return x
		},
		elu: func(x float64) float64 {
			if x < 0 {
				return alpha * math.Expm1(x)
			}
			return x
		},
		selu: func(x float64) float64 {
			if x < 0 {
				return 1.0507009873554805 * 1.6732632423543772 * math.Expm1(x)
			}
			return 1.0507009873554805 * x
		},
		gelu: func(x float64) float64 { return x * (1 + math.Erf(x/math.Sqrt2)) / 2 },
		geluTanh: func(x float64) float64 {
			return x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))) / 2
		},
		silu:     func(x float64) float64 { return x / (1 + math.Exp(-x)) },
		mish:     func(x float64) float64 { return x * math.Tanh(math.Log1p(math.Exp(x))) },
		softplus: func(x float64) float64 { return math.Log1p(math.Exp(x)) },
		softsign: func(x float64) float64 { return x / (1 + math.Abs(x)) },
		sigmoid:  func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		hardSigmoid: func(x float64) float64 {
			return math.Min(math.Max(x/6+0.5, 0), 1)
		},
		hardSiLU: func(x float64) float64 { return x * math.Min(math.Max(x/6+0.5, 0), 1) },
		tanh:     math.Tanh,
	}[act.kind]
	var a []float64
	for _, v := range z {
		a = append(a, f(v))
	}
	return a
}

// forward returns the outputs of rows of x in training mode, without dropout.
func (r *reference) forward(x [][]float64) [][]float64 {
	for i := range r.net.stages {
		s, w := &r.net.stages[i], r.weights[i]
		y := make([][]float64, len(x))
		for b := range x {
			y[b] = slices.Clone(x[b])
		}
		switch s.op {
		case opDense:
			for b := range x {
				z := make([]float64, s.units)
				for u := range z {
					if bias := w[nameBias]; bias != nil {
						z[u] = bias[u]
					}
					for k, v := range x[b] {
						z[u] += v * w[nameWeights][k*s.units+u]
					}
				}
				y[b] = s.act.reference(z)
			}
		case opActivation:
			for b := range x {
				y[b] = s.act.reference(x[b])
			}
		case opBatchNorm:
			n := float64(len(x))
			for u := range s.units {
				mean, variance := 0.0, 0.0
				for b := range x {
					mean += x[b][u] / n
				}
				for b := range x {
					variance += (x[b][u] - mean) * (x[b][u] - mean) / n
				}
				gamma, beta := 1.0, 0.0
				if g := w[nameGamma]; g != nil {
					gamma = g[u]
				}
				if g := w[nameBeta]; g != nil {
					beta = g[u]
				}
				for b := range x {
					y[b][u] = gamma*(x[b][u]-mean)/math.Sqrt(variance+s.epsilon) + beta
				}
			}
		}
		x = y
	}
	return x
}

// loss returns the mean loss of a batch, penalties included, for losses in their textbook form.
func (r *reference) loss(l Loss, x, y [][]float64) float64 {
	total := 0.0
	for b, p := range r.forward(x) {
		t, n, sum := y[b], float64(len(p)), 0.0
		softmax := Softmax.reference(p)
		for i := range p {
			if _, sparse := l.(SparseCategoricalCrossentropy); sparse {
				break
			}
			d := p[i] - t[i]
			switch l := l.(type) {
			case MeanSquaredError:
				sum += d * d / n
			case MeanAbsoluteError:
				sum += math.Abs(d) / n
			case Huber:
				delta := or(l.Delta, 1)
				if math.Abs(d) <= delta {
					sum += d * d / 2 / n
				} else {
					sum += (delta*math.Abs(d) - delta*delta/2) / n
				}
			case LogCosh:
				sum += math.Log(math.Cosh(d)) / n
			case BinaryCrossentropy:
				q, s := p[i], t[i]*(1-l.LabelSmoothing)+l.LabelSmoothing/2
				if l.FromLogits {
					q = 1 / (1 + math.Exp(-q))
				}
				sum -= (s*math.Log(q) + (1-s)*math.Log(1-q)) / n
			case CategoricalCrossentropy:
				q := p[i]
				if l.FromLogits {
					q = softmax[i]
				}
				sum -= (t[i]*(1-l.LabelSmoothing) + l.LabelSmoothing/n) * math.Log(q)
			case KLDivergence:
				clipped := math.Max(t[i], 1e-7)
				sum += clipped * math.Log(clipped/p[i])
			case Hinge:
				sum += math.Max(1-t[i]*p[i], 0) / n
			case SquaredHinge:
				h := math.Max(1-t[i]*p[i], 0)
				sum += h * h / n
			case MeanSquaredLogarithmicError:
				d := math.Log1p(p[i]) - math.Log1p(t[i])
				sum += d * d / n
			case MeanAbsolutePercentageError:
				sum += 100 * math.Abs(d) / math.Abs(t[i]) / n
			case BinaryFocalCrossentropy:
				q := p[i]
				if l.FromLogits {
					q = 1 / (1 + math.Exp(-q))
				}
				q = math.Min(math.Max(q, 1e-7), float64(float32(1-1e-7))) // the bound that float32 has
				s, gamma, weight := t[i]*(1-l.LabelSmoothing)+l.LabelSmoothing/2, or(l.Gamma, 2), 1.0
				if l.Alpha != 0 {
					weight = s*l.Alpha + (1-s)*(1-l.Alpha)
				}
				sum -= weight * math.Pow(1-s*q-(1-s)*(1-q), gamma) * (s*math.Log(q) + (1-s)*math.Log(1-q)) / n
			case CategoricalFocalCrossentropy:
				q := p[i]
				if l.FromLogits {
					q = softmax[i]
				}
				sum -= or(l.Alpha, 0.25) * math.Pow(1-q, or(l.Gamma, 2)) * (t[i]*(1-l.LabelSmoothing) + l.LabelSmoothing/n) * math.Log(q)
			case Poisson:
				sum += (p[i] - t[i]*math.Log(p[i]+1e-7)) / n
			}
		}
		switch l := l.(type) {
		case SparseCategoricalCrossentropy:
			q := p[int(t[0])]
			if l.FromLogits {
				q = softmax[int(t[0])]
			}
			sum = -math.Log(q)
		case CategoricalHinge:
			positive, negative := 0.0, math.Inf(-1)
			for i := range p {
				positive += t[i] * p[i]
				negative = math.Max(negative, (1-t[i])*p[i])
			}
			sum = math.Max(0, negative-positive+1)
		case CosineSimilarity:
			var tt, pp, tp float64
			for i := range p {
				tt, pp, tp = tt+t[i]*t[i], pp+p[i]*p[i], tp+t[i]*p[i]
			}
			sum = -tp / math.Sqrt(tt*pp)
		}
		total += sum / float64(len(x))
	}
	for i := range r.net.stages {
		for _, tn := range r.net.stages[i].tensors {
			for _, w := range r.weights[i][tn.name] {
				total += tn.regularizer.L1*math.Abs(w) + tn.regularizer.L2*w*w
			}
		}
	}
	return total
}

// checkGradients compares all gradients of a batch with central differences of the reference.
func checkGradients(t *testing.T, n *Network, l Loss, x, y []float32, targets int) {
	t.Helper()
	rows := len(x) / n.Features()
	trainer, err := newTrainer(n, TrainerConfig{Loss: l, BatchSize: rows}, true)
	if err != nil {
		t.Fatal(err)
	}
	trainer.x, trainer.ldx = x, n.Features()
	loss := trainer.gradients(y, nil, rows)

	split := func(v []float32, columns int) [][]float64 {
		var m [][]float64
		for row := range slices.Chunk(floats64(v), columns) {
			m = append(m, row)
		}
		return m
	}
	r, x64, y64 := newReference(n), split(x, n.Features()), split(y, targets)
	if want := r.loss(l, x64, y64); math.Abs(loss-want) > 1e-5*math.Max(1, math.Abs(want)) {
		t.Errorf("loss is %v, want %v", loss, want)
	}
	const h = 1e-5
	difference := func(at *float64) float64 {
		was := *at
		*at = was + h
		above := r.loss(l, x64, y64)
		*at = was - h
		below := r.loss(l, x64, y64)
		*at = was
		return (above - below) / (2 * h)
	}
	var got, want []float64
	var what []string
	for i := range n.stages {
		for _, tn := range n.stages[i].tensors {
			if tn.absent {
				continue
			}
			values := make([]float32, tn.size())
			tn.unpack(values, trainer.grads)
			for j, v := range values {
				got = append(got, float64(v))
				want = append(want, difference(&r.weights[i][tn.name][j]))
				what = append(what, fmt.Sprintf("layer %d %s[%d]", i, tn.name, j))
			}
		}
	}
	for b := range x64 {
		for j := range x64[b] {
			got = append(got, float64(trainer.dx[b*stride(n.features)+j]))
			want = append(want, difference(&x64[b][j]))
			what = append(what, fmt.Sprintf("x[%d, %d]", b, j))
		}
	}
	scale := 1e-3
	for _, v := range want {
		scale = math.Max(scale, math.Abs(v))
	}
	for i := range got {
		// float32 gradients of a few layers carry some 1e-6 of the largest; the differences h² and 1e-16/h.
		if !(math.Abs(got[i]-want[i]) <= 1e-5*scale) {
			t.Errorf("gradient of %s is %v, want %v", what[i], got[i], want[i])
		}
	}
}

// Every activation is checked under every loss and beside every kind of layer that makes sense.
func TestGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const rows, features, outputs = 7, 5, 3
	x := make([]float32, rows*features)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	labels, oneHot, reals, signs, positive := make([]float32, rows), make([]float32, rows*outputs), make([]float32, rows*outputs), make([]float32, rows*outputs), make([]float32, rows*outputs)
	for r := range rows {
		labels[r] = float32(rng.IntN(outputs))
		oneHot[r*outputs+int(labels[r])] = 1
		for j := range outputs {
			reals[r*outputs+j] = float32(rng.NormFloat64())
			signs[r*outputs+j] = float32(2*rng.IntN(2) - 1)
			positive[r*outputs+j] = float32(rng.IntN(4))
		}
	}
	hidden := []Activation{Linear, ReLU, LeakyReLU(0.1), ELU(0.7), SELU, GELU, GELUTanh, SiLU, Mish, Softplus, Softsign, Sigmoid, HardSigmoid, HardSiLU, Tanh, Softmax, LogSoftmax}
	heads := []struct {
		act  Activation
		loss Loss
		y    []float32
	}{
		{Softmax, SparseCategoricalCrossentropy{}, labels},
		{Linear, SparseCategoricalCrossentropy{FromLogits: true}, labels},
		{LogSoftmax, SparseCategoricalCrossentropy{FromLogits: true}, labels},
		{Softmax, CategoricalCrossentropy{LabelSmoothing: 0.1}, oneHot},
		{Linear, CategoricalCrossentropy{FromLogits: true}, oneHot},
		{Sigmoid, BinaryCrossentropy{LabelSmoothing: 0.1}, oneHot},
		{Linear, BinaryCrossentropy{FromLogits: true}, oneHot},
		{Linear, MeanSquaredError{}, reals},
		{Tanh, MeanSquaredError{}, reals},
		{Softmax, MeanSquaredError{}, oneHot},
		{Linear, MeanAbsoluteError{}, reals},
		{Linear, Huber{Delta: 0.7}, reals},
		{Linear, LogCosh{}, reals},
		{Linear, Hinge{}, signs},
		{Tanh, SquaredHinge{}, signs},
		{Linear, CategoricalHinge{}, oneHot},
		{Softplus, Poisson{}, positive},
		{Softmax, KLDivergence{}, oneHot},
		{Linear, CosineSimilarity{}, reals},
		{Softplus, MeanSquaredLogarithmicError{}, positive},
		{Linear, MeanAbsolutePercentageError{}, reals},
		{Sigmoid, BinaryFocalCrossentropy{Gamma: 1.5, Alpha: 0.3, LabelSmoothing: 0.1}, oneHot},
		{HardSigmoid, BinaryFocalCrossentropy{}, oneHot},
		{Linear, BinaryFocalCrossentropy{FromLogits: true, Gamma: 1}, oneHot},
		{Softmax, CategoricalFocalCrossentropy{LabelSmoothing: 0.1}, oneHot},
		{Linear, CategoricalFocalCrossentropy{FromLogits: true, Gamma: 3}, oneHot},
	}
	for _, act := range hidden {
		for _, head := range heads {
			t.Run(fmt.Sprintf("%v/%v %T", act, head.act, head.loss), func(t *testing.T) {
				for variant, layers := range [][]Layer{
					{Dense{Units: 6, Activation: act}, Dense{Units: 17, Activation: act}, Dense{Units: outputs, Activation: head.act}},
					{BatchNorm{}, Dense{Units: 6, NoBias: true, WeightRegularizer: Regularizer{L1: 0.01, L2: 0.02}}, BatchNorm{NoCenter: true}, ActivationLayer{act},
						Dense{Units: outputs, BiasRegularizer: Regularizer{L2: 0.1}}, ActivationLayer{head.act}},
				} {
					n, err := New(features, layers...)
					if err != nil {
						t.Fatal(err)
					}
					n.Initialize(uint64(10 + variant))
					checkGradients(t, n, head.loss, x, head.y, len(head.y)/rows)
				}
			})
		}
	}
}
