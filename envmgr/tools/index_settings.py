"""Which package indexes uv asks: its environment variables, then its uv.toml of this user and of the system."""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from envmgr import caches

PYPI = "https://pypi.org/simple"
_TOGETHER = ("unsafe-first-match", "unsafe-best-match")
_NAMED = re.compile(r"^[A-Za-z0-9_.-]+=(?=https?://|file:|[./~])")


@dataclass(frozen=True, slots=True)
class Indexes:
    """`addresses` in the order in which they are asked; `flat` are directories, or pages, of files.

    `together`: all of them count, and not the first that has a distribution.
    """

    addresses: tuple[str, ...] = (PYPI,)
    flat: tuple[str, ...] = ()
    together: bool = False
    exclude_newer: datetime | None = None


def read(variables: Mapping[str, str]) -> Indexes:
    settings = list(_files(variables))
    flat = [*_words(variables, "UV_FIND_LINKS"), *_listed(settings, "find-links")]
    strategy = variables.get("UV_INDEX_STRATEGY") or _first(settings, "index-strategy")
    addresses: list[str] = []
    if not (variables.get("UV_NO_INDEX") in ("1", "true") or _first(settings, "no-index")):
        named = [entry for table in settings for entry in _tables(table) if not entry.get("explicit")]
        flat += [entry["url"] for entry in named if entry.get("format") == "flat"]
        simple = [entry for entry in named if entry.get("format", "simple") == "simple"]
        addresses += [*_words(variables, "UV_INDEX"), *_words(variables, "UV_EXTRA_INDEX_URL")]
        addresses += [entry["url"] for entry in simple if not entry.get("default")]
        addresses += _listed(settings, "extra-index-url")
        defaults = [*_words(variables, "UV_DEFAULT_INDEX"), *_words(variables, "UV_INDEX_URL")]
        defaults += [entry["url"] for entry in simple if entry.get("default")]
        defaults += [str(table["index-url"]) for table in settings if "index-url" in table]
        addresses.append((defaults or [PYPI])[0])
    newer = _moment(variables.get("UV_EXCLUDE_NEWER") or str(_first(settings, "exclude-newer") or ""))
    return Indexes(
        tuple(dict.fromkeys(addresses)),
        tuple(dict.fromkeys(flat)),
        strategy in _TOGETHER,
        exclude_newer=newer,
    )


def _words(variables: Mapping[str, str], name: str) -> list[str]:
    """The addresses of a variable, without the names that they may have."""
    separator = r"[\s,]+" if name == "UV_FIND_LINKS" else r"\s+"
    return [_NAMED.sub("", word) for word in re.split(separator, variables.get(name, "")) if word]


def _files(variables: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What each uv.toml says, the one that counts more first; one that cannot be read says nothing."""
    if variables.get("UV_NO_CONFIG") in ("1", "true"):
        return
    if named := variables.get("UV_CONFIG_FILE"):
        places = [Path(named)]
    else:
        base = variables.get("XDG_CONFIG_HOME")
        places = [(Path(base) if base else caches.home() / ".config") / "uv" / "uv.toml"]
        places += [Path(os.sep, "etc", "uv", "uv.toml")]
    for place in places:
        with contextlib.suppress(OSError, ValueError):
            document = tomllib.loads(place.read_text("utf-8"))
            yield {**document.get("pip", {}), **document}


def _tables(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in settings.get("index", []) if isinstance(entry, dict) and "url" in entry]


def _listed(settings: list[dict[str, Any]], key: str) -> list[str]:
    return [str(word) for table in settings for word in table.get(key, [])]


def _first(settings: list[dict[str, Any]], key: str) -> Any:
    return next((table[key] for table in settings if key in table), None)


def _moment(text: str) -> datetime | None:
    """A day is meant as a whole. What uv reads and we do not (a span of time) is left to uv."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == len("2026-01-31"):
        found = found.replace(hour=23, minute=59, second=59)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
