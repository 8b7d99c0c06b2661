"""The name of a mistake: the user's expression and the right one as products, and what the factors that differ mean in the model.

No variable's name is read. What a factor is, its value says.
"""

from __future__ import annotations

import ast

import numpy as np

from microgradnp.debugger.derive.candidate import Mended
from microgradnp.debugger.derive.carrying import Atom
from microgradnp.debugger.derive.derivations import atom_of
from microgradnp.debugger.derive.meanings import Meaning
from microgradnp.debugger.derive.products import (
    Factor,
    base_of,
    call_of,
    factors,
    how_of,
    is_number,
    is_picked,
    names_of,
    slopes_at,
    terms,
)
from microgradnp.debugger.derive.scene import Snapshot
from microgradnp.debugger.derive.small_changes import is_loss_derivative, of_arguments, of_order, of_small_change
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.derive.through_time import goes_through_time

BY_KIND = {
    "add.at": "repeated_index_lost",
    "range": "loop_cut_short",
    "compare": "relu_mask_wrong",
    "softmax": "softmax_jacobian_wrong",
    "normalisation": "normalisation_term_missing",
    "axis": "bias_gradient_reduction",
    "flag": "bias_gradient_reduction",
    "slice": "wrong_index",
    "matmul": "matmul_vs_elementwise",
    "transpose": "transposed",
    "branch": "upstream_gradient_dropped",
    "word": "wrong_activation_derivative",
    "target": "missing_path_through_time",
    "copy": "gradient_accumulated_across_steps",
}

IN_LOSS = frozenset(  # what may be told of the derivative of a loss, and is less plain than that it is one
    {"wrong_variable", "wrong_activation_derivative", "derivative_of_activated_value", "relu_mask_wrong"}
    | {"upstream_gradient_dropped", "missing_term", "unknown"}
)


def cause_of(mended: Mended) -> str:
    """The slug of the mistake that a change mends."""
    return Difference(mended).cause()


