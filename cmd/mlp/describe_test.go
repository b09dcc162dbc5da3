package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDescribe describes tables, whatever is wrong with them.
func TestDescribe(t *testing.T) {
	dir := t.TempDir()
	var rare strings.Builder
	rare.WriteString("a,kind\n")
	for i := range 101 {
		fmt.Fprintf(&rare, "%d,%s\n", i, map[bool]string{true: "rare", false: "often"}[i == 7])
	}
	var leaks strings.Builder
	leaks.WriteString("id,age,years,euro,score,size,plan,colour,left\n")
	for i := range 60 {
		left := i%3 == 0
		fmt.Fprintf(&leaks, "%d,%d,%d.0,%.2f,%d,%.1f,%s,%s,%t\n", 7*i, i*i%17, i*i%17, 1.5*float64(i*i%23), i%3*2,
			float64(i*i%23), map[bool]string{true: "none", false: []string{"a", "b"}[i%2]}[left],
			[]string{"red", "blue"}[i%2], left)
	}
	for name, text := range map[string]string{
		"leaks.csv": leaks.String(),
		"good.csv":  "width,skin,kind\n1,red,x\n2.5,green,y\n,red,x\n4,NaN,y\n",
		"odd.csv":   "id,five,word,most,mixed,big,none,y\nr1,5,1,,u,1,,p\nr2,5,?,,u,2,,q\nr3,5,3,7,v,1e99,,p\nr4,5,2,,2,4,,\nr5,5\n",
		"names.csv": "a,,a\n1,2,3\n4,5,6\n",
		"price.csv": "a,price\n1,10.5\n2,12\n3,cheap\n4,11\n5,10\n",
		"one.csv":   "a,kind\n1,x\n2,x\n",
		"rare.csv":  rare.String(),
		"quote.csv": "a,b\n1,\"2\n",
		"head.csv":  "a,b\n",
		"same.csv":  "a,b,kind\n1,red,x\n1.0,red,y\n,,x\n",
	} {
		writeFile(t, dir, name, text)
	}
	for _, test := range []struct {
		args string
		want []string // expressions, each of which matches a line
	}{
		{"iris", []string{"Data: iris, 150 rows, 5 columns", `sepal_length number +0 +4\.3 +5\.843 +7\.9 +0\.8253`,
			`species +text +0  3 texts, most often "setosa" \(50\)`, `Label: "species", 3 classes`,
			`setosa +50 +33\.3%`}},
		{"synthetic", []string{"Data: synthetic, 1000 rows, 21 columns", `Label: "the class", 2 classes`}},
		{"good.csv", []string{"Data: good.csv, 4 rows, 3 columns", `width  number +1 +1 +2\.5 +4 +1\.225`,
			`skin   text +1  2 texts, most often "red" \(2\)`,
			`Label: "kind", 2 classes`, `x +2 +50\.0%`}},
		{"good.csv --label=width", []string{`Label: "width", numbers to predict`,
			`Warning: the label "width" is missing in 1 row, .* the first is line 4`}},
		{"good.csv --label=3 --ignore=skin", []string{"Data: good.csv, 4 rows, 2 columns", `Label: "kind", 2 classes`}},
		{"odd.csv", []string{
			`five +number +0 +5 +5 +5 +0`, `none +empty +4`, `word +mixed +0 .*`,
			"Warning: 1 row not of 8 cells, .* the first is line 6",
			`Warning: "id" has another text in each row, .*--ignore leaves it out`,
			`Warning: "five" is constant: 5 in each row that has it`,
			`Warning: "word" has numbers and 1 text, which train takes for an error unless --missing has it: "\?" in line 3`,
			`Warning: "mixed" has texts and 1 number, which are taken for texts too`,
			`Warning: "big" has numbers that are not finite, or too large for float32: 1 of them`,
			`Warning: "none" has no value in any row; --ignore leaves it out`,
			`Warning: the label "y" is missing in 1 row, .* the first is line 5`,
		}},
		{"same.csv", []string{`Warning: "a" is constant: 1 in each row that has it`,
			`Warning: "b" is constant: "red" in each row that has it`}},
		{"names.csv", []string{`Warning: column 2 has no name; --ignore=2 leaves it out`,
			`Warning: "a" is the name of two columns, .*`}},
		{"names.csv --no-header", []string{`column 1 mixed .*`, "Data: names.csv, 3 rows, 3 columns"}},
		{"price.csv --task=regression",
			[]string{`Warning: the label "price" is to be a number, and is "cheap" in line 4`}},
		{"one.csv", []string{`Label: "kind", 1 class`,
			"Warning: there is one class only, so there is nothing to learn"}},
		{"rare.csv",
			[]string{`Warning: class "rare" has 1 row, and "often" has 100, 100 times as many: --class-weights=balanced makes them weigh the same`}},
		{"leaks.csv", []string{
			`Warning: "id" has another whole number in each row, as if it named them; --ignore leaves it out`,
			`Warning: "years" is the same as "age" in each row; --ignore leaves it out`,
			`Warning: "score" tells "left" by itself: no two classes overlap; .*`,
			`Warning: "plan" tells "left" by itself: no two classes share a value; .*`,
		}},
		{"leaks.csv --label=euro", []string{`Warning: "size" is "euro" in other units; .*`}},
		{"leaks.csv --label=age --task=regression", []string{`Warning: "years" is the same as the label "age"; .*`}},
	} {
		out := succeed(t, dir, "", append([]string{"describe"}, strings.Fields(test.args)...)...)
		for _, want := range test.want {
			if !regexp.MustCompile(`(?m)^` + want + ` *$`).MatchString(out) {
				t.Errorf("describe %s: no line %q in:\n%s", test.args, want, out)
			}
		}
		for line := range strings.Lines(out) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 && !strings.HasPrefix(line, "Warning: ") {
				t.Errorf("describe %s: %d columns in %q", test.args, n, line)
			}
		}
	}
	if out := succeed(t, dir, "", "describe", "leaks.csv"); strings.Count(out, "Warning") != 4 {
		t.Errorf("want 4 warnings:\n%s", out)
	}
	if out := succeed(t, dir, "", "describe", "good.csv"); strings.Contains(out, "Warning") {
		t.Errorf("a warning of good data:\n%s", out)
	}
	for _, test := range []struct{ args, want string }{
		{"nosuch.csv", "nosuch.csv"},
		{"head.csv", "head.csv: there are no rows"},
		{"quote.csv", `quote.csv: `},
		{"good.csv --label=stem", `no column is named "stem"`},
		{"good.csv --ignore=stem", `no column is named "stem"`},
		{"iris --gray", "--size, --gray and --max-pixels are for a folder"},
		{"iris --label=a", "built in"},
	} {
		_, stderr, code := result(t, dir, "", append([]string{"describe"}, strings.Fields(test.args)...)...)
		if code != exitFailure || !strings.Contains(stderr, test.want) {
			t.Errorf("describe %s: exit code %d, stderr %q, want %q", test.args, code, stderr, test.want)
		}
	}
}

