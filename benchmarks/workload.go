package main

import "math/rand/v2"

// workload is a network and the shape of its training: ReLU inside, softmax and sparse cross-entropy at the end, Adam.
type workload struct {
	Name  string
	Sizes []int // features, units of each layer
	Batch int
	Steps int // of an epoch; the rows are whole batches
}

var workloads = []workload{
	{"4-64-32-3", []int{4, 64, 32, 3}, 16, 6},
	{"20-64-32-3", []int{20, 64, 32, 3}, 32, 20},
	{"784-128-64-10", []int{784, 128, 64, 10}, 128, 100},
	{"1024-1024-1024-10", []int{1024, 1024, 1024, 10}, 256, 20},
}

// task is what is timed: training (rows 0), per step, or the prediction of a number of rows, per call.
type task struct {
	title string
	rows  int
}

var tasks = []task{{"one training step", 0}, {"one row", 1}, {"256 rows", 256}}

// rows returns random rows with random labels: learning them by heart takes as long as learning.
func rows(n, features, classes int) (x []float32, y []int) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y = make([]float32, n*features), make([]int, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	for i := range y {
		y[i] = rng.IntN(classes)
	}
	return x, y
}

func (w *workload) features() int { return w.Sizes[0] }
func (w *workload) classes() int  { return w.Sizes[len(w.Sizes)-1] }

// epochsOf returns the epochs of one training, where a library has a call for that.
func epochsOf(w *workload) int {
	if w.features() < 784 {
		return 50
	}
	return 3
}
