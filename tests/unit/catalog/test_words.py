"""What a search knows an object by."""

from envmgr.catalog.words import words


def test_names_whole_and_in_parts():
    assert words(["DataFrame.from_dict"], "") == {"dataframe", "data", "frame", "from_dict", "from", "dict"}
    assert words(["HTTPAdapter", "log10", "x"], "") == {
        "httpadapter",
        "http",
        "adapter",
        "log10",
        "log",
        "10",
    }
    assert words(["to_JSON", "größe_Übung"], "") == {"to_json", "to", "json", "größe_übung", "größe", "übung"}


def test_words_of_the_summary():
    assert words([], "Read a CSV-file, as read_csv.") == {"read", "csv", "file", "as", "read_csv"}
    assert words(["a" * 65], "b" * 65) == frozenset()
