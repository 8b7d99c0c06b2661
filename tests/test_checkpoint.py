"""A checkpoint changes nothing but memory and time: the same gradients as the function itself."""

import tracemalloc

import numpy as np
import pytest

import microgradnp as mg

A = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])


def block(x):
    return np.sin(np.cos(x) * np.exp(-(x**2)))


def test_first_second_and_third_derivatives():
    f = mg.checkpoint(block)
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(f(x)))(A), mg.grad(lambda x: np.sum(block(x)))(A))
    mg.check_grads(f, (A,), order=3)
    mg.check_grads(f, (A + 0.5j,))


def test_nested_checkpoints():
    inner = mg.checkpoint(block)
    outer = mg.checkpoint(lambda x: inner(inner(x)) * x)
    mg.check_grads(outer, (A,))
    expected = mg.grad(lambda x: np.sum(block(block(x)) * x))(A)
    np.testing.assert_allclose(mg.grad(lambda x: np.sum(outer(x)))(A), expected, rtol=1e-14)


def test_parameters_from_outside_get_their_gradients():
    W, x = mg.Tensor(A.T, requires_grad=True, name="W"), mg.Tensor(A, requires_grad=True)
    h = np.tanh(W)  # not a leaf, and used by others too
    f = mg.checkpoint(lambda x, scale=1.0: np.tanh(x @ h) * scale + np.sum(W))
    (np.sum(f(x, scale=2.0)) + np.sum(h**2)).backward()
    W2, x2 = mg.Tensor(A.T, requires_grad=True), mg.Tensor(A, requires_grad=True)
    h2 = np.tanh(W2)
    (np.sum(np.tanh(x2 @ h2) * 2.0 + np.sum(W2)) + np.sum(h2**2)).backward()
    np.testing.assert_allclose(W.grad, W2.grad, rtol=1e-14)
    np.testing.assert_allclose(x.grad, x2.grad, rtol=1e-14)
    assert f.recomputed == 1


def test_a_model():
    model = mg.nn.MLP([3, 4, 2], rng=0)
    parameters = list(model.parameters().values())
    np.sum(model(A) ** 2).backward()
    expected = [p.grad for p in parameters]
    for p in parameters:
        p.zero_grad()
    np.sum(mg.checkpoint(model)(A) ** 2).backward()
    for p, g in zip(parameters, expected, strict=True):
        np.testing.assert_allclose(p.grad, g, rtol=1e-14)


def test_trees_as_arguments_and_results():
    @mg.checkpoint
    def f(tree, *, power):
        return {"y": tree["x"] ** power, "rest": [np.sum(tree["x"]), 7]}

    def loss(tree):
        out = f(tree, power=3)
        assert out["rest"][1] == 7
        return np.sum(out["y"]) * out["rest"][0]

    expected = 3 * A**2 * np.sum(A) + np.sum(A**3)
    np.testing.assert_allclose(mg.grad(loss)({"x": A})["x"], expected, rtol=1e-14)


def test_what_needs_no_gradient_is_computed_and_no_more():
    f = mg.checkpoint(block)
    np.testing.assert_array_equal(f(A), block(A))
    assert not f(mg.Tensor(A)).requires_grad
    with mg.no_grad():
        assert not f(mg.Tensor(A, requires_grad=True)).requires_grad
    assert mg.checkpoint(lambda x: 3)(mg.Tensor(A, requires_grad=True)) == 3
    x = mg.Tensor(A, requires_grad=True)
    assert mg.checkpoint(lambda x: x)(x) is x
    assert f.recomputed == 0


def test_a_graph_that_is_kept_can_be_swept_twice():
    f = mg.checkpoint(block)
    x = mg.Tensor(A, requires_grad=True)
    loss = np.sum(f(x))
    loss.backward(retain_graph=True)
    first = x.grad
    x.zero_grad()
    loss.backward()
    np.testing.assert_array_equal(x.grad, first)
    assert f.recomputed == 2


def test_random_numbers_inside_are_noticed():
    random = np.random.default_rng(0)
    x = mg.Tensor(A, requires_grad=True)
    loss = np.sum(mg.checkpoint(lambda x: x * random.normal())(x))
    with pytest.raises(RuntimeError, match=r"it did not compute the same again.*random numbers"):
        loss.backward()
    assert x.grad is None


