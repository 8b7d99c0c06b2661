"""The part of an expression that is wrong, solved for: from what the whole must be follows what each part of it must be.

`a + x` must be t, so x must be t - a; `a * x` gives t / a. What x must be is then looked up among the variables, their multiples
and their products. So the part is found whatever stands in its place.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.derive.carrying import Atom, is_closed, products
from microgradnp.debugger.derive.derivations import atom_of, ingredients, words
from microgradnp.debugger.derive.meanings import NEAR, Key, Meanings
from microgradnp.debugger.derive.penalties import penalties
from microgradnp.debugger.derive.products import tree_of
from microgradnp.debugger.derive.scene import Snapshot
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.judge.rates import scalars_of

MOST_FACTORS = 36  # atoms that are multiplied with each other
MOST_PARTS = 16  # of one expression
NICE = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
SAME = 1e-7
OTHER_SCALE = 0.4  # what a factor of two costs more: all gradients may share one
TWICE = 0.6  # what a summand made of nothing but what stands there costs more: `g * h + g` is rather another slope
LEAST = 3.0  # what the nearest solution costs
Pair = tuple[np.ndarray, np.ndarray]


class Solution(NamedTuple):
    """An expression that belongs in the place of a part of another one."""

    cost: float
    part: Any  # the node of the syntax tree
    text: str


class Solver:
    """Solves the expressions at one statement for their parts."""

    def __init__(self, stage: Stage, meanings: Meanings, snapshot: Snapshot, function: Any, old: str) -> None:
        self.stage, self.meanings, self.snapshot = stage, meanings, snapshot
        values, adjoints, slopes = ingredients(stage, meanings, snapshot, function, old)
        still = [v for v in values if not self.has_moved(v)]
        self.adjoints, self.values = adjoints, still
        self.atoms = list({a.text: a for a in (*adjoints, *slopes, *still)}.values())
        self.numbers = [a for a in values if not a.shape and float(a.pair[0]) not in (0.0, *NICE)]
        self.rates = {abs(float(node.held)) for node in scalars_of(stage.step)}
        self.table: dict[Key, list[Atom]] = {}
        self.shapes: set[tuple[int, ...]] = set()  # of the products that are in the table
        for atom in self.atoms:
            self.enter(atom)

    def has_moved(self, atom: Atom) -> bool:
        """Whether an expression is a parameter that has moved: what stands there should rather stand before the update."""
        return not self.meanings.of(atom.pair) and self.meanings.update(atom.pair) is not None

    def enter(self, atom: Atom) -> None:
        key = self.meanings.key(atom.pair)
        if key is not None:
            self.table.setdefault(key, []).append(atom)

    def enter_products(self, shape: tuple[int, ...]) -> None:
        """Look up the products of a shape as well from now on."""
        if shape in self.shapes:
            return
        self.shapes.add(shape)
        factors = self.atoms[:MOST_FACTORS]
        with np.errstate(all="ignore"):
            for k, a in enumerate(factors):
                if a.shape == shape:
                    self.enter(Atom(f"{a.factor} ** 2", (a.pair[0] ** 2, a.pair[1] ** 2)))
                for b in factors[k + 1 :]:
                    varies = a.shape + b.shape or a.pair[0] != a.pair[1] or b.pair[0] != b.pair[1]
                    if varies and product_shape(a.shape, b.shape) == shape:
                        self.enter(Atom(f"{a.factor} * {b.factor}", (a.pair[0] * b.pair[0], a.pair[1] * b.pair[1])))
            for a in self.adjoints:
                for b in self.values:
                    for rule in products(a.shape, b.shape) if a.text != b.text else ():
                        if rule.shape == shape:
                            pair = rule.function(a.pair[0], b.pair[0]), rule.function(a.pair[1], b.pair[1])
                            self.enter(Atom(rule.form.format(d=a, v=b), pair))

    # ------------------------------------------------------------------------------------------------ solving

    def solutions(self, root: Any, targets: list[Pair]) -> list[Solution]:
        """What may stand in the place of a part of an expression, so that the whole is one of some values."""
        found: dict[tuple[int, str], Solution] = {}
        for target in targets:
            for part, needed in self.parts(root, target):
                for text in self.named(part, needed):
                    old, new = Counter(words(ast.unparse(part))), Counter(words(text))
                    distance = sum(((old - new) + (new - old)).values())
                    scaled = OTHER_SCALE * (re.search(r"\b2 \* |/ 2\b", text) is not None)
                    twice = TWICE * (" + " in text and old.keys() >= new.keys())
                    other_order = 0.01 * (not text.startswith(ast.unparse(part)))
                    solution = Solution(LEAST + 0.05 * distance + scaled + twice + other_order, part, text)
                    known = found.get((id(part), text))
                    if known is None or known.cost > solution.cost:
                        found[id(part), text] = solution
        return sorted(found.values(), key=lambda s: s.cost)

    def penalties(self, root: Any) -> Iterator[tuple[float, str]]:
        """(cost, expression) of an expression with a multiple of a parameter, where a gradient lacks just that."""
        text = ast.unparse(root)
        whole = atom_of(self.stage, self.snapshot, text)
        if whole is not None:
            yield from penalties(self.meanings, whole, self.values, text, lambda a: self.is_rate(tuple(map(float, a.pair))))

    def summands(self, root: Any, targets: list[Pair]) -> Iterator[Solution]:
        """A summand for an expression, or for what it multiplies by a number: then the whole is a multiple of one of some values.

        Where no gradient is right, nobody knows with what factor they come.
        """
        text = ast.unparse(root)
        whole = atom_of(self.stage, self.snapshot, text)
        if whole is None or whole.shape == ():
            return
        for atom in (a for a in self.atoms if a.shape == whole.shape and a.text != text):
            signs = (sign_of_summand(whole.pair, atom.pair, target) for target in targets if target[0].shape == whole.shape)
            if sign := next(filter(None, signs), ""):
                cost = LEAST + TWICE * (atom.text in words(text))
                yield Solution(cost, root, f"{text} {sign} {closed(atom.text, True)}")
        for inner, other, _ in operands(root):
            number = atom_of(self.stage, self.snapshot, ast.unparse(other)) if other is not None else None
            is_scaled = isinstance(root, ast.BinOp) and isinstance(root.op, (ast.Mult, ast.Div))
            if is_scaled and number is not None and number.shape == ():
                found = self.summands(inner, targets)
                yield from (s._replace(text=f"({s.text})" if s.part is inner else s.text) for s in found)

    def parts(self, root: Any, target: Pair) -> Iterator[tuple[Any, Pair]]:
        """(part, what it must be) for the parts of an expression that the whole determines."""
        todo = [(root, target)]
        count = 0
        while todo and count < MOST_PARTS:
            node, needed = todo.pop(0)
            count += 1
            yield node, needed
            for inner, other, turn in operands(node):
                held = atom_of(self.stage, self.snapshot, ast.unparse(other)) if other is not None else None
                old = atom_of(self.stage, self.snapshot, ast.unparse(inner))
                if other is not None and held is None:
                    continue
                pair: list[Any] = []
                for which in (0, 1):
                    value = turn(needed[which], held.pair[which] if held is not None else None)
                    value = narrowed(value, old.shape) if value is not None and old is not None else value
                    pair.append(value)
                if all(p is not None and np.isfinite(p).all() for p in pair):
                    todo.append((inner, (pair[0], pair[1])))

    def named(self, part: Any, needed: Pair) -> Iterator[str]:
        """Expressions for a value: a multiple of an atom or product, 1 less such, or the part there with one of them."""
        self.enter_products(needed[0].shape)
        yield from self.multiples(needed)
        yield from (f"1 - {closed(text, True)}" for text in self.multiples((1 - needed[0], 1 - needed[1])))
        old = atom_of(self.stage, self.snapshot, ast.unparse(part))
        if old is None or isinstance(part, ast.Constant) or self.has_moved(old):
            return
        shape = product_shape(old.shape, needed[0].shape)
        if shape != needed[0].shape:
            return
        with np.errstate(all="ignore"):
            ratio = tuple(n / o for n, o in zip(needed, old.pair, strict=True))
            rest = tuple(n - o for n, o in zip(needed, old.pair, strict=True))
        if all(np.isfinite(r).all() for r in ratio):
            yield from (f"{old.factor} * {closed(text)}" for text in self.multiples((ratio[0], ratio[1])))
        yield from (f"{old.text} + {text}" for text in self.multiples((rest[0], rest[1])))

    def multiples(self, needed: Pair) -> Iterator[str]:
        """The atoms and products that are a value up to a factor that has a name, or is a common one."""
        key = self.meanings.key(needed)
        if key is None:
            return
        for near in NEAR:
            for atom in self.table.get((key[0], key[1] + near), ()):
                if atom.shape == needed[0].shape and (factor := same_multiple(needed, atom.pair)):
                    yield from self.scaled(atom, factor)

    def scaled(self, atom: Atom, factor: tuple[float, float]) -> Iterator[str]:
        """The text of an atom times a factor."""
        for nice in NICE:
            if all(abs(f - nice) <= SAME * abs(nice) for f in factor):
                sign = "-" if nice < 0 else ""
                text = closed(atom.text) if sign or abs(nice) != 1 else atom.text
                yield {1.0: f"{sign}{text}", 2.0: f"{sign}2 * {text}", 0.5: f"{sign}{text} / 2"}[abs(nice)]
                return
        for number in self.numbers:
            held = tuple(float(p) for p in number.pair)
            for sign in ("", "-"):
                s = -1.0 if sign else 1.0
                if all(abs(f - s * h) <= SAME * abs(h) for f, h in zip(factor, held, strict=True)):
                    yield f"{sign}{number.factor} * {closed(atom.text, True)}"
                if not self.is_rate(held) and all(abs(f * h - s) <= SAME for f, h in zip(factor, held, strict=True)):
                    yield f"{sign}{closed(atom.text, True)} / {number.factor}"

    def is_rate(self, held: tuple[float, ...]) -> bool:
        """Whether a number is a rate by which parameters move, or a few times that. Nobody means to divide by it."""
        ratios = [abs(held[0]) / rate for rate in self.rates]
        return abs(held[0]) < 1 and any(ratio >= 1 - SAME and abs(ratio - round(ratio)) <= SAME * ratio for ratio in ratios)


def closed(text: str, in_product: bool = False) -> str:
    """The text as a factor."""
    plain = is_closed(text) or (in_product and isinstance(tree_of(text), ast.BinOp) and " * " in text)
    return text if plain else f"({text})"


def same_multiple(needed: Pair, held: Pair) -> tuple[float, float] | None:
    """The factors with which one value is another, at both inputs."""
    factors = []
    for n, h in zip(needed, held, strict=True):
        size = float(np.vdot(h, h))
        c = float(np.vdot(n, h)) / size if size else 0.0
        if not c or float(np.max(np.abs(n - c * h))) > SAME * float(np.max(np.abs(n))):
            return None
        factors.append(c)
    return factors[0], factors[1]


def sign_of_summand(whole: Pair, summand: Pair, target: Pair) -> str:
    """Whether a value with another one added or taken off is a multiple of a third one, at both inputs: "+", "-" or ""."""
    w, a, t = (np.concatenate([np.ravel(p) for p in pair]) for pair in (whole, summand, target))
    lengths = float(t @ t) * float(a @ a) - float(t @ a) ** 2
    if w.size < 6 or lengths <= SAME * float(t @ t) * float(a @ a):  # among few numbers much is in proportion
        return ""
    c = (float(t @ a) * float(t @ w) - float(t @ t) * float(a @ w)) / lengths  # w + c * a = s * t, by least squares
    s = (float(t @ w) + c * float(t @ a)) / float(t @ t)
    fits = float(np.max(np.abs(w + c * a - s * t))) <= SAME * float(np.max(np.abs(w)))
    return ("+" if c > 0 else "-") if fits and s and abs(abs(c) - 1) <= SAME else ""


def product_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


def narrowed(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """The value in a shape from which it was broadcast. None where it is none."""
    if value.shape == shape:
        return value
    if product_shape(value.shape, shape) != value.shape:
        return None
    part = value[(0,) * (value.ndim - len(shape))] if value.ndim > len(shape) else value
    for axis, size in enumerate(shape):
        if size == 1:
            part = np.take(part, [0], axis)
    return part if part.shape == shape and np.allclose(np.broadcast_to(part, value.shape), value, rtol=SAME, atol=0) else value


def operands(node: Any) -> Iterator[tuple[Any, Any, Any]]:
    """(operand, other operand, how the operand follows from the result and the other one)."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.keywords:
        name, owner = node.func.attr, node.func.value
        library = isinstance(owner, ast.Name) and owner.id in ("np", "numpy")
        args = node.args if library else [owner, *node.args]
        operator = CALLS.get(name)
        if operator is not None and len(args) == 2:
            node = ast.BinOp(args[0], operator(), args[1])
        elif name == "transpose" and len(args) == 1:
            yield args[0], None, lambda t, _: t.T
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value, None, lambda t, _: t.T
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand, None, lambda t, _: -t
    if isinstance(node, ast.BinOp) and type(node.op) in BY_OPERATOR:
        left, right = BY_OPERATOR[type(node.op)]
        yield node.left, node.right, left
        yield node.right, node.left, right


