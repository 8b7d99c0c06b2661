"""Who owns an array: what a graph holds stays as it was recorded, or the backward pass refuses to run."""

import importlib.util
import sys

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core import memory
from microgradnp.core.memory import SMALL

CHANGED = "was changed between the forward and the backward pass"


def leaf(data):
    return mg.Tensor(data, requires_grad=True)


# ----------------------------------------------------------------------------------- plain arrays are sealed


LAYOUTS = {"rows": np.ascontiguousarray, "columns": np.transpose, "every second": lambda a: a[::2]}


@pytest.mark.parametrize("size", [3, SMALL // 8, SMALL // 8 + 1, 3000])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_change_of_one_entry_is_noticed(size, layout):
    factor = LAYOUTS[layout](np.arange(2.0 * size).reshape(size, 2))
    x = leaf(np.ones(factor.shape))
    unchanged, loss = np.sum(x * factor), np.sum(x * factor)
    unchanged.backward()
    np.testing.assert_array_equal(x.grad, factor)
    factor[-1, -1] += 1.0
    with pytest.raises(RuntimeError, match=CHANGED):
        loss.backward()


def test_an_array_that_two_formulas_read_is_checked_for_both():
    for size in (3, 3000):
        factor = np.ones(size)
        x = leaf(np.ones(size))
        loss = np.sum(x * factor + np.exp(x) * factor)
        factor[0] = 2.0
        with pytest.raises(RuntimeError, match=CHANGED):
            loss.backward()


@pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")
def test_another_shape_or_dtype_of_the_same_bytes_is_a_change():
    x = leaf(np.ones(4))
    for name, value in (("shape", (2, 2)), ("dtype", np.int64)):
        factor = np.ones(4)
        loss = np.sum(x * factor)
        setattr(factor, name, value)
        with pytest.raises(RuntimeError, match=CHANGED):
            loss.backward()


@pytest.mark.parametrize("index", [lambda rows: rows, lambda rows: (rows, 0), lambda rows: (slice(None), rows)])
def test_an_index_that_changes_is_noticed(index):
    rows = np.array([0, 2])
    x = leaf(np.arange(9.0).reshape(3, 3))
    loss = np.sum(x[index(rows)] ** 2)
    rows[0] = 1
    with pytest.raises(RuntimeError, match=CHANGED):
        loss.backward()


def test_a_list_that_is_an_index_is_copied():
    rows = [0, 2]
    x = leaf(np.arange(3.0))
    loss = np.sum(x[rows] * 2.0)
    rows[0] = 1
    loss.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 0.0, 2.0])


def test_an_option_that_changes_is_noticed_whatever_it_holds():
    @mg.primitive
    def scaled(a, table):
        return a * float(table[0][0])

    mg.rule(scaled, lambda g, y, a, table: g * float(table[0][0]))
    for table in (np.full((2, 2), 3.0), np.full((60, 60), 3.0), np.array([[3.0], "text"], object)):
        x = leaf(1.0)
        loss = scaled(x, table=table)
        table[0][0] = 4.0  # in the last one the array's own bytes stay the same
        with pytest.raises(RuntimeError, match=CHANGED):
            loss.backward()


# ------------------------------------------------------------------------ Tensors give the graph their value


