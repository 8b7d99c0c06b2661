"""Mistakes of an optimizer's rule that the graph of its steps shows: what is read, kept and counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.judge.judged import quantity
from microgradnp.debugger.optimizer.memory import remembered, size_of
from microgradnp.debugger.optimizer.mistake import ADAGRAD, ADAM, DECAY, MOMENTUM, PLAIN, SQUARES, Mistake, by_number, number_of
from microgradnp.debugger.optimizer.steps import Course, Stage, filled, like, numbers
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.sites import Site
from microgradnp.debugger.record.structure import DIFFERENCES, SUMS

LEAST_DECAY = 0.4  # a number below may be the weight of a penalty
QUOTIENTS = ("truediv", "itruediv", "divide", "true_divide")
PRODUCTS = ("mul", "imul", "multiply")


def adds_a_number(course: Course, argument: str) -> Iterator[Mistake]:
    """Each entry moves by the same number beside what its gradient moves it by: a sum stands where a product belongs.

    It moves so without a gradient, from the negative parameters as well, which no decay does, and whatever was remembered.
    """
    stage, end = course.stages[0], course.stages[0].ends[argument]
    start = stage.before[argument]
    old = numbers(start.value)
    if old is None or old.size < 2:
        return
    if np.ptp(old) == 0:  # zeros, mostly: a decay would not show
        old = np.linspace(0.3, 1.7, old.size).reshape(old.shape) ** 2
    empty = {node: filled(node.value, 0.0) for node in stage.carried(argument) if np.shape(node.value) == old.shape}
    size = size_of(stage)
    moves = []
    for gradient, sign in ((0.0, 1), (0.0, -1), (size, 1), (-size, 1), (2 * size, 1)):
        given = {**empty, start: like(start.value, sign * old)}
        with np.errstate(all="ignore"):
            new = numbers(stage.replayed(end, gradient, given)[end])
        if new is None:
            return
        moves.append(new - sign * old)
    still, mirrored, up, down, twice = moves
    rounding = 1e-12 * (np.abs(old).max() + np.abs(moves).max())
    is_number = np.ptp(still) <= rounding < 1e-3 * np.abs(still).max() and np.abs(mirrored - still).max() <= rounding
    is_affine = np.abs(up + down - 2 * still).max() <= rounding and np.abs(twice - 2 * up + still).max() <= rounding
    if not (is_number and is_affine) or end.site is None:
        return
    made = stage.from_gradients & stage.update(argument)
    sums = [n for n in by_number(made) if n.name in SUMS | DIFFERENCES | {"iadd", "isub"}]
    added = [n.site for n in sums if any(number_of(arg) is not None for arg in n.args)]
    says = f"each entry moves by {float(still.flat[0]):.3g} even where its gradient is 0: a number is added to it"
    yield Mistake(argument, next((site for site in added if site is not None), end.site), says, PLAIN)


def root_of_gradients(course: Course, argument: str) -> Iterator[Mistake]:
    """A root is taken of a mean of gradients, which is negative for some of them: the square is missing."""
    stage = course.stages[0]
    made, gradient = stage.from_gradients, stage.gradients[argument]
    empty = {
        node: filled(node.value, 0.0) for node in stage.carried(argument) if np.shape(node.value) == np.shape(gradient.value)
    }
    for node in by_number(stage.update(argument) & made):
        if not is_root(node) or not isinstance(node.args[0], Node) or node.args[0] not in made:
            continue
        under = node.args[0]
        values = [quantity(under, stage.replayed(under, c * size_of(stage), dict(empty))) for c in (1, 2, -1)]
        if any(v is None for v in values):
            continue
        one, two, minus = (v for v in values if v is not None)
        if np.all(one > 0) and np.all(minus < 0) and np.allclose(two - one, one - (one + minus) / 2, rtol=1e-6):
            ways = by_number(stage.structure.before([under], without=[gradient]) & made)
            site = next((n.site for n in ways if n.site is not None and n is not gradient), None)
            if site is not None:
                yield Mistake(argument, site, "a root is taken of a mean of gradients, not of their squares", SQUARES)
                return


def is_root(node: Node) -> bool:
    """Whether a node is a square root."""
    return node.name == "sqrt" or (node.name in ("pow", "power") and len(node.args) > 1 and number_of(node.args[1]) == 0.5)


def never_kept(course: Course, argument: str) -> Iterator[Mistake]:
    """A decay multiplies zeros in every step: what should be remembered is not stored, or is set to zero again."""
    if len(course.stages) < 3:
        return
    found = [
        [p for zero in zeros_of(stage, argument, course.stages[0]) for p in decays(stage, argument, zero)]
        for stage in course.stages
    ]
    same = set.intersection(*({p.site for p in products} for products in found))
    site = next((p.site for p in found[0] if p.site in same and p.site is not None), None)
    if site is not None:
        yield Mistake(argument, site, "what it multiplies is zero in every step: the new value is not kept", MOMENTUM)


def zeros_of(stage: Stage, argument: str, first: Stage) -> list[Node]:
    """The arrays of zeros that an update reads: made before the training, or in the loop that reads them."""
    zeros = [n for n in stage.update(argument) if np.size(n.value) > 1 and n.memory is not None and not np.any(n.value)]
    return [n for n in zeros if n.number < first.start or (n.name.startswith("zeros") and is_read_in_its_loop(n, stage))]


def is_read_in_its_loop(node: Node, stage: Stage) -> bool:
    """Whether all that read a value stand in the innermost loop in which it is made."""
    readers = [n for n in stage.structure.consumers[node.number] if n.site is not None]
    own = loop_of(node.site) if node.site is not None else None
    return own is not None and all(n.site is not None and loop_of(n.site) == own for n in readers)


def loop_of(site: Site) -> tuple[int, int] | None:
    """The lines of the innermost loop that a statement stands in."""
    source, line = source_of(site.file), site.statement.line
    loops = [n for n in ast.walk(source.tree) if isinstance(n, (ast.For, ast.While))] if source is not None else []
    around = [(n.lineno, n.end_lineno or n.lineno) for n in loops if n.lineno < line <= (n.end_lineno or n.lineno)]
    return max(around, default=None)


def decays(stage: Stage, argument: str, zero: Node) -> Iterator[Node]:
    """The products of a decay with an array that go on into a sum with the gradient."""
    update = stage.update(argument)
    for product in stage.structure.consumers[zero.number]:
        numbers = [number_of(arg) for arg in product.args if arg is not zero]
        if product not in update or product.name not in ("mul", "multiply") or len(numbers) != 1:
            continue
        if numbers[0] is not None and LEAST_DECAY <= numbers[0] < 1:
            sums = [s for s in stage.structure.consumers[product.number] if s.name in SUMS | DIFFERENCES | {"isub"}]
            if any(s in stage.from_gradients and s in update for s in sums):
                yield product


def moved_by_the_old(course: Course, argument: str) -> Iterator[Mistake]:
    """The parameter moves by the velocity of the step before: this gradient only enters the velocity afterwards."""
    found: list[Site] = []
    for before, stage in zip(course.stages, course.stages[1:], strict=False):
        end, structure = stage.ends[argument], stage.structure
        early = structure.before([end]) & before.from_gradients - stage.from_gradients
        moves = [n for n in early if n.site is end.site and n.number > stage.gradients[argument].number]
        if not any(is_renewed_later(move, before, stage, argument) for move in moves):
            return
        found += [end.site] if end.site is not None else []
    if found:
        says = "it moves by the old velocity, and only then does the gradient enter the velocity"
        yield Mistake(argument, found[0], says, MOMENTUM)


def is_renewed_later(move: Node, before: Stage, stage: Stage, argument: str) -> bool:
    """Whether a move reads what the step before has left, while this gradient only goes into what the next move reads."""
    structure, end = stage.structure, stage.ends[argument]
    left = stage.carried(argument) & before.from_gradients & structure.before([move])
    borders = {*stage.gradients.values(), move} - left
    return bool(structure.after(left, without=borders) & stage.from_gradients & structure.before([end]) - {end})


def borrowed(course: Course, argument: str) -> Iterator[Mistake]:
    """What is remembered of another parameter's gradients, and not of its own, is used for this one, entry by entry."""
    found: list[Site] = []
    for before, stage in zip(course.stages, course.stages[1:], strict=False):
        own = before.structure.after([before.gradients[argument]])
        shape = np.shape(before.gradients[argument].value)
        made = [n for n in remembered(stage, before, argument) if np.shape(n.value) == shape and n not in own]
        mine = stage.structure.after([stage.gradients[argument]]) - {*stage.gradients.values()}
        foreign = stage.structure.after(made, without={*stage.gradients.values(), *stage.ends.values()}) - mine
        meet = by_number({n for n in stage.update(argument) & mine if foreign.intersection(stage.record.parents(n))})
        found += [n.site for n in meet if n.site is not None][:1]
    if len(found) >= 2 and found[0] is found[-1]:
        yield Mistake(argument, found[0], "it reads what is remembered for another parameter", MOMENTUM)


