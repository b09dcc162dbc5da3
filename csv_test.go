package mlp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
)

func TestReadCSV(t *testing.T) {
	nan := float32(math.NaN())
	for _, test := range []struct {
		name string
		text string
		cfg  CSVConfig
		want Dataset
	}{
		{
			"features alone", "a,b\n1,2\n3,4\n", CSVConfig{},
			Dataset{X: []float32{1, 2, 3, 4}, Features: 2, FeatureNames: []string{"a", "b"}},
		},
		{
			"no header", "1,2\n3,4\n", CSVConfig{NoHeader: true},
			Dataset{X: []float32{1, 2, 3, 4}, Features: 2},
		},
		{
			"label by index", "a,b\n1,x\n3,y\n", CSVConfig{LabelIndex: 2},
			Dataset{X: []float32{1, 3}, Y: []float32{0, 1}, Features: 1, Targets: 1,
				FeatureNames: []string{"a"}, TargetNames: []string{"b"}, ClassNames: []string{"x", "y"}},
		},
		{
			"text sorts by code point", "a,b\n1,é\n2,z\n3,10\n4,9\n5,Z\n", CSVConfig{Label: "b"},
			Dataset{X: []float32{1, 2, 3, 4, 5}, Y: []float32{4, 3, 0, 1, 2}, Features: 1, Targets: 1,
				FeatureNames: []string{"a"}, TargetNames: []string{"b"}, ClassNames: []string{"10", "9", "Z", "z", "é"}},
		},
		{
			"numbers sort by value", "a,b\n1,10\n2,9\n3,-1\n4,1e1\n", CSVConfig{Label: "b"},
			Dataset{X: []float32{1, 2, 3, 4}, Y: []float32{2, 1, 0, 3}, Features: 1, Targets: 1,
				FeatureNames: []string{"a"}, TargetNames: []string{"b"}, ClassNames: []string{"-1", "9", "10", "1e1"}},
		},
		{
			"given classes", "a,b\n1,cat\n2,ape\n", CSVConfig{Label: "b", ClassNames: []string{"dog", "cat", "ape"}},
			Dataset{X: []float32{1, 2}, Y: []float32{1, 2}, Features: 1, Targets: 1,
				FeatureNames: []string{"a"}, TargetNames: []string{"b"}, ClassNames: []string{"dog", "cat", "ape"}},
		},
		{
			"targets", "a,b,c\n1,2,3\n4,5,6\n", CSVConfig{Targets: []string{"c", "a"}},
			Dataset{X: []float32{2, 5}, Y: []float32{3, 1, 6, 4}, Features: 1, Targets: 2,
				FeatureNames: []string{"b"}, TargetNames: []string{"c", "a"}},
		},
		{
			"targets by index", "1,2,3\n", CSVConfig{NoHeader: true, TargetIndexes: []int{3}},
			Dataset{X: []float32{1, 2}, Y: []float32{3}, Features: 2, Targets: 1},
		},
		{
			"chosen features", "id,a,b,y\nk,1,2,3\n", CSVConfig{Targets: []string{"y"}, Features: []string{"b", "a"}},
			Dataset{X: []float32{2, 1}, Y: []float32{3}, Features: 2, Targets: 1,
				FeatureNames: []string{"b", "a"}, TargetNames: []string{"y"}},
		},
		{
			"ignored columns, of which two have no name", ",id,a,\n0,k,1,l\n", CSVConfig{Ignore: []string{"id", ""}},
			Dataset{X: []float32{1}, Features: 1, FeatureNames: []string{"a"}},
		},
		{
			"missing values", "a,b\n, nAn\n", CSVConfig{AllowMissing: true},
			Dataset{X: []float32{nan, nan}, Features: 2, FeatureNames: []string{"a", "b"}},
		},
		{
			"other missing values", "a,color,b\nNA,red, ? \n-999,NA,1\n,?,-999.0\n",
			CSVConfig{AllowMissing: true, Missing: []string{"NA", " ?", "-999"}, Categories: map[string][]string{"color": nil}},
			Dataset{X: []float32{nan, 0, nan, nan, nan, 1, nan, nan, -999}, Features: 3,
				FeatureNames: []string{"a", "color", "b"}, Categories: [][]string{nil, {"red"}, nil}},
		},
		{
			"spaces", " a ,b\t\n 1 ,\t x y \n", CSVConfig{Label: "b"},
			Dataset{X: []float32{1}, Y: []float32{0}, Features: 1, Targets: 1,
				FeatureNames: []string{"a"}, TargetNames: []string{"b"}, ClassNames: []string{"x y"}},
		},
		{
			"sample weights", "a,w,b\n1,0.5,2\n3,0,4\n", CSVConfig{SampleWeight: "w"},
			Dataset{X: []float32{1, 2, 3, 4}, Features: 2, FeatureNames: []string{"a", "b"}, SampleWeights: []float32{0.5, 0}},
		},
		{
			"sample weights by index", "1,x,2\n3,y,1e-3\n", CSVConfig{NoHeader: true, LabelIndex: 2, SampleWeightIndex: 3},
			Dataset{X: []float32{1, 3}, Y: []float32{0, 1}, Features: 1, Targets: 1, ClassNames: []string{"x", "y"},
				SampleWeights: []float32{2, 1e-3}},
		},
		{
			// Halfway between 1 and the next float32, and a little more: rounding to float64 first would give 1.
			"rounding", "a\n1.000000059604644775390625000001\n", CSVConfig{},
			Dataset{X: []float32{math.Nextafter32(1, 2)}, Features: 1, FeatureNames: []string{"a"}},
		},
		{
			"limits", "a,b,c\n3.4028235e38,1e-45,-0\n", CSVConfig{},
			Dataset{X: []float32{math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Copysign(0, -1))}, Features: 3,
				FeatureNames: []string{"a", "b", "c"}},
		},
		{
			"texts without a header", "1,u,v,2\n3,u,t,4\n",
			CSVConfig{NoHeader: true, LabelIndex: 2, Categories: map[string][]string{"x1": nil}},
			Dataset{X: []float32{1, 1, 2, 3, 0, 4}, Y: []float32{0, 0}, Features: 3, Targets: 1, ClassNames: []string{"u"},
				Categories: [][]string{nil, {"t", "v"}, nil}},
		},
		{
			"bound", "a\n1\n", CSVConfig{MaxBytes: 4},
			Dataset{X: []float32{1}, Features: 1, FeatureNames: []string{"a"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := ReadCSV(iotest.OneByteReader(strings.NewReader(test.text)), test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			// %v tells -0 from 0, and takes NaN for itself.
			if got, want := fmt.Sprintf("%#v", *d), fmt.Sprintf("%#v", test.want); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestCSVError(t *testing.T) {
	for _, test := range []struct {
		text string
		cfg  CSVConfig
		want string
	}{
		{"a,b\n1,2\n3,x8\n", CSVConfig{}, `mlp: data.csv:3: column "b": "x8" is not a number`},
		{"1,2\n3,x8\n", CSVConfig{NoHeader: true}, `mlp: data.csv:2: column 2: "x8" is not a number`},
		{"a\n0x1p-2\n", CSVConfig{}, `mlp: data.csv:2: column "a": "0x1p-2" is not a number`},
		{"a\n+nan\n", CSVConfig{AllowMissing: true}, `mlp: data.csv:2: column "a": "+nan" is not a number`},
		{"a\n1-2\n", CSVConfig{}, `mlp: data.csv:2: column "a": "1-2" is not a number`},
		{"a\n3.5e38\n", CSVConfig{}, `mlp: data.csv:2: column "a": "3.5e38" is beyond the range of a float32`},
		{"a,y\n1,\n", CSVConfig{Targets: []string{"y"}, AllowMissing: true},
			`mlp: data.csv:2: column "y": "" is a missing value`},
		{"a,b\n1,NA\n", CSVConfig{Missing: []string{"NA"}}, `mlp: data.csv:2: column "b": "NA" is a missing value`},
		{"a,b\n1,na\n", CSVConfig{AllowMissing: true, Missing: []string{"NA"}}, `mlp: data.csv:2: column "b": "na" is not a number`},
		{"a,y\n1,NA\n", CSVConfig{Label: "y", AllowMissing: true, Missing: []string{"NA"}},
			`mlp: data.csv:2: column "y": "NA" is a missing value`},
		{"a,y\n1,NaN\n", CSVConfig{Label: "y", AllowMissing: true},
			`mlp: data.csv:2: column "y": the label is missing`},
		{"a,y\n1,x\n2,z\n", CSVConfig{Label: "y", ClassNames: []string{"w", "x"}},
			`mlp: data.csv:3: column "y": "z" is no label; there are "w", "x"`},
		{"a,b\n1,2\n3\n", CSVConfig{}, `mlp: data.csv:3: 1 cell, want 2 as in the first line`},
		{"a,b,a\n", CSVConfig{}, `mlp: data.csv:1: column "a": the name stands twice, the first time in column 1`},
		{"a,,b\n1,2,3\n", CSVConfig{}, `mlp: data.csv:1: column 2: the column has no name; Ignore takes "" for it`},
		{"a;b\n", CSVConfig{Label: "b"}, `mlp: data.csv:1: no column is named "b"; there are "a;b"`},
		{"a,b\n", CSVConfig{Ignore: []string{""}}, `mlp: data.csv:1: no column is named ""; there are "a", "b"`},
		{"a,b\n", CSVConfig{Ignore: []string{"c"}}, `mlp: data.csv:1: no column is named "c"; there are "a", "b"`},
		{"a,b\n", CSVConfig{Features: []string{"a", "a"}}, `mlp: data.csv:1: column "a": CSVConfig has the column twice`},
		{"a,b\n", CSVConfig{Label: "a", Ignore: []string{"a"}},
			`mlp: data.csv:1: column "a": CSVConfig has the column twice`},
		{"1,u\n", CSVConfig{NoHeader: true, Categories: map[string][]string{"x2": nil}},
			`mlp: data.csv:1: Categories has "x2", which is no feature; there are x0 to x1`},
		{"a,b\n1,-0.5\n", CSVConfig{SampleWeight: "b"},
			`mlp: data.csv:2: column "b": the sample weight is -0.5, want a weight >= 0`},
		{"a,b\n1,\n", CSVConfig{SampleWeight: "b", AllowMissing: true}, `mlp: data.csv:2: column "b": "" is a missing value`},
		{"a,b\n1,1e99\n", CSVConfig{SampleWeight: "b"},
			`mlp: data.csv:2: column "b": "1e99" is beyond the range of a float32`},
		{"a,b\n", CSVConfig{SampleWeightIndex: 3}, `mlp: data.csv:1: there is no column 3; there are columns 1 to 2`},
		{"a,b\n", CSVConfig{Label: "b", SampleWeight: "b"}, `mlp: data.csv:1: column "b": CSVConfig has the column twice`},
		{"a,b\n", CSVConfig{LabelIndex: 3}, `mlp: data.csv:1: there is no column 3; there are columns 1 to 2`},
		{"a,b\n", CSVConfig{TargetIndexes: []int{1, 0}}, `mlp: data.csv:1: there is no column 0; there are columns 1 to 2`},
		{"a\nx\n", CSVConfig{Label: "a"}, `mlp: data.csv:1: there is no feature column`},
		{"a\n", CSVConfig{}, `mlp: data.csv: there are no rows`},
		{"\n\n", CSVConfig{}, `mlp: data.csv: the file is empty`},
		{"", CSVConfig{NoHeader: true}, `mlp: data.csv: the file is empty`},
		{"a,y\n1,\"x\n\n2,z\n", CSVConfig{Label: "y"},
			"mlp: data.csv:4: extraneous or missing \" in quoted-field; its row starts in line 2"},
		{"1,2,0\r3,4,1\r", CSVConfig{NoHeader: true, LabelIndex: 3},
			`mlp: data.csv:1: column 3: "0\r3" holds a NUL, a carriage return or a byte order mark`},
		{"\xfe\xff\x00a", CSVConfig{}, `mlp: data.csv:1: the text is UTF-16, want UTF-8`},
		{"\x00a\x00\n", CSVConfig{},
			`mlp: data.csv:1: column 1: "\x00a\x00" holds a NUL, a carriage return or a byte order mark`},
		{"a\n12\n", CSVConfig{MaxBytes: 4}, `mlp: data.csv: longer than MaxBytes, which is 4`},
	} {
		_, err := ReadCSVFile(fstest.MapFS{"data.csv": {Data: []byte(test.text)}}, "data.csv", test.cfg)
		if err == nil || err.Error() != test.want {
			t.Errorf("%q: error\n%v, want\n%v", test.text, err, test.want)
		}
		var at *CSVError
		if !errors.As(err, &at) || errors.Unwrap(at) != at.Err {
			t.Errorf("%q: a %T", test.text, err)
		}
	}
	_, err := ReadCSV(strings.NewReader("a,b\n1,2\n3,x8\n"), CSVConfig{})
	if want := `mlp: line 3: column "b": "x8" is not a number`; err == nil || err.Error() != want {
		t.Errorf("without a file: %v, want %s", err, want)
	}
}

func TestCSVConfigErrors(t *testing.T) {
	for _, cfg := range []CSVConfig{
		{Separator: '"'},
		{Separator: '\n'},
		{Separator: -1},
		{Label: "a", LabelIndex: 1},
		{Targets: []string{"a"}, TargetIndexes: []int{1}},
		{Label: "a", Targets: []string{"b"}},
		{LabelIndex: 1, TargetIndexes: []int{2}},
		{SampleWeight: "a", SampleWeightIndex: 1},
		{NoHeader: true, SampleWeight: "a"},
		{NoHeader: true, Label: "a"},
		{NoHeader: true, Targets: []string{"a"}},
		{NoHeader: true, Features: []string{"a"}},
		{NoHeader: true, Ignore: []string{"a"}},
		{ClassNames: []string{"x"}},
		{Label: "a", ClassNames: []string{"x", "x"}},
		{MaxBytes: -1},
	} {
		_, err := ReadCSV(strings.NewReader("a,b\n1,2\n"), cfg)
		if err == nil || !strings.HasPrefix(err.Error(), "mlp: CSVConfig: ") {
			t.Errorf("%+v: error %v", cfg, err)
		}
	}
}

func TestReadCSVFailingReader(t *testing.T) {
	broken := errors.New("broken")
	for _, text := range []string{"", "a", "a,b\n1,2\n", "a,b\n1,2\n3"} {
		_, err := ReadCSV(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), CSVConfig{})
		if !errors.Is(err, broken) {
			t.Errorf("after %q: error %v", text, err)
		}
	}
	if _, err := ReadCSVFile(fstest.MapFS{}, "data.csv", CSVConfig{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
}

// rereading returns the CSVConfig that reads what d.WriteCSV wrote.
func rereading(d *Dataset) CSVConfig {
	cfg := CSVConfig{AllowMissing: true}
	if d.hasClassIndices() {
		cfg.Label, cfg.ClassNames = d.targetName(0), d.ClassNames
		return cfg
	}
	for j := range d.Targets {
		cfg.Targets = append(cfg.Targets, d.targetName(j))
	}
	return cfg
}

func TestWriteCSV(t *testing.T) {
	subset, err := Iris().Subset([]int{149, 50, 51})
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]*Dataset{
		"iris":         Iris(),
		"absent class": subset,
		"regression": {
			X: []float32{
				0.1, float32(math.NaN()), math.SmallestNonzeroFloat32,
				-math.MaxFloat32, float32(math.Copysign(0, -1)), 1e10,
			},
			Y:            []float32{-1, 2, 3.3333333, 4},
			Features:     3,
			Targets:      2,
			FeatureNames: []string{"height, cm", "say \"b\"", "new\nline"},
			TargetNames:  []string{"p", "q"},
		},
		"unsorted classes": {
			X: []float32{1, 2}, Y: []float32{1, 0}, Features: 1, Targets: 1,
			FeatureNames: []string{"a"}, TargetNames: []string{"b"}, ClassNames: []string{"no,", "\"maybe\""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			if err := d.WriteCSV(&file); err != nil {
				t.Fatal(err)
			}
			again, err := ReadCSV(&file, rereading(d))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprintf("%#v", again), fmt.Sprintf("%#v", d); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}

	var file bytes.Buffer
	if err := Iris().Head(1).WriteCSV(&file); err != nil {
		t.Fatal(err)
	}
	want := "sepal_length,sepal_width,petal_length,petal_width,species\n5.1,3.5,1.4,0.2,setosa\n"
	if file.String() != want {
		t.Errorf("got %q, want %q", file.String(), want)
	}
	// Without names there are made-up ones.
	file.Reset()
	bare := &Dataset{X: []float32{1, 2}, Y: []float32{3}, Features: 2, Targets: 1}
	if err := bare.WriteCSV(&file); err != nil || file.String() != "x0,x1,y0\n1,2,3\n" {
		t.Errorf("got %q, %v", file.String(), err)
	}
}

func TestWriteCSVErrors(t *testing.T) {
	for name, spoil := range map[string]func(*Dataset){
		"weights":          func(d *Dataset) { d.SampleWeights = make([]float32, 150) },
		"length":           func(d *Dataset) { d.Y = d.Y[1:] },
		"infinity":         func(d *Dataset) { d.X[0] = float32(math.Inf(1)) },
		"class":            func(d *Dataset) { d.Y[0] = 3 },
		"equal names":      func(d *Dataset) { d.FeatureNames[0] = "species" },
		"empty name":       func(d *Dataset) { d.FeatureNames[0] = "" },
		"spaces in a name": func(d *Dataset) { d.FeatureNames[0] = "a " },
		"carriage return":  func(d *Dataset) { d.FeatureNames[0] = "a\rb" },
		"not UTF-8":        func(d *Dataset) { d.ClassNames[0] = "\xff" },
		"missing class":    func(d *Dataset) { d.ClassNames[0] = "nan" },
		"equal classes":    func(d *Dataset) { d.ClassNames[0] = d.ClassNames[1] },
	} {
		d := Iris()
		spoil(d)
		if err := d.WriteCSV(io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	r, w := io.Pipe()
	r.Close()
	if err := Iris().WriteCSV(w); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a writer that fails: error %v", err)
	}
}

// TestReadCSVAllocs bounds the allocations: some for the table, none for a row or a cell.
func TestReadCSVAllocs(t *testing.T) {
	text := irisCSV
	allocs := testing.AllocsPerRun(10, func() {
		if _, err := ReadCSV(strings.NewReader(text), CSVConfig{Label: "species"}); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 100 {
		t.Errorf("%v allocations for 150 rows of 5 cells", allocs)
	}
}
