package mlp

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ClassScore holds precision, recall and F-score of one class, or their average over several.
type ClassScore struct {
	Label     int     // 0 of an average
	Precision float64 // share of the rows taken for the class that are of it
	Recall    float64 // share of the rows of the class that are taken for it
	FScore    float64 // (1+β²)·tp / ((1+β²)·tp + β²·fn + fp), the weighted harmonic mean of the two
	Support   float64 // rows of the class, or of all of them
}

// ClassScoreConfig says how classes are scored; its fields are those of scikit-learn's precision_recall_fscore_support.
type ClassScoreConfig struct {
	// Labels are the classes to score, which may have no rows; nil means all. A row of another class that is taken for
	// one of them still counts as a false positive, and one of theirs that is taken for another class as a false
	// negative.
	Labels []int

	Beta         float64 // weight of recall in FScore against that of precision; 0 means 1
	ZeroDivision float64 // stands in for a score without denominator: 0, 1, or NaN, which averages leave out
}

func (c *ClassScoreConfig) check() error {
	if c.Labels != nil {
		if err := checkLabels(c.Labels); err != nil {
			return err
		}
	}
	if !(c.Beta >= 0) {
		return fmt.Errorf("Beta is %v, want 0 or more", c.Beta)
	}
	if z := c.ZeroDivision; z != 0 && z != 1 && z == z {
		return fmt.Errorf("ZeroDivision is %v, want 0, 1 or NaN", z)
	}
	return nil
}

// Scores returns the scores of each class.
func (m *ConfusionMatrix) Scores(cfg ClassScoreConfig) ([]ClassScore, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("mlp: class scores: %w", err)
	}
	counts := m.classCounts(cfg.Labels)
	scores := make([]ClassScore, len(counts))
	for i, c := range counts {
		scores[i] = c.score(cfg)
	}
	return scores, nil
}

// AverageScore returns the scores of the classes together: the plain mean of each, the mean weighted by the rows of the
// classes, or the score of the classes' summed counts. Support is the sum.
func (m *ConfusionMatrix) AverageScore(average Average, cfg ClassScoreConfig) (ClassScore, error) {
	if average > WeightedAverage {
		return ClassScore{}, fmt.Errorf("mlp: class scores: %w", errAverage(average))
	}
	if err := cfg.check(); err != nil {
		return ClassScore{}, fmt.Errorf("mlp: class scores: %w", err)
	}
	return averageScore(m.classCounts(cfg.Labels), average, cfg), nil
}

// errAverage tells of an average that is none.
func errAverage(a Average) error {
	return fmt.Errorf("Average is %d, want MacroAverage, MicroAverage or WeightedAverage", a)
}

// classCount holds the rows of a class, those that were taken for it, and those that are both.
type classCount struct {
	label                     int
	hits, truths, predictions float64
}

// classCounts counts the rows of those classes, or of all.
func (m *ConfusionMatrix) classCounts(labels []int) []classCount {
	if labels == nil {
		labels = m.Labels
	}
	truths, predictions := m.sums()
	index := labelIndex(m.Labels)
	counts := make([]classCount, len(labels))
	for i, label := range labels {
		counts[i].label = label
		if at, ok := index[label]; ok {
			hits := m.Counts[at*len(m.Labels)+at]
			counts[i] = classCount{label, hits, truths[at], predictions[at]}
			if m.supports != nil {
				counts[i].truths = hits + (m.supports[at] - hits) // scikit-learn's last bit, which its report shows
			}
		}
	}
	return counts
}

func (c classCount) score(cfg ClassScoreConfig) ClassScore {
	divide := func(a, b float64) float64 {
		if b == 0 {
			return cfg.ZeroDivision
		}
		return a / b
	}
	s := ClassScore{
		Label:     c.label,
		Precision: divide(c.hits, c.predictions),
		Recall:    divide(c.hits, c.truths),
		Support:   c.truths,
	}
	beta := or(cfg.Beta, 1)
	if math.IsInf(beta, 1) {
		s.FScore = s.Recall
	} else {
		square := float64(beta * beta)
		s.FScore = divide((1+square)*c.hits, float64(square*c.truths)+c.predictions)
	}
	return s
}

func averageScore(counts []classCount, average Average, cfg ClassScoreConfig) ClassScore {
	var all classCount
	scores := make([]ClassScore, len(counts))
	weights := make([]float64, len(counts))
	for i, c := range counts {
		all.hits += c.hits
		all.truths += c.truths
		all.predictions += c.predictions
		scores[i] = c.score(cfg)
		weights[i] = 1
		if average == WeightedAverage {
			weights[i] = c.truths
		}
	}
	if average == MicroAverage {
		return all.score(cfg)
	}
	mean := func(value func(s ClassScore) float64) float64 {
		values := make([]float64, len(scores))
		for i, s := range scores {
			values[i] = value(s)
		}
		return meanOfKnown(values, weights)
	}
	return ClassScore{
		Precision: mean(func(s ClassScore) float64 { return s.Precision }),
		Recall:    mean(func(s ClassScore) float64 { return s.Recall }),
		FScore:    mean(func(s ClassScore) float64 { return s.FScore }),
		Support:   all.truths,
	}
}

