package onnx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Limits of what Read takes, each far beyond any multilayer perceptron. With them, memory stays in proportion to the file.
const (
	maxFileSize = 1 << 30 // bytes, of the model and of all its external data
	maxNodes    = 10_000
	maxMessages = 200_000 // of protobuf: each takes some hundred bytes of memory, and as few as two of a file
	maxRank     = 8
)

// The opset versions that Read knows. Before opset 7, operators had other rules of broadcasting.
const (
	minOpset = 7
	maxOpset = 28
)

// Read reads a model of the ONNX format, to the end of r, and returns the network that computes the same. The package
// comment tells what is understood; anything else is an error that names the operator and the node.
//
// The file is not trusted: everything is checked before it is used, and memory stays in proportion to the file. Data
// outside the file is not read; ReadFile does that.
func Read(r io.Reader) (*mlp.Network, error) {
	return read(r, nil)
}

// ReadFile reads a model from a file as Read does. Where the model keeps weights in other files, as PyTorch does with
// large ones, these must lie in the model's folder or below it, and nothing else is opened.
func ReadFile(path string) (*mlp.Network, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	defer f.Close()
	folder := externalData{path: filepath.Dir(path)}
	defer folder.close()
	n, err := read(f, &folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

func read(r io.Reader, external *externalData) (*mlp.Network, error) {
	b, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	n, err := network(b, external)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return n, nil
}

// readAll returns the bytes of a model file.
func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFileSize+1))
	if err == nil && len(b) > maxFileSize {
		err = fmt.Errorf("the model is larger than %d bytes", maxFileSize)
	}
	return b, err
}

// network returns the network that the bytes of a model file describe.
func network(b []byte, external *externalData) (*mlp.Network, error) {
	m, err := parseModel(b)
	if err != nil {
		return nil, err
	}
	g, err := readGraph(m, len(b), external)
	if err != nil {
		return nil, err
	}
	n, err := g.network()
	if err != nil {
		return nil, err
	}
	n.FeatureNames = metadataNames(m, featureNamesKey, g.features)
	n.TargetNames = metadataNames(m, targetNamesKey, n.Outputs())
	if n.ClassNames == nil {
		n.ClassNames = metadataNames(m, classNamesKey, n.Outputs())
	}
	if n.ClassNames == nil && n.Outputs() == 1 { // the probability of the second of two
		n.ClassNames = metadataNames(m, classNamesKey, 2)
	}
	return n, nil
}

// parseModel decodes the protobuf message and checks what stands around the graph.
func parseModel(b []byte) (*pb.ModelProto, error) {
	if len(b) == 0 {
		return nil, errors.New("the model is empty")
	}
	m := new(pb.ModelProto)
	messages := maxMessages
	if err := countMessages(b, m.ProtoReflect().Descriptor(), &messages); err != nil {
		return nil, err
	}
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("not an ONNX model: %w", err)
	}
	if m.Graph == nil {
		return nil, errors.New("not an ONNX model: it has no graph")
	}
	if n := len(m.Graph.Node); n > maxNodes {
		return nil, fmt.Errorf("the graph has %d nodes, want at most %d", n, maxNodes)
	}
	return m, nil
}

// countMessages takes the number of messages within the encoded message b off left, and is an error if these do not
// suffice. The schema does not nest without end, so neither does the recursion; a malformed part is Unmarshal's to report.
func countMessages(b []byte, d protoreflect.MessageDescriptor, left *int) error {
	for len(b) > 0 {
		number, wireType, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, wireType, b); n < 0 {
			return nil
		}
		if f := d.Fields().ByNumber(number); f != nil && wireType == protowire.BytesType {
			part, _ := protowire.ConsumeBytes(b)
			if f.Kind() == protoreflect.MessageKind || f.IsList() && !f.IsPacked() {
				if *left--; *left < 0 {
					return fmt.Errorf("the model has more than %d parts", maxMessages)
				}
			}
			if f.Kind() == protoreflect.MessageKind {
				if err := countMessages(part, f.Message(), left); err != nil {
					return err
				}
			}
		}
		b = b[n:]
	}
	return nil
}

// opsets returns the versions of the operators that the model uses: ONNX's own and those of the domain ai.onnx.ml, 0 where
// the model does not use that domain.
func opsets(m *pb.ModelProto) (version, ml int64, err error) {
	for _, o := range m.OpsetImport {
		switch o.GetDomain() {
		case "", "ai.onnx":
			version = o.GetVersion()
			if version < minOpset || version > maxOpset {
				return 0, 0, fmt.Errorf("the model has opset %d, want %d to %d", version, minOpset, maxOpset)
			}
		case domainML:
			ml = o.GetVersion()
			if ml < 1 {
				return 0, 0, fmt.Errorf("the model has opset %d of %s, want at least 1", ml, domainML)
			}
		}
	}
	if version == 0 {
		return 0, 0, errors.New("the model names no opset of its operators")
	}
	return version, ml, nil
}

// The keys of a model's metadata under which Write puts names, as JSON lists.
const (
	featureNamesKey = "feature_names"
	classNamesKey   = "class_names"
	targetNamesKey  = "target_names"
)

// metadataNames returns the names under a key of the model's metadata, or nil unless they are a JSON list of that length:
// other programs use such keys in ways of their own.
func metadataNames(m *pb.ModelProto, key string, want int) []string {
	for _, p := range m.MetadataProps {
		var names []string
		if p.GetKey() == key && json.Unmarshal([]byte(p.GetValue()), &names) == nil && len(names) == want {
			return names
		}
	}
	return nil
}
