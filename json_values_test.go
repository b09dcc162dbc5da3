package mlp

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

// A trial comes back from its line as it was, and a line as it has always been written is read.
func TestSearchLogLine(t *testing.T) {
	nan := math.Float64frombits(0x7ff8000000000001) // as strconv reads "NaN"
	for _, c := range []struct {
		trial loggedTrial
		line  string
	}{
		{loggedTrial{
			Params: []byte(`{"a":[1, 2]}`), Scores: []loggedScores{{"loss", []float64{0.5, 1e-300, 1e300}}},
			FitSeconds: []float64{1, 0, 2.5}, ScoreSeconds: []float64{0, 0, 0},
		}, `{"trial":0,"params":{"a":[1, 2]},"scores":[{"name":"loss","test":[0.5,1e-300,1e+300]}],` +
			`"fit_seconds":[1,0,2.5],"score_seconds":[0,0,0]}`},
		{loggedTrial{
			Trial: 3, Rung: 1, Resource: 2, Params: []byte(`{}`), Data: "d", Training: "t", Seed: math.MaxUint64,
			Scores: []loggedScores{{"loss", []float64{math.Inf(1), math.Inf(-1)}}}, Parameters: 9,
			Diverged:   &DivergedError{Step: 1, Layer: -1, Loss: math.Inf(1)},
			FitSeconds: []float64{1, 2}, ScoreSeconds: []float64{1, 2},
		}, `{"trial":3,"rung":1,"resource":2,"params":{},"data":"d","training":"t","seed":18446744073709551615,` +
			`"scores":[{"name":"loss","test":["+Inf","-Inf"]}],"parameters":9,` +
			`"diverged":{"step":1,"layer":-1,"loss":"+Inf"},"fit_seconds":[1,2],"score_seconds":[1,2]}`},
		{loggedTrial{
			Trial: 1, Params: []byte(`1`), FitSeconds: []float64{1}, ScoreSeconds: []float64{1},
			Scores: []loggedScores{{"a", []float64{nan}}, {"b", []float64{math.Copysign(0, -1)}}},
		}, `{"trial":1,"params":1,"scores":[{"name":"a","test":["NaN"]},{"name":"b","test":[-0]}],` +
			`"fit_seconds":[1],"score_seconds":[1]}`},
	} {
		line, err := appendJSONFields(nil, c.trial.fields())
		if err != nil || string(line) != c.line {
			t.Errorf("got %s, %v, want %s", line, err, c.line)
		}
		got, err := parseSearchLog(append(line, '\n'))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", line, got, err)
			continue
		}
		for i, s := range got[0].Scores {
			for fold, v := range s.Test {
				if want := c.trial.Scores[i].Test[fold]; math.Float64bits(v) != math.Float64bits(want) {
					t.Errorf("%s: got %v, want %v", line, v, want)
				}
			}
		}
		c.trial.line, c.trial.Scores, got[0].Scores = 1, nil, nil
		if !reflect.DeepEqual(got[0], c.trial) {
			t.Errorf("got %+v, want %+v", got[0], c.trial)
		}
	}

	const whole = `{"trial":0,"rung":0,"params":{"units":2},"data":"a","training":"b","seed":0,` +
		`"scores":[{"name":"loss","test":[1.5]}],"parameters":0,"fit_seconds":[0.1],"score_seconds":[0]}`
	if lines, err := parseSearchLog([]byte(whole + "\n" + whole + "\n")); err != nil || len(lines) != 2 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"rung":0`, `"runge":0`, `"runge": unknown field`},
		{`"rung":0`, `"version":2`, `"version": unknown field`},
		{`"rung":0`, `"trial":1`, `"trial" stands twice`},
		{`"rung":0`, `"rung":-1`, `"rung": want a whole number of 0`},
		{`"trial":0`, `"trial":-1`, "a number is negative"},
		{`"trial":0`, `"trial":0.5`, `"trial": want a whole number, got 0.5`},
		{`"trial":0`, `"trial":9223372036854775808`, `"trial": want a whole number, got 9223372036854775808`},
		{`"seed":0`, `"seed":18446744073709551616`, `"seed": want a whole number of 0 … 18446744073709551615`},
		{`[1.5]`, `["x"]`, `"scores": [0]: "test": [0]: want a number, NaN, +Inf or -Inf, got "x"`},
		{`[1.5]`, `[null]`, `want a number, got null`},
		{`[1.5]`, `[]`, "of different lengths"},
		{`{"units":2}`, `{"units":2`, "unexpected EOF"},
		{`{"units":2}`, strings.Repeat("[", 200) + strings.Repeat("]", 200), `"params": nested more than 128 deep`},
		{`{"units":2}`, ``, `"params": invalid character`},
	} {
		_, err := parseSearchLog([]byte(whole + "\n" + strings.Replace(whole, c.old, c.new, 1) + "\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2 is not a trial: ") ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s in place of %s: error %v, want one about %q", c.new, c.old, err, c.want)
		}
	}
}

// What a CSVLogger's state may have become is refused.
func TestCSVLoggerState(t *testing.T) {
	l := &csvLog{offset: 1 << 40, columns: []string{"a", "b\"\n"}}
	state, err := l.state()
	if want := `{"offset":1099511627776,"columns":["a","b\"\n"]}`; err != nil || string(state) != want {
		t.Errorf("%s, %v, want %s", state, err, want)
	}
	var again csvLog
	if err := again.restore(nil, state); err != nil || !reflect.DeepEqual(&again, l) {
		t.Errorf("%+v, %v, want %+v", again, err, l)
	}
	for state, want := range map[string]string{
		"":                               "CSVLogger: JSON, byte 0: unexpected EOF",
		`{"offset":-1}`:                  `"offset": want a whole number`,
		`{"offset":9223372036854775808}`: "the file's length at the checkpoint is 9223372036854775808",
		`{"offset":1,"more":2}`:          `"more": unknown field`,
		`{"offset":1} {}`:                "want the end after the value, got an object",
	} {
		if err := new(csvLog).restore(nil, []byte(state)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %q", state, err, want)
		}
	}
}
