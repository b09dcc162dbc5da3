package main

import (
	"fmt"
	_ "image/gif" // the formats that mlp.ReadImages reads
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// imageFlags say how images are read.
type imageFlags struct {
	Size string `group:"data" placeholder:"HEIGHTxWIDTH" help:"Size to read images in. (default: their own)"`
	Gray bool   `group:"data" help:"Read images without their colours."`
}

// config returns the same for the library.
func (f imageFlags) config() (mlp.ImageConfig, error) {
	cfg := mlp.ImageConfig{Gray: f.Gray}
	if f.Size == "" {
		return cfg, nil
	}
	height, width, found := strings.Cut(f.Size, "x")
	var err error
	if cfg.Height, err = strconv.Atoi(height); err == nil {
		cfg.Width, err = strconv.Atoi(width)
	}
	if err != nil || !found || cfg.Height < 1 || cfg.Width < 1 {
		return cfg, fmt.Errorf("--size is %q, want a height and a width in pixels, as in 28x28", f.Size)
	}
	return cfg, nil
}

// or returns the flags or, if none is given, those of the model's images.
func (f imageFlags) or(m model) imageFlags {
	if f.isSet() || m.Image == (mlp.ImageShape{}) {
		return f
	}
	return imageFlags{Size: fmt.Sprintf("%dx%d", m.Image.Height, m.Image.Width), Gray: m.Image.Channels == 1}
}

func (f imageFlags) isSet() bool { return f.Size != "" || f.Gray }

// isFolder reports whether the data is a folder of images.
func isFolder(data string) bool {
	info, err := os.Stat(data)
	return err == nil && info.IsDir() && !isBuiltin(data)
}

// readImages reads a folder that has a folder of images for each class; classes, if not nil, are those allowed.
func readImages(folder string, flags imageFlags, classes []string) (samples, error) {
	cfg, err := flags.config()
	if err != nil {
		return samples{}, err
	}
	cfg.ClassNames = classes
	d, report, err := mlp.ReadImages(os.DirFS(folder), cfg)
	if err != nil {
		if strings.Contains(err.Error(), "as the first image") {
			err = fmt.Errorf("%w (--size)", err)
		}
		return samples{}, fmt.Errorf("%s: %w", folder, err)
	}
	s := samples{Dataset: d, name: folder, label: "the folder"}
	for _, f := range report.Skipped {
		s.skipped = append(s.skipped, fmt.Sprintf("%s (%s)", f.Name, f.Reason))
	}
	return s, nil
}

// readIDX reads a pair of files such as MNIST's.
func readIDX(images, labels string) (samples, error) {
	x, err := os.Open(images)
	if err != nil {
		return samples{}, err
	}
	defer x.Close()
	y, err := os.Open(labels)
	if err != nil {
		return samples{}, err
	}
	defer y.Close()
	d, err := mlp.ReadIDXDataset(x, y, mlp.ArrayConfig{})
	if err != nil {
		return samples{}, fmt.Errorf("%s and %s: %w", images, labels, err)
	}
	return samples{Dataset: d, name: images, label: "the label"}, nil
}

// isImage reports whether a file is called as an image is.
func isImage(file string) bool {
	return slices.Contains([]string{".png", ".jpg", ".jpeg", ".gif"}, strings.ToLower(filepath.Ext(file)))
}

// readImage appends one image to rows of images of the same shape.
func readImage(d *mlp.Dataset, file string, cfg mlp.ImageConfig) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	x, shape, err := mlp.ReadImage(f, cfg)
	if err == nil && d.Features != 0 && d.Image != shape {
		err = fmt.Errorf("it has %d×%d pixels, others have %d×%d (--size)", shape.Height, shape.Width, d.Image.Height, d.Image.Width)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	d.X, d.Features, d.Image = append(d.X, x...), len(x), shape
	return nil
}

// imagesIn returns the images in a folder, and in those below it, in the order of their names.
func imagesIn(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(file string, e fs.DirEntry, err error) error {
		if err == nil && file != folder && strings.HasPrefix(e.Name(), ".") { // hidden
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err == nil && e.Type().IsRegular() && isImage(file) {
			files = append(files, file)
		}
		return err
	})
	if err == nil && files == nil {
		err = fmt.Errorf("%s: there is no image in it (.png, .jpg, .jpeg, .gif)", folder)
	}
	return files, err
}

// checkDataFlags returns an error unless flags for tables and for images are given with such data alone.
func checkDataFlags(data, labels string, table csvFlags, image imageFlags) error {
	folder := isFolder(data)
	switch {
	case (folder || labels != "") && (table.NoHeader || table.Separator != ","):
		return fmt.Errorf("%s is no CSV file, so --no-header and --separator say nothing about it", data)
	case labels != "" && (folder || isBuiltin(data)):
		return fmt.Errorf("%s has labels already; a file of them belongs to an IDX file of images", data)
	case image.isSet() && !folder && !isImage(data):
		return fmt.Errorf("--size and --gray are for a folder of images, which %s is not", data)
	}
	return nil
}

// checkText returns an error for a file that is no text.
func (t *table) checkText() error {
	switch start := string(t.text[:min(2, len(t.text))]); start {
	case "\x00\x00":
		return fmt.Errorf("%s is an IDX file of images; name the file of their labels after it", t.file)
	case "\x93N", "PK":
		return fmt.Errorf("%s is an .npy or .npz file, or an archive; mlp convert makes CSV of NumPy's", t.file)
	}
	return nil
}

// imageSummary describes images as Dataset.Summary does tables.
func (s samples) imageSummary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %d×%d pixels", plural(s.Rows(), "image"), s.Image.Height, s.Image.Width)
	if n := s.Image.Channels; n > 1 {
		fmt.Fprintf(&b, " with %d colours", n)
	}
	fmt.Fprintf(&b, ", %s\n\n", classCount(len(s.ClassNames)))
	writeBalance(&b, s.Dataset)
	if n := len(s.skipped); n > 0 {
		fmt.Fprintf(&b, "\nSkipped: %s", s.skipped[0])
		if n > 1 {
			fmt.Fprintf(&b, " and %d more", n-1)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// writeBalance writes the number of rows of each class.
func writeBalance(w io.Writer, d *mlp.Dataset) {
	const most = 20
	names := d.ClassNames[:min(most, len(d.ClassNames))]
	width := len("class")
	for _, name := range names {
		width = max(width, len([]rune(shortName(name))))
	}
	fmt.Fprintf(w, "%-*s %10s %10s\n", width, "class", "rows", "share")
	counts := d.ClassCounts()
	for class, name := range names {
		fmt.Fprintf(w, "%-*s %10d %9.1f%%\n", width, shortName(name), counts[class],
			100*float64(counts[class])/float64(d.Rows()))
	}
	if n := len(d.ClassNames) - most; n > 0 {
		fmt.Fprintf(w, "… and %d more classes\n", n)
	}
}

// pixelRange returns the least and the greatest value of pixels, which are 0 and 255 as a rule, and at least 0 to 1.
func pixelRange(d *mlp.Dataset) (low, high float32) {
	return min(0, slices.Min(d.X)), max(1, slices.Max(d.X))
}

// pixelScaler makes 0 … 1 of the range that pixels have in the rows to train, wherever they are.
func pixelScaler(train *mlp.Dataset) (mlp.Preprocessor, error) {
	low, high := pixelRange(train)
	ends := &mlp.Dataset{Features: train.Features}
	ends.X = append(slices.Repeat([]float32{low}, train.Features), slices.Repeat([]float32{high}, train.Features)...)
	scaler := &mlp.MinMaxScaler{}
	return scaler, scaler.Fit(ends)
}
