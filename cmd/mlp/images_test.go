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
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ args, want string }{
		{"predict model.safetensors empty", "empty: there is no image in it"},
		{"predict " + small + " " + one + " --size=8x8", "the data has 192 features, the model wants 24"},
		{"evaluate " + small + " bars --size=8x8", "the data has 192 features, the model wants 24"},
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
	labels[len(labels)-1] = 7
	writeFile(t, dir, "seven", string(labels))
	for _, test := range []struct{ args, want string }{
		{"train x.gz", "x.gz is an IDX file of images; name the file of their labels after it"},
		{"train y", "y is an IDX file of images; name the file of their labels after it"},
		{"train y x.gz", "want [rows, …] and [rows]"},
		{"train x.gz nosuch", "nosuch: "},
		{"train x.gz y --gray", "--size and --gray"},
		{"evaluate model.safetensors x.gz seven", "7 is not a class index"},
		{"evaluate model.safetensors x.gz", "x.gz is an IDX file"},
	} {
		_, stderr, code := result(t, dir, "", strings.Fields(test.args)...)
		if code != exitFailure || !strings.Contains(stderr, test.want) {
			t.Errorf("mlp %s: exit code %d, stderr %q, want %q", test.args, code, stderr, test.want)
		}
	}
}
