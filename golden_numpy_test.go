package mlp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// randomStateCase calls the methods of one generator one after another.
type randomStateCase struct {
	Name  string            `json:"name"`
	Seed  json.RawMessage   `json:"seed"`
	Calls []randomStateCall `json:"calls"`
	State struct {
		Pos      int         `json:"pos"`
		HasGauss int         `json:"has_gauss"`
		Gauss    goldenFloat `json:"gauss"`
		KeyFirst []uint32    `json:"key_first"`
		KeyLast  []uint32    `json:"key_last"`
	} `json:"state_after"`
}

type randomStateCall struct {
	Fn   string `json:"fn"`
	Args struct {
		Size    oneOrMany[int]  `json:"size"`
		Low     json.Number     `json:"low"`
		High    json.Number     `json:"high"`
		Loc     float64         `json:"loc"`
		Scale   *float64        `json:"scale"`
		X       json.RawMessage `json:"x"`
		A       json.RawMessage `json:"a"`
		Replace *bool           `json:"replace"`
		P       []float64       `json:"p"`
	} `json:"args"`
	Want json.RawMessage `json:"want"`
}

func (c *randomStateCase) check(f *sklearnFile) error {
	r, err := newGoldenRandomState(c.Seed)
	if err != nil {
		return err
	}
	for i, call := range c.Calls {
		if err := call.check(r); err != nil {
			return fmt.Errorf("call %d, %s: %w", i, call.Fn, err)
		}
	}
	got := fmt.Sprint(r.pos, r.hasGauss, r.key[:len(c.State.KeyFirst)], r.key[len(r.key)-len(c.State.KeyLast):])
	want := fmt.Sprint(c.State.Pos, c.State.HasGauss == 1, c.State.KeyFirst, c.State.KeyLast)
	if got != want {
		return fmt.Errorf("state %s, want %s", got, want)
	}
	return normalTolerance.check("gauss", []float64{r.gauss}, []goldenFloat{c.State.Gauss})
}

func newGoldenRandomState(seed []byte) (*RandomState, error) {
	var one uint32
	if json.Unmarshal(seed, &one) == nil {
		return NewRandomState(one), nil
	}
	var key []uint32
	if err := json.Unmarshal(seed, &key); err != nil {
		return nil, err
	}
	return NewRandomStateFromKey(key)
}

// normalTolerance is that of random_state.json: rtol 1e-12.
var normalTolerance = tolerance{Rtol: 1e-12}

func (call *randomStateCall) check(r *RandomState) error {
	n := 1
	for _, size := range call.Args.Size {
		n *= size
	}
	low, _ := call.Args.Low.Float64()
	high, _ := call.Args.High.Float64()
	scale := 1.0
	if call.Args.Scale != nil {
		scale = *call.Args.Scale
	}
	switch call.Fn {
	case "raw":
		return call.checkIntegers(n, func() (int64, error) { return int64(r.word()), nil })
	case "randint":
		low, err := call.Args.Low.Int64()
		if err != nil {
			return err
		}
		high, err := call.Args.High.Int64()
		if err != nil {
			return err
		}
		return call.checkIntegers(n, func() (int64, error) { return r.RandInt(low, high) })
	case "random_sample":
		return call.checkFloats(n, tolerance{}, r.RandomSample)
	case "uniform":
		return call.checkFloats(n, tolerance{}, func() float64 { return r.Uniform(low, high) })
	case "standard_normal":
		return call.checkFloats(n, normalTolerance, r.StandardNormal)
	case "normal":
		return call.checkFloats(n, normalTolerance, func() float64 { return r.Normal(call.Args.Loc, scale) })
	case "shuffle", "permutation":
		return call.checkOrder(call.Args.X, func(n int) ([]int, error) { return r.Permutation(n), nil })
	case "choice":
		replace := call.Args.Replace == nil || *call.Args.Replace
		return call.checkOrder(call.Args.A, func(population int) ([]int, error) {
			return r.Choice(population, n, replace, call.Args.P)
		})
	}
	return errUnsupported("RandomState." + call.Fn)
}

func (call *randomStateCall) checkIntegers(n int, next func() (int64, error)) error {
	var want []json.RawMessage // rows, or one row
	if err := json.Unmarshal(call.Want, &want); err != nil {
		return err
	}
	var flat []int64
	for _, text := range want {
		var row []int64
		if json.Unmarshal(text, &row) != nil {
			row = make([]int64, 1)
			if err := json.Unmarshal(text, &row[0]); err != nil {
				return err
			}
		}
		flat = append(flat, row...)
	}
	got := make([]int64, n)
	for i := range got {
		var err error
		if got[i], err = next(); err != nil {
			return err
		}
	}
	return checkEqual("integers", got, flat)
}

func (call *randomStateCall) checkFloats(n int, tol tolerance, next func() float64) error {
	want, err := flatten(call.Want)
	if err != nil {
		return err
	}
	got := make([]float64, n)
	for i := range got {
		got[i] = next()
	}
	return tol.check("numbers", got, want)
}

// checkOrder compares the elements that draw picks from x, which is a list, or n for 0 … n-1.
func (call *randomStateCall) checkOrder(x []byte, draw func(n int) ([]int, error)) error {
	var n int
	var elements, want []json.RawMessage
	if json.Unmarshal(x, &n) == nil {
		for i := range n {
			elements = append(elements, fmt.Append(nil, i))
		}
	} else if err := json.Unmarshal(x, &elements); err != nil {
		return err
	}
	if err := json.Unmarshal(call.Want, &want); err != nil {
		return err
	}
	order, err := draw(len(elements))
	if err != nil {
		return err
	}
	if got := gather(elements, 1, order); !slices.EqualFunc(got, want, slices.Equal) {
		return fmt.Errorf("%s, want %s", got, want)
	}
	return nil
}

