package mlp

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// A model file carries a few raw rows and the outputs that the network that was saved computes for them, so that Load
// finds out whether the network that it has read computes the same here. docs/FORMAT.md describes both tensors.
const (
	selfTestRows    = 4  // that Save writes
	maxSelfTestRows = 16 // that Load takes: each costs a prediction
	maxSelfTestWork = 1 << 26
	selfTestInputs  = "self_test.inputs"
	selfTestOutputs = "self_test.outputs"
)

// SelfTestError tells that a network computes other bits than the one that was saved: the file was changed, or this
// machine computes wrongly.
type SelfTestError struct {
	Row, Output int     // from 0
	Want, Got   float32 // the output in the file, and here
	Kernel      string
}

func (e *SelfTestError) Error() string {
	return fmt.Sprintf("self-test: output %d of row %d is %v (bits %08x), want %v (bits %08x); either the file was changed, "+
		"or kernel %q computes wrongly here", e.Output, e.Row, e.Got, math.Float32bits(e.Got), e.Want, math.Float32bits(e.Want), e.Kernel)
}

// selfTest returns the tensors for Save, the same for the same network. There are none if the Scaler refuses the rows that
// its own numbers give, or where Load would find it too long.
func (n *Network) selfTest() []Tensor {
	d := &Dataset{Features: n.features, X: make([]float32, selfTestRows*n.features)}
	rng := rand.NewPCG(0, streamSelfTest)
	for i := range d.X {
		d.X[i] = float32(rng.Uint64()>>40)*0x1p-23 - 1 // [-1, 1)
	}
	if err := undo(n.Scaler, d); err != nil || n.selfTestWork(selfTestRows, d.Features) > maxSelfTestWork {
		return nil
	}
	outputs, err := n.PredictRaw(d.X)
	if err != nil {
		return nil
	}
	return []Tensor{
		{selfTestInputs, []int{selfTestRows, d.Features}, canonicalNaNs(d.X)},
		{selfTestOutputs, []int{selfTestRows, n.Outputs()}, canonicalNaNs(outputs)},
	}
}

// undo makes raw rows of rows for the network, as far as each step can be undone: the steps whose results the network
// sees again need not be those of d. The last row gets a missing value where one may be.
func undo(p Preprocessor, d *Dataset) error {
	switch p := p.(type) {
	case nil, *Normalizer: // takes any row
	case *SimpleImputer:
		d.X[len(d.X)-1] = float32(math.NaN())
	case Pipeline:
		for _, step := range slices.Backward(p) {
			if err := undo(step, d); err != nil {
				return err
			}
		}
	default:
		return p.InverseTransform(d)
	}
	return nil
}

// canonicalNaNs replaces each NaN by the one of float32(math.NaN()): their bits differ among platforms.
func canonicalNaNs(x []float32) []float32 {
	for i, v := range x {
		if v != v {
			x[i] = math.Float32frombits(0x7fc00000)
		}
	}
	return x
}

// checkSelfTest returns the self-test's tensors, or nil if there is none.
func (a *architecture) checkSelfTest(stored []*storedTensor, tensors []Tensor, place map[string]int, outputs int) ([]Tensor, error) {
	features, err := a.rawFeatures()
	if err != nil {
		return nil, err
	}
	var test []Tensor
	for _, want := range []struct {
		name    string
		columns int
	}{{selfTestInputs, features}, {selfTestOutputs, outputs}} {
		at, ok := place[want.name]
		if !ok {
			continue
		}
		t := stored[at]
		t.used = true
		if t.dtype != dtypeF32 || len(t.shape) != 2 || t.shape[0] < 1 || t.shape[0] > maxSelfTestRows || t.shape[1] != want.columns {
			return nil, fmt.Errorf("tensor %q is %s of shape %s, want %s of shape [rows %d], 1 to %d rows",
				want.name, t.dtype, shapeString(t.shape), dtypeF32, want.columns, maxSelfTestRows)
		}
		test = append(test, tensors[at])
	}
	if len(test) == 1 || len(test) == 2 && test[0].Shape[0] != test[1].Shape[0] {
		return nil, fmt.Errorf("want tensors %q and %q with a row each for the other's, or neither", selfTestInputs, selfTestOutputs)
	}
	return test, nil
}

// selfTestWork returns how many numbers a self-test of raw rows computes in layers and steps of which a file holds no
// numbers, so that it can list any number of them.
func (n *Network) selfTestWork(rows, features int) float64 {
	work := 0.0
	for i := range n.stages {
		if s := &n.stages[i]; len(s.arrays()) == 0 {
			work += float64(s.units)
		}
	}
	if steps, ok := n.Scaler.(Pipeline); ok {
		work += float64(float64(len(steps)) * float64(max(features, n.features)))
	}
	return work * float64(rows)
}

// verify computes the rows of a file, and compares.
func (n *Network) verify(inputs, outputs []float32) error {
	rows := len(outputs) / n.Outputs()
	if n.selfTestWork(rows, len(inputs)/rows) > maxSelfTestWork {
		return fmt.Errorf("self-test: %d rows are too many for %d layers and the scaler", rows, len(n.layers))
	}
	got, err := n.PredictRaw(inputs)
	if err != nil {
		return fmt.Errorf("self-test: %w", err)
	}
	canonicalNaNs(got)
	for i, want := range canonicalNaNs(outputs) {
		if math.Float32bits(got[i]) != math.Float32bits(want) {
			return &SelfTestError{i / n.Outputs(), i % n.Outputs(), want, got[i], n.Kernel()}
		}
	}
	return nil
}
