"""Gives the variables, functions and attributes of a program other names, the same ones everywhere, and changes nothing else."""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

import microgradnp as mg

THINGS = (np, mg, np.random, np.linalg, np.ndarray(0), np.float64(0), np.random.default_rng(0), np.random.RandomState(0), ast, io)
OUTSIDE = {name for thing in (*THINGS, [], {}, (), set(), "", 0.5, open) for name in dir(thing)}  # attributes of others
NEVER = {*dir(builtins), *keyword.kwlist, *keyword.softkwlist, "self", "cls"}
WORD = re.compile(r"""("[^"]*"|'[^']*')|(\.?)\b([A-Za-z_]\w*)""")


def arguments(node: ast.AST) -> list[str]:
    return [inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)]


def stored(node: ast.AST) -> list[str]:
    return [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)]


@dataclass(frozen=True)
class Names:
    """Old name -> new name: `plain` of variables and functions, `dotted` of what follows a dot."""

    plain: dict[str, str]
    dotted: dict[str, str]

    def text(self, text: str, skip: Iterable[range] = ()) -> str:
        """A text with the new names, except in some of its lines. Lines and columns of statements stay in their order."""
        skipped = {line for lines in skip for line in lines}
        rows = text.splitlines(keepends=True)
        found: list[tuple[int, int, int, str]] = []
        before = ""
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            new = None
            if token.type == tokenize.NAME:
                new = (self.dotted if before == "." else self.plain).get(token.string)
            elif token.type == tokenize.STRING and re.match(r"[rR]?[fF]", token.string) and token.start[0] == token.end[0]:
                new = re.sub(r"\{([^{}:!]*)", lambda match: "{" + self.expression(match.group(1)), token.string)
            if new is not None and token.start[0] not in skipped:
                found.append((token.start[0] - 1, token.start[1], token.end[1], new))
            before = token.string
        for row, start, end, new in reversed(found):
            rows[row] = rows[row][:start] + new + rows[row][end:]
        return "".join(rows)

    def expression(self, text: str) -> str:
        """An expression of the program, such as that of a binding. Strings in it stay."""

        def new(match: re.Match[str]) -> str:
            quoted, dot, word = match.groups()
            return quoted or dot + (self.dotted if dot else self.plain).get(word, word)

        return WORD.sub(new, text)


def shuffled(texts: Iterable[str], rng: np.random.Generator, kept: set[str], deep: bool) -> Names:
    """New names for a program. Without `deep` only variables of functions get them.

    A name stays where something else than the program may say it: `kept` ones, imports, keywords of a library's function.
    """
    trees = [ast.parse(text) for text in texts]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    functions = [n for n in nodes if isinstance(n, (ast.FunctionDef, ast.Lambda))]
    classes = [n for n in nodes if isinstance(n, ast.ClassDef)]
    own = {n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    kept = NEVER | kept
    kept |= {(a.asname or a.name).split(".")[0] for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names}
    kept |= {a.name.split(".")[-1] for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names}
    for call in (n for n in nodes if isinstance(n, ast.Call)):
        called = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if called not in own:
            kept |= {k.arg for k in call.keywords if k.arg}
        if any(k.arg is None for k in call.keywords):  # f(**settings): its keys are strings
            kept |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    top = {name for tree in trees for part in tree.body if not isinstance(part, ast.FunctionDef) for name in bound_here(part)}
    of_classes = {name for c in classes for part in c.body for name in bound_here(part)}
    local = {name for f in functions for name in (*arguments(f), *stored(f))}
    names = local | top | own if deep else local - top - own
    names = {n for n in names - kept if not n.startswith("__") and not (n in of_classes and (n in OUTSIDE or not deep))}
    attributes = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)} if deep else set()
    attributes = {n for n in (attributes | of_classes if deep else set()) - kept - OUTSIDE if not n.startswith("__")}
    old = sorted(names | attributes)
    words = rng.permutation(len(old) + 50)
    new = {name: f"q{words[k]}z" for k, name in enumerate(old)}
    modules = {n.module for n in nodes if isinstance(n, ast.ImportFrom)} | {
        a.name for n in nodes if isinstance(n, ast.Import) for a in n.names
    }
    dotted = {name: new[name] for name in (attributes | (names & own if deep else set())) - OUTSIDE - {*modules}}
    return Names({name: new[name] for name in names}, dotted)


def bound_here(node: ast.AST) -> list[str]:
    """The names that a statement binds in its own scope."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    return stored(node)
