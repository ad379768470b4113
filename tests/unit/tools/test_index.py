"""Releases as real indexes tell them: JSON and HTML over HTTP, directories; and which indexes are asked."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import time
from datetime import UTC, datetime

import pytest

from envmgr.errors import EnvmgrError
from envmgr.tools import downloads, index
from envmgr.tools.index import Index
from envmgr.tools.index_settings import PYPI, Indexes, read

JSON = "application/vnd.pypi.simple.v1+json"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers from the server's `pages`: path -> (status, media type, content)."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Accept"), self.headers.get("Authorization")))
        status, kind, content = self.server.pages.get(self.path, (404, "text/plain", b"none"))
        self.send_response(status)
        if "gzip" in self.headers.get("Accept-Encoding", "") and status == 200:
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(downloads, "_PAUSE_SECONDS", 0.0)
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.pages, made.asked = {}, []
    made.address = f"http://127.0.0.1:{made.server_port}"
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def page(*files):
    return 200, JSON, json.dumps({"meta": {"api-version": "1.1"}, "files": files}).encode()


def file(name, uploaded="2024-05-01T10:00:00Z", **rest):
    return {"filename": name, "url": name, "hashes": {}, "upload-time": uploaded, **rest}


def test_releases_of_json_in_the_order_of_versions(server):
    server.pages["/simple/my-lib/"] = page(
        file("my_lib-1.10-py3-none-any.whl", "2024-06-01T00:00:00.123456Z", **{"requires-python": ">=3.9"}),
        file("my_lib-1.9.tar.gz", "2024-01-01T00:00:00"),
        file("my_lib-1.9-py3-none-any.whl", "2024-02-01T00:00:00Z", yanked="broken"),
        file("my_lib-2.0rc1-py3-none-any.whl", None, yanked=True),
        file("my-lib-1.0.zip"),
        file("other-1.0.tar.gz"),
        file("my_lib-x-py3-none-any.whl"),
        file("my_lib-1.9.tar.gz.asc"),
    )
    found = Index(Indexes((f"{server.address}/simple",))).releases("My.Lib")
    assert [release.version for release in found] == ["1.0", "1.9", "1.10", "2.0rc1"]
    _, nine, ten, candidate = found
    assert (nine.uploaded, nine.yanked) == (datetime(2024, 1, 1, tzinfo=UTC), False)
    assert [found.is_wheel for found in nine.files] == [False, True]
    assert ten.files[0].requires_python == ">=3.9"
    assert (candidate.yanked, candidate.uploaded, candidate.is_prerelease) == (True, None, True)
    assert candidate.files[0].requires_python == ""
    assert JSON in server.asked[0][1]


def test_releases_of_html_without_days(server):
    server.pages["/simple/a/"] = (
        200,
        "text/html; charset=utf-8",
        b'<a href="../files/a-1.0-py3-none-any.whl#sha256=1" data-requires-python="&gt;=3.8">x</a><a>no</a>'
        b'<a href="https://else/where/a-1.1%2Blocal-py3-none-any.whl" data-yanked="">y</a>',
    )
    one, two = Index(Indexes((server.address + "/simple/",))).releases("a")
    assert (one.version, one.files[0].requires_python, one.yanked, one.uploaded) == (
        "1.0",
        ">=3.8",
        False,
        None,
    )
    assert (two.version, two.yanked) == ("1.1+local", True)


def test_the_first_index_that_has_it_answers_unless_all_count(server):
    server.pages["/one/a/"] = page(file("a-1.0-py3-none-any.whl"))
    server.pages["/two/a/"] = page(
        file("a-2.0-py3-none-any.whl"), file("a-1.0-py3-none-any.whl", "2020-01-01")
    )
    server.pages["/two/b/"] = page(file("b-1.0-py3-none-any.whl"))
    both = (f"{server.address}/one", f"{server.address}/two")
    known = Index(Indexes(both))
    assert [release.version for release in known.releases("a")] == ["1.0"]
    assert [release.version for release in known.releases("b")] == ["1.0"]
    assert known.releases("c") == ()
    assert [release.version for release in Index(Indexes(both, together=True)).releases("a")] == [
        "1.0",
        "2.0",
    ]
    count = len(server.asked)
    assert known.releases("A")
    assert len(server.asked) == count


def test_directories_of_files_are_added(server, tmp_path):
    (tmp_path / "a-3.0-py3-none-any.whl").touch()
    (tmp_path / "b-1.0.tar.gz").touch()
    server.pages["/a/"] = page(file("a-1.0-py3-none-any.whl"))
    server.pages["/flat"] = (200, "text/html", b'<a href="a-4.0-py3-none-any.whl">a</a>')
    flat = (str(tmp_path), tmp_path.as_uri(), f"{server.address}/flat", f"{server.address}/gone")
    found = Index(Indexes((server.address,), flat)).releases("a")
    assert [release.version for release in found] == ["1.0", "3.0", "4.0"]


def test_an_index_on_disk(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<a href="a-1.0.tar.gz">a</a>')
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "index.json").write_bytes(page(file("b-1.0.tar.gz"))[2])
    known = Index(Indexes((tmp_path.as_uri(),)))
    assert [len(known.releases(name)) for name in ("a", "b", "c")] == [1, 1, 0]


def test_only_what_is_older_than_a_moment(server):
    server.pages["/a/"] = page(
        file("a-1.0.tar.gz", "2024-01-01T00:00:00Z"), file("a-2.0.tar.gz"), file("a-3.tar.gz", None)
    )
    until = Indexes((server.address,), exclude_newer=datetime(2024, 2, 1, tzinfo=UTC))
    assert [release.version for release in Index(until).releases("a")] == ["1.0"]


@pytest.mark.parametrize("content", [b"<html>", b'{"files": [1]}', b"[]"])
def test_what_is_no_page_is_an_error(server, content):
    server.pages["/simple/a/"] = (200, JSON, content)
    with pytest.raises(EnvmgrError, match="no page of a distribution") as error:
        Index(Indexes((f"{server.address}/simple".replace("//", "//user:secret@"),))).releases("a")
    assert error.value.code == "E-NETWORK"
    assert "secret" not in error.value.message


TORN = {
    "nothing": b"",
    "its beginning": b"\x1f\x8b",
    "without its end": gzip.compress(b"{}")[:-4],
    "noise": gzip.compress(b"{}")[:10] + b"\xff" * 9,
}


@pytest.mark.parametrize("torn", TORN)
def test_what_cannot_be_decompressed_is_an_error(server, torn, monkeypatch):
    server.pages["/a/"] = page(file("a-1.0.tar.gz"))
    monkeypatch.setattr(gzip, "compress", lambda content: TORN[torn])
    with pytest.raises(EnvmgrError) as error:
        Index(Indexes((server.address,))).releases("a")
    assert error.value.code == "E-NETWORK"


def test_an_index_that_fails_is_an_error_and_its_credentials_are_sent(server):
    server.pages["/simple/a/"] = (500, "text/plain", b"")
    with pytest.raises(EnvmgrError, match="cannot be reached"):
        Index(Indexes((f"{server.address}/simple".replace("//", "//me:secret@"),))).releases("a")
    assert server.asked[-1][2].startswith("Basic ")


def test_what_is_expected_is_asked_once_and_its_failure_met_once(server):
    server.pages["/simple/demo/"] = page(file("demo-1.0.tar.gz"))
    server.pages["/simple/shut/"] = (500, "text/plain", b"")
    found = Index(Indexes((f"{server.address}/simple",)))
    found.expect(["Demo", "demo", "shut"])
    deadline = time.monotonic() + 30
    while not (found._known and found._failed) and time.monotonic() < deadline:
        time.sleep(0.01)
    asked = len(server.asked)
    assert [release.version for release in found.releases("demo")] == ["1.0"]
    with pytest.raises(EnvmgrError, match="cannot be reached"):
        found.releases("shut")
    assert len(server.asked) == asked
    server.pages["/simple/shut/"] = page(file("shut-2.0.tar.gz"))
    assert [release.version for release in found.releases("shut")] == ["2.0"]


def test_the_index_of_this_process_is_the_environments(server, monkeypatch):
    server.pages["/a/"] = page(file("a-1.0.tar.gz"))
    monkeypatch.setattr(index, "_shared", Index())
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_DEFAULT_INDEX", server.address)
    assert len(index.releases("a")) == 1


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, Indexes()),
        ({"UV_DEFAULT_INDEX": "https://a/simple"}, Indexes(("https://a/simple",))),
        ({"UV_INDEX_URL": "https://a", "UV_DEFAULT_INDEX": "mine=https://b"}, Indexes(("https://b",))),
        ({"UV_INDEX": "x=https://a https://b", "UV_EXTRA_INDEX_URL": "https://b https://c"},
         Indexes(("https://a", "https://b", "https://c", PYPI))),
        ({"UV_FIND_LINKS": "/w,https://l", "UV_NO_INDEX": "1"}, Indexes((), ("/w", "https://l"))),
        ({"UV_INDEX_STRATEGY": "unsafe-best-match"}, Indexes(together=True)),
        ({"UV_EXCLUDE_NEWER": "2024-02-03"},
         Indexes(exclude_newer=datetime(2024, 2, 3, 23, 59, 59, tzinfo=UTC))),
        ({"UV_EXCLUDE_NEWER": "2024-02-03T10:00:00+00:00"}, Indexes(exclude_newer=datetime(2024, 2, 3, 10, tzinfo=UTC))),
        ({"UV_EXCLUDE_NEWER": "2 weeks"}, Indexes()),
    ],
)  # fmt: skip
def test_which_indexes_the_variables_name(variables, found):
    assert read({"UV_NO_CONFIG": "1", **variables}) == found


def test_which_indexes_uvs_own_configuration_names(tmp_path):
    (tmp_path / "uv").mkdir()
    mine, other = tmp_path / "uv" / "uv.toml", tmp_path / "other.toml"
    mine.write_text(
        """
find-links = ["/wheels"]
extra-index-url = ["https://extra"]
index-strategy = "first-index"
[[index]]
url = "https://named"
[[index]]
url = "https://pinned"
explicit = true
[[index]]
url = "https://flat"
format = "flat"
[[index]]
url = "https://default"
default = true
"""
    )
    found = read({"XDG_CONFIG_HOME": str(tmp_path), "UV_INDEX": "https://first"})
    assert found.addresses == ("https://first", "https://named", "https://extra", "https://default")
    assert found.flat == ("/wheels", "https://flat")
    other.write_text('no-index = true\n[pip]\nfind-links = ["/x"]')
    assert read({"UV_CONFIG_FILE": str(other)}) == Indexes((), ("/x",))
    other.write_text('index-url = "https://old"')
    assert read({"UV_CONFIG_FILE": str(other)}).addresses == ("https://old",)
    other.write_text("not toml")
    assert read({"UV_CONFIG_FILE": str(other)}) == Indexes()
