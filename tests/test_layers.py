"""Models are pure: importing one brings no widget, no plotting library, no notebook, no toolchain."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

COURSE = Path(__file__).parents[1]
LIBRARY = COURSE / "lib" / "engineroom"
NOT_THEMES = {"kit", "golang", "teach", "publish"}
ROLES = {
    "real",
    "plots",
    "widgets",
    "checks",
    "record",
    "__init__",
    "engine",
    "meter",
    "emulator",
    "emulator_lab",
}
THEMES = sorted(p.parent.name for p in LIBRARY.glob("*/__init__.py") if p.parent.name not in NOT_THEMES)
FOREIGN = {"IPython", "anywidget", "ipywidgets", "matplotlib", "pandas", "engineroom.golang"}


def models_of(theme):
    return sorted(
        f"engineroom.{theme}.{p.stem}" for p in (LIBRARY / theme).glob("*.py") if p.stem not in ROLES
    )


def foreign_after_importing(modules):
    """Import in a fresh interpreter; return which foreign modules came along."""
    code = (
        f"import importlib, json, sys; [importlib.import_module(m) for m in {modules}];"
        "print(json.dumps(list(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return FOREIGN & set(json.loads(answer.stdout))


@pytest.mark.parametrize("theme", THEMES)
def test_models_are_pure(theme):
    models = models_of(theme)
    assert models
    guilty = foreign_after_importing(models)
    assert not guilty, {m: found for m in models if (found := foreign_after_importing([m]))}


def test_the_test_can_fail():
    assert foreign_after_importing(["engineroom.kit.explorer"]) >= {"anywidget"}


CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((COURSE / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    if contract["type"] == "forbidden"
}


@pytest.fixture(scope="module")
def imports():
    return grimp.build_graph("engineroom", exclude_type_checking_imports=True)


def with_siblings(imports, expression):
    """Return the modules that a contract's expression means: `engineroom.*.plots` means `plots_runs` as well."""
    name = expression.replace(".", r"\.").replace("*", r"\w+")
    return {m for m in imports.modules if re.fullmatch(rf"{name}(_\w+)?(\..+)?", m)}


def breaches(imports, contract):
    sources, forbidden = (
        set().union(*(with_siblings(imports, expression) for expression in contract[key]))
        for key in ("source_modules", "forbidden_modules")
    )
    return {m: found for m in sources if (found := imports.find_upstream_modules(m) & forbidden)}


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS.keys())
def test_siblings_keep_the_contract_of_their_role(imports, contract):
    assert not breaches(imports, contract)


def test_a_sibling_that_breaks_its_contract_is_found(imports):
    figures = CONTRACTS["Figures draw results; they neither run nor check anything"]
    imports.add_import(importer="engineroom.ballast.plots_runs", imported="engineroom.ballast.real")
    try:
        assert "engineroom.ballast.plots_runs" in breaches(imports, figures)
    finally:
        imports.remove_import(importer="engineroom.ballast.plots_runs", imported="engineroom.ballast.real")
