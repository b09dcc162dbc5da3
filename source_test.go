package mlp

import (
	"context"
	"errors"
	"iter"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// chunked is a Source of a Dataset's rows. It reuses the memory of its chunks.
type chunked struct {
	d    *Dataset
	rows int // of a chunk

	fail error // in place of the chunk with row failAt
	at   int
}

func (c chunked) Chunks(ctx context.Context) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		for from := 0; from < c.d.Rows(); from += c.rows {
			to := min(from+c.rows, c.d.Rows())
			if c.fail != nil && c.at < to {
				yield(nil, c.fail)
				return
			}
			chunk := c.d.slice(from, to).Clone()
			if !yield(chunk, nil) {
				return
			}
			for i := range chunk.X {
				chunk.X[i] = float32(math.NaN())
			}
			clear(chunk.Y)
			clear(chunk.SampleWeights)
		}
	}
}

// stretched returns rows for scalers: columns of several units, with gaps and without any value.
func stretched(rows int) *Dataset {
	d := blobs(rows, 8)
	for i := range d.X {
		switch j := i % 4; {
		case j == 1:
			d.X[i] = d.X[i]*1000 + 1e4
		case j == 2 && i%3 == 0:
			d.X[i] = float32(math.NaN())
		case j == 3:
			d.X[i] = 0.1
		}
	}
	return d
}

// scalers returns a new one of each kind that FitPreprocessor takes.
func scalers() []Preprocessor {
	return []Preprocessor{&StandardScaler{}, &MinMaxScaler{Low: -1, High: 2}, &MaxAbsScaler{},
		Pipeline{&SimpleImputer{Strategy: ImputeConstant}, &MinMaxScaler{}, &StandardScaler{}, &Normalizer{}}}
}

// TestFitPreprocessor compares scalers that are fitted in chunks with those fitted at once.
func TestFitPreprocessor(t *testing.T) {
	d := stretched(2*fitBlock + 100)
	for i, want := range scalers() {
		if err := want.Fit(d); err != nil {
			t.Fatal(err)
		}
		all := d.Clone()
		if err := want.Transform(all); err != nil {
			t.Fatal(err)
		}
		var first Preprocessor
		for _, rows := range []int{1, 7, fitBlock, fitBlock + 1, d.Rows()} {
			got := scalers()[i]
			if err := FitPreprocessor(context.Background(), got, chunked{d: d, rows: rows}); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			} else if !reflect.DeepEqual(got, first) {
				t.Errorf("%T: chunks of %d rows give other numbers than of 1", got, rows)
			}
			var x []float32
			for chunk, err := range (TransformedSource{chunked{d: d, rows: rows}, got}).Chunks(context.Background()) {
				if err != nil {
					t.Fatal(err)
				}
				x = append(x, chunk.X...)
			}
			for k, v := range x {
				if w := all.X[k]; math.Abs(float64(v-w)) > 1e-6*math.Max(1, math.Abs(float64(w))) || (v == v) != (w == w) {
					t.Fatalf("%T: value %d is %v, want %v", got, k, v, w)
				}
			}
		}
	}
}

