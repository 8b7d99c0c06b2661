"""Reads the text of a derivation back: a small grammar of its own, so that what is printed is what is tested."""

from __future__ import annotations

import re

import numpy as np

NAME = re.compile(r"dL/d([^\W\d]\w*)|([^\W\d][\w.]*)")
NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?j?")
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
SIGNS = ("==", "!=", "<=", ">=", "<", ">")


def transposed(array):
    return np.swapaxes(array, -1, -2) if np.ndim(array) > 1 else array


class Reader:
    """The text of one side of an equation as a Python expression."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def python(self) -> str:
        found = self.sum()
        assert self.at == len(self.text), f"not read: {self.text[self.at :]!r} of {self.text!r}"
        return found

    def sees(self, *signs: str) -> str:
        return next((sign for sign in signs if self.text.startswith(sign, self.at)), "")

    def take(self, *signs: str) -> str:
        found = self.sees(*signs)
        self.at += len(found)
        return found

    def sum(self) -> str:
        found = f"-{self.product()}" if self.take("-") else self.product()
        while sign := self.take(" + ", " - "):
            found = f"({found}{sign}{self.product()})"
        return found

    def product(self) -> str:
        found = self.matrices()
        while sign := self.take(" * ", " / "):
            found = f"({found}{sign}{self.matrices()})"
        return found

    def matrices(self) -> str:
        found = self.power()
        while self.sees(" ") and re.match(r" [\w.(\[]", self.text[self.at :]) and not self.sees(" in ", " if ", " for "):
            self.at += 1
            found = f"({found} @ {self.power()})"
        return found

    def power(self) -> str:
        found = self.atom()
        while True:
            if self.take("^T"):
                found = f"transposed_({found})"
            elif self.take("^("):
                found = f"({found} ** ({self.sum()}))"
                assert self.take(")")
            elif self.take("^"):
                found = f"({found} ** {self.matched(NUMBER)})"
            elif self.sees("["):
                found = f"{found}{self.raw('[', ']')}"
            else:
                return found

    def atom(self) -> str:
        if self.take("("):
            items = self.items(")")
            return f"({', '.join(items)}{',' if self.text[self.at - 2] == ',' else ''})"
        if self.take("["):
            denied = self.take("not ")
            found = self.sum()
            if sign := self.take(*(f" {sign} " for sign in SIGNS)):
                found = f"{found}{sign}{self.sum()}"
            assert self.take("]")
            return f"(~np.asarray({found}))" if denied else f"({found})"
        if self.sees("'", '"'):
            return self.matched(QUOTED)
        if NUMBER.match(self.text, self.at):
            return self.matched(NUMBER)
        name = NAME.match(self.text, self.at)
        assert name, f"{self.text[self.at :]!r} of {self.text!r}"
        self.at = name.end()
        plain = f"d_{name[1]}" if name[1] else name[2]
        return f"{plain}({', '.join(self.items(')'))})" if self.take("(") else plain

    def items(self, end: str) -> list[str]:
        """Arguments up to a closing parenthesis. The value of a keyword is Python."""
        found: list[str] = []
        while not self.take(end):
            keyword = re.compile(r"[^\W\d]\w*=(?!=)").match(self.text, self.at)
            if keyword:
                start = self.at
                self.skip(",)")
                found.append(self.text[start : self.at])
            else:
                found.append(self.sum())
            self.take(", ", ",")
        return found

    def raw(self, opening: str, closing: str) -> str:
        start = self.at
        self.at += len(opening)
        self.skip(closing)
        self.at += 1
        return re.sub(r"dL/d(\w+)", r"d_\1", self.text[start : self.at])

    def skip(self, stops: str) -> None:
        depth = 0
        while depth or self.text[self.at] not in stops:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(self.text[self.at], 0)
            self.at += 1

    def matched(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        assert found, self.text[self.at :]
        self.at = found.end()
        return found[0]


def python(text: str) -> str:
    return Reader(text).python()
