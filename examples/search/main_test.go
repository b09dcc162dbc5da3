package main

import (
	"context"
	"io"
	"strings"
	"testing"
)

// The output is the same on every machine, whatever its kernel and the number of its processors.
func TestOutput(t *testing.T) {
	var b strings.Builder
	if err := run(context.Background(), &b, io.Discard); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != want {
		t.Errorf("output:\n%s\nwant:\n%s", got, want)
	}
}

const want = `rung 0: 27 candidates,  3 epochs
rung 1:  9 candidates,  9 epochs
rung 2:  3 candidates, 27 epochs
rung 3:  1 candidates, 81 epochs

rank epochs  accuracy        params  candidate
   1     81  0.9267 ± 0.0133    282  2×14 relu, rate 0.0087, l2 3e-04, dropout 0
   2     27  0.9133 ± 0.0267     41  3×3  tanh, rate 0.0117, l2 8e-04, dropout 0
   3     27  0.9100 ± 0.0133     18  2×2  tanh, rate 0.0364, l2 2e-03, dropout 0
   4      9  0.8900 ± 0.0200    834  2×26 relu, rate 0.0104, l2 2e-04, dropout 0.3
   5      9  0.8767 ± 0.0133     57  2×5  relu, rate 0.0177, l2 2e-03, dropout 0.1
   6      9  0.8767 ± 0.0133    374  3×12 relu, rate 0.0043, l2 2e-06, dropout 0.1
   7      9  0.8667 ± 0.0183     32  1×6  relu, rate 0.0111, l2 4e-06, dropout 0.1
   8      9  0.8667 ± 0.0183    127  1×25 tanh, rate 0.0059, l2 3e-04, dropout 0.1
   9      9  0.8633 ± 0.0221    626  3×16 tanh, rate 0.0052, l2 5e-04, dropout 0.3

The best on 200 other rows: accuracy 0.920, ROC AUC 0.973
`
