package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestAccuracy(t *testing.T) {
	var b strings.Builder
	if err := run(context.Background(), &b, "../../testdata/data/digits.csv"); err != nil {
		t.Fatal(err)
	}
	var accuracy float64
	_, line, _ := strings.Cut(b.String(), "Test accuracy:")
	if _, err := fmt.Sscan(line, &accuracy); err != nil || accuracy <= 0.97 {
		t.Errorf("accuracy %v, %v, want more than 0.97; the output:\n%s", accuracy, err, b.String())
	}
}
