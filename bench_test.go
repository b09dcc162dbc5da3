package mlp

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// The four benchmark networks: overhead, small products, MNIST's size, large products. ReLU inside, softmax at the end.
var benchNets = []struct {
	name  string
	sizes []int
	batch int
}{
	{"4-64-32-3", []int{4, 64, 32, 3}, 16},
	{"20-64-32-3", []int{20, 64, 32, 3}, 32},
	{"784-128-64-10", []int{784, 128, 64, 10}, 128},
	{"1024-1024-1024-10", []int{1024, 1024, 1024, 10}, 256},
}

func benchNet(b *testing.B, sizes []int) (n *Network, multiplyAdds int) {
	var layers []Layer
	for i, units := range sizes[1:] {
		act := ReLU
		if i == len(sizes)-2 {
			act = Softmax
		}
		layers = append(layers, Dense{Units: units, Activation: act})
		multiplyAdds += sizes[i] * units
	}
	return mustNew(b, sizes[0], layers...), multiplyAdds
}

func benchRows(rows, features, classes int) *Dataset {
	rng := rand.New(rand.NewPCG(1, 1))
	d := &Dataset{X: make([]float32, rows*features), Y: make([]float32, rows), Features: features, Targets: 1}
	for i := range d.X {
		d.X[i] = float32(rng.NormFloat64())
	}
	for i := range d.Y {
		d.Y[i] = float32(rng.IntN(classes))
	}
	return d
}

// eachBenchKernel runs f for every kernel of the machine.
func eachBenchKernel(b *testing.B, name string, f func(b *testing.B)) {
	for _, k := range kernels() {
		if k.available {
			b.Run(fmt.Sprintf("%s/kernel=%s", name, k.name), func(b *testing.B) {
				b.Setenv(kernelEnv, k.name)
				f(b)
			})
		}
	}
}

// BenchmarkStep times one update by Adam. GFLOP/s counts the products' multiply-adds: three a weight, two in the first layer.
func BenchmarkStep(b *testing.B) {
	for _, net := range benchNets {
		eachBenchKernel(b, fmt.Sprintf("net=%s/batch=%d", net.name, net.batch), func(b *testing.B) {
			n, multiplyAdds := benchNet(b, net.sizes)
			t := mustTrainer(b, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}, BatchSize: net.batch})
			d := benchRows(net.batch, net.sizes[0], n.Outputs())
			for b.Loop() {
				if _, err := t.Step(d.X, d.Y); err != nil {
					b.Fatal(err)
				}
			}
			flop := 2 * net.batch * (3*multiplyAdds - net.sizes[0]*net.sizes[1])
			b.ReportMetric(float64(flop)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

// BenchmarkPredict times a Predictor.
func BenchmarkPredict(b *testing.B) {
	for _, net := range benchNets {
		for _, rows := range []int{1, 256} {
			eachBenchKernel(b, fmt.Sprintf("net=%s/rows=%d", net.name, rows), func(b *testing.B) {
				n, multiplyAdds := benchNet(b, net.sizes)
				p := n.NewPredictor(rows)
				d := benchRows(rows, net.sizes[0], n.Outputs())
				dst := make([]float32, rows*n.Outputs())
				for b.Loop() {
					if err := p.Predict(dst, d.X); err != nil {
						b.Fatal(err)
					}
				}
				elapsed := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
				b.ReportMetric(float64(2*rows*multiplyAdds)/elapsed, "GFLOP/s")
				b.ReportMetric(float64(rows)/elapsed*1e9, "rows/s")
			})
		}
	}
}

// BenchmarkPredictParallel times single rows of as many goroutines as GOMAXPROCS on one Network: compare -cpu 1,2.
func BenchmarkPredictParallel(b *testing.B) {
	for _, net := range benchNets {
		b.Run("net="+net.name, func(b *testing.B) {
			n, _ := benchNet(b, net.sizes)
			d := benchRows(1, net.sizes[0], n.Outputs())
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := n.Predict(d.X); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkFitIris times the walk-through's 50 epochs of 6 steps with validation.
func BenchmarkFitIris(b *testing.B) {
	eachBenchKernel(b, "net=4-64-32-3/batch=16", func(b *testing.B) {
		iris := Iris()
		if err := iris.Shuffle(1); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			n, _ := benchNet(b, []int{4, 64, 32, 3})
			t := mustTrainer(b, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}, Metrics: []Metric{Accuracy{}}, BatchSize: 16})
			if _, err := t.Fit(context.Background(), iris, FitConfig{Epochs: 50, ValidationSplit: 0.36}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*50*6), "ns/step")
	})
}

// BenchmarkFit times epochs of shuffled rows with a metric, and steps alone in turns with them; it reports what Fit itself
// takes, in percent of the steps.
func BenchmarkFit(b *testing.B) {
	for _, net := range benchNets {
		eachBenchKernel(b, fmt.Sprintf("net=%s/batch=%d", net.name, net.batch), func(b *testing.B) {
			const steps = 20
			n, multiplyAdds := benchNet(b, net.sizes)
			if n.kernel.isa == generic && multiplyAdds > 1_000_000 {
				b.Skip("an epoch takes half a minute")
			}
			epochs := max(3, 1_000_000/(multiplyAdds*net.batch))
			t := mustTrainer(b, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}, Metrics: []Metric{Accuracy{}}, BatchSize: net.batch})
			d := benchRows(steps*net.batch, net.sizes[0], n.Outputs())
			batch := benchRows(net.batch, net.sizes[0], n.Outputs())
			fit, step := math.Inf(1), math.Inf(1)
			for b.Loop() {
				begin := time.Now()
				if _, err := t.Fit(context.Background(), d, FitConfig{Epochs: epochs}); err != nil {
					b.Fatal(err)
				}
				fit = min(fit, float64(time.Since(begin).Nanoseconds())/float64(steps*epochs))
				begin = time.Now()
				for range steps * epochs {
					if _, err := t.Step(batch.X, batch.Y); err != nil {
						b.Fatal(err)
					}
				}
				step = min(step, float64(time.Since(begin).Nanoseconds())/float64(steps*epochs))
			}
			b.ReportMetric(fit, "ns/step")
			b.ReportMetric(100*(fit/step-1), "%overhead")
		})
	}
}
