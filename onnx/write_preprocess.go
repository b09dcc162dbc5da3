package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
	"google.golang.org/protobuf/proto"
)

// preprocessors appends the nodes of the network's Scaler, and returns the number of features that the graph takes.
func (w *graphWriter) preprocessors(n *mlp.Network) (features int, err error) {
	if n.Scaler == nil {
		return n.Features(), nil
	}
	list, ok := n.Scaler.(mlp.Pipeline)
	if !ok {
		list = mlp.Pipeline{n.Scaler}
	}
	columns := 0
	for i, p := range list {
		w.prefix = fmt.Sprintf("scaler%d", i)
		takes, gives, err := w.preprocessor(p)
		switch {
		case err != nil:
			return 0, fmt.Errorf("scaler %d (%T): %w", i, p, err)
		case takes == 0:
			return 0, fmt.Errorf("scaler %d (%T): it is not fitted", i, p)
		case i == 0:
			features = takes
		case takes != columns:
			return 0, fmt.Errorf("scaler %d (%T): it takes %d features, but has %d", i, p, takes, columns)
		}
		columns = gives
	}
	if columns != n.Features() {
		return 0, fmt.Errorf("the scaler gives %d features, the network takes %d", columns, n.Features())
	}
	return features, nil
}

// preprocessor appends the nodes of a preprocessor, and returns the number of features that it takes and gives.
func (w *graphWriter) preprocessor(p mlp.Preprocessor) (takes, gives int, err error) {
	switch p := p.(type) {
	case *mlp.StandardScaler:
		takes, err = w.scaler(p.Mean, p.NoMean, p.Scale)
	case *mlp.RobustScaler:
		takes, err = w.scaler(p.Center, p.NoCenter, p.Scale)
	case *mlp.MaxAbsScaler:
		takes, err = w.scaler(nil, true, p.Scale)
	case *mlp.MinMaxScaler:
		takes, err = w.minMaxScaler(p)
	case *mlp.SimpleImputer:
		takes = len(p.Statistics)
		missing := w.node("IsNaN", []string{w.value})
		values := make([]float32, takes)
		for i, v := range p.Statistics {
			values[i] = float32(v)
		}
		w.value = w.node("Where", []string{missing, w.tensor("values", []int{takes}, values), w.value})
	case *mlp.Normalizer:
		takes = p.Features
		err = w.normalizer(p.Norm)
	case *mlp.OneHotEncoder:
		return w.encoder(p)
	default:
		err = errors.New("not supported")
	}
	return takes, takes, err
}

// scaler appends (x - mean)/scale in float64, rounded once, as scalers do.
func (w *graphWriter) scaler(mean []float64, noMean bool, scale []float64) (features int, err error) {
	features = len(scale)
	w.cast(float64Type)
	if !noMean {
		if len(mean) != features {
			return 0, fmt.Errorf("%d means and %d scales, want one each a feature", len(mean), features)
		}
		w.next("Sub", []string{w.doubles("mean", []int{features}, mean)})
	}
	w.next("Div", []string{w.doubles("scale", []int{features}, scale)})
	w.cast(float32Type)
	return features, nil
}

// minMaxScaler appends x·scale + offset in float64, rounded once.
func (w *graphWriter) minMaxScaler(s *mlp.MinMaxScaler) (features int, err error) {
	features = len(s.Scale)
	if len(s.Offset) != features {
		return 0, fmt.Errorf("%d offsets and %d scales, want one each a feature", len(s.Offset), features)
	}
	w.cast(float64Type)
	w.next("Mul", []string{w.doubles("scale", []int{features}, s.Scale)})
	w.next("Add", []string{w.doubles("offset", []int{features}, s.Offset)})
	if s.Clip {
		low, high := s.Low, s.High
		if low == 0 && high == 0 {
			high = 1
		}
		w.next("Clip", []string{w.doubles("low", nil, []float64{low}), w.doubles("high", nil, []float64{high})})
	}
	w.cast(float32Type)
	return features, nil
}

// normalizer appends the operator that scales rows to length 1.
func (w *graphWriter) normalizer(norm mlp.Norm) error {
	name := "L2"
	switch norm {
	case mlp.L2Norm:
	case mlp.L1Norm:
		name = "L1"
	default: // the operator's MAX has a sign
		return errors.New("not supported: MaxNorm")
	}
	w.next("Normalizer", nil, &pb.AttributeProto{
		Name: proto.String("norm"), Type: pb.AttributeProto_STRING.Enum(), S: []byte(name),
	})
	w.graph.Node[len(w.graph.Node)-1].Domain = proto.String(domainML)
	w.ml = true
	return nil
}

// encoder appends the columns of a OneHotEncoder: a choice of features, and in place of those that are encoded whether they
// equal a category.
func (w *graphWriter) encoder(e *mlp.OneHotEncoder) (takes, gives int, err error) {
	var columns, encoded []byte // int64s, bools
	var categories []float64
	takes = len(e.FeatureNames)
	if len(e.Categories) != takes {
		return 0, 0, fmt.Errorf("%d Categories for %d features", len(e.Categories), takes)
	}
	for j, values := range e.Categories {
		flag := byte(1)
		switch {
		case values == nil:
			values, flag = []float64{0}, 0
		case e.Drop == mlp.DropFirst && len(values) > 0, e.Drop == mlp.DropIfBinary && len(values) == 2:
			values = values[1:]
		}
		if len(values) == 0 {
			return 0, 0, fmt.Errorf("not supported: feature %d has no column", j)
		}
		for _, v := range values {
			if v != v { // which Equal finds nowhere
				return 0, 0, fmt.Errorf("not supported: NaN is a category of feature %d; fill it in before", j)
			}
			columns = binary.LittleEndian.AppendUint64(columns, uint64(j))
			encoded = append(encoded, flag)
			categories = append(categories, v)
		}
	}
	gives = len(categories)
	shape := []int{gives}
	choice := w.initializer("columns", pb.TensorProto_INT64, shape, columns)
	features := w.node("Gather", []string{w.value, choice}, intAttribute("axis", 1))
	w.value = features
	w.cast(float64Type)
	w.next("Equal", []string{w.doubles("categories", shape, categories)})
	w.cast(float32Type)
	w.value = w.node("Where", []string{w.initializer("encoded", pb.TensorProto_BOOL, shape, encoded), w.value, features})
	return takes, gives, nil
}

// cast appends a Cast to the type.
func (w *graphWriter) cast(t dataType) { w.next("Cast", nil, intAttribute("to", int64(t))) }
