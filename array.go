package mlp

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
)

// Array is an array of numbers of one type as the files of NumPy and of MNIST hold it. It does not change.
type Array struct {
	shape   []int
	element element
	data    []byte // the elements, row-major and little-endian
}

// element is a type that the numbers of an Array may have.
type element struct {
	name string // as NumPy calls it
	npy  string // in the header of an .npy file, without byte order
	idx  byte   // the code in an IDX file, or 0 if it has none
	size int    // bytes
}

const (
	elementBool    = "bool"
	elementInt8    = "int8"
	elementInt16   = "int16"
	elementInt32   = "int32"
	elementInt64   = "int64"
	elementUint8   = "uint8"
	elementUint16  = "uint16"
	elementUint32  = "uint32"
	elementUint64  = "uint64"
	elementFloat32 = "float32"
	elementFloat64 = "float64"
)

var elements = []element{
	{elementBool, "b1", 0, 1},
	{elementInt8, "i1", 0x09, 1},
	{elementInt16, "i2", 0x0b, 2},
	{elementInt32, "i4", 0x0c, 4},
	{elementInt64, "i8", 0, 8},
	{elementUint8, "u1", 0x08, 1},
	{elementUint16, "u2", 0, 2},
	{elementUint32, "u4", 0, 4},
	{elementUint64, "u8", 0, 8},
	{elementFloat32, "f4", 0x0d, 4},
	{elementFloat64, "f8", 0x0e, 8},
}

// ArrayConfig bounds what the readers of arrays take.
type ArrayConfig struct {
	// MaxBytes bounds the data of an array, after decompression. A larger array is an error, found before any memory is
	// asked for. 0 means 1 GiB.
	MaxBytes int64
}

func (c *ArrayConfig) maxBytes() (int64, error) {
	if c.MaxBytes < 0 {
		return 0, fmt.Errorf("ArrayConfig: MaxBytes is %d, want 0 or more", c.MaxBytes)
	}
	return cmp.Or(c.MaxBytes, 1<<30), nil
}

// number is a type that an Array's elements may be made of.
type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// NewArray returns an Array with a copy of values, row-major. An empty shape is that of a single number.
func NewArray[T number](shape []int, values []T) (*Array, error) {
	var zero T
	name := fmt.Sprintf("%T", zero)
	a := &Array{element: elements[slices.IndexFunc(elements, func(e element) bool { return e.name == name })]}
	sides := make([]uint64, len(shape))
	for i, side := range shape {
		if side < 0 {
			return nil, fmt.Errorf("mlp: NewArray: shape %s has a negative side", shapeString(shape))
		}
		sides[i] = uint64(side)
	}
	size, err := a.setShape(sides, math.MaxInt)
	if err != nil {
		return nil, fmt.Errorf("mlp: NewArray: %w", err)
	}
	if size != len(values)*a.element.size {
		return nil, fmt.Errorf("mlp: NewArray: %d values, shape %s wants %d", len(values), shapeString(shape),
			size/a.element.size)
	}
	if a.data, err = binary.Append(make([]byte, 0, size), binary.LittleEndian, values); err != nil {
		return nil, fmt.Errorf("mlp: NewArray: %w", err)
	}
	return a, nil
}

// setShape sets the shape that a file claims and returns the number of bytes that its elements take, at most maxBytes.
func (a *Array) setShape(sides []uint64, maxBytes int64) (int, error) {
	limit := uint64(min(maxBytes, math.MaxInt))
	size, over := uint64(a.element.size), uint64(0)
	for _, side := range sides {
		if over, size = bits.Mul64(size, side); over != 0 || side > math.MaxInt {
			size = math.MaxUint64
			break
		}
		a.shape = append(a.shape, int(side))
	}
	if size > limit {
		return 0, fmt.Errorf("an array of %s with sides %v has more than %d bytes", a.element.name,
			sides[:min(len(sides), 8)], limit)
	}
	return int(size), nil
}

