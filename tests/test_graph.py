"""The sweep: shares, shared arrays, freeing, what a user's rule may return, and what remains after an error."""

import gc
import sys
import tracemalloc
import warnings

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core import graph
from microgradnp.derivatives.gradients import gradients

A = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])


@pytest.fixture
def W():
    return mg.Tensor(A, requires_grad=True, name="W")


def primitive_with(*vjps, function=lambda a: a * 2.0):
    """A user's function of a fresh identity, with rules."""

    @mg.primitive
    def users(*args):
        return function(*args)

    mg.rule(users, *vjps)
    return users


# --------------------------------------------------------------------------------------------- contributions


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (0, 3)])
def test_many_uses_of_one_value_add_up(shape):
    """Scalars too, which no `+=` can change in place."""
    x = mg.Tensor(np.full(shape, 2.0), requires_grad=True)
    h = x * 1.0
    total = h + h + h
    for factor in (2.0, 3.0, 4.0):
        total = total + h * factor
    total.backward(np.ones(shape))
    np.testing.assert_array_equal(x.grad, np.full(shape, 12.0))


def again(a, b):
    """One primitive of several steps, whose gradient rule returns one array for both arguments."""
    return mg.checkpoint(lambda a, b: (a + b) * 1.0)(a, b)


SHARED = {  # form -> the gradients of a and b, in units of the weights
    "the sum last": (lambda a, b: a * 3 + (a + b), 4, 1),
    "the sum first": (lambda a, b: (a + b) + a * 3, 4, 1),
    "in the other order": (lambda a, b: a * 3 + (b + a), 4, 1),
    "first, in the other order": (lambda a, b: (b + a) + a * 3, 4, 1),
    "through a chain": (lambda a, b: a * 3 + +(+a + +b), 4, 1),
    "both several times": (lambda a, b: a * 3 + b * 5 + (a + b), 4, 6),
    "both several times, the sum first": (lambda a, b: (a + b) + b * 5 + a * 3, 4, 6),
    "three times": (lambda a, b: a + a * 2 + b * 5 + (a + b) + b, 4, 7),
    "a view of it": (lambda a, b: a * 3 + b * 5 + (a + b.reshape(3, 2).reshape(2, 3)), 4, 6),
    "a view of it, first": (lambda a, b: (a.reshape(3, 2).reshape(2, 3) + b) + a * 3 + b * 5, 4, 6),
    "two views": (lambda a, b: (a.reshape(6) + b.reshape(6)).reshape(2, 3), 1, 1),
    "through a checkpoint": (lambda a, b: a * 3 + b * 5 + again(a, b), 4, 6),
    "through a checkpoint, first": (lambda a, b: again(a, b) + b * 5 + a * 3, 4, 6),
    "through a checkpoint alone": (again, 1, 1),
}


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize("made", [lambda x: x, lambda x: x * 1.0], ids=["leaves", "results"])
@pytest.mark.parametrize("form", SHARED)
def test_sharing_does_not_mix_the_gradients_of_siblings(form, made, retain):
    """`a + b` hands one array to both; what is added to one of them must not reach the other.

    The weights matter: np.sum alone hands down a view, which is never added to in place.
    """
    x, y, w = mg.Tensor(A, requires_grad=True), mg.Tensor(A, requires_grad=True), np.arange(6.0).reshape(2, 3)
    a, b = made(x), made(y)
    function, of_a, of_b = SHARED[form]
    loss = np.sum(function(a, b) * w)
    loss.backward(retain_grads=retain)
    np.testing.assert_array_equal(x.grad, of_a * w)
    np.testing.assert_array_equal(y.grad, of_b * w)
    if retain:
        np.testing.assert_array_equal(a.grad, of_a * w)
        np.testing.assert_array_equal(b.grad, of_b * w)
    x.grad[:] = 7.0
    np.testing.assert_array_equal(y.grad, of_b * w)


def test_views_of_a_gradient_are_not_written_to(W):
    a = W * 1.0
    joined = np.concatenate([a, a.T.reshape(2, 3), a])
    np.sum(joined * np.arange(18.0).reshape(6, 3) + joined).backward(retain_grads=True)
    np.testing.assert_array_equal(joined.grad, np.arange(18.0).reshape(6, 3) + 1)


