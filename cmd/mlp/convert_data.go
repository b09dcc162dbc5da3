package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/npz"
)

// convertDataFlags say what a file of data holds, and what is to be made of it.
type convertDataFlags struct {
	csvFlags
	Label  []string `group:"data" placeholder:"COLUMN" help:"Column of a CSV file with the labels, by name or number, or several of numbers. (default: the last)"`
	Ignore []string `group:"data" placeholder:"COLUMN" help:"Columns of a CSV file to leave out, by name or number."`
	Labels string   `group:"data" placeholder:"FILE" help:"The file of the labels, beside an IDX file of images."`
	Size   string   `group:"data" placeholder:"HEIGHTxWIDTH" help:"Make gray images of this size of the rows."`
	Type   string   `group:"data" enum:"same,uint8,int8,int16,int32,float32,float64" default:"same" placeholder:"TYPE" help:"Type of the features: uint8, int8, int16, int32, float32, which rounds, or float64. (default: as they are, float32 of CSV)"`
}

// isSet reports whether any of the flags is given.
func (f *convertDataFlags) isSet() bool {
	return f.csvFlags.areSet() || len(f.Label) > 0 || len(f.Ignore) > 0 || f.Labels != "" || f.Size != "" || f.Type != "same"
}

// dataArrays is what a file of data holds.
type dataArrays struct {
	x *mlp.Array // [rows, …]
	y *mlp.Array // [rows] or [rows, targets]; nil without labels

	features, targets, classes []string // names, or nil; of classes if y has their indices
}

// summary tells what there is.
func (d *dataArrays) summary() string {
	text := fmt.Sprintf("x %v %s", d.x.Shape(), d.x.Type())
	if d.y != nil {
		text += fmt.Sprintf(", y %v", d.y.Shape())
	}
	if d.classes != nil {
		text += ", " + classCount(len(d.classes))
	}
	return text
}

func (c *convertCommand) convertData(in, out fileFormat) error {
	switch {
	case c.Labels != "" && (in.name == "IDX") == (out.name == "IDX"):
		return errors.New("--labels names the file of the labels where IN or OUT, but not both, is an IDX file")
	case in.name != "CSV" && (len(c.Label) > 0 || len(c.Ignore) > 0 || c.csvFlags.areSet()):
		return fmt.Errorf("%s is no CSV file, so --label, --ignore, --missing, --no-header and --separator say nothing about it", c.In)
	}
	d, err := in.readData(c)
	if err != nil {
		return err
	}
	if len(d.x.Shape()) == 0 {
		return fmt.Errorf("%s holds a single number, want rows", c.In)
	}
	if c.Type != "same" {
		if d.x, err = convertArray(d.x, c.Type, c.Type == "float32"); err != nil {
			return fmt.Errorf("%s: %w", c.In, err)
		}
	}
	if c.Size != "" {
		size, err := imageFlags{Size: c.Size}.config()
		if err != nil {
			return err
		}
		if d.x, err = reshape(d.x, []int{d.x.Shape()[0], size.Height, size.Width}); err != nil {
			return fmt.Errorf("--size %s: %w", c.Size, err)
		}
	}
	if err := out.writeData(c, d); err != nil {
		return err
	}
	fmt.Println(d.summary())
	return nil
}

// write writes a file, compressed if its name says so.
func (c *convertCommand) write(path string, write func(io.Writer) error) error {
	if err := checkWritable(path); err != nil {
		return err
	}
	return announce(path, writeTo(func(w io.Writer) error {
		if !strings.HasSuffix(strings.ToLower(path), ".gz") {
			return write(w)
		}
		compressed := gzip.NewWriter(w)
		return errors.Join(write(compressed), compressed.Close())
	}))
}

func (c *convertCommand) readNPY() (*dataArrays, error) {
	f, err := os.Open(c.In)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x, err := mlp.ReadNPY(f, mlp.ArrayConfig{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.In, err)
	}
	return &dataArrays{x: x}, nil
}

func (c *convertCommand) writeNPY(d *dataArrays) error {
	if d.y != nil {
		return fmt.Errorf("%s has labels too, and an .npy file holds one array; an .npz file holds both", c.In)
	}
	return c.write(c.Out, d.x.WriteNPY)
}

