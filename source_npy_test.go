package mlp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
)

// opening returns a function that opens data.
func opening(data []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

// npyOf returns the .npy file of an array.
func npyOf[T number](t testing.TB, shape []int, values []T) []byte {
	t.Helper()
	a, err := NewArray(shape, values)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := a.WriteNPY(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestNPYSource reads arrays of several types and sides in chunks of every size.
func TestNPYSource(t *testing.T) {
	pixels, labels, prices := make([]uint8, 10*2*3), make([]int64, 10), make([]float64, 10*2)
	for i := range pixels {
		pixels[i] = uint8(i * 37)
	}
	for i := range labels {
		labels[i], prices[2*i], prices[2*i+1] = int64(i%3), float64(i)/3, -float64(i)
	}
	images := ImageShape{Height: 2, Width: 3, Channels: 1}
	for _, test := range []struct {
		src  NPYSource
		want Dataset
	}{
		{
			NPYSource{OpenX: opening(npyOf(t, []int{10, 2, 3}, pixels)), OpenY: opening(npyOf(t, []int{10}, labels)), ClassNames: []string{"a", "b", "c"}, Image: images},
			Dataset{Features: 6, Targets: 1, ClassNames: []string{"a", "b", "c"}, Image: images},
		},
		{
			NPYSource{OpenX: opening(npyOf(t, []int{10, 2}, prices)), OpenY: opening(npyOf(t, []int{10, 2}, prices))},
			Dataset{Features: 2, Targets: 2},
		},
		{NPYSource{OpenX: opening(npyOf(t, []int{10}, prices[:10]))}, Dataset{Features: 1}},
	} {
		for chunk := 1; chunk <= 11; chunk++ {
			src := test.src
			src.ChunkRows = chunk
			got := test.want
			for d, err := range src.Chunks(context.Background()) {
				if err != nil {
					t.Fatal(err)
				}
				if d.Rows() > chunk || !reflect.DeepEqual(d.withoutRows(), test.want.withoutRows()) {
					t.Fatalf("chunk of %d: %+v", chunk, d)
				}
				if err := d.Validate(); err != nil {
					t.Fatal(err)
				}
				got.X, got.Y = append(got.X, d.X...), append(got.Y, d.Y...)
			}
			if got.Rows() != 10 {
				t.Fatalf("%d rows: %v", got.Rows(), got.X)
			}
			for i, v := range got.X {
				if got.Features == 6 && v != float32(pixels[i]) || got.Features < 6 && v != float32(prices[i]) {
					t.Fatalf("x[%d] is %v", i, v)
				}
			}
			for i, v := range got.Y {
				if got.Targets == 1 && v != float32(labels[i]) || got.Targets == 2 && v != float32(prices[i]) {
					t.Fatalf("y[%d] is %v", i, v)
				}
			}
		}
	}
}

func TestNPYSourceErrors(t *testing.T) {
	good := npyOf(t, []int{3, 2}, []float32{1, 2, 3, 4, 5, 6})
	fortran := bytes.Replace(good, []byte("False"), []byte("True "), 1)
	for want, src := range map[string]NPYSource{
		"mlp: NPYSource: samples: want a function that opens":                       {},
		"mlp: NPYSource: ChunkRows is -1":                                           {OpenX: opening(good), ChunkRows: -1},
		"mlp: NPYSource: samples: not an .npy file":                                 {OpenX: opening([]byte("0123456789abcdef"))},
		"mlp: NPYSource: 3 samples with targets for 2":                              {OpenX: opening(good), OpenY: opening(npyOf(t, []int{2}, []int8{0, 1}))},
		"mlp: NPYSource: samples: rows 2 to 2 of 3: the file ends after 5 of":       {OpenX: opening(good[:len(good)-3]), ChunkRows: 2},
		"mlp: NPYSource: targets: rows 2 to 2 of 3: want the end of the file":       {OpenX: opening(good), OpenY: opening(append(bytes.Clone(good), 0)), ChunkRows: 2},
		"mlp: NPYSource: samples: the array is in Fortran's order":                  {OpenX: opening(fortran)},
		"mlp: NPYSource: samples: an array of the sides [0 2] is empty":             {OpenX: opening(npyOf(t, []int{0, 2}, []float32{}))},
		"mlp: NPYSource: samples: an array of the sides [], want":                   {OpenX: opening(npyOf(t, nil, []float32{1}))},
		"mlp: NPYSource: samples: rows 0 to 0 of 1: mlp: array: element 0 is 1e+99": {OpenX: opening(npyOf(t, []int{1}, []float64{1e99}))},
	} {
		var err error
		for _, e := range src.Chunks(context.Background()) {
			err = e
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// FuzzNPYSource holds an NPYSource and ReadNPY equal where both read a file.
func FuzzNPYSource(f *testing.F) {
	f.Add(npyOf(f, []int{3, 2}, []float32{1, 2, 3, 4, 5, 6}), 2)
	f.Add(npyOf(f, []int{4}, []int16{1, 2, 3, 4}), 3)
	f.Fuzz(func(t *testing.T, data []byte, chunk int) {
		var got []float32
		var err error
		for d, e := range (NPYSource{OpenX: opening(data), ChunkRows: 1 + int(uint(chunk)%100)}).Chunks(context.Background()) {
			if err = e; err == nil {
				got = append(got, d.X...)
			}
		}
		a, wantErr := ReadNPY(bytes.NewReader(data), ArrayConfig{MaxBytes: 1 << 20})
		if err != nil || wantErr != nil {
			if err == nil && len(got) < 1<<17 {
				t.Fatalf("read, but ReadNPY: %v", wantErr)
			}
			return
		}
		want, wantErr := a.Float32s()
		if wantErr != nil || len(want) != len(got) {
			t.Fatalf("%d numbers, want %d, %v", len(got), len(want), wantErr)
		}
		for i, v := range got {
			if math.Float32bits(v) != math.Float32bits(want[i]) && v == v {
				t.Fatal(fmt.Sprint(i, v, want[i]))
			}
		}
	})
}
