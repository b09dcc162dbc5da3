package mlp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPython has Python's safetensors library read models and write them again, and loads the result. MLP_PYTHON names a
// Python that has the library.
func TestPython(t *testing.T) {
	python := os.Getenv("MLP_PYTHON")
	if python == "" {
		t.Skip("MLP_PYTHON names no Python")
	}
	folder := t.TempDir()
	var files [][]byte
	path := func(i int) string { return filepath.Join(folder, fmt.Sprintf("%d.safetensors", i)) }
	for seed := range uint64(50) {
		file := save(t, randomNetwork(t, rand.New(rand.NewPCG(seed, 3))))
		if err := os.WriteFile(path(len(files)), file, 0o666); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if out, err := exec.Command(python, "scripts/rewrite_safetensors.py", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, file := range files {
		rewritten, err := os.ReadFile(path(i))
		if err != nil {
			t.Fatal(err)
		}
		header := func(b []byte) int { return 8 + int(binary.LittleEndian.Uint64(b)) }
		if len(rewritten) != len(file) || !bytes.Equal(rewritten[header(rewritten):], file[header(file):]) {
			t.Errorf("network %d: Python lays %d bytes out in another way than our %d", i, len(rewritten), len(file))
		}
		n, err := Load(bytes.NewReader(rewritten))
		if err != nil {
			t.Errorf("network %d: %v", i, err)
		} else if !bytes.Equal(save(t, n), file) {
			t.Errorf("network %d: saved again, it is not the same", i)
		}
	}
}
