"""Which mistakes in the core do the tests notice? Its source is changed in one place at a time, and the tests run again.

    python tests/benchmarks/core_mutations.py [sweep record ...] [--budget 15]

A comparison is turned round, a boundary moved, a condition made constant, `and` swapped with `or`, a `not` dropped, a number
changed by one, a sign changed, a call left out. First the quick tests of the core run once, to learn which lines each of them
reaches, and what it costs. For each mutant a forked process then runs the tests that reach the line, cheap ones first, until one
fails. It exchanges the byte code of the changed functions. What survives in a line that runs at import is tried once more in a
process that imports the changed file. Time limits are processor time.

A survivor is a missing test, unless nobody can observe the change. Those are listed in core_equivalents.txt with the reason.
"""

from __future__ import annotations

import argparse
import ast
import copy
import functools
import gc
import importlib.machinery
import itertools
import json
import os
import resource
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
QUICK = (
    "array_api checkpoint contract conversions foreign functional gradients graph keywords kinks memory messages methods "
    "mutation namespace nans origin override random_graphs record sweep tensor trees"
)
TESTS = [f"tests/test_{name}.py" for name in QUICK.split()]
VARIANTS = 40  # tests of one parametrized function at most
FLIPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


# ------------------------------------------------------------------------------------------------ mutants


@dataclass
class Mutant:
    path: Path
    function: str
    before: str  # the statement
    after: str
    lines: range
    code: Callable[[], CodeType]  # the whole file with the change

    @property
    def key(self) -> str:
        return f"{self.path.stem}.{self.function} | {self.before} | {self.after}"


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


def text_of(statement: ast.AST) -> str:
    """A statement as text, a compound one without its body."""
    short = copy.copy(statement)
    for body in ("body", "orelse", "finalbody", "handlers", "decorator_list"):
        if isinstance(getattr(short, body, None), list):
            setattr(short, body, [ast.Expr(ast.Constant(...))] if body == "body" else [])
    return ast.unparse(ast.fix_missing_locations(short)).removesuffix("...").strip()


def mutants_of(path: Path) -> list[Mutant]:
    """All mutants of a file. Two changes that read the same are one."""
    tree = ast.parse(path.read_text())
    found: dict[tuple[ast.AST, str], Mutant] = {}

    def visit(owner: ast.AST, statement: ast.AST, function: str) -> None:
        for field, value in ast.iter_fields(owner):
            if field in ("annotation", "returns", "decorator_list"):
                continue
            for place, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(node, ast.AST):
                    inner = node if isinstance(node, ast.stmt) else statement
                    name = node.name if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else ""
                    visit(node, inner, f"{function}.{name}".strip("."))
                    for new in replacements(node, owner, field):
                        add(owner, field, place, node, ast.copy_location(new, node), inner, function)

    def add(owner: ast.AST, field: str, place: int | None, old: Any, new: ast.AST, statement: ast.AST, function: str) -> None:
        def put(node: ast.AST) -> None:
            if place is None:
                setattr(owner, field, node)
            else:
                getattr(owner, field)[place] = node

        def code() -> CodeType:
            put(new)
            try:
                return compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)
            finally:
                put(old)

        before = text_of(statement)
        put(new)
        after = text_of(new if statement is old else statement)
        put(old)
        if after != before:
            lines = range(old.lineno, old.end_lineno + 1)
            found.setdefault((statement, after), Mutant(path, function, before, after, lines, code))

    visit(tree, tree, "")
    return list(found.values())


def equivalents() -> dict[str, str]:
    """Mutant -> why no test can tell it from the original."""
    reasons, reason = {}, ""
    for line in Path(__file__).with_name("core_equivalents.txt").read_text().splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            reasons[line] = reason
    return reasons


# --------------------------------------------------------------------------------------------------- runs


