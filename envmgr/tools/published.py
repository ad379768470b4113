"""What is known of a wheel before it is downloaded: the METADATA that its index publishes beside it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from envmgr.errors import EnvmgrError
from envmgr.tools import downloads


def metadata(source: str, relative_to: Path) -> str | None:
    """Of the wheel at an address (PEP 658) or a path; None where it cannot be had: not every index has it."""
    parts = urlsplit(source)
    try:
        if parts.scheme in ("http", "https"):
            return downloads.read(f"{source}.metadata").decode("utf-8", "replace")
        path = Path(url2pathname(parts.path)) if parts.scheme == "file" else relative_to / source
        with zipfile.ZipFile(path) as wheel:
            inside = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            return wheel.read(inside).decode("utf-8", "replace")
    except (EnvmgrError, OSError, zipfile.BadZipFile, StopIteration):
        return None
