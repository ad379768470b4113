"""Deprecations that a body or a decorator announces, found without running anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from envmgr.changes import decorators_in
from envmgr.changes.names_in import CATEGORY, WARNS, Function, Known, text_of

_DECORATOR = re.compile(r"deprecat", re.IGNORECASE)
_NO_WARNING = re.compile(r"filter|catch|assert|raises|warns$|_warned|Warning$", re.IGNORECASE)
_MESSAGES = frozenset({"message", "msg", "text", "name", "reason", "alternative"})


@dataclass(frozen=True, slots=True)
class Warned:
    """`deprecated` is the text of a warning that every call shows, `texts` of those that some do, `decorators` what
    stands above, as written, `still` the names that these take yet."""

    texts: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    deprecated: str | None = None
    still: frozenset[str] = frozenset()

    def with_those_of(self, other: Warned) -> Warned:
        return Warned(
            (*self.texts, *other.texts),
            (*self.decorators, *other.decorators),
            self.deprecated or other.deprecated,
            self.still | other.still,
        )


def function(node: ast.AST, known: Known) -> Warned:
    """Of a definition."""
    whole = decorators_in.whole(node, known.constants)
    texts, always = _of_body(node, known, followed=False)
    texts += [decorators_in.shown(each) for each in decorators_in.partly(node)]
    still = set(decorators_in.still_taken(node))
    for each in decorators_in.of_its_own(node, known.functions):
        said, _ = _of_body(each, known, followed=True)
        if said and not any(decorators_in.name_of(one) == each.name for one in decorators_in.partly(node)):
            texts += said
        if said:
            still |= set(decorators_in.spoken_of(each, tuple(said)))
    return Warned(
        tuple(dict.fromkeys(text for text in texts if text)),
        decorators_in.written(node),
        always if whole is None else whole,
        frozenset(still),
    )


def inner(node: ast.AST) -> Iterator[Function]:
    """Functions that it makes."""
    for each in ast.walk(node):
        if isinstance(each, Function) and each is not node:
            yield each


def holder(node: ast.AST, known: Known) -> Warned:
    """Of a class: what stands above it."""
    return Warned((), decorators_in.written(node), decorators_in.whole(node, known.constants))


def _of_body(node: ast.AST, known: Known, *, followed: bool) -> tuple[list[str], str | None]:
    """Texts of its warnings, and of the one that every call shows; also of those that a function of the module shows
    whose name says that it warns, unless that is where we come from."""
    every = [each for statement in getattr(node, "body", ()) for each in ast.walk(statement)]
    names = {**known.constants, **_locals(every)}
    texts: list[str] = []
    always: str | None = None
    for call in (each for each in every if isinstance(each, ast.Call)):
        if _is_deprecation(call, names):
            said = [_said(call, names)]
        elif not followed and isinstance(call.func, ast.Name) and WARNS.search(call.func.id):
            helper = known.functions.get(call.func.id)
            said = [] if helper is None else _of_body(helper, known, followed=True)[0]
        else:
            continue
        texts += said
        if always is None and said and _is_always(node, call):
            always = said[0]
    return texts, always


def _said(call: ast.Call, names: Mapping[str, ast.expr]) -> str:
    """`""` where only a run tells. What a helper of the library's own is given is often only a name."""
    given = [*call.args, *(each.value for each in call.keywords if each.arg in _MESSAGES)]
    said = [found for one in given if re.search(r"[A-Za-z]", found := text_of(one, names))]
    text = next((one for one in said if " " in one), said[0] if said else "")
    if not text or text == "None":
        return ""
    if _DECORATOR.search(ast.unparse(call.func)) and not _DECORATOR.search(text):
        return f"{text} is deprecated"
    return text


def _is_deprecation(call: ast.Call, names: Mapping[str, ast.expr]) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    if not WARNS.search(name) or _NO_WARNING.search(name):
        return False
    said = [*call.args, *(each.value for each in call.keywords if each.arg in ("category", None))]
    return bool(_DECORATOR.search(name) and (call.args or _says(call))) or any(
        CATEGORY.search(ast.unparse(each.func if isinstance(each, ast.Call) else each))
        for each in (names.get(one.id, one) if isinstance(one, ast.Name) else one for one in said)
        if isinstance(each, (ast.Name, ast.Attribute, ast.Call))
    )


def _says(call: ast.Call) -> bool:
    return any(each.arg in _MESSAGES for each in call.keywords)


def _is_always(node: ast.AST, call: ast.Call) -> bool:
    """Whether it is a statement of the body itself, before anything else can end it."""
    for statement in getattr(node, "body", ()):
        if isinstance(statement, ast.Expr) and statement.value is call:
            return True
        if isinstance(statement, (ast.Return, ast.Raise)):
            return False
    return False


def _locals(every: Iterable[ast.AST]) -> dict[str, ast.expr]:
    return {
        target.id: each.value
        for each in every
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
