"""Conversions of a Tensor: to an array, a number, a text. None of them loses a gradient in silence."""

import array
import copy
import functools
import logging
import math
import operator
import pickle
import re
import statistics
import struct

import numpy as np
import pytest

import microgradnp as mg

A = np.array([[0.5, -1.25], [3.0, 0.25]])


@pytest.fixture
def W():
    return mg.Tensor(A, requires_grad=True, name="W")


def test_a_tensor_without_a_gradient_becomes_an_array():
    x = mg.Tensor(A)
    seen = np.asarray(x)
    np.testing.assert_array_equal(seen, A)
    assert not seen.flags.writeable
    assert np.shares_memory(seen, x.numpy())
    assert np.asarray(x, dtype=np.float32).dtype == x.__array__(np.float32).dtype == np.float32
    copied = np.array(x)
    copied[...] = 0.0
    np.testing.assert_array_equal(x.numpy(), A)


def test_a_tensor_with_a_gradient_does_not(W):
    with pytest.raises(TypeError, match=r"cannot turn W \(2, 2\).* into an ndarray") as caught:
        np.asarray(W)
    assert "scipy" not in str(caught.value)


def test_functions_of_scipy_that_are_no_ufuncs_name_what_to_write_instead(W):
    special = pytest.importorskip("scipy.special")
    with pytest.raises(TypeError, match=r"Instead of scipy\.special\.softmax write mg\.softmax\. To join"):
        special.softmax(W)
    with pytest.raises(TypeError, match="cannot turn") as caught:
        special.factorial2(W)
    assert "Instead of" not in str(caught.value)


def test_functions_of_scipy_that_take_a_number_are_named(W):
    names = {"__name__": "scipy.integrate._of_a_test"}
    exec(compile("def quadrature(f):\n    return float(f())", "<nowhere>", "exec"), names)
    with pytest.raises(TypeError, match=r"scipy: quadrature makes a number of .*say \.item\(\)"):
        names["quadrature"](lambda: W[0, 0])
    assert names["quadrature"](lambda: W[0, 0].item()) == 0.5


def test_scipy_is_not_named_when_the_users_own_function_loses_the_gradient(W):
    names = {"__name__": "scipy.optimize._of_a_test"}
    exec(compile("def softmax(f):\n    return f()", "<nowhere>", "exec"), names)
    with pytest.raises(TypeError, match="cannot turn W") as caught:
        names["softmax"](lambda: np.asarray(W))
    assert "Instead of" not in str(caught.value)


def test_an_item_assignment_to_an_array_names_the_cure(W):
    array = np.zeros(2)
    with pytest.raises(ValueError, match="sequence") as caught:
        array[0] = W[0, 0]
    assert re.search(
        r"cannot hold W\[0, 0\] .*: it requires a gradient.*write array = mg\.set_at\(array, 0, W\[0, 0\]\), or .*np\.stack",
        str(caught.value.__cause__),
    )
    with pytest.raises(TypeError, match=re.escape("write array = mg.set_at(array, np.s_[:], W[0])")):
        array[:] = W[0]
    with pytest.raises(TypeError, match=re.escape("Write array = array + W[0] instead")):
        array += W[0]
    array[0] = W[0, 0].item()
    array[1] = mg.Tensor(2.0)
    np.testing.assert_array_equal(array, [0.5, 2.0])


def test_other_libraries_that_take_numbers_are_told_of_stacking():
    x = mg.Tensor(0.5, requires_grad=True)
    with pytest.raises(ValueError, match="sequence") as caught:
        np.fromiter([x], float)
    assert "such as np.stack, or say .item()" in str(caught.value.__cause__)


def filled(x):
    array = np.zeros(1)
    array.fill(x)
    return array.sum()


def set_by_a_function(x):
    array = np.zeros(1)
    operator.setitem(array, 0, x)
    return array.sum()


def objects(x):
    held = np.empty(1, dtype=object)
    held[0] = x
    return held


def unpacked(x):
    (root,) = map(math.sqrt, [x])
    return root


def looped(x):
    return [root for root in map(math.sqrt, [x])][0]  # noqa: C416, RUF015 - a loop asks for each number


BACK_DOORS = {
    "fill": filled,
    "setitem": set_by_a_function,
    "map": lambda x: sum(map(math.sqrt, [x])),
    "unpacking": unpacked,
    "loop": looped,
    "partial": lambda x: functools.partial(math.pow)(x, 1.0),
    "alias": lambda x, root=math.sqrt: root(x),
    "a scalar type": lambda x: np.float64(x),
    "another scalar type": lambda x: np.float32(x),
    "objects": lambda x: objects(x).astype(float)[0],
    "numbers of objects": lambda x: np.fromiter(objects(x), float)[0],
    "array": lambda x: array.array("d", [x])[0],
    "struct": lambda x: struct.unpack("d", struct.pack("d", x))[0],
    "mean": lambda x: statistics.fmean([x, x]),
    "full": lambda x: np.full(2, x).sum(),
    "a cast beside": lambda x: math.exp(x) + float(1),
}


