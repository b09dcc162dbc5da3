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
	features     int
	layers       []Layer
	featureNames []string
	classNames   []string
	scaler       Preprocessor
}

// formatVersion is the version of the architecture's JSON that Save writes. Load reads this one and all before it.
const formatVersion = 1

// appendJSON appends the architecture as JSON.
func (a *architecture) appendJSON(b []byte) ([]byte, error) {
	version := formatVersion
	return appendJSONFields(b, append([]jsonField{intField("version", &version)}, a.fields()...))
}

// readArchitecture reads the architecture's JSON.
func readArchitecture(text string) (*architecture, error) {
	var a architecture
	err := readJSON([]byte(text), func(j jsonReader) error {
		return j.tagged("version", func() ([]jsonField, error) {
			version, err := j.int()
			if err == nil && version != formatVersion {
				err = fmt.Errorf("this release reads format version %d, the file has version %d", formatVersion, version)
			}
			return a.fields(), err
		})
	})
	return &a, err
}

func (a *architecture) fields() []jsonField {
	return []jsonField{
		intField("features", &a.features),
		listField("layers", &a.layers, appendLayer, readLayer),
		listField("feature_names", &a.featureNames, appendJSONString, jsonReader.string),
		listField("class_names", &a.classNames, appendJSONString, jsonReader.string),
		{"scaler", a.scaler == nil,
			func(b []byte) ([]byte, error) { return appendPreprocessor(b, a.scaler) },
			func(j jsonReader) (err error) { a.scaler, err = readPreprocessor(j, true); return err },
		},
	}
}

// check returns an error unless the names and the scaler fit the network.
func (a *architecture) check(outputs int) error {
	features := a.features // of the rows before the scaler
	if a.scaler != nil {
		n, given, err := a.scaler.fitted()
		if err != nil {
			return fmt.Errorf("scaler: %w", err)
		}
		if given != a.features {
			return fmt.Errorf("the scaler gives %d features, want %d", given, a.features)
		}
		features = n
	}
	if n := len(a.featureNames); n != 0 && n != features {
		return fmt.Errorf("%d feature names, want %d, one a feature", n, features)
	}
	if n := len(a.classNames); n != 0 && n != outputs && !(n == 2 && outputs == 1) {
		return fmt.Errorf("%d class names, want %d, one an output (or 2 for one output)", n, outputs)
	}
	return nil
}

// typeField is the first member of a layer or scaler.
func typeField(name string) jsonField { return scalarField("type", &name, appendJSONString, nil) }

// layerFields returns the name of l's type, its fields, which are set in a copy of l, and that copy.
func layerFields(l Layer) (name string, fields []jsonField, read func() Layer) {
	switch l := l.(type) {
	case Dense:
		return "dense", []jsonField{
			intField("units", &l.Units),
			activationField(&l.Activation),
			boolField("no_bias", &l.NoBias),
			initializerField("weight_init", &l.WeightInit),
			initializerField("bias_init", &l.BiasInit),
			regularizerField("weight_regularizer", &l.WeightRegularizer),
			regularizerField("bias_regularizer", &l.BiasRegularizer),
		}, func() Layer { return l }
	case BatchNorm:
		return "batch_norm", []jsonField{
			floatField("momentum", &l.Momentum),
			floatField("epsilon", &l.Epsilon),
			boolField("no_center", &l.NoCenter),
			boolField("no_scale", &l.NoScale),
		}, func() Layer { return l }
	case ActivationLayer:
		return "activation", []jsonField{activationField(&l.Activation)}, func() Layer { return l }
	case Dropout:
		return "dropout", []jsonField{floatField("rate", &l.Rate)}, func() Layer { return l }
	case GaussianNoise:
		return "gaussian_noise", []jsonField{floatField("std_dev", &l.StdDev)}, func() Layer { return l }
	}
	panic(fmt.Sprintf("mlp: internal: no fields of %T", l))
}

func appendLayer(b []byte, l Layer) ([]byte, error) {
	name, fields, _ := layerFields(l)
	return appendJSONFields(b, append([]jsonField{typeField(name)}, fields...))
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

func activationField(a *Activation) jsonField {
	return scalarField("activation", a,
		func(b []byte, a Activation) ([]byte, error) { return appendJSONString(b, a.String()) },
		func(j jsonReader) (Activation, error) {
			name, err := j.string()
			if err != nil {
				return Linear, err
			}
			a, err := ParseActivation(name)
			if err != nil {
				err = fmt.Errorf("unknown activation %.80q", name)
			}
			return a, err
		})
}

func initializerField(key string, i *Initializer) jsonField {
	return scalarField(key, i,
		func(b []byte, i Initializer) ([]byte, error) { return appendJSONString(b, i.String()) },
		func(j jsonReader) (Initializer, error) {
			name, err := j.string()
			if err != nil {
				return Initializer{}, err
			}
			return parseInitializer(name)
		})
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

func regularizerField(key string, r *Regularizer) jsonField {
	fields := []jsonField{floatField("l1", &r.L1), floatField("l2", &r.L2)}
	return jsonField{key, *r == Regularizer{},
		func(b []byte) ([]byte, error) { return appendJSONFields(b, fields) },
		func(j jsonReader) error {
			return j.object(func(key string) error { return j.readField(key, fields) })
		},
	}
}

// checkLayers compares the tensors of a file with the layers, before anything is allocated for these. It returns each
// layer's tensors, by their names within the layer.
func (a *architecture) checkLayers(stored []storedTensor, tensors []Tensor) ([][]Tensor, error) {
	if a.features < 1 || a.features > maxUnits {
		return nil, fmt.Errorf("features is %d, want 1 <= features <= %d", a.features, maxUnits)
	}
	place := make(map[string]int, len(stored))
	values := 0
	for i, t := range stored {
		place[t.name] = i
		values += t.count
	}
	// Each feature and each unit has a value in the file at least, which bounds what compile allocates.
	if a.features > values {
		return nil, fmt.Errorf("%d features, but all tensors of the file hold %d values", a.features, values)
	}
	weights := make([][]Tensor, len(a.layers))
	inputs := a.features
	for i, l := range a.layers {
		if d, ok := l.(Dense); ok && d.Units > values {
			return nil, fmt.Errorf("layer %d (%T): %d units, but all tensors of the file hold %d values", i, l, d.Units, values)
		}
		s, err := l.compile(inputs)
		if err != nil {
			return nil, fmt.Errorf("layer %d (%T): %w", i, l, err)
		}
		for _, want := range s.arrays() {
			name := tensorName(i, want.Name)
			at, ok := place[name]
			if !ok {
				return nil, fmt.Errorf("layer %d (%T): want a tensor %q of shape %v, the file has none", i, l, name, want.Shape)
			}
			delete(place, name)
			if t := &stored[at]; t.dtype != dtypeF32 || !slices.Equal(t.shape, want.Shape) {
				return nil, fmt.Errorf("layer %d (%T): tensor %q is %s of shape %s, want %s of shape %v",
					i, l, name, t.dtype, shapeString(t.shape), dtypeF32, want.Shape)
			}
			want.Values = tensors[at].Values
			weights[i] = append(weights[i], want)
		}
		inputs = s.units
	}
	for _, t := range stored {
		if _, left := place[t.name]; left {
			return nil, fmt.Errorf("tensor %.80q belongs to none of the %d layers", t.name, len(a.layers))
		}
	}
	return weights, a.check(inputs)
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
