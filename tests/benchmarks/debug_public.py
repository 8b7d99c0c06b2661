"""How good `mg.debug` is on public programs with hand-written backprop, as published and with one or two mistakes put in.

python tests/benchmarks/debug_public.py FOLDER [--set tuned|unseen|fresh|later|last|newest|eighth|ninth|tenth|eleventh]
    [--json OUT]
python tests/benchmarks/debug_public.py FOLDER --random N [--seed S] [--wide]
python tests/benchmarks/debug_public.py FOLDER --check

FOLDER holds the checkouts, `owner+name/path`; nothing of their text is kept here. `public/` describes each program: a small
training call, the model as a loss, and the mistakes. `--check` runs no debugger. It compares each right program with
central differences of its loss, and makes sure that each mistake changes a gradient. A fix is right if the program with it
has the gradients of the right program on fresh inputs. Each case has a process of its own, with a limit of processor time.

First encounter: nobody had run the debugger on the unseen programs before. There was time for a random sample only, 135 of
their 407 wrong versions. The tuned ones ran 15 minutes earlier on an earlier debugger, which could not judge a wrong program
whose loss takes a list. In each row of percents a version that is not judged counts as missed.

                          unseen                      tuned
right code accused        2 of 73                     0 of 36
right code not judged     7 of 73                     0 of 36
wrong code acquitted      0 of 135                    0 of 69
wrong set, %              70                          71
line, %                   46                          48
cause, %                  30                          38
right fix, %              31                          46
false "verified"          2                           0
no bind needed, %         76                          75
wrong code not judged, %  25                          29
processor seconds         median 0.85, 95 % 3.85      median 0.76, 95 % 9.47

The fresh programs came later: 44 from 38 repositories, with 427 wrong versions, chosen and described by people who had not seen
the debugger. Twenty-one are wrong as published. They were run once, in random order, and 320 wrong versions were reached.

                          fresh, first encounter
right code accused        0 of 170
right code not judged     40 of 170 (11 programs)
wrong code acquitted      1 of 320 (a wrong Adam; its gradients are right)
wrong set, %              73
line, %                   48
cause, %                  32
right fix, %              39
false "verified"          1
no bind needed, %         57
wrong code not judged, %  24
processor seconds         median 1.01, 95 % 8.81

The later programs are 94 from 73 repositories, with 1,223 wrong versions, chosen and described in the same way. Thirty-three are
wrong as published. They were run once, in random order, for 20 minutes on two processors; 498 wrong versions were reached.

                          later, first encounter
right code accused        5 of 173 (2 programs; mended since)
right code not judged     29 of 173
wrong code acquitted      2 of 498 (1 mended since; 1 returns a wrong gradient of the data)
wrong set, %              69
line, %                   46
cause, %                  31
right fix, %              38
false "verified"          2 (1 mended since; 1 halves one half of the gradients where the other half should be doubled)
no bind needed, %         60
wrong code not judged, %  27
processor seconds         median 1.89, 95 % 5.70

The last programs are 37 from 35 repositories, with 404 wrong versions, chosen and described in the same way, after the debugger
was mended for the later ones. Nine are wrong as published. All were run once, and once more after what they showed was mended.

                          last, first encounter       the same after what it showed was mended, and later
right code accused        0 of 112                    0 of 112
right code not judged     9 of 112 (3 programs)       6 of 112 (2 programs)
wrong code acquitted      4 of 404                    1 of 404 (told as alternating descent)
wrong set, %              80                          83
line, %                   59                          65
cause, %                  45                          51
right fix, %              49                          55
false "verified"          8                           6 (most agree with the fix, the other way round)
no bind needed, %         73                          76
wrong code not judged, %  14                          12
processor seconds         median 1.41, 95 % 5.50      median 1.41, 95 % 5.30

The newest programs are 35 from 32 repositories, with 474 wrong versions, chosen and described in the same way, while the debugger
was made for the last ones. Thirteen are wrong as published. All were run once.

                          newest, first encounter
right code accused        0 of 118
right code not judged     0 of 118
wrong code acquitted      1 of 474 (mended since)
wrong set, %              94
line, %                   70
cause, %                  56
right fix, %              63
false "verified"          8 (7 are right fixes of one file with form feeds, whose diff had wrong line numbers; mended since)
no bind needed, %         63
wrong code not judged, %  3
processor seconds         median 1.67, 95 % 5.34

The eighth set is 33 programs from 29 repositories, with 542 wrong versions, chosen and described in the same way, after the
debugger was mended for the newest ones. Nine are wrong as published. All were run once. Nearly half of what was not judged
are four programs whose losses make arrays of lists of Tensors (`np.array([...])`), which was refused then.

                          eighth, first encounter
right code accused        3 of 100 (1 program; mended since)
right code not judged     19 of 100 (6 programs)
wrong code acquitted      1 of 542 (mended since)
wrong set, %              67
line, %                   56
cause, %                  40
right fix, %              39
false "verified"          2 (mended since)
no bind needed, %         76
wrong code not judged, %  26
processor seconds         median 1.93, 95 % 5.44

The ninth set is 53 programs from 49 repositories, with 935 wrong versions, chosen and described in the same way, after the
debugger was mended for the eighth. Twenty-two are wrong as published. They were run once, in random order, for 24 minutes on two
processors; 751 wrong versions were reached.

                          ninth, first encounter
right code accused        2 of 135 (1 program, which reads a global with the numbers of an argument; mended since)
right code not judged     16 of 135 (7 programs)
wrong code acquitted      5 of 751 (3 mended since; in 1 the labels are turned round before the model sees them, in 1 the
                          weights are replaced by their step under another name)
wrong set, %              80
line, %                   61
cause, %                  45
right fix, %              49
false "verified"          3 (a mean that is missing where the biases are right as sums: the penalties are made to fit)
no bind needed, %         81
wrong code not judged, %  15
processor seconds         median 1.77, 95 % 5.44

The tenth set is 65 programs from 50 repositories, with 983 wrong versions, chosen and described in the same way, after what the
ninth had shown was mended. Twenty-six are wrong as published. They were run once, in random order, for 18 minutes on two
processors; 629 wrong versions were reached. There is no attention, autoencoder, SVM or policy gradient among them.

                          tenth, first encounter
right code accused        0 of 146
right code not judged     8 of 146 (3 programs)
wrong code acquitted      1 of 629 (mended since: what is added to the gradient that the optimizer reads is a share of it)
wrong set, %              90
line, %                   72
cause, %                  56
right fix, %              65
false "verified"          5 (3 kinds, mended since)
no bind needed, %         75
wrong code not judged, %  7
processor seconds         median 1.56, 95 % 5.45

The eleventh set is 81 programs from 63 repositories, with 1,218 wrong versions, chosen and described in the same way, after
what the tenth had shown was mended. It is wider: attention, a whole GPT, autoencoders, a VAE, GANs, a graph network, policy
gradients, SVMs, matrix factorisation, word2vec, convolutions, recurrent networks, Adam. Twenty-nine are wrong as published.
They were run once, in random order, for 18 minutes on two processors; 766 wrong versions were reached. The accusations are
mended since, and the acquittals but for two: a rate of its own, which is told, and a step of Adam without its mean. Four of the
five false fixes are no longer called verified; the fifth is right but for a mistake in Adam beside it.

                          eleventh, first encounter
right code accused        5 of 282 (3 programs: an int called as a bias, an output taken for a moved bias, a clipped forward pass)
right code not judged     23 of 282 (7 programs)
wrong code acquitted      14 of 766 (10 between a right gradient and the step, in optimizers whose rule was not checked)
wrong set, %              76
line, %                   66
cause, %                  50
right fix, %              56
false "verified"          5 (4 are factors that fit a wrong gradient beside them)
no bind needed, %         80
wrong code not judged, %  13
processor seconds         median 0.59, 95 % 5.19

With `--random N` the mistakes are drawn from all that one expression of the backward pass can have (`mutations.py`): nobody
chooses them, and the only line that counts is the changed one. The first four programs were drawn by lot. Their mistakes showed
how the place of a fix is chosen, so their later figures are tuned. Then three more programs were drawn, and run once:

                          four programs (--random 25)                     three programs, 42 mistakes
                          first encounter   72 before   the same 72 now   first encounter (--random 14)
right code accused        0 of 4            0 of 8      0 of 8             0 of 6
wrong code acquitted      5                 0           0                  0
wrong code not judged     3                 2           2                  2
wrong set, %              86                90          90                 88
line, %                   49                64          93                 76
right fix, %              59 at least       72          93                 60
false "verified"          4                 0           0                  0

The acquitted ones were one kind, a rate that is added to the gradient; the false fixes, too: with them the program fails.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import json
import os
import pkgutil
import random
import re
import resource
import shutil
import sys
import tempfile
import textwrap
import time
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import public
from mutations import more_mutations, mutations
from public.case import Call, Edit, Mistake, Program

LIMIT = 60  # processor seconds of a case
FRESH = (101, 102)  # seeds on which a fix is tried
FOLDERS: list[Path] = []  # made by this process
Truth = dict[str, np.ndarray]


def programs() -> dict[str, Program]:
    """All programs by name."""
    found = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(public.__path__) if m.name != "case"):
        for program in importlib.import_module(f"public.{module}").PROGRAMS:
            program.name = f"{module}/{Path(program.file).stem}" + (f"/{program.name}" if program.name else "")
            if program.name in found:
                raise ValueError(f"two programs are called {program.name}")
            found[program.name] = program
    return found


def notebook(text: str) -> str:
    """The code of a notebook as one file."""
    cells = ("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code")
    return "\n".join("#" if line.lstrip().startswith(("%", "!")) else line for cell in cells for line in cell.split("\n"))


def read(folder: Path, program: Program, path: str) -> str:
    """The text of a file as it is run: only the kept lines, as a function if there is a head."""
    text = (folder / checkout(program) / path).read_text(encoding="utf-8").replace("\r\n", "\n")
    if path.endswith(".ipynb"):
        text = notebook(text)
    if path in program.until:
        text = "\n".join(text.split("\n")[: program.until[path]])
    if path != program.file or not program.keep:
        return text
    kept = {line for first, last in program.keep for line in range(first, last + 1)}
    lines = [line if number in kept else "" for number, line in enumerate(text.expandtabs(8).split("\n"), 1)]
    if program.head:
        first, last = program.keep[-1]
        lines[first - 2 : last] = [program.head, *("    " + line for line in lines[first - 1 : last])]
        lines[last:last] = ["    " + program.foot]
    return "\n".join(lines)


def checkout(program: Program) -> str:
    """The folder of a program's repository."""
    return program.repository.replace("/", "+")


