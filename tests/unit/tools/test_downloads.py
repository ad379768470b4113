"""Files from a real server on this machine: digests, retries, credentials."""

import base64
import hashlib
import http.server
import threading

import pytest

from envmgr.errors import EnvmgrError
from envmgr.tools import downloads

CONTENT = b"wheel" * 500_000
CUT, LONG = 1, 2  # what the server does, beside answering with a status
SHA256 = {"sha256": hashlib.sha256(CONTENT).hexdigest()}


class Server(http.server.ThreadingHTTPServer):
    """Answers from `script`, a list of what to do with each request, then with the content."""

    def __init__(self):
        self.script, self.seen = [], []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        answer = self.server.script.pop(0) if self.server.script else 200
        if answer == "hang up":
            self.close_connection = True
            return
        if isinstance(answer, str):
            self.send_response(302)
            self.send_header("Location", answer)
            self.end_headers()
            return
        length, content = {200: (1, CONTENT), CUT: (1, CONTENT[:9]), LONG: (3, CONTENT * 2)}.get(
            answer, (0, b"")
        )
        self.send_response(max(answer, 200))
        self.send_header("Content-Length", str(length * len(CONTENT)))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def log_message(self, *words):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(downloads, "_PAUSE_SECONDS", 0.0)
    for name in (
        "UV_DEFAULT_INDEX",
        "UV_INDEX",
        "UV_INDEX_URL",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
        "NETRC",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/nowhere")
    made = Server()
    yield made
    made.shutdown()
    made.server_close()


def fetch(server, tmp_path, path="/a.whl", hashes=SHA256):
    into = tmp_path / "a.whl"
    source = path if "://" in path else f"{server.address}{path}"
    downloads.fetch(source, into, hashes)
    return into.read_bytes()


def refusal(server, tmp_path, *script, **how):
    server.script = list(script)
    with pytest.raises(EnvmgrError) as caught:
        fetch(server, tmp_path, **how)
    return caught.value


def sent(server):
    words = [header and base64.b64decode(header.removeprefix("Basic ")).decode() for _, header in server.seen]
    server.seen.clear()
    return words


def test_a_file_with_its_digest(server, tmp_path):
    assert fetch(server, tmp_path) == CONTENT
    both = {"sha512": hashlib.sha512(CONTENT).hexdigest().upper(), "md5": "0"}
    assert fetch(server, tmp_path, hashes=both) == CONTENT


def test_another_file(server, tmp_path):
    problem = refusal(server, tmp_path, hashes={"sha256": "0" * 64})
    assert (problem.code, problem.details["file"]) == ("E-TAMPERED", "a.whl")
    assert len(server.seen) == 1


@pytest.mark.parametrize("hashes", [{}, {"md5": "0"}])
def test_nothing_to_check_it_with(server, tmp_path, hashes):
    assert refusal(server, tmp_path, hashes=hashes).code == "E-LOCK"
    assert server.seen == []


@pytest.mark.parametrize("trouble", [500, 503, 429, "hang up", CUT, LONG])
def test_a_passing_trouble_passes(server, tmp_path, trouble):
    server.script = [trouble, trouble]
    assert fetch(server, tmp_path) == CONTENT
    assert len(server.seen) == 3


@pytest.mark.parametrize(("trouble", "words"), [(500, "500"), ("hang up", "127.0.0.1"), (CUT, "too early")])
def test_a_lasting_trouble_is_told(server, tmp_path, trouble, words):
    problem = refusal(server, tmp_path, trouble, trouble, trouble)
    assert problem.code == "E-NETWORK"
    assert words in problem.message


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refused"), (403, "refused"), (404, "no more"), (410, "no more")]
)
def test_what_another_try_does_not_mend(server, tmp_path, status, words):
    problem = refusal(server, tmp_path, status, path=f"http://me:s3cret@127.0.0.1:{server.server_port}/a.whl")
    assert (problem.code, len(server.seen)) == ("E-NETWORK", 1)
    assert words in problem.message
    assert "s3cret" not in f"{problem.message}{problem.hint}{problem.details}"


