"""The faults of the doctor's clinic. Each changes a training before it is run; severity 1 is mild, 3 is plain.

SET_ASIDE causes were never looked at while the doctor was built.
"""

from __future__ import annotations

import numpy as np
from clinic_networks import ACTS, Case, curve, dense, recurrent_weights, series

import microgradnp as mg


def first(c):
    return next(iter(c.p))


def last(c):
    return c.matrices()[-1]


def hidden_bias(c):
    return next(name for name in c.p if name.startswith("b"))


def healthy(c, s):
    if s == 2:
        c.optimizer = mg.optim.Adam(lr=0.01)
    if s == 3:
        c.optimizer = mg.optim.SGD(lr=0.3 * c.lr, momentum=0.8)
        c.iterations *= 2
    if s == 4:
        c.iterations *= 3
        c.stop = mg.LossPlateau(200, 1e-3)
    if s == 5:
        c.lr, c.iterations = 0.5 * c.lr, 2 * c.iterations
    if s > 5:  # a true floor: enough data, trained to the end, and about half of the variance is noise
        make = {
            "regression": lambda: curve(c.rng, 500, 5),
            "recurrent": lambda: series(c.rng, 400, 6),
            "gated": lambda: series(c.rng, 400, 5),
        }
        if c.network in make:
            x, t = make[c.network]()
            c.give(x, t + (0.7, 1.0)[s - 6] * t.std() * c.rng.normal(size=t.shape))
            c.iterations = 600


def wrong_gradient(c, s):
    f = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0)}[c.act]
    slope = {"tanh": lambda y: 1 - y * y, "relu": lambda y: (y > 0) * 1.0}[c.act]

    @mg.primitive
    def act(a):
        return f(a)

    mg.rule(act, [lambda g, y, a: 0.8 * g * slope(y), lambda g, y, a: g, lambda g, y, a: -g * slope(y)][s - 1])
    c.act = act


def learning_rate_too_high(c, s):
    c.lr *= {"classifier": (15, 60, 500), "deep": (10, 40, 300), "binary": (30, 100, 1000)}.get(c.network, (6, 30, 300))[s - 1]


def learning_rate_too_low(c, s):
    c.lr *= (1 / 40, 1 / 300, 1e-5)[s - 1]


def inputs_unscaled(c, s):
    d = c.data[0].shape[-1] if c.data[0].ndim < 4 else 1
    scale, offset = ((1, 8), (25, 60), (150, 500))[s - 1]
    shift = offset * c.rng.uniform(0.5, 1.5, d)
    c.data[0] = scale * c.data[0] + shift
    c.validation = (scale * c.validation[0] + shift, c.validation[1])


def saturated_units(c, s):
    if c.act == "relu":
        c.act = "tanh"
    for name in c.matrices():
        if name != last(c):
            c.set(name, c.p[name].numpy() * (8, 30, 200)[s - 1])


def dead_relu(c, s):
    c.act = "relu"
    bias = hidden_bias(c)
    n = c.p[bias].size
    c.set(bias, np.where(np.arange(n) < np.ceil((0.85, 0.95, 1)[s - 1] * n), -(20, 60, 100)[s - 1], 0.0))
    if "Wh" in c.p:
        c.set("Wh", 0.3 * c.p["Wh"].numpy())


def symmetric_init(c, s):
    for name in c.p:
        v = c.p[name].numpy()
        if s == 3:
            v = np.zeros_like(v)
        elif v.ndim > 1 and s == 2:
            v = np.full_like(v, 0.05 if name == "Wh" or v.ndim > 2 else 0.3)
        elif v.ndim == 2:
            v = np.repeat(v[:, :1], v.shape[1], 1)
            v = np.repeat(v[:1], len(v), 0) if name == "Wh" or name not in ("W1", "Wx") else v
        elif v.ndim > 2:
            v = np.repeat(v[:1], len(v), 0)
        c.set(name, v)


def deepened(c, layers, act, gain=1.0):
    dense(c, [c.sizes[0]] + [c.sizes[1]] * layers + [c.sizes[-1]], act, gain)


def vanishing_gradient(c, s):
    if "Wh" not in c.p:
        return deepened(c, (6, 8, 12)[s - 1], "sigmoid")
    x = c.rng.normal(size=(160, (15, 25, 40)[s - 1], 2))
    c.give(x, np.sign(x[:, :1, 0]) * 0.8)
    c.set("Wh", c.p["Wh"].numpy() * (0.6, 0.4, 0.2)[s - 1])
    return None


