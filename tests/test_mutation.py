"""An array that changes between the forward and the backward pass is noticed, or does no harm. The gradient is never wrong.

All rules are tried: one argument is a Tensor, and the others are the user's own arrays and lists. One of these is overwritten
after the forward pass. The result must be the gradient of the old values, or an error.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from operators import Operator, Sample, cases

import microgradnp as mg
from microgradnp.core.memory import read_only
from microgradnp.core.table import TABLE, Rule
from microgradnp.derivatives.gradients import gradients

A = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])
CHANGED = "was changed between the forward and the backward pass"


def containers(value: Any) -> Iterator[Any]:
    """Everything in an argument that can be written to: arrays and lists, however deep."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        if isinstance(value, list):
            yield value
        for item in value:
            yield from containers(item)


def overwrite(container: Any) -> None:
    if isinstance(container, list):
        container.reverse()
        if container and isinstance(container[0], int):
            container[0] = 1 - container[0]
    elif container.dtype == bool:
        np.logical_not(container, out=container)
    elif container.dtype.kind in "iu":
        container[...] = 1 - np.clip(container, 0, 1)
    else:
        container[...] = 0.75 - container


def gradient_after(record: Operator, sample: Sample, chosen: int, victim: int | None, how: str) -> np.ndarray | None:
    """The gradient of argument `chosen`; the container number `victim` of the others is overwritten before the sweep.

    None when the sweep noticed that.
    """
    args = [a if k == chosen else copy.deepcopy(a) for k, a in enumerate(sample.args)]
    options = copy.deepcopy(sample.options)
    others = list(containers([[a for k, a in enumerate(args) if k != chosen], *options.values()]))[2:]
    x = args[chosen] = mg.Tensor(sample.args[chosen], requires_grad=True)
    y = record.call(*args, **options)
    if victim is not None:
        overwrite(others[victim])
    try:
        g = gradients(y, [x], np.ones(y.shape, y.dtype), record=how == "recorded", free=False)[0]
        return g.numpy() if how == "recorded" else g
    except RuntimeError as error:
        if CHANGED not in str(error):
            raise
        return None


@pytest.mark.parametrize("how", ["plain", "recorded"])
@pytest.mark.parametrize(("record", "sample"), cases())
def test_every_argument_of_every_rule(record: Operator, sample: Sample, how: str):
    for chosen, argument in enumerate(sample.args):
        if not isinstance(argument, np.ndarray) or argument.dtype.kind not in "fc":
            continue
        right = gradient_after(record, sample, chosen, None, how)
        rest = [[a for k, a in enumerate(sample.args) if k != chosen], *sample.options.values()]
        for victim in range(len(list(containers(rest))) - 2):
            found = gradient_after(record, sample, chosen, victim, how)
            if found is not None:
                np.testing.assert_array_equal(found, right)


@pytest.mark.parametrize(("record", "sample"), cases())
def test_leaves_written_to_leave_the_graph_alone(record: Operator, sample: Sample):
    chosen = [k for k, a in enumerate(sample.args) if isinstance(a, np.ndarray) and a.dtype.kind in "fc"]

    def gradient(write: bool) -> list[np.ndarray]:
        args = [mg.Tensor(a, requires_grad=True) if k in chosen else a for k, a in enumerate(sample.args)]
        y = record.call(*args, **sample.options)
        if write:
            for k in chosen:
                args[k].data[...] = 7.0
        y.backward(np.ones(y.shape, y.dtype))
        return [args[k].grad for k in chosen]

    for found, right in zip(gradient(True), gradient(False), strict=True):
        np.testing.assert_array_equal(found, right)


# ---------------------------------------------------------------------------- arrays that are reached by other ways


@pytest.fixture
def W() -> mg.Tensor:
    return mg.Tensor(A, requires_grad=True, name="W")


VIEWS = {
    "the array itself": lambda a: a,
    "a view": lambda a: a[:],
    "a transposed view": lambda a: a.T.copy().T,
    "a read-only view": read_only,
    "a broadcast view": lambda a: np.broadcast_to(a[:1], a.shape),
    "a reversed view": lambda a: a[::-1, ::-1],
    "a flat view, reshaped": lambda a: a.ravel().reshape(2, 3),
    "a memory map": lambda a: a,
}


@pytest.mark.parametrize("kind", VIEWS)
def test_whatever_the_memory_looks_like(kind, W, tmp_path):
    base = np.memmap(tmp_path / "a", float, "w+", shape=(2, 3)) if kind == "a memory map" else np.empty((2, 3))
    base[...] = 2 * A
    view = VIEWS[kind](base)
    loss = np.sum(W * view)
    (base if np.shares_memory(view, base) else view)[0, 0] += 1.0
    with pytest.raises(RuntimeError, match=CHANGED):
        loss.backward()
    assert W.grad is None


