"""The lines of NumPy beside each step: run from the leaves on, they give the values and gradients of the graph.

For every function of the table, so that no page teaches a formula that is not the one at work.
"""

import warnings

import numpy as np
import pytest
from operators import OPERATORS, Operator

import microgradnp as mg
from microgradnp.emitter.lines import Lines
from microgradnp.viewer.contents import contents_of

rng = np.random.default_rng(3)
UNTOLD = {"eig", "eig_packed"}  # functions of which a step has no line


def run_lines(loss):
    """The page's contents, and what its lines compute when they are run with NumPy alone; None where a line is missing."""
    contents = contents_of(loss, {})
    data = contents.data
    namespace = {"np": np}
    for text in data["definitions"].values():
        exec(text, namespace)
    for value, name in zip(contents.outline.values, data["code"], strict=True):
        if getattr(value, "rule", None) is None:
            namespace[name] = value if isinstance(value, np.ndarray) else value.numpy()
        else:
            for line in data["forward"].get(contents.index[id(value)], []):
                exec(line, namespace)
            namespace.setdefault(name, value._array)  # of data alone: it has no line
    namespace[f"d_{data['code'][-1]}"] = np.float64(1.0)
    for _, shares in data["steps"]:
        for *_, lines, _ in shares:
            if not lines:
                return contents, None
            for line in lines:
                exec(line, namespace)
    return contents, namespace


def test_the_lines_of_forward_and_backward_run_and_give_the_gradient():
    x = mg.Tensor(rng.uniform(0.5, 2, size=(5, 4)), requires_grad=True, name="x")
    b = mg.Tensor(rng.normal(size=3), requires_grad=True, name="b")
    W = mg.Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W")
    z = mg.add_bias(x @ W, b)
    p = mg.softmax(z)
    parts = [
        np.mean(np.log(p[:, 1])),
        np.sum(np.max(z, axis=1)),
        np.linalg.norm(W),
        np.prod(x[0]) ** 2,
        np.sum(np.concatenate([x, x], axis=1).T * 0.5),
        mg.cross_entropy(z, np.array([0, 1, 2, 1, 0])),
    ]
    loss = sum(parts[1:], parts[0])
    contents, namespace = run_lines(loss)
    loss.backward(retain_grads=True)
    for value, name in zip(contents.outline.values, contents.data["code"], strict=True):
        if getattr(value, "rule", None) is not None:
            np.testing.assert_allclose(namespace[name], value.numpy(), rtol=1e-12, err_msg=name)
        if getattr(value, "grad", None) is not None:
            np.testing.assert_allclose(namespace[f"d_{name}"], value.grad, rtol=1e-10, atol=1e-14, err_msg=name)


def test_equal_steps_are_traced_once():
    h = x = mg.Tensor(np.ones(3), requires_grad=True, name="x")
    for _ in range(50):
        h = np.tanh(h)
    lines = Lines()
    node = h
    while node.rule is not None:
        lines.share(node, 0, lambda name: name)
        node = node.args[0]
    assert node is x
    assert len(lines.known) == 1


@pytest.mark.parametrize("record", OPERATORS, ids=lambda record: record.name)
def test_the_lines_of_every_function_are_its_formula(record: Operator):
    sample = list(record.samples(np.random.default_rng(1)))[-1]
    leaves = [mg.Tensor(a, requires_grad=True) if isinstance(a, np.ndarray) and a.dtype.kind in "fc" else a for a in sample.args]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        y = record.call(*leaves, **sample.options)
        if not isinstance(y, mg.Tensor) or not y.requires_grad:
            return
        loss = np.sum(np.real(y * np.cos(np.arange(y.size, dtype=float)).reshape(y.shape)))
        contents, namespace = run_lines(loss)
        if namespace is None:
            assert record.name in UNTOLD
            return
    for value, name in zip(contents.outline.values, contents.data["code"], strict=True):
        true = contents.backward.gradients.get(id(value))
        if true is not None and np.all(np.isfinite(true)):
            found = np.conj(namespace[f"d_{name}"])  # the sweep's own gradients are conjugated
            scale = np.max(np.abs(true), initial=0)
            np.testing.assert_allclose(found, true, rtol=0, atol=1e-13 * scale, err_msg=f"d_{name}")


def test_a_name_means_one_function_on_the_whole_page():
    @mg.primitive
    def first(a):
        return a * 2

    @mg.primitive
    def second(a):
        return a * 3

    mg.rule(first, lambda g, y, a: g * 2 * np.sign(np.abs(a) + 1))
    mg.rule(second, lambda g, y, a: g * 3 * np.sign(np.abs(a) + 1))
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    contents, namespace = run_lines(np.sum(first(x) * np.sin(second(x)) + np.arctan(x) * np.tan(x)))
    np.testing.assert_allclose(namespace["d_x"], contents.backward.gradients[id(x)], rtol=1e-13)
