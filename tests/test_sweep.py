"""Facts of the backward pass that no single rule shows: shared arrays, broadcasting, dtypes, memory, users' formulas."""

import tracemalloc

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.sweep import sweep
from microgradnp.derivatives.gradients import gradients


def leaf(shape=(2, 3), dtype=float):
    return mg.Tensor(np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape), requires_grad=True, dtype=dtype)


# ------------------------------------------------------------------------------------------ shared arrays


def test_one_array_may_be_the_gradient_of_two_arguments():
    """`a + b` hands one array to both. The sweep made it, and must not add the other share of `a` to it in place."""
    a, b, w = leaf(), leaf(), leaf()
    np.sum((a * 3 + (a + b)) * w).backward()
    np.testing.assert_array_equal(a.grad, 4 * w.numpy())
    np.testing.assert_array_equal(b.grad, w.numpy())


def test_a_share_that_was_summed_over_an_axis_is_nobody_elses():
    row, W = leaf((3,)), leaf()
    h = W + row
    np.sum(h * 2.0 + h * row).backward()
    np.testing.assert_array_equal(row.grad, np.sum(2.0 + row.numpy() + h.numpy(), axis=0))
    np.testing.assert_array_equal(W.grad, np.broadcast_to(2.0 + row.numpy(), (2, 3)))


def test_gradients_of_leaves_are_arrays_of_their_own():
    a, b = leaf(), leaf()
    seed = np.ones((2, 3))
    (a + b).backward(seed)
    a.grad += 1.0
    np.testing.assert_array_equal(b.grad, np.ones((2, 3)))
    np.testing.assert_array_equal(seed, np.ones((2, 3)))
    for way in (lambda x: x, lambda x: x.T.T, lambda x: x.reshape(2, 3)):
        x = leaf()
        way(x).backward(seed)
        x.grad += 1.0
        np.testing.assert_array_equal(seed, np.ones((2, 3)))


def test_a_recorded_backward_pass_changes_no_array_that_it_handed_out():
    a, b, w = leaf(), leaf(), leaf()
    loss = np.sum((a * 3 + (a + b)) * w)
    slopes = gradients(loss, [a, b, w], record=True)
    np.testing.assert_array_equal(slopes[0].numpy(), 4 * w.numpy())
    np.testing.assert_array_equal(slopes[1].numpy(), w.numpy())
    np.testing.assert_array_equal(gradients(np.sum(slopes[0] * slopes[1]), [w])[0], 8 * w.numpy())


# -------------------------------------------------------------------------------------- shapes and dtypes


@pytest.mark.parametrize(
    ("small", "large"), [((1,), (0,)), ((2, 1), (2, 0)), ((1, 1), (4, 2, 3)), ((), (2, 3)), ((1, 3), (2, 3)), ((0, 1), (0, 2))]
)
def test_the_gradient_has_the_shape_of_the_argument(small, large):
    a = leaf(small)
    np.sum(a * np.ones(large) * 2.0).backward()
    repeated = np.prod(np.broadcast_shapes(small, large)) // max(np.prod(small, dtype=int), 1)
    np.testing.assert_array_equal(a.grad, np.full(small, 2.0 * repeated))


def test_a_narrow_complex_argument_keeps_its_imaginary_gradient():
    z = mg.Tensor(np.array([1 + 2j, 3 - 1j], np.complex64), requires_grad=True)
    factor = np.array([2 - 1j, 1j])  # complex128
    np.sum(np.real(z * factor)).backward()
    assert z.grad.dtype == np.complex64
    np.testing.assert_array_equal(z.grad, factor.conj())


def test_a_real_argument_of_a_complex_operation_gets_a_real_gradient():
    x = mg.Tensor(np.array([1.0, 2.0], np.float32), requires_grad=True)
    np.sum(np.real(x * (2 - 1j))).backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [2.0, 2.0])
    z = mg.Tensor(np.array([1j]), requires_grad=True)
    np.sum(np.real(z) * 3.0).backward()
    assert z.grad.dtype == complex
    np.testing.assert_array_equal(z.grad, [3.0])


