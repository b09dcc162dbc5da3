package mlp

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// goodPNG returns the file of a 2×2 image: black, red / green, white.
func goodPNG() []byte { return pngOf(dots()) }

func dots() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	img.Set(0, 0, color.Black)
	img.Set(1, 0, color.NRGBA{255, 0, 0, 255})
	img.Set(0, 1, color.NRGBA{0, 255, 0, 255})
	img.Set(1, 1, color.White)
	return img
}

func pngOf(img image.Image) []byte {
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		panic(err)
	}
	return file.Bytes()
}

func TestReadImageColours(t *testing.T) {
	transparent := dots()
	transparent.Set(1, 1, color.NRGBA{10, 20, 30, 0})
	palette := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.NRGBA{1, 2, 3, 255}, color.NRGBA{40, 50, 60, 7}})
	palette.SetColorIndex(1, 0, 1)
	deep := image.NewNRGBA64(image.Rect(0, 0, 1, 1))
	deep.Set(0, 0, color.NRGBA64{0x12ff, 0x3400, 0xffff, 0x8000})
	deepGray := image.NewGray16(image.Rect(0, 0, 1, 1))
	deepGray.Set(0, 0, color.Gray16{0x7fff})
	gray := image.NewGray(image.Rect(0, 0, 1, 2))
	gray.Set(0, 1, color.Gray{77})
	// A frame that covers the right half of a GIF's screen; the rest is black.
	var frame bytes.Buffer
	if err := gif.EncodeAll(&frame, &gif.GIF{
		Image:  []*image.Paletted{{Pix: []uint8{1}, Stride: 1, Rect: image.Rect(1, 0, 2, 1), Palette: color.Palette{color.White, color.NRGBA{9, 8, 7, 255}}}},
		Delay:  []int{0},
		Config: image.Config{Width: 2, Height: 1},
	}); err != nil {
		t.Fatal(err)
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, gray, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		file  []byte
		cfg   ImageConfig
		shape ImageShape
		want  []float32
	}{
		"RGB":            {goodPNG(), ImageConfig{}, ImageShape{2, 2, 3}, []float32{0, 0, 0, 255, 0, 0, 0, 255, 0, 255, 255, 255}},
		"gray of RGB":    {goodPNG(), ImageConfig{Gray: true}, ImageShape{2, 2, 1}, []float32{0, 76, 150, 255}},
		"scaled":         {goodPNG(), ImageConfig{Gray: true, Scale: true}, ImageShape{2, 2, 1}, []float32{0, 76.0 / 255, 150.0 / 255, 1}},
		"one pixel":      {goodPNG(), ImageConfig{Gray: true, Height: 1, Width: 1}, ImageShape{1, 1, 1}, []float32{481.0 / 4}},
		"nearest":        {goodPNG(), ImageConfig{Gray: true, Height: 1, Width: 3, Nearest: true}, ImageShape{1, 3, 1}, []float32{150, 255, 255}},
		"alpha":          {pngOf(transparent), ImageConfig{Height: 2, Width: 2}, ImageShape{2, 2, 3}, []float32{0, 0, 0, 255, 0, 0, 0, 255, 0, 10, 20, 30}},
		"palette":        {pngOf(palette), ImageConfig{}, ImageShape{1, 2, 3}, []float32{1, 2, 3, 40, 50, 60}},
		"16 bits":        {pngOf(deep), ImageConfig{}, ImageShape{1, 1, 3}, []float32{0x12, 0x34, 0xff}},
		"16 bits, gray":  {pngOf(deepGray), ImageConfig{}, ImageShape{1, 1, 3}, []float32{0x7f, 0x7f, 0x7f}},
		"gray as colour": {pngOf(gray), ImageConfig{}, ImageShape{2, 1, 3}, []float32{0, 0, 0, 77, 77, 77}},
		"gray":           {pngOf(gray), ImageConfig{Gray: true}, ImageShape{2, 1, 1}, []float32{0, 77}},
		"GIF":            {frame.Bytes(), ImageConfig{}, ImageShape{1, 2, 3}, []float32{0, 0, 0, 9, 8, 7}},
		"JPEG":           {photo.Bytes(), ImageConfig{Gray: true}, ImageShape{2, 1, 1}, []float32{0, 77}},
	} {
		x, shape, err := ReadImage(bytes.NewReader(test.file), test.cfg)
		if err != nil || shape != test.shape || !slices.Equal(x, test.want) {
			t.Errorf("%s: got %v, %v, %v, want %v, %v", name, x, shape, err, test.want, test.shape)
		}
	}
}

