package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// allOptions are values for all flags that go together, other than the defaults.
const allOptions = `
test: 0.25
validation: 0.3
random-state: 1
scale: minmax
impute: constant=-1
hidden: [24, 16]
activation: [silu, leaky_relu(0.1)]
dropout: 0.1
batch-norm: true
batch-norm-momentum: 0.9
batch-norm-epsilon: 0.01
l2: 0.0001
l1: 1e-05
init: [he_normal, lecun_uniform]
noise: 0.05
loss: categorical_crossentropy:smoothing=0.1
metrics: [accuracy, precision(0.6), auc]
weighted-metrics: [f1_score(weighted)]
class-weights: [setosa=2, virginica=0.5]
optimizer: rmsprop:rho=0.8,centered
learning-rate: 0.004
momentum: 0.3
weight-decay: 0.001
no-decay: [bias, gamma, beta]
clip-global-norm: 2
accumulate: 2
ema: 0.9
schedule: cosine:warmup=5,alpha=0.1
batch: 8
seed: 5
epochs: 6
steps-per-epoch: 9
initial-epoch: 1
no-shuffle: true
validate-every: 2
patience: 4
min-delta: 0.001
restore-best: false
monitor: val_auc
checkpoint: state
checkpoint-steps: 4
out: results
model: m.safetensors
history: h.csv
curves: c
save-best: best/{epoch:02d}.safetensors
log: log.csv
tensorboard: board
histograms: 2
diagnose: true
`

// TestConfig trains by a file that has all flags, prints it, and trains the same by what was printed and by JSON.
func TestConfig(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "all.yaml", allOptions)
	printed := succeed(t, dir, "", "train", "iris", "--config=all.yaml", "--print-config")
	for line := range strings.Lines(strings.TrimPrefix(allOptions, "\n")) {
		if !strings.Contains(printed, "\n"+line) {
			t.Errorf("--print-config has no %q", line)
		}
	}
	writeFile(t, dir, "printed.yaml", printed)
	if again := succeed(t, dir, "", "train", "iris", "--config=printed.yaml", "--print-config"); again != printed {
		t.Errorf("what is printed reads back as another configuration:\n%s", again)
	}

	out := succeed(t, dir, "", "train", "iris", "--config=all.yaml")
	for _, want := range []string{
		"Epoch 6/6\n9/9 [", " - val_f1_score: ", "\nDiagnosis", "Test AUC: ", "\nWrote results/m.safetensors\n", "\nWrote results/board\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	model := readFile(t, dir, "results", "m.safetensors")
	checkFigure(t, filepath.Join(dir, "results", "c"), "Training on iris", "AUC", "Precision")
	best, err := filepath.Glob(filepath.Join(dir, "results", "best", "0[246].safetensors"))
	if err != nil || len(best) == 0 {
		t.Errorf("the best networks are %v, %v", best, err)
	}
	for _, part := range []string{"train", "validation"} {
		if files, err := os.ReadDir(filepath.Join(dir, "results", "board", part)); err != nil || len(files) != 1 {
			t.Errorf("TensorBoard's %s: %v, %v", part, files, err)
		}
	}
	for _, file := range []string{"h.csv", "log.csv"} {
		records, err := csv.NewReader(strings.NewReader(readFile(t, dir, "results", file))).ReadAll()
		if err != nil || len(records) != 6 || records[1][0] != "1" || slices.Contains(records[1], "NA") || !slices.Contains(records[2], "NA") {
			t.Errorf("%s: %v, %v", file, records, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "results", "state")); err == nil {
		t.Error("the checkpoint of a training that came to its end is still there")
	}

	succeed(t, dir, "", "train", "iris", "--config=printed.yaml", "--out=again")
	if readFile(t, dir, "again", "m.safetensors") != model {
		t.Error("the printed configuration trains another network")
	}
}

// TestConfigJSON lets flags win over a file of JSON, and find-rate take a file of train.
func TestConfigJSON(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "c.json", "{\n\t\"epochs\": 4, \"hidden\": [8],\n\t\"learning-rate\": 1e-2, \"batch-norm\": true\n}\n")
	out := succeed(t, dir, "", "train", "iris", "--epochs=3", "--config=c.json")
	if !strings.Contains(out, "Epoch 3/3\n") || !strings.Contains(out, "BatchNorm") {
		t.Errorf("train:\n%s", out)
	}
	if out := succeed(t, dir, "", "find-rate", "iris", "--config=c.json"); !strings.Contains(out, "Suggested learning rate: ") {
		t.Errorf("find-rate:\n%s", out)
	}
}

