package main

import (
	"math/rand/v2"

	"github.com/nlpodyssey/spago/ag"
	"github.com/nlpodyssey/spago/initializers"
	"github.com/nlpodyssey/spago/losses"
	"github.com/nlpodyssey/spago/mat"
	spagorand "github.com/nlpodyssey/spago/mat/rand"
	"github.com/nlpodyssey/spago/nn"
	"github.com/nlpodyssey/spago/nn/activation"
	"github.com/nlpodyssey/spago/nn/linear"
	"github.com/nlpodyssey/spago/optimizers"
	"github.com/nlpodyssey/spago/optimizers/adam"
)

func init() { libraries["spago"] = spagoLibrary{} }

// spagoLibrary is spago's graph, which takes one row at a time.
type spagoLibrary struct{}

func (spagoLibrary) version() string { return moduleVersion("github.com/nlpodyssey/spago") }

type spagoNet struct {
	nn.Module
	Layers nn.ModuleList[nn.StandardModel]
}

func newSpagoNet(w *workload) *spagoNet {
	var layers nn.ModuleList[nn.StandardModel]
	random := spagorand.NewLockedRand(1)
	for l, units := range w.Sizes[1:] {
		dense := linear.New[float32](w.Sizes[l], units)
		initializers.XavierUniform(dense.W.Value().(mat.Matrix), 1, random)
		layers = append(layers, dense)
		if l < len(w.Sizes)-2 {
			layers = append(layers, activation.New(activation.ReLU))
		}
	}
	return &spagoNet{Layers: layers}
}

func spagoRows(x []float32, features int) []mat.Tensor {
	var list []mat.Tensor
	for i := 0; i < len(x); i += features {
		list = append(list, mat.NewDense[float32](mat.WithShape(features), mat.WithBacking(x[i:][:features])))
	}
	return list
}

func (spagoLibrary) newTraining(w *workload) (func(), int, error) {
	net := newSpagoNet(w)
	strategy := adam.New(adam.NewDefaultConfig())
	optimizer := optimizers.New(nn.Parameters(net), strategy)
	x, y := rows(w.Batch*w.Steps, w.features(), w.classes())
	inputs := spagoRows(x, w.features())
	rng := rand.New(rand.NewPCG(1, 1))
	share := mat.Scalar(1 / float32(w.Batch))
	return func() {
		order := rng.Perm(len(y))
		for s := range w.Steps {
			for _, r := range order[s*w.Batch:][:w.Batch] {
				loss := ag.ProdScalar(losses.CrossEntropy(net.Layers.Forward(inputs[r])[0], y[r]), share)
				if err := ag.Backward(loss); err != nil {
					panic(err)
				}
			}
			if err := optimizer.Optimize(); err != nil {
				panic(err)
			}
			strategy.IncExample()
		}
	}, 1, nil
}

func (spagoLibrary) newPrediction(w *workload, n int) (func(), error) {
	net := newSpagoNet(w)
	x, _ := rows(n, w.features(), w.classes())
	inputs := spagoRows(x, w.features())
	return func() {
		for _, x := range inputs {
			ag.Softmax(net.Layers.Forward(x)[0]).Value()
		}
	}, nil
}
