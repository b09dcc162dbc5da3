package mlp

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func mustArray[T number](t testing.TB, shape []int, values ...T) *Array {
	t.Helper()
	a, err := NewArray(shape, values)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// someArrays returns an array of each type, with its extreme values.
func someArrays(t testing.TB) []*Array {
	return []*Array{
		mustArray[int8](t, []int{3}, math.MinInt8, -1, math.MaxInt8),
		mustArray[int16](t, []int{1, 2}, math.MinInt16, math.MaxInt16),
		mustArray[int32](t, []int{2, 1}, math.MinInt32, math.MaxInt32),
		mustArray[int64](t, nil, math.MinInt64+1),
		mustArray[uint8](t, []int{2, 0, 3}),
		mustArray[uint16](t, []int{2}, 0, math.MaxUint16),
		mustArray[uint32](t, []int{2}, 1, math.MaxUint32),
		mustArray[uint64](t, []int{2}, 1, math.MaxUint64),
		mustArray[float32](t, []int{2, 3}, 0.1, -2, math.MaxFloat32, math.SmallestNonzeroFloat32, 0, float32(math.Inf(-1))),
		mustArray[float64](t, []int{2, 1, 1}, 0.1, -1e300),
		{shape: []int{3}, element: elements[0], data: []byte{0, 1, 1}},
	}
}

func TestArrayFiles(t *testing.T) {
	for _, a := range someArrays(t) {
		t.Run(a.Type(), func(t *testing.T) {
			var file bytes.Buffer
			if err := a.WriteNPY(&file); err != nil {
				t.Fatal(err)
			}
			if again, err := ReadNPY(&file, ArrayConfig{}); err != nil || !sameArray(again, a) {
				t.Errorf("npy: got %v, %v, want %v", again, err, a)
			}
			file.Reset()
			if err := a.WriteIDX(&file); err != nil {
				if a.element.idx != 0 && len(a.shape) > 0 {
					t.Error(err)
				}
				return
			}
			if again, err := ReadIDX(&file, ArrayConfig{}); err != nil || !sameArray(again, a) {
				t.Errorf("idx: got %v, %v, want %v", again, err, a)
			}
		})
	}
}

func sameArray(a, b *Array) bool {
	return a != nil && b != nil && a.element == b.element && slices.Equal(a.shape, b.shape) && bytes.Equal(a.data, b.data)
}

func TestArrayValues(t *testing.T) {
	for _, test := range []struct {
		a       *Array
		float32 []float32
		float64 []float64
	}{
		{mustArray[int8](t, []int{2}, -128, 127), []float32{-128, 127}, []float64{-128, 127}},
		{mustArray[int16](t, []int{1}, -300), []float32{-300}, []float64{-300}},
		// The nearest float32 of 16777217 is even; of 2⁶³-1 and 2⁶⁴-1, the power of two.
		{mustArray[int32](t, []int{2}, 16777217, -70000), []float32{16777216, -70000}, []float64{16777217, -70000}},
		{mustArray[int64](t, []int{1}, math.MaxInt64), []float32{0x1p63}, []float64{0x1p63}},
		{mustArray[uint8](t, nil, 200), []float32{200}, []float64{200}},
		{mustArray[uint16](t, []int{1}, 65535), []float32{65535}, []float64{65535}},
		{mustArray[uint32](t, []int{1}, math.MaxUint32), []float32{0x1p32}, []float64{math.MaxUint32}},
		// Rounded by way of float64, it would be 2⁶³: the number is just above the middle of two float32.
		{mustArray[uint64](t, []int{1}, 1<<63+1<<39+1), []float32{1<<63 + 1<<40}, []float64{1<<63 + 1<<39}},
		{mustArray[float32](t, []int{1}, 0.1), []float32{0.1}, []float64{float64(float32(0.1))}},
		{mustArray(t, []int{3}, 0.1, 1e-300, math.Inf(1)), []float32{0.1, 0, float32(math.Inf(1))}, []float64{0.1, 1e-300, math.Inf(1)}},
		{&Array{shape: []int{3}, element: elements[0], data: []byte{0, 1, 7}}, []float32{0, 1, 1}, []float64{0, 1, 1}},
	} {
		got32, err := test.a.Float32s()
		if err != nil || !slices.Equal(got32, test.float32) {
			t.Errorf("%s: Float32s %v, %v, want %v", test.a.Type(), got32, err, test.float32)
		}
		if got := test.a.Float64s(); !slices.Equal(got, test.float64) {
			t.Errorf("%s: Float64s %v, want %v", test.a.Type(), got, test.float64)
		}
	}
	if _, err := mustArray(t, []int{2}, 1, -1e300).Float32s(); err == nil || !strings.Contains(err.Error(), "element 1 is -1e+300") {
		t.Errorf("beyond float32: error %v", err)
	}
}

func TestNewArrayErrors(t *testing.T) {
	for _, shape := range [][]int{{2}, {4}, {-1, -3}, {math.MaxInt, 4}, {3, 0}, nil} {
		if _, err := NewArray(shape, []float32{1, 2, 3}); err == nil {
			t.Errorf("shape %v for 3 values: no error", shape)
		}
	}
}

// npyHeaderOf returns the beginning of an .npy file.
func npyHeaderOf(version byte, literal string) string {
	length := []byte{byte(len(literal)), byte(len(literal) >> 8)}
	if version > 1 {
		length = append(length, 0, 0)
	}
	return npyMagic + string([]byte{version, 0}) + string(length) + literal
}

// The bytes are those of numpy.save of NumPy 2.4, but for the padding of the header.
func TestReadNPYFromNumPy(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		want *Array
	}{
		"version 1": {
			npyHeaderOf(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }                                                    \n") +
				"\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00",
			mustArray[int16](t, []int{2, 3}, 0, 1, 2, 3, 4, 5),
		},
		"Fortran's order, big-endian, version 2": {
			npyHeaderOf(2, "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n") + "\x00\x00\x00\x03\x00\x01\x00\x04\x00\x02\x00\x05",
			mustArray[int16](t, []int{2, 3}, 0, 1, 2, 3, 4, 5),
		},
		"three sides in Fortran's order": {
			npyHeaderOf(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 3), }") + "\x00\x06\x03\x09\x01\x07\x04\x0a\x02\x08\x05\x0b",
			mustArray[uint8](t, []int{2, 2, 3}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
		},
		"version 3, other order of keys": {
			npyHeaderOf(3, "{\"shape\":(1,),'fortran_order':False , 'descr':'|b1'}") + "\x01",
			&Array{shape: []int{1}, element: elements[0], data: []byte{1}},
		},
		"a single number": {
			npyHeaderOf(1, "{'descr': '>f8', 'fortran_order': False, 'shape': (), }") + "\x3f\xf0\x00\x00\x00\x00\x00\x00",
			mustArray(t, nil, 1.0),
		},
		"Python 2": {
			npyHeaderOf(1, "{'descr': '>f4', 'fortran_order': False, 'shape': (2L,), }") + "\x3f\x80\x00\x00\xbf\x00\x00\x00",
			mustArray[float32](t, []int{2}, 1, -0.5),
		},
	} {
		got, err := ReadNPY(strings.NewReader(test.file), ArrayConfig{})
		if err != nil || !sameArray(got, test.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, test.want)
		}
	}
	for literal, want := range map[string]string{
		"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }":                  "Python objects",
		"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }":                 `element type "<c8"`,
		"{'descr': 'f4', 'fortran_order': False, 'shape': (1,), }":                  `element type "f4"`,
		"{'descr': '|f4', 'fortran_order': False, 'shape': (1,), }":                 `element type "|f4"`,
		"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }":        "no simple element type",
		"{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }":                     "neither True nor False",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1), }":                  "no tuple",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }":                "whole numbers",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)": "whole numbers",
		"{'descr': '<f4', 'fortran_order': False, 'shape': 4, }":                    "no tuple",
		"{'descr': '<f4', 'fortran_order': False, }":                                "want the keys",
		"{'descr': '<f4', 'descr': '<f4', }":                                        "twice",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}":        "unknown key",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x":               "and no more",
		"[]": "want a brace",
		"":   "want a brace",
		"{":  "want a key",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }":                               "after 0 of the data's 4 bytes",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296,4294967296), }":            "has more than 1073741824 bytes",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (0,18446744073709551615), }":           "has more than",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (134217729,), }":                       "has more than 1073741824 bytes",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (" + strings.Repeat("1,", 65) + "), }": "at most 64",
	} {
		_, err := ReadNPY(strings.NewReader(npyHeaderOf(1, literal)), ArrayConfig{})
		if err == nil || !strings.HasPrefix(err.Error(), "mlp: npy: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", literal, err, want)
		}
	}
	good := npyHeaderOf(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }") + "abc"
	for n := range good {
		if _, err := ReadNPY(strings.NewReader(good[:n]), ArrayConfig{}); err == nil {
			t.Errorf("cut after %d bytes: no error", n)
		}
	}
	for _, file := range []string{good + "d", "\x93NUMPY\x04\x00", "\x93NUMPY\x02\x00\xff\xff\xff\xff", "PK\x03\x04      "} {
		if _, err := ReadNPY(strings.NewReader(file), ArrayConfig{}); err == nil {
			t.Errorf("%.20q: no error", file)
		}
	}
	if _, err := ReadNPY(strings.NewReader(good), ArrayConfig{MaxBytes: 2}); err == nil {
		t.Error("more than MaxBytes: no error")
	}
	if _, err := ReadNPY(strings.NewReader(good), ArrayConfig{MaxBytes: -1}); err == nil {
		t.Error("MaxBytes < 0: no error")
	}
}

