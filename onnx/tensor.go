package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
)

// dataType is the type of a tensor's elements.
type dataType = pb.TensorProto_DataType

const (
	float32Type = pb.TensorProto_FLOAT
	float64Type = pb.TensorProto_DOUBLE
)

// tensor is a constant: an initializer, or what nodes compute from initializers alone. Exactly one of the lists is used.
type tensor struct {
	dtype   dataType
	shape   []int
	floats  []float64 // of float16, bfloat16, float32 and float64, as they are
	ints    []int64   // of integers and bool; batchSize stands for the number of rows
	strings []string
}

// batchSize stands, in a constant that is computed from the shape of the input, for the number of rows.
const batchSize = math.MinInt64

// scalar returns a tensor of one number.
func scalar(dtype dataType, v float64) *tensor { return &tensor{dtype: dtype, floats: []float64{v}} }

// isFloat reports whether a type is a floating-point one that constants may have.
func isFloat(t dataType) bool {
	switch t {
	case float32Type, float64Type, pb.TensorProto_FLOAT16, pb.TensorProto_BFLOAT16:
		return true
	}
	return false
}

// elementSize returns the bytes that an element takes in raw_data; 0 for types that are not supported there.
func elementSize(t dataType) int64 {
	switch t {
	case pb.TensorProto_UINT8, pb.TensorProto_INT8, pb.TensorProto_BOOL:
		return 1
	case pb.TensorProto_UINT16, pb.TensorProto_INT16, pb.TensorProto_FLOAT16, pb.TensorProto_BFLOAT16:
		return 2
	case pb.TensorProto_INT32, float32Type:
		return 4
	case pb.TensorProto_INT64, float64Type:
		return 8
	}
	return 0
}

// size returns the number of elements of a shape.
func size(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}

// readTensor decodes a tensor of the file. Nothing is allocated before its size is known to agree with its data.
func readTensor(t *pb.TensorProto, external *externalData) (*tensor, error) {
	dtype := dataType(t.GetDataType())
	if elementSize(dtype) == 0 && dtype != pb.TensorProto_STRING {
		return nil, fmt.Errorf("elements of type %v are not supported", dtype)
	}
	if len(t.Dims) > maxRank {
		return nil, fmt.Errorf("%d dimensions, want at most %d", len(t.Dims), maxRank)
	}
	shape, count := make([]int, len(t.Dims)), 1
	for i, d := range t.Dims {
		if d < 1 || d > int64(maxFileSize/count) {
			return nil, fmt.Errorf("shape %v, want sizes of at least 1 and at most %d elements", t.Dims, maxFileSize)
		}
		shape[i] = int(d)
		count *= int(d)
	}
	c := &tensor{dtype: dtype, shape: shape}
	if t.GetDataLocation() == pb.TensorProto_EXTERNAL || len(t.ExternalData) > 0 {
		b, err := external.read(t, int64(count)*elementSize(dtype))
		if err != nil {
			return nil, err
		}
		return c, c.decode(b, count)
	}
	if t.RawData != nil {
		if len(t.FloatData)+len(t.Int32Data)+len(t.Int64Data)+len(t.DoubleData)+len(t.StringData) > 0 {
			return nil, errors.New("data stands in raw_data and elsewhere")
		}
		return c, c.decode(t.RawData, count)
	}
	return c, c.decodeFields(t, count)
}

