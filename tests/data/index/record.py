"""Records what PyPI says of a few distributions, so that `explain` is tested offline on real requirements.

    python tests/data/index/record.py

Each version that `WANTED` names is taken, then, until nothing is missing, the newest version for each requirement
that those have. Of each: the Requires-Dist and Requires-Python of its own METADATA (PEP 658), the first wheel's.
Left out are requirements of extras that `EXTRAS` does not name, and those for another operating system.
"""

from __future__ import annotations

import email
import io
import json
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

TARGET = Path(__file__).with_name("pypi.json")
INDEX = "https://pypi.org/simple"

WANTED = {
    "chardet": ["2.3.0", "5.2.0"],
    "charset-normalizer": ["1.4.1", "2.0.12", "3.3.2"],
    "grpcio-tools": ["1.67.1"],
    "idna": ["2.10", "3.7"],
    "numba": ["0.58.1", "0.61.0"],
    "numpy": ["1.24.4", "1.25.2", "1.26.4", "2.0.2", "2.1.3", "2.5.0rc1"],
    "pandas": ["1.5.3", "2.1.3", "2.1.4", "2.2.3"],
    "protobuf": ["3.20.3", "4.25.5", "5.28.3"],
    "requests": ["2.25.1", "2.32.3"],
    "s3fs": ["2023.6.0"],
    "scipy": ["1.11.4", "1.14.1"],
    "six": ["1.16.0"],
    "tensorflow": ["2.16.2", "2.17.1"],
    "urllib3": ["1.26.18", "2.2.2"],
}
EXTRAS = {"requests": ["use-chardet-on-py3"]}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def main() -> None:
    index: dict[str, dict[str, Any]] = {}
    waiting = [(name, SpecifierSet(f"=={version}")) for name, found in WANTED.items() for version in found]
    seen = set()
    while waiting:
        name, specifier = waiting.pop()
        if (name, specifier) in seen:
            continue
        seen.add((name, specifier))
        wheels = _wheels(name)
        fitting = list(specifier.filter(wheels)) or list(specifier.filter(wheels, prereleases=True))
        if not fitting:
            sys.exit(f"{name}{specifier}: no wheel")
        version = max(fitting)
        if str(version) in index.setdefault(name, {}):
            continue
        python, words = _metadata(wheels[version])
        required = sorted({word for word in words if _counts(name, word)})
        index[name][str(version)] = {"python": python, "requires": required}
        for requirement in map(Requirement, required):
            waiting.append((canonicalize_name(requirement.name), requirement.specifier))
        print(name, version, len(required), file=sys.stderr)
    ordered = {
        name: {version: index[name][version] for version in sorted(index[name], key=Version)}
        for name in sorted(index)
    }
    TARGET.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def _metadata(wheel: str) -> tuple[str | None, list[str]]:
    """From the wheel's METADATA, read out of the wheel where it is not served by itself."""
    try:
        text = _read(wheel + ".metadata").decode()
    except urllib.error.HTTPError:
        with zipfile.ZipFile(io.BufferedReader(_Remote(wheel), 1 << 16)) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            text = archive.read(name).decode()
    metadata = email.message_from_string(text)
    return metadata["Requires-Python"], metadata.get_all("Requires-Dist", [])


class _Remote(io.RawIOBase):
    """A file on a server that answers range requests."""

    def __init__(self, address: str) -> None:
        self._address = address
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD")) as answer:
            self._size = int(answer.headers["Content-Length"])
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        return self._place

    def readinto(self, buffer: Any) -> int:
        last = min(self._place + len(buffer), self._size) - 1
        if last < self._place:
            return 0
        content = _read(self._address, Range=f"bytes={self._place}-{last}")
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)


_pages: dict[str, dict[Version, str]] = {}


def _wheels(name: str) -> dict[Version, str]:
    """The address of one wheel of each version that was not yanked."""
    if name not in _pages:
        found: dict[Version, str] = {}
        for file in json.loads(_read(f"{INDEX}/{name}/"))["files"]:
            if file["filename"].endswith(".whl") and not file.get("yanked"):
                found.setdefault(parse_wheel_filename(file["filename"])[1], file["url"])
        _pages[name] = found
    return _pages[name]


def _counts(name: str, word: str) -> bool:
    marker = Requirement(word).marker
    return marker is None or any(
        _holds(marker, python, extra) for python in PYTHONS for extra in ("", *EXTRAS.get(name, ()))
    )


def _holds(marker: Marker, python: str, extra: str) -> bool:
    system = {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
    }
    return marker.evaluate(
        {**system, "python_version": python, "python_full_version": f"{python}.0", "extra": extra}
    )


def _read(address: str, **headers: str) -> bytes:
    accepted = "application/vnd.pypi.simple.v1+json, */*;q=0.1"
    request = urllib.request.Request(address, headers={"Accept": accepted, **headers})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


if __name__ == "__main__":
    main()
