"""Facts of recording that no single rule shows: what a node holds, what is refused, what a user's function sees."""

import re
import sys
from fractions import Fraction
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core import graph
from microgradnp.core.binding import retell
from microgradnp.core.entries import LIBRARY_RULES
from microgradnp.core.errors import ConcretizationError
from microgradnp.core.origin import locate
from microgradnp.core.table import TABLE
from microgradnp.derivatives.gradients import gradients


def operations(result) -> int:
    return sum(node.rule is not None for node in graph.walk(result))


# ---------------------------------------------------------------------------------- results without a gradient


def test_eight_results_without_a_gradient_are_kept_for_a_picture():
    """A longer chain forgets its past all at once, and begins anew."""
    x = mg.Tensor([1.0, 2.0])
    kept = []
    for _ in range(20):
        x = x * 2.0
        kept.append(operations(x))
    assert kept == [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2]


def test_the_longest_branch_counts():
    long, short = mg.Tensor([1.0]), mg.Tensor([1.0]) * 2.0
    for _ in range(8):
        long = long * 2.0
    assert operations(long + short) == operations(short + long) == 0
    assert operations(short + short) == 2


@pytest.mark.parametrize("last", [lambda w: w * 2.0, lambda w: np.sum(w, axis=0, keepdims=True)])
def test_a_result_of_a_constant_operation_counts_from_there(last):
    x = last(mg.Tensor([1.0], requires_grad=True))
    kept = []
    for _ in range(10):
        x = np.floor(x)
        kept.append(operations(x))
    assert kept == [2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_a_result_of_plain_arrays_counts_from_there():
    """The only Tensor is an option."""
    scaled = primitive(lambda a, factor: a * factor, lambda g, y, a, factor: g * factor)
    x = scaled(np.ones(1), factor=mg.Tensor(2.0))
    kept = []
    for _ in range(9):
        kept.append(operations(x))
        x = x * 2.0
    assert kept == [1, 2, 3, 4, 5, 6, 7, 8, 0]


def test_a_gradient_keeps_the_whole_graph():
    w = mg.Tensor([1.0], requires_grad=True)
    x = mg.Tensor([1.0])
    for _ in range(8):
        x = x * 2.0
    y = x * w
    for _ in range(20):
        y = y * 2.0
    assert operations(y) == 29


# ---------------------------------------------------------------------------------------- arguments and results


def test_a_list_is_recorded_with_the_numbers_that_it_has_now():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    factors = [3.0, 4.0]
    y = np.sum(x * x * factors)
    factors[0] = 99.0
    (slope,) = gradients(y, [x], record=True)
    np.testing.assert_array_equal(slope.numpy(), [6.0, 16.0])
    np.testing.assert_array_equal(gradients(np.sum(slope), [x])[0], [6.0, 8.0])


def test_a_result_that_is_not_made_of_numbers_is_refused():
    with pytest.raises(TypeError, match="multiply: the result is of dtype object, not of numbers"):
        mg.Tensor([1.0], requires_grad=True) * Fraction(1, 2)


def test_comparisons_take_any_array():
    equal = mg.Tensor([1.0, 2.0], requires_grad=True) == np.array([1.0, None], object)
    assert equal.tolist() == [True, False]


def test_only_a_tensor_is_a_node():
    assert graph.is_node(mg.Tensor(1.0))
    assert not graph.is_node(SimpleNamespace(requires_grad=True)), "PyTorch's tensors have that attribute, too"
    assert not graph.is_node(SimpleNamespace(rule=None))


def test_an_exception_of_the_users_own_passes_through_as_it_is():
    class MineError(Exception):
        pass

    error = MineError()

    @mg.primitive
    def broken(a):
        raise error

    mg.rule(broken, lambda g, y, a: g)
    with pytest.raises(MineError) as caught:
        broken(mg.Tensor(1.0))
    assert caught.value is error
    assert caught.value.__cause__ is None


def test_a_primitive_sees_plain_arrays_and_the_rest_as_it_was_given():
    seen = []

    @mg.primitive
    def f(a, n, mode="fast"):
        seen.append((type(a), type(n), type(mode)))
        return a * n

    mg.rule(f, lambda g, y, a, n, mode="fast": g * n, None)
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    np.sum(f(x, 3)).backward()
    assert seen == [(np.ndarray, int, str)]
    np.testing.assert_array_equal(x.grad, [3.0, 3.0])


def test_a_primitive_is_one_node_also_when_its_tensor_comes_by_keyword():
    @mg.primitive
    def f(a):
        assert not isinstance(a, mg.Tensor)
        return a * 3.0

    mg.rule(f, lambda g, y, a: g * 3.0)
    x = mg.Tensor(1.0, requires_grad=True)
    y = f(a=x)
    assert operations(y) == 1
    y.backward()
    assert x.grad == 3.0
    assert type(f(a=np.float64(1.0))) is np.float64


# --------------------------------------------------------------------------------------------- the table


def test_the_rules_of_a_library_are_loaded_when_a_tensor_first_meets_it(monkeypatch, tmp_path):
    (tmp_path / "rules_of_shop.py").write_text("import microgradnp, shop\nmicrogradnp.rule(shop.double, lambda g, y, a: 2 * g)\n")
    shop = ModuleType("shop")
    shop.double = mg.primitive(lambda a: a * 2)
    monkeypatch.setitem(LIBRARY_RULES, "shop", "rules_of_shop")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TypeError, match="has no gradient rule"):
        mg.grad(shop.double)(3.0)  # nobody has imported the library
    monkeypatch.setitem(sys.modules, "shop", shop)
    assert mg.grad(shop.double)(3.0) == 2.0


