"""Files, directories and what the system says of them."""

from __future__ import annotations

import errno
import os
from typing import Any

from .case import Case
from .near import near
from .rules import rule


def _name(case: Case) -> str | None:
    found = getattr(case.error, "filename", None)
    if isinstance(found, bytes):
        found = os.fsdecode(found)
    if found is None:
        found = next((value for _, value in case.bound if isinstance(value, str) and len(value) < 4096), None)
    return str.__str__(found) if isinstance(found, str) else None


def _missing(case: Case, match: Any) -> str | None:
    name = _name(case)
    if not name:
        return None
    if name.startswith(("http://", "https://", "ftp://", "s3://", "file://")):
        return "this is a URL, and a path of a file is needed: download it first"
    if name.startswith(("http:", "https:", "http/", "https/", "www.")):
        return 'a URL begins with "https://" or "http://"'
    if name.startswith("~"):
        return f'"~" means nothing here: pass {os.path.expanduser(name)}'  # noqa: PTH111 - no pathlib in a worker
    if len(name) > 255 or "\n" in name or name.lstrip().startswith(("{", "[", "<")):
        return "this looks like data, and a path of a file is needed: wrap the text with io.StringIO (as: :ref), or write it to a file"
    whole = os.path.abspath(name)  # noqa: PTH100
    found = [] if os.path.isabs(name) else [f"from the worker's directory {os.getcwd()} that is {whole}"]  # noqa: PTH109, PTH117
    return "; ".join(found + _around(whole)) or None


def _around(whole: str) -> list[str]:
    """What there is where the file should be: the nearest directory that exists, or a near name."""
    directory, name = os.path.split(whole)
    if not os.path.isdir(directory):  # noqa: PTH112
        while directory and not os.path.isdir(directory):  # noqa: PTH112
            directory, name = os.path.split(directory)
        return [f'the directory {directory} has no "{name}"']
    try:
        names = os.listdir(directory)  # noqa: PTH208
    except OSError:
        return []
    found = near(name, names)
    return [f'did you mean "{found}"?'] if found else [f"there is no such file in {directory}"]


def _denied(case: Case, match: Any) -> str | None:
    name = _name(case)
    if name is None:
        return None
    whole = os.path.abspath(name)  # noqa: PTH100
    user = os.environ.get("USER") or f"uid {os.getuid()}"
    return f"the worker runs as {user}, who may not do this with {whole}: change its rights (ls -l), or take another path"


def _number(case: Case, match: Any) -> str | None:
    return _NUMBERS.get(getattr(case.error, "errno", None) or 0)


_NUMBERS = {
    errno.ENOSPC: "the disk is full: make room, or write elsewhere",
    errno.EDQUOT: "the quota of the disk is used up: make room, or write elsewhere",
    errno.EMFILE: "the worker has too many files open: close what is no longer needed (release the refs), or raise `ulimit -n`",
    errno.ENFILE: "the system has too many files open",
    errno.ENAMETOOLONG: "the name is too long for a file: is it data instead of a path? io.StringIO and io.BytesIO make files of data",
    errno.EROFS: "the file system may not be written: take another path",
    errno.ENOTEMPTY: "the directory is not empty: shutil.rmtree deletes it with all that is in it",
    errno.EXDEV: "the two paths are on different file systems: shutil.move copies",
    errno.EADDRINUSE: "another process listens on that port: end it, or take another port (0: any that is free)",
    errno.ECONNREFUSED: "nobody listens there: is the server running, are host and port right?",
    errno.ENETUNREACH: "there is no way to that network from here",
    errno.EHOSTUNREACH: "the host cannot be reached from here",
    errno.EBADF: "the file is closed",
    errno.EINVAL: "a number among the arguments (a position, a size, a mode) is not valid for this file",
    errno.ENODEV: "there is no such device",
    errno.EBUSY: "it is in use by another process",
}

RULES = (
    rule("FileNotFoundError", "", _missing),
    rule("IsADirectoryError", "", "that is a directory: pass the path of a file in it"),
    rule("NotADirectoryError", "", "a part of the path is a file, not a directory"),
    rule(
        "FileExistsError",
        "",
        'it is there already: exist_ok: true (of makedirs) lets it be, mode "w" overwrites, another name leaves it alone',
    ),
    rule("PermissionError", "", _denied),
    rule(
        "OSError", r"Cannot save file into a non-existent directory: '(.*)'", "make the directory {1} first"
    ),
    rule("OSError", "", _number),
    rule(
        "ValueError",
        r"embedded null (?:byte|character)",
        "the text has a zero byte, which no path may have: is it data instead of a path?",
    ),
    rule("ValueError", r"I/O operation on closed file|seek of closed file", "it was closed: open it again"),
    rule(
        "io.UnsupportedOperation UnsupportedOperation",
        r"not (readable|writable)|(?:read|write)",
        'open it with another mode: "r" reads, "w" writes, "r+" does both',
    ),
    rule(
        "ValueError",
        r"invalid mode: '?([^']*)|must have exactly one of create/read/write/append mode",
        'modes are "r", "w", "a", "x", with "b" for bytes and "+" for both ways',
    ),
    rule(
        "ValueError",
        r"binary mode doesn't take an? (\w+) argument",
        '{1} is for text: leave it out, or open without "b"',
    ),
    rule(
        "zipfile.BadZipFile",
        "",
        "the file is no zip archive (.xlsx is one, .xls is none): look at what it really is",
    ),
    rule(
        "tarfile.ReadError", "", "the file is no tar archive, or is compressed otherwise than the mode says"
    ),
    rule("shutil.SameFileError", "", "source and target are the same file"),
    rule(
        "subprocess.CalledProcessError",
        r"returned non-zero exit status (\d+)",
        "the program itself failed with status {1}; capture_output: true keeps what it said",
    ),
    rule("subprocess.TimeoutExpired", "", "the program took longer: pass a larger timeout"),
)
