package mlp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestGoldenImages reads a folder of images, whose pixels must be right, and broken ones, which must be refused.
func TestGoldenImages(t *testing.T) {
	var c tally
	t.Run("shapes", func(t *testing.T) {
		folder := goldenFolder(t, "data/shapes")
		var manifest struct {
			About    string            `json:"about"`
			Classes  []string          `json:"classes"`
			MadeWith map[string]string `json:"made_with"`
			Files    []shapeFile       `json:"files"`
		}
		decodeGolden(t, filepath.Join(folder, "MANIFEST.json"), &manifest)
		d, report, err := ReadImages(os.DirFS(folder), ImageConfig{Height: 24, Width: 24})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.ClassNames, manifest.Classes) {
			t.Errorf("classes %q, want %q", d.ClassNames, manifest.Classes)
		}
		for _, f := range manifest.Files {
			row := slices.Index(report.Files, f.File)
			err := f.check(folder)
			if err == nil && (row < 0 || d.Y[row] != f.Label || d.ClassNames[int(f.Label)] != f.Class) {
				err = fmt.Errorf("row %d is not of class %q with index %v", row, f.Class, f.Label)
			}
			c.count(t, f.File, err)
		}
		for _, file := range report.Files {
			if !slices.ContainsFunc(manifest.Files, func(f shapeFile) bool { return f.File == file }) {
				c.count(t, file, errors.New("MANIFEST.json does not tell what it holds"))
			}
		}
		if want := []SkippedFile{{"MANIFEST.json", "in no class folder"}}; !slices.Equal(report.Skipped, want) {
			t.Errorf("skipped %v, want %v", report.Skipped, want)
		}
	})
	t.Run("bad", func(t *testing.T) {
		folder := goldenFolder(t, "data/bad/images")
		var manifest struct {
			About string     `json:"about"`
			Files []badImage `json:"files"`
		}
		decodeGolden(t, filepath.Join(folder, "MANIFEST.json"), &manifest)
		listed := []string{"MANIFEST.json"}
		for _, f := range manifest.Files {
			listed = append(listed, f.File)
			c.count(t, f.File, f.check(folder))
		}
		c.countUnlisted(t, folder, listed)
	})
	if c == (tally{}) {
		t.Skip("this set has no images")
	}
	c.log(t, "images")
}

// shapeFile is one file's entry in data/shapes/MANIFEST.json.
type shapeFile struct {
	File          string    `json:"file"`
	Class         string    `json:"class"`
	Label         float32   `json:"label"`
	Width         int       `json:"width"`
	Height        int       `json:"height"`
	Mode          string    `json:"mode"`
	SHA256        string    `json:"sha256"`
	RGBSum        []float64 `json:"rgb_sum"`
	FirstPixelRGB []float32 `json:"first_pixel_rgb"`
	FirstPixel16  *float32  `json:"first_pixel_16bit"`
}

func (f *shapeFile) check(folder string) error {
	file, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(f.File)))
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != f.SHA256 {
		return errors.New("the file's checksum is not the manifest's")
	}
	x, shape, err := ReadImage(bytes.NewReader(file), ImageConfig{})
	if err != nil {
		return err
	}
	if want := (ImageShape{f.Height, f.Width, 3}); shape != want {
		return fmt.Errorf("shape %v, want %v", shape, want)
	}
	if f.FirstPixelRGB != nil && !slices.Equal(x[:3], f.FirstPixelRGB) {
		return fmt.Errorf("the first pixel is %v, want %v", x[:3], f.FirstPixelRGB)
	}
	if f.FirstPixel16 != nil {
		if v := float32(math.Floor(float64(*f.FirstPixel16) / 256)); x[0] != v || x[1] != v || x[2] != v {
			return fmt.Errorf("the first pixel is %v, want the upper 8 bits of %v", x[:3], *f.FirstPixel16)
		}
	}
	if f.RGBSum != nil {
		sum := make([]float64, 3)
		for i, v := range x {
			sum[i%3] += float64(v)
		}
		if !slices.Equal(sum, f.RGBSum) {
			return fmt.Errorf("the sums are %v, want %v", sum, f.RGBSum)
		}
	}
	return nil
}

// badImage is one file's entry in data/bad/images/MANIFEST.json.
type badImage struct {
	File   string `json:"file"`
	Expect string `json:"expect"`
	Why    string `json:"why"`
	Bytes  int    `json:"bytes"`
}