def sources(folder: Path, program: Program, edits: tuple[Edit, ...] = (), published: bool = False) -> dict[str, str]:
    """The files of a program with edits: `published` leaves out those that make it right."""
    texts = {path: read(folder, program, path) for path in (program.file, *program.more)}
    for edit in program.always + (() if published else program.mend) + edits:
        path = edit.file or program.file
        texts[path] = edit(texts[path])
    return texts


def is_public(module: ModuleType) -> bool:
    """True for a module of an earlier version of a program."""
    places = [str(getattr(module, "__file__", None) or ""), *map(str, getattr(module, "__path__", None) or ())]
    return any(place.startswith(os.path.join(tempfile.gettempdir(), "public")) for place in places)


def load(program: Program, texts: dict[str, str]) -> tuple[ModuleType, Path]:
    """The main module, imported from a new folder."""
    top = Path(tempfile.mkdtemp(prefix="public"))
    FOLDERS.append(top)
    for path, text in {**texts, **{str(Path(program.root, name)): text for name, text in program.stubs.items()}}.items():
        file = top / path.removesuffix(".ipynb").replace("-", "_")
        file = file if file.suffix == ".py" else file.with_name(file.name + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    home = top / program.root
    for name in [name for name, module in sys.modules.items() if is_public(module)]:
        del sys.modules[name]
    sys.path[:] = [
        str(home),
        *(entry for entry in sys.path if "/public" not in entry or not entry.startswith(tempfile.gettempdir())),
    ]
    importlib.invalidate_caches()
    relative = Path(program.file).relative_to(program.root) if program.root else Path(program.file)
    name = str(relative.with_suffix("")).replace("/", ".").replace("-", "_")
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        return importlib.import_module(name), top


def clean() -> None:
    """Removes the folders of this process."""
    for folder in FOLDERS:
        shutil.rmtree(folder, ignore_errors=True)
    FOLDERS.clear()


def call(program: Program, module: ModuleType, seed: int) -> Call:
    np.random.seed(seed)  # noqa: NPY002 (public programs draw from it)
    return program.build(module, np.random.default_rng(seed))


def gradients(program: Program, texts: dict[str, str], seed: int) -> Truth:
    """What the program does to each parameter."""
    made = call(program, load(program, texts)[0], seed)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        result = made.train(*made.args, **{**made.kwargs, **made.once})
    return {name: np.array(value, dtype=float) for name, value in made.after(result).items()}


def differs(a: np.ndarray, b: np.ndarray, tolerance: float, largest: float = 0.0) -> bool:
    """Whether two arrays are not the same. What is zero may be as large as the rounding of the `largest` one beside it."""
    floor = 1e-9 + 1e-7 * largest
    return a.size != b.size or not np.linalg.norm(a.ravel() - b.ravel()) <= tolerance * (np.linalg.norm(b) + floor)


def wrong(got: Truth, right: Truth, tolerance: float = 1e-6) -> set[str]:
    largest = max((float(np.linalg.norm(value)) for value in right.values()), default=0.0)
    return {name for name in right if name not in got or differs(got[name], right[name], tolerance, largest)}


def scaled_like(got: Truth, right: Truth) -> Truth:
    """Each movement as long as the right one: its direction is left."""
    return {name: value * (np.linalg.norm(right[name]) / (np.linalg.norm(value) or 1.0)) for name, value in got.items()}


def differences(made: Call, name: str) -> np.ndarray:
    """Central differences of the loss with respect to one argument."""
    value = np.array(made.point[name], dtype=float)
    gradient = np.empty(value.shape)
    for index in np.ndindex(value.shape):
        sides = []
        for step in (1e-6, -1e-6):
            moved = value.copy()
            moved[index] += step
            sides.append(float(made.loss(**{**made.point, name: moved})))
        gradient[index] = (sides[0] - sides[1]) / 2e-6
    return gradient


def check(folder: Path, program: Program) -> list[str]:
    """What is not as described: the right program against central differences, and mistakes that change nothing."""
    base = sources(folder, program)
    right = {seed: gradients(program, base, seed) for seed in (1, *FRESH)}
    made = call(program, load(program, base)[0], 1)
    problems, scales = [], {}
    for name, value in ({} if program.adaptive else right[1]).items():
        numeric = differences(made, name)
        if value.size != numeric.size:
            problems.append(f"{name}: shape {value.shape}, of the loss {numeric.shape}")
            continue
        if np.linalg.norm(numeric) < 1e-8 and np.linalg.norm(value) < 1e-8:
            continue  # the loss does not depend on it
        scale = float(np.vdot(numeric.ravel(), value.ravel()) / np.vdot(numeric, numeric))
        scales[name] = round(scale, 4)
        if differs(value, scale * numeric, 1e-5):
            cosine = abs(np.vdot(numeric.ravel(), value.ravel())) / np.linalg.norm(numeric) / np.linalg.norm(value)
            problems.append(f"{name}: not the gradient (cosine {cosine:.5f})")
    if scales and np.ptp(list(scales.values())) > 1e-3 * abs(np.mean(list(scales.values()))):
        problems.append(f"scales {scales}")
    for index, edits, _ in versions(program)[1:]:
        try:
            got = gradients(program, sources(folder, program, edits), 1)
            factor = np.median([np.vdot(right[1][n], got[n]) / (np.vdot(right[1][n], right[1][n]) + 1e-24) for n in right[1]])
            if bad := wrong(got, {n: factor * value for n, value in right[1].items()}):
                problems.append(f"right version {index}: wrong are {bad}")
        except Exception as error:
            problems.append(f"right version {index}: {type(error).__name__}: {error}")
    for index, edits, published in cases(program):
        try:
            texts = sources(folder, program, edits, published)
            bad = [wrong(gradients(program, texts, seed), right[seed]) for seed in (1, *FRESH)]
        except Exception as error:
            problems.append(f"mistake {index}: {type(error).__name__}: {error}")
            continue
        if not bad[0] or bad[0] != bad[1]:
            problems.append(f"mistake {index}: wrong are {bad}")
        elif len(bad[0]) == len(right[1]):
            got = gradients(program, texts, 1)
            factors = [
                np.vdot(right[1][n].ravel(), got[n].ravel()) / np.vdot(right[1][n], right[1][n])
                for n in right[1]
                if got[n].size == right[1][n].size
            ]
            if (
                len(factors) == len(got)
                and np.ptp(factors) < 1e-6 * abs(np.mean(factors))
                and not wrong(got, {n: factors[0] * v for n, v in right[1].items()})
            ):
                problems.append(f"mistake {index}: only a common factor {factors[0]:.4f}")
    return problems


def versions(program: Program) -> list[tuple[int, tuple[Edit, ...], bool]]:
    """The right versions of a program: a negative number, edits, False."""
    return [(-1, (), False), *((-number, (edit,), False) for number, edit in enumerate(program.harmless, 2))]


def cases(program: Program) -> list[tuple[int, tuple[Edit, ...], bool]]:
    """The wrong versions of a program: number, edits, and whether it is the published one."""
    published = [(0, (), True)] if program.mend else []
    return published + [(number, m.edits, False) for number, m in enumerate(program.mistakes, 1)]


def drawn(folder: Path, program: Program, seed: int, wide: bool) -> tuple[Mistake, ...]:
    """Mistakes in the backward pass, drawn at random from all that one expression can have; `wide` has more kinds of them."""
    kinds = (mutations, more_mutations) if wide else (mutations,)
    places = [(kind, path, lines) for path, lines in backward(folder, program) for kind in kinds]
    found = [m for kind, path, (first, last) in places for m in kind(read(folder, program, path), first, last, path)]
    random.Random(seed).shuffle(found)
    return tuple(found)


def backward(folder: Path, program: Program) -> list[tuple[str, tuple[int, int]]]:
    """The files and lines of the backward pass: as described, or in each function those from its first to its last mistake."""
    if program.backward:
        return list(program.backward.items())
    spans: dict[tuple[str, int], list[int]] = {}
    for found in program.mistakes:
        for edit in found.edits:
            path = edit.file or program.file
            functions = [n for n in ast.walk(ast.parse(read(folder, program, path))) if isinstance(n, ast.FunctionDef)]
            around = [n.lineno for n in functions if n.lineno <= edit.line <= (n.end_lineno or n.lineno)]
            spans.setdefault((path, max(around, default=0)), []).append(edit.line)
    return [(path, (min(lines), max(lines))) for (path, _), lines in sorted(spans.items())]


def is_mistake(expected: set[str], moved: Truth, right: Truth) -> bool:
    """Whether a drawn edit changes gradients by more than one factor for all, and leaves numbers."""
    if not expected or not all(np.all(np.isfinite(value)) for value in moved.values()):
        return False
    if any(moved[n].size != right[n].size for n in right):
        return True
    factors = [np.vdot(right[n], moved[n]) / np.vdot(right[n], right[n]) for n in right]
    return bool(wrong(moved, {n: factors[0] * value for n, value in right.items()})) or factors[0] < 0


def statement(text: str, line: int, source: str | None = None) -> tuple[int, int, int, int]:
    """Where the statement at a line begins and ends: line, column, line, column."""
    found = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or line)]
    inner = [n for n in found if not any(m is not n and m in ast.walk(n) for m in found)]
    same = [n for n in inner if source and ast.unparse(n).strip() == plain(source)] or inner or found
    chosen = same[0]
    return chosen.lineno, chosen.col_offset, chosen.end_lineno or line, chosen.end_col_offset or 0


