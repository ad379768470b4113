import pytest

from envmgr.errors import EnvmgrError
from envmgr.operations.locking import moment

MOMENTS = {
    "2023-01-01": "2023-01-02T00:00:00Z",
    "2024-02-29": "2024-03-01T00:00:00Z",
    "2023-01-01T00:00:00Z": "2023-01-01T00:00:00Z",
    "2023-01-01 10:00:00z": "2023-01-01T10:00:00Z",
    "2023-01-01t00:00:00+02:00": "2022-12-31T22:00:00Z",
    "2023-01-01T00:00:00.25-01:30": "2023-01-01T01:30:00.250000Z",
}


@pytest.mark.parametrize("text", MOMENTS)
def test_a_moment_is_one_instant_on_every_machine(text):
    assert moment(text) == MOMENTS[text]
    assert moment(moment(text)) == MOMENTS[text]


GARBAGE = [
    "", " ", "garbage", "30 days", "P30D", "20230101", "2023-W01-1", "2023-13-01", "2023-02-30", "2023-01-01T",
    "2023-01-01T24:00:00Z", "2016-12-31T23:59:60Z", "2023-01-01T00:00Z", "9999-12-31", "0001-01-01T00:00:00+02:00",
    "2023-01-01\n", "٢٠٢٣-٠١-٠١", "2023-01-01Z",
]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE)
def test_what_is_no_moment_is_told(text):
    with pytest.raises(EnvmgrError, match="is neither a date nor a time") as caught:
        moment(text)
    assert caught.value.code == "E-USAGE"


def test_a_time_needs_its_zone():
    with pytest.raises(EnvmgrError, match="has no time zone") as caught:
        moment("2023-01-01T12:00:00")
    assert caught.value.hint == "write 2023-01-01T12:00:00Z if it is UTC"