def test_a_keyword_that_numpy_marks_as_left_out_is_left_out():
    x = mg.Tensor([1.0, 2.0, 6.0], requires_grad=True)
    assert np.diff(x, prepend=np._NoValue, append=np._NoValue).tolist() == [1.0, 4.0]
    with pytest.raises(TypeError, match=r"trace: .*'dtype'; on Tensors it takes .*axis1"):
        np.trace(x * np.eye(3), dtype=float)


def test_two_keywords_may_mean_one_argument():
    x = np.array([-1.0, 0.5, 2.0])
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(np.clip(x, min=0.0, max=1.0)))(x), [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(mg.grad(lambda low: np.sum(np.clip(x, min=low, max=None)))(np.array(0.0)), 1.0)
    with pytest.raises(TypeError, match="clip: min= and a_min= mean the same argument"):
        np.clip(mg.Tensor(x), min=0.0, a_min=0.0)


def test_an_error_inside_of_a_composite_is_not_taken_for_a_wrong_call():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match="axis='a'") as caught:
        np.ptp(x, axis="a")
    assert "on Tensors it takes" not in str(caught.value)
    assert type(caught.value.__context__) is TypeError, "NumPy's own error"


# ------------------------------------------------------------------------------------- traced for all numbers


def test_a_traced_program_may_ask_for_shapes_and_not_for_numbers():
    x = np.array([1.0, 2.0, 3.0])
    assert mg.compile(lambda x: np.sum(x * np.size(x) + np.ndim(x) + np.shape(x)[0]))(x)[0] == 18 + 3 + 9
    for question in (lambda x: np.array_equal(x, x), lambda x: np.array_equal(np.ones(3), x)):
        with pytest.raises(ConcretizationError, match="array_equal: its result depends on the numbers of a Tensor"):
            mg.compile(lambda x, ask=question: np.sum(x) * ask(x))(x)


def test_a_composite_that_asks_for_numbers_is_named():
    with pytest.raises(ConcretizationError, match=r"^unique: \.numpy\(\) at "):
        mg.compile(lambda x: np.sum(np.unique(x)))(np.array([1.0, 2.0]))


def test_a_composite_is_named_once():
    error = ConcretizationError("unique: .numpy() at model.py:3")
    retell(error, TABLE[np.unique], (), {})  # raises nothing: the error is told already
    with pytest.raises(ConcretizationError, match=r"^vstack: unique: "):
        retell(error, TABLE[np.vstack], (), {})


def test_questions_about_a_tensor_that_is_not_traced_are_answered():
    x = mg.Tensor(np.ones(3, np.float32), requires_grad=True)
    assert np.array_equal(np.ones(3), x) is True
    assert np.result_type(x, np.float64) == np.result_type(np.float64, x) == np.float64
    assert [index.tolist() for index in np.nonzero(x)] == [[0, 1, 2]]


# ------------------------------------------------------------------------------------------ functions of the user


def primitive(function, *vjps):
    made = mg.primitive(function)
    mg.rule(made, *vjps)
    return made


