// Command shapes trains a classifier of drawn shapes from a folder of images, and shows what augmentation does for it,
// above all where images are few. Run it in the root of the repository, or tell it where the folder is.
package main

import (
	"context"
	"flag"
	"fmt"
	_ "image/jpeg" // the formats of the images
	_ "image/png"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	log.SetFlags(0)
	folder := flag.String("data", filepath.FromSlash("testdata/data/shapes"), "`folder` with a folder of images a class")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, os.DirFS(*folder)); err != nil {
		log.Fatal(err)
	}
}

// augmentation is what may happen to an image whose shape stays the same: shapes are lighter than what is behind them,
// and stand anywhere.
var augmentation = []mlp.Augmentation{
	mlp.RandomFlip{Horizontal: true},
	mlp.RandomRotation{Factor: 0.03, Fill: mlp.FillNearest},
	mlp.RandomZoom{HeightFactor: 0.25, WidthFactor: 0.25, Fill: mlp.FillNearest},
	mlp.RandomTranslation{HeightFactor: 0.1, WidthFactor: 0.1, Fill: mlp.FillNearest},
	mlp.RandomContrast{Factor: 0.3, ValueRange: [2]float64{0, 1}},
	mlp.RandomBrightness{Factor: 0.1, ValueRange: [2]float64{0, 1}},
}

func run(ctx context.Context, w io.Writer, folder fs.FS) error {
	images, report, err := mlp.ReadImages(folder, mlp.ImageConfig{Height: 24, Width: 24, Gray: true, Scale: true})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d images of %q\n", images.Rows(), images.ClassNames)
	for _, s := range report.Skipped {
		fmt.Fprintf(w, "skipped %s: %s\n", s.Name, s.Reason)
	}
	train, test, err := mlp.TrainTestSplit(images, mlp.SplitConfig{TestSize: 0.25, Stratify: true, RandomState: 1})
	if err != nil {
		return err
	}
	few, _, err := mlp.TrainTestSplit(train, mlp.SplitConfig{TrainCount: 20, Stratify: true, RandomState: 1})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%8s  %-12s  %8s  %12s  %12s\n", "images", "augmented", "accuracy", "val_loss", "val_accuracy")
	for _, v := range []struct {
		train   *mlp.Dataset
		augment []mlp.Augmentation
	}{{few, nil}, {few, augmentation}, {train, nil}, {train, augmentation}} {
		history, err := fit(ctx, v.train, test, v.augment)
		if err != nil {
			return err
		}
		last := func(name string) float64 {
			values := history.Metrics[name]
			return values[len(values)-1]
		}
		fmt.Fprintf(w, "%8d  %-12t  %8.3f  %12.3f  %12.3f\n", v.train.Rows(), v.augment != nil,
			last("accuracy"), last("val_loss"), last("val_accuracy"))
	}
	return nil
}

// fit trains for 4000 updates. The test images only watch: nothing is chosen by them.
func fit(ctx context.Context, train, test *mlp.Dataset, augment []mlp.Augmentation) (*mlp.History, error) {
	net, err := mlp.New(train.Features,
		mlp.Dense{Units: 128, Activation: mlp.ReLU},
		mlp.Dense{Units: 64, Activation: mlp.ReLU},
		mlp.Dense{Units: len(train.ClassNames), Activation: mlp.Softmax},
	)
	if err != nil {
		return nil, err
	}
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss:      mlp.SparseCategoricalCrossentropy{},
		Optimizer: mlp.Adam{},
		Metrics:   []mlp.Metric{mlp.Accuracy{}},
		BatchSize: 16,
	})
	if err != nil {
		return nil, err
	}
	return trainer.Fit(ctx, train, mlp.FitConfig{
		Epochs: 40, StepsPerEpoch: 100, ValidateEvery: 40, ValidationData: test, Augment: augment,
	})
}
