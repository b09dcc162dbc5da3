package mlp

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// scalerCase fits a scaler, transforms the data and new data, and transforms the former back.
type scalerCase struct {
	Scaler string `json:"scaler"`
	Params struct {
		WithMean     *bool       `json:"with_mean"`
		WithStd      *bool       `json:"with_std"`
		FeatureRange *[2]float64 `json:"feature_range"`
		Clip         bool        `json:"clip"`

		WithCentering *bool       `json:"with_centering"`
		WithScaling   *bool       `json:"with_scaling"`
		QuantileRange *[2]float64 `json:"quantile_range"`
		UnitVariance  bool        `json:"unit_variance"`

		Norm string `json:"norm"`

		Strategy  string  `json:"strategy"`
		FillValue float64 `json:"fill_value"`
		KeepEmpty bool    `json:"keep_empty_features"`
	} `json:"params"`
	X       [][]goldenFloat `json:"X"`
	Dataset string          `json:"dataset"`
	Fitted  struct {
		Mean    goldenMatrix `json:"mean_"`
		Var     goldenMatrix `json:"var_"`
		Scale   goldenMatrix `json:"scale_"`
		Samples goldenMatrix `json:"n_samples_seen_"` // one for all, or one a feature

		DataMin   goldenMatrix `json:"data_min_"`
		DataMax   goldenMatrix `json:"data_max_"`
		DataRange goldenMatrix `json:"data_range_"`
		Min       goldenMatrix `json:"min_"`

		MaxAbs     goldenMatrix `json:"max_abs_"`
		Center     goldenMatrix `json:"center_"`
		Statistics goldenMatrix `json:"statistics_"`
	} `json:"fitted"`
	Transform        goldenMatrix `json:"transform"`
	InverseTransform goldenMatrix `json:"inverse_transform"`
	XNew             goldenMatrix `json:"X_new"`
	TransformNew     goldenMatrix `json:"transform_new"`
	TransformRows    []struct {
		I int          `json:"i"`
		X goldenMatrix `json:"X"`
	} `json:"transform_rows"`
	Note string `json:"note"`
}

// columnMap is what a scaler does to a value of column j.
type columnMap func(v float64, j int) float64

func (c *scalerCase) check(f *sklearnFile) error {
	x, features, err := c.data()
	if err != nil {
		return err
	}
	tol := f.tolerance("doubles")
	var forward, backward columnMap
	var checks []error
	check := func(what string, got []float64, want goldenMatrix) {
		if want != nil {
			checks = append(checks, tol.check(what, got, want))
		}
	}
	switch c.Scaler {
	case "StandardScaler":
		s := &StandardScaler{
			NoMean: c.Params.WithMean != nil && !*c.Params.WithMean,
			NoStd:  c.Params.WithStd != nil && !*c.Params.WithStd,
		}
		fitStandard(s, x, features)
		samples := s.Samples
		if len(c.Fitted.Samples) == 1 {
			samples = slices.Compact(slices.Clone(samples))
		}
		check("n_samples_seen_", floatsOf(samples), c.Fitted.Samples)
		check("mean_", s.Mean, c.Fitted.Mean)
		check("var_", s.Var, c.Fitted.Var)
		check("scale_", s.Scale, c.Fitted.Scale)
		forward, backward = s.forward, s.backward
	case "MinMaxScaler":
		s := &MinMaxScaler{Clip: c.Params.Clip}
		if c.Params.FeatureRange != nil {
			s.Low, s.High = c.Params.FeatureRange[0], c.Params.FeatureRange[1]
		}
		fitMinMax(s, x, features)
		ranges := make([]float64, features)
		for j := range ranges {
			ranges[j] = s.DataMax[j] - s.DataMin[j]
		}
		check("data_min_", s.DataMin, c.Fitted.DataMin)
		check("data_max_", s.DataMax, c.Fitted.DataMax)
		check("data_range_", ranges, c.Fitted.DataRange)
		check("scale_", s.Scale, c.Fitted.Scale)
		check("min_", s.Offset, c.Fitted.Min)
		forward, backward = s.forward, s.backward
	case "MaxAbsScaler":
		s := &MaxAbsScaler{}
		fitMaxAbs(s, x, features)
		check("max_abs_", s.MaxAbs, c.Fitted.MaxAbs)
		check("scale_", s.Scale, c.Fitted.Scale)
		forward, backward = s.forward, s.backward
	case "RobustScaler":
		s := &RobustScaler{
			NoCenter:     c.Params.WithCentering != nil && !*c.Params.WithCentering,
			NoScale:      c.Params.WithScaling != nil && !*c.Params.WithScaling,
			UnitVariance: c.Params.UnitVariance,
		}
		if c.Params.QuantileRange != nil {
			s.Low, s.High = c.Params.QuantileRange[0], c.Params.QuantileRange[1]
		}
		fitRobust(s, x, features)
		check("center_", s.Center, c.Fitted.Center)
		check("scale_", s.Scale, c.Fitted.Scale)
		forward, backward = s.forward, s.backward
	case "SimpleImputer":
		return c.checkImputer(x, features, tol)
	case "Normalizer":
		norm, ok := map[string]Norm{"": L2Norm, "l2": L2Norm, "l1": L1Norm, "max": MaxNorm}[c.Params.Norm]
		if !ok {
			return errUnsupported("norm " + c.Params.Norm)
		}
		for i := 0; i < len(x); i += features {
			normalizeRow(x[i:][:features], norm)
		}
		return tol.check("transform", x, c.Transform)
	}
	scaled := forward.rows(x, features)
	check("transform", scaled, c.Transform)
	check("inverse_transform", backward.rows(scaled, features), c.InverseTransform)
	check("transform_new", forward.rows(c.XNew.floats(), features), c.TransformNew)
	for _, row := range c.TransformRows {
		check(fmt.Sprintf("row %d", row.I), scaled[row.I*features:][:features], row.X)
	}
	return firstError(checks...)
}