// TestArrayMemory makes sure that a claim of up to a gigabyte costs memory in proportion to the file only.
func TestArrayMemory(t *testing.T) {
	idx := "\x00\x00\x0d\x01\x0f\xff\xff\xff" + strings.Repeat("x", 1000)
	npy := npyHeaderOf(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (1234567,9,9)}") + strings.Repeat("x", 1000)
	for name, read := range map[string]func() error{
		"idx": func() error { _, err := ReadIDX(strings.NewReader(idx), ArrayConfig{}); return err },
		"npy": func() error { _, err := ReadNPY(strings.NewReader(npy), ArrayConfig{}); return err },
	} {
		var err error
		allocated := allocatedBy(func() { err = read() })
		if err == nil || !strings.Contains(err.Error(), "ends after 1000 of") {
			t.Errorf("%s: error %v", name, err)
		}
		if allocated > 2<<20 {
			t.Errorf("%s: %d bytes allocated for a file of 1 kB", name, allocated)
		}
	}
}

func TestNewLabelledDataset(t *testing.T) {
	x := mustArray[float32](t, []int{2, 2}, 1, 2, 3, 4)
	d, err := NewLabelledDataset(x, mustArray[int64](t, []int{2}, 2, 0))
	want := &Dataset{X: []float32{1, 2, 3, 4}, Features: 2, Y: []float32{2, 0}, Targets: 1, ClassNames: []string{"0", "1", "2"}}
	if err != nil || !reflect.DeepEqual(d, want) {
		t.Errorf("got %v, %v", d, err)
	}
	d, err = NewLabelledDataset(mustArray[uint8](t, []int{1, 2, 1, 3}, 1, 2, 3, 4, 5, 6), mustArray[float64](t, []int{1}, 1))
	if err != nil || d.Features != 6 || d.Image != (ImageShape{2, 1, 3}) {
		t.Errorf("got %v, %v", d, err)
	}
	nan := float32(math.NaN())
	for name, pair := range map[string][2]*Array{
		"fewer labels":     {x, mustArray[int64](t, []int{1}, 2)},
		"labels of rank 2": {x, mustArray[int64](t, []int{2, 1}, 2, 0)},
		"x of rank 1":      {mustArray[float32](t, []int{2}, 1, 2), mustArray[int64](t, []int{2}, 2, 0)},
		"no values":        {mustArray[float32](t, []int{2, 0}), mustArray[int64](t, []int{2}, 2, 0)},
		"no rows":          {mustArray[float32](t, []int{0, 2}), mustArray[int64](t, []int{0})},
		"negative label":   {x, mustArray[int64](t, []int{2}, -1, 0)},
		"broken label":     {x, mustArray[float32](t, []int{2}, 0.5, 0)},
		"NaN label":        {x, mustArray(t, []int{2}, nan, 0)},
		"huge label":       {x, mustArray[int64](t, []int{2}, 1<<40, 0)},
		"NaN":              {mustArray(t, []int{2, 1}, 1, nan), mustArray[int64](t, []int{2}, 1, 0)},
		"beyond float32":   {mustArray[float64](t, []int{2, 1}, 1, 1e200), mustArray[int64](t, []int{2}, 1, 0)},
	} {
		if _, err := NewLabelledDataset(pair[0], pair[1]); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
