package main

import (
	"fmt"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// cures are the flags that bring the remedies of a trouble about.
var cures = map[mlp.Trouble]string{
	mlp.ExplodingGradients: "--clip-global-norm=1, a lower --learning-rate, --scale=standard, --batch-norm, --init=he_normal",
	mlp.DeadUnits:          "a lower --learning-rate, --activation=leaky_relu or elu, --init=he_normal, --batch-norm, --scale=standard",
	mlp.VanishingGradients: "--activation=relu, --batch-norm, --init=he_normal, fewer layers in --hidden",
	mlp.Overfitting:        "--noise=0.1, --l2=0.001, --dropout=0.2, smaller layers in --hidden, --patience=10",
	mlp.Underfitting:       "larger layers in --hidden, more --epochs, a higher --learning-rate (find-rate), a lower --l2 or --dropout",
}

// printDiagnosis tells what a monitor has found. Epochs count from 1, as in the lines of the training.
func printDiagnosis(m *mlp.Monitor) {
	findings := m.Report().Findings
	if len(findings) == 0 {
		fmt.Print("\nDiagnosis: no vanishing or exploding gradients, no dead units, no over- or under-fitting\n")
		return
	}
	fmt.Print("\nDiagnosis:\n")
	for _, f := range findings {
		where := ""
		if f.Layer >= 0 {
			where = fmt.Sprintf(" in layer %d", f.Layer)
		}
		fmt.Printf("- %v%s since epoch %d: %s\n", f.Trouble, where, f.Epoch+1, f.Evidence)
		fmt.Printf("  try %s\n", strings.Join(f.Remedies, "; "))
		fmt.Printf("  with %s\n", cures[f.Trouble])
	}
}
