package onnx_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

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

// A PyTorch model served over HTTP: torch.onnx.export(model, torch.zeros(1, 4), "iris.onnx") has written the file. Its outputs
// are logits, which Classify turns into probabilities once the classes have names.
func ExampleReadFile() {
	net, err := onnx.ReadFile("../testdata/models/onnx/torch_ts_tanh.onnx")
	if err != nil {
		fmt.Println(err)
		return
	}
	net.ClassNames = []string{"setosa", "versicolor", "virginica"}
	classify := func(w http.ResponseWriter, r *http.Request) {
		var rows []float32
		err := json.NewDecoder(r.Body).Decode(&rows)
		classes, predictErr := net.Classify(rows)
		if err != nil || predictErr != nil {
			http.Error(w, "want a row of 4 numbers", http.StatusBadRequest)
			return
		}
		json.NewEncoder(w).Encode(classes)
	}

	server := httptest.NewServer(http.HandlerFunc(classify))
	defer server.Close()
	for _, row := range []string{"[5.1, 3.5, 1.4, 0.2]", "[5.1]"} {
		r, err := http.Post(server.URL, "application/json", strings.NewReader(row))
		if err != nil {
			fmt.Println(err)
			return
		}
		answer, _ := io.ReadAll(r.Body)
		r.Body.Close()
		fmt.Printf("%s %.40s\n", r.Status, answer)
	}
	// Output:
	// 200 OK [{"class":1,"name":"versicolor","probabi
	// 400 Bad Request want a row of 4 numbers
}