# -------------------------------------------------------------------------------------------------- memory


def test_what_the_sweep_has_passed_is_free_already():
    """In the middle of a backward pass half of the arrays are gone: the sweep holds no list of the nodes it has visited."""
    seen = []

    @mg.primitive
    def halfway(a):
        return a * 1.0

    def look(g, y, a):
        seen.append(tracemalloc.get_traced_memory()[0])
        return g * 1.0

    mg.rule(halfway, look)

    def chain(y):
        for _ in range(20):
            y = np.sin(y + y)  # two arrays of 80 kB; the sum of two shares
        return y

    x = mg.Tensor(np.ones(10_000), requires_grad=True)
    tracemalloc.start()
    loss = np.sum(chain(halfway(chain(x))))
    whole = tracemalloc.get_traced_memory()[0]
    loss.backward()
    tracemalloc.stop()
    assert seen[0] < 0.6 * whole


# -------------------------------------------------------------------------------------- formulas of the user


def users(*vjps, function=lambda a: a * 2.0):
    @mg.primitive
    def call(*args, **options):
        return function(*args, **options)

    mg.rule(call, *vjps)
    return call


@pytest.mark.parametrize("share", [2.0, np.float32(2), 2, np.array(2)], ids=["float", "float32", "int", "array"])
def test_a_formula_may_return_any_number_in_a_recorded_backward_pass(share):
    x = mg.Tensor(3.0, requires_grad=True)
    (slope,) = gradients(users(lambda g, y, a: share)(x), [x], record=True)
    assert (slope.item(), slope.dtype) == (2.0, np.float64)


def test_a_formula_may_use_a_parameter():
    w = mg.Tensor(5.0, requires_grad=True)
    x = mg.Tensor(3.0, requires_grad=True)
    users(lambda g, y, a: g * w)(x).backward()
    assert x.grad == 5.0
    assert type(x.grad) is np.ndarray


def test_a_formula_cannot_change_what_the_graph_holds():
    def careless(g, y, a):
        with pytest.raises(ValueError, match="read-only"):
            g += 1.0
        with pytest.raises(ValueError, match="read-only"):
            y += 1.0
        with pytest.raises(ValueError, match="read-only"):
            a += 1.0
        return g * 2.0

    x = leaf()
    np.sum(users(careless)(x) * 1.0).backward()
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 2.0))


def test_a_formula_may_keep_the_array_that_it_returns():
    """What it writes there later reaches no gradient, and what the sweep adds up does not reach its array."""
    kept = np.full((2, 3), 2.0)
    x, alone = leaf(), leaf()
    h = x * 1.0
    keeping = users(lambda g, y, a: kept)
    np.sum(keeping(h) + h + keeping(alone)).backward()
    np.testing.assert_array_equal(kept, np.full((2, 3), 2.0))
    kept[...] = 99.0
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 3.0))
    np.testing.assert_array_equal(alone.grad, np.full((2, 3), 2.0))


# ------------------------------------------------------------------------------------------- where it ends


def test_the_sweep_ends_where_it_is_told():
    x = leaf()
    middle = np.exp(x)
    loss = np.sum(middle * 2.0)
    reached = [node for node, _, _ in sweep(loss, loss.seed(), free=False, until={middle})]
    assert reached[0] is loss
    assert reached[-1] is middle
    assert not any(node is x for node in reached)


def test_a_freed_node_behind_the_end_is_no_hindrance():
    x = leaf()
    middle = np.exp(x)
    np.sum(middle).backward()  # frees what is behind `middle`
    loss = np.sum(middle * 2.0)
    with pytest.raises(RuntimeError, match="already consumed"):
        loss.backward()
    gradient = {node: g for node, g, _ in sweep(loss, loss.seed(), free=False, until={middle})}[middle]
    np.testing.assert_array_equal(gradient, np.full((2, 3), 2.0))
