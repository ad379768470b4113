"""Which module each library is, told from what was installed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Library
from envmgr.tools.pypa import Distribution, canonical

_REQUIREMENT_NAME = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)")
SELDOM_MEANT = frozenset({"benchmarks", "docs", "examples", "scripts", "test", "tests", "tools"})


@dataclass(frozen=True, slots=True)
class Resolved:
    """A library with its import name. `distribution` and `version` are None for the interpreter's own."""

    library: Library
    module: str
    distribution: str | None
    version: str | None


def resolve(environment: Environment, distributions: Iterable[Distribution]) -> tuple[Resolved, ...]:
    """Raises E-PROOF with every library whose module cannot be told, and what there is to choose from."""
    installed = {distribution.name: distribution for distribution in distributions}
    resolved, unclear = [], []
    for library in environment.libraries:
        try:
            resolved.append(_resolve(library, installed))
        except _UnclearError as problem:
            unclear.append(f"library {library.name}: {problem}")
    if unclear:
        raise EnvmgrError(
            "E-PROOF",
            f"environment {environment.name}: " + "\n".join(unclear),
            hint='name the import in envmgr.toml: `module = "…"` under the library; what nobody calls goes under'
            " `with` of another library",
        )
    return tuple(resolved)


class _UnclearError(Exception):
    pass


def _resolve(library: Library, installed: dict[str, Distribution]) -> Resolved:
    if library.requirement is None:
        return Resolved(library, library.module or library.name, None, None)
    own = _own(library.requirement, installed)
    module = library.module or _guess(library, own, installed)
    top = module.partition(".")[0]
    owner = own if own is not None and top in own.modules else _owner(top, installed) or own
    if owner is None:
        raise _UnclearError(f"no installed distribution has a module {module}")
    return Resolved(library, module, owner.name, owner.version)


def _guess(library: Library, own: Distribution | None, installed: dict[str, Distribution]) -> str:
    for name in (library.name, library.name.replace("-", "_")):
        if _owner(name, installed) is not None:
            return name
    if own is None:
        raise _UnclearError(f"{library.requirement} was not installed for this interpreter and platform")
    meant = [name for name in own.modules if name not in SELDOM_MEANT] or list(own.modules)
    if len(meant) != 1:
        what = f"has the modules {', '.join(meant)}" if meant else "has no module"
        raise _UnclearError(f"{own.name} {own.version} {what}, none called {library.name}")
    return meant[0]


def _own(requirement: str, installed: dict[str, Distribution]) -> Distribution | None:
    named = _REQUIREMENT_NAME.match(requirement)
    return installed.get(canonical(named[1])) if named else None


def _owner(module: str, installed: dict[str, Distribution]) -> Distribution | None:
    return next((found for found in installed.values() if module in found.modules), None)
