"""The name of a mistake, from the edit that mends it and from what its operands are in the model.

The slugs are those of the mistakes that recur in real code; `forward_differs`, `update_wrong`, `gradient_overwritten`,
`missing_term`, `extra_factor` and `unknown` fill the gaps between them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.blame.blame import Blame
from microgradnp.debugger.blame.meanings import is_adjoint, is_forward, is_gradient, is_weight
from microgradnp.debugger.capture.roles import is_rate
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.judge.verdict import Verdict
from microgradnp.debugger.match.references import Reference
from microgradnp.debugger.repair.search import Fix

EXPLAIN = {
    "gradient_or_update_used_for_weight": "a gradient or the update of the weights stands where the weights belong",
    "updated_weights_used": "the weights were already updated when the backward pass read them",
    "missing_activation_derivative": "the derivative of the activation is missing",
    "wrong_activation_derivative": "this is not the derivative of the activation",
    "derivative_of_activated_value": "the derivative is taken at a value that was activated already, or has to be and was not",
    "derivative_at_wrong_point": "the derivative of the activation is taken at another value than the one that was activated",
    "wrong_activation_in_weight_gradient": "the weight gradient multiplies by the wrong layer's values",
    "wrong_variable": "another variable belongs here",
    "sign_flipped": "the sign is wrong",
    "batch_scale_1_over_N": "a factor such as 1/N or the learning rate is missing or too many, unlike in the other gradients",
    "factor_2": "a constant factor is wrong here, unlike in the other gradients",
    "bias_gradient_reduction": "the sum over the samples is missing, along the wrong axis, or a mean where the others are sums",
    "matmul_vs_elementwise": "a matrix product and an elementwise product were exchanged",
    "transposed": "a matrix is transposed that should not be, or the other way round",
    "wrong_index": "an index is wrong",
    "wrong_time_index": "the value of another time step belongs here",
    "loop_cut_short": "the loop leaves out some entries",
    "regularisation_term_wrong": "the term of the penalty is wrong",
    "normalisation_term_missing": "a path through the mean or the variance is missing",
    "missing_path_through_time": "the gradient that comes back from the next time step is missing",
    "missing_term": "a term is missing or too many",
    "missing_factor": "a factor is missing",
    "extra_factor": "there is a factor too many",
    "relu_mask_wrong": "the mask of the relu is wrong",
    "repeated_index_lost": "the same index occurs twice, and `a[i] += d` adds only once for it; np.add.at(a, i, d) adds all",
    "conv_kernel_reversed": "the kernel's gradient is reversed",
    "softmax_jacobian_wrong": "the derivative of the softmax is a full matrix, not its diagonal",
    "upstream_gradient_dropped": "the gradient from above is not used",
    "loss_derivative_wrong": "this is not the derivative of the loss",
    "gradient_accumulated_across_steps": "the gradient of an earlier step is still in it",
    "gradient_overwritten": "the gradient is overwritten where it must be added up, or added where it must be set",
    "forward_differs": "the forward pass computes something else than the model",
    "update_wrong": "what the parameter moves by is not its gradient",
    "optimizer_rule_wrong": "the gradient is right, and the optimizer does something else with it than its rule says",
    "unknown": "the cause was not found",
}

CALCULUS = {  # the rule of calculus that a mistake breaks, for a layer z = h @ W + b with h = f(z of the layer before)
    "gradient_or_update_used_for_weight": "z = h @ W gives dL/dh = dL/dz @ W.T, with the W of the forward pass",
    "updated_weights_used": "z = h @ W gives dL/dh = dL/dz @ W.T, with the W of the forward pass, before its update",
    "missing_activation_derivative": "h = f(z) gives dL/dz = dL/dh * f'(z)",
    "wrong_activation_derivative": "h = f(z) has f'(z) = h * (1 - h) for sigmoid, 1 - h**2 for tanh, and 1 where z > 0 for relu",
    "derivative_of_activated_value": "h = f(z) gives dL/dz = dL/dh * f'(z), where f' is taken at z, not at h",
    "derivative_at_wrong_point": "h = f(z) gives dL/dz = dL/dh * f'(z), with the same z in both",
    "wrong_activation_in_weight_gradient": "z = h @ W gives dL/dW = h.T @ dL/dz, with the h that this layer multiplies by W",
    "transposed": "z = h @ W gives dL/dh = dL/dz @ W.T and dL/dW = h.T @ dL/dz",
    "matmul_vs_elementwise": "z = h @ W gives matrix products, and h = f(z) gives the elementwise product dL/dh * f'(z)",
    "bias_gradient_reduction": "z = h @ W + b adds the same b to each sample, so dL/db is the sum of dL/dz over the samples",
    "batch_scale_1_over_N": "a mean over N samples puts 1/N into every gradient, and a sum into none",
    "factor_2": "u**2 has the derivative 2 * u, and 0.5 * u**2 has u",
    "regularisation_term_wrong": "a penalty lam * sum(W**2) adds 2 * lam * W to dL/dW",
    "missing_path_through_time": "h[t] is read at t and at t + 1, so dL/dh[t] is the sum of both gradients",
    "wrong_time_index": "z[t] = h[t - 1] @ W and h[t] = f(z[t]): each factor of a gradient is read at the t of its own formula",
    "missing_term": "a value that is read in several places has the sum of their gradients",
    "gradient_overwritten": "a value that is read in several places has the sum of their gradients",
    "missing_factor": "u * v has the derivative v with respect to u: the other factor stays",
    "softmax_jacobian_wrong": "p = softmax(z) gives dL/dz = p * (dL/dp - sum(p * dL/dp))",
    "upstream_gradient_dropped": "the chain rule multiplies each derivative by the gradient from above",
    "loss_derivative_wrong": "0.5 * sum((y - t)**2) has dL/dy = y - t, and -sum(t * log(p)) has dL/dp = -t / p",
    "relu_mask_wrong": "h = relu(z) gives dL/dz = dL/dh where z > 0, and 0 elsewhere",
    "normalisation_term_missing": "the mean and the variance depend on every entry, so each adds a path to its gradient",
    "gradient_accumulated_across_steps": "the gradient of a step is that of its own loss: set it to zero before each step",
}

DERIVATIVE = re.compile(r"\b1(\.0)? - |prime|deriv|_grad\b|> ?0|>= ?0|\bslope|\bd(sigmoid|tanh|relu)")
MASK = re.compile(r"\[.*[<>].*\] = 0(\.0*)?$")
PENALTY = re.compile(r"lam|\breg|decay|\bl2\b|penalty")
IN_TIME = re.compile(r"next|prev|future")
TARGET = re.compile(r"\b(self\.)?([ytdYTD]|y_?true|targets?|labels?|[yt]s|[yt]b)\b")
STATISTIC = re.compile(r"mean|\bd?var|std")
WEIGHT_GRADIENT = re.compile(r"(\bd|grad|nabla|delta|E)_?\w*[WwVvUu]|^[WwVvU]\w*\b|theta|syn")


def cause_of(fix: Fix, blamed: Blame, trace: Trace, verdict: Verdict) -> str:
    """The slug for a fix that was proved: that of the first row that holds."""
    mended = Mended(fix, blamed, trace, verdict)
    return next(row.slug for row in ROWS if row.kind in ("", fix.edit.kind) and row.holds(mended))


@dataclass(frozen=True)
class Mended:
    """A fix and what is known around it. Each property is a question that the rows ask."""

    fix: Fix
    blamed: Blame
    trace: Trace
    verdict: Verdict

    @property
    def edit(self) -> Any:
        return self.fix.edit

    @property
    def line(self) -> str:
        """The statement as it stood."""
        return self.fix.old

    @cached_property
    def is_forward(self) -> bool:
        """Whether the forward pass differs from the model, and the mended line belongs to it."""
        return not self.blamed.forward_ok and is_forward(self.fix.line, self.trace)

    @cached_property
    def in_derivative(self) -> bool:
        """Whether the edited factor is f'(z), or the `x` of `x * (1 - x)`."""
        factor = self.fix.factor
        return bool(DERIVATIVE.search(factor)) or (factor.isidentifier() and f"1 - {factor}" in self.line)

    @property
    def in_penalty(self) -> bool:
        return self.edit.kind != "order" and bool(PENALTY.search(self.fix.term))

    @property
    def reverses(self) -> bool:
        """Whether the step of a slice was edited: `k[::-1]`."""
        return isinstance(self.edit.parent, ast.Slice) and self.edit.field == "step"

    @property
    def doubles_the_whole(self) -> bool:
        """Whether the whole right side is to be doubled or halved."""
        old = self.edit.old
        whole = self.line.partition("= ")[2] or self.line.removeprefix("return ")
        return self.edit.new in (f"2 * {old}", f"2 * ({old})", f"{old} / 2", f"({old}) / 2") and old == whole

    @property
    def leaves_the_loop(self) -> bool:
        return "out of the loop" in self.edit.new

    @property
    def in_time(self) -> bool:
        """Whether the statement carries something to the next or from the previous step in time."""
        return bool(IN_TIME.search(self.edit.old))

    @property
    def carries_over(self) -> bool:
        """Whether the line adds to a value that an earlier step left there."""
        written = [v for v in self.trace.versions if self.fix.line in v.lines]
        return any(v.time < self.trace.start and v.key == one.key and v.line for one in written for v in one.inputs)

    @property
    def writes_parameter(self) -> bool:
        """Whether the line moves a parameter."""
        moved = {v.expression for a, v in self.trace.variables.items() if a in self.trace.changed}
        return any(self.fix.line in v.lines and (v.path in moved or v.names & moved) for v in self.trace.versions)

    @property
    def others_are_right(self) -> bool:
        return len(self.verdict.wrong) < len(self.verdict.entries)

    @property
    def counts_time(self) -> bool:
        """Whether a shifted index counts time steps: the code reads the neighbour of what it indexes, as a recurrence does."""
        new = self.edit.new
        if not re.search(r"[+-] 1$", new):
            return bool(re.fullmatch(r"t\b.*", new))
        source = source_of(self.fix.file)
        name = re.escape(new.partition(" ")[0])
        return source is not None and bool(re.search(rf"\w\[[^\]]*\b{name} [-+] 1\b|\w\[[^\]]*\w [-+] 1\b", source.text))

    @property
    def calls_on_a_call(self) -> bool:
        """Whether the line calls a function on the result of another."""
        return bool(re.search(r"\w\(\w+\(", self.line))

    @property
    def reads_activated(self) -> bool:
        """Whether f'(a) gave way to an expression in a: a was activated already."""
        return any(f"1 - {a}" in self.edit.new for a in re.findall(r"\w\(([^()]+)\)", self.edit.old))

    # -------------------------------------------------------------------------------- another operand

    @cached_property
    def olds(self) -> list[Reference]:
        """What the expression that stood there is in the model."""
        return self.meanings(self.edit.old)

    @cached_property
    def news(self) -> list[Reference]:
        """What the expression that belongs there is in the model."""
        return self.meanings(self.edit.new)

    def meanings(self, text: str) -> list[Reference]:
        """What the model calls the values that an expression of the code had."""
        name = text.partition("[")[0].removesuffix(".T").strip("-() ")
        held = [v for v in self.trace.versions if any(n.partition("[")[0] == name or n == text for n in v.names)]
        return [match.reference for v in held if (match := self.blamed.matches.of(v)) is not None]

    @property
    def was_weight(self) -> bool:
        return any(is_weight(r) for r in self.olds)

    @property
    def gradient_for_weight(self) -> bool:
        """Whether a gradient or an update gives way to a matrix of weights."""
        weight = any(is_weight(r) and r.array.ndim > 1 for r in self.news) or self.is_parameter(self.edit.new)
        return weight and any(is_gradient(r) for r in self.olds)

    def is_parameter(self, text: str) -> bool:
        """Whether an expression is a matrix that the step moves, or a part of one."""
        moved = [self.trace.variables[a].expression for a in self.trace.changed if np.ndim(self.trace.before[a]) > 1]
        return any(text == e or text.startswith((f"{e}[", f"{e}.T")) for e in moved)

    @property
    def value_in_weight_gradient(self) -> bool:
        """Whether the line makes the gradient of a weight, and a value of the model belongs into it."""
        ends = [v for v in self.trace.versions if self.fix.line in v.lines and self.is_weight_gradient(v)]
        return bool(ends) and any(r.kind == "value" for r in self.news)

    def is_weight_gradient(self, version: Version) -> bool:
        """Whether this value is the gradient of a weight matrix, or would be if it were right."""
        match = self.blamed.matches.of(version)
        if match is not None:
            return is_gradient(match.reference)
        return version is self.blamed.first or bool(WEIGHT_GRADIENT.search(" ".join(version.names)))

    # -------------------------------------------------------------------------------- factors and terms

    @cached_property
    def added(self) -> str:
        """The factor that was added."""
        return str(self.edit.new.removeprefix(f"({self.edit.old})").removeprefix(self.edit.old).strip(" *@"))

    @property
    def adds_adjoint(self) -> bool:
        known = self.blamed.matches.index.references
        held = [v.array for v in self.trace.versions if self.added in v.names]
        return any(r.kind == "adjoint" for r in self.meanings(self.added)) or any(is_adjoint(array, known) for array in held)

    @property
    def adds_derivative(self) -> bool:
        known = any(r.kind == "derivative" and float(np.ptp(r.array)) for r in self.meanings(self.added))
        return known or bool(DERIVATIVE.search(self.added))

    @property
    def adds_rate(self) -> bool:
        return is_rate(self.added)

    @cached_property
    def summand(self) -> str:
        """The term that is missing or too many."""
        old, new = self.edit.old, self.edit.new
        longer, shorter = (new, old) if len(new) > len(old) else (old, new)
        return str(longer.replace(shorter, "", 1))

    @property
    def summand_is_penalty(self) -> bool:
        return bool(PENALTY.search(self.summand))

    @property
    def summand_is_in_time(self) -> bool:
        return bool(IN_TIME.search(self.summand))

    @property
    def summand_is_target(self) -> bool:
        return bool(TARGET.search(self.summand))

    @property
    def summand_is_weight(self) -> bool:
        return any(is_weight(r) for r in self.meanings(self.summand.strip("+- ()")))

    @property
    def is_plain_assignment(self) -> bool:
        """Whether the line sets something, and multiplies by no learning rate."""
        return "=" in self.line and not is_rate(self.line)

    @property
    def in_statistic(self) -> bool:
        return bool(STATISTIC.search(self.line + self.summand))

    @property
    def is_axis(self) -> bool:
        """Whether the number is the axis of a sum."""
        return "axis" in self.line and bool(re.search(r"sum|mean", self.line)) and self.edit.new in ("0", "1")

    @property
    def is_index(self) -> bool:
        """Whether the number stands in an index."""
        return bool(re.search(rf"\[[^\]]*{re.escape(self.edit.old)}", self.line))

    @property
    def is_mask(self) -> bool:
        """Whether the line sets entries to zero: `d[z < 0] = 0`."""
        return bool(MASK.search(self.line))