// The arrays of an .npz file.
const (
	npzX        = "x"
	npzY        = "y"
	npzFeatures = "feature_names"
	npzTargets  = "target_names"
	npzClasses  = "class_names"
)

func (c *convertCommand) readNPZ() (*dataArrays, error) {
	data, err := os.ReadFile(c.In)
	if err != nil {
		return nil, err
	}
	arrays, err := npz.Read(bytes.NewReader(data), int64(len(data)), mlp.ArrayConfig{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.In, err)
	}
	d := &dataArrays{x: arrays[npzX], y: arrays[npzY]}
	var names []string
	for name, a := range arrays {
		var err error
		switch name {
		case npzX, npzY:
		case npzFeatures:
			d.features, err = namesOf(a)
		case npzTargets:
			d.targets, err = namesOf(a)
		case npzClasses:
			d.classes, err = namesOf(a)
		default:
			err = errors.New("want x, y, feature_names, target_names and class_names alone")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: array %q: %w", c.In, name, err)
		}
		names = append(names, name)
	}
	if slices.Sort(names); d.x == nil {
		return nil, fmt.Errorf("%s has no array x of the features; it has %s", c.In, quoted(names))
	}
	if d.y != nil && (len(d.x.Shape()) == 0 || len(d.y.Shape()) == 0 || d.x.Shape()[0] != d.y.Shape()[0]) {
		return nil, fmt.Errorf("%s: x has the shape %v and y %v, want as many rows", c.In, d.x.Shape(), d.y.Shape())
	}
	return d, nil
}

func (c *convertCommand) writeNPZ(d *dataArrays) error {
	arrays := map[string]*mlp.Array{npzX: d.x}
	if d.y != nil {
		arrays[npzY] = d.y
	}
	for name, names := range map[string][]string{npzFeatures: d.features, npzTargets: d.targets, npzClasses: d.classes} {
		if names == nil {
			continue
		}
		var err error
		if arrays[name], err = nameArray(names); err != nil {
			return err
		}
	}
	return c.write(c.Out, func(w io.Writer) error { return npz.Write(w, arrays) })
}

// nameArray returns names as an array of UTF-8, a line each: .npy files with text are none that the library reads.
func nameArray(names []string) (*mlp.Array, error) {
	for _, name := range names {
		if strings.Contains(name, "\n") {
			return nil, fmt.Errorf("the name %q has two lines, which an .npz file has no place for", name)
		}
	}
	text := []byte(strings.Join(names, "\n"))
	return mlp.NewArray([]int{len(text)}, text)
}

func namesOf(a *mlp.Array) ([]string, error) {
	if a.Type() != "uint8" || len(a.Shape()) != 1 {
		return nil, fmt.Errorf("the names are %s %v, want UTF-8 as uint8", a.Type(), a.Shape())
	}
	text := make([]byte, 0, a.Len())
	for _, v := range a.Float64s() {
		text = append(text, byte(v))
	}
	return strings.Split(string(text), "\n"), nil
}

// idxExtensions returns how the names of IDX files end: MNIST's tell the number of sides and the type too.
func idxExtensions() []string {
	ends := []string{".idx", ".idx.gz"}
	for sides := 1; sides <= 4; sides++ {
		name := "idx" + strconv.Itoa(sides)
		for _, end := range []string{"", "-ubyte"} {
			ends = append(ends, name+end, name+end+".gz")
		}
	}
	return ends
}

func (c *convertCommand) readIDX() (*dataArrays, error) {
	read := func(path string) (*mlp.Array, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		a, err := mlp.ReadIDX(f, mlp.ArrayConfig{})
		if err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
		return a, err
	}
	x, err := read(c.In)
	if err != nil || c.Labels == "" {
		return &dataArrays{x: x}, err
	}
	y, err := read(c.Labels)
	if err == nil && (len(y.Shape()) != 1 || x.Shape()[0] != y.Shape()[0]) {
		err = fmt.Errorf("%s has the shape %v and %s %v, want as many labels as rows", c.In, x.Shape(), c.Labels, y.Shape())
	}
	return &dataArrays{x: x, y: y}, err
}

