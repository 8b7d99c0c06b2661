"""What a picture says: names, numbers, kinds, groups, errors; and how it gets into a file."""

import importlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path

import graphviz
import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core import graph
from microgradnp.drawing.draw import GraphvizMissing, draw, engines, render
from microgradnp.drawing.numbers import lines_of, number, statistics
from microgradnp.drawing.svg import LIGHT_KINDS
from microgradnp.drawing.text import cells, clean, shorten

engine = importlib.import_module("microgradnp.drawing.engine")
SVG = "{http://www.w3.org/2000/svg}"
ANY_ENGINE = shutil.which("dot") or find_spec("pygraphviz")
NASTY = 'a"b\\n\\\\\\N <script>alert(1)</script> & ]]> \x00\x1b[31m \u202e übel 変数 \ud800 ' + "y" * 10_000


def boxes(drawing):
    """The boxes of a picture by name."""
    return {box.name: box for box in drawing.picture.boxes}


def parameter(value, name=None):
    return mg.Tensor(value, requires_grad=True, name=name)


@pytest.fixture
def no_graphviz(monkeypatch):
    """A machine without Graphviz, in a process that has not been told yet."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(engine, "told", set())


# ------------------------------------------------------------------------------------------------- numbers


def test_few_numbers_are_written_out():
    assert lines_of([("value", np.array(19.76831)), ("grad", np.array(1.0))]) == ["value  19.7683", "grad   1"]
    assert lines_of([("value", np.array([0.5, -1.25]))]) == ["value  [0.5 -1.25]"]
    assert lines_of([("value", np.array([[1.0, 20.0], [300.0, 4.0]]))]) == ["value  [  1  20]", "       [300   4]"]
    assert lines_of([("value", np.array([True, False]))]) == ["value  [True False]"]
    assert lines_of([("value", np.array([1 + 2j]))]) == ["value  [1+2j]"]
    assert lines_of([("value", np.zeros((0, 3)))]) == ["value  empty"]


def test_many_numbers_become_statistics():
    rng = np.random.default_rng(0)
    value, grad = rng.normal(size=(20, 3)), rng.normal(size=(20, 3)) * 1e-5
    lines = lines_of([("value", value), ("grad", grad)])
    assert lines[0].split() == ["min", "mean", "max", "norm"]
    for line, array in zip(lines[1:], (value, grad), strict=True):
        shown = [float(word) for word in line.split()[1:]]
        expected = [min(array.ravel()), sum(array.ravel()) / 60, max(array.ravel()), sum(x * x for x in array.ravel()) ** 0.5]
        assert shown == pytest.approx(expected, rel=0.05)
    assert len({len(line) for line in lines}) == 1, "columns are aligned"


def test_non_finite_numbers_are_counted_and_left_out():
    array = np.arange(10.0)
    array[[2, 5, 7]] = np.nan, np.inf, -np.inf
    found = statistics(array)
    rest = [0.0, 1, 3, 4, 6, 8, 9]
    assert (found["min"], found["max"], found["missing"]) == (0, 9, 3)
    assert found["mean"] == pytest.approx(sum(rest) / 7)
    assert lines_of([("value", array)])[-1] == "value: 3 of 10 not finite"
    lost = lines_of([("grad", np.full(8, np.nan))])
    assert lost[1].split() == ["grad", "-", "-", "-", "-"]
    assert lost[2] == "grad: 8 of 8 not finite"


@pytest.mark.parametrize(
    ("array", "norm"),
    [
        (np.full(9, 1e300), 3e300),
        (np.full(9, 1e-300), 3e-300),
        (np.full(9, 3e38, np.float32), 9e38),
        (np.full(9, 200, np.uint8), 600.0),
    ],
)
def test_statistics_do_not_overflow(array, norm):
    found = statistics(array)
    assert found["norm"] == pytest.approx(norm, rel=1e-6)
    assert found["mean"] == pytest.approx(float(array[0]), rel=1e-6)


def test_statistics_of_complex_numbers_are_of_magnitudes():
    lines = lines_of([("value", np.full(9, 3 + 4j))])
    assert lines[0].split() == ["min|·|", "mean|·|", "max|·|", "norm"]
    assert lines[1].split() == ["value", "5", "5", "5", "15"]


@pytest.mark.parametrize("x", [0.0, -0.5, 1234.5, 999_999.4, 1e6, 1e-5, 123456789, 1e300, np.float32(0.1), 7, -12])
def test_a_number_is_written_to_two_digits_at_least(x):
    assert float(number(x)) == pytest.approx(float(x), rel=0.05)
    assert len(number(x)) <= 10


# --------------------------------------------------------------------------------------------------- boxes


def network():
    rng = np.random.default_rng(0)
    x, targets = rng.uniform(size=(20, 7)), rng.uniform(size=(20, 2))
    W, V = parameter(rng.normal(size=(7, 3))), parameter(rng.normal(size=(3, 2)))
    h = mg.sigmoid(x @ W)
    y = h @ V
    return 0.5 * mg.sse(y, targets), (x, targets, W, V, h, y)


def test_names_shapes_values_and_gradients_of_a_network():
    loss, (x, targets, W, V, *_) = network()
    loss.backward(retain_grads=True)
    found = boxes(draw(loss))
    assert set(found) == {"x", "W", "x @ W", "h", "V", "y", "targets", "mg.sse(y, targets)", "loss"}
    assert [found[name].kind for name in ("x", "W", "h", "loss")] == ["data", "parameter", "result", "loss"]
    assert [found[name].tag for name in ("x", "W", "h", "y", "loss")] == [
        "data",
        "parameter",
        "sigmoid",
        "matmul",
        "multiply(0.5, ·)",
    ]
    assert (found["y"].shape, found["loss"].shape) == ("(20, 2) float64", "() float64")
    error = 1 / (1 + np.exp(-(x @ W.data))) @ V.data - targets
    assert found["loss"].lines == (f"value  {0.5 * np.sum(error**2):.6g}", "grad   1")
    assert float(found["y"].lines[2].split()[-1]) == pytest.approx(np.linalg.norm(error), rel=0.01)
    assert "grad" not in "".join(found["x"].lines), "data needs no gradient"
    line = next(i for i, text in enumerate(Path(__file__).read_text().splitlines(), start=1) if text == "    y = h @ V")
    assert found["y"].place == f"test_draw.py:{line}"
    assert found["y"].tooltip == ("y: matmul", "(20, 2) float64", f"test_draw.py:{line} in network: h @ V")


def test_before_backward_there_is_no_gradient():
    loss, _ = network()
    found = boxes(draw(loss))
    assert all(box.lines[-1] == "grad   not computed" for box in found.values() if box.kind != "data")
    assert found["h"].tooltip[-1] == "no gradient yet: loss.backward(retain_grads=True) computes and keeps one for every node"


def test_a_result_of_data_alone_needs_no_gradient():
    data, w = mg.Tensor([1.0, 2.0]), parameter([1.0, 2.0])
    doubled = data * 2.0
    box = boxes(draw(np.sum(doubled * w)))["doubled"]
    assert (box.kind, box.lines[-1]) == ("constant", "grad   not needed")


def test_a_freed_graph_is_refused_with_the_cure():
    loss, _ = network()
    loss.backward()
    message = (
        r"the graph of loss .* was freed by backward\(\).* Draw before backward\(\), or call loss.backward\(retain_grads=True\)"
    )
    with pytest.raises(ValueError, match=message):
        draw(loss)


def test_a_graph_of_which_a_part_was_freed_is_refused():
    w = parameter(2.0)
    square = w * w
    other = square + 1.0
    (square * 3.0).backward()
    with pytest.raises(ValueError, match=r"the graph of other \(\), made at test_draw.py:\d+ was freed"):
        draw(other)


def test_a_leaf_alone_is_one_box():
    w = parameter([1.0, 2.0])
    picture = draw(w).picture
    assert [(box.id, box.name, box.kind) for box in picture.boxes] == [("n0", "w", "parameter")]
    assert not picture.edges


@pytest.mark.parametrize("thing", [np.ones(3), 3.0, None, "loss"])
def test_what_is_no_tensor_is_refused(thing):
    with pytest.raises(TypeError, match=f"draw: needs a Tensor, got {type(thing).__name__}"):
        draw(thing)


def test_an_unknown_direction_is_refused():
    with pytest.raises(ValueError, match=r'direction must be "TB" \(top to bottom\) or "LR" \(left to right\), got \'BT\''):
        draw(parameter(1.0), direction="BT")


def test_the_value_is_the_one_that_the_forward_pass_saw():
    w = parameter([1.0, 2.0])
    loss = np.sum(w * 3.0)
    w.data -= 10.0
    assert boxes(draw(loss))["w"].lines[0] == "value  [1 2]"


def test_sixty_shared_squarings_are_sixty_one_boxes():
    x = parameter(1.0)
    for _ in range(60):
        x = x * x
    picture = draw(x).picture
    assert len(graph.walk(x)) == len(picture.boxes) == 61
    assert len(picture.edges) == 120
    assert [box.name for box in picture.boxes[:3]] == ["x #1", "x #2", "x #3"]


def test_an_array_is_one_box_however_often_it_is_used():
    mask, w = np.array([1.0, 0.0]), parameter([1.0, 2.0])
    picture = draw(np.sum(w * mask + mask)).picture
    assert sorted(box.name for box in picture.boxes if box.kind == "data") == ["mask"]


def test_numbers_and_options_stand_in_the_operation():
    w = parameter(np.ones((3, 4)))
    power = w**2
    total = np.sum(power, axis=0, keepdims=True)
    part = total[0, 1:3]
    found = boxes(draw(np.sum(part)))
    assert found["power"].tag == "power(·, 2)"
    assert found["total"].tag == "sum(·, axis=0, keepdims…"
    assert found["part"].tag == "getitem[0, 1:3]"


def test_a_list_of_numpys_integers_is_printed_as_one_would_type_it():
    w = parameter(np.ones((3, 4)))
    column = w[:, [np.int64(1), np.int32(2)]]
    assert boxes(draw(np.sum(column)))["column"].tag == "getitem[:, [1, 2]]"


# --------------------------------------------------------------------------------------------------- names


def test_an_explicit_name_wins():
    w = parameter([1.0], name="weights of the first layer")
    assert "weights of the first layer" in boxes(draw(np.sum(w)))


def test_lists_and_dictionaries_of_the_caller_give_names():
    layers = [parameter(np.ones(2)) for _ in range(2)]
    biases = {"b": parameter(np.ones(2))}
    assert {"layers[0]", "layers[1]", "biases['b']"} <= set(boxes(draw(np.sum(layers[0] * layers[1] + biases["b"]))))


def test_names_of_another_function_are_found_by_assignment_and_by_operand():
    class Holder:
        factor = np.array([3.0, 4.0])

    def model():
        inner = parameter([1.0, 2.0])
        hidden = np.tanh(inner)
        return np.sum(hidden * Holder.factor)

    out = model()
    assert {"inner", "hidden", "Holder.factor", "out"} <= set(boxes(draw(out)))


def test_only_the_result_of_a_library_call_is_named_after_the_variable():
    a, b = parameter([1.0, 2.0]), parameter([3.0, 4.0])
    stacked = np.vstack([a, b])
    names = sorted(box.name for box in draw(np.sum(stacked)).picture.boxes)
    assert names == sorted(["a", "b", "reshape(·, shape=(1, -1))", "reshape(·, shape=(1, -1))", "stacked", "np.sum(stacked)"])


def test_only_the_result_of_a_module_is_named_after_the_variable():
    model = mg.nn.MLP([2, 3, 1], rng=0)
    y = model(np.ones((4, 2)))
    names = [box.name for box in draw(np.sum(y)).picture.boxes]
    assert names.count("y") == 1
    assert [name for name in names if name in ("matmul", "add_bias", "sigmoid")] == [
        "matmul",
        "add_bias",
        "sigmoid",
        "matmul",
        "add_bias",
    ]


def test_a_method_call_does_not_lend_the_name_of_its_option():
    def made():
        return parameter(np.ones((2, 2)))

    loss = made().sum(0).sum()
    assert boxes(draw(loss)).keys() == {"unnamed parameter", "made().sum(0)", "loss"}


def test_no_box_is_without_a_name():
    loss = eval("mg.Tensor(2.0) * parameter([1.0])")  # there is no source to look into
    assert all(box.name for box in draw(loss).picture.boxes)


# -------------------------------------------------------------------------------------------------- groups


def test_modules_are_groups_and_parameters_stand_with_their_users():
    model = mg.nn.MLP([2, 3, 1], rng=0, name="mlp")
    x = np.ones((4, 2))
    picture = draw(np.sum(model(x))).picture
    labels = [group.label for group in picture.groups]
    assert labels == ["mlp", "layer1", "layer2"]
    where = {box.name: picture.group_of[i] for i, box in enumerate(picture.boxes)}
    assert where["layer1.W"] == where["layer1.b"] == labels.index("layer1")
    assert where["sigmoid"] == labels.index("mlp")
    assert where["x"] is None
    assert draw(np.sum(model(x))).source.count("subgraph cluster_") == 3


def test_a_module_called_twice_is_two_groups():
    cell = mg.nn.Linear(2, 2, name="cell", rng=0)
    picture = draw(np.sum(cell(np.exp(cell(np.ones((3, 2))))))).picture
    assert [group.label for group in picture.groups] == ["cell, part 1 of 2", "cell, part 2 of 2"]


# --------------------------------------------------------------------------------------------- determinism

PROGRAM = """
import sys, numpy as np, microgradnp as mg
from microgradnp.drawing.draw import draw, render
model = mg.nn.MLP([3, 4, 2], rng=0, name="mlp")
x, targets = np.arange(12.0).reshape(4, 3), np.ones((4, 2))
loss = mg.mse(model(model.layers[1](mg.nn.Linear(3, 4, rng=1)(x)) @ np.ones((2, 3))), targets)
loss.backward(retain_grads=True)
render(loss, sys.argv[1] + ".svg", engine="builtin")
render(loss, sys.argv[1] + ".gv")
"""


def test_two_processes_draw_the_same(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "program.py", f"run{seed}"], cwd=tmp_path, env=environment, check=True, timeout=60)
    for suffix in (".svg", ".gv"):
        first, second = ((tmp_path / f"run{seed}{suffix}").read_text() for seed in ("1", "2"))
        assert first == second
        assert str(tmp_path) not in first, "nothing of the machine"


# ------------------------------------------------------------------------------------------- hostile text


def test_clean_text_is_one_printable_line():
    line = clean(NASTY)
    assert line.isprintable()
    assert "\n" not in line
    assert cells("変数x") == 5
    assert shorten("変数変数", 5) == "変数…"
    assert shorten("abc", 3) == "abc"


def hostile():
    w = parameter(np.ones(2), name=NASTY)
    module = mg.nn.Linear(2, 2, rng=0, name='m"<>&\\')
    return np.sum(module(np.reshape(w, (1, 2))))


def test_hostile_text_is_shown_and_runs_nothing(tmp_path):
    text = render(hostile(), tmp_path / "g.svg", engine="builtin").read_text()
    root = ET.fromstring(text)
    assert not list(root.iter(f"{SVG}script"))
    assert "<script" not in text
    assert 'm"<>&\\' in [element.text for element in root.iter(f"{SVG}text")]
    shown = next(element.text for element in root.iter(f"{SVG}text") if element.text.startswith('a"b'))
    assert shown.endswith("…")
    assert len(text) < 30_000


@pytest.mark.parametrize("name", ["dot", "pygraphviz"])
def test_graphviz_reads_hostile_text_as_it_was_meant(name):
    if engines()[name] != "available":
        pytest.skip(engines()[name])
    drawing = draw(hostile())
    answer = json.loads(engine.drawn_by_graphviz(drawing.source, "json0", name))
    assert sum(thing["name"].startswith("n") for thing in answer["objects"]) == len(drawing.picture.boxes)
    text = engine.drawn_by_graphviz(drawing.source, "svg", name).decode()
    root = ET.fromstring(text)
    assert not list(root.iter(f"{SVG}script"))
    assert any('m"<>&\\' in (element.text or "") for element in root.iter(f"{SVG}text"))
    assert any((element.text or "").startswith('a"b\\n\\\\\\N\xa0<script>') for element in root.iter(f"{SVG}text"))
    links = [value for element in root.iter() for name, value in element.attrib.items() if name.endswith("title")]
    assert any('a"b\\n\\\\\\N <script>alert(1)</script> & ]]>' in link for link in links)


# --------------------------------------------------------------------------------------------------- files


def test_svg_is_accessible_and_knows_dark_pages(tmp_path):
    loss, _ = network()
    text = render(loss, tmp_path / "graph.svg", engine="builtin").read_text()
    root = ET.fromstring(text)
    assert (root.get("role"), root.get("aria-label")) == ("img", "Computation graph of loss: 9 boxes")
    assert root[0].tag == f"{SVG}title"
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert "@media (prefers-color-scheme:dark)" in text
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert any(re.search(r"test_draw.py:\d+ in network: h @ V", title) for title in titles)
    assert "h is argument 1 of matmul" in titles
    kinds = {box.get("class").split()[1] for box in root.iter(f"{SVG}g") if "mg-box" in (box.get("class") or "")}
    assert kinds == {"mg-data", "mg-parameter", "mg-result", "mg-loss"}


def test_dot_text(tmp_path):
    loss, _ = network()
    drawing = draw(loss)
    assert isinstance(drawing, graphviz.Digraph)
    assert render(drawing, tmp_path / "g.gv").read_text() == drawing.source
    assert render(loss, str(tmp_path / "g.dot")) == tmp_path / "g.dot"
    ids = re.findall(r"^\t+(n\d+) \[", drawing.source, re.MULTILINE)
    assert sorted(ids, key=lambda name: int(name[1:])) == [f"n{i}" for i in range(9)]


def test_without_graphviz_there_is_a_picture_and_one_warning(no_graphviz, tmp_path):
    loss, _ = network()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name in ("a.svg", "b.svg"):
            ET.fromstring(render(loss, tmp_path / name).read_text())
        assert "image/svg+xml" in draw(loss)._repr_mimebundle_()
    assert len(caught) == 1
    assert (caught[0].category, caught[0].filename) == (UserWarning, __file__)
    assert str(caught[0].message) == (
        "drawn with the built-in layout: dot is not on PATH; pygraphviz is not installed.\n"
        'For Graphviz quality and PNG/PDF: pip install "microgradnp[graph]"  (on slim Linux also: apt install libglib2.0-0 '
        "libx11-6 libxext6 libxrender1),\nor install Graphviz itself: https://graphviz.org/download/ . "
        'The DOT text: mg.render(..., "graph.gv").'
    )


def test_the_built_in_layout_by_choice_warns_of_nothing(no_graphviz, tmp_path):
    render(network()[0], tmp_path / "g.svg", engine="builtin")


def test_what_only_graphviz_can_do_is_refused_with_the_way_to_get_it(no_graphviz, tmp_path, monkeypatch):
    loss, _ = network()
    monkeypatch.setattr("microgradnp.drawing.draw.has_matplotlib", lambda: False)
    with pytest.raises(
        GraphvizMissing, match=r'engine="dot" was demanded, but dot is not on PATH.\nFor Graphviz quality .*pip install'
    ):
        render(loss, tmp_path / "g.svg", engine="dot")
    with pytest.raises(GraphvizMissing, match=r"a .png file needs Graphviz: dot .*; pygraphviz is not installed.\n.*pip install"):
        render(loss, tmp_path / "g.png")
    with pytest.raises(GraphvizMissing, match=r"a .pdf file needs Graphviz: the built-in layout writes .svg"):
        render(loss, tmp_path / "g.pdf", engine="builtin")
    with pytest.raises(GraphvizMissing, match=r"a .svg file needs Graphviz"):
        render(graphviz.Digraph(), tmp_path / "g.svg")
    assert not list(tmp_path.iterdir())
    assert engines() == {"dot": "dot is not on PATH", "pygraphviz": "pygraphviz is not installed", "builtin": "available"}


def fake_dot(folder, script):
    path = folder / "dot"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.skipif(os.name == "nt", reason="the fake is a shell script")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo first >&2; echo 'Error: no layout plugin' >&2; exit 3", "dot: Error: no layout plugin"),
        ("kill -SEGV $$", "dot: ended with code -11"),
        ("echo '{}'", "dot: cannot read its layout: KeyError: 'bb'"),
        ("echo nonsense", "dot: cannot read its layout: JSONDecodeError"),
        ("while :; do :; done", "dot took more than 1 s"),
    ],
)
def test_an_engine_that_fails_is_left_for_the_next(no_graphviz, tmp_path, monkeypatch, script, reason):
    fake_dot(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "SECONDS", 1.0)
    with pytest.warns(UserWarning, match=re.escape(f"drawn with the built-in layout: {reason}")):
        render(network()[0], tmp_path / "g.svg")
    ET.fromstring((tmp_path / "g.svg").read_text())


def test_pygraphviz_runs_in_a_child_process(no_graphviz, monkeypatch):
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(engine, "PYGRAPHVIZ", "raise ImportError('libXrender.so.1: cannot open shared object file')")
    assert engines()["pygraphviz"] == "pygraphviz: ImportError: libXrender.so.1: cannot open shared object file"
    assert "pygraphviz" not in sys.modules


def test_png_and_pdf_show_the_svg_without_graphviz(tmp_path):
    pytest.importorskip("matplotlib")
    loss, _ = network()
    svg = ET.fromstring(render(loss, tmp_path / "g.svg", engine="builtin").read_text())
    png = render(loss, tmp_path / "g.png", engine="builtin").read_bytes()
    size = [int.from_bytes(png[k : k + 4], "big") for k in (16, 20)]
    assert size == [2 * int(svg.get("width")), 2 * int(svg.get("height"))]
    from matplotlib import image

    pixels = image.imread(tmp_path / "g.png")[..., :3]
    kinds = {tuple(int(color[k : k + 2], 16) for k in (1, 3, 5)) for color, _ in LIGHT_KINDS.values()}
    seen = {tuple(round(255 * part) for part in pixel) for pixel in pixels[::3, ::3].reshape(-1, 3).tolist()}
    assert kinds <= seen  # the headers of all kinds of boxes
    assert render(loss, tmp_path / "g.pdf", engine="builtin").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(not ANY_ENGINE, reason="needs dot or pygraphviz")
def test_png_and_pdf_where_graphviz_is(tmp_path, monkeypatch):
    loss, _ = network()
    monkeypatch.setattr("microgradnp.drawing.draw.has_matplotlib", lambda: False)
    assert render(loss, tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
    assert render(loss, tmp_path / "g.PDF").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(not ANY_ENGINE, reason="needs dot or pygraphviz")
def test_a_drawing_that_was_added_to_keeps_what_was_added(tmp_path):
    drawing = draw(network()[0])
    drawing.node("note", "a note of mine")
    assert "a note of mine" in render(drawing, tmp_path / "g.svg").read_text()


@pytest.mark.skipif(not ANY_ENGINE, reason="needs dot or pygraphviz")
def test_boxes_are_the_same_whatever_lays_them_out(tmp_path):
    loss, _ = network()

    def drawn(name):
        root = ET.fromstring(render(loss, tmp_path / "g.svg", engine=name).read_text())
        found = [g for g in root.iter(f"{SVG}g") if "mg-box" in (g.get("class") or "")]
        return ["".join(ET.tostring(child, "unicode") for child in box) for box in found]

    pictures = [drawn(name) for name, state in engines().items() if state == "available"]
    assert len(pictures) > 1
    assert all(picture == pictures[0] for picture in pictures)


@pytest.mark.parametrize("name", ["graph", "graph.jpeg", "graph.svg.gz", ".svg"])
def test_an_unknown_suffix_is_refused(tmp_path, name):
    with pytest.raises(
        ValueError, match=re.escape(f"render: cannot write {name!r}: the suffix must be .svg, .png, .pdf, .gv or .dot")
    ):
        render(parameter(1.0), tmp_path / name)


def test_an_unknown_engine_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r'engine must be "dot", "pygraphviz", "builtin" or None .*, got \'neato\''):
        render(parameter(1.0), tmp_path / "g.svg", engine="neato")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"render: the folder '.*nowhere' does not exist; create it first"):
        render(parameter(1.0), tmp_path / "nowhere" / "g.svg")


# --------------------------------------------------------------------------------------------------- scale


@pytest.mark.long
def test_a_deep_chain_needs_no_recursion(tmp_path):
    x = parameter(0.5)
    for _ in range(100_000):
        x = -x
    assert len(draw(x).picture.boxes) == 100_001


def test_the_built_in_layout_takes_deep_graphs(tmp_path):
    x = parameter(0.5)
    for _ in range(3000):
        x = np.sin(x)
    text = render(x, tmp_path / "g.svg").read_text()  # above 2,000 boxes no engine is asked, and nothing is warned of
    assert text.count("mg-box ") == 3001


def test_bends_are_few_where_every_step_is_used_at_the_end():
    """A wire for each of n steps to the end would need n * n / 2 bends."""
    layered = importlib.import_module("microgradnp.drawing.layered")
    rooms = importlib.import_module("microgradnp.drawing.rooms")
    h, steps = parameter(np.ones(2)), []
    for _ in range(1000):
        h = np.tanh(h)
        steps.append(h)
    house = rooms.House(draw(np.sum(np.stack(steps))).picture)
    house.furnish(None)
    bends = sum(len(chain) for chain in house.rooms[None].placed.bends)
    assert 0 < bends <= layered.BENDS_AT_LEAST + layered.BENDS_PER_ITEM * 1003


def test_importing_it_loads_nothing_heavy():
    code = "import sys, microgradnp.drawing.draw; print(sorted({'graphviz', 'pygraphviz', 'pygal'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
