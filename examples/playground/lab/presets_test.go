package lab

import (
	"strings"
	"testing"
)

// The presets do what their texts say.
func TestPresets(t *testing.T) {
	labs := map[string]*Lab{}
	for _, p := range Presets() {
		c, problems := Parse(p.Fragment)
		if len(problems) > 0 || c.Fragment() != p.Fragment || p.Text == "" {
			t.Errorf("%s, %s: %q, %q", p.Story, p.Name, p.Fragment, problems)
		}
		labs[p.Story+"/"+p.Name] = open(t, p.Fragment)
	}
	var learnedByHeart Record
	for _, v := range []struct {
		name    string
		step    int
		trouble string // that is found, if any
		holds   func(r Record) bool
	}{
		{"First steps/moons", 1000, "", func(r Record) bool { return r.TestScore > 0.95 }},
		{"First steps/a line", 3000, "under-fitting", func(r Record) bool { return r.TestScore < 0.65 }},
		{"First steps/XOR", 3000, "", func(r Record) bool { return r.TestScore > 0.9 }},
		{"First steps/spirals", 3000, "", func(r Record) bool { return r.TestScore > 0.9 }},
		{"First steps/hills", 3000, "", func(r Record) bool { return r.TestScore > 0.9 }},
		{"Over-fitting/see it", 1000, "over-fitting", func(r Record) bool {
			learnedByHeart = r
			return r.TrainLoss < 0.02 && r.TestLoss > 1
		}},
		{"Over-fitting/L2", 1000, "", func(r Record) bool { return r.TestLoss < learnedByHeart.TestLoss/2 }},
		{"Over-fitting/dropout", 1000, "", func(r Record) bool { return r.TestLoss < learnedByHeart.TestLoss/2 }},
		{"Over-fitting/more points", 1000, "", func(r Record) bool { return r.TestLoss < learnedByHeart.TestLoss/2 }},
		{"Vanishing gradients/see it", 100, "vanishing gradients in layer 1", func(r Record) bool { return r.TestScore < 0.6 }},
		{"Vanishing gradients/ReLU", 100, "", func(r Record) bool { return r.TestScore > 0.95 }},
		{"Vanishing gradients/batch normalisation", 1000, "", func(r Record) bool { return r.TestScore > 0.9 }},
		{"Exploding gradients/see it", 1000, "exploding gradients", func(Record) bool { return true }},
		{"Exploding gradients/clipping", 2000, "", func(r Record) bool { return r.TestScore > 0.8 }},
		{"Exploding gradients/lower rate", 2000, "", func(r Record) bool { return r.TestScore > 0.75 }},
		{"Learning rate/too high", 1000, "", func(r Record) bool { return r.TestLoss > 0.7 }},
		{"Learning rate/too low", 1000, "", func(r Record) bool { return r.TestLoss > 0.5 }},
		{"Learning rate/about right", 2000, "", func(r Record) bool { return r.TestScore > 0.9 }},
		{"Learning rate/decaying", 2000, "", func(r Record) bool { return r.TestScore > 0.9 }},
	} {
		l := labs[v.name]
		if l == nil {
			t.Errorf("there is no preset %s", v.name)
			continue
		}
		delete(labs, v.name)
		for l.Step() < v.step && l.Advance() {
		}
		gradients, findings := l.Diagnosis()
		found := strings.Contains(strings.Join(findings, "\n"), v.trouble)
		if ended := l.Ended() != nil; ended != strings.HasPrefix(v.trouble, "exploding") || !found || !v.holds(l.Curves.Last) {
			t.Errorf("%s: step %d, %v, %+v, gradients %v, findings %q",
				v.name, l.Step(), l.Ended(), l.Curves.Last, gradients, findings)
		}
	}
	if len(labs) > 0 {
		t.Errorf("presets without a test: %v", labs)
	}
}
