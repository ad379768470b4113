"""What the application calls of libraries: statistics of its VMs and its compiled code, told by paths of catalogs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envmgr.catalog import Catalog
from envmgr.environments import called, compiled
from envmgr.environments.compiled import Compiled, Function, Method
from envmgr.environments.layout import Layout
from envmgr.model.changes import BOTH, CODE, STATISTICS, Shape, UsedFunction
from envmgr.model.discovery import Called
from envmgr.operations.serving import unaliased

_SHOWN = 5
_GENERIC = re.compile(r"\[.*?\]")
HOW = "`mix envmgr.calls` reads it from compiled code, and VMs write statistics while they run"


@dataclass(frozen=True, slots=True)
class Told:
    """What is known before any catalog is opened. `aliases`: of envmgr.toml, as the active generations have them."""

    counted: tuple[Called, ...]
    compiled: Compiled | None
    aliases: Mapping[str, str]
    unknown: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        return not self.counted and self.compiled is None


@dataclass(frozen=True, slots=True)
class Uses:
    """What is told of one library; aliases of `functions` are resolved."""

    counted: tuple[Called, ...]
    functions: tuple[Function, ...]
    methods: tuple[Method, ...]
    aliases: Mapping[str, str]

    @property
    def is_nothing(self) -> bool:
        """A method may be any library's: by itself it says nothing of this one."""
        return not self.counted and not self.functions


@dataclass(slots=True)
class _Use:
    calls: int | None = None
    places: list[str] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)

    def add(self, places: Iterable[str], shapes: Iterable[Shape]) -> None:
        self.places.extend(places)
        self.shapes.extend(shapes)

    def told(self, path: str) -> UsedFunction:
        origin = CODE if self.calls is None else BOTH if self.places else STATISTICS
        return UsedFunction(path, self.calls, _once(self.places), _united(self.shapes), origin)


def tell(layout: Layout, aliases: Mapping[str, str], libraries: Iterable[str]) -> Told:
    """What is not known is told of these libraries alone. Cost: the files of statistics and of compiled calls."""
    unknown: list[str] = []
    found = None
    try:
        found = compiled.read(layout)
    except ValueError as problem:
        unknown.append(f"{layout.compiled} cannot be read: {problem}; run `mix envmgr.calls` again")
    counted = called.read(layout)
    if found is None and not unknown and counted:
        unknown.append(
            "what is called and has not run yet: there are no compiled calls; run `mix envmgr.calls`"
        )
    if found is not None:
        unknown += _doubts(found, (*libraries, *_aliases_of(libraries, aliases)))
    unknown += [
        f"which others are called: {each.path} stands for those that are not counted one by one"
        for each in counted
        if each.path.endswith(".*")
    ]
    counted = tuple(each for each in counted if not each.path.endswith(".*"))
    return Told(counted, found, aliases, tuple(unknown))


def of(told: Told, library: str, modules: Mapping[str, str]) -> Uses:
    """`modules` are the import names of all libraries of the environment."""
    written = () if told.compiled is None else told.compiled.functions
    meant = (replace(each, path=unaliased(each.path, told.aliases)) for each in written)
    return Uses(
        tuple(each for each in told.counted if _owner(each, modules) == library),
        tuple(each for each in meant if each.path.startswith(f"{library}.")),
        () if told.compiled is None else told.compiled.methods,
        told.aliases,
    )


def functions(uses: Uses, finder: Finder) -> tuple[UsedFunction, ...]:
    """The most called first. Paths are as code has them; of an object's method, that of its class in the catalog."""
    found: dict[str, _Use] = {}
    for each in uses.counted:
        use = found.setdefault(finder.counted(each.path), _Use())
        use.calls = (use.calls or 0) + each.count
    for function in uses.functions:
        shapes = map(_without_self, function.shapes) if finder.is_method(function.path) else function.shapes
        found.setdefault(function.path, _Use()).add(function.places, shapes)
    for method in uses.methods:
        for path in _methods(method, found, finder, uses.aliases):
            found.setdefault(path, _Use()).add(method.places, method.shapes)
    used = [use.told(path) for path, use in found.items()]
    return tuple(sorted(used, key=lambda each: (each.path.startswith("."), -(each.calls or 0), each.path)))


def _without_self(shape: Shape) -> Shape:
    """A method that is called by its path gets its object first, which is no parameter."""
    return replace(shape, positional=max(shape.positional - 1, 0))


def _united(shapes: Iterable[Shape]) -> tuple[Shape, ...]:
    """Each once, with all its places."""
    places: dict[Shape, list[str]] = {}
    for shape in shapes:
        places.setdefault(replace(shape, places=()), []).extend(shape.places)
    return tuple(replace(shape, places=_once(found)) for shape, found in places.items())


