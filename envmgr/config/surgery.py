"""Cutting statements out of a TOML text and putting sections into it; every other byte stays as it was.

A section is a header with the statements under it; those before the first header are the root's section.
Comments above a header stay when it goes, since nobody knows of what they speak; those between its
statements, and those right under the last of them with a blank line behind, go with it.
"""

from __future__ import annotations

from collections.abc import Collection

from envmgr.config.lexer import Path, Statement, statements


def remove(text: str, prefixes: Collection[Path]) -> str:
    """Without the statements whose paths begin with one of `prefixes`."""
    lines = text.split("\n")
    doomed: set[int] = set()
    section: Path | None = None
    behind_section = 0
    for statement in statements(text):
        prefix = next((p for p in prefixes if statement.path[: len(p)] == p), None)
        if prefix is None:
            section = None
            continue
        first, last = _place(text, statement)
        doomed.update(range(behind_section if section == prefix else first, last + 1))
        if section == prefix or statement.kind != "pair":
            section, behind_section = prefix, last + 1
            doomed.update(range(behind_section, _behind_comments(lines, behind_section)))
    return "\n".join(_without(lines, doomed))


def insert(text: str, kind: str, section: str) -> str:
    """With `section` behind the last one that speaks of `kind` (its first key), or at the end."""
    lines = text.split("\n")
    place = None
    is_about_kind = False
    for statement in statements(text):
        is_about_kind = statement.path[0] == kind or (is_about_kind and statement.kind == "pair")
        if is_about_kind:
            place = _behind_comments(lines, _place(text, statement)[1] + 1)
    if place is None:
        place = len(lines)
        while place and not lines[place - 1].strip():
            place -= 1
    before, behind = lines[:place], lines[place:] or [""]
    block = [""] * bool(before and before[-1].strip()) + section.split("\n") + [""] * bool(behind[0].strip())
    return "\n".join([*before, *_with_ends_of(text, block), *behind])


def insert_under(text: str, header: Path, line: str) -> str:
    """With `line` right under the header of the table `header`; unchanged when the table has no header."""
    lines = text.split("\n")
    for statement in statements(text):
        if statement.kind == "table" and statement.path == header:
            below = _place(text, statement)[1] + 1
            lines[below:below] = _with_ends_of(text, [line])
    return "\n".join(lines)


def _place(text: str, statement: Statement) -> tuple[int, int]:
    """First and last line, counted from 0."""
    first = text.count("\n", 0, statement.start)
    return first, first + text.count("\n", statement.start, statement.end)


def _behind_comments(lines: list[str], index: int) -> int:
    """Past the comment lines at `index` when a blank line or the end follows them, else `index`."""
    end = index
    while end < len(lines) and lines[end].lstrip().startswith("#"):
        end += 1
    return end if end == len(lines) or not lines[end].strip() else index


def _without(lines: list[str], doomed: Collection[int]) -> list[str]:
    """What is left. Blank lines that meet over a gap become one; a gap at the end leaves none."""
    kept: list[str] = []
    is_behind_gap = False
    for index, line in enumerate(lines):
        if index in doomed:
            is_behind_gap = True
            continue
        is_blank = not line.strip()
        if is_behind_gap and is_blank and not (kept and kept[-1].strip()):
            continue
        is_behind_gap &= is_blank
        kept.append(line)
    if is_behind_gap:
        while kept and not kept[-1].strip():
            kept.pop()
        kept.append("")
    return kept


def _with_ends_of(text: str, lines: list[str]) -> list[str]:
    return [f"{line}\r" for line in lines] if "\r\n" in text else lines
