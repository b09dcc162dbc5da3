package lab

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

// open returns the lab of a fragment without problems.
func open(t *testing.T, fragment string) *Lab {
	t.Helper()
	c, problems := Parse(fragment)
	if len(problems) > 0 {
		t.Fatalf("%s: %q", fragment, problems)
	}
	l, err := New(c)
	if err != nil {
		t.Fatalf("%s: %v", fragment, err)
	}
	t.Cleanup(l.Close)
	return l
}

// train advances to a step.
func train(t *testing.T, l *Lab, step int) {
	t.Helper()
	for l.Step() < step {
		if !l.Advance() {
			t.Fatalf("step %d is not reached: %v", step, l.Ended())
		}
	}
}

// The hashes are the same on every machine and in the browser. A change of them is a change of the library's bits.
func TestHash(t *testing.T) {
	for _, c := range []struct{ fragment, want string }{
		{"step=0", "e1f5a24f622069bb"},
		{"step=300", "7d3fa24f54f6b404"},
		{"data=circles&activation=relu&batchnorm=on&dropout=0.2&batch=7&l1=0.001&l2=0.001&clip=0.5&step=200", "835c4c573b2097c1"},
		{"data=blobs&noise=0.4&activation=gelu&optimizer=nadam&schedule=cosine&schedulesteps=100&seed=7&step=200", "8a588e70324312e9"},
		{"data=spirals&layers=16,16,16&activation=elu&optimizer=nesterov&rate=0.03&schedule=onecycle&step=500", "fa76b415ae6c416b"},
		{"data=xor&layers=4&activation=sigmoid&optimizer=rmsprop&step=100", "5b00edcae082e1ae"},
		{"data=hills&task=regression&noise=0.05&activation=silu&optimizer=momentum&schedule=staircase&schedulesteps=50&step=200", "9da7fd62aad1bf0c"},
		{"data=plane&layers=&optimizer=sgd&rate=0.1&step=100", "89a124b658b7fb59"},
		{"data=moons&task=regression&layers=3,2&optimizer=lion&test=0&step=50", "d2b3960ffa752a0b"},
		{"data=drawn&points=AAA__9gAQIAC&activation=mish&test=0&step=20", "def2e06a59e1f7f9"},
	} {
		l := open(t, c.fragment)
		train(t, l, l.Config.Step)
		if got := l.Hash(); got != c.want {
			t.Errorf("%s: the hash is %s, want %s", c.fragment, got, c.want)
		}
	}
}

// A lab's own fragment leads to its weights, wherever it stands.
func TestReplay(t *testing.T) {
	l := open(t, "data=circles&dropout=0.3&batch=9")
	for _, step := range []int{1, 22, 23, 24, 100} { // an epoch has 24 steps
		train(t, l, step)
		again := open(t, l.Fragment())
		train(t, again, again.Config.Step)
		if again.Step() != step || again.Hash() != l.Hash() {
			t.Errorf("step %d: the hash is %s, replayed %s at step %d", step, l.Hash(), again.Hash(), again.Step())
		}
	}
}

func TestCurves(t *testing.T) {
	l := open(t, "rows=40&batch=256")
	if len(l.Curves.Records) != 1 || l.Curves.Last.Step != 0 {
		t.Errorf("before the first step: %+v", l.Curves)
	}
	train(t, l, 3000)
	records := l.Curves.Records
	if len(records) >= maxRecords || len(records) < maxRecords/4 {
		t.Errorf("%d records", len(records))
	}
	for i, r := range records {
		if r.Step != i*records[1].Step {
			t.Fatalf("record %d is of step %d, the second of step %d", i, r.Step, records[1].Step)
		}
	}
	last := l.Curves.Last
	if last.Step != 3000 {
		t.Errorf("the last record is of step %d, want 3000", last.Step)
	}
	p, err := l.Network.Predict(l.Test.X)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, v := range p {
		if (v > 0.5) == (l.Test.Y[i] == 1) {
			right++
		}
	}
	if want := float64(right) / float64(len(p)); last.TestScore != want {
		t.Errorf("test accuracy %v, want %v", last.TestScore, want)
	}
	if l := open(t, "test=0"); !math.IsNaN(l.Curves.Last.TestLoss) || math.IsNaN(l.Curves.Last.TrainLoss) {
		t.Errorf("without test points: %+v", l.Curves.Last)
	}
}

