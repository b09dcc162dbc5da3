package mlp

import "testing"

// BenchmarkAugment times a batch of 128 images of 28×28 pixels. An update of 784-128-64-10 by it, for comparison, is
// BenchmarkStep's.
func BenchmarkAugment(b *testing.B) {
	for name, list := range map[string][]Augmentation{
		"flip":        {RandomFlip{Horizontal: true}},
		"flip+crop":   {RandomFlip{Horizontal: true}, RandomCrop{Padding: 2}},
		"quarters":    {RandomQuarterTurn{}},
		"translation": {RandomTranslation{HeightFactor: 0.1, WidthFactor: 0.1}},
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
			a, err := newAugmenter(list, d, false)
			if err != nil {
				b.Fatal(err)
			}
			order := make([]int, rows)
			for i := range order {
				order[i] = i
			}
			b.ReportAllocs()
			key := uint64(0)
			for b.Loop() {
				key++
				a.apply(d.X, 784, d.Y, order, key)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows*784), "ns/value")
		})
	}
}
