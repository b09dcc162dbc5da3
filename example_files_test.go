package mlp_test

import (
	"bytes"
	"fmt"
	"log"
	"os"

	"github.com/seed975aa5d7/mlp"
)

func ExampleReadImages() {
	// A folder a class: circle/000.png, …, triangle/039.png.
	d, report, err := mlp.ReadImages(os.DirFS("testdata/data/shapes"), mlp.ImageConfig{
		Height: 16, Width: 16, Gray: true, Scale: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Rows(), "rows of", d.Features, "features:", d.Image)
	fmt.Println(d.ClassNames, d.ClassCounts())
	fmt.Println("the last row is", report.Files[159])
	for _, s := range report.Skipped {
		fmt.Printf("skipped %s: %s\n", s.Name, s.Reason)
	}
	// Output:
	// 160 rows of 256 features: {16 16 1}
	// [circle cross square triangle] [40 40 40 40]
	// the last row is triangle/039.png
	// skipped MANIFEST.json: in no class folder
}

func ExampleReadImage() {
	file, err := os.Open("testdata/data/shapes/circle/000.png")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	x, shape, err := mlp.ReadImage(file, mlp.ImageConfig{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(shape, x[:3]) // the red, green and blue of the upper left pixel
	// Output:
	// {24 24 3} [0 14 69]
}

func ExampleReadIDXDataset() {
	images, err := os.Open("testdata/data/idx/digits-images-idx3-ubyte")
	if err != nil {
		log.Fatal(err)
	}
	defer images.Close()
	labels, err := os.Open("testdata/data/idx/digits-labels-idx1-ubyte")
	if err != nil {
		log.Fatal(err)
	}
	defer labels.Close()
	d, err := mlp.ReadIDXDataset(images, labels, mlp.ArrayConfig{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Rows(), "images", d.Image, "of", len(d.ClassNames), "digits")
	fmt.Println(d.X[:8], "is the first row of a", d.ClassNames[int(d.Y[0])])
	// Output:
	// 200 images {8 8 1} of 10 digits
	// [0 0 75 195 135 15 0 0] is the first row of a 0
}

func ExampleArray_WriteNPY() {
	a, err := mlp.NewArray([]int{2, 3}, []float32{1, 2, 3, 4, 5, 6})
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := a.WriteNPY(&file); err != nil { // numpy.load reads it
		log.Fatal(err)
	}
	again, err := mlp.ReadNPY(&file, mlp.ArrayConfig{})
	if err != nil {
		log.Fatal(err)
	}
	x, err := again.Float32s()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Type(), again.Shape(), x)
	// Output:
	// float32 [2 3] [1 2 3 4 5 6]
}
