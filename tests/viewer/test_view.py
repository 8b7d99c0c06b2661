"""The page's contents: what it is told of a graph, its sweep, hand-written gradients and a training."""

import ast
import base64
import hashlib
import inspect
import itertools
import json
import re
import subprocess
import sys
from html import unescape
from importlib import resources

import numpy as np
import pytest
from viewer_graphs import GRAPHS

import microgradnp as mg
from microgradnp.derivation.backward import backward_pass
from microgradnp.drawing import layered, rooms
from microgradnp.inspection import heatmap
from microgradnp.viewer.page import safe_json
from microgradnp.viewer.visible import MOST_VISIBLE, placed, size_of, visible

rng = np.random.default_rng(3)
NAME, KIND, SHAPE = 1, 2, 3


def data_of(page) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page.html, re.S)[1])


def network():
    x, targets = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    W = mg.Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W")
    V = mg.Tensor(rng.normal(size=(3, 2)), requires_grad=True, name="V")
    h = mg.sigmoid(x @ W)
    y = h @ V
    h.name, y.name = "h", "y"
    return 0.5 * mg.sse(y, targets) + np.sum(W**2), {"x": x, "targets": targets, "W": W, "V": V, "h": h, "y": y}


def numbered(data: dict) -> dict[str, int]:
    return {row[NAME]: k for k, row in enumerate(data["nodes"])}


# -------------------------------------------------------------------------------------------------- heat maps


def test_a_heat_map_keeps_a_spike_among_a_million_entries():
    array = np.zeros((1000, 1000))
    array[437, 912] = -3.0
    cells = heatmap.unpacked(heatmap.packed(array))
    assert cells.shape == (28, 28)
    assert cells.min() == -3.0
    assert np.count_nonzero(cells) == 1


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (28, 28), (29, 57), (2, 3, 4), (100, 1)])
def test_a_packed_map_is_right_to_a_thirtieth(shape):
    array = rng.normal(size=shape)
    packed = heatmap.packed(array)
    cells = heatmap.unpacked(packed)
    expected = heatmap.reduced(heatmap.as_rows(array), heatmap.MOST_CELLS)
    np.testing.assert_allclose(cells, expected, atol=np.abs(array).max() / 59)
    np.testing.assert_allclose(
        [packed["min"], packed["max"], packed["mean"]], [array.min(), array.max(), array.mean()], rtol=1e-5
    )
    np.testing.assert_allclose(packed["norm"], np.linalg.norm(array), rtol=1e-5)
    assert len(packed["q"]) == cells.size


def test_what_is_not_finite_is_counted_and_wins_its_cell():
    array = rng.normal(size=(60, 60))
    array[0, 0], array[30, 30], array[59, 59], array[59, 58] = np.nan, np.inf, -np.inf, np.nan
    packed = heatmap.packed(array)
    cells = heatmap.unpacked(packed)
    assert (packed["nan"], packed["inf"]) == (2, 2)
    assert np.isnan(cells[0, 0])
    assert cells[10, 10] == np.inf
    assert not np.isfinite(cells[-1, -1])
    assert np.isfinite([packed["min"], packed["max"], packed["mean"], packed["norm"]]).all()


@pytest.mark.parametrize("scale", [1e-300, 1e300, 1.7e308, 0.0])
def test_extreme_numbers_neither_overflow_nor_vanish(scale):
    array = scale * np.array([[1.0, -0.5], [0.25, 0.0]])
    cells = heatmap.unpacked(heatmap.packed(array))
    np.testing.assert_allclose(cells, array, atol=scale / 59)
    many = mg.Tensor(scale * np.ones(100), name="many")  # their norm may be too large for a number
    assert json.dumps(data_of(mg.view(many * 1.0)), allow_nan=False)


def test_complex_numbers_are_shown_by_magnitude_and_text_not_at_all():
    packed = heatmap.packed(np.array([3 + 4j, 0]))
    assert (packed["of"], packed["max"]) == ("magnitudes", 5.0)
    assert heatmap.packed(np.array(["a"])) is None
    assert heatmap.packed(np.zeros((0, 3))) is None


