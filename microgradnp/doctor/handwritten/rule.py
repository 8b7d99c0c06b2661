"""By which rule the parameters move: plain descent, momentum, sums of gradients, or Adam; or not by their gradient at all."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from microgradnp.derivatives.agreement import degrees
from microgradnp.doctor.patient import Array
from microgradnp.optim import SGD, Adam, Optimizer

EXACT = 1e-6  # relative residual of a rule that fits
MOST = 12  # steps that a rule is fitted to
MOMENTUM = 1 - 1e-4  # the largest; 1, up to rounding, is the sum of all gradients so far


@dataclass
class Rule:
    """How one parameter moved. `kind` is "descent", "momentum", "sum", "adam", "schedule", or "another"."""

    kind: str
    lr: float
    momentum: float
    residual: float
    cosine: float  # between the first movement and minus the gradient
    length: float  # of the first movement, as a multiple of the gradient's
    last_lr: float | None = None

    @property
    def fits(self) -> bool:
        return self.kind != "another"


def rule_of(moves: Sequence[Array], gradients: Sequence[Array]) -> Rule:
    """The rule that gives these movements from these gradients, of steps one after the other from the first."""
    d = [np.ravel(m) for m in moves[:MOST]]
    g = [np.ravel(a) for a in gradients[: len(d)]]
    cosine = float(-d[0] @ g[0] / (np.linalg.norm(d[0]) * np.linalg.norm(g[0]) + 1e-300))
    length = float(np.linalg.norm(d[0]) / (np.linalg.norm(g[0]) + 1e-300))
    rates = [float(-a @ b / (b @ b + 1e-300)) for a, b in zip(d, g, strict=True)]
    rests = [residual(a, -r * b) for a, b, r in zip(d, g, rates, strict=True)]
    plain = fitted(d, [g])
    if plain is not None and plain[1] < EXACT:
        return Rule("descent", -plain[0][0], 0.0, plain[1], cosine, length)
    if max(rests) < EXACT and min(rates) > 0:
        return Rule("schedule", rates[0], 0.0, max(rests), cosine, length, rates[-1])
    if len(d) > 3:
        both = fitted(d[1:], [g[1:], d[:-1]])
        if both is not None and both[1] < EXACT and 0 < both[0][1] < MOMENTUM and both[0][0] < 0:
            return Rule("momentum", -both[0][0], both[0][1], both[1], cosine, length)
        sums = fitted(d, [list(np.cumsum(g, axis=0))])
        if sums is not None and sums[1] < EXACT:
            return Rule("sum", -sums[0][0], 1.0, sums[1], cosine, length)
        rate = float(np.abs(d[0]).max())
        if rate > 0 and (rest := residual_of_adam(d, g, rate)) < 1e-3:
            return Rule("adam", rate, 0.0, rest, cosine, length)
    return Rule("another", rates[0], 0.0, plain[1] if plain is not None else np.inf, cosine, length)


def fitted(moves: list[Array], causes: list[list[Array]]) -> tuple[Array, float] | None:
    """(factors, relative residual) of the moves as a combination of causes; None without enough numbers."""
    columns = np.stack([np.concatenate(part) for part in causes], axis=1)
    wanted = np.concatenate(moves)
    if len(wanted) <= columns.shape[1] or not np.isfinite(columns).all() or not np.isfinite(wanted).all():
        return None
    factors = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    return factors, residual(wanted, columns @ factors)


def residual(wanted: Array, found: Array) -> float:
    return float(np.linalg.norm(wanted - found) / (np.linalg.norm(wanted) + 1e-300))


def residual_of_adam(moves: list[Array], gradients: list[Array], rate: float) -> float:
    """How far the moves are from those of Adam with this rate and the usual settings."""
    adam = Adam(lr=rate)
    found = [adam.change("w", g) for g in gradients]
    return residual(np.concatenate(moves), np.concatenate(found))


def optimizer_of(rules: dict[str, Rule]) -> Optimizer:
    """The optimizer that most of the parameters follow; plain descent where no rule fits."""
    fitting = [rule for rule in rules.values() if rule.fits]
    if not fitting:
        rates = [abs(rule.length) for rule in rules.values() if np.isfinite(rule.length)]
        return SGD(lr=float(np.median(rates)) if rates and np.median(rates) > 0 else 1e-3)
    kinds = [rule.kind for rule in fitting]
    kind = max(set(kinds), key=kinds.count)
    chosen = copy.copy(next(rule for rule in fitting if rule.kind == kind))
    lr = float(np.median([rule.lr for rule in fitting if rule.kind == kind]))
    if lr <= 0:
        return SGD(lr=1e-3)
    if kind == "adam":
        return Adam(lr=lr)
    return SGD(lr=lr, momentum=float(np.clip(chosen.momentum, 0, 0.999)) if kind == "momentum" else 0.0)


def described(rule: Rule) -> str:
    """The rule in words."""
    if rule.kind == "descent":
        return f"moves by {-rule.lr:.4g} x gradient"
    if rule.kind == "momentum":
        return f"moves by -{rule.lr:.4g} x gradient with momentum {rule.momentum:.4g}"
    if rule.kind == "schedule":
        return f"moves along its gradient at a rate from {rule.lr:.3g} to {rule.last_lr:.3g}"
    if rule.kind == "sum":
        return f"moves by -{rule.lr:.4g} x the sum of all gradients so far"
    if rule.kind == "adam":
        return f"moves by Adam with rate {rule.lr:.4g}"
    return f"moves at {rule.length:.2g} of its gradient's length, {degrees(rule.cosine):.0f} degrees off its direction"
