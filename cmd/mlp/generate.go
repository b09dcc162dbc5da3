package main

import (
	"fmt"
	"os"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/gosource"
)

type generateCommand struct {
	Model   string `arg:"" help:"A model file, a safetensors file of PyTorch or Keras, or an ONNX model."`
	Output  string `short:"o" group:"output" placeholder:"FILE" default:"model.go" help:"The Go file to write. (default: model.go)"`
	Package string `group:"output" placeholder:"NAME" default:"model" help:"The name of its package. (default: model)"`
	Import  bool   `group:"output" help:"Embed the model for the library to load, rather than source that needs no library."`
	layerFlags
}

func (*generateCommand) Help() string {
	return `The file imports package math and nothing else, allocates nothing, and computes the very bits that
the library does:

    mlp generate model.safetensors -o iris/model.go --package iris

    flower := [iris.Features]float32{5.1, 3.5, 1.4, 0.2}
    var probabilities [iris.Outputs]float32
    iris.Predict(&probabilities, &flower)
    fmt.Println(iris.ClassNames[iris.Classify(&flower)], probabilities)`
}

// Run writes the file and tells what it takes.
func (c *generateCommand) Run() error {
	n, _, err := c.load(c.Model)
	if err != nil {
		return err
	}
	if err := checkWritable(c.Output); err != nil {
		return err
	}
	return generateSource(n, c.Output, gosource.Config{Package: c.Package, Import: c.Import})
}

// generateSource writes a network as Go source, and tells what that takes.
func generateSource(n *mlp.Network, path string, cfg gosource.Config) error {
	source, size, err := gosource.Generate(n, cfg)
	if err != nil {
		return err
	}
	if err := announce(path, func(path string) error { return os.WriteFile(path, source, 0o666) }); err != nil {
		return err
	}
	fmt.Printf("Size: %s, %d bytes; %s a row", plural(size.Numbers, "number"), size.Bytes,
		plural(size.MultiplyAdds, "multiply-add"))
	if !cfg.Import {
		fmt.Printf(", %d bytes of buffers on the stack", size.Stack)
	}
	fmt.Println()
	return nil
}
