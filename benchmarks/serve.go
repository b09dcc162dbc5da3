package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// library is a Go peer, which the program itself serves: run with -serve and its name.
type library interface {
	version() string
	// newTraining returns a function that trains for some epochs of shuffled batches, and their number.
	newTraining(w *workload) (train func(), epochs int, err error)
	// newPrediction returns a function that computes the outputs of that many rows.
	newPrediction(w *workload, rows int) (predict func(), err error)
}

var libraries = map[string]library{}

// serve answers the lines of a peer (see peer).
func serve(l library, in io.Reader, out io.Writer) {
	ready := map[string]func() float64{}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "version" {
			fmt.Fprintln(out, l.version())
			continue
		}
		if ready[line] == nil {
			repeat, err := prepare(l, strings.Fields(line))
			if err != nil {
				fmt.Fprintln(out, "!", err)
				continue
			}
			ready[line] = repeat
		}
		fmt.Fprintf(out, "%.1f\n", ready[line]())
	}
}

// prepare builds what a line asks for, warms it up, and returns a function that times one repetition of some 50 ms.
func prepare(l library, words []string) (func() float64, error) {
	if len(words) < 3 {
		return nil, fmt.Errorf("want a task, a network and its numbers")
	}
	w := &workload{Name: words[1]}
	for _, s := range strings.Split(words[1], "-") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, err
		}
		w.Sizes = append(w.Sizes, n)
	}
	var numbers []int
	for _, s := range words[2:] {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	var once func()
	var err error
	per := 1
	switch words[0] {
	case "train":
		w.Batch, w.Steps = numbers[0], numbers[1]
		var epochs int
		once, epochs, err = l.newTraining(w)
		per = epochs * w.Steps
	case "predict":
		once, err = l.newPrediction(w, numbers[0])
	default:
		err = fmt.Errorf("unknown task %q", words[0])
	}
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	once()
	calls := max(1, int(50*time.Millisecond/max(time.Since(begin), 1)))
	return func() float64 {
		begin := time.Now()
		for range calls {
			once()
		}
		return float64(time.Since(begin).Nanoseconds()) / float64(calls*per)
	}, nil
}
