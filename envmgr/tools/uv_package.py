"""The `uv` package of this interpreter: what of it may be passed on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    version: str
    executable: Path
    licences: tuple[Path, ...]


def find() -> Package | None:
    """None when uv is not installed as a package, or without the texts of its licences."""
    try:
        from uv import find_uv_bin

        executable, distribution = Path(find_uv_bin()), metadata.distribution("uv")
    except (ImportError, FileNotFoundError, metadata.PackageNotFoundError):
        return None
    files = [Path(str(file.locate())) for file in distribution.files or () if "licenses" in file.parts]
    licences = tuple(sorted(file for file in files if file.is_file()))
    return Package(distribution.version, executable, licences) if licences else None
