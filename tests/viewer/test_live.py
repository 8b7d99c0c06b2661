"""The page that computes: a changed number, a training with the steps of `fit`, and the story with its wrong line."""

import base64
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from viewer_graphs import GRAPHS

import microgradnp as mg
from microgradnp.cli import story, tour

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


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page, and asserts at the end that it complained of nothing and asked for nothing."""
    pages, complaints, requests = [], [], []

    def open_page(made, state: str = ""):
        path = tmp_path / f"page{len(pages)}.html"
        made.save(path)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{path.as_uri()}{state}")
        page.wait_for_selector("body[data-ready]", state="attached", timeout=20_000)
        pages.append(page)
        return page

    yield open_page
    assert complaints == []
    assert {url.partition("#")[0].rpartition("/")[2] for url in requests if not url.startswith(("data:", "blob:"))} <= {
        f"page{k}.html" for k in range(len(pages))
    }
    for page in pages:
        page.close()


def data():
    random = np.random.default_rng(3)
    x = random.normal(size=(12, 2))
    weights = {"W": random.normal(size=(2, 5)), "b": random.normal(size=5), "V": random.normal(size=(5, 1))}
    return x, (x[:, :1] * x[:, 1:] > 0).astype(float), weights


def network(x, t, W, b, V):
    return 0.5 * mg.sse(mg.sigmoid(np.tanh(x @ W + b) @ V), t)


def recorded():
    """The weights, and the loss of the network as a Tensor."""
    x, t, weights = data()
    leaves = {name: mg.Tensor(array, requires_grad=True, name=name) for name, array in weights.items()}
    loss = network(mg.Tensor(x, name="x"), mg.Tensor(t, name="t"), *leaves.values())
    return leaves, loss


def test_all_follows_a_changed_entry_and_the_check_shows_its_slope(opened):
    x, t, weights = data()
    page = opened(mg.view(recorded()[1], live=True), "#open=all")
    page.locator('.node [aria-label^="parameter W"]').click()
    before = page.text_content("#details table")
    page.get_by_label("index along axis 0, from 0 to 1").fill("1")
    page.get_by_label("index along axis 1, from 0 to 4").fill("3")
    page.fill("#entry", "0.75")
    weights["W"][1, 3] = 0.75
    value, slopes = mg.value_and_grad(lambda W: network(x, t, W, weights["b"], weights["V"]))(weights["W"])
    assert page.evaluate("document.body.live.loss()") == pytest.approx(float(value), rel=1e-13)
    quotient, slope = (float(text) for text in page.locator("#slopes td").all_text_contents()[2:])
    assert slope == pytest.approx(float(slopes[1, 3]), rel=1e-7)
    assert quotient == pytest.approx(slope, rel=1e-5)
    assert page.text_content("#details table") != before
    assert page.locator("#entryName").text_content().startswith("W")
    page.click("#recorded")
    assert page.text_content("#details table") == before


@pytest.mark.long
def test_100_steps_are_those_of_fit(opened):
    page = opened(mg.view(recorded()[1], live=True))
    optimizers = {"sgd": mg.optim.SGD(lr=0.03), "momentum": mg.optim.SGD(lr=0.03, momentum=0.9), "adam": mg.optim.Adam(lr=0.03)}
    for name, optimizer in optimizers.items():
        x, t, weights = data()
        leaves = {key: mg.Tensor(array, requires_grad=True) for key, array in weights.items()}
        result = mg.fit(lambda: network(x, t, *leaves.values()), leaves, optimizer=optimizer, iterations=100, progress=False)  # noqa: B023
        page.click("#start", force=True)
        page.select_option("#optimizer", name)
        page.fill("#rate", "0.03")
        page.evaluate("document.body.live.train(100)")
        np.testing.assert_allclose(page.evaluate("document.body.live.losses()"), result.history.loss, rtol=1e-10)
        for key, leaf in leaves.items():
            np.testing.assert_allclose(
                page.evaluate("(k) => document.body.live.leaf(k)", key), leaf.numpy().ravel(), rtol=1e-10, atol=1e-10
            )
        assert page.text_content("#iteration") == "100"


def in_order(size, *arrays):
    """The batches of the page: rows in their order, over and over."""
    while True:
        for start in range(0, len(arrays[0]), size):
            yield tuple(array[start : start + size] for array in arrays)


@pytest.mark.long
@pytest.mark.parametrize("size", [5, 1])
def test_steps_with_batches_are_those_of_fit_in_the_same_order(opened, size):
    page = opened(mg.view(recorded()[1], live=True))
    assert page.text_content("#order") == ""
    for name, optimizer in {"momentum": mg.optim.SGD(lr=0.03, momentum=0.9), "adam": mg.optim.Adam(lr=0.03)}.items():
        x, t, weights = data()
        leaves = {key: mg.Tensor(array, requires_grad=True) for key, array in weights.items()}
        result = mg.fit(
            lambda x, t: network(x, t, *leaves.values()),  # noqa: B023
            leaves,
            in_order(size, x, t),
            optimizer=optimizer,
            iterations=40,
            progress=False,
        )
        page.click("#start", force=True)
        page.select_option("#optimizer", name)
        page.fill("#rate", "0.03")
        page.fill("#batch", str(size))
        page.keyboard.press("Tab")
        assert f"Batches of {size} of the 12 samples in the order of the rows of x, t, not shuffled" in page.text_content(
            "#order"
        )
        page.evaluate("document.body.live.train(40)")
        np.testing.assert_allclose(page.evaluate("document.body.live.losses()"), result.history.loss, rtol=1e-10)
        for key, leaf in leaves.items():
            np.testing.assert_allclose(
                page.evaluate("(k) => document.body.live.leaf(k)", key), leaf.numpy().ravel(), rtol=1e-10, atol=1e-10
            )


@pytest.mark.long
@pytest.mark.parametrize("label", ["B", "A"])
def test_the_story_with_its_wrong_line_is_the_hand_written_training(opened, tmp_path, label):
    sets = {"A": story.two_samples(), "B": story.uniform_samples(4)}
    tour.write_page(sets, 4, tmp_path / "graph.html")
    page = opened(SavedPage(tmp_path / "graph.html"), f"#data={'BA'.index(label)}")
    samples, targets = sets[label]
    for hand, step in (("wrong", story.step_with_the_bug), ("right", story.step_done_right)):
        page.select_option("#hand", hand)
        page.evaluate("document.body.live.train(50)")
        steps = story.train(step, samples, targets, *story.initial_weights(samples, targets, 4), 0.0, 50)
        errors = [0.5 * float(np.sum((np.array(y) - targets) ** 2)) for _, y in steps]
        np.testing.assert_allclose(page.evaluate("document.body.live.losses()"), errors, rtol=1e-10)
    assert page.locator(".chart .ghost").count() == 1  # the training before, to compare with


class SavedPage:
    """A page that a command has written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, path: Path) -> None:
        shutil.copy(self.path, path)