CALLS = {"dot": ast.MatMult, "matmul": ast.MatMult, "multiply": ast.Mult, "add": ast.Add, "subtract": ast.Sub, "divide": ast.Div}


def quiet(function: Any) -> Any:
    """The function without warnings; None where the shapes do not fit."""

    def made(t: np.ndarray, other: np.ndarray) -> np.ndarray | None:
        try:
            with np.errstate(all="ignore"):
                return np.asarray(function(t, other), float)
        except (ValueError, np.linalg.LinAlgError):
            return None

    return made


def left_of_product(t: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The only a with a @ b == t."""
    if b.ndim != 2 or np.linalg.matrix_rank(b) < b.shape[0]:
        raise ValueError
    return exact(t @ np.linalg.pinv(b), t, lambda a: a @ b)


def right_of_product(t: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The only b with a @ b == t."""
    if a.ndim != 2 or np.linalg.matrix_rank(a) < a.shape[1]:
        raise ValueError
    return exact(np.linalg.pinv(a) @ t, t, lambda b: a @ b)


def exact(found: np.ndarray, t: np.ndarray, product: Any) -> np.ndarray:
    if not np.allclose(product(found), t, rtol=1e-8, atol=1e-12):
        raise ValueError
    return found


BY_OPERATOR = {
    ast.Add: (quiet(lambda t, b: t - b), quiet(lambda t, a: t - a)),
    ast.Sub: (quiet(lambda t, b: t + b), quiet(lambda t, a: a - t)),
    ast.Mult: (quiet(lambda t, b: t / b), quiet(lambda t, a: t / a)),
    ast.Div: (quiet(lambda t, b: t * b), quiet(lambda t, a: a / t)),
    ast.MatMult: (quiet(left_of_product), quiet(right_of_product)),
}
