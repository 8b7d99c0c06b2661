"""Activations, losses and biases: values against formulas written in another way, and the wording of errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.checking.check_grads import check_grads

RANDOM = np.random.default_rng(8)
X = RANDOM.normal(size=(5, 3))


def on_both(f: Any, *args: Any) -> np.ndarray:
    """The value of f on arrays. Asserts that it is the same on Tensors."""
    plain = np.asarray(f(*args))
    recorded = f(*(mg.Tensor(a) if isinstance(a, np.ndarray) else a for a in args))
    assert isinstance(recorded, mg.Tensor)
    np.testing.assert_array_equal(recorded.numpy(), plain)
    assert recorded.dtype == plain.dtype
    return plain


# ------------------------------------------------------------------------------------------------------ biases


def test_add_bias_adds_to_every_row():
    b = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(on_both(mg.add_bias, X, b), np.stack([row + b for row in X]))


@pytest.mark.parametrize("b", [np.ones(1), np.ones((1, 3)), np.ones(5), 1.0])
def test_add_bias_refuses_anything_but_a_vector_of_the_right_length(b: Any):
    shape = str(np.shape(b)).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=rf"x has shape \(5, 3\) and b {shape}; b needs one entry for each column of x"):
        mg.add_bias(X, b)
    with pytest.raises(ValueError, match="b needs one entry for each column of x"):
        mg.add_bias(mg.Tensor(X, requires_grad=True), b)


def test_append_bias_unit():
    appended = on_both(mg.append_bias_unit, X)
    np.testing.assert_array_equal(appended, np.column_stack([X, -np.ones(5)]))
    np.testing.assert_array_equal(mg.append_bias_unit(X, value=0.5)[:, -1], 0.5)
    assert mg.append_bias_unit(np.array([1, 2])).dtype == float
    assert mg.append_bias_unit(X.astype(np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match="h is a scalar; it needs at least one axis"):
        mg.append_bias_unit(1.0)


def test_append_bias_unit_does_not_lose_the_gradient_of_a_value():
    with pytest.raises(TypeError, match="no derivative exists"):
        mg.append_bias_unit(mg.Tensor(X), value=mg.Tensor(1.0, requires_grad=True))


# ------------------------------------------------------------------------------------------------- activations


def test_sigmoid():
    np.testing.assert_allclose(on_both(mg.sigmoid, X), 0.5 * (1 + np.tanh(X / 2)), rtol=1e-14)
    far = on_both(mg.sigmoid, np.array([-1e4, -1000.0, -40.0, 40.0, 1000.0, 1e4]))
    np.testing.assert_allclose(far, [0, 0, math.exp(-40), 1, 1, 1], rtol=1e-14, atol=1e-300)
    assert mg.sigmoid(np.float32([-200, 200])).dtype == np.float32
    assert mg.sigmoid(np.float16([-20, 20])).dtype == np.float16
    assert mg.sigmoid(3) == mg.sigmoid(3.0)


def test_identity_relu_and_tanh():
    np.testing.assert_array_equal(on_both(mg.identity, X), X)
    np.testing.assert_array_equal(on_both(mg.relu, X), (X + np.abs(X)) / 2)
    np.testing.assert_allclose(on_both(mg.tanh, X), 2 / (1 + np.exp(-2 * X)) - 1, rtol=1e-13)


@pytest.mark.parametrize("f", [mg.sigmoid, mg.relu])
def test_complex_numbers_are_refused_where_numpy_would_compare_them(f: Any):
    for z in (np.array([1 + 1j]), mg.Tensor([1 + 1j], requires_grad=True)):
        with pytest.raises(TypeError, match=r"of complex numbers is not defined; take np.real or np.abs first"):
            f(z)


@pytest.mark.parametrize("axis", [-1, 0])
def test_softmax(axis: int):
    p = on_both(lambda x: mg.softmax(x, axis=axis), X)
    np.testing.assert_allclose(np.sum(p, axis=axis), 1, rtol=1e-14)
    np.testing.assert_allclose(p, np.exp(X) / np.exp(X).sum(axis=axis, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(on_both(lambda x: mg.log_softmax(x, axis=axis), X), np.log(p), rtol=1e-12)


def test_softmax_of_large_numbers():
    x = np.array([[1000.0, 0.0, -1000.0], [-2000.0, -2000.0, -2000.0]])
    np.testing.assert_allclose(mg.softmax(x), [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
    np.testing.assert_allclose(mg.log_softmax(x), [[0, -1000, -2000], [-math.log(3)] * 3])
    np.testing.assert_array_equal(mg.softmax(np.array([0.0, -np.inf])), [1, 0])


# ------------------------------------------------------------------------------------------------------ losses


def test_sse_and_mse():
    target = RANDOM.normal(size=(5, 3))
    assert math.isclose(
        on_both(mg.sse, X, target), sum((a - b) ** 2 for a, b in zip(X.flat, target.flat, strict=True)), rel_tol=1e-14
    )
    assert math.isclose(on_both(mg.mse, X, target), float(mg.sse(X, target)) / 15, rel_tol=1e-14)
    z = X + 1j * target
    assert math.isclose(on_both(mg.sse, z, np.zeros_like(z)), np.sum(np.abs(z) ** 2), rel_tol=1e-14)
    assert mg.sse(np.zeros((0, 3)), np.zeros((0, 3))) == 0
    assert mg.sse([1.0, 2.0], [0.0, 4.0]) == 5


@pytest.mark.parametrize("loss", [mg.sse, mg.mse])
@pytest.mark.parametrize("target", [np.ones(5), np.ones((5, 1)), np.ones((1, 3)), np.ones(3), 1.0])
def test_errors_of_unequal_shape_are_refused(loss: Any, target: Any):
    message = r"pred has shape \(5, 3\) and target \(.*\); they must be equal, since broadcasting would pair every prediction"
    for pred in (X, mg.Tensor(X, requires_grad=True)):
        with pytest.raises(ValueError, match=message):
            loss(pred, target)


LABELS = np.array([0, 2, 1, 1, 0])


def by_hand(logits: np.ndarray, p: np.ndarray) -> list[float]:
    """The cross-entropy of each sample, from the definition."""
    return [
        -sum(q * math.log(math.exp(z) / sum(map(math.exp, row))) for q, z in zip(ps, row, strict=True))
        for ps, row in zip(p, logits, strict=True)
    ]


def test_cross_entropy_takes_labels_one_hot_rows_and_probabilities():
    one_hot = np.eye(3)[LABELS]
    each = by_hand(X, one_hot)
    for target in (LABELS, one_hot, one_hot.astype(int), one_hot.astype(bool)):
        assert math.isclose(on_both(mg.cross_entropy, X, target), np.mean(each), rel_tol=1e-14)
        assert math.isclose(mg.cross_entropy(X, target, reduction="sum"), sum(each), rel_tol=1e-14)
    p = RANDOM.dirichlet([1, 1, 1], 5)
    assert math.isclose(on_both(mg.cross_entropy, X, p), np.mean(by_hand(X, p)), rel_tol=1e-13)
    assert math.isclose(mg.cross_entropy(X, LABELS.astype(np.uint8)), np.mean(each), rel_tol=1e-14)
    assert math.isclose(mg.cross_entropy(X.tolist(), LABELS.tolist()), np.mean(each), rel_tol=1e-14)


def test_cross_entropy_gradient_is_p_minus_y():
    W = mg.Tensor(X, requires_grad=True)
    mg.cross_entropy(W, LABELS, reduction="sum").backward()
    np.testing.assert_allclose(W.grad, np.exp(X) / np.exp(X).sum(1, keepdims=True) - np.eye(3)[LABELS], rtol=1e-12, atol=1e-15)


def test_cross_entropy_differentiates_both_arguments_and_their_mixture():
    check_grads(mg.cross_entropy, (X, RANDOM.dirichlet([1, 1, 1], 5)))
    check_grads(lambda a, b: mg.cross_entropy(a, mg.softmax(b)), (X, X[::-1].copy()))
    check_grads(lambda a, b: mg.cross_entropy(a, b, reduction="sum"), (X, X[::-1].copy()))  # targets that do not sum to 1


def test_cross_entropy_keeps_float32():
    for target in (LABELS, np.eye(3, dtype=np.float32)[LABELS]):
        W = mg.Tensor(X.astype(np.float32), requires_grad=True)
        loss = mg.cross_entropy(W, target)
        loss.backward()
        assert loss.dtype == W.grad.dtype == np.float32


def test_cross_entropy_with_impossible_classes():
    """A logit of -inf means that a class cannot occur. If the target agrees, the loss is that of the other classes."""
    logits = np.array([[1.0, -np.inf, 0.0]])
    W = mg.Tensor(logits, requires_grad=True)
    loss = mg.cross_entropy(W, [0])
    assert math.isclose(loss.item(), math.log(1 + math.exp(-1)))
    loss.backward()
    np.testing.assert_allclose(W.grad, [[-1 / (1 + math.e), 0, 1 / (1 + math.e)]])


def test_cross_entropy_of_huge_logits():
    assert mg.cross_entropy(np.array([[1e4, 0.0, -1e4]]), [1]) == 1e4


@pytest.mark.parametrize(
    ("logits", "target", "message"),
    [
        (X, [0, 1, 2, 3, 0], r"class numbers must lie in 0 \.\.\. 2, got 0 \.\.\. 3"),
        (X, [0, 1, -1, 2, 0], r"class numbers must lie in 0 \.\.\. 2, got -1 \.\.\. 2"),
        (X, [0.0, 1.0, 1.0, 1.0, 0.0], "class numbers must be integers, got float64"),
        (X, [0, 1], r"logits have shape \(5, 3\) and target \(2,\); needed: logits \(\.\.\., classes\)"),
        (X, np.ones((5, 2)), r"logits have shape \(5, 3\) and target \(5, 2\)"),
        (X[0, 0], 1, r"logits have shape \(\) and target \(\); needed"),
        (X[None], LABELS, r"logits have shape \(1, 5, 3\) and target \(5,\); needed"),
    ],
)
def test_cross_entropy_refuses_what_it_cannot_mean(logits: Any, target: Any, message: str):
    for z in (logits, mg.Tensor(logits, requires_grad=True)):
        with pytest.raises(ValueError, match=message):
            mg.cross_entropy(z, target)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reduction": "all"}, 'reduction must be "mean", "sum" or "none", got \'all\''),
        ({"weights": [1.0, 2.0]}, r"weights have shape \(2,\) and logits \(5, 3\); needed: one for each class"),
        ({"smoothing": 1.0}, r"smoothing must lie in \[0, 1\), got 1.0"),
    ],
)
def test_options_of_cross_entropy(options: dict[str, Any], message: str):
    for z in (X, mg.Tensor(X, requires_grad=True)):
        with pytest.raises(ValueError, match=message):
            mg.cross_entropy(z, LABELS, **options)


# ----------------------------------------------------------------------------------------------------- set_at


def test_set_at_is_assignment_to_a_copy():
    for index, value in ((0, 7.0), ((slice(None), 1), np.arange(5.0)), (X > 0, 0.0), (([0, 4], [1, 1]), [1.0, 2.0]), (..., X[0])):
        expected = X.copy()
        expected[index] = value
        before = X.copy()
        np.testing.assert_array_equal(on_both(mg.set_at, X, index, value), expected)
        np.testing.assert_array_equal(before, X)


def test_set_at_stops_the_gradient_of_what_was_overwritten():
    x, value = mg.Tensor(X, requires_grad=True), mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    np.sum(mg.set_at(x, 1, value) * 2).backward()
    np.testing.assert_array_equal(x.grad, [[2] * 3, [0] * 3, *[[2] * 3] * 3])
    np.testing.assert_array_equal(value.grad, [2, 2, 2])


def test_set_at_refuses_an_index_that_names_an_entry_twice():
    message = "the index names an entry more than once, so its value would depend on the order of assignment"
    for x in (X, mg.Tensor(X, requires_grad=True)):
        with pytest.raises(ValueError, match=message):
            mg.set_at(x, [0, 0], 1.0)
        with pytest.raises(ValueError, match=message):
            mg.set_at(x, ([0, -5], [1, 1]), [1.0, 2.0])


def test_set_at_widens_as_numpy_promotes():
    assert mg.set_at(np.array([1, 2]), 0, 0.5).dtype == float
    assert mg.set_at(X.astype(np.float32), 0, 0.5).dtype == np.float32
    assert mg.set_at(X, 0, 1j).dtype == complex
    x = mg.Tensor(X, requires_grad=True)
    np.sum(np.real(mg.set_at(x, 0, 1j))).backward()
    np.testing.assert_array_equal(x.grad[:2], [[0] * 3, [1] * 3])


def test_a_value_with_leading_ones_fits_as_in_numpy():
    value = mg.Tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    np.sum(mg.set_at(X, 1, value)).backward()
    np.testing.assert_array_equal(value.grad, [[1, 1, 1]])
