package mlp

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkWorkers times a step by one goroutine and by two, in turns, and reports how many times faster two are. All sizes
// are covered, from where nothing is shared to where everything is.
func BenchmarkWorkers(b *testing.B) {
	type netSize struct {
		sizes []int
		batch int
	}
	var nets []netSize
	for _, n := range benchNets {
		nets = append(nets, netSize{n.sizes, n.batch})
	}
	for _, units := range []int{32, 64, 128, 256, 512} {
		for _, batch := range []int{1, 16, 64, 256} {
			nets = append(nets, netSize{[]int{units, units, units, 10}, batch})
		}
	}
	for _, size := range nets {
		b.Run(fmt.Sprintf("net=%v/batch=%d", size.sizes, size.batch), func(b *testing.B) {
			var best [3]float64
			d := benchRows(size.batch, size.sizes[0], size.sizes[len(size.sizes)-1])
			var trainers [3]*Trainer
			for workers := 1; workers <= 2; workers++ {
				n, _ := benchNet(b, size.sizes)
				trainers[workers] = mustTrainer(b, n, TrainerConfig{Loss: SparseCategoricalCrossentropy{}, Optimizer: Adam{}, BatchSize: size.batch, Workers: workers})
				defer trainers[workers].Close()
			}
			for b.Loop() {
				for workers := 1; workers <= 2; workers++ {
					elapsed := timeSteps(b, trainers[workers], d)
					if best[workers] == 0 || elapsed < best[workers] {
						best[workers] = elapsed
					}
				}
			}
			b.ReportMetric(best[1], "ns/step-alone")
			b.ReportMetric(best[1]/best[2], "speedup")
		})
	}
}

// timeSteps returns the nanoseconds of a step, over steps of some milliseconds.
func timeSteps(b *testing.B, t *Trainer, d *Dataset) float64 {
	begin, steps := time.Now(), 0
	for ; time.Since(begin) < 4*time.Millisecond; steps++ {
		if _, err := t.Step(d.X, d.Y); err != nil {
			b.Fatal(err)
		}
	}
	return float64(time.Since(begin).Nanoseconds()) / float64(steps)
}
