package mlp

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Pipeline applies preprocessors one after another, each fitted to what those before it give. As the Scaler of a
// Network it travels with the model file.
//
//	net.Scaler = mlp.Pipeline{&mlp.SimpleImputer{}, &mlp.OneHotEncoder{}, &mlp.StandardScaler{}}
type Pipeline []Preprocessor

// Fit fits all steps; d stays as it is.
func (p Pipeline) Fit(d *Dataset) error {
	if err := p.check(); err != nil {
		return err
	}
	if err := d.validate("dataset", true); err != nil {
		return err
	}
	d = d.Clone()
	for i, step := range p {
		err := step.Fit(d)
		if err == nil && i < len(p)-1 {
			err = step.Transform(d)
		}
		if err != nil {
			return fmt.Errorf("%w (step %d of a Pipeline)", err, i)
		}
	}
	return nil
}

// Transform applies all steps to d, or leaves it as it is and returns an error.
func (p Pipeline) Transform(d *Dataset) error {
	if err := checkTransform("Pipeline: Transform", p, d, false); err != nil {
		return err
	}
	c := d.Clone()
	for i, step := range p {
		if err := step.Transform(c); err != nil {
			return fmt.Errorf("%w (step %d of a Pipeline)", err, i)
		}
	}
	*d = *c
	return nil
}

// InverseTransform undoes all steps, the last one first, or leaves d as it is and returns an error.
func (p Pipeline) InverseTransform(d *Dataset) error {
	if err := checkTransform("Pipeline: InverseTransform", p, d, true); err != nil {
		return err
	}
	c := d.Clone()
	for i, step := range slices.Backward(p) {
		if err := step.InverseTransform(c); err != nil {
			return fmt.Errorf("%w (step %d of a Pipeline)", err, i)
		}
	}
	*d = *c
	return nil
}

// check reports a list of steps that is none.
func (p Pipeline) check() error {
	if len(p) == 0 {
		return errors.New("mlp: Pipeline: there are no steps")
	}
	for i, step := range p {
		switch step.(type) {
		case nil:
			return fmt.Errorf("mlp: Pipeline: step %d is nil", i)
		case Pipeline:
			return fmt.Errorf("mlp: Pipeline: step %d is a Pipeline itself, want its steps", i)
		}
	}
	return nil
}

func (p Pipeline) fitted() (features, outputs int, err error) {
	if err := p.check(); err != nil {
		return 0, 0, err
	}
	for i, step := range p {
		in, out, err := step.fitted()
		switch {
		case err != nil:
			return 0, 0, fmt.Errorf("step %d: %w", i, err)
		case i == 0:
			features = in
		case in != outputs:
			return 0, 0, fmt.Errorf("step %d takes %d features, but the one before gives %d", i, in, outputs)
		}
		outputs = out
	}
	return features, outputs, nil
}

// PredictRaw returns the network's outputs for rows as they were before the Scaler: it applies that to a copy of x and
// then predicts. x [rows, features] has the features that the Scaler takes, which are Features unless it holds a
// OneHotEncoder. Without a Scaler it is Predict. It is safe to call from many goroutines.
func (n *Network) PredictRaw(x []float32) ([]float32, error) {
	if n.Scaler == nil {
		return n.Predict(x)
	}
	features, outputs, err := n.Scaler.fitted()
	if err != nil {
		return nil, fmt.Errorf("mlp: PredictRaw: the Scaler: %w", err)
	}
	if outputs != n.features {
		return nil, fmt.Errorf("mlp: PredictRaw: the Scaler gives %d features, the network takes %d", outputs, n.features)
	}
	if _, err := rowsOf("x", len(x), features); err != nil {
		return nil, err
	}
	for i, v := range x {
		if math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("mlp: PredictRaw: row %d, feature %d is %v, want a finite value, or NaN for a missing one",
				i/features, i%features, v)
		}
	}
	scaled, err := n.Scaler.transformRows(slices.Clone(x))
	if err != nil {
		return nil, err
	}
	return n.Predict(scaled)
}

// ImageConfig returns what ReadImages and ReadImage need to know to read images for PredictRaw: the size and the number of
// colours of the network's Image, and its classes. Pixels are 0 … 255: what is to be done with them is the Scaler's.
func (n *Network) ImageConfig() ImageConfig {
	return ImageConfig{Height: n.Image.Height, Width: n.Image.Width, Gray: n.Image.Channels == 1, ClassNames: slices.Clone(n.ClassNames)}
}

// CSVConfig returns what ReadCSV needs to know to read rows for PredictRaw: the features by name, the categories of
// those that are texts, and whether a missing value has something to stand in for it. Label, with the network's
// ClassNames, or Targets may be added.
func (n *Network) CSVConfig() CSVConfig {
	cfg := CSVConfig{Features: slices.Clone(n.FeatureNames)}
	steps, ok := n.Scaler.(Pipeline)
	if !ok {
		steps = Pipeline{n.Scaler}
	}
	for _, step := range steps {
		switch step := step.(type) {
		case *SimpleImputer:
			cfg.AllowMissing = true
		case *OneHotEncoder:
			isNumber := func(values []float64) bool { return values == nil }
			cfg.AllowMissing = cfg.AllowMissing || step.IgnoreUnknown && !slices.ContainsFunc(step.Categories, isNumber)
			for j, names := range step.CategoryNames {
				cfg.AllowMissing = cfg.AllowMissing || len(withoutNaN(step.Categories[j])) < len(step.Categories[j])
				if names != nil {
					if cfg.Categories == nil {
						cfg.Categories = make(map[string][]string)
					}
					cfg.Categories[step.FeatureNames[j]] = slices.Clone(names)
				}
			}
		}
	}
	return cfg
}
