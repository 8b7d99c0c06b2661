"""The name of a mistake that no edit mended, from the numbers: what turns the value that was found into the one that is right."""

from __future__ import annotations

import ast

import numpy as np

from microgradnp.debugger.blame.blame import Blame
from microgradnp.debugger.blame.meanings import is_adjoint, is_forward, is_gradient, is_weight
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.judge.evidence import Entry
from microgradnp.debugger.judge.verdict import Verdict
from microgradnp.debugger.match.references import Reference
from microgradnp.derivatives.agreement import scale_of


def cause_without_fix(blamed: Blame, verdict: Verdict, trace: Trace) -> str:
    """A slug from the numbers: what turns the value that was found into the one that was expected."""
    version = blamed.first
    lines = blamed.regions[0].statements if blamed.regions else []
    if not blamed.forward_ok and lines and all(is_forward(line, trace) for line in lines[:1]):
        return "forward_differs"
    entries = [verdict.entries[a] for a in verdict.wrong]
    faults = {e.fault for e in entries}
    if faults <= {"missing", "update"}:
        return "update_wrong"
    if len(entries) == 1 and entries[0].fault in ("sign", "scale"):
        return factor_name(entries[0])
    if faults == {"sign"}:
        return "sign_flipped"
    if version is None:
        return "unknown"
    lost = any(e.version is not None and id(e.version) not in trace.tainted for e in entries)
    if lost and blamed.regions and blamed.regions[0].kind == "passed":
        return "upstream_gradient_dropped"
    if blamed.proof is not None and blamed.proof.reference.kind == "derivative":
        return "wrong_activation_derivative"
    found, expected = np.squeeze(version.array), expectation(version, blamed, entries)
    if expected is None:
        return "unknown"
    moved = next((e for e in entries if e.version is version), None)
    if moved is not None and moved.kind == "update":
        found = found - np.squeeze(np.asarray(trace.before[moved.argument], float))
    named = by_numbers(found, expected, blamed.matches.index.references) if np.all(np.isfinite(found)) else None
    return named or by_ingredients(version, blamed) or by_factors(version, found, expected, blamed)


def factor_name(entry: Entry) -> str:
    """A gradient that is right but for a factor: which."""
    if entry.fault == "sign":
        return "sign_flipped"
    return "factor_2" if any(abs(abs(entry.scale) - k) < 1e-6 for k in (2.0, 0.5)) else "batch_scale_1_over_N"


def expectation(version: Version, blamed: Blame, entries: list[Entry]) -> np.ndarray | None:
    """What the first wrong value should have been, when that is known."""
    if blamed.proof is not None:
        array = np.squeeze(blamed.proof.reference.array)
        return array.T if blamed.proof.transposed else array
    end = next((e for e in entries if e.version is version and e.expected is not None), None)
    return np.squeeze(end.expected) if end is not None and end.expected is not None else None


def by_numbers(found: np.ndarray, expected: np.ndarray, references: list[Reference]) -> str | None:
    """A slug from what turns the one array into the other; None when nothing simple does."""
    if found.shape != expected.shape:
        return (
            "transposed"
            if found.T.shape == expected.shape and found.ndim > 1
            else "bias_gradient_reduction"
            if expected.ndim < 2
            else None
        )
    c, error = scale_of(found, expected)
    if error < 1e-7:
        return "sign_flipped" if abs(c + 1) < 1e-6 else "factor_2" if abs(c) in (2.0, 0.5) else "batch_scale_1_over_N"
    if found.ndim == 2 and found.shape[0] == found.shape[1] and scale_of(found.T, expected)[1] < 1e-7:
        return "transposed"
    if found.ndim >= 1 and found.shape == expected.shape and scale_of(found[::-1], expected)[1] < 1e-7:
        return "conv_kernel_reversed"
    with np.errstate(all="ignore"):
        missing, extra = expected / found, found / expected
    for reference in references:
        array = np.squeeze(reference.array)
        if reference.partial or array.shape != expected.shape:
            continue
        if reference.kind == "derivative":
            if close(missing, array):
                return "missing_activation_derivative"
            if close(extra, array):
                return "wrong_activation_derivative"
        if is_weight(reference) and close_up_to_scale(found - expected, array):
            return "regularisation_term_wrong"
        if is_weight(reference) and close(missing, array):
            return "missing_factor"
    if is_softmax_diagonal(found, references):
        return "softmax_jacobian_wrong"
    if is_constant_up_to_a_value(expected - found, references):
        return "normalisation_term_missing"
    zero = found == 0
    if zero.any() and not zero.all() and scale_of(found[~zero], expected[~zero])[1] < 1e-7:
        return "loop_cut_short"
    return None


