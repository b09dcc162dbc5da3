package lab

import (
	"bytes"
	"math"

	"github.com/seed975aa5d7/mlp"
)

// Maps draws what a lab's network, and each of its hidden units, makes of the plane. A map has a byte for each cell of
// the view, row by row from the top left.
type Maps struct {
	lab       *Lab
	side      int // cells along an edge of the output's map
	unitSide  int // and of a unit's
	predictor *mlp.Predictor
	hidden    []*mlp.Network // each hidden segment as a network of its own
	hiddenP   []*mlp.Predictor
	places    []float32 // [side·side, 2]
	unitAt    []float32 // [unitSide·unitSide, 2]
	outputs   []float32
	values    [2][]float32 // outputs of the hidden segments, in turn
}

// NewMaps returns maps of side by side cells of the output, and of unitSide by unitSide of each hidden unit.
func NewMaps(l *Lab, side, unitSide int) (*Maps, error) {
	m := &Maps{
		lab: l, side: side, unitSide: unitSide, predictor: l.Network.NewPredictor(side * side),
		places: grid(side), unitAt: grid(unitSide), outputs: make([]float32, side*side*l.Network.Outputs()),
	}
	inputs := 2
	for k, units := range l.Config.Units {
		net, err := mlp.New(inputs, l.segments[k].predicting()...)
		if err != nil {
			return nil, err
		}
		m.hidden, m.hiddenP = append(m.hidden, net), append(m.hiddenP, net.NewPredictor(unitSide*unitSide))
		inputs = units
	}
	for i := range m.values {
		m.values[i] = make([]float32, unitSide*unitSide*MaxUnits)
	}
	return m, nil
}

// grid returns the middles of side by side cells of the view, [side·side, 2].
func grid(side int) []float32 {
	places := make([]float32, 0, 2*side*side)
	at := func(i int) float32 { return float32(View * (2*float64(i) + 1 - float64(side)) / float64(side)) }
	for row := range side {
		for column := range side {
			places = append(places, at(column), -at(row))
		}
	}
	return places
}

// Output returns the map of the network's output. Of two classes, a byte is the second's probability, 0 … 255; of a
// regression, the value from -1 to 1. Of more classes there are two maps, the class that wins and its probability.
func (m *Maps) Output() ([]byte, error) {
	if err := m.predictor.Predict(m.outputs, m.places); err != nil {
		return nil, err
	}
	cells := m.side * m.side
	n := m.lab.Network.Outputs()
	switch {
	case n > 1:
		b := make([]byte, 2*cells)
		for i := range cells {
			row := m.outputs[i*n:][:n]
			best := 0
			for k, v := range row {
				if v > row[best] {
					best = k
				}
			}
			b[i], b[cells+i] = byte(best), toByte(row[best], 0, 1)
		}
		return b, nil
	case m.lab.Classes == 2:
		return toBytes(nil, m.outputs, 0, 1), nil
	default:
		return toBytes(nil, m.outputs, -1, 1), nil
	}
}

// Units returns the maps of all hidden units, layer by layer. 128 stands for 0, or for 0.5 behind a sigmoid; the bounds
// are those of the activation or, where it has none, the largest value of the map. Behind weights that are not finite,
// all is 128.
func (m *Maps) Units() ([]byte, error) {
	cells := m.unitSide * m.unitSide
	var b []byte
	x := m.unitAt
	column := make([]float32, cells)
	for k, net := range m.hidden {
		for i := range net.Layers() {
			if net.SetWeights(i, m.lab.Network.Weights(m.lab.segments[k].first+i)...) != nil {
				return append(b, bytes.Repeat([]byte{128}, m.unitCount()*cells-len(b))...), nil
			}
		}
		units := m.lab.Config.Units[k]
		out := m.values[k%2][:cells*units]
		if err := m.hiddenP[k].Predict(out, x); err != nil {
			return nil, err
		}
		for u := range units {
			peak := float32(1e-3)
			for i := range column {
				column[i] = out[i*units+u]
				if a := max(column[i], -column[i]); a > peak {
					peak = a
				}
			}
			low, high := -peak, peak
			switch m.lab.Config.Activation {
			case "sigmoid":
				low, high = 0, 1
			case "tanh", "softsign":
				low, high = -1, 1
			}
			b = toBytes(b, column, low, high)
		}
		x = out
	}
	return b, nil
}

func (m *Maps) unitCount() int {
	n := 0
	for _, units := range m.lab.Config.Units {
		n += units
	}
	return n
}

// Weights returns the weights of each Dense, [inputs, units], first to last.
func (m *Maps) Weights() []float32 {
	var list []float32
	for _, s := range m.lab.segments {
		list = append(list, m.lab.Network.Weights(s.first)[0].Values...)
	}
	return list
}

func toBytes(b []byte, values []float32, low, high float32) []byte {
	for _, v := range values {
		b = append(b, toByte(v, low, high))
	}
	return b
}

// toByte maps low … high to 0 … 255 and bounds what lies beyond; NaN is in the middle.
func toByte(v, low, high float32) byte {
	share := float64(v-low) / float64(high-low)
	if math.IsNaN(share) {
		return 128
	}
	return byte(min(max(share, 0), 1)*255 + 0.5)
}
