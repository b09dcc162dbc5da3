package mlp

import (
	"errors"
	"fmt"
)

// BlobsConfig says what MakeBlobs makes; its fields are those of scikit-learn's make_blobs.
type BlobsConfig struct {
	Samples          int   // rows, divided equally among the centers; 0 means 100
	SamplesPerCenter []int // rows of each center, instead of Samples

	Features     int         // columns; 0 means 2, or those of CenterPoints
	Centers      int         // number of centers; 0 means 3, or as many as CenterPoints or SamplesPerCenter has
	CenterBox    []float64   // bounds of the centers' random coordinates, two numbers; nil means -10 and 10
	CenterPoints [][]float64 // the centers themselves [Centers][Features], instead of random ones
	StdDev       []float64   // standard deviation of the blobs, one for all or one each; nil means 1
	NoShuffle    bool        // keep each center's rows together
	RandomState  uint32
}

// MakeBlobs returns a normally distributed blob of points around each center, one class a center: scikit-learn's
// make_blobs. Fields out of their range or that contradict each other are an error.
func MakeBlobs(cfg BlobsConfig) (*Dataset, error) {
	d, _, err := MakeBlobsWithCenters(cfg)
	return d, err
}

// MakeBlobsWithCenters is MakeBlobs, which also returns the centers [centers, features].
func MakeBlobsWithCenters(cfg BlobsConfig) (d *Dataset, centers []float64, err error) {
	s, centers, err := generateBlobs(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("mlp: MakeBlobs: %w", err)
	}
	return s.dataset(), centers, nil
}

func (cfg BlobsConfig) withDefaults() BlobsConfig {
	centers, features := 3, 2
	if n := len(cfg.SamplesPerCenter); n > 0 {
		centers = n
	}
	if n := len(cfg.CenterPoints); n > 0 {
		centers, features = n, len(cfg.CenterPoints[0])
	}
	cfg.Centers = or(cfg.Centers, centers)
	cfg.Features = or(cfg.Features, features)
	if cfg.SamplesPerCenter == nil {
		cfg.Samples = or(cfg.Samples, 100)
	}
	if cfg.CenterBox == nil {
		cfg.CenterBox = []float64{-10, 10}
	}
	if cfg.StdDev == nil {
		cfg.StdDev = []float64{1}
	}
	return cfg
}

func (cfg BlobsConfig) validate() error {
	if err := firstError(
		checkAtLeast("Samples", cfg.Samples, 0),
		checkAtLeast("Features", cfg.Features, 1),
		checkAtLeast("Centers", cfg.Centers, 1),
		checkTable("centers", cfg.Centers, cfg.Features),
		checkTable("X", cfg.Samples, cfg.Features),
	); err != nil {
		return err
	}
	switch {
	case len(cfg.CenterBox) != 2 || !isFinite(cfg.CenterBox[1]-cfg.CenterBox[0]):
		return fmt.Errorf("CenterBox is %v, want two numbers that are a finite number apart", cfg.CenterBox)
	case cfg.SamplesPerCenter != nil && cfg.Samples != 0:
		return errors.New("both Samples and SamplesPerCenter are set, want only one of them")
	case cfg.SamplesPerCenter != nil && len(cfg.SamplesPerCenter) != cfg.Centers:
		return fmt.Errorf("SamplesPerCenter has %d values, want one for each of %d centers",
			len(cfg.SamplesPerCenter), cfg.Centers)
	case cfg.CenterPoints != nil && len(cfg.CenterPoints) != cfg.Centers:
		return fmt.Errorf("%d CenterPoints, want one for each of %d centers", len(cfg.CenterPoints), cfg.Centers)
	case len(cfg.StdDev) != 1 && len(cfg.StdDev) != cfg.Centers:
		return fmt.Errorf("StdDev has %d values, want one, or one for each of %d centers", len(cfg.StdDev), cfg.Centers)
	}
	rows := 0
	for k, n := range cfg.SamplesPerCenter {
		if n < 0 || n > maxValues/cfg.Features-rows {
			return fmt.Errorf("SamplesPerCenter[%d] is %d, want no negative number, and at most %d rows in all",
				k, n, maxValues/cfg.Features)
		}
		rows += n
	}
	for k, point := range cfg.CenterPoints {
		if len(point) != cfg.Features {
			return fmt.Errorf("CenterPoints[%d] has %d coordinates, want one for each of %d features",
				k, len(point), cfg.Features)
		}
		for j, v := range point {
			if err := checkRange(fmt.Sprintf("CenterPoints[%d][%d]", k, j), v, true, "coordinates"); err != nil {
				return err
			}
		}
	}
	for k, deviation := range cfg.StdDev {
		if err := checkRange(fmt.Sprintf("StdDev[%d]", k), deviation, deviation >= 0, "StdDev >= 0"); err != nil {
			return err
		}
	}
	return nil
}

// generateBlobs also returns the centers [centers, features].
func generateBlobs(cfg BlobsConfig) (s *synthetic, centers []float64, err error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, nil, err
	}
	r := NewRandomState(cfg.RandomState)
	for _, point := range cfg.CenterPoints {
		centers = append(centers, point...)
	}
	for len(centers) < cfg.Centers*cfg.Features {
		centers = append(centers, r.Uniform(cfg.CenterBox[0], cfg.CenterBox[1]))
	}
	sizes := cfg.SamplesPerCenter
	rows := 0
	if sizes == nil {
		sizes = make([]int, cfg.Centers)
		for k := range sizes {
			sizes[k] = cfg.Samples / cfg.Centers
			if k < cfg.Samples%cfg.Centers {
				sizes[k]++
			}
		}
	}
	for _, n := range sizes {
		rows += n
	}
	s = newSynthetic(rows, cfg.Features, 1, cfg.Centers)
	i := 0
	for k, n := range sizes {
		deviation := cfg.StdDev[k%len(cfg.StdDev)]
		for range n {
			row := s.row(i)
			for j, center := range centers[k*cfg.Features:][:cfg.Features] {
				row[j] = r.Normal(center, deviation)
			}
			s.y[i] = float64(k)
			i++
		}
	}
	if !cfg.NoShuffle {
		s.shuffleRows(r)
	}
	return s, centers, nil
}
