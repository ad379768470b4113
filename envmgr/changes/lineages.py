"""What a class has by the classes above it, as far as sources tell."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import griffe

from envmgr.changes.described import GETATTR
from envmgr.changes.visiting import Modules

_DEEPEST = 30
CONSTRUCTORS = ("__init__", "__new__")


@dataclass(frozen=True, slots=True)
class Lineage:
    """`bases`: all classes above, in order; of those that are not the library's only the name is known. `declared`:
    public attributes declared or set by `__init__`. `mentioned`: all that any method speaks of. `whole`: whether all
    bases are known. `made_by`: the class of another library whose constructor it has; None where it is its own, or
    made from what classes declare. `maker`: its `__init__`, if it is the
    library's, with the module that that is in."""

    bases: tuple[str, ...] = ()
    declared: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()
    whole: bool = True
    made_by: str | None = None
    maker: tuple[str, griffe.Function] | None = None


class Lineages:
    """Of the classes of one release, each once."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._told: dict[str, Lineage] = {}

    def of(self, module: str, found: griffe.Class) -> Lineage:
        key = f"{module}:{found.path}"
        if key not in self._told:
            self._told[key] = Lineage()  # a class above itself
            self._told[key] = self._of(module, found)
        return self._told[key]

    def _of(self, module: str, found: griffe.Class) -> Lineage:
        names: list[str] = []
        declared = {name for name, each in found.members.items() if _is_declared(name, each)}
        mentioned = set(self._modules.notes(module).mentioned.get(id(found), ()))
        mentioned |= found.members.keys() & {GETATTR}
        whole = True
        made_by: str | None = None
        is_made = _has_own_constructor(found)
        own_maker = found.members.get("__init__")
        maker = (module, own_maker) if isinstance(own_maker, griffe.Function) else None
        for base in found.bases:
            path = _path(base)
            home, above = self._find(path, 0)
            if above is None:
                own = path.partition(".")[0] == module.partition(".")[0]
                if _is_known(path) and not own:
                    names.append(path)
                    if not is_made and _is_of_another(path):
                        made_by, is_made = path, True
                else:
                    whole, is_made = False, True
                continue
            names.append(f"{home}.{above.name}")
            more = self.of(home, above)
            names += more.bases
            whole = whole and more.whole
            mentioned |= more.mentioned
            if home.partition(".")[0] == module.partition(".")[0]:
                declared |= more.declared
                theirs = more.made_by
                maker = maker or more.maker
                ends = theirs is not None or any(name in above.members for name in CONSTRUCTORS)
            else:
                mentioned |= more.declared  # another library's affair
                theirs, ends = f"{home}.{above.name}", _is_of_another(home + ".")
            if not is_made and ends:
                made_by, is_made = theirs, True
        names = list(dict.fromkeys(names))
        return Lineage(tuple(names), frozenset(declared), frozenset(mentioned), whole, made_by, maker)

    def _find(self, path: str, depth: int) -> tuple[str, griffe.Class | None]:
        """A class by its path, through what modules import from each other; with the module that it stands in."""
        parts = path.split(".")
        for size in range(len(parts) - 1, 0, -1):
            name = ".".join(parts[:size])
            module = self._modules.get(name)
            if module is None:
                continue
            each: Any = module
            for part in parts[size:]:
                each = getattr(each, "members", {}).get(part)
                if each is None:
                    return name, None
                if each.is_alias:
                    rest = ".".join(parts[parts.index(part, size) + 1 :])
                    target = each.target_path + (f".{rest}" if rest else "")
                    return ("", None) if depth > _DEEPEST or target == path else self._find(target, depth + 1)
            return name, each if isinstance(each, griffe.Class) else None
        return "", None


def _is_declared(name: str, each: Any) -> bool:
    return (
        not name.startswith("_")
        and not each.is_alias
        and "instance-attribute" in each.labels
        and "class-attribute" not in each.labels
    )


def _has_own_constructor(found: griffe.Class) -> bool:
    """Written, or made from its declarations by a decorator or a metaclass, as of a dataclass."""
    return (
        bool(found.decorators)
        or any(name in found.members for name in CONSTRUCTORS)
        or any(
            isinstance(each, griffe.Attribute) and each.annotation is not None
            for each in found.members.values()
        )
    )


def _path(base: Any) -> str:
    expression = base
    while isinstance(expression, griffe.ExprSubscript):
        expression = expression.left
    try:
        return str(getattr(expression, "canonical_path", expression))
    except (AttributeError, KeyError, ValueError, griffe.GriffeError):
        return str(expression)


def _is_of_another(path: str) -> bool:
    """Whether it is a library's: most of Python's own that classes are below have no constructor."""
    head, dot, _ = path.partition(".")
    return bool(dot) and head not in sys.stdlib_module_names and head != "typing_extensions"


def _is_known(path: str) -> bool:
    return all(part.isidentifier() for part in path.split("."))
