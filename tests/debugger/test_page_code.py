"""The hand-written code beside the graph: each line leads to its box, and each box to its lines."""

import os
import shutil

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.report.code import replaced
from microgradnp.debugger.report.facts import Finding

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LEFT_OUT = CHROMIUM is None and os.environ.get("MICROGRADNP_BROWSER") != "required"


def loss(x, t, W, V):
    return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)


def train(x, t, W, V):
    h = np.tanh(x @ W)
    e = h @ V - t
    d = e @ V.T * (1 - h)
    V -= 0.1 * h.T @ e
    W -= 0.1 * x.T @ d


@pytest.fixture(scope="module")
def page():
    rng = np.random.default_rng(0)
    args = tuple(rng.normal(size=n) for n in ((6, 3), (6, 2), (3, 4), (4, 2)))
    return mg.debug(train, loss, args, budget=60.0).view()


def test_a_replaced_statement_has_its_fix_behind_its_last_line():
    two = Finding("d", "f", "a.py", 3, "d = (e", "unknown", "", "", (3, "d = (e\n@ V)", "d = e @ V.T"), "exact")
    moved = Finding("W", "f", "a.py", 9, "W -= g", "unknown", "", "", (9, "W -= g", "move line 9 after line 12"), "exact")
    assert replaced([two, moved]) == {
        ("a.py", 3): [],
        ("a.py", 4): ["d = e @ V.T"],
        ("a.py", 9): ["# move line 9 after line 12"],
    }


@pytest.mark.skipif(LEFT_OUT, reason="no Chromium on PATH")
def test_lines_and_boxes_lead_to_each_other(page, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed", exc_type=ImportError)
    page.save(tmp_path / "page.html")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        window = browser.new_page(viewport={"width": 1280, "height": 720})
        complaints = []
        window.on("pageerror", lambda error: complaints.append(str(error)))
        window.goto(f"{(tmp_path / 'page.html').as_uri()}#open=all")
        wrong, mended = window.locator("#code li.wrong"), window.locator("#code li.ins")
        assert "d = e @ V.T * (1 - h)" in wrong.inner_text()
        assert wrong.locator("mark").inner_text() == "h"
        assert mended.locator("code").inner_text().strip().startswith("d = e @ V.T * (1 - h")
        assert wrong.is_visible()
        window.locator("#code li", has_text="V -= 0.1").locator("button").click()
        selected = window.locator(".box.selected")
        assert selected.count() == 1
        assert selected.locator(".name").text_content() == "V"
        window.locator(".box", has=window.locator(".name", has_text="W")).first.click()
        assert "W -= 0.1" in " ".join(window.locator("#code li.lit").all_inner_texts())
        assert complaints == []
        browser.close()
