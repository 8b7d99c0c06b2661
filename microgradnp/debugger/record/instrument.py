"""A module's source with a hook at every operation: the same program, which tells a recorder what it computes.

`a + b` becomes `HOOKS[7](a, b)`, a call `f(x)` becomes `HOOKS[8](f)(x)`, `w -= g` becomes `w = HOOKS[9](w, g)`. The hooks hand on
the very objects that Python would have made. So types, values and the order of evaluation stay as they are.
"""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple

from microgradnp.debugger.record.sites import Site, Statement
from microgradnp.debugger.record.syntax import (
    BINARY,
    CALL,
    COMPARE,
    FREE,
    HOOKS,
    IN_PLACE,
    INDEX,
    PARTS,
    UNARY,
    Tree,
    fields,
    is_generator,
    is_stored,
    name_parts,
    number_in,
    place,
    spec_of,
)


class Instrumented(NamedTuple):
    """The compiled modules, as it was and with hooks, and what each hook stands for: a site, or the number of a literal."""

    plain: CodeType
    hooked: CodeType
    hooks: list[Site | float | complex]
    literals: dict[int, Site]  # index of a hook that is a literal -> where it stands
    block: tuple[CodeType, CodeType] | None = None  # of a watched block, as it was and with hooks
    base: Instrumented | None = None  # the code of all that is not in these modules


@functools.lru_cache(maxsize=64)
def instrument(file: str, text: str, looking: bool = False, line: int = 0) -> Instrumented:
    """A source text with hooks; `looking`: they look at the variables; `line`: of a watched block. Raises SyntaxError."""
    return instrument_tree(file, ast.parse(text, file), looking, line, ast.parse(text, file))


def instrument_tree(file: str, tree: ast.Module, looking: bool = False, line: int = 0, twin: Any = None) -> Instrumented:
    """The same for a syntax tree, which may be that of an edited program. Its `twin` is changed: a parse beats a copy."""
    instrumenter = Instrumenter(file, looking)

    def both(part: ast.Module, change: Callable[[ast.Module], ast.Module], own: ast.Module) -> tuple[CodeType, CodeType]:
        hooked = ast.fix_missing_locations(change(own))
        return compile(part, file, "exec", dont_inherit=True), compile(hooked, file, "exec", dont_inherit=True)

    plain, code = both(tree, instrumenter.visit, twin or copy.deepcopy(tree))
    block = None
    if (body := block_at(tree, line)) is not None:
        block = both(ast.Module(body, []), instrumenter.whole, ast.Module(copy.deepcopy(body), []))
    return Instrumented(plain, code, instrumenter.hooks, instrumenter.literals, block)


def block_at(tree: ast.Module, line: int) -> list[ast.stmt] | None:
    """The statements inside of the `with` at a line."""
    return next((node.body for node in ast.walk(tree) if isinstance(node, ast.With) and node.lineno == line), None)


