"""Records of logging and warnings of a real worker, as messages of the call that they were made in."""

from __future__ import annotations

import pytest

from envmgr_runtime.wire.messages import CALL, LOG, RESULT

NOISY = """
import os, warnings

def modules(): return "logging" in __import__("sys").modules, len(__import__("sys").meta_path)
def say(name, level, text, *args):
    import logging
    logging.getLogger(name).log(level, text, *args)
def set_level(level):
    import logging
    logging.getLogger().setLevel(level)
def root_level():
    import logging
    return logging.getLogger().level
def fails():
    import logging
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("deep.er").exception("it went wrong")
def configure(**options):
    import logging
    logging.basicConfig(**options)
    return len(logging.getLogger().handlers)
def own_handler(name):
    import logging, sys
    logger = logging.getLogger(name)
    logger.addHandler(logging.NullHandler())
def captured(text):
    import logging
    logging.captureWarnings(True)
    warnings.warn(text)
    logging.captureWarnings(False)
def recorded(text):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        warnings.warn(text)
    return len(found)
def warn(text, category="UserWarning"):
    warnings.warn(text, getattr(__import__("builtins"), category))
def warn_into(path, text):
    with open(path, "w") as file:
        warnings.showwarning(text, UserWarning, "here.py", 3, file)
def correlation(format):
    import io, logging
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(format))
    logger = logging.Logger("alone")
    logger.addHandler(handler)
    logger.warning("a")
    logger.warning("b", extra={"correlation": "own"})
    return stream.getvalue()
def context():
    import envmgr_runtime
    return envmgr_runtime.context()
def from_fork(text):
    pid = os.fork()
    if pid == 0:
        say("fork", 40, text)
        os._exit(0)
    return os.waitpid(pid, 0)[1]
def say_and_wait(text, path):
    import time
    print(text)
    while not os.path.exists(path):
        time.sleep(0.005)
    return envmgr_context()
def envmgr_context():
    import envmgr_runtime
    return envmgr_runtime.context()
def odd(): say("\\udc80", 40, "caf\\udce9" + "x" * 10**5)
"""


@pytest.fixture
def noisy(modules, on_path, start, tmp_path):
    (modules / "noisy.py").write_text(NOISY)
    with (tmp_path / "stderr").open("wb") as stderr:
        client = start(dict(on_path, noisy=["noisy", ""]), stderr=stderr)
    heard = []
    receive = client._receive

    def listening():
        messages = receive()
        heard.extend(m for m in messages if m[0] == LOG)
        return messages

    client._receive = listening
    client.heard = heard
    return client


def test_logging_is_not_imported_for_it(noisy):
    assert noisy.call("noisy.modules")[0] is False
    noisy.call("noisy.say", ["a", 10, "quiet"])
    assert noisy.heard == []
    assert noisy.call("noisy.modules")[0] is True
    assert noisy.call("noisy.root_level") == 30, "levels are the library's"


def test_a_record_is_a_message_of_its_call(noisy):
    noisy.call("noisy.say", ["urllib3.pool", 30, "%d of %s", 3, "x"])
    assert noisy.heard == [[LOG, noisy._last, 3, "3 of x", "urllib3.pool", 30]]
    noisy.heard.clear()
    noisy.call("noisy.own_handler", ["urllib3"])
    noisy.call("noisy.set_level", [10])
    noisy.call("noisy.say", ["urllib3.pool", 10, "now too"])
    assert noisy.heard == [[LOG, noisy._last, 3, "now too", "urllib3.pool", 10]]


def test_a_level_that_is_none_is_the_lowest(noisy):
    noisy.call("noisy.say", ["a", 2**70, "far above"])
    assert noisy.heard == [[LOG, noisy._last, 3, "far above", "a", 0]]


def test_an_exception_is_part_of_the_text(noisy):
    noisy.call("noisy.fails")
    ((_, _, stream, text, name, level),) = noisy.heard
    assert (stream, name, level) == (3, "deep.er", 40)
    assert text.startswith("it went wrong\nTraceback (most recent call last):\n")
    assert text.endswith("ZeroDivisionError: division by zero")


def test_a_record_of_wrong_arguments_spoils_no_call(noisy):
    assert noisy.call("noisy.say", ["a", 40, "%d", "x"]) is None
    assert all(message[2] == 2 for message in noisy.heard), "what logging itself says of it, on stderr"


def test_a_library_that_configures_logging(noisy):
    assert noisy.call("noisy.configure", [], {"level": 20, "format": "own: %(message)s"}) == 2
    noisy.call("noisy.say", ["a", 20, "both"])
    assert [m[2:] for m in noisy.heard] == [[3, "both", "a", 20], [2, "own: both\n"]] or [
        m[2:] for m in noisy.heard
    ] == [[2, "own: both\n"], [3, "both", "a", 20]]
    assert noisy.call("noisy.configure", [], {"level": 40}) == 2, "twice, it does nothing"
    assert noisy.call("noisy.root_level") == 20


def test_warnings(noisy):
    noisy.call("noisy.warn", ["old", "FutureWarning"])
    noisy.call("noisy.warn", ["old", "FutureWarning"])
    noisy.call("noisy.warn", ["hidden", "DeprecationWarning"])
    ((_, _, stream, text, name, level),) = noisy.heard
    assert (stream, name, level) == (4, "FutureWarning", 30), (
        "filters are Python's: once, and not of deprecation"
    )
    assert text.endswith(": old")
    assert "noisy.py:" in text


def test_warnings_that_somebody_else_takes(noisy, tmp_path):
    assert noisy.call("noisy.recorded", ["mine"]) == 1
    noisy.call("noisy.warn_into", [str(tmp_path / "w"), "there"])
    assert noisy.heard == []
    assert "here.py:3: UserWarning: there" in (tmp_path / "w").read_text()
    noisy.call("noisy.captured", ["through logging"])
    ((_, _, stream, text, name, _),) = noisy.heard
    assert (stream, name) == (3, "py.warnings")
    assert "through logging" in text


def test_the_correlation_is_within_reach_of_formats(noisy):
    assert noisy.call("noisy.correlation", ["%(correlation)s"]) == "None\nown\n"
    assert noisy.call("noisy.context") == {"correlation": None, "path": None, "library": None}


def test_a_fork_tells_the_pool_nothing(noisy, tmp_path):
    assert noisy.call("noisy.from_fork", ["in the child"]) == 0
    assert noisy.heard == []
    assert (tmp_path / "stderr").read_text() == "in the child\n"


def test_texts_that_are_odd_or_long(noisy):
    noisy.call("noisy.odd")
    ((_, _, _, text, name, _),) = noisy.heard
    assert name == "\\udc80"
    assert text.startswith("caf\\udce9xxx")
    assert text.endswith("… (100004 characters)")


def test_what_somebody_wants_to_hear_is_sent_while_the_call_runs(noisy, tmp_path):
    go = tmp_path / "go"
    payload = noisy._codec.encode([["hear, hear", str(go)], {}])
    noisy._send([CALL, 99, "noisy.say_and_wait", 0, payload, None, {"live": True}])
    while not noisy.heard:
        noisy._receive()
    assert noisy.heard == [[LOG, 99, 1, "hear, hear\n"]]
    go.touch()
    answers = []
    while not answers:
        answers = [message for message in noisy._receive() if message[0] == RESULT]
    known = noisy._codec.decode(answers[0][2])
    assert known == {"correlation": None, "path": "noisy.say_and_wait", "library": "noisy"}
