package mlp

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// identityNetwork returns a network whose outputs are the activation of its inputs.
func identityNetwork(t *testing.T, size int, act Activation) *Network {
	t.Helper()
	n, err := New(size, Dense{Units: size, NoBias: true}, ActivationLayer{act})
	if err != nil {
		t.Fatal(err)
	}
	w := make([]float32, size*size)
	for i := range size {
		w[i*size+i] = 1
	}
	if err := n.SetWeights(0, Tensor{"weights", []int{size, size}, w}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestClassify(t *testing.T) {
	three := []string{"ant", "bee", "cat"}
	// e^0, e^1, e^2 over their sum.
	p := []float64{0.09003057317038046, 0.24472847105479764, 0.6652409557748218}
	sigmoid2 := 1 / (1 + math.Exp(-2))
	for _, c := range []struct {
		name  string
		act   Activation
		names []string
		x     []float32 // one row
		class int
		want  []float64
	}{
		{"softmax", Softmax, three, []float32{1, 2, 0}, 1, []float64{p[1], p[2], p[0]}},
		{"softmax without names", Softmax, nil, []float32{0, 1, 2}, 2, p},
		{"log-softmax", LogSoftmax, three, []float32{2, 1, 0}, 0, []float64{p[2], p[1], p[0]}},
		{"logits", Linear, three, []float32{10, 12, 11}, 1, []float64{p[0], p[2], p[1]}},
		{"equal", Softmax, three, []float32{1, 1, 1}, 0, []float64{1. / 3, 1. / 3, 1. / 3}},
		{"sigmoid", Sigmoid, three[:2], []float32{2}, 1, []float64{1 - sigmoid2, sigmoid2}},
		{"sigmoid without names", Sigmoid, nil, []float32{-2}, 0, []float64{sigmoid2, 1 - sigmoid2}},
		{"sigmoid in the middle", Sigmoid, nil, []float32{0}, 0, []float64{0.5, 0.5}},
		{"one logit", Linear, three[:2], []float32{2}, 1, []float64{1 - sigmoid2, sigmoid2}},
	} {
		n := identityNetwork(t, len(c.x), c.act)
		n.ClassNames = c.names
		n.Scaler = &MaxAbsScaler{Scale: slices.Repeat([]float64{2}, len(c.x))}
		var x []float32
		for range 2 {
			for _, v := range c.x {
				x = append(x, 2*v)
			}
		}
		got, err := n.Classify(x)
		if err != nil || len(got) != 2 {
			t.Errorf("%s: %v, error %v", c.name, got, err)
			continue
		}
		for _, g := range got {
			name := []string{"0", "1", "2"}[c.class]
			if c.names != nil {
				name = c.names[c.class]
			}
			if g.Class != c.class || g.Name != name || len(g.Probabilities) != len(c.want) || len(n.Classes()) != len(c.want) {
				t.Errorf("%s: %+v, want class %d, %q", c.name, g, c.class, name)
				continue
			}
			for i, want := range c.want {
				if got := float64(g.Probabilities[i]); math.Abs(got-want) > 1e-6 { // a few roundings of float32
					t.Errorf("%s: probability %d is %v, want %v", c.name, i, got, want)
				}
			}
		}
		if got[0].Probabilities = append(got[0].Probabilities, 9); got[1].Probabilities[0] == 9 {
			t.Errorf("%s: the rows share memory", c.name)
		}
	}
}

func TestClassifyErrors(t *testing.T) {
	for _, c := range []struct {
		size  int
		act   Activation
		names []string
		want  string
	}{
		{1, Linear, nil, "no classifier: its 1 outputs, by activation linear"},
		{3, Linear, nil, "PredictRaw returns them as they are"},
		{3, Sigmoid, []string{"a", "b", "c"}, "activation sigmoid"},
		{2, ReLU, []string{"a", "b"}, "activation relu"},
		{1, Linear, []string{"a"}, "no classifier"},
		{1, Softmax, nil, "no classifier"},
	} {
		n := identityNetwork(t, c.size, c.act)
		n.ClassNames = c.names
		_, err := n.Classify(make([]float32, c.size))
		refused(t, c.want, err, c.want)
		if n.Classes() != nil {
			t.Errorf("%d %v: classes %q", c.size, c.act, n.Classes())
		}
	}
	n := identityNetwork(t, 3, Softmax)
	if _, err := n.Classify(make([]float32, 4)); err == nil || !strings.Contains(err.Error(), "x has 4 values") {
		t.Errorf("4 values: error %v", err)
	}
}

func TestImageConfig(t *testing.T) {
	n := identityNetwork(t, 12, Softmax)
	for _, c := range []struct {
		image ImageShape
		want  ImageConfig
	}{
		{ImageShape{3, 4, 1}, ImageConfig{Height: 3, Width: 4, Gray: true}},
		{ImageShape{2, 2, 3}, ImageConfig{Height: 2, Width: 2}},
		{ImageShape{}, ImageConfig{}},
	} {
		n.Image = c.image
		if got := n.ImageConfig(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %+v, want %+v", c.image, got, c.want)
		}
	}
}
