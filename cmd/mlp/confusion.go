package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// confusion returns a table of how many rows of each class were taken for which.
func confusion(classes []string, y []float32, predictions []int) string {
	counts := make([][]int, len(classes))
	for i := range counts {
		counts[i] = make([]int, len(classes))
	}
	for row, class := range predictions {
		counts[int(y[row])][class]++
	}
	width := len("label \\ prediction")
	for _, name := range classes {
		width = max(width, utf8.RuneCountInString(name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s", width, "label \\ prediction")
	for _, name := range classes {
		fmt.Fprintf(&b, "  %6s", name)
	}
	for i, name := range classes {
		fmt.Fprintf(&b, "\n%-*s", width, name)
		for j, n := range counts[i] {
			fmt.Fprintf(&b, "  %*d", max(6, utf8.RuneCountInString(classes[j])), n)
		}
	}
	b.WriteString("\n")
	return b.String()
}
