r"""Equations as text, as LaTeX and as MathML.

One walk through a term, three ways to write what it finds. The text can be read back: a space between two factors is a matrix
product, `*` multiplies entry by entry, `^T` swaps the last two axes, and `[a > b]` is 1 where the comparison holds, else 0.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import escape
from typing import Any
from xml.etree import ElementTree

from microgradnp.derivation.terms import called, factors, is_number

SUM, PRODUCT, MATMUL, POWER, ATOM = 1, 2, 4, 5, 6  # how strongly an operation binds
SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
GREEK = f"{SMALL} {CAPITALS}".split()
LETTERS = dict(zip(GREEK, "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))
FUNCTIONS = ["tanh", "sinh", "cosh", "sin", "cos", "tan", "exp", "log"]  # LaTeX has names for these
KNOWN = {"sigmoid": (r"\sigma", "σ")} | {name: (f"\\{name}", name) for name in FUNCTIONS}
COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Gt: (">", ">"),
    ast.Lt: ("<", "<"),
    ast.GtE: (">=", r"\ge"),
    ast.LtE: ("<=", r"\le"),
    ast.Eq: ("==", "="),
    ast.NotEq: ("!=", r"\ne"),
}

Written = tuple[str, int]  # a text, and how strongly its outermost operation binds


def parts_of(name: str) -> tuple[str, str]:
    """A name and its index: `W1` is W with index 1, `delta_h` is delta with index h.

    >>> parts_of("W1"), parts_of("delta_h"), parts_of("b")
    (('W', '1'), ('delta', 'h'), ('b', ''))
    """
    found = re.fullmatch(r"([^\W\d_]+?)_*(\d+(?:_\w+)?)|([^\W_]+)_+(\w+)", name)
    if found is None:
        return name, ""
    return (found[1], found[2]) if found[1] else (found[3], found[4])


def index_text(index: ast.expr) -> str:
    """The text between brackets."""
    text = ast.unparse(index)
    return text[1:-1] if isinstance(index, ast.Tuple) and text.startswith("(") else text


class Text:
    """Plain text, in the user's own names."""

    def symbol(self, name: str) -> str:
        return name

    def gradient(self, name: str) -> Written:
        return f"dL/d{name}", ATOM

    def number(self, value: object) -> str:
        return repr(value)

    def infix(self, left: str, sign: str, right: str) -> str:
        return f"{left} {sign} {right}"

    def times(self, left: str, right: str, entries: bool) -> str:  # noqa: ARG002  only text writes one sign for both
        return f"{left} * {right}"

    def quotient(self, left: Written, right: Written) -> Written:
        return f"{self.within(left, PRODUCT)} / {self.within(right, PRODUCT + 1)}", PRODUCT

    def matrices(self, left: str, right: str) -> str:
        return f"{left} {right}"

    def power(self, base: str, exponent: Written) -> str:
        return f"{base}^{exponent[0] if exponent[0].isdigit() else f'({exponent[0]})'}"

    def transposed(self, base: str) -> str:
        return f"{base}^T"

    def minus(self, term: str) -> str:
        return f"-{term}"

    def parentheses(self, term: str) -> str:
        return f"({term})"

    def truth(self, term: str) -> str:
        return f"[{term}]"

    def code(self, text: str) -> str:
        return text

    def call(self, name: str, args: list[str]) -> str:
        return f"{name}({', '.join(args)})"

    def slope(self, name: str, argument: str) -> str:
        return f"{name}'({argument})"

    def sum(self, term: Written, options: list[str], _axes: str) -> Written:
        return f"sum({', '.join([term[0], *options])})", ATOM

    def index(self, base: str, index: str) -> str:
        return f"{base}[{index}]"

    def compared(self, sign: type[ast.cmpop]) -> str:
        return COMPARISONS[sign][0]

    def equal(self, *sides: str) -> str:
        return " = ".join(sides)

    # ------------------------------------------------------------------------------------------- the walk

    def within(self, term: Written, level: int) -> str:
        """A term, in parentheses where it binds less strongly than `level`."""
        return term[0] if term[1] >= level else self.parentheses(term[0])

    def write(self, term: ast.expr) -> Written:
        match term:
            case ast.Name(id=name):
                return self.gradient(name[2:]) if name.startswith("d_") else (self.symbol(name), ATOM)
            case ast.Constant(value=value):
                return self.number(value), ATOM
            case ast.BinOp():
                return self.operation(term)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.minus(self.within(self.write(operand), PRODUCT)), SUM
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return self.truth(f"not {self.write(operand)[0]}"), ATOM
            case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in COMPARISONS:
                a, b = self.within(self.write(left), SUM), self.within(self.write(right), SUM)
                return self.truth(self.infix(a, self.compared(type(sign)), b)), ATOM
            case ast.Attribute(attr="T", value=value):
                return self.transposed(self.within(self.write(value), ATOM)), POWER
            case ast.Attribute(attr=name, value=value) if name in ("real", "imag"):
                return self.call(name, [self.write(value)[0]]), ATOM
            case ast.Subscript(value=value, slice=index):
                return self.index(self.within(self.write(value), ATOM), index_text(index)), ATOM
            case ast.Call():
                return self.function(term)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                texts = [self.write(item)[0] for item in items]
                return self.parentheses(", ".join(texts) + ("," if len(texts) == 1 else "")), ATOM
        return self.code(ast.unparse(term)), ATOM

    def operation(self, term: ast.BinOp) -> Written:
        left, right = self.write(term.left), self.write(term.right)
        match term.op:
            case ast.Add():
                return self.infix(self.within(left, SUM), "+", self.within(right, SUM + 1)), SUM
            case ast.Sub():
                return self.infix(self.within(left, SUM), "-", self.within(right, SUM + 1)), SUM
            case ast.Mult():
                entries = not any(map(is_number, list(factors(term))[:1]))
                return self.times(self.within(left, PRODUCT), self.within(right, PRODUCT + 1), entries), PRODUCT
            case ast.Div():
                return self.quotient(left, right)
            case ast.FloorDiv():
                return self.call("floor", [self.quotient(left, right)[0]]), ATOM
            case ast.MatMult():
                return self.matrices(self.within(left, MATMUL), self.within(right, MATMUL + 1)), MATMUL
            case ast.Pow():
                return self.power(self.within(left, ATOM), right), POWER
        return self.code(ast.unparse(term)), ATOM

    def function(self, term: ast.Call) -> Written:
        name, args, keywords = called(term)
        texts = [self.write(arg) for arg in args if not isinstance(arg, ast.Starred)]
        options = [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in keywords]
        if len(texts) < len(args) or any(keyword.arg is None for keyword in keywords):
            return self.code(ast.unparse(term)), ATOM
        if name == "swapaxes" and [ast.unparse(a) for a in args[1:]] in (["-1", "-2"], ["-2", "-1"]):
            return self.transposed(self.within(texts[0], ATOM)), POWER
        if name == "sum" and len(args) == 1:
            axes = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}.get("axis", "")
            return self.sum(texts[0], options, axes)
        if name == "astype":
            return texts[0]
        return self.call(name, [text for text, _ in texts] + [self.code(option) for option in options]), ATOM


