"""Names that only asking tells of: there for who asks though nothing lists them, and those that warn when they are
read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from envmgr.changes import texts
from envmgr.changes.asking import ABSENT, FAILED, WARNS, Answer
from envmgr.changes.described import SOURCE, Api
from envmgr.changes.inheritance import Placed
from envmgr.changes.rules import DEPRECATED, REMOVED
from envmgr.model.changes import BREAKS, MAY_BREAK, Change

_MANY = 5
"""Names of one module that warn alike are one deprecation of the module."""
_SILENT = Answer("", "")


class Unlisted:
    """`answers` are what the later release says of paths, `warned` what `before` did."""

    def __init__(self, before: Api, answers: Mapping[str, Answer], warned: Mapping[str, Answer]) -> None:
        self._before, self._answers, self._warned = before, answers, warned

    def lost(self) -> Iterator[Placed]:
        """Names that no walk lists, and that were there for who asked: another library's, `__version__`, what a
        module's `__getattr__` knew."""
        for path in sorted({*self._before.named, *self._before.answered} - self._before.places.keys()):
            answer = self._answers.get(path)
            was = self._warned.get(path, _SILENT)
            if answer is None or was.state in (ABSENT, FAILED):
                continue
            if answer.state == ABSENT:
                yield self._lost(path, answer, was), (path,)
            elif answer.state == WARNS and was.state != WARNS:
                message = f"deprecated: {texts.shortened(answer.text)}"
                yield (
                    Change(path, DEPRECATED, MAY_BREAK, message, instead=texts.instead(answer.text)),
                    (path,),
                )

    def _lost(self, path: str, answer: Answer, was: Answer) -> Change:
        behind = self._before.named.get(path, "")
        same = "." in behind and behind.rpartition(".")[2] == path.rpartition(".")[2]
        said = texts.own_words(answer.text)
        words = f": {texts.shortened(said)}" if said else f"; it was {behind}" if same else ""
        instead = texts.instead(said) if said else behind if same else texts.instead(was.text)
        return Change(
            path, REMOVED, BREAKS, f"it is not there any more{words}", instead=instead, origin=SOURCE
        )

    def warning(self) -> Iterator[Placed]:
        """Names that were read in silence, and warn now."""
        alike: dict[tuple[str, str], list[str]] = {}
        for path, answer in self._answers.items():
            was = self._warned.get(path, _SILENT).state
            if answer.state == WARNS and path in self._before.places and was != WARNS:
                holder, _, leaf = path.rpartition(".")
                text = re.sub(rf"\b{re.escape(leaf)}\b", "·", answer.text)
                alike.setdefault((holder, text), []).append(path)
        for (holder, _), paths in alike.items():
            told = self._answers[paths[0]].text
            if len(paths) >= _MANY and holder:
                message = f"{len(paths)} names of it warn when they are read: {texts.shortened(told)}"
                yield Change(holder, DEPRECATED, MAY_BREAK, message), (holder, *sorted(paths))
                continue
            for path in paths:
                told = self._answers[path].text
                message = f"deprecated: {texts.shortened(told)}"
                yield Change(path, DEPRECATED, MAY_BREAK, message, instead=texts.instead(told)), (path,)
