"""requirements.txt in all its forms."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from envmgr.errors import EnvmgrError
from envmgr.tools.foreign import requirements

DATA = Path(__file__).parents[2] / "data" / "import"
HASH = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def read(directory, **files):
    for name, text in {"requirements": "", **files}.items():
        path = directory / f"{name.replace('__', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
    return requirements.read(directory / "requirements.txt")


def wanted(reading):
    return [str(one.requirement) for one in reading.wanted]


def left(reading):
    return {one.what: (one.place.path.name, one.place.line) for one in reading.left}


def test_lines_comments_continuations_markers_and_hashes(tmp_path):
    reading = read(
        tmp_path,
        requirements=f"""\
# a comment \\
six==1.16.0 \\
    --hash={HASH} \\
    --hash {OTHER}  # its files

Requests[socks, Use_Chardet] >=2.20,\\
  <3 ; python_version >= "3.8"   # http
flask>=2 --hash={HASH}
idna==3.*
attrs==23.1 ; sys_platform == "win32" --hash={HASH}
--require-hashes
tail==1\\""",
    )
    assert wanted(reading) == [
        "six==1.16.0",
        'Requests[Use_Chardet,socks]<3,>=2.20; python_version >= "3.8"',
        "flask>=2",
        "idna==3.*",
        'attrs==23.1; sys_platform == "win32"',
        "tail==1",
    ]
    assert {
        (pin.name, pin.version, pin.hashes, str(pin.marker or ""), pin.place.line) for pin in reading.pins
    } == {
        ("six", "1.16.0", frozenset({HASH, OTHER}), "", 2),
        ("attrs", "23.1", frozenset({HASH}), 'sys_platform == "win32"', 10),
        ("tail", "1", frozenset(), "", 12),
    }
    assert left(reading) == {"flask: its hashes": ("requirements.txt", 8)}


def test_nested_files_and_constraints_are_read_once(tmp_path):
    reading = read(
        tmp_path,
        requirements="-r base/common.txt\n--requirement=base/common.txt\n-c limits.txt\n",
        base__common="-r ../requirements.txt\n-rmore.txt\nidna<4\n",
        base__more="six",
        limits="-r deeper.txt\nurllib3<2\n",
        deeper="certifi==2024.7.4\n",
    )
    assert wanted(reading) == ["six", "idna<4"]
    assert [str(one.requirement) for one in reading.constraints] == ["certifi==2024.7.4", "urllib3<2"]
    assert [(pin.name, pin.version) for pin in reading.pins] == [("certifi", "2024.7.4")]
    assert [path.name for path in reading.files] == [
        "requirements.txt",
        "common.txt",
        "more.txt",
        "limits.txt",
        "deeper.txt",
    ]


def test_what_has_no_place(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    monkeypatch.setenv("WANTED", "idna")
    reading = read(
        tmp_path,
        requirements="""\
