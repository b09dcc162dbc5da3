package mlp

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// The safetensors container (https://github.com/huggingface/safetensors, "Format"): the length of the header, 8 bytes
// little-endian; the header, JSON; the tensors' data, little-endian, without holes. docs/FORMAT.md tells what a model
// keeps in it.

const (
	maxHeader   = 100_000_000 // bytes of a header, as in the reference implementation
	metadataKey = "__metadata__"
	dtypeF32    = "F32"
	ioChunk     = 1 << 16 // bytes that are read or written at once
)

// dtypes are the element types that the format knows, and their sizes in bits.
var dtypes = []struct {
	name string
	bits uint64
}{
	{dtypeF32, 32}, {"F64", 64}, {"F16", 16}, {"BF16", 16}, {"BOOL", 8}, {"F4", 4}, {"F6_E2M3", 6}, {"F6_E3M2", 6},
	{"U8", 8}, {"I8", 8}, {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
	{"I16", 16}, {"U16", 16}, {"I32", 32}, {"U32", 32}, {"C64", 64}, {"I64", 64}, {"U64", 64},
}

// dtypeBits returns the size in bits of an element type, 0 if the format does not know it.
func dtypeBits(name string) uint64 {
	for _, d := range dtypes {
		if d.name == name {
			return d.bits
		}
	}
	return 0
}

// storedTensor is a tensor as a safetensors header describes it.
type storedTensor struct {
	name     string
	dtype    string
	shape    []int
	count    int    // number of elements
	from, to uint64 // place in the data, in bytes
	used     bool   // by a layer or the self-test
}

// isFloat reports whether readValues can read the tensor.
func (t *storedTensor) isFloat() bool {
	return t.dtype == dtypeF32 || t.dtype == "F16" || t.dtype == "BF16" || t.dtype == "F64"
}

// ReadSafetensors reads a safetensors file to its end: its tensors in the order of their data, and its metadata, nil if
// it has none.
//
// Values of type F16, BF16 and F32 are exact, those of F64 are rounded once. A tensor of any other type, such as
// the I64 of PyTorch's num_batches_tracked, has its name and shape but nil Values. NaN and infinities are read as they
// are. Nothing that the header claims is trusted; memory grows with what r really delivers.
func ReadSafetensors(r io.Reader) ([]Tensor, map[string]string, error) {
	stored, metadata, err := readSafetensorsHeader(r)
	if err == nil {
		var tensors []Tensor
		if tensors, err = readSafetensorsData(r, stored); err == nil {
			return tensors, metadata, nil
		}
	}
	return nil, nil, fmt.Errorf("mlp: safetensors: %w", err)
}

// readSafetensorsHeader returns the tensors in the order of their data, whose places fit together.
func readSafetensorsHeader(r io.Reader) ([]*storedTensor, map[string]string, error) {
	var length [8]byte
	if n, err := io.ReadFull(r, length[:]); err != nil {
		return nil, nil, readError(err, "the file ends in the header's length, after %d of 8 bytes", n)
	}
	size := binary.LittleEndian.Uint64(length[:])
	if size > maxHeader {
		return nil, nil, fmt.Errorf("not a safetensors file: the header's length is %d bytes, want at most %d", size, maxHeader)
	}
	text, err := readGrowing(r, int(size), ioChunk)
	if len(text) > 0 && text[0] != '{' {
		return nil, nil, fmt.Errorf("not a safetensors file: the header begins with %.8q, want '{'", text)
	}
	if err != nil {
		return nil, nil, readError(err, "the file ends in the header, after %d of %d bytes", len(text), size)
	}
	var tensors []*storedTensor
	var metadata map[string]string
	err = readJSON(text, func(j jsonReader) error {
		return j.object(func(key string) (err error) {
			if key == metadataKey {
				metadata = make(map[string]string)
				return j.object(func(key string) (err error) {
					metadata[key], err = j.string()
					return err
				})
			}
			t := &storedTensor{name: key}
			if err := t.read(j); err != nil {
				return err
			}
			tensors = append(tensors, t)
			return nil
		})
	})
	if err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	slices.SortStableFunc(tensors, func(a, b *storedTensor) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	at := uint64(0)
	for _, t := range tensors {
		if t.from != at {
			return nil, nil, fmt.Errorf("tensor %.80q begins at byte %d of the data, want %d, the end of the one before",
				t.name, t.from, at)
		}
		at = t.to
	}
	return tensors, metadata, nil
}

// readError says where a file ended, or what else went wrong.
func readError(err error, format string, args ...any) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf(format+": %w", append(args, io.ErrUnexpectedEOF)...)
	}
	return err
}

