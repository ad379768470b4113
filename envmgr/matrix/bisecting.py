"""The search for the first that fails, in a sorted list of which some can say nothing.

Neither end is believed: both are in the list like the others, so that the search is one among `size + 1` places (the
first bad is any of them, or none) and an end is tried only when all answers were the same. Whenever both sides were
seen, the ends are confirmed by what lies between them.
"""

from __future__ import annotations

from dataclasses import dataclass

GOOD = "good"
BAD = "bad"
SKIPPED = "skipped"
"""Neither: it cannot be tried."""


@dataclass(frozen=True, slots=True)
class Search:
    """`answers` are (place, verdict), in the order in which they were given.

    Where every place before the first bad one is good or skipped, and every later one bad or skipped, the search is
    right, and asks at most `ceil(log2(size + 1))` times, and for each skipped place that it met at most twice more
    (once for the place itself, once for the worse half that it left). Where answers are not so ordered, what is found
    is still a good place, and a bad one after it, with nothing but skipped ones between.
    """

    size: int
    answers: tuple[tuple[int, str], ...] = ()

    def told(self, place: int, verdict: str) -> Search:
        return Search(self.size, (*self.answers, (place, verdict)))

    @property
    def good(self) -> int:
        """The last that is known to be good; -1 without."""
        return max((place for place, verdict in self.answers if verdict == GOOD), default=-1)

    @property
    def bad(self) -> int:
        """The first after it that is known to be bad; `size` without."""
        good = self.good
        return min(
            (place for place, verdict in self.answers if verdict == BAD and place > good), default=self.size
        )

    @property
    def open(self) -> tuple[int, ...]:
        """Where the first bad one may still be, unless it is `bad`."""
        answered = {place for place, _ in self.answers}
        return tuple(place for place in range(self.good + 1, self.bad) if place not in answered)

    @property
    def next(self) -> int | None:
        """The place to try; None when there is nothing more to learn.

        The middle of what is open. Skipped ones come in runs: each that follows another is answered by a longer step
        to the other side, so that a run is left behind without being walked through.
        """
        places = self.open
        if not places:
            return None
        step = int(len(places) * (0.5 - 0.5 ** (1 + self._streak // 2))) if self._streak > 1 else 0
        middle = len(places) // 2 + (step if self._streak % 2 else -step)
        return places[max(0, min(len(places) - 1, middle))]

    @property
    def suspects(self) -> tuple[int, ...]:
        """The first bad one is one of these, in their order: skipped ones, and `bad` at the end. Empty when no good
        one was seen, or no bad one."""
        return tuple(range(self.good + 1, self.bad + 1)) if 0 <= self.good < self.bad < self.size else ()

    @property
    def _streak(self) -> int:
        """How many of the last answers were skipped ones."""
        verdicts = [verdict for _, verdict in self.answers]
        return next((n for n, verdict in enumerate(reversed(verdicts)) if verdict != SKIPPED), len(verdicts))
