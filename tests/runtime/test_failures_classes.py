"""Who can mend an error, and whether a repeat may do."""

from __future__ import annotations

import asyncio
import csv
import errno
import json
import queue
import re
import socket
import sqlite3
import ssl
import struct
import subprocess
import urllib.error
import zlib

import pytest

from envmgr_runtime.failures.classes import classified


class Answer:
    def __init__(self, status):
        self.status_code = status


def foreign(name, package="other", base=Exception):
    return type(name, (base,), {"__module__": f"{package}.errors"})


def http(status):
    error = foreign("HTTPError", "requests", OSError)("x")
    error.response = Answer(status)
    return error


CASES = [
    (TypeError("x"), ("usage", False)),
    (KeyError("x"), ("usage", False)),
    (UnicodeDecodeError("utf-8", b"", 0, 1, "x"), ("usage", False)),
    (ZeroDivisionError(), ("usage", False)),
    (ImportError("x"), ("library", False)),
    (NameError("x"), ("library", False)),
    (MemoryError(), ("resource", False)),
    (RecursionError(), ("resource", False)),
    (FileNotFoundError(errno.ENOENT, "x"), ("usage", False)),
    (PermissionError(errno.EACCES, "x"), ("policy", False)),
    (OSError(errno.EROFS, "x"), ("policy", False)),
    (OSError(errno.ENOSPC, "x"), ("resource", False)),
    (OSError(errno.EMFILE, "x"), ("resource", False)),
    (OSError(errno.EBUSY, "x"), ("resource", True)),
    (OSError(errno.EISDIR, "x"), ("usage", False)),
    (OSError("a library's own"), ("usage", False)),
    (ConnectionRefusedError(errno.ECONNREFUSED, "x"), ("resource", True)),
    (TimeoutError(), ("resource", True)),
    (socket.timeout(), ("resource", True)),
    (socket.gaierror(-2, "x"), ("resource", True)),
    (asyncio.TimeoutError(), ("resource", True)),
    (ssl.SSLError(1, "x"), ("resource", False)),
    (sqlite3.OperationalError("database is locked"), ("resource", True)),
    (sqlite3.OperationalError("no such table: x"), ("usage", False)),
    (sqlite3.OperationalError("attempt to write a readonly database"), ("policy", False)),
    (sqlite3.OperationalError("database or disk is full"), ("resource", False)),
    (sqlite3.IntegrityError("x"), ("usage", False)),
    (urllib.error.URLError("x"), ("resource", True)),
    (urllib.error.HTTPError("u", 404, "x", {}, None), ("usage", False)),
    (urllib.error.HTTPError("u", 503, "x", {}, None), ("resource", True)),
    (json.JSONDecodeError("x", "", 0), ("usage", False)),
    (re.error("x"), ("usage", False)),
    (csv.Error("x"), ("usage", False)),
    (zlib.error("x"), ("usage", False)),
    (struct.error("x"), ("usage", False)),
    (queue.Empty(), ("resource", False)),
    (subprocess.TimeoutExpired("x", 1), ("resource", True)),
    (subprocess.CalledProcessError(1, "x"), ("usage", False)),
    (http(429), ("resource", True)),
    (http(403), ("policy", False)),
    (http(404), ("usage", False)),
    (http(505), ("resource", False)),
    (http("?"), ("resource", False)),
    (foreign("ConnectTimeout", "requests", foreign("Timeout", "requests", OSError))(), ("resource", True)),
    (foreign("NotFittedError", "sklearn", ValueError)(), ("usage", False)),
    (foreign("LinAlgError", "numpy", ValueError)(), ("usage", False)),
    (foreign("ValidationError")(), ("usage", False)),
    (foreign("RateLimitError")(), ("resource", True)),
    (foreign("AuthenticationError")(), ("policy", False)),
    (foreign("Broken")(), ("library", False)),
    (RuntimeError("can't start new thread"), ("resource", True)),
    (RuntimeError("x"), ("library", False)),
]


@pytest.mark.parametrize(
    ("error", "want"), CASES, ids=[f"{type(e).__name__}-{n}" for n, (e, _) in enumerate(CASES)]
)
def test_by_type(error, want):
    assert classified("exception", error) == want


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ("conversion", "conversion"),
        ("stale-ref", "usage"),
        ("ref-limit", "resource"),
        ("unresolved", "library"),
        ("pipeline", "usage"),
    ],
)
def test_by_code(code, want):
    assert classified(code, ValueError()) == (want, False)


def deep(levels, error=None):
    if levels:
        return deep(levels - 1, error)
    if error is None:
        return None + 1
    raise error


def caught(function, *args):
    try:
        function(*args)
    except Exception as error:  # noqa: BLE001 - any
        return error
    raise AssertionError


def test_by_where_it_was_raised():
    assert classified("exception", caught(deep, 1)) == ("usage", False)
    assert classified("exception", caught(deep, 20)) == ("library", False)
    assert classified("exception", caught(deep, 20, TypeError("on purpose"))) == ("usage", False)
