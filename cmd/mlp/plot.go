package main

import (
	"errors"
	"path/filepath"
	"strings"
)

type plotCommand struct {
	History string `arg:"" help:"A history, as train writes it."`
	Out     string `placeholder:"FILE" help:"The figure without its extension: writes FILE.png and FILE.svg. (default: curves, beside the history)"`
	Title   string `default:"Training history" help:"Title of the figure. (default ${default})"`
}

// Run draws a history.
func (c *plotCommand) Run() error {
	h, err := readCurves(c.History)
	if err != nil {
		return err
	}
	f, err := newFigure(h, c.Title)
	if err != nil {
		return err
	}
	out := c.Out
	if out == "" {
		out = filepath.Join(filepath.Dir(c.History), "curves")
	}
	out = strings.TrimSuffix(strings.TrimSuffix(out, ".png"), ".svg")
	for _, extension := range []string{".png", ".svg"} {
		if err := checkWritable(out + extension); err != nil {
			return err
		}
	}
	return writeFigure(f, out)
}

// writeFigure writes a figure as PNG and SVG.
func writeFigure(f *figure, path string) error {
	return errors.Join(announce(path+".png", writeTo(f.writePNG)), announce(path+".svg", writeTo(f.writeSVG)))
}
