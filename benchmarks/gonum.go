package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

func init() { libraries["gonum"] = gonumLibrary{} }

// gonumLibrary is a perceptron written around gonum's float32 matrix product.
type gonumLibrary struct{}

func (gonumLibrary) version() string { return moduleVersion("gonum.org/v1/gonum") }

// gonumNet holds a network and the buffers of a batch.
type gonumNet struct {
	sizes   []int
	w, b    [][]float32 // [inputs, units], [units]
	gw, gb  [][]float32
	m, v    [][]float32 // of w, then of b
	out, dz [][]float32 // [rows, units]; out[0] is the batch
	step    int
}

func newGonumNet(w *workload, batch int) *gonumNet {
	n := &gonumNet{sizes: w.Sizes, out: [][]float32{make([]float32, batch*w.features())}, dz: [][]float32{make([]float32, batch*w.features())}}
	rng := rand.New(rand.NewPCG(1, 1))
	for l, units := range w.Sizes[1:] {
		inputs := w.Sizes[l]
		weights := make([]float32, inputs*units)
		limit := math.Sqrt(6 / float64(inputs+units))
		for i := range weights {
			weights[i] = float32((2*rng.Float64() - 1) * limit)
		}
		n.w, n.gw = append(n.w, weights), append(n.gw, make([]float32, len(weights)))
		n.b, n.gb = append(n.b, make([]float32, units)), append(n.gb, make([]float32, units))
		n.out, n.dz = append(n.out, make([]float32, batch*units)), append(n.dz, make([]float32, batch*units))
	}
	for _, p := range n.parameters() {
		n.m, n.v = append(n.m, make([]float32, len(p))), append(n.v, make([]float32, len(p)))
	}
	return n
}

func (n *gonumNet) parameters() [][]float32 { return append(append([][]float32{}, n.w...), n.b...) }

func general(rows, cols int, data []float32) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: cols, Data: data}
}

func (n *gonumNet) forward(rows int) {
	last := len(n.w) - 1
	for l := range n.w {
		inputs, units := n.sizes[l], n.sizes[l+1]
		out := n.out[l+1]
		for r := range rows {
			copy(out[r*units:][:units], n.b[l])
		}
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, general(rows, inputs, n.out[l]), general(inputs, units, n.w[l]), 1, general(rows, units, out))
		if l < last {
			for i, z := range out[:rows*units] {
				out[i] = max(z, 0)
			}
			continue
		}
		for r := range rows {
			z := out[r*units:][:units]
			top, sum := z[0], float32(0)
			for _, v := range z {
				top = max(top, v)
			}
			for i, v := range z {
				z[i] = float32(math.Exp(float64(v - top)))
				sum += z[i]
			}
			for i := range z {
				z[i] /= sum
			}
		}
	}
}

func (n *gonumNet) backward(labels []int) {
	rows, last := len(labels), len(n.w)
	units := n.sizes[last]
	for r, label := range labels {
		for u, p := range n.out[last][r*units:][:units] {
			if u == label {
				p--
			}
			n.dz[last][r*units+u] = p / float32(rows)
		}
	}
	for l := last - 1; l >= 0; l-- {
		inputs, units := n.sizes[l], n.sizes[l+1]
		dz := general(rows, units, n.dz[l+1])
		blas32.Gemm(blas.Trans, blas.NoTrans, 1, general(rows, inputs, n.out[l]), dz, 0, general(inputs, units, n.gw[l]))
		clear(n.gb[l])
		for r := range rows {
			for u, v := range dz.Data[r*units:][:units] {
				n.gb[l][u] += v
			}
		}
		if l > 0 {
			blas32.Gemm(blas.NoTrans, blas.Trans, 1, dz, general(inputs, units, n.w[l]), 0, general(rows, inputs, n.dz[l]))
			for i, v := range n.out[l][:rows*inputs] {
				if v <= 0 {
					n.dz[l][i] = 0
				}
			}
		}
	}
}

func (n *gonumNet) update() {
	n.step++
	rate := float32(0.001 * math.Sqrt(1-math.Pow(0.999, float64(n.step))) / (1 - math.Pow(0.9, float64(n.step))))
	grads := append(append([][]float32{}, n.gw...), n.gb...)
	for k, w := range n.parameters() {
		m, v, g := n.m[k], n.v[k], grads[k]
		for i := range w {
			m[i] += (g[i] - m[i]) * 0.1
			v[i] += (g[i]*g[i] - v[i]) * 0.001
			w[i] -= rate * m[i] / (float32(math.Sqrt(float64(v[i]))) + 1e-7)
		}
	}
}

func (gonumLibrary) newTraining(w *workload) (func(), int, error) {
	n := newGonumNet(w, w.Batch)
	x, y := rows(w.Batch*w.Steps, w.features(), w.classes())
	order, labels := make([]int, len(y)), make([]int, w.Batch)
	for i := range order {
		order[i] = i
	}
	rng := rand.New(rand.NewPCG(1, 1))
	return func() {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for s := range w.Steps {
			for i, r := range order[s*w.Batch:][:w.Batch] {
				copy(n.out[0][i*w.features():][:w.features()], x[r*w.features():])
				labels[i] = y[r]
			}
			n.forward(w.Batch)
			n.backward(labels)
			n.update()
		}
	}, 1, nil
}

func (gonumLibrary) newPrediction(w *workload, n int) (func(), error) {
	net := newGonumNet(w, n)
	x, _ := rows(n, w.features(), w.classes())
	copy(net.out[0], x)
	return func() { net.forward(n) }, nil
}
