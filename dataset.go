package mlp

// Dataset is a table of samples: inputs x, targets y, and their names.
//
// For classification Y holds class indices 0, 1, … in one column (Targets is 1) and ClassNames their names; OneHot
// turns them into one column a class. For regression Y holds one column a target. A Dataset belongs to one goroutine
// while it is changed; reading it is safe from many.
type Dataset struct {
	X []float32 // [rows, Features], row-major
	Y []float32 // [rows, Targets], row-major

	Features int // columns of X
	Targets  int // columns of Y; 0 if there are no targets

	FeatureNames []string // one a column of X, or nil
	TargetNames  []string // one a column of Y, or nil
	ClassNames   []string // the name of each class index, or nil for regression

	// SampleWeights weigh each row's loss: one a row, none negative; nil weighs every row 1.
	SampleWeights []float32
}

// Rows returns the number of samples.
func (d *Dataset) Rows() int {
	if d.Features == 0 {
		return 0
	}
	return len(d.X) / d.Features
}