# ----------------------------------------------------------------------------------------------------- contents


def test_nodes_edges_names_and_places():
    loss, _ = network()
    data = data_of(mg.view(loss))
    number = numbered(data)
    assert data["nodes"][number["W"]][KIND:4] == ["parameter", [4, 3]]
    assert data["nodes"][-1][KIND] == "loss"
    assert {"W", "V", "x", "h", "targets"} <= set(data["code"])
    assert len(set(data["code"])) == len(data["nodes"])
    place = data["places"][data["nodes"][number["h"]][5]]
    assert place[0] == "test_view.py"
    assert place[3] == "h = mg.sigmoid(x @ W)"
    assert all(source < target for source, target, _ in data["edges"])


def test_the_steps_are_those_of_the_sweep_and_touch_no_gradient():
    loss, tensors = network()
    data = data_of(mg.view(loss))
    assert tensors["W"].grad is None
    number, steps = numbered(data), data["steps"]
    assert steps[0][0] == len(data["nodes"]) - 1
    complete = {len(data["nodes"]) - 1}
    given = {}
    for node, shares in steps:  # a gradient is handed on only when it is complete
        assert node in complete
        for argument, _, term, *_ in shares:
            given[argument] = given.get(argument, 0) + 1
            assert term == given[argument]
            if term == data["terms"].get(str(argument), 1):
                complete.add(argument)
    assert data["terms"] == {str(number["W"]): 2}
    loss.backward()
    for name in "WV":
        np.testing.assert_allclose(np.ravel(tensors[name].grad), data["grads"][number[name]]["x"], rtol=1e-5)


def test_a_partial_sum_is_the_first_share():
    loss, tensors = network()
    data = data_of(mg.view(loss))
    shares = [share for _, step in data["steps"] for share in step if share[0] == numbered(data)["W"]]
    assert [share[2] for share in shares] == [1, 2]
    assert shares[1][4] is None
    first = np.array(shares[0][4]["x"]).reshape(4, 3)
    of_the_penalty = 2 * tensors["W"].numpy()
    loss.backward()
    of_the_error = tensors["W"].grad - of_the_penalty
    penalty_comes_first = "2 *" in shares[0][3][-1]
    np.testing.assert_allclose(first, of_the_penalty if penalty_comes_first else of_the_error, rtol=1e-4)


A, B = rng.normal(size=(4, 3)), rng.normal(size=(4, 1))
# Name -> (x, a loss that uses x several times, the share of each use, worked out by hand).
SHARED = {
    "two uses": (rng.normal(size=(2, 3)), lambda x: np.sum(3 * x) + np.sum(x**2), lambda x: [3 + 0 * x, 2 * x]),
    "three uses": (
        rng.normal(size=(2, 3)),
        lambda x: np.sum(3 * x) + np.sum(x**2) + np.sum(np.sin(x)),
        lambda x: [3 + 0 * x, 2 * x, np.cos(x)],
    ),
    "one call, both arguments": (rng.normal(size=5), lambda x: np.sum(x * x), lambda x: [x, x]),
    "broadcast": (
        rng.normal(size=3),
        lambda x: np.sum(x * A) + np.sum(x * B) + np.sum(np.sin(x)),
        lambda x: [A.sum(axis=0), B.sum() + 0 * x, np.cos(x)],
    ),
    "broadcast, kept axis": (
        rng.normal(size=(1, 3)),
        lambda x: np.sum(x * A) + np.sum(x + B) + np.sum(x**2),
        lambda x: [A.sum(axis=0, keepdims=True), 4 + 0 * x, 2 * x],
    ),
    "a scalar": (np.array(0.7), lambda x: np.sum(x * A) + x**2 + np.sin(x), lambda x: [A.sum(), 2 * x, np.cos(x)]),
}


