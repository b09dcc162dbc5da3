package mlp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// safetensorsFile returns a file of that header and data.
func safetensorsFile(header, data string) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + data
}

// TestWriteSafetensors compares with the bytes of Python's safetensors 0.8.0 for the same tensors.
func TestWriteSafetensors(t *testing.T) {
	var got bytes.Buffer
	if err := WriteSafetensors(&got, []Tensor{
		{"b", []int{2, 1}, []float32{1, -2}}, {"a\"\n\r\t\b\f\x01\x7fé", nil, []float32{0.5}}, {"empty", []int{0, 3}, nil},
	}, map[string]string{"k": "v\\", "": "w"}); err != nil {
		t.Fatal(err)
	}
	header := `{"__metadata__":{"":"w","k":"v\\"},"a\"\n\r\t\b\f\u0001` + "\x7f" + `é":` +
		`{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},` +
		`"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[12,12]}}`
	header += strings.Repeat(" ", 7-(len(header)+7)%8)
	if want := safetensorsFile(header, "\x00\x00\x00\x3f\x00\x00\x80\x3f\x00\x00\x00\xc0"); got.String() != want {
		t.Errorf("got  %q\nwant %q", got.String(), want)
	}
	got.Reset()
	if err := WriteSafetensors(&got, nil, nil); err != nil {
		t.Fatal(err)
	}
	if want := safetensorsFile("{}      ", ""); got.String() != want {
		t.Errorf("nothing: got %q, want %q", got.String(), want)
	}
}

func TestWriteSafetensorsErrors(t *testing.T) {
	one := []float32{1}
	for _, c := range []struct {
		name     string
		tensors  []Tensor
		metadata map[string]string
		want     string
	}{
		{"shape", []Tensor{{"a", []int{2}, one}}, nil, "shape [2]"},
		{"negative", []Tensor{{"a", []int{-1, -1}, one}}, nil, "negative side"},
		{"twice", []Tensor{{"a", []int{1}, one}, {"a", []int{1}, one}}, nil, `"a": want another name`},
		{"reserved", []Tensor{{"__metadata__", []int{1}, one}}, nil, "want another name"},
		{"name", []Tensor{{"\xff", []int{1}, one}}, nil, "not UTF-8"},
		{"metadata", nil, map[string]string{"k": "\xff"}, `metadata "k"`},
	} {
		refused(t, c.name, WriteSafetensors(io.Discard, c.tensors, c.metadata), c.want)
	}
	for _, room := range []int64{0, 64} { // for nothing, for the header
		if err := WriteSafetensors(&fullWriter{room}, []Tensor{{"a", []int{1}, one}}, nil); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: got error %v, want %v", room, err, errFull)
		}
	}
}

var errFull = errors.New("the disk is full")

// fullWriter takes a number of bytes and then fails.
type fullWriter struct{ room int64 }

func (w *fullWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > w.room {
		return 0, errFull
	}
	w.room -= int64(len(p))
	return len(p), nil
}

