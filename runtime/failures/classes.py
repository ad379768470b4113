"""Who can mend an error, and whether the same call may succeed later.

The classes of an exception are looked up from its own on; the first that stands in `_KINDS` decides, unless a test of
`_TESTS` says otherwise. A class is named by the package that defines it and its name.
"""

from __future__ import annotations

import errno
import re
from typing import Any, Callable

from .frames import frames
from .texts import classes, message

USAGE, CONVERSION, LIBRARY = "usage", "conversion", "library"
RESOURCE, POLICY, INTERNAL = "resource", "policy", "internal"

_CODES = {
    "cancelled": (USAGE, False),
    "pipeline": (USAGE, False),
    "conversion": (CONVERSION, False),
    "stale-ref": (USAGE, False),
    "unresolved": (LIBRARY, False),
    "ref-limit": (RESOURCE, False),
}
"""Of errors that are not a library's, by code."""


def _all(answer: tuple[str, bool], *lines: str) -> dict[str, tuple[str, bool]]:
    return dict.fromkeys(" ".join(lines).split(), answer)


_KINDS: dict[str, tuple[str, bool]] = {
    **_all(
        (USAGE, False),
        "TypeError ValueError LookupError ArithmeticError AttributeError FileNotFoundError IsADirectoryError",
        "NotADirectoryError FileExistsError EOFError StopIteration StopAsyncIteration SyntaxError BufferError",
        "NotImplementedError AssertionError Warning",
        "requests.InvalidURL requests.MissingSchema requests.InvalidSchema requests.InvalidHeader",
        "requests.JSONDecodeError requests.UnrewindableBodyError urllib3.LocationParseError",
        "urllib3.LocationValueError sqlite3.Error numpy.LinAlgError sklearn.NotFittedError zipfile.BadZipFile",
        "tarfile.TarError csv.Error re.error re.PatternError locale.Error configparser.Error binascii.Error",
        "zlib.error struct.error subprocess.CalledProcessError pickle.UnpicklingError pickle.PicklingError",
        "shutil.Error getopt.GetoptError xml.ParseError xml.ExpatError pandas.UndefinedVariableError",
        "gzip.BadGzipFile pandas.DataError pandas.InvalidIndexError pandas.MergeError",
        "pandas.IndexingError envmgr_runtime.ElixirError envmgr_runtime.SessionError",
    ),
    **_all(
        (LIBRARY, False),
        "ImportError NameError RuntimeError SystemError SystemExit GeneratorExit ReferenceError",
    ),
    **_all(
        (RESOURCE, True),
        "ConnectionError TimeoutError BlockingIOError InterruptedError socket.timeout socket.gaierror socket.herror",
        "concurrent.TimeoutError asyncio.TimeoutError http.HTTPException urllib.URLError",
        "urllib3.TimeoutError urllib3.NewConnectionError urllib3.ProtocolError urllib3.MaxRetryError",
        "urllib3.ProxyError requests.ConnectionError requests.Timeout requests.ChunkedEncodingError",
        "httpx.TransportError aiohttp.ClientConnectionError sqlalchemy.OperationalError subprocess.TimeoutExpired",
    ),
    **_all(
        (RESOURCE, False),
        "MemoryError RecursionError OSError ChildProcessError ssl.SSLError urllib3.SSLError requests.SSLError",
        "requests.RetryError requests.HTTPError urllib.HTTPError queue.Full queue.Empty",
    ),
    **_all((POLICY, False), "PermissionError requests.TooManyRedirects KeyboardInterrupt"),
}
"""The rights that the system refuses are policy: whoever runs the worker can grant them, the caller cannot."""


_WORDS: tuple[tuple[re.Pattern[str], tuple[str, bool]], ...] = (
    (
        re.compile("Timeout|Connection|Unavailable|RateLimit|TooManyRequests|Throttl|Deadlock|Locked"),
        (RESOURCE, True),
    ),
    (re.compile("Permission|Forbidden|Denied|Auth|Credential"), (POLICY, False)),
    (
        re.compile(
            "Validat|Invalid|Pars|Syntax|Argument|Value|Type|Key|NotFound|DoesNotExist|Missing|Unknown|Unsupported"
            "|Decod|Encod|Format|Data|Schema|Usage|BadRequest"
        ),
        (USAGE, False),
    ),
)
"""What the name of a library's own class says, where none of its bases is known."""


