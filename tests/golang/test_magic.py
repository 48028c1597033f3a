import pytest
from IPython.core.interactiveshell import InteractiveShell

from engineroom.golang import GoBuildError, GoRunError
from engineroom.golang.magic import GoCellError, load_ipython_extension, run_cell

GREET = 'import (\n\t"fmt"\n\t"os"\n)\n\nfunc main() {\n\tfmt.Println("hello", os.Args[1:])\n\tfmt.Print("end")\n}'


def test_output_comes_line_by_line_and_to_its_end(capfd):
    assert run_cell("Ada 5", GREET) is None
    assert capfd.readouterr().out == "hello [Ada 5]\nend\n"


def test_a_trace_is_recorded_also_when_main_returns_early(capfd):
    path = run_cell("--trace run", "func main() { if true { return } }")
    assert path.read_bytes().startswith(b"go 1.")


@pytest.mark.parametrize(
    ("line", "cell", "told"),
    [
        ("--trace 1st", GREET, "--trace takes a variable's name, but '1st' is none."),
        ("--trace t", "func Main() {}", "--trace needs a func main() in the cell."),
        ("--colour", GREET, "unrecognized arguments: --colour. usage: %%go [--race]"),
        ("--time soon", GREET, "argument --time: invalid float value: 'soon'"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(line, cell, told):
    with pytest.raises(GoCellError) as caught:
        run_cell(line, cell)
    assert told in str(caught.value)


def test_time_limit(capfd):
    with pytest.raises(GoRunError, match=r"did not end within 0\.2 s"):
        run_cell("--time 0.2", "func main() { for {} }")


def test_in_a_notebook_errors_show_as_their_sentence_and_the_trace_is_a_variable(capfd):
    shell = InteractiveShell()
    load_ipython_extension(shell)
    shell.run_cell("%%go --trace run\nfunc main() { println(1) }")
    assert shell.user_ns["run"].is_file()
    result = shell.run_cell("%%go\nfunc main() { x }")
    assert isinstance(result.error_in_exec, GoBuildError)
    shown = capfd.readouterr().out
    assert "line 1: undefined: x" in shown
    assert "Traceback" not in shown
    InteractiveShell.clear_instance()


def test_a_kept_cell_is_text_for_a_check_without_the_marks_of_its_solution(capfd):
    shell = InteractiveShell()
    load_ipython_extension(shell)
    cell = "func Answer() int {\n\t### BEGIN SOLUTION\n\treturn 42\n\t### END SOLUTION\n}\n"
    shell.run_cell(f"%%go --keep answer\n{cell}")
    assert shell.user_ns["answer"] == "func Answer() int {\n\n\treturn 42\n\n}\n"
    result = shell.run_cell("%%go --keep 4u\nfunc main() {}")
    assert "--keep takes a variable's name" in str(result.error_in_exec)
    InteractiveShell.clear_instance()
