package mlp_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	row := []float32{5.1, 3.5, 1.4, 0.2} // raw: in centimetres
	got, err := loaded.Classify(row)
	check(err)
	want, err := net.Classify(row)
	check(err)
	fmt.Println(len(loaded.Layers()), "layers,", loaded.Classes())
	fmt.Println(got[0].Name == want[0].Name, slices.Equal(got[0].Probabilities, want[0].Probabilities))
	// Output:
	// 2 layers, [setosa versicolor virginica]
	// true true
}

// Classes and probabilities of raw rows, by a network that Fit has trained; what the training came to is in the file, too.
func ExampleNetwork_Classify() {
	iris := mlp.Iris()
	var scaler mlp.StandardScaler
	check(scaler.Fit(iris))
	check(scaler.Transform(iris))
	net, err := mlp.New(4, mlp.Dense{Units: 16, Activation: mlp.ReLU}, mlp.Dense{Units: 3, Activation: mlp.Softmax})
	check(err)
	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss: mlp.SparseCategoricalCrossentropy{}, Optimizer: mlp.Adam{LearningRate: 0.01}, Metrics: []mlp.Metric{mlp.Accuracy{}}})
	check(err)
	_, err = trainer.Fit(context.Background(), iris, mlp.FitConfig{Epochs: 20})
	check(err)
	net.ClassNames, net.Scaler = iris.ClassNames, &scaler

	var file bytes.Buffer
	check(net.Save(&file))
	net, err = mlp.Load(&file)
	check(err)
	rows, err := net.Classify([]float32{
		5.1, 3.5, 1.4, 0.2,
		6.7, 3.0, 5.2, 2.3,
	})
	check(err)
	for _, row := range rows {
		fmt.Printf("%s %.2f\n", row.Name, row.Probabilities)
	}
	fmt.Printf("%d epochs of %s: %s %.2f\n",
		net.Training.Epochs, net.Training.Optimizer, net.Training.Scores[1].Name, net.Training.Scores[1].Value)
	// Output:
	// setosa [1.00 0.00 0.00]
	// virginica [0.00 0.01 0.99]
	// 20 epochs of Adam: accuracy 0.95
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
