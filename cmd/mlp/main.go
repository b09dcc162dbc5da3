// Command mlp trains multilayer perceptrons on tables and images, tests them, and predicts with them.
package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

type commands struct {
	Train           trainCommand           `cmd:"" help:"Train a network on iris, synthetic data, a CSV file or images."`
	Search          searchCommand          `cmd:"" help:"Look for the size and settings of a network that do best."`
	Describe        describeCommand        `cmd:"" help:"Tell what is in data, and what is wrong with it."`
	FindRate        findRateCommand        `cmd:"" help:"Look for a learning rate to train with."`
	LearningCurve   learningCurveCommand   `cmd:"" help:"Draw the scores by the number of rows."`
	ValidationCurve validationCurveCommand `cmd:"" help:"Draw the scores by the size or a setting of the network."`
	Evaluate        evaluateCommand        `cmd:"" help:"Tell how well a model predicts the labels of a CSV file or of images."`
	Predict         predictCommand         `cmd:"" help:"Predict the rows of a CSV file, one row, or images."`
	Inspect         inspectCommand         `cmd:"" help:"Tell what a model file holds."`
	Verify          verifyCommand          `cmd:"" help:"Compute the rows of a model file's self-test with every kernel that this computer has."`
	Convert         convertCommand         `cmd:"" help:"Convert between formats of data, such as CSV, npz and IDX, and of models."`
	Generate        generateCommand        `cmd:"" help:"Write a model as Go source."`
	Plot            plotCommand            `cmd:"" help:"Draw the curves of a training from its history."`
}

const description = `Train multilayer perceptrons on tables and images, test them, and predict with them.

To begin with: mlp train iris`

// The exit codes, beside 0. An interrupted command ends as the shell reports a death by SIGINT.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// errInterrupted tells that Ctrl-C ended a command, which has said so itself.
var errInterrupted = errors.New("interrupted")

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	parser := kong.Must(&commands{},
		kong.Name("mlp"),
		kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "model", Title: "Model:"},
			{Key: "data", Title: "Data:"},
			{Key: "network", Title: "Network:"},
			{Key: "loss", Title: "Loss and metrics:"},
			{Key: "optimizer", Title: "Optimizer:"},
			{Key: "training", Title: "Training:"},
			{Key: "test", Title: "Range test:"},
			{Key: "search", Title: "Search:"},
			{Key: "curve", Title: "Curve:"},
			{Key: "output", Title: "Output:"},
		}),
	)
	ctx, err := parser.Parse(args)
	if err != nil {
		printError(err)
		command := "mlp"
		var at *kong.ParseError
		if errors.As(err, &at) && at.Context.Command() != "" {
			command = strings.Join([]string{command, strings.Fields(at.Context.Command())[0]}, " ")
		}
		fmt.Fprintf(os.Stderr, "Run \"%s --help\" for its flags.\n", command)
		return exitUsage
	}
	err = ctx.Run()
	switch {
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case err != nil:
		printError(err)
		return exitFailure
	}
	return 0
}

// What the library's errors say that means nothing here, and what is said in its place.
var (
	pipelineStep = regexp.MustCompile(` \(step \d+ of a Pipeline\)`)
	libraryWords = strings.NewReplacer("mlp: ", "", "SimpleImputer: feature ", "",
		"in any row; leave it out, or set KeepEmpty", "in the rows to train; --ignore leaves it out")
)

// printError writes an error to stderr, each line of a joined one on its own.
func printError(err error) {
	for line := range strings.Lines(libraryWords.Replace(pipelineStep.ReplaceAllString(err.Error(), ""))) {
		fmt.Fprintln(os.Stderr, "error:", strings.TrimSuffix(line, "\n"))
	}
}
