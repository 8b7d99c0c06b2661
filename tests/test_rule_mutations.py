"""Broken rules are noticed: a sample of `tests/benchmarks/rule_mutations.py`, which breaks every rule in every way."""

import importlib.util
import warnings
from pathlib import Path

import pytest

PATH = Path(__file__).parent / "benchmarks" / "rule_mutations.py"
spec = importlib.util.spec_from_file_location("rule_mutations_benchmark", PATH)
benchmark = importlib.util.module_from_spec(spec)
spec.loader.exec_module(benchmark)

FORMULAS = list(benchmark.formulas())


@pytest.mark.parametrize("way", benchmark.BREAKS)
def test_a_broken_rule_is_noticed(way):
    """Every seventieth formula, starting at another one for each way."""
    start = list(benchmark.BREAKS).index(way)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {
            f"{record.name}, argument {position}": benchmark.outcome(record, rule, position, benchmark.BREAKS[way])
            for record, rule, position in FORMULAS[start::70]
        }
    assert "survived" not in found.values(), found


def test_a_right_rule_is_not_taken_for_a_broken_one():
    record, rule, position = FORMULAS[0]
    assert benchmark.outcome(record, rule, position, lambda share: share) == "no break"
    assert rule.vjps == FORMULAS[0][1].vjps