def plain(source: str) -> str:
    try:
        return ast.unparse(ast.parse(textwrap.dedent(source))).strip()
    except SyntaxError:
        return source.strip()


def repaired(text: str, line: int, old: str, new: str) -> str:
    """The text with the fix of a report in place of its line, or of the statement at its line."""
    whole_statement, arrow, replacement = new.partition(" -> ")
    if arrow:  # a statement of several lines: "old -> new"
        old, new = whole_statement, replacement
    lines = text.split("\n")
    before = lines[line - 1]
    if not arrow and old.strip() and old.strip() in before:
        indent = before[: len(before) - len(before.lstrip())]
        put = textwrap.dedent(new).strip().replace("\n", "\n" + indent)
        whole = "\n".join([*lines[: line - 1], before.replace(old.strip(), put), *lines[line:]])
        try:
            ast.parse(whole)
        except SyntaxError:
            pass
        else:
            return whole
    first, column, last, end = statement(text, line, old)
    put = textwrap.indent(textwrap.dedent(new).strip(), " " * column).strip()
    cut = [item.encode() for item in lines]
    middle = cut[first - 1][:column] + put.encode() + cut[last - 1][end:]
    return b"\n".join([*cut[: first - 1], middle, *cut[last:]]).decode()


def patched(text: str, diff: str) -> str:
    """The text after a unified diff. Raises ValueError where the old lines are not there."""
    lines, shift = text.split("\n"), 0
    for hunk in re.split(r"^(?=@@)", diff, flags=re.MULTILINE)[1:]:
        head, *body = hunk.rstrip("\n").split("\n")
        start = int(re.findall(r"-(\d+)", head)[0]) - 1 + shift
        old, new = ([line[1:] for line in body if line[:1] in marks] for marks in (" -", " +"))
        if lines[start : start + len(old)] != old:
            raise ValueError(f"the diff does not fit: {head}")
        lines[start : start + len(old)] = new
        shift += len(new) - len(old)
    return "\n".join(lines)


