"""The README's pictures of the page, taken in Chromium: python .ci/pictures.py (needs Playwright, Chromium and Pillow)."""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "examples" / "pictures"
STEPS = 10  # of the sweep in examples/step_through_backprop.py, the seed included


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    subprocess.run([sys.executable, ROOT / "examples" / "step_through_backprop.py", "--out", folder], check=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])

        def shot(name: str, state: str, theme: str, size: tuple[int, int]) -> Image.Image:
            page = browser.new_page(color_scheme=theme, viewport={"width": size[0], "height": size[1]})
            page.goto(f"{(folder / name).as_uri()}#{state}")
            page.wait_for_selector("body[data-ready]", state="attached")
            image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            page.close()
            return image

        for theme in ("light", "dark"):
            picture = shot("wrong.html", "", theme, (1280, 860))
            picture.quantize(128).save(PICTURES / f"page_{theme}.png", optimize=True)
        frames = [
            shot("wrong.html", f"step={k}&lane=1&over=0&sel=none", "light", (1280, 800)).quantize(64) for k in range(STEPS + 1)
        ]
        frames[0].save(
            PICTURES / "step_through.gif", save_all=True, append_images=frames[1:], duration=[1200] * STEPS + [3000], loop=0
        )
        browser.close()
    for path in sorted(PICTURES.iterdir()):
        sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