// TestFitPreprocessorBlocks wants the numbers of scikit-learn's partial_fit with batches of fitBlock rows, which Update gives.
func TestFitPreprocessorBlocks(t *testing.T) {
	d := stretched(2*fitBlock + 100)
	want := &StandardScaler{}
	for from := 0; from < d.Rows(); from += fitBlock {
		if err := want.Update(d.slice(from, min(from+fitBlock, d.Rows()))); err != nil {
			t.Fatal(err)
		}
	}
	got := &StandardScaler{}
	if err := FitPreprocessor(context.Background(), got, chunked{d: d, rows: 13}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestFitPreprocessorImputer wants the bits that a SimpleImputer gets from all rows at once.
func TestFitPreprocessorImputer(t *testing.T) {
	nan := float32(math.NaN())
	d := &Dataset{Features: 3, Categories: [][]string{nil, {"a", "b", "c"}, nil}}
	for i := range 500 {
		d.X = append(d.X, float32(i%7)/3, float32((i*i+1)%3), nan)
		if i%5 == 0 {
			d.X[3*i], d.X[3*i+1] = nan, nan
		}
	}
	for _, kind := range []SimpleImputer{{KeepEmpty: true}, {Strategy: ImputeConstant, FillValue: -3, KeepEmpty: true}} {
		want := kind
		if err := want.Fit(d); err != nil {
			t.Fatal(err)
		}
		for _, rows := range []int{1, 7, 500} {
			got := kind
			if err := FitPreprocessor(context.Background(), &got, chunked{d: d, rows: rows}); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("chunks of %d: %+v, want %+v", rows, got, want)
			}
		}
	}
}

func TestUpdateExtremes(t *testing.T) {
	d := stretched(100)
	at := &Dataset{X: slices.Repeat([]float32{float32(math.NaN())}, 8), Features: 4} // without any value
	for _, c := range []struct{ all, some Preprocessor }{{&MinMaxScaler{}, &MinMaxScaler{}}, {&MaxAbsScaler{}, &MaxAbsScaler{}}} {
		if err := c.all.Fit(d); err != nil {
			t.Fatal(err)
		}
		update := c.some.(interface{ Update(*Dataset) error }).Update
		for _, part := range []*Dataset{at, d.slice(0, 30), at, d.slice(30, 100)} {
			if err := update(part); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(c.some, c.all) {
			t.Errorf("in parts %+v, at once %+v", c.some, c.all)
		}
		if err := update(&Dataset{X: []float32{1}, Features: 1}); err == nil || !strings.Contains(err.Error(), "1 features, the scaler has 4") {
			t.Errorf("another width: error %v", err)
		}
	}
}

func TestFitPreprocessorErrors(t *testing.T) {
	broken := errors.New("broken")
	d := stretched(10)
	for _, test := range []struct {
		p    Preprocessor
		src  Source
		want string
	}{
		{&RobustScaler{}, chunked{d: d, rows: 3}, "*mlp.RobustScaler needs all rows at once"},
		{&SimpleImputer{Strategy: ImputeMedian}, chunked{d: d, rows: 3}, "medians or the most frequent numbers needs all rows"},
		{&SimpleImputer{Strategy: ImputeConstant + 1}, chunked{d: d, rows: 3}, "Strategy is 4"},
		{&SimpleImputer{}, chunked{d: &Dataset{X: []float32{1, float32(math.NaN())}, Features: 2}, rows: 3}, "has no value in any row"},
		{&SimpleImputer{}, chunked{d: d, rows: 3, fail: broken, at: 7}, "broken"},
		{&OneHotEncoder{Columns: []string{"x0"}}, chunked{d: d, rows: 3}, `feature "x0" to encode has no list of categories`},
		{Pipeline{&MaxAbsScaler{}, &RobustScaler{}}, chunked{d: d, rows: 3}, "(step 1 of a Pipeline)"},
		{Pipeline{}, chunked{d: d, rows: 3}, "there are no steps"},
		{&StandardScaler{}, chunked{d: d, rows: 3, fail: broken, at: 7}, "broken"},
		{Pipeline{&MaxAbsScaler{}, &MaxAbsScaler{}}, chunked{d: d, rows: 3, fail: broken, at: 7}, "broken"},
		{&StandardScaler{}, chunked{d: &Dataset{Features: 4}, rows: 3}, "the Source has no rows"},
		{&MaxAbsScaler{}, noDataset{}, "a chunk is nil"},
		{&StandardScaler{}, both{chunked{d: d, rows: 3}, chunked{d: numbered(5), rows: 3}}, "a chunk has 1 features, the first one has 4"},
		{&SimpleImputer{}, both{chunked{d: numbered(5), rows: 3}, chunked{d: d, rows: 3}}, "a chunk has 4 features, the first one has 1"},
		{&SimpleImputer{}, both{
			chunked{d: &Dataset{X: []float32{0}, Features: 1, Categories: [][]string{{"a"}}}, rows: 1},
			chunked{d: &Dataset{X: []float32{1}, Features: 1, Categories: [][]string{{"a", "b"}}}, rows: 1},
		}, `a chunk has 2 categories of "x0", the first one has 1`},
	} {
		if err := FitPreprocessor(context.Background(), test.p, test.src); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%T: error %v, want %q", test.p, err, test.want)
		}
	}
}
