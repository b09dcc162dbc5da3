package onnx_test

import (
	"bytes"
	"fmt"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx"
)

// A network goes to another program as an ONNX model, and one comes back.
func Example() {
	net, err := mlp.New(2,
		mlp.Dense{Units: 8, Activation: mlp.GELU},
		mlp.Dense{Units: 2, Activation: mlp.Softmax},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	net.ClassNames = []string{"no", "yes"}

	var model bytes.Buffer
	if err := onnx.Write(&model, net); err != nil {
		fmt.Println(err)
		return
	}
	read, err := onnx.Read(&model)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Features(), "features, classes", read.ClassNames)

	x := []float32{0.5, -1}
	want, _ := net.Predict(x)
	got, _ := read.Predict(x)
	fmt.Println("the same bits:", got[0] == want[0], got[1] == want[1])
	// Output:
	// 2 features, classes [no yes]
	// the same bits: true true
}
