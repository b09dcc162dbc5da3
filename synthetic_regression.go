package mlp

import "fmt"

// RegressionConfig says what MakeRegression makes; its fields are those of scikit-learn's make_regression.
type RegressionConfig struct {
	Samples       int     // rows; 0 means 100
	Features      int     // columns; 0 means 100
	Informative   int     // features that the targets depend on, or all if there are fewer; 0 means 10
	NoInformative bool    // make targets of bias and noise alone
	Targets       int     // columns of Y; 0 means 1
	Bias          float64 // added to each target
	Noise         float64 // standard deviation of the normal noise on the targets

	// EffectiveRank makes the features combinations of about that many columns, whose singular values fall off as a
	// bell curve does, beside a tail of more, which has the share TailStrength of them. 0 draws each by itself.
	EffectiveRank int
	TailStrength  float64 // 0 to 1; 0 means 0.5
	NoTail        bool    // draw no tail

	NoShuffle   bool // keep the informative features first
	RandomState uint32
}

// MakeRegression returns normally distributed features and targets that are linear in some of them, with normal noise:
// the very rows that scikit-learn's make_regression gives. A field out of its range is an error.
func MakeRegression(cfg RegressionConfig) (*Dataset, error) {
	d, _, err := MakeRegressionWithCoefficients(cfg)
	return d, err
}

// MakeRegressionWithCoefficients is MakeRegression, which also returns the coefficients [features, targets] of the
// linear model behind the data.
func MakeRegressionWithCoefficients(cfg RegressionConfig) (d *Dataset, coefficients []float64, err error) {
	s, coefficients, err := generateRegression(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("mlp: MakeRegression: %w", err)
	}
	return s.dataset(), coefficients, nil
}

func (cfg RegressionConfig) withDefaults() RegressionConfig {
	cfg.Samples = or(cfg.Samples, 100)
	cfg.Features = or(cfg.Features, 100)
	if !cfg.NoInformative {
		cfg.Informative = or(cfg.Informative, 10)
	}
	cfg.Targets = or(cfg.Targets, 1)
	if cfg.EffectiveRank != 0 && !cfg.NoTail {
		cfg.TailStrength = or(cfg.TailStrength, 0.5)
	}
	return cfg
}

func (cfg RegressionConfig) validate() error {
	return firstError(
		checkAtLeast("Samples", cfg.Samples, 1),
		checkAtLeast("Features", cfg.Features, 1),
		checkAtLeast("Informative", cfg.Informative, 0),
		checkAtLeast("Targets", cfg.Targets, 1),
		checkRange("Bias", cfg.Bias, true, "Bias"),
		checkRange("Noise", cfg.Noise, cfg.Noise >= 0, "Noise >= 0"),
		checkAtLeast("EffectiveRank", cfg.EffectiveRank, 0),
		checkRange("TailStrength", cfg.TailStrength, cfg.TailStrength >= 0 && cfg.TailStrength <= 1, "0 <= TailStrength <= 1"),
		cfg.validateTogether(),
		checkTable("X", cfg.Samples, cfg.Features),
		checkTable("Y", cfg.Samples, cfg.Targets),
		checkTable("coefficients", cfg.Features, cfg.Targets),
	)
}

// validateTogether reports fields that contradict each other.
func (cfg RegressionConfig) validateTogether() error {
	switch {
	case cfg.NoInformative && cfg.Informative != 0:
		return fmt.Errorf("NoInformative is set and Informative is %d, want only one of them", cfg.Informative)
	case cfg.TailStrength != 0 && (cfg.NoTail || cfg.EffectiveRank == 0):
		return fmt.Errorf("TailStrength is %v, want it with an EffectiveRank and without NoTail", cfg.TailStrength)
	}
	return nil
}

func generateRegression(cfg RegressionConfig) (s *synthetic, coefficients []float64, err error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, nil, err
	}
	r := NewRandomState(cfg.RandomState)
	s = newSynthetic(cfg.Samples, cfg.Features, cfg.Targets, 0)
	if cfg.EffectiveRank == 0 {
		s.fillNormal(r, 0, cfg.Features)
	} else {
		s.fillLowRank(r, cfg.EffectiveRank, cfg.TailStrength)
	}
	coefficients = make([]float64, cfg.Features*cfg.Targets)
	for i := range min(cfg.Informative, cfg.Features) * cfg.Targets {
		coefficients[i] = 100 * r.RandomSample()
	}
	for i := range cfg.Samples {
		multiply(s.y[i*cfg.Targets:][:cfg.Targets], s.row(i), coefficients)
	}
	for i := range s.y {
		s.y[i] += cfg.Bias
	}
	addNoise(r, s.y, cfg.Noise)
	if !cfg.NoShuffle {
		s.shuffleRows(r)
		coefficients = gather(coefficients, cfg.Targets, s.shuffleColumns(r))
	}
	return s, coefficients, nil
}
