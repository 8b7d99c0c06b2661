"""The README's pictures: python .ci/pictures.py (needs Playwright, Chromium and Pillow).

Those of the page are taken in Chromium. The chart of speeds is drawn from the table in examples/guide/compile.md.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from microgradnp.cli import story, tour

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
PICTURES = EXAMPLES / "pictures"
TRAINED = """() => {
  const hand = document.getElementById("hand");
  document.body.live.train(8000);
  hand.value = "wrong";
  hand.dispatchEvent(new Event("change"));
  document.body.live.train(8000);
}"""


def shot(browser: Browser, page: Path, state: str, size: tuple[int, int], script: str = "0") -> Image.Image:
    """The page in a window of `size`, in the state that the URL names, after a script has run in it."""
    tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
    tab.goto(f"{page.as_uri()}#{state}")
    tab.wait_for_selector("body[data-ready]", state="attached")
    tab.evaluate(script)
    image = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    tab.close()
    return image


def trained(browser: Browser, page: Path, size: tuple[int, int]) -> Image.Image:
    """A page that computes, after 300 steps of Adam in the page itself."""
    tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
    tab.goto(page.as_uri())
    tab.wait_for_selector("body[data-ready]", state="attached")
    tab.select_option("#optimizer", "adam")
    tab.fill("#rate", "0.03")
    for _ in range(300):
        tab.click("#trainStep")
    image = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    tab.close()
    return image


def save_still(image: Image.Image, name: str) -> None:
    image.quantize(128).save(PICTURES / name, optimize=True)


def save_moving(images: list[Image.Image], name: str, durations: list[int]) -> None:
    """A GIF without end. All pictures share the colours of the first and the last one."""
    both = Image.new("RGB", (images[0].width, 2 * images[0].height))
    both.paste(images[0], (0, 0))
    both.paste(images[-1], (0, images[0].height))
    colours = both.quantize(96)
    frames = [image.quantize(palette=colours, dither=Image.Dither.NONE) for image in images]
    frames[0].save(PICTURES / name, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True)


def draw_network(folder: Path) -> None:
    """The graph of the README's first example, made by the code that stands there."""
    code = re.search(r"## Define.*?```pycon\n(.*?)>>> W.grad", (ROOT / "README.md").read_text(), re.S).group(1)
    (folder / "model.py").write_text(code.replace(">>> ", "") + 'mg.render(loss, "network.svg", direction="LR")\n')
    subprocess.run([sys.executable, "model.py"], cwd=folder, check=True)
    shutil.copy(folder / "network.svg", PICTURES)


def draw_speeds() -> None:
    """Bars for the smallest network in the table of speeds, on a scale that doubles."""
    table = re.search(r"<!-- benchmark -->\n(.*?)\n\n", (EXAMPLES / "guide" / "compile.md").read_text(), re.S).group(1)
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table.splitlines()[3:]]
    bars = [("hand-written NumPy", 1.0), *((row[0].replace("`", ""), float(row[1])) for row in rows)]
    width = {name: 60 * np.log2(value / 0.05) for name, value in bars}
    lines = [
        f'<text x="250" y="{24 * k + 46}" text-anchor="end">{name}</text>'
        f'<rect x="258" y="{24 * k + 33}" width="{width[name]:.0f}" height="17" fill="{"#57606a" if k == 0 else "#0a6ca8"}"/>'
        f'<text x="{264 + width[name]:.0f}" y="{24 * k + 46}">{value:.2g}</text>'
        for k, (name, value) in enumerate(bars)
    ]
    height = 24 * len(bars) + 42
    title = "Time of one training step of a network 20x7-3-2, hand-written NumPy = 1 (logarithmic scale)"
    text = f'<text x="10" y="20" font-weight="bold">{title}</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 {height}" font-family="sans-serif" font-size="13">'
    (PICTURES / "speed.svg").write_text(
        "\n".join([svg, '<rect width="100%" height="100%" fill="#fff"/>', text, *lines, "</svg>\n"])
    )


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    draw_network(folder)
    draw_speeds()
    subprocess.run([sys.executable, EXAMPLES / "gallery.py", "--out", folder], check=True)
    subprocess.run([sys.executable, EXAMPLES / "step_through_backprop.py", "--out", folder], check=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        save_still(shot(browser, folder / "wrong.html", "", (1280, 860)), "page.png")
        save_still(trained(browser, folder / "mlp.html", (1280, 860)), "training.png")
        steps = [shot(browser, folder / "wrong.html", f"step={k}&lane=1&over=0&sel=none", (1280, 800)) for k in range(11)]
        save_moving(steps, "step_through.gif", [1200] * 10 + [3000])
        tour.write_page({"A": story.two_samples(), "B": story.uniform_samples(4)}, 4, folder / "live.html")
        save_still(shot(browser, folder / "live.html", "sel=none", (1280, 800), TRAINED), "live.png")
        found = shot(browser, folder / "wrong_line.html", "", (1280, 760))
        back = [shot(browser, folder / "wrong_line.html", f"step={k}&over=0&sel=none", (1280, 760)) for k in range(0, 110, 12)]
        save_moving([found, *back, found], "wrong_line.gif", [4000] + [500] * len(back) + [4000])
        browser.close()
    for path in sorted(PICTURES.iterdir()):
        sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
