package mlp

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzLoad loads files that are wrong in every way. What loads must be saved as a file that loads as the same network,
// and what ReadSafetensors reads must be written so that it reads again.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"bad/safetensors", "safetensors", "mlp"} {
		files, err := filepath.Glob("testdata/models/" + pattern + "/*.safetensors")
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds in %s (error %v)", pattern, err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			if len(data) < 1<<14 {
				f.Add(data)
			}
		}
	}
	for seed := range uint64(20) {
		file := save(f, randomNetwork(f, rand.New(rand.NewPCG(seed, 2))))
		f.Add(file)
		// The same without digest and self-test, which would stop at any change of a weight.
		tensors, metadata := tensorsOf(f, file)
		metadata[architectureKey], _, _ = strings.Cut(metadata[architectureKey], `,"digest"`)
		metadata[architectureKey] += "}"
		tensors = slices.DeleteFunc(tensors, func(t Tensor) bool { return t.Name == selfTestInputs || t.Name == selfTestOutputs })
		var b bytes.Buffer
		if err := WriteSafetensors(&b, tensors, metadata); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if tensors, metadata, err := ReadSafetensors(bytes.NewReader(data)); err == nil {
			var file bytes.Buffer
			if err := WriteSafetensors(&file, floatsOnly(tensors), metadata); err != nil {
				t.Fatal(err)
			}
			again, _, err := ReadSafetensors(&file)
			if err != nil || len(again) != len(floatsOnly(tensors)) {
				t.Fatalf("%d tensors of %d (error %v)", len(again), len(tensors), err)
			}
		}
		n, err := Load(bytes.NewReader(data))
		if err != nil {
			return
		}
		file := save(t, n)
		again, err := Load(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(save(t, again), file) {
			t.Error("a second file differs from the first")
		}
		x := make([]float32, n.Features())
		a, errA := n.Predict(x)
		b, errB := again.Predict(x)
		if errA != nil || errB != nil || !slices.Equal(bits32(a), bits32(b)) {
			t.Errorf("outputs are %v and %v (errors %v, %v)", a, b, errA, errB)
		}
		raw := n.Features()
		if n.Scaler != nil {
			if raw, _, err = n.Scaler.fitted(); err != nil {
				t.Fatal(err)
			}
		}
		a, errA = n.PredictRaw(make([]float32, raw))
		b, errB = again.PredictRaw(make([]float32, raw))
		if (errA == nil) != (errB == nil) || !slices.Equal(bits32(a), bits32(b)) {
			t.Errorf("outputs of raw rows are %v and %v (errors %v, %v)", a, b, errA, errB)
		}
		rows, err := n.Classify(make([]float32, raw))
		if names := n.Classes(); errA == nil && (err == nil) != (names != nil) || err == nil && len(rows[0].Probabilities) != len(names) {
			t.Errorf("classes %q, but Classify gives %v (error %v)", names, rows, err)
		}
	})
}

// floatsOnly leaves out tensors whose values ReadSafetensors does not read.
func floatsOnly(tensors []Tensor) []Tensor {
	return slices.DeleteFunc(slices.Clone(tensors), func(t Tensor) bool { return t.Values == nil })
}
