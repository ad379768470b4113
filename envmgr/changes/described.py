"""One release's API as the rules see it: what there is, where, and how each of it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

POSITIONAL_ONLY, POSITIONAL, VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = range(5)
"""Kinds of parameters, in the order of `inspect`."""
ALL = frozenset({"*"})
GETATTR = "__getattr__"
"""Among what is known of a class: that it answers whatever name it likes."""
RUNTIME, STUB, DOCSTRING, SOURCE = "runtime", "stub", "docstring", "static"
"""Where a fact comes from."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`default` is a `repr`, `type` what is annotated, `said` what the docstring says of it."""

    name: str
    kind: int
    default: str | None = None
    type: str | None = None
    said: str = ""

    @property
    def required(self) -> bool:
        return self.default is None and self.kind not in (VAR_POSITIONAL, VAR_KEYWORD)

    @property
    def by_position(self) -> bool:
        return self.kind in (POSITIONAL_ONLY, POSITIONAL)

    @property
    def by_name(self) -> bool:
        return self.kind in (POSITIONAL, KEYWORD_ONLY)


@dataclass(frozen=True, slots=True)
class Source:
    """What only the source says. `bases` are names of all classes above; `attributes` are public ones that objects
    get from `__init__` or a declaration, and the class has not; `known` are all that it, or a method, gives (None:
    not told, for a class above is not known); `warns` are the texts of deprecation warnings in a body; `decorators`
    what stands above it, as written; `deprecated` what every call warns of; `keywords` are what a body asks its
    `**kwargs` for; `hands_on`: whether it calls another with all of `*args, **kwargs` (None: it takes no such);
    `still`: names that a decorator takes yet, and warns of; `calls`: parameters whose default is written as a call,
    with it; `made_by`: the class of another library whose constructor a class has.
    """

    bases: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    known: frozenset[str] | None = None
    warns: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    deprecated: str | None = None
    keywords: frozenset[str] = frozenset()
    hands_on: bool | None = None
    still: frozenset[str] = frozenset()
    calls: frozenset[tuple[str, str]] = frozenset()
    made_by: str | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """An object with all the paths that lead to it, the shortest first. `parameters` are what a caller gives: no
    `self`; None where nothing tells them. `value` is a constant's, shortened.
    """

    paths: tuple[str, ...]
    kind: str
    parameters: tuple[Parameter, ...] | None = None
    returns: str | None = None
    overloaded: bool = False
    doc: str = ""
    module: str | None = None
    file: str | None = None
    line: int | None = None
    deprecated: str | None = None
    value: str | None = None
    signature_from: str | None = None
    types_from: str | None = None
    source: Source | None = None

    @property
    def path(self) -> str:
        return self.paths[0]

    @property
    def leaf(self) -> str:
        return self.paths[0].rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Api:
    """Of one module of a release. Paths are relative to the module; `places` has every one with its object's number.

    `errors`: submodules that could not be imported, and why.
    """

    module: str
    version: str
    python: str
    objects: tuple[Described, ...]
    places: Mapping[str, int]
    errors: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Path of a module → what its `__all__` names, where its source was read and has one; `ALL` where it has none and
    imports all of another module."""
    left: frozenset[str] = frozenset()
    """Paths of names that a module's loops leave behind."""
    named: Mapping[str, str] = field(default_factory=dict)
    """Path of a name that only the source tells of → what stands behind it."""
    imported: frozenset[str] = frozenset()
    """Paths of what a module imports and does not offer."""
    purpose: frozenset[str] = frozenset()
    """Paths of what a module imports for others to find."""
    answered: frozenset[str] = frozenset()
    """Paths that nothing lists and that may be there for who asks: what a module's `__getattr__` may know, and what
    the library says of itself, as `__version__`."""

    def offers(self, path: str) -> bool:
        """Whether nothing on the way is what a module only imports."""
        parts = path.split(".")
        return not any(".".join(parts[:size]) in self.imported for size in range(1, len(parts) + 1))

    def get(self, path: str) -> Described | None:
        number = self.places.get(path)
        return None if number is None else self.objects[number]


@dataclass(frozen=True, slots=True)
class Pair:
    """One object of both releases, met at `paths`, the shortest first."""

    paths: tuple[str, ...]
    before: Described
    after: Described
