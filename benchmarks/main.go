// Benchmarks times this library's training and inference beside those of other libraries, in turns on the same processor, and
// writes a table of ratios:
//
//	cd benchmarks
//	GOWORK=off go run .                          all peers that this machine has
//	GOWORK=off go run . -peers mlp,gonum,torch   these
//	GOWORK=off go run . -o ../docs/BENCHMARKS.md     write the table there, too, between its two marks
//	GOWORK=off go run . -growth ../docs/growth.png   how this library's steps grow with units, depth, batch and features
//	GOWORK=off go run . -sweep                   which odd sizes cost more than their neighbours
//	GOWORK=off go run . -overtrain               whether late epochs are slower than the first
//
// The Go peers are part of this program; each runs in a process of its own, as the others do. Those in Python need their
// packages (pip install -r python/requirements.txt), openblas a C++ compiler and OpenBLAS's headers.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	serveName := flag.String("serve", "", "answer as this peer; for the program itself")
	names := flag.String("peers", strings.Join(known, ","), "peers to run, separated by commas")
	rounds := flag.Int("rounds", 10, "how many times each peer is timed, in turns")
	nets := flag.String("nets", "", "networks to run, separated by commas; all without it")
	python := flag.String("python", "python3", "the Python interpreter that has the packages")
	output := flag.String("o", "", "write the table into this file, too, between the lines <!-- peers --> and <!-- /peers -->")
	growthFile := flag.String("growth", "", "draw how the time of a step grows into this PNG file")
	sweep := flag.Bool("sweep", false, "time every size from 2 to 257")
	overtrain := flag.Bool("overtrain", false, "time the epochs of an over-trained network")
	flag.Parse()
	var err error
	switch {
	case *serveName != "":
		serve(libraries[*serveName], os.Stdin, os.Stdout)
	case *growthFile != "":
		err = drawGrowth(*growthFile)
	case *sweep:
		err = sweepSizes()
	case *overtrain:
		err = overTrain()
	default:
		err = run(*names, *nets, *python, *output, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// known are the peers; those that are no library of this program are peers.py's, but for openblas.
var known = []string{"mlp", "openblas", "jax", "torch", "onnxruntime", "sklearn", "keras", "gonum", "gorgonia", "gomlx", "spago"}

func run(names, nets, python, output string, rounds int) error {
	dir, err := os.MkdirTemp("", "benchmarks")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var peers []*peer
	defer func() {
		for _, p := range peers {
			p.stop()
		}
	}()
	for _, name := range strings.Split(names, ",") {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown peer %q, want some of %s", name, strings.Join(known, ","))
		}
		p, err := newPeer(name, python, dir)
		if err == nil {
			err = p.start()
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", name, err)
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, p.version)
		peers = append(peers, p)
	}
	if len(peers) == 0 {
		return errors.New("no peer could be started")
	}
	table := newTable(peers)
	for i := range workloads {
		w := &workloads[i]
		if nets != "" && !slices.Contains(strings.Split(nets, ","), w.Name) {
			continue
		}
		for _, t := range tasks {
			table.measure(w, t, rounds)
		}
	}
	var text bytes.Buffer
	if err := table.write(&text); err != nil {
		return err
	}
	fmt.Print(text.String())
	if output == "" {
		return nil
	}
	return insert(output, text.String())
}

// insert puts the text between the marks in a file.
func insert(file, text string) error {
	const begin, end = "<!-- peers -->\n", "<!-- /peers -->"
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no lines %s and %s", file, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(file, []byte(before+begin+text+end+after), 0o644)
}

// newPeer returns a peer that is not started yet.
func newPeer(name, python, dir string) (*peer, error) {
	p := &peer{name: name}
	switch {
	case libraries[name] != nil:
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		p.command = []string{self, "-serve", name}
	case name == "openblas":
		p.command = []string{filepath.Join(dir, name)}
		build := exec.Command("g++", append([]string{"-Ofast", "-march=native", "-o", p.command[0], "native/openblas.cpp"}, openBLAS(python)...)...)
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w: %s", err, firstLine(out))
		}
	default:
		p.command = []string{python, "python/peers.py", name}
	}
	if taskset, err := exec.LookPath("taskset"); err == nil {
		p.command = append([]string{taskset, "-c", "0"}, p.command...)
	}
	return p, nil
}

// openBLAS returns the compiler's options for OpenBLAS: the one that SciPy is built with, if Python has it, for a system's may
// not know a new processor.
func openBLAS(python string) []string {
	out, err := exec.Command(python, "-c", "import scipy_openblas32 as s; print(s.get_include_dir(), s.get_lib_dir())").Output()
	if err != nil {
		return []string{"-lopenblas"}
	}
	dirs := strings.Fields(string(out))
	return []string{"-Dcblas_sgemm=scipy_cblas_sgemm", "-Dopenblas_get_config=scipy_openblas_get_config", "-I" + dirs[0], filepath.Join(dirs[1], "libscipy_openblas.so"), "-Wl,-rpath," + dirs[1]}
}

// writeFile writes what w writes.
func writeFile(name string, w io.WriterTo) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = w.WriteTo(f)
	return errors.Join(err, f.Close())
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(string(b), "\n")
	return line
}
