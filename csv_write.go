package mlp

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteCSV writes d with a header and commas: the features, then the class names or the targets. ReadCSV gives the same
// bits again, from the same column names, with d.ClassNames and d.Categories where their order is not the sorted one or one
// of them has no row; NaN among the features needs AllowMissing. SampleWeights have no column, and are refused.
func (d *Dataset) WriteCSV(w io.Writer) error {
	header, err := d.csvHeader()
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return fmt.Errorf("mlp: WriteCSV: %w", err)
	}
	// Each row's numbers stand in one string, which its cells share: one allocation a row.
	var digits []byte
	ends := make([]int, len(header))
	for row := range d.Rows() {
		digits = digits[:0]
		for j := range header {
			var v float32
			if j < d.Features {
				v = d.X[row*d.Features+j]
			} else {
				v = d.Y[row*d.Targets+j-d.Features]
			}
			if v == v && j < d.Features && d.categories(j) != nil {
				digits = append(digits, d.categories(j)[int(v)]...)
			} else {
				digits = strconv.AppendFloat(digits, float64(v), 'g', -1, 32)
			}
			ends[j] = len(digits)
		}
		text, start := string(digits), 0
		for j, end := range ends {
			header[j], start = text[start:end], end
		}
		if d.hasClassIndices() {
			header[d.Features] = d.ClassNames[int(d.Y[row])]
		}
		if err := out.Write(header); err != nil {
			return fmt.Errorf("mlp: WriteCSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("mlp: WriteCSV: %w", err)
	}
	return nil
}

// csvHeader returns the names of the columns that WriteCSV writes. It gives an error if ReadCSV could not read them, or
// d, again.
func (d *Dataset) csvHeader() ([]string, error) {
	if err := d.validate("dataset", true); err != nil {
		return nil, err
	}
	if d.SampleWeights != nil {
		return nil, errors.New("mlp: WriteCSV: SampleWeights have no column in a CSV file")
	}
	header := make([]string, 0, d.Features+d.Targets)
	for j := range d.Features {
		header = append(header, d.featureName(j))
	}
	for j := range d.Targets {
		header = append(header, d.targetName(j))
	}
	if err := checkNames(header); err != nil {
		return nil, fmt.Errorf("mlp: WriteCSV: a column's name, %w", err)
	}
	if d.hasClassIndices() {
		if err := checkNames(d.ClassNames); err != nil {
			return nil, fmt.Errorf("mlp: WriteCSV: a class's name, %w", err)
		}
	}
	for j := range d.Categories {
		if err := checkNames(d.Categories[j]); err != nil {
			return nil, fmt.Errorf("mlp: WriteCSV: a category's name, %w", err)
		}
	}
	return header, nil
}

// checkNames reports a name that ReadCSV would refuse, or give back changed.
func checkNames(names []string) error {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if err := checkText(name); err != nil {
			return err
		}
		if isMissing(name) || name != strings.Trim(name, " \t") || seen[name] {
			return fmt.Errorf("%q, is missing, stands twice, or has spaces around it", name)
		}
		seen[name] = true
	}
	return nil
}
