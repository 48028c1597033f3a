"""environment.yml and pyproject.toml describe one environment."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

COURSE = Path(__file__).parents[1]
CONDA_NAMES = {"matplotlib-base": "matplotlib"}  # conda-forge's name: pypi's name
ONLY_IN_CONDA = {"pip"}


def parse(requirement: str) -> tuple[str, str]:
    parsed = Requirement(requirement)
    return CONDA_NAMES.get(parsed.name, parsed.name), str(parsed.specifier)


def conda_side(text: str) -> dict[str, str]:
    entries = yaml.safe_load(text)["dependencies"]
    pip_entries = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    conda = [entry for entry in entries if isinstance(entry, str) and not entry.startswith("python=")]
    return dict(parse(entry) for entry in [*conda, *pip_entries] if not entry.startswith("-e"))


def pypi_side() -> dict[str, str]:
    project = tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]
    return dict(parse(entry) for entry in project["dependencies"])


def disagreements(text: str) -> set[str]:
    conda, pypi = conda_side(text), pypi_side()
    names = (conda.keys() | pypi.keys()) - ONLY_IN_CONDA
    return {name for name in names if conda.get(name) != pypi.get(name)}


def test_both_sides_agree():
    assert disagreements((COURSE / "environment.yml").read_text()) == set()


def test_the_one_python_that_conda_takes_is_allowed():
    entries = yaml.safe_load((COURSE / "environment.yml").read_text())["dependencies"]
    [version] = [entry.removeprefix("python=") for entry in entries if str(entry).startswith("python=")]
    allowed = tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]["requires-python"]
    assert Requirement(f"python{allowed}").specifier.contains(version)


def test_a_changed_bound_or_a_missing_package_is_seen():
    text = (COURSE / "environment.yml").read_text()
    assert disagreements(text.replace("numpy>=2.3", "numpy>=2.0")) == {"numpy"}
    assert disagreements(re.sub(r".*psutil.*\n", "", text)) == {"psutil"}


def test_the_course_itself_is_installed_with_pip():
    entries = yaml.safe_load((COURSE / "environment.yml").read_text())["dependencies"]
    assert "-e .[test]" in entries[-1]["pip"]


def test_every_dependency_is_pinned_and_no_address_is_given():
    constraints = (COURSE / "constraints.txt").read_text()
    pinned = {re.split(r"[=;\s]", line)[0] for line in constraints.splitlines() if "==" in line}
    project = tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]
    extras = [entry for entries in project["optional-dependencies"].values() for entry in entries]
    assert {Requirement(entry).name for entry in [*project["dependencies"], *extras]} <= pinned
    assert "://" not in constraints
