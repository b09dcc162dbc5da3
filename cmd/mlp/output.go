package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// checkWritable makes the folder of a file, and makes sure that the file can be written there: an error now is better
// than after an hour of training.
func checkWritable(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("cannot write %s: it is no regular file", path)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	f, err := os.CreateTemp(folder, ".mlp-*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// in returns the path of a file that is given relative to a folder.
func in(folder, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(folder, file)
}

// announce writes a file and says so.
func announce(path string, write func(path string) error) error {
	_, err := os.Stat(path)
	if werr := write(path); werr != nil {
		return werr
	}
	if err == nil {
		path += " (replaced)"
	}
	fmt.Println("Wrote", path)
	return nil
}

// writeTo returns a function that writes a file by one that writes to an io.Writer. The file is touched only when all
// that goes into it is there.
func writeTo(write func(io.Writer) error) func(path string) error {
	return func(path string) error {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		return os.WriteFile(path, b.Bytes(), 0o666)
	}
}

// plural returns a number of things.
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}

// programName returns how this program was called: under "go run" it has no name that can be called again.
func programName() string {
	if strings.Contains(os.Args[0], "go-build") {
		return "go run ./cmd/mlp"
	}
	return shellWord(os.Args[0])
}

// shellWord quotes a word that a shell would take apart.
func shellWord(s string) string {
	if strings.ContainsAny(s, " \t\"'\\$&;()<>|*?`") {
		return strconv.Quote(s)
	}
	return s
}