@pytest.mark.parametrize("name", SHARED)
def test_a_running_sum_has_all_shares_so_far(name):
    values, make, shares_of = SHARED[name]
    x = mg.Tensor(values, requires_grad=True, name="x")
    loss = make(x)
    sums = [share.so_far for _, step in backward_pass(loss).steps for share in step if share.argument is x]
    left = shares_of(values)
    assert len(sums) == len(left)
    for share in [after - before for before, after in itertools.pairwise([0 * values, *sums])]:  # in the order of the sweep
        known = next(k for k, other in enumerate(left) if np.shape(other) == share.shape and np.allclose(share, other))
        left.pop(known)
    data = data_of(mg.view(loss))
    maps = [share[4] for _, step in data["steps"] for share in step if share[0] == numbered(data)["x"]]
    assert maps[-1] is None  # the page takes the gradient itself
    for shown, expected in zip(maps[:-1], sums, strict=False):
        np.testing.assert_allclose(shown["x"], expected.ravel(), rtol=1e-5)


def test_a_variable_that_is_called_like_a_function_has_another_name_in_the_lines():
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="np")
    sse = mg.sse(x, np.array([0.0, 1.0]))
    sse.name = "sse"
    data = data_of(mg.view(sse * 1.0))
    assert data["forward"][str(numbered(data)["sse"])] == [f"sse_2 = sse(np_2, {data['code'][1]})"]


def test_a_rule_without_a_text_leaves_a_gap_and_no_error():
    @mg.primitive
    def looked(a):
        return a * 2

    mg.rule(looked, lambda g, y, a: g * 2 if float(np.sum(a)) > -1e9 else g)
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    data = data_of(mg.view(np.sum(looked(x))))
    assert np.allclose(data["grads"][numbered(data)["x"]]["x"], 2)


def test_without_a_gradient_the_values_are_shown():
    x = mg.Tensor(np.ones((2, 2)), requires_grad=True, name="x")
    assert "no scalar but has shape (2, 2)" in data_of(mg.view(x * 2))["noGradient"]
    assert "requires a gradient" in data_of(mg.view(mg.Tensor([1.0]) * 2))["noGradient"]
    assert data_of(mg.view(x * 2))["steps"] == []


def test_errors_say_what_to_do(tmp_path):
    loss, tensors = network()
    with pytest.raises(TypeError, match="view: needs a Tensor, got float"):
        mg.view(1.0)
    with pytest.raises(FileNotFoundError, match=r"view: the folder .* does not exist"):
        mg.view(loss, tmp_path / "no" / "graph.html")
    with pytest.raises(ValueError, match='view: direction must be "TB"'):
        mg.view(loss, direction="down")
    with pytest.raises(ValueError, match="engine must be"):
        mg.view(loss, engine="neato")
    with pytest.raises(KeyError, match="view: no Tensor of this graph is called Q"):
        mg.view(loss, hand_written={"Q": 1})
    with pytest.raises(ValueError, match="kept no snapshots"):
        mg.view(loss, fit=mg.fit(lambda: np.sum(tensors["W"] ** 2), tensors["W"], iterations=1))
    with pytest.raises(ValueError, match="cannot compare gradients: it is no scalar"):
        mg.view(tensors["h"], hand_written={"W": 1})
    loss.backward()
    with pytest.raises(ValueError, match=r"view: the graph of .* was freed by backward"):
        mg.view(loss)


def test_a_page_is_small_and_the_same_each_time(tmp_path):
    loss, _ = network()
    page = mg.view(loss, tmp_path / "graph.html", engine="builtin")
    assert page.path == tmp_path / "graph.html"
    assert page.path.read_text() == page.html
    assert page.path.stat().st_size < 120_000
    assert mg.view(loss, engine="builtin").html == page.html
    assert repr(page).endswith(f"page of a graph of {page.nodes} nodes, {len(page.html.encode()) / 1000:,.0f} kB>")
    assert re.findall(r"\w+://[^\s\"]+", page.html) == [
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1998/Math/MathML",
    ]  # the names of formats, not addresses


def test_the_page_of_a_large_network_is_below_120_kb():
    model = mg.nn.MLP([784, 512, 10], rng=0)
    page = mg.view(mg.cross_entropy(model(rng.normal(size=(512, 784))), rng.integers(0, 10, 512)))
    assert len(page.html.encode()) < 120_000