@pytest.mark.parametrize("formula", [lambda g, y, a: g, np.clip])
def test_a_function_may_keep_the_array_that_it_returns(formula):
    kept = np.zeros(2)

    def careless(a):
        kept[...] = a
        return kept

    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    y = primitive(careless, formula)(x)
    kept[...] = 99.0
    np.testing.assert_array_equal(y.numpy(), [1.0, 2.0])


@pytest.mark.parametrize("f", [lambda x: np.exp(x) + 3.0 * x, lambda x: 3.0 * x + np.exp(x)])
def test_a_formula_may_keep_the_array_that_it_returns(f):
    kept = np.full(2, 5.0)
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    with mg.override(np.exp, lambda g, y, a: kept):
        np.sum(f(x)).backward()
    np.testing.assert_array_equal(x.grad, [8.0, 8.0])
    np.testing.assert_array_equal(kept, [5.0, 5.0])


def test_a_function_without_a_gradient_may_return_whole_numbers():
    count = primitive(lambda a: int(np.sum(a > 0)), lambda g, y, a: g)
    assert count(mg.Tensor([1.0, -1.0])).item() == 1
    with pytest.raises(TypeError, match="returned a int of dtype int64; a result with a gradient is of floats"):
        count(mg.Tensor([1.0], requires_grad=True))
    with pytest.raises(TypeError, match="returned a list of dtype object"):
        primitive(lambda a: [None], lambda g, y, a: g)(mg.Tensor(1.0))


def test_a_recorded_formula_cannot_change_the_arrays_of_the_user():
    def careless(g, y, a, b):
        with pytest.raises(ValueError, match="read-only"):
            b += 1.0
        return g * b

    factor = np.array([2.0, 3.0])
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    y = primitive(lambda a, b: a * b, careless, None)(x, factor)
    (slope,) = gradients(np.sum(y), [x], record=True)
    np.testing.assert_array_equal(slope.numpy(), [2.0, 3.0])


class Metres(np.ndarray):
    """Stands for arrays with units, masks, or a matrix product of their own."""


@pytest.mark.parametrize(("array", "hint"), [(np.ones(1).view(Metres), False), (np.ma.masked_array([1.0], [True]), True)])
def test_arrays_that_calculate_otherwise_are_refused(array, hint):
    x = mg.Tensor([1.0], requires_grad=True)
    with pytest.raises(TypeError, match=r"argument 1 is a (Metres|MaskedArray), whose own rules") as caught:
        np.multiply(x, array)
    assert ("fill its masked entries" in str(caught.value)) == hint


def test_a_memory_map_is_an_array(tmp_path):
    factor = np.memmap(tmp_path / "factor", float, "w+", shape=(2,))
    factor[...] = [2.0, 3.0]
    x = mg.Tensor([1.0, 1.0], requires_grad=True)
    np.sum(x * factor).backward()
    np.testing.assert_array_equal(x.grad, [2.0, 3.0])


# ---------------------------------------------------------------------------------------------------- places


def test_a_node_inside_of_a_layer_knows_the_users_line():
    layer = mg.nn.Linear(2, 1, rng=0)
    nodes = graph.walk(layer(np.ones((3, 2))))  # this line
    here = {str(locate(node.place)) for node in nodes if node.rule is not None}
    assert len(here) == 1
    assert re.fullmatch(r"test_record\.py:\d+", here.pop())


def test_questions_about_the_shape_are_answered_without_a_node():
    w = mg.Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    assert (np.shape(w), np.shape(a=w), np.ndim(w), np.ndim(a=w)) == ((2, 3), (2, 3), 2, 2)
    assert (np.size(w), np.size(w, 0), np.size(a=w, axis=1)) == (6, 2, 3)
    assert (np.result_type(w, np.float64), np.common_type(w, w), np.iscomplexobj(w), np.isrealobj(x=w)) == (
        np.float64,
        np.float32,
        False,
        True,
    )


def test_an_argument_without_a_formula_is_named():
    @mg.primitive
    def product(a, b):
        return a * b

    mg.rule(product, lambda g, y, a, b: g * b)
    x, w = (mg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    message = r"product: no derivative exists with respect to b: the rule has one formula. mg.rule takes"
    with pytest.raises(TypeError, match=message):
        product(x, w)
    np.sum(product(x, w.detach())).backward()
    np.testing.assert_array_equal(x.grad, [1.0, 2.0])
