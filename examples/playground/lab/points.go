package lab

import (
	"encoding/base64"
	"fmt"
)

// View is half the width of the square of the plane that the page shows.
const View = 2.0

// Classes is the number of classes that a Point may be of.
const Classes = 4

// Point is a drawn point: its cell of the view, columns from the left and rows from the top, and its class.
type Point struct {
	Column, Row uint8
	Class       uint8 // 0 … Classes-1
}

// place returns the middle of the point's cell.
func (p Point) place() (x, y float64) {
	const cell = 2 * View / 256 // a power of two: the products are exact
	return (float64(p.Column)+0.5)*cell - View, View - (float64(p.Row)+0.5)*cell
}

// A point takes 18 bits, three characters: column, row, class, the highest bit first.
var pointDigits = base64.RawURLEncoding

func formatPoints(points []Point) string {
	b := make([]byte, 0, 4*len(points))
	for _, p := range points {
		bits := uint32(p.Column)<<10 | uint32(p.Row)<<2 | uint32(p.Class)
		b = pointDigits.AppendEncode(b, []byte{byte(bits >> 10), byte(bits >> 2), byte(bits) << 6})[:len(b)+3]
	}
	return string(b)
}

func parsePoints(text string) ([]Point, error) {
	if len(text)%3 != 0 {
		return nil, fmt.Errorf("has %d characters, want three a point", len(text))
	}
	if len(text) > 3*MaxPoints {
		return nil, fmt.Errorf("has %d points, want at most %d", len(text)/3, MaxPoints)
	}
	var points []Point
	for ; len(text) > 0; text = text[3:] {
		var b [3]byte
		if _, err := pointDigits.Decode(b[:], []byte(text[:3]+"A")); err != nil {
			return nil, fmt.Errorf("has %q, want characters A … Z a … z 0 … 9 - _", text[:3])
		}
		points = append(points, Point{b[0], b[1], b[2] >> 6})
	}
	return points, nil
}