class Latex(Text):
    """LaTeX for an `align` environment. Greek letters and indices come from the names."""

    def symbol(self, name: str) -> str:
        base, index = parts_of(name)
        letter = rf"\{base}" if base in GREEK else base if len(base) == 1 else rf"\mathrm{{{escaped(base)}}}"
        return f"{letter}_{{{self.inner(index)}}}" if index else letter

    def inner(self, index: str) -> str:
        if index in GREEK:
            return rf"\{index}"
        return index if index.isdigit() or len(index) == 1 else rf"\mathrm{{{escaped(index)}}}"

    def gradient(self, name: str) -> Written:
        return rf"\frac{{\partial L}}{{\partial {self.symbol(name)}}}", ATOM

    def number(self, value: object) -> str:
        text = f"{value:.6g}" if isinstance(value, float) else escaped(repr(value))
        mantissa, _, exponent = text.partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if isinstance(value, float) and exponent else text

    def times(self, left: str, right: str, entries: bool) -> str:
        sign = r"\odot" if entries else r"\,"
        return f"{left} {sign} {right}"

    def quotient(self, left: Written, right: Written) -> Written:
        return rf"\frac{{{left[0]}}}{{{right[0]}}}", ATOM

    def matrices(self, left: str, right: str) -> str:
        return rf"{left}\, {right}"

    def power(self, base: str, exponent: Written) -> str:
        return rf"{{{base}}}^{{{exponent[0]}}}"

    def transposed(self, base: str) -> str:
        return rf"{{{base}}}^{{\mathsf{{T}}}}"

    def parentheses(self, term: str) -> str:
        return rf"\left({term}\right)"

    def truth(self, term: str) -> str:
        return rf"\left[{term}\right]"

    def code(self, text: str) -> str:
        return rf"\texttt{{{escaped(text)}}}"

    def call(self, name: str, args: list[str]) -> str:
        return rf"{function_name(name)}\left({', '.join(args)}\right)"

    def slope(self, name: str, argument: str) -> str:
        return rf"{function_name(name)}'\left({argument}\right)"

    def sum(self, term: Written, options: list[str], axes: str) -> Written:  # noqa: ARG002
        under = rf"_{{\text{{axis }} {axes.strip('()').rstrip(',')}}}" if axes and axes != "None" else ""
        return rf"\sum{under} {self.within(term, PRODUCT)}", PRODUCT

    def index(self, base: str, index: str) -> str:
        return rf"{base}_{{[{self.code(index)}]}}"

    def compared(self, sign: type[ast.cmpop]) -> str:
        return COMPARISONS[sign][1]


def function_name(name: str) -> str:
    return KNOWN[name][0] if name in KNOWN else rf"\operatorname{{{escaped(name)}}}"