def close(ratio: np.ndarray, reference: np.ndarray) -> bool:
    """Whether a ratio is this quantity, which must not be the same everywhere, up to a factor."""
    good = np.isfinite(ratio)
    return bool(good.any()) and float(np.ptp(reference[good])) != 0 and scale_of(ratio[good], reference[good])[1] < 1e-6


def is_softmax_diagonal(found: np.ndarray, references: list[Reference]) -> bool:
    """Whether a value is an adjoint times p * (1 - p), for probabilities p that add up to one."""
    arrays = [(r.kind, np.squeeze(r.array)) for r in references if np.squeeze(r.array).shape == found.shape]
    adjoints = [array for kind, array in arrays if kind == "adjoint"]
    for kind, p in arrays:
        if kind == "value" and found.ndim and np.all((p > 0) & (p < 1)) and any(np.allclose(p.sum(k), 1) for k in range(p.ndim)):
            upstream = found / (p * (1 - p))
            if any(close(upstream, adjoint) for adjoint in adjoints):
                return True
    return False


def is_constant_up_to_a_value(missing: np.ndarray, references: list[Reference]) -> bool:
    """Whether what is missing is constant along an axis, or a value of the model times such a constant: a mean, or a variance."""
    if missing.ndim < 2 or not np.any(missing):
        return False
    values = [np.squeeze(r.array) for r in references if r.kind == "value" and not r.partial]
    with np.errstate(all="ignore"):
        ratios = [missing, *(missing / v for v in values if v.shape == missing.shape)]
    largest = (float(np.max(np.abs(r))) for r in ratios)
    return any(
        np.isfinite(most) and float(np.max(np.ptp(r, axis=axis))) < 1e-7 * most
        for r, most in zip(ratios, largest, strict=True)
        for axis in range(missing.ndim)
    )


def close_up_to_scale(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether one array is a multiple of the other, and not zero."""
    return bool(np.any(a)) and scale_of(a, b)[1] < 1e-6


def by_ingredients(version: Version, blamed: Blame) -> str | None:
    """From what went into a wrong value: an update for the weights, another layer's values."""
    found = [m.reference for v in version.inputs if (m := blamed.matches.of(v)) is not None]
    if blamed.proof is not None and any(is_gradient(r) for r in found) and not any(is_weight(r) for r in found):
        return "gradient_or_update_used_for_weight"
    if version is blamed.first and blamed.proof is None and sum(r.kind == "adjoint" for r in found) == 1 and len(found) >= 2:
        return "wrong_activation_in_weight_gradient"
    return None


def by_factors(version: Version, found: np.ndarray, expected: np.ndarray, blamed: Blame) -> str:
    """From the gradient from above: multiplied into the value it gives the right one, or its factor is no slope of the model."""
    references = blamed.matches.index.references
    adjoints = [np.squeeze(r.array) for r in references if r.kind == "adjoint" and not r.partial]
    slopes = [np.squeeze(r.array) for r in references if r.kind == "derivative"]
    for adjoint in adjoints:
        if adjoint.shape != expected.shape or not np.ptp(adjoint):
            continue
        if found.shape == expected.shape and scale_of(found * adjoint, expected)[1] < 1e-7:
            return "upstream_gradient_dropped"
        if any(s.shape == expected.shape and scale_of(adjoint * s, expected)[1] < 1e-7 for s in slopes):
            given = [v for v in version.inputs if is_adjoint(v.array, references)]
            if any(is_factor(version, v) for v in given):
                return "wrong_activation_derivative"
    return "unknown"


def is_factor(version: Version, given: Version) -> bool:
    """Whether the line of a value is a product, `d = a * (...)`, and the given value is one of its factors."""
    source = source_of(version.file)
    try:
        statement = ast.parse(source.line(max(version.lines)).strip()).body[0] if source is not None and version.lines else None
    except SyntaxError:  # the statement has several lines
        return False
    parts = [statement.value] if isinstance(statement, ast.Assign) else []
    while parts:
        part = parts.pop()
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult):
            parts += [part.left, part.right]
        elif ast.unparse(part) in given.names:
            return True
    return False
