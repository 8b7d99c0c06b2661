"""Looking changes nothing; arguments are found or refused; whoever was tracing traces on."""

import random
import sys

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import BindingError
from microgradnp.debugger.capture.writes import refill
from microgradnp.debugger.match.index import Index, is_generic
from microgradnp.debugger.match.references import ModelError, evaluate, references


def loss(X, T, W1, W2):
    return 0.5 * np.sum((np.tanh(X @ W1) @ W2 - T) ** 2)


def numbers(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=s) for s in ((6, 3), (6, 2), (3, 4), (4, 2))]


def wrong(X, T, W1, W2):
    for _ in range(10):
        h = np.tanh(X @ W1)
        e = h @ W2 - T
        W2 -= 0.1 * h.T @ e
        W1 -= 0.1 * X.T @ (e @ W2.T * (1 - h))
        print("a line that nobody should see", random.random(), np.random.rand())  # noqa: NPY002


def test_no_array_random_state_or_output_of_the_user_changes(capsys):
    values = numbers()
    copies = [v.copy() for v in values]
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    first = random.random(), np.random.rand()  # noqa: NPY002
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    assert not mg.debug(wrong, loss, values).ok
    assert (random.random(), np.random.rand()) == first  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(values, copies, strict=True))
    assert capsys.readouterr().out == ""


class Net:
    def __init__(self):
        self.X, self.T, self.W1, self.W2 = numbers()

    def fit(self):
        for _ in range(5):
            h = np.tanh(self.X @ self.W1)
            e = h @ self.W2 - self.T
            dW2 = h.T @ e
            dW1 = self.X.T @ (e @ self.W2.T * (1 - h**2))
            self.W1 -= 0.1 * dW1
            self.W2 -= 0.1 * dW2


def test_the_object_of_a_method_stays_as_it_is():
    net = Net()
    report = mg.debug(net.fit, loss)
    assert report.ok
    assert report.bound["W1"] == "self.W1 in fit"
    assert all(np.array_equal(a, b) for a, b in zip((net.X, net.T, net.W1, net.W2), numbers(), strict=True))


def endless(X, T, W1, W2):
    while True:
        h = np.tanh(X @ W1)
        e = h @ W2 - T
        dW1, dW2 = X.T @ (e @ W2.T * (1 - h**2)), h.T @ e
        W1 -= 1e-3 * dW1
        W2 -= 1e-3 * dW2


def test_a_loop_without_end_is_left_when_its_step_is_over():
    report = mg.debug(endless, loss, numbers(), step=2)
    assert report.ok
    assert report.number == 2


def test_whoever_was_tracing_traces_on():
    seen = []

    def tracer(frame, event, _value):
        seen.append((frame.f_code.co_name, event))  # and None: the lines of a call are not asked for, there are millions

    def after():
        return 1

    earlier = sys.gettrace()
    sys.settrace(tracer)
    try:
        mg.debug(wrong, loss, numbers(), budget=0.5)
        now = sys.gettrace()
        after()
    finally:
        sys.settrace(earlier)
    assert now is tracer
    assert ("after", "call") in seen


def elsewhere(X, T, first, second):
    h = np.tanh(X @ first)
    e = h @ second - T
    return X.T @ (e @ second.T * (1 - h**2)), h.T @ e


def test_what_is_called_otherwise_is_bound_by_its_numbers_and_a_wrong_bind_is_told():
    X = numbers()[0]
    square = np.eye(3) + X[:3], np.eye(3) + X[3:], X[:, :3]
    for args in (numbers(), (X, square[2], square[0], square[1])):  # the shapes alone would not tell the squares apart
        report = mg.debug(elsewhere, loss, args)
        assert report.ok
        assert report.bound["W1"] == "first in elsewhere"
        assert report.bound["W2"] == "second in elsewhere"
        assert "W1 = first, W2 = second: bound by the numbers of the forward pass" in str(report)
    assert mg.debug(elsewhere, loss, numbers(), bind={"W1": "first", "W2": "second"}).ok
    with pytest.raises(BindingError, match="bind names V, but the model's arguments are X, T, W1, W2"):
        mg.debug(elsewhere, loss, numbers(), bind={"V": "first"})
    with pytest.raises(BindingError, match="is not an expression"):
        mg.debug(elsewhere, loss, numbers(), bind={"W1": "first[", "W2": "second"})


def two_of_a_name(X, T, old, new):
    h = np.tanh(X @ new["W1"])
    e = h @ new["W2"] - T
    return old["W1"].sum(), X.T @ (e @ new["W2"].T * (1 - h**2)), h.T @ e


