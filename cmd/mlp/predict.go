package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

type predictCommand struct {
	Model string            `arg:"" help:"A model file."`
	Data  string            `arg:"" optional:"" help:"A CSV file with the model's features (other columns are not looked at), - for standard input, an image, a folder of images, or a file of images or rows alone, as IDX (.gz, too) or .npy."`
	Row   string            `xor:"rows" placeholder:"5.1,3.5,…" help:"One row of features, in the model's order, in place of a file."`
	Set   map[string]string `xor:"rows" mapsep:"," placeholder:"NAME=VALUE" help:"One row, feature by feature: --set width=3.5,length=5.1."`
	Out   string            `placeholder:"FILE" help:"Write there instead of to standard output."`
	layerFlags
	csvFlags
	imageFlags
	Ignore []string `group:"data" placeholder:"COLUMN" help:"Columns to leave out, by name or number, such as the label, where the model's features have no names."`
}

func (*predictCommand) Help() string {
	return "Writes CSV, a line a row in their order: the class and each class's probability, or the predicted numbers."
}

// Run predicts rows.
func (c *predictCommand) Run() error {
	n, _, err := c.load(c.Model)
	if err != nil {
		return err
	}
	m, err := loadedModel(n)
	if err != nil {
		return err
	}
	d, files, err := c.rows(m)
	if err != nil {
		return err
	}
	if err := m.checkFeatures(d); err != nil {
		return err
	}
	outputs, err := m.PredictRaw(d.X)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { return m.writePredictions(w, outputs, files) }
	if c.Out == "" {
		return write(os.Stdout)
	}
	if err := checkWritable(c.Out); err != nil {
		return err
	}
	return announce(c.Out, writeTo(write))
}

// rows returns the rows to predict and, for a folder of images, the file of each.
func (c *predictCommand) rows(m model) (d *mlp.Dataset, files []string, err error) {
	single := c.Row != "" || len(c.Set) > 0
	switch {
	case single == (c.Data != ""):
		return nil, nil, errors.New("want a CSV file, or --row, or --set")
	case c.Row != "":
		d, err = m.parseRow(c.Row)
		return d, nil, err
	case single:
		d, err = m.parseSet(c.Set)
		return d, nil, err
	}
	if err := checkDataFlags(c.Data, "", c.csvFlags, c.imageFlags); err != nil {
		return nil, nil, err
	}
	if isFolder(c.Data) || isImage(c.Data) {
		return c.images(m)
	}
	if d, err = c.array(); d == nil && err == nil {
		d, err = c.table(m)
	}
	return d, nil, err
}

// table reads the model's features from a CSV file.
func (c *predictCommand) table(m model) (*mlp.Dataset, error) {
	switch {
	case len(c.Ignore) > 0 && c.NoHeader:
		return nil, errors.New("--ignore needs a file with a header")
	case len(c.Ignore) > 0 && m.FeatureNames != nil:
		return nil, errors.New("--ignore is for models whose features have no names; for this one, other columns than its " +
			"features are not looked at")
	}
	file, err := openTable(c.Data, c.csvFlags)
	if err != nil {
		return nil, err
	}
	ignored, err := file.findAll(c.Ignore)
	if err != nil {
		return nil, err
	}
	cfg, err := m.csvConfig(file, ignored)
	if err != nil {
		if !c.NoHeader && len(file.features(ignored)) > m.inputs() {
			err = fmt.Errorf("%w; --ignore leaves a column out, such as the label", err)
		}
		return nil, err
	}
	cfg.Ignore = file.names(ignored)
	return file.read(cfg)
}

// array reads the rows of an IDX or .npy file; nil if the data are none.
func (c *predictCommand) array() (*mlp.Dataset, error) {
	x, err := readArray(c.Data)
	switch {
	case x == nil || err != nil:
		return nil, err
	case c.csvFlags.areSet():
		return nil, noTable(c.Data)
	case len(x.Shape()) < 2 || x.Len() == 0:
		return nil, fmt.Errorf("%s has the shape %v, want [rows, …]", c.Data, x.Shape())
	}
	d := &mlp.Dataset{Features: x.Len() / x.Shape()[0]}
	if d.X, err = x.Float32s(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	return d, nil
}

// images reads an image, or those in a folder, whose names it returns.
func (c *predictCommand) images(m model) (d *mlp.Dataset, files []string, err error) {
	cfg, err := c.or(m).config()
	if err != nil {
		return nil, nil, err
	}
	d = &mlp.Dataset{}
	if !isFolder(c.Data) {
		return d, nil, readImage(d, c.Data, cfg)
	}
	if files, err = imagesIn(c.Data); err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		if err := readImage(d, file, cfg); err != nil {
			return nil, nil, err
		}
	}
	return d, files, nil
}