@pytest.mark.parametrize("door", BACK_DOORS)
def test_no_back_door_makes_a_number_of_what_needs_a_gradient(door):
    with pytest.raises((TypeError, ValueError, struct.error)):
        mg.grad(lambda x: 5.0 * x[0] + BACK_DOORS[door](3.0 * x[1]))(np.array([1.0, 2.0]))


FRONT_DOORS = {
    "float": lambda x: float(x),
    "int": lambda x: int(x),
    "complex": lambda x: complex(x).real,
    "in a call": lambda x: abs(float(x)),
    "a cast of another name": lambda x, number=float: number(x),
    "map": lambda x: sum(map(float, [x])),
    "key": lambda x: max([x], key=float).item(),
    "text": lambda x: float("%.17g" % x),  # noqa: UP031
    "texts": lambda x: float("%.17g %d" % (x, 1) and "2"),  # noqa: UP031
    "finite": lambda x: 2.0 * math.isfinite(x),
    "item": lambda x: math.sqrt(x.item() * 2),
    "source unknown": eval(compile("lambda x: float(x)", "<nowhere>", "eval")),
}


@pytest.mark.parametrize("door", FRONT_DOORS)
def test_a_conversion_that_stands_in_the_source_is_made(door):
    x = mg.Tensor(2.0, requires_grad=True)
    assert FRONT_DOORS[door](x) == 2.0


def test_an_item_of_a_text_is_formatted_by_logging(caplog):
    logging.getLogger("a test").warning("loss %.1f", mg.Tensor(2.0, requires_grad=True))
    assert "loss 2.0" in caplog.text


def test_code_without_source_that_says_no_cast_is_refused():
    with pytest.raises(TypeError, match=r"^a conversion: .* requires a gradient"):
        eval("lambda x, f: f(x)")(mg.Tensor(2.0, requires_grad=True), math.exp)


def test_membership_compares_values(W):
    assert 3.0 in W
    assert mg.Tensor(3.0) in W
    assert 7.0 not in W
    assert mg.Tensor(7.0) not in W


def test_format(W):
    assert f"{mg.Tensor(0.123456):.3f}" == "0.123"
    assert f"{W[0, 0]:.1f}" == "0.5"
    assert f"{mg.Tensor(3):03d}" == "003"
    assert f"{W}" == str(W) == repr(W)
    with pytest.raises(TypeError, match="unsupported format string"):
        f"{W:.1f}"


def test_a_tensor_is_made_of_numbers_and_of_tensors_without_a_gradient(W):
    np.testing.assert_array_equal(mg.Tensor(mg.Tensor(A)).numpy(), A)
    with pytest.raises(TypeError, match=r"data is W \(2, 2\).*which requires a gradient; a copy would silently lose it"):
        mg.Tensor(W)
    with pytest.raises(TypeError, match=r"masked array, and its mask would be lost; fill it with \.filled"):
        mg.Tensor(np.ma.masked_array(A, A > 1))
    with pytest.raises(TypeError, match="data must be numbers, got dtype object"):
        mg.Tensor([None])


def test_whole_numbers_have_no_gradient():
    counts = mg.Tensor([1, 2])
    counts.requires_grad = False
    with pytest.raises(TypeError, match="requires_grad needs floating-point or complex data, got int64"):
        counts.requires_grad = True


# ------------------------------------------------------------------------------------ copies of what is differentiated


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda x: copy.deepcopy({"a": [x, x]})["a"][1]])
def test_a_copy_of_what_is_differentiated_stays_connected(way):
    x = np.array([1.5, -2.0])
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(way(x) ** 3))(x), 3 * x**2)
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(mg.grad(lambda x: np.sum(way(x) ** 3))(x)))(x), 6 * x)
    np.testing.assert_array_equal(mg.jacobian(lambda x: way(x) ** 2)(x), np.diag(2 * x))
    _, pull = mg.vjp(lambda x: way(x) ** 2, x)
    np.testing.assert_array_equal(pull(np.ones(2))[0], 2 * x)
    assert isinstance(mg.grad(lambda x: np.sum(way(x)))(x), np.ndarray)


def test_what_is_differentiated_is_not_pickled():
    with pytest.raises(
        TypeError, match=r"cannot pickle .* gradient would be lost\. Copy it with copy\.deepcopy, or pickle \.numpy\(\)"
    ):
        mg.grad(lambda x: np.sum(pickle.loads(pickle.dumps(x))))(np.ones(2))


def test_outside_of_a_derivative_a_copy_is_a_leaf_of_its_own():
    x = mg.Tensor([1.0], requires_grad=True)
    for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin.is_leaf
        assert twin.requires_grad
    kept = []
    mg.grad(lambda x: kept.append(x) or np.sum(x * x))(np.ones(2))
    assert copy.copy(kept[0]).is_leaf, "the derivative has been taken"
