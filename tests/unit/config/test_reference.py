from pathlib import Path

from envmgr.config.reference import markdown

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_configuration_page_is_the_schema():
    assert PAGE.read_text() == markdown()


def test_defaults_are_written_as_in_the_file():
    assert '| `timeout` | `"30s"` | How long a call may take. |' in markdown()
    assert "| `stdlib` | `false` |" in markdown()
    assert "| `call` | required |" in markdown()
