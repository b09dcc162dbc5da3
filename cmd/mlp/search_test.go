package main

import (
	"encoding/csv"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestSearch follows a newcomer: search, look at the files, train and predict as is proposed, search again.
func TestSearch(t *testing.T) {
	dir := t.TempDir()
	args := []string{"search", "iris", "--trials=6", "--epochs=8", "--folds=3", "--log=search.log"}
	out := succeed(t, dir, "", args...)
	for _, want := range []string{
		"Split: 120 rows to train, 30 to test (random_state 42)\n",
		"Folds: 3 of the rows to train, each validated on once\n",
		"Search: 6 random candidates of layers=1..3, units=log:8..128, ",
		"\n6/6 [==============================] - ",
		"\nrank  trial         accuracy  params   time ",
		"\nWrote model.safetensors\nWrote trials.csv\nWrote search.png\nWrote search.svg\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	checkFigure(t, filepath.Join(dir, "search"), "Search on iris", "dropout", "units", "Best", "Accuracy, mean ± deviation of 3 folds")
	records, err := csv.NewReader(strings.NewReader(readFile(t, dir, "trials.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 7 || strings.Join(records[0], " ") !=
		"rank trial seed rung resource loss loss_std accuracy accuracy_std params seconds dropout l2 layers learning-rate units" {
		t.Errorf("%d trials, header %q", len(records)-1, records[0])
	}
	for i := 2; i < len(records); i++ {
		before, _ := strconv.ParseFloat(records[i-1][7], 64)
		if here, err := strconv.ParseFloat(records[i][7], 64); err != nil || here > before {
			t.Errorf("place %d has an accuracy of %v behind %v", i, records[i][7], records[i-1][7])
		}
	}
	model := readFile(t, dir, "model.safetensors")
	accuracy := scoreOf(t, out, "Test Accuracy")

	if again := scoreOf(t, trainBest(t, dir, out, "--epochs=8"), "Test Accuracy"); again != accuracy {
		t.Errorf("train with the best trial's flags has a test accuracy of %v, not %v", again, accuracy)
	}
	next := regexp.MustCompile(`(?m)^Next: .* (predict \S+ \S+)$`).FindStringSubmatch(out)
	if next == nil {
		t.Fatalf("no prediction to go on with in:\n%s", out)
	}
	succeed(t, dir, "", strings.Fields(next[1])...)

	log := readFile(t, dir, "search.log")
	out = succeed(t, dir, "", append(args, "--workers=1")...)
	if !strings.Contains(out, "Going on from search.log.\n") ||
		readFile(t, dir, "model.safetensors") != model || readFile(t, dir, "search.log") != log {
		t.Errorf("the second search, from the log, differs:\n%s", out)
	}
	_, stderr, code := result(t, dir, "", append(args, "--epochs=9")...)
	if code != exitFailure || !strings.Contains(stderr, "trained in another way") {
		t.Errorf("another search with the same log: code %d, %s", code, stderr)
	}
}

// trainBest runs the command that a search proposes, which must give the search's model, and returns its output.
func trainBest(t *testing.T, dir, out string, others ...string) string {
	t.Helper()
	words := regexp.MustCompile(`(?m)^The best by train: .*? (train .*), and the other flags given here$`).FindStringSubmatch(out)
	if words == nil {
		t.Fatalf("no command to train with in:\n%s", out)
	}
	trained := succeed(t, dir, "", append(strings.Fields(words[1]), append(others, "--model=again.safetensors")...)...)
	if readFile(t, dir, "again.safetensors") != readFile(t, dir, "model.safetensors") {
		t.Error("train with the best trial's flags gives another network")
	}
	return trained
}

// TestSearchSpaces varies everything, each in its own way.
func TestSearchSpaces(t *testing.T) {
	dir := t.TempDir()
	out := succeed(t, dir, "", "search", "iris", "--folds=1", "--trials=5", "--epochs=2", "--metric=loss", "--test=0", "--space=hidden=8-4,6",
		"--space=activation=relu,tanh", "--space=init=he_normal", "--space=dropout=0..0.2", "--space=batch-norm=false,true", "--space=l1=log:1e-6..1e-3",
		"--space=l2=0,0.01,noise=0", "--space=optimizer=sgd,rmsprop", "--space=learning-rate=0.01,0.1", "--space=momentum=0..0.9",
		"--space=weight-decay=0", "--space=batch=8..32", "--space=epochs=1..3")
	if !strings.Contains(out, "\n5/5 [=") || !strings.Contains(out, " - loss: ") || strings.Contains(out, "Test Loss") || strings.Contains(out, "±") {
		t.Errorf("%s", out)
	}
	checkFigure(t, filepath.Join(dir, "search"), "Search on iris", "8-4", "rmsprop", "true", "Loss")

	out = succeed(t, dir, "", "search", "synthetic", "--folds=2", "--grid", "--epochs=9", "--halving=epochs",
		"--space=units=2,4,8", "--space=layers=1,2,3")
	for _, want := range []string{"Search: all 9 combinations of ", "9/13 [====", "13/13 [=====", "(trial ", ", 9 epochs)", " --epochs=9, "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	checkFigure(t, filepath.Join(dir, "search"), "Given up earlier", "Best")
	trainBest(t, dir, out)
	out = succeed(t, dir, "", "search", "synthetic", "--folds=2", "--grid", "--epochs=2", "--halving=rows", "--space=units=2,4,8")
	if !strings.Contains(out, "266 rows)") || !strings.Contains(out, "798 rows)") {
		t.Errorf("%s", out)
	}

	var b strings.Builder
	b.WriteString("size,place,price\n")
	for i := range 60 {
		size := ""
		if i%7 > 0 {
			size = strconv.Itoa(20 + i)
		}
		fmt.Fprintf(&b, "%s,%c,%d\n", size, 'a'+i%3, 1000+50*i+i%3*200)
	}
	writeFile(t, dir, "houses.csv", b.String())
	out = succeed(t, dir, "", "search", "houses.csv", "--task=regression", "--trials=3", "--epochs=60", "--space=learning-rate=log:0.01..0.03")
	if mae := scoreOf(t, out, "Test MAE"); !(mae < 600) {
		t.Errorf("a mean error of %v:\n%s", mae, out)
	}
	if !strings.Contains(out, "a column for each text makes 4 features") {
		t.Errorf("%s", out)
	}
	trainBest(t, dir, out, "--task=regression", "--epochs=60")
}

func TestSearchMistakes(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ args, want string }{
		{"search iris --space=lr=0.1", `there is no hyper-parameter "lr", want layers, units, hidden, `},
		{"search iris --space=units", `"units" is no NAME=VALUES`},
		{"search iris --space=units=8..4", "units is 8..4, want the smaller end first"},
		{"search iris --space=units=4..8.5", `units is "8.5", want a whole number`},
		{"search iris --space=dropout=0..1", "dropout is 1, want 0 or more and less than 1"},
		{"search iris --space=l2=log:0..1", "want a range above 0"},
		{"search iris --space=l2=log:1", "want a range after log:"},
		{"search iris --space=activation=tan", `no activation is called "tan"`},
		{"search iris --space=activation=a..b", "want a list of values"},
		{"search iris --space=optimizer=foo", `there is no optimizer "foo"`},
		{"search iris --space=batch-norm=on", "want true or false"},
		{"search iris --space=hidden=4-x", "want the units of each layer"},
		{"search iris --space=units=4,units=8", "units is there twice"},
		{"search iris --space=units=4 --space=hidden=8", "hidden says what units and layers say"},
		{"search iris --grid", "which --space has to give"},
		{"search iris --grid --space=units=2..4", "--grid wants lists, and units is a range, 2..4"},
		{"search iris --halving=epochs --space=epochs=1,2", "--halving=epochs varies the epochs"},
		{"search iris --trials=0", "--trials is 0, want 1 or more"},
		{"search iris --folds=0", "--folds is 0, want 1 or more"},
		{"search iris --folds=121", "--folds=121: KFold: Folds is 121, want at least 2 and at most all 120 rows"},
		{"search iris --folds=1 --validation=0", "--validation is 0"},
		{"search iris --validation=0.5", "--validation says nothing without --folds=1"},
		{"search iris --metric=auc", `--metric is "auc", want loss or accuracy`},
		{"search iris --space=learning-rate=1e30 --epochs=2", "training diverged"},
		{"search iris --log=.", "no regular file"},
		{"train iris --folds=1", "--folds is 1, want 2 or more"},
		{"learning-curve iris --sizes=0,1", "--sizes is 0, want more than 0 and at most 1"},
		{"validation-curve iris --vary=activation=relu,tanh", "want a list of numbers"},
		{"validation-curve iris --vary=units=2..8", "want a list of numbers"},
		{"validation-curve iris --vary=lr=1", "--vary: there is no hyper-parameter"},
	} {
		_, stderr, code := result(t, dir, "", strings.Fields(tt.args)...)
		if code != exitFailure || !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("mlp %s: code %d, %q, want %q", tt.args, code, stderr, tt.want)
		}
	}
}

// TestTrainFolds wants the folds' scores and then a training as without them.
func TestTrainFolds(t *testing.T) {
	dir := t.TempDir()
	succeed(t, dir, "", "train", "iris", "--epochs=10", "--model=plain.safetensors")
	out := succeed(t, dir, "", "train", "iris", "--epochs=10", "--folds=5")
	table := regexp.MustCompile(`(?s)Cross-validation: 5 folds of the 120 rows that are not for the test\n +fold +loss +accuracy\n` +
		`( +[1-5] +0\.\d{4} +[01]\.\d{4}\n){5}mean ± std  0\.\d{4} ± 0\.\d{4}  0\.\d{4} ± 0\.\d{4}\n\nEpoch 1/10\n`)
	if !table.MatchString(out) {
		t.Errorf("%s", out)
	}
	if readFile(t, dir, "model.safetensors") != readFile(t, dir, "plain.safetensors") {
		t.Error("--folds changes the network")
	}
	succeed(t, dir, "", "train", "iris", "--epochs=4", "--folds=2", "--patience=2", "--plateau=patience=1", "--class-weights=balanced",
		"--loss=categorical_crossentropy", "--augment=noise=0.1")
	succeed(t, dir, "", "train", "iris", "--epochs=4", "--folds=2", "--schedule=cosine:warmup=2")
}

func TestScoreCurves(t *testing.T) {
	dir := t.TempDir()
	out := succeed(t, dir, "", "learning-curve", "iris", "--epochs=5", "--folds=3")
	if !regexp.MustCompile(`\nrows  training accuracy  validation accuracy\n( +(8|26|44|62|80) .* ± .* ± .*\n){5}\n`).MatchString(out) {
		t.Errorf("%s", out)
	}
	checkFigure(t, filepath.Join(dir, "learning-curve"), "Learning curve on iris", "Rows trained on", "Training", "Validation")
	out = succeed(t, dir, "", "validation-curve", "iris", "--epochs=5", "--folds=1", "--vary=l2=0.1,0.001,0", "--figure=l2", "--metric=loss")
	if !strings.Contains(out, "\n   l2  training loss  validation loss\n  0.1         0.") {
		t.Errorf("%s", out)
	}
	checkFigure(t, filepath.Join(dir, "l2"), "Validation curve on iris", "l2", "Loss")
}
