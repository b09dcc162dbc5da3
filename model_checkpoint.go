package mlp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ModelCheckpoint saves the network after epochs, as SaveFile does, with Keras's semantics
// (https://keras.io/api/callbacks/model_checkpoint). What it saves is a model to predict with; FitConfig.Checkpoint is for going on
// with a training.
type ModelCheckpoint struct {
	// Path is the file's name, with the epoch, counted from 1 as in Keras, and the epoch's numbers in it: "{epoch:02d}-{val_loss:.2f}".
	// A field is {epoch}, {epoch:02d} or, of a metric, {val_loss}, {val_loss:.4f}, {val_loss:.2e}, with a width and zeros before the
	// point if wanted; {{ and }} are braces. Folders that do not exist are made. Without fields each save replaces the last.
	Path string

	SaveBestOnly bool   // save only if Monitor has improved on all epochs before
	Monitor      string // of SaveBestOnly; "" means "val_loss"
	Mode         Mode   // direction of improvement
	Every        int    // look at each that many epochs only, >= 0; 0 means 1
}

// Start implements Callback. A field of a number that the training does not have is an error.
func (c ModelCheckpoint) Start(t *Training) (Hooks, error) {
	hooks, err := c.start(t)
	if err != nil {
		return Hooks{}, fmt.Errorf("mlp: ModelCheckpoint: %w", err)
	}
	return hooks, nil
}

func (c ModelCheckpoint) start(t *Training) (Hooks, error) {
	if c.Path == "" {
		return Hooks{}, errors.New("Path is empty, want a file's name")
	}
	if c.Every < 0 {
		return Hooks{}, fmt.Errorf("Every is %d, want Every >= 0", c.Every)
	}
	path, err := parsePattern(c.Path, t.fit.names())
	if err != nil {
		return Hooks{}, fmt.Errorf("Path is %q: %w", c.Path, err)
	}
	var m monitor
	if c.SaveBestOnly {
		if m, err = newMonitor(c.Monitor, c.Mode, 0, t); err != nil {
			return Hooks{}, err
		}
	}
	every := max(c.Every, 1)
	hooks := Hooks{EpochEnd: func(t *Training) error {
		name, complete := path.fill(t)
		if !complete || (t.Epoch+1)%every != 0 {
			return nil // without a validation, a number of the name may be missing
		}
		if c.SaveBestOnly {
			if improved, _ := m.improved(t.Logs()); !improved {
				return nil
			}
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return fmt.Errorf("mlp: ModelCheckpoint: %w", err)
		}
		return t.Trainer.net.SaveFile(name)
	}}
	if c.SaveBestOnly {
		hooks.State = func() ([]byte, error) { return appendState(nil, m.best), nil }
		hooks.Restore = func(_ *Training, state []byte) error {
			_, err := readState(state, &m.best)
			return err
		}
	}
	return hooks, nil
}

// pattern is a text with fields, as Python's str.format has them.
type pattern []patternPart

// patternPart is a text and the field behind it.
type patternPart struct {
	text   string
	field  string // "" at the end of the pattern
	format string // of package fmt
}

// parsePattern reads a pattern whose fields are epoch and the names given.
func parsePattern(s string, names []string) (pattern, error) {
	var p pattern
	text := ""
	for {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			return append(p, patternPart{text: text + s}), nil
		}
		text += s[:i]
		brace := s[i]
		s = s[i+1:]
		if strings.HasPrefix(s, string(brace)) {
			text += string(brace)
			s = s[1:]
			continue
		}
		field, rest, closed := strings.Cut(s, "}")
		if brace == '}' || !closed {
			return nil, errors.New("a brace without its partner; write {{ or }} for a brace")
		}
		name, spec, _ := strings.Cut(field, ":")
		if name != "epoch" && !slices.Contains(names, name) {
			return nil, fmt.Errorf("there is no %q to put into the name, want epoch or one of %q", name, names)
		}
		format, ok := formatOf(name, spec)
		if !ok {
			return nil, fmt.Errorf("cannot format {%s}, want {epoch:02d}, {loss:.2f} or {loss:.2e} for example", field)
		}
		p = append(p, patternPart{text, name, format})
		text, s = "", rest
	}
}

// formatOf turns one of Python's format specifications into one of package fmt.
func formatOf(name, spec string) (format string, ok bool) {
	const digits = "0123456789"
	if spec == "" {
		return "%v", true
	}
	verb := strings.TrimLeft(spec, digits)
	if name == "epoch" {
		return "%" + spec, verb == "d"
	}
	if precision, ok := strings.CutPrefix(verb, "."); ok {
		verb = strings.TrimLeft(precision, digits)
	}
	return "%" + spec, verb == "f" || verb == "e"
}

// fill returns the text for the current epoch, or false if it lacks a number.
func (p pattern) fill(t *Training) (string, bool) {
	var b strings.Builder
	logs := t.Logs()
	for _, part := range p {
		b.WriteString(part.text)
		switch part.field {
		case "":
		case "epoch":
			fmt.Fprintf(&b, part.format, t.Epoch+1)
		default:
			v, ok := logs.Get(part.field)
			if !ok {
				return "", false
			}
			fmt.Fprintf(&b, part.format, v)
		}
	}
	return b.String(), true
}
