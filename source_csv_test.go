package mlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// TestCSVSource reads a file in chunks of every size: its rows are ReadCSV's.
func TestCSVSource(t *testing.T) {
	const header = "a,color,w,y\n"
	text := header + "1,red,1,no\n2,\"blue\",0.5,yes\n\n3,red,2,no\n4,green,1,maybe\n5,,1,no\n"
	for _, test := range []struct {
		text string
		cfg  CSVConfig
	}{
		{text, CSVConfig{Label: "y", SampleWeight: "w", Categories: map[string][]string{"color": nil}, AllowMissing: true}},
		{strings.ReplaceAll(text[len(header):], ",yes", ",oh"),
			CSVConfig{NoHeader: true, LabelIndex: 2, TargetIndexes: nil}},
		{"a,b\n1,2\n3,4\n5,6\n", CSVConfig{Targets: []string{"a"}}},
		{"1,2\n3,4\n5,6\n", CSVConfig{NoHeader: true}},
	} {
		if test.cfg.LabelIndex == 2 {
			test.text = "1,no\n2,yes\n3,no\n"
		}
		want, err := ReadCSV(strings.NewReader(test.text), test.cfg)
		if err != nil {
			t.Fatal(err)
		}
		for chunk := 1; chunk <= want.Rows()+1; chunk++ {
			src := NewCSVSource(fstest.MapFS{"f.csv": {Data: []byte(test.text)}}, "f.csv", test.cfg)
			src.ChunkRows = chunk
			columns, rows, err := src.Scan(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if rows != want.Rows() || !reflect.DeepEqual(columns, want.withoutRows()) {
				t.Fatalf("Scan: %d rows, %+v", rows, columns)
			}
			for range 2 {
				got := want.withoutRows()
				for d, err := range src.Chunks(context.Background()) {
					if err != nil {
						t.Fatal(err)
					}
					if d.Rows() > chunk || !reflect.DeepEqual(d.withoutRows(), want.withoutRows()) {
						t.Fatalf("chunk of %d: %+v", chunk, d)
					}
					got.X, got.Y = append(got.X, d.X...), append(got.Y, d.Y...)
					got.SampleWeights = append(got.SampleWeights, d.SampleWeights...)
				}
				if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
					t.Fatalf("chunks of %d:\n%#v, want\n%#v", chunk, got, want)
				}
			}
		}
	}
}

