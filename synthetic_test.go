package mlp

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestSyntheticDefaults(t *testing.T) {
	for name, test := range map[string]struct {
		make                             func() (*Dataset, error)
		rows, features, targets, classes int
	}{
		"MakeClassification": {func() (*Dataset, error) { return MakeClassification(ClassificationConfig{}) }, 100, 20, 1, 2},
		"MakeRegression":     {func() (*Dataset, error) { return MakeRegression(RegressionConfig{}) }, 100, 100, 1, 0},
		"MakeMoons":          {func() (*Dataset, error) { return MakeMoons(MoonsConfig{}) }, 100, 2, 1, 2},
		"MakeCircles":        {func() (*Dataset, error) { return MakeCircles(CirclesConfig{}) }, 100, 2, 1, 2},
		"MakeBlobs":          {func() (*Dataset, error) { return MakeBlobs(BlobsConfig{}) }, 100, 2, 1, 3},
	} {
		d, err := test.make()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := []int{d.Rows(), d.Features, d.Targets, len(d.ClassNames)}
		if want := []int{test.rows, test.features, test.targets, test.classes}; !slices.Equal(got, want) {
			t.Errorf("%s: rows, features, targets, classes are %v, want %v", name, got, want)
		}
		again, _ := test.make()
		if !slices.Equal(d.X, again.X) || !slices.Equal(d.Y, again.Y) {
			t.Errorf("%s: another call gives other rows", name)
		}
	}
}

