package main

import (
	"cmp"
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
	}
	_, stderr, code := result(t, dir, "", "predict", "model.safetensors", "pink.csv", "--no-header")
	if code != exitFailure || !strings.Contains(stderr, "pink.csv: the data has 4 features, the model wants 3") {
		t.Errorf("predict --no-header: exit code %d, stderr %q", code, stderr)
	}
}

// TestCategoriesNoHeader trains on texts of a file without a header, with the label in a column that is not the last; the
// model takes files with a header too, and one of such a file takes files without.
func TestCategoriesNoHeader(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	for i := range 120 {
		fmt.Fprintf(&rows, "%s,%d,%s,%d\n", []string{"no", "yes"}[i%3/2], i%7, []string{"blue", "green", "red"}[i%3], i%5)
	}
	writeFile(t, dir, "bare.csv", rows.String())
	writeFile(t, dir, "named.csv", "y,a,color,b\n"+rows.String())
	want := ""
	for _, args := range [][]string{{"bare.csv", "--no-header", "--label=1"}, {"named.csv", "--label=y"}} {
		for _, stream := range []string{"--stream=false", "--stream"} {
			out := succeed(t, dir, "", append([]string{"train", "--epochs=20", "--learning-rate=0.01", stream}, args...)...)
			if name := map[bool]string{true: "column 3", false: `"color"`}[args[0] == "bare.csv"]; !strings.Contains(out,
				"Texts: "+name+" (3); a column for each text makes 5 features\n") {
				t.Errorf("%v:\n%s", args, out)
			}
			for _, data := range [][]string{{"bare.csv", "--no-header", "--label=1"}, {"named.csv", "--label=1"}} {
				out := succeed(t, dir, "", append([]string{"evaluate", "model.safetensors"}, data...)...)
				if !strings.Contains(out, "Rows: 120\nLoss: ") || scoreOf(t, out, "Accuracy") < 0.9 {
					t.Errorf("trained on %v, evaluated on %v:\n%s", args, data, out)
				}
			}
		}
		out := succeed(t, dir, "3,red,1\n", "predict", "model.safetensors", "-", "--no-header")
		if row := succeed(t, dir, "", "predict", "model.safetensors", "--row=3,red,1"); row != out || want != "" && want != out {
			t.Errorf("%v: predict gives %q for a file, %q for a row, %q before", args, out, row, want)
		}
		want = out
	}
	if out := succeed(t, dir, "", "inspect", "model.safetensors"); !strings.Contains(out, `Texts: "color" (3)`) {
		t.Error(out)
	}
	_, stderr, code := result(t, dir, "", "train", "bare.csv", "--no-header", "--label=1", "--task=regression")
	if code != exitFailure || !strings.Contains(stderr, `bare.csv:1: column 1: "no" is not a number`) {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

// TestPipelines trains with each of the steps that a table may need, and with none of them.
func TestPipelines(t *testing.T) {
	for name, test := range map[string]struct {
		row     func(i int) string
		scale   string
		impute  string
		inspect []string
	}{
		"nothing": {func(i int) string { return fmt.Sprintf("%d,%d,%d", i, i%7, 2*i+i%7) }, "none", "",
			[]string{"Scaling: none"}},
		"missing": {func(i int) string { return fmt.Sprintf("%d,%s,%d", i, []string{"", "1", "2"}[i%3], i) }, "none", "",
			[]string{"Missing values: filled in\nScaling: none", "\nb: 1.4828 where"}},
		"texts": {func(i int) string { return fmt.Sprintf("%d,%c,%d", i, 'u'+i%3, i) }, "none", "",
			[]string{`Texts: "b" (3)`, "\nb_u", "\nb_w"}},
		"minmax": {func(i int) string { return fmt.Sprintf("%d,%c,%d", i, 'u'+i%3, i) }, "minmax", "",
			[]string{"Scaling: minmax", "\nb_u                0            1\n"}},
		"robust, the median": {func(i int) string { return fmt.Sprintf("%d,%s,%d", i*i, []string{"", "1", "2", "2.5"}[i%4], i) }, "robust",
			"median", []string{"\nb: 2 where", "Scaling: robust", "center", "scale"}},
		"maxabs, the most frequent": {func(i int) string { return fmt.Sprintf("%d,%s,%d", i, []string{"", "3", "2", "3"}[i%4], i) }, "maxabs",
			"most-frequent", []string{"\nb: 3 where", "Scaling: by the greatest absolute value"}},
		"normalize, a constant": {func(i int) string { return fmt.Sprintf("%d,%s,%d", i, []string{"", "3", "2", "3"}[i%4], i) }, "normalize",
			"constant=-1.5", []string{"\nb: -1.5 where", "Scaling: each row to length 1"}},
		"any text": {func(i int) string { return fmt.Sprintf("%c,%c,%d", 'p'+i%2, 'u'+i%3, i) }, "standard", "",
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
			succeed(t, dir, "", "train", "data.csv", "--epochs=2", "--scale="+test.scale, "--impute="+cmp.Or(test.impute, "mean"))
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

// TestUnseenCategories trains on texts that many rows have alone: those of the rows to train become columns, and the others
// are still known.
func TestUnseenCategories(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	rows.WriteString("u,a,y\n")
	for i := range 400 {
		fmt.Fprintf(&rows, "user%d,%d,%c\n", i*i%251, i%7, 'p'+i%2)
	}
	writeFile(t, dir, "data.csv", rows.String())
	for _, flags := range []string{"--folds=3", "--stream"} {
		out := succeed(t, dir, "", "train", "data.csv", "--epochs=1", flags)
		var columns, features int
		if _, texts, _ := strings.Cut(out, "Texts: "); texts == "" {
			t.Fatal(out)
		} else if _, err := fmt.Sscanf(texts, `"u" (%d); a column for each text makes %d features`, &columns, &features); err != nil {
			t.Fatal(err)
		}
		if columns >= 126 || columns < 90 || features != columns+1 {
			t.Errorf("%s: %d columns for the texts of the rows to train, want fewer than all 126; %d features", flags, columns, features)
		}
		if out := succeed(t, dir, "", "evaluate", "model.safetensors", "data.csv"); !strings.Contains(out, "Rows: 400\n") {
			t.Error(out)
		}
	}
	for arg, want := range map[string]string{"--row=user,1": `"user" is none of the texts`, "--row=user1,": `"" is no finite number`} {
		if _, stderr, code := result(t, dir, "", "predict", "model.safetensors", arg); code != exitFailure || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, stderr %q, want %q", arg, code, stderr, want)
		}
	}
}

// TestMissingFlag reads cells as missing that the flag names, in each command.
func TestMissingFlag(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	rows.WriteString("a,color,y\n")
	for i := range 100 {
		a, color := fmt.Sprint(i), []string{"red", "blue"}[i%2]
		switch i % 10 {
		case 3:
			a, color = " NA ", "?"
		case 4:
			a = "-99"
		}
		fmt.Fprintf(&rows, "%s,%s,%c\n", a, color, 'p'+i%2)
	}
	writeFile(t, dir, "data.csv", rows.String())
	for _, args := range [][]string{{"train", "data.csv"}, {"train", "data.csv", "--stream"}} {
		_, stderr, code := result(t, dir, "", args...)
		if want := `data.csv:5: column "a": "NA" is not a number; --missing=NA takes it for`; code != exitFailure || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, stderr %q, want %q", args, code, stderr, want)
		}
		out := succeed(t, dir, "", append(args, "--missing=NA,-99,?", "--epochs=1", "--folds=0")...)
		if !strings.Contains(out, "Missing: 30 values, each filled in by") || !strings.Contains(out, `Texts: "color" (2)`) {
			t.Error(out)
		}
	}
	out := succeed(t, dir, "", "describe", "data.csv", "--missing=NA,-99,?")
	if !strings.Contains(out, "\na      number      20 ") || !strings.Contains(out, "\ncolor  text        10  2 texts") {
		t.Error(out)
	}
	if out := succeed(t, dir, "", "describe", "data.csv"); !strings.Contains(out, `train takes for an error unless --missing has it: "NA" in line 5`) {
		t.Error(out)
	}
	succeed(t, dir, "", "search", "data.csv", "--missing=NA", "--missing=-99,?", "--trials=2", "--epochs=1", "--folds=2")
	succeed(t, dir, "", "evaluate", "model.safetensors", "data.csv", "--missing=NA,-99,?")
	if out := succeed(t, dir, "", "predict", "model.safetensors", "data.csv", "--missing=NA,-99,?"); strings.Count(out, "\n") != 101 {
		t.Error(out)
	}
	for _, test := range []struct{ args, want string }{
		{"predict model.safetensors data.csv", `"NA" is not a number; --missing=NA takes it for a missing value`},
		{"train data.csv --label=a --task=regression --missing=?", "\"NA\" is not a number\n"},
		{"train data.csv --label=a --task=regression --missing=NA", `data.csv:5: column "a": "NA" is a missing value`},
		{"train iris --missing=NA", "iris is built in"},
	} {
		_, stderr, code := result(t, dir, "", strings.Fields(test.args)...)
		if code != exitFailure || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit code %d, stderr %q, want %q", test.args, code, stderr, test.want)
		}
	}
}

// TestTableErrors wants errors in the command's words.
func TestTableErrors(t *testing.T) {
	dir := t.TempDir()
	var sparse strings.Builder
	sparse.WriteString("a,b,y\n")
	for i := range 60 {
		fmt.Fprintf(&sparse, "%d,%s,%c\n", i, map[bool]string{true: "1"}[i == 17], 'p'+i%2)
	}
	writeFile(t, dir, "sparse.csv", sparse.String())
	writeFile(t, dir, "fruit.csv", fruit(60))
	writeFile(t, dir, "bare.csv", strings.ReplaceAll(fruit(60), "width,", ","))
	writeFile(t, dir, "utf16.csv", "\xff\xfea\x00,\x00b\x00\n\x00")
	writeFile(t, dir, "unnamed.csv", "a,,,y\n"+strings.Repeat("1,2,3,4\n2,2,3,5\n", 20))
	succeed(t, dir, "", "train", "unnamed.csv", "--ignore=2,3", "--epochs=1")
	succeed(t, dir, "", "train", "fruit.csv", "--epochs=1")
	for args, want := range map[string]string{
		"train sparse.csv --test=0.9":                                            `sparse.csv: "b" has no value in the rows to train; --ignore leaves it out`,
		"search sparse.csv --trials=1 --folds=2 --test=0.9":                      `"b" has no value in the rows to train; --ignore leaves it out`,
		"train sparse.csv --stream --test=0.5 --validation=0.5 --random-state=1": `"b" has no value in the rows to train; --ignore leaves it out`,
		"train bare.csv":                                 `bare.csv: column 1 has no name; --ignore=1 leaves it out`,
		"train unnamed.csv --ignore=2":                   `unnamed.csv: column 3 has no name; --ignore=3 leaves it out`,
		"train bare.csv --stream":                        `bare.csv: column 1 has no name; --ignore=1 leaves it out`,
		"train fruit.csv --label=width,width":            `--label has "width" twice`,
		"train fruit.csv --label=width --ignore=1":       `--ignore leaves out "width", which is the column to learn`,
		"train utf16.csv":                                "utf16.csv is UTF-16, want UTF-8",
		"describe utf16.csv":                             "utf16.csv is UTF-16, want UTF-8",
		"evaluate model.safetensors fruit.csv --label=1": `--label: "width" is a feature of the model`,
		"evaluate model.safetensors iris": `the model wants the columns "width", "skin", "of, where"; ` +
			`iris has "sepal_length", "sepal_width", "petal_length", "petal_width"`,
		"evaluate model.safetensors synthetic": "synthetic has columns without names",
		"train fruit.csv --separator=\"":       "--separator",
	} {
		_, stderr, code := result(t, dir, "", strings.Fields(args)...)
		if code != exitFailure || !strings.Contains(stderr, want) || strings.Contains(stderr, "KeepEmpty") ||
			strings.Contains(stderr, "Pipeline") || strings.Contains(stderr, "CSVConfig") {
			t.Errorf("%s: exit code %d, stderr %q, want %q", args, code, stderr, want)
		}
	}
}
