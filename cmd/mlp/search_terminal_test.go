//go:build linux || darwin

package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestSearchInterrupt presses Ctrl-C while the line of a search grows: the same command goes on to the end that it
// would have had.
func TestSearchInterrupt(t *testing.T) {
	dir := t.TempDir()
	args := []string{"search", "synthetic", "--trials=12", "--folds=2", "--epochs=10", "--workers=2"}
	succeed(t, dir, "", append(args, "--model=whole.safetensors")...)

	args = append(args, "--log=search.log")
	const columns = 70
	s := open(t, dir, columns, args...)
	s.readUntil(t, "ETA")
	if _, err := s.terminal.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	s.readUntil(t, "")
	if code := s.wait(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	out := s.output.String()
	if !regexp.MustCompile(`Interrupted after \d+ trials?\.\r\nThe same command goes on from search\.log\.`).MatchString(out) ||
		strings.Contains(out, "error") || !strings.Contains(out, "rank  trial") {
		t.Errorf("the output is %q", out)
	}
	redrawn := regexp.MustCompile(`[^\r\n]*/12 \[=*>?\.+\] - ETA: [^\r\n]*`).FindAllString(out, -1)
	for _, line := range redrawn {
		if len(strings.TrimSuffix(line, "^C")) >= columns { // the terminal echoes the key
			t.Errorf("%d characters on a terminal of %d columns: %q", len(line), columns, line)
		}
	}
	if len(redrawn) == 0 {
		t.Errorf("no line grows: %q", out)
	}
	succeed(t, dir, "", args...)
	if readFile(t, dir, "model.safetensors") != readFile(t, dir, "whole.safetensors") {
		t.Error("a search that was interrupted gives another network")
	}
}