def _once(places: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(places))


def _owner(each: Called, modules: Mapping[str, str]) -> str | None:
    """A library may give out objects of another one, whose methods count as its own."""
    if each.library is None or each.library not in modules:
        return None
    if each.path.startswith((f"{each.library}.", f"{modules[each.library]}.")):
        return each.library
    others = (name for name, module in modules.items() if each.path.startswith(f"{module}."))
    return next(others, each.library)


def _methods(
    method: Method, uses: Mapping[str, _Use], finder: Finder, aliases: Mapping[str, str]
) -> Sequence[str]:
    """What a method is of: what its chain says, else classes of which it was counted, else any."""
    if method.on is not None:
        made = finder.made_by(unaliased(method.on, aliases))
        having = {path for number in made if (path := finder.member(number, method.name))}
        if len(having) == 1:
            return list(having)
    counted = [path for path, use in uses.items() if path.endswith(f".{method.name}") and use.calls]
    if counted:
        return counted
    return [f".{method.name}"] if finder.has_member(method.name) else []


class Finder:
    """Paths of a catalog, with the library's name before them."""

    def __init__(self, library: str, catalog: Catalog) -> None:
        self.library, self.catalog = library, catalog
        self._classes: dict[str, list[int]] | None = None
        self._members: frozenset[str] | None = None

    def counted(self, written: str) -> str:
        """Statistics name a method by where its class is defined: the class's public path takes that place."""
        holder, _, name = written.rpartition(".")
        module, _, leaf = holder.rpartition(".")
        for number in self._named(leaf):
            if self.catalog.detail(number)["module"] == module:
                return self.member(number, name) or written
        return written

    def made_by(self, path: str) -> list[int]:
        """The classes that what a call gives may be of, as far as the catalog names them."""
        row = self.catalog.get(path.removeprefix(f"{self.library}."))
        if row is None:
            return []
        if row.kind == "class":
            return self._named(row.path.rpartition(".")[2])
        words = _GENERIC.sub("", row.returns or "").replace("'", "").replace('"', "").split("|")
        return [number for word in words for number in self._named(word.strip().rpartition(".")[2])]

    def member(self, number: int, name: str) -> str | None:
        path = f"{self.catalog.path(number)}.{name}"
        return None if self.catalog.find(path) is None else f"{self.library}.{path}"

    def is_method(self, path: str) -> bool:
        row = self.catalog.get(path.removeprefix(f"{self.library}."))
        return row is not None and row.kind == "method"

    def has_member(self, name: str) -> bool:
        if self._members is None:
            members = (self.catalog.under(path.partition(".")[2]) for path in self.classes())
            self._members = frozenset(member for found in members for member in found)
        return name in self._members

    def classes(self) -> frozenset[str]:
        """All their paths, with the library's name."""
        numbers = {number for found in self._all().values() for number in found}
        return frozenset(
            f"{self.library}.{path}" for path, number in self.catalog.places() if number in numbers
        )

    def _named(self, name: str) -> list[int]:
        return self._all().get(name, [])

    def _all(self) -> dict[str, list[int]]:
        """Classes by their last name."""
        if self._classes is None:
            self._classes = {}
            for number, row in enumerate(self.catalog.rows()):
                if row.kind == "class":
                    self._classes.setdefault(row.path.rpartition(".")[2], []).append(number)
        return self._classes


def _aliases_of(libraries: Iterable[str], aliases: Mapping[str, str]) -> Iterator[str]:
    names = set(libraries)
    return (alias for alias, meant in aliases.items() if meant.partition(".")[0] in names)


def _may_be(begins: str, name: str) -> bool:
    return f"{name}.".startswith(begins) or begins.startswith(f"{name}.")


def _doubts(found: Compiled, names: Sequence[str]) -> Iterator[str]:
    """`names`: with one of these a path begins that matters."""
    if found.stale:
        yield (
            f"whether compiled calls are as of {found.at}: {_few(found.stale)} was compiled since; run"
            " `mix envmgr.calls` again"
        )
    made = [
        f"{each.place} ({each.begins}…)" if each.begins else each.place
        for each in found.unknown
        if any(_may_be(each.begins, name) for name in names)
    ]
    if made:
        yield f"what is called where the path is made when it runs: {_few(made)}; only statistics tell"
    if found.unread:
        yield f"what modules without debug information call: {_few(found.unread)}"


def _few(words: Iterable[str]) -> str:
    listed = list(words)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
