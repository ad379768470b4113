"""The version of the format that an envmgr.toml is written in."""

from __future__ import annotations

from envmgr.config.problems import Finding, config_error
from envmgr.config.schema import CONFIG_VERSION
from envmgr.config.source import Source

OLDEST_VERSION = 0
"""The first that `config migrate` can read."""


def version_of(source: Source) -> int:
    """What the file says; this version when it says nothing, or no whole number. Raises E-CONFIG when unknown."""
    key = _key(source)
    version = source.document.get(key, CONFIG_VERSION)
    if isinstance(version, bool) or not isinstance(version, int):
        return CONFIG_VERSION
    if not OLDEST_VERSION <= version <= CONFIG_VERSION:
        message = f"config-version {version} is not known: this envmgr reads version {CONFIG_VERSION}"
        hint = "a newer envmgr may read it" if version > CONFIG_VERSION else f"write {CONFIG_VERSION}"
        raise config_error(source.path, [source.problem(Finding((key,), message, hint))])
    return version


def require_this_version(source: Source) -> None:
    """Raises E-CONFIG."""
    version = version_of(source)
    if version != CONFIG_VERSION:
        message = f"config-version {version} is an older format: this envmgr reads version {CONFIG_VERSION}"
        hint = "run `envmgr config migrate`: it rewrites the file and keeps its comments"
        raise config_error(source.path, [source.problem(Finding((_key(source),), message, hint))])


def _key(source: Source) -> str:
    """Version 0 may spell it with an underscore."""
    return "config-version" if "config-version" in source.document else "config_version"
