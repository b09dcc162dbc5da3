package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp/examples/playground/lab"
)

func TestPrintHash(t *testing.T) {
	var first, second bytes.Buffer
	if err := printHash(&first, "#step=100"); err != nil {
		t.Fatal(err)
	}
	if err := printHash(&second, "step=101"); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{16}\n$`).Match(first.Bytes()) || first.String() == second.String() {
		t.Errorf("hashes %q and %q", &first, &second)
	}
	for fragment, want := range map[string]string{
		"rate=x":            `rate is "x"`,
		"data=drawn&step=1": "step 1 is not reached: there are no points",
	} {
		if err := printHash(&first, fragment); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", fragment, err, want)
		}
	}
}

// The page has the server's policy, and a control for every field but those that it has other means for.
func TestPage(t *testing.T) {
	html, err := page.ReadFile("page/index.html")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(html), policy) {
		t.Errorf("the page lacks the policy %s", policy)
	}
	for _, f := range lab.Fields() {
		has := strings.Contains(string(html), ` name="`+f.Name+`"`)
		if other := f.Name == "layers" || f.Name == "points" || f.Name == "step"; has == other {
			t.Errorf("%s: the form has a control: %v", f.Name, has)
		}
	}
}

// The gallery links every other example.
func TestGallery(t *testing.T) {
	examples, err := gallery(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	html, err := page.ReadFile("page/index.html")
	if err != nil {
		t.Fatal(err)
	}
	if html, err = fill(html, examples); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{
		`<a href="https://github.com/seed975aa5d7/mlp/tree/main/examples/iris">iris</a><p>Trains a classifier of irises`,
		`<a href="https://github.com/seed975aa5d7/mlp/tree/main/examples/vanishing">vanishing</a><p>Shows a deep network`,
	} {
		if !strings.Contains(string(html), link) {
			t.Errorf("the gallery lacks %s in %v", link, examples)
		}
	}
	for _, e := range examples {
		if e.Text == "" || strings.HasPrefix(e.Name, "playground") {
			t.Errorf("the gallery has %+v", e)
		}
	}
}
