"""`[aliases]`: other names for libraries and what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from envmgr.config.problems import Finding, near
from envmgr.config.schema import ConfigFile


def resolved(config: ConfigFile) -> dict[str, str]:
    """By alias, a path that begins with a library's name, or that name. Of valid aliases."""
    return {alias: _end(alias, config.aliases, config.library)[-1] for alias in config.aliases}


def check(config: ConfigFile) -> Iterator[Finding]:
    """Every rule that the aliases break."""
    aliases, libraries = config.aliases, config.library
    for alias, target in aliases.items():
        first = alias.partition(".")[0]
        if first in libraries:
            what = "is a library's name" if alias == first else f"is in the library `{first}`"
            yield Finding(
                ("aliases", alias),
                f"the alias `{alias}` {what}",
                "an alias is another name: it begins with none of the libraries'",
                at="key",
            )
            continue
        way = _end(alias, aliases, libraries)
        if way[-1] in way[:-1]:
            circle = " → ".join(f"`{path}`" for path in [alias, *way])
            yield Finding(("aliases", alias), f"the alias leads to itself: {circle}")
        elif (end := way[-1].partition(".")[0]) not in libraries:
            known = [*libraries, *(name for name in aliases if name != alias)]
            suggestion = near(end, known)
            yield Finding(
                ("aliases", alias),
                f"`{end}` is neither a library nor an alias",
                f"the libraries are {', '.join(libraries) or 'none'}",
                suggestion and target.replace(end, suggestion, 1),
            )


def _end(alias: str, aliases: Mapping[str, str], libraries: Mapping[str, object]) -> list[str]:
    """What the alias stands for, step by step. The last path begins with a library, leads nowhere, or came before."""
    way = [aliases[alias]]
    while way[-1].partition(".")[0] not in libraries:
        segments = way[-1].split(".")
        prefixes = (".".join(segments[:length]) for length in range(len(segments), 0, -1))
        known = next((prefix for prefix in prefixes if prefix in aliases), None)
        if known is None:
            break
        way.append(aliases[known] + way[-1][len(known) :])
        if way[-1] in way[:-1] or len(way) > len(aliases):
            if way[-1] not in way[:-1]:  # it grows with every turn
                way.append(way[-1])
            break
    return way
