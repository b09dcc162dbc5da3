package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// configFlag is a file that gives values to flags: YAML, of which JSON is a part.
type configFlag string

// BeforeResolve reads the file, and lets kong take from it what the command line does not give.
func (configFlag) BeforeResolve(ctx *kong.Context, at *kong.Path) error {
	path := string(ctx.FlagValue(at.Flag).(configFlag))
	values, err := readConfig(path, ctx)
	if err != nil {
		return err
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if value, ok := values[flag.Name]; ok {
			return value, nil
		}
		return nil, nil
	}))
	return nil
}

// readConfig returns the values in a file as they would stand on the command line. Another command may share the file with train.
func readConfig(path string, ctx *kong.Context) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	if err := decoder.Decode(&document); err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	values := map[string]string{}
	if len(document.Content) == 0 {
		return values, nil // nothing but comments
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: want the names of flags, each with a value: \"epochs: 100\"", path, root.Line)
	}
	known := configNames(ctx.Selected())
	for _, command := range ctx.Model.Children {
		if command.Name == "train" {
			known = append(known, configNames(command)...)
		}
	}
	var errs []error
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		word, err := flagText(value)
		switch _, twice := values[key.Value]; {
		case !slices.Contains(known, key.Value):
			err = fmt.Errorf("unknown key %q", key.Value)
		case twice:
			err = fmt.Errorf("%s is there twice", key.Value)
		case err != nil:
			err = fmt.Errorf("%s %w", key.Value, err)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", path, key.Line, err))
		}
		values[key.Value] = word
	}
	return values, errors.Join(errs...)
}

// flagText returns a value as it would stand on the command line.
func flagText(value *yaml.Node) (string, error) {
	switch value.Kind {
	case yaml.AliasNode:
		return flagText(value.Alias)
	case yaml.ScalarNode:
		if value.Tag == "!!null" {
			return "", errors.New("has no value")
		}
		return value.Value, nil
	case yaml.SequenceNode:
		var words []string
		for _, item := range value.Content {
			if item.Kind != yaml.ScalarNode {
				return "", errors.New("has a list within its list, want texts or numbers")
			}
			words = append(words, item.Value)
		}
		return kong.JoinEscaped(words, ','), nil
	}
	return "", errors.New("has keys of its own, want a value or a list")
}

// isSetting reports whether a file may give a flag: one that says what to do, and not to tell of it.
func isSetting(flag *kong.Flag) bool { return flag.Group != nil && flag.Group.Key != "" }

// configNames are the flags of a command that a file may give.
func configNames(command *kong.Node) []string {
	var names []string
	for _, flag := range command.Flags {
		if isSetting(flag) {
			names = append(names, flag.Name)
		}
	}
	return names
}

