package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

const modelFiles = "../../testdata/models/"

// stored returns the absolute path of a file of testdata/models.
func stored(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(modelFiles + name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestInspect looks at files of every format.
func TestInspect(t *testing.T) {
	dir := t.TempDir()
	weights := stored(t, "safetensors/torch_batchnorm.safetensors")
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{stored(t, "mlp/v2.safetensors")}, []string{
			"v2.safetensors (3756 bytes), safetensors of mlp\n", `Task: classification, 2 classes: "no", "yes"`, "Images: 1×1 pixels, 3 channels\n",
			"Missing values: filled in\n", `"red"`, "\nTraining: 3 epochs of 4 rows, Adam, CategoricalCrossentropy\n",
			"\nScores: loss 0.634, accuracy 0.75, val_loss 0.8728, val_accuracy 0.0\n", "\nTrained on: xxh64:", "\nLibrary: v0.0.0\n",
			"0 Dense (hard_silu)", " multiply-adds a row", "\nSelf-test: 4 rows\n", "\nMetadata: format: pt\n",
			"\n0.weights         F32    [5 20]\n", "\nself_test.outputs F32    [4 2]\n",
		}},
		{[]string{stored(t, "mlp/v1.safetensors")}, []string{"\nSelf-test: 0 rows\n"}},
		{[]string{weights}, []string{
			"torch_batchnorm.safetensors (1108 bytes), safetensors\nLayers: it holds weights alone; name its layers in order",
			"--layers=0:ACTIVATION,1:ACTIVATION,4:ACTIVATION\n", "\n1.num_batches_tracked I64    []\n", "\n4.weight              F32    [3 10]\n",
		}},
		{[]string{weights, "--layers=0,1:relu,4:softmax"}, []string{
			`Task: classification, 3 classes: "0", "1", "2"`, "1 BatchNorm ", "3 Dense (softmax)", "\n4.weight "}},
		{[]string{stored(t, "safetensors/torch_digits.safetensors")}, []string{"\nMetadata: note: 猫\n", "\nMetadata: task: digits\n"}},
		{[]string{stored(t, "onnx/skl_pipeline_scaler_mlp.onnx")}, []string{
			"skl_pipeline_scaler_mlp.onnx (1488 bytes), ONNX\n", "Scaling: standard", "0 Dense (relu)",
			"\nWritten by: skl2onnx, IR version 8, opset 17, ai.onnx.ml 1\n", "\nInput: X FLOAT [? 4]\n", "\nOutput: probabilities FLOAT [? 3]\n",
			"\nOperators: ai.onnx.ml.Scaler Cast MatMul Add Relu ", "\ncoefficient1 FLOAT  [10 3]\n",
		}},
	} {
		out := succeed(t, dir, "", append([]string{"inspect"}, c.args...)...)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("inspect %v: no %q in:\n%s", c.args, want, out)
			}
		}
	}
	// What stands in a file is told even if no network can be made of it.
	out, stderr, code := result(t, dir, "", "inspect", stored(t, "bad/onnx/conv.onnx"))
	if code != exitFailure || !strings.Contains(out, "Operators: Conv") || !strings.Contains(stderr, "Conv") {
		t.Errorf("inspect conv.onnx: exit code %d\n%s\n%s", code, out, stderr)
	}
}

// TestVerify verifies a model that is whole, one that computes otherwise, and files without a self-test.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	out := succeed(t, dir, "", "verify", stored(t, "mlp/v2.safetensors"))
	if !strings.Contains(out, "v2.safetensors: 4 rows, 8 outputs: the same bits by kernel generic\n") {
		t.Errorf("verify: %q", out)
	}
	t.Setenv("MLP_KERNEL", "generic")
	if again := succeed(t, dir, "", "verify", stored(t, "mlp/v2.safetensors")); strings.Count(again, "\n") != 1 || !strings.Contains(out, again) {
		t.Errorf("verify by one kernel: %q", again)
	}

	file, err := os.Open(stored(t, "mlp/v2.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tensors, metadata, err := mlp.ReadSafetensors(file)
	if err != nil {
		t.Fatal(err)
	}
	tensors[len(tensors)-1].Values[3] += 0x1p-20 // of self_test.outputs
	metadata["mlp"], _, _ = strings.Cut(metadata["mlp"], `,"digest"`)
	metadata["mlp"] += "}"
	var b strings.Builder
	if err := mlp.WriteSafetensors(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "otherwise.safetensors", b.String())
	writeFile(t, dir, "cut.safetensors", b.String()[:3000])
	for _, c := range []struct{ path, want string }{
		{"otherwise.safetensors", "otherwise.safetensors: generic: loading a model: self-test: output 1 of row 1 is "},
		{"otherwise.safetensors", "1 of 1 kernel failed"},
		{"cut.safetensors", "the file ends in the data"},
		{"none.safetensors", "none.safetensors"},
		{stored(t, "mlp/v1.safetensors"), "it has no self-test"},
		{stored(t, "safetensors/torch_named.safetensors"), "a file of another program has no self-test"},
		{stored(t, "onnx/torch_ts_tanh.onnx"), "a file of another program has no self-test"},
	} {
		_, stderr, code := result(t, dir, "", "verify", c.path)
		if code != exitFailure || !strings.Contains(stderr, c.want) {
			t.Errorf("verify %s: exit code %d, stderr %q, want %q", c.path, code, stderr, c.want)
		}
	}
}

// TestPredictForeign predicts with models of other programs, which hold less than mlp's.
func TestPredictForeign(t *testing.T) {
	dir := t.TempDir()
	tanh, named := stored(t, "onnx/torch_ts_tanh.onnx"), stored(t, "safetensors/torch_named.safetensors")
	for _, c := range []struct{ args, want string }{
		{tanh + " --row=1,2,3,4", "prediction 1,prediction 2,prediction 3\n-3.89008"},
		{tanh + " --row=1,2,3,4 --classes=a,b,c", "prediction,p(a),p(b),p(c)\nc,9.81"}, // softmax of the same
		{named + " --row=1,2,3,4 --layers=encoder.0:elu,head:softmax", "prediction,p(0),p(1),p(2)\n"},
	} {
		if out := succeed(t, dir, "", strings.Fields("predict "+c.args)...); !strings.HasPrefix(out, c.want) {
			t.Errorf("predict %s: %q, want %q", c.args, out, c.want)
		}
	}
	for _, c := range []struct{ args, want string }{
		{tanh + " --row=1,2,3,4 --classes=a,b", "--classes has 2 names, which the 3 outputs of the network are not the probabilities of"},
		{tanh + " --row=1,2,3,4 --layers=0", "this one has its layers"},
		{named + " --row=1,2,3,4", "--layers=encoder.0:ACTIVATION,head:ACTIVATION"},
	} {
		_, stderr, code := result(t, dir, "", strings.Fields("predict "+c.args)...)
		if code != exitFailure || !strings.Contains(stderr, c.want) {
			t.Errorf("predict %s: exit code %d, stderr %q, want %q", c.args, code, stderr, c.want)
		}
	}
}
