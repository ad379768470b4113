"""Files by address, each with its digest: over HTTP with retries and the index's credentials, or from disk.

Proxies (`HTTPS_PROXY`, …) and certificates (`SSL_CERT_FILE`, `SSL_CERT_DIR`) are those of the environment.
Credentials are sent to the host they belong to, and to no other, also after a redirect.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import io
import netrc
import os
import re
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO
from urllib.error import HTTPError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPPasswordMgrWithPriorAuth,
    build_opener,
    url2pathname,
)

from envmgr.errors import EnvmgrError

_TRIES = 3
_PAUSE_SECONDS = 0.5
_SILENCE_SECONDS = 30.0
_CHUNK = 1 << 20
_DIGESTS = ("sha512", "sha384", "sha256")
_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_REFUSED = (401, 403, 407)
_GONE = (404, 410)


class _Interrupted(Exception):
    """Another try may succeed."""


def fetch(source: str, into: Path, hashes: Mapping[str, str], *, stop: threading.Event | None = None) -> None:
    """Write the file at `source` (an address, or an absolute path) to `into`, if it has its digest.

    Raises E-NETWORK, E-TAMPERED, E-LOCK when there is no digest to check; OSError when the disk refuses, or once
    `stop` is set.
    """
    algorithm = next((name for name in _DIGESTS if name in hashes), None)
    name = into.name
    if algorithm is None:
        raise EnvmgrError("E-LOCK", f"the lock has no sha256 of {name}", hint="lock it again")
    with into.open("wb") as file:
        found = _written(source, file, algorithm, stop)
    if found != hashes[algorithm].lower():
        raise EnvmgrError(
            "E-TAMPERED",
            f"{name} is not the file that was locked: its {algorithm} is {found}, the lock says"
            f" {hashes[algorithm]}",
            hint="if the index replaced the file on purpose, lock again with --upgrade; else do not trust it",
            details={"file": name, "source": public(source)},
        )


def read(source: str) -> bytes:
    """The small file at `source`, whatever it holds. Raises E-NETWORK, E-LOCK for an address of no known kind."""
    held = io.BytesIO()
    _written(source, held, "sha256")
    return held.getvalue()


def page(source: str, accept: str) -> tuple[bytes, str] | None:
    """Content and media type of what an index has at an address; None where it has nothing there.

    Asks for it compressed. Raises E-NETWORK, E-LOCK for an address of no known kind.
    """
    held = io.BytesIO()
    said: dict[str, str] = {}
    try:
        _written(source, held, "sha256", asking={"Accept": accept, "Accept-Encoding": "gzip"}, said=said)
    except EnvmgrError as problem:
        if problem.details.get("status") in _GONE:
            return None
        raise
    content = held.getvalue()
    if said.get("content-encoding") == "gzip":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise EnvmgrError(
                "E-NETWORK",
                f"the package index answered with what cannot be decompressed ({public(source)})",
                hint="run the command again; if that does not help, see what stands between: a proxy, a cache",
            ) from None
    return content, said.get("content-type", "").partition(";")[0].strip()


def _written(
    source: str,
    file: IO[bytes],
    algorithm: str,
    stop: threading.Event | None = None,
    *,
    asking: Mapping[str, str] = MappingProxyType({}),
    said: dict[str, str] | None = None,
) -> str:
    try:
        parts = urlsplit(source)
        _origin(parts)
    except ValueError:
        raise _no_address(source) from None
    if parts.scheme in ("", "file"):
        path = Path(url2pathname(parts.path) if parts.scheme else source)
        try:
            with path.open("rb") as local:
                return _copied(iter(lambda: local.read(_CHUNK), b""), file, algorithm, stop)
        except (FileNotFoundError, IsADirectoryError):
            raise EnvmgrError(
                "E-NETWORK", f"the lock names {path}, which is not there", hint="put the file back"
            ) from None
    if parts.scheme not in ("http", "https"):
        raise _no_address(source)
    for attempt in range(1, _TRIES + 1):
        file.seek(0)
        file.truncate()
        try:
            return _copied(_received(source, parts, asking, said), file, algorithm, stop)
        except _Interrupted as problem:
            if attempt == _TRIES:
                raise EnvmgrError(
                    "E-NETWORK",
                    f"{parts.hostname} cannot be reached: {problem} ({public(source)})",
                    hint="check the network, the proxy and the certificates, then run the command again",
                ) from None
            time.sleep(_PAUSE_SECONDS * attempt)
    raise AssertionError


def _copied(chunks: Iterator[bytes], file: IO[bytes], algorithm: str, stop: threading.Event | None) -> str:
    digest = hashlib.new(algorithm)
    for chunk in chunks:
        if stop is not None and stop.is_set():
            raise InterruptedError("the download was stopped")
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest()


def _received(
    source: str, parts: SplitResult, asking: Mapping[str, str], said: dict[str, str] | None
) -> Iterator[bytes]:
    opener = build_opener(HTTPBasicAuthHandler(_passwords(parts)))
    opener.addheaders += asking.items()
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    try:
        with opener.open(address, timeout=_SILENCE_SECONDS) as response:
            if said is not None:
                said.update((name.lower(), value) for name, value in response.headers.items())
            left = int(response.headers.get("Content-Length") or 0)
            while chunk := response.read(_CHUNK):
                left -= len(chunk)
                yield chunk
            if left > 0:
                raise _Interrupted(f"the connection ended {left} bytes too early")
    except HTTPError as problem:
        problem.close()
        raise _answered(problem, source) from None
    except (OSError, http.client.HTTPException) as problem:
        raise _Interrupted(str(getattr(problem, "reason", "") or problem or type(problem).__name__)) from None


def _answered(problem: HTTPError, source: str) -> Exception:
    answer = f"{problem.code} {problem.reason}"
    if problem.code in _REFUSED:
        return EnvmgrError(
            "E-NETWORK",
            f"the package index refused the request: {answer} ({public(source)})",
            hint="give credentials in UV_DEFAULT_INDEX or UV_INDEX (https://user:password@host/…) or in netrc;"
            " a keyring is not asked here",
        )
    if problem.code in _GONE:
        return EnvmgrError(
            "E-NETWORK",
            f"the package index has the file no more: {answer} ({public(source)})",
            hint="run `envmgr lock --upgrade` to lock files that are there",
            details={"status": problem.code},
        )
    return _Interrupted(answer)


def _passwords(parts: SplitResult) -> HTTPPasswordMgrWithPriorAuth:
    passwords = HTTPPasswordMgrWithPriorAuth()
    user, password = _credentials(parts)
    if user or password:
        host = parts.netloc.rpartition("@")[2]
        passwords.add_password(None, f"{parts.scheme}://{host}/", user, password, is_authenticated=True)
    return passwords


def _credentials(parts: SplitResult) -> tuple[str, str]:
    """User and password of the address itself, of an index on the same host, or of netrc; empty without."""
    for name, index in (("", parts), *_indexes()):
        if _origin(index) != _origin(parts):
            continue
        own = f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', name.upper())}_" if name else ""
        user = unquote(index.username or "") or (own and os.environ.get(f"{own}USERNAME", ""))
        password = unquote(index.password or "") or (own and os.environ.get(f"{own}PASSWORD", ""))
        if user or password:
            return user, password
    with contextlib.suppress(OSError, netrc.NetrcParseError):
        known = netrc.netrc(os.environ.get("NETRC")).hosts.get(parts.hostname or "")
        if known is not None:
            return known[0], known[2]
    return "", ""


def _indexes() -> Iterator[tuple[str, SplitResult]]:
    """Those that uv is given by environment variables, with their names."""
    for variable in _INDEXES:
        for word in re.split(r"[\s,]+", os.environ.get(variable, "")):
            named = re.fullmatch(r"(?:([\w.-]+)=)?(https?://.+)", word)
            if named is not None:
                with contextlib.suppress(ValueError):
                    index = urlsplit(named[2])
                    _origin(index)
                    yield named[1] or "", index


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Raises ValueError when the port is none."""
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _no_address(source: str) -> EnvmgrError:
    return EnvmgrError(
        "E-LOCK", f"the lock names an address that cannot be read: {public(source)}", hint="lock it again"
    )


def public(source: str) -> str:
    return re.sub(r"(?<=://)[^/\s@]+@", "", source)
