"""CPython's minor versions: first pre-release, release, end of life. Of later ones nothing is known.

From the release schedules: PEP 569, 596, 619, 664, 693, 719, 745, 790, 826; a day to come is the planned one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Minor:
    version: str
    first_alpha: date
    released: date
    end_of_life: date


MINORS = (
    Minor("3.8", date(2019, 2, 3), date(2019, 10, 14), date(2024, 10, 7)),
    Minor("3.9", date(2019, 11, 19), date(2020, 10, 5), date(2025, 10, 31)),
    Minor("3.10", date(2020, 10, 5), date(2021, 10, 4), date(2026, 10, 31)),
    Minor("3.11", date(2021, 10, 5), date(2022, 10, 24), date(2027, 10, 31)),
    Minor("3.12", date(2022, 10, 25), date(2023, 10, 2), date(2028, 10, 31)),
    Minor("3.13", date(2023, 10, 13), date(2024, 10, 7), date(2029, 10, 31)),
    Minor("3.14", date(2024, 10, 15), date(2025, 10, 7), date(2030, 10, 31)),
    Minor("3.15", date(2025, 10, 14), date(2026, 10, 1), date(2031, 10, 31)),
    Minor("3.16", date(2026, 10, 13), date(2027, 10, 5), date(2032, 10, 31)),
)
"""In their order."""


def released(day: date) -> list[Minor]:
    """Those that were out by then, the oldest first."""
    return [minor for minor in MINORS if minor.released <= day]


def latest(day: date) -> str:
    return released(day)[-1].version


def oldest(day: date) -> str:
    """The oldest that still gets security fixes; where none is known that does, the newest."""
    return next((minor.version for minor in released(day) if day <= minor.end_of_life), latest(day))


def coming(day: date) -> str | None:
    """The one of which there are pre-releases only."""
    return next((minor.version for minor in MINORS if minor.first_alpha <= day < minor.released), None)
