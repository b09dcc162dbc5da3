package npz

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

func newArray[T uint8 | uint16 | float32 | float64](t testing.TB, shape []int, values ...T) *mlp.Array {
	t.Helper()
	a, err := mlp.NewArray(shape, values)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWrite(t *testing.T) {
	arrays := map[string]*mlp.Array{
		"":            newArray[float32](t, nil, 3),
		"a/b":         newArray[uint8](t, []int{2}, 1, 2),
		"../x.npy":    newArray[uint16](t, []int{0, 3}),
		"one hundred": newArray(t, []int{100}, make([]float64, 100)...),
		"tenth":       newArray(t, []int{1, 1}, 0.1),
	}
	file := write(t, arrays)
	again, err := read(bytes.NewReader(file), int64(len(file)), mlp.ArrayConfig{})
	if err != nil || !reflect.DeepEqual(again, arrays) {
		t.Errorf("got %v, %v, want %v", again, err, arrays)
	}
	if !bytes.Equal(write(t, again), file) {
		t.Error("a second file differs from the first")
	}
	// MaxBytes bounds all arrays together: headers of 128 bytes and the data.
	total := int64(5*128 + 4 + 2 + 0 + 800 + 8)
	for _, more := range []int64{0, -1} {
		_, err := Read(bytes.NewReader(file), int64(len(file)), mlp.ArrayConfig{MaxBytes: total + more})
		if (err != nil) != (more < 0) {
			t.Errorf("MaxBytes %d of %d: error %v", total+more, total, err)
		}
	}
	// A bit in the data of any array is caught by the archive's checksum.
	broken := bytes.Clone(file)
	broken[bytes.Index(broken, []byte("\x9a\x99\x99\x99\x99\x99\xb9\x3f"))] ^= 1
	if _, err := Read(bytes.NewReader(broken), int64(len(broken)), mlp.ArrayConfig{}); err == nil {
		t.Error("a wrong checksum: no error")
	}
	if err := Write(&bytes.Buffer{}, map[string]*mlp.Array{"x": nil}); err == nil {
		t.Error("a nil array: no error")
	}
	if _, err := Read(bytes.NewReader(file), int64(len(file)), mlp.ArrayConfig{MaxBytes: -1}); err == nil {
		t.Error("MaxBytes < 0: no error")
	}
	for n := 0; n < len(file); n += 7 {
		if _, err := Read(bytes.NewReader(file[:n]), int64(n), mlp.ArrayConfig{}); err == nil {
			t.Errorf("cut after %d bytes: no error", n)
		}
	}
}

func write(t testing.TB, arrays map[string]*mlp.Array) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := Write(&file, arrays); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// numpy.savez_compressed(file, a=numpy.arange(3, dtype='>u2')) of NumPy 2.4.
const numpyFile = "" +
	"504b03042d000000080000002100fa255bb9ffffffffffffffff05001400612e6e70790100100086000000000000004a00000000000000" +
	"9bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e576aa4aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402" +
	"f91ac63a9a3a0ab50a14002e06060646062600504b01022d032d000000080000002100fa255bb94a000000860000000500000000000000" +
	"00000000800100000000612e6e7079504b0506000000000100010033000000810000000000"

func TestReadFromNumPy(t *testing.T) {
	file, err := hex.DecodeString(numpyFile)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(bytes.NewReader(file), int64(len(file)), mlp.ArrayConfig{})
	if want := newArray[uint16](t, []int{3}, 0, 1, 2); err != nil || len(got) != 1 || !reflect.DeepEqual(got["a"], want) {
		t.Errorf("got %v, %v", got, err)
	}
}

// FuzzRead reads any bytes: what is accepted must come back the same after Write.
func FuzzRead(f *testing.F) {
	f.Add(write(f, map[string]*mlp.Array{"x": newArray[uint8](f, []int{2}, 1, 2), "y": newArray[float32](f, nil, 3)}))
	compressed, err := hex.DecodeString(numpyFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(compressed)
	f.Fuzz(func(t *testing.T, file []byte) {
		arrays, err := Read(bytes.NewReader(file), int64(len(file)), mlp.ArrayConfig{MaxBytes: 1 << 20})
		if err != nil {
			return
		}
		rewritten := write(t, arrays)
		again, err := Read(bytes.NewReader(rewritten), int64(len(rewritten)), mlp.ArrayConfig{})
		if err != nil || !reflect.DeepEqual(again, arrays) {
			t.Fatalf("wrote %v, read %v, %v", arrays, again, err)
		}
	})
}
