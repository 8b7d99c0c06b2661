"""What the report says of a mistake: the words, the caret, and the rule of calculus."""

import numpy as np
import pytest

from microgradnp.debugger.repair.causes import CALCULUS, EXPLAIN
from microgradnp.debugger.report.caret import changed_part
from microgradnp.debugger.report.facts import Finding
from microgradnp.debugger.report.stopped import stopped

PARTS = [  # the line, the fix, the marked part
    ("d = e @ V.T * (1 - h**2)", "d = e @ V.T * h * (1 - h)", "1 - h**2"),
    ("d = e @ W.T * h * (1 - h)", "d = e @ V.T * h * (1 - h)", "W"),
    ("d = e @ V.T", "d = e @ V.T * (1 - h**2)", "e @ V.T"),
    ("W -= lr * dW.T", "W -= lr * dW", "dW.T"),
    ("return g / keep", "return g / keep * kept", "g / keep"),
    ("for k in range(n - 1):", "for k in range(n):", "n - 1"),
    ("d = np.sum(e, axis=1)", "d = np.sum(e, axis=0)", "1"),
    ("größe = a + b", "größe = a - b", "a + b"),
]


@pytest.mark.parametrize(("line", "new", "marked"), PARTS)
def test_the_caret_stands_under_what_the_fix_changes(line, new, marked):
    span = changed_part(line, line, new)
    assert span is not None
    assert line[span.start : span.end] == marked
    assert span.under(line).index("^") == line.index(marked)


@pytest.mark.parametrize(
    ("source", "old", "new"), [("a = b", "a = c", "a = d"), ("W -= d", "W -= d", "move line 7 after line 9")]
)
def test_there_is_no_caret_where_the_fix_changes_no_part_of_the_line(source, old, new):
    assert changed_part(source, old, new) is None


def test_a_finding_shows_line_caret_calculus_and_diff():
    old, new = "d = e @ W.T", "d = e @ V.T"
    fix = (7, old, new)
    told = str(Finding("d", "train", "net.py", 7, old, "updated_weights_used", EXPLAIN["updated_weights_used"], "", fix, "exact"))
    assert told.split("\n")[:3] == ["net.py:7 in train:", "    d = e @ W.T", "            ^"]
    assert "  calculus: z = h @ W gives dL/dh = dL/dz @ W.T" in told
    assert told.endswith("line 7\n    - d = e @ W.T\n    + d = e @ V.T")


def test_every_rule_of_calculus_belongs_to_a_cause():
    assert set(CALCULUS) <= set(EXPLAIN)


def with_operator(x, d, W):
    return W - 0.1 * x @ d


def with_dot(x, d, W):
    return W - np.dot(x, d)


@pytest.mark.parametrize("product", [with_operator, with_dot])
def test_a_product_of_shapes_that_do_not_fit_is_told_by_its_arrays_and_line(product):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # NumPy's own message differs from version to version
        product(np.ones((5, 3)), np.ones((5, 2)), np.ones((3, 2)))
    told = stopped(caught.value)
    assert "x (5, 3) times d (5, 2) is no matrix product: " in told
    assert "x has 3 columns, and d has 5 rows (test_words.py:" in told


def test_another_error_is_told_as_it_is():
    assert stopped(ValueError("no such mode")) == "ValueError: no such mode"
