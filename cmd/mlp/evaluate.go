package main

import (
	"fmt"
	"slices"

	"github.com/seed975aa5d7/mlp"
)

type evaluateCommand struct {
	Model string `arg:"" help:"A model file."`
	Data  string `arg:"" help:"iris, synthetic, a CSV file with the model's features and the label, or - for standard input."`
	csvFlags
	Label []string `group:"data" placeholder:"COLUMN" help:"Column of the label, by name or number. (default: the last one that is no feature of the model)"`
}

// Run prints the scores of a model and, for classes, what it takes for what.
func (c *evaluateCommand) Run() error {
	n, err := mlp.LoadFile(c.Model)
	if err != nil {
		return err
	}
	m := newModel(n)
	d, err := c.load(m)
	if err != nil {
		return err
	}
	if err := m.scale(d); err != nil {
		return err
	}
	fmt.Printf("Rows: %d\n", d.Rows())
	loss, metrics := m.loss()
	if err := m.printScores(d, "", loss, metrics); err != nil {
		return err
	}
	if m.classes == nil {
		return nil
	}
	outputs, err := m.Predict(d.X)
	if err != nil {
		return err
	}
	fmt.Print("\n", confusion(m.classes, d.Y, m.predictions(outputs)))
	return nil
}

// load reads the features that the model knows, and the label.
func (c *evaluateCommand) load(m model) (*mlp.Dataset, error) {
	if isBuiltin(c.Data) {
		s, err := builtinSamples(c.Data, defaultRandomState)
		return s.Dataset, err
	}
	file, err := openTable(c.Data, c.csvFlags)
	if err != nil {
		return nil, err
	}
	columns, err := file.findAll(c.Label)
	if err != nil {
		return nil, err
	}
	if columns == nil {
		count := 1
		if m.classes == nil {
			count = m.Outputs()
		}
		for i := len(file.columns); i > 0 && len(columns) < count; i-- {
			if !slices.Contains(m.FeatureNames, file.columns[i-1]) {
				columns = append(columns, i)
			}
		}
		slices.Reverse(columns)
		if len(columns) < count {
			return nil, fmt.Errorf("%s: there is no label column beside the model's features", file.file)
		}
	}
	var cfg mlp.CSVConfig
	if !c.NoHeader {
		cfg.Features = m.FeatureNames
	}
	if m.classes == nil {
		cfg.TargetIndexes = columns
		return file.read(cfg)
	}
	if len(columns) > 1 {
		return nil, fmt.Errorf("the model predicts classes, which are one --label, not %d", len(columns))
	}
	cfg.LabelIndex, cfg.ClassNames = columns[0], m.classes
	return file.read(cfg)
}
