package main

import (
	"bufio"
	"errors"
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

	MaxPixels int `group:"data" hidden:"" placeholder:"N" help:"Pixels that an image may have in its file. (default 33554432)"`
}

// config returns the same for the library.
func (f imageFlags) config() (mlp.ImageConfig, error) {
	cfg := mlp.ImageConfig{Gray: f.Gray, MaxPixels: f.MaxPixels}
	if f.MaxPixels < 0 {
		return cfg, fmt.Errorf("--max-pixels is %d, want 0 or more", f.MaxPixels)
	}
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

// or returns the flags and, where they are not given, what the model's images are.
func (f imageFlags) or(m model) imageFlags {
	if m.Image == (mlp.ImageShape{}) {
		return f
	}
	if f.Size == "" {
		f.Size = fmt.Sprintf("%dx%d", m.Image.Height, m.Image.Width)
	}
	f.Gray = f.Gray || m.Image.Channels == 1
	return f
}

func (f imageFlags) isSet() bool { return f != imageFlags{} }

// flagNames are what the library's errors about images call by the names of its fields.
var flagNames = strings.NewReplacer(
	", or an ImageConfig with Height and Width", "; --size resizes all",
	"more than MaxPixels, which is", "more than --max-pixels, which is",
	"more than MaxBytes, which is", "more bytes than",
)

// inFlags returns an error about images in the words of the flags.
func inFlags(err error) error { return errors.New(flagNames.Replace(err.Error())) }

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
	if err := checkClassFolders(folder); err != nil {
		return samples{}, err
	}
	d, report, err := mlp.ReadImages(os.DirFS(folder), cfg)
	if err != nil {
		return samples{}, fmt.Errorf("%s: %w", folder, inFlags(err))
	}
	s := samples{Dataset: d, name: folder, label: "the folder"}
	for _, f := range report.Skipped {
		s.skipped = append(s.skipped, fmt.Sprintf("%s (%s)", f.Name, f.Reason))
	}
	return s, nil
}

// checkClassFolders returns an error if no folder of a class is in the folder.
func checkClassFolders(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	const want = "want a folder in it for each class, with its images (.png, .jpg, .jpeg, .gif)"
	if len(entries) == 0 {
		return fmt.Errorf("%s is empty; %s", folder, want)
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(folder, e.Name())) // follows links
		if err == nil && info.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			return nil
		}
	}
	return fmt.Errorf("%s: %s; there is none, but %s beside, the first %s", folder, want,
		plural(len(entries), "file"), entries[0].Name())
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
		return fmt.Errorf("%s: %w", file, inFlags(err))
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
	case (folder || labels != "") && table.areSet():
		return noTable(data)
	case labels != "" && (folder || isBuiltin(data)):
		return fmt.Errorf("%s has labels already; a file of them belongs to an IDX file of images", data)
	case image.isSet() && !folder && !isImage(data):
		return fmt.Errorf("--size, --gray and --max-pixels are for a folder of images, which %s is not", data)
	}
	return nil
}

func noTable(data string) error {
	return fmt.Errorf("%s is no CSV file, so --missing, --no-header and --separator say nothing about it", data)
}

// The bytes that files of arrays begin with.
const (
	idxMagic = "\x00\x00"
	npyMagic = "\x93N"
)

// readArray reads an IDX file, also compressed, or an .npy file, told by its content; nil if the file is neither.
func readArray(path string) (*mlp.Array, error) {
	if path == "-" {
		return nil, nil
	}
	f, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file := bufio.NewReader(f)
	start, _ := file.Peek(len(idxMagic)) // what cannot be read is an error to whoever reads it next
	var a *mlp.Array
	switch string(start) {
	case idxMagic:
		a, err = mlp.ReadIDX(file, mlp.ArrayConfig{})
	case npyMagic:
		a, err = mlp.ReadNPY(file, mlp.ArrayConfig{})
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// checkText returns an error for a file that is no text.
func (t *table) checkText() error {
	switch start := string(t.text[:min(2, len(t.text))]); start {
	case idxMagic:
		if t.file == "standard input" {
			return errors.New("standard input is an IDX file, which is read by its name alone")
		}
		return fmt.Errorf("%s is an IDX file of images; name the file of their labels after it", t.file)
	case npyMagic, "PK":
		return fmt.Errorf("%s is an .npy or .npz file, or an archive; mlp convert makes CSV of NumPy's", t.file)
	case "\xff\xfe", "\xfe\xff":
		return fmt.Errorf("%s is UTF-16, want UTF-8; save it anew, or iconv -f UTF-16 -t UTF-8 converts it", t.file)
	}
	return nil
}

// imageSummary describes images as Dataset.Summary does tables.
func (s samples) imageSummary() string {
	var b strings.Builder
	s.writeImages(&b)
	if n := len(s.skipped); n > 0 {
		fmt.Fprintf(&b, "\nSkipped: %s", s.skipped[0])
		if n > 1 {
			fmt.Fprintf(&b, " and %d more (mlp describe lists them)", n-1)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// writeImages writes the shape of images, and how many there are of each class.
func (s samples) writeImages(w io.Writer) {
	fmt.Fprintf(w, "%s of %s, %s\n\n", plural(s.Rows(), "image"), pixels(s.Image), classCount(len(s.ClassNames)))
	writeBalance(w, s.Dataset)
}

// pixels tells the shape of an image.
func pixels(s mlp.ImageShape) string {
	text := fmt.Sprintf("%d×%d pixels", s.Height, s.Width)
	if s.Channels > 1 {
		text += fmt.Sprintf(" with %d colours", s.Channels)
	}
	return text
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
