package main

import (
	"math/rand/v2"

	"github.com/gomlx/gomlx/backends"
	_ "github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/gomlx/pkg/ml/layers"
	"github.com/gomlx/gomlx/pkg/ml/layers/activations"
	"github.com/gomlx/gomlx/pkg/ml/train"
	"github.com/gomlx/gomlx/pkg/ml/train/losses"
	"github.com/gomlx/gomlx/pkg/ml/train/optimizers"
)

func init() { libraries["gomlx"] = gomlxLibrary{} }

// gomlxLibrary is gomlx on its backend in Go.
type gomlxLibrary struct{}

func (gomlxLibrary) version() string { return moduleVersion("github.com/gomlx/gomlx") + " simplego" }

func gomlxLogits(w *workload) func(ctx *context.Context, x *graph.Node) *graph.Node {
	return func(ctx *context.Context, x *graph.Node) *graph.Node {
		for l, units := range w.Sizes[1:] {
			x = layers.Dense(ctx.In(string(rune('a'+l))), x, true, units)
			if l < len(w.Sizes)-2 {
				x = activations.Relu(x)
			}
		}
		return x
	}
}

func (gomlxLibrary) newTraining(w *workload) (func(), int, error) {
	backend, err := backends.NewWithConfig("go")
	if err != nil {
		return nil, 0, err
	}
	logits := gomlxLogits(w)
	model := func(ctx *context.Context, _ any, inputs []*graph.Node) []*graph.Node {
		return []*graph.Node{logits(ctx, inputs[0])}
	}
	trainer := train.NewTrainer(backend, context.New(), model, losses.SparseCategoricalCrossEntropyLogits,
		optimizers.Adam().LearningRate(0.001).Done(), nil, nil)
	x, y := rows(w.Batch*w.Steps, w.features(), w.classes())
	batchX, batchY := make([]float32, w.Batch*w.features()), make([]int32, w.Batch)
	rng := rand.New(rand.NewPCG(1, 1))
	return func() {
		order := rng.Perm(len(y))
		for s := range w.Steps {
			for i, r := range order[s*w.Batch:][:w.Batch] {
				copy(batchX[i*w.features():][:w.features()], x[r*w.features():])
				batchY[i] = int32(y[r])
			}
			inputs := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(batchX, w.Batch, w.features())}
			labels := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(batchY, w.Batch, 1)}
			if _, err := trainer.TrainStep(nil, inputs, labels); err != nil {
				panic(err)
			}
		}
	}, 1, nil
}

func (gomlxLibrary) newPrediction(w *workload, n int) (func(), error) {
	backend, err := backends.NewWithConfig("go")
	if err != nil {
		return nil, err
	}
	logits := gomlxLogits(w)
	exec, err := context.NewExecAny(backend, context.New(), func(ctx *context.Context, x *graph.Node) *graph.Node {
		return graph.Softmax(logits(ctx, x))
	})
	if err != nil {
		return nil, err
	}
	x, _ := rows(n, w.features(), w.classes())
	input := tensors.FromFlatDataAndDimensions(x, n, w.features())
	return func() {
		if _, err := exec.Exec(input); err != nil {
			panic(err)
		}
	}, nil
}
