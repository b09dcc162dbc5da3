package mlp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// BenchmarkAugment times a batch of 128 images of 28×28 pixels. An update of 784-128-64-10 by it, for comparison, is
// BenchmarkStep's.
func BenchmarkAugment(b *testing.B) {
	for name, list := range map[string][]Augmentation{
		"flip":        {RandomFlip{Horizontal: true}},
		"flip+crop":   {RandomFlip{Horizontal: true}, RandomCrop{Padding: 2}},
		"quarters":    {RandomQuarterTurn{}},
		"translation": {RandomTranslation{HeightFactor: 0.1, WidthFactor: 0.1}},
		"rotation":    {RandomRotation{Factor: 0.05}},
		"zoom":        {RandomZoom{HeightFactor: 0.1}},
		"warp":        {RandomRotation{Factor: 0.05}, RandomZoom{HeightFactor: 0.1}, RandomTranslation{HeightFactor: 0.1, WidthFactor: 0.1}},
		"brightness":  {RandomBrightness{Factor: 0.1}},
		"contrast":    {RandomContrast{Factor: 0.1}},
		"cutout":      {Cutout{Size: 8}},
		"noise":       {RandomNoise{Deviation: 1}},
		"mixup":       {MixUp{}},
	} {
		b.Run(name, func(b *testing.B) {
			const rows = 128
			d := benchRows(rows, 784, 10)
			d.Image = ImageShape{28, 28, 1}
			a := mustAugmenter(b, d, list...)
			order := make([]int, rows)
			for i := range order {
				order[i] = i
			}
			pixels := drawnRings(rows)
			b.ReportAllocs()
			key := uint64(0)
			for b.Loop() {
				b.StopTimer()
				copy(d.X, pixels) // for changes of changed images change nothing in the end
				key++
				b.StartTimer()
				a.apply(d.X, 784, d.Y, order, key)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows*784), "ns/value")
		})
	}
}

// drawnRings returns images of 28×28 pixels from 0 to 255 with a thick line, as handwritten digits have.
func drawnRings(rows int) []float32 {
	rng := rand.New(rand.NewPCG(1, 1))
	pixels := make([]float32, 0, rows*784)
	for range rows {
		middleX, middleY, radius := 11+6*rng.Float64(), 11+6*rng.Float64(), 5+4*rng.Float64()
		for i := range 784 {
			distance := math.Abs(math.Hypot(float64(i%28)-middleX, float64(i/28)-middleY) - radius)
			pixels = append(pixels, float32(min(max(500-200*distance, 0), 255)))
		}
	}
	return pixels
}