def exploding_gradient(c, s):
    if "Wh" not in c.p:
        return deepened(c, (6, 8, 10)[s - 1], "relu", (1.8, 2.3, 3.0)[s - 1])
    c.give(*series(c.rng, 80, (20, 30, 40)[s - 1]))
    c.act = "relu" if s == 2 else "tanh"
    c.set("Wh", c.p["Wh"].numpy() * (2.0, 1.6, 3.0)[s - 1])
    return None


def on_targets(c, f):
    c.data[1], c.validation = f(c.data[1]), (c.validation[0], f(c.validation[1]))


def targets_out_of_range(c, s):
    c.final, c.criterion = (mg.tanh, mg.sigmoid, mg.sigmoid)[s - 1], mg.mse
    on_targets(c, (lambda t: t * (3, 6, 50)[s - 1] - 1) if c.classes else (lambda t: t * (1.2, 1, 20)[s - 1]))


def targets_unscaled(c, s):
    on_targets(c, lambda t: t * (40, 300, 1e4)[s - 1] + (0, 300, 0)[s - 1])


def by_hand(z, axis):
    e = np.exp(z - 3)
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax_wrong_axis(c, s):
    c.final = (lambda z: mg.softmax(z, axis=0), lambda z: by_hand(z, 0), lambda z: by_hand(z, 0))[s - 1]
    c.criterion = mg.mse if s == 1 else lambda p, t: -np.mean(np.sum(t * np.log(p + 1e-12), axis=1))


def softmax_twice(c, s):
    c.final = (mg.softmax, lambda z: by_hand(z, -1), mg.sigmoid)[s - 1]


def targets_unrelated(c, s):
    n = len(c.data[0])
    if s == 1:
        rows = np.arange(n)
        moved = rows[: int(0.97 * n)]
        rows[: len(moved)] = c.rng.permutation(moved)
        c.data[1] = c.data[1][rows]
    else:
        c.data[1] = c.data[1][c.rng.permutation(n)]
    if s == 2:
        c.iterations //= 3


def targets_shifted(c, s):
    c.data[1] = np.roll(c.data[1], (1, -1, 2)[s - 1], 0)


def stopped_early(c, s):
    c.stop = mg.LossPlateau(5, (0.02, 0.05, 0.2)[s - 1]) if not c.batch_size else mg.LossPlateau(3, 0.2)
    c.lr, c.iterations = 0.3 * c.lr, 3000


def too_few_steps(c, s):
    c.iterations, c.lr = (25, 10, 5)[s - 1], 0.5 * c.lr


def capacity_too_small(c, s):
    if "Wh" in c.p:
        x = c.rng.normal(size=(320, 6, 2))
        t = np.stack([x[:, :, 0].mean(1), x[:, :, 1].mean(1), x[:, -1, 0], x[:, -1, 1]], 1)
        c.give(x, t / t.std(0))
        recurrent_weights(c, 2, 1, 4)
    elif c.classes:
        c.iterations = 600
        dense(c, [c.sizes[0], (1, 2, 1)[s - 1], c.sizes[-1]])
    else:
        x = c.rng.normal(size=(240, c.sizes[0]))
        t = (x[:, :1] * x[:, 1:2], x[:, :1] ** 2 + x[:, 1:2] ** 2, np.sin(3 * x[:, :1]))[s - 1]
        c.give(x[:, :3], np.repeat(t, c.sizes[-1], 1))
        dense(c, [3, 1, c.sizes[-1]])


def overfitting(c, s):
    n = (24, 18, 12)[s - 1]
    c.data, c.batch_size, c.iterations = [a[:n] for a in c.data], None, 1500
    if not c.classes and c.network != "binary":
        c.data[1] = c.data[1] + 0.6 * c.rng.normal(size=c.data[1].shape)
        c.optimizer = mg.optim.Adam(lr=0.02)


def bad_values_in_data(c, s):
    c.data[0] = c.data[0].copy()
    c.data[0][tuple(c.rng.integers(0, n) for n in c.data[0].shape)] = (np.nan, np.inf, np.nan)[s - 1]


def unstable_formula(c, s):
    c.set(last(c), c.p[last(c)].numpy() * (600, 2000, 5000)[s - 1])
    if c.classes:
        c.criterion = lambda z, t: -np.mean(np.sum(t * np.log(np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)), axis=1))
    else:
        on_targets(c, lambda t: (t > 0) * 1.0)
        c.final = mg.sigmoid
        c.criterion = lambda p, t: -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


