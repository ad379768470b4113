"""Whether libraries can share an environment, why not, and the fewest environments that serve them all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """What these versions of a distribution require: "pandas", "2.1.4", "numpy>=1.26.0,<2"."""

    distribution: str
    version: str
    requires: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of the demands that do not fit together.

    `kind`: "requirement" (the library asks, and what it asks for leads along `chain`), "constraint" or
    "override" (of its environment), "python", "adopted". `asks` is as envmgr.toml has it, `needs` is what
    that comes to for `contested`, the distribution in dispute (or "Python"; None for an adopted
    environment); `words` says it all in a sentence.
    """

    library: str
    kind: str
    contested: str | None
    asks: str
    chain: tuple[Link, ...]
    needs: str
    words: str


@dataclass(frozen=True, slots=True)
class Core:
    """Libraries that cannot share one environment, while all but any one of them can.

    A core of one library is one that has no environment at all. `contested` is the distribution that most of
    them dispute; None where uv's words do not tell. `notes` are further facts, as sentences. `raw` is what uv
    said, whole; empty when uv was not asked.
    """

    libraries: tuple[str, ...]
    contested: str | None
    sides: tuple[Side, ...]
    notes: tuple[str, ...]
    raw: str


@dataclass(frozen=True, slots=True)
class Group:
    """Libraries of one environment, of this name in envmgr.toml, and the constraints that they bring along."""

    name: str
    libraries: tuple[str, ...]
    python: str
    constraints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`minimum` environments, `environments`, are the fewest that serve all libraries but those which are a
    core by themselves; the `cores` prove that fewer do not.

    `layout` is how the libraries of envmgr.toml live today, `broken` are those environments of it that cannot be
    resolved, and requirements that were asked about and cannot.
    `parted` names libraries that share an environment today and no longer would. `applied` are the changes
    that were written into envmgr.toml, None when none were asked for.
    """

    libraries: tuple[str, ...]
    cores: tuple[Core, ...]
    minimum: int
    environments: tuple[Group, ...]
    layout: tuple[Group, ...]
    broken: tuple[str, ...]
    parted: tuple[tuple[str, ...], ...]
    applied: tuple[str, ...] | None = None
