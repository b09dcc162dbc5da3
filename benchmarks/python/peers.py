"""The peers in Python, for main.go: python3 peers.py NAME answers the lines that peer.go describes.

Each is used as its own documentation recommends for a small model on a CPU with one thread.
"""

import sys
import time

import numpy as np


def rows(n, sizes):
    random = np.random.default_rng(1)
    return random.standard_normal((n, sizes[0]), dtype=np.float32), random.integers(0, sizes[-1], n)


class Torch:
    """Fused Adam, the epoch's permutation indexed batch by batch; TorchScript, frozen, for inference."""

    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.torch = torch
        self.version = "torch " + torch.__version__

    def net(self, sizes, head):
        nn = self.torch.nn
        layers = []
        for i in range(len(sizes) - 1):
            layers += [nn.Linear(sizes[i], sizes[i + 1]), nn.ReLU()]
        return nn.Sequential(*layers[:-1], *head)

    def train(self, sizes, batch, steps):
        torch = self.torch
        x, y = map(torch.from_numpy, rows(batch * steps, sizes))
        net = self.net(sizes, [])
        loss = torch.nn.CrossEntropyLoss()
        adam = torch.optim.Adam(net.parameters(), fused=True)

        def epoch():
            order = torch.randperm(len(x))
            for i in range(0, len(x), batch):
                part = order[i : i + batch]
                adam.zero_grad()
                loss(net(x[part]), y[part]).backward()
                adam.step()

        return epoch

    def predict(self, sizes, n):
        torch = self.torch
        x = torch.from_numpy(rows(n, sizes)[0])
        net = torch.jit.freeze(torch.jit.trace(self.net(sizes, [torch.nn.Softmax(1)]).eval(), x))

        def call():
            with torch.inference_mode():
                return net(x)

        for _ in range(5):
            call()
        return call


class Jax:
    """The whole training in one compiled call, scanned over epochs and steps; a jitted call for inference."""

    def __init__(self):
        import jax

        self.jax = jax
        self.version = "jax " + jax.__version__

    def parameters(self, sizes):
        random = np.random.default_rng(1)
        return [
            (random.standard_normal((i, u), dtype=np.float32) * np.float32((2 / (i + u)) ** 0.5), np.zeros(u, np.float32))
            for i, u in zip(sizes, sizes[1:])
        ]

    def logits(self, parameters, x):
        for w, b in parameters[:-1]:
            x = self.jax.nn.relu(x @ w + b)
        w, b = parameters[-1]
        return x @ w + b

    def train(self, sizes, batch, steps):
        jax = self.jax
        jnp = jax.numpy
        x, y = map(jnp.asarray, rows(batch * steps, sizes))

        def loss(p, x, y):
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(self.logits(p, x)), y[:, None], 1))

        def step(state, part):
            p, m, v, t = state
            g = jax.grad(loss)(p, x[part], y[part])
            t = t + 1
            rate = 0.001 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            m = jax.tree.map(lambda m, g: m + (g - m) * 0.1, m, g)
            v = jax.tree.map(lambda v, g: v + (g * g - v) * 0.001, v, g)
            p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), p, m, v)
            return (p, m, v, t), None

        @jax.jit
        def epoch(state, key):
            order = jax.random.permutation(key, len(x)).reshape(steps, batch)
            return jax.lax.scan(step, state, order)[0]

        p = jax.tree.map(jnp.asarray, self.parameters(sizes))
        zeros = jax.tree.map(jnp.zeros_like, p)
        state, key = (p, zeros, zeros, jnp.float32(0)), jax.random.key(1)
        epochs = 50

        @jax.jit
        def training(state, key):
            return jax.lax.scan(lambda s, k: (epoch(s, k), None), state, jax.random.split(key, epochs))[0]

        if sizes[0] >= 784:  # the epoch is long enough
            return lambda: jax.block_until_ready(epoch(state, key))
        call = lambda: jax.block_until_ready(training(state, key))
        call.epochs = epochs
        return call

    def predict(self, sizes, n):
        jax = self.jax
        x = rows(n, sizes)[0]
        p = jax.tree.map(jax.numpy.asarray, self.parameters(sizes))
        call = jax.jit(lambda x: jax.nn.softmax(self.logits(p, x)))
        return lambda: np.asarray(call(x))


