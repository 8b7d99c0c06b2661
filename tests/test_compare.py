"""Hand-written arrays against the graph's gradients: digits, norms, angles, verdicts, names."""

import re

import numpy as np
import pytest

import microgradnp as mg


@pytest.fixture
def network():
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(6, 4)), rng.normal(size=(6, 3))
    W = mg.Tensor(rng.normal(size=(4, 3)), requires_grad=True)
    h = mg.sigmoid(X @ W)
    loss = mg.sse(h, T)
    dh = 2 * (h.numpy() - T)
    return loss, h, W, dh, X.T @ (dh * h.numpy() * (1 - h.numpy()))


def test_right_gradients_agree_by_name_and_by_tensor(network):
    loss, _, W, dh, dW = network
    report = mg.compare(loss, {"W": dW, "h": dh, "my dW": (W, dW)})
    assert report.ok
    assert [entry.name for entry in report.entries] == ["W", "h", "my dW"]
    assert all(entry.digits > 14 and entry.verdict == "agrees" for entry in report.entries)
    assert W.grad is None, "comparing touches no gradient"
    loss.backward()
    np.testing.assert_allclose(W.grad, dW, rtol=1e-12)


def test_names_given_to_tensors_and_names_of_variables_elsewhere():
    def model(w):
        hidden = np.exp(w)
        return hidden.sum()

    w = mg.Tensor([0.0, 1.0], requires_grad=True, name="weights")
    assert mg.compare(model(w), {"weights": np.exp([0.0, 1.0]), "hidden": np.ones(2)}).ok


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda g: -g, "DIFFERS by the sign"),
        (lambda g: 2 * g, "DIFFERS by a factor 2"),
        (lambda g: g / 6, "DIFFERS by a constant factor 0.166667"),
        (lambda g: g.T, r"shape \(3, 4\), but the gradient has \(4, 3\): it is the transpose"),
        (lambda g: g.T + 1, r"shape \(3, 4\), but the gradient has \(4, 3\)$"),
        (lambda g: g + np.eye(4, 3), "DIFFERS in 3 of 12 entries"),
        (lambda g: g * np.nan, "DIFFERS: 12 entries are not finite"),
        (lambda g: 0 * g, "DIFFERS in 12 of 12 entries"),
    ],
)
def test_verdicts(network, change, verdict):
    loss, _, _, _, dW = network
    report = mg.compare(loss, {"W": change(dW)})
    assert not report.ok
    assert re.search(verdict, report["W"].verdict)


def test_a_square_transpose_is_recognised():
    W = mg.Tensor(np.random.default_rng(0).normal(size=(3, 3)), requires_grad=True)
    report = mg.compare(np.sum(W**3), {"W": 3 * W.numpy().T ** 2})
    assert report["W"].verdict == "DIFFERS: it is the transpose"


def test_figures(network):
    loss, _, _, _, dW = network
    entry = mg.compare(loss, {"W": dW * 1.001})["W"]
    assert entry.digits == pytest.approx(3)
    assert entry.norm_ratio == pytest.approx(1.001)
    assert entry.cosine == pytest.approx(1)
    assert mg.compare(loss, {"W": dW * 1.001}, rtol=0.01).ok


def test_a_gradient_of_zero():
    w = mg.Tensor([1.0, 2.0], requires_grad=True)
    loss = np.sum(w * 0)
    assert mg.compare(loss, {"w": np.zeros(2)}).ok
    assert not mg.compare(loss, {"w": np.array([0.0, 1e-30])}).ok


def test_float32_agrees_at_float32_precision():
    w = mg.Tensor(np.array([1.0, 2.0], np.float32), requires_grad=True)
    report = mg.compare(np.sum(w**2), {"w": np.array([2.0, 4.00001])})
    assert report.ok
    assert 5 < report["w"].digits < 6


def test_text_and_table(network):
    loss, _, _, dh, dW = network
    report = mg.compare(loss, {"W": -dW, "<h>": (network[1], dh)})
    lines = str(report).splitlines()
    assert lines[0].split() == ["gradient", "digits", "norm", "ratio", "cosine", "verdict"]
    assert lines[1].split()[:4] == ["W", "0.0", "1", "-1.000000"]
    html = report._repr_html_()
    assert "<td>DIFFERS by the sign</td>" in html
    assert "&lt;h&gt;" in html


def test_unknown_ambiguous_and_foreign_names(network):
    loss, _, _, _, dW = network
    with pytest.raises(KeyError, match=r"no Tensor of this graph is called V; known names: .*W.*loss"):
        mg.compare(loss, {"V": dW})
    other = mg.Tensor(np.zeros((4, 3)), requires_grad=True)
    with pytest.raises(ValueError, match="not part of the loss's graph"):
        mg.compare(loss, {"other": (other, dW)})
    a, b = mg.Tensor(1.0, requires_grad=True, name="w"), mg.Tensor(2.0, requires_grad=True, name="w")
    with pytest.raises(ValueError, match="2 Tensors of this graph are called w"):
        mg.compare(a * b, {"w": 2.0})