def parameter_not_trained(c, s):
    if s == 1:
        c.left_out = (*(name for name in c.matrices() if name != last(c)), hidden_bias(c))
    else:
        c.act = "tanh" if s == 3 else c.act
        inner = c.act if not isinstance(c.act, str) else {"tanh": np.tanh, "relu": mg.relu}[c.act]
        c.act = lambda z: mg.stop_gradient(inner(z))


class Summing(mg.optim.SGD):
    def change(self, name, g):
        self.velocity[name] = self.velocity.get(name, 0) + g
        return -self.lr * self.velocity[name]


class Climbing(mg.optim.SGD):
    def change(self, _name, g):
        return self.lr * g


class Heavy(mg.optim.SGD):
    def change(self, name, g):
        self.velocity[name] = 1.001 * self.velocity.get(name, 0) - self.lr * g
        return self.velocity[name]


def optimizer_bug(c, s):
    c.optimizer = (Summing, Heavy, Climbing)[s - 1](lr=c.lr)


def evaluation_differs(c, s):
    if s == 1:
        c.predict = lambda x: c.answers((x - x.mean(0)) / (x.std(0) + 1e-3))
    elif s == 2:
        old = {name: v.numpy().copy() for name, v in c.p.items()}

        def stale(x):
            now = {name: v.data for name, v in c.p.items()}
            for name in now:
                c.p[name].data = old[name]
            found = c.answers(x)
            for name in now:
                c.p[name].data = now[name]
            return found

        c.predict = stale
    else:
        c.predict = lambda x: c.answers(x[::-1].copy())


def rows_misaligned(c, s):
    inner, r, fixed = c.forward, np.random.default_rng(c.seed), {}
    if s == 3:
        c.forward = lambda x: inner(x[r.permutation(x.shape[0])])
    else:
        order = (lambda n: np.arange(n)[::-1].copy()) if s == 1 else r.permutation
        c.forward = lambda x: inner(x[fixed.setdefault(x.shape[0], order(x.shape[0]))])
    c.predict = lambda x: c.final(inner(mg.Tensor(x))).numpy()


def labels_malformed(c, s):
    t = c.data[1].copy()
    wrong = c.rng.permutation(len(t))[: max(1, int((0.02, 0.1, 0.3)[s - 1] * len(t)))]
    t[wrong] = 0 if s < 3 else t[wrong] + np.roll(t[wrong], 1, 1)
    c.data[1] = t


def target_in_inputs(c, s):
    del s
    k = c.data[1].shape[1] - 1
    x, v = c.data[0].copy(), c.validation[0].copy()
    x[:, -1], v[:, -1] = c.data[1][:, k], c.validation[1][:, k]
    c.data[0], c.validation = x, (v, c.validation[1])


def validation_overlaps(c, s):
    n = int((0.1, 0.4, 1.0)[s - 1] * len(c.validation[0]))
    c.validation = tuple(np.concatenate([a[:n], b[n:]]) for a, b in zip(c.data, c.validation, strict=True))


def weight_decay_too_strong(c, s):
    c.optimizer = mg.optim.SGD(lr=c.lr, weight_decay=(0.1, 0.3, 1.0)[s - 1])


def output_saturated(c, s):
    c.final, c.criterion, c.lr = mg.sigmoid, mg.sse, (0.3, 1.0, 3.0)[s - 1]
    if not c.classes:
        on_targets(c, lambda t: (t > 0) * 1.0)


def always_clipped(c, s):
    c.clip = (0.02, 0.005, 0.001)[s - 1]


def schedule_ended(c, s):
    rate, fall = c.lr, (0.9, 0.8, 0.5)[s - 1]
    c.schedule = lambda step: rate * fall**step


def precision_too_low(c, s):
    c.data, c.validation = [a.astype(np.float16) for a in c.data], tuple(a.astype(np.float16) for a in c.validation)
    for name, p in list(c.p.items()):
        c.p[name] = mg.Tensor(p.numpy().astype(np.float16), requires_grad=True, name=name)
    c.lr *= (0.03, 0.01, 0.001)[s - 1]


def classes_out_of_balance(c, s):
    t = c.data[1].argmax(1) if c.classes else c.data[1].ravel() > 0.5
    rare = np.flatnonzero(t != 0)
    kept = np.concatenate([np.flatnonzero(t == 0).repeat(8), c.rng.permutation(rare)[: (24, 12, 6)[s - 1]]])
    kept = kept[c.rng.permutation(len(kept))]
    c.data = [a[kept] for a in c.data]
    c.lr *= 0.3


