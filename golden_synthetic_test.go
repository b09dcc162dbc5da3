package mlp

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// syntheticCase is a call of one of scikit-learn's generators of data sets, with all that it returned, or with some
// rows, the sums of the columns and hashes.
type syntheticCase struct {
	Fn     string          `json:"fn"`
	Params syntheticParams `json:"params"`
	Shape  []int           `json:"shape"`

	X       goldenMatrix `json:"X"`
	Y       goldenMatrix `json:"y"`
	Coef    goldenMatrix `json:"coef"`
	Centers goldenMatrix `json:"centers"`

	Rows []struct {
		I int          `json:"i"`
		X goldenMatrix `json:"X"`
		Y goldenMatrix `json:"y"`
	} `json:"rows"`
	ColumnSums    []goldenFloat `json:"column_sums"`
	ColumnAbsSums []goldenFloat `json:"column_abs_sums"`
	YSum          goldenMatrix  `json:"y_sum"`

	// The hashes hang on the last bits of NumPy's log, sin and cos, which the tolerance leaves open.
	SHA256X string `json:"sha256_X"`
	SHA256Y string `json:"sha256_y"`

	Error string `json:"error"`
}

// syntheticParams are the arguments of all generators; nil is not given.
type syntheticParams struct {
	Samples          oneOrMany[int]     `json:"n_samples"`
	Features         *int               `json:"n_features"`
	Informative      *int               `json:"n_informative"`
	Redundant        *int               `json:"n_redundant"`
	Repeated         *int               `json:"n_repeated"`
	Classes          *int               `json:"n_classes"`
	ClustersPerClass *int               `json:"n_clusters_per_class"`
	Weights          []float64          `json:"weights"`
	FlipY            *float64           `json:"flip_y"`
	ClassSep         *float64           `json:"class_sep"`
	Hypercube        *bool              `json:"hypercube"`
	Shift            json.RawMessage    `json:"shift"` // null draws it
	Scale            json.RawMessage    `json:"scale"` // null draws it
	Shuffle          *bool              `json:"shuffle"`
	RandomState      uint32             `json:"random_state"`
	Targets          *int               `json:"n_targets"`
	Bias             float64            `json:"bias"`
	Noise            float64            `json:"noise"` // null is none
	EffectiveRank    *int               `json:"effective_rank"`
	TailStrength     *float64           `json:"tail_strength"`
	Factor           *float64           `json:"factor"`
	Centers          json.RawMessage    `json:"centers"` // their number, or themselves
	ClusterStd       oneOrMany[float64] `json:"cluster_std"`
	CenterBox        []float64          `json:"center_box"`
}

func (c *syntheticCase) check(f *sklearnFile) error {
	s, extra, err := c.Params.generate(c.Fn)
	if c.Error != "" {
		return checkRefused(err, c.Error)
	}
	if err != nil {
		return err
	}
	if err := checkEqual("shape", []int{len(s.x) / s.features, s.features}, c.Shape); err != nil {
		return err
	}
	tolX, tolY, tolSums := f.tolerance("X"), tolerance{}, f.tolerance("column sums")
	if c.Fn == "make_regression" {
		tolY = f.tolerance("y of make_regression")
	}
	if c.Coef != nil {
		if err := tolX.check("coef", extra, c.Coef); err != nil {
			return err
		}
	}
	if c.Centers != nil {
		if err := tolX.check("centers", extra, c.Centers); err != nil {
			return err
		}
	}
	if c.X != nil {
		if err := firstError(tolX.check("X", s.x, c.X), tolY.check("y", s.y, c.Y)); err != nil {
			return err
		}
	}
	for _, row := range c.Rows {
		if err := firstError(
			tolX.check(fmt.Sprintf("X of row %d", row.I), s.row(row.I), row.X),
			tolY.check(fmt.Sprintf("y of row %d", row.I), s.y[row.I*s.targets:][:s.targets], row.Y),
		); err != nil {
			return err
		}
	}
	if c.ColumnSums == nil {
		return nil
	}
	sums, absSums := columnSums(s.x, s.features)
	ySums, _ := columnSums(s.y, s.targets)
	return firstError(
		tolSums.check("column sums", sums, c.ColumnSums),
		tolSums.check("column sums of absolute values", absSums, c.ColumnAbsSums),
		tolSums.check("sum of y", ySums, c.YSum),
	)
}

