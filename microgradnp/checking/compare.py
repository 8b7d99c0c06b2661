"""Hand-written gradients against the graph's: which agree, to how many digits, and what the others look like."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.messages import describe, freed_message
from microgradnp.core.origin import locate, names_in_frame
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import gradients

__all__ = ["Comparison", "Entry", "compare"]

EQUAL = 1e-7  # relative error that still counts as agreement
ROUNDING = {"f": 1e-3, "F": 1e-3, "e": 1e-1}  # the same for dtypes with fewer digits
FACTORS = {-1.0: "the sign", 2.0: "a factor 2", 0.5: "a factor 1/2", -2.0: "a factor -2", -0.5: "a factor -1/2"}


@dataclass(frozen=True)
class Entry:
    """One hand-written array against the graph's gradient.

    `digits` is -log10 of the largest difference over the largest true entry; `norm_ratio` is |hand-written| / |true|;
    `cosine` is that of the angle between the two (NaN for zero arrays).
    """

    name: str
    ok: bool
    digits: float
    norm_ratio: float
    cosine: float
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """The report of `compare`: prints as a table, shows as one in a notebook, and `ok` says whether all agree."""

    entries: tuple[Entry, ...]

    @property
    def ok(self) -> bool:
        """True when every array agrees with its gradient."""
        return all(entry.ok for entry in self.entries)

    def __getitem__(self, name: str) -> Entry:
        return next(entry for entry in self.entries if entry.name == name)

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        return [
            (
                e.name,
                "all" if np.isinf(e.digits) else f"{max(e.digits, 0):.1f}",
                f"{e.norm_ratio:.6g}",
                f"{e.cosine:.6f}",
                e.verdict,
            )
            for e in self.entries
        ]

    def __str__(self) -> str:
        table = [("gradient", "digits", "norm ratio", "cosine", "verdict"), *self.rows()]
        widths = [max(len(row[k]) for row in table) for k in range(4)]
        lines = ["  ".join([row[0].ljust(widths[0]), *(row[k].rjust(widths[k]) for k in (1, 2, 3)), row[4]]) for row in table]
        return "\n".join(line.rstrip() for line in lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{title}</th>" for title in ("gradient", "digits", "norm ratio", "cosine", "verdict"))
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def compare(loss: Tensor, hand_written: Mapping[str, Any], *, rtol: float | None = None) -> Comparison:
    """Compare hand-written gradients with the graph's, for parameters and intermediates alike.

    Parameters
    ----------
    loss : Tensor
        A scalar, before `backward` (or after `backward(retain_graph=True)`). No `.grad` is touched.
    hand_written : dict
        `{"W": dW}`: the name of a Tensor of the graph (given, or that of the variable it was assigned to) and the hand-written
        gradient; or `{"E_hidden": (W_input, E_hidden)}`: any label, the Tensor itself, and the gradient.
    rtol : float, optional
        Largest difference, relative to the largest true entry, that counts as agreement; 1e-7 (float32: 1e-3) unless given.

    Raises
    ------
    KeyError
        For a name that no Tensor of the graph has.
    ValueError
        For a name that several have, or a Tensor that is not part of the graph.
    RuntimeError
        If a plain `backward` has consumed the graph.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> print(compare(np.sum(w**2), {"w": np.array([2.0, 4.0])}))
    gradient  digits  norm ratio    cosine  verdict
    w            all           1  1.000000  agrees
    """
    if loss.freed:
        raise RuntimeError(f"compare: {freed_message(loss).removeprefix('backward: ')}. Compare before backward")
    pairs = chosen(graph.walk(loss), hand_written, names_in_frame(sys._getframe(1)), "compare")
    true = gradients(loss, [target for target, _ in pairs.values()], free=False)
    entries = [judge(label, array, g, rtol) for (label, (_, array)), g in zip(pairs.items(), true, strict=True)]
    return Comparison(tuple(entries))


def chosen(
    nodes: list[Tensor], hand_written: Mapping[str, Any], in_frame: dict[int, str], who: str
) -> dict[str, tuple[Tensor, np.ndarray[Any, Any]]]:
    """For each label the Tensor that is meant and the hand-written array. Raises KeyError and ValueError."""
    names = node_names(nodes, in_frame)
    pairs = {}
    for label, value in hand_written.items():
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], Tensor):
            target, array = value
            if not any(target is node for node in nodes):
                raise ValueError(f"{who}: the Tensor given for {label} is not part of the loss's graph")
        else:
            target, array = find(label, nodes, names, who), value
        pairs[label] = target, np.asarray(array._array if isinstance(array, Tensor) else array)
    return pairs


def node_names(nodes: list[Tensor], in_frame: dict[int, str]) -> dict[int, set[str]]:
    """All the names that the user may know a node by."""
    names: dict[int, set[str]] = {}
    for node in nodes:
        origin = locate(node.place)
        candidates = (node.name, in_frame.get(id(node)), origin.name if origin else None)
        names[id(node)] = {name for name in candidates if name}
    return names


def find(label: str, nodes: list[Tensor], names: dict[int, set[str]], who: str) -> Tensor:
    """The one node that goes by a name. Raises KeyError when none does, ValueError when several do."""
    matching = [node for node in nodes if label in names[id(node)]]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        known = ", ".join(sorted(set().union(*names.values()))) or "none"
        raise KeyError(
            f"{who}: no Tensor of this graph is called {label}; known names: {known}. Or pass ({label}, gradient) as a pair"
        )
    raise ValueError(
        f"{who}: {len(matching)} Tensors of this graph are called {label}: {'; '.join(describe(n) for n in matching)}. "
        f'Pass the one that is meant: {{"{label}": (tensor, gradient)}}'
    )


def judge(name: str, hand: np.ndarray[Any, Any], true: np.ndarray[Any, Any], rtol: float | None) -> Entry:
    """Digits, norms and angle; and for arrays that differ, whether a simple relation explains it."""
    tolerance = rtol if rtol is not None else max(ROUNDING.get(a.dtype.char, EQUAL) for a in (hand, true))
    if hand.shape != true.shape:
        fits = hand.T.shape == true.shape and relative_error(hand.T, true) <= tolerance
        verdict = f"shape {hand.shape}, but the gradient has {true.shape}" + (": it is the transpose" if fits else "")
        return Entry(name, False, 0.0, norm_ratio(hand, true), float("nan"), verdict)
    error = relative_error(hand, true)
    digits = float("inf") if error == 0 else -float(np.log10(error)) if np.isfinite(error) else 0.0
    ok = bool(error <= tolerance)
    verdict = "agrees" if ok else "DIFFERS" + relation(hand, true, tolerance)
    return Entry(name, ok, digits, norm_ratio(hand, true), cosine(hand, true), verdict)


def relation(hand: np.ndarray[Any, Any], true: np.ndarray[Any, Any], tolerance: float) -> str:
    """What would make the two equal, if it is simple."""
    if not np.all(np.isfinite(hand)):
        return f": {np.count_nonzero(~np.isfinite(hand))} entries are not finite"
    factor, error, transposed = fit(hand, true)
    if factor and hand.size > 1 and error <= tolerance:
        known = next((text for value, text in FACTORS.items() if abs(factor - value) < 1e-6), f"a constant factor {factor:.6g}")
        if not transposed:
            return f" by {known}"
        return ": it is the transpose" + ("" if abs(factor - 1) < 1e-6 else f", and differs by {known}")
    wrong = np.abs(hand - true) > tolerance * np.max(np.abs(true), initial=0)
    return f" in {np.count_nonzero(wrong)} of {hand.size} entries"


def fit(hand: Any, true: Any) -> tuple[float, float, bool]:
    """(factor, relative error, transposed) of hand = factor * true, in whichever layout fits best.

    Axes of length 1 do not count. The debugger judges by this, too.
    """
    found, target = (np.squeeze(np.asarray(a, np.result_type(a, np.float64))) for a in (hand, true))
    best = (0.0, float("inf"), False)
    if found.shape == target.shape:
        best = (*scale_of(found, target), False)
    if found.ndim == 2 and found.T.shape == target.shape and best[1] > EQUAL:
        best = min(best, (*scale_of(found.T, target), True), key=lambda t: t[1])
    return best


def scale_of(array: np.ndarray[Any, Any], reference: np.ndarray[Any, Any]) -> tuple[float, float]:
    """(c, relative error) of the best fit array = c * reference, by least squares."""
    norm = float(np.vdot(reference, reference).real)
    largest = float(np.max(np.abs(array), initial=0))
    if norm == 0 or largest == 0 or not np.isfinite(largest):
        return 0.0, float("inf")
    c = float(np.vdot(reference, array).real) / norm
    return c, float(np.max(np.abs(array - c * reference), initial=0)) / largest


def relative_error(hand: np.ndarray[Any, Any], true: np.ndarray[Any, Any]) -> float:
    """Largest difference over the largest true entry; infinite when the true gradient is zero and the other is not."""
    difference = float(np.max(np.abs(hand - true), initial=0.0))
    scale = float(np.max(np.abs(true), initial=0.0))
    if difference == 0:
        return 0.0
    return difference / scale if scale and np.isfinite(difference) else float("inf")


def norm_ratio(hand: np.ndarray[Any, Any], true: np.ndarray[Any, Any]) -> float:
    norm = float(np.linalg.norm(true))
    return float(np.linalg.norm(hand)) / norm if norm else float("nan")


def cosine(hand: np.ndarray[Any, Any], true: np.ndarray[Any, Any]) -> float:
    norms = float(np.linalg.norm(hand)) * float(np.linalg.norm(true))
    return float(np.vdot(hand, true).real) / norms if norms else float("nan")