// decode takes the elements from raw_data.
func (c *tensor) decode(b []byte, count int) error {
	n := int(elementSize(c.dtype))
	if n == 0 || len(b) != count*n {
		return fmt.Errorf("%d bytes of data, want %d·%d for shape %v of %v", len(b), count, n, c.shape, c.dtype)
	}
	if isFloat(c.dtype) {
		c.floats = make([]float64, count)
	} else {
		c.ints = make([]int64, count)
	}
	for i := range count {
		switch e := b[i*n:][:n]; c.dtype {
		case float32Type:
			c.floats[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(e)))
		case float64Type:
			c.floats[i] = math.Float64frombits(binary.LittleEndian.Uint64(e))
		case pb.TensorProto_FLOAT16:
			c.floats[i] = float16(binary.LittleEndian.Uint16(e))
		case pb.TensorProto_BFLOAT16:
			c.floats[i] = bfloat16(binary.LittleEndian.Uint16(e))
		case pb.TensorProto_INT64:
			c.ints[i] = int64(binary.LittleEndian.Uint64(e))
		case pb.TensorProto_INT32:
			c.ints[i] = int64(int32(binary.LittleEndian.Uint32(e)))
		case pb.TensorProto_INT16:
			c.ints[i] = int64(int16(binary.LittleEndian.Uint16(e)))
		case pb.TensorProto_UINT16:
			c.ints[i] = int64(binary.LittleEndian.Uint16(e))
		case pb.TensorProto_INT8:
			c.ints[i] = int64(int8(e[0]))
		default: // UINT8, BOOL
			c.ints[i] = int64(e[0])
		}
	}
	return c.check()
}

// decodeFields takes the elements from the field that a type has of its own.
func (c *tensor) decodeFields(t *pb.TensorProto, count int) error {
	got := 0
	switch c.dtype {
	case float32Type:
		got = len(t.FloatData)
	case float64Type:
		got = len(t.DoubleData)
	case pb.TensorProto_INT64:
		got = len(t.Int64Data)
	case pb.TensorProto_STRING:
		got = len(t.StringData)
	default:
		got = len(t.Int32Data)
	}
	if got != count {
		return fmt.Errorf("%d values, want %d for shape %v of %v", got, count, c.shape, c.dtype)
	}
	switch c.dtype {
	case float32Type:
		c.floats = make([]float64, count)
		for i, v := range t.FloatData {
			c.floats[i] = float64(v)
		}
	case float64Type:
		c.floats = t.DoubleData
	case pb.TensorProto_FLOAT16, pb.TensorProto_BFLOAT16:
		c.floats = make([]float64, count)
		for i, v := range t.Int32Data {
			if v < 0 || v > math.MaxUint16 {
				return fmt.Errorf("value %d has bits %#x, want 16", i, v)
			}
			if c.dtype == pb.TensorProto_FLOAT16 {
				c.floats[i] = float16(uint16(v))
			} else {
				c.floats[i] = bfloat16(uint16(v))
			}
		}
	case pb.TensorProto_INT64:
		c.ints = t.Int64Data
	case pb.TensorProto_STRING:
		c.strings = make([]string, count)
		for i, s := range t.StringData {
			c.strings[i] = string(s)
		}
	default:
		c.ints = make([]int64, count)
		for i, v := range t.Int32Data {
			c.ints[i] = int64(v)
		}
	}
	return c.check()
}

// check refuses NaN, which no network has, and the number that stands for the batch, which is not to come out of a file.
func (c *tensor) check() error {
	for i, v := range c.floats {
		if math.IsNaN(v) {
			return fmt.Errorf("value %d is NaN", i)
		}
	}
	for i, v := range c.ints {
		if v == batchSize {
			return fmt.Errorf("value %d is %d, want a larger one", i, v)
		}
	}
	return nil
}

// uniform returns the number that all elements are equal to.
func (c *tensor) uniform() (float64, bool) {
	if len(c.floats) == 0 {
		return 0, false
	}
	for _, v := range c.floats {
		if v != c.floats[0] {
			return 0, false
		}
	}
	return c.floats[0], true
}

// float16 returns the number that IEEE 754's binary16 has for b.
func float16(b uint16) float64 {
	sign := 1 - 2*float64(b>>15)
	exponent, fraction := int(b>>10&0x1f), float64(b&0x3ff)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 0x1f:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// bfloat16 returns the number of the upper half of a float32.
func bfloat16(b uint16) float64 { return float64(math.Float32frombits(uint32(b) << 16)) }
