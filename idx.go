package mlp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// ReadIDX reads an array in the format of MNIST's files, also compressed by gzip, to its end: two zeros, the code of the
// element type, the number of sides, the sides, the elements, all big-endian.
// (Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", http://yann.lecun.com/exdb/mnist.)
//
// A size that the file claims is checked before memory is asked for. A file that is too short or too long is an error,
// and so is a compressed one with a wrong checksum.
func ReadIDX(r io.Reader, cfg ArrayConfig) (*Array, error) {
	a, err := readIDX(r, cfg)
	if err != nil {
		return nil, fmt.Errorf("mlp: idx: %w", err)
	}
	return a, nil
}

func readIDX(r io.Reader, cfg ArrayConfig) (*Array, error) {
	maxBytes, err := cfg.maxBytes()
	if err != nil {
		return nil, err
	}
	file := bufio.NewReaderSize(r, ioChunk)
	r = file
	if begin, _ := file.Peek(len(gzipMagic)); string(begin) == gzipMagic {
		r = newGzipReader(file)
	}
	var magic [4]byte
	if n, err := io.ReadFull(r, magic[:]); err != nil {
		return nil, readError(err, "the file ends in its first number, after %d of 4 bytes", n)
	}
	if magic[0] != 0 || magic[1] != 0 {
		return nil, fmt.Errorf("not an IDX file: it begins with the bytes % x, want 00 00", magic[:2])
	}
	code := slices.IndexFunc(elements, func(e element) bool { return e.idx == magic[2] })
	if magic[2] == 0 || code < 0 {
		return nil, fmt.Errorf("unknown element type %#02x", magic[2])
	}
	rank := int(magic[3])
	if rank == 0 {
		return nil, errors.New("the array has no sides, want at least one")
	}
	header := make([]byte, 4*rank)
	if n, err := io.ReadFull(r, header); err != nil {
		return nil, readError(err, "the file ends after %d of the %d bytes of %d sides", n, len(header), rank)
	}
	sides := make([]uint64, rank)
	for i := range sides {
		sides[i] = uint64(binary.BigEndian.Uint32(header[4*i:]))
	}
	a := &Array{element: elements[code]}
	size, err := a.setShape(sides, maxBytes)
	if err != nil {
		return nil, err
	}
	if err := a.readData(r, size, binary.BigEndian); err != nil {
		return nil, err
	}
	return a, expectEnd(r)
}

// WriteIDX writes the array in the format that ReadIDX reads, which has the types uint8, int8, int16, int32, float32
// and float64, and 1 to 255 sides.
func (a *Array) WriteIDX(w io.Writer) error {
	if a.element.idx == 0 {
		return fmt.Errorf("mlp: idx: the format has no elements of type %s", a.element.name)
	}
	if len(a.shape) < 1 || len(a.shape) > 255 {
		return fmt.Errorf("mlp: idx: the array has %d sides, want 1 to 255", len(a.shape))
	}
	header := []byte{0, 0, a.element.idx, byte(len(a.shape))}
	for _, side := range a.shape {
		if uint64(side) > math.MaxUint32 {
			return fmt.Errorf("mlp: idx: a side is %d, want at most %d", side, uint32(math.MaxUint32))
		}
		header = binary.BigEndian.AppendUint32(header, uint32(side))
	}
	out := bufio.NewWriterSize(w, ioChunk)
	out.Write(header) // a bufio.Writer keeps its first error for Flush
	var number [8]byte
	for little := range slices.Chunk(a.data, a.element.size) {
		big := number[:copy(number[:], little)]
		slices.Reverse(big)
		out.Write(big)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("mlp: idx: %w", err)
	}
	return nil
}

// ReadIDXDataset reads a pair of files such as MNIST's, each as ReadIDX does: the images [rows, height, width] or [rows,
// height, width, channels], whose values stay as they are, 0 … 255, and their labels [rows]. A label is its class's
// index, and in decimal its name.
func ReadIDXDataset(images, labels io.Reader, cfg ArrayConfig) (*Dataset, error) {
	x, err := readIDX(images, cfg)
	if err != nil {
		return nil, fmt.Errorf("mlp: idx: images: %w", err)
	}
	y, err := readIDX(labels, cfg)
	if err != nil {
		return nil, fmt.Errorf("mlp: idx: labels: %w", err)
	}
	return NewLabelledDataset(x, y)
}

// maxLabel bounds the labels, since each up to the largest gets a name.
const maxLabel = 1<<16 - 1

// NewLabelledDataset returns the samples x [rows, …], all sides but the first taken together as the features, and the
// class indices labels [rows], whole numbers from 0 to 65535. There are as many classes as the largest label tells, and
// their names are 0, 1, … If x has three or four sides, its samples are images [height, width, channels].
func NewLabelledDataset(x, labels *Array) (*Dataset, error) {
	if len(x.shape) < 2 || len(labels.shape) != 1 || x.shape[0] != labels.shape[0] {
		return nil, fmt.Errorf("mlp: samples of shape %s with labels of shape %s, want [rows, …] and [rows]",
			shapeString(x.shape), shapeString(labels.shape))
	}
	if x.Len() == 0 {
		return nil, fmt.Errorf("mlp: samples of shape %s are empty", shapeString(x.shape))
	}
	d := &Dataset{Features: x.Len() / x.shape[0], Targets: 1}
	switch len(x.shape) {
	case 3:
		d.Image = ImageShape{Height: x.shape[1], Width: x.shape[2], Channels: 1}
	case 4:
		d.Image = ImageShape{Height: x.shape[1], Width: x.shape[2], Channels: x.shape[3]}
	}
	largest := 0
	for row, v := range labels.Float64s() {
		if !(v >= 0 && v <= maxLabel) || v != math.Floor(v) {
			return nil, fmt.Errorf("mlp: labels: row %d is %v, want a whole number from 0 to %d", row, v, maxLabel)
		}
		largest = max(largest, int(v))
		d.Y = append(d.Y, float32(v))
	}
	for class := range largest + 1 {
		d.ClassNames = append(d.ClassNames, strconv.Itoa(class))
	}
	var err error
	if d.X, err = x.Float32s(); err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	return d, nil
}