// parseRow reads a row of features in the model's order.
func (m model) parseRow(row string) (*mlp.Dataset, error) {
	r := csv.NewReader(strings.NewReader(row))
	r.TrimLeadingSpace = true
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("--row: %w", err)
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("--row has %d lines, want one", len(rows))
	}
	cells := rows[0]
	if len(cells) != m.inputs() {
		return nil, fmt.Errorf("--row has %d values, the model has %d features%s", len(cells), m.inputs(),
			m.featureList())
	}
	d := &mlp.Dataset{Features: m.inputs()}
	for i, cell := range cells {
		v, err := m.parseFeature(i, cell)
		if err != nil {
			return nil, fmt.Errorf("--row: value %d: %w", i+1, err)
		}
		d.X = append(d.X, v)
	}
	return d, nil
}

// parseSet reads a row of features by their names.
func (m model) parseSet(values map[string]string) (*mlp.Dataset, error) {
	if m.FeatureNames == nil {
		return nil, errors.New("--set: the model's features have no names; use --row")
	}
	d := &mlp.Dataset{Features: m.inputs(), X: make([]float32, m.inputs())}
	var missing []string
	for i, name := range m.FeatureNames {
		cell, ok := values[name]
		if !ok {
			missing = append(missing, name)
			continue
		}
		var err error
		if d.X[i], err = m.parseFeature(i, cell); err != nil {
			return nil, fmt.Errorf("--set %s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(m.FeatureNames, name) {
			return nil, fmt.Errorf("--set: the model has no feature %q%s", name, m.featureList())
		}
	}
	if missing != nil {
		return nil, fmt.Errorf("--set: no value for %s", quoted(missing))
	}
	return d, nil
}

// featureList names the model's features, if they have names, as the end of a sentence.
func (m model) featureList() string {
	if m.FeatureNames == nil {
		return ""
	}
	return ": " + quoted(m.FeatureNames)
}

// parseFeature reads one feature: a number, the number of a text that the model knows, or NaN if the model knows what
// to fill in.
func (m model) parseFeature(feature int, cell string) (float32, error) {
	cell = strings.TrimSpace(cell)
	if m.CSVConfig().AllowMissing && isMissing(cell) {
		return float32(math.NaN()), nil
	}
	if names := m.categories(feature); names != nil {
		i := slices.Index(names, cell)
		if i < 0 {
			return 0, fmt.Errorf("%q is none of the texts that the model knows: %s", cell, quoted(names))
		}
		return float32(i), nil
	}
	v, err := strconv.ParseFloat(cell, 32)
	if err != nil || v-v != 0 {
		return 0, fmt.Errorf("%q is no finite number", cell)
	}
	return float32(v), nil
}

// predictions returns the class of each row.
func (m model) predictions(outputs []float32) []int {
	units := m.Outputs()
	classes := make([]int, len(outputs)/units)
	for row := range classes {
		p := outputs[row*units:][:units]
		if units == 1 && p[0] > 0.5 {
			classes[row] = 1
		}
		for class, v := range p {
			if v > p[classes[row]%units] {
				classes[row] = class
			}
		}
	}
	return classes
}

// writePredictions writes a line for each row: its file, if there are files, then the class and the classes'
// probabilities, or the numbers.
func (m model) writePredictions(w io.Writer, outputs []float32, files []string) error {
	out := csv.NewWriter(w)
	units := m.Outputs()
	header := []string{"prediction"}
	switch {
	case m.classes != nil:
		for _, name := range m.classes {
			header = append(header, "p("+name+")")
		}
	case units > 1:
		header = nil
		for j := range units {
			name := fmt.Sprintf("prediction %d", j+1)
			if m.TargetNames != nil {
				name = m.TargetNames[j]
			}
			header = append(header, name)
		}
	}
	if files != nil {
		header = append([]string{"file"}, header...)
	}
	if err := out.Write(header); err != nil {
		return err
	}
	var classes []int
	if m.classes != nil {
		classes = m.predictions(outputs)
	}
	for row := range len(outputs) / units {
		record := header[:0]
		if files != nil {
			record = append(record, files[row])
		}
		if classes != nil {
			record = append(record, m.classes[classes[row]])
		}
		p := outputs[row*units:][:units]
		if classes != nil && units == 1 {
			record = append(record, number(1-p[0]))
		}
		for _, v := range p {
			record = append(record, number(v))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// number writes a float32 with the fewest digits that read back to it.
func number(v float32) string {
	return strconv.FormatFloat(float64(v), 'g', -1, 32)
}
