package mlp

import (
	"fmt"
	"slices"
	"strconv"
)

// Classification is what a network takes a row for.
type Classification struct {
	Class         int       `json:"class"`         // the most probable one, the first of equals
	Name          string    `json:"name"`          // its name, or its number where the network has no ClassNames
	Probabilities []float32 `json:"probabilities"` // of all classes, in the order of Network.Classes
}

// Classify returns the class of each row, with the probabilities of all classes. It takes raw rows, as PredictRaw does:
// x [rows, features] before the Scaler. It is safe to call from many goroutines.
//
// A network classifies if its last activation is Softmax or LogSoftmax, or Sigmoid with one output, the probability of the
// second of two classes. A linear last layer counts as logits where there are ClassNames, and as a regression else. Of any
// other network it is an error: its outputs are no probabilities of classes that exclude each other.
func (n *Network) Classify(x []float32) ([]Classification, error) {
	names := n.Classes()
	if names == nil {
		return nil, fmt.Errorf("mlp: Classify: the network is no classifier: its %d outputs, by activation %v, are no probabilities of classes; "+
			"PredictRaw returns them as they are", n.Outputs(), n.lastActivation())
	}
	outputs, err := n.PredictRaw(x)
	if err != nil {
		return nil, err
	}
	n.toProbabilities(outputs)
	units := n.Outputs()
	list := make([]Classification, len(outputs)/units)
	for r := range list {
		p := outputs[r*units:][:units:units]
		if units == 1 {
			p = []float32{1 - p[0], p[0]}
		}
		class := argmax(p)
		list[r] = Classification{class, names[class], p}
	}
	return list, nil
}

// Classes returns the names of the classes that Classify tells apart: ClassNames, or numbers in their place. It is nil for a
// network that is no classifier.
func (n *Network) Classes() []string {
	count := 0
	switch act := n.lastActivation(); {
	case n.Outputs() == 1:
		if act == Sigmoid || act == Linear && len(n.ClassNames) == 2 {
			count = 2
		}
	case act == Softmax, act == LogSoftmax, act == Linear && n.ClassNames != nil:
		count = n.Outputs()
	}
	if count == 0 {
		return nil
	}
	if len(n.ClassNames) == count {
		return slices.Clone(n.ClassNames)
	}
	names := make([]string, count)
	for class := range names {
		names[class] = strconv.Itoa(class)
	}
	return names
}

// lastActivation returns the activation that gives the network's outputs.
func (n *Network) lastActivation() Activation {
	return n.stages[len(n.stages)-1].act // linear for a BatchNorm
}

// toProbabilities turns a classifier's outputs into probabilities, in place.
func (n *Network) toProbabilities(outputs []float32) {
	units := n.Outputs()
	switch act := n.lastActivation(); {
	case act == LogSoftmax:
		for i, v := range outputs {
			outputs[i] = exp32(v)
		}
	case act == Linear && units == 1:
		for i, v := range outputs {
			outputs[i] = sigmoid32(v)
		}
	case act == Linear:
		for r := 0; r < len(outputs); r += units {
			softmaxRow(outputs[r:][:units])
		}
	}
}
