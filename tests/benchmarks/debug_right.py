"""How often `mg.debug` and `mg.check` accuse right programs, with fresh data and with names shuffled for each seed.

python tests/benchmarks/debug_right.py RESULTS.jsonl [--public FOLDER ...] [--cases FOLDER] [--seeds N] [--sample N] [--minutes M]

The programs are the corpora in `tests/debugger`, the mended bugs, the right versions of its tests and the pairs of layers; with
`--public` the published programs that `public/` describes, with `--cases` a folder of small cases. Seed 0 keeps the names. Each
other seed gives all variables other names: an even one also the arguments of the loss and the attributes, an odd one those of
the functions only, which are bound by the expressions that were found at seed 0. What is not called right is asked again with
its own names.

Each case has a process of its own and a line in RESULTS. A run that was interrupted goes on where it ended. Every seed covers all
programs before the next one begins. `--summary` prints what is in RESULTS and runs nothing.

Of 371 programs (56 published ones in 123 versions, 47 pairs of layers, 201 others) 774 of 37,100 pairs of a program and a seed
have run: all with seed 0, most with seed 1, a fifth with seed 2. The debugger was mended while they ran.

right 770, accused 0, not judged 4, another verdict than with its own names 3: pairs/gru and pairs/batchnorm_object, in which only
the names tell two arrays of one shape apart; and one program whose record takes longer to judge than the budget allows
processor seconds: median 0.70, 95 % 1.11, most 7.2
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.util
import inspect
import json
import os
import random
import re
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(TESTS)]
import debug_public  # noqa: E402
from rename import Names, arguments, shuffled, stored  # noqa: E402

import microgradnp as mg  # noqa: E402

DEBUGGER = TESTS / "debugger"
SPLITS = ("dev", "hidden", "wide", "unseen", "right_only", "held_out")
LIMIT = 60  # processor seconds of a case
NONE = Names({}, {})
Row = dict[str, Any]


@dataclass
class Asked:
    """One question: what is called, and the names with which it is."""

    train: Callable[..., Any]
    loss: Callable[..., Any] | None = None  # None for a pair of layers
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    bind: Mapping[str, str] | None = None
    step: int = 0


# make(seed, depth, found): the question and its names. depth 0 keeps the names, 1 changes variables, 2 all; `found` are the
# bindings of seed 0
Make = Callable[[int, int, Mapping[str, str]], Asked]


def loaded(text: str, name: str) -> ModuleType:
    """A module of a text, in a file of its own."""
    path = Path(tempfile.mkdtemp(prefix="right")) / f"{name}.py"
    debug_public.FOLDERS.append(path.parent)
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"right_{name}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def lines_of(text: str, *names: str) -> list[range]:
    """The lines of some functions of a text."""
    found = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.name in names]
    return [range(n.lineno, (n.end_lineno or n.lineno) + 1) for n in found]


def of_text(text: str, name: str, ask: Callable[[ModuleType, int], Asked], kept: set[str], loss: str = "loss") -> Make:
    """A program in one file. At depth 1 the loss keeps the names of its arguments."""

    def make(seed: int, depth: int, found: Mapping[str, str]) -> Asked:
        names = shuffled([text], np.random.default_rng(seed), kept, depth == 2) if depth else NONE
        skip = lines_of(text, loss, "make") if depth == 1 else []
        asked = ask(loaded(names.text(text, skip) if depth else text, name), seed)
        asked.kwargs = {names.plain.get(key, key): value for key, value in asked.kwargs.items()}
        if "gradients" in asked.kwargs:
            asked.kwargs = {"gradients": tuple(names.plain.get(name, name) for name in asked.kwargs["gradients"])}
        elsewhere = {argument: expression for argument, expression in found.items() if expression != argument}
        bind = found if depth == 1 else elsewhere | dict(asked.bind or {})
        renames = names.plain if depth == 2 else {}
        if depth == 1 and asked.loss is not None:  # what was found by its name
            bind = {a: a for a in inspect.signature(asked.loss).parameters if a in names.plain} | {**(asked.bind or {}), **bind}
        asked.bind = {renames.get(key, key): names.expression(value) for key, value in bind.items()}
        return asked

    return make


KEPT = {"train", "loss", "make", "BIND", "PROOF", "TRUTH", "CASES", "OPTIONS", "data", "line"}


def ask_program(module: ModuleType, seed: int) -> Asked:
    args, kwargs = module.make(np.random.default_rng(seed))
    return Asked(module.train, module.loss, tuple(args), kwargs, getattr(module, "BIND", {}))


def corpora() -> dict[str, Make]:
    """The right programs and the mended bugs of `tests/debugger`."""
    found = {}
    for split in SPLITS:
        for path in sorted((DEBUGGER / "programs" / split).glob("*.py")):
            if path.stem != "__init__":
                found[f"{split}/{path.stem}"] = of_text(path.read_text(), path.stem, ask_program, KEPT)
    for folder in ("bugs", "bugs_held_out"):
        for path in sorted((DEBUGGER / folder).glob("*.py")):
            text, _, truth = path.read_text().partition("\nTRUTH = ")
            fixes = loaded(f"{text}\nTRUTH = {truth}", path.stem).TRUTH["fixed"]
            for old, new in [fixes] if isinstance(fixes, tuple) else fixes:
                text = text.replace(old, new, 1)
            found[f"{folder}/{path.stem}"] = of_text(text, path.stem, ask_program, KEPT)
    return found


def noisy(values: tuple[Any, ...], seed: int) -> tuple[Any, ...]:
    """Random inputs drawn anew, as large as they were; ones, signs and numbers of Python stay."""
    rng = np.random.default_rng(seed)
    drawn = []
    for value in values:
        free = isinstance(value, np.ndarray) and value.dtype == float and np.unique(np.abs(value)).size > 2
        drawn.append(rng.normal(size=value.shape) if free and seed else value)
    return tuple(drawn)


def of_tests() -> dict[str, Make]:
    """The right versions that the tests hold as functions."""
    from debugger import test_kinds, test_right_code

    known = {
        test_right_code: [(c[0].__name__, "loss", "data", c[1]) for c in test_right_code.CONVENTIONS],
        test_kinds: [
            *((name, "square", "line", {}) for name in ("adagrad", "begins_as_ints", "stays_whole")),
            *((name, "square", "line", {}) for name in ("one_rate", "returned_numbers")),
            ("clipped", "summed", "line", {}),
            ("right_hinge", "hinge", "hinge_data", {"w": "self.w", "b": "self.b"}),
            ("hinge_gradient", "hinge", "", {}),
            ("alternating", "factors", "", {}),
            ("moved", "normalised", "", {}),
            ("handed_back", "normalised", "", {}),
        ],
    }
    from debugger.test_record_judge import data

    shapes: dict[str, tuple[Any, ...]] = {
        "alternating": tuple(data((6, 5), (6, 3), (5, 3))),
        "moved": (*data((9, 4), (9, 5), (4, 5), (5,)), np.ones(5)),
    }
    shapes["handed_back"] = shapes["moved"]
    found = {}
    for module, entries in known.items():
        text = inspect.getsource(module)
        for name, loss, inputs, bind in entries:
            if not hasattr(module, name) or not hasattr(module, loss):
                continue

            def ask(
                made: ModuleType, seed: int, name: str = name, loss: str = loss, inputs: str = inputs, bind: Any = bind
            ) -> Asked:
                values = tuple(getattr(made, inputs)()) if inputs else shapes[name]
                return Asked(getattr(made, name), getattr(made, loss), noisy(values, seed), {}, bind)

            kept = KEPT | {n for entry in entries for n in entry[:3]}
            found[f"tests/{name}"] = of_text(text, f"{module.__name__.split('.')[-1]}", ask, kept, loss)
    return found


def pairs() -> dict[str, Make]:
    """The pairs of layers, for `mg.check`."""
    found = {}
    for path in (TESTS / "pairs" / "functions.py", TESTS / "pairs" / "objects.py"):
        text = path.read_text()
        cases = re.findall(r"^def (case_(\w+))", text, re.MULTILINE)
        kept = KEPT | {name for name, _ in cases}
        kept |= {"forward", "backward", "params", "grads"}  # the names by which an object is a layer
        for function, name in cases:

            def ask(made: ModuleType, seed: int, name: str = name) -> Asked:
                args = made.CASES[name](np.random.default_rng(seed))
                return Asked(args[0], None, tuple(args[1:]), made.OPTIONS.get(name, {}))

            found[f"pairs/{name}"] = of_text(text, path.stem, ask, kept)
            assert function == f"case_{name}"
    return found


def published(folders: list[Path]) -> dict[str, Make]:
    """The published programs that `public/` describes, in all their right versions."""
    found = {}
    for folder in folders:
        for name, program in debug_public.programs().items():
            if (folder / program.repository.replace("/", "+") / program.file).exists():
                for index, edits, _ in debug_public.versions(program):
                    found[f"public/{name}" + (f"/{-index}" if index < -1 else "")] = of_public(folder, program, edits)
    return found


def words_said(program: Any) -> set[str]:
    """The names that the description of a program says itself: attributes, keywords and strings that are no binding."""
    tree = ast.parse(inspect.getsource(sys.modules[program.build.__module__]))
    binds = [k.value for n in ast.walk(tree) if isinstance(n, ast.Call) for k in n.keywords if k.arg == "bind"]
    bound = {id(inner) for bind in binds for inner in ast.walk(bind)}
    said = set()
    for node in (n for n in ast.walk(tree) if id(n) not in bound):
        said |= {node.attr} if isinstance(node, ast.Attribute) else set()
        said |= {node.arg} if isinstance(node, ast.keyword) and node.arg else set()
        said |= {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
    bindings = [n.value for bind in binds for n in ast.walk(bind) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    own = {name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for name in (*arguments(node), *stored(node))}
    said |= own & {text.partition(".")[0] for text in bindings if "." in text}  # it lies in a function of the description
    return said


def of_public(folder: Path, program: Any, edits: tuple[Any, ...]) -> Make:
    def make(seed: int, depth: int, found: Mapping[str, str]) -> Asked:
        texts = debug_public.sources(folder, program, edits)
        names = NONE
        if depth:
            kept = words_said(program) | {Path(path).stem for path in texts}
            names = shuffled(texts.values(), np.random.default_rng(seed), kept, depth == 2)
            texts = {path: names.text(text) for path, text in texts.items()}
        made = debug_public.call(program, debug_public.load(program, texts)[0], seed + 1)
        bind = {key: names.expression(value) for key, value in (found or made.bind or {}).items()}
        return Asked(made.train, made.loss, made.args, made.kwargs, bind, made.step)

    return make


def drawn_anew(text: str, seed: int) -> str:
    """A text with other seeds in place of its literal ones."""
    pattern = r"(default_rng|RandomState|random\.seed|random\.Random)\((\d+)\)"
    return re.sub(pattern, lambda m: f"{m[1]}({int(m[2]) + 1000 * seed})", text)


# cases whose one-line answer leaves a second mistake in, or that are no whole program
NOT_RIGHT = {"01", "02", "03", "04", "05", "09", "11", "12", "17", "23", "29", "35"}


def small_cases(folder: Path) -> dict[str, Make]:
    """Kinds with their answer put in, and reports with the code that mends them."""
    found: dict[str, Make] = {}
    for path in sorted((folder / "debug_kinds").glob("[0-9]*.py")):
        text = path.read_text()
        answer = loaded(text, f"kind_{path.stem}").ANSWER
        lines = [answer["line"]] if isinstance(answer["line"], str) else answer["line"] or []
        if path.stem[:2] in NOT_RIGHT or (lines and not answer["fix"]):
            continue
        if lines:
            old, count = lines[0], text.partition("\nANSWER")[0].count(lines[0] + "\n")
            text = text.replace(old + "\n", answer["fix"] + "\n", 1) if count == 1 else ""
        if text:
            found[f"kinds/{path.stem}"] = fresh(text, path.stem, ask_kind)
    for path in sorted((folder / "debug_reports").glob("[0-9]*.py")):
        found[f"reports/{path.stem}"] = fresh(path.read_text(), path.stem, ask_report)
    return found


def fresh(text: str, name: str, ask: Callable[[ModuleType, int], Asked]) -> Make:
    kept = KEPT | {"ARGS", "ANSWER", "STEP", "WRONG", "NEVER", "MODEL", "TRUTH", "args", "fixed"}
    return lambda seed, depth, found: of_text(drawn_anew(text, seed), name, ask, kept)(seed, depth, found)


def ask_kind(module: ModuleType, seed: int) -> Asked:
    return Asked(module.train, module.loss, (), dict(module.ARGS), getattr(module, "BIND", {}), getattr(module, "STEP", 0))


def ask_report(module: ModuleType, seed: int) -> Asked:
    return Asked(module.fixed, module.MODEL, (), module.args(seed), module.TRUTH["model_args"])


# ------------------------------------------------------------------------------------------------ one case, in a process


def quietly(call: Callable[[], Any]) -> Any:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        return call()


def answer(asked: Asked, seed: int) -> Row:
    """What the debugger says about one question."""
    began = time.process_time()
    row: Row = {}
    try:
        if asked.loss is None:
            report: Any = quietly(lambda: mg.check(asked.train, *asked.args, **asked.kwargs, seed=seed))
            row["status"] = {"RIGHT": "right", "WRONG": "wrong"}.get(report.verdict, "unjudged")
        else:
            loss = asked.loss
            report = quietly(lambda: mg.debug(asked.train, loss, asked.args, asked.kwargs, asked.bind or None, asked.step))
            row["status"] = "wrong" if report.findings else debug_public.status(report, str(report))
            row["found"] = {argument: v.expression for argument, v in report.trace.variables.items() if argument.isidentifier()}
        row["said"] = str(report)[: 2000 if row["status"] != "right" else 100]
    except Exception as error:
        row |= {"status": "unjudged", "said": f"{type(error).__name__}: {error}"[:500]}
    return {**row, "seconds": time.process_time() - began}


def runs(make: Make, seed: int, depth: int, found: Mapping[str, str]) -> bool:
    """Whether the program still runs with its new names."""
    try:
        asked = make(seed, depth, found)
        if asked.loss is not None:
            quietly(lambda: asked.train(*asked.args, **asked.kwargs))
    except Exception:
        return False
    return True


def run(make: Make, seed: int, found: Mapping[str, str]) -> Row:
    """One program with one seed: the names of a seed, and its own names where it is not called right."""
    depth = 0 if not seed else 2 if seed % 2 == 0 else 1
    while depth and not runs(make, seed, depth, found):
        depth -= 1
    row = {"depth": depth, **answer(make(seed, depth, found), seed)}
    if depth and row["status"] != "right":
        plain = answer(make(seed, 0, {}), seed)
        row |= {"plain": plain["status"], "plain_said": plain["said"]}
    return row


def in_process(make: Make, seed: int, found: Mapping[str, str]) -> Row:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 5))
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        try:
            row = run(make, seed, found)
        except BaseException as error:
            row = {"status": "crash", "said": f"{type(error).__name__}: {error}"[:500]}
        with os.fdopen(writer, "w") as pipe:
            json.dump(row, pipe)
        debug_public.clean()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, ended = os.waitpid(child, 0)
    return json.loads(said) if said else {"status": "crash", "said": f"the process ended with {ended}"}


# ------------------------------------------------------------------------------------------------------------ all cases


def gathered(options: argparse.Namespace) -> dict[str, Make]:
    found = {**corpora(), **of_tests(), **pairs(), **published(options.public)}
    return {**found, **(small_cases(options.cases) if options.cases else {})}


def read(path: Path) -> list[Row]:
    """The finished cases; the last line may be cut off."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else ():
        with contextlib.suppress(json.JSONDecodeError):
            rows.append(json.loads(line))
    return rows


