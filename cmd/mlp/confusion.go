package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed975aa5d7/mlp"
)

// confusionTable returns how many rows of each class were taken for which, in the order of their names.
func confusionTable(classes []string, m *mlp.ConfusionMatrix) string {
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
		for j, other := range classes {
			fmt.Fprintf(&b, "  %*.0f", max(6, utf8.RuneCountInString(other)), m.Counts[i*len(classes)+j])
		}
	}
	b.WriteString("\n")
	return b.String()
}