// meanOfKnown returns the weighted mean of the values that are not NaN, or their plain mean if all weights are 0.
func meanOfKnown(values, weights []float64) float64 {
	weighted, weight, sum, n := 0.0, 0.0, 0.0, 0.0
	for i, v := range values {
		if v == v {
			weighted += float64(v * weights[i])
			weight += weights[i]
			sum += v
			n++
		}
	}
	if weight == 0 {
		return sum / n
	}
	return weighted / weight
}

// ReportConfig says what a classification report looks like; its fields are those of scikit-learn's
// classification_report.
type ReportConfig struct {
	Labels       []int    // the classes to list, as in ClassScoreConfig
	TargetNames  []string // their names; nil means the labels themselves
	Digits       int      // decimals of the scores; 0 means 2
	ZeroDivision float64  // as in ClassScoreConfig
}

// Report returns a table of the classes' scores and their averages, with the very text of scikit-learn's
// classification_report. Where Labels leave out a class that has rows, or that rows are taken for, the micro average
// stands in place of the accuracy.
func (m *ConfusionMatrix) Report(cfg ReportConfig) (string, error) {
	scoring := ClassScoreConfig{Labels: cfg.Labels, ZeroDivision: cfg.ZeroDivision}
	scores, err := m.Scores(scoring)
	if err != nil {
		return "", err
	}
	names := cfg.TargetNames
	switch {
	case names == nil:
		for _, s := range scores {
			names = append(names, strconv.Itoa(s.Label))
		}
	case len(names) != len(scores):
		return "", fmt.Errorf("mlp: classification report: %d TargetNames for %d classes", len(names), len(scores))
	}
	if cfg.Digits < 0 {
		return "", fmt.Errorf("mlp: classification report: Digits is %d, want 0 or more", cfg.Digits)
	}
	t := reportText{digits: cmp.Or(cfg.Digits, 2), fractions: m.weighted || m.Correct() == 0}
	t.width = max(len("weighted avg"), t.digits)
	for _, name := range names {
		t.width = max(t.width, utf8.RuneCountInString(name))
	}
	fmt.Fprintf(&t, "%*s  %9s %9s %9s %9s\n\n", t.width, "", "precision", "recall", "f1-score", "support")
	for i, s := range scores {
		t.row(names[i], s)
	}
	t.WriteString("\n")
	counts := m.classCounts(cfg.Labels)
	if micro := averageScore(counts, MicroAverage, scoring); m.isComplete(cfg.Labels) {
		fmt.Fprintf(&t, "%*s  %9s %9s %s %9s\n", t.width, "accuracy", "", "", t.score(micro.FScore), t.support(micro))
	} else {
		t.row("micro avg", micro)
	}
	t.row("macro avg", averageScore(counts, MacroAverage, scoring))
	t.row("weighted avg", averageScore(counts, WeightedAverage, scoring))
	return t.String(), nil
}

// isComplete reports whether labels, or nil for all, name every class that has rows or that rows are taken for; also
// rows that weigh nothing.
func (m *ConfusionMatrix) isComplete(labels []int) bool {
	for _, c := range m.classCounts(nil) {
		occurs := m.supports != nil || c.truths+c.predictions != 0
		if labels != nil && occurs && !slices.Contains(labels, c.label) {
			return false
		}
	}
	return true
}

// reportText is a classification report in the making.
type reportText struct {
	strings.Builder
	width, digits int
	fractions     bool // supports are floats: with weights and, in scikit-learn's own way, where no row is right
}

func (t *reportText) row(name string, s ClassScore) {
	fmt.Fprintf(t, "%*s  %s %s %s %9s\n", t.width, name, t.score(s.Precision), t.score(s.Recall), t.score(s.FScore),
		t.support(s))
}

func (t *reportText) score(v float64) string {
	if v != v {
		return fmt.Sprintf("%9s", "nan")
	}
	return fmt.Sprintf("%9.*f", t.digits, v)
}

// support writes a number of rows, or a float as Python does.
func (t *reportText) support(s ClassScore) string {
	switch v := s.Support; {
	case !t.fractions:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v != 0 && (v < 1e-4 || v >= 1e16):
		return strconv.FormatFloat(v, 'g', -1, 64)
	case v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
}