def summary(rows: list[Row]) -> str:
    """The figures of all finished cases."""
    counted = Counter(row["status"] for row in rows)
    groups = Counter(name.partition("/")[0] for name in {row["program"] for row in rows})
    times = [row["seconds"] for row in rows if "seconds" in row]
    named = [row for row in rows if row.get("plain", row["status"]) != row["status"]]
    depths = Counter(row.get("depth", 0) for row in rows if row["seed"])
    lines = [
        f"{len({row['program'] for row in rows})} programs ({', '.join(f'{k} {n}' for k, n in sorted(groups.items()))})",
        f"{len(rows)} program x seed pairs, seeds 0 to {max((row['seed'] for row in rows), default=0)}",
        f"names shuffled: everywhere {depths[2]}, in functions {depths[1]}, not at all {depths[0]}",
        f"right {counted['right']}, accused {counted['wrong']}, not judged {counted['unjudged']}, crashed {counted['crash']}",
        f"another verdict than with its own names: {len(named)}",
        f"processor seconds: median {np.median(times or [0]):.2f}, 95 % {np.percentile(times or [0], 95):.2f}, most "
        f"{max(times, default=0):.1f}",
    ]
    odd: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        if row["status"] != "right":
            odd.setdefault((row["program"], row["status"], row.get("plain", "-")), []).append(row["seed"])
    for (program, status, plain), seeds in odd.items():
        lines.append(f"  {program}: {status}, with its own names {plain}, seeds {seeds}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--public", type=Path, nargs="*", default=[])
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--program", default="", help="only programs whose name contains this")
    parser.add_argument("--sample", type=int, default=0, help="so many programs of each seed, drawn by lot")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    began = time.monotonic()
    rows = read(options.results)
    if not options.summary:
        makes = {name: make for name, make in gathered(options).items() if options.program in name}
        done = {(row["program"], row["seed"]) for row in rows}
        found = {row["program"]: row["found"] for row in rows if not row["seed"] and "found" in row}
        with options.results.open("a") as out:
            for seed in range(options.first, options.seeds):
                names = sorted(makes)
                random.Random(seed).shuffle(names)
                for name in names[: options.sample or None]:
                    if (name, seed) in done or time.monotonic() - began > 60 * options.minutes:
                        continue
                    row = {"program": name, "seed": seed, **in_process(makes[name], seed, found.get(name, {}))}
                    found |= {name: row["found"]} if not seed and "found" in row else {}
                    rows.append(row)
                    out.write(json.dumps({k: v for k, v in row.items() if k != "found" or not seed}) + "\n")
                    out.flush()
        debug_public.clean()
    print(summary(rows))


if __name__ == "__main__":
    main()
