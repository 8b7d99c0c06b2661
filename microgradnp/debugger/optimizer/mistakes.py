"""What contradicts every known optimizer, or the program itself. A variant that anybody uses on purpose is none of these.

The formulas are those of Polyak (1964) for momentum, Duchi et al. (2011) for AdaGrad, Hinton (2012) for RMSProp, and Kingma and
Ba (2015) for Adam.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.judge.judged import quantity
from microgradnp.debugger.optimizer.memory import EXACT, Chain, chains_of, remembered, size_of
from microgradnp.debugger.optimizer.steps import Course, Stage, filled, like, numbers
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.sites import Site
from microgradnp.debugger.record.structure import DIFFERENCES, SUMS

PLAIN = "gradient descent: W = W - lr * g"
MOMENTUM = "momentum: v = mu * v - lr * g, and then W = W + v"
ADAM = (
    "Adam: m = b1 * m + (1 - b1) * g and v = b2 * v + (1 - b2) * g**2; "
    "then W = W - lr * m_hat / (sqrt(v_hat) + eps), where m_hat = m / (1 - b1**t) and v_hat = v / (1 - b2**t)"
)
SQUARES = "RMSProp: v = b * v + (1 - b) * g**2, and then W = W - lr * g / (sqrt(v) + eps)"
LEAST_DECAY = 0.4  # a number below may be the weight of a penalty


class Mistake(NamedTuple):
    """What is wrong with an optimizer's rule, where, and the rule as the textbooks have it."""

    argument: str
    site: Site
    says: str
    formula: str


def mistake_of(course: Course) -> Mistake | None:
    """The first mistake that can be proved. None is no proof that the rule is right."""
    for argument in course.arguments:
        remembering = (root_of_gradients, never_kept, moved_by_the_old, borrowed, never_counted)
        for look in (*(remembering if course.remembers else ()), adds_a_number):
            if (found := look(course, argument)) is not None:
                return found
        chains = chains_of(course, argument)
        for judge in (corrected_and_kept, grows, subtracts_squares, corrected_by_another, without_root):
            if (found := judge(course, chains)) is not None:
                return found
    return None


# ----------------------------------------------------------------------------------------------------- by the graph


def adds_a_number(course: Course, argument: str) -> Mistake | None:
    """Each entry moves by the same number beside what its gradient moves it by: a sum stands where a product belongs.

    It moves so without a gradient, from the negative parameters as well, which no decay does, and whatever was remembered.
    """
    stage, end = course.stages[0], course.stages[0].ends[argument]
    start = stage.before[argument]
    old = numbers(start.value)
    if old is None or np.ptp(old) == 0:
        return None
    empty = {node: filled(node.value, 0.0) for node in stage.carried(argument) if np.shape(node.value) == old.shape}
    size = size_of(stage)
    moves = []
    for gradient, sign in ((0.0, 1), (0.0, -1), (size, 1), (-size, 1), (2 * size, 1)):
        given = {**empty, **({start: like(start.value, -old)} if sign < 0 else {})}
        with np.errstate(all="ignore"):
            new = numbers(stage.replayed(end, gradient, given)[end])
        if new is None:
            return None
        moves.append(new - sign * old)
    still, mirrored, up, down, twice = moves
    rounding = 1e-12 * (np.abs(old).max() + np.abs(moves).max())
    is_number = np.ptp(still) <= rounding < 1e-3 * np.abs(still).max() and np.abs(mirrored - still).max() <= rounding
    is_affine = np.abs(up + down - 2 * still).max() <= rounding and np.abs(twice - 2 * up + still).max() <= rounding
    if not (is_number and is_affine) or end.site is None:
        return None
    number = f"{float(still.flat[0]):.3g}"
    return Mistake(
        argument, end.site, f"each entry moves by {number} even where its gradient is 0: a number is added to it", PLAIN
    )


def root_of_gradients(course: Course, argument: str) -> Mistake | None:
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
                return Mistake(argument, site, "a root is taken of a mean of gradients, not of their squares", SQUARES)
    return None


def is_root(node: Node) -> bool:
    """Whether a node is a square root."""
    return node.name == "sqrt" or (node.name in ("pow", "power") and len(node.args) > 1 and number_of(node.args[1]) == 0.5)