class Row(NamedTuple):
    """A slug, and when it is the name of a mistake: for edits of this kind ("" for any) for which the question holds."""

    kind: str
    holds: Callable[[Mended], bool]
    slug: str


def always(_: Mended) -> bool:
    """For all edits of a kind that no earlier row has named."""
    return True


ROWS = (  # the first that holds names the mistake
    Row("", lambda m: m.is_forward, "forward_differs"),
    Row("add.at", always, "repeated_index_lost"),
    Row("", lambda m: m.in_penalty, "regularisation_term_wrong"),
    Row("", lambda m: m.reverses, "conv_kernel_reversed"),
    Row("", lambda m: m.doubles_the_whole, "factor_2"),
    Row("sign", lambda m: m.in_derivative and m.edit.old != m.fix.factor, "wrong_activation_derivative"),
    Row("order", lambda m: m.leaves_the_loop and m.in_time, "missing_path_through_time"),
    Row("order", lambda m: m.leaves_the_loop, "gradient_overwritten"),
    Row("order", always, "updated_weights_used"),
    Row("sign", always, "sign_flipped"),
    Row("matmul", always, "matmul_vs_elementwise"),
    Row("transpose", always, "transposed"),
    Row("range", always, "loop_cut_short"),
    Row("slice", always, "wrong_index"),
    Row("compare", always, "relu_mask_wrong"),
    Row("mask", always, "missing_activation_derivative"),
    Row("branch", always, "upstream_gradient_dropped"),
    Row("scale", always, "batch_scale_1_over_N"),
    Row("axis", always, "bias_gradient_reduction"),
    Row("flag", always, "bias_gradient_reduction"),
    Row("softmax", always, "softmax_jacobian_wrong"),
    Row("normalisation", always, "normalisation_term_missing"),
    Row("accumulate", lambda m: m.carries_over, "gradient_accumulated_across_steps"),
    Row("accumulate", lambda m: m.writes_parameter, "update_wrong"),
    Row("accumulate", always, "gradient_overwritten"),
    Row("reduction", lambda m: m.others_are_right, "bias_gradient_reduction"),
    Row("reduction", always, "batch_scale_1_over_N"),
    Row("index", lambda m: m.counts_time, "wrong_time_index"),
    Row("index", always, "wrong_index"),
    Row("unwrap", lambda m: m.in_derivative or m.calls_on_a_call, "derivative_of_activated_value"),
    Row("unwrap", always, "wrong_variable"),
    Row("wrap", lambda m: m.in_derivative or m.calls_on_a_call, "derivative_of_activated_value"),
    Row("wrap", always, "wrong_variable"),
    Row("function", always, "wrong_activation_derivative"),
    Row("updated", lambda m: m.was_weight, "updated_weights_used"),
    Row("updated", always, "gradient_or_update_used_for_weight"),
    Row("operand", lambda m: m.is_mask, "relu_mask_wrong"),
    Row("operand", lambda m: m.gradient_for_weight, "gradient_or_update_used_for_weight"),
    Row("operand", lambda m: m.in_derivative, "derivative_at_wrong_point"),
    Row("operand", lambda m: m.value_in_weight_gradient, "wrong_activation_in_weight_gradient"),
    Row("operand", always, "wrong_variable"),
    Row("derivative", lambda m: m.reads_activated, "derivative_of_activated_value"),
    Row("derivative", lambda m: m.in_derivative, "wrong_activation_derivative"),
    Row("derivative", always, "missing_activation_derivative"),
    Row("extra factor", lambda m: m.in_derivative, "wrong_activation_derivative"),
    Row("extra factor", always, "extra_factor"),
    Row("factor", lambda m: m.adds_adjoint, "upstream_gradient_dropped"),
    Row("factor", lambda m: m.in_derivative, "wrong_activation_derivative"),
    Row("factor", lambda m: m.adds_derivative, "missing_activation_derivative"),
    Row("factor", lambda m: m.adds_rate, "batch_scale_1_over_N"),
    Row("factor", always, "missing_factor"),
    Row("term", lambda m: m.summand_is_penalty, "regularisation_term_wrong"),
    Row("term", lambda m: m.summand_is_in_time, "missing_path_through_time"),
    Row("term", lambda m: m.in_derivative, "wrong_activation_derivative"),
    Row("term", lambda m: m.summand_is_target, "loss_derivative_wrong"),
    Row("term", lambda m: m.summand_is_weight and m.is_plain_assignment, "regularisation_term_wrong"),
    Row("term", lambda m: m.summand_is_weight, "update_wrong"),
    Row("term", lambda m: m.in_statistic, "normalisation_term_missing"),
    Row("term", always, "missing_term"),
    Row("constant", lambda m: m.in_derivative, "wrong_activation_derivative"),
    Row("constant", lambda m: m.is_axis, "bias_gradient_reduction"),
    Row("constant", lambda m: m.is_index, "wrong_index"),
    Row("constant", always, "factor_2"),
    Row("", always, "unknown"),
)