def _errnos(names: str) -> set[int]:
    return {getattr(errno, name) for name in names.split() if hasattr(errno, name)}


_PASSING = _errnos(
    "EAGAIN EBUSY EINTR ETXTBSY ECONNREFUSED ECONNRESET ECONNABORTED ENETUNREACH ENETDOWN EHOSTUNREACH EHOSTDOWN"
    " ETIMEDOUT EPIPE EALREADY ESTALE"
)
_REFUSED = _errnos("EACCES EPERM EROFS")
_WRONG = _errnos("EOVERFLOW ENOENT ENOTDIR EISDIR EEXIST EINVAL ENAMETOOLONG EBADF")
_PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}
_DEEP = 12
"""Frames. So far below the call, and not by a `raise`, a TypeError is the library's own affair."""


def classified(code: str, error: BaseException) -> tuple[str, bool]:
    """(class, retry) of the error map."""
    if code in _CODES:
        return _CODES[code]
    names = [_short(name) for name in classes(type(error))]
    for name in names:
        if name == "Exception":
            break
        found = _TESTS[name](error) if name in _TESTS else None
        if found is None:
            found = _KINDS.get(name)
        if found is not None:
            return found[0], found[1]
    return _by_words(names)


def _by_words(names: list[str]) -> tuple[str, bool]:
    for name in names:
        if "." in name:
            for words, answer in _WORDS:
                if words.search(name.rpartition(".")[2]):
                    return answer
    return LIBRARY, False


def _short(name: str) -> str:
    """`requests.exceptions.Timeout` → `requests.Timeout`; what is builtin, or the io module's, has no package."""
    package, kind = name.partition(".")[0], name.rpartition(".")[2]
    package = package.lstrip("_")
    return kind if package in ("builtins", "io") else f"{package}.{kind}"


def _of_system(error: BaseException) -> tuple[str, bool] | None:
    number = getattr(error, "errno", None)
    if number is None:
        return USAGE, False  # a library's own, about what it was given
    if number in _PASSING:
        return RESOURCE, True
    if number in _REFUSED:
        return POLICY, False
    if number in _WRONG:
        return USAGE, False
    return None


def _of_web(error: BaseException) -> tuple[str, bool] | None:
    answer = vars(error).get("response", error)
    status = vars(error).get("code") or getattr(answer, "status_code", None)
    if not isinstance(status, int):
        return None
    if status in _PASSING_STATUS:
        return RESOURCE, True
    if status in (401, 403, 407, 451):
        return POLICY, False
    return (USAGE if status < 500 else RESOURCE), False


def _of_sqlite(error: BaseException) -> tuple[str, bool] | None:
    text = message(error)
    if "locked" in text or "busy" in text:
        return RESOURCE, True
    if "readonly" in text:
        return POLICY, False
    if "full" in text or "disk I/O" in text:
        return RESOURCE, False
    return None


def _of_type(error: BaseException) -> tuple[str, bool] | None:
    """What was raised on purpose is about the arguments; what failed far below may not be."""
    found = frames(error)
    if len(found) > _DEEP and not found[-1][3].lstrip().startswith("raise"):
        return LIBRARY, False
    return None


def _of_runtime(error: BaseException) -> tuple[str, bool] | None:
    """A RuntimeError that the called function itself raises is its way to refuse."""
    found = frames(error)
    if type(error) is RuntimeError and "can't start new thread" in message(error):
        return RESOURCE, True
    return (USAGE, False) if len(found) == 1 and found[0][3].lstrip().startswith("raise") else None


_TESTS: dict[str, Callable[[Any], Any]] = {
    "OSError": _of_system,
    "requests.HTTPError": _of_web,
    "urllib.HTTPError": _of_web,
    "sqlite3.OperationalError": _of_sqlite,
    "TypeError": _of_type,
    "AttributeError": _of_type,
    "AssertionError": _of_type,
    "RuntimeError": _of_runtime,
}