// splitCase divides rows.
type splitCase struct {
	Kind        string            `json:"kind"`
	N           int               `json:"n"`
	TestSize    *goldenSize       `json:"test_size"`
	TrainSize   *goldenSize       `json:"train_size"`
	RandomState uint32            `json:"random_state"` // or null, where nothing is drawn
	Shuffle     bool              `json:"shuffle"`
	Stratify    []json.RawMessage `json:"stratify"`
	Train       []int             `json:"train"`
	Test        []int             `json:"test"`
	Params      struct {
		Splits      int         `json:"n_splits"`
		Shuffle     bool        `json:"shuffle"`
		RandomState uint32      `json:"random_state"`
		TestSize    *goldenSize `json:"test_size"`
		TrainSize   *goldenSize `json:"train_size"`
	} `json:"params"`
	Y     []json.RawMessage `json:"y"`
	Folds []goldenFold      `json:"folds"`
	Error string            `json:"error"`
}

// goldenSize is one of its two fields.
type goldenSize struct {
	Fraction *float64 `json:"fraction"`
	Count    *int     `json:"count"`
}

func (s *goldenSize) values() (fraction float64, count int, err error) {
	switch {
	case s == nil:
	case s.Fraction != nil:
		fraction = *s.Fraction
	default:
		count = *s.Count
	}
	if s != nil && fraction == 0 && count == 0 {
		return 0, 0, errZero
	}
	return fraction, count, nil
}

type goldenFold struct {
	Train []int `json:"train"`
	Test  []int `json:"test"`
}

func (c *splitCase) check(f *sklearnFile) error {
	got, err := c.folds()
	if c.Error != "" {
		return checkRefused(err, c.Error)
	}
	if err != nil {
		return err
	}
	want := c.Folds
	if c.Kind == "train_test_split" {
		want = []goldenFold{{c.Train, c.Test}}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d folds, want %d", len(got), len(want))
	}
	for i, fold := range got {
		if err := checkEqual("rows to train on", fold.Train, want[i].Train); err != nil {
			return err
		}
		if err := checkEqual("rows to test on", fold.Test, want[i].Test); err != nil {
			return err
		}
	}
	return nil
}

func (c *splitCase) folds() ([]Fold, error) {
	switch c.Kind {
	case "train_test_split":
		cfg, err := splitConfig(c.TestSize, c.TrainSize, c.RandomState)
		if err != nil {
			return nil, err
		}
		cfg.NoShuffle, cfg.Stratify = !c.Shuffle, c.Stratify != nil
		train, test, err := TrainTestSplit(numberedRows(c.N, c.Stratify), cfg)
		if err != nil {
			return nil, err
		}
		return []Fold{{rowNumbers(train), rowNumbers(test)}}, nil
	case "KFold", "StratifiedKFold":
		if c.Params.Splits == 0 {
			return nil, errZero
		}
		return KFold(numberedRows(c.N, c.Y), FoldConfig{
			Folds:       c.Params.Splits,
			Shuffle:     c.Params.Shuffle,
			RandomState: c.Params.RandomState,
			Stratify:    c.Kind == "StratifiedKFold",
		})
	case "ShuffleSplit", "StratifiedShuffleSplit":
		cfg, err := splitConfig(c.Params.TestSize, c.Params.TrainSize, c.Params.RandomState)
		if err != nil {
			return nil, err
		}
		cfg.Stratify = c.Kind == "StratifiedShuffleSplit"
		return ShuffleSplit(numberedRows(c.N, c.Y), c.Params.Splits, cfg)
	}
	return nil, errUnsupported(c.Kind)
}

func splitConfig(test, train *goldenSize, seed uint32) (cfg SplitConfig, err error) {
	cfg.RandomState = seed
	if cfg.TestSize, cfg.TestCount, err = test.values(); err != nil {
		return cfg, err
	}
	cfg.TrainSize, cfg.TrainCount, err = train.values()
	return cfg, err
}

// numberedRows returns n rows whose one feature is their number, of the classes that labels name.
func numberedRows(n int, labels []json.RawMessage) *Dataset {
	d := &Dataset{Features: 1}
	for i := range n {
		d.X = append(d.X, float32(i))
	}
	if labels == nil {
		return d
	}
	classes := sortedLabels(labels)
	d.Targets = 1
	for _, label := range labels {
		class := slices.IndexFunc(classes, func(class json.RawMessage) bool { return slices.Equal(class, label) })
		d.Y = append(d.Y, float32(class))
	}
	for _, label := range classes {
		d.ClassNames = append(d.ClassNames, string(label))
	}
	return d
}

// sortedLabels returns the distinct labels: numbers by value, strings by code point, false before true.
func sortedLabels(labels []json.RawMessage) []json.RawMessage {
	classes := slices.SortedFunc(slices.Values(labels), func(a, b json.RawMessage) int {
		var x, y float64
		if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil {
			return cmp.Compare(x, y)
		}
		var s, t string
		if json.Unmarshal(a, &s) == nil && json.Unmarshal(b, &t) == nil {
			return cmp.Compare(s, t)
		}
		return slices.Compare(a, b)
	})
	return slices.CompactFunc(classes, slices.Equal)
}

func rowNumbers(d *Dataset) []int {
	numbers := []int{}
	for _, v := range d.X {
		numbers = append(numbers, int(v))
	}
	return numbers
}
