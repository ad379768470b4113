"""What callers do with pandas. Run in a cell's interpreter: it has pandas and pytest."""

import io

import pandas
import pytest


def test_a_file_of_values_is_read_grouped_and_written():
    frame = pandas.read_csv(
        io.StringIO("city,when,value\na,2024-01-01,1\nb,2024-01-02,2\na,2024-01-03,\n"), parse_dates=["when"]
    )
    assert [str(kind)[:10] for kind in frame.dtypes][1:] == ["datetime64", "float64"]
    assert frame.groupby("city")["value"].sum().to_dict() == {"a": 1.0, "b": 2.0}
    assert frame.dropna().to_dict("list")["city"] == ["a", "b"]


def test_frames_are_joined_by_a_key():
    left = pandas.DataFrame({"key": [1, 2], "x": [1.5, 2.5]})
    right = pandas.DataFrame({"key": [2, 3], "y": ["b", "c"]})
    joined = left.merge(right, on="key", how="outer").sort_values("key")
    assert joined["key"].tolist() == [1, 2, 3]
    assert joined["y"].isna().tolist() == [True, False, False]


def test_times_keep_their_zone():
    stamp = pandas.Timestamp("2024-03-31 01:30", tz="Europe/Berlin")
    assert (stamp + pandas.Timedelta(hours=1)).isoformat() == "2024-03-31T03:30:00+02:00"


def test_a_missing_column_is_told():
    with pytest.raises(KeyError):
        pandas.DataFrame({"x": [1]})["y"]


@pytest.mark.timed
def test_grouping():
    frame = pandas.DataFrame({"key": [number % 100 for number in range(100_000)], "value": range(100_000)})
    assert len(frame.groupby("key")["value"].mean()) == 100
