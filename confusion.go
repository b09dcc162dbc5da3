package mlp

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ConfusionMatrix counts the rows of each class by the class that they were taken for. The scores of classified rows
// come from it, each as scikit-learn defines it (https://scikit-learn.org/stable/modules/model_evaluation.html).
type ConfusionMatrix struct {
	Labels []int     // the classes
	Counts []float64 // [true label, predicted label], in the order of Labels: rows, or the sum of their weights

	weighted bool      // so supports are no counts
	supports []float64 // [label], summed row by row as scikit-learn does; nil where the rows are not known
}

// maxConfusionClasses bounds the side of the matrix, which has its square in memory.
const maxConfusionClasses = 1 << 12

// NewConfusionMatrix compares the true class of each row with the predicted one. Labels are the classes that occur in
// either, in rising order. weights weigh the rows, nil weighs each 1.
func NewConfusionMatrix(truth, predicted []int, weights []float64) (*ConfusionMatrix, error) {
	if err := checkScored("ConfusionMatrix", len(truth), len(predicted), weights); err != nil {
		return nil, err
	}
	labels := distinct(truth, predicted)
	if len(labels) > maxConfusionClasses {
		return nil, fmt.Errorf("mlp: ConfusionMatrix: %d classes, want at most %d", len(labels), maxConfusionClasses)
	}
	m := newConfusion(labels, weights != nil)
	m.supports = make([]float64, len(labels))
	index := labelIndex(labels)
	for row, label := range truth {
		weight := weightOf(weights, row)
		m.Counts[index[label]*len(labels)+index[predicted[row]]] += weight
		m.supports[index[label]] += weight
	}
	return m, nil
}

func newConfusion(labels []int, weighted bool) *ConfusionMatrix {
	return &ConfusionMatrix{Labels: labels, Counts: make([]float64, len(labels)*len(labels)), weighted: weighted}
}

// checkScored reports what keeps rows from being scored.
func checkScored(what string, truth, predicted int, weights []float64) error {
	switch {
	case truth == 0:
		return fmt.Errorf("mlp: %s: there are no rows", what)
	case truth != predicted:
		return fmt.Errorf("mlp: %s: %d true values and %d predicted ones, want as many", what, truth, predicted)
	case weights != nil && len(weights) != truth:
		return fmt.Errorf("mlp: %s: %d weights for %d rows", what, len(weights), truth)
	}
	if weights == nil {
		return nil
	}
	sum := 0.0
	for row, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("mlp: %s: the weight of row %d is %v, want a finite weight >= 0", what, row, w)
		}
		sum += w
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return fmt.Errorf("mlp: %s: the weights sum to %v, want a finite sum above 0", what, sum)
	}
	return nil
}

// weightOf returns the weight of a row, 1 where there are none.
func weightOf(weights []float64, row int) float64 {
	if weights == nil {
		return 1
	}
	return weights[row]
}

// distinct returns the values that occur in any list, in rising order.
func distinct(lists ...[]int) []int {
	seen := make(map[int]struct{})
	var values []int
	for _, list := range lists {
		for _, v := range list {
			if _, ok := seen[v]; !ok {
				seen[v] = struct{}{}
				values = append(values, v)
			}
		}
	}
	slices.Sort(values)
	return values
}

// labelIndex returns the place of each label in the list.
func labelIndex(labels []int) map[int]int {
	index := make(map[int]int, len(labels))
	for i, label := range labels {
		index[label] = i
	}
	return index
}

// Select returns the matrix of those labels alone, in that order, some of which may be classes without rows. Rows of
// other classes, and those taken for them, are left out.
func (m *ConfusionMatrix) Select(labels []int) (*ConfusionMatrix, error) {
	if len(labels) > maxConfusionClasses {
		return nil, fmt.Errorf("mlp: ConfusionMatrix: %d classes, want at most %d", len(labels), maxConfusionClasses)
	}
	if err := checkLabels(labels); err != nil {
		return nil, fmt.Errorf("mlp: ConfusionMatrix: %w", err)
	}
	s := newConfusion(slices.Clone(labels), m.weighted)
	index := labelIndex(m.Labels)
	truths, _ := m.sums()
	rows := 0.0
	for i, truth := range labels {
		from, ok := index[truth]
		if !ok {
			continue
		}
		rows += truths[from]
		for j, predicted := range labels {
			if to, ok := index[predicted]; ok {
				s.Counts[i*len(labels)+j] = m.Counts[from*len(m.Labels)+to]
			}
		}
	}
	if rows == 0 {
		return nil, errors.New("mlp: ConfusionMatrix: none of the labels has a row, want at least one")
	}
	return s, nil
}

