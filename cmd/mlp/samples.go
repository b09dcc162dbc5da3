package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// trainingData says which samples to train on, and what to learn from them.
type trainingData struct {
	Data   string `arg:"" help:"iris, synthetic (1000 rows of scikit-learn's make_classification), a CSV file, - for standard input, or a folder with a folder of images for each class."`
	Labels string `arg:"" optional:"" help:"The labels, where data is an IDX file of images."`

	csvFlags
	imageFlags
	Label  []string `group:"data" placeholder:"COLUMN" help:"Column to learn, by name or number, or several of numbers. (default: the last)"`
	Ignore []string `group:"data" placeholder:"COLUMN" help:"Columns to leave out, by name or number."`
	Task   string   `group:"data" enum:"auto,classification,regression" default:"auto" placeholder:"TASK" help:"classification or regression. (default: by the labels)"`
}

// samples are a Dataset and what people call its label.
type samples struct {
	*mlp.Dataset
	name  string // iris, synthetic, or the file
	label string
	names []string // of the columns of X, as describe names them

	skipped []string // files of a folder of images
	missing gaps     // of all rows
}

// isClassification reports whether Y holds class indices.
func (s samples) isClassification() bool {
	return s.ClassNames != nil
}

// isImages reports whether the rows are images.
func (s samples) isImages() bool { return s.Image != mlp.ImageShape{} }

func isBuiltin(data string) bool {
	return data == "iris" || data == "synthetic"
}

// builtinSamples returns samples that need no file.
func builtinSamples(data string, randomState uint32) (samples, error) {
	if data == "iris" {
		return samples{Dataset: mlp.Iris(), name: data, label: `"species"`}, nil
	}
	d, err := mlp.MakeClassification(mlp.ClassificationConfig{Samples: 1000, Features: 20, RandomState: randomState})
	return samples{Dataset: d, name: data, label: "the class"}, err
}

// load reads or makes samples that there is something to learn from.
func (t *trainingData) load(randomState uint32) (samples, error) {
	s, err := t.loadAny(randomState)
	if err == nil && s.isImages() && len(s.ClassNames) == 1 {
		err = fmt.Errorf("%s: %s of every image is %q, so there is nothing to learn", s.name, s.label, s.ClassNames[0])
	}
	return s, err
}

// loadAny reads or makes the samples, images also of one class.
func (t *trainingData) loadAny(randomState uint32) (samples, error) {
	if err := checkDataFlags(t.Data, t.Labels, t.csvFlags, t.imageFlags); err != nil {
		return samples{}, err
	}
	builtin := isBuiltin(t.Data)
	folder := isFolder(t.Data)
	switch images := folder || t.Labels != ""; {
	case images && (len(t.Label) > 0 || len(t.Ignore) > 0):
		return samples{}, errors.New("--label and --ignore say nothing about images")
	case images && t.Task == "regression":
		return samples{}, fmt.Errorf("%s has classes, which --task regression cannot learn", t.Data)
	case folder:
		return readImages(t.Data, t.imageFlags, nil)
	case images:
		return readIDX(t.Data, t.Labels)
	case builtin && (len(t.Label) > 0 || len(t.Ignore) > 0 || t.csvFlags.areSet()):
		return samples{},
			fmt.Errorf("%s is built in, so --label, --ignore, --missing, --no-header and --separator say nothing about it; "+
				"write ./%s for a file of that name", t.Data, t.Data)
	case builtin && t.Task == "regression":
		return samples{}, fmt.Errorf("%s has classes, which --task regression cannot learn", t.Data)
	case builtin:
		return builtinSamples(t.Data, randomState)
	}
	file, err := openTable(t.Data, t.csvFlags)
	if err != nil {
		return samples{}, err
	}
	return t.read(file)
}

// read takes the label and the features from a file.
func (t *trainingData) read(file *table) (samples, error) {
	s, err := t.readColumns(file)
	if err == nil {
		err = s.checkCategories()
	}
	var at *mlp.CSVError
	labels := t.Label
	if len(labels) == 0 {
		labels = file.columns[len(file.columns)-1:]
	}
	if errors.As(err, &at) && at.Line > 1 && at.Name != "" && !slices.Contains(labels, at.Name) {
		err = fmt.Errorf("%w; --ignore leaves a column out", err)
	}
	return s, err
}

