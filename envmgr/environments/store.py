"""Store entries: what names one, when one is whole, and how a finished one gets in."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from envmgr.environments import adoption, digests, files, stages
from envmgr.environments.layout import Layout, entry_name, python_of

if TYPE_CHECKING:
    from envmgr.tools.interpreters import Interpreter
    from envmgr.tools.pypa import Locked

_KEY_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Proof:
    """`name` is all that decides it but the environment's bytes. `fork`: True when a worker was forked from a process
    that had imported the libraries, and answered; else why not.
    """

    name: str
    fork: bool | str

    def to_bytes(self) -> bytes:
        return f"{self.name} {json.dumps(self.fork)}\n".encode()

    @classmethod
    def of(cls, line: str) -> Self | None:
        """None for one of a version that forked no workers."""
        name, _, fork = line.partition(" ")
        try:
            return cls(name, json.loads(fork))
        except ValueError:
            return None


def key(packages: Iterable[Locked], interpreter: Interpreter, link_mode: str) -> str:
    """The name of what an installation would be: equal for equal packages, interpreter, platform and install
    settings.

    The order in which a lock lists packages and files, and what else it says of them (sizes, addresses),
    plays no part.
    """
    return digest(
        {
            "packages": sorted(
                [package.name, package.version, sorted(package.hashes)] for package in packages
            ),
            "interpreter": [interpreter.implementation, interpreter.version, interpreter.executable],
            "platform": [interpreter.platform, interpreter.abi],
            "install": {"link-mode": link_mode},
        }
    )[:_KEY_LENGTH]


def digest(value: object) -> str:
    """sha256 of a JSON-able value in canonical spelling."""
    spelled = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(spelled.encode()).hexdigest()


def is_whole(layout: Layout, entry: str) -> bool:
    """Present, with our manifest, its interpreter still there, and never found unsound. Cost: four
    stats, for an adopted one as many as it has distributions; finds no changed byte.
    """
    return (
        os.access(python_of(layout.entry(entry)), os.X_OK)
        and layout.manifest(entry).is_file()
        and not layout.sick(entry).exists()
        and (not layout.entry(entry).is_symlink() or adoption.is_unchanged(layout.entry(entry)))
    )


def usable(layout: Layout, environment: str, key: str) -> str:
    """`key`, or the one that stands for the same installation built again, when that entry was found unsound."""
    while layout.sick(entry_name(environment, key)).exists():
        key = digest([key, "built again"])[:_KEY_LENGTH]
    return key


def mark_sick(layout: Layout, entry: str) -> None:
    """From now on this entry is not whole: it is not activated again, and not built again under its name."""
    layout.store.mkdir(parents=True, exist_ok=True)
    files.write(layout.sick(entry), b"")
    stages.reached("sick-marked")


def clear_sick(layout: Layout, entry: str) -> None:
    layout.sick(entry).unlink(missing_ok=True)


def admit(
    layout: Layout,
    entry: str,
    *,
    environment: Path,
    manifest: bytes,
    catalog: Path | None = None,
    proof: Proof | None = None,
) -> None:
    """Put a finished environment into the store; the rename of its directory is the moment from which it
    exists. One that nothing activates has neither catalog nor proof.

    What an earlier attempt left under the same name is moved away whole, never repaired.
    """
    for leftover in (layout.entry(entry), layout.catalog(entry)):
        if leftover.exists():
            leftover.rename(_aside(layout, leftover))
            stages.reached("leftover-aside")
    layout.store.mkdir(parents=True, exist_ok=True)
    files.write(layout.manifest(entry), manifest, flush=False)
    stages.reached("manifest-written")
    if proof is not None:
        files.write(layout.proofs(entry), proof.to_bytes(), flush=False)
        stages.reached("proofs-written")
    if catalog is not None:
        digests.note(catalog, catalog, flush=False)
        catalog.rename(layout.catalog(entry))
        stages.reached("catalog-placed")
    files.flush_filesystem(environment)
    stages.reached("entry-flushed")
    environment.rename(layout.entry(entry))
    stages.reached("entry-placed")
    files.flush_directory(layout.store)


def proved(layout: Layout, entry: str, name: str) -> Proof | None:
    """The proof that this entry's libraries, so configured, were imported and catalogued before."""
    try:
        lines = layout.proofs(entry).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    return next((proof for proof in map(Proof.of, lines) if proof is not None and proof.name == name), None)


def add_proof(layout: Layout, entry: str, *, catalog: Path, proof: Proof) -> None:
    """Add what another configuration of the same entry proved: catalogs of further modules, replaced one by
    one.
    """
    layout.catalog(entry).mkdir(parents=True, exist_ok=True)
    digests.note(layout.catalog(entry), catalog)
    for made in catalog.iterdir():
        made.replace(layout.catalog(entry) / made.name)
        stages.reached("proof-catalog-placed")
    known = layout.proofs(entry).read_bytes() if layout.proofs(entry).exists() else b""
    files.write(layout.proofs(entry), known + proof.to_bytes())
    stages.reached("proof-noted")


def _aside(layout: Layout, leftover: Path) -> Path:
    layout.staging.mkdir(parents=True, exist_ok=True)
    return layout.staging / f"leftover-{leftover.name}-{os.getpid()}"
