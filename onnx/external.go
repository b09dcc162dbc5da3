package onnx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/seed975aa5d7/mlp/onnx/internal/pb"
)

// externalData reads the data that a model keeps in other files, all of which lie in the model's folder.
type externalData struct {
	path  string
	root  *os.Root // nil until the first file is read
	files []*externalFile
}

// externalFile is a file that tensors have been read from.
type externalFile struct {
	info os.FileInfo
	left int64 // bytes that no tensor has taken yet
}

// file returns what is known of the file, whatever its name.
func (e *externalData) file(info os.FileInfo) *externalFile {
	for _, f := range e.files {
		if os.SameFile(f.info, info) {
			return f
		}
	}
	f := &externalFile{info, info.Size()}
	e.files = append(e.files, f)
	return f
}

func (e *externalData) close() {
	if e.root != nil {
		e.root.Close()
	}
}

// read returns the data of a tensor of that many bytes. Each file is read no more than once over, so that small tensors
// cannot stand for more memory than the files hold.
func (e *externalData) read(t *pb.TensorProto, size int64) ([]byte, error) {
	location, offset, err := externalPlace(t, size)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, fmt.Errorf("its data lies in another file, %.80q, which only ReadFile reads", location)
	}
	if strings.Contains(location, `\`) {
		return nil, fmt.Errorf("the external file %.80q has a backslash in its name", location)
	}
	if e.root == nil {
		if e.root, err = os.OpenRoot(e.path); err != nil {
			return nil, err
		}
	}
	// A pipe or a device would block on opening, or never end.
	info, err := e.root.Stat(location)
	if err != nil {
		return nil, fmt.Errorf("external file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the external file %.80q is not a regular file", location)
	}
	if offset > info.Size() || size > info.Size()-offset {
		return nil, fmt.Errorf("want %d bytes at %d of the external file %.80q, which has %d",
			size, offset, location, info.Size())
	}
	if info.Size() > maxFileSize {
		return nil, fmt.Errorf("the external file %.80q is larger than %d bytes", location, maxFileSize)
	}
	file := e.file(info)
	if file.left -= size; file.left < 0 {
		return nil, fmt.Errorf("tensors overlap in the external file %.80q", location)
	}
	f, err := e.root.Open(location)
	if err != nil {
		return nil, fmt.Errorf("external file: %w", err)
	}
	defer f.Close()
	b := make([]byte, size)
	if _, err := f.ReadAt(b, offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("external file: %w", err)
	}
	return b, nil
}

// externalPlace returns the file and the offset of a tensor's external data, which has that many bytes.
func externalPlace(t *pb.TensorProto, size int64) (location string, offset int64, err error) {
	length := size
	for _, e := range t.ExternalData {
		switch value := e.GetValue(); e.GetKey() {
		case "location":
			location = value
		case "offset":
			offset, err = strconv.ParseInt(value, 10, 64)
		case "length":
			length, err = strconv.ParseInt(value, 10, 64)
		}
		if err != nil {
			return "", 0, fmt.Errorf("external data: %.80q: %w", e.GetKey(), err)
		}
	}
	switch {
	case location == "":
		return "", 0, errors.New("its data lies in another file that has no name")
	case offset < 0:
		return "", 0, fmt.Errorf("external data at offset %d, want at least 0", offset)
	case length != size:
		return "", 0, fmt.Errorf("external data of %d bytes, want %d", length, size)
	}
	return location, offset, nil
}
