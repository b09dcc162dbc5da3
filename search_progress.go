package mlp

import (
	"fmt"
	"time"
)

// total returns the number of trials of all rungs.
func (s *search) total() int {
	trials := 0
	for _, r := range s.rungs {
		trials += r.Candidates
	}
	return trials
}

// drawProgress redraws the line on a terminal:
//
//	7/20 [=========>....................] - ETA: 12s - accuracy: 0.9667 (trial 3)
func (s *search) drawProgress() error {
	l := &s.progress
	now := time.Now()
	if l.Writer == nil || !isTerminal(l.Writer) || now.Sub(l.drawn) < redrawPeriod {
		return nil
	}
	l.drawn = now
	total := s.total()
	left := now.Sub(l.begun) / time.Duration(s.done-s.taken) * time.Duration(total-s.done)
	line := fmt.Sprintf("%s - ETA: %s%s", bar(s.done, total), clock(left), s.bestText())
	if l.Columns > 1 && len(line) >= l.Columns {
		line = line[:l.Columns-1]
	}
	return l.draw(line, "")
}

// endLine writes the whole line at the end of a rung.
func (s *search) endLine() error {
	l := &s.progress
	if l.Writer == nil {
		return nil
	}
	seconds := time.Since(l.begun).Seconds()
	err := l.draw(fmt.Sprintf("%s - %.0fs%s", bar(s.done, s.total()), seconds, s.bestText()), "\n")
	l.width = 0
	return err
}

// bestText tells of the rung's best trial so far.
func (s *search) bestText() string {
	if s.best == nil {
		return ""
	}
	text := fmt.Sprintf(" - %s: %.4f (trial %d", s.cfg.Metric, s.best.Scores.Test[s.cfg.Metric].Mean(), s.best.Number)
	if h := s.cfg.Halving; h != nil {
		text += fmt.Sprintf(", %d %v", s.best.Resource, h.Resource)
	}
	return text + ")"
}