func TestReadImages(t *testing.T) {
	file := func(content []byte) *fstest.MapFile { return &fstest.MapFile{Data: content} }
	one := pngOf(image.NewGray(image.Rect(0, 0, 1, 1)))
	fsys := fstest.MapFS{
		"b/2.PNG":        file(goodPNG()),
		"b/1.jpg":        file(goodPNG()), // a PNG by content
		"a/deep/er":      file(goodPNG()), // without any extension
		"a/Thumbs.db":    file([]byte("database")),
		"a/.DS_Store":    file(nil),
		"a/.cache/x.png": file(nil),
		"c/README":       file([]byte("nothing")),
		"README.md":      file([]byte("# Images")),
		".git/x.png":     file(nil),
	}
	d, report, err := ReadImages(fsys, ImageConfig{Gray: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "c"}; !slices.Equal(d.ClassNames, want) || !slices.Equal(d.Y, []float32{0, 1, 1}) {
		t.Errorf("classes %q, labels %v", d.ClassNames, d.Y)
	}
	if d.Image != (ImageShape{2, 2, 1}) || d.Features != 4 || !slices.Equal(d.X[4:8], []float32{0, 76, 150, 255}) {
		t.Errorf("image %v, features %d, x %v", d.Image, d.Features, d.X)
	}
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
	want := &ImageReport{
		Files: []string{"a/deep/er", "b/1.jpg", "b/2.PNG"},
		Skipped: []SkippedFile{
			{".git", "hidden: its name begins with a dot"},
			{"README.md", "in no class folder"},
			{"a/.DS_Store", "hidden: its name begins with a dot"},
			{"a/.cache", "hidden: its name begins with a dot"},
			{"a/Thumbs.db", "no PNG, JPEG or GIF image"},
			{"c/README", "no PNG, JPEG or GIF image"},
		},
	}
	if !reflect.DeepEqual(report, want) {
		t.Errorf("report\n%v, want\n%v", report, want)
	}
	d, _, err = ReadImages(fsys, ImageConfig{ClassNames: []string{"c", "b", "a"}})
	if err != nil || !slices.Equal(d.Y, []float32{2, 1, 1}) {
		t.Errorf("with ClassNames: labels %v, %v", d.Y, err)
	}

	for name, test := range map[string]struct {
		fsys fstest.MapFS
		cfg  ImageConfig
		want string
	}{
		"other class":    {fsys, ImageConfig{ClassNames: []string{"a"}}, `folder "b" is no class; there are "a"`},
		"other size":     {fstest.MapFS{"a/1": file(goodPNG()), "a/2": file(one)}, ImageConfig{}, "a/2: 1×1 pixels, want 2×2 as the first image"},
		"nothing":        {fstest.MapFS{}, ImageConfig{}, "there is no image"},
		"no class":       {fstest.MapFS{"1.png": file(goodPNG())}, ImageConfig{}, "there is no image in a class folder; 1 file skipped, the first 1.png (in no class folder)"},
		"only a side":    {fsys, ImageConfig{Height: 2}, "Height is 2 and Width is 0"},
		"huge side":      {fsys, ImageConfig{Height: 2, Width: 1 << 30}, "want both 0, or both from 1"},
		"negative limit": {fsys, ImageConfig{MaxPixels: -1}, "MaxPixels is -1"},
		"class twice":    {fsys, ImageConfig{ClassNames: []string{"a", "a"}}, `"a" twice`},
		"pixels":         {fsys, ImageConfig{MaxPixels: 3}, "a/deep/er: 2×2 pixels are more than MaxPixels, which is 3"},
		"bytes":          {fsys, ImageConfig{MaxBytes: int64(len(goodPNG())) - 1}, "a/deep/er: the file has more than MaxBytes"},
	} {
		_, _, err := ReadImages(test.fsys, test.cfg)
		if err == nil || !strings.HasPrefix(err.Error(), "mlp: images: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
	exact := ImageConfig{MaxPixels: 4, MaxBytes: int64(len(goodPNG()))}
	if _, _, err := ReadImages(fsys, exact); err != nil {
		t.Errorf("at the limits: %v", err)
	}
}

func TestDatasetKeepsImageShape(t *testing.T) {
	d := &Dataset{X: make([]float32, 12), Features: 6, Image: ImageShape{1, 2, 3}}
	subset, err := d.Subset([]int{1})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Dataset{"Clone": d.Clone(), "Subset": subset, "Head": d.Head(1)} {
		if c.Image != d.Image {
			t.Errorf("%s: image %v", name, c.Image)
		}
	}
}

// TestUnknownFormat tells an image whose decoder is not imported from what is no image.
func TestUnknownFormat(t *testing.T) {
	for file, want := range map[string]string{
		"\x89PNG\r\n\x1a\nx": `a PNG image: a program that reads those imports _ "image/png"`,
		"\xff\xd8\xff":       `a JPEG image: a program that reads those imports _ "image/jpeg"`,
		"GIF89a":             `a GIF image: a program that reads those imports _ "image/gif"`,
		"GIF90a":             errNoImage.Error(),
		"":                   errNoImage.Error(),
	} {
		if got := decodeError(image.ErrFormat, []byte(file)).Error(); got != want {
			t.Errorf("%q: got %q, want %q", file, got, want)
		}
	}
}

// TestJPEGSize finds the size in files that package jpeg reads, and leaves the rest to it.
func TestJPEGSize(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 300, 7)), nil); err != nil {
		t.Fatal(err)
	}
	file := b.String()
	const start = "\xff\xd8"
	rest := strings.TrimPrefix(file, start)
	for name, test := range map[string]struct {
		file string
		ok   bool
	}{
		"as encoded":         {file, true},
		"progressive":        {strings.Replace(file, "\xff\xc0", "\xff\xc2", 1), true},
		"a comment":          {start + "\xff\xfe\x00\x04\xff\xc0" + rest, true},
		"an application's":   {start + "\xff\xef\x00\x02" + rest, true},
		"a restart interval": {start + "\xff\xdd\x00\x04\x00\x01" + rest, true},
		"fill bytes":         {start + "\xff\xff" + rest, false},
		"no segment":         {start + "\x01" + rest, false},
		"a marker alone":     {start + "\xff\xd0" + rest, false},
	} {
		header, err := jpeg.DecodeConfig(strings.NewReader(test.file))
		if err != nil || header.Height != 7 || header.Width != 300 {
			t.Errorf("%s: package jpeg reads %d×%d, %v", name, header.Height, header.Width, err)
		}
		height, width, ok := jpegSize([]byte(test.file))
		if ok != test.ok || ok && (height != 7 || width != 300) {
			t.Errorf("%s: %d×%d, %v, want 7×300, %v", name, height, width, ok, test.ok)
		}
	}
	for n := range len(file) {
		if height, width, ok := jpegSize([]byte(file[:n])); ok && (height != 7 || width != 300) {
			t.Errorf("the first %d bytes: %d×%d", n, height, width)
		}
	}
	if _, _, ok := jpegSize([]byte("\x00\x01" + rest)); ok {
		t.Error("a file that does not begin as JPEG has a size")
	}
}

