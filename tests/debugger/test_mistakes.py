"""What may stand in the place of an array or of a list: those of the same shape, with the same index."""

import ast

import pytest

from microgradnp.debugger.repair.mistakes import Scope, constants, neighbours


def of_list(name, rows, columns):
    """The expressions that are seen of a list of lists of numbers."""
    entries = {f"{name}[{i}][{j}]": () for i in range(rows) for j in range(columns)}
    return {name: None, **{f"{name}[{i}]": None for i in range(rows)}, **entries}


LISTS = of_list("W", 3, 2) | of_list("moved", 3, 2) | of_list("self.V", 3, 2) | of_list("other", 2, 3)
LISTS |= {f"row[{k}]": () for k in range(3)} | {"row": None, "line": None, "rate": ()} | {f"line[{k}]": () for k in range(3)}
ARRAYS = {"W": (3, 2), "moved": (3, 2), "self.V": (3, 2), "other": (2, 3), "row": (3,), "line": (3,), "rate": (), "f(W)": (3, 2)}


@pytest.mark.parametrize("shapes", [LISTS, ARRAYS], ids=["lists", "arrays"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("W[i][j]", {"moved[i][j]", "self.V[i][j]"}),
        ("self.V[j][k]", {"W[j][k]", "moved[j][k]"}),
        ("W", {"moved", "self.V"}),
        ("row[n]", {"line[n]"}),
        ("other[i][j]", set()),
        ("rate", set()),
        ("unseen[i]", set()),
    ],
)
def test_neighbours_have_the_same_shape(shapes, text, found):
    scope = Scope(shapes, [], [], [], [], set())
    edits = list(neighbours(ast.parse(text, mode="eval").body, scope))
    assert {new for _, kind, new in edits if kind == "operand"} == found
    assert {new for _, kind, new in edits if kind == "updated"} == {f"({new} - {text})" for new in found}


@pytest.mark.parametrize(
    ("text", "never"),
    [("3 * x", ["1"]), ("x + 2", ["0"]), ("x - 2", ["0"]), ("x ** 2", ["0", "1"]), ("x ** 3", ["0", "1"])],
)
def test_no_number_without_effect_is_put_in(text, never):
    node = ast.parse(text, mode="eval").body
    number = next(child for child in ast.walk(node) if isinstance(child, ast.Constant))
    found = [ast.unparse(new) for _, _, new in constants(number, node)]
    assert found
    assert not set(found) & {*never, str(number.value)}
