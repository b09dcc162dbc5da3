package mlp

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
)

// ImageShape is the shape of the images that the rows of a Dataset hold: [height, width, channels], row-major.
type ImageShape struct {
	Height, Width, Channels int
}

// size returns the number of values of an image.
func (s ImageShape) size() int { return s.Height * s.Width * s.Channels }

// fits reports whether the shape is that of rows of so many features.
func (s ImageShape) fits(features int) bool {
	return s.Height > 0 && s.Width > 0 && s.Channels > 0 && features%s.Height == 0 && features/s.Height%s.Width == 0 &&
		features/s.Height/s.Width == s.Channels
}

// ImageConfig says how images become rows of numbers. Its zero value keeps size and colours: rows of [height, width,
// 3], values 0 … 255.
type ImageConfig struct {
	// Height and Width are the size that each image is resized to. 0 and 0 keep the size, which must then be the same
	// for all images of a folder.
	Height, Width int

	// Nearest resizes by taking the pixel at floor((i+0.5)·from/to) for each pixel i, and else the two nearest in
	// either direction are interpolated, without antialiasing, as Keras's loaders do.
	Nearest bool

	Gray  bool // one channel, of the luma 0.299·red + 0.587·green + 0.114·blue, a whole number as Pillow's
	Scale bool // values 0 … 1 in place of 0 … 255

	// ClassNames, if not nil, are the only folders allowed, in the order of their indices; a model's, for one, so that
	// a folder in which a class does not occur gets the same indices.
	ClassNames []string

	SkipBroken bool // skip images that cannot be read, and report them; else the first is an error

	MaxPixels int   // of an image as its header tells, checked before memory is asked for; 0 means 2²⁵
	MaxBytes  int64 // of an image's file; 0 means 64 MiB
}

// ImageReport tells what ReadImages found.
type ImageReport struct {
	Files   []string // the file of each row
	Skipped []SkippedFile
}

// SkippedFile is a file, or a folder, that ReadImages left out.
type SkippedFile struct {
	Name   string
	Reason string
}

// maxSide bounds Height and Width, so that no product of them overflows.
const maxSide = 1 << 14

// check reports what no image can be read by, and returns c with its defaults.
func (c ImageConfig) check() (ImageConfig, error) {
	switch {
	case c.Height < 0 || c.Height > maxSide || c.Width < 0 || c.Width > maxSide || (c.Height == 0) != (c.Width == 0):
		return c, fmt.Errorf("ImageConfig: Height is %d and Width is %d, want both 0, or both from 1 to %d",
			c.Height, c.Width, maxSide)
	case c.MaxPixels < 0 || c.MaxBytes < 0:
		return c, fmt.Errorf("ImageConfig: MaxPixels is %d and MaxBytes is %d, want 0 or more", c.MaxPixels, c.MaxBytes)
	}
	for i, name := range c.ClassNames {
		if slices.Contains(c.ClassNames[:i], name) {
			return c, fmt.Errorf("ImageConfig: ClassNames has %q twice", name)
		}
	}
	c.MaxPixels = cmp.Or(c.MaxPixels, 1<<25)
	c.MaxBytes = min(cmp.Or(c.MaxBytes, 64<<20), math.MaxInt64-1) // one more byte is read
	return c, nil
}

// ReadImages reads a tree of folders: each folder in the root of fsys is a class, and the PNG, JPEG and GIF files in it
// and in the folders below are its images, of a GIF the first frame. Classes are in the order of their names' bytes,
// files in that of their paths'.
//
// As with image.Decode, the program imports the packages of the formats that it reads, for the whole of them would make
// up half of a program that only predicts:
//
//	import (
//		_ "image/gif"
//		_ "image/jpeg"
//		_ "image/png"
//	)
//
// The kind of a file is told by its content. Of 16-bit colours the upper 8 bits count, gray is repeated in all
// channels, and transparency is dropped: a pixel has the colour that the file gives it (of a GIF, black where it is
// transparent). A file that is broken, or that is no image but called .png, .jpg, .jpeg or .gif, is an error that names
// it. What else is found is skipped and told of: files of other kinds, files beside the class folders, names that begin
// with a dot.
func ReadImages(fsys fs.FS, cfg ImageConfig) (*Dataset, *ImageReport, error) {
	f, err := newImageFolder(cfg)
	if err == nil {
		err = f.read(fsys)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("mlp: images: %w", err)
	}
	return &f.data, &f.report, nil
}

