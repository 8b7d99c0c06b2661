"""Collection: what a doctest is, which tests are long, and which were skipped.

A test file that cannot be imported is an error. The option `--doctest-ignore-import-errors` is for the rules of optional
libraries: it would turn an import error of a test file into a skip. So no doctests are looked for here.

`-m "not long"` leaves out the long tests: those marked so, and most of the cases of each large table. What is left is spread
evenly over the table. Of the largest tables even the long run takes a sample; `--every-case` takes all of them.

The cache of pytest keeps the tests that were skipped (`.pytest_cache/v/skipped`). CI runs them again with all libraries.
"""

import pytest

MOST, MOST_OF_DEBUGGER = 30, 5  # cases of a table that are not long
MOST_LONG = 300  # cases of a table in a long run


def pytest_addoption(parser):
    parser.addoption("--every-case", action="store_true", help="all cases of the largest tables, too, which takes long")


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
    kept = spread(short, most)
    for case in set(short).difference(kept):
        case.add_marker(pytest.mark.long)
    if collector.config.option.markexpr == "not long":
        return kept  # idle cases slow down Python's garbage collector
    if collector.config.option.every_case or len(short) <= MOST_LONG:
        return cases
    left_out = set(short).difference(kept, spread(short, MOST_LONG))
    return [case for case in cases if case not in left_out]


def spread(cases, most):
    """So many of the cases, evenly over all of them."""
    return [cases[round(k * len(cases) / most)] for k in range(most)] if len(cases) > most else cases


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Whole files stay together, so that their fixtures are made once. A worker that is done takes from another."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.option.dist == "load" else None


skipped = set()


def pytest_runtest_logreport(report):
    if report.skipped:
        skipped.add(report.nodeid.partition("[")[0])


def pytest_collectreport(report):
    if report.skipped:
        skipped.add(report.nodeid)


def pytest_sessionfinish(session):
    cache = getattr(session.config, "cache", None)
    if cache is not None and not hasattr(session.config, "workerinput"):
        cache.set("skipped", sorted(skipped))
