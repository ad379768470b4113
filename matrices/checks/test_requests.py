"""What callers do with requests. Run in a cell's interpreter: it has requests and pytest."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/here")
            self.end_headers()
        elif self.path == "/gone":
            self.send_error(410)
        else:
            self._answer({"path": self.path, "agent": self.headers["User-Agent"]})

    def do_POST(self):
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def test_an_answer_is_read(server):
    answer = requests.get(f"{server}/x", params={"q": "ü"}, timeout=10)
    assert answer.json()["path"] == "/x?q=%C3%BC"
    assert answer.headers["content-type"] == "application/json"


def test_what_is_sent_arrives(server):
    with requests.Session() as session:
        assert session.post(server, json={"a": [1, None]}, timeout=10).json() == {"a": [1, None]}


def test_a_redirection_is_followed(server):
    answer = requests.get(f"{server}/moved", timeout=10)
    assert ([step.status_code for step in answer.history], answer.json()["path"]) == ([302], "/here")


def test_failures_are_told(server):
    with pytest.raises(requests.HTTPError, match="410"):
        requests.get(f"{server}/gone", timeout=10).raise_for_status()
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:9", timeout=10)
