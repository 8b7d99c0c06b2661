"""Collection: what a doctest is, and which tests are long.

A test file that cannot be imported is an error. The option `--doctest-ignore-import-errors` is for the rules of optional
libraries: it would turn an import error of a test file into a skip. So no doctests are looked for here.

`-m "not long"` leaves out the long tests: those marked so, and most of the cases of each large table. What is left is spread
evenly over the table.
"""

from collections import defaultdict

import pytest

MOST, MOST_OF_DEBUGGER = 40, 5  # cases of a table that are not long


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    collectors = yield
    return [collector for collector in collectors if type(collector).__name__ != "DoctestModule"]


@pytest.hookimpl(tryfirst=True)  # before the options of the command choose
def pytest_collection_modifyitems(items):
    tables = defaultdict(list)
    for item in items:
        if hasattr(item, "callspec"):
            tables[item.nodeid.partition("[")[0]].append(item)
    for name, cases in tables.items():
        most = MOST_OF_DEBUGGER if name.startswith("tests/debugger/") else MOST
        kept = {round(k * len(cases) / most) for k in range(most)}
        for k, case in enumerate(cases):
            if len(cases) > most and k not in kept:
                case.add_marker(pytest.mark.long)
