"""The workflow of examples/ci, done on this machine: its own steps, in fresh checkouts, with a bare repository as
origin. Only what a runner of GitHub brings along is stood in for: setting up, artifacts and `gh`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from indexes import serve
from test_matrix_reports import CELLS, MATRIX, WHEELS, prepare

TEMPLATE = Path(__file__).parents[2] / "examples" / "ci" / "matrices.yml"
WORKFLOW = yaml.safe_load(TEMPLATE.read_text())
RED = 1


class Runner:
    """GitHub's, as far as the workflow needs it."""

    def __init__(self, place: Path, index: str) -> None:
        self.place, self.index = place, index
        self.artifacts = place / "artifacts"
        self.summary = place / "summary.md"
        self.origin = place / "origin.git"
        self.said: list[str] = []
        tools = place / "tools"
        tools.mkdir()
        gh = tools / "gh"
        gh.write_text(f'#!/bin/sh\necho "$@" >> {place}/gh.log\n[ "$2" = create ]\n')
        gh.chmod(0o755)
        self.path = f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    def git(self, *words: str, at: Path | None = None) -> str:
        words = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words)
        return subprocess.run(words, cwd=at or self.place, check=True, capture_output=True, text=True).stdout

    def job(self, name: str, number: int, **context: str) -> dict[str, str]:
        """Do its steps; the outputs of all that have an id, as `steps.ID.outputs.NAME`."""
        job = WORKFLOW["jobs"][name]
        root = self.place / f"{name}-{number}-{len(list(self.place.iterdir()))}"
        temporary = Path(f"{root}-temp")
        temporary.mkdir()
        self.git("clone", "--quiet", str(self.origin), str(root))
        known = {"github.ref_name": "main", "github.token": "t", "runner.temp": str(temporary), **context}
        known["strategy.job-index"] = str(number)
        for step in job["steps"]:
            kind = step.get("uses", "").partition("@")[0]
            given = {key: self.filled(value, known) for key, value in step.get("with", {}).items()}
            if kind == "actions/upload-artifact":
                kept = self.artifacts / given["name"]
                kept.mkdir(parents=True, exist_ok=True)
                for found in (
                    root.glob(given["path"]) if given["path"][0] != "/" else temporary.glob("report.*")
                ):
                    shutil.copy(found, kept)
            elif kind == "actions/download-artifact":
                for kept in self.artifacts.glob(given["pattern"]):
                    shutil.copytree(kept, Path(given["path"]) / kept.name)
            elif "run" in step and step["name"] != "Set up":
                output = temporary / f"output-{step.get('id')}"
                variables = {**WORKFLOW["env"], **job.get("env", {}), **step.get("env", {})}
                environment = {
                    **os.environ,
                    "PATH": self.path,
                    "UV_DEFAULT_INDEX": self.index,
                    "GITHUB_OUTPUT": str(output),
                    "GITHUB_STEP_SUMMARY": str(self.summary),
                    "RUNNER_TEMP": str(temporary),
                    **{key: self.filled(value, known) for key, value in variables.items()},
                }
                done = subprocess.run(
                    ["bash", "-e", "-c", self.filled(step["run"], known)],
                    cwd=root, env=environment, capture_output=True, text=True, check=False,
                )  # fmt: skip
                self.said.append(done.stdout)
                assert "E-" not in done.stderr, done.stderr
                if step["name"] == "Say what broke":
                    known["broke"] = str(done.returncode)
                else:
                    assert done.returncode == 0, f"{step['name']}: {done.stdout}{done.stderr}"
                if output.exists():
                    for line in output.read_text().splitlines():
                        key, _, value = line.partition("=")
                        known[f"steps.{step['id']}.outputs.{key}"] = value
        return known

    def filled(self, text: object, known: dict[str, str]) -> str:
        return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda found: known[found[1]], str(text))


@pytest.fixture
def runner(tmp_path):
    with serve(*WHEELS) as index:
        made = Runner(tmp_path, f"http://{index.host}/simple/")
        made.git("init", "--quiet", "--initial-branch", "main", "seed")
        prepare(tmp_path / "seed", MATRIX)
        (tmp_path / "seed" / ".gitignore").write_text("/matrices/*.results.*-of-*.json\n")
        made.git("add", ".", at=tmp_path / "seed")
        made.git("commit", "--quiet", "-m", "matrices", at=tmp_path / "seed")
        made.git("clone", "--quiet", "--bare", "seed", "origin.git")
        yield made


def test_the_workflow_does_what_it_says(runner):
    jobs = json.loads(runner.job("list", 0)["steps.list.outputs.jobs"])["include"]
    assert [job["shard"] for job in jobs] == ["1/3", "2/3", "3/3"]
    for number, job in enumerate(jobs):
        runner.job("run", number, **{f"matrix.{key}": value for key, value in job.items()})

    done = runner.job("report", 0)
    assert (done["steps.report.outputs.status"], done["broke"]) == (str(RED), str(RED))
    assert f"**newly broken** `{CELLS[2]}`" in runner.summary.read_text()
    assert {path.name for path in (runner.artifacts / "report").iterdir()} == {
        "report.md",
        "report.html",
        "report.xml",
    }
    assert "AssertionError" in (runner.artifacts / "report" / "report.html").read_text(), "logs came along"
    calls = (runner.place / "gh.log").read_text().splitlines()
    assert [line.split()[:2] for line in calls] == [["pr", "edit"], ["pr", "create"]]
    proposed = runner.git("show", "compatibility-matrices:matrices/wobble.results.json", at=runner.origin)
    assert [each["cell"] for each in json.loads(proposed)["results"]] == CELLS

    # Somebody takes it in; a week later nothing has changed.
    runner.git("update-ref", "refs/heads/main", "compatibility-matrices", at=runner.origin)
    done = runner.job("report", 1)
    assert (done["steps.report.outputs.status"], done["broke"]) == ("0", "0")
    assert "nothing has changed\n" in runner.said


def test_the_template_is_one_of_githubs():
    assert set(WORKFLOW) == {"name", True, "permissions", "env", "jobs"}, "YAML reads `on` as a truth"
    for job in WORKFLOW["jobs"].values():
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            # What a branch or a matrix is called comes in through the environment, never as code.
            assert "${{" not in step.get("run", "")
