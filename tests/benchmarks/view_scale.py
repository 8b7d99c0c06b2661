"""How long a page takes to be written, and to be ready in Chromium, for graphs of 100 to 100,000 nodes.

python tests/benchmarks/view_scale.py

The graphs are chains of `tanh` and `+` on 8x8 arrays in modules of 30 nodes (of none: all flat), every sum using one input again.
Both are seconds of processor time, of Python and of the main thread of the page. Goals: 10,000 nodes ready in less than 1.5 s,
100,000 in less than 12 s. Without Playwright or Chromium, written times only.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import microgradnp as mg
from microgradnp.core.context import mode, switch

CASES = ((100, 30), (1_000, 30), (5_000, 0), (10_000, 30), (10_000, 0), (100_000, 30))
REPEATS = 3


def chain(nodes: int, module: int) -> mg.Tensor:
    x = mg.Tensor(np.random.default_rng(0).normal(size=(8, 8)), requires_grad=True, name="x")
    h, made = x, 1
    while made < nodes - 1:
        token = switch(scope=f"block{made // module}") if module else None
        for _ in range((module or nodes) // 2):
            h, made = np.tanh(h) + x, made + 2
            if made >= nodes - 1:
                break
        if token is not None:
            mode.reset(token)
    return np.sum(h)


def ready(paths: list[Path]) -> dict[Path, float]:
    """Seconds that the page computes until everything visible has been laid out and drawn; the median of several."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {}
    chromium = shutil.which("chromium")
    if chromium is None:
        return {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found = {}
        for path in paths:
            times = []
            for _ in range(REPEATS):
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                session = page.context.new_cdp_session(page)
                session.send("Performance.enable", {"timeDomain": "threadTicks"})
                page.goto(path.as_uri(), timeout=120_000)
                page.wait_for_selector("body[data-ready]", state="attached", timeout=120_000)
                metrics = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
                times.append(metrics["ThreadTime"])
                page.close()
            found[path] = statistics.median(times)
        browser.close()
    return found


def main() -> None:
    folder, rows = Path(tempfile.mkdtemp()), []
    for nodes, module in CASES:
        loss = chain(nodes, module)
        path = folder / f"{nodes}_{module}.html"
        began = time.process_time()
        page = mg.view(loss, path)
        rows.append((page.nodes, -(-nodes // module) if module else 0, path, time.process_time() - began))
    opened = ready([path for *_, path, _ in rows])
    sys.stdout.write("| nodes | modules | page | written | ready |\n|---:|---:|---:|---:|---:|\n")
    for nodes, modules, path, written in rows:
        size = path.stat().st_size / 1e6
        sys.stdout.write(
            f"| {nodes:,} | {modules:,} | {size:.1f} MB | {written:.1f} s | {opened.get(path, float('nan')):.1f} s |\n"
        )


if __name__ == "__main__":
    main()
