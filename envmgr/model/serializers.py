"""What `serializers` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trial:
    """A value sent and received. Without `problem` it worked; `exact` is None where it was not tried or cannot be
    told. Times are those of one direction, in microseconds.
    """

    problem: str
    exact: bool | None
    bytes: float | None
    encode_us: float | None
    decode_us: float | None


@dataclass(frozen=True, slots=True)
class SerializerTest:
    """A configured type. `samples` is how many values were tried; None when it did not come to that, or where there
    is nothing to try (`ref`, `repr`). `trial` is their mean.
    """

    environment: str
    library: str
    type: str
    strategy: str
    samples: int | None
    trial: Trial

    @property
    def failed(self) -> bool:
        return bool(self.trial.problem)


@dataclass(frozen=True, slots=True)
class Alternative:
    strategy: str
    trial: Trial


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every strategy on the value of one call, which is of type `returned`; for `type`, which is that or is found in
    it. `current` is what is configured for it, `default` what is done where nothing is: `value` or `ref`.
    """

    call: str
    returned: str
    type: str
    current: str | None
    default: str
    alternatives: tuple[Alternative, ...]
    recommended: str
    reason: str


@dataclass(frozen=True, slots=True)
class SerializersReport:
    tests: tuple[SerializerTest, ...]
    comparison: Comparison | None = None

    @property
    def failed(self) -> bool:
        return any(test.failed for test in self.tests)
