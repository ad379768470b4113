"""Which file of a lock an interpreter takes."""

import sys
from pathlib import Path

import pytest
from packaging.tags import sys_tags

from envmgr.tools import interpreters, wheels
from envmgr.tools.interpreters import Interpreter

TAGS = (
    "cp311-cp311-manylinux_2_28_x86_64",
    "cp311-cp311-manylinux_2_17_x86_64",
    "cp311-abi3-linux",
    "py3-none-any",
)
LINUX = {"sys_platform": "linux", "python_version": "3.11"}


def lock(*packages):
    return {"lock-version": "1.0", "created-by": "test", "packages": list(packages)}


def package(name, *files, version="1.0", **rest):
    listed = [{"url": f"https://host/x/{file}", "hashes": {"sha256": "00"}} for file in files]
    return {"name": name, "version": version, "wheels": listed, **rest}


def names(choice):
    return [wheel.filename for wheel in choice.wheels]


def test_the_tags_are_those_of_the_interpreter():
    own = interpreters.find(sys.executable, root=Path("/"))
    assert wheels.tags(own) == tuple(map(str, sys_tags()))


@pytest.mark.parametrize(
    ("version", "implementation", "abi", "threads", "first"),
    [
        ("3.8.18", "cpython", "cpython-38-x86_64-linux-gnu", False, "cp38-cp38-"),
        ("3.13.0", "cpython", "cpython-313t-x86_64-linux-gnu", True, "cp313-cp313t-"),
        ("3.10.14", "pypy", "pypy310-pp73-x86_64-linux-gnu", False, "pp310-pypy310_pp73-"),
    ],
)
def test_tags_of_other_interpreters(version, implementation, abi, threads, first):
    found = wheels.tags(Interpreter("/x", version, implementation, abi, "linux-x86_64", threads, {}))
    assert found[0].startswith(first)
    assert "py3-none-any" in found
    assert any(tag.startswith("cp") and "abi3-" in tag for tag in found) is (
        implementation == "cpython" and not threads
    )


def test_the_best_wheel_is_taken():
    files = [
        "a-1.0-py3-none-any.whl",
        "a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl",
        "a-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "a-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
    ]
    assert names(wheels.choose(lock(package("a", *files)), LINUX, TAGS)) == [files[2]]
    assert names(wheels.choose(lock(package("a", *files)), LINUX, TAGS[1:])) == [files[1]]
    assert names(wheels.choose(lock(package("a", *files[:1])), LINUX, TAGS)) == files[:1]


def test_of_equal_wheels_the_greatest_build():
    files = [f"a-1.0-{build}py3-none-any.whl" for build in ("9-", "10-", "")]
    assert names(wheels.choose(lock(package("a", *files)), LINUX, TAGS)) == [files[1]]


def test_what_has_no_wheel_is_named():
    sdist = {"url": "https://host/b-2.tar.gz", "hashes": {"sha256": "00"}}
    document = lock(
        package("a", "a-1.0-cp39-cp39-win32.whl"),
        {"name": "b", "version": "2", "sdist": sdist},
        {"name": "c", "archive": {"url": "https://host/c-3.zip", "hashes": {"sha256": "00"}}},
        {"name": "d", "archive": {"url": "https://host/d.whl", "hashes": {"sha256": "00"}}},
        package("e", "e-1.0-py3-none-any.whl"),
    )
    choice = wheels.choose(document, LINUX, TAGS)
    assert choice.without == ("a 1.0", "b 2", "c", "d")
    assert names(choice) == ["e-1.0-py3-none-any.whl"]


def test_markers_leave_packages_out():
    windows = package("a", "a-1.0-py3-none-any.whl", marker="sys_platform == 'win32'")
    here = package(
        "b", "b-1.0-py3-none-any.whl", marker="sys_platform == 'linux' and python_version < '3.12'"
    )
    choice = wheels.choose(lock(windows, here), LINUX, TAGS)
    assert (names(choice), choice.without) == (["b-1.0-py3-none-any.whl"], ())


def test_only_among_the_files_that_are_there():
    files = ["a-1.0-cp311-cp311-manylinux_2_28_x86_64.whl", "a-1.0-py3-none-any.whl"]
    assert names(wheels.choose(lock(package("a", *files)), LINUX, TAGS, among=files[1:])) == files[1:]
    assert wheels.choose(lock(package("a", *files)), LINUX, TAGS, among=()).without == ("a 1.0",)


def test_files_by_address_path_and_name():
    document = lock(
        {
            "name": "a-b",
            "archive": {"path": "../w/a_b-1.0+local-py3-none-any.whl", "hashes": {"sha256": "11"}},
        },
        package("c", "c-1.0%2Bcpu-py3-none-any.whl#sha256=00", version="1.0+cpu"),
        {
            "name": "d",
            "version": "1",
            "wheels": [{"name": "d-1-py3-none-any.whl", "url": "https://host/7", "hashes": {"sha256": "22"}}],
        },
    )
    first, second, third = wheels.choose(document, LINUX, TAGS).wheels
    assert (first.package, first.version, first.source) == (
        "a-b",
        "1.0+local",
        "../w/a_b-1.0+local-py3-none-any.whl",
    )
    assert (second.filename, second.source) == (
        "c-1.0+cpu-py3-none-any.whl",
        "https://host/x/c-1.0%2Bcpu-py3-none-any.whl#sha256=00",
    )
    assert (third.filename, third.source, third.hashes) == (
        "d-1-py3-none-any.whl",
        "https://host/7",
        {"sha256": "22"},
    )


def test_a_lock_that_is_none():
    with pytest.raises(ValueError, match="lock-version"):
        wheels.choose({}, LINUX, TAGS)
