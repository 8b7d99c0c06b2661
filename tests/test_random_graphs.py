"""Random graphs of 1 to 30 operators: a sample of `tests/benchmarks/random_graphs.py`."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import KINDS, random_graph

import microgradnp as mg

PATH = Path(__file__).parent / "benchmarks" / "random_graphs.py"
spec = importlib.util.spec_from_file_location("random_graphs_benchmark", PATH)
benchmark = importlib.util.module_from_spec(spec)
spec.loader.exec_module(benchmark)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(1_000_000, 2_000_000), st.booleans())
def test_gradients_of_random_graphs(seed, analytic):
    graph = random_graph(seed, analytic=analytic)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        message = benchmark.check(graph, analytic, second=seed % 5 == 0)
        if message == benchmark.UNDECIDED or (message and not analytic and benchmark.near_a_kink(graph)):
            return
    assert not message, f"{message}\n{graph}"


def test_a_wrong_rule_is_noticed(monkeypatch):
    from microgradnp.core.table import TABLE

    rule = TABLE[np.multiply]
    monkeypatch.setattr(rule, "vjps", (lambda g, y, a, b: 1.00001 * g * b, rule.vjps[1]))
    seeds = [seed for seed in range(0, 400, 2) if any(k.name == "multiply" for k, _ in random_graph(seed, analytic=True).steps)]
    found = [benchmark.check(random_graph(seed, analytic=True), True, False) for seed in seeds[:10]]
    assert sum(message is not None for message in found) >= 5


def test_every_kind_occurs_and_graphs_are_the_same_for_the_same_seed():
    drawn = {kind.name for seed in range(300) for kind, _ in random_graph(seed, analytic=False).steps}
    assert drawn == {kind.name for kind in KINDS}
    graph, again = random_graph(7, analytic=True), random_graph(7, analytic=True)
    assert repr(graph) == repr(again)
    assert graph(*graph.inputs) == again(*again.inputs)


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_single_precision_is_near_double(seed):
    graph = random_graph(seed, analytic=True, largest=8)
    wide = mg.grad(graph, tuple(range(len(graph.inputs))))(*graph.inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        narrow = mg.grad(graph, tuple(range(len(graph.inputs))))(*(x.astype(np.float32) for x in graph.inputs))
    for a, b in zip(narrow, wide, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-3 * float(np.max(np.abs(b), initial=1e-30)) + 1e-6)
