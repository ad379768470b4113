"""Which strategy a type should have, judged by what each did to one value."""

from __future__ import annotations

from collections.abc import Iterable

from envmgr.model.serializers import Alternative, Trial

_TWICE = 2
_SAVED_US = 20
"""A serializer is worth its configuration when it is so many times cheaper than `value`, and saves so much."""
_BYTES_PER_US = 1000
"""What a byte more costs on its way."""
_MANY = 1 << 16


def recommend(alternatives: Iterable[Alternative], *, native: bool) -> tuple[str, str]:
    """The strategy, and why, in words."""
    trials = {found.strategy: found.trial for found in alternatives}
    if native:
        return (
            "value",
            "MessagePack packs it itself, and no strategy applies; those of the types inside it do",
        )
    exact = {
        strategy: trial
        for strategy, trial in trials.items()
        if trial.exact and not trial.problem and strategy not in ("ref", "repr", "pickle")
    }
    if exact:
        return _readable(exact)
    reason = "nothing that Elixir can read brings it back exactly, and a ref leaves it where it is"
    pickle = trials.get("pickle")
    if pickle is not None and pickle.exact and not pickle.problem:
        reason += (
            f"; where it must outlive its worker, `pickle` brings it back exactly, in {_size(pickle)}, to any "
            "worker of this environment"
        )
    return "ref", reason


def _readable(exact: dict[str, Trial]) -> tuple[str, str]:
    best = min(exact, key=lambda strategy: _cost(exact[strategy]))
    value = exact.get("value")
    if value is not None and _cost(value) < max(_TWICE * _cost(exact[best]), _cost(exact[best]) + _SAVED_US):
        best = "value"
    trial = exact[best]
    reason = f"it comes back exactly, in {_size(trial)} and {_times(trial):.1f} µs there and back"
    if best != "value" and value is not None:
        reason += f"; `value` takes {_size(value)} and {_times(value):.1f} µs"
    if trial.bytes and trial.bytes >= _MANY:
        reason += "; where Elixir only hands it back to Python, `ref` costs nothing of that"
    return best, reason


def _size(trial: Trial) -> str:
    return f"{trial.bytes or 0:.0f} bytes"


def _times(trial: Trial) -> float:
    return (trial.encode_us or 0) + (trial.decode_us or 0)


def _cost(trial: Trial) -> float:
    return _times(trial) + (trial.bytes or 0) / _BYTES_PER_US
