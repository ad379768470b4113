"""uv's derivation tree: the facts from which its resolver concluded that there is no solution.

uv prints it under `UV_INTERNAL__SHOW_DERIVATION_TREE=1`, one fact or conclusion a line. It is internal to uv:
what is not understood is left out, so that a reader finds fewer facts, or none, and never a wrong one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SHOW = {"UV_INTERNAL__SHOW_DERIVATION_TREE": "1"}
PYTHON = "Python"

_TREE = re.compile(
    r"^Resolver derivation tree (?P<which>before|after) reduction\n(?P<tree>(?:(?:term |[ \t]).*\n)*)",
    re.MULTILINE,
)
# A name, perhaps with extras and a marker, then versions: "requests[socks]==2.20", "x{os_name == 'nt'}>=1".
_SUBJECT = r"(?P<{0}>[A-Za-z0-9](?:[\w.-]*\w)?)(?:\[[^\]]*\])?(?:\{{[^}}]*\}})?(?P<{0}_versions>\*|[<>=].*?)?"
_DEPENDS = re.compile(
    r"^\s*" + _SUBJECT.format("source") + " depends on " + _SUBJECT.format("target") + r"\s*$"
)
_NO_VERSIONS = re.compile(r"^\s*no versions of " + _SUBJECT.format("source") + r"\s*$")
_UNUSABLE = re.compile(r"^\s*(?!term )" + _SUBJECT.format("source") + r" (?P<why>[a-z].*)$")


@dataclass(frozen=True, slots=True)
class Dependency:
    """`versions` of `source` ask for `wanted` of `target`; both as uv writes them: ">=1.26.0, <2 | >=3"."""

    source: str
    versions: str
    target: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Lack:
    """These versions cannot be taken; `why` is "" when there are none."""

    distribution: str
    versions: str
    why: str


@dataclass(frozen=True, slots=True)
class Derivation:
    dependencies: tuple[Dependency, ...]
    lacks: tuple[Lack, ...]


def split(stderr: str) -> tuple[str, str]:
    """uv's words without its trees, and the reduced tree; "" when it printed none."""
    tree = next((found["tree"] for found in _TREE.finditer(stderr) if found["which"] == "after"), "")
    return _TREE.sub("", stderr), tree


def parse(tree: str) -> Derivation:
    """The facts of a tree, each once, in order."""
    dependencies: dict[Dependency, None] = {}
    lacks: dict[Lack, None] = {}
    for line in tree.splitlines():
        if found := _DEPENDS.match(line):
            dependencies[Dependency(*(found[part] or "*" for part in found.re.groupindex))] = None
        elif found := _NO_VERSIONS.match(line):
            lacks[Lack(found["source"], found["source_versions"] or "*", "")] = None
        elif found := _UNUSABLE.match(line):
            lacks[Lack(found["source"], found["source_versions"] or "*", found["why"])] = None
    return Derivation(tuple(dependencies), tuple(lacks))
