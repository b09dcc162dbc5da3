package gosource

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

// model is a network of which source is made, and rows for it.
type model struct {
	name string
	net  *mlp.Network
	rows [][]float32
}

// newModel returns a network with random weights, among them zeros of both signs, and rows for it.
func newModel(t *testing.T, name string, features int, layers ...mlp.Layer) *model {
	t.Helper()
	net, err := mlp.New(features, layers...)
	if err != nil {
		t.Fatal(name, err)
	}
	rng := rand.New(rand.NewPCG(uint64(len(name)), uint64(features)))
	for i := range layers {
		tensors := net.Weights(i)
		for _, w := range tensors {
			for j := range w.Values {
				v := float32(rng.NormFloat64())
				switch rng.IntN(20) {
				case 0:
					v = 0
				case 1:
					v = float32(math.Copysign(0, -1))
				case 2:
					v *= 1e-20
				}
				if w.Name == "moving_variance" {
					v = v * v
				}
				w.Values[j] = v
			}
		}
		if err := net.SetWeights(i, tensors...); err != nil {
			t.Fatal(name, err)
		}
	}
	m := &model{name: name, net: net}
	for range 20 {
		m.rows = append(m.rows, randomRow(rng, features))
	}
	return m
}

func randomRow(rng *rand.Rand, features int) []float32 {
	row := make([]float32, features)
	for j := range row {
		row[j] = float32(rng.NormFloat64() * 3)
		switch rng.IntN(12) {
		case 0:
			row[j] = float32(math.Copysign(0, -1))
		case 1:
			row[j] *= 1e5
		}
	}
	return row
}

// scaled gives the model a fitted scaler, and rows for that.
func (m *model) scaled(t *testing.T, scaler mlp.Preprocessor, d *mlp.Dataset, extra ...[]float32) *model {
	t.Helper()
	if err := scaler.Fit(d.Clone()); err != nil {
		t.Fatal(m.name, err)
	}
	m.net.Scaler = scaler
	m.rows = extra
	for i := range d.Rows() {
		m.rows = append(m.rows, d.X[i*d.Features:][:d.Features])
	}
	return m
}

func models(t *testing.T) []*model {
	list := []*model{
		newModel(t, "wide", 33, mlp.Dense{Units: 70, Activation: mlp.ReLU}, mlp.Dense{Units: 41, Activation: mlp.Softmax}),
		newModel(t, "no bias", 3, mlp.Dense{Units: 2, NoBias: true}),
		newModel(t, "batch norm", 4, mlp.BatchNorm{}, mlp.Dense{Units: 5}, mlp.BatchNorm{NoCenter: true, Epsilon: 1e-5},
			mlp.ActivationLayer{Activation: mlp.Tanh}, mlp.Dropout{Rate: 0.5}, mlp.Dense{Units: 3}, mlp.BatchNorm{NoScale: true}),
		newModel(t, "activation first", 4, mlp.GaussianNoise{StdDev: 1}, mlp.ActivationLayer{Activation: mlp.Softmax},
			mlp.Dense{Units: 2}),
	}
	for _, name := range slices.Sorted(maps.Keys(activationFunctions)) {
		a, err := mlp.ParseActivation(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, newModel(t, name, 5, mlp.Dense{Units: 20, Activation: a}, mlp.Dense{Units: 18, Activation: a}))
	}
	list = append(list, newModel(t, "leaky", 5, mlp.Dense{Units: 9, Activation: mlp.LeakyReLU(0.1)},
		mlp.Dense{Units: 9, Activation: mlp.ELU(0.3)}))

	rng := rand.New(rand.NewPCG(5, 5))
	numbers := &mlp.Dataset{Features: 4, Targets: 1}
	missing := &mlp.Dataset{Features: 4, Targets: 1}
	mixed := &mlp.Dataset{Features: 3, Targets: 1, FeatureNames: []string{"a", "b", "c"},
		Categories: [][]string{{"x", "y"}, nil, {"p", "q", "r"}}}
	for i := range 30 {
		row := randomRow(rng, 4)
		numbers.X, numbers.Y = append(numbers.X, row...), append(numbers.Y, 0)
		row[rng.IntN(4)] = float32(math.NaN())
		missing.X, missing.Y = append(missing.X, row...), append(missing.Y, 0)
		mixed.X = append(mixed.X, float32(i%2), float32(rng.NormFloat64()), float32(i%3))
		mixed.Y = append(mixed.Y, 0)
	}
	for i, scaler := range []mlp.Preprocessor{
		&mlp.StandardScaler{}, &mlp.StandardScaler{NoMean: true}, &mlp.StandardScaler{NoStd: true}, &mlp.MinMaxScaler{},
		&mlp.MinMaxScaler{Low: -1, High: 2}, &mlp.MinMaxScaler{Clip: true}, &mlp.MinMaxScaler{Low: -0.25, High: 3, Clip: true},
		&mlp.MaxAbsScaler{}, &mlp.RobustScaler{}, &mlp.RobustScaler{NoCenter: true},
		&mlp.Normalizer{}, &mlp.Normalizer{Norm: mlp.L1Norm}, &mlp.Normalizer{Norm: mlp.MaxNorm}, mlp.Pipeline{&mlp.MaxAbsScaler{}, &mlp.StandardScaler{}},
	} {
		list = append(list, newModel(t, fmt.Sprintf("scaler %d %T", i, scaler), 4, mlp.Dense{Units: 3}).
			scaled(t, scaler, numbers, []float32{1e6, -1e6, 0, 3}, make([]float32, 4)))
	}
	list = append(list, newModel(t, "imputer", 4, mlp.Dense{Units: 3}).
		scaled(t, mlp.Pipeline{&mlp.SimpleImputer{}, &mlp.StandardScaler{}}, missing))
	nan := float32(math.NaN())
	for i, encoder := range []*mlp.OneHotEncoder{{}, {Drop: mlp.DropFirst}, {Drop: mlp.DropIfBinary}, {IgnoreUnknown: true}} {
		width := []int{6, 4, 5, 6}[i]
		list = append(list, newModel(t, fmt.Sprint("encoder ", i), width, mlp.Dense{Units: 3, Activation: mlp.Sigmoid}).
			scaled(t, mlp.Pipeline{encoder, &mlp.StandardScaler{}}, mixed,
				[]float32{2, 0, 0}, []float32{0, 0, nan}, []float32{1, 1, 0.5}))
	}
	holes := mixed.Clone()
	holes.X[0], holes.X[5] = nan, nan
	list = append(list, newModel(t, "encoder of missing values", 8, mlp.Dense{Units: 3}).
		scaled(t, &mlp.OneHotEncoder{}, holes, []float32{2, 0, 0}, []float32{nan, 0, nan}))
	binary := newModel(t, "binary", 2, mlp.Dense{Units: 1, Activation: mlp.Sigmoid})
	binary.net.ClassNames, binary.net.FeatureNames = []string{"no \"\n", "yes"}, []string{"é", "`"}
	logit := newModel(t, "logit", 2, mlp.Dense{Units: 1})
	logit.net.ClassNames = []string{"no", "yes"}
	logits := newModel(t, "logits", 2, mlp.Dense{Units: 4})
	logits.net.ClassNames = []string{"a", "b", "c", "d"}
	classes := newModel(t, "classes", 2, mlp.Dense{Units: 3, Activation: mlp.Softmax})
	classes.net.ClassNames = []string{"a", "b", "c"}
	classes.rows = append(classes.rows, []float32{nan, 0})
	return append(list, binary, logit, logits, classes)
}

