"""What messages say: names, shapes, lines, and why shapes do not fit."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.messages import describe, explain, mismatch, mutated_message, name_argument, no_rule
from microgradnp.core.table import TABLE

MISMATCHES = [
    ("matmul", [(8, 5), (4, 3)], "h has 5 columns and W has 4 rows"),
    ("matmul", [(2, 8, 5), (2, 4, 3)], "h has 5 columns and W has 4 rows"),
    ("matmul", [(5,), (4, 3)], "h has 5 entries and W has 4 rows"),
    ("matmul", [(8, 5), (4,)], "h has 5 columns and W has 4 entries"),
    ("dot", [(5,), (4,)], "h has 5 entries and W has 4 entries"),
    ("matmul", [(), (4, 3)], "h is a scalar; use * to multiply by it"),
    ("matmul", [(8, 5), ()], "W is a scalar; use * to multiply by it"),
    ("matmul", [(2, 8, 5), (3, 5, 3)], None),  # NumPy says it
    ("matmul", [(8, 5)], None),
    ("dot", [(5,), (5,), (5,)], None),
    ("add", [(2, 3), (2,)], "axis -1 has sizes 3 and 2, which do not broadcast"),
    ("add", [(4, 3), (2, 3)], "axis -2 has sizes 4 and 2, which do not broadcast"),
    ("add", [(6, 4, 3), (2, 3)], "axis -2 has sizes 4 and 2, which do not broadcast"),
    ("add", [(0,), (2,)], "axis -1 has sizes 0 and 2, which do not broadcast"),
    ("add", [(5, 3), (1, 3)], None),
    ("add", [(5, 3), (0,)], "axis -1 has sizes 3 and 0, which do not broadcast"),
    ("add", [(3,), (2, 3)], None),
    ("add", [(), (2, 3)], None),
    ("add", [None, (2,)], None),
    ("add", [(3,), None, (2,)], None),
    ("exp", [(2,)], None),
    ("where", [(2,), (3,), (2,)], "axis -1 has sizes 2 and 3 and 2, which do not broadcast"),
    ("clip", [(3,), (2,), (1,)], "axis -1 has sizes 3 and 2 and 1, which do not broadcast"),
    ("concatenate", [(2,), (2, 3)], None),
]


@pytest.mark.parametrize(("operation", "shapes", "reason"), MISMATCHES)
def test_why_shapes_do_not_fit(operation, shapes, reason):
    assert mismatch(operation, ["h", "W", "c"][: len(shapes)], shapes) == reason


def test_an_error_names_arguments_shapes_and_lines():
    h, W = mg.Tensor(np.ones((8, 5)), requires_grad=True), mg.Tensor(np.ones((4, 3)))
    with pytest.raises(ValueError, match="matmul") as caught:
        h @ W
    line = r"test_messages\.py:\d+"
    made = rf"; h was made at {line}; W was made at {line}"
    pattern = rf"matmul: h \(8, 5\) @ W \(4, 3\): h has 5 columns and W has 4 rows({made}|; h was made at {line}) \(at {line}\)"
    assert re.fullmatch(pattern, str(caught.value))
    assert caught.value.__suppress_context__, "one traceback"
    assert "core dimension" in str(caught.value.__context__), "NumPy's own error"


def test_an_error_in_the_users_own_function_keeps_its_traceback():
    @mg.primitive
    def broken(x):
        return x[5]

    mg.rule(broken, lambda g, y, x: g)
    with pytest.raises(IndexError, match="broken") as caught:
        broken(mg.Tensor([1.0], requires_grad=True))
    assert type(caught.value.__cause__) is IndexError


def explained(function, args, options=None, error=None, place=None):
    values = tuple(arg.numpy() if isinstance(arg, mg.Tensor) else arg for arg in args)
    return explain(TABLE[function], args, values, options or {}, error or ValueError("no\nmore"), place)


def here():
    """A Tensor that was made at the line of the call, and that place."""
    tensor = mg.Tensor(1.0)
    return tensor, tensor.place


def test_what_is_unknown_is_left_out():
    x = mg.Tensor([1.0, 2.0], name="x")
    x.place = None
    assert str(explained(np.power, (x, 2))) == "power: x (2,), argument 1: no"
    assert str(explained(np.power, (x, np.ones(3)))) == (
        "power: x (2,), argument 1 (3,): axis -1 has sizes 2 and 3, which do not broadcast"
    )


def test_options_are_shown_and_arrays_are_not():
    x = mg.Tensor([1.0], name="x")
    x.place = None
    assert str(explained(np.sum, (x,), {"axis": 5, "where": np.ones(1)})) == "sum: x (1,), axis=5: no"


def test_the_line_of_an_argument_is_told_when_it_is_another_one():
    other, place = here()
    x = mg.Tensor([1.0], name="x")
    assert re.fullmatch(
        r"exp: x \(1,\): no; x was made at test_messages\.py:\d+ \(at test_messages\.py:\d+\)",
        str(explained(np.exp, (x,), place=place)),
    )
    other.name = "other"
    assert re.fullmatch(r"exp: other \(\): no \(at test_messages\.py:\d+\)", str(explained(np.exp, (other,), place=place)))
    assert re.fullmatch(r"exp: x \(1,\): no; x was made at test_messages\.py:\d+", str(explained(np.exp, (x,))))


def test_an_error_without_words_is_named():
    x = mg.Tensor(1.0, name="x")
    x.place = None
    assert str(explained(np.exp, (x,), error=ValueError())) == "exp: x (): ValueError"


def test_an_error_of_another_kind_stays_what_it_is():
    class OwnError(Exception):
        pass

    class OwnValueError(ValueError):
        pass

    x = mg.Tensor(1.0, name="x")
    x.place = None
    error = OwnError("mine")
    assert explained(np.exp, (x,), error=error) is error
    assert error.__notes__ == ["exp: x (): mine"]
    retold = explained(np.exp, (x,), error=OwnValueError("mine"))
    assert type(retold) is ValueError


def test_names_of_arguments():
    x = mg.Tensor(1.0)
    unplaced = SimpleNamespace(name=None, place=None)
    assert name_argument(SimpleNamespace(name="given"), "text", 0) == "given"
    assert name_argument(x, "a" * 30, 0) == "a" * 30
    assert name_argument(x, "a" * 31, 0) == "x"
    assert name_argument(x, None, 0) == "x"
    assert name_argument(unplaced, "a" * 31, 2) == "argument 2"
    assert name_argument(3.0, None, 1) == "argument 1"


def test_describe():
    x = mg.Tensor([1.0, 2.0])
    y = x * 2.0
    assert re.fullmatch(r"y \(2,\), made at test_messages\.py:\d+", describe(y))
    assert re.fullmatch(r"x \* 2\.0 \(2,\), made at test_messages\.py:\d+", describe([x * 2.0][0]))
    x.place = y.place = None
    assert describe(x) == "a tensor (2,)"
    assert describe(y) == "multiply (2,)"
    y.name = "named"
    assert describe(y) == "named (2,)"


def test_a_changed_array_is_named_where_the_source_shows_it():
    factor = np.ones(2)
    y = mg.Tensor([1.0, 2.0], requires_grad=True) * factor
    assert re.match(r"multiply: the array factor \(2,\) used at test_messages\.py:\d+ was changed", mutated_message(y, factor, 1))
    assert mutated_message(y, factor, None).startswith("multiply: the array an argument (2,) used at")
    assert mutated_message(y, factor, 7).startswith("multiply: the array an argument (2,) used at")
    y.place = None
    assert mutated_message(y, factor, 1).startswith("multiply: the array an argument (2,) used was changed")


def test_a_function_without_a_rule_is_told_of_a_close_name():
    def named(name):
        def function(a):
            return a

        function.__name__ = name
        return no_rule(function)

    assert "silent wrong gradient. A close name that has one: concatenate. Register one" in named("concatenat")
    assert "silent wrong gradient. Register one" in named("exp")  # another function of that very name
    assert "silent wrong gradient. Register one" in named("quite_another_thing")


@pytest.mark.parametrize(
    ("f", "cure"),
    [
        (lambda x: np.asarray(x), "Leave np.asarray out"),
        (lambda x: np.full(3, x[0]), r"Write value \* np.ones\(shape\)"),
        (lambda x: np.r_[x, x], "Write np.concatenate"),
        (lambda x: np.random.default_rng(0).permutation(x), r"Write x\[rng.permutation\(len\(x\)\)\]"),
        (lambda x: np.add.at(np.zeros(2), [0, 1], x), r"np.bincount\(places, weights=numbers"),
        (lambda x: np.logaddexp.reduce(x), r"Write mg.logsumexp\(x, axis\)"),
        (lambda x: x.flat, r"write x.ravel\(\)"),
        (lambda x: x.strides, "sliding_window_view"),
    ],
)
def test_numpys_ways_that_lose_a_gradient_are_answered_with_what_to_write(f, cure):
    with pytest.raises((TypeError, AttributeError), match=cure):
        mg.grad(f)(np.ones(2))


def test_the_argument_of_a_function_is_called_by_its_parameter():
    def loss(weights):
        return np.sum(np.asarray(weights))

    with pytest.raises(TypeError, match=r"cannot turn weights \(2,\), made at test_messages.py:"):
        mg.grad(loss)(np.ones(2))
