package mlp_test

import (
	"bytes"
	"fmt"
	"log"
	"slices"

	"github.com/seed975aa5d7/mlp"
)

// A program that learns from one batch after the other keeps its place in the stream together with the trainer's state, and
// goes on from there in another process.
func ExampleTrainer_State() {
	newTrainer := func() *mlp.Trainer {
		net, err := mlp.New(2, mlp.Dense{Units: 4, Activation: mlp.Tanh}, mlp.Dense{Units: 1})
		if err != nil {
			log.Fatal(err)
		}
		trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{Loss: mlp.MeanSquaredError{}, Optimizer: mlp.Adam{}, BatchSize: 2})
		if err != nil {
			log.Fatal(err)
		}
		return trainer
	}
	x, y := []float32{1, 2, 3, 4}, []float32{3, 7}

	first := newTrainer()
	if _, err := first.Step(x, y); err != nil {
		log.Fatal(err)
	}
	tensors, metadata, err := first.State()
	if err != nil {
		log.Fatal(err)
	}
	metadata["batches"] = "1"
	var file bytes.Buffer
	if err := mlp.WriteSafetensors(&file, tensors, metadata); err != nil {
		log.Fatal(err)
	}

	second := newTrainer()
	if tensors, metadata, err = mlp.ReadSafetensors(&file); err != nil {
		log.Fatal(err)
	}
	if err := second.SetState(tensors, metadata); err != nil {
		log.Fatal(err)
	}
	fmt.Println("goes on after batch", metadata["batches"])
	for _, trainer := range []*mlp.Trainer{first, second} {
		if _, err := trainer.Step(x, y); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("same weights:", slices.Equal(first.Network().Weights(0)[0].Values, second.Network().Weights(0)[0].Values))
	// Output:
	// goes on after batch 1
	// same weights: true
}
