"""The right gradient of a wrong value in the names of the model, and which run of a loop is meant."""

import ast
import re

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.match.references import evaluate
from microgradnp.debugger.report.beside import Beside
from microgradnp.debugger.report.equation import Equations
from microgradnp.debugger.report.overlay import marks_of

RNG = np.random.default_rng(0)
STEPS, INPUTS, HIDDEN, OUTPUTS = 4, 3, 5, 2


def normal(*shape):
    return RNG.standard_normal(shape)


def mlp(x, t, W1, b1, W2, b2):
    h = mg.sigmoid(x @ W1 + b1)
    y = h @ W2 + b2
    return mg.sse(y, t) / len(x)


def relu_and_softmax(x, t, W1, W2):
    h = np.maximum(0, x @ W1)
    z = h @ W2
    p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    return -np.mean(np.sum(t * np.log(p), axis=1)) + 0.01 * np.sum(W1**2)


def unrolled(X, Y, Wx, Wh, Wy):
    h, loss = np.zeros(HIDDEN), 0.0
    for t in range(STEPS):
        h = np.tanh(Wx @ X[t] + Wh @ h)
        loss = loss + 0.5 * np.sum((Wy @ h - Y[t]) ** 2)
    return loss


POINTS = {
    mlp: {"x": normal(6, 3), "t": normal(6, 2), "W1": normal(3, 4), "b1": normal(4), "W2": normal(4, 2), "b2": normal(2)},
    relu_and_softmax: {"x": normal(6, 3), "t": np.eye(2)[[0, 1, 0, 1, 1, 0]], "W1": normal(3, 4), "W2": normal(4, 2)},
    unrolled: {
        "X": normal(STEPS, INPUTS),
        "Y": normal(STEPS, OUTPUTS),
        "Wx": normal(HIDDEN, INPUTS),
        "Wh": normal(HIDDEN, HIDDEN),
        "Wy": normal(OUTPUTS, HIDDEN),
    },
}


@pytest.mark.parametrize("model", POINTS)
def test_every_equation_has_the_value_of_the_gradient(model):
    evaluation = evaluate(model, POINTS[model])
    equations = Equations(evaluation)
    values = {f"node{k}": node._array for k, node in enumerate(evaluation.nodes)}
    values |= {f"d_node{k}": evaluation.adjoints[id(n)] for k, n in enumerate(evaluation.nodes) if id(n) in evaluation.adjoints}
    written = [k for k, node in enumerate(evaluation.nodes) if id(node) in evaluation.adjoints and equations.of(k)]
    assert len(written) > 8
    for k in written:
        *_, end = equations.chain(k)
        found = eval(ast.unparse(equations.gradient(end)), {"np": np}, values)
        np.testing.assert_allclose(np.broadcast_to(found, evaluation.nodes[k].shape), values[f"d_node{k}"], rtol=1e-10)


def test_equations_read_as_in_a_textbook():
    evaluation = evaluate(mlp, POINTS[mlp])
    equations = Equations(evaluation)
    texts = {evaluation.names[id(node)]: equations.of(k) for k, node in enumerate(evaluation.nodes)}
    assert texts["h"] == "dL/dh = dL/dy @ W2.T"
    assert texts["W1"] == "dL/dW1 = x.T @ dL/d(x @ W1 + b1)"
    assert texts["(x @ W1)"] == "dL/d(x @ W1) = dL/d(x @ W1 + b1) = dL/dh * h * (1 - h)"
    assert texts["y"] == "dL/dy = 1 / 3 * (y - t)"


def sigmoid_written_out(x, t, W1, b1, W2):
    h = 1 / (1 + np.exp(-(x @ W1 + b1)))
    y = np.maximum(0, (h - 0.5) @ W2)
    return 0.5 * np.sum((y - t) ** 2)


def test_the_slope_of_a_function_of_several_operations_is_known_by_its_numbers():
    point = {name: POINTS[mlp][name] for name in ("x", "t", "W1", "b1", "W2")}
    evaluation = evaluate(sigmoid_written_out, point)
    equations = Equations(evaluation)
    texts = {evaluation.names[id(node)]: equations.of(k) for k, node in enumerate(evaluation.nodes)}
    assert texts["(x @ W1 + b1)"] == "dL/d(x @ W1 + b1) = dL/dh * h * (1 - h)"
    assert texts["((h - 0.5) @ W2)"] == "dL/d((h - 0.5) @ W2) = dL/dy * (y > 0)"


