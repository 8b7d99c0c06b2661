"""The name of a mistake, from the edit that mends it and from what its operands are in the model; else from the numbers.

The slugs are those of the mistakes that recur in real code; `forward_differs`, `update_wrong`, `gradient_overwritten`,
`missing_term`, `extra_factor` and `unknown` fill the gaps between them.
"""

from __future__ import annotations

import ast
import re

import numpy as np

from microgradnp.debugger.blame.frontier import Blame
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.step import Step
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.match.index import Match
from microgradnp.debugger.match.references import Reference
from microgradnp.debugger.repair.search import Fix
from microgradnp.debugger.verdict import Verdict

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
    "update_wrong": "the gradient is right, and what is done with it is not",
    "unknown": "the cause was not found",
}

DERIVATIVE = re.compile(r"\b1(\.0)? - |prime|deriv|_grad\b|> ?0|>= ?0|\bslope|\bd(sigmoid|tanh|relu)")
MASK = re.compile(r"\[.*[<>].*\] = 0(\.0*)?$")
PENALTY = re.compile(r"lam|\breg|decay|\bl2\b|penalty")
RATE = re.compile(r"\b(self\.)?(lr|eta|alpha|rate|learning_rate|step_size|epsilon)\b")


def cause_of(fix: Fix, blamed: Blame, step: Step, verdict: Verdict) -> str:
    """The slug for a verified fix."""
    if blamed.accumulated:
        return "gradient_accumulated_across_steps"
    if not blamed.forward_ok and is_forward(fix.line, blamed, step):
        return "forward_differs"
    edit, old, new = fix.edit, fix.edit.old, fix.edit.new
    simple = {
        "order": "updated_weights_used",
        "sign": "sign_flipped",
        "matmul": "matmul_vs_elementwise",
        "transpose": "transposed",
        "range": "loop_cut_short",
        "slice": "wrong_index",
        "compare": "relu_mask_wrong",
        "mask": "missing_activation_derivative",
        "scale": "batch_scale_1_over_N",
        "axis": "bias_gradient_reduction",
        "flag": "bias_gradient_reduction",
        "softmax": "softmax_jacobian_wrong",
        "normalisation": "normalisation_term_missing",
    }
    in_derivative = is_derivative(fix)
    if edit.kind == "add.at":
        return "repeated_index_lost"
    if edit.kind != "order" and PENALTY.search(fix.term):
        return "regularisation_term_wrong"
    if isinstance(edit.parent, ast.Slice) and edit.field == "step":
        return "conv_kernel_reversed"
    if edit.new in (f"2 * {old}", f"2 * ({old})", f"{old} / 2", f"({old}) / 2") and old == whole_of(fix.old):
        return "factor_2"
    if edit.kind == "sign" and in_derivative and edit.old != fix.factor:
        return "wrong_activation_derivative"
    if edit.kind == "order" and "out of the loop" in new:
        return "missing_path_through_time" if re.search("next|prev|future", old) else "gradient_overwritten"
    if edit.kind in simple:
        return simple[edit.kind]
    if edit.kind == "accumulate":
        if carried_over(fix.line, step):
            return "gradient_accumulated_across_steps"
        return "update_wrong" if writes_parameter(fix.line, step) else "gradient_overwritten"
    if edit.kind == "reduction":
        return "bias_gradient_reduction" if len(verdict.wrong) < len(verdict.entries) else "batch_scale_1_over_N"
    if edit.kind == "index":
        return "wrong_time_index" if is_time(fix) else "wrong_index"
    if edit.kind in ("unwrap", "wrap"):
        return "derivative_of_activated_value" if in_derivative or is_call(fix.old) else "wrong_variable"
    if edit.kind == "function":
        return "wrong_activation_derivative"
    if edit.kind == "operand" and MASK.search(fix.old):
        return "relu_mask_wrong"
    if edit.kind in ("operand", "updated"):
        return operand_cause(old, new, fix, in_derivative, blamed, step)
    if edit.kind == "derivative" and any(f"1 - {a}" in new for a in re.findall(r"\w\(([^()]+)\)", old)):
        return "derivative_of_activated_value"  # f'(a) gave way to an expression in a: a was activated already
    if edit.kind == "derivative":
        return "wrong_activation_derivative" if in_derivative else "missing_activation_derivative"
    if edit.kind in ("factor", "extra factor"):
        return factor_cause(edit.kind, old, new, in_derivative, blamed, step)
    if edit.kind == "term":
        return term_cause(old, new, in_derivative, fix, blamed, step)
    if edit.kind == "constant":
        return constant_cause(fix, in_derivative)
    return "unknown"