def test_a_random_graph_agrees_with_a_sum_over_all_paths():
    """The derivative of a linear graph is the weighted number of its paths: an entry of the inverse of (1 - weights)."""
    rng = np.random.default_rng(3)
    n = 30
    weights = np.triu(rng.normal(size=(n, n)) * (rng.uniform(size=(n, n)) < 0.3), k=1)
    weights[0, 1:] = rng.normal(size=n - 1)  # so that every node is reached
    x = mg.Tensor(1.0, requires_grad=True)
    nodes = [x]
    for j in range(1, n):
        nodes.append(sum(nodes[i] * float(weights[i, j]) for i in range(j) if weights[i, j]))
    nodes[-1].backward()
    np.testing.assert_allclose(x.grad, np.linalg.inv(np.eye(n) - weights)[0, n - 1], rtol=1e-10)


def test_two_losses_share_a_trunk(W):
    trunk = np.exp(W)
    first, second = np.sum(trunk), np.sum(trunk * 2)
    first.backward(retain_graph=True)
    second.backward()
    np.testing.assert_allclose(W.grad, 3 * np.exp(A))


def test_a_trunk_that_was_freed_is_refused_before_any_gradient(W):
    other = mg.Tensor(A, requires_grad=True)
    trunk = np.exp(W)
    first, second = np.sum(trunk), np.sum(trunk * other)
    first.backward()
    with pytest.raises(RuntimeError, match=r"graph of trunk \(2, 3\), made at test_graph\.py:\d+ was already consumed"):
        second.backward()
    assert other.grad is None


def test_broadcast_sums_are_done_once_for_every_shape():
    rng = np.random.default_rng(0)
    for small, large in [
        ((), (2, 3)),
        ((3,), (2, 3)),
        ((1, 3), (2, 3)),
        ((2, 1), (2, 3)),
        ((1, 1, 1), (2, 4, 3)),
        ((0,), (2, 0)),
    ]:
        a, b = mg.Tensor(rng.normal(size=small), requires_grad=True), rng.normal(size=large)
        np.sum(a * b).backward()
        jacobian = np.broadcast_arrays(np.arange(a.size).reshape(small), b)[0]
        expected = np.bincount(jacobian.ravel(), weights=b.ravel(), minlength=a.size).reshape(small)
        np.testing.assert_allclose(a.grad, expected, rtol=1e-12)


# --------------------------------------------------------------------------------------- rules of the user's own


@pytest.mark.parametrize(
    "share",
    [lambda g: 2.0, lambda g: np.float32(2), lambda g: 2, lambda g: np.array(2), lambda g: mg.Tensor(2.0)],
    ids=["float", "float32", "int", "array", "Tensor"],
)
def test_a_rule_may_return_any_number(share):
    x = mg.Tensor(3.0, requires_grad=True)
    primitive_with(lambda g, y, a: share(g))(x).backward()
    assert (x.grad, x.grad.dtype) == (2.0, np.float64)


@pytest.mark.parametrize(
    ("share", "error", "message"),
    [
        (lambda g: None, TypeError, "the gradient rule of argument 0 returned None, and must return an array"),
        (lambda g: "2", TypeError, "returned a str, and must return an array"),
        (lambda g: g[:1], ValueError, r"returned shape \(1, 3\), but that argument has shape \(2, 3\)"),
        (lambda g: np.sum(g), ValueError, r"returned shape \(\), but"),
        (lambda g: np.ones((4, 3)), ValueError, r"returned shape \(4, 3\)"),
    ],
)
def test_a_rule_that_returns_something_else_is_named(share, error, message, W):
    users = primitive_with(lambda g, y, a: share(g))
    loss = np.sum(users(W))
    with pytest.raises(error, match=f"users: .*{message}") as caught:
        loss.backward()
    assert "in the gradient rule of argument 0 of users(W) (2, 3), made at test_graph.py:" in caught.value.__notes__[0]
    assert W.grad is None


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda a: (a, a), "users: returned a tuple, and a primitive returns one array; make a primitive of each part"),
        (lambda a: None, "users: returned None.*did it forget to return"),
        (lambda a: a.astype(int), "users: returned a ndarray of dtype int64; a result with a gradient is of floats"),
    ],
)
def test_a_function_that_returns_no_array_is_named(result, message, W):
    users = primitive_with(lambda g, y, a: g, function=result)
    with pytest.raises(TypeError, match=message):
        users(W)