// TestDescribeNearLeaks warns of columns that tell the label nearly always, and not of those that tell much.
func TestDescribeNearLeaks(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	var classes, numbers strings.Builder
	classes.WriteString("limit,much,plan,fee,kind\n")
	numbers.WriteString("square,noisy,much,minus,price\n")
	for i := range 1000 {
		kind := []string{"a", "b", "c"}[i%3]
		near, much := float64(i%3)+rng.Float64()*0.9, float64(i%3)+rng.Float64()*1.1
		plan, fee := kind, ""
		if i%200 == 0 {
			near, plan = 1.5, "b"
		}
		if i%2 == 0 {
			fee = fmt.Sprint(near)
		}
		fmt.Fprintf(&classes, "%.4f,%.4f,%s,%s,%s\n", near, much, plan, fee, kind)
		price := 1 + 9*rng.Float64()
		fmt.Fprintf(&numbers, "%.6f,%.6f,%.6f,%.6f,%.6f\n", price*price*price, price+0.05*rng.NormFloat64(),
			price+0.5*rng.NormFloat64(), -math.Exp(price), price)
	}
	rare := "a,kind\n"
	for i := range 2000 {
		rare += fmt.Sprintf("%d.5,%s\n", i*7919%2003, map[bool]string{true: "rare", false: "often"}[i%150 == 0])
	}
	writeFile(t, dir, "classes.csv", classes.String())
	writeFile(t, dir, "numbers.csv", numbers.String())
	writeFile(t, dir, "rare.csv", rare)
	for file, want := range map[string][]string{
		"classes.csv": {`"limit" alone tells "kind" in 99.6% of the rows`, `"plan" alone tells "kind" in 99.6% of the rows`,
			`"fee" alone tells "kind" in 99.2% of the rows`},
		"numbers.csv": {`"square" has the rank correlation 1 with "price"`, `"noisy" has the correlation 0.999`,
			`"minus" has the rank correlation -1 with "price"`},
		"rare.csv": {`class "rare" has 14 rows`},
		"iris":     nil,
	} {
		out := succeed(t, dir, "", "describe", file)
		for _, w := range want {
			if !strings.Contains(out, "\nWarning: "+w) {
				t.Errorf("%s: no %q in:\n%s", file, w, out)
			}
		}
		if n := strings.Count(out, "Warning"); n != len(want) {
			t.Errorf("%s: %d warnings, want %d:\n%s", file, n, len(want), out)
		}
	}
}

