"""A package index on this machine: real wheels over real HTTP, with a password when it has one, counting what
is fetched."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import io
import json
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgpack


def wheel(
    name: str, version: str, files: Mapping[str, str], *, tag="py3-none-any", requires=(), python=""
) -> tuple[str, bytes]:
    """A wheel's file name and bytes, the same for the same contents."""
    info = f"{name}-{version}.dist-info"
    metadata = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        *(f"Requires-Dist: {r}" for r in requires),
        *([f"Requires-Python: {python}"] if python else []),
    ]
    members = {
        **files,
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        for path, text in members.items()
    ]
    members[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in members.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return f"{name}-{version}-{tag}.whl", content.getvalue()


def pure_msgpack() -> tuple[str, bytes]:
    """The worker's private dependency, from what is installed here, without its compiled part."""
    sources = Path(msgpack.__file__).parent.glob("*.py")
    version = ".".join(map(str, msgpack.version))
    return wheel("msgpack", version, {f"msgpack/{path.name}": path.read_text() for path in sources})


class Index:
    """`fetched` counts requests that were answered with a file, by file name; `refused` those without password.
    The pages of `forbidden` distributions are for nobody. Files that are not in `uploaded` were so on one day.
    """

    def __init__(self, wheels: Mapping[str, bytes], credentials: str | None, delay: float) -> None:
        self.wheels = dict(wheels)
        self.authorization = credentials and f"Basic {base64.b64encode(credentials.encode()).decode()}"
        self.delay = delay
        self.forbidden: set[str] = set()
        self.uploaded: dict[str, str] = {}
        self.yanked: set[str] = set()
        self.fetched: Counter[str] = Counter()
        self.refused = 0
        self.at_once = self.most_at_once = 0
        self.guard = threading.Lock()

    def page(self, name: str) -> bytes | None:
        files = [
            {"filename": file, "url": f"../../files/{file}", "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
             "size": len(content), "upload-time": self.uploaded.get(file, "2024-05-01T00:00:00Z"), "yanked": file in self.yanked,
             "core-metadata": True}
            for file, content in self.wheels.items()
            if file.partition("-")[0].lower().replace("_", "-") == name
        ]  # fmt: skip
        return (
            json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()
            if files
            else None
        )

    def metadata(self, name: str) -> bytes | None:
        """PEP 658, as PyPI has it: resolving downloads no wheel."""
        file = name.removesuffix(".metadata")
        if file == name or file not in self.wheels:
            return None
        with zipfile.ZipFile(io.BytesIO(self.wheels[file])) as archive:
            return archive.read(next(member for member in archive.namelist() if member.endswith("/METADATA")))


@contextlib.contextmanager
def serve(*wheels: tuple[str, bytes], credentials: str | None = None, delay=0.0) -> Iterator[Index]:
    """An index at `.host` (`127.0.0.1:port`) under `/simple/`; each file takes `delay` seconds."""
    index = Index(dict([*wheels, pure_msgpack()]), credentials, delay)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if index.authorization and self.headers.get("Authorization") != index.authorization:
                with index.guard:
                    index.refused += 1
                return self.answer(401, "text/plain", b"no", {"WWW-Authenticate": 'Basic realm="private"'})
            *_, kind, name = ["", *self.path.strip("/").split("/")]
            if kind == "files" and name in index.wheels:
                with index.guard:
                    index.fetched[name] += 1
                    index.at_once += 1
                    index.most_at_once = max(index.most_at_once, index.at_once)
                time.sleep(index.delay)
                self.answer(200, "application/zip", index.wheels[name], {})
                with index.guard:
                    index.at_once -= 1
                return None
            if name in index.forbidden:
                return self.answer(403, "text/plain", b"no", {})
            page = index.page(name) if kind == "simple" else index.metadata(name)
            if page is None:
                return self.answer(404, "text/plain", b"none", {})
            return self.answer(200, "application/vnd.pypi.simple.v1+json", page, {})

        def answer(self, status: int, kind: str, content: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
