"""The right expression, derived: what is an adjoint among a statement's variables is carried on by the model's own rules.

Only results that are adjoints again, or parts of them, are kept. So no expression is offered that means nothing.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.derive.carrying import Atom, Pair, carried_on, grouped
from microgradnp.debugger.derive.meanings import Meaning, Meanings
from microgradnp.debugger.derive.products import tree_of
from microgradnp.debugger.derive.scene import Instance, Snapshot
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.derive.values import NotEvaluatedError, atoms_of, compiled
from microgradnp.debugger.repair.formulas import formulas_in

MOST_ATOMS = 60
MOST_ADJOINTS = 14
MOST_HELPERS = 8
MOST_LABELS = 3


def derived(stage: Stage, meanings: Meanings, snapshot: Snapshot, function: Any, old: str) -> Iterator[tuple[float, str]]:
    """(cost, expression) of what may stand in the place of `old`: the nearest to the text of the user first."""
    values, adjoints, slopes = ingredients(stage, meanings, snapshot, function, old)
    scalars = {  # numbers that are quantities of the model, or stand there alone
        v.text for v in values if not v.shape and (v.text == old or any(m.quantity.kind == "value" for m in meanings.of(v.pair)))
    }
    exact = not any(v.shape for v in values)  # among single numbers all are multiples of one another
    found: dict[str, float] = {}
    tokens = Counter(words(old))
    marks: set[bytes] = set()
    level = adjoints
    every, usual, steps = grouped(values), grouped([v for v in values if v.shape or v.text in scalars]), grouped(slopes)
    for result in differences([v for v in values if is_path(v.text) and v.shape and v.text in old]):
        if gradient_of(meanings, result.pair) is not None:
            found[result.text] = distance(tokens, result.text)
            adjoints = [*adjoints, result]
    for depth in range(3 if exact else 2):
        further: list[Atom] = []
        for atom in level:
            for result in carried_on(atom, usual if atom.shape else every, steps, meanings):
                if gradient_of(meanings, result.pair, exact) is None:
                    continue
                cost = distance(tokens, result.text)
                if result.text not in found or cost < found[result.text]:
                    found[result.text] = cost
                mark = result.pair[0].tobytes()
                if mark not in marks and not (result.constant and depth == 0):
                    marks.add(mark)
                    further.append(result)
        further.sort(key=lambda result: found[result.text])
        for a in further[:24] if depth == 0 else ():
            for b in [*further[:24], *adjoints]:
                if a is not b and a.shape == b.shape:
                    total = Atom(f"{a.text} + {b.text}", (a.pair[0] + b.pair[0], a.pair[1] + b.pair[1]))
                    if gradient_of(meanings, total.pair, exact) is not None:
                        found.setdefault(total.text, 3.2)
                        further.append(total)
        level = further[:40]
    yield from sorted((cost, text) for text, cost in found.items())


def distance(tokens: Counter[str], text: str) -> float:
    """The cost of an expression: how many words of the user's are not in it, or new in it, and how long it is."""
    others = Counter(words(text))
    return 2.5 + 0.06 * ((tokens - others) + (others - tokens)).total() + 0.002 * len(text)


def differences(values: list[Atom]) -> Iterator[Atom]:
    """One value less another: an error, or the gradient of a loss of which that is the derivative."""
    for a, b in itertools.permutations(values[:MOST_ADJOINTS], 2):
        if a.shape == b.shape:
            yield Atom(f"{a.text} - {b.text}", (a.pair[0] - b.pair[0], a.pair[1] - b.pair[1]))


def gradient_of(meanings: Meanings, pair: Pair, exact: bool = False) -> Meaning | None:
    """What a value is the gradient of; an `exact` one is no multiple of it. None where it is no gradient."""
    return next((m for m in meanings.gradients(pair) if not exact or abs(abs(m.scale) - 1) < 1e-9), None)


def words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\s\w()]", text)


