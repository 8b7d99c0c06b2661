"""An edited file runs with the hooks that it had, but for the functions that the edit changes."""

import ast
import gc
import sys
import textwrap

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.derive import edited
from microgradnp.debugger.record import census

TEXT = textwrap.dedent(
    """
    from __future__ import annotations

    SCALE = 1.0


    def outer(x):
        def inner(y):
            return 2 * y

        return inner(x) + 1


    class Net:
        def slope(self, h): return 1 - h ** 2

        def both(
            self,
            x,
        ):
            return x, self.slope(x)
    """
)


def changed(old, new):
    assert TEXT.count(old) == 1
    found = edited.changed_functions(TEXT.replace(old, new), TEXT)
    return None if found is None else tuple(ast.unparse(tree) for tree in found)


def test_what_an_edit_changes():
    future = "from __future__ import annotations\n\n"
    old, new = changed("2 * y", "3 * y")
    assert old.startswith(f"{future}def outer(x):")
    assert "SCALE" not in old
    assert "Net" not in old
    assert new == old.replace("2 * y", "3 * y")
    old, new = changed("1 - h ** 2", "1 - h")
    assert old == f"{future}class Net:\n\n    def slope(self, h):\n        return 1 - h ** 2"
    assert new == old.replace(" ** 2", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SCALE = 1.0", "SCALE = 2.0"),  # outside of functions
        ("return inner(x) + 1", "x = inner(x)\n    return x + 1"),  # the lines behind it move
        ("def slope(self, h)", "def slope(self, h=1)"),  # what a call gives it
        ("def outer(x)", "def outside(x)"),
    ],
)
def test_all_is_made_anew(old, new):
    assert changed(old, new) is None


def test_an_edited_function_runs_edited_and_the_others_as_they_were(tmp_path, monkeypatch):
    """Verdicts on the edited program with the hooks of the first record, and with all hooks made anew, are the same."""
    path = tmp_path / "a_net_of_two.py"
    path.write_text(
        textwrap.dedent(
            """
            import numpy as np

            class Net:
                def __init__(self, W, V):
                    self.W, self.V = W, V

                def slope(self, h):
                    return 1 - h

                def step(self, x, t):
                    h = np.tanh(x @ self.W)
                    e = h @ self.V - t
                    return x.T @ (e @ self.V.T * self.slope(h)), h.T @ e
            """
        )
    )

    def loss(x, t, W, V):
        return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)

    monkeypatch.syspath_prepend(tmp_path)
    module = __import__("a_net_of_two")
    rng = np.random.default_rng(0)
    x, t, W, V = (rng.normal(size=size) for size in [(5, 3), (5, 2), (3, 4), (4, 2)])
    found = []
    for part in (edited.changed_functions, lambda *_: None):
        with monkeypatch.context() as patch:
            patch.setattr(edited, "changed_functions", part)
            net = module.Net(W.copy(), V.copy())
            report = mg.debug(net.step, loss, (x, t), bind={"W": "self.W", "V": "self.V"}, budget=30)
        found.append((report.word, report.first_wrong.fix))
    del sys.modules["a_net_of_two"]
    assert found[0] == found[1]
    assert found[0][0] == "WRONG"
    assert found[0][1][:2] == (9, "return 1 - h")
    assert found[0][1][2] in ("return 1 - h ** 2", "return 1 - h * h")


def test_many_new_objects_are_set_aside_once(monkeypatch):
    """A search makes hundreds of thousands of objects. Each run looks for new functions, and not among all of these again."""
    monkeypatch.setattr(census, "MOST_NEW", 2_000)

    def function():
        """One that is made before the objects."""

    with census.census():
        many = [[number] for number in range(5_000)]

        def other():
            """One that is made after the first look."""

        assert other in census.functions_of({__file__})
        assert len(gc.get_objects()) < 5_000
        found = census.functions_of({__file__})
        assert {function, other} <= set(found)
        assert len(found) == len(set(found))
        del other, found
        gc.collect()
        names = [known.__name__ for known in census.functions_of({__file__})]
        assert names.count("other") == 0  # nobody else holds it
    assert len(many) == 5_000
    assert gc.get_freeze_count() == 0
