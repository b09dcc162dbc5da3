package mlp

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"
)

// ProgressLog writes Keras's progress lines: under "Epoch 2/50", if there is more than one,
//
//	6/6 [==============================] - 0s 5us/step - loss: 1.1551 - accuracy: 0.3542 - val_loss: 1.0894 - val_accuracy: 0.4167
//
// On a terminal the line is redrawn while the epoch goes on, at most every 50 ms; elsewhere each epoch gets one whole line
// without control characters. As long as the number of steps is not known, in the first epoch of FitSource, it begins with
// "     12/Unknown - 0s 5us/step".
type ProgressLog struct {
	Writer io.Writer

	// Columns is the width of the terminal, to which a line that is still redrawn is cut; 0 means no limit.
	Columns int
}

const (
	barWidth     = 30
	redrawPeriod = 50 * time.Millisecond
)

// Start implements Callback.
func (p ProgressLog) Start(*Training) (Hooks, error) {
	if p.Writer == nil {
		return Hooks{}, fmt.Errorf("mlp: ProgressLog: Writer is nil, want os.Stdout for example")
	}
	l := &progressLine{ProgressLog: p}
	hooks := Hooks{EpochBegin: l.begin, EpochEnd: l.end,
		State: func() ([]byte, error) { return nil, nil },
		Restore: func(t *Training, _ []byte) error {
			if t.Step == 0 {
				return nil
			}
			return l.begin(t)
		}}
	if isTerminal(p.Writer) {
		hooks.BatchEnd = l.step
		hooks.End = l.abandon
	}
	return hooks, nil
}

// isTerminal reports whether w is a character device.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// progressLine is the line of the current epoch.
type progressLine struct {
	ProgressLog
	begun time.Time
	drawn time.Time
	look  int // the step after which to look at the clock
	width int // of what stands on the terminal's line
}

func (l *progressLine) begin(t *Training) error {
	l.begun = time.Now()
	l.drawn, l.look, l.width = l.begun, 0, 0
	if t.Epochs == 1 {
		return nil
	}
	_, err := fmt.Fprintf(l.Writer, "Epoch %d/%d\n", t.Epoch+1, t.Epochs)
	return err
}

// step redraws the line if it is time. A look at the clock costs as much as a small step, so it is taken only as often as
// the steps so far call for.
func (l *progressLine) step(t *Training) error {
	done := t.Step + 1
	if done < l.look || done == t.Steps {
		return nil
	}
	now := time.Now()
	elapsed := now.Sub(l.begun)
	perStep := elapsed / time.Duration(done)
	l.look = done + 1 + int(redrawPeriod/10/max(perStep, 1))
	if now.Sub(l.drawn) < redrawPeriod {
		return nil
	}
	l.drawn = now
	line := fmt.Sprintf("%7d/Unknown - %.0fs %s%s", done, elapsed.Seconds(), stepTime(perStep), values(t.Logs()))
	if t.Steps > 0 {
		line = fmt.Sprintf("%s - ETA: %s%s", bar(done, t.Steps), clock(perStep*time.Duration(t.Steps-done)), values(t.Logs()))
	}
	if l.Columns > 1 && len(line) >= l.Columns {
		line = line[:l.Columns-1]
	}
	return l.draw(line, "")
}

// draw replaces what stands on the terminal's line.
func (l *progressLine) draw(line, end string) error {
	back := ""
	if l.width > 0 {
		back = "\r"
	}
	blanks := strings.Repeat(" ", max(0, l.width-len(line)))
	l.width = len(line)
	_, err := io.WriteString(l.Writer, back+line+blanks+end)
	return err
}

func (l *progressLine) end(t *Training) error {
	elapsed := time.Since(l.begun)
	err := l.draw(fmt.Sprintf("%s - %.0fs %s%s", bar(t.Steps, t.Steps), elapsed.Seconds(), stepTime(elapsed/time.Duration(t.Steps)), values(t.Logs())), "\n")
	l.width = 0
	return err
}

// abandon ends the line of an epoch that broke off.
func (l *progressLine) abandon(*Training) error {
	if l.width == 0 {
		return nil
	}
	l.width = 0
	_, err := io.WriteString(l.Writer, "\n")
	return err
}

// bar draws "  3/120 [>....]".
func bar(done, steps int) string {
	filled := barWidth * done / steps
	drawn := ""
	if filled > 0 {
		drawn = strings.Repeat("=", filled-1) + ">"
		if done == steps {
			drawn = strings.Repeat("=", filled)
		}
	}
	digits := len(fmt.Sprint(steps))
	return fmt.Sprintf("%*d/%d [%s%s]", digits, done, steps, drawn, strings.Repeat(".", barWidth-filled))
}

// clock writes a remaining time as Keras does: 7s, 1:07, 1:01:07.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	switch {
	case s >= 3600:
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s%3600/60, s%60)
	case s >= 60:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%ds", s)
}

// stepTime writes the duration of a step as Keras does.
func stepTime(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.0fs/step", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.0fms/step", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0fus/step", d.Seconds()*1e6)
}

// values writes " - loss: 1.1551 - accuracy: 0.3542".
func values(logs *Logs) string {
	var b strings.Builder
	for i, name := range logs.names {
		format := " - %s: %.4f"
		if v := math.Abs(logs.values[i]); v <= 1e-3 {
			format = " - %s: %.4e"
		}
		fmt.Fprintf(&b, format, name, logs.values[i])
	}
	return b.String()
}
