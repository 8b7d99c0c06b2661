"""The clinic of hand-written trainings: loops in NumPy with faults, given to `mg.diagnose` unchanged with their model.

python tests/benchmarks/clinic_by_hand.py [seed]
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
from clinic_networks import blobs, curve

import microgradnp as mg


def loss(x, t, W, b, V):
    return np.mean((np.tanh(x @ W + b) @ V - t) ** 2)


def class_loss(x, t, W, b, V):
    return mg.cross_entropy(np.tanh(x @ W + b) @ V, t)


def delta_of_squares(y, t):
    return 2 * (y - t) / t.size


def delta_of_classes(z, t):
    e = np.exp(z - z.max(1, keepdims=True))
    return (e / e.sum(1, keepdims=True) - t) / len(t)


def descent(x, t, W, b, V, delta, lr, steps, tolerance):
    for _ in range(steps):
        h = np.tanh(x @ W + b)
        d = delta(h @ V, t)
        dh = d @ V.T * (1 - h * h)
        dV, dW, db = h.T @ d, x.T @ dh, dh.sum(0)
        V -= lr * dV
        W -= lr * dW
        b -= lr * db
        if (dV**2).sum() + (dW**2).sum() < tolerance:
            break


def momentum(x, t, W, b, V, delta, lr, steps, tolerance):
    u = [0 * W, 0 * b, 0 * V]
    for _ in range(steps):
        h = np.tanh(x @ W + b)
        d = delta(h @ V, t)
        dh = d @ V.T * (1 - h * h)
        g = [x.T @ dh, dh.sum(0), h.T @ d]
        u = [0.9 * a - 0.1 * lr * c for a, c in zip(u, g, strict=True)]
        W += u[0]
        b += u[1]
        V += u[2]
        if sum((c**2).sum() for c in g) < tolerance:
            return


def without_the_slope(x, t, W, b, V, delta, lr, steps, tolerance):
    for _ in range(steps):
        h = np.tanh(x @ W + b)
        d = delta(h @ V, t)
        dh = d @ V.T
        dV, dW, db = h.T @ d, x.T @ dh, dh.sum(0)
        V -= lr * dV
        W -= lr * dW
        b -= lr * db
        if (dV**2).sum() < tolerance:
            break


def with_the_update(x, t, W, b, V, delta, lr, steps, tolerance):
    for _ in range(steps):
        h = np.tanh(x @ W + b)
        d = delta(h @ V, t)
        dV = -lr * h.T @ d
        dh = d @ dV.T * (1 - h * h)
        V += dV
        W -= lr * x.T @ dh
        b -= lr * dh.sum(0)
        if (dV**2).sum() < tolerance:
            break


def with_the_sign_turned(x, t, W, b, V, delta, lr, steps, tolerance):
    for _ in range(steps):
        h = np.tanh(x @ W + b)
        d = delta(h @ V, t)
        dh = d @ V.T * (1 - h * h)
        V -= lr * (h.T @ d)
        W += lr * (x.T @ dh)
        b -= lr * dh.sum(0)
        if (d**2).sum() < tolerance:
            break


def in_batches(x, t, W, b, V, delta, lr, steps, tolerance):
    inputs, targets, rng = x, t, np.random.default_rng(0)
    for _ in range(steps):
        rows = rng.permutation(len(inputs))[:32]
        x, t = inputs[rows], targets[rows]
        h = np.tanh(x @ W + b)
        d = delta(h @ V, t)
        dh = d @ V.T * (1 - h * h)
        V -= lr * h.T @ d
        W -= lr * x.T @ dh
        b -= lr * dh.sum(0)
        if (d**2).sum() < tolerance:
            break


class Case:
    """What a fault may change."""

    def __init__(self, fault, severity, kind, seed):
        self.fault, self.severity, self.kind = fault, severity, kind
        r = self.rng = np.random.default_rng([seed, severity, len(fault), len(kind)])
        if kind == "classes":
            (self.x, self.t), self.model, self.delta, outputs = blobs(r, 60, 6, 4, 1.2), class_loss, delta_of_classes, 4
            self.lr = 1.0
        else:
            (self.x, self.t), self.model, self.delta, outputs = curve(r, 60, 5), loss, delta_of_squares, 1
            self.lr = 0.2
        inputs = self.x.shape[1]
        self.W, self.b, self.V = (0.5 * r.normal(size=s) for s in ((inputs, 12), 12, (12, outputs)))
        self.train = {"squares": descent, "classes": descent, "momentum": momentum, "batches": in_batches}[kind]
        self.steps, self.tolerance = 800, 0.0
        FAULTS[fault](self, severity)

    def diagnosed(self):
        values = (self.x, self.t, self.W, self.b, self.V)
        return mg.diagnose(self.train, self.model, (*values, self.delta, self.lr, self.steps, self.tolerance))


def healthy(c, s):
    c.steps *= (1, 1.5, 2)[s - 1]
    c.steps = int(c.steps)


def wrong_gradient(c, s):
    c.train, c.steps = (without_the_slope, with_the_sign_turned, with_the_update)[s - 1], 300


def learning_rate_too_low(c, s):
    c.lr *= (1 / 60, 1 / 400, 1e-5)[s - 1]


def learning_rate_too_high(c, s):
    c.lr *= (30, 100, 1000)[s - 1]


def inputs_unscaled(c, s):
    c.x = (5, 20, 100)[s - 1] * c.x + (20, 60, 300)[s - 1]


def saturated_units(c, s):
    c.W = c.W * (20, 60, 300)[s - 1]


def symmetric_init(c, s):
    c.W, c.b, c.V = (
        np.full_like(a, v) for a, v in zip((c.W, c.b, c.V), ((0.3, 0.1, 0.3), (1, 0, 1), (0, 0, 0))[s - 1], strict=True)
    )


def targets_unrelated(c, s):
    c.t = c.t[c.rng.permutation(len(c.t))]
    c.steps //= s


def targets_shifted(c, s):
    c.t = np.roll(c.t, (1, -1, 2)[s - 1], 0)


def too_few_steps(c, s):
    c.steps, c.lr = (40, 20, 8)[s - 1], 0.4 * c.lr


def bad_values_in_data(c, s):
    c.x = c.x.copy()
    c.x[s, 2] = np.nan


FAULTS = {
    f.__name__: f
    for f in (
        healthy, wrong_gradient, learning_rate_too_low, learning_rate_too_high, inputs_unscaled, saturated_units, symmetric_init,
        targets_unrelated, targets_shifted, too_few_steps, bad_values_in_data,
    )
}  # fmt: skip
LACKING = {"wrong_gradient": ("momentum", "batches"), "targets_shifted": ("batches",)}  # batches have no order
KINDS = ("squares", "classes", "momentum", "batches")
SOFT = ("learning_rate_too_low", "learning_rate_too_high", "inputs_unscaled", "saturated_units", "too_few_steps")


def main(seed):
    warnings.filterwarnings("ignore")
    first = second = sick = alarms = well = left_out = 0
    seconds = []
    for fault in FAULTS:
        for kind in KINDS:
            if kind in LACKING.get(fault, ()):
                continue
            for severity in (1, 2, 3):
                c = Case(fault, severity, kind, seed)
                began = time.process_time()
                try:
                    found = c.diagnosed()
                    names, quality = [cause.name for cause in found.causes], found.measured.get("quality", -1.0)
                except Exception as error:
                    names, quality = [f"{type(error).__name__}: {error}"], -1.0
                seconds.append(time.process_time() - began)
                if fault == "healthy":
                    well += 1
                    alarms += bool(names)
                elif fault in SOFT and quality > 0.85:
                    left_out += 1
                    continue
                else:
                    sick += 1
                    alike = {fault, "stopped_early"} if fault == "too_few_steps" else {fault}
                    first += bool(alike & set(names[:1]))
                    second += bool(alike & set(names[:2]))
                if names[:1] != ([] if fault == "healthy" else [fault]):
                    print(f"{fault:24} s{severity} {kind}: {names[:3]} quality {quality:.2f}", flush=True)
    print(
        f"BY HAND: {sick} sick, top-1 {first / sick:.1%}, top-2 {second / sick:.1%}; {alarms} alarms on {well} ({left_out} out)"
    )
    print(f"  median {np.median(seconds):.2f} s, 90 %: {np.quantile(seconds, 0.9):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