class Collected:
    """Pytest plugin: hands the collected tests to `action`, in place of a run of them all. Few variants of each function."""

    def __init__(self, action: Callable[[list[Any]], int]) -> None:
        self.action = action
        self.failed = False
        self.code = 0

    def pytest_runtestloop(self, session: Any) -> bool:
        functions: dict[str, list[Any]] = {}
        for item in session.items:
            functions.setdefault(item.nodeid.split("[")[0], []).append(item)
        self.code = self.action([item for same in functions.values() for item in same[:: -(-len(same) // VARIANTS)]])
        return True

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.failed |= report.failed

    def fails(self, item: Any) -> bool:
        self.failed = False
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        return self.failed


def collect(files: list[str], action: Callable[[Collected, list[Any]], int]) -> int:
    """What `action` returns for the tests in some files."""
    plugin = Collected(lambda items: action(plugin, items))
    outcome = pytest.main(
        ["-q", "-s", "--tb=no", "--no-header", "--no-summary", "-p", "no:cacheprovider", *files], plugins=[plugin]
    )
    return plugin.code if outcome in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else KILLED


SURVIVED, KILLED, AT_IMPORT = range(3)  # exit codes of a copy of this process


def forked(action: Callable[[], int], seconds: float) -> int:
    """What `action` returns in a silent copy of this process; negative when it takes more processor time."""
    pid = os.fork()
    if pid == 0:
        code = KILLED
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, resource.RLIM_INFINITY))
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            code = action()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def measure(plugin: Collected, items: list[Any], reached: coverage.Coverage, file: Path) -> int:
    """Write what each test costs that passes, and which tests reach which line. What runs at import is reached by the test ""."""
    cost = {}
    reached.start()
    for item in items:
        reached.switch_context(item.nodeid)
        started = time.process_time()
        if not plugin.fails(item):
            cost[item.nodeid] = time.process_time() - started
    reached.stop()
    data = reached.get_data()
    file.write_text(json.dumps([cost, {path: data.contexts_by_lineno(path) for path in data.measured_files()}]))
    return 0


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def exchange(mutant: Mutant, functions: list[FunctionType]) -> None:
    """Give the living functions of the file the byte code of the changed source."""
    old = codes(compile(mutant.path.read_text(), str(mutant.path), "exec", dont_inherit=True))
    changed = {a: b for a, b in zip(old, codes(mutant.code()), strict=True) if a != b}
    for function in functions:
        function.__code__ = changed.get(function.__code__, function.__code__)


def changed_import(mutant: Mutant, tests: list[str]) -> int:
    """Run tests in a process that has not imported the package yet, and imports the changed file."""
    code, usual = mutant.code(), importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: Any, name: str) -> CodeType | None:
        return code if loader.path == str(mutant.path) else usual(loader, name)

    def action(plugin: Collected, items: list[Any]) -> int:
        by_id = {item.nodeid: item for item in items}
        return KILLED if any(plugin.fails(by_id[test]) for test in tests) else SURVIVED

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    return collect(sorted({test.split("::")[0] for test in tests}), action)


@dataclass
class Trials:
    """The mutants to try, and the outcome of each."""

    mutants: list[Mutant]
    budget: float

    def sweep(self, plugin: Collected, items: list[Any], reached: coverage.Coverage, file: Path) -> int:
        """Try each mutant by an exchange of byte code. Writes pairs (outcome, tests that reach it)."""
        reached.stop()
        forked(lambda: measure(plugin, items, reached, file), 3600)
        cost, reach = json.loads(file.read_text())
        by_id = {item.nodeid: item for item in items}
        functions = [f for f in gc.get_objects() if type(f) is FunctionType and Path(f.__code__.co_filename).parent == CORE]
        gc.freeze()
        known = equivalents()

        def attempt(mutant: Mutant, tests: list[str], runs_at_import: bool) -> int:
            exchange(mutant, functions)
            killed = any(plugin.fails(by_id[test]) for test in tests)
            return KILLED if killed else AT_IMPORT if runs_at_import else SURVIVED

        outcomes = []
        for mutant in self.mutants:
            lines = reach.get(str(mutant.path), {})
            found = {test for line in mutant.lines for test in lines.get(str(line), ())}
            reaching = sorted(cost if "" in found else found & cost.keys(), key=cost.__getitem__)
            spent = itertools.accumulate(cost[test] for test in reaching)
            tests = [test for test, seconds in zip(reaching, spent, strict=True) if seconds <= self.budget]
            if mutant.key in known:
                outcome = "equivalent"
            elif not tests:
                outcome = "not reached"
            else:
                code = forked(functools.partial(attempt, mutant, tests, "" in found), 3 + 3 * self.budget)
                outcome = {SURVIVED: "survived", AT_IMPORT: "at import"}.get(code, "killed")
            outcomes.append((outcome, tests))
            tell(mutant, outcome)
        file.write_text(json.dumps(outcomes))
        return 0

    def outcomes(self) -> Iterator[tuple[Mutant, str]]:
        """Each mutant with "killed", "survived", "equivalent" or "not reached"."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "found.json"
            pid = os.fork()
            if pid == 0:
                reached = coverage.Coverage(data_file=None, config_file=False, include=[f"{CORE}/*"])
                reached.start()
                os._exit(collect(TESTS, lambda plugin, items: self.sweep(plugin, items, reached, file)))
            os.waitpid(pid, 0)
            found = json.loads(file.read_text())
        for mutant, (outcome, tests) in zip(self.mutants, found, strict=True):
            if outcome == "at import":
                code = forked(functools.partial(changed_import, mutant, tests), 30 + 3 * self.budget)
                outcome = "survived" if code == SURVIVED else "killed"
                tell(mutant, outcome)
            yield mutant, outcome


def tell(mutant: Mutant, outcome: str) -> None:
    """Print a survivor as soon as it is known, and a dot for any other outcome."""
    survived = outcome in ("survived", "not reached")
    print(f"\n{outcome}, line {mutant.lines[0]}: {mutant.key}" if survived else ".", end="", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="files of the core, such as sweep; default: all")
    parser.add_argument("--budget", type=float, default=15, help="seconds of tests for one mutant at most")
    options = parser.parse_args()
    os.chdir(ROOT)
    every = [mutant for path in sorted(CORE.glob("*.py")) for mutant in mutants_of(path)]
    chosen = [mutant for mutant in every if not options.files or mutant.path.stem in options.files]
    counts: Counter[str] = Counter()
    for _, outcome in Trials(chosen, options.budget).outcomes():
        counts[outcome] += 1
    print(f"\n{counts.total()} mutants:", ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    print(*[f"no such mutant any more: {key}" for key in equivalents().keys() - {m.key for m in every}], sep="\n")


if __name__ == "__main__":
    main()