def test_nobody_there(server, tmp_path):
    problem = refusal(server, tmp_path, path="http://127.0.0.1:1/a.whl")
    assert (problem.code, "127.0.0.1" in problem.message) == ("E-NETWORK", True)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"UV_DEFAULT_INDEX": "http://me:s%40cret@HOST/simple"}, "me:s@cret"),
        ({"UV_INDEX": "https://other:x@example.org/s own=http://me:pw@HOST/s?a=b"}, "me:pw"),
        (
            {
                "UV_INDEX": "corp-1=http://HOST/s",
                "UV_INDEX_CORP_1_USERNAME": "u",
                "UV_INDEX_CORP_1_PASSWORD": "p",
            },
            "u:p",
        ),
        ({"UV_EXTRA_INDEX_URL": "http://token@HOST/simple"}, "token:"),
        ({"UV_DEFAULT_INDEX": "http://me:pw@127.0.0.1:1/simple"}, None),
        ({"UV_DEFAULT_INDEX": "https://me:pw@HOST/simple"}, None),
        ({"UV_DEFAULT_INDEX": "http://me:pw@HOST:nonsense/"}, None),
        ({}, None),
    ],
)
def test_credentials_of_the_index(server, tmp_path, monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("HOST", f"127.0.0.1:{server.server_port}"))
    fetch(server, tmp_path)
    assert sent(server) == [expected]


def test_credentials_of_the_address_and_of_netrc(server, tmp_path, monkeypatch):
    fetch(server, tmp_path, path=f"http://me:pw@127.0.0.1:{server.server_port}/a.whl")
    assert sent(server) == ["me:pw"]
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login n password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fetch(server, tmp_path)
    assert sent(server) == ["n:secret"]
    (tmp_path / "netrc").write_text("no such thing")
    fetch(server, tmp_path)
    assert sent(server) == [None]


def test_a_redirect_takes_credentials_nowhere_else(server, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{server.address.replace('://', '://me:pw@')}/simple")
    other = Server()
    server.script = ["/here", f"{other.address}/there"]
    assert fetch(server, tmp_path) == CONTENT
    assert (sent(server), sent(other)) == (["me:pw", "me:pw"], [None])
    other.shutdown()
    other.server_close()


def test_a_proxy_is_used(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.delenv("no_proxy", raising=False)
    fetch(server, tmp_path, path="http://me:pw@example.invalid/a.whl")
    assert server.seen == [("http://example.invalid/a.whl", "Basic bWU6cHc=")]


def test_a_stop_is_obeyed(server, tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(InterruptedError):
        downloads.fetch(f"{server.address}/a.whl", tmp_path / "a.whl", SHA256, stop=stop)
    assert (tmp_path / "a.whl").stat().st_size == 0


def test_files_of_this_disk(server, tmp_path):
    held = tmp_path / "held é.whl"
    held.write_bytes(CONTENT)
    assert fetch(server, tmp_path, path=held.as_uri()) == CONTENT
    downloads.fetch(str(held), tmp_path / "b.whl", SHA256)
    assert (tmp_path / "b.whl").read_bytes() == CONTENT
    for missing in (str(tmp_path / "none"), (tmp_path / "none").as_uri(), str(tmp_path)):
        with pytest.raises(EnvmgrError) as caught:
            downloads.fetch(missing, tmp_path / "c.whl", SHA256)
        assert caught.value.code == "E-NETWORK"


@pytest.mark.parametrize("path", ["ftp://host/a.whl", "http://host:port/a.whl", "http://[host/a.whl"])
def test_addresses_that_are_none(server, tmp_path, path):
    assert refusal(server, tmp_path, path=path).code == "E-LOCK"
