package mlp_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/seed975aa5d7/mlp"
)

func ExampleIris() {
	iris := mlp.Iris()
	fmt.Print(iris.Summary())
	// Output:
	// 150 rows, 4 features, 3 classes
	//
	// feature             min       mean        max  deviation
	// sepal_length        4.3      5.843        7.9     0.8253
	// sepal_width           2      3.057        4.4     0.4344
	// petal_length          1      3.758        6.9      1.759
	// petal_width         0.1      1.199        2.5     0.7597
	//
	// class            rows      share
	// setosa             50      33.3%
	// versicolor         50      33.3%
	// virginica          50      33.3%
}

func ExampleReadCSV() {
	file := strings.NewReader(`height,weight,animal
0.3,4.1,cat
0.6,22,dog
0.25,3.8,cat
`)
	d, err := mlp.ReadCSV(file, mlp.CSVConfig{Label: "animal"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.X, d.FeatureNames)
	fmt.Println(d.Y, d.ClassNames)
	// Output:
	// [0.3 4.1 0.6 22 0.25 3.8] [height weight]
	// [0 1 0] [cat dog]
}

// A regression of two prices on the remaining columns.
func ExampleReadCSV_targets() {
	file := strings.NewReader(`id;rooms;area;rent;price
a;3;70;900;210
b;4;95;1250;330
`)
	d, err := mlp.ReadCSV(file, mlp.CSVConfig{
		Separator: ';',
		Targets:   []string{"rent", "price"},
		Ignore:    []string{"id"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.X, d.FeatureNames)
	fmt.Println(d.Y, d.TargetNames)
	// Output:
	// [3 70 4 95] [rooms area]
	// [900 210 1250 330] [rent price]
}

func ExampleCSVError() {
	_, err := mlp.ReadCSV(strings.NewReader("a,b\n1,2\n3,x8\n"), mlp.CSVConfig{})
	fmt.Println(err)
	var at *mlp.CSVError
	if errors.As(err, &at) {
		fmt.Println(at.Line, at.Column, at.Name)
	}
	// Output:
	// mlp: line 3: column "b": "x8" is not a number
	// 3 2 b
}

func ExampleDataset() {
	d := &mlp.Dataset{
		X:          []float32{0, 0, 0, 1, 1, 0, 1, 1},
		Y:          []float32{0, 1, 1, 0},
		Features:   2,
		Targets:    1,
		ClassNames: []string{"equal", "different"},
	}
	if err := d.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Rows(), "rows, of each class", d.ClassCounts())
	last, err := d.Subset([]int{3, 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := last.WriteCSV(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 4 rows, of each class [2 2]
	// x0,x1,y0
	// 1,1,equal
	// 1,0,different
}