def test_an_ordinary_function_cannot_have_a_rule():
    def cube(a):
        return a**3

    with pytest.raises(TypeError, match=r"cube is an ordinary function, so its rule would never be used.*@mg\.primitive"):
        mg.rule(cube, lambda g, y, a: g)


@pytest.mark.parametrize(
    ("vjps", "message"),
    [
        ((), "was given no gradient formula"),
        ((lambda g: g,), r"takes \(g\), but is called with g, y and 1 array"),
        ((3.0,), "which is not a function"),
    ],
)
def test_formulas_that_cannot_work_are_refused_at_once(vjps, message):
    @mg.primitive
    def cube(a):
        return a**3

    with pytest.raises(TypeError, match=f"mg.rule: .*cube.*{message}"):
        mg.rule(cube, *vjps)


@pytest.mark.parametrize("exception", [KeyboardInterrupt, MemoryError, ZeroDivisionError])
def test_an_interrupted_sweep_leaves_every_gradient_as_it_was(exception, W):
    def broken(g, y, a):
        raise exception

    other = mg.Tensor(A, requires_grad=True)
    other.grad = np.ones((2, 3))
    loss = np.sum(other) + np.sum(primitive_with(broken)(W))
    with pytest.raises(exception):
        loss.backward()
    assert W.grad is None
    np.testing.assert_array_equal(other.grad, np.ones((2, 3)))


def test_recorded_sweeps_of_users_rules_are_graphs_again(W):
    cube = primitive_with(lambda g, y, a: g * 3 * a**2, function=lambda a: a**3)
    (slope,) = gradients(np.sum(cube(W)), [W], record=True)
    np.testing.assert_allclose(slope.numpy(), 3 * A**2)
    np.sum(slope).backward()
    np.testing.assert_allclose(W.grad, 6 * A)


# ------------------------------------------------------------------------------------------ depth and memory


def test_work_grows_in_proportion_to_depth():
    """Twice the chain takes twice the calls, forward and backward; counted, since a busy machine would decide a timing."""

    def calls(depth):
        count = 0

        def counted(frame, event, argument):
            nonlocal count
            count += 1

        x = mg.Tensor(1.0, requires_grad=True)
        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            y = x
            for _ in range(depth):
                y = y * 1.0
            y.backward()
        finally:
            sys.setprofile(before)
        return count

    calls(10)
    assert calls(4000) < 2.01 * calls(2000)


def test_memory_falls_while_the_sweep_runs():
    """At the end of the sweep of n arrays it holds less than it did at its beginning."""
    x = mg.Tensor(np.ones(10_000), requires_grad=True)
    gc.collect()
    tracemalloc.start()
    y = x
    for _ in range(50):
        y = np.sin(y)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    np.sum(y).backward()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert now < held / 5
    assert peak < held * 1.3


def test_a_running_mean_without_gradient_forgets_its_past():
    """A chain of results that need no gradient is held for a picture, a few steps long, and no longer."""
    mean = mg.Tensor(np.zeros(1000))
    for _ in range(20):
        mean = 0.9 * mean + 0.1
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(500):
        mean = 0.9 * mean + 0.1
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 8000 * 10


def test_a_picture_of_data_preparation_still_sees_where_it_came_from(W):
    x = mg.Tensor(A, name="x")
    loss = np.sum(np.log(np.abs(x) + 1.0) * W)
    assert {"absolute", "add", "log", "multiply", "sum"} <= {node.rule.name for node in graph.walk(loss) if node.rule}


@pytest.mark.long
def test_a_million_node_graph_is_dropped_without_recursion():
    y = mg.Tensor(1.0, requires_grad=True)
    for _ in range(1_000_000):
        y = y + 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del y
