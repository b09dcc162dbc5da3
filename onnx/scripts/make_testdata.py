"""Makes the models of testdata/ and their outputs by ONNX Runtime: what exporters leave around the layers of a perceptron
(arithmetic on shapes and weights, images, scalers, heads), in the format of the golden models. From the folder onnx/:

    pip install onnx onnxruntime numpy
    python scripts/make_testdata.py
"""

import json
import os

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "testdata")
ML = "ai.onnx.ml"
random = np.random.default_rng(1)


def floats(*shape):
    return random.normal(size=shape).astype(np.float32)


def ints(*values, dtype=np.int64):
    return np.array(values, dtype)


def positive(*shape):
    return floats(*shape) ** 2 + np.float32(0.1)


def node(text, domain="", **attributes):
    """Makes a node of "y, mask = Op a b c"."""
    outputs, call = text.split(" = ")
    op, *operands = call.split(" ")
    operands = ["" if o == "-" else o for o in operands]
    return helper.make_node(op, operands, outputs.split(", "), domain=domain, **attributes)


def write(name, x, nodes, constants, shape=None, opset=17, expect="accept", output=TensorProto.FLOAT, rank=2):
    """Writes a model with input x and output y, and the outputs for x."""
    dtype = helper.np_dtype_to_tensor_dtype(x.dtype)
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("x", dtype, ["n", *x.shape[1:]] if shape is None else shape)],
        [helper.make_tensor_value_info("y", output, [None] * rank)],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    if shape == "unknown":
        graph.input[0].type.tensor_type.ClearField("shape")
    imports = {"ai.onnx": opset, ML: 3}
    model = helper.make_model(
        graph,
        ir_version=8,
        producer_name="make_testdata.py",
        opset_imports=[helper.make_opsetid("" if d == "ai.onnx" else d, v) for d, v in imports.items()],
    )
    path = os.path.join(FOLDER, name)
    with open(path + ".onnx", "wb") as f:
        f.write(model.SerializeToString())
    session = onnxruntime.InferenceSession(path + ".onnx", providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": x})
    with open(path + ".json", "w", encoding="utf-8") as f:
        json.dump(
            {
                "format": 1,
                "file": name + ".onnx",
                "expect": expect,
                "ops": [n.op_type for n in nodes],
                "opset": imports,
                "input": {"name": "x", "dtype": str(x.dtype), "shape": list(x.shape), "data": x.tolist()},
                "outputs": [{"name": "y", "dtype": str(y.dtype), "shape": list(y.shape), "data": y.tolist()}],
                "tolerance": {"rtol": 1e-4, "atol": 1e-5},
            },
            f,
        )


def layers(features):
    """Returns the nodes from f [N, features] to y [N, 3], and their weights."""
    nodes = [node("h = Gemm f W1 b1"), node("r = Relu h"), node("y = Gemm r W2 b2")]
    return nodes, {"W1": floats(features, 6), "b1": floats(6), "W2": floats(6, 3), "b2": floats(3)}


def before(name, x, nodes, constants, **options):
    """Writes a model of nodes from x to f before two layers."""
    behind, weights = layers(int(np.prod(x.shape[1:])))
    write(name, x, nodes + behind, weights | constants, **options)


def between(name, nodes, constants, **options):
    """Writes a model of nodes from h [N, 6] to r between two layers."""
    _, weights = layers(4)
    nodes = [node("h = Gemm x W1 b1"), *nodes, node("y = Gemm r W2 b2")]
    write(name, floats(5, 4), nodes, weights | constants, **options)


def behind(name, nodes, constants, **options):
    """Writes a model of nodes from z [N, 3] to y behind two layers."""
    first, weights = layers(4)
    first[0].input[0], first[-1].output[0] = "x", "z"
    write(name, floats(5, 4), first + nodes, weights | constants, **options)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    x, image = floats(5, 4), floats(5, 2, 3, 4)

    # The shape of a row, as exporters compute it.
    view = [
        node("s = Shape x"),
        node("b = Gather s zero"),
        node("u = Unsqueeze b axis0"),
        node("t = Concat u rest", axis=0),
        node("f = Reshape x t"),
    ]
    before("view", image, view, {"zero": np.array(0), "axis0": ints(0), "rest": ints(-1)})
    view = [
        node("s = Shape x"),
        node("i = Cast s", to=6),
        node("b = Slice i from to axis0"),
        node("t = Concat b rest", axis=0),
        node("l = Cast t", to=7),
        node("f = Reshape x l"),
    ]
    before(
        "view_slice", image, view, {"from": ints(0), "to": ints(1), "axis0": ints(0), "rest": ints(24, dtype=np.int32)}
    )
    view = [
        node("s = Shape x"),
        node("c = Slice s from to"),
        node("b = Squeeze c"),
        node("u = Unsqueeze b", axes=[0]),
        node("t = Concat u rest", axis=0),
        node("f = Reshape x t"),
    ]
    before("view_opset12", image, view, {"from": ints(-4), "to": ints(-3), "rest": ints(-1)}, opset=12)
    before("reshape_zero", image, [node("f = Reshape x t")], {"t": ints(0, -1)})
    before("reshape_zeros", image, [node("a = Reshape x t"), node("f = Flatten a")], {"t": ints(0, 0, -1)})
    before("reshape_static", image, [node("f = Reshape x t")], {"t": ints(5, 24)}, shape=[5, 2, 3, 4])
    before("flatten_negative", image, [node("a = Relu x"), node("f = Flatten a", axis=-3)], {})
    before(
        "unsqueeze", x, [node("a = Unsqueeze x two"), node("b = Relu a"), node("f = Squeeze b two")], {"two": ints(2)}
    )
    before("transpose_rows", x, [node("a = Transpose x", perm=[0, 1]), node("f = Identity a")], {})
    before(
        "transpose_image",
        image,
        [node("t = Transpose x", perm=[0, 2, 3, 1]), node("f = Flatten t")],
        {},
        expect="either",
    )

    # Inputs: shapes that are not told, integers, scalers.
    before("no_shape", x, [node("a = Relu x"), node("f = Sub a m")], {"m": floats(4)}, shape="unknown")
    before("features_unknown", x, [node("f = Mul x m")], {"m": floats(4)}, shape=["n", "features"])
    before(
        "bytes",
        random.integers(0, 256, (5, 4)).astype(np.uint8),
        [node("a = Cast x", to=1), node("f = Div a k")],
        {"k": np.float32(255)},
    )
    before("integers", random.integers(-3, 4, (5, 4)), [node("f = Cast x", to=1)], {})
    before(
        "doubles",
        x,
        [node("a = Cast x", to=11), node("b = Sub a m"), node("c = Div b s"), node("f = Cast c", to=1)],
        {"m": random.normal(size=4), "s": random.normal(size=4) ** 2 + 0.1},
    )
    before("min_max", x, [node("a = Mul x k"), node("f = Add o a")], {"k": floats(4), "o": floats(1, 4)})
    before(
        "min_max_clip",
        x,
        [node("a = Mul x k"), node("f = Clip a low high")],
        {"k": floats(4), "low": np.float32(-1), "high": np.float32(0.5)},
    )
    before("clip_low", x, [node("f = Clip x low")], {"low": np.float32(-0.3)})
    before("factor_zero", x, [node("f = Mul x k")], {"k": np.array([1, 0, 2, 3], np.float32)})
    before("scaler_scalar", x, [node("f = Scaler x", ML, offset=[0.5], scale=[2.0])], {})
    before(
        "scaler_integers",
        random.integers(-3, 4, (5, 4)),
        [node("f = Scaler x", ML, offset=[0.5, 1.0, 2.0, 3.0], scale=[2.0, 1.0, 1.0, 3.0])],
        {},
    )
    before(
        "image_normalised",
        image,
        [node("a = Sub x m"), node("b = Div a s"), node("f = Flatten b")],
        {"m": floats(1, 2, 1, 1), "s": positive(2, 1, 1)},
    )
    before(
        "image_batch_norm",
        image,
        [node("b = BatchNormalization x g o m v"), node("f = Flatten b")],
        {"g": floats(2), "o": floats(2), "m": floats(2), "v": positive(2)},
    )

    # Batch normalization spelled out, by constants that are still computed.
    norm = {"m": floats(6), "v": positive(6), "e": np.float32(1e-3), "g": floats(6), "o": floats(6)}
    between(
        "batch_norm_spelled",
        [
            node("a = Sub h m"),
            node("b = Add v e"),
            node("s = Sqrt b"),
            node("c = Div a s"),
            node("d = Mul c g"),
            node("i = Add d o"),
            node("r = Relu i"),
        ],
        norm,
    )
    between(
        "batch_norm_folded",
        [
            node("a = Add v e"),
            node("s = Sqrt a"),
            node("q = Reciprocal s"),
            node("k = Mul q g"),
            node("b = Mul h k"),
            node("c = Mul m k"),
            node("n = Neg c"),
            node("d = Add o n"),
            node("r = Add b d"),
        ],
        norm,
    )
    between(
        "batch_norm_no_epsilon", [node("r = BatchNormalization h g o m v", epsilon=0.0)], {k: norm[k] for k in "gomv"}
    )
    between("batch_norm_opset9", [node("r = BatchNormalization h g o m v")], {k: norm[k] for k in "gomv"}, opset=9)

    # Weights: transposed, reshaped, broadcast, scaled.
    between(
        "transposed",
        [node("a = Relu h"), node("w = Transpose Wt"), node("i = MatMul a w"), node("r = Tanh i")],
        {"Wt": floats(6, 6)},
    )
    between(
        "weight_computed",
        [node("a = Reshape W t"), node("w = Mul a s"), node("i = MatMul h w"), node("r = Tanh i")],
        {"W": floats(36), "t": ints(6, -1), "s": positive(6, 1)},
    )
    between(
        "weight_squeezed",
        [
            node("a = Squeeze W zero"),
            node("b = Unsqueeze v one"),
            node("w = Mul b a"),
            node("i = MatMul h w"),
            node("r = Tanh i"),
        ],
        {"W": floats(1, 6, 6), "v": floats(6), "zero": ints(0), "one": ints(1)},
    )
    between("bias_scalar", [node("r = Gemm h W b", alpha=-2.0, beta=0.5)], {"W": floats(6, 6), "b": np.float32(0.7)})
    between("bias_row", [node("r = Gemm h W b")], {"W": floats(6, 6), "b": floats(1, 6)})
    between(
        "constants",
        [
            node("k = Constant", value_float=0.5),
            node("l = Constant", value_floats=[1.0, -1.0, 2.0, 0.5, 0.0, 3.0]),
            node("m = Constant", value_int=-1),
            node("n = Constant", value_ints=[6]),
            node("u = Unsqueeze m zero"),
            node("t = Concat u n", axis=0),
            node("a = Mul h k"),
            node("b = Reshape a t"),
            node("c = Tanh b"),
            node("r = Add c l"),
        ],
        {"zero": ints(0)},
    )
    between("transA", [node("a = Gemm h h", transA=1), node("r = MatMul h a")], {}, expect="either")

    # Heads.
    behind(
        "squeezed",
        [node("a = Gemm z W"), node("b = Squeeze a one"), node("y = Sigmoid b")],
        {"W": floats(3, 1), "one": ints(1)},
        rank=1,
    )
    behind("regrouped", [node("a = Softmax z"), node("y = Reshape a t")], {"t": ints(-1)}, rank=1)
    behind(
        "binary_flipped",
        [node("a = Gemm z W"), node("p = Sigmoid a"), node("q = Sub one p"), node("y = Concat p q", axis=-1)],
        {"W": floats(3, 1), "one": np.float32(1)},
    )
    label = [
        node("l = ArgMax z", axis=1, keepdims=0),
        node("a = ArrayFeatureExtractor c l", ML),
        node("y = Reshape a t"),
    ]
    behind("label_only", label, {"c": ints(10, 20, 30), "t": ints(-1)}, output=TensorProto.INT64, rank=1)
    behind(
        "flags",
        [node("p = Sigmoid z"), node("b = Binarizer p", ML, threshold=0.5), node("y = Cast b", to=7)],
        {},
        output=TensorProto.INT64,
    )


if __name__ == "__main__":
    main()
