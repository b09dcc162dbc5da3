package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
)

// TestReport wants scikit-learn's report and four figures, of few classes and of more than there are colours for.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	succeed(t, dir, "", "train", "iris", "--epochs=20")
	plain := succeed(t, dir, "", "evaluate", "model.safetensors", "iris")
	if !strings.Contains(plain, "\n\nlabel \\ prediction  setosa") || strings.Contains(plain, "recall") {
		t.Errorf("evaluate:\n%s", plain)
	}
	out := succeed(t, dir, "", "evaluate", "model.safetensors", "iris", "--report", "--plots=figures/iris")
	for _, want := range []string{
		"precision    recall  f1-score   support\n", "\nweighted avg ", "\ntrue \\ predicted  setosa", "\nROC AUC ",
		"\nBrier score ",
		"\nWrote " + filepath.Join("figures", "iris_calibration.svg") + "\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if scoreOf(t, plain, "Accuracy") != scoreOf(t, out, "Accuracy") || strings.Contains(out, "label \\ prediction") {
		t.Errorf("with --report:\n%s", out)
	}
	figure := func(suffix string) string { return filepath.Join(dir, "figures", "iris_"+suffix) }
	checkFigure(t, figure("confusion"), "Confusion matrix", "True", "Predicted", "setosa", "50", "0")
	checkFigure(t, figure("roc"), "ROC", "True positive rate", "False positive rate", "Chance", "setosa (AUC 1.000)")
	checkFigure(t, figure("precision_recall"), "Precision and recall", "Recall", "Precision", "setosa (AP 1.000)")
	checkFigure(t, figure("calibration"), "Calibration", "Perfect", "virginica")

	var b strings.Builder
	b.WriteString("a,b,label\n")
	for i := range 240 {
		fmt.Fprintf(&b, "%d,%d,a very long name of class %02d\n", i%8, i*7%11, i%8)
	}
	writeFile(t, dir, "eight.csv", b.String())
	succeed(t, dir, "", "train", "eight.csv", "--epochs=3", "--model=eight.safetensors")
	succeed(t, dir, "", "evaluate", "eight.safetensors", "eight.csv", "--plots=figures/iris")
	checkFigure(t, figure("confusion"), "a very l…lass 00", "a very l…lass 07")
	checkFigure(t, figure("roc"), "ROC, the worst 6 of 8 classes")
	writeFile(t, dir, "one.csv", "a,b,label\n1,2,a very long name of class 01\n") // curves of one class alone are none
	succeed(t, dir, "", "evaluate", "eight.safetensors", "one.csv", "--plots=figures/iris", "--report")
	checkFigure(t, figure("roc"), "ROC", "Chance", "No class has both positive and negative rows")
}

// TestReportNumbers wants the scores of targets.
func TestReportNumbers(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("a,u,v\n")
	for i := range 60 {
		fmt.Fprintf(&b, "%d,%d,%d\n", i, 3*i+1, i*i)
	}
	writeFile(t, dir, "two.csv", b.String())
	succeed(t, dir, "", "train", "two.csv", "--label=u,v", "--epochs=30")
	out := succeed(t, dir, "", "evaluate", "model.safetensors", "two.csv", "--report")
	if !regexp.MustCompile(`(?m)^target +R2 +explained .*\nu +[-0-9.]+ .*\nv .*\nmean `).MatchString(out) {
		t.Errorf("evaluate --report:\n%s", out)
	}
	_, stderr, code := result(t, dir, "", "evaluate", "model.safetensors", "two.csv", "--plots=p")
	if code != exitFailure || !strings.Contains(stderr, "--plots draws what classes are taken for") {
		t.Errorf("--plots of numbers: exit code %d, stderr %q", code, stderr)
	}
	_, stderr, code = result(t, dir, "", "evaluate", "model.safetensors", "iris", "--plots=two.csv/p")
	if code != exitFailure || stderr == "" {
		t.Errorf("--plots into a file: exit code %d, stderr %q", code, stderr)
	}
}

func TestThin(t *testing.T) {
	var points plotter.XYs
	for i := range 1 << 16 {
		points = append(points, plotter.XY{X: float64(i) / (1<<16 - 1), Y: 1})
	}
	got := thin(points)
	if n := len(got); n < 1000 || n > 2100 || got[0] != points[0] || got[n-1] != points[len(points)-1] {
		t.Errorf("%d points from %v to %v", n, got[0], got[n-1])
	}
	if corner := (plotter.XYs{{X: 0, Y: 1}, {X: 1, Y: 1}, {X: 1, Y: 0}}); len(thin(corner)) != 3 {
		t.Error("a corner is lost")
	}
}