func TestSyntheticErrors(t *testing.T) {
	classification := func(cfg ClassificationConfig) error { _, err := MakeClassification(cfg); return err }
	regression := func(cfg RegressionConfig) error { _, err := MakeRegression(cfg); return err }
	moons := func(cfg MoonsConfig) error { _, err := MakeMoons(cfg); return err }
	circles := func(cfg CirclesConfig) error { _, err := MakeCircles(cfg); return err }
	blobs := func(cfg BlobsConfig) error { _, err := MakeBlobs(cfg); return err }
	nan, huge := math.NaN(), math.MaxInt
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"negative samples":      {classification(ClassificationConfig{Samples: -1}), "Samples is -1"},
		"negative redundant":    {classification(ClassificationConfig{Redundant: -1}), "Redundant is -1"},
		"too many useful":       {classification(ClassificationConfig{Features: 3}), "2 informative, 2 redundant"},
		"huge repeated":         {classification(ClassificationConfig{Repeated: huge}), "want at most all 20"},
		"too many clusters":     {classification(ClassificationConfig{Classes: 3}), "2^Informative = 4"},
		"huge samples":          {classification(ClassificationConfig{Samples: huge}), "X: "},
		"huge features":         {classification(ClassificationConfig{Features: huge}), "X: "},
		"huge classes":          {classification(ClassificationConfig{Classes: huge, Features: 99, Informative: 80}), "clusters: "},
		"huge informative":      {classification(ClassificationConfig{Samples: 1, Features: 1 << 20, Informative: 1 << 20}), "informative features: "},
		"many huge clusters":    {classification(ClassificationConfig{Classes: 1 << 26, Features: 99, Informative: 60, ClustersPerClass: 1}), "centroids: "},
		"redundant and none":    {classification(ClassificationConfig{Redundant: 1, NoRedundant: true}), "NoRedundant"},
		"flips and none":        {classification(ClassificationConfig{FlipY: 0.1, NoFlip: true}), "NoFlip"},
		"flip more than all":    {classification(ClassificationConfig{FlipY: 1.1}), "FlipY is 1.1"},
		"negative separation":   {classification(ClassificationConfig{ClassSep: -1}), "ClassSep is -1"},
		"infinite separation":   {classification(ClassificationConfig{ClassSep: math.Inf(1)}), "ClassSep is +Inf"},
		"too few weights":       {classification(ClassificationConfig{Classes: 4, Weights: []float64{0.5, 0.5}}), "2 Weights for 4 classes"},
		"negative weight":       {classification(ClassificationConfig{Weights: []float64{-0.1}}), "Weights[0] is -0.1"},
		"weight of NaN":         {classification(ClassificationConfig{Weights: []float64{0.1, nan}}), "Weights[1] is NaN"},
		"weights beyond 1":      {classification(ClassificationConfig{Classes: 3, Informative: 3, Weights: []float64{0.9, 0.9}}), "Weights sum to 1.8"},
		"shift of two":          {classification(ClassificationConfig{Shift: []float64{1, 2}}), "Shift has 2 values"},
		"scale given and drawn": {classification(ClassificationConfig{Scale: []float64{1}, RandomScale: true}), "Scale and RandomScale"},
		"scale of 0":            {classification(ClassificationConfig{Scale: []float64{0}}), "Scale is 0"},
		"scale of NaN":          {classification(ClassificationConfig{Scale: []float64{nan}}), "Scale[0] is NaN"},

		"regression, negative informative": {regression(RegressionConfig{Informative: -1}), "Informative is -1"},
		"regression, informative and none": {regression(RegressionConfig{Informative: 3, NoInformative: true}), "NoInformative is set and Informative is 3"},
		"regression, huge":                 {regression(RegressionConfig{Samples: huge, Features: 2}), "X: "},
		"regression, huge targets":         {regression(RegressionConfig{Targets: huge}), "Y: "},
		"regression, tail without a rank":  {regression(RegressionConfig{TailStrength: 0.1}), "TailStrength is 0.1"},
		"regression, long tail":            {regression(RegressionConfig{EffectiveRank: 1, TailStrength: 2}), "0 <= TailStrength <= 1"},
		"regression, noise of NaN":         {regression(RegressionConfig{Noise: nan}), "Noise is NaN"},
		"regression, bias of NaN":          {regression(RegressionConfig{Bias: nan}), "Bias is NaN"},

		"moons, negative samples": {moons(MoonsConfig{Samples: -3}), "Samples is -3"},
		"moons, negative outer":   {moons(MoonsConfig{Outer: -3, Inner: 5}), "Outer is -3"},
		"moons, two sizes":        {moons(MoonsConfig{Samples: 3, Outer: 3}), "only one of the ways"},
		"moons, negative noise":   {moons(MoonsConfig{Noise: -1}), "Noise is -1"},
		"moons, huge":             {moons(MoonsConfig{Outer: huge, Inner: huge}), "X: "},
		"circles, factor 1":       {circles(CirclesConfig{Factor: 1}), "Factor is 1"},
		"circles, factor of NaN":  {circles(CirclesConfig{Factor: nan}), "Factor is NaN"},
		"circles, negative":       {circles(CirclesConfig{Factor: -0.1}), "Factor is -0.1"},
		"circles, two factors":    {circles(CirclesConfig{Factor: 0.5, InnerPoint: true}), "InnerPoint is set and Factor is 0.5"},

		"blobs, negative centers": {blobs(BlobsConfig{Centers: -1}), "Centers is -1"},
		"blobs, two sizes":        {blobs(BlobsConfig{Samples: 1, SamplesPerCenter: []int{1}}), "only one of them"},
		"blobs, other centers":    {blobs(BlobsConfig{Centers: 2, SamplesPerCenter: []int{1}}), "SamplesPerCenter has 1 values"},
		"blobs, negative size":    {blobs(BlobsConfig{SamplesPerCenter: []int{1, -1}}), "SamplesPerCenter[1] is -1"},
		"blobs, huge sizes":       {blobs(BlobsConfig{SamplesPerCenter: []int{huge, huge}}), "SamplesPerCenter[0]"},
		"blobs, ragged points":    {blobs(BlobsConfig{CenterPoints: [][]float64{{1, 2}, {3}}}), "CenterPoints[1] has 1 coordinates"},
		"blobs, no coordinates":   {blobs(BlobsConfig{CenterPoints: [][]float64{{}}}), "Features is 0"},
		"blobs, points of NaN":    {blobs(BlobsConfig{CenterPoints: [][]float64{{nan}}}), "CenterPoints[0][0] is NaN"},
		"blobs, other deviations": {blobs(BlobsConfig{StdDev: []float64{1, 2}}), "StdDev has 2 values"},
		"blobs, negative":         {blobs(BlobsConfig{StdDev: []float64{-1}}), "StdDev[0] is -1"},
		"blobs, infinite box":     {blobs(BlobsConfig{CenterBox: []float64{0, math.Inf(1)}}), "CenterBox is [0 +Inf]"},
		"blobs, box too wide":     {blobs(BlobsConfig{CenterBox: []float64{-1e308, 1e308}}), "want two numbers"},
		"blobs, box of one":       {blobs(BlobsConfig{CenterBox: []float64{1}}), "CenterBox is [1], want two numbers"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.HasPrefix(test.err.Error(), "mlp: Make") {
			t.Errorf("%s: error %v, want one with %q", name, test.err, test.want)
		}
	}
}

