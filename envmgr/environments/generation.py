"""A generation: a numbered activation of a store entry, and how it is spelled outside of this process."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from envmgr.environments.store import digest
from envmgr.model.outcomes import Pin


@dataclass(frozen=True, slots=True)
class Generation:
    """`fingerprint` is a digest of all that decided it; equal fingerprints mean that nothing needs to be
    done.
    """

    environment: str
    number: int
    key: str
    fingerprint: str
    lock_digest: str
    pins: tuple[Pin, ...]
    launch: bytes

    def to_document(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "environment": self.environment,
            "generation": self.number,
            "key": self.key,
            "fingerprint": self.fingerprint,
            "lock_digest": self.lock_digest,
            "pins": [[pin.name, pin.version] for pin in self.pins],
            "launch": base64.b64encode(self.launch).decode(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Generation:
        """Raises ValueError, KeyError or TypeError when it is none."""
        return cls(
            document["environment"],
            document["generation"],
            document["key"],
            document["fingerprint"],
            document["lock_digest"],
            tuple(Pin(name, version) for name, version in document["pins"]),
            base64.b64decode(document["launch"]),
        )

    @property
    def digest(self) -> str:
        """Finds a changed byte of any field."""
        return digest(self.to_document())
