"""A test file that cannot be imported is an error.

The option `--doctest-ignore-import-errors` is for the rules of optional libraries. It would turn an import error of a test file
into a skip, and none of its tests would run. So no doctests are looked for in this folder.
"""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    collectors = yield
    return [collector for collector in collectors if type(collector).__name__ != "DoctestModule"]