func TestCSVSourceErrors(t *testing.T) {
	scan := func(s *CSVSource) error {
		_, _, err := s.Scan(context.Background())
		return err
	}
	read := func(s *CSVSource) error {
		for _, err := range s.Chunks(context.Background()) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, test := range []struct {
		text string
		src  CSVSource
		want string
	}{
		{"a,b\n1,2\n3,4\n5,x8\n", CSVSource{}, `mlp: data.csv:4: column "b": "x8" is not a number`},
		{"a,b\n1,2\n\n3,4\n5\n", CSVSource{}, `mlp: data.csv:5: 1 cell, want 2 as in the first line`},
		{"a,y\n1,no\n2,yes\n3,oh\n", CSVSource{Config: CSVConfig{Label: "y", ClassNames: []string{"no", "yes"}}},
			`mlp: data.csv:4: column "y": "oh" is no label; there are "no", "yes"`},
		{"a\n", CSVSource{}, `mlp: data.csv: there are no rows`},
		{"", CSVSource{}, `mlp: data.csv: the file is empty`},
		{"a\n1\n2\n", CSVSource{Config: CSVConfig{MaxBytes: 5}}, `mlp: data.csv: longer than MaxBytes, which is 5`},
		{"a\n1\n", CSVSource{Config: CSVConfig{Label: "b", ClassNames: []string{"x"}}},
			`mlp: data.csv:1: no column is named "b"; there are "a"`},
		{"a\n1\n", CSVSource{Config: CSVConfig{MaxBytes: -1}}, `mlp: CSVConfig: MaxBytes is -1, want 0 or more`},
		{"a\n1\n", CSVSource{ChunkRows: -2}, `mlp: CSVSource: ChunkRows is -2, want ChunkRows >= 0`},
	} {
		src := test.src
		src.File = "data.csv"
		src.Open = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(test.text)), nil }
		if src.ChunkRows == 0 {
			src.ChunkRows = 2
		}
		for _, err := range []error{read(&src), scan(&src)} {
			if err == nil || err.Error() != test.want {
				t.Errorf("%q: error\n%v, want\n%s", test.text, err, test.want)
			}
		}
	}
	fsys := fstest.MapFS{"a.csv": {Data: []byte("a,y\n1,no\n")}}
	for want, src := range map[string]*CSVSource{
		"class names are not known": NewCSVSource(fsys, "a.csv", CSVConfig{Label: "y"}),
		`categories of "y" are not`: NewCSVSource(fsys, "a.csv", CSVConfig{Categories: map[string][]string{"y": nil}}),
		"Open is nil":               {},
	} {
		if err := read(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := read(NewCSVSource(fsys, "b.csv", CSVConfig{})); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := NewCSVSource(fsys, "a.csv", CSVConfig{Label: "y"}).Scan(done); !errors.Is(err, context.Canceled) {
		t.Errorf("ctx done: error %v", err)
	}
}

// closing counts what is closed.
type closing struct {
	io.Reader
	closed *int
}

func (c closing) Close() error { *c.closed++; return nil }

// TestCSVSourceCloses wants the file closed, whatever ends a pass.
func TestCSVSourceCloses(t *testing.T) {
	opened, closed := 0, 0
	src := &CSVSource{ChunkRows: 1, Open: func() (io.ReadCloser, error) {
		opened++
		return closing{strings.NewReader("a\n1\n2\nx\n"), &closed}, nil
	}}
	for range src.Chunks(context.Background()) { // to the error
	}
	for range src.Chunks(context.Background()) {
		break
	}
	if _, _, err := src.Scan(context.Background()); err == nil {
		t.Error("no error")
	}
	if opened != 3 || closed != 3 {
		t.Errorf("%d files opened and %d closed", opened, closed)
	}
}

// repeated gives a line again and again.
type repeatedLine struct {
	line  string
	times int
	at    int
}

func (r *repeatedLine) Read(p []byte) (n int, err error) {
	for n < len(p) && r.times > 0 {
		k := copy(p[n:], r.line[r.at:])
		n, r.at = n+k, r.at+k
		if r.at == len(r.line) {
			r.at = 0
			r.times--
		}
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestCSVSourceMemory wants as many bytes allocated for a long file as for a short one.
func TestCSVSourceMemory(t *testing.T) {
	allocated := func(lines int) uint64 {
		src := &CSVSource{
			Config: CSVConfig{NoHeader: true, LabelIndex: 5, ClassNames: []string{"no", "yes"}},
			Open: func() (io.ReadCloser, error) {
				return io.NopCloser(&repeatedLine{line: "0.25,-1.5,3e2,0.123456789012345678,yes\n", times: lines}), nil
			},
		}
		n := mustNew(t, 4, Dense{Units: 2, Activation: Softmax})
		trainer := mustTrainer(t, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, BatchSize: 256})
		return allocatedBytes(func() {
			if _, err := trainer.FitSource(context.Background(), src, FitConfig{Window: 1000}); err != nil {
				t.Fatal(err)
			}
		})
	}
	short, long := allocated(10_000), allocated(200_000)
	if long > short+short/10+1<<14 {
		t.Errorf("%d bytes allocated for 200000 rows, %d for 10000", long, short)
	}
}

// FuzzCSVSource holds a CSVSource and ReadCSV equal: the same rows, or the same error.
func FuzzCSVSource(f *testing.F) {
	f.Add([]byte("a,b\n1,x\n2,y\n\n3,\"x\"\n"), false, 2, 2)
	f.Add([]byte("1,2\n3,4\n5,z\n"), true, 0, 1)
	f.Fuzz(func(t *testing.T, text []byte, noHeader bool, labelIndex, chunk int) {
		cfg := CSVConfig{NoHeader: noHeader, LabelIndex: labelIndex}
		want, wantErr := ReadCSV(bytes.NewReader(text), cfg)
		src := &CSVSource{Config: cfg, ChunkRows: max(1, chunk%100),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
		columns, rows, err := src.Scan(context.Background())
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("Scan: %v, want %v", err, wantErr)
		}
		if err != nil {
			return
		}
		got := columns
		for d, err := range src.Chunks(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			got.X, got.Y = append(got.X, d.X...), append(got.Y, d.Y...)
		}
		if rows != got.Rows() || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
			t.Fatalf("%d rows: %#v\nwant %#v", rows, got, want)
		}
	})
}
