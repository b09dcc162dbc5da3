package mlp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// NumPy's file formats (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): a magic string, a
// version, the length of the header, the header, which is a Python literal, the elements. An .npz file is a zip archive
// of such files.

const (
	npyMagic     = "\x93NUMPY"
	npyAlign     = 64      // numpy.save begins the elements at a multiple of this
	maxNPYHeader = 1 << 16 // bytes; NumPy itself refuses more than 10,000 unless told otherwise
	maxNPYSides  = 64      // as in NumPy
)

// ReadNPY reads an array that numpy.save wrote, versions 1 to 3 of the format, to its end. Numbers may be in either
// byte order, and the array in Fortran's order, which becomes row-major. Arrays of objects, which only Python can read,
// text, complex numbers and records are errors.
func ReadNPY(r io.Reader, cfg ArrayConfig) (*Array, error) {
	maxBytes, err := cfg.maxBytes()
	if err == nil {
		var a *Array
		if a, err = readNPY(r, maxBytes); err == nil {
			return a, nil
		}
	}
	return nil, fmt.Errorf("mlp: npy: %w", err)
}

func readNPY(r io.Reader, maxBytes int64) (*Array, error) {
	r = bufio.NewReaderSize(r, ioChunk)
	text, err := readNPYHeader(r)
	if err != nil {
		return nil, err
	}
	h, err := parseNPYHeader(text)
	if err != nil {
		return nil, fmt.Errorf("header %.200q: %w", strings.TrimSpace(text), err) // it is padded
	}
	a := &Array{element: h.element}
	size, err := a.setShape(h.sides, maxBytes)
	if err != nil {
		return nil, err
	}
	if err := a.readData(r, size, h.order); err != nil {
		return nil, err
	}
	if h.fortran {
		a.fromFortran()
	}
	return a, expectEnd(r)
}

// readNPYHeader reads all that stands before the elements, and returns the literal.
func readNPYHeader(r io.Reader) (string, error) {
	start := make([]byte, len(npyMagic)+2)
	if n, err := io.ReadFull(r, start); err != nil {
		return "", readError(err, "the file ends in its magic string and version, after %d of %d bytes", n, len(start))
	}
	if string(start[:len(npyMagic)]) != npyMagic {
		return "", fmt.Errorf("not an .npy file: it begins with %q, want %q", start[:len(npyMagic)], npyMagic)
	}
	major, minor := start[len(npyMagic)], start[len(npyMagic)+1]
	if major < 1 || major > 3 || minor != 0 {
		return "", fmt.Errorf("version %d.%d of the format, want 1.0, 2.0 or 3.0", major, minor)
	}
	var length [4]byte
	field := length[:4]
	if major == 1 {
		field = length[:2]
	}
	if _, err := io.ReadFull(r, field); err != nil {
		return "", readError(err, "the file ends in the header's length")
	}
	size := binary.LittleEndian.Uint32(length[:])
	if size > maxNPYHeader {
		return "", fmt.Errorf("the header's length is %d bytes, want at most %d", size, maxNPYHeader)
	}
	text := make([]byte, size)
	if n, err := io.ReadFull(r, text); err != nil {
		return "", readError(err, "the file ends in the header, after %d of %d bytes", n, size)
	}
	return string(text), nil
}

// npyHeader is what the header of an .npy file says.
type npyHeader struct {
	element element
	order   binary.ByteOrder
	fortran bool
	sides   []uint64
}

// parseNPYHeader reads a literal such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
func parseNPYHeader(text string) (npyHeader, error) {
	var h npyHeader
	p := pythonParser{text}
	if !p.take("{") {
		return h, errors.New("want a brace")
	}
	seen := map[string]bool{}
	for !p.take("}") {
		key, err := p.quoted()
		if err != nil {
			return h, fmt.Errorf("want a key in quotes: %w", err)
		}
		if seen[key] {
			return h, fmt.Errorf("key %q stands twice", key)
		}
		seen[key] = true
		if !p.take(":") {
			return h, fmt.Errorf("want a colon behind %q", key)
		}
		switch key {
		case "descr":
			err = h.parseType(&p)
		case "fortran_order":
			if h.fortran = p.take("True"); !h.fortran && !p.take("False") {
				err = errors.New("fortran_order is neither True nor False")
			}
		case "shape":
			h.sides, err = p.tuple()
		default:
			err = fmt.Errorf("unknown key %.40q", key)
		}
		if err != nil {
			return h, err
		}
		if !p.take(",") {
			if !p.take("}") {
				return h, fmt.Errorf("want a comma or the end behind the value of %q", key)
			}
			break
		}
	}
	if p.skipSpace(); p.rest != "" || len(seen) != 3 {
		return h, errors.New("want the keys descr, fortran_order and shape, and no more")
	}
	return h, nil
}