@pytest.mark.parametrize("size", [512, 513, 5000])  # up to 4096 bytes a seal holds them all, beyond a check sum
@pytest.mark.parametrize("layout", [lambda a: a, lambda a: np.repeat(a, 2)[::2]], ids=["contiguous", "strided"])
def test_arrays_of_every_size_are_sealed(size, layout):
    w, x = mg.Tensor(np.ones(size), requires_grad=True), layout(np.arange(float(size)))
    loss = np.sum(w * x + w * x)
    x[-1] += 1e-9
    with pytest.raises(RuntimeError, match=CHANGED):
        loss.backward()
    x[-1] = size - 1.0
    loss.backward()
    np.testing.assert_array_equal(w.grad, 2.0 * np.arange(size))


def test_an_array_of_objects_is_sealed_by_what_it_holds(W):
    @mg.primitive
    def scaled(a, by=None):
        return a * by[0][0]

    mg.rule(scaled, lambda g, y, a, by=None: g * by[0][0])
    by = np.empty(1, object)
    by[0] = [2.0]
    loss = np.sum(scaled(W, by=by))
    by[0][0] = 3.0  # the array holds the same list, at the same address
    with pytest.raises(RuntimeError, match=CHANGED):
        loss.backward()


def test_a_change_that_is_taken_back_does_no_harm(W):
    x = 2 * A
    loss = np.sum(W * x)
    x += 1.0
    x[...] = 2 * A
    loss.backward()
    np.testing.assert_array_equal(W.grad, 2 * A)


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")  # newer NumPy advises against it, and allows it
def test_a_new_shape_in_place_is_a_change(W):
    x = np.ones((2, 3))
    loss = np.sum(W * x)
    x.shape = (3, 2)
    with pytest.raises(RuntimeError, match=CHANGED):
        loss.backward()


@pytest.mark.parametrize("x", [np.zeros((0, 3)), np.array(2.0), np.float64(2.0)])
def test_empty_and_scalar_arrays_are_sealed_too(x):
    w = mg.Tensor(np.ones((2, 3)) if np.ndim(x) == 0 else np.ones((0, 3)), requires_grad=True)
    loss = np.sum(w * x)
    loss.backward()
    np.testing.assert_array_equal(w.grad, np.broadcast_to(x, w.shape))


def test_one_bit_is_enough(W):
    x = np.zeros((2, 3))
    loss = np.sum(W / (1 + x) * x)
    x[1, 2] = -0.0
    with pytest.raises(RuntimeError, match=CHANGED):
        loss.backward()


def test_an_array_used_at_two_times_is_compared_with_both(W):
    x = np.ones((2, 3))
    first = np.sum(W * x)
    x *= 2
    both = first + np.sum(W * x)
    with pytest.raises(RuntimeError, match=CHANGED):
        both.backward()
    np.sum(W * x).backward()
    np.testing.assert_array_equal(W.grad, np.full((2, 3), 2.0))


def test_a_kept_graph_is_checked_at_every_sweep(W):
    x = 2 * A
    loss = np.sum(W * x)
    loss.backward(retain_graph=True)
    x[0, 0] = 9.0
    with pytest.raises(RuntimeError, match=CHANGED):
        loss.backward()
    np.testing.assert_array_equal(W.grad, 2 * A)


@pytest.mark.parametrize("index", [[0, 1], ([0, 1], [1, 2]), (slice(np.array(0), np.array(1)),)])
def test_lists_and_slices_are_copied(index, W):
    picked = W[index]
    right = np.zeros((2, 3))
    np.add.at(right, copy.deepcopy(index), 1.0)
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, list):
            part[0] = 1
        elif isinstance(part, slice):
            part.stop[...] = 2
    np.sum(picked).backward()
    np.testing.assert_array_equal(W.grad, right)


def test_an_option_of_a_users_function_is_sealed_or_copied(W):
    @mg.primitive
    def scaled(a, by=None):
        return a * by["factor"]

    mg.rule(scaled, lambda g, y, a, by=None: g * by["factor"])
    factor = np.full((2, 3), 3.0)
    by = {"factor": factor}
    loss = np.sum(scaled(W, by=by))
    by["factor"] = None
    loss.backward(retain_graph=True)
    np.testing.assert_array_equal(W.grad, np.full((2, 3), 3.0))
    factor[:] = 0.0
    with pytest.raises(RuntimeError, match=CHANGED):
        loss.backward()


def test_a_tensor_as_index_may_be_written_to(W):
    rows = mg.Tensor([0, 0])
    loss = np.sum(W[rows])
    rows.data[:] = 1
    loss.backward()
    np.testing.assert_array_equal(W.grad, [[2, 2, 2], [0, 0, 0]])


# ------------------------------------------------------------------------------------------- the data of leaves


def test_an_alias_of_data_stays_one_over_many_graphs(W):
    alias = W.data
    for _ in range(3):
        before = alias.copy()
        loss = np.sum(W**2)
        W.data -= 0.25
        assert W.data is alias
        loss.backward()
        np.testing.assert_array_equal(W.grad, 2 * before)
        W.zero_grad()
    alias[...] = 5.0
    np.testing.assert_array_equal(W.numpy(), np.full((2, 3), 5.0))