def evaluation_in_training_mode(c, s):
    inner, r = c.act if not isinstance(c.act, str) else ACTS[c.act], np.random.default_rng(c.seed)
    if s < 3:
        c.act = lambda z: inner(z) * (r.uniform(size=z.shape) > (0.1, 0.4)[s - 1])
    else:
        c.act = lambda z: inner((z - np.mean(z, 0)) / np.sqrt(np.var(z, 0) + 1e-5))


def rows_contradict(c, s):
    x, n = c.data[0].copy(), len(c.data[0])
    rows = c.rng.permutation(n)[: int((0.6, 0.8, 1.0)[s - 1] * n)]
    x[rows] = x[rows[c.rng.integers(0, max(1, len(rows) // 4), len(rows))]]
    c.data[0] = x


SOFT = (  # these may do no harm: a training that learns all the same is no case
    "learning_rate_too_high", "learning_rate_too_low", "inputs_unscaled", "saturated_units", "dead_relu", "vanishing_gradient",
    "exploding_gradient", "targets_unscaled", "stopped_early", "too_few_steps", "capacity_too_small", "weight_decay_too_strong",
    "output_saturated", "always_clipped", "schedule_ended", "precision_too_low", "classes_out_of_balance", "rows_contradict",
)  # fmt: skip
NEW = (
    "always_clipped", "schedule_ended", "precision_too_low", "classes_out_of_balance", "evaluation_in_training_mode",
    "rows_contradict",
)  # fmt: skip
SET_ASIDE = ("labels_malformed", "target_in_inputs", "validation_overlaps", "weight_decay_too_strong", "output_saturated")
DENSE, VECTORS = ("regression", "classifier", "binary", "deep"), ("regression", "classifier", "deep")
ONLY = {  # the networks in which a fault can be, where it is not all
    "softmax_wrong_axis": ("classifier", "convolutional"),
    "softmax_twice": ("classifier", "convolutional"),
    "targets_unscaled": ("regression", "recurrent", "attentive", "deep", "gated"),
    "targets_out_of_range": ("regression", "classifier", "recurrent", "convolutional", "attentive", "deep", "gated"),
    "vanishing_gradient": ("regression", "classifier", "recurrent", "binary", "deep"),
    "exploding_gradient": ("regression", "classifier", "recurrent", "deep"),
    "saturated_units": ("regression", "classifier", "recurrent", "binary", "deep"),
    "dead_relu": ("regression", "classifier", "recurrent", "convolutional", "attentive", "binary", "deep"),
    "symmetric_init": ("regression", "classifier", "recurrent", "convolutional", "binary", "deep"),
    "capacity_too_small": ("regression", "classifier", "recurrent", "deep"),
    "unstable_formula": ("regression", "classifier", "recurrent", "convolutional", "attentive", "deep", "gated"),
    "parameter_not_trained": ("regression", "classifier", "recurrent", "convolutional", "binary", "deep"),
    "labels_malformed": ("classifier", "convolutional"),
    "target_in_inputs": ("regression", "classifier", "deep", "binary"),
    "output_saturated": ("classifier", "convolutional", "binary"),
    "classes_out_of_balance": ("classifier", "convolutional", "binary"),
    "evaluation_in_training_mode": ("regression", "classifier", "binary", "deep"),
    "rows_contradict": ("regression", "classifier", "binary", "deep"),
    "targets_shifted": ("regression", "classifier", "recurrent", "attentive", "deep", "gated"),
}
FAULTS = {
    f.__name__: f
    for f in (
        wrong_gradient, learning_rate_too_high, learning_rate_too_low, inputs_unscaled, saturated_units, dead_relu,
        symmetric_init, vanishing_gradient, exploding_gradient, targets_out_of_range, targets_unscaled,
        softmax_wrong_axis, softmax_twice,
        targets_unrelated, targets_shifted, stopped_early, too_few_steps, capacity_too_small, overfitting, bad_values_in_data,
        unstable_formula, parameter_not_trained, optimizer_bug, evaluation_differs, rows_misaligned, labels_malformed,
        target_in_inputs, validation_overlaps, weight_decay_too_strong, output_saturated, always_clipped, schedule_ended,
        precision_too_low, classes_out_of_balance, evaluation_in_training_mode, rows_contradict,
    )
}  # fmt: skip


def case(cause: str, severity: int, network: str, seed: int) -> Case:
    """One training, not yet run. `predict`, `validation` and, in half of them, a stopping rule are always there."""
    c = Case(cause, severity, network, seed)
    parts = cause.split("+")
    for part in parts:
        (healthy if part == "healthy" else FAULTS[part])(c, severity)
    c.predict = c.predict or c.answers
    if seed % 2 and not c.stop:
        c.stop = mg.LossPlateau(120, 1e-4)
    return c