@pytest.mark.long
def test_playing_stepping_and_resetting_by_keys(opened):
    page = opened(mg.view(recorded()[1], live=True))
    start = page.text_content("#lossText")
    page.keyboard.press(".")
    assert page.text_content("#iteration") == "1"
    page.keyboard.press("p")
    page.wait_for_function("() => +document.getElementById('iteration').textContent > 3")
    page.keyboard.press("p")
    stopped = page.text_content("#iteration")
    page.wait_for_timeout(100)
    assert page.text_content("#iteration") == stopped
    assert page.text_content("#lossText") != start
    assert page.locator(".boundary circle").count() == 12  # two inputs, one output
    page.keyboard.press("0")
    assert (page.text_content("#iteration"), page.text_content("#lossText")) == ("0", start)


@pytest.mark.long
def test_a_rate_that_is_too_large_stops_the_training(opened):
    w = mg.Tensor([3.0, -2.0], requires_grad=True, name="w")
    page = opened(mg.view(np.sum(w**4), live=True))
    page.fill("#rate", "1e6")
    page.evaluate("document.body.live.train(100)")
    assert "not finite" in page.text_content("#says")
    assert int(page.text_content("#iteration")) < 100


@pytest.mark.long
def test_vanishing_gradients_are_named(opened):
    h, weights = data()[0], [mg.Tensor(np.full((2, 2), 0.01), requires_grad=True) for _ in range(5)]
    for W in weights:
        h = mg.sigmoid(h @ W)
    page = opened(mg.view(np.sum(h), live=True))
    assert page.locator(".vanishing").count() > 0
    page.evaluate("document.body.live.train(30)")
    assert "since step 0" in page.locator(".vanishing").first.text_content()
    pictures = page.locator(".over-time")
    assert pictures.count() == 2 * page.locator(".layers tbody tr").count()
    assert pictures.first.get_attribute("width") == "30"  # a column for each step
    assert "magnitudes of gradients" in pictures.nth(1).get_attribute("aria-label")
    assert opened(mg.view(recorded()[1], live=True)).locator(".vanishing").count() == 0


