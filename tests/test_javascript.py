"""The program as JavaScript, run by Node: it returns the graph's numbers, and what it does not cover is refused by name."""

import json
import shutil
import subprocess
import warnings

import numpy as np
import pytest
from click.testing import CliRunner
from operators import OPERATORS
from random_graphs import random_graph

import microgradnp as mg
from microgradnp.cli import main
from microgradnp.emitter.javascript import NotJavaScript, live_program

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs Node (apt install nodejs)")
rng = np.random.default_rng(0)
x, t = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
V, W = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))

SHOWN = """"use strict";
function shown(x) {
  if (typeof x === "number") return Number.isFinite(x) ? x : String(x);
  if (ArrayBuffer.isView(x) || Array.isArray(x)) return Array.from(x, shown);
  return x === null ? x : Object.fromEntries(Object.entries(x).map(([key, part]) => [key, shown(part)]));
}
const show = (make) => {
  let found;
  try { found = shown(make()); } catch (error) { found = String(error); }
  console.log(JSON.stringify(found));
};
"""


def run(*texts: str) -> list:
    """What JavaScript expressions are, each behind its statements, by Node in strict mode. An error is its message."""
    program = SHOWN + "\n".join(f"show(() => {{ {text} }});" for text in texts)
    assert "eval" not in program
    assert "Function(" not in program
    found = subprocess.run([NODE, "-"], input=program, capture_output=True, text=True, timeout=120, check=False)
    assert not found.returncode, found.stderr
    return [json.loads(line) for line in found.stdout.splitlines()]


def typed(array) -> str:
    """A number, or a typed array."""
    if np.ndim(array) == 0:
        return repr(float(array))
    texts = [repr(number).replace("nan", "NaN").replace("inf", "Infinity") for number in np.ravel(array).astype(float).tolist()]
    return f"new Float64Array([{', '.join(texts)}])"


def called(text: str, *arrays) -> str:
    return f"{text} return value_and_grad({', '.join(map(typed, arrays))});"


