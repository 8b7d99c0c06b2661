"""The hand-written backward pass beside the derived one: each statement is paired with the gradient that it computes."""

import json
import os
import shutil

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.report.beside import Beside
from microgradnp.debugger.report.overlay import marks_of

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LEFT_OUT = CHROMIUM is None and os.environ.get("MICROGRADNP_BROWSER") != "required"


def loss(x, t, W1, W2, W3):
    h1 = np.tanh(x @ W1)
    h2 = np.tanh(h1 @ W2)
    return 0.5 * np.sum((h2 @ W3 - t) ** 2)


def train(x, t, W1, W2, W3):
    h1 = np.tanh(x @ W1)
    h2 = np.tanh(h1 @ W2)
    dy = h2 @ W3 - t
    dW3 = h2.T @ dy
    dz2 = dy @ W3.T * (1 - h2)  # h2**2
    dW2 = h1.T @ dz2
    dh1 = dz2 @ W2.T
    dz1 = dh1 * (1 - h1**2)
    dW1 = x.T @ dz1
    W1 -= 0.1 * dW1
    W2 -= 0.1 * dW2
    W3 -= 0.1 * dW3


def recurrent(xs, W, U):
    h, total = np.zeros(W.shape[0]), 0.0
    for x in xs:
        h = np.tanh(W @ h + U @ x)
        total += 0.5 * np.sum(h**2)
    return total


def unrolled(xs, W, U):
    h = [np.zeros(W.shape[0])]
    for x in xs:
        h.append(np.tanh(W @ h[-1] + U @ x))
    dW, dU, later = np.zeros_like(W), np.zeros_like(U), np.zeros(W.shape[0])
    for k in reversed(range(len(xs))):
        dh = h[k + 1] + later
        dz = dh * (1 - h[k + 1] ** 2)
        dW += np.outer(dz, h[k])
        dU += np.outer(dz, xs[k])
        later = W @ dz  # W.T
    return dW, dU


@pytest.fixture(scope="module")
def report():
    rng = np.random.default_rng(0)
    args = tuple(rng.normal(size=n) for n in ((6, 3), (6, 2), (3, 4), (4, 5), (5, 2)))
    return mg.debug(train, loss, args, budget=60.0)


def states(report):
    """Variable -> (the name of the value of which it is the gradient, its state)."""
    nodes, names = report.matches.evaluation.nodes, report.matches.evaluation.names
    pairs = Beside(report, marks_of(report)[1]).pairs()
    return [(p.version.path, None if p.node is None else names[id(nodes[p.node])], p.state) for p in pairs]


def test_values_behind_the_first_wrong_one_are_paired_by_the_rules_of_the_model(report):
    assert states(report) == [
        ("dy", "(h2 @ W3 - t)", "right"),
        ("dW3", "W3", "right"),
        ("dz2", "(h1 @ W2)", "wrong"),
        ("dW2", "W2", "after"),
        ("dh1", "h1", "after"),
        ("dz1", "(x @ W1)", "after"),
        ("dW1", "W1", "after"),
    ]


@pytest.mark.long
def test_a_second_mistake_is_not_called_right():
    def twice(x, t, W1, W2, W3):
        h1 = np.tanh(x @ W1)
        h2 = np.tanh(h1 @ W2)
        dy = h2 @ W3 - t
        dW3 = h2.T @ dy
        dz2 = dy @ W3.T * (1 - h2)
        dW2 = h1.T @ dz2
        dh1 = dz2 @ W2.T
        dz1 = dh1 * (1 + h1)
        dW1 = x.T @ dz1
        return dW1, dW2, dW3

    rng = np.random.default_rng(0)
    args = tuple(rng.normal(size=n) for n in ((6, 3), (6, 2), (3, 4), (4, 5), (5, 2)))
    found = states(mg.debug(twice, loss, args, budget=60.0))
    assert ("dh1", "h1", "after") in found
    assert ("dz1", "(x @ W1)", "wrong") in found


@pytest.mark.long
def test_a_wrong_statement_that_only_gives_another_name_is_shown():
    def forgetful(x, t, W1, W2, W3):
        h1 = np.tanh(x @ W1)
        h2 = np.tanh(h1 @ W2)
        dy = h2 @ W3 - t
        dW3 = h2.T @ dy
        dz2 = dy @ W3.T * (1 - h2**2)
        dW2 = h1.T @ dz2
        dh1 = dz2 @ W2.T
        dz1 = dh1  # the slope of tanh is missing
        dW1 = x.T @ dz1
        return dW1, dW2, dW3

    rng = np.random.default_rng(0)
    args = tuple(rng.normal(size=n) for n in ((6, 3), (6, 2), (3, 4), (4, 5), (5, 2)))
    page = mg.debug(forgetful, loss, args, budget=60.0).view()
    rows = json.loads(page.html.partition('id="data">')[2].partition("</script>")[0])["beside"]
    assert [row["source"].partition("  #")[0] for row in rows if row["state"] == "wrong"] == ["dz1 = dh1"]


@pytest.mark.long
def test_runs_of_one_statement_belong_to_the_steps_of_a_loop():
    rng = np.random.default_rng(1)
    args = rng.normal(size=(4, 3)), rng.normal(size=(5, 5)), rng.normal(size=(5, 3))
    found = [(node, state) for name, node, state in states(mg.debug(unrolled, recurrent, args, budget=60.0)) if name == "dh"]
    assert found == [("h", "right")] + 3 * [("h", "after")]


@pytest.mark.long
@pytest.mark.skipif(LEFT_OUT, reason="no Chromium on PATH")
def test_the_page_shows_both_passes_and_marks_the_first_wrong_statement(report, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed", exc_type=ImportError)
    report.view(tmp_path / "page.html")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width, height in ((1280, 720), (390, 844)):
            window = browser.new_page(viewport={"width": width, "height": height})
            complaints = []
            window.on("pageerror", lambda error: complaints.append(str(error)))  # noqa: B023
            window.goto((tmp_path / "page.html").as_uri())
            window.keyboard.press("h")
            assert "beside=1" in window.url
            rows = window.locator("#beside li[data-of]")
            assert rows.count() == 7
            wrong = window.locator("#beside li.first")
            assert "dz2 = dy @ W3.T * (1 - h2)" in wrong.inner_text()
            assert "d_h2" in wrong.inner_text()
            assert wrong.is_visible()
            window.locator("#beside li", has_text="dh1 = dz2 @ W2.T").get_by_role("button").press("Enter")
            assert window.locator("#beside li.lit").count() == 1
            assert "made from dz2" in window.locator("#details").inner_text()
            sizes = window.evaluate(
                "[...document.querySelectorAll('#beside *')].map((e) => parseFloat(getComputedStyle(e).fontSize))"
            )
            assert min(sizes) >= 11
            window.keyboard.press("h")
            assert window.locator("#code").is_visible()
            assert complaints == []
            window.close()
        browser.close()
