"""Mistakes in larger models: LSTM, pooling, penalties, normalisation, attention. The right line is named, or none firmly."""

from pathlib import Path

import numpy as np
import pytest
from debugger import programs

import microgradnp as mg

MISTAKES = [
    ("lstm_through_time", "dc = dc_next + dh_next * o", "dc = dh_next * o", {"W", "b"}),
    ("lstm_through_time", "dc * c_before * f * (1 - f)", "dc * c * f * (1 - f)", {"W", "b"}),
    ("max_pooling", "dscaled = winners * dpooled", "dscaled = dpooled", {"K"}),
    pytest.param("weight_decay", " + lam * weights[k]", "", {"W1", "W2", "W3"}, marks=pytest.mark.long),
    ("layer_norm", " - norm * (dnorm * norm).mean(axis=1, keepdims=True)", "", {"W"}),
    ("attention_head", "a * (da - (da * a).sum(axis=1, keepdims=True))", "a * (1 - a) * da", {"Wq", "Wk"}),
    pytest.param("attention_head", "dk = dscores.T @ q * scale", "dk = dscores.T @ q", {"Wk"}, marks=pytest.mark.long),
    pytest.param("attention_head", "dk = dscores.T @ q * scale", "dk = dscores @ q * scale", {"Wk"}, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("name", "right", "wrong", "arguments"), MISTAKES)
def test_the_line_of_a_mistake_is_suspected_first(tmp_path, monkeypatch, name, right, wrong, arguments):
    monkeypatch.setattr("microgradnp.debugger.fewer.SLOW", float("inf"))  # no test may depend on the speed of the machine
    text = Path(programs.load("wide", name).__file__).read_text()
    assert text.count(right) == 1
    path = tmp_path / f"{name}.py"
    path.write_text(text.replace(right, wrong))
    changed = programs.load("wrong", name, path)
    args, kwargs = changed.make(np.random.default_rng(1))
    report = mg.debug(changed.train, changed.loss, args, kwargs, getattr(changed, "BIND", {}), budget=240.0)
    assert {a for a, e in report.gradients.items() if not e.ok} == arguments
    line = next(k for k, (a, b) in enumerate(zip(text.split("\n"), path.read_text().split("\n"), strict=False), 1) if a != b)
    assert report.first_wrong.line == line, str(report)
