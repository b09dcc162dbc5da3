package mlp

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/fstest"
	"time"
)

// BenchmarkReadCSV reads numbers of several kinds, and reports how many times as fast that is as encoding/csv with strconv.
func BenchmarkReadCSV(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, format := range []struct {
		name  string
		write func([]byte) []byte
	}{
		{"pixels", func(b []byte) []byte { return strconv.AppendUint(b, rng.Uint64N(256), 10) }},
		{"4 decimals", func(b []byte) []byte { return strconv.AppendFloat(b, rng.NormFloat64(), 'f', 4, 64) }},
		{"float32", func(b []byte) []byte { return strconv.AppendFloat(b, rng.NormFloat64(), 'g', -1, 32) }},
		{"float64", func(b []byte) []byte { return strconv.AppendFloat(b, rng.NormFloat64(), 'g', -1, 64) }},
		{"NumPy savetxt", func(b []byte) []byte { return strconv.AppendFloat(b, rng.NormFloat64(), 'e', 18, 64) }},
	} {
		const rows, columns = 10_000, 20
		var text []byte
		for i := range rows * columns {
			text = format.write(text)
			end := byte(',')
			if (i+1)%columns == 0 {
				end = '\n'
			}
			text = append(text, end)
		}
		b.Run(format.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			read := func() {
				if _, err := ReadCSV(bytes.NewReader(text), CSVConfig{NoHeader: true}); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				read()
			}
			b.ReportMetric(timesAsLong(func() { readByStrconv(b, text) }, read), "x-encoding/csv")
		})
	}
}

// timesAsLong runs both in turn for a second, so that collecting garbage and other programs burden both, and returns how
// many times as long as g the function f takes.
func timesAsLong(f, g func()) float64 {
	var timeF, timeG time.Duration
	for timeF+timeG < time.Second {
		start := time.Now()
		f()
		between := time.Now()
		g()
		timeF += between.Sub(start)
		timeG += time.Since(between)
	}
	return float64(timeF) / float64(timeG)
}

// readByStrconv reads numbers by the standard library.
func readByStrconv(b *testing.B, text []byte) (x []float32) {
	r := csv.NewReader(bytes.NewReader(text))
	r.ReuseRecord = true
	for {
		record, err := r.Read()
		if err == io.EOF {
			return x
		}
		if err != nil {
			b.Fatal(err)
		}
		for _, cell := range record {
			v, err := strconv.ParseFloat(cell, 32)
			if err != nil {
				b.Fatal(err)
			}
			x = append(x, float32(v))
		}
	}
}

// BenchmarkReadImages reads a folder of images, and reports how much of the time the decoder alone takes.
func BenchmarkReadImages(b *testing.B) {
	for _, side := range []int{28, 224} {
		img := image.NewNRGBA(image.Rect(0, 0, side, side))
		for i := range img.Pix {
			img.Pix[i] = uint8(i * i >> 4)
			if i%4 == 3 {
				img.Pix[i] = 255
			}
		}
		var photo bytes.Buffer
		if err := jpeg.Encode(&photo, img, nil); err != nil {
			b.Fatal(err)
		}
		for name, file := range map[string][]byte{"png": pngOf(img), "jpeg": photo.Bytes()} {
			b.Run(fmt.Sprintf("%s/side=%d", name, side), func(b *testing.B) {
				const images = 100
				fsys := fstest.MapFS{}
				for i := range images {
					fsys[fmt.Sprintf("a/%d", i)] = &fstest.MapFile{Data: file}
				}
				b.ReportAllocs()
				read := func() {
					if _, _, err := ReadImages(fsys, ImageConfig{Height: 28, Width: 28}); err != nil {
						b.Fatal(err)
					}
				}
				for b.Loop() {
					read()
				}
				decode := func() {
					for range images {
						if _, _, err := image.Decode(bytes.NewReader(file)); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(images*b.N), "ns/image")
				b.ReportMetric(timesAsLong(read, decode), "x-decoder")
			})
		}
	}
}