// ReadImage reads one image as ReadImages does, by the formats that the program imports, for Predict; cfg's ClassNames
// and SkipBroken are not looked at.
func ReadImage(r io.Reader, cfg ImageConfig) ([]float32, ImageShape, error) {
	d, err := newImageDecoder(cfg)
	if err != nil {
		return nil, ImageShape{}, fmt.Errorf("mlp: %w", err)
	}
	if err = d.load(r); err == nil {
		err = d.decode()
	}
	if err != nil {
		return nil, ImageShape{}, fmt.Errorf("mlp: image: %w", err)
	}
	shape := d.shape()
	return d.appendRow(nil, shape), shape, nil
}

// imageFolder is a Dataset that grows image by image.
type imageFolder struct {
	decoder *imageDecoder
	files   []classFile
	data    Dataset
	report  ImageReport
}

// classFile is a file or a folder that is found in a tree of class folders.
type classFile struct {
	name  string
	class int
	skip  string // why it is skipped; "" if it is to be read
}

func newImageFolder(cfg ImageConfig) (*imageFolder, error) {
	d, err := newImageDecoder(cfg)
	if err != nil {
		return nil, err
	}
	f := &imageFolder{decoder: d}
	f.data.Targets = 1
	f.data.ClassNames = slices.Clone(cfg.ClassNames)
	return f, nil
}

func (f *imageFolder) skip(name, reason string) {
	f.files = append(f.files, classFile{name: name, skip: reason})
}

// read reads all class folders.
func (f *imageFolder) read(fsys fs.FS) error {
	if err := f.find(fsys); err != nil {
		return err
	}
	for _, file := range f.files {
		if file.skip == "" {
			err := f.readFile(fsys, file)
			switch {
			case err == nil:
				continue
			case err == errNoImage && !isImageName(file.name), f.decoder.cfg.SkipBroken:
				file.skip = err.Error()
			default:
				return fmt.Errorf("%s: %w", file.name, err)
			}
		}
		f.report.Skipped = append(f.report.Skipped, SkippedFile{file.name, file.skip})
	}
	if len(f.data.X) == 0 {
		err := fmt.Errorf("there is no image in a class folder; %s skipped",
			plural(len(f.report.Skipped), "file", "files"))
		if len(f.report.Skipped) > 0 {
			first := f.report.Skipped[0]
			err = fmt.Errorf("%w, the first %s (%s)", err, first.Name, first.Reason)
		}
		return err
	}
	return nil
}

// find finds the files of all class folders.
func (f *imageFolder) find(fsys fs.FS) error {
	entries, err := fs.ReadDir(fsys, ".") // sorted
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "."):
			f.skip(name, "hidden: its name begins with a dot")
		case !typeOf(fsys, name, e).IsDir():
			f.skip(name, "in no class folder")
		default:
			class, err := f.class(name)
			if err != nil {
				return err
			}
			if err := f.findClass(fsys, name, class); err != nil {
				return err
			}
		}
	}
	return nil
}

// typeOf returns the type of an entry, or of what it links to.
func typeOf(fsys fs.FS, name string, e fs.DirEntry) fs.FileMode {
	if e.Type()&fs.ModeSymlink != 0 {
		if info, err := fs.Stat(fsys, name); err == nil {
			return info.Mode().Type()
		}
	}
	return e.Type()
}

