"""Lines, names and operands of the user's expressions, found from two facts about the calling frame."""

import _thread
import itertools
import operator
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.origin import called_name, internal, locate, names_in_frame, one_line, operands, source_segment


class Holder:
    pass


def made():
    """Results stored in every kind of place; `h` through a Python function, `y` through an operator."""
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    h = mg.sigmoid(x)
    y = x * h
    holder = Holder()
    holder.z = np.exp(y)
    (first, second) = (y + 1, 3)
    nested = [np.sin(x) for _ in range(1)]
    inner = (lambda: np.cos(x))()
    return {"x": x, "h": h, "y": y, "holder.z": holder.z, "unpacked": first, "in a list": nested[0], "in a lambda": inner}, second


@pytest.mark.parametrize("name", ["x", "h", "y", "holder.z"])
def test_the_variable_that_a_result_was_assigned_to(name):
    assert locate(made()[0][name].place).name == name


@pytest.mark.parametrize("name", ["in a list", "in a lambda"])
def test_no_name_is_better_than_a_wrong_one(name):
    assert locate(made()[0][name].place).name in (None, "inner")


@pytest.mark.parametrize(
    ("name", "text"), [("h", "mg.sigmoid(x)"), ("y", "x * h"), ("holder.z", "np.exp(y)"), ("in a lambda", "np.cos(x)")]
)
def test_source_text_and_line(name, text):
    origin = locate(made()[0][name].place)
    assert origin.text == text
    assert str(origin).startswith("test_origin.py:")
    with open(__file__) as source:
        assert text in source.readlines()[origin.line - 1]


def test_code_without_source_has_a_line_and_no_text():
    variables = {"mg": mg}
    exec(compile("\n\na = mg.Tensor([1.0])\nb = a + 1", "<nowhere>", "exec"), variables)
    origin = locate(variables["b"].place)
    assert (origin.line, origin.text, origin.name) == (4, "", "b")


def test_an_expression_over_several_lines_and_beyond_ascii():
    größe = mg.Tensor([1.0])
    summe = np.add(
        größe,
        1.0,
    )
    origin = locate(summe.place)
    assert (origin.name, operands(origin.text, "add")) == ("summe", ("größe", "1.0"))


def test_every_python_frame_of_ours_is_skipped():
    def model(w):
        return mg.nn.MLP([2, 1], rng=0)(w)

    assert locate(model(np.ones((1, 2))).place).function == "model"


@pytest.mark.parametrize(
    ("text", "function", "expected"),
    [
        ("x @ W", "matmul", ("x", "W")),
        ("-x", "negative", ("x",)),
        ("x > 0", "greater", ("x", "0")),
        ("x[i, 0]", "getitem", ("x", "(i, 0)")),
        ("x", "add", ()),
        ("np.add(a, b[0])", "add", ("a", "b[0]")),
        ("np.stack([a, b], axis=1)", "stack", ("a", "b")),
        ("np.stack(pair)", "stack", ("pair",)),
        ("np.concatenate([a, b], c)", "concatenate", ("[a, b]", "c")),
        ("np.exp([a, b])", "exp", ("[a, b]",)),
        ("np.linalg.norm(a)", "norm", ("a",)),
        ("h.dot(W)", "dot", ()),  # the receiver is an operand too
        ("add(a, b)", "add", ("a", "b")),
        ("np.subtract(a, b)", "add", ()),
        ("model(x)", "matmul", ()),
        ("model().add(a, b)", "add", ()),
        ("(a + b)(c)", "add", ()),
        ("np.add(*pair)", "add", ()),
        ("not python(", "add", ()),
    ],
)
def test_operands(text, function, expected):
    assert operands(text, function) == expected


def test_locals_win_over_globals():
    pytest_alias = pytest
    assert names_in_frame(sys._getframe())[id(pytest)] == "pytest_alias"
    assert pytest_alias is pytest


def test_unknown_place():
    assert locate(None) is None


