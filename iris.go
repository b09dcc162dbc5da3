package mlp

import (
	_ "embed"
	"strings"
)

//go:embed iris.csv
var irisCSV string

// Iris returns Fisher's 150 irises: four lengths in centimetres, X [150, 4], and one of three species, Y [150, 1].
// The values are scikit-learn's, which follow Fisher's paper in rows 35 and 38, where the UCI repository's file does
// not. (R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7(2), 1936,
// doi:10.1111/j.1469-1809.1936.tb02137.x; UCI Machine Learning Repository, CC BY 4.0.)
func Iris() *Dataset {
	iris, err := ReadCSV(strings.NewReader(irisCSV), CSVConfig{Label: "species"})
	if err != nil {
		panic("mlp: the embedded iris.csv is broken: " + err.Error())
	}
	return iris
}
