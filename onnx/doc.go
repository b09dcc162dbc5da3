/*
Package onnx reads and writes multilayer perceptrons in the ONNX format (https://onnx.ai), without any runtime: ReadFile
turns a model that PyTorch, Keras or scikit-learn exported into an *mlp.Network, WriteFile turns a network into a model for
ONNX Runtime and its like.

	net, err := onnx.ReadFile("model.onnx")
	outputs, err := net.PredictRaw(rows)

The network computes what the model computes, in float32, up to rounding. What a network cannot express is an error
that names the node and its operator, never an approximation.

# Reading

These are read, with the defaults of opsets 7 to 28:

  - Gemm with all attributes but transA, MatMul and Add, in either order of the operands, as Dense layers;
  - BatchNormalization, or the arithmetic that it comes down to, as BatchNorm, or as a part of the Dense layer before;
  - all activations of the library, by name or spelled out: whatever computes x·sigmoid(x), or 0.5·x·(1 + erf(x/√2)),
    is known by what it computes; Celu, Swish, Clip, PRelu of one slope and Selu of any by way of activations that the
    library has;
  - what stands before the first layer, as Network.Scaler: arithmetic and the operator Scaler, as a StandardScaler
    where it is (x - mean)/scale, else as a MinMaxScaler; Imputer and Normalizer; the encoding of categories as Write
    writes it;
  - Dropout, Identity, Cast, Flatten, Reshape, Squeeze and Unsqueeze, as long as they keep rows apart; the arithmetic
    on shapes and on weights that exporters leave in a graph;
  - the label heads of classifiers (ArgMax, ArrayFeatureExtractor, ZipMap), which give Network.ClassNames and nothing
    else: the network's outputs are the probabilities. Those of a binary classifier of scikit-learn, 1-p and p, are a
    Softmax;
  - weights in every encoding: raw or in fields, float16 to float64, initializers or Constant nodes, inside the model
    or, for ReadFile, in files beside it.

Images [N, channels, height, width] that a model flattens are rows of channels·height·width values. A Reshape of the
output that regroups its values is left out; the values and their order stay.

Where there is a Network.Scaler, PredictRaw takes the rows that the model takes, and Predict those that the scaler has
transformed.

# Safety

A model is not trusted. Its size, the number of its nodes and parts, shapes and nesting are bounded before anything is
allocated, memory stays in proportion to the file, and other files are opened by ReadFile alone, below the model's
folder alone.

# Writing

Write makes a model of opset 17 and IR version 8, which every runtime in use reads: Gemm, BatchNormalization, and
activations, those that opset 17 lacks spelled out. Preprocessing is part of the graph, so that the model takes raw
rows; the names of categories, and a Normalizer by MaxNorm, have no place in it. What Write has written, Read reads
back to a network that gives the same bits.
*/
package onnx