// readData reads the elements, size bytes in all, and brings them into the order of an Array.
func (a *Array) readData(r io.Reader, size int, order binary.ByteOrder) error {
	var err error
	if a.data, err = readGrowing(r, size, 1<<20); err != nil {
		return readError(err, "the file ends after %d of the data's %d bytes", len(a.data), size)
	}
	if order == binary.BigEndian && a.element.size > 1 {
		for number := range slices.Chunk(a.data, a.element.size) {
			slices.Reverse(number)
		}
	}
	return nil
}

// readGrowing reads size bytes into memory that begins with first bytes and grows with what r really delivers. It
// returns what came before an error.
func readGrowing(r io.Reader, size, first int) ([]byte, error) {
	data := make([]byte, min(size, first))
	for n := 0; ; {
		got, err := io.ReadFull(r, data[n:])
		if n += got; err != nil || n == size {
			return data[:n], err
		}
		data = append(make([]byte, 0, n+min(n, size-n)), data...)
		data = data[:cap(data)]
	}
}

// expectEnd returns an error unless r is at its end, where compressed data are checked against their checksum.
func expectEnd(r io.Reader) error {
	switch _, err := io.ReadFull(r, make([]byte, 1)); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("want the end of the file behind the data, got more bytes")
	default:
		return fmt.Errorf("at the end of the data: %w", err)
	}
}

// Shape returns the sides of the array, none for a single number.
func (a *Array) Shape() []int { return slices.Clone(a.shape) }

// Type returns the type of the elements by NumPy's name: bool, int8 … int64, uint8 … uint64, float32, float64.
func (a *Array) Type() string { return a.element.name }

// Len returns the number of elements.
func (a *Array) Len() int { return len(a.data) / a.element.size }

// Float32s returns the elements, row-major, each rounded once to the nearest float32; true is 1. A finite number beyond
// the range of float32 is an error. NaN and infinities stay.
func (a *Array) Float32s() ([]float32, error) {
	x := arrayValues[float32](a)
	if a.element.name == elementFloat64 {
		for i, v := range x {
			if math.IsInf(float64(v), 0) {
				if exact := math.Float64frombits(binary.LittleEndian.Uint64(a.data[8*i:])); !math.IsInf(exact, 0) {
					return nil, fmt.Errorf("mlp: array: element %d is %v, beyond the range of a float32", i, exact)
				}
			}
		}
	}
	return x, nil
}

// Float64s returns the elements, row-major, each rounded once to the nearest float64, which only numbers beyond 2⁵³ of
// the 64-bit integers need; true is 1.
func (a *Array) Float64s() []float64 { return arrayValues[float64](a) }

func arrayValues[F float32 | float64](a *Array) []F {
	x := make([]F, a.Len())
	data, le := a.data, binary.LittleEndian
	switch a.element.name {
	case elementBool:
		for i := range x {
			if data[i] != 0 {
				x[i] = 1
			}
		}
	case elementInt8:
		for i := range x {
			x[i] = F(int8(data[i]))
		}
	case elementInt16:
		for i := range x {
			x[i] = F(int16(le.Uint16(data[2*i:])))
		}
	case elementInt32:
		for i := range x {
			x[i] = F(int32(le.Uint32(data[4*i:])))
		}
	case elementInt64:
		for i := range x {
			x[i] = F(int64(le.Uint64(data[8*i:])))
		}
	case elementUint8:
		for i := range x {
			x[i] = F(data[i])
		}
	case elementUint16:
		for i := range x {
			x[i] = F(le.Uint16(data[2*i:]))
		}
	case elementUint32:
		for i := range x {
			x[i] = F(le.Uint32(data[4*i:]))
		}
	case elementUint64:
		for i := range x {
			x[i] = F(le.Uint64(data[8*i:]))
		}
	case elementFloat32:
		for i := range x {
			x[i] = F(math.Float32frombits(le.Uint32(data[4*i:])))
		}
	case elementFloat64:
		for i := range x {
			x[i] = F(math.Float64frombits(le.Uint64(data[8*i:])))
		}
	}
	return x
}