// class returns the index of a class folder.
func (f *imageFolder) class(name string) (int, error) {
	if f.decoder.cfg.ClassNames != nil {
		class := slices.Index(f.data.ClassNames, name)
		if class < 0 {
			return 0, fmt.Errorf("folder %q is no class; there are %s", name, quoteSome(f.data.ClassNames))
		}
		return class, nil
	}
	f.data.ClassNames = append(f.data.ClassNames, name)
	return len(f.data.ClassNames) - 1, nil
}

// findClass finds the files in a class's folder.
func (f *imageFolder) findClass(fsys fs.FS, folder string, class int) error {
	return fs.WalkDir(fsys, folder, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(e.Name(), "."):
			f.skip(name, "hidden: its name begins with a dot")
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		case !typeOf(fsys, name, e).IsRegular(): // reading a pipe would wait for ever
			f.skip(name, "no regular file")
			return nil
		}
		f.files = append(f.files, classFile{name: name, class: class})
		return nil
	})
}

// isImageName reports whether a file's name says that it is an image of a kind that can be read.
func isImageName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif":
		return true
	}
	return false
}

// maxReserved bounds the values that room is made for before they are read.
const maxReserved = 1 << 24

// readFile adds an image to the Dataset.
func (f *imageFolder) readFile(fsys fs.FS, file classFile) error {
	r, err := fsys.Open(file.name)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := f.decoder.load(r); err != nil {
		return err
	}
	if err := f.decoder.decode(); err != nil {
		return err
	}
	shape := f.decoder.shape()
	switch d := &f.data; {
	case d.X == nil:
		d.Image, d.Features = shape, shape.size()
		d.X = make([]float32, 0, min(len(f.files), max(1, maxReserved/d.Features))*d.Features)
	case d.Image != shape:
		return fmt.Errorf("%d×%d pixels, want %d×%d as the first image, or an ImageConfig with Height and Width",
			shape.Height, shape.Width, d.Image.Height, d.Image.Width)
	}
	f.data.X = f.decoder.appendRow(f.data.X, shape)
	f.data.Y = append(f.data.Y, float32(file.class))
	f.report.Files = append(f.report.Files, file.name)
	return nil
}

// imageDecoder turns one file after the other into pixels, in buffers that it uses again.
type imageDecoder struct {
	cfg    ImageConfig
	file   bytes.Buffer
	reader fileReader // of file

	pixels []uint8 // [height, width, channels], of which the rows that are not used hold anything
	used   []bool  // [height], whether the resized image is made of that row
	rgb    []uint8 // one row
	ImageShape

	unit   float64      // that values are divided by
	values [256]float32 // what each becomes
}

func newImageDecoder(cfg ImageConfig) (*imageDecoder, error) {
	cfg, err := cfg.check()
	if err != nil {
		return nil, err
	}
	d := &imageDecoder{cfg: cfg, unit: 1}
	if cfg.Scale {
		d.unit = 255
	}
	for v := range d.values {
		d.values[v] = float32(float64(v) / d.unit)
	}
	return d, nil
}

// fileReader reads a file that package image can look ahead in, which wraps other readers in a buffer.
type fileReader struct {
	bytes.Reader
	file []byte
}

func (r *fileReader) Reset(file []byte) {
	r.Reader.Reset(file)
	r.file = file
}

// Peek returns the next n bytes.
func (r *fileReader) Peek(n int) ([]byte, error) {
	rest := r.file[len(r.file)-r.Len():]
	if n > len(rest) {
		return rest, io.EOF
	}
	return rest[:n], nil
}

// errNoImage tells that a file has none of the formats.
var errNoImage = errors.New("no PNG, JPEG or GIF image")

// imageFormats are the formats of the standard library: the bytes that each begins with, and the package that decodes it.
var imageFormats = []struct{ magic, name, pkg string }{
	{"\x89PNG\r\n\x1a\n", "PNG", "image/png"},
	{"\xff\xd8", "JPEG", "image/jpeg"},
	{"GIF87a", "GIF", "image/gif"},
	{"GIF89a", "GIF", "image/gif"},
}

