package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// patience is how long a peer may take for one repetition, with all compilation before the first.
const patience = 2 * time.Minute

// A peer is a process that is told, a line at a time, what to time, and answers with the nanoseconds of one repetition:
//
//	> train 784-128-64-10 128 100        network, batch, steps of an epoch
//	< 391022                             nanoseconds a step, over one epoch
//	> predict 784-128-64-10 256          network, rows
//	< 224000                             nanoseconds a call
//	> version
//	< torch 2.15.0
//
// Networks and data are kept from line to line. What a peer cannot do, it answers with a line that begins with "!".
type peer struct {
	name    string
	command []string
	version string

	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// start starts the process and asks for its version.
func (p *peer) start() error {
	p.process = exec.Command(p.command[0], p.command[1:]...)
	p.process.Stderr = nil
	p.process.Env = append(withoutTuning(os.Environ()), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1", "GOMAXPROCS=1",
		"XLA_FLAGS=--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1", "KERAS_BACKEND=tensorflow",
		"ASSUME_NO_MOVING_GC_UNSAFE_RISK_IT_WITH="+goVersion(), "TF_CPP_MIN_LOG_LEVEL=3")
	var err error
	if p.in, err = p.process.StdinPipe(); err != nil {
		return err
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		return err
	}
	p.out = bufio.NewReader(out)
	if err := p.process.Start(); err != nil {
		return err
	}
	p.version, err = p.ask("version")
	return err
}

// withoutTuning returns the environment without what somebody has set for OpenBLAS.
func withoutTuning(environment []string) []string {
	return slices.DeleteFunc(environment, func(s string) bool { return strings.HasPrefix(s, "OPENBLAS_") })
}

// ask sends a line and returns the answer.
func (p *peer) ask(line string) (string, error) {
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		return "", fmt.Errorf("%s ended: %w", p.name, err)
	}
	timer := time.AfterFunc(patience, func() { p.process.Process.Kill() })
	defer timer.Stop()
	answer, err := p.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%s: no answer to %q within %v: %w", p.name, line, patience, err)
	}
	answer = strings.TrimSpace(answer)
	if why, ok := strings.CutPrefix(answer, "!"); ok {
		return "", fmt.Errorf("%s: %s", p.name, strings.TrimSpace(why))
	}
	return answer, nil
}

// time asks for one repetition, and returns nanoseconds a step or a call.
func (p *peer) time(w *workload, t task) (float64, error) {
	line := fmt.Sprintf("predict %s %d", w.Name, t.rows)
	if t.rows == 0 {
		line = fmt.Sprintf("train %s %d %d", w.Name, w.Batch, w.Steps)
	}
	answer, err := p.ask(line)
	if err != nil {
		return 0, err
	}
	var ns float64
	if _, err := fmt.Sscan(answer, &ns); err != nil || !(ns > 0) {
		return 0, fmt.Errorf("%s answers %q, want nanoseconds", p.name, answer)
	}
	return ns, nil
}

func (p *peer) stop() {
	if p.process != nil && p.process.Process != nil {
		p.in.Close()
		p.process.Process.Kill()
		p.process.Wait()
	}
}

// goVersion returns the version of Go as far as its second number; gorgonia's dependency wants to hear it.
func goVersion() string {
	parts := strings.SplitN(runtime.Version(), ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// moduleVersion returns the version of a Go module that this program is built with.
func moduleVersion(path string) string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == path {
			return path[strings.LastIndex(path, "/")+1:] + " " + m.Version
		}
	}
	return path
}