class Instrumenter(ast.NodeTransformer):
    """Puts hooks into a tree."""

    def __init__(self, file: str, looking: bool = False) -> None:
        self.file = file
        self.looking = looking
        self.hooks: list[Site | float | complex] = []
        self.literals: dict[int, Site] = {}
        self.made: dict[int, Site] = {}  # id of a new call -> its site
        self.kept: list[ast.AST] = []  # keeps those ids unique
        self.function = ["<module>"]
        self.classes: list[str] = []
        self.lines: dict[int, int] = {}
        self.is_block = False
        self.statement = Statement(file, "<module>", 1, 0, 1, 0, 0, None)

    # ------------------------------------------------------------------------------------------------ making hooks

    def site(self, kind: str, at: Any, function: Any = None, inner: tuple[ast.expr, ...] = ()) -> Site:
        """A new site for the expression or statement `at`, whose operands are `inner`."""
        parts = tuple(self.made.get(id(part)) for part in inner)
        place = (at.lineno, at.col_offset, at.end_lineno, at.end_col_offset)
        site = Site(kind, self.statement, *place, function, None, parts)
        for part in parts:
            if part is not None:
                part.outer = site
        return site

    def hook(self, site: Site | float | complex, at: Any) -> ast.expr:
        """The expression `HOOKS[n]`."""
        self.hooks.append(site)
        return place(ast.Subscript(ast.Name(HOOKS, ast.Load()), ast.Constant(len(self.hooks) - 1), ast.Load()), at)

    def call(self, kind: str, at: Any, function: Any, *args: ast.expr, inner: tuple[ast.expr, ...] | None = None) -> ast.expr:
        """The expression `HOOKS[n](*args)`."""
        site = self.site(kind, at, function, args if inner is None else inner)
        made = place(ast.Call(self.hook(site, at), list(args), []), at)
        self.made[id(made)] = site
        self.kept.append(made)
        return made

    def index(self, tree: ast.expr) -> ast.expr:
        """An index as an expression: slices are made by INDEX."""
        tree = self.visit(tree)
        if any(isinstance(part, (ast.Slice, ast.Starred)) for part in (tree, *getattr(tree, "elts", ()))):
            return place(ast.Subscript(ast.Name(INDEX, ast.Load()), tree, ast.Load()), tree)
        return tree

    def test(self, tree: ast.expr) -> ast.expr:
        """A condition. Comparisons are decisions by themselves; every other value is looked at when its truth is read."""
        if isinstance(tree, ast.BoolOp):
            return place(ast.BoolOp(tree.op, [self.test(value) for value in tree.values]), tree)
        new = self.visit(tree)
        if isinstance(tree, ast.Constant) or (isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)):
            return new
        return self.call("test", tree, None, new)

    # ------------------------------------------------------------------------------------------------ expressions

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self.call("binary", node, BINARY[type(node.op)], self.visit(node.left), self.visit(node.right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Not):
            return place(ast.UnaryOp(ast.Not(), self.test(node.operand)), node)
        if isinstance(node.operand, ast.Constant):
            if isinstance(node.op, ast.USub) and isinstance(node.operand.value, float):
                return self.literal(-node.operand.value, node)
            return node
        return self.call("unary", node, UNARY[type(node.op)], self.visit(node.operand))

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return self.literal(node.value, node) if isinstance(node.value, (float, complex)) else node

    def literal(self, value: float | complex, node: ast.expr) -> ast.expr:
        self.literals[len(self.hooks)] = self.site("literal", node)
        return self.hook(value, node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        sides = [node.left, *node.comparators]
        if any(type(op) not in COMPARE for op in node.ops) or (
            len(sides) > 2 and not all(isinstance(side, (ast.Name, ast.Constant, ast.Attribute)) for side in sides[1:-1])
        ):
            return self.generic(node)
        pairs = []
        for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
            pairs.append(self.call("compare", node, COMPARE[type(op)], self.visit(left), self.visit(right)))
        return pairs[0] if len(pairs) == 1 else place(ast.BoolOp(ast.And(), pairs), node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        tested = [self.test(value) for value in node.values[:-1]]
        return place(ast.BoolOp(node.op, [*tested, self.visit(node.values[-1])]), node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return place(ast.IfExp(self.test(node.test), self.visit(node.body), self.visit(node.orelse)), node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        args = [self.visit(arg) for arg in node.args]
        words = [place(ast.keyword(word.arg, self.visit(word.value)), word) for word in node.keywords]
        if isinstance(node.func, ast.Name) and node.func.id in FREE:
            return place(ast.Call(node.func, args, words), node)
        plain = tuple(args) if not any(isinstance(arg, ast.Starred) for arg in args) else ()
        site = self.site("call", node, None, plain)
        function = self.visit(node.func)
        made = place(ast.Call(place(ast.Call(self.hook(site, node), [function], []), node), args, words), node)
        self.made[id(made)] = site
        self.kept.append(made)
        return made

    def visit_Starred(self, node: ast.Starred) -> ast.expr:
        if not isinstance(node.ctx, ast.Load):
            return self.generic(node)
        return place(ast.Starred(self.call("unpack", node, (None,), self.visit(node.value)), ast.Load()), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if not isinstance(node.ctx, ast.Load):
            return self.generic(node)
        return self.call("item", node, None, self.visit(node.value), self.index(node.slice))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if node.attr in PARTS and isinstance(node.ctx, ast.Load):
            return self.call("attribute", node, node.attr, self.visit(node.value))
        return self.generic(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        arguments = self.visit(node.args)
        self.function.append("<lambda>")
        enter = self.call("enter", node, self.qualified(), inner=())
        body = self.call("leave", node, None, enter, self.visit(node.body), inner=())
        self.function.pop()
        return place(ast.Lambda(arguments, body), node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        iterated = self.call("iterate", node.iter, spec_of(node.target), self.visit(node.iter))
        return ast.comprehension(node.target, iterated, [self.test(test) for test in node.ifs], node.is_async)

    def visit_match_case(self, node: ast.match_case) -> ast.match_case:
        guard = node.guard and self.test(node.guard)
        return ast.match_case(node.pattern, guard, self.block(node.body))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        return node

    # ------------------------------------------------------------------------------------------------ statements

    def visit(self, node: Tree) -> Any:
        if isinstance(node, ast.stmt):
            self.statement = self.describe(node)
        return super().visit(node)

    def describe(self, node: ast.stmt) -> Statement:
        """The statement as reports name it. Of a compound statement only the header counts."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        body = getattr(node, "body", None)
        if isinstance(body, list) and body:
            end_line, end_column = body[0].lineno, body[0].col_offset
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = ", ".join(ast.unparse(target) for target in targets if target is not None) or None
        position = self.lines[node.lineno] = self.lines.get(node.lineno, -1) + 1
        place = (node.lineno, node.col_offset, end_line, end_column)
        return Statement(self.file, self.qualified(), *place, position, names)

    def qualified(self) -> str:
        return ".".join(self.function[1:]) or "<module>"

    def visit_Assign(self, node: ast.Assign) -> Any:
        value = self.visit(node.value)
        site = self.made.get(id(value))
        if site is not None:
            site.target = self.statement.target
        name_parts(node, value, self.made)
        specs = [spec_of(target) for target in node.targets]
        if any(specs) and not isinstance(node.value, (ast.Tuple, ast.List)):
            value = self.call("unpack", node.value, next(spec for spec in specs if spec), value)
        if not any(is_stored(part) for target in node.targets for part in ast.walk(target)):
            return place(ast.Assign(node.targets, value), node)
        if len(node.targets) == 1 and is_stored(node.targets[0]):
            return self.store(node.targets[0], value, node)
        return self.store_all(node, value)

    def store(self, target: Any, value: ast.expr, node: ast.stmt) -> ast.stmt:
        """`a[i] = value` or `a.flat = value`."""
        if isinstance(target, ast.Attribute):
            return place(ast.Expr(self.call("set_attribute", node, target.attr, value, self.visit(target.value))), node)
        container = self.visit(target.value)
        return place(ast.Expr(self.call("set_item", node, None, value, container, self.index(target.slice))), node)

    def store_all(self, node: ast.Assign, value: ast.expr) -> list[ast.stmt]:
        """Several targets, of which one is an item: all values are taken first, and stored from left to right."""
        made: list[ast.stmt] = []
        whole = place(ast.Name("__value__", ast.Store()), node)
        made.append(place(ast.Assign([whole], value), node))
        count = 0
        for target in node.targets:
            later: list[ast.stmt] = []

            def replaced(part: Any, later: list[ast.stmt] = later) -> ast.expr:
                nonlocal count
                if isinstance(part, (ast.Tuple, ast.List)):
                    return place(type(part)([replaced(item) for item in part.elts], ast.Store()), part)
                if isinstance(part, ast.Starred):
                    return place(ast.Starred(replaced(part.value), ast.Store()), part)
                count += 1
                name = f"__value{count}__"
                held = place(ast.Name(name, ast.Load()), part)
                later.append(self.store(part, held, node) if is_stored(part) else place(ast.Assign([part], held), node))
                return place(ast.Name(name, ast.Store()), part)

            taken = place(ast.Name("__value__", ast.Load()), node)
            made += [place(ast.Assign([replaced(target)], taken), node), *later]
        names = ["__value__", *[f"__value{k}__" for k in range(1, count + 1)]]
        made.append(place(ast.Delete([place(ast.Name(name, ast.Del()), node) for name in names]), node))
        return made

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        function = IN_PLACE[type(node.op)]
        target = node.target
        if isinstance(target, ast.Name):
            loaded = place(ast.Name(target.id, ast.Load()), target)
            new = self.call("augmented", node, function, loaded, self.visit(node.value))
            self.made[id(new)].target = self.statement.target
            return place(ast.Assign([target], new), node)
        if isinstance(target, ast.Attribute):
            held = self.call("load_attribute", target, self.mangled(target.attr), self.visit(target.value), inner=())
        else:
            held = self.call("load_item", target, None, self.visit(target.value), self.index(target.slice))
        stored = self.call("augmented_place", node, function, held, self.visit(node.value))
        self.made[id(stored)].target = self.statement.target
        return place(ast.Expr(stored), node)

    def mangled(self, name: str) -> str:
        """A private name as Python knows it inside of a class."""
        if name.startswith("__") and not name.endswith("__") and self.classes and self.classes[-1].strip("_"):
            return f"_{self.classes[-1].lstrip('_')}{name}"
        return name

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if node.value is None or not node.simple:
            return node
        value = self.visit(node.value)
        if id(value) in self.made:
            self.made[id(value)].target = self.statement.target
        return place(ast.AnnAssign(node.target, node.annotation, value, node.simple), node)

    def visit_For(self, node: ast.For) -> ast.stmt:
        iterated = self.call("iterate", node.iter, spec_of(node.target), self.visit(node.iter))
        look = self.look(node)
        body, orelse = [*look, *self.block(node.body)], self.block(node.orelse)
        return place(ast.For(node.target, iterated, body, orelse, node.type_comment), node)

    def visit_If(self, node: ast.If) -> ast.stmt:
        test = self.test(node.test)
        return place(ast.If(test, self.block(node.body), self.block(node.orelse)), node)

    def visit_While(self, node: ast.While) -> ast.stmt:
        test = self.test(node.test)
        look = self.look(node)
        return place(ast.While(test, [*look, *self.block(node.body)], self.block(node.orelse)), node)

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        return place(ast.Assert(self.test(node.test), node.msg), node)

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        value = self.visit(node.value) if node.value is not None else None
        if value is not None and id(value) in self.made:
            self.made[id(value)].target = "return"
        return place(ast.Return(value), node)

    def visit_Delete(self, node: ast.Delete) -> ast.stmt:
        return node

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in body:
            new = self.visit(statement)
            made += new if isinstance(new, list) else [new]
            if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and (len(self.function) > 1 or self.is_block):
                made += self.look(statement)
        return made

    def whole(self, tree: ast.Module) -> ast.Module:
        """A watched block, whose variables are looked at from the start."""
        self.is_block = True
        return ast.Module([*self.look(tree.body[0]), *self.block(tree.body)], [])

    def look(self, at: ast.stmt) -> list[ast.stmt]:
        """A statement that looks at the variables, where somebody wants to know them."""
        return [place(ast.Expr(self.call("look", at, None, *number_in(at), inner=())), at)] if self.looking else []

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        self.function.append(node.name)
        self.classes.append(node.name)
        body = self.block(node.body)
        self.classes.pop()
        self.function.pop()
        made = ast.ClassDef(**{**fields(node), "body": body})
        return place(made, node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        node.args = self.visit(node.args)
        self.function.append(node.name)
        enter = None if is_generator(node) else self.call("enter", node, self.qualified(), inner=())
        start = 1 if ast.get_docstring(node, clean=False) is not None else 0
        body = self.block(node.body[start:])
        if enter is not None and body:
            before = place(ast.Assign([place(ast.Name(CALL, ast.Store()), node)], enter), node)
            leave = self.call("leave", node, None, place(ast.Name(CALL, ast.Load()), node), inner=())
            body = [before, place(ast.Try(body, [], [], [place(ast.Expr(leave), node)]), node)]
        node.body = [*node.body[:start], *body]
        self.function.pop()
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.arguments:
        node.defaults = [self.visit(default) for default in node.defaults]
        node.kw_defaults = [default and self.visit(default) for default in node.kw_defaults]
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.stmt:
        return node

    def generic(self, node: Tree) -> Tree:
        """The node with its children visited."""
        return self.generic_visit(node)  # type: ignore[return-value]
