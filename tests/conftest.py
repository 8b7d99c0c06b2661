"""Collection: what a doctest is, and which tests are long.

A test file that cannot be imported is an error. The option `--doctest-ignore-import-errors` is for the rules of optional
libraries: it would turn an import error of a test file into a skip. So no doctests are looked for here.

`-m "not long"` leaves out the long tests: those marked so, and most of the cases of each large table. What is left is spread
evenly over the table.
"""

import pytest

MOST, MOST_OF_DEBUGGER = 40, 5  # cases of a table that are not long


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    collectors = yield
    return [collector for collector in collectors if type(collector).__name__ != "DoctestModule"]


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(collector):
    cases = yield  # of one test function, if it is a list
    if not isinstance(cases, list):
        return cases
    short = [case for case in cases if case.get_closest_marker("long") is None]
    most = MOST_OF_DEBUGGER if collector.nodeid.startswith("tests/debugger/") else MOST
    kept = [short[round(k * len(short) / most)] for k in range(most)] if len(short) > most else short
    for case in short:
        if case not in kept:
            case.add_marker(pytest.mark.long)
    return kept if collector.config.option.markexpr == "not long" else cases  # idle cases slow down Python's garbage collector
