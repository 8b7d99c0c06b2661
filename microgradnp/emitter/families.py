"""Families: axes of the arguments that grow together, and by how much each family grows for a second trace.

A family is fixed when its sizes are those of arrays that are read from outside, or when nobody can tell how they would grow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from microgradnp.emitter.axes import Axes, Node, axes_of
from microgradnp.program.values import Program, Value

Axis = tuple[int, int]  # (argument, axis)


@dataclass
class Family:
    """Axes of the arguments that grow together by the same amount."""

    axes: dict[Axis, int] = field(default_factory=dict)  # -> size
    summands: list[Family] = field(default_factory=list)  # families whose growth adds up to the growth of this one
    fixed: bool = False
    doubt: int = 0  # 2: a step refuses to let it grow; 1: an array or a literal of the function's own may refuse
    indexed: bool = False  # whether entries are picked from such an axis: then it has to be the longest
    proven: bool = True  # whether NumPy itself refuses sizes that do not fit together


def families_of(program: Program, fixed: Collection[Value]) -> list[Family]:
    """The families of axes of a program's inputs. `fixed` are values that cannot grow."""
    axes = axes_of(program)
    values = [*program.inputs, *program.captured, *program.values()]
    sizes = {(id(v), axis): n for v in values for axis, n in enumerate(v.shape)}
    matched = axes.match({axes.root(node): n for node, n in sizes.items()})
    outer = axes.roots(nodes_of([*program.inputs, *program.captured]))
    sums = axes.sums_by_group()
    stuck = axes.roots(nodes_of(fixed))
    stuck |= axes.roots(node for node, entries in axes.picked.items() if len(entries) == sizes[node])  # a loop, unrolled
    for group, nodes in sums.items():
        several = {tuple(axes.summands(node)) for node in nodes}
        adds_up = all(share == 1 for node in nodes for _, share in axes.sums[node])
        if len(several) > 1 or (group in outer and not adds_up):
            stuck |= {group, *(summand for summands in several for summand in summands)}
    families = collected(program, axes, {group: nodes[0] for group, nodes in sums.items() if group not in stuck})
    own = axes.roots([*axes.literal, *axes.picked, *nodes_of(program.captured)])
    refused, indexed, unproven = axes.roots(axes.refused), axes.roots(axes.indexed), axes.roots(matched | axes.refused)
    for group, family in families.items():
        family.doubt = 2 if group in refused else int(group in own)
        family.indexed = group in indexed
        family.proven = group not in unproven
    fix(families.values(), [family for group, family in families.items() if group in stuck])
    return sorted(families.values(), key=lambda f: min((axis[::-1] for axis in f.axes), default=()))


def nodes_of(values: Iterable[Value]) -> list[Node]:
    """All axes of some values."""
    return [(id(v), axis) for v in values for axis in range(v.ndim)]


def collected(program: Program, axes: Axes, sums: dict[Node, Node]) -> dict[Node, Family]:
    """Group of axes -> its family, for the groups of a program's inputs. `sums` are groups that follow several others."""
    families: dict[Node, Family] = {}

    def family(group: Node) -> Family:
        if group not in families:
            families[group] = Family()
            if group in sums:
                families[group].summands = [family(summand) for summand in axes.summands(sums[group])]
        return families[group]

    for k, value in enumerate(program.inputs):
        for axis, n in enumerate(value.shape):
            if n > 1:
                family(axes.root((id(value), axis))).axes[k, axis] = n
    return families


def fix(families: Collection[Family], suspects: Collection[Family]) -> None:
    """Fix the sizes of some families, of those that add up to one, and of those that consist of fixed ones."""
    todo = [*suspects]
    while todo:
        family = todo.pop()
        if not family.fixed:
            family.fixed = True
            todo += family.summands
            todo += [f for f in families if f.summands and all(part.fixed for part in f.summands)]


def choose_growth(families: Collection[Family], candidates: Iterable[int], taken: Collection[int] = ()) -> dict[int, int]:
    """id of each family -> by how much it grows. The amounts are different `candidates`, and lead to no size in `taken`.

    Families from which entries are picked get the largest amounts, so that the indices stay within bounds.
    """
    taken, amounts, found = set(taken), iter(candidates), {id(f): 0 for f in families if f.fixed}
    for family in sorted((f for f in families if not f.fixed and not f.summands), key=lambda f: f.indexed):
        sizes = family.axes.values()
        found[id(family)] = more = next(k for k in amounts if not {n + k for n in sizes} & taken)
        taken |= {n + more for n in sizes}

    def amount(family: Family) -> int:
        if id(family) not in found:
            found[id(family)] = 0  # while its summands are added up
            found[id(family)] = sum(map(amount, family.summands))
        return found[id(family)]

    return {id(family): amount(family) for family in families}


def grown_shapes(shapes: list[tuple[int, ...]], families: Collection[Family], amounts: dict[int, int]) -> list[tuple[int, ...]]:
    """Shapes of the arguments after the families have grown."""
    more = {axis: amounts[id(family)] for family in families for axis in family.axes}
    return [tuple(n + more.get((k, axis), 0) for axis, n in enumerate(shape)) for k, shape in enumerate(shapes)]
