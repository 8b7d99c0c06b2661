"""The fix that is printed is the edit that was proved. It mends the program, and leaves the forward pass alone."""

import importlib.util
import json
import re
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.derive import guard
from microgradnp.debugger.derive.guard import keeps_forward
from microgradnp.debugger.derive.proof import Judge
from microgradnp.debugger.derive.scene import Question, judged, scene_of
from microgradnp.debugger.record.world import World

RNG = np.random.default_rng(5)
DATA = {"x": RNG.normal(size=(6, 3)), "t": RNG.uniform(size=(6, 2)), "W": RNG.normal(size=(3, 4)), "V": RNG.normal(size=(4, 2))}
LINES = """import numpy as np
def train(x, t, W, V, rate=0.1):
    h = np.tanh(x @ W)  # the hidden layer
    e = h @ V - t
    d = {}
    W -= rate * (x.T
                 @ d)
    V -= rate * h.T @ e
"""
SPREAD = {
    "a factor on a line of its own": "(e @ V.T\n         * (1 - h))  # its slope",
    "an expression over two lines": "e @ (V.T +\n              V.T) * (1 -\n                      h * h) * h.sum()",
    "a call over three lines": "np.dot(\n        e,\n        V.T)",
}


def loss(x, t, W, V):
    return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)


def imported(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def patched(text, diff):
    """The text after a unified diff, whose old lines must all be there."""
    lines, shift = text.split("\n"), 0
    for hunk in re.split(r"^(?=@@)", diff, flags=re.M)[1:]:
        head, *body = hunk.rstrip("\n").split("\n")
        start = int(re.match(r"@@ -(\d+)", head)[1]) - 1 + shift
        old, new = ([line[1:] for line in body if line[0] in marks] for marks in (" -", " +"))
        assert lines[start : start + len(old)] == old
        lines[start : start + len(old)] = new
        shift += len(new) - len(old)
    return "\n".join(lines)


@pytest.mark.parametrize("name", SPREAD)
def test_the_printed_diff_mends_a_statement_of_several_lines(name, tmp_path):
    wrong = LINES.format(SPREAD[name])
    path = tmp_path / f"spread_{re.sub(' ', '_', name)}.py"
    path.write_text(wrong)
    report = mg.debug(imported(path).train, loss, kwargs=DATA, budget=20)
    (found,) = report.findings
    mended = tmp_path / f"{path.stem}_mended.py"
    mended.write_text(patched(wrong, found.diff))
    assert mg.debug(imported(mended).train, loss, kwargs=DATA).ok
    line, old, new = found.fix
    lines = [text.strip() for text in wrong.split("\n")]
    assert [text.strip() for text in old.split("\n")] == lines[line - 1 : line + old.count("\n")]
    for text in (*old.split("\n"), *new.split("\n")) if "\n" in old + new else [new]:
        assert text in str(report)
    assert json.loads(report.to_json())["findings"][0]["diff"] == found.diff


# ------------------------------------------------------------------------------------------------ the forward pass

PROBABLE = """import numpy as np
def softmax(o):
    e = np.exp(o - np.max(o))
    return e / e.sum()
def train(x, k, W, V):
    h = np.tanh(x @ W)
    p = softmax(h @ V)
    d = p.copy()
    d[k] += 1
    dV = np.outer(h, d)
    dW = np.outer(x, d @ V.T * (1 - h * h))
    return dW, dV
"""


def cross_entropy(x, k, W, V):
    o = np.tanh(x @ W) @ V
    return np.log(np.sum(np.exp(o))) - o[k]


def of_probabilities(tmp_path):
    path = tmp_path / "probable.py"
    path.write_text(PROBABLE)
    given = {"x": DATA["x"][0], "k": 1, "W": DATA["W"], "V": RNG.normal(size=(4, 5))}
    world = World(imported(path).train, (), given)
    return str(path), Question(world, cross_entropy, Wanted(("x", "k", "W", "V"), (), {}))


@pytest.mark.parametrize(("old", "new", "kept"), [("+= 1", "-= 1", True), ("np.tanh(x @ W)", "np.tanh(-x @ W)", False)])
def test_an_edit_of_the_forward_pass_is_no_fix(old, new, kept, tmp_path):
    file, question = of_probabilities(tmp_path)
    scene, texts = scene_of(question), {file: PROBABLE.replace(old, new)}
    assert keeps_forward(scene.verdict, judged(question, texts)) == kept
    assert (Judge(question, scene, time.thread_time() + 5).verdict(texts) is not None) == kept


def test_the_probabilities_stay_when_the_gradient_is_mended(tmp_path):
    _, question = of_probabilities(tmp_path)
    report = mg.debug(question.world.function, cross_entropy, kwargs=question.world.kwargs)
    assert report.verdict.wrong
    print(report)
    assert all(finding.fix is None or finding.fix[2] == "d[k] -= 1" for finding in report.findings)


def test_a_run_that_starts_its_step_from_other_numbers_proves_nothing(monkeypatch):
    def verdict(number, **values):
        return SimpleNamespace(number=number, step=SimpleNamespace(before=values, values={}))

    monkeypatch.setattr(guard, "argument_values", lambda before, values: before)
    W, V = np.ones((2, 2)), np.zeros(2)
    assert guard.keeps_start(verdict(0, W=W, V=V), verdict(0, W=W.copy(), V=V.copy()))
    assert not guard.keeps_start(verdict(0, W=W, V=V), verdict(0, W=W, V=V + 1e-9))
    assert not guard.keeps_start(verdict(0, W=W), verdict(1, W=W))
    assert not guard.keeps_start(verdict(0, W=W, V=V), verdict(0, W=W))


def test_an_edited_program_that_fails_is_not_mended(tmp_path):
    file, question = of_probabilities(tmp_path)
    scene = scene_of(question)
    failing = PROBABLE.replace("+= 1", '+= "1"')
    assert failing != PROBABLE
    assert judged(question, {file: failing}).step.record.error.startswith("UFuncTypeError")
    assert Judge(question, scene, time.thread_time() + 5).verdict({file: failing}) is None
    assert not keeps_forward(scene.verdict, judged(question, {file: failing}))


def test_a_form_feed_ends_no_line(tmp_path, monkeypatch):
    """Some editors put one between the parts of a file. Python does not count it, so that the diff does not either."""
    text = "import numpy as np\n\x0c\n\x0c# a part\n" + LINES.split("\n", 1)[1].format("e @ V.T * (1 - h)")
    (tmp_path / "with_form_feeds.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("with_form_feeds")
    report = mg.debug(module.train, loss, tuple(value.copy() for value in DATA.values()), budget=30)
    del sys.modules["with_form_feeds"]
    line, old, _ = report.first_wrong.fix
    assert text.split("\n")[line - 1].strip() == old
    start, count = map(int, re.search(r"^@@ -(\d+),(\d+) ", report.first_wrong.diff, re.MULTILINE).groups())
    assert start <= line < start + count
    shown = [part[1:] for part in report.first_wrong.diff.split("\n") if part[:1] in " -" and part[:3] != "---"]
    assert text.split("\n")[start - 1 : start - 1 + count] == shown[:count]
