"""A recorded run is the run, to the last bit; the graph is all that it did; and nothing of the user's is changed."""

import os
import random
import time
from pathlib import Path

import numpy as np
import pytest
from debugger import programs

from microgradnp.core import origin
from microgradnp.debugger.record import calls
from microgradnp.debugger.record.flow import flow
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.record import NotRecordedError, record
from microgradnp.debugger.record.replay import replay
from microgradnp.debugger.record.world import World

HERE = Path(__file__).parent
FEATURES = programs.load("recorded", "features")
NAMES = sorted(name for name in vars(FEATURES) if name.startswith("f_"))
SPLITS = ("dev", "hidden", "wide", "unseen", "right_only", "held_out")
CORPUS = [HERE / "programs" / split / f"{name}.py" for split in SPLITS for name in programs.names(split)]
CORPUS += [path for folder in ("bugs", "bugs_held_out") for path in sorted((HERE / folder).glob("*.py"))]
MOST = 20_000


def data(seed=0):
    return np.random.default_rng(seed).normal(size=(3, 4))


@pytest.mark.parametrize("name", NAMES)
def test_what_numpy_and_python_offer_is_recorded(name):
    pytest.importorskip("scipy") if name == "f_scipy" else None
    function = getattr(FEATURES, name)
    made = record(function, (data(),))
    assert made.finished
    assert (made.error is None) == (name != "f_raise")
    found = flow(World(function, (data(),), {}), made, MOST)
    assert found.lost is None
    assert found.checked == 1


@pytest.mark.parametrize("path", CORPUS, ids=[path.stem for path in CORPUS])
def test_programs_are_recorded(path):
    module = programs.load("record", path.stem, path)
    args, kwargs = module.make(np.random.default_rng(11))
    made = record(module.train, args, kwargs, most=MOST)
    assert made.finished == (len(made.nodes) < MOST)
    assert not [node for node in made.nodes if node.kind == "loose"]


# ------------------------------------------------------------------------------------------------------- places


def two_layers(x, w, v):
    h = np.tanh(x @ w); d = h @ v - 1.0; e = (d @ v.T) * (1 - h**2)  # fmt: skip # noqa: E702
    return [np.outer(a, b) for a, b in zip(h, d, strict=True)], x.T @ e


def test_each_operation_knows_its_line_and_column():
    x, w, v = data(), data(1).T, data(2)[:, :2]
    made = record(two_layers, (x, w, v))
    line = two_layers.__code__.co_firstlineno + 1
    sites = [node.site for node in made.nodes if node.kind == "operation" and node.site.line == line]
    assert [site.text for site in sites] == [
        "x @ w",
        "np.tanh(x @ w)",
        "h @ v",
        "h @ v - 1.0",
        "v.T",
        "d @ v.T",
        "h**2",
        "1 - h**2",
        "(d @ v.T) * (1 - h**2)",
    ]
    assert [node.site.target for node in made.nodes if node.name in ("tanh", "sub", "mul")][:3] == ["h", "d", None]
    assert {site.statement.position: site.statement.target for site in sites} == {0: "h", 1: "d", 2: "e"}
    assert [node.execution for node in made.nodes if node.name == "outer"] == [0, 1, 2]


def slope(z):
    return z * (1 - z)


def twice(x):
    a = slope(x)
    return slope(a) + [slope(row) for row in a][0]  # noqa: RUF015


def test_an_operation_knows_the_calls_around_it():
    made = record(twice, (data(),))
    calls = [node.call for node in made.nodes if node.name == "mul"]
    assert [call.function for call in calls] == ["slope"] * 5
    assert [call.site.text for call in calls] == ["slope(x)", "slope(a)", *["slope(row)"] * 3]
    assert [call.execution for call in calls] == [0, 0, 0, 1, 2]
    assert [call.function for call in calls[0].chain] == ["twice", "slope"]


# ------------------------------------------------------------------------------------------------------- values


def written(w):
    before = w * 2
    row = w[1]
    row += 1.0
    w[0, 0] = 5.0
    w -= 0.5
    return before, w * 3


def test_a_value_is_what_it_was_before_later_writes():
    x = data()
    made = record(written, (x,))
    leaf = made.leaves["w"]
    assert np.array_equal(leaf.value, x)
    last = next(node for node in reversed(made.nodes) if node.name == "isub")
    expected = x.copy()
    expected[1] += 1.0
    expected[0, 0] = 5.0
    assert np.array_equal(last.parents.__next__().value, expected)
    assert np.array_equal(last.value, expected - 0.5)
    assert made.ends["w"] is last
    row = next(node for node in made.nodes if node.name == "getitem")
    assert np.array_equal(row.value, x[1])


def numbers(lists, rate=0.5):
    total = 0.0
    for row in lists:
        for number in row:
            total += number * number
    lists[0][1] -= rate * total
    return total


def test_nets_of_plain_numbers_are_recorded():
    lists = [[0.5, 0.25], [0.5, 2.0]]
    made = record(numbers, (lists,))
    assert set(made.leaves) == {"lists[0][0]", "lists[0][1]", "lists[1][0]", "lists[1][1]", "numbers.__defaults__[0]"}
    assert made.ends["return"].value == numbers([[0.5, 0.25], [0.5, 2.0]])
    assert made.ends["lists[0][1]"].site.target == "lists[0][1]"
    assert lists == [[0.5, 0.25], [0.5, 2.0]]


# ------------------------------------------------------------------------------------------------------- replay


def branchy(x, w):
    total = 0.0
    for row in x:
        z = row @ w
        if z > 0:
            total += z
    w -= 0.1 * total
    return total