def test_a_parameter_that_changes_in_between_is_noticed():
    x = mg.Tensor(A, requires_grad=True)
    loss = np.sum(mg.checkpoint(block)(x))
    x.data[0, 0] = 9.0
    with pytest.raises(RuntimeError, match="a parameter changed"):
        loss.backward()


def test_results_of_several_dtypes_are_refused():
    with pytest.raises(TypeError, match="several dtypes, float64, float32"):
        mg.checkpoint(lambda x: (x, x.astype(np.float32)))(mg.Tensor(A, requires_grad=True) * 1)


def test_memory_is_saved_and_the_saving_is_told():
    x = mg.Tensor(np.linspace(0, 1, 100_000), requires_grad=True)

    def deep(x):
        for _ in range(20):
            x = np.sin(x)
        return x

    def peak(f):
        tracemalloc.start()
        y = x
        for _ in range(5):
            y = f(y)
        kept = tracemalloc.get_traced_memory()[0]
        np.sum(y).backward()
        tracemalloc.stop()
        return kept

    f = mg.checkpoint(deep)
    plain, less = peak(deep), peak(f)
    assert plain > 100 * 800_000 > 80_000_000 * 0.9
    assert less < 6 * 800_000 * 1.1, "five results, and nothing of what is between"
    assert f.recomputed == 5
    assert (f.kept, f.saved) == (800_000, 19 * 800_000)
    assert repr(f) == "checkpoint of deep: kept 800.0 kB instead of 16.0 MB (20.0x less), computed again 5 times"
    assert repr(mg.checkpoint(deep)) == "checkpoint of deep"


# ------------------------------------------------------------------------------------------------- override


def double(g, y, a):
    return g * 2.0


def test_a_checkpoint_keeps_the_rules_of_the_place_where_it_was_recorded():
    f = mg.checkpoint(lambda x: np.tanh(np.sin(x)))
    inside, outside = mg.Tensor(A, requires_grad=True), mg.Tensor(A, requires_grad=True)
    with mg.override(np.tanh, double):
        loss = np.sum(f(inside))
    loss.backward()
    np.testing.assert_array_equal(inside.grad, 2.0 * np.cos(A))
    loss = np.sum(f(outside))
    with mg.override(np.tanh, double):
        loss.backward()
    np.testing.assert_allclose(outside.grad, np.cos(A) * (1 - np.tanh(np.sin(A)) ** 2), rtol=1e-14)


def test_a_checkpoint_of_a_function_that_has_a_gradient_by_an_override_only():
    f = mg.checkpoint(lambda x: np.floor(x * 10.0) * x)
    with mg.override(np.floor, lambda g, y, a: g):
        loss = mg.grad(lambda x: np.sum(mg.checkpoint(f)(x)))
        np.testing.assert_allclose(loss(A), 10.0 * A + np.floor(10.0 * A), rtol=1e-14)
        x = mg.Tensor(A, requires_grad=True)
        first = mg.value_and_grad(lambda x: np.sum(f(x)))
        y = f(x)
    np.sum(y).backward()
    np.testing.assert_allclose(x.grad, 10.0 * A + np.floor(10.0 * A), rtol=1e-14)
    np.testing.assert_array_equal(first(A)[1], np.floor(10.0 * A))
    assert mg.grad(lambda x: np.sum(np.exp(x)))(A).tolist() == np.exp(A).tolist(), "the table is as it was"


@pytest.mark.parametrize(
    "f", [lambda x, c: x * c, lambda x, c: (x + c) * x, lambda x, c: np.where(c > 2.0, x, 2.0 * x), lambda x, c: x * c.max()]
)
@pytest.mark.parametrize("size", [3, 3000])
def test_a_change_that_leaves_the_value_as_it_was_is_noticed(f, size):
    """At 0 the values are equal, and the gradients are not."""
    x, c, W = mg.Tensor(np.zeros(size), requires_grad=True), np.full(size, 2.0), mg.Tensor(np.full(size, 2.0))
    unchanged = np.sum(mg.checkpoint(lambda x: f(x, c) + f(x, W))(x))
    unchanged.backward()
    changed = np.sum(mg.checkpoint(lambda x: f(x, c))(x)), np.sum(mg.checkpoint(lambda x: f(x, W))(x))
    c[0] = 3.0
    W.data[0] = 3.0
    for loss in changed:
        with pytest.raises(RuntimeError, match="it did not compute the same again"):
            loss.backward()
