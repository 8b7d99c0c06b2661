# ruff: noqa: ARG002, E501, NPY002  # one line a binding
"""How many programs can be recorded exactly, and what it costs.

    python tests/benchmarks/debug_record.py FOLDER...

A folder holds programs (`train` with `make` or `ARGS`, or `buggy` with `args`, or scripts that call `mg.debug`), or is a clone of a
public repository that PUBLIC knows, by its name. For each program it prints the verdict of the proofs, the number of operations, and
the time of the recorded run as a multiple of the plain run; at the end the share, the median and the 95 % point.
"""

from __future__ import annotations

import argparse
import collections
import collections.abc
import contextlib
import copy
import functools
import importlib
import importlib.util
import io
import statistics
import sys
import time
import types
import warnings
from pathlib import Path

import numpy as np

import microgradnp as mg
from microgradnp.debugger.record.flow import flow
from microgradnp.debugger.record.record import NotRecordedError, record
from microgradnp.debugger.record.world import World

MOST = 300_000
RNG = np.random.default_rng


class Stub(types.ModuleType):
    """A library that is not installed, and is not needed for the mathematics."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **options):
        return self

    def __setitem__(self, key, value):
        pass


class Repository:
    """A clone of a public repository; its modules are imported under their own names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, module: str, folder: str = "") -> types.ModuleType:
        """A module by its dotted name, with `folder` of the repository in the path."""
        for name in ("matplotlib", "matplotlib.pyplot", "mpl_toolkits", "mpl_toolkits.mplot3d", "sklearn", "sklearn.utils"):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
            sys.modules.setdefault(name, Stub(name))
        for name in ("terminaltables", "progressbar", "cvxopt", "mnist"):
            sys.modules.setdefault(name, Stub(name))
        if self.folder.name == "ML-From-Scratch":
            sys.modules.setdefault("pandas", Stub("pandas"))
        for name in ("Hashable", "Iterable", "Callable"):  # code for Python 3.9 and older
            setattr(collections, name, getattr(collections.abc, name))
        sys.path.insert(0, str(self.folder / folder))
        return importlib.import_module(module)

    def run(self, file: str, upto: str, names: dict | None = None) -> types.ModuleType:
        """The part of a script above the line that begins with `upto`, as a module."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8", errors="replace")
        lines = text.split("\n")
        end = next(k for k, line in enumerate(lines) if line.startswith(upto))
        module = types.ModuleType(path.stem.replace("-", "_"))
        module.__file__ = str(path)
        sys.modules[module.__name__] = module
        vars(module).update(names or {})
        sys.path.insert(0, str(path.parent))
        exec(compile("\n".join(lines[:end]), str(path), "exec", dont_inherit=True), vars(module))
        return module


# ------------------------------------------------------------------------------------------- how public programs are called


def one_hot(count, classes, rng):
    return np.eye(classes)[rng.integers(classes, size=count)]


def nielsen_pairs(rng, count=6):
    return [(rng.normal(size=(4, 1)), np.eye(3)[k % 3][:, None]) for k in range(count)]


def nielsen_network(repo):
    return repo.load("network").Network([4, 5, 3]).SGD, (nielsen_pairs(RNG(0)), 2, 3, 0.5)


def nielsen_network2(repo):
    return repo.load("network2").Network([4, 5, 3]).SGD, (nielsen_pairs(RNG(0)), 2, 3, 0.5, 0.1)


def nielsen_quadratic(repo):
    network2 = repo.load("network2")
    return network2.Network([4, 5, 3], cost=network2.QuadraticCost).SGD, (nielsen_pairs(RNG(0)), 1, 2, 0.5)


def jimenez_lstm(repo):
    lstm, rng = repo.load("lstm"), RNG(0)
    network = lstm.LstmNetwork(lstm.LstmParam(5, 4))
    toy = repo.run("test.py", "def example_0")

    def step(xs, ys):
        for _ in range(2):
            for x in xs:
                network.x_list_add(x)
            network.y_list_is(ys, toy.ToyLossLayer)
            network.lstm_param.apply_diff(lr=0.1)
            network.x_list_clear()
        return network.lstm_param

    return step, ([rng.normal(size=4) for _ in range(3)], [-0.5, 0.2, 0.1])


def zhou_rnn(repo):
    net, rng = repo.load("rnn").RNN(4, 2, 5), RNG(0)

    def step(inputs, target):
        for _ in range(3):
            out, _ = net.forward(inputs)
            probs = np.exp(out) / np.sum(np.exp(out))
            probs[target] -= 1
            net.backprop(probs)
        return net.Wxh, net.Whh, net.Why, net.bh, net.by

    return step, ([rng.normal(size=(4, 1)) for _ in range(4)], 1)


def zhou_rnn_script(repo):
    main = repo.run("main.py", "# Training loop")
    data = dict(list(main.train_data.items())[:3])
    return main.processData, (data,)


def zhou_cnn(repo):
    conv, pool = repo.load("conv").Conv3x3(2), repo.load("maxpool").MaxPool2()
    soft = repo.load("softmax").Softmax(3 * 3 * 2, 4)

    def step(image, label):
        out = soft.forward(pool.forward(conv.forward(image)))
        gradient = np.zeros(4)
        gradient[label] = -1 / out[label]
        conv.backprop(pool.backprop(soft.backprop(gradient, 0.005)), 0.005)
        return conv.filters, soft.weights, soft.biases

    return step, (RNG(0).normal(size=(8, 8)), 2)


def mazur(repo):
    module = repo.run("neural-network.py", "nn = ")

    def step():
        net = module.NeuralNetwork(
            2,
            2,
            2,
            hidden_layer_weights=[0.15, 0.2, 0.25, 0.3],
            hidden_layer_bias=0.35,
            output_layer_weights=[0.4, 0.45, 0.5, 0.55],
            output_layer_bias=0.6,
        )
        for _ in range(5):
            net.train([0.05, 0.1], [0.01, 0.99])
        return net.calculate_total_error([[[0.05, 0.1], [0.01, 0.99]]])

    return step, ()


def joel(repo):
    nn, layers, train = repo.load("joelnet.nn"), repo.load("joelnet.layers"), repo.load("joelnet.train")
    net, rng = nn.NeuralNet([layers.Linear(2, 3), layers.Tanh(), layers.Linear(3, 2)]), RNG(0)
    return functools.partial(train.train, num_epochs=4), (net, rng.normal(size=(5, 2)), rng.normal(size=(5, 2)))


def welch(repo):
    module = repo.run("partSix.py", "from scipy import optimize")
    net = module.Neural_Network()
    return net.computeGradients, (module.X, module.y)


def welch_check(repo):
    module = repo.run("partSix.py", "from scipy import optimize")
    return module.computeNumericalGradient, (module.Neural_Network(), module.X, module.y)


def welch_bfgs(repo):
    module = repo.load("partSix")
    trainer = module.trainer(module.Neural_Network())
    return trainer.train, (module.X, module.y)


def britz(repo):
    module, rng = repo.load("ann_classification"), RNG(0)
    return module.build_model, (rng.normal(size=(8, 2)), rng.integers(2, size=8), 3, 4)


def hipster(network, solver, **options):
    def make(repo):
        nets, solvers, rng = repo.load("hipsternet.neuralnet"), repo.load("hipsternet.solver"), RNG(0)
        net = getattr(nets, network)(4, 3, 5, **options)
        return functools.partial(getattr(solvers, solver), n_iter=3, mb_size=4, print_after=2), (
            net,
            rng.normal(size=(8, 4)),
            rng.integers(3, size=8),
        )

    return make


def hipster_recurrent(network):
    def make(repo):
        nets, solvers, rng = repo.load("hipsternet.neuralnet"), repo.load("hipsternet.solver"), RNG(0)
        names = {k: k for k in range(4)}
        net = getattr(nets, network)(4, 5, names, names)
        data = rng.integers(4, size=12)
        return functools.partial(solvers.adam_rnn, n_iter=2, mb_size=4), (net, data, np.roll(data, -1))

    return make


def cs231n_net(repo):
    module, rng = repo.load("cs231n.classifiers.neural_net", "assignment1"), RNG(0)
    net = module.TwoLayerNet(4, 5, 3, std=0.5)
    x, y = rng.normal(size=(9, 4)), rng.integers(3, size=9)
    return functools.partial(net.train, num_iters=4, batch_size=4), (x, y, x, y)


def cs231n_loss(module, name):
    def make(repo):
        loaded, rng = repo.load(f"cs231n.classifiers.{module}", "assignment1"), RNG(0)
        return getattr(loaded, name), (rng.normal(size=(4, 3)), rng.normal(size=(6, 4)), rng.integers(3, size=6), 0.1)

    return make


def cs231n_deep(**options):
    def make(repo):
        module, rng = repo.load("cs231n.classifiers.fc_net", "assignment2"), RNG(0)
        net = module.FullyConnectedNet([5, 4], input_dim=4, num_classes=3, reg=0.1, weight_scale=0.5, **options)
        return net.loss, (rng.normal(size=(6, 4)), rng.integers(3, size=6))

    return make


def cs231n_pair(name, shape, *rest):
    def make(repo):
        layers, rng = repo.load("cs231n.layers", "assignment2"), RNG(0)
        forward, backward = getattr(layers, name.replace("*", "forward")), getattr(layers, name.replace("*", "backward"))

        def pair(x, *parameters):
            out, cache = forward(x, *parameters)
            return backward(np.cos(out), cache)

        return pair, (rng.normal(size=shape), *[rng.normal(size=part) if isinstance(part, tuple) else part for part in rest])

    return make


def min_char(name, states):
    def make(repo):
        text = repo.folder / "min-char-rnn" / "text.txt"
        text.write_text("hello world, hello backprop")
        argv, sys.argv = sys.argv, [name, str(text)]
        try:
            module = repo.run(
                f"min-char-rnn/{name}", "# This function" if "rnn.py" in name and "lstm" not in name else "def sample"
            )
        finally:
            sys.argv = argv
        size = getattr(module, "hidden_size", None) or module.H
        return module.lossFun, ([0, 1, 2, 2], [1, 2, 2, 3], *[np.zeros((size, 1)) for _ in range(states)])

    return make


def eliben_net(repo):
    module, rng = repo.load("neural_net", "cs231n"), RNG(0)
    model = {"W1": rng.normal(size=(4, 5)), "b1": np.zeros(5), "W2": rng.normal(size=(5, 3)), "b2": np.zeros(3)}
    return module.two_layer_net, (rng.normal(size=(6, 4)), model, rng.integers(3, size=6), 0.1)


def eliben_softmax(repo):
    module, rng = repo.load("softmax", "softmax"), RNG(0)
    return module.softmax_cross_entropy_loss_gradient, (rng.normal(size=(4, 1)), rng.normal(size=(3, 4)), np.eye(3)[:, :1])


def lazy_backprop(repo):
    module, rng = repo.load("backprop", "ann_class"), RNG(0)

    def step(X, T, W1, b1, W2, b2):
        for _ in range(3):
            output, hidden = module.forward(X, W1, b1, W2, b2)
            W2 += 1e-2 * module.derivative_w2(hidden, T, output)
            b2 += 1e-2 * module.derivative_b2(T, output)
            W1 += 1e-2 * module.derivative_w1(X, hidden, T, output, W2)
            b1 += 1e-2 * module.derivative_b1(T, output, W2, hidden)
        return module.cost(T, output)

    return step, (
        rng.normal(size=(6, 2)),
        one_hot(6, 3, rng),
        rng.normal(size=(2, 3)),
        rng.normal(size=3),
        rng.normal(size=(3, 3)),
        rng.normal(size=3),
    )


def independent(repo):
    network, dense, acts, losses = (repo.load(name) for name in ("network", "dense", "activations", "losses"))
    rng = RNG(0)
    layers = [dense.Dense(2, 3), acts.Tanh(), dense.Dense(3, 1), acts.Sigmoid()]
    return functools.partial(network.train, epochs=2), (
        layers,
        losses.mse,
        losses.mse_prime,
        rng.normal(size=(4, 2, 1)),
        rng.normal(size=(4, 1, 1)),
    )


def independent_conv(repo):
    network, dense, acts, losses = (repo.load(name) for name in ("network", "dense", "activations", "losses"))
    conv, shape = repo.load("convolutional"), repo.load("reshape")
    rng = RNG(0)
    layers = [
        conv.Convolutional((1, 5, 5), 3, 2),
        acts.Sigmoid(),
        shape.Reshape((2, 3, 3), (18, 1)),
        dense.Dense(18, 2),
        acts.Softmax(),
    ]
    return functools.partial(network.train, epochs=1), (
        layers,
        losses.binary_cross_entropy,
        losses.binary_cross_entropy_prime,
        rng.uniform(0.1, 0.9, (2, 1, 5, 5)),
        rng.uniform(0.1, 0.9, (2, 2, 1)),
    )


def aflak(repo):
    network, fc, act, acts, losses = (
        repo.load(name) for name in ("network", "fc_layer", "activation_layer", "activations", "losses")
    )
    net, rng = network.Network(), RNG(0)
    for layer in (fc.FCLayer(2, 3), act.ActivationLayer(acts.tanh, acts.tanh_prime), fc.FCLayer(3, 1)):
        net.add(layer)
    net.use(losses.mse, losses.mse_prime)
    return net.fit, (rng.normal(size=(4, 1, 2)), rng.normal(size=(4, 1, 1)), 3, 0.1)


def saito(module, folder, optimizer=None, **options):
    def make(repo):
        common, rng = repo.load("common.optimizer"), RNG(0)
        loaded = repo.load(module, folder)
        name = next(n for n in ("TwoLayerNet", "MultiLayerNetExtend", "MultiLayerNet") if hasattr(loaded, n))
        net = getattr(loaded, name)(**(options or {"input_size": 4, "hidden_size": 5, "output_size": 3}))
        rule = getattr(common, optimizer or "SGD")()

        def steps(x, t):
            for _ in range(3):
                rule.update(net.params, net.gradient(x, t))
            return net.params

        return steps, (rng.normal(size=(6, 4)), one_hot(6, 3, rng))

    return make


def saito_convolution(repo):
    repo.load("common.layers")
    net = repo.load("simple_convnet", "ch07").SimpleConvNet(
        (1, 8, 8), {"filter_num": 2, "filter_size": 3, "pad": 0, "stride": 1}, hidden_size=5, output_size=3
    )
    return net.gradient, (RNG(0).normal(size=(2, 1, 8, 8)), np.array([0, 2]))


def saito2(module, folder, name, x, t, *args):
    def make(repo):
        common, rng = repo.load("common.optimizer"), RNG(0)
        net = getattr(repo.load(module, folder), name)(*args)
        rule = common.Adam()

        def steps(xs, ts):
            for _ in range(2):
                loss = net.forward(xs, ts)
                net.backward()
                rule.update(net.params, net.grads)
            return loss

        return steps, (x(rng), t(rng))

    return make


def mlfs(layers, loss="CrossEntropy", optimizer="Adam", shape=(6, 4)):
    def make(repo):
        deep, rng = repo.load("mlfromscratch.deep_learning.layers"), RNG(0)
        network = repo.load("mlfromscratch.deep_learning.neural_network")
        rules, losses = (
            repo.load("mlfromscratch.deep_learning.optimizers"),
            repo.load("mlfromscratch.deep_learning.loss_functions"),
        )
        net = network.NeuralNetwork(getattr(rules, optimizer)(), getattr(losses, loss))
        net.progressbar = iter
        for layer in layers(deep):
            net.add(layer)
        x = rng.normal(size=shape)
        y = one_hot(6, 3, rng) if len(shape) != 3 else np.eye(4)[rng.integers(4, size=shape[:2])]
        return net.fit, (x, y, 2, 3)

    return make


def mlfs_model(module, name, one=True, **options):
    def make(repo):
        rng = RNG(0)
        model = getattr(repo.load(f"mlfromscratch.supervised_learning.{module}"), name)(n_iterations=3, **options)
        model.progressbar = iter
        y = rng.integers(2, size=6)
        return model.fit, (rng.normal(size=(6, 3)), y if one else np.eye(2)[y])

    return make


def bourgin(name, shape, *args, **options):
    def make(repo):
        layers, rng = repo.load("numpy_ml.neural_nets.layers"), RNG(0)
        layer = getattr(layers, name)(*args, **options)

        def step(x):
            for _ in range(2):
                out = layer.forward(x)
                layer.backward(np.cos(out))
                layer.update()
            return layer.parameters

        return step, (rng.normal(size=shape),)

    return make


def lines(rng):
    return rng.integers(6, size=(2, 4))


PUBLIC = {
    "DeepLearningPython": [nielsen_network, nielsen_network2, nielsen_quadratic],
    "lstm": [jimenez_lstm],
    "rnn-from-scratch": [zhou_rnn, zhou_rnn_script],
    "cnn-from-scratch": [zhou_cnn],
    "simple-neural-network": [mazur],
    "joelnet": [joel],
    "Neural-Networks-Demystified": [welch, welch_check, welch_bfgs],
    "nn-from-scratch": [britz],
    "hipsternet": [
        *[hipster("FeedForwardNet", rule) for rule in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")],
        *[hipster_recurrent(name) for name in ("RNN", "LSTM", "GRU")],
    ],
    "CS231n": [
        cs231n_net,
        *[cs231n_loss("softmax", f"softmax_loss_{kind}") for kind in ("naive", "vectorized")],
        *[cs231n_loss("linear_svm", f"svm_loss_{kind}") for kind in ("naive", "vectorized")],
        cs231n_deep(),
        cs231n_deep(normalization="batchnorm", dropout=0.5, seed=3),
        cs231n_deep(normalization="layernorm"),
        cs231n_pair("affine_*", (3, 4), (4, 2), (2,)),
        cs231n_pair("batchnorm_*", (5, 3), (3,), (3,), {"mode": "train"}),
        cs231n_pair("layernorm_*", (5, 3), (3,), (3,), {}),
        cs231n_pair(
            "conv_*_naive", (2, 2, 5, 5), (2, 2, 3, 3), (2,), {"stride": 1, "pad": 1}
        ),  # fails by itself: a float where an integer belongs
        cs231n_pair("max_pool_*_naive", (2, 2, 4, 4), {"pool_height": 2, "pool_width": 2, "stride": 2}),
        cs231n_pair("spatial_groupnorm_*", (2, 4, 3, 3), (1, 4, 1, 1), (1, 4, 1, 1), 2, {}),
    ],
    "deep-learning-samples": [min_char("min-char-rnn.py", 1), min_char("min-char-lstm.py", 2), eliben_net, eliben_softmax],
    "machine_learning_examples": [lazy_backprop],
    "Neural-Network": [independent, independent_conv],
    "Medium-Python-Neural-Network": [aflak],
    "deep-learning-from-scratch": [
        saito("two_layer_net", "ch04"),
        *[saito("two_layer_net", "ch05", rule) for rule in ("SGD", "Momentum", "AdaGrad", "Adam")],
        saito("common.multi_layer_net", "", input_size=4, hidden_size_list=[5, 4], output_size=3, weight_decay_lambda=0.1),
        saito("common.multi_layer_net_extend", "", input_size=4, hidden_size_list=[5, 4], output_size=3, use_batchnorm=True),
        saito_convolution,
    ],
    "deep-learning-from-scratch-2": [
        saito2("simple_rnnlm", "ch05", "SimpleRnnlm", lines, lines, 6, 4, 5),
        saito2("rnnlm", "ch06", "Rnnlm", lines, lines, 6, 4, 5),
        saito2("seq2seq", "ch07", "Seq2seq", lines, lines, 6, 4, 5),
        saito2("attention_seq2seq", "ch08", "AttentionSeq2seq", lines, lines, 6, 4, 5),
        saito2(
            "simple_cbow",
            "ch03",
            "SimpleCBOW",
            lambda r: np.eye(6)[r.integers(6, size=(3, 2))],
            lambda r: np.eye(6)[r.integers(6, size=3)],
            6,
            4,
        ),
        saito2(
            "cbow",
            "ch04",
            "CBOW",
            lambda r: r.integers(6, size=(3, 4)),
            lambda r: r.integers(6, size=3),
            6,
            4,
            2,
            np.arange(24) % 6,
        ),
    ],
    "ML-From-Scratch": [
        mlfs(lambda d: [d.Dense(5, input_shape=(4,)), d.Activation("relu"), d.Dense(3), d.Activation("softmax")]),
        mlfs(
            lambda d: [d.Dense(5, input_shape=(4,)), d.BatchNormalization(), d.Dropout(0.3), d.Dense(3)], "SquareLoss", "RMSprop"
        ),
        mlfs(lambda d: [d.RNN(5, activation="tanh", bptt_trunc=3, input_shape=(3, 4)), d.Activation("softmax")], shape=(6, 3, 4)),
        mlfs(
            lambda d: [d.Conv2D(2, (3, 3), input_shape=(1, 6, 6)), d.Activation("relu"), d.Flatten(), d.Dense(3)],
            "SquareLoss",
            "StochasticGradientDescent",
            (6, 1, 6, 6),
        ),
        mlfs_model("perceptron", "Perceptron", one=False),
        mlfs_model("multilayer_perceptron", "MultilayerPerceptron", one=False, n_hidden=4),
        mlfs_model("regression", "LinearRegression"),
        mlfs_model("regression", "LassoRegression", degree=2, reg_factor=0.1),
    ],
    "numpy-ml": [
        bourgin("FullyConnected", (5, 4), 3, act_fn="relu"),
        bourgin("LayerNorm1D", (5, 4)),
        bourgin("BatchNorm1D", (5, 4)),
        bourgin("Conv1D", (2, 6, 2), 3, 3, act_fn="tanh"),
        bourgin("Conv2D", (2, 5, 5, 2), 2, (3, 3), act_fn="sigmoid"),
        bourgin("Pool2D", (2, 4, 4, 2), (2, 2), 2),
        bourgin("BatchNorm2D", (2, 3, 3, 2)),
        bourgin("LayerNorm2D", (2, 3, 3, 2)),
        bourgin("Softmax", (3, 4)),
    ],
}


# ------------------------------------------------------------------------------------------------------------- programs


def load(path):
    """A program as a fresh module."""
    spec = importlib.util.spec_from_file_location(f"recorded_{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def calls_of(path):
    """(name, function, args, kwargs) of what a program file asks to be checked."""
    text = path.read_text()
    if "argparse" in text or not any(sign in text for sign in ("def make(", "def buggy(", "ARGS = ", "mg.debug(")):
        return
    if "mg.debug(" in text and "__main__" not in text and "def make(rng" not in text:
        seen, real = [], mg.debug

        def noted(function, loss, args=(), kwargs=None, **options):
            seen.append((function, copy.deepcopy(args), kwargs or {}))
            return Stub("report")

        mg.debug = noted
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
                load(path)
        finally:
            mg.debug = real
        for k, (function, args, kwargs) in enumerate(seen):
            yield f"{path.stem}/{k}", function, args, kwargs
        return
    module = load(path)
    if hasattr(module, "make"):
        args, kwargs = module.make(np.random.default_rng(11))
        yield path.stem, module.train, args, kwargs
    elif hasattr(module, "buggy"):
        yield path.stem, module.buggy, (), module.args()
        yield f"{path.stem} (fixed)", module.fixed, (), module.args()
    elif hasattr(module, "ARGS"):
        yield path.stem, module.train, (), dict(module.ARGS)


def programs_of(folder):
    """All programs of a folder."""
    if folder.name in PUBLIC:
        for k, make in enumerate(PUBLIC[folder.name]):
            known, path = set(sys.modules), list(sys.path)
            np.random.seed(0)
            name = f"{folder.name}/{make.__name__ if make.__name__ != 'make' else make.__qualname__.split('.')[0]} {k}"
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    function, args = make(Repository(folder))
                yield name, function, args, {}
            except Exception as error:
                yield name, error, (), {}
            sys.path[:] = path
            for module in set(sys.modules) - known:
                if not module.startswith(("numpy", "scipy", "matplotlib", "sklearn", "mpl_toolkits")):
                    del sys.modules[module]
        return
    for path in sorted(folder.rglob("*.py")):
        with contextlib.suppress(ImportError):
            yield from calls_of(path)


def plain_time(function, args, kwargs):
    """The processor time of one run on copies, the smallest of three."""
    best = 1e9
    world = World(function, tuple(args), kwargs)
    for _ in range(3):
        with world.copied() as call:
            began = time.process_time()
            with contextlib.suppress(Exception):
                call.run()
            best = min(best, time.process_time() - began)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("-q", action="store_true", help="print what failed only")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    groups = {}
    for folder in options.folders:
        for name, function, args, kwargs in programs_of(folder.resolve()):
            group = groups.setdefault("public" if folder.name in PUBLIC else folder.name, [])
            said, multiple, count = look(function, args, kwargs)
            group.append((said, multiple, count))
            if not options.q or said != "exact":
                print(f"{name:52s} {said:10s} {count:8d} operations {multiple:6.1f} x", flush=True)
    for group, rows in groups.items():
        rows = [row for row in rows if not row[0].startswith("fails by itself")]
        good = [row for row in rows if row[0] in ("exact", "cut")]
        times = sorted(row[1] for row in good) or [0.0]
        print(
            f"{group}: {len(good)} of {len(rows)} exact ({100 * len(good) / len(rows):.0f} %), {statistics.median(times):.1f} times the "
            f"plain run, {times[int(0.95 * (len(times) - 1))]:.1f} at 95 %, {int(statistics.median(row[2] for row in rows))} operations"
        )


def look(function, args, kwargs):
    """(what the proofs say, time as a multiple, operations)."""
    if isinstance(function, Exception):
        return f"not loaded: {function!r}", 0.0, 0
    try:
        made = record(function, args, kwargs, most=MOST)
        found = flow(World(function, tuple(args), kwargs), made, MOST) if made.finished else None
    except NotRecordedError as error:
        return f"refused: {error}", 0.0, 0
    except Exception as error:
        return f"crash: {error!r}", 0.0, 0
    if found is not None and found.lost is not None:
        return f"lost: {found.lost}", 0.0, len(made.nodes)
    seconds = plain_time(function, args, kwargs) if made.finished else 0.0
    said = f"fails by itself: {made.error}" if made.error else "exact" if made.finished else "cut"
    return said, made.seconds / max(seconds, 1e-5) if seconds else 0.0, len(made.nodes)


if __name__ == "__main__":
    main()