def test_pages_of_a_small_network_are_small():
    loss = GRAPHS["mlp"]()
    assert len(mg.view(loss).html.encode()) < 120_000
    assert len(mg.view(loss, live=True).html.encode()) < 160_000


def test_a_graph_too_large_is_not_live():
    big = mg.Tensor(np.zeros(2_000_001), requires_grad=True)
    data = data_of(mg.view(np.sum(big), live=True))
    assert "2,000,001 numbers in its leaves" in data["notLive"]
    assert "live" not in data


def test_a_page_that_computes_has_the_exact_numbers_of_its_leaves():
    loss, tensors = network()
    live = data_of(mg.view(loss, live=True))["live"]
    sent = [np.frombuffer(base64.b64decode(text)) for _, text in live["leaves"]]
    for expected in (tensors["x"], tensors["targets"], tensors["W"].numpy(), tensors["V"].numpy()):
        assert any(np.array_equal(array, expected.ravel()) for array in sent)


HOSTILE = "</script><script>hacked=1</script><!--\"'`${}\u2028\\" + "x" * 10_000


def test_text_of_the_users_cannot_end_the_data():
    text = safe_json({"a": HOSTILE, "b": "\ud800"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["a"] == HOSTILE


def test_a_title_is_escaped_and_every_page_can_be_written_to_a_file():
    x = mg.Tensor(1.0, requires_grad=True, name="</title><script>hacked=1</script>\ud800")
    page = mg.view(x)
    assert page.html.count("<script") == 2  # the data, and our own
    assert "<title>&lt;/title&gt;&lt;script&gt;" in page.html
    assert page.html.encode().decode() == page.html


def test_the_browser_runs_our_script_and_no_other():
    html = mg.view(in_modules()).html
    script = re.search(r"<script>(.*?)</script>", html, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = unescape(re.search(r'Content-Security-Policy" content="(.*?)"', html)[1])
    assert f"script-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy


def test_a_notebook_shows_a_tensor_before_the_viewer_was_asked_for():
    code = "import sys, microgradnp as mg; x = mg.Tensor([[1.0, 2.0]]); before = 'microgradnp.viewer.shown' in sys.modules"
    show = "print(before, '<svg' in x._repr_mimebundle_()['text/html'])"
    done = subprocess.run([sys.executable, "-c", f"{code}; {show}"], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False True"


def test_importing_it_loads_no_templates():
    imports = "import sys, microgradnp.viewer.view, microgradnp.debugger.report.page"
    code = f"{imports}; print({{'jinja2', 'markupsafe'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


def test_arrays_that_hold_text_are_shown_as_text():
    @mg.primitive
    def labelled(a, names):
        return a * len(names)

    mg.rule(labelled, lambda g, y, a, names: g * len(names), None)
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    loss = np.sum(labelled(x, np.array([HOSTILE, "b"])))
    data = data_of(mg.view(loss))
    assert any("</script>" in value.get("text", "") for value in data["values"])
    assert mg.draw(loss).source


# ------------------------------------------------------------------------------------------------------ overlay


def test_hand_written_gradients_are_judged_and_the_first_wrong_one_is_found():
    loss, tensors = network()
    values = {name: t if isinstance(t, np.ndarray) else t.numpy() for name, t in tensors.items()}
    dy = values["y"] - values["targets"]
    dh = dy @ values["V"].T
    hand = {"y": dy, "V": values["h"].T @ dy, "h": 2 * dh, "W": values["x"].T @ dh}
    data = data_of(mg.view(loss, hand_written=hand))
    number = numbered(data)
    verdicts = {name: data["over"][str(number[name])]["ok"] for name in ("V", "h", "W")}
    assert verdicts == {"V": True, "h": False, "W": False}
    assert data["first"] == number["h"]
    assert "a factor 2" in data["over"][str(number["h"])]["says"]
    right = {"V": values["h"].T @ dy, "h": dh}
    data = data_of(mg.view(loss, hand_written=right))
    assert data["first"] is None
    assert all(mark["ok"] for mark in data["over"].values())


# ---------------------------------------------------------------------------------------------- what is visible


def in_modules():
    model = mg.nn.MLP([4, 3, 3, 2], rng=0)
    return mg.sse(model(rng.normal(size=(5, 4))), rng.normal(size=(5, 2)))


def test_a_closed_module_is_one_box_and_edges_lead_to_it():
    data = data_of(mg.view(in_modules()))
    everything = visible(data, [])
    assert everything.items == sorted(everything.items)
    outer = [g for g, row in enumerate(data["groups"]) if row["parent"] is None]
    folded = visible(data, outer)
    assert sum(item < 0 for item in folded.items) == len(outer)
    assert folded.groups == []
    reached = {folded.items[end] for _, end, _ in folded.edges}
    assert -1 - outer[0] in reached
    assert len({(a, b) for a, b, _ in folded.edges}) == len(folded.edges)


@pytest.mark.parametrize("module", [layered, rooms])
def test_the_layout_of_the_page_has_the_functions_and_numbers_of_python(module):
    """One algorithm in two languages: `hops_of` here is `hopsOf` there. A browser compares what they compute."""
    name = module.__name__.rpartition(".")[2]
    script = resources.files("microgradnp.viewer").joinpath("page", f"{name}.js").read_text(encoding="utf-8")
    tree = ast.parse(inspect.getsource(module))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)} - {"__init__", "layout"}
    for function in functions:
        camel = re.sub(r"_(\w)", lambda found: found[1].upper(), function)
        assert re.search(rf"^ *(function {camel}|{camel})\(.*{{$|\b{camel} = \(", script, re.M), camel
    numbers = dict(re.findall(r"\b([A-Z_]+) = ([\d.]+)", script))
    assert numbers
    assert {key: float(number) for key, number in numbers.items()} == {key: getattr(module, key) for key in numbers}


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_boxes_that_are_visible_do_not_overlap(direction):
    data = data_of(mg.view(in_modules()))
    for closed in ([], [0], [1, 2]):
        layout = placed(data, closed, direction, "builtin")
        seen = visible(data, closed)
        sizes = [size_of(data, item) for item in seen.items]
        for i, ((x, y), (w, h)) in enumerate(zip(layout["boxes"], sizes, strict=True)):
            for (u, v), (a, b) in list(zip(layout["boxes"], sizes, strict=True))[:i]:
                assert x >= u + a or u >= x + w or y >= v + b or v >= y + h


def test_a_graph_too_large_to_draw_is_left_to_the_page():
    h = mg.Tensor(np.ones(2), requires_grad=True)
    for _ in range(MOST_VISIBLE):
        h = np.tanh(h)
    data = data_of(mg.view(np.sum(h)))
    assert data["layout"] is None
    assert len(data["nodes"]) == MOST_VISIBLE + 2


# ------------------------------------------------------------------------------------------------------ notebook


def test_a_tensor_shows_its_picture_and_a_heat_map():
    x = mg.Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="<x>")
    y = np.sum(x**2)
    y.backward(retain_grads=True)
    shown = y._repr_mimebundle_()
    assert shown["text/plain"] == repr(y)
    assert "<svg" in shown["text/html"]
    leaf = x._repr_mimebundle_()["text/html"]
    assert "&lt;x&gt;" in leaf
    assert "<x>" not in leaf
    assert leaf.count("<svg") == 2  # value and gradient


@pytest.mark.parametrize("make", [lambda: mg.Tensor([]), lambda: mg.Tensor(1), lambda: mg.Tensor([np.nan, 1.0])])
def test_every_tensor_shows_something(make):
    assert make()._repr_mimebundle_()["text/html"]


def test_a_tensor_of_a_large_or_freed_graph_says_so():
    h = mg.Tensor(np.ones(2), requires_grad=True)
    for _ in range(100):
        h = np.tanh(h)
    assert "a graph of 101 nodes" in h._repr_mimebundle_()["text/html"]
    loss = np.sum(h)
    loss.backward()
    assert loss._repr_mimebundle_()["text/html"]


def test_a_page_shows_itself_in_a_frame_of_its_own():
    shown = mg.view(in_modules())._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert "<script" not in shown
