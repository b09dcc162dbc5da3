package mlp

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
)

// gzipMagic is how each member of a gzip file begins.
const gzipMagic = "\x1f\x8b"

// gzipReader reads the data of all members of a gzip file, one after the other (RFC 1952). A member that is not whole
// or has another checksum than its data, and bytes behind it that are no member, are errors. (Packages compress/gzip
// and hash/crc32 would add 10 kB to every program by their initialisation.)
type gzipReader struct {
	file    *bufio.Reader
	inflate io.ReadCloser
	err     error // the first one, which all calls of Read return from then on

	size  uint32         // of the member's data so far
	crc   uint32         // theirs, or the header's
	table [4][256]uint32 // what a byte with 0 to 3 zero bytes behind it adds to a CRC
}

// newGzipReader returns a reader of a file whose buffer has ioChunk bytes, more than any field of a header has.
func newGzipReader(file *bufio.Reader) *gzipReader {
	z := &gzipReader{file: file, inflate: flate.NewReader(file)}
	const polynomial = 0xedb88320 // its least power first
	for b := range uint32(256) {
		crc := b
		for zeros := range z.table {
			for range 8 {
				crc = crc>>1 ^ polynomial&-(crc&1)
			}
			z.table[zeros][b] = crc
		}
	}
	z.begin()
	return z
}

func (z *gzipReader) Read(p []byte) (n int, _ error) {
	for n == 0 && len(p) > 0 && z.err == nil {
		n, z.err = z.inflate.Read(p)
		z.size += uint32(n)
		z.add(p[:n])
		if z.err == io.EOF {
			z.err = nil
			z.end()
		}
	}
	return n, z.err
}

// begin reads a member's header.
func (z *gzipReader) begin() {
	z.crc = 0
	head := z.take(10)
	method, flags := head[2], head[3]
	if string(head[:2]) != gzipMagic {
		z.fail("want a member or the end of the file, got bytes that begin with % x", head[:2])
	}
	if method != 8 || flags >= 1<<5 {
		z.fail("want compression method 8 (deflate) and flags below 0x20, got %d and %#02x", method, flags)
	}
	if flags&4 != 0 { // a field with its length
		z.take(int(binary.LittleEndian.Uint16(z.take(2))))
	}
	for _, text := range []byte{8, 16} { // a name, a comment
		for flags&text != 0 && z.take(1)[0] != 0 {
		}
	}
	if crc := z.crc & (1<<16 - 1); flags&2 != 0 {
		if want := binary.LittleEndian.Uint16(z.take(2)); crc != uint32(want) {
			z.fail("a header's checksum is %04x, want %04x", crc, want)
		}
	}
	z.crc, z.size = 0, 0
	if z.err == nil {
		z.err = z.inflate.(flate.Resetter).Reset(z.file, nil)
	}
}

// end compares the member's data with its trailer, and begins the next member, if there is one.
func (z *gzipReader) end() {
	crc := z.crc
	trailer := z.take(8)
	wantCRC, wantSize := binary.LittleEndian.Uint32(trailer), binary.LittleEndian.Uint32(trailer[4:])
	if crc != wantCRC || z.size != wantSize {
		z.fail("the data's checksum is %08x and their length %d, want %08x and %d", crc, z.size, wantCRC, wantSize)
	}
	if z.err == nil {
		if _, z.err = z.file.Peek(1); z.err == nil {
			z.begin()
		}
	}
}

// take returns the next n bytes of a header or trailer, or zeros after an error, and adds them to the CRC.
func (z *gzipReader) take(n int) []byte {
	var b []byte
	if z.err == nil {
		b, z.err = z.file.Peek(n)
	}
	if z.err == io.EOF {
		z.err = io.ErrUnexpectedEOF
	}
	if z.err != nil {
		return make([]byte, n)
	}
	z.add(b)
	_, z.err = z.file.Discard(n)
	return b
}

// fail keeps an error, unless there is one already.
func (z *gzipReader) fail(format string, args ...any) {
	if z.err == nil {
		z.err = fmt.Errorf("gzip: "+format, args...)
	}
}

// add adds bytes to the CRC-32, four at a time.
func (z *gzipReader) add(p []byte) {
	t, crc := &z.table, ^z.crc
	for ; len(p) >= 4; p = p[4:] {
		crc ^= binary.LittleEndian.Uint32(p)
		crc = t[3][crc&255] ^ t[2][crc>>8&255] ^ t[1][crc>>16&255] ^ t[0][crc>>24]
	}
	for _, b := range p {
		crc = t[0][byte(crc)^b] ^ crc>>8
	}
	z.crc = ^crc
}
