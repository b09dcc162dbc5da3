package mlp

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// searchLog is the file that a search goes on from. A nil one is off.
type searchLog struct {
	file  *os.File
	lines map[[2]int]loggedTrial // by rung and trial
	rows  string                 // a digest of the data
	data  string                 // of the rung: rows and folds
	taken int                    // lines of the rung
}

// loggedTrial is a line of the log: a trial in a rung.
type loggedTrial struct {
	Trial    int
	Rung     int
	Resource int    // epochs or rows
	Params   []byte // in JSON

	// What must be the same to go on, hashed.
	Data     string // rows and folds
	Training string // all that Estimator holds
	Seed     uint64

	Scores     []loggedScores
	Parameters int
	Diverged   *DivergedError

	FitSeconds   []float64 // one a fold
	ScoreSeconds []float64

	line int // in the file, from 1
}

type loggedScores struct {
	Name string
	Test []float64 // one a fold
}

func (t *loggedTrial) fields() []jsonField {
	return []jsonField{
		{"trial", (*signedInt)(&t.Trial)}, // logLineStart, also for trial 0
		{"rung", &t.Rung},
		{"resource", &t.Resource},
		{"params", (*rawJSON)(&t.Params)},
		{"data", &t.Data},
		{"training", &t.Training},
		{"seed", &t.Seed},
		{"scores", objectsJSON(&t.Scores)},
		{"parameters", &t.Parameters},
		{"diverged", optionalJSON(&t.Diverged)},
		{"fit_seconds", &t.FitSeconds},
		{"score_seconds", &t.ScoreSeconds},
	}
}

func (s *loggedScores) fields() []jsonField {
	return []jsonField{{"name", &s.Name}, {"test", (*exactList)(&s.Test)}}
}

func (e *DivergedError) fields() []jsonField {
	return []jsonField{
		{"epoch", &e.Epoch},
		{"step", &e.Step},
		{"layer", (*signedInt)(&e.Layer)},
		{"loss", (*exact)(&e.Loss)},
	}
}

// logLineStart is how each line begins.
const logLineStart = `{"trial":`

