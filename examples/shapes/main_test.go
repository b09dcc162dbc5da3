package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"
)

// TestAccuracy wants 95 % with all images, and a gain by augmentation with few.
func TestAccuracy(t *testing.T) {
	var b bytes.Buffer
	if err := run(context.Background(), &b, os.DirFS("../../testdata/data/shapes")); err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n"))
	accuracy := map[string]float64{}
	for _, line := range lines[len(lines)-4:] {
		var images, augmented string
		var training, loss, validation float64
		if _, err := fmt.Sscan(string(line), &images, &augmented, &training, &loss, &validation); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		accuracy[images+" "+augmented] = validation
	}
	if accuracy["120 true"] <= 0.95 || accuracy["20 true"] < accuracy["20 false"]+0.05 {
		t.Errorf("accuracies %v; the output:\n%s", accuracy, b.String())
	}
}