def never_kept(course: Course, argument: str) -> Mistake | None:
    """A decay multiplies zeros in every step: what should be remembered is not stored, or is set to zero again."""
    if len(course.stages) < 3:
        return None
    found = [
        [p for zero in zeros_of(stage, argument, course.stages[0]) for p in decays(stage, argument, zero)]
        for stage in course.stages
    ]
    same = set.intersection(*({p.site for p in products} for products in found))
    site = next((p.site for p in found[0] if p.site in same and p.site is not None), None)
    if site is None:
        return None
    return Mistake(argument, site, "what it multiplies is zero in every step: the new value is not kept", MOMENTUM)


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


def moved_by_the_old(course: Course, argument: str) -> Mistake | None:
    """The parameter moves by the velocity of the step before: this gradient only enters the velocity afterwards."""
    found: list[Site] = []
    for before, stage in zip(course.stages, course.stages[1:], strict=False):
        end, structure = stage.ends[argument], stage.structure
        early = structure.before([end]) & before.from_gradients - stage.from_gradients
        moves = [n for n in early if n.site is end.site and n.number > stage.gradients[argument].number]
        if not any(is_renewed_later(move, before, stage, argument) for move in moves):
            return None
        found += [end.site] if end.site is not None else []
    if not found:
        return None
    return Mistake(
        argument, found[0], "it moves by the old velocity, and only then does the gradient enter the velocity", MOMENTUM
    )


def is_renewed_later(move: Node, before: Stage, stage: Stage, argument: str) -> bool:
    """Whether a move reads what the step before has left, while this gradient only goes into what the next move reads."""
    structure, end = stage.structure, stage.ends[argument]
    left = stage.carried(argument) & before.from_gradients & structure.before([move])
    borders = {*stage.gradients.values(), move} - left
    return bool(structure.after(left, without=borders) & stage.from_gradients & structure.before([end]) - {end})


def borrowed(course: Course, argument: str) -> Mistake | None:
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
    if len(found) < 2 or found[0] is not found[-1]:
        return None
    return Mistake(argument, found[0], "it reads what is remembered for another parameter", MOMENTUM)


def never_counted(course: Course, argument: str) -> Mistake | None:
    """The correction 1 - b**t has the same t in every step, and nothing in the source changes it."""
    seen: list[dict[Site, float]] = []
    for stage in course.stages:
        powers = {
            n.site: float(n.args[1]) for n in by_number(stage.update(argument)) if n.site is not None and is_correction(n, stage)
        }
        seen.append(powers)
    for site, exponent in seen[0].items() if len(seen) == 3 else ():
        if all(powers.get(site) == exponent for powers in seen) and is_constant(site):
            return Mistake(argument, site, "the t of the correction is the same in every step; it must count the steps", ADAM)
    return None


def is_correction(node: Node, stage: Stage) -> bool:
    """Whether a node is the b**t of 1 - b**t, by which something is divided."""
    if node.name not in ("pow", "power") or len(node.args) != 2 or not isinstance(node.args[1], (int, np.integer)):
        return False
    base = number_of(node.args[0])
    consumers = stage.structure.consumers
    ones = [s for s in consumers[node.number] if s.name in ("sub", "subtract") and number_of(s.args[0]) == 1]
    return base is not None and 0 < base < 1 and any(c.name in QUOTIENTS for one in ones for c in consumers[one.number])


QUOTIENTS = ("truediv", "itruediv", "divide", "true_divide")


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


# ----------------------------------------------------------------------------------------------------- by the numbers


def corrected_and_kept(course: Course, chains: list[Chain]) -> Mistake | None:  # noqa: ARG001  # all judges are called alike
    """The running mean is divided by 1 - b**t and stays so: the next step corrects it again."""
    for chain in chains:
        if not chain.degree or any(law.decay <= 0 or law.share <= 0 for law in chain.laws):
            continue
        sums = [law.decay + law.share for law in chain.laws]
        rates = [law.decay / total for law, total in zip(chain.laws, sums, strict=True)]
        left = [1 - 1 / total for total in sums]
        steady = abs(rates[0] - rates[1]) <= EXACT and 0 < rates[0] < 1
        site = chain.links[-1].site
        if steady and left[0] > 1e-6 and abs(left[1] - rates[0] * left[0]) <= EXACT * left[0] and site is not None:
            return Mistake(
                chain.argument, site, "the corrected mean is kept as the running one, and is corrected again in every step", ADAM
            )
    return None


