package mlp

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// architecture is what a model file holds beside the tensors. docs/FORMAT.md describes its JSON; the lists of fields here
// are that description as code, for reading and writing alike.
type architecture struct {
	version      int
	features     int
	layers       []Layer
	featureNames []string
	classNames   []string
	scaler       Preprocessor

	// From version 2 on.
	targetNames []string
	image       ImageShape
	training    *TrainingFacts
	digest      string // of all tensors, in the order of the file
}

// formatVersion is the version of the file that Save writes. Load reads this one and all before it.
const formatVersion = 2

// appendJSON appends the architecture as JSON.
func (a *architecture) appendJSON(b []byte) ([]byte, error) {
	a.version = formatVersion
	return appendJSONFields(b, append([]jsonField{{"version", &a.version}}, a.fields()...))
}

// readArchitecture reads the architecture's JSON.
func readArchitecture(text string) (*architecture, error) {
	var a architecture
	err := readJSON([]byte(text), func(j jsonReader) error {
		return j.tagged("version", func() ([]jsonField, error) {
			version, err := j.int()
			if err == nil && (version < 1 || version > formatVersion) {
				err = fmt.Errorf("this release reads format versions 1 to %d, the file has version %d", formatVersion, version)
			}
			a.version = version
			return a.fields(), err
		})
	})
	return &a, err
}

// fields returns the fields that a file of a's version may have.
func (a *architecture) fields() []jsonField {
	fields := []jsonField{
		{"features", &a.features},
		{"layers", (*layerList)(&a.layers)},
		{"feature_names", &a.featureNames},
		{"class_names", &a.classNames},
		{"scaler", scalerField{&a.scaler}},
	}
	if a.version == 1 {
		return fields
	}
	return append(fields, []jsonField{
		{"target_names", &a.targetNames},
		{"image", &a.image},
		{"training", optionalJSON(&a.training)},
		{"digest", &a.digest},
	}...)
}

// rawFeatures returns the number of features of rows before the scaler.
func (a *architecture) rawFeatures() (int, error) {
	if a.scaler == nil {
		return a.features, nil
	}
	features, given, err := a.scaler.fitted()
	if err != nil {
		return 0, fmt.Errorf("scaler: %w", err)
	}
	if given != a.features {
		return 0, fmt.Errorf("the scaler gives %d features, want %d", given, a.features)
	}
	return features, nil
}

// check returns an error unless everything beside the layers fits the network.
func (a *architecture) check(outputs int) error {
	features, err := a.rawFeatures()
	if err != nil {
		return err
	}
	if n := len(a.featureNames); n != 0 && n != features {
		return fmt.Errorf("%d feature names, want %d, one a feature", n, features)
	}
	if n := len(a.classNames); n != 0 && n != outputs && !(n == 2 && outputs == 1) {
		return fmt.Errorf("%d class names, want %d, one an output (or 2 for one output)", n, outputs)
	}
	if n := len(a.targetNames); n != 0 && n != outputs {
		return fmt.Errorf("%d target names, want %d, one an output", n, outputs)
	}
	if a.image != (ImageShape{}) && !a.image.fits(features) {
		return fmt.Errorf("the image is %d×%d×%d, want %d values, one a feature", a.image.Height, a.image.Width, a.image.Channels, features)
	}
	if a.training != nil {
		return a.training.check()
	}
	return nil
}

// layerFields returns the name of l's type, its fields, which are set in a copy of l, and that copy.
func layerFields(l Layer) (name string, fields []jsonField, read func() Layer) {
	switch l := l.(type) {
	case Dense:
		return "dense", []jsonField{
			{"units", &l.Units},
			{"activation", &l.Activation},
			{"no_bias", &l.NoBias},
			{"weight_init", &l.WeightInit},
			{"bias_init", &l.BiasInit},
			{"weight_regularizer", &l.WeightRegularizer},
			{"bias_regularizer", &l.BiasRegularizer},
		}, func() Layer { return l }
	case BatchNorm:
		return "batch_norm", []jsonField{
			{"momentum", &l.Momentum},
			{"epsilon", &l.Epsilon},
			{"no_center", &l.NoCenter},
			{"no_scale", &l.NoScale},
		}, func() Layer { return l }
	case ActivationLayer:
		return "activation", []jsonField{{"activation", &l.Activation}}, func() Layer { return l }
	case Dropout:
		return "dropout", []jsonField{{"rate", &l.Rate}}, func() Layer { return l }
	case GaussianNoise:
		return "gaussian_noise", []jsonField{{"std_dev", &l.StdDev}}, func() Layer { return l }
	}
	panic(fmt.Sprintf("mlp: internal: no fields of %T", l))
}

// layerList is the layers of an architecture in JSON.
type layerList []Layer

func (l *layerList) appendJSON(b []byte) ([]byte, error) { return appendJSONList(b, *l, appendLayer) }

func (l *layerList) readJSON(j jsonReader) (err error) {
	*l, err = readJSONList(j, readLayer)
	return err
}

func appendLayer(b []byte, l Layer) ([]byte, error) {
	name, fields, _ := layerFields(l)
	return appendJSONFields(b, append([]jsonField{{"type", &name}}, fields...))
}

func readLayer(j jsonReader) (Layer, error) {
	var layer func() Layer
	err := j.tagged("type", func() ([]jsonField, error) {
		want, err := j.string()
		if err != nil {
			return nil, err
		}
		for _, l := range []Layer{Dense{}, BatchNorm{}, ActivationLayer{}, Dropout{}, GaussianNoise{}} {
			name, fields, read := layerFields(l)
			if name == want {
				layer = read
				return fields, nil
			}
		}
		return nil, fmt.Errorf("unknown layer type %.80q", want)
	})
	if err != nil {
		return nil, err
	}
	return layer(), nil
}

