package onnx

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

func TestReadInfo(t *testing.T) {
	n, err := mlp.New(2, mlp.Dense{Units: 1, Activation: mlp.ReLU})
	if err != nil {
		t.Fatal(err)
	}
	n.TargetNames = []string{"metres"}
	info, err := ReadInfo(bytes.NewReader(write(t, n)))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{Producer:mlp IRVersion:8 Opsets:map[:17] Inputs:[{Name:input Type:FLOAT Shape:[N 2]}] ` +
		`Outputs:[{Name:output Type:FLOAT Shape:[N 1]}] Operators:[Gemm Relu] ` +
		`Initializers:[{Name:layer0.weights Type:FLOAT Shape:[2 1]} {Name:layer0.bias Type:FLOAT Shape:[1]}] ` +
		`Metadata:map[target_names:["metres"]]}`
	if got := fmt.Sprintf("%+v", *info); got != want {
		t.Errorf("the info is\n%s\nwant\n%s", got, want)
	}
	for file, want := range map[string]string{
		"empty.onnx": "onnx: the model is empty", "text.onnx": "onnx: not an ONNX model", "conv.onnx": "",
	} {
		f, err := os.Open(filepath.Join(testdata(t, "models/bad/onnx"), file))
		if err != nil {
			t.Fatal(err)
		}
		info, err := ReadInfo(f)
		f.Close()
		if want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: error %v, want %s", file, err, want)
		}
		if want == "" && (err != nil || !strings.Contains(strings.Join(info.Operators, " "), "Conv")) {
			t.Errorf("%s: %+v, error %v", file, info, err)
		}
	}
}
