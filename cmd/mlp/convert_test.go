package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
	"github.com/seed975aa5d7/mlp/npz"
)

// writeArray writes an array into a file.
func writeArray[T uint8 | int32 | int64 | float32 | float64](t *testing.T, path string, shape []int, values ...T) {
	t.Helper()
	a, err := mlp.NewArray(shape, values)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if strings.HasSuffix(path, ".npy") {
		err = a.WriteNPY(&b)
	} else {
		err = a.WriteIDX(&b)
	}
	if err == nil {
		err = os.WriteFile(path, b.Bytes(), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestConvert converts files to other formats and back, which gives the same bytes again.
func TestConvert(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "kinds.csv", "width,a height,kind\n1,0.1,wide\n-0,1e-45,\"tall, thin\"\nNaN,3.4028235e+38,wide\n")
	writeFile(t, dir, "numbers.csv", "a,b,y,z\n0.1,2,3,0.5\n-4,5e-20,6,1\n")
	writeFile(t, dir, "counts.csv", "a,b,c,d,y\n0,1,2,255,9\n4,5,6,7,0\n")
	writeFile(t, dir, "exact.csv", "a,b\n0.7,16777217\n1e+300,-0.1\n9007199254740993,NaN\n")
	writeFile(t, dir, "labels.csv", "a,y\n0.5,9223372036854775807\n2,1e3\n")
	writeFile(t, dir, "whole.csv", "a,b\n16777217,-2147483648\n2,1000000\n")
	writeArray(t, filepath.Join(dir, "long.npy"), []int{2}, int64(math.MaxInt64), -1)
	writeArray(t, filepath.Join(dir, "random.npy"), []int{1, 3}, 0.1+0.2, math.Pi, 5e-324)
	writeArray(t, filepath.Join(dir, "images.idx"), []int{2, 2, 3}, []uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255}...)
	writeArray(t, filepath.Join(dir, "labels.idx"), []int{2}, []uint8{7, 0}...)
	writeArray(t, filepath.Join(dir, "floats.npy"), []int{2, 2}, float32(math.Inf(-1)), 0.1, 1<<24+2, 5)
	writeArray(t, filepath.Join(dir, "doubles.npy"), []int{2}, 0.5, 1e3)
	for _, steps := range [][]string{
		{"kinds.csv a.npz", "a.npz b.csv", "b.csv b.npz", "= a.npz b.npz"},
		{"kinds.csv a.csv.gz", "a.csv.gz b.csv", "= b.csv kinds.csv"},
		{"numbers.csv a.npz", "a.npz b.csv", "= b.csv numbers.csv"},
		{"numbers.csv a.npz --label=y,z", "a.npz b.csv", "= b.csv numbers.csv"},
		{"numbers.csv a.npz --label=2 --ignore=y", "a.npz b.csv", "b.csv b.npz", "= a.npz b.npz"},
		{"numbers.csv a.npy", "a.npy b.csv", "b.csv b.npy", "= a.npy b.npy"},
		{"counts.csv a.idx --labels=l.idx --size=2x2 --type=uint8", "a.idx a.npz --labels=l.idx", "a.npz b.csv --type=float32",
			"b.csv b.idx --labels=m.idx --size=2x2 --type=uint8", "= a.idx b.idx", "= l.idx m.idx"},
		{"images.idx a.npz --labels=labels.idx", "a.npz a-idx3-ubyte.gz --labels=a-idx1-ubyte.gz",
			"a-idx3-ubyte.gz b.npz --labels=a-idx1-ubyte.gz", "= a.npz b.npz", "b.npz b.idx --labels=c.idx", "= b.idx images.idx",
			"= c.idx labels.idx"},
		{"images.idx a.npy --type=int16", "a.npy b.idx", "b.idx c.idx --type=uint8", "= c.idx images.idx"},
		{"floats.npy a.idx", "a.idx b.npz", "b.npz b.npy", "= b.npy floats.npy"},
		{"random.npy a.csv", "a.csv b.npy --type=float64", "= random.npy b.npy", "a.csv a.idx --type=float64", "a.idx b.csv", "= a.csv b.csv"},
		{"exact.csv a.npy --type=float64", "a.npy a.csv", "a.csv b.npy --type=float64", "= a.npy b.npy"},
		{"whole.csv a.npy --type=int32", "a.npy a.idx", "a.idx whole2.csv", "whole2.csv b.npy --type=int32", "= a.npy b.npy"},
		{"numbers.csv a.idx", "numbers.csv a.npy", "a.idx b.npy", "= a.npy b.npy"},
		{"labels.csv a.npz", "a.npz labels2.csv"},
		{"doubles.npy a.csv", "a.csv a.npy --type=float64", "a.npy a.idx", "a.idx b.csv", "= a.csv b.csv"},
	} {
		for _, step := range steps {
			args := strings.Fields(step)
			if args[0] != "=" {
				succeed(t, dir, "", append([]string{"convert"}, args...)...)
			} else if got, want := readFile(t, dir, args[1]), readFile(t, dir, args[2]); got != want &&
				strings.ReplaceAll(got, `"`, "") != strings.ReplaceAll(want, `"`, "") {
				t.Errorf("%q: %s is %q, want %q", steps, args[1], got, want)
			}
		}
	}
	succeed(t, dir, "", "convert", "exact.csv", "exact.npy", "--type=float64")
	succeed(t, dir, "", "convert", "exact.npy", "exact2.csv")
	succeed(t, dir, "", "convert", "long.npy", "long.csv")
	for _, file := range []struct{ name, want string }{
		{"b.csv", "x0\n0.5\n1000\n"},
		{"exact2.csv", "x0,x1\n0.7,1.6777217e+07\n1e+300,-0.1\n9.007199254740992e+15,NaN\n"},
		{"whole2.csv", "x0,x1\n16777217,-2147483648\n2,1000000\n"},
		{"labels2.csv", "a,y\n0.5,9223372036854775807\n2,1000\n"},
		{"long.csv", "x0\n9223372036854775807\n-1\n"},
	} {
		if got := readFile(t, dir, file.name); got != file.want {
			t.Errorf("%s: got %q, want %q", file.name, got, file.want)
		}
	}
	succeed(t, dir, "", "convert", "kinds.csv", "kinds.npz")
	data := readFile(t, dir, "kinds.npz")
	arrays, err := npz.Read(strings.NewReader(data), int64(len(data)), mlp.ArrayConfig{})
	if err != nil || len(arrays) != 5 {
		t.Fatalf("%d arrays, error %v", len(arrays), err)
	}
	x, err := arrays["x"].Float32s()
	if err != nil || x[1] != 0.1 || !math.Signbit(float64(x[2])) || x[3] != 1e-45 || x[4] == x[4] || x[5] != math.MaxFloat32 {
		t.Errorf("x is %v, error %v", x, err)
	}
	if y := arrays["y"]; y.Type() != "int64" || y.Float64s()[0] != 1 || y.Float64s()[1] != 0 {
		t.Errorf("y is %v %s", y.Float64s(), y.Type())
	}
}

// TestConvertErrors wants to hear what a format does not hold.
func TestConvertErrors(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "kinds.csv", "width,colour,kind\n1,red,x\n2.5,blue,y\n")
	writeFile(t, dir, "labels.csv", "width,kind\n1,x\n2.5,y\n")
	writeFile(t, dir, "half.csv", "width,y\n1,0.5\n2.5,1\n")
	writeFile(t, dir, "names.csv", "\"a\nb\",y\n1,2\n")
	writeFile(t, dir, "bad.npz", "PK")
	writeFile(t, dir, "large.csv", "a,b\n2147483648,1e300\n")
	writeFile(t, dir, "uneven.csv", "a,b\n1,2\n3\n")
	writeFile(t, dir, "twice.csv", "a,a\n1,2\n")
	writeFile(t, dir, "empty.csv", "a,b\n")
	writeFile(t, dir, "gap.csv", "a,b\n1,2\n3,\n")
	writeArray(t, filepath.Join(dir, "inf.npy"), []int{2}, 0.1, math.Inf(1))
	writeArray(t, filepath.Join(dir, "doubles.npy"), []int{2}, 0.1, 1)
	writeArray(t, filepath.Join(dir, "large.npy"), []int{2}, 1, int64(1)<<40)
	writeArray(t, filepath.Join(dir, "one.npy"), nil, float32(1))
	writeArray(t, filepath.Join(dir, "none.npy"), []int{0, 3}, []float32{}...)
	writeArray(t, filepath.Join(dir, "two.idx"), []int{2}, 1, int32(2))
	writeArray(t, filepath.Join(dir, "three.idx"), []int{3}, []uint8{1, 2, 3}...)
	var b bytes.Buffer
	other, err := mlp.NewArray([]int{1}, []float32{1})
	if err == nil {
		err = npz.Write(&b, map[string]*mlp.Array{"x_train": other})
	}
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "mnist.npz", b.String())
	for _, test := range []struct{ args, want string }{
		{"kinds.csv kinds.xls", "kinds.xls: the name tells no format"},
		{"nosuch.csv a.npz", "nosuch.csv"},
		{"kinds.csv ./kinds.csv", "the same file"},
		{"kinds.csv a.npz", `column "colour": "red" is not a number`},
		{"kinds.csv a.npz --ignore=hue", `no column is named "hue"`},
		{"kinds.csv a.npz --no-header --ignore=2", "--ignore needs a file with a header"},
		{"kinds.csv a.npy --label=kind", "--label says nothing"},
		{"labels.csv a.npy", `"x" is not a number`},
		{"labels.csv a.idx --labels=b.idx", `the labels of labels.csv are "x", "y"; an .npz file holds their names`},
		{"labels.csv a.npz --size=2x2", "--size 2x2: the rows have the shape [1]"},
		{"labels.csv a.npz --size=2", "--size"},
		{"labels.csv a.npz --type=uint8", "number 2 of the array is 2.5, which uint8 does not hold"},
		{"labels.csv a.npz --labels=b.idx", "--labels names the file"},
		{"half.csv a.idx --label=y", "an IDX file holds one array"},
		{"names.csv a.npz", "has two lines"},
		{"inf.npy a.csv", "number 2 of the array is +Inf, which a CSV file has no place for"},
		{"large.csv a.npy --type=int32", "number 1 of the array is 2.147483648e+09, which int32 does not hold"},
		{"large.csv a.npz --label=1", `large.csv:2: column "b": "1e300" is beyond the range of a float32`},
		{"large.csv a.npz --type=float32", "large.csv: row 1 of the labels: \"1e300\" is beyond the range of a float32"},
		{"labels.csv a.idx", `labels.csv:2: column "kind": "x" is not a number`},
		{"uneven.csv a.npy", "uneven.csv:3: 1 cell, want 2"},
		{"twice.csv a.npy", "the name stands twice"},
		{"empty.csv a.npy", "there are no rows"},
		{"gap.csv a.npz", `gap.csv:3: column "b": the label is missing`},
		{"large.npy a.idx", "which int32 does not hold"},
		{"large.npy a.npz --label=y", "large.npy is no CSV file"},
		{"one.npy a.npz", "a single number"},
		{"none.npy a.csv", "there are no rows"},
		{"doubles.npy a.idx --labels=b.idx", "doubles.npy has no labels for b.idx"},
		{"two.idx a.npz --labels=three.idx", "as many labels as rows"},
		{"bad.npz a.csv", "bad.npz: npz: "},
		{"mnist.npz a.csv", `array "x_train": want x, y,`},
	} {
		_, stderr, code := result(t, dir, "", append([]string{"convert"}, strings.Fields(test.args)...)...)
		if code != exitFailure || !strings.Contains(stderr, test.want) {
			t.Errorf("convert %s: exit code %d, stderr %q, want %q", test.args, code, stderr, test.want)
		}
	}
}