// TestGenerate compiles the source of many networks and compares each bit of what it computes with PredictRaw, on this
// platform and on others that can run here, some of which fuse multiplications and additions.
func TestGenerate(t *testing.T) {
	list := models(t)
	folder := t.TempDir()
	write := func(name string, content []byte) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var program, imports bytes.Buffer
	var want []string
	for i, m := range list {
		name := fmt.Sprintf("m%d", i)
		source, size, err := Generate(m.net, Config{Package: name})
		if err != nil {
			t.Fatalf("%s: %v", m.name, err)
		}
		if formatted, err := format.Source(source); err != nil || !bytes.Equal(formatted, source) {
			t.Errorf("%s: the source is not formatted (error %v)", m.name, err)
		}
		if size.MultiplyAdds == 0 || size.Bytes < 4*size.Numbers {
			t.Errorf("%s: size %+v", m.name, size)
		}
		write(name+"/model.go", source)
		fmt.Fprintf(&imports, "\t%q\n", "test/"+name)
		m.writeProgram(&program, name)
		want = append(want, m.expected(t)...)
	}
	write("go.mod", []byte("module test\n\ngo 1.22\n"))
	program.WriteString("\tprintln(allocations()-before, \"allocations\")\n}\n")
	write("main.go", []byte(fmt.Sprintf(programHead, imports.String())+program.String()))
	want = append(want, "0 allocations")

	for _, arch := range []string{runtime.GOARCH, "386", "arm", "arm64", "s390x", "riscv64"} {
		emulator := "qemu-" + map[string]string{"386": "i386", "arm64": "aarch64"}[arch] + "-static"
		if emulator == "qemu--static" {
			emulator = "qemu-" + arch + "-static"
		}
		native := arch == runtime.GOARCH || arch == "386" && runtime.GOARCH == "amd64" && runtime.GOOS == "linux"
		if !native {
			if _, err := exec.LookPath(emulator); err != nil || runtime.GOOS != "linux" {
				continue
			}
		}
		if testing.Short() && arch != runtime.GOARCH {
			continue
		}
		t.Run(arch, func(t *testing.T) {
			binary := filepath.Join(folder, "program-"+arch)
			build := exec.Command("go", "build", "-o", binary, ".")
			build.Dir = folder
			build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+arch, "GOWORK=off", "GOFLAGS=")
			if output, err := build.CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, output)
			}
			run := exec.Command(binary)
			if !native {
				run = exec.Command(emulator, binary)
			}
			output, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			got := strings.Split(strings.TrimSpace(string(output)), "\n")
			if len(got) != len(want) {
				t.Fatalf("%d lines, want %d", len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("line %d: got %s, want %s", i, got[i], want[i])
				}
			}
		})
	}
}

