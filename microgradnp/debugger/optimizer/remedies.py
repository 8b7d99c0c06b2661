"""Ways to mend a mistake of an optimizer's rule, as a teacher would write them, the likeliest first. None is proved yet."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from microgradnp.debugger.optimizer.mistake import Mistake
from microgradnp.debugger.optimizer.splices import Option, Splice, Text
from microgradnp.debugger.optimizer.syntax import (
    base_of,
    exponent_of,
    holds_zeros,
    is_one,
    is_same,
    numbers_in,
    operands,
    parts_of,
    stored_in,
    targets,
    terms,
    value_of,
    written,
)

MOST = 12  # ways for one mistake
OPPOSITE = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*"}


class Place(NamedTuple):
    """Where a mistake stands in a text: its statement, and the expression in it."""

    text: Text
    mistake: Mistake
    statement: Any
    expression: Any


def remedies(text: Text, mistake: Mistake) -> list[Option]:
    """The ways to mend a mistake."""
    statement, expression = text.statement(mistake.site), text.expression(mistake.site)
    find = FINDERS.get(mistake.kind)
    if find is None or statement is None or expression is None or not text.stands_alone(statement):
        return []
    return list(dict.fromkeys(itertools.islice(find(Place(text, mistake, statement, expression)), MOST)))


def unsquared(at: Place) -> Iterator[Option]:
    """The square of an operand in its place."""
    for part in reversed(operands(value_of(at.statement))):
        if not any(is_same(part, target) for target in targets(at.statement)):
            yield (at.text.put(part, f"{at.text.of(part)} ** 2"),)


def unrooted(at: Place) -> Iterator[Option]:
    """A root of a part of the divisor."""
    below = (
        at.expression.right
        if isinstance(at.expression, ast.BinOp)
        else at.expression.args[1]
        if isinstance(at.expression, ast.Call)
        else None
    )
    below = value_of(at.expression) if isinstance(at.expression, ast.AugAssign) else below
    root = root_name(at.text)
    for part in (*operands(below), below) if below is not None else ():
        whole = at.text.of(part)
        yield (at.text.put(part, f"{root}({whole})" if root else f"({whole}) ** 0.5"),)


def root_name(text: Text) -> str:
    """How the file calls the square root of NumPy; empty where it does not import it."""
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name == "numpy":
                    return f"{name.asname or name.name}.sqrt"
        if isinstance(node, ast.ImportFrom) and node.module == "numpy" and any(name.name == "sqrt" for name in node.names):
            return "sqrt"
    return ""


def kept(at: Place) -> Iterator[Option]:
    """A name of its own for the corrected mean; or no statement that stores it back."""
    where = targets(at.statement)
    if len(where) != 1:
        return
    old = at.text.of(where[0])
    value, division = value_of(at.statement), isinstance(at.statement, ast.AugAssign) and isinstance(at.statement.op, ast.Div)
    new = free_name(at.text, old)
    readers = readers_behind(at.text, at.statement, old, new)
    if division:
        yield (at.text.put(at.statement, f"{new} = {old} / {at.text.of_outer(value)}"), *readers)
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        if is_same(value.left, where[0]):
            yield (at.text.put(where[0], new), *readers)
        else:  # the mean is renewed and corrected in one
            inner = at.text.of(value.left)
            below = (
                at.text.bytes[at.text.span(value.left)[1] : at.text.span(value)[1]]
                .decode()
                .lstrip(") ")
                .removeprefix("/")
                .strip()
            )
            yield (at.text.put(value, inner), at.text.after(at.statement, f"{new} = {old} / {below}"), *readers)
    for back in ast.walk(at.text.function(at.statement)):
        if isinstance(back, ast.Assign) and back is not at.statement and at.text.stands_alone(back):
            pairs = list(zip(targets(back), parts_of(back), strict=False))
            stored = [is_same(source, where[0]) for _, source in pairs]
            if len(pairs) == 1 and stored[0]:
                yield (at.text.removed(back),)
            elif any(stored):
                rest = [pair for pair, is_stored in zip(pairs, stored, strict=True) if not is_stored]
                yield (at.text.removed(back),)
                yield (
                    at.text.put(
                        back, f"{', '.join(at.text.of(t) for t, _ in rest)} = {', '.join(at.text.of(v) for _, v in rest)}"
                    ),
                )


def free_name(text: Text, old: str) -> str:
    """A name for the corrected mean that the file does not have: "m_hat" for "self.m[k]"."""
    stem = re.sub(r"\W", "", base_of(old).rpartition(".")[2]) or "mean"
    used = {n.id for n in ast.walk(text.tree) if isinstance(n, ast.Name)}
    names = itertools.chain([f"{stem}_hat", f"{stem}_corrected"], (f"{stem}_hat{k}" for k in itertools.count(2)))
    return next(name for name in names if name not in used)


def readers_behind(text: Text, statement: Any, old: str, new: str) -> list[Splice]:
    """A new name wherever the rest of the block reads the old one, until that is stored again."""
    found = []
    for later in text.behind(statement):
        loads = (node for node in ast.walk(later) if isinstance(getattr(node, "ctx", None), ast.Load))
        found += [text.put(node, new) for node in loads if ast.unparse(node) == old]
        if any(ast.unparse(n) == old for n in ast.walk(later) if isinstance(getattr(n, "ctx", None), ast.Store)):
            break
    return found


def miscounted(at: Place) -> Iterator[Option]:
    """An exponent that counts the steps: a loop's variable, or a counter that a new line moves on."""
    exponent = exponent_of(at.expression)
    if exponent is None:
        return
    around = list(at.text.around(at.statement))[::-1]
    for loop in around:
        if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name):
            yield (at.text.put(exponent, loop.target.id),)
            yield (at.text.put(exponent, f"({loop.target.id} + 1)"),)
    counters = {ast.unparse(n.target) for n in ast.walk(at.text.tree) if isinstance(n, ast.AugAssign) and is_one(n.value)}
    for name in sorted(counters - {ast.unparse(exponent)}):
        yield (at.text.put(exponent, name),)
    for counter in [n for n in ast.walk(exponent) if isinstance(n, (ast.Name, ast.Attribute))][:1]:
        for holder in around:
            if at.text.stands_alone(holder) or hasattr(holder, "body"):
                yield (at.text.before(holder, f"{at.text.of(counter)} += 1"),)
                yield (at.text.after(holder, f"{at.text.of(counter)} += 1"),)


