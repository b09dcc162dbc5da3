package mlp

import "fmt"

// ClassificationConfig says what MakeClassification makes; its fields are those of scikit-learn's make_classification.
type ClassificationConfig struct {
	Samples          int // rows; 0 means 100
	Features         int // columns; 0 means 20
	Classes          int // 0 means 2
	ClustersPerClass int // 0 means 2

	// The kinds of features; those that are none of these kinds are noise.
	Informative int  // features that tell the classes apart; 0 means 2
	Redundant   int  // linear combinations of informative features; 0 means 2
	NoRedundant bool // make no redundant features
	Repeated    int  // copies of informative and redundant features

	// Weights are the shares of the samples that the classes get, one a class; the last may be left out. If they sum to
	// more than 1, the last clusters go short. Nil gives all classes the same share.
	Weights []float64

	FlipY    float64 // share of the rows that get a class at random, at most 1; 0 means 0.01
	NoFlip   bool    // flip no class
	ClassSep float64 // half the distance between clusters; 0 means 1

	Polytope    bool      // put clusters on the corners of a random polytope, not of a hypercube
	Shift       []float64 // added to the features, one for all or one each; nil adds nothing
	RandomShift bool      // add a random number of [-ClassSep, ClassSep) to each feature
	Scale       []float64 // multiplies the features after Shift, one for all or one each; nil means 1
	RandomScale bool      // multiply each feature by a random number of [1, 101)

	NoShuffle   bool // keep rows in the order of clusters, columns in the order of kinds
	RandomState uint32
}

// MakeClassification returns normally distributed clusters of samples around the corners of a hypercube, several for
// each class, with features that are informative, redundant, repeated or mere noise: the very rows that scikit-learn's
// make_classification gives. Classes are named 0, 1, …. A field out of its range is an error, as are more useful
// features than features, or more clusters than the hypercube of informative features has corners.
// (I. Guyon, "Design of experiments for the NIPS 2003 variable selection benchmark", 2003.)
func MakeClassification(cfg ClassificationConfig) (*Dataset, error) {
	s, err := generateClassification(cfg)
	if err != nil {
		return nil, fmt.Errorf("mlp: MakeClassification: %w", err)
	}
	return s.dataset(), nil
}

func (cfg ClassificationConfig) withDefaults() ClassificationConfig {
	cfg.Samples = or(cfg.Samples, 100)
	cfg.Features = or(cfg.Features, 20)
	cfg.Classes = or(cfg.Classes, 2)
	cfg.ClustersPerClass = or(cfg.ClustersPerClass, 2)
	cfg.Informative = or(cfg.Informative, 2)
	if !cfg.NoRedundant {
		cfg.Redundant = or(cfg.Redundant, 2)
	}
	if !cfg.NoFlip {
		cfg.FlipY = or(cfg.FlipY, 0.01)
	}
	cfg.ClassSep = or(cfg.ClassSep, 1)
	return cfg
}

func (cfg ClassificationConfig) validate() error {
	err := firstError(
		checkAtLeast("Samples", cfg.Samples, 1),
		checkAtLeast("Features", cfg.Features, 1),
		checkAtLeast("Classes", cfg.Classes, 1),
		checkAtLeast("ClustersPerClass", cfg.ClustersPerClass, 1),
		checkAtLeast("Informative", cfg.Informative, 1),
		checkAtLeast("Redundant", cfg.Redundant, 0),
		checkAtLeast("Repeated", cfg.Repeated, 0),
		checkRange("FlipY", cfg.FlipY, cfg.FlipY >= 0 && cfg.FlipY <= 1, "0 <= FlipY <= 1"),
		checkRange("ClassSep", cfg.ClassSep, cfg.ClassSep > 0, "ClassSep > 0"),
		checkTable("X", cfg.Samples, cfg.Features),
		checkTable("clusters", cfg.Classes, cfg.ClustersPerClass),
		checkTable("centroids", cfg.Classes*cfg.ClustersPerClass, cfg.Informative),
		checkTable("informative features", cfg.Informative, cfg.Informative),
		checkTable("redundant features", cfg.Informative, cfg.Redundant),
		cfg.validateWeights(),
		cfg.validatePerFeature("Shift", cfg.Shift, cfg.RandomShift),
		cfg.validatePerFeature("Scale", cfg.Scale, cfg.RandomScale),
	)
	if err != nil {
		return err
	}
	switch clusters := cfg.Classes * cfg.ClustersPerClass; {
	case cfg.NoRedundant && cfg.Redundant != 0:
		return fmt.Errorf("NoRedundant is set and Redundant is %d, want only one of them", cfg.Redundant)
	case len(cfg.Scale) == 1 && cfg.Features > 1 && !(cfg.Scale[0] > 0):
		return fmt.Errorf("Scale is %v, want more than 0", cfg.Scale[0])
	case cfg.NoFlip && cfg.FlipY != 0:
		return fmt.Errorf("NoFlip is set and FlipY is %v, want only one of them", cfg.FlipY)
	case cfg.Repeated > cfg.Features-cfg.Informative-cfg.Redundant:
		return fmt.Errorf("%d informative, %d redundant and %d repeated features, want at most all %d features",
			cfg.Informative, cfg.Redundant, cfg.Repeated, cfg.Features)
	case cfg.Informative < 31 && clusters > 1<<cfg.Informative:
		return fmt.Errorf("%d classes of %d clusters, want at most 2^Informative = %d clusters",
			cfg.Classes, cfg.ClustersPerClass, 1<<cfg.Informative)
	}
	return nil
}