@pytest.mark.long
def test_a_cell_in_the_drawing_is_changed_by_mouse_and_by_keys(opened):
    page = opened(mg.view(recorded()[1], live=True), "#open=all")
    before, place = page.text_content("#lossText"), page.get_attribute("#view", "transform")
    box = page.locator(".node.data", has_text="x").first
    frame = box.locator(".thumbs .frame").first.bounding_box()
    page.mouse.move(frame["x"] + frame["width"] - 2, frame["y"] + 1)  # the first row, the second column
    page.mouse.down()
    page.mouse.move(frame["x"], frame["y"] - 60, steps=3)
    page.mouse.up()
    changed = np.array(page.evaluate("document.body.live.leaf('x')"))
    assert list(np.flatnonzero(changed != data()[0].ravel())) == [1]
    assert page.get_attribute("#view", "transform") == place
    assert page.text_content("#lossText") != before
    box.locator(".sheet").focus()
    for key in ("Shift+ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert page.evaluate("document.body.live.leaf('x')")[2] > data()[0][1, 0]
    assert page.locator(".entry-frame").count() == 1
    assert page.text_content("#status").startswith("x[1,0] = ")
    page.click("#recorded")
    assert page.text_content("#lossText") == before


@pytest.mark.long
def test_no_boundary_where_samples_mix(opened):
    x, t, weights = data()
    h = mg.Tensor(x, name="x") @ mg.Tensor(weights["W"], requires_grad=True)
    h = (h - np.mean(h, axis=0)) @ mg.Tensor(weights["V"], requires_grad=True)  # every output depends on every sample
    page = opened(mg.view(mg.sse(h, t), live=True))
    assert page.locator(".chart").count() == 2
    assert page.locator(".boundary").count() == 0


def test_what_has_no_javascript_is_said_and_leaves_the_page_as_it_is(opened):
    w = mg.Tensor(np.eye(3), requires_grad=True, name="w")
    page = opened(mg.view(np.sum(np.linalg.svd(w)[1]), live=True))
    assert "svd" in page.text_content("#panel")
    assert page.locator("#bar").count() == 0
    assert page.locator(".box").count() > 0


@pytest.mark.long
def test_hostile_names_run_nothing_in_a_live_page(opened):
    text = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked=2'>\"'`${alert(1)}<!-- */ \u2028"
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name=text)
    loss = np.sum(np.tanh(x * 2))
    loss.name = text
    page = opened(mg.view(loss, live=True), "#open=all")
    page.locator(".node.parameter .sheet").click()
    page.fill("#entry", "3")
    page.evaluate("document.body.live.train(2)")
    assert page.evaluate("window.hacked") is None
    assert text.replace("\u2028", "") in page.text_content("#panel").replace("\u2028", "")


@pytest.mark.long
def test_a_page_whose_program_returns_something_else_changes_nothing(opened):
    page = mg.view(recorded()[1], live=True)
    data = json.loads(page.html.partition('id="data">')[2].partition("</script>")[0])
    leaf = data["live"]["leaves"][0][1]
    page.html = page.html.replace(leaf, base64.b64encode(np.zeros(len(base64.b64decode(leaf)) // 8).tobytes()).decode())
    window = opened(page)
    assert "does not return the recorded numbers" in window.text_content("#panel")
    assert not window.locator("#bar").is_visible()
    assert window.locator(".box").count() > 1


@pytest.mark.long
def test_labels_cannot_be_changed(opened):
    w = mg.Tensor(np.ones((3, 2)), requires_grad=True, name="w")
    labels = np.array([0, 1, 1])
    page = opened(mg.view(mg.cross_entropy(w, labels), live=True), "#open=all")
    if page.locator("#bar").count():
        page.locator('.node [aria-label^="parameter w"]').click()
        assert page.locator("#entry").is_visible()
        page.locator(".node.data .sheet").last.click()
        assert not page.locator("#entry").is_visible()


@pytest.mark.long
@pytest.mark.parametrize("kind", ["mlp", "live", "editor", "report", "beside"])
def test_axe_finds_no_violation(browser, tmp_path, kind):
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    rules = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    path, state = tmp_path / "page.html", {"editor": "#open=all&sel=0", "beside": "#beside=1"}.get(kind, "")
    if kind in ("report", "beside"):
        examples = Path(__file__).parents[2] / "examples"
        from click.testing import CliRunner

        from microgradnp.cli import main

        command = [
            "debug",
            str(examples / "xor_by_hand.py"),
            "--model",
            f"{examples / 'xor_by_hand.py'}:loss",
            "--html" if kind == "report" else "--view",
            str(path),
        ]
        CliRunner().invoke(main, command)
    else:
        mg.view(GRAPHS["mlp"]() if kind == "mlp" else recorded()[1], path, live=kind != "mlp")
    for scheme in ("light", "dark"):
        context = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 720}, color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{path.as_uri()}{state}")
        if kind != "report":
            page.wait_for_selector("body[data-ready]", state="attached")
        page.evaluate(rules)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"]
        found = page.evaluate("(values) => axe.run(document, { runOnly: { type: 'tag', values } })", tags)
        assert [(row["id"], [node["html"][:150] for node in row["nodes"]]) for row in found["violations"]] == []
        context.close()
