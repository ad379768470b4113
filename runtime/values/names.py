"""The name of a type on the wire and in configuration."""

from __future__ import annotations


def type_name(kind: type) -> str:
    """`module.qualname`, in valid UTF-8."""
    try:
        name = f"{kind.__module__}.{kind.__qualname__}"
    except Exception:  # noqa: BLE001 - a metaclass may answer what it likes
        name = "object"
    return name.encode("utf-8", "replace").decode()
