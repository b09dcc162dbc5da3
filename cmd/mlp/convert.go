package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type convertCommand struct {
	In  string `arg:"" help:"The file to read."`
	Out string `arg:"" help:"The file to write, in the format that its name tells."`

	convertDataFlags
}

func (*convertCommand) Help() string {
	return `Between tables and arrays: CSV (.csv), NumPy's .npy and .npz, and IDX, MNIST's format (.idx, or a name
that ends in idx3-ubyte or the like); CSV and IDX also compressed (.gz).

    mlp convert iris.csv iris.npz
    mlp convert train-images-idx3-ubyte.gz mnist.npz --labels train-labels-idx1-ubyte.gz
    mlp convert digits.csv digits.idx --labels digits-labels.idx --size 8x8 --type uint8

An .npz file has the features as x [rows, …], the labels as y [rows], and names of columns and
classes, a line each in UTF-8, as arrays of uint8. An .npy file has all columns in one array.`
}

// fileFormat is a format that convert reads, writes, or both.
type fileFormat struct {
	name       string
	extensions []string // ends of names, in small letters

	readData  func(c *convertCommand) (*dataArrays, error) // nil if convert takes no data from it
	writeData func(c *convertCommand, d *dataArrays) error
}

// fileFormats returns the formats, of which the first whose extension fits is a file's.
func fileFormats() []fileFormat {
	return []fileFormat{
		{"CSV", []string{".csv", ".csv.gz"}, (*convertCommand).readCSV, (*convertCommand).writeCSV},
		{"npy", []string{".npy"}, (*convertCommand).readNPY, (*convertCommand).writeNPY},
		{"npz", []string{".npz"}, (*convertCommand).readNPZ, (*convertCommand).writeNPZ},
		{"IDX", idxExtensions(), (*convertCommand).readIDX, (*convertCommand).writeIDX},
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
	in, err := formatNamed(c.In)
	if err != nil {
		return err
	}
	out, err := formatNamed(c.Out)
	if err != nil {
		return err
	}
	if a, err := os.Stat(c.In); err == nil {
		if b, err := os.Stat(c.Out); err == nil && os.SameFile(a, b) {
			return fmt.Errorf("%s and %s are the same file", c.In, c.Out)
		}
	}
	switch {
	case in.readData != nil && out.writeData != nil:
		return c.convertData(in, out)
	}
	return fmt.Errorf("%s cannot become %s", in.name, out.name)
}
