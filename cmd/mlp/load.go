package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx"
)

// modelFormat is a kind of file that holds a network.
type modelFormat string

const (
	noFormat      modelFormat = ""
	formatMLP     modelFormat = "mlp"     // safetensors with everything that a network is
	formatWeights modelFormat = "weights" // safetensors of PyTorch or Keras, which hold weights alone
	formatONNX    modelFormat = "ONNX"
)

// layerFlags tell what a file of weights does not: which layers they are of.
type layerFlags struct {
	Layers           []string `group:"model" placeholder:"MODULE:ACTIVATION" help:"The layers in a safetensors file of PyTorch or Keras, in order, each with the activation behind it: 0:relu,2:softmax."`
	Classes          []string `group:"model" placeholder:"NAME" help:"Names of the classes, where the file has none; the outputs are logits then, unless an activation makes them probabilities."`
	BatchNormEpsilon float64  `group:"model" hidden:"" placeholder:"NUMBER" help:"Added to the variance by the file's batch normalisations. (default 0.00001 of PyTorch, 0.001 of Keras)"`
}

// formatOf tells a file's format by its first bytes.
func formatOf(data []byte) modelFormat {
	const most = 100_000_000 // bytes of a safetensors header
	switch {
	case len(data) > 8 && data[8] == '{' && binary.LittleEndian.Uint64(data) <= most:
		return formatWeights
	case bytes.HasPrefix(data, []byte("\x89HDF")), bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return noFormat
	}
	return formatONNX // which has no mark
}

// load reads a network from a file of any format, told by its content.
func (f layerFlags) load(path string) (*mlp.Network, modelFormat, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, noFormat, err
	}
	format := formatOf(data)
	var n *mlp.Network
	switch format {
	case noFormat:
		return nil, format, fmt.Errorf("%s is a file of HDF5 or PyTorch's own format, or an archive; docs/FORMAT.md tells how"+
			" Python writes its weights as safetensors", path)
	case formatWeights:
		var tensors []mlp.Tensor
		var metadata map[string]string
		if tensors, metadata, err = mlp.ReadSafetensors(bytes.NewReader(data)); err != nil {
			break
		}
		if _, own := metadata["mlp"]; own {
			format = formatMLP
			n, err = mlp.Load(bytes.NewReader(data))
			break
		}
		n, err = f.weights(data, tensors)
	case formatONNX:
		if n, err = onnx.ReadFile(path); err != nil { // names the file
			return nil, format, err
		}
	}
	if err == nil && len(f.Classes) > 0 {
		err = f.nameClasses(n)
	}
	if err == nil && format != formatWeights && (len(f.Layers) > 0 || f.BatchNormEpsilon != 0) {
		err = errors.New("--layers and --batch-norm-epsilon are for files that hold weights alone, and this one has its layers")
	}
	if err != nil {
		return nil, format, fmt.Errorf("%s: %w", path, err)
	}
	return n, format, nil
}

// nameClasses gives the network the names of the flag.
func (f layerFlags) nameClasses(n *mlp.Network) error {
	n.ClassNames = f.Classes
	if classes := n.Classes(); len(classes) != len(f.Classes) {
		n.ClassNames = nil
		return fmt.Errorf("--classes has %d names, which the %d outputs of the network are not the probabilities of", len(f.Classes),
			n.Outputs())
	}
	return nil
}

// weights makes a network of the layers that the flags name and the tensors of a file.
func (f layerFlags) weights(data []byte, tensors []mlp.Tensor) (*mlp.Network, error) {
	modules := modulesOf(tensors)
	var names []string
	for _, m := range modules {
		names = append(names, m.name)
	}
	switch {
	case len(modules) == 0:
		return nil, errors.New("it holds no layers by the names that PyTorch and Keras give them")
	case len(f.Layers) == 0:
		return nil, fmt.Errorf("it holds weights alone; name its layers in order, and the activations behind them: --layers=%s",
			strings.Join(names, ":ACTIVATION,")+":ACTIVATION")
	}
	var layers []mlp.Layer
	var stored []mlp.StoredLayer
	features := 0
	for _, text := range f.Layers {
		name, activation, act := text, "", mlp.Linear
		if at := strings.LastIndexByte(text, ':'); at >= 0 {
			name, activation = text[:at], text[at+1:]
			var err error
			if act, err = mlp.ParseActivation(activation); err != nil {
				return nil, fmt.Errorf("--layers: %s: %w", text, err)
			}
		}
		i := slices.IndexFunc(modules, func(m module) bool { return m.name == name })
		if i < 0 {
			return nil, unknown("layer of --layers", name, names)
		}
		m := modules[i]
		if features == 0 {
			features = m.inputs
		}
		layers = append(layers, m.layers(act, f.BatchNormEpsilon)...)
		stored = append(stored, m.stored)
	}
	n, err := mlp.New(features, layers...)
	if err != nil {
		return nil, err
	}
	return n, n.ReadWeights(bytes.NewReader(data), stored...)
}

// module is a layer with weights in a file of PyTorch or Keras.
type module struct {
	name          string
	stored        mlp.StoredLayer
	arrays        map[string]bool // the names of its tensors in the file
	inputs, units int
}

// modulesOf returns the layers that tensors belong to by their names, in the order that numbers in the names give.
func modulesOf(tensors []mlp.Tensor) []module {
	var list []module
	arrays := make(map[string]bool)
	for _, t := range tensors {
		arrays[t.Name] = true
	}
	for _, t := range tensors {
		m := module{arrays: arrays}
		for _, style := range []struct {
			suffix string
			names  func(string) mlp.StoredLayer
			shape  int // sides
		}{
			{".weight", mlp.PyTorchLayer, 2}, {".running_mean", mlp.PyTorchLayer, 1},
			{"/kernel", mlp.KerasLayer, 2}, {"/moving_mean", mlp.KerasLayer, 1},
		} {
			if name, found := strings.CutSuffix(t.Name, style.suffix); found && len(t.Shape) == style.shape {
				m.name, m.stored = name, style.names(name)
				m.inputs, m.units = t.Shape[0], t.Shape[len(t.Shape)-1]
				if m.stored.Transposed {
					m.inputs, m.units = m.units, m.inputs
				}
				list = append(list, m)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b module) int { return compareNatural(a.name, b.name) })
	return list
}

// layers returns the layers of the module and the activation behind it.
func (m module) layers(act mlp.Activation, epsilon float64) []mlp.Layer {
	if !m.arrays[m.stored.MovingMean] {
		return []mlp.Layer{mlp.Dense{Units: m.units, Activation: act, NoBias: !m.arrays[m.stored.Bias]}}
	}
	if epsilon == 0 && m.stored.Transposed { // PyTorch's default, and else Keras's
		epsilon = 1e-5
	}
	norm := mlp.BatchNorm{Epsilon: epsilon, NoScale: !m.arrays[m.stored.Gamma], NoCenter: !m.arrays[m.stored.Beta]}
	if act == mlp.Linear {
		return []mlp.Layer{norm}
	}
	return []mlp.Layer{norm, mlp.ActivationLayer{Activation: act}}
}

// compareNatural compares texts by their bytes, but runs of digits as numbers: layer 10 comes after layer 2.
func compareNatural(a, b string) int {
	for a != "" && b != "" {
		if n, m := digits(a), digits(b); n > 0 && m > 0 {
			x, y := strings.TrimLeft(a[:n], "0"), strings.TrimLeft(b[:m], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[n:], b[m:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits returns the length of the run of digits that the text begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
