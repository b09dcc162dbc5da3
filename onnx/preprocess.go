package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
)

// partial says what a value is on the way to a Where that fills in missing values or encodes categories. Such a value
// has no other use.
type partial struct {
	rows    *value  // that it is computed from
	missing bool    // IsNaN(rows)
	columns []int64 // columns of rows, …
	equals  *tensor // … compared with these, if not nil
}

func applyIsNaN(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	return &value{dtype: pb.TensorProto_BOOL, shape: x.shape, partial: &partial{rows: x, missing: true}}, nil
}

// applyGather reads a choice of columns.
func applyGather(g *graph, n *node) (*value, error) {
	x, err := n.rows()
	if err != nil {
		return nil, err
	}
	columns, err := n.constant(1, "list of columns")
	if err != nil {
		return nil, err
	}
	axis, err := n.int("axis", 0)
	if err != nil {
		return nil, err
	}
	if axis != 1 && axis != -1 || len(columns.shape) != 1 || columns.ints == nil {
		return nil, n.unsupported("want a list of columns and axis 1")
	}
	p := &partial{rows: x, columns: columns.ints}
	return &value{dtype: x.dtype, shape: []int{x.shape[0], len(p.columns)}, partial: p}, nil
}

// applyEqual reads the comparison of columns with categories.
func applyEqual(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	c, err := n.constant(1, "second operand")
	if err != nil {
		return nil, err
	}
	if x.partial == nil || x.partial.columns == nil || x.partial.equals != nil || c.floats == nil {
		return nil, n.unsupported("want columns of the input and the categories to compare them with")
	}
	if err := n.checkBroadcast(c, x); err != nil {
		return nil, err
	}
	p := *x.partial
	p.equals = c
	return &value{dtype: pb.TensorProto_BOOL, shape: x.shape, partial: &p}, nil
}

// applyWhere reads missing values that are filled in, as Where(IsNaN(x), c, x), or categories that are encoded, as
// Where(encoded columns, Cast(Equal(columns, categories)), columns).
func applyWhere(g *graph, n *node) (*value, error) {
	condition, a, b := n.inputs[0], n.inputs[1], n.inputs[2]
	if p := condition.partial; p != nil && p.missing && a.constant != nil && b == p.rows {
		if err := n.checkBroadcast(a.constant, b); err != nil {
			return nil, err
		}
		n.from = b
		n.steps = []step{{kind: stepImpute, node: n, c: a.constant, shape: b.shape[1:]}}
		return like(b), nil
	}
	if condition.constant == nil || a.partial == nil || a.partial.equals == nil || a.dtype != b.dtype ||
		b.partial == nil || b.partial.equals != nil || a.partial.rows != b.partial.rows ||
		b.dtype != b.partial.rows.dtype || !slices.Equal(a.partial.columns, b.partial.columns) {
		return nil, n.unsupported("only missing values may be filled in, and categories encoded")
	}
	rows := a.partial.rows
	encoder, err := n.encoder(rows.units(), a.partial, condition.constant)
	if err != nil {
		return nil, err
	}
	n.from = rows
	n.steps = []step{{kind: stepEncode, node: n, encoder: encoder, outputs: len(a.partial.columns)}}
	return &value{dtype: rows.dtype, shape: []int{rows.shape[0], len(a.partial.columns)}}, nil
}

// encoder returns the encoder that makes the columns of rows of that many features: flags of categories where encoded is
// true, and what the rows hold elsewhere. Every feature must have a column.
func (n *node) encoder(features int, p *partial, encoded *tensor) (*mlp.OneHotEncoder, error) {
	columns := len(p.columns)
	if len(encoded.ints) != columns || len(p.equals.floats) != columns || features < 1 || features > columns {
		return nil, n.unsupported("%d columns, %d categories and %d flags for %d features", columns, len(p.equals.floats),
			len(encoded.ints), features)
	}
	e := &mlp.OneHotEncoder{
		IgnoreUnknown: true, Categories: make([][]float64, features), CategoryNames: make([][]string, features),
	}
	for j := range features {
		e.FeatureNames = append(e.FeatureNames, fmt.Sprintf("x%d", j))
	}
	next := int64(0) // feature
	for i, j := range p.columns {
		again := j == next-1 && encoded.ints[i] != 0 && len(e.Categories[j]) > 0 &&
			p.equals.floats[i] > p.equals.floats[i-1]
		if !again && j != next {
			return nil, n.unsupported("columns %v of %d features, or their categories, are not in order",
				p.columns, features)
		}
		if j >= int64(features) || math.IsNaN(p.equals.floats[i]) {
			return nil, n.unsupported("columns %v of %d features", p.columns, features)
		}
		if encoded.ints[i] != 0 {
			e.Categories[j] = append(e.Categories[j], p.equals.floats[i])
		}
		next = j + 1
	}
	if next != int64(features) {
		return nil, n.unsupported("columns %v of %d features", p.columns, features)
	}
	return e, nil
}

// applyImputer reads the operator that fills in missing values.
func applyImputer(g *graph, n *node) (*value, error) {
	x := n.inputs[0]
	values, err := n.floats("imputed_value_floats")
	if err != nil {
		return nil, err
	}
	replaced, err := n.float("replaced_value_float", 0)
	if err != nil {
		return nil, err
	}
	if values == nil || !math.IsNaN(replaced) {
		return nil, n.unsupported("want floats that stand in for NaN, not for %v", replaced)
	}
	if err := n.checkBroadcast(values, x); err != nil {
		return nil, err
	}
	n.steps = []step{{kind: stepImpute, node: n, c: values, shape: x.shape[1:]}}
	return like(x), nil
}

