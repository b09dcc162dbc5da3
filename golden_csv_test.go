package mlp

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestGoldenCSV reads the files that a loader must refuse, or must read just so, and the tables of the set.
func TestGoldenCSV(t *testing.T) {
	var c tally
	count := func(t *testing.T, file string, err error) {
		if err != nil {
			c.failed++
			t.Errorf("%s: %v", file, err)
			return
		}
		c.passed++
	}
	t.Run("bad", func(t *testing.T) {
		folder := goldenFolder(t, "data/bad/csv")
		files := readBadCSVManifest(t, folder)
		for _, f := range files {
			count(t, f.File, f.check(folder))
		}
		found, err := filepath.Glob(filepath.Join(folder, "*.csv"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			name := filepath.Base(path)
			if !slices.ContainsFunc(files, func(f badCSV) bool { return f.File == name }) {
				count(t, name, errors.New("MANIFEST.json does not tell what it does"))
			}
		}
	})
	t.Run("tables", func(t *testing.T) {
		path := goldenFolder(t, "data/tables.json")
		var tables map[string]goldenTable
		decodeGolden(t, path, &tables)
		for name, table := range tables {
			count(t, name, table.check(filepath.Join(filepath.Dir(path), name)))
		}
	})
	if c == (tally{}) {
		t.Skip("this set has no CSV files")
	}
	c.log(t, "csv")
}

// decodeGolden decodes a JSON file into a value that knows all its keys.
func decodeGolden(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := decodeStrict(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func decodeStrict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// badCSV is one file's entry in data/bad/csv/MANIFEST.json.
type badCSV struct {
	File    string `json:"file"`
	Options struct {
		Label     any    `json:"label"` // a name, or a number from 1
		Header    *bool  `json:"header"`
		Separator string `json:"separator"`
	} `json:"options"`
	Expect           string     `json:"expect"`
	Why              string     `json:"why"`
	Line             int        `json:"line"`
	LinesOK          []int      `json:"lines_ok"`
	Column           string     `json:"column"`
	ColumnIndex      int        `json:"column_index"`
	Values           *csvValues `json:"values"`
	IfMissingAllowed *csvValues `json:"if_missing_allowed"`
	Encoded          []float32  `json:"encoded"`
}

type csvValues struct {
	Features []string        `json:"features"`
	X        [][]goldenFloat `json:"X"`
	Labels   []string        `json:"labels"`
}

// goldenFloat is a number or the string "NaN".
type goldenFloat float64

func (f *goldenFloat) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	*f = goldenFloat(v)
	return err
}

func readBadCSVManifest(t testing.TB, folder string) []badCSV {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "MANIFEST.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		About string   `json:"about"`
		Files []badCSV `json:"files"`
	}
	if err := decodeStrict(text, &manifest); err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	return manifest.Files
}

// config returns the options as ReadCSV takes them.
func (f *badCSV) config() (CSVConfig, error) {
	cfg := CSVConfig{NoHeader: f.Options.Header != nil && !*f.Options.Header}
	switch label := f.Options.Label.(type) {
	case string:
		cfg.Label = label
	case float64:
		cfg.LabelIndex = int(label)
	case nil:
	default:
		return cfg, fmt.Errorf("label %v", label)
	}
	if separator := []rune(f.Options.Separator); len(separator) == 1 {
		cfg.Separator = separator[0]
	} else if len(separator) > 1 {
		return cfg, fmt.Errorf("separator %q", f.Options.Separator)
	}
	return cfg, nil
}

// check reads the file in folder and reports where that differs from the manifest.
func (f *badCSV) check(folder string) error {
	cfg, err := f.config()
	if err != nil {
		return err
	}
	d, err := ReadCSVFile(os.DirFS(folder), f.File, cfg)
	switch f.Expect {
	case "accept":
		if err != nil {
			return fmt.Errorf("refused, though %s: %w", f.Why, err)
		}
		err = f.compare(d, f.Values)
	case "either":
		if err != nil {
			err = f.compareError(err)
		} else {
			err = f.compare(d, f.Values)
		}
	case "error":
		if err == nil {
			return fmt.Errorf("accepted, though %s", f.Why)
		}
		err = f.compareError(err)
	default:
		err = fmt.Errorf("expect %q", f.Expect)
	}
	if err != nil || f.IfMissingAllowed == nil {
		return err
	}
	cfg.AllowMissing = true
	if d, err = ReadCSVFile(os.DirFS(folder), f.File, cfg); err != nil {
		return fmt.Errorf("with missing values allowed: %w", err)
	}
	return f.compare(d, f.IfMissingAllowed)
}

func (f *badCSV) compareError(err error) error {
	var at *CSVError
	if !errors.As(err, &at) {
		return fmt.Errorf("a %T, want a *CSVError: %w", err, err)
	}
	if at.File != f.File {
		return fmt.Errorf("the error does not name the file: %w", err)
	}
	if f.Line != 0 && at.Line != f.Line && !slices.Contains(f.LinesOK, at.Line) {
		return fmt.Errorf("line %d, want %d: %w", at.Line, f.Line, err)
	}
	if f.ColumnIndex != 0 && at.Column != f.ColumnIndex || f.Column != "" && at.Name != f.Column {
		return fmt.Errorf("column %d %q, want %d %q: %w", at.Column, at.Name, f.ColumnIndex, f.Column, err)
	}
	return nil
}

func (f *badCSV) compare(d *Dataset, want *csvValues) error {
	if want == nil {
		return errors.New("the manifest gives no values")
	}
	if want.Features != nil && !slices.Equal(d.FeatureNames, want.Features) {
		return fmt.Errorf("features %q, want %q", d.FeatureNames, want.Features)
	}
	if d.Rows() != len(want.X) {
		return fmt.Errorf("%d rows, want %d", d.Rows(), len(want.X))
	}
	for i, row := range want.X {
		got := d.X[i*d.Features:][:d.Features]
		if !slices.EqualFunc(got, row, func(got float32, want goldenFloat) bool {
			// Infinite where the number is beyond a float32, which no value read is.
			return math.Float32bits(got) == math.Float32bits(float32(want)) && !math.IsInf(float64(got), 0)
		}) {
			return fmt.Errorf("row %d is %v, want %v", i, got, row)
		}
	}
	if want.Labels != nil {
		labels := make([]string, len(d.Y))
		for i, y := range d.Y {
			labels[i] = d.ClassNames[int(y)]
		}
		if !slices.Equal(labels, want.Labels) {
			return fmt.Errorf("labels %q, want %q", labels, want.Labels)
		}
	}
	if f.Encoded != nil && !slices.Equal(d.Y, f.Encoded) {
		return fmt.Errorf("labels are encoded as %v, want %v", d.Y, f.Encoded)
	}
	return nil
}

// goldenTable is one file's entry in data/tables.json.
type goldenTable struct {
	Rows       int               `json:"rows"`
	Features   int               `json:"features"`
	Classes    []json.RawMessage `json:"classes"`
	FileSHA256 string            `json:"file_sha256"`
	XSHA256    string            `json:"sha256_X_f64le"`
	YSHA256    string            `json:"sha256_y_i64le"`
	ColumnSums []float64         `json:"column_sums"`
	PixelRange []float32         `json:"pixel_range"`
	Provenance string            `json:"provenance"`
}

// check reads the table, whose last column is the label. The hashes are over float64; so the file is parsed a second
// time, and the Dataset must hold the float32 of the numbers that have the hash.
func (g *goldenTable) check(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if hexSHA256(text) != g.FileSHA256 {
		return errors.New("the file's checksum is another")
	}
	d, err := ReadCSV(bytes.NewReader(text), CSVConfig{LabelIndex: g.Features + 1})
	if err != nil {
		return err
	}
	if err := d.Validate(); err != nil {
		return err
	}
	if d.Rows() != g.Rows || d.Features != g.Features {
		return fmt.Errorf("%d rows, %d features, want %d, %d", d.Rows(), d.Features, g.Rows, g.Features)
	}
	for i, class := range g.Classes {
		if i >= len(d.ClassNames) || d.ClassNames[i] != strings.Trim(string(class), `"`) {
			return fmt.Errorf("classes %q, want %s", d.ClassNames, g.Classes)
		}
	}
	if len(d.ClassNames) != len(g.Classes) {
		return fmt.Errorf("%d classes, want %d", len(d.ClassNames), len(g.Classes))
	}

	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return err
	}
	var x, y []byte
	sums := make([]float64, g.Features)
	for i, record := range records[1:] {
		for j := range g.Features {
			v, err := strconv.ParseFloat(record[j], 64)
			if err != nil {
				return err
			}
			if got := d.X[i*g.Features+j]; got != float32(v) {
				return fmt.Errorf("row %d, column %d: %v, want %v", i, j, got, v)
			}
			x = binary.LittleEndian.AppendUint64(x, math.Float64bits(v))
			sums[j] += v
		}
		y = binary.LittleEndian.AppendUint64(y, uint64(d.Y[i]))
	}
	if hexSHA256(x) != g.XSHA256 || hexSHA256(y) != g.YSHA256 {
		return errors.New("the checksum of X or y is another")
	}
	for j, want := range g.ColumnSums {
		if math.Abs(sums[j]-want) > 1e-12*math.Abs(want) { // the order of NumPy's summation is not known
			return fmt.Errorf("column %d sums to %v, want %v", j, sums[j], want)
		}
	}
	if g.PixelRange != nil && !slices.Equal(g.PixelRange, []float32{slices.Min(d.X), slices.Max(d.X)}) {
		return fmt.Errorf("values from %v to %v, want %v", slices.Min(d.X), slices.Max(d.X), g.PixelRange)
	}
	return nil
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