// check reads the file in a folder, as a user would, and once more to be skipped.
func (f *badImage) check(folder string) error {
	file, err := os.ReadFile(filepath.Join(folder, f.File))
	if err != nil {
		return err
	}
	if f.Bytes != len(file) {
		return fmt.Errorf("%d bytes, the manifest says %d", len(file), f.Bytes)
	}
	name := path.Join("class", f.File)
	fsys := fstest.MapFS{name: {Data: file}, "class/~good.png": {Data: goodPNG()}}
	var d *Dataset
	var report *ImageReport
	allocated := allocatedBy(func() { d, report, err = ReadImages(fsys, ImageConfig{Height: 2, Width: 2}) })
	if bound := uint64(1<<20 + 64*len(file)); allocated > bound {
		return fmt.Errorf("%d bytes allocated for a file of %d", allocated, len(file))
	}
	if err != nil {
		if f.Expect == "accept" {
			return err
		}
		if !strings.HasPrefix(err.Error(), "mlp: images: "+name+": ") {
			return fmt.Errorf("the error %q does not name the file", err)
		}
		d, report, err = ReadImages(fsys, ImageConfig{Height: 2, Width: 2, SkipBroken: true})
		if err != nil {
			return err
		}
	} else if f.Expect == "error" {
		return errors.New("no error")
	}
	skipped := slices.ContainsFunc(report.Skipped, func(s SkippedFile) bool { return s.Name == name && s.Reason != "" })
	if d.Rows()+len(report.Skipped) != 2 || skipped == slices.Contains(report.Files, name) {
		return fmt.Errorf("%d rows, %d skipped: want the file to be in one of them", d.Rows(), len(report.Skipped))
	}
	if !slices.Contains([]string{"accept", "either", "error"}, f.Expect) {
		return fmt.Errorf("unknown expectation %q", f.Expect)
	}
	return nil
}

// TestGoldenResize compares resizing, flips, turns and gray with their vectors.
func TestGoldenResize(t *testing.T) {
	var file struct {
		Format    int    `json:"format"`
		Set       string `json:"set"`
		About     string `json:"about"`
		Tolerance struct {
			Bilinear struct{ Rtol, Atol float64 } `json:"bilinear"`
			Others   string                       `json:"others"`
		} `json:"tolerance"`
		Cases []resizeCase `json:"cases"`
	}
	decodeGolden(t, filepath.Join(goldenFolder(t, "golden/images"), "resize.json"), &file)
	if file.Format != 1 || file.Tolerance.Others != "exact" {
		t.Fatalf("format %d, tolerance %q: want 1, exact", file.Format, file.Tolerance.Others)
	}
	var c tally
	for i, test := range file.Cases {
		tolerance := file.Tolerance.Bilinear
		if test.Op != "bilinear" {
			tolerance.Rtol, tolerance.Atol = 0, 0
		}
		c.count(t, fmt.Sprintf("case %d, %s", i, test.Op), test.check(tolerance.Rtol, tolerance.Atol))
	}
	c.log(t, "resize")
}

// resizeCase is one case of resize.json.
type resizeCase struct {
	Op      string          `json:"op"`
	In      [][][]float32   `json:"in"`
	OutSize []int           `json:"out_size"`
	Out     json.RawMessage `json:"out"`
}

func (test *resizeCase) check(rtol, atol float64) error {
	from := ImageShape{len(test.In), len(test.In[0]), len(test.In[0][0])}
	src := slices.Concat(slices.Concat(test.In...)...)
	to := from
	if test.OutSize != nil {
		to.Height, to.Width = test.OutSize[0], test.OutSize[1]
	}
	dst := make([]float32, to.size())
	switch test.Op {
	case "bilinear":
		resizeBilinear(dst, to, src, from, 1)
	case "nearest":
		resizeNearest(dst, to, src, from, 1)
	case "flip_left_right":
		copy(dst, src)
		flipHorizontal(dst, from)
	case "flip_up_down":
		copy(dst, src)
		flipVertical(dst, from)
	case "rot90 counter-clockwise":
		quarterTurn(dst, src, from)
	case "rgb_to_gray (Pillow 'L', integers)":
		dst = dst[:0]
		for ; len(src) > 0; src = src[3:] {
			dst = append(dst, float32(luma(uint8(src[0]), uint8(src[1]), uint8(src[2]))))
		}
	default:
		return unsupported(test.Op)
	}
	want, err := flattenJSON(test.Out)
	if err != nil {
		return err
	}
	if len(want) != len(dst) {
		return fmt.Errorf("%d values, want %d", len(dst), len(want))
	}
	for i, w := range want {
		if !(math.Abs(float64(dst[i])-w) <= atol+rtol*math.Abs(w)) {
			return fmt.Errorf("value %d is %v, want %v", i, dst[i], w)
		}
	}
	return nil
}
