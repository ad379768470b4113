"""Stubs in the syntax of a newer Python than reads them.

Type parameters and `type` statements (PEP 695, 696) are of Python 3.12 and later; NumPy's stubs have them. What they
declare is a name that stands for any type: without them the rest says the same to us.
"""

from __future__ import annotations

import ast
import io
import tokenize

_LAYOUT = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.COMMENT)


def parsed(text: str) -> ast.Module:
    """The syntax tree of a stub; lines are those of `text`. Raises SyntaxError."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        try:
            return ast.parse(older(text))
        except tokenize.TokenError:
            raise error from None


def older(text: str) -> str:
    """`text` without type parameters and the word `type` of aliases. Lines stay, and columns but for aliases."""
    lines = [list(line) for line in text.splitlines(keepends=True)]
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    begins = True
    for at, token in enumerate(tokens):
        if begins and token.string == "type" and tokens[at + 1].type == tokenize.NAME:
            _without_parameters(lines, tokens, at + 2)
            _moved(lines, token, tokens[at + 1])
        elif token.string in ("def", "class") and tokens[at + 1].type == tokenize.NAME:
            _without_parameters(lines, tokens, at + 2)
        begins = token.type in _LAYOUT or token.string == ";"
    return "".join("".join(line) for line in lines)


def _moved(lines: list[list[str]], word: tokenize.TokenInfo, name: tokenize.TokenInfo) -> None:
    """The name of an alias begins its statement: it moves to where `type` stood."""
    line = lines[word.start[0] - 1]
    both = name.string.ljust(name.end[1] - word.start[1])
    line[word.start[1] : name.end[1]] = both


def _without_parameters(lines: list[list[str]], tokens: list[tokenize.TokenInfo], at: int) -> None:
    """Blanks the bracket that opens at this token, if one does."""
    if tokens[at].string != "[":
        return
    depth = 0
    for token in tokens[at:]:
        depth += (token.string in ("[", "(", "{")) - (token.string in ("]", ")", "}"))
        if depth == 0:
            _blank(lines, tokens[at].start, token.end)
            return


def _blank(lines: list[list[str]], start: tuple[int, int], end: tuple[int, int]) -> None:
    """The end of a line inside a bracket becomes a continued line."""
    for number in range(start[0], end[0] + 1):
        line = lines[number - 1]
        first = start[1] if number == start[0] else 0
        last = end[1] if number == end[0] else len(line)
        line[first:last] = [" "] * (last - first)
        if number < end[0]:
            line[-2 if last - first > 1 else -1 :] = ["\\", "\n"]