// openSearchLog reads what is there and opens the file to go on writing. "" is nil.
func openSearchLog(path string) (*searchLog, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	l := &searchLog{file: f, lines: map[[2]int]loggedTrial{}}
	text, err := io.ReadAll(f)
	if err == nil {
		whole := bytes.LastIndexByte(text, '\n') + 1 // what follows is the line at which the search was killed
		var lines []loggedTrial
		lines, err = parseSearchLog(text[:whole])
		begun := string(text[whole:min(whole+len(logLineStart), len(text))])
		if err == nil && !strings.HasPrefix(logLineStart, begun) {
			err = fmt.Errorf("it ends with what is no part of a trial, %.40q", text[whole:])
		}
		if err == nil {
			err = f.Truncate(int64(whole))
		}
		for _, t := range lines {
			l.lines[[2]int{t.Rung, t.Trial}] = t
		}
		if err == nil {
			_, err = f.Seek(int64(whole), io.SeekStart)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

func (l *searchLog) close() error { return l.file.Close() }

// parseSearchLog reads whole lines.
func parseSearchLog(text []byte) ([]loggedTrial, error) {
	var lines []loggedTrial
	n := 0
	for line := range bytes.Lines(text) {
		n++
		t := loggedTrial{line: n}
		err := readJSON(line, func(j jsonReader) error { return j.fields(t.fields()) })
		if err == nil {
			err = t.check()
		}
		if err != nil {
			return nil, fmt.Errorf("line %d is not a trial: %w", n, err)
		}
		lines = append(lines, t)
	}
	return lines, nil
}

// check returns an error unless the numbers fit together.
func (t *loggedTrial) check() error {
	if t.Trial < 0 || t.Rung < 0 || t.Parameters < 0 || len(t.Scores) == 0 {
		return errors.New("a number is negative, or there are no scores")
	}
	folds := len(t.FitSeconds)
	ok := folds > 0 && len(t.ScoreSeconds) == folds
	for _, s := range t.Scores {
		ok = ok && len(s.Test) == folds
	}
	if !ok {
		return errors.New("its lists are empty or of different lengths, want a number for each fold")
	}
	return nil
}

const anew = "remove the file to begin anew"

// begin sets the rung whose trials are asked for next.
func (l *searchLog) begin(s *search, rung int, folds []Fold) error {
	if l == nil {
		return nil
	}
	if l.rows == "" {
		l.rows = s.d.digest()
	}
	h := fnv.New128a()
	fmt.Fprint(h, l.rows, s.d.FeatureNames, s.d.ClassNames, folds)
	l.data, l.taken = fmt.Sprintf("%x", h.Sum(nil)), 0
	for _, t := range l.lines {
		if t.Rung >= len(s.rungs) {
			return fmt.Errorf("it has rung %d, the search has %d of them; %s", t.Rung, len(s.rungs), anew)
		}
	}
	return nil
}

// take returns the scores of a trial in a rung, or nil if they are not there.
func (l *searchLog) take(s *search, t *Trial, rung int) (*CrossScores, error) {
	if l == nil {
		return nil, nil
	}
	line, ok := l.lines[[2]int{rung, t.Number}]
	if !ok {
		return nil, nil
	}
	want, err := l.describe(s, t, rung)
	if err != nil {
		return nil, err
	}
	differs := ""
	switch {
	case !bytes.Equal(line.Params, want.Params):
		differs = fmt.Sprintf("trial %d is %s there and %s here", t.Number, line.Params, want.Params)
	case line.Data != want.Data || len(line.FitSeconds) != len(s.folds):
		differs = fmt.Sprintf("trial %d saw other rows or other folds", t.Number)
	case line.Resource != want.Resource:
		differs = fmt.Sprintf("trial %d had %d epochs or rows there, %d here", t.Number, line.Resource, want.Resource)
	case line.Seed != want.Seed:
		differs = fmt.Sprintf("trial %d had the seed %d there and has %d here", t.Number, line.Seed, want.Seed)
	case line.Training != want.Training:
		differs = fmt.Sprintf("trial %d had other layers, or was trained in another way", t.Number)
	case !slices.ContainsFunc(line.Scores, func(c loggedScores) bool { return c.Name == s.cfg.Metric }):
		differs = fmt.Sprintf("trial %d has no score %q", t.Number, s.cfg.Metric)
	}
	if differs != "" {
		return nil, fmt.Errorf("line %d is of another search: %s; %s", line.line, differs, anew)
	}
	l.taken++
	return line.scores(), nil
}

// complete returns an error if the log has trials in the rung that the search has not.
func (l *searchLog) complete(rung int) error {
	if l == nil {
		return nil
	}
	lines := 0
	for _, t := range l.lines {
		if t.Rung == rung {
			lines++
		}
	}
	if lines > l.taken {
		return fmt.Errorf("it has %d trials in rung %d, of which the search has %d; %s", lines, rung, l.taken, anew)
	}
	return nil
}

// describe returns a trial's line without its results.
func (l *searchLog) describe(s *search, t *Trial, rung int) (loggedTrial, error) {
	params, err := t.Params.MarshalJSON()
	return loggedTrial{
		Trial: t.Number, Rung: rung, Resource: s.rungs[rung].Resource, Params: params,
		Data: l.data, Training: s.keys[t.Number], Seed: t.Seed,
	}, err
}

// append writes a trial that has ended.
func (l *searchLog) append(s *search, t *Trial) error {
	if l == nil {
		return nil
	}
	line, err := l.describe(s, t, t.Rung)
	if err != nil {
		return err
	}
	line.Parameters = t.Scores.Parameters
	for _, name := range t.Scores.Names {
		line.Scores = append(line.Scores, loggedScores{name, t.Scores.Test[name]})
	}
	for i := range t.Scores.FitTime {
		line.FitSeconds = append(line.FitSeconds, t.Scores.FitTime[i].Seconds())
		line.ScoreSeconds = append(line.ScoreSeconds, t.Scores.ScoreTime[i].Seconds())
	}
	errors.As(t.Scores.Diverged, &line.Diverged)
	text, err := appendJSONFields(nil, line.fields())
	if err != nil {
		return err
	}
	_, err = l.file.Write(append(text, '\n')) // in one call, so that what a crash leaves is a line and no more
	return err
}

// scores returns what the line holds.
func (t *loggedTrial) scores() *CrossScores {
	c := &CrossScores{Test: map[string]FoldScores{}, Parameters: t.Parameters}
	for _, s := range t.Scores {
		c.Names = append(c.Names, s.Name)
		c.Test[s.Name] = append(c.Test[s.Name], s.Test...)
	}
	for i, v := range t.FitSeconds {
		c.FitTime = append(c.FitTime, time.Duration(v*float64(time.Second)))
		c.ScoreTime = append(c.ScoreTime, time.Duration(t.ScoreSeconds[i]*float64(time.Second)))
	}
	if t.Diverged != nil {
		c.Diverged = t.Diverged
	}
	return c
}

// digest describes all that an Estimator does, but for its seed and what functions of the caller do.
func (e *Estimator) digest() (string, error) {
	inputs := 1
	for i, l := range e.Layers {
		if l == nil {
			return "", fmt.Errorf("layer %d is nil", i)
		}
		s, err := l.compile(inputs)
		if err != nil {
			return "", fmt.Errorf("layer %d (%T): %w", i, l, err)
		}
		inputs = s.units
	}
	optimizer := e.Trainer.Optimizer
	if optimizer == nil {
		optimizer = RMSprop{}
	}
	opt, err := optimizer.compile()
	if err != nil {
		return "", fmt.Errorf("Optimizer (%T): %w", optimizer, err)
	}
	trainer := e.Trainer
	trainer.Seed = 0
	var s checkpointState
	f := &fit{trainer: &Trainer{net: &Network{layers: e.Layers}, cfg: trainer, opt: opt}, data: &Dataset{}, cfg: e.Fit}
	if err := f.state(&s); err != nil {
		return "", err
	}
	h := fnv.New128a()
	fmt.Fprintln(h, s.Network, s.Trainer, s.Fit, e.Fit.Epochs, e.Fit.ValidationSplit, e.ScaleTargets)
	for _, m := range slices.Concat(trainer.Metrics, trainer.WeightedMetrics) {
		fmt.Fprintf(h, "%T%+v ", m, m)
	}
	for _, c := range e.Fit.Callbacks {
		fmt.Fprintf(h, "%T ", c)
	}
	scaler := unfitted(e.Scaler)
	steps, ok := scaler.(Pipeline)
	if !ok {
		steps = Pipeline{scaler}
	}
	for _, step := range steps {
		fmt.Fprintf(h, "%T%+v ", step, step)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// MarshalJSON writes an object of names and values.
func (p Params) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, name := range p.names {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendJSONString(b, name); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if p.values[i].kind != textValue {
			b = append(b, p.values[i].String()...)
		} else if b, err = appendJSONString(b, p.values[i].text); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