// checkImputer fits an imputer. A column without any value is an error, where scikit-learn drops it.
func (c *scalerCase) checkImputer(x []float64, features int, tol tolerance) error {
	strategy, ok := map[string]ImputeStrategy{"": ImputeMean, "mean": ImputeMean, "median": ImputeMedian,
		"most_frequent": ImputeMostFrequent, "constant": ImputeConstant}[c.Params.Strategy]
	if !ok {
		return errUnsupported("strategy " + c.Params.Strategy)
	}
	var single []float32
	for _, v := range x {
		single = append(single, float32(v))
	}
	s := &SimpleImputer{Strategy: strategy, FillValue: c.Params.FillValue, KeepEmpty: c.Params.KeepEmpty}
	err := s.Fit(&Dataset{X: single, Features: features})
	for j, want := range c.Fitted.Statistics {
		v := imputed(x, features, j, strategy, c.Params.FillValue)
		if v != v && c.Params.KeepEmpty {
			v = 0
			if strategy == ImputeConstant {
				v = c.Params.FillValue
			}
		}
		if err := tol.check("statistics_", []float64{v}, []goldenFloat{want}); err != nil {
			return err
		}
		if v != v {
			return checkRefused(err, "a column without values, which scikit-learn drops")
		}
	}
	if err != nil {
		return err
	}
	s.Statistics = c.Fitted.Statistics.floats() // which are those found, but for the rounding of X to float32
	forward := columnMap(s.forward)
	if c.XNew != nil {
		if err := tol.check("transform_new", forward.rows(c.XNew.floats(), features), c.TransformNew); err != nil {
			return err
		}
	}
	return tol.check("transform", forward.rows(x, features), c.Transform)
}

// data returns x [rows, features].
func (c *scalerCase) data() (x []float64, features int, err error) {
	switch c.Dataset {
	case "":
		for _, row := range c.X {
			x = append(x, goldenMatrix(row).floats()...)
		}
		return x, len(c.X[0]), nil
	case "iris":
		s := irisFloat64()
		return s.x, s.features, nil
	}
	return nil, 0, errUnsupported("dataset " + c.Dataset)
}

func (f columnMap) rows(x []float64, features int) []float64 {
	mapped := make([]float64, len(x))
	for i := 0; i < len(x); i += features {
		mapRow(mapped[i:][:features], x[i:][:features], f)
	}
	return mapped
}

// irisFloat64 returns the irises as scikit-learn has them: the decimals that Iris rounds to float32.
func irisFloat64() *synthetic {
	iris := Iris()
	s := newSynthetic(iris.Rows(), iris.Features, 1, len(iris.ClassNames))
	for i, v := range iris.X {
		s.x[i], _ = strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	}
	for i, v := range iris.Y {
		s.y[i] = float64(v)
	}
	return s
}