def logistic(x, t, w):
    z = x @ w
    return -np.sum(t * z - np.log(1 + np.exp(z)))


def test_a_gradient_that_is_uniform_by_chance_is_no_number():
    """Weights of zero give every score the same probability, and another start does not."""
    x, t = normal(6, 3), np.array([0.0, 1, 0, 1, 1, 0])
    texts = []
    for w in (np.zeros(3), normal(3)):
        evaluation = evaluate(logistic, {"x": x, "t": t, "w": w})
        equations = Equations(evaluation)
        texts.append([equations.of(k) for k in range(len(evaluation.nodes))])
    assert texts[0] == texts[1]
    assert any(texts[0])


def test_no_name_stands_for_two_values():
    """`np.exp(z)` is written twice in the model, and each of the two has a gradient of its own."""
    evaluation = evaluate(relu_and_softmax, POINTS[relu_and_softmax])
    z = next(k for k, node in enumerate(evaluation.nodes) if evaluation.names[id(node)] == "z")
    assert Equations(evaluation).of(z) == ""


def by_hand(X, Y, Wx, Wh, Wy):
    hs, ys = [np.zeros(HIDDEN)], []
    for t in range(STEPS):
        hs.append(np.tanh(Wx @ X[t] + Wh @ hs[-1]))
        ys.append(Wy @ hs[-1])
    dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
    dh_next = np.zeros(HIDDEN)
    for t in reversed(range(STEPS)):
        dy = ys[t] - Y[t]
        dWy += np.outer(dy, hs[t + 1])
        dh = Wy.T @ dy + dh_next
        da = dh * (1 - hs[t] ** 2)  # the slope of the step before
        dWx += np.outer(da, X[t])
        dWh += np.outer(da, hs[t])
        dh_next = Wh.T @ da
    return dWx, dWh, dWy


def not_transposed(X, Y, Wx, Wh, Wy):
    hs, ys = [np.zeros(HIDDEN)], []
    for t in range(STEPS):
        hs.append(np.tanh(Wx @ X[t] + Wh @ hs[-1]))
        ys.append(Wy @ hs[-1])
    dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
    dh_next = np.zeros(HIDDEN)
    for t in reversed(range(STEPS)):
        dy = ys[t] - Y[t]
        dWy += np.outer(dy, hs[t + 1])
        da = (Wy.T @ dy + dh_next) * (1 - hs[t + 1] ** 2)
        dWx += np.outer(da, X[t])
        dWh += np.outer(da, hs[t])
        dh_next = Wh @ da
    return dWx, dWh, dWy


def test_the_first_wrong_run_of_a_loop_belongs_to_the_last_step_of_time():
    report = mg.debug(by_hand, unrolled, tuple(POINTS[unrolled].values()))
    found = report.first_wrong
    assert re.search(r"in the model: dL/d.*= dL/dh \* \(1 - h \*\* 2\)", str(report))
    assert found.variable == "da"
    nodes = report.matches.evaluation.nodes
    like = [k for k, node in enumerate(nodes) if node.rule is not None and node.rule.name == "tanh"]
    _, first = marks_of(report)
    assert max(like[:-1]) < first < max(like)  # it goes into the last tanh, and into none before
    rows = [pair for pair in Beside(report, first).pairs() if pair.version.path == "da"]
    assert rows[0].node == first
    assert [pair.node for pair in rows] == sorted((pair.node for pair in rows), reverse=True)
    assert len(rows) == STEPS


def test_a_share_of_a_gradient_is_shown_in_its_sum():
    report = mg.debug(not_transposed, unrolled, tuple(POINTS[unrolled].values()))
    assert report.first_wrong.equation == "dL/dh = Wh.T @ dL/d(Wx @ X[t] + Wh @ h) + Wy.T @ dL/d(Wy @ h - Y[t])"


def test_arguments_that_are_no_tuple_are_told_how_to_write():
    with pytest.raises(TypeError, match=r"debug\(train, loss, \(x, y, W\)\)"):
        mg.debug(by_hand, unrolled, (normal(2),), normal(2))
