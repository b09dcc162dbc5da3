package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed975aa5d7/mlp"
)

type evaluateCommand struct {
	Model  string `arg:"" help:"A model file."`
	Data   string `arg:"" help:"iris, synthetic, a CSV file with the model's features and the label, - for standard input, or a folder of images."`
	Labels string `arg:"" optional:"" help:"The labels, where data is an IDX file of images."`
	layerFlags
	csvFlags
	imageFlags
	Label  []string `group:"data" placeholder:"COLUMN" help:"Column of the label, by name or number. (default: the last one that is no feature of the model)"`
	Report bool     `group:"output" help:"Print precision, recall and F1 of each class, and more scores; of numbers, R² and more errors."`
	Plots  string   `group:"output" placeholder:"PREFIX" help:"Draw the confusion matrix and the ROC, precision-recall and calibration curves of the classes, as PREFIX_confusion.png and .svg, …"`
}

// Run prints the scores of a model and, for classes, what it takes for what.
func (c *evaluateCommand) Run() error {
	n, _, err := c.layerFlags.load(c.Model)
	if err != nil {
		return err
	}
	m, err := loadedModel(n)
	if err != nil {
		return err
	}
	if err := c.checkPlots(m); err != nil {
		return err
	}
	d, err := c.load(m)
	if err != nil {
		return err
	}
	if err := m.scale(d); err != nil {
		return err
	}
	d.ClassNames = m.classes
	if err := d.Validate(); err != nil {
		return err
	}
	fmt.Printf("Rows: %d\n", d.Rows())
	loss, metrics := m.loss()
	if err := m.printScores(d, "", loss, metrics); err != nil {
		return err
	}
	outputs, err := m.Predict(d.X)
	if err != nil {
		return err
	}
	if m.classes != nil && !c.Report {
		if err := m.printConfusion(d, outputs); err != nil {
			return err
		}
	}
	if !c.Report && c.Plots == "" {
		return nil
	}
	report, err := mlp.NewReport(d, outputs)
	if err != nil {
		return err
	}
	if c.Report {
		fmt.Printf("\n%s", report)
	}
	if c.Plots == "" {
		return nil
	}
	fmt.Println()
	for _, figure := range reportFigures {
		f, err := figure.draw(report)
		if err != nil {
			return err
		}
		if err := writeFigure(f, c.Plots+figure.suffix); err != nil {
			return err
		}
	}
	return nil
}

// checkPlots finds out whether the figures can be drawn, before anything is computed.
func (c *evaluateCommand) checkPlots(m model) error {
	if c.Plots == "" {
		return nil
	}
	if m.classes == nil {
		return errors.New("--plots draws what classes are taken for, and the model predicts numbers")
	}
	for _, figure := range reportFigures {
		for _, extension := range []string{".png", ".svg"} {
			if err := checkWritable(c.Plots + figure.suffix + extension); err != nil {
				return err
			}
		}
	}
	return nil
}

// printConfusion prints how many rows of each class were taken for which.
func (m model) printConfusion(d *mlp.Dataset, outputs []float32) error {
	truth, err := d.Labels()
	if err != nil {
		return err
	}
	matrix, err := mlp.NewConfusionMatrix(truth, m.predictions(outputs), nil)
	if err != nil {
		return err
	}
	classes := make([]int, len(m.classes))
	for class := range classes {
		classes[class] = class
	}
	if matrix, err = matrix.Select(classes); err != nil {
		return err
	}
	fmt.Print("\n", confusionTable(m.classes, matrix))
	return nil
}

// load reads the features that the model knows, and the label.
func (c *evaluateCommand) load(m model) (*mlp.Dataset, error) {
	if err := checkDataFlags(c.Data, c.Labels, c.csvFlags, c.imageFlags); err != nil {
		return nil, err
	}
	switch images := isFolder(c.Data) || c.Labels != ""; {
	case images && m.classes == nil:
		return nil, fmt.Errorf("%s has classes, and the model predicts numbers", c.Data)
	case images && len(c.Label) > 0:
		return nil, errors.New("--label says nothing about images")
	case c.Labels != "":
		s, err := readIDX(c.Data, c.Labels)
		return s.Dataset, err
	case images:
		s, err := readImages(c.Data, c.or(m), m.classes)
		return s.Dataset, err
	}
	if isBuiltin(c.Data) {
		s, err := builtinSamples(c.Data, defaultRandomState)
		if err == nil {
			err = m.checkColumns(s)
		}
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
	for _, column := range columns {
		if name := file.columns[column-1]; name != "" && slices.Contains(m.FeatureNames, name) {
			return nil, fmt.Errorf("--label: %q is a feature of the model", name)
		}
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
	cfg, err := m.csvConfig(file, columns)
	if err != nil {
		return nil, err
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