// TestRightByIntervals compares with all ways to cut: it gets no more right, and all where a cut does.
func TestRightByIntervals(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		pairs := make([][2]float64, 2+rng.IntN(12))
		totals := make([]int, 2)
		for i := range pairs {
			pairs[i] = [2]float64{float64(rng.IntN(6)), float64(rng.IntN(2))}
			totals[int(pairs[i][1])]++
		}
		slices.SortFunc(pairs, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
		most := 0
		for cut := -0.5; cut < 6; cut++ {
			up := 0
			for _, p := range pairs {
				if (p[0] > cut) == (p[1] == 1) {
					up++
				}
			}
			most = max(most, up, len(pairs)-up)
		}
		if got := rightByIntervals(pairs, totals); got > most || most == len(pairs) && got != most {
			t.Errorf("%v: %d right, want %d", pairs, got, most)
		}
	}
}

// TestDescribeImages describes a folder of images.
func TestDescribeImages(t *testing.T) {
	dir := t.TempDir()
	writeBars(t, filepath.Join(dir, "bars"))
	out := succeed(t, dir, "", "describe", "bars")
	for _, want := range []string{
		"Data: bars, 120 images of 8×8 pixels with 3 colours, 2 classes\n", "\ndown           60      50.0%\n",
		"\nvalues         min ", "\nSkipped: notes.txt (",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

// TestDescribeWide describes many columns that are all the same, of which each says so, but not on and on.
func TestDescribeWide(t *testing.T) {
	dir := t.TempDir()
	line := strings.Repeat("1,", 300)
	writeFile(t, dir, "wide.csv", strings.Repeat(line+"x\n"+strings.ReplaceAll(line, "1", "2")+"y\n", 20))
	out := succeed(t, dir, "", "describe", "wide.csv", "--no-header")
	if !strings.HasSuffix(out, "\n… and 549 warnings more\n") || !strings.Contains(out,
		`"column 51" is the same as "column 1" in each row; --ignore leaves it out`) {
		t.Errorf("the end is %q", out[max(0, len(out)-200):])
	}
}

func TestColumnDescription(t *testing.T) {
	c := newColumnDescription("a", 1)
	for i := range maxDistinct + 10 {
		c.add(fmt.Sprintf("%d", 1_000_000+i), i+2)
	}
	n := float64(c.numbers)
	deviation := math.Sqrt(c.squares / n)
	if want := math.Sqrt((n*n - 1) / 12); math.Abs(deviation-want) > 1e-6*want || c.mean != 1_000_000+(n-1)/2 || c.distinct != nil {
		t.Errorf("deviation %v, want %v; mean %v; %d distinct", deviation, want, c.mean, len(c.distinct))
	}
	if w := c.warnings(c.numbers); len(w) != 1 || !strings.Contains(w[0], "whole number in each row") {
		t.Error(w)
	}
}