// writeIDX writes the features, and the labels into a file of their own: uint8 if that holds them.
func (c *convertCommand) writeIDX(d *dataArrays) error {
	switch {
	case d.y != nil && c.Labels == "":
		return fmt.Errorf("an IDX file holds one array; --labels names another for the labels of %s", c.In)
	case d.y == nil && c.Labels != "":
		return fmt.Errorf("%s has no labels for %s", c.In, c.Labels)
	case d.classes != nil:
		return fmt.Errorf("an IDX file holds numbers alone, and the labels of %s are %s; an .npz file holds their names",
			c.In, quoted(d.classes))
	}
	x, err := idxArray(d.x)
	if err != nil {
		return fmt.Errorf("%s as IDX: %w", c.In, err)
	}
	var y *mlp.Array
	if d.y != nil {
		if y, err = convertArray(d.y, "uint8", false); err != nil {
			y, err = idxArray(d.y)
		}
		if err != nil {
			return fmt.Errorf("labels of %s as IDX: %w", c.In, err)
		}
	}
	if err := c.write(c.Out, x.WriteIDX); err != nil || y == nil {
		return err
	}
	return c.write(c.Labels, y.WriteIDX)
}

// idxArray returns a, or its numbers as int32 if the format does not have their type.
func idxArray(a *mlp.Array) (*mlp.Array, error) {
	switch a.Type() {
	case "uint16", "int64", "uint32", "uint64":
		return convertArray(a, "int32", false)
	case "bool":
		return convertArray(a, "uint8", false)
	}
	return a, nil
}

// reshape returns an array of the same numbers.
func reshape(a *mlp.Array, shape []int) (*mlp.Array, error) {
	size := 1
	for _, side := range shape {
		size *= side
	}
	if size != a.Len() {
		return nil, fmt.Errorf("the rows have the shape %v", a.Shape()[1:])
	}
	return buildArray(a.Type(), shape, a.Float64s())
}

// convertArray returns an array of the same numbers in another type, an error if that does not hold them. round takes
// the nearest float32 in place of the others.
func convertArray(a *mlp.Array, to string, round bool) (*mlp.Array, error) {
	if a.Type() == to {
		return a, nil
	}
	values := a.Float64s()
	for i, v := range values {
		if !holds(to, v) && !(round && math.Abs(v) <= math.MaxFloat32) {
			return nil, fmt.Errorf("number %d of the array is %v, which %s does not hold", i+1, v, to)
		}
	}
	return buildArray(to, a.Shape(), values)
}

// holds reports whether a type holds a number exactly.
func holds(to string, v float64) bool {
	whole := v == math.Trunc(v)
	switch to {
	case "uint8":
		return whole && v >= 0 && v <= math.MaxUint8
	case "int8":
		return whole && v >= math.MinInt8 && v <= math.MaxInt8
	case "int16":
		return whole && v >= math.MinInt16 && v <= math.MaxInt16
	case "int32":
		return whole && v >= math.MinInt32 && v <= math.MaxInt32
	case "float32":
		return float64(float32(v)) == v || v != v
	}
	return true
}

// buildArray returns an array of numbers that the type holds.
func buildArray(of string, shape []int, values []float64) (*mlp.Array, error) {
	switch of {
	case "uint8", "bool":
		return arrayOf[uint8](shape, values)
	case "int8":
		return arrayOf[int8](shape, values)
	case "int16":
		return arrayOf[int16](shape, values)
	case "int32":
		return arrayOf[int32](shape, values)
	case "float32":
		return arrayOf[float32](shape, values)
	case "float64":
		return mlp.NewArray(shape, values)
	}
	return nil, fmt.Errorf("the numbers are %s, which cannot be changed; --type makes others of them", of)
}

func arrayOf[T uint8 | int8 | int16 | int32 | float32](shape []int, values []float64) (*mlp.Array, error) {
	numbers := make([]T, len(values))
	for i, v := range values {
		numbers[i] = T(v)
	}
	return mlp.NewArray(shape, numbers)
}
