package mlp

import (
	"bytes"
	"image/jpeg"
	"testing"
)

// FuzzImages decodes any bytes: what is accepted has a pixel for each place, of values 0 … 255, at any size. The size of a
// JPEG is the one that its decoder finds.
func FuzzImages(f *testing.F) {
	addFiles(f, "testdata/data/bad/images")
	for _, class := range []string{"circle", "cross"} {
		addFiles(f, "testdata/data/shapes/"+class)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		header, err := jpeg.DecodeConfig(bytes.NewReader(file))
		if height, width, ok := jpegSize(file); ok && err == nil && (height != header.Height || width != header.Width) {
			t.Fatalf("%d×%d pixels, package jpeg finds %d×%d", height, width, header.Height, header.Width)
		}
		cfg := ImageConfig{MaxPixels: 1 << 14, MaxBytes: 1 << 16}
		x, shape, err := ReadImage(bytes.NewReader(file), cfg)
		cfg.Height, cfg.Width, cfg.Gray = 3, 5, true
		small, smallShape, again := ReadImage(bytes.NewReader(file), cfg)
		if (err == nil) != (again == nil) {
			t.Fatalf("as it is: %v; resized: %v", err, again)
		}
		if err != nil {
			return
		}
		if shape.Channels != 3 || len(x) != shape.size() || smallShape != (ImageShape{3, 5, 1}) || len(small) != 15 {
			t.Fatalf("%d values of shape %v, %d of %v", len(x), shape, len(small), smallShape)
		}
		for _, v := range append(x, small...) {
			if !(v >= 0 && v <= 255) {
				t.Fatalf("value %v", v)
			}
		}
	})
}
