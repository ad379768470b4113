"""What stubs add to what was seen at run time: signatures, types, what is returned, overloads."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from envmgr.catalog import stub_signatures
from envmgr.catalog.facts import STUB, Object
from envmgr.catalog.overloads import ARGS, KWARGS, POSITIONAL, Parameters, merged, union
from envmgr.catalog.stub_lookup import Function, Lookup, Place, decorators, unwrapped
from envmgr.catalog.stub_meaning import Meanings
from envmgr_runtime.library.signatures import with_default

_CALLABLE = frozenset(
    {
        "function",
        "coroutine",
        "generator",
        "async-generator",
        "ufunc",
        "method",
        "classmethod",
        "staticmethod",
    }
)
_FEW_ALIASES = 4
"""Paths of an object that stubs are asked about: the stub of some module has it, if any does."""


class Stubs:
    """Of one module of an environment."""

    def __init__(self, module: str, lookup: Lookup) -> None:
        self._module, self._lookup = module, lookup
        self._meanings = Meanings(lookup)
        self._signatures: dict[tuple[int, bool], Parameters] = {}

    def complete(self, objects: Iterable[Object]) -> None:
        for found in objects:
            if found.kind == "module" or _says_all(found):
                continue
            place = self._place(found)
            if place is not None:
                self._add(found, place)

    def _place(self, found: Object) -> Place | None:
        if found.module and found.qualname and self._lookup.has(found.module):
            place = self._lookup.find(found.module, found.qualname)
            if place is not None:
                return place
        for path in found.paths[:_FEW_ALIASES]:
            place = self._lookup.find(self._module, path)
            if place is not None:
                return place
        if found.file is None and found.qualname:  # compiled
            return self._lookup.find_by_name(self._module.partition(".")[0], found.qualname)
        return None

    def _add(self, found: Object, place: Place) -> None:
        if found.kind in ("property", "constant"):
            self._value(found, place)
            return
        owner = place.class_node()
        if found.kind == "class":
            if owner is None:
                return
            found.deprecated = found.deprecated or stub_signatures.deprecation(owner)
            made = self._lookup.member(place, "__init__")
            if made is None or _is_object(made):
                made = self._lookup.member(place, "__new__")
            if made is not None and not _is_object(made):
                self._signature(found, made.functions(), made, without_first=True, returns=False)
            return
        if found.kind not in _CALLABLE:
            return
        if not place.functions():
            called = place if owner is not None else self._lookup.held(place)
            call = None if called is None else self._lookup.attribute(called, "__call__")
            if call is None or not call.functions():
                return
            place = Place(call.module, call.info, of_instance=True)
        functions = place.functions()
        is_class = "classmethod" in decorators(functions[0])
        is_static = "staticmethod" in decorators(functions[0])
        is_bound = place.of_instance or (place.in_class and found.kind not in ("method", "staticmethod"))
        without_first = is_class or (is_bound and not is_static)
        self._signature(found, functions, place, without_first=without_first, returns=True)

    def _signature(
        self,
        found: Object,
        functions: Sequence[Function],
        place: Place,
        *,
        without_first: bool,
        returns: bool,
    ) -> None:
        if not functions:
            return
        meaning = self._meanings.of(place.module)
        signatures = [self._parameters(node, meaning, without_first) for node in functions]
        answers = [stub_signatures.text(node.returns) if returns else None for node in functions]
        whole = [list(parameter) for parameter in merged(signatures)]
        if found.parameters is None or _takes_anything(found.parameters):
            found.parameters = whole
            found.origins["signature"] = STUB
            if any(parameter[4] for parameter in whole):
                found.origins["types"] = STUB
        else:
            _add_types(found, whole)
        if len(functions) > 1 and not found.overloads:
            found.overloads = list(zip(signatures, answers, strict=True))
            found.origins["overloads"] = STUB
        self._returns(found, union(answers))
        said = [stub_signatures.deprecation(node) for node in functions]
        if found.deprecated is None and None not in said:
            found.deprecated = said[0]

    def _parameters(
        self, node: Function, meaning: stub_signatures.Meaning, without_first: bool
    ) -> Parameters:
        key = (id(node), without_first)  # nodes live as long as the lookup
        if key not in self._signatures:
            self._signatures[key] = stub_signatures.parameters(node, meaning, without_first=without_first)
        return self._signatures[key]

    def _value(self, found: Object, place: Place) -> None:
        functions, variable = place.functions(), place.variable()
        if functions:
            self._returns(found, stub_signatures.text(functions[0].returns))
        elif isinstance(variable, ast.AnnAssign):
            annotation = unwrapped(variable.annotation)
            written = stub_signatures.text(annotation)
            if written not in ("Final", "ClassVar", "TypeAlias"):
                self._returns(found, written)

    def _returns(self, found: Object, answer: str | None) -> None:
        if found.returns is None and answer is not None:
            found.returns = answer
            found.origins["returns"] = STUB


def _says_all(found: Object) -> bool:
    """Whether run time knows every type."""
    if found.parameters is None or _takes_anything(found.parameters) or found.returns is None:
        return False
    return all(p[4] is not None for p in found.parameters if p[0] not in ("self", "cls"))


def _takes_anything(parameters: Parameters) -> bool:
    """`*args, **kwargs`, perhaps behind `self`: a wrapper that tells nothing."""
    kinds = [parameter[1] for parameter in parameters if parameter[0] not in ("self", "cls")]
    return kinds == [ARGS, KWARGS] or kinds == [ARGS]


def _add_types(found: Object, whole: Parameters) -> None:
    assert found.parameters is not None  # noqa: S101 - for mypy
    by_name = {parameter[0]: parameter for parameter in whole}
    had_types = any(parameter[4] for parameter in found.parameters)
    added = False
    for at, parameter in enumerate(found.parameters):
        known = by_name.get(parameter[0])
        if known is None and parameter[1] == POSITIONAL and at < len(whole) and whole[at][1] == POSITIONAL:
            known = whole[at]
        if known is None or parameter[4] is not None or known[4] is None:
            continue
        parameter[3:] = [parameter[3] or known[3], known[4], _with_default(known[5], parameter[2])]
        added = True
    if added and not had_types:
        found.origins["types"] = STUB


def _with_default(accepts: list[str] | None, default: str | None) -> list[str] | None:
    """What a parameter has when nobody says is taken too."""
    if accepts is None or default is None:
        return accepts
    try:
        return with_default(accepts, ast.literal_eval(default))
    except (ValueError, SyntaxError):
        return accepts


def _is_object(place: Place) -> bool:
    """Whether it is what every class inherits."""
    if place.module != ("builtins",) or not place.functions():
        return False
    first = place.functions()[0].args
    return len([*first.posonlyargs, *first.args]) == 1 and first.vararg is None and not first.kwonlyargs
