package main

import (
	"context"
	"os"
	"strings"
	"testing"
)

// docs/TRAINING.md shows what the program prints, on every machine.
func TestOutput(t *testing.T) {
	var b strings.Builder
	if err := run(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/TRAINING.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), b.String()) {
		t.Errorf("docs/TRAINING.md lacks this output:\n%s", b.String())
	}
}
