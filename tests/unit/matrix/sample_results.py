"""A matrix with every outcome in it."""

from datetime import date
from itertools import product
from pathlib import Path

from envmgr.matrix.reporting import MatrixReport
from envmgr.matrix.slowness import findings, ratios
from envmgr.model.matrix import Cell, CellResult, Check, CheckResult, Expectation, Matrix, Sample, Timing

AXES = {"numpy": ("1.26", "2.0", "latest"), "python": ("3.11", "3.12", "3.13"), "pandas": ("none", "latest")}
FOUND = {"1.26": "1.26.4", "2.0": "2.0.2", "latest": "2.4.1"}
REFERENCE = "numpy=2.0,python=3.11,pandas=none"
HOSTILE = "</pre><script>document.title = 'taken'</script><img src=http://127.0.0.1:9/x onerror=alert(1)>\x1b[31m | `x` @all & ]]>\x00"
STATUSES = [
    "passed", "flaky", "failed", "timed-out", "out-of-memory", "unresolvable",
    "not-installable", "no-interpreter", "elsewhere",
]  # fmt: skip


def ident(values):
    return ",".join(f"{axis}={value}" for axis, value in values.items())


def result(
    values=None, status="passed", *, expected=None, log="", detail="", failures=(), samples=(), **rest
):
    values = values or {"numpy": "1.26", "python": "3.11"}
    ran = status not in ("unresolvable", "not-installable", "no-interpreter", "elsewhere")
    resolved = {"numpy": FOUND.get(values["numpy"], values["numpy"])} if "numpy" in values else {}
    check = CheckResult(
        "arrays", status, 2 if status == "flaky" else 1, 1.5, detail, log, tuple(failures), tuple(samples)
    )
    given = {
        "matrix": "numpy",
        "cell": ident(values),
        "values": values,
        "status": status,
        "fingerprint": "f1",
        "python": f"{values.get('python', '3.11')}.4",
        "resolved": resolved,
        "pins": {**resolved, "pytest": "9.0.1"},
        "checks": (CheckResult("import", "passed", 1, 0.2), check) if ran else (),
        "seconds": 1.7,
        "at": "2026-11-20T10:00:00+00:00",
        "detail": detail,
        "expected": expected,
    }
    return CellResult(**{**given, **rest})


def all_outcomes():
    """18 cells: the nine outcomes, then the same as expected where that makes a difference, some without a result."""
    cells = [dict(zip(AXES, each, strict=True)) for each in product(*AXES.values())]
    found = []
    for number, values in enumerate(cells[:15]):
        status = STATUSES[number % 9]
        bad = status in ("failed", "timed-out", "out-of-memory", "not-installable")
        expected = (
            Expectation("known-broken", "pandas 3 needs numpy 2", date(2027, 6, 1))
            if number > 8 and bad
            else None
        )
        found.append(
            result(
                values,
                status,
                expected=expected,
                log=f"E   ImportError nr{number}x\n{HOSTILE}" if bad else "",
                detail=f"ImportError: no <b>numpy</b> {HOSTILE}" if status == "failed" else "",
                failures=["tests/test_a.py::test_one", "tests/test_a.py::test_<two>"]
                if status == "failed"
                else (),
                samples=[Sample("numpy.sort", (0.3,) * 7, (0.2,) * 7)] if number == 1 else (),
            )
        )
    return found, [ident(values) for values in cells[15:]]


def matrix(ids=None):
    ids = (
        ids
        if ids is not None
        else [ident(dict(zip(AXES, each, strict=True))) for each in product(*AXES.values())]
    )
    cells = tuple(Cell(each, {}, "3.11", "linux", "highest", ()) for each in ids)
    checks = (Check("import", "import"), Check("arrays", "pytest"))
    return Matrix("numpy", Path("matrices/numpy.toml"), "numpy", AXES, cells, checks, Timing(REFERENCE))


def report(results=None, **rest):
    missing = ()
    if results is None:
        results, missing = all_outcomes()
    timing = Timing(REFERENCE)
    measured = {each.cell: found for each in results if (found := ratios(each))}
    given = {
        "missing": tuple(missing), "timing": timing, "slow": findings(results, timing), "ratios": measured,
    }  # fmt: skip
    return MatrixReport("numpy", "numpy", AXES, tuple(results), **{**given, **rest})
