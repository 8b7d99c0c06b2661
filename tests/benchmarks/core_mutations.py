"""Which mistakes in the core do the tests notice? Its source is changed in one place at a time, and the tests run again.

    python tests/benchmarks/core_mutations.py [--only sweep record] [--every 1] [--budget 4]

A comparison is turned round, a boundary moved, a condition made constant, `and` swapped with `or`, a `not` dropped, a number
changed by one, a sign changed, a call left out. First the quick tests of the core run once, to learn which of them reach which
line, and at what cost. For each mutant a forked process then exchanges the byte code of the changed functions and runs the tests
that reach the line, one of each test function first, cheap ones first, until one fails. What survives, or runs at import, is
tried once more in a fresh interpreter that imports the changed file. Time limits are processor time.

A survivor is a missing test, unless it changes nothing that can be observed: those are listed in EQUIVALENT with the reason.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import importlib.machinery
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "microgradnp" / "core"
TESTS = [
    *(
        "tensor",
        "graph",
        "sweep",
        "record",
        "memory",
        "foreign",
        "conversions",
        "messages",
        "gradients",
        "methods",
        "origin",
        "contract",
        "mutation",
    ),
    *("checkpoint", "override", "functional", "array_api", "trees", "random_graphs", "keywords", "namespace", "nans", "kinks"),
]  # quick, and about the core

# Why no test can tell a mutant from the original -> (function, statement, changed statement). Written for record.py and sweep.py.
REASONS: dict[str, list[tuple[str, str, str]]] = {
    "the short way is not taken, and the long way does the same": [
        (
            "apply",
            "if kwargs or rule is None or len(args) != rule.arity or (how is not None and (how.watchers or not how.recording)):",
            "if True:",
        ),
        (
            "apply",
            "if kwargs or rule is None or len(args) != rule.arity or (how is not None and (how.watchers or not how.recording)):",
            "if kwargs or rule is None or len(args) != rule.arity or (how is not None):",
        ),
        (
            "apply",
            "if type(argument) is Tensor:",
            "if False:",
        ),
        (
            "apply",
            "if argument.needs_grad:",
            "if False:",
        ),
        (
            "apply",
            "if type(argument) is np.ndarray and argument.dtype.kind in NUMBERS:",
            "if False:",
        ),
        (
            "apply",
            "if type(argument) in SCALARS:",
            "if False:",
        ),
        (
            "apply",
            "if not needs:",
            "if True:",
        ),
        (
            "record",
            "if type(argument) is np.ndarray and argument.dtype.kind in NUMBERS:",
            "if False:",
        ),
        (
            "look_up",
            "if type(rule) is not Rule:",
            "if True:",
        ),
        (
            "look_up",
            "if kwargs:",
            "if True:",
        ),
        (
            "look_up",
            "if rule.constant or (not kwargs and len(args) == rule.arity):",
            "if rule.constant:",
        ),
        (
            "look_up",
            "rule: Any = TABLE.get(function) or load_library_rules(function)",
            "rule: Any = load_library_rules(function)",
        ),
    ],
    "an operator on two numbers, or on a number and an array, gives what the ufunc gives": [
        (
            "apply",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[1]) in FLOATS):",
            "if rule.on_floats is not None and type(values[0]) in FLOATS:",
        ),
        (
            "apply",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[1]) in FLOATS):",
            "if rule.on_floats is not None and type(values[1]) in FLOATS:",
        ),
        (
            "apply",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[1]) in FLOATS):",
            "if False:",
        ),
        (
            "apply",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[1]) in FLOATS):",
            "if rule.on_floats is not None and type(values[0]) not in FLOATS and (type(values[1]) in FLOATS):",
        ),
        (
            "apply",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[1]) in FLOATS):",
            "if rule.on_floats is not None and type(values[1]) in FLOATS and (type(values[1]) in FLOATS):",
        ),
        (
            "apply",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[1]) in FLOATS):",
            "if rule.on_floats is not None and type(values[-1]) in FLOATS and (type(values[1]) in FLOATS):",
        ),
        (
            "apply",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[1]) in FLOATS):",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[1]) not in FLOATS):",
        ),
        (
            "apply",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[1]) in FLOATS):",
            "if rule.on_floats is not None and type(values[0]) in FLOATS and (type(values[0]) in FLOATS):",
        ),
    ],
    "one look more: there is nothing to seal, or nothing that could change": [
        (
            "apply",
            "has_arrays = False",
            "has_arrays = True",
        ),
        (
            "apply",
            "if has_arrays:",
            "if True:",
        ),
        (
            "record",
            "has_arrays = is_unusual = False",
            "has_arrays = is_unusual = True",
        ),
        (
            "record",
            "if options and (not IMMUTABLE.issuperset(map(type, options.values()))):",
            "if options or not IMMUTABLE.issuperset(map(type, options.values())):",
        ),
        (
            "record",
            "if options and (not IMMUTABLE.issuperset(map(type, options.values()))):",
            "if options:",
        ),
        (
            "record",
            "if options and (not IMMUTABLE.issuperset(map(type, options.values()))):",
            "if not IMMUTABLE.issuperset(map(type, options.values())):",
        ),
        (
            "record",
            "if options and (not IMMUTABLE.issuperset(map(type, options.values()))):",
            "if True:",
        ),
    ],
    "a value that the user cannot write to is its own snapshot": [
        (
            "apply",
            "held.append(argument.value_for_graph() if argument.exposed else argument._array)",
            "held.append(argument.value_for_graph() if True else argument._array)",
        ),
        (
            "record",
            "held.append(argument.value_for_graph() if argument.exposed else argument._array)",
            "held.append(argument.value_for_graph() if True else argument._array)",
        ),
    ],
    "the search for the user's frame skips the frames of ours one by one": [
        (
            "apply",
            "frame = sys._getframe(2)",
            "frame = sys._getframe(1)",
        ),
        (
            "apply",
            "node.place = caller() if internal[code.co_filename] else (code, frame.f_lasti)",
            "node.place = caller() if True else (code, frame.f_lasti)",
        ),
    ],
    "both have one length": [
        (
            "look_up",
            "return function(*plain[:len(args)], **dict(zip(kwargs, plain[len(args):], strict=True)))",
            "return function(*plain[:len(args)], **dict(zip(kwargs, plain[len(args):], strict=False)))",
        ),
    ],
    "an empty `until` contains no node": [
        (
            "sweep",
            "if rule is None or (until and node in until):",
            "if rule is None or node in until:",
        ),
        (
            "checked_graph",
            "if until and node in until:",
            "if node in until:",
        ),
    ],
    "a variadic rule has one formula": [
        (
            "contribution",
            "return rule.vjps[0](position, *inputs, **node.options)",
            "return rule.vjps[-1](position, *inputs, **node.options)",
        ),
    ],
    "what `contribution` computes is what the rule computes": [
        (
            "sweep",
            "share = vjps[position](*inputs) if is_simple else contribution(node, position, inputs, record)",
            "share = vjps[position](*inputs) if False else contribution(node, position, inputs, record)",
        ),
    ],
    "a loop over no watchers": [
        (
            "sweep",
            "if watchers:",
            "if True:",
        ),
    ],
}
EQUIVALENT = {key: reason for reason, keys in REASONS.items() for key in keys}

FLIPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


# ------------------------------------------------------------------------------------------------ mutants


@dataclass
class Mutant:
    path: Path
    number: int  # in its file
    function: str
    before: str  # the statement
    after: str
    owner: ast.AST  # whose field is replaced
    field: str
    place: int | None  # in a list
    old: Any
    new: ast.AST

    def put(self, node: ast.AST) -> None:
        if self.place is None:
            setattr(self.owner, self.field, node)
        else:
            getattr(self.owner, self.field)[self.place] = node

    @property
    def lines(self) -> range:
        return range(self.old.lineno, self.old.end_lineno + 1)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.function, self.before, self.after

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.old.lineno} {self.function}\n    {self.before}\n    {self.after}"


def replacements(node: ast.AST, owner: ast.AST, field: str) -> Iterator[ast.AST]:
    """What an expression or a statement is changed to, one after the other."""
    match node:
        case ast.Compare(left, [op], rest):
            yield ast.Compare(left, [FLIPPED[type(op)]()], rest)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(FLIPPED[type(op)](), values)
            for kept in itertools.combinations(values, len(values) - 1):
                yield kept[0] if len(kept) == 1 else ast.BoolOp(op, list(kept))
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.BinOp(left, ast.Add() | ast.Sub() as op, right):
            yield ast.BinOp(left, FLIPPED[type(op)](), right)
        case ast.AugAssign(target, ast.Add() | ast.Sub() as op, value):
            yield ast.AugAssign(target, FLIPPED[type(op)](), value)
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Break() | ast.Continue() | ast.Delete() | ast.Expr(ast.Call()):
            yield ast.Pass()
    if field in ("test", "ifs") or (isinstance(node, ast.Compare) and not isinstance(owner, ast.BoolOp)):
        yield from (ast.Constant(True), ast.Constant(False))


def text_of(statement: ast.stmt) -> str:
    """A statement as text, a compound one without its body."""
    short = copy.copy(statement)
    for body in ("body", "orelse", "finalbody", "handlers", "decorator_list"):
        if isinstance(getattr(short, body, None), list):
            setattr(short, body, [ast.Expr(ast.Constant(...))] if body == "body" else [])
    return ast.unparse(ast.fix_missing_locations(short)).removesuffix("...").strip()


def mutants_of(path: Path, tree: ast.Module) -> Iterator[Mutant]:
    seen: set[tuple[int, str]] = set()  # two changes that read the same are one

    def visit(owner: ast.AST, statement: ast.AST, function: str) -> Iterator[Mutant]:
        if isinstance(owner, ast.If) and ast.unparse(owner.test) == "TYPE_CHECKING":
            return
        for field, value in ast.iter_fields(owner):
            if field in ("annotation", "returns", "decorator_list"):
                continue
            for place, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(node, ast.AST):
                    continue
                inner: Any = node if isinstance(node, ast.stmt) else statement
                for new in replacements(node, owner, field):
                    mutant = Mutant(path, len(seen), function, text_of(inner), "", owner, field, place, node, new)
                    mutant.put(new)
                    mutant.after = text_of(new if inner is node else inner)
                    mutant.put(node)
                    if (id(inner), mutant.after) not in seen and mutant.after != mutant.before:
                        seen.add((id(inner), mutant.after))
                        yield mutant
                name = node.name if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else ""
                yield from visit(node, inner, f"{function}.{name}".strip("."))

    yield from visit(tree, tree, "")


def mutated(mutant: Mutant) -> CodeType:
    """The whole file with the change."""
    tree = ast.parse(mutant.path.read_text())
    twin = next(m for m in mutants_of(mutant.path, tree) if m.number == mutant.number)
    twin.put(ast.copy_location(twin.new, twin.old))
    return compile(ast.fix_missing_locations(tree), str(mutant.path), "exec", dont_inherit=True)


# --------------------------------------------------------------------------------------------------- runs


class Loop:
    """Pytest plugin: `action` gets the collected tests, in place of a run of them all."""

    def __init__(self, action: Callable[[list[Any]], object]) -> None:
        self.action = action

    def pytest_runtestloop(self, session: Any) -> bool:
        self.action(session.items)
        return True

    def pytest_runtest_logreport(self, report: Any) -> None:
        FAILED.extend([report.nodeid] * report.failed)


FAILED: list[str] = []
SURVIVED, KILLED, UNDECIDED, ERROR = range(4)  # exit codes of a copy of this process


def survives(items: list[Any]) -> bool:
    """Whether no test fails. Stops at the first that does."""
    for item in items:
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        if item.nodeid in FAILED:
            return False
    return True


def collect(paths: list[str], action: Callable[[list[Any]], object]) -> None:
    pytest.main(["-q", "-s", "--tb=no", "--no-header", "--no-summary", "-p", "no:cacheprovider", *paths], plugins=[Loop(action)])


def forked(action: Callable[[], int], seconds: float) -> int:
    """What `action` returns in a silent copy of this process; negative when it takes more processor time."""
    pid = os.fork()
    if pid == 0:
        code = ERROR
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, resource.RLIM_INFINITY))
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            code = action()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Reach:
    """Which tests reach a line, and what each test costs."""

    def __init__(self, items: list[Any], imported: coverage.Coverage) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "measured.json"
            forked(lambda: self.measure(items, imported, file), 3600)
            self.cost, self.tests = json.loads(file.read_text())  # test -> seconds; file -> line -> tests, "" for the import
        self.left_out = {item.nodeid for item in items} - self.cost.keys()

    @staticmethod
    def measure(items: list[Any], reached: coverage.Coverage, file: Path) -> int:
        cost = {}
        reached.start()
        for item in items:
            reached.switch_context(item.nodeid)
            started = time.process_time()
            if survives([item]):
                cost[item.nodeid] = time.process_time() - started
        reached.stop()
        data = reached.get_data()
        file.write_text(json.dumps([cost, {path: data.contexts_by_lineno(path) for path in data.measured_files()}]))
        return SURVIVED

    def of(self, mutant: Mutant, budget: float) -> tuple[list[str], bool]:
        """The tests that reach a mutant, cheap ones first, and whether its line runs at import."""
        by_line = self.tests.get(str(mutant.path), {})
        found = {test for line in mutant.lines for test in by_line.get(str(line), ())}
        chosen = sorted(self.cost if found == {""} else found & self.cost.keys(), key=lambda test: self.cost[test])
        spent = itertools.accumulate(self.cost[test] for test in chosen)
        return [test for test, seconds in zip(chosen, spent, strict=True) if seconds <= budget], "" in found


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def exchanged(mutant: Mutant, functions: list[FunctionType]) -> bool:
    """Give the living functions of the file the byte code of the changed source. False where that is not possible."""
    old = list(codes(compile(mutant.path.read_text(), str(mutant.path), "exec", dont_inherit=True)))
    new = list(codes(mutated(mutant)))
    if [code.co_name for code in old] != [code.co_name for code in new]:
        return False
    changed = {a: b for a, b in zip(old, new, strict=True) if a != b}
    living = [function for function in functions if function.__code__ in changed]
    for function in living:
        function.__code__ = changed[function.__code__]
    return bool(living)


def fresh(mutant: Mutant, tests: list[str], seconds: float) -> bool:
    """Whether a mutant survives in an interpreter that imports the changed file."""
    job = json.dumps([str(mutant.path), mutant.number, tests, seconds])
    return (
        subprocess.run([sys.executable, __file__, "--job"], input=job, text=True, cwd=ROOT, capture_output=True).returncode == 0
    )


def run_job() -> None:
    path, number, tests, seconds = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 10, resource.RLIM_INFINITY))
    code = mutated(next(m for m in mutants_of(Path(path), ast.parse(Path(path).read_text())) if m.number == number))
    usual = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: Any, name: str) -> CodeType | None:
        return code if self.path == path else usual(self, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    outcome = [False]

    def action(items: list[Any]) -> None:
        found = {item.nodeid: item for item in items}
        outcome[0] = survives([found[test] for test in tests])

    collect(sorted({test.split("::")[0] for test in tests}), action)
    os._exit(not outcome[0])


def few(items: list[Any], variants: int) -> list[Any]:
    """So many tests of each parametrized test function, evenly spread."""
    functions: dict[str, list[Any]] = {}
    for item in items:
        functions.setdefault(item.nodeid.split("[")[0], []).append(item)
    return [item for same in functions.values() for item in same[:: -(-len(same) // variants)]]


def sweep(items: list[Any], imported: coverage.Coverage, options: argparse.Namespace) -> None:
    imported.stop()
    items = few(items, options.variants)
    reach = Reach(items, imported)
    by_id = {item.nodeid: item for item in items}
    functions = [f for f in gc.get_objects() if type(f) is FunctionType and Path(f.__code__.co_filename).parent == CORE]
    gc.freeze()
    files = [path for path in sorted(CORE.glob("*.py")) if not options.only or path.stem in options.only]
    mutants = [m for path in files for m in mutants_of(path, ast.parse(path.read_text()))][:: options.every]
    print(
        f"{len(mutants)} mutants, {len(reach.cost)} tests", *[f"fails unchanged, left out: {t}" for t in reach.left_out], sep="\n"
    )

    def trial(mutant: Mutant, tests: list[str], at_import: bool) -> int:
        if not exchanged(mutant, functions):
            return UNDECIDED
        killed = not survives([by_id[test] for test in tests])
        return KILLED if killed else UNDECIDED if at_import else SURVIVED

    def verdict(mutant: Mutant) -> str:
        if mutant.key in EQUIVALENT:
            return "equivalent"
        tests, at_import = reach.of(mutant, options.budget)
        if not tests:
            return "not reached"
        seconds = 3 + 3 * sum(reach.cost[test] for test in tests)
        outcome = forked(lambda: trial(mutant, tests, at_import), seconds)
        if outcome == UNDECIDED:
            outcome = SURVIVED if fresh(mutant, tests, seconds) else KILLED
        return {SURVIVED: "survived", ERROR: "could not be tried"}.get(outcome, "killed")

    counts: Counter[str] = Counter()
    for mutant in mutants:
        counts[answer := verdict(mutant)] += 1
        if answer not in ("killed", "equivalent"):
            print(f"{answer}: {mutant}", flush=True)
    print(dict(counts), f"{time.process_time():.0f} s")
    texts = {m.key for path in CORE.glob("*.py") for m in mutants_of(path, ast.parse(path.read_text()))}
    print(*[f"no such mutant any more: {key}" for key in EQUIVALENT if key not in texts], sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="files of the core, such as sweep")
    parser.add_argument("--every", type=int, default=1, help="take every so many mutants")
    parser.add_argument("--variants", type=int, default=40, help="tests of one parametrized test function at most")
    parser.add_argument("--budget", type=float, default=4.0, help="seconds of tests for one mutant at most")
    parser.add_argument("--job", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.chdir(ROOT)
    if options.job:
        run_job()
    imported = coverage.Coverage(data_file=None, config_file=False, include=[f"{CORE}/*"])
    imported.start()
    paths = [f"tests/test_{name}.py" for name in TESTS if Path(f"tests/test_{name}.py").exists()]
    collect(paths, lambda items: sweep(items, imported, options))


if __name__ == "__main__":
    main()