func columnSums(x []float64, columns int) (sums, absSums []float64) {
	sums, absSums = make([]float64, columns), make([]float64, columns)
	for i, v := range x {
		sums[i%columns] += v
		absSums[i%columns] += math.Abs(v)
	}
	return sums, absSums
}

// generate also returns the coefficients of make_regression, or the centers of make_blobs.
func (p *syntheticParams) generate(fn string) (s *synthetic, extra []float64, err error) {
	if len(p.Samples) > 2 && fn != "make_blobs" {
		return nil, nil, fmt.Errorf("%d numbers of samples, want one or two", len(p.Samples))
	}
	for _, v := range []*int{p.Features, p.Classes, p.ClustersPerClass, p.Targets, p.EffectiveRank} {
		if isZero(v) {
			return nil, nil, errZero
		}
	}
	if isZero(p.ClassSep) || (isZero(p.Informative) && fn == "make_classification") {
		return nil, nil, errZero
	}
	if len(p.Samples) == 1 && p.Samples[0] == 0 {
		return nil, nil, errZero
	}
	noShuffle := p.Shuffle != nil && !*p.Shuffle
	samples, outer, inner := valueOr(p.Samples), 0, 0
	if len(p.Samples) == 2 {
		samples, outer, inner = 0, p.Samples[0], p.Samples[1]
	}
	switch fn {
	case "make_classification":
		cfg, err := p.classificationConfig()
		if err != nil {
			return nil, nil, err
		}
		s, err = generateClassification(cfg)
		return s, nil, err
	case "make_regression":
		cfg := RegressionConfig{
			Samples: samples, Features: deref(p.Features), Informative: deref(p.Informative), Targets: deref(p.Targets),
			Bias: p.Bias, Noise: p.Noise, NoShuffle: noShuffle, RandomState: p.RandomState,
			NoInformative: isZero(p.Informative), EffectiveRank: deref(p.EffectiveRank),
		}
		if cfg.EffectiveRank > 0 { // else scikit-learn does not look at it
			cfg.TailStrength, cfg.NoTail = deref(p.TailStrength), isZero(p.TailStrength)
		}
		return generateRegression(cfg)
	case "make_moons":
		s, err = generateMoons(MoonsConfig{
			Samples: samples, Outer: outer, Inner: inner, Noise: p.Noise, NoShuffle: noShuffle, RandomState: p.RandomState,
		})
		return s, nil, err
	case "make_circles":
		s, err = generateCircles(CirclesConfig{
			Samples: samples, Outer: outer, Inner: inner, Factor: deref(p.Factor), InnerPoint: isZero(p.Factor),
			Noise: p.Noise, NoShuffle: noShuffle, RandomState: p.RandomState,
		})
		return s, nil, err
	case "make_blobs":
		cfg := BlobsConfig{
			Samples: samples, Features: deref(p.Features), StdDev: p.ClusterStd, CenterBox: p.CenterBox,
			NoShuffle: noShuffle, RandomState: p.RandomState,
		}
		if len(p.Samples) > 1 {
			cfg.Samples, cfg.SamplesPerCenter = 0, p.Samples
		}
		if p.Centers != nil && json.Unmarshal(p.Centers, &cfg.Centers) != nil {
			if err := json.Unmarshal(p.Centers, &cfg.CenterPoints); err != nil {
				return nil, nil, err
			}
			cfg.Features = 0 // which scikit-learn does not look at then
		}
		if string(p.Centers) == "0" {
			return nil, nil, errZero
		}
		return generateBlobs(cfg)
	}
	return nil, nil, errUnsupported(fn)
}

func (p *syntheticParams) classificationConfig() (ClassificationConfig, error) {
	cfg := ClassificationConfig{
		Samples: valueOr(p.Samples), Features: deref(p.Features), Classes: deref(p.Classes),
		ClustersPerClass: deref(p.ClustersPerClass),
		Informative:      deref(p.Informative), Redundant: deref(p.Redundant), Repeated: deref(p.Repeated),
		NoRedundant: isZero(p.Redundant),
		Weights:     p.Weights,
		FlipY:       deref(p.FlipY), NoFlip: isZero(p.FlipY),
		ClassSep:    deref(p.ClassSep),
		Polytope:    p.Hypercube != nil && !*p.Hypercube,
		NoShuffle:   p.Shuffle != nil && !*p.Shuffle,
		RandomState: p.RandomState,
	}
	var err error
	if cfg.Shift, cfg.RandomShift, err = drawnIfNull(p.Shift); err != nil {
		return cfg, err
	}
	cfg.Scale, cfg.RandomScale, err = drawnIfNull(p.Scale)
	return cfg, err
}