// programHead begins the program that runs all models: with println, for package fmt would take seconds to build for each
// platform.
const programHead = `package main

import (
	"math"
	"runtime"

%s)

func allocations() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.Mallocs)
}

// bits returns a number's bits, and the same ones for each NaN.
func bits(v float32) uint32 {
	if v != v {
		return 0x7fc00000
	}
	return math.Float32bits(v)
}

func main() {
	before := allocations()
`

// writeProgram appends statements that print what the package of that name computes for the rows.
func (m *model) writeProgram(out *bytes.Buffer, name string) {
	fmt.Fprintf(out, "\tfor i, row := range [%d][%s.Features]uint32{\n", len(m.rows), name)
	for _, row := range m.rows {
		fmt.Fprintf(out, "\t\t{")
		for _, v := range row {
			fmt.Fprintf(out, "%#x, ", math.Float32bits(v))
		}
		out.WriteString("},\n")
	}
	fmt.Fprintf(out, `	} {
		var x [%[1]s.Features]float32
		var y [%[1]s.Outputs]float32
		for j, b := range row {
			x[j] = math.Float32frombits(b)
		}
		%[1]s.Predict(&y, &x)
		for j, v := range y {
			println(%[2]q, i, j, bits(v))
		}
`, name, m.name)
	if m.net.Classes() != nil {
		fmt.Fprintf(out, "\t\tprintln(%s.Classify(&x), len(%s.ClassNames))\n", name, name)
	}
	out.WriteString("\t}\n")
}

// expected returns the lines that the program is to print for the model.
func (m *model) expected(t *testing.T) (lines []string) {
	t.Helper()
	for i, row := range m.rows {
		y, err := m.net.PredictRaw(row)
		if err != nil && !strings.Contains(err.Error(), "no category") {
			t.Fatalf("%s: %v", m.name, err)
		}
		if err != nil {
			y = make([]float32, m.net.Outputs())
			for j := range y {
				y[j] = float32(math.NaN())
			}
		}
		for j, v := range y {
			b := math.Float32bits(v)
			if v != v {
				b = 0x7fc00000
			}
			lines = append(lines, fmt.Sprint(m.name, " ", i, " ", j, " ", b))
		}
		if names := m.net.Classes(); names != nil {
			class := -1
			if c, err := m.net.Classify(row); err == nil && y[0] == y[0] {
				class = c[0].Class
			}
			lines = append(lines, fmt.Sprint(class, " ", len(names)))
		}
	}
	return lines
}

// TestGenerateImport makes sure that a file which imports the library holds the model's file.
func TestGenerateImport(t *testing.T) {
	for _, m := range models(t)[:4] {
		source, _, err := Generate(m.net, Config{Import: true})
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), "", source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if formatted, err := format.Source(source); err != nil || !bytes.Equal(formatted, source) {
			t.Errorf("%s: the source is not formatted (error %v)", m.name, err)
		}
		var got, want strings.Builder
		ast.Inspect(file.Decls[len(file.Decls)-1], func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString(text)
			}
			return true
		})
		if err := m.net.Save(&want); err != nil || got.String() != want.String() || file.Name.Name != "model" {
			t.Errorf("%s: package %s has a file of %d bytes, want %d (error %v)", m.name, file.Name.Name, got.Len(),
				want.Len(), err)
		}
	}
}

// other is a preprocessor of a type that the library does not know.
type other struct{ mlp.StandardScaler }

func TestGenerateErrors(t *testing.T) {
	net := func(change func(n *mlp.Network)) *mlp.Network {
		n, err := mlp.New(2, mlp.Dense{Units: 1})
		if err != nil {
			t.Fatal(err)
		}
		change(n)
		return n
	}
	ones := []float64{1, 1}
	fitted := mlp.StandardScaler{Mean: ones, Var: ones, Scale: ones, Samples: []int{9, 9}}
	for want, test := range map[string]struct {
		net *mlp.Network
		cfg Config
	}{
		`"1x" cannot be the name`:   {net(func(*mlp.Network) {}), Config{Package: "1x"}},
		`"func" cannot be the name`: {net(func(*mlp.Network) {}), Config{Package: "func"}},
		`"_" cannot be the name`:    {net(func(*mlp.Network) {}), Config{Package: "_"}},
		"not fitted":                {net(func(n *mlp.Network) { n.Scaler = &mlp.StandardScaler{} }), Config{}},
		"class names":               {net(func(n *mlp.Network) { n.ClassNames = []string{"a", "b", "c"} }), Config{}},
		"*gosource.other":           {net(func(n *mlp.Network) { n.Scaler = &other{fitted} }), Config{}},
	} {
		if _, _, err := Generate(test.net, test.cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}
