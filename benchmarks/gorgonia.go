package main

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func init() { libraries["gorgonia"] = gorgoniaLibrary{} }

// gorgoniaLibrary is gorgonia's graph, run by its tape machine.
type gorgoniaLibrary struct{}

func (gorgoniaLibrary) version() string { return moduleVersion("gorgonia.org/gorgonia") }

// gorgoniaNet builds the graph of a batch and returns its inputs, parameters and probabilities.
func gorgoniaNet(w *workload, batch int) (x *gorgonia.Node, parameters gorgonia.Nodes, p *gorgonia.Node, err error) {
	g := gorgonia.NewGraph()
	x = gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(batch, w.features()), gorgonia.WithName("x"))
	a := x
	for l, units := range w.Sizes[1:] {
		weights := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(w.Sizes[l], units), gorgonia.WithName(fmt.Sprint("w", l)),
			gorgonia.WithInit(gorgonia.GlorotU(1)))
		bias := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(1, units), gorgonia.WithName(fmt.Sprint("b", l)),
			gorgonia.WithInit(gorgonia.Zeroes()))
		parameters = append(parameters, weights, bias)
		z, err := gorgonia.Mul(a, weights)
		if err != nil {
			return nil, nil, nil, err
		}
		if batch == 1 {
			z, err = gorgonia.Add(z, bias)
		} else {
			z, err = gorgonia.BroadcastAdd(z, bias, nil, []byte{0})
		}
		if err != nil {
			return nil, nil, nil, err
		}
		if l < len(w.Sizes)-2 {
			a, err = gorgonia.Rectify(z)
		} else {
			a, err = gorgonia.SoftMax(z)
		}
		if err != nil {
			return nil, nil, nil, err
		}
	}
	return x, parameters, a, nil
}

func (gorgoniaLibrary) newTraining(w *workload) (func(), int, error) {
	x, parameters, p, err := gorgoniaNet(w, w.Batch)
	if err != nil {
		return nil, 0, err
	}
	y := gorgonia.NewMatrix(x.Graph(), tensor.Float32, gorgonia.WithShape(w.Batch, w.classes()), gorgonia.WithName("y"))
	cost := gorgonia.Must(gorgonia.Neg(gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Sum(
		gorgonia.Must(gorgonia.HadamardProd(gorgonia.Must(gorgonia.Log(p)), y)), 1))))))
	if _, err := gorgonia.Grad(cost, parameters...); err != nil {
		return nil, 0, err
	}
	vm := gorgonia.NewTapeMachine(x.Graph(), gorgonia.BindDualValues(parameters...))
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.001))
	data, labels := rows(w.Batch*w.Steps, w.features(), w.classes())
	batchX, batchY := make([]float32, w.Batch*w.features()), make([]float32, w.Batch*w.classes())
	tensorX := tensor.New(tensor.WithShape(w.Batch, w.features()), tensor.WithBacking(batchX))
	tensorY := tensor.New(tensor.WithShape(w.Batch, w.classes()), tensor.WithBacking(batchY))
	rng := rand.New(rand.NewPCG(1, 1))
	return func() {
		order := rng.Perm(len(labels))
		for s := range w.Steps {
			clear(batchY)
			for i, r := range order[s*w.Batch:][:w.Batch] {
				copy(batchX[i*w.features():][:w.features()], data[r*w.features():])
				batchY[i*w.classes()+labels[r]] = 1
			}
			for _, err := range []error{
				gorgonia.Let(x, tensorX), gorgonia.Let(y, tensorY), vm.RunAll(), solver.Step(gorgonia.NodesToValueGrads(parameters)),
			} {
				if err != nil {
					panic(err)
				}
			}
			vm.Reset()
		}
	}, 1, nil
}

func (gorgoniaLibrary) newPrediction(w *workload, n int) (func(), error) {
	x, _, p, err := gorgoniaNet(w, n)
	if err != nil {
		return nil, err
	}
	var out gorgonia.Value
	gorgonia.Read(p, &out)
	vm := gorgonia.NewTapeMachine(x.Graph())
	data, _ := rows(n, w.features(), w.classes())
	input := tensor.New(tensor.WithShape(n, w.features()), tensor.WithBacking(data))
	return func() {
		if err := gorgonia.Let(x, input); err != nil {
			panic(err)
		}
		if err := vm.RunAll(); err != nil {
			panic(err)
		}
		vm.Reset()
	}, nil
}