// applyNormalizer reads the operator that scales rows to length 1. Its norm MAX is not that of the library: it has a sign.
func applyNormalizer(g *graph, n *node) (*value, error) {
	x, err := n.rows()
	if err != nil {
		return nil, err
	}
	norm, err := n.string("norm", "MAX")
	if err != nil {
		return nil, err
	}
	s := step{kind: stepNormaliseRows, node: n, norms: mlp.L2Norm}
	switch norm {
	case "L2":
	case "L1":
		s.norms = mlp.L1Norm
	default:
		return nil, n.unsupported("norm %.80q, want L1 or L2", norm)
	}
	n.steps = []step{s}
	return &value{dtype: float32Type, shape: x.shape}, nil
}

// takePreprocessors makes what comes before the first layer the network's Scaler, as far as the library has it.
func (b *builder) takePreprocessors() error {
	var list mlp.Pipeline
	for len(b.steps) > 0 {
		left := len(b.steps)
		p, err := b.takePreprocessor()
		if err == nil {
			err = b.graph.checkBudget(b.steps)
		}
		if err != nil {
			return err
		}
		if p != nil {
			list = append(list, p)
		} else if len(b.steps) == left {
			break
		}
	}
	switch len(list) {
	case 0:
	case 1:
		b.preprocessor = list[0]
	default:
		b.preprocessor = list
	}
	return nil
}

// takePreprocessor takes the steps that are one preprocessor. It returns nil if they amount to nothing, or, and then none
// are taken, if the first one belongs to a layer.
func (b *builder) takePreprocessor() (mlp.Preprocessor, error) {
	s := b.steps[0]
	var p mlp.Preprocessor
	switch s.kind {
	case stepAdd, stepMultiply, stepDivide, stepClip:
		return b.takeScaler()
	case stepRound:
	case stepImpute:
		c, err := b.operand(&s, s.c, s.shape)
		if err != nil {
			return nil, err
		}
		p = &mlp.SimpleImputer{Statistics: b.spread(c)}
	case stepNormaliseRows:
		p = &mlp.Normalizer{Norm: s.norms, Features: b.units}
	case stepEncode:
		p, b.units = s.encoder, s.outputs
	default:
		return nil, nil
	}
	b.steps = b.steps[1:]
	return p, nil
}

// spread returns the list with one number a feature.
func (b *builder) spread(list []float64) []float64 {
	b.graph.budget -= b.units
	return combine(list, make([]float64, b.units), func(v, _ float64) float64 { return v })
}

// takeScaler takes affine steps, and a clip behind them, as a scaler: a StandardScaler of what is subtracted and what is
// divided by, else a MinMaxScaler.
func (b *builder) takeScaler() (mlp.Preprocessor, error) {
	steps := b.steps
	f, err := b.takeAffine()
	if err != nil {
		return nil, err
	}
	run := steps[:len(steps)-len(b.steps)]
	clip := len(b.steps) > 0 && b.steps[0].kind == stepClip && !math.IsInf(b.steps[0].high-b.steps[0].low, 0)
	if f.identity() && !clip {
		return nil, nil
	}
	if slices.Contains(f.slope, 0) { // which no scaler has
		b.steps = steps
		return nil, nil
	}
	slope, offset := b.spread(f.slope), b.spread(f.offset)
	for i := range slope {
		if 1/slope[i]-1/slope[i] != 0 || slope[i]-slope[i] != 0 || offset[i]-offset[i] != 0 {
			return nil, steps[0].node.errorf("a scaler multiplies feature %d by %v and adds %v, want finite numbers",
				i, slope[i], offset[i])
		}
	}
	if !clip {
		if p, err := b.standardScaler(run); p != nil || err != nil {
			return p, err
		}
	}
	m := &mlp.MinMaxScaler{High: 1, Scale: slope, Offset: offset}
	if clip {
		m.Low, m.High, m.Clip = b.steps[0].low, b.steps[0].high, true
		b.steps = b.steps[1:]
	}
	for i := range slope {
		m.DataMin = append(m.DataMin, (m.Low-offset[i])/slope[i])
		m.DataMax = append(m.DataMax, (m.High-offset[i])/slope[i])
	}
	return m, nil
}

// standardScaler returns the scaler that the steps are, or nil if they are not of the form (x - mean)/scale.
func (b *builder) standardScaler(steps []step) (mlp.Preprocessor, error) {
	mean, scale := []float64{0}, []float64{1}
	for i := range steps {
		s := &steps[i]
		c, err := b.operand(s, s.c, s.shape)
		if err != nil {
			return nil, err
		}
		switch {
		case s.kind == stepAdd && i == 0:
			mean = combine(mean, c, func(_, c float64) float64 { return -c * s.factor })
		case s.kind == stepAdd || i != len(steps)-1:
			return nil, nil
		case s.kind == stepMultiply:
			scale = combine(scale, c, func(_, c float64) float64 { return 1 / c })
		case s.kind == stepDivide:
			scale = c
		}
	}
	scaler := &mlp.StandardScaler{Mean: b.spread(mean), Scale: b.spread(scale)}
	for _, deviation := range scaler.Scale {
		scaler.Var = append(scaler.Var, deviation*deviation)
	}
	return scaler, nil
}
