"""A click on one cell shows the entries that made it, with numbers that add up."""

import os
import re
import shutil

import numpy as np
import pytest
from viewer_graphs import GRAPHS

import microgradnp as mg

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed", exc_type=ImportError)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None and os.environ.get("MICROGRADNP_BROWSER") != "required":
    pytest.skip("no Chromium on PATH", allow_module_level=True)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    x = np.array([[0.5, -1.0], [2.0, 0.25], [1.5, 3.0]])
    W = mg.Tensor(np.array([[0.3, -0.2], [0.1, 0.4]]), requires_grad=True, name="W")
    b = mg.Tensor(np.array([0.5, -0.5]), requires_grad=True, name="b")
    z = mg.add_bias(x @ W, b)
    h = np.tanh(z)
    z.name, h.name = "z", "h"
    path = mg.view(np.sum(h * h)).save(tmp_path_factory.mktemp("cells") / "graph.html")
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.complaints = []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.goto(f"{path.as_uri()}#open=all")
    opened.wait_for_selector("body[data-ready]", state="attached")
    opened.values = {"x": x, "W": W.numpy(), "b": b.numpy(), "z": z.numpy(), "h": h.numpy()}
    yield opened
    assert opened.complaints == []


def click(page, label: str, which: int, row: int, column: int) -> list[str]:
    """Select a box, click a cell of its value (0) or its gradient (1), and return what is said of it."""
    page.locator(f'.node [aria-label^="{label}"]').click()
    image = page.locator("#panel figure img.cells").nth(which)
    box = image.bounding_box()
    rows, columns = {"W": (2, 2), "b": (1, 2)}.get(label.split()[-1].rstrip(","), (3, 2))
    image.click(position={"x": box["width"] * (column + 0.5) / columns, "y": box["height"] * (row + 0.5) / rows})
    return page.locator(".cell p").all_text_contents()


def computed(line: str) -> tuple[float, float]:
    """The sum of products on the left of "=", and the number on its right."""
    left, _, right = line.partition(" = ")
    return eval(left.replace("·", "*").replace("−", "-")), float(right)


def test_a_product_shows_its_row_and_its_column(page):
    (line,) = click(page, "matmul", 0, 1, 0)
    assert line == "2·0.3 + 0.25·0.1 = 0.625"
    assert page.locator(".cell .light").count() == 2
    heights = [round(box["height"]) for box in (light.bounding_box() for light in page.locator(".cell .light").all())]
    assert heights[0] < heights[1]  # a row of x, a column of W


def test_an_entrywise_step_shows_its_entries(page):
    (line,) = click(page, "add_bias z", 0, 2, 1)
    assert computed(line) == pytest.approx((page.values["z"][2, 1],) * 2, rel=1e-3)
    (line,) = click(page, "tanh h", 0, 0, 0)
    assert line.startswith("tanh(")
    assert float(line.partition(" = ")[2]) == pytest.approx(page.values["h"][0, 0], rel=1e-3)


def test_the_gradient_of_a_matrix_sums_over_the_samples(page):
    first, most = click(page, "parameter W", 1, 0, 1)
    left, right = computed(first)
    h = page.values["h"]
    true = page.values["x"].T @ (2 * h * (1 - h**2))
    assert (left, right) == pytest.approx((true[0, 1],) * 2, rel=1e-2)
    row = int(re.search(r"row (\d)", most)[1])
    terms = page.values["x"][:, 0] * (2 * h * (1 - h**2))[:, 1]
    assert row == np.argmax(np.abs(terms))


def test_the_gradient_of_a_bias_is_a_sum_over_the_rows(page):
    (line,) = click(page, "parameter b", 1, 0, 0)
    left, right = computed(line)
    assert left == pytest.approx(right, rel=1e-2)


def test_a_value_that_is_used_twice_adds_its_contributions(page):
    lines = click(page, "tanh h", 1, 0, 0)
    assert lines[-1].startswith("sum of 2 contributions: ")


@pytest.mark.long
def test_every_cell_of_every_box_says_something(browser, tmp_path):
    path = mg.view(GRAPHS["lstm"](3)).save(tmp_path / "graph.html")
    opened = browser.new_page()
    complaints = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(f"{path.as_uri()}#open=all")
    opened.wait_for_selector("body[data-ready]", state="attached")
    for box in opened.locator(".box.node").all():
        box.dispatch_event("click")
        for image in opened.locator("#panel figure img.cells").all()[:2]:
            image.dispatch_event("click")
            assert opened.locator(".cell").count() == 1
    assert complaints == []