def never_counted(course: Course, argument: str) -> Iterator[Mistake]:
    """The correction 1 - b**t has the same t in every step, and nothing in the source changes it."""
    seen: list[dict[Site, float]] = []
    for stage in course.stages:
        powers = {
            n.site: float(n.args[1]) for n in by_number(stage.update(argument)) if n.site is not None and is_correction(n, stage)
        }
        seen.append(powers)
    for site, exponent in seen[0].items() if len(seen) == 3 else ():
        if all(powers.get(site) == exponent for powers in seen) and is_constant(site):
            yield Mistake(argument, site, "the t of the correction is the same in every step; it must count the steps", ADAM)


def is_correction(node: Node, stage: Stage) -> bool:
    """Whether a node is the b**t of 1 - b**t, by which something is divided."""
    consumers = stage.structure.consumers
    return is_power_of_decay(node, stage) and any(
        c.name in QUOTIENTS for one in ones_less(node, stage) for c in consumers[one.number]
    )


def is_power_of_decay(node: Node, stage: Stage) -> bool:
    """Whether a node is the b**t of a 1 - b**t."""
    if node.name not in ("pow", "power") or len(node.args) != 2 or not isinstance(node.args[1], (int, np.integer)):
        return False
    base = number_of(node.args[0])
    return base is not None and 0 < base < 1 and bool(ones_less(node, stage))


