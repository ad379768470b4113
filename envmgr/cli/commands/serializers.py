"""`serializers`: what is done with values of each configured type, whether that works, and what would be better."""

from __future__ import annotations

from collections.abc import Iterable

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.errors import CHECK_FAILED, EnvmgrError
from envmgr.model.serializers import Alternative, Comparison, SerializersReport, SerializerTest, Trial


@click.command(cls=Command)
@click.argument("names", metavar="[LIB]...", nargs=-1)
@click.option("--call", "call", metavar="PATH", help="Compare every strategy on what this function returns.")
@click.option("--args", "args_json", metavar="JSON", default="[]", help="Its arguments, as for `call`.")
@click.option("--kwargs", "kwargs_json", metavar="JSON", help="Its keyword arguments, as a JSON object.")
@click.pass_obj
def serializers(
    invocation: Invocation, names: tuple[str, ...], call: str | None, args_json: str, kwargs_json: str | None
) -> Answer:
    """Try the serializers that envmgr.toml names for types. Exit status 1 when one fails.

    Values go out and come back, in the active environment. LIB is a library or an environment; without it, all. With
    --call, the value of that call is sent by every strategy there is, and one is recommended:

    envmgr serializers --call shop.make_order --args '[7]'
    """
    from envmgr.cli.commands.calling import arguments

    if call is None and (args_json != "[]" or kwargs_json is not None):
        raise EnvmgrError("E-USAGE", "--args and --kwargs are those of --call, which is missing")
    args, kwargs = arguments(args_json, kwargs_json)
    root = invocation.root()
    from envmgr.operations.serializing import report

    found = report(root, names, call=call, args=args, kwargs=kwargs)
    return Answer(_data(found), text(found), CHECK_FAILED if found.failed else 0)


def _data(found: SerializersReport) -> dict[str, object]:
    tests = [{"failed": test.failed, "state": _state(test), "test": test} for test in found.tests]
    return {"tests": tests, "comparison": found.comparison}


def text(found: SerializersReport) -> str:
    parts = []
    if found.tests:
        failures = [
            f"{test.library}: {test.type}: {test.trial.problem}" for test in found.tests if test.failed
        ]
        parts = [columns(map(_test, found.tests)), "\n".join(failures)]
    elif found.comparison is None:
        parts = [
            "no serializers are configured: each type goes as docs/types.md says, and what it does not name stays "
            "in Python"
        ]
    if found.comparison is not None:
        parts.append(_comparison(found.comparison))
    return "\n\n".join(part for part in parts if part)


def _test(test: SerializerTest) -> tuple[str, ...]:
    return (test.library, test.type, test.strategy, _state(test), *_numbers(test.trial))


def _state(test: SerializerTest) -> str:
    if test.failed:
        return "failed"
    if test.strategy in ("ref", "repr"):
        return "found"
    if not test.samples:
        return "no sample"
    samples = "1 sample" if test.samples == 1 else f"{test.samples} samples"
    return f"exact ({samples})" if test.trial.exact else f"not compared ({samples})"


def _comparison(found: Comparison) -> str:
    configured = f"configured: {found.current}" if found.current else f"not configured, so {found.default}"
    inside = "" if found.returned == found.type else f"{found.returned} with a "
    lines = [
        f"{found.call} returned a {inside}{found.type} ({configured})",
        columns(map(_row, found.alternatives)),
    ]
    lines += list(_problems(found.alternatives))
    lines.append(f"recommended: {found.recommended}: {found.reason}")
    if found.recommended != (found.current or found.default):
        library = found.call.partition(".")[0]
        lines += [f"  [library.{library}.serializers]", f'  "{found.type}" = "{found.recommended}"']
    return "\n".join(lines)


def _row(alternative: Alternative) -> tuple[str, ...]:
    trial = alternative.trial
    if trial.problem:
        word = "does not work"
    elif alternative.strategy == "ref":
        word = "stays in Python"
    elif alternative.strategy == "repr":
        word = "comes back as text"
    elif trial.exact is None:
        word = "comes back, perhaps the same"
    else:
        word = "comes back exactly" if trial.exact else "comes back as something else"
    return (f"  {alternative.strategy}", word, *_numbers(trial))


def _problems(alternatives: Iterable[Alternative]) -> Iterable[str]:
    for found in alternatives:
        if found.trial.problem:
            yield f"  {found.strategy}: {found.trial.problem}"


def _numbers(trial: Trial) -> tuple[str, str, str]:
    if trial.bytes is None:
        return ("", "", "")
    return (
        f"{trial.bytes:.0f} bytes",
        f"{trial.encode_us or 0:.1f} µs out",
        f"{trial.decode_us or 0:.1f} µs back",
    )
