package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

type convertCommand struct {
	In  string `arg:"" help:"The file to read."`
	Out string `arg:"" help:"The file to write, in the format that its name tells."`

	convertDataFlags
	layerFlags
}

func (*convertCommand) Help() string {
	return `Between tables and arrays: CSV (.csv), NumPy's .npy and .npz, and IDX, MNIST's format (.idx, or a name
that ends in idx3-ubyte or the like); CSV and IDX also compressed (.gz).

    mlp convert iris.csv iris.npz
    mlp convert train-images-idx3-ubyte.gz mnist.npz --labels train-labels-idx1-ubyte.gz
    mlp convert digits.csv digits.idx --labels digits-labels.idx --size 8x8 --type uint8

An .npz file has the features as x [rows, …], the labels as y [rows], and names of columns and
classes, a line each in UTF-8, as arrays of uint8. An .npy file has all columns in one array, and so
has an IDX file without --labels.

Between models: this program's (.safetensors), ONNX (.onnx), and Go source (.go, which mlp generate
has flags for, and which is not read). Files of weights alone, as PyTorch and Keras write them, need
the names of their layers:

    mlp convert model.safetensors model.onnx
    mlp convert torch.safetensors model.safetensors --layers 0:relu,2:softmax`
}

// fileFormat is a format that convert reads, writes, or both.
type fileFormat struct {
	name       string
	extensions []string // ends of names, in small letters

	readData  func(c *convertCommand) (*dataArrays, error) // nil if convert takes no data from it
	writeData func(c *convertCommand, d *dataArrays) error

	writeModel func(n *mlp.Network, path string) error // nil if convert writes no models in it
}

// fileFormats returns the formats, of which the first whose extension fits is a file's.
func fileFormats() []fileFormat {
	return []fileFormat{
		{"CSV", []string{".csv", ".csv.gz"}, (*convertCommand).readCSV, (*convertCommand).writeCSV, nil},
		{"npy", []string{".npy"}, (*convertCommand).readNPY, (*convertCommand).writeNPY, nil},
		{"npz", []string{".npz"}, (*convertCommand).readNPZ, (*convertCommand).writeNPZ, nil},
		{"IDX", idxExtensions(), (*convertCommand).readIDX, (*convertCommand).writeIDX, nil},
		{"safetensors", []string{".safetensors"}, nil, nil, writeSafetensorsModel},
		{"ONNX", []string{".onnx"}, nil, nil, writeONNXModel},
		{"Go source", []string{".go"}, nil, nil, writeGoModel},
	}
}

// formatNamed returns the format that a file's name tells.
func formatNamed(path string) (fileFormat, error) {
	formats := fileFormats()
	i := slices.IndexFunc(formats, func(f fileFormat) bool { return f.claims(path) })
	if i < 0 {
		return fileFormat{}, fmt.Errorf("%s: the name tells no format that convert knows (see mlp convert --help)", path)
	}
	return formats[i], nil
}

func (f *fileFormat) claims(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	return slices.ContainsFunc(f.extensions, func(end string) bool { return strings.HasSuffix(name, end) })
}

// Run converts a file.
func (c *convertCommand) Run() error {
	out, err := formatNamed(c.Out)
	if err != nil {
		return err
	}
	if a, err := os.Stat(c.In); err == nil {
		if b, err := os.Stat(c.Out); err == nil && os.SameFile(a, b) {
			return fmt.Errorf("%s and %s are the same file", c.In, c.Out)
		}
	}
	if out.writeModel != nil {
		return c.convertModel(out)
	}
	in, err := formatNamed(c.In)
	switch {
	case err != nil:
		return err
	case in.readData == nil:
		return fmt.Errorf("%s cannot become %s", in.name, out.name)
	case len(c.Layers) > 0 || len(c.Classes) > 0:
		return errors.New("--layers and --classes are for models, and this is data")
	}
	return c.convertData(in, out)
}