def test_a_replay_with_other_values_is_the_program_with_other_values():
    x, w = data(), np.ones(4)
    made = record(branchy, (x, w))
    other = w * 1.0001
    again = replay(made, {made.leaves["w"]: other})
    assert again.faithful
    moved = other.copy()
    assert again[made.ends["return"]] == branchy(x, moved)
    assert np.array_equal(again[made.ends["w"]], moved)
    assert np.array_equal(made.leaves["w"].value, np.ones(4))


def test_a_replay_says_which_decision_falls_out_differently():
    x, w = data(), np.ones(4)
    made = record(branchy, (x, w))
    again = replay(made, {made.leaves["w"]: -w})
    assert not again.faithful
    assert [node.site.text for node in again.changed] == ["z > 0"] * len(x)


def test_a_value_can_be_put_in_the_middle():
    x, w, v = data(), data(1).T, data(2)[:, :2]
    made = record(two_layers, (x, w, v))
    error = next(node for node in made.nodes if node.site and node.site.target == "e")
    again = replay(made, {error: np.ones((3, 3))})
    assert np.array_equal(again[made.ends["return[1]"]], x.T @ np.ones((3, 3)))
    assert again[made.ends["return[0][0]"]] is made.ends["return[0][0]"].value


def test_what_fails_with_other_values_is_told():
    made = record(two_layers, (data(), data(1).T, data(2)[:, :2]))
    again = replay(made, {made.leaves["w"]: np.ones((7, 7))})
    assert not again.faithful
    with pytest.raises(KeyError):
        again[made.ends["return[1]"]]


# ------------------------------------------------------------------------------------------------------- the user's world

KEPT = {"w": np.ones(3), "n": 1.0}


class Layer:
    rate = 0.5
    calls = []  # noqa: RUF012

    def __init__(self):
        self.w = np.ones(3)

    def step(self, x):
        self.w -= self.rate * x
        Layer.calls.append(1.0)
        Layer.rate = 0.25
        return self.w


def closure():
    inside = Layer()

    def train(x, seen=[]):  # noqa: B006
        print("never shown")
        Path("never_written.txt").write_text("x")
        with open("never_written.txt", "a") as file:
            file.write("y")
        os.environ["NEVER_SET"] = "1"
        seen.append(np.random.rand() + random.random())  # noqa: NPY002
        x += 1.0
        KEPT["w"] *= 2.0
        KEPT["n"] = KEPT["n"] + x[0]
        train.count = 1.0
        return inside.step(x)

    return train, inside


def test_nothing_of_the_user_is_changed(capsys):
    train, inside = closure()
    x = np.arange(3.0)
    numpy_state, python_state = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    record(train, (x,))
    assert np.array_equal(x, np.arange(3.0))
    assert np.array_equal(inside.w, np.ones(3))
    assert np.array_equal(KEPT["w"], np.ones(3))
    assert KEPT["n"] == 1.0
    assert (Layer.rate, Layer.calls) == (0.5, [])
    assert train.__defaults__ == ([],)
    assert not hasattr(train, "count")
    assert not Path("never_written.txt").exists()
    assert "NEVER_SET" not in os.environ
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    assert random.getstate() == python_state
    assert capsys.readouterr().out == ""
    assert "__hooks__" not in globals()
    assert "__hooks__" not in train.__code__.co_names


def escapes(x):
    makes = lambda v: v * 2  # noqa: E731
    return [makes(row) for row in x], makes


def test_functions_made_in_a_recorded_run_work_afterwards():
    made = record(escapes, (data(),))
    assert made.returned[1](3) == 6


# ------------------------------------------------------------------------------------------------------- refusals

STORE = []


def through_a_library(x, hidden=np.ndarray.__setitem__):
    box = np.zeros(3)
    memoryview(box)[1] = float(x[0, 0])
    return box * 2


def test_a_number_that_leaves_the_record_is_noticed():
    with pytest.raises(NotRecordedError, match="the graph gives another value than the run"):
        record(through_a_library, (data(),))


def through_text(x):
    return float(str(float(x[0, 0]))) * x


def test_a_number_that_goes_through_text_is_noticed():
    made = record(through_text, (data(),))
    lost = flow(World(through_text, (data(),), {}), made, MOST).lost
    assert lost is not None
    assert lost.site.text == "float(str(float(x[0, 0])))"


def clock(x):
    return x * 2, time.perf_counter_ns()


def test_a_run_that_is_never_the_same_is_refused():
    with pytest.raises(NotRecordedError, match=r"return\[1\] differs between a plain run and the recorded one"):
        record(clock, (data(),))


def test_code_without_source_is_refused():
    space = {"np": np}
    exec(compile("def train(x): return np.tanh(x)", "<nowhere>", "exec"), space)
    with pytest.raises(NotRecordedError, match="source"):
        record(space["train"], (data(),))


def forever(x):
    while True:
        x = x * 0.5


def test_a_long_run_is_cut():
    made = record(forever, (data(),), most=100)
    assert not made.finished
    assert len(made.nodes) in range(100, 105)
    assert all(isinstance(node, Node) for node in made.nodes)


def test_an_error_of_the_program_is_kept():
    made = record(FEATURES.f_raise, (data(),))
    assert made.error.startswith("IndexError: index 10 is out of bounds")
    assert made.error.endswith(")")


def test_the_story_is_the_users_code_where_the_package_is_installed(monkeypatch):
    monkeypatch.setattr(calls, "LIBRARIES", (origin.PACKAGE,))
    calls.is_user_file.cache_clear()
    try:
        assert calls.is_user_file(f"{origin.STORY}story.py")
        assert not calls.is_user_file(f"{origin.PACKAGE}core/tensor.py")
    finally:
        calls.is_user_file.cache_clear()
