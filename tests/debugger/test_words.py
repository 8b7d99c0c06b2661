"""What the report says of a mistake: the words, the caret, and the rule of calculus."""

import re

import numpy as np
import pytest

import microgradnp as mg
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


def forgets(x, t, W, b, lr=0.1):
    e = x @ W + b - t
    dW = x.T @ e
    db = e.sum(0)  # noqa: F841 - that is the mistake
    W -= lr * dW
    return W, b


def doubles(x, t, W, b, lr=0.1):
    e = x @ W + b - t
    W -= lr * (2 * x.T @ e)
    b -= lr * e.sum(0)


def squares(x, t, W, b):
    return 0.5 * np.sum((x @ W + b - t) ** 2)


def arrays():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=shape) for shape in ((6, 3), (6, 2), (3, 2), (2,)))


def test_a_forgotten_update_is_told_with_the_gradient_that_is_never_used():
    report = mg.debug(forgets, squares, arrays())
    assert report.word == "NOT CHECKED"
    assert re.search(r"\. db \(line \d+\) is right, but b is never updated\. Everything else is right\.\n", str(report))


def test_a_fix_has_no_factor_of_one():
    assert mg.debug(doubles, squares, arrays()).first_wrong.fix[2] == "W -= lr * (x.T @ e)"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (1.5, "must be a function that computes the loss, and a float was given. Pass the function itself"),
        (None, "must be a function that computes the loss, and None was given"),
        (lambda x, t, W, b: None, "the loss returned None; end the function with `return loss`"),
        (lambda x, t, W, b: squares(x, t, W, b).item(), "the loss must stay a Tensor, got float"),
        (lambda x, t, W, b: (squares(x, t, W, b), W), "returned a tuple of 2; let it return the loss alone"),
        (lambda x, t, W, b: mg.Tensor(1.0), "does not depend on its arguments"),
    ],
)
def test_what_is_no_loss_is_answered(model, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        mg.debug(forgets, model, arrays())


@pytest.mark.parametrize(
    ("slip", "error", "message"),
    [
        (lambda: mg.debug(forgets, squares, (mg.Tensor(1.0),)), TypeError, "args[0] is a Tensor; hand-written backprop"),
        (lambda: mg.debug(forgets, squares, arrays(), bind=["W"]), TypeError, "bind is ['W']; write bind="),
        (lambda: mg.debug(forgets, squares, arrays(), step="first"), TypeError, "step must be a whole number"),
        (lambda: mg.debug("forgets", squares), FileNotFoundError, "there is no file 'forgets'; pass a function itself"),
        (lambda: mg.check_grads(squares, *arrays()[:3]), TypeError, "put the arguments in a tuple"),
        (lambda: mg.compile(mg.Tensor(1.0)), TypeError, "compile: f is a Tensor; pass the function"),
    ],
)
def test_slips_in_arguments_are_answered(slip, error, message):
    with pytest.raises(error, match=re.escape(message)):
        slip()


def test_the_error_of_a_watched_block_accuses_no_right_gradient():
    x, t, *parameters = arrays()
    W, b = (mg.Tensor(p, requires_grad=True) for p in parameters)
    with mg.watch(squares) as watched:
        e = x @ W.numpy() + b.numpy() - t
        dW = x.T @ e
    assert watched.report.word == "NOT CHECKED", "of b"
    assert watched.report.gradients["W"].ok
    assert dW.shape == (3, 2)


def test_arrays_in_a_list_are_named_where_an_argument_is_missing():
    def train(x, t):
        layers = [np.ones((3, 2)), np.ones(2)]
        layers[0] = layers[0] - x.T @ (x @ layers[0] + layers[1] - t)

    with pytest.raises(ValueError, match=r"Seen there: layers\[0\], layers\[1\], t, x$"):
        mg.debug(train, lambda x, t, first, second: squares(x, t, first, second), arrays()[:2])
