package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

type verifyCommand struct {
	Model string `arg:"" help:"A model file of mlp."`
}

func (*verifyCommand) Help() string {
	return "A model file carries a few rows and the outputs that the network gave for them when it was saved. They must come out " +
		"here bit for bit; else the file was changed, or this computer computes wrongly."
}

// Run loads the model with each kernel, which computes the rows, and tells what was compared.
func (c *verifyCommand) Run() error {
	data, err := os.ReadFile(c.Model)
	if err != nil {
		return err
	}
	rows, outputs, err := selfTest(data)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Model, err)
	}
	kernels, err := availableKernels()
	if err != nil {
		return err
	}
	failed := 0
	for _, kernel := range kernels {
		if err := os.Setenv(kernelVariable, kernel); err != nil {
			return err
		}
		if _, err := mlp.Load(bytes.NewReader(data)); err != nil {
			printError(fmt.Errorf("%s: %s: %w", c.Model, kernel, err))
			failed++
			continue
		}
		fmt.Printf("%s: %s, %s: the same bits by kernel %s\n", c.Model, plural(rows, "row"), plural(outputs, "output"), kernel)
	}
	if failed > 0 {
		return fmt.Errorf("%s: %d of %s failed", c.Model, failed, plural(len(kernels), "kernel"))
	}
	return nil
}

var errNoSelfTest = errors.New("a file of another program has no self-test; a model that mlp has saved has one")

// selfTest returns the number of rows in a model file's self-test, and of their outputs.
func selfTest(data []byte) (rows, outputs int, err error) {
	if formatOf(data) != formatWeights {
		return 0, 0, errNoSelfTest
	}
	tensors, metadata, err := mlp.ReadSafetensors(bytes.NewReader(data))
	if err != nil {
		return 0, 0, err
	}
	if _, own := metadata["mlp"]; !own {
		return 0, 0, errNoSelfTest
	}
	for _, t := range tensors {
		if t.Name == "self_test.outputs" && len(t.Shape) == 2 {
			return t.Shape[0], len(t.Values), nil
		}
	}
	return 0, 0, errors.New("it has no self-test; versions of mlp from before there were such wrote it")
}

// kernelVariable is the environment variable that chooses a network's kernel.
const kernelVariable = "MLP_KERNEL"

// availableKernels returns the kernels that this computer has, or the one that the environment names.
func availableKernels() ([]string, error) {
	names := []string{"avx512", "avx2", "neon", "generic"}
	if chosen := os.Getenv(kernelVariable); chosen != "" {
		names = []string{chosen}
	}
	var kernels []string
	var first error
	for _, name := range names {
		if err := os.Setenv(kernelVariable, name); err != nil {
			return nil, err
		}
		if _, err := mlp.New(1, mlp.Dense{Units: 1}); err != nil {
			first = errors.Join(first, err)
			continue
		}
		kernels = append(kernels, name)
	}
	if kernels == nil {
		return nil, errors.New(strings.TrimSpace(first.Error()))
	}
	return kernels, nil
}
