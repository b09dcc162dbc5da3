package mlp

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// addFiles makes every file of a folder a seed.
func addFiles(f *testing.F, folder string) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*"))
	if err != nil || len(paths) == 0 {
		f.Fatalf("%s: no files, %v", folder, err)
	}
	for _, path := range paths {
		if file, err := os.ReadFile(path); err == nil { // no folder
			f.Add(file)
		}
	}
}

// fuzzBytes bounds the data in fuzzing, so that an input that unpacks to much is refused quickly.
const fuzzBytes = 1 << 20

// FuzzIDX reads any bytes: what is accepted must come back the same after WriteIDX.
func FuzzIDX(f *testing.F) {
	addFiles(f, "testdata/data/idx")
	addFiles(f, "testdata/data/bad/idx")
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := ReadIDX(bytes.NewReader(file), ArrayConfig{MaxBytes: fuzzBytes})
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := a.WriteIDX(&again); err != nil {
			t.Fatal(err)
		}
		checkReread(t, a, func() (*Array, error) { return ReadIDX(&again, ArrayConfig{}) })
		if d, err := ReadIDXDataset(bytes.NewReader(file), bytes.NewReader(file), ArrayConfig{MaxBytes: fuzzBytes}); err == nil {
			t.Fatalf("one file as both images and labels: %v", d)
		}
	})
}

// FuzzNPY reads any bytes: what is accepted must come back the same after WriteNPY.
func FuzzNPY(f *testing.F) {
	for _, a := range someArrays(f) {
		var file bytes.Buffer
		if err := a.WriteNPY(&file); err != nil {
			f.Fatal(err)
		}
		f.Add(file.Bytes())
	}
	f.Add([]byte(npyHeaderOf(2, "{'descr': '>u2', 'fortran_order': True, 'shape': (2, 1, 3), }") + "0a1b2c3d4e5f"))
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := ReadNPY(bytes.NewReader(file), ArrayConfig{MaxBytes: fuzzBytes})
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := a.WriteNPY(&again); err != nil {
			t.Fatal(err)
		}
		checkReread(t, a, func() (*Array, error) { return ReadNPY(&again, ArrayConfig{}) })
	})
}

func checkReread(t *testing.T, a *Array, read func() (*Array, error)) {
	t.Helper()
	size := 1
	for _, side := range a.Shape() {
		size *= side
	}
	if size != a.Len() || len(a.Float64s()) != size {
		t.Fatalf("%d elements of shape %v", a.Len(), a.Shape())
	}
	if again, err := read(); err != nil || !sameArray(again, a) {
		t.Fatalf("wrote %v, read %v, %v", a, again, err)
	}
}