def escaped(text: str) -> str:
    r"""Text for LaTeX.

    >>> escaped("a_b{c}")
    'a\\_b\\{c\\}'
    """
    plain = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(plain.get(c, f"\\{c}" if c in "_{}$%&#" else c) for c in text)


class MathML(Text):
    """MathML, which browsers show without a library. Every text of the user's is escaped."""

    def row(self, *parts: str) -> str:
        return f"<mrow>{''.join(parts)}</mrow>"

    def letter(self, text: str) -> str:
        return f"<mi>{LETTERS.get(text) or escape(text)}</mi>"

    def sign(self, text: str) -> str:
        return f"<mo>{escape(text)}</mo>"

    def symbol(self, name: str) -> str:
        base, index = parts_of(name)
        inner = f"<mn>{index}</mn>" if index.isdigit() else self.letter(index)
        return f"<msub>{self.letter(base)}{inner}</msub>" if index else self.letter(base)

    def gradient(self, name: str) -> Written:
        return f"<mfrac>{self.row('<mo>∂</mo><mi>L</mi>')}{self.row('<mo>∂</mo>', self.symbol(name))}</mfrac>", ATOM

    def number(self, value: object) -> str:
        return f"<mn>{f'{value:.6g}' if isinstance(value, float) else escape(repr(value))}</mn>"

    def infix(self, left: str, sign: str, right: str) -> str:
        return self.row(left, self.sign({"-": "−"}.get(sign, sign)), right)

    def times(self, left: str, right: str, entries: bool) -> str:
        return self.row(left, self.sign("⊙" if entries else "\u2062"), right)

    def quotient(self, left: Written, right: Written) -> Written:
        return f"<mfrac>{self.row(left[0])}{self.row(right[0])}</mfrac>", ATOM

    def matrices(self, left: str, right: str) -> str:
        return self.row(left, self.sign("\u2062"), right)

    def power(self, base: str, exponent: Written) -> str:
        return f"<msup>{self.row(base)}{self.row(exponent[0])}</msup>"

    def transposed(self, base: str) -> str:
        return f"<msup>{self.row(base)}<mi>T</mi></msup>"

    def minus(self, term: str) -> str:
        return self.row(self.sign("−"), term)

    def parentheses(self, term: str) -> str:
        return self.row(self.sign("("), term, self.sign(")"))

    def truth(self, term: str) -> str:
        return self.row(self.sign("["), term if term.startswith("<") else self.code(term), self.sign("]"))

    def code(self, text: str) -> str:
        return f"<mtext>{escape(text)}</mtext>"

    def call(self, name: str, args: list[str]) -> str:
        between = self.sign(",")
        return self.row(self.function_letter(name), self.sign("("), between.join(args), self.sign(")"))

    def function_letter(self, name: str) -> str:
        return f"<mi>{KNOWN[name][1] if name in KNOWN else escape(name)}</mi>"

    def slope(self, name: str, argument: str) -> str:
        return self.row(f"<msup>{self.function_letter(name)}<mo>′</mo></msup>", self.sign("("), argument, self.sign(")"))

    def sum(self, term: Written, options: list[str], axes: str) -> Written:  # noqa: ARG002
        under = self.code(f"axis {axes.strip('()').rstrip(',')}") if axes and axes != "None" else ""
        total = f"<munder><mo>∑</mo>{under}</munder>" if under else "<mo>∑</mo>"
        return self.row(total, self.within(term, PRODUCT)), PRODUCT

    def index(self, base: str, index: str) -> str:
        return f"<msub>{self.row(base)}{self.code(f'[{index}]')}</msub>"

    def compared(self, sign: type[ast.cmpop]) -> str:
        return {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}.get(COMPARISONS[sign][0], COMPARISONS[sign][0])

    def equal(self, *sides: str) -> str:
        return "<math display='block'>" + self.row("<mo>=</mo>".join(sides)) + "</math>"


def tree_of(mathml: str) -> list[Any]:
    """MathML as nested lists for JSON: [element, text or children...], without the outermost element.

    The derivative of the loss with respect to something is ["d", something].

    >>> tree_of("<math><msup><mi>x</mi><mn>2</mn></msup></math>")
    [['msup', ['mi', 'x'], ['mn', '2']]]
    """

    def listed(element: ElementTree.Element) -> list[Any]:
        if element.tag == "mfrac" and [part[0].text for part in element if len(part)] == ["∂", "∂"]:
            return ["d", listed(element[1][1])]
        return [element.tag, *([element.text] if element.text else children(element))]

    def children(element: ElementTree.Element) -> Iterator[Any]:
        """Those of a row stand in the row around it."""
        for child in element:
            if child.tag == "mrow" and element.tag in ("math", "mrow"):
                yield from children(child)
            else:
                yield listed(child[0] if child.tag == "mrow" and len(child) == 1 else child)

    return list(children(ElementTree.fromstring(mathml)))
