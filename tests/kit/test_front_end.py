"""What the browser gets is one text; what node tests are the modules it is made of."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engineroom.dynamodb.widgets import DesignBench
from engineroom.kit.explorer import Explorer
from engineroom.kit.front_end import front_end
from engineroom.tracing.viewer.widget import TraceViewer

HERE = Path(__file__).parent
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node: apt-get install nodejs")


def node(*arguments, **options):
    return subprocess.run([NODE, *arguments], capture_output=True, text=True, timeout=60, **options)


@needs_node
def test_only_the_newest_value_is_ever_in_flight():
    ran = node("--test", "--test-reporter=tap", str(HERE / "newest_only.test.mjs"))
    assert ran.returncode == 0, ran.stdout
    assert "# pass 9" in ran.stdout


@pytest.mark.parametrize("widget", [Explorer, DesignBench])
def test_the_browser_gets_one_text_without_imports(widget):
    text = str(widget._esm)
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert re.findall(r"^export .*", text, re.MULTILINE) == ["export default { render };"]
    assert text.count("function newestOnly(") == 1
    assert text.count("function make(") == 1


@needs_node
@pytest.mark.parametrize("widget", [Explorer, DesignBench, TraceViewer])
def test_that_text_is_a_module_with_a_render_function(widget, tmp_path):
    (tmp_path / "sent.mjs").write_text(str(widget._esm), encoding="utf-8")
    ran = node(
        "--eval", 'import("./sent.mjs").then((m) => console.log(typeof m.default.render))', cwd=tmp_path
    )
    assert ran.stdout.strip() == "function", ran.stderr


def test_a_module_imported_twice_is_refused(tmp_path):
    (tmp_path / "shared.mjs").write_text("export const one = 1;\n")
    (tmp_path / "left.mjs").write_text('import { one } from "./shared.mjs";\nexport const left = one;\n')
    (tmp_path / "top.js").write_text(
        'import { left } from "./left.mjs";\nimport { one } from "./shared.mjs";\nexport default left + one;\n'
    )
    with pytest.raises(ValueError, match=r"shared\.mjs is imported twice"):
        front_end(tmp_path / "top.js")