func TestReadSafetensors(t *testing.T) {
	file := safetensorsFile(`{"h":{"shape":[2,2],"extra":{"x":[1]},"dtype":"F16","data_offsets":[8,16]},`+
		`"__metadata__":{"a":"b"},"i":{"dtype":"I64","shape":[],"data_offsets":[0,8]},`+
		`"d":{"dtype":"F64","shape":[2],"data_offsets":[16,32]},"g":{"dtype":"BF16","shape":[1],"data_offsets":[32,34]},`+
		`"f":{"dtype":"F4","shape":[4],"data_offsets":[34,36]},"s":{"dtype":"F32","shape":[1,1],"data_offsets":[36,40]},`+
		`"e":{"dtype":"F32","shape":[0],"data_offsets":[36,36]}}   `,
		"12345678"+"\x00\x3c\x01\x00\x00\xfc\x00\x80"+
			"\x9a\x99\x99\x99\x99\x99\xb9\x3f"+"\x00\x00\x00\x20\x00\x00\xf0\x3f"+"\xc0\x7f"+"12"+"\x01\x00\x80\x7f")
	want := []Tensor{
		{"i", nil, nil},
		{"h", []int{2, 2}, []float32{1, 0x1p-24, float32(math.Inf(-1)), float32(math.Copysign(0, -1))}},
		{"d", []int{2}, []float32{0.1, 1 + 0x1p-23}}, // 1 + 2⁻²³ exactly: 0x20000000 is 2⁻²³ in a float64's fraction
		{"g", []int{1}, []float32{math.Float32frombits(0x7fc00000)}},
		{"f", []int{4}, nil},
		{"e", []int{0}, []float32{}},
		{"s", []int{1, 1}, []float32{math.Float32frombits(0x7f800001)}},
	}
	for name, r := range map[string]io.Reader{
		"at once": strings.NewReader(file), "byte by byte": iotest.OneByteReader(strings.NewReader(file)),
	} {
		got, metadata, err := ReadSafetensors(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !maps.Equal(metadata, map[string]string{"a": "b"}) {
			t.Errorf("%s: metadata %v", name, metadata)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d tensors, want %d", name, len(got), len(want))
		}
		for i, w := range want {
			g := got[i]
			if g.Name != w.Name || !slices.Equal(g.Shape, w.Shape) || !slices.Equal(bits32(g.Values), bits32(w.Values)) ||
				(g.Values == nil) != (w.Values == nil) {
				t.Errorf("%s: tensor %d is %v, want %v", name, i, g, w)
			}
		}
	}
}

// bits32 returns the bits of floats, so that NaN equals NaN.
func bits32(x []float32) []uint32 {
	b := make([]uint32, len(x))
	for i, v := range x {
		b[i] = math.Float32bits(v)
	}
	return b
}

// TestReadSafetensorsErrors holds what the malformed golden files do not, and the words of some errors.
func TestReadSafetensorsErrors(t *testing.T) {
	const entry = `{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "after 0 of 8 bytes: unexpected EOF"},
		{"long header", "\xff\xff\xff\xff\xff\xff\xff\x7f{}", "9223372036854775807 bytes, want at most 100000000"},
		{"short header", safetensorsFile(`{"a":`, "")[:10], "after 2 of 5 bytes: unexpected EOF"},
		{"zip", "PK\x03\x04\x00\x00\x00\x00PK", "not a safetensors file"},
		{"space first", safetensorsFile(` {}`, ""), "want '{'"},
		{"comma first", safetensorsFile(`{,}`, ""), "invalid character ','"},
		{"cut", safetensorsFile(`{"a":`, ""), "unexpected EOF"},
		{"two values", safetensorsFile(`{}{}`, ""), "want the end after the value, got an object"},
		{"closing bracket", safetensorsFile(`{}]`, ""), "invalid character ']'"},
		{"twice", safetensorsFile(`{"a":`+entry+`,"\u0061":`+entry+`}`, "1234"), `the key "a" stands twice`},
		{"twice within", safetensorsFile(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "1234"),
			`"a": the key "dtype" stands twice`},
		{"twice in metadata", safetensorsFile(`{"__metadata__":{"k":"","k":""}}`, ""),
			`"__metadata__": the key "k" stands twice`},
		{"null metadata", safetensorsFile(`{"__metadata__":null}`, ""), `"__metadata__": want an object, got null`},
		{"number", safetensorsFile(`{"a":{"dtype":"F32","shape":[1,-0],"data_offsets":[0,4]}}`, "1234"),
			`"a": "shape": [1]: want a whole number`},
		{"shape object", safetensorsFile(`{"a":{"dtype":"F32","shape":{},"data_offsets":[0,4]}}`, "1234"),
			`want a list, got an object`},
		{"deep extra", safetensorsFile(`{"a":{"x":`+strings.Repeat("[", 20000)+`}}`, ""), "nested more than 128 deep"},
		{"half byte", safetensorsFile(`{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}`, "1"), "takes 3·4 bits"},
		{"product", safetensorsFile(`{"a":{"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,0]}}`, ""),
			"too many elements"},
		{"product of 0", safetensorsFile(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}`, ""),
			""},
		{"overlap of nothing", safetensorsFile(`{"a":`+entry+`,"b":{"dtype":"F32","shape":[0],"data_offsets":[2,2]}}`, "1234"),
			`"b" begins at byte 2 of the data, want 4`},
		{"short data", safetensorsFile(`{"a":`+entry+`}`, "123"), `data of tensor "a", of bytes 0 to 4: unexpected EOF`},
		{"no data", safetensorsFile(`{"a":`+entry+`}`, ""), `data of tensor "a", of bytes 0 to 4: unexpected EOF`},
		{"short data passed over", safetensorsFile(`{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}`, "123"),
			`data of tensor "a"`},
		{"more data", safetensorsFile(`{"a":`+entry+`}`, "12345"), "want the end of the file"},
	} {
		_, _, err := ReadSafetensors(strings.NewReader(c.file))
		refused(t, c.name, err, c.want)
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("%s: an error of %d bytes", c.name, len(err.Error()))
		}
	}
	boom := errors.New("boom")
	good := safetensorsFile(`{"a":`+entry+`}`, "1234")
	for at := range len(good) + 1 {
		r := io.MultiReader(strings.NewReader(good[:at]), iotest.ErrReader(boom))
		if _, _, err := ReadSafetensors(r); !errors.Is(err, boom) {
			t.Errorf("reader that fails after %d bytes: got error %v, want %v", at, err, boom)
		}
	}
}

// TestReadSafetensorsMemory gives files that claim gigabytes, in their length, shapes and types.
func TestReadSafetensorsMemory(t *testing.T) {
	for _, d := range dtypes {
		dtype, bits := d.name, d.bits
		count := uint64(1) << 30
		for _, data := range []string{"", strings.Repeat("x", 1<<18)} {
			header := fmt.Sprintf(`{"a":{"dtype":"%s","shape":[%d],"data_offsets":[0,%d]}}`, dtype, count, count/8*bits)
			file := []byte(safetensorsFile(header, data))
			allocated := allocatedBy(func() {
				if _, _, err := ReadSafetensors(bytes.NewReader(file)); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%s: got error %v, want %v", dtype, err, io.ErrUnexpectedEOF)
				}
			})
			if most := allocationLimit(file); allocated > most {
				t.Errorf("%s: reading %d bytes allocates %d, want at most %d", dtype, len(file), allocated, most)
			}
		}
	}
	header := binary.LittleEndian.AppendUint64(nil, maxHeader)
	if allocated := allocatedBy(func() { ReadSafetensors(bytes.NewReader(append(header, '{'))) }); allocated > 1<<18 {
		t.Errorf("a header that claims %d bytes allocates %d", maxHeader, allocated)
	}
}

// TestFloat16 compares all half-precision numbers with their definition.
func TestFloat16(t *testing.T) {
	for h := range 1 << 16 {
		got := float64(float16(uint16(h)))
		exponent, fraction := h>>10&31, float64(h&1023)/1024
		want := math.Ldexp(1+fraction, exponent-15)
		switch {
		case exponent == 0:
			want = math.Ldexp(fraction, -14)
		case exponent == 31 && fraction == 0:
			want = math.Inf(1)
		case exponent == 31:
			want = math.NaN()
		}
		if h>>15 == 1 {
			want = -want
		}
		if math.IsNaN(want) {
			if !math.IsNaN(got) {
				t.Errorf("%#04x is %v, want NaN", h, got)
			}
		} else if math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%#04x is %v, want %v", h, got, want)
		}
	}
}

func TestSafetensorsRoundTrip(t *testing.T) {
	values := make([]float32, 3*ioChunk) // several buffers
	for i := range values {
		values[i] = float32(i)
	}
	want := []Tensor{{"a", []int{3, ioChunk}, values}, {"b", []int{}, []float32{2}}}
	var file bytes.Buffer
	if err := WriteSafetensors(&file, want, nil); err != nil {
		t.Fatal(err)
	}
	got, metadata, err := ReadSafetensors(&file)
	if err != nil || metadata != nil {
		t.Fatal(metadata, err)
	}
	for i := range got {
		got[i].Shape = append([]int{}, got[i].Shape...)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("tensors differ after a round trip")
	}
}