def from_one(at: Place) -> Iterator[Option]:
    """The exponents with one more."""
    exponent = exponent_of(at.expression)
    if exponent is None:
        return
    if isinstance(exponent, ast.BinOp) and isinstance(exponent.op, ast.Sub) and is_one(exponent.right):
        yield (Splice(*at.text.outer(exponent), at.text.of(exponent.left)),)
    yield (Splice(*at.text.outer(exponent), f"({at.text.of(exponent)} + 1)"),)


def stale(at: Place) -> Iterator[Option]:
    """The step moved behind the renewal of what it reads; a tuple in two statements."""
    if (
        isinstance(at.statement, ast.Assign)
        and isinstance(at.statement.targets[0], ast.Tuple)
        and isinstance(at.statement.value, ast.Tuple)
    ):
        pairs = list(zip(at.statement.targets[0].elts, at.statement.value.elts, strict=False))
        indent = "\n" + at.text.indent(at.statement)
        for order in itertools.islice(itertools.permutations(pairs), 1, 6):
            yield (at.text.put(at.statement, indent.join(f"{at.text.of(a)} = {at.text.of(b)}" for a, b in order)),)
    read = {base_of(ast.unparse(part)) for part in operands(value_of(at.statement))}
    for holder in at.text.around(at.statement):
        if not at.text.stands_alone(holder) and not hasattr(holder, "body"):
            continue
        renewing = [later for later in at.text.behind(holder) if stored_in(later) & read and later is not holder]
        yield from (at.text.moved(holder, later) for later in reversed(renewing[:3]))


def lost(at: Place) -> Iterator[Option]:
    """What is computed is kept where it is read; what sets it to zero again goes, or stands before the loop."""
    held = operands(value_of(at.statement))
    where = targets(at.statement)
    for part in held:
        for back in zeroing(at.text, at.statement, ast.unparse(part)):
            yield (at.text.removed(back),)
            for holder in list(at.text.around(back))[1:]:
                if isinstance(holder, (ast.For, ast.While)):
                    yield (at.text.removed(back), at.text.before(holder, at.text.of(back)))
    for part in held:
        if (
            len(where) == 1
            and isinstance(where[0], ast.Name)
            and is_same(part, where[0])
            and isinstance(at.statement, ast.Assign)
        ):
            yield (at.text.put(where[0], f"{at.text.of(where[0])}[...]"),)
        elif len(where) == 1:
            yield (at.text.after(at.statement, f"{at.text.of(part)} = {at.text.of(where[0])}"),)


