"""The guide's tables of covered functions are what `mg.coverage()` prints."""

from pathlib import Path

import numpy as np
import pytest

import microgradnp as mg

PAGE = Path(__file__).parents[1] / "examples" / "guide" / "numpy.md"


def test_the_tables_are_those_of_the_table():
    scipy = pytest.importorskip("scipy", reason="SciPy is not installed, and its functions are in the guide's table")
    mark, inside = PAGE.read_text().split("<!-- coverage of ")[1].split("<!-- end of coverage -->")[0].split(" -->\n", 1)
    here = f"NumPy {minor(np)}, SciPy {minor(scipy)}"
    if mark != here:
        pytest.skip(f"the guide's table was made with {mark}, and here is {here}")
    mine, theirs = (set(text.split()) for text in (mg.coverage().markdown(), inside))
    assert mine - theirs == theirs - mine == set(), "run python -m microgradnp coverage --markdown, and paste it"


def minor(library):
    return ".".join(library.__version__.split(".")[:2])
