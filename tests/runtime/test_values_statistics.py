"""What is kept of conversions: exact counts and bytes, times that add up."""

from __future__ import annotations

from fractions import Fraction

import pytest

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import statistics
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.statistics import LARGE, Payloads


def test_each_type_has_a_row_both_ways():
    codec = Codec(RefTable())
    for _ in range(3):
        packed = codec.encode([(1, 2), Fraction(1, 3)])
    codec.decode(packed)
    sent, received = codec.sent.report(), codec.received.report()
    assert (sent["builtins.tuple"][:2], received["builtins.tuple"][:2]) == ([3, 9], [1, 3])
    assert (sent["fractions.Fraction"][0], received["fractions.Fraction"][0]) == (3, 1)
    assert all(row[2] > 0 for report in (sent, received) for row in report.values())


def test_what_takes_the_lane_counts_with_its_bytes():
    numpy = pytest.importorskip("numpy")
    kept = []

    class Lane:
        def put(self, view):
            kept.append(bytearray(view))
            return len(kept) - 1

        def take(self, index, size):
            return kept[index]

        def mark(self):
            return len(kept)

        def back(self, mark):
            del kept[mark:]

    codec = Codec(RefTable(), lane=Lane())
    packed = codec.encode(numpy.zeros(100_000))
    codec.decode(packed)
    for report in (codec.sent.report(), codec.received.report()):
        count, size, _ = report["numpy.ndarray"]
        assert count == 1
        assert 800_000 < size < 800_100


def test_types_beyond_the_limit_share_a_row(monkeypatch):
    monkeypatch.setattr(statistics, "_MOST_TYPES", 1)
    codec = Codec(RefTable())
    codec.encode([(1,), Fraction(1, 2), {1}])
    found = codec.sent.report()
    assert found["other types"][0] == 2
    assert len(found) == 2


def test_samples_stand_for_what_is_not_measured():
    payloads = Payloads()
    assert payloads.row(0) == [0, 0, 0.0]
    payloads.add(10, 0.5)
    payloads.add(20, 1.5)
    assert payloads.row(10) == [10, 150, 10.0]
    payloads.add(LARGE, 7.0)
    assert payloads.row(11) == [11, LARGE + 150, 17.0]
