"""Models are pure: importing one brings no widget, no plotting library, no notebook, no toolchain."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "lib" / "engineroom"
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
