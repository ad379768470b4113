"""An index of made-up distributions, which counts how often it is asked."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from packaging.version import Version

from envmgr.tools.index import Release
from envmgr.tools.index_pages import File


def wheel(name, version, tag="py3-none-any", day="2024-01-01", python="", yanked=False):
    uploaded = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
    return File(f"{name}-{version}-{tag}.whl", uploaded, python, yanked)


def sdist(name, version, day="2024-01-01", python="", yanked=False):
    uploaded = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
    return File(f"{name}-{version}.tar.gz", uploaded, python, yanked)


class Listing:
    """`files` by distribution and version."""

    def __init__(self, **files):
        self.files = files
        self.asked = Counter()

    def releases(self, distribution):
        self.asked[distribution] += 1
        known = self.files.get(distribution, {})
        return tuple(
            Release(distribution, version, tuple(known[version])) for version in sorted(known, key=Version)
        )


def pure(name, *versions, **rest):
    """Releases of one wheel each, for every interpreter and platform."""
    return {version: [wheel(name, version, **rest)] for version in versions}


CPYTHONS = {"3.10": "cp310", "3.11": "cp311", "3.12": "cp312", "3.13": "cp313"}


def compiled(name, versions):
    """Version -> (Pythons, day of its upload): a wheel for each, of Linux and macOS."""
    return {
        version: [
            wheel(name, version, f"{CPYTHONS[python]}-{CPYTHONS[python]}-{system}", day)
            for python in pythons
            for system in ("manylinux_2_17_x86_64", "macosx_11_0_arm64")
        ]
        for version, (pythons, day) in versions.items()
    }


def arrays():
    """Like numpy: older releases for older interpreters, a yanked one, a pre-release."""
    found = compiled(
        "numpy",
        {
            "1.26.0": (("3.10", "3.11", "3.12"), "2023-09-16"),
            "1.26.4": (("3.10", "3.11", "3.12"), "2024-02-05"),
            "2.0.0": (("3.10", "3.11", "3.12"), "2024-06-16"),
            "2.0.2": (("3.10", "3.11", "3.12"), "2024-08-26"),
            "2.1.0": (("3.11", "3.12", "3.13"), "2025-08-18"),
            "2.2.0": (("3.11", "3.12", "3.13"), "2026-01-08"),
            "2.3.0": (("3.12", "3.13"), "2026-06-07"),
            "2.4.0rc1": (("3.13",), "2026-11-07"),
        },
    )
    found["2.2.1"] = [wheel("numpy", "2.2.1", "cp312-cp312-manylinux_2_17_x86_64", "2026-02-01", yanked=True)]
    return found
