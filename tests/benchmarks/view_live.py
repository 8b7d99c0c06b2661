"""How fast a page computes: python tests/benchmarks/view_live.py (needs Playwright and Chromium).

For the story's network and for a classifier of digits (784-128-10, 64 samples): the time from a changed number until the boxes
and the panel are drawn anew, and the time of a training, beside that of `fit`. Goals of a change: below 16 ms and below 100 ms.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

import microgradnp as mg

CHANGE = """() => Array.from({ length: 40 }, (_, k) => {
  const entry = document.getElementById("entry"), began = performance.now();
  entry.value = 0.1 * (k % 7);
  entry.dispatchEvent(new Event("input"));
  document.body.offsetHeight; // the layout, too
  return performance.now() - began;
})"""
TRAIN = (
    "(steps) => { const began = performance.now(); document.body.live.train(steps); return (performance.now() - began) / 1000; }"
)


def networks():
    """name -> (loss of the parameters, parameters, steps)."""
    random = np.random.default_rng(0)
    x, t = random.uniform(size=(20, 7)), random.uniform(size=(20, 2))
    story = {"W": random.normal(size=(7, 3)), "V": random.normal(size=(3, 2))}
    yield "story", lambda p: 0.5 * mg.sse(mg.sigmoid(x @ p["W"]) @ p["V"], t), story, 1000
    images, targets = random.normal(size=(64, 784)), np.eye(10)[random.integers(10, size=64)]
    digits = {"W": random.normal(size=(784, 128)) * 0.05, "b": np.zeros(128), "V": random.normal(size=(128, 10)) * 0.1}
    yield "digits", lambda p: np.mean((mg.sigmoid(images @ p["W"] + p["b"]) @ p["V"] - targets) ** 2), digits, 100


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    columns = ["network", "a change, least", "a change, median", "steps", "in the page", "`fit`", "`fit`, numba"]
    sys.stdout.write(f"| {' | '.join(columns)} |\n|---|{'---:|' * 6}\n")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, loss, weights, steps in networks():
            leaves = {key: mg.Tensor(value, requires_grad=True, name=key) for key, value in weights.items()}
            path = mg.view(loss(leaves), live=True).save(folder / f"{name}.html")
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(f"{path.as_uri()}#open=all")
            page.wait_for_selector("body[data-ready]", state="attached")
            page.locator(".node.parameter .sheet").first.click()
            times = page.evaluate(CHANGE)
            trained = page.evaluate(TRAIN, steps)
            page.close()
            fits = [seconds_of_fit(loss, weights, steps, backend) for backend in (None, "numba")]
            sys.stdout.write(
                f"| {name} | {min(times):.1f} ms | {statistics.median(times):.1f} ms | {steps:,} | {trained:.2f} s |"
            )
            sys.stdout.write("".join(f" {seconds:.2f} s |" for seconds in fits) + "\n")
        browser.close()


def seconds_of_fit(loss, weights, steps: int, backend: str | None) -> float:
    leaves = {key: mg.Tensor(value, requires_grad=True) for key, value in weights.items()}
    mg.fit(lambda: loss(leaves), leaves, iterations=1, progress=False, backend=backend)
    began = time.perf_counter()
    mg.fit(lambda: loss(leaves), leaves, iterations=steps, progress=False, backend=backend)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
