// Command digits trains a classifier of handwritten digits, images of 8×8 pixels that a CSV file holds, and shows which
// ones it takes for others. Run it in the root of the repository, or tell it where the file is.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	log.SetFlags(0)
	file := flag.String("data", filepath.FromSlash("testdata/data/digits.csv"), "CSV `file`: 64 pixels and a column \"digit\"")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *file); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, file string) error {
	digits, err := mlp.ReadCSVFile(os.DirFS(filepath.Dir(file)), filepath.Base(file), mlp.CSVConfig{Label: "digit"})
	if err != nil {
		return err
	}
	digits.Image = mlp.ImageShape{Height: 8, Width: 8, Channels: 1} // makes the rows images, which can be augmented
	train, test, err := mlp.TrainTestSplit(digits, mlp.SplitConfig{TestSize: 0.25, Stratify: true, RandomState: 42})
	if err != nil {
		return err
	}
	net, err := mlp.New(digits.Features,
		mlp.Dense{Units: 128, Activation: mlp.ReLU},
		mlp.Dropout{Rate: 0.2},
		mlp.Dense{Units: 64, Activation: mlp.ReLU},
		mlp.Dense{Units: len(digits.ClassNames), Activation: mlp.Softmax},
	)
	if err != nil {
		return err
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss:      mlp.SparseCategoricalCrossentropy{},
		Optimizer: mlp.Adam{},
		Metrics:   []mlp.Metric{mlp.Accuracy{}},
		BatchSize: 32,
	})
	if err != nil {
		return err
	}
	// Ink is 0 … 16 and paper 0, so what moves into the image from beyond its edge is paper.
	history, err := trainer.Fit(ctx, train, mlp.FitConfig{
		Epochs:          60,
		ValidationSplit: 0.1,
		Augment: []mlp.Augmentation{
			mlp.RandomRotation{Factor: 0.02, Fill: mlp.FillConstant},
			mlp.RandomTranslation{HeightFactor: 0.08, WidthFactor: 0.08, Fill: mlp.FillConstant},
		},
	})
	if err != nil {
		return err
	}
	last := len(history.Epochs) - 1
	fmt.Fprintf(w, "Validation accuracy: %.4f\n", history.Metrics["val_accuracy"][last])
	scores, err := trainer.Evaluate(ctx, test)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Test accuracy:       %.4f of %d digits\n", scores["accuracy"], test.Rows())
	return showErrors(w, net, test)
}

// showErrors draws the digits that the network takes for others.
func showErrors(w io.Writer, net *mlp.Network, test *mlp.Dataset) error {
	probabilities, err := net.Predict(test.X)
	if err != nil {
		return err
	}
	classes := net.Outputs()
	for row, label := range test.Y {
		p := probabilities[row*classes:][:classes]
		best := 0
		for class := range p {
			if p[class] > p[best] {
				best = class
			}
		}
		if best == int(label) {
			continue
		}
		fmt.Fprintf(w, "\nTest row %d is a %s, taken for a %s with probability %.2f\n", row,
			test.ClassNames[int(label)], test.ClassNames[best], p[best])
		for pixels := test.X[row*64:][:64]; len(pixels) > 0; pixels = pixels[8:] {
			line := ""
			for _, ink := range pixels[:8] {
				line += strings.Repeat(string(" .:*#"[int(ink)/4]), 2)
			}
			fmt.Fprintln(w, strings.TrimRight(line, " "))
		}
	}
	return nil
}