class Sklearn:
    """MLPClassifier.fit without early stopping, and predict_proba."""

    def __init__(self):
        import sklearn

        self.version = "scikit-learn " + sklearn.__version__

    def net(self, sizes, batch, epochs):
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier(sizes[1:-1], alpha=0, batch_size=batch, max_iter=epochs, tol=0, n_iter_no_change=epochs + 1)

    def train(self, sizes, batch, steps):
        import warnings

        warnings.filterwarnings("ignore")
        x, y = rows(batch * steps, sizes)
        epochs = 50 if sizes[0] < 784 else 3
        call = lambda: self.net(sizes, batch, epochs).fit(x, y)
        call.epochs = epochs
        return call

    def predict(self, sizes, n):
        import warnings

        warnings.filterwarnings("ignore")
        x, y = rows(max(256, 2 * sizes[-1]), sizes)
        net = self.net(sizes, 32, 1).fit(x, y)
        x = x[:n]
        return lambda: net.predict_proba(x)


class Keras:
    """compile and fit with their defaults, one call of fit for several epochs; the model called as a function for inference."""

    def __init__(self):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        import keras

        self.keras = keras
        self.version = "keras " + keras.__version__

    def net(self, sizes):
        layers = self.keras.layers
        hidden = [layers.Dense(u, activation="relu") for u in sizes[1:-1]]
        return self.keras.Sequential([layers.Input((sizes[0],)), *hidden, layers.Dense(sizes[-1], activation="softmax")])

    def train(self, sizes, batch, steps):
        x, y = rows(batch * steps, sizes)
        net = self.net(sizes)
        net.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
        epochs = 50 if sizes[0] < 784 else 3
        call = lambda: net.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)
        call.epochs = epochs
        return call

    def predict(self, sizes, n):
        x = rows(n, sizes)[0]
        net = self.net(sizes)
        return lambda: net(x).numpy()


class OnnxRuntime:
    """Inference alone: Gemm, Relu and Softmax at opset 17."""

    def __init__(self):
        import onnxruntime

        self.version = "onnxruntime " + onnxruntime.__version__

    def predict(self, sizes, n):
        import onnx
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper

        random = np.random.default_rng(1)
        nodes, weights, name = [], [], "x"
        for i, (inputs, units) in enumerate(zip(sizes, sizes[1:])):
            w = random.standard_normal((inputs, units), dtype=np.float32) * np.float32((2 / (inputs + units)) ** 0.5)
            weights += [numpy_helper.from_array(w, f"w{i}"), numpy_helper.from_array(np.zeros(units, np.float32), f"b{i}")]
            nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"z{i}"]))
            last = i == len(sizes) - 2
            name = "y" if last else f"a{i}"
            nodes.append(helper.make_node("Softmax" if last else "Relu", [f"z{i}"], [name]))
        graph = helper.make_graph(
            nodes,
            "mlp",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, sizes[0]])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, sizes[-1]])],
            weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        x = {"x": rows(n, sizes)[0]}
        return lambda: session.run(None, x)


def prepare(peer, words):
    """Returns a function that times one repetition, and its calls."""
    sizes = [int(s) for s in words[1].split("-")]
    if words[0] == "train":
        if not hasattr(peer, "train"):
            raise ValueError("it does not train")
        steps = int(words[3])
        once = peer.train(sizes, int(words[2]), steps)
        steps *= getattr(once, "epochs", 1)
    else:
        once, steps = peer.predict(sizes, int(words[2])), 1
    once()  # compiles
    begin = time.perf_counter()
    once()
    calls = max(1, int(0.05 / (time.perf_counter() - begin)))

    def repeat():
        begin = time.perf_counter()
        for _ in range(calls):
            once()
        return (time.perf_counter() - begin) * 1e9 / calls / steps

    return repeat


def main():
    peers = {"torch": Torch, "jax": Jax, "sklearn": Sklearn, "keras": Keras, "onnxruntime": OnnxRuntime}
    answers = sys.stdout
    sys.stdout = sys.stderr
    peer = peers[sys.argv[1]]()
    ready = {}
    for line in sys.stdin:
        line = line.strip()
        try:
            if line == "version":
                answer = peer.version
            else:
                if line not in ready:
                    ready[line] = prepare(peer, line.split())
                answer = f"{ready[line]():.1f}"
        except Exception as e:  # the caller shows it
            answer = "! " + " ".join(str(e).split())
        print(answer, file=answers, flush=True)


if __name__ == "__main__":
    main()
