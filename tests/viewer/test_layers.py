"""What the page folds: a layer, a loop, and the middle of a long list. Folding makes no cycle."""

import numpy as np
import pytest
from viewer_graphs import GRAPHS

from microgradnp.viewer.contents import contents_of
from microgradnp.viewer.layers import longest_run
from microgradnp.viewer.visible import visible


def data_of(name: str) -> dict:
    return contents_of(GRAPHS[name](), {}).data


def groups(data: dict, kind: str) -> list[dict]:
    return [row for row in data["groups"] if row["kind"] == kind]


def test_a_product_with_its_bias_and_its_activation_is_one_box():
    data = data_of("mlp")
    found = {row["title"]: row["lines"] for row in groups(data, "layer")}
    assert found["h1"] == ["sigmoid(x @ W1 + b1)", "32x8 → 32x16", "W1 8x16, b1 16"]
    assert found["y"] == ["h2 @ W3 + b3", "32x16 → 32x2", "W3 16x2, b3 2"]
    assert found["loss"][0] == "mean((y - t)**2)"
    outer = [row["title"] for row in data["groups"] if row["kind"] == "layer"]
    assert outer == ["h1", "h2", "y", "loss"]
    leaves = {data["nodes"][k][1] for k, group in enumerate(data["member"]) if group is None}
    assert leaves == {"t"}  # x stands in the section with the layer that uses it; the parameters are inside


def test_time_steps_are_one_box_that_shows_each_round():
    data = data_of("lstm")
    (run,) = groups(data, "run")
    assert run["title"] == "t = 0 .. 11"
    assert run["lines"][0] == "h = o * tanh(c)"
    assert len(run["rounds"]) == 12
    titles = [data["groups"][group]["title"] for group, _ in run["rounds"]]
    assert titles == [f"t = {k}" for k in range(12)]
    ends = [data["nodes"][end][1] for _, end in run["rounds"]]
    assert ends == [f"h #{k}" for k in range(1, 13)]  # a round ends where the loop's body does
    inside = [row["title"] for row in data["groups"] if row["parent"] == run["rounds"][3][0]]
    assert "h" in inside or any(row["kind"] == "section" for row in groups(data, "section"))


def test_equal_steps_that_do_not_follow_each_other_are_no_loop():
    assert not groups(data_of("branches"), "run")


def test_a_module_that_holds_one_layer_is_that_layer():
    data = data_of("module")
    assert [(row["title"], row["tag"]) for row in groups(data, "layer")][:2] == [("layer1", "v4"), ("layer2", "v7")]
    assert [row["title"] for row in groups(data, "module")] == ["mlp"]


@pytest.mark.parametrize("name", list(GRAPHS))
def test_no_state_of_the_page_has_a_cycle(name):
    """Every group closed alone, all closed, and all of one depth."""
    data = data_of(name)
    every = range(len(data["groups"]))
    depth: list[int] = []
    for row in data["groups"]:
        depth.append(0 if row["parent"] is None else depth[row["parent"]] + 1)
    states = [list(every), *([g] for g in list(every)[:60]), *([g for g in every if depth[g] == d] for d in set(depth))]
    for closed in states:
        seen = visible(data, closed)
        assert len(set(seen.items)) == len(seen.items)
        covered = sum(1 for item in seen.items if item >= 0) + sum(covers(data, -1 - item) for item in seen.items if item < 0)
        assert covered == len(data["nodes"])  # no box was lost in a cycle
        assert all(start < end for start, end, _ in seen.edges)


def covers(data: dict, group: int) -> int:
    count = 0
    for around in data["member"]:
        while around is not None and around != group:
            around = data["groups"][around]["parent"]
        count += around == group
    return count


def test_the_longest_run_has_the_smallest_period():
    assert longest_run(np.array([7, 1, 2, 1, 2, 1, 2, 1, 9])) == (1, 8, 2)
    assert longest_run(np.array([1, 2, 3, 4])) is None
    assert longest_run(np.array([1, 1, 1, 1])) == (0, 4, 1)


def test_layers_of_one_name_are_numbered_and_rounds_of_a_loop_are_not():
    titles = [row["title"] for row in data_of("cnn")["groups"] if row["kind"] in ("layer", "module")]
    assert {"conv2d #1", "conv2d #2", "maxpool #1", "maxpool #2", "linear"} <= set(titles)
    rounds = [row["title"] for row in data_of("lstm")["groups"] if row["kind"] == "layer"]
    assert rounds.count("h") == 12