def ingredients(
    stage: Stage, meanings: Meanings, snapshot: Snapshot, function: Any, old: str
) -> tuple[list[Atom], list[Atom], list[Atom]]:
    """(values, adjoints, slopes) among the variables, and among the expressions that the function or the old text uses."""
    nodes = dict([(text, node) for text, node in atoms_of(snapshot.names) if text.count("[") <= 2][: 3 * MOST_ATOMS])
    for text, node in nodes.items():
        stage.atoms.setdefault((id(snapshot), text), numbers(text, stage.pair(node)))
    tree = tree_of(old)
    inside = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and (not isinstance(node, ast.Constant) or node is tree)
    ]
    others = expressions_of(function) if function is not None else []
    values: dict[str, Atom] = {}
    marks: set[tuple[tuple[int, ...], bytes]] = set()
    written = dict.fromkeys([*inside, *others])
    for text in dict.fromkeys([*written, *sorted(nodes, key=lambda text: text.count("."))]):
        atom = atom_of(stage, snapshot, text)
        if atom is None:
            continue
        mark = atom.shape, atom.pair[0].tobytes() + atom.pair[1].tobytes()
        if text in written or text.count(".") < 2 or mark not in marks:  # one object may lead to another and back
            values[text] = atom
        marks.add(mark)
    labels = one_hots(stage, snapshot, values, values[old]) if old in values else []
    held = [*labels, *list(values.values())[: 2 * MOST_ATOMS]]
    exact = not any(atom.shape for atom in held)
    nonzero = [a for a in held if np.ptp(a.pair[0]) + abs(np.ravel(a.pair[0])[0])]
    adjoints = [a for a in nonzero if gradient_of(meanings, a.pair, exact) is not None]
    adjoints.sort(key=lambda a: (a.text not in inside, len(a.text)))
    slopes: dict[str, Atom] = {}
    known: dict[bytes, str] = {}  # of several texts for one slope the first is enough
    shapes = {q.pair[0].shape for q in meanings.quantities if q.kind == "slope"}
    simple = [a for a in held if is_path(a.text)]
    for atom in held:
        if any(m.quantity.kind == "slope" for m in meanings.of(atom.pair)):
            slopes.setdefault(atom.text, atom)
            known.setdefault(atom.pair[0].tobytes(), atom.text)
    for atom in (a for a in simple[:MOST_ATOMS] if any(alike(a.shape, shape) for shape in shapes)):
        for made in (*(atom_of(stage, snapshot, text) for text in helper_calls(snapshot, atom.text)), *slopes_of(atom)):
            if made is not None and any(m.quantity.kind == "slope" for m in meanings.of(made.pair)):
                known.setdefault(made.pair[0].tobytes(), made.text)
                slopes.setdefault(made.text, made)
    slopes = {text: made for text, made in slopes.items() if known.get(made.pair[0].tobytes(), text) == text}
    used = {*others}
    used |= {atom.text for atom in labels}
    plain = sorted(held, key=lambda a: 0 if a.text in inside else 1 if a.text in used else 2)
    return plain[:MOST_ATOMS], adjoints[:MOST_ADJOINTS], list(slopes.values())[:24]


def one_hots(stage: Stage, snapshot: Snapshot, values: dict[str, Atom], whole: Atom) -> list[Atom]:
    """The classes that integers or words among the variables say, as rows of zeros with a one in the shape of an expression.

    A function of the user that makes them comes before `np.eye`.
    """
    alike = next((text for text, atom in values.items() if atom.shape == whole.shape and is_path(text)), "")
    if not alike or not 1 <= len(whole.shape) <= 2:
        return []
    smaller = (a for a in values.values() if is_path(a.text) and len(a.shape) < len(whole.shape))
    labels = [a.text for a in smaller if all(map(is_count, a.pair))]
    found: dict[bytes, Atom] = {}
    words = [name for name, held in snapshot.names.items() if type(held) is str]
    labels += [name for name, held in snapshot.names.items() if type(held) is int and name not in values]
    for label in [*labels, *words]:
        rows, columns = f"np.eye({alike}.shape[-1])[{label}]", f"np.eye({alike}.shape[0])[:, {label}]"
        calls = [call for call in helper_calls(snapshot, label) if not call.endswith("=True)")]
        for made in calls + [rows, columns, columns.replace(f", {label}]", f", [{label}]]")] * (label in labels):
            atom = atom_of(stage, snapshot, made)
            if atom is not None and atom.shape == whole.shape and all(map(is_one_hot, atom.pair)):
                found.setdefault(atom.pair[0].tobytes(), atom)
    return list(found.values())[:MOST_LABELS]


def is_count(array: np.ndarray) -> bool:
    """Whether an array holds nothing but 0, 1, 2 and so on."""
    return bool(((array == np.round(array)) & (array >= 0)).all())


def is_one_hot(array: np.ndarray) -> bool:
    """Whether an array has a single one in each row, or in each column, and zeros else."""
    ones = int(np.count_nonzero(array))
    return bool(np.isin(array, (0.0, 1.0)).all()) and ones < array.size and ones in (1, *array.shape)


