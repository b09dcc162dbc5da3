package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

// TestTrainStream trains on files that are read a part at a time: two classes, categories, and a price.
func TestTrainStream(t *testing.T) {
	dir := t.TempDir()
	var classes, prices strings.Builder
	classes.WriteString("x,color,id,y\n")
	prices.WriteString("a,b,price\n")
	for i := range 3000 {
		x := float64(i*7919%3001)/1500 - 1
		color := []string{"red", `"blue, dark"`, "green"}[i%3]
		y := "low"
		if (x > 0) != (i%3 == 0) {
			y = "high"
		}
		if i%1500 == 1200 { // behind the first rows
			color = ""
		}
		fmt.Fprintf(&classes, "%.4f,%s,%d,%s\n", x, color, i, y)
		fmt.Fprintf(&prices, "%.4f,%d,%.1f\n", x, i%10, 200000+50000*x-1000*float64(i%10))
	}
	writeFile(t, dir, "classes.csv", classes.String())
	writeFile(t, dir, "prices.csv", prices.String())
	for _, loss := range []string{"auto", "categorical_crossentropy"} {
		out := succeed(t, dir, "", "train", "classes.csv", "--stream", "--ignore=id", "--epochs=8", "--loss="+loss, "--window=500")
		for _, want := range []string{
			"Data: classes.csv, read a part at a time, 2 features", `Task: classification of "y", 2 classes`, `Texts: "color" (3)`, "Missing: 2 values, each filled in by the most frequent text",
			"Epoch 8/8", "Test Accuracy: 0.9", "Wrote model.safetensors",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", loss, want, out)
			}
		}
	}
	if out := succeed(t, dir, "", "evaluate", "model.safetensors", "classes.csv"); !strings.Contains(out, "Accuracy: 0.9") {
		t.Error(out)
	}
	out := succeed(t, dir, "", "train", "prices.csv", "--stream", "--epochs=5", "--schedule=cosine")
	if !strings.Contains(out, "Targets: standardised") || !strings.Contains(out, "Test RMSE: ") {
		t.Error(out)
	}
	writeFile(t, dir, "wrong.csv", classes.String()+"0.5,red,7\n")
	for want, args := range map[string][]string{
		"wrong.csv:3002: 3 cells, want 4":                   {"wrong.csv"},
		"--window says nothing without --stream":            {"classes.csv", "--stream=false", "--window=5"},
		"iris is none":                                      {"iris"},
		"- is none":                                         {"-"},
		"--scale=robust and --impute=median":                {"classes.csv", "--impute=median"},
		"--class-weights=balanced counts":                   {"classes.csv", "--class-weights=balanced"},
		"no column is named":                                {"classes.csv", "--label=z"},
		"no such file":                                      {"other.csv"},
		`classes.csv:2: column "y": "high" is not a number`: {"classes.csv", "--task=regression", "--ignore=id"},
	} {
		_, errs, code := result(t, dir, "", append([]string{"train", "--stream"}, args...)...)
		if code == 0 || !strings.Contains(errs, want) {
			t.Errorf("%q: exit code %d, %s, want %q", args, code, errs, want)
		}
	}
}

// TestPartition wants each row in one part, the same in each pass.
func TestPartition(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.csv")
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "%d,%d\n", i, i)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, name := filepath.Split(path)
	src := mlp.NewCSVSource(os.DirFS(dir), name, mlp.CSVConfig{NoHeader: true, TargetIndexes: []int{2}})
	src.ChunkRows = 7
	p := partition{src, 42, 0.2, 0.1}
	held, rows, _, err := p.read(context.Background(), &mlp.Dataset{Features: 1, Targets: 1})
	if err != nil {
		t.Fatal(err)
	}
	var train []float32
	for d, err := range p.Chunks(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		train = append(train, d.X...)
	}
	if rows != len(train) || !slices.Equal(held.train.X, train[:len(held.train.X)]) {
		t.Errorf("%d rows to train, and %d in a pass", rows, len(train))
	}
	if n := held.test.Rows(); n < 150 || n > 250 {
		t.Errorf("%d rows to test", n)
	}
	if n := held.validation.Rows(); n < 50 || n > 110 {
		t.Errorf("%d rows to validate", n)
	}
	all := slices.Concat(train, held.validation.X, held.test.X)
	slices.Sort(all)
	for i, v := range all {
		if v != float32(i) || len(all) != 1000 {
			t.Fatalf("row %d of %d is %v", i, len(all), v)
		}
	}
}

// TestOpenHead cuts a long file behind a whole row, even if a cell has line ends.
func TestOpenHead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.csv")
	text := "a,b\n" + strings.Repeat("1,\"x\n\ny\"\n", headBytes/9)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	head, err := openHead(path, csvFlags{Separator: ","})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(head.text); n > headBytes || n < headBytes-10 || !strings.HasSuffix(string(head.text), "y\"\n") {
		t.Errorf("%d bytes, which end in %q", n, head.text[n-10:])
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("1,", headBytes)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openHead(path, csvFlags{Separator: ","}); err == nil || !strings.Contains(err.Error(), "first line is longer") {
		t.Errorf("error %v", err)
	}
}
