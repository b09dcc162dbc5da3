package mlp

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// gzipped returns a member of a gzip file.
func gzipped(t testing.TB, data []byte, header gzip.Header) []byte {
	t.Helper()
	var file bytes.Buffer
	z := gzip.NewWriter(&file)
	z.Header = header
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// withHeaderSum returns a member, which has no name, comment or extra field, with a checksum of its header.
func withHeaderSum(member []byte) []byte {
	head := slices.Clone(member[:10])
	head[3] |= 2
	sum := crc32.ChecksumIEEE(head)
	return slices.Concat(head, []byte{byte(sum), byte(sum >> 8)}, member[10:])
}

// Of an IDX file compressed by gzip, the data, the checksums and the end are checked.
func TestReadIDXGzip(t *testing.T) {
	idx := []byte{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6}
	plain := gzipped(t, idx, gzip.Header{})
	changed := func(file []byte, i int) []byte {
		file = slices.Clone(file)
		file[(i+len(file))%len(file)]++
		return file
	}
	for _, c := range []struct {
		name string
		file []byte
		want string // in the error; "" is none
	}{
		{"one member", plain, ""},
		{"named", gzipped(t, idx, gzip.Header{Name: "train", Comment: "of mine", Extra: []byte("ab\x00c")}), ""},
		{"header's checksum", withHeaderSum(plain), ""},
		{"two members", slices.Concat(gzipped(t, idx[:7], gzip.Header{}), gzipped(t, idx[7:], gzip.Header{})), ""},
		{"an empty member", slices.Concat(gzipped(t, nil, gzip.Header{}), plain, gzipped(t, nil, gzip.Header{})), ""},
		{"wrong checksum", changed(plain, -5), "gzip: the data's checksum is"},
		{"wrong length", changed(plain, -4), "their length 18, want"},
		{"wrong header's checksum", changed(withHeaderSum(plain), 10), "gzip: a header's checksum is"},
		{"another method", changed(plain, 2), "want compression method 8"},
		{"unknown flags", changed(withHeaderSum(plain), 3)[:3:3], "the file ends in its first number, after 0 of 4 bytes"},
		{"bytes behind", append(slices.Clone(plain), "garbage behind"...), "begin with 67 61"},
		{"zeros behind", append(slices.Clone(plain), make([]byte, 12)...), "begin with 00 00"},
		{"few bytes behind", append(slices.Clone(plain), 0x1f), "at the end of the data: unexpected EOF"},
		{"cut header", plain[:9], "unexpected EOF"},
		{"cut data", plain[:20], "unexpected EOF"},
		{"cut trailer", plain[:len(plain)-1], "unexpected EOF"},
		{"more data", gzipped(t, append(slices.Clone(idx), 7), gzip.Header{}), "got more bytes"},
		{"less data", gzipped(t, idx[:16], gzip.Header{}), "the file ends after 4 of the data's 6 bytes"},
		{"twice", gzipped(t, plain, gzip.Header{}), "not an IDX file"},
	} {
		a, err := ReadIDX(iotest.OneByteReader(bytes.NewReader(c.file)), ArrayConfig{})
		if c.want == "" {
			if err != nil || !slices.Equal(a.Float64s(), []float64{1, 2, 3, 4, 5, 6}) {
				t.Errorf("%s: got %v, %v, want 1 … 6", c.name, a, err)
			}
		} else if err == nil || !strings.HasPrefix(err.Error(), "mlp: idx: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one about %q", c.name, err, c.want)
		}
	}
	for n := range len(plain) {
		if _, err := ReadIDX(bytes.NewReader(plain[:n]), ArrayConfig{}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d bytes: error %v, want %v", n, err, io.ErrUnexpectedEOF)
		}
	}
}

// What little compressed data claim to hold, and what they do hold beyond that, takes no memory.
func TestReadIDXBomb(t *testing.T) {
	zeros := make([]byte, 64<<20)
	for _, c := range []struct {
		name, header string
		maxBytes     int64
		want         string
	}{
		{"short array", "\x00\x00\x08\x01\x00\x00\x00\x03", 0, "got more bytes"},
		{"beyond the limit", "\x00\x00\x08\x01\x04\x00\x00\x00", 1 << 20, "has more than 1048576 bytes"},
		{"beyond the usual limit", "\x00\x00\x08\x01\x7f\xff\xff\xff", 0, "has more than 1073741824 bytes"},
	} {
		file := gzipped(t, append([]byte(c.header), zeros...), gzip.Header{})
		var err error
		allocated := allocatedBy(func() { _, err = ReadIDX(bytes.NewReader(file), ArrayConfig{MaxBytes: c.maxBytes}) })
		if allocated > 1<<18 || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d bytes allocated for a file of %d, error %v, want %q", c.name, allocated, len(file), err, c.want)
		}
	}
}

// FuzzGzip compares the reader with compress/gzip, which takes flags that RFC 1952 reserves, and no name of more than
// 512 bytes.
func FuzzGzip(f *testing.F) {
	text := gzipped(f, bytes.Repeat([]byte("text "), 20), gzip.Header{Name: "a", Comment: "b", Extra: []byte("cd")})
	f.Add(text)
	f.Add(append(withHeaderSum(gzipped(f, []byte("short"), gzip.Header{})), text...))
	f.Add(slices.Concat(gzipped(f, nil, gzip.Header{}), text, []byte{0}))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := io.ReadAll(io.LimitReader(newGzipReader(bufio.NewReaderSize(bytes.NewReader(file), ioChunk)), fuzzBytes))
		var want []byte
		z, wantErr := gzip.NewReader(bytes.NewReader(file))
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(z, fuzzBytes))
		}
		switch {
		case err == nil && wantErr == nil && !bytes.Equal(got, want):
			t.Errorf("got %d bytes other than the %d of compress/gzip", len(got), len(want))
		case err != nil && wantErr == nil && !strings.Contains(err.Error(), "flags below"),
			err == nil && wantErr != nil && len(file) <= 512:
			t.Errorf("error %v, that of compress/gzip is %v", err, wantErr)
		}
	})
}
