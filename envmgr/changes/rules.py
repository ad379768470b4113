"""The table of rules: each kind of change, how bad it is for a caller, and who finds it in a pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from envmgr.changes import annotated, endings, natures, parameters
from envmgr.changes.described import Pair
from envmgr.changes.findings import Finding
from envmgr.changes.parameters import Call
from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE

Severities = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """`severities` are all that it may say. A rule of calls is asked where both signatures are known."""

    kind: str
    severities: Severities
    of_call: Callable[[Call], Iterator[Finding]] | None = None
    of_pair: Callable[[Pair], Iterator[Finding]] | None = None

    def find(self, pair: Pair, call: Call | None) -> Iterator[Finding]:
        if self.of_pair is not None:
            yield from self.of_pair(pair)
        if self.of_call is not None and call is not None:
            yield from self.of_call(call)


def _no_longer_taken(pair: Pair) -> Iterator[Finding]:
    yield from endings.no_longer_taken(pair)
    yield from endings.keyword_no_longer_taken(pair)


_WORST = (BREAKS,)
_MAYBE = (MAY_BREAK,)
_FINE = (SAFE,)
_EITHER = (BREAKS, MAY_BREAK)

REMOVED, MOVED, RENAMED, ADDED = "removed", "moved", "renamed", "added"
DEPRECATED, BASE_REMOVED, ATTRIBUTE_REMOVED = "deprecated", "base-removed", "attribute-removed"

RULES = (
    Rule("kind-changed", _EITHER, of_pair=natures.kind),
    Rule("parameter-removed", _WORST, parameters.removed, _no_longer_taken),
    Rule("parameter-absorbed", _MAYBE, parameters.absorbed),
    Rule("parameter-renamed", _EITHER, parameters.renamed),
    Rule("parameter-required", _WORST, parameters.required),
    Rule("default-removed", _WORST, parameters.now_required),
    Rule("parameter-inserted", _WORST, parameters.inserted),
    Rule("parameters-reordered", _WORST, parameters.reordered),
    Rule("parameter-positional-only", _WORST, parameters.positional_only),
    Rule("parameter-keyword-only", _WORST, parameters.keyword_only, endings.position_no_longer_taken),
    Rule("args-removed", _EITHER, parameters.args_removed),
    Rule("kwargs-removed", _EITHER, parameters.kwargs_removed),
    Rule("default-changed", _MAYBE, parameters.default),
    Rule("parameter-narrowed", _MAYBE, annotated.parameter_narrowed),
    Rule("parameter-retyped", _MAYBE, annotated.parameter_retyped),
    Rule("return-widened", _MAYBE, of_pair=annotated.return_widened),
    Rule("return-retyped", _MAYBE, of_pair=annotated.return_retyped),
    Rule("value-changed", _MAYBE, of_pair=natures.value),
    Rule(BASE_REMOVED, _EITHER, of_pair=natures.bases),
    Rule(ATTRIBUTE_REMOVED, _WORST, of_pair=natures.attributes),
    Rule(DEPRECATED, _MAYBE, of_pair=endings.deprecated),
    Rule("parameter-deprecated", _MAYBE, parameters.going, endings.parameter_deprecated),
    Rule("use-deprecated", _MAYBE, of_pair=endings.use_deprecated),
    Rule("deprecation-ended", _FINE, of_pair=endings.deprecation_ended),
    Rule("parameter-added", _FINE, parameters.added),
    Rule("default-added", _FINE, parameters.optional),
    Rule("parameter-freed", _FINE, parameters.freer),
    Rule("args-added", _FINE, parameters.args_added),
    Rule("kwargs-added", _FINE, parameters.kwargs_added),
    Rule("parameter-widened", _FINE, annotated.parameter_widened),
    Rule("return-narrowed", _FINE, of_pair=annotated.return_narrowed),
)
"""Of what is at the same path in both releases."""

OF_PATHS = {REMOVED: _WORST, MOVED: _WORST, RENAMED: _WORST, ADDED: _FINE}
"""Of what is there in one of them only."""

KINDS = {**OF_PATHS, **{rule.kind: rule.severities for rule in RULES}}
