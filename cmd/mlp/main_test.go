package main

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// asCommand is the environment variable that makes the test's binary the command itself.
const asCommand = "MLP_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// command returns the command as a process to be started in a folder.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

// result runs the command to its end.
func result(t *testing.T, dir, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := command(t, dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// succeed runs the command, which must not fail, and returns its output.
func succeed(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	stdout, stderr, code := result(t, dir, stdin, args...)
	if code != 0 || stderr != "" {
		t.Fatalf("mlp %s: exit code %d, stderr %q", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// scoreOf returns the number on the line that begins with a name.
func scoreOf(t *testing.T, output, name string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + `: (\S+)$`).FindStringSubmatch(output)
	if m == nil {
		t.Fatalf("no line %q in:\n%s", name, output)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTrainIris follows a newcomer: train, look at the files, run the command that is proposed.
func TestTrainIris(t *testing.T) {
	dir := t.TempDir()
	out := succeed(t, dir, "", "train", "iris")
	for _, want := range []string{
		"Data: iris, 150 rows, 4 features, 3 classes",
		"Split: 96 rows to train, 24 to validate, 30 to test (random_state 42)",
		"Total params: 2,499",
		"Epoch 50/50\n6/6 [==============================] - ",
		"Wrote model.safetensors\nWrote history.csv\nWrote curves.png\nWrote curves.svg\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.ContainsAny(out, "\r\x1b\b") {
		t.Error("control characters, although the output is no terminal")
	}
	if accuracy := scoreOf(t, out, "Test Accuracy"); accuracy < 0.9 {
		t.Errorf("test accuracy %v, want 0.9 or more", accuracy)
	}

	history := strings.Split(strings.TrimSpace(readFile(t, dir, "history.csv")), "\n")
	if len(history) != 51 || history[0] != "epoch,loss,accuracy,val_loss,val_accuracy" {
		t.Errorf("history.csv has %d lines, the first %q", len(history), history[0])
	}
	checkFigure(t, filepath.Join(dir, "curves"), "Training on iris", "Training", "Validation", "Epoch", "Loss", "Accuracy")

	_, next, _ := strings.Cut(out, "Next: ")
	words := strings.Fields(next)
	at := slices.Index(words, "predict")
	if at < 0 {
		t.Fatalf("the next command is %q", next)
	}
	got := succeed(t, dir, "", words[at:]...)
	if !strings.HasPrefix(got, "prediction,p(setosa),p(versicolor),p(virginica)\nversicolor,0.") {
		t.Errorf("%v: %q", words[at:], got)
	}

	model := readFile(t, dir, "model.safetensors")
	if out := succeed(t, dir, "", "train", "iris"); !strings.Contains(out, "Wrote model.safetensors (replaced)") {
		t.Error("the second training does not say that it replaces the files of the first")
	}
	if readFile(t, dir, "model.safetensors") != model {
		t.Error("two trainings alike give different models")
	}
}

// checkFigure decodes a PNG, and makes sure that an SVG is well-formed and has the texts.
func checkFigure(t *testing.T, path string, texts ...string) {
	t.Helper()
	img, err := png.Decode(strings.NewReader(readFile(t, path+".png")))
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X < 700 || size.Y < 500 {
		t.Errorf("%s.png is %v pixels", path, size)
	}
	svg := xml.NewDecoder(strings.NewReader(readFile(t, path+".svg")))
	var found []string
	for {
		token, err := svg.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := token.(xml.CharData); ok {
			found = append(found, strings.TrimSpace(string(s)))
		}
	}
	for _, text := range texts {
		if !slices.Contains(found, text) {
			t.Errorf("%s.svg has no text %q", path, text)
		}
	}
}

// TestClassifier uses a model in every way: named classes, a separator, a column of texts, a file without the label.
func TestClassifier(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 1))
	rows, features := "id;width;kind;height\n", "height;width\n"
	for i := range 200 {
		w, h := rng.NormFloat64(), rng.NormFloat64()
		kind := "wide"
		if h > w {
			kind = "high"
		}
		rows += fmt.Sprintf("r%d;%.4f;%s;%.4f\n", i, w, kind, h)
		features += fmt.Sprintf("%.4f;%.4f\n", h, w)
	}
	writeFile(t, dir, "boxes.csv", rows)
	out := succeed(t, dir, "", "train", "boxes.csv", "--separator=;", "--label=kind", "--ignore=id",
		"--hidden=16", "--epochs=60", "--learning-rate=0.01", "--patience=20", "--scale=minmax",
		"--out=a/b", "--model=boxes.safetensors")
	if !strings.Contains(out, `Task: classification of "kind", 2 classes`) {
		t.Errorf("the task is not told:\n%s", out)
	}
	if accuracy := scoreOf(t, out, "Test Accuracy"); accuracy < 0.9 {
		t.Errorf("test accuracy %v, want 0.9 or more", accuracy)
	}
	model := filepath.Join("a", "b", "boxes.safetensors")

	out = succeed(t, dir, "", "evaluate", model, "boxes.csv", "--separator=;", "--label=kind")
	accuracy := scoreOf(t, out, "Accuracy")
	if accuracy < 0.9 || !strings.Contains(out, "Rows: 200\n") || !strings.Contains(out, "\nhigh ") {
		t.Errorf("evaluate:\n%s", out)
	}

	out = succeed(t, dir, features, "predict", model, "-", "--separator=;")
	records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(records) != 201 || !slices.Equal(records[0], []string{"prediction", "p(high)", "p(wide)"}) {
		t.Fatalf("predict: %v, %d records, the first %q", err, len(records), records[0])
	}
	right := 0
	for i, line := range strings.Split(strings.TrimSpace(rows), "\n")[1:] {
		record := records[i+1]
		if record[0] == strings.Split(line, ";")[2] {
			right++
		}
		high, _ := strconv.ParseFloat(record[1], 64)
		wide, _ := strconv.ParseFloat(record[2], 64)
		if math.Abs(high+wide-1) > 1e-5 || (high > wide) != (record[0] == "high") {
			t.Fatalf("row %d: %q", i, record)
		}
	}
	if got := float64(right) / 200; math.Abs(got-accuracy) > 1e-3 {
		t.Errorf("predict is right in %v, evaluate says %v", got, accuracy)
	}
	said := succeed(t, dir, features, "predict", model, "-", "--separator=;", "--out=p.csv")
	if said != "Wrote p.csv\n" || readFile(t, dir, "p.csv") != out {
		t.Errorf("predict --out: %q, or another content", said)
	}
	byRow := succeed(t, dir, "", "predict", model, "--row=-1,2")
	bySet := succeed(t, dir, "", "predict", model, "--set=height=2", "--set=width=-1")
	if bySet != byRow || !strings.Contains(byRow, "\nhigh,") {
		t.Errorf("--row: %q; --set: %q", byRow, bySet)
	}

	out = succeed(t, dir, "", "inspect", model)
	for _, want := range []string{
		`classification, 2 classes: "high", "wide"`, "Scaling: minmax", "\nwidth ", "\nheight ", "Total params: 82",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("inspect: no %q in:\n%s", want, out)
		}
	}
}

// TestRegression predicts in the targets' own units, far from 0.
func TestRegression(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(2, 1))
	rows := ""
	for range 300 {
		area, age := 50+200*rng.Float64(), 80*rng.Float64()
		rows += fmt.Sprintf("%.2f,%.2f,%.0f\n", area, age, 40000+2500*area-900*age+2000*rng.NormFloat64())
	}
	writeFile(t, dir, "houses.csv", rows)
	out := succeed(t, dir, "", "train", "houses.csv", "--no-header", "--epochs=100", "--learning-rate=0.003")
	if rmse := scoreOf(t, out, "Test RMSE"); rmse > 15000 { // the prices' deviation is 150,000
		t.Errorf("test RMSE %v", rmse)
	}
	checkFigure(t, filepath.Join(dir, "curves"), "Loss", "MAE")
	out = succeed(t, dir, "", "evaluate", "model.safetensors", "houses.csv", "--no-header")
	if rmse := scoreOf(t, out, "RMSE"); rmse > 15000 {
		t.Errorf("RMSE %v", rmse)
	}
	out = succeed(t, dir, "", "predict", "model.safetensors", "--row=100,30")
	price, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimPrefix(out, "prediction\n")), 64)
	if err != nil || math.Abs(price-263000) > 15000 {
		t.Errorf("%q, want some 263000", out)
	}
}

