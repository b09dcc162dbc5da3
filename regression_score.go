package mlp

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// RegressionScore holds scores of the predictions of one target, or their mean over several, each as scikit-learn
// defines it (https://scikit-learn.org/stable/modules/model_evaluation.html#regression-metrics).
type RegressionScore struct {
	R2                float64 // 1 - Σ(y-p)²/Σ(y-ȳ)²; NaN for a single row
	ExplainedVariance float64 // 1 - Var(y-p)/Var(y): R2, but for a constant error

	MeanSquaredError            float64
	RootMeanSquaredError        float64
	MeanAbsoluteError           float64
	MedianAbsoluteError         float64
	MaxError                    float64 // the largest absolute error; of several targets, the largest of all
	MeanAbsolutePercentageError float64 // mean of |y-p|/max(|y|, 2⁻⁵²): 0.1 is 10 %
	MeanSquaredLogError         float64 // of log(1+y); NaN unless all values are above -1
}

// RegressionScores compares true values y with predictions p, both [rows, targets]. It returns the scores of each
// target and their mean. weights weigh the rows, nil weighs each 1; MaxError does without them. Where all true values
// are equal, R2 and ExplainedVariance are 1 if they were met and 0 otherwise.
func RegressionScores[T float32 | float64](
	y, p []T, targets int, weights []float64,
) (each []RegressionScore, mean RegressionScore, err error) {
	if targets < 1 || len(y)%targets != 0 || len(p) != len(y) {
		return nil, mean, fmt.Errorf("mlp: RegressionScores: %d true values and %d predictions, want as many for %d targets",
			len(y), len(p), targets)
	}
	rows := len(y) / targets
	if err := checkScored("RegressionScores", rows, rows, weights); err != nil {
		return nil, mean, err
	}
	for i := range y {
		if y[i]-y[i] != 0 || p[i]-p[i] != 0 {
			return nil, mean, fmt.Errorf("mlp: RegressionScores: row %d, target %d: %v was predicted as %v, want finite values",
				i/targets, i%targets, y[i], p[i])
		}
	}
	for j := range targets {
		s := scoreTarget(y[j:], p[j:], targets, weights)
		each = append(each, s)
		mean.MaxError = max(mean.MaxError, s.MaxError)
		for i, v := range s.averaged() {
			*mean.averaged()[i] += *v
		}
	}
	for _, v := range mean.averaged() {
		*v /= float64(targets)
	}
	return each, mean, nil
}

// averaged returns the scores whose mean over targets is taken.
func (s *RegressionScore) averaged() []*float64 {
	return []*float64{&s.R2, &s.ExplainedVariance, &s.MeanSquaredError, &s.RootMeanSquaredError, &s.MeanAbsoluteError,
		&s.MedianAbsoluteError, &s.MeanAbsolutePercentageError, &s.MeanSquaredLogError}
}

// scoreTarget scores every step-th value of y and p.
func scoreTarget[T float32 | float64](y, p []T, step int, weights []float64) RegressionScore {
	rows := (len(y) + step - 1) / step
	average := func(value func(y, p float64) float64) float64 {
		sum, total := 0.0, 0.0
		for row := range rows {
			w := weightOf(weights, row)
			sum += float64(w * value(float64(y[row*step]), float64(p[row*step])))
			total += w
		}
		return sum / total
	}
	square := func(v float64) float64 { return float64(v * v) }
	meanY := average(func(y, p float64) float64 { return y })
	bias := average(func(y, p float64) float64 { return y - p })
	variance := average(func(y, p float64) float64 { return square(y - meanY) })

	var s RegressionScore
	s.MeanSquaredError = average(func(y, p float64) float64 { return square(y - p) })
	s.RootMeanSquaredError = math.Sqrt(s.MeanSquaredError)
	s.MeanAbsoluteError = average(func(y, p float64) float64 { return math.Abs(y - p) })
	s.MeanAbsolutePercentageError = average(func(y, p float64) float64 {
		return math.Abs(y-p) / max(math.Abs(y), 0x1p-52)
	})
	s.MeanSquaredLogError = average(func(y, p float64) float64 { return square(log1p64(y) - log1p64(p)) })
	s.ExplainedVariance = explained(average(func(y, p float64) float64 { return square(y - p - bias) }), variance)
	s.R2 = math.NaN()
	if rows > 1 {
		s.R2 = explained(s.MeanSquaredError, variance)
	}
	errors := make([]float64, rows)
	for row := range errors {
		errors[row] = math.Abs(float64(y[row*step]) - float64(p[row*step]))
	}
	s.MaxError = slices.Max(errors)
	s.MedianAbsoluteError = median(errors, weights)
	return s
}

// explained returns the share of a variance that is not left.
func explained(left, variance float64) float64 {
	switch {
	case left == 0:
		return 1
	case variance == 0:
		return 0
	}
	return 1 - left/variance
}

// median returns the value that half of the weight lies below, or the mean of two if any between them would do.
func median(values, weights []float64) float64 {
	var rows []int
	total := 0.0
	for row := range values {
		if w := weightOf(weights, row); w > 0 {
			rows = append(rows, row)
			total += w
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	below := 0.0
	for i, row := range rows {
		below += weightOf(weights, row)
		switch above := below - total/2; {
		case above > 0x1p-52 || above >= 0 && i == len(rows)-1:
			return values[row]
		case above >= 0:
			return (values[row] + values[rows[i+1]]) / 2
		}
	}
	return values[rows[len(rows)-1]] // where the sums' rounding hides the half
}

// log1p64 returns log(1+x), without the rounding of 1+x.
func log1p64(x float64) float64 {
	sum, rest := twoSum(1, x)
	return log64(sum) + rest/sum
}
