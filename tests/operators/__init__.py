"""The records that drive the tests of the rules: one for each operator, in a module for each module of `microgradnp/rules/`.

A function of the table without a record fails the suite.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Any

import numpy as np

from microgradnp.core.entries import Composite
from microgradnp.core.signatures import is_ours
from microgradnp.core.table import TABLE
from operators.record import Operator, Sample, Wrong

MODULES = [
    importlib.import_module(f"operators.{found.name}") for found in pkgutil.iter_modules(__path__) if found.name != "record"
]
OPERATORS: list[Operator] = [record for module in MODULES for record in module.OPERATORS]
RECORDS = {record.function: record for record in OPERATORS}

__all__ = ["COVERED", "OPERATORS", "RECORDS", "Operator", "Sample", "Wrong", "cases"]


def ours(function: Any) -> bool:
    """Whether a function belongs to NumPy, SciPy or this package. Tests register rules for functions of their own."""
    if isinstance(function, np.ufunc):
        return is_ours(function)
    module = getattr(function, "__module__", None) or "numpy"
    known = module.split(".")[0] in ("numpy", "microgradnp", "_operator")
    return known and getattr(sys.modules[module], function.__name__, None) is function


COVERED = {function for function, rule in TABLE.items() if ours(function) and (isinstance(rule, Composite) or not rule.constant)}


def cases() -> list[Any]:
    """(record, sample) for every call of every record, with a readable test id. Every run draws the same numbers."""
    import pytest

    found = []
    for record in OPERATORS:
        random = np.random.default_rng(20240229)
        found += [pytest.param(record, sample, id=f"{record.name}({sample!r})") for sample in record.samples(random)]
    return found
