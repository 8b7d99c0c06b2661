"""Programs that stop early, move more than the model has, or keep parameters in a list: no right line is accused."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import BindingError

SCRIPT = """
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(size=(12, 3))
y = X.sum(axis=1, keepdims=True)
W, b = rng.normal(size=(3, 5)), np.zeros((1, 5))
V, c = rng.normal(size=(5, 1)), np.zeros((1, 1))
for _ in range(4):
    h = np.tanh(X @ W + b)
    e = h @ V + c - y
    dV = h.T @ e
    dc = e.sum(axis=0, keepdims=True)
    dz = e @ V.T * (1 - h**2)
    dW = X.T @ dz
    W, b = W - 0.01 * dW, b - 0.01 * dz.sum(axis=0, keepdims=True)
    V, c = V - 0.01 * dV, c - 0.01 * dc
"""


def whole(X, y, W, b, V, c):
    return 0.5 * np.sum((np.tanh(X @ W + b) @ V + c - y) ** 2)


def without_last_bias(X, y, W, b, V):
    return 0.5 * np.sum((np.tanh(X @ W + b) @ V - y) ** 2)


def script(tmp_path, text):
    path = tmp_path / "script.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize("wrong", ["", "7 + "])
def test_a_step_that_uses_what_the_model_does_not_have_is_not_judged(tmp_path, wrong):
    report = mg.debug(script(tmp_path, SCRIPT.replace("dc = ", f"dc = {wrong}")), without_last_bias, budget=60.0)
    assert not report.verdict.wrong
    assert not report.findings
    assert "step 1 was not judged: its forward pass does not end where that of the first step does" in str(report)


def test_nothing_is_wrong_before_the_line_that_fails(tmp_path):
    report = mg.debug(script(tmp_path, SCRIPT.replace("X.T @ dz", "X @ dz")), whole, budget=60.0)
    assert not report.ok
    assert not report.verdict.wrong
    assert not report.findings
    assert "the code stopped with ValueError" in str(report)


def in_a_list(X, y, lr=0.01):
    W = [np.ones((3, 5)) / np.arange(1, 6), np.ones((5, 1))]
    for _ in range(3):
        h = np.tanh(X @ W[0])
        e = h @ W[1] - y
        first = X.T @ (e @ W[1].T * (1 - h**2))
        W[1] -= lr * h.T @ e
        W[0] -= lr * first


def of_two(X, y, W, V):
    return 0.5 * np.sum((np.tanh(X @ W) @ V - y) ** 2)


def test_a_list_with_the_name_of_an_argument_is_no_failure_of_the_code():
    X = np.random.default_rng(0).uniform(size=(12, 3))
    arrays = X, X.sum(axis=1, keepdims=True)
    with pytest.raises(BindingError, match="nothing in the hand-written code is called V"):
        mg.debug(in_a_list, of_two, arrays)
    assert mg.debug(in_a_list, of_two, arrays, bind={"W": "W[0]", "V": "W[1]"}, budget=60.0).ok


def test_one_number_that_moves_by_a_sum_is_not_called_right(tmp_path):
    report = mg.debug(script(tmp_path, SCRIPT.replace("c - 0.01 * dc", "c - (0.5 + dc / 12)")), whole, budget=60.0)
    assert not report.ok
    assert {*report.verdict.wrong, *report.verdict.unjudged} == {"c"}