func (a *Activation) appendJSON(b []byte) ([]byte, error) {
	if *a == Linear {
		return b, nil
	}
	return appendJSONString(b, a.String())
}

func (a *Activation) readJSON(j jsonReader) error {
	name, err := j.string()
	if err != nil {
		return err
	}
	if *a, err = ParseActivation(name); err != nil {
		return fmt.Errorf("unknown activation %.80q", name)
	}
	return nil
}

func (i *Initializer) appendJSON(b []byte) ([]byte, error) {
	if *i == (Initializer{}) {
		return b, nil
	}
	return appendJSONString(b, i.String())
}

func (i *Initializer) readJSON(j jsonReader) error {
	name, err := j.string()
	if err != nil {
		return err
	}
	*i, err = parseInitializer(name)
	return err
}

// parseInitializer returns the initializer that String names.
func parseInitializer(name string) (Initializer, error) {
	if value, ok := strings.CutPrefix(name, "constant("); ok {
		v, err := strconv.ParseFloat(strings.TrimSuffix(value, ")"), 32)
		if i := Constant(v); err == nil && i.String() == name && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return i, nil
		}
	} else if kind := slices.Index(initializerNames[:], name); kind > int(initDefault) && kind != int(initConstant) {
		return Initializer{kind: initializerKind(kind)}, nil
	}
	return Initializer{}, fmt.Errorf("unknown initializer %.80q", name)
}

func (r *Regularizer) fields() []jsonField { return []jsonField{{"l1", &r.L1}, {"l2", &r.L2}} }

func (r *Regularizer) appendJSON(b []byte) ([]byte, error) {
	if *r == (Regularizer{}) {
		return b, nil
	}
	return appendJSONFields(b, r.fields())
}

func (r *Regularizer) readJSON(j jsonReader) error { return j.fields(r.fields()) }

func (s *ImageShape) fields() []jsonField {
	return []jsonField{{"height", &s.Height}, {"width", &s.Width}, {"channels", &s.Channels}}
}

func (s *ImageShape) appendJSON(b []byte) ([]byte, error) {
	if *s == (ImageShape{}) {
		return b, nil
	}
	return appendJSONFields(b, s.fields())
}

func (s *ImageShape) readJSON(j jsonReader) error { return j.fields(s.fields()) }

// checkTensors compares the tensors of a file with the architecture, before anything is allocated for its layers. It
// returns each layer's tensors, by their names within the layer, and those of the self-test, if there is one.
func (a *architecture) checkTensors(stored []*storedTensor, tensors []Tensor) (weights [][]Tensor, test []Tensor, err error) {
	if a.features < 1 || a.features > maxUnits {
		return nil, nil, fmt.Errorf("features is %d, want 1 <= features <= %d", a.features, maxUnits)
	}
	place := make(map[string]int, len(stored))
	values := 0
	for i, t := range stored {
		place[t.name] = i
		values += t.count
	}
	// Each feature and each unit has a value in the file at least, which bounds what compile allocates.
	if a.features > values {
		return nil, nil, fmt.Errorf("%d features, but all tensors of the file hold %d values", a.features, values)
	}
	weights = make([][]Tensor, len(a.layers))
	inputs := a.features
	for i, l := range a.layers {
		if d, ok := l.(Dense); ok && d.Units > values {
			return nil, nil, fmt.Errorf("layer %d (%T): %d units, but all tensors of the file hold %d values", i, l, d.Units, values)
		}
		s, err := l.compile(inputs)
		if err != nil {
			return nil, nil, fmt.Errorf("layer %d (%T): %w", i, l, err)
		}
		for _, want := range s.arrays() {
			name := tensorName(i, want.Name)
			at, ok := place[name]
			if !ok {
				return nil, nil, fmt.Errorf("layer %d (%T): want a tensor %q of shape %v, the file has none", i, l, name, want.Shape)
			}
			t := stored[at]
			t.used = true
			if t.dtype != dtypeF32 || !slices.Equal(t.shape, want.Shape) {
				return nil, nil, fmt.Errorf("layer %d (%T): tensor %q is %s of shape %s, want %s of shape %v",
					i, l, name, t.dtype, shapeString(t.shape), dtypeF32, want.Shape)
			}
			want.Values = tensors[at].Values
			weights[i] = append(weights[i], want)
		}
		inputs = s.units
	}
	if err := a.check(inputs); err != nil {
		return nil, nil, err
	}
	if a.version > 1 {
		test, err = a.checkSelfTest(stored, tensors, place, inputs)
		if err != nil {
			return nil, nil, err
		}
	}
	for _, t := range stored {
		if !t.used {
			return nil, nil, fmt.Errorf("tensor %.80q belongs to none of the %d layers", t.name, len(a.layers))
		}
	}
	digest := newXXH64()
	for _, t := range tensors {
		digest.write(t.Values)
	}
	if got := digest.String(); a.digest != "" && got != a.digest {
		return nil, nil, fmt.Errorf("the tensors' digest is %s, want %.80s: the file was changed", got, a.digest)
	}
	return weights, test, nil
}

// tensorName returns the name in a model file of a layer's array.
func tensorName(layer int, array string) string { return strconv.Itoa(layer) + "." + array }

// arrays returns the names and shapes of what Network.Weights returns for the layer.
func (s *stage) arrays() []Tensor {
	var list []Tensor
	for _, t := range s.tensors {
		if !t.absent {
			list = append(list, Tensor{Name: t.name, Shape: t.shape})
		}
	}
	if s.op == opBatchNorm {
		shape := []int{s.units}
		list = append(list, Tensor{Name: nameMovingMean, Shape: shape}, Tensor{Name: nameMovingVariance, Shape: shape})
	}
	return list
}
