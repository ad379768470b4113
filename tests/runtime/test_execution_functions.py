"""What nothing in Python leads to any more is told once, whichever thread asks."""

from __future__ import annotations

import sys
import threading

import pytest

from envmgr_runtime.execution.functions import Functions


@pytest.fixture
def hasty():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_share_what_is_gone(hasty):
    functions = Functions(object)
    told = []
    failed = []

    def ask(together):
        together.wait()
        try:
            told.extend(functions.dropped())
        except IndexError as error:
            failed.append(error)

    for start in range(0, 1_500, 3):
        for key in range(start, start + 3):
            functions.function(key, 0)
        together = threading.Barrier(3)
        threads = [threading.Thread(target=ask, args=(together,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert sorted(told) == list(range(1_500))
