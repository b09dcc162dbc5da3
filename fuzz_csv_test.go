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

// FuzzCSVReader holds the two ways of reading a text equal: csvReader's own, up to the first quote, and encoding/csv's.
// They give the same values bit for bit, or the same error in the same place.
func FuzzCSVReader(f *testing.F) {
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
		f.Add(text, cfg.NoHeader, cfg.separator(), cfg.LabelIndex, 0, "")
	}
	f.Add([]byte("a,b\n1,2\n\n\r\n3,\"4\"\n\n5,x\n"), false, ',', 0, 2, "x")
	f.Add([]byte("a,b\r\n1,2\r\r\n3,4\r"), false, ',', 0, 0, "3")
	f.Add([]byte("a,b\n1,2\n3,\"4\n\n5\"6\n"), false, ',', 0, 0, "NA")
	f.Add([]byte("a,b\n1, NA\n3,\"NA\"\n\" NA \",7\n"), false, ',', 0, 0, "NA")
	f.Add([]byte("1é2\n3é4\n"), true, 'é', 0, 0, "1")
	f.Fuzz(func(t *testing.T, text []byte, noHeader bool, separator rune, labelIndex, weightIndex int, missing string) {
		cfg := CSVConfig{NoHeader: noHeader, Separator: separator, LabelIndex: labelIndex, SampleWeightIndex: weightIndex}
		if missing != "" {
			cfg.AllowMissing, cfg.Missing = true, []string{missing}
		}
		read := func(slow bool) (*Dataset, error) {
			if err := cfg.check(); err != nil {
				return nil, err
			}
			r, err := newCSVReader(bytes.NewReader(text), cfg)
			if err != nil {
				return nil, err
			}
			if slow && r.quoted == nil {
				r.leave(r.text, cfg.separator())
			}
			table, err := newCSVTable(r, cfg)
			if err != nil {
				return nil, err
			}
			return table.readAll()
		}
		got, gotErr := read(false)
		want, wantErr := read(true)
		if fmt.Sprintf("%#v %v", got, gotErr) != fmt.Sprintf("%#v %v", want, wantErr) {
			t.Fatalf("got %#v, %v\nencoding/csv %#v, %v", got, gotErr, want, wantErr)
		}
	})
}
