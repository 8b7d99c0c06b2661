"""A layer that holds its activation and the slope as functions: the missing factor is a call of what it holds."""

import sys
import textwrap

import numpy as np

import microgradnp as mg

RNG = np.random.default_rng(4)
X, T = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))
W, V = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))


def bent(z):
    return z / (1 + np.abs(z))


def slope_of_bent(z):
    return 1 / (1 + np.abs(z)) ** 2


def leave(z):
    """A function that ends the program for what it does not know."""
    raise SystemExit


class Bend:
    def __init__(self, function, slope):
        self.function, self.slope = function, slope

    def forward(self, z):
        self.z = z
        return self.function(z)

    def backward(self, above):
        return above


def loss(x, t, W, V):
    z = x @ W
    return 0.5 * np.sum((z / (1 + np.abs(z)) @ V - t) ** 2)


def loss_of_arctan(x, t, W, V):
    return 0.5 * np.sum((np.arctan(x @ W) @ V - t) ** 2)


def test_the_slope_is_what_the_layer_holds():
    def train(x, t, W, V):
        layer = Bend(bent, slope_of_bent)
        h = layer.forward(x @ W)
        e = h @ V - t
        return x.T @ layer.backward(e @ V.T), h.T @ e

    report = mg.debug(train, loss, (X, T, W, V), budget=30)
    assert report.word == "WRONG", str(report)
    assert report.first_wrong.fix[1:] == ("return above", "return above * self.slope(self.z)"), str(report)


def test_the_slope_is_behind_a_flag(tmp_path, monkeypatch):
    path = tmp_path / "flagged_activation.py"
    path.write_text(
        textwrap.dedent(
            """
            import numpy as np

            def bend(z, slope=False):
                if slope:
                    return 1 / (1 + z**2)
                return np.arctan(z)

            class Flagged:
                def __init__(self, function):
                    self.function = function

                def forward(self, z):
                    self.z = z
                    return self.function(z)

                def backward(self, above):
                    return above

            def train(x, t, W, V):
                layer = Flagged(bend)
                h = layer.forward(x @ W)
                e = h @ V - t
                return x.T @ layer.backward(e @ V.T), h.T @ e
            """
        )
    )
    monkeypatch.syspath_prepend(tmp_path)
    report = mg.debug(__import__("flagged_activation").train, loss_of_arctan, (X, T, W, V), budget=30)
    del sys.modules["flagged_activation"]
    assert report.word == "WRONG", str(report)
    assert report.first_wrong.fix[1:] == ("return above", "return above * self.function(self.z, slope=True)"), str(report)


def test_a_function_that_ends_the_program_is_only_one_that_gives_nothing():
    """An edit is evaluated where it stands. What it calls may want to end the process."""

    class Ending:
        def __init__(self):
            self.slope = slope_of_bent
            self.other = leave

        def back(self, above, z):
            return above * self.slope(above) if np.ndim(z) == 2 else self.other(z)

    def train(x, t, W, V):
        z = x @ W
        h = bent(z)
        e = h @ V - t
        return x.T @ Ending().back(e @ V.T, z), h.T @ e

    report = mg.debug(train, loss, (X, T, W, V), budget=30)
    assert report.word == "WRONG", str(report)
    assert report.first_wrong.fix is not None, str(report)
