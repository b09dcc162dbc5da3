package lab

import (
	"slices"
	"strings"
	"testing"
)

func TestFragment(t *testing.T) {
	c := Default()
	const want = "data=moons&noise=0.2&rows=300&test=0.3&seed=1&task=classification&layers=8,8&activation=tanh&batchnorm=off&dropout=0" +
		"&optimizer=adam&rate=0.01&schedule=constant&schedulesteps=2000&batch=16&l1=0&l2=0&clip=0&step=0"
	if got := c.Fragment(); got != want {
		t.Errorf("the default is %s, want %s", got, want)
	}
	c.Units, c.Points = nil, []Point{{0, 0, 0}, {255, 255, 3}, {1, 2, 1}}
	got := c.Fragment()
	if !strings.Contains(got, "&layers=&") || !strings.Contains(got, "&points=AAA___AQJ&") {
		t.Errorf("got %s", got)
	}
	again, problems := Parse("#" + got)
	if len(problems) > 0 || !slices.Equal(again.Points, c.Points) || again.Fragment() != got {
		t.Errorf("read back: %q, %s", problems, again.Fragment())
	}
	for _, f := range Fields() { // every choice can be opened
		for _, choice := range f.Choices {
			l := open(t, f.Name+"="+choice.Name+"&points=AAA___")
			train(t, l, 2)
		}
	}
}

func TestParseProblems(t *testing.T) {
	for _, v := range []struct{ fragment, want string }{
		{"", ""},
		{"#", ""},
		{"layers=8%2C8", ""},
		{"data=mars", `data is "mars", which is not known; it is taken for "moons"`},
		{"noise=NaN", `noise is "NaN", want a number from 0 to 1; it is taken for "0.2"`},
		{"noise=1e999", `noise is "1e999", want a number from 0 to 1; it is taken for "0.2"`},
		{"rows=1000000000000", `rows is "1000000000000", want a whole number from 4 to 1000; it is taken for "300"`},
		{"layers=99", `layers has "99", want 1 … 16 units; it is taken for "8,8"`},
		{"layers=1,1,1,1,1,1,1,1,1", `layers has 9 layers, want at most 8; it is taken for "8,8"`},
		{"step=-1", `step is "-1", want a whole number from 0 to 100000; it is taken for "0"`},
		{"points=AAAA", `points has 4 characters, want three a point; it is taken for ""`},
		{"points=A A", `points has "A A", want characters A … Z a … z 0 … 9 - _; it is taken for ""`},
		{"points=" + strings.Repeat("AAA", MaxPoints+1), `points has 601 points, want at most 600; it is taken for ""`},
		{"%zz=1", `the address: invalid URL escape "%zz"`},
		{"<script>=1&rows=5", `the address has fields that are not known: ["<script>"]`},
		{strings.Repeat("x", MaxFragment+1), `the address has 4097 characters, want at most 4096`},
	} {
		c, problems := Parse(v.fragment)
		if got := strings.Join(problems, "\n"); got != v.want {
			t.Errorf("%.40q: problems\n%s, want\n%s", v.fragment, got, v.want)
		}
		if v.want != "" && c.Step != 0 {
			t.Errorf("%q gave %+v", v.fragment, c)
		}
	}
}

// Whatever the text, there is a lab that can be trained and drawn, and whose own fragment is without problems.
func FuzzParse(f *testing.F) {
	for _, p := range Presets() {
		f.Add(p.Fragment)
	}
	f.Add("data=drawn&points=AAA___AQJ&layers=&test=0.9&rows=4&batch=1")
	f.Add("data=blobs&rows=4&noise=0&task=regression&test=0.9&clip=1e3&rate=100&batchnorm=on&dropout=0.9")
	f.Fuzz(func(t *testing.T, fragment string) {
		c, _ := Parse(fragment)
		again, problems := Parse(c.Fragment())
		if len(problems) > 0 || again.Fragment() != c.Fragment() {
			t.Fatalf("%q became %q, with problems %q", c.Fragment(), again.Fragment(), problems)
		}
		l, err := New(c)
		if err != nil {
			t.Fatalf("%q: %v", c.Fragment(), err)
		}
		defer l.Close()
		for range 3 {
			if !l.Advance() && l.Ended() == nil {
				t.Fatalf("%q ended without a reason", c.Fragment())
			}
		}
		m, err := NewMaps(l, 4, 3)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Output(); err != nil {
			t.Fatal(err)
		}
		if b, err := m.Units(); err != nil || len(b) != 9*m.unitCount() {
			t.Fatal(len(b), err)
		}
		l.Hash()
		l.Diagnosis()
	})
}
