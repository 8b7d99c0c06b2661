"""Compare hand-written gradients with the graph's: which agree, to how many digits, and how the others differ."""

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
from microgradnp.derivatives.agreement import cosine, norm_ratio, relation, relative_error, tolerance_of
from microgradnp.derivatives.gradients import gradients

__all__ = ["Comparison", "Entry", "compare"]


@dataclass(frozen=True)
class Entry:
    """One hand-written array compared with the graph's gradient.

    `digits` is -log10 of the largest difference over the largest true entry. `norm_ratio` is |hand-written| / |true|. `cosine`
    is the cosine of the angle between the two, NaN when one is zero.
    """

    name: str
    ok: bool
    digits: float
    norm_ratio: float
    cosine: float
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`: a table, as text and in a notebook. `ok` tells whether all gradients agree."""

    entries: tuple[Entry, ...]

    @property
    def ok(self) -> bool:
        """True when every array agrees with its gradient."""
        return all(entry.ok for entry in self.entries)

    def __getitem__(self, name: str) -> Entry:
        return next(entry for entry in self.entries if entry.name == name)

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """A row of texts for each gradient: name, digits, norm ratio, cosine, verdict."""
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
    """Compare hand-written gradients with the graph's, of parameters and of intermediate results.

    Parameters
    ----------
    loss : Tensor
        A scalar, before `backward` or after `backward(retain_graph=True)`. No `.grad` is changed.
    hand_written : dict
        `{"W": dW}`: the name of a Tensor of the graph and its hand-written gradient. The name is the one given to the Tensor, or
        the variable that it was assigned to. Or `{"E_hidden": (W_input, E_hidden)}`: any label, the Tensor and the gradient.
    rtol : float, optional
        The largest difference that counts as agreement, relative to the largest true entry. Default 1e-7; 1e-3 in float32.

    Raises
    ------
    KeyError
        If no Tensor of the graph has the name.
    ValueError
        If several Tensors have the name, or a Tensor is not part of the graph.
    RuntimeError
        If a plain `backward` has freed the graph.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> print(compare(np.sum(w**2), {"w": np.array([2.0, 4.0])}))
    gradient  digits  norm ratio    cosine  verdict
    w            all           1  1.000000  agrees
    """
    check_kinds(loss, hand_written)
    if loss.freed:
        raise RuntimeError(f"compare: {freed_message(loss).removeprefix('backward: ')}. Compare before backward")
    pairs = chosen(graph.walk(loss), hand_written, names_in_frame(sys._getframe(1)), "compare")
    true = gradients(loss, [target for target, _ in pairs.values()], free=False)
    entries = [judge(label, array, g, rtol) for (label, (_, array)), g in zip(pairs.items(), true, strict=True)]
    return Comparison(tuple(entries))


def check_kinds(loss: Any, hand_written: Any) -> None:
    """Raise TypeError unless the arguments are a Tensor and a dict."""
    if not isinstance(loss, Tensor) or not isinstance(hand_written, Mapping):
        kinds = f"{type(loss).__name__}, {type(hand_written).__name__}"
        raise TypeError(f'compare: got ({kinds}); write mg.compare(loss, {{"W": dW}}), with a Tensor and a dict')


def chosen(
    nodes: list[Tensor], hand_written: Mapping[str, Any], in_frame: dict[int, str], who: str
) -> dict[str, tuple[Tensor, np.ndarray[Any, Any]]]:
    """The Tensor and the hand-written array of each label. Raises KeyError and ValueError."""
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
    """All names by which the user may know each node, by its id."""
    names: dict[int, set[str]] = {}
    for node in nodes:
        origin = locate(node.place)
        candidates = (node.name, in_frame.get(id(node)), origin.name if origin else None)
        names[id(node)] = {name for name in candidates if name}
    return names


def find(label: str, nodes: list[Tensor], names: dict[int, set[str]], who: str) -> Tensor:
    """The one node with this name. Raises KeyError when there is none, ValueError when there are several."""
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
        f'Pass the one you mean: {{"{label}": (tensor, gradient)}}'
    )


def judge(name: str, hand: np.ndarray[Any, Any], true: np.ndarray[Any, Any], rtol: float | None) -> Entry:
    """The digits, norms and angle of one comparison, and the relation of arrays that differ."""
    tolerance = rtol if rtol is not None else tolerance_of(hand, true)
    if hand.shape != true.shape:
        fits = hand.T.shape == true.shape and relative_error(hand.T, true) <= tolerance
        verdict = f"shape {hand.shape}, but the gradient has {true.shape}" + (": it is the transpose" if fits else "")
        return Entry(name, False, 0.0, norm_ratio(hand, true), float("nan"), verdict)
    error = relative_error(hand, true)
    digits = float("inf") if error == 0 else -float(np.log10(error)) if np.isfinite(error) else 0.0
    ok = bool(error <= tolerance)
    verdict = "agrees" if ok else "DIFFERS" + relation(hand, true, tolerance)
    return Entry(name, ok, digits, norm_ratio(hand, true), cosine(hand, true), verdict)
