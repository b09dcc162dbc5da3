package mlp

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The two programs whose sizes TestSize compares.
const (
	helloProgram = `package main

import "fmt"

func main() { fmt.Println("hello") }
`
	predictProgram = `package main

import (
	"fmt"
	"os"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	network, err := mlp.LoadFile(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(network.Predict(make([]float32, network.Features())))
}
`
)

// TestSize makes sure that a program that loads a model and predicts stays small. docs/BENCHMARKS.md tells what makes up
// its size, and what would.
func TestSize(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("builds programs for linux/amd64")
	}
	const most = 400_000 // bytes more than the program that says hello
	hello := fileSize(t, buildProgram(t, helloProgram, "-s -w"))
	if got := fileSize(t, buildProgram(t, predictProgram, "-s -w")) - hello; got > most {
		t.Errorf("loading and predicting adds %d bytes to a program, want at most %d", got, most)
	}

	file, err := elf.Open(buildProgram(t, predictProgram, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	const library = "github.com/seed975aa5d7/mlp."
	found := false
	for _, s := range symbols {
		found = found || s.Name == library+"Load"
		for _, unwanted := range []string{
			library + "(*Trainer).", library + "(*fit).", library + "(*optimizer).", library + "gradWeights",
			library + "adam", library + "(*Dataset).",
			library + "ReadCSV", library + "appendJSON", library + "(*gzipReader).", "image/png.", "archive/zip.", "crypto/",
			"compress/gzip.", "compress/flate.(*decompressor).", "hash/crc32.", // the initialisation of flate stays
		} {
			if strings.HasPrefix(s.Name, unwanted) {
				t.Errorf("a program that predicts holds %s", s.Name)
			}
		}
	}
	if !found {
		t.Error("a program that predicts has no symbol of Load")
	}
}

// buildProgram returns the path of a program for linux/amd64.
func buildProgram(t *testing.T, source, linkerFlags string) string {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "main.go")
	if err := os.WriteFile(path, []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(folder, "program")
	cmd := exec.Command("go", "build", "-ldflags", linkerFlags, "-o", program, path)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOFLAGS=", "GOWORK=off")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	return program
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