// TestTargets learns two columns at once.
func TestTargets(t *testing.T) {
	dir := t.TempDir()
	rows := "a,sum,b,difference\n"
	for i := range 100 {
		a, b := float64(i%10), float64(i/10)
		rows += fmt.Sprintf("%v,%v,%v,%v\n", a, 100+a+b, b, a-b)
	}
	writeFile(t, dir, "data.csv", rows)
	succeed(t, dir, "", "train", "data.csv", "--label=sum,difference", "--epochs=200", "--learning-rate=0.01")
	out := succeed(t, dir, "", "predict", "model.safetensors", "--set=b=2,a=7")
	var sum, difference float64
	_, err := fmt.Sscanf(out, "sum,difference\n%g,%g\n", &sum, &difference)
	if err != nil || math.Abs(sum-109) > 1 || math.Abs(difference-5) > 1 {
		t.Errorf("%q, want some 109 and 5", out)
	}
	if out := succeed(t, dir, "", "evaluate", "model.safetensors", "data.csv"); scoreOf(t, out, "RMSE") > 0.5 {
		t.Errorf("evaluate:\n%s", out)
	}
}

// TestPlot draws a history whose values include one that is not finite, and a single epoch.
func TestPlot(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "history.csv", "epoch,loss,mae,learning_rate\n0,NaN,0.5,0.1\n1,2.5,0.5,0.1\n")
	out := succeed(t, dir, "", "plot", "history.csv", "--title=Two epochs")
	if out != "Wrote curves.png\nWrote curves.svg\n" {
		t.Errorf("%q", out)
	}
	checkFigure(t, filepath.Join(dir, "curves"), "Two epochs", "Loss", "MAE", "1", "2")
	writeFile(t, dir, "history.csv", "epoch,loss\n0,3\n")
	succeed(t, dir, "", "plot", "history.csv", "--out=one.png")
	checkFigure(t, filepath.Join(dir, "one"), "Training history", "Loss", "1")
}