func (cfg ClassificationConfig) validateWeights() error {
	if cfg.Weights == nil {
		return nil
	}
	if n := len(cfg.Weights); n != cfg.Classes && n != cfg.Classes-1 {
		return fmt.Errorf("%d Weights for %d classes, want one a class; the last may be left out", n, cfg.Classes)
	}
	sum := 0.0
	for class, weight := range cfg.Weights {
		if !(weight >= 0 && weight <= 1) {
			return fmt.Errorf("Weights[%d] is %v, want 0 to 1", class, weight)
		}
		sum += weight
	}
	if len(cfg.Weights) < cfg.Classes && sum > 1+1e-9 { // more than rounding
		return fmt.Errorf("the Weights sum to %v, want at most 1 where the last is left out", sum)
	}
	return nil
}

func (cfg ClassificationConfig) validatePerFeature(field string, values []float64, random bool) error {
	if values == nil {
		return nil
	}
	if random {
		return fmt.Errorf("%s and Random%[1]s are both set, want only one of them", field)
	}
	if len(values) != 1 && len(values) != cfg.Features {
		return fmt.Errorf("%s has %d values, want one, or one for each of %d features", field, len(values), cfg.Features)
	}
	for j, v := range values {
		if err := checkRange(fmt.Sprintf("%s[%d]", field, j), v, true, field); err != nil {
			return err
		}
	}
	return nil
}

// classWeights returns the share of each class.
func (cfg ClassificationConfig) classWeights() []float64 {
	if len(cfg.Weights) == cfg.Classes {
		return cfg.Weights
	}
	weights := make([]float64, cfg.Classes)
	if cfg.Weights == nil {
		for class := range weights {
			weights[class] = 1 / float64(cfg.Classes)
		}
		return weights
	}
	sum := 0.0
	for class, weight := range cfg.Weights {
		weights[class] = weight
		sum += weight
	}
	weights[cfg.Classes-1] = 1 - sum
	return weights
}

// classification is a data set in the making. Its steps draw from r, in the order of generateClassification.
type classification struct {
	synthetic
	cfg       ClassificationConfig
	r         *RandomState
	sizes     []int     // rows of each cluster; cluster k is of class k mod Classes
	centroids []float64 // [clusters, Informative]
	start     int       // the first row of the next cluster
}

func generateClassification(cfg ClassificationConfig) (*synthetic, error) {
	c, err := newClassification(cfg)
	if err != nil {
		return nil, err
	}
	c.placeCentroids()
	c.fillNormal(c.r, 0, c.cfg.Informative)
	for k := range c.sizes {
		c.mixCluster(k)
	}
	c.combineRedundant()
	c.copyRepeated()
	c.fillNormal(c.r, c.useful(), c.features)
	c.flipClasses()
	c.shiftAndScale()
	if !c.cfg.NoShuffle {
		c.shuffleRows(c.r)
		c.shuffleColumns(c.r)
	}
	return &c.synthetic, nil
}

func newClassification(cfg ClassificationConfig) (*classification, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &classification{
		synthetic: *newSynthetic(cfg.Samples, cfg.Features, 1, cfg.Classes),
		cfg:       cfg,
		r:         NewRandomState(cfg.RandomState),
		sizes:     cfg.clusterSizes(),
	}, nil
}

// clusterSizes returns the rows of each cluster. What rounding down leaves over goes one by one to the first clusters.
func (cfg ClassificationConfig) clusterSizes() []int {
	weights := cfg.classWeights()
	sizes := make([]int, cfg.Classes*cfg.ClustersPerClass)
	left := cfg.Samples
	for k := range sizes {
		sizes[k] = int(float64(cfg.Samples) * weights[k%cfg.Classes] / float64(cfg.ClustersPerClass))
		left -= sizes[k]
	}
	for i := range left {
		sizes[i%len(sizes)]++
	}
	return sizes
}

// useful returns the number of features that are not noise.
func (c *classification) useful() int {
	return c.cfg.Informative + c.cfg.Redundant + c.cfg.Repeated
}