// TestConfigErrors makes every mistake of a file.
func TestConfigErrors(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		text string
		want []string // a line each
	}{
		{"epoch: 3\nseed: 1\nhiden: [8]\n", []string{`c.yaml:1: unknown key "epoch"`, `c.yaml:3: unknown key "hiden"`}},
		{"help: true\n", []string{`c.yaml:1: unknown key "help"`}},
		{"seed: 1\nseed: 2\n", []string{"c.yaml:2: seed is there twice"}},
		{"seed:\n", []string{"c.yaml:1: seed has no value"}},
		{"seed: {a: 1}\n", []string{"c.yaml:1: seed has keys of its own"}},
		{"hidden: [[8]]\n", []string{"c.yaml:1: hidden has a list within its list"}},
		{"- 1\n", []string{"c.yaml:1: want the names of flags"}},
		{"hidden: [8\n", []string{"c.yaml: line "}},
		{"epochs: many\n", []string{`--epochs: expected a valid 64 bit int but got "many"`}},
		{"scale: maximum\n", []string{"--scale"}},
		{"impute: middle\n", []string{`--impute: there is no way to impute "middle", want mean, median, most-frequent or constant=NUMBER`}},
		{"impute: constant=much\n", []string{`--impute: constant is "much", want a number`}},
		{"optimizer: newton\n", []string{`--optimizer: there is no optimizer "newton"`}},
	} {
		writeFile(t, dir, "c.yaml", test.text)
		_, stderr, code := result(t, dir, "", "train", "iris", "--config=c.yaml")
		lines := strings.Split(stderr, "\n")
		for i, want := range test.want {
			if i >= len(lines) || !strings.HasPrefix(lines[i], "error: "+want) {
				t.Errorf("%q: stderr %q, want %q", test.text, stderr, want)
			}
		}
		if code != exitUsage {
			t.Errorf("%q: exit code %d", test.text, code)
		}
	}
	writeFile(t, dir, "c.yaml", "# nothing\n")
	succeed(t, dir, "", "train", "iris", "--config=c.yaml", "--epochs=1")
}

// TestLosses trains on each loss that fits the data.
func TestLosses(t *testing.T) {
	dir := t.TempDir()
	rows := "a,b,y\n"
	for i := range 60 {
		a, b := i%6, i/6
		rows += strings.Join([]string{string(rune('0' + a)), string(rune('0' + b)), string(rune('0'+(a+b)/2)) + ".5"}, ",") + "\n"
	}
	writeFile(t, dir, "numbers.csv", rows)
	for _, loss := range lossNames {
		l, err := lossFlag(loss).build()
		if err != nil {
			t.Fatal(err)
		}
		var data []string
		if l.twoClasses {
			data = append(data, "synthetic")
		} else {
			data = append(data, "iris")
		}
		if !l.classes {
			data = append(data, "numbers.csv")
		}
		for _, d := range data {
			out := succeed(t, dir, "", "train", d, "--loss="+loss, "--epochs=2")
			if !strings.Contains(out, "Test Loss: ") {
				t.Errorf("%s on %s:\n%s", loss, d, out)
			}
			evaluated := succeed(t, dir, "", "evaluate", "model.safetensors", d)
			if (d == "numbers.csv") == strings.Contains(evaluated, "Accuracy: ") {
				t.Errorf("%s on %s gives a model of another kind:\n%s", loss, d, evaluated)
			}
		}
	}
}