// TestErrors makes every mistake once: a plain line on stderr, and an exit code that is not 0.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	succeed(t, dir, "", "train", "iris", "--epochs=1", "--model=iris.safetensors")
	for name, text := range map[string]string{
		"nan.csv":    "a,b,kind\n1,NaN,x\n1,nan,y\n1,,y\n",
		"word.csv":   "a,b,kind\n1,2,x\n1,3,y\n1,?,y\n",
		"empty.csv":  "",
		"header.csv": "a,b\n",
		"text.csv":   "id,a,kind\nr1,2,x\nr2,3,y\n",
		"semi.csv":   "a;b\n1;2\n",
		"one.csv":    "a,kind\n1,x\n2,x\n",
		"short.csv":  "a,b\n1,2\n3\n",
		"three.csv":  "1,2,3\n4,5,6\n",
		"iris.csv":   "sepal_length,sepal_width,petal_length,petal_width,species\n1,2,3,4,rose\n",
	} {
		writeFile(t, dir, name, text)
	}
	const usage, failure = exitUsage, exitFailure
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"", usage, `expected one of "train"`},
		{"learn iris", usage, "learn"},
		{"train", usage, "<data>"},
		{"train iris --epoch=3", usage, "--epoch"},
		{"train iris --epochs=many", usage, "--epochs"},
		{"train iris --optimizer=newton", usage, "newton"},
		{"train iris --epochs=0", failure, "--epochs is 0"},
		{"train iris --batch=0", failure, "--batch is 0"},
		{"train iris --test=1", failure, "--test is 1"},
		{"train iris --validation=-0.1", failure, "--validation is -0.1"},
		{"train iris --validation=NaN", failure, "--validation is NaN"},
		{"train iris --validation=0.999", failure, "leaves 0 to train on"},
		{"train iris --patience=5 --validation=0", failure, "--patience"},
		{"train iris --hidden=8,0", failure, "--hidden has a layer of 0 units, want 1 to 16777216"},
		{"train iris --hidden=8,8 --activation=relu,relu,tanh", failure, "--activation has 3 names for 2 hidden layers"},
		{"train iris --activation=step", failure, `"step"`},
		{"train iris --dropout=1", failure, "--dropout is 1, want 0 or more and less than 1"},
		{"train iris --l2=-1", failure, "--l2 is -1, want 0 or more"},
		{"train iris --learning-rate=0", failure, "--learning-rate is 0"},
		{"train iris --momentum=0.9", failure, "adam has none"},
		{"train iris --optimizer=sgd --momentum=1", failure, "--momentum is 1, want 0 or more and less than 1"},
		{"train iris --learning-rate=1e30", failure, "diverged"},
		{"train iris --l1=Inf", failure, "--l1 is +Inf, want 0 or more"},
		{"train iris --noise=-1", failure, "--noise is -1"},
		{"train iris --init=he", failure, `--init: there is no initialiser "he", want glorot_uniform`},
		{"train iris --init=constant", failure, "constant(0.1) for example"},
		{"train iris --init=he_normal,he_normal,he_normal", failure, "--init has 3 names for 2 hidden layers"},
		{"train iris --batch-norm-momentum=0.9", failure, "--batch-norm-momentum says nothing without --batch-norm"},
		{"train iris --batch-norm --batch-norm-epsilon=0", failure, "--batch-norm-epsilon is 0, want more than 0"},
		{"train iris --optimizer=adam:beta1=1", usage, "--optimizer: adam: beta1 is 1, want more than 0 and less than 1"},
		{"train iris --optimizer=adam:beta3=1", usage, `adam: there is no setting "beta3"; want beta1, beta2, epsilon or amsgrad`},
		{"train iris --optimizer=adam:amsgrad=yes", usage, `amsgrad is "yes", want amsgrad alone`},
		{"train iris --optimizer=sgd:nesterov", failure, "Nesterov is set, but Momentum is 0"},
		{"train iris --optimizer=sgd:momentum=0.5 --momentum=0.5", failure, "sgd: momentum is set twice"},
		{"train iris --weight-decay=-1", failure, "--weight-decay is -1, want 0 or more"},
		{"train iris --optimizer=adamw --weight-decay=0", failure, "--weight-decay is 0, want more than 0"},
		{"train iris --weight-decay=0.1 --no-decay=gamma,delta", failure, `--no-decay is "delta", want weights, bias, gamma or beta`},
		{"train iris --no-decay=bias", failure, "--no-decay says nothing without --weight-decay"},
		{"train iris --clip-value=1 --clip-norm=1", failure, "at most one of --clip-value, --clip-norm and --clip-global-norm"},
		{"train iris --clip-global-norm=-1", failure, "--clip-global-norm is -1"},
		{"train iris --accumulate=0", failure, "--accumulate is 0, want 1 or more"},
		{"train iris --ema=1", failure, "--ema is 1, want 0 or more and less than 1"},
		{"train iris --ema=0.9 --patience=3", failure, "--no-restore-best keeps these"},
		{"train iris --schedule=sine", usage, `--schedule: there is no schedule "sine", want exponential`},
		{"train iris --schedule=cosine:steps=0", usage, "--schedule: cosine: steps is 0, want 1 or more"},
		{"train iris --schedule=cosine:steps=1.5", usage, `cosine: steps is "1.5", want a whole number, 1 or more`},
		{"train iris --schedule=cosine:warmup=5000", failure, "warmup is 5000, but the training has 300 updates only"},
		{"train iris --schedule=exponential:rate=0.5", usage, "exponential: steps is missing"},
		{"train iris --schedule=piecewise", usage, "piecewise: steps and rates are missing"},
		{"train iris --schedule=piecewise:9=0.1,9=0.2", usage, "9 is set twice"},
		{"train iris --schedule=piecewise:9=0.1,5=0.2", usage, "step 5 follows step 9"},
		{"train iris --schedule=one_cycle --plateau=factor=0.5", failure, "want one of them"},
		{"train iris --plateau=factor=2", usage, "--plateau: factor is 2, want more than 0 and less than 1"},
		{"train iris --plateau=patience=2 --validation=0", failure, "--plateau looks at val_loss, and --validation is 0"},
		{"train iris --loss=huge", usage, `--loss: there is no loss "huge", want auto, mse`},
		{"train iris --loss=huber:delta=0", usage, "huber: delta is 0, want more than 0"},
		{"train iris --loss=binary_crossentropy", failure, "--loss binary_crossentropy: it tells two classes apart, here are 3"},
		{"train three.csv --no-header --task=regression --loss=kl_divergence", failure, "it is for classes"},
		{"train iris --metrics=accuracy,speed", failure, `--metrics: there is no metric "speed", want accuracy`},
		{"train iris --metrics=auc", failure, "--loss=categorical_crossentropy makes a target for each class"},
		{"train iris --metrics=accuracy,accuracy", failure, "--metrics: accuracy is there twice"},
		{"train iris --metrics=accuracy(0.5)", failure, "accuracy takes nothing in parentheses"},
		{"train iris --metrics=top_k_categorical_accuracy(0)", failure, "is 0, want a whole number, 1 or more"},
		{"train iris --metrics=f1_score(mean)", failure, "want macro, micro or weighted"},
		{"train iris --loss=mse --metrics=recall(1", failure, "not closed"},
		{"train iris --weighted-metrics=accuracy", failure, "--weighted-metrics says nothing without --class-weights"},
		{"train iris --class-weights=rose=2", failure, `--class-weights: no class is named "rose"; there are "setosa"`},
		{"train iris --class-weights=setosa=-1", failure, `the weight of "setosa" is -1, want 0 or more`},
		{"train iris --class-weights=setosa", failure, `"setosa" is no CLASS=WEIGHT`},
		{"train iris --monitor=val_auc --patience=3", failure, `--monitor is "val_auc", want loss, accuracy, val_loss or val_accuracy`},
		{"train iris --monitor=loss", failure, "--monitor says nothing without"},
		{"train iris --initial-epoch=50", failure, "--initial-epoch is 50, want 0 or more and less than --epochs, 50"},
		{"train iris --steps-per-epoch=-1", failure, "--steps-per-epoch is -1"},
		{"train iris --validate-every=0", failure, "--validate-every is 0, want 1 or more"},
		{"train iris --min-delta=1", failure, "--min-delta says nothing without --patience"},
		{"train iris --no-restore-best", failure, "--no-restore-best says nothing without --patience"},
		{"train iris --checkpoint-steps=5", failure, "--checkpoint-steps says nothing without --checkpoint"},
		{"train iris --histograms=1", failure, "--histograms says nothing without --tensorboard"},
		{"train iris --checkpoint=iris.csv", failure, "iris.csv"},
		{"train iris --save-best={val_mae}", failure, "val_mae"},
		{"train iris --log=.", failure, "no regular file"},
		{"train iris --config=nosuch.yaml", usage, "nosuch.yaml"},
		{"find-rate", usage, "<data>"},
		{"find-rate iris --epochs=3", usage, "--epochs"},
		{"find-rate iris --from=0", failure, "--from is 0, want more than 0"},
		{"find-rate iris --from=1 --to=0.5", failure, "--to is 0.5, want more than --from, 1"},
		{"find-rate iris --steps=1", failure, "--steps is 1, want 2 to 1048576"},
		{"find-rate iris --from=1e30 --to=1e31", failure, "diverges at once"},
		{"find-rate nosuch.csv", failure, "nosuch.csv"},
		{"train iris --label=species", failure, "built in"},
		{"train iris --task=regression", failure, "has classes"},
		{"train nosuch.csv", failure, "nosuch.csv: "},
		{"train .", failure, ".: want a folder in it for each class"},
		{"train nan.csv", failure, `error: nan.csv: "b" has no value in the rows to train; --ignore leaves it out`},
		{"train word.csv", failure, `word.csv:4: column "b": "?" is not a number; --missing="?" takes it for a missing value; --ignore leaves a column out`},
		{"train text.csv --no-header", failure, `column 2: "a" is not a number`},
		{"train empty.csv", failure, "empty.csv: the file is empty"},
		{"train header.csv", failure, "header.csv: there are no rows"},
		{"train text.csv", failure, `text.csv: "id" has another text in each row, from which nothing can be learnt; --ignore leaves it out`},
		{"train text.csv --ignore=name", failure, `no column is named "name"`},
		{"train text.csv --label=name", failure, `no column is named "name"; there are "id", "a", "kind"`},
		{"train text.csv --label=4", failure, `"4"`},
		{"train text.csv --ignore=id --task=regression", failure, `"x" is not a number`},
		{"train three.csv --label=1,2 --task=classification", failure, "one --label"},
		{"train three.csv --no-header --ignore=1", failure, "--ignore needs a file with a header"},
		{"train three.csv --no-header --label=a", failure, "columns 1 to 3"},
		{"train semi.csv", failure, "one column only"},
		{"train semi.csv --separator=;;", failure, "--separator"},
		{"train one.csv", failure, "nothing to learn"},
		{"train short.csv", failure, "short.csv:3"},
		{"train iris --out=nan.csv", failure, "cannot write nan.csv"},
		{"train iris --history=.", failure, "no regular file"},
		{"evaluate nosuch.safetensors iris", failure, "nosuch.safetensors"},
		{"evaluate nan.csv iris", failure, "nan.csv"},
		{"evaluate iris.safetensors nosuch.csv", failure, "nosuch.csv"},
		{"evaluate iris.safetensors iris.csv", failure, `"rose"`},
		{"evaluate iris.safetensors nan.csv", failure, `no column is named "sepal_length"`},
		{"evaluate iris.safetensors synthetic", failure, "synthetic has columns without names"},
		{"predict iris.safetensors", failure, "--row"},
		{"predict iris.safetensors iris.csv --row=1,2,3,4", failure, "or --row"},
		{"predict iris.safetensors three.csv --no-header", failure, "3 features, the model wants 4"},
		{"predict iris.safetensors --row=1,2,3", failure, "--row has 3 values"},
		{"predict iris.safetensors --row=1,2,3,x", failure, `"x"`},
		{"predict iris.safetensors --row=1,2,3,NaN", failure, `"NaN"`},
		{"predict iris.safetensors --set=sepal_width=1", failure, `no value for "sepal_length", "petal_length"`},
		{"predict iris.safetensors --set=stem=1", failure, `no feature "stem"`},
		{"predict iris.safetensors iris.csv --out=nan.csv/p.csv", failure, "cannot write nan.csv"},
		{"inspect nosuch.safetensors", failure, "nosuch.safetensors"},
		{"inspect nan.csv", failure, "nan.csv"},
		{"plot nosuch.csv", failure, "nosuch.csv"},
		{"plot nan.csv", failure, "no history"},
		{"plot history.csv --out=nan.csv/c", failure, "nan.csv"},
	} {
		stdout, stderr, code := result(t, dir, "", strings.Fields(test.args)...)
		first, rest, _ := strings.Cut(stderr, "\n")
		plain := strings.HasPrefix(first, "error: ") && !strings.Contains(first, "mlp: ")
		if code != test.code || !plain || !strings.Contains(first, test.want) {
			t.Errorf("mlp %s: exit code %d, want %d; stderr %q, want %q", test.args, code, test.code, stderr, test.want)
		}
		if strings.Contains(stderr+stdout, "goroutine") || code == usage && !strings.Contains(rest, "--help") {
			t.Errorf("mlp %s: stderr %q", test.args, stderr)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if name := filepath.Base(path); name == "model.safetensors" || strings.HasPrefix(name, ".mlp-") {
			t.Errorf("%s is left behind", name)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, command := range []string{"", "train", "describe", "find-rate", "evaluate", "predict", "inspect", "verify", "plot"} {
		args := append(strings.Fields(command), "--help")
		out := succeed(t, t.TempDir(), "", args...)
		if !strings.HasPrefix(out, "Usage: mlp ") {
			t.Errorf("%v: %q", args, out)
		}
		for line := range strings.Lines(out) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 100 || strings.Contains(line, "${") {
				t.Errorf("%v: %d columns in %q", args, n, line)
			}
		}
	}
}

// TestHelpAll wants the flags that --help leaves out, and every name that they take.
func TestHelpAll(t *testing.T) {
	short := succeed(t, t.TempDir(), "", "train", "--help")
	all := succeed(t, t.TempDir(), "", "train", "--help-all")
	if n := strings.Count(short, "\n"); n > 70 {
		t.Errorf("--help has %d lines", n)
	}
	for _, flag := range []string{"--clip-global-norm", "--save-best", "--batch-norm-momentum", "--plateau", "--monitor"} {
		if strings.Contains(short, flag) || !strings.Contains(all, flag) {
			t.Errorf("%s is in --help, or not in --help-all", flag)
		}
	}
	for line := range strings.Lines(all) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
			t.Errorf("%d columns in %q", n, line)
		}
	}
	names := slices.Concat(lossNames, []string{"adamw", "rmsprop", "lion", "cosine_restarts", "piecewise", "he_normal", "gelu_tanh"})
	for _, name := range names {
		if !strings.Contains(all, name) {
			t.Errorf("--help-all does not name %q", name)
		}
	}
}