// placeCentroids chooses a corner of the hypercube for each cluster.
func (c *classification) placeCentroids() {
	n, sep := c.cfg.Informative, c.cfg.ClassSep
	c.centroids = hypercubeCorners(c.r, len(c.sizes), n)
	for i, bit := range c.centroids {
		c.centroids[i] = float64(bit*(2*sep)) - sep
	}
	if !c.cfg.Polytope {
		return
	}
	for k := range c.sizes {
		u := c.r.RandomSample()
		for j := range n {
			c.centroids[k*n+j] *= u
		}
	}
	for j := range n {
		u := c.r.RandomSample()
		for k := range c.sizes {
			c.centroids[k*n+j] *= u
		}
	}
}

// hypercubeCorners returns n distinct corners, 0 or 1 in each dimension [n, dimensions]. Beyond 30 dimensions the
// leading ones are drawn by themselves.
func hypercubeCorners(r *RandomState, n, dimensions int) []float64 {
	corners := make([]float64, n*dimensions)
	leading := max(0, dimensions-30)
	for i := range n {
		for j := range leading {
			corners[i*dimensions+j] = float64(r.interval(1))
		}
	}
	for i, corner := range sampleWithoutReplacement(r, 1<<(dimensions-leading), n) {
		for j := leading; j < dimensions; j++ {
			corners[i*dimensions+j] = float64(corner >> (dimensions - 1 - j) & 1)
		}
	}
	return corners
}

// sampleWithoutReplacement draws n distinct integers of [0, population) as scikit-learn's function of that name does,
// which chooses one of three methods by the share that is drawn.
func sampleWithoutReplacement(r *RandomState, population int64, n int) []int64 {
	share := float64(n) / float64(population)
	sample := make([]int64, n)
	switch {
	case share <= 0.01:
		seen := make(map[int64]bool, n)
		for i := range sample {
			k := int64(r.interval(uint64(population) - 1))
			for seen[k] {
				k = int64(r.interval(uint64(population) - 1))
			}
			seen[k], sample[i] = true, k
		}
	case share < 0.99:
		for i, k := range r.Permutation(int(population))[:n] {
			sample[i] = int64(k)
		}
	default: // a reservoir
		for i := range population {
			if i < int64(n) {
				sample[i] = i
			} else if k := r.interval(uint64(i)); k < uint64(n) {
				sample[k] = i
			}
		}
	}
	return sample
}

// mixCluster correlates the informative features of cluster k and moves them to its centroid.
func (c *classification) mixCluster(k int) {
	n := c.cfg.Informative
	a := randomMatrix(c.r, n*n)
	mixed := make([]float64, n)
	for range min(c.sizes[k], c.cfg.Samples-c.start) {
		row := c.row(c.start)[:n]
		multiply(mixed, row, a)
		for j, v := range mixed {
			row[j] = v + c.centroids[k*n+j]
		}
		c.y[c.start] = float64(k % c.cfg.Classes)
		c.start++
	}
}

// randomMatrix returns n numbers of [-1, 1).
func randomMatrix(r *RandomState, n int) []float64 {
	m := make([]float64, n)
	for i := range m {
		m[i] = float64(2*r.RandomSample()) - 1
	}
	return m
}

// combineRedundant makes the redundant features, which are linear in the informative ones.
func (c *classification) combineRedundant() {
	n := c.cfg.Informative
	b := randomMatrix(c.r, n*c.cfg.Redundant)
	for i := range c.cfg.Samples {
		row := c.row(i)
		multiply(row[n:][:c.cfg.Redundant], row[:n], b)
	}
}

// copyRepeated makes the repeated features.
func (c *classification) copyRepeated() {
	n := c.cfg.Informative + c.cfg.Redundant
	for j := range c.cfg.Repeated {
		from := int(float64(float64(n-1)*c.r.RandomSample()) + 0.5)
		for i := range c.cfg.Samples {
			row := c.row(i)
			row[n+j] = row[from]
		}
	}
}

// flipClasses gives some rows a class at random. It draws a number for each row even if none is flipped.
func (c *classification) flipClasses() {
	var flipped []int
	for i := range c.y {
		if c.r.RandomSample() < c.cfg.FlipY {
			flipped = append(flipped, i)
		}
	}
	for _, i := range flipped {
		c.y[i] = float64(c.r.interval(uint64(c.cfg.Classes) - 1))
	}
}

// shiftAndScale draws all shifts, where they are random, before all scales.
func (c *classification) shiftAndScale() {
	shift, scale := c.cfg.Shift, c.cfg.Scale
	if c.cfg.RandomShift {
		shift = randomMatrix(c.r, c.features)
		for j := range shift {
			shift[j] *= c.cfg.ClassSep
		}
	}
	if c.cfg.RandomScale {
		scale = make([]float64, c.features)
		for j := range scale {
			scale[j] = 1 + float64(100*c.r.RandomSample())
		}
	}
	for i := range c.x {
		if shift != nil {
			c.x[i] += shift[i%c.features%len(shift)]
		}
		if scale != nil {
			c.x[i] *= scale[i%c.features%len(scale)]
		}
	}
}
