package main

import (
	"errors"
	"fmt"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/gosource"
	"github.com/seed975aa5d7/mlp/onnx"
)

// convertModel reads a network from a file of any format, told by the content, and writes it.
func (c *convertCommand) convertModel(out fileFormat) error {
	if c.convertDataFlags.isSet() {
		return errors.New("the flags that tell what data hold say nothing about a model")
	}
	n, _, err := c.load(c.In)
	if err != nil {
		return err
	}
	if err := checkWritable(c.Out); err != nil {
		return err
	}
	if err := out.writeModel(n, c.Out); err != nil {
		return err
	}
	fmt.Println(modelSummary(n))
	return nil
}

func writeSafetensorsModel(n *mlp.Network, path string) error { return announce(path, n.SaveFile) }

func writeONNXModel(n *mlp.Network, path string) error {
	return announce(path, func(path string) error { return onnx.WriteFile(path, n) })
}

func writeGoModel(n *mlp.Network, path string) error {
	return generateSource(n, path, gosource.Config{})
}

// modelSummary tells what a network takes, gives, and is.
func modelSummary(n *mlp.Network) string {
	weights := 0
	for i := range n.Layers() {
		for _, t := range n.Weights(i) {
			weights += len(t.Values)
		}
	}
	return fmt.Sprintf("%s, %s, %s, %s", plural(len(n.Layers()), "layer"), plural(n.Features(), "feature"),
		plural(n.Outputs(), "output"), plural(weights, "weight"))
}
