package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// table holds the times of all peers.
type table struct {
	peers []*peer
	cells []cell
}

// cell is a task on a network.
type cell struct {
	w  *workload
	t  task
	ns map[*peer][]float64 // one a round
}

func newTable(peers []*peer) *table { return &table{peers: peers} }

// measure times each peer once a round, after one repetition that is not counted.
func (t *table) measure(w *workload, what task, rounds int) {
	c := cell{w, what, map[*peer][]float64{}}
	left := slices.Clone(t.peers)
	for round := range rounds + 1 {
		for _, p := range t.peers {
			if !slices.Contains(left, p) {
				continue
			}
			begin := time.Now()
			ns, err := p.time(w, what)
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s, %s: %v\n", w.Name, what.title, err)
				left = slices.DeleteFunc(left, func(q *peer) bool { return q == p })
				if p.process.ProcessState != nil || strings.Contains(err.Error(), "no answer") || strings.Contains(err.Error(), "ended") {
					p.stop() // the next task starts it anew
					if err := p.start(); err != nil {
						fmt.Fprintf(os.Stderr, "%s does not start again: %v\n", p.name, err)
					}
				}
				continue
			}
			if round > 0 {
				c.ns[p] = append(c.ns[p], ns)
			} else if time.Since(begin) > 20*time.Second { // too slow to be timed again
				c.ns[p] = append(c.ns[p], ns)
				left = slices.DeleteFunc(left, func(q *peer) bool { return q == p })
			}
		}
	}
	t.cells = append(t.cells, c)
	fmt.Fprintf(os.Stderr, "%s, %s: done\n", w.Name, what.title)
}

// write writes the table as Markdown: best and median time, and how many times the first peer's best each takes.
func (t *table) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s, one thread of %d; %s. Best (median) of the rounds; in brackets the best as a multiple of %s's.\n\n",
		cpuName(), runtime.NumCPU(), runtime.Version(), t.peers[0].name)
	for _, p := range t.peers {
		fmt.Fprintf(out, "- %s: %s\n", p.name, p.version)
	}
	for _, what := range tasks {
		fmt.Fprintf(out, "\n**%s**\n\n| peer |", what.title)
		for _, c := range t.cells {
			if c.t == what {
				fmt.Fprintf(out, " %s |", c.w.Name)
			}
		}
		fmt.Fprint(out, "\n|---|")
		for _, c := range t.cells {
			if c.t == what {
				fmt.Fprint(out, "---|")
			}
		}
		fmt.Fprintln(out)
		for _, p := range t.peers {
			fmt.Fprintf(out, "| %s |", p.name)
			for _, c := range t.cells {
				if c.t == what {
					fmt.Fprintf(out, " %s |", c.text(p, t.peers[0]))
				}
			}
			fmt.Fprintln(out)
		}
	}
	return out.Flush()
}

// text returns what the table says of a peer.
func (c *cell) text(p, first *peer) string {
	times := slices.Sorted(slices.Values(c.ns[p]))
	if len(times) == 0 {
		return "–"
	}
	text := fmt.Sprintf("%s (%s)", duration(times[0]), duration(times[len(times)/2]))
	if reference := c.ns[first]; p != first && len(reference) > 0 {
		text += fmt.Sprintf(" [%.3g]", times[0]/slices.Min(reference))
	}
	return text
}

func duration(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	}
	return fmt.Sprintf("%.3g ms", ns/1e6)
}

// cpuName returns the processor's name, where the system tells it.
func cpuName() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
