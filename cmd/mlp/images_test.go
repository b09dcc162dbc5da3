package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bars draws a bar across the middle of a square image, or down it.
func bars(rng *rand.Rand, down bool) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 8, 8))
	at := 2 + rng.IntN(4)
	for y := range 8 {
		for x := range 8 {
			c := color.RGBA{uint8(rng.IntN(60)), uint8(rng.IntN(60)), 20, 255}
			if down && x == at || !down && y == at {
				c = color.RGBA{220, 200, 40, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// writeBars writes a folder with a folder of images for each of two classes.
func writeBars(t *testing.T, dir string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 5))
	for _, class := range []string{"across", "down"} {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range 60 {
			var b bytes.Buffer
			if err := png.Encode(&b, bars(rng, class == "down")); err != nil {
				t.Fatal(err)
			}
			writeFile(t, dir, filepath.Join(class, fmt.Sprintf("%02d.png", i)), b.String())
		}
	}
	writeFile(t, dir, "notes.txt", "drawn by a test")
}

// TestImages trains on a folder of images, and uses the model on folders and single images.
func TestImages(t *testing.T) {
	dir := t.TempDir()
	writeBars(t, filepath.Join(dir, "bars"))
	out := succeed(t, dir, "", "train", "bars", "--epochs=40", "--augment=flip=both,crop=1,brightness=0.1,noise=0.01")
	for _, want := range []string{
		"Data: bars, 120 images of 8×8 pixels with 3 colours, 2 classes\n", "\nacross         60      50.0%\n",
		"\nSkipped: notes.txt (",
		"Task: classification of the folder, 2 classes\n", "Scaling: minmax, of all pixels alike", "Next: ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if accuracy := scoreOf(t, out, "Test Accuracy"); accuracy < 0.85 {
		t.Errorf("test accuracy %v, want 0.85 or more", accuracy)
	}
	plain := succeed(t, dir, "", "train", "bars", "--epochs=40", "--model=plain.safetensors")
	if scoreOf(t, plain, "Test Loss") == scoreOf(t, out, "Test Loss") {
		t.Error("--augment changes nothing")
	}
	out = succeed(t, dir, "", "evaluate", "model.safetensors", "bars", "--report")
	if accuracy := scoreOf(t, out, "Accuracy"); accuracy < 0.85 || !strings.Contains(out, "Rows: 120\n") {
		t.Errorf("evaluate:\n%s", out)
	}
	out = succeed(t, dir, "", "predict", "model.safetensors", filepath.Join("bars", "down", "03.png"))
	if !strings.HasPrefix(out, "prediction,p(across),p(down)\ndown,") {
		t.Errorf("predict: %q", out)
	}
	out = succeed(t, dir, "", "train", "bars", "--size=6x4", "--gray", "--scale=none", "--epochs=1", "--out=small")
	if !strings.Contains(out, "120 images of 6×4 pixels, 2 classes") || strings.Contains(out, "Scaling") {
		t.Errorf("--size and --gray:\n%s", out)
	}
	small := filepath.Join("small", "model.safetensors")
	one := filepath.Join("bars", "down", "03.png")
	if got := succeed(t, dir, "", "predict", small, one, "--size=6x4", "--gray"); strings.Count(got, "\n") != 2 {
		t.Errorf("predict: %q", got)
	}
	if got, want := succeed(t, dir, "", "predict", small, one), succeed(t, dir, "", "predict", small, one, "--size=6x4", "--gray"); got != want {
		t.Errorf("predict without flags: %q, want %q", got, want)
	}
	if got := succeed(t, dir, "", "evaluate", small, "bars"); !strings.Contains(got, "Rows: 120\n") {
		t.Errorf("evaluate without flags:\n%s", got)
	}
	// A folder of images, whose classes nobody tells.
	got := succeed(t, dir, "", "predict", "model.safetensors", "bars")
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != 121 || lines[0] != "file,prediction,p(across),p(down)" || !strings.HasPrefix(lines[120], filepath.Join("bars", "down", "59.png")+",down,") {
		t.Errorf("predict a folder: %d lines, first %q, last %q", len(lines), lines[0], lines[len(lines)-1])
	}
	for _, folder := range []string{"empty", "flat", "text/a", "one/down", "sizes/a", "sizes/b"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	bar := readFile(t, dir, one)
	for _, name := range []string{"flat/1.png", "one/down/1.png", "one/down/.2.png", "one/down/3.txt", "sizes/a/1.png"} {
		writeFile(t, dir, name, bar)
	}
	writeFile(t, dir, "text/a/notes.txt", "drawn by a test")
	writeFile(t, dir, "one/notes.txt", "drawn by a test")
	writeFile(t, dir, "one/down/4.txt", "drawn by a test")
	writePNG(t, filepath.Join(dir, "sizes", "b", "2.png"), 5, 9)
	out = succeed(t, dir, "", "describe", "one")
	for _, want := range []string{
		"one, 2 images of 8×8 pixels with 3 colours, 1 class\n", "\n\nSkipped: down/.2.png (hidden: its name begins with a dot)\n",
		"\nSkipped: down/4.txt (no PNG, JPEG or GIF image)\nSkipped: notes.txt (in no class folder)\n\nWarning: ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("describe: no %q in:\n%s", want, out)
		}
	}
	// What is not told is as the model has it.
	if got := succeed(t, dir, "", "evaluate", small, "bars", "--gray", "--max-pixels=64"); !strings.Contains(got, "Rows: 120\n") {
		t.Errorf("evaluate --gray:\n%s", got)
	}
	if got, want := succeed(t, dir, "", "predict", small, one, "--gray"), succeed(t, dir, "", "predict", small, one); got != want {
		t.Errorf("predict --gray: %q, want %q", got, want)
	}
	for _, test := range []struct{ args, want string }{
		{"train empty", "empty is empty; want a folder in it for each class"},
		{"describe flat", "flat: want a folder in it for each class, with its images (.png, .jpg, .jpeg, .gif); " +
			"there is none, but 1 file beside, the first 1.png"},
		{"train text", "there is no image in a class folder; 1 file skipped, the first a/notes.txt (no PNG, JPEG or GIF image)"},
		{"train one", `one: the folder of every image is "down", so there is nothing to learn`},
		{"train sizes", "2.png: 5×9 pixels, want 8×8 as the first image; --size resizes all"},
		{"train bars --max-pixels=63", "8×8 pixels are more than --max-pixels, which is 63"},
		{"predict model.safetensors " + one + " --max-pixels=63", "8×8 pixels are more than --max-pixels, which is 63"},
		{"train bars --max-pixels=-1", "--max-pixels is -1, want 0 or more"},
		{"predict model.safetensors empty", "empty: there is no image in it"},
		{"predict " + small + " " + one + " --size=8x8", "the images have 8×8 pixels, the model wants 6×4 pixels (--size, --gray)"},
		{"evaluate " + small + " bars --size=8x8", "the images have 8×8 pixels, the model wants 6×4 pixels"},
		{"evaluate model.safetensors bars --gray", "the images have 8×8 pixels, the model wants 8×8 pixels with 3 colours"},
		{"evaluate " + small + " bars --label=a", "--label says nothing about images"},
		{"train bars --size=6", `--size is "6", want a height and a width in pixels, as in 28x28`},
		{"train bars --size=0x6", `--size is "0x6"`},
		{"train bars --label=a", "--label and --ignore say nothing about images"},
		{"train bars --task=regression", "has classes"},
		{"train bars --separator=;", "no CSV file"},
		{"train bars one.idx", "has labels already"},
		{"train iris --gray", "for a folder of images, which iris is not"},
		{"train iris --augment=flip,noise=1", "--augment: all but noise and mixup change images, and iris is a table"},
		{"train iris --augment=mixup=0.2", "--loss=categorical_crossentropy"},
		{"train bars --augment=flip --scale=standard", "want minmax or none"},
		{"train bars --augment=mixup=1,flip --loss=categorical_crossentropy", "must be the last"},
	} {
		_, stderr, code := result(t, dir, "", strings.Fields(test.args)...)
		if code != exitFailure || !strings.Contains(stderr, test.want) {
			t.Errorf("mlp %s: exit code %d, stderr %q, want %q", test.args, code, stderr, test.want)
		}
	}
}

// writePNG writes a black image.
func writePNG(t *testing.T, path string, height, width int) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Dir(path), filepath.Base(path), b.String())
}

