"""requirements.txt, as pip reads it: nested files, constraints, hashes, markers, options, continued lines."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from envmgr.errors import EnvmgrError
from envmgr.tools.foreign.reading import Place, Reading, text_of, why_not_url
from envmgr.tools.pypa import canonical

_COMMENT = re.compile(r"(?:^|\s)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_OPTION = re.compile(r"\s(--[a-z-]+)(?:=|\s+|$)")
_EXACT = re.compile(r"^===?\s*(?P<version>[^*\s]+)$")
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|egg)(?:\[.*\])?$", re.IGNORECASE)
_INDEXES = ("-i", "--index-url", "--pypi-url", "--extra-index-url", "-f", "--find-links")
# They change how pip works, not what is installed, or are true here anyhow.
_HARMLESS = ("--require-hashes", "--prefer-binary", "--use-feature", "--disable-pip-version-check")
_LONG = {"-r": "--requirement", "-c": "--constraint", "-e": "--editable"}


@dataclass(slots=True)
class _Line:
    """A logical line. `shown` is `text` before variables, which may be secrets, were put in. `via` are
    pip-compile's remarks, of who asked for it.
    """

    shown: str
    place: Place
    via: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return _VARIABLE.sub(lambda found: os.environ.get(found[1], found[0]), self.shown)


def read(path: Path) -> Reading:
    """Raises E-IMPORT when a file cannot be read. What pip-compile notes as asked by others is a pin alone."""
    reading = Reading("requirements")
    reader = _Reader(reading)
    reader.file(path.absolute(), is_constraint=False)
    reader.finish()
    return reading


def read_line(reading: Reading, text: str, place: Place) -> None:
    """One line of a list of requirements that stands in another file."""
    _Reader(reading).line(_Line(_COMMENT.sub("", text).strip(), place))


class _Reader:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._via: dict[int, list[str]] = {}
        self._seen: set[tuple[Path, bool]] = set()

    def file(self, path: Path, *, is_constraint: bool, named_at: Place | None = None) -> None:
        """Each file once, as pip does: one that names itself is no circle."""
        if (path, is_constraint) in self._seen:
            return
        self._seen.add((path, is_constraint))
        try:
            text = text_of(path)
        except EnvmgrError as problem:
            if named_at is None:
                raise
            message = f"{problem.message}; {named_at.path}:{named_at.line} names it"
            raise EnvmgrError(problem.code, message, hint=problem.hint, details=problem.details) from None
        if path not in self._reading.files:
            self._reading.files.append(path)
        for line in _lines(path, text):
            self.line(line, is_constraint=is_constraint)

    def line(self, line: _Line, *, is_constraint: bool = False) -> None:
        if line.text.startswith("-"):
            self._option(line, is_constraint)
        elif line.text:
            self._requirement(line, is_constraint)

    def finish(self) -> None:
        """What only other requirements of the file asked for, as its remarks tell, is no one's wish."""
        reading = self._reading
        names = {one.name for one in reading.wanted}
        remarks = {id(one): [via for via in self._via[id(one)] if via] for one in reading.wanted}
        for one in list(reading.wanted):
            if remarks[id(one)] and all(_names(names, via) for via in remarks[id(one)]):
                reading.wanted.remove(one)
                reading.implied.append(one)

    def _option(self, line: _Line, is_constraint: bool) -> None:
        reading, place = self._reading, line.place
        name, value = _split_option(line.text)
        name = _LONG.get(name, name)
        if name in ("--requirement", "--constraint"):
            if re.match(r"[a-z+]+://", value):
                reading.leave(line.shown, "a file behind a URL is not fetched; save it and name it", place)
                return
            if not value:
                reading.leave(line.shown, "it names no file", place)
                return
            nested = Path(os.path.normpath(place.path.parent / value))
            self.file(nested, is_constraint=is_constraint or name == "--constraint", named_at=place)
        elif name == "--editable":
            reading.leave(
                line.shown, "an editable installation follows a directory, which has no lock", place
            )
        elif name in _INDEXES:
            if not name.endswith(("-f", "--find-links")):
                reading.leave_index(value, place)
            else:
                reading.leave(
                    f"{name} {value}", "where packages come from is set on the machine: UV_FIND_LINKS", place
                )
        elif name not in _HARMLESS:
            reading.leave(line.shown, "pip's options have no place in envmgr.toml", place)

    def _requirement(self, line: _Line, is_constraint: bool) -> None:
        reading, place = self._reading, line.place
        text, hashes = self._hashes(line)
        if _is_path(text):
            reading.leave(
                line.shown, "it comes from a path of this machine; build a wheel of it or publish it", place
            )
            return
        if re.match(r"(?:[a-z]+\+)?[a-z]+://", text) or text.startswith("file:"):
            reading.leave(line.shown, why_not_url(text), place)
            return
        before = len(reading.wanted)
        into = reading.constraints if is_constraint else None
        reading.want(text, place, into=into, shown=line.shown)
        if not is_constraint and len(reading.wanted) > before:
            self._via[id(reading.wanted[-1])] = line.via
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            return
        exact = _EXACT.match(str(requirement.specifier))
        if exact and requirement.url is None:
            marker = str(requirement.marker) if requirement.marker else None
            reading.pin(requirement.name, exact["version"], hashes, place, marker=marker)
        elif hashes:
            reading.leave(
                f"{canonical(requirement.name)}: its hashes", "only those of an exact pin count", place
            )

    def _hashes(self, line: _Line) -> tuple[str, list[str]]:
        """The requirement without its options, and its hashes."""
        text, hashes = line.text, []
        first = _OPTION.search(text)
        if first is None:
            return text, []
        try:
            words = shlex.split(text[first.start() :])
        except ValueError:
            words = text[first.start() :].split()
        other = []
        while words:
            word = words.pop(0)
            name, equals, value = word.partition("=")
            if name == "--hash":
                hashes.append(value if equals or not words else words.pop(0))
            elif word.startswith("--"):
                other.append(word)
        if other:
            self._reading.leave(
                f"{text[: first.start()].strip()}: {' '.join(other)}",
                "pip's options have no place in envmgr.toml",
                line.place,
            )
        return text[: first.start()].strip(), hashes


