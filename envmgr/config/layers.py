"""What one run lays over envmgr.toml: a profile, `ENVMGR_*` variables, `--set` of the command line.

Layers are merged table by table into one document, each over those before it:

    file < profile < variables < --set

A value (an array too) replaces the one below whole. What no layer writes is filled in afterwards: from
`[defaults]`, then from the schema. So a library's own key, of whatever layer, wins over any `[defaults]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PREFIX = "ENVMGR_"
SEPARATOR = "__"


@dataclass(frozen=True, slots=True)
class Layers:
    """A profile's name, variables, and the words of each `--set`."""

    profile: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, environ: Mapping[str, str], profile: str | None = None, settings: tuple[str, ...] = ()
    ) -> Layers:
        """With those variables of `environ` that are configuration: `ENVMGR_A__B`, not `ENVMGR_A`."""
        ours = sorted(name for name in environ if name.startswith(PREFIX))
        variables = {name: environ[name] for name in ours if SEPARATOR in name.removeprefix(PREFIX)}
        return cls(profile, variables, settings)
