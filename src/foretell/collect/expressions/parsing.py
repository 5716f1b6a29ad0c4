"""Text to tree, by recursive descent.

``or`` binds weakest, then ``and``, ``not``, comparisons (``= != < <= > >= in``), ``+ -``, ``* /``,
and ``-`` before a value. A column is a plain word, a text in backquotes, or ``column('Any Name')``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from foretell.collect.expressions.tree import Call, Column, Expression, Literal, height
from foretell.errors import UsageError

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<word>[^\W\d]\w*)|(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<quoted>`[^`]+`)|(?P<sign><=|>=|!=|<>|==|[-+*/=<>(),]))"
)
_COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WORDS = {"true": True, "false": False, "missing": None}
_DEPTH = 60
"""Most brackets, signs and ``not`` inside each other."""
_HEIGHT = 200
"""Most operators in a row, and levels of the tree."""
_SHOWN = 200
"""Characters of an expression that an error repeats."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def parsed(source: str | float | bool) -> Expression:
    """Read an expression; a number or a boolean stands for itself.

    Raises:
        UsageError: ``BAD_EXPRESSION``, saying at which character.
    """
    if not isinstance(source, str):
        return Literal(source)
    return _Parser(source).whole()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = list(self._tokens())
        self.position = 0
        self.depth = 0

    def _tokens(self) -> list[_Token]:
        found, at, end = [], 0, len(self.source.rstrip())
        while at < end:
            match = _TOKEN.match(self.source, at)
            if match is None:
                start = at + len(self.source[at:]) - len(self.source[at:].lstrip())
                raise self._error(f"{self.source[start]!r} is not understood", start)
            kind = str(match.lastgroup)
            found.append(_Token(kind, match[kind], match.start(kind)))
            at = match.end()
        return found

    def whole(self) -> Expression:
        if not self.tokens:
            raise self._error("it is empty", 0)
        result = self._either()
        if self.position < len(self.tokens):
            token = self.tokens[self.position]
            raise self._error(f"{token.text!r} is not expected", token.at)
        if height(result) > _HEIGHT:
            raise self._error("it is too long; shorten it, e.g. by in (...)", 0)
        return result

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > _DEPTH:
            raise self._error("it is nested too deep", 0)
        yield
        self.depth -= 1

    def _either(self) -> Expression:
        with self._deeper():
            result = self._both()
            while self._takes("or"):
                result = Call("or", (result, self._both()))
        return result

    def _both(self) -> Expression:
        result = self._negated()
        while self._takes("and"):
            result = Call("and", (result, self._negated()))
        return result

    def _negated(self) -> Expression:
        if self._takes("not"):
            with self._deeper():
                return Call("not", (self._negated(),))
        return self._compared()

    def _compared(self) -> Expression:
        left = self._sum()
        negated = self._next_is("not", "in") and self._takes("not")
        if self._takes("in"):
            self._expect("(")
            inside = Call("in", (left, *self._arguments()))
            return Call("not", (inside,)) if negated else inside
        for sign, name in _COMPARISONS.items():
            if self._takes(sign):
                return Call(name, (left, self._sum()))
        return left

    def _sum(self) -> Expression:
        result = self._product()
        while sign := self._takes("+", "-"):
            result = Call(sign, (result, self._product()))
        return result

    def _product(self) -> Expression:
        result = self._signed()
        while sign := self._takes("*", "/"):
            result = Call(sign, (result, self._signed()))
        return result

    def _signed(self) -> Expression:
        if self._takes("-"):
            with self._deeper():
                return Call("neg", (self._signed(),))
        return self._value()

    def _value(self) -> Expression:
        if self._takes("("):
            inside = self._either()
            self._expect(")")
            return inside
        if self.position >= len(self.tokens):
            raise self._error("it ends too early", len(self.source))
        token = self.tokens[self.position]
        self.position += 1
        if token.kind == "number":
            return Literal(float(token.text) if "." in token.text else int(token.text))
        if token.kind == "text":
            quote = token.text[0]
            return Literal(token.text[1:-1].replace(quote * 2, quote))
        if token.kind == "quoted":
            return Column(token.text[1:-1])
        if token.kind == "word":
            return self._named(token)
        raise self._error(f"{token.text!r} is not expected", token.at)

    def _named(self, token: _Token) -> Expression:
        if not self._takes("("):
            if token.text in _WORDS:
                return Literal(_WORDS[token.text])
            return Column(token.text)
        arguments = self._arguments()
        if token.text != "column":
            return Call(token.text, arguments)
        if len(arguments) == 1 and isinstance(arguments[0], Literal) and isinstance(arguments[0].value, str):
            return Column(arguments[0].value)
        raise self._error("column() takes one name in quotes", token.at)

    def _arguments(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        if self._takes(")"):
            return ()
        while True:
            found.append(self._either())
            if self._takes(")"):
                return tuple(found)
            self._expect(",")

    def _takes(self, *texts: str) -> str:
        if self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token.kind in ("sign", "word") and token.text in texts:
                self.position += 1
                return token.text
        return ""

    def _next_is(self, *texts: str) -> bool:
        ahead = self.tokens[self.position : self.position + len(texts)]
        return tuple(token.text for token in ahead) == texts

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            at = self.tokens[self.position].at if self.position < len(self.tokens) else len(self.source)
            raise self._error(f"{text!r} is missing", at)

    def _error(self, why: str, at: int) -> UsageError:
        shown = self.source if len(self.source) <= _SHOWN else f"{self.source[:_SHOWN]}…"
        return UsageError(
            "BAD_EXPRESSION",
            f"the expression {shown!r} is not understood: {why} (character {at + 1})",
            next_step="Use column names, 'texts', numbers, + - * /, comparisons, and/or/not and functions; "
            "write column('Any Name') for names with blanks.",
        )
