package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// stream returns a line of a stream that never ends, counted from 1: the class is whether warmth and pressure go together.
// Each 31st line is a bad reading, and each tenth of the others asks.
func stream(line int) string {
	random := rand.New(rand.NewPCG(5, uint64(line)))
	celsius, pascal := float64(random.IntN(400))/10, 99300+random.IntN(4000)
	class := 0
	if (celsius > 20) == (pascal > 101300) {
		class = 1
	}
	switch {
	case line%31 == 0:
		return fmt.Sprintf("%v,,%d\n", celsius, pascal)
	case isQuestion(line):
		return fmt.Sprintf("%v, %d\n", celsius, pascal)
	}
	return fmt.Sprintf("%v, %d, %d\n", celsius, pascal, class)
}

func isQuestion(line int) bool { return line%10 == 0 && line%31 != 0 }

// lines returns the lines from … to-1 of the stream.
func lines(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		b.WriteString(stream(i))
	}
	return b.String()
}

func testConfig(t *testing.T) config {
	return config{values: 2, classes: 2, every: 1000, checkpoint: filepath.Join(t.TempDir(), "checkpoint")}
}

func TestLearns(t *testing.T) {
	var answers, messages strings.Builder
	c := testConfig(t)
	if err := run(strings.NewReader(lines(1, 5000)), &answers, &messages, c); err != nil {
		t.Fatal(err)
	}
	answers.Reset()
	const asked = 500
	var question strings.Builder
	for i := range asked {
		fields := strings.SplitN(stream(20001+310*i), ",", 3) // none of them asks or is bad
		question.WriteString(strings.Join(fields[:2], ",") + "\n")
	}
	if err := run(strings.NewReader(question.String()), &answers, io.Discard, c); err != nil {
		t.Fatal(err)
	}
	right, asks := 0, 0
	for i, answer := range strings.SplitAfter(answers.String(), "\n") {
		if i < asked && strings.HasSuffix(stream(20001+310*i), " "+answer[:1]+"\n") {
			right++
		}
		asks++
	}
	if right < asked*9/10 {
		t.Errorf("%d of %d answers are right, want nine of ten", right, asked)
	}
	for _, want := range []string{"needs ", "begins with line 1\n", "line 31 is passed over", "4999 lines, of which "} {
		if !strings.Contains(messages.String(), want) {
			t.Errorf("%q is not among the messages:\n%.500s", want, messages.String())
		}
	}
}

func TestBadLines(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"1,2,0\r\n", ""},
		{"1, 2\n", ""},
		{"\n", `field 1 is ""`},
		{"1\n", "it has 1 fields, want 2, or 3 with a class"},
		{"1,2,0,4\n", "more than 3 fields"},
		{"1,x,0\n", `field 2 is "x"`},
		{"1,inf,0\n", "field 2 is +Inf"},
		{"1,2e9,0\n", "field 2 is 2e+09"},
		{"1,1e99,0\n", `field 2 is "1e99"`},
		{"1,2,nan\n", "field 3 is NaN"},
		{"1,2,2\n", "the class is 2, want 0 … 1"},
		{"1,2,-1\n", "the class is -1"},
		{"1,2,0.5\n", "the class is 0.5"},
		{strings.Repeat("1", 3*lineSize) + "\n", "more than 4096 bytes"},
		{"1,2,0", "\n1 lines"}, // cut off
	} {
		var messages strings.Builder
		if err := run(strings.NewReader("1,2,0\n"+c.line), io.Discard, &messages, testConfig(t)); err != nil {
			t.Fatal(err)
		}
		if passed := strings.Contains(messages.String(), "line 2 is passed over"); passed != (c.want != "" && c.line[len(c.line)-1] == '\n') {
			t.Errorf("%.20q: passed over is %v", c.line, passed)
		}
		if !strings.Contains(messages.String(), c.want) {
			t.Errorf("%.20q: the messages are %q, want %q among them", c.line, messages.String(), c.want)
		}
	}
}

// meteredStream is the stream's first lines, and notes the heap when two of them are asked for.
type meteredStream struct {
	line, last int
	rest       string
	heap       [2]runtime.MemStats
}

