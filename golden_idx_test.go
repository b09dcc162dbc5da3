package mlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// idxFile is one file's entry in the manifests of data/idx and data/bad/idx.
type idxFile struct {
	File       string          `json:"file"`
	Also       string          `json:"also"`
	Expect     string          `json:"expect"`
	Why        string          `json:"why"`
	Bytes      *int            `json:"bytes"`
	PairWith   string          `json:"pair_with"`
	Type       string          `json:"type"`
	Shape      []int           `json:"shape"`
	Sum        *float64        `json:"sum"`
	FirstImage [][]float64     `json:"first_image"`
	LastImage  [][]float64     `json:"last_image"`
	Values     json.RawMessage `json:"values"`
}

type idxManifest struct {
	About string    `json:"about"`
	Files []idxFile `json:"files"`
}

// TestGoldenIDX reads sound files, whose values must be right, and broken ones, which must be refused.
func TestGoldenIDX(t *testing.T) {
	var c tally
	for _, name := range []string{"data/idx", "data/bad/idx"} {
		t.Run(name, func(t *testing.T) {
			folder := goldenFolder(t, name)
			var manifest idxManifest
			decodeGolden(t, filepath.Join(folder, "MANIFEST.json"), &manifest)
			listed := []string{"MANIFEST.json"}
			for _, f := range manifest.Files {
				listed = append(listed, f.File, f.Also)
				for _, file := range []string{f.File, f.Also} {
					if file != "" {
						c.count(t, file, f.check(filepath.Join(folder, file)))
					}
				}
			}
			c.countUnlisted(t, folder, listed)
		})
	}
	if c == (tally{}) {
		t.Skip("this set has no IDX files")
	}
	c.log(t, "idx")
}

// countUnlisted counts the files of a folder that its manifest does not list as failed.
func (c *tally) countUnlisted(t *testing.T, folder string, listed []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() && !slices.Contains(listed, e.Name()) {
			c.count(t, e.Name(), errors.New("MANIFEST.json does not tell what it holds"))
		}
	}
}

func (f *idxFile) check(path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if f.Bytes != nil && *f.Bytes != len(file) {
		return fmt.Errorf("%d bytes, the manifest says %d", len(file), *f.Bytes)
	}
	var a *Array
	allocated := allocatedBy(func() { a, err = ReadIDX(bytes.NewReader(file), ArrayConfig{}) })
	if bound := uint64(1<<18 + 64*len(file)); allocated > bound {
		return fmt.Errorf("%d bytes allocated for a file of %d", allocated, len(file))
	}
	if f.PairWith != "" {
		partner, err := os.ReadFile(filepath.Join(filepath.Dir(path), filepath.FromSlash(f.PairWith)))
		if err != nil {
			return err
		}
		if a == nil {
			return errors.New("want a sound file whose pair is refused")
		}
		_, err = ReadIDXDataset(bytes.NewReader(partner), bytes.NewReader(file), ArrayConfig{})
		return wantReadError(err)
	}
	switch f.Expect {
	case "error":
		return wantReadError(err)
	case "either":
		if err == nil && f.Shape == nil {
			return nil
		}
		if err != nil {
			return wantReadError(err)
		}
	case "accept":
		if err != nil {
			return err
		}
	default:
		return fmt.Errorf("unknown expectation %q", f.Expect)
	}
	return f.checkValues(a)
}

func wantReadError(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	if !strings.HasPrefix(err.Error(), "mlp: ") {
		return fmt.Errorf("the error %q does not say where it comes from", err)
	}
	return nil
}

func (f *idxFile) checkValues(a *Array) error {
	if a.Type() != f.Type || !slices.Equal(a.Shape(), f.Shape) {
		return fmt.Errorf("%s %v, want %s %v", a.Type(), a.Shape(), f.Type, f.Shape)
	}
	values := a.Float64s()
	if f.Values != nil {
		want, err := flattenJSON(f.Values)
		if err != nil || !slices.Equal(values, want) {
			return fmt.Errorf("values %v, want %v, %v", values, want, err)
		}
	}
	if f.Sum != nil {
		sum := 0.0
		for _, v := range values {
			sum += v
		}
		if sum != *f.Sum {
			return fmt.Errorf("the sum is %v, want %v", sum, *f.Sum)
		}
	}
	if f.FirstImage != nil {
		if want := slices.Concat(f.FirstImage...); !slices.Equal(values[:len(want)], want) {
			return fmt.Errorf("the first image is %v, want %v", values[:len(want)], want)
		}
	}
	if f.LastImage != nil {
		want := slices.Concat(f.LastImage...)
		if got := values[len(values)-len(want):]; !slices.Equal(got, want) {
			return fmt.Errorf("the last image is %v, want %v", got, want)
		}
	}
	return nil
}

// flattenJSON returns the numbers of nested lists in their order.
func flattenJSON(text []byte) ([]float64, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		var v float64
		err := json.Unmarshal(text, &v)
		return []float64{v}, err
	}
	numbers := []float64{}
	for _, item := range list {
		more, err := flattenJSON(item)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, more...)
	}
	return numbers, nil
}

// TestReadIDXDataset reads the set's digits as data, from plain and from compressed files.
func TestReadIDXDataset(t *testing.T) {
	var want *Dataset
	for _, suffix := range []string{"", ".gz"} {
		images, err := os.Open(filepath.FromSlash("testdata/data/idx/digits-images-idx3-ubyte" + suffix))
		if err != nil {
			t.Fatal(err)
		}
		defer images.Close()
		labels, err := os.Open(filepath.FromSlash("testdata/data/idx/digits-labels-idx1-ubyte" + suffix))
		if err != nil {
			t.Fatal(err)
		}
		defer labels.Close()
		d, err := ReadIDXDataset(images, labels, ArrayConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if d.Rows() != 200 || d.Features != 64 || len(d.ClassNames) != 10 || d.ClassNames[9] != "9" || d.Y[31] != 9 ||
			d.Image != (ImageShape{8, 8, 1}) || d.X[2] != 75 {
			t.Errorf("got %d rows of %d, image %v, classes %q", d.Rows(), d.Features, d.Image, d.ClassNames)
		}
		if want == nil {
			want = d
		} else if !reflect.DeepEqual(d, want) {
			t.Error("the compressed pair differs from the plain one")
		}
	}
}