func TestEnd(t *testing.T) {
	l := open(t, "data=drawn")
	if l.Advance() || l.Step() != 0 || l.Ended() == nil {
		t.Errorf("without points: step %d, %v", l.Step(), l.Ended())
	}
	l = open(t, "data=drawn&points=AAA")
	train(t, l, 3)
	l = open(t, "rows=4&batch=256&layers=")
	for l.Advance() {
	}
	if l.Step() != maxEpochs || l.Ended() == nil {
		t.Errorf("an epoch of one step: step %d, %v", l.Step(), l.Ended())
	}
	l = open(t, "data=hills&task=regression&optimizer=sgd&activation=linear&rate=100")
	for range 1000 {
		if !l.Advance() {
			break
		}
	}
	if l.Ended() == nil || !strings.Contains(l.Ended().Error(), "broke off") || l.Advance() {
		t.Errorf("a rate of 100: step %d, %v", l.Step(), l.Ended())
	}
	m, err := NewMaps(l, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := m.Output(); err != nil || len(b) != 16 {
		t.Errorf("diverged: %v %v", b, err)
	}
	if b, err := m.Units(); err != nil || len(b) != 16*16 {
		t.Errorf("diverged: %d bytes %v", len(b), err)
	}
}

// The maps of the units are those of the network cut off behind their layer.
func TestMaps(t *testing.T) {
	for _, fragment := range []string{
		"layers=3,5,2&batchnorm=on&dropout=0.5", "layers=4,4&data=blobs&activation=relu", "layers=&task=regression",
	} {
		l := open(t, fragment)
		train(t, l, 50)
		m, err := NewMaps(l, 10, 6)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Units()
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		for k, units := range l.Config.Units {
			end := l.segments[k].first + len(l.segments[k].predicting())
			cut, err := mlp.New(2, l.Network.Layers()[:end]...)
			if err != nil {
				t.Fatal(err)
			}
			for i := range end {
				if err := cut.SetWeights(i, l.Network.Weights(i)...); err != nil {
					t.Fatal(err)
				}
			}
			p, err := cut.Predict(grid(6))
			if err != nil {
				t.Fatal(err)
			}
			for u := range units {
				var column []float32
				peak := float32(1)
				if l.Config.Activation == "relu" {
					peak = 1e-3
				}
				for i := u; i < len(p); i += units {
					column = append(column, p[i])
					peak = max(peak, p[i], -p[i])
				}
				want = toBytes(want, column, -peak, peak)
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: maps of the units\n%v, want\n%v", fragment, got, want)
		}
		output, err := m.Output()
		if err != nil {
			t.Fatal(err)
		}
		p, err := l.Network.Predict([]float32{-1.8, 1.8}) // the first cell of 10 by 10
		if err != nil {
			t.Fatal(err)
		}
		first := toByte(p[0], 0, 1)
		switch {
		case l.Classes == 0:
			first = toByte(p[0], -1, 1)
		case l.Classes > 2:
			first = output[100]
			if want := toByte(slices.Max(p), 0, 1); first != want || p[output[0]] != slices.Max(p) {
				t.Errorf("%s: class %d, %d, want %v", fragment, output[0], first, p)
			}
			first = output[0]
		}
		if output[0] != first {
			t.Errorf("%s: the first byte is %d, want %d", fragment, output[0], first)
		}
	}
	if v := toByte(float32(math.NaN()), 0, 1); v != 128 {
		t.Errorf("NaN is %d", v)
	}
	if a, b := toByte(-9, -1, 1), toByte(9, -1, 1); a != 0 || b != 255 {
		t.Errorf("beyond the bounds: %d, %d", a, b)
	}
}
