package mlp_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed975aa5d7/mlp"
)

// One file holds all that a service needs: the network, the scaler of its rows and the names of its classes.
func ExampleNetwork_SaveFile() {
	iris := mlp.Iris()
	var scaler mlp.StandardScaler
	check(scaler.Fit(iris))
	net, err := mlp.New(4, mlp.Dense{Units: 16, Activation: mlp.ReLU}, mlp.Dense{Units: 3, Activation: mlp.Softmax})
	check(err)
	net.FeatureNames, net.ClassNames, net.Scaler = iris.FeatureNames, iris.ClassNames, &scaler

	folder, err := os.MkdirTemp("", "mlp")
	check(err)
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "iris.safetensors")
	check(net.SaveFile(path))

	loaded, err := mlp.LoadFile(path)
	check(err)
	rows := &mlp.Dataset{X: []float32{5.1, 3.5, 1.4, 0.2}, Features: 4}
	check(loaded.Scaler.Transform(rows)) // as the training rows were
	got, err := loaded.Predict(rows.X)
	check(err)
	want, err := net.Predict(rows.X)
	check(err)
	fmt.Println(len(loaded.Layers()), "layers,", loaded.ClassNames)
	fmt.Println(got[0] == want[0], got[1] == want[1], got[2] == want[2])
	// Output:
	// 2 layers, [setosa versicolor virginica]
	// true true true
}

func ExampleLoad() {
	_, err := mlp.Load(bytes.NewReader([]byte("PK\x03\x04, a ZIP file")))
	fmt.Println(err)
	// Output:
	// mlp: loading a model: not a safetensors file: the header's length is 2333181455372602192 bytes, want at most 100000000
}

// The weights of an nn.Sequential(Linear, ReLU, Linear, Tanh, Linear) that PyTorch saved with safetensors.torch.save_file.
func ExampleNetwork_ReadWeights() {
	net, err := mlp.New(4,
		mlp.Dense{Units: 16, Activation: mlp.ReLU},
		mlp.Dense{Units: 8, Activation: mlp.Tanh},
		mlp.Dense{Units: 3})
	check(err)
	f, err := os.Open("testdata/models/safetensors/torch_iris_f32.safetensors")
	check(err)
	defer f.Close()
	check(net.ReadWeights(f, mlp.PyTorchLayer("0"), mlp.PyTorchLayer("2"), mlp.PyTorchLayer("4")))
	y, err := net.Predict([]float32{5.1, 3.5, 1.4, 0.2})
	check(err)
	fmt.Printf("%.4f\n", y)
	// Output: [-1.5040 4.1220 -0.3536]
}

// What a safetensors file of any origin holds.
func ExampleReadSafetensors() {
	var file bytes.Buffer
	check(mlp.WriteSafetensors(&file, []mlp.Tensor{
		{Name: "head.weight", Shape: []int{2, 3}, Values: []float32{1, 2, 3, 4, 5, 6}},
		{Name: "head.bias", Shape: []int{2}, Values: []float32{0.5, -0.5}},
	}, map[string]string{"format": "pt"}))
	tensors, metadata, err := mlp.ReadSafetensors(&file)
	check(err)
	for _, t := range tensors {
		fmt.Println(t.Name, t.Shape, t.Values)
	}
	fmt.Println(metadata)
	// Output:
	// head.bias [2] [0.5 -0.5]
	// head.weight [2 3] [1 2 3 4 5 6]
	// map[format:pt]
}
