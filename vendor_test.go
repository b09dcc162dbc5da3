package mlp

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// vendorProgram needs what a module's zip may lack: assembly, and a file that is embedded.
const vendorProgram = `package main

import (
	"context"
	"fmt"

	"github.com/seed975aa5d7/mlp"
)

func main() {
	network, err := mlp.New(4, mlp.Dense{Units: 3, Activation: mlp.Softmax})
	if err != nil {
		panic(err)
	}
	trainer, err := mlp.NewTrainer(network, mlp.TrainerConfig{Loss: mlp.SparseCategoricalCrossentropy{}})
	if err != nil {
		panic(err)
	}
	if _, err := trainer.Fit(context.Background(), mlp.Iris(), mlp.FitConfig{Epochs: 1}); err != nil {
		panic(err)
	}
	fmt.Print("trained on ", network.Kernel())
}
`

// TestVendor vendors the library into another module, where nothing may be missing, and trains a network there.
func TestVendor(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, content := range map[string]string{
		"main.go": vendorProgram,
		"go.sum":  string(sums),
		"go.mod": "module example.com/vendoring\n\ngo 1.24\n\nrequire github.com/seed975aa5d7/mlp v0.0.0\n\n" +
			fmt.Sprintf("replace github.com/seed975aa5d7/mlp => %q\n", root),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, arguments := range []string{"mod tidy", "mod vendor", "run -mod=vendor ."} {
		cmd := exec.Command("go", strings.Fields(arguments)...)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", arguments, err, output)
		}
		want := "trained on " + mustNew(t, 4, Dense{Units: 3}).Kernel()
		if strings.HasPrefix(arguments, "run") && string(output) != want {
			t.Errorf("go %s: got %q, want %q", arguments, output, want)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "vendor/github.com/seed975aa5d7/mlp/testdata")); err == nil {
		t.Error("the test data were vendored")
	}
}