class Difference:
    """What differs between the user's expression and the right one."""

    def __init__(self, mended: Mended) -> None:
        self.mended, self.edit = mended, mended.candidate.edit
        self.suspect, self.meanings = mended.candidate.suspect, mended.blame.meanings
        self.stage = Stage(mended.scene)
        self.snapshot: Snapshot | None = self.stage.snapshot(self.suspect.statement, self.suspect.node)
        self.step = mended.scene.verdict.step
        judged = mended.scene.verdict.entries.values()
        self.trained = {*self.step.after, *(entry.argument for entry in judged if entry.evidence)}

    def cause(self) -> str:
        """The name of the mistake that the change undoes, as the reports know it."""
        kind, entries = self.edit.kind, self.mended.scene.verdict.entries.values()
        if any("the step before" in entry.why for entry in entries if entry.status == "wrong"):
            return "gradient_accumulated_across_steps"
        if self.is_forward():
            return "forward_differs"
        if kind == "order":
            return of_order(self.edit)
        if kind == "accumulate":
            return "gradient_accumulated_across_steps" if self.mended.scene.verdict.number else "gradient_overwritten"
        if kind == "arguments" and self.kind(self.mended.new) != "slope":
            return of_arguments(self.edit)
        if self.edit.kind == "binding":
            names = names_of(ast.unparse(getattr(self.edit.replacement, "value", self.edit.replacement)))
            return "regularisation_term_wrong" if any(self.kind(name) == "weight" for name in names) else "missing_term"
        if kind == "index" or (kind == "constant" and self.is_index()):
            return self.of_index()
        if kind in ("sign", "constant") and isinstance(self.edit.parent, (ast.Slice, ast.UnaryOp)) and self.in_slice():
            return "conv_kernel_reversed"
        if kind == "sign" and not self.mended.old:
            return "sign_flipped"
        if not self.mended.old and isinstance(self.edit.parent, ast.Compare):
            return "relu_mask_wrong"
        if self.mended.old and self.snapshot is not None and (told := of_small_change(self)):
            return told
        if kind in BY_KIND or not self.mended.old or self.snapshot is None:
            return BY_KIND.get(kind, "unknown")
        if kind == "sign" and not self.in_slope():
            return "sign_flipped"
        operators = [type(getattr(node, "op", None)) for node in (self.edit.node, self.edit.replacement)]
        if operators == [ast.Add, ast.Mult]:
            return self.of_sum()
        found = self.of_expressions(self.mended.old, self.mended.new)
        return "loss_derivative_wrong" if found in IN_LOSS and is_loss_derivative(self) else found

    # ------------------------------------------------------------------------------------------------ what is no expression

    def is_forward(self) -> bool:
        """Whether the statement made a value of the forward pass, and the change lies in what it computes."""
        means, made, outputs = self.mended.candidate.means, self.suspect.node, set(self.step.outputs)
        told = self.of(self.mended.new) if self.mended.new else []
        if any(m.quantity.kind == "value" and m.quantity.text.startswith(("softmax(", "sigmoid(")) for m in told):
            return True  # the probabilities themselves
        if means is not None and means.is_gradient:
            return False
        if means is not None and means.quantity.kind == "value" and not means.quantity.argument and outputs:
            return made in outputs or made in self.step.structure.before(outputs) or made.number < min(o.number for o in outputs)
        return made not in outputs and made in self.step.structure.before(outputs)

    def of_sum(self) -> str:
        """A sum stood where a product belongs: of a slope, of a number and something, or of two factors."""
        means = self.mended.candidate.means
        if means is not None and means.quantity.kind == "slope":
            return "wrong_activation_derivative"
        parts = [ast.unparse(part) for part in (self.edit.node.left, self.edit.node.right)]
        return "factor_2" if any(is_number(part) for part in parts) else "missing_factor"

    def is_index(self) -> bool:
        """Whether a changed number says which, not how much: it stands in an index, or is a whole number given to a call."""
        parent = self.edit.parent
        if not isinstance(getattr(self.edit.node, "value", None), int):
            return False
        return isinstance(parent, (ast.Subscript, ast.Slice)) or (
            isinstance(parent, ast.Call) and self.edit.field == "args" and self.edit.index not in (0, None)
        )

    def in_slice(self) -> bool:
        """Whether the step of a slice was changed: `k[::-1]`."""
        return isinstance(self.edit.parent, ast.Slice) and self.edit.field == "step"

    def of_index(self) -> str:
        """Whether the index that is wrong counts time steps."""
        return "wrong_time_index" if goes_through_time(self) else "wrong_index"

    # ------------------------------------------------------------------------------------------------ values

    def atom(self, text: str) -> Atom | None:
        if not text or self.snapshot is None:
            return None
        return atom_of(self.stage, self.snapshot, text)

    def of(self, text: str) -> list[Meaning]:
        atom = self.atom(text)
        return self.meanings.of(atom.pair) if atom is not None else []

    def kind(self, text: str) -> str:
        """ "weight", "moved" (a weight after its step), "gradient", "slope", "value", "number" or ""."""
        atom = self.atom(text)
        if atom is None:
            return ""
        if not atom.shape and atom.pair[0] == atom.pair[1]:
            return "number"
        found = self.meanings.of(atom.pair)
        for meaning in found:
            if meaning.quantity.kind == "value" and meaning.quantity.argument in self.trained:
                return "weight"
        for meaning in found:
            if meaning.quantity.kind == "slope":
                return "slope"
        if any(m.is_gradient for m in found):
            return "gradient"
        if found:
            return "value"
        return "moved" if self.meanings.update(atom.pair) is not None else ""

    def is_weight_gradient(self, text: str) -> bool:
        return any(m.is_gradient and m.quantity.argument in self.trained for m in self.of(text))

    def in_slope(self) -> bool:
        """Whether the changed factor is a slope now."""
        old, new = factors(self.mended.old), factors(self.mended.new)
        added = [f for f in new if f not in old]
        return any(self.kind(f.text) == "slope" for f in added)

    # ------------------------------------------------------------------------------------------------ expressions

    def of_expressions(self, old: str, new: str) -> str:
        """The cause, from what differs between two expressions."""
        if self.kind(new) == "slope" and self.kind(old) != "slope":
            return self.of_slope([Factor(old, frozenset())], [Factor(new, frozenset())], [self.kind(old)])
        first, second = terms(old), terms(new)
        gone = [t for t in first if t not in second]
        come = [t for t in second if t not in first]
        if len(first) < len(second) and not gone:
            return self.of_term(come[0])
        if len(first) > len(second) and not come:
            return self.of_term(gone[0], extra=True)
        if len(gone) == len(come) == 1 and (len(first) > 1):
            return self.of_products(gone[0], come[0])
        return self.of_products(old, new)

    def kind_of_term(self, text: str) -> str:
        """What a summand is, but for numbers that multiply it."""
        parts = [f.text for f in factors(text) if self.kind(f.text) != "number" and not is_number(f.text)]
        return self.kind(parts[0]) if len(parts) == 1 else self.kind(text)

    def of_term(self, text: str, extra: bool = False) -> str:
        kind = self.kind_of_term(text.lstrip("-"))
        if kind == "weight":
            return "regularisation_term_wrong"
        if kind == "gradient" and not extra:
            return "missing_path_through_time" if goes_through_time(self) else "missing_term"
        if kind == "value" and not extra and self.is_loss(text):
            return "loss_derivative_wrong"
        return "missing_term"

    def is_loss(self, text: str) -> bool:
        """Whether a value is an argument that no parameter multiplies: what the loss compares with."""
        return any(m.quantity.argument and m.quantity.argument not in self.trained for m in self.of(text.lstrip("-")))

    def of_products(self, old: str, new: str) -> str:
        """The cause, from the factors that are left over on each side."""
        first, second = factors(old), factors(new)
        left = [f for f in first if not any(f.text == g.text for g in second)]
        added = [f for f in second if not any(f.text == g.text for g in first)]
        if not left and not added:
            return self.of_same_factors(first, second, old, new)
        gone = [self.kind(f.text) for f in left]
        come = [self.kind(f.text) for f in added]
        if self.together(added) == "slope" or "slope" in come or self.completes_slope(added, second):
            return self.of_slope(left, added, gone)
        inner_left = [k for f in left for k in self.kinds_inside(f.text)]
        inner_added = [k for f in added for k in self.kinds_inside(f.text)]
        used = [*gone, *inner_left]
        gives = [*come, *inner_added]
        if "weight" in gives and "moved" in used:
            return "updated_weights_used"
        if ("weight" in gives or "moved" in come) and ("gradient" in used or any(self.is_weight_gradient(f.text) for f in left)):
            return "gradient_or_update_used_for_weight"
        if "gradient" in come and "gradient" not in used:
            moves = self.suspect.updates and any(argument in self.step.after for argument in self.suspect.reach)
            return "update_wrong" if moves else "upstream_gradient_dropped"
        if set(come) <= {"number"} and set(gone) <= {"number"}:
            return self.of_numbers(left, added)
        if "value" in come and (gone and self.makes_weight_gradient()):
            return self.of_values(left, added)
        if not added:
            if "slope" in gone:
                return "extra_factor"
            return "bias_gradient_reduction" if self.makes_bias_gradient() else "extra_factor"
        if self.makes_bias_gradient() and {"sum"} & how_of(second) - how_of(first):
            return "bias_gradient_reduction"
        if not left:
            return "missing_factor"
        if set(come) <= {"number"}:
            return "wrong_activation_derivative" if self.together(left) == "slope" else "extra_factor"
        return "wrong_variable"

    def of_same_factors(self, first: list[Factor], second: list[Factor], old: str, new: str) -> str:
        """The same factors, multiplied or summed in another way."""
        ways = [frozenset().union(*(f.how for f in part)) for part in (first, second)]
        if (ways[0] ^ ways[1]) & {"sum", "mean"}:
            return "bias_gradient_reduction" if self.makes_bias_gradient() else "batch_scale_1_over_N"
        if any(a.divides != b.divides for a, b in zip(first, second, strict=False)):
            return "batch_scale_1_over_N"
        if ("*" in ways[0]) != ("*" in ways[1]) or ways[0] & {"outer"} != ways[1] & {"outer"}:
            return "matmul_vs_elementwise"
        if ("-" in ways[0]) != ("-" in ways[1]):
            return "sign_flipped"
        if (ways[0] & {"sum", "mean"}) and self.makes_bias_gradient():
            return "bias_gradient_reduction"  # along other axes
        return "transposed" if old != new else "unknown"

    def together(self, parts: list[Factor]) -> str:
        """What some factors are when they are multiplied."""
        return self.kind(" * ".join(f"({f.text})" for f in parts)) if parts else ""

    def completes_slope(self, added: list[Factor], every: list[Factor]) -> bool:
        """Whether a factor that was added makes a slope, with others that stood there."""
        others = [f for f in every if f not in added]
        parts = [f for f in others if self.kind(f.text) != "weight"]
        return any(self.together([a, o]) == "slope" for a in added for o in parts)

    def kinds_inside(self, text: str) -> list[str]:
        """What the variables inside of an expression are."""
        return [self.kind(name) for name in names_of(text)]

    def of_slope(self, left: list[Factor], added: list[Factor], gone: list[str]) -> str:
        """A slope was added: it was missing, or another stood there, or it was taken at another value."""
        if not left:
            return "wrong_activation_derivative" if self.together(added) != "slope" else "missing_activation_derivative"
        if any(self.is_mask(f.text) for f in added):
            return "relu_mask_wrong"
        for f in left:
            for g in added:
                if names_of(f.text) == names_of(g.text) and ("@" in f.text) != ("@" in g.text):
                    return "matmul_vs_elementwise"
        atoms = [self.atom(f.text) for f in left]
        where = self.point_of(atoms[0]) if len(left) == 1 and atoms[0] is not None else ""
        if where:
            return where
        calls = [(call_of(f.text), call_of(g.text)) for f in left for g in added]
        for was, now in calls:
            if was is not None and now is not None and was[0] == now[0] and was[1] != now[1]:
                activated = any(m.quantity.kind == "value" and m.quantity.argument == "" for m in self.of(was[1]))
                return "derivative_of_activated_value" if activated else "derivative_at_wrong_point"
        for f in left:
            inside = call_of(f.text)
            if inside is not None and self.kind(inside[1]) == "gradient":
                return "relu_mask_wrong"
        if "gradient" in gone and len(left) == 1:
            return "wrong_variable"
        return "wrong_activation_derivative"

    def is_mask(self, text: str) -> bool:
        """Whether a slope is zero and one: it lets some entries pass."""
        atom = self.atom(text)
        return atom is not None and self.kind(text) == "slope" and all(set(np.unique(p)) == {0.0, 1.0} for p in atom.pair)

    def point_of(self, atom: Atom) -> str:
        """Where a slope was taken, if it is that of a common activation at some value.

        f'(a) at an activated a, and a * (1 - a) at a value that was not activated, are one mistake; others are at a wrong point.
        """
        for quantity in self.meanings.quantities:
            if quantity.kind not in ("value", "adjoint", "row") or np.shape(quantity.pair[0]) != atom.shape:
                continue
            forms = zip(*(slopes_at(np.asarray(p, float)) for p in quantity.pair), strict=True)
            if any(all(np.allclose(a, b, rtol=1e-9, atol=0) for a, b in zip(form, atom.pair, strict=True)) for form in forms):
                is_result = quantity.kind == "value" and not quantity.argument
                return "derivative_of_activated_value" if is_result else "derivative_at_wrong_point"
        return ""

    def of_numbers(self, left: list[Factor], added: list[Factor]) -> str:
        """Only numbers differ: a count of samples or a rate, or a constant."""
        texts = [f.text for f in (*left, *added)]
        plain = [t for t in texts if is_number(t)]
        if len(plain) == len(texts):
            return "factor_2"
        if not left and not any(self.is_count(f.text) for f in added):
            return "missing_factor"
        return "batch_scale_1_over_N"

    def is_count(self, text: str) -> bool:
        """Whether a number may be that of the samples, or one divided by it: as many as the model's arguments have somewhere."""
        atom = self.atom(text)
        number = abs(float(atom.pair[0])) if atom is not None and not atom.shape else 0.0
        shapes = [np.shape(value) for value in self.step.evaluation.values.values()]
        counts = {n for shape in shapes for n in (*shape, int(np.prod(shape))) if n > 1}
        return bool(number) and any(abs(n - round(n)) < 1e-9 and round(n) in counts for n in (number, 1 / number))

    def of_values(self, left: list[Factor], added: list[Factor]) -> str:
        """Another value in the gradient of a weight: that of another layer, or of another time step."""
        for f in left:
            for g in added:
                if base_of(f.text) == base_of(g.text) and f.text != g.text and "[" in f.text:
                    if is_picked(f.text) and is_picked(g.text):
                        return "wrong_variable" if not self.makes_weight_gradient() else "wrong_activation_in_weight_gradient"
                    return self.of_index()
        return "wrong_activation_in_weight_gradient"

    def is_argument(self, text: str) -> bool:
        """Whether an expression is a whole argument of the model."""
        return any(m.quantity.kind == "value" and m.quantity.argument for m in self.of(text))

    def makes_weight_gradient(self) -> bool:
        """Whether the right value is the gradient of a matrix, or a part of it."""
        means = self.mended.candidate.means
        found = {means.quantity.argument} if means is not None else set()
        return any(self.is_factor(argument) for argument in found | self.suspect.target if argument)

    def is_factor(self, argument: str) -> bool:
        """Whether the model multiplies by an argument, and does not only add it."""
        nodes = self.step.evaluation.nodes
        own = [node for node in nodes if node.rule is None and node.name == argument]
        own += [
            node
            for node in nodes
            if node.rule is not None and node.rule.name in ("transpose", "getitem") and any(node.args[0] is o for o in own)
        ]
        ids = {id(node) for node in own}
        readers = [node for node in nodes if node.rule is not None and any(id(a) in ids for a in node.args)]
        return any(node.rule.name not in ("add", "subtract", "transpose", "getitem", "square", "sum") for node in readers)

    def makes_bias_gradient(self) -> bool:
        """Whether the right value is the gradient of an offset."""
        means = self.mended.candidate.means
        found = {means.quantity.argument} if means is not None and means.quantity.argument else set(self.suspect.target)
        return bool(found) and not any(map(self.is_factor, found))