// TestIDX trains on a pair of files such as MNIST's, one of them compressed.
func TestIDX(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(6, 6))
	images, labels := []byte{0, 0, 8, 3, 0, 0, 0, 100, 0, 0, 0, 8, 0, 0, 0, 8}, []byte{0, 0, 8, 1, 0, 0, 0, 100}
	for i := range 100 {
		img := bars(rng, i%2 == 1)
		for p := range 64 {
			images = append(images, img.Pix[4*p])
		}
		labels = append(labels, byte(i%2))
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(images); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "x.gz", b.String())
	writeFile(t, dir, "y", string(labels))
	out := succeed(t, dir, "", "train", "x.gz", "y", "--epochs=30", "--augment=crop=1")
	if !strings.Contains(out, "Data: x.gz, 100 images of 8×8 pixels, 2 classes\n") || scoreOf(t, out,
		"Test Accuracy") < 0.8 {
		t.Errorf("train:\n%s", out)
	}
	out = succeed(t, dir, "", "evaluate", "model.safetensors", "x.gz", "y")
	if !strings.Contains(out, "Rows: 100\n") || scoreOf(t, out, "Accuracy") < 0.8 {
		t.Errorf("evaluate:\n%s", out)
	}
	writeFile(t, dir, "x-idx3-ubyte", string(images))
	predicted := succeed(t, dir, "", "predict", "model.safetensors", "x.gz")
	if !strings.HasPrefix(predicted, "prediction,p(0),p(1)\n") || strings.Count(predicted, "\n") != 101 {
		t.Errorf("predict: %q", predicted)
	}
	succeed(t, dir, "", "convert", "x-idx3-ubyte", "x.npy")
	for _, name := range []string{"x-idx3-ubyte", "x.npy"} {
		if got := succeed(t, dir, "", "predict", "model.safetensors", name); got != predicted {
			t.Errorf("predict %s: %q, want %q", name, got, predicted)
		}
	}
	writeFile(t, dir, "y-idx1-ubyte", string(labels))
	succeed(t, dir, "", "convert", "x-idx3-ubyte", "x.csv", "--labels=y-idx1-ubyte")
	if got := succeed(t, dir, "", "predict", "model.safetensors", "x.csv", "--ignore=y0"); got != predicted {
		t.Errorf("predict x.csv: %q, want %q", got, predicted)
	}
	if _, stderr, code := result(t, dir, string(images), "predict", "model.safetensors", "-"); code != exitFailure ||
		!strings.Contains(stderr, "standard input is an IDX file, which is read by its name alone") {
		t.Errorf("predict -: exit code %d, stderr %q", code, stderr)
	}
	writeFile(t, dir, "cut", string(images[:99]))
	labels[len(labels)-1] = 7
	writeFile(t, dir, "seven", string(labels))
	for _, test := range []struct{ args, want string }{
		{"train x.gz", "x.gz is an IDX file of images; name the file of their labels after it"},
		{"train y", "y is an IDX file of images; name the file of their labels after it"},
		{"train y x.gz", "want [rows, …] and [rows]"},
		{"train x.gz nosuch", "nosuch: "},
		{"train x.gz y --gray", "--size, --gray and --max-pixels are for"},
		{"evaluate model.safetensors x.gz seven", "7 is not a class index"},
		{"evaluate model.safetensors x.gz", "x.gz is an IDX file"},
		{"predict model.safetensors y", "y has the shape [100], want [rows, …]"},
		{"predict model.safetensors x.csv",
			"x.csv: the data has 65 features, the model wants 64; --ignore leaves a column out, such as the label"},
		{"predict model.safetensors x.csv --ignore=x1 --no-header", "--ignore needs a file with a header"},
		{"predict model.safetensors cut", "cut: idx: the file ends"},
		{"predict model.safetensors x.gz --no-header", "x.gz is no CSV file"},
		{"predict model.safetensors x.gz --gray", "--size, --gray and --max-pixels are for"},
	} {
		_, stderr, code := result(t, dir, "", strings.Fields(test.args)...)
		if code != exitFailure || !strings.Contains(stderr, test.want) {
			t.Errorf("mlp %s: exit code %d, stderr %q, want %q", test.args, code, stderr, test.want)
		}
	}
}
