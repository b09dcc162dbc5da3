package onnx

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzRead reads what is nearly a model. What is read can be written, and read again.
func FuzzRead(f *testing.F) {
	for _, part := range []string{"models/onnx", "models/bad/onnx"} {
		paths, err := filepath.Glob(filepath.Join(testdata(f, part), "*.onnx"))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := Read(bytes.NewReader(b))
		if _, infoErr := ReadInfo(bytes.NewReader(b)); err == nil && infoErr != nil {
			t.Fatal(infoErr)
		}
		if err != nil {
			return
		}
		again, err := Read(bytes.NewReader(write(t, n)))
		if err != nil {
			t.Fatal(err)
		}
		if again.Features() != n.Features() || again.Outputs() != n.Outputs() {
			t.Errorf("%d features and %d outputs, want %d and %d", again.Features(), again.Outputs(), n.Features(), n.Outputs())
		}
	})
}
