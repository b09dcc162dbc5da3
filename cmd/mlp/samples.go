package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/seed975aa5d7/mlp"
)

// trainingData says which samples to train on, and what to learn from them.
type trainingData struct {
	Data string `arg:"" help:"iris, synthetic (1000 rows of scikit-learn's make_classification), a CSV file, or - for standard input."`

	csvFlags
	Label  []string `group:"data" placeholder:"COLUMN" help:"Column to learn, by name or number, or several of numbers. (default: the last)"`
	Ignore []string `group:"data" placeholder:"COLUMN" help:"Columns to leave out, by name or number."`
	Task   string   `group:"data" enum:"auto,classification,regression" default:"auto" placeholder:"TASK" help:"classification, regression or auto: by the labels. (default ${default})"`
}

// samples are a Dataset and what people call its label.
type samples struct {
	*mlp.Dataset
	name  string // iris, synthetic, or the file
	label string
}

// isClassification reports whether Y holds class indices.
func (s samples) isClassification() bool {
	return s.ClassNames != nil
}

func isBuiltin(data string) bool {
	return data == "iris" || data == "synthetic"
}

// builtinSamples returns samples that need no file.
func builtinSamples(data string, randomState uint32) (samples, error) {
	if data == "iris" {
		return samples{mlp.Iris(), data, `"species"`}, nil
	}
	d, err := mlp.MakeClassification(mlp.ClassificationConfig{Samples: 1000, Features: 20, RandomState: randomState})
	return samples{d, data, "the class"}, err
}

// load reads or makes the samples.
func (t *trainingData) load(randomState uint32) (samples, error) {
	builtin := isBuiltin(t.Data)
	switch {
	case builtin && (len(t.Label) > 0 || len(t.Ignore) > 0 || t.NoHeader || t.Separator != ","):
		return samples{}, fmt.Errorf("%s is built in, so --label, --ignore, --no-header and --separator say nothing about it; "+
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
	var at *mlp.CSVError
	if errors.As(err, &at) && at.Line == 2 && at.Name != "" && !slices.Contains(t.Label, at.Name) {
		err = fmt.Errorf("%w; --ignore leaves a column out", err) // in the first row: it is probably a column of texts
	}
	return s, err
}

func (t *trainingData) readColumns(file *table) (samples, error) {
	if t.NoHeader && len(t.Ignore) > 0 {
		return samples{}, errors.New("--ignore needs a file with a header")
	}
	if len(file.columns) == 1 {
		return samples{}, fmt.Errorf("%s has one column only, want features and a label; "+
			"is %q what stands between its cells (--separator)?", file.file, t.Separator)
	}
	ignore, err := file.names(t.Ignore)
	if err != nil {
		return samples{}, err
	}
	columns := []int{len(file.columns)}
	if len(t.Label) > 0 {
		if columns, err = file.findAll(t.Label); err != nil {
			return samples{}, err
		}
	}
	s := samples{name: file.file, label: file.describe(columns[0])}
	targets := mlp.CSVConfig{TargetIndexes: columns, Ignore: ignore}
	if len(columns) > 1 {
		if t.Task == "classification" {
			return samples{}, errors.New("--task classification takes one --label")
		}
		s.label = fmt.Sprintf("%d targets", len(columns))
		s.Dataset, err = file.read(targets)
		return s, err
	}
	if t.Task != "regression" {
		if s.Dataset, err = file.read(mlp.CSVConfig{LabelIndex: columns[0], Ignore: ignore}); err != nil {
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

// parts are the samples to train on, to validate after each epoch (nil for none), and to test at the end (nil for none).
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
		return parts{}, fmt.Errorf("--validation %v of %d rows leaves %d to train on and %d to validate, want at least one each",
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

// scale fits a scaler to the features of the rows that are trained on, and scales all parts by it.
func (p parts) scale(kind string) (mlp.Preprocessor, error) {
	var scaler mlp.Preprocessor
	switch kind {
	case "standard":
		scaler = &mlp.StandardScaler{}
	case "minmax":
		scaler = &mlp.MinMaxScaler{}
	default:
		return nil, nil
	}
	if err := scaler.Fit(p.train); err != nil {
		return nil, err
	}
	for _, d := range []*mlp.Dataset{p.train, p.validation, p.test} {
		if d == nil {
			continue
		}
		if err := scaler.Transform(d); err != nil {
			return nil, err
		}
	}
	return scaler, nil
}

// scaleTargets standardises the targets of a regression for training, by the mean and deviation of the rows that are
// trained on: a network whose outputs begin around 0 would take ages to reach a target around 200000. The test keeps its
// units, for unscaleOutputs gives them to the network.
func (p parts) scaleTargets() (*mlp.StandardScaler, error) {
	scaler := &mlp.StandardScaler{}
	for _, d := range []*mlp.Dataset{p.train, p.validation} {
		if d == nil {
			continue
		}
		targets := &mlp.Dataset{X: d.Y, Features: d.Targets}
		if scaler.Mean == nil {
			if err := scaler.Fit(targets); err != nil {
				return nil, err
			}
		}
		if err := scaler.Transform(targets); err != nil {
			return nil, err
		}
	}
	return scaler, nil
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