def grows(course: Course, chains: list[Chain]) -> Mistake | None:  # noqa: ARG001
    """A velocity is multiplied by more than one in each step."""
    for chain in chains:
        decay, site = chain.laws[0].decay, chain.links[-1].site
        if chain.degree == 1 and chain.is_steady and decay > 1 + EXACT and site is not None:
            return Mistake(chain.argument, site, f"the old velocity is multiplied by {decay:.6g}: it grows without end", MOMENTUM)
    return None


def subtracts_squares(course: Course, chains: list[Chain]) -> Mistake | None:  # noqa: ARG001
    """The square of the gradient is taken away from a mean of squares."""
    for chain in chains:
        site = chain.links[-1].site
        if chain.degree == 2 and all(law.share < 0 < law.decay for law in chain.laws) and site is not None:
            return Mistake(chain.argument, site, "the square of the gradient is subtracted from the mean of squares", SQUARES)
    return None


def corrected_by_another(course: Course, chains: list[Chain]) -> Mistake | None:
    """A mean that decays by b is corrected by 1 - c**t with another number c."""
    stage = course.stages[-1]
    consumers = stage.structure.consumers
    for chain in chains:
        if not chain.degree or not chain.is_steady or not 0 < chain.laws[0].decay < 1:
            continue
        for node in consumers[chain.links[-1].number]:
            below = node.args[1] if node.name in QUOTIENTS and len(node.args) == 2 else None
            powers = [p for p in stage.record.parents(below) if is_correction(p, stage)] if type(below) is Node else []
            base = number_of(powers[0].args[0]) if len(powers) == 1 else None
            if base is not None and abs(base - chain.laws[0].decay) > EXACT and node.site is not None:
                says = f"the mean decays by {chain.laws[0].decay:.6g}, and is corrected by 1 - {base:.6g}**t"
                return Mistake(chain.argument, node.site, says, ADAM)
    return None


def without_root(course: Course, chains: list[Chain]) -> Mistake | None:
    """Adam, in which the step is divided by the mean of squares itself."""
    stage = course.stages[-1]
    first = [c for c in chains if c.degree == 1 and 0 < c.laws[0].decay < 1]
    second = [c for c in chains if c.degree == 2 and 0 < c.laws[0].decay < 1]
    if not first or not second or not any(is_correction(n, stage) for n in stage.update(second[0].argument)):
        return None
    chain, link = second[0], second[0].links[-1]
    end, value = stage.ends[chain.argument], link.value
    large = 10 * max(1.0, float(np.max(value)))  # eps is nothing beside it
    runs = [quantity(end, stage.replayed(end, None, {link: filled(value, c)})) for c in (large, 4 * large, 1e12 * large)]
    if any(run is None for run in runs):
        return None
    moves = [run - runs[2] for run in runs[:2] if run is not None]
    if np.any(moves[0]) and np.allclose(moves[1], moves[0] / 4, rtol=0.02, atol=0):
        site = next((n.site for n in by_number(readers_below(link, stage, end)) if n.site is not None), None)
        if site is not None:
            return Mistake(chain.argument, site, "the step is divided by the mean of squares, not by its root", ADAM)
    return None


def readers_below(link: Node, stage: Stage, end: Node) -> set[Node]:
    """The divisions on the way from a mean to the parameter, by something that is made from it."""
    way = stage.structure.after([link]) & stage.structure.before([end])
    quotients = {n for n in way if n.name in QUOTIENTS and len(n.args) == 2 and n.args[1] in way}
    return {n for n in quotients if n.args[0] not in way}


def number_of(operand: object) -> float | None:
    """The number that an operand is; None for arrays."""
    value = operand.value if type(operand) is Node else operand
    return float(value) if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) else None


def by_number(nodes: set[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: node.number)
