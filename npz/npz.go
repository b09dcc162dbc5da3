// Package npz reads and writes NumPy's .npz files, ZIP archives of arrays.
//
// It is a package of its own because archive/zip would add 80 kB to every program that imports mlp.
package npz

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

// Read reads the arrays of a file of size bytes that numpy.savez or numpy.savez_compressed wrote, by their names. cfg
// bounds their .npy files all together, after decompression.
func Read(r io.ReaderAt, size int64, cfg mlp.ArrayConfig) (map[string]*mlp.Array, error) {
	arrays, err := read(r, size, cfg)
	if err != nil {
		return nil, fmt.Errorf("npz: %w", err)
	}
	return arrays, nil
}

func read(r io.ReaderAt, size int64, cfg mlp.ArrayConfig) (map[string]*mlp.Array, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 1<<30)
	arrays := make(map[string]*mlp.Array)
	for _, f := range archive.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, fmt.Errorf("%.80q is no array, want names that end in .npy", f.Name)
		}
		if arrays[name] != nil {
			return nil, fmt.Errorf("the array %.80q stands twice", name)
		}
		if arrays[name], err = readArray(f, cfg); err != nil {
			return nil, fmt.Errorf("array %.80q: %w", name, err)
		}
		cfg.MaxBytes -= int64(f.UncompressedSize64) // which are as many as readArray has read
	}
	return arrays, nil
}

func readArray(f *zip.File, cfg mlp.ArrayConfig) (*mlp.Array, error) {
	if cfg.MaxBytes >= 0 && f.UncompressedSize64 > uint64(cfg.MaxBytes) {
		return nil, fmt.Errorf("it takes %d bytes, more than the %d that are left of MaxBytes", f.UncompressedSize64,
			cfg.MaxBytes)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return mlp.ReadNPY(r, cfg)
}

// Write writes arrays by their names, as numpy.savez does, for numpy.load. The same arrays give the same bytes.
func Write(w io.Writer, arrays map[string]*mlp.Array) error {
	archive := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		if err := writeArray(archive, name, arrays[name]); err != nil {
			return fmt.Errorf("npz: array %.80q: %w", name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("npz: %w", err)
	}
	return nil
}

func writeArray(archive *zip.Writer, name string, a *mlp.Array) error {
	if a == nil {
		return errors.New("it is nil")
	}
	w, err := archive.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
	if err != nil {
		return err
	}
	return a.WriteNPY(w)
}