// read reads the tensor's entry of the header: {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}.
func (t *storedTensor) read(j jsonReader) error {
	fields := map[string]bool{}
	err := j.object(func(key string) (err error) {
		fields[key] = true
		switch key {
		case "dtype":
			t.dtype, err = j.string()
			if err == nil && dtypeBits(t.dtype) == 0 {
				err = fmt.Errorf("unknown element type %.80q", t.dtype)
			}
		case "shape":
			err = j.list(func() error {
				side, err := j.int()
				t.shape = append(t.shape, side)
				return err
			})
		case "data_offsets":
			var offsets []uint64
			err = j.list(func() error {
				offset, err := j.uint(math.MaxUint64)
				if len(offsets) == 2 {
					return errors.New("want two offsets, got more")
				}
				offsets = append(offsets, offset)
				return err
			})
			if err == nil && len(offsets) != 2 {
				err = fmt.Errorf("want two offsets, got %d", len(offsets))
			}
			if err == nil {
				t.from, t.to = offsets[0], offsets[1]
			}
		default: // the reference implementation ignores other fields
			err = j.skip(maxJSONDepth)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if !fields[key] {
			return fmt.Errorf("want a field %q", key)
		}
	}
	if t.from > t.to {
		return fmt.Errorf("the data begin at byte %d, behind their end, %d", t.from, t.to)
	}
	return t.checkSize()
}

// checkSize sets count, and returns an error unless shape and element type make up the tensor's bytes.
func (t *storedTensor) checkSize() error {
	count, over := uint64(1), uint64(0)
	for _, side := range t.shape {
		if over, count = bits.Mul64(count, uint64(side)); over != 0 || count > math.MaxInt {
			return fmt.Errorf("shape %s has too many elements", shapeString(t.shape))
		}
	}
	over, size := bits.Mul64(count, dtypeBits(t.dtype))
	if over != 0 || size%8 != 0 || size/8 != t.to-t.from {
		return fmt.Errorf("shape %s of %s takes %d·%d bits, but the data_offsets give %d bytes",
			shapeString(t.shape), t.dtype, count, dtypeBits(t.dtype), t.to-t.from)
	}
	t.count = int(count)
	return nil
}

// shapeString returns a shape as text, shortened if it has very many sides.
func shapeString(shape []int) string {
	const most = 8
	if len(shape) > most {
		return fmt.Sprintf("%v… (%d sides)", shape[:most], len(shape))
	}
	return fmt.Sprint(shape)
}

// readSafetensorsData reads the tensors' values, and makes sure that the file ends behind them.
func readSafetensorsData(r io.Reader, stored []*storedTensor) ([]Tensor, error) {
	buffered := bufio.NewReaderSize(r, ioChunk)
	tensors := make([]Tensor, len(stored))
	for i := range stored {
		s := stored[i]
		values, err := s.readValues(buffered)
		if err != nil {
			return nil, readError(err, "the file ends in the data of tensor %.80q, of bytes %d to %d", s.name, s.from, s.to)
		}
		tensors[i] = Tensor{s.name, s.shape, values}
	}
	if _, err := buffered.ReadByte(); err == nil {
		return nil, errors.New("want the end of the file behind the last tensor, got more bytes")
	} else if err != io.EOF {
		return nil, err
	}
	return tensors, nil
}

// readValues reads the tensor's data. The result grows as they arrive: a header may claim any length.
func (t *storedTensor) readValues(r *bufio.Reader) ([]float32, error) {
	if !t.isFloat() {
		for left := t.to - t.from; left > 0; { // not by io.CopyN, which links the copying from file to file
			n, err := r.Discard(int(min(left, ioChunk)))
			if err != nil {
				return nil, err
			}
			left -= uint64(n)
		}
		return nil, nil
	}
	size := int(dtypeBits(t.dtype) / 8)
	values := []float32{}
	for len(values) < t.count {
		n := min(t.count-len(values), ioChunk/size)
		data, err := r.Peek(n * size)
		if err != nil {
			return nil, err
		}
		if len(values)+n > cap(values) {
			values = slices.Grow(values, min(max(len(values), n), t.count-len(values)))
		}
		values = appendFloats(values, data, t.dtype)
		if _, err := r.Discard(len(data)); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// appendFloats appends the numbers of that type that data holds.
func appendFloats(values []float32, data []byte, dtype string) []float32 {
	le := binary.LittleEndian
	switch dtype {
	case dtypeF32:
		for ; len(data) > 0; data = data[4:] {
			values = append(values, math.Float32frombits(le.Uint32(data)))
		}
	case "F64":
		for ; len(data) > 0; data = data[8:] {
			values = append(values, float32(math.Float64frombits(le.Uint64(data))))
		}
	case "BF16":
		for ; len(data) > 0; data = data[2:] {
			values = append(values, math.Float32frombits(uint32(le.Uint16(data))<<16))
		}
	case "F16":
		for ; len(data) > 0; data = data[2:] {
			values = append(values, float16(le.Uint16(data)))
		}
	}
	return values
}

// float16 returns the value of an IEEE 754 half-precision number.
func float16(h uint16) float32 {
	const bias = 127 - 15 // of the exponents
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 0: // denormal
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 31: // infinite or NaN
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+bias)<<23 | fraction<<13)
}

// WriteSafetensors writes tensors, as F32 and ordered by name, and metadata to a safetensors file, which Python's
// safetensors library reads. The same tensors and metadata give the same bytes.
func WriteSafetensors(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	if err := writeSafetensors(w, tensors, metadata); err != nil {
		return fmt.Errorf("mlp: safetensors: %w", err)
	}
	return nil
}

func writeSafetensors(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	tensors = slices.SortedFunc(slices.Values(tensors), func(a, b Tensor) int { return cmp.Compare(a.Name, b.Name) })
	header, err := appendSafetensorsHeader(make([]byte, 8), tensors, metadata)
	if err != nil {
		return err
	}
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	if len(header)-8 > maxHeader {
		return fmt.Errorf("the header takes %d bytes, want at most %d", len(header)-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	if _, err := w.Write(header); err != nil {
		return err
	}
	buffer := make([]byte, 0, ioChunk)
	for _, t := range tensors {
		for values := range slices.Chunk(t.Values, ioChunk/4) {
			buffer = appendFloat32s(buffer[:0], values)
			if _, err := w.Write(buffer); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendSafetensorsHeader appends the header's JSON, with the keys in the reference writer's order.
func appendSafetensorsHeader(b []byte, tensors []Tensor, metadata map[string]string) (_ []byte, err error) {
	separator := byte('{')
	if len(metadata) > 0 {
		b = append(b, `{"`+metadataKey+`":`...)
		for _, key := range slices.Sorted(maps.Keys(metadata)) {
			b = append(b, separator)
			if b, err = appendJSONString(b, key); err != nil {
				return nil, fmt.Errorf("metadata: %w", err)
			}
			b = append(b, ':')
			if b, err = appendJSONString(b, metadata[key]); err != nil {
				return nil, fmt.Errorf("metadata %q: %w", key, err)
			}
			separator = ','
		}
		b = append(b, '}')
	}
	at := uint64(0)
	for i, t := range tensors {
		stored := storedTensor{dtype: dtypeF32, shape: t.Shape, from: at, to: at + 4*uint64(len(t.Values))}
		if slices.ContainsFunc(t.Shape, func(side int) bool { return side < 0 }) {
			return nil, fmt.Errorf("tensor %.80q: shape %s has a negative side", t.Name, shapeString(t.Shape))
		}
		if err := stored.checkSize(); err != nil {
			return nil, fmt.Errorf("tensor %.80q: %w", t.Name, err)
		}
		if t.Name == metadataKey || i > 0 && t.Name == tensors[i-1].Name {
			return nil, fmt.Errorf("tensor %.80q: want another name, this one is taken", t.Name)
		}
		b = append(b, separator)
		if b, err = appendJSONString(b, t.Name); err != nil {
			return nil, fmt.Errorf("tensor: %w", err)
		}
		b = append(b, `:{"dtype":"`+dtypeF32+`","shape":[`...)
		for i, side := range t.Shape {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(side), 10)
		}
		b = fmt.Appendf(b, `],"data_offsets":[%d,%d]}`, stored.from, stored.to)
		at, separator = stored.to, ','
	}
	if separator == '{' {
		b = append(b, separator)
	}
	return append(b, '}'), nil
}
