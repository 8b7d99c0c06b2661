"""What `import microgradnp` costs, beside `import numpy`.

    python tests/benchmarks/import_time.py [--runs 21] [--modules]

Each run is a fresh interpreter, and the two imports take turns. The time is the processor's, less that of an interpreter which
imports nothing; the medians are printed. Byte code is written to a temporary folder and reused, as for an installed package.
`--modules` lists what `import microgradnp` loads and NumPy does not, with the milliseconds of each module.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

STATEMENTS = {"nothing": "pass", "numpy": "import numpy", "microgradnp": "import microgradnp"}
TIMED = "import time; {}; print(time.process_time())"


def run(statement: str, cache: str, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": cache, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *options, "-c", statement], env=environment, capture_output=True, text=True, check=True
    )


def times(runs: int, cache: str) -> dict[str, float]:
    """Milliseconds of processor time for each statement: medians of interleaved runs."""
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(runs):
        for name, statement in STATEMENTS.items():
            taken[name].append(1e3 * float(run(TIMED.format(statement), cache).stdout))
    return {name: statistics.median(values) for name, values in taken.items()}


def modules(cache: str) -> list[tuple[int, str]]:
    """(microseconds without what it imports, name) of each module that NumPy alone does not load, in the order of loading."""
    report = run("import numpy; print('*', file=__import__('sys').stderr); import microgradnp", cache, "-X", "importtime").stderr
    lines = [line.removeprefix("import time:").split("|") for line in report.partition("*\n")[2].splitlines()]
    return [(int(own), name.strip()) for own, _, name in lines]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--modules", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        run(STATEMENTS["microgradnp"], cache)  # writes the byte code
        loaded = modules(cache)
        median = times(chosen.runs, cache)
    numpy, all_of_it = (median[name] - median["nothing"] for name in ("numpy", "microgradnp"))
    print(f"numpy        {numpy:6.1f} ms")
    print(
        f"microgradnp  {all_of_it:6.1f} ms, of which {all_of_it - numpy:.1f} are not NumPy's: {all_of_it / numpy - 1:.2f} x numpy"
    )
    ours = sum(name.startswith("microgradnp") for _, name in loaded)
    print(f"modules      {len(loaded)} that NumPy does not load, {ours} of them our own")
    if chosen.modules:
        print(*(f"{own / 1e3:8.1f} ms  {name}" for own, name in loaded), sep="\n")


if __name__ == "__main__":
    main()