def ones_less(node: Node, stage: Stage) -> list[Node]:
    """The differences 1 - x that read a node."""
    differences = [s for s in stage.structure.consumers[node.number] if s.name in ("sub", "subtract")]
    return [s for s in differences if number_of(s.args[0]) == 1]


def is_constant(site: Site) -> bool:
    """Whether the exponent of a power is a number, or a name that its file gives a value once at most, and in no loop."""
    source = source_of(site.file)
    try:
        power = ast.parse(site.text, mode="eval").body
    except SyntaxError:
        return False
    if source is None:
        return False
    if isinstance(power, ast.BinOp) and isinstance(power.op, ast.Pow):
        exponent = power.right
    elif isinstance(power, ast.Call) and len(power.args) == 2:
        exponent = power.args[1]
    else:
        return False
    owners = {n.value for n in ast.walk(exponent) if isinstance(n, ast.Attribute)}
    names = {ast.unparse(n) for n in ast.walk(exponent) if isinstance(n, (ast.Name, ast.Attribute)) and n not in owners}
    if any(isinstance(n, (ast.Call, ast.Subscript)) for n in ast.walk(exponent)):
        return False
    if not names:
        return True
    stores = [
        n
        for n in ast.walk(source.tree)
        if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Store) and ast.unparse(n) in names
    ]
    given = {a.arg for n in ast.walk(source.tree) if isinstance(n, ast.arguments) for a in (*n.args, *n.kwonlyargs)}
    loops = [n for n in ast.walk(source.tree) if isinstance(n, (ast.For, ast.While, ast.comprehension, ast.AugAssign))]
    moving = any(store in ast.walk(loop) for loop in loops for store in stores)
    return len(names) == 1 and len(stores) == 1 and not moving and not names & given


def counts_from_zero(course: Course, argument: str) -> Iterator[Mistake]:
    """The correction of the first step is 1 - b**0, which is zero."""
    stage = course.stages[0]
    for node in by_number(stage.update(argument)):
        if node.site is not None and is_correction(node, stage) and node.args[1] == 0:
            says = "in the first step t is 0, and 1 - b**t divides by zero; t counts from 1"
            yield Mistake(argument, node.site, says, ADAM)