// TestSaveBestUnits wants the networks of --save-best to predict in the targets' own units, and no trace of that in the training.
func TestSaveBestUnits(t *testing.T) {
	dir := t.TempDir()
	rows := "a,b,y\n"
	for i := range 100 {
		rows += strings.Join([]string{string(rune('0' + i%10)), string(rune('0' + i/10)), "1" + string(rune('0'+i%10)) + "0" + string(rune('0'+i/10))}, ",") + "\n"
	}
	writeFile(t, dir, "data.csv", rows)
	train := func(more ...string) string {
		succeed(t, dir, "", append([]string{"train", "data.csv", "--task=regression", "--epochs=60", "--learning-rate=0.01"}, more...)...)
		return readFile(t, dir, "model.safetensors")
	}
	plain := train()
	if train("--save-best=best.safetensors") != plain {
		t.Error("--save-best changes the training")
	}
	out := succeed(t, dir, "", "evaluate", "best.safetensors", "data.csv")
	if rmse := scoreOf(t, out, "RMSE"); rmse > 60 { // the targets are 1000 to 1909
		t.Errorf("the RMSE of the best network is %v", rmse)
	}
}

// TestDiagnose trains networks that are ill, and a cured one.
func TestDiagnose(t *testing.T) {
	dir := t.TempDir()
	deep := []string{"train", "iris", "--epochs=10", "--diagnose", "--hidden=16,16,16,16,16,16,16", "--activation=sigmoid"}
	out := succeed(t, dir, "", deep...)
	if !regexp.MustCompile(`\nDiagnosis:\n- vanishing gradients in layer 0 since epoch 1: .*\n  try .*\n  with --activation=relu`).MatchString(out) {
		t.Errorf("a deep sigmoid network:\n%s", out)
	}
	cured := succeed(t, dir, "", append(deep[:len(deep)-1], "--activation=relu")...)
	if !strings.Contains(cured, "\nDiagnosis: no vanishing") {
		t.Errorf("with ReLU:\n%s", cured)
	}
	out, stderr, code := result(t, dir, "", "train", "iris", "--learning-rate=1e20", "--optimizer=sgd", "--diagnose")
	if code != exitFailure || !strings.Contains(out, "- exploding gradients") || !strings.Contains(stderr, "--clip-global-norm") {
		t.Errorf("a training that diverges: exit code %d, stderr %q:\n%s", code, stderr, out)
	}
}

// TestFindRate finds a rate that trains well.
func TestFindRate(t *testing.T) {
	dir := t.TempDir()
	out := succeed(t, dir, "", "find-rate", "iris", "--optimizer=sgd", "--figure=f", "--out=figures")
	rate := scoreOf(t, out, "Suggested learning rate")
	if rate < 1e-3 || rate > 1 {
		t.Errorf("the suggested rate is %v", rate)
	}
	suggestion := regexp.MustCompile(`--learning-rate=(\S+),`).FindStringSubmatch(out)
	checkFigure(t, filepath.Join(dir, "figures", "f"), "Range test on iris", "Learning rate", "Smoothed", "Suggestion: "+suggestion[1], "0.001")
	trained := succeed(t, dir, "", "train", "iris", "--optimizer=sgd", "--learning-rate="+suggestion[1])
	if accuracy := scoreOf(t, trained, "Test Accuracy"); accuracy < 0.9 {
		t.Errorf("test accuracy %v at the suggested rate", accuracy)
	}
	if _, err := os.Stat(filepath.Join(dir, "figures", "f.png")); err != nil {
		t.Error(err)
	}
	none := succeed(t, dir, "", "find-rate", "iris", "--from=1e-30", "--to=1e-29", "--steps=12")
	if !strings.Contains(none, "Suggested learning rate: ") {
		t.Errorf("rates that change nothing:\n%s", none)
	}
}