// checkLabels reports a list of classes that is empty or names one twice.
func checkLabels(labels []int) error {
	if len(labels) == 0 {
		return errors.New("there are no labels")
	}
	index := labelIndex(labels)
	for i, label := range labels {
		if index[label] != i {
			return fmt.Errorf("the label %d stands twice", label)
		}
	}
	return nil
}

// ByTruth returns the matrix as shares of each true class: its diagonal holds the recalls.
func (m *ConfusionMatrix) ByTruth() *ConfusionMatrix {
	truths, _ := m.sums()
	return m.divided(func(i, j int) float64 { return truths[i] })
}

// ByPrediction returns the matrix as shares of each predicted class: its diagonal holds the precisions.
func (m *ConfusionMatrix) ByPrediction() *ConfusionMatrix {
	_, predictions := m.sums()
	return m.divided(func(i, j int) float64 { return predictions[j] })
}

// ByTotal returns the matrix as shares of all rows.
func (m *ConfusionMatrix) ByTotal() *ConfusionMatrix {
	total := m.total()
	return m.divided(func(i, j int) float64 { return total })
}

// divided returns a copy whose counts are divided; what is divided by 0 becomes 0.
func (m *ConfusionMatrix) divided(by func(i, j int) float64) *ConfusionMatrix {
	d := newConfusion(slices.Clone(m.Labels), true)
	for k, v := range m.Counts {
		d.Counts[k] = quotient(v, by(k/len(m.Labels), k%len(m.Labels)))
	}
	return d
}

// sums returns the number of rows of each class, and of those taken for it.
func (m *ConfusionMatrix) sums() (truths, predictions []float64) {
	n := len(m.Labels)
	truths, predictions = make([]float64, n), make([]float64, n)
	for k, v := range m.Counts {
		truths[k/n] += v
		predictions[k%n] += v
	}
	return truths, predictions
}

func (m *ConfusionMatrix) total() float64 {
	sum := 0.0
	for _, v := range m.Counts {
		sum += v
	}
	return sum
}

// Correct returns the number of rows that were classified correctly, or the sum of their weights.
func (m *ConfusionMatrix) Correct() float64 {
	sum := 0.0
	for i := range m.Labels {
		sum += m.Counts[i*len(m.Labels)+i]
	}
	return sum
}

// Accuracy returns the share of rows that were classified correctly.
func (m *ConfusionMatrix) Accuracy() float64 { return m.Correct() / m.total() }

// BalancedAccuracy returns the mean recall of the classes that have rows.
func (m *ConfusionMatrix) BalancedAccuracy() float64 {
	truths, _ := m.sums()
	sum, classes := 0.0, 0
	for i, n := range truths {
		if n != 0 {
			sum += m.Counts[i*len(m.Labels)+i] / n
			classes++
		}
	}
	return sum / float64(classes)
}

// Matthews returns Matthews' correlation coefficient, from -1 to 1; 0 where all rows are, or are taken for, one class.
func (m *ConfusionMatrix) Matthews() float64 {
	truths, predictions := m.sums()
	total := m.total()
	covariance := float64(m.Correct() * total)
	truthVariance, predictionVariance := float64(total*total), float64(total*total)
	for i, t := range truths {
		p := predictions[i]
		covariance -= float64(t * p)
		truthVariance -= float64(t * t)
		predictionVariance -= float64(p * p)
	}
	product := truthVariance * predictionVariance
	if product == 0 {
		return 0
	}
	return covariance / math.Sqrt(product)
}

// CohenKappa returns Cohen's kappa: 1 less the mistakes over those that chance would make. With power 0 every mistake
// weighs the same; else one between the classes at places i and j weighs |i-j|^power: 1 gives the linear weights and 2
// the quadratic ones. It is NaN where chance makes no mistakes.
func (m *ConfusionMatrix) CohenKappa(power int) float64 {
	truths, predictions := m.sums()
	total := m.total()
	n := len(m.Labels)
	mistakes, expected := 0.0, 0.0
	for k, v := range m.Counts {
		i, j := k/n, k%n
		if i == j {
			continue
		}
		weight := 1.0
		for range power {
			weight *= math.Abs(float64(i - j))
		}
		mistakes += float64(weight * v)
		expected += float64(weight * (truths[i] * predictions[j] / total))
	}
	return 1 - mistakes/expected
}
