package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// Run under -race: the service answers while the learner learns, and its answers get better. What is learned does not depend on who asks.
func TestService(t *testing.T) {
	var first string
	for range 2 {
		var b strings.Builder
		if err := run(context.Background(), &b, 6000); err != nil {
			t.Fatal(err)
		}
		learned, rest, _ := strings.Cut(b.String(), "test accuracy ")
		var before, after float64
		var answers int
		if _, err := fmt.Sscanf(rest, "%f before, %f after\n%d answers", &before, &after, &answers); err != nil {
			t.Fatalf("%v in %q", err, rest)
		}
		if before > 0.8 || after < 0.95 || answers < 4 {
			t.Errorf("accuracy %v before, %v after, %d answers, want at most 0.8, at least 0.95 and 4", before, after, answers)
		}
		if learned += fmt.Sprint(before, after); first == "" {
			first = learned
		}
		if learned != first {
			t.Errorf("the second time %q, the first %q", learned, first)
		}
	}
}