def near(found, expected):
    """Equal to 12 digits of the largest entry."""
    found, expected = np.ravel(np.array(found, float)), np.ravel(np.asarray(expected, float))
    scale = max(1, np.max(np.abs(expected[np.isfinite(expected)]), initial=0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * scale)


def near_answer(found, f, wrt, *args):
    value, gradients = mg.value_and_grad(f, wrt)(*args)
    near(found[0], value)
    for a, b in zip(found[1], gradients, strict=True):
        near(a, b)


# ------------------------------------------------------------------------------------------------- whole graphs


def leaf_arrays(live) -> list:
    return [np.atleast_1d(np.asarray(getattr(live.nodes[k], "_array", live.nodes[k]))) for k in live.leaves]


def running(live) -> str:
    return f"{live.text} const r = run([{', '.join(map(typed, leaf_arrays(live)))}]); return [r.values, r.gradients];"


def near_graph(found, live):
    """Every value and every gradient of a graph whose backward pass kept them."""
    for k, (node, value, gradient) in enumerate(zip(live.nodes, *found, strict=True)):
        near(value, getattr(node, "_array", node))
        assert live.has_gradient[k] == (gradient is not None) == (getattr(node, "_grad", None) is not None)
        if gradient is not None:
            near(gradient, node._grad)


@needs_node
def test_a_live_program_returns_every_value_and_every_gradient():
    weights = mg.Tensor(V, requires_grad=True, name="class"), mg.Tensor(W, requires_grad=True, name="); alert(1); (")
    scale = mg.Tensor(0.5, requires_grad=True)
    h = mg.append_bias_unit(mg.sigmoid(mg.append_bias_unit(x) @ weights[0]))
    live = live_program(scale * mg.sse(h @ weights[1], t) + np.sum(mg.identity(weights[1])))
    live.nodes[-1].backward(retain_grads=True)
    assert live.shapes == [np.shape(node) for node in live.nodes]
    near_graph(run(running(live))[0], live)
    assert "RangeError" in run(f"{live.text} return run([Float64Array.of(1)]);")[0]


@needs_node
def test_a_long_live_program_is_several_functions():
    h, scale = x, mg.Tensor(0.5, requires_grad=True)
    for _ in range(8):
        h = np.tanh(h @ mg.Tensor(rng.normal(size=(3, 3)), requires_grad=True)) * scale
        scale = np.sum(h) + scale
    live = live_program(np.sum(h) * scale)
    live.nodes[-1].backward(retain_grads=True)
    assert live.text.count("function part") > 2
    near_graph(run(running(live))[0], live)


@needs_node
def test_a_live_program_follows_its_leaves():
    a, labels = mg.Tensor(rng.normal(size=(4, 3)), requires_grad=True), np.array([2, 0, 1, 1])
    loss = mg.cross_entropy(np.tanh(a), labels)
    live = live_program(loss)
    assert [node is labels for node in live.nodes].count(True) == 1
    other, others = rng.normal(size=(4, 3)), np.array([0, 0, 2, 1])
    given = [typed(others if live.nodes[k] is labels else other) for k in live.leaves]
    (found,) = run(
        f"{live.text} const r = run([{', '.join(given)}]); return [r.values.at(-1)[0], r.gradients[{live.nodes.index(a)}]];"
    )
    value, gradient = mg.value_and_grad(lambda a: mg.cross_entropy(np.tanh(a), others))(other)
    near(found[0], value)
    near(found[1], gradient)


def test_a_graph_without_javascript_is_refused_by_name_and_line():
    a = mg.Tensor(np.eye(2), requires_grad=True)
    with pytest.raises(NotJavaScript, match=r"live: np.linalg.inv at test_javascript.py:\d+ has no JavaScript"):
        live_program(np.sum(np.linalg.inv(a)))
    with pytest.raises(NotJavaScript, match=r"np.fft.fft at .* has no JavaScript \(arrays of complex128\)"):
        live_program(np.sum(np.real(np.fft.fft(a))))
    with pytest.raises(NotJavaScript, match="live: getitem: the length of its result depends on the numbers"):
        live_program(np.sum(a[np.eye(2) > 0]))
    with pytest.raises(NotJavaScript, match="arithmetic of uint8, which wraps around"):
        live_program(np.sum(a * (mg.Tensor(np.ones(2, np.uint8)) + np.ones(2, np.uint8))))


# --------------------------------------------------------------------------------------------------------- emit


def loss(x, t, p):
    h = mg.append_bias_unit(mg.sigmoid(mg.append_bias_unit(x) @ p["V"]))
    return 0.5 * mg.sse(h @ p["W"][0], t)


@needs_node
def test_emit_prints_a_function_of_typed_arrays():
    parameters = {"V": V, "W": [W]}
    text = mg.emit(loss, x, t, parameters, wrt=("p", "x"), language="javascript")
    assert "\nfunction value_and_grad(x, t, p" in text
    assert "// loss(x, t, p), and its gradient with respect to" in text
    assert "p_W_0 (4, 2)" in text
    given = f'{typed(x)}, {typed(t)}, {{"V": {typed(V)}, "W": [{typed(W)}]}}'
    found, refused = run(
        f"{text} return value_and_grad({given});", f"{text} return value_and_grad({given.replace(typed(x), '[]')});"
    )
    value, (slopes, slope) = mg.value_and_grad(loss, (2, 0))(x, t, parameters)
    near(found[0], value)
    near([*found[1][0]["V"], *found[1][0]["W"][0]], [*np.ravel(slopes["V"]), *np.ravel(slopes["W"][0])])
    near(found[1][1], slope)
    assert refused == "RangeError: x has 0 entries, and needs 15"


@needs_node
def test_parameters_from_outside_and_results_of_ones_own():
    model = mg.nn.MLP([3, 4, 2], rng=0)
    given = [p._array for p in model.parameters().values()]
    text = mg.emit(lambda x, t: mg.mse(model(x), t), x, t, wrt=model, language="javascript")
    twice = mg.emit(lambda new, a: np.sum(new + a), x, x, wrt=(0, 1), language="javascript")
    found, (_, (one, other)) = run(called(text, x, t, *given), called(twice, x, x))
    result = mg.mse(model(x), t)
    result.backward()
    near(found[0], result.numpy())
    for name, parameter in model.parameters().items():
        near(found[1][name], parameter.grad)
    near([one, other], [np.ones_like(x)] * 2)
    assert ".slice()" in twice  # two results share no array


@needs_node
def test_views_of_views_read_the_right_entries():
    f = [
        lambda a: np.sum(np.where(np.isfinite(a > 0), a, 0) ** 2),
        lambda a: np.sum(np.exp(a[::-1][1:3]) ** 2),
        lambda a: np.sum(np.flip(a, 0)[1:3] ** 3),
        lambda a: np.sum(np.flip(a[1:][::2], 1).T[1:] * np.arange(4)[1:, None]),
    ]
    a = rng.normal(size=(5, 4))
    for g, found in zip(f, run(*(called(mg.emit(g, a, language="javascript"), a) for g in f)), strict=True):
        near_answer([found[0], [found[1]]], g, (0,), a)


@needs_node
def test_labels_out_of_bounds_are_refused():
    def picked(a, labels):
        return -np.sum(mg.log_softmax(a)[np.arange(5), labels])

    text = mg.emit(picked, x, np.array([0, 1, 2, -1, 0]), wrt=0, language="javascript")
    found, refused = run(called(text, x, [0, 1, 2, -1, 0]), called(text, x, [0, 1, 2, 3, 0]))
    near_answer([found[0], [found[1]]], lambda a: picked(a, np.array([0, 1, 2, -1, 0])), (0,), x)
    assert refused == "RangeError: 3 is no index of an axis of 3 entries"


def test_what_emit_refuses():
    with pytest.raises(ValueError, match=r"emit: np.median at test_javascript.py:\d+ has no JavaScript"):
        mg.emit(lambda a: np.median(a), x, language="javascript")
    with pytest.raises(ValueError, match=r"""language='fortran'; it must be "numpy" or "javascript\""""):
        mg.emit(loss, x, t, {"V": V, "W": [W]}, language="fortran")
    with pytest.raises(ValueError, match="check=True adds a block of Python"):
        mg.emit(loss, x, t, {"V": V, "W": [W]}, language="javascript", check=True)
    with pytest.raises(ValueError, match="random numbers"):
        mg.emit(lambda a: np.sum(a * np.random.default_rng().normal(size=a.shape)), x, language="javascript")


def test_the_command_prints_javascript(tmp_path):
    (tmp_path / "model.py").write_text("import numpy as np\ndef loss(w):\n    return np.sum(np.exp(w))\nw = np.ones(3)\n")
    np.savez(tmp_path / "data.npz", w=np.ones(3))
    found = CliRunner().invoke(
        main, ["emit", f"{tmp_path / 'model.py'}:loss", "--data", str(tmp_path / "data.npz"), "--language", "javascript"]
    )
    assert found.exit_code == 0, found.output
    assert "function value_and_grad(w) {" in found.output


# --------------------------------------------------------------------------------------------- every operator


def graphs(records):
    """(label, live program or None) for each sample of each record with real arguments."""
    for record in records:
        for sample in record.samples(np.random.default_rng(0)):
            args = [
                mg.Tensor(a, requires_grad=True) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in sample.args
            ]
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                y = record.call(*args, **sample.options)
                if not isinstance(y, mg.Tensor):
                    continue
                y = np.real(y) if y.dtype.kind == "c" else y
                end = np.sum(y * np.cos(np.arange(y.size)).reshape(y.shape))
                try:
                    live = live_program(end)
                except NotJavaScript:
                    yield record.name, None
                    continue
                end.backward(retain_grads=True)
            yield record.name, live


ON_AN_EDGE = {"corrcoef"}  # it clips to 1 what is 1 but for rounding: its inner gradients depend on the last digit


def sampled(records):
    """Run all graphs of some records in one program. Returns operator -> whether each sample is covered."""
    found = [(name, live) for name, live in graphs(records) if name not in ON_AN_EDGE]
    covered = [(name, live) for name, live in found if live is not None]
    for (name, live), result in zip(covered, run(*(running(live) for _, live in covered)), strict=True):
        try:
            near_graph(result, live)
        except Exception as error:
            raise AssertionError(f"{name}: {error}") from error
    return {name: [live is not None for other, live in found if other == name] for name, _ in found}


@needs_node
def test_common_operators_return_what_the_graph_returns():
    names = {"matmul", "conv2d", "max", "logsumexp", "getitem", "concatenate", "lstm", "where", "scatter"}
    share = sampled([record for record in OPERATORS if record.name in names])
    assert sum(map(sum, share.values())) > 0.9 * sum(map(len, share.values()))


@needs_node
@pytest.mark.long
def test_every_covered_operator_returns_what_the_graph_returns():
    pytest.importorskip("scipy", reason='needs pip install "microgradnp[scipy]"')
    share = sampled(OPERATORS)
    whole = {name for name, each in share.items() if all(each)}
    assert len(whole) >= 200
    assert sum(map(sum, share.values())) >= 1500


@needs_node
def test_random_graphs_return_what_the_graph_returns():
    programs = []
    for seed in range(14):
        graph = random_graph(seed, analytic=False, largest=8)
        wrt = tuple(range(len(graph.inputs)))
        try:
            programs.append((mg.emit(graph, *graph.inputs, wrt=wrt, language="javascript"), graph, wrt))
        except NotJavaScript:
            continue
    assert len(programs) > 5
    for found, (_, graph, wrt) in zip(run(*(called(text, *graph.inputs) for text, graph, _ in programs)), programs, strict=True):
        near_answer(found, graph, wrt, *graph.inputs)