// maxCategories bounds the texts of a column, each of which becomes a column itself.
const maxCategories = 1000

// checkCategories returns an error if a column of texts rather names the rows than tells something about them.
func (s samples) checkCategories() error {
	hint := s.ignoreHint()
	for j, names := range s.Categories {
		known := 0
		for i := j; i < len(s.X); i += s.Features {
			if s.X[i] == s.X[i] {
				known++
			}
		}
		switch n := len(names); {
		case n > maxCategories:
			return fmt.Errorf("%s: %s has %d different texts, want %d at most%s", s.name, s.names[j], n, maxCategories, hint)
		case n > 0 && n == known:
			return fmt.Errorf("%s: %s has another text in each row, from which nothing can be learnt%s", s.name, s.names[j], hint)
		}
	}
	return nil
}

// ignoreHint ends an error of a feature.
func (s samples) ignoreHint() string {
	if s.FeatureNames == nil {
		return ""
	}
	return "; --ignore leaves it out"
}

// gaps counts the features that have no value, and tells whether they are numbers or categories.
type gaps struct {
	values              int
	numbers, categories bool
}

// add counts those of d.
func (g *gaps) add(d *mlp.Dataset) {
	for i, v := range d.X {
		if v == v {
			continue
		}
		g.values++
		if d.Categories != nil && d.Categories[i%d.Features] != nil {
			g.categories = true
		} else {
			g.numbers = true
		}
	}
}

// columnChoice tells what the columns of a file are for.
type columnChoice struct {
	features mlp.CSVConfig // reads them
	names    []string      // of the features, as table.describe has them
	labels   []int         // numbers of the columns to learn
}

// chooseColumns finds the features and the labels.
func (t *trainingData) chooseColumns(file *table) (c columnChoice, err error) {
	if t.NoHeader && len(t.Ignore) > 0 {
		return c, errors.New("--ignore needs a file with a header")
	}
	if len(file.columns) == 1 {
		return c, fmt.Errorf("%s has one column only, want features and a label; "+
			"is %q what stands between its cells (--separator)?", file.file, t.Separator)
	}
	ignored, err := file.findAll(t.Ignore)
	if err != nil {
		return c, err
	}
	c.labels = []int{len(file.columns)}
	if len(t.Label) > 0 {
		if c.labels, err = file.findAll(t.Label); err != nil {
			return c, err
		}
	}
	if len(c.labels) > 1 && t.Task == "classification" {
		return c, errors.New("--task classification takes one --label")
	}
	for i, label := range c.labels {
		switch {
		case slices.Contains(c.labels[:i], label):
			return c, fmt.Errorf("--label has %s twice", file.describe(label))
		case slices.Contains(ignored, label):
			return c, fmt.Errorf("--ignore leaves out %s, which is the column to learn; --label chooses another", file.describe(label))
		}
	}
	skip := slices.Concat(c.labels, ignored)
	c.features = mlp.CSVConfig{Ignore: file.names(ignored), Categories: file.categories(skip), AllowMissing: true}
	for _, column := range file.features(skip) {
		if !t.NoHeader && file.columns[column-1] == "" {
			return c, fmt.Errorf("%s: column %d has no name; --ignore=%d leaves it out", file.file, column, column)
		}
		c.names = append(c.names, file.describe(column))
	}
	return c, nil
}