WAYS = {
    "a product": lambda W: W * W,
    "an option": lambda W: np.prod(W, axis=0),
    "a list": lambda W: np.multiply(W, [[2.0, 3.0]] * 2) * W,
    "a condition": lambda W: np.where([True, False], W * W, W),
    "a composite": lambda W: np.var(W, axis=1),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("watched", [False, True])
def test_writing_to_a_parameter_does_not_reach_a_graph(way, watched):
    values = np.array([[1.0, 2.0], [3.0, 5.0]])
    fresh = leaf(values)
    np.sum(WAYS[way](fresh)).backward()
    W = leaf(values)
    data = W.data  # from now on the user may write at any time
    with mg.debug_nans(forward=watched, backward=watched):
        loss = np.sum(WAYS[way](W))
        data[...] = 99.0
        loss.backward()
    np.testing.assert_array_equal(W.grad, fresh.grad)


def test_a_parameter_can_be_written_to_again_and_again():
    W = leaf(np.array([1.0, 2.0]))
    for step in range(3):
        data = W.data
        loss = np.sum(W * W)
        data *= 2.0
        W.zero_grad()
        loss.backward()
        np.testing.assert_array_equal(W.grad, 2 * np.array([1.0, 2.0]) * 2**step)
    np.testing.assert_array_equal(W.numpy(), [8.0, 16.0])


def test_a_tensor_without_a_gradient_may_be_an_index_or_a_condition():
    x = leaf(np.arange(4.0))
    index, mask = mg.Tensor([0, 2]), mg.Tensor([True, False])
    np.sum(np.where(mask, x[index] * 3.0, 0.0)).backward()
    np.testing.assert_array_equal(x.grad, [3.0, 0.0, 0.0, 0.0])
    square = leaf(np.ones((2, 2)))
    np.sum(square[mg.Tensor([0, 1]), mg.Tensor(0)]).backward()
    np.testing.assert_array_equal(square.grad, [[1.0, 0.0], [1.0, 0.0]])
    with pytest.raises(TypeError, match=r"no derivative with respect to argument 1; pass it \.detach\(\)ed"):
        x[leaf([0.0])]
    with pytest.raises(TypeError, match=r"where no derivative exists .* pass it \.detach\(\)ed"):
        x[leaf([0.0]), 0]


# ---------------------------------------------------------------------------------------------- copies are rare


def test_graphs_share_one_snapshot_of_a_parameter():
    W = leaf([1.0, 2.0])
    data = W.data
    first, second = W * 2.0, W * 3.0
    assert first.values[0] is second.values[0]
    assert not np.shares_memory(first.values[0], data)


def test_a_tensor_that_nobody_can_write_to_is_not_copied():
    x, index = leaf([1.0, 2.0]), mg.Tensor([1])
    for picked in (x[index], x[index], x[index, ...], x[index, ...]):
        held = picked.values[1][0] if isinstance(picked.values[1], tuple) else picked.values[1]
        assert np.shares_memory(held, index.numpy())


def test_the_check_sum_of_a_large_array_is_taken_once_in_a_backward_pass(monkeypatch):
    x, factor = leaf(np.ones(3000)), np.arange(3000.0)
    loss = np.sum(x * factor + np.exp(x) * factor)
    taken, checksum = [], memory.checksum
    monkeypatch.setattr(memory, "checksum", lambda array: taken.append(array) or checksum(array))
    loss.backward()
    assert len(taken) == 1


def test_an_interpreter_that_counts_no_references_takes_every_array_for_held(monkeypatch):
    monkeypatch.delattr(sys, "getrefcount")
    spec = importlib.util.spec_from_file_location("memory_without_counts", memory.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.getrefcount(np.ones(2)) > module.ALONE


# --------------------------------------------------------------------------------------------- leaves, results


def test_an_array_that_was_assigned_is_not_written_to_behind_a_view():
    W = leaf([1.0, 2.0])
    W.data = np.array([3.0, 4.0])
    seen = W.numpy()
    W.data[0] = 9.0
    np.testing.assert_array_equal(seen, [3.0, 4.0])


def test_a_scalar_that_is_not_recorded_has_data_to_write_to():
    W = leaf([1.0, 2.0])
    with mg.no_grad():
        total = np.sum(W)
    total.data[...] = 5.0
    assert total.item() == 5.0


def test_a_result_stays_a_result_when_its_graph_is_freed():
    x = leaf([1.0, 2.0])
    h = x * 2.0
    np.sum(h).backward()
    assert not h.is_leaf
    assert not h.data.flags.writeable
    with pytest.raises(TypeError, match=r"cannot assign to the data of h \(2,\).*: it is a result"):
        h.data = np.zeros(2)
    with pytest.raises(TypeError, match="cannot set requires_grad of h"):
        h.requires_grad = False


def test_a_gradient_is_not_lost_in_an_assignment():
    x, W = leaf([1.0, 2.0]), leaf([0.0, 0.0])
    with pytest.raises(TypeError, match=r"cannot assign a Tensor that requires a gradient .*\.numpy\(\)"):
        W.data = x * 2.0
    W.data = mg.Tensor([3.0, 4.0])
    np.testing.assert_array_equal(W.numpy(), [3.0, 4.0])