def is_derivative(fix: Fix) -> bool:
    """Whether the edited factor is f'(z), or the `x` of `x * (1 - x)`."""
    return bool(DERIVATIVE.search(fix.factor)) or (fix.factor.isidentifier() and f"1 - {fix.factor}" in fix.old)


def is_forward(line: int, blamed: Blame, step: Step) -> bool:
    """Whether a line belongs to the forward pass: it ran before anything that depends on the targets, and does not itself."""
    written = [v for v in step.versions if line == v.line or line in v.lines]
    first_tainted = min((v.time for v in step.versions if id(v) in blamed.tainted and v.line), default=np.inf)
    return bool(written) and written[0].time < first_tainted and not any(id(v) in blamed.tainted for v in written)


def carried_over(line: int, step: Step) -> bool:
    """Whether a line adds to a value that an earlier step left there."""
    written = [v for v in step.versions if line in v.lines]
    return any(v.time < step.start and v.key == one.key and v.line for one in written for v in one.inputs)


def writes_parameter(line: int, step: Step) -> bool:
    """Whether a line moves a parameter."""
    moved = {v.expression for a, v in step.variables.items() if a in step.changed}
    return any(line in v.lines and (v.path in moved or v.names & moved) for v in step.versions)


def whole_of(line: str) -> str:
    """The right side of an assignment."""
    return line.partition("= ")[2] or line.removeprefix("return ")


def is_time(fix: Fix) -> bool:
    """Whether a shifted index counts time steps: the code also reads the neighbour of what it indexes, as a recurrence does."""
    if not re.search(r"[+-] 1$", fix.edit.new):
        return bool(re.fullmatch(r"t\b.*", fix.edit.new))
    source = source_of(fix.file)
    name = re.escape(fix.edit.new.partition(" ")[0])
    return source is not None and bool(re.search(rf"\w\[[^\]]*\b{name} [-+] 1\b|\w\[[^\]]*\w [-+] 1\b", source.text))


def is_call(line: str) -> bool:
    """Whether a line calls a function on the result of another."""
    return bool(re.search(r"\w\(\w+\(", line))


def meanings(text: str, blamed: Blame, step: Step) -> list[Match]:
    """What the model calls the values that an expression of the code had."""
    name = text.partition("[")[0].removesuffix(".T").strip("-() ")
    found = []
    for version in step.versions:
        if any(n.partition("[")[0] == name or n == text for n in version.names):
            match = blamed.matches.get(id(version))
            if match is not None:
                found.append(match)
    return found


def is_weight(reference: Reference) -> bool:
    """Whether a quantity is the value of an argument of the model."""
    return reference.kind == "value" and reference.argument is not None


def is_parameter(text: str, step: Step) -> bool:
    """Whether an expression is a matrix that the step moves, or a part of one."""
    moved = [step.variables[a].expression for a in step.changed if np.ndim(step.before[a]) > 1]
    return any(text == e or text.startswith((f"{e}[", f"{e}.T")) for e in moved)


def is_gradient(reference: Reference) -> bool:
    """Whether a quantity is the gradient of an argument, or the argument after its update."""
    return reference.kind == "update" or (reference.kind == "adjoint" and reference.argument is not None)


