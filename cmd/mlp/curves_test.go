package main

import (
	"math"
	"testing"
)

func TestTicks(t *testing.T) {
	for _, span := range [][2]float64{{0.5, 1.5}, {1, 2}, {1, 3}, {1, 10}, {1, 50}, {1, 1000}, {7, 12}, {31, 60}} {
		marks := ticks{whole: true, first: true}.Ticks(span[0], span[1])
		if len(marks) == 0 || len(marks) > 10 {
			t.Errorf("epochs %v: %d ticks", span, len(marks))
		}
		for i, m := range marks {
			if m.Value != math.Trunc(m.Value) || m.Value < span[0] || m.Value > span[1] || i > 0 && m.Value <= marks[i-1].Value {
				t.Errorf("epochs %v: tick %v", span, m)
			}
		}
	}
	for _, test := range []struct {
		low, high  float64
		first, end string
		count      int
	}{
		{0.03, 1.17, "0.2", "1.0", 5},
		{-0.31, 1.05, "-0.2", "1.0", 7},
		{0, 8, "0", "8", 9},
		{0.001, 0.0042, "0.0010", "0.0040", 7},
		{0, 8e6, "0", "8e+06", 9},
	} {
		marks := ticks{}.Ticks(test.low, test.high)
		if len(marks) != test.count || marks[0].Label != test.first || marks[len(marks)-1].Label != test.end {
			t.Errorf("%v to %v: %v", test.low, test.high, marks)
		}
	}
}
