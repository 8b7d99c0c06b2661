"""A recurrent program that carries the error of each step back by itself, in a loop inside of a loop."""

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(12)
XS, TS = RNG.normal(size=(5, 2)), RNG.normal(size=(5, 2))
U, V, W = (RNG.normal(size=size) for size in [(3, 2), (2, 3), (3, 3)])


def loss(xs, ts, U, V, W):
    s, total = np.zeros(3), 0.0
    for x, t in zip(xs, ts, strict=True):
        s = np.tanh(U @ x + W @ s)
        total = total + 0.5 * np.sum((V @ s - t) ** 2)
    return total


STEP = """
def back(xs, ts, U, V, W):
    steps = len(xs)
    s = np.zeros((steps + 1, len(W)))
    for t in range(steps):
        s[t] = np.tanh(U @ xs[t] + W @ s[t - 1])
    dU, dV, dW = np.zeros_like(U), np.zeros_like(V), np.zeros_like(W)
    for t in reversed(range(steps)):
        e = V @ s[t] - ts[t]
        dV += np.outer(e, s[t])
        d = V.T @ e * (1 - s[t] ** 2)
        for k in range(t + 1):
            dU += np.outer(d, xs[t - k])
            dW += np.outer(d, s[t - k - 1])
            d = W.T @ d * (1 - s[t - k - 1] ** 2)
    return dU, dV, dW
"""


def program(text, path):
    """The function of a text, in a file."""
    path.write_text("import numpy as np\n" + text)
    variables = {}
    exec(compile(path.read_text(), str(path), "exec"), variables)
    return variables["back"]


def gradients():
    given = [mg.Tensor(value, requires_grad=True) for value in (U, V, W)]
    loss(XS, TS, *given).backward()
    return [tensor.grad for tensor in given]


def is_right(back):
    return all(map(np.allclose, back(XS, TS, U, V, W), gradients()))


def test_the_program_is_right(tmp_path):
    assert is_right(program(STEP, tmp_path / "a.py"))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("xs[t - k]", "xs[t]"),
        ("np.outer(d, s[t - k - 1])", "np.outer(d, s[t - k])"),
        ("W.T @ d", "W @ d"),
        ("dU += np.outer(d, xs[t - k])", "dU = np.outer(d, xs[t - k])"),
    ],
)
def test_the_wrong_line_is_mended(tmp_path, right, wrong):
    """What the loss of one step adds to a gradient is a quantity, too, and so is an index with both counters."""
    text = STEP.replace(right, wrong)
    back = program(text, tmp_path / "wrong.py")
    assert not is_right(back)
    report = mg.debug(back, loss, (XS, TS, U, V, W), budget=30)
    assert report.word == "WRONG", str(report)
    line, old, new = report.first_wrong.fix
    lines = (tmp_path / "wrong.py").read_text().split("\n")
    assert wrong in lines[line - 1], str(report)
    lines[line - 1] = lines[line - 1].replace(old, new)
    assert is_right(program("\n".join(lines[1:]), tmp_path / "mended.py")), str(report)
