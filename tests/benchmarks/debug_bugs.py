"""How good `mg.debug` is on whole programs that people might have written wrong, each with one or two mistakes.

python tests/benchmarks/debug_bugs.py [--folder bugs|bugs_held_out] [--seeds 1 2]

`bugs` were looked at while the debugger was made; `bugs_held_out` were written afterwards by somebody who had not seen it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

DEBUG = Path(__file__).parents[1] / "debugger"
sys.path.insert(0, str(DEBUG))
import programs  # noqa: E402

from microgradnp.debugger.debug import debug  # noqa: E402


def measure(path: Path, seed: int) -> dict[str, Any]:
    """What is right of what the debugger says about one program."""
    module = programs.load("bugs", path.stem, path)
    truth = module.TRUTH
    args, kwargs = module.make(np.random.default_rng(seed))
    started = time.perf_counter()
    try:
        report = debug(module.train, module.loss, args, kwargs, getattr(module, "BIND", {}))
    except Exception as error:
        return {"name": path.stem, "said": f"{type(error).__name__}: {error}"[:100], "seconds": time.perf_counter() - started}
    first = report.first_wrong
    wrong = {argument for argument, entry in report.gradients.items() if not entry.ok}
    line = first is not None and first.source in truth["lines"]
    return {
        "name": path.stem,
        "said": f"{first.certainty}, {first.cause}: {first.source}" if first else "nothing",
        "set": wrong == truth["wrong"] or (not truth["wrong"] and not report.ok),
        "line": line,
        "cause": first is not None and first.cause in truth["cause"],
        "fix": first is not None and first.fix is not None,
        "misled": first is not None and first.certainty != "suspected" and not line,
        "seconds": time.perf_counter() - started,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default="bugs_held_out", choices=["bugs", "bugs_held_out"])
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    options = parser.parse_args()
    rows = [measure(path, seed) for path in sorted((DEBUG / options.folder).glob("*.py")) for seed in options.seeds]
    kinds = ("set", "line", "cause", "fix", "misled")
    for row in rows:
        marks = "".join(f"{'yes' if row.get(kind) else '-':>8}" for kind in kinds)
        print(f"{row['name']:<36}{marks}{row['seconds']:8.2f} s  {row['said'][:100]}")
    print(f"{'all, %':<36}" + "".join(f"{100 * np.mean([bool(r.get(kind)) for r in rows]):8.0f}" for kind in kinds))
    print(f"{len(rows)} runs; seconds: median {np.median([r['seconds'] for r in rows]):.2f}")


if __name__ == "__main__":
    main()
