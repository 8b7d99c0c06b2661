"""`with mg.watch(loss):` around code that is no function."""

import linecache

import numpy as np
import pytest

import microgradnp as mg


def loss(X, T, W1, W2):
    return 0.5 * np.sum((np.tanh(X @ W1) @ W2 - T) ** 2)


def numbers():
    rng = np.random.default_rng(0)
    return [rng.normal(size=s) for s in ((6, 3), (6, 2), (3, 4), (4, 2))]


SCRIPT = """
with mg.watch(loss, budget=60.0) as w:
    for epoch in range(20):
        h = np.tanh(X @ W1)
        d = h @ W2 - T
        dW1 = X.T @ (d @ W2.T * (1 - h{power}))
        W2 -= 0.01 * h.T @ d
        W1 -= 0.01 * dW1
"""


def run_script(tmp_path, text):
    path = tmp_path / "script.py"
    path.write_text(text)
    linecache.checkcache()
    X, T, W1, W2 = numbers()
    namespace = {"mg": mg, "np": np, "loss": loss, "X": X, "T": T, "W1": W1, "W2": W2}
    exec(compile(text, str(path), "exec"), namespace)
    return namespace


def trained(power):
    """The same training without any watching."""
    X, T, W1, W2 = numbers()
    for _ in range(20):
        h = np.tanh(X @ W1)
        d = h @ W2 - T
        dW1 = X.T @ (d @ W2.T * (1 - h**power))
        W2 -= 0.01 * h.T @ d
        W1 -= 0.01 * dW1
    return W1, W2


def test_a_script_with_a_mistake(tmp_path):
    namespace = run_script(tmp_path, SCRIPT.format(power=""))
    report = namespace["w"].report
    assert [a for a, e in report.gradients.items() if not e.ok] == ["W1"]
    assert report.first_wrong.line == 6
    assert report.first_wrong.fix is not None
    W1, W2 = trained(1)
    assert np.array_equal(namespace["W1"], W1)  # the block ran once, as it stands
    assert np.array_equal(namespace["W2"], W2)
    assert "WRONG: " in str(namespace["w"])
    assert "<table" in namespace["w"]._repr_html_()


def test_a_script_without_one(tmp_path):
    namespace = run_script(tmp_path, SCRIPT.format(power="**2"))
    assert namespace["w"].report.ok
    assert np.array_equal(namespace["W1"], trained(2)[0])


def test_inside_a_function():
    X, T, A, B = numbers()
    with mg.watch(loss, bind={"W1": "A", "W2": "B"}) as w:
        h = np.tanh(X @ A)
        d = h @ B - T
        gB = h.T @ d
        gA = X.T @ (d @ B.T * (1 - h**2))
    assert w.report.ok, str(w)
    assert {e.variable for e in w.report.gradients.values()} == {"gA", "gB"}
    assert gA.shape == A.shape
    assert gB.shape == B.shape


def test_an_error_in_the_block_is_the_users():
    with pytest.raises(ZeroDivisionError), mg.watch(loss) as w:
        1 / 0  # noqa: B018
    assert w.report is None


def test_without_source_it_says_what_to_do():
    namespace = {"mg": mg, "loss": loss}
    with pytest.raises(RuntimeError, match="source of this block cannot be read"):
        exec(compile("with mg.watch(loss) as w:\n    pass\n", "<nowhere>", "exec"), namespace)