def test_an_ambiguous_name_is_refused_with_the_candidates():
    X, T, W1, W2 = numbers()
    with pytest.raises(BindingError, match=r"W1 could be old\['W1'\], new\['W1'\]"):
        mg.debug(two_of_a_name, loss, (X, T, {"W1": 2 * W1, "W2": 2 * W2}, {"W1": W1, "W2": W2}))


def test_the_users_own_error_is_raised_as_it_is():
    def broken(X, T, W1, W2):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        mg.debug(broken, loss, numbers())


def checks_itself(X, T, W1, W2):
    return mg.debug(wrong, loss, (X, T, W1, W2))


def test_code_that_calls_debug_itself_is_refused():
    with pytest.raises(RuntimeError, match="calls debug itself"):
        mg.debug(checks_itself, loss, numbers())
    assert mg.debug(elsewhere, loss, numbers()).ok, "afterwards debug can be called again"


def generator(X, T, W1, W2):
    yield X


def test_code_without_source_is_judged_but_no_line_is_named():
    namespace = {"np": np}
    text = "def train(X, T, W1, W2):\n    W2 -= 0.1 * np.tanh(X @ W1).T @ (np.tanh(X @ W1) @ W2 + T)\n"
    exec(compile(text, "<nowhere>", "exec"), namespace)  # Python 3.13 knows the source of "<string>" under `python -c`
    report = mg.debug(namespace["train"], loss, numbers())
    assert report.word == "CANNOT JUDGE"
    assert report.findings == []
    assert "source of the program cannot be read" in str(report)


def fails_half_way(X, T, W1, W2):
    h = np.tanh(X @ W1)
    e = h @ W2 - T
    dW2 = h.T @ e
    dW1 = X.T @ (e @ W2.T * (1 - T**2))
    return dW1, dW2


def test_code_that_fails_half_way_is_not_called_right():
    report = mg.debug(fails_half_way, loss, numbers())
    assert report.gradients["W2"].ok
    assert not report.ok
    assert report.word == "CANNOT JUDGE"
    assert str(report).startswith("CANNOT JUDGE; NOT CHECKED (W1): fails_half_way")
    assert "the code stopped with ValueError: operands could not be broadcast" in str(report)
    assert "test_capture.py:" in str(report)


def only_one(X, T, W1, W2):
    return {"W2": np.tanh(X @ W1).T @ (np.tanh(X @ W1) @ W2 - T)}


def test_what_was_not_checked_is_said_in_the_first_line():
    report = mg.debug(only_one, loss, numbers())
    assert not report.ok
    assert list(report.verdict.unchecked) == ["W1"]
    assert report.word == "NOT CHECKED"
    assert str(report).startswith("NOT CHECKED (W1): only_one")


def test_a_model_that_is_no_loss_is_refused():
    with pytest.raises(ModelError, match="a loss is a single number"):
        mg.debug(elsewhere, lambda X, first: X @ first, numbers())
    with pytest.raises(ModelError, match="write its arguments out"):
        mg.debug(elsewhere, lambda *args: 0, numbers())
    with pytest.raises(TypeError, match="must be a function"):
        mg.debug(3, loss, numbers())
    with pytest.raises(TypeError, match=r"is a generator, .* lambda \*args: list\(generator\(\*args\)\)"):
        mg.debug(generator, loss, numbers())
    with pytest.raises(TypeError, match="args must be a tuple"):
        mg.debug(wrong, loss, numbers()[0])


def test_an_index_names_values_adjoints_rows_and_entries_and_nothing_else():
    X, T, W1, W2 = numbers()
    index = Index(references(evaluate(loss, {"X": X, "T": T, "W1": W1, "W2": W2})))
    h = np.tanh(X @ W1)
    delta = h @ W2 - T
    assert "tanh" in str(index.match(h))
    assert index.match(0.1 * (delta @ W2.T)).scale == pytest.approx(0.1)
    assert index.match((h.T @ delta).T).transposed
    assert index.match(h[2]).note == "[2, :]"
    assert index.match(np.array(h[2, 1])).note == "[2, 1]"
    assert index.match(2 * h) is None  # a value with a factor is another value
    assert index.match(h + 1e-6) is None
    assert index.match(np.ones((6, 4))) is None


def test_numbers_that_occur_by_habit_are_not_generic():
    assert not is_generic(np.array([0.0, 1.0, -2.0, 0.5, 0.1, 3.25])).any()
    assert is_generic(np.array([0.1234567, -1.7320508, 2.2360679])).all()


def test_refill_writes_in_place():
    nest = [[1.0, 2.0], [3.0, 4.0]]
    inner = nest[0]
    assert refill(nest, np.array([[5.0, 6.0], [7.0, 8.0]]))
    assert inner == [5.0, 6.0]
    array = np.zeros(3)
    assert refill(array, np.arange(3.0))
    assert array.tolist() == [0.0, 1.0, 2.0]
    assert not refill(1.0, np.array(2.0))