// pipelineCase scales all rows of a data set and then splits it.
type pipelineCase struct {
	Pipeline         string           `json:"pipeline"`
	Params           *syntheticParams `json:"params"` // of make_classification; none for iris
	TestSize         float64          `json:"test_size"`
	RandomState      uint32           `json:"random_state"`
	XTrainHead       goldenMatrix     `json:"X_train_head"`
	XTrainTail       goldenMatrix     `json:"X_train_tail"`
	XTest            goldenMatrix     `json:"X_test"`
	XTestHead        goldenMatrix     `json:"X_test_head"`
	XTestTail        goldenMatrix     `json:"X_test_tail"`
	YTrain           goldenMatrix     `json:"y_train"`
	YTest            goldenMatrix     `json:"y_test"`
	TrainColumnSums  goldenMatrix     `json:"train_column_sums"`
	TestColumnSums   goldenMatrix     `json:"test_column_sums"`
	ValidationSplit2 *struct {
		Fit        [2]int `json:"fit_rows"`
		Validation [2]int `json:"validation_rows"`
	} `json:"validation_split 0.2"`
}

func (c *pipelineCase) check(f *sklearnFile) error {
	s := irisFloat64()
	if c.Params != nil {
		var err error
		if s, _, err = c.Params.generate("make_classification"); err != nil {
			return err
		}
	}
	var scaler StandardScaler
	fitStandard(&scaler, s.x, s.features)
	scaled := columnMap(scaler.forward).rows(s.x, s.features)

	cfg := SplitConfig{TestSize: c.TestSize, RandomState: c.RandomState}
	train, test, err := TrainTestSplit(numberedRows(len(s.y), nil), cfg)
	if err != nil {
		return err
	}
	xTrain, yTrain := gather(scaled, s.features, rowNumbers(train)), gather(s.y, 1, rowNumbers(train))
	xTest, yTest := gather(scaled, s.features, rowNumbers(test)), gather(s.y, 1, rowNumbers(test))
	trainSums, _ := columnSums(xTrain, s.features)
	testSums, _ := columnSums(xTest, s.features)

	tol := f.tolerance("doubles")
	head := func(what string, got []float64, want goldenMatrix) error {
		return tol.check(what, got[:min(len(want), len(got))], want)
	}
	tail := func(what string, got []float64, want goldenMatrix) error {
		return tol.check(what, got[max(len(got)-len(want), 0):], want)
	}
	if c.XTest != nil {
		if err := tol.check("X_test", xTest, c.XTest); err != nil {
			return err
		}
	}
	if c.TestColumnSums != nil {
		if err := tol.check("sums of X_test", testSums, c.TestColumnSums); err != nil {
			return err
		}
	}
	if v := c.ValidationSplit2; v != nil {
		s := &synthetic{x: xTrain, features: s.features, y: yTrain, targets: 1, classes: s.classes}
		if err := checkValidationSplit(s.dataset(), 0.2, v.Fit, v.Validation); err != nil {
			return err
		}
	}
	return firstError(
		head("start of X_train", xTrain, c.XTrainHead), tail("end of X_train", xTrain, c.XTrainTail),
		head("start of X_test", xTest, c.XTestHead), tail("end of X_test", xTest, c.XTestTail),
		tolerance{}.check("y_train", yTrain, c.YTrain), tolerance{}.check("y_test", yTest, c.YTest),
		tol.check("sums of X_train", trainSums, c.TrainColumnSums),
	)
}

// checkValidationSplit reports whether Fit holds back other rows for validation than those named: it trains with
// the fraction and with the rows themselves.
func checkValidationSplit(d *Dataset, fraction float64, fit, validation [2]int) error {
	rows := func(span [2]int) *Dataset {
		var indices []int
		for i := span[0]; i < span[1]; i++ {
			indices = append(indices, i)
		}
		part, err := d.Subset(indices)
		if err != nil {
			panic(err) // a golden file that names rows which are not there
		}
		return part
	}
	losses := func(d *Dataset, cfg FitConfig) (string, error) {
		net, err := New(d.Features, Dense{Units: len(d.ClassNames), Activation: Softmax})
		if err != nil {
			return "", err
		}
		trainer, err := NewTrainer(net, TrainerConfig{Loss: SparseCategoricalCrossentropy{}})
		if err != nil {
			return "", err
		}
		history, err := trainer.Fit(context.Background(), d, cfg)
		if err != nil {
			return "", err
		}
		return fmt.Sprint(history.Metrics["loss"], history.Metrics["val_loss"]), nil
	}
	got, err := losses(d, FitConfig{Epochs: 1, ValidationSplit: fraction})
	if err != nil {
		return err
	}
	want, err := losses(rows(fit), FitConfig{Epochs: 1, ValidationData: rows(validation)})
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("ValidationSplit %v gives the losses %s, the rows themselves %s", fraction, got, want)
	}
	return nil
}
