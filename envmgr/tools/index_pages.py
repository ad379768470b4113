"""Pages of package indexes: JSON (PEP 691), HTML (PEP 503) and plain directories."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from envmgr.errors import EnvmgrError
from envmgr.tools import downloads
from envmgr.tools.pypa import canonical

if TYPE_CHECKING:
    from packaging.version import Version

_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"


@dataclass(frozen=True, slots=True)
class File:
    """A wheel or a source distribution. `uploaded` is None where the index does not say; `yanked`: its owner took it
    back, and only those who name its version get it."""

    filename: str
    uploaded: datetime | None = None
    requires_python: str = ""
    yanked: bool = False

    @property
    def is_wheel(self) -> bool:
        return self.filename.endswith(".whl")


def read(address: str, name: str) -> list[File] | None:
    """What the index at `address` has of a distribution; None when it has no page of it. Raises E-NETWORK."""
    local = _local(address)
    if local is not None:
        for page in (local / name / "index.html", local / name / "index.json"):
            if page.is_file():
                content = page.read_bytes()
                return _json(content, str(page)) if page.suffix == ".json" else _html(content)
        return None
    found = downloads.page(f"{address.rstrip('/')}/{name}/", _ACCEPT)
    if found is None:
        return None
    content, kind = found
    return _json(content, address) if kind.endswith("json") else _html(content)


def read_flat(place: str) -> list[File]:
    """The files of a directory, or those that a page links to. Raises E-NETWORK."""
    local = _local(place)
    if local is not None:
        return [File(path.name) for path in sorted(local.glob("*")) if path.is_file()]
    found = downloads.page(place, _ACCEPT)
    return [] if found is None else _html(found[0])


def version_of(filename: str, name: str) -> Version | None:
    """The version in a file's name; None when it is no wheel or source distribution of `name`."""
    from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename
    from packaging.version import InvalidVersion, Version

    if filename.endswith(".whl"):
        # The tags are read by those who need them: a page has thousands of files.
        parts = filename.split("-")
        try:
            return Version(parts[1]) if len(parts) >= 5 and canonical(parts[0]) == name else None
        except InvalidVersion:
            return None
    try:
        found, version = parse_sdist_filename(filename)
    except (InvalidSdistFilename, InvalidWheelFilename):
        return None
    return version if found == name else None


def _local(address: str) -> Path | None:
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return None if parts.scheme in ("http", "https") else Path(address).expanduser().absolute()


def _json(content: bytes, source: str) -> list[File]:
    try:
        return [
            File(
                entry["filename"],
                _moment(entry.get("upload-time")),
                entry.get("requires-python") or "",
                bool(entry.get("yanked", False)),
            )
            for entry in json.loads(content)["files"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EnvmgrError(
            "E-NETWORK",
            f"the package index answered with no page of a distribution ({downloads.public(source)})",
            hint="check the address of the index: it ends with /simple for most",
        ) from None


def _html(content: bytes) -> list[File]:
    links = _Links()
    links.feed(content.decode("utf-8", "replace"))
    return [
        File(
            unquote(urlsplit(found["href"] or "").path).rpartition("/")[2],
            None,
            found.get("data-requires-python") or "",
            "data-yanked" in found,
        )
        for found in links.found
    ]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.found.append(found)


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
