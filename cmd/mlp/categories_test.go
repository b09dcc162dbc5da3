package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// fruit returns a table with texts, missing cells, and a label that follows from both kinds of column.
func fruit(rows int) string {
	rng := rand.New(rand.NewPCG(3, 3))
	var b strings.Builder
	b.WriteString("width,skin,\"of, where\",price\n")
	for range rows {
		width, skin, place := rng.NormFloat64(), rng.IntN(3), rng.IntN(2)
		price := "low"
		if width+float64(skin)-1 > 0 {
			price = "high"
		}
		cells := []string{
			fmt.Sprintf("%.3f", width), []string{`"red, dark"`, "green", "blue"}[skin],
			[]string{"north", "south"}[place], price,
		}
		if rng.IntN(15) == 0 {
			cells[rng.IntN(2)] = []string{"", " NaN "}[rng.IntN(2)]
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	return b.String()
}

// TestCategories trains on texts and missing cells, and uses the model in every way.
func TestCategories(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "fruit.csv", fruit(300))
	out := succeed(t, dir, "", "train", "fruit.csv", "--learning-rate=0.01", "--epochs=40")
	for _, want := range []string{
		"Data: fruit.csv, 300 rows, 3 features, 2 classes",
		"each filled in by the mean of its column, of texts the most frequent one (of the rows to train)\n",
		`Texts: "skin" (3), "of, where" (2); a column for each text makes 6 features`,
		"Scaling: standard, fitted on the rows to train\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if accuracy := scoreOf(t, out, "Test Accuracy"); accuracy < 0.85 {
		t.Errorf("test accuracy %v, want 0.85 or more", accuracy)
	}
	_, next, _ := strings.Cut(out, "--row=")
	row := strings.Trim(strings.TrimSpace(next), `"`)

	out = succeed(t, dir, "", "evaluate", "model.safetensors", "fruit.csv")
	if accuracy := scoreOf(t, out, "Accuracy"); accuracy < 0.85 || !strings.Contains(out, "Rows: 300\n") {
		t.Errorf("evaluate:\n%s", out)
	}
	out = succeed(t, dir, "", "inspect", "model.safetensors")
	for _, want := range []string{
		"Missing values: filled in\n", "Scaling: standard\n", `skin: "blue", "green", "red, dark"; "`,
		"\nskin_red, dark ", "\nof, where_north ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}

	whole := succeed(t, dir, "", "predict", "model.safetensors", "fruit.csv")
	if n := strings.Count(whole, "\n"); n != 301 {
		t.Errorf("predict writes %d lines, want 301", n)
	}
	file := succeed(t, dir, "skin,\"of, where\",width\n\"red, dark\",south,0.5\n", "predict", "model.safetensors", "-")
	for _, args := range [][]string{
		{`--row=0.5,"red, dark",south`}, {`--row= 0.5, "red, dark", south`},
	} {
		if got := succeed(t, dir, "", append([]string{"predict", "model.safetensors"}, args...)...); got != file {
			t.Errorf("%v: %q, the file gives %q", args, got, file)
		}
	}
	for _, args := range [][]string{{"--row=" + row}, {"--row=,green,north"}, {"--row=nan,,"}} {
		if got := succeed(t, dir, "", append([]string{"predict", "model.safetensors"},
			args...)...); strings.Count(got, "\n") != 2 {
			t.Errorf("%v: %q", args, got)
		}
	}
	for _, test := range []struct{ arg, want string }{
		{"--row=1,pink,north",
			`value 2: "pink" is none of the texts that the model knows: "blue", "green", "red, dark"`},
		{"--row=1,green", "--row has 2 values, the model has 3 features"},
		{"--row=x,green,north", `"x" is no finite number`},
		{"--row=1,green,north\n2,green,north", "--row has 2 lines, want one"},
		{"--set=width=1,skin=pink", `--set skin: "pink" is none of the texts`},
	} {
		_, stderr, code := result(t, dir, "", "predict", "model.safetensors", test.arg)
		if code != exitFailure || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit code %d, stderr %q, want %q", test.arg, code, stderr, test.want)
		}
	}
	writeFile(t, dir, "pink.csv", "width,skin,\"of, where\",price\n1,green,north,low\n1,pink,north,low\n")
	for _, command := range []string{"predict", "evaluate"} {
		_, stderr, code := result(t, dir, "", command, "model.safetensors", "pink.csv")
		if code != exitFailure || !strings.Contains(stderr, `pink.csv:3: column "skin": "pink"`) {
			t.Errorf("%s: exit code %d, stderr %q", command, code, stderr)
		}
		_, stderr, code = result(t, dir, "", command, "model.safetensors", "pink.csv", "--no-header")
		if code != exitFailure || !strings.Contains(stderr, "need a header") {
			t.Errorf("%s --no-header: exit code %d, stderr %q", command, code, stderr)
		}
	}
}

// TestPipelines trains with each of the steps that a table may need, and with none of them.
func TestPipelines(t *testing.T) {
	for name, test := range map[string]struct {
		row     func(i int) string
		scale   string
		inspect []string
	}{
		"nothing": {func(i int) string { return fmt.Sprintf("%d,%d,%d", i, i%7, 2*i+i%7) }, "none",
			[]string{"Scaling: none"}},
		"missing": {func(i int) string { return fmt.Sprintf("%d,%s,%d", i, []string{"", "1", "2"}[i%3], i) }, "none",
			[]string{"Missing values: filled in\nScaling: none", "\nb: 1.4828 where"}},
		"texts": {func(i int) string { return fmt.Sprintf("%d,%c,%d", i, 'u'+i%3, i) }, "none",
			[]string{`Texts: "b" (3)`, "\nb_u", "\nb_w"}},
		"minmax": {func(i int) string { return fmt.Sprintf("%d,%c,%d", i, 'u'+i%3, i) }, "minmax",
			[]string{"Scaling: minmax", "\nb_u                0            1\n"}},
		"any text": {func(i int) string { return fmt.Sprintf("%c,%c,%d", 'p'+i%2, 'u'+i%3, i) }, "standard",
			[]string{"makes 5 features"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var b strings.Builder
			b.WriteString("a,b,y\n")
			for i := range 60 {
				b.WriteString(test.row(i) + "\n")
			}
			writeFile(t, dir, "data.csv", b.String())
			succeed(t, dir, "", "train", "data.csv", "--epochs=2", "--scale="+test.scale)
			out := succeed(t, dir, "", "inspect", "model.safetensors")
			for _, want := range test.inspect {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
			out = succeed(t, dir, "", "evaluate", "model.safetensors", filepath.Join(dir, "data.csv"))
			if !strings.Contains(out, "Rows: 60\n") {
				t.Errorf("evaluate:\n%s", out)
			}
		})
	}
}

// TestNoHeader fills in missing cells of a file whose columns have no names.
func TestNoHeader(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, "%d,%s,%d\n", i, []string{"", "1", "2"}[i%3], 3*i)
	}
	writeFile(t, dir, "data.csv", b.String())
	out := succeed(t, dir, "", "train", "data.csv", "--no-header", "--epochs=2")
	if !strings.Contains(out, "Missing: 20 values, each filled in by the mean of its column (of the rows to train)\n") {
		t.Errorf("train:\n%s", out)
	}
	succeed(t, dir, "", "evaluate", "model.safetensors", "data.csv", "--no-header", "--label=3")
	if out := succeed(t, dir, "5,\n", "predict", "model.safetensors", "-", "--no-header"); strings.Count(out, "\n") != 2 {
		t.Errorf("predict: %q", out)
	}
}
