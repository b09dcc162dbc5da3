//go:build linux || darwin

package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// session is the command on a pseudo-terminal, and what it has written so far.
type session struct {
	terminal *os.File
	output   strings.Builder
	wait     func() int // for the end; returns the exit code
	kill     func() error
}

// open starts the command on a terminal of that width.
func open(t *testing.T, dir string, columns uint16, args ...string) *session {
	t.Helper()
	cmd := command(t, dir, args...)
	cmd.Env = append(cmd.Env, "MLP_KERNEL=generic") // so that an epoch lasts long enough to be watched
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: columns})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	kill := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	return &session{terminal: terminal, kill: cmd.Process.Kill, wait: func() int {
		defer kill.Stop()
		cmd.Wait()
		return cmd.ProcessState.ExitCode()
	}}
}

// readUntil reads until the output has a text, or its end; Linux tells the end of a pseudo-terminal as EIO.
func (s *session) readUntil(t *testing.T, text string) {
	t.Helper()
	b := make([]byte, 4096)
	for text == "" || !strings.Contains(s.output.String(), text) {
		n, err := s.terminal.Read(b)
		s.output.Write(b[:n])
		if err == io.EOF || n == 0 && err != nil && strings.Contains(err.Error(), syscall.EIO.Error()) {
			if text == "" {
				return
			}
			t.Fatalf("the output ends without %q:\n%s", text, s.output.String())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestProgressBar sees the line of an epoch grow, within the terminal's width, and end as a whole.
func TestProgressBar(t *testing.T) {
	const columns = 60
	s := open(t, t.TempDir(), columns, "train", "synthetic", "--hidden=256,256", "--batch=1", "--epochs=1")
	s.readUntil(t, "")
	if code := s.wait(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, s.output.String())
	}
	out := s.output.String()
	redrawn := regexp.MustCompile(`[^\r\n]*\[=*>\.+\] - ETA: [^\r\n]*`).FindAllString(out, -1)
	if len(redrawn) == 0 {
		t.Fatalf("no line is redrawn:\n%q", out)
	}
	for _, line := range redrawn {
		if len(line) >= columns {
			t.Errorf("%d characters on a terminal of %d columns: %q", len(line), columns, line)
		}
	}
	whole := `\r640/640 \[={30}\] - \d+s \S+/step - loss: \S+ - accuracy: \S+ - val_loss: \S+ - val_accuracy: \S+ *\r\n`
	if !regexp.MustCompile(whole).MatchString(out) {
		t.Errorf("no whole line at the end:\n%q", out)
	}
}

// TestInterrupt presses Ctrl-C while a network is trained: what is there is saved, and works.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 200, "train", "iris", "--epochs=1000000")
	s.readUntil(t, "Epoch 20/")
	if _, err := s.terminal.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	s.readUntil(t, "")
	if code := s.wait(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	out := s.output.String()
	if !regexp.MustCompile(`Interrupted after \d+ of 1000000 epochs\. Saving what is trained so far\.`).MatchString(out) ||
		!strings.Contains(out, "Test Accuracy: ") || strings.Contains(out, "error") {
		t.Errorf("the end of the output is %q", out[max(0, len(out)-1000):])
	}
	succeed(t, dir, "", "evaluate", "model.safetensors", "iris")
	if n := strings.Count(readFile(t, dir, "history.csv"), "\n"); n < 20 {
		t.Errorf("the history has %d lines", n)
	}
	checkFigure(t, filepath.Join(dir, "curves"), "Training on iris")
}

// TestInterruptFirstEpoch presses Ctrl-C before there is a history to write.
func TestInterruptFirstEpoch(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 200, "train", "synthetic", "--hidden=1024,1024", "--batch=1", "--epochs=1000")
	s.readUntil(t, "ETA")
	if _, err := s.terminal.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	s.readUntil(t, "")
	if code := s.wait(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	out := s.output.String()
	if !strings.Contains(out, "Interrupted after 0 of 1000 epochs") || strings.Contains(out, "history.csv") {
		t.Errorf("the output is %q", out)
	}
	succeed(t, dir, "", "evaluate", "model.safetensors", "synthetic")
}

// TestResume interrupts a training, by Ctrl-C and by a kill within an epoch. The same command goes on, to the very network of an
// uninterrupted training.
func TestResume(t *testing.T) {
	args := []string{
		"train", "synthetic", "--hidden=256,256", "--batch=4", "--epochs=4", "--dropout=0.1", "--patience=3", "--plateau=patience=1",
		"--diagnose", "--log=log.csv", "--save-best=best.safetensors", "--checkpoint=state", "--checkpoint-steps=30",
	}
	whole := t.TempDir()
	succeed(t, whole, "", args...)
	for _, test := range []struct {
		name string
		end  func(t *testing.T, s *session)
	}{
		{"interrupt", func(t *testing.T, s *session) {
			if _, err := s.terminal.Write([]byte{3}); err != nil {
				t.Fatal(err)
			}
			s.readUntil(t, "")
			if code := s.wait(); code != exitInterrupted {
				t.Errorf("exit code %d, want %d", code, exitInterrupted)
			}
			if !strings.Contains(s.output.String(), "The same command goes on from state.") {
				t.Errorf("the output is %q", s.output.String())
			}
		}},
		{"kill", func(t *testing.T, s *session) {
			if err := s.kill(); err != nil {
				t.Fatal(err)
			}
			s.wait()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, 200, args...)
			s.readUntil(t, "Epoch 3/4")
			s.output.Reset()
			s.readUntil(t, "ETA")
			test.end(t, s)
			out := succeed(t, dir, "", args...)
			if !regexp.MustCompile(`\nResuming from state: [23] of 4 epochs and \d+ of 160 steps are done\.\n`).MatchString(out) {
				t.Errorf("the output is %q", out)
			}
			for _, file := range []string{"model.safetensors", "best.safetensors", "history.csv", "log.csv"} {
				if readFile(t, dir, file) != readFile(t, whole, file) {
					t.Errorf("%s differs from that of an uninterrupted training", file)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "state")); err == nil {
				t.Error("the checkpoint is still there")
			}
		})
	}
}

// TestResumeOther wants another training than the checkpoint's to be told, and to change nothing.
func TestResumeOther(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 200, "train", "synthetic", "--hidden=256,256", "--batch=8", "--epochs=50", "--checkpoint=state")
	s.readUntil(t, "Epoch 2/")
	if err := s.kill(); err != nil {
		t.Fatal(err)
	}
	s.wait()
	before := readFile(t, dir, "state")
	_, stderr, code := result(t, dir, "", "train", "synthetic", "--hidden=256", "--epochs=50", "--checkpoint=state")
	if code != exitFailure || !strings.HasPrefix(stderr, "error: resuming from the checkpoint state: it is of another network") ||
		!strings.HasSuffix(stderr, "or remove the file to begin anew\n") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	if readFile(t, dir, "state") != before {
		t.Error("the checkpoint has changed")
	}
}
