package main

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
)

// lineSize bounds a line, in bytes.
const lineSize = 4096

var errTooLong = fmt.Errorf("it has more than %d bytes", lineSize)

// readLine returns the next line, which is valid until the next call, or errTooLong in its place, or the reader's error. A last
// line without its end, which a broken wire has cut off, is no line.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	for err == bufio.ErrBufferFull {
		_, err = r.ReadSlice('\n')
	}
	if err == nil {
		err = errTooLong
	}
	return nil, err
}

// maxValue bounds what a sensor can mean.
const maxValue = 1e9

// parseLine puts the numbers of a line into dst and returns how many there are, at most len(dst).
func parseLine(dst []float32, line []byte) (n int, err error) {
	for more := true; more; n++ {
		var field []byte
		field, line, more = bytes.Cut(line, []byte{','})
		if n == len(dst) {
			return n, fmt.Errorf("it has more than %d fields", len(dst))
		}
		field = bytes.TrimSpace(field)
		v, err := strconv.ParseFloat(string(field), 32)
		if err != nil {
			return n, fmt.Errorf("field %d is %.20q, want a number", n+1, field)
		}
		if !(v >= -maxValue && v <= maxValue) {
			return n, fmt.Errorf("field %d is %v, want -1e9 … 1e9", n+1, v)
		}
		dst[n] = float32(v)
	}
	return n, nil
}
