package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// leak is a feature that may tell a label by itself.
type leak struct {
	column, label int

	texts map[string][]int // of each text the rows of each class; nil for numbers

	// Of a label that is a number: sums over the rows that have both, of products of the distances from the means.
	rows       int
	xx, xy, yy float64
}

// What is no chance any more, short of telling the label in each row.
const (
	minNearRows     = 50
	nearShare       = 0.99 // of the rows
	nearError       = 0.1  // of the rows that the largest class alone would get wrong
	nearCorrelation = 0.999
)

func (l *leak) addText(text string, class, classes int) {
	if l.texts[text] == nil {
		l.texts[strings.Clone(text)] = make([]int, classes)
	}
	l.texts[text][class]++
}

func (l *leak) addProducts(dx, dy float64) {
	l.rows++
	l.xx, l.xy, l.yy = l.xx+dx*dx, l.xy+dx*dy, l.yy+dy*dy
}

// numbersOf returns the numbers of a feature and a label in those rows that have both, by the feature's.
func (r *relations) numbersOf(l leak) (pairs [][2]float64) {
	labels := r.kept[l.label]
	for i, x := range r.kept[l.column] {
		if y := labels[i]; x == x && y == y {
			pairs = append(pairs, [2]float64{x, y})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
	return pairs
}

// tellsClass tells how well the feature alone tells the class, or "" if it does not.
func (r *relations) tellsClass(l leak, label string) string {
	totals := make([]int, len(r.table.classes)) // of each class
	right := 0
	if l.texts != nil {
		for _, classes := range l.texts {
			for class, n := range classes {
				totals[class] += n
			}
			right += slices.Max(classes)
		}
	} else {
		pairs := r.numbersOf(l)
		for _, p := range pairs {
			totals[int(p[1])]++
		}
		right = rightByIntervals(pairs, totals)
	}
	rows := 0
	for _, n := range totals {
		rows += n
	}
	others := rows - slices.Max(totals)
	switch {
	case others < minLeakRows || float64(rows-right) > nearError*float64(others):
	case right == rows && l.texts != nil:
		return fmt.Sprintf("tells %q by itself: no two classes share a value", label)
	case right == rows && r.stride == 1:
		return fmt.Sprintf("tells %q by itself: no two classes overlap", label)
	case rows >= minNearRows && float64(right) >= nearShare*float64(rows):
		return fmt.Sprintf("alone tells %q in %v%% of the rows", label, math.Floor(1000*float64(right)/float64(rows))/10)
	}
	return ""
}

// rightByIntervals returns the most rows that are of the class of their interval, if each class has one interval of
// numbers, in the order of the classes' medians. pairs are numbers in rising order with their classes, which have that
// many rows in total.
func rightByIntervals(pairs [][2]float64, totals []int) int {
	var order []int // of the classes
	seen := make([]int, len(totals))
	for _, p := range pairs {
		class := int(p[1])
		if seen[class]++; seen[class] == (totals[class]+1)/2 {
			order = append(order, class)
		}
	}
	right := make([]int, len(order)) // of the numbers so far, if the interval of order[k] is the last
	equal := make([]int, len(totals))
	for i, p := range pairs {
		equal[int(p[1])]++
		if i+1 < len(pairs) && pairs[i+1][0] == p[0] {
			continue
		}
		best := 0
		for k, class := range order {
			best = max(best, right[k])
			right[k] = best + equal[class]
		}
		clear(equal)
	}
	return slices.Max(append(right, 0))
}

// tellsNumber tells how close the feature is to the label in other units, or "" if it is not.
func (r *relations) tellsNumber(l leak, label string) string {
	const rounded = 1e-6 // of 1 - r², for numbers that were rounded when they were written
	square := l.xy / l.xx * (l.xy / l.yy)
	if l.rows >= minLeakRows && 1-square < rounded {
		return fmt.Sprintf("is %q in other units", label)
	}
	if l.rows < minNearRows {
		return ""
	}
	if v := math.Copysign(math.Sqrt(square), l.xy); math.Abs(v) >= nearCorrelation {
		return fmt.Sprintf("has the correlation %.4g with %q", v, label)
	}
	if v := rankCorrelation(r.numbersOf(l)); math.Abs(v) >= nearCorrelation {
		return fmt.Sprintf("has the rank correlation %.4g with %q", v, label)
	}
	return ""
}

// rankCorrelation returns Spearman's coefficient of pairs, which it sorts: 1 if one number rises with the other, -1 if it
// falls.
func rankCorrelation(pairs [][2]float64) float64 {
	for side := range 2 {
		slices.SortFunc(pairs, func(a, b [2]float64) int { return cmp.Compare(a[side], b[side]) })
		for i := 0; i < len(pairs); {
			end := i + 1
			for end < len(pairs) && pairs[end][side] == pairs[i][side] {
				end++
			}
			rank := float64(i+end-1) / 2 // the mean of equal ones
			for ; i < end; i++ {
				pairs[i][side] = rank
			}
		}
	}
	var all leak
	mean := float64(len(pairs)-1) / 2
	for _, p := range pairs {
		all.addProducts(p[0]-mean, p[1]-mean)
	}
	return all.xy / math.Sqrt(float64(all.xx*all.yy))
}
