package mlp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"unicode/utf8"
)

// csvReader takes a CSV text apart as package encoding/csv does. Lines without a quote it splits itself, at several times
// the speed; from the first quote on it leaves the text to that package.
type csvReader struct {
	text      *bufio.Reader
	separator byte
	line      int    // the last one that was read, counted from 1
	long      []byte // a line that text's buffer does not hold

	// The row last read, valid until the next: its cells with one byte behind each, and where they end. (A slice of slices
	// would cost the write barrier of the garbage collector for each cell.)
	row  []byte
	ends []int

	quoted *csv.Reader // reads what is left of the text; nil before the first quote
	before int         // the lines that quoted has not seen
	joined []byte      // row's memory when quoted reads
}

// newCSVReader returns a reader of r behind a byte order mark, if there is one.
func newCSVReader(r io.Reader, cfg CSVConfig) (*csvReader, error) {
	if cfg.MaxBytes > 0 {
		r = &boundedReader{r, cfg.MaxBytes, cfg.MaxBytes}
	}
	text := bufio.NewReaderSize(r, 1<<16)
	start, err := text.Peek(3)
	if err != nil && err != io.EOF {
		return nil, &CSVError{Err: err}
	}
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil, &CSVError{Line: 1, Err: errors.New("the text is UTF-16, want UTF-8")}
	case string(start) == "\ufeff":
		if _, err := text.Discard(len(start)); err != nil {
			return nil, &CSVError{Err: err}
		}
	}
	c := &csvReader{text: text, separator: byte(cfg.separator())}
	if cfg.separator() >= utf8.RuneSelf {
		c.leave(text, cfg.separator())
	}
	return c, nil
}

// leave leaves the rest of the text to encoding/csv.
func (c *csvReader) leave(rest io.Reader, separator rune) {
	c.quoted, c.before = csv.NewReader(rest), c.line
	c.quoted.Comma = separator
	c.quoted.ReuseRecord = true
	c.quoted.FieldsPerRecord = -1 // csvTable's message tells both numbers
}

// next reads the next line that is not blank, or several if a quoted cell spans them.
func (c *csvReader) next() error {
	for c.quoted == nil {
		line, err := c.readLine()
		if bytes.IndexByte(line, '"') >= 0 {
			rest := []io.Reader{bytes.NewReader(bytes.Clone(line))}
			switch err {
			case nil:
				rest = append(rest, c.text)
			case io.EOF:
			default:
				rest = append(rest, failingReader{err})
			}
			c.leave(io.MultiReader(rest...), rune(c.separator))
			break
		}
		if err == io.EOF && len(line) == 0 {
			return err
		}
		if err != nil && err != io.EOF {
			return &CSVError{Err: err}
		}
		c.line++
		if line = trimLineEnd(line); len(line) > 0 {
			c.split(line)
			return nil
		}
	}
	return c.nextQuoted()
}

// readLine returns the next line with its end. Beside an error, io.EOF for one, it is the rest of the text.
func (c *csvReader) readLine() ([]byte, error) {
	line, err := c.text.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	c.long = append(c.long[:0], line...)
	for err == bufio.ErrBufferFull {
		line, err = c.text.ReadSlice('\n')
		c.long = append(c.long, line...)
	}
	return c.long, err
}

// trimLineEnd drops \n or \r\n, or the \r that ends the text.
func trimLineEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// split finds the cells of a line.
func (c *csvReader) split(line []byte) {
	const ones, sevens = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	ends, at := c.ends[:0], 0
	for pattern := ones * uint64(c.separator); at+8 <= len(line); at += 8 {
		// The top bit of each byte that is the separator.
		x := binary.LittleEndian.Uint64(line[at:]) ^ pattern
		for found := ^((x & sevens) + sevens | x | sevens); found != 0; found &= found - 1 {
			ends = append(ends, at+bits.TrailingZeros64(found)/8)
		}
	}
	for ; at < len(line); at++ {
		if line[at] == c.separator {
			ends = append(ends, at)
		}
	}
	c.row, c.ends = line, append(ends, len(line))
}

// cell returns a cell of the row last read.
func (c *csvReader) cell(column int) []byte {
	start := 0
	if column > 0 {
		start = c.ends[column-1] + 1
	}
	return c.row[start:c.ends[column]]
}

// nextQuoted is next where encoding/csv reads.
func (c *csvReader) nextQuoted() error {
	record, err := c.quoted.Read()
	if err == io.EOF {
		return err
	}
	if err != nil {
		at := &CSVError{Err: err}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			at.Line, at.Err = c.before+syntax.Line, syntax.Err
			if syntax.StartLine != syntax.Line {
				at.Err = fmt.Errorf("%w; its row starts in line %d", syntax.Err, c.before+syntax.StartLine)
			}
		}
		return at
	}
	c.joined, c.ends = c.joined[:0], c.ends[:0]
	for _, cell := range record {
		c.joined = append(c.joined, cell...)
		c.ends = append(c.ends, len(c.joined))
		c.joined = append(c.joined, 0)
	}
	c.row = c.joined
	return nil
}

// lineOf returns the line in which a cell of the row last read begins.
func (c *csvReader) lineOf(column int) int {
	if c.quoted == nil {
		return c.line
	}
	line, _ := c.quoted.FieldPos(column)
	return c.before + line
}

// failingReader gives an error.
type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// boundedReader gives an error in place of the bytes past its bound.
type boundedReader struct {
	r           io.Reader
	left, bound int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if int64(len(p))-1 > b.left {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, fmt.Errorf("longer than MaxBytes, which is %d", b.bound)
	}
	return n, err
}