def zeroing(text: Text, statement: Any, name: str) -> Iterator[Any]:
    """The statements in the same loops that set a variable to zeros."""
    loops = [holder for holder in text.around(statement) if isinstance(holder, (ast.For, ast.While))]
    node: Any
    for node in (n for loop in loops[-1:] for n in ast.walk(loop)):
        is_other = isinstance(node, ast.Assign) and node is not statement and text.stands_alone(node)
        if is_other and holds_zeros(node.value) and any(ast.unparse(target) in (name, base_of(name)) for target in targets(node)):
            yield node


def of_another(at: Place) -> Iterator[Option]:
    """Another variable of the function for an operand; the one that the statement stores to first."""
    own = [at.text.of(target) for target in targets(at.statement)]
    function = at.text.function(at.statement)
    stored = [at.text.of(t) for n in ast.walk(function) if isinstance(n, (ast.Assign, ast.AugAssign)) for t in targets(n)]
    stored = [name for name in dict.fromkeys(stored) if name not in own]
    parts = [part for part in operands(value_of(at.statement)) if at.text.of(part) not in own]
    yield from ((at.text.put(part, name),) for name in own for part in parts if isinstance(at.statement, ast.Assign))
    near = sorted(stored, key=lambda name: abs(len(name) - len(own[0])) if own else 0)
    yield from ((at.text.put(part, name),) for part in parts for name in near if name != at.text.of(part))


def flipped(at: Place) -> Iterator[Option]:
    """Another sign, or a product for a quotient, in one place."""
    if isinstance(at.statement, ast.AugAssign) and (sign := OPPOSITE.get(type(at.statement.op))) in ("+", "-"):
        middle = (at.text.span(at.statement.target)[1], at.text.span(at.statement.value)[0])
        yield (Splice(*middle, f" {sign}= "),)
    for node in ast.walk(at.statement):
        if isinstance(node, ast.BinOp) and (sign := OPPOSITE.get(type(node.op))) is not None:
            start, end = at.text.span(node.left)[1], at.text.span(node.right)[0]
            between = at.text.bytes[start:end].decode()
            yield (Splice(start, end, re.sub(r"[-+*/]", sign, between, count=1)),)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield (at.text.put(node, at.text.of(node.operand)),)


def looking_ahead(at: Place) -> Iterator[Option]:
    """Another sign in one place; or one more share of the new velocity."""
    yield from flipped(at)
    numbers = numbers_in(at.statement)
    for _, term in terms(value_of(at.statement)):
        if isinstance(term, (ast.Name, ast.Attribute, ast.Subscript)):
            yield from ((at.text.put(term, f"(1 + {at.text.of(n)}) * {at.text.of(term)}"),) for n in numbers if n is not term)


def of_another_number(at: Place) -> Iterator[Option]:
    """The number of the mean in its correction, or that of the correction in the mean; a sign that is wrong in the mean."""
    renewing = at.text.statement(at.mistake.mean) if at.mistake.mean is not None else None
    if renewing is None:
        return
    powers: list[Any] = [n for n in ast.walk(at.expression) if exponent_of(n) is not None and not isinstance(n, ast.Compare)]
    bases = [n.left if isinstance(n, ast.BinOp) else n.args[0] for n in powers]
    ours = numbers_in(renewing)
    in_mean = [
        tuple(at.text.put(n, at.text.of(base)) for n in ours if at.text.of(n) == old)
        for base in bases
        for old in dict.fromkeys(at.text.of(n) for n in ours)
    ]
    single = [(at.text.put(n, at.text.of(base)),) for base in bases for n in ours]
    literal = [pair for base in bases for pair in with_the_rest(at, ours, base)]
    in_correction = [(at.text.put(base, at.text.of(n)),) for base in bases for n in ours]
    flips = list(flipped(at._replace(statement=renewing)))
    mean_first = [*in_mean, *single, *literal]
    yield from (*mean_first, *in_correction, *flips) if at.mistake.twin else (*in_correction, *mean_first, *flips)


