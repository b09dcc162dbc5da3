package mlp

import (
	"fmt"
	"math"
	"math/bits"
)

// xxh64 is the state of XXH64 with seed 0 over numbers' bytes, little-endian: a hash that tells data apart and takes
// gigabytes a second, which Fit can afford. It keeps nothing safe from a forger.
// (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md)
type xxh64 struct {
	lanes   [4]uint64
	pending [8]float32 // begun stripe of 32 bytes
	n       int        // numbers in it
	length  uint64     // bytes in all
}

const (
	xxhPrime1 uint64 = 0x9E3779B185EBCA87
	xxhPrime2 uint64 = 0xC2B2AE3D27D4EB4F
	xxhPrime3 uint64 = 0x165667B19E3779F9
	xxhPrime4 uint64 = 0x85EBCA77C2B2AE63
	xxhPrime5 uint64 = 0x27D4EB2F165667C5
)

func newXXH64() *xxh64 {
	a, b := xxhPrime1, xxhPrime2 // variables, for their sum overflows
	return &xxh64{lanes: [4]uint64{a + b, b, 0, -a}}
}

// write adds the numbers.
func (h *xxh64) write(x []float32) {
	h.length += 4 * uint64(len(x))
	if h.n > 0 {
		n := copy(h.pending[h.n:], x)
		h.n, x = h.n+n, x[n:]
		if h.n < len(h.pending) {
			return
		}
		h.stripes(h.pending[:])
	}
	whole := len(x) &^ 7
	h.stripes(x[:whole])
	h.n = copy(h.pending[:], x[whole:])
}

// stripes adds a multiple of 8 numbers.
func (h *xxh64) stripes(x []float32) {
	a, b, c, d := h.lanes[0], h.lanes[1], h.lanes[2], h.lanes[3]
	for ; len(x) >= 8; x = x[8:] {
		a = xxhRound(a, xxhWord(x[0], x[1]))
		b = xxhRound(b, xxhWord(x[2], x[3]))
		c = xxhRound(c, xxhWord(x[4], x[5]))
		d = xxhRound(d, xxhWord(x[6], x[7]))
	}
	h.lanes = [4]uint64{a, b, c, d}
}

// String returns the sum as it stands in a file: "xxh64:" and 16 hexadecimal digits.
func (h *xxh64) String() string { return fmt.Sprintf("xxh64:%016x", h.sum()) }

// sum returns the hash of all that was written.
func (h *xxh64) sum() uint64 {
	s := xxhPrime5
	if h.length >= 32 {
		s = bits.RotateLeft64(h.lanes[0], 1) + bits.RotateLeft64(h.lanes[1], 7) +
			bits.RotateLeft64(h.lanes[2], 12) + bits.RotateLeft64(h.lanes[3], 18)
		for _, lane := range h.lanes {
			s = (s^xxhRound(0, lane))*xxhPrime1 + xxhPrime4
		}
	}
	s += h.length
	rest := h.pending[:h.n]
	for ; len(rest) >= 2; rest = rest[2:] {
		s = bits.RotateLeft64(s^xxhRound(0, xxhWord(rest[0], rest[1])), 27)*xxhPrime1 + xxhPrime4
	}
	if len(rest) > 0 {
		s = bits.RotateLeft64(s^uint64(math.Float32bits(rest[0]))*xxhPrime1, 23)*xxhPrime2 + xxhPrime3
	}
	s = (s ^ s>>33) * xxhPrime2
	s = (s ^ s>>29) * xxhPrime3
	return s ^ s>>32
}

func xxhWord(low, high float32) uint64 {
	return uint64(math.Float32bits(low)) | uint64(math.Float32bits(high))<<32
}

func xxhRound(lane, word uint64) uint64 {
	return bits.RotateLeft64(lane+word*xxhPrime2, 31) * xxhPrime1
}