def never_summed(course: Course, argument: str) -> Iterator[Mistake]:
    """A root is taken of the square of this gradient alone, and the zeros that should hold the sum are never read."""
    stage = course.stages[0]
    shape, structure = np.shape(stage.gradients[argument].value), stage.structure
    zeros = [n for n in stage.record.nodes[: stage.start] if n.name.startswith("zeros") and np.shape(n.value) == shape]
    if all(structure.consumers[node.number] for node in zeros):
        return
    made = stage.from_gradients & stage.update(argument)
    for node in by_number(made):
        under = node.args[0] if is_root(node) and node.args else None
        held = {n for n in stage.carried(argument) if np.size(n.value) > 1}
        if type(under) is not Node or structure.before([under]) & held:
            continue
        values = [quantity(under, stage.replayed(under, c * size_of(stage))) for c in (0, 1, 2, -1)]
        if any(v is None for v in values):
            continue
        zero, one, two, minus = (v for v in values if v is not None)
        is_square = np.allclose(two - zero, 4 * (one - zero)) and np.allclose(one, minus) and np.all(one > zero)
        way = by_number((structure.before([under]) & made) | {under})
        squares = [n for n in way if n.site is not None and n.site.target is not None and is_renewed(n.site)]
        if is_square and squares and squares[-1].site is not None:
            says = "the squares are not summed over the steps: this divides the gradient by its own size"
            yield Mistake(argument, squares[-1].site, says, ADAGRAD)
            return


def is_renewed(site: Site) -> bool:
    """Whether a statement stores where another one outside of its loop has stored."""
    source, base = source_of(site.file), (site.target or "").partition("[")[0]
    if source is None:
        return False
    stores = [n for n in ast.walk(source.tree) if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Store)]
    others = [n.lineno for n in stores if ast.unparse(n) == base and n.lineno != site.statement.line]
    own = loop_of(site)
    return any(own is None or not own[0] < line <= own[1] for line in others)


def grows_by_itself(course: Course, argument: str) -> Iterator[Mistake]:
    """Without a gradient, each entry moves away from zero by a share of itself: a decay with the wrong sign."""
    stage, start = course.stages[0], course.stages[0].before[argument]
    end, old = stage.ends[argument], numbers(start.value)
    if old is None or not np.all(old):
        return
    empty = {node: filled(node.value, 0.0) for node in stage.carried(argument) if np.shape(node.value) == old.shape}
    moves = []
    for factor in (1, -1, 2):
        with np.errstate(all="ignore"):
            new = numbers(stage.replayed(end, 0.0, {**empty, start: like(start.value, factor * old)})[end])
        if new is None:
            return
        moves.append((new - factor * old) / (factor * old))
    share = float(np.mean(moves[0]))
    if not 1e-9 < share < 0.1 or not all(np.allclose(move, share, rtol=1e-5) for move in moves):
        return
    way = stage.structure.after([start], without={*stage.gradients.values(), *stage.carried(argument)}) & stage.update(argument)
    shares = {n for n in way if n.name in PRODUCTS}
    sums = [n for n in by_number(way) if n.name in SUMS | DIFFERENCES | {"iadd", "isub"} and shares.intersection(n.parents)]
    if sums and sums[0].site is not None:
        says = f"without a gradient, each entry grows by {share:.3g} times itself: the decay has the wrong sign"
        yield Mistake(argument, sums[0].site, says, DECAY)


def climbs(course: Course, argument: str) -> Iterator[Mistake]:
    """Whatever the gradient, the first step goes along it: uphill. A model that is negative may be one to be made large."""
    stage, end = course.stages[0], course.stages[0].ends[argument]
    start = numbers(stage.before[argument].value)
    if start is None or course.first.evaluation.loss < 0 or end.site is None:
        return
    empty = {node: filled(node.value, 0.0) for node in stage.carried(argument) if np.shape(node.value) == start.shape}
    size = size_of(stage) * np.sign(stage.factors[argument])
    moves = []
    for gradient in (0.0, size, -size, 2 * size):
        with np.errstate(all="ignore"):
            new = numbers(stage.replayed(end, gradient, dict(empty))[end])
        if new is None:
            return
        moves.append(new)
    still, up, down, twice = moves
    if np.all(up > still) and np.all(down < still) and np.all(twice > still):
        made = stage.update(argument) & stage.from_gradients - {*stage.gradients.values(), end}
        sums = [n for n in by_number(made) if n.name in SUMS | DIFFERENCES | {"iadd", "isub"} and n.site is not end.site]
        sites = [end.site, *(n.site for n in sums[:1] if n.site is not None)]
        minus = DIFFERENCES | {"isub"}
        if sums and end.name in minus and sums[0].name in minus:  # the first of two is the wrong one
            sites.reverse()
        yield Mistake(argument, sites[0], "the step goes along the gradient: uphill", MOMENTUM, mean=sites[-1])