def operand_cause(old: str, new: str, fix: Fix, in_derivative: bool, blamed: Blame, step: Step) -> str:
    """One variable stood where another belongs: which kind of variable for which."""
    olds = [m.reference for m in meanings(old, blamed, step)]
    news = [m.reference for m in meanings(new, blamed, step)]
    if fix.edit.kind == "updated":
        return "updated_weights_used" if any(is_weight(r) for r in olds) else "gradient_or_update_used_for_weight"
    weight = any(is_weight(r) and r.array.ndim > 1 for r in news) or is_parameter(new, step)
    if weight and any(is_gradient(r) for r in olds):
        return "gradient_or_update_used_for_weight"
    if in_derivative:
        return "derivative_at_wrong_point"
    ends = [v for v in step.versions if fix.line in v.lines and is_weight_gradient(v, blamed)]
    if ends and any(r.kind == "value" for r in news):
        return "wrong_activation_in_weight_gradient"
    return "wrong_variable"


def is_weight_gradient(version: Version, blamed: Blame) -> bool:
    """Whether this value is the gradient of a weight matrix, or would be if it were right."""
    names = " ".join(version.names)
    match = blamed.matches.get(id(version))
    if match is not None:
        return is_gradient(match.reference)
    return version is blamed.first or bool(re.search(r"(\bd|grad|nabla|delta|E)_?\w*[WwVvUu]|^[WwVvU]\w*\b|theta|syn", names))


def factor_cause(kind: str, old: str, new: str, in_derivative: bool, blamed: Blame, step: Step) -> str:
    """A factor is missing or too many: which."""
    if kind == "extra factor":
        return "wrong_activation_derivative" if in_derivative else "extra_factor"
    added = new.removeprefix(f"({old})").removeprefix(old).strip(" *@")
    found = [m.reference for m in meanings(added, blamed, step)]
    if any(r.kind == "adjoint" for r in found):
        return "upstream_gradient_dropped"
    if in_derivative:
        return "wrong_activation_derivative"
    if any(r.kind == "derivative" and float(np.ptp(r.array)) for r in found) or DERIVATIVE.search(added):
        return "missing_activation_derivative"
    if RATE.search(added):
        return "batch_scale_1_over_N"
    return "missing_factor"


def term_cause(old: str, new: str, in_derivative: bool, fix: Fix, blamed: Blame, step: Step) -> str:
    """A summand is missing or too many: which."""
    longer, shorter = (new, old) if len(new) > len(old) else (old, new)
    text = longer.replace(shorter, "", 1)
    if PENALTY.search(text):
        return "regularisation_term_wrong"
    if re.search(r"next|prev|future", text):
        return "missing_path_through_time"
    if in_derivative:
        return "wrong_activation_derivative"
    if re.search(r"\b(self\.)?([ytdYTD]|y_?true|targets?|labels?|[yt]s|[yt]b)\b", text):
        return "loss_derivative_wrong"
    found = [m.reference for m in meanings(text.strip("+- ()"), blamed, step)]
    if any(is_weight(r) for r in found):
        return "regularisation_term_wrong" if "=" in fix.old and not RATE.search(fix.old) else "update_wrong"
    if re.search(r"mean|\bd?var|std", fix.old + text):
        return "normalisation_term_missing"
    return "missing_term"


def constant_cause(fix: Fix, in_derivative: bool) -> str:
    """A number is wrong: an axis, an index, or a factor."""
    line = fix.old
    if in_derivative:
        return "wrong_activation_derivative"
    if re.search(r"axis", line) and re.search(r"sum|mean", line) and fix.edit.new in ("0", "1"):
        return "bias_gradient_reduction"
    if "[" in line and re.search(rf"\[[^\]]*{re.escape(fix.edit.old)}", line):
        return "wrong_index"
    return "factor_2"
