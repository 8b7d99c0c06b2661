"""What a lecturer projects: the page opens with everything in sight, and no text of the drawing is below 11 pixels."""

import os
import shutil

import pytest
from viewer_graphs import GRAPHS

import microgradnp as mg
from microgradnp.cli import story, tour

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed", exc_type=ImportError)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None and os.environ.get("MICROGRADNP_BROWSER") != "required":
    pytest.skip("no Chromium on PATH", allow_module_level=True)

WINDOWS = [(1280, 720), (1920, 1080), (390, 844)]
MEASURE = """() => {
  const stage = document.getElementById("graph").getBoundingClientRect(), inside = (box) => {
    const r = box.getBoundingClientRect();
    return r.left >= stage.left - 1 && r.right <= stage.right + 1 && r.top >= stage.top - 1 && r.bottom <= stage.bottom + 1;
  };
  const shown = [...document.querySelectorAll("#graph text")].filter((text) => text.textContent && text.getClientRects().length);
  return {
    pixels: Math.min(...shown.map((text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)),
    outside: [...document.querySelectorAll("#graph .box")].filter((box) => !inside(box)).length,
    boxes: document.querySelectorAll("#graph .box").length,
    controls: document.querySelector("header").offsetHeight + document.querySelector("footer").offsetHeight,
    sideways: document.documentElement.scrollWidth > innerWidth,
  }; }"""


SMALL = """() => [...document.querySelectorAll("#app *")].filter((e) => {
  const written = [...e.childNodes].some((part) => part.nodeType === 3 && part.textContent.trim());
  return written && e.getClientRects().length && parseFloat(getComputedStyle(e).fontSize) * (e.getScreenCTM?.()?.a ?? 1) < 10.99;
}).map((e) => e.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def opened(browser, path, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready]", state="attached", timeout=20_000)
    return page


SLOW = ("lstm_module", "transformer", "cnn", "resnet", "tiny", "module", "branches")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] if name in SLOW else []) for name in GRAPHS])
def test_the_page_opens_with_text_that_can_be_read(browser, tmp_path, name):
    path = mg.view(GRAPHS[name]()).save(tmp_path / "graph.html")
    for width, height in WINDOWS:
        page = opened(browser, path, width, height)
        found = page.evaluate(MEASURE)
        assert found["pixels"] >= 11, (width, found)
        assert found["outside"] == 0, (width, found)
        assert found["boxes"] >= 2
        assert found["controls"] <= height / 4
        assert not found["sideways"]
        page.close()


@pytest.mark.long
@pytest.mark.parametrize("name", ["tour", "mlp"])
def test_a_page_that_computes_opens_with_text_that_can_be_read(browser, tmp_path, name):
    path = tmp_path / "graph.html"
    if name == "tour":
        tour.write_page({"A": story.two_samples(), "B": story.uniform_samples(4)}, 4, path)
    else:
        mg.view(GRAPHS[name](), path, live=True)
    for width, height in WINDOWS:
        page = opened(browser, path, width, height)
        page.evaluate("document.body.live.train(3)")
        found = page.evaluate(MEASURE)
        assert found["pixels"] >= 11, (width, found)
        assert found["outside"] == 0, (width, found)
        assert found["controls"] <= height / 4
        assert not found["sideways"]
        assert page.evaluate(SMALL) == []
        page.close()


def test_a_wide_window_opens_more_than_a_phone(browser, tmp_path):
    path = mg.view(GRAPHS["mlp"]()).save(tmp_path / "graph.html")
    boxes = []
    for width, height in ((390, 844), (1280, 720)):
        page = opened(browser, path, width, height)
        boxes.append(page.locator(".box").count())
        page.close()
    assert boxes[0] < boxes[1] == 6  # x, h1, h2, y, t and the loss


def test_a_loop_shows_one_round_after_the_other_and_follows_the_backward_pass(browser, tmp_path):
    path = mg.view(GRAPHS["lstm"]()).save(tmp_path / "graph.html")
    page = opened(browser, path, 1280, 720)
    picture = "document.querySelector('.is-run image.left').getAttribute('href')"
    last = page.evaluate(picture)
    assert page.text_content(".is-run .round") == "t = 11"
    page.locator('.is-run [aria-label="round before"]').click()
    assert page.text_content(".is-run .round") == "t = 10"
    assert page.evaluate(picture) != last
    page.fill("#step", "60")
    assert page.text_content(".is-run .round") not in ("t = 11", "t = 10")
    assert page.locator(".is-run.current").count() == 1
    page.close()


def test_gradients_flow_backwards_and_values_stay_bright(browser, tmp_path):
    path = mg.view(GRAPHS["mlp"]()).save(tmp_path / "graph.html")
    page = opened(browser, path, 1280, 720)
    page.fill("#step", "5")
    shown = page.evaluate(
        "['.head', '.back'].map((head) => getComputedStyle(document.querySelector(`.edge.flow ${head}`)).display)"
    )
    assert shown == ["none", "inline"]
    values = "[...document.querySelectorAll('.box.waiting')].map((box) => [box, box.querySelector('.thumbs .left')])"
    opacities = page.evaluate(f"{values}.flat().map((part) => getComputedStyle(part).opacity)")
    assert opacities
    assert set(opacities) == {"1"}
    page.close()


def test_one_scale_for_all_boxes_or_one_for_each(browser, tmp_path):
    path = mg.view(GRAPHS["story"]()).save(tmp_path / "graph.html")
    page = opened(browser, path, 1280, 720)
    picture = "document.querySelector('.box.data image.left').getAttribute('href')"
    each = page.evaluate(picture)
    page.click("#one")
    assert page.evaluate(picture) != each
    assert page.text_content("#scaleText").startswith("value ±")
    assert "one=1" in page.url
    page.close()


def test_the_table_comes_into_view_and_a_scalar_is_a_number(browser, tmp_path):
    path = mg.view(GRAPHS["story"]()).save(tmp_path / "graph.html")
    page = opened(browser, path, 1280, 720)
    page.locator(".box.loss .sheet").click()
    assert page.locator("#panel figure .single").first.is_visible()
    assert page.locator("#panel figure img").count() == 0
    page.click("#nodes summary")
    page.wait_for_selector("#rows tr")
    page.wait_for_timeout(100)
    assert page.locator("#rows tr").first.bounding_box()["y"] < 720
    page.close()