-i https://user:${TOKEN}@one.example.com/simple
--extra-index-url=https://two.example.com/${TOKEN}/simple
--index-url https://pypi.org/simple/
--find-links ./wheels
-e git+https://user:pw@github.com/x/y.git@main#egg=y
--editable .
./wheels/thing-1.0-py3-none-any.whl
thing.whl
git+ssh://git@github.com/a/b.git
pip @ https://token:${TOKEN}@example.com/pip.zip?sig=${TOKEN}
https://example.com/x.zip?X-Token=abc&v=1
file:///x/y.whl
foo bar
${UNKNOWN}
${WANTED}>=3
--no-binary :all:
packaging --config-settings="x=y" --hash 'broken
-r https://example.com/more.txt
-r
six==banana
""",
    )
    assert wanted(reading) == ["idna>=3", "packaging"]
    assert left(reading) == {
        "index https://***@one.example.com": ("requirements.txt", 1),
        "index https://two.example.com": ("requirements.txt", 2),
        "--find-links ./wheels": ("requirements.txt", 4),
        "-e git+https://***@github.com/x/y.git@main#egg=y": ("requirements.txt", 5),
        "--editable .": ("requirements.txt", 6),
        "./wheels/thing-1.0-py3-none-any.whl": ("requirements.txt", 7),
        "thing.whl": ("requirements.txt", 8),
        "git+ssh://***@github.com/a/b.git": ("requirements.txt", 9),
        "pip @ https://***@example.com/pip.zip?sig=***": ("requirements.txt", 10),
        "https://example.com/x.zip?X-Token=***&v=***": ("requirements.txt", 11),
        "file:///x/y.whl": ("requirements.txt", 12),
        "foo bar": ("requirements.txt", 13),
        "${UNKNOWN}": ("requirements.txt", 14),
        "--no-binary :all:": ("requirements.txt", 16),
        'packaging: --config-settings="x=y"': ("requirements.txt", 17),
        "packaging: its hashes": ("requirements.txt", 17),
        "-r https://example.com/more.txt": ("requirements.txt", 18),
        "-r": ("requirements.txt", 19),
        "six==banana": ("requirements.txt", 20),
    }
    assert "s3cret" not in repr(reading.left)


def test_what_was_only_brought_along_is_implied(tmp_path):
    reading = requirements.read(DATA / "compiled" / "requirements.txt")
    assert wanted(reading) == ["httpcore[http2]==1.0.9", "six==1.16.0"]
    assert {one.name for one in reading.implied} == {"certifi", "h11", "h2", "hpack", "hyperframe"}
    assert len(reading.pins) == 7

    reading = read(
        tmp_path,
        requirements="a==1  # via -r in.txt\nb==1  # via a\nc==1\n    # via\n    #   b\n    #   x (setup.py)\n",
    )
    assert (wanted(reading), [one.name for one in reading.implied]) == (["a==1", "c==1"], ["b"])
    assert len(wanted(requirements.read(DATA / "frozen" / "requirements.txt"))) == 7


@pytest.mark.parametrize(
    "content",
    ["six==1.16.0\r\nidna\r\n".encode("utf-16"), b"\xef\xbb\xbfsix==1.16.0\nidna\n", b"six==1.16.0\ridna"],
)
def test_encodings_of_windows(tmp_path, content):
    assert wanted(read(tmp_path, requirements=content)) == ["six==1.16.0", "idna"]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(
        EnvmgrError, match=r"gone.txt cannot be read: .*requirements.txt:2 names it"
    ) as caught:
        read(tmp_path, requirements="six\n-r gone.txt\n")
    assert caught.value.code == "E-IMPORT"
    with pytest.raises(EnvmgrError, match=r"requirements.txt:2 cannot be read: it is not UTF-8 text"):
        read(tmp_path, requirements=b"six\n\xff\n")
    with pytest.raises(EnvmgrError, match="it is not UTF-16 text"):
        read(tmp_path, requirements=b"\xff\xfes\x00i")
    with pytest.raises(EnvmgrError, match="no file can have this name"):
        read(tmp_path, requirements="-r \0\n")
    with pytest.raises(EnvmgrError, match="is a directory"):
        requirements.read(tmp_path)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


WORDS = [
    "six",
    "==1.0",
    " ",
    "\\\n",
    "\n",
    "--hash=",
    "sha256:a",
    "-r ",
    "-c ",
    "-e ",
    "-",
    "# via ",
    "#",
    "${A}",
    "${HOME}",
]
WORDS += [
    ";",
    "python_version",
    "'",
    '"',
    "[",
    "]",
    "@",
    "https://u:p@x",
    "/",
    ".",
    "requirements.txt",
    "\x00",
    "é",
    "\r",
    ">=",
    "(",
    ",",
]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(some.sampled_from(WORDS) | some.text(max_size=5), max_size=30))
def test_no_line_raises_anything_else(place, words):
    (place / "requirements.txt").write_text("".join(words), errors="replace")
    try:
        reading = requirements.read(place / "requirements.txt")
    except EnvmgrError as problem:
        assert problem.code == "E-IMPORT"  # noqa: PT017 - it may also be read
    else:
        assert all(
            one.place.line <= "".join(words).count("\n") + "".join(words).count("\r") + 1
            for one in reading.left
        )
