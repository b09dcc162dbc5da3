package mlp_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/seed975aa5d7/mlp"
)

// Each pass over the rows sees every image in another place, turned a little, and half of them mirrored.
func ExampleAugmentation() {
	shapes, _, err := mlp.ReadImages(os.DirFS("testdata/data/shapes"), mlp.ImageConfig{Height: 16, Width: 16, Gray: true, Scale: true})
	if err != nil {
		log.Fatal(err)
	}
	net, err := mlp.New(shapes.Features, mlp.Dense{Units: 32, Activation: mlp.ReLU}, mlp.Dense{Units: 4, Activation: mlp.Softmax})
	if err != nil {
		log.Fatal(err)
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{Loss: mlp.SparseCategoricalCrossentropy{}})
	if err != nil {
		log.Fatal(err)
	}
	history, err := trainer.Fit(context.Background(), shapes, mlp.FitConfig{
		Epochs: 2,
		Augment: []mlp.Augmentation{
			mlp.RandomFlip{Horizontal: true},
			mlp.RandomRotation{Factor: 0.03},
			mlp.RandomCrop{Padding: 2, Fill: mlp.FillNearest},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(history.Metrics["loss"]), "epochs")
	// Output:
	// 2 epochs
}