// decodeError returns a decoder's error or, where there is no decoder for a file, why.
func decodeError(err error, file []byte) error {
	if err != image.ErrFormat {
		return err
	}
	for _, f := range imageFormats {
		if bytes.HasPrefix(file, []byte(f.magic)) {
			return fmt.Errorf("a %s image: a program that reads those imports _ %q", f.name, f.pkg)
		}
	}
	return errNoImage
}

// load reads a file.
func (d *imageDecoder) load(r io.Reader) error {
	d.file.Reset()
	n, err := d.file.ReadFrom(io.LimitReader(r, d.cfg.MaxBytes+1))
	if err == nil && n > d.cfg.MaxBytes {
		err = fmt.Errorf("the file has more than MaxBytes, which is %d", d.cfg.MaxBytes)
	}
	return err
}

// decode decodes the file, after a look at the size that it claims.
func (d *imageDecoder) decode() error {
	file := d.file.Bytes()
	height, width, ok := jpegSize(file)
	if !ok {
		d.reader.Reset(file)
		header, _, err := image.DecodeConfig(&d.reader)
		if err != nil {
			return decodeError(err, file)
		}
		height, width = header.Height, header.Width
	}
	if width < 1 || height < 1 {
		return fmt.Errorf("%d×%d pixels, want at least one", height, width)
	}
	if int64(width)*int64(height) > int64(d.cfg.MaxPixels) {
		return fmt.Errorf("%d×%d pixels are more than MaxPixels, which is %d", height, width, d.cfg.MaxPixels)
	}
	d.reader.Reset(file)
	img, _, err := image.Decode(&d.reader)
	if err != nil {
		return decodeError(err, file)
	}
	if ok { // a decoder of the program's own may turn what it reads
		height, width = img.Bounds().Max.Y, img.Bounds().Max.X
	}
	d.setPixels(img, height, width)
	return nil
}

// setPixels takes the colours of an image of a size that may be larger than img, which is the case with GIF frames;
// what img does not cover is black.
func (d *imageDecoder) setPixels(img image.Image, height, width int) {
	d.ImageShape = ImageShape{height, width, 3}
	if d.cfg.Gray {
		d.Channels = 1
	}
	d.pixels = slices.Grow(d.pixels[:0], d.size())[:d.size()]
	bounds := img.Bounds().Intersect(image.Rect(0, 0, width, height))
	if bounds != image.Rect(0, 0, width, height) {
		clear(d.pixels)
	}
	d.findUsed(height)
	readRow := rowReader(img, bounds)
	n := 3 * bounds.Dx()
	d.rgb = slices.Grow(d.rgb[:0], n)[:n]
	gray, isGray := img.(*image.Gray)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		if !d.used[y] {
			continue
		}
		row := d.pixels[(y*width+bounds.Min.X)*d.Channels:][:bounds.Dx()*d.Channels]
		switch {
		case !d.cfg.Gray:
			readRow(row, y)
		case isGray:
			copy(row, gray.Pix[gray.PixOffset(bounds.Min.X, y):])
		default:
			readRow(d.rgb, y)
			for x := range row {
				row[x] = luma(d.rgb[3*x], d.rgb[3*x+1], d.rgb[3*x+2])
			}
		}
	}
}

// findUsed finds the rows, of so many, that the resized image is made of: of a large one, few.
func (d *imageDecoder) findUsed(height int) {
	d.used = slices.Grow(d.used[:0], height)[:height]
	for y := range d.used {
		d.used[y] = d.cfg.Height == 0
	}
	for i := range d.cfg.Height {
		if d.cfg.Nearest {
			d.used[nearest(i, height, d.cfg.Height)] = true
		} else {
			y := interpolate(i, height, d.cfg.Height)
			d.used[y.first], d.used[y.second] = true, true
		}
	}
}

// luma returns the gray of a colour as Pillow computes it, in 16 binary places.
func luma(red, green, blue uint8) uint8 {
	return uint8((19595*uint32(red) + 38470*uint32(green) + 7471*uint32(blue) + 1<<15) >> 16)
}

