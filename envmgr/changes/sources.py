"""What only the source says of a release's objects, read with griffe: bases, attributes of objects, warnings.

Only files that public objects stand in are read, each once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import griffe

from envmgr.changes import offers
from envmgr.changes.described import Api, Described, Source
from envmgr.changes.lineages import CONSTRUCTORS, Lineages
from envmgr.changes.notes import Notes
from envmgr.changes.reexports import Reexports
from envmgr.changes.visiting import Modules
from envmgr.changes.warnings_in import Warned

_NAMED = frozenset({"class", "function", "coroutine", "generator"})
"""Kinds of what a module has by its name."""


class Reader:
    """Of one release's library directory."""

    def __init__(self, site: Path) -> None:
        self._modules = Modules(site)
        self._lineages = Lineages(self._modules)
        self._reexports = Reexports(self._modules)

    def complete(self, api: Api) -> Api:
        """The same, with `source` where a source was found."""
        inside = _members(api)
        ending = self._ending(api)
        objects = tuple(
            _going(self._completed(found, inside), ending.get(number))
            for number, found in enumerate(api.objects)
        )
        read = list(self._read(api))
        imported = frozenset(self._imported(api, inside, read))
        return replace(
            api,
            objects=objects,
            listed={path: names for path, _, module, _ in read if path and (names := offers.listed(module))},
            named={
                whole: target
                for path, _, module, _ in read
                for name, target in offers.foreign(module, api.module.partition(".")[0], inside.get(path, ()))
                if (whole := _under(path, name)) not in imported
            },
            left=frozenset(_under(path, name) for path, _, _, notes in read for name in notes.left),
            imported=imported,
            purpose=frozenset(_under(path, name) for path, _, _, notes in read for name in notes.on_purpose),
            answered=frozenset(
                _under(path, name)
                for path, _, module, notes in read
                for name in (*offers.answers(module, notes.words), *(() if path else offers.marks(module)))
            ),
        )

    def _read(self, api: Api) -> Iterator[tuple[str, str, griffe.Module, Notes]]:
        """Path, name, source and notes of each module that has a source."""
        yield from self._read_one("", api.module)
        for found in api.objects:
            if found.kind == "module" and found.file is not None:
                for path in found.paths:
                    yield from self._read_one(path, _module_name(found.file))

    def _read_one(self, path: str, name: str) -> Iterator[tuple[str, str, griffe.Module, Notes]]:
        module = self._modules.get(name)
        if module is not None:
            yield path, name, module, self._modules.notes(name)

    def _imported(
        self,
        api: Api,
        inside: Mapping[str, set[str]],
        read: list[tuple[str, str, griffe.Module, Notes]],
    ) -> Iterator[str]:
        for path, name, module, notes in read:
            if not notes.is_open:
                for leaf in (
                    *offers.imported(module, notes.on_purpose, notes.used),
                    *self._reexports.incidental(name),
                ):
                    yield _under(path, leaf)
            constants = {leaf for leaf in inside.get(path, ()) if _is_constant(api, _under(path, leaf))}
            for leaf in self._reexports.of_others(name, constants):
                yield _under(path, leaf)

    def _ending(self, api: Api) -> dict[int, str]:
        """Number of an object → what is said of its end where a name is bound to it."""
        found: dict[int, str] = {}
        for each in api.objects:
            name = None if each.file is None else _module_name(each.file)
            if name is None or each.kind not in ("module", "class") or self._modules.get(name) is None:
                continue
            notes = self._modules.notes(name)
            known = self._modules.at(name, each.line or 0)
            said = notes.ending if each.kind == "module" else notes.ending_in.get(id(known), {})
            for leaf, text in said.items():
                number = api.places.get(f"{each.path}.{leaf}")
                if number is not None and api.objects[number].kind != "module":
                    found[number] = text
        top = self._modules.get(api.module)
        said = {} if top is None else self._modules.notes(api.module).ending
        return found | {api.places[leaf]: text for leaf, text in said.items() if leaf in api.places}

    def _completed(self, found: Described, inside: Mapping[str, set[str]]) -> Described:
        name, each = self._source_of(found)
        if name is None:
            return found
        notes = self._modules.notes(name)
        if each is None and found.line in notes.inner:  # what a function made
            return replace(found, source=_source(notes.inner[found.line]))
        if each is None or each.is_class != (found.kind == "class"):
            return found
        source = _source(notes.warned.get(id(each), Warned()))
        if not isinstance(each, griffe.Class):
            return replace(found, source=_called(source, each, notes))
        warned = notes.warned.get(id(each), Warned())
        for constructor in CONSTRUCTORS:  # of what is inherited, it is told there
            warned = warned.with_those_of(notes.warned.get(id(each.members.get(constructor)), Warned()))
        source = _source(warned)
        lineage = self._lineages.of(name, each)
        if lineage.maker is not None:
            home, maker = lineage.maker
            source = _called(source, maker, self._modules.notes(home))
        held = inside.get(found.path, set())
        return replace(
            found,
            source=replace(
                source,
                bases=lineage.bases,
                attributes=tuple(sorted(lineage.declared - held)),
                known=lineage.declared | lineage.mentioned | held if lineage.whole else None,
                made_by=lineage.made_by,
            ),
        )

    def _source_of(self, found: Described) -> tuple[str | None, griffe.Object | None]:
        """The module that it stands in, and what begins in its line; without a line, as of a class whose constructor
        a decorator made, what its module has by its name."""
        if found.kind == "module":
            return None, None
        if found.file is None or found.line is None:
            module = None if found.module is None else self._modules.get(found.module)
            each = None if module is None or found.kind not in _NAMED else module.members.get(found.leaf)
            return (found.module, each) if isinstance(each, griffe.Object) else (None, None)
        name = _module_name(found.file)
        if not found.file.endswith(".py") or self._modules.get(name) is None:
            return None, None
        return name, self._modules.at(name, found.line)


def _source(warned: Warned) -> Source:
    return Source(
        warns=warned.texts, decorators=warned.decorators, deprecated=warned.deprecated, still=warned.still
    )


def _called(source: Source, function: griffe.Object, notes: Notes) -> Source:
    keywords, hands_on = notes.keywords.get(id(function), (frozenset(), None))
    calls = notes.calls.get(id(function), frozenset())
    return replace(source, keywords=keywords, hands_on=hands_on, calls=calls)


def _going(found: Described, text: str | None) -> Described:
    if text is None or found.deprecated is not None:
        return found
    return replace(found, source=replace(found.source or Source(), deprecated=text))


def _is_constant(api: Api, path: str) -> bool:
    found = api.get(path)
    return found is not None and found.kind == "constant"


def _under(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _module_name(file: str) -> str:
    return ".".join(Path(file).with_suffix("").parts).removesuffix(".__init__")


def _members(api: Api) -> dict[str, set[str]]:
    """Path of each class → names of what is under it at run time."""
    found: dict[str, set[str]] = {}
    for path in api.places:
        holder, _, leaf = path.rpartition(".")
        found.setdefault(holder, set()).add(leaf)
    return found