func (s *meteredStream) Read(p []byte) (int, error) {
	if s.rest == "" {
		for i, line := range []int{s.last / 10, s.last} {
			if s.line == line {
				runtime.GC()
				runtime.ReadMemStats(&s.heap[i])
			}
		}
		if s.line == s.last {
			return 0, io.EOF
		}
		s.line++
		s.rest = [...]string{"1.5, 101000, 1\n", "2.5, 102000, 0\n", "3.5, 101500\n"}[s.line%3]
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// From the ten thousandth line to the hundred thousandth, memory does not grow, and nothing is allocated but for checkpoints.
func TestConstantMemory(t *testing.T) {
	s := &meteredStream{last: 100000}
	c := testConfig(t)
	c.every = 50000
	if err := run(s, io.Discard, io.Discard, c); err != nil {
		t.Fatal(err)
	}
	before, after := &s.heap[0], &s.heap[1]
	if after.HeapAlloc > before.HeapAlloc+10000 {
		t.Errorf("the heap grows from %d to %d bytes", before.HeapAlloc, after.HeapAlloc)
	}
	if n := after.Mallocs - before.Mallocs; n > 3000 {
		t.Errorf("%d allocations in 90000 lines", n)
	}
}

func TestResumeErrors(t *testing.T) {
	c := testConfig(t)
	if err := run(strings.NewReader(lines(1, 100)), io.Discard, io.Discard, c); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(c.checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(file []byte, c *config) []byte{
		"another number of values":  func(file []byte, c *config) []byte { c.values++; return file },
		"another number of classes": func(file []byte, c *config) []byte { c.classes++; return file },
		"cut":                       func(file []byte, c *config) []byte { return file[:len(file)/2] },
		"empty":                     func(file []byte, c *config) []byte { return nil },
		"lines":                     func(file []byte, c *config) []byte { return bytes.Replace(file, []byte(`"99 `), []byte(`"-9 `), 1) },
	} {
		c := c
		if err := os.WriteFile(c.checkpoint, damage(bytes.Clone(good), &c), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := run(strings.NewReader(""), io.Discard, io.Discard, c); err == nil || !strings.Contains(err.Error(), c.checkpoint) {
			t.Errorf("%s: error is %v, want one that names the file", name, err)
		}
	}
}

// qemuEnv is the environment variable that names qemu-arm, with which TestPowerLoss also runs the program built for ARM.
const qemuEnv = "MLP_TEST_QEMU_ARM"

// A process that is killed at any moment, again and again, ends with the same file as one that is not; and one built for ARM with
// the same as here.
func TestPowerLoss(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("no processes there")
	}
	folder := t.TempDir()
	const last = 400
	reference := config{values: 2, classes: 2, every: 1000, checkpoint: filepath.Join(folder, "reference")}
	if err := run(strings.NewReader(lines(1, last+1)), io.Discard, io.Discard, reference); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(reference.checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	type target struct {
		name    string
		env     []string
		command []string
	}
	targets := []target{{"here", nil, nil}}
	if qemu := os.Getenv(qemuEnv); qemu != "" {
		for _, version := range []string{"5", "7"} {
			targets = append(targets, target{"GOARM=" + version, []string{"GOOS=linux", "GOARCH=arm", "GOARM=" + version}, []string{qemu}})
		}
	}
	for _, target := range targets {
		t.Run(target.name, func(t *testing.T) {
			program := filepath.Join(folder, target.name)
			build := exec.Command("go", "build", "-o", program, ".")
			build.Env = append(append(os.Environ(), "CGO_ENABLED=0"), target.env...)
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, every := range []int{1, 17} {
				checkpoint := filepath.Join(folder, fmt.Sprint(target.name, every))
				command := append(target.command, program, "-values", "2", "-checkpoint", checkpoint, "-every", fmt.Sprint(every))
				kills := killAgainAndAgain(t, command, every, last)
				got, err := os.ReadFile(checkpoint)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("checkpoints every %d lines, %d kills: the last one differs", every, kills)
				}
				t.Logf("checkpoints every %d lines, %d kills", every, kills)
			}
		})
	}
}

// killAgainAndAgain runs a command until it has read the stream's lines up to last, and kills it after some 60 lines each time.
func killAgainAndAgain(t *testing.T, command []string, every, last int) (kills int) {
	t.Helper()
	random := rand.New(rand.NewPCG(9, uint64(every)))
	for begin := 1; ; kills++ {
		if kills == 20*last {
			t.Fatalf("%d kills, and it is at line %d", kills, begin)
		}
		next, err := killOnce(command, begin, last, random)
		if err != nil {
			t.Fatalf("after %d kills: %v", kills, err)
		}
		if next > last {
			return kills
		}
		begin = next
	}
}

// killOnce runs a command, sends it lines, and kills it; or lets it read to its end, if it comes to line last. It returns the
// line that the command began with, or the one after the last. A command that says nothing, as an emulator sometimes does, is
// killed as well.
func killOnce(command []string, from, last int, random *rand.Rand) (begin int, err error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1") // emulators do badly with the signals
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	patience := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer patience.Stop()

	answers, messages := bufio.NewReader(stdout), bufio.NewReader(stderr)
	messages.ReadString('\n')
	text, err := messages.ReadString('\n')
	if err == io.EOF && text == "" {
		return from, nil
	}
	if _, err := fmt.Sscanf(text, "begins with line %d", &begin); err != nil || begin < from {
		return 0, fmt.Errorf("it says %q, want to begin with line %d or later", text, from)
	}
	end := min(begin+random.IntN(120), last+1)
	if _, err := io.WriteString(in, lines(begin, end)); err != nil {
		return begin, nil
	}
	if end <= last {
		for i := begin; i < end-random.IntN(60); i++ {
			if isQuestion(i) {
				answers.ReadString('\n')
			}
		}
		return begin, nil // meanwhile it goes on, and may be anywhere
	}
	in.Close()
	rest, err := io.ReadAll(messages)
	if err == nil && strings.HasSuffix(string(rest), "taught\n") && cmd.Wait() == nil {
		begin = end
	}
	return begin, err
}