// TestMakeClassificationWeights gives classes their shares, and the first clusters all rows if the shares are too large.
func TestMakeClassificationWeights(t *testing.T) {
	for _, test := range []struct {
		weights []float64
		want    []int
	}{
		{[]float64{0.75}, []int{75, 25}},
		{[]float64{0.75, 0.25}, []int{75, 25}},
		{[]float64{1}, []int{100, 0}},
		{[]float64{1, 1}, []int{50, 50}}, // clusters of 50 rows of class 0, 1, 0, 1
	} {
		d, err := MakeClassification(ClassificationConfig{Weights: test.weights, NoFlip: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.ClassCounts(); !slices.Equal(got, test.want) {
			t.Errorf("weights %v give %v rows, want %v", test.weights, got, test.want)
		}
	}
}

// TestMakeClassificationShift takes one number for all features, or one each.
func TestMakeClassificationShift(t *testing.T) {
	cfg := ClassificationConfig{Samples: 10, Features: 4, Shift: []float64{2}, Scale: []float64{3}}
	one, err := MakeClassification(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Shift, cfg.Scale = []float64{2, 2, 2, 2}, []float64{3, 3, 3, 3}
	each, err := MakeClassification(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(one.X, each.X) {
		t.Error("one shift for all features is not the same shift for each")
	}
}

func TestMakeRegressionWithCoefficients(t *testing.T) {
	cfg := RegressionConfig{Samples: 50, Features: 6, Informative: 3, Targets: 2, Bias: 7, RandomState: 4}
	d, coefficients, err := MakeRegressionWithCoefficients(cfg)
	if err != nil {
		t.Fatal(err)
	}
	zeros := 0
	for _, v := range coefficients {
		if v == 0 {
			zeros++
		}
	}
	if len(coefficients) != 6*2 || zeros != 3*2 {
		t.Errorf("%d coefficients, %d of them 0, want 12 and 6", len(coefficients), zeros)
	}
	for i, y := range d.Y {
		want := cfg.Bias
		for j := range cfg.Features {
			want += float64(d.X[i/2*cfg.Features+j]) * coefficients[j*2+i%2]
		}
		if math.Abs(float64(y)-want) > 1e-4 { // six products of up to 300, rounded to float32
			t.Fatalf("y[%d] is %v, the coefficients give %v", i, y, want)
		}
	}
}

// TestMakeRegressionLowRank compares with scikit-learn 1.9.1: make_regression(n_samples=3, n_features=4,
// effective_rank=2, random_state=0), and (n_samples=4, n_features=2, effective_rank=1, tail_strength=0, noise=0.5,
// random_state=1, shuffle=False).
func TestMakeRegressionLowRank(t *testing.T) {
	for _, test := range []struct {
		cfg  RegressionConfig
		x, y []goldenFloat
	}{
		{
			RegressionConfig{Samples: 3, Features: 4, EffectiveRank: 2},
			[]goldenFloat{-0.24768549694096917, 0.3867912770211549, 0.4718017627449295, 0.6641392630223696,
				0.31182025732505436, 0.3758623765989485, -0.5200875600020005, 0.2807468956717229,
				0.7278887665420916, 0.02140082451169629, 0.22607575083348574, 0.33070399745412293},
			[]goldenFloat{77.17331123224383, 16.34016944226316, 72.22397187523767},
		},
		{
			RegressionConfig{Samples: 4, Features: 2, EffectiveRank: 1, NoTail: true, Noise: 0.5, NoShuffle: true, RandomState: 1},
			[]goldenFloat{0.08763419531655031, 0.6226678417857251, 0.16988976051803437, -0.24575507639549968,
				0.3548386451903494, 0.2645009942546452, 0.11036759773618565, 0.6653044076499366},
			[]goldenFloat{14.132297027144432, -3.0333599542882523, 10.135061088207753, 14.290267092687216},
		},
	} {
		s, _, err := generateRegression(test.cfg)
		if err != nil {
			t.Fatal(err)
		}
		bound := tolerance{Rtol: 1e-12, Atol: 1e-12}
		if err := firstError(bound.check("x", s.x, test.x), bound.check("y", s.y, test.y)); err != nil {
			t.Errorf("%+v: %v", test.cfg, err)
		}
	}
}

// TestSyntheticEdges makes what the zero of a field cannot say, for that means the default, and a negative scale; the
// rows are scikit-learn 1.9.1's.
func TestSyntheticEdges(t *testing.T) {
	for name, test := range map[string]struct {
		generate func() (*synthetic, error)
		x, y     []goldenFloat
	}{
		"make_circles(n_samples=5, factor=0, noise=0.1, random_state=3)": {
			func() (*synthetic, error) {
				return generateCircles(CirclesConfig{Samples: 5, InnerPoint: true, Noise: 0.1, RandomState: 3})
			},
			[]goldenFloat{0.009649746807200862, -0.1863492703364491, -0.027738820251439908, -0.035475897926898675,
				-1.008274148148246, -0.0627000676823846, 0.9956181831024071, -0.04772180303595027,
				-0.1313864753362682, 0.08846223804995847},
			[]goldenFloat{1, 1, 0, 0, 1},
		},
		"make_regression(n_samples=3, n_features=2, n_informative=0, bias=2, noise=0.5, random_state=5)": {
			func() (*synthetic, error) {
				s, coefficients, err := generateRegression(RegressionConfig{
					Samples: 3, Features: 2, NoInformative: true, Bias: 2, Noise: 0.5, RandomState: 5})
				if !slices.Equal(coefficients, []float64{0, 0}) {
					t.Errorf("without informative features, the coefficients are %v", coefficients)
				}
				return s, err
			},
			[]goldenFloat{0.10960984157818278, 1.5824811170615634, 2.43077118700778, -0.2520921296030769,
				0.44122748688504143, -0.33087015189408764},
			[]goldenFloat{2.0938016129185177, 1.7041816710348558, 1.545383797571879},
		},
		"make_blobs(n_samples=4, centers=2, center_box=(0, 0), random_state=7)": {
			func() (*synthetic, error) {
				s, _, err := generateBlobs(BlobsConfig{Samples: 4, Centers: 2, CenterBox: []float64{0, 0}, RandomState: 7})
				return s, err
			},
			[]goldenFloat{-0.0008903858579313628, -1.7547243063454208, -0.7889230286257386, 0.00206557290594813,
				1.0176580056634932, 0.6004985159195494, 0.0328201636785844, 0.40751628299650783},
			[]goldenFloat{1, 0, 1, 0},
		},
		"make_classification(n_samples=4, n_features=1, n_informative=1, n_redundant=0, n_clusters_per_class=1, scale=[-2.0], random_state=1)": {
			func() (*synthetic, error) {
				return generateClassification(ClassificationConfig{Samples: 4, Features: 1, Informative: 1, NoRedundant: true,
					ClustersPerClass: 1, Scale: []float64{-2}, RandomState: 1})
			},
			[]goldenFloat{-1.8334034495992622, 2.6707410984506295, -1.91799239033721, 1.7473873610532626},
			[]goldenFloat{1, 0, 1, 0},
		},
	} {
		s, err := test.generate()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		bound := tolerance{Rtol: 1e-12, Atol: 1e-12}
		if err := firstError(bound.check("x", s.x, test.x), bound.check("y", s.y, test.y)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMakeCirclesRadii(t *testing.T) {
	d, err := MakeCircles(CirclesConfig{Outer: 3, Inner: 7, Factor: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if counts := d.ClassCounts(); !slices.Equal(counts, []int{3, 7}) {
		t.Errorf("%v rows of each class", counts)
	}
	for i, class := range d.Y {
		want := 1 - 0.5*float64(class)
		if radius := math.Hypot(float64(d.X[2*i]), float64(d.X[2*i+1])); math.Abs(radius-want) > 1e-6 {
			t.Errorf("row %d of class %v has the radius %v", i, class, radius)
		}
	}
}

func TestMakeBlobsCenters(t *testing.T) {
	points := [][]float64{{1, 2, 3}, {-4, -5, -6}}
	d, err := MakeBlobs(BlobsConfig{Samples: 5, CenterPoints: points, StdDev: []float64{0}, NoShuffle: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := []float32{1, 2, 3, 1, 2, 3, 1, 2, 3, -4, -5, -6, -4, -5, -6}; !slices.Equal(d.X, want) {
		t.Errorf("blobs without width are %v, want their centers %v", d.X, want)
	}
}

// TestMakeBlobsWithCenters compares with scikit-learn 1.9.1: make_blobs(return_centers=True, random_state=7) of
// n_samples=4, centers=3, and of n_samples=3, centers=[[1, 2], [3, 4.5]].
func TestMakeBlobsWithCenters(t *testing.T) {
	for _, test := range []struct {
		cfg     BlobsConfig
		x, y    []float32
		centers []float64
	}{
		{BlobsConfig{Samples: 4, Centers: 3, RandomState: 7},
			[]float32{-9.262757241146595, 5.600441417708241, -8.474724598378787, 3.8436515384568724, 8.934361265965293,
				0.5983691470129523, -0.2141573655186364, 5.069802072538374},
			[]float32{0, 0, 2, 1},
			[]float64{-8.473834212520856, 5.598375844802293, -1.2318153711821296, 4.469303556618824, 9.559790239932052,
				0.7699174082086735}},
		{BlobsConfig{Samples: 3, CenterPoints: [][]float64{{1, 2}, {3, 4.5}}, RandomState: 7},
			[]float32{1.0328201636785843, 2.4075162829965078, 2.690525703800356, 1.5340626294591673, 2.2110769713742613,
				4.502065572905948},
			[]float32{0, 0, 1}, []float64{1, 2, 3, 4.5}},
	} {
		d, centers, err := MakeBlobsWithCenters(test.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.X, test.x) || !slices.Equal(d.Y, test.y) || !slices.Equal(centers, test.centers) {
			t.Errorf("%+v: %v %v %v, want %v %v %v", test.cfg, d.X, d.Y, centers, test.x, test.y, test.centers)
		}
	}
	if _, _, err := MakeBlobsWithCenters(BlobsConfig{Features: -1}); err == nil {
		t.Error("no error for -1 features")
	}
}
