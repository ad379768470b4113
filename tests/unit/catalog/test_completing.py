"""From the walk's facts to a catalog."""

import threading
import time

from test_facts import raw

from envmgr.catalog import complete, completing
from envmgr.catalog.reading import Catalog

WALKED = raw([{"kind": "function", "module": "math", "qualname": "sqrt", "doc": "The root."}], [["sqrt", 0]])


def test_equal_facts_equal_bytes():
    assert complete(WALKED) == complete(WALKED)
    row = Catalog(complete(WALKED)).get("sqrt")
    assert (row.returns, row.summary, row.flags) == ("float", "The root.", 4 + 16)


def test_syntax_trees_are_made_by_one_thread_at_a_time(monkeypatch):
    """CPython 3.11 counts the depth of all threads together, and refuses what is not deep."""
    inside, most = [], []

    def slow(found):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        inside.pop()

    monkeypatch.setattr(completing, "_add_stubs", slow)
    threads = [threading.Thread(target=complete, args=(WALKED,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]