func (t *trainingData) readColumns(file *table) (samples, error) {
	choice, err := t.chooseColumns(file)
	if err != nil {
		return samples{}, err
	}
	columns := choice.labels
	s := samples{name: file.file, label: file.describe(columns[0]), names: choice.names}
	labels, targets := choice.features, choice.features
	labels.LabelIndex, targets.TargetIndexes = columns[0], columns
	if len(columns) > 1 {
		s.label = fmt.Sprintf("%d targets", len(columns))
		s.Dataset, err = file.read(targets)
		return s, err
	}
	if t.Task != "regression" {
		if s.Dataset, err = file.read(labels); err != nil {
			return samples{}, err
		}
	}
	if t.Task == "regression" || t.Task == "auto" && !areClasses(s.ClassNames) {
		s.Dataset, err = file.read(targets)
		return s, err
	}
	if len(s.ClassNames) == 1 {
		return samples{}, fmt.Errorf("%s: %s is %q in every row, so there is nothing to learn",
			s.name, s.label, s.ClassNames[0])
	}
	return s, nil
}

// areClasses guesses whether the distinct values of a label column name classes. Texts do, and so do two numbers, or up
// to 20 that count 0, 1, 2, … or 1, 2, 3, …; others measure something.
func areClasses(labels []string) bool {
	var numbers []float64
	for _, label := range labels {
		v, err := strconv.ParseFloat(label, 64)
		if err != nil {
			return true
		}
		numbers = append(numbers, v)
	}
	if len(numbers) <= 2 {
		return true
	}
	slices.Sort(numbers)
	for i, v := range numbers {
		if v != numbers[0]+float64(i) {
			return false
		}
	}
	return len(numbers) <= 20 && (numbers[0] == 0 || numbers[0] == 1)
}

// parts are the samples to train on, to validate after each epoch (nil for none), and to test at the end (nil for
// none).
type parts struct {
	train, validation, test *mlp.Dataset
}

// split divides samples as train_test_split does, and then takes the last of the training rows for validation, as
// Keras's validation_split does.
func (s samples) split(test, validation float64, randomState uint32) (p parts, err error) {
	if test > 0 {
		p.train, p.test, err = mlp.TrainTestSplit(s.Dataset, mlp.SplitConfig{TestSize: test, RandomState: randomState})
		if err != nil {
			return parts{}, err
		}
	} else {
		// Validation takes the last rows, which must not be the last class of a sorted file.
		p.train = s.Clone()
		if err := p.train.Shuffle(uint64(randomState)); err != nil {
			return parts{}, err
		}
	}
	if validation == 0 {
		return p, nil
	}
	rows := p.train.Rows()
	n := int(float64(rows) * (1 - validation))
	if n == 0 || n == rows {
		return parts{},
			fmt.Errorf("--validation %v of %d rows leaves %d to train on and %d to validate, want at least one each",
				validation, rows, n, rows-n)
	}
	order := make([]int, rows)
	for i := range order {
		order[i] = i
	}
	if p.validation, err = p.train.Subset(order[n:]); err != nil {
		return parts{}, err
	}
	p.train, err = p.train.Subset(order[:n])
	return p, err
}

// pipeline returns what the features need before a network takes them, or nil: missing values filled in, categories as
// a column each, and a scaling. It is fitted to the rows that are trained on.
func (s samples) pipeline(scaling string, impute imputeFlag, train *mlp.Dataset) (mlp.Preprocessor, error) {
	if s.isImages() && scaling == "minmax" {
		return pixelScaler(train)
	}
	p, err := s.preprocessor(scaling, impute)
	if p == nil || err != nil {
		return nil, err
	}
	return p, p.Fit(train)
}

// checkEmpty returns an error if a feature has no value in the rows to train.
func (s samples) checkEmpty(train *mlp.Dataset) error {
	for j := range s.names {
		i := j
		for i < len(train.X) && train.X[i] != train.X[i] {
			i += train.Features
		}
		if i >= len(train.X) {
			return fmt.Errorf("%s: %s has no value in the rows to train%s", s.name, s.names[j], s.ignoreHint())
		}
	}
	return nil
}

