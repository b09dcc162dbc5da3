package npz_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/npz"
)

func ExampleRead() {
	x, err := mlp.NewArray([]int{3, 2}, []float64{0, 0.5, 1, 1.5, 2, 2.5})
	if err != nil {
		log.Fatal(err)
	}
	y, err := mlp.NewArray([]int{3}, []int64{0, 2, 1})
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := npz.Write(&file, map[string]*mlp.Array{"x": x, "y": y}); err != nil { // as numpy.savez(file, x=x, y=y)
		log.Fatal(err)
	}
	arrays, err := npz.Read(bytes.NewReader(file.Bytes()), int64(file.Len()), mlp.ArrayConfig{})
	if err != nil {
		log.Fatal(err)
	}
	d, err := mlp.NewLabelledDataset(arrays["x"], arrays["y"])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.X, d.Y, d.ClassNames)
	// Output:
	// [0 0.5 1 1.5 2 2.5] [0 2 1] [0 1 2]
}