// parseType reads the element type and the byte order.
func (h *npyHeader) parseType(p *pythonParser) error {
	descr, err := p.quoted()
	if err != nil {
		return fmt.Errorf("descr is no simple element type: %w", err)
	}
	kind := strings.TrimLeft(descr, "<>|")
	if strings.HasPrefix(kind, "O") {
		return errors.New("an array of Python objects; want numbers (save it with dtype=numpy.float32)")
	}
	i := slices.IndexFunc(elements, func(e element) bool { return e.npy == kind })
	if i < 0 || len(descr) != len(kind)+1 || descr[0] == '|' && elements[i].size > 1 {
		return fmt.Errorf("element type %.40q, want '<' or '>' and one of f4, f8, i1, i2, i4, i8, u1, u2, u4, u8, b1",
			descr)
	}
	h.element, h.order = elements[i], binary.LittleEndian
	if descr[0] == '>' {
		h.order = binary.BigEndian
	}
	return nil
}

// pythonParser reads the few literals of Python that a header has.
type pythonParser struct{ rest string }

func (p *pythonParser) skipSpace() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take skips a token if it comes next.
func (p *pythonParser) take(token string) bool {
	p.skipSpace()
	rest, found := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return found
}

// quoted reads a string in quotes, which has no escapes.
func (p *pythonParser) quoted() (string, error) {
	for _, quote := range []string{"'", `"`} {
		if p.take(quote) {
			text, rest, found := strings.Cut(p.rest, quote)
			if !found || strings.Contains(text, `\`) {
				return "", fmt.Errorf("a string without end, or with escapes: %.40q", text)
			}
			p.rest = rest
			return text, nil
		}
	}
	return "", fmt.Errorf("want quotes at %.40q", p.rest)
}

// tuple reads whole numbers in parentheses.
func (p *pythonParser) tuple() ([]uint64, error) {
	if !p.take("(") {
		return nil, errors.New("shape is no tuple")
	}
	var numbers []uint64
	for !p.take(")") {
		p.skipSpace()
		digits := p.rest[:len(p.rest)-len(strings.TrimLeft(p.rest, "0123456789"))]
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || len(numbers) == maxNPYSides {
			return nil, fmt.Errorf("shape: want at most %d whole numbers below 2⁶⁴, got %.40q", maxNPYSides, p.rest)
		}
		p.rest = p.rest[len(digits):]
		p.take("L") // of Python 2
		numbers = append(numbers, n)
		if comma := p.take(","); !comma {
			if len(numbers) == 1 || !p.take(")") {
				return nil, errors.New("shape is no tuple of whole numbers")
			}
			break
		}
	}
	return numbers, nil
}

// fromFortran brings the elements from Fortran's order, in which the first index runs fastest, into row-major order.
func (a *Array) fromFortran() {
	size := a.element.size
	strides := make([]int, len(a.shape)) // of the elements in Fortran's order, in bytes
	stride := size
	for i, side := range a.shape {
		strides[i] = stride
		stride *= side
	}
	index := make([]int, len(a.shape))
	sorted := make([]byte, 0, len(a.data))
	for from := 0; len(sorted) < len(a.data); {
		sorted = append(sorted, a.data[from:from+size]...)
		for i := len(index) - 1; i >= 0; i-- {
			index[i]++
			if from += strides[i]; index[i] < a.shape[i] {
				break
			}
			from -= strides[i] * a.shape[i]
			index[i] = 0
		}
	}
	a.data = sorted
}

// WriteNPY writes the array as numpy.save does, in version 1 of the format.
func (a *Array) WriteNPY(w io.Writer) error {
	if err := a.writeNPY(w); err != nil {
		return fmt.Errorf("mlp: npy: %w", err)
	}
	return nil
}

func (a *Array) writeNPY(w io.Writer) error {
	if len(a.shape) > maxNPYSides {
		return fmt.Errorf("the array has %d sides, want at most %d", len(a.shape), maxNPYSides)
	}
	order := "<"
	if a.element.size == 1 {
		order = "|"
	}
	var shape strings.Builder
	for i, side := range a.shape {
		if i > 0 {
			shape.WriteString(" ")
		}
		shape.WriteString(strconv.Itoa(side) + ",")
	}
	tuple := shape.String()
	if len(a.shape) > 1 {
		tuple = strings.TrimSuffix(tuple, ",")
	}
	text := fmt.Sprintf("{'descr': '%s%s', 'fortran_order': False, 'shape': (%s), }", order, a.element.npy, tuple)
	const before = len(npyMagic) + 4
	pad := npyAlign - (before+len(text)+1)%npyAlign
	text += strings.Repeat(" ", pad%npyAlign) + "\n"
	header := append([]byte(npyMagic), 1, 0)
	header = binary.LittleEndian.AppendUint16(header, uint16(len(text)))
	if _, err := w.Write(append(header, text...)); err != nil {
		return err
	}
	_, err := w.Write(a.data)
	return err
}
