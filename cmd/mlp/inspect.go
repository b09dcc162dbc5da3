package main

import (
	"fmt"
	"os"

	"github.com/seed975aa5d7/mlp"
)

type inspectCommand struct {
	Model string `arg:"" help:"A model file."`
}

// Run prints what a model file holds.
func (c *inspectCommand) Run() error {
	n, err := mlp.LoadFile(c.Model)
	if err != nil {
		return err
	}
	info, err := os.Stat(c.Model)
	if err != nil {
		return err
	}
	m := newModel(n)
	fmt.Printf("File: %s (%d bytes)\n", c.Model, info.Size())
	if m.classes != nil {
		fmt.Printf("Task: classification, %d classes: %s\n", len(m.classes), quoted(m.classes))
	} else {
		fmt.Printf("Task: regression, %d outputs\n", m.Outputs())
	}
	var columns []string
	var values func(feature int) []float64
	switch s := n.Scaler.(type) {
	case *mlp.StandardScaler:
		fmt.Println("Scaling: standard")
		columns, values = []string{"mean", "deviation"}, func(i int) []float64 { return []float64{s.Mean[i], s.Scale[i]} }
	case *mlp.MinMaxScaler:
		fmt.Println("Scaling: minmax")
		columns, values = []string{"min", "max"}, func(i int) []float64 { return []float64{s.DataMin[i], s.DataMax[i]} }
	default:
		fmt.Println("Scaling: none")
	}
	fmt.Printf("Kernel: %s\n\n", n.Kernel())

	name := func(i int) string {
		if n.FeatureNames == nil {
			return fmt.Sprintf("feature %d", i+1)
		}
		return n.FeatureNames[i]
	}
	width := len("feature")
	for i := range n.Features() {
		width = max(width, len(name(i)))
	}
	fmt.Printf("%-*s", width, "feature")
	for _, c := range columns {
		fmt.Printf(" %12s", c)
	}
	for i := range n.Features() {
		fmt.Printf("\n%-*s", width, name(i))
		for j := range columns {
			fmt.Printf(" %12.5g", values(i)[j])
		}
	}
	fmt.Printf("\n\n%s", n.Summary())
	return nil
}