// preprocessor returns what the features need, not yet fitted, or nil.
func (s samples) preprocessor(scaling string, impute imputeFlag) (mlp.Preprocessor, error) {
	var steps mlp.Pipeline
	if s.missing.values > 0 {
		imputer, err := impute.build()
		if err != nil {
			return nil, err
		}
		steps = append(steps, imputer)
	}
	if s.Categories != nil {
		steps = append(steps, &mlp.OneHotEncoder{IgnoreUnknown: true}) // texts that only rows to test have, for one
	}
	switch scaling {
	case "standard":
		steps = append(steps, &mlp.StandardScaler{})
	case "minmax":
		steps = append(steps, &mlp.MinMaxScaler{})
	case "robust":
		steps = append(steps, &mlp.RobustScaler{})
	case "maxabs":
		steps = append(steps, &mlp.MaxAbsScaler{})
	case "normalize":
		steps = append(steps, &mlp.Normalizer{})
	}
	switch len(steps) {
	case 0:
		return nil, nil
	case 1:
		return steps[0], nil
	}
	return steps, nil
}

// preprocess applies the scaler, if there is one, to all parts.
func (p parts) preprocess(scaler mlp.Preprocessor) error {
	if scaler == nil {
		return nil
	}
	for _, d := range []*mlp.Dataset{p.train, p.validation, p.test} {
		if d == nil {
			continue
		}
		if err := scaler.Transform(d); err != nil {
			return err
		}
	}
	return nil
}

// scalesTargets reports whether targets are standardised while training: a network whose outputs begin around 0 would
// take ages to reach a target around 200000.
func (g *goal) scalesTargets(s samples) bool {
	return !s.isClassification() && !g.ownUnits
}

// targetScaler returns the scaler of the targets of the rows that are trained on.
func (p parts) targetScaler() (*mlp.StandardScaler, error) {
	scaler := &mlp.StandardScaler{}
	return scaler, scaler.Fit(&mlp.Dataset{X: p.train.Y, Features: p.train.Targets})
}

// scaleTargets scales the targets for training, if there is a scaler. The test keeps its units, for unscaleOutputs gives
// them to the network.
func (p parts) scaleTargets(scaler *mlp.StandardScaler) error {
	if scaler == nil {
		return nil
	}
	for _, d := range []*mlp.Dataset{p.train, p.validation} {
		if d == nil {
			continue
		}
		if err := scaler.Transform(&mlp.Dataset{X: d.Y, Features: d.Targets}); err != nil {
			return err
		}
	}
	return nil
}

// unscaleOutputs undoes scaleTargets within the network, so that it predicts in the targets' own units: it scales and
// moves the weights and the bias of the last layer, a linear Dense.
func unscaleOutputs(n *mlp.Network, scaler *mlp.StandardScaler) error {
	last := len(n.Layers()) - 1
	tensors := n.Weights(last)
	for _, t := range tensors {
		for i, v := range t.Values {
			j := i % n.Outputs()
			scaled := float64(float64(v) * scaler.Scale[j])
			if t.Name == "bias" {
				scaled += scaler.Mean[j]
			}
			if math.Abs(scaled) > math.MaxFloat32 {
				return errors.New("the targets are too large for float32")
			}
			t.Values[i] = float32(scaled)
		}
	}
	return n.SetWeights(last, tensors...)
}

// rowText returns the first row of samples as the cells of a CSV file.
func rowText(d *mlp.Dataset) []string {
	var cells []string
	for j, v := range d.X[:d.Features] {
		cell := number(v)
		switch {
		case v != v:
			cell = ""
		case d.Categories != nil && d.Categories[j] != nil:
			cell = d.Categories[j][int(v)]
			if strings.ContainsAny(cell, ",\"\n") {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
		}
		cells = append(cells, cell)
	}
	return cells
}

// printTexts tells how many texts of each feature become a column: "color" (3), "shape" (2).
func printTexts(names []string, scaler mlp.Preprocessor, columns int) {
	for _, step := range stepsOf(scaler) {
		encoder, ok := step.(*mlp.OneHotEncoder)
		if !ok {
			continue
		}
		var words []string
		for j, categories := range encoder.Categories {
			if categories != nil {
				words = append(words, fmt.Sprintf("%s (%d)", names[j], len(categories)))
			}
		}
		fmt.Printf("Texts: %s; a column for each text makes %d features\n", strings.Join(words, ", "), columns)
	}
}
