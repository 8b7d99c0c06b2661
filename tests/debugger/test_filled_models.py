"""A model may fill arrays and make them of lists: its gradients are those of the same model with np.stack."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.match.references import ModelError, evaluate


def values():
    make = np.random.default_rng(1)
    return {"x": make.normal(size=(4, 5)), "W": make.normal(size=(2, 2)), "b": np.array([0.7, 1.3])}


def fills(x, W, b):
    out = np.zeros((len(x), 2, x.shape[1] - 1))
    for k in range(out.shape[2]):
        out[:, :, k] = x[:, k : k + 2] @ W.T + b
    return np.sum(np.maximum(out, 0).reshape(len(x), -1) ** 2) + np.sum(W @ out[0])


def lists(x, W, b):
    out = np.array([[row[k : k + 2] @ W.T + b for k in range(len(row) - 1)] for row in x]).transpose(0, 2, 1)
    return np.sum(np.maximum(out, 0).reshape(len(x), -1) ** 2) + np.sum(W @ out[0])


def adds_up(x, W, b):
    out = np.empty((len(x), 2, x.shape[1] - 1))
    out[...] = 0.0
    for k in range(out.shape[2]):
        for n in range(len(x)):
            out[n, :, k] += W @ x[n, k : k + 2]
            out[n, :, k] += b
    out *= 1.0
    return np.sum(np.square(np.clip(out, 0, None))) + np.sum(W @ out[0])


def stacks(x, W, b):
    out = np.stack([x[:, k : k + 2] @ W.T + b for k in range(x.shape[1] - 1)], axis=2)
    return np.sum(np.maximum(out, 0) ** 2) + np.sum(W @ out[0])


def takes_lists(x, W, b):
    rows = [x[:, k : k + 2] @ W.T + b for k in range(x.shape[1] - 1)]
    out = np.concatenate([row[:, :, None] for row in rows], axis=2)
    spread = np.var([np.max(row) for row in rows]) - np.mean([np.max(row) ** 2 for row in rows])
    return np.sum(np.maximum(out, 0) ** 2) + np.sum(W @ out[0]) + spread + np.mean([np.max(row) for row in rows]) ** 2


@pytest.mark.parametrize("model", [fills, lists, adds_up, takes_lists])
def test_arrays_that_a_model_fills_are_followed(model):
    given = values()
    found, right = evaluate(model, given), evaluate(stacks, given)
    assert found.loss == pytest.approx(right.loss, rel=1e-12)
    assert found.loss == pytest.approx(model(**given), rel=1e-12)
    for name in given:
        assert np.allclose(found.gradients[name], right.gradients[name], rtol=1e-12)
    assert model.__globals__["np"] is np


def keeps_a_view(x, W, b):
    out = np.zeros((2, 2))
    row = out[0]
    out[0] = W[0] * b
    return np.sum(row**2) + np.sum(x)


def test_a_view_that_shows_later_writes_is_refused():
    with pytest.raises(ModelError, match="could not be followed"):
        evaluate(keeps_a_view, values())


def hands_to_python(x, W, b):
    return float(np.sum(W * b))


def test_what_leaves_the_graph_is_still_refused():
    with pytest.raises(ModelError):
        evaluate(hands_to_python, values())


def convolve(x, W, b):
    out = np.zeros((len(x), 2, x.shape[1] - 1))
    for k in range(out.shape[2]):
        out[:, :, k] = x[:, k : k + 2] @ W.T + b
    d = 2 * np.maximum(out, 0)
    gW, gb = np.zeros_like(W), np.zeros_like(b)
    for k in range(out.shape[2]):
        gW += d[:, :, k].T @ x[:, k : k + 2]
        gb += d[:, :, k].mean(axis=0)
    return gW, gb


def energy(x, W, b):
    out = np.zeros((len(x), 2, x.shape[1] - 1))
    for k in range(out.shape[2]):
        out[:, :, k] = x[:, k : k + 2] @ W.T + b
    return np.sum(np.maximum(out, 0) ** 2)


def test_the_debugger_takes_such_a_model():
    report = mg.debug(convolve, energy, list(values().values()), budget=20)
    assert report.verdict.wrong == ["b"]
    assert report.first_wrong.fix[2] == "gb += d[:, :, k].sum(axis=0)"