// drawnIfNull decodes an argument that is a number, one number a feature, or null, which draws them.
func drawnIfNull(text []byte) (values []float64, random bool, err error) {
	switch string(text) {
	case "":
		return nil, false, nil
	case "null":
		return nil, true, nil
	}
	err = json.Unmarshal(text, (*oneOrMany[float64])(&values))
	return values, false, err
}

// isZero reports whether an argument is given, and 0.
func isZero[T int | float64](p *T) bool { return p != nil && *p == 0 }

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func valueOr(samples []int) int {
	if len(samples) == 0 {
		return 0
	}
	return samples[0]
}

// traceCase is one call of make_classification, step by step.
type traceCase struct {
	Params syntheticParams `json:"params"`
	Steps  []struct {
		Step  string       `json:"step"`
		Value goldenMatrix `json:"value"`
	} `json:"steps"`
}

func (tc *traceCase) check(f *sklearnFile) error {
	cfg, err := tc.Params.classificationConfig()
	if err != nil {
		return err
	}
	c, err := newClassification(cfg)
	if err != nil {
		return err
	}
	tol := f.tolerance("doubles")
	n := c.cfg.Informative
	var flipped []int
	for _, step := range tc.Steps {
		r := *c.r // draws what the next step will draw
		var got []float64
		switch name := step.Step; {
		case name == "samples per cluster":
			got = floatsOf(c.sizes)
		case name == "hypercube vertices (0/1)":
			got = hypercubeCorners(&r, len(c.sizes), n)
		case name == "centroids":
			c.placeCentroids()
			got = c.centroids
		case name == "informative columns as drawn":
			c.fillNormal(c.r, 0, n)
			got = c.columns(0, n)
		case strings.HasPrefix(name, "A of cluster "):
			var k int
			if _, err := fmt.Sscanf(name, "A of cluster %d", &k); err != nil {
				return err
			}
			got = randomMatrix(&r, n*n)
			c.mixCluster(k)
		case name == "informative columns when mixed and moved":
			got = c.columns(0, n)
		case name == "B":
			got = randomMatrix(&r, n*c.cfg.Redundant)
			c.combineRedundant()
		case name == "columns repeated":
			c.copyRepeated()
			from := c.useful() - c.cfg.Repeated
			for j, original := range step.Value {
				original := int(original)
				copies, originals := c.columns(from+j, from+j+1), c.columns(original, original+1)
				if err := checkEqual("repeated column", copies, originals); err != nil {
					return err
				}
			}
			continue
		case name == "useless columns":
			c.fillNormal(c.r, c.useful(), c.features)
			got = c.columns(c.useful(), c.features)
		case name == "rows whose label is redrawn":
			for i := range c.y {
				if r.RandomSample() < c.cfg.FlipY {
					flipped = append(flipped, i)
				}
			}
			got = floatsOf(flipped)
			c.flipClasses()
		case name == "their new labels":
			for _, i := range flipped {
				got = append(got, c.y[i])
			}
		case name == "X before shuffling":
			c.shiftAndScale()
			got = c.x
		case name == "row order":
			got = floatsOf(r.Permutation(len(c.y)))
			c.shuffleRows(c.r)
		case name == "column order":
			got = floatsOf(c.shuffleColumns(c.r))
		case name == "X":
			got = c.x
		case name == "y", name == "y before shuffling":
			got = c.y
		default:
			return fmt.Errorf("step %q is unknown", name)
		}
		if err := tol.check(step.Step, got, step.Value); err != nil {
			return err
		}
	}
	return nil
}

func (s *synthetic) columns(from, to int) (values []float64) {
	for i := range len(s.x) / s.features {
		values = append(values, s.row(i)[from:to]...)
	}
	return values
}

func floatsOf(integers []int) []float64 {
	x := make([]float64, len(integers))
	for i, v := range integers {
		x[i] = float64(v)
	}
	return x
}