// rowReader returns a function that writes the colours of a row of img within bounds to rgb [width, 3], without their
// alpha, by which they are not multiplied. The image types that hold most files are read without an interface value a
// pixel.
func rowReader(img image.Image, bounds image.Rectangle) func(rgb []uint8, y int) {
	left := bounds.Min.X
	switch img := img.(type) {
	case *image.YCbCr:
		shift := 0 // 1<<shift pixels side by side share their chroma
		switch img.SubsampleRatio {
		case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
			shift = 1
		case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
			shift = 2
		}
		return func(rgb []uint8, y int) {
			chroma := img.COffset(left, y) - left>>shift
			for x, luma := range img.Y[img.YOffset(left, y):][:len(rgb)/3] {
				i := chroma + (left+x)>>shift
				rgb[0], rgb[1], rgb[2] = color.YCbCrToRGB(luma, img.Cb[i], img.Cr[i])
				rgb = rgb[3:]
			}
		}
	case *image.Gray:
		return func(rgb []uint8, y int) {
			for x, v := range img.Pix[img.PixOffset(left, y):][:len(rgb)/3] {
				rgb[3*x], rgb[3*x+1], rgb[3*x+2] = v, v, v
			}
		}
	case *image.RGBA: // opaque, as package png uses it
		return func(rgb []uint8, y int) { take3(rgb, img.Pix[img.PixOffset(left, y):], 1) }
	case *image.NRGBA:
		return func(rgb []uint8, y int) { take3(rgb, img.Pix[img.PixOffset(left, y):], 1) }
	case *image.NRGBA64:
		return func(rgb []uint8, y int) { take3(rgb, img.Pix[img.PixOffset(left, y):], 2) }
	case *image.Paletted:
		palette := make([][3]uint8, len(img.Palette))
		for i, c := range img.Palette {
			palette[i] = withoutAlpha(c)
		}
		return func(rgb []uint8, y int) {
			for x, index := range img.Pix[img.PixOffset(left, y):][:len(rgb)/3] {
				copy(rgb[3*x:], palette[index][:])
			}
		}
	}
	return func(rgb []uint8, y int) {
		for x := range len(rgb) / 3 {
			c := withoutAlpha(img.At(left+x, y))
			copy(rgb[3*x:], c[:])
		}
	}
}

// take3 takes the first three of the four channels of pix, whose samples have size bytes, the upper one first.
func take3(rgb, pix []uint8, size int) {
	for ; len(rgb) >= 3; rgb = rgb[3:] {
		rgb[0], rgb[1], rgb[2] = pix[0], pix[size], pix[2*size]
		pix = pix[4*size:]
	}
}

// withoutAlpha returns a colour without its alpha.
func withoutAlpha(c color.Color) [3]uint8 {
	if c, ok := c.(color.NRGBA); ok {
		return [3]uint8{c.R, c.G, c.B}
	}
	red, green, blue, _ := c.RGBA()
	return [3]uint8{uint8(red >> 8), uint8(green >> 8), uint8(blue >> 8)}
}

// shape returns the shape of the row that the image becomes.
func (d *imageDecoder) shape() ImageShape {
	if d.cfg.Height == 0 {
		return d.ImageShape
	}
	return ImageShape{d.cfg.Height, d.cfg.Width, d.Channels}
}

// appendRow appends the image, brought to its shape and scale.
func (d *imageDecoder) appendRow(x []float32, shape ImageShape) []float32 {
	n := len(x)
	x = growRows(x, shape.size())[:n+shape.size()]
	switch {
	case shape == d.ImageShape:
		row := x[n:][:len(d.pixels)]
		for i, v := range d.pixels {
			row[i] = d.values[v]
		}
	case d.cfg.Nearest:
		resizeNearest(x[n:], shape, d.pixels, d.ImageShape, d.unit)
	default:
		resizeBilinear(x[n:], shape, d.pixels, d.ImageShape, d.unit)
	}
	return x
}
