"""The promises of the README: bad input is refused with a clear message, nothing is silently wrong, and depth has no limit.

Each promise is tested in its plainest form. The details are in the tests of each module.
"""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core import graph


@pytest.fixture
def W():
    return mg.Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="W")


BAD_INPUT = {
    "integers": (lambda W: mg.Tensor([1, 2], requires_grad=True), TypeError, "got int64: .*dtype=float"),
    "strings": (lambda W: mg.Tensor(["a"]), TypeError, "must be numbers"),
    "shapes": (lambda W: W @ np.ones((4, 2)), ValueError, r"matmul: W \(2, 3\) @ .*: W has 3 columns and .* has 4 rows"),
    "broadcast": (lambda W: W + np.ones(2), ValueError, r"add: W \(2, 3\), .*axis -1 has sizes 3 and 2, which do not broadcast"),
    "asarray": (lambda W: np.asarray(W), TypeError, r"cannot turn W \(2, 3\).*\.numpy\(\)"),
    "item assignment": (lambda W: W.__setitem__(0, 1.0), TypeError, r"W \(2, 3\).*mg\.set_at\(x, index, value\)"),
    "no rule": (lambda W: np.polynomial.polynomial.polyval2d(1.0, 2.0, W), TypeError, "polyval2d has no gradient rule.*mg.rule"),
    "refused": (lambda W: np.histogram(W), TypeError, "histogram has no gradient rule: counting is a step function"),
    "a keyword without a rule": (
        lambda W: np.quantile(W, 0.5, weights=np.ones(6), method="inverted_cdf"),
        TypeError,
        "quantile: the keyword weights= has no gradient rule",
    ),
    "out=": (lambda W: np.exp(W, out=np.empty((2, 3))), TypeError, "exp: out="),
    "in-place on an array": (lambda W: np.ones((2, 3)).__iadd__(W), TypeError, "in-place operator"),
    "backward on a matrix": (lambda W: (W * 2).backward(), ValueError, "is not a scalar. Reduce it to a loss first"),
    "backward without parameters": (lambda W: mg.Tensor(1.0).backward(), RuntimeError, "needs no gradient"),
    "backward under no_grad": (lambda W: mg.no_grad()(lambda: W.sum())().backward(), RuntimeError, "needs no gradient"),
    "backward through rounding": (lambda W: np.floor(W).sum().backward(), RuntimeError, "needs no gradient"),
    "a gradient of the wrong shape": (lambda W: (W * 2).backward(np.ones(3)), ValueError, r"gradient has shape \(3,\)"),
    "a complex loss": (lambda W: (W.sum() * 1j).backward(), ValueError, "a loss must be real"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused_with_a_clear_message(name, W):
    call, error, message = BAD_INPUT[name]
    with pytest.raises(error, match=f"(?s){message}"):
        call(W)
    assert W.grad is None


def test_messages_name_the_line_that_made_the_argument(W):
    h = np.exp(W)
    with pytest.raises(ValueError, match=r"h has 3 columns and W has 2 rows; h was made at test_contract\.py:\d+"):
        h @ W


def test_backward_twice_is_an_error_that_says_how_to_keep_the_graph(W):
    loss = np.sum(W**2)
    loss.backward()
    with pytest.raises(RuntimeError, match=r"already consumed.*backward\(retain_graph=True\)"):
        loss.backward()
    np.testing.assert_array_equal(W.grad, 2 * W.numpy())


def test_nan_in_the_data_shows_in_value_and_gradient():
    w = mg.Tensor([1.0, 2.0], requires_grad=True)
    loss = np.sum(w * np.array([np.nan, 1.0]))
    loss.backward()
    assert np.isnan(loss.item())
    np.testing.assert_array_equal(w.grad, [np.nan, 1.0])


# -------------------------------------------------------------------------- arrays that change in between


def test_a_plain_array_that_changes_is_named_with_its_line(W):
    mask = np.ones((2, 3))
    loss = np.sum(W * mask)
    mask[0, 0] = 7.0
    with pytest.raises(
        RuntimeError, match=r"(?s)multiply: the array mask \(2, 3\) used at test_contract\.py:\d+ was changed between"
    ):
        loss.backward()
    assert W.grad is None


def test_an_index_array_that_changes_is_noticed(W):
    rows = np.array([0, 1])
    loss = np.sum(W[rows] * np.arange(6.0).reshape(2, 3))
    rows[0] = 1
    with pytest.raises(RuntimeError, match="was changed between the forward and the backward pass"):
        loss.backward()


def test_a_shuffled_array_is_noticed_although_its_sum_is_the_same(W):
    x = np.arange(6.0).reshape(2, 3)
    loss = np.sum(W * x)
    x[:] = x[::-1].copy()
    with pytest.raises(RuntimeError, match="was changed"):
        loss.backward()


def test_an_array_that_no_formula_reads_may_change(W):
    noise = np.ones((2, 3))
    loss = np.sum(W + noise)
    noise[:] = np.nan
    loss.backward()
    np.testing.assert_array_equal(W.grad, np.ones((2, 3)))


@pytest.mark.parametrize("expose_first", [True, False])
def test_writing_to_a_leaf_leaves_recorded_graphs_at_their_forward_values(W, expose_first):
    before = W.numpy().copy()
    if expose_first:
        held = W.data
    loss = np.sum(W**2)
    if expose_first:
        held[:] = 100.0
    else:
        W.data[:] = 100.0
    loss.backward()
    np.testing.assert_array_equal(W.grad, 2 * before)
    np.testing.assert_array_equal(W.numpy(), 100.0)


def test_results_are_read_only(W):
    y = W * 2
    with pytest.raises(ValueError, match="read-only"):
        y.data[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        y.numpy()[0] = 1.0


def test_gradients_of_two_leaves_are_never_one_array():
    a, b = mg.Tensor([1.0, 2.0], requires_grad=True), mg.Tensor([3.0, 4.0], requires_grad=True)
    np.sum(a + b).backward()
    a.grad[0] = 50.0
    np.testing.assert_array_equal(b.grad, [1.0, 1.0])


# ------------------------------------------------------------------------------------- depth and memory

DEEP = 1_000_000


@pytest.mark.long
def test_a_million_operations_forward_and_backward():
    w = mg.Tensor(1.0, requires_grad=True)
    y = w
    for _ in range(DEEP):
        y = y * 1.000001
    y.backward()
    assert w.grad == pytest.approx(1.000001**DEEP, rel=1e-9)


def test_a_deep_graph_that_is_never_swept_is_dropped_without_recursion():
    y = mg.Tensor(1.0, requires_grad=True)
    for _ in range(DEEP // 5):
        y = y + 1.0
    first = weakref.ref(y)
    del y
    assert first() is None


def test_memory_is_freed_without_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        tracemalloc.start()
        w = mg.Tensor(np.ones(1000), requires_grad=True)

        def step():
            h = w
            for _ in range(100):
                h = np.tanh(h)
            node = weakref.ref(h)
            np.sum(h).backward()
            w.zero_grad()
            return node

        step()
        before = tracemalloc.get_traced_memory()[0]
        nodes = [step() for _ in range(20)]
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert all(node() is None for node in nodes)
    assert grown < 100 * 8000, "less than the activations of one step"


def test_a_sweep_frees_what_it_has_consumed(W):
    h = np.exp(W)
    middle = weakref.ref(h)
    loss = np.sum(np.sin(h))
    del h
    assert middle() is not None
    loss.backward()
    assert middle() is None


def test_sixty_shared_squarings_take_sixty_steps():
    w = mg.Tensor(1.0, requires_grad=True)
    y = w
    for _ in range(60):
        y = y * y
    assert len(graph.walk(y)) == 61
    y.backward()
    assert w.grad == 2.0**60