def lines_of(text: str, line: int) -> set[int]:
    """The lines of the statement at a line; of one with a body, only that line."""
    found = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or line)]
    return {line}.union(*(range(n.lineno, (n.end_lineno or line) + 1) for n in found if not hasattr(n, "body")))


def judged(report: Any) -> dict[str, Any]:
    """The report as plain values."""
    said = report.to_json()
    return json.loads(said) if isinstance(said, str) else json.loads(json.dumps(said, default=str))


def status(report: Any, text: str) -> str:
    """right, wrong, or unjudged; or gradients, where they are right and the optimizer's rule is not checked.

    What agrees to some digits is right; what is not checked in part is unjudged.
    """
    head = text.split("\n", 1)[0].split(":")[0].upper()
    if "GRADIENTS ARE RIGHT" in head:
        return "gradients"
    if "WRONG" in head:
        return "wrong"
    if "CANNOT" in head or "NOT CHECKED" in head:
        return "unjudged"
    return "right" if report.ok or "AGREES" in head else "unjudged"


def run(folder: Path, program: Program, index: int, seed: int) -> dict[str, Any]:
    """Runs the debugger on one case, and judges what it says; index -1 is the right program."""
    import microgradnp as mg

    edits, published = next((e, p) for i, e, p in versions(program) + cases(program) if i == index)
    texts = sources(folder, program, edits, published)
    row: dict[str, Any] = {"program": program.name, "group": program.group, "case": index, "seed": seed}
    right = gradients(program, sources(folder, program), seed)
    if index > 0 and program.mistakes[index - 1].drawn:
        try:
            moved = gradients(program, texts, seed)
        except Exception:
            return {**row, "status": "none"}
        if not is_mistake(wrong(moved, right), moved, right):
            return {**row, "status": "none"}
    for bound in (False, True):  # first without a binding, as a user would
        module, top = load(program, texts)
        made = call(program, module, seed)
        if bound and not made.bind:
            return row
        row["bound"] = bound
        started = time.process_time()
        try:
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                report = mg.debug(
                    made.train, made.loss, made.args, made.kwargs, bind=made.bind if bound else None, step=made.step
                )
        except Exception as error:
            row |= {"status": "unjudged", "said": f"{type(error).__name__}: {error}".split("\n")[0][:200]}
            report = None
        row["seconds"] = time.process_time() - started
        if report is not None and not (made.bind and status(report, str(report)) == "unjudged"):
            break
    if report is None:
        return row
    text = str(report)
    said = judged(report)
    said_so = status(report, text)
    if said_so == "gradients":  # of right code no more is asked, and wrong code is not acquitted
        said_so = "right" if index < 0 else "unjudged"
    row |= {"status": said_so, "said": text[:3000]}
    moved = gradients(program, texts, seed) if index >= 0 else right
    expected = wrong(scaled_like(moved, right) if program.clipped else moved, right)
    named = (name for name, entry in said["gradients"].items() if entry["ok"] is False)
    claimed = {name if name in moved else name.partition("[")[0] for name in named}  # `W[0]` is a part of the list `W`
    row |= {"expected": sorted(expected), "claimed": sorted(claimed)}
    if index < 0:
        return row
    row["set"] = claimed == expected
    if index:
        found = program.mistakes[index - 1]
    else:
        found = Mistake(program.mend, program.published, program.blame or tuple(edit.line for edit in program.mend))
    first = said["findings"][0] if said["findings"] else None
    places = {path_of(program, path, top): path for path in texts}
    row |= {"line": False, "cause": False, "fix": False, "verified": False, "false_verified": False}
    if first and first.get("line"):
        allowed = set()
        for edit, number in zip(found.edits * len(found.lines), found.lines, strict=False):
            path = edit.file or program.file
            allowed |= {(path, n) for n in lines_of(texts[path], number)}
        row["line"] = (places.get(str(first["file"])), first["line"]) in allowed
        row["cause"] = first["cause"] in found.causes
    fixes = [f for f in said["findings"] if f.get("fix")]
    if fixes:
        row["verified"] = "verified" in text
        ours = [f for f in fixes if str(f["file"]) not in places]  # in the call that is described here: it cannot be tried
        try:
            mended = dict(texts)
            for finding in fixes:
                path = places[str(finding["file"])]
                line, old, new = finding["fix"][:3]
                diff = finding.get("diff")
                mended[path] = patched(mended[path], diff) if diff else repaired(mended[path], line, old, new)
            left = [wrong(gradients(program, mended, s), gradients(program, sources(folder, program), s)) for s in FRESH]
            row["left"] = sorted(set().union(*left))
        except Exception as error:
            row["left"] = [f"{type(error).__name__}: {error}"[:200]]
        row["fix"] = not row["left"]
        mends = {name for finding in fixes for name in finding.get("mends") or right}
        row["false_verified"] = row["verified"] and not ours and bool(mends & set(row["left"]) or set(row["left"]) - set(right))
    return row


