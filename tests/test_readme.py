"""The README: its code prints what the page shows, and its map names every room."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_architecture import FLOORS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.filterwarnings("ignore:drawn with the built-in layout")
def test_the_tour_prints_what_the_readme_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(README, {}, "README.md", str(ROOT / "README.md"), 0)
    assert len(test.examples) > 20
    report = []
    results = doctest.DocTestRunner(optionflags=flags).run(test, out=report.append)
    assert results.failed == 0, "".join(report)
    assert (tmp_path / "graph.svg").stat().st_size > 1000


def test_the_map_names_every_room_from_the_bottom_up():
    rows = [line.split("|")[1] for line in README[README.index("## Map") :].splitlines() if line.startswith("| `")]
    assert len(rows) <= 16
    rooms = [name.rstrip("/").removesuffix(".py") for row in rows for name in re.findall(r"`(.*?)`", row)]
    assert rooms == [room for room in FLOORS if not room.startswith("__")]


def test_every_file_that_the_readme_names_exists():
    for name in re.findall(r"(?:examples|tests)/[\w/.]+\.\w+", README):
        assert (ROOT / name).is_file(), name


def test_every_example_is_listed():
    for path in (ROOT / "examples").glob("*.py"):
        assert f"examples/{path.name}" in README


def test_the_printed_backprop_is_what_the_example_prints():
    shown = re.search(r"<!-- emitted -->\n```text\n(.*?)```", README, re.S).group(1)
    printed = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "print_the_backprop.py")], capture_output=True, text=True, check=True
    ).stdout
    assert shown in printed
