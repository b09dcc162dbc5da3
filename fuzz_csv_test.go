package mlp

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// FuzzCSV reads any bytes: what is accepted must be valid, and come back the same after WriteCSV.
func FuzzCSV(f *testing.F) {
	folder := filepath.FromSlash("testdata/data/bad/csv")
	for _, file := range readBadCSVManifest(f, folder) {
		cfg, err := file.config()
		if err != nil {
			f.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(folder, file.File))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, cfg.NoHeader, cfg.separator(), cfg.Label, cfg.LabelIndex, false)
		f.Add(text, cfg.NoHeader, cfg.separator(), cfg.Label, cfg.LabelIndex, true)
	}
	f.Fuzz(func(t *testing.T, text []byte, noHeader bool, separator rune, label string, labelIndex int, missing bool) {
		d, err := ReadCSV(bytes.NewReader(text), CSVConfig{
			NoHeader: noHeader, Separator: separator, Label: label, LabelIndex: labelIndex, AllowMissing: missing,
		})
		if err != nil {
			var at *CSVError
			if errors.As(err, &at) && (at.Line > bytes.Count(text, []byte("\n"))+1 || at.Err == nil) {
				t.Fatalf("no such line: %v", err)
			}
			return
		}
		if err := d.validate("dataset", missing); err != nil {
			t.Fatal(err)
		}
		if d.Rows() == 0 {
			t.Fatal("no rows")
		}
		if d.TargetNames != nil && isMissing(d.TargetNames[0]) {
			return // found by its index; WriteCSV wants a name
		}
		var file bytes.Buffer
		if err := d.WriteCSV(&file); err != nil {
			t.Fatal(err)
		}
		again, err := ReadCSV(&file, rereading(d))
		if err != nil {
			t.Fatal(err)
		}
		if noHeader { // the names are made up
			again.FeatureNames, again.TargetNames = nil, nil
		}
		if got, want := fmt.Sprintf("%#v", again), fmt.Sprintf("%#v", d); got != want {
			t.Fatalf("wrote\n%s\nread\n%s", want, got)
		}
	})
}
