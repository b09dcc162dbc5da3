/*
Package mlp trains and runs multilayer perceptrons on the CPU: fixed stacks of Dense, BatchNorm, ActivationLayer,
Dropout and GaussianNoise layers, in float32.

Its numbers are Keras's and scikit-learn's: layers, losses, optimizers, metrics and callbacks follow Keras's formulas,
splits, scalers and generated data follow scikit-learn's, and the tests compare with what those print. The same program
with the same seeds gives the same bits on every machine.

# Data

A Dataset is a table: X [rows, features] and Y [rows, targets], row-major slices of float32, with names. For
classification, Y holds class indices in one column; for regression, one column a target. Iris and the Make functions
give data to try things on; ReadCSV, ReadImages, ReadIDXDataset and ReadNPY read one's own. TrainTestSplit and KFold
divide the rows. A Preprocessor fitted on the training rows, such as a StandardScaler, or a Pipeline of several, brings the
features into shape:

	data, err := mlp.ReadCSV(file, mlp.CSVConfig{Label: "species"})
	train, test, err := mlp.TrainTestSplit(data, mlp.SplitConfig{TestSize: 0.2, RandomState: 42})
	var scaler mlp.StandardScaler
	err = scaler.Fit(train)
	err = scaler.Transform(train) // in place
	err = scaler.Transform(test)

# Network

A Network is its layers and their weights, nothing else. New checks the layers, tells which one is wrong, and draws the
weights; Initialize draws them again with another seed. A literal's zero fields mean Keras's defaults:

	net, err := mlp.New(4,
		mlp.Dense{Units: 64, Activation: mlp.ReLU},
		mlp.Dense{Units: 3, Activation: mlp.Softmax},
	)
	fmt.Print(net.Summary())

# Training

A Trainer holds what training needs beside the weights: gradients, the optimizer's state and every buffer of a batch,
all allocated by NewTrainer. Fit runs epochs over a Dataset and returns a History; callbacks such as ProgressLog,
EarlyStopping, ModelCheckpoint, TensorBoard and Monitor take part in it, FitConfig.Augment changes the rows on the fly, and
with a Checkpoint it goes on after an interruption as if there had been none. BalancedClassWeights and FindLearningRate help
to configure it. Step performs a single update and is what Fit is made of; it serves online learning and loops of
one's own.

	trainer, err := mlp.NewTrainer(net, mlp.TrainerConfig{
		Loss:      mlp.SparseCategoricalCrossentropy{},
		Optimizer: mlp.Adam{},
		Metrics:   []mlp.Metric{mlp.Accuracy{}},
		BatchSize: 16,
	})
	history, err := trainer.Fit(ctx, train, mlp.FitConfig{Epochs: 50, ValidationSplit: 0.2})
	scores, err := trainer.Evaluate(ctx, test)

# Inference

Network.Predict takes any number of rows and returns a new slice. A Predictor writes into the caller's slice and does
not allocate. A row's outputs depend neither on the rows beside it nor on the size of the batch.

	p := net.NewPredictor(1)
	err := p.Predict(dst, x)

Network.Classify takes raw rows, which the network's Scaler prepares, and returns names and probabilities of classes;
Network.PredictRaw does the same for numbers.

# Files

SaveFile writes one safetensors file, with the architecture, the names, the scaler and the facts of the training in it, and
a few rows with their outputs. LoadFile reads it back, and makes sure that the rows give the same bits here; Save and Load do
so for any writer and reader. Load trusts nothing that a file says. ReadWeights takes the weights that PyTorch or Keras wrote.

# Shapes

Matrices are row-major slices without padding; a function tells the number of rows from the length. Comments give
shapes in brackets: x [rows, features], y [rows, targets], weights [inputs, units], outputs [rows, outputs]. A length that
does not fit is a *ShapeError.

# Determinism

The same seeds, data and program give the same weights, bit for bit: with any kernel, on any GOARCH, at any GOAMD64 and
with any GOMAXPROCS. Seeds are always the caller's, and the zero seed is a seed like any other. docs/DETERMINISM.md has
the order of every sum and says what lies outside the promise.

# Kernels

New chooses the kernel, the code that does the arithmetic: the best that the CPU has, or the one that the environment
variable MLP_KERNEL names; Network.Kernel tells which. Kernels differ in speed and in nothing else. The build tag purego
leaves all assembly out.

# Concurrency

A Network may be shared by goroutines that only read it: Predict, Classify, NewPredictor, Weights, Clone, Summary, Save.
A Predictor and a Trainer belong to one goroutine each. While a Trainer trains, nobody else may use its network: a service
that trains while it serves predicts from a Clone, and swaps it through an atomic.Pointer.

# Errors

What a caller, a file or data can get wrong is an error, found once and early, that says where, what was expected and
what came. The types to test for are *ShapeError, *CSVError, *DivergedError and *CheckpointError. The package does not
print, log or read the clock, except that a ProgressLog writes where it is told to and times what it shows, and that a
TensorBoard's events bear their time.

# Caveats

  - A Predictor and Predict expect rows as the network was trained on them: scaled. PredictRaw and Classify apply
    Network.Scaler, which travels with the file, before.
  - The last layer's Activation decides what the outputs are. A cross-entropy behind Softmax or Sigmoid is computed from
    the logits; behind other activations set FromLogits, or the outputs are taken for probabilities.
  - RestoreBestWeights of EarlyStopping puts the best epoch's weights back; without it the network keeps the last's.
  - ValidationSplit takes the last rows, before shuffling, as Keras does. Rows sorted by class need a shuffle first.
  - Arithmetic is float32. Targets of a large range want scaling, too.
  - With Adam, a Trainer takes three times the memory of the weights, and the batch's buffers; Summary tells how much.
  - Weight decay shrinks biases and BatchNorm's gamma and beta as well, as in Keras.
*/
package mlp