def test_a_view_of_data_reaches_the_next_graph_and_not_the_last(W):
    row = W.data[0]
    first = np.sum(W**2)
    row[:] = 10.0
    second = np.sum(W**2)
    second.backward()
    np.testing.assert_array_equal(W.grad[0], [20.0, 20.0, 20.0])
    W.zero_grad()
    first.backward()
    np.testing.assert_array_equal(W.grad, 2 * A)


def test_data_is_copied_only_when_somebody_holds_it(W):
    address = W._array.ctypes.data
    for _ in range(3):  # the usual loop: the graph is gone when the weights are updated
        np.sum(W**2).backward()
        W.data -= 0.1 * W.grad
        W.zero_grad()
    assert W._array.ctypes.data == address
    loss = np.sum(W**2)  # a graph that is alive keeps the old values
    W.data -= 1.0
    assert W._array.ctypes.data != address
    assert loss.requires_grad


def test_a_result_under_no_grad_has_memory_of_its_own(W):
    with mg.no_grad():
        row, same = W[0], mg.identity(W)
    loss = np.sum(W**2)
    row.data[:] = 50.0
    same.data[:] = 60.0
    loss.backward()
    np.testing.assert_array_equal(W.numpy(), A)
    np.testing.assert_array_equal(W.grad, 2 * A)


def test_numpy_keeps_showing_what_it_showed(W):
    before = W.numpy()
    W.data -= 1.0
    np.testing.assert_array_equal(before, A)


def test_a_recorded_sweep_refuses_a_leaf_that_has_changed(W):
    y = np.sum(W**3)
    W.data[0, 0] += 1.0
    with pytest.raises(RuntimeError, match=rf"power: the array W \(2, 3\) used at test_mutation\.py:\d+ {CHANGED}"):
        gradients(y, [W], record=True)
    y.backward()
    np.testing.assert_allclose(W.grad, 3 * A**2)


def test_minus_zero_is_another_number():
    w, x = mg.Tensor([-1.0], requires_grad=True), mg.Tensor([0.0], requires_grad=True)
    y = np.sum(np.arctan2(x, w))
    x.data[0] = -0.0
    with pytest.raises(RuntimeError, match=CHANGED):
        gradients(y, [w], record=True)


# --------------------------------------------------------------------------------- rules that keep or write arrays


def test_a_rule_may_return_its_argument_or_a_buffer_that_it_keeps(W):
    kept = np.full((2, 3), 2.0)

    @mg.primitive
    def half_square(a):
        return a * a / 2

    @mg.primitive
    def doubled(a):
        return 2 * a

    mg.rule(half_square, lambda g, y, a: a)  # right where g is 1
    mg.rule(doubled, lambda g, y, a: kept)
    h = np.positive(W)
    np.sum(half_square(W) + half_square(h) + doubled(h) + doubled(W) + h + h).backward()
    np.testing.assert_allclose(W.grad, 2 * A + 6)
    np.testing.assert_array_equal(kept, np.full((2, 3), 2.0))
    W.grad[:] = 0.0
    np.testing.assert_array_equal(W.numpy(), A)
    np.testing.assert_array_equal(h.numpy(), A)


def test_a_function_may_return_the_same_buffer_again(W):
    buffer = np.empty((2, 3))

    @mg.primitive
    def exp(a):
        return np.exp(a, out=buffer)

    mg.rule(exp, lambda g, y, a: g * y)
    first = exp(W)
    exp(W * 0)
    np.sum(first).backward()
    np.testing.assert_array_equal(W.grad, np.exp(A))


def test_a_function_cannot_write_to_its_argument(W):
    @mg.primitive
    def greedy(a):
        a += 1
        return a

    mg.rule(greedy, lambda g, y, a: g)
    with pytest.raises(ValueError, match=r"greedy: W .*read-only"):
        greedy(W)
    np.testing.assert_array_equal(W.numpy(), A)


def test_a_formula_cannot_write_to_the_gradient(W):
    @mg.primitive
    def plain(a):
        return a * 1.0

    def vjp(g, y, a):
        g *= 2
        return g

    mg.rule(plain, vjp)
    loss = np.sum(plain(W))
    with pytest.raises(ValueError, match="read-only") as caught:
        loss.backward()
    assert "in the gradient rule of argument 0 of plain(W)" in caught.value.__notes__[0]
    assert W.grad is None


@pytest.mark.parametrize(("record", "sample"), cases())
def test_no_formula_of_ours_returns_an_array_that_it_was_given(record: Operator, sample: Sample):
    """Other than `g`: the sweep adds in place to what these formulas return."""
    args = [mg.Tensor(a, requires_grad=True) if isinstance(a, np.ndarray) and a.dtype.kind in "fc" else a for a in sample.args]
    y = record.call(*args, **sample.options)
    if not isinstance(TABLE.get(record.function), Rule):
        return
    rule, g = y.rule, np.ones(y.shape, y.dtype)
    assert rule.trusted
    for position in y.needs:
        share = (rule.vjps[0] if rule.variadic else rule.vjps[position])(
            *([position] if rule.variadic else []), g, y._array, *y.values, **y.options
        )
        if share is not g and share.base is None:
            assert not any(share is value for value in (y._array, *y.values) if isinstance(value, np.ndarray))