def is_path(text: str) -> bool:
    """Whether an expression is a name, or what is stored under one."""
    return re.fullmatch(r"[\w.]+(\[[^\[\]]*\])*", text) is not None


def alike(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether an array of one shape may be one of the other: perhaps transposed, or with axes of one entry."""
    return sorted(n for n in shape if n != 1) == sorted(n for n in other if n != 1)


def slopes_of(atom: Atom) -> Iterator[Atom]:
    """The derivatives of sigmoid and tanh from their results, and of relu."""
    t, (a, b) = atom.factor, atom.pair
    yield Atom(f"{t} * (1 - {t})", (a * (1 - a), b * (1 - b)))
    yield Atom(f"1 - {t} ** 2", (1 - a**2, 1 - b**2))
    yield Atom(f"{t} > 0", (np.asarray(a > 0, float), np.asarray(b > 0, float)))


def atom_of(stage: Stage, snapshot: Snapshot, text: str) -> Atom | None:
    """The values of an expression, where it gives numbers."""
    key = id(snapshot), text
    if key not in stage.atoms:
        stage.atoms[key] = new_atom(stage, snapshot, text)
    return stage.atoms[key]


def new_atom(stage: Stage, snapshot: Snapshot, text: str) -> Atom | None:
    """The same for an expression that was not asked for before."""
    try:
        code = compiled(ast.parse(text, mode="eval").body)
        pair = stage.evaluate(code, snapshot) if code is not None else None
    except (NotEvaluatedError, SyntaxError):
        return None
    return numbers(text, pair)


def numbers(text: str, pair: Any) -> Atom | None:
    """An expression with its two values, where they are numbers or arrays of such."""
    if pair is None:
        return None
    made = []
    for value in pair:
        if not isinstance(value, (np.ndarray, float, np.floating, np.bool_)) and type(value) is not int:
            return None
        array = np.asarray(value)
        if array.dtype.kind not in "fbi" or not array.size or not np.isfinite(array).all() or array.ndim > 4:
            return None
        made.append(np.asarray(array, float))
    return Atom(text, (made[0], made[1])) if made[0].shape == made[1].shape else None


def expressions_of(function: Any) -> list[str]:
    """The expressions of a function that are computed from its variables: they say how the user writes things."""
    found = []
    for node in ast.walk(function):
        reads = isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or isinstance(node, ast.Subscript)
        if isinstance(node, (ast.BinOp, ast.Call, ast.Subscript, ast.Attribute, ast.Name)) and reads:
            text = ast.unparse(node)
            if len(text) < 60 and "rand" not in text:
                found.append(text)
    return list(dict.fromkeys(found))


def helpers_of(snapshot: Snapshot) -> list[str]:
    """The functions of one argument that an expression could call: what `self` has and holds, and those of the module."""
    return list(functions_beside(snapshot))


def functions_beside(snapshot: Snapshot) -> dict[str, Any]:
    """The same with the functions themselves. They only compute."""
    held = snapshot.names.get("self")
    attributes = held.names if isinstance(held, Instance) else {}
    methods = vars(held.kind) if isinstance(held, Instance) else {}
    found = {f"self.{name}": value for name, value in attributes.items() if is_helper(value, 1)}
    found |= {f"self.{name}": value for name, value in methods.items() if name not in attributes and is_helper(value, 2)}
    found |= {name: value for name, value in snapshot.globals.items() if is_helper(value, 1)}
    return dict(list(found.items())[:MOST_HELPERS])


def helper_calls(snapshot: Snapshot, text: str) -> Iterator[str]:
    """What the helpers may be called with: an expression, and perhaps a flag that is off by default, `act(z, deriv=True)`."""
    for name, function in functions_beside(snapshot).items():
        yield f"{name}({text})"
        defaults = function.__defaults__ or ()
        last = function.__code__.co_varnames[: function.__code__.co_argcount][-len(defaults) :] if defaults else ()
        yield from (f"{name}({text}, {flag}=True)" for flag, default in zip(last, defaults, strict=True) if default is False)


def is_helper(value: Any, arguments: int) -> bool:
    """Whether something is a function that takes so many arguments and only computes."""
    code = getattr(value, "__code__", None)
    if code is None or code.co_argcount - len(value.__defaults__ or ()) != arguments:
        return False
    return code.co_qualname in formulas_in(code.co_filename)