def path_of(program: Program, path: str, top: Path) -> str:
    file = top / path.removesuffix(".ipynb").replace("-", "_")
    return str(file if file.suffix == ".py" else file.with_name(file.name + ".py"))


def in_process(folder: Path, program: Program, index: int, seed: int) -> dict[str, Any]:
    """One case in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 5))
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        try:
            row = run(folder, program, index, seed)
        except BaseException as error:
            row = {"status": "unjudged", "said": f"crash: {type(error).__name__}: {error}"[:300], "crash": True}
        with os.fdopen(writer, "w") as pipe:
            json.dump(row, pipe)
        clean()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, ended = os.waitpid(child, 0)
    known = {"program": program.name, "group": program.group, "case": index, "seed": seed}
    if not said:
        return {**known, "status": "unjudged", "said": f"crash: the process ended with {ended}", "crash": True}
    return {**known, **json.loads(said)}


def percent(values: list[Any]) -> str:
    return f"{100 * np.mean([bool(v) for v in values]):.0f}" if values else "-"


def table(title: str, rows: list[dict[str, Any]]) -> str:
    """The figures of one set of programs."""
    right = [r for r in rows if r["case"] < 0]
    faulty = [r for r in rows if r["case"] >= 0]
    first = {}
    for row in right:
        first.setdefault(row["program"], row)
    times = [r["seconds"] for r in rows if "seconds" in r]
    lines = [
        f"{title}: {len(first)} programs, {len(faulty)} wrong versions",
        f"  right code accused        {sum(r['status'] == 'wrong' for r in right)} of {len(right)}",
        f"  right code not judged     {sum(r['status'] == 'unjudged' for r in right)} of {len(right)}",
        f"  wrong code acquitted      {sum(r['status'] == 'right' for r in faulty)} of {len(faulty)}",
        f"  wrong set, %              {percent([r.get('set') for r in faulty])}",
        f"  line, %                   {percent([r.get('line') for r in faulty])}",
        f"  cause, %                  {percent([r.get('cause') for r in faulty])}",
        f"  right fix, %              {percent([r.get('fix') for r in faulty])}",
        f'  false "verified"          {sum(bool(r.get("false_verified")) for r in faulty)}',
        f"  no bind needed, %         {percent([r['status'] != 'unjudged' and not r.get('bound') for r in first.values()])}",
        f"  wrong code not judged, %  {percent([r['status'] == 'unjudged' for r in faulty])}",
        f"  processor seconds         median {np.median(times or [0]):.2f}, 95 % {np.percentile(times or [0], 95):.2f}",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--set", choices=["tuned", "unseen", "fresh", "later", "last", "newest", "eighth", "ninth", "tenth", "eleventh"]
    )
    parser.add_argument("--program", help="only programs whose name contains this")
    parser.add_argument("--seeds", type=int, default=3, help="seeds with which each right program is run")
    parser.add_argument(
        "--minutes", type=float, default=1e9, help="end after so many minutes; the order is random, so this is a sample"
    )
    parser.add_argument("--part", default="0/1", help="k/n: only each nth case, for n processes")
    parser.add_argument("--random", type=int, default=0, help="mistakes drawn at random, so many for each program that allows it")
    parser.add_argument("--seed", type=int, default=0, help="other mistakes than without it")
    parser.add_argument("--wide", action="store_true", help="more kinds of random mistakes: indices, variables, `=` for `+=`")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    known = programs()
    asked = {
        name: program
        for name, program in known.items()
        if (not options.set or program.group == options.set) and (not options.program or options.program in name)
    }
    missing = [name for name, program in asked.items() if not (options.folder / checkout(program) / program.file).exists()]
    chosen = {name: program for name, program in asked.items() if name not in missing}
    if missing:
        print(f"{len(missing)} of {len(asked)} programs have no file here: {', '.join(missing)}", file=sys.stderr)
    if options.random:
        for program in chosen.values():
            program.mistakes = drawn(options.folder, program, options.seed or options.random, options.wide)
    if options.check:
        for name, program in chosen.items():
            try:
                problems = check(options.folder, program)
            except Exception as error:
                problems = [f"{type(error).__name__}: {error}"]
            clean()
            print(f"{name}: {len(cases(program))} mistakes, {'; '.join(problems) or 'as described'}")
        print(f"{len(chosen)} programs, {sum(len(cases(p)) for p in chosen.values())} wrong versions")
        return
    import microgradnp as mg

    assert callable(mg.debug)  # imported once, before the processes are made
    todo = [(name, -1, 1) for name in chosen]
    rest = [(name, -1, seed) for name in chosen for seed in range(2, options.seeds + 1)]
    rest += [(name, index, 1) for name, p in chosen.items() for index, *_ in versions(p)[1:] + cases(p)]
    random.Random(0).shuffle(rest)
    started = time.monotonic()
    rows: list[dict[str, Any]] = []
    part, parts = (int(n) for n in options.part.split("/"))
    todo = (todo + rest)[part::parts]
    for name, index, seed in todo:
        if time.monotonic() - started > 60 * options.minutes:
            print(f"{len(rows)} of {len(todo)} cases: a sample in random order")
            break
        if options.random and index > 0 and sum(r["program"] == name and r["case"] > 0 for r in rows) >= options.random:
            continue
        row = in_process(options.folder, known[name], index, seed)
        if row["status"] == "none":
            continue
        rows.append(row)
        if options.verbose:
            marks = " ".join(kind for kind in ("set", "line", "cause", "fix", "false_verified") if row.get(kind))
            said = row["said"].splitlines()[0] if row["said"] else ""
            print(f"{name} {index} seed {seed}: {row['status']} {marks} {row.get('seconds', 0):.2f} s | {said}", flush=True)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1))
    for title in ("eleventh", "tenth", "ninth", "eighth", "newest", "last", "later", "fresh", "unseen", "tuned"):
        of_title = [r for r in rows if r["group"] == title]
        if of_title:
            print(table(title, of_title))


if __name__ == "__main__":
    main()
