"""The words of `serializers`; what it finds is tested with real environments."""

import json
from dataclasses import replace

import pytest

from envmgr.cli import run
from envmgr.cli.commands.serializers import text
from envmgr.model.serializers import Alternative, Comparison, SerializersReport, SerializerTest, Trial

NOTHING = Trial("", None, None, None, None)
GOOD = Trial("", True, 24.5, 2.84, 1.2)


def result(kind, strategy, samples, trial):
    return SerializerTest("data", "shop", kind, strategy, samples, trial)


def test_tests():
    report = SerializersReport((
        result("shop.Order", "orders", 2, GOOD),
        result("shop.Cart", "ref", 0, NOTHING),
        result("shop.Customer", "pickle", 0, NOTHING),
        result("shop.Odd", "value", 1, Trial("", None, 7, 1, 1)),
        result("shop.Cort", "ref", None, Trial("the type is not there", None, None, None, None)),
    ))  # fmt: skip
    assert report.failed
    assert (
        text(report)
        == """\
shop  shop.Order     orders  exact (2 samples)        24 bytes  2.8 µs out  1.2 µs back
shop  shop.Cart      ref     found
shop  shop.Customer  pickle  no sample
shop  shop.Odd       value   not compared (1 sample)  7 bytes   1.0 µs out  1.0 µs back
shop  shop.Cort      ref     failed

shop: shop.Cort: the type is not there"""
    )


def comparison(recommended, current):
    alternatives = (
        Alternative("value", Trial("", False, 30, 1, 1)),
        Alternative("ref", GOOD),
        Alternative("repr", GOOD),
        Alternative("pickle", Trial("it broke", None, None, None, None)),
        Alternative("orders", GOOD),
        Alternative("others", Trial("", None, 7, 1, 1)),
    )
    return Comparison(
        "shop.order", "shop.Order", "shop.Order", current, "ref", alternatives, recommended, "because"
    )


def test_a_comparison():
    assert (
        text(SerializersReport((), comparison("orders", None)))
        == """\
shop.order returned a shop.Order (not configured, so ref)
  value   comes back as something else  30 bytes  1.0 µs out  1.0 µs back
  ref     stays in Python               24 bytes  2.8 µs out  1.2 µs back
  repr    comes back as text            24 bytes  2.8 µs out  1.2 µs back
  pickle  does not work
  orders  comes back exactly            24 bytes  2.8 µs out  1.2 µs back
  others  comes back, perhaps the same  7 bytes   1.0 µs out  1.0 µs back
  pickle: it broke
recommended: orders: because
  [library.shop.serializers]
  "shop.Order" = "orders\""""
    )


def test_a_value_with_the_type_inside():
    told = text(SerializersReport((), replace(comparison("ref", None), returned="builtins.list")))
    assert told.startswith("shop.order returned a builtins.list with a shop.Order (not configured, so ref)\n")


@pytest.mark.parametrize(
    ("recommended", "current", "is_written"),
    [
        ("orders", "orders", False),
        ("orders", "ref", True),
        ("value", "ref", True),
        ("ref", None, False),
        ("value", None, True),
    ],
)
def test_the_configuration_is_written_where_it_would_change(recommended, current, is_written):
    told = text(SerializersReport((), comparison(recommended, current)))
    assert ("[library.shop.serializers]" in told) is is_written


def test_nothing_configured():
    assert text(SerializersReport(())).startswith("no serializers are configured")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--args", "[1]"], "--args and --kwargs are those of --call"),
        (["--kwargs", "{}"], "--args and --kwargs are those of --call"),
        (["--call", "shop.order", "--args", "[1"], "is not JSON"),
    ],
)
def test_arguments_that_make_no_sense(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "envmgr.toml").write_text("[library.shop]\n")
    assert run(["serializers", *words, "--format", "json"]) == 2
    assert said in json.loads(capsys.readouterr().out)["error"]["message"]
