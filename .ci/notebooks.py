"""Runs the notebooks of the guide, and stores what they print: python .ci/notebooks.py [NAME ...] (needs nbclient).

Only text and drawn graphs are stored, so that a notebook reads well on a forge's page. Pages and heat maps are left out.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

GUIDE = Path(__file__).parent.parent / "examples" / "guide"
KEPT = ("text/plain", "image/svg+xml")


def run(notebook: nbformat.NotebookNode) -> None:
    """Run all cells in an empty folder, and keep of their outputs what a forge shows."""
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    for cell in notebook.cells:
        cell.metadata.clear()
        for output in cell.get("outputs", ()):
            if "data" in output:
                output.data = {kind: value for kind, value in output.data.items() if kind in KEPT}
                output.data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", output.data["text/plain"])
    notebook.metadata.get("language_info", {}).pop("version", None)


def main() -> None:
    os.environ.setdefault("PYTHONWARNINGS", "default")
    for path in sorted(GUIDE.glob("*.ipynb")):
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            notebook = nbformat.read(path, as_version=4)
            run(notebook)
            nbformat.write(notebook, path)
            sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
