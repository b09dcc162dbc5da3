package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"unicode/utf8"

	"github.com/seed975aa5d7/mlp"
)

type inspectCommand struct {
	Model string `arg:"" help:"A model file, a safetensors file of PyTorch or Keras, or an ONNX model."`
	layerFlags
}

// Run prints what a file holds: the network, if there is one to be made of it, and everything else that stands in the file.
func (c *inspectCommand) Run() error {
	data, err := os.ReadFile(c.Model)
	if err != nil {
		return err
	}
	contents, err := readContents(data)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Model, err)
	}
	fmt.Printf("File: %s (%d bytes), %s\n", c.Model, len(data), contents.kind)
	n, format, err := c.load(c.Model)
	if err == nil {
		err = printModel(n)
	}
	if err != nil && format == formatWeights && len(c.Layers) == 0 {
		fmt.Printf("Layers: %v\n", errors.Unwrap(err)) // there is more to tell
		err = nil
	}
	contents.print()
	return err
}

// printModel prints what a network is for, and its layers.
func printModel(n *mlp.Network) error {
	m, err := loadedModel(n)
	if err != nil {
		return err
	}
	if m.classes != nil {
		fmt.Printf("Task: classification, %d classes: %s\n", len(m.classes), quoted(m.classes))
	} else {
		fmt.Printf("Task: regression, %s%s\n", plural(n.Outputs(), "output"), list(": ", n.TargetNames))
	}
	if i := n.Image; i != (mlp.ImageShape{}) {
		fmt.Printf("Images: %d×%d pixels, %s\n", i.Height, i.Width, plural(i.Channels, "channel"))
	}
	scaling, columns := "none", []column(nil)
	for _, step := range m.steps() {
		switch s := step.(type) {
		case *mlp.SimpleImputer:
			fmt.Println("Missing values: filled in")
		case *mlp.OneHotEncoder:
			var names []string
			for j := range s.CategoryNames {
				names = append(names, strconv.Quote(m.inputName(j)))
			}
			printTexts(names, s, n.Features())
		case *mlp.StandardScaler:
			scaling, columns = "standard", []column{{"mean", s.Mean}, {"deviation", s.Scale}}
		case *mlp.MinMaxScaler:
			scaling, columns = "minmax", []column{{"factor", s.Scale}, {"offset", s.Offset}}
			if s.DataMin != nil {
				columns = []column{{"min", s.DataMin}, {"max", s.DataMax}}
			}
		case *mlp.MaxAbsScaler:
			scaling, columns = "by the greatest absolute value", []column{{"greatest", s.Scale}}
		case *mlp.RobustScaler:
			scaling, columns = "robust", []column{{"center", s.Center}, {"scale", s.Scale}}
		case *mlp.Normalizer:
			scaling = "each row to length 1"
		}
	}
	fmt.Printf("Scaling: %s\n", scaling)
	printFacts(n.Training)
	fmt.Printf("Kernel: %s\n\n", n.Kernel())
	if n.FeatureNames != nil || columns != nil && n.Image == (mlp.ImageShape{}) {
		m.printInputs()
		names, err := m.columnNames()
		if err != nil {
			return err
		}
		printColumns(names, columns)
		fmt.Println()
	}
	fmt.Print(n.Summary())
	return nil
}

// list returns quoted names behind a text, or nothing if there are none.
func list(before string, names []string) string {
	if names == nil {
		return ""
	}
	return before + quoted(names)
}

// printFacts prints how a network was trained, as far as that is known.
func printFacts(t *mlp.TrainingFacts) {
	if t == nil {
		return
	}
	fmt.Printf("Training: %s", plural(t.Epochs, "epoch"))
	if t.Rows > 0 {
		fmt.Printf(" of %s", plural(t.Rows, "row"))
	}
	if t.Optimizer != "" {
		fmt.Printf(", %s", t.Optimizer)
	}
	if t.Loss != "" {
		fmt.Printf(", %s", t.Loss)
	}
	fmt.Println()
	for i, s := range t.Scores {
		if i == 0 {
			fmt.Print("Scores: ")
		} else {
			fmt.Print(", ")
		}
		fmt.Printf("%s %s", s.Name, score(s.Value))
	}
	if len(t.Scores) > 0 {
		fmt.Println()
	}
	if t.Data != "" {
		fmt.Printf("Trained on: %s\n", t.Data)
	}
	if t.Library != "" {
		fmt.Printf("Library: %s\n", t.Library)
	}
}

// column is a number of each feature.
type column struct {
	title  string
	values []float64
}

// printInputs prints what stands in for missing values, and the texts that the model knows, if it has such features.
func (m model) printInputs() {
	var filled []float64
	texts := make([][]string, m.inputs())
	for _, step := range m.steps() {
		switch s := step.(type) {
		case *mlp.SimpleImputer:
			filled = s.Statistics
		case *mlp.OneHotEncoder:
			texts = s.CategoryNames
		}
	}
	for j, names := range texts {
		if names == nil && filled == nil {
			continue
		}
		fmt.Printf("%s:", m.inputName(j))
		if names != nil {
			fmt.Printf(" %s", quoted(names))
		}
		switch {
		case filled == nil:
		case names != nil:
			fmt.Printf("; %q where it is missing", names[int(filled[j])])
		default:
			fmt.Printf(" %.5g where it is missing", filled[j])
		}
		fmt.Println()
	}
	if filled != nil || len(m.CSVConfig().Categories) > 0 {
		fmt.Println()
	}
}

// inputName names a feature before the scaler.
func (m model) inputName(feature int) string {
	if m.FeatureNames == nil {
		return fmt.Sprintf("feature %d", feature+1)
	}
	return m.FeatureNames[feature]
}

// columnNames names the columns that the network takes: the features, or what the encoder makes of them.
func (m model) columnNames() ([]string, error) {
	row := &mlp.Dataset{Features: m.inputs(), X: make([]float32, m.inputs())}
	for j := range row.Features {
		row.FeatureNames = append(row.FeatureNames, m.inputName(j))
	}
	for _, step := range m.steps() {
		encoder, ok := step.(*mlp.OneHotEncoder)
		if !ok {
			continue
		}
		for j, categories := range encoder.Categories {
			if categories != nil {
				row.X[j] = float32(categories[0]) // zero may be none
			}
		}
		if err := encoder.Transform(row); err != nil {
			return nil, err
		}
	}
	return row.FeatureNames, nil
}

// printColumns prints a table with a line a feature.
func printColumns(names []string, columns []column) {
	width := len("feature")
	for _, name := range names {
		width = max(width, utf8.RuneCountInString(name))
	}
	fmt.Printf("%-*s", width, "feature")
	for _, c := range columns {
		fmt.Printf(" %12s", c.title)
	}
	for i, name := range names {
		fmt.Printf("\n%-*s", width, name)
		for _, c := range columns {
			fmt.Printf(" %12.5g", c.values[i])
		}
	}
	fmt.Println()
}