def _lines(path: Path, text: str) -> Iterator[_Line]:
    """Logical lines: continued ones joined, comments cut, `${NAME}` replaced from the environment."""
    pending, begun = "", 0
    held: _Line | None = None
    for number, raw in enumerate(text.split("\n"), 1):
        if held is not None and not pending and (said := _said_via(raw, held)):
            held.via += said
        line = raw if not pending else raw.lstrip()
        begun = begun or number
        if line.endswith("\\") and not _COMMENT.search(line):
            pending += line[:-1] + " "
            continue
        whole = _COMMENT.sub("", pending + line).strip()
        if whole:
            if held is not None:
                yield held
            held = _Line(whole, Place(path, begun))
            held.via += _said_via("    " + raw[raw.find("#") :], held) if "# via" in raw else []
        pending, begun = "", 0
    whole = _COMMENT.sub("", pending).strip()
    if held is not None:
        yield held
    if whole:
        yield _Line(whole, Place(path, begun))


def _said_via(raw: str, held: _Line) -> list[str]:
    """Of `    # via a, b`, or of one of the lines under `    # via`."""
    first = re.match(r"\s+#\s+via\b\s*(.*)$", raw)
    if first is not None:
        return [word.strip() for word in first[1].split(",") if word.strip()] or [""]
    following = re.match(r"\s+#\s{2,}(\S.*)$", raw)
    return [following[1].strip()] if following and held.via else []


def _names(names: Collection[str], via: str) -> bool:
    """Whether a remark names another requirement, rather than a file of the author's, or the project."""
    return canonical(re.split(r"[\[\s=]", via)[0]) in names


def _split_option(text: str) -> tuple[str, str]:
    name, _, value = text.partition(" ")
    if name.startswith("--"):
        name, equals, behind = name.partition("=")
        value = behind if equals else value
    elif len(name) > 2:
        name, value = name[:2], name[2:]
    return name, value.strip().strip("\"'")


def _is_path(text: str) -> bool:
    bare = text.partition(";")[0].strip()
    if " @ " in bare or "://" in bare:
        return False
    return bare.startswith((".", "/", "~")) or os.sep in bare or _ARCHIVE.search(bare) is not None