def test_a_call_without_any_frame_of_the_user():
    """At the bottom of this thread's stack stands C, and above it nothing but the package."""
    found: list[mg.Tensor] = []
    finished = threading.Event()
    w = mg.Tensor([1.0, 2.0], requires_grad=True)
    steps = itertools.chain(map(operator.neg, [w]), map(operator.methodcaller("sum", axis=0), [w]))
    _thread.start_new_thread(list, (itertools.chain(map(found.append, steps), iter(finished.set, None)),))
    assert finished.wait(60)
    assert [node.place for node in found] == [None, None]


def test_a_name_in_a_chain_of_assignments():
    x = mg.Tensor([1.0])
    first = second = x * 2.0
    assert locate(first.place).name == "first"
    assert second is first


@pytest.mark.parametrize("offset", [-1, 10**6, "end"])
def test_an_offset_outside_of_the_code_has_the_line_of_the_function(offset):
    code = made.__code__
    offset = 2 * len(list(code.co_positions())) if offset == "end" else offset
    assert locate((code, offset)).line == code.co_firstlineno
    assert locate(None) is None


def test_the_whole_line_is_the_text_where_columns_are_unknown():
    line = test_the_whole_line_is_the_text_where_columns_are_unknown.__code__.co_firstlineno
    whole = "def test_the_whole_line_is_the_text_where_columns_are_unknown():"
    for end_line, column, end_column in ((None, 0, 3), (line, None, 3), (line, 0, None), (None, None, None)):
        assert source_segment(__file__, line, end_line, column, end_column) == whole
    assert source_segment(__file__, line, line, 4, 8) == "test"
    assert source_segment("<nowhere>", 1, 1, 0, 3) == ""
    assert source_segment(__file__, 3, 2, 0, 3) == ""


@pytest.mark.parametrize(
    ("text", "name"),
    [("math.exp(x)", "math.exp"), ("f()", "f"), ("f(x) + 1", None), ("1 + f(x)", None), ("f", None), ("(f)(x)", None)],
)
def test_the_name_of_a_call(text, name):
    assert called_name(text) == name


def test_files_of_ours_and_the_story():
    folder = Path(mg.__file__).parent
    assert internal[str(folder / "core" / "tensor.py")]
    assert internal[np.lib.stride_tricks.__file__]
    assert not internal[str(folder / "cli" / "story.py")], "it counts as the user's"
    assert not internal[__file__]


def test_names_of_a_frame_are_those_that_the_user_wrote():
    visible, _hidden = [1], [2]
    (names,) = [names_in_frame(sys._getframe()) for _ in visible]
    assert names_in_frame(sys._getframe())[id(visible)] == "visible"
    assert id(_hidden) not in names_in_frame(sys._getframe())
    assert all(name.isidentifier() for name in names.values()), "CPython 3.11 has a variable `.0` here"


def fails():
    raise ValueError("first line")


def test_an_error_in_one_line_with_the_line_of_the_users_code():
    with pytest.raises(ValueError, match="first") as caught:
        fails()
    line = fails.__code__.co_firstlineno + 1
    assert one_line(caught.value) == f"ValueError: first line (test_origin.py:{line})"
    with pytest.raises(ValueError, match="matmul") as caught:
        mg.Tensor(np.ones((2, 3))) @ np.ones((2, 3))
    assert re.search(r"\(test_origin\.py:\d+\)$", one_line(caught.value)), "not a line of ours"
    assert one_line(KeyError("x")) == "KeyError: 'x'"


def test_a_cell_of_a_notebook_is_called_by_its_number():
    pytest.importorskip("IPython")
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_cell('import microgradnp as mg', store_history=True)\n"
        "shell.run_cell('w = mg.Tensor(2.0, requires_grad=True)\\ny = w * w', store_history=True)\n"
        "from microgradnp.core.origin import locate\n"
        "print(locate(shell.user_ns['y'].place))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "In [2]:2"
