package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/onnx"
)

// contents is what stands in a model file of any format, apart from the network that it describes.
type contents struct {
	kind     string // "safetensors"
	facts    []string
	metadata map[string]string
	tensors  []storedTensor
}

// storedTensor is a tensor in a file.
type storedTensor struct{ name, dtype, shape string }

// readContents reads what stands in a file.
func readContents(data []byte) (*contents, error) {
	if formatOf(data) == formatWeights {
		return readSafetensors(data)
	}
	return readONNX(data)
}

func readSafetensors(data []byte) (*contents, error) {
	tensors, metadata, err := mlp.ReadSafetensors(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	// The file is sound. What ReadSafetensors does not return are the types.
	var header map[string]json.RawMessage
	if err := json.Unmarshal(data[8:][:binary.LittleEndian.Uint64(data)], &header); err != nil {
		return nil, err
	}
	c := &contents{kind: "safetensors", metadata: metadata}
	if _, own := metadata["mlp"]; own {
		c.kind = "safetensors of mlp"
		rows := 0
		for _, t := range tensors {
			if t.Name == "self_test.inputs" {
				rows = t.Shape[0]
			}
		}
		c.facts = append(c.facts, "Self-test: "+plural(rows, "row"))
		c.metadata = maps.Clone(metadata)
		delete(c.metadata, "mlp") // the network
	}
	slices.SortStableFunc(tensors, func(a, b mlp.Tensor) int { return compareNatural(a.Name, b.Name) })
	for _, t := range tensors {
		var entry struct{ DType string }
		if err := json.Unmarshal(header[t.Name], &entry); err != nil {
			return nil, err
		}
		c.tensors = append(c.tensors, storedTensor{t.Name, entry.DType, fmt.Sprint(t.Shape)})
	}
	return c, nil
}

func readONNX(data []byte) (*contents, error) {
	info, err := onnx.ReadInfo(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	c := &contents{kind: "ONNX", metadata: info.Metadata}
	var opsets []string
	for _, domain := range slices.Sorted(maps.Keys(info.Opsets)) {
		opsets = append(opsets, strings.TrimSpace(fmt.Sprintf("%s %d", domain, info.Opsets[domain])))
	}
	c.facts = append(c.facts, fmt.Sprintf("Written by: %s, IR version %d, opset %s", cmp.Or(info.Producer, "an unnamed program"), info.IRVersion,
		strings.Join(opsets, ", ")))
	for _, v := range info.Inputs {
		c.facts = append(c.facts, "Input: "+valueText(v))
	}
	for _, v := range info.Outputs {
		c.facts = append(c.facts, "Output: "+valueText(v))
	}
	c.facts = append(c.facts, "Operators: "+strings.Join(info.Operators, " "))
	for _, v := range info.Initializers {
		c.tensors = append(c.tensors, storedTensor{v.Name, v.Type, shapeText(v.Shape)})
	}
	return c, nil
}

func shapeText(shape []string) string { return "[" + strings.Join(shape, " ") + "]" }

func valueText(v onnx.Value) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", v.Name, v.Type, shapeText(v.Shape)))
}

// print prints the contents.
func (c *contents) print() {
	fmt.Println()
	for _, fact := range c.facts {
		fmt.Println(fact)
	}
	for _, key := range slices.Sorted(maps.Keys(c.metadata)) {
		fmt.Printf("Metadata: %s: %s\n", key, c.metadata[key])
	}
	width := len("tensor")
	for _, t := range c.tensors {
		width = max(width, utf8.RuneCountInString(t.name))
	}
	fmt.Printf("%-*s %-6s %s\n", width, "tensor", "type", "shape")
	for _, t := range c.tensors {
		fmt.Printf("%-*s %-6s %s\n", width, t.name, t.dtype, t.shape)
	}
}