def with_the_rest(at: Place, ours: list[Any], base: Any) -> Iterator[Option]:
    """A written number, and one minus it, for two written numbers that sum to one."""
    for a, b in itertools.permutations(written(ours), 2):
        if written([base]) and abs(a.value + b.value - 1) < 1e-9:
            yield (at.text.put(a, at.text.of(base)), at.text.put(b, f"{1 - base.value:.12g}"))


def weighted(at: Place) -> Iterator[Option]:
    """One number of the statement in the place of another."""
    ours = numbers_in(at.statement)
    yield from ((at.text.put(b, f"{1 - a.value:.12g}"),) for a, b in itertools.permutations(written(ours), 2))
    yield from ((at.text.put(a, at.text.of(b)),) for b, a in itertools.permutations(ours, 2) if at.text.of(a) != at.text.of(b))


def downhill(at: Place) -> Iterator[Option]:
    """Another sign in the step, or in what renews the mean."""
    yield from flipped(at)
    if at.mistake.mean is not None and (renewing := at.text.statement(at.mistake.mean)) is not None:
        yield from flipped(at._replace(statement=renewing))


def growing(at: Place) -> Iterator[Option]:
    """The gradient alone, where what was there before is added to it; else another sign, or a product for a quotient."""
    where = targets(at.statement)
    if len(where) == 1 and isinstance(at.statement, (ast.Assign, ast.AugAssign)):
        own = at.text.of(where[0])
        summed = list(terms(at.statement.value))
        bare = isinstance(at.statement, ast.AugAssign) or any(ast.unparse(term) == ast.unparse(where[0]) for _, term in summed)
        new = [
            (sign, term) for sign, term in summed if own not in {at.text.of(n) for n in ast.walk(term) if hasattr(n, "lineno")}
        ]
        if bare and new:
            first, *more = new
            lead = "-" if first[0] == "-" else ""
            sum_ = lead + at.text.of(first[1]) + "".join(f" {sign} {at.text.of(term)}" for sign, term in more)
            yield (at.text.put(at.statement, f"{own} = {sum_}"),)
    if at.mistake.cause == "optimizer_rule_wrong":
        yield from flipped(at)


def upside_down(at: Place) -> Iterator[Option]:
    """A quotient for the product."""
    if isinstance(at.expression, ast.BinOp):
        yield (at.text.put(at.expression, f"{at.text.of(at.expression.left)} / {at.text.of_outer(at.expression.right)}"),)


def summed(at: Place) -> Iterator[Option]:
    """A running mean where the square has a weight, else a running sum."""
    where = targets(at.statement)
    if len(where) != 1 or not isinstance(at.statement, ast.Assign):
        return
    own, value = at.text.of(where[0]), at.text.of(at.statement.value)
    for node in ast.walk(at.statement.value):
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < node.value < 1:
            yield (at.text.put(at.statement.value, f"{1 - node.value:.12g} * {own} + {value}"),)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and is_one(node.left):
            yield (at.text.put(at.statement.value, f"{at.text.of(node.right)} * {own} + {value}"),)
    rebound = isinstance(where[0], ast.Name)
    between = (at.text.span(where[0])[1], at.text.span(at.statement.value)[0])
    yield (Splice(*between, " += "),)
    if rebound:
        yield (at.text.put(at.statement, f"{own}[...] = {own} + {value}"),)


def multiplied(at: Place) -> Iterator[Option]:
    """A product for a sum."""
    for node in ast.walk(at.statement):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            start, end = at.text.span(node.left)[1], at.text.span(node.right)[0]
            yield (Splice(start, end, at.text.bytes[start:end].decode().replace("+", "*", 1)),)


Finder = Callable[[Place], Iterator[Option]]


FINDERS: dict[str, Finder] = {
    "root_of_gradients": unsquared,
    "without_root": unrooted,
    "corrected_and_kept": kept,
    "never_counted": miscounted,
    "counts_from_zero": from_one,
    "moved_by_the_old": stale,
    "never_kept": lost,
    "borrowed": of_another,
    "grows": growing,
    "reverses": flipped,
    "subtracts_squares": flipped,
    "overshoots": looking_ahead,
    "grows_by_itself": flipped,
    "climbs": downhill,
    "corrected_by_another": of_another_number,
    "corrected_upside_down": upside_down,
    "weighted_by_another": weighted,
    "never_summed": summed,
    "adds_a_number": multiplied,
}