// TestRowReader compares the fast ways to read pixels with the slow one of every image type.
func TestRowReader(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	fill := func(lists ...[]uint8) {
		for _, list := range lists {
			for i := range list {
				list[i] = uint8(rng.Uint32())
			}
		}
	}
	rect := image.Rect(0, 0, 11, 6)
	var images []image.Image
	for ratio := image.YCbCrSubsampleRatio444; ratio <= image.YCbCrSubsampleRatio410; ratio++ {
		img := image.NewYCbCr(rect, ratio)
		fill(img.Y, img.Cb, img.Cr)
		images = append(images, img)
	}
	gray, straight := image.NewGray(rect), image.NewNRGBA(rect)
	fill(gray.Pix, straight.Pix)
	for _, img := range append(images, gray, straight) {
		for left := range 5 {
			bounds := image.Rect(left, 1, 10, 5)
			readRow := rowReader(img, bounds)
			for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
				rgb := make([]uint8, 3*bounds.Dx())
				readRow(rgb, y)
				for x := range bounds.Dx() {
					want := withoutAlpha(img.At(left+x, y))
					if c, ok := img.At(left+x, y).(color.YCbCr); ok {
						want[0], want[1], want[2] = color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
					}
					if got := [3]uint8(rgb[3*x:]); got != want {
						t.Fatalf("%T from column %d: pixel %d, %d is %v, want %v", img, left, x, y, got, want)
					}
				}
			}
		}
	}
}

// TestImagesShareBuffers reads images of several sizes one after another, each of which must be as if it were alone:
// nothing of an earlier one may shine through the rows that a small image leaves out.
func TestImagesShareBuffers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	folder := fstest.MapFS{}
	for i, side := range []int{40, 7, 23, 40, 3} {
		img := image.NewGray(image.Rect(0, 0, side, side+i))
		for j := range img.Pix {
			img.Pix[j] = uint8(rng.Uint32())
		}
		folder[fmt.Sprintf("a/%d.png", i)] = &fstest.MapFile{Data: pngOf(img)}
	}
	for _, cfg := range []ImageConfig{
		{Height: 5, Width: 4}, {Height: 5, Width: 4, Nearest: true}, {Height: 24, Width: 25, Gray: true, Scale: true},
	} {
		d, report, err := ReadImages(folder, cfg)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range report.Files {
			x, _, err := ReadImage(bytes.NewReader(folder[name].Data), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.X[i*d.Features:][:d.Features]; !slices.Equal(got, x) {
				t.Errorf("%+v: %s is %v among others, %v alone", cfg, name, got, x)
			}
		}
	}
}
