package mlp

import (
	"fmt"
	"io"
	"slices"
)

// StoredLayer tells by which names another program's safetensors file holds a layer's arrays. A layer without one of the
// arrays needs no name for it; where it has a name none the less, the file must not hold that array.
type StoredLayer struct {
	Weights, Bias string // of a Dense
	Transposed    bool   // Weights are stored as [units, inputs]

	Gamma, Beta                string // of a BatchNorm
	MovingMean, MovingVariance string
}

// PyTorchLayer returns the names that PyTorch gives to the arrays of a module: nn.Linear, or nn.BatchNorm1d, whose
// epsilon is 1e-5 where BatchNorm's is 1e-3. The modules of an nn.Sequential are called "0", "1", …
func PyTorchLayer(module string) StoredLayer {
	return StoredLayer{
		Weights: module + ".weight", Bias: module + ".bias", Transposed: true,
		Gamma: module + ".weight", Beta: module + ".bias",
		MovingMean: module + ".running_mean", MovingVariance: module + ".running_var",
	}
}

// KerasLayer returns the names "dense/kernel", "dense/bias" of the arrays of Keras's layer "dense", and the like for
// BatchNormalization.
func KerasLayer(layer string) StoredLayer {
	return StoredLayer{
		Weights: layer + "/kernel", Bias: layer + "/bias", Gamma: layer + "/gamma", Beta: layer + "/beta",
		MovingMean: layer + "/moving_mean", MovingVariance: layer + "/moving_variance",
	}
}

// name returns the stored name of an array of a layer.
func (s *StoredLayer) name(array string) string {
	switch array {
	case nameWeights:
		return s.Weights
	case nameBias:
		return s.Bias
	case nameGamma:
		return s.Gamma
	case nameBeta:
		return s.Beta
	case nameMovingMean:
		return s.MovingMean
	case nameMovingVariance:
		return s.MovingVariance
	}
	panic("mlp: internal: no stored name of " + array)
}

// arrayNames returns the names of all arrays that a layer can have, whether or not some were left out.
func (op operation) arrayNames() []string {
	switch op {
	case opDense:
		return []string{nameWeights, nameBias}
	case opBatchNorm:
		return []string{nameGamma, nameBeta, nameMovingMean, nameMovingVariance}
	}
	return nil
}

// ReadWeights replaces the network's weights by those of a safetensors file that another program wrote, to the end of r:
// stored names them for each layer that has weights, in order. F16, BF16 and F32 are taken exactly, F64 is rounded once.
// Tensors that stored does not name are passed over. After an error the network is as it was.
//
// Such a file holds no architecture: layers, activations and epsilons are the caller's to give to New.
func (n *Network) ReadWeights(r io.Reader, stored ...StoredLayer) error {
	if err := n.readWeights(r, stored); err != nil {
		return fmt.Errorf("mlp: reading weights: %w", err)
	}
	return nil
}

func (n *Network) readWeights(r io.Reader, stored []StoredLayer) error {
	layers, err := n.weightLayers(stored)
	if err != nil {
		return err
	}
	headers, _, err := readSafetensorsHeader(r)
	if err != nil {
		return err
	}
	tensors, err := readSafetensorsData(r, headers)
	if err != nil {
		return err
	}
	place := make(map[string]int, len(tensors))
	for i, t := range tensors {
		place[t.Name] = i
	}
	c := n.Clone()
	for i, layer := range layers {
		arrays := n.stages[layer].arrays()
		for _, array := range n.stages[layer].op.arrayNames() {
			name := stored[i].name(array)
			at, found := place[name]
			found = found && name != ""
			j := slices.IndexFunc(arrays, func(a Tensor) bool { return a.Name == array })
			if j < 0 {
				if found {
					return fmt.Errorf("layer %d (%T) has no %s, but the file holds a tensor %q", layer, n.layers[layer], array, name)
				}
				continue
			}
			want := slices.Clone(arrays[j].Shape)
			transposed := array == nameWeights && stored[i].Transposed
			if transposed {
				slices.Reverse(want)
			}
			if !found {
				return fmt.Errorf("layer %d (%T): %s: want a tensor %q of shape %v, the file has none",
					layer, n.layers[layer], array, name, want)
			}
			if h := headers[at]; !h.isFloat() || !slices.Equal(h.shape, want) {
				return fmt.Errorf("layer %d (%T): %s: tensor %q is %s of shape %s, want floats of shape %v",
					layer, n.layers[layer], array, name, h.dtype, shapeString(h.shape), want)
			}
			values := tensors[at].Values
			if transposed {
				values = transpose(values, want[0], want[1])
			}
			if err := c.SetWeights(layer, Tensor{array, arrays[j].Shape, values}); err != nil {
				return fmt.Errorf("tensor %q: %w", name, err)
			}
		}
	}
	copy(n.params, c.params)
	copy(n.statistics, c.statistics)
	n.Training = nil
	return nil
}

// WriteWeights writes the network's weights as a safetensors file for another program: stored names them for each layer
// that has weights, in order.
func (n *Network) WriteWeights(w io.Writer, stored ...StoredLayer) error {
	layers, err := n.weightLayers(stored)
	if err != nil {
		return fmt.Errorf("mlp: writing weights: %w", err)
	}
	var tensors []Tensor
	for i, layer := range layers {
		for _, t := range n.Weights(layer) {
			if t.Name == nameWeights && stored[i].Transposed {
				t.Values = transpose(t.Values, t.Shape[0], t.Shape[1])
				slices.Reverse(t.Shape)
			}
			name := stored[i].name(t.Name)
			if name == "" {
				return fmt.Errorf("mlp: writing weights: layer %d (%T): want a name for its %s", layer, n.layers[layer], t.Name)
			}
			t.Name = name
			tensors = append(tensors, t)
		}
	}
	if err := writeSafetensors(w, tensors, map[string]string{"format": "pt"}); err != nil {
		return fmt.Errorf("mlp: writing weights: %w", err)
	}
	return nil
}

// weightLayers returns the indices of the layers that have weights, one for each of stored.
func (n *Network) weightLayers(stored []StoredLayer) ([]int, error) {
	var layers []int
	for i := range n.stages {
		if len(n.stages[i].op.arrayNames()) > 0 {
			layers = append(layers, i)
		}
	}
	if len(stored) != len(layers) {
		return nil, fmt.Errorf("names for %d layers, want %d, one a layer with weights", len(stored), len(layers))
	}
	return layers, nil
}

// transpose returns the transpose of values [rows, columns].
func transpose(values []float32, rows, columns int) []float32 {
	t := make([]float32, len(values))
	for r := range rows {
		for c := range columns {
			t[c*rows+r] = values[r*columns+c]
		}
	}
	return t
}