// printConfig writes the value of each flag of the command, in a form that --config reads. Flags that have none are comments.
func printConfig(w io.Writer, ctx *kong.Context) error {
	var b strings.Builder
	var titles []string
	title := func(flag *kong.Flag) string {
		if !isSetting(flag) {
			return ""
		}
		return strings.TrimSuffix(flag.Group.Title, ":")
	}
	for _, flag := range ctx.Selected().Flags {
		if t := title(flag); t != "" && !slices.Contains(titles, t) {
			titles = append(titles, t)
		}
	}
	for i, group := range titles {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "# %s\n", group)
		for _, flag := range ctx.Selected().Flags {
			if title(flag) != group {
				continue
			}
			value, err := configText(ctx.FlagValue(flag))
			if err != nil {
				return err
			}
			if value == "" {
				b.WriteString("# ")
			}
			b.WriteString(strings.TrimSpace(flag.Name+": "+value) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// configText writes a value in YAML, "" for none.
func configText(value any) (string, error) {
	var node yaml.Node
	if err := node.Encode(value); err != nil {
		return "", err
	}
	if node.Tag == "!!null" || node.Kind == yaml.ScalarNode && node.Value == "" {
		return "", nil
	}
	node.Style |= yaml.FlowStyle
	text, err := yaml.Marshal(&node)
	return strings.TrimSpace(string(text)), err
}

// helpAllFlag shows what --help leaves out.
type helpAllFlag bool

// IgnoreDefault implements kong's interface: without the flag nothing happens.
func (helpAllFlag) IgnoreDefault() {}

// BeforeReset prints the help and ends the process, as kong's own --help does.
func (helpAllFlag) BeforeReset(ctx *kong.Context) error {
	command := ctx.Selected()
	for _, flag := range command.Flags {
		flag.Hidden = false
	}
	command.Detail = choicesHelp
	if err := ctx.PrintUsage(false); err != nil {
		return err
	}
	ctx.Exit(0)
	return nil
}

const choicesHelp = `Names take settings, as in --optimizer=adam:beta1=0.8,amsgrad; those in brackets may be left out.

    --activation linear, relu, leaky_relu(0.2), elu(1), selu, gelu, gelu_tanh,
                 silu, mish, softplus, softsign, sigmoid, hard_sigmoid, tanh,
                 softmax
    --init       glorot_uniform, glorot_normal, he_uniform, he_normal,
                 lecun_uniform, lecun_normal, constant(0.1)
    --optimizer  adam[:beta1,beta2,epsilon,amsgrad], adamw (as adam),
                 nadam[:beta1,beta2,epsilon], adamax (as nadam),
                 sgd[:momentum,nesterov], adagrad[:initial,epsilon],
                 rmsprop[:rho,momentum,epsilon,centered],
                 adadelta[:rho,epsilon], lion[:beta1,beta2]
    --schedule   exponential:steps=100,rate=0.9[,staircase]
                 inverse_time:steps=100,rate=0.5[,staircase]
                 polynomial[:steps,end,power,cycle]
                 cosine[:steps,warmup,alpha]
                 cosine_restarts:steps=100[,stretch,shrink,alpha]
                 one_cycle[:steps]
                 piecewise:100=0.001,200=0.0001
    --loss       of classes: sparse_categorical_crossentropy,
                 categorical_crossentropy[:smoothing], kl_divergence,
                 categorical_focal_crossentropy[:gamma,alpha,smoothing],
                 categorical_hinge
                 of two classes: binary_crossentropy[:smoothing],
                 binary_focal_crossentropy[:gamma,alpha,smoothing],
                 hinge, squared_hinge
                 of numbers, or of classes as numbers: mse, mae, mape, msle,
                 huber[:delta], logcosh, poisson, cosine_similarity
    --metrics    accuracy, binary_accuracy(0.5), categorical_accuracy,
                 sparse_categorical_accuracy, top_k_categorical_accuracy(5),
                 precision(0.5), recall(0.5), f1_score(macro, micro or
                 weighted), auc, rmse, r2_score, and each loss
    --augment    of images: flip[=vertical or both], turn (by quarters),
                 crop=PIXELS, shift=SHARE, rotation=TURNS, zoom=SHARE,
                 brightness=SHARE, contrast=SHARE, cutout=PIXELS
                 of any rows: noise=DEVIATION, mixup[=0.2] (as the last)
    --scale      standard (by mean and deviation), minmax (to 0 … 1), robust
                 (by median and quartiles), maxabs (to -1 … 1, zeros stay),
                 normalize (each row to length 1), none
    --impute     mean, median, most-frequent, constant=NUMBER
    --plateau    factor=0.1,patience=10,min_delta=0.0001,cooldown=0,min_rate=0
                 are the defaults

A schedule goes from the learning rate, or rises to it; its steps are updates, and where they may be left out they are those of the whole training.

--task=auto takes texts, two numbers, and the whole numbers 0, 1, 2, … or 1, 2, 3, … up to 20 for classes.

--scale=auto is standard, of images minmax, which takes all pixels alike.

Changes of --augment are made in their order; numbers are the most that is drawn. Noise is added to the scaled features.

A feature whose cells are texts, half of them or more, becomes a column of 0 and 1 for each text. Cells that are empty or NaN are filled in: ` +
	`numbers as --impute tells, texts by the most frequent one. The model file has all of this, for evaluate and predict.

A regression's targets are standardised for training, so the loss and MAE of the epochs are in units of their deviation; the saved ` +
	`network predicts, and the test tells, in the targets' own units. The losses mape, msle, poisson and cosine_similarity are trained on ` +
	`the targets as they are.

Ctrl-C stops after the current batch; what is trained so far is tested and saved, and the exit code is 130.

A --config file has values under the flags' names ("epochs: 100", "hidden: [64, 32]"); flags that are given win over it, and ` +
	`--print-config writes one.`
